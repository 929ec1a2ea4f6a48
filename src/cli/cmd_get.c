#include <string.h>

#include "cli.h"
#include "counts.h"
#include "operands.h"
#include "part.h"
#include "report_plan.h"
#include "report_instance.h"

static struct {
    const char *output, *name, *layout, *by, *syntax, *files_from, *check;
    bool no_digest, bulkdata;
    cli_part part;
} req = {.output = "."};

static const cli_opt opts[] = {
    {"output", 'o', CLI_STRING, &req.output, "DIR", "write below DIR (default: here)", NULL, 0, 0},
    {"name", 0, CLI_STRING, &req.name, "TEMPLATE",
     "names of files, e.g. {PatientID}/{Modality}/{InstanceNumber:04}", NULL, 0, 0},
    {"layout", 0, CLI_STRING, &req.layout, "LAYOUT",
     "files (default), or dicomweb: a tree that a web server gives to a viewer", "files|dicomweb",
     0, 0},
    {"by", 0, CLI_STRING, &req.by, "LEVEL", "what one request asks for (default auto)",
     "auto|study|series|instance", 0, 0},
    {"transfer-syntax", 0, CLI_STRING, &req.syntax, "SYNTAX",
     "stored (default), raw, jpeg, jpegls, j2k, htj2k, rle, ... or a UID", NULL, 0, 0},
    {"files-from", 'T', CLI_STRING, &req.files_from, "FILE",
     "read more targets from FILE, one a line; - is standard input", NULL, 0, 0},
    {"no-digest", 0, CLI_FLAG, &req.no_digest, NULL, "make no SHA-256 of what is received", NULL, 0,
     0},
    {"bulkdata", 0, CLI_FLAG, &req.bulkdata, NULL,
     "of /metadata targets also what their BulkDataURIs lead to", NULL, 0, 0},
    {"check", 0, CLI_STRING, &req.check, "HOW",
     "what tells that a file of an earlier run is whole (default size)", "size|digest", 0, 0},
    CLI_PART_ROWS(req.part),
    {0},
};

/* --- reports --- */

static void print_summary(const cli_context *ctx, const wk_get_summary *s)
{
    char bytes[32];
    cli_counts counts = CLI_COUNTS(s);

    cli_human_bytes(bytes, sizeof bytes, s->bytes);
    cli_note(ctx, "%llu saved, %llu kept, %llu missing, %llu failed; %s in %.1f s",
             (unsigned long long)s->saved, (unsigned long long)s->kept,
             (unsigned long long)s->missing, (unsigned long long)s->failed, bytes, s->seconds);
    cli_note_skipped(ctx, s->skipped);
    if (ctx->json)
        cli_counts_json(ctx, &counts);
}

static wk_get_by read_by(const char *name)
{
    static const char *const names[] = {"auto", "study", "series", "instance"};

    for (int i = 0; name && i < 4; i++) {
        if (strcmp(name, names[i]) == 0)
            return (wk_get_by)i;
    }
    return WK_BY_AUTO;
}

static bool wants_tree(void)
{
    return req.layout && strcmp(req.layout, "dicomweb") == 0;
}

static void print_tree(const cli_context *ctx, const wk_web_tree_summary *s)
{
    wk_json_line *line;

    cli_note(ctx, "DICOMweb tree of %llu instance%s in %s: see nginx.conf there, or wadokit serve",
             (unsigned long long)(s->made + s->kept + s->failed),
             s->made + s->kept + s->failed == 1 ? "" : "s", req.output);
    if (!ctx->json)
        return;
    line = wk_json_line_new("tree");
    wk_json_set_string(line, "path", req.output);
    wk_json_set_int(line, "studies", (int64_t)s->studies);
    wk_json_set_int(line, "series", (int64_t)s->series);
    wk_json_set_int(line, "made", (int64_t)s->made);
    wk_json_set_int(line, "kept", (int64_t)s->kept);
    wk_json_set_int(line, "failed", (int64_t)s->failed);
    wk_json_set_int(line, "frames", (int64_t)s->frames);
    cli_out_json(ctx, line);
}

/* What is there of the instances becomes a tree, also where some are missing. */
static wk_code make_tree(cli_instances *rep, wk_code got, wk_error *err)
{
    wk_web_tree_summary summary = {0};
    wk_error why = {0};
    wk_code rc = wk_web_tree(rep->ctx->session, req.output, cli_instance, rep, &summary, &why);

    if (rc == WK_OK || rc == WK_PARTIAL)
        print_tree(rep->ctx, &summary);
    if (rc == WK_OK || (rc == WK_PARTIAL && got != WK_OK))
        return got;
    if (rc != WK_PARTIAL && rep->said)
        cli_note(rep->ctx, "%s", why.message);
    *err = why;
    return rc;
}

