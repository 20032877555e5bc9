/**
 * @file
 * Signature checks by OpenSSL, one at a time, for every algorithm; the reference for the others.
 *
 * A key becomes an EVP_PKEY once. What OpenSSL needs beside it to check a signature, a context
 * bound to that key, is kept by each thread for the keys that it used last: making one takes up to
 * half the time of an RSA check, and locks that all threads share.
 *
 * Units      octets
 * Ownership  a context holds its key: an EVP_PKEY outlives key_fini until the threads that used
 *            it have used WV_CRYPTO_OPENSSL_KEPT others, or ended
 * Threads    thread_init and thread_fini in pairs, also nested; all else between them
 * Errors     thread_init: -ENOMEM with words; OpenSSL's own error queue is left empty
 */
#ifndef WV_CRYPTO_OPENSSL_H
#define WV_CRYPTO_OPENSSL_H

#include "wv_verify_driver.h"

#define WV_CRYPTO_OPENSSL_KEPT 1024 // contexts kept by a thread; up to 1000 octets each

extern const struct wv_verify_driver wv_crypto_openssl;

#endif
