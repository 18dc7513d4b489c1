/* main.c -- oomlab-serve: reads the command line of oomlab serve, and serves.
 *
 * A program of its own, started by oomlab: see cli/command_serve.c. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/units.h"
#include "cage/cage.h"
#include "cli/command.h"
#include "cli/say.h"
#include "cli/serve_form.h"
#include "cli/signals.h"
#include "http/http.h"
#include "http/systemd.h"
#include "report/report.h"
#include "serve/service.h"
#include "world/world.h"

enum { HOSTS_MAX = 16, SAMPLE_PERIOD_MS = 100 };

static const uint64_t request_timeout_default_ns = 30 * OL_NS_PER_S;
static const char listen_default[] = "0.0.0.0:1112";

struct serving {
	struct ol_run_request *request;
	struct ol_http_config config;
	struct ol_service *service;
	struct ol_run_summary *summary; /* Spec and cage, for the first lines. Large. */
	const char *hosts[HOSTS_MAX];
	char token[OL_HTTP_TOKEN_BYTES_MAX + 1];
	char address[OL_HTTP_ADDRESS_BYTES];
};

static int say_lab(const struct ol_error *error) {
	ol_say("%s", error->message);
	return OL_EXIT_LAB;
}

static int read_token(struct serving *serving, const char *path) {
	struct ol_error error;
	int length = ol_file_read(path, serving->token, sizeof serving->token, &error);
	if (length < 0)
		return ol_say_usage("--token-file: %s", error.message);
	while (length > 0 && strchr(" \t\r\n", serving->token[length - 1]) != NULL)
		serving->token[--length] = '\0';
	if (length == 0 || strpbrk(serving->token, " \t\r\n") != NULL)
		return ol_say_usage("--token-file=%.200s: expected one word in it", path);
	serving->config.guard.token = serving->token;
	return OL_EXIT_DONE;
}

static int read_hosts(struct serving *serving) {
	const struct ol_cli_line *line = &serving->request->line;
	struct ol_http_guard_rules *guard = &serving->config.guard;
	for (size_t i = 0; i < line->given_count; i++) {
		const struct ol_cli_given *given = &line->given[i];
		if (given->option == NULL || strcmp(given->option->name, "allow-host") != 0)
			continue;
		if (given->value[0] == '\0' || strpbrk(given->value, ":/ ") != NULL)
			return ol_say_usage("--allow-host=%.64s: expected a name without a port", given->value);
		if (guard->host_count == HOSTS_MAX)
			return ol_say_usage("--allow-host: at most %d names", HOSTS_MAX);
		serving->hosts[guard->host_count++] = given->value;
	}
	guard->hosts = serving->hosts;
	return OL_EXIT_DONE;
}

static int read_options(struct serving *serving) {
	const struct ol_run_request *request = serving->request;
	const char *timeout = ol_cli_value(&request->line, "request-timeout");
	const char *token_file = ol_cli_value(&request->line, "token-file");
	struct ol_error error;
	serving->config.request_timeout_ns = request_timeout_default_ns;
	if (timeout != NULL &&
		ol_parse_duration(timeout, &serving->config.request_timeout_ns, &error) < 0)
		return ol_say_usage("--request-timeout=%.64s: %s", timeout, error.message);
	int status = read_hosts(serving);
	if (status == OL_EXIT_DONE && token_file != NULL)
		status = read_token(serving, token_file);
	return status;
}

static int check_script(struct serving *serving) {
	const struct ol_script *script = serving->request->script;
	size_t count;
	serving->config.routes = ol_script_routes(script, &count);
	serving->config.route_count = (uint32_t)count;
	if (ol_script_kind(script) == OL_SCRIPT_EXPERIMENT || count == 0)
		return ol_say_usage("%s registers no routes with lab.http: it is for oomlab run, not for "
							"oomlab serve",
			ol_script_name(script));
	return OL_EXIT_DONE;
}

/* A machine that can make no cage says so before anybody is served. */
static int try_cage(struct ol_run_summary *summary) {
	const struct ol_run_spec *spec = &summary->spec;
	struct ol_cage_system system;
	struct ol_cage *cage;
	struct ol_error error;
	const struct ol_cage_limits limits = {
		.limit_bytes = spec->limit_bytes,
		.swap_bytes = spec->swap_bytes,
		.high_bytes = spec->high_bytes,
		.outer_limit_bytes = spec->parent_limit_bytes != UINT64_MAX ? spec->parent_limit_bytes : 0,
	};
	if (spec->is_uncaged)
		return OL_EXIT_DONE;
	const char *parent = spec->parent_group[0] != '\0' ? spec->parent_group : NULL;
	int result = ol_cage_detect(&system, &error);
	if (result == 0)
		result = ol_cage_create(&system, parent, &limits, &cage, &error);
	if (result == 0) {
		summary->cage = ol_cage_facts(cage);
		result = ol_cage_destroy(cage, &error);
	}
	if (result == 0)
		return OL_EXIT_DONE;
	ol_say("%s; or serve without a cage: --no-cage", error.message);
	return OL_EXIT_LAB;
}

