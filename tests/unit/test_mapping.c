#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dicom/mapping.h"
#include "support/scratch.h"
#include "support/t.h"

enum {
    SIZE = 5 << 20,
    SKEW = 1234
};

/* A file of noise, open for reading, and what is in it. */
typedef struct noise {
    scratch s;
    uint8_t *bytes;
    int fd;
} noise;

static void noise_make(noise *f)
{
    uint32_t state = 1;

    scratch_make(&f->s);
    f->bytes = malloc(SIZE);
    CU_ASSERT_FATAL(f->bytes != NULL);
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 1664525u + 1013904223u;
        f->bytes[i] = (uint8_t)(state >> 24);
    }
    scratch_write(&f->s, "f", (const char *)f->bytes, SIZE);
    f->fd = open(scratch_path(&f->s, "f"), O_RDONLY);
    CU_ASSERT_FATAL(f->fd >= 0);
}

static void noise_remove(noise *f)
{
    close(f->fd);
    free(f->bytes);
    scratch_remove(&f->s);
}

/* Not every file system has leases: then files are read, and there is nothing to see here. */
static bool open_or_skip(wki_mapping *m, const noise *f)
{
    if (wki_mapping_open(m, f->fd, SKEW, SIZE - SKEW))
        return true;
    printf("  skipped: no leases here\n");
    return false;
}

static void test_bytes_are_those_of_the_file(void)
{
    static const size_t ats[] = {0, 131072, 2000000, 2097151, 4000000, 1000, SIZE - SKEW - 70000};
    wki_mapping m = {0};
    noise f;

    noise_make(&f);
    if (open_or_skip(&m, &f)) {
        for (size_t i = 0; i < sizeof ats / sizeof ats[0]; i++) {
            const uint8_t *p = wki_mapping_take(&m, ats[i], 70000);

            CU_ASSERT_FATAL(p != NULL);
            CU_ASSERT(memcmp(p, f.bytes + SKEW + ats[i], 70000) == 0);
        }
        CU_ASSERT_PTR_NULL(wki_mapping_take(&m, SIZE - SKEW - 10, 11));
        CU_ASSERT_PTR_NULL(wki_mapping_take(&m, SIZE, 1));
    }
    wki_mapping_close(&m);
    wki_mapping_close(&m);
    noise_remove(&f);
}

static void test_who_wants_to_write_waits_and_is_seen(void)
{
    const char *path;
    wki_mapping m = {0};
    noise f;
    int fd;

    noise_make(&f);
    path = scratch_path(&f.s, "f");
    if (open_or_skip(&m, &f)) {
        CU_ASSERT_PTR_NOT_NULL(wki_mapping_take(&m, 0, 100));
        fd = open(path, O_WRONLY | O_NONBLOCK);
        CU_ASSERT(fd < 0 && errno == EWOULDBLOCK);
        CU_ASSERT_PTR_NULL(wki_mapping_take(&m, 0, 100));
        wki_mapping_close(&m);
    }
    fd = open(path, O_WRONLY | O_NONBLOCK);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_FALSE(wki_mapping_open(&m, f.fd, 0, SIZE)); /* it is being written */
    close(fd);
    noise_remove(&f);
}

static void test_what_is_not_there_is_not_mapped(void)
{
    wki_mapping m = {0};
    noise f;

    noise_make(&f);
    CU_ASSERT_FALSE(wki_mapping_open(&m, f.fd, 0, SIZE + 1));
    CU_ASSERT_FALSE(wki_mapping_open(&m, f.fd, SIZE, 1));
    CU_ASSERT_FALSE(wki_mapping_open(&m, f.fd, 0, 0));
    CU_ASSERT_FALSE(wki_mapping_open(&m, -1, 0, 10));
    CU_ASSERT_PTR_NULL(m.base);
    noise_remove(&f);
}

static CU_TestInfo tests[] = {
    {"bytes are those of the file", test_bytes_are_those_of_the_file},
    {"who wants to write waits and is seen", test_who_wants_to_write_waits_and_is_seen},
    {"what is not there is not mapped", test_what_is_not_there_is_not_mapped},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_mapping = {"mapping", NULL, NULL, NULL, NULL, tests};
