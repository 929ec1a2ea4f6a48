// Reading values out of a data set, tolerant of how they are written; text by tag path.
#include "dicom/dicom_dcmtk.hh"

#include <cctype>
#include <cmath>
#include <cstring>

#include "dcmtk/ofstd/ofstd.h"

#include "dicom/charset.h"

namespace wadokit
{
std::string trim(const std::string &text)
{
    const char *blank = " \t\r\n";
    size_t from = text.find_first_not_of(blank), to = text.find_last_not_of(blank);

    return from == std::string::npos ? std::string() : text.substr(from, to - from + 1);
}

std::vector<std::string> split(const std::string &text)
{
    std::vector<std::string> out;
    size_t from = 0;

    for (size_t at; (at = text.find('\\', from)) != std::string::npos; from = at + 1)
        out.push_back(text.substr(from, at - from));
    out.push_back(text.substr(from));
    return out;
}

namespace
{
DcmElement *element(DcmItem &item, const DcmTagKey &tag)
{
    DcmElement *e = nullptr;

    return item.findAndGetElement(tag, e).good() ? e : nullptr;
}

bool is_text(DcmElement &e)
{
    switch (e.getVR()) {
    case EVR_AE:
    case EVR_AS:
    case EVR_CS:
    case EVR_DA:
    case EVR_DS:
    case EVR_DT:
    case EVR_IS:
    case EVR_LO:
    case EVR_LT:
    case EVR_PN:
    case EVR_SH:
    case EVR_ST:
    case EVR_TM:
    case EVR_UC:
    case EVR_UI:
    case EVR_UR:
    case EVR_UT:
        return true;
    default:
        return false;
    }
}

std::string strip_end(std::string s)
{
    while (!s.empty() && (s.back() == '\0' || s.back() == ' '))
        s.pop_back();
    return s;
}

// A number as people and old software write it: blanks, a plus sign, a decimal comma.
bool number(std::string s, double &out)
{
    OFBool ok = OFFalse;

    s = trim(s);
    for (char &c : s)
        c = c == ',' ? '.' : c;
    if (!s.empty() && s[0] == '+')
        s.erase(0, 1);
    if (s.empty() || s.find_first_not_of("0123456789+-.eE") != std::string::npos)
        return false;
    out = OFStandard::atof(s.c_str(), &ok);
    return ok && std::isfinite(out);
}

} // namespace

std::vector<uint8_t> bytes(DcmElement &e)
{
    Uint8 *p = nullptr;
    Uint16 *words = nullptr;
    size_t n = e.getLength();

    if (n == 0 || n > WK_MAX_DATA_SET_BYTES)
        return {};
    if (e.getUint8Array(p).good() && p)
        return std::vector<uint8_t>(p, p + n);
    std::vector<uint8_t> out(n);
    if (e.getUint16Array(words).good() && words) {
        for (size_t i = 0; i < n / 2; i++) {
            out[2 * i] = static_cast<uint8_t>(words[i] & 0xFF);
            out[2 * i + 1] = static_cast<uint8_t>(words[i] >> 8);
        }
        return out;
    }
    // Signed words, and whatever else is held as plain values.
    if (e.getPartialValue(out.data(), 0, static_cast<Uint32>(n), nullptr, EBO_LittleEndian).good())
        return out;
    return {};
}

std::vector<uint8_t> bytes(DcmItem &item, const DcmTagKey &tag)
{
    DcmElement *e = element(item, tag);

    return e ? bytes(*e) : std::vector<uint8_t>();
}

std::string text(DcmElement &e)
{
    OFString value;

    if (e.getLength() == 0 || e.getLength() > WK_MAX_DATA_SET_BYTES)
        return std::string();
    if (e.getVR() == EVR_UN || e.getVR() == EVR_OB) {
        std::vector<uint8_t> b = bytes(e);

        return strip_end(std::string(b.begin(), b.end()));
    }
    if (e.getOFStringArray(value).bad())
        return std::string();
    return strip_end(std::string(value.c_str(), value.length()));
}

std::string text(DcmItem &item, const DcmTagKey &tag)
{
    DcmElement *e = element(item, tag);

    return e ? text(*e) : std::string();
}

std::string text(DcmItem &item, const DcmTagKey &tag, unsigned index)
{
    std::vector<std::string> all = split(text(item, tag));

    return index < all.size() ? trim(all[index]) : std::string();
}

bool number_at(DcmElement &e, unsigned long i, double &out)
{
    Float64 d;
    Float32 f;
    Uint16 us;
    Sint16 ss;
    Uint32 ul;
    Sint32 sl;

    if (e.getFloat64(d, i).good())
        out = d;
    else if (e.getFloat32(f, i).good())
        out = static_cast<double>(f);
    else if (e.getUint16(us, i).good())
        out = us;
    else if (e.getSint16(ss, i).good())
        out = ss;
    else if (e.getUint32(ul, i).good())
        out = ul;
    else if (e.getSint32(sl, i).good())
        out = sl;
    else
        return false;
    return true;
}

std::vector<double> numbers(DcmItem &item, const DcmTagKey &tag)
{
    DcmElement *e = element(item, tag);
    std::vector<double> out;
    double value = 0;

    if (!e || e->getLength() == 0 || e->getLength() > WK_MAX_DATA_SET_BYTES)
        return out;
    if (is_text(*e) || e->getVR() == EVR_UN) {
        for (const std::string &s : split(text(item, tag))) {
            if (number(s, value))
                out.push_back(value);
        }
        return out;
    }
    for (unsigned long i = 0; i < WK_MAX_LUT_ENTRIES && number_at(*e, i, value); i++) {
        if (std::isfinite(value))
            out.push_back(value);
    }
    return out;
}

bool word(DcmItem &item, const DcmTagKey &tag, unsigned index, bool is_signed, int32_t &out)
{
    DcmElement *e = element(item, tag);
    Uint16 us;
    Sint16 ss;
    uint16_t bits = 0;

    if (!e || e->getLength() < 2 * (index + 1ull))
        return false;
    if (e->getUint16(us, index).good()) {
        bits = us;
    } else if (e->getSint16(ss, index).good()) {
        bits = static_cast<uint16_t>(ss);
    } else {
        std::vector<uint8_t> b = bytes(*e);

        if (b.size() < 2 * (index + 1ull) || is_text(*e))
            return false;
        bits = static_cast<uint16_t>(b[2 * index] | b[2 * index + 1] << 8);
    }
    out = is_signed ? static_cast<int16_t>(bits) : static_cast<int32_t>(bits);
    return true;
}

DcmSequenceOfItems *sequence(DcmItem &item, const DcmTagKey &tag)
{
    DcmSequenceOfItems *s = nullptr;

    return item.findAndGetSequence(tag, s).good() ? s : nullptr;
}

DcmItem *first_item(DcmItem &item, const DcmTagKey &tag)
{
    DcmSequenceOfItems *s = sequence(item, tag);

    return s && s->card() > 0 ? s->getItem(0) : nullptr;
}

} // namespace wadokit

