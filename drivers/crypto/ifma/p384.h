// ECDSA P-384: what stands in the driver's row. See wv_verify_driver.h.
#ifndef WV_IFMA_P384_H
#define WV_IFMA_P384_H

#include "wv_verify_driver.h"

// Makes the table of the base point; once, before the rest.
bool wv_ifma_p384_init(void);
bool wv_ifma_p384_key_init(struct wv_verify_key *key, unsigned slot);
void wv_ifma_p384_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[]);
size_t wv_ifma_p384_table_octets(const struct wv_verify_key *key, enum wv_verify_table size);
void wv_ifma_p384_table_build(
	const struct wv_verify_key *key, enum wv_verify_table size, void *table);

#endif
