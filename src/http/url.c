#include "http/url.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wadokit/limits.h>

#include "core/text.h"

enum {
    HOST_SIZE = 256
};

typedef struct span {
    const char *p;
    size_t n;
} span;

/* A URL in its parts; spans point into the text. */
typedef struct parts {
    bool https;
    char host[HOST_SIZE]; /* lower case, IPv6 in brackets and in its one canonical form */
    unsigned port;
    span user; /* p NULL: none */
    span path; /* "" or starting with '/' */
    span query;
    bool has_query;
} parts;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_unreserved(char c)
{
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool has_bad_byte(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s <= 0x20 || *s == 0x7F)
            return true;
    }
    return false;
}

/* Length of the scheme, 0 where there is none. */
static size_t scheme_length(const char *s)
{
    size_t i = 0;

    if (!is_alpha(s[0]))
        return 0;
    while (is_alpha(s[i]) || is_digit(s[i]) || s[i] == '+' || s[i] == '-' || s[i] == '.')
        i++;
    return s[i] == ':' ? i : 0;
}

/* A last label that is a number makes resolvers read the whole as an IPv4 address in one of its
 * many spellings (0x7f.1, 2130706433): only the plain one is let pass, so that what is checked is
 * what is connected to. */
static bool ends_in_number(const char *host)
{
    size_t n = strlen(host);
    const char *label;

    if (n > 0 && host[n - 1] == '.')
        n--;
    label = host + n;
    while (label > host && label[-1] != '.')
        label--;
    if (label == host + n)
        return false;
    if (label[0] == '0' && label[1] == 'x')
        return true;
    while (label < host + n && is_digit(*label))
        label++;
    return label == host + n;
}

static bool read_ipv6(char out[HOST_SIZE], const char *p, size_t n)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (n < 2 || n - 2 >= sizeof text)
        return false;
    memcpy(text, p + 1, n - 2);
    text[n - 2] = '\0';
    if (inet_pton(AF_INET6, text, &address) != 1 ||
        !inet_ntop(AF_INET6, &address, text, sizeof text))
        return false;
    snprintf(out, HOST_SIZE, "[%s]", text);
    return true;
}

static bool read_name(char out[HOST_SIZE], const char *p, size_t n)
{
    struct in_addr address;

    if (n == 0 || n >= HOST_SIZE)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool ok = is_alpha(p[i]) || is_digit(p[i]) || p[i] == '-' || p[i] == '_' ||
                  (p[i] == '.' && i > 0 && p[i - 1] != '.');

        if (!ok)
            return false;
        out[i] = lower(p[i]);
    }
    out[n] = '\0';
    return !ends_in_number(out) || inet_pton(AF_INET, out, &address) == 1;
}

static bool read_port(const char *p, size_t n, unsigned *port)
{
    unsigned value = 0;

    if (n == 0)
        return true; /* "host:" has the default port, RFC 3986 section 3.2.3 */
    if (n > 5)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(p[i]))
            return false;
        value = value * 10 + (unsigned)(p[i] - '0');
    }
    if (value == 0 || value > 65535)
        return false;
    *port = value;
    return true;
}

/* NULL, or what is wrong. */
static const char *read_authority(parts *u, const char *p, size_t n)
{
    const char *at = memrchr(p, '@', n);
    size_t host_n;

    if (at) {
        u->user = (span){p, (size_t)(at - p)};
        n -= (size_t)(at + 1 - p);
        p = at + 1;
    }
    if (n > 0 && p[0] == '[') {
        const char *end = memchr(p, ']', n);

        host_n = end ? (size_t)(end + 1 - p) : 0;
        if (!end || !read_ipv6(u->host, p, host_n))
            return "bad IPv6 address";
    } else {
        const char *colon = memchr(p, ':', n);

        host_n = colon ? (size_t)(colon - p) : n;
        if (!read_name(u->host, p, host_n))
            return "bad host";
    }
    if (host_n == n)
        return NULL;
    if (p[host_n] != ':' || !read_port(p + host_n + 1, n - host_n - 1, &u->port))
        return "bad port";
    return NULL;
}

