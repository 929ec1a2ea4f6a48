#include "flow/get/resource.h"
#include "support/t.h"

#define ROOT "https://p.example/dw"
#define IMAGE "/studies/1.2/series/1.3/instances/1.4"

static void test_targets(void)
{
    static const struct {
        const char *text, *url, *stem;
        wki_resource_kind kind;
    } rows[] = {
        {ROOT IMAGE "/metadata", ROOT IMAGE "/metadata", "1.2/1.3/1.4-metadata",
         WKI_RESOURCE_METADATA},
        {ROOT "/studies/1.2/metadata/", ROOT "/studies/1.2/metadata/", "1.2-metadata",
         WKI_RESOURCE_METADATA},
        {ROOT "/studies/1.2/series/1.3/rendered?quality=5",
         ROOT "/studies/1.2/series/1.3/rendered?quality=5", "1.2/1.3-rendered",
         WKI_RESOURCE_RENDERED},
        {ROOT IMAGE "/frames/3,1", ROOT IMAGE "/frames/3,1", "1.2/1.3/1.4", WKI_RESOURCE_FRAMES},
        {ROOT IMAGE "/frames/3", ROOT IMAGE "/frames/3", "1.2/1.3/1.4", WKI_RESOURCE_FRAMES},
        {ROOT IMAGE "/frames/3/thumbnail", ROOT IMAGE "/frames/3/thumbnail",
         "1.2/1.3/1.4-3-thumbnail", WKI_RESOURCE_THUMBNAIL},
        {ROOT IMAGE "/bulk/../../x%2f", ROOT IMAGE "/bulk/../../x%2f",
         "1.2/1.3/1.4-bulkdata-%2E.%2F..%2Fx%252f", WKI_RESOURCE_BULKDATA},
        {"1.2/1.3/1.4/frames/2", "https://q.example" IMAGE "/frames/2", "1.2/1.3/1.4",
         WKI_RESOURCE_FRAMES},
        {"1.2/thumbnail", "https://q.example/studies/1.2/thumbnail", "1.2-thumbnail",
         WKI_RESOURCE_THUMBNAIL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_resource r = {.url = NULL};
        wk_error err = {0};
        bool is = false;

        T_OK(wki_resource_read(rows[i].text, "https://q.example/", &r, &is, &err), &err);
        CU_ASSERT_TRUE_FATAL(is);
        CU_ASSERT_EQUAL(r.kind, rows[i].kind);
        T_STR(r.url, rows[i].url);
        T_STR(r.stem, rows[i].stem);
        wki_resource_clear(&r);
    }
}

static void test_others(void)
{
    static const char *const none[] = {
        ROOT IMAGE,       ROOT "/studies",  "1.2/1.3/1.4", "1.2/x/metadata", "metadata",
        "./1.2/metadata", ROOT "/metadata", "-",           "a.dcm",          "1/frames/metadata"};
    static const char *const bad[] = {ROOT IMAGE "/frames/0",
                                      ROOT IMAGE "/frames/1,",
                                      ROOT IMAGE "/frames/",
                                      ROOT IMAGE "/frames/1,2/x",
                                      ROOT IMAGE "/frames/1,2/rendered",
                                      ROOT "/studies/1.2/frames/1",
                                      ROOT IMAGE "/metadata/x",
                                      "1.2/1.3/frames/1"};

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        wki_resource r = {.url = NULL};
        bool is = true;

        CU_ASSERT_EQUAL(wki_resource_read(none[i], ROOT, &r, &is, NULL), WK_OK);
        CU_ASSERT_FALSE(is);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wki_resource r = {.url = NULL};
        bool is = true;

        CU_ASSERT_EQUAL(wki_resource_read(bad[i], ROOT, &r, &is, NULL), WK_USAGE);
    }
}

static void test_suffix(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *suffix;
    } rows[] = {
        {"\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\x0b", 12, ".jpg"},
        {"\xff\xd8\xff\xe0\0\4ab\xff\xf7\0\x0b", 12, ".jls"},
        {"\xff\xd8\xff", 3, ".jpg"},
        {"\x89PNG\r\n\x1a\n", 8, ".png"},
        {"\xff\x4f\xff\x51", 4, ".j2k"},
        {"\xff\x4f\xff", 3, ".raw"},
        {"", 0, ".raw"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        T_STR(wki_resource_suffix(WKI_RESOURCE_FRAMES, rows[i].bytes, rows[i].n), rows[i].suffix);
    T_STR(wki_resource_suffix(WKI_RESOURCE_BULKDATA, "abc", 3), ".bin");
    T_STR(wki_resource_suffix(WKI_RESOURCE_METADATA, "[]", 2), ".json");
}

static CU_TestInfo tests[] = {
    {"targets are read, and name a file", test_targets},
    {"what is another target is left alone, what makes no sense is said", test_others},
    {"the suffix follows the bytes", test_suffix},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_resource = {"resource", NULL, NULL, NULL, NULL, tests};
