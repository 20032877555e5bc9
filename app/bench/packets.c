// Frames in plain memory, before the size of EAL's is known.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

// Room for one more of each; both grow by half, which keeps what is copied small.
static bool packets_reserve(struct packets *p, size_t len)
{
	if (p->n == p->list_room) {
		unsigned room = p->list_room + p->list_room / 2 + 1024;
		struct packet *list = realloc(p->list, room * sizeof(*list));

		if (list == NULL)
			return false;
		p->list = list;
		p->list_room = room;
	}
	if (p->n_octets + len > p->octets_room) {
		size_t room = p->octets_room + p->octets_room / 2 + (1u << 20);
		uint8_t *octets = realloc(p->octets, room);

		if (octets == NULL)
			return false;
		p->octets = octets;
		p->octets_room = room;
	}
	return true;
}

int packets_add(void *arg, const struct traffic_frame *frame)
{
	struct packets *p = arg;
	bool is_long = frame->len > BENCH_SHORT;

	if (!packets_reserve(p, frame->len))
		return -ENOMEM;
	p->list[p->n++] = (struct packet){.at = p->n_octets,
		.len = (uint16_t)frame->len,
		.from_outside = frame->from_outside,
		.response = frame->response};
	memcpy(p->octets + p->n_octets, frame->octets, frame->len);
	p->n_octets += frame->len;
	p->n_long += is_long;
	if (frame->len > p->longest[is_long])
		p->longest[is_long] = (uint16_t)frame->len;
	return 0;
}

void packets_fini(struct packets *p)
{
	free(p->octets);
	free(p->list);
	*p = (struct packets){0};
}