static int open_socket(struct serving *serving) {
	const struct ol_run_request *request = serving->request;
	struct ol_error error;
	const char *wanted = ol_cli_value(&request->line, "listen");
	int *fd = &serving->config.listen_fd;
	if (ol_systemd_take_socket(fd, &error) < 0)
		return say_lab(&error);
	if (*fd < 0) {
		const char *of_script = ol_script_listen(request->script);
		const char *address = wanted != NULL       ? wanted
							  : *of_script != '\0' ? of_script
												   : listen_default;
		int result = ol_http_listen(address, fd, &error);
		if (result == -EINVAL)
			return ol_say_usage("--listen=%s", error.message);
		if (result < 0)
			return say_lab(&error);
	}
	return ol_http_address(*fd, serving->address, &error) < 0 ? say_lab(&error) : OL_EXIT_DONE;
}

static void print_banner(const struct serving *serving) {
	const struct ol_style style = ol_style_of(stdout);
	const char *port = strrchr(serving->address, ':');
	char text[OL_MESSAGE_BYTES];
	bool is_for_all =
		strncmp(serving->address, "0.0.0.0:", 8) == 0 || strncmp(serving->address, "[::]:", 5) == 0;
	ol_text_header(stdout, style, serving->summary);
	/* What a browser on this machine calls it. */
	snprintf(text, sizeof text, "http://%s%s/", is_for_all ? "127.0.0.1" : serving->address,
		is_for_all ? port : "");
	ol_text_fact(stdout, style, "page", text);
	text[0] = '\0';
	for (uint32_t i = 0; i < serving->config.route_count; i++) {
		size_t used = strlen(text);
		snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " " : "",
			serving->config.routes[i].path);
	}
	ol_text_fact(stdout, style, "routes", text);
	snprintf(text, sizeof text,
		"everybody who reaches this machine; --listen=127.0.0.1%s keeps it here, --token-file=FILE "
		"asks for a token",
		port);
	if (is_for_all && serving->config.guard.token == NULL)
		ol_text_fact(stdout, style, "open to", text);
	puts(" Ctrl-C ends it.");
	fflush(stdout);
}

static int serve(struct serving *serving) {
	struct ol_http_server *server;
	struct ol_error error;
	ol_signals_catch();
	if (ol_http_server_create(&serving->config, &server, &error) < 0)
		return say_lab(&error);
	if (!serving->request->is_quiet)
		print_banner(serving);
	else if (serving->request->plan.spec.is_uncaged)
		ol_say("there is no cage: nothing but RLIMIT_DATA limits the heap");
	int result = ol_http_server_run(server, &error);
	ol_http_server_destroy(server);
	if (result < 0)
		return say_lab(&error);
	if (!serving->request->is_quiet)
		ol_say("ended; nothing is left behind");
	return OL_EXIT_DONE;
}

static int run(struct serving *serving, int argc, char **argv) {
	struct ol_run_request *request = serving->request;
	struct ol_error error;
	int status = ol_run_request_parse(request, &ol_serve_form, argc, argv);
	if (status != OL_EXIT_DONE)
		return status;
	if (request->is_help) {
		ol_command_serve_help();
		ol_run_request_print_script(request);
		return OL_EXIT_DONE;
	}
	if (ol_world_is_pretend(&request->plan.spec))
		return ol_say_usage(
			"--world=pretend: what is served is a real heap; oomlab run has both worlds");
	uint32_t is_uncaged = ol_cli_value(&request->line, "no-cage") != NULL;
	struct ol_plan *const plans[] = { &request->draft, &request->plan };
	for (size_t i = 0; i < 2; i++) {
		struct ol_run_spec *spec = &plans[i]->spec;
		spec->is_service = 1;
		spec->is_uncaged = is_uncaged;
		if (spec->sample_period_ns == 0)
			spec->sample_period_ns = SAMPLE_PERIOD_MS * OL_NS_PER_MS;
	}
	serving->summary->spec = request->plan.spec;
	status = check_script(serving);
	if (status == OL_EXIT_DONE)
		status = read_options(serving);
	if (status == OL_EXIT_DONE)
		status = try_cage(serving->summary);
	if (status == OL_EXIT_DONE)
		status = open_socket(serving);
	if (status != OL_EXIT_DONE)
		return status;
	if (ol_service_create(request, &serving->service, &serving->config.host, &error) < 0)
		return say_lab(&error);
	status = serve(serving);
	if (ol_service_destroy(serving->service, &error) < 0)
		status = say_lab(&error);
	return status;
}

int main(int argc, char **argv) {
	ol_keep_standard_fds();
	/* A client that went away is noticed when writing. */
	signal(SIGPIPE, SIG_IGN);
	ol_script_on_stuck(ol_say_stuck);
	OL_AUTO_FREE struct ol_run_request *request = calloc(1, sizeof *request);
	OL_AUTO_FREE struct ol_run_summary *summary = calloc(1, sizeof *summary);
	struct serving serving = {
		.request = request,
		.summary = summary,
		.config = { .listen_fd = -1 },
	};
	if (request == NULL || summary == NULL) {
		ol_say("no memory for the command line");
		return OL_EXIT_LAB;
	}
	int status = run(&serving, argc, argv);
	ol_run_request_finish(request);
	return ol_finish_stdout(status);
}
