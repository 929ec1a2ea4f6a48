/*
 * The transfer syntaxes of PS3.6 annex A, table A-1, as one table: what each is called, how its
 * pixels are coded and what may be in them. No other file spells a UID of one.
 */
#ifndef WADOKIT_CORE_TRANSFER_SYNTAX_H
#define WADOKIT_CORE_TRANSFER_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum wki_syntax_family {
    WKI_FAMILY_NATIVE,         /* plain samples, not encapsulated */
    WKI_FAMILY_PLAIN,          /* the same, encapsulated */
    WKI_FAMILY_DEFLATED_FRAME, /* the same, each frame deflated */
    WKI_FAMILY_RLE,
    WKI_FAMILY_JPEG,
    WKI_FAMILY_JPEGLS,
    WKI_FAMILY_J2K,
    WKI_FAMILY_HTJ2K,
    WKI_FAMILY_JXL,
    WKI_FAMILY_MPEG2,
    WKI_FAMILY_H264,
    WKI_FAMILY_HEVC,
    WKI_FAMILY_JPIP, /* the pixels are at an address, and not in the file */
} wki_syntax_family;

/* Columns: name here, last components of the UID (all of a private one), name for people, family,
 * lossless, most bits a sample, media type of a frame (PS3.18 section 8.7.3). Lossless is what
 * loses nothing by definition; a bit stream of another may lose nothing too. */
#define WKI_SYNTAX_MAP(X)                                                                          \
    X(IMPLICIT_LE, "", "implicit little endian", NATIVE, true, 64, OCTETS)                         \
    X(EXPLICIT_LE, ".1", "explicit little endian", NATIVE, true, 64, OCTETS)                       \
    X(EXPLICIT_BE, ".2", "explicit big endian", NATIVE, true, 64, OCTETS)                          \
    X(DEFLATED_LE, ".1.99", "deflated", NATIVE, true, 64, OCTETS)                                  \
    X(ENCAPSULATED, ".1.98", "encapsulated uncompressed", PLAIN, true, 64, OCTETS)                 \
    X(DEFLATED_FRAME, ".8.1", "deflated frames", DEFLATED_FRAME, true, 64, OCTETS)                 \
    X(RLE, ".5", "RLE", RLE, true, 32, "image/dicom-rle")                                          \
    X(JPEG_BASELINE, ".4.50", "JPEG baseline", JPEG, false, 8, "image/jpeg")                       \
    X(JPEG_EXTENDED, ".4.51", "JPEG extended", JPEG, false, 12, "image/jpeg")                      \
    X(JPEG_SPECTRAL, ".4.53", "JPEG spectral selection", JPEG, false, 12, "image/jpeg")            \
    X(JPEG_PROGRESSIVE, ".4.55", "JPEG progressive", JPEG, false, 12, "image/jpeg")                \
    X(JPEG_LOSSLESS, ".4.57", "JPEG lossless", JPEG, true, 16, "image/jpeg")                       \
    X(JPEG_LOSSLESS_SV1, ".4.70", "JPEG lossless SV1", JPEG, true, 16, "image/jpeg")               \
    X(JPEGLS_LOSSLESS, ".4.80", "JPEG-LS lossless", JPEGLS, true, 16, "image/jls")                 \
    X(JPEGLS, ".4.81", "JPEG-LS near-lossless", JPEGLS, false, 16, "image/jls")                    \
    X(J2K_LOSSLESS, ".4.90", "JPEG 2000 lossless", J2K, true, 38, "image/jp2")                     \
    X(J2K, ".4.91", "JPEG 2000", J2K, false, 38, "image/jp2")                                      \
    X(J2K_2_LOSSLESS, ".4.92", "JPEG 2000 part 2 lossless", J2K, true, 38, "image/jpx")            \
    X(J2K_2, ".4.93", "JPEG 2000 part 2", J2K, false, 38, "image/jpx")                             \
    X(JPIP, ".4.94", "JPIP referenced", JPIP, false, 38, OCTETS)                                   \
    X(JPIP_DEFLATED, ".4.95", "JPIP referenced, deflated", JPIP, false, 38, OCTETS)                \
    X(MPEG2, ".4.100", "MPEG-2", MPEG2, false, 8, "video/mpeg2")                                   \
    X(MPEG2_FRAGMENTS, ".4.100.1", "MPEG-2 in fragments", MPEG2, false, 8, "video/mpeg2")          \
    X(MPEG2_HIGH, ".4.101", "MPEG-2 high level", MPEG2, false, 8, "video/mpeg2")                   \
    X(MPEG2_HIGH_FRAGMENTS, ".4.101.1", "MPEG-2 high level in fragments", MPEG2, false, 8,         \
      "video/mpeg2")                                                                               \
    X(H264, ".4.102", "H.264", H264, false, 8, "video/mp4")                                        \
    X(H264_FRAGMENTS, ".4.102.1", "H.264 in fragments", H264, false, 8, "video/mp4")               \
    X(H264_BD, ".4.103", "H.264 BD", H264, false, 8, "video/mp4")                                  \
    X(H264_BD_FRAGMENTS, ".4.103.1", "H.264 BD in fragments", H264, false, 8, "video/mp4")         \
    X(H264_2D, ".4.104", "H.264 2D", H264, false, 8, "video/mp4")                                  \
    X(H264_2D_FRAGMENTS, ".4.104.1", "H.264 2D in fragments", H264, false, 8, "video/mp4")         \
    X(H264_3D, ".4.105", "H.264 3D", H264, false, 8, "video/mp4")                                  \
    X(H264_3D_FRAGMENTS, ".4.105.1", "H.264 3D in fragments", H264, false, 8, "video/mp4")         \
    X(H264_STEREO, ".4.106", "H.264 stereo", H264, false, 8, "video/mp4")                          \
    X(H264_STEREO_FRAGMENTS, ".4.106.1", "H.264 stereo in fragments", H264, false, 8, "video/mp4") \
    X(HEVC, ".4.107", "HEVC", HEVC, false, 8, "video/H265")                                        \
    X(HEVC_10, ".4.108", "HEVC 10 bit", HEVC, false, 10, "video/H265")                             \
    X(JXL_LOSSLESS, ".4.110", "JPEG XL lossless", JXL, true, 32, "image/jxl")                      \
    X(JXL_JPEG, ".4.111", "JPEG XL from JPEG", JXL, false, 8, "image/jxl")                         \
    X(JXL, ".4.112", "JPEG XL", JXL, false, 32, "image/jxl")                                       \
    X(HTJ2K_LOSSLESS, ".4.201", "HTJ2K lossless", HTJ2K, true, 38, "image/jphc")                   \
    X(HTJ2K_LOSSLESS_RPCL, ".4.202", "HTJ2K lossless RPCL", HTJ2K, true, 38, "image/jphc")         \
    X(HTJ2K, ".4.203", "HTJ2K", HTJ2K, false, 38, "image/jphc")                                    \
    X(JPIP_HTJ2K, ".4.204", "JPIP HTJ2K referenced", JPIP, false, 38, OCTETS)                      \
    X(JPIP_HTJ2K_DEFLATED, ".4.205", "JPIP HTJ2K referenced, deflated", JPIP, false, 38, OCTETS)   \
    X(GE_PRIVATE, "1.2.840.113619.5.2", "GE private: implicit little endian, pixels big endian",   \
      NATIVE, true, 64, OCTETS)

