// Zone files of the tree, signed, for servers to load (RFC 1035 5, RFC 3597 5 for RDATA).
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mix.h"

#define HOSTS 8    // h0 to h7 of each zone that has any
#define TYPES 8    // of one name
#define RDATA 2    // records of one type
#define TEXT  1024 // of a name with its dots

enum node_kind {
	NODE_APEX,
	NODE_HOST, // an address
	NODE_CUT,  // a delegation
};

// A name of a zone that is no glue.
struct node {
	enum node_kind kind;
	char label[24]; // "" at the apex
	uint8_t name[64];
	uint8_t len;
	struct zone *child; // of a cut
	uint8_t hash[20];
};

struct zonefile {
	struct traffic *t;
	struct zone *z;
	FILE *out;
	struct node *nodes; // in canonical order, or in that of their hashes
	unsigned n;
	bool nsec3, opt_out;
	bool ok;
};

// ---- lines ----

static const char *name_print(const uint8_t *name, char text[TEXT])
{
	size_t n = 0;

	if (*name == 0)
		text[n++] = '.';
	for (; *name != 0; name += 1 + *name) {
		memcpy(text + n, name + 1, *name);
		n += *name;
		text[n++] = '.';
	}
	text[n] = '\0';
	return text;
}

static void line_print(struct zonefile *f, const uint8_t *owner, uint16_t type, uint32_t ttl,
	const uint8_t *rdata, size_t len)
{
	char text[TEXT], word[16];

	fprintf(f->out, "%s %u IN %s \\# %zu ", name_print(owner, text), ttl,
		wv_type_print(word, type), len);
	for (size_t i = 0; i < len; i++)
		fprintf(f->out, "%02x", rdata[i]);
	fputc('\n', f->out);
}

// The records of one type, with their signature where the zone has keys and they are its own.
static void rrset_print(struct zonefile *f, const struct node *node, uint16_t type, uint32_t ttl,
	const struct rdata *list, unsigned n)
{
	const struct signed_set set = {.by = f->z,
		.by_first = type == WV_TYPE_DNSKEY,
		.owner = node->name,
		.owner_len = node->len,
		.type = type,
		.ttl = ttl,
		.list = list,
		.n = n};
	uint8_t rrsig[RRSIG_RDATA];
	size_t len;

	for (unsigned i = 0; i < n; i++)
		line_print(f, node->name, type, ttl, list[i].octets, list[i].len);
	if (f->z->n_keys == 0 || (node->kind == NODE_CUT && type == WV_TYPE_NS))
		return;
	len = rrsig_make(f->t, &set, rrsig);
	f->ok &= len > 0;
	line_print(f, node->name, WV_TYPE_RRSIG, ttl, rrsig, len);
}

static void record_print(struct zonefile *f, const struct node *node, uint16_t type,
	const uint8_t *octets, size_t len)
{
	const struct rdata one = {octets, len};

	rrset_print(f, node, type, MIX_TTL, &one, 1);
}

// ---- what names have ----

static void servers_print(struct zonefile *f, const struct node *node)
{
	static const uint8_t address[4] = {192, 0, 2, 53};
	uint8_t name[64];
	size_t n = name_make(name, "ns1", node->name, node->len);

	record_print(f, node, WV_TYPE_NS, name, n);
	if (node->kind == NODE_CUT)
		line_print(f, name, WV_TYPE_A, MIX_TTL, address, sizeof(address)); // glue
}

static void apex_print(struct zonefile *f, const struct node *node)
{
	static const uint32_t numbers[] = {1, 7200, 3600, 1209600, MIX_TTL};
	static const uint8_t param[] = {1, 0, 0, 0, 0};
	uint8_t soa[160], keys[RDATA][KEY_RDATA];
	struct rdata list[RDATA];
	size_t n = name_make(soa, "ns1", node->name, node->len);

	n += name_make(soa + n, "hostmaster", node->name, node->len);
	for (unsigned i = 0; i < WV_COUNT(numbers); i++, n += 4)
		wv_store32(soa + n, numbers[i]);
	record_print(f, node, WV_TYPE_SOA, soa, n);
	servers_print(f, node);
	for (unsigned i = 0; i < f->z->n_keys && i < RDATA; i++)
		list[i] = (struct rdata){keys[i], key_rdata(&f->z->keys[i], keys[i])};
	if (f->z->n_keys > 0)
		rrset_print(f, node, WV_TYPE_DNSKEY, MIX_KEYS_TTL, list, f->z->n_keys);
	if (f->nsec3)
		record_print(f, node, WV_TYPE_NSEC3PARAM, param, sizeof(param));
}

