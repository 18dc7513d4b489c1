/* internal.h -- Shared by the files of dump/: what was gathered, and the word of its writer. */
#ifndef OL_DUMP_INTERNAL_H
#define OL_DUMP_INTERNAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dump/dump.h"

enum {
	OL_DUMP_DIRECTORY_BYTES = 128, /* Its name without what tells it from others of that name. */
	OL_DUMP_SUFFIX_MAX = 100       /* Directories of one name: "-2" to "-100". */
};

struct ol_dump_file {
	char name[OL_NAME_BYTES];
	uint8_t *bytes;
	size_t length;
};

struct ol_dump {
	char parent[OL_PATH_BYTES];
	int parent_fd; /* O_PATH: where it is does not change when somebody renames it. */
	char name[OL_NAME_BYTES];
	char directory[OL_DUMP_DIRECTORY_BYTES]; /* Set when it is to be written. */
	size_t file_count;
	size_t total_bytes;
	struct ol_dump_file files[OL_DUMP_FILES_MAX];
	pid_t writer; /* 0: none. */
	int word_fd;  /* Where the writer's words are read; -1: nowhere. */
};

/* What the writer says, twice: when the directory is there, and when it is done. Shorter than
 * PIPE_BUF: a word comes whole. */
struct ol_dump_word {
	uint32_t suffix;       /* Of the directory it made: 1 for none; 0: there is no directory. */
	uint32_t is_last;      /* 1: it is done. */
	struct ol_error error; /* The first; code 0: none. */
};

/* The writer's whole life; runs in a process of its own. word_fd is the only fd it keeps besides
 * the parent directory. */
_Noreturn void ol_dump_writer(const struct ol_dump *dump, int word_fd);

#endif
