#include <stdlib.h>
#include <string.h>

#include "wv_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wv_message message, other;
static uint16_t rrset_of[WV_MESSAGE_RRS]; // index of the RRset that a record is in

static void want(bool holds)
{
	if (!holds)
		abort();
}

static void check_rrsig(const struct wv_rr *rr)
{
	struct wv_rrsig sig;
	struct wv_name signer, again;
	size_t after = wv_message_rdata_name(&message, rr, 18, &again);
	bool is_read = wv_message_rrsig(&message, rr, &sig);

	want(is_read == (after != 0));
	if (!is_read)
		return;
	want(sig.signer == rr->rdata + 18 && sig.signature == rr->rdata + after);
	want(sig.signature + sig.signature_len == rr->rdata + rr->rdlen);
	wv_name_unpack(&signer, message.base, message.base + sig.signer);
	want(wv_name_equal(&signer, &again));
}

static void check_record(const struct wv_rrset *set, const struct wv_rr *rr)
{
	size_t i = (size_t)(rr - message.rrs);

	want(i < message.n_rrs && rrset_of[i] == WV_MESSAGE_NOTHING);
	want(i >= message.section_rr[set->section] && i < message.section_rr[set->section + 1]);
	want(rr->class == set->class);
	want(wv_name_packed_equal(
		message.base, message.base + rr->owner, message.base + set->owner));
	rrset_of[i] = (uint16_t)(set - message.rrsets);
}

static void check_rrset(const struct wv_rrset *set)
{
	unsigned n = 0, n_sigs = 0;
	struct wv_name owner;

	wv_name_unpack(&owner, message.base, message.base + set->owner);
	want(set->owner_hash == wv_name_hash(&owner, message.seed));
	want(set->type != WV_TYPE_RRSIG && set->type != WV_TYPE_OPT && set->type != WV_TYPE_TSIG);
	if (set->class == WV_CLASS_IN)
		want(wv_message_find(&message, set->section, &owner, set->type)
			== (set->n > 0 ? set : NULL));
	wv_foreach_rr(&message, set, rr) {
		struct wv_name name;

		want(rr->type == set->type);
		check_record(set, rr);
		want(wv_message_rdata_name(&message, rr, n, &name) <= rr->rdlen);
		n++;
	}
	wv_foreach_sig(&message, set, rr)
	{
		want(rr->type == WV_TYPE_RRSIG);
		want(wv_load16(message.base + rr->rdata) == set->type);
		check_record(set, rr);
		check_rrsig(rr);
		n_sigs++;
	}
	want(n == set->n && n_sigs == set->n_sigs && n + n_sigs > 0);
}

// No two RRsets are one, by comparing all with all.
static void check_apart(void)
{
	for (unsigned i = 0; i < message.n_rrsets && message.n_rrsets <= 64; i++) {
		for (unsigned j = 0; j < i; j++) {
			const struct wv_rrset *a = &message.rrsets[i], *b = &message.rrsets[j];

			want(a->section != b->section || a->class != b->class || a->type != b->type
				|| !wv_name_packed_equal(message.base, message.base + a->owner,
					message.base + b->owner));
		}
	}
}

// Records lie one behind the other up to the end.
static void check_records(void)
{
	size_t at = message.question_end;

	for (unsigned i = 0; i < message.n_rrs; i++) {
		struct wv_wire w = wv_wire_open(message.base, message.len);
		const struct wv_rr *rr = &message.rrs[i];

		want(rr->owner == at);
		w.pos += at;
		want(wv_wire_name(&w) != NULL && w.pos + 10 == message.base + rr->rdata);
		at = (size_t)rr->rdata + rr->rdlen;
		rrset_of[i] = WV_MESSAGE_NOTHING;
	}
	want(at == message.end && at <= message.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum wv_message_status status;
	size_t n = 0;

	if (size > UINT16_MAX)
		return 0;
	status = wv_message_parse(&message, data, size, 7);
	want((status == WV_MESSAGE_NO_HEADER) == (size < WV_HEADER_LEN));
	if (status == WV_MESSAGE_NO_HEADER || status == WV_MESSAGE_NO_QUESTION)
		return 0;
	check_records();
	for (unsigned i = 0; i < message.n_rrsets; i++) {
		check_rrset(&message.rrsets[i]);
		n += message.rrsets[i].n + message.rrsets[i].n_sigs;
	}
	want(n <= message.n_rrs);
	check_apart();
	if (message.has_edns)
		want(message.opt < message.n_rrs && message.rrs[message.opt].type == WV_TYPE_OPT);
	if (message.cookie != WV_MESSAGE_NOTHING)
		want(message.has_edns && message.cookie + message.cookie_len <= message.end);
	if (status == WV_MESSAGE_OK)
		want(message.n_rrs == message.count[1] + message.count[2] + message.count[3]);

	// What is read does not depend on the seed.
	want(wv_message_parse(&other, data, size, 8) == status);
	want(other.n_rrs == message.n_rrs && other.n_rrsets == message.n_rrsets);
	want(memcmp(other.rrs, message.rrs, message.n_rrs * sizeof(message.rrs[0])) == 0);
	return 0;
}
