#include "judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "wv_batch.h"
#include "wv_events.h"

#define LINE_ROOM (4u << 20) // all RRsets of a message with the longest of names

static const struct wv_packet_ports dns_ports = {.n = 1, .port = {53}};

struct judge {
	const struct judge_options *options;
	struct wv_config config;  // --config, or the presets
	struct wv_config presets; // for all that --config does not tell us
	struct wv_validate_settings settings;
	struct wv_validate_env env;
	struct wv_validation v;
	bool drivers; // this thread may use them
	struct wv_trust *trust;
	struct wv_batch *batch;
	struct wv_trust_fact *fact; // room for the largest
	char *line;
};

static struct wv_time time_of(const struct judge_options *o, uint64_t time_ns)
{
	if (!o->packet_time)
		return o->now;
	return (struct wv_time){.now_s = (uint32_t)(time_ns / 1000000000), .checked = true};
}

// ---- what is trusted before the first frame ----

static int config_read(struct judge *j, struct wv_err *err)
{
	int result = wv_config_presets(&j->presets, err);

	if (result != 0)
		return result;
	result = j->options->config != NULL
		? wv_config_read(&j->config, j->options->config, false, err)
		: wv_config_presets(&j->config, err);
	if (result != 0) {
		wv_config_fini(&j->presets);
		return result;
	}
	wv_app_settings(&j->settings, &j->config);
	return 0;
}

static int drivers_take(struct judge *j, struct wv_err *err)
{
	int result = wv_app_drivers_init(j->config.drivers.crypto, j->config.drivers.hash, err);

	if (result == 0)
		result = wv_app_thread_init(err);
	j->drivers = result == 0;
	return result;
}

static int anchors_read(struct judge *j, struct wv_err *err)
{
	const struct wv_config_list *list = &j->config.validation.anchors;
	unsigned n = 0;
	int result = 0;

	if (j->options->anchors != NULL)
		return wv_app_read_anchors(j->trust, j->options->anchors, &n, err);
	for (unsigned i = 0; i < list->n && result == 0; i++)
		result = wv_app_read_anchors(j->trust, list->item[i], &n, err);
	return result;
}

// The capture is read twice: first for what it teaches. What is wrong with it is said the second
// time, after the lines of its whole frames.
static int capture_learn(struct judge *j, struct wv_chain *chain, struct wv_err *err)
{
	const char *path = j->options->capture;
	struct stat st;
	int result;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return wv_fail(err, ESPIPE,
			"%s: want a regular file, since --order any reads it twice, not a stream",
			path);
	result = wv_app_learn(chain, path, &dns_ports, &j->presets, err);
	return result == -ENOMEM ? result : 0;
}

static int chain_learn(struct judge *j, struct wv_err *err)
{
	const struct judge_options *o = j->options;
	const struct wv_chain_params params = {
		.trust = j->trust,
		.settings = &j->settings,
		.leg = o->leg,
		.now = o->now,
		.packet_time = o->packet_time,
	};
	struct wv_chain *chain;
	int result = 0;

	if (o->strict && o->n_chain == 0)
		return 0; // nothing was asked, so nothing is given up
	chain = wv_chain_create(&params, err);
	if (chain == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < o->n_chain && result == 0; i++)
		result = wv_app_learn(chain, o->chain[i], &dns_ports, &j->presets, err);
	if (result == 0 && !o->strict)
		result = capture_learn(j, chain, err);
	if (result == 0)
		wv_chain_settle(chain);
	wv_chain_destroy(chain);
	return result;
}

static void judge_fini(struct judge *j)
{
	free(j->line);
	free(j->fact);
	if (j->batch != NULL)
		wv_batch_destroy(j->batch);
	if (j->trust != NULL)
		wv_trust_destroy(j->trust);
	if (j->drivers)
		wv_app_thread_fini();
	wv_config_fini(&j->config);
	wv_config_fini(&j->presets);
}

