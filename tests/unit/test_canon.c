#include <openssl/evp.h>

#include "wv_canon.h"

#include "build.h"
#include "test.h"

static struct wv_message message;
static struct build b;
static uint8_t out[WV_CANON_MAX], expected[WV_CANON_MAX];

#define DATA(octets) octets, sizeof(octets) - 1

// The question is "Q.Example." at 12, its second label at 14.
static const struct {
	const char *what;
	unsigned type;
	const char *data;
	size_t len;
	const char *canonical; // NULL: broken
	size_t canonical_len;
} rdata[] = {
	{"NS", WV_TYPE_NS, DATA("\2NS\300\16"), DATA("\2ns\7example\0")},
	{"MD", WV_TYPE_MD, DATA("\1A\0"), DATA("\1a\0")},
	{"MF", WV_TYPE_MF, DATA("\1A\0"), DATA("\1a\0")},
	{"CNAME", WV_TYPE_CNAME, DATA("\300\14"), DATA("\1q\7example\0")},
	{"SOA", WV_TYPE_SOA, DATA("\1N\300\16\1H\300\16AAAABBBBCCCCDDDDEEEE"),
		DATA("\1n\7example\0\1h\7example\0AAAABBBBCCCCDDDDEEEE")},
	{"MB", WV_TYPE_MB, DATA("\1A\0"), DATA("\1a\0")},
	{"MG", WV_TYPE_MG, DATA("\1A\0"), DATA("\1a\0")},
	{"MR", WV_TYPE_MR, DATA("\1A\0"), DATA("\1a\0")},
	{"PTR", WV_TYPE_PTR, DATA("\1A\0"), DATA("\1a\0")},
	{"MINFO", WV_TYPE_MINFO, DATA("\1A\0\1B\0"), DATA("\1a\0\1b\0")},
	{"MX", WV_TYPE_MX, DATA("AB\1M\300\16"), DATA("AB\1m\7example\0")},
	{"RP", WV_TYPE_RP, DATA("\1A\0\0"), DATA("\1a\0\0")},
	{"AFSDB", WV_TYPE_AFSDB, DATA("AB\1C\0"), DATA("AB\1c\0")},
	{"RT", WV_TYPE_RT, DATA("AB\1C\0"), DATA("AB\1c\0")},
	{"SIG", WV_TYPE_SIG, DATA("ABCDEFGHIJKLMNOPQR\1S\0TUV"),
		DATA("ABCDEFGHIJKLMNOPQR\1s\0TUV")},
	{"PX", WV_TYPE_PX, DATA("AB\1C\0\1D\0"), DATA("AB\1c\0\1d\0")},
	{"NXT", WV_TYPE_NXT, DATA("\1C\0AB"), DATA("\1c\0AB")},
	{"SRV", WV_TYPE_SRV, DATA("ABCDEF\1S\300\16"), DATA("ABCDEF\1s\7example\0")},
	{"NAPTR", WV_TYPE_NAPTR, DATA("ABCD\1U\0\3ABC\1R\0"), DATA("ABCD\1U\0\3ABC\1r\0")},
	{"KX", WV_TYPE_KX, DATA("AB\1K\0"), DATA("AB\1k\0")},
	{"A6 with an address and no name", WV_TYPE_A6, DATA("\0ABCDEFGHIJKLMNOP"),
		DATA("\0ABCDEFGHIJKLMNOP")},
	{"A6 with part of an address", WV_TYPE_A6, DATA("\171A\1B\0"), DATA("\171A\1b\0")},
	{"A6 with no address", WV_TYPE_A6, DATA("\200\1B\0"), DATA("\200\1b\0")},
	{"A6 with too long a prefix", WV_TYPE_A6, DATA("\201\1B\0"), NULL, 0},
	{"A6 that is empty", WV_TYPE_A6, DATA(""), NULL, 0},
	{"DNAME", WV_TYPE_DNAME, DATA("\1D\300\16"), DATA("\1d\7example\0")},
	{"RRSIG", WV_TYPE_RRSIG, DATA("ABCDEFGHIJKLMNOPQR\300\16TUV"),
		DATA("ABCDEFGHIJKLMNOPQR\7example\0TUV")},
	{"NSEC keeps the case of its name", WV_TYPE_NSEC, DATA("\1A\0AB"), DATA("\1A\0AB")},
	{"HINFO has no names", WV_TYPE_HINFO, DATA("\1A\1B"), DATA("\1A\1B")},
	{"A", WV_TYPE_A, DATA("ABCD"), DATA("ABCD")},
	{"TXT", WV_TYPE_TXT, DATA("\3ABC"), DATA("\3ABC")},
	{"SVCB's name is not lowered", 64, DATA("AB\1A\0"), DATA("AB\1A\0")},
	{"a type not known", 65280, DATA("\1A\300\16"), DATA("\1A\300\16")},
	{"a type not known, empty", 65280, DATA(""), DATA("")},
	{"NS without data", WV_TYPE_NS, DATA(""), NULL, 0},
	{"NS over its end", WV_TYPE_NS, DATA("\2ns"), NULL, 0},
	{"NS with half a pointer", WV_TYPE_NS, DATA("\2ns\300"), NULL, 0},
	{"NS that points forwards", WV_TYPE_NS, DATA("\2ns\377\377"), NULL, 0},
	{"MX without a name", WV_TYPE_MX, DATA("AB"), NULL, 0},
	{"MX without all of its preference", WV_TYPE_MX, DATA("A"), NULL, 0},
	{"SOA with one name", WV_TYPE_SOA, DATA("\1n\0"), NULL, 0},
	{"NAPTR whose string is over its end", WV_TYPE_NAPTR, DATA("ABCD\1U\0\7ABC\1R\0"), NULL, 0},
	{"RRSIG of 17 octets", WV_TYPE_RRSIG, DATA("ABCDEFGHIJKLMNOPQ"), NULL, 0},
};

