#include "support/plan_kit.h"
#include "support/t.h"

#include "dicomweb/dicomweb_url.h"

#define WADO "\"connectionType\":{\"code\":\"dicom-wado-rs\"}"
#define ID(uid) "\"identifier\":[{\"system\":\"urn:dicom:uid\",\"value\":\"urn:oid:" uid "\"}]"
#define EP(id, rest) "{\"resourceType\":\"Endpoint\",\"id\":\"" id "\"," WADO "," rest "}"
#define REF(r) "\"endpoint\":[{\"reference\":\"" r "\"}]"
#define STUDY(rest) "{\"resourceType\":\"ImagingStudy\"," ID("1.2.3") "," rest "}"

/* One study in, the lines out. */
struct row {
    const char *what;
    const char *json;
    const char *lines;
    struct plan_kit kit;
};

static void check(const struct row *row)
{
    struct plan_kit kit = row->kit;

    kit_plan(&kit, row->json);
    if (strcmp(kit.text, row->lines) != 0)
        printf("\n  %s:", row->what);
    T_STR(kit.text, row->lines);
    kit_clear(&kit);
}

static void check_all(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check(&rows[i]);
}

static void test_an_address_gives_the_same_url_in_every_form(void)
{
#define ONE(address) STUDY(REF("#e") ",\"contained\":[" EP("e", "\"address\":\"" address "\"") "]")
    static const char plain[] = "remote study https://h/dw/studies/1.2.3 no (foreign)\n";
    static const struct row rows[] = {
        {"service root", ONE("https://h/dw"), plain, {0}},
        {"trailing slashes", ONE("https://h/dw//"), plain, {0}},
        {"full study URL", ONE("https://h/dw/studies/1.2.3"), plain, {0}},
        {"study URL with a slash", ONE("https://h/dw/studies/1.2.3/"), plain, {0}},
        {"ends with /studies", ONE("https://h/dw/studies"), plain, {0}},
        {"a series URL of a study's Endpoint",
         ONE("https://h/dw/studies/1.2.3/series/1.9"),
         plain,
         {0}},
        {"metadata", ONE("https://h/dw/studies/1.2.3/metadata"), plain, {0}},
        {"query string",
         ONE("https://h/dw?k=a%2Fb"),
         "remote study https://h/dw/studies/1.2.3?k=a%2Fb no (foreign)\n",
         {0}},
        {"study URL with a query string",
         ONE("https://h/dw/studies/1.2.3?k=1"),
         "remote study https://h/dw/studies/1.2.3?k=1 no (foreign)\n",
         {0}},
        {"fragment", ONE("https://h/dw#x"), plain, {0}},
        {"root of the server",
         ONE("https://h"),
         "remote study https://h/studies/1.2.3 no (foreign)\n",
         {0}},
        {"a root that has studies in it",
         ONE("https://h/studies/dw"),
         "DATA study https://h/studies/dw: contained Endpoint e: 'dw' after /studies/ in the "
         "address is not a UID\n",
         {0}},
        {"relative",
         ONE("dw"),
         "remote study https://f/r4/dw/studies/1.2.3 no (foreign)\n",
         {.base = "https://f/r4"}},
        {"relative to the host",
         ONE("/dw"),
         "remote study https://f/dw/studies/1.2.3 no (foreign)\n",
         {.base = "https://f/r4"}},
        {"relative without a base",
         ONE("/dw"),
         "DATA study /dw: contained Endpoint e: its address is relative, and the server it stands "
         "on is not known\n",
         {0}},
        {"credentials",
         ONE("https://h/dw"),
         "remote study https://h/dw/studies/1.2.3 yes (configured)\n",
         {.origin = "https://h/"}},
        {"filled",
         ONE("https://h/{{destination-slug}}/dw"),
         "remote study https://h/s1/dw/studies/1.2.3 no (foreign)\n",
         {.slug = "s1"}},
        {"filled, encoded",
         ONE("https://h/%7B%7bdestination-slug%7D%7d/dw"),
         "remote study https://h/s1/dw/studies/1.2.3 no (foreign)\n",
         {.slug = "s1"}},
        {"not filled",
         ONE("https://h/{{other}}/dw"),
         "REFUSED study https://h/{{other}}/dw: contained Endpoint e: its address holds {{other}}, "
         "which is not filled: give other=VALUE\n",
         {.slug = "s1"}},
        {"not filled, encoded",
         ONE("https://h/%7B%7Bother%7D%7D/dw"),
         "REFUSED study https://h/%7B%7Bother%7D%7D/dw: contained Endpoint e: its address holds "
         "{{other}}, which is not filled: give other=VALUE\n",
         {0}},
        {"not closed",
         ONE("https://h/{{x/dw"),
         "REFUSED study https://h/{{x/dw: contained Endpoint e: its address holds '{{' without "
         "'}}'\n",
         {0}},
        {"another study",
         ONE("https://h/dw/studies/1.2.4"),
         "REFUSED study https://h/dw/studies/1.2.4: contained Endpoint e: its address names "
         "another "
         "study, 1.2.4\n",
         {0}},
    };

    check_all(rows, sizeof rows / sizeof rows[0]);
}

