/*
 * What crosses the stages of the picture path: the description of an image object, one frame's
 * encoded bytes, its decoded pixels, and the finished picture.
 *
 *   file -> wki_image_desc + wki_frame_bytes (dicom/) -> wki_pixels (decode/)
 *        -> wki_picture (render/) -> PNG, JPEG, npy (encode/)
 *
 * All of them are plain data, so that any reader may fill them and any test may write them down.
 */
#ifndef WADOKIT_CORE_IMAGE_H
#define WADOKIT_CORE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <wadokit/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* PS3.3 C.7.6.3.1.2 */
typedef enum wki_photometric {
    WKI_MONOCHROME1,
    WKI_MONOCHROME2,
    WKI_PALETTE_COLOR,
    WKI_RGB,
    WKI_YBR_FULL,
    WKI_YBR_FULL_422,
    WKI_YBR_PARTIAL_422,
    WKI_YBR_PARTIAL_420,
    WKI_YBR_ICT,
    WKI_YBR_RCT,
    WKI_PHOTOMETRIC_OTHER,
} wki_photometric;

/* Where the pixels are: PS3.3 C.7.6.3 (integer), C.7.6.24 (float), C.7.6.25 (double). */
typedef enum wki_pixel_kind {
    WKI_PIXELS_NONE,
    WKI_PIXELS_INTEGER,
    WKI_PIXELS_FLOAT,
    WKI_PIXELS_DOUBLE,
} wki_pixel_kind;

/* PS3.3 C.11.2.1.3 */
typedef enum wki_voi_function {
    WKI_VOI_LINEAR,
    WKI_VOI_LINEAR_EXACT,
    WKI_VOI_SIGMOID,
} wki_voi_function;

typedef struct wki_window {
    double center;
    double width;
    wki_voi_function function;
    char explanation[WK_UID_SIZE]; /* (0028,1055), UTF-8, "" where there is none */
} wki_window;

/* A look-up table of PS3.3 C.11.1 (modality), C.11.2 (VOI) or C.7.6.3.1.5 (palette). */
typedef struct wki_lut {
    uint16_t *data;       /* n entries, owned; NULL where there is no table */
    uint32_t n;           /* 1 to 65536 */
    int32_t first_mapped; /* the input that maps to data[0]; below it too, above the end the last */
    uint16_t bits;        /* bits of an entry: 8 or 10 to 16 */
    uint16_t top;         /* VOI: the entry that is white; 0: the largest of so many bits */
} wki_lut;

/* Modality and VOI of one frame; per-frame, else shared functional groups, else top level. */
typedef struct wki_frame_values {
    bool has_rescale;
    double slope, intercept; /* 1 and 0 where has_rescale is false */
    wki_window *windows;     /* n_windows, owned */
    size_t n_windows;
    size_t first_voi_lut, n_voi_luts; /* its tables among the description's voi_luts */
} wki_frame_values;

/* An overlay plane (PS3.3 C.9.2). */
typedef struct wki_overlay {
    uint16_t group; /* 0x6000 to 0x601E, even */
    uint32_t rows, cols;
    int32_t row, col;      /* Overlay Origin: place of its first pixel in the image, 1-based */
    uint32_t frames;       /* frames of the overlay, at least 1 */
    uint32_t first_frame;  /* Image Frame Origin, 1-based: the image frame of its first frame */
    uint16_t bit_position; /* where `data` is NULL: the bit of the pixel cells that holds it */
    char type;             /* 'G' graphics, 'R' region of interest, 0 unknown */
    char label[65];        /* Overlay Label or Description, UTF-8 */
    uint8_t *data;         /* size bytes, owned: a bit a pixel, least significant first */
    size_t size;
} wki_overlay;

/* Dimension Organization Type (0020,9311) of whole slide images. */
typedef enum wki_tiling {
    WKI_TILED_NONE,
    WKI_TILED_FULL,   /* row by row, then by focal plane, then by optical path (C.7.6.17.3) */
    WKI_TILED_SPARSE, /* each frame says where it lies: `tiles` */
} wki_tiling;

