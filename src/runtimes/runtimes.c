#include "runtimes/runtimes.h"
size_t ol_runtimes_advise(const char *const *arguments, const char *const *environment,
	uint64_t limit_bytes, struct ol_advice ret_advice[OL_ADVICE_MAX]) { return 0; }
