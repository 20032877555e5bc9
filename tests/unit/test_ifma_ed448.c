#include <openssl/bn.h>
#include <openssl/evp.h>

#include "wv_crypto_ifma.h"
#include "wv_crypto_openssl.h"

#include "ed448.h"
#include "shake256.h"
#include "test.h"

#define KEYS   24
#define SIGNED 256
#define ROUNDS 200 // of random numbers

// What is computed beside the lanes: RFC 8032 5.2.
static struct {
	BN_CTX *ctx;
	BIGNUM *p, *d, *l;
} ed;

struct affine {
	BIGNUM *x, *y;
};

// Keys as every driver has them, under the index of the driver: 0 is ours, 1 the reference.
static const struct wv_verify_driver *const drivers[] = {&wv_crypto_ifma, &wv_crypto_openssl};
#define OURS      0
#define REFERENCE 1

static struct wv_verify_key keys[KEYS];
static uint8_t public_keys[KEYS][ED448_OCTETS];
static EVP_PKEY *signers[KEYS];
static struct wv_verify_job signed_jobs[SIGNED];

static const struct wv_verify_algorithm *algorithm(unsigned driver)
{
	return &drivers[driver]->algo[WV_ALG_ED448];
}

static unsigned keys_apart; // taken by one driver alone

static bool key_open(struct wv_verify_key *key, const uint8_t octets[ED448_OCTETS])
{
	bool ours, reference;

	memset(key, 0, sizeof(*key));
	key->alg = WV_ALG_ED448;
	key->bits = 448;
	key->public_len = ED448_OCTETS;
	key->public_key = octets;
	ours = algorithm(OURS)->key_init(key, OURS);
	reference = algorithm(REFERENCE)->key_init(key, REFERENCE);
	if (ours != reference)
		keys_apart++;
	return reference;
}

static void table_make(struct wv_verify_key *key, enum wv_verify_table size)
{
	size_t octets = algorithm(OURS)->table_octets(key, size);
	void *table = aligned_alloc(64, octets);

	CHECK(octets % 64 == 0);
	algorithm(OURS)->table_build(key, size, table);
	atomic_store(&key->table, table);
}

static void table_drop(struct wv_verify_key *key)
{
	const void *table = atomic_exchange(&key->table, NULL);

	free((void *)(uintptr_t)table);
}

static void key_close(struct wv_verify_key *key)
{
	table_drop(key);
	algorithm(REFERENCE)->key_fini(key, REFERENCE);
}

// Like rand(), the same in every run.
static uint32_t random_next(void)
{
	static uint64_t state = 448;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 32);
}

static void random_octets(uint8_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)random_next();
}

// Do all answers equal the reference's?
static bool agree(const struct wv_verify_job jobs[], unsigned n)
{
	enum wv_verify_answer ours[WV_VERIFY_MAX], reference[WV_VERIFY_MAX];

	algorithm(OURS)->run(jobs, n, OURS, ours);
	algorithm(REFERENCE)->run(jobs, n, REFERENCE, reference);
	return memcmp(ours, reference, n * sizeof(ours[0])) == 0;
}

static bool right(const struct wv_verify_job *job)
{
	enum wv_verify_answer answer;

	algorithm(REFERENCE)->run(job, 1, REFERENCE, &answer);
	return answer == WV_VERIFY_GOOD;
}

static void signers_open(void)
{
	uint8_t seed[ED448_OCTETS];
	size_t len = ED448_OCTETS;

	for (unsigned k = 0; k < KEYS; k++) {
		random_octets(seed, sizeof(seed));
		signers[k] = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED448, NULL, seed, sizeof(seed));
		EVP_PKEY_get_raw_public_key(signers[k], public_keys[k], &len);
		if (!key_open(&keys[k], public_keys[k]))
			abort();
	}
	for (unsigned i = 0; i < SIGNED; i++) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		// Of all lengths about the ends of blocks.
		uint32_t data_len = i < 40 ? i : 100 + random_next() % 500;
		uint8_t data[600], signature[ED448_SIGNATURE];

		len = sizeof(signature);
		random_octets(data, data_len);
		EVP_DigestSignInit(ctx, NULL, NULL, NULL, signers[i % KEYS]);
		if (EVP_DigestSign(ctx, signature, &len, data, data_len) != 1)
			abort();
		EVP_MD_CTX_free(ctx);
		signed_jobs[i] = (struct wv_verify_job){&keys[i % KEYS], test_exact(data, data_len),
			data_len, test_exact(signature, len), ED448_SIGNATURE};
	}
}

