"""Servers of FHIR and DICOMweb whose answers are a function, and the shapes of such answers."""
import http.server
import json
import threading
import urllib.parse

import peers

ENDPOINT = {"system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type", "code": "dicom-wado-rs"}


def study(uid, **more):
    return {"resourceType": "ImagingStudy", "description": "CT Chest " + uid,
            "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:" + uid}], **more}


def endpoint(key, address):
    return {"resourceType": "Endpoint", "id": key, "status": "active", "connectionType": ENDPOINT, "address": address}


def bundle(*entries, following=None, self_url=None):
    answer = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in entries]}
    answer["link"] = [{"relation": name, "url": url} for name, url in (("next", following), ("self", self_url)) if url]
    return answer


def row(uid, **more):
    """A record of QIDO-RS: row("1.2", PatientID="P1"), row("1.2", **{"00100020": {...}})."""
    tags = {"PatientID": ("00100020", "LO"), "PatientName": ("00100010", "PN"), "AccessionNumber": ("00080050", "SH"),
            "ModalitiesInStudy": ("00080061", "CS"), "StudyDate": ("00080020", "DA"), "Modality": ("00080060", "CS"),
            "StudyDescription": ("00081030", "LO"), "SeriesInstanceUID": ("0020000E", "UI"),
            "SOPInstanceUID": ("00080018", "UI")}
    record = {"0020000D": {"vr": "UI", "Value": [uid]}}
    for name, value in more.items():
        tag, vr = tags.get(name, (name, None))
        record[tag] = {"vr": vr, "Value": value if isinstance(value, list) else [value]} if vr else value
    return record


class Script:
    """answer: (method, path, parameters) -> (status, JSON or bytes[, {headers}]); seen: (method, path, parameters,
    query and body as they came, Authorization)"""

    def __init__(self, answer):
        self.seen = seen = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.reply("")

            def do_POST(self):
                self.reply(self.rfile.read(int(self.headers["Content-Length"])).decode())

            def reply(self, body):
                parts = urllib.parse.urlsplit(self.path)
                pairs = urllib.parse.parse_qsl(parts.query or body)
                seen.append((self.command, parts.path, pairs, parts.query + body, self.headers.get("Authorization")))
                status, value, *headers = answer(self.command, parts.path, pairs)
                data = value if isinstance(value, bytes) else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                for name, text in (headers[0] if headers else {}).items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Case(peers.Case):
    def serve(self, answer):
        script = Script(answer)
        self.addCleanup(script.stop)
        return script
