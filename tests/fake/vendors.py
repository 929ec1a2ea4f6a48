#!/usr/bin/env python3
"""Vendors' interfaces on loopback, played from their documents: Netsmart (token, PatientImage), Cerbo
(images of a patient, Basic), a FHIR R4 server (Patient.photo, Binary, metadata, bulk export).

    with Vendors() as v: v.base, v.seen, v.cerbo_add ...

Every server of it speaks on one port: /oauth/token, /v4/..., /api/v1/..., /fhir/... What goes wrong is
asked for by the ids in the path; they are the keys of the tables below. As a program it prints its
base URL and runs until its standard input closes.
"""
import base64
import gzip
import http.server
import json
import struct
import sys
import threading
import time
import urllib.parse
import zlib

CLIENT, SECRET = "client 1", "se/cret+%&="
TOKEN = "vendor-token-9f8e"
USER, PASSWORD = "api", "pass word:1"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width=40, height=30, noise=0):
    """A colour picture: red grows to the right, green down; the left upper corner is blue."""
    rows = bytearray()
    seed = 1
    for y in range(height):
        rows.append(0)
        for x in range(width):
            blue = 255 if x < width // 4 and y < height // 4 else 0
            if noise:
                seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
                blue = seed >> 16 & 255
            rows += bytes((x * 255 // width, y * 255 // height, blue))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(bytes(rows), 1)) + chunk(b"IEND", b""))


GIF = (b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;")
WEBP = b"RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"


def b64(data):
    return base64.b64encode(data).decode()


def xml_outcome(text, code="not-found"):
    return ('<?xml version="1.0" encoding="UTF-8"?><OperationOutcome xmlns="http://hl7.org/fhir"><issue>'
            '<severity value="error"/><code value="%s"/><details><text value="%s"/></details></issue>'
            '</OperationOutcome>' % (code, text)).encode()


def outcome(text, code="invalid"):
    return json.dumps({"resourceType": "OperationOutcome",
                       "issue": [{"severity": "error", "code": code, "diagnostics": text}]}).encode()


class Reply:
    def __init__(self, status=200, body=b"", kind=None, headers=(), cut=None, chunks=None, pause=0):
        self.status, self.kind, self.headers, self.cut = status, kind, dict(headers), cut
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.chunks, self.pause = chunks, pause  # chunks: an iterator of bodies of unknown length


class Vendors:
    def __init__(self):
        self.seen = []          # (method, path, headers, body)
        self.counts = {}
        self.lock = threading.Lock()
        self.jpeg = None        # a real JPEG where a test has made one
        self.pictures = {}      # Cerbo: patient -> [image id]
        self.sent = []          # Cerbo: bodies of POST
        self.page = 3           # Cerbo: the most that one page holds
        self.envelope = "data"
        self.poll = ["", "50%"]     # bulk: what X-Progress says before it is done
        self.files = {}         # bulk: name -> bytes
        self.manifest = {}      # bulk: members that differ
        self.needs_token = True
        self.deleted = []
        self.binaries = {}
        self.patients = {}
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                owner.serve(self)

            do_POST = do_DELETE = do_GET

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.stop()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def count(self, key):
        with self.lock:
            self.counts[key] = self.counts.get(key, 0) + 1
            return self.counts[key]

    def paths(self, prefix=""):
        return [one[1] for one in self.seen if one[1].startswith(prefix)]

    # --- the wire

    def serve(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        with self.lock:
            self.seen.append((handler.command, handler.path, dict(handler.headers), body))
        parts = urllib.parse.urlsplit(handler.path)
        query = {key: values[0] for key, values in urllib.parse.parse_qs(parts.query).items()}
        names = [urllib.parse.unquote(name) for name in parts.path.strip("/").split("/")]
        reply = self.route(handler, names, query, body)
        if reply.pause:
            time.sleep(reply.pause)
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.kind:
            handler.send_header("Content-Type", reply.kind)
        if reply.chunks is not None:
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for piece in reply.chunks:
                handler.wfile.write(b"%x\r\n" % len(piece) + piece + b"\r\n")
            handler.wfile.write(b"0\r\n\r\n")
            return
        handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        handler.wfile.write(reply.body if reply.cut is None else reply.body[:reply.cut])
        if reply.cut is not None:
            handler.close_connection = True

    def route(self, handler, names, query, body):
        if names == ["oauth", "token"]:
            return self.token(handler, body)
        if names[0] == "v4" and len(names) == 3 and names[1] == "PatientImage":
            return self.bearer(handler, True) or self.patient_image(names[2])
        if names[:2] == ["api", "v1"]:
            return self.basic(handler) or self.cerbo(handler, names[2:], query, body)
        if names[0] == "fhir":
            return self.fhir(handler, names[1:], query, body)
        if names[0] == "open":  # another place, without a login
            return Reply(200, png(12, 10), "image/png")
        return Reply(404, b"no such page", "text/plain")

    # --- logins

    def token(self, handler, body):
        form = urllib.parse.parse_qs(body.decode())
        want = {"grant_type": ["client_credentials"], "client_id": [CLIENT], "client_secret": [SECRET],
                "scope": ["CCD"]}
        if handler.headers.get("Content-Type", "").split(";")[0] != "application/x-www-form-urlencoded":
            return Reply(415)
        if form.get("grant_type") == ["client_credentials"] and "client_assertion" in form:
            form = want  # signatures are looked at by the login server of test_login.py
        if form != want:
            return Reply(401, {"error": "invalid_client"}, "application/json")
        return Reply(200, {"access_token": TOKEN, "token_type": "bearer", "expires_in": "300"}, "application/json")

    def bearer(self, handler, xml=False):
        if handler.headers.get("Authorization") == "Bearer " + TOKEN:
            return None
        if xml:
            return Reply(401, xml_outcome("token not valid", "security"), "application/fhir+xml")
        return Reply(401, outcome("token not valid", "security"), "application/fhir+json")

    def basic(self, handler):
        if handler.headers.get("Authorization") == "Basic " + b64((USER + ":" + PASSWORD).encode()):
            return None
        return Reply(401, {"error": "bad credentials"}, "application/json", {"WWW-Authenticate": "Basic"})

    # --- Netsmart

    def patient_image(self, key):
        picture = png()
        if key == "throttled" and self.count("throttled") == 1:
            return Reply(429, b"", None, {"Retry-After": "0"})
        table = {
            "p-png": lambda: Reply(200, picture, "image/png"),
            "p-jpeg": lambda: Reply(200, self.jpeg, "image/jpeg"),
            "p label": lambda: Reply(200, picture, "text/plain; charset=utf-8"),
            "throttled": lambda: Reply(200, picture, "image/png"),
            "binary": lambda: Reply(200, {"resourceType": "Binary", "contentType": "image/png", "data": b64(picture)},
                                    "application/fhir+json"),
            "html": lambda: Reply(200, b"<!DOCTYPE html><html><title>Please log in</title></html>", "text/html"),
            "xml200": lambda: Reply(200, xml_outcome("no record"), "application/fhir+xml"),
            "text": lambda: Reply(200, b"not today", "image/jpeg"),
            "pdf": lambda: Reply(200, b"%PDF-1.4 and so on", "image/jpeg"),
            "short": lambda: Reply(200, picture[:-20], "image/png"),
            "short-jpeg": lambda: Reply(200, self.jpeg[:-40], "image/jpeg"),
            "holed-jpeg": lambda: Reply(200, self.jpeg[:-100] + b"\xff\xd9", "image/jpeg"),
            "empty": lambda: Reply(200, b"", "image/png"),
            "204": lambda: Reply(204),
            "broken": lambda: Reply(200, picture, "image/png", cut=len(picture) // 2),
            "once": lambda: Reply(200, picture, "image/png",
                                  cut=len(picture) // 2 if self.count("once") == 1 else None),
            "forbidden": lambda: Reply(403, xml_outcome("not your patient", "security"), "application/fhir+xml"),
            "error": lambda: Reply(500, xml_outcome("out of order", "exception"), "application/fhir+xml"),
            "gif": lambda: Reply(200, GIF, "image/gif"),
            "webp": lambda: Reply(200, WEBP, "image/webp"),
        }
        if key in table:
            return table[key]()
        return Reply(404, xml_outcome("no image"), "application/fhir+xml")

    # --- Cerbo

    def cerbo(self, handler, names, query, body):
        if len(names) < 3 or names[0] != "patients" or names[2] != "images":
            return Reply(404, {"error": "not found"}, "application/json")
        patient, rest = names[1], names[3:]
        if handler.command == "POST" and not rest:
            return self.cerbo_add(handler, patient, body)
        if patient == "html":
            return Reply(200, b"<html><title>Sign in</title></html>", "text/html")
        if patient == "error":
            return Reply(200, {"error": "resource not allowed"}, "application/json")
        if patient not in self.pictures:
            return Reply(404, {"error": "no such patient"}, "application/json")
        if not rest:
            return self.cerbo_list(patient, query)
        if len(rest) == 2 and rest[1] in ("content", "stream"):
            return self.cerbo_bytes(rest[0], rest[1])
        return Reply(404, {"error": "not found"}, "application/json")

    def cerbo_list(self, patient, query):
        ids = [one for one in self.pictures[patient]
               if "photo_type" not in query or (query["photo_type"] == "personal") == (one % 2 == 1)]
        offset = int(query["offset"])
        page = ids[offset:offset + min(int(query["limit"]), self.page)]
        if patient == "loop":
            page, offset = ids[:self.page], 0
        items = [{"object": "image", "id": str(one) if one % 2 else one, "pt_id": patient,
                  "photo_type": "personal" if one % 2 else "medical", "mime_type": "image/png",
                  "title": "photo\x1b[31m %d" % one,
                  "date_taken": "2024-06-30 23:30:%02d" % (one % 60) if one % 2 else "2024-01-31T12:00:00Z"}
                 for one in page]
        more = len(page) == self.page and offset + len(page) < len(ids)
        if patient == "loop":
            more = True
        if self.envelope is None:
            return Reply(200, items, "application/json")
        return Reply(200, {"object": "list", "has_more": "true" if more else 0, self.envelope: items},
                     "application/json")

    def cerbo_bytes(self, image, how):
        picture = png(20, 20)
        if how == "stream":
            return Reply(200, picture, "application/octet-stream")
        number = int(image)
        text = b64(picture)
        shapes = {
            1: lambda: Reply(200, picture, "image/png"),
            2: lambda: Reply(200, {"image": {"mime_type": "image/png", "base64_content": text}}, "application/json"),
            3: lambda: Reply(200, {"data": "\r\n".join(text[i:i + 76] for i in range(0, len(text), 76))},
                             "text/html"),
            4: lambda: Reply(200, {"content": text.replace("+", "-").replace("/", "_").rstrip("=")},
                             "application/json"),
            5: lambda: Reply(200, {"base64": "data:image/png;base64," + text}, "application/json"),
            6: lambda: Reply(200, json.dumps(text).encode(), "application/json"),
            97: lambda: Reply(200, {"content": text[:40]}, "application/json"),
            98: lambda: Reply(200, {"message": "this picture is being processed, come back later on"},
                              "application/json"),
            99: lambda: Reply(404, {"error": "gone"}, "application/json"),
        }
        return shapes.get(number, shapes[1])()

    def cerbo_add(self, handler, patient, body):
        if handler.headers.get("Content-Type") != "application/json":
            return Reply(415, {"error": "JSON, please"}, "application/json")
        if patient == "html":
            return Reply(200, b"<html><title>Sign in</title></html>", "text/html")
        if patient == "error":
            return Reply(500, {"error": "out of order"}, "application/json")
        self.sent.append(json.loads(body))
        return Reply(201, {"object": "enqueued", "id": 4711}, "application/json")

    # --- FHIR

    def fhir(self, handler, names, query, body):
        path = "/".join(names)
        if path == ".well-known/smart-configuration":
            return Reply(200, {"authorization_endpoint": self.base + "/authorize", "token_endpoint": self.base + "/oauth/token",
                               "code_challenge_methods_supported": ["S256"], "capabilities": ["launch-standalone"]},
                         "application/json")
        if path == "metadata":
            return Reply(200, CAPABILITIES, "application/fhir+json")
        if names[0] == "file":
            return self.bulk_file(handler, names[1])
        refused = self.bearer(handler)
        if refused:
            return refused
        if path in ("$export", "Group/g1/$export", "Patient/p1/$export") and handler.command == "GET":
            if handler.headers.get("Prefer") != "respond-async":
                return Reply(400, outcome("respond-async is required"), "application/fhir+json")
            return Reply(202, b"", None, {"Content-Location": self.base + "/fhir/job/1"})
        if path.startswith("job/"):
            return self.bulk_status(handler, query)
        if names[0] == "Binary" and len(names) == 3 and names[2] == "$export-download":
            return self.bulk_file(handler, names[1])
        if names[0] == "Binary" and len(names) == 2 and names[1] in self.binaries:
            found = self.binaries[names[1]]
            return found(handler) if callable(found) else found
        if names == ["Patient"]:
            found = [{"resource": one} for one in self.patients.values()]
            return Reply(200, {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": found},
                         "application/fhir+json")
        if names[0] == "Patient" and len(names) == 2 and names[1] in self.patients:
            return Reply(200, self.patients[names[1]], "application/fhir+json")
        return Reply(404, outcome("no such thing", "not-found"), "application/fhir+json")

    def bulk_status(self, handler, query):
        if handler.command == "DELETE":
            self.deleted.append(handler.path)
            return Reply(202)
        if "page" in query:
            return Reply(200, {"output": [{"type": "Observation", "url": self.base + "/fhir/file/next"}]},
                         "application/json")
        number = self.count("poll")
        if number <= len(self.poll):
            wait = "0" if number % 2 else "Wed, 21 Oct 2015 07:28:00 GMT"
            return Reply(202, b"", None, {"X-Progress": self.poll[number - 1], "Retry-After": wait})
        output = [{"type": name.split("-")[0], "url": self.base + "/fhir/file/" + name}
                  for name in sorted(self.files) if name[0].isupper()]
        manifest = {"transactionTime": "2026-01-01T00:00:00Z", "request": self.base + "/fhir/$export",
                    "requiresAccessToken": self.needs_token, "output": output, "error": []}
        manifest.update(self.manifest)
        return Reply(200, manifest, "application/json", {"Expires": "Wed, 21 Oct 2035 07:28:00 GMT"})

    def bulk_file(self, handler, name):
        if self.needs_token:
            refused = self.bearer(handler)
            if refused:
                return refused
        found = self.files.get(name)
        if found is None:
            return Reply(404, outcome("no such file", "not-found"), "application/fhir+json")
        if callable(found):
            return found(self.count("file " + name))
        return Reply(200, found, "application/fhir+ndjson")


def ndjson(kind, count, start=0):
    return b"".join(b'{"resourceType":"%s","id":"%d"}\n' % (kind.encode(), i) for i in range(start, start + count))


def gzipped(data):
    return Reply(200, gzip.compress(data), "application/fhir+ndjson", {"Content-Encoding": "gzip"})


CAPABILITIES = {
    "resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1",
    "software": {"name": "Vendors", "version": "1.2"}, "format": ["json", "xml"],
    "rest": [{"mode": "server", "security": {"service": [{"coding": [{"code": "SMART-on-FHIR"}]}]},
              "operation": [{"name": "export", "definition": "http://x/export"}],
              "resource": [
                  {"type": "Patient", "interaction": [{"code": "read"}, {"code": "search-type"}],
                   "searchParam": [{"name": "identifier"}, {"name": "name"}]},
                  {"type": "Binary", "interaction": [{"code": "read"}]},
                  {"type": "Group", "operation": [{"name": "export", "definition": "http://x/group-export"}]}]}]}


if __name__ == "__main__":
    with Vendors() as vendors:
        print(vendors.base, flush=True)
        sys.stdin.read()
