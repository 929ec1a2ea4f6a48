"""multipart/related bodies in the ways that real servers write them, and in broken ways.

frame(style, parts, study) -> (Content-Type of the answer, body, how its end is marked), where a part
is (transfer syntax, SOP Instance UID, bytes) and the end is one of "length", "chunked", "close".
"""
import base64

GUID = "7f2f1d5e-52d4-4b7c-9d2a-0a4b7c1c2d3e"
ORTHANC_BOUNDARY = ("5c1a1c1e-70b5-4e6a-8a1d-3f6d2f1b7c11-" * 2)[:70]


def join(parts, boundary, headers, eol=b"\r\n", start=b"", end=None):
    """`headers(part)` gives the header lines of a part."""
    mark = b"--" + boundary.encode()
    pieces = [start]
    for index, part in enumerate(parts):
        pieces.append((eol if index else b"") + mark + eol)
        pieces += [line.encode() + eol for line in headers(part)]
        pieces += [eol, part[2]]
    pieces.append((eol if parts else b"") + mark + b"--" + eol if end is None else end)
    return b"".join(pieces)


def plain(part):
    return ["Content-Type: application/dicom"]


def with_length(part):
    return ["Content-Type: application/dicom", "Content-Length: %d" % len(part[2]), "MIME-Version: 1.0"]


def with_syntax(part):
    return ["Content-Type: application/dicom; transfer-syntax=" + part[0]]


def related(boundary, kind='type="application/dicom"; '):
    return "multipart/related; %sboundary=%s" % (kind, boundary)


def standard(parts, study):
    return related("WADOKIT"), join(parts, "WADOKIT", plain), "length"


def orthanc(parts, study):
    return (related(ORTHANC_BOUNDARY), join(parts, ORTHANC_BOUNDARY, with_length),
            "length" if len(parts) == 1 else "close")


def dcm4chee(parts, study):
    syntax = parts[0][0] if parts else "1.2.840.10008.1.2.1"
    kind = 'type="application/dicom"; transfer-syntax=%s; ' % syntax
    return related("2b2e5c14-RESTEasy", kind), join(parts, "2b2e5c14-RESTEasy", with_syntax), "chunked"


def microsoft(parts, study):
    return related('"%s"' % GUID, ""), join(parts, GUID, with_syntax), "chunked"


def dicomcloud(parts, study):
    return (related('"DICOM DATA BOUNDARY"'), join(parts, "DICOM DATA BOUNDARY", plain, start=b"\r\n"), "length")


def dicom_rst(parts, study):
    headers = lambda part: ['Content-Type: application/dicom; transfer-syntax="%s"' % part[0],
                            "Content-Length: %d" % len(part[2])]
    return related("boundary"), join(parts, "boundary", headers, end=b"\r\n--boundary--"), "chunked"


def raccoon(parts, study):
    boundary = "%s-%s-raccoon" % (GUID, GUID)
    headers = lambda part: ["Content-Type: application/dicom", "Content-length: %d" % len(part[2]),
                            "Content-Location: /dicom-web/studies/%s" % study]
    return related(boundary), join(parts, boundary, headers, end=b"\r\n--" + boundary.encode() + b"--"), "chunked"


def dicomweb_proxy(parts, study):
    headers = lambda part: ["Content-Type:application/dicom;transfer-syntax:%s" % part[0],
                            "Content-Location:localhost;"]
    return ("multipart/related;type='application/dicom';boundary=%s" % study, join(parts, study, headers), "length")


def static(parts, study):
    boundary = "BOUNDARY_" + GUID
    return "multipart/related", join(parts, boundary, with_syntax), "length"


def lf_only(parts, study):
    return related("LFONLY"), join(parts, "LFONLY", plain, eol=b"\n"), "length"


def preamble(parts, study):
    start = b"This is a message in MIME format.\r\n--not the boundary\r\n\r\n"
    body = join(parts, "PRE", plain, start=start) + b"epilogue, --PRE, to be passed over\r\n"
    return related("PRE"), body, "chunked"


def no_closing(parts, study):
    return related("OPEN"), join(parts, "OPEN", plain, end=b""), "close"


def no_closing_length(parts, study):
    return related("OPEN"), join(parts, "OPEN", with_length, end=b""), "length"


def open_chunked(parts, study):
    return related("OPEN"), join(parts, "OPEN", plain, end=b""), "chunked"