static uint8_t *parse_exact(void)
{
	uint8_t *exact = test_exact(b.octets, b.len);

	if (wv_message_parse(&message, exact, b.len, 3) != WV_MESSAGE_OK)
		abort();
	return exact;
}

static void test_rdata(void)
{
	for (unsigned i = 0; i < WV_COUNT(rdata); i++) {
		const struct wv_rr *rr = &message.rrs[0];
		size_t len = rdata[i].canonical_len, n;
		uint8_t *exact;
		bool ok;

		build_start(&b, WV_FLAG_QR, "Q.Example.", WV_TYPE_A);
		build_rr(&b, WV_SECTION_ANSWER, rdata[i].type, 60, rdata[i].data, rdata[i].len);
		exact = parse_exact();
		n = wv_canon_rdata(&message, rr, out, sizeof(out), &ok);
		CHECK_ROW(&rdata[i], ok == (rdata[i].canonical != NULL) && n == len);
		if (ok && rdata[i].canonical != NULL)
			CHECK_ROW(&rdata[i], memcmp(out, rdata[i].canonical, len) == 0);
		for (size_t room = 0; ok && room <= len; room++) {
			uint8_t *block = malloc(room + 1); // ends where the room does

			n = wv_canon_rdata(&message, rr, block + 1, room, &ok);
			CHECK_ROW(&rdata[i], ok == (room == len) && n == (ok ? len : 0));
			ok = true;
			free(block);
		}
		free(exact);
	}
}

