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

bool wv_digest_self_test(wv_digest_run_fn run, enum wv_hash hash)
{
	for (unsigned n = 1; n <= JOBS; n++) {
		if (!batch_is_right(run, hash, n))
			return false;
	}
	return true;
}
