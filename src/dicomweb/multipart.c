#include "dicomweb/multipart.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/find.h"
#include "core/text.h"

enum {
    MAX_PREAMBLE = 65536,
    MAX_BLANKS = 64,  /* behind a delimiter, before the end of its line */
    HOLD_SIZE = 1024, /* more than twice the longest delimiter with blanks and line end */
    LINE_SIZE = WK_MAX_BOUNDARY_BYTES + MAX_BLANKS + 8,
};

typedef enum state {
    PREAMBLE,
    HEADERS,
    DATA,
    EPILOGUE,
    FAILED,
} state;

typedef enum verdict {
    IS_DATA,
    IS_OPEN,
    IS_CLOSE,
    NEED_MORE,
} verdict;

/*
 * delimiter  LF + "--" + boundary, delimiter_n bytes; whether a CR in front of it belongs to it is
 *            decided for each (see judge_cr)
 * hold       bytes that may be the begin of a delimiter and wait for more; the first `ghosts` of
 *            them are the line end of the part's headers, which are no data of the part
 * crlf       the first delimiter's line ended in CRLF; part_crlf: so did the part's headers
 */
struct wki_multipart {
    wki_multipart_events events;
    state state;
    char boundary[WK_MAX_BOUNDARY_BYTES + 1];
    char delimiter[WK_MAX_BOUNDARY_BYTES + 4];
    size_t delimiter_n;
    bool guessed, crlf, part_crlf;

    char line[LINE_SIZE];
    size_t line_n;
    uint64_t preamble_n;
    char first_line[64];

    wki_buf head;
    size_t head_line; /* where the current line starts in `head` */

    char hold[HOLD_SIZE];
    size_t held, ghosts;

    size_t parts;
    uint64_t part_bytes;
    int64_t declared;
};

wk_code wki_multipart_new(const char *boundary, const wki_multipart_events *events,
                          wki_multipart **out, wk_error *err)
{
    wki_multipart *m = calloc(1, sizeof *m);

    if (!m)
        return wk_fail(err, WK_NOMEM, "out of memory");
    if (boundary && !wki_strcopy(m->boundary, sizeof m->boundary, boundary)) {
        free(m);
        return wk_fail(err, WK_LIMIT, "multipart boundary longer than %d bytes",
                       WK_MAX_BOUNDARY_BYTES);
    }
    m->events = *events;
    m->guessed = m->boundary[0] == '\0';
    wki_buf_init(&m->head, WK_MAX_PART_HEADER_BYTES, "headers of a multipart part");
    *out = m;
    return WK_OK;
}

void wki_multipart_free(wki_multipart *m)
{
    if (!m)
        return;
    wki_buf_clear(&m->head);
    free(m);
}

size_t wki_multipart_parts(const wki_multipart *m)
{
    return m->parts;
}

/* The delimiter line: what stands behind the boundary. *n gets the bytes that belong to it. */
static verdict judge_tail(const char *p, size_t avail, size_t *n)
{
    size_t i = 0;

    if (avail >= 1 && p[0] == '-') {
        *n = 2;
        return avail < 2 ? NEED_MORE : p[1] == '-' ? IS_CLOSE : IS_DATA;
    }
    while (i < avail && i < MAX_BLANKS && (p[i] == ' ' || p[i] == '\t'))
        i++;
    if (i == avail)
        return NEED_MORE;
    if (p[i] == '\n') {
        *n = i + 1;
        return IS_OPEN;
    }
    if (p[i] != '\r')
        return IS_DATA;
    if (i + 1 == avail)
        return NEED_MORE;
    *n = i + 2;
    return p[i + 1] == '\n' ? IS_OPEN : IS_DATA;
}

/* --- preamble: line by line until the first delimiter --- */

/* Takes quotes off both ends. */
static const char *strip_quotes(const char *s, size_t *n)
{
    while (*n > 0 && (s[*n - 1] == '"' || s[*n - 1] == '\''))
        (*n)--;
    while (*n > 0 && (*s == '"' || *s == '\'')) {
        s++;
        (*n)--;
    }
    return s;
}

