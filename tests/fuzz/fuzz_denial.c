#include <stdlib.h>

#include "wv_denial.h"
#include "wv_hash_openssl.h"

#define RECORDS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wv_message message;

static const struct wv_denial_limits limits = {
	.iterations_insecure = 50,
	.iterations_bogus = 150,
	.records = RECORDS,
	.sha1_blocks = 2400,
};

static void digest_init(void)
{
	static bool done;
	const struct wv_digest_driver *digests[] = {&wv_hash_openssl};

	if (done)
		return;
	done = true;
	if (wv_digest_init(digests, 1, NULL, NULL) != 0 || wv_digest_thread_init(NULL) != 0)
		abort();
}

// The sets of a message, or some of them, as an offer.
static struct wv_denial offer(
	const struct wv_rrset *const sets[], unsigned n, const struct wv_name *zone)
{
	return (struct wv_denial){
		.m = &message,
		.sets = sets,
		.n = n,
		.zone = zone,
		.limits = &limits,
		.blocks = limits.sha1_blocks,
	};
}

static unsigned needed_of(
	const struct wv_rrset *needed[], const struct wv_rrset *const sets[], uint32_t used)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WV_DENIAL_SETS; i++) {
		if ((used >> i & 1) != 0)
			needed[n++] = sets[i];
	}
	return n;
}

// What is used lies in the sets, and suffices.
static void check_no_ds(const struct wv_rrset *const sets[], unsigned n, bool few,
	const struct wv_name *zone, const struct wv_name *name)
{
	const struct wv_rrset *needed[WV_DENIAL_SETS];
	struct wv_denial d = offer(sets, n, zone);
	uint32_t used;
	enum wv_denial_ds said = wv_denial_no_ds(&d, name, &used);

	if (d.blocks > limits.sha1_blocks || (n < WV_DENIAL_SETS && used >> n != 0)
		|| (used != 0) != (said != WV_DENIAL_DS_UNPROVEN))
		abort();
	if (said == WV_DENIAL_DS_UNPROVEN || !few)
		return;
	d = offer(needed, needed_of(needed, sets, used), zone);
	if (wv_denial_no_ds(&d, name, &used) == WV_DENIAL_DS_UNPROVEN)
		abort();
}

static void check_proof(const struct wv_rrset *const sets[], unsigned n, bool few,
	const struct wv_name *zone, const struct wv_name *name, uint16_t type, bool closer)
{
	const struct wv_rrset *needed[WV_DENIAL_SETS];
	struct wv_denial d = offer(sets, n, zone);
	struct wv_denial_proof proof;

	if (closer)
		wv_denial_closer(&d, name, &proof);
	else
		wv_denial_absent(&d, name, type, &proof);
	if (d.blocks > limits.sha1_blocks || (n < WV_DENIAL_SETS && proof.used >> n != 0)
		|| (proof.used != 0) != (proof.result != WV_DENIAL_UNPROVEN))
		abort();
	if (proof.result == WV_DENIAL_UNPROVEN || !few)
		return;
	d = offer(needed, needed_of(needed, sets, proof.used), zone);
	if (closer)
		wv_denial_closer(&d, name, &proof);
	else
		wv_denial_absent(&d, name, type, &proof);
	if (proof.result == WV_DENIAL_UNPROVEN)
		abort();
}

// Two octets choose zone and name at and above the question's, the rest is a response.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct wv_rrset *sets[WV_MESSAGE_RRSETS];
	struct wv_name qname;
	struct wv_name zone;
	struct wv_name name;
	unsigned records = 0;
	unsigned n = 0;
	bool ok;

	digest_init();
	wv_denial_bitmap_has(data, size, WV_TYPE_DS, &ok);
	if (size < 2 || size - 2 > UINT16_MAX
		|| wv_message_parse(&message, data + 2, size - 2, 0) != WV_MESSAGE_OK)
		return 0;
	wv_name_unpack(&qname, message.base, message.base + message.qname);
	wv_name_ancestor(&zone, &qname, data[0] % (qname.labels + 1u));
	wv_name_ancestor(&name, &qname, data[1] % (qname.labels + 1u));
	for (unsigned i = 0; i < message.n_rrsets; i++) {
		sets[n++] = &message.rrsets[i];
		records += message.rrsets[i].n;
	}
	// More records than are looked at may come forward once others are gone.
	check_no_ds(sets, n, records <= RECORDS, &zone, &name);
	check_proof(sets, n, records <= RECORDS, &zone, &name, message.qtype, false);
	check_proof(sets, n, records <= RECORDS, &zone, &name, message.qtype, true);
	return 0;
}
