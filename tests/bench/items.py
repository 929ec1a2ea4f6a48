"""The inputs of tests/bench/render: made-up files, and the same pixels compressed."""
import glob
import os
import shutil
import struct
import subprocess

def make_all(args, phantom):
    """Returns {item: (files, tasks)}."""
    n, big = (500, 6) if args.full else (100, 2)

    def kind(name, count, size=None):
        out = os.path.join(args.dir, "in", "%s-%d" % (name, count))
        os.makedirs(os.path.dirname(out), exist_ok=True)
        subprocess.run([phantom, "-o", out] + (["-n", size] if size else [])
                       + ["%s:%d" % (name, count)], check=True)
        return sorted(glob.glob(os.path.join(out, name, "*.dcm")))

    def convert(name, files, command):
        if not shutil.which(command[0]):
            return []
        out = os.path.join(args.dir, name)
        os.makedirs(out, exist_ok=True)
        made = []
        for f in files:
            to = os.path.join(out, os.path.basename(f))
            done = subprocess.run(command + [f, to], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
            if done.returncode == 0:
                made.append(to)
        return made

    ct, dx, mg = kind("ct", n), kind("dx", big, "2500x3000"), kind("mg", 1)
    us, us60 = kind("us", 1, "1024x768"), kind("us", 60, "1024x768")
    ect = kind("ect", 200)
    some = ct[:20]
    return {
        "ct": (ct, ["thumb", "jpg", "png"]),
        "ct-jpll": (convert("ct-jpll", some, ["dcmcjpeg", "+e1"]), ["thumb"]),
        "ct-rle": (convert("ct-rle", some, ["dcmcrle"]), ["thumb"]),
        "us-jpeg": (convert("us-jpeg", us, ["dcmcjpeg", "+eb", "+q", "90"]), ["thumb", "jpg", "anew"]),
        "dx": (dx, ["thumb", "jpg", "png"]),
        "dx-jpll": (convert("dx-jpll", dx[:2], ["dcmcjpeg", "+e1"]), ["thumb"]),
        "us-60-frames": (us60, ["thumb"]),
        "ect-200-frames": (ect, ["thumb"]),
        "mg": (mg, ["thumb", "jpg", "png"]),
        "dx-j2k": (convert("dx-j2k", dx[:1], ["gdcmconv", "--j2k"]), ["thumb"]),
        "ct-j2k": (convert("ct-j2k", ct[:10], ["gdcmconv", "--j2k"]), ["thumb"]),
        "mg-j2k": (convert("mg-j2k", mg, ["gdcmconv", "--j2k"]), ["thumb"]),
        "dx-htj2k": (htj2k(args, "dx-htj2k", dx[:1]), ["thumb"]),
        "ct-htj2k": (htj2k(args, "ct-htj2k", ct[:10]), ["thumb"]),
        "mg-htj2k": (htj2k(args, "mg-htj2k", mg), ["thumb"]),
    }


# What bare_limit is told: columns, rows, bytes of a pixel, the window's lower end and span, frames.
BARE = {"ct": (512, 512, 2, 864, 399, 1), "dx": (2500, 3000, 2, 6000, -8799, 1), "mg": (3328, 4096, 2, 400, 2799, 1),
        "us-60-frames": (1024, 768, 3, 0, 255, 60), "ect-200-frames": (512, 512, 2, 864, 399, 200),
        "us-jpeg": (1024, 768, 0, 0, 255, 1)}


def frame_behind(item, file):
    """How many bytes before the end of the file its middle frame begins."""
    cols, rows, size, _, _, frames = BARE[item]
    if size:
        return cols * rows * size * (frames - frames // 2)
    with open(file, "rb") as f:
        data = f.read()
    return len(data) - data.index(b"\xff\xd8\xff")


def elements(data):
    """(tag, start, value start, length) of the top level of an explicit little-endian file."""
    at = 132
    while at + 8 <= len(data):
        group, number = struct.unpack_from("<HH", data, at)
        long = data[at + 4:at + 6] in (b"OB", b"OW", b"SQ", b"UN", b"UT", b"UC", b"UR")
        head, length = (12, struct.unpack_from("<I", data, at + 8)[0]) if long \
            else (8, struct.unpack_from("<H", data, at + 6)[0])
        if length == 0xFFFFFFFF:
            length = data.index(b"\xfe\xff\xdd\xe0", at) + 8 - at - head
        yield group << 16 | number, at, at + head, length
        at += head + length


def htj2k(args, name, files):
    """The same files with their pixels coded by ojph_compress."""
    if not shutil.which("ojph_compress"):
        return []
    out = os.path.join(args.dir, name)
    os.makedirs(out, exist_ok=True)
    made = []
    for f in files:
        data = open(f, "rb").read()
        at = {tag: (start, value, n) for tag, start, value, n in elements(data)}
        number = lambda tag: struct.unpack_from("<H", data, at[tag][1])[0]
        rows, cols, signed = number(0x00280010), number(0x00280011), number(0x00280103)
        start, value, n = at[0x7FE00010]
        pgm, j2c = os.path.join(out, "x.pgm"), os.path.join(out, "x.j2c")
        if signed:
            continue
        cells = bytearray(data[value:value + rows * cols * 2])
        cells[0::2], cells[1::2] = cells[1::2], cells[0::2]
        with open(pgm, "wb") as p:
            p.write(b"P5\n%d %d\n%d\n" % (cols, rows, (1 << number(0x00280101)) - 1) + cells)
        if subprocess.run(["ojph_compress", "-i", pgm, "-o", j2c, "-reversible", "true",
                           "-prog_order", "RPCL"], stdout=subprocess.DEVNULL).returncode != 0:
            continue
        stream = open(j2c, "rb").read()
        stream += b"\0" * (len(stream) % 2)
        head = bytearray(data[:start])
        uid = b"1.2.840.10008.1.2.4.202\0"
        ts = at[0x00020010]
        head[ts[0] + 6:ts[1] + ts[2]] = struct.pack("<H", len(uid)) + uid
        grown = len(uid) - ts[2]
        size = at[0x00020000][1]
        head[size:size + 4] = struct.pack("<I", struct.unpack_from("<I", head, size)[0] + grown)
        to = os.path.join(out, os.path.basename(f))
        with open(to, "wb") as o:
            o.write(head + b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\0\0\0\0\xfe\xff\0\xe0"
                    + struct.pack("<I", len(stream)) + stream + b"\xfe\xff\xdd\xe0\0\0\0\0")
        made.append(to)
    return made
