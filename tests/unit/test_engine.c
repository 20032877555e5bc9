#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_udp.h>

#include "wv_engine.h"
#include "wv_openssl_pool.h"
#include "wv_port.h"

#include "build.h"
#include "drivers.h"
#include "signer.h"
#include "test.h"

#define NOW_S  1790000000u
#define NOW_US (NOW_S * 1000000ull)
#define POOL_N 16383
#define FRAME  4096 // octets of the longest frame here: more than a buffer holds
#define RX_MAX 8192 // packets that a port can be given
#define ID     0x4711
#define CLIENT 40000

static struct rte_mempool *pool;
static int time_offset;
static uint64_t time_flag;

// ---- the malloc family, counted on the cores of the engine ----

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#endif

static __thread bool is_audited;
static _Atomic uint64_t allocations;

static void allocation_count(void)
{
	if (is_audited)
		atomic_fetch_add(&allocations, 1);
}

#ifdef UNDER_ASAN

// Of sanitizer/allocator_interface.h, which gcc's packages leave out.
int __sanitizer_install_malloc_and_free_hooks(
	void (*on_malloc)(const volatile void *, size_t), void (*on_free)(const volatile void *));

static void hook_malloc(const volatile void *p, size_t n)
{
	(void)p;
	(void)n;
	allocation_count();
}

static void hook_free(const volatile void *p)
{
	(void)p;
}

static bool audit_open(void)
{
	return __sanitizer_install_malloc_and_free_hooks(hook_malloc, hook_free) > 0;
}

#else

static bool audit_open(void)
{
	return true;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);
void *memalign(size_t align, size_t size);

void *malloc(size_t size)
{
	allocation_count();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	allocation_count();
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	allocation_count();
	return __libc_realloc(p, size);
}

void *memalign(size_t align, size_t size)
{
	allocation_count();
	return __libc_memalign(align, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	allocation_count();
	return __libc_memalign(align, size);
}

int posix_memalign(void **p, size_t align, size_t size)
{
	allocation_count();
	*p = __libc_memalign(align, size);
	return *p != NULL ? 0 : ENOMEM;
}

#endif

typedef void *(*rte_malloc_fn)(const char *type, size_t size, unsigned align);
typedef void *(*rte_calloc_fn)(const char *type, size_t n, size_t size, unsigned align);
typedef void *(*rte_realloc_fn)(void *p, size_t size, unsigned align);
typedef void *(*rte_malloc_socket_fn)(const char *type, size_t size, unsigned align, int socket);
typedef void *(*rte_calloc_socket_fn)(
	const char *type, size_t n, size_t size, unsigned align, int socket);
typedef void *(*rte_realloc_socket_fn)(void *p, size_t size, unsigned align, int socket);

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

void *rte_malloc(const char *type, size_t size, unsigned align)
{
	allocation_count();
	return NEXT(rte_malloc_fn, "rte_malloc")(type, size, align);
}

void *rte_zmalloc(const char *type, size_t size, unsigned align)
{
	allocation_count();
	return NEXT(rte_malloc_fn, "rte_zmalloc")(type, size, align);
}

void *rte_calloc(const char *type, size_t n, size_t size, unsigned align)
{
	allocation_count();
	return NEXT(rte_calloc_fn, "rte_calloc")(type, n, size, align);
}

void *rte_realloc(void *p, size_t size, unsigned align)
{
	allocation_count();
	return NEXT(rte_realloc_fn, "rte_realloc")(p, size, align);
}

void *rte_malloc_socket(const char *type, size_t size, unsigned align, int socket)
{
	allocation_count();
	return NEXT(rte_malloc_socket_fn, "rte_malloc_socket")(type, size, align, socket);
}

void *rte_zmalloc_socket(const char *type, size_t size, unsigned align, int socket)
{
	allocation_count();
	return NEXT(rte_malloc_socket_fn, "rte_zmalloc_socket")(type, size, align, socket);
}

void *rte_calloc_socket(const char *type, size_t n, size_t size, unsigned align, int socket)
{
	allocation_count();
	return NEXT(rte_calloc_socket_fn, "rte_calloc_socket")(type, n, size, align, socket);
}

void *rte_realloc_socket(void *p, size_t size, unsigned align, int socket)
{
	allocation_count();
	return NEXT(rte_realloc_socket_fn, "rte_realloc_socket")(p, size, align, socket);
}

// ---- frames ----

enum sum {
	SUM_RIGHT,
	SUM_WRONG,
	SUM_ZERO
};

// How a message is wrapped.
struct wrap {
	uint8_t ip; // 4 or 6
	unsigned tags;
	enum sum sum;
	unsigned padding; // octets after the IP packet
};

static const struct wrap plain4 = {.ip = 4};

struct frame {
	size_t len;
	uint8_t octets[FRAME];
};

static void frame_put(struct frame *f, const void *octets, size_t n)
{
	if (n > sizeof(f->octets) - f->len)
		abort();
	memcpy(f->octets + f->len, octets, n);
	f->len += n;
}

static void frame_zero(struct frame *f, size_t n, uint8_t value)
{
	if (n > sizeof(f->octets) - f->len)
		abort();
	memset(f->octets + f->len, value, n);
	f->len += n;
}

static void frame_ethernet(struct frame *f, const struct wrap *w)
{
	static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	uint8_t word[2];

	f->len = 0;
	frame_put(f, macs, sizeof(macs));
	for (unsigned i = 0; i < w->tags; i++) {
		wv_store16(word, i + 1 < w->tags ? 0x88a8 : 0x8100);
		frame_put(f, word, 2);
		wv_store16(word, (uint16_t)(100 + i));
		frame_put(f, word, 2);
	}
	wv_store16(word, w->ip == 4 ? 0x0800 : 0x86dd);
	frame_put(f, word, 2);
}

// Addresses end in 1 (the client, inside) and 2 (the server, outside).
static void frame_ip(
	struct frame *f, const struct wrap *w, bool from_inside, uint8_t proto, size_t upper_len)
{
	uint8_t *ip = f->octets + f->len;
	uint8_t src = from_inside ? 1 : 2, dst = from_inside ? 2 : 1;

	frame_zero(f, w->ip == 4 ? 20 : 40, 0);
	if (w->ip == 4) {
		ip[0] = 0x45;
		wv_store16(ip + 2, (uint16_t)(20 + upper_len));
		ip[8] = 64;
		ip[9] = proto;
		memcpy(ip + 12, "\xc0\x00\x02", 3);
		memcpy(ip + 16, "\xc0\x00\x02", 3);
		ip[15] = src;
		ip[19] = dst;
		memcpy(ip + 10, &(uint16_t){rte_ipv4_cksum((struct rte_ipv4_hdr *)ip)}, 2);
		return;
	}
	ip[0] = 0x60;
	wv_store16(ip + 4, (uint16_t)upper_len);
	ip[6] = proto;
	ip[7] = 64;
	memcpy(ip + 8, "\x20\x01\x0d\xb8", 4);
	memcpy(ip + 24, "\x20\x01\x0d\xb8", 4);
	ip[23] = src;
	ip[39] = dst;
}

static uint16_t udp_sum(uint8_t ip, const uint8_t *l3, const uint8_t *l4)
{
	return ip == 4 ? rte_ipv4_udptcp_cksum((const struct rte_ipv4_hdr *)l3, l4)
		       : rte_ipv6_udptcp_cksum((const struct rte_ipv6_hdr *)l3, l4);
}

static void frame_udp(struct frame *f, const struct wrap *w, bool from_inside, uint16_t src_port,
	uint16_t dst_port, const uint8_t *payload, size_t len)
{
	size_t l3, l4;
	uint16_t sum;

	frame_ethernet(f, w);
	l3 = f->len;
	frame_ip(f, w, from_inside, 17, 8 + len);
	l4 = f->len;
	frame_zero(f, 8, 0);
	wv_store16(f->octets + l4, src_port);
	wv_store16(f->octets + l4 + 2, dst_port);
	wv_store16(f->octets + l4 + 4, (uint16_t)(8 + len));
	frame_put(f, payload, len);
	sum = udp_sum(w->ip, f->octets + l3, f->octets + l4);
	if (w->sum == SUM_WRONG)
		sum = (uint16_t)(sum ^ 0x0100);
	if (w->sum != SUM_ZERO)
		memcpy(f->octets + l4 + 6, &sum, 2);
	frame_zero(f, w->padding, 0xee);
}

static void message_query(struct build *b, const char *name, uint16_t type, uint16_t id)
{
	build_start(b, WV_FLAG_RD, name, type);
	wv_store16(b->octets, id);
	build_opt(b, 0x8000, "", 0); // DO
}

// An address without a signature.
static void message_answer(struct build *b, const char *name, uint16_t id)
{
	build_start(b, WV_FLAG_QR | WV_FLAG_RD | WV_FLAG_RA, name, WV_TYPE_A);
	wv_store16(b->octets, id);
	build_rr(b, WV_SECTION_ANSWER, WV_TYPE_A, 300, "\xc0\x00\x02\x50", 4);
	build_opt(b, 0x8000, "", 0);
}

// What is said of a query, and believed.
enum say {
	SAY_DO,
	SAY_NOTHING,
	SAY_SIGNED, // by TSIG
};

static void frame_query_say(
	struct frame *f, const struct wrap *w, const char *name, uint16_t id, enum say say)
{
	static struct build b;

	message_query(&b, name, WV_TYPE_A, id);
	if (say == SAY_NOTHING) {
		build_start(&b, WV_FLAG_RD, name, WV_TYPE_A);
		wv_store16(b.octets, id);
	}
	if (say == SAY_SIGNED) {
		build_name(&b, "key");
		build_head(&b, WV_SECTION_ADDITIONAL, WV_TYPE_TSIG, WV_TYPE_ANY, 0);
		build_octets(&b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 17);
		build_end(&b);
	}
	frame_udp(f, w, true, CLIENT, 53, b.octets, b.len);
}

static void frame_query(struct frame *f, const struct wrap *w, const char *name, uint16_t id)
{
	static struct build b;

	message_query(&b, name, WV_TYPE_A, id);
	frame_udp(f, w, true, CLIENT, 53, b.octets, b.len);
}

static void frame_answer(struct frame *f, const struct wrap *w, const char *name, uint16_t id)
{
	static struct build b;

	message_answer(&b, name, id);
	frame_udp(f, w, false, 53, CLIENT, b.octets, b.len);
}

// ---- a signed zone ----

#define ROLLS 8 // generations of the zone's keys; the store keeps four

static struct key zone_key, rolling_key[ROLLS];
static char zone_anchor[256];

static void zone_open(void)
{
	struct octets ds;
	size_t n;

	zone_key = key_make("chain.", "key", 13, 257);
	for (unsigned i = 0; i < ROLLS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "rolling%u", i);
		rolling_key[i] = key_make("chain.", name, 13, 256);
	}
	ds = ds_rdata("chain.", &zone_key, 2);
	n = (size_t)snprintf(
		zone_anchor, sizeof(zone_anchor), "chain. DS %u 13 2 ", key_tag(&zone_key));
	for (unsigned i = 4; i < ds.len; i++)
		n += (size_t)snprintf(
			zone_anchor + n, sizeof(zone_anchor) - n, "%02x", ds.octets[i]);
}

