/* cage_support.h -- What the tests of cages share: one that is removed must be gone, and as many
 * file descriptors at the end as at the start. */
#ifndef OL_TESTS_CAGE_SUPPORT_H
#define OL_TESTS_CAGE_SUPPORT_H

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

#include "cage/cage.h"

static int count_fds(void) {
	int count = 0;
	DIR *list = opendir("/proc/self/fd");
	while (list != NULL && readdir(list) != NULL)
		count++;
	if (list != NULL)
		closedir(list);
	return count;
}

static struct ol_cage *make_cage_under(
	struct ol_cage_system *system, const char *parent, const struct ol_cage_limits *limits) {
	struct ol_cage *cage = NULL;
	struct ol_error error;
	if (ol_cage_create(system, parent, limits, &cage, &error) < 0)
		fail_msg("%s", error.message);
	return cage;
}

static void destroy(struct ol_cage *cage) {
	char directory[OL_PATH_BYTES];
	struct ol_error error;
	snprintf(directory, sizeof directory, "%s", ol_cage_directory(cage));
	if (ol_cage_destroy(cage, &error) < 0)
		fail_msg("%s", error.message);
	assert_int_equal(access(directory, F_OK), -1);
}

#endif
