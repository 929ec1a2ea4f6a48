"""DICOM for the test peer: reads the top level of files, makes small ones, writes DICOM JSON.

Only what a test server needs: Explicit and Implicit VR Little Endian, top-level attributes, native
and one-fragment-per-frame pixel data. Standard library only.
"""
import os
import struct

ELE = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
LONG_VRS = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
BINARY_VRS = {"OB", "OD", "OF", "OL", "OV", "OW", "UN", "SQ"}
NUMBERS = {"US": "<H", "SS": "<h", "UL": "<I", "SL": "<i", "FL": "<f", "FD": "<d"}
IMPLICIT_VRS = {0x00080016: "UI", 0x00080018: "UI", 0x00080020: "DA", 0x00080060: "CS", 0x00100010: "PN",
                0x00100020: "LO", 0x0020000D: "UI", 0x0020000E: "UI", 0x00200010: "SH", 0x00200011: "IS",
                0x00200013: "IS", 0x00280002: "US", 0x00280008: "IS", 0x00280010: "US",
                0x00280011: "US", 0x00280100: "US", 0x00280101: "US", 0x00280102: "US", 0x00280103: "US"}
UNDEFINED = 0xFFFFFFFF
PIXELS = 0x7FE00010


def _element(data, at, explicit):
    """Tag, VR, start of the value, length."""
    group, number = struct.unpack_from("<HH", data, at)
    tag = group << 16 | number
    if group == 0xFFFE or not explicit:
        vr = IMPLICIT_VRS.get(tag, "UN")
        return tag, vr, at + 8, struct.unpack_from("<I", data, at + 4)[0]
    vr = bytes(data[at + 4:at + 6])
    if vr in LONG_VRS:
        return tag, vr.decode("ascii"), at + 12, struct.unpack_from("<I", data, at + 8)[0]
    return tag, vr.decode("ascii", "replace"), at + 8, struct.unpack_from("<H", data, at + 6)[0]


def _after_sequence(data, at, explicit):
    """Where a sequence or item of undefined length ends, its delimiter included."""
    while at + 8 <= len(data):
        tag, vr, value, length = _element(data, at, explicit)
        if tag in (0xFFFEE00D, 0xFFFEE0DD):
            return value
        at = _after_sequence(data, value, explicit) if length == UNDEFINED else value + length
    return len(data)


def elements(data, at, explicit):
    """Yields (tag, vr, value bytes) of the top level; pixel data last."""
    while at + 8 <= len(data):
        tag, vr, value, length = _element(data, at, explicit)
        if length == UNDEFINED:
            end = _after_sequence(data, value, explicit)
            yield tag, vr, bytes(data[value:end])
            at = end
        else:
            yield tag, vr, bytes(data[value:value + length])
            at = value + length