def no_part_headers(parts, study):
    return related("BARE"), join(parts, "BARE", lambda part: []), "length"


def false_length(parts, study):
    headers = lambda part: ["Content-Type: application/dicom", "Content-Length: %d" % (len(part[2]) // 2)]
    return related("FALSE"), join(parts, "FALSE", headers), "length"


def blank_lines(parts, study):
    return ('Multipart/Related;; TYPE = "application/dicom" ;Boundary = "BLANK" ;',
            join(parts, "BLANK", with_length, start=b"\r\n\r\n"), "chunked")


def long_headers(parts, study):
    headers = lambda part: ["X-Filler: " + "f" * 5000, "content-type: application/dicom;",
                            " transfer-syntax=" + part[0]]
    return related("FOLDED"), join(parts, "FOLDED", headers), "length"


def mislabelled(parts, study):
    return "application/octet-stream", join(parts, "UNNAMED", plain), "length"


def single_part(parts, study):
    return "application/dicom", parts[0][2], "length"


def zero_parts(parts, study):
    return related("NONE"), join([], "NONE", plain), "length"


def other_boundary(parts, study):
    return related("ANNOUNCED"), join(parts, "SENT", plain), "length"


def stray_quotes(parts, study):
    return related("\"'QUOTED'\""), join(parts, "QUOTED", plain), "length"


def mixed(parts, study):
    return "multipart/mixed; boundary=MIXED", join(parts, "MIXED", lambda part: ["content-type:application/dicom"]), "chunked"


def blanks_behind(parts, study):
    """Blanks behind each delimiter, which RFC 2046 allows."""
    return related("BLANKS"), join(parts, "BLANKS  ", plain).replace(b"--BLANKS  --", b"--BLANKS--  "), "chunked"


def prefix(parts, study):
    """The boundary is the start of a line that stands in front of every part, and of the pixels' bytes."""
    return related("1.2.3"), join(parts, "1.2.3", plain, start=b"--1.2.3.4\r\nnot a part\r\n"), "length"


def padded(parts, study):
    parts = [(syntax, sop, data + b"\r\n") for syntax, sop, data in parts]
    return related("PADDED"), join(parts, "PADDED", with_length), "length"


def bare_headers(parts, study):
    """Headers whose lines end with LF alone, in a body of CRLF."""
    mark = b"--BAREHEADS"
    return (related("BAREHEADS"), b"".join(mark + b"\r\nContent-Type: application/dicom\n\n" + part[2] + b"\r\n"
                                          for part in parts) + mark + b"--\r\n", "length")


def nested(parts, study):
    """Each series a multipart of its own, inside another."""
    inner = join(parts, "INNER", plain)
    return (related("OUTER"), join([("", "", inner)], "OUTER", lambda part: ["Content-Type: multipart/related; boundary=INNER"]),
            "length")


def encoded(parts, study):
    parts = [(syntax, sop, base64.encodebytes(data)) for syntax, sop, data in parts]
    return (related("MAIL"), join(parts, "MAIL", lambda part: ["Content-Type: application/dicom",
                                                              "Content-Transfer-Encoding: base64"]), "length")


def binary(parts, study):
    return (related("MAIL"), join(parts, "MAIL", lambda part: ["Content-Type: application/dicom",
                                                              "Content-Transfer-Encoding: binary"]), "length")


STYLES = {
    "standard": standard, "orthanc": orthanc, "dcm4chee": dcm4chee, "microsoft": microsoft,
    "spaces": dicomcloud, "word": dicom_rst, "long-boundary": raccoon, "single-quotes": dicomweb_proxy,
    "no-boundary": static, "lf-only": lf_only, "preamble": preamble, "no-closing": no_closing,
    "no-closing-length": no_closing_length, "open-chunked": open_chunked, "no-part-headers": no_part_headers,
    "false-length": false_length, "blank-lines": blank_lines, "long-headers": long_headers,
    "mislabelled": mislabelled, "single-part": single_part, "zero-parts": zero_parts,
    "other-boundary": other_boundary, "stray-quotes": stray_quotes, "mixed": mixed, "blanks-behind": blanks_behind,
    "prefix": prefix, "padded": padded, "bare-headers": bare_headers, "nested": nested, "base64": encoded,
    "binary": binary,
}


def frame(style, parts, study):
    return STYLES[style](parts, study)