static const char *read_url(parts *u, const char *url)
{
    const char *rest, *why;
    size_t n;

    memset(u, 0, sizeof *u);
    if (strlen(url) > WK_MAX_URL_BYTES)
        return "too long";
    if (has_bad_byte(url))
        return "has a space or control character";
    u->https = wki_str_istarts(url, "https://");
    if (!u->https && !wki_str_istarts(url, "http://"))
        return "not http:// or https://";
    u->port = u->https ? 443 : 80;
    rest = url + (u->https ? 8 : 7);
    n = strcspn(rest, "/?#");
    why = read_authority(u, rest, n);
    if (why)
        return why;
    rest += n;
    u->path = (span){rest, strcspn(rest, "?#")};
    rest += u->path.n;
    if (*rest == '?') {
        u->has_query = true;
        u->query = (span){rest + 1, strcspn(rest + 1, "#")};
    }
    return NULL;
}

static wk_code bad_url(const char *url, wk_code code, const char *why, wk_error *err)
{
    char shown[256];

    wki_url_redact(shown, sizeof shown, url);
    return wk_fail(err, code, "%s: URL %s", shown, why);
}

static bool has_template(const char *url)
{
    for (const char *p = url; *p; p++) {
        if ((p[0] == '{' && p[1] == '{') || wki_str_istarts(p, "%7B%7B"))
            return true;
    }
    return false;
}

wk_code wki_url_check(const char *url, wk_error *err)
{
    parts u;
    const char *why = read_url(&u, url);

    if (!why && u.user.p)
        why = "has user information";
    if (!why && has_template(url))
        why = "has an unfilled {{name}}; set gives NAME=VALUE";
    return why ? bad_url(url, WK_REFUSED, why, err) : WK_OK;
}

static wk_code no_memory(wk_error *err)
{
    return wk_fail(err, WK_NOMEM, "out of memory");
}

static char *print_origin(const parts *u)
{
    const char *scheme = u->https ? "https" : "http";

    if (u->port == (u->https ? 443u : 80u))
        return wki_strfmt("%s://%s", scheme, u->host);
    return wki_strfmt("%s://%s:%u", scheme, u->host, u->port);
}

wk_code wki_url_origin(const char *url, char **out, wk_error *err)
{
    parts u;
    const char *why = read_url(&u, url);
    char *origin;

    if (why)
        return bad_url(url, WK_USAGE, why, err);
    origin = print_origin(&u);
    if (!origin)
        return no_memory(err);
    *out = origin;
    return WK_OK;
}

bool wki_url_same_origin(const char *a, const char *b)
{
    parts x, y;

    return !read_url(&x, a) && !read_url(&y, b) && x.https == y.https && x.port == y.port &&
           strcmp(x.host, y.host) == 0;
}

static wki_host_class ipv4_class(const uint8_t a[4])
{
    static const uint8_t clouds[][4] = {
        {168, 63, 129, 16},   /* Azure */
        {192, 0, 0, 192},     /* Oracle */
        {100, 100, 100, 200}, /* Alibaba */
    };

    if (a[0] == 127)
        return WKI_HOST_LOOPBACK;
    if (a[0] == 0 || a[0] >= 224 || (a[0] == 169 && a[1] == 254))
        return WKI_HOST_LOCAL;
    for (size_t i = 0; i < sizeof clouds / sizeof clouds[0]; i++) {
        if (memcmp(a, clouds[i], 4) == 0)
            return WKI_HOST_LOCAL;
    }
    return WKI_HOST_OTHER;
}

