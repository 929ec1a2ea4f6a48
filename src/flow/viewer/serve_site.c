#include "flow/viewer/serve_site.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/text.h"
#include "http/url.h"
#include "store/store_file.h"

enum {
    MAX_PAGE = 65536
};

/* OHIF's configuration: one data source, that of this server. */
static const char app_config[] =
    "window.config = {\n"
    "  routerBasename: null, extensions: [], modes: [], customizationService: {},\n"
    "  showStudyList: true, maxNumberOfWebWorkers: 2, showWarningMessageForCrossOrigin: false,\n"
    "  investigationalUseDialog: { option: 'never' }, defaultDataSourceName: 'dicomweb',\n"
    "  dataSources: [{\n"
    "    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',\n"
    "    sourceName: 'dicomweb',\n"
    "    configuration: {\n"
    "      friendlyName: 'wadokit serve', name: 'wadokit',\n"
    "      qidoRoot: '/dicom-web', wadoRoot: '/dicom-web', wadoUriRoot: '/dicom-web',\n"
    "      imageRendering: 'wadors', thumbnailRendering: 'wadors', enableStudyLazyLoad: true,\n"
    "      supportsFuzzyMatching: false, supportsWildcard: true, qidoSupportsIncludeField: false,\n"
    "      bulkDataURI: { enabled: true }\n"
    "    }\n"
    "  }]\n"
    "};\n";

static const char page[] =
    "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>wadokit serve</title>\n"
    "<p>The DICOMweb root of these files is <code>/dicom-web</code>:\n"
    "<a href=\"/dicom-web/studies\">studies</a>. A viewer's folder may be "
    "put here, by the setting <code>viewer</code>.</p>\n";

static const char *type_of(const char *name)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".wasm", "application/wasm"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".woff", "font/woff"},
        {".ttf", "font/ttf"},
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (wki_str_ends(name, types[i].suffix))
            return types[i].type;
    }
    return "application/octet-stream";
}

static wk_code give_text(wki_serve *s, const char *text, const char *type, wki_web_answer *out,
                         wk_error *err)
{
    wki_buf buf;
    wk_code rc;

    wki_buf_init(&buf, MAX_PAGE, "page");
    rc = wki_buf_add(&buf, text, strlen(text), err);
    if (rc == WK_OK)
        rc = wki_serve_body_buf(s, &buf, out, err);
    wki_buf_clear(&buf);
    (void)wki_strcopy(out->type, sizeof out->type, type);
    return rc;
}

/* Whether it names something inside: no empty component, and none that begins with a dot. */
static bool is_inside(const char *relative)
{
    for (const char *at = relative;; at++) {
        if (*at == '\0' || *at == '/' || *at == '.')
            return false;
        at = strchr(at, '/');
        if (!at)
            return true;
    }
}

static bool has_suffix(const char *relative)
{
    const char *slash = strrchr(relative, '/');

    return strchr(slash ? slash : relative, '.') != NULL;
}

wk_code wki_serve_site_open(wki_serve *s, const char *folder, wk_error *err)
{
    uint64_t bytes = 0;
    int index;

    s->viewer_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->viewer_fd < 0)
        return wk_fail_errno(err, WK_USAGE, errno, "%s: cannot open the viewer's folder", folder);
    index = wki_store_file_open(s->viewer_fd, "index.html", &bytes);
    if (index < 0)
        return wk_fail(err, WK_USAGE, "%s: no index.html there: not a viewer's folder", folder);
    close(index);
    return WK_OK;
}

wk_code wki_serve_site(wki_serve *s, const char *path, wki_web_answer *out, wk_error *err)
{
    char name[WK_MAX_PATH_BYTES];
    uint64_t bytes = 0;
    int fd = -1;

    if (s->viewer_fd < 0) {
        if (strcmp(path, "/") == 0)
            return give_text(s, page, "text/html; charset=utf-8", out, err);
        return wk_fail(err, WK_NOT_FOUND, "the DICOMweb root is /dicom-web");
    }
    if (strcmp(path, "/app-config.js") == 0)
        return give_text(s, app_config, type_of(path), out, err);
    if (wki_url_decode(name, sizeof name, path + 1, strlen(path + 1), false) && is_inside(name))
        fd = wki_store_file_open(s->viewer_fd, name, &bytes);
    if (fd < 0 && has_suffix(name))
        return wk_fail(err, WK_NOT_FOUND, "no such file");
    /* A page inside of the viewer: it looks at the address itself. */
    if (fd < 0) {
        (void)wki_strcopy(name, sizeof name, "index.html");
        fd = wki_store_file_open(s->viewer_fd, name, &bytes);
    }
    if (fd < 0)
        return wk_fail(err, WK_NOT_FOUND, "no such file");
    (void)wki_strcopy(out->type, sizeof out->type, type_of(name));
    return wki_serve_body_fd(s, fd, bytes, out, err);
}
