/**
 * @file
 * A story: trust anchors, settings, and messages as they came, each with what is known of its query
 * and its time. It is the input of the targets that learn; seeds.py writes the scenarios as stories.
 *
 *     settings   octet: STORY_SHA1, …
 *     budgets    octet: which of them are tight, a bit for each
 *     anchors    16-bit length, text
 *     messages   octet: STORY_SEEN, …; 32-bit time; 16-bit length, octets. The last may be cut; an
 *                empty one ends the story
 *
 * A fuzzer cannot sign, so here a signature is right by a rule that it can keep: of its first octet
 * the bit says so whose number is the last octet of the key, modulo 8. The digest of a DS is right
 * if its octets are all STORY_DIGEST. NSEC3 is hashed in earnest.
 */
#ifndef STORY_H
#define STORY_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wv_crypto_openssl.h"
#include "wv_hash_openssl.h"
#include "wv_validate.h"

// Settings of a story.
#define STORY_SHA1    1
#define STORY_HARDEN  2
#define STORY_CLIENT  4
#define STORY_NO_TIME 8
#define STORY_ASKED   16

// Of a message.
#define STORY_SEEN     1
#define STORY_DO       2
#define STORY_CD       4
#define STORY_SIGNED   8
#define STORY_MESSAGES 32

#define STORY_DIGEST 0xd5

struct story {
	struct wv_validate_settings settings;
	enum wv_leg leg;
	bool asked, checked;
	const char *anchors;
	uint16_t anchors_len;
	unsigned n;
	struct story_message {
		struct wv_validate_query query;
		struct wv_time now;
		uint16_t len;
		uint8_t *octets; // a block of their exact size
	} message[STORY_MESSAGES];
};

// What must hold of every story.
#define want(holds) ((holds) ? (void)0 : story_broken(__FILE__, __LINE__, #holds))

__attribute__((noreturn)) static inline void story_broken(
	const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

// ---- drivers ----

static bool story_rules; // until then they give the known answers

static inline bool story_key_init(struct wv_verify_key *key, unsigned slot)
{
	if (!story_rules)
		return wv_crypto_openssl.algo[key->alg].key_init(key, slot);
	return key->public_key[key->public_len - 1] != 0xff;
}

static inline void story_key_fini(struct wv_verify_key *key, unsigned slot)
{
	if (!story_rules)
		wv_crypto_openssl.algo[key->alg].key_fini(key, slot);
}

static inline bool story_is_right(const struct wv_verify_job *job)
{
	unsigned bit = job->key->public_key[job->key->public_len - 1] % 8;

	return job->signature_len > 0 && (job->signature[0] >> bit & 1) != 0;
}

static inline void story_verify(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[])
{
	if (!story_rules) {
		wv_crypto_openssl.algo[jobs[0].key->alg].run(jobs, n, slot, answers);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		answers[i] = story_is_right(&jobs[i]) ? WV_VERIFY_GOOD : WV_VERIFY_BAD;
}

static inline void story_digest(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	if (!story_rules || hash == WV_HASH_SHA1) {
		wv_hash_openssl.run[hash](hash, jobs, n);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		memset(jobs[i].out, STORY_DIGEST, wv_digest_len(hash));
}

static inline void story_drivers_init(void)
{
	static struct wv_verify_driver cipher;
	static const struct wv_verify_driver *const ciphers[] = {&cipher};
	static struct wv_digest_driver hash;
	static const struct wv_digest_driver *const hashes[] = {&hash};

	if (story_rules)
		return;
	cipher = wv_crypto_openssl;
	for (unsigned a = 0; a < WV_ALG_COUNT; a++) {
		cipher.algo[a].key_init = story_key_init;
		cipher.algo[a].key_fini = story_key_fini;
		cipher.algo[a].run = story_verify;
	}
	hash = wv_hash_openssl;
	for (unsigned h = 0; h < WV_HASH_COUNT; h++)
		hash.run[h] = story_digest;
	want(wv_digest_init(hashes, 1, NULL, NULL) == 0 && wv_digest_thread_init(NULL) == 0);
	want(wv_verify_init(ciphers, 1, NULL, NULL) == 0 && wv_verify_thread_init(NULL) == 0);
	story_rules = true;
}

// ---- reading ----

static inline void story_budgets(struct wv_validate_settings *s, uint8_t tight)
{
	if (tight & 1)
		s->weight = 1;
	if (tight & 2)
		s->needed_rrsets = 2;
	if (tight & 4)
		s->signatures_per_rrset = 1;
	if (tight & 8)
		s->failures_per_rrset = 1;
	if (tight & 16)
		s->keys_per_tag = 1;
	if (tight & 32) {
		s->ds = 1;
		s->dnskeys = 2;
	}
	if (tight & 64) {
		s->cname_chain = 1;
		s->chain_depth = 2;
	}
	if (tight & 128)
		s->denial = (struct wv_denial_limits){0, 1, 2, 5};
}

static inline bool story_next(struct story *story, struct wv_wire *w)
{
	struct story_message *msg = &story->message[story->n];
	uint8_t seen = wv_wire_u8(w);
	uint32_t now = wv_wire_u32(w);
	uint16_t len = wv_wire_u16(w);

	if (w->bad || len == 0 || wv_wire_left(w) == 0 || story->n == STORY_MESSAGES)
		return false;
	*msg = (struct story_message){
		.query = {.known = (seen & STORY_SEEN) != 0,
			.dnssec_ok = (seen & STORY_DO) != 0,
			.checking_disabled = (seen & STORY_CD) != 0,
			.is_signed = (seen & STORY_SIGNED) != 0},
		.now = {.now_s = now, .checked = story->checked},
		.len = len < wv_wire_left(w) ? len : (uint16_t)wv_wire_left(w),
	};
	msg->octets = malloc(msg->len);
	want(msg->octets != NULL);
	memcpy(msg->octets, wv_wire_take(w, msg->len), msg->len);
	story->n++;
	return true;
}

static inline bool story_read(struct story *story, const uint8_t *data, size_t size)
{
	struct wv_wire w = wv_wire_open(data, size);
	uint8_t flags = wv_wire_u8(&w);
	uint8_t tight = wv_wire_u8(&w);

	story_drivers_init();
	story->settings = wv_validate_presets;
	story->settings.sha1 = (flags & STORY_SHA1) != 0;
	story->settings.harden_algo_downgrade = (flags & STORY_HARDEN) != 0;
	story->leg = (flags & STORY_CLIENT) != 0 ? WV_LEG_CLIENT : WV_LEG_UPSTREAM;
	story->checked = (flags & STORY_NO_TIME) == 0;
	story->asked = (flags & STORY_ASKED) != 0;
	story_budgets(&story->settings, tight);
	story->anchors_len = wv_wire_u16(&w);
	story->anchors = (const char *)wv_wire_take(&w, story->anchors_len);
	story->n = 0;
	if (w.bad)
		return false;
	while (story_next(story, &w))
		;
	return true;
}

static inline void story_end(struct story *story)
{
	for (unsigned i = 0; i < story->n; i++)
		free(story->message[i].octets);
}

// A store that knows the anchors, if they can be read.
static inline struct wv_trust *story_trust(const struct story *story)
{
	const struct wv_trust_params params = {.zones = 16, .sha1 = story->settings.sha1};
	struct wv_trust *trust = wv_trust_create(&params, NULL);
	unsigned n = 0;

	want(trust != NULL);
	wv_trust_read_anchors(trust, "anchors", story->anchors, story->anchors_len, &n, NULL);
	return trust;
}

#endif
