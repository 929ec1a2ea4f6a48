#include "support/t.h"

#include "dicomweb/qido_key.h"

/* "tag:vr:value\value;..." as a record; a name for PN. */
static wki_json *record_of(const char *text)
{
    char json[4096] = "{";
    wk_error err = {0};
    wki_json *doc = NULL;
    size_t n = 1;

    for (const char *p = text; *p;) {
        size_t length = strcspn(p, ";");
        const char *vr = p + 9;
        bool first = true;

        n += (size_t)snprintf(json + n, sizeof json - n, "%s\"%.8s\":{\"vr\":\"%.2s\",\"Value\":[",
                              n > 1 ? "," : "", p, vr);
        for (const char *v = p + 12; v < p + length;) {
            size_t m = strcspn(v, "\\;");
            bool name = strncmp(vr, "PN", 2) == 0;

            n += (size_t)snprintf(json + n, sizeof json - n, "%s%s\"%.*s\"%s", first ? "" : ",",
                                  name ? "{\"Alphabetic\":" : "", (int)m, v, name ? "}" : "");
            first = false;
            v += m + (v[m] == '\\');
        }
        n += (size_t)snprintf(json + n, sizeof json - n, "]}");
        p += length + (p[length] == ';');
    }
    snprintf(json + n, sizeof json - n, "}");
    T_OK(wki_json_parse(json, strlen(json), "record", &doc, &err), &err);
    return doc;
}

