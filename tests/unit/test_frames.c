#include <stdlib.h>
#include <string.h>

#include "dicom/dicom_layout.h"
#include "dicom/frames.h"
#include "support/t.h"

/* A file built in memory: preamble, meta header, and what is put behind. */
typedef struct file {
    uint8_t data[8192];
    size_t n;
} file;

static void put(file *f, const void *data, size_t n)
{
    memcpy(f->data + f->n, data, n);
    f->n += n;
}

static void put32(file *f, uint32_t v)
{
    uint8_t b[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};

    put(f, b, 4);
}

static void start(file *f, const char *syntax)
{
    uint8_t length[2] = {(uint8_t)strlen(syntax), 0};

    memset(f, 0, sizeof *f);
    f->n = 128;
    put(f, "DICM", 4);
    put(f, "\x02\x00\x10\x00UI", 6);
    put(f, length, 2);
    put(f, syntax, strlen(syntax));
    put(f,
        "\x08\x00\x60\x00"
        "CS\x02\x00OT",
        10);
}

static void item(file *f, const void *data, size_t n)
{
    put(f, "\xFE\xFF\x00\xE0", 4);
    put32(f, (uint32_t)n);
    put(f, data, n);
}

static void open_pixels(file *f)
{
    put(f, "\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF", 12);
}

static void close_pixels(file *f)
{
    put(f, "\xFE\xFF\xDD\xE0\0\0\0\0", 8);
}

#define JPEG(c) "\xFF\xD8\xFF" c
#define END "\xFF\xD9"

/* The frames as one text, a frame that fails as "?". */
static void frames_of(file *f, uint32_t n, char *out)
{
    wki_blob s = {.fd = -1, .memory = f->data, .size = f->n};
    wki_layout l = {0};
    wki_frames *frames = NULL;
    wk_error err = {0};

    *out = '\0';
    T_OK(wki_layout_read(&s, &l, &err), &err);
    CU_ASSERT(l.encapsulated);
    T_OK(wki_frames_new(&s, &l, n, &frames, &err), &err);
    for (uint32_t i = 0; frames && i < n; i++) {
        wki_frame_bytes b = {0};
        wk_error e = {0};

        if (i > 0)
            strcat(out, "|");
        if (wki_frames_read(frames, i, &b, &e) != WK_OK)
            strcat(out, "?");
        for (size_t k = 0; k < b.n; k++) {
            char c[2] = {(char)b.data[k], '\0'};

            if (c[0] >= 'a' && c[0] <= 'z')
                strcat(out, c);
        }
        wki_frame_bytes_clear(&b);
    }
    wki_frames_free(frames);
}

static void test_the_basic_offset_table_maps_fragments(void)
{
    uint8_t bot[8] = {0};
    char got[256];
    file f;

    start(&f, "1.2.840.10008.1.2.4.50");
    open_pixels(&f);
    bot[4] = 2 * (8 + 2); /* two fragments of 2 bytes in the first frame */
    item(&f, bot, 8);
    item(&f, "aa", 2);
    item(&f, "bb", 2);
    item(&f, "cc", 2);
    close_pixels(&f);
    frames_of(&f, 2, got);
    T_STR(got, "aabb|cc");
}

static void test_a_wrong_offset_table_is_not_believed(void)
{
    static const uint8_t tables[][8] = {
        {0, 0, 0, 0, 0, 0, 0, 0},        /* not growing */
        {0, 0, 0, 0, 3, 0, 0, 0},        /* points into a fragment */
        {0, 0, 0, 0, 255, 255, 255, 255} /* points outside */
    };
    char got[256];
    file f;

    for (size_t i = 0; i < 3; i++) {
        start(&f, "1.2.840.10008.1.2.4.50");
        open_pixels(&f);
        item(&f, tables[i], 8);
        item(&f, "aa", 2);
        item(&f, "bb", 2);
        close_pixels(&f);
        frames_of(&f, 2, got);
        T_STR(got, "aa|bb");
    }
}

