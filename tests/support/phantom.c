/*
 * wadokit_phantom: makes DICOM series that look like something, for tests and the demo.
 *
 *   wadokit_phantom [options] KIND[:COUNT]...
 *
 *   KIND          ct (slices), mr (slices), us (frames of one file), ect (frames of one enhanced
 *                 CT file), dx (files), mg (files), sr (files, no pixels)
 *   -o DIR        below which DIR/KIND/0001.dcm ... are written (default: phantom)
 *   -s SEED       another patient, other UIDs, another noise (default 1)
 *   -n SIZE       rows and columns of ct, ect and mr (default 512, 512, 256)
 *   -n COLSxROWS  of us, dx and mg (default 640x480, 2000x2500, 3328x4096)
 *   -r ROOT       UIDs are ROOT.SEED.study.series.instance (default: made from the seed, under
 *                 2.25)
 *   -1            one study with all kinds, where otherwise each kind is a study
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dicom_writer.h"
#include "phantom_draw.h"
#include "phantom_noise.h"

enum {
    PATH_SIZE = 4096,
    UID_SIZE = 65,
    MAX_COUNT = 100000,
    MIN_SIZE = 16,
    MAX_SIZE = 4096
};

typedef struct options {
    const char *dir;
    const char *root;
    unsigned seed;
    int size;
    int columns, rows;
    int one_study;
} options;

typedef struct kind kind;

/* One instance about to be written. */
typedef struct instance {
    const options *opts;
    const kind *kind;
    int study, series, number, count;
} instance;

struct kind {
    const char *name;
    const char *modality;
    const char *sop_class;
    const char *study; /* descriptions */
    const char *series;
    const char *body_part;
    int count;
    void (*image)(dw_file *file, const instance *in);
};

static void *make(size_t size)
{
    void *p = malloc(size);

    if (p == NULL) {
        fputs("wadokit_phantom: out of memory\n", stderr);
        exit(7);
    }
    return p;
}

/* A UID under 2.25: 128 bits from what it is for, in decimal, shaped as a random UUID. */
static void uid_from(uint32_t a, uint32_t b, uint32_t c, uint32_t d, char out[UID_SIZE])
{
    uint32_t limbs[4], h = noise_hash(a * 31 + 7);
    char digits[40];
    size_t n = 0;

    for (unsigned i = 0; i < 4; i++)
        limbs[i] = h = noise_hash(
            h ^ (noise_hash(b + i) + noise_hash(c + 97 * i) * 3 + noise_hash(d + 1009 * i) * 5));
    limbs[1] = (limbs[1] & 0xffff0fff) | 0x4000;
    limbs[2] = (limbs[2] & 0x3fffffff) | 0x80000000;
    while ((limbs[0] | limbs[1] | limbs[2] | limbs[3]) != 0) {
        uint64_t rest = 0;
        for (int i = 0; i < 4; i++) {
            rest = rest << 32 | limbs[i];
            limbs[i] = (uint32_t)(rest / 10);
            rest %= 10;
        }
        digits[n++] = (char)('0' + rest);
    }
    memcpy(out, "2.25.", 5);
    for (size_t i = 0; i < n; i++)
        out[5 + i] = digits[n - 1 - i];
    out[5 + n] = '\0';
}

/* Lower parts are 0 above their level. */
static void uid_of(const instance *in, int series, int number, char out[UID_SIZE])
{
    const options *opts = in->opts;

    if (opts->root == NULL)
        uid_from(opts->seed, (unsigned)in->study, (unsigned)series, (unsigned)number, out);
    else if (series == 0)
        snprintf(out, UID_SIZE, "%s.%u.%d", opts->root, opts->seed, in->study);
    else if (number == 0)
        snprintf(out, UID_SIZE, "%s.%u.%d.%d", opts->root, opts->seed, in->study, series);
    else
        snprintf(out, UID_SIZE, "%s.%u.%d.%d.%d", opts->root, opts->seed, in->study, series,
                 number);
}

static const char *image_type(const kind *k)
{
    if (strcmp(k->modality, "CT") == 0)
        return "ORIGINAL\\PRIMARY\\AXIAL";
    if (strcmp(k->modality, "MR") == 0)
        return "ORIGINAL\\PRIMARY\\M\\SE";
    return "ORIGINAL\\PRIMARY";
}

