#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "report_image.h"

static struct {
    const char *output, *title, *window;
    int size, full_size, max_frames, quality;
    bool show_patient;
} req = {.output = "gallery.html", .window = "dicom", .max_frames = 100, .quality = 80};

static const cli_opt opts[] = {
    {"output", 'o', CLI_STRING, &req.output, "FILE",
     "write to FILE (default gallery.html), - for standard output", NULL, 0, 0},
    {"title", 0, CLI_STRING, &req.title, "TEXT", "title of the page", NULL, 0, 0},
    {"show-patient", 0, CLI_FLAG, &req.show_patient, NULL,
     "put names, ids, dates and descriptions into the page", NULL, 0, 0},
    {"size", 's', CLI_INT, &req.size, "PIXELS", "side of the box of thumbnails (default 168)", NULL,
     1, 4096},
    {"full-size", 0, CLI_INT, &req.full_size, "PIXELS",
     "side of the picture that a click opens; -1: the thumbnail alone; by default by the number of "
     "images",
     NULL, -1, 65535},
    {"max-frames", 0, CLI_INT, &req.max_frames, "N",
     "at most N pictures of one object, evenly spread (default 100)", NULL, 1, 1000000},
    {"quality", 0, CLI_INT, &req.quality, "N", "of JPEG, 1 to 100 (default 80)", NULL, 1, 100},
    {"window", 'w', CLI_STRING, &req.window, "WINDOW",
     "dicom (default), dicom:2, dicom:NAME, auto, minmax, C,W[,SIGMOID], lung, bone, ...", NULL, 0,
     0},
    {0},
};

/* Pictures are inside the page: only what is wrong with one is told. */
static void on_image(void *user, const wk_image_report *report)
{
    if (report->status == WK_IMAGE_FAILED || report->n_warnings > 0)
        cli_report_image_words(user, report);
}

static void report(const cli_context *ctx, const wk_gallery_summary *s)
{
    char bytes[32];
    wk_json_line *line;

    if (!ctx->json) {
        cli_human_bytes(bytes, sizeof bytes, s->run.bytes);
        cli_out(ctx, "%s  %llu image%s, %llu series, %llu stud%s, %s", req.output,
                (unsigned long long)s->run.saved, s->run.saved == 1 ? "" : "s",
                (unsigned long long)s->series, (unsigned long long)s->studies,
                s->studies == 1 ? "y" : "ies", bytes);
        return;
    }
    line = wk_json_line_new("gallery");
    wk_json_set_string(line, "path", req.output);
    wk_json_set_int(line, "images", (int64_t)s->run.saved);
    wk_json_set_int(line, "series", (int64_t)s->series);
    wk_json_set_int(line, "studies", (int64_t)s->studies);
    wk_json_set_bool(line, "patient", req.show_patient);
    cli_out_json(ctx, line);
}

static int run(cli_context *ctx, int argc, char **argv)
{
    wk_gallery_opts o = {.output = req.output,
                         .output_fd = ctx->tty_out ? -1 : STDOUT_FILENO,
                         .title = req.title,
                         .size = req.size,
                         .full_size = req.full_size,
                         .max_frames = req.max_frames,
                         .quality = req.quality,
                         .window = req.window,
                         .show_patient = req.show_patient};
    bool to_stdout = strcmp(req.output, "-") == 0;
    wk_gallery_summary summary = {.run = {.expected = -1}};
    wk_error err = {0};
    wk_code rc = wk_gallery(ctx->session, (const char *const *)argv, (size_t)argc, &o, on_image,
                            ctx, &summary, &err);

    if ((rc == WK_OK || rc == WK_PARTIAL) && !to_stdout)
        report(ctx, &summary);
    return cli_report_images(ctx, rc, &summary.run, &err, to_stdout);
}

const cli_command cli_cmd_gallery = {
    .name = "gallery",
    .args = "DIR|FILE...",
    .summary = "make one HTML file with pictures of all images of a folder",
    .description =
        "Makes a page that shows all studies, series and images of the folders and files as "
        "thumbnails. It is one file: it needs no network, no server and no other file, and nothing "
        "in it asks for one. A click opens an image; wheel, arrows and slider go through its "
        "series. Modality buttons and a text field filter.\n"
        "\n"
        "Without --show-patient the page has no names, ids, dates and descriptions: only modality, "
        "body part, numbers and UIDs. Text that is burned into the pixels is shown in any case.",
    .examples = "wadokit gallery study/ -o study.html\n"
                "wadokit gallery study/ --show-patient --title 'Morning round' -o round.html\n"
                "wadokit gallery a/ b/ --window lung --full-size 1024 -o chest.html\n",
    .opts = opts,
    .min_args = 1,
    .max_args = -1,
    .run = run,
};
