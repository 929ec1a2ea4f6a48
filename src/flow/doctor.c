#include <wadokit/doctor.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <wadokit/version.h>

#include "auth/token_store.h"
#include "box/box.h"
#include "core/buf.h"
#include "core/module.h"
#include "core/text.h"
#include "decode/decode.h"
#include "flow/answer_look.h"
#include "flow/session.h"
#include "http/retry.h"
#include "http/url.h"
#include "store/tmpfile.h"

enum {
    SKEW_WARN_S = 60, /* tokens are often valid for some minutes only */
    SKEW_FAIL_S = 300,
    MAX_BODY =
        16 << 20 /* of an answer that is looked at: large CapabilityStatements have some MiB */
};

typedef struct visit {
    wk_session *session;
    wk_finding_fn each;
    void *user;
    wk_error first;
    const char *setting; /* that would help with the next finding; NULL for none */
    /* of the answer at hand */
    int64_t date;
    bool has_date;
} visit;

static void tell(visit *v, const char *name, wk_finding_status status, wk_code code,
                 const char *advice, const char *fmt, ...) WK_PRINTF(6, 7);

static void tell(visit *v, const char *name, wk_finding_status status, wk_code code,
                 const char *advice, const char *fmt, ...)
{
    char detail[sizeof v->first.message];
    wk_finding f = {name, status, detail, advice, v->setting ? v->setting : "", code};
    va_list args;

    va_start(args, fmt);
    vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    if (status == WK_FINDING_FAIL && v->first.code == WK_OK)
        wk_fail_setting(&v->first, code, v->setting, "%s: %s", name, detail);
    v->each(v->user, &f);
    v->setting = NULL;
}

static void look_at_modules(visit *v)
{
    for (size_t i = 0; wki_module_name(i); i++) {
        wk_error err = {0};
        const wki_module_head *head = wki_module_open(wki_module_name(i), &err);

        if (head)
            tell(v, "module", WK_FINDING_OK, WK_OK, "", "%s: %s", wki_module_name(i),
                 head->about());
        else
            tell(v, "module", WK_FINDING_FAIL, err.code, "install wadokit again, all of it", "%s",
                 err.message);
    }
}

/* The first that starts shows what the sandbox of all consists of. */
static void look_at_sandbox(visit *v, const wki_sandbox *s)
{
    char what[64];

    if (wki_sandbox_is_whole(s, what, sizeof what)) {
        tell(v, "sandbox", WK_FINDING_OK, WK_OK, "",
             "decoders own nothing: seccomp, Landlock %d, no new privileges, limits", s->landlock);
        return;
    }
    v->setting = "sandbox";
    if (s->off)
        tell(v, "sandbox", WK_FINDING_WARN, WK_OK, "let decoders have one",
             "decoders run in processes of their own, which may do what you may");
    else
        tell(v, "sandbox", WK_FINDING_WARN, WK_OK,
             "a newer kernel has it, or a container that allows it",
             "decoders run in processes of their own, but without %s", what);
}

static void look_at_decoders(visit *v)
{
    bool shown = false;

    for (size_t i = 0; wki_decode_worker(i); i++) {
        const char *name = wki_decode_worker(i);
        wki_box *box = NULL;
        wk_error err = {0};

        if (wki_box_take(name, &box, &err) == WK_OK) {
            if (!shown)
                look_at_sandbox(v, wki_box_sandbox(box));
            shown = true;
            tell(v, "decoder", WK_FINDING_OK, WK_OK, "", "%s: %s", name, wki_box_about(box));
        } else {
            v->setting = err.code == WK_REFUSED ? "sandbox" : NULL;
            tell(v, "decoder", WK_FINDING_FAIL, err.code,
                 err.code == WK_REFUSED ? "" : "install wadokit again, all of it", "%s: %s", name,
                 err.message);
        }
        wki_box_put(box);
    }
}

static void look_at_folder(visit *v, const char *dir, const char *purpose, const char *advice)
{
    wki_tmpfile t;
    const char *base = NULL;
    char *path = wki_strfmt("%s/probe", dir);
    wk_error err = {0};

    memset(&t, 0, sizeof t);
    if (!path)
        tell(v, "folder", WK_FINDING_FAIL, WK_NOMEM, "", "out of memory");
    else if (wki_tmpfile_open_for(&t, path, &base, &err) == WK_OK)
        tell(v, "folder", WK_FINDING_OK, WK_OK, "", "%s: writable, for %s", dir, purpose);
    else
        tell(v, "folder", WK_FINDING_FAIL, err.code, advice, "%s: for %s: %s", dir, purpose,
             strerror(err.sys_errno));
    wki_tmpfile_clear(&t);
    free(path);
}