static void test_data_that_no_length_can_tell(void)
{
	static uint8_t octets[70000];
	const size_t most = UINT16_MAX - 18 - 11;
	bool ok;

	memcpy(octets + 12, "\1q\7example\0", 11);
	wv_store16(octets + 30 + 18, 0xc00c);
	message.base = octets;
	// 18 octets, a pointer to a name of 11, and the rest: 9 octets longer than it was.
	for (size_t rest = most - 1; rest <= most + 1; rest++) {
		struct wv_rr rr = {
			.type = WV_TYPE_SIG, .rdata = 30, .rdlen = (uint16_t)(20 + rest)};
		size_t n = wv_canon_rdata(&message, &rr, out, sizeof(out), &ok);

		CHECK(ok == (rest <= most) && n == (ok ? 18 + 11 + rest : 0));
	}
}

static const struct wv_rrset *set_find(const char *owner, uint16_t type, struct wv_name *name)
{
	return wv_name_parse(name, owner) ? wv_message_find(&message, WV_SECTION_ANSWER, name, type)
					  : NULL;
}

#define FIXED "\0\1\15\2\0\0\16\20\161\77\263\0\153\111\322\0\22\147"

// The RRset of the owner with signatures of so many labels: what is signed.
static const struct {
	const char *what;
	const char *owner;
	unsigned labels;
	const char *canonical; // owner as it is signed, NULL: none
	size_t len;
} wildcards[] = {
	{"as many labels", "a.b.Example.", 3, DATA("\1a\1b\7example\0")},
	{"a label less", "a.b.Example.", 2, DATA("\1*\1b\7example\0")},
	{"two labels less", "A.b.Example.", 1, DATA("\1*\7example\0")},
	{"no labels", "A.b.Example.", 0, DATA("\1*\0")},
	{"a label more", "a.b.example.", 4, NULL, 0},
	{"255 labels", "a.b.example.", 255, NULL, 0},
	{"the wildcard itself", "*.b.example.", 2, DATA("\1*\1b\7example\0")},
	{"the wildcard itself, its asterisk counted", "*.b.example.", 3, NULL, 0},
	{"below a wildcard", "a.*.b.example.", 4, DATA("\1a\1*\1b\7example\0")},
	{"below a wildcard, expanded", "a.*.b.example.", 2, DATA("\1*\1b\7example\0")},
	{"the root", ".", 0, DATA("\0")},
	{"the root with a label", ".", 1, NULL, 0},
};

static void test_one_record(void)
{
	static const uint8_t signer[] = "\7example";

	for (unsigned i = 0; i < WV_COUNT(wildcards); i++) {
		const struct wv_rrset *set;
		struct wv_rrsig sig;
		struct wv_name owner;
		uint8_t *exact, *block;
		size_t n = 0, len;

		build_start(&b, WV_FLAG_QR, wildcards[i].owner, WV_TYPE_A);
		build_rr(&b, WV_SECTION_ANSWER, WV_TYPE_A, 17, "ABCD", 4);
		build_rrsig(&b, WV_SECTION_ANSWER, WV_TYPE_A, wildcards[i].labels, "EXAMPLE.");
		exact = parse_exact();
		set = set_find(wildcards[i].owner, WV_TYPE_A, &owner);
		REQUIRE(set != NULL);
		REQUIRE(wv_message_rrsig(&message, &message.rrs[set->first_sig], &sig));

		memcpy(expected, FIXED, 18);
		expected[3] = (uint8_t)wildcards[i].labels;
		memcpy(expected + 18, signer, sizeof(signer));
		n = 18 + sizeof(signer);
		memcpy(expected + n, wildcards[i].canonical != NULL ? wildcards[i].canonical : "",
			wildcards[i].len);
		n += wildcards[i].len;
		memcpy(expected + n, "\0\1\0\1\0\0\16\20\0\4ABCD", 14);
		n += 14;

		len = wv_canon_signed_data(&message, set, &sig, &owner, out, sizeof(out));
		CHECK_ROW(&wildcards[i], len == (wildcards[i].canonical != NULL ? n : 0));
		if (len == n)
			CHECK_ROW(&wildcards[i], memcmp(out, expected, n) == 0);
		for (size_t room = 0; len > 0 && room <= n; room++) {
			block = malloc(room + 1); // ends where the room does
			CHECK_ROW(&wildcards[i],
				wv_canon_signed_data(&message, set, &sig, &owner, block + 1, room)
					== (room == n ? n : 0));
			free(block);
		}
		free(exact);
	}
}

