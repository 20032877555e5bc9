#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "wv_port.h"

#define RSS_KEY_MAX 64 // octets of the longest key of a device

// Addresses alone, so that a packet's fragments, its answer and its stream meet in one queue.
#define RSS_ADDRESSES RTE_ETH_RSS_IP
// Where a device cannot leave the ports out.
#define RSS_ALL (RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP)

static int port_find(const char *name, uint16_t *id, struct wv_err *err)
{
	char names[256] = "none";
	char one[RTE_ETH_NAME_MAX_LEN];
	size_t n = 0;
	uint16_t other;

	if (rte_eth_dev_get_port_by_name(name, id) == 0)
		return 0;
	RTE_ETH_FOREACH_DEV(other)
	{
		if (rte_eth_dev_get_name_by_port(other, one) == 0 && n < sizeof(names))
			n += (size_t)snprintf(
				names + n, sizeof(names) - n, n > 0 ? ", %s" : "%s", one);
	}
	return wv_fail(err, ENODEV, "port %s: no such device; there are: %s", name, names);
}

static int limit_check(const char *name, const char *what, unsigned wanted, unsigned least,
	unsigned most, struct wv_err *err)
{
	if (wanted >= least && wanted <= most)
		return 0;
	return wv_fail(err, EINVAL, "port %s: the device offers %u to %u %s, not %u", name, least,
		most, what, wanted);
}

static int port_check(
	const struct wv_port_params *p, const struct rte_eth_dev_info *info, struct wv_err *err)
{
	int rc = limit_check(p->name, "RX queues", p->queues, 1, info->max_rx_queues, err);

	if (rc == 0)
		rc = limit_check(p->name, "TX queues", p->queues, 1, info->max_tx_queues, err);
	if (rc == 0)
		rc = limit_check(p->name, "RX descriptors", p->rx_descriptors,
			info->rx_desc_lim.nb_min, info->rx_desc_lim.nb_max, err);
	if (rc == 0)
		rc = limit_check(p->name, "TX descriptors", p->tx_descriptors,
			info->tx_desc_lim.nb_min, info->tx_desc_lim.nb_max, err);
	if (rc == 0)
		rc = limit_check(
			p->name, "octets of MTU", p->mtu, info->min_mtu, info->max_mtu, err);
	return rc;
}

