/*
 * What is known of one DICOMweb server, by its service root: what it was found to take, and what it
 * was found to lack, so that the next request begins with what worked. Plain data: whoever asks a
 * server looks here first, and notes here what came of it. The home of every quirk of a server.
 */
#ifndef WADOKIT_DICOMWEB_SERVER_H
#define WADOKIT_DICOMWEB_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "dicomweb/accept.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * rung      of each form's Accept ladder where to begin
 * proved    an answer came in this form, by that rung
 * doubts    requests that another rung served after the first had failed in a way that may have had
 *           another cause (500)
 * no_list   fails to answer QIDO-RS
 * no_fields, no_limit   refuses `includefield`, `limit` of any size
 * limit     the largest `limit` that it was found to take, after it refused a larger one; 0 unknown
 * no_include  a FHIR server that fails on _include
 * no_frames gives no single frames
 * no_thumbnails   has no /thumbnail; its /rendered may do
 * no_middle   does not say how many instances a series has, or finds none by its number
 * no_viewport   refuses (400) to draw a picture of a given size
 */
typedef struct wki_server {
    char *root;
    signed char rung[WKI_FORMS];
    bool proved[WKI_FORMS];
    unsigned char doubts[WKI_FORMS];
    bool no_list, no_frames, no_thumbnails, no_viewport, no_middle;
    bool no_fields, no_limit, no_include;
    unsigned limit;
    struct wki_server *next;
} wki_server;

/* All servers of a session. Starts zeroed. */
typedef struct wki_servers {
    wki_server *first;
    size_t n;
    wki_server other; /* of those that there was no room for: learns nothing */
} wki_servers;

/* Makes a place where the server is new. Never NULL; good until wki_servers_clear(). `root` is a
 * service root without trailing '/', or what else tells servers apart; NULL: one that nothing is
 * remembered of. */
wki_server *wki_servers_get(wki_servers *servers, const char *root);
void wki_servers_clear(wki_servers *servers);

/* Where the ladder of a form begins, and which rung follows one that was refused: all of them are
 * tried once, the remembered one first. `tried` starts as 0; the Accept value goes to `out`. False
 * where none is left. */
bool wki_server_rung(const wki_server *server, wki_form form, const char *syntax, unsigned *tried,
                     int *rung, char out[WKI_ACCEPT_SIZE]);

/* Whether another rung may do better than this answer. A 500 to a form that worked before has
 * another cause. */
bool wki_server_refuses(const wki_server *server, wki_form form, const char *accept, int status);

/* An answer came by this rung; `doubtful`: a rung before it failed with 500. */
void wki_server_took(wki_server *server, wki_form form, int rung, bool doubtful);

#ifdef __cplusplus
}
#endif

#endif