static int octets_order(const uint8_t *a, const uint8_t *c)
{
	size_t len_a = wv_load16(a), len_c = wv_load16(c);
	int order = memcmp(a + 2, c + 2, len_a < len_c ? len_a : len_c);

	return order != 0 ? order : (int)len_a - (int)len_c;
}

static int pointers_order(const void *a, const void *c)
{
	const uint8_t *const *pa = a, *const *pc = c;

	return octets_order(*pa, *pc);
}

// What wv_canon_signed_data() should write of the records, by the plainest means; also the room
// that is promised to be enough for them.
static size_t plain_signed_data(const struct wv_rrset *set, size_t head, size_t *enough)
{
	static uint8_t data[WV_CANON_MAX];
	static const uint8_t *order[WV_MESSAGE_RRS];
	unsigned n = 0;
	size_t at = 0, len = 0, longest = 0;
	bool ok;

	wv_foreach_rr(&message, set, rr) {
		size_t one =
			wv_canon_rdata(&message, rr, data + at + 2, sizeof(data) - at - 2, &ok);

		wv_store16(data + at, (uint16_t)one);
		order[n++] = data + at;
		at += one + 2;
		longest = one > longest ? one : longest;
	}
	*enough = n * head + at + longest;
	qsort(order, n, sizeof(order[0]), pointers_order);
	for (unsigned i = 0; i < n; i++) {
		size_t one = wv_load16(order[i]) + 2u;

		if (i > 0 && octets_order(order[i - 1], order[i]) == 0)
			continue;
		memcpy(expected + len, out + 18 + 9, head); // each record begins alike
		memcpy(expected + len + head, order[i], one);
		len += head + one;
	}
	return len;
}

// Signed data of the RRset of "q.example." of a type, against the plain way, in rooms of all sizes.
static void check_order(uint16_t type)
{
	const size_t head = 11 + 8, fixed = 18 + 9;
	const struct wv_rrset *set;
	struct wv_rrsig sig;
	struct wv_name owner;
	size_t enough, len, again;
	uint8_t *exact = parse_exact(), *block;

	set = set_find("q.example.", type, &owner);
	REQUIRE(set != NULL);
	REQUIRE(wv_message_rrsig(&message, wv_message_rr(&message, set->first_sig), &sig));
	len = wv_canon_signed_data(&message, set, &sig, &owner, out, sizeof(out));
	CHECK(len == fixed + plain_signed_data(set, head, &enough));
	CHECK(memcmp(out + fixed, expected, len - fixed) == 0);
	enough += fixed;
	for (size_t room = enough; room > 0; room -= room > 2000 ? room / 40 : 1) {
		block = malloc(room);
		again = wv_canon_signed_data(&message, set, &sig, &owner, block, room);
		if (again != 0 || room == enough)
			CHECK(again == len && memcmp(block, out, len) == 0);
		free(block);
	}
	free(exact);
}

static uint32_t random_state = 1;

static unsigned random_below(unsigned n)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % n;
}

