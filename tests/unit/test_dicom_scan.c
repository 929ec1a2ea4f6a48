#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/buf.h"
#include "core/text.h"
#include "dicom/dicom_scan.h"
#include "support/t.h"

/* --- making data sets --- */

enum {
    EXPLICIT,
    IMPLICIT,
    BIG
};

static void add(wki_buf *b, const void *p, size_t n)
{
    wk_error err = {0};

    T_OK(wki_buf_add(b, p, n, &err), &err);
}

static void add16(wki_buf *b, int how, unsigned v)
{
    unsigned char le[2] = {(unsigned char)v, (unsigned char)(v >> 8)};
    unsigned char be[2] = {(unsigned char)(v >> 8), (unsigned char)v};

    add(b, how == BIG ? be : le, 2);
}

static void add32(wki_buf *b, int how, uint32_t v)
{
    add16(b, how, how == BIG ? v >> 16 : v & 0xffff);
    add16(b, how, how == BIG ? v & 0xffff : v >> 16);
}

static void add_header(wki_buf *b, int how, uint32_t tag, const char *vr, uint32_t n)
{
    add16(b, how, tag >> 16);
    add16(b, how, tag & 0xffff);
    if (how == IMPLICIT || !vr) {
        add32(b, how, n);
        return;
    }
    add(b, vr, 2);
    if (strstr("OB OW SQ UN UT", vr)) {
        add16(b, how, 0);
        add32(b, how, n);
    } else {
        add16(b, how, n);
    }
}

static void add_text(wki_buf *b, int how, uint32_t tag, const char *vr, const char *text)
{
    size_t n = strlen(text);

    add_header(b, how, tag, vr, (uint32_t)(n + n % 2));
    add(b, text, n);
    if (n % 2)
        add(b, "", 1);
}

static void add_meta(wki_buf *b, const char *ts)
{
    static const char zeros[128];

    add(b, zeros, sizeof zeros);
    add(b, "DICM", 4);
    add_text(b, EXPLICIT, 0x00020010, "UI", ts);
}

