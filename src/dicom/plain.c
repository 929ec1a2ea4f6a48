#include "dicom/plain.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/transfer_syntax.h"
#include "dicom/frames.h"
#include "dicom/plain_values.h"

enum {
    HEAD_BYTES = 8192,      /* holds the data set of most files but for the pixels */
    DATA_SET_MAX = 1 << 18, /* ordinary ones have a few KiB */
    GROUP_MAX = 1 << 18
};

struct wki_plain {
    wki_blob source;
    wki_layout layout;
    wki_frames *frames;
    wki_span *groups; /* n_groups: what each frame's functional groups take */
    uint32_t n_groups;
    uint8_t head[HEAD_BYTES];
};

/* A data set, or a frame's functional groups, in memory. */
typedef struct part {
    uint8_t *data;
    size_t n;
} part;

static bool identify(const wki_plain_value *v, wki_image_desc *d)
{
    char lossy[8];
    bool ok = wki_plain_put(&v[WKI_PLAIN_STUDY], 0, d->study_uid, sizeof d->study_uid) &&
              wki_plain_put(&v[WKI_PLAIN_SERIES], 0, d->series_uid, sizeof d->series_uid) &&
              wki_plain_put(&v[WKI_PLAIN_SOP], 0, d->sop_uid, sizeof d->sop_uid) &&
              wki_plain_put(&v[WKI_PLAIN_SOP_CLASS], 0, d->sop_class, sizeof d->sop_class) &&
              wki_plain_put(&v[WKI_PLAIN_MODALITY], 0, d->modality, sizeof d->modality) &&
              wki_plain_put(&v[WKI_PLAIN_LOSSY], 0, lossy, sizeof lossy);

    for (unsigned i = 0; i < 4 && ok; i++)
        ok = wki_plain_put(&v[WKI_PLAIN_IMAGE_TYPE], i, d->image_type[i], sizeof d->image_type[i]);
    d->lossy = ok && strcmp(lossy, "01") == 0;
    return ok;
}

static bool read_size(const wki_plain_value *v, wki_image_desc *d)
{
    int32_t rows = wki_plain_word(&v[WKI_PLAIN_ROWS], -1),
            cols = wki_plain_word(&v[WKI_PLAIN_COLUMNS], -1);
    double frames = 1;

    if (wki_plain_numbers(&v[WKI_PLAIN_FRAMES], &frames, 1) < 0 || rows < 1 || cols < 1 ||
        rows > WK_MAX_ROWS || cols > WK_MAX_COLUMNS || frames < 1 || frames > WK_MAX_FRAMES)
        return false;
    d->rows = (uint32_t)rows;
    d->cols = (uint32_t)cols;
    d->frames = (uint32_t)frames;
    return true;
}

static bool read_bits(const wki_plain_value *v, wki_image_desc *d)
{
    int32_t bits = wki_plain_word(&v[WKI_PLAIN_ALLOCATED], -1),
            stored = wki_plain_word(&v[WKI_PLAIN_STORED], -1);
    int32_t high = wki_plain_word(&v[WKI_PLAIN_HIGH_BIT], stored - 1);
    int32_t is_signed = wki_plain_word(&v[WKI_PLAIN_SIGNED], 0);

    if ((bits != 8 && bits != 16) || stored < 1 || stored > bits || high < stored - 1 ||
        high >= bits || is_signed < 0)
        return false;
    d->bits_allocated = (uint16_t)bits;
    d->bits_stored = (uint16_t)stored;
    d->high_bit = (uint16_t)high;
    d->is_signed = is_signed == 1;
    return true;
}

