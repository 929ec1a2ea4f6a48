#include <stdlib.h>

#include "core/text.h"
#include "flow/fetch/listing.h"
#include "flow/fetch/plan_ask.h"
#include "flow/fetch/transfer.h"
#include "flow/fetch/ways.h"
#include "http/transport.h"
#include "support/script_wire.h"
#include "support/t.h"

#define N(a) (sizeof(a) / sizeof(a)[0])
#define MULTI "Content-Type: multipart/related; boundary=b"
#define JSON "Content-Type: application/dicom+json"
#define ONE "--b\r\n\r\nabc\r\n--b--"
#define TWO "--b\r\n\r\nabc\r\n--b\r\n\r\nde\r\n--b--"
#define ROOT_A "https://a/web"
#define ROOT_B "https://b/web"

/* A session on a scripted wire. */
static script wire;
static wk_session session;

static void open_session(const script_reply *replies, size_t n)
{
    wki_transport t;
    wki_http_opts opts = {.retries = 0, .max_wait_ms = -1, .max_transfers = 4};
    wk_error err = {0};

    script_init(&wire, replies, n);
    memset(&session, 0, sizeof session);
    t = script_transport(&wire);
    opts.clock = &wire.clock;
    session.clock = &wire.clock;
    T_OK(wki_http_new_on(&opts, &t, &session.http, &err), &err);
}

static void close_session(void)
{
    wki_http_free(session.http);
    wki_servers_clear(&session.servers);
}

/* The Accept header of the i-th request. */
static const char *accept_of(size_t i)
{
    static char value[128];
    const char *at = i < wire.n_seen ? strstr(wire.seen[i].headers, "Accept: ") : NULL;

    snprintf(value, sizeof value, "%.*s", at ? (int)strcspn(at + 8, "\n") : 0, at ? at + 8 : "");
    return value;
}

static wk_plan_item item_of(char *root, char *url, wk_level level)
{
    wk_plan_item item = {.kind = WK_ITEM_REMOTE, .level = level, .root = root, .url = url};

    (void)wki_strcopy(item.study, sizeof item.study, "1.2");
    if (level > WK_LEVEL_STUDY)
        (void)wki_strcopy(item.series, sizeof item.series, "1.3");
    if (level > WK_LEVEL_SERIES)
        (void)wki_strcopy(item.sop, sizeof item.sop, "1.4");
    return item;
}

static char root_a[] = ROOT_A, root_b[] = ROOT_B;
static char url_a[] = ROOT_A "/studies/1.2/series/1.3/instances/1.4";
static char url_b[] = ROOT_B "/studies/1.2/series/1.3/instances/1.4";

/* What a sink was given, as "<abc>"; '!' for a part that may be cut, '~' for one that is not. */
static char taken[256];

static void note(const char *text, size_t n)
{
    size_t used = strlen(taken);

    snprintf(taken + used, sizeof taken - used, "%.*s", (int)n, text);
}

static wk_code on_begin(void *user, const wki_part_head *head, wk_error *err)
{
    (void)user;
    (void)head;
    (void)err;
    note("<", 1);
    return WK_OK;
}

static wk_code on_data(void *user, const void *data, size_t n, wk_error *err)
{
    note(data, n);
    return user ? wk_fail(err, WK_LIMIT, "enough") : WK_OK;
}

static wk_code on_end(void *user, wki_part_end end, wk_error *err)
{
    (void)user;
    (void)err;
    note(end == WKI_PART_WHOLE ? ">" : end == WKI_PART_CUT ? "!" : "~", 1);
    return WK_OK;
}

static const wki_sink_of_parts sink = {.parts = {on_begin, on_data, on_end, NULL, NULL}};

static wk_code fetch_one(wki_form form, const wk_plan_item *item, wk_error *err)
{
    wki_ask ask = {.form = form, .url = item->url, .item = item};

    taken[0] = '\0';
    return wki_fetch_one(&session, &ask, &sink, err);
}

/* --- transfers --- */

