/**
 * @file
 * A DNS message as views into its payload: header, question, records, RRsets (RFC 1035 4,
 * RFC 2181 5, RFC 6891).
 *
 * Nothing is copied and nothing allocated. All offsets count from the first octet of the
 * message. A record takes at least 11 octets, so WV_MESSAGE_RRS records always suffice.
 *
 * Units      offsets and lengths in octets, TTLs in seconds
 * Ownership  struct wv_message is the caller's (about 130 KiB, little of it touched by an
 *            ordinary message); it refers to the payload, which must outlive it unchanged
 * Threads    one message belongs to one thread
 * Errors     an enum: what part could not be read
 */
#ifndef WV_MESSAGE_H
#define WV_MESSAGE_H

#include "wv_wire.h"

#define WV_MESSAGE_RRS     5957 // (65535 - 12 + 10) / 11: more cannot be in a message
#define WV_MESSAGE_RRSETS  512  // RRsets that are told apart; see rrsets_cut
#define WV_MESSAGE_NOTHING UINT16_MAX

enum wv_section {
	WV_SECTION_ANSWER,
	WV_SECTION_AUTHORITY,
	WV_SECTION_ADDITIONAL,
	WV_SECTION_COUNT
};

// Header flags, as bits of the second 16-bit word.
#define WV_FLAG_QR       0x8000
#define WV_FLAG_AA       0x0400
#define WV_FLAG_TC       0x0200
#define WV_FLAG_RD       0x0100
#define WV_FLAG_RA       0x0080
#define WV_FLAG_AD       0x0020
#define WV_FLAG_CD       0x0010
#define WV_OPCODE(flags) ((flags) >> 11 & 15)

#define WV_RCODE_NOERROR  0
#define WV_RCODE_SERVFAIL 2
#define WV_RCODE_NXDOMAIN 3
#define WV_RCODE_YXDOMAIN 6

struct wv_rr {
	uint16_t owner; // offset of its packed name
	uint16_t type;
	uint16_t class;
	uint16_t rdlen;
	uint16_t rdata; // offset
	uint16_t next;  // next record of the same RRset (or of its signatures), WV_MESSAGE_NOTHING
	uint32_t ttl;
};

/**
 * Records of one owner, type and class in one section, and the RRSIGs that cover that type
 * there. RRSIGs with nothing to cover make an RRset with n = 0. `type` is never RRSIG: one that
 * covers RRSIG, OPT or TSIG, or is too short to say what it covers, is in no RRset.
 */
struct wv_rrset {
	uint32_t owner_hash; // wv_name_packed_hash() of the owner
	uint16_t owner;      // offset of the first record's packed name
	uint16_t type;
	uint16_t class;
	uint16_t first; // index of the first record, in order of the message; WV_MESSAGE_NOTHING
	uint16_t n;
	uint16_t first_sig; // index of the first RRSIG; WV_MESSAGE_NOTHING
	uint16_t n_sigs;
	uint8_t section;   // enum wv_section
	uint16_t last;     // private: where the next record is chained
	uint16_t last_sig; // private
};

struct wv_message {
	const uint8_t *base;
	uint16_t len;      // octets of the payload
	uint16_t end;      // octets up to the end of the last good record; after WV_MESSAGE_OK
			   // len - end are trailing octets
	uint16_t id;       //
	uint16_t flags;    // WV_FLAG_…
	uint16_t count[4]; // QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT
	uint16_t rcode;    // with the upper bits of OPT
	uint16_t qname;    // offset: 12
	uint16_t qtype;
	uint16_t qclass;
	uint16_t question_end;
	uint32_t qname_hash; // wv_name_packed_hash() of the question's name

	bool has_edns;
	bool edns_do;
	uint8_t edns_version;
	uint16_t edns_size; // requestor's UDP payload size
	uint16_t opt;       // index of the OPT record, WV_MESSAGE_NOTHING
	uint16_t cookie;    // offset of the COOKIE option's data (RFC 7873), WV_MESSAGE_NOTHING
	uint16_t cookie_len;
	bool is_signed; // last record is TSIG or SIG(0)

