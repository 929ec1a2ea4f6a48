/* The oddities of the Redox sample answers, one test row for each: what the standard says is in the
 * fact book; what we make of them is here. */
#include "support/plan_kit.h"
#include "support/t.h"

#define UID "1.2.840.113619.2.243.6074146108103184.41976.4343.2084088"
#define SERIES "1.2.826.0.1.3680043.8.1055.1.20111103112244831.29109107.29203688"
#define INSTANCE "1.2.826.0.1.3680043.8.1055.1.20111103112244831.30826609.78057758"

/* Both samples, parsed and read. */
struct sample {
    char *text[2];
    wki_json *doc[2];
    const wki_json *found; /* the ImagingStudy of the search */
    const char *full_url;
    wki_imaging_study searched, read;
};

static void sample_init(struct sample *s)
{
    static const char *const names[] = {"redox_imagingstudy_search.json",
                                        "redox_imagingstudy_read.json"};
    const wki_json *at = NULL;
    wki_bundle_entry entry;
    wk_error err = {0};
    size_t n;

    memset(s, 0, sizeof *s);
    for (int i = 0; i < 2; i++) {
        s->text[i] = kit_file(names[i], &n);
        s->doc[i] = kit_parse(s->text[i]);
    }
    CU_ASSERT_TRUE_FATAL(wki_bundle_next_entry(s->doc[0], &at, &entry));
    s->found = entry.resource;
    s->full_url = entry.full_url;
    T_OK(wki_imaging_study_read(s->found, s->full_url, &s->searched, &err), &err);
    T_OK(wki_imaging_study_read(s->doc[1], NULL, &s->read, &err), &err);
}

static void sample_clear(struct sample *s)
{
    wki_imaging_study_clear(&s->searched);
    wki_imaging_study_clear(&s->read);
    for (int i = 0; i < 2; i++) {
        wki_json_free(s->doc[i]);
        free(s->text[i]);
    }
}

static void plan_search(const struct sample *s, struct plan_kit *kit, const char *slug)
{
    memset(kit, 0, sizeof *kit);
    kit->slug = slug;
    kit->origin = "https://api.redoxengine.com";
    kit_plan(kit, s->text[0]);
}

static void plan_read(const struct sample *s, struct plan_kit *kit)
{
    memset(kit, 0, sizeof *kit);
    kit->origin = "https://api.redoxengine.com";
    kit_plan(kit, s->text[1]);
}

static void found_at(const wki_json *resource, const wki_json *bundle, const char *reference,
                     const char *expected)
{
    wki_fhir_scope scope = {.resource = resource, .bundle = bundle};
    const char *how = NULL;

    CU_ASSERT_PTR_NOT_NULL(wki_fhir_find(&scope, reference, &how));
    T_STR(how, expected);
}

static void row1(const struct sample *s)
{
    wki_json *both = kit_parse("{\"contained\":[{\"id\":\"a\",\"n\":1}]}");
    wki_json *bundle = kit_parse("{\"contained\":[{\"id\":\"a\",\"n\":2},{\"id\":\"b\"}],\"entry\":"
                                 "[{\"resource\":{\"id\":\"a\"}},{\"resource\":{\"id\":\"c\"}}]}");

    found_at(s->found, s->doc[0], "#" UID, "Bundle-contained");
    found_at(both, bundle, "#a", "contained");
    found_at(both, bundle, "#b", "Bundle-contained");
    found_at(both, bundle, "#c", "included");
    wki_json_free(both);
    wki_json_free(bundle);
}

static void row2(const struct sample *s)
{
    found_at(s->doc[1], NULL, "#" UID, "contained");
}

static void row3(const struct sample *s)
{
    wki_json *hashed = kit_parse("{\"contained\":[{\"id\":\"#1.2\"}]}");

    found_at(s->doc[1], NULL, "#" SERIES, "contained");
    found_at(s->doc[1], NULL, SERIES, "contained");
    found_at(hashed, NULL, "#1.2", "contained");
    wki_json_free(hashed);
}

static void row4(const struct sample *s)
{
    CU_ASSERT_PTR_NULL(s->searched.id);
    T_STR(s->searched.uid, UID);
    T_STR(s->read.uid, UID);
}

static void row5(const struct sample *s)
{
    wki_json *bare = kit_parse("{\"resourceType\":\"ImagingStudy\"}");
    wki_imaging_study study;
    wk_error err = {0};

    T_HAS(s->full_url, "?identifier=");
    T_OK(wki_imaging_study_read(bare, s->full_url, &study, &err), &err);
    T_STR(study.uid, UID);
    wki_imaging_study_clear(&study);
    T_OK(wki_imaging_study_read(bare, "https://h/ImagingStudy/12", &study, &err), &err);
    T_STR(study.uid, "");
    wki_imaging_study_clear(&study);
    wki_json_free(bare);
}