static void test_the_extended_offset_table_comes_first(void)
{
    uint8_t offsets[16] = {0}, lengths[16] = {0};
    char got[256];
    file f;

    start(&f, "1.2.840.10008.1.2.4.90");
    offsets[8] = 12;
    lengths[0] = 3; /* an odd frame, padded to four */
    lengths[8] = 2;
    put(&f, "\xE0\x7F\x01\x00OV\0\0\x10\0\0\0", 12);
    put(&f, offsets, 16);
    put(&f, "\xE0\x7F\x02\x00OV\0\0\x10\0\0\0", 12);
    put(&f, lengths, 16);
    open_pixels(&f);
    item(&f, "", 0);
    item(&f, "aaax", 4);
    item(&f, "bb", 2);
    close_pixels(&f);
    frames_of(&f, 2, got);
    T_STR(got, "aaa|bb");
}

static void test_without_a_table_marks_tell_frames_apart(void)
{
    char got[256];
    file f;

    start(&f, "1.2.840.10008.1.2.4.50");
    open_pixels(&f);
    item(&f, "", 0);
    item(&f, JPEG("a"), 4);
    item(&f, "bb", 2);
    item(&f, JPEG("c"), 4);
    item(&f, "dd", 2);
    item(&f, "ee", 2);
    close_pixels(&f);
    frames_of(&f, 2, got);
    T_STR(got, "abb|cddee");

    /* No start is known, but the ends are. */
    start(&f, "1.2.840.10008.1.2.4.50");
    open_pixels(&f);
    item(&f, "", 0);
    item(&f, "aa", 2);
    item(&f, "bb" END, 4);
    item(&f, "cc" END "\0\0", 6);
    close_pixels(&f);
    frames_of(&f, 2, got);
    T_STR(got, "aabb|cc");
}

static void test_all_fragments_are_the_one_frame(void)
{
    char got[256];
    file f;

    start(&f, "1.2.840.10008.1.2.4.50");
    open_pixels(&f);
    item(&f, "", 0);
    item(&f, "aa", 2);
    item(&f, "bb", 2);
    item(&f, "cc", 2);
    close_pixels(&f);
    frames_of(&f, 1, got);
    T_STR(got, "aabbcc");
}

static void test_a_cut_last_frame_fails_alone(void)
{
    char got[256];
    file f;

    start(&f, "1.2.840.10008.1.2.4.50");
    open_pixels(&f);
    item(&f, "", 0);
    item(&f, "aa", 2);
    item(&f, "bbbbbb", 6);
    f.n -= 3;
    frames_of(&f, 3, got);
    T_STR(got, "aa|?|?");
}

/* A native file with `pixels` behind the header of Pixel Data. */
static wk_code native(const char *syntax, const void *header, const void *pixels, size_t n,
                      const wki_image_desc *d, uint32_t frame, wki_frame_bytes *out, wk_error *err)
{
    static file f; /* borrowed by nothing after the call: bytes are copied out */
    wki_blob s = {.fd = -1, .memory = f.data};
    wki_layout l = {0};
    wk_code rc;

    start(&f, syntax);
    if (strcmp(syntax, "1.2.840.10008.1.2.2") == 0) {
        f.n -= 10;
        put(&f,
            "\x00\x08\x00\x60"
            "CS\x00\x02OT",
            10);
    }
    put(&f, header, 8);
    if (strcmp(syntax, "1.2.840.10008.1.2.2") == 0)
        put(&f, (uint8_t[]){0, 0, 0, (uint8_t)n}, 4);
    else
        put32(&f, (uint32_t)n);
    put(&f, pixels, n);
    s.size = f.n;
    rc = wki_layout_read(&s, &l, err);
    return rc == WK_OK ? wki_native_read(&s, &l, d, frame, out, err) : rc;
}

static void test_bits_of_a_frame_may_start_inside_a_byte(void)
{
    wki_image_desc d = {
        .rows = 3, .cols = 5, .samples = 1, .bits_allocated = 1, .bits_stored = 1, .frames = 3};
    static const uint8_t pixels[6] = {1, 2, 3, 4, 5, 6};
    wki_frame_bytes b = {0};
    wk_error err = {0};

    T_OK(native("1.2.840.10008.1.2.1", "\xE0\x7F\x10\x00OB\0\0", pixels, 6, &d, 1, &b, &err), &err);
    CU_ASSERT_EQUAL(b.bit_offset, 7);
    CU_ASSERT_EQUAL(b.n, 3);
    CU_ASSERT_EQUAL(b.data[0], 2);
    wki_frame_bytes_clear(&b);
}

