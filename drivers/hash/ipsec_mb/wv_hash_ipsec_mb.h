/**
 * @file
 * Message digests by Intel's Multi-Buffer Crypto library, up to sixteen at once.
 *
 * Each thread has a manager of its own, with 256 jobs and the lanes.
 */
#ifndef WV_HASH_IPSEC_MB_H
#define WV_HASH_IPSEC_MB_H

#include "wv_digest_driver.h"

extern const struct wv_digest_driver wv_hash_ipsec_mb;

#endif
