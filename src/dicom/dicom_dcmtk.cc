// Opening files and reading frames; DCMTK's codecs. See dicom_file.h.
#include "dicom/dicom_dcmtk.hh"

#include "dcmtk/dcmdata/dcdicdir.h"
#include "dcmtk/dcmdata/dcistrma.h"
#include "dcmtk/oflog/oflog.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

#include "dicom/dicom_module.h"
#include "dicom/gate.h"
#include "dicom/inflate.h"

namespace wadokit
{
Bytes::~Bytes()
{
    if (source.fd >= 0)
        close(source.fd);
}

wk_code fail(wk_error *err, wk_code code, const OFCondition &condition, const char *what)
{
    return wk_fail(err, code, "%s: %s", what, condition.text());
}

namespace
{
// DCMTK descends by recursion: so much stack serves WK_MAX_SEQUENCE_DEPTH levels several times
// over, also with sanitizers. The gate counts levels, as far as it foresees what DCMTK makes of
// damage.
constexpr std::ptrdiff_t STACK_MAX = 1 << 20;

// DCMTK reads the data set from here: part of a file, by pread(), through a small buffer. Holes are
// not seen.
class Producer : public DcmProducer
{
  public:
    Producer(std::shared_ptr<Bytes> bytes, uint64_t at, uint64_t end)
        : bytes_(std::move(bytes)), at_(at), end_(end)
    {
        skip_holes();
    }

    OFBool good() const override
    {
        return ok_;
    }
    OFCondition status() const override
    {
        return ok_ ? EC_Normal : EC_InvalidStream;
    }
    OFBool eos() override
    {
        return at_ >= end_;
    }
    offile_off_t avail() override
    {
        return static_cast<offile_off_t>(end_ - at_);
    }
    offile_off_t read(void *out, offile_off_t n) override
    {
        auto *to = static_cast<uint8_t *>(out);
        uint64_t want = limit(n), done = 0;

        ok_ = ok_ && is_shallow();
        while (ok_ && done < want) {
            if (at_ < buffer_at_ || at_ >= buffer_at_ + filled_)
                fill();
            if (!ok_)
                break;
            uint64_t skip = at_ - buffer_at_, some = std::min(filled_ - skip, want - done);
            memcpy(to + done, buffer_ + skip, some);
            at_ += some;
            done += some;
            skip_holes();
        }
        return static_cast<offile_off_t>(done);
    }
    offile_off_t skip(offile_off_t n) override
    {
        uint64_t some = limit(n);

        at_ += some;
        skip_holes();
        return static_cast<offile_off_t>(some);
    }
    void putback(offile_off_t n) override
    {
        at_ -= std::min(at_, static_cast<uint64_t>(n));
    }
    uint64_t at() const
    {
        return at_;
    }

  private:
    // Elements begin where a hole ends, so that no read goes across one.
    void skip_holes()
    {
        for (const wki_span &hole : bytes_->holes)
            at_ = at_ == hole.at ? at_ + hole.n : at_;
    }
    bool is_shallow() const
    {
        return std::abs(static_cast<const char *>(__builtin_frame_address(0)) - base_) < STACK_MAX;
    }
    uint64_t limit(offile_off_t n) const
    {
        return n < 0 ? 0 : std::min(static_cast<uint64_t>(n), end_ - at_);
    }
    void fill()
    {
        filled_ = std::min<uint64_t>(sizeof buffer_, end_ - at_);
        buffer_at_ = at_;
        ok_ = wki_blob_read(&bytes_->source, at_, buffer_, filled_);
        if (!ok_)
            filled_ = 0;
    }

    std::shared_ptr<Bytes> bytes_;
    uint64_t at_, end_;
    uint64_t buffer_at_ = 0, filled_ = 0;
    bool ok_ = true;
    const char *base_ = static_cast<const char *>(__builtin_frame_address(0));
    uint8_t buffer_[4096];
};

class Stream;

// What a large value remembers instead of its bytes.
class Factory : public DcmInputStreamFactory
{
  public:
    Factory(std::shared_ptr<Bytes> bytes, uint64_t at, uint64_t end)
        : bytes_(std::move(bytes)), at_(at), end_(end)
    {
    }
    Factory(const Factory &other) = default;
    DcmInputStream *create() const override;
    DcmInputStreamFactory *clone() const override
    {
        return new Factory(*this);
    }
    DcmInputStreamFactoryType ident() const override
    {
        return DFT_DcmInputFileStreamFactory;
    }

  private:
    std::shared_ptr<Bytes> bytes_;
    uint64_t at_, end_;
};

class Stream : public DcmInputStream
{
  public:
    Stream(std::shared_ptr<Bytes> bytes, uint64_t at, uint64_t end)
        : DcmInputStream(&producer_), bytes_(bytes), producer_(bytes, at, end), end_(end)
    {
    }
    DcmInputStreamFactory *newFactory() const override
    {
        return new Factory(bytes_, producer_.at(), end_);
    }

