#!/usr/bin/env python3
"""Makes the seeds of fuzz_file and of the targets of decoders anew, from nothing but arithmetic and the tools that
scripts/setup installs. Inputs of bugs stand beside them and are left alone.

  tests/fuzz/make_corpus.py [FOLDER]     default: tests/fuzz/corpus
"""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
import pictures as pic  # noqa: E402

ROWS, COLS = 24, 32
JPEG, JPEG12, JPEGLL, JPEGLS = ("1.2.840.10008.1.2.4." + n for n in ("50", "51", "70", "80"))
J2K, HTJ2K, JXL, MPEG = ("1.2.840.10008.1.2.4." + n for n in ("90", "201", "110", "102"))


def values(bits, samples, rows=ROWS, cols=COLS):
    """Slopes with some noise, interleaved."""
    top = (1 << bits) - 1
    return [(x * 7 * top // 256 + y * 5 * top // 256 + c * top // 4 + (x * y * 2654435761 >> 7) % 8) & top
            for y in range(rows) for x in range(cols) for c in range(samples)]


class Maker:
    def __init__(self, folder, home):
        self.folder, self.home = folder, home

    def path(self, name):
        return os.path.join(self.home, name)

    def save(self, target, name, data):
        os.makedirs(os.path.join(self.folder, target), exist_ok=True)
        with open(os.path.join(self.folder, target, name), "wb") as file:
            file.write(data)

    def tool(self, *command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit("make_corpus: %s: %s" % (" ".join(command), done.stderr or done.stdout))

    def pnm(self, bits, samples):
        path = self.path("x." + ("ppm" if samples == 3 else "pgm"))
        cells = b"".join(v.to_bytes(1 if bits == 8 else 2, "big") for v in values(bits, samples))
        with open(path, "wb") as file:
            file.write(b"P%d\n%d %d\n%d\n" % (6 if samples == 3 else 5, COLS, ROWS, (1 << bits) - 1) + cells)
        return path

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def j2k(self, bits, samples, *options):
        levels = () if "-n" in options else ("-n", "3")
        self.tool("opj_compress", "-i", self.pnm(bits, samples), "-o", self.path("x.j2k"), *levels, *options)
        return self.read("x.j2k")

    def htj2k(self, bits, samples, *options):
        self.tool("ojph_compress", "-i", self.pnm(bits, samples), "-o", self.path("x.j2c"), *options)
        return self.read("x.j2c")

    def jxl(self, bits, samples, *options):
        self.tool("cjxl", self.pnm(bits, samples), self.path("x.jxl"), "--quiet", *options)
        return self.read("x.jxl")

    def by_dcmtk(self, tool, bits, samples, *options):
        """A stream made by one of DCMTK's encoders."""
        elements = self.elements(bits, samples)
        elements[pic.PIXELS] = ("OW" if bits > 8 else "OB", pic.cells(values(bits, samples), 8 if bits == 8 else 16))
        pic.write(self.path("in.dcm"), elements)
        self.tool(tool, *options, self.path("in.dcm"), self.path("out.dcm"))
        data = self.read("out.dcm")
        at = data.index(struct.pack("<HH", 0x7FE0, 0x0010) + b"OB") + 12
        out = []
        while data[at:at + 4] == struct.pack("<HH", 0xFFFE, 0xE000):
            n = struct.unpack_from("<I", data, at + 4)[0]
            out.append(data[at + 8:at + 8 + n])
            at += 8 + n
        return out[1]

    @staticmethod
    def elements(bits, samples, **more):
        return pic.image(ROWS, COLS, 8 if bits == 8 else 16, stored=bits, samples=samples,
                         photometric="RGB" if samples == 3 else "MONOCHROME2",
                         **({"T00280006": ("US", 0)} if samples == 3 else {}), **more)

    # ---- streams ----

    def streams(self):
        """{target: [(name, syntax, bits, samples, stream)]}"""
        return {
            "openjpeg": [("grey", J2K, 12, 1, self.j2k(12, 1)), ("colour", J2K, 8, 3, self.j2k(8, 3)),
                         ("lossy", J2K, 8, 1, self.j2k(8, 1, "-I", "-r", "8")),
                         ("tiles", J2K, 8, 1, self.j2k(8, 1, "-t", "16,16", "-n", "2", "-TP", "R")),
                         ("layers", J2K, 12, 1, self.j2k(12, 1, "-r", "8,4,1", "-p", "RPCL", "-c", "[32,32]",
                                                         "-b", "16,16", "-n", "3")),
                         ("markers", J2K, 8, 1, self.j2k(8, 1, "-SOP", "-EPH", "-M", "63"))],
            "openjph": [("grey", HTJ2K, 12, 1, self.htj2k(12, 1, "-reversible", "true")),
                        ("colour", HTJ2K, 8, 3, self.htj2k(8, 3, "-reversible", "true", "-colour_trans", "true")),
                        ("lossy", HTJ2K, 8, 1, self.htj2k(8, 1, "-qstep", "0.05")),
                        ("tiles", HTJ2K, 8, 1, self.htj2k(8, 1, "-reversible", "true", "-tile_size", "{16,16}",
                                                          "-num_decomps", "2", "-prog_order", "RPCL"))],
            "charls": [("grey", JPEGLS, 12, 1, self.by_dcmtk("dcmcjpls", 12, 1)),
                       ("near", JPEGLS, 8, 1, self.by_dcmtk("dcmcjpls", 8, 1, "+en", "+md", "2")),
                       ("line", JPEGLS, 8, 3, self.by_dcmtk("dcmcjpls", 8, 3, "--interleave-line")),
                       ("sample", JPEGLS, 8, 3, self.by_dcmtk("dcmcjpls", 8, 3, "--interleave-sample"))],
            "jxl": [("grey", JXL, 8, 1, self.jxl(8, 1, "-d", "0")), ("colour", JXL, 8, 3, self.jxl(8, 3, "-d", "0")),
                    ("lossy", JXL, 8, 3, self.jxl(8, 3, "-d", "2")), ("deep", JXL, 16, 1, self.jxl(16, 1, "-d", "0")),
                    ("progressive", JXL, 8, 3, self.jxl(8, 3, "-d", "1", "-p"))],
            "jpeg": [("baseline", JPEG, 8, 1, self.by_dcmtk("dcmcjpeg", 8, 1, "+eb")),
                     ("colour", JPEG, 8, 3, self.by_dcmtk("dcmcjpeg", 8, 3, "+eb", "+cy", "+s2")),
                     ("progressive", JPEG, 8, 1, self.by_dcmtk("dcmcjpeg", 8, 1, "+ep"))],
            "ijg": [("extended12", JPEG12, 12, 1, self.by_dcmtk("dcmcjpeg", 12, 1, "+ee")),
                    ("lossless16", JPEGLL, 16, 1, self.by_dcmtk("dcmcjpeg", 16, 1, "+e1")),
                    ("lossless-sv6", JPEGLL, 12, 1, self.by_dcmtk("dcmcjpeg", 12, 1, "+el", "+sv", "6")),
                    ("lossless-colour", JPEGLL, 8, 3, self.by_dcmtk("dcmcjpeg", 8, 3, "+e1"))],
        }

    @staticmethod
    def decode_head(index, bits, samples):
        """The eight bytes that fuzz_decode.c reads before a stream."""
        allocated = 1 if bits == 8 else 2
        return bytes([index, ROWS - 1, COLS - 1, (1 if samples == 3 else 0) | (3 if samples == 3 else 1) * 2, allocated,
                      bits - 1, 0, 0])

    def photos(self):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        def png(kind, depth, per_row, rows, *extra, interlace=0):
            lines = b"".join(b"\1" + bytes((x * 3 + y) & 255 for x in range(per_row)) for y in range(rows))
            return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 12, depth, kind, 0, 0, interlace)) +
                    b"".join(extra) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))

        self.save("photo", "rgb16.png", png(2, 16, 96, 12, chunk(b"gAMA", struct.pack(">I", 45455))))
        self.save("photo", "palette4.png", png(3, 4, 8, 12, chunk(b"PLTE", bytes(range(48))),
                                              chunk(b"tRNS", bytes(range(16)))))
        self.save("photo", "grey-alpha.png", png(4, 8, 32, 12, chunk(b"tEXt", b"Comment\0x"),
                                                chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))))
        self.save("photo", "interlaced1.png", png(0, 1, 2, 22, interlace=1))
        # Two pictures, the second one smaller, interlaced, over the first; codes of 9 bits that never repeat.
        bits = "".join(format(code, "09b")[::-1] for code in [256] + [i & 255 for i in range(60)] + [257])
        packed = bytes(int(bits[i:i + 8][::-1], 2) for i in range(0, len(bits), 8))
        block = b"\x08" + bytes([len(packed)]) + packed + b"\0"
        self.save("photo", "two.gif", b"GIF89a" + struct.pack("<HHBBB", 10, 6, 0xF7, 0, 0) +
                  bytes(i & 255 for i in range(768)) + b"\x21\xF9\x04\x05\0\0\3\0" + b"\x2C" +
                  struct.pack("<HHHHB", 0, 0, 10, 6, 0) + block + b"\x21\xFE\x02hi\0" + b"\x2C" +
                  struct.pack("<HHHHB", 2, 1, 6, 4, 0x40) + block + b";")
        _, _, _, _, stream = self.made["jpeg"][1]
        exif = (b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0))
        self.save("photo", "exif.jpg", stream[:2] + b"\xFF\xE1" + struct.pack(">H", len(exif) + 2) + exif + stream[2:])

    # ---- files ----

    def file(self, name, elements, wishes=(), **keywords):
        """`wishes`: the bytes of fuzz_file.h."""
        path = pic.write(self.path("x.dcm"), elements, **keywords)
        with open(path, "rb") as file:
            data = bytearray(file.read())
        data[:len(wishes)] = bytes(wishes)
        self.save("file", name, data)

    def native(self, name, bits, samples, wishes=(), syntax=pic.LITTLE, times=1, **more):
        elements = self.elements(bits, samples, **more)
        elements[pic.PIXELS] = ("OW" if bits > 8 else "OB", pic.cells(values(bits, samples), 8 if bits == 8 else 16) * times)
        self.file(name, elements, wishes, syntax=syntax)

    def files(self):
        window = {"T00281050": ("DS", [40, 300]), "T00281051": ("DS", [400, 1500]), "T00281055": ("LO", ["SOFT", "BONE"]),
                  "T00281052": ("DS", -1024), "T00281053": ("DS", 1), "T00280030": ("DS", ["0.5", "0.7"])}
        self.native("native-window", 12, 1, (0, 0, 0, 0, 0x20), **window)
        self.native("native-implicit", 12, 1, (5, 1, 1, 0x51, 0), syntax=pic.IMPLICIT, **window)
        self.native("native-big-endian", 12, 1, (2, 2, 5, 0, 8), syntax=pic.BIG, T00280120=("US", 0))
        self.native("native-deflated", 8, 3, (1, 0, 0, 0, 0x80), syntax=pic.DEFLATED)
        self.native("native-frames", 8, 1, (0, 0, 0, 0, 1), times=3, T00280008=("IS", 3))
        self.native("native-npy", 16, 1, (3, 0, 0, 0, 0x84), T00281052=("DS", 2), T00281053=("DS", "0.5"))
        self.native("native-dcmtk", 12, 1, (0, 8, 0, 0, 8), T00282000=("OB", bytes(128)), **window)
        self.native("luts", 8, 1, (0, 0, 0, 0, 0), T00283000=("SQ", [{
            0x00283002: ("US", [256, 0, 16]), 0x00283004: ("LO", "HU"), 0x00283006: ("US", list(range(256)))}]),
            T00283010=("SQ", [{0x00283002: ("US", [256, 0, 8]), 0x00283006: ("US", list(range(255, -1, -1)))}]))
        overlay = {"T60000010": ("US", ROWS), "T60000011": ("US", COLS), "T60000040": ("CS", "G"),
                   "T60000050": ("SS", [1, 1]), "T60000100": ("US", 1), "T60000102": ("US", 0),
                   "T60003000": ("OW", bytes(range(ROWS * COLS // 8)))}
        self.native("overlay", 12, 1, (0, 8, 0, 0, 0), **overlay)
        self.native("overlay-embedded", 12, 1, (0, 9, 2, 0x41, 0), T60020010=("US", ROWS), T60020011=("US", COLS),
                    T60020050=("SS", [1, 1]), T60020100=("US", 16), T60020102=("US", 12))
        palette = {"T002811%02d" % n: ("US", [16, 0, 16]) for n in (1, 2, 3)}
        palette.update({"T002812%02d" % n: ("OW", bytes(range(32))) for n in (1, 2, 3)})
        elements = pic.image(ROWS, COLS, 8, photometric="PALETTE COLOR", **palette)
        elements[pic.PIXELS] = ("OW", bytes(v & 15 for v in values(8, 1)))
        self.file("palette", elements, (0, 16))
        bits = pic.image(10, 15, 1, frames=3)
        bits[pic.PIXELS] = ("OB", bytes(range(58)))
        self.file("bits", bits, (1, 0, 0, 0, 2))
        floats = pic.image(4, 6, 32)
        floats[0x7FE00008] = ("OF", struct.pack("<24f", *range(24)))
        self.file("floats", floats, (1, 0, 0, 0, 0x84))
        ybr = pic.image(6, 10, 8, samples=3, photometric="YBR_FULL_422", T00280006=("US", 0))
        ybr[pic.PIXELS] = ("OB", bytes(range(120)))
        self.file("ybr422", ybr, (0, 1))
        self.file("no-pixels", {0x00080016: ("UI", "1.2.840.10008.5.1.4.1.1.88.33"), 0x00080018: ("UI", "1.2.3.4"),
                                0x00080005: ("CS", ["", "ISO 2022 IR 87"]), 0x00100010: ("PN", "Yamada^Tarou=\x1b$B;3ED\x1b(B"),
                                0x0020000D: ("UI", "1.2.3"), 0x0020000E: ("UI", "1.2.3.1"),
                                0x00420011: ("OB", bytes(1100))}, (0, 32, 0, 0, 8))
        self.enhanced()
        self.slide()
        rle = self.elements(8, 1)
        row = b"\x1f" + bytes(values(8, 1)[:COLS]) + b"\xe1\7"
        segment = b"".join(row for _ in range(ROWS // 2))
        self.file("rle", rle, (0, 0, 0, 0, 0), syntax=pic.RLE,
                  fragments=[struct.pack("<16I", 1, 64, *([0] * 14)) + segment])
        self.file("deflated-frame", self.elements(8, 1), (0, 0, 0, 0, 0), syntax=pic.DEFLATED_FRAME,
                  fragments=[zlib.compress(bytes(values(8, 1)))[2:-4]])
        self.file("video", self.elements(8, 3), (0, 32), syntax=MPEG, fragments=[b"\0\0\0\x18ftypmp42"])
        for target, made in self.made.items():
            for i, (name, syntax, depth, samples, stream) in enumerate(made):
                half = len(stream) // 4 * 2
                parts = [stream[:half], stream[half:]] if i == 1 else [stream]
                part = 0x41 if name == "tiles" else 0
                self.file("%s-%s" % (target, name), self.elements(depth, samples), (2 * (i % 2), 1 + 64 * (i % 2), i, part,
                                                                                   0x10 * (i % 3)),
                          syntax=syntax, fragments=parts)

    def enhanced(self):
        groups = [{0x00289132: ("SQ", [{0x00281050: ("DS", 10 * i), 0x00281051: ("DS", 100)}]),
                   0x00289145: ("SQ", [{0x00281052: ("DS", i), 0x00281053: ("DS", 2)}])} for i in range(3)]
        self.native("enhanced", 12, 1, (0, 0, 0, 0, 2), times=3, T00280008=("IS", 3), T52009230=("SQ", groups),
                    T52009229=("SQ", [{0x00289110: ("SQ", [{0x00280030: ("DS", ["1", "1"])}])}]))

    def slide(self):
        places = [{0x0048021A: ("SQ", [{0x0048021E: ("SL", 1 + 24 * (i // 2)), 0x0048021F: ("SL", 1 + 32 * (i % 2))}])}
                  for i in range(3)]
        common = {"T00280008": ("IS", 3), "T00480006": ("UL", 60), "T00480007": ("UL", 40)}
        self.native("slide-full", 8, 3, (0, 128), times=3, T00209311=("CS", "TILED_FULL"), **common)
        self.native("slide-sparse", 8, 1, (0, 128), times=3, T00209311=("CS", "TILED_SPARSE"),
                    T52009230=("SQ", places), **common)

    def make(self):
        self.made = self.streams()
        index = {J2K: 7, HTJ2K: 8, JPEGLS: 6, JPEG: 3, JPEG12: 4, JPEGLL: 5, JXL: 9}
        for target, made in self.made.items():
            for name, syntax, depth, samples, stream in made:
                self.save(target, name, self.decode_head(index[syntax], depth, samples) + stream)
        self.photos()
        self.files()


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "corpus")
    for tool in ("opj_compress", "ojph_compress", "cjxl", "dcmcjpeg", "dcmcjpls"):
        if not shutil.which(tool):
            sys.exit("make_corpus: %s is not installed (scripts/setup)" % tool)
    with tempfile.TemporaryDirectory() as home:
        Maker(folder, home).make()


if __name__ == "__main__":
    main()
