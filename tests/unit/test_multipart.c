#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "dicomweb/media_type.h"
#include "dicomweb/multipart.h"
#include "support/t.h"

/* What the parser said, as text: "<type|length>data<end>" for each part. */
struct seen {
    wki_buf text;
    bool terminated;
};

static wk_code on_begin(void *user, const wki_part_head *head, wk_error *err)
{
    struct seen *s = user;

    return wki_buf_addf(&s->text, err, "<%s|%lld%s>", head->content_type,
                        (long long)head->content_length, head->encoded ? "|encoded" : "");
}

static wk_code on_data(void *user, const void *data, size_t n, wk_error *err)
{
    struct seen *s = user;

    return wki_buf_add(&s->text, data, n, err);
}

static wk_code on_end(void *user, wki_part_end end, wk_error *err)
{
    static const char *const words[] = {"</>", "</unterminated>", "</cut>"};
    struct seen *s = user;

    return wki_buf_add(&s->text, words[end], strlen(words[end]), err);
}

static void seen_init(struct seen *s)
{
    memset(s, 0, sizeof *s);
    wki_buf_init(&s->text, 64u << 20, "test");
}

/* Feeds `body` in pieces of 1 to `most` bytes. */
static wk_code run(struct seen *s, const char *boundary, const char *body, size_t n, size_t most,
                   size_t seed, wk_error *err)
{
    wki_multipart_events events = {on_begin, on_data, on_end, s, NULL};
    wki_multipart *m = NULL;
    wk_code rc = wki_multipart_new(boundary, &events, &m, err);
    uint32_t random = (uint32_t)seed * 2654435761u + 1;

    for (size_t at = 0; rc == WK_OK && at < n;) {
        size_t piece;

        random = random * 1664525u + 1013904223u;
        piece = 1 + (random >> 8) % most;
        if (piece > n - at)
            piece = n - at;
        rc = wki_multipart_feed(m, body + at, piece, err);
        at += piece;
    }
    if (rc == WK_OK)
        rc = wki_multipart_finish(m, &s->terminated, err);
    wki_multipart_free(m);
    return rc;
}

