/*
 * Retrieves a study by its URL into a folder, says how far it is, and can be interrupted: a second
 * run goes on where the first one ended.
 *
 *   retrieve_study FOLDER https://pacs.example/dicom-web/studies/1.2.3
 *   cc retrieve_study.c $(pkg-config --cflags --libs wadokit) -o retrieve_study
 *
 * A bearer token is taken from the environment (WADOKIT_TOKEN). It goes to the server of the URL
 * and to no other.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <wadokit/wadokit.h>

static wk_cancel cancel;

static void on_interrupt(int number)
{
    (void)number;
    cancel.requested = 1;
}

/* Totals are -1 where the server does not tell them. */
static void on_progress(void *user, const wk_progress *p)
{
    (void)user;
    if (p->items_total >= 0)
        fprintf(stderr, "%" PRIu64 " of %" PRId64 " instances, %" PRIu64 " bytes\n", p->items,
                p->items_total, p->bytes);
    else
        fprintf(stderr, "%" PRIu64 " instances, %" PRIu64 " bytes\n", p->items, p->bytes);
}

static void on_warning(void *user, wk_log_level level, const char *message)
{
    (void)user;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

static void on_instance(void *user, const wk_instance_report *report)
{
    (void)user;
    printf("%s %s\n", wk_instance_status_name(report->status),
           report->path  ? report->path
           : report->sop ? report->sop
                         : "");
    if (report->error.code != WK_OK)
        fprintf(stderr, "%s\n", report->error.message);
}

int main(int argc, char **argv)
{
    const wk_session_opts session_opts = {.token = getenv("WADOKIT_TOKEN"),
                                          .retries = -1,
                                          .max_wait_s = -1,
                                          .log = {.write = on_warning, .level = WK_LOG_WARN},
                                          .cancel = &cancel,
                                          .progress = on_progress};
    wk_session *session = NULL;
    wk_get_summary summary = {0};
    wk_error err = {0};
    wk_code rc;

    if (argc != 3) {
        fprintf(stderr, "usage: retrieve_study FOLDER URL\n");
        return wk_code_exit_status(WK_USAGE);
    }
    signal(SIGINT, on_interrupt);
    rc = wk_session_new(&session_opts, &session, &err);
    if (rc == WK_OK) {
        const char *const targets[] = {argv[2]};
        const wk_get_opts opts = {.dir = argv[1]};

        rc = wk_get(session, targets, 1, &opts, on_instance, NULL, &summary, &err);
        printf("%" PRIu64 " saved, %" PRIu64 " kept, %" PRIu64 " missing, %" PRIu64 " failed\n",
               summary.saved, summary.kept, summary.missing, summary.failed);
    }
    if (rc != WK_OK)
        fprintf(stderr, "retrieve_study: %s\n", err.message);
    wk_session_free(session);
    return wk_code_exit_status(rc);
}
