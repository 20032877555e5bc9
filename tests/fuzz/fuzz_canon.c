#include <stdlib.h>
#include <string.h>

#include "wv_canon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wv_message message;
static uint8_t out[WV_CANON_MAX];

static void want(bool holds)
{
	if (!holds)
		abort();
}

static bool all_are_canonical(const struct wv_rrset *set)
{
	static uint8_t one[UINT16_MAX + 1000];
	bool all = true, ok;

	wv_foreach_rr(&message, set, rr) {
		size_t n = wv_canon_rdata(&message, rr, one, sizeof(one), &ok);

		want(n <= UINT16_MAX && (ok || n == 0));
		all &= ok;
	}
	return all;
}

// The records are of one owner, in order, each once, and fill the data.
static void check_records(struct wv_wire *w, const struct wv_rrset *set, const struct wv_rrsig *sig)
{
	const uint8_t *owner = w->pos, *last = NULL;
	uint16_t last_len = 0;
	unsigned n = 0;

	for (; wv_wire_left(w) > 0; n++) {
		struct wv_name name;
		const uint8_t *packed = wv_wire_name(w), *data;
		uint16_t len;

		want(packed != NULL);
		wv_name_unpack(&name, w->base, packed);
		want(w->pos == packed + name.len && memcmp(packed, name.octets, name.len) == 0);
		want(memcmp(packed, owner, name.len) == 0);
		want(name.labels - (name.octets[0] == 1 && name.octets[1] == '*') == sig->labels);
		want(wv_wire_u16(w) == set->type && wv_wire_u16(w) == set->class);
		want(wv_wire_u32(w) == sig->original_ttl);
		len = wv_wire_u16(w);
		data = wv_wire_take(w, len);
		want(data != NULL);
		if (last != NULL) {
			int order = memcmp(last, data, last_len < len ? last_len : len);

			want(order < 0 || (order == 0 && last_len < len));
		}
		last = data;
		last_len = len;
	}
	want(n > 0 && n <= set->n);
}

static void check_signed_data(const struct wv_rrset *set, const struct wv_rrsig *sig)
{
	struct wv_name owner, signer;
	struct wv_wire w;
	size_t len;
	uint8_t *exact;

	wv_name_unpack(&owner, message.base, message.base + set->owner);
	wv_name_unpack(&signer, message.base, message.base + sig->signer);
	len = wv_canon_signed_data(&message, set, sig, &owner, out, sizeof(out));
	want((len > 0)
		== (set->n > 0 && all_are_canonical(set)
			&& sig->labels + (owner.octets[0] == 1 && owner.octets[1] == '*')
				<= owner.labels));
	if (len == 0)
		return;
	w = wv_wire_open(out, len);
	want(wv_wire_u16(&w) == sig->covered && wv_wire_take(&w, 16) != NULL);
	want(memcmp(wv_wire_take(&w, signer.len), signer.octets, signer.len) == 0);
	// As a message of its own, in which no pointer can be.
	w = wv_wire_open(w.pos, wv_wire_left(&w));
	check_records(&w, set, sig);

	exact = malloc(len);
	want(exact != NULL);
	if (wv_canon_signed_data(&message, set, sig, &owner, exact, len) != 0)
		want(memcmp(exact, out, len) == 0);
	want(wv_canon_signed_data(&message, set, sig, &owner, exact, len - 1) == 0);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)wv_canon_key_tag(data, size);
	if (size > UINT16_MAX || wv_message_parse(&message, data, size, 7) != WV_MESSAGE_OK)
		return 0;
	for (unsigned i = 0; i < message.n_rrsets; i++) {
		struct wv_rrsig sig;

		wv_foreach_sig(&message, &message.rrsets[i], rr)
		{
			if (wv_message_rrsig(&message, rr, &sig))
				check_signed_data(&message.rrsets[i], &sig);
		}
	}
	return 0;
}
