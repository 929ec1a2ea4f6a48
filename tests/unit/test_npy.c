#include "support/t.h"

#include <stdlib.h>

#include "core/buf.h"
#include "encode/encode.h"

static wk_code collect(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_buf_add(user, data, n, err);
}

static void test_the_header_is_format_1_and_ends_at_64(void)
{
    static const struct {
        wki_sample_type type;
        size_t shape[3], dims;
        const char *text;
    } table[] = {
        {WKI_U8, {2, 3, 0}, 2, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }"},
        {WKI_S16,
         {10, 512, 512},
         3,
         "{'descr': '<i2', 'fortran_order': False, 'shape': (10, 512, 512), }"},
        {WKI_F64, {7, 0, 0}, 1, "{'descr': '<f8', 'fortran_order': False, 'shape': (7,), }"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_buf b;
        wki_sink sink = {collect, &b};
        wk_error err = {0};
        size_t length;

        wki_buf_init(&b, 4096, "npy");
        T_OK(wki_npy_header(table[i].type, table[i].shape, table[i].dims, &sink, &err), &err);
        CU_ASSERT_EQUAL(b.n % 64, 0);
        CU_ASSERT_EQUAL(memcmp(b.data, "\x93NUMPY\x01\x00", 8), 0);
        length = (size_t)(unsigned char)b.data[8] + 256u * (unsigned char)b.data[9];
        CU_ASSERT_EQUAL(length + 10, b.n);
        CU_ASSERT_EQUAL(strncmp(b.data + 10, table[i].text, strlen(table[i].text)), 0);
        CU_ASSERT_EQUAL(b.data[b.n - 1], '\n');
        wki_buf_clear(&b);
    }
}

static void test_values_are_little_endian(void)
{
    uint16_t v[] = {0x0102, 0xfffe};
    wki_buf b;
    wki_sink sink = {collect, &b};
    wk_error err = {0};

    wki_buf_init(&b, 4096, "npy");
    T_OK(wki_npy_values(WKI_U16, v, 2, &sink, &err), &err);
    CU_ASSERT_EQUAL(b.n, 4);
    CU_ASSERT_EQUAL(memcmp(b.data, "\x02\x01\xfe\xff", 4), 0);
    wki_buf_clear(&b);
}

static CU_TestInfo tests[] = {
    {"the header is format 1 and ends at 64", test_the_header_is_format_1_and_ends_at_64},
    {"values are little-endian", test_values_are_little_endian},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_npy = {"npy", NULL, NULL, NULL, NULL, tests};
