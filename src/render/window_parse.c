#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "render/grey.h"
#include "render/render.h"

/* Customary display windows, in Hounsfield units. */
static const struct {
    const char *name;
    double center, width;
} presets[] = {
    {"abdomen", 60, 400},     {"angio", 300, 600},  {"bone", 300, 1500},   {"brain", 40, 80},
    {"liver", 60, 160},       {"lung", -600, 1500}, {"spine", 50, 350},    {"stroke", 40, 40},
    {"mediastinum", 40, 400}, {"pelvis", 40, 400},  {"subdural", 75, 215}, {"soft-tissue", 40, 400},
    {"temporal", 600, 2800},
};

bool wki_window_preset(size_t i, const char **name, double *center, double *width)
{
    if (i >= sizeof presets / sizeof presets[0])
        return false;
    *name = presets[i].name;
    *center = presets[i].center;
    *width = presets[i].width;
    return true;
}

static bool read_rule(const char *text, wki_render_opts *o)
{
    static const struct {
        const char *name;
        wki_window_rule rule;
    } rules[] = {{"auto", WKI_WINDOW_AUTO},
                 {"dicom", WKI_WINDOW_DICOM},
                 {"minmax", WKI_WINDOW_MINMAX},
                 {"none", WKI_WINDOW_NONE}};

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (wki_str_ieq(text, rules[i].name)) {
            o->rule = rules[i].rule;
            return true;
        }
    }
    return false;
}

static bool read_preset(const char *text, wki_render_opts *o)
{
    for (size_t i = 0; i < sizeof presets / sizeof presets[0]; i++) {
        if (wki_str_ieq(text, presets[i].name)) {
            o->rule = WKI_WINDOW_GIVEN;
            o->window = (wki_window){presets[i].center, presets[i].width, WKI_VOI_LINEAR, ""};
            wki_strcopy(o->preset, sizeof o->preset, presets[i].name);
            return true;
        }
    }
    return false;
}

/* "dicom:2" counts from 1; what is no number is an explanation. */
static wk_code read_dicom_choice(const char *choice, wki_render_opts *o, wk_error *err)
{
    char *end = NULL;
    unsigned long n = strtoul(choice, &end, 10);

    o->rule = WKI_WINDOW_DICOM;
    if (*choice >= '0' && *choice <= '9' && *end == '\0') {
        if (n < 1 || n > WK_MAX_WINDOWS)
            return wk_fail(err, WK_USAGE, "window \"dicom:%.40s\": count windows from 1 to %d",
                           choice, WK_MAX_WINDOWS);
        o->index = (unsigned)n - 1;
        return WK_OK;
    }
    if (*choice == '\0' || !wki_strcopy(o->explanation, sizeof o->explanation, choice))
        return wk_fail(err, WK_USAGE,
                       "window \"dicom:...\": give a number from 1 or an explanation of at most %d "
                       "bytes",
                       WK_UID_SIZE - 1);
    return WK_OK;
}

static bool read_function(const char *text, wki_voi_function *function)
{
    if (*text == '\0' || wki_str_ieq(text, ",linear"))
        *function = WKI_VOI_LINEAR;
    else if (wki_str_ieq(text, ",linear_exact") || wki_str_ieq(text, ",linear-exact"))
        *function = WKI_VOI_LINEAR_EXACT;
    else if (wki_str_ieq(text, ",sigmoid"))
        *function = WKI_VOI_SIGMOID;
    else
        return false;
    return true;
}

/* A decimal number, and nothing that strtod() takes beside ("inf", "nan", "0x10"). */
static bool read_number(const char **text, double *out)
{
    size_t n = strspn(*text, "+-.0123456789eE");
    char *end = NULL;

    if (n == 0)
        return false;
    *out = strtod(*text, &end);
    if (end != *text + n || !isfinite(*out))
        return false;
    *text = end;
    return true;
}

static bool read_given(const char *text, wki_render_opts *o)
{
    wki_window w = {0, 0, WKI_VOI_LINEAR, ""};

    if (!read_number(&text, &w.center) || *text++ != ',' || !read_number(&text, &w.width) ||
        !read_function(text, &w.function))
        return false;
    o->rule = WKI_WINDOW_GIVEN;
    o->window = w;
    return true;
}

wk_code wki_window_parse(const char *text, wki_render_opts *opts, wk_error *err)
{
    wki_render_opts o = *opts;
    wk_code rc = WK_OK;

    o.index = 0;
    o.explanation[0] = o.preset[0] = '\0';
    if (wki_str_istarts(text, "dicom:"))
        rc = read_dicom_choice(text + strlen("dicom:"), &o, err);
    else if (!read_rule(text, &o) && !read_preset(text, &o) && !read_given(text, &o))
        rc = wk_fail(err, WK_USAGE,
                     "window \"%.40s\" is none of auto, dicom, dicom:N, minmax, none, "
                     "CENTER,WIDTH[,FUNCTION], lung, bone, brain, abdomen, mediastinum, liver, "
                     "pelvis, spine, stroke, subdural, angio, soft-tissue, temporal",
                     text);
    if (rc == WK_OK && o.rule == WKI_WINDOW_GIVEN && !wki_window_is_valid(&o.window))
        rc = wk_fail(err, WK_USAGE, "window \"%.40s\": the width must be %s", text,
                     o.window.function == WKI_VOI_LINEAR ? "at least 1" : "above 0");
    if (rc == WK_OK)
        *opts = o;
    return rc;
}