static void test_a_key_is_compared_as_servers_match(void)
{
    static const struct {
        const char *name, *value, *record;
        bool contradicts;
    } rows[] = {
        {"PatientID", "P1", "00100020:LO:P2", true},
        {"PatientID", "P1", "00100020:LO:P1", false},
        {"PatientID", " p1 ", "00100020:LO: P1  ", false},
        {"PatientID", "P*", "00100020:LO:P2", false},
        {"PatientID", "P1*", "00100020:LO:P2", true},
        {"PatientID", "P?", "00100020:LO:P22", true},
        {"PatientID", "P1", "00100020:LO:P10", true},
        {"PatientID", "P1", "00100020:LO:P1^^^HOSP", false},
        {"PatientID", "P1^^^HOSP", "00100020:LO:P1", false},
        {"PatientID", "P1^^^A", "00100020:LO:P1^^^B", true},
        {"PatientID", "P1", "00100020:LO:P2;00101000:LO:P7\\P1", false},
        {"PatientID", "P1,P2", "00100020:LO:P2", false},
        {"PatientID", "P1", "00100010:PN:P2", false},
        {"PatientID", "P1", "00100020:LO:", false},
        {"PatientID", "", "00100020:LO:P2", false},
        {"PatientID", "*", "00100020:LO:P2", false},
        {"00100020", "P1", "00100020:LO:P2", true},
        {"IssuerOfPatientID", "A", "00100021:LO:B", true},
        {"PatientName", "DOE", "00100010:PN:DOE^JOHN", false},
        {"PatientName", "doe^j*", "00100010:PN:DOE^JOHN^^^", false},
        {"PatientName", "John Doe", "00100010:PN:DOE^JOHN", false},
        {"PatientName", "DOE^JANE", "00100010:PN:DOE^JOHN", true},
        {"PatientName", "D?E", "00100010:PN:ROE^JOHN", true},
        {"PatientName", "M\xC3\xBCller", "00100010:PN:MUELLER", false},
        {"PatientName", "MUELLER", "00100010:PN:M\xC3\xBCller", false},
        {"AccessionNumber", "A1", "00080050:SH:A2", true},
        {"AccessionNumber", "A1", "00080050:SH:a1", false},
        {"StudyInstanceUID", "1.2", "0020000D:UI:1.2.3", true},
        {"StudyInstanceUID", "1.2.3", "0020000D:UI:1.2.3", false},
        {"StudyInstanceUID", "urn:oid:1.2.3", "0020000D:UI:1.2.3", false},
        {"StudyInstanceUID", "1.2\\1.2.3", "0020000D:UI:1.2.3", false},
        {"StudyInstanceUID", "1.2,1.4", "0020000D:UI:1.2.3", true},
        {"ModalitiesInStudy", "SR", "00080061:CS:CT\\SR", false},
        {"ModalitiesInStudy", "MR", "00080061:CS:CT\\SR", true},
        {"ModalitiesInStudy", "MR\\CT", "00080061:CS:CT\\SR", false},
        {"ModalitiesInStudy", "MR", "00080060:CS:CT", false},
        {"Modality", "MR", "00080061:CS:CT", true},
        {"Modality", "MR", "00080060:CS:CT", true},
        {"Modality", "SR", "00080060:CS:CT;00080061:CS:CT\\SR", false},
        {"StudyDate", "20240101-20240131", "00080020:DA:20240131", false},
        {"StudyDate", "20240101-20240131", "00080020:DA:20240201", true},
        {"StudyDate", "-20240131", "00080020:DA:20240201", true},
        {"StudyDate", "20240101-", "00080020:DA:20231231", true},
        {"StudyDate", "20240101-", "00080020:DA:2024.01.01", false},
        {"StudyDate", "20240101", "00080020:DA:20240102", true},
        {"StudyDate", "20240101-", "00080020:DA:2023", false},
        {"StudyDate", "2024", "00080020:DA:20230101", false},
        {"StudyDescription", "*head*", "00081030:LO:CT HEAD", false},
        {"StudyDescription", "*head*", "00081030:LO:CT CHEST", true},
        {"SeriesNumber", "3", "00200011:IS:03", false},
        {"SeriesNumber", "3", "00200011:IS:4", true},
        {"StudyTime", "1000-1100", "00080030:TM:120000", false},
        {"00400275.00400009", "X", "00400275:SQ:Y", false},
        {"includefield", "all", "00100020:LO:P2", false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const wki_qido_filter filter = {rows[i].name, rows[i].value};
        wki_json *record = record_of(rows[i].record);
        const char *key = wki_qido_contradicted(record, &filter, 1);

        if ((key != NULL) != rows[i].contradicts)
            printf("\n  %s=%s and %s\n", rows[i].name, rows[i].value, rows[i].record);
        CU_ASSERT_EQUAL(key != NULL, rows[i].contradicts);
        wki_json_free(record);
    }
}

static void test_the_first_key_that_is_contradicted_is_named(void)
{
    const wki_qido_filter filters[] = {{"PatientID", "P1"}, {"Modality", "CT"}, {"StudyID", "7"}};
    wki_json *record = record_of("00100020:LO:P1;00080060:CS:MR;00200010:SH:8");
    const char *key = wki_qido_contradicted(record, filters, 3);

    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    T_STR(key, "Modality");
    wki_json_free(record);
}

static void test_what_else_was_asked_for_is_heeded(void)
{
    const wki_qido_filter fuzzy[] = {{"PatientName", "JON"}, {"fuzzymatching", "true"}};
    const wki_qido_filter literal[] = {{"PatientName", "JON"}, {"fuzzymatching", "false"}};
    const wki_qido_filter zone[] = {{"StudyDate", "20240101"}, {"TimezoneOffsetFromUTC", "+0900"}};
    wki_json *record = record_of("00100010:PN:DOE^JOHN;00080020:DA:20240102");

    CU_ASSERT_PTR_NULL(wki_qido_contradicted(record, fuzzy, 2));
    CU_ASSERT_PTR_NOT_NULL(wki_qido_contradicted(record, literal, 2));
    CU_ASSERT_PTR_NULL(wki_qido_contradicted(record, zone, 2));
    wki_json_free(record);
}

static CU_TestInfo tests[] = {
    {"a key is compared as servers match", test_a_key_is_compared_as_servers_match},
    {"the first key that is contradicted is named",
     test_the_first_key_that_is_contradicted_is_named},
    {"what else was asked for is heeded", test_what_else_was_asked_for_is_heeded},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_qido_key = {"qido_key", NULL, NULL, NULL, NULL, tests};
