#!/usr/bin/env python3
"""A scripted DICOMweb and FHIR server on loopback: every byte of an answer is under control.

usage: server.py [FOLDER...] [--generate SERIESxINSTANCES] [--scenario NAME] [--basic USER:PASSWORD|@FILE]
                 [--bearer TOKEN] [--token-uses N] [--token-deaths N] [--auth-on main,foreign,tls] [--tls CERT KEY]
                 [--page-size N] [--endpoint-root URL] [--log FILE] [--port N] [--list]

Serves the DICOM files below the folders, or two series of three small instances where none is given:
  /dicom-web/studies...   QIDO-RS (studies, series, instances; limit, offset), WADO-RS (study, series,
                          instance, metadata, frames, bulkdata; rendered and thumbnail: first bytes of one)
  /fhir/SHAPE/...         FHIR R4 ImagingStudy (POST _search, GET search, read), Endpoint; shapes in
                          fhir_data.py; anything may stand between SHAPE and the resource type
  /s/NAME/...             the same under a scenario of faults.py
  /oauth/token            tokens for anyone, where --token-uses makes them needed; all but the last of
                          --token-deaths + 1 tokens end after so many uses
It prints one line, {"main": PORT, "foreign": PORT, "tls": PORT}, when it is ready: the ports are
different origins with the same content. It ends on SIGTERM, or when its standard input closes.

Control, on any port:
  PUT /__control     {"scenario": NAME, "bearer": TOKEN, "basic": "USER:PASSWORD", "auth_on": [...],
                      "page_size": N, "token_uses": N, "token_deaths": N, "picture": BASE64 for rendered and thumbnail}
                     changes what is named; counters and log start anew
  GET /__requests    JSON array of the requests seen: origin, method, path, query, headers, body,
                     scenario, status, sent (bytes of the body)
"""
import argparse
import base64
import copy
import json
import os
import re
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

import dicom_data
import faults
import fhir_data
import framing

REASONS = {200: "OK", 204: "No Content", 206: "Partial Content", 302: "Found", 401: "Unauthorized",
           404: "Not Found", 406: "Not Acceptable", 503: "Service Unavailable"}
MAX_BODY = 64 << 20
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(9) + b"\xff\xd9"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


class Request:
    def __init__(self, origin, method, target, headers, body):
        self.origin, self.method, self.headers, self.body = origin, method, headers, body
        parts = urllib.parse.urlsplit(target)
        self.path = urllib.parse.unquote(parts.path)
        self.query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        self.prefix, self.scenario, self.inner = "", None, self.path
        match = re.match(r"(/s/([^/]+))(/.*)", self.path)
        if match:
            self.prefix, self.scenario, self.inner = match.groups()
        self.kind = kind_of(self.inner)
        self.uids = re.findall(r"/(?:studies|series|instances)/([0-9.]+)", self.inner)
        self.parts = []

    def header(self, name):
        return ", ".join(value for key, value in self.headers if key.lower() == name)


def kind_of(path):
    if path.startswith("/fhir/"):
        return "fhir"
    match = re.match(r"(?:/[^/]+)?/dicom-web(/studies.*)", path)
    if not match:
        return "other"
    path = match.group(1).rstrip("/")
    for pattern, kind in ((r"/metadata$", "metadata"), (r"/frames/[^/]+$", "frames"),
                          (r"/rendered$", "rendered"), (r"/thumbnail$", "rendered"), (r"/bulkdata/.", "bulkdata"),
                          (r"^/studies/[^/]+/series/[^/]+/instances/[^/]+$", "instance"),
                          (r"^/studies/[^/]+/series/[^/]+$", "series"), (r"^/studies/[^/]+$", "study"),
                          (r"/(studies|series|instances)$", "qido")):
        if re.search(pattern, path):
            return kind
    return "other"