	uint16_t n_rrs;
	uint16_t n_rrsets;
	uint16_t section_rr[WV_SECTION_COUNT + 1]; // index of each section's first record; the end
	bool rrsets_cut;                           // more RRsets than fit in answer and authority
	uint32_t seed;                             // of the owner hashes
	struct wv_rrset
		rrsets[WV_MESSAGE_RRSETS]; // in order of first appearance; no OPT, TSIG, SIG(0)
	struct wv_rr rrs[WV_MESSAGE_RRS];
	uint16_t buckets[2 * WV_MESSAGE_RRSETS]; // private: finds RRsets in large messages
};

enum wv_message_status {
	WV_MESSAGE_OK,
	WV_MESSAGE_NO_HEADER,   // fewer than 12 octets
	WV_MESSAGE_NO_QUESTION, // QDCOUNT is not 1 (count[] is set), or the question cannot be read
	WV_MESSAGE_BAD_RECORD,  // header and question are good, a record is not; also two OPTs, one
				// that is not the root's or not in the additional section, options
				// that do not fill its data, TSIG or SIG(0) anywhere but last there
};

/**
 * Read a whole message. Fields up to the part that could not be read are set.
 * A message with QDCOUNT = 0 is WV_MESSAGE_NO_QUESTION with count[0] = 0.
 * @param len   at most 65535
 * @param seed  of the owner hashes; any value, a secret one where messages come from strangers
 */
enum wv_message_status wv_message_parse(
	struct wv_message *m, const uint8_t *payload, size_t len, uint32_t seed);

// The record after `rr` in its RRset (or among its signatures), or NULL.
static inline const struct wv_rr *wv_message_next(
	const struct wv_message *m, const struct wv_rr *rr)
{
	return rr->next == WV_MESSAGE_NOTHING ? NULL : &m->rrs[rr->next];
}

static inline const struct wv_rr *wv_message_rr(const struct wv_message *m, uint16_t index)
{
	return index == WV_MESSAGE_NOTHING ? NULL : &m->rrs[index];
}

// Every record in an RRset, and every signature over it.
#define wv_foreach_rr(m, set, rr)                                                                  \
	for (const struct wv_rr *rr = wv_message_rr(m, (set)->first); rr != NULL;                  \
		rr = wv_message_next(m, rr))
#define wv_foreach_sig(m, set, rr)                                                                 \
	for (const struct wv_rr *rr = wv_message_rr(m, (set)->first_sig); rr != NULL;              \
		rr = wv_message_next(m, rr))

// The RRset of a name and type (class IN) in a section, or NULL; one without records is not found.
const struct wv_rrset *wv_message_find(const struct wv_message *m, enum wv_section section,
	const struct wv_name *owner, uint16_t type);

// The fields of an RRSIG (RFC 4034 3.1); signer and signature are offsets into the message.
struct wv_rrsig {
	uint16_t covered;
	uint8_t algorithm;
	uint8_t labels;
	uint32_t original_ttl;
	uint32_t expiration;
	uint32_t inception;
	uint16_t key_tag;
	uint16_t signer; // offset of the signer's name
	uint16_t signature;
	uint16_t signature_len;
};

/**
 * Read an RRSIG record. False if it is shorter than its fixed part, or its signer's name does
 * not end within the record's data.
 */
bool wv_message_rrsig(const struct wv_message *m, const struct wv_rr *rr, struct wv_rrsig *sig);

/**
 * Unpack the name that begins `at` octets into the data of a record (0 in CNAME, DNAME, NS and
 * NSEC): the only safe way to such a name, since parsing looks at no record's data but OPT's.
 * @return offset into the data of what follows the name (rr->rdlen where nothing does); 0 if
 *         there is no name that ends within the data
 */
size_t wv_message_rdata_name(
	const struct wv_message *m, const struct wv_rr *rr, size_t at, struct wv_name *name);

#endif
