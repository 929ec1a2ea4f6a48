/* Reading token answers: apart from oauth2.c, as most of it is words about what went wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <wadokit/limits.h>

#include "auth/oauth2.h"
#include "core/text.h"
#include "http/url.h"
#include "json/json.h"

enum {
    WORDS_SIZE = 200,
    SKEW_S = 60, /* an assertion lives 240 s and may not reach further than 300 s */
    MAX_LIFE_S = 10 * 366 * 86400
};

typedef struct reader {
    const wki_oauth2_answer *answer;
    const wki_oauth2_client *client;
    const wki_oauth2_grant *grant;
    int64_t now_s;
    char url[256];          /* fit to print */
    char error[64];         /* OAuth error code, "" where the answer has none */
    char words[WORDS_SIZE]; /* " (invalid_client: no such client)", "" where it has none */
} reader;

/* ---- what the server said ---- */

static bool holds(const char *text, const char *secret)
{
    return secret && strlen(secret) >= 4 && strstr(text, secret);
}

/* Some servers repeat what they were sent. */
static bool repeats_a_secret(const reader *r, const char *text)
{
    return holds(text, r->client->secret) || holds(text, r->grant->refresh_token) ||
           holds(text, r->grant->code) || holds(text, r->grant->code_verifier) ||
           strstr(text, "eyJ");
}

static const char *first_str(const wki_json *doc, const char *const *names, size_t n)
{
    const char *text = NULL;

    for (size_t i = 0; !text && i < n; i++)
        text = wki_json_str(doc, names[i]);
    return text;
}

static void hear(reader *r, const wki_json *doc)
{
    static const char *const errors[] = {"error", "errorCode", "code"};
    static const char *const descriptions[] = {"error_description", "errorSummary", "message",
                                               "detail"};
    const wki_json *nested = wki_json_get(doc, "error");
    const char *code, *description;
    char clean[WORDS_SIZE - 80] = "";

    if (wki_json_is_object(nested))
        doc = nested;
    code = first_str(doc, errors, sizeof errors / sizeof errors[0]);
    description = first_str(doc, descriptions, sizeof descriptions / sizeof descriptions[0]);
    if (code && !repeats_a_secret(r, code))
        wki_text_clean(r->error, sizeof r->error, code, strlen(code));
    if (description && !repeats_a_secret(r, description))
        wki_text_clean(clean, sizeof clean, description, strlen(description));
    if (*r->error || *clean)
        snprintf(r->words, sizeof r->words, " (%s%s%s)", r->error, *r->error && *clean ? ": " : "",
                 clean);
}

/* ---- what to do about it ---- */

static const char *proof_advice(const reader *r, const char **setting)
{
    switch (r->client->auth) {
    case WKI_CLIENT_JWT:
        *setting = "client-id private-key key-id";
        return "check client-id, private-key and key-id, and that the public key is registered "
               "there";
    case WKI_CLIENT_PUBLIC:
        *setting = "client-id client-secret client-secret-file";
        return "check client-id; a client with a secret needs it";
    case WKI_CLIENT_POST:
        *setting = "client-auth";
        return "check client-id and the client secret, or send them with client-auth basic";
    default:
        *setting = "client-auth";
        return "check client-id and the client secret, or send them with client-auth post or "
               "basic-raw";
    }
}

/* Clocks that differ look like a wrong key to the server. */
static wk_code refuse_client(const reader *r, wk_error *err)
{
    int64_t ahead = r->answer->server_time_s ? r->now_s - r->answer->server_time_s : 0;
    const char *setting = NULL, *advice;

    if (r->client->auth == WKI_CLIENT_JWT && (ahead > SKEW_S || ahead < -SKEW_S))
        return wk_fail(err, WK_AUTH,
                       "%s refuses the client%s: the clock of this machine is %lld s %s the "
                       "server's, so the signed request looks expired or not yet valid; set it",
                       r->url, r->words, (long long)(ahead > 0 ? ahead : -ahead),
                       ahead > 0 ? "ahead of" : "behind");
    advice = proof_advice(r, &setting);
    return wk_fail_setting(err, WK_AUTH, setting, "%s refuses the client%s: %s", r->url, r->words,
                           advice);
}

