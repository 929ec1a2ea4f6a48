"""DICOM images made for tests, the PNG and npy files drawn of them, and what PS3.3 says of the values.

Standard library only. A file is written from a dict {tag: (VR, value)}: text, numbers (or a list of
them), bytes, or for SQ a list of such dicts; `fragments` gives encapsulated pixels.
"""
import math
import struct
import zlib

IMPLICIT, LITTLE, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
DEFLATED, RLE, DEFLATED_FRAME = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.8.1"
LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UC", "UN", "UR", "UT"}
CODES = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
WORDS = {"OW": 2, "OL": 4, "OF": 4, "OD": 8}
PIXELS = 0x7FE00010


def value_bytes(vr, value, order):
    if isinstance(value, (bytes, bytearray)):
        data, size = bytes(value), WORDS.get(vr, 1)
        if order == ">" and size > 1:
            data = b"".join(data[i:i + size][::-1] for i in range(0, len(data), size))
    elif vr in CODES:
        numbers = value if isinstance(value, (list, tuple)) else [value]
        data = b"".join(struct.pack(order + CODES[vr], n) for n in numbers)
    else:
        many = value if isinstance(value, (list, tuple)) else [value]
        data = "\\".join(str(v) for v in many).encode()
        data += (b"\0" if vr == "UI" else b" ") * (len(data) % 2)
    return data + b"\0" * (len(data) % 2)


def element(tag, vr, data, order, explicit, length=None):
    head = struct.pack(order + "HH", tag >> 16, tag & 0xFFFF)
    n = len(data) if length is None else length
    if not explicit:
        return head + struct.pack(order + "I", n) + data
    if vr in LONG:
        return head + vr.encode() + struct.pack(order + "HI", 0, n) + data
    return head + vr.encode() + struct.pack(order + "H", n) + data


def data_set(elements, order="<", explicit=True):
    out = b""
    for tag in sorted(elements):
        vr, value = elements[tag]
        if vr == "SQ":
            items = b""
            for one in value:
                body = data_set(one, order, explicit)
                items += struct.pack(order + "HHI", 0xFFFE, 0xE000, len(body)) + body
            out += element(tag, vr, items, order, explicit)
        else:
            out += element(tag, vr, value_bytes(vr, value, order), order, explicit)
    return out


def encapsulate(fragments, table=b""):
    out = b""
    for one in [table] + list(fragments):
        one += b"\0" * (len(one) % 2)
        out += struct.pack("<HHI", 0xFFFE, 0xE000, len(one)) + one
    return element(PIXELS, "OB", out, "<", True, 0xFFFFFFFF) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def write(path, elements, syntax=LITTLE, fragments=None, table=b"", tail=b""):
    meta = element(0x00020010, "UI", value_bytes("UI", syntax, "<"), "<", True)
    meta = element(0x00020000, "UL", struct.pack("<I", len(meta)), "<", True) + meta
    body = data_set(elements, ">" if syntax == BIG else "<", syntax != IMPLICIT)
    if fragments is not None:
        body += encapsulate(fragments, table)
    body += tail
    if syntax == DEFLATED:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        body = packer.compress(body) + packer.flush()
        body += b"\0" * (len(body) % 2)
    with open(path, "wb") as file:
        file.write(b"\0" * 128 + b"DICM" + meta + body)
    return path


def image(rows, cols, bits=16, stored=None, high=None, signed=0, photometric="MONOCHROME2", samples=1,
          frames=None, uid="1.2.3.4", **more):
    """The elements of an image without its pixels; `more` are elements as T00280010=("US", 1)."""
    stored = bits if stored is None else stored
    out = {0x00080016: ("UI", "1.2.840.10008.5.1.4.1.1.7"), 0x00080018: ("UI", uid),
           0x00080060: ("CS", "OT"), 0x0020000D: ("UI", "1.2.3"), 0x0020000E: ("UI", "1.2.3.1"),
           0x00280002: ("US", samples), 0x00280004: ("CS", photometric), 0x00280010: ("US", rows),
           0x00280011: ("US", cols), 0x00280100: ("US", bits), 0x00280101: ("US", stored),
           0x00280102: ("US", stored - 1 if high is None else high), 0x00280103: ("US", signed)}
    if frames is not None:
        out[0x00280008] = ("IS", frames)
    for name, value in more.items():
        out[int(name[1:], 16)] = value
    return out


