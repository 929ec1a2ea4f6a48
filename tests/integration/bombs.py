"""DICOM files that cost much more than their size, made anew for each test: {name: bytes}."""
import struct

import pictures as pic

JPEG_BASELINE, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.57"
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = (struct.pack("<HH", 0xFFFE, e) for e in (0xE000, 0xE00D, 0xE0DD))
REFERENCED = 0x00081140
STREAMS = ("two-headers", "j2k", "htj2k", "jpeg")  # whose data sets are harmless


def part10(elements, tail=b"", syntax=pic.LITTLE, fragments=None, extra=None):
    """A file of `elements`; `extra` (bytes) is what stands at (0008,1140)."""
    explicit = syntax != pic.IMPLICIT
    body = pic.data_set({t: e for t, e in elements.items() if t < REFERENCED}, "<", explicit) + (extra or b"")
    body += pic.data_set({t: e for t, e in elements.items() if t > REFERENCED}, "<", explicit)
    if fragments is not None:
        body += pic.encapsulate(fragments)
    meta = pic.element(0x00020010, "UI", pic.value_bytes("UI", syntax, "<"), "<", True)
    meta = pic.element(0x00020000, "UL", struct.pack("<I", len(meta)), "<", True) + meta
    return b"\0" * 128 + b"DICM" + meta + body + tail


def grey(rows=4, cols=4, **more):
    """An image that is read by DCMTK: ordinary ones are not."""
    out = pic.image(rows, cols, 8, T00282000=("OB", bytes(2)), **more)
    out[pic.PIXELS] = ("OW", bytes(rows * cols))
    return out


def nested(depth, explicit=True, defined=True, vr="SQ"):
    """Sequences of one item each, `depth` deep."""
    out = b""
    for _ in range(depth):
        if defined:
            out = pic.element(REFERENCED, vr, ITEM + struct.pack("<I", len(out)) + out, "<", explicit)
        else:
            out = pic.element(REFERENCED, vr, ITEM + struct.pack("<I", UNDEFINED) + out + ITEM_END + bytes(4) +
                              SEQUENCE_END + bytes(4), "<", explicit, UNDEFINED)
            explicit = explicit and vr != "UN"
    return out