static void cut_print(struct zonefile *f, const struct node *node)
{
	uint8_t ds[DS_RDATA];

	servers_print(f, node);
	if (node->child->class != ZONE_UNSIGNED)
		record_print(f, node, WV_TYPE_DS, ds, ds_rdata(node->child, ds));
}

static void host_print(struct zonefile *f, const struct node *node)
{
	uint8_t address[4] = {192, 0, 2, 53};

	if (node->label[0] == 'h')
		wv_store32(address, 0xcb007100u | (f->z->server & 0xff)); // 203.0.113.0/24
	record_print(f, node, WV_TYPE_A, address, sizeof(address));
}

// ---- denial ----

static unsigned node_types(const struct zonefile *f, const struct node *node, uint16_t types[TYPES])
{
	unsigned n = 0;

	switch (node->kind) {
	case NODE_APEX:
		types[n++] = WV_TYPE_NS;
		types[n++] = WV_TYPE_SOA;
		types[n++] = WV_TYPE_DNSKEY;
		break;
	case NODE_HOST:
		types[n++] = WV_TYPE_A;
		break;
	case NODE_CUT:
		types[n++] = WV_TYPE_NS;
		if (node->child->class != ZONE_UNSIGNED)
			types[n++] = WV_TYPE_DS;
		break;
	}
	// Only the NSEC record itself is signed at a cut without DS.
	if (node->kind != NODE_CUT || n > 1 || !f->nsec3)
		types[n++] = WV_TYPE_RRSIG;
	if (!f->nsec3)
		types[n++] = WV_TYPE_NSEC;
	else if (node->kind == NODE_APEX)
		types[n++] = WV_TYPE_NSEC3PARAM;
	return n;
}

static void nsec_print(struct zonefile *f, const struct node *node, const struct node *next)
{
	uint16_t types[TYPES];
	unsigned n = node_types(f, node, types);
	uint8_t rdata[64 + 34];
	size_t len = next->len;

	memcpy(rdata, next->name, next->len);
	len += put_bitmap(rdata + len, types, n);
	record_print(f, node, WV_TYPE_NSEC, rdata, len);
}

static void nsec3_print(struct zonefile *f, const struct node *node, const struct node *next)
{
	uint16_t types[TYPES];
	unsigned n = node_types(f, node, types);
	uint8_t rdata[26 + 34] = {1, f->opt_out, 0, 0, 0, 20};
	struct node owner = {.kind = NODE_HOST};
	char label[33];

	hash_print(node->hash, label);
	label[32] = '\0';
	owner.len = name_make(owner.name, label, f->z->name, f->z->len);
	memcpy(rdata + 6, next->hash, 20);
	record_print(f, &owner, WV_TYPE_NSEC3, rdata, 26 + put_bitmap(rdata + 26, types, n));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct node *)a)->label, ((const struct node *)b)->label);
}

static int by_hash(const void *a, const void *b)
{
	return memcmp(((const struct node *)a)->hash, ((const struct node *)b)->hash, 20);
}

// All names of a zone lie one label below it, in lower case, and so in the order of their octets.
static void denial_print(struct zonefile *f)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->n; i++) {
		struct node *node = &f->nodes[i];

		if (f->opt_out && node->kind == NODE_CUT && node->child->class == ZONE_UNSIGNED)
			continue;
		nsec3_hash(node->name, node->len, node->hash);
		f->nodes[n++] = *node;
	}
	qsort(f->nodes, n, sizeof(f->nodes[0]), f->nsec3 ? by_hash : by_name);
	for (unsigned i = 0; i < n; i++) {
		const struct node *next = &f->nodes[(i + 1) % n];

		if (f->nsec3)
			nsec3_print(f, &f->nodes[i], next);
		else
			nsec_print(f, &f->nodes[i], next);
	}
}

// ---- files ----

static struct node *node_add(struct zonefile *f, enum node_kind kind, const char *label)
{
	struct node *node = &f->nodes[f->n++];

	node->kind = kind;
	snprintf(node->label, sizeof(node->label), "%s", label);
	if (kind == NODE_APEX) {
		node->len = f->z->len;
		memcpy(node->name, f->z->name, f->z->len);
	} else {
		node->len = name_make(node->name, label, f->z->name, f->z->len);
	}
	return node;
}

static void cut_add(struct zonefile *f, struct zone *child)
{
	char label[24];

	snprintf(label, sizeof(label), "%.*s", (int)child->name[0], (const char *)child->name + 1);
	node_add(f, NODE_CUT, label)->child = child;
}