static void test_habits(void)
{
    static const script_reply replies[] = {
        {.status = 406},
        {.status = 406},
        {.status = 406},
        {.status = 200, .body = "a4"},
        {.status = 200, .headers = {MULTI}, .body = ONE}, /* the other server */
        {.status = 200, .body = "a4"},
        {.status = 200, .headers = {MULTI}, .body = ONE},
    };
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wk_plan_item b = item_of(root_b, url_b, WK_LEVEL_INSTANCE);
    wk_error err = {0};

    open_session(replies, N(replies));
    T_OK(fetch_one(WKI_FORM_INSTANCE, &a, &err), &err);
    T_STR(taken, "<a4!");
    T_OK(fetch_one(WKI_FORM_INSTANCE, &b, &err), &err);
    T_STR(taken, "<abc>");
    T_OK(fetch_one(WKI_FORM_INSTANCE, &a, &err), &err);
    T_STR(taken, "<a4!");
    T_OK(fetch_one(WKI_FORM_INSTANCE, &b, &err), &err);
    CU_ASSERT_EQUAL(wire.n_seen, 7);
    T_STR(accept_of(3), "application/dicom; transfer-syntax=*");
    T_HAS(accept_of(4), "multipart/related; type=\"application/dicom\"; transfer-syntax=*");
    T_STR(accept_of(5), "application/dicom; transfer-syntax=*");
    T_HAS(accept_of(6), "multipart/related; type=\"application/dicom\"; transfer-syntax=*");
    close_session();
}

static void test_refused(void)
{
    static const script_reply replies[] = {{.status = 406}};
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wki_ask ask = {.form = WKI_FORM_FRAMES, .url = url_a, .item = &a};
    wki_fetch *f = NULL;
    wki_transfer *t;
    wk_error err = {0};
    char tag;

    open_session(replies, N(replies));
    T_OK(wki_fetch_new(&session, &f, &err), &err);
    T_OK(wki_fetch_begin(f, &ask, &sink, &tag, NULL, &err), &err);
    CU_ASSERT_PTR_NULL(wki_fetch_next(f));
    T_OK(wki_fetch_run(f, NULL, NULL, &err), &err);
    t = wki_fetch_next(f);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_PTR_EQUAL(t->tag, &tag);
    CU_ASSERT_TRUE(t->refused);
    CU_ASSERT_FALSE(t->begun);
    CU_ASSERT_EQUAL(t->error.http_status, 406);
    CU_ASSERT_EQUAL(wire.n_seen, 3);
    wki_transfer_free(t);
    wki_fetch_free(f);
    close_session();
}

/* How bodies end, and what is made of it. */
static const struct {
    wki_form form;
    script_reply reply;
    const char *taken;
    wk_code code;
} endings[] = {
    {WKI_FORM_INSTANCES, {.status = 200, .headers = {MULTI}, .body = TWO}, "<abc><de>", WK_OK},
    /* Without a closing delimiter: all that was announced is here; only a last chunk says so. */
    {WKI_FORM_INSTANCES,
     {.status = 200, .headers = {MULTI, "Content-Length: 10"}, .body = "--b\r\n\r\nabc"},
     "<abc~",
     WK_OK},
    {WKI_FORM_INSTANCES,
     {.status = 200, .headers = {MULTI, "Transfer-Encoding: chunked"}, .body = "--b\r\n\r\nabc"},
     "<abc!",
     WK_OK},
    {WKI_FORM_INSTANCES,
     {.status = 200, .headers = {MULTI}, .body = "--b\r\n\r\nabc", .end = WKI_WIRE_BROKEN},
     "<abc!",
     WK_NET},
    {WKI_FORM_INSTANCE, {.status = 200, .body = "abc"}, "<abc!", WK_OK},
    {WKI_FORM_INSTANCE,
     {.status = 200, .headers = {"Content-Length: 3"}, .body = "abc"},
     "<abc>",
     WK_OK},
    {WKI_FORM_FRAMES, {.status = 200, .body = "abc"}, "<abc>", WK_OK},
    {WKI_FORM_FRAMES, {.status = 200, .headers = {MULTI}, .body = ONE}, "<abc>", WK_OK},
    {WKI_FORM_JPEG, {.status = 200}, "", WK_NOT_FOUND},
    {WKI_FORM_INSTANCE, {.status = 200, .body = "<html>"}, "", WK_DATA},
    {WKI_FORM_INSTANCE, {.status = 404}, "", WK_NOT_FOUND},
};

