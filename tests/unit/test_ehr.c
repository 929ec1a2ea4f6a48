#include "support/t.h"

#include <stdlib.h>

#include "ehr/cerbo.h"
#include "ehr/netsmart.h"
#include "ehr/photo.h"

static void test_times_are_read_with_and_without_a_zone(void)
{
    static const struct {
        const char *text;
        int64_t unix_s; /* -1: no time */
        bool date_only;
    } cases[] = {
        {"1970-01-02", 86400, true},
        {"1970-01-01 00:01:00", 60, false},
        {"1970-01-01T00:01", 60, false},
        {"1970-01-01T00:00:01.999Z", 1, false},
        {"1970-01-01T01:00:01+01:00", 1, false},
        {"1969-12-31 23:00:01 -0100", 1, false},
        {"1970-01-01 00:00:09 UTC", 9, false},
        {"2024-02-29T12:00:00Z", 1709208000, false},
        {"", -1, false},
        {"today", -1, false},
        {"1970-13-01", -1, false},
        {"1970-01-01T25:00:00", -1, false},
        {"1970-01-01T00:00:00+1", -1, false},
        {"1970-01-01 00:00:00 CET", -1, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t unix_s = -1;
        bool date_only = false;
        bool known = wki_cerbo_time(cases[i].text, &unix_s, &date_only);

        CU_ASSERT_EQUAL(known, cases[i].unix_s >= 0);
        CU_ASSERT_EQUAL(unix_s, cases[i].unix_s);
        CU_ASSERT_EQUAL(date_only, cases[i].date_only);
    }
}

static void test_a_picture_ends_where_its_kind_says(void)
{
    static const char jpeg[] = "\xFF\xD8\xFF\xE0\0\4ab\xFF\xDA\0\4xx\x12\xFF\0\x34\xFF\xD1\xFF\xD9";
    static const char gif[] =
        "GIF89a\1\0\1\0\x80\0\0\0\0\0\xFF\xFF\xFF,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";
    static const char png[] = "\x89PNG\r\n\x1A\n\0\0\0\1IDATx\0\0\0\0\0\0\0\0IEND\xAE\x42\x60\x82";
    static const struct {
        const char *data;
        size_t n;
        wki_media kind;
    } cases[] = {{jpeg, sizeof jpeg - 1, WKI_MEDIA_JPEG},
                 {gif, sizeof gif - 1, WKI_MEDIA_GIF},
                 {png, sizeof png - 1, WKI_MEDIA_PNG}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wki_media kind = WKI_MEDIA_UNKNOWN;
        wk_error err = {0};

        T_OK(wki_photo_check(cases[i].data, cases[i].n, &kind, &err), &err);
        CU_ASSERT_EQUAL(kind, cases[i].kind);
        for (size_t n = 0; n < cases[i].n; n++) {
            wk_error cut = {0};

            T_FAILS(wki_photo_check(cases[i].data, n, &kind, &cut), WK_DATA, &cut);
        }
    }
}

static void test_each_orientation_puts_the_corner_where_it_belongs(void)
{
    /* Where the upper left pixel of a picture of 3 x 2 is shown (Exif 2.3). */
    static const struct {
        uint32_t width, x, y;
    } shown[] = {{3, 0, 0}, {3, 2, 0}, {3, 2, 1}, {3, 0, 1},
                 {2, 0, 0}, {2, 1, 0}, {2, 1, 2}, {2, 0, 2}};

    for (int o = 1; o <= 8; o++) {
        wki_picture p = {0};
        wk_error err = {0};

        CU_ASSERT_TRUE_FATAL(wki_picture_alloc(&p, 3, 2, 1, 8));
        memset(p.data, 0, 6);
        *(uint8_t *)p.data = 9;
        T_OK(wki_photo_turn(&p, o, &err), &err);
        CU_ASSERT_EQUAL(p.width, shown[o - 1].width);
        CU_ASSERT_EQUAL(((uint8_t *)p.data)[shown[o - 1].y * p.width + shown[o - 1].x], 9);
        wki_picture_clear(&p);
    }
}

static void test_ids_are_encoded_in_urls(void)
{
    char *url = NULL;
    wk_error err = {0};

    T_OK(wki_netsmart_url("https://a/v4/", "p 1/2?x", &url, &err), &err);
    T_STR(url, "https://a/v4/PatientImage/p%201%2F2%3Fx");
    free(url);
    T_OK(wki_cerbo_url("https://a/api/v1", "7", "12", true, &url, &err), &err);
    T_STR(url, "https://a/api/v1/patients/7/images/12/stream");
    free(url);
    T_FAILS(wki_cerbo_url("https://a/api/v1", "7", "1/..", true, &url, &err), WK_USAGE, &err);
}

static CU_TestInfo tests[] = {
    {"times are read with and without a zone", test_times_are_read_with_and_without_a_zone},
    {"a picture ends where its kind says", test_a_picture_ends_where_its_kind_says},
    {"each orientation puts the corner where it belongs",
     test_each_orientation_puts_the_corner_where_it_belongs},
    {"ids are encoded in URLs", test_ids_are_encoded_in_urls},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_ehr = {"ehr", NULL, NULL, NULL, NULL, tests};