static void signers_close(void)
{
	for (unsigned i = 0; i < SIGNED; i++) {
		free((void *)(uintptr_t)signed_jobs[i].data);
		free((void *)(uintptr_t)signed_jobs[i].signature);
	}
	for (unsigned k = 0; k < KEYS; k++) {
		key_close(&keys[k]);
		EVP_PKEY_free(signers[k]);
	}
}

// Numbers of the field, by lane.

static void fe_get(BIGNUM *n, const struct ed448_fe8 *a, unsigned lane)
{
	BIGNUM *limb = BN_new();

	BN_zero(n);
	for (unsigned i = ED448_LIMBS; i-- > 0;) {
		uint64_t v[8];

		_mm512_storeu_si512(v, a->limb[i]);
		BN_set_word(limb, v[lane]);
		BN_lshift(limb, limb, (int)ed448_limb_at(i));
		BN_add(n, n, limb);
	}
	BN_free(limb);
}

// Random limbs below 2^bits, or extreme ones.
static void fe_random(struct ed448_fe8 *a, unsigned bits)
{
	for (unsigned i = 0; i < ED448_LIMBS; i++) {
		uint64_t v[8];

		for (unsigned l = 0; l < 8; l++) {
			v[l] = ((uint64_t)random_next() << 32 | random_next()) >> (64 - bits);
			if (random_next() % 8 == 0)
				v[l] = random_next() % 2 == 0 ? 0 : (UINT64_C(1) << bits) - 1;
		}
		a->limb[i] = _mm512_loadu_si512(v);
	}
}

static void fe_set(struct ed448_fe8 *a, const BIGNUM *n)
{
	uint8_t octets[64] = {0};
	struct ed448_words8 w;

	BN_bn2lebinpad(n, octets, sizeof(octets));
	for (unsigned k = 0; k < 8; k++) {
		uint64_t word;

		memcpy(&word, octets + 8 * (size_t)k, 8);
		w.word[k] = _mm512_set1_epi64((long long)word);
	}
	ed448_unpack(a, &w);
}

static bool fe_is_tight(const struct ed448_fe8 *a)
{
	for (unsigned i = 0; i < ED448_LIMBS; i++) {
		__m512i most = _mm512_set1_epi64((1ll << ed448_limb_bits(i)) + (1 << 16));

		if (_mm512_cmpge_epu64_mask(a->limb[i], most) != 0)
			return false;
	}
	return true;
}

static bool fe_is(const struct ed448_fe8 *a, unsigned lane, const BIGNUM *n)
{
	BIGNUM *value = BN_new();
	bool equal;

	fe_get(value, a, lane);
	BN_nnmod(value, value, ed.p, ed.ctx);
	equal = BN_cmp(value, n) == 0;
	BN_free(value);
	return equal;
}

static void fe_check(const struct ed448_fe8 *a, const struct ed448_fe8 *b)
{
	struct ed448_fe8 product, square, reduced;
	BIGNUM *m = BN_new(), *n = BN_new(), *r = BN_new();
	__mmask8 zero = wv_ifma_ed448_is_zero(a);

	wv_ifma_ed448_mul(&product, a, b);
	wv_ifma_ed448_sqr(&square, a);
	wv_ifma_ed448_reduce(&reduced, a);
	CHECK(fe_is_tight(&product) && fe_is_tight(&square));
	for (unsigned l = 0; l < 8; l++) {
		fe_get(m, a, l);
		fe_get(n, b, l);
		BN_mod_mul(r, m, n, ed.p, ed.ctx);
		CHECK(fe_is(&product, l, r));
		BN_mod_sqr(r, m, ed.p, ed.ctx);
		CHECK(fe_is(&square, l, r));
		BN_nnmod(r, m, ed.p, ed.ctx);
		fe_get(n, &reduced, l);
		CHECK(BN_cmp(n, r) == 0);
		CHECK((zero >> l & 1) == BN_is_zero(r));
	}
	BN_free(m);
	BN_free(n);
	BN_free(r);
}

static void products_squares_and_reductions_agree_with_bn(void)
{
	struct ed448_fe8 a, b;

	for (unsigned i = 0; i < ROUNDS; i++) {
		fe_random(&a, i % 2 == 0 ? 48 : 45);
		fe_random(&b, i % 3 == 0 ? 48 : 45);
		fe_check(&a, &b);
	}
	for (unsigned i = 0; i < ED448_LIMBS; i++)
		a.limb[i] = _mm512_set1_epi64((1ll << 48) - 1);
	ed448_small(&b, 0);
	fe_check(&a, &a);
	fe_check(&a, &b);
	fe_check(&b, &a);
}

