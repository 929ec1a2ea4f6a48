/*
 * A zlib stream (RFC 1950) made in pieces, as fast as the machine can: ISA-L where it is installed.
 */
#ifndef WADOKIT_ENCODE_DEFLATE_H
#define WADOKIT_ENCODE_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wki_deflate wki_deflate;

enum {
    WKI_DEFLATE_BEFORE = 8,
    WKI_DEFLATE_BEHIND = 4
};

/* Takes compressed bytes, with room to write before and behind them; false stops. */
typedef bool (*wki_deflate_sink)(void *user, uint8_t *data, size_t n);

/* NULL where this build has no fast compressor, or no memory. */
wki_deflate *wki_deflate_new(wki_deflate_sink sink, void *user);
void wki_deflate_free(wki_deflate *d);

/* Adds bytes; `last` ends the stream. False where the sink stopped. */
bool wki_deflate_add(wki_deflate *d, const uint8_t *data, size_t n, bool last);

/* CRC-32 of PNG and gzip (ISO 3309), as zlib's crc32() goes on from `crc`; not to be called where
 * wki_deflate_new() gives NULL. */
uint32_t wki_deflate_crc(uint32_t crc, const uint8_t *data, size_t n);

/* "ISA-L 2.30.0", NULL where there is none. Static. */
const char *wki_deflate_version(void);

#ifdef __cplusplus
}
#endif

#endif