static wk_code refuse_grant(const reader *r, wk_error *err)
{
    if (r->grant->type == WKI_GRANT_REFRESH)
        return wk_fail(err, WK_AUTH, "%s: the login has ended%s; run: wadokit auth login", r->url,
                       r->words);
    if (r->grant->type == WKI_GRANT_CODE)
        return wk_fail(err, WK_AUTH,
                       "%s refuses the authorization code%s: it is used up, too old, or for "
                       "another client or redirect; run the login again",
                       r->url, r->words);
    return refuse_client(r, err);
}

static wk_code refuse_scope(const reader *r, wk_error *err)
{
    char scope[128];
    const char *asked = r->grant->scope ? r->grant->scope : "";

    wki_text_clean(scope, sizeof scope, asked, strlen(asked));
    return wk_fail_setting(err, WK_AUTH, "scope",
                           "%s refuses the scope '%s'%s: set it to what the client is registered "
                           "for",
                           r->url, scope, r->words);
}

static wk_code refuse_other(const reader *r, wk_error *err)
{
    if (strcmp(r->error, "unsupported_grant_type") == 0)
        return wk_fail_setting(err, WK_AUTH, "auth token-url", "%s does not give tokens this way%s",
                               r->url, r->words);
    if (strcmp(r->error, "unauthorized_client") == 0)
        return wk_fail_setting(err, WK_AUTH, "auth",
                               "%s does not let this client have tokens this way%s: check "
                               "the client's registration",
                               r->url, r->words);
    return wk_fail(err, WK_AUTH, "%s refuses the token request with HTTP %d%s", r->url,
                   r->answer->status, r->words);
}

static wk_code refuse(const reader *r, wki_oauth2_refusal *refusal, wk_error *err)
{
    if (strcmp(r->error, "invalid_client") == 0) {
        *refusal = WKI_REFUSAL_CLIENT;
        return refuse_client(r, err);
    }
    if (strcmp(r->error, "invalid_grant") == 0) {
        *refusal = WKI_REFUSAL_GRANT;
        return refuse_grant(r, err);
    }
    if (strcmp(r->error, "invalid_scope") == 0) {
        *refusal = WKI_REFUSAL_SCOPE;
        return refuse_scope(r, err);
    }
    /* 401 without a known word: who asks is the most likely trouble. */
    if (r->answer->status == 401 && strcmp(r->error, "unauthorized_client") != 0) {
        *refusal = WKI_REFUSAL_CLIENT;
        return refuse_client(r, err);
    }
    *refusal = WKI_REFUSAL_OTHER;
    return refuse_other(r, err);
}

/* ---- answers that are no OAuth at all ---- */

static const char *kind_of(const wki_oauth2_answer *a)
{
    size_t i = 0;

    while (i < a->n && strchr(" \t\r\n\xEF\xBB\xBF", a->body[i]))
        i++;
    if (i == a->n)
        return "nothing";
    if (wki_str_istarts(a->content_type, "text/html") ||
        (a->n - i > 5 &&
         (strncasecmp(a->body + i, "<html", 5) == 0 || strncasecmp(a->body + i, "<!doc", 5) == 0)))
        return "a web page (HTML)";
    if (a->body[i] == '{')
        return "JSON without an access_token";
    return a->body[i] == '<' ? "XML" : "something that is not JSON";
}

static wk_code not_oauth(const reader *r, wk_error *err)
{
    int status = r->answer->status;
    const char *kind = kind_of(r->answer);

    if (status == 404 || status == 405 || status == 410)
        return wk_fail_setting(err, WK_NOT_FOUND, "token-url",
                               "%s answered HTTP %d: this is not the token endpoint", r->url,
                               status);
    if (status >= 300 && status < 400)
        return wk_fail_setting(err, WK_NOT_FOUND, "token-url",
                               "%s answered with a redirect (HTTP %d), which is not followed with "
                               "a secret",
                               r->url, status);
    if (status >= 200 && status < 300)
        return wk_fail_setting(err, WK_DATA, "token-url",
                               "%s answered %s instead of a token: check the URL, and whether a "
                               "proxy or gateway asks for a login",
                               r->url, kind);
    return wk_fail_setting(err, WK_AUTH, "token-url",
                           "%s refuses the token request with HTTP %d and %s", r->url, status,
                           kind);
}

static wk_code busy(const reader *r, wk_error *err)
{
    if (r->answer->status == 429)
        return wk_fail(err, WK_NET,
                       "%s answered HTTP 429%s: too many token requests; wait and try again",
                       r->url, r->words);
    return wk_fail(err, WK_NET,
                   "%s answered HTTP %d%s: the login server has trouble; try again "
                   "later",
                   r->url, r->answer->status, r->words);
}

