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

// What is used lies in the sets, and suffices.
static void check_used(const struct wv_rrset *const sets[], unsigned n, unsigned records,
	const struct wv_name *zone, const struct wv_name *name)
{
	const struct wv_rrset *needed[WV_DENIAL_SETS];
	unsigned n_needed = 0;
	uint32_t used;
	enum wv_denial_ds said = wv_denial_no_ds(&message, sets, n, zone, name, &limits, &used);

	if (n < WV_DENIAL_SETS && used >> n != 0)
		abort();
	if ((used != 0) != (said != WV_DENIAL_DS_UNPROVEN))
		abort();
	for (unsigned i = 0; i < WV_DENIAL_SETS; i++) {
		if ((used >> i & 1) != 0)
			needed[n_needed++] = sets[i];
	}
	// More records than are looked at may come forward once others are gone.
	if (said == WV_DENIAL_DS_UNPROVEN || records > RECORDS)
		return;
	if (wv_denial_no_ds(&message, needed, n_needed, zone, name, &limits, &used)
		== WV_DENIAL_DS_UNPROVEN)
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
	check_used(sets, n, records, &zone, &name);
	return 0;
}