static void test_endings(void)
{
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);

    for (size_t i = 0; i < N(endings); i++) {
        wk_error err = {0};
        wk_code rc;

        open_session(&endings[i].reply, 1);
        rc = fetch_one(endings[i].form, &a, &err);
        if (rc != endings[i].code)
            printf("\n  ending %zu: %s", i, err.message);
        CU_ASSERT_EQUAL(rc, endings[i].code);
        T_STR(taken, endings[i].taken);
        close_session();
    }
}

static void test_taker(void)
{
    static const script_reply replies[] = {{.status = 200, .headers = {MULTI}, .body = TWO}};
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wki_ask ask = {.form = WKI_FORM_INSTANCES, .url = url_a, .item = &a};
    wki_sink_of_parts full = sink;
    wk_error err = {0};

    full.parts.user = &full;
    taken[0] = '\0';
    open_session(replies, N(replies));
    T_FAILS(wki_fetch_one(&session, &ask, &full, &err), WK_LIMIT, &err);
    T_STR(taken, "<abc");
    close_session();
}

static bool all_run(void *user)
{
    (void)user;
    return wire.n_seen == 4;
}

/* Many to a slow server, and one to another: the other has room, and is not held up. */
static void test_room(void)
{
    static const script_reply replies[] = {
        {.status = 200, .body = "slow", .delay_ms = 60000},
        {.status = 200, .body = "slow", .delay_ms = 60000},
        {.status = 200, .body = "slow", .delay_ms = 60000},
        {.status = 200, .body = "slow", .delay_ms = 60000},
        {.status = 200, .body = "fast"},
        {.status = 200, .body = "slow", .delay_ms = 60000},
    };
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wk_plan_item b = item_of(root_b, url_b, WK_LEVEL_INSTANCE);
    wki_ask ask = {.form = WKI_FORM_INSTANCE, .url = url_a, .item = &a};
    wki_fetch *f = NULL;
    wki_transfer *t;
    wk_error err = {0};
    size_t n = 0;

    taken[0] = '\0';
    open_session(replies, N(replies));
    T_OK(wki_fetch_new(&session, &f, &err), &err);
    for (; wki_fetch_has_room(f, url_a) && n < 100; n++)
        T_OK(wki_fetch_begin(f, &ask, &sink, NULL, NULL, &err), &err);
    CU_ASSERT(n < 100);
    T_OK(wki_fetch_run(f, all_run, NULL, &err), &err);
    for (; wki_fetch_has_room(f, url_a); n++)
        T_OK(wki_fetch_begin(f, &ask, &sink, NULL, NULL, &err), &err);
    CU_ASSERT_TRUE(wki_fetch_has_room(f, url_b));
    ask.url = url_b;
    ask.item = &b;
    T_OK(wki_fetch_begin(f, &ask, &sink, &b, NULL, &err), &err);
    T_OK(wki_fetch_run(f, NULL, NULL, &err), &err);
    t = wki_fetch_next(f);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT_PTR_EQUAL(t->tag, &b);
    T_STR(taken, "<fast!");
    wki_transfer_free(t);
    CU_ASSERT_EQUAL(wki_fetch_active(f), n);
    /* What is under way ends as cancelled, each once. */
    wki_fetch_stop(f);
    while ((t = wki_fetch_next(f))) {
        CU_ASSERT_EQUAL(t->error.code, WK_CANCELLED);
        wki_transfer_free(t);
        n--;
    }
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL(wki_http_active(session.http), 0);
    wki_fetch_free(f);
    close_session();
}

/* --- lists --- */

static char listed[256];

static wk_code on_row(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    size_t n = strlen(listed);

    (void)user;
    (void)err;
    snprintf(listed + n, sizeof listed - n, "%s/%s;", row->series, row->uid);
    return WK_OK;
}

