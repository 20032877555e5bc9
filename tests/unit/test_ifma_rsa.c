#include <openssl/bn.h>

#include "wv_crypto_ifma.h"
#include "wv_crypto_openssl.h"

#include "random.h"
#include "rsa.h"
#include "test.h"

#define LANES       8
#define HASHES      3 // RSASHA1, 256, 512
#define REFERENCE   1 // slot of OpenSSL; 0 is that of the kernel
#define LEN_MOST    512
#define DIGEST_MOST 64

static BN_CTX *ctx;

// Of `bits` bits, the highest of which is set.
static BIGNUM *random_number(unsigned bits)
{
	uint8_t octets[600];
	BIGNUM *n;

	random_octets(octets, sizeof(octets));
	n = BN_bin2bn(octets, sizeof(octets), NULL);
	BN_mask_bits(n, (int)bits);
	BN_set_bit(n, (int)bits - 1);
	return n;
}

static BIGNUM *random_modulo(const BIGNUM *n)
{
	BIGNUM *r = random_number((unsigned)BN_num_bits(n) + 64);

	BN_mod(r, r, n, ctx);
	return r;
}

// Keys: of many small primes, since they are found at once, and of any size and exponent.

struct rsa {
	unsigned bits, len;
	BIGNUM *n, *d;
	uint8_t *field; // the DNSKEY's Public Key
	size_t field_len;
	struct wv_verify_key keys[HASHES][2]; // without and with a table
	void *tables[HASHES];
};

// The next prime for which the exponent has an inverse modulo p - 1.
static void next_prime(BIGNUM *p, const BIGNUM *e)
{
	BIGNUM *less = BN_new(), *common = BN_new();

	BN_set_bit(p, 0);
	do {
		BN_add_word(p, 2);
		BN_sub(less, p, BN_value_one());
		BN_gcd(common, less, e, ctx);
	} while (!BN_is_one(common) || BN_check_prime(p, ctx, NULL) != 1);
	BN_free(less);
	BN_free(common);
}

static void rsa_times(struct rsa *r, BIGNUM *phi, BIGNUM *p)
{
	BN_mul(r->n, r->n, p, ctx);
	BN_sub_word(p, 1);
	BN_mul(phi, phi, p, ctx);
	BN_free(p);
}

static void rsa_numbers(struct rsa *r, const BIGNUM *e)
{
	BIGNUM *phi = BN_new(), *all = random_number(r->bits), *p;

	BN_set_bit(
		all, (int)r->bits - 2); // so that the product, a bit larger, has not one bit more
	BN_clear_bit(all, (int)r->bits - 3);
	r->n = BN_new();
	BN_one(r->n);
	BN_one(phi);
	while ((unsigned)BN_num_bits(r->n) + 350 < r->bits) {
		p = random_number(160);
		next_prime(p, e);
		rsa_times(r, phi, p);
	}
	p = BN_new();
	BN_div(p, NULL, all, r->n, ctx);
	next_prime(p, e);
	rsa_times(r, phi, p);
	r->d = BN_mod_inverse(NULL, e, phi, ctx);
	BN_free(phi);
	BN_free(all);
}

// RFC 3110 2.
static void rsa_field(struct rsa *r, const BIGNUM *e)
{
	size_t e_len = (size_t)BN_num_bytes(e);

	r->len = (unsigned)BN_num_bytes(r->n);
	r->field_len = 1 + e_len + r->len;
	r->field = malloc(r->field_len);
	r->field[0] = (uint8_t)e_len;
	BN_bn2bin(e, r->field + 1);
	BN_bn2bin(r->n, r->field + 1 + e_len);
}

static bool rsa_key_open(struct rsa *r, enum wv_alg alg, bool with_table)
{
	const struct wv_verify_algorithm *algo = &wv_crypto_ifma.algo[alg];
	struct wv_verify_key *key = &r->keys[alg][with_table];
	size_t octets;

	memset(key, 0, sizeof(*key));
	key->alg = alg;
	key->bits = (uint16_t)r->bits;
	key->public_key = r->field;
	key->public_len = (uint16_t)r->field_len;
	if (!algo->key_init(key, 0) || !wv_crypto_openssl.algo[alg].key_init(key, REFERENCE))
		return false;
	octets = algo->table_octets(key, WV_VERIFY_TABLE_SMALL);
	if (!with_table || octets == 0)
		return octets > 0;
	r->tables[alg] = aligned_alloc(64, octets);
	algo->table_build(key, WV_VERIFY_TABLE_SMALL, r->tables[alg]);
	atomic_store(&key->table, r->tables[alg]);
	return true;
}

