#include "support/t.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/credential.h"
#include "flow/session.h"

static char path[64];

static void write_secret(const char *text, mode_t mode)
{
    FILE *f;

    snprintf(path, sizeof path, "/tmp/wadokit-secret-%ld", (long)getpid());
    unlink(path);
    f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
}

/* The header for https://a, or "" */
static const char *header_of(wki_static_credential *c, const char *origin, wk_error *err)
{
    static char text[512];
    wki_credential face = wki_static_credential_face(c);
    wki_buf b;

    wki_buf_init(&b, sizeof text - 1, "header");
    T_OK(face.header(face.user, origin, &b, err), err);
    snprintf(text, sizeof text, "%s", wki_buf_text(&b));
    wki_buf_clear(&b);
    return text;
}

static wki_static_credential *make(const wki_static_credential_opts *o)
{
    wki_static_credential *c = NULL;
    wk_error err = {0};

    T_OK(wki_static_credential_new(o, &c, &err), &err);
    return c;
}

static void test_a_token_file_gives_its_first_line_and_is_read_again(void)
{
    wk_error err = {0};
    wki_static_credential *c;
    wki_credential face;

    write_secret("  Bearer first\r\nmore\n", 0600);
    c = make(&(wki_static_credential_opts){.token_file = path});
    face = wki_static_credential_face(c);
    T_STR(header_of(c, "https://a", &err), "Bearer first");
    T_FAILS(face.renew(face.user, "https://a", &err), WK_AUTH, &err);
    T_HAS(err.message, "still holds the same");
    CU_ASSERT_PTR_NULL(strstr(err.message, "first"));
    wk_error_clear(&err);
    write_secret("second", 0600);
    T_OK(face.renew(face.user, "https://a", &err), &err);
    T_STR(header_of(c, "https://a", &err), "Bearer second");
    wki_static_credential_free(c);
    unlink(path);
}

static void test_a_secret_file_that_others_may_read_is_refused(void)
{
    static const mode_t modes[] = {0644, 0640, 0604, 0660};

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        wk_error err = {0};
        wki_static_credential *c = NULL;

        write_secret("x", modes[i]);
        T_FAILS(
            wki_static_credential_new(&(wki_static_credential_opts){.token_file = path}, &c, &err),
            WK_USAGE, &err);
        T_HAS(err.message, "chmod 600");
        CU_ASSERT_PTR_NULL(c);
    }
    unlink(path);
}

static void test_files_without_a_token_are_refused(void)
{
    static const char *const texts[] = {"", "\n\n", "two words", "t\x01"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        wk_error err = {0};
        wki_static_credential *c = NULL;

        write_secret(texts[i], 0600);
        T_FAILS(
            wki_static_credential_new(&(wki_static_credential_opts){.token_file = path}, &c, &err),
            WK_USAGE, &err);
    }
    unlink(path);
}

static void test_a_file_that_is_not_there_is_a_local_failure(void)
{
    wk_error err = {0};
    wki_static_credential *c = NULL;

    T_FAILS(wki_static_credential_new(&(wki_static_credential_opts){.token_file = "/nowhere/x"}, &c,
                                      &err),
            WK_IO, &err);
}

static void test_a_command_gives_a_token_and_is_run_again(void)
{
    wk_error err = {0};
    char command[160];
    wki_static_credential *c;
    wki_credential face;

    write_secret("x", 0600);
    snprintf(command, sizeof command, "echo x >> %s; echo t$(wc -l < %s)", path, path);
    c = make(&(wki_static_credential_opts){.token_command = command});
    face = wki_static_credential_face(c);
    T_STR(header_of(c, "https://a", &err), "Bearer t1");
    T_STR(header_of(c, "https://a", &err), "Bearer t1");
    T_OK(face.renew(face.user, "https://a", &err), &err);
    T_STR(header_of(c, "https://a", &err), "Bearer t2");
    wki_static_credential_free(c);
    unlink(path);
}