static int judge_init(struct judge *j, const struct judge_options *options, struct wv_err *err)
{
	struct wv_trust_params trust = {.reclaim = NULL};
	int result;

	*j = (struct judge){.options = options};
	result = config_read(j, err);
	if (result != 0)
		return result;
	result = drivers_take(j, err);
	if (result != 0) {
		judge_fini(j);
		return result;
	}
	trust.zones = j->presets.trust.zones;
	trust.sha1 = j->config.validation.sha1_validate;
	j->trust = wv_trust_create(&trust, err);
	j->batch = wv_batch_create(NULL, err);
	j->fact = malloc(WV_CHAIN_FACT_MAX);
	j->line = malloc(LINE_ROOM);
	if (j->fact == NULL || j->line == NULL)
		result = wv_fail(err, ENOMEM, "no memory");
	else if (j->trust == NULL || j->batch == NULL)
		result = -ENOMEM;
	if (result == 0)
		result = anchors_read(j, err);
	if (result == 0)
		result = wv_app_set_insecure(j->trust, &j->config, options->config, err);
	if (result == 0)
		result = chain_learn(j, err);
	if (result != 0)
		judge_fini(j);
	return result;
}

// ---- frame by frame ----

static void fact_publish(void *arg, const struct wv_trust_fact *fact)
{
	struct judge *j = arg;

	if (wv_trust_is_news(j->trust, fact, j->env.now))
		(void)wv_trust_publish(j->trust, fact, j->env.now); // no room: counted there
}

// As the appliance does it: judged by what came before, then the next may use what this one proves.
static void response_judge(struct judge *j, const struct wv_app_response *r)
{
	bool may_prove;

	j->env = (struct wv_validate_env){
		.trust = j->trust,
		.settings = &j->settings,
		.now = time_of(j->options, r->time_ns),
		.leg = j->options->leg,
		.asked = !j->options->strict,
	};
	wv_validate_begin(&j->v, &j->env, r->m, r->status, &r->query, NULL);
	may_prove = j->v.pending && wv_chain_may_bear(r->m);
	wv_batch_add(j->batch, &j->v, 0);
	wv_batch_finish(j->batch, 0);
	(void)wv_batch_take(j->batch);
	if (may_prove)
		wv_chain_harvest(&j->v, WV_TRUST_WIRE, false, j->fact, fact_publish, j);
}

static int response_print(
	struct judge *j, const struct wv_app_response *r, FILE *out, struct wv_err *err)
{
	const struct wv_events_verdict what = {
		.frame = r->frame,
		.m = r->m,
		.status = r->status,
		.v = &j->v,
	};
	size_t n = wv_events_verdict(&what, j->line, LINE_ROOM);

	if (fwrite(j->line, 1, n, out) != n)
		return wv_fail(err, errno, "standard output: %s", strerror(errno));
	return 0;
}

static int replay_judge(struct judge *j, struct wv_app_replay *replay, FILE *out,
	struct judge_result *result, struct wv_err *err)
{
	struct wv_app_response r;
	int got;

	while ((got = wv_app_replay_next(replay, &r, err)) > 0) {
		enum wv_verdict verdict;
		int printed;

		response_judge(j, &r);
		verdict = wv_reason_verdict(j->v.reason);
		result->bogus |= verdict == WV_VERDICT_BOGUS;
		result->indeterminate |= verdict == WV_VERDICT_INDETERMINATE;
		printed = response_print(j, &r, out, err);
		wv_validate_end(&j->v);
		if (printed != 0)
			return printed;
	}
	result->counts = *wv_app_replay_count(replay);
	if (got == 0 && result->counts.cut > 0)
		got = wv_app_cut_fail(j->options->capture, &result->counts, err);
	return got;
}

int judge_capture(const struct judge_options *options, FILE *out, struct judge_result *result,
	struct wv_err *err)
{
	struct wv_app_replay *replay;
	struct judge j;
	int got;

	*result = (struct judge_result){.bogus = false};
	got = judge_init(&j, options, err);
	if (got != 0)
		return got;
	replay = wv_app_replay_open(options->capture, &dns_ports, &j.presets, err);
	got = replay != NULL ? replay_judge(&j, replay, out, result, err) : -EINVAL;
	wv_app_replay_close(replay);
	judge_fini(&j);
	return got;
}
