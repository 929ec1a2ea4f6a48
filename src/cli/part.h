/*
 * What commands that work on targets say alike: a part of the work only, or none of it.
 */
#ifndef WADOKIT_CLI_PART_H
#define WADOKIT_CLI_PART_H

#include "cli.h"

typedef struct cli_part {
    const char *shard; /* "I/N"; NULL: all */
    bool dry_run;
} cli_part;

/* Their rows in a table of cli_opt; `part` is the command's cli_part. */
/* clang-format off */
#define CLI_PART_ROWS(part) \
    {"shard", 0, CLI_STRING, &(part).shard, "I/N", \
     "do part I of N, for N runs that share the work", NULL, 0, 0}, \
    {"dry-run", 'n', CLI_FLAG, &(part).dry_run, NULL, \
     "print what would be done, as resolve does, and do nothing", NULL, 0, 0}
/* clang-format on */

/* Into the session's options: WK_USAGE where the shard cannot be read. */
static inline wk_code cli_part_prepare(const cli_part *part, wk_session_opts *o, wk_error *err)
{
    return part->shard ? wk_shard_read(part->shard, &o->shard, err) : WK_OK;
}

#endif
