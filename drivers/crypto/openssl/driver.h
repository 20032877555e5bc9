/**
 * @file
 * What the sources of this driver share.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <openssl/bn.h>
#include <openssl/evp.h>

#include "wv_crypto_openssl.h"

#define OPENSSL_WAYS 4
#define OPENSSL_SETS (WV_CRYPTO_OPENSSL_KEPT / OPENSSL_WAYS)

// A context of one key. It holds a reference, so that while it lives no other key has this address.
struct openssl_kept {
	const EVP_PKEY *key;  // NULL: free
	EVP_PKEY_CTX *digest; // RSA, ECDSA: checks a digest
	EVP_MD_CTX *message;  // EdDSA: checks a message
};

// A curve of EdDSA: y is on it where (y^2 - 1) / (d y^2 + c) is a square.
struct openssl_edwards {
	BIGNUM *p, *d;
	int c;
	size_t len;
	bool strict; // OpenSSL refuses y >= p
};

// What a thread keeps between two calls.
struct openssl_thread {
	unsigned users; // thread_init less thread_fini
	BN_CTX *bn;
	EVP_PKEY_CTX *maker[WV_ALG_COUNT];            // RSA, EdDSA: make a key from its parts
	EVP_PKEY *empty[WV_ALG_COUNT];                // ECDSA: the curve, without a key
	struct openssl_edwards edwards[WV_ALG_COUNT]; // EdDSA
	struct openssl_kept kept[OPENSSL_SETS][OPENSSL_WAYS];
};

// The calling thread's; NULL before thread_init.
extern _Thread_local struct openssl_thread *wv_openssl_thread;

// Keys; prepared[slot] is an EVP_PKEY.
bool wv_openssl_rsa_key(struct wv_verify_key *key, unsigned slot);
bool wv_openssl_ecdsa_key(struct wv_verify_key *key, unsigned slot);
bool wv_openssl_eddsa_key(struct wv_verify_key *key, unsigned slot);
void wv_openssl_key_free(struct wv_verify_key *key, unsigned slot);

// Checks.
void wv_openssl_rsa_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[]);
void wv_openssl_ecdsa_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[]);
void wv_openssl_eddsa_run(const struct wv_verify_job jobs[], unsigned n, unsigned slot,
	enum wv_verify_answer answers[]);

// Octets of the digest that a signature of RSA or ECDSA signs.
uint32_t wv_openssl_digest_len(enum wv_alg alg);

// Free the contexts that a thread kept.
void wv_openssl_kept_fini(struct openssl_thread *thread);

#endif
