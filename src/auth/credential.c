#include "auth/credential.h"

#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/base64.h"
#include "core/text.h"
#include "http/url.h"

struct wki_static_credential {
    char *token_file;
    char *token_command;
    char *origin;
    const wk_cancel *cancel;
    char *value; /* of Authorization; NULL until the command has run */
};

/* RFC 6750 section 2.1 allows less; what would break a header is refused. */
static bool is_token(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s <= 0x20 || (unsigned char)*s >= 0x7F)
            return false;
    }
    return true;
}

/* Takes the token. */
static wk_code set_token(wki_static_credential *c, char *token, const char *source, wk_error *err)
{
    const char *bare = wki_str_istarts(token, "Bearer ") ? token + 7 : token;
    wk_code rc = WK_OK;
    char *value;

    bare += strspn(bare, " ");
    if (!*bare || !is_token(bare)) {
        rc = wk_fail(err, WK_USAGE, "%s does not hold one token on its first line", source);
    } else {
        value = wki_strfmt("Bearer %s", bare);
        if (value) {
            wki_secret_free(c->value);
            c->value = value;
        } else {
            rc = wk_fail(err, WK_NOMEM, "out of memory");
        }
    }
    wki_secret_free(token);
    return rc;
}

static wk_code read_token(wki_static_credential *c, wk_error *err)
{
    char *token = NULL;
    wk_code rc;

    if (c->token_file)
        rc = wki_secret_file_read(c->token_file, &token, err);
    else
        rc = wki_secret_command_run(c->token_command, c->cancel, &token, err);
    if (rc != WK_OK)
        return rc;
    return set_token(c, token, c->token_file ? c->token_file : "the output of token-command", err);
}

static wk_code set_basic(wki_static_credential *c, const char *user, const char *password,
                         wk_error *err)
{
    char *pair;
    wki_buf b;
    wk_code rc;

    if (strchr(user, ':'))
        return wk_fail_setting(err, WK_USAGE, "user", "user: a user name with ':' cannot be sent");
    pair = wki_strfmt("%s:%s", user, password);
    if (!pair)
        return wk_fail(err, WK_NOMEM, "out of memory");
    wki_buf_init(&b, 2 * (size_t)WK_MAX_SECRET_FILE_BYTES, "user name and password");
    rc = wki_buf_add(&b, "Basic ", 6, err);
    if (rc == WK_OK)
        rc = wki_base64_encode(&b, pair, strlen(pair), err);
    if (rc == WK_OK)
        c->value = wki_buf_take(&b);
    wki_buf_clear(&b);
    wki_secret_free(pair);
    return rc;
}

static wk_code read_basic(wki_static_credential *c, const wki_static_credential_opts *o,
                          wk_error *err)
{
    char *password = NULL;
    wk_code rc;

    if (!o->password_file && !o->password)
        return wk_fail_setting(err, WK_USAGE, "user password-file password",
                               "user without a password");
    if (!o->password_file)
        return set_basic(c, o->user, o->password, err);
    rc = wki_secret_file_read(o->password_file, &password, err);
    if (rc == WK_OK)
        rc = set_basic(c, o->user, password, err);
    wki_secret_free(password);
    return rc;
}

static wk_code check_sources(const wki_static_credential_opts *o, int *n, wk_error *err)
{
    *n = !!o->token_file + !!o->token_command + !!o->token + !!o->user;
    if (*n > 1)
        return wk_fail_setting(err, WK_USAGE, "token-file token-command token user",
                               "two credentials at once; give one of them");
    if (o->password_file && !o->user)
        return wk_fail_setting(err, WK_USAGE, "password-file user", "password-file without a user");
    return WK_OK;
}

static char *copy_or_fail(const char *s, wk_code *rc, wk_error *err)
{
    char *copy = wki_strdup(s);

    if (s && !copy)
        *rc = wk_fail(err, WK_NOMEM, "out of memory");
    return copy;
}

wk_code wki_static_credential_new(const wki_static_credential_opts *opts,
                                  wki_static_credential **out, wk_error *err)
{
    wki_static_credential *c;
    int n = 0;
    wk_code rc = check_sources(opts, &n, err);

    if (rc != WK_OK)
        return rc;
    if (n == 0) {
        *out = NULL;
        return WK_OK;
    }
    c = calloc(1, sizeof *c);
    if (!c)
        return wk_fail(err, WK_NOMEM, "out of memory");
    c->cancel = opts->cancel;
    c->token_file = copy_or_fail(opts->token_file, &rc, err);
    c->token_command = copy_or_fail(opts->token_command, &rc, err);
    c->origin = copy_or_fail(opts->origin, &rc, err);
    if (rc == WK_OK && opts->token_file)
        rc = read_token(c, err);
    else if (rc == WK_OK && opts->token) {
        char *token = copy_or_fail(opts->token, &rc, err);

        rc = token ? set_token(c, token, "WADOKIT_TOKEN", err) : rc;
    } else if (rc == WK_OK && opts->user)
        rc = read_basic(c, opts, err);
    if (rc == WK_OK)
        *out = c;
    else
        wki_static_credential_free(c);
    return rc;
}

void wki_static_credential_free(wki_static_credential *c)
{
    if (!c)
        return;
    wki_secret_free(c->value);
    wki_secret_free(c->token_command);
    free(c->token_file);
    free(c->origin);
    free(c);
}

static wk_code get_header(void *user, const char *origin, wki_buf *value, wk_error *err)
{
    wki_static_credential *c = user;

    if (c->origin && !wki_url_same_origin(c->origin, origin))
        return WK_OK;
    if (!c->value) {
        wk_code rc = read_token(c, err);

        if (rc != WK_OK)
            return rc;
    }
    return wki_buf_add(value, c->value, strlen(c->value), err);
}

static wk_code renew(void *user, const char *origin, wk_error *err)
{
    wki_static_credential *c = user;
    char *old;
    wk_code rc;

    if (!c->token_file && !c->token_command && wki_str_starts(c->value, "Basic "))
        return wk_fail(err, WK_AUTH, "401: %s does not accept the user name and password", origin);
    if (!c->token_file && !c->token_command)
        return wk_fail_setting(err, WK_AUTH, "token-file token-command",
                               "401: %s does not accept the token, and a token from the "
                               "environment cannot be renewed; use a file or a command",
                               origin);
    old = c->value;
    c->value = NULL;
    rc = read_token(c, err);
    if (rc == WK_OK && c->token_file && old && strcmp(old, c->value) == 0)
        rc = wk_fail(err, WK_AUTH, "401: %s does not accept the token, and %s still holds the same",
                     origin, c->token_file);
    wki_secret_free(old);
    return rc;
}

wki_credential wki_static_credential_face(wki_static_credential *c)
{
    if (!c)
        return (wki_credential){NULL, NULL, NULL};
    return (wki_credential){get_header, renew, c};
}