static void look_at_folders(visit *v)
{
    const char *tmp = getenv("TMPDIR");
    char *state = NULL;

    look_at_folder(v, tmp && *tmp ? tmp : "/tmp", "temporary files",
                   "set TMPDIR to a folder that you may write to");
    if (wki_token_store_path(v->session->opts.state_dir, &state, NULL) != WK_OK)
        tell(v, "folder", WK_FINDING_NOTE, WK_OK,
             "set HOME or XDG_STATE_HOME, where logins are to be kept",
             "there is no folder for logins");
    else if (access(state, F_OK) == 0)
        look_at_folder(v, state, "logins", "make it yours, or set XDG_STATE_HOME");
    else
        tell(v, "folder", WK_FINDING_OK, WK_OK, "", "%s: will be made by the first login", state);
    free(state);
}

/* -1 where the system does not tell. To ask by umask() would change it for a moment, for all
 * threads. */
static int umask_now(void)
{
    char text[2048];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    const char *at;

    if (fd >= 0)
        (void)close(fd);
    text[n > 0 ? n : 0] = '\0';
    at = strstr(text, "\nUmask:");
    return at ? (int)strtol(at + 7, NULL, 8) : -1;
}

static void look_at_umask(visit *v)
{
    int mask = umask_now();

    if (mask >= 0 && (mask & 0044) != 0044)
        tell(v, "umask", WK_FINDING_NOTE, WK_OK,
             "run umask 077 before, or save into a folder that is yours alone",
             "%03o: others on this machine can read the files that are saved", (unsigned)mask);
    else if (mask >= 0)
        tell(v, "umask", WK_FINDING_OK, WK_OK, "", "%03o: files that are saved are yours alone",
             (unsigned)mask);
}

/* --- servers --- */

/* What an answer of one of the session's servers was. */
typedef struct reply {
    visit *visit;
    wki_buf body;
    int status;
    char content_type[64];
    wki_answer kind;
    char words[320];
} reply;

static void take_date(visit *v, const wki_http_head *head)
{
    const char *date = wki_http_header(head, "Date");

    v->has_date = date && wki_http_date_read(date, &v->date);
}

static wk_code on_head(void *user, const wki_http_head *head, wk_error *err)
{
    reply *r = user;

    (void)err;
    take_date(r->visit, head);
    r->status = head->status;
    (void)wki_strcopy(r->content_type, sizeof r->content_type, head->content_type);
    return WK_OK;
}

static void on_refused(void *user, const wki_http_head *head, const void *body, size_t n)
{
    (void)body;
    (void)n;
    take_date(((reply *)user)->visit, head);
}

static wk_code on_body(void *user, const void *data, size_t n, wk_error *err)
{
    reply *r = user;

    return r->body.n + n > MAX_BODY ? wk_fail(err, WK_LIMIT, "enough")
                                    : wki_buf_add(&r->body, data, n, err);
}

/* Asks for `path` below a root, whose query goes along, and looks at what comes. */
static wk_code ask(visit *v, const char *root, const char *path, const char *accept, reply *r,
                   wk_error *err)
{
    wki_http_request request = {.accept = accept, .auth = WKI_AUTH_BY_ORIGIN};
    wki_http_handler handler = {.head = on_head, .body = on_body, .user = r, .refused = on_refused};
    char *url = NULL;
    wk_code rc;

    *r = (reply){.visit = v};
    wki_buf_init(&r->body, MAX_BODY, "answer");
    rc = path[0] ? wki_url_append(root, path, &url, err) : WK_OK;
    if (rc == WK_OK) {
        request.url = url ? url : root;
        rc = wki_http_perform(v->session->http, &request, &handler, NULL, err);
    }
    if (rc == WK_LIMIT && r->body.n > 0) {
        wk_error_clear(err);
        rc = WK_OK;
    }
    if (rc == WK_OK)
        r->kind = wki_answer_look(wki_buf_text(&r->body), r->body.n, r->words, sizeof r->words);
    wki_buf_clear(&r->body);
    free(url);
    return rc;
}

static const char *advice_for(const wk_error *err, const char **setting)
{
    *setting = err->setting;
    if (err->http_status == 401 || err->code == WK_AUTH) {
        *setting = "token-file user";
        return "give credentials (also by a profile), or log in: wadokit auth login";
    }
    if (err->http_status == 404)
        return "check the address: it ends before /studies, or before /metadata";
    if (err->http_status != 0)
        return "ask those who run the server";
    *setting = "proxy cacert";
    return "check the address, the network, the proxy and the CA";
}

static void look_at_clock(visit *v)
{
    const wki_clock *clock = v->session->clock;
    long long skew = v->has_date ? (long long)(clock->unix_s(clock->user) - v->date) : 0;
    long long size = skew < 0 ? -skew : skew;
    wk_finding_status status = size >= SKEW_FAIL_S   ? WK_FINDING_FAIL
                               : size >= SKEW_WARN_S ? WK_FINDING_WARN
                                                     : WK_FINDING_OK;

    if (!v->has_date)
        return;
    tell(v, "clock", status, WK_DATA,
         status == WK_FINDING_OK ? "" : "set this machine's clock (timedatectl): logins will fail",
         "%lld s %s the server's", size, skew < 0 ? "behind" : "ahead of");
}

