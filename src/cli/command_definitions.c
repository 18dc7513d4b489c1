/* command_definitions.c -- oomlab definitions: what an editor needs to complete and check scripts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"
#include "report/new_file.h"
#include "script/embedded.h"
#include "script/finder.h"

enum { SETTINGS_BYTES_MAX = 4096 };

static const char library[] = "share/oomlab/library/lab.lua";
static const char settings[] = "{\n"
							   "  \"runtime.version\": \"Lua 5.4\",\n"
							   "  \"runtime.builtin\": {\n"
							   "    \"io\": \"disable\", \"os\": \"disable\", "
							   "\"debug\": \"disable\", \"package\": \"disable\"\n"
							   "  },\n"
							   "  \"workspace.library\": [\".oomlab\"],\n"
							   "  \"workspace.checkThirdParty\": false\n"
							   "}\n";

/* Somebody's own settings are theirs. */
static int write_settings(const char *path, struct ol_error *error) {
	char present[SETTINGS_BYTES_MAX];
	struct stat status;
	if (stat(path, &status) < 0 && errno == ENOENT) {
		int result = ol_new_file_write(path, settings, sizeof settings - 1, error);
		if (result == 0)
			printf("wrote %s\n", path);
		return result;
	}
	int length = ol_file_read(path, present, sizeof present, NULL);
	if (length == (int)sizeof settings - 1 && memcmp(present, settings, sizeof settings - 1) == 0)
		return 0;
	printf("%s is yours and stays as it is; what it needs:\n%s", path, settings);
	return 0;
}

static int write_all(const char *directory, struct ol_error *error) {
	const struct ol_embedded_file *file = ol_embedded_file_find(library);
	char path[OL_PATH_BYTES + 32];
	if (strlen(directory) >= OL_PATH_BYTES)
		return ol_error_set(error, -ENAMETOOLONG, "%.64s...: the path is too long", directory);
	snprintf(path, sizeof path, "%s/.oomlab", directory);
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return ol_error_set_errno(error, -errno, "%s", path);
	snprintf(path, sizeof path, "%s/.oomlab/lab.lua", directory);
	int result = ol_new_file_write(path, file->text, file->text_bytes, error);
	if (result < 0)
		return result;
	printf("wrote %s\n", path);
	snprintf(path, sizeof path, "%s/.luarc.json", directory);
	return write_settings(path, error);
}

int ol_command_definitions(int argc, char **argv) {
	static const struct ol_cli_option own[] = { { "help", 'h', NULL, "print this", false } };
	struct ol_cli_table table;
	static struct ol_cli_line line; /* Large. */
	struct ol_error error;
	ol_cli_table_init(&table, own, 1, false);
	if (ol_cli_parse_all(argc, argv, &table, 1, &line, &error) < 0)
		return ol_say_usage("definitions: %s", error.message);
	if (ol_cli_value(&line, "help") != NULL) {
		ol_command_definitions_help();
		return OL_EXIT_DONE;
	}
	if (write_all(line.word_count > 0 ? line.words[0] : ".", &error) == 0)
		return OL_EXIT_DONE;
	ol_say("%s", error.message);
	return OL_EXIT_LAB;
}

void ol_command_definitions_help(void) {
	puts("usage: oomlab definitions [DIRECTORY]\n\n"
		 "Writes what the Lua language server needs to complete and check scripts in\n"
		 "DIRECTORY (the present one) and below: .oomlab/lab.lua, the definitions of the\n"
		 "whole API, and .luarc.json, which names them. A .luarc.json that is there\n"
		 "already is left alone. To be called again after an update of oomlab.\n\n"
		 "exit status: 0 done, 2 bad usage, 4 it could not be written.");
}