using namespace wadokit;

namespace
{
// "PatientID", "00100020", "0010,0020", "(0010,0020)" at the front of `path`; `path` moves behind.
bool read_tag(const char *&path, DcmTagKey &key)
{
    size_t n = strcspn(path, ".[");
    std::string name(path, n), digits;
    DcmTag tag;

    for (char c : name) {
        if (!strchr("(),", c))
            digits += c;
    }
    path += n;
    if (digits.size() == 8 && digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos) {
        unsigned long value = std::stoul(digits, nullptr, 16);
        key = DcmTagKey(static_cast<Uint16>(value >> 16), static_cast<Uint16>(value & 0xFFFF));
        return true;
    }
    if (name.empty() || DcmTag::findTagFromName(name.c_str(), tag).bad())
        return false;
    key = DcmTagKey(tag.getGroup(), tag.getElement());
    return true;
}

bool read_index(const char *&path, unsigned long &index)
{
    char *end = nullptr;

    index = 0;
    if (*path != '[')
        return true;
    if (!isdigit(static_cast<unsigned char>(path[1])))
        return false;
    index = strtoul(path + 1, &end, 10);
    if (*end != ']')
        return false;
    path = end + 1;
    return true;
}

DcmTagKey key_of(uint32_t tag)
{
    return DcmTagKey(static_cast<Uint16>(tag >> 16), static_cast<Uint16>(tag & 0xFFFF));
}

char *to_c(const std::string &s)
{
    char *out = static_cast<char *>(malloc(s.size() + 1));

    if (!out)
        throw std::bad_alloc();
    memcpy(out, s.c_str(), s.size() + 1);
    return out;
}

bool has_character_set(const DcmElement &e)
{
    switch (const_cast<DcmElement &>(e).getVR()) {
    case EVR_SH:
    case EVR_LO:
    case EVR_ST:
    case EVR_LT:
    case EVR_UC:
    case EVR_UT:
    case EVR_PN:
        return true;
    default:
        return false;
    }
}

void convert_element(DcmElement &e, const std::string &charset)
{
    std::string all = text(e);
    wki_buf out;

    // DCMTK may have converted some before it gave up.
    if (all.find('\x1B') == all.npos && clean_utf8(all) == all)
        return;
    wki_buf_init(&out, WK_MAX_DATA_SET_BYTES, "text");
    if (wki_charset_to_utf8(charset.c_str(), all.data(), all.size(), e.getVR() == EVR_PN, &out,
                            nullptr) == WK_OK)
        (void)e.putString(wki_buf_text(&out));
    wki_buf_clear(&out);
}

// What DCMTK cannot convert; an item may have a character set of its own.
void convert_item(DcmItem &item, std::string charset, int depth)
{
    DcmObject *each = nullptr;
    std::string own = text(item, DCM_SpecificCharacterSet);

    if (!own.empty())
        charset = own;
    while (depth < WK_MAX_SEQUENCE_DEPTH && (each = item.nextInContainer(each)) != nullptr) {
        auto *e = dynamic_cast<DcmElement *>(each);
        DcmObject *sub = nullptr;

        if (e && e->ident() == EVR_SQ) {
            auto *s = static_cast<DcmSequenceOfItems *>(e);
            while ((sub = s->nextInContainer(sub)) != nullptr) {
                if (auto *i = dynamic_cast<DcmItem *>(sub))
                    convert_item(*i, charset, depth + 1);
            }
        } else if (e && has_character_set(*e)) {
            convert_element(*e, charset);
        }
    }
}

// Text in the file's character set becomes UTF-8, once. What is in none that is known stays, and
// is replaced when it is written.
void make_utf8(wki_dcmtk_file &f)
{
    if (f.is_utf8)
        return;
    f.is_utf8 = true;
    if (f.data_set.convertToUTF8().good())
        return;
    convert_item(f.data_set, std::string(), 0);
    (void)f.data_set.putAndInsertString(DCM_SpecificCharacterSet, "ISO_IR 192");
}

} // namespace

