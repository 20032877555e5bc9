#include "trials.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind {
	RIGHT,
	KEY_BIT,
	KEY_OTHER,
	DATA_BIT,
	FIRST_HALF_BIT,
	SECOND_HALF_BIT,
	SHORT,
	LONG,
	DATA_LENGTH,
	RANDOM,
	OTHER_S, // not of RSA: see maker_other_s()
	PADDING, // RSA
	ZERO,    // data of zeros, signed: u1 of ECDSA is 0
	KINDS
};

static const char *const kind_names[] = {
	[RIGHT] = "as it was made",
	[KEY_BIT] = "a bit of the key",
	[KEY_OTHER] = "another key",
	[DATA_BIT] = "a bit of the data",
	[FIRST_HALF_BIT] = "a bit of the first half",
	[SECOND_HALF_BIT] = "a bit of the second half",
	[SHORT] = "an octet short",
	[LONG] = "an octet long",
	[DATA_LENGTH] = "length of the data",
	[RANDOM] = "all at random",
	[OTHER_S] = "the other s",
	[PADDING] = "a bit of the padding",
	[ZERO] = "data of zeros",
};
static_assert(WV_COUNT(kind_names) == KINDS, "a kind without a name");

struct pooled {
	unsigned key;
	struct maker_signature s;
};

struct trial {
	struct panel_job job;
	enum kind kind;
	bool good;    // what it must be
	bool is_temp; // the key is this trial's
	struct panel_key temp;
	struct maker_signature s; // spoilt
};

struct trials {
	struct panel *panel;
	struct trials_params params;
	struct maker *maker;
	struct panel_key *keys;
	struct pooled *pool;
	uint64_t made;  // signatures after those that the pool began with
	unsigned limit; // largest group that is run
	unsigned group; // the driver's
	struct trial trial[TRIALS_BLOCK];
	struct panel_job jobs[WV_VERIFY_MAX]; // of the group that runs
};

// ---- the pool ----

// Signature `number` of all that are ever made lies at that place modulo the pool's size.
static bool pool_make(struct trials *t, uint64_t number)
{
	struct pooled *p = &t->pool[number % t->params.pool];
	struct maker_stream r;

	maker_stream_init(&r, t->params.maker.seed, 'p', number, 0);
	p->key = maker_below(&r, t->params.keys);
	return maker_sign(t->maker, p->key, number, &p->s);
}

// The pool as it is when `made` signatures were made after its first ones.
static bool pool_reach(struct trials *t, uint64_t made)
{
	uint64_t size = t->params.pool;

	if (made < t->made || made - t->made > size) {
		for (uint64_t i = 0; i < size; i++) {
			if (!pool_make(t, made + i))
				return false;
		}
	} else {
		for (uint64_t i = t->made; i < made; i++) {
			if (!pool_make(t, size + i))
				return false;
		}
	}
	t->made = made;
	return true;
}

struct trials *trials_create(
	struct panel *panel, const struct trials_params *params, struct wv_err *err)
{
	struct trials *t = calloc(1, sizeof(*t));
	unsigned group = panel->driver[params->driver]->algo[params->maker.alg].group;
	bool ok = t != NULL;

	if (ok) {
		t->panel = panel;
		t->params = *params;
		t->group = group;
		t->limit = group < WV_VERIFY_MAX ? group + 1 : WV_VERIFY_MAX;
		t->maker = maker_create(&params->maker);
		t->keys = calloc(params->keys, sizeof(t->keys[0]));
		t->pool = calloc(params->pool, sizeof(t->pool[0]));
		ok = t->maker != NULL && t->keys != NULL && t->pool != NULL;
	}
	for (unsigned i = 0; ok && i < params->keys; i++) {
		const struct maker_key *key = maker_key_get(t->maker, i);

		ok = key != NULL
			&& panel_key_init(panel, &t->keys[i], params->maker.alg, key->public_key,
				key->public_len, true)
			&& t->keys[i].accepted[panel_reference(panel)]
			&& panel_key_agreed(panel, &t->keys[i]);
	}
	for (unsigned i = 0; ok && i < params->pool; i++)
		ok = pool_make(t, i);
	if (ok)
		return t;
	wv_fail(err, ENOMEM, "trials of %s: keys and signatures cannot be made",
		wv_verify_alg_name(params->maker.alg));
	trials_destroy(t);
	return NULL;
}

