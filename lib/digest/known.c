#include <string.h>

#include "digest.h"

// The messages of NIST's examples for FIPS 180-4, and their digests in hexadecimal.
static const char *const messages[] = {
	"",
	"abc",
	"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
	 "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
};
static const char *const digests[WV_HASH_COUNT][WV_COUNT(messages)] = {
	[WV_HASH_SHA1] =
		{
			"da39a3ee5e6b4b0d3255bfef95601890afd80709",
			"a9993e364706816aba3e25717850c26c9cd0d89d",
			"84983e441c3bd26ebaae4aa1f95129e5e54670f1",
			"a49b2446a02c645bf419f995b67091253a04a259",
		},
	[WV_HASH_SHA256] =
		{
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
			"cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
		},
	[WV_HASH_SHA384] =
		{
			"38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
			"274edebfe76f65fbd51ad2f14898b95b",
			"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
			"8086072ba1e7cc2358baeca134c825a7",
			"3391fdddfc8dc7393707a65b1b4709397cf8b1d162af05abfe8f450de5f36bc6"
			"b0455a8520bc4e6f5fe95b1fe3c8452b",
			"09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712"
			"fcc7c71a557e2db966c3e9fa91746039",
		},
	[WV_HASH_SHA512] =
		{
			"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
			"47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
			"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
			"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
			"204a8fc6dda82f0a0ced7beb8e08a41657c16ef468b228a8279be331a703c335"
			"96fd15c13b1b07f9aa1d3bea57789ca031ad85c7a71dd70354ec631238ca3445",
			"8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
			"501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
		},
};

// More than the lanes of any driver, and no multiple of the messages: each meets many lanes.
#define JOBS  67
#define GUARD 0xa5

static bool digest_is(const uint8_t *digest, const char *hex, unsigned len)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < len; i++) {
		if (hex[2 * i] != digits[digest[i] >> 4]
			|| hex[2 * i + 1] != digits[digest[i] & 15])
			return false;
	}
	return true;
}

static bool batch_is_right(wv_digest_run_fn run, enum wv_hash hash, unsigned n)
{
	unsigned len = wv_digest_len(hash);
	struct wv_digest_job jobs[JOBS];
	uint8_t out[JOBS][WV_DIGEST_MAX + 1];

	memset(out, GUARD, sizeof(out));
	for (unsigned i = 0; i < n; i++) {
		const char *message = messages[(i + n) % WV_COUNT(messages)];

		jobs[i].data = (const uint8_t *)message;
		jobs[i].len = (uint32_t)strlen(message);
		jobs[i].out = out[i];
	}
	run(hash, jobs, n);
	for (unsigned i = 0; i < n; i++) {
		if (!digest_is(out[i], digests[hash][(i + n) % WV_COUNT(messages)], len)
			|| out[i][len] != GUARD)
			return false;
	}
	return true;
}

// 66,000 times "a": a length that 16 bits do not hold.
#define LONG 66000
static const char *const long_digests[WV_HASH_COUNT] = {
	[WV_HASH_SHA1] = "2a3dc1537210c87f582e98ea9f88029330abbda3",
	[WV_HASH_SHA256] = "a6a10217e5a4536d85d8d3ff33c151b338e9962ad5390ec03103dbc408f8df65",
	[WV_HASH_SHA384] = "7a3ee13ac7d9c262ebf01972994bcdc9966aefdfdca066f1441354f5c16333e2"
			   "df6086ec695f25e357b842acb04f9e0e",
	[WV_HASH_SHA512] = "2ca47d072e8426450bdb0dd8c6a34c4e4f56cbbb228b66ac525420f85ee0b95f"
			   "6bcf0b3e817c9cdacc9fea9f8d7b4c9a7e42098ace791c6eefdd51a532439801",
};

static bool long_is_right(wv_digest_run_fn run, enum wv_hash hash)
{
	static uint8_t message[LONG];
	uint8_t out[WV_DIGEST_MAX];
	const struct wv_digest_job job = {message, LONG, out};

	memset(message, 'a', sizeof(message));
	run(hash, &job, 1);
	return digest_is(out, long_digests[hash], wv_digest_len(hash));
}

bool wv_digest_self_test(const struct wv_digest_driver *d, enum wv_hash hash)
{
	for (unsigned n = 1; n <= JOBS; n++) {
		if (!batch_is_right(d->run[hash], hash, n))
			return false;
	}
	return (d->longest != 0 && d->longest < LONG) || long_is_right(d->run[hash], hash);
}

/*
 * RFC 5155 appendix A knows short names and one salt; the other rows have octets that are no name,
 * which a hash does not mind: octet i of a name or salt is 7i + 1 modulo 256.
 */
static const struct hashed {
	uint8_t name_len, salt_len;
	uint16_t iterations;
	const char *hash;
} hashed[] = {
	{1, 0, 0, "bf8b4530d8d246dd74ac53a13471bba17941dff7"},
	{13, 4, 12, "741eacbad9d8d718b30b7f33ae7de5336a783d41"},
	{40, 36, 1, "11a3912591976765fa8c459643ea7996b8046322"},
	{63, 8, 10, "5ab75182d754125e9ce527ff93ce8f493aa326e1"},
	{119, 44, 3, "0d94931313db93eeb31b8ae322b39652f2ce7952"},
	{255, 255, 2, "ea3fb82d7a0c1645292a21b992ee77ab2ae89900"},
};
static const uint8_t example[] = "\7example", example_salt[] = {0xaa, 0xbb, 0xcc, 0xdd};
static const struct hashed example_hashed = {
	sizeof(example), sizeof(example_salt), 12, "065368abeed7ec6e9feba96b8c8bc3e8b791f716"};

// In each lane of each number of lanes, with names of other lengths in the others.
static bool hashed_is_right(wv_digest_nsec3_fn nsec3, const struct hashed *row, const uint8_t *name,
	const uint8_t *salt)
{
	const struct wv_digest_nsec3 p = {
		row->salt_len > 0 ? salt : NULL, row->salt_len, row->iterations};
	struct wv_digest_name names[WV_NSEC3_MAX];
	uint8_t out[WV_NSEC3_MAX + 1][WV_NSEC3_HASH_LEN];

	for (unsigned n = 1; n <= WV_NSEC3_MAX; n++) {
		memset(out, GUARD, sizeof(out));
		for (unsigned i = 0; i < n; i++)
			names[i] = (struct wv_digest_name){
				name, (uint8_t)(1 + (row->name_len - 1 + i * n) % row->name_len)};
		for (unsigned i = 0; i < n; i++) {
			struct wv_digest_name other = names[i];

			names[i].len = row->name_len;
			nsec3(names, n, &p, out);
			names[i] = other;
			if (!digest_is(out[i], row->hash, WV_NSEC3_HASH_LEN) || out[n][0] != GUARD)
				return false;
		}
	}
	return true;
}

bool wv_digest_self_test_nsec3(wv_digest_nsec3_fn nsec3)
{
	uint8_t octets[UINT8_MAX];

	for (unsigned i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(7 * i + 1);
	for (unsigned i = 0; i < WV_COUNT(hashed); i++) {
		if (!hashed_is_right(nsec3, &hashed[i], octets, octets))
			return false;
	}
	return hashed_is_right(nsec3, &example_hashed, example, example_salt);
}