static void zone_close(void)
{
	key_free(&zone_key);
	for (unsigned i = 0; i < ROLLS; i++)
		key_free(&rolling_key[i]);
}

static void frame_reply(struct frame *f, struct reply *r, uint16_t id)
{
	wv_store16(r->octets, id);
	frame_udp(f, &plain4, false, 53, CLIENT, r->octets, r->len);
}

static void frame_keys_signed(struct frame *f, unsigned generation, uint16_t id, struct sign sign)
{
	static struct reply r;
	const struct key *keys[] = {&zone_key, &rolling_key[generation]};
	struct rrset *set = rrset_dnskey("chain.", keys, 2);

	sign_with(set, &zone_key, sign);
	reply_begin(&r, "chain.", WV_TYPE_DNSKEY, WV_FLAG_AA);
	reply_take(&r, 1, set);
	frame_reply(f, &r, id);
}

static void frame_keys(struct frame *f, unsigned generation, uint16_t id)
{
	frame_keys_signed(f, generation, id, (struct sign){0});
}

static void frame_signed(struct frame *f, uint16_t id)
{
	static struct reply r;

	reply_begin(&r, "www.chain.", WV_TYPE_A, WV_FLAG_AA);
	reply_take(&r, 1, signed_by(rrset_a("www.chain.", "192.0.2.80"), &zone_key));
	frame_reply(f, &r, id);
}

// ---- a wire: two ports made of rings, and an engine between them ----

struct side {
	struct rte_ring *rx, *tx; // what the port receives and sends
	uint16_t id;
	uint64_t n; // packets it was given
};

struct wire {
	struct wv_config config;
	struct wv_validate_settings settings;
	struct wv_engine_params params;
	struct wv_engine *e;
	struct side outside, inside;
	unsigned free_before; // buffers of the pool
	bool live;
	int result; // of wv_engine_main()
	struct wv_err err;
	struct wv_metrics counts;
};

static const char config_text[] =
	"{\"version\": 1, \"mode\": \"enforce\", \"clock\": 1790000000,"
	" \"trust\": {\"zones\": 64},"
	" \"queries\": {\"entries\": 1024},"
	" \"pairs\": [{\"outside\": \"net_ring0\", \"inside\": \"net_ring1\"}]}";

static const char anchors_text[] =
	"signed. DS 4711 13 2 "
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

