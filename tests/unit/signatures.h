/**
 * @file
 * The signatures of tests/vectors/signatures.txt as keys and jobs.
 */
#ifndef SIGNATURES_H
#define SIGNATURES_H

#include "wv_verify.h"

#include "vectors.h"

#define SIGNATURES 256 // more than the file has

enum expect {
	EXPECT_RIGHT,
	EXPECT_WRONG,
	EXPECT_BAD_KEY
};

// All octets in blocks of their exact size.
struct signature {
	char what[96];
	enum wv_alg alg;
	enum expect expect;
	uint8_t *public_key, *data, *signature; // data: what a job wants, the digest or all
	size_t public_len, data_len, signature_len;
	struct wv_verify_key key; // prepared, unless it is bad
};

struct signatures {
	unsigned n;
	struct signature at[SIGNATURES];
};

static inline void signature_hash(struct signature *s)
{
	enum wv_hash hash = wv_verify_hash(s->alg);
	struct wv_digest_job job = {s->data, (uint32_t)s->data_len, NULL};

	if (hash == WV_HASH_COUNT)
		return;
	job.out = malloc(wv_digest_len(hash));
	wv_digest_batch(hash, &job, 1);
	free(s->data);
	s->data = job.out;
	s->data_len = wv_digest_len(hash);
}

// Ends the program if the file is not as it should be.
static inline void signatures_read(struct signatures *all)
{
	FILE *file = vectors_open("signatures.txt");
	struct vector v = {0};

	all->n = 0;
	while (vector_next(file, &v) && all->n < SIGNATURES) {
		struct signature *s = &all->at[all->n++];
		const char *expect = vector_get(&v, "expect");

		snprintf(s->what, sizeof(s->what), "%s", v.what);
		s->alg = wv_verify_alg((uint8_t)atoi(vector_get(&v, "algorithm")));
		s->public_key = vector_octets(&v, "key", &s->public_len);
		s->data = vector_octets(&v, "data", &s->data_len);
		s->signature = vector_octets(&v, "signature", &s->signature_len);
		s->expect = strcmp(expect, "right") == 0 ? EXPECT_RIGHT
			: strcmp(expect, "wrong") == 0   ? EXPECT_WRONG
							 : EXPECT_BAD_KEY;
		if (s->alg == WV_ALG_COUNT
			|| (s->expect == EXPECT_BAD_KEY && strcmp(expect, "bad-key") != 0)) {
			fprintf(stderr, "known answer \"%s\" makes no sense\n", s->what);
			exit(EXIT_FAILURE);
		}
		signature_hash(s);
	}
	fclose(file);
}

// Read them all and prepare the keys, on a thread that may verify; or end the program.
static inline void signatures_open(struct signatures *all)
{
	signatures_read(all);
	for (unsigned i = 0; i < all->n; i++) {
		struct signature *s = &all->at[i];

		if (s->expect != EXPECT_BAD_KEY
			&& !wv_verify_key_init(&s->key, s->alg, s->public_key, s->public_len)) {
			fprintf(stderr, "known answer \"%s\": its key was refused\n", s->what);
			exit(EXIT_FAILURE);
		}
	}
}

static inline void signatures_close(struct signatures *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		if (all->at[i].expect != EXPECT_BAD_KEY)
			wv_verify_key_fini(&all->at[i].key);
		free(all->at[i].public_key);
		free(all->at[i].data);
		free(all->at[i].signature);
	}
}

static inline struct wv_verify_job signature_job(const struct signature *s)
{
	return (struct wv_verify_job){
		&s->key, s->data, (uint32_t)s->data_len, s->signature, (uint16_t)s->signature_len};
}

// The n-th right signature of an algorithm; ends the program if there are not so many.
static inline struct signature *signatures_get(struct signatures *all, enum wv_alg alg, unsigned n)
{
	for (unsigned i = 0; i < all->n; i++) {
		if (all->at[i].alg == alg && all->at[i].expect == EXPECT_RIGHT && n-- == 0)
			return &all->at[i];
	}
	fprintf(stderr, "want more right signatures of %s\n", wv_verify_alg_name(alg));
	exit(EXIT_FAILURE);
}

#endif
