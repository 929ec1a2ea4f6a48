#!/usr/bin/env python3
"""`render` of code streams that only their decoder sees through: damage is never drawn as if it were whole, and
what a stream is stands in its first bytes, whatever the file says."""
import os
import shutil
import struct
import subprocess

import peers
import pictures as pic

ROWS, COLS = 64, 64
VALUES = [(y * 20 + x * 25) % 4096 for y in range(ROWS) for x in range(COLS)]
JPEG_EXTENDED, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57"


def lossless(values, rows, cols, bits=12, restart_rows=2):
    """A code stream of JPEG process 14, predictor 1, that starts anew every few rows; all codes are 5 bits long."""
    out = b"\xff\xd8\xff\xc3" + struct.pack(">HBHHB3B", 11, bits, rows, cols, 1, 1, 0x11, 0)
    out += b"\xff\xc4" + struct.pack(">HB16B", 19 + 17, 0, *([0] * 4 + [17] + [0] * 11)) + bytes(range(17))
    out += b"\xff\xdd" + struct.pack(">HH", 4, restart_rows * cols)
    out += b"\xff\xda" + struct.pack(">HB2B3B", 8, 1, 1, 0, 1, 0, 0)
    for first in range(0, rows, restart_rows):
        text = ""
        for y in range(first, min(first + restart_rows, rows)):
            for x in range(cols):
                at = y * cols + x
                guess = values[at - 1] if x else values[at - cols] if y > first else 1 << bits - 1
                d = values[at] - guess
                n = abs(d).bit_length()
                text += format(n, "05b") + (format(d if d > 0 else d + (1 << n) - 1, "0%db" % n) if n else "")
        text += "1" * (-len(text) % 8)
        coded = int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")
        out += (bytes([0xFF, 0xD0 + (first // restart_rows - 1) % 8]) if first else b"") + coded
    return out + b"\xff\xd9"


class Streams(peers.Case):
    """More than 8 bits, and lossless with restarts: what DCMTK decodes, which tells of damage by its log alone."""

    def setUp(self):
        super().setUp()
        os.makedirs(self.out)

    def draw(self, syntax, stream):
        path = pic.write(os.path.join(self.home, "1.dcm"), pic.image(ROWS, COLS, 16, 12), syntax=syntax,
                         fragments=[stream])
        self.picture = os.path.join(self.out, "1.npy")
        return self.run_wadokit("render", path, "-o", self.picture)

    def assert_damaged(self, result):
        self.assert_exit(result, 6)
        self.assertRegex(result.err, "the JPEG stream is (damaged|cut short)")
        self.assertFalse(os.path.exists(self.picture))

    def test_a_restart_that_is_missing(self):
        whole = lossless(VALUES, ROWS, COLS)
        self.assert_exit(self.draw(JPEG_LOSSLESS, whole), 0)
        self.assertEqual(pic.read_npy(self.picture), ((ROWS, COLS), VALUES))
        os.remove(self.picture)
        at = whole.index(b"\xff\xd1")
        self.assert_damaged(self.draw(JPEG_LOSSLESS, whole[:at] + whole[at + 2:]))
        self.assert_damaged(self.draw(JPEG_LOSSLESS, whole[:at - 5] + whole[at:]))

    def extended(self):
        program = shutil.which("dcmcjpeg")
        if not program:
            self.skipTest("dcmcjpeg is not installed")
        elements = pic.image(ROWS, COLS, 16, 12)
        elements[pic.PIXELS] = ("OW", pic.cells(VALUES, 16))
        path = pic.write(os.path.join(self.home, "plain.dcm"), elements)
        subprocess.run([program, "+ee", path, path + ".coded"], check=True, capture_output=True)
        with open(path + ".coded", "rb") as file:
            data = file.read()
        return data[data.index(b"\xff\xd8\xff"):data.rindex(b"\xff\xd9") + 2]

    def test_codes_that_mean_nothing(self):
        whole = self.extended()
        self.assert_exit(self.draw(JPEG_EXTENDED, whole), 0)
        os.remove(self.picture)
        middle = len(whole) // 2
        self.assert_damaged(self.draw(JPEG_EXTENDED, whole[:middle] + b"\xfe" * 60 + whole[middle + 60:]))
        self.assert_damaged(self.draw(JPEG_EXTENDED, whole[:middle]))

    def test_an_end_that_is_missing_is_said_and_no_more(self):
        whole = self.extended()
        self.assert_exit(self.draw(JPEG_EXTENDED, whole), 0)
        expected = pic.read_npy(self.picture)
        result = self.draw(JPEG_EXTENDED, whole[:-2])
        self.assert_exit(result, 0)
        self.assertIn("no end of image", result.err)
        self.assertEqual(pic.read_npy(self.picture), expected)

    def test_a_stream_of_another_kind_than_the_file_says(self):
        whole = lossless(VALUES, ROWS, COLS)
        for syntax in ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80", pic.RLE, pic.LITTLE):
            result = self.draw(syntax, whole)
            self.assert_exit(result, 0)
            self.assertIn("not what transfer syntax %s says" % syntax, result.err)
            self.assertEqual(pic.read_npy(self.picture)[1], VALUES)
            os.remove(self.picture)
        self.assert_exit(self.draw("1.2.840.10008.1.2.4.90", b"\0" * 500), 6)
        self.assert_exit(self.draw("1.2.3.4", whole), 6)

    def test_rle_frames_among_other_fragments(self):
        frames = [bytes((x * k) % 256 for x in range(64)) for k in (1, 3, 7)]
        coded = [pic.rle_frame([one]) for one in frames]
        for n, fragments in ((2, coded), (3, [coded[0], b"", coded[1][:66], coded[1][66:], coded[2]])):
            path = pic.write(os.path.join(self.home, "1.dcm"), pic.image(8, 8, 8, frames=n), syntax=pic.RLE,
                             fragments=fragments)
            picture = os.path.join(self.out, "1.npy")
            self.assert_exit(self.run_wadokit("render", path, "-o", picture, "--frame", "all"), 0)
            self.assertEqual(pic.read_npy(picture)[1], list(b"".join(frames[:n])))


if __name__ == "__main__":
    peers.main()