static void side_open(struct side *s, unsigned tx_size)
{
	static unsigned serial;
	char name[32], device[RTE_ETH_NAME_MAX_LEN];
	struct wv_port_params port = {
		.queues = 1, .rx_descriptors = 256, .tx_descriptors = 256, .mtu = 1500};
	struct wv_err err;
	int id;

	serial++;
	snprintf(name, sizeof(name), "rx%u", serial);
	s->rx = rte_ring_create(name, RX_MAX, SOCKET_ID_ANY, 0);
	snprintf(name, sizeof(name), "tx%u", serial);
	s->tx = rte_ring_create(name, tx_size, SOCKET_ID_ANY, 0);
	if (s->rx == NULL || s->tx == NULL)
		abort();
	snprintf(name, sizeof(name), "side%u", serial);
	id = rte_eth_from_rings(name, &s->rx, 1, &s->tx, 1, 0);
	if (id < 0 || rte_eth_dev_get_name_by_port((uint16_t)id, device) < 0)
		abort();
	port.name = device;
	port.pool = pool;
	if (wv_port_start(&port, &s->id, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	s->n = 0;
}

static void side_close(struct side *s)
{
	struct rte_mbuf *m;

	while (rte_ring_dequeue(s->rx, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	while (rte_ring_dequeue(s->tx, (void **)&m) == 0)
		rte_pktmbuf_free(m);
	wv_port_stop(s->id);
	rte_ring_free(s->rx);
	rte_ring_free(s->tx);
}

enum plan {
	SOLO,
	SPREAD, // one core for I/O, one worker
	BOTH,   // two cores, each with both; two workers share the questions
	PLANS
};
static const char *const plan_names[] = {"solo", "spread", "both"};

static int arena_init(void *arg, struct wv_err *err)
{
	(void)arg;
	return wv_openssl_pool_thread_init(WV_OPENSSL_POOL_OCTETS, err);
}

static void arena_fini(void *arg)
{
	(void)arg;
	wv_openssl_pool_thread_fini();
}

static void wire_open(struct wire *w, enum plan plan, unsigned tx_size)
{
	memset(w, 0, sizeof(*w));
	w->free_before = rte_mempool_avail_count(pool);
	if (wv_config_read_text(
		    &w->config, "test", config_text, sizeof(config_text) - 1, true, &w->err)
		< 0) {
		fprintf(stderr, "%s\n", w->err.text);
		abort();
	}
	if (plan != SOLO) {
		w->config.cores.n_io = w->config.cores.n_workers = plan == BOTH ? 2 : 1;
		w->config.cores.io[0] = 0;
		w->config.cores.workers[0] = w->config.cores.io[1] = 1;
	}
	w->settings = wv_validate_presets;
	w->params.config = &w->config;
	w->params.settings = &w->settings;
	w->params.asked = true;
	w->params.thread_init = arena_init;
	w->params.thread_fini = arena_fini;
	side_open(&w->outside, tx_size);
	side_open(&w->inside, tx_size);
}

static void give_at(struct side *s, const struct frame *f, uint64_t time_us)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

	if (m == NULL)
		abort();
	memcpy(rte_pktmbuf_append(m, (uint16_t)f->len), f->octets, f->len);
	if (time_us > 0) {
		*RTE_MBUF_DYNFIELD(m, time_offset, rte_mbuf_timestamp_t *) = time_us;
		m->ol_flags |= time_flag;
	}
	if (rte_ring_enqueue(s->rx, m) < 0)
		abort();
	s->n++;
}

static void give(struct side *s, const struct frame *f)
{
	give_at(s, f, 0);
}

// The next frame that the port sent; false: there is none.
static bool sent_by(struct side *s, struct frame *f)
{
	uint8_t buffer[FRAME];
	const char *why;
	struct rte_mbuf *m;

	f->len = 0;
	if (rte_ring_dequeue(s->tx, (void **)&m) < 0)
		return false;
	if (rte_mbuf_check(m, 1, &why) == 0 && m->pkt_len <= sizeof(buffer))
		frame_put(f, rte_pktmbuf_read(m, 0, m->pkt_len, buffer), m->pkt_len);
	rte_pktmbuf_free(m);
	return true;
}

static bool wire_create(struct wire *w)
{
	struct wv_name plain;
	unsigned n = 0;

	w->params.pair[0].outside = w->outside.id;
	w->params.pair[0].inside = w->inside.id;
	w->params.pair[0].expect[0] = w->live ? UINT64_MAX : w->outside.n;
	w->params.pair[0].expect[1] = w->live ? UINT64_MAX : w->inside.n;
	w->params.pair[0].link = WV_LINK_ETHERNET;
	w->e = wv_engine_create(&w->params, &w->err);
	if (w->e == NULL)
		return false;
	return wv_name_parse(&plain, "plain.")
		&& wv_trust_read_anchors(wv_engine_trust(w->e), "anchors", zone_anchor,
			   strlen(zone_anchor), &n, &w->err)
		== 0
		&& wv_trust_set_insecure(wv_engine_trust(w->e), &plain, &w->err) == 0
		&& wv_trust_read_anchors(wv_engine_trust(w->e), "anchors", anchors_text,
			   sizeof(anchors_text) - 1, &n, &w->err)
		== 0;
}

static bool wire_run(struct wire *w)
{
	bool created = wire_create(w);

	if (!created || wv_engine_start(w->e, &w->err) < 0) {
		fprintf(stderr, "\n%s\n", w->err.text);
		wv_engine_destroy(w->e);
		w->e = NULL;
		return false;
	}
	w->result = wv_engine_main(w->e, &w->err);
	wv_engine_count(w->e, &w->counts);
	wv_engine_destroy(w->e);
	w->e = NULL;
	return true;
}

static void wire_close(struct wire *w)
{
	side_close(&w->outside);
	side_close(&w->inside);
	wv_config_fini(&w->config);
	// Whatever came in has gone out or was freed.
	CHECK(rte_mempool_avail_count(pool) == w->free_before);
}

// ---- one response ----

static bool frames_equal(const struct frame *a, const struct frame *b)
{
	return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

static bool sums_are_right(const struct frame *f, const struct wv_packet *p)
{
	struct frame copy = *f;
	uint8_t *ip = copy.octets + p->l3, *udp = copy.octets + p->l4;
	uint16_t sum;

	memcpy(&sum, udp + 6, 2);
	memset(udp + 6, 0, 2);
	if (sum != udp_sum(p->ip, ip, udp))
		return false;
	return p->ip == 6 || rte_ipv4_cksum((const struct rte_ipv4_hdr *)ip) == 0;
}

/*
 * A SERVFAIL that a client takes for the answer to what it asked: addresses, ports, tags and id as
 * the response had them, lengths and checksums right, nothing after the IP packet.
 */
static bool is_servfail_for(const struct frame *f, const struct frame *response)
{
	static const struct wv_packet_ports ports = {.n = 1, .port = {53}};
	static struct wv_message m;
	struct wv_packet p, before;
	const uint8_t *udp;

	if (wv_packet_look(&p, f->octets, f->len, WV_LINK_ETHERNET, &ports) != WV_PACKET_DNS_UDP
		|| wv_packet_look(
			   &before, response->octets, response->len, WV_LINK_ETHERNET, &ports)
			!= WV_PACKET_DNS_UDP)
		return false;
	udp = f->octets + p.l4;
	if (p.l3 != before.l3 || memcmp(f->octets, response->octets, p.l3) != 0
		|| memcmp(f->octets + p.src, response->octets + p.src, p.ip == 4 ? 8 : 32) != 0
		|| memcmp(udp, response->octets + p.l4, 4) != 0)
		return false;
	if (p.end != f->len || wv_load16(udp + 6) == 0)
		return false;
	if (!sums_are_right(f, &p))
		return false;
	if (wv_message_parse(&m, f->octets + p.payload, p.payload_len, 0) != WV_MESSAGE_OK)
		return false;
	return m.id == wv_load16(response->octets + before.payload) && m.rcode == WV_RCODE_SERVFAIL
		&& (m.flags & WV_FLAG_QR) != 0 && m.count[1] == 0
		&& p.payload_len <= before.payload_len;
}

enum outcome {
	PASSES,
	SERVFAIL,
	DROPPED
};

static const struct one {
	const char *what;
	const char *name;
	struct wrap wrap;
	bool monitor, no_query, drop_unsolicited;
	enum say say;
	enum outcome outcome;
	enum wv_drop place; // DROPPED
} ones[] = {
	{"insecure passes", "www.plain", {.ip = 4}, .outcome = PASSES},
	{"insecure passes over IPv6", "www.plain", {.ip = 6}, .outcome = PASSES},
	{"insecure passes with its tags", "www.plain", {.ip = 4, .tags = 2}, .outcome = PASSES},
	{"insecure passes with its padding", "www.plain", {.ip = 4, .padding = 9},
		.outcome = PASSES},
	{"a wrong checksum passes as it came", "www.plain", {.ip = 4, .sum = SUM_WRONG},
		.outcome = PASSES},
	{"no checksum passes as it came", "www.plain", {.ip = 4, .sum = SUM_ZERO},
		.outcome = PASSES},
	{"indeterminate passes", "www.elsewhere", {.ip = 4}, .outcome = PASSES},
	{"bogus becomes SERVFAIL", "www.signed", {.ip = 4}, .outcome = SERVFAIL},
	{"bogus becomes SERVFAIL over IPv6", "www.signed", {.ip = 6}, .outcome = SERVFAIL},
	{"tags stay", "www.signed", {.ip = 4, .tags = 1}, .outcome = SERVFAIL},
	{"two tags stay, over IPv6", "www.signed", {.ip = 6, .tags = 2}, .outcome = SERVFAIL},
	{"padding does not", "www.signed", {.ip = 4, .padding = 11}, .outcome = SERVFAIL},
	{"a reply gets a checksum where the response had none", "www.signed",
		{.ip = 4, .sum = SUM_ZERO}, .outcome = SERVFAIL},
	{"a wrong checksum is not made right", "www.signed", {.ip = 4, .sum = SUM_WRONG},
		.outcome = DROPPED, .place = WV_DROP_CHECKSUM},
	{"nor is none over IPv6", "www.signed", {.ip = 6, .sum = SUM_ZERO}, .outcome = DROPPED,
		.place = WV_DROP_CHECKSUM},
	{"bogus passes in monitor mode", "www.signed", {.ip = 4}, .monitor = true,
		.outcome = PASSES},
	{"a wrong checksum, too", "www.signed", {.ip = 4, .sum = SUM_WRONG}, .monitor = true,
		.outcome = PASSES},
	{"what is signed is not altered", "www.signed", {.ip = 4}, .say = SAY_SIGNED,
		.outcome = DROPPED, .place = WV_DROP_POLICY},
	{"nor touched where it is fine", "www.plain", {.ip = 4}, .say = SAY_SIGNED,
		.outcome = PASSES},
	{"without a query it is judged", "www.signed", {.ip = 4}, .no_query = true,
		.outcome = SERVFAIL},
	{"without a query it is dropped by setting", "www.plain", {.ip = 4}, .no_query = true,
		.drop_unsolicited = true, .outcome = DROPPED, .place = WV_DROP_UNSOLICITED},
	{"but not in monitor mode", "www.plain", {.ip = 4}, .monitor = true, .no_query = true,
		.drop_unsolicited = true, .outcome = PASSES},
};

static void one_run(const struct one *one, enum plan plan)
{
	static struct wire w;
	struct frame query, response, got;

	frame_query_say(&query, &one->wrap, one->name, ID, one->say);
	frame_answer(&response, &one->wrap, one->name, ID);
	wire_open(&w, plan, 64);
	w.config.enforce = !one->monitor;
	if (one->drop_unsolicited)
		w.config.queries.unsolicited = WV_UNSOLICITED_DROP;
	w.params.ordered = true;
	if (!one->no_query)
		give_at(&w.inside, &query, NOW_US);
	give_at(&w.outside, &response, NOW_US);
	CHECK_ROW(one, wire_run(&w) && w.result == 0);

	CHECK_ROW(one, one->no_query || (sent_by(&w.outside, &got) && frames_equal(&got, &query)));
	CHECK_ROW(one, !sent_by(&w.outside, &got));
	CHECK_ROW(one, sent_by(&w.inside, &got) == (one->outcome != DROPPED));
	if (one->outcome == PASSES)
		CHECK_ROW(one, frames_equal(&got, &response));
	if (one->outcome == SERVFAIL)
		CHECK_ROW(one, is_servfail_for(&got, &response));
	if (one->outcome == DROPPED)
		CHECK_ROW(one, w.counts.drops[one->place] == 1);
	CHECK_ROW(one, w.counts.one[WV_METRIC_UNSOLICITED] == one->no_query);
	CHECK_ROW(one, w.counts.one[WV_METRIC_QUERIES] == !one->no_query);
	CHECK_ROW(one, w.counts.one[WV_METRIC_RESPONSES] == 1);
	CHECK_ROW(one, !sent_by(&w.inside, &got));
	wire_close(&w);
}

static void test_ones(void)
{
	for (enum plan plan = 0; plan < PLANS; plan++) {
		for (unsigned i = 0; i < WV_COUNT(ones); i++)
			one_run(&ones[i], plan);
	}
}

// The letters of a question come back as the client sent them, whatever the server made of them.
static void test_letters(void)
{
	static const struct wv_packet_ports ports = {.n = 1, .port = {53}};
	static struct wire w;
	struct frame query, response, got;
	struct wv_packet p;

	frame_query(&query, &plain4, "wWw.sIgNed", ID);
	frame_answer(&response, &plain4, "www.signed", ID);
	wire_open(&w, SOLO, 64);
	w.params.ordered = true;
	give_at(&w.inside, &query, NOW_US);
	give_at(&w.outside, &response, NOW_US);
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(sent_by(&w.inside, &got) && is_servfail_for(&got, &response));
	CHECK(wv_packet_look(&p, got.octets, got.len, WV_LINK_ETHERNET, &ports)
		== WV_PACKET_DNS_UDP);
	CHECK(memcmp(got.octets + p.payload + 12, "\3wWw\6sIgNed", 12) == 0);
	wire_close(&w);
}

// ---- what cannot be read ----

static void unreadable_run(size_t len, bool enforce, bool passes)
{
	static struct wire w;
	struct build b;
	struct frame response, got;

	message_answer(&b, "www.signed", ID);
	frame_udp(&response, &plain4, false, 53, CLIENT, b.octets, len);
	wire_open(&w, SOLO, 64);
	w.config.enforce = enforce;
	give(&w.outside, &response);
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(sent_by(&w.inside, &got) == passes);
	CHECK(!passes || frames_equal(&got, &response));
	CHECK(w.counts.drops[WV_DROP_UNREADABLE] == !passes);
	wire_close(&w);
}

static void test_unreadable(void)
{
	unreadable_run(11, true, false);
	unreadable_run(11, false, true);
	unreadable_run(20, true, false);
	unreadable_run(20, false, true);
	// Not even QR: nobody says that this is a response.
	unreadable_run(2, true, true);
	unreadable_run(0, true, true);
}

// ---- what is not a response passes, in order ----

// Something of every kind that is none of our business, with a number in it.
static void frame_other(struct frame *f, unsigned i)
{
	struct wrap w = {.ip = i % 3 == 0 ? 6 : 4, .tags = i % 4, .padding = i % 7};
	uint8_t number[4];

	wv_store32(number, i);
	switch (i % 6) {
	case 0: // no IP
		w.ip = 4;
		frame_ethernet(f, &w);
		wv_store16(f->octets + f->len - 2, 0x88cc);
		frame_put(f, number, 4);
		break;
	case 1: // ordinary UDP
		frame_udp(f, &w, i % 2 == 0, 5000, 5001, number, 4);
		break;
	case 2: // a TCP segment of DNS
		frame_ethernet(f, &w);
		frame_ip(f, &w, true, 6, 24);
		frame_zero(f, 20, 0);
		wv_store16(f->octets + f->len - 20, CLIENT);
		wv_store16(f->octets + f->len - 18, 53);
		f->octets[f->len - 8] = 5 << 4;
		frame_put(f, number, 4);
		break;
	case 3: // a fragment
		w.ip = 4;
		frame_ethernet(f, &w);
		frame_ip(f, &w, true, 17, 12);
		wv_store16(f->octets + f->len - 14, 0x2000);
		frame_put(f, number, 4);
		frame_zero(f, 8, 0);
		break;
	case 4: // a few octets, less than Ethernet's header
		f->len = 0;
		frame_put(f, number, 4);
		break;
	}
}

// From inside a response, from outside a query; every other one between two DNS ports.
static void frame_stray(struct frame *f, unsigned i, bool at_inside)
{
	uint16_t client = i / 6 % 2 == 0 ? CLIENT : 53;
	struct build b;

	if (at_inside)
		message_answer(&b, "www.signed", (uint16_t)i);
	else
		message_query(&b, "www.signed", WV_TYPE_A, (uint16_t)i);
	frame_udp(f, &plain4, at_inside, at_inside ? 53 : client, at_inside ? client : 53, b.octets,
		b.len);
}

static void passing_frame(struct frame *f, unsigned i, bool at_inside)
{
	if (i % 9 == 8 && at_inside)
		frame_query(f, &plain4, "www.plain", (uint16_t)i);
	else if (i % 6 == 5)
		frame_stray(f, i, at_inside);
	else
		frame_other(f, i);
}

static void passing_run(enum plan plan, bool ordered)
{
	static struct wire w;
	struct frame f, got;
	unsigned n = 3000, wrong = 0;

	wire_open(&w, plan, RX_MAX);
	w.params.ordered = ordered;
	for (unsigned i = 0; i < n; i++) {
		passing_frame(&f, i, true);
		give_at(&w.inside, &f, NOW_US + i);
		passing_frame(&f, i, false);
		give_at(&w.outside, &f, NOW_US + i);
	}
	CHECK(wire_run(&w) && w.result == 0);
	for (unsigned i = 0; i < n; i++) {
		passing_frame(&f, i, true);
		wrong += !sent_by(&w.outside, &got) || !frames_equal(&f, &got);
		passing_frame(&f, i, false);
		wrong += !sent_by(&w.inside, &got) || !frames_equal(&f, &got);
	}
	CHECK(wrong == 0);
	if (wrong != 0)
		fprintf(stderr, "\n%s: %u frames are not what was expected\n", plan_names[plan],
			wrong);
	CHECK(w.counts.one[WV_METRIC_RX_PACKETS] == 2 * n);
	CHECK(w.counts.one[WV_METRIC_TX_PACKETS] == 2 * n);
	CHECK(w.counts.one[WV_METRIC_RESPONSES] == 0);
	CHECK(w.counts.one[WV_METRIC_QUERIES] == n / 9);
	CHECK(w.counts.one[WV_METRIC_TCP_UNJUDGED] > 0);
	CHECK(w.counts.one[WV_METRIC_FRAGMENT_UNJUDGED] > 0);
	CHECK(w.counts.packets[0][WV_PACKET_FRAGMENT] + w.counts.packets[1][WV_PACKET_FRAGMENT]
		== w.counts.one[WV_METRIC_FRAGMENT_UNJUDGED]);
	wire_close(&w);
}

static void test_passing(void)
{
	for (enum plan plan = 0; plan < PLANS; plan++) {
		passing_run(plan, false);
		passing_run(plan, true);
	}
}

// Frames longer than a buffer come in several.
static void test_segments(void)
{
	static struct wire w;
	struct frame query, response, got;
	struct rte_mbuf *m, *tail;

	frame_query(&query, &plain4, "www.signed", ID);
	frame_answer(&response, &plain4, "www.signed", ID);
	wire_open(&w, SOLO, 64);
	w.params.ordered = true;
	give_at(&w.inside, &query, NOW_US);
	m = rte_pktmbuf_alloc(pool);
	tail = rte_pktmbuf_alloc(pool);
	REQUIRE(m != NULL && tail != NULL);
	memcpy(rte_pktmbuf_append(m, 20), response.octets, 20);
	memcpy(rte_pktmbuf_append(tail, (uint16_t)(response.len - 20)), response.octets + 20,
		response.len - 20);
	REQUIRE(rte_pktmbuf_chain(m, tail) == 0 && rte_ring_enqueue(w.outside.rx, m) == 0);
	w.outside.n++;
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(sent_by(&w.outside, &got) && frames_equal(&got, &query));
	CHECK(sent_by(&w.inside, &got) && is_servfail_for(&got, &response));
	wire_close(&w);
}

// One that no buffer has room for passes, and is counted as not judged.
static void test_long(void)
{
	static struct wire w;
	static struct build b;
	struct frame response, got;
	struct rte_mbuf *m, *tail;

	message_answer(&b, "www.signed", ID);
	while (b.len < 3000)
		build_rr(&b, WV_SECTION_ADDITIONAL, WV_TYPE_A, 300, "\xc0\x00\x02\x50", 4);
	frame_udp(&response, &plain4, false, 53, CLIENT, b.octets, b.len);
	wire_open(&w, SOLO, 64);
	m = rte_pktmbuf_alloc(pool);
	tail = rte_pktmbuf_alloc(pool);
	REQUIRE(m != NULL && tail != NULL);
	memcpy(rte_pktmbuf_append(m, 2000), response.octets, 2000);
	memcpy(rte_pktmbuf_append(tail, (uint16_t)(response.len - 2000)), response.octets + 2000,
		response.len - 2000);
	REQUIRE(rte_pktmbuf_chain(m, tail) == 0 && rte_ring_enqueue(w.outside.rx, m) == 0);
	w.outside.n++;
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(sent_by(&w.inside, &got) && frames_equal(&got, &response));
	CHECK(w.counts.responses[WV_REASON_NOT_JUDGED][WV_ACTION_PASS] == 1);
	CHECK(w.counts.packets[0][WV_PACKET_DNS_UDP] == 1);
	wire_close(&w);
}

// ---- order of capture times ----

static void times_run(enum plan plan, bool ordered)
{
	static struct wire w;
	struct frame f;
	char query[32], answer[32];
	unsigned n = 500;

	wire_open(&w, plan, RX_MAX);
	w.params.ordered = ordered;
	for (unsigned i = 0; i < n; i++) {
		// Letters do not matter to where a question goes.
		snprintf(query, sizeof(query), "hOSt%u.pLain", i);
		snprintf(answer, sizeof(answer), "HosT%u.plaIN", i);
		frame_query(&f, &plain4, query, (uint16_t)i);
		give_at(&w.inside, &f, NOW_US + i * 10);
		frame_answer(&f, &plain4, answer, (uint16_t)i);
		// Of one time in every other case: then the query comes first.
		give_at(&w.outside, &f, NOW_US + i * 10 + i % 2);
	}
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(w.counts.one[WV_METRIC_QUERIES] == n);
	CHECK(w.counts.one[WV_METRIC_RESPONSES] == n);
	// Else answers of a burst come before their queries.
	CHECK((w.counts.one[WV_METRIC_UNSOLICITED] == 0) == ordered);
	wire_close(&w);
}

static void test_times(void)
{
	times_run(SOLO, true);
	times_run(SPREAD, true);
	times_run(BOTH, true);
	times_run(SOLO, false);
}

// What a query said is forgotten after its life, by the clock of the capture.
static void test_life(void)
{
	static struct wire w;
	struct frame f;

	wire_open(&w, SOLO, 64);
	w.params.ordered = true;
	w.config.queries.life_ms = 100;
	for (unsigned i = 0; i < 2; i++) {
		frame_query(&f, &plain4, "www.plain", (uint16_t)i);
		give_at(&w.inside, &f, NOW_US + i * 1000000);
		frame_answer(&f, &plain4, "www.plain", (uint16_t)i);
		give_at(&w.outside, &f, NOW_US + i * 1000000 + 99000 + i * 2000);
	}
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(w.counts.one[WV_METRIC_UNSOLICITED] == 1);
	wire_close(&w);
}

// ---- what the wire teaches ----

// In order of capture times an answer is judged by all that came before it, and nothing else.
static void chain_run(enum plan plan, bool keys_first)
{
	static struct wire w;
	struct frame f;
	unsigned n = 100;

	wire_open(&w, plan, RX_MAX);
	w.params.ordered = true;
	w.params.asked = false;
	for (unsigned i = 0; i < 2 * n; i++) {
		if ((i < n) == keys_first)
			frame_keys(&f, 0, (uint16_t)i);
		else
			frame_signed(&f, (uint16_t)i);
		give_at(&w.outside, &f, NOW_US + i);
	}
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(w.counts.one[WV_METRIC_FACTS] == 1); // told once, it is no news
	CHECK(w.counts.one[WV_METRIC_FACTS_LOST] == 0);
	CHECK(w.counts.responses[WV_REASON_SECURE][WV_ACTION_PASS] == (keys_first ? 2 * n : n));
	CHECK(w.counts.responses[WV_REASON_NO_CHAIN][WV_ACTION_PASS] == (keys_first ? 0 : n));
	wire_close(&w);
}

static void test_chain(void)
{
	for (enum plan plan = SOLO; plan <= SPREAD; plan++) { // one worker
		chain_run(plan, true);
		chain_run(plan, false);
	}
}

// Chain data by somebody who has no key of the zone.
static void frame_forged(struct frame *f, unsigned i)
{
	static struct reply r;
	const struct key *his = &rolling_key[1];
	const struct sign as_zone = {.tag = key_tag(&zone_key)};
	struct rrset *set;

	switch (i % 3) {
	case 0: // a key of his own
		set = rrset_dnskey("chain.", &his, 1);
		sign_with(set, his, (struct sign){0});
		reply_begin(&r, "chain.", WV_TYPE_DNSKEY, WV_FLAG_AA);
		break;
	case 1: // a key beside the zone's
		set = rrset_dnskey("chain.", (const struct key *[]){&zone_key, his}, 2);
		sign_with(set, his, as_zone);
		reply_begin(&r, "chain.", WV_TYPE_DNSKEY, WV_FLAG_AA);
		break;
	default: // a zone of his below it
		set = rrset_ds("sub.chain.", his);
		sign_with(set, his, as_zone);
		reply_begin(&r, "sub.chain.", WV_TYPE_DS, WV_FLAG_AA);
	}
	reply_take(&r, 1, set);
	frame_reply(f, &r, (uint16_t)i);
}

// They are dropped, each with its reason; nobody else's verdict and no ring to control knows of them.
static void forgeries_run(enum plan plan)
{
	static struct wire w;
	struct frame f;
	unsigned n = 300;

	wire_open(&w, plan, RX_MAX);
	w.params.ordered = true;
	frame_keys(&f, 0, ID);
	give_at(&w.outside, &f, NOW_US);
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < 9; k++) {
			frame_forged(&f, k);
			give_at(&w.outside, &f, NOW_US + i);
		}
		frame_keys(&f, 0, (uint16_t)i);
		give_at(&w.outside, &f, NOW_US + i);
		frame_signed(&f, (uint16_t)i);
		give_at(&w.outside, &f, NOW_US + i);
	}
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(w.counts.one[WV_METRIC_FACTS] == 1 && w.counts.one[WV_METRIC_FACTS_LOST] == 0);
	CHECK(w.counts.responses[WV_REASON_SECURE][WV_ACTION_PASS] == 2 * n + 1);
	CHECK(w.counts.responses[WV_REASON_STALE_DS][WV_ACTION_SERVFAIL] == 3 * n);
	CHECK(w.counts.responses[WV_REASON_BAD_SIGNATURE][WV_ACTION_SERVFAIL] == 6 * n);
	wire_close(&w);
}

static void test_forgeries(void)
{
	forgeries_run(SOLO);
	forgeries_run(SPREAD);
}

// DO is believed of the query: who did not ask for signatures gets none, and that is no fault.
static void do_run(enum say say, enum wv_reason reason, enum wv_action action)
{
	static struct wire w;
	struct frame f;

	wire_open(&w, SOLO, 64);
	w.params.ordered = true;
	frame_keys(&f, 0, 1);
	give_at(&w.outside, &f, NOW_US);
	frame_query_say(&f, &plain4, "www.chain", ID, say);
	give_at(&w.inside, &f, NOW_US + 1);
	frame_answer(&f, &plain4, "www.chain", ID);
	give_at(&w.outside, &f, NOW_US + 1);
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(w.counts.responses[reason][action] == 1);
	CHECK(w.counts.one[WV_METRIC_DO_NOT_SET] == (say == SAY_NOTHING));
	wire_close(&w);
}

static void test_do(void)
{
	do_run(SAY_DO, WV_REASON_RRSIG_MISSING, WV_ACTION_SERVFAIL);
	do_run(SAY_NOTHING, WV_REASON_DO_NOT_SET, WV_ACTION_PASS);
}

// The wall clock judges signatures where it is told to, and no clock where it is off.
static void clock_run(enum wv_config_clock clock, uint32_t from, uint32_t to, enum wv_reason reason)
{
	static struct wire w;
	struct frame f;

	wire_open(&w, SOLO, 64);
	w.config.enforce = false;
	w.config.clock = clock;
	frame_keys_signed(&f, 0, ID, (struct sign){.inception = from, .expiration = to});
	give(&w.outside, &f);
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(w.counts.responses[reason][WV_ACTION_PASS] == 1);
	wire_close(&w);
}

static void test_clock(void)
{
	uint32_t now = (uint32_t)time(NULL), day = 86400;

	clock_run(WV_CLOCK_SYSTEM, now - day, now + day, WV_REASON_SECURE);
	clock_run(WV_CLOCK_SYSTEM, now - 9 * day, now - 5 * day, WV_REASON_EXPIRED);
	clock_run(WV_CLOCK_SYSTEM, now + 5 * day, now + 9 * day, WV_REASON_NOT_YET_VALID);
	clock_run(WV_CLOCK_OFF, now - 9 * day, now - 5 * day, WV_REASON_SECURE);
	clock_run(WV_CLOCK_FIXED, NOW_S - day, NOW_S + day, WV_REASON_SECURE);
	clock_run(WV_CLOCK_FIXED, NOW_S + 5 * day, NOW_S + 9 * day, WV_REASON_NOT_YET_VALID);
}

// Keys come and go while answers are judged by them: what the store lets go of is freed late enough.
static void rolls_run(enum plan plan)
{
	static struct wire w;
	static struct frame keys[ROLLS], answer;
	unsigned n = 600;
	uint64_t secure, no_chain;

	for (unsigned i = 0; i < ROLLS; i++)
		frame_keys(&keys[i], i, (uint16_t)i);
	frame_signed(&answer, ID);
	wire_open(&w, plan, RX_MAX);
	w.params.asked = false;
	for (unsigned i = 0; i < n; i++) {
		give(&w.outside, &keys[i % ROLLS]);
		give(&w.outside, &answer);
	}
	CHECK(wire_run(&w) && w.result == 0);
	secure = w.counts.responses[WV_REASON_SECURE][WV_ACTION_PASS];
	no_chain = w.counts.responses[WV_REASON_NO_CHAIN][WV_ACTION_PASS];
	CHECK(secure + no_chain == 2 * n && secure >= n); // the keys are proven by the anchor alone
	CHECK(w.counts.one[WV_METRIC_FACTS] >= ROLLS);
	CHECK(w.counts.batch_good[WV_ALG_P256] == w.counts.batch_jobs[WV_ALG_P256]);
	wire_close(&w);
}

static void test_rolls(void)
{
	rolls_run(SOLO);
	rolls_run(SPREAD);
	rolls_run(BOTH);
}

// Tables built for many answers that are judged by one key. One worker, so that each waits until what
// came before is known.
static uint64_t tables_run(unsigned mib)
{
	static struct wire w;
	struct frame f;
	uint64_t before = wv_verify_tables_count()->built;

	wire_open(&w, SOLO, RX_MAX);
	w.params.ordered = true;
	w.config.drivers.table_after = 16;
	w.config.drivers.table_mib = mib;
	frame_keys(&f, 0, 0);
	give_at(&w.outside, &f, NOW_US);
	for (unsigned i = 1; i <= 200; i++) {
		frame_signed(&f, (uint16_t)i);
		give_at(&w.outside, &f, NOW_US + i);
	}
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(w.counts.responses[WV_REASON_SECURE][WV_ACTION_PASS] == 201);
	wire_close(&w);
	CHECK(wv_verify_tables_count()->tables == 0 && wv_verify_tables_count()->octets == 0);
	return wv_verify_tables_count()->built - before;
}

static void test_tables(void)
{
	if (strcmp(wv_verify_driver_name(WV_ALG_P256), "openssl") == 0) // has none
		return;
	CHECK(tables_run(0) == 0);
	CHECK(tables_run(64) > 0);
}

// ---- full rings and devices that take no more ----

static void full_run(enum wv_config_full when, enum wv_action overload)
{
	static struct wire w;
	struct frame f, got;
	unsigned n = 2000, came = 0;
	uint64_t shed;

	wire_open(&w, SOLO, RX_MAX);
	w.live = true;
	w.config.io.when_ring_full = when;
	w.config.io.stop_when_idle_ms = 50;
	w.config.io.burst = 256;
	w.config.rings.size = 64;
	w.config.policy.overload = overload;
	for (unsigned i = 0; i < n; i++) {
		frame_answer(&f, &plain4, "www.plain", (uint16_t)i);
		give(&w.outside, &f);
	}
	CHECK(wire_run(&w) && w.result == 0);
	while (sent_by(&w.inside, &got))
		came++;
	shed = w.counts.one[WV_METRIC_SHED];
	CHECK(w.counts.one[WV_METRIC_RING_FULL] > 0);
	CHECK(w.counts.one[WV_METRIC_RESPONSES] == n);
	if (when == WV_FULL_WAIT) {
		CHECK(shed == 0 && came == n);
		CHECK(w.counts.responses[WV_REASON_CONFIGURED_INSECURE][WV_ACTION_PASS] == n);
	} else {
		CHECK(shed > 0);
		CHECK(came == (overload == WV_ACTION_PASS ? n : n - shed));
		CHECK(w.counts.responses[WV_REASON_OVERLOAD][overload] == shed);
	}
	wire_close(&w);
}

static void test_full(void)
{
	full_run(WV_FULL_WAIT, WV_ACTION_PASS);
	full_run(WV_FULL_SHED, WV_ACTION_PASS);
	full_run(WV_FULL_AUTO, WV_ACTION_PASS);
	full_run(WV_FULL_AUTO, WV_ACTION_DROP);
}

// Both ports give all the time, answers by 128 packets later than their queries: they keep that
// distance, though there is never room for all they have.
static void test_share(void)
{
	static const enum plan plans[] = {SOLO, SPREAD};
	static struct wire w;
	struct frame f;

	for (unsigned p = 0; p < WV_COUNT(plans); p++) {
		wire_open(&w, plans[p], RX_MAX);
		w.config.io.when_ring_full = WV_FULL_WAIT;
		w.config.rings.size = 64;
		// Some 150 queries are under way: of 128 buckets of eight now and then one overflows.
		w.config.queries.entries = 65536;
		for (unsigned i = 0; i < 128; i++) {
			frame_udp(&f, &plain4, false, 5000, 5001, (const uint8_t *)&i, sizeof(i));
			give(&w.outside, &f);
		}
		for (unsigned i = 0; i < 4000; i++) {
			frame_query(&f, &plain4, "www.plain", (uint16_t)i);
			give(&w.inside, &f);
			frame_answer(&f, &plain4, "www.plain", (uint16_t)i);
			give(&w.outside, &f);
		}
		CHECK(wire_run(&w) && w.result == 0);
		CHECK(w.counts.one[WV_METRIC_RESPONSES] == 4000);
		CHECK(w.counts.one[WV_METRIC_UNSOLICITED] == 0);
		CHECK(w.counts.one[WV_METRIC_RING_FULL] > 0);
		wire_close(&w);
	}
}

// A device that takes no more: a live one loses what does not fit, and says so.
static void test_tx_live(void)
{
	static struct wire w;
	struct frame f, got;
	unsigned n = 4000, came = 0;

	wire_open(&w, SOLO, 64);
	w.live = true;
	w.config.io.stop_when_idle_ms = 50;
	for (unsigned i = 0; i < n; i++) {
		frame_udp(&f, &plain4, true, 5000, 5001, (const uint8_t *)&i, sizeof(i));
		give(&w.inside, &f);
	}
	CHECK(wire_run(&w) && w.result == 0);
	for (; sent_by(&w.outside, &got); came++)
		CHECK(memcmp(got.octets + 42, &came, sizeof(came)) == 0);
	CHECK(came == 63 && w.counts.one[WV_METRIC_TX_PACKETS] == 63);
	// What still waits when it ends is lost as well.
	CHECK(w.counts.drops[WV_DROP_TX_FULL] == n - 63);
	wire_close(&w);
}

static _Atomic bool drain_stop;

static void *drain(void *arg)
{
	struct wire *w = arg;
	uint64_t came = 0;
	struct frame f;

	while (!atomic_load(&drain_stop)) {
		for (unsigned i = 0; i < 100; i++) {
			came += sent_by(&w->outside, &f);
			came += sent_by(&w->inside, &f);
		}
		usleep(1000);
	}
	while (sent_by(&w->outside, &f) || sent_by(&w->inside, &f))
		came++;
	return (void *)(uintptr_t)came;
}

// Captures lose nothing to a slow device.
static void tx_capture_run(enum plan plan)
{
	static struct wire w;
	pthread_t slow;
	struct frame f;
	unsigned n = 4000;
	void *came;

	wire_open(&w, plan, 64);
	for (unsigned i = 0; i < n; i++) {
		frame_query(&f, &plain4, "www.plain", (uint16_t)i);
		give(&w.inside, &f);
		frame_answer(&f, &plain4, i % 2 == 0 ? "www.plain" : "www.signed", (uint16_t)i);
		give(&w.outside, &f);
	}
	atomic_store(&drain_stop, false);
	REQUIRE(pthread_create(&slow, NULL, drain, &w) == 0);
	CHECK(wire_run(&w) && w.result == 0);
	atomic_store(&drain_stop, true);
	pthread_join(slow, &came);
	CHECK((uintptr_t)came == 2 * n);
	CHECK(w.counts.one[WV_METRIC_TX_PACKETS] == 2 * n);
	CHECK(w.counts.drops[WV_DROP_TX_FULL] == 0);
	wire_close(&w);
}

static void test_tx_capture(void)
{
	tx_capture_run(SOLO);
	tx_capture_run(SPREAD);
	tx_capture_run(BOTH);
}

// ---- the end ----

static void test_silent(void)
{
	static struct wire w;
	struct frame f;

	wire_open(&w, SOLO, 64);
	frame_answer(&f, &plain4, "www.plain", ID);
	give(&w.outside, &f);
	w.outside.n += 2; // that never come
	CHECK(wire_run(&w));
	CHECK(w.result == -EIO);
	CHECK(strcmp(w.err.text, "port outside: want 3 packets, but the device gave 1") == 0);
	CHECK(sent_by(&w.inside, &f));
	wire_close(&w);
}

static void *stop_later(void *arg)
{
	usleep(100000);
	wv_engine_stop(arg);
	return NULL;
}

static void stop_run(enum plan plan)
{
	static struct wire w;
	pthread_t other;
	struct frame f;

	wire_open(&w, plan, 64);
	w.live = true;
	frame_answer(&f, &plain4, "www.plain", ID);
	give(&w.outside, &f);
	REQUIRE(wire_create(&w) && wv_engine_start(w.e, &w.err) == 0);
	REQUIRE(pthread_create(&other, NULL, stop_later, w.e) == 0);
	CHECK(wv_engine_main(w.e, &w.err) == 0);
	pthread_join(other, NULL);
	wv_engine_destroy(w.e);
	CHECK(sent_by(&w.inside, &f));
	wire_close(&w);
}

static void test_stop(void)
{
	stop_run(SOLO);
	stop_run(SPREAD);
	stop_run(BOTH);
}

// ---- lines ----

static unsigned lines_of(FILE *file, const char *words)
{
	char line[4096];
	unsigned n = 0;

	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n += strstr(line, words) != NULL;
	return n;
}

static void test_lines(void)
{
	static struct wire w;
	struct frame f;
	unsigned n = 200;
	FILE *verdicts = tmpfile(), *events = tmpfile();

	REQUIRE(verdicts != NULL && events != NULL);
	wire_open(&w, SPREAD, RX_MAX);
	w.params.verdicts = verdicts;
	w.params.events = events;
	frame_other(&f, 1);
	give(&w.outside, &f);
	for (unsigned i = 0; i < n; i++) {
		frame_answer(&f, &plain4, i % 4 == 0 ? "www.signed" : "www.plain", (uint16_t)i);
		give(&w.outside, &f);
	}
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(lines_of(verdicts, "\"port\":\"outside\"") == n);
	CHECK(lines_of(verdicts, "\"verdict\":\"bogus\"") == n / 4);
	CHECK(lines_of(verdicts, "\"action\":\"servfail\"") == n / 4);
	CHECK(lines_of(verdicts, "\"frame\":1,") == 0); // that was no response
	CHECK(lines_of(verdicts, "\"frame\":2,") == 1);
	CHECK(lines_of(verdicts, "\"frame\":201,") == 1);
	CHECK(lines_of(events, "\"event\":\"verdict\"") == n / 4);
	CHECK(lines_of(events, "\"client\":\"192.0.2.1:40000\"") == n / 4);
	CHECK(lines_of(events, "\"server\":\"192.0.2.2:53\"") == n / 4);
	CHECK(w.counts.one[WV_METRIC_EVENTS_LOST] == 0);
	fclose(verdicts);
	fclose(events);
	wire_close(&w);
}

// Pairs do not mix: what comes in at one leaves at its peer.
static void pairs_run(enum plan plan)
{
	static struct wire w;
	struct side outside, inside;
	struct wv_config_pair *second = &w.config.pair[1];
	struct frame query, answer, got;
	FILE *verdicts = tmpfile();

	REQUIRE(verdicts != NULL);
	wire_open(&w, plan, 64);
	side_open(&outside, 64);
	side_open(&inside, 64);
	w.params.ordered = true;
	w.params.verdicts = verdicts;
	w.config.n_pairs = 2;
	*second = w.config.pair[0];
	second->name = strdup("second");
	second->outside = strdup("net_ring2");
	second->inside = strdup("net_ring3");
	second->dns_port[0] = 5353;
	frame_query(&query, &plain4, "www.plain", ID);
	frame_answer(&answer, &plain4, "www.signed", ID);
	give_at(&w.inside, &query, NOW_US);
	give_at(&w.outside, &answer, NOW_US);
	give_at(&inside, &query, NOW_US); // at another port that is no DNS port
	give_at(&outside, &answer, NOW_US);
	w.params.pair[1] = (struct wv_engine_pair){
		.outside = outside.id, .inside = inside.id, .expect = {1, 1}};
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(sent_by(&w.outside, &got) && frames_equal(&got, &query));
	CHECK(sent_by(&w.inside, &got) && is_servfail_for(&got, &answer));
	CHECK(sent_by(&outside, &got) && frames_equal(&got, &query));
	CHECK(sent_by(&inside, &got) && frames_equal(&got, &answer));
	CHECK(lines_of(verdicts, "\"port\":\"main/outside\"") == 1);
	CHECK(w.counts.one[WV_METRIC_RESPONSES] == 1);
	CHECK(w.counts.packets[2][WV_PACKET_DNS_UDP] == 0);
	CHECK(w.counts.packets[2][WV_PACKET_OTHER] == 1);
	fclose(verdicts);
	side_close(&outside);
	side_close(&inside);
	wire_close(&w);
}

static void test_pairs(void)
{
	for (enum plan plan = 0; plan < PLANS; plan++)
		pairs_run(plan);
}

// ---- ports of several queues ----

#define QUEUES 2

struct queues {
	struct rte_ring *rx[QUEUES], *tx[QUEUES];
	uint16_t id;
};

static void queues_open(struct queues *q, const char *name)
{
	struct rte_eth_conf conf = {.rxmode.mtu = 1500};
	char ring[32];
	int id;

	for (unsigned i = 0; i < QUEUES; i++) {
		snprintf(ring, sizeof(ring), "%s_rx%u", name, i);
		q->rx[i] = rte_ring_create(ring, RX_MAX, SOCKET_ID_ANY, 0);
		snprintf(ring, sizeof(ring), "%s_tx%u", name, i);
		q->tx[i] = rte_ring_create(ring, RX_MAX, SOCKET_ID_ANY, 0);
		if (q->rx[i] == NULL || q->tx[i] == NULL)
			abort();
	}
	id = rte_eth_from_rings(name, q->rx, QUEUES, q->tx, QUEUES, 0);
	if (id < 0 || rte_eth_dev_configure((uint16_t)id, QUEUES, QUEUES, &conf) < 0)
		abort();
	q->id = (uint16_t)id;
	for (uint16_t i = 0; i < QUEUES; i++) {
		if (rte_eth_rx_queue_setup(q->id, i, 256, 0, NULL, pool) < 0
			|| rte_eth_tx_queue_setup(q->id, i, 256, 0, NULL) < 0)
			abort();
	}
	if (rte_eth_dev_start(q->id) < 0)
		abort();
}

static void queues_close(struct queues *q)
{
	wv_port_stop(q->id);
	for (unsigned i = 0; i < QUEUES; i++) {
		rte_ring_free(q->rx[i]);
		rte_ring_free(q->tx[i]);
	}
}

// Each I/O core serves a queue of its own, and what came in order in a queue leaves in order.
static void test_queues(void)
{
	static struct wire w;
	static struct queues outside, inside;
	struct side side = {0};
	struct frame f, got;
	unsigned n = 1000, wrong = 0, sides;

	wire_open(&w, BOTH, 64);
	sides = w.outside.id;
	queues_open(&outside, "q_outside");
	queues_open(&inside, "q_inside");
	w.live = true;
	w.config.io.when_ring_full = WV_FULL_WAIT;
	w.config.io.stop_when_idle_ms = 50;
	for (unsigned i = 0; i < n; i++) {
		side.rx = inside.rx[i % QUEUES];
		frame_udp(&f, &plain4, true, 5000, 5001, (const uint8_t *)&i, sizeof(i));
		give(&side, &f);
		side.rx = outside.rx[i % QUEUES];
		frame_answer(&f, &plain4, i % 4 < 2 ? "www.signed" : "www.plain", (uint16_t)i);
		give(&side, &f);
	}
	w.outside.id = outside.id;
	w.inside.id = inside.id;
	CHECK(wire_run(&w) && w.result == 0);
	for (unsigned i = 0; i < n; i++) {
		side.tx = outside.tx[i % QUEUES];
		wrong += !sent_by(&side, &got) || memcmp(got.octets + 42, &i, sizeof(i)) != 0;
		side.tx = inside.tx[i % QUEUES];
		wrong += !sent_by(&side, &got);
	}
	CHECK(wrong == 0);
	CHECK(w.counts.one[WV_METRIC_RESPONSES] == n);
	CHECK(w.counts.one[WV_METRIC_TX_PACKETS] == 2 * n);
	CHECK(w.counts.responses[WV_REASON_CONFIGURED_INSECURE][WV_ACTION_PASS] == n / 2);

	// As many I/O cores as queues, or one queue; a capture has one.
	w.live = false;
	CHECK(!wire_create(&w) && strstr(w.err.text, "a capture has 1 queue") != NULL);
	w.live = true;
	w.config.cores.n_io = w.config.cores.n_workers = 1;
	CHECK(!wire_create(&w) && strstr(w.err.text, "not 2") != NULL);
	queues_close(&outside);
	queues_close(&inside);
	w.outside.id = (uint16_t)sides;
	w.inside.id = (uint16_t)(sides + 1);
	wire_close(&w);
}

static void test_full_disk(void)
{
	static struct wire w;
	struct frame f;
	FILE *full = fopen("/dev/full", "w");

	REQUIRE(full != NULL);
	wire_open(&w, SOLO, RX_MAX);
	w.params.verdicts = full;
	frame_answer(&f, &plain4, "www.plain", ID);
	give(&w.outside, &f);
	CHECK(wire_run(&w));
	CHECK(w.result == -EIO);
	CHECK(strstr(w.err.text, "/events/verdicts") != NULL);
	CHECK(strstr(w.err.text, "No space left") != NULL);
	CHECK(sent_by(&w.inside, &f)); // the wire does not mind
	fclose(full);
	wire_close(&w);
}

// ---- what is refused ----

static void test_refused(void)
{
	static struct wire w;

	wire_open(&w, SOLO, 64);
	w.config.cores.n_io = 1;
	w.config.cores.io[0] = 0;
	CHECK(!wire_create(&w) && strstr(w.err.text, "/cores") != NULL);
	w.config.cores.n_workers = 1;
	w.config.cores.workers[0] = 77;
	CHECK(!wire_create(&w) && strstr(w.err.text, "77") != NULL);
	w.config.cores.n_io = w.config.cores.n_workers = 0;
	w.params.ordered = w.live = true;
	CHECK(!wire_create(&w) && strstr(w.err.text, "port outside") != NULL);
	w.params.ordered = false;
	w.config.clock = WV_CLOCK_PACKET;
	CHECK(!wire_create(&w) && strstr(w.err.text, "/clock") != NULL);
	w.inside.id = w.outside.id;
	w.config.clock = WV_CLOCK_FIXED;
	CHECK(!wire_create(&w) && strstr(w.err.text, "port inside") != NULL);
	w.inside.id = (uint16_t)(w.outside.id + 1);
	wire_close(&w);
}

// A thread that cannot be made ready stops the start.
static int no_thread(void *arg, struct wv_err *err)
{
	_Atomic int *left = arg;

	return atomic_fetch_sub(left, 1) > 0 ? 0 : wv_fail(err, ENOMEM, "no pool for a thread");
}

static void threads_run(enum plan plan, int well)
{
	static struct wire w;
	_Atomic int left = well;

	wire_open(&w, plan, 64);
	w.params.thread_init = no_thread;
	w.params.thread_arg = &left;
	REQUIRE(wire_create(&w));
	CHECK(wv_engine_start(w.e, &w.err) < 0);
	CHECK(strstr(w.err.text, "no pool for a thread") != NULL);
	wv_engine_destroy(w.e);
	wire_close(&w);
}

static void test_threads(void)
{
	threads_run(SOLO, 0);
	threads_run(SPREAD, 0);
	threads_run(BOTH, 1);
}

// ---- no allocation ----

static void audit(void *arg, bool running)
{
	const bool *planted = arg;

	is_audited = running;
	if (running && *planted) {
		void *volatile p = malloc(1);

		free(p);
	}
}

static uint64_t audit_run(enum plan plan, bool planted)
{
	static struct wire w;
	struct frame f;
	FILE *verdicts = tmpfile();

	if (verdicts == NULL)
		abort();
	wire_open(&w, plan, RX_MAX);
	w.params.ordered = true;
	w.params.verdicts = verdicts;
	w.params.on_core = audit;
	w.params.on_core_arg = &planted;
	for (unsigned i = 0; i < 2000; i++) {
		passing_frame(&f, i, true);
		give_at(&w.inside, &f, NOW_US + i);
		if (i % 8 == 2)
			frame_signed(&f, (uint16_t)i);
		else if (i % 8 == 6)
			frame_keys(&f, i / 8 % ROLLS, (uint16_t)i);
		else if (i % 2 == 0)
			frame_answer(
				&f, &plain4, i % 8 == 0 ? "www.signed" : "www.plain", (uint16_t)i);
		else
			passing_frame(&f, i, false);
		give_at(&w.outside, &f, NOW_US + i);
	}
	atomic_store(&allocations, 0);
	CHECK(wire_run(&w) && w.result == 0);
	CHECK(w.counts.one[WV_METRIC_RESPONSES] == 1000);
	CHECK(w.counts.batch_good[WV_ALG_P256] >= 250); // the keys at least
	fclose(verdicts);
	wire_close(&w);
	return atomic_load(&allocations);
}

static void test_allocations(void)
{
	for (enum plan plan = 0; plan < PLANS; plan++) {
		CHECK(audit_run(plan, false) == 0);
		CHECK(audit_run(plan, true) > 0); // the counting counts
	}
}

// ---- memory ----

static void test_memory(void)
{
	static struct wire w;
	struct wv_engine_memory parts[32];
	struct wv_engine_pool pool_plan;
	unsigned n;

	wire_open(&w, SOLO, 64);
	n = wv_engine_memory(&w.config, 1518, parts, WV_COUNT(parts));
	CHECK(n > 0 && n <= WV_COUNT(parts));
	for (unsigned i = 0; i < n; i++)
		CHECK(parts[i].what[0] != '\0' && parts[i].octets > 0 && parts[i].count > 0);
	CHECK(wv_engine_memory(&w.config, 1518, parts, 1) == n);
	pool_plan = wv_engine_pool_plan(&w.config, 9018);
	CHECK(pool_plan.data_room >= 9018 + RTE_PKTMBUF_HEADROOM);
	// Whatever rings and descriptors can hold.
	CHECK(pool_plan.buffers >= 2 * w.config.rings.size + 2 * w.config.io.rx_descriptors
			+ 2 * w.config.io.tx_descriptors);
	wire_close(&w);
}

static const struct test tests[] = {
	{"a response passes, becomes SERVFAIL or is dropped, as verdict and policy say", test_ones},
	{"a client's question comes back in its own letters", test_letters},
	{"what cannot be read is dropped in enforce mode", test_unreadable},
	{"what is not a response passes octet for octet, in order", test_passing},
	{"a frame of several segments is judged, too", test_segments},
	{"a frame that fits no buffer passes, counted as not judged", test_long},
	{"packets of a pair are taken in order of their times, queries first", test_times},
	{"a query's life is measured by the capture's clock", test_life},
	{"an answer is judged by what came before it", test_chain},
	{"signatures are owed to those who asked for them", test_do},
	{"forged keys and DS teach nothing", test_forgeries},
	{"signatures are judged by the clock that is set", test_clock},
	{"keys come and go under traffic", test_rolls},
	{"a key used often has a table", test_tables},
	{"a full ring is waited for, or the packet shed by policy", test_full},
	{"the room of a full ring is shared by the ports", test_share},
	{"a live device that takes no more loses packets, counted", test_tx_live},
	{"a capture loses none", test_tx_capture},
	{"a capture that gives less than it should is an error", test_silent},
	{"live ports run until stop, and what came leaves", test_stop},
	{"every response has its line, every trouble its event", test_lines},
	{"pairs do not mix", test_pairs},
	{"each I/O core serves a queue of its own", test_queues},
	{"a full disk is an error in the end, and nothing to the wire", test_full_disk},
	{"what cannot be is refused in words", test_refused},
	{"a thread that cannot begin ends the start", test_threads},
	{"cores allocate nothing while they run", test_allocations},
	{"memory is stated, buffers suffice", test_memory},
};

// Two CPUs for the two lcores, if there are two.
static void lcores_print(char *out, size_t room)
{
	cpu_set_t set;
	int cpu[2] = {0, 0}, n = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (int i = 0; i < CPU_SETSIZE && n < 2; i++) {
		if (CPU_ISSET(i, &set))
			cpu[n++] = i;
	}
	snprintf(out, room, "--lcores=0@%d,1@%d", cpu[0], n == 2 ? cpu[1] : cpu[0]);
}

int main(int argc, char *argv[])
{
	struct wv_err err;
	int result;
	char lcores[64];
	char *eal[] = {argv[0], (char[]){"--no-huge"}, (char[]){"--no-pci"},
		(char[]){"--no-shconf"}, (char[]){"--no-telemetry"}, (char[]){"-m"},
		(char[]){"256"}, (char[]){"--log-level=critical"}, lcores};

	(void)argc;
	lcores_print(lcores, sizeof(lcores));
	if (!audit_open() || rte_eal_init(WV_COUNT(eal), eal) < 0)
		return EXIT_FAILURE;
	pool = rte_pktmbuf_pool_create(
		"pool", POOL_N, 128, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (wv_openssl_pool_install(&err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_FAILURE;
	}
	if (!test_drivers_init())
		return EXIT_FAILURE;
	if (pool == NULL || rte_mbuf_dyn_rx_timestamp_register(&time_offset, &time_flag) < 0)
		return EXIT_FAILURE;
	zone_open();
	result = test_main("engine", tests, WV_COUNT(tests));
	zone_close();
	return result;
}