/* The boundary as told (`b`) and as it stands in the body: with other quotes, without the blanks at
 * its end, which RFC 2046 forbids, or told together with the "--" in front of it. */
static bool same_boundary(const char *a, size_t a_n, const char *b)
{
    size_t b_n = strlen(b);

    while (b_n > 0 && (b[b_n - 1] == ' ' || b[b_n - 1] == '\t'))
        b_n--;
    a = strip_quotes(a, &a_n);
    b = strip_quotes(b, &b_n);
    if (a_n > 0 && a_n == b_n && memcmp(a, b, a_n) == 0)
        return true;
    return a_n > 0 && a_n + 2 == b_n && memcmp(b, "--", 2) == 0 && memcmp(a, b + 2, a_n) == 0;
}

static bool has_control(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
            return true;
    }
    return false;
}

/* Whether the line (without its end) is the first delimiter; the boundary is then as it stands
 * there, which may differ from what was told. */
static verdict judge_first_line(wki_multipart *m, const char *line, size_t n)
{
    bool close = false;

    if (!m->guessed && n == strlen(m->boundary) + 2 && memcmp(line, "--", 2) == 0 &&
        memcmp(line + 2, m->boundary, n - 2) == 0)
        return IS_OPEN;
    while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
        n--;
    if (n < 3 || line[0] != '-' || line[1] != '-')
        return IS_DATA;
    line += 2;
    n -= 2;
    if (n > WK_MAX_BOUNDARY_BYTES || has_control(line, n))
        return IS_DATA;
    if (m->guessed) {
        memcpy(m->boundary, line, n);
        m->boundary[n] = '\0';
        return IS_OPEN;
    }
    if (!same_boundary(line, n, m->boundary)) {
        if (n < 3 || line[n - 1] != '-' || line[n - 2] != '-')
            return IS_DATA;
        close = true;
        n -= 2;
        if (!same_boundary(line, n, m->boundary))
            return IS_DATA;
    }
    memcpy(m->boundary, line, n);
    m->boundary[n] = '\0';
    return close ? IS_CLOSE : IS_OPEN;
}

enum {
    EOL = 1 /* the LF in front of a delimiter */
};

static void set_delimiter(wki_multipart *m)
{
    size_t n = strlen(m->boundary);

    memcpy(m->delimiter, "\n--", EOL + 2);
    memcpy(m->delimiter + EOL + 2, m->boundary, n);
    m->delimiter_n = EOL + 2 + n;
}

static void start_headers(wki_multipart *m)
{
    m->state = HEADERS;
    m->held = 0;
    wki_buf_reset(&m->head);
    m->head_line = 0;
}

static wk_code no_delimiter(wki_multipart *m, wk_error *err)
{
    m->state = FAILED;
    wki_text_hide_credentials(m->first_line);
    if (m->guessed)
        return wk_fail(err, WK_DATA, "not a multipart body: no delimiter; it starts with \"%s\"",
                       m->first_line);
    return wk_fail(err, WK_DATA,
                   "multipart body without its delimiter \"--%.40s\"; it starts with \"%s\"",
                   m->boundary, m->first_line);
}

/* Nothing but a closing delimiter, in a body whose boundary nobody told. */
static bool is_lone_close(const wki_multipart *m, bool has_eol)
{
    return m->guessed && !has_eol && wki_str_ends(m->boundary, "--");
}

static void end_preamble_line(wki_multipart *m, bool has_eol)
{
    bool crlf = m->line_n > 0 && m->line[m->line_n - 1] == '\r';
    size_t n = m->line_n - (crlf ? 1 : 0);
    verdict v = m->line_n <= LINE_SIZE ? judge_first_line(m, m->line, n) : IS_DATA;

    if (m->first_line[0] == '\0')
        wki_text_clean(m->first_line, sizeof m->first_line, m->line, n);
    m->line_n = 0;
    if (v == IS_CLOSE || (v == IS_OPEN && is_lone_close(m, has_eol)))
        m->state = EPILOGUE;
    if (v != IS_OPEN || !has_eol)
        return;
    m->crlf = m->part_crlf = crlf;
    set_delimiter(m);
    start_headers(m);
}