static void rsa_open(struct rsa *r, unsigned bits, uint64_t exponent)
{
	BIGNUM *e = BN_new();

	memset(r, 0, sizeof(*r));
	BN_set_word(e, exponent);
	r->bits = bits;
	rsa_numbers(r, e);
	rsa_field(r, e);
	BN_free(e);
	for (unsigned alg = 0; alg < HASHES; alg++) {
		bool has_room = alg != WV_ALG_RSASHA512 || bits >= 752;

		CHECK(rsa_key_open(r, (enum wv_alg)alg, false) == has_room);
		CHECK(rsa_key_open(r, (enum wv_alg)alg, true) == has_room);
	}
}

static void rsa_close(struct rsa *r)
{
	for (unsigned alg = 0; alg < HASHES; alg++) {
		for (unsigned t = 0; t < 2; t++)
			wv_crypto_openssl.algo[alg].key_fini(&r->keys[alg][t], REFERENCE);
		free(r->tables[alg]);
	}
	free(r->field);
	BN_free(r->n);
	BN_free(r->d);
}

// Signatures.

static const struct {
	unsigned digest, len;
	const char *info; // RFC 8017 9.2, note 1
} hashes[HASHES] = {
	[WV_ALG_RSASHA1] = {20, 15, "3021300906052b0e03021a05000414"},
	[WV_ALG_RSASHA256] = {32, 19, "3031300d060960864801650304020105000420"},
	[WV_ALG_RSASHA512] = {64, 19, "3051300d060960864801650304020305000440"},
};

static void put_message(uint8_t *out, unsigned len, enum wv_alg alg, const uint8_t *digest)
{
	unsigned at = len - hashes[alg].digest - hashes[alg].len;

	memset(out, 0xff, len);
	out[0] = 0;
	out[1] = 1;
	out[at - 1] = 0;
	test_unhex(hashes[alg].info, out + at, hashes[alg].len);
	memcpy(out + len - hashes[alg].digest, digest, hashes[alg].digest);
}

static void rsa_sign(const struct rsa *r, const uint8_t *message, uint8_t *signature)
{
	BIGNUM *m = BN_bin2bn(message, (int)r->len, NULL);

	BN_mod_exp(m, m, r->d, r->n, ctx);
	BN_bn2binpad(m, signature, (int)r->len);
	BN_free(m);
}

// A right signature, in blocks of their exact size.
struct sample {
	const struct rsa *rsa;
	enum wv_alg alg;
	uint8_t *digest, *signature;
};

static void sample_open(struct sample *s, const struct rsa *r, enum wv_alg alg)
{
	uint8_t message[LEN_MOST];

	s->rsa = r;
	s->alg = alg;
	s->digest = malloc(hashes[alg].digest);
	s->signature = malloc(r->len);
	random_octets(s->digest, hashes[alg].digest);
	put_message(message, r->len, alg, s->digest);
	rsa_sign(r, message, s->signature);
}

static void sample_close(struct sample *s)
{
	free(s->digest);
	free(s->signature);
}

static struct wv_verify_job sample_job(const struct sample *s, bool with_table)
{
	return (struct wv_verify_job){&s->rsa->keys[s->alg][with_table], s->digest,
		hashes[s->alg].digest, s->signature, (uint16_t)s->rsa->len};
}

// Answers that are not those of OpenSSL, or none. `right` gets how many signatures are right.
static unsigned differences(
	enum wv_alg alg, const struct wv_verify_job jobs[], unsigned n, unsigned *right)
{
	enum wv_verify_answer kernel[WV_VERIFY_MAX], reference[WV_VERIFY_MAX];
	unsigned differ = 0;

	memset(kernel, 0xff, sizeof(kernel));
	wv_crypto_ifma.algo[alg].run(jobs, n, 0, kernel);
	wv_crypto_openssl.algo[alg].run(jobs, n, REFERENCE, reference);
	for (unsigned i = 0; i < n; i++) {
		differ += kernel[i] != reference[i];
		*right += reference[i] == WV_VERIFY_GOOD;
	}
	return differ;
}

// Arithmetic.

static void limbs_put(__m512i *number, unsigned limbs, unsigned lane, const BIGNUM *n)
{
	BIGNUM *rest = BN_dup(n), *limb = BN_new();

	for (unsigned i = 0; i < limbs; i++) {
		BN_copy(limb, rest);
		BN_mask_bits(limb, IFMA_BITS);
		((uint64_t *)&number[i])[lane] = BN_get_word(limb);
		BN_rshift(rest, rest, IFMA_BITS);
	}
	BN_free(rest);
	BN_free(limb);
}