static void test_order(void)
{
	// Numbers around the limits of what is sorted in one way or another.
	static const unsigned counts[] = {2, 3, 4, 5, 7, 8, 13, 16, 17, 33, 1000};

	for (unsigned i = 0; i < WV_COUNT(counts); i++) {
		for (unsigned spread = 2; spread <= 300; spread += 298) {
			build_start(&b, WV_FLAG_QR, "Q.Example.", WV_TYPE_ANY);
			build_rrsig(&b, WV_SECTION_ANSWER, WV_TYPE_TXT, 2, "Example.");
			build_rrsig(&b, WV_SECTION_ANSWER, WV_TYPE_MX, 2, "Example.");
			for (unsigned n = 0; n < counts[i]; n++) {
				uint8_t data[8] = {0};

				// Lengths differ too: what is a prefix comes first.
				data[0] = (uint8_t)random_below(spread);
				data[1] = (uint8_t)random_below(2);
				build_rr(&b, WV_SECTION_ANSWER, WV_TYPE_TXT, n, data,
					random_below(4));
				build_pointer(&b, 12);
				build_head(&b, WV_SECTION_ANSWER, WV_TYPE_MX, WV_CLASS_IN, 60);
				build_u16(&b, random_below(2));
				build_u8(&b, 1);
				build_u8(&b, "aAbBcC"[random_below(6)]);
				build_pointer(&b, random_below(2) ? 12 : 14);
				build_end(&b);
			}
			check_order(WV_TYPE_TXT);
			check_order(WV_TYPE_MX);
		}
	}
}

static void test_prefix_comes_first(void)
{
	static const char *const sorted[] = {"", "A", "AA", "AB", "B"};
	const struct wv_rrset *set;
	struct wv_rrsig sig;
	struct wv_name owner;
	size_t at, len;

	build_start(&b, WV_FLAG_QR, "q.example.", WV_TYPE_TXT);
	build_rrsig(&b, WV_SECTION_ANSWER, WV_TYPE_TXT, 2, "example.");
	for (unsigned i = 0; i < 10; i++)
		build_rr(&b, WV_SECTION_ANSWER, WV_TYPE_TXT, 60, sorted[i * 3 % 5],
			strlen(sorted[i * 3 % 5]));
	CHECK(wv_message_parse(&message, b.octets, b.len, 1) == WV_MESSAGE_OK);
	set = set_find("q.example.", WV_TYPE_TXT, &owner);
	REQUIRE(set != NULL);
	REQUIRE(wv_message_rrsig(&message, &message.rrs[0], &sig));
	len = wv_canon_signed_data(&message, set, &sig, &owner, out, sizeof(out));
	at = 18 + 9;
	for (unsigned i = 0; i < WV_COUNT(sorted); i++) {
		at += 11 + 8;
		CHECK(wv_load16(out + at) == strlen(sorted[i]));
		CHECK(memcmp(out + at + 2, sorted[i], strlen(sorted[i])) == 0);
		at += 2 + strlen(sorted[i]);
	}
	CHECK(at == len);
}

// Pairs of pointers to names of 255 octets, under an owner of 255: nothing grows more.
static void test_most_octets(void)
{
	char longest[256];
	uint16_t at[64];
	const struct wv_rrset *set;
	struct wv_rrsig sig;
	struct wv_name owner;
	size_t len;
	unsigned n = 0;

	for (unsigned i = 0; i < 127; i++)
		memcpy(longest + 2 * i, "A.", 3);
	build_start(&b, WV_FLAG_QR, longest, WV_TYPE_MINFO);
	build_pointer(&b, 14);
	build_head(&b, WV_SECTION_ANSWER, WV_TYPE_TXT, WV_CLASS_IN, 60);
	for (unsigned i = 0; i < 64; i++) {
		at[i] = (uint16_t)b.len;
		build_u8(&b, 1);
		build_u8(&b, 128 + i);
		build_pointer(&b, 14);
	}
	build_end(&b);
	build_rrsig(&b, WV_SECTION_ANSWER, WV_TYPE_MINFO, 127, ".");
	for (; b.len + 16 <= UINT16_MAX && n < 4096; n++) {
		build_pointer(&b, 12);
		build_head(&b, WV_SECTION_ANSWER, WV_TYPE_MINFO, WV_CLASS_IN, 60);
		build_pointer(&b, at[n % 64]);
		build_pointer(&b, at[63 - n / 64]);
		build_end(&b);
	}
	CHECK(wv_message_parse(&message, b.octets, b.len, 1) == WV_MESSAGE_OK);
	set = wv_message_find(&message, WV_SECTION_ANSWER,
		(wv_name_unpack(&owner, b.octets, b.octets + 12), &owner), WV_TYPE_MINFO);
	REQUIRE(set != NULL);
	REQUIRE(wv_message_rrsig(&message, wv_message_rr(&message, set->first_sig), &sig));
	len = wv_canon_signed_data(&message, set, &sig, &owner, out, sizeof(out));
	CHECK(len == 18 + 1 + n * (255 + 10 + 510) && len > 3000000);
	for (unsigned i = 1; i < n; i++) {
		const uint8_t *record = out + 19 + i * 775 + 265;

		CHECK(memcmp(record - 775, record, 510) < 0);
	}
}