static wk_code list(const wk_plan_item *item, bool metadata, size_t *found, wk_error *err)
{
    wki_listing l = {.session = &session, .item = item, .metadata = metadata};

    listed[0] = '\0';
    return wki_list_instances(&l, on_row, NULL, found, err);
}

#define ROW(study, series, sop)                                                                    \
    "{\"0020000D\":{\"Value\":[\"" study "\"]},\"0020000E\":{\"Value\":[\"" series                 \
    "\"]},\"00080018\":{\"Value\":[\"" sop "\"]}}"

static void test_own_list(void)
{
    wk_instance_hint instances[] = {{.sop = "1.4"}, {.sop = "1.5"}};
    wk_series_hint series = {.uid = "1.3", .n_instances = 2, .instances = instances, .n_listed = 2};
    static const script_reply none[] = {{.status = 500}};
    wk_plan_item study = item_of(root_a, url_a, WK_LEVEL_STUDY);
    wk_plan_item instance = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wk_error err = {0};
    size_t found = 0;

    study.series_hints = &series;
    study.n_series_hints = 1;
    study.complete_hint = true;
    open_session(none, N(none));
    T_OK(list(&study, false, &found, &err), &err);
    T_STR(listed, "1.3/1.4;1.3/1.5;");
    CU_ASSERT_EQUAL(found, 2);
    T_OK(list(&instance, false, &found, &err), &err);
    T_STR(listed, "1.3/1.4;");
    CU_ASSERT_EQUAL(wire.n_seen, 0);
    close_session();
}

static void test_rows(void)
{
    static const script_reply replies[] = {
        {.status = 200,
         .headers = {JSON},
         .body = "[" ROW("1.2", "1.3", "1.4") "," ROW("9.9", "1.3", "1.6") "," ROW(
             "1.2", "1.8", "1.5") "," ROW("1.2", "1.3", "1.4") "]"},
        {.status = 200, .headers = {JSON}, .body = "[]"}};
    char except[1][WK_UID_SIZE] = {"1.8"};
    wk_plan_item study = item_of(root_a, url_a, WK_LEVEL_STUDY);
    wk_error err = {0};
    size_t found = 0;

    study.except = except;
    study.n_except = 1;
    open_session(replies, N(replies));
    T_OK(list(&study, false, &found, &err), &err);
    T_STR(listed, "1.3/1.4;");
    CU_ASSERT_EQUAL(found, 1);
    T_HAS(wire.seen[0].url, ROOT_A "/studies/1.2/instances");
    close_session();
}

/* A server that knows application/json alone says so once, for lists and metadata alike. */
static void test_json(void)
{
    static const script_reply replies[] = {
        {.status = 406},
        {.status = 404}, /* no lists */
        {.status = 406}, /* nothing was proved by that */
        {.status = 200, .headers = {JSON}, .body = "[" ROW("1.2", "1.3", "1.4") "]"},
        {.status = 200, .headers = {JSON}, .body = "[" ROW("1.2", "1.3", "1.5") "]"},
        {.status = 200, .headers = {JSON}, .body = "[]"},
    };
    wk_plan_item study = item_of(root_a, url_a, WK_LEVEL_STUDY);
    wk_error err = {0};
    size_t found = 0;

    open_session(replies, N(replies));
    T_OK(list(&study, true, &found, &err), &err);
    T_STR(listed, "1.3/1.4;");
    T_HAS(wire.seen[3].url, "/studies/1.2/metadata");
    T_STR(accept_of(3), "application/json");
    T_OK(list(&study, true, &found, &err), &err);
    T_STR(listed, "1.3/1.5;");
    T_HAS(wire.seen[4].url, "/studies/1.2/instances");
    T_STR(accept_of(4), "application/json");
    close_session();
}

/* --- ways --- */

#define JPEG "\xff\xd8\xff\xe0 a picture"

