#include "core/uid.h"

#include <string.h>

#include "core/text.h"

bool wki_uid_is_valid(const char *uid)
{
    size_t n = strspn(uid, "0123456789.");

    if (n == 0 || n >= WK_UID_SIZE || uid[n] != '\0')
        return false;
    return uid[0] != '.' && uid[n - 1] != '.' && !strstr(uid, "..");
}

bool wki_uid_read(char out[WK_UID_SIZE], const char *text, size_t n)
{
    static const char urn[] = "urn:oid:";

    out[0] = '\0';
    while (n > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        n--;
    }
    if (n >= sizeof urn - 1 && wki_str_istarts(text, urn)) {
        text += sizeof urn - 1;
        n -= sizeof urn - 1;
    }
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\0' || text[n - 1] == '\t'))
        n--;
    if (n == 0 || n >= WK_UID_SIZE)
        return false;
    memcpy(out, text, n);
    out[n] = '\0';
    if (wki_uid_is_valid(out))
        return true;
    out[0] = '\0';
    return false;
}