static wki_host_class ipv6_class(const uint8_t a[16])
{
    static const uint8_t zeros[16] = {0};
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    static const uint8_t nat64[12] = {0, 0x64, 0xFF, 0x9B};
    static const uint8_t ec2[16] = {0xFD, 0, 0x0E, 0xC2, [14] = 0x02, [15] = 0x54};
    static const uint8_t google[16] = {0xFD, 0x20, 0, 0xCE, [14] = 0x02, [15] = 0x54};

    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
        return ipv4_class(a + 12);
    if (memcmp(a, zeros, 15) == 0 && a[15] == 1)
        return WKI_HOST_LOOPBACK;
    if (memcmp(a, zeros, 12) == 0)
        return memcmp(a + 12, zeros, 4) == 0 ? WKI_HOST_LOCAL : ipv4_class(a + 12);
    if (a[0] == 0xFF || (a[0] == 0xFE && (a[1] & 0xC0) == 0x80) || memcmp(a, ec2, 16) == 0 ||
        memcmp(a, google, 16) == 0)
        return WKI_HOST_LOCAL;
    return WKI_HOST_OTHER;
}

wki_host_class wki_address_class(const void *address, size_t n)
{
    if (n == 4)
        return ipv4_class(address);
    return n == 16 ? ipv6_class(address) : WKI_HOST_LOCAL;
}

static wki_host_class host_class(const char *host)
{
    char text[HOST_SIZE];
    uint8_t address[16];

    if (host[0] == '[') {
        snprintf(text, sizeof text, "%.*s", (int)(strlen(host) - 2), host + 1);
        return inet_pton(AF_INET6, text, address) == 1 ? ipv6_class(address) : WKI_HOST_LOCAL;
    }
    if (inet_pton(AF_INET, host, address) == 1)
        return ipv4_class(address);
    snprintf(text, sizeof text, "%s", host);
    if (wki_str_ends(text, "."))
        text[strlen(text) - 1] = '\0';
    if (strcmp(text, "localhost") == 0 || wki_str_ends(text, ".localhost"))
        return WKI_HOST_LOOPBACK;
    return strcmp(text, "metadata.google.internal") == 0 || strcmp(text, "metadata.goog") == 0
               ? WKI_HOST_LOCAL
               : WKI_HOST_OTHER;
}

wki_host_class wki_url_host_class(const char *url)
{
    parts u;

    return read_url(&u, url) ? WKI_HOST_OTHER : host_class(u.host);
}

bool wki_url_is_loopback(const char *url)
{
    return wki_url_host_class(url) == WKI_HOST_LOOPBACK;
}

/* How many dots a segment consists of, up to 3: "%2e" is one too (RFC 3986 section 6.2.2.2), and
 * what is behind a gateway may see it so. 0 where it is something else. */
static int dots_of(const char *p, size_t n)
{
    int dots = 0;

    while (n > 0 && dots < 3) {
        size_t some = p[0] == '.' ? 1 : n >= 3 && wki_str_istarts(p, "%2e") ? 3 : 0;

        if (some == 0)
            return 0;
        p += some;
        n -= some;
        dots++;
    }
    return dots;
}

/* RFC 3986 section 5.2.4, in place; `path` starts with '/'. Returns the new length. */
static size_t remove_dots(char *path, size_t n)
{
    size_t from = 0, to = 0;

    while (from < n) {
        size_t segment = 1; /* of the '/' and the segment behind it */

        while (from + segment < n && path[from + segment] != '/')
            segment++;
        bool last = from + segment == n;
        int dots = dots_of(path + from + 1, segment - 1);

        if (dots == 2) {
            while (to > 0 && path[--to] != '/')
                ;
        }
        if (dots != 1 && dots != 2) {
            memmove(path + to, path + from, segment);
            to += segment;
        } else if (last) {
            path[to++] = '/';
        }
        from += segment;
    }
    return to;
}

/* origin + path without dot segments + query, on the heap. */
static wk_code compose(const parts *u, const char *path, size_t path_n, char **out, wk_error *err)
{
    char *origin = print_origin(u);
    char *clean = malloc(path_n + 2);
    char *url = NULL;

    if (origin && clean) {
        bool rooted = path_n > 0 && path[0] == '/';
        size_t n = path_n + !rooted;

        clean[0] = '/';
        if (path_n > 0)
            memcpy(clean + !rooted, path, path_n);
        n = remove_dots(clean, n);
        url = wki_strfmt("%s%.*s%s%.*s", origin, (int)n, clean, u->has_query ? "?" : "",
                         (int)u->query.n, u->query.n ? u->query.p : "");
    }
    free(origin);
    free(clean);
    if (!url)
        return no_memory(err);
    *out = url;
    return WK_OK;
}