static wk_code feed_preamble(wki_multipart *m, const char *p, size_t n, size_t *used, wk_error *err)
{
    const char *lf = memchr(p, '\n', n);
    size_t line_n = lf ? (size_t)(lf - p) : n;
    size_t room = LINE_SIZE - m->line_n;
    size_t kept = line_n < room ? line_n : room;

    memcpy(m->line + m->line_n, p, kept);
    m->line_n += kept;
    *used = line_n + (lf ? 1 : 0);
    m->preamble_n += *used;
    if (lf)
        end_preamble_line(m, true);
    if (m->state == PREAMBLE && m->preamble_n > MAX_PREAMBLE) {
        if (m->first_line[0] == '\0')
            wki_text_clean(m->first_line, sizeof m->first_line, m->line, m->line_n);
        return no_delimiter(m, err);
    }
    return WK_OK;
}

/* --- headers of a part --- */

static bool header_is(const char *line, const char *name, const char **value)
{
    size_t n = strlen(name);

    if (!wki_str_istarts(line, name))
        return false;
    line += n;
    while (*line == ' ' || *line == '\t')
        line++;
    if (*line != ':')
        return false;
    line++;
    while (*line == ' ' || *line == '\t')
        line++;
    *value = line;
    return true;
}

static int64_t read_length(const char *value)
{
    int64_t n = 0;
    const char *p = value;

    for (; *p >= '0' && *p <= '9'; p++) {
        if (n > (INT64_MAX - 9) / 10)
            return -1;
        n = n * 10 + (*p - '0');
    }
    while (*p == ' ' || *p == '\t' || *p == ';')
        p++;
    return p > value && *p == '\0' ? n : -1;
}

static void read_header_line(wki_part_head *head, const char *line)
{
    const char *value;

    if (header_is(line, "Content-Type", &value))
        head->content_type = value;
    else if (header_is(line, "Content-Location", &value))
        head->content_location = value;
    else if (header_is(line, "Content-Length", &value))
        head->content_length = read_length(value);
    else if (header_is(line, "Content-Transfer-Encoding", &value))
        head->encoded =
            wki_str_istarts(value, "base64") || wki_str_istarts(value, "quoted-printable");
}

/* Cuts the block into lines in place: folds are opened, line ends become NUL. */
static void read_headers(char *text, size_t n, wki_part_head *head)
{
    for (size_t i = 0; i < n; i++) {
        bool folded = text[i] == '\n' && i + 1 < n && (text[i + 1] == ' ' || text[i + 1] == '\t');

        if (text[i] == '\r' || text[i] == '\t' || text[i] == '\0')
            text[i] = ' ';
        if (text[i] == '\n')
            text[i] = folded ? ' ' : '\0';
    }
    for (size_t i = 0; i < n; i += strlen(text + i) + 1) {
        size_t line_n = strlen(text + i);

        while (line_n > 0 && text[i + line_n - 1] == ' ') {
            /* A cut blank must not end the walk early: the NULs are walked over one by one. */
            text[i + --line_n] = '\0';
        }
        read_header_line(head, text + i);
    }
}

static wk_code begin_part(wki_multipart *m, wk_error *err)
{
    wki_part_head head = {.content_type = "", .content_location = "", .content_length = -1};

    if (m->parts >= WK_MAX_PARTS)
        return wk_fail(err, WK_LIMIT, "more than %d parts in a multipart body", WK_MAX_PARTS);
    head.index = m->parts++;
    if (m->head.n > 0)
        read_headers(m->head.data, m->head.n, &head);
    m->declared = head.content_length;
    m->part_bytes = 0;
    m->state = DATA;
    return m->events.part_begin(m->events.user, &head, err);
}

/* The line end of the headers may be that of the next delimiter: an empty part. */
static void start_data(wki_multipart *m)
{
    m->hold[0] = '\n';
    m->held = m->ghosts = EOL;
}

