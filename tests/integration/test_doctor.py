#!/usr/bin/env python3
"""`doctor`: servers that answer, that refuse, and whose clock is wrong."""
import http.server
import threading
import time

import peers
from email.utils import formatdate


class Server(http.server.BaseHTTPRequestHandler):
    skew, status, seen = 0, 200, []

    def do_GET(self):
        Server.seen.append(self.path)
        self.send_response_only(Server.status)
        self.send_header("Date", formatdate(time.time() + Server.skew, usegmt=True))
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_):
        pass


class Doctor(peers.Case):
    def setUp(self):
        super().setUp()
        Server.skew, Server.status, Server.seen = 0, 200, []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.root = "http://127.0.0.1:%d/dicom-web" % self.server.server_port

    def findings(self, *status):
        result = self.run_wadokit("--dicomweb", self.root, "--fhir", self.root + "/fhir", "doctor", "--json")
        self.assert_exit(result, *status)
        return {line["name"]: line for line in result.lines("finding")}

    def test_all_is_well(self):
        found = self.findings(0)
        self.assertEqual([found[n]["status"] for n in ("dicomweb", "fhir", "clock", "folder")], 4 * ["ok"])
        self.assertEqual(sorted(Server.seen), ["/dicom-web/fhir/metadata", "/dicom-web/studies?limit=1"])

    def test_credentials_are_asked_for(self):
        Server.status = 401
        found = self.findings(3)
        self.assertEqual(found["dicomweb"]["status"], "fail")
        self.assertIn("auth login", found["dicomweb"]["advice"])
        self.assertEqual(found["clock"]["status"], "ok")

    def test_a_wrong_clock_is_told(self):
        for skew, status, code in ((-90, "warn", 0), (90, "warn", 0), (3600, "fail", 6)):
            Server.skew = skew
            found = self.findings(code)
            self.assertEqual(found["clock"]["status"], status)
            self.assertIn("behind" if skew > 0 else "ahead", found["clock"]["detail"])


if __name__ == "__main__":
    peers.main()
