/* The inside of dicom_apart.c. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "dicom/desc_wire.h"
#include "dicom/dicom_wire.h"

enum {
    MOST_FILES = 64 /* one in a process of its own; more where the box has no walls */
};

static wki_dcmtk_file *files[MOST_FILES];

typedef struct job {
    const wki_dcmtk_module *m;
    wki_box_call *call;
    wki_dicom_ask ask;
    const char *texts[2];
    wki_dcmtk_file *file;
} job;

static wk_code give(wki_box_call *call, const void *data, size_t n, wk_error *err)
{
    call->out_n = n;
    if (n > call->room)
        return wk_fail(err, WK_LIMIT, "the answer has %zu bytes", n);
    if (n > 0)
        memcpy(call->out, data, n);
    return WK_OK;
}

static wk_code open_file(job *j, wk_error *err)
{
    int fd = j->call->file;
    uint32_t i = 0;
    wk_code rc;

    j->call->file = -1; /* DCMTK's from here on */
    while (i < MOST_FILES && files[i])
        i++;
    if (i == MOST_FILES) {
        (void)close(fd);
        return wk_fail(err, WK_INTERNAL, "too many files");
    }
    rc = j->m->open(fd, j->ask.n, &j->ask.layout, &files[i], err);
    return rc == WK_OK ? give(j->call, &i, sizeof i, err) : rc;
}

static wk_code close_file(job *j)
{
    j->m->close(j->file);
    files[j->ask.file] = NULL;
    return WK_OK;
}

static wk_code describe(job *j, wk_error *err)
{
    wki_image_desc d = {0};
    wki_buf out;
    wk_code rc = j->m->describe(j->file, &d, err);

    wki_buf_init(&out, WK_MAX_DATA_SET_BYTES, "description");
    if (rc == WK_OK)
        rc = wki_desc_write(&d, &out, err);
    if (rc == WK_OK)
        rc = give(j->call, out.data, out.n, err);
    wki_buf_clear(&out);
    wki_image_desc_clear(&d);
    return rc;
}

static wk_code give_text(job *j, char *text, wk_error *err)
{
    wk_code rc = text ? give(j->call, text, strlen(text) + 1, err) : WK_OK;

    free(text);
    return rc;
}

static wk_code json(job *j, wk_error *err)
{
    char *text = NULL;
    wk_code rc = j->m->json(j->file, j->texts[0], j->texts[1], &text, err);

    return rc == WK_OK ? give_text(j, text, err) : rc;
}

static wk_code add_value(const job *j, const char *path, wki_buf *out, wk_error *err)
{
    char *text = NULL, mark;
    wk_code rc = j->m->value(j->file, path, &text, err);

    mark = text ? WKI_DICOM_THERE : WKI_DICOM_ABSENT;
    if (rc == WK_OK)
        rc = wki_buf_add(out, &mark, 1, err);
    if (rc == WK_OK && text)
        rc = wki_buf_add(out, text, strlen(text) + 1, err);
    free(text);
    return rc;
}

static wk_code values(job *j, wk_error *err)
{
    const char *at = j->texts[0], *end;
    wki_buf out;
    wk_code rc = WK_OK;

    wki_buf_init(&out, WK_MAX_DATA_SET_BYTES, "values");
    for (; rc == WK_OK && (end = strchr(at, '\n')); at = end + 1) {
        char *path = strndup(at, (size_t)(end - at));

        rc = path ? add_value(j, path, &out, err) : wk_fail(err, WK_NOMEM, "out of memory");
        free(path);
    }
    if (rc == WK_OK)
        rc = give(j->call, out.data, out.n, err);
    wki_buf_clear(&out);
    return rc;
}

static wk_code bulk_find(job *j, wk_error *err)
{
    const wki_dcmtk_bulk *bulk = NULL;
    wki_dicom_found found;
    wk_code rc = j->m->bulk_find(j->file, j->texts[0], &bulk, err);

    if (rc != WK_OK)
        return rc;
    found.bytes = j->m->bulk_bytes(bulk);
    return give(j->call, &found, sizeof found, err);
}