class Server:
    def __init__(self, options, instances):
        self.options = options
        self.instances = instances
        self.studies = fhir_data.Studies(instances, "", "")
        self.lock = threading.Lock()
        self.ports = {}
        self.log = []
        self.counts = {}
        self.tokens = []
        self.log_file = open(options.log, "a", encoding="utf-8") if options.log else None

    # --- listening

    def listen(self, origin, context=None, port=0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        self.ports[origin] = listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(listener, origin, context), daemon=True).start()

    def accept(self, listener, origin, context):
        while True:
            connection = listener.accept()[0]
            threading.Thread(target=self.talk, args=(connection, origin, context), daemon=True).start()

    def url(self, origin):
        return "%s://127.0.0.1:%d" % ("https" if origin == "tls" else "http", self.ports[origin])

    def talk(self, connection, origin, context):
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context:
                connection = context.wrap_socket(connection, server_side=True)
            stream = connection.makefile("rb")
            while self.answer(connection, stream, origin):
                pass
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def answer(self, connection, stream, origin):
        """One request and its reply; True where the connection stays."""
        request = read_request(stream, origin)
        if request is None:
            return False
        if request.path.startswith("/__"):
            reply = self.control(request)
        else:
            reply = self.reply_to(request)
        return self.send(connection, request, reply)

    # --- control and log

    def control(self, request):
        if request.method == "GET" and request.path == "/__requests":
            with self.lock:
                return json_reply(self.log)
        if request.method == "PUT" and request.path == "/__control":
            wanted = json.loads(request.body or b"{}")
            with self.lock:
                self.log, self.counts, self.tokens = [], {}, []
                for name, value in wanted.items():
                    if not hasattr(self.options, name):
                        return faults.json_error(400, "no such setting")
                    setattr(self.options, name, value)
            return json_reply({})
        return faults.json_error(404, "no such control")

    def record(self, request, reply):
        """Before the answer goes out: whoever has it may ask for the log at once."""
        line = {"origin": request.origin, "method": request.method, "path": request.path, "kind": request.kind,
                "query": request.query, "headers": request.headers, "body": request.body.decode("latin-1"),
                "scenario": request.scenario, "status": reply.status, "sent": 0}
        with self.lock:
            self.log.append(line)
        return line

    def write_down(self, line):
        with self.lock:
            if self.log_file:
                self.log_file.write(json.dumps(line) + "\n")
                self.log_file.flush()

    # --- answers

    def reply_to(self, request):
        if request.path == "/oauth/token":
            return self.give_token()
        # What a redirect led to is answered plainly: the origin that was named is not the server.
        name = request.scenario or (self.options.scenario if request.origin != "foreign" else None)
        scenario = faults.SCENARIOS.get(name or "style-standard")
        if scenario is None:
            return faults.json_error(404, "no such scenario")
        touched = request.kind in scenario.get("on", faults.RETRIEVE)
        count = 0
        if touched:
            with self.lock:
                key = (name, request.kind == "fhir")
                count = self.counts[key] = self.counts.get(key, 0) + 1
        reply = scenario["before"](request, count, self) if touched and "before" in scenario else None
        if reply is None:
            reply = self.check_credentials(request) or self.content(request, scenario, touched)
            if touched and "after" in scenario and reply.status == 200:
                scenario["after"](reply, request, count)
        return reply

    def check_credentials(self, request):
        options = self.options
        if request.origin not in options.auth_on or not (options.basic or options.bearer or options.token_uses):
            return None
        got = request.header("authorization")
        if options.token_uses and self.use_token(got):
            return None
        if options.bearer and got in ["Bearer " + token for token in options.bearer.split(",")]:
            return None
        if options.basic and got == "Basic " + base64.b64encode(options.basic.encode()).decode():
            return None
        challenge = 'Bearer realm="peer"' if options.bearer or options.token_uses else 'Basic realm="peer"'
        return faults.Reply(401, b"", None, [("WWW-Authenticate", challenge)])

    def give_token(self):
        with self.lock:
            mortal = len(self.tokens) < self.options.token_deaths
            self.tokens.append(self.options.token_uses if mortal else None)
            name = "token-%d" % len(self.tokens)
        return json_reply({"access_token": name, "token_type": "Bearer", "expires_in": 300})

    def use_token(self, got):
        """Whether the token that was sent is one of ours, and had a use left."""
        match = re.fullmatch(r"Bearer token-(\d{1,6})", got)
        with self.lock:
            if not match or not 0 < int(match.group(1)) <= len(self.tokens):
                return False
            index = int(match.group(1)) - 1
            left = self.tokens[index]
            if left:
                self.tokens[index] -= 1
            return left is None or left > 0

    def content(self, request, scenario, touched):
        if request.kind == "fhir":
            return self.fhir(request)
        found = self.select(request)
        if request.kind == "qido":
            return self.qido(request, found)
        if not found or request.kind == "other":
            return faults.json_error(404, "not found")
        if request.kind == "metadata":
            return json_reply([one.json() for one in found], "application/dicom+json")
        if request.kind == "rendered" and self.options.picture:
            return faults.Reply(200, base64.b64decode(self.options.picture), "application/octet-stream")
        if request.kind == "rendered":
            return faults.Reply(200, PNG if request.header("accept") == "image/png" else JPEG, None, end="chunked")
        if request.kind == "bulkdata":
            return faults.Reply(200, framing.join([(dicom_data.ELE, "", b"bulk of " + request.inner.encode())], "B",
                                                  lambda part: ["Content-Type: application/octet-stream"]),
                                'multipart/related; type="application/octet-stream"; boundary=B')
        if request.kind == "frames":
            return self.frames(request, found[0])
        request.parts = [(one.syntax, one.sop, one.data()) for one in found]
        if touched and "parts" in scenario:
            request.parts = scenario["parts"](request.parts, request)
        style = scenario.get("style", "standard") if touched else "standard"
        kind, body, end = framing.frame(style, request.parts, request.uids[0])
        return faults.Reply(200, body, kind, end=end)

    def select(self, request):
        """Instances below the UIDs of the path."""
        names = ("study", "series", "sop")
        return [one for one in self.instances
                if all(getattr(one, name) == uid for name, uid in zip(names, request.uids))]

    def frames(self, request, instance):
        frames = instance.frames()
        numbers = request.inner.rsplit("/", 1)[1].replace("%2C", ",").split(",")
        if not all(number.isdigit() and 0 < int(number) <= len(frames) for number in numbers):
            return faults.json_error(404, "no such frame")
        parts = [(instance.syntax, "", frames[int(number) - 1]) for number in numbers]
        headers = lambda part: ["Content-Type: application/octet-stream; transfer-syntax=" + part[0]]
        kind = 'multipart/related; type="application/octet-stream"; boundary=FRAMES'
        return faults.Reply(200, framing.join(parts, "FRAMES", headers), kind)

    def qido(self, request, found):
        level = request.inner.rstrip("/").rsplit("/", 1)[1]
        name = {"studies": "study", "series": "series", "instances": "sop"}[level]
        rows, counts = {}, {}
        for one in found:
            if not matches(one, request.query):
                continue
            key = getattr(one, name)
            counts.setdefault(key, []).append(one)
            rows.setdefault(key, one)
        offset = int(request.query.get("offset", ["0"])[0])
        limit = min(int(request.query.get("limit", [self.options.page_size])[0]), self.options.page_size)
        answer = []
        for key in list(rows)[offset:offset + limit]:
            row = rows[key].json()
            if level == "studies":
                row["00201206"] = {"vr": "IS", "Value": [len({one.series for one in counts[key]})]}
                row["00201208"] = {"vr": "IS", "Value": [len(counts[key])]}
            elif level == "series":
                row["00201209"] = {"vr": "IS", "Value": [len(counts[key])]}
            answer.append(row)
        return json_reply(answer, "application/dicom+json") if answer else faults.Reply(204)

    def fhir(self, request):
        match = re.match(r"/fhir/([^/]+)((?:/[^/]+)*?)/(ImagingStudy|Endpoint)(?:/([^/]+))?$", request.inner)
        if not match or match.group(1) not in fhir_data.SHAPES:
            return outcome(404, "not-found")
        shape, middle, kind, key = match.groups()
        studies = copy.copy(self.studies)
        studies.root = self.options.endpoint_root or self.url(request.origin) + request.prefix + "/dicom-web"
        studies.foreign_root = self.url("foreign") + "/dicom-web"
        base = self.url(request.origin) + request.prefix + "/fhir/" + shape + middle
        if key and key != "_search":
            found = studies.read(shape, base, kind, key)
            return json_reply(found, "application/fhir+json") if found else outcome(404, "not-found")
        query = dict(request.query)
        if request.method == "POST":
            for name, values in urllib.parse.parse_qs(request.body.decode("latin-1")).items():
                query[name] = query.get(name, []) + values
        if kind != "ImagingStudy" or not (query.get("patient") or query.get("identifier")):
            return outcome(400, "required")
        return json_reply(studies.search(shape, base, query, self.options.page_size), "application/fhir+json")

    # --- the wire

    def send(self, connection, request, reply):
        line = self.record(request, reply)
        if reply.cut == -1:
            self.write_down(line)
            return self.break_off(connection, reply.how)
        bare = reply.status in (204, 304) or request.method == "HEAD"
        lines = ["HTTP/1.1 %d %s" % (reply.status, REASONS.get(reply.status, "Status"))]
        lines += ["%s: %s" % header for header in reply.headers]
        if reply.end == "length" and reply.status != 204:
            lines.append("Content-Length: %d" % len(reply.body))
        elif reply.end == "chunked":
            lines.append("Transfer-Encoding: chunked")
        elif reply.end == "close":
            lines.append("Connection: close")
        body = b"" if bare else reply.body
        stop = len(body) if reply.cut is None else min(reply.cut, len(body))
        sent = 0
        try:
            connection.sendall("\r\n".join(lines + ["", ""]).encode("latin-1"))
            while sent < stop:
                piece = body[sent:min(sent + reply.piece, stop)]
                if reply.end == "chunked":
                    piece_out = b"%x\r\n" % len(piece) + piece + b"\r\n"
                else:
                    piece_out = piece
                line["sent"] = sent + len(piece)
                connection.sendall(piece_out)
                sent += len(piece)
                if reply.pause:
                    time.sleep(reply.pause)
        finally:
            line["sent"] = sent
            self.write_down(line)
        if reply.cut is not None and stop < len(body):
            return self.break_off(connection, reply.how)
        if reply.end == "chunked" and not bare:
            connection.sendall(b"0\r\n\r\n")
        return reply.end != "close" and request.header("connection").lower() != "close"

    def break_off(self, connection, how):
        if how == "stall":
            # Until the client has had enough: it sends nothing more, so this ends when it closes.
            connection.settimeout(120)
            connection.recv(1)
        elif how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


