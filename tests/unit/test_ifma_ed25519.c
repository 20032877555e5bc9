#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "wv_crypto_ifma.h"
#include "wv_crypto_openssl.h"

#include "ed25519_table.h"
#include "random.h"
#include "test.h"

#define LANES     8
#define OCTETS    32
#define KERNEL    0 // slots
#define REFERENCE 1
#define KEYS      24
#define JOBS      256
#define MESSAGE   400
#define TORSION   8

static BN_CTX *ctx;
static BIGNUM *prime, *order, *edwards_d;

static BIGNUM *random_order(void)
{
	uint8_t octets[64];
	BIGNUM *n;

	random_octets(octets, sizeof(octets));
	n = BN_lebin2bn(octets, sizeof(octets), NULL);
	BN_mod(n, n, order, ctx);
	return n;
}

// The field.

#define NUMBERS 8 // vectors of eight

struct numbers {
	struct fe8 fe;
	BIGNUM *value[LANES];
};

static uint64_t limb_get(const struct fe8 *a, unsigned i, unsigned lane)
{
	uint64_t row[LANES];

	memcpy(row, &a->limb[i], sizeof(row));
	return row[lane];
}

static BIGNUM *value_of(const struct fe8 *a, unsigned lane)
{
	BIGNUM *v = BN_new(), *limb = BN_new();

	BN_zero(v);
	for (unsigned i = ED25519_LIMBS; i-- > 0;) {
		BN_lshift(v, v, FE_BITS);
		BN_set_word(limb, limb_get(a, i, lane));
		BN_add(v, v, limb);
	}
	BN_free(limb);
	return v;
}

// Random limbs, or those at the ends of what a tight number may have.
static void numbers_make(struct numbers *n, uint64_t limit)
{
	static const uint64_t p[ED25519_LIMBS] = {FE_MASK - 18, FE_MASK, FE_MASK, FE_MASK, FE_MASK};
	uint64_t limb[ED25519_LIMBS][LANES];

	for (unsigned lane = 0; lane < LANES; lane++) {
		unsigned kind = random_below(8);

		for (unsigned i = 0; i < ED25519_LIMBS; i++) {
			const uint64_t ends[] = {0, 1, FE_MASK - 18, FE_MASK, FE_MASK + 1, limit};

			limb[i][lane] = kind < 3 ? random64() % (limit + 1)
				: kind == 3      ? ends[random_below(6)]
				: kind == 4      ? p[i] + (i == 0 ? random_below(40) : 0)
				: kind == 5      ? limit
				: kind == 6      ? (i == 0 ? random_below(40) : 0)
						 : random64() & FE_MASK;
		}
	}
	memcpy(&n->fe, limb, sizeof(limb));
	for (unsigned lane = 0; lane < LANES; lane++)
		n->value[lane] = value_of(&n->fe, lane);
}

static void numbers_free(struct numbers *n)
{
	for (unsigned lane = 0; lane < LANES; lane++)
		BN_free(n->value[lane]);
}

#define TIGHT ((UINT64_C(1) << 51) + (UINT64_C(1) << 18) - 1)
#define LOOSE ((UINT64_C(1) << 52) - 1)

static bool is_tight(const struct fe8 *a, unsigned lane)
{
	bool tight = true;

	for (unsigned i = 0; i < ED25519_LIMBS; i++)
		tight = tight && limb_get(a, i, lane) <= TIGHT;
	return tight;
}

// Is the lane of a tight number congruent to `want`, which is freed?
static void lane_check(const struct fe8 *a, unsigned lane, BIGNUM *want)
{
	BIGNUM *have = value_of(a, lane);

	BN_nnmod(have, have, prime, ctx);
	BN_nnmod(want, want, prime, ctx);
	CHECK(is_tight(a, lane) && BN_cmp(have, want) == 0);
	BN_free(have);
	BN_free(want);
}

static void products(void)
{
	for (unsigned turn = 0; turn < 500; turn++) {
		struct numbers a, b;
		struct fe8 product, square;

		numbers_make(&a, turn % 2 == 0 ? TIGHT : LOOSE);
		numbers_make(&b, TIGHT);
		product = fe8_product(&a.fe, &b.fe);
		square = fe8_squared(&b.fe);
		for (unsigned lane = 0; lane < LANES; lane++) {
			BIGNUM *want = BN_new();

			BN_mul(want, a.value[lane], b.value[lane], ctx);
			lane_check(&product, lane, want);
			want = BN_new();
			BN_sqr(want, b.value[lane], ctx);
			lane_check(&square, lane, want);
		}
		numbers_free(&a);
		numbers_free(&b);
	}
}