static void row6(const struct sample *s)
{
    const wki_json *at = NULL;
    wki_bundle_entry entry;
    int n = 0;

    CU_ASSERT_PTR_NULL(wki_bundle_link(s->doc[0], "next"));
    while (wki_bundle_next_entry(s->doc[0], &at, &entry)) {
        T_STR(entry.mode, "match");
        n++;
    }
    CU_ASSERT_EQUAL(n, 1);
}

static void row7(const struct sample *s)
{
    struct plan_kit kit;

    plan_read(s, &kit);
    T_HAS(kit.text, "/Production/studies/" UID ": every");
    T_HAS(kit.text, "/Production/studies/" UID "/series/" SERIES " no");
    CU_ASSERT_PTR_NOT_NULL_FATAL(kit.last);
    T_STR(kit.last->root,
          "https://testapi.redoxengine.com/dicom-web/tanner-test-13-dicom/Production");
    kit_clear(&kit);
}

static void row8(const struct sample *s)
{
    struct plan_kit kit;

    plan_search(s, &kit, NULL);
    CU_ASSERT_EQUAL(kit.items, 0);
    CU_ASSERT_EQUAL(kit.first.code, WK_REFUSED);
    T_HAS(kit.first.message, "give destination-slug=VALUE");
    kit_clear(&kit);
    plan_search(s, &kit, "x");
    CU_ASSERT_EQUAL(kit.items, 1);
    T_HAS(kit.text, "https://testapi.redoxengine.com/dicom-web/x/Production/studies/");
    kit_clear(&kit);
}

static void row9(const struct sample *s)
{
    struct plan_kit kit;

    plan_read(s, &kit);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kit.last);
    CU_ASSERT_FALSE(kit.last->send_credentials);
    kit_clear(&kit);
}

static void row10(const struct sample *s)
{
    static const char *const forms[] = {
        "[{\"coding\":[{\"code\":\"MR\"}]}]",
        "{\"coding\":[{\"code\":\"MR\"}]}",
        "{\"coding\":{\"code\":\"MR\"}}",
        "[{\"code\":\"MR\"}]",
        "{\"code\":\"MR\"}",
        "\"MR\"",
        "[\"MR\"]",
        "[null,{\"code\":\"MR\"}]",
    };

    T_STR(wki_fhir_code(s->read.modalities), "MR");
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        wki_json *value = kit_parse(forms[i]);

        T_STR(wki_fhir_code(value), "MR");
        wki_json_free(value);
    }
}

static void row11(const struct sample *s)
{
    T_STR(s->read.series[0].hint.modality, "OT");
}

static void row12(const struct sample *s)
{
    struct plan_kit kit;

    /* Study MR, series OT, text XR: planned all the same. */
    plan_read(s, &kit);
    CU_ASSERT_EQUAL(kit.items, 1);
    CU_ASSERT_EQUAL(kit.first.code, WK_OK);
    kit_clear(&kit);
}

static void row13(const struct sample *s)
{
    T_STR(s->searched.started, "2015-01-14T13:22:42.000Z");
}

static void row14(const struct sample *s)
{
    static const char *const forms[] = {
        "\"1.2.3\"", "\"urn:oid:1.2.3\"", "\"URN:OID:1.2.3 \"",
        "{\"system\":\"urn:ietf:rfc:3986\",\"code\":\"urn:oid:1.2.3\"}"};

    T_STR(s->read.series[0].hint.instances[0].sop_class, "1.2.840.10008.5.1.4.1.1.7");
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char text[256];
        wki_json *doc;
        wki_imaging_study study;
        wk_error err = {0};

        snprintf(text, sizeof text,
                 "{\"series\":{\"uid\":\"1.2\",\"instance\":{\"uid\":\"1.3\",\"sopClass\":%s}}}",
                 forms[i]);
        doc = kit_parse(text);
        T_OK(wki_imaging_study_read(doc, NULL, &study, &err), &err);
        T_STR(study.series[0].hint.instances[0].sop_class, "1.2.3");
        wki_imaging_study_clear(&study);
        wki_json_free(doc);
    }
}

static void row15(const struct sample *s)
{
    wki_json *list = kit_parse("{\"note\":[{\"text\":\"a\"},{\"text\":\"b\"}]}");
    wki_imaging_study study;
    wk_error err = {0};

    T_STR(s->read.note, "XR Wrist 3+ Views");
    T_OK(wki_imaging_study_read(list, NULL, &study, &err), &err);
    T_STR(study.note, "a");
    wki_imaging_study_clear(&study);
    wki_json_free(list);
}

static void row16(const struct sample *s)
{
    T_STR(s->read.series[0].body_site, "T-15460");
}

static void row17(const struct sample *s)
{
    T_STR(s->read.series[0].performer, "OCTAVIUS^OTTO");
}

