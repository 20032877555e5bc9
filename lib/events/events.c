#include <assert.h>
#include <string.h>

#include "wv_events.h"

#define TAIL_ROOM 24  // for what ends a line: ],"cut":true} and its line feed
#define TEXT_MAX  128 // octets of a string that is not ours and no name
#define DAY_S     86400

// A line as it grows; nothing is written beyond `room`, and `full` says that something was not.
struct line {
	char *out;
	size_t len;
	size_t room;
	bool full;
};

static void put(struct line *l, const char *text, size_t n)
{
	if (l->full || n > l->room - l->len) {
		l->full = true;
		return;
	}
	memcpy(l->out + l->len, text, n);
	l->len += n;
}

static void put_text(struct line *l, const char *text)
{
	put(l, text, strlen(text));
}

// At least `width` digits.
static void put_number(struct line *l, uint64_t v, unsigned width)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[sizeof(digits) - ++n] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0 || n < width);
	put(l, digits + sizeof(digits) - n, n);
}

static void put_escaped(struct line *l, char c)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t octet = (uint8_t)c;

	if (c == '"' || c == '\\') {
		put(l, (char[]){'\\', c}, 2);
		return;
	}
	if (octet < 0x20) {
		put(l, (char[]){'\\', 'u', '0', '0', hex[octet >> 4], hex[octet & 15]}, 6);
		return;
	}
	put(l, &c, 1);
}

// A JSON string (RFC 8259 7) of at most `most` octets of `text`.
static void put_string(struct line *l, const char *text, size_t most)
{
	put(l, "\"", 1);
	for (size_t i = 0; i < most && text[i] != '\0'; i++) {
		if (i + 4 > most && (uint8_t)text[i] >= 0xc0)
			break; // the character might not be whole
		put_escaped(l, text[i]);
	}
	put(l, "\"", 1);
}

static void put_name(struct line *l, const struct wv_name *name)
{
	char text[WV_NAME_TEXT];

	put_string(l, wv_name_print(text, name), WV_NAME_TEXT);
}

static void put_type(struct line *l, uint16_t type)
{
	char text[16];

	put_string(l, wv_type_print(text, type), sizeof(text));
}

static void put_question(struct line *l, const struct wv_message *m, enum wv_message_status status)
{
	struct wv_name qname;

	if (status == WV_MESSAGE_NO_HEADER || status == WV_MESSAGE_NO_QUESTION) {
		put_text(l, "\"qname\":null,\"qtype\":null");
		return;
	}
	wv_name_unpack(&qname, m->base, m->base + m->qname);
	put_text(l, "\"qname\":");
	put_name(l, &qname);
	put_text(l, ",\"qtype\":");
	put_type(l, m->qtype);
}

static void put_reason(struct line *l, enum wv_reason reason)
{
	put_text(l, ",\"verdict\":\"");
	put_text(l, wv_verdict_name(wv_reason_verdict(reason)));
	put_text(l, "\",\"reason\":\"");
	put_text(l, wv_reason_name(reason));
	put_text(l, "\"");
}

static void put_ede(struct line *l, enum wv_reason reason)
{
	uint16_t ede = wv_reason_ede(reason);

	put_text(l, ",\"ede\":");
	if (ede == WV_EDE_NONE)
		put_text(l, "null");
	else
		put_number(l, ede, 1);
}

// `need` NULL: no signature was looked at.
static void put_signer(
	struct line *l, const struct wv_message *m, const struct wv_validate_rrset *need)
{
	struct wv_name signer;

	if (need == NULL || need->signer == 0) {
		put_text(l, ",\"signer\":null,\"key_tag\":null,\"algorithm\":null");
		return;
	}
	wv_name_unpack(&signer, m->base, m->base + need->signer);
	put_text(l, ",\"signer\":");
	put_name(l, &signer);
	put_text(l, ",\"key_tag\":");
	put_number(l, need->key_tag, 1);
	put_text(l, ",\"algorithm\":");
	put_number(l, need->algorithm, 1);
}

static void put_rrset(struct line *l, const struct wv_message *m, const struct wv_rrset *set,
	const struct wv_validate_rrset *need)
{
	static const char *const sections[] = {
		[WV_SECTION_ANSWER] = "answer",
		[WV_SECTION_AUTHORITY] = "authority",
		[WV_SECTION_ADDITIONAL] = "additional",
	};
	struct wv_name owner;

	wv_name_unpack(&owner, m->base, m->base + set->owner);
	put_text(l, "{\"section\":\"");
	put_text(l, sections[set->section]);
	put_text(l, "\",\"owner\":");
	put_name(l, &owner);
	put_text(l, ",\"type\":");
	put_type(l, set->type);
	put_reason(l, need != NULL ? need->reason : WV_REASON_UNJUDGED);
	put_signer(l, m, need);
	put_text(l, "}");
}

