#include "support/t.h"

#include <stdlib.h>

#include <wadokit/wadokit.h>

#include "support/dicom_writer.h"
#include "support/scratch.h"

#define CT "1.2.840.10008.5.1.4.1.1.2"
#define SR "1.2.840.10008.5.1.4.1.1.88.11"

/* A 4 x 3 image of 12 bits whose pixels of frame f are f * 100 + 0 .. 11. */
static void write_image(const scratch *s, const char *name, const char *series, const char *sop,
                        int number, unsigned frames)
{
    dw_file f = {0};
    uint16_t pixels[12 * 8];

    for (unsigned i = 0; i < 12 * frames; i++)
        pixels[i] = (uint16_t)(i / 12 * 100 + i % 12);
    dw_text(&f, 0x00080016, "UI", CT);
    dw_text(&f, 0x00080018, "UI", sop);
    dw_text(&f, 0x00080060, "CS", "CT");
    dw_text(&f, 0x0020000D, "UI", "1.9");
    dw_text(&f, 0x0020000E, "UI", series);
    dw_format(&f, 0x00200013, "IS", "%d", number);
    dw_us(&f, 0x00280002, 1);
    dw_text(&f, 0x00280004, "CS", "MONOCHROME2");
    if (frames > 1)
        dw_format(&f, 0x00280008, "IS", "%u", frames);
    dw_us(&f, 0x00280010, 3);
    dw_us(&f, 0x00280011, 4);
    dw_us(&f, 0x00280100, 16);
    dw_us(&f, 0x00280101, 12);
    dw_us(&f, 0x00280102, 11);
    dw_us(&f, 0x00280103, 0);
    dw_text(&f, 0x00281050, "DS", "6");
    dw_text(&f, 0x00281051, "DS", "12");
    dw_text(&f, 0x00281052, "DS", "0");
    dw_text(&f, 0x00281053, "DS", "1");
    dw_bytes(&f, 0x7FE00010, "OW", pixels, (size_t)24 * frames);
    dw_save(&f, scratch_path(s, name), CT, sop);
    dw_clear(&f);
}

static void write_report(const scratch *s, const char *name)
{
    dw_file f = {0};

    dw_text(&f, 0x00080016, "UI", SR);
    dw_text(&f, 0x00080018, "UI", "1.9.3.1");
    dw_text(&f, 0x00080060, "CS", "SR");
    dw_text(&f, 0x0020000D, "UI", "1.9");
    dw_text(&f, 0x0020000E, "UI", "1.9.3");
    dw_text(&f, 0x00200013, "IS", "1");
    dw_save(&f, scratch_path(s, name), SR, "1.9.3.1");
    dw_clear(&f);
}

typedef struct seen {
    size_t saved, failed, placeholders;
    char last_path[256], last_rule[32], last_error[WK_ERROR_MESSAGE_SIZE], last_source[256];
    uint32_t last_frame;
} seen;

static void see(void *user, const wk_image_report *r)
{
    seen *s = user;

    s->saved += r->status == WK_IMAGE_SAVED;
    s->failed += r->status == WK_IMAGE_FAILED;
    s->placeholders += r->placeholder;
    s->last_frame = r->frame;
    snprintf(s->last_path, sizeof s->last_path, "%s", r->path ? r->path : "");
    snprintf(s->last_rule, sizeof s->last_rule, "%s", r->rule);
    snprintf(s->last_source, sizeof s->last_source, "%s", r->source);
    if (r->status == WK_IMAGE_FAILED)
        snprintf(s->last_error, sizeof s->last_error, "%s", r->error.message);
}

static wk_session *new_session(int jobs)
{
    wk_session_opts o = {.jobs = jobs, .retries = -1, .max_wait_s = -1};
    wk_session *session = NULL;
    wk_error err = {0};

    T_OK(wk_session_new(&o, &session, &err), &err);
    return session;
}

static wk_code render(const scratch *s, const char *target, const char *output, wk_render_opts o,
                      int jobs, seen *seen_out, wk_error *err)
{
    wk_session *session = new_session(jobs);
    char out[128];
    const char *targets[] = {scratch_path(s, target)};
    wk_code rc;

    snprintf(out, sizeof out, "%s/%s", s->dir, output);
    o.output = out;
    rc = wk_render(session, targets, 1, &o, see, seen_out, NULL, err);
    wk_session_free(session);
    return rc;
}

static bool is_there(const scratch *s, const char *name)
{
    return scratch_size(s, name) > 0;
}

static size_t read_file(const scratch *s, const char *name, unsigned char *out, size_t size)
{
    FILE *f = fopen(scratch_path(s, name), "rb");
    size_t n = f ? fread(out, 1, size, f) : 0;

    if (f)
        fclose(f);
    return n;
}

