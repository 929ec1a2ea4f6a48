#include "support/t.h"

#include <string.h>

#include "core/transfer_syntax.h"
#include "core/uid.h"

static void test_every_row_is_found_by_its_uid(void)
{
    for (size_t i = 0; i < WKI_TS_COUNT; i++) {
        const wki_transfer_syntax *s = wki_transfer_syntax_of((wki_syntax_id)i);

        CU_ASSERT_EQUAL(s->id, (wki_syntax_id)i);
        CU_ASSERT_TRUE(wki_uid_is_valid(s->uid));
        CU_ASSERT_PTR_EQUAL(wki_transfer_syntax_find(s->uid), s);
        CU_ASSERT_TRUE(wki_transfer_syntax_is(s->uid, s->id));
        CU_ASSERT_TRUE(s->name[0] && strchr(s->media_type, '/') && s->bits >= 8);
        for (size_t j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(s->name, wki_transfer_syntax_of((wki_syntax_id)j)->name);
    }
}

static void test_what_is_no_transfer_syntax_is_none(void)
{
    static const char *const uids[] = {"",
                                       "1.2.840.10008.1.2.",
                                       "1.2.840.10008.1.2.4",
                                       "1.2.840.10008.1.2.4.5",
                                       "1.2.840.10008.1.2.4.500",
                                       "1.2.840.10008.1.20",
                                       "1.2.840.10008.1.1",
                                       "1.2.840.10008.5.1.4.1.1.2",
                                       "4.50"};

    for (size_t i = 0; i < sizeof uids / sizeof uids[0]; i++) {
        CU_ASSERT_PTR_NULL(wki_transfer_syntax_find(uids[i]));
        CU_ASSERT_FALSE(wki_transfer_syntax_is_native(uids[i]));
        CU_ASSERT_FALSE(wki_transfer_syntax_is_deflated(uids[i]));
    }
}

/* PS3.5 annex A and PS3.6 table A-1, PS3.18 table 8.7.3-2 and -4. */
static void test_rows_say_what_the_standard_says(void)
{
    static const struct {
        const char *uid;
        wki_syntax_family family;
        const char
            *flags; /* n lossless, e encapsulated, b big endian, i implicit, d deflated, v video */
        unsigned bits;
        const char *type;
    } rows[] = {
        {"1.2.840.10008.1.2", WKI_FAMILY_NATIVE, "ni", 64, "application/octet-stream"},
        {"1.2.840.10008.1.2.1", WKI_FAMILY_NATIVE, "n", 64, "application/octet-stream"},
        {"1.2.840.10008.1.2.2", WKI_FAMILY_NATIVE, "nb", 64, "application/octet-stream"},
        {"1.2.840.10008.1.2.1.99", WKI_FAMILY_NATIVE, "nd", 64, "application/octet-stream"},
        {"1.2.840.10008.1.2.1.98", WKI_FAMILY_PLAIN, "ne", 64, "application/octet-stream"},
        {"1.2.840.10008.1.2.5", WKI_FAMILY_RLE, "ne", 32, "image/dicom-rle"},
        {"1.2.840.10008.1.2.4.50", WKI_FAMILY_JPEG, "e", 8, "image/jpeg"},
        {"1.2.840.10008.1.2.4.51", WKI_FAMILY_JPEG, "e", 12, "image/jpeg"},
        {"1.2.840.10008.1.2.4.70", WKI_FAMILY_JPEG, "ne", 16, "image/jpeg"},
        {"1.2.840.10008.1.2.4.80", WKI_FAMILY_JPEGLS, "ne", 16, "image/jls"},
        {"1.2.840.10008.1.2.4.81", WKI_FAMILY_JPEGLS, "e", 16, "image/jls"},
        {"1.2.840.10008.1.2.4.90", WKI_FAMILY_J2K, "ne", 38, "image/jp2"},
        {"1.2.840.10008.1.2.4.93", WKI_FAMILY_J2K, "e", 38, "image/jpx"},
        {"1.2.840.10008.1.2.4.95", WKI_FAMILY_JPIP, "d", 38, "application/octet-stream"},
        {"1.2.840.10008.1.2.4.100", WKI_FAMILY_MPEG2, "ev", 8, "video/mpeg2"},
        {"1.2.840.10008.1.2.4.102.1", WKI_FAMILY_H264, "ev", 8, "video/mp4"},
        {"1.2.840.10008.1.2.4.108", WKI_FAMILY_HEVC, "ev", 10, "video/H265"},
        {"1.2.840.10008.1.2.4.110", WKI_FAMILY_JXL, "ne", 32, "image/jxl"},
        {"1.2.840.10008.1.2.4.202", WKI_FAMILY_HTJ2K, "ne", 38, "image/jphc"},
        {"1.2.840.10008.1.2.4.203", WKI_FAMILY_HTJ2K, "e", 38, "image/jphc"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const wki_transfer_syntax *s = wki_transfer_syntax_find(rows[i].uid);
        const char *flags = rows[i].flags;

        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        CU_ASSERT_EQUAL(s->family, rows[i].family);
        CU_ASSERT_EQUAL(s->lossless, strchr(flags, 'n') != NULL);
        CU_ASSERT_EQUAL(s->encapsulated, strchr(flags, 'e') != NULL);
        CU_ASSERT_EQUAL(s->big_endian, strchr(flags, 'b') != NULL);
        CU_ASSERT_EQUAL(s->implicit_vr, strchr(flags, 'i') != NULL);
        CU_ASSERT_EQUAL(s->deflated, strchr(flags, 'd') != NULL);
        CU_ASSERT_EQUAL(s->video, strchr(flags, 'v') != NULL);
        CU_ASSERT_EQUAL(s->bits, rows[i].bits);
        T_STR(s->media_type, rows[i].type);
    }
}

static CU_TestInfo tests[] = {
    {"every row is found by its UID", test_every_row_is_found_by_its_uid},
    {"what is no transfer syntax is none", test_what_is_no_transfer_syntax_is_none},
    {"rows say what the standard says", test_rows_say_what_the_standard_says},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_transfer_syntax = {"transfer_syntax", NULL, NULL, NULL, NULL, tests};