static const struct {
    const char *why, *boundary, *body, *expected;
    bool terminated;
} bodies[] = {
    {"plain", "b1", "--b1\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\nxyz\r\n--b1--\r\n",
     "<a/b|3>xyz</>", true},
    {"two parts, preamble, epilogue", "b1",
     "pre\r\namble\r\n--b1\r\n\r\none\r\n--b1\r\nA: b\r\n\r\ntwo\r\n--b1--\r\nepi\r\n--b1\r\n\r\nx",
     "<|-1>one</><|-1>two</>", true},
    {"leading blank lines", "b1", "\r\n\r\n--b1\r\n\r\nx\r\n--b1--", "<|-1>x</>", true},
    {"no final line end", "b1", "--b1\r\n\r\nx\r\n--b1--", "<|-1>x</>", true},
    {"LF only, CR before the delimiter is data", "b1", "--b1\n\nx\r\n--b1--\n", "<|-1>x\r</>",
     true},
    {"CRLF mode, bare LF before a boundary is data", "b1", "--b1\r\n\r\nx\n--b1--\r\n--b1--",
     "<|-1>x\n--b1--</>", true},
    {"prefix of the boundary is data", "1.2.3",
     "--1.2.3\r\n\r\nx\r\n--1.2.3.4\r\ny\r\n--1.2.3-\r\n--1.2.3 z\r\n--1.2.3--",
     "<|-1>x\r\n--1.2.3.4\r\ny\r\n--1.2.3-\r\n--1.2.3 z</>", true},
    {"a longer line is not the first delimiter", "1.2.3",
     "--1.2.3.4\r\n--1.2.3\r\n\r\nx\r\n--1.2.3--", "<|-1>x</>", true},
    {"blanks behind delimiters", "b", "--b \t\r\n\r\nx\r\n--b  \r\n\r\ny\r\n--b-- ",
     "<|-1>x</><|-1>y</>", true},
    {"boundary with spaces", "DICOM DATA BOUNDARY",
     "--DICOM DATA BOUNDARY\r\n\r\nx\r\n--DICOM DATA BOUNDARY--", "<|-1>x</>", true},
    {"blank at the end of the boundary, in both places", "b ",
     "--b \r\n\r\nx\r\n--b \r\n\r\ny\r\n--b --", "<|-1>x</><|-1>y</>", true},
    {"blank at the end of the boundary, in the header only", "b ", "--b\r\n\r\nx\r\n--b--",
     "<|-1>x</>", true},
    {"told with its hyphens", "--b", "--b\r\n\r\nx\r\n--b--", "<|-1>x</>", true},
    {"hyphens of its own", "--b", "----b\r\n\r\nx\r\n--b\r\n----b--", "<|-1>x\r\n--b</>", true},
    {"no boundary told", NULL, "\r\n--BOUNDARY_1-2\r\n\r\nx\r\n--BOUNDARY_1-2--\r\n", "<|-1>x</>",
     true},
    {"quotes in the body only", "abc", "--\"abc\"\r\n\r\nx\r\n--\"abc\"--", "<|-1>x</>", true},
    {"quotes in the header only", "'abc'", "--abc\r\n\r\nx\r\n--abc--", "<|-1>x</>", true},
    {"no closing delimiter, length met", "b", "--b\r\nContent-Length: 2\r\n\r\nxy",
     "<|2>xy</unterminated>", false},
    {"no closing delimiter, length not met", "b", "--b\r\nContent-Length: 9\r\n\r\nxy",
     "<|9>xy</cut>", false},
    {"no closing delimiter, no length", "b", "--b\r\n\r\nxy", "<|-1>xy</cut>", false},
    {"cut in the closing delimiter", "b12", "--b12\r\nContent-Length: 2\r\n\r\nxy\r\n--b",
     "<|2>xy</unterminated>", false},
    {"cut in a delimiter-like end that was declared", "b12",
     "--b12\r\nContent-Length: 6\r\n\r\nxy\r\n--b", "<|6>xy\r\n--</unterminated>", false},
    {"cut behind the boundary", "b12", "--b12\r\n\r\nxy\r\n--b12", "<|-1>xy</>", false},
    {"ends between parts", "b", "--b\r\n\r\nxy\r\n--b\r\n", "<|-1>xy</>", false},
    {"wrong length, too small", "b", "--b\r\nContent-Length: 1\r\n\r\nxyz\r\n--b--", "<|1>xyz</>",
     true},
    {"wrong length, too large", "b",
     "--b\r\nContent-Length: 99\r\n\r\nxyz\r\n--b\r\n\r\nq\r\n--b--", "<|99>xyz</><|-1>q</>", true},
    {"empty part", "b", "--b\r\n\r\n\r\n--b--", "<|-1></>", true},
    {"empty part without its line end", "b", "--b\r\n\r\n--b--", "<|-1></>", true},
    {"part without body", "b", "--b\r\nContent-Type: x/y\r\n--b\r\n\r\n1\r\n--b--",
     "<x/y|-1></><|-1>1</>", true},
    {"zero parts", "b", "--b--\r\n", "", true},
    {"zero parts, no boundary told", NULL, "--b--\r\n", "", true},
    {"zero parts, no boundary told, no line end", NULL, "--b--", "", true},
    {"folded header, blanks, any case", "b",
     "--b\r\ncontent-TYPE :  a/b;\r\n\tc=d  \r\n\r\nx\r\n--b--", "<a/b;   c=d|-1>x</>", true},
    {"trailing semicolon in a number", "b", "--b\r\nContent-Length: 1;\r\n\r\nx\r\n--b--",
     "<|1>x</>", true},
    {"absurd length", "b", "--b\r\nContent-Length: 99999999999999999999999\r\n\r\nx\r\n--b--",
     "<|-1>x</>", true},
    {"base64", "b", "--b\r\nContent-Transfer-Encoding: BASE64\r\n\r\nx\r\n--b--",
     "<|-1|encoded>x</>", true},
    {"delimiter begins again inside itself", "b", "--b\r\n\r\n\r\r\n\r\n-\r\n--\r\n--b--",
     "<|-1>\r\r\n\r\n-\r\n--</>", true},
};