static BIGNUM *limbs_get(const __m512i *number, unsigned limbs, unsigned lane)
{
	BIGNUM *n = BN_new();

	BN_zero(n);
	for (unsigned i = limbs; i-- > 0;) {
		BN_lshift(n, n, IFMA_BITS);
		BN_add_word(n, ((const uint64_t *)&number[i])[lane]);
	}
	return n;
}

enum {
	A,
	B,
	C,
	D,
	OPERANDS
};

static struct rsa_modulus modulus;
static __m512i operands[OPERANDS][RSA_LIMBS_MOST], result[RSA_LIMBS_MOST];
static BIGNUM *moduli[LANES], *numbers[OPERANDS][LANES], *radix;

// What the banner of rsa_field.c allows: below n, or up to 3 n. `extreme`: 0, 1 and the limits.
static BIGNUM *operand(const BIGNUM *n, unsigned times, unsigned extreme)
{
	BIGNUM *most = BN_dup(n), *r;

	BN_mul_word(most, times);
	if (times == 1)
		BN_sub_word(most, 1);
	r = extreme == 0 ? random_modulo(most) : BN_dup(most);
	if (extreme == 1)
		BN_zero(r);
	if (extreme == 2)
		BN_one(r);
	BN_free(most);
	return r;
}

// n of the most bits, or somewhat fewer, or a whole limb fewer; and 2^k - 1.
static void operands_open(unsigned blocks, unsigned round)
{
	unsigned bits = blocks * RSA_BLOCK_BITS - 4;
	unsigned limbs = blocks * RSA_BLOCK;

	modulus.blocks = blocks;
	radix = BN_new();
	BN_one(radix);
	BN_lshift(radix, radix, (int)(blocks * RSA_BLOCK_BITS));
	for (unsigned lane = 0; lane < LANES; lane++) {
		unsigned extreme = round + lane < 5 ? random_below(4) : 0;

		moduli[lane] = random_number(bits - round % 4 * 17 - lane);
		BN_set_bit(moduli[lane], 0);
		for (unsigned i = 0; round == 1 && i < bits; i++)
			BN_set_bit(moduli[lane], (int)i);
		numbers[A][lane] = operand(moduli[lane], 3, extreme);
		numbers[B][lane] = operand(moduli[lane], 1, extreme);
		numbers[C][lane] = operand(moduli[lane], 1, extreme);
		numbers[D][lane] = operand(moduli[lane], 3, extreme);
		limbs_put(modulus.n, limbs, lane, moduli[lane]);
		for (unsigned o = 0; o < OPERANDS; o++)
			limbs_put(operands[o], limbs, lane, numbers[o][lane]);
	}
	wv_ifma_rsa_modulus(&modulus);
}

static void operands_close(void)
{
	for (unsigned lane = 0; lane < LANES; lane++) {
		BN_free(moduli[lane]);
		for (unsigned o = 0; o < OPERANDS; o++)
			BN_free(numbers[o][lane]);
	}
	BN_free(radix);
}

// Is `result` in a lane below 3 n, with limbs of 52 bits, and `want` / R^power?
static bool result_is(unsigned lane, BIGNUM *want, unsigned power)
{
	BIGNUM *got = limbs_get(result, modulus.blocks * RSA_BLOCK, lane);
	BIGNUM *most = BN_dup(moduli[lane]);
	bool is = true;

	for (unsigned i = 0; i < modulus.blocks * RSA_BLOCK; i++)
		is = is && ((const uint64_t *)&result[i])[lane] <= IFMA_MASK;
	BN_mul_word(most, 3);
	is = is && BN_cmp(got, most) < 0;
	BN_set_word(most, power);
	BN_mod_exp(most, radix, most, moduli[lane], ctx);
	BN_mod_mul(got, got, most, moduli[lane], ctx);
	BN_mod(want, want, moduli[lane], ctx);
	is = is && BN_cmp(got, want) == 0;
	BN_free(got);
	BN_free(most);
	return is;
}

static void square_is_right(void)
{
	wv_ifma_rsa_square(result, operands[A], &modulus);
	for (unsigned lane = 0; lane < LANES; lane++) {
		BIGNUM *want = BN_new();

		BN_sqr(want, numbers[A][lane], ctx);
		CHECK(result_is(lane, want, 1));
		BN_free(want);
	}
}

