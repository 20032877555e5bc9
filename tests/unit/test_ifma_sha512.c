#include <openssl/sha.h>

#include "wv_crypto_ifma.h"

#include "sha512.h"
#include "test.h"

#define JOBS_MOST 300

static uint32_t seed = 1;

static unsigned draw(unsigned below)
{
	seed = seed * 1664525 + 1013904223;
	return (unsigned)(((uint64_t)seed * below) >> 32);
}

struct hash {
	const char *what;
	void (*lanes)(const struct sha512_job jobs[], unsigned n);
	unsigned char *(*reference)(const unsigned char *data, size_t len, unsigned char *out);
	unsigned len;
};

static const struct hash hashes[] = {
	{"SHA-512", wv_ifma_sha512, SHA512, 64},
	{"SHA-384", wv_ifma_sha384, SHA384, 48},
};

// A message in blocks of their exact sizes, and its digest by OpenSSL.
struct message {
	uint8_t *first, *second, *data, *out;
	uint32_t len;
	uint8_t want[64];
};

static void message_make(struct message *m, const struct hash *h, uint32_t len, bool parts)
{
	uint8_t whole[2 * SHA512_PART + 4096];
	size_t begin = parts ? 2 * SHA512_PART : 0;

	for (unsigned i = 0; i < begin + len; i++)
		whole[i] = (uint8_t)draw(256);
	m->first = parts ? test_exact(whole, SHA512_PART) : NULL;
	m->second = parts ? test_exact(whole + SHA512_PART, SHA512_PART) : NULL;
	m->data = len > 0 ? test_exact(whole + begin, len) : NULL;
	m->len = len;
	m->out = malloc(h->len);
	if (m->out == NULL)
		abort();
	memset(m->out, 0, h->len);
	h->reference(whole, begin + len, m->want);
}

static void message_free(struct message *m)
{
	free(m->first);
	free(m->second);
	free(m->data);
	free(m->out);
}

static void messages_check(const struct hash *h, struct message m[], unsigned n)
{
	static struct sha512_job jobs[JOBS_MOST];

	for (unsigned i = 0; i < n; i++)
		jobs[i] =
			(struct sha512_job){m[i].first, m[i].second, m[i].data, m[i].len, m[i].out};
	h->lanes(jobs, n);
	for (unsigned i = 0; i < n; i++) {
		CHECK_ROW(h, memcmp(m[i].out, m[i].want, h->len) == 0);
		message_free(&m[i]);
	}
}

// Every length to four blocks, alone in its lane and beside others.
static void lengths(void)
{
	struct message m[8];

	for (unsigned k = 0; k < WV_COUNT(hashes); k++) {
		for (uint32_t len = 0; len < 512; len++) {
			for (unsigned parts = 0; parts < 2; parts++) {
				unsigned n = len % 3 == 0 ? 1 : 8;

				for (unsigned i = 0; i < n; i++)
					message_make(&m[i], &hashes[k], len + i, parts == 1);
				messages_check(&hashes[k], m, n);
			}
		}
	}
}

static void batches(void)
{
	static struct message m[JOBS_MOST];

	for (unsigned k = 0; k < WV_COUNT(hashes); k++) {
		for (unsigned turn = 0; turn < 40; turn++) {
			unsigned n = turn < 20 ? turn : draw(JOBS_MOST + 1);

			for (unsigned i = 0; i < n; i++)
				message_make(&m[i], &hashes[k], draw(draw(8) == 0 ? 4097 : 600),
					draw(2) == 0);
			messages_check(&hashes[k], m, n);
		}
	}
}

int main(void)
{
	static const struct test tests[] = {
		{"messages of every length are digested as by OpenSSL", lengths},
		{"batches of any size and any mixture of lengths are digested as by OpenSSL",
			batches},
	};

	if (!wv_crypto_ifma.usable())
		return 77; // this CPU cannot run them
	return test_main("ifma_sha512", tests, WV_COUNT(tests));
}
