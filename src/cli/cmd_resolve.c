#include "report_plan.h"

static int run(cli_context *ctx, int argc, char **argv)
{
    return cli_report_plan(ctx, wk_get_plan, (size_t)argc, argv);
}

const cli_command cli_cmd_resolve = {
    .name = "resolve",
    .args = "TARGET...",
    .summary = "show what would be fetched from where, without fetching it",
    .description =
        "Prints for each study and series the URL that would be requested, whether credentials "
        "would be sent there, and why. No image is transferred; a FHIR search or read, and "
        "Endpoints that a study only refers to, are read.\n"
        "\n"
        "The status is planned (would be fetched), covered (not needed: another line covers it, or "
        "the Endpoint cannot be used and another is), excluded (a study that is not what the "
        "URL asks for, or that was entered in error), refused or failed. An Endpoint address that "
        "holds {{NAME}} is refused until --set NAME=VALUE is given.",
    .examples = "wadokit resolve study.json\n"
                "wadokit --set destination-slug=clinic resolve search.json\n"
                "wadokit --dicomweb https://pacs.example/dicom-web resolve 1.2.840.113619.2.5\n",
    .min_args = 1,
    .max_args = -1,
    .run = run,
};
