#include "flow/find/wanted.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "fhir/bundle.h"
#include "fhir/fhir_value.h"

wk_code wki_wanted_init(wki_wanted *w, wk_session *session, const char *form, const char *url,
                        wk_error *err)
{
    memset(w, 0, sizeof *w);
    w->session = session;
    if (form)
        return wki_fhir_asked_form(form, &w->asked, err);
    return url ? wki_fhir_asked_url(url, &w->asked, err) : WK_OK;
}

void wki_wanted_clear(wki_wanted *w)
{
    wki_fhir_asked_clear(&w->asked);
    wki_fhir_asked_clear(&w->self);
}

static wk_code learn(wki_wanted *w, const wki_json *bundle, wk_error *err)
{
    const wki_json *at = NULL;
    wki_bundle_entry entry;
    wk_code rc = WK_OK;

    while (rc == WK_OK && wki_bundle_next_entry(bundle, &at, &entry)) {
        wki_imaging_study study;

        if (!wki_fhir_is(entry.resource, "ImagingStudy"))
            continue;
        rc = wki_imaging_study_read(entry.resource, entry.full_url, &study, err);
        if (rc != WK_OK)
            break;
        wki_fhir_asked_learn(&w->asked, &study);
        wki_fhir_asked_learn(&w->self, &study);
        wki_imaging_study_clear(&study);
    }
    return rc;
}

wk_code wki_wanted_page(wki_wanted *w, const wki_json *bundle, wk_error *err)
{
    const char *self = wki_bundle_link(bundle, "self");
    char names[200];

    wk_code rc = WK_OK;

    wki_fhir_asked_clear(&w->self);
    if (self)
        rc = wki_fhir_asked_url(self, &w->self, err);
    w->self.id[0] = '\0'; /* a search whose link is odd is no read */
    if (rc == WK_OK && w->pages++ == 0) {
        wki_fhir_asked_self(&w->asked, self, names, sizeof names);
        if (names[0])
            wk_log_write(&w->session->log, WK_LOG_WARN,
                         "by its own word the server paid no attention to: %s", names);
    }
    return rc == WK_OK && (w->asked.n || w->self.n) ? learn(w, bundle, err) : rc;
}

static bool is_retracted(const char *status)
{
    return status && (wki_str_ieq(status, "entered-in-error") || wki_str_ieq(status, "cancelled"));
}

/* Counts a study that is not what was asked for. */
static bool refuse(wki_wanted *w, wki_fhir_match match, const char *name, char *why, size_t size)
{
    if (w->contradicting + w->unproven == 0)
        (void)wki_strcopy(w->name, sizeof w->name, name);
    if (match == WKI_FHIR_CONTRADICTS) {
        w->contradicting++;
        snprintf(why, size, "not what was asked for: %s", name);
    } else {
        w->unproven++;
        snprintf(why, size, "nothing shows that it is what was asked for: %s", name);
    }
    return false;
}

bool wki_wanted_takes(wki_wanted *w, const wki_imaging_study *study, const wki_fhir_scope *scope,
                      char *why, size_t size)
{
    char name[WKI_FHIR_PARAM_SIZE], status[32];
    wki_fhir_match match = wki_fhir_asked_match(&w->asked, study, scope, name);

    wki_imaging_study_faults(study->resource, &w->faults);
    if (match == WKI_FHIR_MATCHES)
        match = wki_fhir_asked_match(&w->self, study, scope, name);
    if (match != WKI_FHIR_MATCHES)
        return refuse(w, match, name, why, size);
    if (!is_retracted(study->status) || w->session->opts.include_entered_in_error)
        return true;
    w->retracted++;
    wki_text_clean(status, sizeof status, study->status, strlen(study->status));
    snprintf(why, size, "its status is %s", status);
    return false;
}

uint64_t wki_wanted_left_out(const wki_wanted *w)
{
    return w->contradicting + w->unproven + w->retracted;
}

void wki_wanted_tell(const wki_wanted *w)
{
    const wk_log *log = &w->session->log;

    wki_json_faults_tell(&w->faults, "answer", log);
    if (w->contradicting)
        wk_log_write(log, WK_LOG_WARN,
                     "%llu of the server's studies left out: not what was asked for (%s)",
                     (unsigned long long)w->contradicting, w->name);
    if (w->unproven)
        wk_log_write(log, WK_LOG_WARN,
                     "%llu of the server's studies left out: nothing in them shows that they are "
                     "what was asked for (%s)",
                     (unsigned long long)w->unproven, w->name);
    if (w->retracted)
        wk_log_write(log, WK_LOG_WARN,
                     "%llu of the server's studies left out: entered in error, or cancelled (the "
                     "option include-entered-in-error takes such, too)",
                     (unsigned long long)w->retracted);
}