static const char *person(unsigned seed)
{
    static const char *const names[] = {"Phantom^Ada", "Phantom^Basil", "Phantom^Cleo",
                                        "Phantom^Dora", "Phantom^Emil"};

    return names[seed % 5];
}

static int is_film(const kind *k)
{
    return strcmp(k->modality, "DX") == 0 || strcmp(k->modality, "MG") == 0;
}

/* Groups 0008 and 0010 */
static void write_identity(dw_file *f, const instance *in, const char *sop)
{
    const kind *k = in->kind;

    dw_text(f, 0x00080005, "CS", "ISO_IR 100");
    if (k->image != NULL)
        dw_text(f, 0x00080008, "CS", image_type(k));
    dw_text(f, 0x00080016, "UI", k->sop_class);
    dw_text(f, 0x00080018, "UI", sop);
    dw_text(f, 0x00080020, "DA", "20240229");
    dw_text(f, 0x00080021, "DA", "20240229");
    dw_text(f, 0x00080023, "DA", "20240229");
    dw_text(f, 0x00080030, "TM", "101500");
    dw_text(f, 0x00080031, "TM", "101700");
    dw_text(f, 0x00080033, "TM", "101700");
    dw_format(f, 0x00080050, "SH", "PHANTOM%u", in->opts->seed * 100 + (unsigned)in->study);
    dw_text(f, 0x00080060, "CS", k->modality);
    if (is_film(k))
        dw_text(f, 0x00080068, "CS", "FOR PRESENTATION");
    dw_text(f, 0x00080070, "LO", "wadokit");
    dw_text(f, 0x00080090, "PN", "Phantom^Referrer");
    dw_text(f, 0x00081030, "LO", in->opts->one_study ? "Phantom, all kinds" : k->study);
    dw_text(f, 0x0008103E, "LO", k->series);
    dw_text(f, 0x00081090, "LO", "phantom");
    if (strcmp(k->modality, "SR") == 0) {
        dw_sequence(f, 0x00081111); /* Referenced Performed Procedure Step, type 2 */
        dw_sequence_end(f);
    }
    if (strcmp(k->modality, "DX") == 0)
        dw_code(f, 0x00082218, "51185008", "SCT", "Chest");
    if (strcmp(k->modality, "MG") == 0)
        dw_code(f, 0x00082218, "76752008", "SCT", "Breast");
    if (strcmp(k->name, "ect") == 0)
        dw_text(f, 0x00089205, "CS", "MONOCHROME");
    dw_text(f, 0x00100010, "PN", person(in->opts->seed));
    dw_format(f, 0x00100020, "LO", "PHANTOM-%u", in->opts->seed);
    dw_text(f, 0x00100030, "DA", "19010101");
    dw_text(f, 0x00100040, "CS", "O");
}

/* Group 0020 up to the Instance Number */
static void write_place(dw_file *f, const instance *in)
{
    char uid[UID_SIZE];

    uid_of(in, 0, 0, uid);
    dw_text(f, 0x0020000D, "UI", uid);
    uid_of(in, in->series, 0, uid);
    dw_text(f, 0x0020000E, "UI", uid);
    dw_format(f, 0x00200010, "SH", "%d", in->study);
    dw_format(f, 0x00200011, "IS", "%d", in->series);
    dw_text(f, 0x00200012, "IS", "1");
    dw_format(f, 0x00200013, "IS", "%d", in->number);
}