/* Wants the picture of one instance, drawn by its server; what came is in *got. */
static void want(wki_ways *w, wki_got *got, const wk_plan_item *item)
{
    wki_server_ask ask = {.thumbnail = true, .width = 100, .height = 100};
    wki_want one = {.url = item->url,
                    .item = item,
                    .instance = true,
                    .one = true,
                    .server = WKI_SERVER_ALWAYS,
                    .ask = &ask,
                    .tag = got};
    wk_error err = {0};

    T_OK(wki_ways_add(w, &one, &err), &err);
    CU_ASSERT_EQUAL(wki_ways_waiting(w), 1);
    CU_ASSERT_FALSE(wki_ways_next(w, got));
    T_OK(wki_ways_run(w, &err), &err);
    CU_ASSERT_TRUE(wki_ways_next(w, got));
}

static void test_drawn(void)
{
    static const script_reply replies[] = {
        {.status = 404}, {.status = 200, .headers = {"Content-Type: image/jpeg"}, .body = JPEG}};
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wki_ways *w = NULL;
    wk_error err = {0};
    wki_got got;

    open_session(replies, N(replies));
    T_OK(wki_ways_new(&session, &w, &err), &err);
    want(w, &got, &a);
    CU_ASSERT_FALSE(got.over);
    CU_ASSERT_TRUE(got.source.drawn);
    CU_ASSERT_PTR_EQUAL(got.tag, &got);
    wki_picture_source_clear(&got.source);
    T_HAS(wire.seen[0].url, "/thumbnail?viewport=100,100");
    T_HAS(wire.seen[1].url, "/rendered?viewport=100,100");
    CU_ASSERT_TRUE(wki_ways_next(w, &got));
    CU_ASSERT_TRUE(got.over);
    CU_ASSERT_EQUAL(got.error.code, WK_OK);
    wki_picture_source_clear(&got.source);
    CU_ASSERT_FALSE(wki_ways_are_open(w));
    wki_ways_free(w);
    close_session();
}

/* What a server lacks is asked of it once. */
static void test_no_thumbnails(void)
{
    static const script_reply replies[] = {{.status = 404}, {.status = 200, .body = JPEG}};
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wk_plan_item b = item_of(root_b, url_b, WK_LEVEL_INSTANCE);
    const wk_plan_item *items[] = {&a, &a, &b};
    wki_ways *w = NULL;
    wk_error err = {0};
    wki_got got;

    open_session(replies, N(replies));
    T_OK(wki_ways_new(&session, &w, &err), &err);
    for (size_t i = 0; i < N(items); i++) {
        want(w, &got, items[i]);
        CU_ASSERT_TRUE(got.source.drawn);
        wki_picture_source_clear(&got.source);
        CU_ASSERT_TRUE(wki_ways_next(w, &got));
        wki_picture_source_clear(&got.source);
    }
    CU_ASSERT_EQUAL(wire.n_seen, 4);
    T_HAS(wire.seen[1].url, "/rendered?viewport=100,100");
    T_HAS(wire.seen[2].url, "/rendered?viewport=100,100");
    T_HAS(wire.seen[3].url, "b/web/studies/1.2/series/1.3/instances/1.4/thumbnail");
    wki_ways_free(w);
    close_session();
}

/* Each rung of the ladder is refused for both resources; then a size is left out. */
static void test_no_viewport(void)
{
    static const script_reply replies[] = {{.status = 400},
                                           {.status = 400},
                                           {.status = 400},
                                           {.status = 400},
                                           {.status = 400},
                                           {.status = 400},
                                           {.status = 200, .body = JPEG}};
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wk_plan_item b = item_of(root_b, url_b, WK_LEVEL_INSTANCE);
    const wk_plan_item *items[] = {&a, &a, &b};
    static const char *const ends[] = {"/thumbnail?viewport=100,100", "/rendered?viewport=100,100",
                                       "/thumbnail", "/thumbnail", "/thumbnail?viewport=100,100"};
    static const size_t at[] = {2, 5, 6, 7, 8};
    wki_ways *w = NULL;
    wk_error err = {0};
    wki_got got;

    open_session(replies, N(replies));
    T_OK(wki_ways_new(&session, &w, &err), &err);
    for (size_t i = 0; i < N(items); i++) {
        want(w, &got, items[i]);
        CU_ASSERT_TRUE(got.source.drawn);
        wki_picture_source_clear(&got.source);
        CU_ASSERT_TRUE(wki_ways_next(w, &got));
        wki_picture_source_clear(&got.source);
    }
    CU_ASSERT_EQUAL(wire.n_seen, 9);
    for (size_t i = 0; i < N(ends); i++)
        T_STR(strstr(wire.seen[at[i]].url, "1.4") + 3, ends[i]);
    wki_ways_free(w);
    close_session();
}

