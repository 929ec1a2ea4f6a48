/* dicom_file.h: the layout of a file and its frames are read here, its data set by DCMTK in a box,
 * which gets nothing but a descriptor to read from. Nothing that it says is believed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box/box.h"
#include "core/text.h"
#include "dicom/desc_wire.h"
#include "dicom/dicom_file.h"
#include "dicom/dicom_wire.h"
#include "dicom/frames.h"
#include "dicom/gate.h"
#include "dicom/inflate.h"

#ifdef WADOKIT_SANITIZED
#define SLOWER 10
#else
#define SLOWER 1
#endif

enum {
    FIRST_ROOM = 1 << 20 /* of an answer whose size is not known */
};

struct wki_dicom_bulk {
    wki_dicom_bulk *next;
    wki_dicom_file *file;
    uint64_t bytes;
    char path[];
};

struct wki_dicom_file {
    wki_blob bytes;
    wki_layout layout;
    wki_frames *frames;
    uint32_t frames_of;
    wki_box *box; /* its alone until it is closed */
    uint32_t number;
    wki_dicom_bulk *bulk;
};

/* ---- questions ---- */

typedef struct question {
    uint32_t op;
    wki_dicom_ask ask;
    const char *texts[2];
    int file;
    uint64_t cost; /* bytes of the data set that the answer may have to look at */
    size_t room;   /* of the answer, 0: unknown, up to the limit of a data set */
} question;