static void products_are_right(unsigned c_blocks)
{
	wv_ifma_rsa_products(
		result, operands[A], operands[B], operands[C], c_blocks, operands[D], &modulus);
	for (unsigned lane = 0; lane < LANES; lane++) {
		BIGNUM *want = BN_new(), *more = BN_dup(numbers[C][lane]);

		BN_mask_bits(more, (int)(c_blocks * RSA_BLOCK_BITS)); // fails where there is less
		if (c_blocks == 0)
			BN_zero(more);
		BN_mul(more, more, numbers[D][lane], ctx);
		BN_mul(want, numbers[A][lane], numbers[B][lane], ctx);
		BN_add(want, want, more);
		CHECK(result_is(lane, want, 1));
		BN_free(want);
		BN_free(more);
	}
}

// s^65537 / R^65536, as a check of a signature takes it.
static void power_is_right(void)
{
	wv_ifma_rsa_square(result, operands[B], &modulus);
	for (unsigned i = 1; i < 16; i++)
		wv_ifma_rsa_square(result, result, &modulus);
	wv_ifma_rsa_products(result, result, operands[B], NULL, 0, NULL, &modulus);
	for (unsigned lane = 0; lane < LANES; lane++) {
		BIGNUM *want = BN_new(), *e = BN_new();

		BN_set_word(e, 65537);
		BN_mod_exp(want, numbers[B][lane], e, moduli[lane], ctx);
		CHECK(result_is(lane, want, 65536));
		BN_free(want);
		BN_free(e);
	}
}

static void test_products(void)
{
	for (unsigned blocks = 2; blocks <= RSA_BLOCKS_MOST; blocks++) {
		for (unsigned round = 0; round < 6; round++) {
			operands_open(blocks, round);
			square_is_right();
			products_are_right(0);
			products_are_right(1);
			products_are_right(2);
			products_are_right(blocks);
			power_is_right();
			operands_close();
		}
	}
}

static void comparisons_are_right(unsigned times)
{
	unsigned limbs = modulus.blocks * RSA_BLOCK;

	for (unsigned lane = 0; lane < LANES; lane++) {
		BIGNUM *a = BN_dup(numbers[B][lane]);

		for (unsigned i = 0; i < times; i++)
			BN_add(a, a, moduli[lane]);
		limbs_put(result, limbs, lane, a);
		BN_free(a);
	}
	CHECK(wv_ifma_rsa_congruent(result, operands[B], &modulus) == 0xff);
	CHECK(wv_ifma_rsa_below(result, &modulus) == (times == 0 ? 0xff : 0));
	for (unsigned lane = 0; lane < LANES; lane++) {
		uint64_t *limb = &((uint64_t *)&result[random_below(limbs)])[lane];

		*limb ^= UINT64_C(1) << random_below(IFMA_BITS);
		CHECK(wv_ifma_rsa_congruent(result, operands[B], &modulus)
			== (uint8_t)(0xfe << lane));
	}
}

static void test_comparisons(void)
{
	for (unsigned blocks = 2; blocks <= RSA_BLOCKS_MOST; blocks++) {
		for (unsigned round = 0; round < 6; round++) {
			operands_open(blocks, round);
			comparisons_are_right(round % 3);
			CHECK(wv_ifma_rsa_below(modulus.n, &modulus) == 0);
			wv_ifma_rsa_negate(result, operands[D], &modulus);
			for (unsigned lane = 0; lane < LANES; lane++) {
				BIGNUM *want = BN_dup(moduli[lane]), *got;

				BN_mul_word(want, 3);
				BN_sub(want, want, numbers[D][lane]);
				got = limbs_get(result, blocks * RSA_BLOCK, lane);
				CHECK(BN_cmp(got, want) == 0);
				BN_free(got);
				BN_free(want);
			}
			operands_close();
		}
	}
}

// Checks.

// Every class, its limits, and sizes of one limb more or fewer, odd numbers of bits.
static const struct {
	uint16_t bits;
	uint64_t exponent;
} kinds[] = {
	{512, 65537},
	{516, 3},
	{517, 65537},
	{768, 65537},
	{777, 65537},
	{972, 65537},
	{1023, 3},
	{1024, 65537},
	{1024, 3},
	{1024, 65537},
	{1037, 65537},
	{1280, 65537},
	{1300, 3},
	{1536, 65537},
	{1536, 3},
	{2047, 257},
	{2048, 65537},
	{2048, 3},
	{2048, (UINT64_C(1) << 32) + 1},
	{3071, 65537},
	{3072, 65537},
	{4040, 65537},
	{4096, 3},
	{4096, 65537},
};
#define KEYS    WV_COUNT(kinds)
#define SAMPLES 2 // of each key and hash

static struct rsa keys[KEYS];
static struct sample samples[HASHES][KEYS * SAMPLES];
static unsigned n_samples[HASHES];

