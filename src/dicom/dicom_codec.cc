// JPEG with more than 8 bits a sample, and lossless JPEG, by DCMTK's copies of the IJG library.
#include "dicom/dicom_dcmtk.hh"

#include "dcmtk/dcmjpeg/djcparam.h"
#include "dcmtk/dcmjpeg/djdijg12.h"
#include "dcmtk/dcmjpeg/djdijg16.h"
#include "dcmtk/dcmjpeg/djdijg8.h"
#include "dcmtk/oflog/oflog.h"
#include "dcmtk/oflog/spi/logevent.h"

#include <cstring>
#include <mutex>

#include "core/jpeg_header.h"
#include "core/stored.h"

using namespace wadokit;

namespace
{
// What the decoder of this thread has to say of its stream, first words first.
struct Complaints {
    std::string first;
    bool damaged = false; // samples were made up
};
thread_local Complaints *listening = nullptr;

// DCMTK tells of damage by its log alone. Of the library's warnings these are the ones behind which
// samples are made up, as in decode_jpeg.c; others are of odd markers and of bytes passed over.
class Listener : public dcmtk::log4cplus::Appender
{
  public:
    ~Listener() override
    {
        destructorImpl();
    }
    void close() override
    {
    }

  protected:
    void append(const dcmtk::log4cplus::spi::InternalLoggingEvent &event) override
    {
        static const char *const made_up[] = {"premature end of data", "bad Huffman code",
                                              "instead of RST"};
        const char *text = event.getMessage().c_str();

        if (!listening)
            return;
        if (listening->first.empty())
            listening->first = text;
        for (const char *one : made_up)
            listening->damaged |= strstr(text, one) != nullptr;
    }
};

void set_up_listener()
{
    static std::once_flag once;

    set_up_log();
    std::call_once(once, [] {
        OFLogger logger = OFLog::getLogger("dcmtk.dcmjpeg");

        logger.setAdditivity(false);
        logger.removeAllAppenders();
        logger.addAppender(dcmtk::log4cplus::SharedAppenderPtr(new Listener));
        logger.setLogLevel(OFLogger::WARN_LOG_LEVEL);
    });
}

// Listens as long as it lives.
class Listening
{
  public:
    explicit Listening(Complaints &c)
    {
        set_up_listener();
        listening = &c;
    }
    ~Listening()
    {
        listening = nullptr;
    }
    Listening(const Listening &) = delete;
    Listening &operator=(const Listening &) = delete;
};

std::unique_ptr<DJDecoder> make_decoder(const DJCodecParameter &p, unsigned precision)
{
    if (precision <= 8)
        return std::make_unique<DJDecompressIJG8Bit>(p, OFFalse);
    if (precision <= 12)
        return std::make_unique<DJDecompressIJG12Bit>(p, OFFalse);
    return std::make_unique<DJDecompressIJG16Bit>(p, OFFalse);
}

// Cells of the code stream's own width, interleaved.
wk_code run(const wki_frame_bytes &stream, const wki_jpeg_header &h, std::vector<uint8_t> &cells,
            std::string &complaint, wk_error *err)
{
    static Uint8 end_of_image[] = {0xFF, 0xD9};
    DJCodecParameter p(ECC_lossyYCbCr, EDC_never, EUC_never, EPC_colorByPixel);
    std::unique_ptr<DJDecoder> decoder = make_decoder(p, h.precision);
    size_t size;

    if (!wki_mul_size(static_cast<size_t>(h.rows) * h.cols, h.components, &size) ||
        !wki_mul_size(size, decoder->bytesPerSample(), &size) || size > UINT32_MAX ||
        stream.n > UINT32_MAX)
        return wk_fail(err, WK_LIMIT, "the JPEG stream is larger than 4 GiB");
    cells.resize(size);
    Complaints complaints;
    Listening ear(complaints);
    OFCondition got = decoder->init();
    if (got.good())
        got = decoder->decode(const_cast<Uint8 *>(stream.data + h.start),
                              static_cast<Uint32>(stream.n - h.start), cells.data(),
                              static_cast<Uint32>(size), OFFalse);
    if (got == EJ_Suspension) {
        // Maybe nothing but the end marker is missing.
        got = decoder->decode(end_of_image, sizeof end_of_image, cells.data(),
                              static_cast<Uint32>(size), OFFalse);
        if (got.bad() || complaints.damaged)
            return wk_fail(err, WK_DATA, "the JPEG stream is cut short");
        complaints.first = "no end of image";
    }
    if (got.good() && complaints.damaged)
        return wk_fail(err, WK_DATA, "the JPEG stream is damaged: %s", complaints.first.c_str());
    complaint = complaints.first;
    return got.good() ? WK_OK : fail(err, WK_DATA, got, "the JPEG stream is corrupt");
}

void widen(const std::vector<uint8_t> &cells, size_t cell_width, wki_pixels &p)
{
    size_t n = cells.size() / cell_width, width = wki_sample_bytes(p.type);

    for (size_t i = 0; i < n; i++) {
        uint16_t v = cells[i * cell_width];

        if (cell_width == 2)
            memcpy(&v, &cells[2 * i], 2);
        if (width == 1)
            static_cast<uint8_t *>(p.data)[i] = static_cast<uint8_t>(v);
        else if (width == 2)
            static_cast<uint16_t *>(p.data)[i] = v;
        else
            static_cast<uint32_t *>(p.data)[i] = v;
    }
}

wk_code decode(const wki_image_desc &d, const wki_frame_bytes &stream, wki_pixels &out,
               wk_error *err)
{
    wki_jpeg_header h;
    std::vector<uint8_t> cells;
    std::string complaint;

    if (!wki_jpeg_header_read(stream.data, stream.n, &h))
        return wk_fail(err, WK_DATA, "no JPEG stream");
    wk_code rc = wki_check_size(&d, h.cols, h.rows, h.components, err);
    if (rc == WK_OK)
        rc = wki_check_stream(&d, stream.n, err);
    if (rc == WK_OK && h.precision > d.bits_allocated)
        rc = wk_fail(err, WK_DATA, "the JPEG stream has %u bits a sample, the header allocates %u",
                     h.precision, d.bits_allocated);
    unsigned most = wki_jpeg_most_scans(&h);
    if (rc == WK_OK && wki_jpeg_scans(stream.data, stream.n, most) > most)
        rc = wk_fail(err, WK_DATA, "the JPEG stream is corrupt: too many scans");
    if (rc == WK_OK)
        rc = run(stream, h, cells, complaint, err);
    if (rc == WK_OK)
        rc = wki_stored_alloc(&d, "dcmtk", &out, err);
    if (rc != WK_OK)
        return rc;
    widen(cells, h.precision <= 8 ? 1 : 2, out);
    /* Signed values are coded as the bits that they have, of which the range is not known. */
    if (h.sof == 0xC3 || d.is_signed)
        wki_cells_to_stored(&d, &out);
    else
        wki_lossy_cells_to_stored(&d, &out);
    if (!complaint.empty())
        wki_pixels_warn(&out, "JPEG: %.120s", complaint.c_str());
    wki_color color = wki_jpeg_header_color(&h, d.photometric);
    if (d.samples == 3 && color != out.color)
        wki_pixels_warn(&out,
                        "the code stream holds %s, the header says %s; the stream is believed",
                        color == WKI_COLOR_RGB ? "RGB" : "YBR_FULL", d.photometric_text);
    if (d.samples == 3)
        out.color = color;
    return WK_OK;
}

} // namespace

extern "C" wk_code wki_dcmtk_decode_stream(const wki_image_desc *d, const wki_frame_bytes *stream,
                                           wki_pixels *out, wk_error *err)
{
    return guarded(err, [&] { return decode(*d, *stream, *out, err); });
}