static bool read_color(const wki_plain_value *v, wki_image_desc *d)
{
    int32_t samples = wki_plain_word(&v[WKI_PLAIN_SAMPLES], -1),
            planar = wki_plain_word(&v[WKI_PLAIN_PLANAR], 0);
    bool color;

    if (!v[WKI_PLAIN_PHOTOMETRIC].data ||
        !wki_plain_put(&v[WKI_PLAIN_PHOTOMETRIC], 0, d->photometric_text,
                       sizeof d->photometric_text))
        return false;
    d->photometric = wki_photometric_read(d->photometric_text);
    color = d->photometric >= WKI_RGB;
    if (d->photometric == WKI_PHOTOMETRIC_OTHER || d->photometric == WKI_PALETTE_COLOR ||
        samples != (color ? 3 : 1) || planar < 0)
        return false;
    /* 4:2:2 that is not compressed needs a second look. */
    if (!d->encapsulated && color && d->photometric != WKI_RGB && d->photometric != WKI_YBR_FULL)
        return false;
    d->samples = (uint16_t)samples;
    d->planar = color && planar == 1;
    return true;
}

static bool read_padding(const wki_plain_value *v, wki_image_desc *d)
{
    int32_t padding = wki_plain_word(&v[WKI_PLAIN_PADDING], 0);
    int32_t limit = wki_plain_word(&v[WKI_PLAIN_PADDING_LIMIT], 0);

    if (padding < 0 || limit < 0)
        return false;
    d->has_padding = v[WKI_PLAIN_PADDING].data != NULL;
    d->has_padding_range = d->has_padding && v[WKI_PLAIN_PADDING_LIMIT].data != NULL;
    if (d->has_padding)
        d->padding = d->is_signed ? (int16_t)padding : padding;
    if (d->has_padding_range)
        d->padding_limit = d->is_signed ? (int16_t)limit : limit;
    return true;
}

static bool read_values(const wki_plain_value *v, const wki_plain_value *shared, bool explicit_vr,
                        wki_image_desc *d)
{
    char shape[17];

    d->top.slope = 1;
    if (!wki_plain_put(&v[WKI_PLAIN_SHAPE], 0, shape, sizeof shape))
        return false;
    d->presentation_inverse = strcmp(shape, "INVERSE") == 0;
    return wki_plain_rescale(v, &d->top) && wki_plain_windows(v, &d->top) &&
           wki_plain_group_values(shared, explicit_vr, &d->top);
}

/* False where the numbers are no plain ones; an odd ratio is passed over. */
static bool take_aspect(const wki_plain_value *v, wki_image_desc *d, bool *found)
{
    double pair[2];
    int n = wki_plain_numbers(v, pair, 2);

    if (*found || n < 2 || pair[0] <= 0 || pair[1] <= 0 || pair[0] / pair[1] > 1e3 ||
        pair[1] / pair[0] > 1e3)
        return n >= 0;
    d->aspect_rows = pair[0];
    d->aspect_cols = pair[1];
    *found = true;
    return true;
}

static bool take_group_aspect(const wki_plain_value *group, bool explicit_vr, wki_image_desc *d,
                              bool *found)
{
    wki_plain_value spacing;

    return *found || (wki_plain_group_spacing(group, explicit_vr, &spacing) &&
                      take_aspect(&spacing, d, found));
}

/* The ratio, the shared functional groups, those of the first frame, the spacings. */
static bool read_aspect(const wki_plain_value *v, const wki_plain_value *shared,
                        const wki_plain_value *first, bool explicit_vr, wki_image_desc *d)
{
    bool found = false;

    d->aspect_rows = d->aspect_cols = 1;
    return take_aspect(&v[WKI_PLAIN_ASPECT], d, &found) &&
           take_group_aspect(shared, explicit_vr, d, &found) &&
           take_group_aspect(first, explicit_vr, d, &found) &&
           take_aspect(&v[WKI_PLAIN_SPACING], d, &found) &&
           take_aspect(&v[WKI_PLAIN_IMAGER_SPACING], d, &found) &&
           take_aspect(&v[WKI_PLAIN_SCANNED_SPACING], d, &found);
}

static bool describe(const wki_plain_value *v, const wki_plain_value *first, bool explicit_vr,
                     wki_image_desc *d)
{
    wki_plain_value shared;

    d->pixels = WKI_PIXELS_INTEGER;
    d->focal_planes = d->optical_paths = 1;
    return wki_plain_first_item(&v[WKI_PLAIN_SHARED], explicit_vr, &shared) && identify(v, d) &&
           read_size(v, d) && read_bits(v, d) && read_color(v, d) && read_padding(v, d) &&
           read_values(v, &shared, explicit_vr, d) &&
           read_aspect(v, &shared, first, explicit_vr, d);
}

