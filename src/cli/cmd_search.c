#include <inttypes.h>
#include <string.h>

#include "cli.h"

static wk_search_opts req;
static const char *via, *level, *method;
static int limit;
static cli_list params;

static const cli_opt opts[] = {
    {"patient", 0, CLI_STRING, &req.patient, "ID", "studies of this patient", NULL, 0, 0},
    {"patient-identifier", 0, CLI_STRING, &req.patient_identifier, "ID",
     "studies of the patient with this identifier", NULL, 0, 0},
    {"modality", 0, CLI_STRING, &req.modality, "CODE", "studies with this modality (CT, MR ...)",
     NULL, 0, 0},
    {"since", 0, CLI_STRING, &req.since, "DATE", "studies of this day or later", NULL, 0, 0},
    {"until", 0, CLI_STRING, &req.until, "DATE", "studies of this day or earlier", NULL, 0, 0},
    {"accession", 0, CLI_STRING, &req.accession, "NUMBER", "the study with this accession number",
     NULL, 0, 0},
    {"identifier", 0, CLI_STRING, &req.identifier, "UID",
     "the study with this Study Instance UID (FHIR: or another identifier)", NULL, 0, 0},
    {"description", 0, CLI_STRING, &req.description, "TEXT",
     "studies with this in their description, any case", NULL, 0, 0},
    {"param", 0, CLI_LIST, &params, "NAME=VALUE", "one more search parameter, sent as it is", NULL,
     0, 0},
    {"limit", 0, CLI_INT, &limit, "N", "list at most N", NULL, 1, 2000000000},
    {"level", 0, CLI_STRING, &level, "LEVEL", "what is listed, with --dicomweb (default study)",
     "study|series|instance", 0, 0},
    {"via", 0, CLI_STRING, &via, "KIND",
     "which server is asked where both are known (default fhir)", "fhir|qido", 0, 0},
    {"method", 0, CLI_STRING, &method, "METHOD",
     "how a FHIR server is asked (default post, and get where it cannot)", "post|get", 0, 0},
    {0},
};

typedef struct listing {
    cli_context *ctx;
    cli_table *table;
} listing;

/* A number, or nothing where it is not known. */
static const char *count(char out[24], int64_t n)
{
    snprintf(out, 24, "%" PRId64, n);
    return n < 0 ? NULL : out;
}

static void add_row(cli_table *table, const wk_search_hit *hit)
{
    char series[24], instances[24], number[24], modality[sizeof hit->modality];

    snprintf(modality, sizeof modality, "%s", hit->modality);
    for (char *p = modality; (p = strchr(p, '\\')) != NULL;)
        *p = ',';
    if (req.level == WK_LEVEL_STUDY) {
        const char *cells[] = {hit->study,
                               hit->started,
                               modality,
                               count(series, hit->n_series),
                               count(instances, hit->n_instances),
                               hit->patient,
                               hit->patient_name,
                               hit->accession,
                               hit->description};

        cli_table_add(table, cells);
    } else if (req.level == WK_LEVEL_SERIES) {
        const char *cells[] = {hit->study,
                               hit->series,
                               modality,
                               count(number, hit->number),
                               count(instances, hit->n_instances),
                               hit->description};

        cli_table_add(table, cells);
    } else {
        const char *cells[] = {hit->study, hit->series, hit->sop, count(number, hit->number),
                               modality};

        cli_table_add(table, cells);
    }
}

static cli_table *new_table(void)
{
    static const char *const studies[] = {"STUDY",  "STARTED",   "MODALITY",
                                          "SERIES", "INSTANCES", "PATIENT",
                                          "NAME",   "ACCESSION", "DESCRIPTION"};
    static const char *const series[] = {"STUDY",  "SERIES",    "MODALITY",
                                         "NUMBER", "INSTANCES", "DESCRIPTION"};
    static const char *const instances[] = {"STUDY", "SERIES", "INSTANCE", "NUMBER", "MODALITY"};

    if (req.level == WK_LEVEL_STUDY)
        return cli_table_new(studies, sizeof studies / sizeof studies[0]);
    if (req.level == WK_LEVEL_SERIES)
        return cli_table_new(series, sizeof series / sizeof series[0]);
    return cli_table_new(instances, sizeof instances / sizeof instances[0]);
}

