/**
 * @file
 * A test of a kernel of ECDSA: its arithmetic beside OpenSSL's numbers, its answers beside the
 * reference's. A file includes its field header, defines
 *
 *     TEST_ALG, TEST_CURVE     of wirevet, and the NID of OpenSSL
 *     TEST_SUITE               its name
 *     TEST_ALONE               the answer to a right signature of a key without a table, alone
 *     ranges_make(in, out, p)  where the ranges of operands and results modulo p end
 *     p_words, n_words         p and n, lowest word first
 *     ecdsa_keys               points, on the curve and not, for what the kernel takes as a key
 *
 * and then includes this file, which has main().
 */
#ifndef IFMA_ECDSA_H
#define IFMA_ECDSA_H

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>

#include "wv_crypto_ifma.h"
#include "wv_crypto_openssl.h"

#include "ecdsa_lanes.h"
#include "test.h"

#define KEYS   12
#define KNOWN  4 // of them G, -G, 2 G and -2 G, with which points of equal x meet now and then
#define POOL   512
#define OCTETS EC_OCTETS

static BN_CTX *ctx;
static EC_GROUP *curve;
static const BIGNUM *p, *n;

// Always the same numbers: xorshift64.
static uint64_t random64(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static unsigned random_below(unsigned limit)
{
	return (unsigned)(random64() >> 32) % limit;
}

static void random_octets(uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		octets[i] = (uint8_t)(random64() >> 56);
}

static BIGNUM *random_number(const BIGNUM *below)
{
	uint8_t octets[OCTETS + 8];
	BIGNUM *r;

	random_octets(octets, sizeof(octets));
	r = BN_bin2bn(octets, sizeof(octets), NULL);
	BN_mod(r, r, below, ctx);
	return r;
}

/*
 * Arithmetic. Operands are what the banners allow at most: near 0, p, 2p and the end of the range, with
 * limbs of zeros and ones, and at random.
 */
static BIGNUM *range_in, *range_end; // of operands and results modulo p

static BIGNUM *operand(const BIGNUM *m, const BIGNUM *end)
{
	BIGNUM *r = random_number(end);

	switch (random_below(8)) {
	case 0:
		BN_set_word(r, random_below(3));
		break;
	case 1:
		BN_copy(r, m);
		BN_sub_word(r, random_below(2));
		break;
	case 2:
		BN_copy(r, m);
		BN_add_word(r, random_below(3));
		break;
	case 3:
		BN_copy(r, end);
		BN_sub_word(r, 1 + random_below(3));
		break;
	case 4: // limbs of ones below a random top
		for (int bit = 0; bit < 52 * (int)(1 + random_below(4)); bit++)
			BN_set_bit(r, bit);
		break;
	case 5:
		BN_rshift(r, r, 52 * (int)random_below(5));
		BN_lshift(r, r, 52 * (int)random_below(2));
		break;
	default:
		break;
	}
	if (BN_cmp(r, end) >= 0)
		BN_mod(r, r, m, ctx);
	return r;
}

static void lane_put(struct fe *to, unsigned lane, const BIGNUM *from)
{
	BIGNUM *rest = BN_dup(from), *limb = BN_new();

	for (unsigned j = 0; j < EC_LIMBS; j++) {
		uint64_t word;

		BN_copy(limb, rest);
		BN_mask_bits(limb, IFMA_BITS);
		word = BN_get_word(limb);
		memcpy((uint8_t *)&to->limb[j] + sizeof(word) * lane, &word, sizeof(word));
		BN_rshift(rest, rest, IFMA_BITS);
	}
	BN_free(rest);
	BN_free(limb);
}

static BIGNUM *lane_get(const struct fe *from, unsigned lane)
{
	BIGNUM *r = BN_new(), *limb = BN_new();

	BN_zero(r);
	for (unsigned j = EC_LIMBS; j-- > 0;) {
		uint64_t word;

		memcpy(&word, (const uint8_t *)&from->limb[j] + sizeof(word) * lane, sizeof(word));
		BN_lshift(r, r, IFMA_BITS);
		BN_set_word(limb, word);
		BN_add(r, r, limb);
	}
	BN_free(limb);
	return r;
}

static bool limbs_are_small(const struct fe *a)
{
	for (unsigned j = 0; j < EC_LIMBS; j++) {
		if (_mm512_cmpgt_epu64_mask(a->limb[j], _mm512_set1_epi64((int64_t)IFMA_MASK)) != 0)
			return false;
	}
	return true;
}

enum operation {
	MUL,
	SQR,
	MUL_SUB,
	SQR_SUB,
	ADD,
	SUB,
	DIF,
	SC_MUL,
	OPERATIONS
};

static const struct {
	const char *what;
	enum operation operation;
} operations[] = {
	{"a b / R modulo p", MUL},
	{"a a / R", SQR},
	{"a b / R - c", MUL_SUB},
	{"a a / R - 2 c - d", SQR_SUB},
	{"a + b", ADD},
	{"a - b", SUB},
	{"a - b or -a - b", DIF},
	{"a b / R modulo n", SC_MUL},
};

static void operation_lanes(
	enum operation o, struct fe *r, const struct fe in[4], __mmask8 negative)
{
	switch (o) {
	case MUL:
		fe_mul(r, &in[0], &in[1]);
		break;
	case SQR:
		fe_sqr(r, &in[0]);
		break;
	case MUL_SUB:
		fe_mul_sub(r, &in[0], &in[1], &in[2]);
		break;
	case SQR_SUB:
		fe_sqr_sub(r, &in[0], &in[2], &in[3]);
		break;
	case ADD:
		fe_add(r, &in[0], &in[1]);
		break;
	case SUB:
		fe_sub(r, &in[0], &in[1]);
		break;
	case DIF:
		fe_dif(r, negative, &in[0], &in[1]);
		break;
	case SC_MUL:
		sc_mul(r, &in[0], &in[1]);
		break;
	case OPERATIONS:
		break;
	}
}

// The same in one lane; R a b for what the kernel divides by R.
static BIGNUM *operation_number(enum operation o, BIGNUM *const in[4], bool negative,
	const BIGNUM *m, const BIGNUM *r_inverse)
{
	BIGNUM *r = BN_new();

	switch (o) {
	case MUL:
	case SC_MUL:
	case MUL_SUB:
		BN_mod_mul(r, in[0], in[1], m, ctx);
		BN_mod_mul(r, r, r_inverse, m, ctx);
		if (o == MUL_SUB)
			BN_mod_sub(r, r, in[2], m, ctx);
		break;
	case SQR:
	case SQR_SUB:
		BN_mod_sqr(r, in[0], m, ctx);
		BN_mod_mul(r, r, r_inverse, m, ctx);
		if (o == SQR_SUB) {
			BN_mod_sub(r, r, in[2], m, ctx);
			BN_mod_sub(r, r, in[2], m, ctx);
			BN_mod_sub(r, r, in[3], m, ctx);
		}
		break;
	case ADD:
		BN_mod_add(r, in[0], in[1], m, ctx);
		break;
	case SUB:
	case DIF:
		BN_copy(r, in[0]);
		BN_set_negative(r, negative);
		BN_mod_sub(r, r, in[1], m, ctx);
		break;
	case OPERATIONS:
		break;
	}
	return r;
}

// One vector of random operands; true: each lane is right and in range.
static bool operation_holds(enum operation o)
{
	const BIGNUM *m = o == SC_MUL ? n : p;
	BIGNUM *in[IFMA_LANES][4], *in_end = BN_new(), *end = BN_new(), *r_inverse = BN_new();
	__mmask8 negative = o == DIF ? (__mmask8)random64() : 0;
	struct fe lanes[4], result;
	bool holds;

	memset(lanes, 0, sizeof(lanes));
	BN_lshift1(end, n);
	BN_copy(in_end, o == SC_MUL ? end : range_in);
	if (o != SC_MUL)
		BN_copy(end, range_end);
	BN_set_word(r_inverse, 1);
	BN_lshift(r_inverse, r_inverse, o == SC_MUL ? 52 * EC_LIMBS : EC_R_BITS);
	BN_mod_inverse(r_inverse, r_inverse, m, ctx);
	for (unsigned l = 0; l < IFMA_LANES; l++) {
		for (unsigned k = 0; k < 4; k++) {
			// What is turned is below p.
			bool turned = k == 0 && (negative >> l & 1) != 0;

			in[l][k] = operand(m, turned ? p : in_end);
			lane_put(&lanes[k], l, in[l][k]);
		}
	}
	operation_lanes(o, &result, lanes, negative);
	holds = limbs_are_small(&result);
	for (unsigned l = 0; l < IFMA_LANES; l++) {
		BIGNUM *want = operation_number(o, in[l], (negative >> l & 1) != 0, m, r_inverse);
		BIGNUM *found = lane_get(&result, l);

		holds = holds && BN_cmp(found, end) < 0;
		BN_mod(found, found, m, ctx);
		holds = holds && BN_cmp(found, want) == 0;
		BN_free(want);
		BN_free(found);
		for (unsigned k = 0; k < 4; k++)
			BN_free(in[l][k]);
	}
	BN_free(in_end);
	BN_free(end);
	BN_free(r_inverse);
	return holds;
}

static void test_operations(void)
{
	for (unsigned i = 0; i < WV_COUNT(operations); i++) {
		for (unsigned turn = 0; turn < 2000; turn++) {
			bool holds = operation_holds(operations[i].operation);

			CHECK_ROW(&operations[i], holds);
			if (!holds)
				break;
		}
	}
}

static void test_inversions(void)
{
	static const uint64_t *const words[] = {p_words, n_words};

	for (unsigned k = 0; k < 2; k++) {
		const BIGNUM *m = k == 0 ? p : n;
		struct modulus modulus;

		modulus_init(&modulus, words[k], k == 0 ? EC_R_BITS : 52 * EC_LIMBS);
		for (unsigned turn = 0; turn < 5000; turn++) {
			BIGNUM *a = operand(m, m), *found = BN_new();
			uint8_t octets[OCTETS];
			struct words w, inverse;

			if (BN_is_zero(a))
				BN_one(a);
			BN_bn2binpad(a, octets, OCTETS);
			w = words_read(octets);
			inverse = words_invert(&w, &modulus);
			BN_lebin2bn((const uint8_t *)inverse.at, OCTETS, found);
			CHECK(BN_cmp(found, m) < 0);
			BN_mod_mul(found, found, a, m, ctx);
			CHECK(BN_is_one(found));
			BN_free(a);
			BN_free(found);
		}
	}
}

static void test_lanes_invert(void)
{
	struct modulus modulus;

	modulus_init(&modulus, p_words, EC_R_BITS);
	for (unsigned turn = 0; turn < 300; turn++) {
		struct fe a, inverse, one;
		bool zero = false;

		fe_zero(&a);
		for (unsigned l = 0; l < IFMA_LANES; l++) {
			BIGNUM *number = operand(p, range_end), *rest = BN_new();

			lane_put(&a, l, number);
			BN_mod(rest, number, p, ctx);
			zero = zero || BN_is_zero(rest);
			BN_free(number);
			BN_free(rest);
		}
		inverse = a;
		CHECK(lanes_invert(&inverse, &modulus, fe_mul) == !zero);
		if (zero)
			continue;
		fe_mul(&inverse, &inverse, &a);
		fe_set(&one, modulus.one);
		fe_sub(&inverse, &inverse, &one);
		CHECK(fe_is_zero(&inverse, &modulus) == ALL_LANES);
	}
}

/*
 * Whole checks. Who chooses u1 and u2 first has a signature for any key: of R = u1 G + u2 Q it is
 * r = x, s = r / u2, and the digest is e = u1 s.
 */
struct check {
	const char *what;
	unsigned key;
	uint8_t digest[OCTETS];
	uint8_t signature[2 * OCTETS];
	uint16_t digest_len, signature_len;
};

struct owner {
	uint8_t public_key[2 * OCTETS];
	BIGNUM *secret;
	struct wv_verify_key key;
	void *table[WV_VERIFY_TABLES];
};

static struct owner owners[KEYS];
static struct check pool[POOL]; // right ones, of keys that are not known, and not the last

static const struct wv_verify_algorithm *const ifma = &wv_crypto_ifma.algo[TEST_ALG];
static const struct wv_verify_algorithm *const reference = &wv_crypto_openssl.algo[TEST_ALG];

static void point_write(uint8_t octets[2 * OCTETS], const EC_POINT *point)
{
	BIGNUM *x = BN_new(), *y = BN_new();

	EC_POINT_get_affine_coordinates(curve, point, x, y, ctx);
	BN_bn2binpad(x, octets, OCTETS);
	BN_bn2binpad(y, octets + OCTETS, OCTETS);
	BN_free(x);
	BN_free(y);
}

static bool owner_open(struct owner *o, const uint8_t public_key[2 * OCTETS])
{
	memcpy(o->public_key, public_key, sizeof(o->public_key));
	o->key = (struct wv_verify_key){
		.alg = TEST_ALG,
		.bits = EC_BITS,
		.public_len = sizeof(o->public_key),
		.public_key = o->public_key,
	};
	if (!ifma->key_init(&o->key, 0) || !reference->key_init(&o->key, 1))
		return false;
	for (unsigned size = 0; size < WV_VERIFY_TABLES; size++) {
		o->table[size] = aligned_alloc(64, ifma->table_octets(&o->key, size));
		ifma->table_build(&o->key, size, o->table[size]);
	}
	return true;
}

static void owner_close(struct owner *o)
{
	reference->key_fini(&o->key, 1);
	for (unsigned size = 0; size < WV_VERIFY_TABLES; size++)
		free(o->table[size]);
}

// Q = secret G.
static bool owner_make(struct owner *o, const BIGNUM *secret)
{
	EC_POINT *q = EC_POINT_new(curve);
	uint8_t octets[2 * OCTETS];

	EC_POINT_mul(curve, q, secret, NULL, NULL, ctx);
	point_write(octets, q);
	EC_POINT_free(q);
	o->secret = BN_dup(secret);
	return owner_open(o, octets);
}

static const void *random_table(const struct owner *o)
{
	unsigned size = random_below(WV_VERIFY_TABLES + 1);

	return size < WV_VERIFY_TABLES ? o->table[size] : NULL;
}

// r NULL: that of u1 G + u2 Q. Where that is infinity, r is anything.
static void check_make(
	struct check *c, unsigned owner, const BIGNUM *u1, const BIGNUM *u2, const BIGNUM *r_wanted)
{
	EC_POINT *point = EC_POINT_new(curve);
	BIGNUM *u = BN_new(), *r = BN_new(), *s = BN_new(), *e = BN_new();

	BN_mod_mul(u, u2, owners[owner].secret, n, ctx);
	BN_mod_add(u, u, u1, n, ctx);
	EC_POINT_mul(curve, point, u, NULL, NULL, ctx);
	BN_set_word(r, 12345);
	if (r_wanted != NULL)
		BN_copy(r, r_wanted);
	else if (!EC_POINT_is_at_infinity(curve, point))
		EC_POINT_get_affine_coordinates(curve, point, r, NULL, ctx);
	BN_mod(r, r, n, ctx);
	BN_mod_inverse(s, u2, n, ctx);
	BN_mod_mul(s, s, r, n, ctx);
	BN_mod_mul(e, s, u1, n, ctx);
	c->key = owner;
	c->digest_len = OCTETS;
	c->signature_len = 2 * OCTETS;
	BN_bn2binpad(r, c->signature, OCTETS);
	BN_bn2binpad(s, c->signature + OCTETS, OCTETS);
	BN_bn2binpad(e, c->digest, OCTETS);
	BN_free(u);
	BN_free(r);
	BN_free(s);
	BN_free(e);
	EC_POINT_free(point);
}

static struct wv_verify_job check_job(const struct check *c)
{
	return (struct wv_verify_job){
		.key = &owners[c->key].key,
		.data = test_exact(c->digest, c->digest_len),
		.data_len = c->digest_len,
		.signature = test_exact(c->signature, c->signature_len),
		.signature_len = c->signature_len,
	};
}

static void jobs_free(struct wv_verify_job jobs[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		free((void *)(uintptr_t)jobs[i].data);
		free((void *)(uintptr_t)jobs[i].signature);
	}
}

static void number_set(uint8_t octets[OCTETS], const BIGNUM *base, int add)
{
	BIGNUM *r = BN_dup(base);

	if (add >= 0)
		BN_add_word(r, (BN_ULONG)add);
	else
		BN_sub_word(r, (BN_ULONG)-add);
	BN_bn2binpad(r, octets, OCTETS);
	BN_free(r);
}

// A bit turned in the key's owner, digest, r or s; r or s at the ends of their ranges; lengths.
static void check_spoil(struct check *c)
{
	BIGNUM *zero = BN_new();
	uint8_t *half = c->signature + (random_below(2) == 0 ? 0 : OCTETS);

	BN_zero(zero);
	switch (random_below(9)) {
	case 0:
		c->digest[random_below(OCTETS)] ^= (uint8_t)(1 << random_below(8));
		break;
	case 1:
		c->key++;
		break;
	case 2:
		number_set(half, n, (int)random_below(3) - 1);
		break;
	case 3:
		number_set(half, zero, (int)random_below(2));
		break;
	case 4:
		memset(half, 0xff, OCTETS);
		break;
	case 5:
		c->signature_len = (uint16_t)(c->signature_len - random_below(2) * OCTETS - 1);
		break;
	case 6:
		c->digest_len = (uint16_t)(OCTETS - 1 - random_below(OCTETS - 1));
		break;
	default:
		half[random_below(OCTETS)] ^= (uint8_t)(1 << random_below(8));
		break;
	}
	BN_free(zero);
}

// Run jobs with the tables their keys have now; true: each answer is the reference's.
static bool answers_agree(const struct wv_verify_job jobs[], unsigned count, unsigned *exceptions)
{
	enum wv_verify_answer found[WV_VERIFY_MAX], want[WV_VERIFY_MAX];
	bool agree = true;

	memset(found, 0xff, sizeof(found));
	ifma->run(jobs, count, 0, found);
	reference->run(jobs, count, 1, want);
	for (unsigned i = 0; i < count; i++) {
		bool tabled = jobs[i].key->table != NULL;

		if (found[i] == WV_VERIFY_EXCEPTION)
			(*exceptions)++;
		else if (found[i] != want[i] && (tabled || found[i] != WV_VERIFY_PASSED_ON))
			agree = false;
	}
	return agree;
}

static void test_groups(void)
{
	unsigned exceptions = 0;

	for (unsigned count = 1; count <= WV_VERIFY_MAX;
		count += count < 18 || count > 119 ? 1 : 3) {
		struct wv_verify_job jobs[WV_VERIFY_MAX];

		for (unsigned k = 0; k < KEYS; k++)
			owners[k].key.table = random_table(&owners[k]);
		for (unsigned i = 0; i < count; i++) {
			struct check c = pool[random_below(POOL)];

			if (random_below(4) != 0)
				check_spoil(&c);
			jobs[i] = check_job(&c);
		}
		CHECK(answers_agree(jobs, count, &exceptions));
		jobs_free(jobs, count);
	}
	CHECK(exceptions == 0);
}

// One signature that is not like the others, at each place of a group; all keys with the same table.
static void place_each(const void *(*table_of)(const struct owner *), unsigned count)
{
	struct wv_verify_job jobs[WV_VERIFY_MAX];
	enum wv_verify_answer answers[WV_VERIFY_MAX];

	for (unsigned k = 0; k < KEYS; k++)
		owners[k].key.table = table_of(&owners[k]);
	for (unsigned most = 0; most < 2; most++) {
		for (unsigned odd = 0; odd < count; odd++) {
			bool agree = true;

			for (unsigned i = 0; i < count; i++) {
				struct check c = pool[random_below(POOL)];
				bool good = (i == odd) == (most == 0);

				if (!good)
					c.signature[random_below(2 * OCTETS)] ^= 1;
				jobs[i] = check_job(&c);
			}
			ifma->run(jobs, count, 0, answers);
			for (unsigned i = 0; i < count; i++) {
				bool good = (i == odd) == (most == 0);

				agree = agree
					&& answers[i] == (good ? WV_VERIFY_GOOD : WV_VERIFY_BAD);
			}
			CHECK(agree);
			jobs_free(jobs, count);
		}
	}
}

static const void *small_of(const struct owner *o)
{
	return o->table[WV_VERIFY_TABLE_SMALL];
}

static const void *medium_of(const struct owner *o)
{
	return o->table[WV_VERIFY_TABLE_MEDIUM];
}

static const void *large_of(const struct owner *o)
{
	return o->table[WV_VERIFY_TABLE_LARGE];
}

static const void *none_of(const struct owner *o)
{
	(void)o;
	return NULL;
}

static void test_places(void)
{
	place_each(small_of, 17);
	place_each(medium_of, WV_VERIFY_MAX);
	place_each(large_of, 33);
	place_each(none_of, 26);
}

// A first-seen key's signature alone, whatever else is in the group: some leave it to the reference.
static void test_alone(void)
{
	struct wv_verify_job jobs[9];
	enum wv_verify_answer answers[9];

	for (unsigned k = 0; k < KEYS; k++)
		owners[k].key.table = k == KNOWN ? NULL : owners[k].table[WV_VERIFY_TABLE_MEDIUM];
	for (unsigned i = 0, at = 0; i < 9; at++) {
		if ((pool[at].key == KNOWN) == (i == 4))
			jobs[i++] = check_job(&pool[at]);
	}
	ifma->run(jobs, 9, 0, answers);
	for (unsigned i = 0; i < 9; i++)
		CHECK(answers[i] == (i == 4 ? TEST_ALONE : WV_VERIFY_GOOD));
	ifma->run(jobs + 4, 1, 0, answers);
	CHECK(answers[0] == TEST_ALONE);
	jobs_free(jobs, 9);
}

/*
 * A crafted check in each lane of a vector of honest ones, with every kind of table: its answer is the
 * reference's or an exception, those of its neighbours are as ever.
 */
static void crafted_try(const struct check *c, unsigned *exceptions)
{
	static const void *(*const table_of[])(const struct owner *) = {
		none_of, small_of, medium_of, large_of};

	for (unsigned t = 0; t < WV_COUNT(table_of); t++) {
		for (unsigned lane = 0; lane < 10; lane += 3) {
			struct wv_verify_job jobs[10];
			enum wv_verify_answer answers[10], want;
			bool neighbours = true;

			for (unsigned k = 0; k < KEYS; k++)
				owners[k].key.table = table_of[t](&owners[k]);
			for (unsigned i = 0; i < 10; i++)
				jobs[i] = check_job(i == lane ? c : &pool[random_below(POOL)]);
			ifma->run(jobs, 10, 0, answers);
			reference->run(jobs + lane, 1, 1, &want);
			if (answers[lane] == WV_VERIFY_EXCEPTION)
				(*exceptions)++;
			else
				CHECK_ROW(c, answers[lane] == want);
			for (unsigned i = 0; i < 10; i++) {
				if (i != lane)
					neighbours = neighbours && answers[i] == WV_VERIFY_GOOD;
			}
			CHECK_ROW(c, neighbours);
			jobs_free(jobs, 10);
		}
	}
}

// u1 and u2 as numbers of this form: plus + sign * k * 2^shift, times the secret for u1 or not.
static const struct {
	const char *what;
	int u1, u1_shift;
	bool u1_secret; // times the key's
	int u2, u2_shift;
	bool exceptional; // in all tables
} crafted[] = {
	{"u1 = 0", 0, 0, false, 77, 100, true},
	{"u1 = 0, u2 = 1", 0, 0, false, 1, 0, true},
	{"u1 = u2 = 1", 1, 0, false, 1, 0, false},
	{"u1 = 1, u2 = -1", 1, 0, false, -1, 0, false},
	{"u1 = 2, u2 = 1", 2, 0, false, 1, 0, false},
	{"u1 = -1, u2 = 2", -1, 0, false, 2, 0, false},
	{"u2 is the least digits' sum", 5, 20, false, -31, 0, false},
	{"u2 = n - 2", 9, 33, false, -2, 0, false},
	{"u2 = n - 62", 9, 33, false, -62, 0, false},
	{"u2 = n - 10", 9, 33, false, -10, 0, false},
	{"u1 G = u2 Q", 1, 0, true, 1, 0, false},
	{"u1 G = -u2 Q", -1, 0, true, 1, 0, false},
	{"u1 G = 3 u2 Q of large numbers", 3, 130, true, 1, 130, false},
	{"u1 G = u2 Q of large numbers", 3, 130, true, 3, 130, false},
	{"u1 G = -u2 Q of large numbers", -3, 130, true, 3, 130, true},
	{"powers of two", 1, 200, false, 1, 250, false},
	{"a power of two, negative", -1, 128, false, 1, 128, false},
};

static BIGNUM *crafted_number(int factor, int shift, const BIGNUM *secret)
{
	BIGNUM *r = BN_new();

	BN_set_word(r, (BN_ULONG)abs(factor));
	BN_lshift(r, r, shift);
	BN_set_negative(r, factor < 0);
	if (secret != NULL)
		BN_mul(r, r, secret, ctx);
	BN_nnmod(r, r, n, ctx);
	return r;
}

static void test_crafted(void)
{
	for (unsigned i = 0; i < WV_COUNT(crafted); i++) {
		for (unsigned k = 0; k < KEYS; k++) {
			unsigned exceptions = 0;
			BIGNUM *u1 = crafted_number(crafted[i].u1, crafted[i].u1_shift,
				crafted[i].u1_secret ? owners[k].secret : NULL);
			BIGNUM *u2 = crafted_number(crafted[i].u2, crafted[i].u2_shift, NULL);
			struct check c = {.what = crafted[i].what};

			check_make(&c, k, u1, u2, NULL);
			crafted_try(&c, &exceptions);
			if (crafted[i].exceptional)
				CHECK_ROW(&c, exceptions == 16);
			BN_free(u1);
			BN_free(u2);
		}
	}
}

/*
 * x of R is n + j, which is below p: then r is j. The key is made for it: Q = (R - u1 G) / u2. Beside it,
 * an r that is small where x is not n more.
 */
static void test_wrap(void)
{
	struct owner *last = &owners[KEYS - 1];
	struct owner kept = *last;
	unsigned found = 0, exceptions = 0;

	for (unsigned j = 1; found < 3; j++) {
		EC_POINT *r_point = EC_POINT_new(curve), *q = EC_POINT_new(curve);
		BIGNUM *x = BN_dup(n), *u1 = random_number(n), *u2 = random_number(n),
		       *r = BN_new(), *t = BN_new();

		BN_set_word(r, j);
		BN_add_word(x, j);
		if (EC_POINT_set_compressed_coordinates(curve, r_point, x, 0, ctx) == 1) {
			struct check c = {.what = "r + n is x"};
			uint8_t octets[2 * OCTETS];
			enum wv_verify_answer want;
			struct wv_verify_job job;

			found++;
			BN_sub(t, n, u1);
			EC_POINT_mul(curve, q, t, NULL, NULL, ctx);
			EC_POINT_add(curve, q, q, r_point, ctx);
			BN_mod_inverse(t, u2, n, ctx);
			EC_POINT_mul(curve, q, NULL, q, t, ctx);
			point_write(octets, q);
			REQUIRE(owner_open(last, octets));
			check_make(&c, KEYS - 1, u1, u2, r);
			job = check_job(&c);
			reference->run(&job, 1, 1, &want);
			CHECK(want == WV_VERIFY_GOOD);
			jobs_free(&job, 1);
			crafted_try(&c, &exceptions);
			c.what = "r + n is not x";
			c.signature[OCTETS - 1] ^= 0x40;
			crafted_try(&c, &exceptions);
			owner_close(last);
		}
		BN_free(x);
		BN_free(u1);
		BN_free(u2);
		BN_free(r);
		BN_free(t);
		EC_POINT_free(r_point);
		EC_POINT_free(q);
	}
	CHECK(exceptions == 0);
	*last = kept;
}

static void test_keys(void)
{
	for (unsigned i = 0; i < WV_COUNT(ecdsa_keys); i++) {
		uint8_t octets[2 * OCTETS];
		struct wv_verify_key key = {
			.alg = TEST_ALG, .bits = EC_BITS, .public_len = 2 * OCTETS};
		bool want;

		test_unhex(ecdsa_keys[i].x, octets, OCTETS);
		test_unhex(ecdsa_keys[i].y, octets + OCTETS, OCTETS);
		key.public_key = test_exact(octets, sizeof(octets));
		want = reference->key_init(&key, 1);
		CHECK_ROW(&ecdsa_keys[i], ifma->key_init(&key, 0) == want);
		if (want)
			reference->key_fini(&key, 1);
		free((void *)(uintptr_t)key.public_key);
	}
}

static bool world_open(void)
{
	BIGNUM *secret;

	ctx = BN_CTX_new();
	curve = EC_GROUP_new_by_curve_name(TEST_CURVE);
	p = EC_GROUP_get0_field(curve);
	n = EC_GROUP_get0_order(curve);
	range_in = BN_new();
	range_end = BN_new();
	ranges_make(range_in, range_end, p);
	if (wv_crypto_ifma.init(NULL) != 0 || wv_crypto_openssl.thread_init(NULL) != 0)
		return false;
	for (unsigned k = 0; k < KEYS; k++) {
		secret = random_number(n);
		if (k < KNOWN)
			BN_set_word(secret, k / 2 + 1);
		if (k == 1 || k == 3)
			BN_sub(secret, n, secret);
		if (!owner_make(&owners[k], secret))
			return false;
		BN_free(secret);
	}
	for (unsigned i = 0; i < POOL; i++) {
		BIGNUM *u1 = random_number(n), *u2 = random_number(n);

		check_make(&pool[i], KNOWN + i % (KEYS - KNOWN - 1), u1, u2, NULL);
		BN_free(u1);
		BN_free(u2);
	}
	return true;
}

static void world_close(void)
{
	for (unsigned k = 0; k < KEYS; k++) {
		owner_close(&owners[k]);
		BN_free(owners[k].secret);
	}
	wv_crypto_openssl.thread_fini();
	BN_free(range_in);
	BN_free(range_end);
	EC_GROUP_free(curve);
	BN_CTX_free(ctx);
}

static const struct test tests[] = {
	{"arithmetic equals that of OpenSSL's numbers", test_operations},
	{"inverses modulo p and n are inverses", test_inversions},
	{"eight lanes are inverted by one inversion", test_lanes_invert},
	{"keys are taken as the reference takes them", test_keys},
	{"groups of 1 to 128, tables mixed, have the reference's answers", test_groups},
	{"one unlike the others is found at every place", test_places},
	{"a first-seen key's signature alone is passed on, or not", test_alone},
	{"crafted scalars: the reference's answer or an exception", test_crafted},
	{"r and r + n are both x", test_wrap},
};

int main(void)
{
	int result;

	if (!wv_crypto_ifma.usable()) {
		printf("this CPU has no IFMA\n");
		return 77;
	}
	if (!world_open())
		return EXIT_FAILURE;
	result = test_main(TEST_SUITE, tests, WV_COUNT(tests));
	world_close();
	return result;
}

#endif