static void test_bodies(void)
{
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        for (unsigned most = 1; most <= 64; most *= 2) {
            wk_error err = {0};
            struct seen s;

            seen_init(&s);
            T_OK(run(&s, bodies[i].boundary, bodies[i].body, strlen(bodies[i].body), most, i, &err),
                 &err);
            if (strcmp(wki_buf_text(&s.text), bodies[i].expected) != 0)
                printf("\n  %s (pieces of %u)", bodies[i].why, most);
            T_STR(wki_buf_text(&s.text), bodies[i].expected);
            CU_ASSERT_EQUAL(s.terminated, bodies[i].terminated);
            wki_buf_clear(&s.text);
        }
    }
}

static void test_every_cut(void)
{
    const char *body = "--b1\r\n\r\na\r\n--b\r\n--b1\r\nX: y\r\n\r\n\r\n--b1x\r\n--b1--\r\n";
    size_t n = strlen(body);

    for (size_t cut = 0; cut <= n; cut++) {
        wki_multipart_events events = {on_begin, on_data, on_end, NULL, NULL};
        wki_multipart *m = NULL;
        wk_error err = {0};
        struct seen s;

        seen_init(&s);
        events.user = &s;
        T_OK(wki_multipart_new("b1", &events, &m, &err), &err);
        T_OK(wki_multipart_feed(m, body, cut, &err), &err);
        T_OK(wki_multipart_feed(m, body + cut, n - cut, &err), &err);
        T_OK(wki_multipart_finish(m, &s.terminated, &err), &err);
        T_STR(wki_buf_text(&s.text), "<|-1>a\r\n--b</><|-1>\r\n--b1x</>");
        wki_multipart_free(m);
        wki_buf_clear(&s.text);
    }
}

/* ---- line ends now so, now so ---- */

/* Bodies are made of parts whose bytes are known: what comes out is compared with what went in. */
struct mixed {
    const char *part;
    size_t part_n;
    bool tells; /* the part knows what it lacks, as DICOM does */
    wki_buf got;
    size_t parts;
};

static wk_code mixed_begin(void *user, const wki_part_head *head, wk_error *err)
{
    struct mixed *x = user;

    (void)head;
    (void)err;
    wki_buf_reset(&x->got);
    return WK_OK;
}

static wk_code mixed_data(void *user, const void *data, size_t n, wk_error *err)
{
    return wki_buf_add(&((struct mixed *)user)->got, data, n, err);
}

static wk_code mixed_end(void *user, wki_part_end end, wk_error *err)
{
    struct mixed *x = user;

    (void)end;
    (void)err;
    x->parts++;
    CU_ASSERT_EQUAL(x->got.n, x->part_n);
    CU_ASSERT(x->got.n == x->part_n && memcmp(wki_buf_text(&x->got), x->part, x->part_n) == 0);
    return WK_OK;
}

static int64_t mixed_missing(void *user)
{
    const struct mixed *x = user;

    return !x->tells ? -1 : x->got.n < x->part_n ? (int64_t)(x->part_n - x->got.n) : 0;
}

enum {
    PARTS = 3,
    PLACES = 4 /* line ends of a part: in front of its delimiter, behind it, of a header, blank */
};

static void add_eol(wki_buf *b, bool crlf)
{
    wk_error err = {0};

    T_OK(wki_buf_add(b, crlf ? "\r\n" : "\n", crlf ? 2 : 1, &err), &err);
}

/* Bit i of `ends`: the line end at place i of each part is CRLF; `flip`: the other way round in the
 * second part. */
static void make_mixed(wki_buf *b, const struct mixed *x, unsigned ends, bool flip, bool length)
{
    wk_error err = {0};

    wki_buf_init(b, 1 << 20, "body");
    T_OK(wki_buf_addf(b, &err, "preamble\n"), &err);
    for (unsigned i = 0; i <= PARTS; i++) {
        unsigned e = flip && i == 1 ? ~ends : ends;

        if (i > 0)
            add_eol(b, e & 1);
        T_OK(wki_buf_addf(b, &err, "--bo%s", i == PARTS ? "--" : ""), &err);
        add_eol(b, e & 2);
        if (i == PARTS)
            break;
        T_OK(wki_buf_addf(b, &err, "A: b"), &err);
        add_eol(b, e & 4);
        if (length) {
            T_OK(wki_buf_addf(b, &err, "Content-Length: %zu", x->part_n), &err);
            add_eol(b, e & 4);
        }
        add_eol(b, e & 8);
        T_OK(wki_buf_add(b, x->part, x->part_n, &err), &err);
    }
    T_OK(wki_buf_addf(b, &err, "epilogue"), &err);
}

