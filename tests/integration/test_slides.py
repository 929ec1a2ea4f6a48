#!/usr/bin/env python3
"""Whole slide images, tile by tile known."""
import os
import struct

import peers
import pictures as pic
from test_pictures import Case


class Slides(Case):
    """Thumbnails of whole slide images: made of tiles, of the level that suits."""

    SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"

    def slide(self, name, kind, rows, cols, tile=8, sparse=False, shade=0, frames=None):
        """A level whose pixel at (y, x) is (x, y, shade)."""
        places = [(y, x) for y in range(0, rows, tile) for x in range(0, cols, tile)]
        tiles = [bytes(v for dy in range(tile) for dx in range(tile) for v in ((x + dx) & 255, (y + dy) & 255, shade))
                 for y, x in places]
        if sparse:
            order = list(range(len(places)))
            self.random.shuffle(order)
            places, tiles = [places[i] for i in order], [tiles[i] for i in order]
        elements = pic.image(tile, tile, 8, samples=3, photometric="RGB", frames=len(tiles) if frames is None else frames,
                             uid="1.2.3.%d" % (100 + shade), T00080008=("CS", "ORIGINAL\\PRIMARY\\%s\\NONE" % kind),
                             T00080016=("UI", self.SLIDE), T00280006=("US", 0), T00480006=("UL", cols),
                             T00480007=("UL", rows))
        if sparse:
            elements[0x52009230] = ("SQ", [{0x0048021A: ("SQ", [{0x0048021E: ("SL", x + 1), 0x0048021F: ("SL", y + 1)}])}
                                           for y, x in places])
        else:
            elements[0x00209311] = ("CS", "TILED_FULL")
        elements[pic.PIXELS] = ("OB", b"".join(tiles))
        return pic.write(os.path.join(self.home, "slide", name), elements)

    def thumb(self, target, *options, code=0):
        result = self.run_wadokit("thumb", "-f", "png", "-o", self.out, target, "--json", *options)
        self.assert_exit(result, code)
        return result.lines("image")

    def setUp(self):
        super().setUp()
        os.makedirs(os.path.join(self.home, "slide"))

    def test_tiles_are_put_together_by_order_or_place(self):
        for sparse in (False, True):
            path = self.slide("a.dcm", "VOLUME", 20, 30, sparse=sparse)
            one = self.thumb(path)[0]
            self.assertEqual((one["width"], one["height"], one["tiles"]), (30, 20, 12))
            self.assertEqual(pic.read_png(one["path"])[4], [v for y in range(20) for x in range(30) for v in (x, y, 0)])
            part = self.thumb(path, "--region", "5,6,10,4")[0]
            self.assertEqual(pic.read_png(part["path"])[4],
                             [v for y in range(6, 10) for x in range(5, 15) for v in (x, y, 0)])

    def test_the_level_that_suits_is_chosen(self):
        folder = os.path.join(self.home, "slide")
        for kind, rows, shade in (("VOLUME", 64, 1), ("VOLUME", 32, 2), ("LABEL", 8, 3), ("VOLUME", 128, 4)):
            self.slide("%d.dcm" % shade, kind, rows, rows, shade=shade)
        self.assertEqual([one["sop"] for one in self.thumb(folder)], ["1.2.3.102"])
        self.slide("5.dcm", "OVERVIEW", 48, 48, shade=5)
        self.assertEqual([one["sop"] for one in self.thumb(folder)], ["1.2.3.105"])
        self.slide("6.dcm", "THUMBNAIL", 40, 40, shade=6)
        self.assertEqual([one["sop"] for one in self.thumb(folder)], ["1.2.3.106"])

    def test_a_level_that_is_too_large_gives_one_tile_and_says_so(self):
        path = self.slide("a.dcm", "VOLUME", 16, 16)
        with open(path, "r+b") as file:
            data = file.read().replace(struct.pack("<HHccHI", 0x48, 6, b"U", b"L", 4, 16),
                                       struct.pack("<HHccHI", 0x48, 6, b"U", b"L", 4, 900000000))
            file.seek(0)
            file.write(data)
        one = self.thumb(path)[0]
        self.assertEqual((one["width"], one["height"]), (8, 8))
        self.assertIn("too many", " ".join(one["warnings"]))

    def test_missing_tiles_are_white_and_said(self):
        path = self.slide("a.dcm", "VOLUME", 16, 16)
        with open(path, "r+b") as file:
            data = file.read()
            file.truncate(len(data) - 100)
        one = self.thumb(path)[0]
        values = pic.read_png(one["path"])[4]
        self.assertEqual((one["tiles"], values[-3:], values[:3]), (3, [255] * 3, [0, 0, 0]))
        self.assertIn("1 of 4 tiles", " ".join(one["warnings"]))


if __name__ == "__main__":
    peers.main()