void trials_destroy(struct trials *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; t->keys != NULL && i < t->params.keys; i++)
		panel_key_fini(t->panel, &t->keys[i]);
	free(t->keys);
	free(t->pool);
	maker_destroy(t->maker);
	free(t);
}

// ---- one trial ----

static void bit_turn(struct maker_stream *r, uint8_t *octets, size_t from, size_t to)
{
	size_t bit = 8 * from + maker_below(r, (unsigned)(8 * (to - from)));

	octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
}

static bool key_spoil(struct trials *t, struct trial *x, struct maker_stream *r, unsigned key)
{
	const struct maker_key *from = maker_key_get(t->maker, key);
	uint8_t octets[MAKER_PUBLIC];

	memcpy(octets, from->public_key, from->public_len);
	bit_turn(r, octets, 0, from->public_len);
	x->is_temp = panel_key_init(t->panel, &x->temp, t->params.maker.alg, octets,
		from->public_len, maker_below(r, 2) == 0);
	x->job.key = &x->temp;
	return x->is_temp;
}

static bool padding_spoil(struct trials *t, struct trial *x, struct maker_stream *r, unsigned key)
{
	uint8_t block[MAKER_SIGNATURE];

	maker_block(t->params.maker.alg, x->s.data, block, x->s.signature_len);
	// The first octet stays zero: what is signed must be less than the modulus.
	bit_turn(r, block, 1, x->s.signature_len - x->s.data_len);
	return maker_sign_block(t->maker, key, block, &x->s);
}

static bool spoil(struct trials *t, struct trial *x, struct maker_stream *r, unsigned key)
{
	struct maker_signature *s = &x->s;
	size_t half = s->signature_len / 2;

	switch (x->kind) {
	case RIGHT:
	case KINDS:
		break;
	case KEY_BIT:
		return key_spoil(t, x, r, key);
	case KEY_OTHER:
		x->job.key =
			&t->keys[(key + 1 + maker_below(r, t->params.keys - 1)) % t->params.keys];
		break;
	case DATA_BIT:
		bit_turn(r, s->data, 0, s->data_len);
		break;
	case FIRST_HALF_BIT:
		bit_turn(r, s->signature, 0, half);
		break;
	case SECOND_HALF_BIT:
		bit_turn(r, s->signature, half, s->signature_len);
		break;
	case SHORT:
		s->signature_len -= 1;
		if (maker_below(r, 2) == 0)
			memmove(s->signature, s->signature + 1, s->signature_len);
		break;
	case LONG:
		if (maker_below(r, 2) == 0) {
			memmove(s->signature + 1, s->signature, s->signature_len);
			s->signature[0] = 0;
		} else {
			s->signature[s->signature_len] = (uint8_t)maker_next(r);
		}
		s->signature_len += 1;
		break;
	case DATA_LENGTH:
		s->data_len = (uint16_t)(s->data_len - 1 + 2 * maker_below(r, 2));
		break;
	case RANDOM:
		maker_fill(r, s->signature, s->signature_len);
		break;
	case OTHER_S:
		return maker_other_s(t->maker, s);
	case PADDING:
		return padding_spoil(t, x, r, key);
	case ZERO:
		memset(s->data, 0, s->data_len);
		return maker_sign_data(t->maker, key, maker_next(r), s);
	}
	return true;
}

static enum kind kind_choose(const struct trials *t, struct maker_stream *r, bool dear)
{
	bool rsa = t->params.maker.alg <= WV_ALG_RSASHA512;
	enum kind kind;

