#include "globals.h"

#include <stdlib.h>
#include <string.h>

#include "secrets.h"

enum {
    MAX_JOBS = 64,
    MAX_RETRIES = 1000,
    DAY_S = 86400,
    HOUR_S = 3600
};

cli_global cli_globals = {.speed_limit = -1, .session = {.retries = -1, .max_wait_s = -1}};

#define G cli_globals
#define S cli_globals.session

/* {name, letter, kind, value, arg, help, choices, min, max} */
const cli_opt cli_global_opts[] = {
    {"help", 'h', CLI_FLAG, NULL, NULL, "show help and exit", NULL, 0, 0},
    {"version", 0, CLI_FLAG, NULL, NULL, "show the versions of wadokit, libraries and codecs", NULL,
     0, 0},
    {"profile", 'p', CLI_STRING, &G.profile, "NAME",
     "take options from this section of the profile", NULL, 0, 0},
    {"config", 0, CLI_STRING, &G.config, "FILE", "read profiles from FILE", NULL, 0, 0},
    {"json", 0, CLI_FLAG, &G.json, NULL, "print JSON Lines: one object an item, then a summary",
     NULL, 0, 0},
    {"quiet", 'q', CLI_FLAG, &G.quiet, NULL, "print no words but errors, and no progress", NULL, 0,
     0},
    {"verbose", 'v', CLI_COUNT, &G.verbose, NULL,
     "say what is being done; twice: requests and decisions", NULL, 0, 3},
    {"no-progress", 0, CLI_FLAG, &G.no_progress, NULL, "draw no progress bars", NULL, 0, 0},
    {"color", 0, CLI_STRING, &G.color, "WHEN",
     "colour headings and errors (default auto: on a terminal, unless NO_COLOR is set)",
     "auto|always|never", 0, 0},
    {"fhir", 0, CLI_STRING, (void *)&S.fhir, "URL", "FHIR server", NULL, 0, 0},
    {"dicomweb", 0, CLI_STRING, (void *)&S.dicomweb, "URL", "DICOMweb server", NULL, 0, 0},
    {"base", 0, CLI_STRING, (void *)&S.base, "URL", "server of a vendor's own interface", NULL, 0,
     0},
    {"token-file", 0, CLI_STRING, (void *)&S.token_file, "FILE",
     "bearer token: the first line of FILE", NULL, 0, 0},
    {"token-command", 0, CLI_STRING, (void *)&S.token_command, "CMD",
     "bearer token: the first line that CMD prints", NULL, 0, 0},
    {"user", 0, CLI_STRING, (void *)&S.user, "NAME", "user of HTTP Basic authentication", NULL, 0,
     0},
    {"password-file", 0, CLI_STRING, (void *)&S.password_file, "FILE",
     "password: the first line of FILE", NULL, 0, 0},
    {"aws-sigv4", 0, CLI_STRING, (void *)&S.aws_sigv4, "aws:amz:REGION:SERVICE",
     "sign requests with user (key id) and password (secret key)", NULL, 0, 0},
    {"auth", 0, CLI_STRING, (void *)&S.auth, "KIND", "which credentials to use, or how to get them",
     "none|bearer|basic|client-credentials|backend-services|smart", 0, 0},
    {"token-url", 0, CLI_STRING, (void *)&S.token_url, "URL", "token endpoint of the login server",
     NULL, 0, 0},
    {"authorize-url", 0, CLI_STRING, (void *)&S.authorize_url, "URL",
     "where people log in, if the FHIR server does not say", NULL, 0, 0},
    {"client-id", 0, CLI_STRING, (void *)&S.client_id, "ID",
     "id of this client at the login server", NULL, 0, 0},
    {"client-secret-file", 0, CLI_STRING, (void *)&S.client_secret_file, "FILE",
     "secret of this client: the first line of FILE", NULL, 0, 0},
    {"client-auth", 0, CLI_STRING, (void *)&S.client_auth, "HOW",
     "send the secret in the form, as Basic, or as Basic without encoding", "post|basic|basic-raw",
     0, 0},
    {"scope", 0, CLI_STRING, (void *)&S.scope, "SCOPES", "scope to ask for, separated by spaces",
     NULL, 0, 0},
    {"private-key", 0, CLI_STRING, (void *)&S.private_key, "FILE",
     "private key of this client (PEM or JWK)", NULL, 0, 0},
    {"key-id", 0, CLI_STRING, (void *)&S.key_id, "KID", "id under which the key is registered",
     NULL, 0, 0},
    {"jwt-alg", 0, CLI_STRING, (void *)&S.jwt_alg, "ALG",
     "signature of client assertions, as the key is", "RS384|ES384", 0, 0},
    {"netrc", 0, CLI_FLAG, &S.netrc, NULL, "look up user and password in ~/.netrc", NULL, 0, 0},
    {"allow-origin", 0, CLI_LIST, &G.allow_origins, "ORIGIN",
     "credentials may also go to https://HOST[:PORT]; may be repeated", NULL, 0, 0},
    {"map-origin", 0, CLI_LIST, &G.map_origins, "FROM=TO",
     "what a server calls itself is TO from here; may be repeated", NULL, 0, 0},
    {"cacert", 0, CLI_STRING, (void *)&S.cacert, "FILE", "trust the certificates in this PEM file",
     NULL, 0, 0},
    {"cert", 0, CLI_STRING, (void *)&S.cert, "FILE", "client certificate (PEM)", NULL, 0, 0},
    {"key", 0, CLI_STRING, (void *)&S.key, "FILE", "private key of the client certificate (PEM)",
     NULL, 0, 0},
    {"key-password-file", 0, CLI_STRING, (void *)&S.key_password_file, "FILE",
     "pass phrase of the key: the first line of FILE (or $WADOKIT_KEY_PASSWORD; else it is asked for)",
     NULL, 0, 0},
    {"proxy", 0, CLI_STRING, (void *)&S.proxy, "URL", "proxy for all requests", NULL, 0, 0},
    {"header", 0, CLI_LIST, &G.headers, "'NAME: VALUE'",
     "send this header to the configured servers; may be repeated", NULL, 0, 0},
    {"source-id", 0, CLI_STRING, (void *)&S.source_id, "ID", "value of the redox-source-id header",
     NULL, 0, 0},
    {"destination-slug", 0, CLI_STRING, (void *)&S.destination_slug, "SLUG",
     "fill {{destination-slug}} in endpoint addresses", NULL, 0, 0},
    {"set", 0, CLI_LIST, &G.sets, "NAME=VALUE",
     "fill {{NAME}} in endpoint addresses; may be repeated", NULL, 0, 0},
    {"include-entered-in-error", 0, CLI_FLAG, &S.include_entered_in_error, NULL,
     "FHIR: also take studies that were entered in error, or cancelled", NULL, 0, 0},
    {"no-include", 0, CLI_FLAG, &S.no_include, NULL,
     "FHIR: read Endpoints one by one, not by _include", NULL, 0, 0},
    {"sandbox", 0, CLI_STRING, &G.sandbox, "WHEN",
     "run decoders in a sandbox: as far as this system has one (default auto), or not without",
     "auto|require|off", 0, 0},
    {"jobs", 'j', CLI_INT, &S.jobs, "N", "do N things at once", NULL, 1, MAX_JOBS},
    {"retries", 0, CLI_INT, &S.retries, "N", "try again up to N times (default 5)", NULL, 0,
     MAX_RETRIES},
    {"max-wait", 0, CLI_INT, &S.max_wait_s, "SECONDS",
     "wait for a busy server (202, 429, 503) this long in all (default 300), for an export without "
     "limit",
     NULL, 0, DAY_S},
    {"connect-timeout", 0, CLI_INT, &S.connect_timeout_s, "SECONDS",
     "give up connecting after this long (default 30)", NULL, 1, HOUR_S},
    {"idle-timeout", 0, CLI_INT, &S.idle_timeout_s, "SECONDS",
     "give up when no byte came for this long (default 60)", NULL, 1, HOUR_S},
    {"speed-limit", 0, CLI_INT, &G.speed_limit, "BYTES",
     "end a transfer of fewer bytes a second (default 10; 0: never)", NULL, 0, 1 << 30},
    {"speed-time", 0, CLI_INT, &S.speed_time_s, "SECONDS",
     "that is so slow for this long (default 120, with --speed-limit 30)", NULL, 1, HOUR_S},
    {"max-bytes", 0, CLI_BYTES, &S.max_bytes, "N",
     "receive at most N bytes in all (k, M, G are understood)", NULL, 0, 0},
    {0},
};