/* RFC 3986 section 5.2.2 for a reference without scheme and authority. */
static wk_code resolve_path(const parts *base, const char *reference, char **out, wk_error *err)
{
    size_t n = strcspn(reference, "?#"), dir = base->path.n;
    parts u = *base;
    wk_code rc;
    char *path;

    if (reference[n] == '?') {
        u.has_query = true;
        u.query = (span){reference + n + 1, strcspn(reference + n + 1, "#")};
    } else if (n > 0) {
        u.has_query = false;
        u.query = (span){NULL, 0};
    }
    if (n == 0)
        return compose(&u, base->path.p, base->path.n, out, err);
    if (reference[0] == '/')
        return compose(&u, reference, n, out, err);
    while (dir > 0 && base->path.p[dir - 1] != '/')
        dir--;
    path = wki_strfmt("%.*s%s%.*s", (int)dir, base->path.p, dir ? "" : "/", (int)n, reference);
    if (!path)
        return no_memory(err);
    rc = compose(&u, path, strlen(path), out, err);
    free(path);
    return rc;
}

static wk_code resolve_whole(const char *url, char **out, wk_error *err)
{
    parts u;
    const char *why = read_url(&u, url);

    if (!why && u.user.p)
        why = "has user information";
    return why ? bad_url(url, WK_REFUSED, why, err) : compose(&u, u.path.p, u.path.n, out, err);
}

wk_code wki_url_resolve(const char *base, const char *reference, char **out, wk_error *err)
{
    parts b;
    const char *why;
    char *whole;
    wk_code rc;

    if (strlen(reference) > WK_MAX_URL_BYTES || has_bad_byte(reference))
        return bad_url(reference, WK_REFUSED, "is too long or has a space or control character",
                       err);
    if (scheme_length(reference) > 0)
        return resolve_whole(reference, out, err);
    why = read_url(&b, base);
    if (!why && b.user.p)
        why = "has user information";
    if (why)
        return bad_url(base, WK_REFUSED, why, err);
    if (!wki_str_starts(reference, "//"))
        return resolve_path(&b, reference, out, err);
    whole = wki_strfmt("%s:%s", b.https ? "https" : "http", reference);
    if (!whole)
        return no_memory(err);
    rc = resolve_whole(whole, out, err);
    free(whole);
    return rc;
}

wk_code wki_url_append(const char *base, const char *path, char **out, wk_error *err)
{
    parts u;
    const char *why = read_url(&u, base);
    char *url;
    size_t n;

    if (why)
        return bad_url(base, WK_USAGE, why, err);
    n = (size_t)(u.path.p + u.path.n - base);
    while (n > 0 && base[n - 1] == '/')
        n--;
    while (*path == '/')
        path++;
    url = wki_strfmt("%.*s/%s%s%.*s", (int)n, base, path,
                     !u.query.n          ? ""
                     : strchr(path, '?') ? "&"
                                         : "?",
                     (int)u.query.n, u.query.n ? u.query.p : "");
    if (!url)
        return no_memory(err);
    *out = url;
    return WK_OK;
}

static bool is_url_char(char c)
{
    return is_unreserved(c) || (c != '\0' && strchr("%:/?@!$&'()*+,;=[]", c));
}

wk_code wki_url_normalize(const char *url, char **out, wk_error *err)
{
    static const char digits[] = "0123456789ABCDEF";
    char *plain = NULL;
    wki_buf b;
    wk_code rc = wki_url_check(url, err);

    wki_buf_init(&b, 3 * (size_t)WK_MAX_URL_BYTES, "URL");
    if (rc == WK_OK)
        rc = resolve_whole(url, &plain, err);
    for (const char *p = plain; rc == WK_OK && *p; p++) {
        unsigned char c = (unsigned char)*p;
        char code[3] = {'%', digits[c >> 4], digits[c & 15]};

        rc = is_url_char(*p) ? wki_buf_add(&b, p, 1, err) : wki_buf_add(&b, code, 3, err);
    }
    if (rc == WK_OK)
        *out = wki_buf_take(&b);
    free(plain);
    wki_buf_clear(&b);
    return rc;
}

