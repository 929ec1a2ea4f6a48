/* Pictures on stdout: what `render` and `thumb` say of each, and at the end. */
#ifndef WADOKIT_CLI_REPORT_IMAGE_H
#define WADOKIT_CLI_REPORT_IMAGE_H

#include "cli.h"

/* A wk_image_fn; `user` is the cli_context. Says nothing but failures where the pictures
 * themselves go to stdout (report->path is "-"). */
void cli_report_image(void *user, const wk_image_report *report);

/* The half of it that goes to stderr: the failure, and warnings. */
void cli_report_image_words(const cli_context *ctx, const wk_image_report *report);

/* The summary, and the exit status of `rc`. `to_stdout`: pictures went there, so no words do. */
int cli_report_images(const cli_context *ctx, wk_code rc, const wk_image_summary *summary,
                      const wk_error *err, bool to_stdout);

#endif
