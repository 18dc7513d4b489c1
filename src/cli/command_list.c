/* command_list.c -- oomlab list: the scripts that a name can find, and the policies. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/script_handle.h"

enum { NAMES_MAX = 512, NAME_COLUMNS_MINIMUM = 10 };

/* Names first: the column's width depends on all of them. */
struct names {
	char names[NAMES_MAX][OL_NAME_BYTES];
	size_t count;
	size_t longest_bytes;
};

static void add_name(void *context, const char *name) {
	struct names *names = context;
	if (names->count == NAMES_MAX)
		return;
	snprintf(names->names[names->count], OL_NAME_BYTES, "%s", name);
	if (strlen(name) > names->longest_bytes)
		names->longest_bytes = strlen(name);
	names->count++;
}

typedef int (*list_function)(
	void (*visit)(void *context, const char *name), void *context, struct ol_error *error);

/* NULL: said why. */
static struct names *collect_names(list_function list) {
	OL_AUTO_FREE struct names *names = calloc(1, sizeof *names);
	struct ol_error error;
	if (names == NULL) {
		ol_say("no memory for the list");
		return NULL;
	}
	names->longest_bytes = NAME_COLUMNS_MINIMUM;
	if (list(add_name, names, &error) < 0) {
		ol_say("%s", error.message);
		return NULL;
	}
	struct names *result = names;
	names = NULL;
	return result;
}

enum list_kind { LIST_SCENARIOS, LIST_SERVICES };

/* A script that registers routes is a service. */
static bool is_service(const struct ol_script *script) {
	size_t route_count;
	(void)ol_script_routes(script, &route_count);
	return route_count > 0;
}

static int list_scripts(enum list_kind kind) {
	OL_AUTO_FREE struct names *names = collect_names(ol_script_list);
	struct ol_error error;
	if (names == NULL)
		return OL_EXIT_LAB;
	for (size_t i = 0; i < names->count; i++) {
		OL_AUTO_SCRIPT struct ol_script *script = NULL;
		int width = (int)names->longest_bytes;
		if (ol_script_open(names->names[i], &script, NULL, &error) < 0) {
			if (kind == LIST_SCENARIOS)
				printf("  %-*s  (cannot be loaded: %s)\n", width, names->names[i], error.message);
			continue;
		}
		if (is_service(script) == (kind == LIST_SERVICES))
			printf("  %-*s  %s%s\n", width, names->names[i], ol_script_title(script),
				ol_script_kind(script) == OL_SCRIPT_EXPERIMENT ? " (experiment)" : "");
	}
	return OL_EXIT_DONE;
}

static int list_policies(void) {
	OL_AUTO_FREE struct names *names = collect_names(ol_script_policy_list);
	struct ol_error error;
	if (names == NULL)
		return OL_EXIT_LAB;
	for (size_t i = 0; i < names->count; i++) {
		OL_AUTO_POLICY struct ol_script_policy *policy = NULL;
		int width = (int)names->longest_bytes;
		if (ol_open_policy(names->names[i], &policy, NULL, &error) < 0)
			printf("  %-*s  (cannot be loaded: %s)\n", width, names->names[i], error.message);
		else
			printf("  %-*s  %s\n", width, names->names[i], ol_script_policy_title(policy));
	}
	return OL_EXIT_DONE;
}

/* In the order of the lists' names. */
static int list_one(int index) {
	return index == 2 ? list_policies() : list_scripts(index == 1 ? LIST_SERVICES : LIST_SCENARIOS);
}

int ol_command_list(int argc, char **argv) {
	static const struct ol_cli_option own[] = { { "help", 'h', NULL, "print this", false } };
	struct ol_cli_table table;
	static struct ol_cli_line line; /* Large. */
	struct ol_error error;
	ol_cli_table_init(&table, own, 1, false);
	if (ol_cli_parse_all(argc, argv, &table, 1, &line, &error) < 0)
		return ol_say_usage("list: %s", error.message);
	if (ol_cli_value(&line, "help") != NULL) {
		ol_command_list_help();
		return OL_EXIT_DONE;
	}
	static const char *const lists[] = { "scenarios", "services", "policies" };
	const char *what = line.word_count > 0 ? line.words[0] : "";
	int index = ol_name_index(lists, sizeof lists / sizeof *lists, what);
	if (index >= 0)
		return list_one(index);
	if (*what != '\0') {
		const char *nearest = ol_nearest_name(what, lists, sizeof lists / sizeof *lists);
		if (nearest != NULL)
			return ol_say_usage("list: unknown list '%.64s': did you mean %s?", what, nearest);
		return ol_say_usage(
			"list: unknown list '%.64s'; expected scenarios, services or policies", what);
	}
	static const char *const ways[] = {
		"run NAME, oomlab help NAME",
		"serve NAME, oomlab help NAME",
		"run --policy=NAME, oomlab help NAME",
	};
	int status = OL_EXIT_DONE;
	for (int i = 0; i < 3 && status == OL_EXIT_DONE; i++) {
		printf("%s%s (oomlab %s)\n", i > 0 ? "\n" : "", lists[i], ways[i]);
		status = list_one(i);
	}
	return status;
}

void ol_command_list_help(void) {
	puts("usage: oomlab list [scenarios|services|policies]\n\n"
		 "One line each: the scenarios and experiments that oomlab run finds by name, the\n"
		 "services for oomlab serve, and the policies for --policy. $OOMLAB_PATH may name\n"
		 "more directories with scripts.");
}
