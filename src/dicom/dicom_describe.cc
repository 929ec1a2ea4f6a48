// From a data set to wki_image_desc. See core/image.h for what each field means.
#include "dicom/dicom_dcmtk.hh"

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstring>

#include "core/text.h"
#include "core/transfer_syntax.h"
#include "dicom/palette.h"

using namespace wadokit;

namespace
{
void warn(wki_image_desc &d, const char *fmt, ...) WK_PRINTF(2, 3);

void warn(wki_image_desc &d, const char *fmt, ...)
{
    va_list args;

    if (d.warning[0])
        return;
    va_start(args, fmt);
    vsnprintf(d.warning, sizeof d.warning, fmt, args);
    va_end(args);
}

template <size_t N> void put(char (&out)[N], const std::string &text)
{
    wki_text_clean(out, N, text.data(), text.size());
}

template <typename T> T *allocate(size_t n)
{
    T *out = static_cast<T *>(calloc(n ? n : 1, sizeof(T)));

    if (!out)
        throw std::bad_alloc();
    return out;
}

bool has(DcmItem &item, const DcmTagKey &tag)
{
    return item.tagExistsWithValue(tag);
}

// An unsigned number of an element of any VR; `fallback` where it is absent.
double whole(DcmItem &item, const DcmTagKey &tag, double fallback)
{
    std::vector<double> all = numbers(item, tag);
    int32_t w;

    if (!all.empty())
        return std::floor(all[0]);
    return word(item, tag, 0, false, w) ? w : fallback;
}

void identify(wki_dcmtk_file &f, wki_image_desc &d)
{
    DcmDataset &s = f.data_set;

    put(d.study_uid, text(s, DCM_StudyInstanceUID, 0));
    put(d.series_uid, text(s, DCM_SeriesInstanceUID, 0));
    put(d.sop_uid, text(s, DCM_SOPInstanceUID, 0));
    put(d.sop_class, text(s, DCM_SOPClassUID, 0));
    put(d.modality, text(s, DCM_Modality, 0));
    memcpy(d.transfer_syntax, f.layout.transfer_syntax, sizeof d.transfer_syntax);
    for (unsigned i = 0; i < 4; i++)
        put(d.image_type[i], text(s, DCM_ImageType, i));
    d.lossy = text(s, DCM_LossyImageCompression, 0) == "01";
    if (f.layout.mismatch)
        warn(d, "the data set is not written as its transfer syntax says; read as it is");
    else if (f.layout.n_holes)
        warn(d, "a sequence is longer or shorter than it says; what it holds is left out");
    else if (f.damaged)
        warn(d, "the data set is damaged; what can be read is used");
}

wk_code missing(wki_dcmtk_file &f, const char *what, wk_error *err)
{
    if (!dcmDataDict.isDictionaryLoaded())
        return wk_fail(err, WK_DATA,
                       "no %s: DCMTK's data dictionary is missing (install it or set DCMDICTPATH)",
                       what);
    return wk_fail(err, WK_DATA, "the image has no %s%s", what,
                   f.damaged ? " (the data set is damaged)" : "");
}

wk_code read_size(wki_dcmtk_file &f, wki_image_desc &d, wk_error *err)
{
    DcmDataset &s = f.data_set;
    double rows = whole(s, DCM_Rows, 0), cols = whole(s, DCM_Columns, 0);
    double frames = whole(s, DCM_NumberOfFrames, 1);

    if (rows < 1)
        return missing(f, "Rows", err);
    if (cols < 1)
        return missing(f, "Columns", err);
    if (rows > WK_MAX_ROWS || cols > WK_MAX_COLUMNS)
        return wk_fail(err, WK_DATA, "%.0f x %.0f pixels are too many", rows, cols);
    if (frames > WK_MAX_FRAMES)
        return wk_fail(err, WK_DATA, "%.0f frames are more than %d", frames, WK_MAX_FRAMES);
    if (frames < 1)
        warn(d, "Number of Frames is %.0f; taken as 1", frames);
    d.rows = static_cast<uint32_t>(rows);
    d.cols = static_cast<uint32_t>(cols);
    d.frames = frames < 1 ? 1 : static_cast<uint32_t>(frames);
    return WK_OK;
}

// Bits Allocated, from what is there where the file does not say.
unsigned allocated(wki_dcmtk_file &f, wki_image_desc &d)
{
    double bits = whole(f.data_set, DCM_BitsAllocated, 0);
    double stored = whole(f.data_set, DCM_BitsStored, 0);

    if (d.pixels != WKI_PIXELS_INTEGER)
        return d.pixels == WKI_PIXELS_FLOAT ? 32 : 64;
    if (bits == 0) {
        bits = stored > 16 ? 32 : stored > 8 ? 16 : strcmp(f.layout.pixel_vr, "OW") ? 8 : 16;
        warn(d, "no Bits Allocated; taken as %.0f", bits);
    }
    return bits <= 64 ? static_cast<unsigned>(bits) : 0;
}

// Samples that are no whole bytes are packed, of 12 bits two in three bytes, unless there are bytes
// enough for two each.
unsigned packed(wki_dcmtk_file &f, wki_image_desc &d, unsigned bits)
{
    double due =
        2.0 * d.rows * d.cols * d.frames * std::max(1.0, whole(f.data_set, DCM_SamplesPerPixel, 1));

    if (d.encapsulated || static_cast<double>(f.layout.pixel_bytes) < due)
        return bits;
    warn(d, "Bits Allocated is %u, but samples take 16 bits", bits);
    return 16;
}

wk_code read_bits(wki_dcmtk_file &f, wki_image_desc &d, wk_error *err)
{
    unsigned bits = allocated(f, d);
    double stored = whole(f.data_set, DCM_BitsStored, 0);

    if (bits == 10 || bits == 12 || bits == 14)
        bits = packed(f, d, bits);
    if (bits != 1 && bits != 8 && bits != 10 && bits != 12 && bits != 14 && bits != 16 &&
        bits != 32 && !(bits == 64 && d.pixels == WKI_PIXELS_DOUBLE))
        return wk_fail(err, WK_DATA, "Bits Allocated is %.0f",
                       whole(f.data_set, DCM_BitsAllocated, 0));
    if (stored < 1 || stored > bits) {
        if (stored != 0)
            warn(d, "Bits Stored is %.0f of %u; taken as %u", stored, bits, bits);
        stored = bits;
    }
    double high = whole(f.data_set, DCM_HighBit, stored - 1);
    if (high < stored - 1 || high >= bits) {
        warn(d, "High Bit is %.0f with %.0f bits stored; taken as %.0f", high, stored, stored - 1);
        high = stored - 1;
    }
    d.bits_allocated = static_cast<uint16_t>(bits);
    d.bits_stored = static_cast<uint16_t>(stored);
    d.high_bit = static_cast<uint16_t>(high);
    d.is_signed = bits > 1 && whole(f.data_set, DCM_PixelRepresentation, 0) == 1;
    return WK_OK;
}

wk_code read_color(wki_dcmtk_file &f, wki_image_desc &d, wk_error *err)
{
    std::string term = text(f.data_set, DCM_PhotometricInterpretation, 0);
    double samples = whole(f.data_set, DCM_SamplesPerPixel, 0);

    std::transform(term.begin(), term.end(), term.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    d.photometric = wki_photometric_read(term.c_str());
    put(d.photometric_text, term);
    bool colour = d.photometric >= WKI_RGB && d.photometric < WKI_PHOTOMETRIC_OTHER;
    if (samples == 0)
        samples = colour ? 3 : 1;
    if (term.empty()) {
        d.photometric = samples == 3 ? WKI_RGB : WKI_MONOCHROME2;
        warn(d, "no Photometric Interpretation; taken as %s", samples == 3 ? "RGB" : "MONOCHROME2");
    } else if (d.photometric == WKI_PHOTOMETRIC_OTHER) {
        if (samples != 1 && samples != 3)
            return wk_fail(err, WK_UNSUPPORTED, "Photometric Interpretation %s is not supported",
                           d.photometric_text);
        d.photometric = samples == 3 ? WKI_RGB : WKI_MONOCHROME2;
        warn(d, "unknown Photometric Interpretation \"%s\"; taken as %s", d.photometric_text,
             samples == 3 ? "RGB" : "MONOCHROME2");
    } else if (colour != (samples == 3)) {
        warn(d, "%.0f samples a pixel contradict %s", samples, d.photometric_text);
        d.photometric = samples == 3 ? WKI_RGB : WKI_MONOCHROME2;
    }
    if (samples != 1 && samples != 3)
        return wk_fail(err, WK_UNSUPPORTED, "%.0f samples a pixel are not supported", samples);
    d.samples = static_cast<uint16_t>(samples);
    d.planar = samples == 3 && whole(f.data_set, DCM_PlanarConfiguration, 0) == 1;
    return WK_OK;
}

void read_real_padding(wki_dcmtk_file &f, wki_image_desc &d, const DcmTagKey &value,
                       const DcmTagKey &limit)
{
    std::vector<double> padding = numbers(f.data_set, value), end = numbers(f.data_set, limit);

    d.has_padding = !padding.empty();
    d.has_padding_range = d.has_padding && !end.empty();
    d.padding = d.has_padding ? padding[0] : 0;
    d.padding_limit = d.has_padding_range ? end[0] : 0;
}

void read_padding(wki_dcmtk_file &f, wki_image_desc &d)
{
    int32_t value = 0, limit = 0;

    if (d.pixels == WKI_PIXELS_FLOAT) {
        read_real_padding(f, d, DCM_FloatPixelPaddingValue, DCM_FloatPixelPaddingRangeLimit);
    } else if (d.pixels == WKI_PIXELS_DOUBLE) {
        read_real_padding(f, d, DCM_DoubleFloatPixelPaddingValue,
                          DCM_DoubleFloatPixelPaddingRangeLimit);
    } else {
        d.has_padding = word(f.data_set, DCM_PixelPaddingValue, 0, d.is_signed, value);
        d.has_padding_range =
            d.has_padding && word(f.data_set, DCM_PixelPaddingRangeLimit, 0, d.is_signed, limit);
        d.padding = value;
        d.padding_limit = limit;
    }
}

// Whether entries are bytes: the length of the data tells, whatever the descriptor says
// (C.7.6.3.1.5); where it fits neither, the descriptor does.
bool has_byte_entries(size_t size, const wki_lut &lut)
{
    if (size == lut.n || size == lut.n + lut.n % 2)
        return true;
    return size < 2ull * lut.n && lut.bits <= 8;
}

// The entries of LUT Data; 8-bit ones may be packed two a word.
void read_entries(const std::vector<uint8_t> &raw, wki_lut &lut)
{
    bool bytes = has_byte_entries(raw.size(), lut);
    size_t n = std::min<size_t>(lut.n, bytes ? raw.size() : raw.size() / 2);

    lut.data = allocate<uint16_t>(lut.n);
    for (size_t i = 0; i < n; i++)
        lut.data[i] = static_cast<uint16_t>(bytes ? raw[i] : raw[2 * i] | raw[2 * i + 1] << 8);
    for (size_t i = n; i < lut.n && n > 0; i++)
        lut.data[i] = lut.data[n - 1];
    if (bytes)
        lut.bits = 8;
}

uint16_t largest(const wki_lut &lut)
{
    return *std::max_element(lut.data, lut.data + lut.n);
}

// The three numbers of a LUT Descriptor; 0 entries are 65536. False where they are none.
bool read_descriptor(DcmItem &item, const DcmTagKey &tag, bool is_signed, wki_lut &lut)
{
    int32_t n, bits;

    if (!word(item, tag, 0, false, n) || !word(item, tag, 1, is_signed, lut.first_mapped) ||
        !word(item, tag, 2, false, bits))
        return false;
    lut.n = n == 0 ? 65536u : static_cast<uint32_t>(n);
    lut.bits = static_cast<uint16_t>(bits >= 1 && bits <= 16 ? bits : 16);
    return true;
}

// Entries that reach less than half or more than twice of what the descriptor says prove it wrong.
void check_depth(wki_image_desc &d, wki_lut &lut)
{
    uint32_t declared = (1u << lut.bits) - 1;
    uint16_t top = largest(lut);

    if (top == 0 || (top > declared / 2 && top <= 2 * declared + 1))
        return;
    lut.top = top;
    warn(d, "a VOI LUT says %u bits, and ends at %u; scaled by that", lut.bits, top);
}

bool read_lut(DcmItem &item, bool is_signed, wki_lut &lut)
{
    wki_lut out{};

    if (!read_descriptor(item, DCM_LUTDescriptor, is_signed, out))
        return false;
    std::vector<uint8_t> raw = bytes(item, DCM_LUTData);
    if (raw.size() < 2)
        return false;
    read_entries(raw, out);
    lut = out;
    return true;
}

void read_modality_lut(wki_dcmtk_file &f, wki_image_desc &d)
{
    if (DcmItem *item = first_item(f.data_set, DCM_ModalityLUTSequence))
        (void)read_lut(*item, d.is_signed, d.modality_lut);
}

bool same_lut(const wki_lut &a, const wki_lut &b)
{
    return a.n == b.n && a.first_mapped == b.first_mapped && a.bits == b.bits && a.top == b.top &&
           std::equal(a.data, a.data + a.n, b.data);
}

// The tables of frames are mostly one and the same: then those read before serve.
void share_luts(wki_image_desc &d, wki_frame_values &v)
{
    if (v.first_voi_lut < v.n_voi_luts)
        return;
    const wki_lut *mine = d.voi_luts + v.first_voi_lut;
    if (!std::equal(mine, mine + v.n_voi_luts, mine - v.n_voi_luts, same_lut))
        return;
    while (d.n_voi_luts > v.first_voi_lut)
        free(d.voi_luts[--d.n_voi_luts].data);
    v.first_voi_lut -= v.n_voi_luts;
}

// False, and nothing changed, where the item holds no table.
bool read_voi_luts(DcmItem &item, wki_image_desc &d, wki_frame_values &v)
{
    DcmSequenceOfItems *s = sequence(item, DCM_VOILUTSequence);
    size_t first = d.n_voi_luts;

    if (!s || s->card() == 0)
        return false;
    if (!d.voi_luts)
        d.voi_luts = allocate<wki_lut>(WK_MAX_VOI_LUTS);
    // The input of a VOI LUT is signed where modality values may be below zero (C.11.2.1.1).
    bool is_signed = (d.is_signed && !d.modality_lut.data) || v.intercept < 0;
    size_t n = std::min<size_t>(s->card(), WK_MAX_WINDOWS);
    for (size_t i = 0; i < n && d.n_voi_luts < WK_MAX_VOI_LUTS; i++) {
        if (!read_lut(*s->getItem(i), is_signed, d.voi_luts[d.n_voi_luts]))
            continue;
        check_depth(d, d.voi_luts[d.n_voi_luts]);
        d.n_voi_luts++;
    }
    if (d.n_voi_luts == first)
        return false;
    v.first_voi_lut = first;
    v.n_voi_luts = d.n_voi_luts - first;
    share_luts(d, v);
    return true;
}

// Segments of bytes or of words; the descriptor says which, unless only the other gives a table.
void expand(const std::vector<uint8_t> &raw, wki_image_desc &d, wki_lut &lut)
{
    bool bytes = lut.bits <= 8;

    if (wki_palette_expand(raw.data(), raw.size(), bytes, lut.data, lut.n))
        return;
    if (wki_palette_expand(raw.data(), raw.size(), !bytes, lut.data, lut.n)) {
        lut.bits = bytes ? 16 : 8;
        return;
    }
    (void)wki_palette_expand(raw.data(), raw.size(), bytes, lut.data, lut.n);
    warn(d, "the segmented palette is damaged");
}

// Words where 8 bits are said: the lower bytes count, or the upper ones where all lower are 0.
void narrow(wki_lut &lut)
{
    bool lower = false;

    if (lut.bits > 8 || largest(lut) <= 255)
        return;
    for (uint32_t i = 0; i < lut.n && !lower; i++)
        lower = (lut.data[i] & 0xFF) != 0;
    for (uint32_t i = 0; i < lut.n; i++)
        lut.data[i] = lower ? lut.data[i] & 0xFF : lut.data[i] >> 8;
}

bool read_palette_entry(wki_dcmtk_file &f, wki_image_desc &d, const DcmTagKey &descriptor,
                        const DcmTagKey &data, const DcmTagKey &segmented, wki_lut &out)
{
    wki_lut lut{};

    if (!read_descriptor(f.data_set, descriptor, d.is_signed, lut))
        return false;
    std::vector<uint8_t> raw = bytes(f.data_set, data);
    if (raw.size() >= 2) {
        read_entries(raw, lut);
    } else {
        raw = bytes(f.data_set, segmented);
        if (raw.size() < 2)
            return false;
        lut.data = allocate<uint16_t>(lut.n);
        expand(raw, d, lut);
    }
    narrow(lut);
    out = lut;
    return true;
}

// Fewer than 13 bits in all three tables, where 16 are said, would be a picture that is all but
// black.
void check_palette_depth(wki_image_desc &d)
{
    uint16_t top = 0;

    for (const wki_lut &lut : d.palette) {
        if (!lut.data || lut.bits != 16)
            return;
        top = std::max(top, largest(lut));
    }
    if (top < 256 || top > 4095)
        return;
    warn(d, "the palette says 16 bits, and ends at %u; scaled by that", top);
    for (wki_lut &lut : d.palette)
        lut.bits = top > 1023 ? 12 : 10;
}

wk_code read_palette(wki_dcmtk_file &f, wki_image_desc &d, wk_error *err)
{
    bool all = read_palette_entry(f, d, DCM_RedPaletteColorLookupTableDescriptor,
                                  DCM_RedPaletteColorLookupTableData,
                                  DCM_SegmentedRedPaletteColorLookupTableData, d.palette[0]) &&
               read_palette_entry(f, d, DCM_GreenPaletteColorLookupTableDescriptor,
                                  DCM_GreenPaletteColorLookupTableData,
                                  DCM_SegmentedGreenPaletteColorLookupTableData, d.palette[1]) &&
               read_palette_entry(f, d, DCM_BluePaletteColorLookupTableDescriptor,
                                  DCM_BluePaletteColorLookupTableData,
                                  DCM_SegmentedBluePaletteColorLookupTableData, d.palette[2]);

    (void)read_palette_entry(f, d, DCM_AlphaPaletteColorLookupTableDescriptor,
                             DCM_AlphaPaletteColorLookupTableData, DCM_UndefinedTagKey,
                             d.palette_alpha);
    check_palette_depth(d);
    if (d.photometric == WKI_PALETTE_COLOR && !all)
        return wk_fail(err, WK_DATA, "PALETTE COLOR without a complete palette");
    d.supplemental_palette = all && d.photometric != WKI_PALETTE_COLOR &&
                             text(f.data_set, DCM_PixelPresentation, 0) != "MONOCHROME";
    return WK_OK;
}

wki_voi_function read_function(DcmItem &item, wki_image_desc &d)
{
    std::string term = text(item, DCM_VOILUTFunction, 0);
    wki_voi_function out = WKI_VOI_LINEAR;

    if (!wki_voi_function_read(term.c_str(), &out))
        warn(d, "unknown VOI LUT Function \"%.16s\"; taken as LINEAR", term.c_str());
    return out;
}

void drop_windows(wki_frame_values &v)
{
    free(v.windows);
    v.windows = nullptr;
    v.n_windows = 0;
}

// False, and nothing changed, where the item holds no window.
bool read_windows(DcmItem &item, wki_image_desc &d, wki_frame_values &v)
{
    std::vector<double> centers = numbers(item, DCM_WindowCenter);
    std::vector<double> widths = numbers(item, DCM_WindowWidth);
    size_t n = std::min({centers.size(), widths.size(), static_cast<size_t>(WK_MAX_WINDOWS)});

    if (n == 0)
        return false;
    wki_voi_function function = read_function(item, d);
    drop_windows(v);
    v.windows = allocate<wki_window>(n);
    v.n_windows = n;
    for (size_t i = 0; i < n; i++) {
        v.windows[i].center = centers[i];
        v.windows[i].width = widths[i];
        v.windows[i].function = function;
        put(v.windows[i].explanation,
            text(item, DCM_WindowCenterWidthExplanation, static_cast<unsigned>(i)));
    }
    return true;
}

// Windows and tables belong together: those of one item take the place of both held before.
void read_voi(DcmItem &item, wki_image_desc &d, wki_frame_values &v)
{
    bool windows = read_windows(item, d, v);
    bool luts = read_voi_luts(item, d, v);

    if (windows && !luts)
        v.n_voi_luts = 0;
    if (luts && !windows)
        drop_windows(v);
}

// A slope of 0 would make all values one: what wrote it had none to tell.
void read_rescale(DcmItem &item, wki_image_desc &d, wki_frame_values &v)
{
    std::vector<double> slope = numbers(item, DCM_RescaleSlope);
    std::vector<double> intercept = numbers(item, DCM_RescaleIntercept);

    if (slope.empty() && intercept.empty())
        return;
    v.slope = slope.empty() ? 1 : slope[0];
    v.intercept = intercept.empty() ? 0 : intercept[0];
    v.has_rescale = v.slope != 0;
    if (!v.has_rescale) {
        v.slope = 1;
        v.intercept = 0;
        warn(d, "Rescale Slope is 0: the rescale is left aside");
    }
}

// What a functional group item says goes over what `v` holds.
bool read_group(DcmItem &group, wki_image_desc &d, wki_frame_values &v)
{
    DcmItem *values = first_item(group, DCM_PixelValueTransformationSequence);
    DcmItem *voi = first_item(group, DCM_FrameVOILUTSequence);

    if (values)
        read_rescale(*values, d, v);
    if (voi)
        read_voi(*voi, d, v);
    return values || voi;
}

wki_frame_values copy_values(const wki_frame_values &v)
{
    wki_frame_values out = v;

    out.windows = nullptr;
    if (v.n_windows) {
        out.windows = allocate<wki_window>(v.n_windows);
        std::copy(v.windows, v.windows + v.n_windows, out.windows);
    }
    return out;
}

void read_tile(DcmItem &group, wki_image_desc &d, uint32_t frame)
{
    DcmItem *place = first_item(group, DCM_PlanePositionSlideSequence);

    if (!place || !d.tiles)
        return;
    std::vector<double> row = numbers(*place, DCM_RowPositionInTotalImagePixelMatrix);
    std::vector<double> col = numbers(*place, DCM_ColumnPositionInTotalImagePixelMatrix);
    if (!row.empty() && std::fabs(row[0]) < 2e9)
        d.tiles[frame].row = static_cast<int32_t>(row[0]);
    if (!col.empty() && std::fabs(col[0]) < 2e9)
        d.tiles[frame].col = static_cast<int32_t>(col[0]);
}

void read_per_frame(wki_dcmtk_file &f, wki_image_desc &d)
{
    DcmSequenceOfItems *s = sequence(f.data_set, DCM_PerFrameFunctionalGroupsSequence);
    uint32_t n = s ? static_cast<uint32_t>(std::min<size_t>(s->card(), d.frames)) : 0;
    DcmObject *each = nullptr;

    if (n == 0)
        return;
    if (d.tiling == WKI_TILED_SPARSE) {
        d.tiles = allocate<wki_tile>(n);
        d.n_tiles = n;
    }
    d.per_frame = allocate<wki_frame_values>(n);
    bool any = false;
    while (d.n_per_frame < n && (each = s->nextInContainer(each)) != nullptr) {
        auto *group = dynamic_cast<DcmItem *>(each);
        wki_frame_values &v = d.per_frame[d.n_per_frame];

        v = copy_values(d.top);
        d.n_per_frame++;
        if (group && read_group(*group, d, v))
            any = true;
        if (group)
            read_tile(*group, d, d.n_per_frame - 1);
    }
    if (any)
        return;
    for (uint32_t i = 0; i < d.n_per_frame; i++)
        free(d.per_frame[i].windows);
    free(d.per_frame);
    d.per_frame = nullptr;
    d.n_per_frame = 0;
}

void read_values(wki_dcmtk_file &f, wki_image_desc &d)
{
    d.top.slope = 1;
    read_rescale(f.data_set, d, d.top);
    read_voi(f.data_set, d, d.top);
    if (DcmItem *shared = first_item(f.data_set, DCM_SharedFunctionalGroupsSequence))
        (void)read_group(*shared, d, d.top);
    read_per_frame(f, d);
    std::string shape = text(f.data_set, DCM_PresentationLUTShape, 0);
    d.presentation_inverse = shape == "INVERSE";
}

bool take_aspect(const std::vector<double> &v, wki_image_desc &d)
{
    if (v.size() < 2 || v[0] <= 0 || v[1] <= 0 || v[0] / v[1] > 1e3 || v[1] / v[0] > 1e3)
        return false;
    d.aspect_rows = v[0];
    d.aspect_cols = v[1];
    return true;
}

bool take_measures(DcmItem &item, const DcmTagKey &groups, wki_image_desc &d)
{
    DcmItem *group = first_item(item, groups);
    DcmItem *measures = group ? first_item(*group, DCM_PixelMeasuresSequence) : nullptr;

    return measures && take_aspect(numbers(*measures, DCM_PixelSpacing), d);
}

// C.7.6.3.1.7: the ratio where it is given, else the spacings.
void read_aspect(wki_dcmtk_file &f, wki_image_desc &d)
{
    DcmDataset &s = f.data_set;

    d.aspect_rows = d.aspect_cols = 1;
    (void)(take_aspect(numbers(s, DCM_PixelAspectRatio), d) ||
           take_measures(s, DCM_SharedFunctionalGroupsSequence, d) ||
           take_measures(s, DCM_PerFrameFunctionalGroupsSequence, d) ||
           take_aspect(numbers(s, DCM_PixelSpacing), d) ||
           take_aspect(numbers(s, DCM_ImagerPixelSpacing), d) ||
           take_aspect(numbers(s, DCM_NominalScannedPixelSpacing), d));
}

// The size that the profile itself gives, without what fills the element; 0 where that is not all
// there, or no size of its version, or there is no header with "acsp" (ISO 15076-1 section 7.2):
// writers of pictures refuse such profiles.
size_t icc_bytes(const std::vector<uint8_t> &icc)
{
    if (icc.size() < 132 || memcmp(icc.data() + 36, "acsp", 4) != 0)
        return 0;
    size_t n = 0;

    for (size_t i = 0; i < 4; i++)
        n = n << 8 | icc[i];
    return n < 132 || n > icc.size() || (icc[8] > 3 && n % 4 != 0) ? 0 : n;
}

void read_icc(wki_dcmtk_file &f, wki_image_desc &d)
{
    std::vector<uint8_t> icc = bytes(f.data_set, DCM_ICCProfile);

    if (icc.empty()) {
        DcmItem *path = first_item(f.data_set, DCM_OpticalPathSequence);
        if (path)
            icc = bytes(*path, DCM_ICCProfile);
    }
    if (icc.empty())
        return;
    size_t n = icc_bytes(icc);
    if (n == 0) {
        warn(d, "the ICC profile is damaged; it is left out");
        return;
    }
    icc.resize(n);
    d.icc = allocate<uint8_t>(icc.size());
    std::copy(icc.begin(), icc.end(), d.icc);
    d.icc_size = icc.size();
}

bool read_overlay(DcmItem &s, uint16_t group, wki_overlay &o)
{
    auto tag = [group](uint16_t e) { return DcmTagKey(group, e); };
    double rows = whole(s, tag(0x0010), 0), cols = whole(s, tag(0x0011), 0);
    int32_t n;

    if (rows < 1 || cols < 1 || rows > WK_MAX_ROWS || cols > WK_MAX_COLUMNS)
        return false;
    o.group = group;
    o.rows = static_cast<uint32_t>(rows);
    o.cols = static_cast<uint32_t>(cols);
    o.row = word(s, tag(0x0050), 0, true, n) ? n : 1;
    o.col = word(s, tag(0x0050), 1, true, n) ? n : 1;
    double frames = whole(s, tag(0x0015), 1), first = whole(s, tag(0x0051), 1);
    o.frames = frames >= 1 && frames <= WK_MAX_FRAMES ? static_cast<uint32_t>(frames) : 1;
    o.first_frame = first >= 1 && first <= WK_MAX_FRAMES ? static_cast<uint32_t>(first) : 1;
    o.bit_position = word(s, tag(0x0102), 0, false, n) ? static_cast<uint16_t>(n) : 0;
    std::string type = text(s, tag(0x0040), 0);
    o.type = type == "G" || type == "R" ? type[0] : '\0';
    std::string label = text(s, tag(0x1500), 0);
    put(o.label, clean_utf8(label.empty() ? text(s, tag(0x0022), 0) : label));
    std::vector<uint8_t> data = bytes(s, tag(0x3000));
    if (!data.empty()) {
        o.data = allocate<uint8_t>(data.size());
        std::copy(data.begin(), data.end(), o.data);
        o.size = data.size();
    }
    return true;
}

void read_overlays(wki_dcmtk_file &f, wki_image_desc &d)
{
    for (uint16_t group = 0x6000; group <= 0x601E; group = static_cast<uint16_t>(group + 2)) {
        if (!has(f.data_set, DcmTagKey(group, 0x0010)))
            continue;
        if (!d.overlays)
            d.overlays = allocate<wki_overlay>(16);
        if (read_overlay(f.data_set, group, d.overlays[d.n_overlays]))
            d.n_overlays++;
    }
}

void read_slide(wki_dcmtk_file &f, wki_image_desc &d)
{
    DcmDataset &s = f.data_set;
    auto size = [&](const DcmTagKey &tag, double fallback) {
        double v = whole(s, tag, fallback);
        return v >= 0 && v <= 4e9 ? static_cast<uint32_t>(v) : static_cast<uint32_t>(fallback);
    };

    std::string type = text(s, DCM_DimensionOrganizationType, 0);
    d.total_rows = size(DCM_TotalPixelMatrixRows, 0);
    d.total_cols = size(DCM_TotalPixelMatrixColumns, 0);
    d.focal_planes = std::max(1u, size(DCM_TotalPixelMatrixFocalPlanes, 1));
    d.optical_paths = std::max(1u, size(DCM_NumberOfOpticalPaths, 1));
    if (d.total_rows && d.total_cols)
        d.tiling = type == "TILED_FULL" ? WKI_TILED_FULL : WKI_TILED_SPARSE;
}

// Encapsulated is what the bytes are; a compressed transfer syntax over native bytes is a lie.
void check_encapsulation(wki_dcmtk_file &f, wki_image_desc &d)
{
    const char *ts = d.transfer_syntax;
    bool native = *ts == '\0' || wki_transfer_syntax_is_native(ts);

    d.encapsulated = f.layout.encapsulated;
    if (!d.encapsulated && !native) {
        warn(d, "the transfer syntax is %s, but the pixels are not encapsulated", ts);
        snprintf(d.transfer_syntax, sizeof d.transfer_syntax, "%s",
                 wki_transfer_syntax_uid(WKI_TS_EXPLICIT_LE));
    } else if (!*ts && !d.encapsulated) {
        warn(d, "no transfer syntax; read as it is");
        snprintf(d.transfer_syntax, sizeof d.transfer_syntax, "%s",
                 wki_transfer_syntax_uid(f.layout.big_endian    ? WKI_TS_EXPLICIT_BE
                                         : f.layout.explicit_vr ? WKI_TS_EXPLICIT_LE
                                                                : WKI_TS_IMPLICIT_LE));
    }
}

// YBR_FULL_422 of native pixels counts only where the bytes are those of 4:2:2. Where columns are
// odd, rows may be padded to pairs of pixels, which the number of bytes tells.
void check_sampling(wki_dcmtk_file &f, wki_image_desc &d)
{
    uint64_t bits, full = 3ull * d.bits_allocated * d.rows * d.cols * d.frames / 8;

    if (d.encapsulated || d.samples != 3 || !wki_native_frame_bits(&d, &bits) ||
        bits * d.frames / 8 >= full)
        return;
    if (f.layout.pixel_bytes >= full) {
        warn(d, "%s, but the pixels are not sub-sampled", d.photometric_text);
        d.photometric = d.photometric == WKI_YBR_FULL_422 ? WKI_YBR_FULL : WKI_PHOTOMETRIC_OTHER;
        return;
    }
    d.pair_rows = d.cols % 2 && d.photometric != WKI_YBR_PARTIAL_420;
    if (d.pair_rows &&
        (!wki_native_frame_bits(&d, &bits) || bits / 8 > f.layout.pixel_bytes / d.frames))
        d.pair_rows = false;
}

// C.8.20.2: what the values of a segmentation go up to.
void read_labels(wki_dcmtk_file &f, wki_image_desc &d)
{
    std::string type = text(f.data_set, DCM_SegmentationType, 0);
    DcmSequenceOfItems *segments = sequence(f.data_set, DCM_SegmentSequence);
    DcmObject *each = nullptr;

    d.is_labels = !type.empty() || strcmp(d.sop_class, UID_SegmentationStorage) == 0 ||
                  strcmp(d.sop_class, "1.2.840.10008.5.1.4.1.1.66.7") == 0;
    if (!d.is_labels)
        return;
    if (type == "BINARY")
        d.label_top = 1;
    else if (type == "FRACTIONAL")
        d.label_top = whole(f.data_set, DCM_MaximumFractionalValue, 0);
    while (type != "BINARY" && type != "FRACTIONAL" && segments &&
           (each = segments->nextInContainer(each)) != nullptr) {
        if (auto *item = dynamic_cast<DcmItem *>(each))
            d.label_top = std::max(d.label_top, whole(*item, DCM_SegmentNumber, 0));
    }
}

wk_code describe(wki_dcmtk_file &f, wki_image_desc &d, wk_error *err)
{
    identify(f, d);
    d.pixels = f.layout.pixel_element == 0x0010   ? WKI_PIXELS_INTEGER
               : f.layout.pixel_element == 0x0008 ? WKI_PIXELS_FLOAT
               : f.layout.pixel_element == 0x0009 ? WKI_PIXELS_DOUBLE
                                                  : WKI_PIXELS_NONE;
    if (d.pixels != WKI_PIXELS_NONE && f.layout.pixel_bytes == 0)
        d.pixels = WKI_PIXELS_NONE;
    if (d.pixels == WKI_PIXELS_NONE)
        return WK_OK;
    check_encapsulation(f, d);
    wk_code rc = read_size(f, d, err);
    if (rc == WK_OK)
        rc = read_bits(f, d, err);
    if (rc == WK_OK)
        rc = read_color(f, d, err);
    if (rc != WK_OK)
        return rc;
    check_sampling(f, d);
    read_padding(f, d);
    read_modality_lut(f, d);
    read_slide(f, d);
    read_labels(f, d);
    read_values(f, d);
    read_aspect(f, d);
    read_icc(f, d);
    read_overlays(f, d);
    return read_palette(f, d, err);
}

} // namespace

extern "C" wk_code wki_dcmtk_describe(wki_dcmtk_file *f, wki_image_desc *out, wk_error *err)
{
    memset(out, 0, sizeof *out);
    return guarded(err, [&] { return describe(*f, *out, err); });
}
