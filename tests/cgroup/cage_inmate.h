/* cage_inmate.h -- A process in a cage that holds as much memory as it is told to. */
#ifndef OL_TESTS_CAGE_INMATE_H
#define OL_TESTS_CAGE_INMATE_H

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cage/cage.h"

struct inmate {
	pid_t pid;
	int order_fd;
	int reply_fd;
};

__attribute__((noreturn)) static inline void obey(
	const struct ol_cage *cage, int order_fd, int reply_fd) {
	enum { BYTES_MAX = 64 << 20 };
	uint64_t bytes;
	if (ol_cage_enter(cage) < 0)
		_exit(98);
	char *memory =
		mmap(NULL, BYTES_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)madvise(memory, BYTES_MAX, MADV_NOHUGEPAGE);
	while (read(order_fd, &bytes, sizeof bytes) == sizeof bytes) {
		memset(memory, 1, bytes);
		(void)madvise(memory + bytes, BYTES_MAX - bytes, MADV_DONTNEED);
		if (write(reply_fd, "", 1) != 1)
			break;
	}
	_exit(0);
}

static inline struct inmate start_inmate(struct ol_cage *cage) {
	int orders[2];
	int replies[2];
	assert_int_equal(pipe(orders), 0);
	assert_int_equal(pipe(replies), 0);
	struct ol_error error;
	pid_t pid = ol_cage_fork(cage, &error);
	if (pid < 0)
		fail_msg("%s", error.message);
	if (pid == 0) {
		close(orders[1]);
		close(replies[0]);
		obey(cage, orders[0], replies[1]);
	}
	close(orders[0]);
	close(replies[1]);
	return (struct inmate){ pid, orders[1], replies[0] };
}

static inline void tell_to_hold(const struct inmate *inmate, uint64_t bytes) {
	assert_int_equal(write(inmate->order_fd, &bytes, sizeof bytes), sizeof bytes);
}

static inline void hold(const struct inmate *inmate, uint64_t bytes) {
	char byte;
	tell_to_hold(inmate, bytes);
	assert_int_equal(read(inmate->reply_fd, &byte, 1), 1);
}

static inline void end_inmate(const struct inmate *inmate) {
	assert_int_equal(kill(inmate->pid, SIGKILL), 0);
	assert_int_equal(waitpid(inmate->pid, NULL, 0), inmate->pid);
	close(inmate->order_fd);
	close(inmate->reply_fd);
}

static inline bool tells(int fd, int timeout_ms) {
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	return poll(&ready, 1, timeout_ms) == 1;
}

#endif