static int get(cli_context *ctx, const cli_operands *t)
{
    wk_get_opts o = {.dir = req.output,
                     .name = wants_tree() ? WK_WEB_TREE_NAME : req.name,
                     .transfer_syntax = req.syntax,
                     .by = read_by(req.by),
                     .no_digest = req.no_digest,
                     .bulkdata = req.bulkdata,
                     .check_digest = req.check && strcmp(req.check, "digest") == 0};
    cli_instances rep = {.ctx = ctx};
    wk_get_summary summary = {.expected = -1};
    wk_error err = {0};
    wk_code rc = wk_get(ctx->session, (const char *const *)t->items, t->n, &o, cli_instance, &rep,
                        &summary, &err);

    if (wants_tree() && (rc == WK_OK || rc == WK_PARTIAL))
        rc = make_tree(&rep, rc, &err);
    if (rc != WK_USAGE)
        print_summary(ctx, &summary);
    if (rc == WK_OK)
        return 0;
    return rep.said ? wk_code_exit_status(rc) : cli_fail(ctx, &err);
}

static int run(cli_context *ctx, int argc, char **argv)
{
    cli_operands t = {0};
    wk_error err = {0};
    int status;

    if (argc == 0 && !req.files_from)
        return cli_usage(ctx, "no TARGET and no --files-from");
    if (strcmp(req.output, "-") == 0)
        return cli_usage(ctx,
                         "get writes files: -o names their folder (./- where that is its name)");
    if (wants_tree() && req.name)
        return cli_usage(ctx, "--layout dicomweb has names of its own: no --name");
    if (cli_operands_collect(&t, argc, argv, req.files_from, &err) != WK_OK)
        status = cli_fail(ctx, &err);
    else if (req.part.dry_run)
        status = cli_report_plan(ctx, wk_get_plan, t.n, t.items);
    else
        status = get(ctx, &t);
    cli_operands_clear(&t);
    return status;
}

static wk_code prepare(wk_session_opts *o, wk_error *err)
{
    return cli_part_prepare(&req.part, o, err);
}

const cli_command cli_cmd_get = {
    .name = "get",
    .args = "TARGET...",
    .summary = "get instances as files, byte for byte as received",
    .description =
        "Gets every instance of the targets into DIR/<StudyUID>/<SeriesUID>/<SOPUID>.dcm. A file "
        "has its name only when it is whole and what was asked for. DIR/.wadokit holds a journal; "
        "a second run keeps what is whole and fetches the rest; --check digest holds what is there "
        "against the SHA-256 of the journal, not only its size.\n"
        "\n"
        "What is expected is taken from the source's list of instances, or from QIDO-RS. When an "
        "answer breaks, what came whole is kept, and the rest is asked for by series, then by "
        "instance; what is still missing is listed, and the exit status is 1.\n"
        "\n"
        "A target may also end in /metadata, /rendered, /thumbnail, /bulkdata/..., "
        "/frames/N[,N...] "
        "or /frames/N/rendered: that is saved beside the instances, as <UIDs>-metadata.json, "
        "<UIDs>-rendered.jpg, <SOPUID>-3.raw and so on, with a suffix by its bytes. With "
        "--bulkdata what each BulkDataURI in metadata leads to is saved too, as "
        "<SOPUID>-bulkdata-<tag>.\n"
        "\n"
        "--layout dicomweb writes a static DICOMweb tree instead: studies/..., with the answers to "
        "searches, metadata, frames, bulk data and thumbnails as files, and nginx.conf with the "
        "content types. A viewer such as OHIF opens it; local folders are targets like any other. "
        "A second run writes what is not there. Pixels are stored twice: in instance.dcm, as it "
        "was "
        "received, and frame by frame.\n"
        "\n"
        "Names in a TEMPLATE are PatientID, PatientName, StudyDate, StudyDescription, "
        "AccessionNumber, Modality, SeriesDescription, SeriesNumber, InstanceNumber, "
        "StudyInstanceUID, SeriesInstanceUID, SOPInstanceUID, SOPClassUID and TransferSyntaxUID; "
        "{InstanceNumber:04} fills a number with zeros. Values are percent-encoded; a name that "
        "another instance has gets -2, -3 and so on.",
    .examples =
        "wadokit --dicomweb https://pacs.example/dicom-web get 1.2.3.4 -o study\n"
        "wadokit get search.json -o studies -j 8\n"
        "wadokit get https://pacs.example/dicom-web/studies/1.2.3.4 --by series\n"
        "wadokit get https://pacs.example/dicom-web/studies/1.2.3.4/metadata -o study\n"
        "wadokit get study/ --layout dicomweb -o tree\n"
        "wadokit get -T targets.txt -o out --name '{PatientID}/{Modality}/{InstanceNumber:04}'\n",
    .opts = opts,
    .min_args = 0,
    .max_args = -1,
    .prepare = prepare,
    .run = run,
};
