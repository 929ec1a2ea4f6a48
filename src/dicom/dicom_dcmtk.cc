// Opening files: reading their data sets. See dcmtk_file.h.
#include "dicom/dicom_dcmtk.hh"

#include "dcmtk/dcmdata/dcdicdir.h"
#include "dcmtk/dcmdata/dcspchrs.h"
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

#include "dicom/charset.h"
#include "dicom/dcmtk_file.h"
#include "dicom/gate.h"

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

wk_code read_data_set(wki_dcmtk_file &f, wk_error *err)
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

} // namespace

namespace
{
// A character set's table is a file that is read when it is first used, and stays as long as
// somebody uses it.
void warm_character_sets()
{
    static const char latin[] =
        "ISO 2022 IR 6\\ISO 2022 IR 100\\ISO 2022 IR 101\\ISO 2022 IR 109\\ISO 2022 IR 110\\"
        "ISO 2022 IR 144\\ISO 2022 IR 127\\ISO 2022 IR 126\\ISO 2022 IR 138\\ISO 2022 IR 148";
    static const char *const terms[] = {
        "ISO_IR 100", "ISO_IR 101", "ISO_IR 109", "ISO_IR 110", "ISO_IR 144", "ISO_IR 127",
        "ISO_IR 126", "ISO_IR 138", "ISO_IR 148", "ISO_IR 203", "ISO_IR 13",  "ISO_IR 166",
        "ISO_IR 192", "GB18030",    "GBK",        "ISO_IR 6",   latin,
        "ISO 2022 IR 13\\ISO 2022 IR 87\\ISO 2022 IR 159",
        "ISO 2022 IR 6\\ISO 2022 IR 149\\ISO 2022 IR 58\\ISO 2022 IR 166"};
    static std::vector<std::unique_ptr<DcmSpecificCharacterSet>> kept;

    if (!kept.empty())
        return;
    for (const char *one : terms) {
        kept.push_back(std::make_unique<DcmSpecificCharacterSet>());
        (void)kept.back()->selectCharacterSet(one);
    }
    wki_charset_warm();
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

wk_code wki_dcmtk_open(int fd, uint64_t size, const wki_layout *layout, wki_dcmtk_file **out,
                       wk_error *err)
{
    return guarded(err, [&] {
        auto bytes = std::make_shared<Bytes>();
        bytes->source.fd = fd;
        bytes->source.size = size;
        set_up();
        auto f = std::make_unique<wki_dcmtk_file>();
        f->bytes = bytes;
        f->layout = *layout;
        wk_code rc = read_data_set(*f, err);
        if (rc == WK_OK)
            *out = f.release();
        return rc;
    });
}

void wki_dcmtk_close(wki_dcmtk_file *f)
{
    delete f;
}

void wki_dcmtk_warm(void)
{
    (void)guarded(nullptr, [] {
        set_up();
        warm_character_sets();
        return WK_OK;
    });
}

static const char *about(void)
{
    return "DCMTK " OFFIS_DCMTK_VERSION_STRING;
}

WKI_MODULE_TABLE(dcmtk) = {{WADOKIT_VERSION, about}, wki_dcmtk_warm,       wki_dcmtk_open,
                           wki_dcmtk_close,          wki_dcmtk_describe,   wki_dcmtk_json,
                           wki_dcmtk_bulk_find,      wki_dcmtk_bulk_bytes, wki_dcmtk_bulk_read,
                           wki_dcmtk_bulk_each,      wki_dcmtk_value,      wki_dcmtk_path_next,
                           wki_dcmtk_decode_stream};

} // extern "C"
