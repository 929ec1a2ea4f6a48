/* Keys, signatures and the listener by their modules. A key or a listener exists only where its
 * module was opened. */
#include "auth/auth_module.h"

static const wki_jose_module *jose(wk_error *err)
{
    return wki_module_open("jose", err);
}

wk_code wki_jwt_key_read(const char *text, size_t n, const char *what, const char *alg,
                         const char *key_id, wki_jwt_key **out, wk_error *err)
{
    const wki_jose_module *m = jose(err);

    return m ? m->key_read(text, n, what, alg, key_id, out, err) : WK_IO;
}

void wki_jwt_key_free(wki_jwt_key *key)
{
    if (key)
        jose(NULL)->key_free(key);
}

wk_code wki_jws_sign(const wki_jwt_key *key, const char *alg, const char *kid, const char *typ,
                     const void *payload, size_t n, wki_buf *out, wk_error *err)
{
    return jose(NULL)->sign(key, alg, kid, typ, payload, n, out, err);
}

static const wki_microhttpd_module *microhttpd(wk_error *err)
{
    return wki_module_open("microhttpd", err);
}

wk_code wki_loopback_open(int port, const char *path, wki_loopback **out, wk_error *err)
{
    const wki_microhttpd_module *m = microhttpd(err);

    return m ? m->open(port, path, out, err) : WK_IO;
}

void wki_loopback_close(wki_loopback *loopback)
{
    if (loopback)
        microhttpd(NULL)->close(loopback);
}

int wki_loopback_port(const wki_loopback *loopback)
{
    return microhttpd(NULL)->port(loopback);
}

wk_code wki_loopback_wait(wki_loopback *loopback, int64_t timeout_ms, const wki_clock *clock,
                          const wk_cancel *cancel, bool (*matches)(void *user, const char *query),
                          void *user, char **query, wk_error *err)
{
    return microhttpd(NULL)->wait(loopback, timeout_ms, clock, cancel, matches, user, query, err);
}
