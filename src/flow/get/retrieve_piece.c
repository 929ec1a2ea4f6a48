#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "dicomweb/media_type.h"
#include "flow/get/retriever.h"
#include "http/url.h"

static wk_code on_part_begin(void *user, const wki_part_head *head, wk_error *err)
{
    wki_piece *piece = user;
    char syntax[WK_UID_SIZE];

    piece->part_skipped = head->encoded;
    if (head->encoded)
        return WK_OK;
    if (!piece->part) {
        wk_code rc = wki_store_part_new(piece->task->retriever->store, &piece->part, err);

        if (rc != WK_OK)
            return rc;
    }
    wki_media_param(head->content_type, "transfer-syntax", syntax, sizeof syntax);
    return wki_store_part_begin(piece->part, syntax, err);
}

static wk_code on_part_data(void *user, const void *data, size_t n, wk_error *err)
{
    wki_piece *piece = user;

    return piece->part_skipped ? WK_OK : wki_store_part_write(piece->part, data, n, err);
}

static int64_t on_missing(void *user)
{
    const wki_piece *piece = user;

    return piece->part_skipped ? -1 : wki_store_part_missing(piece->part);
}

static void expect_of(const wki_piece *piece, wki_part_end end, wki_store_expect *out)
{
    const wk_plan_item *item = piece->task->item;

    *out = (wki_store_expect){.study = item->study,
                              .series = piece->series[0] ? piece->series : item->series,
                              .sop = piece->sop[0] ? piece->sop : item->sop,
                              .source = item->root,
                              .cut = end == WKI_PART_CUT};
}

static wk_code finish_part(wki_piece *piece, wki_part_end end, wki_journal_entry *entry,
                           wk_error *err)
{
    wki_task *t = piece->task;
    wki_store_outcome how = WKI_STORE_SAVED;
    wki_store_expect expect;
    wk_error bad = {0};
    wk_code rc;

    expect_of(piece, end, &expect);
    rc = wki_store_part_finish(piece->part, &expect, &how, entry, &bad);
    if (wki_ends_the_run(rc))
        return wk_fail_from(err, rc, &bad);
    if (rc != WK_OK) {
        if (rc == WK_DATA && wki_store_part_identity(piece->part)->sop_uid[0])
            wk_fail_add(&bad, "instance %s: ", wki_store_part_identity(piece->part)->sop_uid);
        wki_task_bad_part(piece, wki_store_part_identity(piece->part), &bad);
        return WK_OK;
    }
    if (how == WKI_STORE_CONFLICT)
        wk_fail(&bad, WK_DATA, "another file of this instance has other bytes; both are kept");
    wki_task_instance(t, how == WKI_STORE_KEPT ? WK_INSTANCE_KEPT : WK_INSTANCE_SAVED, entry, &bad);
    return WK_OK;
}

static wk_code on_part_end(void *user, wki_part_end end, wk_error *err)
{
    wki_piece *piece = user;
    wki_journal_entry *entry;
    wk_code rc;

    if (piece->part_skipped) {
        wki_dicom_identity nobody = {0};
        wk_error bad = {0};

        wk_fail(&bad, WK_DATA, "a part with a Content-Transfer-Encoding, which HTTP does not have");
        wki_task_bad_part(piece, &nobody, &bad);
        return WK_OK;
    }
    entry = malloc(sizeof *entry);
    if (!entry)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = finish_part(piece, end, entry, err);
    free(entry);
    return rc;
}

/* --- the transfer --- */

static void on_received(void *user, const wki_transfer *transfer, size_t n)
{
    wki_piece *piece = user;
    wki_task *t = piece->task;

    t->retriever->summary.bytes += n;
    t->bytes += n;
    if (n == 0)
        t->bytes_total = t->stage == WKI_STAGE_WHOLE && transfer->length >= 0
                             ? (int64_t)t->bytes + transfer->length
                             : -1;
}

/* A single file whose length nobody told is proved by its bytes alone. */
static bool is_complete(const wki_piece *piece, const wki_transfer *t)
{
    return t->whole || (t->error.code == WK_OK && !t->told && piece->sop[0]);
}

static void free_piece(wki_piece *piece)
{
    wki_store_part_free(piece->part);
    free(piece);
}

static void on_ended(wki_job *job, const wki_transfer *transfer)
{
    wki_piece *piece = (wki_piece *)job;
    wki_task *t = piece->task;
    const wk_error *error = &transfer->error;

    if (transfer->begun) {
        t->broken = t->broken || error->code == WK_NET ||
                    (error->code == WK_OK && !is_complete(piece, transfer));
        t->partial = t->partial || transfer->partial;
    }
    if (wki_ends_the_run(error->code))
        wk_fail_from(&t->retriever->fatal, error->code, error);
    if (error->code != WK_OK && t->error.code == WK_OK)
        t->error = *error;
    if (error->code != WK_OK && piece->sop[0])
        wki_task_instance_failed(t, piece, error);
    wki_task_piece_ended(t);
    free_piece(piece);
}

/* --- beginning --- */

static wk_code url_of(const wki_piece *piece, char **out, wk_error *err)
{
    const wk_plan_item *item = piece->task->item;
    const char *series = item->level == WK_LEVEL_STUDY ? piece->series : "";
    const char *sop = item->level <= WK_LEVEL_SERIES ? piece->sop : "";
    char path[2 * WK_UID_SIZE + 32];

    snprintf(path, sizeof path, "%s%s%s%s%s", series[0] ? "series/" : "", series,
             series[0] && sop[0] ? "/" : "", sop[0] ? "instances/" : "", sop);
    if (path[0])
        return wki_url_append(item->url, path, out, err);
    *out = wki_strdup(item->url);
    return *out ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

wk_code wki_piece_begin(wki_task *t, const char *series, const char *sop, wk_error *err)
{
    wki_retriever *r = t->retriever;
    const wki_sink_of_parts sink = {
        .parts = {on_part_begin, on_part_data, on_part_end, NULL, on_missing},
        .received = on_received};
    wki_sink_of_parts own = sink;
    wki_piece *piece = calloc(1, sizeof *piece);
    wki_ask ask = {.item = t->item, .syntax = r->syntax};
    char *url = NULL;
    wk_code rc = piece ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");

    if (rc != WK_OK)
        return rc;
    piece->job.ended = on_ended;
    piece->task = t;
    wki_strcopy(piece->series, sizeof piece->series, series);
    wki_strcopy(piece->sop, sizeof piece->sop, sop);
    rc = url_of(piece, &url, err);
    ask.url = url;
    ask.form =
        sop[0] || t->item->level == WK_LEVEL_INSTANCE ? WKI_FORM_INSTANCE : WKI_FORM_INSTANCES;
    own.parts.user = piece;
    if (rc == WK_OK)
        rc = wki_fetch_begin(r->fetch, &ask, &own, piece, NULL, err);
    free(url);
    if (rc != WK_OK)
        free_piece(piece);
    else
        t->begun = true;
    return rc;
}