static wk_code on_hit(void *user, const wk_search_hit *hit, wk_error *err)
{
    listing *l = user;

    (void)err;
    if (l->ctx->json)
        cli_out_json(l->ctx, wk_search_hit_json(hit));
    else
        add_row(l->table, hit);
    return WK_OK;
}

static void print_summary(const cli_context *ctx, const wk_search_summary *sum)
{
    static const char *const names[] = {"studies", "series", "instances"};
    wk_json_line *line = wk_json_line_new("summary");

    wk_json_set_int(line, names[req.level], (int64_t)sum->hits);
    wk_json_set_int(line, "warnings", (int64_t)sum->warnings);
    wk_json_set_int(line, "leftOut", (int64_t)sum->left_out);
    wk_json_set_int(line, "noUid", (int64_t)sum->no_uid);
    wk_json_set_bool(line, "complete", !sum->incomplete && sum->no_uid == 0);
    cli_out_json(ctx, line);
}

static void fill_request(void)
{
    req.params = params.items;
    req.n_params = params.n;
    req.limit = (uint64_t)limit;
    req.use_get = method && strcmp(method, "get") == 0;
    if (level && strcmp(level, "study") != 0)
        req.level = strcmp(level, "series") == 0 ? WK_LEVEL_SERIES : WK_LEVEL_INSTANCE;
    if (via)
        req.via = strcmp(via, "fhir") == 0 ? WK_SEARCH_FHIR : WK_SEARCH_QIDO;
}

static int run(cli_context *ctx, int argc, char **argv)
{
    listing l = {.ctx = ctx};
    wk_search_summary sum = {0};
    wk_error err = {0};
    wk_code rc;

    (void)argc;
    (void)argv;
    fill_request();
    if (!ctx->json)
        l.table = new_table();
    rc = wk_search(ctx->session, &req, on_hit, &l, &sum, &err);
    if (ctx->json && rc != WK_USAGE)
        print_summary(ctx, &sum);
    else if (!ctx->json)
        cli_table_print(ctx, l.table);
    /* A page that is not there, after others were: not "nothing found". */
    if (rc == WK_NOT_FOUND && sum.hits > 0)
        err.code = WK_PARTIAL;
    if (rc != WK_OK)
        return cli_fail(ctx, &err);
    if (sum.hits == 0) {
        (void)wk_fail(&err, WK_NOT_FOUND, "nothing found");
        return cli_fail(ctx, &err);
    }
    return 0;
}

const cli_command cli_cmd_search = {
    .name = "search",
    .args = "",
    .summary = "find studies by FHIR ImagingStudy or QIDO-RS",
    .description =
        "Asks the FHIR server (--fhir URL) for ImagingStudy resources, or the DICOMweb server "
        "(--dicomweb URL) by QIDO-RS, follows every page, and prints a table. With --json it "
        "prints "
        "JSON Lines that hold all that get, thumb and resolve need: give them to '-'.\n"
        "\n"
        "Filters are put together with 'and'. --since and --until take a year, a month or a day "
        "(2024, 2024-05, 2024-05-01), which counts too. FHIR servers have no parameter for "
        "--description: their answers are compared here.\n"
        "\n"
        "What a server lists is compared with what was asked for: records that contradict it are "
        "left "
        "out with a warning, as are studies that were entered in error or cancelled "
        "(--include-entered-in-error takes such).\n"
        "\n"
        "The exit status is 4 where nothing is found, and 1 where the list is not whole: the "
        "server "
        "sends the same page again, or records without a valid UID.",
    .examples =
        "wadokit --fhir https://ehr.example/fhir/R4 search --patient 123\n"
        "wadokit --dicomweb https://pacs.example/dicom-web search --modality CT --since 2024\n"
        "wadokit --fhir https://ehr.example/fhir/R4 search --patient 123 --json | wadokit get -\n",
    .opts = opts,
    .min_args = 0,
    .max_args = 0,
    .run = run,
};