static void test_samples(void)
{
	for (unsigned k = 0; k < KEYS; k++) {
		rsa_open(&keys[k], kinds[k].bits, kinds[k].exponent);
		for (unsigned i = 0; i < HASHES * SAMPLES; i++) {
			enum wv_alg alg = (enum wv_alg)(i % HASHES);

			if (alg != WV_ALG_RSASHA512 || kinds[k].bits >= 752)
				sample_open(&samples[alg][n_samples[alg]++], &keys[k], alg);
		}
	}
}

static void samples_close(void)
{
	for (unsigned alg = 0; alg < HASHES; alg++) {
		while (n_samples[alg] > 0)
			sample_close(&samples[alg][--n_samples[alg]]);
	}
	for (unsigned k = 0; k < KEYS; k++)
		rsa_close(&keys[k]);
}

static void test_right(void)
{
	for (unsigned alg = 0; alg < HASHES; alg++) {
		for (unsigned i = 0; i < n_samples[alg]; i++) {
			for (unsigned t = 0; t < 2; t++) {
				struct wv_verify_job job = sample_job(&samples[alg][i], t);
				unsigned right = 0;

				CHECK(differences((enum wv_alg)alg, &job, 1, &right) == 0
					&& right == 1);
			}
		}
	}
}

/*
 * Jobs of any size and exponent, with tables and without; of those that are not right, a bit is turned
 * in the signature or the digest, or a length is wrong.
 */
struct mixture {
	unsigned n;
	struct wv_verify_job jobs[WV_VERIFY_MAX];
	uint8_t *octets[2 * WV_VERIFY_MAX];
};

static void mixture_open(struct mixture *m, enum wv_alg alg, unsigned n, unsigned wrong_percent,
	const struct sample *pool, unsigned pool_n)
{
	m->n = n;
	for (unsigned i = 0; i < n; i++) {
		struct wv_verify_job *job = &m->jobs[i];
		unsigned mistake = random_below(100) < wrong_percent ? random_below(6) : 6;
		uint8_t digest[DIGEST_MOST + 1] = {0}, signature[LEN_MOST + 1] = {0};

		*job = sample_job(&pool[random_below(pool_n)], random64() & 1);
		memcpy(digest, job->data, job->data_len);
		memcpy(signature, job->signature, job->signature_len);
		if (mistake < 2)
			signature[random_below(job->signature_len)] ^=
				(uint8_t)(1u << random_below(8));
		if (mistake == 2)
			digest[random_below(job->data_len)] ^= (uint8_t)(1u << random_below(8));
		job->data_len += mistake == 3 && alg != WV_ALG_RSASHA512;
		job->signature_len =
			(uint16_t)(job->signature_len + (mistake == 4) - (mistake == 5));
		job->data = m->octets[2 * i] = test_exact(digest, job->data_len);
		job->signature = m->octets[2 * i + 1] = test_exact(signature, job->signature_len);
	}
}

static void mixture_close(struct mixture *m)
{
	for (unsigned i = 0; i < 2 * m->n; i++)
		free(m->octets[i]);
}

static void test_mixtures(void)
{
	static struct mixture m;
	unsigned right = 0, all = 0;

	for (unsigned round = 0; round < 90; round++) {
		enum wv_alg alg = (enum wv_alg)(round % HASHES);
		unsigned n = round < 3 * 20 ? 1 + round / 3 : WV_VERIFY_MAX;

		mixture_open(&m, alg, n, round % 4 * 30, samples[alg], n_samples[alg]);
		CHECK(differences(alg, m.jobs, n, &right) == 0);
		all += n;
		mixture_close(&m);
	}
	CHECK(right > all / 4 && right < all * 3 / 4);
}

// Groups of one size, as lib/verify makes them.
static void test_groups(void)
{
	static struct mixture m;
	unsigned right = 0;

	for (unsigned first = 0; first < n_samples[WV_ALG_RSASHA256]; first += SAMPLES) {
		for (unsigned n = 1; n <= 2 * LANES + 1; n += 1 + n / 10) {
			mixture_open(&m, WV_ALG_RSASHA256, n, 30, samples[WV_ALG_RSASHA256] + first,
				SAMPLES);
			CHECK(differences(WV_ALG_RSASHA256, m.jobs, n, &right) == 0);
			mixture_close(&m);
		}
	}
	CHECK(right > 0);
}