static void numbers_near_p_and_its_multiples_are_reduced(void)
{
	static const int multiples[] = {0, 1, 2, 3, 15};
	struct ed448_fe8 a, b;

	for (unsigned k = 0; k < WV_COUNT(multiples); k++) {
		for (int off = -2; off <= 2; off++) {
			for (unsigned i = 0; i < ED448_LIMBS; i++)
				a.limb[i] = _mm512_set1_epi64((long long)ed448_p(i) * multiples[k]
					+ (i == 0 && (off > 0 || multiples[k] > 0) ? off : 0));
			fe_random(&b, 48);
			fe_check(&a, &b);
			for (unsigned i = 0; i < ED448_LIMBS; i++)
				a.limb[i] = _mm512_set1_epi64((1ll << ed448_limb_bits(i)) - 1
					- (i == 0 && off > 0 ? off : 0));
			fe_check(&a, &b);
		}
	}
}

static void numbers_are_read_and_packed_as_they_are(void)
{
	BIGNUM *n = BN_new();
	struct ed448_fe8 a;
	struct ed448_words8 w;

	for (int off = -3; off <= 3; off++) {
		__mmask8 below;

		BN_copy(n, ed.p);
		if (off < 0)
			BN_sub_word(n, (BN_ULONG)-off);
		else
			BN_add_word(n, (BN_ULONG)off);
		fe_set(&a, n);
		wv_ifma_ed448_pack(&w, &a);
		below = wv_ifma_ed448_read(&a, &w);
		CHECK(below == (off < 0 ? 0xff : 0));
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint8_t octets[64] = {0};
		struct ed448_fe8 b;

		random_octets(octets, 56);
		BN_lebin2bn(octets, 56, n);
		fe_set(&a, n);
		BN_nnmod(n, n, ed.p, ed.ctx);
		CHECK(fe_is(&a, i % 8, n));
		wv_ifma_ed448_pack(&w, &a);
		ed448_unpack(&b, &w);
		for (unsigned k = 0; k < ED448_LIMBS; k++)
			CHECK(_mm512_cmpneq_epi64_mask(a.limb[k], b.limb[k]) == 0);
	}
	BN_free(n);
}

static void inverses_and_roots_agree_with_bn(void)
{
	struct ed448_fe8 a, inverse, root;
	BIGNUM *n = BN_new(), *r = BN_new(), *e = BN_dup(ed.p);

	BN_sub_word(e, 3);
	BN_rshift(e, e, 2);
	for (unsigned i = 0; i < 8; i++) {
		fe_random(&a, 48);
		wv_ifma_ed448_invert(&inverse, &a);
		wv_ifma_ed448_root(&root, &a);
		for (unsigned l = 0; l < 8; l++) {
			fe_get(n, &a, l);
			BN_mod_exp(r, n, e, ed.p, ed.ctx);
			CHECK(fe_is(&root, l, r));
			BN_mod_inverse(r, n, ed.p, ed.ctx);
			CHECK(fe_is(&inverse, l, r));
		}
	}
	ed448_small(&a, 0);
	wv_ifma_ed448_invert(&inverse, &a);
	CHECK(wv_ifma_ed448_is_zero(&inverse) == 0xff);
	BN_free(n);
	BN_free(r);
	BN_free(e);
}

// Is 4 * words = n mod L, and below 2^446 + 1?
static bool scalar_is_quarter(const uint64_t words[8], const BIGNUM *n)
{
	BIGNUM *v = BN_lebin2bn((const uint8_t *)words, 64, NULL);
	bool is;

	CHECK(BN_num_bits(v) <= 446);
	BN_lshift(v, v, 2);
	BN_sub(v, v, n);
	BN_nnmod(v, v, ed.l, ed.ctx);
	is = BN_is_zero(v);
	BN_free(v);
	return is;
}

static void scalars_agree_with_bn(void)
{
	BIGNUM *n = BN_new();
	uint64_t hash[15], words[8];
	uint8_t octets[ED448_OCTETS];

	for (unsigned i = 0; i < 20 * ROUNDS; i++) {
		random_octets((uint8_t *)hash, sizeof(hash));
		if (i % 4 == 0)
			memset(hash, i % 8 == 0 ? 0xff : 0, 8 * (size_t)(random_next() % 16));
		wv_ifma_ed448_challenge(words, hash);
		BN_lebin2bn((const uint8_t *)hash, 114, n);
		BN_set_negative(n, 1);
		CHECK(scalar_is_quarter(words, n));
	}
	for (int off = -40; off <= 40; off++) {
		BN_copy(n, ed.l);
		if (off < 0)
			BN_sub_word(n, (BN_ULONG)-off);
		else
			BN_add_word(n, (BN_ULONG)off);
		BN_bn2lebinpad(n, octets, sizeof(octets));
		CHECK(wv_ifma_ed448_response(words, octets) == (off < 0));
		if (off < 0)
			CHECK(scalar_is_quarter(words, n));
		memset(hash, 0, sizeof(hash));
		memcpy(hash, octets, sizeof(octets));
		wv_ifma_ed448_challenge(words, hash);
		BN_set_negative(n, 1);
		CHECK(scalar_is_quarter(words, n));
	}
	memset(octets, 0, sizeof(octets));
	octets[ED448_OCTETS - 1] = 1;
	CHECK(!wv_ifma_ed448_response(words, octets));
	BN_free(n);
}