def matches(instance, query):
    for tag, name in ((0x0020000D, "StudyInstanceUID"), (0x0020000E, "SeriesInstanceUID"),
                      (0x00080018, "SOPInstanceUID"), (0x00100020, "PatientID"), (0x00080060, "Modality"),
                      (0x00080060, "ModalitiesInStudy"), (0x00080050, "AccessionNumber")):
        wanted = query.get(name, []) + query.get("%08X" % tag, []) + query.get("%08x" % tag, [])
        if wanted and instance.text(tag) not in ",".join(wanted).split(","):
            return False
    return True


def json_reply(value, kind="application/json"):
    return faults.Reply(200, json.dumps(value).encode(), kind)


def outcome(status, code):
    issue = {"severity": "error", "code": code, "diagnostics": "the request cannot be answered"}
    return faults.Reply(status, json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode(),
                        "application/fhir+json")


def read_request(stream, origin):
    line = stream.readline(65536)
    while line in (b"\r\n", b"\n"):
        line = stream.readline(65536)
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = []
    while True:
        line = stream.readline(1 << 20)
        if line in (b"\r\n", b"\n", b""):
            break
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name.strip(), value.strip()))
    known = {name.lower(): value for name, value in headers}
    if known.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while len(body) < MAX_BODY:
            size = int(stream.readline(64).split(b";")[0], 16)
            body += stream.read(size)
            stream.readline(64)
            if size == 0:
                break
    else:
        body = stream.read(min(int(known.get("content-length", 0)), MAX_BODY))
    return Request(origin, method, target, headers, body)