// One wrong among right, one right among wrong, wherever it is.
static void test_lanes(void)
{
	for (unsigned first = 0; first < n_samples[WV_ALG_RSASHA256]; first += SAMPLES) {
		struct sample *s = &samples[WV_ALG_RSASHA256][first];
		uint8_t wrong[LEN_MOST];

		memcpy(wrong, s->signature, s->rsa->len);
		wrong[s->rsa->len - 1 - first % 40] ^= 1;
		for (unsigned i = 0; i < 4 * (LANES + 1); i++) {
			bool with_table = i % 2, odd_is_right = i / 2 % 2;
			struct wv_verify_job jobs[LANES + 1];
			unsigned right = 0;

			for (unsigned j = 0; j < LANES + 1; j++) {
				jobs[j] = sample_job(s, with_table);
				if ((j == i / 4) != odd_is_right)
					jobs[j].signature = wrong;
			}
			CHECK(differences(WV_ALG_RSASHA256, jobs, LANES + 1, &right) == 0);
			CHECK(right == (odd_is_right ? 1 : LANES));
		}
	}
}

// Numbers that are no signature, or not the one that is right.

enum number {
	NUMBER_ZERO,
	NUMBER_ONE,
	NUMBER_LAST,  // n - 1
	NUMBER_N,     // n
	NUMBER_N_ONE, // n + 1
	NUMBER_S_N,   // a right one and n: it fits where n is a little less than a number of octets
	NUMBER_NEGATIVE, // n - s
	NUMBER_ONES,     // all bits set
	NUMBERS
};

static void put_number(uint8_t *out, const struct sample *s, enum number number)
{
	const struct rsa *r = s->rsa;
	BIGNUM *x = number == NUMBER_ZERO || number == NUMBER_ONE ? BN_new() : BN_dup(r->n);
	BIGNUM *right = BN_bin2bn(s->signature, (int)r->len, NULL);

	if (number == NUMBER_ZERO || number == NUMBER_ONE)
		BN_set_word(x, number == NUMBER_ONE);
	if (number == NUMBER_LAST)
		BN_sub_word(x, 1);
	if (number == NUMBER_N_ONE)
		BN_add_word(x, 1);
	if (number == NUMBER_S_N)
		BN_add(x, x, right);
	if (number == NUMBER_NEGATIVE)
		BN_sub(x, x, right);
	if (number == NUMBER_ONES || BN_bn2binpad(x, out, (int)r->len) < 0)
		memset(out, 0xff, r->len);
	BN_free(x);
	BN_free(right);
}

static void test_numbers(void)
{
	for (unsigned alg = 0; alg < HASHES; alg++) {
		for (unsigned i = 0; i < n_samples[alg]; i += SAMPLES) {
			struct wv_verify_job jobs[2 * NUMBERS];
			uint8_t octets[NUMBERS][LEN_MOST];
			unsigned right = 0;

			for (unsigned j = 0; j < 2 * NUMBERS; j++) {
				put_number(octets[j / 2], &samples[alg][i], (enum number)(j / 2));
				jobs[j] = sample_job(&samples[alg][i], j % 2);
				jobs[j].signature = octets[j / 2];
			}
			CHECK(differences((enum wv_alg)alg, jobs, 2 * NUMBERS, &right) == 0);
			CHECK(right == 0);
		}
	}
}

// Encoded messages that are not the one there is, signed as if they were.
static const struct crafted {
	const char *what;
	const char *front;   // before the padding
	unsigned padding;    // octets of it; 0: as many as there is room for
	const char *between; // after it
	const char *info[HASHES];
	unsigned cut;     // octets left out at the end of the digest
	const char *tail; // after the digest; what is still missing follows it
	bool right;
} crafted[] = {
	{"as it should be", "0001", 0, "00", {0}, 0, "", true},
	{"first octet not zero", "0101", 0, "00", {0}, 0, "", false},
	{"no first octet", "01", 0, "00", {0}, 0, "", false},
	{"block type 0", "0000", 0, "00", {0}, 0, "", false},
	{"block type 2", "0002", 0, "00", {0}, 0, "", false},
	{"padding that begins with another octet", "0001fe", 0, "00", {0}, 0, "", false},
	{"padding that begins with its end", "000100", 0, "00", {0}, 0, "", false},
	{"padding that ends with another octet", "0001", 0, "fe00", {0}, 0, "", false},
	{"no end of padding", "0001", 0, "", {0}, 0, "", false},
	{"two ends of padding", "0001", 0, "0000", {0}, 0, "", false},
	{"seven octets of padding", "0001", 7, "00", {0}, 0, "", false},
	{"eight octets of padding, much behind the digest", "0001", 8, "00", {0}, 0, "", false},
	{"an octet behind the digest", "0001", 0, "00", {0}, 0, "00", false},
	{"octets behind the digest", "0001", 0, "00", {0}, 0, "0102030405060708090a0b0c0d", false},
	{"a digest one octet short", "0001", 0, "00", {0}, 1, "", false},
	{"a digest alone", "0001", 0, "00", {"", "", ""}, 0, "", false},
	{"no NULL", "0001", 0, "00",
		{"301f300706052b0e03021a0414", "302f300b06096086480165030402010420",
			"304f300b06096086480165030402030440"},
		0, "", false},
	{"NULL with contents", "0001", 0, "00",
		{"3022300a06052b0e03021a0501000414",
			"3032300e0609608648016503040201050100"
			"0420",
			"3052300e0609608648016503040203050100"
			"0440"},
		0, "", false},
	{"a length in long form", "0001", 0, "00",
		{"308121300906052b0e03021a05000414", "308131300d060960864801650304020105000420",
			"308151300d060960864801650304020305000440"},
		0, "", false},
	{"an algorithm one number off", "0001", 0, "00",
		{"3021300906052b0e03021b05000414", "3031300d060960864801650304020405000420",
			"3051300d060960864801650304020405000440"},
		0, "", false},
	{"a BIT STRING", "0001", 0, "00",
		{"3021300906052b0e03021a05000314", "3031300d060960864801650304020105000320",
			"3051300d060960864801650304020305000340"},
		0, "", false},
};