static void nodes_add(struct zonefile *f)
{
	struct traffic *t = f->t;
	bool is_root = f->z == &t->root, is_tld = f->z->parent == &t->root;
	char label[24];

	node_add(f, NODE_APEX, "");
	node_add(f, NODE_HOST, "ns1");
	for (unsigned i = 0; is_root && i < TRAFFIC_TLDS; i++)
		cut_add(f, &t->tld[i]);
	for (unsigned i = (unsigned)(f->z - t->tld); is_tld && i < t->params.zones;
		i += TRAFFIC_TLDS)
		cut_add(f, &t->zone[i]);
	for (unsigned i = 0; !is_root && !is_tld && i < HOSTS; i++) {
		snprintf(label, sizeof(label), "h%u", i);
		node_add(f, NODE_HOST, label);
	}
}

static void zone_print(struct zonefile *f)
{
	nodes_add(f);
	for (unsigned i = 0; i < f->n; i++) {
		switch (f->nodes[i].kind) {
		case NODE_APEX:
			apex_print(f, &f->nodes[i]);
			break;
		case NODE_HOST:
			host_print(f, &f->nodes[i]);
			break;
		case NODE_CUT:
			cut_print(f, &f->nodes[i]);
			break;
		}
	}
	if (f->z->n_keys > 0)
		denial_print(f);
}

// "z1.t1.zone"; the root's is "root.zone".
static FILE *file_open(const char *folder, const char *name, struct wv_err *err)
{
	char *path = NULL;
	FILE *out = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		path = NULL;
	if (path != NULL)
		out = fopen(path, "w");
	if (out == NULL)
		wv_fail(err, errno, "%s/%s: %s", folder, name, strerror(errno));
	free(path);
	return out;
}

static int file_close(FILE *out, const char *folder, const char *name, struct wv_err *err)
{
	bool well = ferror(out) == 0;

	if (fclose(out) == 0 && well)
		return 0;
	return wv_fail(err, EIO, "%s/%s: %s", folder, name, strerror(errno));
}

static int zone_write(struct traffic *t, struct zone *z, const char *folder, FILE *list,
	struct node *room, struct wv_err *err)
{
	struct zonefile f = {.t = t, .z = z, .nodes = room, .ok = true};
	char name[TEXT], file[TEXT + 8];
	int rc;

	f.opt_out = z->parent == &t->root;
	f.nsec3 = f.opt_out || z->class == ZONE_P256_NSEC3;
	name_print(z->name, name);
	snprintf(file, sizeof(file), "%szone", z == &t->root ? "root." : name);
	fprintf(list, "%s %s\n", name, file);
	f.out = file_open(folder, file, err);
	if (f.out == NULL)
		return -EIO;
	zone_print(&f);
	rc = file_close(f.out, folder, file, err);
	return rc == 0 && !f.ok ? wv_fail(err, ENOMEM, "%s: no memory to sign it", file) : rc;
}

static int zones_write(struct traffic *t, const char *folder, FILE *list, struct wv_err *err)
{
	size_t most = 2 + TRAFFIC_TLDS + HOSTS + t->params.zones / TRAFFIC_TLDS + 1;
	struct node *room = calloc(most, sizeof(*room));
	int rc = room != NULL ? zone_write(t, &t->root, folder, list, room, err)
			      : wv_fail(err, ENOMEM, "no memory for the names of a zone");

	for (unsigned i = 0; rc == 0 && i < TRAFFIC_TLDS; i++)
		rc = zone_write(t, &t->tld[i], folder, list, room, err);
	for (unsigned i = 0; rc == 0 && i < t->params.zones; i++)
		rc = zone_write(t, &t->zone[i], folder, list, room, err);
	free(room);
	return rc;
}

int traffic_zones(struct traffic *t, const char *folder, struct wv_err *err)
{
	char anchors[256];
	FILE *file;
	int rc;

	if (mkdir(folder, 0777) < 0 && errno != EEXIST)
		return wv_fail(err, errno, "%s: %s", folder, strerror(errno));
	file = file_open(folder, "anchors", err);
	if (file == NULL)
		return -EIO;
	traffic_anchors(t, anchors, sizeof(anchors));
	fputs(anchors, file);
	rc = file_close(file, folder, "anchors", err);
	file = rc == 0 ? file_open(folder, "zones", err) : NULL;
	if (file == NULL)
		return -EIO;
	rc = zones_write(t, folder, file, err);
	return file_close(file, folder, "zones", err) == 0 ? rc : -EIO;
}