static wk_code bulk_read(job *j, wk_error *err)
{
    const wki_dcmtk_bulk *bulk = NULL;
    wk_code rc = j->m->bulk_find(j->file, j->texts[0], &bulk, err);

    if (rc == WK_OK && j->ask.n > j->call->room)
        rc = wk_fail(err, WK_INTERNAL, "no room");
    if (rc == WK_OK)
        rc = j->m->bulk_read(bulk, j->ask.at, j->call->out, j->ask.n, err);
    j->call->out_n = rc == WK_OK ? j->ask.n : 0;
    return rc;
}

typedef struct list {
    const wki_dcmtk_module *m;
    wki_buf out;
} list;

static wk_code add_bulk(void *user, const char *path, const wki_dcmtk_bulk *bulk, wk_error *err)
{
    list *l = user;
    wki_dicom_found found = {l->m->bulk_bytes(bulk)};
    wk_code rc = wki_buf_add(&l->out, &found, sizeof found, err);

    return rc == WK_OK ? wki_buf_add(&l->out, path, strlen(path) + 1, err) : rc;
}

static wk_code bulk_list(job *j, wk_error *err)
{
    list l = {.m = j->m};
    wk_code rc;

    wki_buf_init(&l.out, WK_MAX_DATA_SET_BYTES, "list of bulk data");
    rc = j->m->bulk_each(j->file, add_bulk, &l, err);
    if (rc == WK_OK)
        rc = give(j->call, l.out.data, l.out.n, err);
    wki_buf_clear(&l.out);
    return rc;
}

static wk_code path_next(job *j, wk_error *err)
{
    wki_dicom_step step = {0};
    const char *at = j->texts[0];

    step.names = j->m->path_next(&at, &step.tag, &step.index);
    step.used = (uint64_t)(at - j->texts[0]);
    return give(j->call, &step, sizeof step, err);
}

static wk_code run(job *j, wk_error *err)
{
    bool needs_text = j->call->op == WKI_DICOM_VALUES ||
                      (j->call->op >= WKI_DICOM_BULK_FIND && j->call->op != WKI_DICOM_BULK_LIST);

    if (j->call->op == WKI_DICOM_OPEN)
        return open_file(j, err);
    if (needs_text && !j->texts[0])
        return wk_fail(err, WK_INTERNAL, "no path");
    if (j->call->op == WKI_DICOM_PATH_NEXT)
        return path_next(j, err);
    if (!j->file)
        return wk_fail(err, WK_INTERNAL, "no file");
    switch (j->call->op) {
    case WKI_DICOM_CLOSE:
        return close_file(j);
    case WKI_DICOM_DESCRIBE:
        return describe(j, err);
    case WKI_DICOM_JSON:
        return json(j, err);
    case WKI_DICOM_VALUES:
        return values(j, err);
    case WKI_DICOM_BULK_FIND:
        return bulk_find(j, err);
    case WKI_DICOM_BULK_READ:
        return bulk_read(j, err);
    case WKI_DICOM_BULK_LIST:
        return bulk_list(j, err);
    default:
        return wk_fail(err, WK_INTERNAL, "no such operation");
    }
}

wk_code wki_dicom_serve(const wki_dcmtk_module *m, wki_box_call *call, wk_error *err)
{
    job j = {.m = m, .call = call};
    const char *text = (const char *)call->in + sizeof j.ask;
    wk_code rc;

    if (call->n < sizeof j.ask)
        return wk_fail(err, WK_INTERNAL, "no question");
    memcpy(&j.ask, call->in, sizeof j.ask);
    for (unsigned i = 0; i < 2; i++) {
        if (j.ask.has_texts & 1u << i) {
            j.texts[i] = text;
            text += strlen(text) + 1;
        }
    }
    j.file = j.ask.file < MOST_FILES ? files[j.ask.file] : NULL;
    rc = run(&j, err);
    if (call->file >= 0)
        (void)close(call->file);
    return rc;
}