static void hashes_of_many_lengths_agree_with_openssl(void)
{
	enum {
		MANY = 101
	};
	static uint8_t data[MANY][900];
	static uint64_t hash[MANY][SHAKE256_WORDS];
	struct shake256_message messages[MANY];
	uint64_t expect[SHAKE256_WORDS];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len[MANY];

	for (unsigned n = 1; n <= MANY; n += 10) {
		for (unsigned i = 0; i < n; i++) {
			size_t cut = random_next() % 140;

			len[i] = cut + random_next() % 700;
			if (i % 5 == 0)
				len[i] = cut + (136 - cut % 136) * (i % 2); // whole blocks
			random_octets(data[i], len[i]);
			messages[i] = (struct shake256_message){
				{{data[i], cut}, {NULL, 0}, {data[i] + cut, len[i] - cut},
					{NULL, 0}},
				hash[i]};
		}
		wv_ifma_shake256(messages, n);
		for (unsigned i = 0; i < n; i++) {
			EVP_DigestInit_ex(ctx, EVP_shake256(), NULL);
			EVP_DigestUpdate(ctx, data[i], len[i]);
			EVP_DigestFinalXOF(ctx, (uint8_t *)expect, sizeof(expect));
			CHECK(memcmp(expect, hash[i], sizeof(expect)) == 0);
		}
	}
	EVP_MD_CTX_free(ctx);
}

// Every third key without a table, the others with one of some size; or all of one size.
static void tables_mix(void)
{
	for (unsigned k = 0; k < KEYS; k++) {
		table_drop(&keys[k]);
		if (k % 4 != 0)
			table_make(&keys[k], (enum wv_verify_table)(k % 4 - 1));
	}
}

static void tables_of(unsigned size)
{
	for (unsigned k = 0; k < KEYS; k++) {
		table_drop(&keys[k]);
		if (size < WV_VERIFY_TABLES)
			table_make(&keys[k], (enum wv_verify_table)size);
	}
}

static void right_signatures_are_right_in_groups_of_every_size(void)
{
	enum wv_verify_answer answers[WV_VERIFY_MAX];

	tables_mix();
	for (unsigned n = 0; n <= WV_VERIFY_MAX; n += n < 20 ? 1 : 27) {
		unsigned from = random_next() % (SIGNED - n);

		algorithm(OURS)->run(signed_jobs + from, n, OURS, answers);
		for (unsigned i = 0; i < n; i++)
			CHECK(answers[i] == WV_VERIFY_GOOD);
	}
}

static void right_signatures_are_right_by_every_kind_of_table(void)
{
	enum wv_verify_answer answers[WV_VERIFY_MAX];

	for (unsigned size = 0; size <= WV_VERIFY_TABLES; size++) {
		tables_of(size);
		for (unsigned from = 0; from < SIGNED; from += 128) {
			algorithm(OURS)->run(signed_jobs + from, 128, OURS, answers);
			for (unsigned i = 0; i < 128; i++)
				CHECK(answers[i] == WV_VERIFY_GOOD);
		}
	}
}

// A bit of the signature or of the data is wrong.
static void job_spoil(
	struct wv_verify_job *job, uint8_t signature[ED448_SIGNATURE], uint8_t data[600])
{
	memcpy(signature, job->signature, ED448_SIGNATURE);
	memcpy(data, job->data, job->data_len);
	if (random_next() % 4 == 0 && job->data_len > 0)
		data[random_next() % job->data_len] ^= (uint8_t)(1u << random_next() % 8);
	else
		signature[random_next() % ED448_SIGNATURE] ^= (uint8_t)(1u << random_next() % 8);
	job->signature = signature;
	job->data = data;
}

static void one_wrong_among_right_is_found_in_every_lane(void)
{
	uint8_t signature[ED448_SIGNATURE], data[600];
	enum wv_verify_answer answers[16];

	tables_mix();
	for (unsigned bad = 0; bad < 16; bad++) {
		struct wv_verify_job jobs[16];

		for (unsigned i = 0; i < 16; i++)
			jobs[i] = signed_jobs[random_next() % SIGNED];
		job_spoil(&jobs[bad], signature, data);
		algorithm(OURS)->run(jobs, 16, OURS, answers);
		for (unsigned i = 0; i < 16; i++)
			CHECK(answers[i] == (i == bad ? WV_VERIFY_BAD : WV_VERIFY_GOOD));
	}
}

