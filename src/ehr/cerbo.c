#include "ehr/cerbo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <wadokit/limits.h>

#include <wadokit/json.h>

#include "core/base64.h"
#include "core/buf.h"
#include "core/seen.h"
#include "core/text.h"
#include "http/url.h"
#include "json/json.h"
#include "json/problem.h"

enum {
    PAGE = 100,
    MAX_ANSWER = 16 << 20
};

/* {base}/patients/{pid}/images, and what is given behind it. */
static wk_code images_url(const char *base, const char *patient, const char *rest, char **out,
                          wk_error *err)
{
    wki_buf path;
    wk_code rc;

    wki_buf_init(&path, WK_MAX_URL_BYTES, "URL");
    rc = wki_buf_addf(&path, err, "patients/");
    if (rc == WK_OK)
        rc = wki_url_encode(&path, patient, err);
    if (rc == WK_OK)
        rc = wki_buf_addf(&path, err, "/images%s", rest);
    if (rc == WK_OK)
        rc = wki_url_append(base, wki_buf_text(&path), out, err);
    wki_buf_clear(&path);
    return rc;
}

wk_code wki_cerbo_url(const char *base, const char *patient, const char *image, bool stream,
                      char **out, wk_error *err)
{
    char rest[64];

    if (!wki_cerbo_id_ok(image))
        return wk_fail(err, WK_USAGE, "an image id is a number");
    snprintf(rest, sizeof rest, "/%s/%s", image, stream ? "stream" : "content");
    return images_url(base, patient, rest, out, err);
}

bool wki_cerbo_id_ok(const char *id)
{
    size_t n = strlen(id);

    return n > 0 && n < WKI_CERBO_ID_SIZE && strspn(id, "0123456789") == n;
}

/* ---- lists ---- */

typedef struct list {
    const wk_log *log;
    wki_cerbo_image_fn each;
    void *user;
    wki_seen seen; /* ids handed over */
    size_t handed;
} list;

/* The array of a list: the answer itself, or a member of it, at most one object deeper. */
static const wki_json *find_array(const wki_json *answer, int deeper)
{
    const wki_json *found;

    if (wki_json_is_array(answer))
        return answer;
    for (const wki_json *m = wki_json_member_first(answer); m; m = wki_json_member_next(m)) {
        if (wki_json_is_array(m))
            return m;
    }
    for (const wki_json *m = wki_json_member_first(answer); m && deeper;
         m = wki_json_member_next(m)) {
        found = wki_json_is_object(m) ? find_array(m, deeper - 1) : NULL;
        if (found)
            return found;
    }
    return NULL;
}

static const char *first_of(const wki_json *item, const char *const *names)
{
    const char *found = NULL;

    for (; *names && !found; names++)
        found = wki_json_str(item, *names);
    return found;
}

static void read_image(const wki_json *item, wki_cerbo_image *out)
{
    static const char *const types[] = {"photo_type", "image_type", "type", NULL};
    static const char *const media[] = {"mime_type", "content_type", "mimetype", NULL};
    static const char *const titles[] = {"title", "description", "caption",
                                         "name",  "filename",    NULL};
    static const char *const taken[] = {"date_taken", "taken", "taken_at", NULL};
    static const char *const created[] = {"created",  "created_at", "date_created",
                                          "uploaded", "date",       NULL};
    int64_t number;
    bool is_number = wki_json_int(item, "id", &number) || wki_json_int(item, "image_id", &number);

    memset(out, 0, sizeof *out);
    if (is_number && number >= 0)
        snprintf(out->id, sizeof out->id, "%" PRId64, number);
    out->type = first_of(item, types);
    out->media_type = first_of(item, media);
    out->title = first_of(item, titles);
    out->taken = first_of(item, taken);
    out->created = first_of(item, created);
}

/* Hands over one page; *received counts its items. *stale: none of them is new, so that the list
 * goes round in a circle. */
static wk_code take_page(list *l, const wki_json *items, size_t *received, bool *stale,
                         wk_error *err)
{
    size_t before = l->handed;
    wk_code rc = WK_OK;

    *received = 0;
    for (const wki_json *e = wki_json_first(items); e && rc == WK_OK; e = wki_json_next(items, e)) {
        wki_cerbo_image image;

        (*received)++;
        read_image(e, &image);
        if (!image.id[0]) {
            wk_log_write(l->log, WK_LOG_WARN, "an image without a number for an id is passed over");
            continue;
        }
        if (wki_seen_before(&l->seen, image.id))
            continue;
        if (++l->handed > WK_MAX_PHOTOS)
            return wk_fail(err, WK_LIMIT, "more than %d images of one patient", WK_MAX_PHOTOS);
        rc = l->each(l->user, &image, err);
    }
    *stale = l->handed == before;
    return rc;
}