/* Place of a frame's first pixel in the total pixel matrix, 1-based. */
typedef struct wki_tile {
    int32_t row, col;
} wki_tile;

/* How to show and decode an image object. Made by dicom/, freed by wki_image_desc_clear(). */
typedef struct wki_image_desc {
    char study_uid[WK_UID_SIZE], series_uid[WK_UID_SIZE], sop_uid[WK_UID_SIZE];
    char sop_class[WK_UID_SIZE];
    char transfer_syntax[WK_UID_SIZE];
    char modality[17]; /* (0008,0060) */

    wki_pixel_kind pixels;
    wki_photometric photometric;
    char photometric_text[17]; /* as it stands in the file */
    uint32_t rows, cols;
    uint32_t frames;         /* at least 1 where pixels is not NONE */
    uint16_t samples;        /* Samples per Pixel: 1, 3 (4: retired ARGB, CMYK: refused) */
    uint16_t bits_allocated; /* 1, 8, 16, 32, 64; packed: 10, 12, 14 */
    uint16_t bits_stored;
    uint16_t high_bit;
    bool is_signed; /* Pixel Representation */
    bool planar;    /* Planar Configuration 1, native pixels only */
    bool pair_rows; /* 4:2:2, native: rows are padded to pairs of pixels */
    bool encapsulated;

    bool has_padding;       /* (0028,0120), of floats (0028,0122), of doubles (0028,0123) */
    bool has_padding_range; /* the limit: (0028,0121), (0028,0124), (0028,0125) */
    double padding, padding_limit;

    wki_lut modality_lut; /* used instead of the rescale where data is not NULL */
    wki_lut *voi_luts;    /* n_voi_luts, owned: those of `top` and of each frame */
    size_t n_voi_luts;
    wki_lut palette[3]; /* red, green, blue; segmented ones are expanded */
    wki_lut palette_alpha;
    bool supplemental_palette; /* PS3.3 C.7.6.19: grey below first_mapped, colour from it on */
    bool presentation_inverse; /* Presentation LUT Shape INVERSE */
    bool is_labels;            /* a segmentation: values are labels, or shares of one */
    double label_top;          /* the largest of them, as far as the file says; else 0 */

    wki_frame_values top;        /* shared functional groups, else the top level */
    wki_frame_values *per_frame; /* n_per_frame, owned, of the frames from per_frame_first on; the
                                    others are as `top`, or not yet read (plain.h) */
    uint32_t per_frame_first, n_per_frame;

    double aspect_rows, aspect_cols; /* height and width of one pixel in one unit; 1, 1 unknown */
    uint8_t *icc;                    /* ICC Profile (0028,2000), owned, or NULL */
    size_t icc_size;
    bool lossy; /* Lossy Image Compression (0028,2110) is 01 */

    char image_type[4][17]; /* (0008,0008), first four values, "" where absent */
    wki_overlay *overlays;  /* n_overlays, owned: groups 6000 to 601E */
    size_t n_overlays;

    wki_tiling tiling;               /* whole slide images */
    uint32_t total_rows, total_cols; /* Total Pixel Matrix, 0 where absent */
    wki_tile *tiles;                 /* n_tiles, owned: place of each frame (SPARSE), or NULL */
    uint32_t n_tiles;
    uint32_t focal_planes, optical_paths; /* at least 1 */

    char warning[160]; /* one line about what was put right while reading, else "" */
} wki_image_desc;

void wki_image_desc_clear(wki_image_desc *d);

/* The modality and VOI values that hold for `frame` (0-based). Never NULL; borrowed from `d`. */
const wki_frame_values *wki_image_desc_values(const wki_image_desc *d, uint32_t frame);

/* The photometric interpretation behind a defined term of (0028,0004). */
wki_photometric wki_photometric_read(const char *term);

/* The function behind a defined term of (0028,1056), in any case; "" is LINEAR. False, and nothing
 * changed, where it is no defined term. */
