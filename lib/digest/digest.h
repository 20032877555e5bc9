/**
 * @file
 * What the sources of this library share.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include "wv_digest.h"

// Does a driver give the known answers of a hash, wherever in a batch a message lies?
bool wv_digest_self_test(const struct wv_digest_driver *d, enum wv_hash hash);

// Does `nsec3` give the known hashes, whatever the number of names?
bool wv_digest_self_test_nsec3(wv_digest_nsec3_fn nsec3);

// The driver of NSEC3 hashes; NULL: they are done by batches.
const struct wv_digest_driver *wv_digest_nsec3_driver(void);

#endif
