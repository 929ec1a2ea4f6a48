#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const char *per; /* NULL: instance, of CSV series */
static const char *tag_list;
static bool csv, csv_raw;

static const cli_opt opts[] = {
    {"per", 0, CLI_STRING, &per, "LEVEL",
     "show all instances (default), or the first of each series (default with --csv) or study",
     "study|series|instance", 0, 0},
    {"tags", 't', CLI_STRING, &tag_list, "TAG,...", "show these attributes", NULL, 0, 0},
    {"csv", 0, CLI_FLAG, &csv, NULL, "print comma-separated values", NULL, 0, 0},
    {"csv-raw", 0, CLI_FLAG, &csv_raw, NULL,
     "the same for machines: what a spreadsheet would run is not marked as text", NULL, 0, 0},
    {0},
};

/* What the table shows when nothing is asked for. */
static const char *const usual[] = {
    "Modality",          "StudyDate",      "SeriesDescription", "Rows",
    "Columns",           "NumberOfFrames", "BitsStored",        "PhotometricInterpretation",
    "TransferSyntaxUID", "WindowCenter",   "WindowWidth"};
enum {
    USUAL = sizeof usual / sizeof usual[0],
    MAX_TAGS = 256
};

static const char *const headings[] = {"SOURCE", "MODALITY", "DATE",   "SERIES",          "SIZE",
                                       "FRAMES", "BITS",     "COLOUR", "TRANSFER SYNTAX", "WINDOW"};
enum {
    COLUMNS = sizeof headings / sizeof headings[0]
};

typedef struct view {
    cli_context *ctx;
    cli_table *table;
    const char *tags[MAX_TAGS];
    size_t n_tags;
    bool has_heading;
} view;

static const char *text(const char *value)
{
    return value ? value : "";
}

/* The first of several values. */
static void first_value(char *out, size_t size, const char *value)
{
    snprintf(out, size, "%.*s", (int)strcspn(text(value), "\\"), text(value));
}

static void add_usual(view *v, const wk_info_item *item)
{
    const char *const *x = item->values;
    char size[40] = "", window[80] = "", center[32], width[32];
    const char *name = x[8] ? wk_transfer_syntax_name(x[8]) : "";

    if (x[3] && x[4])
        snprintf(size, sizeof size, "%s x %s", x[4], x[3]);
    first_value(center, sizeof center, x[9]);
    first_value(width, sizeof width, x[10]);
    if (*center && *width)
        snprintf(window, sizeof window, "%s / %s", center, width);
    cli_table_add(v->table, (const char *const[COLUMNS]){item->source, x[0], x[1], x[2], size, x[5],
                                                         x[6], x[7], name, window});
}

static void add_chosen(view *v, const wk_info_item *item)
{
    const char *cells[MAX_TAGS + 1] = {item->source};

    for (size_t i = 0; i < v->n_tags; i++)
        cells[i + 1] = item->values[i];
    cli_table_add(v->table, cells);
}

/* Whether it is numbers, divided as values are. */
static bool is_numbers(const char *value)
{
    char *end;

    for (;; value = end + 1) {
        if (!value[0] || strchr(" \t\r\n", value[0]))
            return false;
        (void)strtod(value, &end);
        if (end == value || (*end != '\\' && *end != '\0'))
            return false;
        if (*end == '\0')
            return true;
    }
}

/* What a spreadsheet takes for a formula, and runs. */
static bool would_run(const char *value)
{
    return value[0] && value[1] && strchr("=+-@\t\r", value[0]) && !is_numbers(value);
}

/* RFC 4180: quoted where it must be; an apostrophe says that it is text. The cell is the caller's
 * to free. */
static char *csv_cell(const char *value)
{
    size_t n = strlen(value), at = 0;
    bool mark = !csv_raw && would_run(value);
    char *out = malloc(2 * n + 4);

    if (!out)
        return NULL;
    if (!value[strcspn(value, ",\"\r\n")]) {
        memcpy(out, "'", 1);
        memcpy(out + mark, value, n + 1);
        return out;
    }
    out[at++] = '"';
    if (mark)
        out[at++] = '\'';
    for (size_t i = 0; i < n; i++) {
        if (value[i] == '"')
            out[at++] = '"';
        out[at++] = value[i] == '\r' || value[i] == '\n' ? ' ' : value[i];
    }
    out[at++] = '"';
    out[at] = '\0';
    return out;
}

/* `first`, then `n` cells, as one line. */
static void print_csv(const view *v, const char *first, const char *const *cells, size_t n)
{
    char *line = csv_cell(first);

    for (size_t i = 0; line && i < n; i++) {
        char *cell = csv_cell(text(cells[i]));
        size_t have = strlen(line), more = cell ? strlen(cell) : 0;
        char *longer = realloc(line, have + more + 2);

        if (longer) {
            longer[have] = ',';
            memcpy(longer + have + 1, text(cell), more + 1);
            line = longer;
        }
        free(cell);
    }
    cli_out(v->ctx, "%s", text(line));
    free(line);
}

/* The heading of the CSV comes with the first row, or at the end: not where the tags are wrong. */
static void print_heading(view *v)
{
    if (csv && !v->ctx->json && !v->has_heading)
        print_csv(v, "source", v->tags, v->n_tags);
    v->has_heading = true;
}

