#include "support/plan_kit.h"
#include "support/t.h"

static void test_type_and_status_decide_and_a_reason_is_said(void)
{
#define E(rest) "{\"address\":\"https://h\"," rest "}"
    static const char bare[] = "it has no connection type";
    static const struct {
        const char *json, *why; /* "": usable */
    } rows[] = {
        {E("\"connectionType\":{\"code\":\"dicom-wado-rs\"}"), ""},
        {E("\"connectionType\":[{\"coding\":[{\"code\":\"dicom-wado-rs\"}]}]"), ""},
        {E("\"connectionType\":{\"coding\":[{\"code\":\"x\"},{\"code\":\"dicom-wado-rs\"}]}"), ""},
        {E("\"connectionType\":[{\"coding\":[{\"code\":\"dicom-qido-rs\"}]},"
           "{\"coding\":[{\"code\":\"dicom-wado-rs\"}]}]"),
         ""},
        {E("\"connectionType\":\"dicom-wado-rs\""), ""},
        {E("\"connectionType\":{\"text\":\"DICOM WADO-RS\"}"), ""},
        {E("\"payloadType\":[{\"text\":\"DICOM WADO-RS\"}]"), ""},
        {E("\"payload\":[{\"type\":[{\"text\":\"dicom wado-rs\"}]}]"), ""},
        {E("\"connectionType\":{\"code\":\"dicom-qido-rs\"},\"payloadType\":[{\"text\":"
           "\"DICOM WADO-RS\"}]"),
         "its connection type is dicom-qido-rs, not dicom-wado-rs"},
        {E("\"connectionType\":{\"code\":\"hl7-fhir-rest\"}"),
         "its connection type is hl7-fhir-rest, not dicom-wado-rs"},
        {E("\"x\":1"), bare},
        {E("\"connectionType\":{\"code\":\"dicom-wado-rs\"},\"status\":\"active\""), ""},
        {E("\"connectionType\":{\"code\":\"dicom-wado-rs\"},\"status\":\"test\""), ""},
        {E("\"connectionType\":{\"code\":\"dicom-wado-rs\"},\"status\":\"off\""),
         "its status is off"},
        {E("\"connectionType\":{\"code\":\"dicom-wado-rs\"},\"status\":\"error\""),
         "its status is error"},
        {E("\"connectionType\":{\"code\":\"dicom-wado-rs\"},\"status\":\"suspended\""),
         "its status is suspended"},
        {E("\"connectionType\":{\"code\":\"dicom-wado-rs\"},\"status\":\"entered-in-error\""),
         "its status is entered-in-error"},
        {"{\"connectionType\":{\"code\":\"dicom-wado-rs\"}}", "it has no address"},
        {"[]", bare},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_json *doc = kit_parse(rows[i].json);
        wki_endpoint e;

        wki_endpoint_read(doc, &e);
        CU_ASSERT_EQUAL(e.usable, rows[i].why[0] == '\0');
        T_STR(e.why, rows[i].why);
        wki_json_free(doc);
    }
}

static void test_the_token_extension_is_known_by_its_last_segment(void)
{
#define X(url, value) "{\"extension\":[{\"url\":\"" url "\"," value "}]}"
    static const struct {
        const char *json;
        wki_endpoint_token token;
    } rows[] = {
        {X("http://hl7.org/fhir/smart-app-launch/StructureDefinition/requires-access-token",
           "\"valueBoolean\":false"),
         WKI_TOKEN_NOT_WANTED},
        {X("http://other/requires-access-token", "\"valueBoolean\":true"), WKI_TOKEN_REQUIRED},
        {X("requires-access-token", "\"valueBoolean\":\"false\""), WKI_TOKEN_NOT_WANTED},
        {X("http://other/requires-access-token", "\"valueString\":\"no\""), WKI_TOKEN_UNSAID},
        {X("http://other/no-requires-access-token", "\"valueBoolean\":false"), WKI_TOKEN_UNSAID},
        {"{}", WKI_TOKEN_UNSAID},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_json *doc = kit_parse(rows[i].json);
        wki_endpoint e;

        wki_endpoint_read(doc, &e);
        CU_ASSERT_EQUAL(e.token, rows[i].token);
        wki_json_free(doc);
    }
}

static int n_read;
static char last_url[256];

static wk_code read_endpoint(wki_http *http, const char *url, const char *named_by, wki_json **out,
                             wk_error *err)
{
    static const char text[] =
        "{\"resourceType\":\"Endpoint\",\"id\":\"9\",\"address\":\"https://h/dw\","
        "\"connectionType\":{\"code\":\"dicom-wado-rs\"}}";

    (void)http;
    if (named_by)
        T_STR(named_by, "https://f/r4");
    n_read++;
    snprintf(last_url, sizeof last_url, "%s", url);
    if (strstr(url, "gone"))
        return wk_fail(err, WK_NOT_FOUND, "HTTP 404");
    return wki_json_parse(text, strlen(text), url, out, err);
}