// Up to four jobs whose keys have tables of one shape share the lanes.
static void few_jobs_are_answered_as_many(void)
{
	uint8_t signature[ED448_SIGNATURE], data[600];
	enum wv_verify_answer answers[8];

	for (unsigned size = 0; size < WV_VERIFY_TABLES; size++) {
		tables_of(size);
		for (unsigned n = 1; n <= 8; n++) {
			for (unsigned bad = 0; bad <= n; bad++) {
				struct wv_verify_job jobs[8];

				for (unsigned i = 0; i < n; i++)
					jobs[i] = signed_jobs[random_next() % SIGNED];
				if (bad < n)
					job_spoil(&jobs[bad], signature, data);
				algorithm(OURS)->run(jobs, n, OURS, answers);
				for (unsigned i = 0; i < n; i++)
					CHECK(answers[i]
						== (i == bad ? WV_VERIFY_BAD : WV_VERIFY_GOOD));
			}
		}
	}
}

static void one_right_among_wrong_is_found_in_every_lane(void)
{
	static uint8_t signature[16][ED448_SIGNATURE], data[16][600];
	enum wv_verify_answer answers[16];

	tables_mix();
	for (unsigned good = 0; good < 16; good++) {
		struct wv_verify_job jobs[16];

		for (unsigned i = 0; i < 16; i++) {
			jobs[i] = signed_jobs[random_next() % SIGNED];
			if (i != good)
				job_spoil(&jobs[i], signature[i], data[i]);
		}
		algorithm(OURS)->run(jobs, 16, OURS, answers);
		for (unsigned i = 0; i < 16; i++)
			CHECK(answers[i] == (i == good ? WV_VERIFY_GOOD : WV_VERIFY_BAD));
	}
}

static void trials_agree_with_openssl(void)
{
	static uint8_t signature[WV_VERIFY_MAX][ED448_SIGNATURE], data[WV_VERIFY_MAX][600];
	struct wv_verify_job jobs[WV_VERIFY_MAX];

	tables_mix();
	for (unsigned round = 0; round < 16; round++) {
		for (unsigned i = 0; i < WV_VERIFY_MAX; i++) {
			jobs[i] = signed_jobs[random_next() % SIGNED];
			if (random_next() % 2 == 0)
				job_spoil(&jobs[i], signature[i], data[i]);
			if (random_next() % 16 == 0)
				jobs[i].key = &keys[random_next() % KEYS];
		}
		CHECK(agree(jobs, 128));
	}
}

static void signatures_of_other_lengths_are_wrong(void)
{
	struct wv_verify_job jobs[2] = {signed_jobs[50], signed_jobs[50]};
	uint8_t longer[ED448_SIGNATURE + 1] = {0};

	memcpy(longer, jobs[0].signature, ED448_SIGNATURE);
	jobs[0].signature = test_exact(longer, ED448_SIGNATURE - 1);
	jobs[0].signature_len = ED448_SIGNATURE - 1;
	jobs[1].signature = test_exact(longer, ED448_SIGNATURE + 1);
	jobs[1].signature_len = ED448_SIGNATURE + 1;
	CHECK(agree(jobs, 2));
	CHECK(!right(&jobs[0]) && !right(&jobs[1]));
	free((void *)(uintptr_t)jobs[0].signature);
	free((void *)(uintptr_t)jobs[1].signature);
}

// Crafted: signatures made here, of keys and R that have a part of small order, or are nothing else.

static struct affine affine_new(unsigned x, unsigned y)
{
	struct affine a = {BN_new(), BN_new()};

	BN_set_word(a.x, x);
	BN_set_word(a.y, y);
	return a;
}

static void affine_free(struct affine *a)
{
	BN_free(a->x);
	BN_free(a->y);
}

// a += b
static void affine_add(struct affine *a, const struct affine *b)
{
	BIGNUM *t = BN_new(), *u = BN_new(), *xx = BN_new(), *yy = BN_new(), *one = BN_new();

	BN_one(one);
	BN_mod_mul(xx, a->x, b->x, ed.p, ed.ctx);
	BN_mod_mul(yy, a->y, b->y, ed.p, ed.ctx);
	BN_mod_mul(t, a->x, b->y, ed.p, ed.ctx);
	BN_mod_mul(u, a->y, b->x, ed.p, ed.ctx);
	BN_mod_add(a->x, t, u, ed.p, ed.ctx);
	BN_mod_sub(a->y, yy, xx, ed.p, ed.ctx);
	BN_mod_mul(t, xx, yy, ed.p, ed.ctx);
	BN_mod_mul(t, t, ed.d, ed.p, ed.ctx);
	BN_mod_add(u, one, t, ed.p, ed.ctx);
	BN_mod_inverse(u, u, ed.p, ed.ctx);
	BN_mod_mul(a->x, a->x, u, ed.p, ed.ctx);
	BN_mod_sub(u, one, t, ed.p, ed.ctx);
	BN_mod_inverse(u, u, ed.p, ed.ctx);
	BN_mod_mul(a->y, a->y, u, ed.p, ed.ctx);
	BN_free(t);
	BN_free(u);
	BN_free(xx);
	BN_free(yy);
	BN_free(one);
}

