/* profile.c -- Places by hash, open addressing; the last one is for all the rest. */
#include "run/profile.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REST = OL_PROFILE_SITES_MAX - 1,
	SLOTS = 2 * OL_PROFILE_SITES_MAX, /* A power of two, never more than half full. */
};
static_assert((SLOTS & (SLOTS - 1)) == 0, "slots are found by a mask");

struct ol_profile {
	uint64_t phase_hash;
	uint64_t tag_hash;
	char phase[OL_NAME_BYTES];
	char tag[OL_NAME_BYTES];
	uint32_t site_count;   /* REST apart. */
	uint16_t slots[SLOTS]; /* Number of the place and 1; 0: none. */
	uint64_t hashes[OL_PROFILE_SITES_MAX];
	struct ol_profile_site sites[OL_PROFILE_SITES_MAX];
};

/* FNV-1a. */
static uint64_t hash_text(uint64_t hash, const char *text) {
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

static const uint64_t hash_start = UINT64_C(0xcbf29ce484222325);

int ol_profile_create(struct ol_profile **ret_profile, struct ol_error *error) {
	struct ol_profile *profile = calloc(1, sizeof *profile);
	if (profile == NULL)
		return ol_error_set(error, -ENOMEM, "no memory for the heap profile");
	ol_profile_set_phase(profile, "");
	ol_profile_set_tag(profile, "");
	*ret_profile = profile;
	return 0;
}

void ol_profile_destroy(struct ol_profile *profile) {
	free(profile);
}

void ol_profile_set_phase(struct ol_profile *profile, const char *phase) {
	snprintf(profile->phase, sizeof profile->phase, "%s", phase);
	profile->phase_hash = hash_text(hash_start, profile->phase);
}

void ol_profile_set_tag(struct ol_profile *profile, const char *tag) {
	snprintf(profile->tag, sizeof profile->tag, "%s", tag);
	profile->tag_hash = hash_text(hash_start, profile->tag);
}

static uint64_t hash_place(const struct ol_profile *profile, const char *file, uint64_t line) {
	uint64_t hash = hash_text(hash_start, file);
	hash = (hash ^ line) * UINT64_C(0x9e3779b97f4a7c15);
	hash ^= profile->phase_hash;
	hash = (hash ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	hash ^= profile->tag_hash;
	return (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
}

/* The slot of a place: its own, or the empty one where it is to be. */
static uint32_t find_slot(const struct ol_profile *profile, uint64_t hash) {
	uint32_t slot = (uint32_t)(hash >> 32) & (SLOTS - 1);
	while (profile->slots[slot] != 0 && profile->hashes[profile->slots[slot] - 1] != hash)
		slot = (slot + 1) & (SLOTS - 1);
	return slot;
}

uint32_t ol_profile_find(const struct ol_profile *profile, const char *file, uint64_t line) {
	uint32_t number = profile->slots[find_slot(profile, hash_place(profile, file, line))];
	return number > 0 ? number - 1 : OL_PROFILE_NOWHERE;
}

uint32_t ol_profile_add(
	struct ol_profile *profile, const char *file, uint64_t line, const char *function) {
	if (profile->site_count == REST) {
		struct ol_profile_site *rest = &profile->sites[REST];
		snprintf(rest->function, sizeof rest->function, "all other places");
		return REST;
	}
	uint64_t hash = hash_place(profile, file, line);
	uint32_t number = profile->site_count++;
	struct ol_profile_site *site = &profile->sites[number];
	profile->slots[find_slot(profile, hash)] = (uint16_t)(number + 1);
	profile->hashes[number] = hash;
	snprintf(site->file, sizeof site->file, "%s", file);
	snprintf(site->function, sizeof site->function, "%s", function);
	memcpy(site->phase, profile->phase, sizeof site->phase);
	memcpy(site->tag, profile->tag, sizeof site->tag);
	site->line = line;
	return number;
}

void ol_profile_note_allocated(
	struct ol_profile *profile, uint32_t place, uint64_t objects, uint64_t bytes) {
	if (place == OL_PROFILE_NOWHERE)
		return;
	assert(place < OL_PROFILE_SITES_MAX);
	struct ol_profile_site *site = &profile->sites[place];
	site->alloc_objects += objects;
	site->alloc_bytes += bytes;
	site->held_objects += objects;
	site->held_bytes += bytes;
}

void ol_profile_note_released(
	struct ol_profile *profile, uint32_t place, uint64_t objects, uint64_t bytes) {
	if (place == OL_PROFILE_NOWHERE)
		return;
	assert(place < OL_PROFILE_SITES_MAX);
	struct ol_profile_site *site = &profile->sites[place];
	assert(site->held_objects >= objects && site->held_bytes >= bytes);
	site->held_objects -= objects;
	site->held_bytes -= bytes;
}

bool ol_profile_next(
	const struct ol_profile *profile, uint32_t *cursor, const struct ol_profile_site **ret_site) {
	while (*cursor < OL_PROFILE_SITES_MAX) {
		const struct ol_profile_site *site = &profile->sites[(*cursor)++];
		if (site->alloc_objects > 0) {
			*ret_site = site;
			return true;
		}
	}
	return false;
}
