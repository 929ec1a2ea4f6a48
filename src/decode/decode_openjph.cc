// OpenJPH behind openjph.h: no type of it and no exception gets out.
#include "decode/openjph.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <stdexcept>

#include <openjph/ojph_arch.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_message.h>
#include <openjph/ojph_params.h>

namespace
{
// OpenJPH goes on after what it calls a warning; a picture that it is not sure of is not wanted.
class refusal : public std::runtime_error
{
  public:
    refusal() : std::runtime_error("refused")
    {
    }
};

template <typename Base> class strict : public Base
{
  public:
    void operator()(int, const char *, int, const char *, ...) override
    {
        throw refusal();
    }
};

void make_strict()
{
    static strict<ojph::message_info> info;
    static strict<ojph::message_warning> warning;
    static strict<ojph::message_error> error;

    ojph::configure_info(&info);
    ojph::configure_warning(&warning);
    ojph::configure_error(&error);
}

// The stream, of which only the beginning may be here. OpenJPH reads the packets that it needs,
// jumps over the rest of a tile-part, and then wants the end marker.
class stream : public ojph::infile_base
{
  public:
    explicit stream(const wki_frame_bytes &b)
        : data(b.data), there(b.n), whole(b.whole ? b.whole : b.n)
    {
    }

    size_t read(void *to, size_t n) override
    {
        if (whole > there && at >= there && end == 0 && at + 2 <= whole && at + 3 >= whole)
            end = at;
        if (end > 0 && at >= end)
            return read_end(static_cast<uint8_t *>(to), n);
        if (at > there || (n > there - at && whole > there))
            throw refusal();
        n = std::min(n, there - at);
        memcpy(to, data + at, n);
        at += n;
        return n;
    }

    int seek(ojph::si64 offset, enum infile_base::seek origin) override
    {
        const ojph::si64 from = origin == OJPH_SEEK_SET   ? 0
                                : origin == OJPH_SEEK_CUR ? static_cast<ojph::si64>(at)
                                                          : static_cast<ojph::si64>(whole);

        if (offset < -from || offset > static_cast<ojph::si64>(whole) - from)
            return -1;
        at = static_cast<size_t>(from + offset);
        return 0;
    }

    ojph::si64 tell() override
    {
        return static_cast<ojph::si64>(at);
    }
    bool eof() override
    {
        return at >= whole;
    }

  private:
    // Behind the only tile-part: the end marker, and maybe a byte that makes the length even.
    size_t read_end(uint8_t *to, size_t n)
    {
        size_t done = 0;

        for (; done < n && at < end + 2; done++, at++)
            to[done] = at == end ? 0xFF : 0xD9;
        return done;
    }

    const uint8_t *data;
    size_t there, whole;
    size_t at = 0, end = 0; // where the marker lies that is not here
};

// OpenJPH 0.9 gives wrong samples where a level has no high band, which is so where an axis has no
// more than 2^(levels - 1) of them. Tiles have such edges, so there is but one.
bool is_sound(const ojph::param_siz &siz, unsigned levels)
{
    const ojph::point offset = siz.get_image_offset(), size = siz.get_image_extent();
    const ojph::point tile_offset = siz.get_tile_offset();
    const ojph::size tile = siz.get_tile_size();
    const unsigned least = levels > 0 && levels < 32 ? 1u << (levels - 1) : 0;

    return levels < 32 && offset.x == 0 && offset.y == 0 && tile_offset.x == 0 &&
           tile_offset.y == 0 && size.x > least && size.y > least && tile.w >= size.x &&
           tile.h >= size.y;
}

// Sub-sampled components, and those of unequal samples, are left to the other decoder.
bool read_head(ojph::codestream &c, unsigned reduce, wki_openjph_head &h)
{
    ojph::param_siz siz = c.access_siz();
    ojph::param_cod cod = c.access_cod();

    h.components = siz.get_num_components();
    h.bits = siz.get_bit_depth(0);
    h.is_signed = siz.is_signed(0);
    h.mct = cod.is_using_color_transform();
    h.irreversible = !cod.is_reversible();
    h.reduced = std::min<unsigned>(reduce, cod.get_num_decompositions());
    for (unsigned i = 0; i < h.components; i++) {
        const ojph::point step = siz.get_downsampling(i);

        if (step.x != 1 || step.y != 1 || siz.get_bit_depth(i) != h.bits ||
            siz.is_signed(i) != h.is_signed)
            return false;
    }
    c.restrict_input_resolution(h.reduced, h.reduced);
    h.cols = siz.get_recon_width(0);
    h.rows = siz.get_recon_height(0);
    return h.components > 0 && h.bits > 0 && h.bits <= 24 &&
           is_sound(siz, cod.get_num_decompositions());
}

bool pull_lines(ojph::codestream &c, const wki_openjph_head &h, const wki_openjph_sink &sink)
{
    c.create();
    for (uint32_t y = 0; y < h.rows; y++) {
        for (unsigned i = 0; i < h.components; i++) {
            ojph::ui32 component = 0;
            const ojph::line_buf *line = c.pull(component);

            if (!line || component != i || line->size < h.cols)
                return false;
            sink.line(sink.user, i, y, line->i32);
        }
    }
    return true;
}
} // namespace

extern "C" bool wki_openjph_decode(const wki_frame_bytes *bytes, unsigned reduce,
                                   const wki_openjph_sink *sink)
{
    try {
        stream in(*bytes);
        wki_openjph_head h{};
        ojph::codestream c;

        make_strict();
        c.read_headers(&in);
        c.set_planar(false);
        return read_head(c, reduce, h) && sink->head(sink->user, &h) && pull_lines(c, h, *sink);
    } catch (const std::exception &) {
        return false;
    } catch (...) {
        return false;
    }
}