// Every RRset that fits whole; false if one did not, or the message had more than are told apart.
static bool put_rrsets(struct line *l, const struct wv_events_verdict *what)
{
	const struct wv_message *m = what->m;
	bool first = true;

	for (unsigned i = 0; i < m->n_rrsets; i++) {
		const struct wv_rrset *set = &m->rrsets[i];
		const struct wv_validate_rrset *need = wv_validate_find(what->v, set);
		size_t before = l->len;

		if (set->section == WV_SECTION_ADDITIONAL && need == NULL)
			continue;
		if (!first)
			put_text(l, ",");
		put_rrset(l, m, set, need);
		if (l->full) {
			l->len = before;
			l->full = false;
			return false;
		}
		first = false;
	}
	return !m->rrsets_cut;
}

static void put_port(struct line *l, const char *key, const char *value)
{
	put_text(l, key);
	put_string(l, value, TEXT_MAX);
}

size_t wv_events_verdict(const struct wv_events_verdict *what, char *out, size_t room)
{
	struct line l = {.room = room - TAIL_ROOM};
	bool whole = true;

	assert(room >= WV_EVENTS_LINE_MIN);
	l.out = out;
	put_text(&l, "{\"frame\":");
	put_number(&l, what->frame, 1);
	if (what->port != NULL)
		put_port(&l, ",\"port\":", what->port);
	if (what->action != NULL)
		put_port(&l, ",\"action\":", what->action);
	put_text(&l, ",");
	put_question(&l, what->m, what->status);
	put_reason(&l, what->v->reason);
	put_ede(&l, what->v->reason);
	put_text(&l, ",\"rrsets\":[");
	if (what->status == WV_MESSAGE_OK)
		whole = put_rrsets(&l, what);
	l.room = room;
	put_text(&l, whole ? "]}\n" : "],\"cut\":true}\n");
	return l.len;
}

// Days since 1970 to year, month, day: years begin in March, so that the leap day is a year's last.
static void put_date(struct line *l, uint64_t days)
{
	uint64_t d = days + 719468; // since 0000-03-01
	uint64_t era = d / 146097, day = d % 146097;
	uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	uint64_t of_year = day - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153; // from March

	put_number(l, era * 400 + year + (month >= 10), 4);
	put_text(l, "-");
	put_number(l, month < 10 ? month + 3 : month - 9, 2);
	put_text(l, "-");
	put_number(l, of_year - (153 * month + 2) / 5 + 1, 2);
}

// RFC 3339, UTC, without the zone.
static void put_time(struct line *l, uint64_t seconds)
{
	uint64_t of_day = seconds % DAY_S;

	put_date(l, seconds / DAY_S);
	put_text(l, "T");
	put_number(l, of_day / 3600, 2);
	put_text(l, ":");
	put_number(l, of_day / 60 % 60, 2);
	put_text(l, ":");
	put_number(l, of_day % 60, 2);
}

// A moment of a signature, which is known modulo 2^32: the one nearest to `now_s`.
static void put_moment(struct line *l, const char *key, uint32_t moment, uint64_t now_s)
{
	int64_t seconds = (int64_t)now_s + (int32_t)(moment - (uint32_t)now_s);

	put_text(l, key);
	put_text(l, "\"");
	put_time(l, seconds > 0 ? (uint64_t)seconds : 0);
	put_text(l, "Z\"");
}

// The RRset that decided, if its signature was looked at.
static const struct wv_validate_rrset *decisive(const struct wv_validation *v)
{
	for (unsigned i = 0; i < v->n_needed; i++) {
		if (v->needed[i].reason == v->reason && v->needed[i].signer != 0)
			return &v->needed[i];
	}
	return NULL;
}

size_t wv_events_trouble(const struct wv_events_verdict *what, uint64_t time_ns, const char *client,
	const char *server, char *out, size_t room)
{
	const struct wv_validate_rrset *need = decisive(what->v);
	struct line l = {.room = room};

	assert(room >= WV_EVENTS_LINE_MIN);
	l.out = out;
	put_text(&l, "{\"time\":\"");
	put_time(&l, time_ns / 1000000000);
	put_text(&l, ".");
	put_number(&l, time_ns / 1000 % 1000000, 6);
	put_text(&l, "Z\",\"event\":\"verdict\"");
	put_port(&l, ",\"port\":", what->port != NULL ? what->port : "");
	put_port(&l, ",\"client\":", client);
	put_port(&l, ",\"server\":", server);
	put_text(&l, ",");
	put_question(&l, what->m, what->status);
	put_reason(&l, what->v->reason);
	put_ede(&l, what->v->reason);
	put_port(&l, ",\"action\":", what->action != NULL ? what->action : "");
	put_signer(&l, what->m, need);
	if (need == NULL) {
		put_text(&l, ",\"inception\":null,\"expiration\":null");
	} else {
		put_moment(&l, ",\"inception\":", need->inception, time_ns / 1000000000);
		put_moment(&l, ",\"expiration\":", need->expiration, time_ns / 1000000000);
	}
	put_port(&l, ",\"text\":", wv_reason_text(what->v->reason));
	put_text(&l, "}\n");
	assert(!l.full);
	return l.len;
}