// With the greatest subtrahends there are: products of a loose and a tight number.
static void sums(void)
{
	for (unsigned turn = 0; turn < 500; turn++) {
		struct numbers a, b;
		struct wide8 product, other, less, more;
		struct fe8 difference, sum;

		numbers_make(&a, LOOSE);
		numbers_make(&b, TIGHT);
		product = fe8_mul(&a.fe, &b.fe);
		other = wide8_of(&b.fe);
		less = wide8_sub(&other, &product);
		more = wide8_add(&product, &product);
		difference = fe8_carry(&less);
		sum = fe8_carry(&more);
		for (unsigned lane = 0; lane < LANES; lane++) {
			BIGNUM *want = BN_new(), *twice = BN_new();

			BN_mul(want, a.value[lane], b.value[lane], ctx);
			BN_lshift1(twice, want);
			BN_sub(want, b.value[lane], want);
			lane_check(&difference, lane, want);
			lane_check(&sum, lane, twice);
		}
		numbers_free(&a);
		numbers_free(&b);
	}
}

static void representatives(void)
{
	for (unsigned turn = 0; turn < 500; turn++) {
		struct numbers a;
		struct fe8 frozen;
		__mmask8 zero;

		numbers_make(&a, TIGHT);
		frozen = wv_ifma_ed25519_freeze(&a.fe);
		zero = wv_ifma_ed25519_is_zero(&a.fe);
		for (unsigned lane = 0; lane < LANES; lane++) {
			BIGNUM *have = value_of(&frozen, lane);

			BN_nnmod(a.value[lane], a.value[lane], prime, ctx);
			CHECK(BN_cmp(have, a.value[lane]) == 0);
			CHECK((zero >> lane & 1) == BN_is_zero(have));
			BN_free(have);
		}
		numbers_free(&a);
	}
}

static void inverses(void)
{
	for (unsigned turn = 0; turn < 20; turn++) {
		struct numbers a;
		struct fe8 inverse;

		numbers_make(&a, TIGHT);
		inverse = wv_ifma_ed25519_invert(&a.fe);
		for (unsigned lane = 0; lane < LANES; lane++) {
			BIGNUM *want = BN_new();

			BN_nnmod(want, a.value[lane], prime, ctx);
			if (!BN_is_zero(want))
				BN_mod_inverse(want, want, prime, ctx);
			lane_check(&inverse, lane, want);
		}
		numbers_free(&a);
	}
}

// Scalars.

// 512 bits: random, or a multiple of the order with a little more or less.
static BIGNUM *hash_value(void)
{
	uint8_t octets[64];
	BIGNUM *n;

	random_octets(octets, sizeof(octets));
	if (random_below(4) == 0)
		memset(octets, random_below(2) == 0 ? 0 : 0xff, sizeof(octets));
	n = BN_lebin2bn(octets, sizeof(octets), NULL);
	if (random_below(2) == 0) {
		BIGNUM *rest = BN_new();

		BN_mod(rest, n, order, ctx);
		BN_sub(n, n, rest);
		if (!BN_is_zero(n) && random_below(2) == 0)
			BN_sub_word(n, random_below(3));
		else
			BN_add_word(n, random_below(3));
		BN_free(rest);
	}
	return n;
}

static void remainders(void)
{
	for (unsigned turn = 0; turn < 2000; turn++) {
		uint64_t in[8][LANES], out[4][LANES];
		BIGNUM *n[LANES];
		__m512i h[8];
		struct scalar8 s;
		__mmask8 below;

		for (unsigned lane = 0; lane < LANES; lane++) {
			uint8_t octets[64];

			n[lane] = hash_value();
			BN_bn2lebinpad(n[lane], octets, sizeof(octets));
			for (unsigned i = 0; i < 8; i++)
				memcpy(&in[i][lane], octets + 8 * (size_t)i, 8);
		}
		memcpy(h, in, sizeof(h));
		s = wv_ifma_ed25519_modulo(h);
		memcpy(out, s.word, sizeof(out));
		below = wv_ifma_ed25519_is_below(&s);
		CHECK(below == 0xff);
		for (unsigned lane = 0; lane < LANES; lane++) {
			uint8_t want[OCTETS];

			BN_mod(n[lane], n[lane], order, ctx);
			BN_bn2lebinpad(n[lane], want, sizeof(want));
			for (unsigned i = 0; i < 4; i++)
				CHECK(memcmp(&out[i][lane], want + 8 * (size_t)i, 8) == 0);
			BN_free(n[lane]);
		}
	}
}

