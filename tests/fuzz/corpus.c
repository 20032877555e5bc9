// Hands the files of folders to a fuzz target, where there is no fuzzer to do so.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned ran;

static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *data = NULL;
	int rc = -1;

	if (file != NULL && fstat(fileno(file), &st) == 0) {
		size_t size = (size_t)st.st_size;

		data = malloc(size); // its exact size, so that one octet too far is seen
		if ((data != NULL || size == 0) && fread(data, 1, size, file) == size)
			rc = LLVMFuzzerTestOneInput(data, size);
	}
	if (rc != 0)
		fprintf(stderr, "%s: cannot be run\n", path);
	free(data);
	if (file != NULL)
		fclose(file);
	ran++;
	return rc;
}

static int run_folder(const char *path)
{
	DIR *folder = opendir(path);
	char file[4096];
	struct dirent *entry;
	int rc = 0;

	if (folder == NULL) {
		perror(path);
		return -1;
	}
	while ((entry = readdir(folder)) != NULL && rc == 0) {
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			rc = run_file(file);
	}
	closedir(folder);
	return rc;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (run_folder(argv[i]) != 0)
			return EXIT_FAILURE;
	}
	printf("%u inputs\n", ran);
	return ran > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