static void feed_mixed(struct mixed *x, const wki_buf *body, size_t step)
{
    wki_multipart_events events = {mixed_begin, mixed_data, mixed_end, x, mixed_missing};
    wki_multipart *m = NULL;
    wk_error err = {0};
    bool terminated = false;

    x->parts = 0;
    wki_buf_init(&x->got, 1 << 20, "part");
    T_OK(wki_multipart_new("bo", &events, &m, &err), &err);
    for (size_t at = 0; at < body->n; at += step) {
        size_t n = body->n - at < step ? body->n - at : step;

        T_OK(wki_multipart_feed(m, body->data + at, n, &err), &err);
    }
    T_OK(wki_multipart_finish(m, &terminated, &err), &err);
    CU_ASSERT_EQUAL(x->parts, PARTS);
    CU_ASSERT_TRUE(terminated);
    wki_multipart_free(m);
    wki_buf_clear(&x->got);
}

/* Without a word of the part itself only line ends that are all of one kind are free of doubt. */
static bool is_doubtful(const struct mixed *x, unsigned ends, bool flip, bool length)
{
    return !x->tells && !length && (flip || (ends != 0 && ends != 15));
}

static void test_no_byte_changes_where_line_ends_are_mixed(void)
{
    static const struct {
        const char *text;
        size_t n;
    } parts[] = {
        {"x", 1},        {"", 0},
        {"\r", 1},       {"\n", 1},
        {"\r\n", 2},     {"x\r", 2},
        {"x\n", 2},      {"x\r\n", 3},
        {"x\n\r", 3},    {"x\r\r\n\r", 5},
        {"\0\r\0\r", 4}, {"--box", 5},
        {"x\n--box", 7}, {"x\r\n--bo\rx", 9},
        {"\n--bo-x", 7}, {"x\r\n--b\r\n", 8},
    };
    static const size_t steps[] = {1, 2, 3, 7, 4096};

    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
        for (unsigned how = 0; how < 16 * 8 * 5; how++) {
            unsigned ends = how & 15;
            bool flip = how & 16, length = how & 32;
            struct mixed x = {parts[p].text, parts[p].n, (how & 64) != 0, {0}, 0};
            wki_buf body;

            if (is_doubtful(&x, ends, flip, length))
                continue;
            make_mixed(&body, &x, ends, flip, length);
            feed_mixed(&x, &body, steps[how / 128]);
            wki_buf_clear(&body);
        }
    }
}

/* The whole delimiter inside of a part, which knows that it is not at its end. */
static void test_a_delimiter_inside_of_a_part(void)
{
    static const char part[] = "pixels\n--bo\r\npixels";
    struct mixed x = {part, sizeof part - 1, true, {0}, 0};
    wki_buf body;

    make_mixed(&body, &x, 15, false, false);
    feed_mixed(&x, &body, 5);
    wki_buf_clear(&body);
}

static void test_the_last_part_gets_what_it_lacks(void)
{
    static const char *const tails[] = {"", "\r\n--bo", "\n--bo", "\r\n--b"};

    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct mixed x = {"x\r", 2, true, {0}, 0};
        wki_multipart_events events = {mixed_begin, mixed_data, mixed_end, &x, mixed_missing};
        wki_multipart *m = NULL;
        wki_buf body;
        wk_error err = {0};

        wki_buf_init(&body, 1024, "body");
        wki_buf_init(&x.got, 1024, "part");
        T_OK(wki_buf_addf(&body, &err, "--bo\r\n\r\nx\r%s", tails[i]), &err);
        T_OK(wki_multipart_new("bo", &events, &m, &err), &err);
        T_OK(wki_multipart_feed(m, body.data, body.n, &err), &err);
        T_OK(wki_multipart_finish(m, NULL, &err), &err);
        CU_ASSERT_EQUAL(x.parts, 1);
        wki_multipart_free(m);
        wki_buf_clear(&body);
        wki_buf_clear(&x.got);
    }
}

