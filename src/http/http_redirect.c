/* What becomes of a request that the server sends on: where it may go, and that what chooses the
 * answer (the form of a search, its query) goes along. A search that lost it would list everybody's
 * studies, an export would be one of everybody. */
#include "http/http_internal.h"

#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/text.h"
#include "http/origin.h"
#include "http/origin_map.h"
#include "http/url.h"

/* RFC 9110 section 15.4: 303 always, 301 and 302 for POST as everyone does. */
static bool becomes_get(const wki_http_transfer *t)
{
    int status = t->answer.status;
    bool post = strcmp(wki_transfer_method(t), "POST") == 0;

    return status == 303 || (post && (status == 301 || status == 302));
}

static bool is_search_form(const wki_http_transfer *t)
{
    const wki_http_request *r = &t->request;

    /* A form of a login holds secrets, which stand in no URL. */
    return r->auth != WKI_AUTH_NEVER && r->body && !r->new_body && wki_transfer_is_search(t) &&
           wki_str_istarts(r->content_type ? r->content_type : "",
                           "application/x-www-form-urlencoded");
}

/* Location, checked; NULL with t->error set where it must not be followed. */
static char *read_location(wki_http_transfer *t)
{
    const wki_http_opts *o = &t->http->opts;
    const char *location = wki_answer_get(&t->answer, "Location");
    char *url = NULL, *normal = NULL;
    char shown[160], why[96];

    if (t->redirects >= WK_MAX_REDIRECTS) {
        wk_fail(&t->error, WK_LIMIT, "more than %d redirects", WK_MAX_REDIRECTS);
        return NULL;
    }
    if (wki_url_resolve(t->url, location, &url, &t->error) == WK_OK &&
        wki_origin_map(o->maps, o->n_maps, url, &normal, &t->error) == WK_OK &&
        !wki_origin_may_name(t->url, normal, why, sizeof why)) {
        wki_url_redact(shown, sizeof shown, normal);
        wk_fail_setting(&t->error, WK_REFUSED, "map-origin",
                        "redirect to %s refused: %s; if the server calls itself so, say what it is "
                        "from here",
                        shown, why);
    }
    free(url);
    if (t->error.code == WK_OK)
        return normal;
    free(normal);
    return NULL;
}

/* FHIR searches TYPE/_search by POST and TYPE by GET. */
static void drop_search(char *url)
{
    static const char end[] = "/_search";
    size_t path = strcspn(url, "?"), n = sizeof end - 1;

    if (path >= n && strncmp(url + path - n, end, n) == 0)
        memmove(url + path - n, url + path, strlen(url + path) + 1);
}

/* Replaces *url by itself with the parameters that it has not. */
static wk_code carry(char **url, const char *form, size_t n, wk_error *err)
{
    char *carried = NULL, *normal = NULL;
    wk_code rc = wki_url_carry(*url, form, n, &carried, err);

    if (rc == WK_OK)
        rc = wki_url_normalize(carried, &normal, err);
    free(carried);
    if (rc != WK_OK)
        return rc;
    free(*url);
    *url = normal;
    return WK_OK;
}

/* Adds to *target what chooses the answer and what it has left out; *added whether there was any.
 */
static wk_code carry_selection(wki_http_transfer *t, bool as_get, char **target, bool *added)
{
    const wki_http_request *r = &t->request;
    const char *query = strchr(r->url, '?');
    size_t before;
    wk_code rc = WK_OK;

    as_get = as_get || t->as_get;
    if (as_get && is_search_form(t))
        drop_search(*target);
    before = strlen(*target);
    if (query && (r->selects || wki_transfer_is_search(t)))
        rc = carry(target, query + 1, strcspn(query + 1, "#"), &t->error);
    if (rc == WK_OK && as_get && r->body)
        rc = carry(target, r->body, r->body_n, &t->error);
    *added = rc == WK_OK && strlen(*target) > before;
    return rc;
}

/* Whether what the request holds may go to `target`, as it would be sent there. */
static wk_code check_body(wki_http_transfer *t, bool as_get, const char *target)
{
    char shown[160];

    if (!wki_transfer_has_body(t))
        return WK_OK;
    wki_url_redact(shown, sizeof shown, target);
    if (as_get && !is_search_form(t))
        return wk_fail(&t->error, WK_REFUSED,
                       "redirect (%d) to %s refused: it would be asked there without the body of "
                       "this request; if that is the right address, use it from the start",
                       t->answer.status, shown);
    if (wki_url_same_origin(t->url, target) || wki_http_is_allowed(t->http, target))
        return WK_OK;
    return wk_fail(&t->error, WK_REFUSED,
                   "redirect to another origin (%s) refused: the request has a body; if that is "
                   "the right address, use it from the start",
                   shown);
}

static wk_code check_added(wki_http_transfer *t, const char *target)
{
    char shown[160];

    if (wki_url_same_origin(t->url, target) || wki_http_is_allowed(t->http, target))
        return WK_OK;
    wki_url_redact(shown, sizeof shown, target);
    return wk_fail(&t->error, WK_REFUSED,
                   "redirect to another origin (%s) refused: it leaves out what was asked for",
                   shown);
}

wk_code wki_redirect_take(wki_http_transfer *t)
{
    bool as_get = becomes_get(t), added = false;
    char *target = read_location(t);
    wki_slot *slot = NULL;
    char shown[256];
    wk_code rc = target ? check_body(t, as_get, target) : t->error.code;

    if (rc == WK_OK)
        rc = carry_selection(t, as_get, &target, &added);
    if (rc == WK_OK && added)
        rc = check_added(t, target);
    if (rc == WK_OK && !(slot = wki_queue_slot(t->http, target, &t->error)))
        rc = WK_NOMEM;
    if (rc != WK_OK) {
        free(target);
        return rc;
    }
    wki_url_redact(shown, sizeof shown, target);
    wk_log_write(t->http->opts.log, WK_LOG_DEBUG, "%d redirect to %s", t->answer.status, shown);
    free(t->url);
    t->url = target;
    t->slot = slot;
    t->as_get = t->as_get || as_get;
    t->named = true;
    t->redirects++;
    t->counted = t->undone ? t->counted - 1 : 0; /* the hop is no attempt */
    return WK_OK;
}

void wki_redirect_undo(wki_http_transfer *t)
{
    wki_slot *slot;
    wk_error ignored = {0};
    char *first = NULL;

    if (t->redirects == 0 || wki_transfer_has_body(t) || t->as_get)
        return;
    if (wki_url_normalize(t->request.url, &first, &ignored) != WK_OK ||
        !(slot = wki_queue_slot(t->http, first, &ignored))) {
        free(first);
        return;
    }
    free(t->url);
    t->url = first;
    t->slot = slot;
    t->named = t->request.named_by != NULL;
    t->redirects = 0;
    t->undone = true;
}

bool wki_redirect_may_be_over(wki_http_transfer *t)
{
    int status = t->answer.status;
    bool over = !t->asked_anew && t->redirects > 0 && !wki_transfer_has_body(t) && !t->as_get &&
                (status == 400 || status == 401 || status == 403 || status == 410) &&
                !wki_url_same_origin(t->url, t->request.url);

    t->asked_anew = t->asked_anew || over;
    return over;
}
