/* open_fds.h -- How many file descriptors this process has: the same at the end as at the start. */
#ifndef OL_TESTS_OPEN_FDS_H
#define OL_TESTS_OPEN_FDS_H

#include <dirent.h>

static int count_fds(void) {
	int count = 0;
	DIR *list = opendir("/proc/self/fd");
	while (list != NULL && readdir(list) != NULL)
		count++;
	if (list != NULL)
		closedir(list);
	return count;
}

#endif
