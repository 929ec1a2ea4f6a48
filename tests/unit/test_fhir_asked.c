#include "support/t.h"

#include "fhir/fhir_asked.h"
#include "fhir/fhir_date.h"

static wki_json *parse(const char *text)
{
    wk_error err = {0};
    wki_json *doc = NULL;

    T_OK(wki_json_parse(text, strlen(text), "study", &doc, &err), &err);
    return doc;
}

/* The verdict on a study with these members; `self` where not NULL is the answer's link. */
static wki_fhir_match judge(const char *form, const char *members, const char *self, char name[64])
{
    char json[2048];
    wki_fhir_asked asked;
    wki_imaging_study study;
    wk_error err = {0};
    wki_fhir_match match;
    char dropped[200];
    wki_json *doc;

    snprintf(json, sizeof json, "{\"resourceType\":\"ImagingStudy\"%s%s}", members[0] ? "," : "",
             members);
    doc = parse(json);
    T_OK(wki_imaging_study_read(doc, NULL, &study, &err), &err);
    if (strncmp(form, "http", 4) == 0)
        T_OK(wki_fhir_asked_url(form, &asked, &err), &err);
    else
        T_OK(wki_fhir_asked_form(form, &asked, &err), &err);
    wki_fhir_asked_self(&asked, self, dropped, sizeof dropped);
    wki_fhir_asked_learn(&asked, &study);
    const wki_fhir_scope scope = {.resource = doc};

    match = wki_fhir_asked_match(&asked, &study, &scope, name);
    wki_fhir_asked_clear(&asked);
    wki_imaging_study_clear(&study);
    wki_json_free(doc);
    return match;
}

#define REF(r) "\"subject\":{\"reference\":\"" r "\"}"
#define SUBJECT(id) "\"subject\":{\"identifier\":" id "}"
#define ID(system, value) "{\"system\":\"" system "\",\"value\":\"" value "\"}"
#define IDS(list) "\"identifier\":[" list "]"
#define UID(uid) ID("urn:dicom:uid", "urn:oid:" uid)