static void add(wki_buf *b, const char *text, size_t n)
{
    wk_error err = {0};

    T_OK(wki_buf_add(b, text, n, &err), &err);
}

static void add_text(wki_buf *b, const char *text)
{
    add(b, text, strlen(text));
}

/* A slow parser over the whole body, whose lines end in CRLF but for those of a delimiter between
 * two LF: looks at every place in turn. */
static size_t slow_delimiter(const char *body, size_t n, size_t from, const char *boundary,
                             size_t *after, bool *closed)
{
    size_t b_n = strlen(boundary);

    for (size_t i = from; i + 3 + b_n <= n; i++) {
        bool crlf = i + 4 + b_n <= n && memcmp(body + i, "\r\n--", 4) == 0;
        size_t begin = i + (crlf ? 4 : 3), p = begin + b_n;

        if ((!crlf && memcmp(body + i, "\n--", 3) != 0) || memcmp(body + begin, boundary, b_n) != 0)
            continue;
        if (!crlf) {
            while (p < n && (body[p] == ' ' || body[p] == '\t'))
                p++;
            if (p < n && body[p] == '\n') {
                *after = p + 1;
                return i;
            }
            continue;
        }
        *closed = p + 1 < n && body[p] == '-' && body[p + 1] == '-';
        if (*closed) {
            *after = p + 2;
            return i;
        }
        while (p < n && (body[p] == ' ' || body[p] == '\t'))
            p++;
        if (p < n && body[p] == '\n') {
            *after = p + 1;
            return i;
        }
        if (p + 1 < n && body[p] == '\r' && body[p + 1] == '\n') {
            *after = p + 2;
            return i;
        }
    }
    return SIZE_MAX;
}

static void slow_parse(struct seen *s, const char *body, size_t n, const char *boundary)
{
    size_t at = strlen(boundary) + 4; /* "--boundary\r\n" */
    bool closed = false;

    while (!closed && at < n) {
        size_t start = at + 2; /* no headers: an empty line */
        size_t end = slow_delimiter(body, n, start - 2, boundary, &at, &closed);

        CU_ASSERT_FATAL(end != SIZE_MAX);
        add_text(&s->text, "<|-1>");
        if (end > start)
            add(&s->text, body + start, end - start);
        add_text(&s->text, "</>");
    }
}

/* Whether each delimiter is followed by an empty line: the slow parser knows no headers. */
static bool has_no_headers(const wki_buf *body)
{
    size_t after = 0;
    bool closed = false;

    while (slow_delimiter(body->data, body->n, after, "1.2", &after, &closed) != SIZE_MAX) {
        if (closed)
            return true;
        if (after + 2 > body->n || memcmp(body->data + after, "\r\n", 2) != 0)
            return false;
    }
    return false;
}

static void make_body(wki_buf *body, unsigned n_bits, uint32_t *random)
{
    static const char *const bits[] = {"\r",   "\n",      "-",         "--",          "b",
                                       "1.2",  "\r\n--",  "\r\n--1.2", "x",           " ",
                                       "\r\n", "--1.2.3", "1.2\r\n",   "\r\n--1.2 \t"};

    add_text(body, "--1.2\r\n\r\n");
    for (unsigned i = 0; i < n_bits; i++) {
        *random = *random * 1664525u + 1013904223u;
        if ((*random >> 9) % 12 == 0)
            add_text(body, "\r\n--1.2\r\n\r\n");
        else
            add_text(body, bits[(*random >> 13) % (sizeof bits / sizeof bits[0])]);
    }
    add_text(body, "\r\n--1.2--\r\n");
}

/* Bodies made of pieces that look like delimiters, against the slow parser, over random splits. */
static void test_differential(void)
{
    uint32_t random = 20240607;
    unsigned compared = 0;

    for (unsigned round = 0; round < 4000; round++) {
        wki_buf body;
        wk_error err = {0};
        struct seen fast, slow;

        seen_init(&fast);
        seen_init(&slow);
        wki_buf_init(&body, 1 << 20, "body");
        make_body(&body, round % 60, &random);
        if (has_no_headers(&body)) {
            T_OK(run(&fast, "1.2", body.data, body.n, 1 + round % 23, round, &err), &err);
            slow_parse(&slow, body.data, body.n, "1.2");
            T_STR(wki_buf_text(&fast.text), wki_buf_text(&slow.text));
            compared++;
        }
        wki_buf_clear(&body);
        wki_buf_clear(&fast.text);
        wki_buf_clear(&slow.text);
    }
    CU_ASSERT(compared > 1000);
}

