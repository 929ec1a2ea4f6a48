#!/usr/bin/env python3
"""`doctor`: servers that answer, that refuse, and whose clock is wrong."""
import http.server
import os
import threading
import time

import peers
from email.utils import formatdate


class Server(http.server.BaseHTTPRequestHandler):
    skew, status, seen, body = 0, 200, [], None

    def do_GET(self):
        Server.seen.append(self.path)
        self.send_response_only(Server.status)
        self.send_header("Date", formatdate(time.time() + Server.skew, usegmt=True))
        kind, body = self.answer()
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self):
        path = self.path.split("?")[0]
        if Server.body is not None:
            found = Server.body(path)
            if found is not None:
                return found
        if path.endswith("/metadata"):
            return "application/fhir+json", b'{"resourceType":"CapabilityStatement"}'
        return "application/dicom+json", b"[]"

    def log_message(self, *_):
        pass


class Doctor(peers.Case):
    def setUp(self):
        super().setUp()
        Server.skew, Server.status, Server.seen, Server.body = 0, 200, [], None
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

    def test_files_that_others_can_read_are_told(self):
        was = os.umask(0o022)
        self.addCleanup(os.umask, was)
        found = self.findings(0)["umask"]
        self.assertEqual((found["status"], found["detail"][:3]), ("note", "022"))
        os.umask(0o077)
        self.assertEqual(self.findings(0)["umask"]["status"], "ok")

    def test_what_is_no_answer_of_such_a_server_is_said(self):
        page = b"<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
        outcome = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","diagnostics":"tenant unknown"}]}'
        for answer, words in ((("text/html", page), "an HTML page: Sign in"), (("application/json", b'{"status":"UP"}'), "neither of FHIR nor of DICOM"),
                              (("application/fhir+json", outcome), "OperationOutcome: tenant unknown"), (("text/plain", b""), "an empty body"),
                              (("application/fhir+xml", b"<CapabilityStatement xmlns='http://hl7.org/fhir'/>"), "in XML, not JSON")):
            with self.subTest(words):
                Server.body = lambda path, a=answer: a
                found = self.findings(6)
                for name in ("fhir", "dicomweb"):
                    self.assertEqual(found[name]["status"], "fail")
                    self.assertIn(words, found[name]["detail"])
                    self.assertTrue(found[name]["advice"])

    def test_a_root_given_as_the_other_kind_is_recognised(self):
        row = ("application/dicom+json", b'[{"0020000D":{"vr":"UI","Value":["1.2"]}}]')
        statement = ("application/fhir+json", b'{"resourceType":"CapabilityStatement"}')
        for option, good, other, words in (("--fhir", "/studies", row, "this is a DICOMweb server"),
                                           ("--dicomweb", "/metadata", statement, "this is a FHIR server")):
            for missing in (("application/json", b'{"error":"no such route"}'), ("text/html", b"<html></html>")):
                Server.body = lambda path, g=good, o=other, m=missing: o if path.endswith(g) else m
                result = self.run_wadokit(option, self.root, "doctor", "--json")
                self.assert_exit(result, 6)
                line = [one for one in result.lines("finding") if one["name"] == option[2:]][0]
                self.assertIn(words, line["detail"])

    def test_an_empty_list_may_have_no_body(self):
        Server.body = lambda path: ("application/dicom+json", b"") if path.endswith("/studies") else None
        self.assertEqual(self.findings(0)["dicomweb"]["status"], "ok")

    def test_roots_as_they_are_pasted_are_the_same_for_every_command(self):
        base = self.root
        row = ("application/dicom+json", b'[{"0020000D":{"vr":"UI","Value":["1.2"]}}]')
        empty = ("application/fhir+json", b'{"resourceType":"Bundle"}')
        Server.body = lambda path: row if path.endswith("/studies") else empty if path.endswith("/ImagingStudy") else None
        for tail, query in (("/", ""), ("//", ""), ("/studies", ""), ("/studies/", ""), ("/studies/1.2/series", ""), ("?key=7", "key=7"),
                            ("/studies?key=7", "key=7")):
            with self.subTest(tail):
                del Server.seen[:]
                self.assert_exit(self.run_wadokit("--dicomweb", base + tail, "doctor"), 0)
                self.assert_exit(self.run_wadokit("--dicomweb", base + tail, "search", "--limit", 1), 0)
                self.assertEqual({one.split("?")[0] for one in Server.seen}, {"/dicom-web/studies"})
                self.assertTrue(all(query in one for one in Server.seen), Server.seen)
                plan = self.run_wadokit("--dicomweb", base + tail, "resolve", "--json", "1.2.3")
                self.assertEqual(plan.lines("plan")[0]["url"], base + "/studies/1.2.3" + ("?" + query if query else ""))
        for tail, query in (("/", ""), ("/metadata", ""), ("/metadata/", ""), ("/ImagingStudy?patient=1", ""), ("?key=7", "key=7")):
            with self.subTest(tail):
                del Server.seen[:]
                self.assert_exit(self.run_wadokit("--fhir", base + "/fhir" + tail, "doctor"), 0)
                self.run_wadokit("--fhir", base + "/fhir" + tail, "search", "--method", "get", "--patient", "2")
                self.assertEqual([one.split("?")[0] for one in Server.seen], ["/dicom-web/fhir/metadata", "/dicom-web/fhir/ImagingStudy"])
                self.assertTrue(all(query in one for one in Server.seen), Server.seen)

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
