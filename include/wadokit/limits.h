/*
 * Every maximum that the library keeps against hostile or broken input, in one place.
 * Units stand in the names. Going over one is WK_LIMIT with a message that names it.
 */
#ifndef WADOKIT_LIMITS_H
#define WADOKIT_LIMITS_H

/* DICOM PS3.5 section 9.1: a UID has at most 64 characters; buffers hold one more for the NUL. */
#define WK_UID_SIZE 65

/* URLs and header values. */
#define WK_MAX_URL_BYTES 8192
#define WK_MAX_HEADER_BYTES 65536
#define WK_MAX_HEADERS 256
#define WK_MAX_REDIRECTS 5

/* JSON: one document held in memory, one element of a streamed array, nesting. */
#define WK_MAX_JSON_BYTES (64u << 20)
#define WK_MAX_JSON_ITEM_BYTES (16u << 20)
#define WK_MAX_JSON_DEPTH 100

/* Paging of searches. */
#define WK_MAX_PAGES 100000
#define WK_MAX_QIDO_PAGE 1000

/* BulkDataURIs that are followed from one answer of metadata. */
#define WK_MAX_BULK_URIS 1000000

/* multipart (RFC 2046 section 5.1): boundaries longer than 70 characters occur in the field. */
#define WK_MAX_BOUNDARY_BYTES 256
#define WK_MAX_PART_HEADER_BYTES 65536
#define WK_MAX_PARTS 10000000

/* What is kept of an error body to explain a failure. */
#define WK_MAX_ERROR_BODY_BYTES 65536

/* An inflated body against its compressed size (gzip, Deflated transfer syntax). */
#define WK_MAX_INFLATE_RATIO 1100

/* Images (PS3.3 C.7.6.3: Rows and Columns are US). */
#define WK_MAX_ROWS 65535
#define WK_MAX_COLUMNS 65535
#define WK_MAX_FRAMES 4000000
/* A compressed frame of more samples than this has to have a byte for each so many of them: no real
 * picture is emptier, and made-up ones would cost minutes. */
#define WK_MAX_SPARSE_SAMPLES (24u << 20)
#define WK_MAX_SAMPLES_A_BYTE 2000
/* Samples that all scans of a JPEG stream may go over, but for the first 20 of them. */
#define WK_MAX_SCANNED_SAMPLES 1000000000u
/* JPEG 2000: so many tiles, and so many precincts and code blocks, have pictures of any size; larger
 * ones may have one more for each so many samples. Packets, and what is kept to tell them apart. */
#define WK_J2K_FEW_TILES 4096
#define WK_J2K_TILE_SAMPLES 8192
#define WK_J2K_FEW_BLOCKS 65536
#define WK_J2K_BLOCK_SAMPLES 256
#define WK_J2K_PACKETS (16u << 20)
/* Tiles of a whole slide image are put together up to this size, and number where each says its
 * place. */
#define WK_MAX_SLIDE_PIXELS (32u << 20)
#define WK_MAX_SLIDE_TILES 16384
/* What decoding a frame may cost, in the process of its own that a third-party decoder has: seconds of
 * CPU, and bytes of address space beyond what the decoder has at its start. A frame of N bytes and S
 * samples gets 2 s, and one more for each 10 M of S and each 512 KiB of N; 192 MiB, 16 bytes a
 * sample, and 4 N. As a compressed frame of more than WK_MAX_SPARSE_SAMPLES has a byte for each
 * WK_MAX_SAMPLES_A_BYTE of them, a small file never costs more than 5 s and 576 MiB. */
#define WK_DECODE_SECONDS 2
#define WK_DECODE_SAMPLES_A_SECOND (10u << 20)
#define WK_DECODE_BYTES_A_SECOND (512u << 10)
#define WK_DECODE_MEMORY (192ull << 20)
#define WK_DECODE_BYTES_A_SAMPLE 16
/* DCMTK keeps an object for each element of a data set, of which the pixels are no part. */
#define WK_DATA_SET_MEMORY_A_BYTE 64
#define WK_MAX_FRAGMENTS 8000000
#define WK_MAX_SAMPLES 4
#define WK_MAX_FRAME_BYTES (4ull << 30)
#define WK_MAX_LUT_ENTRIES 65536
#define WK_MAX_WINDOWS 64
#define WK_MAX_VOI_LUTS 256

/* DICOM structure. */
#define WK_MAX_SEQUENCE_DEPTH 64
#define WK_MAX_ELEMENTS (2 << 20)      /* of a data set, those in sequences counted */
#define WK_MAX_ELEMENT_MOVES (8 << 20) /* steps that sorting elements may take that are out of order */
#define WK_MAX_DATA_SET_BYTES (512ull << 20) /* without the pixels */
#define WK_MAX_INFLATED_BYTES (16ull << 30)

/* Photos of people: a file, and what is decoded of it. */
/* Pixels of all frames from which a thumbnail is asked of the server, where nothing else is asked for:
 * 32 MiB as most are stored, more than any radiograph or mammogram. */
#define WK_SERVER_PIXELS (16 << 20)
#define WK_MAX_PHOTO_BYTES (64u << 20)
#define WK_MAX_PHOTO_PIXELS (50u * 1000 * 1000)
#define WK_MAX_PHOTOS 100000       /* of one patient */
#define WK_MAX_PHOTO_SEND 16000000 /* Cerbo: 16 MB before base64 */

/* FHIR bulk data: files of one manifest. */
#define WK_MAX_BULK_FILES 1000000

/* Waiting. */
#define WK_MAX_RETRY_AFTER_S 3600

/* Local files. */
#define WK_MAX_PATH_BYTES 4096
#define WK_MAX_SECRET_FILE_BYTES 65536

#endif