extern "C" {

bool wki_dcmtk_path_next(const char **path, uint32_t *tag, uint32_t *index)
{
    const char *at = *path;
    DcmTagKey key;
    unsigned long number = 0;
    wk_code rc = guarded(nullptr, [&] {
        wadokit::set_up();
        return read_tag(at, key) && read_index(at, number) && number <= UINT32_MAX ? WK_OK
                                                                                   : WK_USAGE;
    });

    /* A '.' at the very end names nothing. */
    if (rc != WK_OK || (*at != '\0' && (*at != '.' || at[1] == '\0')))
        return false;
    *path = *at == '.' ? at + 1 : at;
    *tag = static_cast<uint32_t>(key.getGroup()) << 16 | key.getElement();
    *index = static_cast<uint32_t>(number);
    return true;
}

wk_code wki_dcmtk_value(wki_dcmtk_file *f, const char *path, char **out, wk_error *err)
{
    return guarded(err, [&] {
        const char *at = path;
        DcmItem *item = &f->data_set;
        uint32_t tag, index;

        make_utf8(*f);
        for (;;) {
            if (!wki_dcmtk_path_next(&at, &tag, &index))
                return wk_fail(err, WK_USAGE, "\"%s\" names no DICOM attribute", path);
            if (*at == '\0')
                break;
            DcmSequenceOfItems *s = item ? sequence(*item, key_of(tag)) : nullptr;
            item = s && index < s->card() ? s->getItem(index) : nullptr;
        }
        *out = nullptr;
        if (tag == 0x00020010 && item && f->layout.transfer_syntax[0]) {
            *out = to_c(f->layout.transfer_syntax);
            return WK_OK;
        }
        DcmElement *e = nullptr;
        if (item && item->findAndGetElement(key_of(tag), e).good() && e->ident() != EVR_SQ)
            *out = to_c(clean_utf8(text(*e)));
        return WK_OK;
    });
}

wk_code wki_dcmtk_json(wki_dcmtk_file *f, const char *bulk_base, const char *pixels_uri, char **out,
                       wk_error *err)
{
    return guarded(err, [&] {
        make_utf8(*f);
        *out = to_c(to_json(*f, bulk_base, pixels_uri));
        return WK_OK;
    });
}

} // extern "C"