static void make_folder(const scratch *s, const char *name)
{
    CU_ASSERT_EQUAL(mkdir(scratch_path(s, name), 0700), 0);
}

static void test_pictures_are_named_by_uid_and_frame(void)
{
    static const struct {
        wk_frames frames;
        uint32_t frame;
        const char *name;
        uint32_t reported;
    } table[] = {{WK_FRAMES_FIRST, 0, "out/1.9.1.1.png", 1},
                 {WK_FRAMES_NUMBER, 3, "out/1.9.1.1-3.png", 3},
                 {WK_FRAMES_MIDDLE, 0, "out/1.9.1.1-3.png", 3},
                 {WK_FRAMES_ALL, 0, "out/1.9.1.1-4.png", 4}};
    scratch s;

    scratch_make(&s);
    write_image(&s, "a.dcm", "1.9.1", "1.9.1.1", 1, 4);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wk_render_opts o = {.frames = table[i].frames, .frame = table[i].frame};
        seen seen_here = {0};
        wk_error err = {0};

        T_OK(render(&s, "a.dcm", "out", o, 1, &seen_here, &err), &err);
        CU_ASSERT_TRUE(is_there(&s, table[i].name));
        CU_ASSERT_EQUAL(seen_here.last_frame, table[i].reported);
        CU_ASSERT_EQUAL(seen_here.saved, table[i].frames == WK_FRAMES_ALL ? 4 : 1);
        T_STR(seen_here.last_path, scratch_path(&s, table[i].name));
    }
    scratch_remove(&s);
}

static void test_the_suffix_of_the_file_gives_the_format(void)
{
    static const struct {
        const char *name, *magic;
    } table[] = {{"x.png", "\x89PNG"},
                 {"x.jpg", "\xff\xd8\xff"},
                 {"x.JPEG", "\xff\xd8\xff"},
                 {"x.npy", "\x93NUMPY"}};
    scratch s;

    scratch_make(&s);
    write_image(&s, "a.dcm", "1.9.1", "1.9.1.1", 1, 1);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        unsigned char head[8] = {0};
        wk_render_opts o = {0};
        seen seen_here = {0};
        wk_error err = {0};

        T_OK(render(&s, "a.dcm", table[i].name, o, 1, &seen_here, &err), &err);
        CU_ASSERT_EQUAL(read_file(&s, table[i].name, head, sizeof head), sizeof head);
        CU_ASSERT_EQUAL(memcmp(head, table[i].magic, strlen(table[i].magic)), 0);
    }
    scratch_remove(&s);
}

static void test_npy_holds_exact_values_with_a_leading_axis_for_all_frames(void)
{
    unsigned char data[512];
    scratch s;
    wk_render_opts o = {.frames = WK_FRAMES_ALL};
    seen seen_here = {0};
    wk_error err = {0};
    uint16_t v = 0;

    scratch_make(&s);
    write_image(&s, "a.dcm", "1.9.1", "1.9.1.1", 1, 2);
    T_OK(render(&s, "a.dcm", "x.npy", o, 1, &seen_here, &err), &err);
    CU_ASSERT_EQUAL(read_file(&s, "x.npy", data, sizeof data), 128 + 48);
    T_HAS((const char *)data + 10, "'<u2', 'fortran_order': False, 'shape': (2, 3, 4), ");
    memcpy(&v, data + 128 + 24 + 2 * 11, 2);
    CU_ASSERT_EQUAL(v, 111);
    o.modality_values = true;
    o.frames = WK_FRAMES_FIRST;
    T_OK(render(&s, "a.dcm", "x.npy", o, 1, &seen_here, &err), &err);
    CU_ASSERT_EQUAL(read_file(&s, "x.npy", data, sizeof data), 128 + 96);
    T_HAS((const char *)data + 10, "'<f8'");
    T_HAS((const char *)data + 10, "(3, 4)");
    scratch_remove(&s);
}

static void test_names_do_not_depend_on_the_number_of_threads(void)
{
    unsigned char one[4096], many[4096];
    scratch s;

    scratch_make(&s);
    make_folder(&s, "in");
    for (unsigned i = 0; i < 6; i++) {
        char name[32];

        snprintf(name, sizeof name, "in/%u.dcm", i);
        write_image(&s, name, "1.9.1", "1.9.1.7", 1, i + 1);
    }
    for (int jobs = 1; jobs < 5; jobs += 3) {
        wk_render_opts o = {.format = WK_PICTURE_NPY, .frames = WK_FRAMES_ALL};
        seen seen_here = {0};
        wk_error err = {0};

        T_OK(render(&s, "in", jobs == 1 ? "one" : "many", o, jobs, &seen_here, &err), &err);
        CU_ASSERT_EQUAL(seen_here.saved, 6);
    }
    for (unsigned i = 0; i < 6; i++) {
        char name[2][48], suffix[8] = "";
        size_t n;

        if (i)
            snprintf(suffix, sizeof suffix, "_%u", i + 1);
        snprintf(name[0], sizeof name[0], "one/1.9.1.7%s.npy", suffix);
        snprintf(name[1], sizeof name[1], "many/1.9.1.7%s.npy", suffix);
        n = read_file(&s, name[0], one, sizeof one);
        CU_ASSERT_EQUAL(n, 128 + 24 * (size_t)(i + 1));
        CU_ASSERT_EQUAL(read_file(&s, name[1], many, sizeof many), n);
        CU_ASSERT_EQUAL(memcmp(one, many, n), 0);
    }
    scratch_remove(&s);
}

