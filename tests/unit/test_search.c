#include "support/plan_kit.h"
#include "support/t.h"

#include "flow/find/search_fhir.h"
#include "flow/find/search_query.h"

static void fhir_query(const wk_search_opts *opts, const char *expected)
{
    wki_buf form;
    wk_error err = {0};

    wki_buf_init(&form, 4096, "form");
    T_OK(wki_search_check(opts, "https://h/f", &err), &err);
    T_OK(wki_fhir_query(opts, opts->identifier, false, &form, &err), &err);
    T_STR(wki_buf_text(&form), expected);
    wki_buf_clear(&form);
}

static void test_options_become_fhir_parameters(void)
{
    static const char *const params[] = {"status=available", "_sort=-started", "empty="};
    static const struct {
        wk_search_opts opts;
        const char *form;
    } rows[] = {
        {{.patient = "Patient/1"}, "patient=Patient%2F1"},
        {{.patient_identifier = "s|1"}, "patient.identifier=s%7C1"},
        {{.identifier = "urn:oid:1.2", .accession = "A1"},
         "identifier=urn%3Aoid%3A1.2&identifier=A1"},
        {{.modality = "CT"}, "modality=CT"},
        {{.since = "2024"}, "started=ge2024"},
        {{.since = "2024-05", .until = "2024-06-07"}, "started=ge2024-05&started=le2024-06-07"},
        {{.since = "20240501"}, "started=ge2024-05-01"},
        {{.until = "2024-05-01T10:00:00+02:00"}, "started=le2024-05-01T10%3A00%3A00%2B02%3A00"},
        {{.description = "x"}, ""},
        {{.params = params, .n_params = 3}, "status=available&_sort=-started&empty="},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        fhir_query(&rows[i].opts, rows[i].form);
}

static void test_options_become_qido_keys(void)
{
    static const char *const params[] = {"00100010=A*"};
    static const struct {
        wk_search_opts opts;
        const char *keys;
    } rows[] = {
        {{.patient = "Patient/1"}, "PatientID=1;"},
        {{.patient_identifier = "7"}, "PatientID=7;"},
        {{.identifier = "urn:oid:1.2.3"}, "StudyInstanceUID=1.2.3;"},
        {{.identifier = "urn:dicom:uid|urn:oid:1.2.3"}, "StudyInstanceUID=1.2.3;"},
        {{.identifier = "1.2.3", .level = WK_LEVEL_SERIES}, ""},
        {{.accession = "A1", .modality = "CT"}, "AccessionNumber=A1;ModalitiesInStudy=CT;"},
        {{.modality = "CT", .level = WK_LEVEL_SERIES}, "Modality=CT;"},
        {{.since = "2024"}, "StudyDate=20240101-;"},
        {{.until = "2024-02"}, "StudyDate=-20240229;"},
        {{.until = "1900-02"}, "StudyDate=-19000228;"},
        {{.until = "2023-11"}, "StudyDate=-20231130;"},
        {{.since = "2024-02-03T01:00", .until = "20250102"}, "StudyDate=20240203-20250102;"},
        {{.description = "chest"}, "StudyDescription=*chest*;"},
        {{.description = "chest*"}, "StudyDescription=chest*;"},
        {{.params = params, .n_params = 1}, "00100010=A*;"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_qido_query q;
        wk_error err = {0};
        char text[256] = "";

        T_OK(wki_search_check(&rows[i].opts, NULL, &err), &err);
        T_OK(wki_qido_query_make(&rows[i].opts, &q, &err), &err);
        for (size_t k = 0; k < q.n; k++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s=%s;", q.items[k].name,
                     q.items[k].value);
        T_STR(text, rows[i].keys);
        wki_qido_query_clear(&q);
    }
}

static void test_what_cannot_be_asked_is_said_before_anything_is_sent(void)
{
    static const char *const no_value[] = {"x"}, *const no_name[] = {"=x"};
    static const char redox[] = "https://api.redoxengine.com/fhir/R4/x/Development";
    static const struct {
        wk_search_opts opts;
        const char *fhir, *part;
    } rows[] = {
        {{.since = "yesterday"}, NULL, "since yesterday"},
        {{.until = "2024-13"}, NULL, "until"},
        {{.since = "2024-01-32"}, NULL, "since"},
        {{.since = "202401"}, NULL, "since"},
        {{.since = "2024-01x"}, NULL, "since"},
        {{.since = ""}, NULL, "since"},
        {{.params = no_value, .n_params = 1}, NULL, "NAME=VALUE"},
        {{.params = no_name, .n_params = 1}, NULL, "NAME=VALUE"},
        {{.level = WK_LEVEL_SERIES}, "https://h/f", "DICOMweb"},
        {{.level = WK_LEVEL_FRAME}, NULL, "instances"},
        {{.modality = "CT"}, redox, "a patient or an identifier"},
    };
    wk_search_opts fine = {.patient = "p"};
    wk_error none = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wk_error err = {0};

        T_FAILS(wki_search_check(&rows[i].opts, rows[i].fhir, &err), WK_USAGE, &err);
        T_HAS(err.message, rows[i].part);
    }
    T_OK(wki_search_check(&fine, redox, &none), &none);
}

static void test_a_uid_has_three_forms_and_another_identifier_one(void)
{
    wki_identifier_forms f;
    wk_error err = {0};

    T_OK(wki_identifier_forms_of("URN:OID:1.2.3", &f, &err), &err);
    CU_ASSERT_EQUAL(f.n, 3);
    T_STR(f.form[0], "urn:dicom:uid|urn:oid:1.2.3");
    T_STR(f.form[1], "urn:oid:1.2.3");
    T_STR(f.form[2], "1.2.3");
    T_OK(wki_identifier_forms_of("http://acc|77", &f, &err), &err);
    CU_ASSERT_EQUAL(f.n, 1);
    T_STR(f.form[0], "http://acc|77");
    T_OK(wki_identifier_forms_of("77", &f, &err), &err);
    CU_ASSERT_EQUAL(f.n, 1);
}

static void test_words_are_compared_without_case(void)
{
    CU_ASSERT_TRUE(wki_search_has("XR Wrist", "wRi"));
    CU_ASSERT_TRUE(wki_search_has("XR Wrist", ""));
    CU_ASSERT_TRUE(wki_search_has("", NULL));
    CU_ASSERT_FALSE(wki_search_has("XR Wrist", "hand"));
    CU_ASSERT_FALSE(wki_search_has("", "hand"));
}

/* The resource of a search must give the same plan as the answer it came from. */
static void round_trip(const char *json, struct plan_kit kit)
{
    struct plan_kit before = kit, after = kit;
    wki_json *doc = kit_parse(json), *again;
    const wki_json *at = NULL;
    wki_bundle_entry entry;
    wki_imaging_study study;
    wki_study_endpoints endpoints;
    wki_endpoint_cache cache;
    wk_error err = {0};
    char *text;

    kit_plan(&before, json);
    CU_ASSERT_TRUE_FATAL(wki_bundle_next_entry(doc, &at, &entry));
    wki_fhir_scope scope = {.resource = entry.resource, .bundle = doc, .base = kit.base};

    wki_endpoint_cache_init(&cache, NULL, NULL);
    T_OK(wki_imaging_study_read(entry.resource, NULL, &study, &err), &err);
    T_OK(wki_study_endpoints_find(&scope, &study, &cache, &endpoints, &err), &err);
    text = wki_search_resource(&scope, &study, &endpoints);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    again = kit_parse(text);
    after.base = NULL;
    kit_plan(&after, text);
    T_STR(after.text, before.text);
    wki_json_free(again);
    free(text);
    wki_study_endpoints_clear(&endpoints);
    wki_imaging_study_clear(&study);
    wki_endpoint_cache_clear(&cache);
    wki_json_free(doc);
    kit_clear(&before);
    kit_clear(&after);
}

#define EP(id, address)                                                                            \
    "{\"resourceType\":\"Endpoint\",\"id\":\"" id "\",\"address\":\"" address                      \
    "\",\"connectionType\":{\"code\":\"dicom-wado-rs\"}}"
#define ENTRY(url, resource) "{\"fullUrl\":\"" url "\",\"resource\":" resource "}"
#define STUDY(rest)                                                                                \
    "{\"resourceType\":\"ImagingStudy\",\"identifier\":{\"system\":\"urn:dicom:uid\","             \
    "\"value\":\"urn:oid:1.2.3\"}," rest "}"

static void test_the_resource_of_a_hit_gives_the_same_plan(void)
{
    struct plan_kit kit = {.slug = "x", .base = "https://f/r4"};
    size_t n;
    char *search = kit_file("redox_imagingstudy_search.json", &n);

    /* Labels say how an Endpoint came, and differ where one is refused: so the slug is given. */
    round_trip(search, kit);
    free(search);
    round_trip(
        "{\"resourceType\":\"Bundle\",\"entry\":[" ENTRY(
            "https://f/r4/ImagingStudy/1",
            STUDY(
                "\"endpoint\":[{\"reference\":"
                "\"urn:uuid:7\"}],\"series\":[{\"uid\":\"1.2.3.1\",\"endpoint\":{\"reference\":"
                "\"Endpoint/a\"}},{\"uid\":\"1.2.3.2\"}]")) "," ENTRY("urn:uuid:7",
                                                                      EP("a",
                                                                         "https://h/one")) "," ENTRY("https://f/r4/Endpoint/a",
                                                                                                     EP("a",
                                                                                                        "two")) "]}",
        kit);
}

static void test_a_hit_is_one_line(void)
{
    wk_search_hit hit = {.source = "qido",
                         .study = "1.2.3",
                         .modality = "CT\\SR",
                         .n_series = 2,
                         .n_instances = -1,
                         .dicomweb = "https://h/r"};
    wk_json_line *line = wk_search_hit_json(&hit);
    char *text = wk_json_line_text(line);

    T_STR(text, "{\"type\":\"study\",\"study\":\"1.2.3\",\"source\":\"qido\",\"patient\":null,"
                "\"started\":null,\"modality\":[\"CT\",\"SR\"],\"description\":null,"
                "\"accession\":null,\"series\":2,\"instances\":null,\"dicomweb\":\"https://h/r\"}");
    free(text);
    wk_json_line_free(line);
}

static CU_TestInfo tests[] = {
    {"options become FHIR parameters", test_options_become_fhir_parameters},
    {"options become QIDO keys", test_options_become_qido_keys},
    {"what cannot be asked is said before anything is sent",
     test_what_cannot_be_asked_is_said_before_anything_is_sent},
    {"a UID has three forms, another identifier one",
     test_a_uid_has_three_forms_and_another_identifier_one},
    {"words are compared without case", test_words_are_compared_without_case},
    {"the resource of a hit gives the same plan", test_the_resource_of_a_hit_gives_the_same_plan},
    {"a hit is one line", test_a_hit_is_one_line},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_search = {"search", NULL, NULL, NULL, NULL, tests};