// n times the base point; n below 2^64 keeps it short.
static struct affine base_times(uint64_t n)
{
	struct affine sum = affine_new(0, 1), power = affine_new(0, 0);

	BN_dec2bn(&power.x,
		"22458004029592430018760433409989603624678964163256413424612546168695041546"
		"7406032909029192869357953282578032075146446173674602635247710");
	BN_dec2bn(&power.y,
		"29881921007848149267601793044393067343754404015408024209592824137233150618"
		"9835876003536878655418784733982303233503462500531545062832660");
	for (; n > 0; n >>= 1) {
		if (n & 1)
			affine_add(&sum, &power);
		affine_add(&power, &power);
	}
	affine_free(&power);
	return sum;
}

// The points of order 1, 2 and 4.
static void small_add(struct affine *a, unsigned which)
{
	struct affine t = affine_new(which % 2, 1 - which % 2);

	if (which == 3)
		BN_sub_word(BN_copy(t.x, ed.p), 1);
	if (which == 2)
		BN_sub_word(BN_copy(t.y, ed.p), 1);
	affine_add(a, &t);
	affine_free(&t);
}

static void affine_encode(uint8_t out[ED448_OCTETS], const struct affine *a)
{
	BN_bn2lebinpad(a->y, out, ED448_OCTETS);
	if (BN_is_odd(a->x))
		out[ED448_OCTETS - 1] |= 0x80;
}

// R | s of one key: R is r times the base point and one of small order, s = r + h a mod L.
struct crafted {
	uint8_t public_key[ED448_OCTETS], data[24], signature[ED448_SIGNATURE];
	struct wv_verify_key key;
	struct wv_verify_job job;
};

static void crafted_sign(struct crafted *c, uint64_t a, uint64_t r)
{
	uint8_t hash[114];
	BIGNUM *s = BN_new(), *t = BN_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	EVP_DigestInit_ex(ctx, EVP_shake256(), NULL);
	EVP_DigestUpdate(ctx, "SigEd448\0", 10);
	EVP_DigestUpdate(ctx, c->signature, ED448_OCTETS);
	EVP_DigestUpdate(ctx, c->public_key, ED448_OCTETS);
	EVP_DigestUpdate(ctx, c->data, sizeof(c->data));
	EVP_DigestFinalXOF(ctx, hash, sizeof(hash));
	EVP_MD_CTX_free(ctx);
	BN_lebin2bn(hash, sizeof(hash), s);
	BN_set_word(t, a);
	BN_mod_mul(s, s, t, ed.l, ed.ctx);
	BN_set_word(t, r);
	BN_mod_add(s, s, t, ed.l, ed.ctx);
	BN_bn2lebinpad(s, c->signature + ED448_OCTETS, ED448_OCTETS);
	BN_free(s);
	BN_free(t);
	c->job = (struct wv_verify_job){
		&c->key, c->data, sizeof(c->data), c->signature, ED448_SIGNATURE};
}

// As the reference answers, without a table and, in a lane among right ones, with one.
static void crafted_check(struct crafted *c, const char *what, bool expect)
{
	static unsigned round;
	struct {
		const char *what;
	} row = {what};
	enum wv_verify_answer answers[6];
	struct wv_verify_job jobs[6];
	const unsigned lane = ++round % 6;

	CHECK_ROW(&row, right(&c->job) == expect);
	CHECK_ROW(&row, agree(&c->job, 1));
	for (unsigned i = 0; i < 6; i++)
		jobs[i] = i == lane ? c->job : signed_jobs[random_next() % SIGNED];
	table_make(&c->key, (enum wv_verify_table)(round % WV_VERIFY_TABLES));
	CHECK_ROW(&row, agree(&c->job, 1)); // by all lanes together
	algorithm(OURS)->run(jobs, 6, OURS, answers);
	for (unsigned i = 0; i < 6; i++)
		CHECK_ROW(&row,
			answers[i] == (i == lane && !expect ? WV_VERIFY_BAD : WV_VERIFY_GOOD));
	table_drop(&c->key);
}

