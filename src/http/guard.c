/* guard.c -- May this request be served at all? */
#include "http/guard.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "http/base64.h"
#include "http/visible.h"

enum { STATUS_BAD_REQUEST = 400, STATUS_UNAUTHORIZED = 401, STATUS_FORBIDDEN = 403 };

/* host:port in its parts; [v6] without its brackets. */
struct authority {
	char name[OL_HTTP_HOST_BYTES_MAX];
	unsigned port; /* 0: not given. */
	bool is_bracketed;
};

/* 1 to 65535 in at most five digits. */
static int parse_port(const char *text, unsigned *ret_port) {
	size_t digits = strspn(text, "0123456789");
	unsigned port = 0;
	if (digits == 0 || digits > 5 || text[digits] != '\0')
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		port = port * 10 + (unsigned)(text[i] - '0');
	if (port == 0 || port > 65535)
		return -EINVAL;
	*ret_port = port;
	return 0;
}

/* Takes host, host:port, [v6] and [v6]:port apart. What the name is made of is judged later. */
static int parse_authority(const char *text, struct authority *ret_authority) {
	struct authority authority = { .is_bracketed = text[0] == '[' };
	if (strnlen(text, OL_HTTP_HOST_BYTES_MAX) == OL_HTTP_HOST_BYTES_MAX)
		return -EINVAL;
	const char *name = authority.is_bracketed ? text + 1 : text;
	size_t name_bytes = strcspn(name, authority.is_bracketed ? "]" : ":");
	const char *rest = name + name_bytes;
	if (name_bytes == 0 || (authority.is_bracketed && *rest++ != ']'))
		return -EINVAL;
	if (*rest != '\0' && (*rest != ':' || parse_port(rest + 1, &authority.port) < 0))
		return -EINVAL;
	memcpy(authority.name, name, name_bytes);
	*ret_authority = authority;
	return 0;
}

static bool is_ip_literal(const struct authority *authority) {
	unsigned char address[sizeof(struct in6_addr)];
	/* inet_pton takes four decimals and no more; inet_aton would take 0x7f.1 as well. */
	return inet_pton(authority->is_bracketed ? AF_INET6 : AF_INET, authority->name, address) == 1;
}

static size_t without_dot_bytes(const char *name) {
	size_t bytes = strlen(name);
	return bytes > 1 && name[bytes - 1] == '.' ? bytes - 1 : bytes;
}

static bool is_same_name(const char *a, const char *b) {
	size_t bytes = without_dot_bytes(a);
	return bytes == without_dot_bytes(b) && strncasecmp(a, b, bytes) == 0;
}

/* localhost and names below it: RFC 6761 keeps them out of the DNS, so nobody can rebind them. */
static bool is_localhost(const char *name) {
	static const char suffix[] = ".localhost";
	static const char name_characters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	size_t bytes = without_dot_bytes(name), suffix_bytes = sizeof suffix - 1;
	if (is_same_name(name, suffix + 1))
		return true;
	/* Nothing but a name: "x/.localhost" is what no browser sends. */
	bool is_name = strspn(name, name_characters) == strlen(name) && name[0] != '.';
	return is_name && bytes > suffix_bytes &&
		   strncasecmp(name + bytes - suffix_bytes, suffix, suffix_bytes) == 0;
}

static bool is_allowed_host(
	const struct authority *authority, const struct ol_http_guard_rules *rules) {
	if (is_ip_literal(authority))
		return true;
	if (authority->is_bracketed)
		return false;
	if (is_localhost(authority->name))
		return true;
	for (size_t i = 0; i < rules->host_count; i++) {
		if (is_same_name(authority->name, rules->hosts[i]))
			return true;
	}
	return false;
}

/* *ret_authority has an empty name, the same as nobody's, if the request, of HTTP/1.0, has no Host.
 */
static int check_host(const struct ol_http_head *head, const struct ol_http_guard_rules *rules,
	struct authority *ret_authority, struct ol_error *error) {
	*ret_authority = (struct authority){ 0 };
	if (head->host == NULL && head->is_http_1_0)
		return 0;
	if (head->host == NULL) {
		ol_error_set(error, -EINVAL, "the request has no Host header, which HTTP/1.1 demands");
		return STATUS_BAD_REQUEST;
	}
	if (parse_authority(head->host, ret_authority) == 0 && is_allowed_host(ret_authority, rules))
		return 0;
	ol_error_set(error, -EACCES,
		"Host '%s' is neither an IP address nor localhost; if it is this lab's name, start the "
		"server with --allow-host=NAME",
		OL_VISIBLE(head->host));
	return STATUS_FORBIDDEN;
}

