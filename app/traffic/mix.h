// What the files of the generator share. traffic.c has the order of things, tree.c the zones and
// what they sign, answers.c and hostile.c the messages, frame.c the frames around them.
#ifndef MIX_H
#define MIX_H

#include "wv_wire.h"

#include "signer.h"
#include "traffic.h"

#define MIX_TTL      3600
#define MIX_KEYS_TTL 172800
#define MIX_DAY_S    86400
#define MIX_MESSAGE  65280 // octets of a message at most: its frame fits into one DPDK buffer
#define MIX_POINTER  0xc000

// A message, or what is to be signed, as it grows.
struct builder {
	size_t len;
	uint8_t octets[MIX_MESSAGE + 512];
};

// ---- tree.c: zones ----

enum zone_class {
	ZONE_UNSIGNED,
	ZONE_P256,       // NSEC
	ZONE_P256_NSEC3, //
	ZONE_RSA2048,    // NSEC
	ZONE_RSA1024,
	ZONE_ED25519,
	ZONE_P384,
	ZONE_CLASSES
};

struct zone_key {
	struct signer_key key;
	uint16_t flags, tag;
};

// RDATA of a signature that was made before.
struct blob {
	uint16_t len;
	uint8_t octets[];
};

struct nsec3 {
	uint8_t hash[20];
	bool is_apex;
	struct blob *rrsig;
};

// An NSEC3 chain: every hash of it, in order.
struct nsec3_chain {
	unsigned n;
	struct nsec3 *list;
};

#define ZONE_SPANS 14 // NSEC records of a zone: its apex, then "a", "c", … "y"

struct zone {
	uint8_t name[48];
	uint8_t len;
	enum zone_class class;
	uint32_t server; // the low bits of its servers' addresses
	const struct zone *parent;
	unsigned n_keys;
	struct zone_key *keys; // the first signs the keys, the last all else
	struct nsec3_chain nsec3;
	struct blob *soa, *dnskey, *ds; // signatures, made when they are needed first
	struct blob *nsec[ZONE_SPANS];
	uint32_t key_answers; // sent so far
};

// Zones of one kind, in the order of their popularity.
struct pool {
	unsigned n;
	uint32_t *zone;
	double *weight; // cumulative, Zipf(1.0)
};

enum pool_id {
	POOL_UNSIGNED,
	POOL_UNSIGNED_BELOW_P256, // below a top-level zone with such keys
	POOL_UNSIGNED_BELOW_RSA,
	POOL_SIGNED_BELOW_P256,
	POOL_SIGNED_BELOW_RSA,
	POOL_P256, // with NSEC or NSEC3
	POOL_P256_NSEC,
	POOL_P256_NSEC3,
	POOL_RSA2048,
	POOL_RSA1024,
	POOL_ED25519,
	POOLS
};

// Zones of an attacker, beside the others.
enum hostile_zone {
	HOSTILE_P256,     // 64 keys of one tag
	HOSTILE_P384,     // the same
	HOSTILE_P256_ONE, // one key
	HOSTILE_P384_ONE, //
	HOSTILE_DS,       // 64 keys of one tag, and DS records of that tag, which match none
	HOSTILE_ZONES
};

// A response as it was made, to be sent again.
struct sent {
	size_t at; // in payloads
	uint16_t len;
	uint8_t kind;
	uint8_t signatures;
	bool is_bogus;
	uint32_t server;
	uint16_t order, order_len; // records that may stand in another order
};

struct traffic {
	struct traffic_params params;
	struct signer *signer;
	struct zone root, tld[TRAFFIC_TLDS], hostile[HOSTILE_ZONES];
	struct zone *zone;
	struct pool pools[POOLS];
	uint64_t state; // of the random numbers
	uint64_t time_us;

	traffic_emit_fn emit;
	void *emit_arg;

	struct sent *sent;
	uint32_t *response; // which of `sent` each was
	uint8_t *payloads;
	size_t payloads_len, payloads_room;
	double weight, weight_kind[TRAFFIC_KINDS]; // given to the distinct messages so far
	double weight_signed, weight_bogus;
	double to_come; // sum of 1 / log(m + 1) over the numbers of messages sent, from now on
	struct traffic_counts counts;

	struct builder scratch; // what is to be signed
};

