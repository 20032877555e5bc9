/**
 * @file
 * Memory for OpenSSL that costs a thread no malloc: an arena for each thread that asks for one.
 *
 * OpenSSL 3.0 allocates 12 times to check an RSA signature, 36 times for P-256 and 226 times for
 * P-384. On a thread with an arena these come from its free lists, one for each size class, without
 * a lock or a system call. What another thread frees goes back to the owner over an atomic stack.
 *
 * Order: wv_openssl_pool_install() before anything else calls OpenSSL. On each worker first
 * wv_openssl_pool_thread_init(), then the thread_init of libraries that use OpenSSL; at the end
 * theirs first, then wv_openssl_pool_thread_fini(). What OpenSSL keeps for a thread is freed there,
 * or when the thread exits: both may happen, for an arena's memory is never given back to
 * the system. It waits for the next thread that wants one of its size, unless more than half of it
 * went to blocks of which some are still in use.
 *
 * A thread that makes keys for others to use, and many of them, does without an arena.
 *
 * Units      octets
 * Ownership  arenas belong to the pool, for the life of the process
 * Threads    install: before other threads; thread_init and _fini: each thread for itself;
 *            memory may be freed on any thread. Threads without an arena use malloc
 * Errors     < 0 with words; an arena that is full falls back on malloc and counts it
 */
#ifndef WV_OPENSSL_POOL_H
#define WV_OPENSSL_POOL_H

#include "wv_base.h"

// Twice what WV_CRYPTO_OPENSSL_KEPT contexts need when those of RSA, ECDSA and EdDSA follow each other.
#define WV_OPENSSL_POOL_OCTETS (4u << 20)

/**
 * Hand the pool to OpenSSL.
 * @return 0, also if it has it already; -EBUSY: OpenSSL has allocated memory before
 */
int wv_openssl_pool_install(struct wv_err *err);

/**
 * Give the calling thread an arena. All of its pages are touched.
 * @param octets  65536 to 2^30
 * @return 0; -EINVAL: not in that range, or the pool is not installed; -EALREADY: this thread has one; -ENOMEM
 */
int wv_openssl_pool_thread_init(size_t octets, struct wv_err *err);

// Free what OpenSSL keeps for the calling thread and take its arena back; from here on it uses malloc.
void wv_openssl_pool_thread_fini(void);

// Is there a pool, and does the calling thread make do without it?
bool wv_openssl_pool_is_foreign(void);

// Allocations of threads with an arena that went to malloc, since start, of all threads.
uint64_t wv_openssl_pool_overflows(void);

// Octets of the calling thread's arena that were ever handed out, by this thread or those that had it
// before: it never shrinks. 0: no arena.
size_t wv_openssl_pool_used(void);

// Octets of all arenas.
size_t wv_openssl_pool_memory(void);

#endif