static void row18(const struct sample *s)
{
    T_STR(s->read.patient, "RJN7270450X");
    T_STR(s->read.patient_name, "GREEN^KEVA");
}

static void row19(const struct sample *s)
{
    static const char *const forms[] = {
        "{\"identifier\":[{\"system\":\"urn:dicom:uid\",\"value\":\"URN:OID:1.2.3\"}]}",
        "{\"identifier\":[{\"system\":\"urn:dicom:uid\",\"value\":\"1.2.3 \"}]}",
        "{\"identifier\":{\"system\":\"urn:dicom:uid\",\"value\":\"1.2.3\"}}",
        ("{\"identifier\":[{\"system\":\"http://acc\",\"value\":\"9.9.9\"},"
         "{\"system\":\"urn:dicom:uid\",\"value\":\"1.2.3\"}]}"),
        "{\"identifier\":[{\"value\":\"A77\"},{\"value\":\"urn:oid:1.2.3\"}]}",
        "{\"id\":\"1.2.3\"}",
        "{\"uid\":\"urn:oid:1.2.3\"}",
    };

    T_STR(s->read.uid, UID);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        wki_json *doc = kit_parse(forms[i]);
        wki_imaging_study study;
        wk_error err = {0};

        T_OK(wki_imaging_study_read(doc, NULL, &study, &err), &err);
        T_STR(study.uid, "1.2.3");
        wki_imaging_study_clear(&study);
        wki_json_free(doc);
    }
}

static void row20(const struct sample *s)
{
    /* 5 instances by the study, 1 by its series: hints, and the plan stays whole. */
    CU_ASSERT_EQUAL(s->read.n_instances, 5);
    CU_ASSERT_EQUAL(s->read.series[0].hint.n_instances, 1);
    CU_ASSERT_TRUE(wki_imaging_study_is_complete(&s->read));
}

static void row21(const struct sample *s)
{
    wki_json *doc = kit_parse("{\"series\":[{\"uid\":\"urn:oid:1.2\",\"instance\":[{\"uid\":"
                              "\"Urn:Oid:1.3\"}]}]}");
    wki_imaging_study study;
    wk_error err = {0};

    T_STR(s->read.series[0].hint.uid, SERIES);
    T_STR(s->read.series[0].hint.instances[0].sop, INSTANCE);
    T_OK(wki_imaging_study_read(doc, NULL, &study, &err), &err);
    T_STR(study.series[0].hint.uid, "1.2");
    T_STR(study.series[0].hint.instances[0].sop, "1.3");
    wki_imaging_study_clear(&study);
    wki_json_free(doc);
}

static void row22(const struct sample *s)
{
    wki_fhir_scope scope = {.resource = s->doc[1]};
    wki_endpoint e;

    /* The payload's MIME type is that of a part: it makes the Endpoint neither more nor less. */
    wki_endpoint_read(wki_fhir_find(&scope, "#" UID, NULL), &e);
    CU_ASSERT_TRUE(e.is_wado_rs);
    CU_ASSERT_TRUE(e.usable);
}

static void row23(const struct sample *s)
{
    struct plan_kit kit;

    plan_read(s, &kit);
    CU_ASSERT_EQUAL(kit.items, 1);
    CU_ASSERT_EQUAL(kit.notices, 1);
    CU_ASSERT_EQUAL(kit.first.code, WK_OK);
    T_HAS(kit.text, "notice study");
    T_HAS(kit.text, "remote series");
    kit_clear(&kit);
}

static void row24(const struct sample *s)
{
    char name[64];

    wki_fhir_person(name, sizeof name, s->read.patient_name);
    T_STR(name, "GREEN, KEVA");
    wki_fhir_person(name, sizeof name, "A^B^C^^");
    T_STR(name, "A, B C");
    wki_fhir_person(name, sizeof name, "Eva Green");
    T_STR(name, "Eva Green");
    wki_fhir_person(name, sizeof name, "");
    T_STR(name, "");
}

static void test_every_oddity_is_taken_as_it_is(void)
{
    static void (*const rows[])(const struct sample *) = {
        row1,  row2,  row3,  row4,  row5,  row6,  row7,  row8,  row9,  row10, row11, row12,
        row13, row14, row15, row16, row17, row18, row19, row20, row21, row22, row23, row24};
    struct sample s;

    sample_init(&s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned before = CU_get_number_of_failures();

        rows[i](&s);
        if (CU_get_number_of_failures() != before)
            printf("\n  oddity %zu\n", i + 1);
    }
    sample_clear(&s);
}

static CU_TestInfo tests[] = {
    {"every oddity of the vendor's samples is taken as it is", test_every_oddity_is_taken_as_it_is},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_oddities = {"oddities", NULL, NULL, NULL, NULL, tests};
