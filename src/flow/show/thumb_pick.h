/*
 * Which instances get a thumbnail: plain data in, plain data out.
 */
#ifndef WADOKIT_FLOW_SHOW_THUMB_PICK_H
#define WADOKIT_FLOW_SHOW_THUMB_PICK_H

#include <wadokit/limits.h>
#include <wadokit/thumbnail.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One instance that could be drawn. UIDs are "" where unknown. */
typedef struct wki_thumb_entry {
    char study[WK_UID_SIZE], series[WK_UID_SIZE], sop[WK_UID_SIZE];
    int64_t number;             /* Instance Number, -1 unknown */
    bool has_pixels;            /* as far as is known */
    bool slide;                 /* a whole slide image: the best one is chosen, not the middle */
    int preference;             /* of slides: the higher ... */
    uint64_t extent;            /* ... then the smaller */
    int64_t frames, rows, cols; /* remote: as the server lists them, 0 where it does not */
    uint32_t frame;             /* 1-based, where one was named; 0 otherwise */
    char *path;                 /* local file, owned; NULL: remote */
    size_t item;                /* remote: which item of the run's list */
    bool spooled; /* fetched already: `length` bytes from `offset` of the run's spool */
    uint64_t offset, length;
    bool chosen;
} wki_thumb_entry;

typedef struct wki_thumb_list {
    wki_thumb_entry *entries; /* n, owned */
    size_t n, room;
} wki_thumb_list;

/* Copies `entry` and takes its path, in any case. */
wk_code wki_thumb_list_add(wki_thumb_list *list, const wki_thumb_entry *entry,
                           wk_error *err) WK_MUST_USE;
void wki_thumb_list_clear(wki_thumb_list *list);

/* Sorts by study, series, pixels first, Instance Number (unknown ones last), UID and path, and
 * marks what is to be drawn: of a series its middle image, of whole slide images the best. Entries
 * without a series are each their own. Returns how many. */
size_t wki_thumb_pick(wki_thumb_list *list, wk_thumb_per per);

#ifdef __cplusplus
}
#endif

#endif