  private:
    std::shared_ptr<Bytes> bytes_;
    Producer producer_;
    uint64_t end_;
};

DcmInputStream *Factory::create() const
{
    return new Stream(bytes_, at_, end_);
}

wk_code open_file(const char *path, Bytes &bytes, wk_error *err)
{
    struct stat st;

    bytes.source.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (bytes.source.fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "cannot be opened");
    if (fstat(bytes.source.fd, &st) != 0)
        return wk_fail_errno(err, WK_IO, errno, "cannot be opened");
    if (S_ISDIR(st.st_mode))
        return wk_fail_errno(err, WK_IO, EISDIR, "cannot be read");
    if (!S_ISREG(st.st_mode))
        return wk_fail(err, WK_IO, "not a regular file");
    bytes.source.size = static_cast<uint64_t>(st.st_size);
    return WK_OK;
}

// A deflated data set becomes a nameless temporary file, and is read from there.
wk_code inflate_file(wki_dicom_file &f, wk_error *err)
{
    auto plain = std::make_shared<Bytes>();
    FILE *tmp = tmpfile();

    if (!tmp)
        return wk_fail_errno(err, WK_IO, errno, "temporary file for inflating");
    plain->source.fd = dup(fileno(tmp));
    fclose(tmp);
    if (plain->source.fd < 0)
        return wk_fail_errno(err, WK_IO, errno, "temporary file for inflating");
    wk_code rc = wki_inflate_to_fd(&f.bytes->source, f.layout.data_set, plain->source.fd,
                                   &plain->source.size, err);
    if (rc != WK_OK)
        return rc;
    rc = wki_layout_read_plain(&plain->source, &f.layout, err);
    if (rc == WK_OK)
        f.bytes = plain;
    return rc;
}

wk_code read_data_set(wki_dicom_file &f, wk_error *err)
{
    const wki_layout &l = f.layout;
    E_TransferSyntax xfer = l.big_endian    ? EXS_BigEndianExplicit
                            : l.explicit_vr ? EXS_LittleEndianExplicit
                                            : EXS_LittleEndianImplicit;

    wk_code rc = wki_gate_check(&f.bytes->source, &l, err);
    if (rc != WK_OK)
        return rc;
    f.bytes->holes.assign(l.holes, l.holes + l.n_holes);
    Stream stream(f.bytes, l.data_set, l.data_set_end);
    f.data_set.transferInit();
    OFCondition got = f.data_set.read(stream, xfer, EGL_noChange, 1024);
    f.data_set.transferEnd();
    f.damaged = got.bad() && got != EC_EndOfStream;
    if (f.damaged && f.data_set.card() == 0)
        return fail(err, WK_DATA, got, "cannot be parsed");
    return WK_OK;
}

wk_code index_frames(wki_dicom_file &f, const wki_image_desc &d, wk_error *err)
{
    if (f.frames && f.frames_of == d.frames)
        return WK_OK;
    wki_frames_free(f.frames);
    f.frames = nullptr;
    f.frames_of = d.frames;
    return wki_frames_new(&f.bytes->source, &f.layout, d.frames, &f.frames, err);
}

} // namespace

void set_up_log()
{
    static std::once_flag once;

    std::call_once(once, [] { OFLog::configure(OFLogger::OFF_LOG_LEVEL); });
}

void set_up()
{
    static std::once_flag once;

    set_up_log();
    std::call_once(once, [] {
        // Damaged elements are passed over: what a picture needs is checked when it is read.
        dcmIgnoreParsingErrors.set(OFTrue);
        (void)dcmDataDict.isDictionaryLoaded();
    });
}
} // namespace wadokit

using namespace wadokit;

extern "C" {

wk_code wki_dicom_open(const char *path, wki_dicom_file **out, wk_error *err)
{
    return guarded(err, [&] {
        set_up();
        auto f = std::make_unique<wki_dicom_file>();
        f->bytes = std::make_shared<Bytes>();
        wk_code rc = open_file(path, *f->bytes, err);
        if (rc != WK_OK)
            return rc;
        rc = wki_layout_read(&f->bytes->source, &f->layout, err);
        if (rc == WK_OK && f->layout.deflated)
            rc = inflate_file(*f, err);
        if (rc == WK_OK)
            rc = read_data_set(*f, err);
        if (rc != WK_OK)
            return rc;
        *out = f.release();
        return WK_OK;
    });
}

void wki_dicom_close(wki_dicom_file *f)
{
    delete f;
}

wk_code wki_dicom_frame_bytes(wki_dicom_file *f, const wki_image_desc *d, uint32_t frame,
                              wki_frame_bytes *out, wk_error *err)
{
    return guarded(err, [&] {
        if (d->pixels == WKI_PIXELS_NONE)
            return wk_fail(err, WK_DATA, "there are no pixels");
        if (!d->encapsulated)
            return wki_native_read(&f->bytes->source, &f->layout, d, frame, out, err);
        wk_code rc = index_frames(*f, *d, err);
        return rc == WK_OK ? wki_frames_read(f->frames, frame, out, err) : rc;
    });
}

wk_code wki_dicom_ready(wk_error *)
{
    return WK_OK;
}

uint32_t wki_dicom_frames_there(wki_dicom_file *f, const wki_image_desc *d)
{
    uint32_t there = d->frames;

    if (!d->encapsulated)
        there = wki_native_frames_there(&f->layout, d);
    else if (index_frames(*f, *d, nullptr) == WK_OK)
        there = wki_frames_there(f->frames);
    return there ? there : 1;
}

static const char *about(void)
{
    return "DCMTK " OFFIS_DCMTK_VERSION_STRING;
}

WKI_MODULE_TABLE(dcmtk) = {
    {WADOKIT_VERSION, about}, wki_dicom_open,          wki_dicom_close,
    wki_dicom_describe,       wki_dicom_frame_bytes,   wki_dicom_frames_there,
    wki_dicom_decode_stream,  wki_dicom_json,          wki_dicom_json_linked,
    wki_dicom_bulk_find,      wki_dicom_bulk_bytes,    wki_dicom_bulk_read,
    wki_dicom_bulk_each,      wki_dicom_value,         wki_dicom_path_next};

} // extern "C"
