#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "flow/get/retriever.h"

bool wki_ends_the_run(wk_code code)
{
    return code == WK_IO || code == WK_NOMEM || code == WK_CANCELLED || code == WK_INTERNAL;
}

const char *wk_instance_status_name(wk_instance_status status)
{
    static const char *const names[] = {"saved", "kept", "missing", "failed", "refused"};

    return (size_t)status < sizeof names / sizeof names[0] ? names[status] : "unknown";
}

static void count(wki_retriever *r, wk_instance_status status)
{
    switch (status) {
    case WK_INSTANCE_SAVED:
        r->summary.saved++;
        break;
    case WK_INSTANCE_KEPT:
        r->summary.kept++;
        break;
    case WK_INSTANCE_MISSING:
        r->summary.missing++;
        break;
    default:
        r->summary.failed++;
        break;
    }
}

static const char *or_null(const char *s)
{
    return s && s[0] ? s : NULL;
}

void wki_retriever_tell(wki_retriever *r, wk_instance_report *rep, const wki_journal_entry *entry)
{
    char *path = NULL;

    if (entry) {
        bool here = strcmp(r->dir, ".") == 0;

        if (!here && wki_path_join(&path, r->dir, entry->path, NULL) != WK_OK)
            path = NULL;
        rep->study = or_null(entry->study);
        rep->series = or_null(entry->series);
        rep->sop = or_null(entry->sop);
        rep->path = path ? path : entry->path;
        rep->sha256 = or_null(entry->sha256);
        rep->transfer_syntax = or_null(entry->transfer_syntax);
        rep->bytes = (int64_t)entry->bytes;
    }
    count(r, rep->status);
    if (rep->error.code != WK_OK && rep->status >= WK_INSTANCE_MISSING)
        wk_fail_from(&r->failure, rep->error.code, &rep->error);
    if (r->each)
        r->each(r->user, rep);
    free(path);
}

void wki_retriever_report(wki_task *t, wk_instance_status status, const char *series,
                          const char *sop, const wki_journal_entry *entry, const wk_error *error)
{
    wk_instance_report rep = {.study = or_null(t->item->study),
                              .series = or_null(series),
                              .sop = or_null(sop),
                              .bytes = -1,
                              .status = status};

    if (error)
        rep.error = *error;
    wki_retriever_tell(t->retriever, &rep, entry);
}