bool wki_voi_function_read(const char *term, wki_voi_function *out);

/* Encoded (or native) bytes of one frame. `data` is owned where `owned` is not NULL. */
typedef struct wki_frame_bytes {
    const uint8_t *data;
    size_t n;
    void *owned;
    uint32_t bit_offset; /* native 1-bit frames need not start at a byte: bits to skip in data[0] */
    size_t whole;        /* where `data` is only how the frame begins: its size; else 0 */
} wki_frame_bytes;

void wki_frame_bytes_clear(wki_frame_bytes *b);

/* What the samples of decoded pixels mean. */
typedef enum wki_color {
    WKI_COLOR_GREY,  /* one sample: stored value */
    WKI_COLOR_INDEX, /* one sample: palette index */
    WKI_COLOR_RGB,
    WKI_COLOR_YBR_FULL,    /* Y, Cb, Cr of PS3.3 C.7.6.3.1.2, full range */
    WKI_COLOR_YBR_PARTIAL, /* studio range */
} wki_color;

typedef enum wki_sample_type {
    WKI_U8,
    WKI_S8,
    WKI_U16,
    WKI_S16,
    WKI_U32,
    WKI_S32,
    WKI_F32,
    WKI_F64,
} wki_sample_type;

/* A part of an image in its own pixels, counted from 0; width 0 is all of it. */
typedef struct wki_region {
    uint32_t x, y, width, height;
} wki_region;

/* One decoded frame: rows x cols x samples, interleaved, no padding between rows, in the machine's
 * byte order. Integer values are the stored ones: the bits High Bit names, sign-extended, unused
 * bits gone, in the smallest of 1, 2 and 4 bytes that holds Bits Allocated. */
typedef struct wki_pixels {
    uint32_t rows, cols;
    uint16_t samples; /* 1 or 3 */
    wki_sample_type type;
    wki_color color;
    void *data;                                 /* owned; NULL where the values come by ... */
    const void *(*row)(void *user, uint32_t y); /* ... row: y never gets smaller; rows 2k and 2k + 1
                                                   lie behind each other and stay until k grows */
    void *row_user;
    size_t size;
    uint8_t reduced; /* decoded smaller by 2^reduced than the description says; rounded up */
    bool at_corners; /* reduced: sample k stands for source pixel k * 2^reduced (wavelets), not
                        for the mean of the block that begins there */
    bool has_range;  /* `range` holds the smallest and the largest value (8 and 16 bits) */
    int32_t range[2];
    bool cut;          /* only the region that was asked for, which may be smaller */
    char decoder[32];  /* "dcmtk", "openjpeg", "turbojpeg", "native", ... */
    char warning[160]; /* one line where the stream disagreed with the header, else "" */
} wki_pixels;

/* Allocates rows * cols * samples values, zeroed; checked products. */
bool wki_pixels_alloc(wki_pixels *p, uint32_t rows, uint32_t cols, uint16_t samples,
                      wki_sample_type type);
void wki_pixels_clear(wki_pixels *p);
size_t wki_sample_bytes(wki_sample_type type);

/* A picture ready to be encoded: 8 or 16 bits a channel, grey or RGB, top row first. 16-bit values
 * are in the machine's byte order. */
typedef struct wki_picture {
    uint32_t width, height;
    uint8_t channels;   /* 1 or 3 */
    uint8_t depth;      /* 8 or 16 */
    void *data;         /* owned; height * width * channels * depth / 8 bytes */
    const uint8_t *icc; /* borrowed from the image description, or NULL */
    size_t icc_size;
} wki_picture;

bool wki_picture_alloc(wki_picture *p, uint32_t width, uint32_t height, uint8_t channels,
                       uint8_t depth);
void wki_picture_clear(wki_picture *p);

/* VL Whole Slide Microscopy Image Storage. */
bool wki_slide_is_class(const char *sop_class);

#ifdef __cplusplus
}
#endif

#endif