	if (maker_below(r, 4) == 0)
		return RIGHT;
	do {
		kind = (enum kind)(1 + maker_below(r, KINDS - 1));
	} while ((kind == OTHER_S && rsa) || (kind == PADDING && !(rsa && dear))
		|| ((kind == KEY_BIT || kind == ZERO) && !dear));
	return kind;
}

static bool trial_make(struct trials *t, struct trial *x, struct maker_stream *r, bool dear)
{
	const struct pooled *from = &t->pool[maker_below(r, t->params.pool)];
	bool ok;

	x->s.data_len = from->s.data_len;
	x->s.signature_len = from->s.signature_len;
	memcpy(x->s.data, from->s.data, from->s.data_len);
	x->s.data[from->s.data_len] = 0;
	memcpy(x->s.signature, from->s.signature, from->s.signature_len);
	x->kind = kind_choose(t, r, dear);
	x->is_temp = false;
	x->job.key = &t->keys[from->key];
	ok = spoil(t, x, r, from->key);
	x->job.data = x->s.data;
	x->job.data_len = x->s.data_len;
	x->job.signature = x->s.signature;
	x->job.signature_len = x->s.signature_len;
	x->good = x->kind == RIGHT || x->kind == ZERO
		|| (x->kind == OTHER_S
			&& (t->params.maker.alg == WV_ALG_P256
				|| t->params.maker.alg == WV_ALG_P384));
	return ok;
}

// ---- a block ----

static void hex_print(FILE *out, const char *name, const uint8_t *octets, size_t len)
{
	fprintf(out, "  %s ", name);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%02x", octets[i]);
	fputc('\n', out);
}

static void wrong_print(FILE *out, const struct trials *t, const struct trial *x, uint64_t block,
	unsigned lane, unsigned n, unsigned answer)
{
	fprintf(out, "%s: %s, seed %llu block %llu, %s: want %s, got %u, at %u of %u, %s table\n",
		t->panel->driver[t->params.driver]->name, wv_verify_alg_name(t->params.maker.alg),
		(unsigned long long)t->params.maker.seed, (unsigned long long)block,
		kind_names[x->kind], x->good ? "right" : "wrong", answer, lane, n,
		atomic_load(&x->job.key->key.table) != NULL ? "with" : "without");
	hex_print(out, "key", x->job.key->key.public_key, x->job.key->key.public_len);
	hex_print(out, "data", x->job.data, x->job.data_len);
	hex_print(out, "signature", x->job.signature, x->job.signature_len);
}

static void answer_judge(struct trials *t, const struct trial *x, enum wv_verify_answer answer,
	bool is_full, bool ask, struct trials_counts *c)
{
	bool undecided = answer == WV_VERIFY_PASSED_ON || answer == WV_VERIFY_EXCEPTION;

	c->passed_on += answer == WV_VERIFY_PASSED_ON;
	c->full_passed_on += answer == WV_VERIFY_PASSED_ON && is_full;
	c->exceptions += answer == WV_VERIFY_EXCEPTION;
	c->full += is_full;
	c->zeros += x->kind == ZERO;
	c->good += x->good;
	c->bad += !x->good;
	// Where the reference says otherwise, it is wrong itself, or how the trial was made.
	c->wrong += (!undecided && answer != (x->good ? WV_VERIFY_GOOD : WV_VERIFY_BAD))
		|| (ask && panel_reference_run(t->panel, &x->job) != x->good);
	c->asked += ask;
}

// Runs jobs of a list that are at most a batch.
static void group_run(struct trials *t, struct trial *const list[], unsigned n, unsigned sample,
	uint64_t block, struct maker_stream *r, struct trials_counts *c, FILE *out)
{
	enum wv_verify_answer answers[WV_VERIFY_MAX];

	for (unsigned i = 0; i < n; i++)
		t->jobs[i] = list[i]->job;
	panel_run(t->panel, t->params.driver, t->jobs, n, answers);
	for (unsigned i = 0; i < n; i++) {
		uint64_t before = c->wrong;
		bool ask = sample == 1 || maker_below(r, sample) == 0;

		answer_judge(t, list[i], answers[i], n >= t->group, ask, c);
		if (c->wrong > before)
			wrong_print(out, t, list[i], block, i, n, answers[i]);
	}
}

