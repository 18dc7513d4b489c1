/* service_manager.c -- A service manager, as far as a server notices: a socket and an open ear.
 *
 * Usage: service_manager PROGRAM ARGUMENT...
 * Passes PROGRAM a listening socket of 127.0.0.1 as systemd does, prints "notify: TEXT" for each
 * word that it sends, hands SIGTERM down, and ends as it ends. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSED_FD = 3, WORD_BYTES = 512, NAME_BYTES = 64 };

static volatile sig_atomic_t child_pid;

static void hand_down(int number) {
	kill((pid_t)child_pid, number);
}

static void give_up(const char *what) {
	fprintf(stderr, "service_manager: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int listen_somewhere(void) {
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0)
		give_up("cannot listen");
	return fd;
}

/* An abstract name, written "@NAME": nothing to be removed. */
static int open_ear(void) {
	char name[NAME_BYTES];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = snprintf(name, sizeof name, "@oomlab-http-test-%ld", (long)getpid());
	memcpy(address.sun_path + 1, name + 1, (size_t)length - 1);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
					  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)length)) < 0)
		give_up("cannot open a socket for words");
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static void start(char **words, int listen_fd) {
	char pid[NAME_BYTES];
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	if (listen_fd != PASSED_FD && (dup2(listen_fd, PASSED_FD) < 0 || close(listen_fd) < 0))
		give_up("cannot pass the socket");
	execvp(words[0], words);
	give_up(words[0]);
}

static void hear(int ear_fd) {
	char word[WORD_BYTES];
	ssize_t bytes;
	while ((bytes = recv(ear_fd, word, sizeof word - 1, MSG_DONTWAIT)) > 0) {
		word[bytes] = '\0';
		printf("notify: %s\n", word);
		fflush(stdout);
	}
}

int main(int argc, char **argv) {
	enum { LOOK_MS = 10 };
	if (argc < 2)
		return EXIT_FAILURE;
	int listen_fd = listen_somewhere();
	int ear_fd = open_ear();
	pid_t pid = fork();
	if (pid < 0)
		give_up("cannot fork");
	if (pid == 0)
		start(argv + 1, listen_fd);
	close(listen_fd);
	child_pid = pid;
	signal(SIGTERM, hand_down);
	int status = 0;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		(void)poll(&(struct pollfd){ .fd = ear_fd, .events = POLLIN }, 1, LOOK_MS);
		hear(ear_fd);
	}
	hear(ear_fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
