#include <assert.h>
#include <string.h>

#include "wv_wire.h"

bool wv_name_equal(const struct wv_name *a, const struct wv_name *b)
{
	return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

// Where each label begins, the leftmost first.
static void labels_find(const struct wv_name *name, uint8_t at[WV_LABELS_MAX])
{
	size_t p = 0;

	for (unsigned i = 0; i < name->labels; i++) {
		at[i] = (uint8_t)p;
		p += name->octets[p] + 1u;
	}
}

static int label_compare(const uint8_t *a, const uint8_t *b)
{
	int order = memcmp(a + 1, b + 1, *a < *b ? *a : *b);

	return order != 0 ? order : *a - *b;
}

int wv_name_compare(const struct wv_name *a, const struct wv_name *b)
{
	uint8_t at_a[WV_LABELS_MAX], at_b[WV_LABELS_MAX];
	unsigned i = a->labels, j = b->labels;

	labels_find(a, at_a);
	labels_find(b, at_b);
	while (i > 0 && j > 0) {
		int order = label_compare(a->octets + at_a[--i], b->octets + at_b[--j]);

		if (order != 0)
			return order;
	}
	return a->labels - b->labels;
}

// Where the name with the rightmost `labels` labels begins.
static size_t tail_find(const struct wv_name *name, unsigned labels)
{
	size_t at = 0;

	for (unsigned i = name->labels; i > labels; i--)
		at += name->octets[at] + 1u;
	return at;
}

bool wv_name_is_within(const struct wv_name *name, const struct wv_name *zone)
{
	size_t at;

	if (name->labels < zone->labels || name->len < zone->len)
		return false;
	at = tail_find(name, zone->labels);
	return name->len - at == zone->len
		&& memcmp(name->octets + at, zone->octets, zone->len) == 0;
}

void wv_name_ancestor(struct wv_name *out, const struct wv_name *name, unsigned labels)
{
	size_t at;

	assert(labels <= name->labels);
	at = tail_find(name, labels);
	out->len = (uint8_t)(name->len - at);
	out->labels = (uint8_t)labels;
	memmove(out->octets, name->octets + at, out->len);
}

bool wv_name_wildcard(struct wv_name *out, const struct wv_name *name)
{
	if (name->len > WV_NAME_MAX - 2)
		return false;
	memmove(out->octets + 2, name->octets, name->len);
	out->octets[0] = 1;
	out->octets[1] = '*';
	out->len = (uint8_t)(name->len + 2);
	out->labels = (uint8_t)(name->labels + 1);
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

// One octet of a label, "\X" or "\DDD" where it is escaped; steps over it.
static bool octet_parse(const char **text, uint8_t *octet)
{
	const char *t = *text;
	unsigned value = (unsigned char)*t;

	if (*t == '\\' && is_digit(t[1])) {
		if (!is_digit(t[2]) || !is_digit(t[3]))
			return false;
		value = (unsigned)(t[1] - '0') * 100 + (unsigned)(t[2] - '0') * 10
			+ (unsigned)(t[3] - '0');
		t += 3;
	} else {
		if (*t == '\\')
			value = (unsigned char)*++t;
		if (value <= ' ' || value > '~')
			return false;
	}
	*octet = (uint8_t)(value >= 'A' && value <= 'Z' ? value | 0x20 : value);
	*text = t + 1;
	return value <= UINT8_MAX;
}

bool wv_name_parse(struct wv_name *name, const char *text)
{
	size_t at = 0, n = 0; // the current label's length octet, and the label's octets so far

	name->len = 0;
	name->labels = 0;
	if (text[0] == '.' && text[1] == '\0')
		text++;
	else if (text[0] == '\0')
		return false;
	while (*text != '\0') {
		// The octet after this one must still have room for the root.
		if (*text == '.' || n == 63 || at + 1 + n > WV_NAME_MAX - 2
			|| !octet_parse(&text, &name->octets[at + 1 + n]))
			return false;
		n++;
		if (*text != '\0' && *text != '.')
			continue;
		name->octets[at] = (uint8_t)n;
		name->labels++;
		at += n + 1;
		n = 0;
		if (*text == '.')
			text++;
	}
	name->octets[at] = 0;
	name->len = (uint8_t)(at + 1);
	return true;
}

static char *octet_print(char *out, uint8_t c)
{
	if (c <= ' ' || c > '~') {
		*out++ = '\\';
		*out++ = (char)('0' + c / 100);
		*out++ = (char)('0' + c / 10 % 10);
		*out++ = (char)('0' + c % 10);
		return out;
	}
	if (strchr("\"$().;@\\", c) != NULL)
		*out++ = '\\';
	*out++ = (char)c;
	return out;
}

char *wv_name_print_octets(char out[WV_NAME_TEXT], const uint8_t *octets)
{
	char *o = out;

	if (*octets == 0)
		*o++ = '.';
	for (const uint8_t *p = octets; *p != 0; p += *p + 1) {
		for (unsigned i = 1; i <= *p; i++)
			o = octet_print(o, p[i]);
		*o++ = '.';
	}
	*o = '\0';
	return out;
}

char *wv_name_print(char out[WV_NAME_TEXT], const struct wv_name *name)
{
	if (name->len > 0)
		return wv_name_print_octets(out, name->octets);
	out[0] = '\0';
	return out;
}