/* A delimiter in the place of a header line: a part without a body (RFC 2046: body is optional). */
static verdict judge_header_line(const wki_multipart *m, const char *line, size_t n)
{
    size_t prefix_n = m->delimiter_n - EOL;
    size_t tail_n;

    if (n < prefix_n || memcmp(line, m->delimiter + EOL, prefix_n) != 0)
        return IS_DATA;
    return judge_tail(line + prefix_n, n - prefix_n, &tail_n);
}

static wk_code end_part(wki_multipart *m, verdict v, wk_error *err)
{
    wk_code rc = m->events.part_end(m->events.user, WKI_PART_WHOLE, err);

    if (v == IS_CLOSE)
        m->state = EPILOGUE;
    else
        start_headers(m);
    m->held = m->ghosts = 0;
    return rc;
}

static wk_code end_header_line(wki_multipart *m, wk_error *err)
{
    const char *line = m->head.data + m->head_line;
    size_t n = m->head.n - m->head_line;
    verdict v = judge_header_line(m, line, n);
    wk_code rc;

    if (v == IS_OPEN || v == IS_CLOSE) {
        m->head.n = m->head_line;
        rc = begin_part(m, err);
        return rc != WK_OK ? rc : end_part(m, v, err);
    }
    if (n == 1 || (n == 2 && line[0] == '\r')) {
        m->part_crlf = n == 2;
        m->head.n = m->head_line;
        rc = begin_part(m, err);
        start_data(m);
        return rc;
    }
    m->head_line = m->head.n;
    return WK_OK;
}

static wk_code feed_headers(wki_multipart *m, const char *p, size_t n, size_t *used, wk_error *err)
{
    const char *lf = memchr(p, '\n', n);
    size_t take = lf ? (size_t)(lf - p) + 1 : n;
    wk_code rc = wki_buf_add(&m->head, p, take, err);

    *used = take;
    if (rc != WK_OK || !lf)
        return rc;
    return end_header_line(m, err);
}

/* --- data of a part --- */

static wk_code emit(wki_multipart *m, const char *p, size_t n, wk_error *err)
{
    size_t ghosts = m->ghosts < n ? m->ghosts : n;

    m->ghosts -= ghosts;
    p += ghosts;
    n -= ghosts;
    if (n == 0)
        return WK_OK;
    m->part_bytes += n;
    return m->events.part_data(m->events.user, p, n, err);
}

/* Where the first run at the end of p that may be the begin of a delimiter, or the CR in front of
 * one, starts; n: nowhere. */
static size_t find_partial(const wki_multipart *m, const char *p, size_t n)
{
    size_t at = n >= m->delimiter_n ? n - m->delimiter_n + 1 : 0;

    while (at < n) {
        const char *c = memchr(p + at, m->delimiter[0], n - at);

        at = c ? (size_t)(c - p) : n;
        if (c && memcmp(c, m->delimiter, n - at) == 0)
            break;
        at += c ? 1 : 0;
    }
    return at > 0 && p[at - 1] == '\r' ? at - 1 : at;
}

/* --- whose CR, whose LF --- */

static int64_t missing(const wki_multipart *m)
{
    return m->events.missing ? m->events.missing(m->events.user) : -1;
}

/* Whether the CR in front of a delimiter's LF is the part's last byte. What the part is made of
 * tells first (a data set that lacks exactly one byte, or none), then the length that its headers
 * declare, then the line ends around it: where all that are known are LF alone, the CR is data. */
static bool judge_cr(const wki_multipart *m, bool tail_crlf)
{
    int64_t left = missing(m);

    if (left == 0 || left == 1)
        return left == 1;
    if (m->declared >= 0 && (uint64_t)m->declared == m->part_bytes)
        return false;
    if (m->declared >= 0 && (uint64_t)m->declared == m->part_bytes + 1)
        return true;
    return !(tail_crlf || m->part_crlf || m->crlf);
}

/* What stands behind a delimiter. */
typedef enum tail_end {
    TAIL_UNKNOWN, /* the closing one */
    TAIL_LF,
    TAIL_CRLF,
} tail_end;