static void test_what_fails_is_named_and_the_rest_goes_on(void)
{
    scratch s;
    wk_render_opts o = {0};
    seen seen_here = {0};
    wk_error err = {0};

    scratch_make(&s);
    make_folder(&s, "in");
    write_image(&s, "in/a.dcm", "1.9.1", "1.9.1.1", 1, 1);
    write_report(&s, "in/b.dcm");
    scratch_write(&s, "in/readme.txt", "no DICOM", 8);
    T_FAILS(render(&s, "in", "out", o, 1, &seen_here, &err), WK_PARTIAL, &err);
    CU_ASSERT(seen_here.saved == 1 && seen_here.failed == 1);
    T_HAS(seen_here.last_error, "no pixels");
    wk_error_clear(&err);
    T_FAILS(render(&s, "in/b.dcm", "out2", o, 1, &seen_here, &err), WK_UNSUPPORTED, &err);
    wk_error_clear(&err);
    o.frames = WK_FRAMES_NUMBER;
    o.frame = 2;
    T_FAILS(render(&s, "in/a.dcm", "out3", o, 1, &seen_here, &err), WK_NOT_FOUND, &err);
    T_HAS(err.message, "no frame 2");
    scratch_remove(&s);
}

static void test_one_file_takes_one_picture(void)
{
    scratch s;
    wk_render_opts o = {0};
    seen seen_here = {0};
    wk_error err = {0};

    scratch_make(&s);
    make_folder(&s, "in");
    write_image(&s, "in/a.dcm", "1.9.1", "1.9.1.1", 1, 2);
    write_image(&s, "in/b.dcm", "1.9.1", "1.9.1.2", 2, 1);
    T_FAILS(render(&s, "in", "x.png", o, 2, &seen_here, &err), WK_USAGE, &err);
    CU_ASSERT_FALSE(is_there(&s, "x.png"));
    wk_error_clear(&err);
    o.frames = WK_FRAMES_ALL;
    T_FAILS(render(&s, "in/a.dcm", "x.png", o, 2, &seen_here, &err), WK_USAGE, &err);
    CU_ASSERT_FALSE(is_there(&s, "x.png"));
    CU_ASSERT_EQUAL(seen_here.saved, 0);
    scratch_remove(&s);
}

static void test_options_that_contradict_each_other_are_refused(void)
{
    static const wk_render_opts bad[] = {
        {.depth = 12},       {.depth = 16, .format = WK_PICTURE_JPEG},
        {.quality = 101},    {.modality_values = true, .format = WK_PICTURE_PNG},
        {.window = "lungs"},
    };
    scratch s;

    scratch_make(&s);
    write_image(&s, "a.dcm", "1.9.1", "1.9.1.1", 1, 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        seen seen_here = {0};
        wk_error err = {0};

        T_FAILS(render(&s, "a.dcm", "out", bad[i], 1, &seen_here, &err), WK_USAGE, &err);
        CU_ASSERT_EQUAL(seen_here.saved, 0);
    }
    scratch_remove(&s);
}

static wk_code thumb(const scratch *s, const char *target, const char *output, wk_thumb_opts o,
                     seen *seen_out, wk_image_summary *summary, wk_error *err)
{
    wk_session *session = new_session(2);
    char out[128];
    const char *targets[] = {scratch_path(s, target)};
    wk_code rc;

    snprintf(out, sizeof out, "%s/%s", s->dir, output);
    o.output = out;
    rc = wk_thumbnail(session, targets, 1, &o, see, seen_out, summary, err);
    wk_session_free(session);
    return rc;
}

static void write_study(const scratch *s)
{
    make_folder(s, "in");
    write_image(s, "in/3.dcm", "1.9.1", "1.9.1.1", 10, 1);
    write_image(s, "in/2.dcm", "1.9.1", "1.9.1.2", 2, 1);
    write_image(s, "in/1.dcm", "1.9.1", "1.9.1.3", 1, 1);
    write_image(s, "in/4.dcm", "1.9.2", "1.9.2.1", 1, 4);
    write_report(s, "in/5.dcm");
}