static void limits(void)
{
	uint64_t words_in[4][LANES];
	struct scalar8 s;

	// L - 1, L, L + 1, 0, 2^256 - 1, and with one of the higher words one more or less.
	for (unsigned lane = 0; lane < LANES; lane++) {
		static const int64_t add[LANES][4] = {
			{-1}, {0}, {1}, {0, -1}, {0, 1}, {0, 0, 1}, {0, 0, 0, -1}, {0, 0, 0, 1}};
		static const uint64_t l[4] = {
			0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0, 0x1000000000000000};

		for (unsigned i = 0; i < 4; i++)
			words_in[i][lane] = l[i] + (uint64_t)add[lane][i];
	}
	memcpy(s.word, words_in, sizeof(words_in));
	CHECK(wv_ifma_ed25519_is_below(&s) == 0x49);
}

static void digits(void)
{
	for (unsigned bits = 5; bits <= 12; bits++) {
		struct ed25519_window w = wv_ifma_ed25519_window(bits);
		struct rows8 rows = {.entry = ED25519_ENTRY};
		const uint64_t begin = 1u << 20, half = ed25519_window_half(&w);
		const uint64_t row = half * ED25519_ENTRY;
		BIGNUM *n[LANES];
		uint64_t in[4][LANES];
		struct scalar8 s;
		struct steps8 steps[ED25519_DIGITS_MOST];

		for (unsigned lane = 0; lane < LANES; lane++) {
			uint8_t octets[OCTETS];

			n[lane] = random_order();
			if (lane < 2) {
				BN_copy(n[lane], order);
				BN_sub_word(n[lane], 1 + lane);
			} else if (lane < 4) {
				BN_set_word(n[lane], lane - 2);
			}
			BN_bn2lebinpad(n[lane], octets, sizeof(octets));
			for (unsigned i = 0; i < 4; i++)
				memcpy(&in[i][lane], octets + 8 * (size_t)i, 8);
			wv_ifma_ed25519_rows_put(
				&rows, lane, &w, (const void *)(uintptr_t)begin, false);
		}
		memcpy(s.word, in, sizeof(in));
		CHECK(wv_ifma_ed25519_steps(steps, &s, &rows) == w.digits);
		for (unsigned lane = 0; lane < LANES; lane++) {
			BIGNUM *sum = BN_new(), *part = BN_new();

			BN_zero(sum);
			for (unsigned i = 0; i < w.digits; i++) {
				uint64_t entry = steps[i].entry[lane], d = 0;
				unsigned most = i + 1 < w.digits ? (unsigned)half : w.top_most;

				if (entry >= begin && entry < begin + w.digits * row + row) {
					d = (entry - begin - i * row) / ED25519_ENTRY + 1;
					CHECK(begin + i * row + (d - 1) * ED25519_ENTRY == entry);
				}
				CHECK(d <= most);
				BN_set_word(part, d);
				BN_lshift(part, part, (int)(i * bits));
				if (steps[i].plus[lane] == entry)
					BN_add(sum, sum, part);
				else
					BN_sub(sum, sum, part);
			}
			CHECK(BN_cmp(sum, n[lane]) == 0);
			BN_free(sum);
			BN_free(part);
			BN_free(n[lane]);
		}
	}
}

// Keys and checks.

static const struct wv_verify_algorithm *algorithm(unsigned slot)
{
	return slot == KERNEL ? &wv_crypto_ifma.algo[WV_ALG_ED25519]
			      : &wv_crypto_openssl.algo[WV_ALG_ED25519];
}

// False: both drivers refuse it. The octets lie in a block of their size.
static bool key_make(struct wv_verify_key *key, const uint8_t *octets)
{
	bool is_key[2];

	memset(key, 0, sizeof(*key));
	key->alg = WV_ALG_ED25519;
	key->bits = 256;
	key->public_key = test_exact(octets, OCTETS);
	key->public_len = OCTETS;
	for (unsigned slot = KERNEL; slot <= REFERENCE; slot++)
		is_key[slot] = algorithm(slot)->key_init(key, slot);
	CHECK(is_key[KERNEL] == is_key[REFERENCE]);
	return is_key[KERNEL] && is_key[REFERENCE];
}