static void test_what_must_not_be_requested_is_refused(void)
{
    static const char *const addresses[] = {"file:///etc/passwd", "https://u:p@h/dw",
                                            "https://h/a b", "ftp://h/dw", "https://h/\\r\\nX: 1"};

    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct plan_kit kit = {0};
        char json[512];

        snprintf(json, sizeof json,
                 STUDY(REF("#e") ",\"contained\":[" EP("e", "\"address\":\"%s\"") "]"),
                 addresses[i]);
        kit_plan(&kit, json);
        CU_ASSERT_EQUAL(kit.items, 0);
        CU_ASSERT_EQUAL(kit.first.code, WK_REFUSED);
        kit_clear(&kit);
    }
}

#define STUDY_EP EP("e", "\"address\":\"https://h/dw\"")
#define SERIES_EP EP("s", "\"address\":\"https://h/dw/studies/1.2.3/series/1.2.3.1\"")
#define OWN "{\"uid\":\"1.2.3.1\"," REF("#s") "}"
#define PLAIN "{\"uid\":\"1.2.3.2\"}"
#define STUDY_LINE "remote study https://h/dw/studies/1.2.3 no (foreign)"
#define SERIES_LINE "remote series https://h/dw/studies/1.2.3/series/1.2.3.1 no (foreign)"

