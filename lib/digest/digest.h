/**
 * @file
 * What the sources of this library share.
 */
#ifndef DIGEST_H
#define DIGEST_H

#include "wv_digest.h"

// Does `run` give the known answers of a hash, wherever in a batch a message lies?
bool wv_digest_self_test(wv_digest_run_fn run, enum wv_hash hash);

#endif
