/*
 * Writes DICOM files for tests: Explicit VR Little Endian, elements in the order that the caller
 * gives them (ascending tags). Ends the program when memory or the disk fails: for tools only.
 */
#ifndef WADOKIT_TESTS_DICOM_WRITER_H
#define WADOKIT_TESTS_DICOM_WRITER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A data set in memory. Starts as {0}; dw_clear() frees. */
typedef struct dw_file {
    unsigned char *data;
    size_t size, capacity;
} dw_file;

/* `tag` is group << 16 | element; `vr` two letters. */
void dw_text(dw_file *file, uint32_t tag, const char *vr, const char *value);
void dw_format(dw_file *file, uint32_t tag, const char *vr, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void dw_us(dw_file *file, uint32_t tag, unsigned value);
void dw_at(dw_file *file, uint32_t tag, uint32_t value);
void dw_bytes(dw_file *file, uint32_t tag, const char *vr, const void *data, size_t size);

/* A sequence with items, both of undefined length. */
void dw_sequence(dw_file *file, uint32_t tag);
void dw_item(dw_file *file);
void dw_item_end(dw_file *file);
void dw_sequence_end(dw_file *file);

/* What another one holds so far: as it is, and as an item of its length. */
void dw_append(dw_file *file, const dw_file *elements);
void dw_item_of(dw_file *file, const dw_file *elements);

/* A sequence of one coded entry. */
void dw_code(dw_file *file, uint32_t tag, const char *value, const char *scheme,
             const char *meaning);

/* Writes preamble, file meta information and the data set. */
void dw_save(const dw_file *file, const char *path, const char *sop_class, const char *sop);
void dw_clear(dw_file *file);

#ifdef __cplusplus
}
#endif

#endif