/* Whether a delimiter after LF alone, where lines end in CRLF, is one. The part tells, else its
 * length, else the line end of the delimiter itself. */
static bool judge_lf(const wki_multipart *m, tail_end tail)
{
    int64_t left = missing(m);

    if (!(m->crlf && m->part_crlf))
        return true;
    if (left >= 0)
        return left == 0;
    return tail == TAIL_LF || (m->declared >= 0 && (uint64_t)m->declared == m->part_bytes);
}

/* Looks at a delimiter whose LF is p[at]; what is in front of it is handed on from *from, which is
 * then behind that. */
static wk_code take_delimiter(wki_multipart *m, const char *p, size_t at, tail_end tail,
                              size_t *from, bool *is, wk_error *err)
{
    bool cr = at > *from && p[at - 1] == '\r';
    bool of_headers = at < m->ghosts; /* an empty part */
    size_t end = at - (cr ? 1 : 0);
    wk_code rc = emit(m, p + *from, end - *from, err);

    *from = end;
    *is = true;
    if (rc != WK_OK)
        return rc;
    if (cr && judge_cr(m, tail == TAIL_CRLF)) {
        *from = at;
        return emit(m, p + end, 1, err);
    }
    *is = cr || of_headers || judge_lf(m, tail);
    return WK_OK;
}

/* Looks for a delimiter in p, hands on what is surely data, and tells in *used how far it came: the
 * rest waits for more. A delimiter ends the part, and the look. */
static wk_code scan(wki_multipart *m, const char *p, size_t n, size_t *used, wk_error *err)
{
    size_t at = 0, from = 0, tail_n = 0;
    bool is = false;
    wk_code rc = WK_OK;

    *used = 0;
    while (rc == WK_OK) {
        const char *found = wki_find(p + at, n - at, m->delimiter, m->delimiter_n), *tail;
        verdict v;

        if (!found) {
            *used = from + find_partial(m, p + from, n - from);
            return emit(m, p + from, *used - from, err);
        }
        at = (size_t)(found - p);
        tail = found + m->delimiter_n;
        v = judge_tail(tail, n - at - m->delimiter_n, &tail_n);
        if (v == NEED_MORE) {
            *used = at > from && p[at - 1] == '\r' ? at - 1 : at;
            return emit(m, p + from, *used - from, err);
        }
        if (v != IS_DATA) {
            bool crlf = tail_n >= 2 && tail[tail_n - 2] == '\r';

            rc = take_delimiter(m, p, at,
                                v == IS_CLOSE ? TAIL_UNKNOWN
                                : crlf        ? TAIL_CRLF
                                              : TAIL_LF,
                                &from, &is, err);
            if (rc == WK_OK && is) {
                *used = at + m->delimiter_n + tail_n;
                return end_part(m, v, err);
            }
        }
        at++;
    }
    return rc;
}

/* The bytes that wait, joined with the next ones. */
static wk_code feed_held(wki_multipart *m, const char *p, size_t n, size_t *used, wk_error *err)
{
    size_t held = m->held;
    size_t take = n < HOLD_SIZE - held ? n : HOLD_SIZE - held;
    size_t done = 0;
    wk_code rc;

    memcpy(m->hold + held, p, take);
    rc = scan(m, m->hold, held + take, &done, err);
    if (rc != WK_OK)
        return rc;
    if (m->state != DATA || done >= held) {
        m->held = 0;
        *used = done - held;
        return WK_OK;
    }
    m->held = held + take - done;
    memmove(m->hold, m->hold + done, m->held);
    *used = take;
    return WK_OK;
}

static wk_code feed_data(wki_multipart *m, const char *p, size_t n, size_t *used, wk_error *err)
{
    wk_code rc;

    if (m->held > 0)
        return feed_held(m, p, n, used, err);
    rc = scan(m, p, n, used, err);
    if (rc != WK_OK || m->state != DATA)
        return rc;
    m->held = n - *used;
    memcpy(m->hold, p + *used, m->held);
    *used = n;
    return WK_OK;
}

