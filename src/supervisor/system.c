/* system.c -- Kernel, processors, pages. */
#include "supervisor/system.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file.h"

/* "always [madvise] never" -> "madvise". */
static void read_thp(char name[OL_NAME_BYTES]) {
	char text[128];
	snprintf(name, OL_NAME_BYTES, "unknown");
	if (ol_file_read("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof text, NULL) < 0)
		return;
	char *begin = strchr(text, '[');
	char *end = begin != NULL ? strchr(begin, ']') : NULL;
	if (end == NULL)
		return;
	*end = '\0';
	snprintf(name, OL_NAME_BYTES, "%s", begin + 1);
}

struct ol_system_facts ol_system_facts(void) {
	struct ol_system_facts facts = {
		.oomlab = OL_VERSION,
		.cpus = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN),
		.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
	};
	struct utsname names;
	if (uname(&names) == 0)
		snprintf(facts.kernel, sizeof facts.kernel, "%.63s", names.release);
	read_thp(facts.thp);
	return facts;
}
