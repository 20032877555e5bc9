#include <string.h>

#include "wv_canon.h"

#define RRSIG_FIXED 18 // octets of an RRSIG's data before the signer's name
#define FEW_RECORDS 16 // up to so many are sorted with little stack

/*
 * The bound WV_CANON_MAX (4 MiB) on signed data.
 *
 * One RRset of a message of 65,535 octets grows when names are unpacked: a compressed name takes
 * at least 2 octets in the message and at most 255 here, so it grows by at most 253; a name that
 * is not compressed does not grow. A record has one owner and, by the table below, at most two
 * names in its data. With k of these three compressed it takes at least 10 octets, 2 for each of
 * the k and 1 for each of the others that there are, and grows by 253 k:
 *
 *     owner alone               2 + 10     = 12 octets grow by 253, 21.1 for each octet
 *     owner and one of one      2 + 10 + 2 = 14 octets grow by 506, 36.2 for each octet
 *     owner and two             2 + 10 + 4 = 16 octets grow by 759, 47.5 for each octet
 *
 * and less in all other cases. The wildcard that replaces an owner is not longer than the owner,
 * which has a label more; "*." for "a." is the same length. All records take at most
 * 65,535 - 12 - 5 = 65,518 octets, which become at most 65,518 * (1 + 759 / 16) < 3,173,528. The
 * RRSIG's data adds 18 + 255. While records are put in order, each is here once, as data waiting
 * or as a record written, but for the one that is being written: at most 65,535 octets more.
 * Together below 3,239,400, and 4 MiB are 4,194,304.
 */

// Names in the data of the types of RFC 4034 6.2, without NSEC (RFC 6840 5.1) and HINFO, which
// has none: behind so many octets and so many character strings there are so many names.
struct format {
	uint8_t octets, strings, names;
};

static const struct format formats[] = {
	[WV_TYPE_NS] = {0, 0, 1},
	[WV_TYPE_MD] = {0, 0, 1},
	[WV_TYPE_MF] = {0, 0, 1},
	[WV_TYPE_CNAME] = {0, 0, 1},
	[WV_TYPE_SOA] = {0, 0, 2},
	[WV_TYPE_MB] = {0, 0, 1},
	[WV_TYPE_MG] = {0, 0, 1},
	[WV_TYPE_MR] = {0, 0, 1},
	[WV_TYPE_PTR] = {0, 0, 1},
	[WV_TYPE_MINFO] = {0, 0, 2},
	[WV_TYPE_MX] = {2, 0, 1},
	[WV_TYPE_RP] = {0, 0, 2},
	[WV_TYPE_AFSDB] = {2, 0, 1},
	[WV_TYPE_RT] = {2, 0, 1},
	[WV_TYPE_SIG] = {RRSIG_FIXED, 0, 1},
	[WV_TYPE_PX] = {2, 0, 2},
	[WV_TYPE_NXT] = {0, 0, 1},
	[WV_TYPE_SRV] = {6, 0, 1},
	[WV_TYPE_NAPTR] = {4, 3, 1},
	[WV_TYPE_KX] = {2, 0, 1},
	[WV_TYPE_A6] = {0, 0, 1}, // see format_get()
	[WV_TYPE_DNAME] = {0, 0, 1},
	[WV_TYPE_RRSIG] = {RRSIG_FIXED, 0, 1},
};

static inline bool has_names(uint16_t type)
{
	return type < WV_COUNT(formats) && formats[type].names > 0;
}

// A6 (RFC 2874 3.1): prefix length, the address's octets that it leaves, a name unless it is 0.
static bool format_get(struct format *f, const struct wv_message *m, const struct wv_rr *rr)
{
	uint8_t prefix;

	*f = formats[rr->type];
	if (rr->type != WV_TYPE_A6)
		return true;
	prefix = rr->rdlen > 0 ? m->base[rr->rdata] : UINT8_MAX;
	f->octets = (uint8_t)(1 + (128 - prefix + 7) / 8);
	f->names = prefix > 0;
	return prefix <= 128;
}

