"""The scenarios of the test peer: each is one way for a server to be slow, odd, broken or hostile.

A scenario is chosen by the first part of the path ("/s/NAME/dicom-web/...", so that one server runs
many), by --scenario, or by PUT /__control. It may hold:

  before(request, n, server)  -> a Reply in place of the real one, or None; n counts from 1 the
                                 requests of the kinds in `on` under this scenario
  style                       -> a framing of framing.py for multipart answers
  parts(parts, request)       -> other parts: (transfer syntax, SOP Instance UID, bytes)
  after(reply, request, n)    -> changes the reply, or how it goes over the wire
  on                          -> kinds of request that it touches: study series instance metadata
                                 frames qido fhir; default: the three retrieve kinds
"""
import email.utils
import functools
import gzip
import io
import json
import time
import zipfile

import dicom_data
import framing

RETRIEVE = ("study", "series", "instance")
ANY = RETRIEVE + ("metadata", "frames", "rendered", "bulkdata", "qido", "fhir")


class Reply:
    """end: "length", "chunked", "close" or "none" (nothing says where the body ends, kept open).
    cut: after so many bytes of the body `how` happens: "close", "reset" or "stall".
    piece, pause: the body goes in pieces of so many bytes, with so many seconds between them."""

    def __init__(self, status, body=b"", kind=None, headers=(), end="length"):
        self.status = status
        self.body = body
        self.headers = list(headers)
        if kind:
            self.headers.insert(0, ("Content-Type", kind))
        self.end = end
        self.cut = None
        self.how = "close"
        self.piece = 1 << 16
        self.pause = 0.0


def json_error(status, text, headers=()):
    return Reply(status, b'{"errorMessage": "%s"}' % text.encode(), "application/json", headers)


def times(count, make):
    """`make()` for the first `count` requests, then the real answer."""
    return lambda request, n, server: make() if n <= count else None


def always(make):
    return lambda request, n, server: make()


def busy(status, retry_after):
    def make():
        value = retry_after() if callable(retry_after) else retry_after
        return json_error(status, "busy", [("Retry-After", value)] if value else [])
    return make


def date_in(seconds):
    return lambda: email.utils.formatdate(time.time() + seconds, usegmt=True)


def cut(fraction, how, first=1000000):
    """The body stops after a fraction of its bytes, for the first requests."""
    def after(reply, request, n):
        if n <= first and reply.status == 200:
            reply.cut, reply.how = int(len(reply.body) * fraction), how
    return after


def dropped(how):
    """The connection goes before a byte of the answer was sent."""
    def make():
        reply = Reply(200, b"x" * 10)
        reply.cut, reply.how = -1, how
        return reply
    return make


def one_file_lost(request, n, server):
    """The first instance of each series cannot be read: 500 for it and for all that it is a part of."""
    return json_error(500, "cannot read a file") if request.kind != "instance" or request.uids[2].endswith(
        ".1") else None


def redirect(status, where):
    """`where(server, request)` is the Location."""
    return lambda request, n, server: Reply(status, b"", None, [("Location", where(server, request))])


def foreign(server, request):
    return server.url("foreign") + request.inner


def new_token(request, n, server):
    """Only the second token works, from the start: a renewal must follow the first 401."""
    if request.header("authorization") == "Bearer second-token":
        return None
    return Reply(401, b"", None, [("WWW-Authenticate", 'Bearer realm="pacs", error="invalid_token"')])


def token_runs_out(request, n, server):
    """The first token works twice, then only the second does."""
    if n <= 2 and request.header("authorization") == "Bearer first-token":
        return None
    return new_token(request, n, server)


def accepts_only(*forms):
    """406 for every Accept but those (blanks, quotes and case do not count)."""
    def before(request, n, server):
        got = request.header("accept").replace(" ", "").lower()
        return None if got in forms else json_error(406, "not acceptable")
    return before


def no_lists(request, n, server):
    return json_error(501, "not implemented") if request.kind in ("qido", "metadata") else None


def single_only(request, n, server):
    """Instances one by one, each as a single part."""
    if request.kind != "instance":
        return json_error(404, "only instances are served")
    return accepts_only("application/dicom;transfer-syntax=*", "application/dicom")(request, n, server)


def multipart_only(request, n, server):
    return None if request.header("accept").startswith("multipart/related") else json_error(406, "not acceptable")


def in_parts(reply, request, n, left_out=0, end=b"\r\n--M--\r\n"):
    """Metadata as multipart, a part a data set."""
    sets = json.loads(reply.body)
    parts = [(None, None, json.dumps([one]).encode()) for one in sets[:len(sets) - left_out]]
    reply.body = framing.join(parts, "M", lambda part: ["Content-Type: application/dicom+json"], end=end)
    reply.headers = [("Content-Type", 'multipart/related; type="application/dicom+json"; boundary=M')]


