#!/usr/bin/env python3
"""`render` of files as they lie about in archives: what writers got wrong does not cost the picture, and is told."""
import os
import shutil
import struct
import subprocess
import zlib

import peers
import pictures as pic

ENCAPSULATED, GE_PRIVATE = "1.2.840.10008.1.2.1.98", "1.2.840.113619.5.2"
SEGMENTATION, LABELMAP = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"
UNDEFINED = 0xFFFFFFFF


def part10(body, syntax=pic.LITTLE, meta=None):
    """A file of a data set that is written already."""
    if meta is None:
        meta = pic.element(0x00020010, "UI", pic.value_bytes("UI", syntax, "<"), "<", True)
    return b"\0" * 128 + b"DICM" + meta + body


def words(values, order="<"):
    return struct.pack("%s%dH" % (order, len(values)), *values)


class Real(peers.Case):
    def setUp(self):
        super().setUp()
        os.makedirs(self.out)

    def put(self, data, name="1.dcm"):
        path = os.path.join(self.home, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    def draw(self, path, *args, name="1.png", warning=None):
        """Draws into a file; what the report says besides. `warning`: a part of what is told; None: nothing is."""
        picture = os.path.join(self.out, name)
        result = self.run_wadokit("render", "--json", path, "-o", picture, *args)
        self.assert_exit(result, 0)
        said = result.lines("image")[0].get("warnings", [])
        if warning is None:
            self.assertEqual(said, [], str(result))
        else:
            self.assertIn(warning, " ".join(said), str(result))
        return picture

    def values(self, path, *args, **keywords):
        return pic.read_npy(self.draw(path, *args, name="1.npy", **keywords))

    def shown(self, path, *args, **keywords):
        return pic.read_png(self.draw(path, *args, **keywords))[4]


class Tables(Real):
    INDICES = list(range(256))

    def palette(self, bits, tables, n=256, segmented=False):
        d = pic.image(16, 16, 8, photometric="PALETTE COLOR")
        for i, data in enumerate(tables):
            d[0x00281101 + i] = ("US", [n & 0xFFFF, 0, bits])
            d[(0x00281221 if segmented else 0x00281201) + i] = ("OW", data)
        d[pic.PIXELS] = ("OW", bytes(self.INDICES))
        return pic.write(os.path.join(self.home, "1.dcm"), d)

    def test_the_length_of_a_palette_tells_how_wide_its_entries_are(self):
        ramps = [self.INDICES, self.INDICES[::-1], [i * 7 % 256 for i in self.INDICES]]
        expected = [ramp[i] for i in self.INDICES for ramp in ramps]
        forms = {"8 bits, words that say it twice": (8, lambda r: words([v * 257 for v in r])),
                 "8 bits, in the lower bytes": (8, words),
                 "8 bits, in the upper bytes": (8, lambda r: words([v << 8 for v in r])),
                 "8 bits, bytes": (8, bytes), "16 bits, bytes": (16, bytes),
                 "16 bits, in the lower bytes": (16, words),
                 "16 bits": (16, lambda r: words([v * 257 for v in r]))}
        for name, (bits, form) in forms.items():
            with self.subTest(name):
                self.assertEqual(self.shown(self.palette(bits, [form(r) for r in ramps])), expected)

    def test_12_bits_in_a_palette_that_says_16(self):
        ramp = [i * 16 for i in self.INDICES]
        path = self.palette(16, [words(ramp)] * 3)
        self.assertEqual(self.shown(path, warning="ends at 4080"), [i for i in self.INDICES for _ in range(3)])

    def test_0_entries_are_65536(self):
        path = self.palette(16, [words([i & 0xFF00 for i in range(65536)])] * 3, n=65536)
        self.assertEqual(self.shown(path), [0] * 768)

    def test_segments_of_the_other_width(self):
        ramp = [0, 2, 0, 255, 1, 254, 1]
        expected = [0, 255] + [255 + round((1 - 255) * i / 254) for i in range(1, 255)]
        path = self.palette(8, [words(ramp)] * 3, segmented=True)
        self.assertEqual(self.shown(path), [v for v in expected for _ in range(3)])

    def voi(self, bits, entries):
        d = pic.image(16, 16, 16, 12)
        d[0x00283010] = ("SQ", [{0x00283002: ("US", [4096, 0, bits]), 0x00283006: ("OW", words(entries))}])
        d[pic.PIXELS] = ("OW", pic.cells([v * 16 for v in self.INDICES], 16, 12))
        return pic.write(os.path.join(self.home, "1.dcm"), d)

    def test_a_voi_table_that_says_more_bits_than_it_has_is_not_black(self):
        for bits, top in ((16, 4095), (16, 1023), (8, 4095), (12, 1023)):
            with self.subTest(bits=bits, top=top):
                path = self.voi(bits, [i * top // 4095 for i in range(4096)])
                shown = self.shown(path, warning="ends at %d" % top)
                self.assertEqual(shown, [int(v * 16 * top // 4095 / top * 255 + 0.5) for v in self.INDICES])

    def test_a_voi_table_that_is_as_it_says_is_believed(self):
        for bits, top in ((16, 65535), (12, 4095), (12, 3000)):
            with self.subTest(bits=bits, top=top):
                shown = self.shown(self.voi(bits, [i * top // 4095 for i in range(4096)]))
                self.assertEqual(shown, [int(v * 16 * top // 4095 / ((1 << bits) - 1) * 255 + 0.5)
                                         for v in self.INDICES])


class Segmentations(Real):
    def segmentation(self, kind, values, bits=8, frames=1, sop_class=SEGMENTATION, **more):
        d = pic.image(4, 4, bits, frames=frames, T00620001=("CS", kind), **more)
        d[0x00080016] = ("UI", sop_class)
        d[pic.PIXELS] = ("OB", values)
        return pic.write(os.path.join(self.home, "1.dcm"), d)

    def test_labels_can_be_told_apart(self):
        labels = [0, 1, 2, 3] * 4
        shown = self.shown(self.segmentation("LABELMAP", bytes(labels), sop_class=LABELMAP))
        self.assertEqual(shown, [v * 85 for v in labels])

    def test_frames_of_a_label_map_are_alike(self):
        names = [{0x00620004: ("US", n)} for n in (1, 2, 5)]
        path = self.segmentation("LABELMAP", bytes([0, 1] * 8 + [0, 5] * 8), frames=2, sop_class=LABELMAP,
                                 T00620002=("SQ", names))
        self.assertEqual(self.shown(path, "--frame", "1"), [0, 51] * 8)
        self.assertEqual(self.shown(path, "--frame", "2"), [0, 255] * 8)

    def test_fractions_are_of_their_largest_value(self):
        for top in (1, 100, 255):
            with self.subTest(top):
                values = [0, top, top // 2, 0] * 4
                shown = self.shown(self.segmentation("FRACTIONAL", bytes(values), T0062000E=("US", top)))
                self.assertEqual(shown, [int(v * 255 / top + 0.5) for v in values])

    def test_a_binary_segment_is_white(self):
        self.assertEqual(self.shown(self.segmentation("BINARY", bytes([0b1010, 0b0101]), bits=1)),
                         [0, 255, 0, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 0, 0, 0])
        self.assertEqual(self.shown(self.segmentation("BINARY", bytes([0, 1] * 8))), [0, 255] * 8)


class Samples(Real):
    VALUES = [(y * 61 + x * 17) % 4096 for y in range(8) for x in range(8)]

    def test_ge_private_words_are_big_endian(self):
        body = pic.data_set({**pic.image(8, 8, 16, 12), pic.PIXELS: ("OW", words(self.VALUES, ">"))}, "<", False)
        shape, values = self.values(self.put(part10(body, GE_PRIVATE)))
        self.assertEqual((shape, values), ((8, 8), self.VALUES))
        eight = [v % 256 for v in self.VALUES]
        body = pic.data_set({**pic.image(8, 8, 8), pic.PIXELS: ("OW", bytes(eight))}, "<", False)
        self.assertEqual(self.values(self.put(part10(body, GE_PRIVATE)))[1], eight)

    def test_a_fragment_a_frame_of_samples_that_are_not_compressed(self):
        frames = [[(v + 100 * k) % 4096 for v in self.VALUES] for k in range(3)]
        path = pic.write(os.path.join(self.home, "1.dcm"), pic.image(8, 8, 16, 12, frames=3), ENCAPSULATED,
                         fragments=[words(f) for f in frames])
        self.assertEqual(self.values(path, "--frame", "all"), ((3, 8, 8), sum(frames, [])))
        path = pic.write(os.path.join(self.home, "1.dcm"), pic.image(8, 8, 16, 12, frames=3), pic.LITTLE,
                         fragments=[words(f) for f in frames])
        self.assertEqual(self.values(path, "--frame", "2")[1], frames[1])
        # What begins like a code stream is none here.
        odd = [b"\xff\x0a" + bytes(range(7))]
        path = pic.write(os.path.join(self.home, "1.dcm"), pic.image(3, 3, 8), ENCAPSULATED, fragments=odd)
        self.assertEqual(self.values(path)[1], list(odd[0]))

    def test_12_bits_two_samples_in_three_bytes(self):
        stream = sum(v << 12 * i for i, v in enumerate(self.VALUES[:63])).to_bytes(95, "little")
        for syntax in (pic.LITTLE, pic.IMPLICIT):
            path = pic.write(os.path.join(self.home, "1.dcm"),
                             {**pic.image(7, 9, 12), pic.PIXELS: ("OW", stream)}, syntax)
            self.assertEqual(self.values(path), ((7, 9), self.VALUES[:63]))
        two = sum(v << 12 * i for i, v in enumerate(self.VALUES[:50])).to_bytes(75, "little")
        path = pic.write(os.path.join(self.home, "1.dcm"), {**pic.image(5, 5, 12, frames=2), pic.PIXELS: ("OW", two)})
        self.assertEqual(self.values(path, "--frame", "2")[1], self.VALUES[25:50])
        whole = {**pic.image(8, 8, 12), pic.PIXELS: ("OW", words(self.VALUES))}
        self.assertEqual(self.values(pic.write(path, whole), warning="take 16 bits")[1], self.VALUES)

    def sub_sampled(self, rows, cols, frames, pair_rows, photometric="YBR_FULL_422"):
        """The bytes and the RGB that they stand for."""
        data, rgb = b"", []
        for f in range(frames):
            ys = [[(f * 40 + y * 11 + x * 5) % 256 for x in range(cols)] for y in range(rows)]
            if pair_rows:
                runs = [row + [row[-1]] * (cols % 2) for row in ys]
            else:
                flat = sum(ys, [])
                runs = [flat + [0] * (len(flat) % 2)]
            pairs = []
            for run in runs:
                for i in range(0, len(run), 2):
                    chroma = (100 + len(pairs) % 50, 140 - len(pairs) % 30)
                    data += bytes([run[i], run[i + 1], *chroma])
                    pairs.append(chroma)
            for y in range(rows):
                for x in range(cols):
                    at = y * ((cols + 1) // 2) + x // 2 if pair_rows else (y * cols + x) // 2
                    rgb += pic.ybr_to_rgb(ys[y][x], *pairs[at])
        return data, rgb

    def test_odd_columns_of_4_2_2(self):
        for frames in (1, 2):
            for pair_rows in (True, False):
                with self.subTest(frames=frames, pair_rows=pair_rows):
                    data, rgb = self.sub_sampled(10, 15, frames, pair_rows)
                    d = pic.image(10, 15, 8, photometric="YBR_FULL_422", samples=3, frames=frames,
                                  T00280006=("US", 0))
                    d[pic.PIXELS] = ("OB", data)
                    path = pic.write(os.path.join(self.home, "1.dcm"), d)
                    for f in range(frames):
                        self.assertEqual(self.shown(path, "--frame", str(f + 1)), rgb[f * 450:f * 450 + 450])


class Structure(Real):
    VALUES = [(y * 61 + x * 17) % 4096 for y in range(8) for x in range(8)]

    def elements(self, **more):
        return {**pic.image(8, 8, 16, 12, **more), pic.PIXELS: ("OW", words(self.VALUES))}

    def test_vrs_that_are_none(self):
        odd = {"??": b"??\x04\0abcd", "blanks": b"  \x04\0abcd", "dashes": b"--\x04\0abcd", "zeros": b"\0\0\x04\0abcd",
               "lower case": b"lo\x04\0abcd", "OX": b"OX\0\0\x04\0\0\0abcd", "ZZ": b"ZZ\0\0\x04\0\0\0abcd"}
        whole = pic.data_set(self.elements())
        at = whole.index(b"\xe0\x7f\x10\0")
        for name, element in odd.items():
            with self.subTest(name):
                body = whole[:at] + b"\x29\0\x11\x10" + element + whole[at:]
                path = os.path.join(self.out, "1.npy")
                result = self.run_wadokit("render", "--json", self.put(part10(body)), "-o", path)
                self.assert_exit(result, 0)
                self.assertEqual(pic.read_npy(path)[1], self.VALUES)
                # DCMTK 3.6.9 takes zeros for damage, 3.6.7 does not.
                said = result.lines("image")[0].get("warnings", [])
                self.assertIn(said, [[], ["the data set is damaged; what can be read is used"]] if name == "zeros" else [[]])

    def test_an_icon_of_wrong_length(self):
        icon = pic.data_set({0x00280010: ("US", 2), 0x00280011: ("US", 2), 0x00280100: ("US", 8),
                             pic.PIXELS: ("OB", b"abcd")})
        whole = pic.data_set(self.elements())
        at = whole.index(b"\xe0\x7f\x10\0")
        for off in range(-24, 26, 2):
            with self.subTest(off):
                item = struct.pack("<HHI", 0xFFFE, 0xE000, len(icon) + off) + icon
                body = whole[:at] + pic.element(0x00880200, "SQ", item, "<", True, len(item) + off) + whole[at:]
                picture = os.path.join(self.out, "%d.npy" % off)
                result = self.run_wadokit("render", "--json", self.put(part10(body)), "-o", picture)
                self.assert_exit(result, 0)
                self.assertEqual(pic.read_npy(picture)[1], self.VALUES)

    def test_meta_elements_in_implicit_vr(self):
        meta = b"".join(pic.element(tag, vr, pic.value_bytes(vr, value, "<"), "<", False) for tag, vr, value in (
            (0x00020001, "OB", b"\0\1"), (0x00020002, "UI", "1.2.840.10008.5.1.4.1.1.7"),
            (0x00020003, "UI", "1.2.3.4"), (0x00020010, "UI", pic.LITTLE), (0x00020012, "UI", "1.2.3")))
        meta = pic.element(0x00020000, "UL", struct.pack("<I", len(meta)), "<", False) + meta
        path = self.put(part10(pic.data_set(self.elements()), meta=meta))
        self.assertEqual(self.values(path)[1], self.VALUES)
        self.assertEqual(self.run_wadokit("render", "--json", path, "-o", os.path.join(self.out, "2.png")).lines(
            "image")[0]["transferSyntax"], pic.LITTLE)

    def test_deflated_data_that_is_not(self):
        for explicit in (True, False):
            body = pic.data_set(self.elements(), "<", explicit)
            path = self.put(part10(body, pic.DEFLATED))
            self.assertEqual(self.values(path, warning="not written as its transfer syntax says")[1], self.VALUES)
        for wbits in (15, -15):
            packer = zlib.compressobj(0, zlib.DEFLATED, wbits)
            data = packer.compress(pic.data_set(self.elements())) + packer.flush()
            self.assertEqual(self.values(self.put(part10(data, pic.DEFLATED)))[1], self.VALUES)

    def test_native_pixels_of_undefined_length(self):
        body = pic.data_set({t: e for t, e in self.elements().items() if t != pic.PIXELS})
        for end in (struct.pack("<HHI", 0xFFFE, 0xE0DD, 0), b""):
            data = body + pic.element(pic.PIXELS, "OW", words(self.VALUES) + end, "<", True, UNDEFINED)
            self.assertEqual(self.values(self.put(part10(data)), warning="not written as")[1], self.VALUES)


def smooth(rows, cols, top):
    """Values with edges, at which lossy coders overshoot."""
    return [top if (x // 7 + y // 5) % 2 else (x + y) % 7 for y in range(rows) for x in range(cols)]


class Streams(Real):
    """Code streams of the encoders that are there, changed as writers change them."""
    JPEGLS, EXTENDED, J2K, J2K_LOSSY = ("1.2.840.10008.1.2.4." + end for end in ("80", "51", "90", "91"))
    GREY = [(x * 3 + y * 2 + x * y % 9) % 256 for y in range(64) for x in range(64)]

    def need(self, *programs):
        for program in programs:
            if not shutil.which(program):
                self.skipTest(program + " is not installed")

    def run_tool(self, *args):
        subprocess.run(args, check=True, capture_output=True, cwd=self.home)

    def j2k(self, values, rows, cols, top=255, *args):
        self.need("opj_compress")
        raw = bytes(values) if top < 256 else words(values, ">")
        with open(os.path.join(self.home, "a.pgm"), "wb") as file:
            file.write(b"P5\n%d %d\n%d\n" % (cols, rows, top) + raw)
        self.run_tool("opj_compress", "-i", "a.pgm", "-o", "a.j2k", *args)
        with open(os.path.join(self.home, "a.j2k"), "rb") as file:
            return file.read()

    def dcmtk(self, program, elements, *args):
        """The only frame of a file that a DCMTK tool has compressed."""
        self.need(program)
        pic.write(os.path.join(self.home, "a.dcm"), elements)
        self.run_tool(program, *args, "a.dcm", "b.dcm")
        with open(os.path.join(self.home, "b.dcm"), "rb") as file:
            data = file.read()
        return data[data.rindex(b"\xff\xd8\xff"):data.rindex(b"\xff\xd9") + 2]

    def file(self, syntax, streams, rows=64, cols=64, bits=8, stored=None, **more):
        return pic.write(os.path.join(self.home, "1.dcm"),
                         pic.image(rows, cols, bits, stored, frames=len(streams), **more), syntax, fragments=streams)

    def test_a_missing_end_marker_is_told(self):
        streams = {self.J2K: self.j2k(self.GREY, 64, 64),
                   self.JPEGLS: self.dcmtk("dcmcjpls", {**pic.image(64, 64, 8), pic.PIXELS: ("OB", bytes(self.GREY))})}
        for syntax, stream in streams.items():
            for end in (b"", b"\0\0", bytes(6)):
                with self.subTest(syntax, end=end):
                    path = self.file(syntax, [stream[:-2] + end])
                    self.assertEqual(self.values(path, warning="no end marker")[1], self.GREY)
            self.assertEqual(self.values(self.file(syntax, [stream + b"rubbish "]))[1], self.GREY)
            path = self.file(syntax, [stream[:len(stream) // 2]])
            self.assert_exit(self.run_wadokit("render", path, "-o", os.path.join(self.out, "no.png")), 6)

    def test_components_on_a_coarser_grid(self):
        stream = self.j2k(self.GREY, 64, 64)
        siz = stream.index(b"\xff\x51") + 6
        for dx, dy, x, y in ((2, 2, 128, 128), (2, 2, 127, 127), (2, 1, 127, 64), (1, 2, 64, 128), (3, 3, 190, 191)):
            with self.subTest(dx=dx, dy=dy, x=x, y=y):
                one = bytearray(stream)
                struct.pack_into(">II", one, siz, x, y)
                struct.pack_into(">II", one, siz + 16, x, y)
                one[siz + 35:siz + 37] = bytes([dx, dy])
                self.assertEqual(self.values(self.file(self.J2K, [bytes(one)])), ((64, 64), self.GREY))
                self.assert_exit(self.run_wadokit("thumb", os.path.join(self.home, "1.dcm"), "--size", "16", "-o",
                                                  os.path.join(self.out, "t.png"), "--format", "png"), 0)

    def test_what_lossy_coders_overshoot_is_clamped(self):
        values = smooth(64, 64, 1023)
        whole = {**pic.image(64, 64, 16, 12), pic.PIXELS: ("OW", words(values))}
        stream = self.dcmtk("dcmcjpeg", whole, "+ee", "+q", "40")
        self.need("dcmdjpeg")
        self.run_tool("dcmdjpeg", "b.dcm", "c.dcm")
        with open(os.path.join(self.home, "c.dcm"), "rb") as file:
            decoded = list(struct.unpack("<4096H", file.read()[-8192:]))
        self.assertGreater(max(decoded), 1023)
        path = self.file(self.EXTENDED, [stream], bits=16, stored=10)
        self.assertEqual(self.values(path)[1], [min(v, 1023) for v in decoded])
        stream = self.j2k(values, 64, 64, 4095, "-I", "-r", "20")
        self.run_tool("opj_decompress", "-i", "a.j2k", "-o", "d.pgm")
        with open(os.path.join(self.home, "d.pgm"), "rb") as file:
            decoded = list(struct.unpack(">4096H", file.read()[-8192:]))
        self.assertGreater(max(decoded), 1023)
        path = self.file(self.J2K_LOSSY, [stream], bits=16, stored=10)
        self.assertEqual(self.values(path)[1], [min(v, 1023) for v in decoded])

    def test_upper_bits_of_lossless_streams_are_not_clamped(self):
        values = [v * 16 for v in self.GREY]
        stream = self.j2k(values, 64, 64, 4095)
        path = self.file(self.J2K, [stream], bits=16, stored=10)
        self.assertEqual(self.values(path)[1], [v & 1023 for v in values])

    def capsule(self, pieces, end=b"\xfe\xff\xdd\xe0\0\0\0\0"):
        head = b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff"
        return pic.data_set(pic.image(8, 8, 8, frames=2)) + head + b"".join(
            struct.pack("<HHI", 0xFFFE, 0xE000, n) + data for n, data in pieces) + end

    def test_ends_of_a_pixel_sequence_that_are_broken(self):
        frames = [[(v + k) % 256 for v in range(64)] for k in range(2)]
        one, two = (pic.rle_frame([bytes(f)]) for f in frames)
        odd = one[:-1] if len(one) % 2 == 0 and one[-1] == 0 else one + b"\0"
        table = (0, b"")
        forms = {
            "no end": self.capsule([table, (len(one), one), (len(two), two)], b""),
            "half an end": self.capsule([table, (len(one), one), (len(two), two)], b"\xfe\xff\xdd"),
            "rubbish": self.capsule([table, (len(one), one), (len(two), two)], b"rubbish and more"),
            "the last length is too long": self.capsule([table, (len(one), one), (len(two) + 300, two)], b""),
            "an odd length, and a byte more": self.capsule([table, (len(odd), odd + b"\0"), (len(two), two)]),
            "an odd length": self.capsule([table, (len(odd), odd), (len(two), two)]),
            "an even length, and a byte less": self.capsule([table, (len(odd) + 1, odd), (len(two), two)]),
            "no table": self.capsule([(len(one), one), (len(two), two)]),
        }
        for name, body in forms.items():
            with self.subTest(name):
                path = self.put(part10(body, pic.RLE))
                for k in range(2):
                    self.assertEqual(self.values(path, "--frame", str(k + 1))[1], frames[k])

    def test_a_stream_that_is_whole_though_its_fragment_is_not(self):
        for syntax, stream in ((self.J2K, self.j2k(self.GREY[:4096], 64, 64)),
                               (self.JPEGLS, self.dcmtk("dcmcjpls", {**pic.image(64, 64, 8),
                                                                     pic.PIXELS: ("OB", bytes(self.GREY))}))):
            body = pic.data_set(pic.image(64, 64, 8)) + b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + b"".join(
                struct.pack("<HHI", 0xFFFE, 0xE000, n) + data for n, data in ((0, b""), (len(stream) + 40, stream)))
            self.assertEqual(self.values(self.put(part10(body, syntax)))[1], self.GREY)


if __name__ == "__main__":
    peers.main()
