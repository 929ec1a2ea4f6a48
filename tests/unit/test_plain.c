#include "support/t.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/text.h"
#include "dicom/dicom_file.h"
#include "dicom/plain.h"
#include "support/dicom_writer.h"

static bool same_windows(const wki_frame_values *a, const wki_frame_values *b)
{
    if (a->n_windows != b->n_windows || a->has_rescale != b->has_rescale || a->slope != b->slope ||
        a->intercept != b->intercept)
        return false;
    for (size_t i = 0; i < a->n_windows; i++) {
        const wki_window *v = &a->windows[i], *w = &b->windows[i];

        if (v->center != w->center || v->width != w->width || v->function != w->function ||
            strcmp(v->explanation, w->explanation) != 0)
            return false;
    }
    return true;
}

/* Every field: what holds no pointer is compared at once. */
static bool same(const wki_image_desc *a, const wki_image_desc *b)
{
    wki_image_desc x = *a, y = *b;
    bool windows = same_windows(&x.top, &y.top);

    memset(&x.top, 0, sizeof x.top);
    memset(&y.top, 0, sizeof y.top);
    x.per_frame = y.per_frame = NULL;
    x.n_per_frame = y.n_per_frame = x.per_frame_first = y.per_frame_first = 0;
    return windows && memcmp(&x, &y, sizeof x) == 0;
}

/* What holds for each frame, the last one first. */
static bool same_frames(wki_plain *p, wki_image_desc *a, const wki_image_desc *b)
{
    for (uint32_t i = a->frames; i-- > 0;) {
        if (!wki_plain_select(p, a, i) ||
            !same_windows(wki_image_desc_values(a, i), wki_image_desc_values(b, i)))
            return false;
    }
    return true;
}

/* 1 taken and like DCMTK's, 0 left to DCMTK, -1 different. */
static int compare(const char *path)
{
    wki_plain *p = NULL;
    wki_dicom_file *f = NULL;
    wki_image_desc a, b;
    wk_error err = {0};
    int result = -1;

    if (!wki_plain_open(path, &p, &a))
        return 0;
    memset(&b, 0, sizeof b);
    if (wki_dicom_open(path, &f, &err) == WK_OK && wki_dicom_describe(f, &b, &err) == WK_OK) {
        wki_frame_bytes x = {0}, y = {0};
        uint32_t frame = a.frames / 2;
        wk_code rx = wki_plain_frame_bytes(p, &a, frame, &x, NULL);
        wk_code ry = wki_dicom_frame_bytes(f, &b, frame, &y, NULL);

        if (same(&a, &b) && same_frames(p, &a, &b) &&
            wki_plain_frames_there(p, &a) == wki_dicom_frames_there(f, &b) && rx == ry &&
            x.n == y.n && (x.n == 0 || !memcmp(x.data, y.data, x.n)))
            result = 1;
        wki_frame_bytes_clear(&x);
        wki_frame_bytes_clear(&y);
    }
    if (result < 0)
        printf("\n  %s: not as DCMTK reads it %s\n", path, err.message);
    wki_image_desc_clear(&a);
    wki_image_desc_clear(&b);
    wki_plain_close(p);
    wki_dicom_close(f);
    return result;
}

/* One element may be put in place of the usual one, or added. */
typedef struct change {
    uint32_t tag;
    const char *vr, *text; /* text NULL: `number` */
    unsigned number;
    int taken;
} change;

static bool wanted(const change *c, uint32_t tag, dw_file *f)
{
    if (c->tag == tag) {
        if (c->text)
            dw_text(f, tag, c->vr, c->text);
        else if (c->vr)
            dw_us(f, tag, c->number);
        return false;
    }
    return true;
}

