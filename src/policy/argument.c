/* argument.c -- What may follow a policy's name, read strictly; and the policy's own memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/internal.h"

enum { NUMBER_CHARACTERS_MAX = 24 };

int ol_policy_need_limit(
	const char *name, const struct ol_policy_cage *cage, struct ol_error *error) {
	if (ol_policy_has_limit(cage))
		return 0;
	return ol_error_set(error, -EINVAL,
		"policy %s goes by the cage's limit, and there is none; expected a limit", name);
}

int ol_policy_no_argument(const char *name, const char *argument, struct ol_error *error) {
	if (*argument == '\0')
		return 0;
	return ol_error_set(error, -EINVAL, "policy %s takes no argument; got '%.64s'", name, argument);
}

int ol_policy_parse_bytes(const char *name, const char *argument, const struct ol_policy_cage *cage,
	double default_percent, uint64_t *ret_bytes, struct ol_error *error) {
	bool has_limit = ol_policy_has_limit(cage);
	if (*argument == '\0' && !has_limit)
		return ol_error_set(error, -EINVAL,
			"policy %s takes %g%% of the cage's limit, and there is none; expected %s:BYTES", name,
			default_percent, name);
	uint64_t bytes = ol_policy_share(cage->limit_bytes, default_percent);
	if (*argument != '\0') {
		struct ol_error why;
		if (ol_parse_bytes(argument, has_limit ? cage->limit_bytes : 0, &bytes, &why) < 0)
			return ol_error_set(error, -EINVAL, "policy %s: %.600s", name, why.message);
	}
	if (bytes == 0)
		return ol_error_set(error, -EINVAL,
			"policy %s: a size of 0 B; expected more than 0, as in %s:8MiB", name, name);
	*ret_bytes = bytes;
	return 0;
}

/* Length of digits with at most one point between them; 0 for anything else. */
static size_t decimal_length(const char *text) {
	size_t length = strspn(text, "0123456789");
	if (length == 0 || text[length] != '.')
		return length;
	size_t fraction = strspn(text + length + 1, "0123456789");
	return fraction == 0 ? 0 : length + 1 + fraction;
}

/* strtod alone would take "inf", "nan", "0x20", a sign and leading space. */
int ol_policy_parse_number(const char *text, double *ret_number, const char **ret_rest) {
	size_t length = decimal_length(text);
	if (length == 0)
		return -EINVAL;
	if (text[length] == 'e' || text[length] == 'E') {
		size_t sign = text[length + 1] == '-' || text[length + 1] == '+';
		size_t exponent = strspn(text + length + 1 + sign, "0123456789");
		if (exponent == 0)
			return -EINVAL;
		length += 1 + sign + exponent;
	}
	double number = strtod(text, NULL);
	if (length > NUMBER_CHARACTERS_MAX)
		return -EINVAL;
	*ret_number = number;
	*ret_rest = text + length;
	return 0;
}

int ol_policy_parse_percent(const char *text, double *ret_percent, const char **ret_rest) {
	double percent;
	const char *rest;
	if (ol_policy_parse_number(text, &percent, &rest) < 0 || !(percent > 0 && percent <= 100))
		return -EINVAL;
	*ret_percent = percent;
	*ret_rest = *rest == '%' ? rest + 1 : rest;
	return 0;
}

int ol_policy_make(size_t state_bytes, const struct ol_policy_ops *ops,
	struct ol_policy **ret_policy, struct ol_error *error) {
	struct ol_policy *policy = calloc(1, state_bytes);
	if (policy == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for a policy's own state");
	policy->ops = ops;
	*ret_policy = policy;
	return 0;
}

void ol_policy_free(struct ol_policy *policy) {
	free(policy);
}
