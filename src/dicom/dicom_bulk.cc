// Large binary values of a data set, read in pieces. See dcmtk_file.h.
#include "dicom/dicom_dcmtk.hh"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace wadokit;

// An element goes by this name outside.
struct wki_dcmtk_bulk;

namespace
{
DcmElement &element_of(const wki_dcmtk_bulk *value)
{
    return *reinterpret_cast<DcmElement *>(const_cast<wki_dcmtk_bulk *>(value));
}

const wki_dcmtk_bulk *bulk_of(DcmElement *e)
{
    return reinterpret_cast<const wki_dcmtk_bulk *>(e);
}

// One step of a path: digits in `base` up to '/' or the end.
bool read_step(const char *&at, int base, size_t most, unsigned long &out)
{
    const char *digits = base == 16 ? "0123456789ABCDEFabcdef" : "0123456789";
    size_t n = strspn(at, digits);

    if (n == 0 || n > most || (base == 16 && n != most) || (at[n] != '/' && at[n] != '\0'))
        return false;
    out = strtoul(at, nullptr, base);
    at += at[n] == '/' ? n + 1 : n;
    return *at || at[-1] != '/';
}

DcmElement *find(DcmItem &top, const char *path)
{
    DcmItem *item = &top;
    DcmElement *e = nullptr;
    unsigned long tag = 0, index = 0;

    for (;;) {
        if (!read_step(path, 16, 8, tag))
            return nullptr;
        DcmTagKey key(static_cast<Uint16>(tag >> 16), static_cast<Uint16>(tag & 0xFFFF));
        if (item->findAndGetElement(key, e).bad())
            return nullptr;
        if (*path == '\0')
            return is_bulk(*e) ? e : nullptr;
        if (e->ident() != EVR_SQ || !read_step(path, 10, 9, index))
            return nullptr;
        auto *s = static_cast<DcmSequenceOfItems *>(e);
        if (index >= s->card())
            return nullptr;
        item = s->getItem(index);
    }
}

wk_code walk(DcmItem &item, const std::string &above, int depth, wki_dcmtk_bulk_fn each, void *user,
             wk_error *err)
{
    DcmObject *at = nullptr, *sub = nullptr;
    wk_code rc = WK_OK;
    char tag[9];

    while (rc == WK_OK && (at = item.nextInContainer(at)) != nullptr) {
        auto *e = dynamic_cast<DcmElement *>(at);
        unsigned long number = 0;

        if (!e)
            continue;
        snprintf(tag, sizeof tag, "%04X%04X", e->getGTag(), e->getETag());
        if (is_bulk(*e))
            rc = each(user, (above + tag).c_str(), bulk_of(e), err);
        if (e->ident() != EVR_SQ || depth >= WK_MAX_SEQUENCE_DEPTH)
            continue;
        auto *s = static_cast<DcmSequenceOfItems *>(e);
        for (sub = nullptr; rc == WK_OK && (sub = s->nextInContainer(sub)) != nullptr;) {
            std::string inside = above + tag + "/" + std::to_string(number) + "/";

            if (auto *i = dynamic_cast<DcmItem *>(sub)) {
                rc = walk(*i, inside, depth + 1, each, user, err);
                number++;
            }
        }
    }
    return rc;
}
} // namespace

extern "C" {

wk_code wki_dcmtk_bulk_find(wki_dcmtk_file *f, const char *path, const wki_dcmtk_bulk **out,
                            wk_error *err)
{
    return guarded(err, [&] {
        DcmElement *e = find(f->data_set, path);

        if (!e)
            return wk_fail(err, WK_NOT_FOUND, "no bulk data at this path");
        *out = bulk_of(e);
        return WK_OK;
    });
}

uint64_t wki_dcmtk_bulk_bytes(const wki_dcmtk_bulk *value)
{
    return element_of(value).getLength();
}

wk_code wki_dcmtk_bulk_read(const wki_dcmtk_bulk *value, uint64_t at, void *out, size_t n,
                            wk_error *err)
{
    return guarded(err, [&] {
        OFCondition got = element_of(value).getPartialValue(
            out, static_cast<Uint32>(at), static_cast<Uint32>(n), nullptr, EBO_LittleEndian);

        return got.good() ? WK_OK : fail(err, WK_DATA, got, "bulk data");
    });
}

wk_code wki_dcmtk_bulk_each(wki_dcmtk_file *f, wki_dcmtk_bulk_fn each, void *user, wk_error *err)
{
    return guarded(err, [&] { return walk(f->data_set, "", 0, each, user, err); });
}

} // extern "C"