static void write_file(const change *c, const char *path)
{
    static const struct {
        uint32_t tag;
        const char *vr, *text;
        unsigned number;
    } usual[] = {
        {0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL", 0},
        {0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2", 0},
        {0x00080018, "UI", "1.2.3.4", 0},
        {0x00080060, "CS", "CT", 0},
        {0x00089205, NULL, NULL, 0},
        {0x0020000D, "UI", "1.2.3", 0},
        {0x0020000E, "UI", "1.2.3.5", 0},
        {0x00280002, "US", NULL, 1},
        {0x00280004, "CS", "MONOCHROME2", 0},
        {0x00280008, NULL, NULL, 0},
        {0x00280010, "US", NULL, 3},
        {0x00280011, "US", NULL, 5},
        {0x00280030, "DS", "0.488281\\0.5", 0},
        {0x00280034, NULL, NULL, 0},
        {0x00280100, "US", NULL, 16},
        {0x00280101, "US", NULL, 12},
        {0x00280102, "US", NULL, 11},
        {0x00280103, "US", NULL, 1},
        {0x00280120, NULL, NULL, 0},
        {0x00281050, "DS", "40\\ -600.5", 0},
        {0x00281051, "DS", "400\\1500", 0},
        {0x00281052, "DS", "-1024", 0},
        {0x00281053, "DS", "1.000000", 0},
        {0x00281055, "LO", "SOFT\\LUNG", 0},
        {0x00281056, NULL, NULL, 0},
        {0x00282110, NULL, NULL, 0},
        {0x20500020, NULL, NULL, 0},
        {0x52009230, NULL, NULL, 0},
        {0x60000010, NULL, NULL, 0},
    };
    uint8_t pixels[30] = {1, 2, 3, 4};
    dw_file f = {0};

    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        if (!wanted(c, usual[i].tag, &f) || !usual[i].vr)
            continue;
        if (usual[i].text)
            dw_text(&f, usual[i].tag, usual[i].vr, usual[i].text);
        else
            dw_us(&f, usual[i].tag, usual[i].number);
    }
    dw_bytes(&f, 0x7FE00010, "OW", pixels, sizeof pixels);
    dw_save(&f, path, "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4");
    dw_clear(&f);
}

static void what_is_taken_is_described_as_dcmtk_does(void)
{
    static const change table[] = {
        {0, NULL, NULL, 0, 1},
        {0x00080008, "CS", "DERIVED \\ SECONDARY", 0, 1},
        {0x00080060, "CS", "C\xC3\xA4", 0, 0},
        {0x0020000E, NULL, NULL, 0, 1},
        {0x00280004, "CS", "MONOCHROME1", 0, 1},
        {0x00280004, "CS", "monochrome1", 0, 0},
        {0x00280004, "CS", "PALETTE COLOR", 0, 0},
        {0x00280004, "CS", "RGB", 0, 0},
        {0x00280002, NULL, NULL, 0, 0},
        {0x00280008, "IS", "1", 0, 1},
        {0x00280008, "IS", "0", 0, 0},
        {0x00280010, "US", NULL, 0, 0},
        {0x00280010, "UL", "abcd", 0, 0},
        {0x00280030, "DS", "", 0, 1},
        {0x00280030, "DS", "0.1", 0, 1},
        {0x00280030, "DS", "1e-1\\2", 0, 0},
        {0x00280030, "DS", "0,5\\1", 0, 0},
        {0x00280034, "IS", "2\\1", 0, 1},
        {0x00280100, "US", NULL, 12, 0},
        {0x00280101, "US", NULL, 17, 0},
        {0x00280102, "US", NULL, 15, 1},
        {0x00280102, "US", NULL, 3, 0},
        {0x00280102, NULL, NULL, 0, 1},
        {0x00280103, "US", NULL, 0, 1},
        {0x00280120, "US", NULL, 63536, 1},
        {0x00280120, "SS", "\x30\xF8", 0, 1},
        {0x00281050, "DS", "40", 0, 1},
        {0x00281050, "DS", " 40 \\x", 0, 0},
        {0x00281050, "DS", "40\\\\3", 0, 0},
        {0x00281051, NULL, NULL, 0, 1},
        {0x00281053, "DS", "0.123456789012345678", 0, 0},
        {0x00281053, NULL, NULL, 0, 1},
        {0x00281053, "DS", "0.0", 0, 0},
        {0x00281055, "LO", "WEICHTEIL\xE4", 0, 0},
        {0x00281056, "CS", "SIGMOID", 0, 1},
        {0x00281056, "CS", "Linear_Exact", 0, 1},
        {0x00281056, "CS", "CUBIC", 0, 0},
        {0x00282110, "CS", "01", 0, 1},
        {0x20500020, "CS", "INVERSE", 0, 1},
        {0x60000010, "US", NULL, 5, 0},
        {0x00089205, "CS", "MONOCHROME", 0, 1},
        {0x52009230, "UN", "", 0, 0},
    };
    char path[] = "/tmp/wadokit-plain-XXXXXX";
    int fd = mkstemp(path);

    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int got;

        write_file(&table[i], path);
        got = compare(path);
        if (got != table[i].taken)
            printf("\n  change %zu (%08X): %d\n", i, table[i].tag, got);
        CU_ASSERT_EQUAL(got, table[i].taken);
    }
    unlink(path);
}