static char *decode(const char *p, size_t n)
{
    char *out = malloc(n + 1);
    size_t used = 0;

    for (size_t i = 0; out && i < n; i++) {
        bool coded =
            p[i] == '%' && i + 2 < n && hex_value(p[i + 1]) >= 0 && hex_value(p[i + 2]) >= 0;
        int c = coded ? hex_value(p[i + 1]) << 4 | hex_value(p[i + 2]) : p[i];

        out[used++] = (char)c;
        i += coded ? 2 : 0;
    }
    if (out)
        out[used] = '\0';
    return out;
}

wk_code wki_url_take_userinfo(const char *url, char **out, char **user, char **password,
                              wk_error *err)
{
    parts u;
    const char *why = read_url(&u, url), *colon;
    char *rest, *name = NULL, *secret = NULL;
    size_t name_n;

    if (why)
        return bad_url(url, WK_USAGE, why, err);
    if (!u.user.p) {
        rest = wki_strdup(url);
    } else {
        colon = memchr(u.user.p, ':', u.user.n);
        name_n = colon ? (size_t)(colon - u.user.p) : u.user.n;
        name = decode(u.user.p, name_n);
        secret = colon ? decode(colon + 1, u.user.n - name_n - 1) : wki_strdup("");
        rest = wki_strfmt("%.*s%s", (int)(u.user.p - url), url, u.user.p + u.user.n + 1);
    }
    if (!rest || (u.user.p && (!name || !secret))) {
        free(rest);
        free(name);
        free(secret);
        return no_memory(err);
    }
    *out = rest;
    *user = name;
    *password = secret;
    return WK_OK;
}

/* The name in "name=value", decoded as in a form; NULL where memory is out. */
static char *name_of(span pair)
{
    const char *equals = memchr(pair.p, '=', pair.n);
    char *name = decode(pair.p, equals ? (size_t)(equals - pair.p) : pair.n);

    for (char *p = name; p && *p; p++)
        *p = *p == '+' ? ' ' : *p;
    return name;
}

/* The next "name=value" of `*rest`; false at its end. */
static bool next_pair(span *rest, span *pair)
{
    while (rest->n > 0) {
        const char *and = memchr(rest->p, '&', rest->n);
        size_t n = and? (size_t)(and-rest->p) : rest->n;

        *pair = (span){rest->p, n};
        rest->p += n + (and != NULL);
        rest->n -= n + (and != NULL);
        if (n > 0)
            return true;
    }
    return false;
}

/* A name that cannot be looked at (no memory) counts as absent: too much is better than too little.
 */
static bool has_name(span query, span wanted)
{
    char *name = name_of(wanted);
    bool found = false;
    span pair;

    while (name && !found && next_pair(&query, &pair)) {
        char *other = name_of(pair);

        found = other && strcmp(other, name) == 0;
        free(other);
    }
    free(name);
    return found;
}

wk_code wki_url_carry(const char *url, const char *form, size_t n, char **out, wk_error *err)
{
    size_t all = strcspn(url, "#"), path = strcspn(url, "?#");
    bool has_query = path < all;
    span query = {url + path + has_query, all - path - has_query};
    span rest = {form, n}, pair;
    wki_buf b;
    wk_code rc;

    wki_buf_init(&b, 2 * (size_t)WK_MAX_URL_BYTES, "URL");
    rc = wki_buf_add(&b, url, all, err);
    while (rc == WK_OK && next_pair(&rest, &pair)) {
        const char *before = !has_query ? "?" : strchr("?&", b.data[b.n - 1]) ? "" : "&";

        if (has_name(query, pair))
            continue;
        has_query = true;
        rc = wki_buf_add(&b, before, strlen(before), err);
        if (rc == WK_OK)
            rc = wki_buf_add(&b, pair.p, pair.n, err);
    }
    if (rc == WK_OK)
        *out = wki_buf_take(&b);
    wki_buf_clear(&b);
    return rc;
}