static void test_a_command_that_fails_says_so_and_not_what_it_printed(void)
{
    static const char *const commands[] = {"echo hush; exit 3", "true",
                                           "head -c 100000 /dev/zero | tr '\\0' x", "kill -9 $$"};

    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        wk_error err = {0};
        char *secret = NULL;
        wk_code rc = wki_secret_command_run(commands[i], NULL, &secret, &err);

        CU_ASSERT(rc == WK_AUTH || rc == WK_LIMIT);
        CU_ASSERT_PTR_NULL(secret);
        T_HAS(err.message, "token-command");
        CU_ASSERT_PTR_NULL(strstr(err.message, "hush"));
    }
}

static void test_a_command_ends_when_the_run_is_stopped(void)
{
    wk_cancel cancel = {1};
    wk_error err = {0};
    char *secret = NULL;

    T_FAILS(wki_secret_command_run("sleep 100", &cancel, &secret, &err), WK_CANCELLED, &err);
}

static void test_a_token_of_the_environment_cannot_be_renewed(void)
{
    wk_error err = {0};
    wki_static_credential *c = make(&(wki_static_credential_opts){.token = "hush"});
    wki_credential face = wki_static_credential_face(c);

    T_STR(header_of(c, "https://a", &err), "Bearer hush");
    T_FAILS(face.renew(face.user, "https://a", &err), WK_AUTH, &err);
    T_HAS(err.setting, "token-file");
    CU_ASSERT_PTR_NULL(strstr(err.message, "hush"));
    wki_static_credential_free(c);
}