/* ---- a token ---- */

/* A copy of a string or number member, NULL where it is absent; *bad where memory is out. */
static char *member(const wki_json *doc, const char *name, bool *bad)
{
    const wki_json *value = wki_json_get(doc, name);
    const char *text = wki_json_str(doc, name);
    double number;
    char *copy = NULL;

    if (!value || (!text && !wki_json_number(value, &number)))
        return NULL;
    copy = text ? wki_strdup(text) : wki_json_print(value);
    *bad |= !copy;
    return copy;
}

static int64_t life_of(const wki_json *doc)
{
    double seconds;

    if (!wki_json_number(wki_json_get(doc, "expires_in"), &seconds))
        return 0;
    return seconds >= 1 && seconds <= MAX_LIFE_S ? (int64_t)seconds : 0;
}

/* What goes into a header line and a file: visible ASCII of bounded length. */
static bool is_token_text(const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e)
            return false;
    }
    return n > 0 && n < WK_MAX_HEADER_BYTES / 2;
}

static wk_code check_kind(const reader *r, const wki_json *doc, wk_error *err)
{
    const char *kind = wki_json_str(doc, "token_type");
    char clean[40];

    if (!kind || wki_str_ieq(kind, "bearer"))
        return WK_OK;
    if (repeats_a_secret(r, kind))
        kind = "?";
    wki_text_clean(clean, sizeof clean, kind, strlen(kind));
    return wk_fail(err, WK_AUTH, "%s gave a token of type '%s'; only bearer tokens can be used",
                   r->url, clean);
}

static wk_code take_token(const reader *r, const wki_json *doc, wki_token *out, wk_error *err)
{
    const char *access = wki_json_str(doc, "access_token");
    const char *refresh = wki_json_str(doc, "refresh_token");
    const wki_json *context = wki_json_get(doc, "fhirContext");
    wki_token t = {0};
    int64_t life = life_of(doc);
    bool bad = false;
    wk_code rc = check_kind(r, doc, err);

    if (rc != WK_OK)
        return rc;
    if (!is_token_text(access) || (refresh && strlen(refresh) >= WK_MAX_HEADER_BYTES / 2))
        return wk_fail(err, WK_DATA, "%s gave a token that cannot be sent in a header", r->url);
    if (!refresh)
        refresh = r->grant->type == WKI_GRANT_REFRESH ? r->grant->refresh_token : NULL;
    t.access_token = wki_strdup(access);
    t.refresh_token = wki_strdup(refresh);
    t.scope = member(doc, "scope", &bad);
    t.patient = member(doc, "patient", &bad);
    t.encounter = member(doc, "encounter", &bad);
    t.context = context ? wki_json_print(context) : NULL;
    t.obtained_s = r->now_s;
    t.expires_s = life ? r->now_s + life : 0;
    if (bad || !t.access_token || (refresh && !t.refresh_token) || (context && !t.context)) {
        wki_token_clear(&t);
        return wk_fail(err, WK_NOMEM, "out of memory");
    }
    *out = t;
    return WK_OK;
}

wk_code wki_oauth2_read(const wki_oauth2_answer *answer, const wki_oauth2_client *client,
                        const wki_oauth2_grant *grant, int64_t now_s, wki_token *out,
                        wki_oauth2_refusal *refusal, wk_error *err)
{
    reader r = {.answer = answer, .client = client, .grant = grant, .now_s = now_s};
    wki_oauth2_refusal kind = WKI_REFUSAL_NONE;
    wki_json *doc = NULL;
    wk_code rc;

    wki_url_redact(r.url, sizeof r.url, client->token_url);
    if (answer->n <= WK_MAX_ERROR_BODY_BYTES * 4 &&
        wki_json_parse(answer->body, answer->n, "token answer", &doc, NULL) == WK_OK)
        hear(&r, doc);
    if (answer->status == 429 || answer->status >= 500)
        rc = busy(&r, err);
    else if (answer->status >= 200 && answer->status < 300 && wki_json_str(doc, "access_token"))
        rc = take_token(&r, doc, out, err);
    else if (*r.error || answer->status == 401)
        rc = refuse(&r, &kind, err);
    else
        rc = not_oauth(&r, err);
    if (rc != WK_OK && err)
        err->http_status = answer->status;
    if (refusal)
        *refusal = kind;
    wki_json_free(doc);
    return rc;
}