/* A sequence of one item, or an item of a sequence, whose contents are in `inner`. */
static void put_sequence(dw_file *f, uint32_t tag, dw_file *inner, bool measured)
{
    dw_file item = {0};

    if (measured) {
        dw_item_of(&item, inner);
        dw_bytes(f, tag, "SQ", item.data, item.size);
    } else {
        dw_sequence(f, tag);
        dw_item(f);
        dw_append(f, inner);
        dw_item_end(f);
        dw_sequence_end(f);
    }
    dw_clear(&item);
    dw_clear(inner);
}

/* What an item of functional groups holds; NULL is absent. */
typedef struct group {
    const char *center, *width, *slope, *intercept, *spacing;
} group;

static void put_group(dw_file *f, const group *g, bool measured)
{
    dw_file inner = {0};

    if (g->spacing) {
        dw_text(&inner, 0x00280030, "DS", g->spacing);
        put_sequence(f, 0x00289110, &inner, measured);
    }
    if (g->center) {
        dw_text(&inner, 0x00281050, "DS", g->center);
        dw_text(&inner, 0x00281051, "DS", g->width);
        dw_text(&inner, 0x00281055, "LO", "SOFT");
        put_sequence(f, 0x00289132, &inner, measured);
    }
    if (g->slope) {
        dw_text(&inner, 0x00281052, "DS", g->intercept);
        dw_text(&inner, 0x00281053, "DS", g->slope);
        dw_text(&inner, 0x00281054, "LO", "HU");
        put_sequence(f, 0x00289145, &inner, measured);
    }
}

static void put_frames(dw_file *f, const group *frames, size_t n, bool measured)
{
    dw_file all = {0}, inner = {0};

    if (!measured)
        dw_sequence(f, 0x52009230);
    for (size_t i = 0; i < n; i++) {
        put_group(&inner, &frames[i], measured);
        if (measured) {
            dw_item_of(&all, &inner);
        } else {
            dw_item(f);
            dw_append(f, &inner);
            dw_item_end(f);
        }
        dw_clear(&inner);
    }
    if (measured)
        dw_bytes(f, 0x52009230, "SQ", all.data, all.size);
    else
        dw_sequence_end(f);
    dw_clear(&all);
}