def falling(n):
    """Elements of private groups, each of which belongs before all others."""
    return b"".join(pic.element(0x00090000 + (n - i) // 0x8000 * 0x20000 + 0x1000 + (n - i) % 0x8000, "SH", b"", "<", True)
                    for i in range(n))


def jpeg(marker, rows, cols, precision=8, prefix=b"", rest=b""):
    """A stream that says rows x cols, and holds next to nothing."""
    frame = b"\xff" + bytes([marker]) + struct.pack(">HBHHB3B", 11, precision, rows, cols, 1, 1, 0x11, 0)
    return b"\xff\xd8" + prefix + frame + rest


def two_headers(marker, real, told, precision):
    """TEM has no length. Who reads one jumps over the first frame header to a second one."""
    inner = jpeg(marker, real, real, precision)[2:]
    pad = b"\xff\xe1" + struct.pack(">H", 0xFFC0 - len(inner) - 2) + bytes(0xFFC0 - len(inner) - 4)
    return b"\xff\xd8\xff\x01" + (inner + pad)[:0xFFC0] + jpeg(marker, told, told, precision)[2:] + b"\xff\xd9"


def j2k(size, tile=None, levels=5, block=(4, 4), precincts=None, layers=1, extra=b"", tile_extra=b"", htj2k=False,
        psot=True):
    """A stream of one component with headers and one empty tile-part."""
    tile = tile or size
    segments = b"\xff\x51" + struct.pack(">HHIIIIIIIIH3B", 41, 0x4000 if htj2k else 0, size, size, 0, 0, tile, tile,
                                         0, 0, 1, 7, 1, 1)
    if htj2k:
        segments += b"\xff\x50" + struct.pack(">HIH", 8, 0x00020000, 0)
    style = bytes([levels, block[0], block[1], 0x40 if htj2k else 0, 1]) + (
        bytes([precincts] * (levels + 1)) if precincts is not None else b"")
    segments += extra + b"\xff\x52" + struct.pack(">HBBHB", 7 + len(style), int(precincts is not None), 0, layers, 0)
    segments += style + b"\xff\x5c" + struct.pack(">HB", 4 + 3 * levels, 0x40) + bytes([8 << 3] * (3 * levels + 1))
    body = tile_extra + b"\xff\x93" + bytes(64)
    part = b"\xff\x90" + struct.pack(">HHIBB", 10, 0, 12 + len(body) if psot else 0, 0, 1) + body
    return b"\xff\x4f" + segments + part + b"\xff\xd9"


def coding(precincts, levels=5):
    """A coding style that lies in a tile's header."""
    style = bytes([levels, 4, 4, 0, 1]) + bytes([precincts] * (levels + 1))
    return b"\xff\x52" + struct.pack(">HBBHB", 7 + len(style), 1, 0, 1, 0) + style


def hidden(segment):
    """In the segment of a marker that is unknown, after which decoders look for the next that they know."""
    return b"\xff\x30" + struct.pack(">H", 2 + len(segment)) + segment


def of_j2k(stream, size, syntax="1.2.840.10008.1.2.4.90"):
    return part10(pic.image(size, size, 8), syntax=syntax, fragments=[stream])


def scans(n, size):
    """A progressive JPEG of n scans that say nothing."""
    table = b"\xff\xdb" + struct.pack(">HB", 67, 0) + b"\1" * 64
    table += b"\xff\xc4" + struct.pack(">HB16B", 19 + 1, 0, 1, *([0] * 15)) + b"\0"
    table += b"\xff\xc4" + struct.pack(">HB16B", 19 + 1, 0x10, 1, *([0] * 15)) + b"\0"
    scan = b"\xff\xda" + struct.pack(">HB2B3B", 8, 1, 1, 0, 1, 63, 0) + b"\x7f" * 4
    first = b"\xff\xda" + struct.pack(">HB2B3B", 8, 1, 1, 0, 0, 0, 0) + b"\x7f" * 4
    return jpeg(0xC2, size, size, 8, table, first + scan * n + b"\xff\xd9")


def make():
    deep = grey()
    bombs = {
        "nested": part10(deep, extra=nested(6000)),
        "nested-implicit": part10(deep, syntax=pic.IMPLICIT, extra=nested(6000, explicit=False)),
        "nested-undefined": part10(deep, extra=nested(3000, defined=False)),
        "nested-un": part10(deep, extra=nested(3000, defined=False, vr="UN")),
        "falling": part10(deep, extra=falling(30000)),
        "falling-in-an-item": part10(deep, extra=pic.element(REFERENCED, "SQ", ITEM + struct.pack(
            "<I", len(falling(30000))) + falling(30000), "<", True)),
        "two-headers": part10(pic.image(1000, 1000, 8), syntax=JPEG_BASELINE,
                              fragments=[two_headers(0xC0, 16, 1000, 8)]),
        "two-headers-lossless": part10(pic.image(1000, 1000, 16), syntax=JPEG_LOSSLESS,
                                       fragments=[two_headers(0xC3, 128, 1000, 16)]),
        "j2k-precincts": of_j2k(j2k(2000, precincts=0x11), 2000),
        "j2k-precincts-in-a-tile": of_j2k(j2k(2000, tile_extra=coding(0x11)), 2000),
        "j2k-precincts-hidden": of_j2k(j2k(2000, tile_extra=hidden(coding(0x11))), 2000),
        "j2k-blocks": of_j2k(j2k(4000, block=(0, 0)), 4000),
        "j2k-tiles": of_j2k(j2k(4000, tile=8), 4000),
        "j2k-layers": of_j2k(j2k(4000, precincts=0x66, layers=65535), 4000),
        "j2k-layers-open": of_j2k(j2k(4000, precincts=0x66, layers=65535, psot=False), 4000),
        "htj2k-precincts": of_j2k(j2k(2000, precincts=0x11, htj2k=True), 2000, "1.2.840.10008.1.2.4.201"),
        "jpeg-scans": part10(pic.image(8000, 8000, 8), syntax="1.2.840.10008.1.2.4.55", fragments=[scans(3000, 8000)]),
    }
    return bombs
