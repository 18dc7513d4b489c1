/* http_guard_tests.h -- Tests of what is refused before anybody looks at what is asked for.
 *
 * Part of test_http.c. */
#ifndef TESTS_HTTP_GUARD_TESTS_H
#define TESTS_HTTP_GUARD_TESTS_H

#include <string.h>

#include "http/base64.h"
#include "http/guard.h"

static const char *const lab_names[] = { "lab.example.org" };
static const struct ol_http_guard_rules plain_rules = { .hosts = lab_names, .host_count = 1 };
static const struct ol_http_guard_rules token_rules = {
	.hosts = lab_names, .host_count = 1, .token = "s3cret:token"
};

static struct ol_error guard_error;

static int guard_host(const char *host) {
	struct ol_http_head head = { .method = "GET", .path = "/add", .host = host };
	return ol_http_guard(&head, &plain_rules, &guard_error);
}

static int guard_origin(const char *host, const char *origin) {
	struct ol_http_head head = { .method = "POST", .path = "/add", .host = host, .origin = origin };
	return ol_http_guard(&head, &plain_rules, &guard_error);
}

static int guard_token(const char *authorization) {
	struct ol_http_head head = {
		.method = "GET", .path = "/add", .host = "localhost", .authorization = authorization
	};
	return ol_http_guard(&head, &token_rules, &guard_error);
}

static void addresses_and_names_that_nobody_can_rebind_are_served(void **state) {
	static const char *const hosts[] = { "127.0.0.1", "127.0.0.1:1112", "0.0.0.0:1112", "10.1.2.3",
		"[::1]", "[::1]:1112", "[fe80::1]:65535", "localhost", "LocalHost:1112", "localhost.",
		"a.localhost", "a.b.LOCALHOST:1", "lab.example.org", "LAB.Example.ORG:1112",
		"lab.example.org.", "lab.example.org.:80" };
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		assert_int_equal(guard_host(hosts[i]), 0);
}

static void every_other_host_is_refused_and_told_how_to_be_allowed(void **state) {
	static const char *const hosts[] = { "", ".", ":", ":1112", "evil.example", "l", "local", "lab",
		"localhost.evil", "evil-localhost", "xlocalhost", ".localhost", "lab.example.org.evil",
		"example.org", "sub.lab.example.org", "127.0.0.1.evil", "127.1", "0x7f.0.0.1", "0177.0.0.1",
		"2130706433", "127.0.0.1 ", " 127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
		"127.0.0.1:+1", "127.0.0.1:-1", "127.0.0.1:000080", "127.0.0.1:1x", "127.0.0.1:80:80",
		"::1", "[::1", "[::1]x", "[::1]:", "[]", "[127.0.0.1]", "[localhost]", "[::1%lo]",
		"[lab.example.org]", "user@localhost", "x/.localhost", "u@a.localhost", "a b.localhost",
		"..localhost", "localhost/", "localhost,localhost", "lab.example.org..", "localhost..",
		"\x01", "\xff" };
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		memset(&guard_error, 0, sizeof guard_error);
		assert_int_equal(guard_host(hosts[i]), 403);
		assert_non_null(strstr(guard_error.message, "--allow-host=NAME"));
	}
}

static void a_hostile_host_is_shown_cut_and_without_its_control_characters(void **state) {
	static char host[8192];
	memset(host, 'a', sizeof host - 1);
	assert_int_equal(guard_host(host), 403);
	assert_true(strlen(guard_error.message) < 250);
	assert_int_equal(guard_host("a\r\nSet-Cookie: x"), 403);
	assert_non_null(strstr(guard_error.message, "'a\\x0d\\x0aSet-Cookie: x'"));
}

static void a_host_is_demanded_of_http_1_1_only(void **state) {
	struct ol_http_head head = { .method = "GET", .path = "/stats" };
	assert_int_equal(ol_http_guard(&head, &plain_rules, &guard_error), 400);
	head.is_http_1_0 = true;
	assert_int_equal(ol_http_guard(&head, &plain_rules, &guard_error), 0);
	head.host = "evil.example";
	assert_int_equal(ol_http_guard(&head, &plain_rules, &guard_error), 403);
	head.host = NULL;
	head.origin = "http://";
	assert_int_equal(ol_http_guard(&head, &plain_rules, &guard_error), 403);
}