static unsigned craft(uint8_t *out, unsigned len, enum wv_alg alg, const struct crafted *row,
	const uint8_t *digest)
{
	const char *info = row->info[alg] != NULL ? row->info[alg] : hashes[alg].info;
	uint8_t end[256];
	unsigned n, front;

	n = (unsigned)test_unhex(row->between, end, sizeof(end));
	n += (unsigned)test_unhex(info, end + n, sizeof(end) - n);
	memcpy(end + n, digest, hashes[alg].digest - row->cut);
	n += hashes[alg].digest - row->cut;
	n += (unsigned)test_unhex(row->tail, end + n, sizeof(end) - n);
	memset(out, 0xff, len);
	front = (unsigned)test_unhex(row->front, out, len);
	memcpy(out + (row->padding > 0 ? front + row->padding : len - n), end, n);
	return n;
}

static void crafted_are_judged(const struct rsa *r, enum wv_alg alg)
{
	struct wv_verify_job jobs[2 * WV_COUNT(crafted)];
	uint8_t digest[DIGEST_MOST], message[LEN_MOST], signatures[WV_COUNT(crafted)][LEN_MOST];
	unsigned right = 0;

	random_octets(digest, sizeof(digest));
	for (unsigned i = 0; i < WV_COUNT(crafted); i++) {
		unsigned one = 0;

		craft(message, r->len, alg, &crafted[i], digest);
		rsa_sign(r, message, signatures[i]);
		for (unsigned t = 0; t < 2; t++) {
			jobs[2 * i + t] = (struct wv_verify_job){&r->keys[alg][t], digest,
				hashes[alg].digest, signatures[i], (uint16_t)r->len};
			CHECK_ROW(&crafted[i], differences(alg, &jobs[2 * i + t], 1, &one) == 0);
		}
		CHECK_ROW(&crafted[i], one == 2 * crafted[i].right);
	}
	CHECK(differences(alg, jobs, WV_COUNT(jobs), &right) == 0 && right == 2);
}

static void test_crafted(void)
{
	for (unsigned k = 0; k < KEYS; k++) {
		if (kinds[k].bits != 1024 && kinds[k].bits != 972 && kinds[k].bits != 1536)
			continue;
		for (unsigned alg = 0; alg < HASHES; alg++)
			crafted_are_judged(&keys[k], (enum wv_alg)alg);
	}
}

// A digest for which the modulus has no room: no signature is right, whatever it is.
static void test_no_room(void)
{
	struct rsa r;
	uint8_t digest[DIGEST_MOST] = {0}, signature[LEN_MOST] = {0};

	for (unsigned bits = 512; bits < 752; bits += 37) {
		rsa_open(&r, bits, 3);
		for (unsigned t = 0; t < 2; t++) {
			struct wv_verify_job job = {&r.keys[WV_ALG_RSASHA512][t], digest, 64,
				signature, (uint16_t)r.len};
			unsigned right = 0;

			CHECK(differences(WV_ALG_RSASHA512, &job, 1, &right) == 0 && right == 0);
		}
		rsa_close(&r);
	}
}

