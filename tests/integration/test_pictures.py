#!/usr/bin/env python3
"""What `render` makes of pixels of every layout, held against PS3.3 in double precision."""
import csv
import filecmp
import os
import random
import re
import shutil
import struct
import subprocess
import unittest
import zlib

import peers
import pictures as pic

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
README = os.path.join(SOURCE, "README.md")
CORPUS = os.environ.get("WADOKIT_CORPUS") or os.path.join(os.path.dirname(SOURCE), "shared", "corpus")


class Case(peers.Case):
    def setUp(self):
        super().setUp()
        os.makedirs(self.out)
        self.random = random.Random(5)
        self.count = 0

    def file(self, elements, **keywords):
        self.count += 1
        return pic.write(os.path.join(self.home, "%d.dcm" % self.count), elements, **keywords)

    def render(self, path, suffix, *options, code=0):
        out = os.path.join(self.out, "%d%s" % (self.count, suffix))
        result = self.run_wadokit("render", "-o", out, path, "--json", *options)
        self.assert_exit(result, code)
        return out, result.lines("image")[0]

    def stored(self, path, *options):
        return pic.read_npy(self.render(path, ".npy", *options)[0])

    def png(self, path, *options):
        out, report = self.render(path, ".png", *options)
        return pic.read_png(out), report

    def assert_near(self, got, expected, limit=1):
        self.assertEqual(len(got), len(expected))
        worst = max(abs(a - b) for a, b in zip(got, expected))
        self.assertLessEqual(worst, limit)

    def values(self, n, stored, signed):
        low, high = (-(1 << stored - 1), (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
        return [low, high, 0, high // 2] + [self.random.randint(low, high) for _ in range(n - 4)]


class Stored(Case):
    """npy of stored values: exact."""

    def test_any_bits_stored_high_bit_and_sign_in_any_byte_order(self):
        layouts = [(8, 8, 7), (8, 5, 4), (16, 12, 11), (16, 16, 15), (16, 12, 15), (16, 10, 11), (16, 1, 0),
                   (32, 32, 31), (32, 24, 31)]
        for syntax in (pic.LITTLE, pic.IMPLICIT, pic.BIG, pic.DEFLATED):
            for bits, stored, high in layouts:
                for signed in (0, 1):
                    with self.subTest(syntax=syntax, layout=(bits, stored, high), signed=signed):
                        values = self.values(35, stored, signed)
                        data = pic.cells(values, bits, stored, high, junk=self.random.getrandbits(32))
                        elements = pic.image(5, 7, bits, stored, high, signed)
                        elements[pic.PIXELS] = ("OL" if bits == 32 else "OW" if bits == 16 else "OB",
                                                data)
                        if bits == 32 and syntax == pic.BIG:
                            # 32-bit cells in an OW are swapped word by word: OW is what such files have.
                            continue
                        self.assertEqual(self.stored(self.file(elements, syntax=syntax)), ((5, 7), values))

    def test_rle_of_any_width(self):
        for bits, samples, planar in ((8, 1, 0), (16, 1, 0), (32, 1, 0), (8, 3, 0), (8, 3, 1), (16, 3, 0)):
            with self.subTest(bits=bits, samples=samples, planar=planar):
                values = self.values(24 * samples, bits, False)
                raw = pic.cells(values, bits)
                width = bits // 8
                planes = [bytes(raw[(i * samples + s) * width + width - 1 - b] for i in range(24))
                          for s in range(samples) for b in range(width)]
                elements = pic.image(4, 6, bits, samples=samples,
                                     photometric="RGB" if samples == 3 else "MONOCHROME2")
                if samples == 3:
                    elements[0x00280006] = ("US", planar)
                path = self.file(elements, syntax=pic.RLE, fragments=[pic.rle_frame(planes)])
                self.assertEqual(self.stored(path)[1], values)

    def test_deflated_frames(self):
        values = self.values(2 * 20, 12, True)
        packed = []
        for frame in (values[:20], values[20:]):
            z = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed.append(z.compress(pic.cells(frame, 16, 12)) + z.flush())
        elements = pic.image(4, 5, 16, 12, signed=1, frames=2)
        for table in (b"", struct.pack("<2I", 0, 8 + len(packed[0]) + len(packed[0]) % 2)):
            path = self.file(elements, syntax=pic.DEFLATED_FRAME, fragments=packed, table=table)
            self.assertEqual(self.stored(path, "--frame", "all"), ((2, 4, 5), values))

    def test_float_and_double_and_bits(self):
        floats = [0.5, -3.25, 1e10, 7.0, 0.0, -1e-3]
        for tag, vr, code, bits in ((0x7FE00008, "OF", "f", 32), (0x7FE00009, "OD", "d", 64)):
            elements = pic.image(2, 3, bits)
            elements[tag] = (vr, struct.pack("<6" + code, *floats))
            shape, values = self.stored(self.file(elements))
            self.assertEqual(values, [struct.unpack("<" + code, struct.pack("<" + code, f))[0] for f in floats])
        bits = [self.random.getrandbits(1) for _ in range(3 * 21)]
        data = bytes(sum(b << i for i, b in enumerate(bits[k:k + 8])) for k in range(0, 63, 8))
        elements = pic.image(3, 7, 1, 1, frames=3)
        elements[pic.PIXELS] = ("OB", data)
        self.assertEqual(self.stored(self.file(elements), "--frame", "all"), ((3, 3, 7), bits))

    def test_colour_of_native_pixels(self):
        values = [self.random.randint(0, 255) for _ in range(8 * 3)]
        planes = [values[s::3] for s in range(3)]
        rgb = [v for i in range(0, 24, 3) for v in pic.ybr_to_rgb(*values[i:i + 3])]
        for photometric, expected in (("RGB", values), ("YBR_FULL", rgb)):
            for planar in (0, 1):
                elements = pic.image(2, 4, 8, samples=3, photometric=photometric, T00280006=("US", planar))
                elements[pic.PIXELS] = ("OB", bytes(values if not planar else sum(planes, [])))
                self.assertEqual(self.stored(self.file(elements))[1], expected)
        half = [(values[0], values[3], values[1], values[2]), (values[6], values[9], values[7], values[8])]
        elements = pic.image(1, 4, 8, samples=3, photometric="YBR_FULL_422", T00280006=("US", 0))
        elements[pic.PIXELS] = ("OB", bytes(sum(half, ())))
        expected = [v for y0, y1, cb, cr in half for y in (y0, y1) for v in pic.ybr_to_rgb(y, cb, cr)]
        self.assertEqual(self.stored(self.file(elements))[1], expected)


class Frames(Case):
    def frames(self, n, size=16):
        return [bytes(self.random.randint(0, 255) for _ in range(size)) for _ in range(n)]

    def test_a_short_last_frame_spoils_no_other(self):
        frames = self.frames(3)
        elements = pic.image(4, 4, 8, frames=3)
        elements[pic.PIXELS] = ("OB", b"".join(frames)[:-6])
        path = self.file(elements)
        result = self.run_wadokit("render", "--frame", "all", "-o", self.out, path, "--json",
                                  "--window", "none")
        self.assert_exit(result, 1)
        self.assertEqual([one["status"] for one in result.lines("image")], ["saved", "saved", "failed"])
        for i in range(2):
            self.assertEqual(pic.read_png(result.lines("image")[i]["path"])[4], list(frames[i]))
        self.assertEqual(result.err.count(path), 1, result.err)

    def test_frames_that_are_only_promised_are_one_line(self):
        frames = self.frames(3)
        elements = pic.image(4, 4, 8, frames=3000000)
        elements[pic.PIXELS] = ("OB", b"".join(frames))
        native = self.file(elements)
        coded = self.file(pic.image(4, 4, 8, frames=3000000), syntax=pic.RLE,
                          fragments=[pic.rle_frame([one]) for one in frames])
        for path in (native, coded):
            result = self.run_wadokit("render", "--frame", "all", "-o", self.out, path, "--json")
            self.assert_exit(result, 1)
            self.assertEqual([one["status"] for one in result.lines("image")], ["saved"] * 3 + ["failed"])
            self.assertIn("frames 4 to 3000000", result.err.splitlines()[0])
            result = self.run_wadokit("thumb", "-f", "png", "-o", self.out, path, "--json")
            self.assert_exit(result, 0)
            self.assertEqual(result.lines("image")[0]["frame"], 2)

    def test_absurd_sizes_are_refused_at_once(self):
        for rows, cols, bits, frames in ((65535, 65535, 16, 1), (65535, 65535, 32, 4000000), (4, 4, 8, 2000000000),
                                         (65535, 1, 8, 2), (0, 4, 8, 1)):
            elements = pic.image(rows, cols, bits, frames=frames)
            elements[pic.PIXELS] = ("OB", b"12")
            for command in ("render", "thumb"):
                path = self.file(elements)
                result = self.run_wadokit(command, "-o", self.out, path)
                self.assert_exit(result, 6)
                self.assertEqual(len(result.err.splitlines()), 1, result.err)
                self.assertLess(result.seconds, 3)

    def test_an_extended_offset_table_is_used(self):
        values = [self.frames(1)[0] for _ in range(3)]
        streams = [pic.rle_frame([v]) for v in values]
        at, offsets = 0, []
        for one in streams:
            offsets.append(at)
            at += 8 + len(one)
        elements = pic.image(4, 4, 8, frames=3)
        elements[0x7FE00001] = ("UN", struct.pack("<3Q", *offsets))
        elements[0x7FE00002] = ("UN", struct.pack("<3Q", *[len(s) for s in streams]))
        path = self.file(elements, syntax=pic.RLE, fragments=streams)
        self.assertEqual(self.stored(path, "--frame", "all")[1], list(b"".join(values)))

    def test_frames_of_several_fragments_are_joined_by_the_table(self):
        values = [self.frames(1, 64)[0] for _ in range(2)]
        fragments, offsets, at = [], [], 0
        for v in values:
            stream = pic.rle_frame([v])
            offsets.append(at)
            for part in (stream[:40], stream[40:100], stream[100:]):
                part += b"\0" * (len(part) % 2)
                fragments.append(part)
                at += 8 + len(part)
        elements = pic.image(8, 8, 8, frames=2)
        path = self.file(elements, syntax=pic.RLE, fragments=fragments, table=struct.pack("<2I", *offsets))
        self.assertEqual(self.stored(path, "--frame", "all")[1], list(b"".join(values)))


class Grey(Case):
    """8- and 16-bit grey within 1 of the formula."""

    def check(self, elements, values, expected, *options, invert=False, depth=8):
        top = 255 if depth == 8 else 65535
        (_, _, channels, got_depth, got, _), report = self.png(self.file(elements), "--depth", str(depth), *options)
        self.assertEqual((channels, got_depth), (1, depth))
        self.assert_near(got, [top - e if invert else e for e in (expected(v) for v in values)])
        self.assertEqual(report["window"]["inverted"], invert)
        return report

    def test_sweep_of_windows_slopes_signs_and_depths(self):
        for signed in (0, 1):
            for stored in (8, 12, 16):
                for slope, intercept in ((2.5, -1024), (-1, 500), (0.001, 3)):
                    values = self.values(64, stored, signed)
                    low = min(values) * slope + intercept
                    span = abs(slope) * (max(values) - min(values))
                    center = min(low, low + span * (1 if slope > 0 else -1)) + span / 2
                    for function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
                        for width in (span, span / 3, 1 if function == "LINEAR" else span / 50):
                            if (width < 1 or span < 1) and function == "LINEAR":
                                continue
                            center_text, width_text = "%.9g" % center, "%.9g" % width
                            c, w = float(center_text), float(width_text)
                            elements = pic.image(8, 8, 16, stored, signed=signed, T00281052=("DS", "%.9g" % intercept),
                                                 T00281053=("DS", "%.9g" % slope), T00281050=("DS", center_text),
                                                 T00281051=("DS", width_text), T00281056=("CS", function))
                            elements[pic.PIXELS] = ("OW", pic.cells(values, 16, stored))
                            with self.subTest(signed=signed, stored=stored, slope=slope, function=function, width=w):
                                top = 255
                                self.check(elements, values, lambda v: pic.window(
                                    v * slope + intercept, c, w, function, top))

    def test_inversion_is_once_and_last(self):
        values = self.values(16, 12, True)
        for photometric, shape, invert in (("MONOCHROME1", None, True), ("MONOCHROME2", "INVERSE", True),
                                           ("MONOCHROME1", "INVERSE", True), ("MONOCHROME2", "IDENTITY", False)):
            elements = pic.image(4, 4, 16, 12, signed=1, photometric=photometric, T00281050=("DS", "40"),
                                 T00281051=("DS", "400"))
            if shape:
                elements[0x20500020] = ("CS", shape)
            elements[pic.PIXELS] = ("OW", pic.cells(values, 16, 12))
            for depth in (8, 16):
                top = 255 if depth == 8 else 65535
                self.check(elements, values, lambda v: pic.window(v, 40, 400, top=top), invert=invert, depth=depth)

    def test_the_window_asked_for_by_number_or_explanation(self):
        values = self.values(16, 12, False)
        elements = pic.image(4, 4, 16, 12, T00281050=("DS", "100\\1000\\3000"), T00281051=("DS", "50\\900\\100"),
                             T00281055=("LO", "SOFT\\BONE\\EDGE"))
        elements[pic.PIXELS] = ("OW", pic.cells(values, 16, 12))
        for ask, center, width, rule in (("dicom", 100, 50, "dicom 1 (SOFT)"), ("dicom:2", 1000, 900, "dicom 2 (BONE)"),
                                         ("dicom:edge", 3000, 100, "dicom 3 (EDGE)")):
            report = self.check(elements, values, lambda v: pic.window(v, center, width), "--window", ask)
            self.assertEqual(report["window"]["rule"], rule)

    def test_windows_that_say_nothing_are_left_aside(self):
        values = self.values(16, 12, False)
        for center, width in (("100", "0"), ("90000", "10"), ("-5000", "100"), ("100", "-3")):
            elements = pic.image(4, 4, 16, 12, T00281050=("DS", center), T00281051=("DS", width))
            elements[pic.PIXELS] = ("OW", pic.cells(values, 16, 12))
            (_, _, _, _, got, _), report = self.png(self.file(elements))
            self.assertEqual(report["window"]["rule"], "auto")
            self.assertTrue(report["warnings"])
            self.assertGreater(max(got) - min(got), 200)

    def groups(self, slope=None, intercept=None, center=None, width=None, function=None):
        out = {}
        if slope is not None:
            out[0x00289145] = ("SQ", [{0x00281052: ("DS", str(intercept)), 0x00281053: ("DS", str(slope)),
                                       0x00281054: ("LO", "US")}])
        if center is not None:
            voi = {0x00281050: ("DS", str(center)), 0x00281051: ("DS", str(width))}
            if function:
                voi[0x00281056] = ("CS", function)
            out[0x00289132] = ("SQ", [voi])
        return out

    def test_values_of_the_frame_then_shared_then_of_the_top(self):
        frames = [self.values(16, 12, False) for _ in range(3)]
        data = b"".join(pic.cells(f, 16, 12) for f in frames)
        top = dict(T00281050=("DS", "10"), T00281051=("DS", "20"), T00281052=("DS", "0"), T00281053=("DS", "1"))
        per = [self.groups(2, 5, 2000, 3000), self.groups(3, -7), self.groups(center=500, width=700, function="SIGMOID")]
        shared = [self.groups(4, 1, 3000, 6000)]
        elements = pic.image(4, 4, 16, 12, frames=3, T52009230=("SQ", per), T52009229=("SQ", shared), **top)
        elements[pic.PIXELS] = ("OW", data)
        truth = ((2, 5, 2000, 3000, "LINEAR"), (3, -7, 3000, 6000, "LINEAR"), (4, 1, 500, 700, "SIGMOID"))
        for i, (slope, intercept, center, width, function) in enumerate(truth):
            self.check(elements, frames[i], lambda v: pic.window(v * slope + intercept, center, width, function),
                       "--frame", str(i + 1))
            shape, got = self.stored(self.file(elements), "--frame", str(i + 1), "--values", "modality")
            self.assertEqual(got, [v * slope + intercept for v in frames[i]])
        elements = pic.image(4, 4, 16, 12, frames=3, T52009230=("SQ", [{}, {}, {}]), **top)
        elements[pic.PIXELS] = ("OW", data)
        self.check(elements, frames[2], lambda v: pic.window(v, 10, 20), "--frame", "3")

    def test_modality_table_then_window(self):
        values = self.values(16, 8, False)
        table = [(i * 37) % 4000 for i in range(200)]
        lut = {0x00283002: ("US", [200, 20, 16]), 0x00283004: ("LO", "OD"), 0x00283006: ("OW", pic.cells(table, 16))}
        elements = pic.image(4, 4, 8, T00283000=("SQ", [lut]), T00281050=("DS", "2000"), T00281051=("DS", "3000"))
        elements[pic.PIXELS] = ("OB", bytes(values))
        self.check(elements, values, lambda v: pic.window(table[min(199, max(0, v - 20))], 2000, 3000))

    def test_a_slope_of_0_is_left_aside(self):
        elements = pic.image(1, 4, 8, T00281052=("DS", "-7"), T00281053=("DS", "0"))
        elements[pic.PIXELS] = ("OB", bytes([0, 9, 80, 255]))
        self.assertEqual(self.stored(self.file(elements), "--values", "modality")[1], [0, 9, 80, 255])

    def test_voi_tables(self):
        values = self.values(16, 12, True)
        table = [min(4095, (i * i) // 100) for i in range(600)]
        lut = {0x00283002: ("SS", [600, -300, 12]), 0x00283006: ("OW", pic.cells(table, 16))}
        elements = pic.image(4, 4, 16, 12, signed=1, T00283010=("SQ", [lut]))
        elements[pic.PIXELS] = ("OW", pic.cells(values, 16, 12))
        report = self.check(elements, values, lambda v: table[min(599, max(0, v + 300))] * 255 / 4095)
        self.assertEqual(report["window"]["rule"], "voi-lut")

    def test_voi_tables_of_frames_take_the_place_of_windows_above(self):
        frames = [self.values(16, 8, False) for _ in range(4)]
        tables = [[255 - i for i in range(256)], [i * i // 255 for i in range(256)]]
        items = [{0x00283002: ("US", [256, 0, 8]), 0x00283006: ("OW", pic.cells(t, 16))} for t in tables]
        def group(*luts):
            return {0x00289132: ("SQ", [{0x00283010: ("SQ", list(luts))}])}
        per = [group(items[1]), group(items[1]), self.groups(center=100, width=50), {}]
        elements = pic.image(4, 4, 8, frames=4, T52009230=("SQ", per), T52009229=("SQ", [group(items[0])]),
                             T00281050=("DS", "10"), T00281051=("DS", "20"))
        elements[pic.PIXELS] = ("OB", b"".join(map(bytes, frames)))
        for i, (expected, rule) in enumerate(((tables[1].__getitem__, "voi-lut"), (tables[1].__getitem__, "voi-lut"),
                                              (lambda v: pic.window(v, 100, 50), "dicom 1"),
                                              (tables[0].__getitem__, "voi-lut"))):
            report = self.check(elements, frames[i], expected, "--frame", str(i + 1))
            self.assertEqual(report["window"]["rule"], rule)

    def test_padding_of_floats_is_left_out_of_automatic_windows(self):
        values = [-2000.5] * 8 + [-1990.25, -1995.0] + [float(v) for v in range(100, 154)]
        for kind, vr, code, bits, padding in ((0x7FE00008, "OF", "f", 32, 0x00280122), (0x7FE00009, "OD", "d", 64, 0x00280123)):
            for limit in (None, -1990.25):
                elements = pic.image(8, 8, bits)
                elements[padding] = ("FL" if code == "f" else "FD", -2000.5)
                if limit:
                    elements[padding + 2] = ("FL" if code == "f" else "FD", limit)
                elements[kind] = (vr, struct.pack("<64" + code, *values))
                _, report = self.png(self.file(elements), "--window", "minmax")
                window = report["window"]
                self.assertAlmostEqual(window["center"] - window["width"] / 2, 100 if limit else -1995, delta=1)

    def test_padding_is_left_out_of_automatic_windows(self):
        values = [-2000] * 8 + [-1990, -1995] + list(range(100, 154))
        for limit in (None, -1990):
            elements = pic.image(8, 8, 16, 16, signed=1, T00280120=("SS", -2000))
            if limit:
                elements[0x00280121] = ("SS", limit)
            elements[pic.PIXELS] = ("OW", pic.cells(values, 16))
            _, report = self.png(self.file(elements), "--window", "minmax")
            low = report["window"]["center"] - 0.5 - (report["window"]["width"] - 1) / 2
            self.assertEqual(low, 100 if limit else -1995)

    def test_real_world_values_are_not_for_display(self):
        values = self.values(16, 12, False)
        mapping = {0x00409216: ("US", 0), 0x00409211: ("US", 4095), 0x00409224: ("FD", 5.0), 0x00409225: ("FD", 9.0)}
        elements = pic.image(4, 4, 16, 12, T00409096=("SQ", [mapping]), T00281050=("DS", "1000"),
                             T00281051=("DS", "1500"))
        elements[pic.PIXELS] = ("OW", pic.cells(values, 16, 12))
        self.check(elements, values, lambda v: pic.window(v, 1000, 1500))


class Colour(Case):
    def palette(self, first, entries, bits, packed=False, n=None, signed=False):
        out = {}
        for i, table in enumerate(entries):
            out[0x00281101 + i] = ("SS" if signed else "US", [len(table) if n is None else n, first, bits])
            data = bytes(table) if packed else pic.cells(table, 16)
            out[0x00281201 + i] = ("OW", data + b"\0" * (len(data) % 2))
        return out

    def test_palettes_in_every_form(self):
        tables = [[(i * k) % 256 for i in range(40)] for k in (3, 5, 7)]
        values = [self.random.randint(0, 80) for _ in range(24)]
        for bits, packed, scale in ((8, True, 1), (8, False, 1), (16, False, 257)):
            for first in (0, 20):
                for syntax in (pic.LITTLE, pic.BIG):
                    for cell in (8, 16):
                        with self.subTest(bits=bits, packed=packed, first=first, syntax=syntax, cell=cell):
                            elements = pic.image(4, 6, cell, photometric="PALETTE COLOR")
                            elements.update(self.palette(first, [[v * scale for v in t] for t in tables], bits, packed))
                            elements[pic.PIXELS] = ("OW", pic.cells(values, cell))
                            if cell == 8 and syntax == pic.BIG:
                                elements[pic.PIXELS] = ("OB", bytes(values))
                            (_, _, channels, _, got, _), _ = self.png(self.file(elements, syntax=syntax))
                            expected = [t[min(39, max(0, v - first))] for v in values for t in tables]
                            self.assertEqual((channels, got), (3, expected))
                            self.assertEqual(self.stored(self.file(elements, syntax=syntax))[1], values)

    def test_a_supplemental_palette_colours_its_part(self):
        values = [self.random.randint(0, 1100) for _ in range(24)] + [0, 999, 1000, 1039]
        tables = [[(i * k) % 256 for i in range(40)] for k in (3, 5, 7)]
        elements = pic.image(4, 7, 16, 12, T00281050=("DS", "500"), T00281051=("DS", "1000"),
                             T00089205=("CS", "COLOR"))
        elements.update(self.palette(1000, [[v * 257 for v in t] for t in tables], 16))
        elements[pic.PIXELS] = ("OW", pic.cells(values, 16, 12))
        (_, _, channels, _, got, _), _ = self.png(self.file(elements))
        expected = []
        for v in values:
            expected += ([t[min(39, v - 1000)] for t in tables] if v >= 1000 else
                         [pic.window(v, 500, 1000)] * 3)
        self.assertEqual(channels, 3)
        self.assert_near(got, expected)

    def transcoded(self, tool, path, *options):
        program = shutil.which(tool)
        if not program:
            self.skipTest(tool + " is not installed")
        out = path + ".coded"
        subprocess.run([program, *options, path, out], check=True, capture_output=True)
        return out

    def colour_file(self, photometric="RGB"):
        values = [min(255, (x * 11 + y * 3 + c * 40) % 256) for y in range(16) for x in range(24) for c in range(3)]
        elements = pic.image(16, 24, 8, samples=3, photometric=photometric, T00280006=("US", 0))
        elements[pic.PIXELS] = ("OB", bytes(values))
        return self.file(elements), values

    def test_jpeg_ls_of_every_interleave_mode(self):
        for mode in ("line", "sample", "none"):
            for near in (0, 2):
                path, values = self.colour_file()
                options = ["--interleave-" + mode] + (["+en", "+md", str(near)] if near else ["+el"])
                shape, got = self.stored(self.transcoded("dcmcjpls", path, *options))
                self.assert_near(got, values, near)

    def test_jpeg_lossless_keeps_colours_as_tagged(self):
        for photometric in ("RGB", "YBR_FULL"):
            for process in ("+e1", "+el"):
                path, values = self.colour_file(photometric)
                expected = values
                if photometric == "YBR_FULL":
                    expected = [v for i in range(0, len(values), 3) for v in pic.ybr_to_rgb(*values[i:i + 3])]
                shape, got = self.stored(self.transcoded("dcmcjpeg", path, process, "+tl"))
                self.assertEqual(got, expected)

    def jpeg_xl(self, bits, samples, values):
        """A lossless code stream of 24 x 16 pixels, by the reference encoder."""
        if not shutil.which("cjxl") or not shutil.which("djxl"):
            self.skipTest("cjxl and djxl are not installed")
        plain = os.path.join(self.home, "plain." + ("ppm" if samples == 3 else "pgm"))
        top = (1 << bits) - 1

        def code(values, top, *options):
            width = 1 if top < 256 else 2
            with open(plain, "wb") as file:
                file.write(b"P%d\n24 16\n%d\n" % (6 if samples == 3 else 5, top))
                file.write(b"".join(v.to_bytes(width, "big") for v in values))
            subprocess.run(["cjxl", plain, plain + ".jxl", "-d", "0", "--quiet", *options], check=True, capture_output=True)

        code(values, top)
        back = os.path.join(self.home, "back" + plain[-4:])
        subprocess.run(["djxl", plain + ".jxl", back, "--quiet"], check=True, capture_output=True)
        if not filecmp.cmp(plain, back, shallow=False):
            # libjxl 0.7 takes values over the full range of 16 bits, whatever depth it is to write.
            code([(v * 65535 + top // 2) // top for v in values], 65535, "--override_bitdepth", str(bits))
        with open(plain + ".jxl", "rb") as file:
            return file.read()

    def test_jpeg_xl_of_several_depths_and_colour(self):
        for bits, samples in ((8, 1), (12, 1), (16, 1), (8, 3)):
            with self.subTest(bits=bits, samples=samples):
                values = [self.random.getrandbits(bits) for _ in range(24 * 16 * samples)]
                elements = pic.image(16, 24, 8 if bits == 8 else 16, stored=bits, samples=samples,
                                     photometric="RGB" if samples == 3 else "MONOCHROME2")
                path = self.file(elements, syntax="1.2.840.10008.1.2.4.110",
                                 fragments=[self.jpeg_xl(bits, samples, values)])
                self.assertEqual(self.stored(path)[1], values)


class Streams(Case):
    """Code streams that say other things than the header: the stream is believed, and it is said."""

    def jpeg(self, samples, quality="95"):
        """A JPEG with JFIF, of smooth colours, and the values it was made of."""
        values = [(x * 5 + c * 60 + y * 3) % 200 for y in range(24) for x in range(32) for c in range(samples)]
        elements = pic.image(24, 32, 8, samples=samples, photometric="RGB" if samples == 3 else "MONOCHROME2")
        elements[pic.PIXELS] = ("OB", bytes(values))
        out, _ = self.render(self.file(elements), ".jpg", "--quality", quality)
        with open(out, "rb") as file:
            return file.read(), values

    def coded(self, stream, samples, photometric, **more):
        elements = pic.image(24, 32, 8, samples=samples, photometric=photometric, **more)
        return self.file(elements, syntax="1.2.840.10008.1.2.4.50", fragments=[stream])

    def jpeg_of(self, path, *options):
        out, report = self.render(path, ".jpg", *options)
        with open(out, "rb") as file:
            return file.read(), report

    def assert_as_it_is(self, stream, path, *options):
        got, report = self.jpeg_of(path, *options)
        self.assertEqual(got, stream)
        self.assertEqual((report["decoder"], report["width"], report["height"]), ("none", 32, 24))
        return report

    def assert_drawn(self, stream, path, *options):
        got, report = self.jpeg_of(path, *options)
        self.assertNotEqual(got, stream)
        self.assertEqual(report["decoder"], "libjpeg-turbo")

    def test_jpeg_that_needs_no_change_goes_out_bit_for_bit(self):
        grey, colour = self.jpeg(1)[0], self.jpeg(3)[0]
        window = dict(T00281050=("DS", "128"), T00281051=("DS", "256"))
        for stream in (grey, colour):
            samples, photometric = (1, "MONOCHROME2") if stream is grey else (3, "YBR_FULL_422")
            path = self.coded(stream, samples, photometric)
            report = self.assert_as_it_is(stream, path)
            self.assertEqual(report["window"]["rule"], "auto" if samples == 1 else "colour")
            self.assert_as_it_is(stream, path, "--size", "32")
            self.assert_as_it_is(stream, path, "--overlays")
        self.assert_as_it_is(colour, self.coded(colour, 3, "YBR_FULL"))
        report = self.assert_as_it_is(grey, self.coded(grey, 1, "MONOCHROME2", **window))
        self.assertEqual((report["window"]["rule"], report["window"]["width"]), ("dicom 1", 256))
        self.assert_as_it_is(grey, self.coded(grey, 1, "MONOCHROME2"), "--window", "none")

    def test_a_small_jpeg_is_its_own_thumbnail(self):
        stream, _ = self.jpeg(3)
        path, out = self.coded(stream, 3, "YBR_FULL_422"), os.path.join(self.out, "t.jpg")
        for options, same in (((), True), (("--quality", "85"), False), (("--size", "31"), False)):
            self.assert_exit(self.run_wadokit("thumb", "-o", out, path, *options), 0)
            with open(out, "rb") as file:
                self.assertEqual(file.read() == stream, same)

    def test_jpeg_that_needs_a_change_is_drawn(self):
        grey, colour = self.jpeg(1)[0], self.jpeg(3)[0]
        plain, rgb = self.coded(grey, 1, "MONOCHROME2"), self.coded(colour, 3, "YBR_FULL_422")
        for path, stream, options in (
                (plain, grey, ("--quality", "90")), (rgb, colour, ("--quality", "90")),
                (plain, grey, ("--effort", "2")), (plain, grey, ("--size", "16")),
                (plain, grey, ("--window", "100,50")), (plain, grey, ("--window", "minmax")),
                (rgb, colour, ("--region", "0,0,32,24")), (rgb, colour, ("--rotate", "180")),
                (rgb, colour, ("--flip", "h"))):
            self.assert_drawn(stream, path, *options)
        for stream, samples, photometric, more in (
                (grey, 1, "MONOCHROME1", {}),
                (grey, 1, "MONOCHROME2", dict(T00281050=("DS", "100"), T00281051=("DS", "50"))),
                (grey, 1, "MONOCHROME2", dict(T00281052=("DS", "10"), T00281053=("DS", "1"),
                                              T00281050=("DS", "128"), T00281051=("DS", "256"))),
                (grey, 1, "MONOCHROME2", dict(T20500020=("CS", "INVERSE"))),
                (colour, 3, "YBR_FULL_422", dict(T00280034=("IS", "2\\1"))),
                (colour, 3, "RGB", {})):
            self.assert_drawn(stream, self.coded(stream, samples, photometric, **more))
        overlay = dict(T60000010=("US", 24), T60000011=("US", 32), T60000040=("CS", "G"),
                       T60000050=("SS", (1, 1)), T60000100=("US", 1), T60000102=("US", 0),
                       T60003000=("OW", b"\xff" * 96))
        path = self.coded(grey, 1, "MONOCHROME2", **overlay)
        self.assert_drawn(grey, path, "--overlays")
        self.assert_as_it_is(grey, path)

    def test_a_stream_that_is_not_whole_is_not_handed_on(self):
        stream, _ = self.jpeg(1)
        for broken in (stream[:-2], stream + b"\xff\xd9", b"\0" + stream, stream + stream):
            out, report = self.render(self.coded(broken, 1, "MONOCHROME2"), ".jpg")
            self.assertEqual(report["decoder"], "libjpeg-turbo")

    def test_rgb_goes_out_as_it_is_where_an_adobe_marker_says_so(self):
        stream, _ = self.jpeg(3)
        start = 2 + 2 + struct.unpack(">H", stream[4:6])[0]
        self.assertEqual(stream[2:4], b"\xff\xe0")
        adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0"
        marked = stream[:2] + adobe + stream[start:]
        self.assert_as_it_is(marked, self.coded(marked, 3, "RGB"))
        bare = stream[:2] + stream[start:]
        at = bare.index(b"\xff\xc0") + 10
        for i, name in enumerate(b"RGB"):
            bare = bare[:at + 3 * i] + bytes([name]) + bare[at + 3 * i + 1:]
        scan = bare.index(b"\xff\xda") + 5
        for i, name in enumerate(b"RGB"):
            bare = bare[:scan + 2 * i] + bytes([name]) + bare[scan + 2 * i + 1:]
        self.assert_drawn(bare, self.coded(bare, 3, "RGB"))

    def mean_error(self, got, expected):
        self.assertEqual(len(got), len(expected))
        return sum(abs(a - b) for a, b in zip(got, expected)) / len(got)

    def test_colours_are_those_of_the_stream(self):
        stream, values = self.jpeg(3)
        for photometric, says in (("YBR_FULL_422", False), ("YBR_FULL", False), ("RGB", True)):
            got, report = self.png(self.coded(stream, 3, photometric))
            self.assertLess(self.mean_error(got[4], values), 12)
            self.assertEqual("believed" in " ".join(report.get("warnings", [])), says)

    def test_rgb_with_an_adobe_marker_tagged_as_ybr(self):
        program = shutil.which("dcmcjpeg")
        if not program:
            self.skipTest("dcmcjpeg is not installed")
        values = [(x * 5 + c * 60 + y * 3) % 200 for y in range(24) for x in range(32) for c in range(3)]
        elements = pic.image(24, 32, 8, samples=3, photometric="RGB", T00280006=("US", 0))
        elements[pic.PIXELS] = ("OB", bytes(values))
        path = self.file(elements)
        subprocess.run([program, "+eb", "+cr", path, path + ".rgb"], check=True, capture_output=True)
        with open(path + ".rgb", "rb") as file:
            data = file.read()
        tagged = data.replace(b"CS\x04\0RGB ", b"CS\x08\0YBR_FULL")
        self.assertNotEqual(data, tagged)
        with open(path + ".rgb", "wb") as file:
            file.write(tagged)
        got, report = self.png(path + ".rgb")
        self.assertLess(self.mean_error(got[4], values), 12)
        self.assertIn("believed", " ".join(report["warnings"]))

    def test_samples_are_those_of_the_stream(self):
        for samples, tagged, photometric in ((3, 1, "MONOCHROME2"), (1, 3, "RGB"), (1, 3, "YBR_FULL_422")):
            stream, values = self.jpeg(samples)
            got, report = self.png(self.coded(stream, tagged, photometric))
            self.assertEqual(got[2], samples)
            self.assertLess(self.mean_error(got[4], values), 12)
            self.assertIn("believed", " ".join(report["warnings"]))

    def test_a_stream_in_pieces_without_a_table(self):
        streams = [self.jpeg(1, quality) for quality in ("95", "50", "80")]
        fragments = []
        for stream, _ in streams:
            stream += b"\0" * (len(stream) % 2)
            fragments += [stream[i:i + 200] for i in range(0, len(stream), 200)]
        elements = pic.image(24, 32, 8, frames=3)
        path = self.file(elements, syntax="1.2.840.10008.1.2.4.50", fragments=fragments)
        shape, got = self.stored(path, "--frame", "all")
        for i, (_, values) in enumerate(streams):
            self.assertLess(self.mean_error(got[i * 768:(i + 1) * 768], values), 20)

    def test_each_broken_frame_is_named(self):
        stream, _ = self.jpeg(1)
        elements = pic.image(24, 32, 8, frames=3)
        path = self.file(elements, syntax="1.2.840.10008.1.2.4.50",
                         fragments=[stream, b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xd9"])
        result = self.run_wadokit("render", "--frame", "all", "-o", os.path.join(self.out, "frames"), path)
        self.assert_exit(result, 1)
        self.assertIn("frame 2", result.err)
        self.assertIn("frame 3", result.err)

    def test_a_size_that_is_not_the_headers_is_refused(self):
        stream, _ = self.jpeg(1)
        for rows, cols in ((24, 33), (48, 32), (60000, 60000)):
            elements = pic.image(rows, cols, 8)
            path = self.file(elements, syntax="1.2.840.10008.1.2.4.50", fragments=[stream])
            result = self.run_wadokit("render", "-o", self.out, path)
            self.assert_exit(result, 6)
            self.assertEqual(len(result.err.splitlines()), 1)
            self.assertEqual(result.err.count(path), 1)


    def test_a_short_stream_of_a_huge_picture_costs_nothing(self):
        """Headers that agree on 60000 x 60000, over hardly any bytes."""
        stream, _ = self.jpeg(1)
        at = stream.index(b"\xff\xc0") + 5
        huge = stream[:at] + struct.pack(">HH", 60000, 60000) + stream[at + 4:]
        lossless = (b"\xff\xd8\xff\xc3\0\x0b\x10\xea\x60\xea\x60\1\1\x11\0\xff\xc4\0\x15\0\1" + b"\0" * 15 + b"\0"
                    b"\0" + b"\xff\xda\0\x08\1\1\0\1\0\0" + b"\0" * 40 + b"\xff\xd9")
        for syntax, code in (("50", huge), ("70", lossless), ("80", b"\xff\xd8\xff\xf7\0\x0b\x10\xea\x60\xea\x60\1\1\x11\0"
                                                         b"\xff\xda\0\x08\1\1\0\0\0\0" + b"\x55" * 60 + b"\xff\xd9")):
            bits = 8 if syntax == "50" else 16
            path = self.file(pic.image(60000, 60000, bits), syntax="1.2.840.10008.1.2.4." + syntax, fragments=[code])
            result = self.run_wadokit("render", "-o", self.out, path)
            self.assert_exit(result, 6, 8)
            self.assertIn("too few", result.err)
            self.assertLess(result.seconds, 5)
            if not peers.SANITIZED:
                self.assertLess(result.peak, 200 * peers.MIB)

    def test_moving_pictures_are_named_not_drawn(self):
        path = self.file(pic.image(24, 32, 8, samples=3, photometric="YBR_PARTIAL_420", frames=20),
                         syntax="1.2.840.10008.1.2.4.102", fragments=[b"\0\0\0\x18ftypmp42" + b"\0" * 60])
        result = self.run_wadokit("render", "-o", self.out, path)
        self.assert_exit(result, 6)
        self.assertIn("moving pictures", result.err)
        result = self.run_wadokit("thumb", "-o", self.out, path, "--json")
        self.assert_exit(result, 0)
        self.assertTrue(result.lines("image")[0]["placeholder"])


class Look(Case):
    """Regions, turning, overlays, profiles."""

    def small(self, rows=4, cols=6, **more):
        values = [(y * cols + x) * 9 % 256 for y in range(rows) for x in range(cols)]
        elements = pic.image(rows, cols, 8, **more)
        elements[pic.PIXELS] = ("OB", bytes(values))
        return elements, values

    def rows_of(self, got):
        width, height, channels, _, values, _ = got
        assert channels == 1
        return [values[y * width:(y + 1) * width] for y in range(height)]

    def test_turning_and_mirroring_move_pixels_only(self):
        elements, values = self.small()
        rows = [values[y * 6:y * 6 + 6] for y in range(4)]
        turned = {"90": [list(r) for r in zip(*rows[::-1])], "180": [r[::-1] for r in rows[::-1]],
                  "270": [list(r) for r in zip(*rows)][::-1]}
        path = self.file(elements)
        for degrees, expected in turned.items():
            for axis in (None, "h", "v"):
                options = ["--rotate", degrees] + (["--flip", axis] if axis else [])
                mirrored = {None: expected, "h": [r[::-1] for r in expected], "v": expected[::-1]}[axis]
                self.assertEqual(self.rows_of(self.png(path, *options)[0]), mirrored)
        self.assertEqual(self.rows_of(self.png(path, "--flip", "h")[0]), [r[::-1] for r in rows])

    def test_a_region_is_the_same_part_of_the_whole(self):
        values = self.values(80, 12, False)
        elements = pic.image(8, 10, 16, 12)
        elements[pic.PIXELS] = ("OW", pic.cells(values, 16, 12))
        path = self.file(elements)
        whole = self.rows_of(self.png(path)[0])
        part = self.rows_of(self.png(path, "--region", "3,2,5,4")[0])
        self.assertEqual(part, [r[3:8] for r in whole[2:6]])
        for bad in ("3,2,8,4", "10,0,1,1", "0,0,1,9"):
            out, report = self.render(path, ".png", "--region", bad, code=2)
            self.assertEqual(report["status"], "failed")
        for bad in ("1,2,3", "0,0,0,4", "-1,0,2,2", "1,2,3,4,5", "a"):
            self.assert_exit(self.run_wadokit("render", "-o", self.out, path, "--region", bad), 2)

    def test_a_part_of_a_small_picture_keeps_its_shape(self):
        elements, _ = self.small(64, 64)
        out, report = self.render(self.file(elements), ".png", "--region", "0,0,64,32", "--size", "16",
                                  "--rotate", "90")
        self.assertEqual((report["width"], report["height"]), (8, 16))

    def overlay(self, group, rows, cols, bits, row=1, col=1, frames=None, first=None):
        data = bytes(sum(b << i for i, b in enumerate(bits[k:k + 8])) for k in range(0, len(bits), 8))
        base = group << 16
        out = {base | 0x10: ("US", rows), base | 0x11: ("US", cols), base | 0x40: ("CS", "G"),
               base | 0x50: ("SS", [row, col]), base | 0x100: ("US", 1), base | 0x102: ("US", 0),
               base | 0x3000: ("OW", data + b"\0" * (len(data) % 2))}
        if frames:
            out[base | 0x15] = ("IS", frames)
            out[base | 0x51] = ("US", first)
        return out

    def test_overlays_with_data_of_their_own(self):
        elements, values = self.small()
        bits = [1, 0, 1, 0, 1, 1]
        elements.update(self.overlay(0x6000, 2, 3, bits, 2, 5))     # half of it outside, to the right
        elements.update(self.overlay(0x6002, 2, 2, [1, 1, 1, 1], 0, 0))  # above and left: one pixel inside
        path = self.file(elements)
        (_, _, _, _, got, _), report = self.png(path, "--overlays")
        expected = list(values)
        for y, x in ((1, 4), (2, 5), (0, 0)):
            expected[y * 6 + x] = 255
        self.assertEqual(got, expected)
        self.assertEqual(report["overlays"], 2)
        self.assertEqual(self.png(path)[0][4], values)
        (_, _, _, _, got, _), _ = self.png(path, "--overlays", "--region", "4,1,2,2")
        self.assertEqual(got, [255, values[11], values[16], 255])
        (_, _, _, _, got, _), _ = self.png(path, "--overlays", "--size", "1")
        self.assert_near(got, [sum(expected) / 24], 4)

    def test_overlays_of_some_frames(self):
        frames = [[10] * 4, [20] * 4, [30] * 4]
        elements = pic.image(2, 2, 8, frames=3)
        elements[pic.PIXELS] = ("OB", bytes(sum(frames, [])))
        elements.update(self.overlay(0x6000, 2, 2, [1, 0, 0, 0, 0, 0, 0, 1], frames=2, first=2))
        path = self.file(elements)
        for frame, expected in ((1, [10] * 4), (2, [255, 20, 20, 20]), (3, [30, 30, 30, 255])):
            self.assertEqual(self.png(path, "--overlays", "--frame", str(frame))[0][4], expected)

    def test_overlays_in_unused_bits(self):
        values = self.values(24, 12, False)
        marks = [self.random.getrandbits(1) for _ in values]
        for signed in (0, 1):
            elements = pic.image(4, 6, 16, 12, signed=signed, T00281050=("DS", "100"), T00281051=("DS", "5000"))
            elements[0x60000010], elements[0x60000011] = ("US", 4), ("US", 6)
            elements[0x60000050], elements[0x60000100], elements[0x60000102] = ("SS", [1, 1]), ("US", 16), ("US", 13)
            elements[pic.PIXELS] = ("OW", b"".join(struct.pack("<H", v & 0xFFF | m << 13)
                                                   for v, m in zip(values, marks)))
            path = self.file(elements)
            stored = [v - 4096 if signed and v > 2047 else v for v in values]
            self.assertEqual(self.stored(path)[1], stored)
            plain = self.png(path)[0][4]
            self.assert_near(plain, [pic.window(v, 100, 5000) for v in stored])
            (_, _, _, _, got, _), report = self.png(path, "--overlays")
            self.assertEqual(got, [255 if m else v for v, m in zip(plain, marks)])
            self.assertEqual(report["overlays"], 1)

    def profile(self, gamma=1.0, swap=True):
        """An RGB profile of sRGB's primaries with plain gamma; red and green change places."""
        def fixed(*values):
            return b"".join(struct.pack(">i", round(v * 65536)) for v in values)
        xyz = {"rXYZ": (0.4361, 0.2225, 0.0139), "gXYZ": (0.3851, 0.7169, 0.0971), "bXYZ": (0.1431, 0.0606, 0.7141)}
        if swap:
            xyz["rXYZ"], xyz["gXYZ"] = xyz["gXYZ"], xyz["rXYZ"]
        tags = {k: b"XYZ \0\0\0\0" + fixed(*v) for k, v in xyz.items()}
        tags["wtpt"] = b"XYZ \0\0\0\0" + fixed(0.9642, 1.0, 0.8249)
        curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
        tags.update(rTRC=curve, gTRC=curve, bTRC=curve)
        tags["desc"] = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78 + b"\0"
        tags["cprt"] = b"text\0\0\0\0none\0\0\0\0"
        table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
        for name, data in tags.items():
            data += b"\0" * (-len(data) % 4)
            table += name.encode() + struct.pack(">II", at + len(body), len(data))
            body += data
        head = bytearray(128)
        head[8:12], head[12:24] = b"\x02\x40\0\0", b"mntrRGB XYZ "
        head[36:40] = b"acsp"
        head[68:80] = fixed(0.9642, 1.0, 0.8249)
        out = bytes(head) + struct.pack(">I", len(tags)) + table + body
        return struct.pack(">I", len(out)) + out[4:]

    def test_profiles_are_carried_or_applied(self):
        values = [self.random.randint(0, 255) for _ in range(8 * 3)]
        profile = self.profile()
        elements = pic.image(2, 4, 8, samples=3, photometric="RGB", T00280006=("US", 0), T00282000=("OB", profile))
        elements[pic.PIXELS] = ("OB", bytes(values))
        path = self.file(elements)
        got, report = self.png(path)
        self.assertEqual((got[4], report["icc"]), (values, "kept"))
        packed = got[5]["iCCP"]
        self.assertEqual(zlib.decompress(packed[packed.index(b"\0") + 2:])[:len(profile)], profile)
        jpeg, _ = self.render(path, ".jpg")
        with open(jpeg, "rb") as file:
            self.assertIn(b"ICC_PROFILE\0\1\1" + profile, file.read())
        got, report = self.png(path, "--icc", "srgb")
        self.assertEqual(report["icc"], "srgb")
        self.assertNotIn("iCCP", got[5])

        def srgb(v):
            v /= 255
            return 255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)
        expected = [srgb(v) for i in range(0, 24, 3) for v in (values[i + 1], values[i], values[i + 2])]
        self.assert_near(got[4], expected, 3)

    def test_a_profile_that_is_none_spoils_no_picture(self):
        values = [self.random.randint(0, 255) for _ in range(8 * 3)]
        broken = self.profile()[:200]
        elements = pic.image(2, 4, 8, samples=3, photometric="RGB", T00280006=("US", 0), T00282000=("OB", broken))
        elements[pic.PIXELS] = ("OB", bytes(values))
        path = self.file(elements)
        for options in ((), ("--icc", "srgb")):
            got, report = self.png(path, *options)
            self.assertEqual(got[4], values)
            self.assertNotIn("iCCP", got[5])
            self.assertNotIn("icc", report)
            self.assertEqual(report["warnings"], ["the ICC profile is damaged; it is left out"])

    def test_what_fills_the_element_is_no_part_of_a_profile(self):
        profile = self.profile()
        elements = pic.image(2, 4, 8, samples=3, photometric="RGB", T00280006=("US", 0),
                             T00282000=("OB", profile + bytes(2)))
        elements[pic.PIXELS] = ("OB", bytes(24))
        _, report = self.png(self.file(elements))
        self.assertEqual(report["icc"], "kept")
        self.assertEqual(report.get("warnings", []), [])
        jpeg = os.path.join(self.out, "a.jpg")
        self.assert_exit(self.run_wadokit("render", "-o", jpeg, self.file(elements)), 0)
        with open(jpeg, "rb") as file:
            self.assertIn(b"ICC_PROFILE\0\1\1" + profile + b"\xff", file.read())

    def test_npy_takes_no_looks(self):
        path = self.file(self.small()[0])
        for option in (["--region", "0,0,1,1"], ["--rotate", "90"], ["--flip", "h"], ["--overlays"], ["--icc", "srgb"]):
            result = self.run_wadokit("render", "-o", os.path.join(self.out, "a.npy"), path, *option)
            self.assert_exit(result, 2)


@unittest.skipUnless(os.path.exists(os.path.join(CORPUS, "MANIFEST.tsv")), "no corpus at " + CORPUS)
class Corpus(Case):
    """Files that others wrote, where they are at hand (WADOKIT_CORPUS)."""

    @classmethod
    def setUpClass(cls):
        with open(os.path.join(CORPUS, "MANIFEST.tsv"), encoding="utf-8", newline="") as file:
            cls.files = [row for row in csv.DictReader(file, delimiter="\t")]
        cls.images = [row for row in cls.files if row["file"].startswith("image/")]

    def path(self, row):
        return os.path.join(CORPUS, row["file"])

    def table(self):
        """README's table of pixels: {UID: row}."""
        with open(README, encoding="utf-8") as file:
            text = file.read()
        found = {}
        for line in text[text.index("## Pixels"):].splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if line.startswith("|") and len(cells) == 5 and cells[1].startswith("1.2.840"):
                uids = [uid if uid.startswith("1.") else "1.2.840.10008.1.2.4" + uid for uid in cells[1].split(", ")]
                found.update({uid: cells for uid in uids})
        return found

    def test_every_image_is_drawn_as_the_table_says(self):
        table = self.table()
        result = self.run_wadokit("render", "-o", self.out, "--json", *[self.path(row) for row in self.images])
        self.assert_exit(result, 0)
        drawn = {one["source"]: one for one in result.lines("image")}
        for row in self.images:
            with self.subTest(row["file"]):
                one = drawn[self.path(row)]
                self.assertEqual(one["status"], "saved")
                cells = table[one["transferSyntax"]]
                self.assertIn("`%s`" % one["decoder"], cells[4])
                if row["photometric"].startswith("MONOCHROME") and int(row["bits_stored"]):
                    low, high = re.match(r"(\d+) to (\d+)", cells[2]).groups()
                    self.assertTrue(int(low) <= int(row["bits_stored"]) <= int(high), cells[2])
                elif row["photometric"]:
                    self.assertIn(row["photometric"], cells[3].split(", "))

    def test_grey_is_within_one_of_the_formula(self):
        """The picture against the modality values, through the window that the report names."""
        checked = 0
        for row in self.images:
            size = int(row["rows"]) * int(row["cols"])
            if not row["photometric"].startswith("MONOCHROME") or size > 150000:
                continue
            self.count += 1
            with self.subTest(row["file"]):
                (width, height, channels, _, got, _), report = self.png(self.path(row))
                if channels != 1 or (width, height) != (int(row["cols"]), int(row["rows"])) or \
                        "center" not in report["window"]:
                    continue
                _, values = self.stored(self.path(row), "--values", "modality")
                w = report["window"]
                expected = [pic.window(v, w["center"], w["width"], w["function"]) for v in values]
                self.assert_near(got, [255 - e for e in expected] if w["inverted"] else expected)
                checked += 1
        self.assertGreater(checked, 20)

    def test_bad_files_end_soon_with_one_line_each(self):
        for row in self.files:
            if not row["file"].startswith("bad/"):
                continue
            for command in (["render", "--frame", "all"], ["thumb", "--overlays"]):
                with self.subTest(row["file"], command=command[0]):
                    result = self.run_wadokit(*command, "-o", self.out, self.path(row), "--json")
                    self.assert_exit(result, 0, 1, 6)
                    self.assertLess(result.seconds, 20 if peers.SANITIZED else 5)
                    failed = [one for one in result.lines("image") if one["status"] == "failed"]
                    said = [line for line in result.err.splitlines() if row["file"] in line]
                    for line in said:
                        self.assertEqual(line.count(row["file"]), 1, line)
                    self.assertEqual(bool(failed), result.exit != 0)


if __name__ == "__main__":
    peers.main()
