#include "support/t.h"

#include "dicomweb/dicomweb_url.h"
#include "fhir/bundle.h"
#include "flow/answer_look.h"

#include <stdlib.h>

static void test_a_body_is_told_by_itself(void)
{
    static const struct {
        const char *body;
        wki_answer kind;
        const char *words;
    } rows[] = {
        {"", WKI_ANSWER_EMPTY, "empty"},
        {" \r\n", WKI_ANSWER_EMPTY, "empty"},
        {"<!DOCTYPE html><html><title>Sign in</title></html>", WKI_ANSWER_HTML, "Sign in"},
        {"<HTML><body>x</body></HTML>", WKI_ANSWER_HTML, "HTML"},
        {"<CapabilityStatement xmlns='http://hl7.org/fhir'/>", WKI_ANSWER_XML,
         "CapabilityStatement"},
        {"<?xml version='1.0'?><NativeDicomModel/>", WKI_ANSWER_XML, "XML"},
        {"{\"fhirVersion\":\"4.0.1\",\"resourceType\":\"CapabilityStatement\"}",
         WKI_ANSWER_CAPABILITY, "CapabilityStatement"},
        {"{\"resourceType\":\"Conformance\"}", WKI_ANSWER_CAPABILITY, "Conformance"},
        {"{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"diagnostics\":\"shut\"}]}",
         WKI_ANSWER_FHIR, "shut"},
        {"[{\"0020000D\":{\"vr\":\"UI\"}},", WKI_ANSWER_DICOM, "DICOM"},
        {"{\"0020000d\":{\"vr\":\"UI\"}}", WKI_ANSWER_DICOM, "DICOM"},
        {"[]", WKI_ANSWER_LIST, "empty list"},
        {"{\"status\":\"UP\"}", WKI_ANSWER_JSON, "neither"},
        {"[1]", WKI_ANSWER_JSON, "neither"},
        {"{\"cut", WKI_ANSWER_OTHER, "no JSON"},
        {"hello", WKI_ANSWER_OTHER, "no JSON"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char words[320];

        CU_ASSERT_EQUAL(wki_answer_look(rows[i].body, strlen(rows[i].body), words, sizeof words),
                        rows[i].kind);
        T_HAS(words, rows[i].words);
    }
}

static void test_a_pasted_address_has_a_root(void)
{
    static const char *const dicomweb[][2] = {
        {"https://h/dw", "https://h/dw"},
        {"https://h/dw//", "https://h/dw"},
        {"https://h/dw/studies", "https://h/dw"},
        {"https://h/dw/studies/1.2/series/1.3/metadata", "https://h/dw"},
        {"https://h/dw/studies/?a=b", "https://h/dw?a=b"},
        {"https://h", "https://h"},
        {"https://h/studies/of/ours", "https://h/studies/of/ours"},
    };
    static const char *const fhir[][2] = {
        {"https://h/r4", "https://h/r4"},
        {"https://h/r4///", "https://h/r4"},
        {"https://h/r4/metadata", "https://h/r4"},
        {"https://h/r4/metadata/?x=1#y", "https://h/r4?x=1"},
        {"https://h/r4/ImagingStudy?patient=1", "https://h/r4"},
        {"https://h/r4/ImagingStudy/7", "https://h/r4"},
        {"https://h", "https://h"},
    };

    for (size_t i = 0; i < sizeof dicomweb / sizeof dicomweb[0]; i++) {
        char *root = NULL;
        wk_error err = {0};

        T_OK(wki_dicomweb_root(dicomweb[i][0], &root, &err), &err);
        T_STR(root, dicomweb[i][1]);
        free(root);
    }
    for (size_t i = 0; i < sizeof fhir / sizeof fhir[0]; i++) {
        char *root = wki_fhir_root(fhir[i][0]);

        T_STR(root, fhir[i][1]);
        free(root);
    }
}

static CU_TestInfo tests[] = {
    {"a body is told by itself", test_a_body_is_told_by_itself},
    {"a pasted address has a root", test_a_pasted_address_has_a_root},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_answer_look = {"answer_look", NULL, NULL, NULL, NULL, tests};