static wk_code show(void *user, const wk_info_item *item, wk_error *err)
{
    view *v = user;

    (void)err;
    if (item->error.code != WK_OK) {
        (void)cli_fail(v->ctx, &item->error);
    } else if (v->ctx->json) {
        cli_out(v->ctx, "%s", item->json);
    } else if (csv) {
        print_heading(v);
        print_csv(v, item->source, item->values, v->n_tags);
    } else if (tag_list) {
        add_chosen(v, item);
    } else {
        add_usual(v, item);
    }
    return WK_OK;
}

static bool has_hex(const char *text, size_t n)
{
    return strspn(text, "0123456789abcdefABCDEF") == n;
}

/* The comma behind a tag; "0010,0020", alone or in "(...)", has one of its own. */
static char *end_of_tag(char *at)
{
    char *comma = strchr(at, ',');

    while (comma && comma - at >= 4 && has_hex(comma - 4, 4) && has_hex(comma + 1, 4) &&
           (comma - at == 4 || strchr("(.", comma[-5])))
        comma = strchr(comma + 1, ',');
    return comma;
}

/* Cuts `list`, a copy of the option, at its commas. False where there are too many. */
static bool read_tags(view *v, char *list)
{
    for (char *at = list; at; v->n_tags++) {
        char *comma = end_of_tag(at);

        if (v->n_tags == MAX_TAGS)
            return false;
        v->tags[v->n_tags] = at;
        if (comma)
            *comma++ = '\0';
        at = comma;
    }
    return true;
}

static void new_table(view *v)
{
    const char *names[MAX_TAGS + 1] = {"SOURCE"};

    if (!tag_list) {
        v->table = cli_table_new(headings, COLUMNS);
        return;
    }
    for (size_t i = 0; i < v->n_tags; i++)
        names[i + 1] = v->tags[i];
    v->table = cli_table_new(names, v->n_tags + 1);
}

static int finish(view *v, wk_code rc, const wk_info_summary *sum, const wk_error *err)
{
    if (v->table)
        cli_table_print(v->ctx, v->table);
    if (rc != WK_USAGE)
        print_heading(v);
    if (sum->skipped > 0)
        cli_note(v->ctx, "%llu files are not DICOM", (unsigned long long)sum->skipped);
    if (rc == WK_OK)
        return 0;
    /* Failures of items were said as they came. */
    if (rc == WK_PARTIAL || sum->failed > 0)
        return wk_code_exit_status(rc);
    return cli_fail(v->ctx, err);
}

static int run(cli_context *ctx, int argc, char **argv)
{
    wk_info_opts request = {.json = ctx->json, .per = WK_LEVEL_INSTANCE};
    char *list = tag_list ? strdup(tag_list) : NULL;
    const char *level;
    wk_info_summary sum = {0};
    wk_error err = {0};
    view v = {.ctx = ctx};
    wk_code rc;
    int status;

    csv = csv || csv_raw;
    if (ctx->json && (csv || tag_list)) {
        free(list);
        return cli_usage(ctx, "--json gives whole data sets; --tags and --csv are for tables");
    }
    memcpy(v.tags, usual, sizeof usual);
    if (!list && tag_list) {
        (void)wk_fail(&err, WK_NOMEM, "out of memory");
        return cli_fail(ctx, &err);
    }
    v.n_tags = list ? 0 : USUAL;
    if (list && !read_tags(&v, list)) {
        free(list);
        return cli_usage(ctx, "more than %d tags", MAX_TAGS);
    }
    level = per ? per : csv ? "series" : "instance";
    request.per = strcmp(level, "study") == 0    ? WK_LEVEL_STUDY
                  : strcmp(level, "series") == 0 ? WK_LEVEL_SERIES
                                                 : WK_LEVEL_INSTANCE;
    request.tags = v.tags;
    request.n_tags = ctx->json ? 0 : v.n_tags;
    if (!csv && !ctx->json)
        new_table(&v);
    rc = wk_info(ctx->session, (const char *const *)argv, (size_t)argc, &request, show, &v, &sum,
                 &err);
    status = finish(&v, rc, &sum, &err);
    free(list);
    return status;
}

const cli_command cli_cmd_info = {
    .name = "info",
    .args = "TARGET...",
    .summary = "show the metadata of files or remote targets, without their pixels",
    .description =
        "Files are read up to their pixels; servers are asked for the metadata of the target.\n"
        "The table shows what a person wants to know of an image. With --tags it shows the "
        "attributes that are named: PatientID, 00100020, 0010,0020, (0010,0020), or a path "
        "RequestAttributesSequence[0].ScheduledProcedureStepID.\n"
        "With --json each instance is one line of DICOM JSON (PS3.18 annex F).",
    .examples = "wadokit info scan.dcm\n"
                "wadokit info --per series study/\n"
                "wadokit info --csv -t PatientID,StudyDate,KVP study/ > study.csv\n"
                "wadokit --json info scan.dcm | jq '.[\"00280010\"].Value[0]'\n",
    .opts = opts,
    .min_args = 1,
    .max_args = -1,
    .run = run,
};