static void add_identity(wki_buf *b, int how)
{
    add_text(b, how, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
    add_text(b, how, 0x00080018, "UI", "1.2.3.4");
    add_text(b, how, 0x00080060, "CS", "CT");
    add_text(b, how, 0x00100020, "LO", "P 1");
    add_text(b, how, 0x0020000d, "UI", "1.2");
    add_text(b, how, 0x0020000e, "UI", "1.2.3");
    add_text(b, how, 0x00200013, "IS", " 17");
    add_header(b, how, 0x00280010, "US", 2);
    add16(b, how, 512);
}

static void add_pixels(wki_buf *b, int how)
{
    char pixels[64];

    memset(pixels, 7, sizeof pixels);
    add_header(b, how, 0x7fe00010, "OW", sizeof pixels);
    add(b, pixels, sizeof pixels);
}

/* Sequences of undefined length, three deep, and a UN of undefined length. */
static void add_sequences(wki_buf *b, int how)
{
    for (unsigned i = 0; i < 3; i++) {
        add_header(b, how, 0x00081140, "SQ", 0xffffffff);
        add_header(b, how, 0xfffee000, NULL, 0xffffffff);
        add_text(b, how, 0x00080018, "UI", "9.9.9");
    }
    for (unsigned i = 0; i < 3; i++) {
        add_header(b, how, 0xfffee00d, NULL, 0);
        add_header(b, how, 0xfffee000, NULL, 4);
        add(b, "abcd", 4);
        add_header(b, how, 0xfffee0dd, NULL, 0);
    }
    add_header(b, how, 0x00091010, "UN", 0xffffffff);
    add_header(b, how == BIG ? BIG : IMPLICIT, 0xfffee000, NULL, 0xffffffff);
    add_text(b, how == BIG ? BIG : IMPLICIT, 0x00091011, how == BIG ? "LO" : NULL, "x");
    add_header(b, how, 0xfffee00d, NULL, 0);
    add_header(b, how, 0xfffee0dd, NULL, 0);
}

/* --- scanning --- */

static wk_code scan(wki_dicom_scan *s, const void *data, size_t n, size_t piece, wk_error *err)
{
    wk_code rc = WK_OK;

    wki_dicom_scan_reset(s);
    for (size_t at = 0; at < n && rc == WK_OK; at += piece)
        rc = wki_dicom_feed(s, (const char *)data + at, piece < n - at ? piece : n - at, err);
    return rc == WK_OK ? wki_dicom_finish(s, err) : rc;
}

static wki_dicom_scan *new_scan(void)
{
    wki_dicom_scan *s = NULL;
    wk_error err = {0};

    T_OK(wki_dicom_scan_new(&s, &err), &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    return s;
}

static const char *const syntaxes[] = {"1.2.840.10008.1.2.1", "1.2.840.10008.1.2",
                                       "1.2.840.10008.1.2.2"};

static void make_file(wki_buf *b, int how, const char *ts)
{
    wki_buf_init(b, 1 << 20, "file");
    add_meta(b, ts);
    add_identity(b, how);
    if (how != BIG)
        add_sequences(b, how);
    add_pixels(b, how);
}

static void expect_identity(const wki_dicom_scan *s)
{
    const wki_dicom_identity *id = wki_dicom_scan_identity(s);

    T_STR(id->sop_uid, "1.2.3.4");
    T_STR(id->series_uid, "1.2.3");
    T_STR(id->study_uid, "1.2");
    T_STR(id->modality, "CT");
    T_STR(id->patient_id, "P 1");
    CU_ASSERT_EQUAL(id->instance_number, 17);
    CU_ASSERT_EQUAL(id->series_number, -1);
    CU_ASSERT_EQUAL(id->rows, 512);
    CU_ASSERT_EQUAL(id->frames, 1);
    CU_ASSERT_TRUE(id->has_pixels);
}

static void test_syntaxes(void)
{
    wki_dicom_scan *s = new_scan();

    for (int how = EXPLICIT; how <= BIG; how++) {
        for (int said = EXPLICIT; said <= BIG; said++) { /* the meta header may be wrong */
            wki_buf b;

            make_file(&b, how, syntaxes[said]);
            for (size_t piece = 1; piece <= b.n; piece = piece * 3 + 1) {
                wk_error err = {0};

                T_OK(scan(s, b.data, b.n, piece, &err), &err);
                expect_identity(s);
            }
            wki_buf_clear(&b);
        }
    }
    wki_dicom_scan_free(s);
}

static void test_bare(void)
{
    wki_dicom_scan *s = new_scan();

    for (int how = EXPLICIT; how <= BIG; how++) {
        wk_error err = {0};
        wki_buf b;

        make_file(&b, how, syntaxes[how]);
        T_OK(scan(s, b.data + 132, b.n - 132, 50, &err), &err); /* from the meta group */
        expect_identity(s);
        wki_buf_clear(&b);
        wki_buf_init(&b, 1 << 20, "file");
        add_identity(&b, how);
        add_pixels(&b, how);
        T_OK(scan(s, b.data, b.n, 7, &err), &err); /* from the data set */
        expect_identity(s);
        T_STR(wki_dicom_scan_identity(s)->transfer_syntax, syntaxes[how]);
        wki_buf_clear(&b);
    }
    wki_dicom_scan_free(s);
}

static void test_encapsulated(void)
{
    wki_dicom_scan *s = new_scan();
    wk_error err = {0};
    wki_buf b;

    wki_buf_init(&b, 1 << 20, "file");
    add_meta(&b, "1.2.840.10008.1.2.4.70");
    add_identity(&b, EXPLICIT);
    add_header(&b, EXPLICIT, 0x7fe00010, "OB", 0xffffffff);
    add_header(&b, EXPLICIT, 0xfffee000, NULL, 0);
    add_header(&b, EXPLICIT, 0xfffee000, NULL, 8);
    add(&b, "\xfe\xff\xdd\xe0\0\0\0\0", 8); /* a delimiter inside of a fragment is data */
    add_header(&b, EXPLICIT, 0xfffee0dd, NULL, 0);
    T_OK(scan(s, b.data, b.n, 5, &err), &err);
    expect_identity(s);
    for (size_t cut = 1; cut <= 32; cut++) {
        wk_error_clear(&err);
        T_FAILS(scan(s, b.data, b.n - cut, 11, &err), WK_DATA, &err);
    }
    wki_buf_clear(&b);
    wki_dicom_scan_free(s);
}

static void make_deflated(wki_buf *b, size_t zeros, int bits)
{
    z_stream z = {0};
    char *packed = malloc(1 << 20);
    char *plain = calloc(1, zeros + 1);
    wki_buf set;

    CU_ASSERT_FATAL(packed && plain);
    wki_buf_init(&set, 64u << 20, "set");
    add_identity(&set, EXPLICIT);
    add_header(&set, EXPLICIT, 0x7fe00010, "OW", (uint32_t)zeros);
    add(&set, plain, zeros);
    wki_buf_init(b, 1 << 20, "file");
    add_meta(b, "1.2.840.10008.1.2.1.99");
    CU_ASSERT_EQUAL(deflateInit2(&z, 9, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)set.data;
    z.avail_in = (uInt)set.n;
    z.next_out = (Bytef *)packed;
    z.avail_out = 1 << 20;
    CU_ASSERT_EQUAL(deflate(&z, Z_FINISH), Z_STREAM_END);
    add(b, packed, z.total_out);
    deflateEnd(&z);
    wki_buf_clear(&set);
    free(packed);
    free(plain);
}

static void test_deflated(void)
{
    wki_dicom_scan *s = new_scan();
    wki_buf b;

    for (int bits = -15; bits <= 15; bits += 30) { /* raw, and with the zlib header that is wrong */
        make_deflated(&b, 100000, bits);
        for (size_t piece = 1; piece <= b.n; piece = piece * 7) {
            wk_error err = {0};

            T_OK(scan(s, b.data, b.n, piece, &err), &err);
            expect_identity(s);
        }
        for (size_t cut = 150; cut < b.n; cut += 13) {
            wk_error err = {0};

            T_FAILS(scan(s, b.data, cut, 64, &err), WK_DATA, &err);
        }
        wki_buf_clear(&b);
    }
    wki_dicom_scan_free(s);
}

static void test_padding(void)
{
    static const struct {
        const char *bytes;
        size_t n;
        wk_code expected;
    } rows[] = {
        {"\0", 1, WK_OK},
        {"\r\n", 2, WK_OK},
        {"\0\0\0\0\0\0\0\0", 8, WK_OK},
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 21, WK_OK},
        {"\x10", 1, WK_DATA},
        {"\0\0\0\0\0\0\0\0\0\0x", 11, WK_DATA},
        {"\xe0\x7f\x10\0OW", 6, WK_DATA},
    };
    wki_dicom_scan *s = new_scan();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wk_error err = {0};
        wki_buf b;

        make_file(&b, EXPLICIT, syntaxes[EXPLICIT]);
        add(&b, rows[i].bytes, rows[i].n);
        CU_ASSERT_EQUAL(scan(s, b.data, b.n, 9, &err), rows[i].expected);
        wki_buf_clear(&b);
    }
    wki_dicom_scan_free(s);
}

static void test_foreign(void)
{
    static const struct {
        const char *body, *word;
    } rows[] = {
        {"", "empty"},
        {"  <!DOCTYPE html><p>Session expired</p>", "Session expired"},
        {"<?xml version=\"1.0\"?>", "XML"},
        {"{\"error\":\"no\"}\nmore", "{\"error\":\"no\"}"},
        {"PK\3\4abc", "ZIP"},
        {"just some words that are not DICOM at all", "not a DICOM file"},
    };
    wki_dicom_scan *s = new_scan();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wk_error err = {0};

        T_FAILS(scan(s, rows[i].body, strlen(rows[i].body), 3, &err), WK_DATA, &err);
        T_HAS(err.message, rows[i].word);
    }
    wki_dicom_scan_free(s);
}

