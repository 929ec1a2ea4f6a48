/*
 * How fast pictures could be drawn if nothing were looked at but the pixels: the file mapped, one
 * pass over the frame, TurboJPEG or ISA-L, one write; no header is read, nothing is checked. What
 * tests/bench/render calls the bare limit.
 *
 *   bare_limit thumb|jpg|png OUT COLS ROWS BYTES LOW SPAN BEHIND FILE...
 *
 * BYTES of a pixel: 2 grey, 3 RGB, 0 a JPEG stream. The window's ends are LOW and LOW + SPAN, a
 * negative SPAN inverts. The frame begins BEHIND bytes before the file's end. Pictures go to
 * OUT/0.jpg, OUT/1.jpg, ...
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <isa-l.h>
#include <turbojpeg.h>

enum {
    BOX = 256,
    QUALITY = 90
};

typedef struct bare {
    int cols, rows, channels, width, height; /* of the source; of the picture */
    float low, span;
    int falls;
    tjhandle pack, unpack;
    unsigned char *shown, *coded, *rows_in;
    float *sums;
    size_t coded_size;
    struct isal_zstream z;
    unsigned char level[ISAL_DEF_LVL1_DEFAULT];
} bare;

__attribute__((target_clones("avx2", "default"))) static void
add_grey(const uint16_t *restrict in, int n, float low, float span, float *restrict sums)
{
    for (int i = 0; i < n; i++) {
        float v = (float)in[i] - low;

        v = v < 0 ? 0 : v;
        sums[i] += v > span ? span : v;
    }
}

__attribute__((target_clones("avx2", "default"))) static void
add_bytes(const unsigned char *restrict in, int n, float *restrict sums)
{
    for (int i = 0; i < n; i++)
        sums[i] += (float)in[i];
}

__attribute__((target_clones("avx2", "default"))) static void
show_grey(const uint16_t *restrict in, int n, float gain, float bias, unsigned char *restrict to)
{
    for (int i = 0; i < n; i++) {
        float v = (float)in[i] * gain + bias;

        v = v < 0 ? 0 : v;
        to[i] = (unsigned char)(int)(v > 255 ? 255 : v);
    }
}

/* Means of whole pixels: parts of pixels at the edges would cost a little more. */
static void shrink(bare *b, const unsigned char *pixels)
{
    int channels = b->channels, n = b->cols * channels;
    float top = channels == 1 ? 255 / b->span : 1;

    for (int y = 0; y < b->height; y++) {
        int from = y * b->rows / b->height, to = (y + 1) * b->rows / b->height;

        memset(b->sums, 0, (size_t)n * sizeof *b->sums);
        for (int k = from; k < to; k++) {
            if (channels == 1)
                add_grey((const uint16_t *)pixels + (size_t)k * b->cols, n, b->low, b->span,
                         b->sums);
            else
                add_bytes(pixels + (size_t)k * n, n, b->sums);
        }
        for (int x = 0; x < b->width; x++) {
            int first = x * b->cols / b->width, last = (x + 1) * b->cols / b->width;

            for (int c = 0; c < channels; c++) {
                float sum = 0;

                for (int k = first; k < last; k++)
                    sum += b->sums[k * channels + c];
                sum *= top / (float)((last - first) * (to - from));
                b->shown[(y * b->width + x) * channels + c] =
                    (unsigned char)((b->falls ? 255 - sum : sum) + 0.5F);
            }
        }
    }
}

static size_t png(bare *b)
{
    size_t stride = (size_t)b->width * b->channels;
    unsigned char *to = b->rows_in;

    for (int y = 0; y < b->height; y++) {
        const unsigned char *row = b->shown + y * stride, *above = y ? row - stride : row;

        *to++ = y ? 3 : 0;
        for (size_t i = 0; i < stride; i++)
            to[i] = (unsigned char)(row[i] - (y && i >= (size_t)b->channels
                                                  ? (row[i - (size_t)b->channels] + above[i]) / 2
                                              : y ? above[i] / 2
                                                  : 0));
        to += stride;
    }
    isal_deflate_init(&b->z);
    b->z.level = 1;
    b->z.level_buf = b->level;
    b->z.level_buf_size = sizeof b->level;
    b->z.gzip_flag = IGZIP_ZLIB;
    b->z.end_of_stream = 1;
    b->z.next_in = b->rows_in;
    b->z.avail_in = (uint32_t)(to - b->rows_in);
    b->z.next_out = b->coded + 41;
    b->z.avail_out = (uint32_t)b->coded_size - 64;
    isal_deflate(&b->z);
    (void)crc32_gzip_refl(0, b->coded + 37, b->z.total_out + 4);
    return b->z.total_out + 57; /* signature, IHDR, IDAT, IEND; what they hold is not written */
}