class Instance:
    """One DICOM file: its bytes (read on demand) and its attributes, {tag: (vr, bytes)}."""

    def __init__(self, path=None, data=None):
        self.path = path
        self._data = data
        data = self.data()
        if data[128:132] != b"DICM":
            raise ValueError("not a DICOM file")
        meta_length = struct.unpack_from("<I", data, 140)[0]
        start = 144 + meta_length
        meta = {tag: value for tag, _, value in elements(data[:start], 132, True)}
        self.syntax = text(meta.get(0x00020010, b""))
        self.attributes = {}
        for tag, vr, value in elements(data, start, self.syntax != IMPLICIT):
            if tag != PIXELS:
                self.attributes[tag] = (vr, value)
        self.size = len(data)

    def data(self):
        if self._data is not None:
            return self._data
        with open(self.path, "rb") as file:
            return file.read()

    def text(self, tag):
        return text(self.attributes.get(tag, ("", b""))[1])

    def number(self, tag, default=0):
        vr, value = self.attributes.get(tag, ("", b""))
        if vr in NUMBERS:
            return struct.unpack_from(NUMBERS[vr], value)[0]
        return int(text(value) or default)

    study = property(lambda self: self.text(0x0020000D))
    series = property(lambda self: self.text(0x0020000E))
    sop = property(lambda self: self.text(0x00080018))

    def json(self):
        """The DICOM JSON object of all top-level attributes but binary ones and group 0002."""
        return {"%08X" % tag: json_value(vr, value) for tag, (vr, value) in sorted(self.attributes.items())
                if vr not in BINARY_VRS}

    def frames(self):
        """The bytes of each frame, without fragment items."""
        data = self.data()
        at = 144 + struct.unpack_from("<I", data, 140)[0]
        explicit = self.syntax != IMPLICIT
        while at + 8 <= len(data):
            tag, _, value, length = _element(data, at, explicit)
            if tag == PIXELS:
                return self._frames(data, value, length)
            at = _after_sequence(data, value, explicit) if length == UNDEFINED else value + length
        return []

    def _frames(self, data, at, length):
        if length != UNDEFINED:
            count = self.number(0x00280008, 1) or 1
            size = (self.number(0x00280010) * self.number(0x00280011) * self.number(0x00280002, 1)
                    * self.number(0x00280100, 8) // 8)
            return [data[at + i * size:at + (i + 1) * size] for i in range(count)]
        fragments = []
        while at + 8 <= len(data):
            tag, _, value, size = _element(data, at, True)
            if tag == 0xFFFEE0DD:
                break
            fragments.append(data[value:value + size])
            at = value + size
        return fragments[1:]


def text(value):
    return value.decode("latin-1").rstrip("\0 ").strip()


def json_value(vr, value):
    if not value.rstrip(b"\0 "):
        return {"vr": vr}
    if vr in NUMBERS:
        step = struct.calcsize(NUMBERS[vr])
        return {"vr": vr, "Value": [struct.unpack_from(NUMBERS[vr], value, i)[0]
                                    for i in range(0, len(value) - step + 1, step)]}
    if vr == "AT":
        return {"vr": vr}
    items = [item.strip() for item in text(value).split("\\")]
    if vr == "PN":
        items = [{"Alphabetic": item} for item in items]
    elif vr == "IS":
        items = [int(item) for item in items]
    elif vr == "DS":
        items = [float(item) for item in items]
    return {"vr": vr, "Value": items}


def write_element(tag, vr, value):
    if isinstance(value, str):
        value = value.encode("latin-1")
        if len(value) % 2:
            value += b"\0" if vr == "UI" else b" "
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    if vr.encode() in LONG_VRS:
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def make_instance(study, series, sop, number=1, rows=16, columns=16, frames=1, patient="P1"):
    """A small MONOCHROME2 16 bit secondary capture (a ramp that depends on `number`)."""
    sop_class = "1.2.840.10008.5.1.4.1.1.7" if frames == 1 else "1.2.840.10008.5.1.4.1.1.7.3"
    us = lambda n: struct.pack("<H", n)
    pixels = b"".join(us((x * 16 + y * 7 + number * 31 + f * 101) % 4096)
                      for f in range(frames) for y in range(rows) for x in range(columns))
    items = [
        (0x00080005, "CS", "ISO_IR 100"), (0x00080008, "CS", "DERIVED\\SECONDARY"),
        (0x00080016, "UI", sop_class), (0x00080018, "UI", sop), (0x00080020, "DA", "20240102"),
        (0x00080030, "TM", "101112"), (0x00080050, "SH", "A1"), (0x00080060, "CS", "OT"),
        (0x00080064, "CS", "WSD"), (0x00080090, "PN", ""), (0x00081030, "LO", "Test study"),
        (0x0008103E, "LO", "Test series"), (0x00100010, "PN", "Phantom^Test"), (0x00100020, "LO", patient),
        (0x00100030, "DA", ""), (0x00100040, "CS", "O"), (0x0020000D, "UI", study),
        (0x0020000E, "UI", series), (0x00200010, "SH", "1"), (0x00200011, "IS", "1"),
        (0x00200013, "IS", str(number)), (0x00280002, "US", us(1)), (0x00280004, "CS", "MONOCHROME2"),
        (0x00280008, "IS", str(frames)), (0x00280010, "US", us(rows)), (0x00280011, "US", us(columns)),
        (0x00280100, "US", us(16)), (0x00280101, "US", us(12)), (0x00280102, "US", us(11)),
        (0x00280103, "US", us(0)), (0x00281050, "DS", "2048"), (0x00281051, "DS", "4096"),
        (PIXELS, "OW", pixels)]
    meta = b"".join(write_element(*item) for item in [
        (0x00020001, "OB", b"\0\1"), (0x00020002, "UI", sop_class), (0x00020003, "UI", sop),
        (0x00020010, "UI", ELE), (0x00020012, "UI", "2.25.329800735698586629295641978511506172917")])
    return (b"\0" * 128 + b"DICM" + write_element(0x00020000, "UL", struct.pack("<I", len(meta))) + meta
            + b"".join(write_element(*item) for item in items))


def make_study(root="2.25.1001", series=2, instances=3, **keywords):
    """A list of Instances: study ROOT, series ROOT.1 .., SOPs ROOT.1.1 .."""
    return [Instance(data=make_instance(root, "%s.%d" % (root, s), "%s.%d.%d" % (root, s, i), i, **keywords))
            for s in range(1, series + 1) for i in range(1, instances + 1)]


def read_folder(folder):
    """All DICOM files below a folder, in path order; other files are passed over."""
    found = []
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            try:
                found.append(Instance(path=os.path.join(where, name)))
            except (ValueError, struct.error, IndexError, OSError):
                continue
    return found
