/*
 * Holds stored pixels against the corpus's reference: for each frame of DIR/reference.tsv, the
 * SHA-256 of what the library decodes against the one of the decoders that agree. Prints one line a
 * file, then counts; the same for RGB made of YBR. Fails where a frame differs on which at least
 * two decoders agree, or fails where the reference has an answer and the file is not among the bad
 * ones.
 *
 * reference_check DIR [PREFIX]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/hash.h"
#include "decode/decode.h"
#include "dicom/dicom_file.h"
#include "render/render.h"

enum {
    FIELDS = 14,
    LINE = 65536
};

typedef struct tally {
    unsigned equal, differ, fail, none; /* frames; none: the reference has no answer either */
    unsigned rgb;                       /* frames whose RGB differs */
} tally;

typedef struct open_file {
    char name[512];
    wki_dicom_file *dicom;
    wki_image_desc desc;
    wk_error error;
    tally counts;
    double seconds;
    char note[600];
} open_file;

static wk_code decode(open_file *f, uint32_t frame, wki_pixels *out, wk_error *err)
{
    wki_frame_bytes bytes = {0};
    wk_code rc = f->error.code;

    if (rc != WK_OK) {
        *err = f->error;
        return rc;
    }
    rc = wki_dicom_frame_bytes(f->dicom, &f->desc, frame, &bytes, err);
    if (rc == WK_OK)
        rc = wki_decode(&f->desc, &bytes, NULL, out, err);
    wki_frame_bytes_clear(&bytes);
    return rc;
}

static void print_file(open_file *f)
{
    const tally *c = &f->counts;
    const char *word = c->differ || c->rgb ? "DIFFERS"
                       : c->fail           ? "FAILS"
                       : c->none           ? "none"
                                           : "ok";

    if (*f->name)
        printf("%-8s %-60s %3u equal %3u differ %3u fail %6.0f ms  %s\n", word, f->name, c->equal,
               c->differ, c->fail, f->seconds * 1e3, f->note);
    wki_image_desc_clear(&f->desc);
    wki_dicom_close(f->dicom);
    memset(f, 0, sizeof *f);
}

static void start_file(open_file *f, const char *dir, const char *name)
{
    char path[2048];

    snprintf(f->name, sizeof f->name, "%s", name);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (wki_dicom_open(path, &f->dicom, &f->error) == WK_OK &&
        wki_dicom_describe(f->dicom, &f->desc, &f->error) == WK_OK &&
        f->desc.pixels == WKI_PIXELS_NONE)
        (void)wk_fail(&f->error, WK_DATA, "no pixels");
}

/* The same after YBR to RGB by the standard's formula. */
static void check_rgb(open_file *f, wki_sha256 *hash, wki_pixels *pixels, const char *expected)
{
    char hex[WKI_SHA256_HEX_SIZE];

    wki_pixels_to_rgb(&f->desc, pixels);
    wki_sha256_reset(hash);
    wki_sha256_add(hash, pixels->data, pixels->size);
    wki_sha256_finish(hash, hex);
    if (strcmp(hex, expected) == 0)
        return;
    f->counts.rgb++;
    if (!*f->note)
        snprintf(f->note, sizeof f->note, "RGB differs");
}

static void check_frame(open_file *f, wki_sha256 *hash, char **field)
{
    char hex[WKI_SHA256_HEX_SIZE];
    wki_pixels pixels = {0};
    wk_error err = {0};
    clock_t from = clock();
    wk_code rc = decode(f, (uint32_t)strtoul(field[2], NULL, 10), &pixels, &err);

    f->seconds += (double)(clock() - from) / CLOCKS_PER_SEC;
    if (rc == WK_OK) {
        wki_sha256_reset(hash);
        wki_sha256_add(hash, pixels.data, pixels.size);
        wki_sha256_finish(hash, hex);
    }
    if (!*field[7])
        f->counts.none++;
    else if (rc != WK_OK)
        f->counts.fail++;
    else if (strcmp(hex, field[7]) == 0)
        f->counts.equal++;
    else
        f->counts.differ++;
    if (!*f->note && (rc != WK_OK || *pixels.warning || *f->desc.warning))
        snprintf(f->note, sizeof f->note, "%s",
                 rc != WK_OK       ? err.message
                 : *pixels.warning ? pixels.warning
                                   : f->desc.warning);
    if (rc == WK_OK && *field[7] && strcmp(hex, field[7]) != 0 && *field[11])
        snprintf(f->note, sizeof f->note, "decoders differ: %.300s", field[11]);
    if (rc == WK_OK && *field[8])
        check_rgb(f, hash, &pixels, field[8]);
    wki_pixels_clear(&pixels);
}

/* Cuts a line at its tabs. */
static void split(char *line, char **field)
{
    static char empty[1];

    line[strcspn(line, "\r\n")] = '\0';
    for (int i = 0; i < FIELDS; i++) {
        field[i] = line ? line : empty;
        line = line ? strchr(line, '\t') : NULL;
        if (line)
            *line++ = '\0';
    }
}

int main(int argc, char **argv)
{
    static char line[LINE];
    char path[2048], *field[FIELDS];
    open_file f = {0};
    tally all = {0};
    wki_sha256 *hash = NULL;
    wk_error err = {0};
    bool wrong = false;
    FILE *in;

    snprintf(path, sizeof path, "%s/reference.tsv", argc > 1 ? argv[1] : "");
    in = argc > 1 ? fopen(path, "r") : NULL;
    if (!in) {
        printf("no corpus at %s: skipped\n", path);
        return 77;
    }
    if (wki_sha256_new(&hash, &err) != WK_OK)
        return EXIT_FAILURE;
    while (fgets(line, sizeof line, in)) {
        tally before;

        split(line, field);
        if (strcmp(field[0], "file") == 0 ||
            (argc > 2 && strncmp(field[0], argv[2], strlen(argv[2]))))
            continue;
        if (strcmp(f.name, field[0]) != 0) {
            print_file(&f);
            start_file(&f, argv[1], field[0]);
        }
        before = f.counts;
        check_frame(&f, hash, field);
        all.equal += f.counts.equal - before.equal;
        all.none += f.counts.none - before.none;
        all.differ += f.counts.differ - before.differ;
        all.fail += f.counts.fail - before.fail;
        all.rgb += f.counts.rgb - before.rgb;
        if (f.counts.differ > before.differ && *field[10])
            wrong = true;
        if (f.counts.rgb > before.rgb && *field[10])
            wrong = true;
        if (f.counts.fail > before.fail && strncmp(field[0], "bad/", 4) != 0)
            wrong = true;
    }
    print_file(&f);
    printf("%u frames equal, %u differ, %u fail, %u without a reference; RGB of %u differs\n",
           all.equal, all.differ, all.fail, all.none, all.rgb);
    wki_sha256_free(hash);
    fclose(in);
    return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}
