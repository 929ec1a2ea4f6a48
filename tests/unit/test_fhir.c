#include "support/plan_kit.h"
#include "support/t.h"

static void test_a_reference_is_found_in_every_form(void)
{
    static const struct {
        const char *reference, *id; /* NULL: not found */
    } rows[] = {
        {"Endpoint/1", "1"},
        {"Endpoint/1/_history/3", "1"},
        {"https://h/f/Endpoint/1", "1"},
        {"https://h/f/Endpoint/1/_history/2", "1"},
        {"https://other/f/Endpoint/1", NULL},
        {"Patient/1", "p"},
        {"urn:uuid:0ab-1", "u"},
        {"URN:UUID:0ab-1", "u"},
        {"urn:uuid:none", NULL},
        {"Endpoint/3", "3"},
        {"https://h/f/Endpoint/3", "3"},
        {"Device/3", NULL},
        {"Endpoint/a.b-c", "a.b-c"},
        {"#", NULL},
        {"#nothing", NULL},
        {"Endpoint/", NULL},
    };
    wki_json *bundle = kit_parse(
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"fullUrl\":\"x\"},{\"resource\":null},"
        "{\"fullUrl\":\"https://h/f/Patient/1\",\"resource\":{\"resourceType\":\"Patient\","
        "\"id\":\"p\"}},"
        "{\"fullUrl\":\"https://h/f/Endpoint/1\",\"resource\":{\"resourceType\":\"Endpoint\","
        "\"id\":\"1\"}},"
        "{\"fullUrl\":\"urn:uuid:0ab-1\",\"resource\":{\"resourceType\":\"Endpoint\","
        "\"id\":\"u\"}},"
        "{\"resource\":{\"resourceType\":\"Endpoint\",\"id\":\"3\"}},"
        "{\"resource\":{\"id\":\"a.b-c\",\"resourceType\":\"Endpoint\"}}]}");
    wki_json *study = kit_parse("{\"resourceType\":\"ImagingStudy\"}");
    wki_fhir_scope scope = {.resource = study, .bundle = bundle, .base = "https://h/f"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const wki_json *found = wki_fhir_find(&scope, rows[i].reference, NULL);

        if ((found != NULL) != (rows[i].id != NULL))
            printf("\n  %s", rows[i].reference);
        CU_ASSERT_EQUAL(found != NULL, rows[i].id != NULL);
        if (found && rows[i].id)
            T_STR(wki_json_str(found, "id"), rows[i].id);
    }
    wki_json_free(bundle);
    wki_json_free(study);
}

static void test_an_endpoint_named_by_type_and_id_may_be_contained(void)
{
    wki_json *study = kit_parse("{\"contained\":[{\"id\":\"x\"}]}");
    wki_fhir_scope scope = {.resource = study};

    CU_ASSERT_PTR_NOT_NULL(wki_fhir_find(&scope, "Endpoint/x", NULL));
    CU_ASSERT_PTR_NOT_NULL(wki_fhir_find(&scope, "urn:uuid:x", NULL));
    CU_ASSERT_PTR_NULL(wki_fhir_find(&scope, "https://h/Endpoint/x", NULL));
    wki_json_free(study);
}

