#include "flow/show/thumb_middle.h"

#include <stdio.h>

#include "core/text.h"
#include "flow/fetch/plan_ask.h"
#include "support/script_wire.h"
#include "support/t.h"

#define N(a) (sizeof(a) / sizeof(a)[0])
#define ROOT "https://a/web"
#define CT "1.2.840.10008.5.1.4.1.1.2"
#define SLIDE "1.2.840.10008.5.1.4.1.1.77.1.6"
#define REPORT "1.2.840.10008.5.1.4.1.1.88.11"

/* A list with these records, and one for a page after it. */
#define LIST(records)                                                                              \
    {                                                                                              \
        .status = 200, .headers = {"Content-Type: application/dicom+json"},                        \
        .body = "[" records "]"                                                                    \
    }
#define SERIES(uid, count)                                                                         \
    "{\"0020000D\":{\"Value\":[\"1.2\"]},\"0020000E\":{\"Value\":[\"" uid                          \
    "\"]},\"00201209\":{\"Value\":[" count "]}}"
#define ROW(series, sop, number, sop_class)                                                        \
    "{\"0020000D\":{\"Value\":[\"1.2\"]},\"0020000E\":{\"Value\":[\"" series                       \
    "\"]},\"00080018\":{\"Value\":[\"" sop "\"]},\"00080016\":{\"Value\":[\"" sop_class            \
    "\"]},\"00200013\":{\"Value\":[" number "]}}"

static script wire;
static wk_session session;
static char root[] = ROOT, url[] = ROOT "/studies/1.2", handed[256];

static wk_code take(void *user, const wki_qido_instance_row *row, wk_error *err)
{
    size_t n = strlen(handed);

    (void)user;
    (void)err;
    snprintf(handed + n, sizeof handed - n, "%s;", row->uid);
    return WK_OK;
}

/* What is chosen over these replies, "" for a list; `learnt`: no_middle. */
static const char *choose(const script_reply *replies, size_t n, wk_thumb_per per, bool *learnt)
{
    wk_plan_item item = {
        .kind = WK_ITEM_REMOTE, .level = WK_LEVEL_STUDY, .root = root, .url = url, .study = "1.2"};
    wki_http_opts opts = {.retries = 0, .max_wait_ms = -1, .max_transfers = 4};
    wki_transport t;
    wk_error err = {0};
    bool done = false;

    script_init(&wire, replies, n);
    memset(&session, 0, sizeof session);
    t = script_transport(&wire);
    opts.clock = session.clock = &wire.clock;
    T_OK(wki_http_new_on(&opts, &t, &session.http, &err), &err);
    handed[0] = '\0';
    CU_ASSERT_TRUE(wki_thumb_middle_may_be(&session, &item, per));
    T_OK(wki_thumb_middle(&session, &item, per, take, NULL, &done, &err), &err);
    CU_ASSERT_EQUAL(done, handed[0] != '\0');
    *learnt = !wki_thumb_middle_may_be(&session, &item, per);
    wki_http_free(session.http);
    wki_servers_clear(&session.servers);
    return handed;
}

static void test_found(void)
{
    static const script_reply replies[] = {LIST(SERIES("1.3", "500")), LIST(""),
                                           LIST(ROW("1.3", "1.9", "500", CT)),
                                           LIST(ROW("1.3", "1.5", "251", CT))};
    bool learnt;

    T_STR(choose(replies, N(replies), WK_THUMB_SERIES, &learnt), "1.5;");
    CU_ASSERT_EQUAL(wire.n_seen, 4);
    T_HAS(wire.seen[2].url, "/studies/1.2/series/1.3/instances?InstanceNumber=500&");
    T_HAS(wire.seen[3].url, "/studies/1.2/series/1.3/instances?InstanceNumber=251&");
    CU_ASSERT_FALSE(learnt);
}

