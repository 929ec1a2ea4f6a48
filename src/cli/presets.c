#include "presets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "globals.h"

enum {
    MAX_VALUE = 1024,
    MAX_KEYS = 8,
    MAX_NEEDS = 4
};

/* login: the key is of the login, and left out where the site has another one. */
typedef struct preset_key {
    const char *key, *value;
    bool login;
} preset_key;

/* needs: keys that the site gives; '|' divides those of which one is enough. */
typedef struct preset {
    const char *name;
    preset_key keys[MAX_KEYS];
    const char *needs[MAX_NEEDS];
} preset;

#define NETSMART(base_url, login_url)                                                              \
    {                                                                                              \
        {"base", base_url, false}, {"from", "netsmart", false},                                    \
            {"auth", "client-credentials", true}, {"client-auth", "post", true},                   \
            {"token-url", login_url, true}, {"scope", "CCD", true},                                \
    }

static const preset presets[] = {
    {"netsmart",
     NETSMART("https://fhir.netsmartcloud.com/v4", "https://oauth.netsmartcloud.com/token"),
     {"client-id", "client-secret|client-secret-file"}},
    {"netsmart-preview",
     NETSMART("https://fhirtest.netsmartcloud.com/v4", "https://oauthtest.netsmartcloud.com/token"),
     {"client-id", "client-secret|client-secret-file"}},
    {"netsmart-patient",
     {{"fhir", "https://fhir.netsmartcloud.com/provider/patient-access/v2/{{tenant-id}}", false},
      {"auth", "smart", true},
      {"authorize-url", "https://fhir.netsmartcloud.com/auth/{{tenant-id}}/oauth2/v1/authorize",
       true},
      {"token-url", "https://fhir.netsmartcloud.com/auth/{{tenant-id}}/oauth2/v1/token", true},
      {"scope", "launch/patient openid fhirUser offline_access patient/Patient.rs", true}},
     {"client-id"}},
    {"netsmart-system",
     {{"fhir", "https://fhir.netsmartcloud.com/provider/system-access/v2/{{tenant-id}}", false},
      {"auth", "backend-services", true},
      {"token-url", "https://fhir.netsmartcloud.com/auth/{{tenant-id}}/oauth2/v1/token", true}},
     {"client-id", "private-key"}},
    {"cerbo",
     {{"base", "https://{{subdomain}}.md-hq.com/api/v1", false},
      {"from", "cerbo", false},
      {"auth", "basic", true}},
     {"user", "password|password-file"}},
    {"redox",
     {{"fhir", "https://api.redoxengine.com/fhir/R4/{{destination-slug}}/{{environment}}", false},
      {"auth", "backend-services", true},
      {"token-url", "https://api.redoxengine.com/v2/auth/token", true}},
     {"client-id", "private-key", "key-id"}},
};

static const size_t n_presets = sizeof presets / sizeof presets[0];

static const preset *find(const char *name)
{
    for (size_t i = 0; name && i < n_presets; i++) {
        if (strcmp(presets[i].name, name) == 0)
            return &presets[i];
    }
    return NULL;
}

bool cli_preset_has(const char *name)
{
    return find(name) != NULL;
}

const char *cli_preset_names(void)
{
    return "netsmart, netsmart-preview, netsmart-patient, netsmart-system, cerbo, redox";
}

static const char *value_of(const cli_profile *p, const char *section, const char *key)
{
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->entries[i].section, section) == 0 && strcmp(p->entries[i].key, key) == 0)
            return p->entries[i].value;
    }
    return NULL;
}

/* A string option as the command line gave it, NULL where it did not. */
static const char *given(const char *key)
{
    const cli_opt *opt = cli_opt_find(cli_global_opts, key);

    return opt && opt->kind == CLI_STRING ? *(const char *const *)opt->value : NULL;
}

static bool is_set(const cli_profile *p, const char *section, const char *key)
{
    return value_of(p, section, key) || given(key);
}

/* The site logs in in its own way: with a token, or a user where the ready-made one is OAuth. */
static bool has_other_login(const cli_profile *p, const char *section, const preset *own)
{
    static const char *const others[] = {"token", "token-file", "token-command"};

    if (is_set(p, section, "client-id") || is_set(p, section, "auth"))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (is_set(p, section, others[i]))
            return true;
    }
    return strcmp(own->name, "cerbo") != 0 && is_set(p, section, "user");
}

/* ---- filling ---- */

/* "NAME=VALUE" in `set`: the value, where the name is the n characters at `name`. */
static const char *match(const char *set, const char *name, size_t n)
{
    return set && strncmp(set, name, n) == 0 && set[n] == '=' ? set + n + 1 : NULL;
}

static const char *lookup(const cli_profile *p, const char *section, const char *name, size_t n)
{
    static const char slug[] = "destination-slug";
    const char *found = NULL;

    for (size_t i = 0; i < cli_globals.sets.n && !found; i++)
        found = match(cli_globals.sets.items[i], name, n);
    for (size_t i = 0; i < p->n && !found; i++) {
        if (strcmp(p->entries[i].section, section) == 0 && strcmp(p->entries[i].key, "set") == 0)
            found = match(p->entries[i].value, name, n);
    }
    if (!found && n == sizeof slug - 1 && strncmp(name, slug, n) == 0)
        found = given(slug) ? given(slug) : value_of(p, section, slug);
    return found;
}