def cells(values, bits, stored=None, high=None, junk=0):
    """Values as little-endian pixel cells; `junk` fills the bits that are not theirs."""
    stored = bits if stored is None else stored
    high = stored - 1 if high is None else high
    shift, mask = high + 1 - stored, (1 << stored) - 1
    other = junk & ~(mask << shift) & ((1 << bits) - 1)
    code = {8: "B", 16: "H", 32: "I"}[bits]
    data = b"".join(struct.pack("<" + code, (v & mask) << shift | other) for v in values)
    return data + b"\0" * (len(data) % 2)


def read_png(path):
    """(width, height, channels, depth, values, chunks): values row by row, samples interleaved."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", path
    at, chunks, packed = 8, {}, b""
    while at < len(data):
        n, kind = struct.unpack_from(">I4s", data, at)
        chunks[kind.decode()] = data[at + 8:at + 8 + n]
        if kind == b"IDAT":
            packed += data[at + 8:at + 8 + n]
        at += 12 + n
    width, height, depth, kind = struct.unpack_from(">IIBB", chunks["IHDR"])
    channels = {0: 1, 2: 3}[kind]
    unit = channels * depth // 8
    stride, raw, rows = width * unit, zlib.decompress(packed), []
    before = bytearray(stride)
    for y in range(height):
        method, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            a = row[x - unit] if x >= unit else 0
            b, c = before[x], before[x - unit] if x >= unit else 0
            if method == 1:
                row[x] = row[x] + a & 255
            elif method == 2:
                row[x] = row[x] + b & 255
            elif method == 3:
                row[x] = row[x] + (a + b) // 2 & 255
            elif method == 4:
                near = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))
                row[x] = row[x] + near[2] & 255
        rows.append(row)
        before = row
    flat = b"".join(bytes(row) for row in rows)
    values = list(flat) if depth == 8 else list(struct.unpack(">%dH" % (len(flat) // 2), flat))
    return width, height, channels, depth, values, chunks


def read_npy(path):
    """(shape, values)."""
    with open(path, "rb") as file:
        data = file.read()
    n = struct.unpack_from("<H", data, 8)[0]
    head = eval(data[10:10 + n].decode(), {"__builtins__": {}})  # pylint: disable=eval-used
    code = {"|u1": "B", "|i1": "b", "<u2": "H", "<i2": "h", "<u4": "I", "<i4": "i", "<f4": "f",
            "<f8": "d"}[head["descr"]]
    count = math.prod(head["shape"])
    return head["shape"], list(struct.unpack("<%d%s" % (count, code), data[10 + n:]))


def window(x, center, width, function="LINEAR", top=255):
    """PS3.3 C.11.2.1.2 and C.11.2.1.3 in double precision, not rounded."""
    if function == "SIGMOID":
        return top / (1 + math.exp(-4 * (x - center) / width))
    if function == "LINEAR":
        low, span, at = center - 0.5 - (width - 1) / 2, width - 1, center - 0.5
    else:
        low, span, at = center - width / 2, width, center
    if x <= low:
        return 0.0
    if x > low + span:
        return float(top)
    return ((x - at) / span + 0.5) * top


def ybr_to_rgb(y, cb, cr):
    rgb = (y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128))
    return [min(255, max(0, math.floor(v + 0.5))) for v in rgb]


def rle_segment(data):
    """Literal runs only."""
    out = b"".join(bytes([len(data[i:i + 128]) - 1]) + data[i:i + 128] for i in range(0, len(data), 128))
    return out + b"\0" * (len(out) % 2)


def rle_frame(planes):
    """Planes of bytes, most significant byte of each sample first (PS3.5 annex G)."""
    segments, at, offsets = [rle_segment(p) for p in planes], 64, []
    for one in segments:
        offsets.append(at)
        at += len(one)
    head = struct.pack("<16I", *([len(segments)] + offsets + [0] * (15 - len(segments))))
    return head + b"".join(segments)
