"""DICOM files that cost much more than their size, made anew for each test: {name: bytes}."""
import struct

import pictures as pic

JPEG_BASELINE, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.57"
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = (struct.pack("<HH", 0xFFFE, e) for e in (0xE000, 0xE00D, 0xE0DD))
REFERENCED = 0x00081140


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
    }
    return bombs