/* One kind of server: what it is asked, and what shows that it is one. */
typedef struct service {
    const char *name, *path, *accept;
    const char *expected;
    bool (*is)(const reply *r);
} service;

static bool is_fhir(const reply *r)
{
    return r->kind == WKI_ANSWER_CAPABILITY;
}

/* No study at all is answered with 204, or an empty list; some label an empty body. */
static bool is_dicomweb(const reply *r)
{
    if (r->kind == WKI_ANSWER_EMPTY)
        return r->status == 204 || wki_str_istarts(r->content_type, "application/dicom+json");
    return r->kind == WKI_ANSWER_DICOM || r->kind == WKI_ANSWER_LIST;
}

static bool is_any(const reply *r)
{
    (void)r;
    return true;
}

static const service fhir = {"fhir", "metadata", "application/fhir+json", "a CapabilityStatement",
                             is_fhir};
static const service dicomweb = {"dicomweb", "studies?limit=1", "application/dicom+json",
                                 "a list of studies in DICOM JSON", is_dicomweb};
static const service base = {"base", "", NULL, "", is_any};

/* Whether the root that was given as one kind of server is one of the other. */
static bool is_the_other(visit *v, const service *other, const char *root)
{
    wk_error ignored = {0};
    reply r;

    return ask(v, root, other->path, other->accept, &r, &ignored) == WK_OK &&
           (r.kind == WKI_ANSWER_DICOM || r.kind == WKI_ANSWER_CAPABILITY) && other->is(&r);
}

static const char *advice_for_answer(const reply *r, const char **setting)
{
    if (r->kind == WKI_ANSWER_HTML) {
        *setting = "token-file proxy";
        return "a login page or a proxy answers in its place: log in, give credentials, or check "
               "the address";
    }
    return "check the address: it ends before /studies, or before /metadata";
}

/* An answer came that shows no such server, or none came but the server is there. */
static void tell_failure(visit *v, const service *s, const char *root, const reply *r,
                         const wk_error *err)
{
    const service *other = s == &fhir ? &dicomweb : s == &dicomweb ? &fhir : NULL;
    bool there = err->code == WK_OK ||
                 (err->http_status && err->http_status / 100 == 4 && err->code != WK_AUTH);
    const char *advice;

    if (there && other && is_the_other(v, other, root)) {
        v->setting = other->name;
        tell(v, s->name, WK_FINDING_FAIL, WK_DATA, "give it as such",
             "%s: this is a %s, and was given as a %s", root,
             other == &fhir ? "FHIR server" : "DICOMweb server",
             s == &fhir ? "FHIR server" : "DICOMweb server");
    } else if (err->code == WK_OK) {
        advice = advice_for_answer(r, &v->setting);
        tell(v, s->name, WK_FINDING_FAIL, WK_DATA, advice, "%s: answers with %s, where %s is due",
             root, r->words, s->expected);
    } else {
        advice = advice_for(err, &v->setting);
        tell(v, s->name, WK_FINDING_FAIL, err->code, advice, "%s", err->message);
    }
}

static void look_at_server(visit *v, const service *s, const char *root)
{
    const wki_clock *clock = v->session->clock;
    int64_t began = clock->monotonic_ms(clock->user);
    wk_error err = {0};
    wk_code rc;
    reply r;

    if (!root)
        return;
    v->has_date = false;
    rc = ask(v, root, s->path, s->accept, &r, &err);
    if (s == &dicomweb && (err.http_status == 406 || err.http_status == 415)) {
        wk_error_clear(&err);
        rc = ask(v, root, s->path, "application/json", &r, &err);
    }
    if (rc == WK_OK && s->is(&r))
        tell(v, s->name, WK_FINDING_OK, WK_OK, "", "%s: answers after %lld ms, credentials: %s",
             root, (long long)(clock->monotonic_ms(clock->user) - began), v->session->auth);
    else
        tell_failure(v, s, root, &r, &err);
    look_at_clock(v);
}

wk_code wk_doctor(wk_session *session, wk_finding_fn each, void *user, wk_error *err)
{
    const wk_session_opts *o = &session->opts;
    visit v = {.session = session, .each = each, .user = user};

    for (size_t i = 0; wk_version_line(i); i++)
        tell(&v, "library", WK_FINDING_OK, WK_OK, "", "%s", wk_version_line(i));
    look_at_modules(&v);
    look_at_decoders(&v);
    look_at_umask(&v);
    look_at_folders(&v);
    look_at_server(&v, &fhir, o->fhir);
    look_at_server(&v, &dicomweb, o->dicomweb);
    look_at_server(&v, &base, o->base);
    if (!o->fhir && !o->dicomweb && !o->base) {
        v.setting = "fhir dicomweb";
        tell(&v, "server", WK_FINDING_NOTE, WK_OK, "name one, or use a profile",
             "no server is configured");
    }
    if (v.first.code != WK_OK && err)
        *err = v.first;
    return v.first.code;
}