/* WKI_TS_EXPLICIT_LE and so on. */
typedef enum wki_syntax_id {
#define WKI_SYNTAX_ENUM(id, end, name, family, lossless, bits, type) WKI_TS_##id,
    WKI_SYNTAX_MAP(WKI_SYNTAX_ENUM)
#undef WKI_SYNTAX_ENUM
    WKI_TS_COUNT
} wki_syntax_id;

/* encapsulated   the pixels are a sequence of fragments
 * big_endian, implicit_vr, deflated   how the data set is encoded; otherwise little endian with
 *                explicit VRs, not deflated */
typedef struct wki_transfer_syntax {
    wki_syntax_id id;
    const char *uid;
    const char *name;
    wki_syntax_family family;
    bool lossless;
    bool encapsulated, big_endian, implicit_vr, deflated;
    bool video;
    unsigned bits;
    const char *media_type; /* "application/octet-stream" where there is none of its own */
} wki_transfer_syntax;

/* NULL where the UID is none of them. Static. */
const wki_transfer_syntax *wki_transfer_syntax_find(const char *uid);

/* Never NULL. */
const wki_transfer_syntax *wki_transfer_syntax_of(wki_syntax_id id);
const char *wki_transfer_syntax_uid(wki_syntax_id id);

bool wki_transfer_syntax_is(const char *uid, wki_syntax_id id);

/* Whether it is one of WKI_FAMILY_NATIVE: pixels are plain samples outside of any capsule. */
bool wki_transfer_syntax_is_native(const char *uid);

/* Whether the data set is deflated. */
bool wki_transfer_syntax_is_deflated(const char *uid);

#ifdef __cplusplus
}
#endif

#endif