static void test_big_endian_words_are_turned_also_for_bytes(void)
{
    wki_image_desc d = {
        .rows = 1, .cols = 3, .samples = 1, .bits_allocated = 8, .bits_stored = 8, .frames = 2};
    wki_frame_bytes b = {0};
    wk_error err = {0};

    /* Six 8-bit pixels as three words: frame 2 begins in the middle of a word. */
    T_OK(native("1.2.840.10008.1.2.2", "\x7F\xE0\x00\x10OW\0\0", "badcfe", 6, &d, 1, &b, &err),
         &err);
    CU_ASSERT_EQUAL(b.n, 3);
    CU_ASSERT(b.n == 3 && memcmp(b.data, "def", 3) == 0);
    wki_frame_bytes_clear(&b);
}

static void test_a_native_frame_that_is_cut_fails(void)
{
    wki_image_desc d = {
        .rows = 2, .cols = 2, .samples = 1, .bits_allocated = 8, .bits_stored = 8, .frames = 9};
    wki_frame_bytes b = {0};
    wk_error err = {0};

    T_OK(native("1.2.840.10008.1.2.1", "\xE0\x7F\x10\x00OB\0\0", "abcdef", 6, &d, 0, &b, &err),
         &err);
    wki_frame_bytes_clear(&b);
    T_FAILS(native("1.2.840.10008.1.2.1", "\xE0\x7F\x10\x00OB\0\0", "abcdef", 6, &d, 1, &b, &err),
            WK_DATA, &err);
    T_HAS(err.message, "frame 2 is cut short");
    wk_error_clear(&err);
    T_FAILS(native("1.2.840.10008.1.2.1", "\xE0\x7F\x10\x00OB\0\0", "abcdef", 6, &d, 7, &b, &err),
            WK_DATA, &err);
    T_HAS(err.message, "frame 8 is not there");
}

static void test_what_is_no_dicom_is_named(void)
{
    static const struct {
        const char *text, *part;
    } table[] = {{"<html><body>", "XML or HTML"},
                 {"{\"resourceType\"", "JSON"},
                 {"PK\3\4abcdefgh", "ZIP"},
                 {"%PDF-1.4 abcdef", "PDF"},
                 {"\xFF\xD8\xFF\xE0 abcdef", "JPEG"},
                 {"", "empty"},
                 {"hello", "not DICOM"}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wki_blob s = {
            .fd = -1, .memory = (const uint8_t *)table[i].text, .size = strlen(table[i].text)};
        wki_layout l;
        wk_error err = {0};

        T_FAILS(wki_layout_read(&s, &l, &err), WK_DATA, &err);
        T_HAS(err.message, table[i].part);
    }
}

static void test_nesting_has_an_end(void)
{
    static file f;
    wki_blob s = {.fd = -1, .memory = f.data};
    wki_layout l;
    wk_error err = {0};

    start(&f, "1.2.840.10008.1.2.1");
    for (int i = 0; i < 200; i++)
        put(&f, "\x08\x00\x40\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF", 20);
    s.size = f.n;
    T_FAILS(wki_layout_read(&s, &l, &err), WK_DATA, &err);
    T_HAS(err.message, "nested");
}

static CU_TestInfo tests[] = {
    {"the basic offset table maps fragments", test_the_basic_offset_table_maps_fragments},
    {"a wrong offset table is not believed", test_a_wrong_offset_table_is_not_believed},
    {"the extended offset table comes first", test_the_extended_offset_table_comes_first},
    {"without a table, marks tell frames apart", test_without_a_table_marks_tell_frames_apart},
    {"all fragments are the one frame", test_all_fragments_are_the_one_frame},
    {"a cut last frame fails alone", test_a_cut_last_frame_fails_alone},
    {"bits of a frame may start inside a byte", test_bits_of_a_frame_may_start_inside_a_byte},
    {"big-endian words are turned also for bytes", test_big_endian_words_are_turned_also_for_bytes},
    {"a native frame that is cut fails", test_a_native_frame_that_is_cut_fails},
    {"what is no DICOM is named", test_what_is_no_dicom_is_named},
    {"nesting has an end", test_nesting_has_an_end},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_frames = {"frames", NULL, NULL, NULL, NULL, tests};