static struct affine crafted_open(
	struct crafted *c, uint64_t a, unsigned small_a, uint64_t r, unsigned small_r)
{
	struct affine point = base_times(a), nonce = base_times(r);

	memset(c, 0, sizeof(*c));
	random_octets(c->data, sizeof(c->data));
	small_add(&point, small_a);
	small_add(&nonce, small_r);
	affine_encode(c->public_key, &point);
	affine_encode(c->signature, &nonce);
	affine_free(&nonce);
	if (!key_open(&c->key, c->public_key))
		abort();
	crafted_sign(c, a, r);
	return point;
}

static void parts_of_small_order_are_as_openssl_has_them(void)
{
	static const uint64_t scalars[] = {0, 1, 2, 0x123456789abcdef1};
	struct crafted c;

	for (unsigned i = 0; i < 4 * 4 * 16; i++) {
		uint64_t a = scalars[i / 16 % 4], r = scalars[i / 64];
		unsigned small_a = i % 4, small_r = i / 4 % 4;
		struct affine point = crafted_open(&c, a, small_a, r, small_r);
		bool x_is_0 = (a == 0 && small_a % 2 == 0) || (r == 0 && small_r % 2 == 0);

		crafted_check(&c, "right", !x_is_0);
		// The other sign of R is another point, but for (0, y) and (x, 0).
		c.signature[ED448_OCTETS - 1] ^= 0x80;
		crafted_sign(&c, a, r);
		crafted_check(&c, "sign of R", !x_is_0 && r == 0);
		c.signature[ED448_OCTETS - 1] ^= 0x80;
		key_close(&c.key);

		c.public_key[ED448_OCTETS - 1] ^= 0x80;
		CHECK(key_open(&c.key, c.public_key));
		crafted_sign(&c, a, r);
		crafted_check(&c, "sign of A", !x_is_0 && a == 0);
		key_close(&c.key);
		affine_free(&point);
	}
}

static void scalars_and_encodings_out_of_range_are_as_openssl_has_them(void)
{
	struct crafted c;
	struct affine point = crafted_open(&c, 5, 0, 7, 0);
	uint8_t good[ED448_SIGNATURE];
	BIGNUM *s = BN_lebin2bn(c.signature + ED448_OCTETS, ED448_OCTETS, NULL);

	memcpy(good, c.signature, sizeof(good));
	crafted_check(&c, "right", true);
	for (unsigned k = 1; k <= 4; k++) {
		BN_add(s, s, ed.l);
		BN_bn2lebinpad(s, c.signature + ED448_OCTETS, ED448_OCTETS);
		crafted_check(&c, "s + k L", false);
	}
	for (unsigned bit = 0; bit < 8; bit++) {
		memcpy(c.signature, good, sizeof(good));
		c.signature[ED448_SIGNATURE - 1] |= (uint8_t)(1u << bit);
		crafted_check(&c, "last octet of s", false);
		memcpy(c.signature, good, sizeof(good));
		c.signature[ED448_OCTETS - 1] ^= (uint8_t)(1u << bit);
		crafted_sign(&c, 5, 7);
		crafted_check(&c, "last octet of R", false);
	}
	key_close(&c.key);
	affine_free(&point);

	// y = 0 is (1, 0) or (-1, 0): a right R; y = p is not, nor is 1, nor p + 1.
	point = crafted_open(&c, 5, 0, 0, 1);
	for (unsigned k = 0; k < 4; k++) {
		BN_copy(s, ed.p);
		if (k % 2 == 0)
			BN_zero(s);
		BN_add_word(s, k / 2);
		BN_bn2lebinpad(s, c.signature, ED448_OCTETS);
		crafted_sign(&c, 5, 0);
		crafted_check(&c, "y of R", k == 0);
		c.signature[ED448_OCTETS - 1] |= 0x80;
		crafted_sign(&c, 5, 0);
		crafted_check(&c, "y of R, and the sign", k == 0);
	}
	BN_zero(s);
	for (unsigned k = 0; k < 3; k++) {
		BN_bn2lebinpad(s, c.signature + ED448_OCTETS, ED448_OCTETS);
		crafted_check(&c, "s is 0, L, L - 1", false);
		if (k == 0)
			BN_copy(s, ed.l);
		else
			BN_sub_word(s, 1);
	}
	key_close(&c.key);
	affine_free(&point);
	BN_free(s);
}

static void signatures_of_points_of_small_order_alone_are_as_openssl_has_them(void)
{
	struct crafted c;
	struct affine point = crafted_open(&c, 0, 1, 0, 3);

	CHECK(c.signature[ED448_OCTETS] == 0); // s = 0
	crafted_check(&c, "all of small order", true);
	key_close(&c.key);
	affine_free(&point);
}