static void test_hostile(void)
{
    wki_dicom_scan *s = new_scan();
    wk_error err = {0};
    wki_buf b;

    wki_buf_init(&b, 1 << 20, "file");
    add_meta(&b, syntaxes[EXPLICIT]);
    add_identity(&b, EXPLICIT);
    for (int i = 0; i < 1000; i++) {
        add_header(&b, EXPLICIT, 0x00081140, "SQ", 0xffffffff);
        add_header(&b, EXPLICIT, 0xfffee000, NULL, 0xffffffff);
    }
    T_FAILS(scan(s, b.data, b.n, 100, &err), WK_DATA, &err);
    wki_buf_clear(&b);
    wk_error_clear(&err);
    make_file(&b, EXPLICIT, syntaxes[EXPLICIT]);
    memcpy(memmem(b.data, b.n, "1.2.3.4", 7), "../../x", 7);
    T_FAILS(scan(s, b.data, b.n, 100, &err), WK_REFUSED, &err);
    T_HAS(err.message, "SOP Instance UID: it is \"../../x");
    wk_error_clear(&err);
    memcpy(memmem(b.data, b.n, "../../x", 7), "1\x1b\xff.x.", 7); /* wrong, and no path */
    T_FAILS(scan(s, b.data, b.n, 100, &err), WK_DATA, &err);
    T_HAS(err.message, "SOP Instance UID: it is \"1??.x.");
    wki_buf_clear(&b);
    wki_dicom_scan_free(s);
}

/* --- the corpus --- */

static bool read_whole(const char *path, wki_buf *b)
{
    char piece[65536];
    size_t n;
    FILE *f = fopen(path, "rb");

    wki_buf_init(b, 64u << 20, "file");
    if (!f)
        return false;
    while ((n = fread(piece, 1, sizeof piece, f)) > 0)
        add(b, piece, n);
    fclose(f);
    return b->n > 0;
}