const cli_opt *const cli_help_opt = &cli_global_opts[0];
const cli_opt *const cli_version_opt = &cli_global_opts[1];

bool cli_globals_have_credentials(void)
{
    return S.token_file || S.token_command || S.token || S.user || S.netrc;
}

/* Checked here, where the option can be named; a header may hold a secret and is not shown. */
static wk_code check_sets(wk_error *err)
{
    for (size_t i = 0; i < G.sets.n; i++) {
        const char *set = G.sets.items[i];

        if (set[0] == '=' || !strchr(set, '='))
            return wk_fail(err, WK_USAGE, "--set: '%s' is not NAME=VALUE", set);
    }
    for (size_t i = 0; i < G.headers.n; i++) {
        const char *colon = strchr(G.headers.items[i], ':');

        if (!colon || colon == G.headers.items[i])
            return wk_fail(err, WK_USAGE, "--header: this is not 'NAME: VALUE'");
    }
    return WK_OK;
}

/* A token of the environment is for what it was set for, not for any login of a profile. */
static bool takes_token(void)
{
    return !cli_globals_have_credentials() && (!S.auth || strcmp(S.auth, "bearer") == 0);
}

/* A profile may have a login that is kept. */
static bool holds_secrets(void)
{
    return cli_globals_have_credentials() || S.client_secret || S.client_secret_file ||
           S.private_key || S.key || G.profile || G.headers.n > 0;
}

