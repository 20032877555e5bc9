#include <pthread.h>

#include "wv_metrics.h"

#include "test.h"

static void test_names(void)
{
	for (unsigned i = 0; i < WV_METRICS; i++) {
		const char *name = wv_metric_name((enum wv_metric)i);

		REQUIRE(name != NULL);
		CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name)
			&& name[0] != '\0');
		for (unsigned j = 0; j < i; j++)
			CHECK(strcmp(name, wv_metric_name((enum wv_metric)j)) != 0);
	}
	for (unsigned i = 0; i < WV_DROPS; i++) {
		const char *name = wv_drop_name((enum wv_drop)i);

		REQUIRE(name != NULL);
		CHECK(name[0] != '\0');
		for (unsigned j = 0; j < i; j++)
			CHECK(strcmp(name, wv_drop_name((enum wv_drop)j)) != 0);
	}
}

static struct wv_metrics *block_create(void)
{
	struct wv_metrics *block = aligned_alloc(WV_CACHE_LINE, sizeof(*block));

	if (block == NULL)
		abort();
	memset(block, 0, sizeof(*block));
	return block;
}

// Every counter of a block gets a value of its own: `scale` times its place.
static void block_fill(struct wv_metrics *block, uint64_t scale)
{
	uint64_t value = 1;

	for (unsigned i = 0; i < WV_METRICS; i++)
		wv_metrics_add(&block->one[i], scale * value++);
	for (unsigned p = 0; p < WV_METRICS_PORTS; p++) {
		for (unsigned k = 0; k < WV_PACKET_KINDS; k++)
			wv_metrics_add(&block->packets[p][k], scale * value++);
	}
	for (unsigned r = 0; r < WV_REASON_COUNT; r++) {
		for (unsigned a = 0; a < WV_ACTIONS; a++)
			wv_metrics_add(&block->responses[r][a], scale * value++);
		wv_metrics_add(&block->would_block[r], scale * value++);
	}
	for (unsigned r = 0; r < WV_REASON_COUNT; r++)
		wv_metrics_add(&block->budget_exceeded[r], scale * value++);
	for (unsigned i = 0; i < WV_DROPS; i++)
		wv_metrics_add(&block->drops[i], scale * value++);
	for (unsigned i = 0; i < WV_METRICS_LEVELS; i++) {
		wv_metrics_add(&block->batch_waits[i], scale * value++);
		wv_metrics_add(&block->batch_takes[i], scale * value++);
	}
	wv_metrics_add(&block->batch_slow, scale * value++);
	for (unsigned i = 0; i < WV_ALG_COUNT; i++) {
		wv_metrics_add(&block->batch_full[i], scale * value++);
		wv_metrics_add(&block->passed_on[i], scale * value++);
		wv_metrics_add(&block->exceptions[i], scale * value++);
		wv_metrics_add(&block->distrusted[i], scale * value++);
		wv_metrics_add(&block->batch_runs[i], scale * value++);
		wv_metrics_add(&block->batch_jobs[i], scale * value++);
		wv_metrics_add(&block->batch_good[i], scale * value++);
	}
}

static void test_sum(void)
{
	struct wv_metrics *a = block_create(), *b = block_create(), *sum = block_create(),
			  *want = block_create();
	const struct wv_metrics *const blocks[] = {a, b};

	block_fill(a, 1);
	block_fill(b, 1000000);
	block_fill(want, 1000001);
	block_fill(sum, 7); // what was there before does not count
	wv_metrics_sum(sum, blocks, 2);
	CHECK(memcmp((char *)sum, (char *)want, sizeof(*sum)) == 0);
	wv_metrics_sum(sum, blocks, 0);
	memset(want, 0, sizeof(*want));
	CHECK(memcmp((char *)sum, (char *)want, sizeof(*sum)) == 0);
	free(a);
	free(b);
	free(sum);
	free(want);
}

#define ROUNDS 100000

static void *count(void *arg)
{
	struct wv_metrics *block = arg;

	for (unsigned i = 0; i < ROUNDS; i++)
		wv_metrics_add(&block->one[WV_METRIC_QUERIES], 3);
	return NULL;
}

static void test_threads(void)
{
	struct wv_metrics *blocks[2] = {block_create(), block_create()}, *sum = block_create();
	const struct wv_metrics *const read[] = {blocks[0], blocks[1]};
	pthread_t thread[2];
	uint64_t last = 0;

	for (unsigned i = 0; i < 2; i++)
		REQUIRE(pthread_create(&thread[i], NULL, count, blocks[i]) == 0);
	for (unsigned i = 0; i < 100; i++) {
		wv_metrics_sum(sum, read, 2);
		CHECK(sum->one[WV_METRIC_QUERIES] >= last && sum->one[WV_METRIC_QUERIES] % 3 == 0);
		last = sum->one[WV_METRIC_QUERIES];
	}
	for (unsigned i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	wv_metrics_sum(sum, read, 2);
	CHECK(sum->one[WV_METRIC_QUERIES] == 6 * ROUNDS);
	free(blocks[0]);
	free(blocks[1]);
	free(sum);
}

static const struct test tests[] = {
	{"every number and every place of loss has a name of its own", test_names},
	{"a sum is that of each counter of all blocks", test_sum},
	{"a reader beside the writers sees whole counts that grow", test_threads},
};

int main(void)
{
	return test_main("metrics", tests, WV_COUNT(tests));
}