static void test_a_series_endpoint_replaces_the_studys_and_nothing_comes_twice(void)
{
    static const struct row rows[] = {
        {"every series has one",
         STUDY(REF("#e") ",\"series\":[" OWN "],\"contained\":[" STUDY_EP "," SERIES_EP "]"),
         "notice study https://h/dw/studies/1.2.3: every listed series has an endpoint of its "
         "own\n" SERIES_LINE "\n",
         {0}},
        {"and the count agrees",
         STUDY(REF("#e") ",\"numberOfSeries\":1,\"series\":[" OWN "],\"contained\":[" STUDY_EP
                         "," SERIES_EP "]"),
         "notice study https://h/dw/studies/1.2.3: every listed series has an endpoint of its "
         "own\n" SERIES_LINE "\n",
         {0}},
        {"the list is not complete",
         STUDY(REF("#e") ",\"numberOfSeries\":2,\"series\":[" OWN "],\"contained\":[" STUDY_EP
                         "," SERIES_EP "]"),
         STUDY_LINE " -1.2.3.1\n" SERIES_LINE "\n",
         {0}},
        {"one series has none",
         STUDY(REF("#e") ",\"series\":[" OWN "," PLAIN "],\"contained\":[" STUDY_EP "," SERIES_EP
                         "]"),
         STUDY_LINE " -1.2.3.1 +1.2.3.2\n" SERIES_LINE "\n",
         {0}},
        {"listed twice",
         STUDY(REF("#e") ",\"series\":[" OWN "," OWN "],\"contained\":[" STUDY_EP "," SERIES_EP
                         "]"),
         "notice study https://h/dw/studies/1.2.3: every listed series has an endpoint of its "
         "own\n" SERIES_LINE "\n",
         {0}},
        {"the series' is off",
         STUDY(REF("#e") ",\"series\":[" OWN "],\"contained\":[" STUDY_EP
                         "," EP("s", "\"status\":\"off\",\"address\":\"https://h/dw\"") "]"),
         STUDY_LINE " +1.2.3.1\nnotice series https://h/dw: its status is off\n",
         {0}},
        {"the series' is of another type",
         STUDY(REF("#e") ",\"series\":[" OWN "],\"contained\":[" STUDY_EP
                         ",{\"resourceType\":\"Endpoint\",\"id\":\"s\",\"address\":\"https://h/u\","
                         "\"connectionType\":{\"code\":\"dicom-wado-uri\"}}]"),
         STUDY_LINE " +1.2.3.1\nnotice series https://h/u: its connection type is dicom-wado-uri, "
                    "not dicom-wado-rs\n",
         {0}},
        {"the series' is a root",
         STUDY(REF("#e") ",\"series\":[" OWN "],\"contained\":[" STUDY_EP
                         "," EP("s", "\"address\":\"https://g/w\"") "]"),
         "notice study https://h/dw/studies/1.2.3: every listed series has an endpoint of its own\n"
         "remote series https://g/w/studies/1.2.3/series/1.2.3.1 no (foreign)\n",
         {0}},
        {"the series' names another series: the study's is used",
         STUDY(REF("#e") ",\"series\":[" OWN "],\"contained\":[" STUDY_EP
                         "," EP("s", "\"address\":\"https://g/w/studies/1.2.3/series/9.9\"") "]"),
         STUDY_LINE
         " +1.2.3.1\nnotice series https://g/w/studies/1.2.3/series/9.9: contained "
         "Endpoint s: its address names another series, 9.9; the study's endpoint is used\n",
         {0}},
        {"only series have one",
         STUDY("\"series\":[" OWN "],\"contained\":[" SERIES_EP "]"),
         SERIES_LINE "\n",
         {0}},
        {"one series cannot be had",
         STUDY("\"series\":[" OWN "," PLAIN "],\"contained\":[" SERIES_EP "]"),
         "NOT_FOUND series -: series 1.2.3.2: no usable Endpoint\n" SERIES_LINE "\n",
         {0}},
        {"more series than are listed cannot be had",
         STUDY("\"numberOfSeries\":3,\"series\":[" OWN "],\"contained\":[" SERIES_EP "]"),
         "NOT_FOUND study -: study 1.2.3: has 3 series by its own count, lists 1, and no usable "
         "Endpoint for the others\n" SERIES_LINE "\n",
         {0}},
        {"the rest comes from --dicomweb",
         STUDY("\"series\":[" OWN "," PLAIN "],\"contained\":[" SERIES_EP "]"),
         "remote study https://d/studies/1.2.3 no (foreign) -1.2.3.1 +1.2.3.2\n" SERIES_LINE "\n",
         {.fallback = "https://d/"}},
    };

    check_all(rows, sizeof rows / sizeof rows[0]);
}