uint64_t mix_random(struct traffic *t);
double mix_random_unit(struct traffic *t); // [0, 1)

int tree_make(struct traffic *t, struct wv_err *err);
void tree_fini(struct traffic *t);

struct zone *tree_draw(struct traffic *t, enum pool_id pool);

bool zone_is_rsa(const struct zone *z);

struct rdata {
	const uint8_t *octets;
	size_t len;
};

// Octets of a DNSKEY and a DS record.
#define KEY_RDATA (4 + SIGNER_PUBLIC)
#define DS_RDATA  36
size_t key_rdata(const struct zone_key *k, uint8_t out[KEY_RDATA]);
size_t ds_rdata(const struct zone *z, uint8_t out[DS_RDATA]);
uint16_t key_tag(const uint8_t *rdata, size_t len);

// What a signature says besides who made it.
struct signed_set {
	const struct zone *by;
	bool by_first; // with the key that signs the keys
	const uint8_t *owner;
	size_t owner_len;
	uint16_t type;
	uint32_t ttl;
	const struct rdata *list;
	unsigned n;
};

// RDATA of the RRSIG over an RRset; 0: no memory.
#define RRSIG_RDATA (18 + 48 + SIGNER_SIGNATURE)
size_t rrsig_make(struct traffic *t, const struct signed_set *set, uint8_t out[RRSIG_RDATA]);

// The same, made once and kept in *place. NULL: no memory.
const struct blob *rrsig_keep(struct traffic *t, struct blob **place, const struct signed_set *set);

// NSEC3 (RFC 5155): no iterations, no salt. The record that matches a hash, or covers it.
void hash_print(const uint8_t hash[20], char out[32]); // base32hex, no NUL
void nsec3_hash(const uint8_t *name, size_t len, uint8_t out[20]);
unsigned nsec3_find(const struct nsec3_chain *c, const uint8_t hash[20]);
unsigned nsec3_apex(const struct nsec3_chain *c);

// ---- message.c: names and records ----

uint8_t name_make(uint8_t *out, const char *label, const uint8_t *parent, uint8_t parent_len);
unsigned name_labels(const uint8_t *name);
char *base36(char out[16], uint64_t n);

void put(struct builder *b, const void *octets, size_t n);
void put8(struct builder *b, uint8_t v);
void put16(struct builder *b, uint16_t v);
void put32(struct builder *b, uint32_t v);
void put_header(struct builder *b, uint16_t flags);
void put_question(struct builder *b, const uint8_t *name, size_t len, uint16_t type);
// A record whose owner is a pointer; counted in a section of the header: 1 to 3.
void put_record(struct builder *b, unsigned section, uint16_t owner, uint16_t type, uint32_t ttl,
	const void *rdata, size_t len);
void put_count(struct builder *b, unsigned section); // one more
void put_opt(struct builder *b);
size_t put_bitmap(uint8_t *out, const uint16_t types[], unsigned n);

// ---- answers.c, hostile.c: messages ----

struct answer {
	struct builder b;
	struct sent meta;     // without place and length
	size_t signature_end; // of the last signature; 0: there is none
};

// The message of a kind for the distinct message number counts.distinct. False: no memory.
bool answer_make(struct traffic *t, struct answer *a, unsigned kind);

int chain_dnskey(struct traffic *t, struct answer *a, struct zone *z);
int chain_ds(struct traffic *t, struct answer *a, struct zone *z);

typedef bool (*hostile_fn)(struct traffic *t, struct answer *a);
struct hostile_kind {
	const char *name;
	hostile_fn make;
};
extern const struct hostile_kind hostile_kinds[];
extern const unsigned hostile_n;

bool hostile_zones_make(struct traffic *t);
int hostile_ds(struct traffic *t, struct answer *a); // the DS answer of HOSTILE_DS

// A signature of the right form that nobody made.
size_t rrsig_forge(struct traffic *t, const struct signed_set *set, uint8_t out[RRSIG_RDATA]);

// ---- frame.c ----

struct route {
	enum traffic_way way;
	bool ipv6;
	uint8_t client;
	uint16_t port;
	uint32_t server;
};

// The query, then the response, as frames. 0, or what emit returned.
int frame_exchange(struct traffic *t, const struct route *r, const struct builder *query,
	const struct builder *response);

#endif