/* The value with its {{NAME}} filled as far as can be, on the heap. */
static char *fill(const cli_profile *p, const char *section, const char *value)
{
    char out[MAX_VALUE] = "";
    size_t n = 0;

    while (*value && n + 1 < sizeof out) {
        const char *end = strncmp(value, "{{", 2) == 0 ? strstr(value, "}}") : NULL;
        const char *with = end ? lookup(p, section, value + 2, (size_t)(end - value) - 2) : NULL;

        if (with) {
            n += (size_t)snprintf(out + n, sizeof out - n, "%s", with);
            n = n < sizeof out ? n : sizeof out - 1;
            value = end + 2;
        } else {
            out[n++] = *value++;
            out[n] = '\0';
        }
    }
    return strdup(out);
}

/* ---- merging ---- */

/* Behind the last entry of the section, else at the end. */
static size_t place_for(const cli_profile *p, const char *section)
{
    for (size_t i = p->n; i > 0; i--) {
        if (strcmp(p->entries[i - 1].section, section) == 0)
            return i;
    }
    return p->n;
}

static wk_code add(cli_profile *p, const char *section, const preset_key *k, size_t room,
                   wk_error *err)
{
    cli_profile_entry e = {strdup(section), strdup(k->key), fill(p, section, k->value), 0};
    size_t at = place_for(p, section);

    if (p->n >= room || !e.section || !e.key || !e.value) {
        free(e.section);
        free(e.key);
        free(e.value);
        return p->n >= room ? wk_fail(err, WK_LIMIT, "%s: more than %zu keys", p->path, room)
                            : wk_fail(err, WK_NOMEM, "out of memory");
    }
    memmove(&p->entries[at + 1], &p->entries[at], (p->n - at) * sizeof e);
    p->entries[at] = e;
    p->n++;
    return WK_OK;
}

wk_code cli_presets_merge(cli_profile *p, const char *wanted, size_t room, wk_error *err)
{
    wk_code rc = WK_OK;

    for (size_t i = 0; i < n_presets; i++) {
        const preset *s = &presets[i];
        bool other;

        if (!cli_profile_has_section(p, s->name) && (!wanted || strcmp(wanted, s->name) != 0))
            continue;
        other = has_other_login(p, s->name, s);
        for (size_t k = 0; rc == WK_OK && k < MAX_KEYS && s->keys[k].key; k++) {
            if (!value_of(p, s->name, s->keys[k].key) && !(other && s->keys[k].login))
                rc = add(p, s->name, &s->keys[k], room, err);
        }
    }
    return rc;
}

/* ---- what is missing ---- */

static void append(char *out, size_t size, const char *text, size_t n)
{
    size_t used = strlen(out);

    snprintf(out + used, size - used, "%s%.*s", used ? ", " : "", (int)n, text);
}

/* Secrets may come from the environment. */
static bool is_in_environment(const char *key)
{
    return (strcmp(key, "client-secret") == 0 && getenv("WADOKIT_CLIENT_SECRET")) ||
           (strcmp(key, "password") == 0 && getenv("WADOKIT_PASSWORD"));
}

static bool need_is_met(const cli_profile *p, const char *section, const char *need)
{
    char key[64];

    while (*need) {
        size_t n = strcspn(need, "|");

        snprintf(key, sizeof key, "%.*s", (int)n, need);
        if (is_set(p, section, key) || is_in_environment(key))
            return true;
        need += n + (need[n] == '|');
    }
    return false;
}

/* A user name and a password may stand in the URL of the site's own. */
static bool has_user_in_url(const cli_profile *p, const char *section)
{
    const char *base = value_of(p, section, "base");

    base = given("base") ? given("base") : base;
    return base && strchr(base, '@');
}

bool cli_preset_missing(const cli_profile *p, const char *section, char *out, size_t size)
{
    const preset *s = find(section);
    bool login;

    *out = '\0';
    if (!s)
        return false;
    login = !has_other_login(p, section, s) && !has_user_in_url(p, section);
    for (size_t i = 0; login && i < MAX_NEEDS && s->needs[i]; i++) {
        if (!need_is_met(p, section, s->needs[i]))
            append(out, size, s->needs[i], strcspn(s->needs[i], "|"));
    }
    for (size_t i = 0; i < p->n; i++) {
        const cli_profile_entry *e = &p->entries[i];
        const char *open = strcmp(e->section, section) == 0 ? strstr(e->value, "{{") : NULL;
        size_t n = open ? strcspn(open + 2, "}") : 0;
        char word[96];

        if (!open || e->line != 0 || given(e->key))
            continue;
        snprintf(word, sizeof word,
                 strncmp(open + 2, "destination-slug", n) == 0 ? "%.*s" : "set = %.*s=...", (int)n,
                 open + 2);
        if (!strstr(out, word))
            append(out, size, word, strlen(word));
        open = strstr(open + 2, "{{");
        n = open ? strcspn(open + 2, "}") : 0;
        if (open) {
            snprintf(word, sizeof word, "set = %.*s=...", (int)n, open + 2);
            if (!strstr(out, word))
                append(out, size, word, strlen(word));
        }
    }
    return *out != '\0';
}