static void test_without_a_usable_endpoint_dicomweb_is_used_or_it_is_said_why_not(void)
{
    static const struct row rows[] = {
        {"none at all",
         STUDY("\"status\":\"available\""),
         "NOT_FOUND study -: study 1.2.3: no usable Endpoint\n",
         {0}},
        {"none, with --dicomweb",
         STUDY("\"status\":\"available\""),
         "remote study https://d/r/studies/1.2.3 yes (configured)\n",
         {.fallback = "https://d/r", .origin = "https://d/"}},
        {"suspended",
         STUDY(REF("#e") ",\"contained\":[" EP("e", "\"status\":\"suspended\","
                                                    "\"address\":\"https://h/dw\"") "]"),
         "notice study https://h/dw: its status is suspended\n"
         "NOT_FOUND study -: study 1.2.3: no usable Endpoint (contained Endpoint e: its status is "
         "suspended)\n",
         {0}},
        {"suspended, with --dicomweb",
         STUDY(REF("#e") ",\"contained\":[" EP(
             "e", "\"status\":\"suspended\",\"address\":\"https://h/dw\"") "]"),
         "remote study https://d/studies/1.2.3 no (foreign)\n"
         "notice study https://h/dw: its status is suspended\n",
         {.fallback = "https://d"}},
        {"refused, with --dicomweb",
         STUDY(REF("#e") ",\"contained\":[" EP("e", "\"address\":\"https://h/{{x}}\"") "]"),
         "remote study https://d/studies/1.2.3 no (foreign)\n"
         "notice study https://h/{{x}}: contained Endpoint e: its address holds {{x}}, which is "
         "not filled: give x=VALUE; dicomweb is used\n",
         {.fallback = "https://d"}},
        {"the second is usable",
         STUDY("\"endpoint\":[{\"reference\":\"#a\"},{\"reference\":\"#e\"}"
               ",{\"reference\":\"#f\"}],\"contained\":[" EP(
                   "a",
                   "\"status\":\"error\",\"address\":\"https://a\"") "," STUDY_EP
                                                                     "," EP("f",
                                                                            "\"address\":\"https://"
                                                                            "f\"") "]"),
         STUDY_LINE "\nnotice study https://a: its status is error\n"
                    "notice study https://f/studies/1.2.3: another Endpoint is used\n",
         {0}},
        {"leads nowhere",
         STUDY(REF("#x")),
         "NOT_FOUND study -: Endpoint #x: no such Endpoint came with the study\n",
         {0}},
        {"relative, and the server is not known",
         STUDY(REF("Endpoint/x")),
         "NOT_FOUND study -: Endpoint Endpoint/x: no such Endpoint came with the study, and its "
         "server is not known\n",
         {0}},
        {"no UID",
         "{\"resourceType\":\"ImagingStudy\",\"id\":\"i1\"}",
         "DATA study -: ImagingStudy i1: no Study Instance UID in it\n",
         {.fallback = "https://d"}},
    };

    check_all(rows, sizeof rows / sizeof rows[0]);
}

static void test_an_endpoint_says_whether_the_token_goes_along(void)
{
#define TOKEN(value)                                                                               \
    STUDY(REF("#e") ",\"contained\":[" EP(                                                         \
        "e", "\"address\":\"https://h/dw\",\"extension\":[{"                                       \
             "\"url\":\"http://x/y/requires-access-token\",\"valueBoolean\":" value "}]") "]")
    static const struct row rows[] = {
        {"false",
         TOKEN("false"),
         "remote study https://h/dw/studies/1.2.3 no (the Endpoint says that it needs no access "
         "token)\n",
         {.origin = "https://h/"}},
        {"true",
         TOKEN("true"),
         "remote study https://h/dw/studies/1.2.3 yes (configured)\n",
         {.origin = "https://h/"}},
        {"true, at another origin",
         TOKEN("true"),
         "remote study https://h/dw/studies/1.2.3 no (foreign)\n",
         {.origin = "https://i/"}},
    };

    check_all(rows, sizeof rows / sizeof rows[0]);
}