def options():
    parser = argparse.ArgumentParser(description="A scripted DICOMweb and FHIR server on loopback.")
    parser.add_argument("folders", nargs="*", metavar="FOLDER")
    parser.add_argument("--generate", default="2x3", metavar="SERIESxINSTANCES")
    parser.add_argument("--scenario")
    parser.add_argument("--basic", metavar="USER:PASSWORD|@FILE")
    parser.add_argument("--bearer", metavar="TOKEN[,TOKEN]")
    parser.add_argument("--token-uses", type=int, default=0, metavar="N", help="tokens of /oauth/token, of N uses")
    parser.add_argument("--token-deaths", type=int, default=0, metavar="N", help="how many tokens end so")
    parser.add_argument("--auth-on", default="main,tls", type=lambda text: text.split(","))
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--page-size", type=int, default=100)
    parser.add_argument("--endpoint-root", metavar="URL", help="DICOMweb root that Endpoints name")
    parser.add_argument("--log", metavar="FILE")
    parser.add_argument("--port", type=int, default=0)
    parser.set_defaults(picture=None)
    parser.add_argument("--list", action="store_true", help="print the scenarios and end")
    return parser.parse_args()


def main():
    given = options()
    if given.list:
        print("\n".join(sorted(faults.SCENARIOS)))
        return
    if given.folders:
        instances = [one for folder in given.folders for one in dicom_data.read_folder(folder)]
    else:
        series, count = given.generate.split("x")
        instances = dicom_data.make_study(series=int(series), instances=int(count))
    if given.basic and given.basic.startswith("@"):
        with open(given.basic[1:], encoding="utf-8") as file:
            given.basic = file.readline().rstrip("\n")
    server = Server(given, instances)
    server.listen("main", port=given.port)
    server.listen("foreign")
    if given.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*given.tls)
        server.listen("tls", context)
    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
    signal.signal(signal.SIGINT, lambda number, frame: os._exit(0))
    print(json.dumps(server.ports), flush=True)
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