static bool is_same_origin(const char *origin, const struct authority *host) {
	static const struct {
		const char *prefix;
		unsigned port;
	} schemes[] = { { "http://", 80 }, { "https://", 443 } };
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		struct authority own;
		size_t prefix_bytes = strlen(schemes[i].prefix);
		if (strncasecmp(origin, schemes[i].prefix, prefix_bytes) != 0)
			continue;
		if (parse_authority(origin + prefix_bytes, &own) < 0)
			return false;
		unsigned own_port = own.port != 0 ? own.port : schemes[i].port;
		unsigned host_port = host->port != 0 ? host->port : schemes[i].port;
		return own_port == host_port && own.is_bracketed == host->is_bracketed &&
			   strcasecmp(own.name, host->name) == 0;
	}
	return false; /* "null" among others: a sandboxed frame, a file, a redirect across sites. */
}

static int check_origin(
	const struct ol_http_head *head, const struct authority *host, struct ol_error *error) {
	if (head->origin == NULL || is_same_origin(head->origin, host))
		return 0;
	ol_error_set(error, -EACCES, "a page of another origin, '%s', may not use this lab",
		OL_VISIBLE(head->origin));
	return STATUS_FORBIDDEN;
}

static bool is_text(const char *text, const char *expected) {
	return text != NULL && strcmp(text, expected) == 0;
}

/* Somebody follows a link to the live page. The page does nothing by being shown. */
static bool is_visit(const struct ol_http_head *head) {
	return is_text(head->method, "GET") && is_text(head->path, "/") &&
		   is_text(head->sec_fetch_mode, "navigate") && is_text(head->sec_fetch_dest, "document");
}

static int check_fetch_site(const struct ol_http_head *head, struct ol_error *error) {
	const char *site = head->sec_fetch_site;
	/* Absent: not a browser, or an old one; "none": somebody typed the address. */
	if (site == NULL || is_text(site, "same-origin") || is_text(site, "none"))
		return 0;
	bool is_known = is_text(site, "cross-site") || is_text(site, "same-site");
	if (is_known && is_visit(head))
		return 0;
	ol_error_set(error, -EACCES,
		"a request made by another site's page (Sec-Fetch-Site: %s) is refused", OL_VISIBLE(site));
	return STATUS_FORBIDDEN;
}

/* Looks at every byte given, whatever was found before: how long it takes depends on the length of
 * what the client sent, which it knows, not on how much of it is right. Where the lengths differ
 * the loop runs all the same and the difference counts as one more wrong byte. */
static bool is_token(const char *given, size_t given_bytes, const char *token) {
	size_t token_bytes = strlen(token);
	volatile size_t difference = given_bytes ^ token_bytes;
	assert(token_bytes > 0);
	for (size_t i = 0; i < given_bytes; i++)
		difference = difference | (unsigned char)(given[i] ^ token[i % token_bytes]);
	return difference == 0;
}

/* The text after "Bearer " or "Basic ", or NULL if it is another scheme. */
static const char *credentials_of(const char *authorization, const char *scheme) {
	size_t scheme_bytes = strlen(scheme);
	if (strncasecmp(authorization, scheme, scheme_bytes) != 0 || authorization[scheme_bytes] != ' ')
		return NULL;
	return authorization + scheme_bytes + strspn(authorization + scheme_bytes, " ");
}

static bool has_token(const char *authorization, const char *token) {
	const char *credentials = credentials_of(authorization, "Bearer");
	if (credentials != NULL) {
		size_t bytes = strnlen(credentials, OL_HTTP_TOKEN_BYTES_MAX + 1);
		return bytes <= OL_HTTP_TOKEN_BYTES_MAX && is_token(credentials, bytes, token);
	}
	credentials = credentials_of(authorization, "Basic");
	if (credentials == NULL)
		return false;
	/* What a browser asks for by itself: any user, the token for a password. */
	unsigned char decoded[2 * OL_HTTP_TOKEN_BYTES_MAX];
	size_t decoded_bytes;
	if (ol_base64_decode(
			credentials, strlen(credentials), decoded, sizeof decoded, &decoded_bytes) < 0)
		return false;
	const unsigned char *colon = memchr(decoded, ':', decoded_bytes);
	if (colon == NULL)
		return false;
	const char *password = (const char *)colon + 1;
	return is_token(password, decoded_bytes - (size_t)(colon + 1 - decoded), token);
}

static int check_token(const struct ol_http_head *head, const struct ol_http_guard_rules *rules,
	struct ol_error *error) {
	if (rules->token == NULL)
		return 0;
	if (head->authorization != NULL && has_token(head->authorization, rules->token))
		return 0;
	ol_error_set(error, -EACCES,
		"%s: expected 'Authorization: Bearer TOKEN', or Basic with the token as password",
		head->authorization == NULL ? "a token is needed" : "this is not the token");
	return STATUS_UNAUTHORIZED;
}

int ol_http_guard(const struct ol_http_head *head, const struct ol_http_guard_rules *rules,
	struct ol_error *error) {
	struct authority host;
	/* The token last: a page of another site must not even learn whether one is asked for. */
	int status = check_host(head, rules, &host, error);
	if (status == 0)
		status = check_origin(head, &host, error);
	if (status == 0)
		status = check_fetch_site(head, error);
	if (status == 0)
		status = check_token(head, rules, error);
	return status;
}
