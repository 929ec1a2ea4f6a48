#include "support/t.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flow/find/local.h"
#include "flow/find/target.h"

static void test_the_text_says_what_a_target_is(void)
{
    static const struct {
        const char *text, *dicomweb;
        wki_target_kind kind;
        const char *root, *study, *series, *sop;
    } rows[] = {
        {"-", NULL, WKI_TARGET_STDIN, NULL, "", "", ""},
        {"a.dcm", NULL, WKI_TARGET_LOCAL, NULL, "", "", ""},
        {"./1.2.3", "https://h/r", WKI_TARGET_LOCAL, NULL, "", "", ""},
        {"12", "https://h/r", WKI_TARGET_LOCAL, NULL, "", "", ""},
        {"1.2.3", NULL, WKI_TARGET_LOCAL, NULL, "", "", ""},
        {"1.2.3/x", "https://h/r", WKI_TARGET_LOCAL, NULL, "", "", ""},
        {"1.2/1.3/1.4/1.5", "https://h/r", WKI_TARGET_LOCAL, NULL, "", "", ""},
        {"1.2.3", "https://h/r/", WKI_TARGET_UID, "https://h/r", "1.2.3", "", ""},
        {"1.2/3.4", "https://h/r", WKI_TARGET_UID, "https://h/r", "1.2", "3.4", ""},
        {"1.2/3.4/5.6", "https://h/r", WKI_TARGET_UID, "https://h/r", "1.2", "3.4", "5.6"},
        {"https://h/r/studies/1.2", NULL, WKI_TARGET_DICOMWEB, "https://h/r", "1.2", "", ""},
        {"HTTPS://h/r/studies/1.2/series/3", NULL, WKI_TARGET_DICOMWEB, "HTTPS://h/r", "1.2", "3",
         ""},
        {"https://h/f/ImagingStudy/5", NULL, WKI_TARGET_FHIR, NULL, "", "", ""},
        {"https://h/f/ImagingStudy?patient=1", NULL, WKI_TARGET_FHIR, NULL, "", "", ""},
        {"https://h/studies/1.2/f/ImagingStudy/5", NULL, WKI_TARGET_FHIR, NULL, "", "", ""},
        {"https://h/saved/bundle.json", NULL, WKI_TARGET_URL, NULL, "", "", ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_target t;
        wk_error err = {0};
        wk_code rc = wki_target_read(rows[i].text, rows[i].dicomweb, &t, &err);

        T_OK(rc, &err);
        if (rc != WK_OK)
            continue;
        if (t.kind != rows[i].kind)
            printf("\n  %s", rows[i].text);
        CU_ASSERT_EQUAL(t.kind, rows[i].kind);
        if (rows[i].root)
            T_STR(t.web.root, rows[i].root);
        T_STR(t.web.study, rows[i].study);
        T_STR(t.web.series, rows[i].series);
        T_STR(t.web.sop, rows[i].sop);
        wki_target_clear(&t);
    }
}

static void test_what_can_be_no_target_is_said(void)
{
    static const struct {
        const char *text;
        wk_code code;
        const char *part;
    } rows[] = {
        {"ftp://h/x", WK_USAGE, "only http and https"},
        {"https://h/r/studies", WK_USAGE, "names no study"},
        {"https://h/r/studies?PatientID=1", WK_USAGE, "names no study"},
        {"https://h/r/studies/abc", WK_USAGE, "not a UID"},
        {"https://h/r/studies/1.2/series/..", WK_USAGE, "not a UID"},
        {"https://h/r/studies/1.2/metadata", WK_USAGE, "metadata"},
        {"https://h/r/studies/1.2/series/1.3/instances/1.4/frames/1,2", WK_USAGE, "frames/1,2"},
        {"https://u:p@h/r/studies/1.2", WK_REFUSED, ""},
        {"https://h/{{x}}/studies/1.2", WK_REFUSED, ""},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_target t;
        wk_error err = {0};

        T_FAILS(wki_target_read(rows[i].text, NULL, &t, &err), rows[i].code, &err);
        T_HAS(err.message, rows[i].part);
    }
}

static void test_a_file_is_known_by_its_first_bytes(void)
{
    unsigned char dicm[200] = {0}, dir[200] = {0};
    static const struct {
        const char *bytes;
        size_t n;
        wki_sniffed is;
    } rows[] = {
        {"", 0, WKI_SNIFF_EMPTY},
        {"{\"a\"", 4, WKI_SNIFF_JSON},
        {"\xEF\xBB\xBF \n[", 6, WKI_SNIFF_JSON},
        {"<html>", 6, WKI_SNIFF_OTHER},
        {"hello world", 11, WKI_SNIFF_OTHER},
        {"\x02\0\0\0UL\x04\0", 8, WKI_SNIFF_DICOM},
        {"\x08\0\x05\0CS\x0a\0", 8, WKI_SNIFF_DICOM},
        {"\x08\0\0\0\x04\0\0\0", 8, WKI_SNIFF_DICOM},
        {"\0\x08\0\x05"
         "CS\0\x0a",
         8, WKI_SNIFF_DICOM},
        {"\x08\0\x05\0zz\x0a\0", 8, WKI_SNIFF_OTHER},
        {"\x08\0\x05\0\x03\0\0\0", 8, WKI_SNIFF_OTHER},
        {"\x09\0\x05\0CS\x0a\0", 8, WKI_SNIFF_OTHER},
        {"\0\0\0\0\0\0\0\0", 8, WKI_SNIFF_OTHER},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CU_ASSERT_EQUAL(wki_sniff(rows[i].bytes, rows[i].n), rows[i].is);
    memcpy(dicm + 128, "DICM", 4);
    CU_ASSERT_EQUAL(wki_sniff(dicm, sizeof dicm), WKI_SNIFF_DICOM);
    CU_ASSERT_EQUAL(wki_sniff(dicm, 131), WKI_SNIFF_OTHER);
    memcpy(dir, dicm, sizeof dir);
    memcpy(dir + 144,
           "\x02\0\x02\0UI\x14\0"
           "1.2.840.10008.1.3.10",
           28);
    CU_ASSERT_EQUAL(wki_sniff(dir, sizeof dir), WKI_SNIFF_DICOMDIR);
}

/* --- walking --- */

static char root[64];
static char found[1024];
static int n_failed;

static void put(const char *name, const void *data, size_t n)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", root, name);
    f = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fwrite(data, 1, n, f);
    fclose(f);
}

static void in_root(char out[256], const char *name)
{
    snprintf(out, 256, "%s/%s", root, name);
}

static wk_code on_dicom(void *user, const char *path, wk_error *err)
{
    (void)user;
    (void)err;
    strncat(found, path + strlen(root) + 1, sizeof found - strlen(found) - 1);
    strncat(found, ";", sizeof found - strlen(found) - 1);
    return WK_OK;
}

static wk_code on_failed(void *user, const char *path, const wk_error *error, wk_error *err)
{
    (void)user;
    (void)err;
    (void)path;
    CU_ASSERT_EQUAL(error->code, WK_IO);
    n_failed++;
    return WK_OK;
}

static void test_a_directory_is_walked_in_order_and_the_rest_counted(void)
{
    static const char dicom[] = "\x08\0\x05\0CS\x0a\0ISO_IR 100";
    wki_walk walk = {.dicom = on_dicom, .failed = on_failed};
    char a[256], b[256], command[300];
    wk_error err = {0};

    snprintf(root, sizeof root, "/tmp/wadokit-walk-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
    in_root(a, "sub");
    mkdir(a, 0700);
    in_root(a, "none");
    mkdir(a, 0);
    put("b.dcm", dicom, sizeof dicom);
    put("a", dicom, sizeof dicom);
    put("sub/c", dicom, sizeof dicom);
    put("README.txt", "hello", 5);
    put("empty", "", 0);
    put("x.json", "{}", 2);
    in_root(a, ".wadokit");
    mkdir(a, 0700);
    put(".wadokit/journal.jsonl", "{}", 2); /* ours: neither read nor counted */
    put(".wadokit-12-ab", dicom, sizeof dicom);
    in_root(a, "sub");
    in_root(b, "loop");
    CU_ASSERT_EQUAL(symlink(a, b), 0);
    in_root(a, "a");
    in_root(b, "z-link");
    CU_ASSERT_EQUAL(symlink(a, b), 0);
    in_root(b, "y-broken");
    CU_ASSERT_EQUAL(symlink("/nowhere/at/all", b), 0);
    in_root(b, "pipe");
    CU_ASSERT_EQUAL(mkfifo(b, 0600), 0);
    found[0] = '\0';
    n_failed = 0;
    T_OK(wki_walk_dir(&walk, root, &err), &err);
    T_STR(found, "a;b.dcm;sub/c;z-link;");
    CU_ASSERT_EQUAL(walk.skipped, 6); /* text, empty, JSON, link to a folder, broken link, pipe */
    CU_ASSERT_EQUAL(n_failed, geteuid() == 0 ? 0 : 1); /* root may read everything */
    in_root(a, "none");
    chmod(a, 0700);
    snprintf(command, sizeof command, "rm -r '%s'", root);
    CU_ASSERT_EQUAL(system(command), 0);
}

static CU_TestInfo tests[] = {
    {"the text says what a target is", test_the_text_says_what_a_target_is},
    {"what can be no target is said", test_what_can_be_no_target_is_said},
    {"a file is known by its first bytes", test_a_file_is_known_by_its_first_bytes},
    {"a directory is walked in order, and the rest counted",
     test_a_directory_is_walked_in_order_and_the_rest_counted},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_target = {"target", NULL, NULL, NULL, NULL, tests};
