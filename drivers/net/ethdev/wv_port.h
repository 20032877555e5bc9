/**
 * @file
 * A port: one ethdev opened for the wire (promiscuous, no offload that changes octets).
 *
 * Units      octets, descriptors
 * Ownership  the mbuf pool is the caller's and outlives the port
 * Threads    the main thread
 * Errors     -errno with words that name the port
 */
#ifndef WV_PORT_H
#define WV_PORT_H

#include "wv_base.h"

struct rte_mempool;

struct wv_port_params {
	const char *name; // of the ethdev: "net_pcap0", or a PCI address
	unsigned queues;  // pairs of RX and TX queues
	unsigned rx_descriptors, tx_descriptors;
	unsigned mtu;
	struct rte_mempool *pool;
};

// Configure and start. 0, or -errno; then the port is as it was.
int wv_port_start(const struct wv_port_params *params, uint16_t *port_id, struct wv_err *err);

// Stop and close.
void wv_port_stop(uint16_t port_id);

#endif