static void tables_show(struct trials *t, struct maker_stream *r)
{
	for (unsigned i = 0; i < t->params.keys; i++)
		panel_key_show(&t->keys[i], t->params.driver, maker_below(r, WV_VERIFY_TABLES + 1));
}

// Trials with a key that is one; the others are done when all drivers refused it.
static unsigned runnable(struct trials *t, struct trial *list[], struct maker_stream *r,
	struct trials_counts *c, FILE *out)
{
	unsigned n = 0;

	for (unsigned i = 0; i < TRIALS_BLOCK; i++) {
		struct trial *x = &t->trial[i];
		bool taken = x->job.key->accepted[panel_reference(t->panel)];

		if (x->is_temp && !panel_key_agreed(t->panel, x->job.key)) {
			fprintf(out, "%s: %s: %s this key, the reference does not\n",
				t->panel->driver[t->params.driver]->name,
				wv_verify_alg_name(t->params.maker.alg),
				taken ? "refuses" : "takes");
			hex_print(
				out, "key", x->job.key->key.public_key, x->job.key->key.public_len);
			c->wrong++;
			continue;
		}
		if (!taken) {
			c->refused++;
			continue;
		}
		if (x->is_temp)
			panel_key_show(
				x->job.key, t->params.driver, maker_below(r, WV_VERIFY_TABLES + 1));
		list[n++] = x;
	}
	return n;
}

int trials_run(struct trials *t, uint64_t block, struct trials_counts *counts, FILE *out,
	struct wv_err *err)
{
	struct trial *list[TRIALS_BLOCK];
	bool in_turn = t->params.every_size || block % 8 == 0;
	bool dear = t->params.every_kind || block % 16 == 0, ok;
	uint64_t turn = t->params.every_size ? block : block / 8;
	unsigned size = in_turn ? 1 + (unsigned)(turn % t->limit) : t->group, n;
	struct maker_stream r;

	maker_stream_init(&r, t->params.maker.seed, 'b', block, 0);
	ok = pool_reach(t, (block + 1) * t->params.fresh);
	for (unsigned i = 0; i < TRIALS_BLOCK; i++)
		ok = trial_make(t, &t->trial[i], &r, dear) && ok;
	if (ok) {
		tables_show(t, &r);
		n = runnable(t, list, &r, counts, out);
		for (unsigned i = 0; i < n; i += size)
			group_run(t, list + i, n - i < size ? n - i : size, t->params.sample, block,
				&r, counts, out);
		counts->trials += TRIALS_BLOCK;
	}
	for (unsigned i = 0; i < TRIALS_BLOCK; i++) {
		if (t->trial[i].is_temp)
			panel_key_fini(t->panel, &t->trial[i].temp);
	}
	return ok ? 0
		  : wv_fail(err, ENOMEM, "block %llu of trials cannot be made",
			  (unsigned long long)block);
}

int trials_one_among(struct trials *t, struct trials_counts *counts, FILE *out, struct wv_err *err)
{
	struct trial *list[TRIALS_BLOCK];
	unsigned n = t->group;
	struct maker_stream r;

	maker_stream_init(&r, t->params.maker.seed, 'o', 0, 0);
	for (unsigned i = 0; i < 2 * n; i++) {
		tables_show(t, &r);
		for (unsigned k = 0; k < n; k++) {
			struct trial *x = &t->trial[k];
			bool one = k == i / 2;

			do {
				if (!trial_make(t, x, &r, false))
					return wv_fail(err, ENOMEM, "a trial cannot be made");
			} while (x->good != (one == (i % 2 == 0)));
			list[k] = x;
		}
		group_run(t, list, n, 16 * t->params.sample, i, &r, counts, out);
		counts->trials += n;
	}
	return 0;
}
