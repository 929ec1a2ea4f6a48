/*
 * Thumbnails of DICOM files and folders: one a series, of its middle image.
 *
 *   thumbnails FOLDER TARGET...
 *   cc thumbnails.c $(pkg-config --cflags --libs wadokit) -o thumbnails
 */
#include <stdio.h>
#include <wadokit/wadokit.h>

/* Called for each picture, whether it could be made or not. */
static void on_image(void *user, const wk_image_report *report)
{
    (void)user;
    if (report->status == WK_IMAGE_FAILED)
        fprintf(stderr, "%s: %s\n", report->source, report->error.message);
    else
        printf("%s %ux%u\n", report->path, (unsigned)report->width, (unsigned)report->height);
}

int main(int argc, char **argv)
{
    const wk_session_opts session_opts = {.retries = -1, .max_wait_s = -1};
    wk_session *session = NULL;
    wk_error err = {0};
    wk_code rc;

    if (argc < 3) {
        fprintf(stderr, "usage: thumbnails FOLDER TARGET...\n");
        return wk_code_exit_status(WK_USAGE);
    }
    rc = wk_session_new(&session_opts, &session, &err);
    if (rc == WK_OK) {
        const wk_thumb_opts opts = {.size = 128, .output = argv[1], .output_fd = -1};

        rc = wk_thumbnail(session, (const char *const *)argv + 2, (size_t)argc - 2, &opts, on_image,
                          NULL, NULL, &err);
    }
    if (rc != WK_OK)
        fprintf(stderr, "thumbnails: %s\n", err.message);
    wk_session_free(session);
    return wk_code_exit_status(rc);
}