// Sizes of tables, and WV_VERIFY_TABLES: none.
static void key_table(struct wv_verify_key *key, unsigned size)
{
	size_t octets;
	void *table;

	free((void *)(uintptr_t)atomic_load(&key->table));
	atomic_store(&key->table, NULL);
	if (size == WV_VERIFY_TABLES)
		return;
	octets = algorithm(KERNEL)->table_octets(key, size);
	CHECK(octets > 0 && octets % 64 == 0);
	table = aligned_alloc(64, octets);
	if (table == NULL)
		abort();
	algorithm(KERNEL)->table_build(key, size, table);
	atomic_store(&key->table, table);
}

static void key_free(struct wv_verify_key *key)
{
	key_table(key, WV_VERIFY_TABLES);
	if (key->prepared[REFERENCE] != NULL)
		algorithm(REFERENCE)->key_fini(key, REFERENCE);
	free((void *)(uintptr_t)key->public_key);
}

static struct world {
	EVP_PKEY *secret[KEYS];
	struct wv_verify_key key[KEYS];
	struct wv_verify_job job[JOBS];
	uint8_t *data[JOBS], *signature[JOBS];
	bool right[JOBS];
} world;

static void job_sign(unsigned i)
{
	struct wv_verify_job *job = &world.job[i];
	unsigned k = random_below(KEYS);
	uint8_t data[MESSAGE], signature[2 * OCTETS];
	uint32_t len = random_below(8) == 0 ? random_below(4) : random_below(MESSAGE + 1);
	size_t signature_len = sizeof(signature);
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	random_octets(data, len);
	EVP_DigestSignInit(md, NULL, NULL, NULL, world.secret[k]);
	EVP_DigestSign(md, signature, &signature_len, data, len);
	EVP_MD_CTX_free(md);
	world.data[i] = test_exact(data, len);
	world.signature[i] = test_exact(signature, sizeof(signature));
	job->key = &world.key[k];
	job->data = world.data[i];
	job->data_len = len;
	job->signature = world.signature[i];
	job->signature_len = sizeof(signature);
	world.right[i] = true;
}

static void world_make(void)
{
	for (unsigned k = 0; k < KEYS; k++) {
		uint8_t octets[OCTETS];
		size_t len = sizeof(octets);

		random_octets(octets, sizeof(octets));
		world.secret[k] = EVP_PKEY_new_raw_private_key(
			EVP_PKEY_ED25519, NULL, octets, sizeof(octets));
		EVP_PKEY_get_raw_public_key(world.secret[k], octets, &len);
		CHECK(key_make(&world.key[k], octets));
	}
	for (unsigned i = 0; i < JOBS; i++)
		job_sign(i);
}

static void world_free(void)
{
	for (unsigned i = 0; i < JOBS; i++) {
		free(world.data[i]);
		free(world.signature[i]);
	}
	for (unsigned k = 0; k < KEYS; k++) {
		key_free(&world.key[k]);
		EVP_PKEY_free(world.secret[k]);
	}
}

// size: of all tables; WV_VERIFY_TABLES: none; one more: of each key another, or none.
static void world_tables(unsigned size)
{
	for (unsigned k = 0; k < KEYS; k++)
		key_table(&world.key[k],
			size <= WV_VERIFY_TABLES ? size : k % (WV_VERIFY_TABLES + 1));
}

static void jobs_check(const struct wv_verify_job jobs[], unsigned n, const bool right[])
{
	enum wv_verify_answer answers[WV_VERIFY_MAX];
	bool same = true;

	memset(answers, 0xff, sizeof(answers));
	algorithm(KERNEL)->run(jobs, n, KERNEL, answers);
	for (unsigned i = 0; i < n; i++)
		same = same && answers[i] == (right[i] ? WV_VERIFY_GOOD : WV_VERIFY_BAD);
	CHECK(same);
}

static void groups(void)
{
	for (unsigned size = 0; size <= WV_VERIFY_TABLES + 1; size++) {
		world_tables(size);
		for (unsigned n = 1; n <= WV_VERIFY_MAX; n++) {
			unsigned begin = random_below(JOBS - n + 1);

			jobs_check(world.job + begin, n, world.right + begin);
		}
	}
}

