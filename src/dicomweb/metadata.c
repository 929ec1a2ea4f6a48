#include "dicomweb/metadata.h"

#include <stdlib.h>

#include "dicomweb/dicom_json.h"
#include "json/json_stream.h"

typedef struct reading {
    const char *study, *series;
    wki_qido_instance_fn each;
    void *user;
    wki_json_stream *stream;
} reading;

static wk_code on_object(void *user, const wki_json *value, wk_error *err)
{
    reading *r = user;
    wki_qido_instance_row row;
    wk_code rc = wki_dicom_json_check(value, "metadata", err);

    if (rc != WK_OK)
        return rc;
    if (!wki_qido_read_instance(value, r->study, r->series, &row))
        return WK_OK;
    return r->each(r->user, &row, err);
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    reading *r = user;

    return wki_json_stream_feed(r->stream, data, n, err);
}

wk_code wki_dicomweb_metadata(wki_http *http, const char *url, const char *study,
                              const char *series, const wki_qido_opts *opts,
                              wki_qido_instance_fn each, void *user, wk_error *err)
{
    reading r = {.study = study, .series = series, .each = each, .user = user};
    wki_http_request request = {.url = url,
                                .accept = "application/dicom+json",
                                .headers = opts->headers,
                                .n_headers = opts->n_headers,
                                .auth = opts->auth,
                                .named_by = opts->named_by,
                                .service = true,
                                .same_origin_headers = true};
    wki_http_handler handler = {.body = on_body, .user = &r};
    wk_code rc = wki_json_stream_new(url, WK_MAX_JSON_ITEM_BYTES, on_object, &r, &r.stream, err);

    if (rc == WK_OK)
        rc = wki_http_perform(http, &request, &handler, NULL, err);
    if (rc == WK_OK)
        rc = wki_json_stream_finish(r.stream, err);
    wki_json_stream_free(r.stream);
    return rc;
}
