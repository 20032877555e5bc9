#include "panel.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096u

static bool guarded_open(struct guarded *g, size_t len, size_t align)
{
	size_t pages = (len + PAGE - 1) / PAGE + 1;

	// Where the length is no multiple of it, the guard begins some octets later.
	len = (len + align - 1) / align * align;
	g->map_len = pages * PAGE;
	g->map = mmap(NULL, g->map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (g->map == MAP_FAILED
		|| mprotect((uint8_t *)g->map + g->map_len - PAGE, PAGE, PROT_NONE)) {
		if (g->map != MAP_FAILED)
			munmap(g->map, g->map_len);
		*g = (struct guarded){0};
		return false;
	}
	g->octets = (uint8_t *)g->map + g->map_len - PAGE - len;
	return true;
}

static void guarded_close(struct guarded *g)
{
	if (g->map != NULL)
		munmap(g->map, g->map_len);
	*g = (struct guarded){0};
}

void panel_close(struct panel *p)
{
	for (unsigned i = 0; i < WV_VERIFY_MAX; i++) {
		guarded_close(&p->data[i]);
		guarded_close(&p->signature[i]);
	}
	while (p->n-- > 0) {
		if (p->driver[p->n]->thread_fini != NULL)
			p->driver[p->n]->thread_fini();
	}
}

int panel_open(struct panel *p, const struct wv_verify_driver *const drivers[], unsigned n,
	const char *only, struct wv_err *err)
{
	memset(p, 0, sizeof(*p));
	for (unsigned i = 0; i < n; i++) {
		const struct wv_verify_driver *d = drivers[i];
		int rc = 0;

		if ((d->usable != NULL && !d->usable())
			|| (only != NULL && i < n - 1 && strcmp(d->name, only) != 0))
			continue;
		if (d->thread_init != NULL)
			rc = d->thread_init(err);
		if (rc < 0) {
			panel_close(p);
			return rc;
		}
		p->driver[p->n] = d;
		p->slot[p->n++] = i;
	}
	for (unsigned i = 0; i < WV_VERIFY_MAX; i++) {
		if (!guarded_open(&p->data[i], PANEL_ROOM, 1)
			|| !guarded_open(&p->signature[i], PANEL_ROOM, 1)) {
			panel_close(p);
			return wv_fail(err, ENOMEM, "no memory for %u jobs", WV_VERIFY_MAX);
		}
	}
	return 0;
}

// Is it worth asking a driver about? Else wv_verify_key_init() has not filled the key.
static bool is_readable(enum wv_alg alg, const uint8_t *public_key, size_t len)
{
	static const uint8_t wanted[WV_ALG_COUNT] = {
		[WV_ALG_P256] = 64,
		[WV_ALG_P384] = 96,
		[WV_ALG_ED25519] = 32,
		[WV_ALG_ED448] = 57,
	};
	struct wv_verify_rsa rsa;

	if (wanted[alg] > 0)
		return len == wanted[alg];
	return len <= UINT16_MAX && wv_verify_rsa_read(&rsa, public_key, len);
}

// The driver that wv_verify_key_init() asks has prepared its part.
static bool is_chosen(const struct panel *p, unsigned d, enum wv_alg alg)
{
	return strcmp(p->driver[d]->name, wv_verify_driver_name(alg)) == 0;
}

static bool tables_build(struct panel *p, struct panel_key *k, unsigned d)
{
	const struct wv_verify_algorithm *algo = &p->driver[d]->algo[k->key.alg];

	for (unsigned t = 0; algo->table_octets != NULL && t < WV_VERIFY_TABLES; t++) {
		size_t octets = algo->table_octets(&k->key, (enum wv_verify_table)t);

		if (octets == 0)
			continue;
		if (!guarded_open(&k->table[d][t], octets, 64))
			return false;
		algo->table_build(&k->key, (enum wv_verify_table)t, k->table[d][t].octets);
	}
	return true;
}

bool panel_key_init(struct panel *p, struct panel_key *k, enum wv_alg alg,
	const uint8_t *public_key, size_t len, bool tables)
{
	memset(k, 0, sizeof(*k));
	if (!guarded_open(&k->octets, len, 1))
		return false;
	if (len > 0)
		memcpy(k->octets.octets, public_key, len);
	k->chosen_has = wv_verify_key_init(&k->key, alg, k->octets.octets, len);
	k->key.alg = alg; // where it was not even read
	if (!is_readable(alg, k->octets.octets, len))
		return true;
	for (unsigned d = 0; d < p->n; d++) {
		if (!panel_has(p, d, alg))
			continue;
		k->accepted[d] = is_chosen(p, d, alg)
			? k->chosen_has
			: p->driver[d]->algo[alg].key_init(&k->key, p->slot[d]);
		if (tables && k->accepted[d] && !tables_build(p, k, d)) {
			panel_key_fini(p, k);
			return false;
		}
	}
	return true;
}

void panel_key_fini(struct panel *p, struct panel_key *k)
{
	enum wv_alg alg = k->key.alg;

	atomic_store(&k->key.table, NULL);
	for (unsigned d = 0; d < p->n; d++) {
		const struct wv_verify_algorithm *algo = &p->driver[d]->algo[alg];

		for (unsigned t = 0; t < WV_VERIFY_TABLES; t++)
			guarded_close(&k->table[d][t]);
		if (!k->accepted[d] || is_chosen(p, d, alg))
			continue;
		if (algo->key_fini != NULL && atomic_load(&k->key.prepared[p->slot[d]]) != NULL)
			algo->key_fini(&k->key, p->slot[d]);
		atomic_store(&k->key.prepared[p->slot[d]], NULL);
	}
	if (k->chosen_has)
		wv_verify_key_fini(&k->key);
	guarded_close(&k->octets);
}

bool panel_key_agreed(const struct panel *p, const struct panel_key *k)
{
	for (unsigned d = 0; d < p->n; d++) {
		if (panel_has(p, d, k->key.alg)
			&& k->accepted[d] != k->accepted[panel_reference(p)])
			return false;
	}
	return true;
}

void panel_key_show(struct panel_key *k, unsigned d, unsigned size)
{
	atomic_store_explicit(&k->key.table,
		size < WV_VERIFY_TABLES ? k->table[d][size].octets : NULL, memory_order_release);
}

static const uint8_t *at_end(const struct guarded *g, const uint8_t *octets, size_t len)
{
	uint8_t *at;

	if (len > PANEL_ROOM)
		return octets;
	at = g->octets + PANEL_ROOM - len;
	if (len > 0)
		memcpy(at, octets, len);
	return at;
}

void panel_run(struct panel *p, unsigned d, const struct panel_job jobs[], unsigned n,
	enum wv_verify_answer answers[])
{
	struct wv_verify_job list[WV_VERIFY_MAX];

	assert(n > 0 && n <= WV_VERIFY_MAX);
	for (unsigned i = 0; i < n; i++) {
		const struct panel_job *j = &jobs[i];

		list[i] = (struct wv_verify_job){
			.key = &j->key->key,
			.data = at_end(&p->data[i], j->data, j->data_len),
			.data_len = j->data_len,
			.signature = at_end(&p->signature[i], j->signature, j->signature_len),
			.signature_len = j->signature_len,
		};
		answers[i] = (enum wv_verify_answer)99; // must not stay
	}
	p->driver[d]->algo[jobs[0].key->key.alg].run(list, n, p->slot[d], answers);
}

bool panel_reference_run(struct panel *p, const struct panel_job *job)
{
	enum wv_verify_answer answer;

	panel_run(p, panel_reference(p), job, 1, &answer);
	return answer == WV_VERIFY_GOOD;
}
