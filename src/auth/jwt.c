#include "auth/jwt.h"

#include <stdlib.h>
#include <string.h>

#include <wadokit/json.h>
#include <wadokit/limits.h>

#include "auth/jwt_key.h"
#include "auth/pkce.h"
#include "core/base64.h"
#include "json/json.h"

const char *wki_jwt_key_alg(const wki_jwt_key *key)
{
    return key->alg;
}

const char *wki_jwt_key_id(const wki_jwt_key *key)
{
    return key->key_id;
}

/* The claims of RFC 7523 section 3 as JSON on the heap, NULL where memory is out. */
static char *claims_of(const char *client_id, const char *audience, int64_t now, const char *jti)
{
    wk_json_line *line = wk_json_line_new(NULL);
    char *text;

    wk_json_set_string(line, "iss", client_id);
    wk_json_set_string(line, "sub", client_id);
    wk_json_set_string(line, "aud", audience);
    wk_json_set_int(line, "iat", now);
    wk_json_set_int(line, "exp", now + WKI_ASSERTION_LIFE_S);
    wk_json_set_string(line, "jti", jti);
    text = wk_json_line_text(line);
    wk_json_line_free(line);
    return text;
}

wk_code wki_jwt_assertion(const wki_jwt_key *key, const char *client_id, const char *audience,
                          const wki_clock *clock, wki_buf *out, wk_error *err)
{
    char jti[WKI_NONCE_SIZE];
    char *claims;
    wk_code rc = wki_nonce_make(clock, jti, err);

    if (rc != WK_OK)
        return rc;
    claims = claims_of(client_id, audience, clock->unix_s(clock->user), jti);
    if (!claims)
        return wk_fail(err, WK_NOMEM, "out of memory");
    rc = wki_jws_sign(key, key->alg, key->key_id, "JWT", claims, strlen(claims), out, err);
    free(claims);
    return rc;
}

int64_t wki_jwt_expiry(const char *token)
{
    const char *dot = strchr(token, '.');
    const char *end = dot ? strchr(dot + 1, '.') : NULL;
    wki_buf claims;
    wki_json *doc = NULL;
    int64_t expiry = 0;

    if (!end)
        return 0;
    wki_buf_init(&claims, WK_MAX_HEADER_BYTES, "token");
    if (wki_base64url_decode(&claims, dot + 1, (size_t)(end - dot - 1), NULL) == WK_OK &&
        wki_json_parse(wki_buf_text(&claims), claims.n, "token", &doc, NULL) == WK_OK &&
        (!wki_json_int(doc, "exp", &expiry) || expiry < 0))
        expiry = 0;
    wki_json_free(doc);
    wki_buf_clear(&claims);
    return expiry;
}