static void keys_are_taken_where_openssl_takes_them(void)
{
	static const struct {
		const char *what;
		bool of_p; // less y
		uint8_t y, last;
		bool taken;
	} rows[] = {
		{"(1, 0)", false, 0, 0, true},
		{"(-1, 0)", false, 0, 0x80, true},
		{"(0, 1)", false, 1, 0, true},
		{"(0, 1) with the sign", false, 1, 0x80, true},
		{"(0, -1)", true, 1, 0, true},
		{"(0, -1) with the sign", true, 1, 0x80, true},
		{"y = p", true, 0, 0, false},
		{"last octet 1", false, 0, 1, false},
		{"last octet 0x40", false, 0, 0x40, false},
	};
	struct wv_verify_key key;
	uint8_t octets[ED448_OCTETS];
	BIGNUM *y = BN_new();
	unsigned taken = 0;

	for (unsigned i = 0; i < WV_COUNT(rows); i++) {
		bool made;

		BN_set_word(y, rows[i].y);
		if (rows[i].of_p)
			BN_sub(y, ed.p, y);
		BN_bn2lebinpad(y, octets, sizeof(octets));
		octets[ED448_OCTETS - 1] |= rows[i].last;
		made = key_open(&key, octets);
		CHECK_ROW(&rows[i], made == rows[i].taken);
		if (made)
			key_close(&key);
	}
	BN_free(y);
	for (unsigned i = 0; i < ROUNDS; i++) {
		random_octets(octets, sizeof(octets));
		octets[ED448_OCTETS - 1] &= 0x80;
		if (i % 4 == 0)
			memset(octets + random_next() % 29, 0xff, 28); // near p, above and below
		if (key_open(&key, octets)) {
			taken++;
			key_close(&key);
		}
	}
	CHECK(keys_apart == 0);
	CHECK(taken > ROUNDS / 4 && taken < ROUNDS * 3 / 4);
}

static const struct test tests[] = {
	{"products, squares and reductions agree with BN",
		products_squares_and_reductions_agree_with_bn},
	{"numbers near p and its multiples are reduced",
		numbers_near_p_and_its_multiples_are_reduced},
	{"numbers are read and packed as they are", numbers_are_read_and_packed_as_they_are},
	{"inverses and roots agree with BN", inverses_and_roots_agree_with_bn},
	{"scalars agree with BN", scalars_agree_with_bn},
	{"hashes of many lengths agree with OpenSSL", hashes_of_many_lengths_agree_with_openssl},
	{"right signatures are right in groups of every size",
		right_signatures_are_right_in_groups_of_every_size},
	{"right signatures are right by every kind of table",
		right_signatures_are_right_by_every_kind_of_table},
	{"one wrong among right is found in every lane",
		one_wrong_among_right_is_found_in_every_lane},
	{"few jobs are answered as many", few_jobs_are_answered_as_many},
	{"one right among wrong is found in every lane",
		one_right_among_wrong_is_found_in_every_lane},
	{"trials agree with OpenSSL", trials_agree_with_openssl},
	{"signatures of other lengths are wrong", signatures_of_other_lengths_are_wrong},
	{"parts of small order are as OpenSSL has them",
		parts_of_small_order_are_as_openssl_has_them},
	{"scalars and encodings out of range are as OpenSSL has them",
		scalars_and_encodings_out_of_range_are_as_openssl_has_them},
	{"signatures of points of small order alone are as OpenSSL has them",
		signatures_of_points_of_small_order_alone_are_as_openssl_has_them},
	{"keys are taken where OpenSSL takes them", keys_are_taken_where_openssl_takes_them},
};

static void numbers_open(void)
{
	ed.ctx = BN_CTX_new();
	BN_hex2bn(&ed.p,
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
	BN_hex2bn(&ed.l,
		"3fffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		"7cca23e9c44edb49aed63690216cc2728dc58f552378c292ab5844f3");
	BN_dec2bn(&ed.d, "-39081");
}

static void numbers_close(void)
{
	BN_CTX_free(ed.ctx);
	BN_free(ed.p);
	BN_free(ed.d);
	BN_free(ed.l);
}

int main(void)
{
	int result;

	if (!wv_crypto_ifma.usable()) {
		printf("this CPU has no IFMA\n");
		return 77; // skipped
	}
	if (wv_crypto_ifma.init(NULL) != 0 || wv_crypto_openssl.thread_init(NULL) != 0)
		return EXIT_FAILURE;
	numbers_open();
	signers_open();
	result = test_main("ifma_ed448", tests, WV_COUNT(tests));
	signers_close();
	numbers_close();
	wv_crypto_openssl.thread_fini();
	return result;
}