static void test_basic_is_base64_of_user_and_password(void)
{
    wk_error err = {0};
    wki_static_credential *c =
        make(&(wki_static_credential_opts){.user = "Aladdin", .password = "open sesame"});

    T_STR(header_of(c, "https://a", &err), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    wki_static_credential_free(c);
    write_secret("open sesame\n", 0600);
    c = make(&(wki_static_credential_opts){
        .user = "Aladdin", .password_file = path, .origin = "https://a"});
    T_STR(header_of(c, "https://a", &err), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    T_STR(header_of(c, "https://b", &err), "");
    wki_static_credential_free(c);
    unlink(path);
}

static void test_contradictions_are_bad_usage(void)
{
    static const wki_static_credential_opts bad[] = {
        {.token = "a", .user = "b", .password = "c"},
        {.token_file = "a", .token_command = "b"},
        {.user = "a"},
        {.user = "a:b", .password = "c"},
        {.password_file = "x"},
        {.token = "a b"},
        {.token = "a\r\nX: y"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wk_error err = {0};
        wki_static_credential *c = NULL;

        T_FAILS(wki_static_credential_new(&bad[i], &c, &err), WK_USAGE, &err);
    }
}

struct heard {
    char text[1024];
};

static void hear(void *user, wk_log_level level, const char *message)
{
    struct heard *h = user;

    (void)level;
    snprintf(h->text, sizeof h->text, "%s", message);
}

static void test_a_password_in_a_url_is_taken_out_and_not_shown(void)
{
    struct heard h = {""};
    wk_error err = {0};
    wk_session *s = NULL;
    wk_session_opts o = {.dicomweb = "https://me:hush@a/dicom-web?x=y",
                         .fhir = "https://b/fhir",
                         .retries = -1,
                         .max_wait_s = -1,
                         .log = {hear, &h, WK_LOG_DEBUG}};
    char reason[256];

    T_OK(wk_session_new(&o, &s, &err), &err);
    T_STR(s->opts.dicomweb, "https://a/dicom-web?x=y");
    T_HAS(h.text, "dicomweb");
    CU_ASSERT_PTR_NULL(strstr(h.text, "hush"));
    CU_ASSERT_TRUE(wki_http_sends_credentials(s->http, "https://a/studies", reason, sizeof reason));
    wk_session_free(s);
}

static void test_a_session_checks_its_options(void)
{
    static const char *const allow_path[] = {"https://a/x"}, *const allow_bad[] = {"a"};
    static const char *const set[] = {"=x"}, *const header[] = {"a b: c"},
                             *const host[] = {"Host: x"};
    const wk_session_opts bad[] = {
        {.fhir = "ftp://a"},
        {.fhir = "https://a/{{x}}"},
        {.dicomweb = "not a url"},
        {.base = "https://a:b:c"},
        {.allow_origins = allow_path, .n_allow_origins = 1},
        {.allow_origins = allow_bad, .n_allow_origins = 1},
        {.sets = set, .n_sets = 1},
        {.headers = header, .n_headers = 1},
        {.headers = host, .n_headers = 1},
        {.jobs = -1},
        {.source_id = "a\r\nb"},
        {.cacert = "/nowhere/ca.pem"},
        {.fhir = "https://u:p@a/", .user = "x", .password = "y"},
        {.fhir = "https://u:p@a/", .dicomweb = "https://v:q@b/"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        wk_error err = {0};
        wk_session *s = NULL;

        T_FAILS(wk_session_new(&bad[i], &s, &err), WK_USAGE, &err);
        CU_ASSERT_PTR_NULL(s);
    }
}

static void test_a_session_knows_where_credentials_go(void)
{
    static const char *const allow[] = {"https://cdn.example/"};
    static const char *const sets[] = {"a=1", "b=2", "a=3"};
    wk_session_opts o = {.fhir = "https://a/fhir",
                         .allow_origins = allow,
                         .n_allow_origins = 1,
                         .sets = sets,
                         .n_sets = 3,
                         .destination_slug = "slug",
                         .token = "t"};
    char reason[256];
    wk_error err = {0};
    wk_session *s = NULL;

    T_OK(wk_session_new(&o, &s, &err), &err);
    CU_ASSERT_TRUE(wki_http_sends_credentials(s->http, "https://a/x", reason, sizeof reason));
    CU_ASSERT_TRUE(
        wki_http_sends_credentials(s->http, "https://cdn.example/x", reason, sizeof reason));
    T_OK(wki_session_typed_url(s, "https://typed/", &err), &err);
    CU_ASSERT_FALSE(wki_http_sends_credentials(s->http, "https://typed/", reason, sizeof reason));
    T_STR(wki_session_lookup(s, "a"), "3");
    T_STR(wki_session_lookup(s, "destination-slug"), "slug");
    CU_ASSERT_PTR_NULL(wki_session_lookup(s, "c"));
    wk_session_free(s);
    s = NULL;
    o = (wk_session_opts){.token = "t"};
    T_OK(wk_session_new(&o, &s, &err), &err);
    CU_ASSERT_FALSE(wki_http_sends_credentials(s->http, "https://typed/", reason, sizeof reason));
    T_OK(wki_session_typed_url(s, "https://typed/x", &err), &err);
    CU_ASSERT_TRUE(wki_http_sends_credentials(s->http, "https://typed/", reason, sizeof reason));
    wk_session_free(s);
}

static CU_TestInfo tests[] = {
    {"a token file gives its first line and is read again",
     test_a_token_file_gives_its_first_line_and_is_read_again},
    {"a secret file that others may read is refused",
     test_a_secret_file_that_others_may_read_is_refused},
    {"files without a token are refused", test_files_without_a_token_are_refused},
    {"a file that is not there is a local failure",
     test_a_file_that_is_not_there_is_a_local_failure},
    {"a command gives a token and is run again", test_a_command_gives_a_token_and_is_run_again},
    {"a command that fails says so", test_a_command_that_fails_says_so_and_not_what_it_printed},
    {"a command ends when the run is stopped", test_a_command_ends_when_the_run_is_stopped},
    {"a token of the environment cannot be renewed",
     test_a_token_of_the_environment_cannot_be_renewed},
    {"Basic is base64 of user and password", test_basic_is_base64_of_user_and_password},
    {"contradictions are bad usage", test_contradictions_are_bad_usage},
    {"a password in a URL is taken out", test_a_password_in_a_url_is_taken_out_and_not_shown},
    {"a session checks its options", test_a_session_checks_its_options},
    {"a session knows where credentials go", test_a_session_knows_where_credentials_go},
    CU_TEST_INFO_NULL,
};
const CU_SuiteInfo suite_credential = {"credential", NULL, NULL, NULL, NULL, tests};
