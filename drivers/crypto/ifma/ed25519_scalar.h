/**
 * @file
 * Eight lanes of scalars modulo the order of the base point, L (RFC 8032 5.1), and their digits.
 *
 * Digits are signed: window bits each, from -half to half - 1, where half is 2^(window - 1); the
 * highest is not, and holds what is left of 252 bits. They are found without carries: half is added
 * to all lower digits beforehand, then taken from each as it comes.
 */
#ifndef ED25519_SCALAR_H
#define ED25519_SCALAR_H

#include "ed25519_field.h"

#define ED25519_DIGITS_MOST 51 // of the least window

// Four words of 64 bits of each lane, lowest first.
struct scalar8 {
	__m512i word[4];
};

/*
 * A window and its digits. The highest one counts 2^top: as L is hardly more than 2^252, and half of
 * less than 2^top more changes nothing, it is at most 2^(252 - top).
 */
struct ed25519_window {
	unsigned bits;
	unsigned digits;
	unsigned top_most; // of the highest digit
	uint64_t bias[4];  // half of each lower digit
};

// Of `bits` from 5 to 12.
struct ed25519_window wv_ifma_ed25519_window(unsigned bits);

// Points of a row of a table: those of the highest digit's row are top_most.
static inline unsigned ed25519_window_half(const struct ed25519_window *w)
{
	return 1u << (w->bits - 1);
}

static inline unsigned ed25519_window_points(const struct ed25519_window *w)
{
	return (w->digits - 1) * ed25519_window_half(w) + w->top_most;
}

// Eight words of 64 bits, lowest first, modulo L.
struct scalar8 wv_ifma_ed25519_modulo(const __m512i h[8]);

// Which are below L?
__mmask8 wv_ifma_ed25519_is_below(const struct scalar8 *s);

#endif
