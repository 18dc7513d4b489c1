/* command_doctor.c -- oomlab doctor: what this machine can do, and the exact cure for the rest. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cage/cage.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"
#include "report/report.h"
#include "supervisor/launch.h"
#include "supervisor/system.h"

enum { OWN_CHECKS_MAX = 4, ALL_CHECKS_MAX = OL_CHECKS_MAX + OWN_CHECKS_MAX };

struct diagnosis {
	struct ol_check checks[ALL_CHECKS_MAX];
	int count;
	bool can_run; /* Nothing is bad. */
};

static struct ol_check *add_check(
	struct diagnosis *diagnosis, enum ol_check_state state, const char *subject) {
	struct ol_check *check = &diagnosis->checks[diagnosis->count++];
	*check = (struct ol_check){ .state = state };
	snprintf(check->subject, sizeof check->subject, "%s", subject);
	return check;
}

static void check_machine(struct diagnosis *diagnosis) {
	struct ol_system_facts facts = ol_system_facts();
	struct ol_check *check = add_check(diagnosis, OL_CHECK_GOOD, "machine");
	snprintf(check->finding, sizeof check->finding, "%" PRIu64 " CPUs, pages of %" PRIu64 " bytes",
		facts.cpus, facts.page_bytes);
}

static void check_subject(struct diagnosis *diagnosis) {
	char path[OL_PATH_BYTES];
	struct ol_error error;
	if (ol_program_find("oomlab-subject", path, &error) == 0) {
		struct ol_check *check = add_check(diagnosis, OL_CHECK_GOOD, "subject executable");
		snprintf(check->finding, sizeof check->finding, "%.511s", path);
		return;
	}
	struct ol_check *check = add_check(diagnosis, OL_CHECK_BAD, "subject executable");
	snprintf(check->finding, sizeof check->finding, "%.511s", error.message);
	snprintf(check->cure, sizeof check->cure, "make build");
}

static void diagnose(struct diagnosis *diagnosis) {
	diagnosis->count = ol_cage_examine(diagnosis->checks);
	if (diagnosis->count < 0 || diagnosis->count > OL_CHECKS_MAX)
		diagnosis->count = 0;
	check_subject(diagnosis);
	check_machine(diagnosis);
	diagnosis->can_run = true;
	for (int i = 0; i < diagnosis->count; i++)
		diagnosis->can_run &= diagnosis->checks[i].state != OL_CHECK_BAD;
}

static const char *state_name(enum ol_check_state state) {
	static const char *const names[] = {
		[OL_CHECK_GOOD] = "good",
		[OL_CHECK_WEAK] = "weak",
		[OL_CHECK_BAD] = "bad",
	};
	return names[state];
}

static enum ol_finding_state finding_state(enum ol_check_state state) {
	switch (state) {
	case OL_CHECK_GOOD:
		return OL_FINDING_GOOD;
	case OL_CHECK_WEAK:
		return OL_FINDING_WEAK;
	default:
		return OL_FINDING_BAD;
	}
}

static void print_text(const struct diagnosis *diagnosis) {
	struct ol_style style = ol_style_of(stdout);
	for (int i = 0; i < diagnosis->count; i++) {
		const struct ol_check *check = &diagnosis->checks[i];
		ol_text_report_finding(stdout, style, finding_state(check->state), check->subject,
			check->finding, check->cure);
	}
	if (diagnosis->can_run)
		puts("\nRuns work here.");
	else
		puts("\nRuns do not work here until what is marked bad is mended.");
}

static void print_json(const struct diagnosis *diagnosis) {
	json_t *list = json_array();
	for (int i = 0; i < diagnosis->count; i++) {
		const struct ol_check *check = &diagnosis->checks[i];
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s}", "subject", check->subject, "state",
					  state_name(check->state), "finding", check->finding, "cure", check->cure));
	}
	json_t *object = json_pack("{s:s, s:b, s:o, s:s}", "schema", "oomlab.doctor/1", "can_run",
		diagnosis->can_run, "checks", list, "oomlab", OL_VERSION);
	json_dumpf(object, stdout, JSON_COMPACT);
	json_decref(object);
	putchar('\n');
}

int ol_command_doctor(int argc, char **argv) {
	static const struct ol_cli_option own[] = {
		{ "format", 0, "text|json", "what standard output gets (text)", false },
		{ "help", 'h', NULL, "print this", false },
	};
	static struct ol_cli_line line; /* Large. */
	static struct diagnosis diagnosis;
	struct ol_cli_table table;
	struct ol_error error;
	ol_cli_table_init(&table, own, sizeof own / sizeof *own, false);
	if (ol_cli_parse_all(argc, argv, &table, 0, &line, &error) < 0)
		return ol_say_usage("doctor: %s", error.message);
	if (ol_cli_value(&line, "help") != NULL) {
		ol_command_doctor_help();
		return OL_EXIT_DONE;
	}
	const char *format = ol_cli_value(&line, "format");
	if (format != NULL && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return ol_say_usage("--format=%.64s: expected text or json", format);
	diagnose(&diagnosis);
	if (format != NULL && strcmp(format, "json") == 0)
		print_json(&diagnosis);
	else
		print_text(&diagnosis);
	return diagnosis.can_run ? OL_EXIT_DONE : OL_EXIT_LAB;
}

void ol_command_doctor_help(void) {
	puts("usage: oomlab doctor [--format=text|json]\n\n"
		 "Looks at everything a run needs, really makes a cage and removes it, and tells\n"
		 "what is missing with the exact command or kernel option that mends it.\n\n"
		 "exit status: 0 if runs work here, 4 if not.");
}
