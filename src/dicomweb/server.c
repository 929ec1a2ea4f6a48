#include "dicomweb/server.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

enum {
    MAX_SERVERS = 1024,
    ENOUGH_DOUBTS = 2
};

wki_server *wki_servers_get(wki_servers *servers, const char *root)
{
    wki_server *s = NULL;

    for (s = root ? servers->first : NULL; s; s = s->next) {
        if (strcmp(s->root, root) == 0)
            return s;
    }
    if (root && servers->n < MAX_SERVERS)
        s = calloc(1, sizeof *s);
    if (s)
        s->root = wki_strdup(root);
    if (!s || !s->root) {
        free(s);
        memset(&servers->other, 0, sizeof servers->other);
        return &servers->other;
    }
    s->next = servers->first;
    servers->first = s;
    servers->n++;
    return s;
}

void wki_servers_clear(wki_servers *servers)
{
    while (servers->first) {
        wki_server *s = servers->first;

        servers->first = s->next;
        free(s->root);
        free(s);
    }
    servers->n = 0;
}

bool wki_server_rung(const wki_server *server, wki_form form, const char *syntax, unsigned *tried,
                     int *rung, char out[WKI_ACCEPT_SIZE])
{
    while (*tried < WKI_ACCEPT_RUNGS) {
        *rung = *tried == 0 ? server->rung[form] : (*rung + 1) % WKI_ACCEPT_RUNGS;
        ++*tried;
        if (wki_accept_value(form, *rung, syntax, out))
            return true;
    }
    return false;
}

bool wki_server_refuses(const wki_server *server, wki_form form, const char *accept, int status)
{
    return wki_accept_is_refusal(accept, status) && !(status == 500 && server->proved[form]);
}

/* Without a transfer syntax many a server hands out another one than it stores: one file that it
 * cannot read is no reason to ask for all others so. */
void wki_server_took(wki_server *server, wki_form form, int rung, bool doubtful)
{
    if (doubtful && ++server->doubts[form] < ENOUGH_DOUBTS)
        return;
    server->doubts[form] = 0;
    server->rung[form] = (signed char)rung;
    server->proved[form] = true;
}