static wk_code no_list(const wki_json *answer, const char *what, wk_error *err)
{
    char *text = wki_json_print(answer);
    char words[256];
    bool said =
        text && wki_problem_text(text, strlen(text), "application/json", words, sizeof words);

    free(text);
    return wk_fail(err, WK_DATA, "%s: no list of images%s%s", what, said ? ": " : "",
                   said ? words : "");
}

static wk_code fetch_page(wki_http *http, const char *url, wki_json **out, wk_error *err)
{
    wki_http_request request = {.url = url, .accept = "application/json", .selects = true};
    char where[512], what[600];
    wki_buf body;
    wk_code rc;

    wki_url_redact(where, sizeof where, url);
    snprintf(what, sizeof what, "answer of %s", where);
    wki_buf_init(&body, MAX_ANSWER, "list of images");
    rc = wki_http_fetch(http, &request, &body, NULL, err);
    if (rc == WK_OK)
        rc = wki_json_parse(wki_buf_text(&body), body.n, what, out, err);
    wki_buf_clear(&body);
    return rc;
}

static wk_code one_page(wki_http *http, const char *url, list *l, size_t *received, bool *more,
                        wk_error *err)
{
    wki_json *answer = NULL;
    const wki_json *items;
    bool stale = false;
    wk_code rc = fetch_page(http, url, &answer, err);

    if (rc != WK_OK)
        return rc;
    items = find_array(answer, 1);
    rc = items ? take_page(l, items, received, &stale, err) : no_list(answer, "the server", err);
    *more = rc == WK_OK && *received > 0 && wki_json_bool(answer, "has_more", false);
    if (*more && stale) {
        wk_log_write(l->log, WK_LOG_WARN, "the list of images goes round in a circle: stopped");
        *more = false;
    }
    wki_json_free(answer);
    return rc;
}

wk_code wki_cerbo_list(wki_http *http, const char *base, const char *patient, const char *type,
                       const wk_log *log, wki_cerbo_image_fn each, void *user, wk_error *err)
{
    list l = {.log = log, .each = each, .user = user};
    size_t offset = 0, received = 0;
    bool more = true;
    wk_code rc = WK_OK;

    wki_seen_init(&l.seen, WK_MAX_PHOTOS);
    for (int page = 0; rc == WK_OK && more; page++) {
        char query[128];
        char *url = NULL;

        if (page >= WK_MAX_PAGES) {
            rc = wk_fail(err, WK_LIMIT, "more than %d pages of images", WK_MAX_PAGES);
            break;
        }
        snprintf(query, sizeof query, "?limit=%d&offset=%zu%s%s", PAGE, offset,
                 type ? "&photo_type=" : "", type ? type : "");
        rc = images_url(base, patient, query, &url, err);
        if (rc == WK_OK)
            rc = one_page(http, url, &l, &received, &more, err);
        offset += received;
        free(url);
    }
    wki_seen_clear(&l.seen);
    return rc;
}

/* ---- adding ---- */

/* The JSON in front of the picture: what stands behind it closes string and object. */
static wk_code head_of(const char *patient, wki_media kind, wki_buf *head, wk_error *err)
{
    wk_json_line *line = wk_json_line_new(NULL);
    char *text;
    wk_code rc;

    wk_json_set_string(line, "pt_id", patient);
    wk_json_set_string(line, "mime_type", wki_media_mime(kind));
    text = wk_json_line_text(line);
    wk_json_line_free(line);
    if (!text)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = wki_buf_add(head, text, strlen(text) - 1, err);
    free(text);
    return rc == WK_OK ? wki_buf_addf(head, err, ",\"base64_content\":\"") : rc;
}

static void read_queue_id(const wki_json *answer, char *out)
{
    static const char *const names[] = {"queue_id", "enqueued_id", "id"};
    int64_t number;

    for (size_t i = 0; i < 3 && !*out; i++) {
        if (wki_json_int(answer, names[i], &number) && number >= 0)
            snprintf(out, WKI_CERBO_ID_SIZE, "%" PRId64, number);
    }
}

/* A 2xx alone is no proof: a login page has it too. */
static wk_code read_answer(const wki_buf *answer, char *queue_id, wk_error *err)
{
    wki_json *json = NULL;
    const wki_json *nested;
    char words[256];

    queue_id[0] = '\0';
    if (answer->n == 0)
        return WK_OK;
    if (wki_json_parse(wki_buf_text(answer), answer->n, "answer", &json, NULL) != WK_OK) {
        if (wki_buf_text(answer)[strspn(wki_buf_text(answer), " \r\n\t")] != '<')
            return WK_OK;
        if (!wki_problem_text(answer->data, answer->n, "", words, sizeof words))
            words[0] = '\0';
        return wk_fail(err, WK_DATA, "the server answered with a page, not with JSON: %s", words);
    }
    read_queue_id(json, queue_id);
    nested = wki_json_get(json, "data");
    if (!*queue_id && wki_json_is_object(nested))
        read_queue_id(nested, queue_id);
    wki_json_free(json);
    return WK_OK;
}

