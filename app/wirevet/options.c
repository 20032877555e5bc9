#include <getopt.h>
#include <string.h>

#include "wirevet.h"

static const char usage[] =
	"usage: wirevet [EAL words --] -c FILE [--check-config] [--show-config] [--show-memory]\n"
	"       wirevet --print-schema\n"
	"\n"
	"Validate DNSSEC in every DNS response that passes between the ports of FILE.\n"
	"\n"
	"  -c, --config FILE  the configuration (JSON)\n"
	"  --check-config     look whether FILE, and all that it names, is in order; say what is "
	"not\n"
	"  --show-config      print the whole configuration, presets included\n"
	"  --show-memory      print what a start with FILE takes of memory\n"
	"  --print-schema     print the JSON Schema of FILE\n"
	"  --version          print the version\n"
	"  -h, --help         print this\n"
	"\n"
	"EAL's arguments are derived from FILE; words before \"--\" are added to them.\n"
	"Ends with 0, 1 (trouble while running) or 2 (configuration or usage).\n";

enum {
	OPTION_CHECK = 256,
	OPTION_SHOW_CONFIG,
	OPTION_SHOW_MEMORY,
	OPTION_SCHEMA,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"check-config", no_argument, NULL, OPTION_CHECK},
	{"show-config", no_argument, NULL, OPTION_SHOW_CONFIG},
	{"show-memory", no_argument, NULL, OPTION_SHOW_MEMORY},
	{"print-schema", no_argument, NULL, OPTION_SCHEMA},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

// Words up to "--" are EAL's.
static void words_split(struct options *o, int *argc, char ***argv)
{
	for (int i = 1; i < *argc; i++) {
		if (strcmp((*argv)[i], "--") != 0)
			continue;
		o->eal = *argv + 1;
		o->n_eal = (unsigned)i - 1;
		(*argv)[i] = (*argv)[0];
		*argv += i;
		*argc -= i;
		return;
	}
}

bool options_read(struct options *o, int argc, char **argv, enum status *status)
{
	int option;

	*o = (struct options){0};
	*status = STATUS_OK;
	words_split(o, &argc, &argv);
	while ((option = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			o->config = optarg;
			break;
		case OPTION_CHECK:
			o->check = true;
			break;
		case OPTION_SHOW_CONFIG:
			o->show_config = true;
			break;
		case OPTION_SHOW_MEMORY:
			o->show_memory = true;
			break;
		case OPTION_SCHEMA:
			o->print_schema = true;
			break;
		case OPTION_VERSION:
			printf("wirevet %s\n", WIREVET_VERSION);
			return false;
		case 'h':
			fputs(usage, stdout);
			return false;
		default: // getopt_long() has said what is wrong
			fputs("try wirevet --help\n", stderr);
			*status = STATUS_CONFIG;
			return false;
		}
	}
	if (optind == argc && (o->config != NULL || o->print_schema))
		return true;
	*status = STATUS_CONFIG;
	if (optind < argc)
		fprintf(stderr, "wirevet: want options alone, not \"%s\"\n", argv[optind]);
	else
		fputs("wirevet: want a configuration: -c FILE\n", stderr);
	fputs("try wirevet --help\n", stderr);
	return false;
}
