#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "report_plan.h"
#include "report_instance.h"

enum {
    MAX_LINE = 16384,
};

static struct {
    const char *output, *name, *by, *syntax, *files_from;
    bool no_digest;
    bool dry_run;
    const char *shard;
} req = {.output = "."};

static const cli_opt opts[] = {
    {"output", 'o', CLI_STRING, &req.output, "DIR", "write below DIR (default: here)", NULL, 0, 0},
    {"name", 0, CLI_STRING, &req.name, "TEMPLATE",
     "names of files, e.g. {PatientID}/{Modality}/{InstanceNumber:04}", NULL, 0, 0},
    {"by", 0, CLI_STRING, &req.by, "LEVEL", "what one request asks for (default auto)",
     "auto|study|series|instance", 0, 0},
    {"transfer-syntax", 0, CLI_STRING, &req.syntax, "SYNTAX",
     "stored (default), raw, jpeg, jpegls, j2k, htj2k, rle, ... or a UID", NULL, 0, 0},
    {"files-from", 'T', CLI_STRING, &req.files_from, "FILE",
     "read more targets from FILE, one a line; - is standard input", NULL, 0, 0},
    {"no-digest", 0, CLI_FLAG, &req.no_digest, NULL, "make no SHA-256 of what is received", NULL, 0,
     0},
    {"shard", 0, CLI_STRING, &req.shard, "I/N", "do part I of N, for N runs that share the work",
     NULL, 0, 0},
    {"dry-run", 'n', CLI_FLAG, &req.dry_run, NULL,
     "print what would be done, as resolve does, and do nothing", NULL, 0, 0},
    {0},
};

/* The targets: those of the command line, then those of the file. */
typedef struct targets {
    char **items; /* n; the first n_given are argv's, the others owned */
    size_t n, n_given, capacity;
} targets;

static bool targets_add(targets *t, char *item)
{
    if (t->n == t->capacity) {
        size_t capacity = t->capacity ? 2 * t->capacity : 64;
        char **grown = realloc(t->items, capacity * sizeof *grown);

        if (!grown)
            return false;
        t->items = grown;
        t->capacity = capacity;
    }
    t->items[t->n++] = item;
    return true;
}

static void targets_clear(targets *t)
{
    for (size_t i = t->n_given; i < t->n; i++)
        free(t->items[i]);
    free(t->items);
}