def in_open_parts(left_out):
    return functools.partial(in_parts, left_out=left_out, end=b"")


def strict_orthanc(request, n, server):
    """As Orthanc 1.7: 400 for a list or for a single-part type."""
    got = request.header("accept")
    if "," in got or not (got.startswith("multipart/related") or got == "*/*"):
        return json_error(400, "Unsupported Accept")
    return None


def zip_of(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for _, sop, data in parts:
            archive.writestr(sop + ".dcm", data)
    return out.getvalue()


def as_zip(reply, request, n):
    reply.headers = [("Content-Type", "application/zip")]
    reply.body, reply.end = zip_of(request.parts), "length"


def partial(reply, request, n):
    reply.status = 206
    reply.headers.append(("Warning", '299 pacs "2 instances could not be retrieved"'))


def compressed(reply, request, n):
    reply.headers.append(("Content-Encoding", "gzip"))
    reply.body = gzip.compress(reply.body, 1)


@functools.lru_cache
def inflating(size):
    return gzip.compress(b"\0" * size, 6)


def bomb(reply, request, n):
    reply.headers.append(("Content-Encoding", "gzip"))
    reply.body = inflating(16 << 20)


def pieces(size, pause):
    def after(reply, request, n):
        reply.piece, reply.pause = size, pause
    return after


def huge_header(reply, request, n):
    reply.headers.append(("X-Huge", "h" * 300000))


def many_headers(reply, request, n):
    reply.headers += [("X-Many-%d" % i, "v") for i in range(3000)]


def other_study(parts, request):
    """The second part is an instance of a study that nobody asked for."""
    stranger = dicom_data.make_instance("2.25.666", "2.25.666.1", "2.25.666.1.1")
    return parts[:1] + [(dicom_data.ELE, "2.25.666.1.1", stranger)] + parts[1:]


def evil_uid(parts, request, sop="../../../../evil"):
    """A part whose SOP Instance UID is a path."""
    data = dicom_data.make_instance(request.uids[0], request.uids[0] + ".1", sop)
    return [(dicom_data.ELE, "evil", data)] + parts


def evil_only(parts, request):
    """Nothing but instances whose SOP Instance UIDs are paths."""
    return [part for n in range(2) for part in evil_uid([], request, "../../../../evil%d" % n)]


def cut_part(parts, request):
    """The last part ends in the middle of its data set; the framing is right."""
    syntax, sop, data = parts[-1]
    return parts[:-1] + [(syntax, sop, data[:len(data) * 2 // 3])]


def changed_twin(parts, request):
    """The first instance twice, with other bytes under the same UID."""
    syntax, sop, data = parts[0]
    return parts + [(syntax, sop, data[:-1] + bytes([data[-1] ^ 1]))]


def with_stranger_parts(parts, request):
    html = (dicom_data.ELE, "", b"<html><body>Internal error</body></html>")
    return parts[:1] + [html, (dicom_data.ELE, "", b"")] + parts[1:]


def bulk_uris(request, n, server):
    """Metadata whose large values stand elsewhere: here, at another origin, and where nobody may be sent."""
    sets = [one.json() for one in server.select(request)]
    for one in sets:
        one["7FE00010"] = {"vr": "OW", "BulkDataURI": "bulkdata/7fe00010"}
        one["00420011"] = {"vr": "OB", "BulkDataURI": request.prefix + "/dicom-web/studies/%s/bulkdata/document?key=1"
                           % request.uids[0]}
        one["54000100"] = {"vr": "SQ", "Value": [
            {"00080005": {"vr": "CS", "Value": ["ISO_IR 100"]}},
            {"54001010": {"vr": "OW", "BulkDataURI": server.url("foreign") + "/dicom-web/studies/%s/bulkdata/wave"
                          % request.uids[0]}}]}
    sets[0].update({
        "00090010": {"vr": "OB", "BulkDataURI": "file:///etc/hostname"},
        "00090011": {"vr": "OB", "BulkDataURI": "http://169.254.169.254/latest/meta-data/"},
        "00090012": {"vr": "OB", "BulkDataURI": "//user:word@" + server.url("main")[7:] + "/x"},
        "../../evil": {"vr": "OB", "BulkDataURI": "bulkdata/evil"}, "00090013": {"vr": "OB", "BulkDataURI": 7},
        "00090014": "evil", "00090015": {"vr": "OB", "BulkDataURI": "../2.25.9/bulkdata/gone"}})
    return Reply(200, json.dumps(sets).encode(), "application/dicom+json")


def everything(parts, request):
    """Whatever is asked for, the whole study comes."""
    return [(one.syntax, one.sop, one.data()) for one in dicom_data.make_study()]


def other_series(parts, request):
    """Asked for one series, the server sends the other too."""
    return everything(parts, request) if request.kind == "series" else parts


def labelled(kind):
    def after(reply, request, n):
        reply.headers = [header for header in reply.headers if header[0] != "Content-Type"] + (
            [("Content-Type", kind)] if kind else [])
    return after


def cut_gzip(reply, request, n):
    compressed(reply, request, n)
    reply.body = reply.body[:len(reply.body) // 2]


def unknown_encoding(reply, request, n):
    reply.headers.append(("Content-Encoding", "x-made-up"))


def promised(factor):
    """A Content-Length that is not the body's."""
    def after(reply, request, n):
        reply.headers.append(("Content-Length", str(int(len(reply.body) * factor))))
        reply.end = "close"
    return after


def status(code):
    def after(reply, request, n):
        reply.status = code
    return after


def ranged(reply, request, n):
    reply.status = 206
    reply.headers.append(("Content-Range", "bytes 0-%d/%d" % (len(reply.body) - 1, len(reply.body))))


def partial_always(reply, request, n):
    """Never the last instance of what was asked for, and it says so."""
    partial(reply, request, n)


def hops(count):
    """So many redirects on the way to every answer."""
    def before(request, n, server):
        done = int(request.query.get("hop", ["0"])[0])
        return Reply(302, b"", None, [("Location", "%s?hop=%d" % (request.path, done + 1))]) if done < count else None
    return before


def stranger_rows(request, n, server):
    """The list has rows of another study, without a series, twice, and of an instance that is not there."""
    if not request.inner.endswith("/instances"):
        return None
    rows = [one.json() for one in server.select(request)]
    ghost, foreign, bare = (dict(rows[0]) for _ in range(3))
    ghost["00080018"] = {"vr": "UI", "Value": [request.uids[0] + ".1.99"]}
    foreign["0020000D"] = {"vr": "UI", "Value": ["2.25.666"]}
    foreign["00080018"] = {"vr": "UI", "Value": ["2.25.666.1"]}
    del bare["0020000E"]
    return Reply(200, json.dumps(rows + rows[:2] + [ghost, foreign, bare, {}, None]).encode(),
                 "application/dicom+json")


def no_rows(request, n, server):
    return Reply(200, b"[]", "application/dicom+json")


def same_page(request, n, server):
    """The offset is ignored: every page is the first."""
    request.query.pop("offset", None)


def next_loops(reply, request, n):
    reply.body = reply.body.replace(b"&page=", b"&page=0&was=")


def other_frame(reply, request, n):
    """A frame that is shorter than the metadata says."""
    head, rest = reply.body.split(b"\r\n\r\n", 1)
    reply.body = head + b"\r\n\r\n" + rest[1000:]


def frame_twice(reply, request, n):
    part = reply.body[:reply.body.rindex(b"--FRAMES--")]
    reply.body = part + part + b"--FRAMES--\r\n"


def frame_unlabelled(reply, request, n):
    """What is stored, called plain bytes: nothing tells the transfer syntax."""
    head, rest = reply.body.split(b"\r\n\r\n", 1)
    reply.body = head.split(b";")[0] + b"\r\n\r\n" + rest


def no_thumbnails(request, n, server):
    return json_error(404, "no such resource") if request.path.endswith("/thumbnail") else None


def html_page(request, n, server):
    return Reply(200, HTML, "text/html")


HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"

SCENARIOS = {
    # trouble that passes
    "503-seconds": {"before": times(2, busy(503, "1")), "on": ANY},
    "503-date": {"before": times(1, busy(503, date_in(2))), "on": ANY},
    "503-bare": {"before": times(2, busy(503, None)), "on": ANY},
    "429": {"before": times(2, busy(429, "1")), "on": ANY},
    "408": {"before": times(1, busy(408, None)), "on": ANY},
    "500-once": {"before": times(1, busy(500, None)), "on": ANY},
    "502-once": {"before": times(1, busy(502, None)), "on": ANY},
    "504-study": {"before": always(busy(504, None)), "on": ("study",)},
    "413-study": {"before": always(busy(413, None)), "on": ("study",)},
    "reset-before": {"before": times(1, dropped("reset")), "on": ANY},
    "close-before": {"before": times(1, dropped("close")), "on": ANY},
    "reset-once": {"after": cut(0.5, "reset", 1)},
    "close-once": {"after": cut(0.5, "close", 1)},
    "stall-once": {"after": cut(0.5, "stall", 1)},
    # trouble that stays
    "202": {"before": times(2, busy(202, "1")), "on": RETRIEVE + ("metadata",)},
    "202-patient": {"before": always(busy(202, "100000")), "on": RETRIEVE + ("metadata",)},
    "503-always": {"before": always(busy(503, "1")), "on": ANY},
    "503-patient": {"before": always(busy(503, "100000")), "on": ANY},
    "500-always": {"before": always(busy(500, None)), "on": ANY},
    "reset-always": {"after": cut(0.5, "reset")},
    "close-always": {"after": cut(0.5, "close")},
    "close-chunked": {"after": cut(0.5, "close"), "style": "microsoft"},
    "eof-cut": {"after": cut(0.5, "close"), "style": "orthanc"},
    "stall-always": {"after": cut(0.5, "stall")},
    "stall-silent": {"before": always(dropped("stall")), "on": ANY},
    "stall-frames": {"after": cut(0.5, "stall"), "on": ("frames",)},
    "study-breaks": {"after": cut(0.5, "reset"), "on": ("study",)},
    "one-file-lost": {"before": one_file_lost},
    # who may see a secret
    "redirect-foreign": {"before": redirect(302, foreign), "on": ANY},
    "redirect-307": {"before": redirect(307, foreign), "on": ANY},
    "redirect-here": {"before": redirect(301, lambda server, request: request.inner), "on": ANY},
    "redirect-loop": {"before": redirect(302, lambda server, request: request.path), "on": ANY},
    "redirect-file": {"before": redirect(302, lambda server, request: "file:///etc/hostname"), "on": ANY},
    "redirect-http": {"before": redirect(302, lambda server, request: "http://192.0.2.1" + request.inner),
                      "on": ANY},
    "redirect-link-local": {
        "before": redirect(302, lambda server, request: "http://169.254.169.254/latest/meta-data/"), "on": ANY},
    "redirect-plain": {"before": redirect(302, lambda server, request: server.url("main") + request.inner),
                       "on": ANY},
    "new-token": {"before": new_token, "on": ANY},
    "token-runs-out": {"before": token_runs_out, "on": ANY},
    "401": {"before": always(lambda: Reply(401, b"", None, [("WWW-Authenticate", 'Basic realm="pacs"')])),
            "on": ANY},
    "403": {"before": always(lambda: json_error(403, "forbidden")), "on": ANY},
    # answers that are not what they claim
    "html": {"before": always(lambda: Reply(200, HTML, "text/html; charset=utf-8")), "on": ANY},
    "html-as-dicom": {"before": always(lambda: Reply(200, HTML, "application/dicom"))},
    "json-error": {"before": always(lambda: json_error(200, "database is locked"))},
    "empty": {"before": always(lambda: Reply(200, b"", 'multipart/related; type="application/dicom"; boundary=x'))},
    "204": {"before": always(lambda: Reply(204)), "on": ANY},
    "404": {"before": always(lambda: json_error(404, "unknown")), "on": ANY},
    "410": {"before": always(lambda: json_error(410, "gone")), "on": ANY},
    "zip": {"after": as_zip},
    "partial": {"parts": lambda parts, request: parts[:-2] or parts, "after": partial, "on": ("study", "series")},
    "missing-part": {"parts": lambda parts, request: parts[:-1], "on": ("study",)},
    "wrong-study": {"parts": other_study},
    "evil-uid": {"parts": evil_uid},
    "evil-only": {"parts": evil_only},
    "duplicate": {"parts": lambda parts, request: parts + parts[:1]},
    "duplicate-no-lists": {"before": no_lists, "parts": lambda parts, request: parts + parts[:1],
                           "on": ("study", "qido", "metadata")},
    "changed-twin-no-lists": {"before": no_lists, "parts": changed_twin, "on": ("study", "qido", "metadata")},
    "changed-twin": {"parts": changed_twin, "on": ("study",)},
    "cut-part": {"parts": cut_part},
    "stranger-parts": {"parts": with_stranger_parts},
    "gzip": {"after": compressed, "on": ANY},
    "gzip-bomb": {"after": bomb},
    # Accept
    "accept-no-syntax": {"before": accepts_only('multipart/related;type="application/dicom"')},
    "accept-unquoted": {"before": accepts_only("multipart/related;type=application/dicom")},
    "accept-any": {"before": accepts_only("*/*")},
    "accept-single": {"before": accepts_only("application/dicom;transfer-syntax=*", "application/dicom"),
                      "style": "single-part", "on": ("instance",)},
    "single-only": {"before": single_only, "style": "single-part"},
    "multipart-only": {"before": multipart_only, "style": "open-chunked"},
    "accept-orthanc": {"before": strict_orthanc},
    "accept-none": {"before": always(lambda: json_error(406, "not acceptable"))},
    # the wire
    "dribble": {"after": pieces(7, 0)},
    "slow": {"after": pieces(512, 0.05)},
    "huge-header": {"after": huge_header},
    "many-headers": {"after": many_headers},
    "whole-study": {"parts": everything}, "other-series": {"parts": other_series},
    "no-label": {"after": labelled(None)}, "text-label": {"after": labelled("text/plain; charset=utf-8")},
    "cut-gzip": {"after": cut_gzip}, "unknown-encoding": {"after": unknown_encoding},
    "short-length": {"after": promised(0.6)}, "long-length": {"after": promised(1.5)},
    "203": {"after": status(203)}, "206-range": {"after": ranged}, "206-all": {"after": status(206)},
    "partial-always": {"parts": lambda parts, request: parts[:-1], "after": partial_always},
    "5-hops": {"before": hops(5), "on": ANY}, "6-hops": {"before": hops(6), "on": ANY},
    "retry-garbage": {"before": times(1, busy(503, "soon")), "on": ANY},
    "retry-negative": {"before": times(1, busy(429, "-5")), "on": ANY},
    "retry-past": {"before": times(1, busy(503, date_in(-3600))), "on": ANY},
    "425": {"before": times(1, busy(425, None)), "on": ANY},
    "stranger-rows": {"before": stranger_rows, "on": ("qido",)},
    "qido-error": {"before": always(lambda: json_error(200, "database is locked")), "on": ("qido",)},
    "no-rows": {"before": no_rows, "on": ("qido",)},
    "bulk-uris": {"before": bulk_uris, "on": ("metadata",)},
    # searches
    "same-page": {"before": same_page, "on": ("qido",)},
    "next-loops": {"after": next_loops, "on": ("fhir",)},
    # what not every server offers
    "no-qido": {"before": always(lambda: json_error(404, "no such route")), "on": ("qido",)},
    "no-lists": {"before": always(lambda: json_error(501, "not implemented")), "on": ("qido", "metadata")},
    "instances-gone": {"before": always(lambda: json_error(404, "unknown")), "on": ("instance",)},
    # frames
    "no-thumbnails": {"before": no_thumbnails, "on": ("rendered",)},
    "no-rendered": {"before": always(lambda: json_error(400, "no such resource")), "on": ("rendered",)},
    "rendered-html": {"before": html_page, "on": ("rendered",)},
    "frames-400": {"before": always(lambda: json_error(400, "cannot")), "on": ("frames",)},
    "frames-404": {"before": always(lambda: json_error(404, "no such route")), "on": ("frames",)},
    "frames-406": {"before": always(lambda: json_error(406, "not acceptable")), "on": ("frames",)},
    "frames-501": {"before": always(lambda: json_error(501, "not implemented")), "on": ("frames",)},
    "frames-cut": {"after": cut(0.5, "close"), "on": ("frames",)},
    "frames-other": {"after": other_frame, "on": ("frames",)},
    "frames-html": {"before": html_page, "on": ("frames",)},
    "frames-twice": {"after": frame_twice, "on": ("frames",)},
    "frames-unlabelled": {"after": frame_unlabelled, "on": ("frames",)},
    "metadata-parts": {"after": in_parts, "on": ("metadata",)},
    "metadata-open": {"after": in_open_parts(0), "on": ("metadata",)},
    "metadata-short": {"after": in_open_parts(1), "on": ("metadata",)},
    "metadata-dicom": {"before": lambda request, n, server: Reply(
        200, *reversed(framing.frame("standard", [(one.syntax, one.sop, one.data()) for one in server.select(request)],
                                     request.uids[0])[:2])), "on": ("metadata",)},
    "metadata-404": {"before": always(lambda: json_error(404, "no such route")), "on": ("metadata",)},
    "metadata-error": {"before": always(lambda: json_error(200, "database is locked")), "on": ("metadata",)},
    "metadata-empty": {"before": no_rows, "on": ("metadata",)},
    "metadata-html": {"before": html_page, "on": ("metadata",)},
    "study-only": {"before": always(lambda: json_error(404, "no such route")),
                   "on": ("qido", "metadata", "series", "instance")},
    "cut-json": {"after": cut(0.5, "close"), "on": ("qido", "fhir", "metadata")},
}
for _style in framing.STYLES:
    SCENARIOS["style-" + _style] = {"style": _style}