static void test_refusals(void)
{
    wk_error err = {0};
    struct seen s;
    char *big = malloc(200000);

    CU_ASSERT_PTR_NOT_NULL_FATAL(big);
    seen_init(&s);
    T_FAILS(run(&s, "b", "<html>no</html>", 15, 99, 1, &err), WK_DATA, &err);
    T_HAS(err.message, "<html>no</html>");
    wk_error_clear(&err);
    T_FAILS(run(&s, NULL, "", 0, 99, 1, &err), WK_DATA, &err);
    wk_error_clear(&err);
    memset(big, 'x', 200000);
    T_FAILS(run(&s, "b", big, 200000, 9999, 1, &err), WK_DATA, &err);
    wk_error_clear(&err);
    memcpy(big, "--b\r\n", 5);
    T_FAILS(run(&s, "b", big, 200000, 9999, 1, &err), WK_LIMIT, &err);
    wk_error_clear(&err);
    big[1000] = '\0';
    T_FAILS(run(&s, big, "x", 1, 1, 1, &err), WK_LIMIT, &err);
    wki_buf_clear(&s.text);
    free(big);
}

static void test_parameters(void)
{
    static const struct {
        const char *value, *name, *expected;
    } rows[] = {
        {"multipart/related; type=\"application/dicom\"; boundary=abc", "boundary", "abc"},
        {"multipart/related;;; BOUNDARY = \"a b;c\" ;", "boundary", "a b;c"},
        {"multipart/related;type='application/dicom';boundary='x'", "boundary", "x"},
        {"multipart/related;type='application/dicom';boundary='x'", "type", "application/dicom"},
        {"multipart/related; boundary=DICOM DATA BOUNDARY; type=a", "boundary",
         "DICOM DATA BOUNDARY"},
        {"multipart/related; boundary=it's", "boundary", "it's"},
        {"multipart/related; boundary=\"a\\\"b\"", "boundary", "a\"b"},
        {"application/dicom;transfer-syntax:1.2.840", "transfer-syntax", "1.2.840"},
        {"a/b; type=\"application/octet-stream; transfer-syntax=1.2\"; boundary=q",
         "transfer-syntax", "1.2"},
        {"a/b; type=\"x; boundary=evil\"; boundary=q", "boundary", "q"},
        {"a/b; xboundary=1; boundary=2", "boundary", "2"},
        {"a/b", "boundary", ""},
        {"a/b; boundary=", "boundary", ""},
        {"a/b; boundary=\"\"", "boundary", ""},
        {"a/b; boundary=\"unclosed", "boundary", "unclosed"},
        {"", "boundary", ""},
    };
    char out[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CU_ASSERT_EQUAL(wki_media_param(rows[i].value, rows[i].name, out, sizeof out),
                        rows[i].expected[0] != '\0');
        T_STR(out, rows[i].expected);
    }
    CU_ASSERT_TRUE(wki_media_type("  Application/DICOM ;x=y", out, sizeof out));
    T_STR(out, "application/dicom");
    CU_ASSERT_FALSE(wki_media_type("", out, sizeof out));
    CU_ASSERT_TRUE(wki_media_is_multipart(" Multipart/Related"));
    CU_ASSERT_FALSE(wki_media_is_multipart("application/dicom"));
}

static CU_TestInfo tests[] = {
    {"bodies as servers send them, in any pieces", test_bodies},
    {"any split in two gives the same parts", test_every_cut},
    {"random bodies read as by a slow parser", test_differential},
    {"what is no multipart body is refused", test_refusals},
    {"parameters of media types in all spellings", test_parameters},
    {"no byte changes where line ends are mixed", test_no_byte_changes_where_line_ends_are_mixed},
    {"a delimiter inside of a part that is not at its end", test_a_delimiter_inside_of_a_part},
    {"the last part gets what it lacks", test_the_last_part_gets_what_it_lacks},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_multipart = {"multipart", NULL, NULL, NULL, NULL, tests};