static wk_code find_key_password(wk_error *err)
{
    if (!S.key || S.key_password_file || S.key_password)
        return WK_OK;
    S.key_password = cli_secrets_get("WADOKIT_KEY_PASSWORD");
    return S.key_password ? WK_OK : cli_secrets_ask_key(S.key, &S.key_password, err);
}

wk_code cli_globals_finish(wk_error *err)
{
    wk_code rc;

    if (takes_token())
        S.token = cli_secrets_get("WADOKIT_TOKEN");
    if (S.auth && !S.client_secret && !S.client_secret_file && !S.private_key)
        S.client_secret = cli_secrets_get("WADOKIT_CLIENT_SECRET");
    S.profile = G.profile;
    if (G.sandbox)
        S.sandbox = strcmp(G.sandbox, "require") == 0 ? WK_SANDBOX_REQUIRE
                    : strcmp(G.sandbox, "off") == 0   ? WK_SANDBOX_OFF
                                                      : WK_SANDBOX_AUTO;
    if (G.speed_limit >= 0)
        S.speed_limit = G.speed_limit > 0 ? G.speed_limit : -1;
    if (S.user && !S.password_file && !S.password)
        S.password = cli_secrets_get("WADOKIT_PASSWORD");
    if (holds_secrets())
        cli_secrets_guard();
    S.headers = G.headers.items;
    S.n_headers = G.headers.n;
    S.allow_origins = G.allow_origins.items;
    S.n_allow_origins = G.allow_origins.n;
    S.map_origins = G.map_origins.items;
    S.n_map_origins = G.map_origins.n;
    S.sets = G.sets.items;
    S.n_sets = G.sets.n;
    rc = check_sets(err);
    return rc == WK_OK ? find_key_password(err) : rc;
}

wk_code cli_globals_check_argv(wk_error *err)
{
    const struct {
        const char *name, *value;
    } urls[] = {{"fhir", S.fhir},           {"dicomweb", S.dicomweb},           {"base", S.base},
                {"token-url", S.token_url}, {"authorize-url", S.authorize_url}, {"proxy", S.proxy}};

    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        if (urls[i].value && cli_is_secret_url(urls[i].value))
            return wk_fail(err, WK_USAGE,
                           "--%s: a password is not taken from the command line, where others can "
                           "read it; use --user and --password-file, or a profile",
                           urls[i].name);
    }
    for (size_t i = 0; i < G.headers.n; i++) {
        if (cli_is_secret_header(G.headers.items[i]))
            return wk_fail(err, WK_USAGE,
                           "--header: a secret is not taken from the command line, where others "
                           "can read it; use --token-file, or a profile");
    }
    return WK_OK;
}
