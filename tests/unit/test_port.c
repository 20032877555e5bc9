#include <unistd.h>

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "wv_port.h"

#include "test.h"

static struct rte_mempool *pool;

static const struct wv_port_params usual = {.queues = 1,
	.rx_descriptors = 256,
	.tx_descriptors = 256,
	.mtu = 1500};

static struct wv_port_params params_of(const char *name)
{
	struct wv_port_params p = usual;

	p.name = name;
	p.pool = pool;
	return p;
}

static void test_start(void)
{
	struct wv_port_params p = params_of("net_ring0");
	struct rte_eth_dev_info info;
	struct wv_err err;
	uint16_t id, mtu;

	REQUIRE(rte_vdev_init(p.name, NULL) == 0);
	REQUIRE(wv_port_start(&p, &id, &err) == 0);
	CHECK(rte_eth_promiscuous_get(id) == 1);
	CHECK(rte_eth_dev_get_mtu(id, &mtu) == 0 && mtu == 1500);
	CHECK(rte_eth_dev_info_get(id, &info) == 0);
	CHECK(info.nb_rx_queues == 1 && info.nb_tx_queues == 1);
	wv_port_stop(id);
	CHECK(rte_eth_dev_is_valid_port(id) == 0);
}

static void test_octets(void)
{
	struct wv_port_params p = params_of("net_ring1");
	struct wv_err err;
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool), *back = NULL;
	uint16_t id;

	REQUIRE(m != NULL && rte_vdev_init(p.name, NULL) == 0);
	REQUIRE(wv_port_start(&p, &id, &err) == 0);
	memset(rte_pktmbuf_append(m, 60), 0x5a, 60);
	// This device gives back what it is given.
	CHECK(rte_eth_tx_burst(id, 0, &m, 1) == 1);
	CHECK(rte_eth_rx_burst(id, 0, &back, 1) == 1);
	CHECK(back == m && back->pkt_len == 60);
	rte_pktmbuf_free(back);
	wv_port_stop(id);
}

static const struct {
	const char *what;
	const char *device; // made for this case; NULL: not
	const char *name;
	unsigned queues, mtu;
	const char *words; // in the message
} refused[] = {
	{"a name that no device has", NULL, "net_ring7", 1, 1500, "no such device; there are: "},
	{"more queues than the device has", "net_null3", "net_null3", 4096, 1500,
		"RX queues, not 4096"},
	{"a file has one queue", "net_pcap3", "net_pcap3", 2, 1500,
		"offers 1 to 1 RX queues, not 2"},
	{"an MTU below that of any IP", "net_null4", "net_null4", 1, 20, "octets of MTU, not 20"},
};

// An empty capture: its header alone (microseconds, Ethernet).
static void capture_write(char *path)
{
	static const uint32_t header[] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, 1};
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, header, sizeof(header)) != sizeof(header))
		abort();
	close(fd);
}

static void test_refused(void)
{
	char path[] = "/tmp/test_port.XXXXXX";
	char arguments[64];

	capture_write(path);
	snprintf(arguments, sizeof(arguments), "rx_pcap=%s", path);
	for (unsigned i = 0; i < WV_COUNT(refused); i++) {
		const char *device = refused[i].device;
		struct wv_port_params p = params_of(refused[i].name);
		struct wv_err err = {""};
		uint16_t id;

		p.queues = refused[i].queues;
		p.mtu = refused[i].mtu;
		if (device != NULL)
			CHECK_ROW(&refused[i],
				rte_vdev_init(
					device, strstr(device, "pcap") != NULL ? arguments : NULL)
					== 0);
		CHECK_ROW(&refused[i], wv_port_start(&p, &id, &err) < 0);
		CHECK_ROW(&refused[i], strstr(err.text, refused[i].name) != NULL);
		CHECK_ROW(&refused[i], strstr(err.text, refused[i].words) != NULL);
		if (device != NULL)
			CHECK_ROW(&refused[i], rte_vdev_uninit(device) == 0);
	}
	unlink(path);
}

static const struct test tests[] = {
	{"a started port is promiscuous and has its MTU", test_start},
	{"octets come in as they went out", test_octets},
	{"what a device does not offer is refused, in words that name it", test_refused},
};

int main(int argc, char *argv[])
{
	char *eal[] = {argv[0], (char[]){"--no-huge"}, (char[]){"--no-pci"},
		(char[]){"--no-shconf"}, (char[]){"--no-telemetry"}, (char[]){"-m"}, (char[]){"64"},
		(char[]){"--log-level=critical"}};

	(void)argc;
	if (rte_eal_init(WV_COUNT(eal), eal) < 0)
		return EXIT_FAILURE;
	pool = rte_pktmbuf_pool_create(
		"pool", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (pool == NULL)
		return EXIT_FAILURE;
	return test_main("port", tests, WV_COUNT(tests));
}