static void test_one_a_study(void)
{
    static const script_reply replies[] = {
        LIST(SERIES("1.4", "2") "," SERIES("1.6", "300") "," SERIES("1.3", "300") "," SERIES(
            "1.5", "200")),
        LIST(""), LIST(ROW("1.3", "1.9", "300", CT)), LIST(ROW("1.3", "1.5", "151", CT))};
    bool learnt;

    T_STR(choose(replies, N(replies), WK_THUMB_STUDY, &learnt), "1.5;");
}

static void test_several_series(void)
{
    static const script_reply replies[] = {LIST(SERIES("1.3", "300") "," SERIES("1.4", "1")),
                                           LIST(""), LIST(ROW("1.3", "1.9", "300", CT)),
                                           LIST(ROW("1.3", "1.5", "151", CT)),
                                           LIST(ROW("1.4", "1.7", "1", REPORT))};
    bool learnt;

    T_STR(choose(replies, N(replies), WK_THUMB_SERIES, &learnt), "1.5;1.7;");
    CU_ASSERT_EQUAL(wire.n_seen, 5);
}

/* Numbers from 0, gaps, two of one number, slides and mixed series are for a list to tell. */
static void test_not_found(void)
{
    static const struct {
        script_reply replies[4];
        bool learnt;
    } cases[] = {
        {{LIST(SERIES("1.3", "500")), LIST(""), LIST("")}, false},
        {{LIST(SERIES("1.3", "500")), LIST(""), LIST(ROW("1.3", "1.9", "500", CT)), LIST("")},
         false},
        {{LIST(SERIES("1.3", "500")), LIST(""),
          LIST(ROW("1.3", "1.8", "500", CT) "," ROW("1.3", "1.9", "500", CT))},
         false},
        {{LIST(SERIES("1.3", "500")), LIST(""), LIST(ROW("1.3", "1.9", "500", SLIDE)),
          LIST(ROW("1.3", "1.5", "251", SLIDE))},
         false},
        {{LIST(SERIES("1.3", "500")), LIST(""), LIST(ROW("1.3", "1.9", "500", CT)),
          LIST(ROW("1.3", "1.5", "251", REPORT))},
         false},
        /* A server that does not know the key, one that counts nothing, one without such a list. */
        {{LIST(SERIES("1.3", "500")), LIST(""),
          LIST(ROW("1.3", "1.8", "1", CT) "," ROW("1.3", "1.9", "2", CT))},
         true},
        {{LIST(ROW("1.3", "1.8", "1", CT)), LIST("")}, true},
        {{{.status = 404}}, true},
    };

    for (size_t i = 0; i < N(cases); i++) {
        bool learnt = false;

        T_STR(choose(cases[i].replies, N(cases[i].replies), WK_THUMB_SERIES, &learnt), "");
        if (learnt != cases[i].learnt)
            printf("\n  case %zu\n", i);
        CU_ASSERT_EQUAL(learnt, cases[i].learnt);
    }
}

static void test_of_no_use(void)
{
    wk_plan_item item = {.kind = WK_ITEM_REMOTE, .level = WK_LEVEL_STUDY, .root = root, .url = url};

    memset(&session, 0, sizeof session);
    CU_ASSERT_TRUE(wki_thumb_middle_may_be(&session, &item, WK_THUMB_STUDY));
    CU_ASSERT_FALSE(wki_thumb_middle_may_be(&session, &item, WK_THUMB_INSTANCE));
    item.level = WK_LEVEL_INSTANCE;
    CU_ASSERT_FALSE(wki_thumb_middle_may_be(&session, &item, WK_THUMB_STUDY));
    item.level = WK_LEVEL_SERIES;
    item.n_except = 1;
    CU_ASSERT_FALSE(wki_thumb_middle_may_be(&session, &item, WK_THUMB_STUDY));
    wki_servers_clear(&session.servers);
}

static CU_TestInfo tests[] = {
    {"the middle is found by its number", test_found},
    {"of a study the largest series counts", test_one_a_study},
    {"each series has its middle", test_several_series},
    {"what is not to be found so is for a list to tell", test_not_found},
    {"it is of no use where all are drawn, or one", test_of_no_use},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_thumb_middle = {"thumb_middle", NULL, NULL, NULL, NULL, tests};