static void a_page_of_the_same_origin_may_ask(void **state) {
	assert_int_equal(guard_origin("localhost:1112", "http://localhost:1112"), 0);
	assert_int_equal(guard_origin("LOCALHOST:1112", "HTTP://localhost:1112"), 0);
	assert_int_equal(guard_origin("localhost", "http://localhost"), 0);
	assert_int_equal(guard_origin("localhost:80", "http://localhost"), 0);
	assert_int_equal(guard_origin("localhost", "http://localhost:80"), 0);
	assert_int_equal(guard_origin("lab.example.org", "https://lab.example.org"), 0);
	assert_int_equal(guard_origin("lab.example.org:443", "https://lab.example.org"), 0);
	assert_int_equal(guard_origin("[::1]:1112", "http://[::1]:1112"), 0);
}

static void a_page_of_another_origin_may_not(void **state) {
	static const char *const origins[] = { "null", "", "http://", "https://", "localhost:1112",
		"http://evil.example", "http://localhost", "http://localhost:1113", "http://127.0.0.1:1112",
		"http://localhost:1112/", "http://localhost:1112.evil", "http://localhost:11120",
		"http://localhost.:1112", "https://localhost", "ftp://localhost:1112",
		"file://localhost:1112", "http://user@localhost:1112", "http:/localhost:1112",
		"http://localhost:1112 http://localhost:1112", "http://[localhost]:1112",
		" http://localhost:1112" };
	for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
		assert_int_equal(guard_origin("localhost:1112", origins[i]), 403);
	/* A default port is that of the page's scheme. */
	assert_int_equal(guard_origin("localhost:80", "https://localhost"), 403);
	assert_int_equal(guard_origin("localhost:443", "http://localhost"), 403);
}

static int guard_fetch(const char *method, const char *path, const char *site, const char *mode,
	const char *destination) {
	struct ol_http_head head = { .method = method,
		.path = path,
		.host = "localhost:1112",
		.sec_fetch_site = site,
		.sec_fetch_mode = mode,
		.sec_fetch_dest = destination };
	return ol_http_guard(&head, &plain_rules, &guard_error);
}

static void another_sites_page_may_link_to_the_page_and_nothing_else(void **state) {
	assert_int_equal(guard_fetch("GET", "/add", NULL, NULL, NULL), 0);
	assert_int_equal(guard_fetch("POST", "/add", "same-origin", "cors", "empty"), 0);
	assert_int_equal(guard_fetch("GET", "/add", "none", "navigate", "document"), 0);
	assert_int_equal(guard_fetch("GET", "/", "cross-site", "navigate", "document"), 0);
	assert_int_equal(guard_fetch("GET", "/", "same-site", "navigate", "document"), 0);
	assert_int_equal(guard_fetch("GET", "/add", "cross-site", "navigate", "document"), 403);
	assert_int_equal(guard_fetch("GET", "/add", "same-site", "no-cors", "image"), 403);
	assert_int_equal(guard_fetch("POST", "/", "cross-site", "navigate", "document"), 403);
	assert_int_equal(guard_fetch("GET", "/", "cross-site", "navigate", "iframe"), 403);
	assert_int_equal(guard_fetch("GET", "/", "cross-site", "no-cors", "document"), 403);
	assert_int_equal(guard_fetch("GET", "/", "cross-site", "navigate", NULL), 403);
	assert_int_equal(guard_fetch("GET", "/", "cross-site", NULL, "document"), 403);
	assert_int_equal(guard_fetch("GET", "/", "", "navigate", "document"), 403);
	assert_int_equal(guard_fetch("GET", "/", "Same-Origin", "navigate", "document"), 403);
	assert_int_equal(guard_fetch("GET", "/", "something-new", "navigate", "document"), 403);
}

static void the_token_is_taken_as_bearer_or_as_a_password(void **state) {
	assert_int_equal(guard_token("Bearer s3cret:token"), 0);
	assert_int_equal(guard_token("bearer  s3cret:token"), 0);
	assert_int_equal(guard_token("Basic YW55Ym9keTpzM2NyZXQ6dG9rZW4="), 0); /* anybody: */
	assert_int_equal(guard_token("BASIC OnMzY3JldDp0b2tlbg=="), 0);         /* "": */
}