static size_t length(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static wk_code ask_once(wki_box *box, const question *q, size_t room, const void **out, size_t *n,
                        wk_error *err)
{
    size_t a = length(q->texts[0]), b = length(q->texts[1]);
    wki_box_terms terms = {.op = q->op, .file = q->file};
    wki_dicom_ask ask = q->ask;
    uint8_t *to = wki_box_room(box, sizeof ask + a + b, room, err);

    if (!to)
        return WK_NOMEM;
    ask.has_texts = (q->texts[0] ? 1 : 0) | (q->texts[1] ? 2 : 0);
    memcpy(to, &ask, sizeof ask);
    if (a)
        memcpy(to + sizeof ask, q->texts[0], a);
    if (b)
        memcpy(to + sizeof ask + a, q->texts[1], b);
    terms.seconds = SLOWER * (unsigned)(WK_DECODE_SECONDS + q->cost / WK_DECODE_BYTES_A_SECOND);
    terms.memory = WK_DECODE_MEMORY + q->cost * WK_DATA_SET_MEMORY_A_BYTE;
    return wki_box_ask(box, &terms, out, n, err);
}

/* The answer is valid until the next question. */
static wk_code ask(wki_box *box, const question *q, const void **out, size_t *n, wk_error *err)
{
    size_t room = q->room ? q->room : FIRST_ROOM;
    wk_error own = {0};
    wk_code rc = ask_once(box, q, room, out, n, &own);

    if (rc == WK_LIMIT && q->room == 0 && *n > room && *n <= WK_MAX_DATA_SET_BYTES) {
        wk_error_clear(&own);
        rc = ask_once(box, q, *n, out, n, &own);
    }
    return rc == WK_OK ? rc : wk_fail_from(err, rc, &own);
}

static wk_code broken(wk_error *err)
{
    return wk_fail(err, WK_DATA, "DCMTK gives something else than an answer");
}

static question about(wki_dicom_file *f, uint32_t op)
{
    return (question){.op = op,
                      .ask = {.file = f->number},
                      .file = -1,
                      .cost = f->layout.data_set_end - f->layout.data_set};
}

/* ---- opening ---- */

static wk_code open_path(const char *path, wki_blob *out, wk_error *err)
{
    struct stat st;

    out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (out->fd < 0 || fstat(out->fd, &st) != 0)
        return wk_fail_errno(err, WK_IO, errno, "cannot be opened");
    if (S_ISDIR(st.st_mode))
        return wk_fail_errno(err, WK_IO, EISDIR, "cannot be read");
    if (!S_ISREG(st.st_mode))
        return wk_fail(err, WK_IO, "not a regular file");
    out->size = (uint64_t)st.st_size;
    return WK_OK;
}

/* A deflated data set becomes a nameless temporary file, and is read from there. */
static wk_code inflate_file(wki_dicom_file *f, wk_error *err)
{
    wki_blob plain = {.fd = -1};
    FILE *tmp = tmpfile();
    wk_code rc;

    if (tmp) {
        plain.fd = fcntl(fileno(tmp), F_DUPFD_CLOEXEC, 0);
        (void)fclose(tmp);
    }
    if (plain.fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "temporary file for inflating");
    rc = wki_inflate_to_fd(&f->bytes, f->layout.data_set, plain.fd, &plain.size, err);
    if (rc == WK_OK)
        rc = wki_layout_read_plain(&plain, &f->layout, err);
    if (rc == WK_OK) {
        (void)close(f->bytes.fd);
        f->bytes = plain;
    } else {
        (void)close(plain.fd);
    }
    return rc;
}

static wk_code hand_over(wki_dicom_file *f, bool *again, wk_error *err)
{
    question q = about(f, WKI_DICOM_OPEN);
    const void *out = NULL;
    size_t n = 0;
    wk_code rc = wki_box_take("dcmtk", &f->box, err);

    *again = false;
    if (rc != WK_OK)
        return rc;
    q.ask.n = f->bytes.size;
    q.ask.layout = f->layout;
    q.file = f->bytes.fd;
    q.room = sizeof f->number;
    rc = ask(f->box, &q, &out, &n, err);
    if (rc == WK_OK && n != sizeof f->number)
        rc = broken(err);
    if (rc == WK_OK) {
        memcpy(&f->number, out, sizeof f->number);
        return WK_OK;
    }
    (void)wki_box_is_lost(f->box, again);
    wki_box_put(f->box);
    f->box = NULL;
    return rc;
}

static wk_code read_data_set(wki_dicom_file *f, wk_error *err)
{
    wk_error own = {0};
    bool again = false;
    wk_code rc = wki_gate_check(&f->bytes, &f->layout, err);

    if (rc != WK_OK)
        return rc;
    rc = hand_over(f, &again, &own);
    if (again)
        return hand_over(f, &again, err);
    return rc == WK_OK ? rc : wk_fail_from(err, rc, &own);
}

wk_code wki_dicom_open(const char *path, wki_dicom_file **out, wk_error *err)
{
    wki_dicom_file *f = calloc(1, sizeof *f);
    wk_code rc;

    if (!f)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = open_path(path, &f->bytes, err);
    if (rc == WK_OK)
        rc = wki_layout_read(&f->bytes, &f->layout, err);
    if (rc == WK_OK && f->layout.deflated)
        rc = inflate_file(f, err);
    if (rc == WK_OK)
        rc = read_data_set(f, err);
    if (rc == WK_OK)
        *out = f;
    else
        wki_dicom_close(f);
    return rc;
}

/* A process that has not closed one file is none for the next. */
static void give_back(wki_dicom_file *f)
{
    question q = about(f, WKI_DICOM_CLOSE);
    const void *out = NULL;
    size_t n = 0;
    bool again;

    q.room = 16;
    if (!wki_box_is_lost(f->box, &again) && ask(f->box, &q, &out, &n, NULL) != WK_OK)
        wki_box_drop(f->box);
    wki_box_put(f->box);
}

void wki_dicom_close(wki_dicom_file *f)
{
    if (!f)
        return;
    if (f->box)
        give_back(f);
    while (f->bulk) {
        wki_dicom_bulk *next = f->bulk->next;

        free(f->bulk);
        f->bulk = next;
    }
    wki_frames_free(f->frames);
    if (f->bytes.fd >= 0)
        (void)close(f->bytes.fd);
    free(f);
}

wk_code wki_dicom_ready(wk_error *err)
{
    wki_box *box = NULL;
    wk_code rc = wki_box_take("dcmtk", &box, err);

    wki_box_put(box);
    return rc;
}

/* ---- pixels ---- */

wk_code wki_dicom_describe(wki_dicom_file *f, wki_image_desc *out, wk_error *err)
{
    question q = about(f, WKI_DICOM_DESCRIBE);
    const void *data = NULL;
    uint8_t *copy;
    size_t n = 0;
    wk_code rc;

    memset(out, 0, sizeof *out);
    rc = ask(f->box, &q, &data, &n, err);
    if (rc != WK_OK)
        return rc;
    copy = malloc(n + 1);
    if (!copy)
        return wk_fail(err, WK_NOMEM, "out of memory");
    memcpy(copy, data, n);
    rc = wki_desc_read(copy, n, out, err);
    free(copy);
    return rc;
}

static wk_code index_frames(wki_dicom_file *f, const wki_image_desc *d, wk_error *err)
{
    if (f->frames && f->frames_of == d->frames)
        return WK_OK;
    wki_frames_free(f->frames);
    f->frames = NULL;
    f->frames_of = d->frames;
    return wki_frames_new(&f->bytes, &f->layout, d->frames, &f->frames, err);
}

wk_code wki_dicom_frame_bytes(wki_dicom_file *f, const wki_image_desc *d, uint32_t frame,
                              wki_frame_bytes *out, wk_error *err)
{
    wk_code rc;

    if (d->pixels == WKI_PIXELS_NONE)
        return wk_fail(err, WK_DATA, "there are no pixels");
    if (!d->encapsulated)
        return wki_native_read(&f->bytes, &f->layout, d, frame, out, err);
    rc = index_frames(f, d, err);
    return rc == WK_OK ? wki_frames_read(f->frames, frame, out, err) : rc;
}

uint32_t wki_dicom_frames_there(wki_dicom_file *f, const wki_image_desc *d)
{
    uint32_t there = d->frames;

    if (!d->encapsulated)
        there = wki_native_frames_there(&f->layout, d);
    else if (index_frames(f, d, NULL) == WK_OK)
        there = wki_frames_there(f->frames);
    return there ? there : 1;
}

/* ---- values ---- */

/* A text of the answer as a copy; NULL where there is none. It has one NUL, which ends it. */
static wk_code take_text(const void *data, size_t n, char **out, wk_error *err)
{
    char *copy;

    *out = NULL;
    if (n == 0)
        return WK_OK;
    copy = malloc(n);
    if (!copy)
        return wk_fail(err, WK_NOMEM, "out of memory");
    memcpy(copy, data, n);
    if (memchr(copy, '\0', n) != copy + n - 1) {
        free(copy);
        return broken(err);
    }
    *out = copy;
    return WK_OK;
}

static wk_code ask_json(wki_dicom_file *f, const char *bulk_base, const char *pixels_uri,
                        char **out, wk_error *err)
{
    question q = about(f, WKI_DICOM_JSON);
    const void *data = NULL;
    size_t n = 0;
    wk_code rc;

    q.texts[0] = bulk_base;
    q.texts[1] = pixels_uri;
    rc = ask(f->box, &q, &data, &n, err);
    if (rc == WK_OK && n == 0)
        rc = broken(err);
    return rc == WK_OK ? take_text(data, n, out, err) : rc;
}

wk_code wki_dicom_json(wki_dicom_file *f, char **out, wk_error *err)
{
    return ask_json(f, NULL, NULL, out, err);
}

wk_code wki_dicom_json_linked(wki_dicom_file *f, const char *bulk_base, const char *pixels_uri,
                              char **out, wk_error *err)
{
    return ask_json(f, bulk_base, pixels_uri, out, err);
}

/* One value of the answer: its mark, and its text. */
static wk_code take_value(const char **at, const char *end, char **out, wk_error *err)
{
    const char *nul;

    if (*at == end || (unsigned char)**at > WKI_DICOM_THERE)
        return broken(err);
    if (*(*at)++ == WKI_DICOM_ABSENT)
        return WK_OK;
    nul = memchr(*at, '\0', (size_t)(end - *at));
    if (!nul)
        return broken(err);
    *out = wki_strdup(*at);
    *at = nul + 1;
    return *out ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

static wk_code take_values(const void *data, size_t n, char **out, size_t n_out, wk_error *err)
{
    char *copy = malloc(n + 1);
    const char *at = copy;
    wk_code rc = WK_OK;

    if (!copy)
        return wk_fail(err, WK_NOMEM, "out of memory");
    memcpy(copy, data, n);
    for (size_t i = 0; i < n_out && rc == WK_OK; i++)
        rc = take_value(&at, copy + n, &out[i], err);
    if (rc == WK_OK && at != copy + n)
        rc = broken(err);
    free(copy);
    return rc;
}

wk_code wki_dicom_values(wki_dicom_file *f, const char *const *paths, size_t n, char **out,
                         wk_error *err)
{
    question q = about(f, WKI_DICOM_VALUES);
    const void *data = NULL;
    size_t got = 0;
    wki_buf all;
    wk_code rc = WK_OK;

    memset(out, 0, n * sizeof *out);
    wki_buf_init(&all, WK_MAX_DATA_SET_BYTES, "paths");
    for (size_t i = 0; i < n && rc == WK_OK; i++)
        rc = wki_buf_addf(&all, err, "%s\n", paths[i]);
    q.texts[0] = wki_buf_text(&all);
    if (rc == WK_OK)
        rc = ask(f->box, &q, &data, &got, err);
    if (rc == WK_OK)
        rc = take_values(data, got, out, n, err);
    for (size_t i = 0; i < n && rc != WK_OK; i++) {
        free(out[i]);
        out[i] = NULL;
    }
    wki_buf_clear(&all);
    return rc;
}

wk_code wki_dicom_value(wki_dicom_file *f, const char *path, char **out, wk_error *err)
{
    return wki_dicom_values(f, &path, 1, out, err);
}

/* A step of eight digits needs no dictionary. */
static bool step_of_digits(const char **path, uint32_t *tag, uint32_t *index)
{
    const char *at = *path;
    unsigned long number = 0;
    char *end;

    if (strspn(at, "0123456789abcdefABCDEF") != 8)
        return false;
    *tag = (uint32_t)strtoul(at, &end, 16);
    at = end;
    if (*at == '[' && at[1] >= '0' && at[1] <= '9') {
        number = strtoul(at + 1, &end, 10);
        at = *end == ']' ? end + 1 : "[";
    }
    if (number > UINT32_MAX || (*at != '\0' && (*at != '.' || at[1] == '\0')))
        return false;
    *path = *at == '.' ? at + 1 : at;
    *index = (uint32_t)number;
    return true;
}

bool wki_dicom_path_next(const char **path, uint32_t *tag, uint32_t *index)
{
    question q = {.op = WKI_DICOM_PATH_NEXT, .texts = {*path, NULL}, .file = -1};
    wki_dicom_step step = {0};
    const void *data = NULL;
    wki_box *box = NULL;
    size_t n = 0;

    if (step_of_digits(path, tag, index))
        return true;
    q.room = sizeof step;
    if (wki_box_take("dcmtk", &box, NULL) != WK_OK)
        return false;
    if (ask(box, &q, &data, &n, NULL) == WK_OK && n == sizeof step)
        memcpy(&step, data, sizeof step);
    wki_box_put(box);
    if (!step.names || step.used > strlen(*path))
        return false;
    *path += step.used;
    *tag = step.tag;
    *index = step.index;
    return true;
}

/* ---- bulk data ---- */

static wki_dicom_bulk *keep(wki_dicom_file *f, const char *path, uint64_t bytes)
{
    size_t n = strlen(path) + 1;
    wki_dicom_bulk *b = calloc(1, sizeof *b + n);

    if (!b)
        return NULL;
    memcpy(b->path, path, n);
    b->file = f;
    b->bytes = bytes;
    b->next = f->bulk;
    f->bulk = b;
    return b;
}

wk_code wki_dicom_bulk_find(wki_dicom_file *f, const char *path, const wki_dicom_bulk **out,
                            wk_error *err)
{
    question q = about(f, WKI_DICOM_BULK_FIND);
    wki_dicom_found found;
    const void *data = NULL;
    size_t n = 0;
    wk_code rc;

    q.texts[0] = path;
    q.room = sizeof found;
    rc = ask(f->box, &q, &data, &n, err);
    if (rc != WK_OK)
        return rc;
    if (n != sizeof found)
        return broken(err);
    memcpy(&found, data, sizeof found);
    *out = found.bytes <= f->bytes.size ? keep(f, path, found.bytes) : NULL;
    return *out ? WK_OK : wk_fail(err, WK_NOMEM, "out of memory");
}

uint64_t wki_dicom_bulk_bytes(const wki_dicom_bulk *value)
{
    return value->bytes;
}

wk_code wki_dicom_bulk_read(const wki_dicom_bulk *value, uint64_t at, void *out, size_t n,
                            wk_error *err)
{
    question q = about(value->file, WKI_DICOM_BULK_READ);
    const void *data = NULL;
    size_t got = 0;
    wk_code rc;

    q.texts[0] = value->path;
    q.ask.at = at;
    q.ask.n = n;
    q.cost += n;
    q.room = n ? n : 1;
    rc = ask(value->file->box, &q, &data, &got, err);
    if (rc == WK_OK && got != n)
        return broken(err);
    if (rc == WK_OK)
        memcpy(out, data, n);
    return rc;
}

static wk_code each_of(wki_dicom_file *f, const char *list, size_t n, wki_dicom_bulk_fn each,
                       void *user, wk_error *err)
{
    wk_code rc = WK_OK;

    while (rc == WK_OK && n > sizeof(wki_dicom_found)) {
        const char *path = list + sizeof(wki_dicom_found), *end;
        wki_dicom_found found;
        wki_dicom_bulk *b;

        memcpy(&found, list, sizeof found);
        n -= sizeof found;
        end = memchr(path, '\0', n);
        if (!end || found.bytes > f->bytes.size)
            return broken(err);
        b = keep(f, path, found.bytes);
        rc = b ? each(user, b->path, b, err) : wk_fail(err, WK_NOMEM, "out of memory");
        n -= (size_t)(end + 1 - path);
        list = end + 1;
    }
    return rc == WK_OK && n > 0 ? broken(err) : rc;
}

wk_code wki_dicom_bulk_each(wki_dicom_file *f, wki_dicom_bulk_fn each, void *user, wk_error *err)
{
    question q = about(f, WKI_DICOM_BULK_LIST);
    const void *data = NULL;
    size_t n = 0;
    char *copy;
    wk_code rc = ask(f->box, &q, &data, &n, err);

    if (rc != WK_OK)
        return rc;
    copy = malloc(n + 1);
    if (!copy)
        return wk_fail(err, WK_NOMEM, "out of memory");
    memcpy(copy, data, n);
    rc = each_of(f, copy, n, each, user, err);
    free(copy);
    return rc;
}
