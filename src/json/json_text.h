/*
 * JSON of any size in memory that does not grow: a strict check of the grammar (RFC 8259) in any
 * split, which hands over the text of strings in pieces as they come, and keeps nothing.
 */
#ifndef WADOKIT_JSON_JSON_TEXT_H
#define WADOKIT_JSON_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/error.h>
#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WKI_JSON_NAME_SIZE = 64
};

/*
 * A piece of a string value, unescaped.
 *   depth   0: the whole document is this string; 1: a member of the outermost object or array; ...
 *   name    of the member, cut to fit, "" in an array and at depth 0
 *   begin   the first piece of a string; end: the last one (both for a short one; n may be 0)
 */
typedef struct wki_json_piece {
    unsigned depth;
    const char *name;
    const char *data;
    size_t n;
    bool begin, end;
} wki_json_piece;

typedef wk_code (*wki_json_piece_fn)(void *user, const wki_json_piece *piece, wk_error *err);

/* Private but for `kind`: the first character of the document ('{', '[', '"', ...), 0 while there
 * is none. */
typedef struct wki_json_reader {
    wki_json_piece_fn each; /* may be NULL: only the grammar is checked */
    void *user;
    char kind;
    int state, after_string, number;
    unsigned depth;
    bool is_object[WK_MAX_JSON_DEPTH + 1];
    char name[WKI_JSON_NAME_SIZE];
    size_t name_n;
    bool is_name, begun;
    const char *word;
    unsigned hex_n, hex, high; /* of \uXXXX; the first half of a pair */
    uint64_t at;
} wki_json_reader;

void wki_json_reader_init(wki_json_reader *t, wki_json_piece_fn each, void *user);

/* WK_DATA where it is not JSON, with the byte; WK_LIMIT where it is nested deeper than
 * WK_MAX_JSON_DEPTH. After an error only wki_json_reader_init() may be called. */
wk_code wki_json_reader_feed(wki_json_reader *t, const char *data, size_t n,
                             wk_error *err) WK_MUST_USE;

/* WK_DATA where the document is not complete, or there is none. */
wk_code wki_json_reader_finish(wki_json_reader *t, wk_error *err) WK_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