// Octets written one after the other; none when they do not fit.
struct sink {
	uint8_t *pos;
	uint8_t *end;
};

static bool sink_put(struct sink *s, const void *octets, size_t n)
{
	if (n > (size_t)(s->end - s->pos))
		return false;
	memcpy(s->pos, octets, n);
	s->pos += n;
	return true;
}

static bool name_put(struct sink *s, const uint8_t *base, const uint8_t *packed)
{
	struct wv_name name;

	wv_name_unpack(&name, base, packed);
	return sink_put(s, name.octets, name.len);
}

static bool data_put(struct sink *s, const struct wv_message *m, const struct wv_rr *rr)
{
	const uint8_t *data = m->base + rr->rdata;
	struct wv_wire w = {.base = m->base, .pos = data, .end = data + rr->rdlen};
	struct format f;

	if (!format_get(&f, m, rr))
		return false;
	wv_wire_take(&w, f.octets);
	for (unsigned i = 0; i < f.strings; i++) {
		uint8_t len = wv_wire_u8(&w);

		wv_wire_take(&w, len);
	}
	if (w.bad || !sink_put(s, data, (size_t)(w.pos - data)))
		return false;
	for (unsigned i = 0; i < f.names; i++) {
		const uint8_t *packed = wv_wire_name(&w);

		if (packed == NULL || !name_put(s, m->base, packed))
			return false;
	}
	return sink_put(s, w.pos, wv_wire_left(&w));
}

size_t wv_canon_rdata(const struct wv_message *m, const struct wv_rr *rr,
	uint8_t *out, // NOLINT(readability-non-const-parameter): written through the sink
	size_t room, bool *ok)
{
	struct sink s = {.pos = out, .end = out + room};
	size_t len;

	if (!has_names(rr->type))
		*ok = sink_put(&s, m->base + rr->rdata, rr->rdlen);
	else
		*ok = data_put(&s, m, rr);
	len = (size_t)(s.pos - out);
	// What RDLENGTH cannot say is no data.
	*ok = *ok && len <= UINT16_MAX;
	return *ok ? len : 0;
}

// What every record of the set begins with: owner, type, class, original TTL.
struct head {
	uint8_t octets[WV_NAME_MAX + 8];
	size_t len;
};

// RFC 4035 5.3.2; the label "*" of an owner is not counted (RFC 4034 3.1.3).
static bool head_make(struct head *h, const struct wv_rrset *set, const struct wv_rrsig *sig,
	const struct wv_name *owner)
{
	bool is_wildcard = owner->octets[0] == 1 && owner->octets[1] == '*';
	unsigned labels = owner->labels - (is_wildcard ? 1u : 0u);
	const struct wv_name *written = owner;
	struct wv_name wildcard;

	if (sig->labels > labels)
		return false;
	if (sig->labels < labels) {
		wv_name_ancestor(&wildcard, owner, sig->labels);
		wv_name_wildcard(&wildcard, &wildcard);
		written = &wildcard;
	}
	memcpy(h->octets, written->octets, written->len);
	wv_store16(h->octets + written->len, set->type);
	wv_store16(h->octets + written->len + 2, set->class);
	wv_store32(h->octets + written->len + 4, sig->original_ttl);
	h->len = written->len + 8u;
	return true;
}

static bool rrsig_put(struct sink *s, const struct wv_message *m, const struct wv_rrsig *sig)
{
	uint8_t fixed[RRSIG_FIXED];

	wv_store16(fixed, sig->covered);
	fixed[2] = sig->algorithm;
	fixed[3] = sig->labels;
	wv_store32(fixed + 4, sig->original_ttl);
	wv_store32(fixed + 8, sig->expiration);
	wv_store32(fixed + 12, sig->inception);
	wv_store16(fixed + 16, sig->key_tag);
	return sink_put(s, fixed, sizeof(fixed)) && name_put(s, m->base, m->base + sig->signer);
}

static bool one_put(
	struct sink *s, const struct wv_message *m, const struct wv_rr *rr, const struct head *head)
{
	uint8_t *rdlen;
	size_t n;
	bool ok;

