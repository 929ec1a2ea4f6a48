#!/usr/bin/env python3
"""Pictures of JPEG 2000 and HTJ2K that are decoded smaller, held against what they stand for: the full picture,
windowed, then averaged over each pixel's area."""
import array
import itertools
import os
import shutil
import subprocess
import unittest

import peers
import pictures as pic

SYNTAXES = {"j2k": "1.2.840.10008.1.2.4.90", "htj2k": "1.2.840.10008.1.2.4.202"}
ENCODERS = {"j2k": ["opj_compress", "-i", "IN", "-o", "OUT"],
            "htj2k": ["ojph_compress", "-i", "IN", "-o", "OUT", "-reversible", "true", "-prog_order", "RPCL"]}
SUFFIXES = {"j2k": ".j2k", "htj2k": ".j2c"}


def spans(shown, n):
    """The means of n equal parts of `shown`, parts of samples by their share."""
    sums = [0.0] + list(itertools.accumulate(shown))
    step = len(shown) / n

    def upto(at):
        whole = min(int(at), len(shown) - 1)
        return sums[whole] + (at - whole) * shown[whole]
    edges = [upto(i * step) for i in range(n + 1)]
    return [(b - a) / step for a, b in zip(edges, edges[1:])]


def area_mean(rows, width, height):
    """`rows` of shown values as width x height means."""
    columns = [spans(column, height) for column in zip(*(spans(row, width) for row in rows))]
    return [v for row in zip(*columns) for v in row]


class Original:
    """A made-up picture of 12 bits: its stored values, and what a window shows of them."""

    def __init__(self, folder, name, rows, cols, window, intercept, *options):
        peers.make_phantom(folder, *options, name + ":1")
        self.rows, self.cols, self.window, self.intercept = rows, cols, window, intercept
        with open(os.path.join(folder, name, "0001.dcm"), "rb") as file:
            self.stored = array.array("H", file.read()[-rows * cols * 2:])
        table = [pic.window(v + intercept, *window) for v in range(4096)]
        self.shown = [[table[v] for v in self.stored[y * cols:(y + 1) * cols]] for y in range(rows)]

    def code(self, folder, kind):
        plain, coded = os.path.join(folder, "x.pgm"), os.path.join(folder, "x" + SUFFIXES[kind])
        cells = array.array("H", self.stored)
        cells.byteswap()
        with open(plain, "wb") as file:
            file.write(b"P5\n%d %d\n4095\n" % (self.cols, self.rows) + cells.tobytes())
        command = [{"IN": plain, "OUT": coded}.get(word, word) for word in ENCODERS[kind]]
        subprocess.run(command, check=True, capture_output=True)
        with open(coded, "rb") as file:
            return file.read()

    def write(self, folder, kind, stream):
        elements = pic.image(self.rows, self.cols, 16, stored=12, T00281050=("DS", self.window[0]),
                             T00281051=("DS", self.window[1]), T00281052=("DS", self.intercept),
                             T00281053=("DS", 1))
        return pic.write(os.path.join(folder, kind + ".dcm"), elements, syntax=SYNTAXES[kind],
                         fragments=[stream])


class Reduced(peers.Case):
    @classmethod
    def setUpClass(cls):
        for program in ("opj_compress", "ojph_compress"):
            if not shutil.which(program):
                raise unittest.SkipTest(program + " is not installed")

    def ct(self):
        return Original(self.home, "ct", 1024, 1024, (40, 400), -1024, "-n", "1024")

    def draw(self, command, path, size, *options, code=0):
        out = os.path.join(self.home, "%s-%d.png" % (command, size))
        result = self.run_wadokit(command, "--json", "--size", str(size), "--format", "png", "-o", out, path,
                                  *options)
        self.assert_exit(result, code)
        return pic.read_png(out) if code == 0 else None, result.lines("image")[0]

    def assert_near(self, original, picture, bounds):
        """bounds: of the mean, the 99th percentile and the largest difference in levels of 255."""
        width, height, _, _, got, _ = picture
        wrong = sorted(abs(a - b) for a, b in zip(got, area_mean(original.shown, width, height)))
        error = sum(wrong) / len(wrong), wrong[len(wrong) * 99 // 100], wrong[-1]
        self.assertEqual(len(got), len(wrong))
        self.assertTrue(all(a <= b for a, b in zip(error, bounds)), error)

    def compare(self, original, bounds):
        for kind, decoder in (("j2k", "openjpeg"), ("htj2k", "openjph")):
            path = original.write(self.home, kind, original.code(self.home, kind))
            for command, size, limits in bounds:
                with self.subTest(kind=kind, size=size, command=command):
                    picture, report = self.draw(command, path, size)
                    self.assertEqual(report["decoder"], decoder)
                    self.assert_near(original, picture, limits)

    def test_a_small_mammogram_is_that_of_the_full_decode(self):
        # An eighth of its size is decoded. Were the grid not shifted by 0.5 - 0.5 / 2^n samples, the mean
        # would be 0.6, the largest difference 12.
        self.compare(Original(self.home, "mg", 4096, 3328, (1800, 2800), 0), [("thumb", 256, (0.2, 1, 3))])

    def test_small_pictures_with_sharp_edges_are_near_those_of_the_full_decode(self):
        self.compare(self.ct(), [("thumb", 600, (0.3, 0.51, 0.51)), ("thumb", 256, (0.5, 10, 45)),
                                 ("render", 200, (0.5, 10, 45)), ("thumb", 128, (1.2, 20, 62)),
                                 ("render", 50, (2, 24, 36))])

    def test_a_region_is_that_of_the_full_decode(self):
        original = self.ct()
        for kind in ("j2k", "htj2k"):
            path = original.write(self.home, kind, original.code(self.home, kind))
            whole = self.draw("render", path, 2000)[0]
            for x, y, width, height in ((0, 0, 1, 1), (333, 500, 211, 97), (1000, 1, 24, 1023)):
                with self.subTest(kind=kind, region=(x, y, width, height)):
                    part = self.draw("render", path, 2000, "--region", "%d,%d,%d,%d" % (x, y, width, height))[0]
                    rows = [whole[4][(y + i) * 1024 + x:(y + i) * 1024 + x + width] for i in range(height)]
                    self.assertEqual(part[:2], (width, height))
                    self.assertTrue(part[4] == [v for row in rows for v in row])

    def test_only_the_beginning_of_a_large_stream_is_needed(self):
        original = self.ct()
        stream = bytearray(original.code(self.home, "htj2k"))
        whole = self.draw("thumb", original.write(self.home, "htj2k", bytes(stream)), 64)[0]
        half = len(stream) // 2
        stream[half:-4] = b"\xff" * (len(stream) - 4 - half)
        damaged = original.write(self.home, "htj2k", bytes(stream))
        picture, report = self.draw("thumb", damaged, 64)
        self.assertEqual(report["decoder"], "openjph")
        self.assertTrue(picture[4] == whole[4])
        self.draw("render", damaged, 2000, code=6)


if __name__ == "__main__":
    peers.main()