static void test_an_endpoint_is_fetched_once_where_it_did_not_come_along(void)
{
    struct plan_kit kit = {.base = "https://f/r4", .read = read_endpoint};

    n_read = 0;
    kit_plan(&kit, "{\"resourceType\":\"ImagingStudy\",\"identifier\":{\"system\":"
                   "\"urn:dicom:uid\",\"value\":\"1.2\"},\"endpoint\":{\"reference\":"
                   "\"Endpoint/9\"},\"series\":[{\"uid\":\"1.3\",\"endpoint\":[{\"reference\":"
                   "\"Endpoint/9\"}]},{\"uid\":\"1.4\"}]}");
    CU_ASSERT_EQUAL(n_read, 1);
    T_STR(last_url, "https://f/r4/Endpoint/9");
    T_HAS(kit.text, "remote study https://h/dw/studies/1.2 no (foreign) -1.3 +1.4\n");
    T_HAS(kit.text, "remote series https://h/dw/studies/1.2/series/1.3");
    T_STR(kit.last->endpoint, "fetched Endpoint 9");
    kit_clear(&kit);
}

static void test_what_cannot_be_fetched_is_asked_for_once_and_said(void)
{
    struct plan_kit kit = {.base = "https://f/r4", .read = read_endpoint};

    n_read = 0;
    kit_plan(&kit, "{\"resourceType\":\"ImagingStudy\",\"identifier\":{\"system\":"
                   "\"urn:dicom:uid\",\"value\":\"1.2\"},\"endpoint\":[{\"reference\":"
                   "\"Endpoint/gone\"},{\"reference\":\"Endpoint/gone\"},{\"display\":\"x\"}]}");
    CU_ASSERT_EQUAL(n_read, 1);
    CU_ASSERT_EQUAL(kit.items, 0);
    CU_ASSERT_EQUAL(kit.first.code, WK_NOT_FOUND);
    T_HAS(kit.text, "NOT_FOUND study -: fetched Endpoint Endpoint/gone: HTTP 404\n");
    T_HAS(kit.text, "Endpoint without a reference: no reference in it\n");
    kit_clear(&kit);
}

static const char *study_at(const char *address)
{
    static char text[600];

    snprintf(text, sizeof text,
             "{\"resourceType\":\"ImagingStudy\",\"identifier\":{\"system\":\"urn:dicom:uid\","
             "\"value\":\"1.2\"},\"endpoint\":{\"reference\":\"#e\"},\"contained\":[{\"id\":"
             "\"e\",\"resourceType\":\"Endpoint\",\"connectionType\":{\"code\":"
             "\"dicom-wado-rs\"},\"address\":\"%s\"}]}",
             address);
    return text;
}

static void test_an_address_leads_neither_here_nor_to_metadata(void)
{
    static const struct {
        const char *base, *address;
        int items;
        const char *origin;
    } cases[] = {
        {"https://f/r4", "http://127.0.0.1:8042/dw", 0, NULL},
        {"https://f/r4", "http://127.0.0.1:8042/dw", 1, "http://127.0.0.1:8042"},
        {"https://f/r4", "https://169.254.169.254/dw", 0, NULL},
        {NULL, "https://[fe80::1]/dw", 0, NULL},
        {"http://127.0.0.1:9/r4", "http://localhost:8042/dw", 1, NULL},
        {NULL, "http://127.0.0.1:8042/dw", 1, NULL},
        {"https://f/r4", "http://10.1.2.3/dw", 1, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan_kit kit = {.base = cases[i].base, .origin = cases[i].origin};

        kit_plan(&kit, study_at(cases[i].address));
        CU_ASSERT_EQUAL(kit.items, cases[i].items);
        if (cases[i].items == 0)
            CU_ASSERT_EQUAL(kit.first.code, WK_REFUSED);
        if (kit.last && cases[i].base)
            T_STR(kit.last->named_by, cases[i].base);
        kit_clear(&kit);
    }
}

static void test_an_endpoint_is_not_read_from_this_machine_or_a_metadata_service(void)
{
    static const char *const urls[] = {"http://169.254.169.254/Endpoint/1",
                                       "http://127.0.0.1:8080/Endpoint/1"};

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct plan_kit kit = {.base = "https://f/r4", .read = read_endpoint};
        char json[512];

        n_read = 0;
        snprintf(json, sizeof json,
                 "{\"resourceType\":\"ImagingStudy\",\"identifier\":{\"system\":"
                 "\"urn:dicom:uid\",\"value\":\"1.2\"},\"endpoint\":{\"reference\":\"%s\"}}",
                 urls[i]);
        kit_plan(&kit, json);
        CU_ASSERT_EQUAL(n_read, 0);
        CU_ASSERT_EQUAL(kit.first.code, WK_REFUSED);
        kit_clear(&kit);
    }
}

static CU_TestInfo tests[] = {
    {"an Endpoint is not read from this machine or a metadata service",
     test_an_endpoint_is_not_read_from_this_machine_or_a_metadata_service},
    {"an address leads neither here nor to metadata",
     test_an_address_leads_neither_here_nor_to_metadata},
    {"type and status decide, and a reason is said",
     test_type_and_status_decide_and_a_reason_is_said},
    {"the token extension is known by its last segment",
     test_the_token_extension_is_known_by_its_last_segment},
    {"an Endpoint that did not come along is fetched once",
     test_an_endpoint_is_fetched_once_where_it_did_not_come_along},
    {"what cannot be fetched is asked for once, and said",
     test_what_cannot_be_fetched_is_asked_for_once_and_said},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_endpoint = {"endpoint", NULL, NULL, NULL, NULL, tests};
