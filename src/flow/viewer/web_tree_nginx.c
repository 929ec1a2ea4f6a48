#include "flow/viewer/web_tree_nginx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow/viewer/web_object.h"

enum {
    MAX_CONFIG = 65536
};

/* %s: the folder as nginx quotes it, where that is needed; the boundary. */
static const char head[] =
    "# nginx: this folder as a DICOMweb origin below /dicom-web, for reading. Made by wadokit\n"
    "# (layout dicomweb); `include` it in a server block, or take nginx.conf as it is.\n"
    "#\n"
    "# Nothing here asks who is calling: put auth_request, auth_basic or the like into the "
    "server.\n"
    "# For viewers from other origins, in the server:\n"
    "#   add_header Access-Control-Allow-Origin https://viewer.example always;\n"
    "%s"
    "\n";

static const char not_named[] =
    "#\n"
    "# nginx cannot name the folder where this was made: replace /path/of/the/tree.\n";

/* A location: regular expression, type, file. */
static const char location[] = "location ~ \"^/dicom-web/%s$\" {\n"
                               "    types { }\n"
                               "    default_type '%s';\n"
                               "%s"
                               "    alias \"%s/%s\";\n"
                               "}\n";

#define UID "[0-9]+(?:[.][0-9]+)*"
#define INSTANCE "studies/" UID "/series/" UID "/instances/" UID

static const char part_head[] =
    "location = /dicom-web/.part-head {\n"
    "    internal;\n"
    "    default_type text/plain;\n"
    "    return 200 \"--" WKI_WEB_BOUNDARY "\\r\\nContent-Type: application/dicom\\r\\n\\r\\n\";\n"
    "}\n"
    "location = /dicom-web/.part-end {\n"
    "    internal;\n"
    "    default_type text/plain;\n"
    "    return 200 \"\\r\\n--" WKI_WEB_BOUNDARY "--\\r\\n\";\n"
    "}\n";

static const char around[] = "    add_before_body /dicom-web/.part-head;\n"
                             "    add_after_body /dicom-web/.part-end;\n"
                             "    addition_types *;\n";

/* What is where; the order does not matter, as each expression matches a whole path. */
static const struct place {
    const char *expression, *type, *more, *file;
} places[] = {
    {"(studies|studies/" UID "/(?:series|instances)|studies/" UID "/series/" UID "/instances)/?",
     "application/dicom+json", "", "$1/index.json"},
    {"(studies/" UID "(?:/series/" UID "(?:/instances/" UID ")?)?/metadata)",
     "application/dicom+json", "", "$1"},
    {"(studies/" UID "(?:/series/" UID "(?:/instances/" UID ")?)?/thumbnail)", "image/jpeg", "",
     "$1"},
    {"(" INSTANCE "/(?:frames/[0-9]+|bulkdata/[0-9A-F]+(?:/[0-9]+/[0-9A-F]+)*))",
     "multipart/related; type=\"application/octet-stream\"; boundary=" WKI_WEB_BOUNDARY, "", "$1"},
    {"(" INSTANCE ")", "multipart/related; type=\"application/dicom\"; boundary=" WKI_WEB_BOUNDARY,
     around, "$1/instance.dcm"},
};

static const char server[] =
    "# nginx: a server for the DICOMweb tree beside this file, on this machine only. As root:\n"
    "#   ln -s \"%s/nginx.conf\" /etc/nginx/conf.d/dicom-web.conf && nginx -s reload\n"
    "# and a viewer's root is http://127.0.0.1:8080/dicom-web\n"
    "server {\n"
    "    listen 127.0.0.1:8080;\n"
    "    server_name localhost 127.0.0.1;\n"
    "    sendfile on;\n"
    "    gzip on;\n"
    "    gzip_types application/dicom+json;\n"
    "    include \"%s/nginx-locations.conf\";\n"
    "}\n";

/* The folder inside double quotes of nginx. */
static bool quote(char *out, size_t size, const char *path)
{
    size_t n = 0;

    for (; *path; path++) {
        if (*path == '$' || (unsigned char)*path < 0x20 || n + 3 > size)
            return false;
        if (*path == '"' || *path == '\\')
            out[n++] = '\\';
        out[n++] = *path;
    }
    out[n] = '\0';
    return true;
}

static wk_code add_locations(wki_buf *out, const char *folder, bool named, wk_error *err)
{
    wk_code rc = wki_buf_addf(out, err, head, named ? "" : not_named);

    for (size_t i = 0; i < sizeof places / sizeof places[0] && rc == WK_OK; i++)
        rc = wki_buf_addf(out, err, location, places[i].expression, places[i].type, places[i].more,
                          folder, places[i].file);
    return rc == WK_OK ? wki_buf_add(out, part_head, strlen(part_head), err) : rc;
}

wk_code wki_web_tree_nginx(wki_web_tree_dir *d, wki_tmpfile *file, const char *path, bool *named,
                           wk_error *err)
{
    static const char placeholder[] = "/path/of/the/tree";
    char folder[2 * WK_MAX_PATH_BYTES];
    char *whole = realpath(path, NULL);
    wki_buf text;
    wk_code rc;

    if (!whole)
        return wk_fail_errno(err, WK_IO, errno, "%s", path);
    wki_buf_init(&text, MAX_CONFIG, "nginx configuration");
    *named = quote(folder, sizeof folder, whole);
    free(whole);
    if (!*named)
        memcpy(folder, placeholder, sizeof placeholder);
    rc = add_locations(&text, folder, *named, err);
    if (rc == WK_OK)
        rc = wki_web_tree_put(d, file, "nginx-locations.conf", text.data, text.n, err);
    wki_buf_reset(&text);
    if (rc == WK_OK)
        rc = wki_buf_addf(&text, err, server, folder, folder);
    if (rc == WK_OK)
        rc = wki_web_tree_put(d, file, "nginx.conf", text.data, text.n, err);
    wki_buf_clear(&text);
    return rc;
}