// A frame that does not fit into one buffer comes in several, where the device can send such, too.
static bool port_scatters(const struct wv_port_params *p, const struct rte_eth_dev_info *info)
{
	const uint32_t beside = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + 2 * RTE_VLAN_HLEN;
	uint32_t room = rte_pktmbuf_data_room_size(p->pool);

	return p->mtu + beside > room - RTE_MIN(room, (uint32_t)RTE_PKTMBUF_HEADROOM)
		&& (info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0
		&& (info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
}

/*
 * A key whose 16-bit words are all alike gives both directions the same hash: whatever is exchanged
 * between two addresses moves by a multiple of 16 bits.
 */
static uint8_t *rss_key(const struct rte_eth_dev_info *info, uint8_t key[RSS_KEY_MAX])
{
	if (info->hash_key_size == 0 || info->hash_key_size > RSS_KEY_MAX)
		return NULL;
	for (unsigned i = 0; i < RSS_KEY_MAX; i += 2) {
		key[i] = 0x6d;
		key[i + 1] = 0x5a;
	}
	return key;
}

static int port_configure(uint16_t id, const struct wv_port_params *p,
	const struct rte_eth_dev_info *info, struct wv_err *err)
{
	uint8_t key[RSS_KEY_MAX];
	struct rte_eth_conf conf = {.rxmode.mtu = p->mtu};
	uint64_t addresses = info->flow_type_rss_offloads & RSS_ADDRESSES;
	int rc;

	if (port_scatters(p, info)) {
		conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
		conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	}
	if (p->queues > 1) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_key = rss_key(info, key);
		conf.rx_adv_conf.rss_conf.rss_key_len =
			conf.rx_adv_conf.rss_conf.rss_key != NULL ? info->hash_key_size : 0;
		conf.rx_adv_conf.rss_conf.rss_hf =
			addresses != 0 ? addresses : info->flow_type_rss_offloads & RSS_ALL;
		if (conf.rx_adv_conf.rss_conf.rss_hf == 0)
			return wv_fail(err, ENOTSUP,
				"port %s: want %u queues, but the device cannot spread packets by "
				"address",
				p->name, p->queues);
	}
	rc = rte_eth_dev_configure(id, (uint16_t)p->queues, (uint16_t)p->queues, &conf);
	if (rc < 0)
		return wv_fail(err, -rc, "port %s: cannot be configured (%u queues, MTU %u): %s",
			p->name, p->queues, p->mtu, strerror(-rc));
	rc = rte_eth_dev_set_mtu(id, (uint16_t)p->mtu);
	if (rc < 0 && rc != -ENOTSUP)
		return wv_fail(err, -rc, "port %s: MTU of %u cannot be set: %s", p->name, p->mtu,
			strerror(-rc));
	return 0;
}

static int port_queues(uint16_t id, const struct wv_port_params *p,
	const struct rte_eth_dev_info *info, struct wv_err *err)
{
	uint16_t rx = (uint16_t)p->rx_descriptors, tx = (uint16_t)p->tx_descriptors;
	int socket = rte_eth_dev_socket_id(id);
	struct rte_eth_txconf txconf = info->default_txconf;
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx);

	// Two may hold one packet: a device must count references, so no fast free.
	txconf.offloads = 0;
	for (uint16_t q = 0; rc == 0 && q < p->queues; q++)
		rc = rte_eth_rx_queue_setup(id, q, rx, (unsigned)socket, NULL, p->pool);
	if (rc < 0)
		return wv_fail(err, -rc,
			"port %s: RX queue of %u descriptors: %s; buffers have %u octets, the "
			"device wants %u",
			p->name, rx, strerror(-rc), rte_pktmbuf_data_room_size(p->pool),
			info->min_rx_bufsize + RTE_PKTMBUF_HEADROOM);
	for (uint16_t q = 0; rc == 0 && q < p->queues; q++)
		rc = rte_eth_tx_queue_setup(id, q, tx, (unsigned)socket, &txconf);
	if (rc < 0)
		return wv_fail(err, -rc, "port %s: TX queue of %u descriptors: %s", p->name, tx,
			strerror(-rc));
	return 0;
}

int wv_port_start(const struct wv_port_params *params, uint16_t *port_id, struct wv_err *err)
{
	struct rte_eth_dev_info info;
	uint16_t id = 0;
	int rc = port_find(params->name, &id, err);

	if (rc < 0)
		return rc;
	rc = rte_eth_dev_info_get(id, &info);
	if (rc < 0)
		return wv_fail(err, -rc, "port %s: nothing can be learned of it: %s", params->name,
			strerror(-rc));
	rc = port_check(params, &info, err);
	if (rc == 0)
		rc = port_configure(id, params, &info, err);
	if (rc == 0)
		rc = port_queues(id, params, &info, err);
	if (rc < 0)
		return rc;
	rc = rte_eth_dev_start(id);
	if (rc < 0)
		return wv_fail(err, rc == -1 ? EIO : -rc, "port %s: cannot be started: %s",
			params->name, rc == -1 ? "the driver does not say why" : strerror(-rc));
	// A file or a ring takes all there is, and knows no such mode.
	rc = rte_eth_promiscuous_enable(id);
	if (rc < 0 && rc != -ENOTSUP) {
		rte_eth_dev_stop(id);
		return wv_fail(
			err, -rc, "port %s: promiscuous mode: %s", params->name, strerror(-rc));
	}
	*port_id = id;
	return 0;
}

void wv_port_stop(uint16_t port_id)
{
	rte_eth_dev_stop(port_id);
	rte_eth_dev_close(port_id);
}