static void test_undrawn(void)
{
    static const script_reply replies[] = {
        {.status = 200, .body = "<html>Sign in"}, /* for a picture */
        {.status = 500},
        {.status = 200, .headers = {"Content-Length: 3"}, .body = "abc"},
    };
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wki_ways *w = NULL;
    wk_error err = {0};
    wki_got got;

    open_session(replies, N(replies));
    T_OK(wki_ways_new(&session, &w, &err), &err);
    want(w, &got, &a);
    CU_ASSERT_FALSE(got.over);
    CU_ASSERT_FALSE(got.source.drawn);
    T_STR(wire.seen[2].url, ROOT_A "/studies/1.2/series/1.3/instances/1.4");
    T_HAS(accept_of(2), "application/dicom");
    wki_picture_source_clear(&got.source);
    wki_ways_free(w); /* that it is over is not asked for any more */
    close_session();
}

/* What the archive has yet to bring comes no sooner by another way. */
static void test_yet_to_come(void)
{
    static const script_reply replies[] = {{.status = 202, .body = "being restored"}};
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wki_ways *w = NULL;
    wk_error err = {0};
    wki_got got;

    open_session(replies, N(replies));
    T_OK(wki_ways_new(&session, &w, &err), &err);
    want(w, &got, &a);
    CU_ASSERT_TRUE(got.over);
    CU_ASSERT_EQUAL(got.error.code, WK_NET);
    T_HAS(got.error.message, "202 Accepted");
    CU_ASSERT_EQUAL(wire.n_seen, 1);
    wki_picture_source_clear(&got.source);
    wki_ways_free(w);
    close_session();
}

/* A part that may be cut is looked at: its own bytes tell. */
static void test_cut(void)
{
    static const script_reply replies[] = {{.status = 200,
                                            .headers = {MULTI, "Transfer-Encoding: chunked"},
                                            .body = "--b\r\n\r\nno DICOM"}};
    wk_plan_item a = item_of(root_a, url_a, WK_LEVEL_INSTANCE);
    wki_want one = {.url = url_a, .item = &a, .instance = true};
    wki_ways *w = NULL;
    wk_error err = {0};
    wki_got got;

    open_session(replies, N(replies));
    T_OK(wki_ways_new(&session, &w, &err), &err);
    T_OK(wki_ways_add(w, &one, &err), &err);
    T_OK(wki_ways_run(w, &err), &err);
    CU_ASSERT_TRUE(wki_ways_next(w, &got));
    CU_ASSERT_TRUE(got.over);
    CU_ASSERT_EQUAL(got.error.code, WK_DATA);
    T_HAS(got.error.message, "cut short");
    T_STR(got.source.shown, url_a);
    CU_ASSERT_EQUAL(wire.n_seen, 3);
    wki_picture_source_clear(&got.source);
    wki_ways_free(w);
    close_session();
}

static CU_TestInfo tests[] = {
    {"two servers of different habits are both right", test_habits},
    {"what no form is taken of is told as refused", test_refused},
    {"every end of a body is told as what it is", test_endings},
    {"a taker that refuses ends the transfer, and its part", test_taker},
    {"a slow server holds up no other, and all of it can be ended", test_room},
    {"what a source lists is asked of nobody", test_own_list},
    {"rows of something else are none of the list", test_rows},
    {"a form of JSON is learnt for lists and metadata alike", test_json},
    {"a picture comes by the next resource", test_drawn},
    {"a server without thumbnails is asked for one once", test_no_thumbnails},
    {"a size that a server does not draw is left out", test_no_viewport},
    {"what is no picture comes as a whole", test_undrawn},
    {"what is yet to come comes no sooner by another way", test_yet_to_come},
    {"a part that may be cut is looked at", test_cut},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_fetch = {"fetch", NULL, NULL, NULL, NULL, tests};