/* The bytes of the data set but for the frames' functional groups. Free `out->data`. */
static bool read_data_set(const wki_plain *f, part *out)
{
    const wki_layout *l = &f->layout;
    uint64_t cut = l->groups_element ? l->groups_element : l->data_set_end;
    uint64_t rest = l->groups_element ? l->groups_end : l->data_set_end;
    size_t n = (size_t)(cut - l->data_set);

    if (cut - l->data_set > DATA_SET_MAX || l->data_set_end - rest > DATA_SET_MAX)
        return false;
    out->n = n + (size_t)(l->data_set_end - rest);
    out->data = malloc(out->n + 1);
    return out->data && wki_blob_read(&f->source, l->data_set, out->data, n) &&
           wki_blob_read(&f->source, rest, out->data + n, out->n - n);
}

/* The functional groups of `frame`; nothing where it has none. Free `out->data`. */
static bool read_group(const wki_plain *f, uint32_t frame, part *out)
{
    *out = (part){NULL, 0};
    if (frame >= f->n_groups)
        return true;
    if (f->groups[frame].n > GROUP_MAX)
        return false;
    out->n = (size_t)f->groups[frame].n;
    out->data = malloc(out->n + 1);
    return out->data && wki_blob_read(&f->source, f->groups[frame].at, out->data, out->n);
}

/* Where the groups of each frame lie; those behind the last frame are passed over. */
static bool index_groups(wki_plain *f)
{
    const wki_layout *l = &f->layout;
    uint64_t room = (l->groups_end - l->groups) / 8;
    uint32_t n = 0;

    if (!l->groups_element)
        return true;
    if (room > WK_MAX_FRAMES)
        room = WK_MAX_FRAMES;
    f->groups = malloc((size_t)(room + 1) * sizeof *f->groups);
    if (!f->groups ||
        wki_layout_groups(&f->source, l, f->groups, (uint32_t)room, &n, NULL) != WK_OK)
        return false;
    f->n_groups = n < room ? n : (uint32_t)room;
    return true;
}

/* False, and what `d` holds to be cleared, where the file is not ordinary. */
static bool open_source(wki_plain *f, wki_image_desc *d)
{
    wki_plain_value values[WKI_PLAIN_KEYS], first;
    part set = {NULL, 0}, group = {NULL, 0};
    wki_layout *l = &f->layout;
    bool ok;

    if (wki_layout_read(&f->source, l, NULL) != WK_OK || l->deflated || l->big_endian ||
        l->n_holes || l->mismatch || l->pixel_element != 0x0010 || l->pixel_bytes == 0 ||
        l->encapsulated == wki_transfer_syntax_is_native(l->transfer_syntax) ||
        !*l->transfer_syntax)
        return false;
    d->encapsulated = l->encapsulated;
    memcpy(d->transfer_syntax, l->transfer_syntax, sizeof d->transfer_syntax);
    ok = index_groups(f) && read_data_set(f, &set) && read_group(f, 0, &group);
    first = (wki_plain_value){group.data, (uint32_t)group.n};
    ok = ok && wki_plain_find(set.data, set.n, l->explicit_vr, values) &&
         describe(values, &first, l->explicit_vr, d);
    if (f->n_groups > d->frames)
        f->n_groups = d->frames;
    free(set.data);
    free(group.data);
    return ok;
}

bool wki_plain_open_source(const wki_blob *s, wki_plain **out, wki_image_desc *desc)
{
    wki_plain *f = malloc(sizeof *f);
    wki_image_desc d;

    if (!f)
        return false;
    memset(f, 0, offsetof(wki_plain, head));
    memset(&d, 0, sizeof d);
    f->source = *s;
    if (!s->memory && s->size >= 128) {
        size_t n = s->size < HEAD_BYTES ? (size_t)s->size : HEAD_BYTES;

        if (wki_blob_read(s, 0, f->head, n)) {
            f->source.head = f->head;
            f->source.head_size = n;
        }
    }
    if (open_source(f, &d)) {
        *out = f;
        *desc = d;
        return true;
    }
    wki_image_desc_clear(&d);
    f->source.fd = -1;
    wki_plain_close(f);
    return false;
}

