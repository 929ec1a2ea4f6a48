#include "dicom_writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what)
{
    perror(what);
    exit(7);
}

static void put(dw_file *file, const void *data, size_t size)
{
    if (size == 0)
        return;
    if (file->capacity - file->size < size) {
        file->capacity = (file->size + size) * 2;
        file->data = realloc(file->data, file->capacity);
        if (file->data == NULL)
            die("memory");
    }
    memcpy(file->data + file->size, data, size);
    file->size += size;
}

static void put16(dw_file *file, unsigned value)
{
    const unsigned char bytes[2] = {(unsigned char)value, (unsigned char)(value >> 8)};

    put(file, bytes, sizeof bytes);
}

static void put32(dw_file *file, uint32_t value)
{
    put16(file, value & 0xffff);
    put16(file, value >> 16);
}

static void put_head(dw_file *file, uint32_t tag, const char *vr, size_t size)
{
    put16(file, tag >> 16);
    put16(file, tag & 0xffff);
    put(file, vr, 2);
    if (strstr("OB OW SQ UN UT", vr) == NULL) {
        put16(file, (unsigned)size);
        return;
    }
    put16(file, 0);
    put32(file, (uint32_t)size);
}

void dw_bytes(dw_file *file, uint32_t tag, const char *vr, const void *data, size_t size)
{
    put_head(file, tag, vr, size + size % 2);
    put(file, data, size);
    if (size % 2 != 0)
        put(file, strcmp(vr, "UI") == 0 || strcmp(vr, "OB") == 0 ? "" : " ", 1);
}

void dw_text(dw_file *file, uint32_t tag, const char *vr, const char *value)
{
    dw_bytes(file, tag, vr, value, strlen(value));
}

void dw_format(dw_file *file, uint32_t tag, const char *vr, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    dw_text(file, tag, vr, text);
}

void dw_us(dw_file *file, uint32_t tag, unsigned value)
{
    put_head(file, tag, "US", 2);
    put16(file, value);
}

void dw_at(dw_file *file, uint32_t tag, uint32_t value)
{
    put_head(file, tag, "AT", 4);
    put16(file, value >> 16);
    put16(file, value & 0xffff);
}

void dw_sequence(dw_file *file, uint32_t tag)
{
    put_head(file, tag, "SQ", 0xffffffff);
}

void dw_item(dw_file *file)
{
    put32(file, 0xe000fffe);
    put32(file, 0xffffffff);
}

void dw_item_end(dw_file *file)
{
    put32(file, 0xe00dfffe);
    put32(file, 0);
}

void dw_sequence_end(dw_file *file)
{
    put32(file, 0xe0ddfffe);
    put32(file, 0);
}

void dw_append(dw_file *file, const dw_file *elements)
{
    put(file, elements->data, elements->size);
}

void dw_item_of(dw_file *file, const dw_file *elements)
{
    put32(file, 0xe000fffe);
    put32(file, (uint32_t)elements->size);
    dw_append(file, elements);
}

void dw_code(dw_file *file, uint32_t tag, const char *value, const char *scheme,
             const char *meaning)
{
    dw_sequence(file, tag);
    dw_item(file);
    dw_text(file, 0x00080100, "SH", value);
    dw_text(file, 0x00080102, "SH", scheme);
    dw_text(file, 0x00080104, "LO", meaning);
    dw_item_end(file);
    dw_sequence_end(file);
}

void dw_save(const dw_file *file, const char *path, const char *sop_class, const char *sop)
{
    static const unsigned char preamble[128];
    dw_file meta = {0}, head = {0};
    FILE *out = fopen(path, "wb");

    if (out == NULL)
        die(path);
    dw_bytes(&meta, 0x00020001, "OB", "\0\1", 2);
    dw_text(&meta, 0x00020002, "UI", sop_class);
    dw_text(&meta, 0x00020003, "UI", sop);
    dw_text(&meta, 0x00020010, "UI", "1.2.840.10008.1.2.1");
    dw_text(&meta, 0x00020012, "UI", "2.25.329800735698586629295641978511506172917");
    dw_text(&meta, 0x00020013, "SH", "WADOKIT PHANTOM");
    put(&head, preamble, sizeof preamble);
    put(&head, "DICM", 4);
    put_head(&head, 0x00020000, "UL", 4);
    put32(&head, (uint32_t)meta.size);
    put(&head, meta.data, meta.size);
    if (fwrite(head.data, 1, head.size, out) != head.size ||
        fwrite(file->data, 1, file->size, out) != file->size || fclose(out) != 0)
        die(path);
    dw_clear(&meta);
    dw_clear(&head);
}

void dw_clear(dw_file *file)
{
    free(file->data);
    memset(file, 0, sizeof *file);
}
