// A data set as DICOM JSON (PS3.18 annex F). Written here because what comes out has to be JSON
// whatever stands in the file: numbers that are none, text in no known character set.
#include "dicom/dicom_dcmtk.hh"

#include <cmath>
#include <cstdio>
#include <cstring>

namespace wadokit
{
namespace
{
const uint32_t MAX_INLINE_BYTES = 1024;

// Length of the valid UTF-8 sequence at `p`, 0 where there is none.
size_t utf8_length(const unsigned char *p, size_t left)
{
    size_t n = p[0] < 0x80                   ? 1
               : p[0] >= 0xC2 && p[0] < 0xE0 ? 2
               : p[0] >= 0xE0 && p[0] < 0xF0 ? 3
               : p[0] >= 0xF0 && p[0] < 0xF5 ? 4
                                             : 0;

    if (n == 0 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    }
    if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
        (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
        return 0;
    return n;
}

void put_string(std::string &out, const std::string &text)
{
    std::string clean = clean_utf8(text);
    char escape[8];

    out += '"';
    for (char c : clean) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
            out += escape;
        } else {
            out += c;
        }
    }
    out += '"';
}

// RFC 8259 section 6.
bool is_json_number(const std::string &s)
{
    size_t i = 0, digits;
    auto run = [&] {
        size_t from = i;
        while (i < s.size() && s[i] >= '0' && s[i] <= '9')
            i++;
        return i - from;
    };

    if (i < s.size() && s[i] == '-')
        i++;
    size_t from = i;
    digits = run();
    if (digits == 0 || (digits > 1 && s[from] == '0'))
        return false;
    if (i < s.size() && s[i] == '.') {
        i++;
        if (run() == 0)
            return false;
    }
    if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < s.size() && (s[i] == '+' || s[i] == '-'))
            i++;
        if (run() == 0)
            return false;
    }
    return i == s.size();
}

// DS and IS are numbers; the spellings that DICOM allows and JSON does not are brought in line.
void put_number_text(std::string &out, const std::string &text)
{
    std::string s = trim(text);

    if (!s.empty() && s[0] == '+')
        s.erase(0, 1);
    size_t sign = !s.empty() && s[0] == '-' ? 1 : 0;
    while (s.size() > sign + 1 && s[sign] == '0' && s[sign + 1] >= '0' && s[sign + 1] <= '9')
        s.erase(sign, 1);
    if (s.size() > sign && s[sign] == '.')
        s.insert(sign, "0");
    size_t dot = s.find('.');
    if (dot != std::string::npos && (dot + 1 == s.size() || s[dot + 1] < '0' || s[dot + 1] > '9'))
        s.insert(dot + 1, "0");
    if (is_json_number(s))
        out += s;
    else
        put_string(out, trim(text));
}

void put_double(std::string &out, double value)
{
    char text[40];

    if (!std::isfinite(value)) {
        out += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, nullptr) == value)
            break;
    }
    // The host program may have set a locale with a decimal comma.
    for (char *c = text; *c; c++)
        *c = *c == ',' ? '.' : *c;
    out += text;
}

void put_name(std::string &out, const std::string &name)
{
    static const char *const groups[] = {"Alphabetic", "Ideographic", "Phonetic"};
    size_t from = 0;
    bool any = false;

    out += '{';
    for (const char *group : groups) {
        size_t to = name.find('=', from);
        std::string part = trim(name.substr(from, to == std::string::npos ? to : to - from));

        if (!part.empty()) {
            out += any ? ",\"" : "\"";
            out += group;
            out += "\":";
            put_string(out, part);
            any = true;
        }
        if (to == std::string::npos)
            break;
        from = to + 1;
    }
    out += '}';
}

void put_base64(std::string &out, const std::vector<uint8_t> &data)
{
    static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < data.size(); i += 3) {
        size_t n = data.size() - i < 3 ? data.size() - i : 3;
        unsigned v = static_cast<unsigned>(data[i]) << 16;

        v |= n > 1 ? static_cast<unsigned>(data[i + 1]) << 8 : 0;
        v |= n > 2 ? static_cast<unsigned>(data[i + 2]) : 0;
        out += set[v >> 18 & 63];
        out += set[v >> 12 & 63];
        out += n > 1 ? set[v >> 6 & 63] : '=';
        out += n > 2 ? set[v & 63] : '=';
    }
}

enum class Form {
    text,
    one_text,
    number_text,
    name,
    number,
    tag,
    binary
};

Form form_of(DcmEVR vr)
{
    switch (vr) {
    case EVR_DS:
    case EVR_IS:
        return Form::number_text;
    case EVR_PN:
        return Form::name;
    case EVR_LT:
    case EVR_ST:
    case EVR_UT:
    case EVR_UR:
        return Form::one_text;
    case EVR_AT:
        return Form::tag;
    case EVR_FL:
    case EVR_FD:
    case EVR_SS:
    case EVR_US:
    case EVR_SL:
    case EVR_UL:
    case EVR_xs:
    case EVR_up:
        return Form::number;
    case EVR_AE:
    case EVR_AS:
    case EVR_CS:
    case EVR_DA:
    case EVR_DT:
    case EVR_LO:
    case EVR_SH:
    case EVR_TM:
    case EVR_UC:
    case EVR_UI:
        return Form::text;
    default:
        return Form::binary;
    }
}

std::string bulk_path(const std::string &above, DcmObject &e)
{
    char tag[9];

    snprintf(tag, sizeof tag, "%04X%04X", e.getGTag(), e.getETag());
    return above + tag;
}

