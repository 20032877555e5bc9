/**
 * @file
 * Signature checks eight at a time, by AVX-512 IFMA (multiply-add of 52-bit integers).
 *
 * Every kernel agrees with OpenSSL on every input; what it cannot decide, it passes on. README.md in
 * this folder says how fast it is, and how that was reached.
 *
 * Units      octets
 * Ownership  keys: nothing beside their tables, which are lib/verify's
 * Threads    any that have room: a run takes up to 120 KiB of stack, and the two curves of ECDSA keep
 *            a megabyte of scratch for each thread, touched where they are used
 * Errors     init: none; `usable` says whether this CPU has what the kernels need
 */
#ifndef WV_CRYPTO_IFMA_H
#define WV_CRYPTO_IFMA_H

#include "wv_verify_driver.h"

extern const struct wv_verify_driver wv_crypto_ifma;

#endif