	if (!sink_put(s, head->octets, head->len) || !sink_put(s, "\0", 2))
		return false;
	rdlen = s->pos - 2;
	n = wv_canon_rdata(m, rr, s->pos, (size_t)(s->end - s->pos), &ok);
	wv_store16(rdlen, (uint16_t)n);
	s->pos += n;
	return ok;
}

/*
 * Several records: their canonical data stays where it is, in the message, where no names are in
 * it. Else it is first written to the far end of the room, and records written from the near end
 * use it up. Should the two meet, what is not used yet moves together.
 */
struct item {
	uint32_t at; // offset of the data, GONE when it was used
	uint16_t len;
};

#define GONE UINT32_MAX

struct items {
	struct item *item; // in order of the message, which is that of their offsets
	uint16_t *order;   // and in canonical order
	uint16_t *spare;   // for sorting
	unsigned n;
	const uint8_t *base; // of the offsets
	uint8_t *store;      // the data at the far end; NULL: it is in the message
};

static inline int item_compare(const struct items *t, unsigned i, unsigned j)
{
	const struct item *a = &t->item[i], *b = &t->item[j];
	int order = memcmp(t->base + a->at, t->base + b->at, a->len < b->len ? a->len : b->len);

	return order != 0 ? order : a->len - b->len;
}

// Two sorted runs, from[0] to from[half - 1] and from[half] to from[n - 1], become one.
static void runs_merge(
	const struct items *t, uint16_t *to, const uint16_t *from, unsigned half, unsigned n)
{
	unsigned i = 0, j = half;

	for (unsigned k = 0; k < n; k++) {
		if (j == n || (i < half && item_compare(t, from[i], from[j]) <= 0))
			to[k] = from[i++];
		else
			to[k] = from[j++];
	}
}

static void items_sort(struct items *t)
{
	for (unsigned i = 0; i < t->n; i++)
		t->order[i] = (uint16_t)i;
	for (unsigned half = 1; half < t->n; half *= 2) {
		uint16_t *sorted = t->spare;

		for (unsigned at = 0; at < t->n; at += 2 * half) {
			unsigned left = t->n - at;

			runs_merge(t, sorted + at, t->order + at, left < half ? left : half,
				left < 2 * half ? left : 2 * half);
		}
		t->spare = t->order;
		t->order = sorted;
	}
}

// The data is written at the near end first, as its length is not known before.
static bool items_store(struct items *t, const struct sink *s, const struct wv_message *m,
	const struct wv_rrset *set, const struct head *head)
{
	size_t len = 0, room = (size_t)(s->end - s->pos), written;

	wv_foreach_rr(m, set, rr) {
		struct item *item = &t->item[t->n++];
		bool ok;

		item->at = (uint32_t)len;
		item->len = (uint16_t)wv_canon_rdata(m, rr, s->pos + len, room - len, &ok);
		if (!ok)
			return false;
		len += item->len;
	}
	// No farther than where it is out of the way: that much is cold memory.
	written = len + t->n * (head->len + 2);
	t->store = s->pos + (written < room - len ? written : room - len);
	memmove(t->store, s->pos, len);
	t->base = t->store;
	return true;
}

static void items_point(struct items *t, const struct wv_message *m, const struct wv_rrset *set)
{
	t->base = m->base;
	wv_foreach_rr(m, set, rr)
		t->item[t->n++] = (struct item){.at = rr->rdata, .len = rr->rdlen};
}

// Moves what is not used yet to the end of the room; `base` stays, offsets change.
static void store_pack(struct items *t, uint8_t *room_end)
{
	uint8_t *to = room_end;

	for (unsigned i = t->n; i-- > 0;) {
		if (t->item[i].at == GONE)
			continue;
		to -= t->item[i].len;
		memmove(to, t->base + t->item[i].at, t->item[i].len);
		t->item[i].at = (uint32_t)(to - t->base);
	}
	t->store = to;
}