/* A cut between two elements of the data set cannot be seen but by what is missing. */
static bool tells_cut(wki_dicom_scan *s, const wki_buf *b, size_t n, bool pixels)
{
    wk_error err = {0};

    return scan(s, b->data, n, 16384, &err) != WK_OK ||
           (pixels && !wki_dicom_scan_identity(s)->has_pixels);
}

static void check_cuts(wki_dicom_scan *s, const wki_buf *b, const char *name)
{
    bool pixels = wki_dicom_scan_identity(s)->has_pixels;
    unsigned missed = 0, tried = 0;

    for (size_t i = 1; i < 24; i++, tried++)
        missed += !tells_cut(s, b, b->n / 24 * i, pixels);
    for (size_t i = 9; pixels && i < 60 && i < b->n; i++, tried++)
        missed += !tells_cut(s, b, b->n - i, pixels);
    if (missed * 10 > tried)
        printf("\n  %s: %u of %u cuts not seen", name, missed, tried);
    CU_ASSERT(missed * 10 <= tried);
}

static unsigned check_folder(wki_dicom_scan *s, const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    unsigned files = 0;

    while (d && (e = readdir(d)) != NULL) {
        char *path = wki_strfmt("%s/%s", folder, e->d_name);
        wk_error err = {0};
        wki_buf b;

        if (wki_str_ends(e->d_name, ".dcm") && read_whole(path, &b)) {
            wk_code rc = scan(s, b.data, b.n, 16384, &err);

            /* Some files of the corpus have no (valid) UIDs: read to their end all the same. */
            bool nameless = rc != WK_OK && strstr(err.message, "without a valid");

            if (rc != WK_OK && !nameless)
                printf("\n  %s: %s", e->d_name, err.message);
            CU_ASSERT(rc == WK_OK || nameless);
            if (rc == WK_OK)
                check_cuts(s, &b, e->d_name);
            files++;
            wki_buf_clear(&b);
        }
        free(path);
    }
    if (d)
        closedir(d);
    return files;
}

static void test_corpus(void)
{
    const char *corpus = getenv("WADOKIT_CORPUS");
    wki_dicom_scan *s = new_scan();
    unsigned files = 0;

    for (int i = 0; i < 2; i++) {
        char *folder = wki_strfmt("%s/%s", corpus ? corpus : TESTDATA_DIR "/../../shared/corpus",
                                  i ? "nonimage" : "image");

        files += check_folder(s, folder);
        free(folder);
    }
    if (files == 0)
        printf(" (skipped: no corpus; set WADOKIT_CORPUS) ");
    wki_dicom_scan_free(s);
}

/* After every byte: never more than there is to come, one where one is to come, none at the end. */
static void test_what_is_missing_is_known(void)
{
    static const struct {
        int how;
        const char *ts;
    } rows[] = {{EXPLICIT, "1.2.840.10008.1.2.1"},
                {IMPLICIT, "1.2.840.10008.1.2"},
                {BIG, "1.2.840.10008.1.2.2"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_dicom_scan *s = NULL;
        wki_buf b;
        wk_error err = {0};
        size_t zero = 0;

        wki_buf_init(&b, 1 << 20, "test");
        add_meta(&b, rows[i].ts);
        add_identity(&b, rows[i].how);
        if (rows[i].how != BIG) /* its unknown sequence is in little-endian */
            add_sequences(&b, rows[i].how);
        add_pixels(&b, rows[i].how);
        T_OK(wki_dicom_scan_new(&s, &err), &err);
        for (size_t at = 0; at < b.n; at++) {
            int64_t left;

            T_OK(wki_dicom_feed(s, b.data + at, 1, &err), &err);
            left = wki_dicom_missing(s);
            CU_ASSERT(left <= (int64_t)(b.n - at - 1));
            zero += left == 0;
            if (b.n - at - 1 <= 64)
                CU_ASSERT_EQUAL(left, (int64_t)(b.n - at - 1));
        }
        CU_ASSERT(zero < 20); /* between elements */
        wki_dicom_scan_free(s);
        wki_buf_clear(&b);
    }
}

static CU_TestInfo tests[] = {
    {"all syntaxes in any pieces, also with a wrong meta header", test_syntaxes},
    {"files without preamble or meta header are taken", test_bare},
    {"encapsulated pixel data is walked by its lengths", test_encapsulated},
    {"deflated data sets are read, and cuts are seen", test_deflated},
    {"padding behind the data set is taken, other bytes are not", test_padding},
    {"what is no DICOM is named with its first line", test_foreign},
    {"hostile nesting and UIDs are refused", test_hostile},
    {"every file of the corpus is taken, and cuts are seen", test_corpus},
    {"what is missing is known", test_what_is_missing_is_known},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_dicom_scan = {"dicom_scan", NULL, NULL, NULL, NULL, tests};
