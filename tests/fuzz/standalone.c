/* Runs a fuzz target over saved inputs: files, or folders of them. Every build has this. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

enum {
    MOST_BYTES = 64 << 20
};

static unsigned long inputs;

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    long n;
    uint8_t *data;

    if (!f || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0 || n > MOST_BYTES) {
        fprintf(stderr, "%s: cannot be read\n", path);
        if (f)
            fclose(f);
        return 1;
    }
    rewind(f);
    /* Exactly as large as the input, so that a read behind its end is seen. */
    data = malloc(n ? (size_t)n : 1);
    if (!data || fread(data, 1, (size_t)n, f) != (size_t)n) {
        fprintf(stderr, "%s: cannot be read\n", path);
        free(data);
        fclose(f);
        return 1;
    }
    fclose(f);
    LLVMFuzzerTestOneInput(data, (size_t)n);
    free(data);
    inputs++;
    return 0;
}

static int run_path(const char *path)
{
    struct stat st;
    struct dirent **names;
    int failed = 0, n;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return run_file(path);
    n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char *inner = NULL;

        if (names[i]->d_name[0] != '.' && asprintf(&inner, "%s/%s", path, names[i]->d_name) > 0)
            failed |= run_path(inner);
        free(inner);
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    return failed || n < 0;
}

int main(int argc, char **argv)
{
    int failed = 0;

    for (int i = 1; i < argc; i++)
        failed |= run_path(argv[i]);
    printf("%lu inputs\n", inputs);
    return failed || inputs == 0;
}
