#include "wv_denial.h"
#include "wv_hash_openssl.h"

#include "build.h"
#include "test.h"

#define RECORDS 4
#define BLOCKS  2400

/*
 * A record of a proof. NSEC3: `owner` is the label of the hash, or "=NAME" for the hash of NAME;
 * `next` is a hash, or NULL for one just above the owner's. Numbers that are 0 are those of the
 * zone in RFC 5155 appendix A, but for what `odd` says.
 */
struct record {
	const char *owner;
	const char *next;
	const char *types;
	bool nsec3;
	uint8_t flags;
	uint8_t hash;
	uint16_t iterations;
	uint8_t salt_len; // other than the zone's: so many octets, from 1 up
	enum {
		ODD_NOTHING,
		ODD_BITMAP,       // trailing zero octet
		ODD_COMPRESSED,   // next name of an NSEC
		ODD_HASH_LEN,     // 19 octets
		ODD_CUT,          // no next name or hash
		ODD_CLASS,        // CH
		ODD_NO_ITERATIONS // iterations are 0
	} odd;
};

#define NSEC(name, next_name, list)  .owner = name, .next = next_name, .types = list
#define NSEC3(hash, next_hash, list) NSEC(hash, next_hash, list), .nsec3 = true

// RFC 5155 appendix A.
#define APEX  "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom" // example
#define A     "35mthgpgcu1qg68fab165klnsnk3dpvl" // a.example, signed delegation
#define C     "4g6p9u5gvfshp30pqecj98b3maqbn1ck" // c.example, opted out
#define AI    "gjeqe526plbf1g8mklp59enfd789njgi"
#define NS1   "2t7b4g4vsa5smi47k61mv5bv1a22bojr"
#define NS2   "q04jkcevqvmu85r014c7dkba38o0ji5r"
#define W     "k8udemvp1j2f7eg6jebps17vp3n8i58h" // empty non-terminal
#define W_ALL "r53bq7cc2uvmubfu5ocmm6pers9tk9en" // *.w.example
#define X_W   "b4um86eghhds6nea196smvmlo4ors995"
#define Y_W   "ji6neoaepv8b5o6k4ev33abha8ht9fgc" // empty non-terminal
#define XYW   "2vptu5timamqttgl4luu9kg21e0aor3s"
#define XX    "t644ebqk9bibcna874givr6joj62mlhv"

#define APEX_TYPES "NS SOA MX RRSIG DNSKEY NSEC3PARAM"