static void test_headers_of_an_endpoint_are_carried_and_checked(void)
{
#define HEADER(h)                                                                                  \
    STUDY(REF("#e") ",\"contained\":[" EP("e", "\"address\":\"https://h/dw\",\"header\":" h) "]")
    static const char *const bad[] = {"[\"X: 1\\r\\nY: 2\"]", "[\"nothing\"]", "[\": 1\"]",
                                      "[\"host: evil\"]",     "[\"X Y: 1\"]",  "[5]"};
    struct plan_kit kit = {0};

    kit_plan(&kit, HEADER("[\"X-Key: 5\",\"X-B: a\"]"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(kit.last);
    CU_ASSERT_EQUAL_FATAL(kit.last->n_headers, 2);
    T_STR(kit.last->headers[0], "X-Key: 5");
    T_STR(kit.last->headers[1], "X-B: a");
    kit_clear(&kit);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct plan_kit k = {0};
        char json[512];

        snprintf(json, sizeof json, HEADER("%s"), bad[i]);
        kit_plan(&k, json);
        CU_ASSERT_EQUAL(k.items, 0);
        CU_ASSERT_EQUAL(k.first.code, WK_REFUSED);
    }
}

static void test_an_item_carries_what_the_study_lists(void)
{
    struct plan_kit kit = {0};
    const wk_series_hint *hint;

    kit_plan(&kit, STUDY("\"description\":\"Chest\",\"numberOfSeries\":1,\"series\":[{\"uid\":"
                         "\"urn:oid:1.2.3.1\",\"modality\":{\"coding\":[{\"code\":\"CT\"}]},"
                         "\"numberOfInstances\":\"7\",\"instance\":[{\"uid\":\"1.1\",\"number\":1,"
                         "\"sopClass\":{\"code\":\"urn:oid:1.2.840.10008.5.1.4.1.1.2\"}}]}]," REF(
                             "#e") ",\"contained\":[" STUDY_EP "]"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(kit.last);
    CU_ASSERT_TRUE(kit.last->complete_hint);
    T_STR(kit.last->description, "Chest");
    T_STR(kit.last->root, "https://h/dw");
    T_STR(kit.last->endpoint, "contained Endpoint e");
    T_STR(kit.last->connection, "dicom-wado-rs");
    CU_ASSERT_EQUAL_FATAL(kit.last->n_series_hints, 1);
    hint = &kit.last->series_hints[0];
    T_STR(hint->uid, "1.2.3.1");
    T_STR(hint->modality, "CT");
    CU_ASSERT_EQUAL(hint->n_instances, 7);
    CU_ASSERT_EQUAL_FATAL(hint->n_listed, 1);
    T_STR(hint->instances[0].sop, "1.1");
    T_STR(hint->instances[0].sop_class, "1.2.840.10008.5.1.4.1.1.2");
    kit_clear(&kit);
}

static void test_dicomweb_urls_are_taken_apart_and_put_together(void)
{
    static const struct {
        const char *url, *root, *study, *series, *sop, *rest;
        unsigned frame;
    } rows[] = {
        {"https://h/r/studies/1.2", "https://h/r", "1.2", "", "", "", 0},
        {"https://h/r/studies/1.2/series/3.4/", "https://h/r", "1.2", "3.4", "", "", 0},
        {"https://h/studies/1.2/series/3.4/instances/5.6", "https://h", "1.2", "3.4", "5.6", "", 0},
        {"https://h/studies/1.2/series/3.4/instances/5.6/frames/7", "https://h", "1.2", "3.4",
         "5.6", "", 7},
        {"https://h/studies/1.2/series/3.4/instances/5.6/frames/7,8", "https://h", "1.2", "3.4",
         "5.6", "frames/7,8", 0},
        {"https://h/studies/1.2/series/3.4/instances/5.6/frames/0", "https://h", "1.2", "3.4",
         "5.6", "frames/0", 0},
        {"https://h/studies/1.2/metadata", "https://h", "1.2", "", "", "metadata", 0},
        {"https://h/studies/9/studies/1.2", "https://h/studies/9", "1.2", "", "", "", 0},
        {"https://h/studiesx/1.2", "https://h/studiesx/1.2", "", "", "", "", 0},
        {"https://h/", "https://h", "", "", "", "", 0},
        {"https://h?x=/studies/1.2", "https://h", "", "", "", "", 0},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_dicomweb_url u;
        wk_error err = {0};

        T_OK(wki_dicomweb_url_parse(rows[i].url, &u, &err), &err);
        T_STR(u.root, rows[i].root);
        T_STR(u.study, rows[i].study);
        T_STR(u.series, rows[i].series);
        T_STR(u.sop, rows[i].sop);
        T_STR(u.rest, rows[i].rest);
        CU_ASSERT_EQUAL(u.frame, rows[i].frame);
        wki_dicomweb_url_clear(&u);
    }
}

static CU_TestInfo tests[] = {
    {"an address gives the same URL in every form",
     test_an_address_gives_the_same_url_in_every_form},
    {"what must not be requested is refused", test_what_must_not_be_requested_is_refused},
    {"a series' Endpoint replaces the study's, and nothing comes twice",
     test_a_series_endpoint_replaces_the_studys_and_nothing_comes_twice},
    {"without a usable Endpoint --dicomweb is used, or it is said why not",
     test_without_a_usable_endpoint_dicomweb_is_used_or_it_is_said_why_not},
    {"an Endpoint says whether the token goes along",
     test_an_endpoint_says_whether_the_token_goes_along},
    {"headers of an Endpoint are carried and checked",
     test_headers_of_an_endpoint_are_carried_and_checked},
    {"an item carries what the study lists", test_an_item_carries_what_the_study_lists},
    {"DICOMweb URLs are taken apart", test_dicomweb_urls_are_taken_apart_and_put_together},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_plan = {"plan", NULL, NULL, NULL, NULL, tests};