// Where an item stands, for the addresses of the values that are not inline.
struct Place {
    const char *bulk_base; // nullptr: without addresses
    std::string path;      // "" at the top, "54000100/0/" in an item
    int depth;
};

void put_item(std::string &out, DcmItem &item, const Place &at);

void put_items(std::string &out, DcmSequenceOfItems &s, const Place &at)
{
    if (s.card() == 0 || at.depth >= WK_MAX_SEQUENCE_DEPTH)
        return;
    out += ",\"Value\":[";
    // nextInContainer() starts anew at each item; an index would make long sequences quadratic.
    DcmObject *each = nullptr;
    bool any = false;
    unsigned long number = 0;
    while ((each = s.nextInContainer(each)) != nullptr) {
        auto *item = dynamic_cast<DcmItem *>(each);

        if (!item)
            continue;
        if (any)
            out += ',';
        Place inside{at.bulk_base, "", at.depth + 1};
        if (at.bulk_base)
            inside.path = bulk_path(at.path, s) + "/" + std::to_string(number) + "/";
        put_item(out, *item, inside);
        any = true;
        number++;
    }
    out += ']';
}

void put_tags(std::string &out, DcmElement &e)
{
    char text[16];
    DcmTagKey tag;

    for (unsigned long i = 0; i < e.getVM() && e.getTagVal(tag, i).good(); i++) {
        snprintf(text, sizeof text, "%s\"%04X%04X\"", i ? "," : "", tag.getGroup(),
                 tag.getElement());
        out += text;
    }
}

void put_values(std::string &out, DcmElement &e, Form form)
{
    bool any = false;

    out += ",\"Value\":[";
    if (form == Form::tag) {
        put_tags(out, e);
    } else if (form == Form::number) {
        double value = 0;
        for (unsigned long i = 0; i < e.getVM() && number_at(e, i, value); i++) {
            out += i ? "," : "";
            put_double(out, value);
        }
    } else {
        std::string all = text(e);
        for (const std::string &s :
             form == Form::one_text ? std::vector<std::string>{all} : split(all)) {
            out += any ? "," : "";
            any = true;
            if (trim(s).empty())
                out += "null";
            else if (form == Form::name)
                put_name(out, s);
            else if (form == Form::number_text)
                put_number_text(out, s);
            else
                put_string(out, form == Form::one_text ? s : trim(s));
        }
    }
    out += ']';
}

void put_address(std::string &out, const std::string &uri)
{
    out += ",\"BulkDataURI\":";
    put_string(out, uri);
}

void put_element(std::string &out, DcmElement &e, const Place &at)
{
    DcmVR vr(e.getVR());
    char head[48];

    snprintf(head, sizeof head, "\"%04X%04X\":{\"vr\":\"%.2s\"", e.getGTag(), e.getETag(),
             vr.getValidVRName());
    out += head;
    if (e.ident() == EVR_SQ) {
        put_items(out, static_cast<DcmSequenceOfItems &>(e), at);
    } else if (e.getLength() > 0) {
        Form form = form_of(e.getVR());

        if (form != Form::binary) {
            put_values(out, e, form);
        } else if (e.getLength() <= MAX_INLINE_BYTES) {
            out += ",\"InlineBinary\":\"";
            put_base64(out, bytes(e));
            out += '"';
        } else if (at.bulk_base) {
            put_address(out, at.bulk_base + bulk_path(at.path, e));
        }
    }
    out += '}';
}

void put_members(std::string &out, DcmItem &item, const Place &at, bool &any)
{
    DcmObject *each = nullptr;

    while ((each = item.nextInContainer(each)) != nullptr) {
        auto *e = dynamic_cast<DcmElement *>(each);

        // Group lengths are no part of the model (F.2.1).
        if (!e || e->getETag() == 0)
            continue;
        if (any)
            out += ',';
        any = true;
        put_element(out, *e, at);
    }
}

void put_item(std::string &out, DcmItem &item, const Place &at)
{
    bool any = false;

    out += '{';
    put_members(out, item, at, any);
    out += '}';
}

} // namespace

std::string clean_utf8(const std::string &text)
{
    std::string out;

    for (size_t i = 0; i < text.size();) {
        size_t n =
            utf8_length(reinterpret_cast<const unsigned char *>(text.data()) + i, text.size() - i);

        if (n == 0)
            out += "\xEF\xBF\xBD";
        else
            out.append(text, i, n);
        i += n ? n : 1;
    }
    return out;
}

bool is_bulk(DcmElement &e)
{
    return e.ident() != EVR_SQ && form_of(e.getVR()) == Form::binary &&
           e.getLength() > MAX_INLINE_BYTES;
}

std::string to_json(wki_dcmtk_file &f, const char *bulk_base, const char *pixels_uri)
{
    std::string out = "{";
    bool any = false;
    char pixels[48];

    put_members(out, f.data_set, Place{bulk_base, "", 0}, any);
    if (f.layout.pixel_element) {
        const char *vr = f.layout.pixel_element == 0x0008   ? "OF"
                         : f.layout.pixel_element == 0x0009 ? "OD"
                         : f.layout.pixel_vr[0]             ? f.layout.pixel_vr
                                                            : "OW";
        snprintf(pixels, sizeof pixels, "%s\"7FE0%04X\":{\"vr\":\"%s\"", any ? "," : "",
                 f.layout.pixel_element, vr);
        out += pixels;
        if (pixels_uri)
            put_address(out, pixels_uri);
        out += '}';
    }
    return out + "}";
}

} // namespace wadokit
