/*
 * One thing that is wanted, on its way; between ways.c, which chooses, and way_bytes.c, which takes
 * what comes.
 */
#ifndef WADOKIT_FLOW_FETCH_WAY_H
#define WADOKIT_FLOW_FETCH_WAY_H

#include "core/buf.h"
#include "dicom/dicom_scan.h"
#include "flow/fetch/transfer.h"
#include "flow/fetch/ways.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_way_kind {
    WKI_WAY_FRAME,  /* metadata and one frame, side by side */
    WKI_WAY_SERVER, /* a picture that the server draws */
    WKI_WAY_WHOLE,
} wki_way_kind;

/*
 * want        url and ask are copies of its own
 * now         how it is asked for
 * may_frame, may_server   ways that are left; the whole is the last
 * open        transfers under way; error: the first failure of this way
 * peek        looks at the header of the whole, until it is known whether less will do
 * called_off  the whole, by its header; cut: it ended too early, by its own bytes
 * unclosed    every part of the whole came, as far as anybody can tell
 * rendered    /rendered is asked for now, not /thumbnail
 * part        the part at hand: its bytes, how many, their Content-Type, the most there may be
 * parts       of this way, so far
 * handed      sources of the whole
 */
typedef struct wki_way {
    wki_ways *ways;
    wki_want want;
    char *url;
    wki_server_ask ask;
    uint32_t pick;
    wki_way_kind now;
    bool may_frame, may_server;
    unsigned open, tries;
    wk_error error;
    wki_dicom_scan *peek;
    bool called_off, cut, unclosed, rendered;
    wki_buf metadata;
    wki_picture_source part;
    uint64_t part_n, part_max;
    char type[256];
    size_t parts;
    uint64_t handed;
    void *word;           /* that it is over */
    struct wki_way *next; /* while it waits */
} wki_way;

/* What the size of an instance opens: ways to its picture with fewer bytes than its own. */
void wki_way_open(wki_way *y, int64_t frames, int64_t rows, int64_t cols, bool slide);

/* A source is there: taken in any case. */
wk_code wki_way_hand(wki_way *y, wki_picture_source *source, wk_error *err) WK_MUST_USE;

/* Forgets what came by the way before. */
void wki_way_forget(wki_way *y);

/* Where the bytes of a way go. */
extern const wki_sink_of_parts wki_way_whole, wki_way_one, wki_way_json;

/* What came by a frame as a source that is drawn like the whole. */
wk_code wki_way_frame_file(wki_way *y, wki_picture_source *out, wk_error *err) WK_MUST_USE;

/* The picture that the server drew. WK_DATA where it is neither JPEG nor PNG. */
wk_code wki_way_drawn(wki_way *y, wki_picture_source *out, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