// Turn a bit of a signature: 512 of them, any of which makes it wrong.
static void bit_turn(unsigned i, unsigned bit)
{
	world.signature[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
	world.right[i] = !world.right[i];
}

static void one_in_each_lane(void)
{
	for (unsigned size = 0; size <= WV_VERIFY_TABLES + 1; size++) {
		unsigned n = size == 0 ? WV_VERIFY_MAX : 17;

		world_tables(size);
		for (unsigned i = 0; i < n; i++) { // one bad among good
			unsigned bit = random_below(512);

			bit_turn(i, bit);
			jobs_check(world.job, n, world.right);
			bit_turn(i, bit);
		}
		for (unsigned i = 0; i < n; i++)
			bit_turn(i, i);
		for (unsigned i = 0; i < n; i++) { // one good among bad
			bit_turn(i, i);
			jobs_check(world.job, n, world.right);
			bit_turn(i, i);
		}
		for (unsigned i = 0; i < n; i++)
			bit_turn(i, i);
	}
}

// Everything of a job changed, judged by OpenSSL.
static void changes(void)
{
	struct wv_verify_job jobs[WV_VERIFY_MAX];
	enum wv_verify_answer answers[WV_VERIFY_MAX];
	bool right[WV_VERIFY_MAX];

	for (unsigned size = 0; size <= WV_VERIFY_TABLES + 1; size++) {
		world_tables(size);
		memcpy(jobs, world.job, sizeof(jobs));
		for (unsigned i = 0; i < WV_VERIFY_MAX; i++) {
			switch (random_below(6)) {
			case 0:
				jobs[i].key = &world.key[random_below(KEYS)];
				break;
			case 1:
				jobs[i].signature = world.signature[random_below(JOBS)];
				break;
			case 2:
				jobs[i].data_len -= jobs[i].data_len > 0;
				break;
			case 3:
				jobs[i].signature_len = (uint16_t)random_below(64);
				break;
			default:
				break;
			}
		}
		algorithm(REFERENCE)->run(jobs, WV_VERIFY_MAX, REFERENCE, answers);
		for (unsigned i = 0; i < WV_VERIFY_MAX; i++)
			right[i] = answers[i] == WV_VERIFY_GOOD;
		jobs_check(jobs, WV_VERIFY_MAX, right);
	}
}

// Points, one at a time, by affine formulas that are far from those under test.

struct place {
	BIGNUM *x, *y;
};

static struct place place_new(void)
{
	struct place p = {BN_new(), BN_new()};

	BN_zero(p.x);
	BN_one(p.y);
	return p;
}

static void place_free(struct place *p)
{
	BN_free(p->x);
	BN_free(p->y);
}

// a += b: x = (ax by + bx ay) / (1 + t), y = (ay by + ax bx) / (1 - t), t = d ax bx ay by.
static void place_add(struct place *a, const struct place *b)
{
	BIGNUM *xx = BN_new(), *yy = BN_new(), *xy = BN_new(), *yx = BN_new(), *t = BN_new();

	BN_mod_mul(xx, a->x, b->x, prime, ctx);
	BN_mod_mul(yy, a->y, b->y, prime, ctx);
	BN_mod_mul(xy, a->x, b->y, prime, ctx);
	BN_mod_mul(yx, a->y, b->x, prime, ctx);
	BN_mod_mul(t, xx, yy, prime, ctx);
	BN_mod_mul(t, t, edwards_d, prime, ctx);
	BN_mod_add(xy, xy, yx, prime, ctx);
	BN_mod_add(yy, yy, xx, prime, ctx);
	BN_add_word(t, 1);
	BN_mod_inverse(xx, t, prime, ctx);
	BN_mod_mul(a->x, xy, xx, prime, ctx);
	BN_sub_word(t, 1);
	BN_sub(t, BN_value_one(), t);
	BN_nnmod(t, t, prime, ctx);
	BN_mod_inverse(xx, t, prime, ctx);
	BN_mod_mul(a->y, yy, xx, prime, ctx);
	BN_free(xx);
	BN_free(yy);
	BN_free(xy);
	BN_free(yx);
	BN_free(t);
}

static struct place place_times(const struct place *p, const BIGNUM *n)
{
	struct place r = place_new();

	for (int i = BN_num_bits(n); i-- > 0;) {
		place_add(&r, &r);
		if (BN_is_bit_set(n, i))
			place_add(&r, p);
	}
	return r;
}

static void place_put(uint8_t out[OCTETS], const struct place *p)
{
	BN_bn2lebinpad(p->y, out, OCTETS);
	out[OCTETS - 1] |= (uint8_t)(BN_is_odd(p->x) << 7);
}

static bool place_read(struct place *p, const uint8_t octets[OCTETS])
{
	uint8_t y[OCTETS];
	BIGNUM *u = BN_new(), *v = BN_new();
	bool has;

	memcpy(y, octets, OCTETS);
	y[OCTETS - 1] &= 0x7f;
	BN_lebin2bn(y, OCTETS, p->y);
	BN_nnmod(p->y, p->y, prime, ctx);
	BN_mod_sqr(u, p->y, prime, ctx);
	BN_mod_mul(v, u, edwards_d, prime, ctx);
	BN_sub_word(u, 1);
	BN_nnmod(u, u, prime, ctx);
	BN_add_word(v, 1);
	BN_mod_inverse(v, v, prime, ctx);
	BN_mod_mul(u, u, v, prime, ctx);
	has = BN_mod_sqrt(p->x, u, prime, ctx) != NULL;
	if (has && BN_is_odd(p->x) != octets[OCTETS - 1] >> 7 && !BN_is_zero(p->x))
		BN_sub(p->x, prime, p->x);
	BN_free(u);
	BN_free(v);
	return has;
}

// The base point, and k times a point of order 8.
static struct place base, torsion[TORSION];

static void places_make(void)
{
	uint8_t octets[OCTETS];

	memset(octets, 0x66, sizeof(octets));
	octets[0] = 0x58;
	base = place_new();
	CHECK(place_read(&base, octets));
	// Of any point, what the order of the base point leaves is of small order; of order 8 of some.
	for (uint8_t y = 2;; y++) {
		struct place p = place_new();

		memset(octets, 0, sizeof(octets));
		octets[0] = y;
		if (place_read(&p, octets)) {
			struct place t = place_times(&p, order);
			BIGNUM *four = BN_new();
			struct place last;

			BN_set_word(four, 4);
			last = place_times(&t, four);
			BN_free(four);
			if (!BN_is_one(last.y)) { // 4t is of order 2: (0, -1)
				for (unsigned k = 0; k < TORSION; k++) {
					torsion[k] = place_new();
					for (unsigned i = 0; i < k; i++)
						place_add(&torsion[k], &t);
				}
				place_free(&last);
				place_free(&t);
				place_free(&p);
				return;
			}
			place_free(&last);
			place_free(&t);
		}
		place_free(&p);
	}
}

// Signatures by keys of any kind, that all drivers must judge alike.
#define CRAFTED_KEYS 48
#define CRAFTED      4096
static struct wv_verify_key crafted_key[CRAFTED_KEYS];
static struct wv_verify_job crafted[CRAFTED];
static unsigned crafted_keys, crafted_n;

static struct wv_verify_key *crafted_key_add(const uint8_t octets[OCTETS])
{
	struct wv_verify_key *key = &crafted_key[crafted_keys];

	if (crafted_keys == CRAFTED_KEYS)
		abort();
	if (key_make(key, octets)) {
		crafted_keys++;
		return key;
	}
	key_free(key);
	return NULL;
}

static void crafted_add(const struct wv_verify_key *key, const uint8_t r[OCTETS],
	const uint8_t s[OCTETS], const void *data, uint32_t len)
{
	uint8_t signature[2 * OCTETS];
	struct wv_verify_job *job = &crafted[crafted_n++];

	if (crafted_n == CRAFTED)
		abort();
	memcpy(signature, r, OCTETS);
	memcpy(signature + OCTETS, s, OCTETS);
	job->key = key;
	job->data = test_exact(data, len);
	job->data_len = len;
	job->signature = test_exact(signature, sizeof(signature));
	job->signature_len = sizeof(signature);
}

// The answers of both, for tables of each size; returns how many signatures are good.
static unsigned crafted_check(void)
{
	static enum wv_verify_answer want[CRAFTED], have[CRAFTED];
	unsigned good = 0, other = 0;

	algorithm(REFERENCE)->run(crafted, crafted_n, REFERENCE, want);
	for (unsigned i = 0; i < crafted_n; i++)
		good += want[i] == WV_VERIFY_GOOD;
	for (unsigned size = 0; size <= WV_VERIFY_TABLES; size++) {
		for (unsigned k = 0; k < crafted_keys; k++)
			key_table(&crafted_key[k], size);
		for (unsigned i = 0; i < crafted_n; i += WV_VERIFY_MAX) {
			unsigned n = crafted_n - i < WV_VERIFY_MAX ? crafted_n - i : WV_VERIFY_MAX;

			algorithm(KERNEL)->run(crafted + i, n, KERNEL, have + i);
		}
		for (unsigned i = 0; i < crafted_n; i++)
			other += have[i] != want[i];
	}
	CHECK(other == 0);
	for (unsigned i = 0; i < crafted_n; i++) {
		free((void *)(uintptr_t)crafted[i].data);
		free((void *)(uintptr_t)crafted[i].signature);
	}
	for (unsigned k = 0; k < crafted_keys; k++)
		key_free(&crafted_key[k]);
	crafted_keys = crafted_n = 0;
	return good;
}

/*
 * All encodings of the eight points of small order: with y >= p and with a sign of x = 0, too. The
 * points with y = p + 2 to p + 18 that there are come with them; their order is large.
 */
static unsigned small_encodings(uint8_t out[][OCTETS])
{
	unsigned n = 0;

	for (unsigned k = 0; k < TORSION; k++) {
		for (unsigned sign = 0; sign < 2; sign++) {
			place_put(out[n], &torsion[k]);
			out[n++][OCTETS - 1] ^= (uint8_t)(sign << 7);
		}
	}
	for (unsigned y = 0; y < 19; y++) { // p + y
		for (unsigned sign = 0; sign < 2; sign++) {
			memset(out[n], 0xff, OCTETS);
			out[n][0] = (uint8_t)(0xed + y);
			out[n++][OCTETS - 1] = (uint8_t)(0x7f | sign << 7);
		}
	}
	return n;
}

static void small_orders(void)
{
	static uint8_t encoded[2 * TORSION + 38][OCTETS];
	unsigned n = small_encodings(encoded);
	static const uint8_t none[OCTETS];
	unsigned good;

	for (unsigned a = 0; a < n; a++) {
		const struct wv_verify_key *key = crafted_key_add(encoded[a]);

		for (unsigned r = 0; key != NULL && r < n; r++) {
			uint8_t data = (uint8_t)random64();

			crafted_add(key, encoded[r], none, &data, 1);
		}
	}
	good = crafted_check();
	CHECK(good > 20); // for each key, an eighth of the sixteen that are encoded as they must
}

// s = r + h a, for R = rB + (r_small) and A = aB + (a_small), each of the points of small order.
static void mixed_sign(const struct wv_verify_key *key, const BIGNUM *a, unsigned r_small)
{
	BIGNUM *r = random_order(), *h;
	struct place place = place_times(&base, r);
	uint8_t whole[2 * OCTETS + 5], hash[64], s[OCTETS];

	place_add(&place, &torsion[r_small]);
	place_put(whole, &place);
	memcpy(whole + OCTETS, key->public_key, OCTETS);
	random_octets(whole + 2 * OCTETS, 5);
	SHA512(whole, sizeof(whole), hash);
	h = BN_lebin2bn(hash, sizeof(hash), NULL);
	BN_mod_mul(h, h, a, order, ctx);
	BN_mod_add(h, h, r, order, ctx);
	BN_bn2lebinpad(h, s, sizeof(s));
	crafted_add(key, whole, s, whole + 2 * OCTETS, 5);
	// The same with s + L, s - 1, s + 1, and with the sign of R turned.
	BN_add(h, h, order);
	BN_bn2lebinpad(h, s, sizeof(s));
	crafted_add(key, whole, s, whole + 2 * OCTETS, 5);
	BN_sub(h, h, order);
	BN_add_word(h, 1);
	BN_bn2lebinpad(h, s, sizeof(s));
	crafted_add(key, whole, s, whole + 2 * OCTETS, 5);
	BN_sub_word(h, 1);
	BN_bn2lebinpad(h, s, sizeof(s));
	whole[OCTETS - 1] ^= 0x80;
	crafted_add(key, whole, s, whole + 2 * OCTETS, 5);
	BN_free(r);
	BN_free(h);
	place_free(&place);
}

static void mixed_orders(void)
{
	unsigned good;

	for (unsigned k = 0; k < TORSION; k++) {
		BIGNUM *a = random_order();
		struct place place = place_times(&base, a);
		uint8_t octets[OCTETS];
		const struct wv_verify_key *key;

		place_add(&place, &torsion[k]);
		place_put(octets, &place);
		key = crafted_key_add(octets);
		CHECK(key != NULL);
		for (unsigned r_small = 0; key != NULL && r_small < TORSION; r_small++) {
			for (unsigned i = 0; i < 4; i++)
				mixed_sign(key, a, r_small);
		}
		BN_free(a);
		place_free(&place);
	}
	good = crafted_check();
	CHECK(good >= 16);
}

// Where the key is a small multiple of the base point, sums meet equal and opposite points.
static void equal_points(void)
{
	unsigned good;

	for (unsigned k = 1; k <= 20; k++) {
		BIGNUM *a = BN_new();
		struct place place;
		uint8_t octets[OCTETS];
		const struct wv_verify_key *key;

		BN_set_word(a, (k + 1) / 2);
		if (k % 2 == 0)
			BN_sub(a, order, a);
		place = place_times(&base, a);
		place_put(octets, &place);
		key = crafted_key_add(octets);
		CHECK(key != NULL);
		if (key != NULL) {
			mixed_sign(key, a, 0);
			mixed_sign(key, a, 4);
		}
		BN_free(a);
		place_free(&place);
	}
	good = crafted_check();
	CHECK(good >= 20);
}

/*
 * Scalars near powers of two and the order. By the neutral point as key, sB is R whatever is signed:
 * all those below the order are right.
 */
static void scalars(void)
{
	static const int around[] = {-2, -1, 0, 1, 2};
	struct wv_verify_key *key;
	uint8_t octets[OCTETS];
	unsigned below = 0, good;

	place_put(octets, &torsion[0]);
	key = crafted_key_add(octets);
	REQUIRE(key != NULL);
	for (unsigned bit = 0; bit <= 256; bit += bit < 248 ? 31 : 1) {
		for (unsigned i = 0; i < WV_COUNT(around); i++) {
			BIGNUM *s = BN_new();

			BN_one(s);
			BN_lshift(s, s, (int)bit);
			if (bit == 256)
				BN_copy(s, order);
			if (around[i] < 0)
				BN_sub_word(s, (BN_ULONG)-around[i]);
			else
				BN_add_word(s, (BN_ULONG)around[i]);
			if (!BN_is_negative(s) && BN_num_bits(s) <= 256) {
				struct place r = place_times(&base, s);
				uint8_t s_octets[OCTETS];

				BN_bn2lebinpad(s, s_octets, sizeof(s_octets));
				place_put(octets, &r);
				crafted_add(key, octets, s_octets, "", 0);
				below += BN_cmp(s, order) < 0;
				place_free(&r);
			}
			BN_free(s);
		}
	}
	good = crafted_check();
	CHECK(good == below);
}

static void keys(void)
{
	unsigned is = 0;

	for (unsigned i = 0; i < 400; i++) {
		struct wv_verify_key key;
		uint8_t octets[OCTETS];

		random_octets(octets, sizeof(octets));
		if (i < 100) { // y of 0 to 24, and as near to 2^255
			memset(octets, i % 4 < 2 ? 0 : 0xff, sizeof(octets));
			octets[0] = (uint8_t)(i % 4 < 2 ? i / 4 : 0xff - i / 4);
			octets[OCTETS - 1] = (uint8_t)((octets[1] & 0x7f) | (i % 2) << 7);
		}
		is += key_make(&key, octets);
		key_free(&key);
	}
	CHECK(is > 100 && is < 300);
}

int main(void)
{
	static const struct test tests[] = {
		{"points of small order are found", places_make},
		{"keys and signatures are made", world_make},
		{"products and squares are those of BN", products},
		{"sums and differences are those of BN", sums},
		{"every number has one representative", representatives},
		{"inverses are those of BN", inverses},
		{"hashes are reduced modulo the order", remainders},
		{"scalars are below the order or not", limits},
		{"digits make up their scalar and lie in the table", digits},
		{"the same octets are keys to both drivers", keys},
		{"right signatures are good in groups of every size", groups},
		{"one bad among good and one good among bad, in every lane", one_in_each_lane},
		{"changed keys, signatures, data and lengths are judged alike", changes},
		{"points of small order are judged alike, however they are encoded", small_orders},
		{"keys and signatures of mixed order are judged alike", mixed_orders},
		{"sums of equal and opposite points are judged alike", equal_points},
		{"extreme scalars are judged alike", scalars},
	};
	struct wv_err err = {""};
	int status;

	if (!wv_crypto_ifma.usable())
		return 77; // this CPU cannot run them
	if (wv_crypto_openssl.thread_init(&err) < 0 || wv_crypto_ifma.init(&err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	ctx = BN_CTX_new();
	BN_hex2bn(&prime, "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
	BN_hex2bn(&order, "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");
	BN_hex2bn(&edwards_d, "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3");
	status = test_main("ifma_ed25519", tests, WV_COUNT(tests));
	world_free();
	place_free(&base);
	for (unsigned k = 0; k < TORSION; k++)
		place_free(&torsion[k]);
	BN_free(prime);
	BN_free(order);
	BN_free(edwards_d);
	BN_CTX_free(ctx);
	wv_crypto_openssl.thread_fini();
	return status;
}