static void test_a_broken_record(void)
{
	for (unsigned broken = 0; broken < 3; broken++) {
		const struct wv_rrset *set;
		struct wv_rrsig sig;
		struct wv_name owner;
		uint8_t *exact;

		build_start(&b, WV_FLAG_QR, "q.example.", WV_TYPE_NS);
		build_rrsig(&b, WV_SECTION_ANSWER, WV_TYPE_NS, 2, "example.");
		for (unsigned i = 0; i < 3; i++)
			build_rr(&b, WV_SECTION_ANSWER, WV_TYPE_NS, 60, "\1a\0",
				i == broken ? 2 : 3);
		exact = parse_exact();
		set = set_find("q.example.", WV_TYPE_NS, &owner);
		REQUIRE(set != NULL);
		REQUIRE(wv_message_rrsig(&message, &message.rrs[0], &sig));
		CHECK(wv_canon_signed_data(&message, set, &sig, &owner, out, sizeof(out)) == 0);
		free(exact);
	}
}

static size_t base64(const char *text, uint8_t *octets)
{
	size_t n = strlen(text);
	int len = EVP_DecodeBlock(octets, (const unsigned char *)text, (int)n);

	for (; len > 0 && n > 0 && text[n - 1] == '='; n--)
		len--;
	return len > 0 ? (size_t)len : 0;
}

// Does the message have a signed RRset that `key` signed?
static bool is_verified(EVP_PKEY *key)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool verified = false;

	if (wv_message_parse(&message, b.octets, b.len, 1) != WV_MESSAGE_OK)
		message.n_rrsets = 0;
	for (unsigned i = 0; i < message.n_rrsets; i++) {
		const struct wv_rrset *set = &message.rrsets[i];
		struct wv_rrsig sig;
		struct wv_name owner;
		size_t len;

		wv_name_unpack(&owner, b.octets, b.octets + set->owner);
		if (set->n_sigs == 0
			|| !wv_message_rrsig(&message, &message.rrs[set->first_sig], &sig))
			continue;
		len = wv_canon_signed_data(&message, set, &sig, &owner, out, sizeof(out));
		verified |= len > 0 && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1
			&& EVP_DigestVerify(
				   context, b.octets + sig.signature, sig.signature_len, out, len)
				== 1;
	}
	EVP_MD_CTX_free(context);
	return verified;
}

// RFC 8080 6.1, the signature as of erratum 4935.
static void test_signature(void)
{
	uint8_t key_octets[48], signature[96];
	size_t key_len = base64("l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=", key_octets);
	size_t signature_len = base64("oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx"
				      "8A4M3e23mRZ9VrbpMngwcrqNAg==",
		signature);
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key_octets, key_len);

	REQUIRE(key != NULL && signature_len == 64);
	build_start(&b, WV_FLAG_QR, "eXample.COM.", WV_TYPE_MX);
	build_pointer(&b, 12);
	build_head(&b, WV_SECTION_ANSWER, WV_TYPE_MX, WV_CLASS_IN, 1234);
	build_octets(&b, "\0\12\4MAIL\300\14", 9);
	build_end(&b);
	build_pointer(&b, 12);
	build_head(&b, WV_SECTION_ANSWER, WV_TYPE_RRSIG, WV_CLASS_IN, 1234);
	build_u16(&b, WV_TYPE_MX);
	build_u8(&b, 15);
	build_u8(&b, 2);
	build_u32(&b, 3600);
	build_u32(&b, 1440021600);
	build_u32(&b, 1438207200);
	build_u16(&b, 3613);
	build_name(&b, "Example.Com.");
	build_octets(&b, signature, signature_len);
	build_end(&b);

	CHECK(is_verified(key));
	for (size_t i = 12; i < 29 + 12 + 9; i++) {
		// But for the question's type and class, and the TTL, all this is signed.
		bool is_signed = i < 25 || (i >= 29 && i < 35) || i >= 39;

		b.octets[i] ^= 1;
		CHECK(is_verified(key) == !is_signed);
		b.octets[i] ^= 1;
	}
	EVP_PKEY_free(key);
}

