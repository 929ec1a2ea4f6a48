#include "http/proxy.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"
#include "http/url.h"

enum {
    HOST_SIZE = 256
};

static const char *environment(const char *const names[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *value = getenv(names[i]);

        if (value && value[0])
            return value;
    }
    return NULL;
}

/* $HTTP_PROXY is not read: a CGI's client sets it. */
static const char *from_environment(const char *url)
{
    static const char *const http[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    static const char *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};

    return wki_str_istarts(url, "https:") ? environment(https, 4) : environment(http, 3);
}

/* Bytes of an address, 4 or 16; 0 where `host` is a name. */
static size_t read_address(const char *host, uint8_t out[16])
{
    char plain[HOST_SIZE];
    size_t n = strlen(host);

    if (host[0] == '[' && n > 2 && n < sizeof plain) {
        snprintf(plain, sizeof plain, "%.*s", (int)(n - 2), host + 1);
        host = plain;
    }
    if (inet_pton(AF_INET, host, out) == 1)
        return 4;
    return inet_pton(AF_INET6, host, out) == 1 ? 16 : 0;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    if (memcmp(a, b, bits / 8) != 0)
        return false;
    return bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & (0xFF00u >> bits % 8 & 0xFF)) == 0;
}

/* An address, or a block: "10.0.0.0/8". */
static bool has_address(const char *entry, const uint8_t *address, size_t n)
{
    char text[HOST_SIZE];
    uint8_t base[16];
    char *slash;
    unsigned bits = (unsigned)n * 8;

    wki_strcopy(text, sizeof text, entry);
    slash = strchr(text, '/');
    if (slash) {
        char *end;
        unsigned long given = strtoul(slash + 1, &end, 10);

        *slash = '\0';
        if (*end != '\0' || end == slash + 1 || given > bits)
            return false;
        bits = (unsigned)given;
    }
    return read_address(text, base) == n && same_bits(base, address, bits);
}

/* "a.example", ".a.example", with or without the dot at the end: itself, and what is below. */
static bool has_name(const char *entry, const char *host)
{
    size_t n, host_n = strlen(host);

    entry += entry[0] == '.';
    n = strlen(entry);
    n -= n > 0 && entry[n - 1] == '.';
    host_n -= host_n > 0 && host[host_n - 1] == '.';
    if (n == 0 || n > host_n || strncasecmp(host + host_n - n, entry, n) != 0)
        return false;
    return n == host_n || host[host_n - n - 1] == '.';
}

static void host_of(char out[HOST_SIZE], const char *url)
{
    const char *p = strstr(url, "://");
    size_t n;

    p = p ? p + 3 : url;
    n = *p == '[' ? strcspn(p, "]") + 1 : strcspn(p, ":/?#");
    snprintf(out, HOST_SIZE, "%.*s", (int)(n < HOST_SIZE ? n : HOST_SIZE - 1), p);
}

bool wki_proxy_is_passed_by(const char *list, const char *url)
{
    char host[HOST_SIZE], entry[HOST_SIZE];
    uint8_t address[16];
    size_t address_n;

    host_of(host, url);
    address_n = read_address(host, address);
    for (const char *p = list; *p;) {
        size_t n;

        p += strspn(p, ", \t");
        n = strcspn(p, ", \t");
        snprintf(entry, sizeof entry, "%.*s", (int)(n < HOST_SIZE ? n : 0), p);
        p += n;
        if (strcmp(entry, "*") == 0)
            return true;
        if (address_n > 0 ? has_address(entry, address, address_n) : has_name(entry, host))
            return true;
    }
    return false;
}

/* There, and only there, credentials travel unencrypted: they are to stay on this machine. */
static const char *for_loopback(const char *named)
{
    return named && wki_url_is_loopback(named) ? named : NULL;
}

const char *wki_proxy_for(const char *named, const char *url)
{
    static const char *const lists[] = {"no_proxy", "NO_PROXY"};
    const char *proxy = named ? named : from_environment(url), *list;

    if (wki_url_is_loopback(url))
        return for_loopback(named);
    list = environment(lists, 2);
    if (!proxy || !proxy[0] || (list && wki_proxy_is_passed_by(list, url)))
        return NULL;
    return proxy;
}

static const char *authority_of(const char *proxy)
{
    const char *p = strstr(proxy, "://");

    return p ? p + 3 : proxy;
}

/* Where the login ends; 0 where there is none. A password may hold what it should not, '/' too. */
static size_t login_end(const char *p)
{
    const char *at = strrchr(p, '@');

    return at ? (size_t)(at + 1 - p) : 0;
}

void wki_proxy_show(char *out, size_t size, const char *proxy)
{
    const char *p = authority_of(proxy), *host = p + login_end(p);
    char clean[HOST_SIZE + 64];

    snprintf(clean, sizeof clean, "%.*s%.*s", (int)(p - proxy), proxy, (int)strcspn(host, "/?#"),
             host);
    wki_text_clean(out, size, clean, strlen(clean));
}

bool wki_proxy_has_login(const char *proxy)
{
    return login_end(authority_of(proxy)) > 0;
}
