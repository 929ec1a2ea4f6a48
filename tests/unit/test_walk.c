#include <stdlib.h>
#include <string.h>

#include "dicom/dicom_layout.h"
#include "dicom/dicom_scan.h"
#include "dicom/element.h"
#include "dicom/gate.h"
#include "support/small_dicom.h"
#include "support/t.h"

static void test_what_is_no_vr(void)
{
    static const struct {
        const char *bytes; /* VR to the end of the header, or 8 bytes of it */
        const char *vr;
        uint32_t length;
        uint8_t header;
    } rows[] = {
        {"LO\x04\x00\x11\x11\x11\x11", "LO", 4, 8},
        {"OW\0\0\x05\x00\x01\x00", "OW", 0x10005, 12},
        {"??\x04\x00\x11\x11\x11\x11", "UN", 4, 8},
        {"  \x04\x00\x11\x11\x11\x11", "UN", 4, 8},
        {"--\x04\x00\x11\x11\x11\x11", "UN", 4, 8},
        {"\0\0\x04\x00\x11\x11\x11\x11", "UN", 4, 8},
        {"OX\0\0\x04\x00\x00\x00", "UN", 4, 12},
        {"ZZ\0\0\x04\x00\x00\x00", "UN", 4, 12},
        {"ZZ\x04\x00\x11\x11\x11\x11", "UN", 4, 8},
        {"lo\x04\x00\x11\x11\x11\x11", "LO", 4, 8},
        {"ob\0\0\x04\x00\x00\x00", "OB", 4, 12},
        {"ob\x04\x00\x11\x11\x11\x11", "OB", 4, 8},
        {"\x04\0\0\0\x11\x11\x11\x11", "", 4, 8},
        {"\xFF\xFF\xFF\xFF\x11\x11\x11\x11", "", 0xFFFFFFFF, 8},
        {"\x20\0\0\0\x11\x11\x11\x11", "", 0x20, 8},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t header[12] = {0x29, 0, 0x11, 0x10};
        wki_element e;

        memcpy(header + 4, rows[i].bytes, 8);
        CU_ASSERT_TRUE(wki_element_read(header, sizeof header, true, false, &e));
        CU_ASSERT_EQUAL(e.tag, 0x00291011);
        T_STR(e.vr, rows[i].vr);
        CU_ASSERT_EQUAL(e.length, rows[i].length);
        CU_ASSERT_EQUAL(e.header, rows[i].header);
        CU_ASSERT_EQUAL(wki_element_read(header, 8, true, false, &e), rows[i].header == 8);
    }
}

/* A file with `n` bytes of an element more, before its pixels. */
typedef struct file {
    char data[4 * SMALL_DICOM_SIZE];
    size_t n;
    wki_blob source;
} file;

static void make(file *f, const void *more, size_t n)
{
    size_t at;

    f->n = small_dicom(f->data, "1.2", "1.2.3", "1.2.3.4", 7);
    at = (size_t)((char *)memmem(f->data, f->n, "\xE0\x7F\x10\0", 4) - f->data);
    memmove(f->data + at + n, f->data + at, f->n - at);
    memcpy(f->data + at, more, n);
    f->n += n;
    f->source = (wki_blob){.fd = -1, .memory = (const uint8_t *)f->data, .size = f->n};
}

static void test_an_element_of_no_vr_is_passed_over(void)
{
    static const char *const rows[] = {"\x29\0\x11\x10??\x04\0abcd", "\x29\0\x11\x10zz\x04\0abcd",
                                       "\x29\0\x11\x10\0\0\x04\0abcd",
                                       "\x29\0\x11\x10OX\0\0\x04\0\0\0abcd"};
    static const size_t sizes[] = {12, 12, 12, 16};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_dicom_scan *s = NULL;
        wk_error err = {0};
        wki_layout l;
        file f;

        make(&f, rows[i], sizes[i]);
        T_OK(wki_layout_read(&f.source, &l, &err), &err);
        CU_ASSERT_EQUAL(l.pixel_bytes, 64);
        CU_ASSERT_FALSE(l.mismatch);
        T_OK(wki_dicom_scan_new(&s, &err), &err);
        T_OK(wki_dicom_feed(s, f.data, f.n, &err), &err);
        T_OK(wki_dicom_finish(s, &err), &err);
        CU_ASSERT_TRUE(wki_dicom_scan_identity(s)->has_pixels);
        wki_dicom_scan_free(s);
    }
}

