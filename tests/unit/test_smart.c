#include "support/t.h"

#include <stdlib.h>

#include "auth/smart.h"

#define FHIR "https://fhir.example/provider/r4"

static wk_code read_config(const char *json, wki_smart_config *c, wk_error *err)
{
    return wki_smart_config_read(FHIR, json, strlen(json), NULL, c, err);
}

static void test_a_full_configuration_is_read(void)
{
    wki_smart_config c = {0};
    wk_error err = {0};

    T_OK(read_config("{\"issuer\":\"https://as.example\","
                     "\"authorization_endpoint\":\"https://as.example/authorize\","
                     "\"token_endpoint\":\"https://as.example/token\","
                     "\"revocation_endpoint\":\"https://as.example/revoke\","
                     "\"code_challenge_methods_supported\":[\"S256\"],"
                     "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"],"
                     "\"capabilities\":[\"launch-ehr\",\"launch-standalone\"],"
                     "\"associated_endpoints\":[{\"url\":\"https://img.example/fhir\","
                     "\"capabilities\":[\"smart-imaging-access\"]},"
                     "{\"url\":\"https://img.example/dicom\"},{\"url\":\"http://plain.example\"},"
                     "{\"url\":\"https://169.254.169.254/\"}]}",
                     &c, &err),
         &err);
    T_STR(c.issuer, "https://as.example");
    T_STR(c.authorize_url, "https://as.example/authorize");
    T_STR(c.token_url, "https://as.example/token");
    T_STR(c.revocation_url, "https://as.example/revoke");
    CU_ASSERT(c.lists_pkce && c.pkce_s256 && c.lists_methods && c.method_post && !c.method_basic);
    CU_ASSERT(c.imaging_access && c.launch_ehr && c.launch_standalone);
    CU_ASSERT_EQUAL(c.n_origins, 1);
    T_STR(c.origins[0], "https://img.example");
    wki_smart_config_clear(&c);
}

static void test_relative_endpoints_are_below_the_fhir_base(void)
{
    wki_smart_config c = {0};
    wk_error err = {0};

    T_OK(read_config("{\"authorization_endpoint\":\"auth/authorize\",\"token_endpoint\":\"/t\"}",
                     &c, &err),
         &err);
    T_STR(c.authorize_url, FHIR "/auth/authorize");
    T_STR(c.token_url, "https://fhir.example/t");
    wki_smart_config_clear(&c);
}

static void test_places_that_must_not_see_a_login_are_refused(void)
{
    static const char *const rows[] = {"http://as.example/token", "https://127.0.0.1/token",
                                       "https://169.254.169.254/token", "ftp://as.example/token",
                                       "https://u:p@as.example/token"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_smart_config c = {0};
        char json[256];
        wk_error err = {0};

        snprintf(json, sizeof json, "{\"token_endpoint\":\"%s\"}", rows[i]);
        T_FAILS(read_config(json, &c, &err), WK_REFUSED, &err);
        CU_ASSERT_PTR_NULL(c.token_url);
    }
}

static void test_what_is_no_configuration_is_data(void)
{
    static const char *const rows[] = {"", "<html>", "[]", "{}", "{\"token_endpoint\":7}", "null"};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wki_smart_config c = {0};
        wk_error err = {0};

        T_FAILS(read_config(rows[i], &c, &err), WK_DATA, &err);
    }
}

static const char capability[] =
    "{\"resourceType\":\"CapabilityStatement\",\"rest\":[{\"mode\":\"server\",\"security\":{"
    "\"extension\":[{\"url\":\"http://fhir-registry.smarthealthit.org/StructureDefinition/"
    "oauth-uris\",\"extension\":[{\"url\":\"token\",\"valueUri\":\"https://as.example/token\"},"
    "{\"url\":\"authorize\",\"valueUri\":\"https://as.example/authorize\"}]}]}}]}";

static void test_the_capability_statement_is_read(void)
{
    wki_smart_config c = {0};
    wk_error err = {0};

    T_OK(wki_smart_capability_read(FHIR, capability, strlen(capability), &c, &err), &err);
    T_STR(c.token_url, "https://as.example/token");
    T_STR(c.authorize_url, "https://as.example/authorize");
    wki_smart_config_clear(&c);
    T_FAILS(wki_smart_capability_read(FHIR, "{\"rest\":[]}", 11, &c, &err), WK_NOT_FOUND, &err);
}

/* A server whose two answers are the rows of a test. */
struct fake {
    int well_known, metadata;
    const char *well_known_body;
    int asked;
};

static wk_code play(void *user, const wki_http_request *request, wki_reply *reply, wk_error *err)
{
    struct fake *f = user;
    bool first = strcmp(request->url, FHIR "/.well-known/smart-configuration") == 0;
    const char *body = first ? f->well_known_body : capability;

    f->asked++;
    CU_ASSERT(first || strcmp(request->url, FHIR "/metadata") == 0);
    CU_ASSERT_EQUAL(request->auth, WKI_AUTH_NEVER);
    reply->status = first ? f->well_known : f->metadata;
    if (reply->status == 0)
        return wk_fail(err, WK_NET, "no connection");
    return wki_buf_add(&reply->body, body, strlen(body), err);
}

static void test_discovery_falls_back_and_says_so_when_nothing_helps(void)
{
    static const struct {
        struct fake server;
        wk_code rc;
        int asked;
    } rows[] = {
        {{200, 200, "{\"token_endpoint\":\"https://as.example/token\"}", 0}, WK_OK, 1},
        {{404, 200, "", 0}, WK_OK, 2},
        {{200, 200, "<html>", 0}, WK_OK, 2},
        {{401, 200, "", 0}, WK_OK, 2},
        {{404, 404, "", 0}, WK_NOT_FOUND, 2},
        {{0, 200, "", 0}, WK_NET, 1},
        {{200, 200, "{\"token_endpoint\":\"http://as.example/token\"}", 0}, WK_REFUSED, 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fake f = rows[i].server;
        wki_exchange x = {.send = play, .user = &f};
        wki_smart_config c = {0};
        wk_error err = {0};
        wk_code rc = wki_smart_discover(&x, FHIR, NULL, &c, &err);

        CU_ASSERT_EQUAL(rc, rows[i].rc);
        CU_ASSERT_EQUAL(f.asked, rows[i].asked);
        if (rc == WK_OK)
            T_STR(c.token_url, "https://as.example/token");
        if (rc == WK_NOT_FOUND)
            T_HAS(err.setting, "token-url");
        wki_smart_config_clear(&c);
    }
}

static CU_TestInfo tests[] = {
    {"a full configuration is read", test_a_full_configuration_is_read},
    {"relative endpoints are below the FHIR base", test_relative_endpoints_are_below_the_fhir_base},
    {"places that must not see a login are refused",
     test_places_that_must_not_see_a_login_are_refused},
    {"what is no configuration is data", test_what_is_no_configuration_is_data},
    {"the CapabilityStatement is read", test_the_capability_statement_is_read},
    {"discovery falls back, and says so when nothing helps",
     test_discovery_falls_back_and_says_so_when_nothing_helps},
    CU_TEST_INFO_NULL,
};

const CU_SuiteInfo suite_smart = {"smart", NULL, NULL, NULL, NULL, tests};
