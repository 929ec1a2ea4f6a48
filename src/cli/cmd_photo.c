#include <string.h>
#include <time.h>

#include "cli.h"
#include "operands.h"
#include "opts.h"

static struct {
    const char *from, *type, *image, *format, *output, *ids;
    bool preview, stream;
    int thumb, quality;
} req = {.output = "."};

static const cli_opt opts[] = {
    {"from", 0, CLI_STRING, &req.from, "SYSTEM", "the system that has the photos",
     "netsmart|cerbo|fhir", 0, 0},
    {"output", 'o', CLI_STRING, &req.output, "DIR", "get: write below DIR (default: here)", NULL, 0,
     0},
    {"ids", 0, CLI_STRING, &req.ids, "FILE",
     "get: read more patients from FILE, one a line; - is standard input", NULL, 0, 0},
    {"preview", 0, CLI_FLAG, &req.preview, NULL,
     "netsmart: ask the preview system, where --base is not given", NULL, 0, 0},
    {"type", 0, CLI_STRING, &req.type, "TYPE", "cerbo: only photos of this type",
     "personal|medical", 0, 0},
    {"image", 0, CLI_STRING, &req.image, "ID", "cerbo: only this image", NULL, 0, 0},
    {"stream", 0, CLI_FLAG, &req.stream, NULL, "cerbo: bytes from .../stream, not .../content",
     NULL, 0, 0},
    {"thumb", 0, CLI_INT, &req.thumb, "N", "get: make it fit into a box of N pixels a side", NULL,
     1, 65535},
    {"format", 0, CLI_STRING, &req.format, "FORMAT", "get: convert to this format", "png|jpeg", 0,
     0},
    {"quality", 0, CLI_INT, &req.quality, "N", "quality of converted JPEG (default 90, thumbs 85)",
     NULL, 1, 100},
    {0},
};

static void set_text(wk_json_line *line, const char *name, const char *text)
{
    if (text && *text)
        wk_json_set_string(line, name, text);
}

/* "2024-01-31T23:59:59+01:00", or with words "2024-01-31 23:59:59 CET": in the zone of this
 * machine. A day without a time stays the day it is. */
static void time_text(char *out, size_t size, const wk_photo_report *r, bool words)
{
    time_t t = (time_t)r->time;
    struct tm tm;
    size_t n;

    *out = '\0';
    if (!r->has_time || !(r->date_only ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)))
        return;
    if (r->date_only) {
        (void)strftime(out, size, "%Y-%m-%d", &tm);
    } else if (words) {
        (void)strftime(out, size, "%Y-%m-%d %H:%M:%S %Z", &tm);
    } else {
        n = strftime(out, size, "%Y-%m-%dT%H:%M:%S%z", &tm);
        /* RFC 3339 has a colon in the zone. */
        if (n > 2 && n + 1 < size) {
            memmove(out + n - 1, out + n - 2, 3);
            out[n - 2] = ':';
        }
    }
}

static void print_json(const cli_context *ctx, const wk_photo_report *r)
{
    wk_json_line *line = wk_json_line_new("photo");
    char time[64];

    time_text(time, sizeof time, r, false);
    wk_json_set_string(line, "patient", r->patient);
    set_text(line, "image", r->image);
    set_text(line, "kind", r->kind);
    set_text(line, "title", r->title);
    set_text(line, "time", time);
    if (r->status != WK_PHOTO_LISTED)
        wk_json_set_string(line, "path", r->path);
    set_text(line, "mediaType", r->media_type);
    if (r->status == WK_PHOTO_SAVED) {
        wk_json_set_int(line, "bytes", (int64_t)r->bytes);
        if (r->width) {
            wk_json_set_int(line, "width", r->width);
            wk_json_set_int(line, "height", r->height);
        }
    }
    wk_json_set_string(line, "status", wk_photo_status_name(r->status));
    if (r->status != WK_PHOTO_LISTED)
        cli_json_error(line, &r->error);
    cli_out_json(ctx, line);
}

typedef struct reporter {
    cli_context *ctx;
    cli_table *table;
    bool said; /* the first failure stands on stderr already */
} reporter;