/* An icon whose lengths are off by `off`: four bytes of pixels, and an element before them. */
static size_t make_icon(char *out, int off)
{
    char *at = out + 20;
    size_t n;

    at += small_dicom_element(at, 0x0028, 0x0010, "US", "\x2", 2);
    at += small_dicom_element(at, 0x7FE0, 0x0010, "OW", "abcd", 4);
    n = (size_t)(at - out);
    memcpy(out, "\x88\0\0\x02SQ\0\0", 8);
    memset(out + 8, 0, 12);
    out[8] = (char)((int)n - 12 + off);
    memcpy(out + 12, "\xFE\xFF\0\xE0", 4);
    out[16] = (char)((int)n - 20 + off);
    return n;
}

static void test_wrong_lengths_of_an_icon_hide_no_pixels(void)
{
    for (int off = -24; off <= 24; off += 2) {
        char icon[128];
        size_t n = make_icon(icon, off);
        wk_error err = {0};
        wki_layout l;
        file f;

        make(&f, icon, n);
        T_OK(wki_layout_read(&f.source, &l, &err), &err);
        CU_ASSERT_EQUAL(l.pixel_element, 0x0010);
        CU_ASSERT_EQUAL(l.pixel_bytes, 64);
        CU_ASSERT_EQUAL(l.pixels, f.n - 64);
        if (l.n_holes)
            CU_ASSERT_EQUAL(l.holes[0].n, n);
    }
}

/* `depth` sequences in sequences of defined length, in implicit or explicit VR. */
static size_t nest(char *out, int depth, bool explicit_vr)
{
    size_t header = explicit_vr ? 12 : 8, n = 0;

    for (int i = 0; i < depth; i++) {
        char *at = out;

        memmove(out + header + 8, out, n);
        memcpy(at, "\x08\0\x40\x11", 4);
        if (explicit_vr)
            memcpy(at + 4, "SQ\0\0", 4);
        at += explicit_vr ? 8 : 4;
        for (int k = 0; k < 2; k++) {
            uint32_t length = (uint32_t)(k ? n : n + 8);

            memcpy(at, (uint8_t[]){(uint8_t)length, (uint8_t)(length >> 8), 0, 0}, 4);
            at += 4;
            if (k == 0)
                memcpy(at, "\xFE\xFF\0\xE0", 4);
            at += 4;
        }
        n += header + 8;
    }
    return n;
}

static void test_the_gate_counts_defined_lengths_too(void)
{
    for (int i = 0; i < 4; i++) {
        bool explicit_vr = i % 2;
        int depth = i < 2 ? WK_MAX_SEQUENCE_DEPTH : WK_MAX_SEQUENCE_DEPTH + 1;
        char set[4096];
        wki_blob s = {.fd = -1, .memory = (const uint8_t *)set};
        wki_layout l = {.explicit_vr = explicit_vr};
        wk_error err = {0};

        s.size = l.data_set_end = nest(set, depth, explicit_vr);
        if (i < 2)
            T_OK(wki_gate_check(&s, &l, &err), &err);
        else
            T_FAILS(wki_gate_check(&s, &l, &err), WK_DATA, &err);
        if (i >= 2)
            T_HAS(err.message, "nested");
    }
}

/* `n` elements, each before the one in front of it where `falls`. */
static wk_code check_order(size_t n, bool falls, wk_error *err)
{
    uint8_t *set = calloc(n, 8), *at = set;
    wki_blob s = {.fd = -1, .memory = set, .size = 8 * n};
    wki_layout l = {.data_set_end = 8 * n};
    wk_code rc;

    for (size_t i = 0; i < n; i++, at += 8) {
        size_t tag = falls ? n - i : i + 1;

        at[0] = (uint8_t)(tag >> 16);
        at[2] = (uint8_t)tag;
        at[3] = (uint8_t)(tag >> 8);
    }
    rc = wki_gate_check(&s, &l, err);
    free(set);
    return rc;
}

static void test_the_gate_counts_what_sorting_costs(void)
{
    wk_error err = {0};

    T_OK(check_order(30000, false, &err), &err);
    T_OK(check_order(2000, true, &err), &err);
    T_FAILS(check_order(30000, true, &err), WK_DATA, &err);
    T_HAS(err.message, "out of order");
    wk_error_clear(&err);
    T_FAILS(check_order(WK_MAX_ELEMENTS + 1, false, &err), WK_DATA, &err);
    T_HAS(err.message, "elements");
}

static CU_TestInfo tests[] = {
    {"what is no VR", test_what_is_no_vr},
    {"an element of no VR is passed over", test_an_element_of_no_vr_is_passed_over},
    {"wrong lengths of an icon hide no pixels", test_wrong_lengths_of_an_icon_hide_no_pixels},
    {"the gate counts defined lengths too", test_the_gate_counts_defined_lengths_too},
    {"the gate counts what sorting costs", test_the_gate_counts_what_sorting_costs},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_walk = {"walk", NULL, NULL, NULL, NULL, tests};