// RFC 4034 5.4.
static void test_key_tag_and_ds(void)
{
	static const char key[] = "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMz"
				  "NXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/M5+X7OrzKBaMbCVdFLUUh6DhweJ"
				  "BjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==";
	uint8_t data[256] = {1, 0, 3, 5}, digest[EVP_MAX_MD_SIZE], hex[20];
	size_t len = 4 + base64(key, data + 4), n;
	unsigned digest_len = 0;
	struct wv_name owner;

	CHECK(len == 4 + 130);
	CHECK(wv_canon_key_tag(data, len) == 60485);
	CHECK(wv_name_parse(&owner, "dskey.Example.com."));
	n = wv_canon_ds_data(&owner, data, len, out, sizeof(out));
	CHECK(n == owner.len + len);
	CHECK(EVP_Digest(out, n, digest, &digest_len, EVP_sha1(), NULL) == 1);
	CHECK(test_unhex("2BB183AF5F22588179A53B0A98631FAD1A292118", hex, 20) == 20);
	CHECK(digest_len == 20 && memcmp(digest, hex, 20) == 0);
	CHECK(wv_canon_ds_data(&owner, data, len, out, n) == n);
	CHECK(wv_canon_ds_data(&owner, data, len, out, n - 1) == 0);
	CHECK(wv_canon_ds_data(&owner, data, len, out, 0) == 0);
}

static void test_key_tags(void)
{
	static const struct {
		const char *what;
		const char *data;
		size_t len;
		uint16_t tag;
	} rows[] = {
		{"nothing", DATA(""), 0},
		{"one octet", DATA("\1"), 0x100},
		{"two octets", DATA("\1\2"), 0x102},
		{"an odd number", DATA("\1\2\3"), 0x402},
		{"a carry", DATA("\377\377\0\1"), 1},
		{"two carries", DATA("\377\377\377\377\0\2"), 2},
	};

	for (unsigned i = 0; i < WV_COUNT(rows); i++)
		CHECK_ROW(&rows[i],
			wv_canon_key_tag((const uint8_t *)rows[i].data, rows[i].len)
				== rows[i].tag);
	memset(expected, 0xff, 65535);
	CHECK(wv_canon_key_tag(expected, 65535) == 0xff00);
}

static const struct test tests[] = {
	{"names in data are unpacked and lowered where RFC 4034 6.2 says so", test_rdata},
	{"data longer than RDLENGTH can say is refused", test_data_that_no_length_can_tell},
	{"one record is written with its owner, or its wildcard", test_one_record},
	{"records are in canonical order, each once", test_order},
	{"what is the beginning of another comes first", test_prefix_comes_first},
	{"WV_CANON_MAX is enough for the message that grows most", test_most_octets},
	{"a broken record leaves nothing to verify", test_a_broken_record},
	{"a signature of RFC 8080 is right over what is written", test_signature},
	{"key tag and DS are as in RFC 4034 5.4", test_key_tag_and_ds},
	{"key tags carry once", test_key_tags},
};

int main(void)
{
	return test_main("canon", tests, WV_COUNT(tests));
}