static void test_thumbnails_are_named_by_level(void)
{
    static const struct {
        wk_thumb_per per;
        size_t n, placeholders;
        const char *names[5];
    } table[] = {
        {WK_THUMB_DEFAULT, 3, 1, {"1.9/1.9.1.jpg", "1.9/1.9.2.jpg", "1.9/1.9.3.jpg"}},
        {WK_THUMB_STUDY, 1, 0, {"1.9.jpg"}},
        {WK_THUMB_INSTANCE, 5, 1, {"1.9/1.9.1/1.9.1.1.jpg", "1.9/1.9.3/1.9.3.1.jpg"}},
        {WK_THUMB_FRAME,
         8,
         1,
         {"1.9/1.9.2/1.9.2.1-1.jpg", "1.9/1.9.2/1.9.2.1-4.jpg", "1.9/1.9.1/1.9.1.1-1.jpg"}},
    };
    scratch s;

    scratch_make(&s);
    write_study(&s);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        char out[8], name[64];
        wk_thumb_opts o = {.per = table[i].per};
        wk_image_summary summary;
        seen seen_here = {0};
        wk_error err = {0};

        snprintf(out, sizeof out, "out%zu", i);
        T_OK(thumb(&s, "in", out, o, &seen_here, &summary, &err), &err);
        CU_ASSERT_EQUAL(seen_here.saved, table[i].n);
        CU_ASSERT_EQUAL(seen_here.placeholders, table[i].placeholders);
        CU_ASSERT_EQUAL(summary.saved, table[i].n);
        CU_ASSERT(summary.expected < 0 || summary.expected == (int64_t)table[i].n);
        for (size_t k = 0; k < 5 && table[i].names[k]; k++) {
            snprintf(name, sizeof name, "%s/%s", out, table[i].names[k]);
            CU_ASSERT_TRUE(is_there(&s, name));
        }
    }
    scratch_remove(&s);
}

static void test_a_single_thumbnail_is_the_study_s_middle_image(void)
{
    scratch s;
    wk_thumb_opts o = {0};
    wk_image_summary summary;
    seen seen_here = {0};
    wk_error err = {0};

    scratch_make(&s);
    write_study(&s);
    T_OK(thumb(&s, "in", "x.png", o, &seen_here, &summary, &err), &err);
    CU_ASSERT_EQUAL(seen_here.saved, 1);
    T_HAS(seen_here.last_source, "in/2.dcm");
    T_STR(seen_here.last_rule, "dicom 1");
    wk_error_clear(&err);
    o.per = WK_THUMB_SERIES;
    T_FAILS(thumb(&s, "in", "y.png", o, &seen_here, &summary, &err), WK_USAGE, &err);
    CU_ASSERT_FALSE(is_there(&s, "y.png"));
    scratch_remove(&s);
}

static void test_frames_are_read_as_typed(void)
{
    static const char *const bad[] = {"", "0", "-1", "1x", "last", "99999999", "1.5"};
    wk_frames frames = WK_FRAMES_FIRST;
    uint32_t frame = 0;
    wk_error err = {0};

    T_OK(wk_frames_read("all", &frames, &frame, &err), &err);
    CU_ASSERT_EQUAL(frames, WK_FRAMES_ALL);
    T_OK(wk_frames_read("middle", &frames, &frame, &err), &err);
    CU_ASSERT_EQUAL(frames, WK_FRAMES_MIDDLE);
    T_OK(wk_frames_read("12", &frames, &frame, &err), &err);
    CU_ASSERT(frames == WK_FRAMES_NUMBER && frame == 12);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wk_error_clear(&err);
        T_FAILS(wk_frames_read(bad[i], &frames, &frame, &err), WK_USAGE, &err);
    }
}

static CU_TestInfo tests[] = {
    {"pictures are named by UID and frame", test_pictures_are_named_by_uid_and_frame},
    {"the suffix of the file gives the format", test_the_suffix_of_the_file_gives_the_format},
    {"npy holds exact values, with a leading axis for all frames",
     test_npy_holds_exact_values_with_a_leading_axis_for_all_frames},
    {"names do not depend on the number of threads",
     test_names_do_not_depend_on_the_number_of_threads},
    {"what fails is named and the rest goes on", test_what_fails_is_named_and_the_rest_goes_on},
    {"one file takes one picture", test_one_file_takes_one_picture},
    {"options that contradict each other are refused",
     test_options_that_contradict_each_other_are_refused},
    {"thumbnails are named by level", test_thumbnails_are_named_by_level},
    {"a single thumbnail is the study's middle image",
     test_a_single_thumbnail_is_the_study_s_middle_image},
    {"frames are read as typed", test_frames_are_read_as_typed},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_convert = {"convert", NULL, NULL, NULL, NULL, tests};
