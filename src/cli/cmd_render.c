#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "look.h"
#include "part.h"
#include "report_plan.h"
#include "report_image.h"

static struct {
    const char *output, *format, *frame, *window, *values;
    int depth, size, quality, effort;
    cli_look look;
    bool server_render;
    cli_part part;
} req = {.output = ".", .window = "dicom", .values = "stored", .depth = 8, .effort = 1};

static const cli_opt opts[] = {
    {"output", 'o', CLI_STRING, &req.output, "DIR|FILE",
     "write into DIR (default: here), a single picture to FILE, - for standard output", NULL, 0, 0},
    {"format", 'f', CLI_STRING, &req.format, "FORMAT",
     "by the name of FILE, else png; npy holds exact values", "png|jpeg|npy", 0, 0},
    {"frame", 0, CLI_STRING, &req.frame, "N", "a frame by number from 1, middle, or all", NULL, 0,
     0},
    {"window", 'w', CLI_STRING, &req.window, "WINDOW",
     "dicom (default), dicom:2, dicom:NAME, auto, minmax, none, C,W[,SIGMOID], lung, bone, ...",
     NULL, 0, 0},
    {"size", 's', CLI_INT, &req.size, "PIXELS", "longest side, never enlarged; 0: full size", NULL,
     0, 65535},
    {"depth", 0, CLI_INT, &req.depth, "BITS", "8, or 16 for PNG of grey pictures", NULL, 8, 16},
    {"quality", 0, CLI_INT, &req.quality, "N",
     "of JPEG, 1 to 100 (default 90, and JPEG that needs no change as it is)", NULL, 1, 100},
    {"effort", 0, CLI_INT, &req.effort, "N",
     "1 (default) is fast, 2 and 3 look longer for a smaller file of the same pixels", NULL, 1, 3},
    {"values", 0, CLI_STRING, &req.values, "KIND", "of npy, modality as float64; by default stored",
     "stored|modality", 0, 0},
    CLI_LOOK_ROWS(req.look),
    CLI_SERVER_ROW(req.server_render),
    CLI_PART_ROWS(req.part),
    {0},
};

static wk_picture_format read_format(const char *name)
{
    if (!name)
        return WK_PICTURE_BY_NAME;
    if (strcmp(name, "jpeg") == 0)
        return WK_PICTURE_JPEG;
    return strcmp(name, "npy") == 0 ? WK_PICTURE_NPY : WK_PICTURE_PNG;
}

static int run(cli_context *ctx, int argc, char **argv)
{
    wk_render_opts o = {.format = read_format(req.format),
                        .depth = req.depth,
                        .window = req.window,
                        .server_render = req.server_render,
                        .size = (uint32_t)req.size,
                        .quality = req.quality,
                        .effort = req.effort,
                        .modality_values = strcmp(req.values, "modality") == 0,
                        .output = req.output,
                        .output_fd = ctx->tty_out ? -1 : STDOUT_FILENO};
    wk_image_summary summary = {.expected = -1};
    wk_error err = {0};
    wk_code rc;

    if (req.part.dry_run)
        return cli_report_plan(ctx, wk_resolve, (size_t)argc, argv);
    if (cli_look_read(&req.look, &o.look, &err) != WK_OK)
        return cli_fail(ctx, &err);
    if (req.frame && wk_frames_read(req.frame, &o.frames, &o.frame, &err) != WK_OK)
        return cli_fail(ctx, &err);
    rc = wk_render(ctx->session, (const char *const *)argv, (size_t)argc, &o, cli_report_image, ctx,
                   &summary, &err);
    return cli_report_images(ctx, rc, &summary, &err, strcmp(req.output, "-") == 0);
}

static wk_code prepare(wk_session_opts *o, wk_error *err)
{
    return cli_part_prepare(&req.part, o, err);
}

const cli_command cli_cmd_render = {
    .name = "render",
    .args = "TARGET...",
    .summary = "draw PNG or JPEG at full size, or exact values as npy",
    .description =
        "Draws the images of the targets. In DIR the files are named <SOPInstanceUID>.png, with "
        "--frame of an object with several frames <SOPInstanceUID>-<frame>.png. Pixels are made "
        "square. The window comes from the file, else from its VOI LUT, else from the pixels "
        "themselves (values of 8 bits and less are shown as they are); what was used is said with "
        "each picture.\n"
        "\n"
        "--depth 16 gives the windowed picture with 16 bits; with --window none the modality "
        "values themselves, where they are whole and fit. npy holds the stored values (colour as "
        "RGB, palette indices as they are) in the shape (rows, cols[, 3]), with --frame all "
        "(frames, rows, cols[, 3]); --values modality gives rescaled values as float64.",
    .examples = "wadokit render image.dcm -o image.png\n"
                "wadokit render ct/ --window lung --format jpeg -o pictures\n"
                "wadokit render us.dcm --frame all -o frames\n"
                "wadokit render ct.dcm --format npy --values modality -o ct.npy\n",
    .opts = opts,
    .min_args = 1,
    .max_args = -1,
    .prepare = prepare,
    .run = run,
};
