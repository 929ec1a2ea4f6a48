/*
 * Unsigned numbers of 16 and 32 bits in bytes of either order, at any address.
 */
#ifndef WADOKIT_CORE_BYTES_H
#define WADOKIT_CORE_BYTES_H

#include <stdint.h>

static inline uint32_t wki_le16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t wki_le32(const uint8_t *p)
{
    return wki_le16(p) | wki_le16(p + 2) << 16;
}

static inline uint32_t wki_be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | (uint32_t)p[1];
}

static inline uint32_t wki_be32(const uint8_t *p)
{
    return wki_be16(p) << 16 | wki_be16(p + 2);
}

#endif
