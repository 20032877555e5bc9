/**
 * @file
 * Message digests by OpenSSL, one at a time, on every CPU; the reference for the other drivers.
 *
 * Units      octets
 * Ownership  nothing is kept; nothing is allocated
 * Threads    any; there is no state
 * Errors     none
 */
#ifndef WV_HASH_OPENSSL_H
#define WV_HASH_OPENSSL_H

#include "wv_digest_driver.h"

extern const struct wv_digest_driver wv_hash_openssl;

#endif