static void on_photo(void *user, const wk_photo_report *r)
{
    reporter *rep = user;
    char size[32] = "", why[2 * WK_ERROR_MESSAGE_SIZE];

    if (rep->ctx->json)
        print_json(rep->ctx, r);
    if (r->status == WK_PHOTO_SAVED && !rep->ctx->json) {
        cli_human_bytes(size, sizeof size, r->bytes);
        if (r->width)
            cli_out(rep->ctx, "%s  %ux%u  %s", r->path, r->width, r->height, size);
        else
            cli_out(rep->ctx, "%s  %s", r->path, size);
    }
    if (r->status == WK_PHOTO_SAVED)
        return;
    cli_error_text(why, sizeof why, &r->error);
    cli_note(rep->ctx, "%s %s%s%s: %s", wk_photo_status_name(r->status), r->patient,
             r->image ? "/" : "", r->image ? r->image : "", why);
    rep->said = rep->said || !rep->ctx->quiet;
}

static void on_listed(void *user, const wk_photo_report *r)
{
    reporter *rep = user;
    char time[64];

    if (rep->ctx->json) {
        print_json(rep->ctx, r);
        return;
    }
    time_text(time, sizeof time, r, true);
    cli_table_add(rep->table, (const char *[]){r->image, r->kind, time, r->media_type, r->title});
}

static void print_summary(const cli_context *ctx, const wk_photo_summary *s)
{
    char bytes[32];
    wk_json_line *line;

    cli_human_bytes(bytes, sizeof bytes, s->bytes);
    cli_note(ctx, "%llu saved, %llu without a photo, %llu failed; %s in %.1f s",
             (unsigned long long)s->saved, (unsigned long long)s->missing,
             (unsigned long long)s->failed, bytes, s->seconds);
    if (!ctx->json)
        return;
    line = wk_json_line_new("summary");
    wk_json_set_int(line, "expected", (int64_t)s->expected);
    wk_json_set_int(line, "saved", (int64_t)s->saved);
    wk_json_set_int(line, "kept", 0);
    wk_json_set_int(line, "missing", (int64_t)s->missing);
    wk_json_set_int(line, "failed", (int64_t)s->failed);
    wk_json_set_int(line, "bytes", (int64_t)s->bytes);
    wk_json_set_number(line, "seconds", s->seconds);
    cli_out_json(ctx, line);
}

static wk_photo_opts options(void)
{
    wk_photo_opts o = {.preview = req.preview,
                       .type = req.type,
                       .image = req.image,
                       .stream = req.stream,
                       .thumb = (uint32_t)req.thumb,
                       .quality = req.quality,
                       .dir = req.output};

    o.from = strcmp(req.from, "netsmart") == 0 ? WK_PHOTO_NETSMART
             : strcmp(req.from, "cerbo") == 0  ? WK_PHOTO_CERBO
                                               : WK_PHOTO_FHIR;
    if (req.format)
        o.format = strcmp(req.format, "png") == 0 ? WK_PICTURE_PNG : WK_PICTURE_JPEG;
    return o;
}

static int get(cli_context *ctx, int argc, char **argv)
{
    wk_photo_opts o = options();
    reporter rep = {.ctx = ctx};
    wk_photo_summary summary = {0};
    cli_operands patients = {0};
    wk_error err = {0};
    int status = 0;
    wk_code rc;

    if (argc == 0 && !req.ids)
        return cli_usage(ctx, "photo get: no PATIENT and no --ids");
    if (cli_operands_collect(&patients, argc, argv, req.ids, &err) != WK_OK) {
        status = cli_fail(ctx, &err);
        cli_operands_clear(&patients);
        return status;
    }
    rc = wk_photo_get(ctx->session, (const char *const *)patients.items, patients.n, &o, on_photo,
                      &rep, &summary, &err);
    if (rc != WK_USAGE)
        print_summary(ctx, &summary);
    if (rc != WK_OK)
        status = rep.said ? wk_code_exit_status(rc) : cli_fail(ctx, &err);
    cli_operands_clear(&patients);
    return status;
}