bool wki_plain_open(const char *path, wki_plain **out, wki_image_desc *desc)
{
    wki_blob s = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat st;

    if (s.fd < 0)
        return false;
    if (fstat(s.fd, &st) == 0 && S_ISREG(st.st_mode)) {
        s.size = (uint64_t)st.st_size;
        if (wki_plain_open_source(&s, out, desc))
            return true;
    }
    close(s.fd);
    return false;
}

void wki_plain_close(wki_plain *f)
{
    if (!f)
        return;
    if (f->source.fd >= 0)
        close(f->source.fd);
    wki_frames_free(f->frames);
    free(f->groups);
    free(f);
}

/* A copy of `v` for one frame's groups to be laid over. */
static bool copy_values(const wki_frame_values *v, wki_frame_values *out)
{
    *out = *v;
    out->windows = NULL;
    if (v->n_windows == 0)
        return true;
    out->windows = calloc(v->n_windows, sizeof *out->windows);
    if (out->windows)
        memcpy(out->windows, v->windows, v->n_windows * sizeof *out->windows);
    return out->windows != NULL;
}

bool wki_plain_select(wki_plain *f, wki_image_desc *d, uint32_t frame)
{
    part group = {NULL, 0};
    wki_plain_value item;
    wki_frame_values *v;
    bool ok;

    if (frame >= f->n_groups || (d->n_per_frame == 1 && d->per_frame_first == frame))
        return true;
    v = calloc(1, sizeof *v);
    ok = v && copy_values(&d->top, v) && read_group(f, frame, &group);
    item = (wki_plain_value){group.data, (uint32_t)group.n};
    ok = ok && wki_plain_group_values(&item, f->layout.explicit_vr, v);
    free(group.data);
    if (!ok) {
        if (v)
            free(v->windows);
        free(v);
        return false;
    }
    if (d->n_per_frame)
        free(d->per_frame[0].windows);
    free(d->per_frame);
    d->per_frame = v;
    d->per_frame_first = frame;
    d->n_per_frame = 1;
    return true;
}

static wk_code index_frames(wki_plain *f, const wki_image_desc *d, wk_error *err)
{
    return f->frames ? WK_OK : wki_frames_new(&f->source, &f->layout, d->frames, &f->frames, err);
}

uint32_t wki_plain_frames_there(wki_plain *f, const wki_image_desc *d)
{
    uint32_t there = d->frames;

    if (!d->encapsulated)
        there = wki_native_frames_there(&f->layout, d);
    else if (index_frames(f, d, NULL) == WK_OK)
        there = wki_frames_there(f->frames);
    return there ? there : 1;
}

wk_code wki_plain_frame_bytes(wki_plain *f, const wki_image_desc *d, uint32_t frame,
                              wki_frame_bytes *out, wk_error *err)
{
    return wki_plain_frame_start(f, d, frame, SIZE_MAX, out, err);
}

wk_code wki_plain_frame_start(wki_plain *f, const wki_image_desc *d, uint32_t frame, size_t most,
                              wki_frame_bytes *out, wk_error *err)
{
    wk_code rc;

    if (!d->encapsulated)
        return wki_native_read(&f->source, &f->layout, d, frame, out, err);
    rc = index_frames(f, d, err);
    return rc == WK_OK ? wki_frames_read_start(f->frames, frame, most, out, err) : rc;
}

bool wki_plain_rows(wki_plain *f, const wki_image_desc *d, uint32_t frame, wki_native_rows **out,
                    wki_pixels *pixels)
{
    return wki_native_rows_open(&f->source, &f->layout, d, frame, out, pixels);
}

wk_code wki_plain_row_bytes(wki_plain *f, const wki_image_desc *d, uint32_t frame, uint32_t first,
                            uint32_t n, wki_frame_bytes *out, wk_error *err)
{
    return wki_native_read_rows(&f->source, &f->layout, d, frame, first, n, out, err);
}