static const struct {
	const char *what;
	const char *zone, *name;
	struct record records[RECORDS];
	enum wv_denial_ds said;
	uint32_t used;
} proofs[] = {
	{"RFC 4035 B.6: NSEC at an unsigned delegation", "example.", "b.example.",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")}}, WV_DENIAL_DS_ABSENT, 1},
	{"RFC 4035 B.5: NSEC with the DS bit", "example.", "a.example.",
		{{NSEC("a.example.", "ai.example.", "NS DS RRSIG NSEC")}}, WV_DENIAL_DS_UNPROVEN,
		0},
	{"NSEC with the SOA bit is the child's", "example.", "b.example.",
		{{NSEC("b.example.", "ns1.example.", "NS SOA RRSIG NSEC DNSKEY")}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC without NS is no cut", "example.", "ns1.example.",
		{{NSEC("ns1.example.", "ns2.example.", "A RRSIG NSEC")}}, WV_DENIAL_DS_NO_CUT, 1},
	{"NSEC at another name", "example.", "b.example.",
		{{NSEC("c.example.", "ns1.example.", "NS RRSIG NSEC")}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC that covers the name tells nothing of a delegation", "example.", "b.example.",
		{{NSEC("a.example.", "ns1.example.", "NS RRSIG NSEC")}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC at a name below", "example.", "b.example.",
		{{NSEC("x.b.example.", "ns1.example.", "NS RRSIG NSEC")}}, WV_DENIAL_DS_UNPROVEN,
		0},
	{"the second of two NSEC is the one", "example.", "b.example.",
		{{NSEC("example.", "a.example.", "NS SOA RRSIG NSEC DNSKEY")},
			{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")}},
		WV_DENIAL_DS_ABSENT, 2},
	{"letters in another case", "example.", "b.example.",
		{{NSEC("B.Example.", "NS1.example.", "NS RRSIG NSEC")}}, WV_DENIAL_DS_ABSENT, 1},
	{"the last NSEC of the zone", "example.", "xx.example.",
		{{NSEC("xx.example.", "example.", "NS RRSIG NSEC")}}, WV_DENIAL_DS_ABSENT, 1},
	{"in the root", ".", "example.", {{NSEC("example.", "fr.", "NS RRSIG NSEC")}},
		WV_DENIAL_DS_ABSENT, 1},
	{"NSEC whose next name leaves the zone", "example.", "b.example.",
		{{NSEC("b.example.", "a.test.", "NS RRSIG NSEC")}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC with a compressed next name", "example.", "b.example.",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC"), .odd = ODD_COMPRESSED}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC with a malformed bitmap", "example.", "b.example.",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC"), .odd = ODD_BITMAP}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC without data", "example.", "b.example.",
		{{NSEC("b.example.", "ns1.example.", "NS"), .odd = ODD_CUT}}, WV_DENIAL_DS_UNPROVEN,
		0},
	{"NSEC of another class", "example.", "b.example.",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC"), .odd = ODD_CLASS}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"two NSEC at one name contradict each other", "example.", "b.example.",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")},
			{NSEC("b.example.", "ns2.example.", "NS RRSIG NSEC")}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"two NSEC that are the same are one", "example.", "b.example.",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")},
			{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")}},
		WV_DENIAL_DS_ABSENT, 1},
	{"the zone itself is not below it", "example.", "example.",
		{{NSEC("example.", "a.example.", "NS RRSIG NSEC")}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"a name outside the zone", "example.", "b.test.",
		{{NSEC("b.test.", "c.test.", "NS RRSIG NSEC")}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"a name above the zone", "b.example.", "example.",
		{{NSEC("example.", "b.example.", "NS RRSIG NSEC")}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"no record at all", "example.", "b.example.", {{.owner = NULL}}, WV_DENIAL_DS_UNPROVEN, 0},

	{"NSEC3 at an unsigned delegation", "example.", "a.example.", {{NSEC3(A, X_W, "NS")}},
		WV_DENIAL_DS_ABSENT, 1},
	{"with the opt-out flag, too", "example.", "a.example.",
		{{NSEC3(A, X_W, "NS"), .flags = 1}}, WV_DENIAL_DS_ABSENT, 1},
	{"RFC 5155 A: NSEC3 with the DS bit", "example.", "a.example.",
		{{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC3 with the SOA bit is the child's", "example.", "a.example.",
		{{NSEC3(A, X_W, "NS SOA RRSIG DNSKEY"), .flags = 1}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC3 without NS is no cut", "example.", "ai.example.",
		{{NSEC3(AI, Y_W, "A AAAA HINFO RRSIG"), .flags = 1}}, WV_DENIAL_DS_NO_CUT, 1},
	{"NSEC3 of an empty non-terminal is no cut", "example.", "w.example.",
		{{NSEC3(W, NS2, ""), .flags = 1}}, WV_DENIAL_DS_NO_CUT, 1},
	{"hash in capitals", "example.", "a.example.",
		{{NSEC3("35MTHGPGCU1QG68FAB165KLNSNK3DPVL", X_W, "NS")}}, WV_DENIAL_DS_ABSENT, 1},

	{"RFC 5155 B.3: a delegation in an opt-out span", "example.", "c.example.",
		{{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_OPT_OUT, 3},
	{"RFC 5155 B.3 without the flag", "example.", "c.example.",
		{{NSEC3(A, X_W, "NS DS RRSIG")}, {NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"RFC 5155 B.3 without the closest encloser", "example.", "c.example.",
		{{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"RFC 5155 B.3 without the span", "example.", "c.example.",
		{{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"a span that ends before the name", "example.", "c.example.",
		{{NSEC3(XYW, A, "MX RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"a span that begins after the name", "example.", "c.example.",
		{{NSEC3(X_W, AI, "MX RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"a span that ends with the name", "example.", "c.example.",
		{{NSEC3(A, C, "NS DS RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"deeper names lie in the span of the next closer one", "example.", "mc.b.c.example.",
		{{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_OPT_OUT, 3},
	{"a span over the name, but not over the next closer one", "example.", "mc.a.example.",
		{{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1},
			{NSEC3("=mc.a.example.", "=mc.a.example.", "A"), .flags = 1}},
		WV_DENIAL_DS_NO_CUT, 2},
	{"the last span goes round to the first", "example.", "zz.example.",
		{{NSEC3(XX, APEX, "A AAAA HINFO RRSIG"), .flags = 1},
			{NSEC3("=example.", NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"the last span, from a first above the name", "example.", "c.example.",
		{{NSEC3(XX, X_W, "A AAAA HINFO RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_OPT_OUT, 3},
	{"the last span, from a first below the name", "example.", "c.example.",
		{{NSEC3(XX, NS1, "A AAAA HINFO RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"a zone of one record is encloser and span", "example.", "c.example.",
		{{NSEC3(APEX, APEX, APEX_TYPES), .flags = 1}}, WV_DENIAL_DS_OPT_OUT, 1},
	{"the closest encloser is the deepest", "example.", "q.w.example.",
		{{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}, {NSEC3(W, W, ""), .flags = 1}},
		WV_DENIAL_DS_OPT_OUT, 2},
	{"a delegation encloses nothing of this zone", "example.", "mc.a.example.",
		{{NSEC3(A, A, "NS DS RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"a DNAME encloses nothing", "example.", "mc.a.example.",
		{{NSEC3(A, A, "DNAME RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"an apex below the zone encloses nothing", "example.", "mc.a.example.",
		{{NSEC3(A, A, "NS SOA RRSIG DNSKEY"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"a zone's parent-side record is no encloser", "example.", "c.example.",
		{{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, "NS DS RRSIG"), .flags = 1}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"an ordinary name encloses", "example.", "mc.a.example.",
		{{NSEC3(A, A, "A RRSIG"), .flags = 1}}, WV_DENIAL_DS_OPT_OUT, 1},

	{"the parent's hash in the child's zone", "a.example.", "mc.a.example.",
		{{NSEC3("=mc.a.example.", NULL, "NS")}}, WV_DENIAL_DS_ABSENT, 1},
	{"the child's record for the parent's zone", "example.", "mc.a.example.",
		{{NSEC3("=mc.a.example.|a.example.", NULL, "NS")}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"the parent's record for the child's zone", "a.example.", "mc.a.example.",
		{{NSEC3("=mc.a.example.|example.", NULL, "NS")}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC3 in another zone", "example.", "a.example.", {{NSEC3(A "|test.", X_W, "NS")}},
		WV_DENIAL_DS_UNPROVEN, 0},

	{"unknown hash algorithm", "example.", "a.example.", {{NSEC3(A, X_W, "NS"), .hash = 2}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"unknown flags", "example.", "a.example.", {{NSEC3(A, X_W, "NS"), .flags = 2}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"unknown flags beside opt-out", "example.", "a.example.",
		{{NSEC3(A, X_W, "NS"), .flags = 0x81}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"a letter that is not of base32hex", "example.", "a.example.",
		{{NSEC3("35mthgpgcu1qg68fab165klnsnk3dpvw", X_W, "NS")}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"a hash that is too short", "example.", "a.example.",
		{{NSEC3("35mthgpgcu1qg68fab165klnsnk3dpv", X_W, "NS")}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"a next hash of another length", "example.", "a.example.",
		{{NSEC3(A, X_W, "NS"), .odd = ODD_HASH_LEN}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC3 that is cut", "example.", "a.example.", {{NSEC3(A, X_W, "NS"), .odd = ODD_CUT}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"NSEC3 with a malformed bitmap", "example.", "a.example.",
		{{NSEC3(A, X_W, "NS"), .odd = ODD_BITMAP}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"no iterations", "example.", "b.example.",
		{{NSEC3("=b.example.", NULL, "NS"), .odd = ODD_NO_ITERATIONS}}, WV_DENIAL_DS_ABSENT,
		1},
	{"a salt of 255 octets", "example.", "b.example.",
		{{NSEC3("=b.example.", NULL, "NS"), .salt_len = 255}}, WV_DENIAL_DS_ABSENT, 1},
	{"another salt than the span's", "example.", "c.example.",
		{{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1},
			{NSEC3("=example.", NULL, APEX_TYPES), .flags = 1, .salt_len = 5}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"other iterations than the span's", "example.", "c.example.",
		{{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1},
			{NSEC3("=example.", NULL, APEX_TYPES), .flags = 1, .iterations = 13}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"two chains, each for itself", "example.", "c.example.",
		{{NSEC3("=example.", NULL, APEX_TYPES), .flags = 1, .iterations = 13},
			{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		WV_DENIAL_DS_OPT_OUT, 6},
	{"a third chain is not looked at", "example.", "b.example.",
		{{NSEC3("=example.", NULL, APEX_TYPES), .flags = 1, .iterations = 13},
			{NSEC3("=example.", NULL, APEX_TYPES), .flags = 1, .iterations = 14},
			{NSEC3("=b.example.", NULL, "NS"), .iterations = 15}},
		WV_DENIAL_DS_UNPROVEN, 0},

	{"50 iterations", "example.", "b.example.",
		{{NSEC3("=b.example.", NULL, "NS"), .iterations = 50}}, WV_DENIAL_DS_ABSENT, 1},
	{"51 iterations", "example.", "b.example.",
		{{NSEC3("=b.example.", NULL, "NS"), .iterations = 51}}, WV_DENIAL_DS_ITERATIONS, 1},
	{"150 iterations", "example.", "b.example.",
		{{NSEC3("=b.example.", NULL, "NS"), .iterations = 150}}, WV_DENIAL_DS_ITERATIONS,
		1},
	{"151 iterations", "example.", "b.example.",
		{{NSEC3("=b.example.", NULL, "NS"), .iterations = 151}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"51 iterations at a name that was not asked for", "example.", "b.example.",
		{{NSEC3("=q.example.", NULL, "A"), .iterations = 51}}, WV_DENIAL_DS_UNPROVEN, 0},
	{"51 iterations where there is no cut", "example.", "b.example.",
		{{NSEC3("=b.example.", NULL, "A"), .iterations = 51}}, WV_DENIAL_DS_NO_CUT, 1},
	{"51 iterations in another zone", "example.", "b.example.",
		{{NSEC3("=b.example.|test.", NULL, "NS"), .iterations = 51}}, WV_DENIAL_DS_UNPROVEN,
		0},
	{"51 iterations of an unknown hash", "example.", "b.example.",
		{{NSEC3("=b.example.", NULL, "NS"), .hash = 2, .iterations = 51}},
		WV_DENIAL_DS_UNPROVEN, 0},
	{"a proof within the limits beside 151 iterations", "example.", "b.example.",
		{{NSEC3("=q.example.", NULL, "A"), .iterations = 151},
			{NSEC3("=b.example.", NULL, "NS"), .iterations = 50}},
		WV_DENIAL_DS_ABSENT, 2},
	{"a proof above the soft limit beside 151 iterations", "example.", "b.example.",
		{{NSEC3("=q.example.", NULL, "A"), .iterations = 151},
			{NSEC3("=b.example.", NULL, "NS"), .iterations = 51}},
		WV_DENIAL_DS_ITERATIONS, 2},
	{"NSEC beside NSEC3 of 51 iterations", "example.", "b.example.",
		{{NSEC3("=q.example.", NULL, "A"), .iterations = 51},
			{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")}},
		WV_DENIAL_DS_ABSENT, 2},
};

// What is absent, in the zones of RFC 4035 appendix A and RFC 5155 appendix A unless said else.
static const struct {
	const char *what;
	const char *name, *type;
	struct record records[RECORDS];
	enum wv_denial_result result;
	uint32_t used;
	bool opt_out, above_limit;
	enum wv_denial_ds ds;
	const char *zone; // NULL: "example."
} absences[] = {
	{"RFC 4035 B.2: a name error", "ml.example.", "A",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")},
			{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_NO_NAME, .used = 3},
	{"RFC 4035 B.2 without the wildcard", "ml.example.", "A",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"RFC 4035 B.2 without the name", "ml.example.", "A",
		{{NSEC("example.", "a.example.", APEX_TYPES)}}, .result = WV_DENIAL_UNPROVEN,
		.used = 0},
	{"RFC 4035 B.3: no data", "ns1.example.", "MX",
		{{NSEC("ns1.example.", "ns2.example.", "A RRSIG NSEC")}},
		.result = WV_DENIAL_NO_TYPE, .used = 1},
	{"the type is there", "ns1.example.", "A",
		{{NSEC("ns1.example.", "ns2.example.", "A RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"a CNAME is there", "ns1.example.", "MX",
		{{NSEC("ns1.example.", "ns2.example.", "CNAME RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"a DNAME at the name keeps no type away", "ns1.example.", "MX",
		{{NSEC("ns1.example.", "ns2.example.", "DNAME RRSIG NSEC")}},
		.result = WV_DENIAL_NO_TYPE, .used = 1},
	{"at the apex", "example.", "A", {{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_NO_TYPE, .used = 1},
	{"at a delegation the zone speaks of DS alone", "b.example.", "A",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"DS at a delegation", "b.example.", "DS",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")}},
		.result = WV_DENIAL_NO_TYPE, .used = 1, .ds = WV_DENIAL_DS_ABSENT},
	{"DS where there is none", "ns1.example.", "DS",
		{{NSEC("ns1.example.", "ns2.example.", "A RRSIG NSEC")}},
		.result = WV_DENIAL_NO_TYPE, .used = 1, .ds = WV_DENIAL_DS_NO_CUT},
	{"DS that the child denies", "b.example.", "DS",
		{{NSEC("b.example.", "x.b.example.", "NS SOA RRSIG NSEC DNSKEY")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"DS of a name that is not there", "ml.example.", "DS",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")},
			{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_NO_NAME, .used = 3, .ds = WV_DENIAL_DS_NO_CUT},
	{"an empty non-terminal", "y.w.example.", "A",
		{{NSEC("x.w.example.", "x.y.w.example.", "MX RRSIG NSEC")}},
		.result = WV_DENIAL_NO_TYPE, .used = 1},
	{"an empty non-terminal whose span lies before", "y.w.example.", "A",
		{{NSEC("ns2.example.", "x.w.example.", "A RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"RFC 4035 B.7: the wildcard has no such type", "a.z.w.example.", "AAAA",
		{{NSEC("x.y.w.example.", "xx.example.", "MX RRSIG NSEC")},
			{NSEC("*.w.example.", "x.w.example.", "MX RRSIG NSEC")}},
		.result = WV_DENIAL_NO_TYPE, .used = 3},
	{"the wildcard has the type", "a.z.w.example.", "MX",
		{{NSEC("x.y.w.example.", "xx.example.", "MX RRSIG NSEC")},
			{NSEC("*.w.example.", "x.w.example.", "MX RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"the wildcard is an alias", "a.z.w.example.", "AAAA",
		{{NSEC("x.y.w.example.", "xx.example.", "MX RRSIG NSEC")},
			{NSEC("*.w.example.", "x.w.example.", "CNAME RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"the wildcard of another encloser", "a.z.w.example.", "AAAA",
		{{NSEC("x.y.w.example.", "xx.example.", "MX RRSIG NSEC")},
			{NSEC("*.example.", "a.example.", "MX RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"the wildcard without the name", "a.z.w.example.", "AAAA",
		{{NSEC("*.w.example.", "x.w.example.", "MX RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"names below the wildcard are an empty non-terminal", "a.z.w.example.", "AAAA",
		{{NSEC("x.y.w.example.", "xx.example.", "MX RRSIG NSEC")},
			{NSEC("w.example.", "x.*.w.example.", "A RRSIG NSEC")}},
		.result = WV_DENIAL_NO_TYPE, .used = 3},
	{"the wildcard itself is asked for", "*.w.example.", "AAAA",
		{{NSEC("*.w.example.", "x.w.example.", "MX RRSIG NSEC")}},
		.result = WV_DENIAL_NO_TYPE, .used = 1},
	{"the wildcard itself is asked for, and is not there", "*.example.", "AAAA",
		{{NSEC("example.", "a.example.", APEX_TYPES)}}, .result = WV_DENIAL_NO_NAME,
		.used = 1},
	{"the last span leads back to the apex", "zz.example.", "A",
		{{NSEC("xx.example.", "example.", "A RRSIG NSEC")},
			{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_NO_NAME, .used = 3},
	{"a span that leads back, but not to the apex", "zz.example.", "A",
		{{NSEC("xx.example.", "a.example.", "A RRSIG NSEC")},
			{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"a zone of one name", "ml.example.", "A", {{NSEC("example.", "example.", APEX_TYPES)}},
		.result = WV_DENIAL_NO_NAME, .used = 1},
	{"a span that leaves the zone", "zz.example.", "A",
		{{NSEC("xx.example.", "a.test.", "A RRSIG NSEC")},
			{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"RFC 6840 4.1: the span of a delegation above the name", "x.b.example.", "A",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")},
			{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"RFC 6672 5.3.4: the span of a DNAME above the name", "x.b.example.", "A",
		{{NSEC("b.example.", "ns1.example.", "DNAME RRSIG NSEC")},
			{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"the span of an ordinary name above", "x.b.example.", "A",
		{{NSEC("b.example.", "ns1.example.", "A RRSIG NSEC")}}, .result = WV_DENIAL_NO_NAME,
		.used = 1},
	{"the wildcard below a delegation's span", "x.y.b.example.", "A",
		{{NSEC("a.b.example.", "z.b.example.", "A RRSIG NSEC")},
			{NSEC("b.example.", "a.b.example.", "NS RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"the span of a zone's apex below it, beside that", "c.example.", "A",
		{{NSEC("b.example.", "ns1.example.", "NS SOA RRSIG NSEC")},
			{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_NO_NAME, .used = 3},
	{"the span of a zone's apex below it, within that", "x.b.example.", "A",
		{{NSEC("b.example.", "ns1.example.", "NS SOA RRSIG NSEC")},
			{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"RFC 9824: a name that is not there, and has no type", "ml.example.", "A",
		{{NSEC("ml.example.", "ml\\000.example.", "RRSIG NSEC TYPE128")}},
		.result = WV_DENIAL_NO_TYPE, .used = 1},
	{"ANY of it", "ml.example.", "ANY",
		{{NSEC("ml.example.", "ml\\000.example.", "RRSIG NSEC TYPE128")}},
		.result = WV_DENIAL_NO_TYPE, .used = 1},
	{"ANY where there is something", "ns1.example.", "ANY",
		{{NSEC("ns1.example.", "ns2.example.", "A RRSIG NSEC")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"a name outside the zone", "ml.test.", "A",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")},
			{NSEC("example.", "a.example.", APEX_TYPES)}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},

	{"RFC 5155 B.1: a name error", "a.c.x.w.example.", "A",
		{{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1},
			{NSEC3(X_W, AI, "MX RRSIG"), .flags = 1},
			{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1}},
		.result = WV_DENIAL_NO_NAME, .used = 7, .opt_out = true},
	{"RFC 5155 B.1 without the encloser", "a.c.x.w.example.", "A",
		{{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1},
			{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"RFC 5155 B.1 without the next closer name", "a.c.x.w.example.", "A",
		{{NSEC3(X_W, AI, "MX RRSIG"), .flags = 1},
			{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"RFC 5155 B.1 without the wildcard, and no opt-out", "a.c.x.w.example.", "A",
		{{NSEC3(APEX, NS1, APEX_TYPES)}, {NSEC3(X_W, AI, "MX RRSIG")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"RFC 5155 B.1 without opt-out", "a.c.x.w.example.", "A",
		{{NSEC3(APEX, NS1, APEX_TYPES)}, {NSEC3(X_W, AI, "MX RRSIG")},
			{NSEC3(A, X_W, "NS DS RRSIG")}},
		.result = WV_DENIAL_NO_NAME, .used = 7},
	{"RFC 5155 B.2: no data", "ns1.example.", "MX", {{NSEC3(NS1, XYW, "A RRSIG"), .flags = 1}},
		.result = WV_DENIAL_NO_TYPE, .used = 1},
	{"NSEC3: the type is there", "ns1.example.", "A",
		{{NSEC3(NS1, XYW, "A RRSIG"), .flags = 1}}, .result = WV_DENIAL_UNPROVEN,
		.used = 0},
	{"NSEC3: a CNAME is there", "ns1.example.", "MX",
		{{NSEC3(NS1, XYW, "CNAME RRSIG"), .flags = 1}}, .result = WV_DENIAL_UNPROVEN,
		.used = 0},
	{"RFC 5155 B.2.1: an empty non-terminal", "y.w.example.", "A",
		{{NSEC3(Y_W, W, ""), .flags = 1}}, .result = WV_DENIAL_NO_TYPE, .used = 1},
	{"NSEC3: at a delegation the zone speaks of DS alone", "a.example.", "A",
		{{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1}}, .result = WV_DENIAL_UNPROVEN,
		.used = 0},
	{"NSEC3: DS at a delegation", "a.example.", "DS", {{NSEC3(A, X_W, "NS RRSIG"), .flags = 1}},
		.result = WV_DENIAL_NO_TYPE, .used = 1, .ds = WV_DENIAL_DS_ABSENT},
	{"DS in an opt-out span", "c.example.", "DS",
		{{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		.result = WV_DENIAL_NO_TYPE, .used = 3, .opt_out = true,
		.ds = WV_DENIAL_DS_OPT_OUT},
	{"any type in an opt-out span", "c.example.", "A",
		{{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1},
			{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1}},
		.result = WV_DENIAL_NO_TYPE, .used = 3, .opt_out = true},
	{"the same without the flag", "c.example.", "A",
		{{NSEC3(A, X_W, "NS DS RRSIG")}, {NSEC3(APEX, NS1, APEX_TYPES)}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"RFC 5155 B.5: the wildcard has no such type", "a.z.w.example.", "AAAA",
		{{NSEC3(W, NS2, ""), .flags = 1}, {NSEC3(NS2, W_ALL, "A RRSIG"), .flags = 1},
			{NSEC3(W_ALL, XX, "MX RRSIG"), .flags = 1}},
		.result = WV_DENIAL_NO_TYPE, .used = 7, .opt_out = true},
	{"NSEC3: the wildcard has the type", "a.z.w.example.", "MX",
		{{NSEC3(W, NS2, "")}, {NSEC3(NS2, W_ALL, "A RRSIG")},
			{NSEC3(W_ALL, XX, "MX RRSIG")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"NSEC3: the wildcard is an alias", "a.z.w.example.", "AAAA",
		{{NSEC3(W, NS2, "")}, {NSEC3(NS2, W_ALL, "A RRSIG")},
			{NSEC3(W_ALL, XX, "CNAME RRSIG")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"an alias at the wildcard, and opt-out", "a.z.w.example.", "AAAA",
		{{NSEC3(W, NS2, ""), .flags = 1}, {NSEC3(NS2, W_ALL, "A RRSIG"), .flags = 1},
			{NSEC3(W_ALL, XX, "CNAME RRSIG"), .flags = 1}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"RFC 5155 8.6: DS in an opt-out span, whatever the wildcard has", "a.z.w.example.", "DS",
		{{NSEC3(W, NS2, ""), .flags = 1}, {NSEC3(NS2, W_ALL, "A RRSIG"), .flags = 1},
			{NSEC3(W_ALL, XX, "CNAME RRSIG"), .flags = 1}},
		.result = WV_DENIAL_NO_TYPE, .used = 3, .opt_out = true,
		.ds = WV_DENIAL_DS_OPT_OUT},
	{"NSEC3: an encloser that is a delegation", "x.a.example.", "A",
		{{NSEC3(A, A, "NS DS RRSIG")}}, .result = WV_DENIAL_UNPROVEN, .used = 0},
	{"NSEC3: an encloser that is a DNAME", "x.a.example.", "A", {{NSEC3(A, A, "DNAME RRSIG")}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"NSEC3: an ordinary encloser", "x.a.example.", "A", {{NSEC3(A, A, "A RRSIG")}},
		.result = WV_DENIAL_NO_NAME, .used = 1},
	{"51 iterations", "b.example.", "A", {{NSEC3("=b.example.", NULL, "MX"), .iterations = 51}},
		.result = WV_DENIAL_NO_TYPE, .used = 1, .above_limit = true},
	{"51 iterations, DS", "b.example.", "DS",
		{{NSEC3("=b.example.", NULL, "NS"), .iterations = 51}}, .result = WV_DENIAL_NO_TYPE,
		.used = 1, .above_limit = true, .ds = WV_DENIAL_DS_ITERATIONS},
	{"151 iterations", "b.example.", "A",
		{{NSEC3("=b.example.", NULL, "MX"), .iterations = 151}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"the parts of a proof are of one chain", "a.c.x.w.example.", "A",
		{{NSEC3(APEX, NS1, APEX_TYPES)}, {NSEC3(X_W, AI, "MX RRSIG")},
			{NSEC3(A, X_W, "NS DS RRSIG"), .iterations = 13}},
		.result = WV_DENIAL_UNPROVEN, .used = 0},
	{"the child's record with the parent's hash", "mc.b.example.", "A",
		{{NSEC3("=mc.b.example.|b.example.", NULL, "MX")}}, .result = WV_DENIAL_UNPROVEN,
		.used = 0},
	{"the parent's record in the child's zone", "mc.b.example.", "A",
		{{NSEC3("=mc.b.example.|example.", NULL, "MX")}}, .result = WV_DENIAL_UNPROVEN,
		.used = 0, .zone = "b.example."},
};

// Nothing closer than the wildcard.
static const struct {
	const char *what;
	const char *closer;
	struct record records[RECORDS];
	bool proven;
	bool opt_out, above_limit;
} closers[] = {
	{"RFC 4035 B.6: a span over the name", "z.w.example.",
		{{NSEC("x.y.w.example.", "xx.example.", "MX RRSIG NSEC")}}, .proven = true},
	{"a span elsewhere", "z.w.example.",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")}}, .proven = false},
	{"the name exists", "x.w.example.",
		{{NSEC("x.w.example.", "x.y.w.example.", "MX RRSIG NSEC")}}, .proven = false},
	{"names below it exist", "y.w.example.",
		{{NSEC("x.w.example.", "x.y.w.example.", "MX RRSIG NSEC")}}, .proven = false},
	{"the span of a delegation above", "z.b.example.",
		{{NSEC("b.example.", "ns1.example.", "NS RRSIG NSEC")}}, .proven = false},
	{"the apex cannot be missing", "example.", {{NSEC("example.", "example.", APEX_TYPES)}},
		.proven = false},
	{"RFC 5155 B.4: a span over the hash", "z.w.example.",
		{{NSEC3(NS2, W_ALL, "A RRSIG"), .flags = 1}}, .proven = true, .opt_out = true},
	{"the same without opt-out", "z.w.example.", {{NSEC3(NS2, W_ALL, "A RRSIG")}},
		.proven = true},
	{"NSEC3: a span elsewhere", "z.w.example.", {{NSEC3(A, X_W, "NS DS RRSIG")}},
		.proven = false},
	{"NSEC3: the name exists", "z.w.example.", {{NSEC3("=z.w.example.", NULL, "MX")}},
		.proven = false},
	{"NSEC3: 51 iterations", "z.w.example.",
		{{NSEC3("=example.", "=example.", APEX_TYPES), .iterations = 51}}, .proven = true,
		.above_limit = true},
	{"NSEC3: 151 iterations", "z.w.example.",
		{{NSEC3("=example.", "=example.", APEX_TYPES), .iterations = 151}},
		.proven = false},
};

static const struct wv_denial_limits limits = {
	.iterations_insecure = 50,
	.iterations_bogus = 150,
	.records = 10,
	.sha1_blocks = 2400,
};

static struct wv_message message;
static struct build b;

static size_t bitmap_make(uint8_t out[2 + 32], const char *types)
{
	char text[128];
	char *rest = text;
	size_t len = 0;

	memset(out, 0, 2 + 32);
	snprintf(text, sizeof(text), "%s", types);
	for (char *word = strtok_r(text, " ", &rest); word != NULL;
		word = strtok_r(NULL, " ", &rest)) {
		uint16_t type;

		if (!wv_type_parse(&type, word) || type > 255)
			abort();
		out[2 + type / 8] |= (uint8_t)(0x80 >> type % 8);
		if (len < type / 8 + 1u)
			len = type / 8 + 1u;
	}
	out[1] = (uint8_t)len;
	return len > 0 ? 2 + len : 0;
}

static void base32hex(char out[33], const uint8_t hash[WV_NSEC3_HASH_LEN])
{
	for (unsigned i = 0; i < 32; i++) {
		unsigned bit = 5 * i;
		unsigned two = (unsigned)hash[bit / 8] << 8
			| (bit / 8 + 1 < WV_NSEC3_HASH_LEN ? hash[bit / 8 + 1] : 0);

		out[i] = "0123456789abcdefghijklmnopqrstuv"[two >> (11 - bit % 8) & 31];
	}
	out[32] = '\0';
}

static void unbase32hex(uint8_t hash[WV_NSEC3_HASH_LEN], const char *text)
{
	memset(hash, 0, WV_NSEC3_HASH_LEN);
	for (unsigned i = 0; i < 32; i++) {
		unsigned v = (unsigned)(strchr("0123456789abcdefghijklmnopqrstuv", text[i])
			- "0123456789abcdefghijklmnopqrstuv");

		for (unsigned k = 0; k < 5; k++) {
			if ((v >> (4 - k) & 1) != 0)
				hash[(5 * i + k) / 8] |= (uint8_t)(0x80 >> (5 * i + k) % 8);
		}
	}
}

struct parameters {
	uint8_t salt[255];
	uint8_t salt_len;
	uint16_t iterations;
};

static void parameters_of(struct parameters *p, const struct record *r)
{
	memcpy(p->salt, "\xaa\xbb\xcc\xdd", 4);
	for (unsigned i = 0; i < r->salt_len; i++)
		p->salt[i] = (uint8_t)(i + 1);
	p->salt_len = r->salt_len != 0 ? r->salt_len : 4;
	p->iterations = r->iterations != 0 ? r->iterations : 12;
	if (r->odd == ODD_NO_ITERATIONS)
		p->iterations = 0;
}

// "=NAME", up to a bar: the name's hash; else the hash itself.
static void hash_of(uint8_t hash[WV_NSEC3_HASH_LEN], const char *text, const struct parameters *p)
{
	struct wv_name name;
	char copy[256];

	if (text[0] != '=') {
		unbase32hex(hash, text);
		return;
	}
	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(text + 1, "|"), text + 1);
	if (!wv_name_parse(&name, copy))
		abort();
	wv_digest_nsec3(&(struct wv_digest_name){name.octets, name.len}, 1, p->salt, p->salt_len,
		p->iterations, (uint8_t(*)[WV_NSEC3_HASH_LEN])hash);
}

static void build_nsec3(const struct record *r, const char *zone)
{
	uint8_t hash[WV_NSEC3_HASH_LEN];
	uint8_t bitmap[2 + 32];
	struct parameters p;
	char label[64];
	char owner[512];
	const char *other = strchr(r->owner, '|');

	parameters_of(&p, r);
	if (r->owner[0] == '=') {
		hash_of(hash, r->owner, &p);
		base32hex(label, hash);
	} else {
		snprintf(label, sizeof(label), "%.*s", (int)strcspn(r->owner, "|"), r->owner);
	}
	snprintf(owner, sizeof(owner), "%s.%s", label, other != NULL ? other + 1 : zone);
	build_name(&b, owner);
	build_head(&b, WV_SECTION_AUTHORITY, WV_TYPE_NSEC3, r->odd == ODD_CLASS ? 3 : WV_CLASS_IN,
		3600);
	build_u8(&b, r->hash != 0 ? r->hash : 1);
	build_u8(&b, r->flags);
	build_u16(&b, p.iterations);
	build_u8(&b, p.salt_len);
	build_octets(&b, p.salt, p.salt_len);
	if (r->next != NULL)
		hash_of(hash, r->next, &p);
	else
		hash[WV_NSEC3_HASH_LEN - 1]++; // the owner's, and the next one
	if (r->odd != ODD_CUT) {
		size_t len = r->odd == ODD_HASH_LEN ? 19 : 20;

		build_u8(&b, (unsigned)len);
		build_octets(&b, hash, len);
		build_octets(&b, bitmap, bitmap_make(bitmap, r->types));
	}
	if (r->odd == ODD_BITMAP)
		build_octets(&b, "\1\1\0", 3);
	build_end(&b);
}

static void build_nsec(const struct record *r)
{
	uint8_t bitmap[2 + 32];

	build_name(&b, r->owner);
	build_head(&b, WV_SECTION_AUTHORITY, WV_TYPE_NSEC, r->odd == ODD_CLASS ? 3 : WV_CLASS_IN,
		3600);
	if (r->odd == ODD_COMPRESSED) {
		build_octets(&b, "\3ns1", 4);
		build_pointer(&b, WV_HEADER_LEN + 2);
	} else if (r->odd != ODD_CUT) {
		build_name(&b, r->next);
	}
	build_octets(&b, bitmap, bitmap_make(bitmap, r->types));
	if (r->odd == ODD_BITMAP)
		build_octets(&b, "\1\1\0", 3);
	build_end(&b);
}

// A message with these records, and what it offers to a proof.
struct offer {
	const struct wv_rrset *sets[64];
	struct wv_name zone;
	struct wv_denial d;
	uint8_t *exact;
};

static void offer_make(struct offer *o, const char *zone_text, const struct record records[],
	unsigned n, const struct wv_denial_limits *within)
{
	build_start(&b, WV_FLAG_QR, "x.example.", WV_TYPE_A);
	for (unsigned i = 0; i < n && records[i].owner != NULL; i++) {
		if (records[i].nsec3)
			build_nsec3(&records[i], zone_text);
		else
			build_nsec(&records[i]);
	}
	o->exact = test_exact(b.octets, b.len);
	if (wv_message_parse(&message, o->exact, b.len, 7) != WV_MESSAGE_OK
		|| !wv_name_parse(&o->zone, zone_text))
		abort();
	o->d = (struct wv_denial){
		.m = &message,
		.sets = o->sets,
		.zone = &o->zone,
		.limits = within,
		.blocks = within->sha1_blocks,
	};
	for (unsigned i = 0; i < message.n_rrsets && o->d.n < WV_COUNT(o->sets); i++)
		o->sets[o->d.n++] = &message.rrsets[i];
}

static struct wv_name name_of(const char *text)
{
	struct wv_name name;

	if (!wv_name_parse(&name, text))
		abort();
	return name;
}

static enum wv_denial_ds prove(const char *zone, const char *name_text,
	const struct record records[], unsigned n, const struct wv_denial_limits *within,
	uint32_t *used)
{
	struct wv_name name = name_of(name_text);
	enum wv_denial_ds said;
	struct offer o;

	offer_make(&o, zone, records, n, within);
	said = wv_denial_no_ds(&o.d, &name, used);
	free(o.exact);
	return said;
}

static void test_proofs(void)
{
	for (unsigned i = 0; i < WV_COUNT(proofs); i++) {
		uint32_t used = 0xffff;
		enum wv_denial_ds said = prove(
			proofs[i].zone, proofs[i].name, proofs[i].records, RECORDS, &limits, &used);

		if (said != proofs[i].said || used != proofs[i].used)
			fprintf(stderr, "\nsaid %u, used %x", (unsigned)said, used);
		CHECK_ROW(&proofs[i], said == proofs[i].said);
		CHECK_ROW(&proofs[i], used == proofs[i].used);
	}
}

// What is not used may be taken away: the sets that are used are the proof.
static void test_used_is_enough(void)
{
	for (unsigned i = 0; i < WV_COUNT(proofs); i++) {
		struct record needed[RECORDS] = {{.owner = NULL}};
		unsigned n = 0;
		uint32_t used;

		// Two records of one owner are one set: the bits are not those of the records.
		if (strncmp(proofs[i].what, "two NSEC", 8) == 0)
			continue;
		for (unsigned k = 0; k < RECORDS; k++) {
			if ((proofs[i].used >> k & 1) != 0)
				needed[n++] = proofs[i].records[k];
		}
		CHECK_ROW(&proofs[i],
			prove(proofs[i].zone, proofs[i].name, needed, n, &limits, &used)
				== proofs[i].said);
		CHECK_ROW(&proofs[i], used == (1u << n) - 1);
	}
}

static bool proof_equal(const struct wv_denial_proof *got, const struct wv_denial_proof *want)
{
	return got->result == want->result && got->used == want->used
		&& got->opt_out == want->opt_out && got->above_limit == want->above_limit
		&& got->ds == want->ds;
}

static void absent(
	unsigned i, const struct record records[], unsigned n, struct wv_denial_proof *proof)
{
	const char *zone = absences[i].zone != NULL ? absences[i].zone : "example.";
	struct wv_name name = name_of(absences[i].name);
	struct offer o;
	uint16_t type;

	if (!wv_type_parse(&type, absences[i].type))
		abort();
	offer_make(&o, zone, records, n, &limits);
	wv_denial_absent(&o.d, &name, type, proof);
	free(o.exact);
}

static void test_absences(void)
{
	for (unsigned i = 0; i < WV_COUNT(absences); i++) {
		const struct wv_denial_proof want = {
			.result = absences[i].result,
			.used = absences[i].used,
			.opt_out = absences[i].opt_out,
			.above_limit = absences[i].above_limit,
			.ds = absences[i].ds,
		};
		struct wv_denial_proof proof;

		absent(i, absences[i].records, RECORDS, &proof);
		if (!proof_equal(&proof, &want))
			fprintf(stderr, "\nresult %u, used %x, ds %u", (unsigned)proof.result,
				proof.used, (unsigned)proof.ds);
		CHECK_ROW(&absences[i], proof_equal(&proof, &want));
	}
}

// Each record that a proof uses is one that it needs, and it needs no other.
static void test_absences_need_what_they_use(void)
{
	for (unsigned i = 0; i < WV_COUNT(absences); i++) {
		struct record needed[RECORDS] = {{.owner = NULL}};
		struct wv_denial_proof proof;
		unsigned n = 0;

		for (unsigned k = 0; k < RECORDS; k++) {
			if ((absences[i].used >> k & 1) != 0)
				needed[n++] = absences[i].records[k];
		}
		absent(i, needed, n, &proof);
		CHECK_ROW(&absences[i], proof.result == absences[i].result);
		if (n == 0 || absences[i].opt_out) // which may do without a word on the wildcard
			continue;
		for (unsigned k = 0; k < n; k++) {
			struct record taken = needed[k];

			needed[k] = needed[n - 1];
			absent(i, needed, n - 1, &proof);
			CHECK_ROW(&absences[i], proof.result == WV_DENIAL_UNPROVEN);
			needed[k] = taken;
		}
	}
}

static void test_closers(void)
{
	for (unsigned i = 0; i < WV_COUNT(closers); i++) {
		const struct wv_denial_proof want = {
			.result = closers[i].proven ? WV_DENIAL_NO_CLOSER : WV_DENIAL_UNPROVEN,
			.used = closers[i].proven,
			.opt_out = closers[i].opt_out,
			.above_limit = closers[i].above_limit,
		};
		struct wv_name closer = name_of(closers[i].closer);
		struct wv_denial_proof proof;
		struct offer o;

		offer_make(&o, "example.", closers[i].records, RECORDS, &limits);
		wv_denial_closer(&o.d, &closer, &proof);
		free(o.exact);
		CHECK_ROW(&closers[i], proof_equal(&proof, &want));
	}
}

// The hard limit, and blocks that do not suffice, are told apart from what proves nothing.
static void test_why_nothing_was_hashed(void)
{
	const struct record over[] = {{NSEC3("=b.example.", NULL, "MX"), .iterations = 151}};
	const struct record dear[] = {{NSEC3("=q.example.", NULL, "MX"), .iterations = 150}};
	struct wv_denial_limits few = limits;
	struct wv_name name = name_of("b.example.");
	struct wv_denial_proof proof;
	struct offer o;

	offer_make(&o, "example.", over, 1, &limits);
	wv_denial_absent(&o.d, &name, WV_TYPE_A, &proof);
	CHECK(o.d.over_limit == &message.rrsets[0] && !o.d.exhausted && o.d.blocks == BLOCKS);
	free(o.exact);
	offer_make(&o, "example.", dear, 1, &limits);
	wv_denial_absent(&o.d, &name, WV_TYPE_A, &proof);
	CHECK(o.d.over_limit == NULL && !o.d.exhausted && o.d.blocks == BLOCKS - 2 * 151);
	free(o.exact);
	few.sha1_blocks = 2 * 151 - 1;
	offer_make(&o, "example.", dear, 1, &few);
	wv_denial_absent(&o.d, &name, WV_TYPE_A, &proof);
	CHECK(o.d.over_limit == NULL && o.d.exhausted && o.d.blocks == 150);
	free(o.exact);
}

static bool is_cut(const struct record records[], unsigned n, const struct wv_denial_limits *within)
{
	struct wv_name name = name_of("c.example.");
	struct wv_denial_proof proof;
	struct offer o;

	offer_make(&o, "example.", records, n, within);
	wv_denial_absent(&o.d, &name, WV_TYPE_A, &proof);
	free(o.exact);
	return o.d.records_cut;
}

static void test_record_limit(void)
{
	struct wv_denial_limits two = limits;
	const struct record records[] = {
		{NSEC3(NS1, XYW, "A RRSIG"), .flags = 1},
		{NSEC3(A, X_W, "NS DS RRSIG"), .flags = 1},
		{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1},
	};
	uint32_t used;

	CHECK(prove("example.", "c.example.", records, 3, &limits, &used) == WV_DENIAL_DS_OPT_OUT);
	two.records = 3;
	CHECK(prove("example.", "c.example.", records, 3, &two, &used) == WV_DENIAL_DS_OPT_OUT);
	two.records = 2;
	CHECK(prove("example.", "c.example.", records, 3, &two, &used) == WV_DENIAL_DS_UNPROVEN);
	CHECK(is_cut(records, 3, &two) && !is_cut(records, 2, &two));
	two.records = 0;
	CHECK(prove("example.", "c.example.", records, 3, &two, &used) == WV_DENIAL_DS_UNPROVEN);
}

// A name of `labels` labels "x" below "c.example.".
static void deep_name(char *out, size_t room, unsigned labels)
{
	size_t len = 0;

	for (unsigned i = 0; i < labels; i++)
		len += (size_t)snprintf(out + len, room - len, "x.");
	snprintf(out + len, room - len, "c.example.");
}

static void test_deep_names(void)
{
	// The span covers c.example. and nothing else.
	const struct record records[] = {
		{NSEC3("4g6p9u5gvfshp30pqecj98b3maqbn1cj", "4g6p9u5gvfshp30pqecj98b3maqbn1cl", "A"),
			.flags = 1},
		{NSEC3(APEX, NS1, APEX_TYPES), .flags = 1},
	};

	for (unsigned labels = 0; labels <= 40; labels++) {
		char name[300];
		uint32_t used;

		deep_name(name, sizeof(name), labels);
		CHECK(prove("example.", name, records, 2, &limits, &used) == WV_DENIAL_DS_OPT_OUT);
		CHECK(used == 3);
	}
}

static void test_block_limit(void)
{
	// A hash takes 51 blocks with 50 iterations: the limit is at 47 names, from the name itself
	// to the zone, and c.example. and example. are two of them.
	const struct record records[] = {
		{NSEC3("=example.", "=example.", APEX_TYPES), .flags = 1, .iterations = 50},
	};
	unsigned most = limits.sha1_blocks / 51u - 2;
	char name[300];
	uint32_t used;

	deep_name(name, sizeof(name), most - 6); // groups of 8 are hashed
	CHECK(prove("example.", name, records, 1, &limits, &used) == WV_DENIAL_DS_OPT_OUT);
	deep_name(name, sizeof(name), most + 1);
	CHECK(prove("example.", name, records, 1, &limits, &used) == WV_DENIAL_DS_UNPROVEN);
	deep_name(name, sizeof(name), 118);
	CHECK(prove("example.", name, records, 1, &limits, &used) == WV_DENIAL_DS_UNPROVEN);
}

static const struct {
	const char *what;
	const char *bitmap; // hex
	uint16_t type;
	bool has, ok;
} bitmaps[] = {
	{"empty is well formed", "", 2, false, true},
	{"NS in window 0", "0006 20 00 00 00 00 03", 2, true, true},
	{"RRSIG in window 0", "0006 20 00 00 00 00 03", 46, true, true},
	{"a type that is not there", "0006 20 00 00 00 00 03", 6, false, true},
	{"a type above the window's end", "0001 20", 46, false, true},
	{"RFC 4034 4.3: A MX RRSIG NSEC TYPE1234",
		"0006 400100000003"
		"041b 000000000000000000000000000000000000000000000000000020",
		1234, true, true},
	{"RFC 4034 4.3: MX",
		"0006 400100000003"
		"041b 000000000000000000000000000000000000000000000000000020",
		15, true, true},
	{"type 0 is the first bit", "0001 80", 0, true, true},
	{"type 65535 is the last",
		"ff20 00000000000000000000000000000000000000000000000000000000"
		"00000001",
		65535, true, true},
	{"the same bit of another window", "0101 20", 2, false, true},
	{"a window alone", "00", 2, false, false},
	{"a window of no octets", "0000", 2, false, false},
	{"a window of 33 octets",
		"0021 2000000000000000000000000000000000000000000000000000000000"
		"00000001",
		2, false, false},
	{"a window that does not fit", "0002 20", 2, false, false},
	{"a trailing zero octet", "0002 20 00", 2, false, false},
	{"a zero octet alone", "0001 00", 2, false, false},
	{"a window twice", "0001 20 0001 20", 2, false, false},
	{"windows that descend", "0101 20 0001 20", 2, false, false},
	{"rubbish after a good window", "0001 20 ff", 2, false, false},
};

static void test_bitmaps(void)
{
	for (unsigned i = 0; i < WV_COUNT(bitmaps); i++) {
		uint8_t octets[128];
		size_t len = test_unhex(bitmaps[i].bitmap, octets, sizeof(octets));
		uint8_t *exact = test_exact(octets, len);
		bool ok = !bitmaps[i].ok;

		CHECK_ROW(&bitmaps[i],
			wv_denial_bitmap_has(exact, len, bitmaps[i].type, &ok) == bitmaps[i].has);
		CHECK_ROW(&bitmaps[i], ok == bitmaps[i].ok);
		free(exact);
	}
}

static const struct test tests[] = {
	{"a proof of no DS is one where the rules say so, and nowhere else", test_proofs},
	{"the sets that are used suffice", test_used_is_enough},
	{"what is absent is proven where the rules say so, and nowhere else", test_absences},
	{"a proof needs each record it uses", test_absences_need_what_they_use},
	{"a wildcard applies where nothing closer can exist", test_closers},
	{"why nothing was hashed", test_why_nothing_was_hashed},
	{"no more NSEC3 records are looked at than the limit", test_record_limit},
	{"a delegation may be deep below its closest encloser", test_deep_names},
	{"no more blocks are hashed than the limit", test_block_limit},
	{"a type bitmap is read strictly", test_bitmaps},
};

int main(void)
{
	const struct wv_digest_driver *drivers[] = {&wv_hash_openssl};
	struct wv_err err;

	if (wv_digest_init(drivers, 1, NULL, &err) != 0 || wv_digest_thread_init(&err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	return test_main("denial", tests, WV_COUNT(tests));
}