/* Four frames; `n` items are there for them. */
static void write_enhanced(const group *shared, const group *frames, size_t n, bool measured,
                           const char *path)
{
    uint8_t pixels[4 * 12] = {9};
    dw_file f = {0}, inner = {0};

    dw_text(&f, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2.1");
    dw_text(&f, 0x00080018, "UI", "1.2.3.4");
    dw_text(&f, 0x00080060, "CS", "CT");
    dw_text(&f, 0x00089205, "CS", "MONOCHROME");
    dw_text(&f, 0x0020000D, "UI", "1.2.3");
    dw_text(&f, 0x0020000E, "UI", "1.2.3.5");
    dw_text(&f, 0x00209311, "CS", "3D");
    dw_us(&f, 0x00280002, 1);
    dw_text(&f, 0x00280004, "CS", "MONOCHROME2");
    dw_text(&f, 0x00280008, "IS", "4");
    dw_us(&f, 0x00280010, 2);
    dw_us(&f, 0x00280011, 3);
    dw_us(&f, 0x00280100, 16);
    dw_us(&f, 0x00280101, 12);
    dw_us(&f, 0x00280102, 11);
    dw_us(&f, 0x00280103, 0);
    dw_text(&f, 0x00281050, "DS", "1");
    dw_text(&f, 0x00281051, "DS", "2");
    put_group(&inner, shared, measured);
    put_sequence(&f, 0x52009229, &inner, measured);
    put_frames(&f, frames, n, measured);
    dw_text(&f, 0x54000100, "SH", "behind");
    dw_bytes(&f, 0x7FE00010, "OW", pixels, sizeof pixels);
    dw_save(&f, path, "1.2.840.10008.5.1.4.1.1.2.1", "1.2.3.4");
    dw_clear(&f);
}

static void functional_groups_are_read_as_dcmtk_does(void)
{
    static const group none = {NULL, NULL, NULL, NULL, NULL};
    static const group shared = {"40", "400", "1", "-1024", "0.5\\0.25"};
    static const group odd = {"4e1", "400", NULL, NULL, NULL};
    static const group frames[] = {
        {"50", "350", "2", "-1", "1\\3"},
        {NULL, NULL, "1", "0", NULL},
        {"300\\40", "1500\\400", NULL, NULL, NULL},
        {NULL, NULL, NULL, NULL, NULL},
        {"1", "2", NULL, NULL, NULL},
    };
    static const struct {
        const group *shared, *frames;
        size_t n;
        int taken;
    } table[] = {
        {&shared, frames, 4, 1}, {&none, frames, 4, 1},     {&shared, frames, 2, 1},
        {&shared, frames, 5, 1}, {&none, frames + 1, 3, 1}, {&shared, frames, 0, 1},
        {&none, &none, 1, 1},    {&odd, frames, 4, 0},
    };
    char path[] = "/tmp/wadokit-plain-XXXXXX";
    int fd = mkstemp(path);

    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    for (size_t i = 0; i < 2 * sizeof table / sizeof table[0]; i++) {
        int got;

        write_enhanced(table[i / 2].shared, table[i / 2].frames, table[i / 2].n, i % 2, path);
        got = compare(path);
        if (got != table[i / 2].taken)
            printf("\n  groups %zu: %d\n", i, got);
        CU_ASSERT_EQUAL(got, table[i / 2].taken);
    }
    unlink(path);
}

static void a_frame_with_odd_groups_is_not_selected(void)
{
    static const group frames[] = {{"1", "2", NULL, NULL, NULL}, {"1e0", "2", NULL, NULL, NULL}};
    char path[] = "/tmp/wadokit-plain-XXXXXX";
    int fd = mkstemp(path);
    wki_image_desc d;
    wki_plain *p = NULL;

    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    write_enhanced(&frames[0], frames, 2, true, path);
    CU_ASSERT_FATAL(wki_plain_open(path, &p, &d));
    CU_ASSERT(wki_plain_select(p, &d, 0));
    CU_ASSERT(!wki_plain_select(p, &d, 1));
    wki_image_desc_clear(&d);
    wki_plain_close(p);
    unlink(path);
}

static void walk_folder(const char *folder, unsigned *files, unsigned *taken)
{
    DIR *d = opendir(folder);

    for (struct dirent *e; d && (e = readdir(d));) {
        char *path = wki_strfmt("%s/%s", folder, e->d_name);
        int got = e->d_name[0] == '.' ? 0 : compare(path);

        CU_ASSERT(got >= 0);
        *files += e->d_name[0] != '.';
        *taken += got > 0;
        free(path);
    }
    if (d)
        closedir(d);
}

static void the_corpus_is_described_as_dcmtk_does(void)
{
    static const char *const folders[] = {"image", "nonimage", "bad", "dicomdir"};
    const char *corpus = getenv("WADOKIT_CORPUS");
    unsigned files = 0, taken = 0;

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char *folder =
            wki_strfmt("%s/%s", corpus ? corpus : TESTDATA_DIR "/../../shared/corpus", folders[i]);

        walk_folder(folder, &files, &taken);
        free(folder);
    }
    if (files == 0)
        printf(" (skipped: no corpus; set WADOKIT_CORPUS) ");
    else
        CU_ASSERT(taken > files / 4);
}

static CU_TestInfo tests[] = {
    {"what is taken is described as DCMTK does", what_is_taken_is_described_as_dcmtk_does},
    {"functional groups are read as DCMTK does", functional_groups_are_read_as_dcmtk_does},
    {"a frame with odd groups is not selected", a_frame_with_odd_groups_is_not_selected},
    {"the corpus is described as DCMTK does", the_corpus_is_described_as_dcmtk_does},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_plain = {"plain", NULL, NULL, NULL, NULL, tests};