/* Percent-encodes all but unreserved characters and those of `kept`. */
static wk_code add_encoded(wki_buf *b, const char *text, const char *kept, wk_error *err)
{
    wk_code rc = WK_OK;

    for (; rc == WK_OK && *text; text++) {
        if (is_unreserved(*text) || strchr(kept, *text))
            rc = wki_buf_add(b, text, 1, err);
        else
            rc = wki_buf_addf(b, err, "%%%02X", (unsigned)(unsigned char)*text);
    }
    return rc;
}

wk_code wki_url_encode(wki_buf *b, const char *text, wk_error *err)
{
    return add_encoded(b, text, "", err);
}

static wk_code add_pair(wki_buf *b, const char *name, const char *value, const char *kept,
                        wk_error *err)
{
    char last = b->n ? b->data[b->n - 1] : '?';
    wk_code rc = WK_OK;

    if (last != '?' && last != '&')
        rc = wki_buf_add(b, "&", 1, err);
    if (rc == WK_OK)
        rc = add_encoded(b, name, "", err);
    if (rc == WK_OK)
        rc = wki_buf_add(b, "=", 1, err);
    return rc == WK_OK ? add_encoded(b, value, kept, err) : rc;
}

wk_code wki_form_add(wki_buf *b, const char *name, const char *value, wk_error *err)
{
    return add_pair(b, name, value, "", err);
}

wk_code wki_query_add(wki_buf *b, const char *name, const char *value, wk_error *err)
{
    return add_pair(b, name, value, "*?,:/", err);
}

/* Where the user information ends that may stand at the start of `p`; 0 where there is none. Also
 * for text that is no URL: a password with '/' in it must not come to light. */
static size_t userinfo_end(const char *p)
{
    size_t all = strcspn(p, "?#"), n = strcspn(p, "/?#");
    const char *at = memrchr(p, '@', n);
    parts u;

    memset(&u, 0, sizeof u);
    if (!at && read_authority(&u, p, n))
        at = memrchr(p, '@', all);
    return at ? (size_t)(at + 1 - p) : 0;
}

void wki_url_redact(char *out, size_t size, const char *url)
{
    const char *scheme = strstr(url, "//");
    size_t start = scheme ? (size_t)(scheme + 2 - url) : 0, user = userinfo_end(url + start);
    const char *p = url + start + user;
    wki_buf b;
    wk_code rc;
    size_t n = strcspn(p, "?#");

    wki_buf_init(&b, 2 * (size_t)WK_MAX_URL_BYTES, "URL");
    rc = wki_buf_addf(&b, NULL, "%.*s%s%.*s", (int)start, url, user ? "***@" : "", (int)n, p);
    p += n;
    while (rc == WK_OK && (*p == '?' || *p == '&')) {
        bool value;

        n = strcspn(p + 1, "=&#") + 1;
        value = p[n] == '=';
        rc = wki_buf_addf(&b, NULL, "%.*s%s", (int)n, p, value ? "=***" : "");
        p += n;
        p += value ? strcspn(p, "&#") : 0;
    }
    wki_text_clean(out, size, wki_buf_text(&b), b.n);
    wki_buf_clear(&b);
}

bool wki_url_decode(char *out, size_t size, const char *text, size_t n, bool plus)
{
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        if (c == '%' && i + 2 < n && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            c = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0' || used + 1 >= size) {
            out[0] = '\0';
            return false;
        }
        out[used++] = c;
    }
    out[used] = '\0';
    return true;
}

bool wki_query_next(const char **query, char *name, size_t name_size, char *value,
                        size_t value_size)
{
    while (**query) {
        const char *pair = *query;
        size_t n = strcspn(pair, "&"), key = strcspn(pair, "=&");
        size_t from = key < n ? key + 1 : n;

        *query += n;
        *query += **query == '&';
        if (key > 0 && wki_url_decode(name, name_size, pair, key, true) &&
            wki_url_decode(value, value_size, pair + from, n - from, true))
            return true;
    }
    return false;
}