static bool items_put(struct items *t, struct sink *s, const struct head *head)
{
	const uint8_t *last = NULL;
	size_t last_len = 0;

	for (unsigned k = 0; k < t->n; k++) {
		struct item *item = &t->item[t->order[k]];
		const uint8_t *data = t->base + item->at;
		size_t need = head->len + 2 + item->len;
		bool is_again =
			last != NULL && item->len == last_len && memcmp(data, last, last_len) == 0;

		if (!is_again) {
			if (t->store != NULL && need > (size_t)(t->store - s->pos)) {
				store_pack(t, s->end);
				data = t->base + item->at;
				if (need > (size_t)(t->store - s->pos))
					return false;
			}
			if (need > (size_t)(s->end - s->pos))
				return false;
			memcpy(s->pos, head->octets, head->len);
			wv_store16(s->pos + head->len, item->len);
			last = memcpy(s->pos + head->len + 2, data, item->len);
			last_len = item->len;
			s->pos += need;
		}
		item->at = GONE;
	}
	return true;
}

static bool sorted_put(struct items *t, struct sink *s, const struct wv_message *m,
	const struct wv_rrset *set, const struct head *head)
{
	if (!has_names(set->type))
		items_point(t, m, set);
	else if (!items_store(t, s, m, set, head))
		return false;
	items_sort(t);
	return items_put(t, s, head);
}

// Apart, so that only large sets pay for 70 KiB of stack.
static __attribute__((noinline)) bool many_put(struct sink *s, const struct wv_message *m,
	const struct wv_rrset *set, const struct head *head)
{
	struct item item[WV_MESSAGE_RRS];
	uint16_t order[WV_MESSAGE_RRS], spare[WV_MESSAGE_RRS];
	struct items t = {.item = item, .order = order, .spare = spare};

	return sorted_put(&t, s, m, set, head);
}

static __attribute__((noinline)) bool few_put(struct sink *s, const struct wv_message *m,
	const struct wv_rrset *set, const struct head *head)
{
	struct item item[FEW_RECORDS];
	uint16_t order[FEW_RECORDS], spare[FEW_RECORDS];
	struct items t = {.item = item, .order = order, .spare = spare};

	return sorted_put(&t, s, m, set, head);
}

size_t wv_canon_signed_data(const struct wv_message *m, const struct wv_rrset *set,
	const struct wv_rrsig *sig, const struct wv_name *owner, uint8_t *out, size_t room)
{
	struct sink s = {.pos = out, .end = out + room};
	struct head head;
	bool ok;

	if (set->n == 0 || !head_make(&head, set, sig, owner) || !rrsig_put(&s, m, sig))
		return 0;
	if (set->n == 1)
		ok = one_put(&s, m, wv_message_rr(m, set->first), &head);
	else if (set->n <= FEW_RECORDS)
		ok = few_put(&s, m, set, &head);
	else
		ok = many_put(&s, m, set, &head);
	return ok ? (size_t)(s.pos - out) : 0;
}

unsigned wv_canon_names(uint16_t type)
{
	return has_names(type) ? formats[type].names : 0;
}

size_t wv_canon_signed_bound(
	const struct wv_message *m, const struct wv_rrset *set, const struct wv_name *owner)
{
	size_t names = wv_canon_names(set->type);
	size_t len = RRSIG_FIXED + WV_NAME_MAX;

	wv_foreach_rr(m, set, rr)
		len += owner->len + 10 + names * WV_NAME_MAX + rr->rdlen;
	return len;
}

uint16_t wv_canon_key_tag(const uint8_t *rdata, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i & 1 ? rdata[i] : (uint32_t)rdata[i] << 8;
	return (uint16_t)(sum + (sum >> 16 & 0xffff));
}

size_t wv_canon_ds_data(
	const struct wv_name *owner, const uint8_t *rdata, size_t len, uint8_t *out, size_t room)
{
	struct sink s = {.pos = out, .end = out + room};

	if (!sink_put(&s, owner->octets, owner->len) || !sink_put(&s, rdata, len))
		return 0;
	return (size_t)(s.pos - out);
}