static size_t jpeg(bare *b)
{
    unsigned long n = b->coded_size;

    tjCompress2(b->pack, b->shown, b->width, 0, b->height, b->channels == 1 ? TJPF_GRAY : TJPF_RGB,
                &b->coded, &n, b->channels == 1 ? TJSAMP_GRAY : TJSAMP_444, QUALITY,
                TJFLAG_NOREALLOC);
    return n;
}

static void draw(bare *b, const char *task, int bytes, const unsigned char *in, size_t n)
{
    unsigned char *scratch = b->shown + (size_t)b->cols * b->rows * 3;
    int cols = b->cols, rows = b->rows;

    if (bytes == 0) {
        int half = *task == 't' ? 2 : 1;

        tjDecompress2(b->unpack, in, n, scratch, cols / half, 0, rows / half, TJPF_RGB, 0);
        in = scratch;
        b->cols /= half;
        b->rows /= half;
    }
    if (*task == 't')
        shrink(b, in);
    else if (b->channels == 1)
        show_grey((const uint16_t *)(const void *)in, cols * rows,
                  (b->falls ? -255 : 255) / b->span,
                  (b->falls ? b->low + b->span : -b->low) * 255 / b->span + 0.5F, b->shown);
    else
        memcpy(b->shown, in, (size_t)cols * rows * 3);
    b->cols = cols;
    b->rows = rows;
}

int main(int argc, char **argv)
{
    int bytes = argc > 9 ? atoi(argv[5]) : -1;
    size_t behind = argc > 9 ? strtoul(argv[8], NULL, 10) : 0;
    bare *b = calloc(1, sizeof *b);

    if (!b || bytes < 0)
        return 2;
    b->cols = atoi(argv[3]);
    b->rows = atoi(argv[4]);
    b->channels = bytes == 2 ? 1 : 3;
    b->low = strtof(argv[6], NULL);
    b->span = strtof(argv[7], NULL);
    b->falls = b->span < 0;
    b->span = b->falls ? -b->span : b->span;
    b->width = *argv[1] == 't' ? BOX * b->cols / (b->cols > b->rows ? b->cols : b->rows) : b->cols;
    b->height = *argv[1] == 't' ? BOX * b->rows / (b->cols > b->rows ? b->cols : b->rows) : b->rows;
    b->coded_size = (size_t)b->cols * b->rows * 6 + 65536;
    b->pack = tjInitCompress();
    b->unpack = tjInitDecompress();
    b->shown = malloc((size_t)b->cols * b->rows * 6);
    b->coded = malloc(b->coded_size);
    b->rows_in = malloc((size_t)b->rows * ((size_t)b->cols * 3 + 1));
    b->sums = malloc((size_t)b->cols * 3 * sizeof *b->sums);
    for (int i = 9; i < argc; i++) {
        int fd = open(argv[i], O_RDONLY);
        struct stat st;
        unsigned char *map;
        char path[4096];
        size_t n;

        if (fd < 0 || fstat(fd, &st) != 0)
            return 1;
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
        if (map == MAP_FAILED)
            return 1;
        draw(b, argv[1], bytes, map + ((size_t)st.st_size - behind), behind);
        munmap(map, (size_t)st.st_size);
        close(fd);
        n = *argv[1] == 'p' ? png(b) : jpeg(b);
        snprintf(path, sizeof path, "%s/%d.%s", argv[2], i - 9, *argv[1] == 'p' ? "png" : "jpg");
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (fd < 0 || write(fd, b->coded, n) != (ssize_t)n || close(fd) != 0)
            return 1;
    }
    return 0;
}
