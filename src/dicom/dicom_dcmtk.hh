// What the C++ files of the seam share. Nothing else includes this.
#ifndef WADOKIT_DICOM_DICOM_DCMTK_HH
#define WADOKIT_DICOM_DICOM_DCMTK_HH

#include "dcmtk/config/osconfig.h"

#include "dcmtk/dcmdata/dctk.h"

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "core/buf.h"
#include "dicom/dcmtk_file.h"
#include "dicom/frames.h"
#include "dicom/dicom_layout.h"

namespace wadokit
{
// A file descriptor that is closed once nobody reads from it any more: the data set keeps the
// places of large values, and reads them when they are asked for.
struct Bytes {
    wki_blob source{-1, nullptr, 0, nullptr, 0};
    std::vector<wki_span> holes; // what DCMTK does not see

    Bytes() = default;
    Bytes(const Bytes &) = delete;
    Bytes &operator=(const Bytes &) = delete;
    ~Bytes();
};

// What the codecs need: silence. The dictionary, which takes long to read, is not for them.
void set_up_log();

// Everything of DCMTK that is process-wide, on the first call.
void set_up();

wk_code fail(wk_error *err, wk_code code, const OFCondition &condition, const char *what);

template <typename F> wk_code guarded(wk_error *err, F &&body) noexcept
{
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return wk_fail(err, WK_NOMEM, "out of memory");
    } catch (const std::exception &e) {
        return wk_fail(err, WK_INTERNAL, "%s", e.what());
    } catch (...) {
        return wk_fail(err, WK_INTERNAL, "unknown exception");
    }
}

// The text of an element as it stands, trailing padding gone; "" where it is absent.
std::string text(DcmElement &e);
std::string text(DcmItem &item, const DcmTagKey &tag);

// One value of it, blanks around it gone.
std::string text(DcmItem &item, const DcmTagKey &tag, unsigned index);

// All numbers of a DS, IS, FD, FL, US, SS, UL or SL element; what is no number is left out.
std::vector<double> numbers(DcmItem &item, const DcmTagKey &tag);

// Value `i` of a binary number element.
bool number_at(DcmElement &e, unsigned long i, double &out);

// One number as it stands in 16-bit elements (US, SS, OW, UN); false where it is absent.
bool word(DcmItem &item, const DcmTagKey &tag, unsigned index, bool is_signed, int32_t &out);

// The first item of a sequence, or nullptr.
DcmItem *first_item(DcmItem &item, const DcmTagKey &tag);
DcmSequenceOfItems *sequence(DcmItem &item, const DcmTagKey &tag);

// The bytes of an element in little endian; empty where it is absent or has no value.
std::vector<uint8_t> bytes(DcmElement &e);
std::vector<uint8_t> bytes(DcmItem &item, const DcmTagKey &tag);

std::vector<std::string> split(const std::string &text);
std::string trim(const std::string &text);

// Bytes that are no UTF-8 become U+FFFD.
std::string clean_utf8(const std::string &text);
} // namespace wadokit

struct wki_dcmtk_file {
    std::shared_ptr<wadokit::Bytes> bytes;
    wki_layout layout{};
    DcmDataset data_set;
    bool damaged = false; // the data set could not be parsed to its end
    bool is_utf8 = false;

    wki_dcmtk_file() = default;
    wki_dcmtk_file(const wki_dcmtk_file &) = delete;
    wki_dcmtk_file &operator=(const wki_dcmtk_file &) = delete;
};

namespace wadokit
{
// The data set as DICOM JSON (PS3.18 annex F) in UTF-8; see wki_dcmtk_json_linked(). Both addresses
// may be nullptr.
std::string to_json(wki_dcmtk_file &f, const char *bulk_base, const char *pixels_uri);

// Whether the value has an address there, and is not inline.
bool is_bulk(DcmElement &e);
} // namespace wadokit

#endif
