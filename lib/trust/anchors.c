#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "store.h"

#define DS_FIXED      4
#define DNSKEY_FIXED  4
#define DNSKEY_MAX    4096
#define DIGEST_SHA256 2
#define TTL_MAX       0x7fffffffu // RFC 2181 8

// One anchor: the RDATA of a DS record, and the line it stands in.
struct anchor {
	struct wv_name owner;
	unsigned line;
	uint16_t len;
	uint8_t rdata[DS_FIXED + WV_DIGEST_MAX];
};

struct anchors {
	struct anchor *item;
	size_t n, room;
};

// What is left of a line, and all that an error must name.
struct line {
	const char *file;
	unsigned number;
	const char *pos, *end;
	struct wv_err *err;
};

struct token {
	const char *text;
	size_t len;
};

// "FILE:LINE: want …, not …", with what was found made fit to print.
static int line_bad(const struct line *l, const char *want, struct token found)
{
	char text[48];
	size_t n = found.len < sizeof(text) ? found.len : sizeof(text) - 1;

	for (size_t i = 0; i < n; i++)
		text[i] = found.text[i] > ' ' && found.text[i] < 127 ? found.text[i] : '?';
	text[n] = '\0';
	return wv_fail(l->err, EINVAL, "%s:%u: want %s, not %s%s", l->file, l->number, want,
		n > 0 ? text : "the end of the line", n < found.len ? "…" : "");
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

// The next word; empty at the end of the line or where a comment begins.
static struct token line_next(struct line *l)
{
	struct token t;

	while (l->pos < l->end && is_blank(*l->pos))
		l->pos++;
	t.text = l->pos;
	while (l->pos < l->end && !is_blank(*l->pos) && *l->pos != ';') {
		if (*l->pos == '\\' && l->end - l->pos > 1)
			l->pos++;
		l->pos++;
	}
	t.len = (size_t)(l->pos - t.text);
	if (t.len == 0)
		l->pos = l->end;
	return t;
}

static bool token_is(struct token t, const char *word)
{
	return t.len == strlen(word) && strncasecmp(t.text, word, t.len) == 0;
}

static bool token_begins(struct token t, const char *word)
{
	return t.len >= strlen(word) && strncasecmp(t.text, word, strlen(word)) == 0;
}

static bool token_number(struct token t, uint32_t max, uint32_t *value)
{
	uint64_t v = 0;

	if (t.len == 0 || t.len > 10)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		if (t.text[i] < '0' || t.text[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(t.text[i] - '0');
	}
	*value = (uint32_t)v;
	return v <= max;
}

static bool is_digits(struct token t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (t.text[i] < '0' || t.text[i] > '9')
			return false;
	}
	return t.len > 0;
}

static int line_number(struct line *l, const char *want, uint32_t max, uint32_t *value)
{
	struct token t = line_next(l);

	return token_number(t, max, value) ? 0 : line_bad(l, want, t);
}

// Mnemonics of the registry, which zone files may have in place of numbers (RFC 4034 2.2, 5.3);
// and the length of the key where the algorithm fixes it (RFC 6605 4, 8080 3).
static const struct {
	const char *name;
	uint8_t number;
	uint8_t key_len;
} algorithms[] = {
	{"RSASHA1", 5, 0},
	{"RSASHA1-NSEC3-SHA1", 7, 0},
	{"RSASHA256", 8, 0},
	{"RSASHA512", 10, 0},
	{"ECDSAP256SHA256", 13, 64},
	{"ECDSAP384SHA384", 14, 96},
	{"ED25519", 15, 32},
	{"ED448", 16, 57},
};

static int line_algorithm(struct line *l, uint8_t *algorithm)
{
	struct token t = line_next(l);
	uint32_t value;

	if (token_number(t, UINT8_MAX, &value)) {
		*algorithm = (uint8_t)value;
		return 0;
	}
	for (unsigned i = 0; i < WV_COUNT(algorithms); i++) {
		if (token_is(t, algorithms[i].name)) {
			*algorithm = algorithms[i].number;
			return 0;
		}
	}
	return line_bad(l, "an algorithm (0 to 255, or its name)", t);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

// The rest of the line as hex digits.
static int line_hex(struct line *l, uint8_t *out, size_t room, size_t *len)
{
	size_t digits = 0;

	for (struct token t = line_next(l); t.len > 0; t = line_next(l)) {
		for (size_t i = 0; i < t.len; i++, digits++) {
			int v = hex_value(t.text[i]);

			if (v < 0)
				return line_bad(l, "a digest in hex", t);
			if (digits / 2 >= room)
				return wv_fail(l->err, EINVAL,
					"%s:%u: want a digest of at most %zu octets, not more",
					l->file, l->number, room);
			out[digits / 2] = (uint8_t)(digits % 2 == 0 ? v << 4 : out[digits / 2] | v);
		}
	}
	*len = digits / 2;
	if (digits % 2 != 0)
		return wv_fail(l->err, EINVAL,
			"%s:%u: want two hex digits for each octet, not %zu digits", l->file,
			l->number, digits);
	return 0;
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

// The rest of the line as base64 (RFC 4648 4): whole groups, padded, without stray bits.
static int line_base64(struct line *l, uint8_t *out, size_t room, size_t *len)
{
	static const char want[] = "a key in base64";
	size_t digits = 0;
	unsigned padding = 0;
	uint32_t bits = 0;

	*len = 0;
	for (struct token t = line_next(l); t.len > 0; t = line_next(l)) {
		for (size_t i = 0; i < t.len; i++, digits++) {
			int v = base64_value(t.text[i]);
			bool is_padding = t.text[i] == '=' && digits % 4 >= 2;

			if (is_padding)
				padding++;
			else if (v < 0 || padding > 0)
				return line_bad(l, want, t);
			bits = bits << 6 | (is_padding ? 0 : (uint32_t)v);
			if (digits % 4 != 3)
				continue;
			if ((padding == 1 && (bits & 0xff) != 0)
				|| (padding == 2 && (bits & 0xffff) != 0))
				return line_bad(l, want, t);
			if (*len + 3 > room)
				return wv_fail(l->err, EINVAL,
					"%s:%u: want a key of at most %zu octets, not more",
					l->file, l->number, room);
			for (unsigned k = 0; k < 3 - padding; k++)
				out[(*len)++] = (uint8_t)(bits >> (16 - 8 * k));
			bits = 0;
		}
	}
	if (digits % 4 != 0 || digits == 0)
		return line_bad(l, want, line_next(l));
	return 0;
}

// Digest types of the registry; what is not in it may be of any length.
static size_t digest_len(uint8_t digest_type)
{
	static const uint8_t lengths[] = {0, 20, 32, 32, 48, 32, 32};

	return digest_type < sizeof(lengths) ? lengths[digest_type] : 0;
}

static int line_ds(struct line *l, struct anchor *a)
{
	uint32_t tag;
	uint32_t type;
	size_t len = 0;

	if (line_number(l, "a key tag (0 to 65535)", UINT16_MAX, &tag) != 0
		|| line_algorithm(l, &a->rdata[2]) != 0
		|| line_number(l, "a digest type (0 to 255)", UINT8_MAX, &type) != 0)
		return -EINVAL;
	wv_store16(a->rdata, (uint16_t)tag);
	a->rdata[3] = (uint8_t)type;
	if (line_hex(l, a->rdata + DS_FIXED, WV_DIGEST_MAX, &len) != 0)
		return -EINVAL;
	if (len == 0)
		return line_bad(l, "a digest in hex", line_next(l));
	if (digest_len((uint8_t)type) != 0 && len != digest_len((uint8_t)type))
		return wv_fail(l->err, EINVAL,
			"%s:%u: want %zu octets for a digest of type %u, not %zu", l->file,
			l->number, digest_len((uint8_t)type), type, len);
	a->len = (uint16_t)(DS_FIXED + len);
	return 0;
}

static int key_check(const struct line *l, const uint8_t *rdata, size_t len)
{
	unsigned flags = wv_load16(rdata);

	if ((flags & WV_DNSKEY_ZONE) == 0)
		return wv_fail(l->err, EINVAL, "%s:%u: want a zone key (flag 256), not flags %u",
			l->file, l->number, flags);
	if ((flags & WV_DNSKEY_REVOKE) != 0)
		return wv_fail(l->err, EINVAL,
			"%s:%u: want a key that is not revoked (flag 128), not flags %u", l->file,
			l->number, flags);
	if (rdata[2] != 3)
		return wv_fail(l->err, EINVAL, "%s:%u: want protocol 3, not %u", l->file, l->number,
			rdata[2]);
	for (unsigned i = 0; i < WV_COUNT(algorithms); i++) {
		if (algorithms[i].number == rdata[3] && algorithms[i].key_len != 0
			&& algorithms[i].key_len != len - DNSKEY_FIXED)
			return wv_fail(l->err, EINVAL,
				"%s:%u: want a key of %u octets for %s, not %zu", l->file,
				l->number, algorithms[i].key_len, algorithms[i].name,
				len - DNSKEY_FIXED);
	}
	return 0;
}

static int line_dnskey(struct line *l, struct anchor *a)
{
	uint8_t rdata[DNSKEY_MAX];
	uint8_t data[WV_NAME_MAX + DNSKEY_MAX];
	struct wv_digest_job job = {.data = data, .out = a->rdata + DS_FIXED};
	uint32_t flags;
	uint32_t protocol;
	size_t len = 0;

	if (line_number(l, "flags (0 to 65535)", UINT16_MAX, &flags) != 0
		|| line_number(l, "protocol 3", UINT8_MAX, &protocol) != 0
		|| line_algorithm(l, &rdata[3]) != 0
		|| line_base64(l, rdata + DNSKEY_FIXED, sizeof(rdata) - DNSKEY_FIXED, &len) != 0)
		return -EINVAL;
	wv_store16(rdata, (uint16_t)flags);
	rdata[2] = (uint8_t)protocol;
	len += DNSKEY_FIXED;
	if (key_check(l, rdata, len) != 0)
		return -EINVAL;
	wv_store16(a->rdata, wv_canon_key_tag(rdata, len));
	a->rdata[2] = rdata[3];
	a->rdata[3] = DIGEST_SHA256;
	job.len = (uint32_t)wv_canon_ds_data(&a->owner, rdata, len, data, sizeof(data));
	wv_digest_batch(WV_HASH_SHA256, &job, 1);
	a->len = (uint16_t)(DS_FIXED + wv_digest_len(WV_HASH_SHA256));
	return 0;
}

static int line_owner(struct line *l, struct token t, struct wv_name *owner)
{
	static const char want[] = "an owner name in full";
	char text[WV_NAME_TEXT];

	if (t.text[0] == '$')
		return line_bad(l, "DS and DNSKEY records alone", t);
	if (t.len >= sizeof(text) || memchr(t.text, '\0', t.len) != NULL || token_is(t, "@"))
		return line_bad(l, want, t);
	memcpy(text, t.text, t.len);
	text[t.len] = '\0';
	return wv_name_parse(owner, text) ? 0 : line_bad(l, want, t);
}

static bool is_other_class(struct token t)
{
	return token_is(t, "CH") || token_is(t, "HS") || token_is(t, "NONE") || token_is(t, "ANY")
		|| token_begins(t, "CLASS");
}

// [TTL] [class] or [class] [TTL], and the type.
static int line_type(struct line *l, struct token *type)
{
	bool has_ttl = false;
	bool has_class = false;
	uint32_t ttl;

	for (;; has_ttl |= is_digits(*type), has_class |= !is_digits(*type)) {
		*type = line_next(l);
		if (is_digits(*type) && !has_ttl) {
			if (!token_number(*type, TTL_MAX, &ttl))
				return line_bad(l, "a TTL of at most 2147483647", *type);
		} else if (is_other_class(*type) && !token_is(*type, "CLASS1")) {
			return line_bad(l, "class IN", *type);
		} else if (has_class || (!token_is(*type, "IN") && !token_is(*type, "CLASS1"))) {
			return 0;
		}
	}
}

// Read a line. 0: an anchor; 1: nothing in it; -EINVAL.
static int line_read(struct line *l, struct anchor *a)
{
	bool is_indented = l->pos < l->end && is_blank(*l->pos);
	struct token t = line_next(l);
	struct token type;

	if (t.len == 0)
		return 1;
	if (is_indented)
		return line_bad(l, "an owner name at the beginning of the line", t);
	a->line = l->number;
	if (line_owner(l, t, &a->owner) != 0 || line_type(l, &type) != 0)
		return -EINVAL;
	if (token_is(type, "DS"))
		return line_ds(l, a);
	if (token_is(type, "DNSKEY"))
		return line_dnskey(l, a);
	return line_bad(l, "DS or DNSKEY", type);
}

static struct anchor *anchors_next(struct anchors *all)
{
	if (all->n == all->room) {
		size_t room = all->room > 0 ? 2 * all->room : 4;
		struct anchor *item = realloc(all->item, room * sizeof(*item));

		if (item == NULL)
			return NULL;
		all->item = item;
		all->room = room;
	}
	return &all->item[all->n];
}

static int anchors_read(
	struct anchors *all, const char *file, const char *text, size_t len, struct wv_err *err)
{
	const char *end = len > 0 ? text + len : text;
	struct line l = {.file = file, .err = err};

	for (const char *pos = text; pos < end; pos = l.end < end ? l.end + 1 : end) {
		struct anchor *a = anchors_next(all);
		const char *feed = memchr(pos, '\n', (size_t)(end - pos));
		int status;

		if (a == NULL)
			return wv_fail(err, ENOMEM, "%s: no memory for %zu anchors", file, all->n);
		l.number++;
		l.pos = pos;
		l.end = feed != NULL ? feed : end;
		status = line_read(&l, a);
		if (status < 0)
			return status;
		all->n += status == 0;
	}
	return 0;
}

static int rdata_order(const struct anchor *a, const struct anchor *b)
{
	int order = memcmp(a->rdata, b->rdata, a->len < b->len ? a->len : b->len);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int anchor_order(const void *a, const void *b)
{
	const struct anchor *x = a;
	const struct anchor *y = b;
	int order = wv_name_compare(&x->owner, &y->owner);

	return order != 0 ? order : rdata_order(x, y);
}

static size_t group_len(const struct anchor *first, size_t n)
{
	size_t len = 1;

	while (len < n && wv_name_equal(&first[len].owner, &first[0].owner))
		len++;
	return len;
}

// The anchors of a zone that are there already join those that come.
static int anchors_join(struct anchors *all, const struct wv_trust *trust, struct wv_err *err)
{
	size_t n = all->n;

	for (size_t i = 0; i < n; i += group_len(&all->item[i], n - i)) {
		const struct wv_trust_node *node = wv_trust_node_find(trust, &all->item[i].owner);
		struct wv_wire w;

		if (node == NULL || !node->zone.is_anchor)
			continue;
		w = wv_wire_open(dsbox_of(node->zone.dsset[0])->octets,
			dsbox_of(node->zone.dsset[0])->octets_len);
		while (wv_wire_left(&w) > 0) {
			struct anchor *a = anchors_next(all);

			if (a == NULL)
				return wv_fail(err, ENOMEM, "no memory for %zu anchors", all->n);
			*a = (struct anchor){.owner = all->item[i].owner, .len = wv_wire_u16(&w)};
			memcpy(a->rdata, wv_wire_take(&w, a->len), a->len);
			all->n++;
		}
	}
	if (all->n > 0)
		qsort(all->item, all->n, sizeof(all->item[0]), anchor_order);
	return 0;
}

// The anchors of one owner as a set: each once.
static struct wv_trust_dsbox *group_box(const struct anchor *first, size_t n)
{
	struct wv_trust_origin from = {wv_trust_for_good, WV_TRUST_CONFIGURED, 0};
	uint8_t *octets = malloc(n * (2 + sizeof(first->rdata)));
	struct wv_trust_dsbox *box;
	uint32_t len = 0;
	unsigned records = 0;

	if (octets == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && rdata_order(&first[i - 1], &first[i]) == 0)
			continue;
		wv_store16(octets + len, first[i].len);
		memcpy(octets + len + 2, first[i].rdata, first[i].len);
		len += 2u + first[i].len;
		records++;
	}
	box = wv_trust_dsbox_make(&from, octets, len, records);
	free(octets);
	return box;
}

static void draft_anchor(struct wv_trust_update *u, const struct wv_trust_dsset *set)
{
	struct wv_trust_zone *z = &u->node->zone;
	enum wv_reason support = wv_trust_ds_support(set->ds, set->n, u->trust->sha1);

	if (z->is_anchor) {
		wv_trust_update_retire(u, dsbox_of(z->dsset[0]), wv_trust_dsbox_free);
	} else {
		for (unsigned i = z->n_dssets++; i > 0; i--)
			z->dsset[i] = z->dsset[i - 1];
		z->is_anchor = true;
	}
	z->dsset[0] = set;
	wv_trust_update_unsay(u, (struct wv_time){.checked = false});
	u->node->is_fixed = support != WV_REASON_SECURE;
	if (!u->node->is_fixed)
		return;
	// RFC 4035 5.2, for anchors: nothing below can be checked, so it is as if it were unsigned.
	wv_trust_update_drop_all(u);
	z->status = WV_TRUST_INSECURE;
	z->reason = support;
	z->life = wv_trust_for_good;
}

static int group_prepare(struct wv_trust_update *u, struct wv_trust *trust, const char *file,
	const struct anchor *first, size_t n, struct wv_err *err)
{
	const struct wv_trust_node *node = wv_trust_node_find(trust, &first->owner);
	struct wv_trust_dsbox *box;
	char name[WV_NAME_TEXT];

	wv_name_print(name, &first->owner);
	if (node != NULL && node->is_fixed && !node->zone.is_anchor)
		return wv_fail(err, EINVAL,
			"%s:%u: want an anchor for a name that is not insecure by "
			"configuration, not %s",
			file, first->line, name);
	if (n > UINT16_MAX)
		return wv_fail(err, EINVAL, "%s: want at most %u anchors for %s, not %zu", file,
			UINT16_MAX, name, n);
	box = group_box(first, n);
	if (box == NULL || wv_trust_update_begin(u, trust, &first->owner) != 0) {
		free(box);
		return wv_fail(err, ENOMEM, "%s: no memory for the anchors of %s", file, name);
	}
	draft_anchor(u, &box->set);
	return 0;
}

static int anchors_publish(
	struct wv_trust *trust, const struct anchors *all, const char *file, struct wv_err *err)
{
	struct wv_trust_update *updates = calloc(all->n, sizeof(*updates));
	struct wv_trust_counts counts;
	size_t n = 0;
	size_t added = 0;
	int status = 0;

	if (updates == NULL)
		return wv_fail(err, ENOMEM, "%s: no memory for %zu anchors", file, all->n);
	for (size_t i = 0, len; i < all->n && status == 0; i += len) {
		len = group_len(&all->item[i], all->n - i);
		status = group_prepare(&updates[n], trust, file, &all->item[i], len, err);
		if (status == 0)
			added += updates[n++].old == NULL;
	}
	wv_trust_count(trust, &counts);
	if (status == 0 && added > counts.capacity - counts.zones)
		status = wv_fail(err, ENOSPC,
			"%s: want at most %u anchor zones beside %u zones, not %zu", file,
			counts.capacity - counts.zones, counts.zones, added);
	for (size_t i = 0; i < n; i++) {
		if (status == 0) {
			wv_trust_update_commit(&updates[i]);
			continue;
		}
		wv_trust_dsbox_free(dsbox_of(updates[i].node->zone.dsset[0]));
		wv_trust_update_abandon(&updates[i]);
	}
	free(updates);
	if (status == 0)
		wv_trust_sweep_shadowed(trust);
	return status;
}

int wv_trust_read_anchors(struct wv_trust *trust, const char *file, const char *text, size_t len,
	unsigned *n, struct wv_err *err)
{
	struct anchors all = {0};
	size_t read;
	int status = anchors_read(&all, file, text, len, err);

	read = all.n;
	if (status == 0 && all.n > 0) {
		qsort(all.item, all.n, sizeof(all.item[0]), anchor_order);
		status = anchors_join(&all, trust, err);
	}
	if (status == 0 && all.n > 0)
		status = anchors_publish(trust, &all, file, err);
	if (status == 0)
		*n += (unsigned)read;
	free(all.item);
	return status;
}
