#!/usr/bin/env python3
"""Pictures drawn without their frame in memory, and by many workers: the same as any other way."""
import os

import peers
import pictures as pic
import test_pictures


class Bands(test_pictures.Case):
    """Large raw frames are read in bands, and regions by their rows. Big-endian files are not: the same picture."""

    ROWS, COLS = 700, 800

    def both(self, elements, vr, data, *options):
        """The picture of a little-endian file, which is that of a big-endian one, and its report."""
        elements[pic.PIXELS] = (vr, data)
        pictures = []
        for syntax in (pic.LITTLE, pic.BIG):
            path = self.file(elements, syntax=syntax)
            out, report = self.render(path, ".png", *options)
            with open(out, "rb") as file:
                pictures.append((file.read(), report["window"], report.get("warnings")))
        self.assertEqual(pictures[0], pictures[1])
        return report

    def grey(self, stored, signed, junk=0):
        values = [((x * 7 + y * 13) % 3001 - 1000 * signed) & 0xFFFF for y in range(self.ROWS) for x in range(self.COLS)]
        return pic.cells(values, 16, stored, junk=junk)

    def test_grey_made_smaller(self):
        for stored, signed, junk in ((16, 0, 0), (16, 1, 0), (12, 0, 0), (12, 0, 0xA000), (13, 1, 0x4000)):
            data = self.grey(stored, signed, junk)
            for more, size in ((dict(T00281050=("DS", "700"), T00281051=("DS", "900")), "400"),
                               (dict(T00281050=("DS", "40"), T00281051=("DS", "400"), T00281052=("DS", "-1024"),
                                     T00281053=("DS", "2")), "300"),
                               (dict(T00281050=("DS", "700.5"), T00281051=("DS", "900"), T00281056=("CS", "SIGMOID")), "77"),
                               (dict(T00281050=("DS", "60000"), T00281051=("DS", "10")), "256"),
                               (dict(T00281050=("DS", "700"), T00281051=("DS", "900"), T00280120=("US", 5)), "256"),
                               (dict(T00280034=("IS", "1\\2"), T00281050=("DS", "9"), T00281051=("DS", "900")), "256"),
                               ({}, "256")):
                elements = pic.image(self.ROWS, self.COLS, 16, stored, signed=signed, **more)
                self.both(elements, "OW", data, "--size", size)

    def test_bytes_and_inverted_grey_made_smaller(self):
        rows, cols = 1100, 1000
        data = bytes((x * 3 + y) % 251 for y in range(rows) for x in range(cols))
        more = dict(T00281050=("DS", "100"), T00281051=("DS", "150"))
        elements = pic.image(rows, cols, 8, photometric="MONOCHROME1", **more)
        self.assertTrue(self.both(elements, "OB", data, "--size", "500")["window"]["inverted"])
        self.both(elements, "OB", data, "--size", "123", "--window", "50,60")
        self.both(elements, "OB", data, "--size", "123", "--window", "5000,10")

    def test_colour_made_smaller(self):
        rows, cols = 600, 620
        data = bytes((x * 3 + y * 5 + c * 50) % 256 for y in range(rows) for x in range(cols) for c in range(3))
        elements = pic.image(rows, cols, 8, samples=3, photometric="RGB", T00280006=("US", 0))
        self.both(elements, "OB", data, "--size", "256")
        self.both(elements, "OB", data, "--size", "310")

    def test_the_middle_frame_is_read_in_bands_too(self):
        data = self.grey(12, 0)
        elements = pic.image(self.ROWS, self.COLS, 16, 12, frames=3, T00281050=("DS", "700"), T00281051=("DS", "900"))
        elements[pic.PIXELS] = ("OW", b"\1\0" * (len(data) // 2) + data + b"\2\0" * (len(data) // 2))
        out, _ = self.render(self.file(elements), ".png", "--size", "200", "--frame", "middle")
        one = pic.image(self.ROWS, self.COLS, 16, 12, T00281050=("DS", "700"), T00281051=("DS", "900"))
        one[pic.PIXELS] = ("OW", data)
        same, _ = self.render(self.file(one), ".png", "--size", "200")
        with open(out, "rb") as a, open(same, "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_regions(self):
        for stored, junk in ((16, 0), (12, 0xA000)):
            data = self.grey(stored, 0, junk)
            for more in (dict(T00281050=("DS", "700"), T00281051=("DS", "900")), {},
                         dict(T00281050=("DS", "60000"), T00281051=("DS", "10"))):
                elements = pic.image(self.ROWS, self.COLS, 16, stored, **more)
                self.both(elements, "OW", data, "--region", "10,20,300,200")
                self.both(elements, "OW", data, "--region", "0,699,800,1", "--size", "100")
                self.both(elements, "OW", data, "--region", "799,0,1,700", "--window", "minmax")
                self.both(elements, "OW", data, "--region", "9,9,100,1", "--window", "60000,10")
        flat = pic.image(8, 8, 16, T00281050=("DS", "100"), T00281051=("DS", "10"))
        values = [5] * 32 + list(range(32))
        self.both(flat, "OW", pic.cells(values, 16), "--region", "0,0,8,4")
        self.both(flat, "OW", pic.cells(values, 16), "--region", "0,0,8,5")

    def test_a_frame_that_is_cut_short_is_named(self):
        elements = pic.image(self.ROWS, self.COLS, 16, T00281050=("DS", "700"), T00281051=("DS", "900"))
        elements[pic.PIXELS] = ("OW", self.grey(16, 0)[:-2])
        for options in (("--size", "100"), ("--region", "0,690,10,10")):
            result = self.run_wadokit("render", "-o", self.out, self.file(elements), *options)
            self.assert_exit(result, 6)
            self.assertIn("cut short", result.err)


class Jobs(peers.Case):
    """What is drawn does not depend on how many draw."""

    def drawn(self, jobs, *words):
        out = os.path.join(self.out, "%s-%s-%s" % (words[0], words[2], jobs))
        result = self.run_wadokit("-j", jobs, *words, "-o", out, os.path.join(self.home, "made"))
        self.assert_exit(result, 0)
        files = {}
        for at, _, names in os.walk(out):
            for name in names:
                path = os.path.join(at, name)
                with open(path, "rb") as file:
                    files[os.path.relpath(path, out)] = file.read()
        return files

    def test_one_worker_or_many_make_the_same_pictures(self):
        peers.make_phantom(os.path.join(self.home, "made"), "-n", "64", "ct:40", "mr:9", "ect:5")
        peers.make_phantom(os.path.join(self.home, "made", "large"), "-n", "900x700", "us:2", "dx:3")
        for words in (("thumb", "--per", "instance"), ("render", "--format", "png"), ("render", "--format", "jpeg")):
            one = self.drawn("1", *words)
            self.assertEqual(len(one), 54)
            for jobs in ("2", "5"):
                self.assertEqual(self.drawn(jobs, *words), one)


if __name__ == "__main__":
    peers.main()
