// The same numbers as in stats.file, for DPDK's telemetry socket.
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <rte_telemetry.h>

#include "wirevet.h"

#define DEPTH_MAX 8

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct numbers *source; // under lock; NULL: stopped. Commands cannot be taken back

struct telemetry {
	struct rte_tel_data *at[DEPTH_MAX];
	char name[DEPTH_MAX][RTE_TEL_MAX_STRING_LEN];
	unsigned depth;
	bool failed;
};

// DPDK allows letters, digits, "_" and "/" in names.
static void name_put(char out[RTE_TEL_MAX_STRING_LEN], const char *name)
{
	snprintf(out, RTE_TEL_MAX_STRING_LEN, "%s", name);
	for (char *c = out; *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && *c != '/')
			*c = '_';
	}
}

static void telemetry_open(void *arg, const char *name)
{
	struct telemetry *t = arg;
	struct rte_tel_data *data = rte_tel_data_alloc();

	if (data == NULL || t->depth + 1 == DEPTH_MAX || rte_tel_data_start_dict(data) < 0) {
		t->failed = true;
		rte_tel_data_free(data);
		data = NULL;
	}
	if (t->depth + 1 < DEPTH_MAX) {
		t->at[++t->depth] = data;
		name_put(t->name[t->depth], name);
	}
}

static void telemetry_number(void *arg, const char *name, uint64_t value)
{
	struct telemetry *t = arg;
	char allowed[RTE_TEL_MAX_STRING_LEN];

	name_put(allowed, name);
	if (t->at[t->depth] == NULL
		|| rte_tel_data_add_dict_u64(t->at[t->depth], allowed, value) < 0)
		t->failed = true;
}

static void telemetry_close(void *arg)
{
	struct telemetry *t = arg;
	struct rte_tel_data *data = t->at[t->depth];
	const char *name = t->name[t->depth--];

	if (data == NULL || t->at[t->depth] == NULL
		|| rte_tel_data_add_dict_container(t->at[t->depth], name, data, 0) < 0) {
		t->failed = true;
		rte_tel_data_free(data);
	}
}

static const struct numbers_writer telemetry_writer = {
	telemetry_open, telemetry_number, telemetry_close};

static int telemetry_answer(struct rte_tel_data *data, numbers_walk_fn walk)
{
	struct telemetry t = {.at = {data}};

	rte_tel_data_start_dict(data);
	pthread_mutex_lock(&lock);
	if (source != NULL)
		walk(source, &telemetry_writer, &t);
	pthread_mutex_unlock(&lock);
	return t.failed ? -ENOSPC : 0;
}

static int answer_stats(const char *command, const char *params, struct rte_tel_data *data)
{
	(void)command;
	(void)params;
	return telemetry_answer(data, numbers_walk);
}

static int answer_cores(const char *command, const char *params, struct rte_tel_data *data)
{
	(void)command;
	(void)params;
	return telemetry_answer(data, numbers_walk_cores);
}

static int answer_memory(const char *command, const char *params, struct rte_tel_data *data)
{
	(void)command;
	(void)params;
	return telemetry_answer(data, numbers_walk_memory);
}

void telemetry_start(const struct numbers *numbers)
{
	pthread_mutex_lock(&lock);
	source = numbers;
	pthread_mutex_unlock(&lock);
	rte_telemetry_register_cmd(
		"/wirevet/stats", answer_stats, "All counters. Takes no parameters");
	rte_telemetry_register_cmd("/wirevet/cores", answer_cores,
		"What each core carries, its turns and busy cycles. Takes no parameters");
	rte_telemetry_register_cmd("/wirevet/memory", answer_memory,
		"The parts of memory, in octets. Takes no parameters");
}

void telemetry_stop(void)
{
	pthread_mutex_lock(&lock);
	source = NULL;
	pthread_mutex_unlock(&lock);
}