static wk_code post(wki_http *http, const char *url, const wki_buf *head, const wki_source *picture,
                    wki_buf *answer, wk_error *err)
{
    static const char tail[] = "\"}";
    wki_memory_source before, behind;
    wki_base64_source encoded;
    wki_joined_source joined;
    const wki_source parts[] = {wki_source_of_memory(&before, head->data, head->n),
                                wki_source_of_base64(&encoded, *picture),
                                wki_source_of_memory(&behind, tail, sizeof tail - 1)};
    wki_source body = wki_source_of_parts(&joined, parts, 3);
    wki_http_request request = {.method = "POST",
                                .url = url,
                                .accept = "application/json",
                                .content_type = "application/json",
                                .source = &body};

    return wki_http_fetch(http, &request, answer, NULL, err);
}

wk_code wki_cerbo_add(wki_http *http, const char *base, const char *patient, wki_media kind,
                      const wki_source *picture, char queue_id[WKI_CERBO_ID_SIZE], wk_error *err)
{
    wki_buf head, answer;
    char *url = NULL;
    wk_code rc;

    if (kind != WKI_MEDIA_JPEG && kind != WKI_MEDIA_PNG && kind != WKI_MEDIA_GIF)
        return wk_fail(err, WK_USAGE, "a %s is not taken; JPEG, PNG and GIF are",
                       wki_media_name(kind));
    if (picture->size > WK_MAX_PHOTO_SEND)
        return wk_fail(err, WK_LIMIT, "%llu bytes; at most %d are taken",
                       (unsigned long long)picture->size, WK_MAX_PHOTO_SEND);
    wki_buf_init(&head, 4096, "picture");
    wki_buf_init(&answer, MAX_ANSWER, "answer");
    rc = images_url(base, patient, "", &url, err);
    if (rc == WK_OK)
        rc = head_of(patient, kind, &head, err);
    if (rc == WK_OK)
        rc = post(http, url, &head, picture, &answer, err);
    if (rc == WK_OK)
        rc = read_answer(&answer, queue_id, err);
    wki_buf_clear(&head);
    wki_buf_clear(&answer);
    free(url);
    return rc;
}

/* ---- times ---- */

static bool digits(const char **at, int n, int *out)
{
    *out = 0;
    for (int i = 0; i < n; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *out = *out * 10 + (**at - '0');
    }
    return true;
}

static bool is_char(const char **at, const char *set)
{
    if (**at == '\0' || !strchr(set, **at))
        return false;
    (*at)++;
    return true;
}

static bool read_zone(const char **at, int *offset_s)
{
    int sign, hours, minutes;

    *offset_s = 0;
    while (is_char(at, " "))
        ;
    if (**at == '\0' || is_char(at, "Zz"))
        return true;
    if (strncmp(*at, "UTC", 3) == 0) {
        *at += 3;
        return true;
    }
    sign = **at == '-' ? -1 : 1;
    if (!is_char(at, "+-") || !digits(at, 2, &hours))
        return false;
    (void)is_char(at, ":");
    if (!digits(at, 2, &minutes))
        return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool wki_cerbo_time(const char *text, int64_t *unix_s, bool *date_only)
{
    struct tm tm = {0};
    int offset = 0, ignored;
    bool day;

    if (!digits(&text, 4, &tm.tm_year) || !is_char(&text, "-") || !digits(&text, 2, &tm.tm_mon) ||
        !is_char(&text, "-") || !digits(&text, 2, &tm.tm_mday))
        return false;
    day = *text == '\0';
    if (!day && (!is_char(&text, "T ") || !digits(&text, 2, &tm.tm_hour) || !is_char(&text, ":") ||
                 !digits(&text, 2, &tm.tm_min)))
        return false;
    if (!day && is_char(&text, ":") && !digits(&text, 2, &tm.tm_sec))
        return false;
    if (is_char(&text, ".")) {
        while (digits(&text, 1, &ignored))
            ;
    }
    if (!day && (!read_zone(&text, &offset) || *text != '\0'))
        return false;
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 ||
        tm.tm_min > 59 || tm.tm_sec > 60 || tm.tm_year < 1)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    *unix_s = (int64_t)timegm(&tm) - offset;
    *date_only = day;
    return true;
}