/* Axial slices from the feet upwards, their middle at the origin. */
static void write_geometry(dw_file *f, const instance *in, double spacing, double step, int size)
{
    const double corner = -spacing * (size - 1) / 2,
                 z = (in->number - 1 - (in->count - 1) / 2.0) * step;
    char uid[UID_SIZE];

    dw_format(f, 0x00200032, "DS", "%.7g\\%.7g\\%.7g", corner, corner, z);
    dw_text(f, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
    uid_of(in, in->series + 50, 0, uid);
    dw_text(f, 0x00200052, "UI", uid);
    dw_text(f, 0x00201040, "LO", "");
    dw_format(f, 0x00201041, "DS", "%.6g", z);
}

static void write_grey(dw_file *f, int rows, int columns, double spacing, unsigned stored,
                       const char *photometric)
{
    dw_us(f, 0x00280002, 1);
    dw_text(f, 0x00280004, "CS", photometric);
    dw_us(f, 0x00280010, (unsigned)rows);
    dw_us(f, 0x00280011, (unsigned)columns);
    dw_format(f, 0x00280030, "DS", "%.6g\\%.6g", spacing, spacing);
    dw_us(f, 0x00280100, 16);
    dw_us(f, 0x00280101, stored);
    dw_us(f, 0x00280102, stored - 1);
    dw_us(f, 0x00280103, 0);
}

/* Host order is little-endian wherever this is used; the file's order is. */
static void write_pixels16(dw_file *f, uint16_t *pixels, size_t n)
{
    unsigned char *bytes = make(n * 2);

    for (size_t i = 0; i < n; i++) {
        bytes[2 * i] = (unsigned char)pixels[i];
        bytes[2 * i + 1] = (unsigned char)(pixels[i] >> 8);
    }
    dw_bytes(f, 0x7FE00010, "OW", bytes, n * 2);
    free(bytes);
    free(pixels);
}

static double position(const instance *in)
{
    return in->count > 1 ? (in->number - 1) / (double)(in->count - 1) : 0.5;
}

static void ct_image(dw_file *f, const instance *in)
{
    const int size = in->opts->size ? in->opts->size : 512;
    const double spacing = 384.0 / size, step = 300.0 / in->count;
    uint16_t *pixels = make((size_t)size * (size_t)size * 2);

    dw_text(f, 0x00180015, "CS", in->kind->body_part);
    dw_format(f, 0x00180050, "DS", "%.4g", step);
    dw_text(f, 0x00180060, "DS", "120");
    dw_text(f, 0x00181210, "SH", "PHANTOM");
    dw_text(f, 0x00185100, "CS", "HFS");
    write_place(f, in);
    write_geometry(f, in, spacing, step, size);
    write_grey(f, size, size, spacing, 12, "MONOCHROME2");
    dw_text(f, 0x00281050, "DS", "40");
    dw_text(f, 0x00281051, "DS", "400");
    dw_text(f, 0x00281052, "DS", "-1024");
    dw_text(f, 0x00281053, "DS", "1");
    dw_text(f, 0x00281054, "LO", "HU");
    phantom_ct(pixels, size, spacing, position(in), in->opts->seed);
    write_pixels16(f, pixels, (size_t)size * (size_t)size);
}

static void mr_image(dw_file *f, const instance *in)
{
    const int size = in->opts->size ? in->opts->size : 256;
    const double spacing = 220.0 / size, step = 116.0 / in->count;
    uint16_t *pixels = make((size_t)size * (size_t)size * 2);

    dw_text(f, 0x00180015, "CS", in->kind->body_part);
    dw_text(f, 0x00180020, "CS", "SE");
    dw_text(f, 0x00180021, "CS", "NONE");
    dw_text(f, 0x00180022, "CS", "");
    dw_text(f, 0x00180023, "CS", "2D");
    dw_format(f, 0x00180050, "DS", "%.4g", step);
    dw_text(f, 0x00180080, "DS", "550");
    dw_text(f, 0x00180081, "DS", "12");
    dw_text(f, 0x00180087, "DS", "3");
    dw_text(f, 0x00180091, "IS", "1");
    dw_text(f, 0x00185100, "CS", "HFS");
    write_place(f, in);
    write_geometry(f, in, spacing, step, size);
    write_grey(f, size, size, spacing, 12, "MONOCHROME2");
    dw_text(f, 0x00281050, "DS", "1250");
    dw_text(f, 0x00281051, "DS", "2500");
    phantom_mr(pixels, size, spacing, position(in), in->opts->seed);
    write_pixels16(f, pixels, (size_t)size * (size_t)size);
}

static void put_ct_values(dw_file *f)
{
    dw_sequence(f, 0x00289145);
    dw_item(f);
    dw_text(f, 0x00281052, "DS", "-1024");
    dw_text(f, 0x00281053, "DS", "1");
    dw_text(f, 0x00281054, "LO", "HU");
    dw_item_end(f);
    dw_sequence_end(f);
}

/* The shared functional groups, and for each frame its place and its window. */
static void write_groups(dw_file *f, const instance *in, double spacing, double step)
{
    dw_file group = {0}, all = {0};

    dw_sequence(f, 0x52009229);
    dw_item(f);
    dw_sequence(f, 0x00289110);
    dw_item(f);
    dw_format(f, 0x00180050, "DS", "%.4g", step);
    dw_format(f, 0x00280030, "DS", "%.6g\\%.6g", spacing, spacing);
    dw_item_end(f);
    dw_sequence_end(f);
    put_ct_values(f);
    dw_item_end(f);
    dw_sequence_end(f);
    for (int i = 1; i <= in->count; i++) {
        dw_clear(&group);
        dw_sequence(&group, 0x00209111);
        dw_item(&group);
        dw_text(&group, 0x00209056, "SH", "1");
        dw_format(&group, 0x00209128, "DT", "20240229101700.%06d", i);
        dw_item_end(&group);
        dw_sequence_end(&group);
        dw_sequence(&group, 0x00209113);
        dw_item(&group);
        dw_format(&group, 0x00200032, "DS", "-192\\-192\\%.6g", i * step);
        dw_item_end(&group);
        dw_sequence_end(&group);
        dw_sequence(&group, 0x00289132);
        dw_item(&group);
        dw_text(&group, 0x00281050, "DS", "40");
        dw_text(&group, 0x00281051, "DS", "400");
        dw_item_end(&group);
        dw_sequence_end(&group);
        dw_item_of(&all, &group);
    }
    dw_bytes(f, 0x52009230, "SQ", all.data, all.size);
    dw_clear(&group);
    dw_clear(&all);
}

/* One file; the count is its frames. */
static void enhanced_ct_image(dw_file *f, const instance *in)
{
    const int size = in->opts->size ? in->opts->size : 512;
    const double spacing = 384.0 / size, step = 300.0 / in->count;
    const size_t frame = (size_t)size * (size_t)size;
    uint16_t *pixels = make(frame * (size_t)in->count * 2);

    dw_text(f, 0x00180015, "CS", in->kind->body_part);
    write_place(f, in);
    dw_us(f, 0x00280002, 1);
    dw_text(f, 0x00280004, "CS", "MONOCHROME2");
    dw_format(f, 0x00280008, "IS", "%d", in->count);
    dw_us(f, 0x00280010, (unsigned)size);
    dw_us(f, 0x00280011, (unsigned)size);
    dw_us(f, 0x00280100, 16);
    dw_us(f, 0x00280101, 12);
    dw_us(f, 0x00280102, 11);
    dw_us(f, 0x00280103, 0);
    write_groups(f, in, spacing, step);
    for (int i = 0; i < in->count; i++)
        phantom_ct(pixels + frame * (size_t)i, size, spacing, (i + 0.5) / in->count,
                   in->opts->seed);
    write_pixels16(f, pixels, frame * (size_t)in->count);
}

/* One file; the count is its frames. */
static void us_image(dw_file *f, const instance *in)
{
    const int columns = in->opts->columns ? in->opts->columns : 640;
    const int rows = in->opts->rows ? in->opts->rows : 480;
    const size_t frame = (size_t)columns * (size_t)rows * 3;
    unsigned char *pixels = make(frame * (size_t)in->count);

    dw_text(f, 0x00180015, "CS", in->kind->body_part);
    dw_text(f, 0x00181063, "DS", "40");
    write_place(f, in);
    dw_text(f, 0x00200020, "CS", "");
    dw_us(f, 0x00280002, 3);
    dw_text(f, 0x00280004, "CS", "RGB");
    dw_us(f, 0x00280006, 0);
    dw_format(f, 0x00280008, "IS", "%d", in->count);
    dw_at(f, 0x00280009, 0x00181063);
    dw_us(f, 0x00280010, (unsigned)rows);
    dw_us(f, 0x00280011, (unsigned)columns);
    dw_us(f, 0x00280014, 1);
    dw_us(f, 0x00280100, 8);
    dw_us(f, 0x00280101, 8);
    dw_us(f, 0x00280102, 7);
    dw_us(f, 0x00280103, 0);
    dw_text(f, 0x00282110, "CS", "00");
    for (int i = 0; i < in->count; i++)
        phantom_us(pixels + frame * (size_t)i, columns, rows, i / (double)in->count,
                   in->opts->seed);
    dw_bytes(f, 0x7FE00010, "OB", pixels, frame * (size_t)in->count);
    free(pixels);
}

/* What tells one projection radiograph from another. */
typedef struct projection {
    int columns, rows;
    unsigned bits;
    double spacing; /* mm */
    const char *spacing_text, *positioner, *view, *orientation, *laterality, *photometric;
    const char *center, *width, *shape;
    const char *view_code, *view_meaning;
    void (*draw)(uint16_t *pixels, int columns, int rows, uint32_t seed);
    const char *detector; /* Detector Type, or NULL */
} projection;

static void projection_image(dw_file *f, const instance *in, const projection *p)
{
    const int columns = in->opts->columns ? in->opts->columns : p->columns;
    const int rows = in->opts->rows ? in->opts->rows : p->rows;
    const size_t n = (size_t)columns * (size_t)rows;
    uint16_t *pixels = make(n * 2);

    dw_text(f, 0x00180015, "CS", in->kind->body_part);
    dw_text(f, 0x00181164, "DS", p->spacing_text);
    dw_text(f, 0x00181508, "CS", p->positioner);
    dw_text(f, 0x00185101, "CS", p->view);
    if (p->detector)
        dw_text(f, 0x00187004, "CS", p->detector);
    write_place(f, in);
    dw_text(f, 0x00200020, "CS", p->orientation);
    dw_text(f, 0x00200062, "CS", p->laterality);
    write_grey(f, rows, columns, p->spacing, p->bits, p->photometric);
    dw_text(f, 0x00280301, "CS", "NO");
    dw_text(f, 0x00281040, "CS", "LOG");
    dw_bytes(f, 0x00281041, "SS", "\1\0", 2);
    dw_text(f, 0x00281050, "DS", p->center);
    dw_text(f, 0x00281051, "DS", p->width);
    dw_text(f, 0x00281052, "DS", "0");
    dw_text(f, 0x00281053, "DS", "1");
    dw_text(f, 0x00281054, "LO", "US");
    dw_text(f, 0x00282110, "CS", "00");
    dw_sequence(f, 0x00400555); /* Acquisition Context, type 2 */
    dw_sequence_end(f);
    dw_code(f, 0x00540220, p->view_code, "SCT", p->view_meaning);
    dw_text(f, 0x20500020, "CS", p->shape);
    p->draw(pixels, columns, rows, in->opts->seed * 7919 + (unsigned)in->number);
    write_pixels16(f, pixels, n);
}

static void dx_image(dw_file *f, const instance *in)
{
    static const projection chest = {
        .columns = 2000,
        .rows = 2500,
        .bits = 14,
        .spacing = 0.2,
        .spacing_text = "0.2\\0.2",
        .positioner = "CARM",
        .view = "PA",
        .orientation = "L\\F",
        .laterality = "U",
        .photometric = "MONOCHROME1",
        .center = "10400",
        .width = "8800",
        .shape = "INVERSE",
        .view_code = "272479007",
        .view_meaning = "postero-anterior",
        .draw = phantom_dx,
        .detector = "SCINTILLATOR",
    };

    projection_image(f, in, &chest);
}

static void mg_image(dw_file *f, const instance *in)
{
    static const projection breast = {
        .columns = 3328,
        .rows = 4096,
        .bits = 12,
        .spacing = 0.05,
        .spacing_text = "0.05\\0.05",
        .positioner = "MAMMOGRAPHIC",
        .view = "MLO",
        .orientation = "P\\F",
        .laterality = "L",
        .photometric = "MONOCHROME2",
        .center = "1800",
        .width = "2800",
        .shape = "IDENTITY",
        .view_code = "399368009",
        .view_meaning = "medio-lateral oblique",
        .draw = phantom_mg,
    };

    projection_image(f, in, &breast);
}

static void write_report(dw_file *f, const instance *in)
{
    write_place(f, in);
    dw_text(f, 0x0040A040, "CS", "CONTAINER");
    dw_code(f, 0x0040A043, "18748-4", "LN", "Diagnostic imaging report");
    dw_text(f, 0x0040A050, "CS", "SEPARATE");
    dw_sequence(f, 0x0040A372); /* Performed Procedure Code, type 2 */
    dw_sequence_end(f);
    dw_text(f, 0x0040A491, "CS", "COMPLETE");
    dw_text(f, 0x0040A493, "CS", "UNVERIFIED");
    dw_sequence(f, 0x0040A730);
    dw_item(f);
    dw_text(f, 0x0040A010, "CS", "CONTAINS");
    dw_text(f, 0x0040A040, "CS", "TEXT");
    dw_code(f, 0x0040A043, "121071", "DCM", "Finding");
    dw_text(f, 0x0040A160, "UT", "A phantom in good health. No image goes with this report.");
    dw_item_end(f);
    dw_sequence_end(f);
}

static const kind kinds[] = {
    {"ct", "CT", "1.2.840.10008.5.1.4.1.1.2", "CT chest", "Thorax 1 mm", "CHEST", 24, ct_image},
    {"mr", "MR", "1.2.840.10008.5.1.4.1.1.4", "MR head", "T1 axial", "HEAD", 24, mr_image},
    {"us", "US", "1.2.840.10008.5.1.4.1.1.3.1", "Echocardiogram", "Four chambers", "HEART", 24,
     us_image},
    {"ect", "CT", "1.2.840.10008.5.1.4.1.1.2.1", "CT chest", "Thorax, enhanced", "CHEST", 24,
     enhanced_ct_image},
    {"dx", "DX", "1.2.840.10008.5.1.4.1.1.1.1", "Radiograph chest", "Chest PA", "CHEST", 1,
     dx_image},
    {"mg", "MG", "1.2.840.10008.5.1.4.1.1.1.2", "Mammography", "Left MLO", "BREAST", 1, mg_image},
    {"sr", "SR", "1.2.840.10008.5.1.4.1.1.88.11", "Report", "Report", "CHEST", 1, NULL},
};

static const kind *find_kind(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, name, length) == 0)
            return &kinds[i];
    return NULL;
}