static int list(cli_context *ctx, int argc, char **argv)
{
    static const char *const headings[] = {"IMAGE", "TYPE", "TIME", "MEDIA TYPE", "TITLE"};
    wk_photo_opts o = options();
    reporter rep = {.ctx = ctx};
    wk_code rc = WK_OK;
    int status = 0, listed = 0;

    if (argc == 0)
        return cli_usage(ctx, "photo list: no PATIENT");
    for (int i = 0; i < argc; i++) {
        wk_error one = {0};

        if (!ctx->json)
            rep.table = cli_table_new(headings, sizeof headings / sizeof headings[0]);
        rc = wk_photo_list(ctx->session, argv[i], &o, on_listed, &rep, &one);
        if (rep.table)
            cli_table_print(ctx, rep.table);
        if (rc == WK_OK) {
            listed++;
            continue;
        }
        if (argc > 1)
            wk_fail_add(&one, "patient %s: ", argv[i]);
        status = cli_fail(ctx, &one);
        if (rc == WK_CANCELLED || rc == WK_AUTH || rc == WK_USAGE)
            break;
    }
    return status && listed && status != wk_code_exit_status(WK_CANCELLED)
               ? wk_code_exit_status(WK_PARTIAL)
               : status;
}

static int add(cli_context *ctx, int argc, char **argv)
{
    wk_photo_opts o = options();
    wk_photo_added added;
    wk_error err = {0};
    wk_json_line *line;

    if (argc != 2)
        return cli_usage(ctx, "photo add: give PATIENT and FILE");
    if (wk_photo_add(ctx->session, argv[0], argv[1], &o, &added, &err) != WK_OK)
        return cli_fail(ctx, &err);
    cli_note(ctx,
             "sent to the portal queue as a personal picture%s%s; it is not in the list of photos "
             "until someone accepts it there",
             added.queue_id[0] ? ", number " : "", added.queue_id);
    if (!ctx->json)
        return 0;
    line = wk_json_line_new("photo");
    wk_json_set_string(line, "patient", argv[0]);
    wk_json_set_string(line, "source", argv[1]);
    wk_json_set_string(line, "mediaType", added.media_type);
    wk_json_set_int(line, "bytes", (int64_t)added.bytes);
    set_text(line, "queue", added.queue_id);
    wk_json_set_string(line, "status", "queued");
    cli_out_json(ctx, line);
    return 0;
}

static int run(cli_context *ctx, int argc, char **argv)
{
    static const char *const words[] = {"get", "list", "add", NULL};
    static int (*const verbs[])(cli_context *, int, char **) = {get, list, add};
    const char *near;

    for (int i = 0; words[i]; i++) {
        if (strcmp(argv[0], words[i]) != 0)
            continue;
        if (!req.from)
            return cli_usage(ctx, "photo %s: give --from netsmart, cerbo or fhir", argv[0]);
        return verbs[i](ctx, argc - 1, argv + 1);
    }
    near = cli_nearest(argv[0], words);
    return cli_usage(ctx,
                     near ? "photo: unknown word '%s'; did you mean '%s'?"
                          : "photo: '%s' is none of get, list, add",
                     argv[0], near);
}

const cli_command cli_cmd_photo = {
    .name = "photo",
    .args = "get|list|add PATIENT...",
    .summary = "photos of patients: get, list or add them",
    .description =
        "get saves the photos of patients. netsmart: PatientImage of --base (default: Netsmart's "
        "production server). cerbo: the images below --base https://SUB.md-hq.com/api/v1. fhir: "
        "what Patient.photo of the server --fhir holds or names.\n"
        "\n"
        "Files are DIR/<patient>.jpg or .png, with cerbo DIR/<patient>/<image>.jpg; the suffix "
        "comes from the content. Bytes are kept as received, and a file has its name only when "
        "the picture was seen to be whole. --thumb and --format convert. A patient without a "
        "photo is listed as missing; that is exit status 4 where no photo was saved at all, and "
        "no failure where some were.\n"
        "\n"
        "list prints the images that cerbo has, with local times. add sends the picture FILE to "
        "cerbo's portal queue: photo add PATIENT FILE.",
    .examples = "wadokit -p netsmart photo get --from netsmart -o photos patient-12345\n"
                "wadokit -p cerbo photo list --from cerbo 1\n"
                "wadokit -p cerbo photo get --from cerbo --type personal -o photos 1 2 3\n"
                "wadokit -p cerbo photo add --from cerbo 1 portrait.jpg\n"
                "wadokit --fhir https://fhir.example/r4 photo get --from fhir --thumb 128 "
                "--ids patients.txt\n",
    .opts = opts,
    .min_args = 1,
    .max_args = -1,
    .run = run,
};