static void no_other_token_is_taken(void **state) {
	static const char *const texts[] = { "", "Bearer", "Bearer ", "Bearers3cret:token",
		"Bearer s3cret:toke", "Bearer s3cret:token ", "Bearer s3cret:tokens",
		"Bearer s3cret:tokens3cret:token", "Bearer S3cret:token", "Bearer s3cret:tokeo",
		"Digest s3cret:token", "s3cret:token", "Basic", "Basic ", "Basic s3cret:token",
		"Basic czNjcmV0OnRva2Vu",              /* No user: "s3cret" is one. */
		"Basic YW55Ym9keTpzM2NyZXQ6dG9rZQ==",  /* One byte short. */
		"Basic YW55Ym9keTpzM2NyZXQ6dG9rZW4",   /* Without padding. */
		"Basic YW55Ym9keTpzM2NyZXQ6dG9rZW4AA", /* Odd. */
		"Basic YW55Ym9keTpzM2NyZXQ6dG9rZW4A",  /* A NUL behind it. */
		"Basic YW55Ym9keTpzM2NyZXQ6dG9rZW4=\n" };
	assert_int_equal(guard_token(NULL), 401);
	assert_non_null(strstr(guard_error.message, "a token is needed"));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(guard_token(texts[i]), 401);
	assert_null(strstr(guard_error.message, "s3cret"));
	static char text[8192];
	memset(text, 'A', sizeof text - 1);
	for (size_t i = 0; i < 2; i++) {
		memcpy(text, i == 0 ? "Bearer " : "Basic ", 6 + (i == 0));
		assert_int_equal(guard_token(text), 401);
	}
}

static void without_a_token_of_ours_none_is_asked_for(void **state) {
	struct ol_http_head head = { .method = "GET", .path = "/", .host = "localhost" };
	assert_int_equal(ol_http_guard(&head, &plain_rules, &guard_error), 0);
	head.authorization = "Bearer whatever";
	assert_int_equal(ol_http_guard(&head, &plain_rules, &guard_error), 0);
}

static void the_token_excuses_neither_a_foreign_host_nor_a_foreign_page(void **state) {
	struct ol_http_head head = {
		.method = "GET", .path = "/", .host = "evil.example", .authorization = "Bearer s3cret:token"
	};
	assert_int_equal(ol_http_guard(&head, &token_rules, &guard_error), 403);
	head.host = "localhost";
	head.origin = "http://evil.example";
	assert_int_equal(ol_http_guard(&head, &token_rules, &guard_error), 403);
	head.origin = NULL;
	head.sec_fetch_site = "cross-site";
	assert_int_equal(ol_http_guard(&head, &token_rules, &guard_error), 403);
	head.sec_fetch_site = NULL;
	assert_int_equal(ol_http_guard(&head, &token_rules, &guard_error), 0);
}

static void base64_is_read_one_way_only(void **state) {
	static const struct {
		const char *text, *decoded;
	} good[] = { { "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" }, { "Zm9vYmFy", "foobar" }, { "+/+/", "\xfb\xff\xbf" } };
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg=Z", "=",
		"====", "Zg===", "Zm9v====", "Zh==", "Zm9=", "Zm9v\n", "Z-9v", "Z_9v", " Zm9v",
		"Zm9vZ===", "Zm=v" };
	unsigned char buffer[16];
	size_t bytes;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(
			ol_base64_decode(good[i].text, strlen(good[i].text), buffer, sizeof buffer, &bytes), 0);
		assert_int_equal(bytes, strlen(good[i].decoded));
		assert_memory_equal(buffer, good[i].decoded, bytes);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(
			ol_base64_decode(bad[i], strlen(bad[i]), buffer, sizeof buffer, &bytes), -EINVAL);
	assert_int_equal(ol_base64_decode("Zm9vYmFy", 8, buffer, 6, &bytes), 0);
	assert_int_equal(ol_base64_decode("Zm9vYmFy", 8, buffer, 5, &bytes), -ENOSPC);
}

#endif