static const struct bad_key {
	const char *what;
	uint16_t bits; // of a modulus with all bits set but those of `clear`
	uint8_t clear; // the lowest octet of it without these bits
	const char *exponent;
	bool is_key;
	enum wv_verify_answer answer; // to a signature by it
} bad_keys[] = {
	{"a modulus of 511 bits", 511, 0, "03", false, WV_VERIFY_BAD},
	{"a modulus of 512 bits", 512, 0, "03", true, WV_VERIFY_BAD},
	{"a modulus of 4096 bits", 4096, 0, "03", true, WV_VERIFY_BAD},
	{"a modulus of 4097 bits", 4097, 0, "03", false, WV_VERIFY_BAD},
	{"an even modulus", 1024, 1, "03", false, WV_VERIFY_BAD},
	{"an exponent of 1", 1024, 0, "01", false, WV_VERIFY_BAD},
	{"an even exponent", 1024, 0, "010000", false, WV_VERIFY_BAD},
	{"an exponent of 35", 1024, 0, "23", true, WV_VERIFY_PASSED_ON},
	{"an exponent of 5", 1024, 0, "05", true, WV_VERIFY_BAD},
	{"an exponent of 65537 and a zero", 1024, 0, "00010001", true, WV_VERIFY_BAD},
	{"an exponent of 2^32 + 1", 1024, 0, "0100000001", true, WV_VERIFY_BAD},
	{"an exponent of 2^32 + 3", 1024, 0, "0100000003", false, WV_VERIFY_BAD},
};

static void test_keys(void)
{
	const struct wv_verify_algorithm *algo = &wv_crypto_ifma.algo[WV_ALG_RSASHA256];

	for (unsigned i = 0; i < WV_COUNT(bad_keys); i++) {
		const struct bad_key *row = &bad_keys[i];
		struct wv_verify_key key = {.alg = WV_ALG_RSASHA256, .bits = row->bits};
		unsigned len = (row->bits + 7u) / 8, at;
		uint8_t octets[600], digest[32] = {1};
		enum wv_verify_answer answer;
		struct wv_verify_job job = {&key, digest, sizeof(digest), digest, 0};
		uint8_t *signature = calloc(1, len);

		at = 1 + (unsigned)test_unhex(row->exponent, octets + 1, sizeof(octets) - 1);
		octets[0] = (uint8_t)(at - 1);
		memset(octets + at, 0xff, len);
		octets[at] = (uint8_t)(0xff >> (8 * len - row->bits));
		octets[at + len - 1] ^= row->clear;
		key.public_len = (uint16_t)(at + len);
		key.public_key = test_exact(octets, key.public_len);
		job.signature = signature;
		job.signature_len = (uint16_t)len;
		CHECK_ROW(row, algo->key_init(&key, 0) == row->is_key);
		CHECK_ROW(row,
			wv_crypto_openssl.algo[WV_ALG_RSASHA256].key_init(&key, REFERENCE)
				== row->is_key);
		if (row->is_key) {
			algo->run(&job, 1, 0, &answer);
			CHECK_ROW(row, answer == row->answer);
			CHECK_ROW(row,
				(algo->table_octets(&key, WV_VERIFY_TABLE_SMALL) > 0)
					== (row->answer != WV_VERIFY_PASSED_ON));
			wv_crypto_openssl.algo[WV_ALG_RSASHA256].key_fini(&key, REFERENCE);
		}
		free((void *)(uintptr_t)key.public_key);
		free(signature);
	}
}

int main(void)
{
	static const struct test tests[] = {
		{"squares and products are those of BN, at the limits of their ranges too",
			test_products},
		{"numbers are compared modulo n", test_comparisons},
		{"keys are those of OpenSSL", test_keys},
		{"a key has a table where its size has room for the digest", test_samples},
		{"right signatures of every size, exponent and hash are right", test_right},
		{"any mixture of right and wrong ones is judged as by OpenSSL", test_mixtures},
		{"groups of one size, full or not, are judged as by OpenSSL", test_groups},
		{"a lane does not touch its neighbours", test_lanes},
		{"numbers not below n, and trivial ones, are no signatures", test_numbers},
		{"only the one encoded message is right", test_crafted},
		{"a digest without room in the modulus is never right", test_no_room},
	};
	int status;

	if (!wv_crypto_ifma.usable()) {
		puts("this CPU has no AVX-512 IFMA");
		return 77; // skipped
	}
	ctx = BN_CTX_new();
	if (ctx == NULL || wv_crypto_openssl.thread_init(NULL) < 0)
		return EXIT_FAILURE;
	status = test_main("ifma_rsa", tests, WV_COUNT(tests));
	samples_close();
	wv_crypto_openssl.thread_fini();
	BN_CTX_free(ctx);
	return status;
}