static void make_dir(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        perror(path);
        exit(7);
    }
}

static void write_instance(const instance *in)
{
    char path[PATH_SIZE], sop[UID_SIZE];
    dw_file f = {0};

    uid_of(in, in->series, in->number, sop);
    write_identity(&f, in, sop);
    if (in->kind->image != NULL)
        in->kind->image(&f, in);
    else
        write_report(&f, in);
    snprintf(path, sizeof path, "%s/%s/%04d.dcm", in->opts->dir, in->kind->name, in->number);
    dw_save(&f, path, in->kind->sop_class, sop);
    dw_clear(&f);
}

static void write_series(const options *opts, const kind *k, int index, int count)
{
    const int files = k->image == us_image || k->image == enhanced_ct_image ? 1 : count;
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", opts->dir, k->name);
    make_dir(path);
    for (int i = 1; i <= files; i++) {
        const instance in = {opts, k,    opts->one_study ? 1 : index, opts->one_study ? index : 1,
                             i,    count};
        write_instance(&in);
    }
}

static void usage(void)
{
    fputs("usage: wadokit_phantom [-1] [-o DIR] [-s SEED] [-n SIZE] [-r ROOT] KIND[:COUNT]...\n"
          "SIZE: ROWS, or COLSxROWS; KIND: ct mr us ect dx mg sr\n",
          stderr);
    exit(2);
}

