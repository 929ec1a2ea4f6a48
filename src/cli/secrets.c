#include "secrets.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

bool cli_is_secret_header(const char *line)
{
    static const char *const names[] = {"authorization:", "proxy-authorization:", "cookie:"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncasecmp(line, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

bool cli_is_secret_url(const char *value)
{
    const char *authority = strstr(value, "://");
    const char *at, *colon;
    size_t n;

    if (!authority)
        return false;
    authority += 3;
    n = strcspn(authority, "/?#");
    at = memrchr(authority, '@', n);
    colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
    return colon && colon + 1 < at;
}