static void test_a_study_is_compared_with_each_parameter(void)
{
    static const struct {
        const char *form, *members;
        bool contradicts;
    } rows[] = {
        {"patient=1", REF("Patient/1"), false},
        {"patient=1", REF("Patient/2"), true},
        {"patient=Patient%2F1", REF("https://inner/fhir/Patient/1/_history/3"), false},
        {"patient=https://h/f/Patient/1", REF("Patient/2"), true},
        {"patient=1,2", REF("Patient/2"), false},
        {"subject=Patient/1", REF("Patient/2"), true},
        {"subject:Patient=1", REF("Patient/2"), true},
        {"patient._id=1", REF("Patient/2"), true},
        {"patient=1", REF("urn:uuid:5"), false},
        {"patient=1", REF("#p"), false},
        {"patient=1", SUBJECT(ID("urn:mrn", "9")), false},
        {"patient=1", "\"subject\":{\"display\":\"X\"}", false},
        {"patient=1", "", false},
        {"patient:missing=true", REF("Patient/2"), false},
        {"patient.identifier=urn:mrn|1", SUBJECT(ID("urn:mrn", "1")), false},
        {"patient.identifier=urn:mrn|1", SUBJECT(ID("urn:mrn", "2")), true},
        {"subject:Patient.identifier=urn:mrn|1", SUBJECT(ID("urn:mrn", "2")), true},
        {"patient.identifier=urn:mrn|1", SUBJECT(ID("urn:ssn", "2")), false},
        {"patient.identifier=1", SUBJECT(ID("urn:ssn", "2")), false},
        {"patient.identifier=1", SUBJECT("{\"value\":\"2\"}"), true},
        {"patient:identifier=urn:mrn|1", SUBJECT(ID("urn:ssn", "2")), true},
        {"patient.identifier=1", REF("Patient/2"), false},
        {"patient.identifier=1",
         REF("#p") ",\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\"," IDS(
             ID("urn:mrn", "2")) "}]",
         true},
        {"identifier=1.2.3", IDS(UID("1.2.3")), false},
        {"identifier=urn:dicom:uid|urn:oid:1.2.3", IDS(ID("urn:ietf:rfc:3986", "1.2.3")), false},
        {"identifier=urn:oid:1.2.3", IDS(UID("1.2.4")), true},
        {"identifier=A1", IDS(UID("1.2.4")), false},
        {"identifier=A1", IDS(UID("1.2.4") "," ID("urn:acc", "A1")), false},
        {"identifier=A1", IDS(UID("1.2.4") "," ID("urn:acc", "A2")), true},
        {"identifier=a1", IDS(ID("urn:acc", " A1 ")), false},
        {"identifier=urn:a|1", IDS(ID("urn:b", "1")), true},
        {"identifier=A1", "\"basedOn\":[{\"identifier\":{\"value\":\"A1\"}}]", false},
        {"identifier=A1", "\"basedOn\":[{\"identifier\":{\"value\":\"A2\"}}]", true},
        {"identifier=A1&identifier=1.2.3", IDS(UID("1.2.3") "," ID("urn:acc", "A2")), true},
        {"modality=CT", "\"modality\":[{\"code\":\"CT\"},{\"code\":\"SR\"}]", false},
        {"modality=http://dcm|ct", "\"modality\":{\"coding\":[{\"code\":\"CT\"}]}", false},
        {"modality=MR", "\"modality\":[{\"code\":\"CT\"}]", true},
        {"modality=MR,CT", "\"modality\":[{\"code\":\"CT\"}]", false},
        {"modality=MR",
         "\"modality\":[{\"code\":\"CT\"}],\"series\":[{\"uid\":\"1.2\",\"modality\":"
         "{\"code\":\"MR\"}}]",
         false},
        {"modality=MR", "\"series\":[{\"uid\":\"1.2\",\"modality\":{\"code\":\"CT\"}}]", true},
        {"modality=MR",
         "\"numberOfSeries\":2,\"series\":[{\"uid\":\"1.2\",\"modality\":{\"code\":\"CT\"}}]",
         false},
        {"modality:not=CT", "\"modality\":[{\"code\":\"CT\"}]", false},
        {"started=ge2022", "\"started\":\"2021-06-01\"", true},
        {"started=ge2022&started=le2023", "\"started\":\"2024-06-01\"", true},
        {"started=ge2022&started=le2023", "\"started\":\"2023-06-01T10:00:00Z\"", false},
        {"status=available", "\"status\":\"registered\"", true},
        {"status=available,registered", "\"status\":\"registered\"", false},
        {"_id=a", "\"id\":\"b\"", true},
        {"series=1.2.9", "\"series\":[{\"uid\":\"1.2.8\"}]", true},
        {"series=urn:oid:1.2.8", "\"series\":[{\"uid\":\"1.2.8\"}]", false},
        {"performer=7", REF("Patient/2"), false},
        {"https://h/f/Patient/1/ImagingStudy", REF("Patient/2"), true},
        {"https://h/f/ImagingStudy?patient=1#x", REF("Patient/2"), true},
        {"https://h/f/ImagingStudy/a", "\"id\":\"b\"", true},
        {"https://h/f/ImagingStudy/1.2.3", "\"id\":\"b\"," IDS(UID("1.2.3")), false},
        {"https://h/f/ImagingStudy/_search?patient=2", "\"id\":\"b\"," REF("Patient/2"), false},
        {"https://h/saved.json?patient=1", REF("Patient/2"), false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[WKI_FHIR_PARAM_SIZE];
        wki_fhir_match match = judge(rows[i].form, rows[i].members, NULL, name);

        if ((match == WKI_FHIR_CONTRADICTS) != rows[i].contradicts)
            printf("\n  %s and %s\n", rows[i].form, rows[i].members);
        CU_ASSERT_EQUAL(match == WKI_FHIR_CONTRADICTS, rows[i].contradicts);
        CU_ASSERT_EQUAL(match != WKI_FHIR_MATCHES, name[0] != '\0');
    }
}

static void test_what_the_server_dropped_has_to_be_shown(void)
{
    static const struct {
        const char *form, *members, *self;
        wki_fhir_match match;
    } rows[] = {
        {"patient=1", "", "https://h/f/ImagingStudy?_count=5", WKI_FHIR_UNPROVEN},
        {"patient=1", REF("Patient/1"), "https://h/f/ImagingStudy?_count=5", WKI_FHIR_MATCHES},
        {"patient.identifier=1", REF("Patient/1"), "https://h/f/ImagingStudy?x=5",
         WKI_FHIR_UNPROVEN},
        {"patient.identifier=1", REF("Patient/1"), "https://h/f/ImagingStudy?subject=5",
         WKI_FHIR_MATCHES},
        {"patient=1", "", "https://h/f/ImagingStudy", WKI_FHIR_MATCHES},
        {"patient=1", "", "https://h/f?_getpages=abc", WKI_FHIR_MATCHES},
        {"modality=CT", "", "https://h/f/ImagingStudy?_count=5", WKI_FHIR_MATCHES},
        {"identifier=1.2.3", "", "https://h/f/ImagingStudy?_count=5", WKI_FHIR_UNPROVEN},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[WKI_FHIR_PARAM_SIZE];

        CU_ASSERT_EQUAL(judge(rows[i].form, rows[i].members, rows[i].self, name), rows[i].match);
    }
}

static void test_a_system_is_learned_from_the_study_that_matches(void)
{
    wki_json *same = parse("{\"resourceType\":\"ImagingStudy\"," SUBJECT(ID("urn:mrn", "1")) "}");
    wki_json *other = parse("{\"resourceType\":\"ImagingStudy\"," SUBJECT(ID("urn:mrn", "2")) "}");
    wki_imaging_study first, second;
    char name[WKI_FHIR_PARAM_SIZE];
    wki_fhir_asked asked;
    wk_error err = {0};

    T_OK(wki_imaging_study_read(same, NULL, &first, &err), &err);
    T_OK(wki_imaging_study_read(other, NULL, &second, &err), &err);
    T_OK(wki_fhir_asked_form("patient.identifier=1", &asked, &err), &err);
    CU_ASSERT_EQUAL(wki_fhir_asked_match(&asked, &second, NULL, name), WKI_FHIR_MATCHES);
    wki_fhir_asked_learn(&asked, &first);
    CU_ASSERT_EQUAL(wki_fhir_asked_match(&asked, &first, NULL, name), WKI_FHIR_MATCHES);
    CU_ASSERT_EQUAL(wki_fhir_asked_match(&asked, &second, NULL, name), WKI_FHIR_CONTRADICTS);
    wki_fhir_asked_clear(&asked);
    wki_imaging_study_clear(&first);
    wki_imaging_study_clear(&second);
    wki_json_free(same);
    wki_json_free(other);
}

static void test_dates_cover_what_they_say(void)
{
    static const struct {
        const char *text;
        int64_t from, to;
        bool zoned;
    } rows[] = {
        {"1970", 0, 365 * 86400, false},
        {"2024-02", 1706745600, 1709251200, false},
        {"2024-12", 1733011200, 1735689600, false},
        {"2024-02-29", 1709164800, 1709251200, false},
        {"2024-02-29T10:30Z", 1709202600, 1709202660, true},
        {"2024-02-29T10:30:15+02:00", 1709195415, 1709195416, true},
        {"2024-02-29T10:30:15.123-0530", 1709222415, 1709222416, true},
    };
    static const char *const bad[] = {
        "",         "24", "2024-13", "2024-1", "2024-02-30x", "2024-02-01T1", "2024-02-01T10:00+2",
        "yesterday"};
    wki_fhir_span span;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_TRUE_FATAL(wki_fhir_span_read(rows[i].text, strlen(rows[i].text), &span));
        CU_ASSERT_EQUAL(span.from, rows[i].from);
        CU_ASSERT_EQUAL(span.to, rows[i].to);
        CU_ASSERT_EQUAL(span.zoned, rows[i].zoned);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CU_ASSERT_FALSE(wki_fhir_span_read(bad[i], strlen(bad[i]), &span));
}

static void test_a_date_contradicts_only_beyond_doubt(void)
{
    static const struct {
        const char *asked, *value;
        bool contradicts;
    } rows[] = {
        {"2024", "2024-05-01", false},
        {"2024", "2023-12-31", true},
        {"eq2024-05", "2024-06-01", true},
        {"ge2024", "2023-12-31", true},
        {"ge2024", "2023", true},
        {"ge2024-05", "2024", false},
        {"ge2024-05-01", "2024-04-30T20:00:00-05:00", false}, /* it is May somewhere */
        {"ge2024-05-01", "2024-04-29T20:00:00Z", true},
        {"ge2024-05-01T00:00:00Z", "2024-04-30T20:00:00-05:00", false},
        {"ge2024-05-01T00:00:00Z", "2024-04-30T20:00:00-03:00", true},
        {"ge2024-05-01T00:00:00Z", "2024-04-30", false},
        {"le2024-05-01", "2024-05-01T23:00", false},
        {"le2024-05-01", "2024-05-02", true},
        {"lt2024", "2024-01-01", true},
        {"lt2024", "2023-12-31", false},
        {"gt2024", "2024-12-31", true},
        {"gt2024", "2025", false},
        {"sa2024", "2024-06", true},
        {"eb2024", "2024-06", true},
        {"ne2024", "2024", false},
        {"ap2024", "1999", false},
        {"ge2024", "unknown", false},
        {"gexx", "2024", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (wki_fhir_date_contradicts(rows[i].asked, rows[i].value) != rows[i].contradicts)
            printf("\n  %s and %s\n", rows[i].asked, rows[i].value);
        CU_ASSERT_EQUAL(wki_fhir_date_contradicts(rows[i].asked, rows[i].value),
                        rows[i].contradicts);
    }
}

static CU_TestInfo tests[] = {
    {"a study is compared with each parameter", test_a_study_is_compared_with_each_parameter},
    {"what the server dropped has to be shown", test_what_the_server_dropped_has_to_be_shown},
    {"a system is learned from the study that matches",
     test_a_system_is_learned_from_the_study_that_matches},
    {"dates cover what they say", test_dates_cover_what_they_say},
    {"a date contradicts only beyond doubt", test_a_date_contradicts_only_beyond_doubt},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_fhir_asked = {"fhir_asked", NULL, NULL, NULL, NULL, tests};
