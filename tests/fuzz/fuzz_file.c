/*
 * A file on its whole way: opened, described, drawn, encoded into nothing, told as JSON. The input
 * is the file; what to ask for stands in the first bytes of its preamble, which DICOM leaves free,
 * so that an input stays a file for other programs too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "flow/draw/drawing.h"
#include "fuzz.h"
#include "fuzz_file.h"
#include "render/render.h"

/* What the preamble asks for: fuzz_file.h names the bytes. */
static uint8_t wish(const uint8_t *data, size_t size, fuzz_file_wish i)
{
    return size > 132 && memcmp(data + 128, "DICM", 4) == 0 ? data[i] : 0;
}

static void set_window(uint8_t byte, wki_render_opts *out)
{
    static const char *const rules[] = {"dicom", "auto",    "minmax", "none",
                                        "lung",  "dicom:2", "40,400", "dicom:BONE"};

    FUZZ_HOLDS(wki_window_parse(rules[byte % 8], out, NULL) == WK_OK);
    out->depth = byte & 128 ? 16 : 8;
}

static wki_drawing_opts read_wishes(const uint8_t *data, size_t size)
{
    static const uint32_t boxes[] = {0, 16, 64, 256};
    static const char flips[] = {0, 'h', 'v', 0};
    uint8_t look = wish(data, size, FUZZ_LOOK), part = wish(data, size, FUZZ_PART);
    uint8_t how = wish(data, size, FUZZ_HOW), turn = wish(data, size, FUZZ_TURN);
    wki_drawing_opts o = {.format = look & 1 ? WK_PICTURE_JPEG : WK_PICTURE_PNG, .quality = 75};

    set_window(wish(data, size, FUZZ_WINDOW), &o.render);
    o.effort = look >> 1 & 3;
    o.look.overlays = look & 8;
    o.look.to_srgb = look & 16;
    o.placeholders = look & 32;
    o.jpeg_as_is = look & 64;
    o.whole = look & 128;
    o.look.rotate = turn % 4 * 90;
    o.look.flip = flips[turn / 4 % 4];
    o.modality_values = how & 4;
    o.render.box = boxes[how >> 4 & 3];
    if (part) {
        o.look.x = part & 7;
        o.look.y = part >> 3 & 7;
        o.look.width = 1u + (part >> 6) * 5u;
        o.look.height = 1u + (part >> 7) * 9u;
        o.render.region = (wki_region){o.look.x, o.look.y, o.look.width, o.look.height};
    }
    return o;
}

/* First, middle or last of what is there. */
static uint32_t choose_frame(uint8_t how, uint32_t there)
{
    return how % 4 == 1 ? there / 2 : how % 4 == 2 ? there - 1 : 0;
}

static void check(const wk_image_report *r)
{
    FUZZ_HOLDS((r->status == WK_IMAGE_SAVED) == (r->error.code == WK_OK));
    FUZZ_HOLDS(r->status == WK_IMAGE_SAVED || r->error.message[0] != '\0');
    FUZZ_HOLDS(r->status != WK_IMAGE_SAVED || (r->width > 0 && r->height > 0 && r->bytes > 0));
}

static void draw(wki_drawing *g, const wki_drawing_opts *opts, uint32_t frame, bool values)
{
    wk_image_report report = {.source = "fuzz"};
    wki_picture_out out = {0};
    char *path = NULL;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    FUZZ_HOLDS(null >= 0 && wki_picture_out_open(&out, "-", null, NULL) == WK_OK);
    wki_drawing_describe(g, &report);
    report.status =
        (values ? wki_drawing_values(g, frame, opts, &out, "x", &report, &path)
                : wki_drawing_picture(g, frame, opts, &out, "x", &report, &path)) == WK_OK
            ? WK_IMAGE_SAVED
            : WK_IMAGE_FAILED;
    check(&report);
    free(path);
    wki_picture_out_close(&out);
    close(null);
}

static wk_code read_bulk(void *user, const char *path, const wki_dicom_bulk *value, wk_error *err)
{
    uint64_t n = wki_dicom_bulk_bytes(value);
    uint8_t bytes[64];

    (void)user;
    FUZZ_HOLDS(*path != '\0');
    return wki_dicom_bulk_read(value, 0, bytes, n < sizeof bytes ? (size_t)n : sizeof bytes, err);
}

static void tell(wki_dicom_file *f)
{
    static const char *const paths[] = {
        "PatientName", "PerFrameFunctionalGroupsSequence[0].00289132[0].WindowCenter",
        "00081115[0].0020000E"};
    char *text = NULL;
    wk_error err = {0};

    if (wki_dicom_json_linked(f, "bulk/", "frames", &text, &err) == WK_OK)
        FUZZ_HOLDS(text[0] == '{');
    free(text);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        text = NULL;
        if (wki_dicom_value(f, paths[i], &text, &err) == WK_OK)
            free(text);
    }
    if (wki_dicom_bulk_each(f, read_bulk, NULL, &err) != WK_OK)
        FUZZ_HOLDS(err.code != WK_OK);
}

/* As wki_drawing_open() where it does not take the file for an ordinary one. */
static wk_code open_by_dcmtk(wki_drawing *g, const char *path, wk_error *err)
{
    wk_code rc;

    *g = (wki_drawing){.path = path};
    rc = wki_dicom_open(path, &g->file, err);
    return rc == WK_OK ? wki_dicom_describe(g->file, &g->desc, err) : rc;
}

static void run(const char *path, const uint8_t *data, size_t size)
{
    wki_drawing_opts opts = read_wishes(data, size);
    uint8_t how = wish(data, size, FUZZ_HOW);
    wki_drawing g = {0};
    wk_error err = {0};
    wk_code rc = how & 8 ? open_by_dcmtk(&g, path, &err) : wki_drawing_open(&g, path, &err);

    FUZZ_HOLDS(rc == WK_OK || err.message[0] != '\0');
    if (rc == WK_OK) {
        uint32_t there = wki_drawing_frames(&g);

        FUZZ_HOLDS(there > 0);
        draw(&g, &opts, choose_frame(how, there), how & 128);
    }
    if (g.file)
        tell(g.file);
    wki_drawing_close(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    char path[64];

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size)
        run(path, data, size);
    if (fd >= 0)
        close(fd);
    return 0;
}