static int number(const char *text, int least, int most)
{
    char *end = NULL;
    const long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < least || value > most)
        usage();
    return (int)value;
}

static void read_size(char *text, options *opts)
{
    char *x = strchr(text, 'x');

    if (x == NULL) {
        opts->size = number(text, MIN_SIZE, MAX_SIZE);
        return;
    }
    *x = '\0';
    opts->columns = number(text, MIN_SIZE, MAX_SIZE);
    opts->rows = number(x + 1, MIN_SIZE, MAX_SIZE);
}

int main(int argc, char **argv)
{
    options opts = {.dir = "phantom", .seed = 1};
    int c;

    while ((c = getopt(argc, argv, "1o:s:n:r:")) != -1) {
        if (c == '1')
            opts.one_study = 1;
        else if (c == 'o')
            opts.dir = optarg;
        else if (c == 's')
            opts.seed = (unsigned)number(optarg, 0, 1000000);
        else if (c == 'n')
            read_size(optarg, &opts);
        else if (c == 'r')
            opts.root = optarg;
        else
            usage();
    }
    if (optind == argc)
        usage();
    make_dir(opts.dir);
    for (int i = optind; i < argc; i++) {
        const size_t length = strcspn(argv[i], ":");
        const kind *k = find_kind(argv[i], length);

        if (k == NULL)
            usage();
        write_series(&opts, k, i - optind + 1,
                     argv[i][length] ? number(argv[i] + length + 1, 1, MAX_COUNT) : k->count);
    }
    return 0;
}