wk_code wki_multipart_feed(wki_multipart *m, const void *data, size_t n, wk_error *err)
{
    const char *p = data;
    wk_code rc = WK_OK;

    while (n > 0 && rc == WK_OK) {
        size_t used = n;

        switch (m->state) {
        case PREAMBLE:
            rc = feed_preamble(m, p, n, &used, err);
            break;
        case HEADERS:
            rc = feed_headers(m, p, n, &used, err);
            break;
        case DATA:
            rc = feed_data(m, p, n, &used, err);
            break;
        case EPILOGUE:
            break;
        case FAILED:
            return wk_fail(err, WK_DATA, "multipart body given up before");
        }
        p += used;
        n -= used;
    }
    if (rc != WK_OK)
        m->state = FAILED;
    return rc;
}

/* --- the end --- */

/* How much of the data that waits at the end of the body is the part's: what it is known to lack.
 */
static size_t own_bytes(const wki_multipart *m, size_t data_n, bool delimited)
{
    bool cr = m->held > 0 && m->hold[0] == '\r';
    int64_t left = missing(m);

    if (delimited)
        return cr && judge_cr(m, false) ? 1 : 0;
    if (left < 0 && m->declared >= 0 && (uint64_t)m->declared > m->part_bytes)
        left = m->declared - (int64_t)m->part_bytes;
    return left <= 0 ? 0 : (uint64_t)left < data_n ? (size_t)left : data_n;
}

/* What waits at the end of the body is the begin of a delimiter, unless the part lacks it. */
static wk_code finish_data(wki_multipart *m, bool *terminated, wk_error *err)
{
    bool cr = m->held > 0 && m->hold[0] == '\r';
    bool delimited = m->held - (cr ? 1 : 0) >= m->delimiter_n;
    size_t own = own_bytes(m, m->held - m->ghosts, delimited);
    wki_part_end end = WKI_PART_CUT;
    wk_code rc = own > 0 ? emit(m, m->hold, m->ghosts + own, err) : WK_OK;

    if (rc != WK_OK)
        return rc;
    if (delimited)
        end = WKI_PART_WHOLE;
    else if (m->declared >= 0 && (uint64_t)m->declared == m->part_bytes)
        end = WKI_PART_UNTERMINATED;
    *terminated = false;
    return m->events.part_end(m->events.user, end, err);
}

static wk_code finish_headers(wki_multipart *m, bool *terminated, wk_error *err)
{
    const char *line = m->head.n > 0 ? m->head.data + m->head_line : "";
    size_t n = m->head.n - m->head_line;
    verdict v = judge_header_line(m, line, n);
    wk_code rc = WK_OK;

    if (m->head.n == 0 && m->parts == 0 && m->guessed && wki_str_ends(m->boundary, "--")) {
        *terminated = true; /* nothing but a closing delimiter */
        return WK_OK;
    }
    /* Less than a whole head says nothing of a part, unless a delimiter closes it. */
    if (v == IS_CLOSE) {
        m->head.n = m->head_line;
        rc = begin_part(m, err);
        if (rc == WK_OK)
            rc = end_part(m, v, err);
        *terminated = rc == WK_OK;
    }
    return rc;
}

wk_code wki_multipart_finish(wki_multipart *m, bool *terminated, wk_error *err)
{
    bool closed = false;
    wk_code rc = WK_OK;

    if (m->state == PREAMBLE && m->line_n > 0)
        end_preamble_line(m, false);
    switch (m->state) {
    case PREAMBLE:
        rc = no_delimiter(m, err);
        break;
    case HEADERS:
        rc = finish_headers(m, &closed, err);
        break;
    case DATA:
        rc = finish_data(m, &closed, err);
        break;
    case EPILOGUE:
        closed = true;
        break;
    case FAILED:
        rc = wk_fail(err, WK_DATA, "multipart body given up before");
        break;
    }
    if (rc == WK_OK && terminated)
        *terminated = closed;
    m->state = FAILED;
    return rc;
}
