// Parts that the messages of all mixes are made of.
#ifndef ANSWERS_H
#define ANSWERS_H

#include "mix.h"

// The question of a message: its name, and pointers to the zone's in it and to the parent zone's.
struct asked {
	uint8_t name[WV_NAME_MAX];
	uint8_t len;
	uint16_t zone, parent;
};

// Header and question: for a label below a zone, or the zone itself (NULL).
void answer_ask(struct answer *a, struct asked *q, const struct zone *z, const char *label,
	uint16_t type, uint16_t flags);

void answer_rrsig(struct answer *a, unsigned section, uint16_t owner, uint32_t ttl,
	const uint8_t *rdata, size_t len);

// The signature over an RRset. False: no memory.
bool answer_sign(struct traffic *t, struct answer *a, unsigned section, uint16_t owner,
	const struct signed_set *set);

// All keys of a zone, and their signature.
bool answer_keys(struct traffic *t, struct answer *a, struct zone *z, uint32_t ttl);

#endif