static wk_code take_line(targets *t, char *line, wk_error *err)
{
    size_t n = strlen(line);
    char *copy;

    if (n == MAX_LINE - 1 && line[n - 1] != '\n')
        return wk_fail(err, WK_LIMIT, "%s: a line of more than %d bytes", req.files_from, MAX_LINE);
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0' || line[0] == '#')
        return WK_OK;
    copy = strdup(line);
    if (!copy || !targets_add(t, copy)) {
        free(copy);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    return WK_OK;
}

static wk_code read_file(targets *t, wk_error *err)
{
    bool is_stdin = strcmp(req.files_from, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(req.files_from, "r");
    char line[MAX_LINE];
    wk_code rc = WK_OK;

    if (!f)
        return wk_fail_errno(err, WK_USAGE, errno, "%s: cannot open", req.files_from);
    while (rc == WK_OK && fgets(line, sizeof line, f))
        rc = take_line(t, line, err);
    if (rc == WK_OK && ferror(f))
        rc = errno == EINTR ? wk_fail(err, WK_CANCELLED, "interrupted")
                            : wk_fail_errno(err, WK_IO, errno, "%s: cannot read", req.files_from);
    if (!is_stdin)
        fclose(f);
    return rc;
}

static wk_code collect(targets *t, int argc, char **argv, wk_error *err)
{
    for (int i = 0; i < argc; i++) {
        if (!targets_add(t, argv[i]))
            return wk_fail(err, WK_NOMEM, "out of memory");
        t->n_given++;
    }
    return req.files_from ? read_file(t, err) : WK_OK;
}

/* --- reports --- */

static void print_summary(const cli_context *ctx, const wk_get_summary *s)
{
    char bytes[32];
    wk_json_line *line;

    cli_human_bytes(bytes, sizeof bytes, s->bytes);
    cli_note(ctx, "%llu saved, %llu kept, %llu missing, %llu failed; %s in %.1f s",
             (unsigned long long)s->saved, (unsigned long long)s->kept,
             (unsigned long long)s->missing, (unsigned long long)s->failed, bytes, s->seconds);
    if (s->skipped > 0)
        cli_note(ctx, "%llu file%s skipped: not DICOM images", (unsigned long long)s->skipped,
                 s->skipped == 1 ? "" : "s");
    if (!ctx->json)
        return;
    line = wk_json_line_new("summary");
    if (s->expected >= 0)
        wk_json_set_int(line, "expected", s->expected);
    else
        wk_json_set_null(line, "expected");
    wk_json_set_int(line, "saved", (int64_t)s->saved);
    wk_json_set_int(line, "kept", (int64_t)s->kept);
    wk_json_set_int(line, "missing", (int64_t)s->missing);
    wk_json_set_int(line, "failed", (int64_t)s->failed);
    if (s->skipped > 0)
        wk_json_set_int(line, "skipped", (int64_t)s->skipped);
    wk_json_set_int(line, "bytes", (int64_t)s->bytes);
    wk_json_set_number(line, "seconds", s->seconds);
    cli_out_json(ctx, line);
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

static int get(cli_context *ctx, const targets *t)
{
    wk_get_opts o = {.dir = req.output,
                     .name = req.name,
                     .transfer_syntax = req.syntax,
                     .by = read_by(req.by),
                     .no_digest = req.no_digest};
    cli_instances rep = {.ctx = ctx};
    wk_get_summary summary = {.expected = -1};
    wk_error err = {0};
    wk_code rc = wk_get(ctx->session, (const char *const *)t->items, t->n, &o, cli_instance, &rep,
                        &summary, &err);

    if (rc != WK_USAGE)
        print_summary(ctx, &summary);
    if (rc == WK_OK)
        return 0;
    return rep.said ? wk_code_exit_status(rc) : cli_fail(ctx, &err);
}

static int run(cli_context *ctx, int argc, char **argv)
{
    targets t = {0};
    wk_error err = {0};
    int status;

    if (argc == 0 && !req.files_from)
        return cli_usage(ctx, "no TARGET and no --files-from");
    if (collect(&t, argc, argv, &err) != WK_OK)
        status = cli_fail(ctx, &err);
    else if (req.dry_run)
        status = cli_report_plan(ctx, t.n, t.items);
    else
        status = get(ctx, &t);
    targets_clear(&t);
    return status;
}

static wk_code prepare(wk_session_opts *o, wk_error *err)
{
    return req.shard ? wk_shard_read(req.shard, &o->shard, err) : WK_OK;
}

const cli_command cli_cmd_get = {
    .name = "get",
    .args = "TARGET...",
    .summary = "get instances as files, byte for byte as received",
    .description =
        "Gets every instance of the targets into DIR/<StudyUID>/<SeriesUID>/<SOPUID>.dcm. A file "
        "has its name only when it is whole and what was asked for. DIR/.wadokit holds a journal; "
        "a second run keeps what is whole and fetches the rest.\n"
        "\n"
        "What is expected is taken from the source's list of instances, or from QIDO-RS. When an "
        "answer breaks, what came whole is kept, and the rest is asked for by series, then by "
        "instance; what is still missing is listed, and the exit status is 1.\n"
        "\n"
        "A target may also end in /metadata, /rendered, /thumbnail, /bulkdata/..., "
        "/frames/N[,N...] "
        "or /frames/N/rendered: that is saved beside the instances, as <UIDs>-metadata.json, "
        "<UIDs>-rendered.jpg, <SOPUID>-3.raw and so on, with a suffix by its bytes.\n"
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
        "wadokit get -T targets.txt -o out --name '{PatientID}/{Modality}/{InstanceNumber:04}'\n",
    .opts = opts,
    .min_args = 0,
    .max_args = -1,
    .prepare = prepare,
    .run = run,
};
