#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "look.h"
#include "part.h"
#include "report_plan.h"
#include "report_image.h"

static struct {
    const char *output, *format, *per, *window;
    int size, quality, effort;
    cli_look look;
    bool server_render;
    cli_part part;
} req = {.output = ".", .size = 256, .effort = 1};

static const cli_opt opts[] = {
    {"output", 'o', CLI_STRING, &req.output, "DIR|FILE",
     "write into DIR (default: here), a single picture to FILE, - for standard output", NULL, 0, 0},
    {"per", 0, CLI_STRING, &req.per, "LEVEL", "a picture for each of these; by default each series",
     "study|series|instance|frame", 0, 0},
    {"size", 's', CLI_INT, &req.size, "PIXELS", "side of the box (default 256), never enlarged",
     NULL, 1, 65535},
    {"format", 'f', CLI_STRING, &req.format, "FORMAT", "by the name of FILE, else jpeg", "jpeg|png",
     0, 0},
    {"quality", 0, CLI_INT, &req.quality, "N",
     "of JPEG, 1 to 100 (default 85, and JPEG that needs no change as it is)", NULL, 1, 100},
    {"effort", 0, CLI_INT, &req.effort, "N",
     "1 (default) is fast, 2 and 3 look longer for a smaller file of the same pixels", NULL, 1, 3},
    {"window", 'w', CLI_STRING, &req.window, "WINDOW",
     "dicom (default), dicom:2, dicom:NAME, auto, minmax, C,W[,SIGMOID], lung, bone, ...", NULL, 0,
     0},
    CLI_LOOK_ROWS(req.look),
    CLI_SERVER_ROW(req.server_render),
    CLI_PART_ROWS(req.part),
    {0},
};

static wk_thumb_per read_per(const char *name)
{
    static const struct {
        const char *name;
        wk_thumb_per per;
    } table[] = {{"study", WK_THUMB_STUDY},
                 {"series", WK_THUMB_SERIES},
                 {"instance", WK_THUMB_INSTANCE},
                 {"frame", WK_THUMB_FRAME}};

    for (size_t i = 0; name && i < sizeof table / sizeof table[0]; i++) {
        if (strcmp(name, table[i].name) == 0)
            return table[i].per;
    }
    return WK_THUMB_DEFAULT;
}

static int run(cli_context *ctx, int argc, char **argv)
{
    wk_thumb_opts o = {.per = read_per(req.per),
                       .size = (uint32_t)req.size,
                       .quality = req.quality,
                       .effort = req.effort,
                       .window = req.window,
                       .server_render = req.server_render,
                       .output = req.output,
                       .output_fd = ctx->tty_out ? -1 : STDOUT_FILENO};
    wk_image_summary summary = {.expected = -1};
    wk_error err = {0};
    wk_code rc;

    if (req.part.dry_run)
        return cli_report_plan(ctx, wk_resolve, (size_t)argc, argv);
    if (cli_look_read(&req.look, &o.look, &err) != WK_OK)
        return cli_fail(ctx, &err);
    if (req.format)
        o.format = strcmp(req.format, "png") == 0 ? WK_PICTURE_PNG : WK_PICTURE_JPEG;
    rc = wk_thumbnail(ctx->session, (const char *const *)argv, (size_t)argc, &o, cli_report_image,
                      ctx, &summary, &err);
    return cli_report_images(ctx, rc, &summary, &err, strcmp(req.output, "-") == 0);
}

static wk_code prepare(wk_session_opts *o, wk_error *err)
{
    return cli_part_prepare(&req.part, o, err);
}

const cli_command cli_cmd_thumb = {
    .name = "thumb",
    .args = "TARGET...",
    .summary = "draw thumbnails, moving as few bytes as can be",
    .description =
        "Draws small pictures: by default one for each series, of its middle image by Instance "
        "Number (of n the one with number n / 2, counted from 0; of several frames likewise). From "
        "a server only that one instance is fetched, if it lists what it has. In DIR the names are "
        "<StudyUID>.jpg, "
        "<StudyUID>/<SeriesUID>.jpg, <StudyUID>/<SeriesUID>/<SOPUID>.jpg and "
        "<StudyUID>/<SeriesUID>/<SOPUID>-<frame>.jpg for --per study, series, instance and "
        "frame.\n"
        "\n"
        "Of whole slide images it is the thumbnail, the overview or the smallest level, its tiles "
        "put together.\n"
        "\n"
        "With a single FILE, or -, the picture is that of the study (its series with the most "
        "images). An object without pixels gets a picture with a label.",
    .examples = "wadokit thumb study/ -o thumbs\n"
                "wadokit thumb image.dcm -o image.jpg --size 128\n"
                "wadokit --dicomweb https://pacs.example/dicom-web thumb 1.2.3.4 -o thumbs\n"
                "wadokit thumb cine.dcm --per frame --format png -o frames\n",
    .opts = opts,
    .min_args = 1,
    .max_args = -1,
    .prepare = prepare,
    .run = run,
};
