/**
 * @file
 * Every driver of signature checks that this CPU can run, held against the reference, the last.
 *
 * Keys, data, signatures and tables that a driver sees end at a page behind which none is: a read too
 * far ends the program.
 *
 * Units      octets
 * Ownership  keys are the caller's memory; what a panel hangs on them goes with panel_key_fini()
 * Threads    one, after wv_app_drivers_init("auto") and wv_app_thread_init()
 * Errors     -errno with words, NULL for want of memory
 */
#ifndef PANEL_H
#define PANEL_H

#include "wv_verify.h"

// A block of exactly `len` octets, whose first is at a multiple of `align`, a power of two up to a page.
struct guarded {
	uint8_t *octets;
	void *map;
	size_t map_len;
};

struct panel {
	const struct wv_verify_driver *driver[WV_VERIFY_DRIVERS];
	unsigned slot[WV_VERIFY_DRIVERS]; // of each in the list of wv_verify_init()
	unsigned n;                       // the last is the reference
	struct guarded data[WV_VERIFY_MAX], signature[WV_VERIFY_MAX];
};

#define PANEL_ROOM 4096 // octets of data, and of a signature, that are copied to the end of a page

/**
 * @param drivers  as wv_verify_init() was given them
 * @param only     this one alone, beside the reference; NULL: all that this CPU can run
 */
int panel_open(struct panel *p, const struct wv_verify_driver *const drivers[], unsigned n,
	const char *only, struct wv_err *err);
void panel_close(struct panel *p);

static inline unsigned panel_reference(const struct panel *p)
{
	return p->n - 1;
}

static inline bool panel_has(const struct panel *p, unsigned d, enum wv_alg alg)
{
	return p->driver[d]->algo[alg].run != NULL;
}

// A key as all drivers see it.
struct panel_key {
	struct wv_verify_key key;
	struct guarded octets;
	bool chosen_has;                                           // wv_verify_key_init() took it
	bool accepted[WV_VERIFY_DRIVERS];                          // by place in the panel
	struct guarded table[WV_VERIFY_DRIVERS][WV_VERIFY_TABLES]; // octets NULL: none
};

/**
 * Prepare a key.
 * @param tables  build those of every size that a driver has
 * @return false for want of memory alone: accepted[] says who takes the key
 */
bool panel_key_init(struct panel *p, struct panel_key *k, enum wv_alg alg,
	const uint8_t *public_key, size_t len, bool tables);
void panel_key_fini(struct panel *p, struct panel_key *k);

// Do all drivers say of this key what the reference says?
bool panel_key_agreed(const struct panel *p, const struct panel_key *k);

// The table that the key shows to driver `d` from now on; WV_VERIFY_TABLES, or one it has not: none.
void panel_key_show(struct panel_key *k, unsigned d, unsigned size);

struct panel_job {
	struct panel_key *key; // accepted by the driver that runs it, and by the reference
	const uint8_t *data, *signature;
	uint32_t data_len;
	uint16_t signature_len;
};

/**
 * What driver `d` says of n <= WV_VERIFY_MAX jobs of one algorithm, from copies at the end of pages.
 */
void panel_run(struct panel *p, unsigned d, const struct panel_job jobs[], unsigned n,
	enum wv_verify_answer answers[]);

// The reference's answer to one job.
bool panel_reference_run(struct panel *p, const struct panel_job *job);

#endif
