// Records of any length over a ring of small elements, from one worker to control.
#include <string.h>

#include <rte_errno.h>
#include <rte_lcore.h>

#include "engine.h"

static unsigned record_elements(size_t octets)
{
	return (unsigned)((sizeof(struct record) + octets + RECORD_ELEMENT - 1) / RECORD_ELEMENT);
}

unsigned wv_engine_mailbox_elements(unsigned wanted)
{
	// A ring of n elements holds n - 1.
	unsigned least = record_elements(WV_CHAIN_FACT_MAX) + 1;

	return rte_align32pow2(RTE_MAX(wanted, least));
}

int wv_engine_mailbox_init(
	struct mailbox *box, const char *name, unsigned elements, int socket, struct wv_err *err)
{
	elements = wv_engine_mailbox_elements(elements);
	memset(box, 0, sizeof(*box));
	box->ring = rte_ring_create_elem(
		name, RECORD_ELEMENT, elements, socket, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (box->ring == NULL)
		return wv_fail(err, rte_errno, "ring %s of %u elements: %s", name, elements,
			rte_strerror(rte_errno));
	return 0;
}

void wv_engine_mailbox_fini(struct mailbox *box)
{
	rte_ring_free(box->ring);
	box->ring = NULL;
}

bool wv_engine_mailbox_has_room(const struct mailbox *box, size_t octets)
{
	return rte_ring_free_count(box->ring) >= record_elements(octets);
}

bool wv_engine_mailbox_post(struct mailbox *box, const struct record *record)
{
	unsigned n = record_elements(record->octets);

	if (rte_ring_sp_enqueue_bulk_elem(box->ring, record, RECORD_ELEMENT, n, NULL) != n)
		return false;
	engine_advance(&box->posted, 1);
	return true;
}

bool wv_engine_mailbox_take(struct mailbox *box, struct record *room)
{
	unsigned n;

	if (rte_ring_sc_dequeue_bulk_elem(box->ring, room, RECORD_ELEMENT, 1, NULL) != 1)
		return false;
	// A record is put in as one piece: where its first element is, the others are, too.
	n = record_elements(room->octets) - 1;
	if (n > 0)
		rte_ring_sc_dequeue_bulk_elem(
			box->ring, (uint8_t *)room + RECORD_ELEMENT, RECORD_ELEMENT, n, NULL);
	return true;
}

void wv_engine_mailbox_settle(struct mailbox *box)
{
	engine_advance(&box->settled, 1);
}