static void test_a_reference_gives_the_url_to_fetch(void)
{
    static const struct {
        const char *reference, *base, *url; /* NULL: none */
    } rows[] = {
        {"Endpoint/1", "https://h/f", "https://h/f/Endpoint/1"},
        {"/Endpoint/1", "https://h/f", "https://h/f/Endpoint/1"},
        {"Endpoint/1", NULL, NULL},
        {"https://g/Endpoint/1", NULL, "https://g/Endpoint/1"},
        {"ftp://g/Endpoint/1", "https://h/f", NULL},
        {"#x", "https://h/f", NULL},
        {"urn:uuid:1", "https://h/f", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_fhir_scope scope = {.base = rows[i].base};
        wk_error err = {0};
        char *url = NULL;

        T_OK(wki_fhir_reference_url(&scope, rows[i].reference, &url, &err), &err);
        CU_ASSERT_EQUAL(url != NULL, rows[i].url != NULL);
        if (url && rows[i].url)
            T_STR(url, rows[i].url);
        free(url);
    }
}

static void test_the_base_stands_before_the_type(void)
{
    static const struct {
        const char *url, *base;
    } rows[] = {
        {"https://h/f/ImagingStudy/1", "https://h/f"},
        {"https://h/f/ImagingStudy?patient=ImagingStudy/1", "https://h/f"},
        {"https://h/ImagingStudy", "https://h"},
        {"https://h/ImagingStudy/_search", "https://h"},
        {"https://h/ImagingStudy/ImagingStudy", "https://h/ImagingStudy"},
        {"https://h/ImagingStudyX/1", NULL},
        {"https://h/f?x=/ImagingStudy/", NULL},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *base = wki_fhir_base_of(rows[i].url, "ImagingStudy");

        CU_ASSERT_EQUAL(base != NULL, rows[i].base != NULL);
        if (base && rows[i].base)
            T_STR(base, rows[i].base);
        free(base);
    }
}

static void test_entries_have_a_mode_and_links_a_relation(void)
{
    wki_json *bundle = kit_parse(
        "{\"link\":[{\"relation\":\"self\",\"url\":\"s\"},{\"relation\":\"next\",\"url\":\"n\"}],"
        "\"entry\":{\"resource\":{\"resourceType\":\"OperationOutcome\"},"
        "\"search\":{\"mode\":\"outcome\"}}}");
    const wki_json *at = NULL;
    wki_bundle_entry entry;

    T_STR(wki_bundle_link(bundle, "next"), "n");
    CU_ASSERT_PTR_NULL(wki_bundle_link(bundle, "previous"));
    CU_ASSERT_TRUE(wki_bundle_next_entry(bundle, &at, &entry));
    T_STR(entry.mode, "outcome");
    CU_ASSERT_FALSE(wki_bundle_next_entry(bundle, &at, &entry));
    wki_json_free(bundle);
}

static void test_an_outcome_gives_one_line(void)
{
#define OO(issues) "{\"resourceType\":\"OperationOutcome\",\"issue\":" issues "}"
    static const struct {
        const char *json, *text;
        bool is_error;
    } rows[] = {
        {OO("[{\"severity\":\"error\",\"code\":\"invalid\",\"diagnostics\":\"d\",\"details\":"
            "{\"text\":\"t\"}}]"),
         "t", true},
        {OO("[{\"severity\":\"error\",\"code\":\"invalid\",\"diagnostics\":\"d\\nx\"}]"), "d?x",
         true},
        {OO("[{\"severity\":\"warning\",\"details\":{\"coding\":[{\"code\":\"c\",\"display\":"
            "\"w\"}]}}]"),
         "w", false},
        {OO("{\"severity\":\"fatal\",\"code\":\"security\"}"), "security", true},
        {OO("[{\"severity\":\"information\",\"code\":\"i\"},{\"severity\":\"error\",\"code\":"
            "\"e\"}]"),
         "e", true},
        {OO("[]"), NULL, false},
        {"{\"resourceType\":\"Bundle\"}", NULL, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_json *doc = kit_parse(rows[i].json);
        char out[100];

        CU_ASSERT_EQUAL(wki_fhir_outcome(out, sizeof out, doc), rows[i].text != NULL);
        if (rows[i].text)
            T_STR(out, rows[i].text);
        CU_ASSERT_EQUAL(wki_fhir_outcome_is_error(doc), rows[i].is_error);
        wki_json_free(doc);
    }
}

static void test_a_study_of_any_version_is_read(void)
{
    wki_json *doc = kit_parse(
        "{\"resourceType\":\"ImagingStudy\",\"id\":\"7\",\"identifier\":[{\"system\":"
        "\"urn:dicom:uid\",\"value\":\"urn:oid:1.2.3\"},{\"type\":{\"coding\":[{\"code\":\"ACSN\"}]"
        "},\"value\":\"A1\"}],\"subject\":{\"reference\":\"Patient/5\"},\"status\":null,"
        "\"_status\":{\"extension\":[]},\"modality\":[{\"coding\":[{\"code\":\"CT\"}]},"
        "{\"code\":\"SR\"}],\"series\":[null,{\"uid\":\"1.2.3.4\",\"modality\":{\"coding\":[{"
        "\"code\":\"CT\"}]},\"bodySite\":{\"concept\":{\"text\":\"Wrist\"}},\"number\":\"3\"},"
        "{\"uid\":\"bad uid\"}],\"numberOfSeries\":\"2\"}");
    wki_imaging_study s;
    wk_error err = {0};

    T_OK(wki_imaging_study_read(doc, NULL, &s, &err), &err);
    T_STR(s.uid, "1.2.3");
    T_STR(s.accession, "A1");
    T_STR(s.patient, "Patient/5");
    CU_ASSERT_PTR_NULL(s.status);
    CU_ASSERT_EQUAL(s.n_series, 2);
    CU_ASSERT_EQUAL_FATAL(s.n_listed, 2);
    T_STR(s.series[0].hint.modality, "CT");
    T_STR(s.series[0].body_site, "Wrist");
    CU_ASSERT_EQUAL(s.series[0].number, 3);
    T_STR(s.series[1].hint.uid, "");
    CU_ASSERT_FALSE(wki_imaging_study_is_complete(&s));
    wki_imaging_study_clear(&s);
    wki_json_free(doc);
}

static void test_nothing_in_a_study_is_needed(void)
{
    static const char *const forms[] = {
        "{}", "[]", "5", "{\"identifier\":5,\"series\":\"x\",\"modality\":{},\"subject\":[]}",
        "{\"series\":[5,[],{\"instance\":[5,{}]}],\"endpoint\":[5]}"};

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        wki_json *doc = kit_parse(forms[i]);
        wki_imaging_study s;
        wk_error err = {0};

        T_OK(wki_imaging_study_read(doc, "", &s, &err), &err);
        T_STR(s.uid, "");
        wki_imaging_study_clear(&s);
        wki_json_free(doc);
    }
}

static CU_TestInfo tests[] = {
    {"a reference is found in every form", test_a_reference_is_found_in_every_form},
    {"an Endpoint named by type and id may be contained",
     test_an_endpoint_named_by_type_and_id_may_be_contained},
    {"a reference gives the URL to fetch", test_a_reference_gives_the_url_to_fetch},
    {"the base stands before the type", test_the_base_stands_before_the_type},
    {"entries have a mode and links a relation", test_entries_have_a_mode_and_links_a_relation},
    {"an OperationOutcome gives one line", test_an_outcome_gives_one_line},
    {"a study of any version is read", test_a_study_of_any_version_is_read},
    {"nothing in a study is needed", test_nothing_in_a_study_is_needed},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_fhir = {"fhir", NULL, NULL, NULL, NULL, tests};
