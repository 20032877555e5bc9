/*
 * Plain SHA goes through the job API, in asynchronous bursts: 1.3 refuses it in the bursts of one
 * hash (IMB_SUBMIT_HASH_BURST), and its functions for a single buffer do not use the SHA extensions.
 * Its lanes of SHA-384 and SHA-512 count octets in 16 bits: they are wrong from 65,536 on.
 */
#include <errno.h>
#include <string.h>

#include <intel-ipsec-mb.h>

#include "wv_hash_ipsec_mb.h"

static const struct {
	IMB_HASH_ALG alg;
	unsigned len;
} hashes[] = {
	[WV_HASH_SHA1] = {IMB_AUTH_SHA_1, 20},
	[WV_HASH_SHA256] = {IMB_AUTH_SHA_256, 32},
	[WV_HASH_SHA384] = {IMB_AUTH_SHA_384, 48},
	[WV_HASH_SHA512] = {IMB_AUTH_SHA_512, 64},
};

// Written by thread_init and thread_fini.
static _Thread_local IMB_MGR *manager;

// What `worth` says was measured with AVX-512 lanes.
static bool usable(void)
{
	IMB_MGR *m = alloc_mb_mgr(0);
	IMB_ARCH arch = IMB_ARCH_NONE;

	if (m == NULL)
		return false;
	init_mb_mgr_auto(m, &arch);
	free_mb_mgr(m);
	return arch == IMB_ARCH_AVX512;
}

static int thread_init(struct wv_err *err)
{
	int number;

	manager = alloc_mb_mgr(0);
	if (manager == NULL)
		return wv_fail(err, ENOMEM, "hash driver ipsec_mb: no memory for a manager");
	init_mb_mgr_auto(manager, NULL);
	number = imb_get_errno(manager);
	if (number == 0)
		return 0;
	free_mb_mgr(manager);
	manager = NULL;
	return wv_fail(err, EIO, "hash driver ipsec_mb: the library %s fails: %s",
		imb_get_version_str(), imb_get_strerror(number));
}

static void thread_fini(void)
{
	free_mb_mgr(manager);
	manager = NULL;
}

static void job_set(IMB_JOB *to, enum wv_hash hash, const struct wv_digest_job *job)
{
	static const uint8_t none = 0;

	to->src = job->len > 0 ? job->data : &none;
	to->hash_start_src_offset_in_bytes = 0;
	to->msg_len_to_hash_in_bytes = job->len;
	to->auth_tag_output = job->out;
	to->auth_tag_output_len_in_bytes = hashes[hash].len;
	to->cipher_mode = IMB_CIPHER_NULL;
	to->cipher_direction = IMB_DIR_ENCRYPT;
	to->hash_alg = hashes[hash].alg;
	to->chain_order = IMB_ORDER_HASH_CIPHER;
#if IMB_VERSION_NUM >= IMB_VERSION(2, 0, 0)
	imb_set_session(manager, to);
#endif
}

// Jobs that were done as they should be.
static unsigned done_count(IMB_JOB *const done[], unsigned n)
{
	unsigned good = 0;

	for (unsigned i = 0; i < n; i++)
		good += done[i]->status == IMB_STATUS_COMPLETED;
	return good;
}

#define CLASSES 32 // of lengths, 64 octets each, and the last for all above

/*
 * The longest first: lanes that go the same way are advanced together, and what is left at the end
 * is short.
 */
static void order_set(uint8_t order[], const struct wv_digest_job jobs[], unsigned n)
{
	uint8_t class[IMB_MAX_BURST_SIZE], end[CLASSES] = {0}, at = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t blocks = jobs[i].len / 64;

		class[i] = (uint8_t)(CLASSES - 1 - (blocks < CLASSES ? blocks : CLASSES - 1));
		end[class[i]]++;
	}
	for (unsigned c = 0; c < CLASSES; c++) {
		uint8_t count = end[c];

		end[c] = at;
		at = (uint8_t)(at + count);
	}
	for (unsigned i = 0; i < n; i++)
		order[end[class[i]]++] = (uint8_t)i;
}

static unsigned burst_run(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	IMB_JOB *list[IMB_MAX_BURST_SIZE];
	uint8_t order[IMB_MAX_BURST_SIZE];
	unsigned good = 0, done;

	if (IMB_GET_NEXT_BURST(manager, n, list) != n)
		return 0;
	order_set(order, jobs, n);
	for (unsigned i = 0; i < n; i++)
		job_set(list[i], hash, &jobs[order[i]]);
	done = IMB_SUBMIT_BURST_NOCHECK(manager, n, list);
	do {
		good += done_count(list, done);
		done = IMB_FLUSH_BURST(manager, IMB_MAX_BURST_SIZE, list);
	} while (done > 0);
	return good;
}

// A digest that is not there must not be taken for that of an earlier message.
static void fail(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		memset(jobs[i].out, 0, hashes[hash].len);
}

static void run(enum wv_hash hash, const struct wv_digest_job jobs[], unsigned n)
{
	for (unsigned at = 0; at < n; at += IMB_MAX_BURST_SIZE) {
		unsigned some = n - at < IMB_MAX_BURST_SIZE ? n - at : IMB_MAX_BURST_SIZE;

		if (wv_unlikely(burst_run(hash, jobs + at, some) != some))
			fail(hash, jobs + at, some);
	}
}

/*
 * Beside OpenSSL, which has the SHA extensions for SHA-1 and SHA-256: what `wirevet-bench digest`
 * finds, on a quiet machine and on a busy one, see drivers/hash/README.md. To put a short message
 * into a lane costs more than to hash it.
 */
static const struct wv_digest_worth worth_sha1[] = {
	{119, UINT32_MAX}, {183, 12}, {247, 8}, {375, 5}, {UINT32_MAX, 4}};
static const struct wv_digest_worth worth_sha256[] = {
	{119, UINT32_MAX}, {183, 24}, {247, 12}, {375, 9}, {UINT32_MAX, 7}};
static const struct wv_digest_worth worth_sha512[] = {{111, 4}, {UINT32_MAX, 3}};

const struct wv_digest_driver wv_hash_ipsec_mb = {
	.name = "ipsec_mb",
	.usable = usable,
	.thread_init = thread_init,
	.thread_fini = thread_fini,
	.run[WV_HASH_SHA1] = run,
	.run[WV_HASH_SHA256] = run,
	.run[WV_HASH_SHA384] = run,
	.run[WV_HASH_SHA512] = run,
	.longest = UINT16_MAX,
	.worth[WV_HASH_SHA1] = worth_sha1,
	.worth[WV_HASH_SHA256] = worth_sha256,
	.worth[WV_HASH_SHA384] = worth_sha512,
	.worth[WV_HASH_SHA512] = worth_sha512,
	.lanes = {16, 16, 8, 8},
};
