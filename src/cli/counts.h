/* The summary at the end of a run: the same members for instances and for pictures. */
#ifndef WADOKIT_CLI_COUNTS_H
#define WADOKIT_CLI_COUNTS_H

#include "cli.h"

typedef struct cli_counts {
    int64_t expected; /* below 0: never known */
    uint64_t saved, kept, missing, failed, skipped, bytes;
    double seconds;
} cli_counts;

/* Those of a wk_get_summary or a wk_image_summary. */
#define CLI_COUNTS(s)                                                                              \
    {                                                                                              \
        (s)->expected, (s)->saved, (s)->kept, (s)->missing, (s)->failed, (s)->skipped, (s)->bytes, \
            (s)->seconds                                                                           \
    }

/* {"type":"summary",...} */
void cli_counts_json(const cli_context *ctx, const cli_counts *counts);

/* Words on files that were passed over, where there are any. */
void cli_note_skipped(const cli_context *ctx, uint64_t skipped);

#endif
