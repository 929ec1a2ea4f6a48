#!/usr/bin/env python3
"""fhir capabilities, get, binary, export-download, export against tests/fake/vendors.py."""
import gzip
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import unittest

import peers

sys.path.insert(0, peers.FAKE)
import vendors  # noqa: E402
from vendors import Reply, b64, ndjson, png  # noqa: E402


class Fhir(peers.Case):
    def setUp(self):
        super().setUp()
        self.v = vendors.Vendors()
        self.addCleanup(self.v.stop)
        self.env = {"WADOKIT_TOKEN": vendors.TOKEN}

    def args(self, *args):
        return ("--fhir", self.v.base + "/fhir", "--json", "--retries", 1, "--no-progress", "fhir") + args

    def fhir(self, *args, **keywords):
        keywords.setdefault("env", self.env)
        return self.run_wadokit(*self.args(*args), **keywords)

    def read(self, *names):
        with open(os.path.join(self.out, *names), "rb") as file:
            return file.read()

    def left(self):
        return sorted(os.listdir(self.out)) if os.path.isdir(self.out) else []


class Reading(Fhir):
    def test_capabilities_as_table_and_lines(self):
        result = self.fhir("capabilities")
        self.assert_exit(result, 0)
        server = result.lines("server")[0]
        self.assertEqual((server["name"], server["fhirVersion"], server["security"]), ("Vendors", "4.0.1", "SMART-on-FHIR"))
        self.assertEqual(server["resource"], vendors.CAPABILITIES)
        patient = result.lines("resource")[0]
        self.assertEqual((patient["resource"], patient["interactions"], patient["search"]),
                         ("Patient", "read, search-type", "identifier, name"))
        table = self.run_wadokit("--fhir", self.v.base + "/fhir", "fhir", "capabilities")
        self.assertIn("Patient", table.out)
        self.assertIn("SMART-on-FHIR", table.out)

    def test_get_prints_what_came(self):
        self.v.patients = {"p1": {"resourceType": "Patient", "id": "p1"}}
        result = self.fhir("get", "Patient/p1")
        self.assert_exit(result, 0)
        self.assertEqual(json.loads(result.out), self.v.patients["p1"])
        self.assert_exit(self.fhir("get", "Patient/p1", "-o", os.path.join(self.home, "p.json")), 0)
        with open(os.path.join(self.home, "p.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file), self.v.patients["p1"])
        self.assert_exit(self.fhir("get", "Patient/none"), 4)
        self.assert_exit(self.fhir("get", "Patient/p1", env={"WADOKIT_TOKEN": "x"}), 3)
        self.assert_exit(self.fhir("gte", "Patient/p1"), 2)
        self.assert_exit(self.run_wadokit("fhir", "get", "Patient/p1"), 2)

    def test_a_whole_url_elsewhere_gets_no_credentials(self):
        other = vendors.Vendors()
        self.addCleanup(other.stop)
        self.assert_exit(self.fhir("get", other.base + "/fhir/metadata"), 0)
        self.assertNotIn("Authorization", other.seen[0][2])


class Binary(Fhir):
    def test_every_form_of_a_binary(self):
        picture = png()
        cda = b"<?xml version='1.0'?><ClinicalDocument/>"
        plain = b'{"my": "own JSON"}'
        def other_json(handler):
            return Reply(200, plain, "application/json")
        def picky(handler):
            return Reply(406) if "fhir" in handler.headers["Accept"] else Reply(200, picture, "image/png")
        self.v.binaries = {
            "json": Reply(200, {"id": "json", "data": b64(picture), "contentType": "image/jpg", "resourceType": "Binary"},
                          "application/fhir+json"),
            "raw": Reply(200, picture, "image/png; x=y"), "nolabel": Reply(200, picture), "cda": Reply(200, cda, "text/xml"),
            "other": other_json, "picky": picky, "odd": Reply(200, b"\0\1\2", "x/../../y")}
        want = {"json": ("json.jpg", picture), "raw": ("raw.png", picture), "nolabel": ("nolabel.png", picture),
                "cda": ("cda.xml", cda), "other": ("other.json", plain), "picky": ("picky.png", picture),
                "odd": ("odd.bin", b"\0\1\2")}
        for key, (name, data) in want.items():
            with self.subTest(key):
                result = self.fhir("binary", key, "-o", self.out + "/")
                self.assert_exit(result, 0)
                self.assertEqual(self.read(name), data)
                self.assertEqual(result.lines("file")[0]["bytes"], len(data))
        self.assert_exit(self.fhir("binary", "raw", "-o", os.path.join(self.out, "named.x")), 0)
        self.assertEqual(self.read("named.x"), picture)

    def test_a_document_that_is_no_binary_is_saved_as_it_is(self):
        rtf = b"{\\rtf1 hello}"
        bodies = {"data": {"id": "1", "data": "QUJD"}, "text": {"data": "no base64!"}, "array": [1, 2],
                  "answers": {"resourceType": "QuestionnaireResponse", "status": "completed"},
                  "parameters": {"data": "QUJD", "resourceType": "Parameters"}, "content": {"content": "QUJD"}}
        self.v.binaries = {key: Reply(200, body, "application/json;charset=UTF-8") for key, body in bodies.items()}
        self.v.binaries["rtf"] = Reply(200, rtf, "text/rtf")
        self.v.binaries["xml"] = Reply(200, b'<Binary xmlns="http://hl7.org/fhir"><contentType value="image/png"/>'
                                       b'<data value="' + b64(png()).encode() + b'"/></Binary>', "application/fhir+xml")
        want = {key + ".json": json.dumps(body).encode() for key, body in bodies.items()}
        want.update({"rtf.rtf": rtf, "xml.png": png()})
        for key in self.v.binaries:
            self.assert_exit(self.fhir("binary", key, "-o", self.out + "/"), 0)
        self.assertEqual({name: self.read(name) for name in self.left()}, want)

    def test_what_is_no_binary_leaves_no_file(self):
        picture = png()
        self.v.binaries = {
            "html": Reply(200, b"<!doctype html><title>Log in here</title>", "text/html"),
            "outcome": Reply(200, vendors.outcome("it is locked"), "application/fhir+json"),
            "xml": Reply(200, vendors.xml_outcome("it is sealed"), "application/fhir+xml"),
            "bad64": Reply(200, {"resourceType": "Binary", "data": "ab?d"}, "application/fhir+json"),
            "nodata": Reply(200, {"resourceType": "Binary"}, "application/fhir+json"),
            "empty": Reply(200, {"resourceType": "Binary", "data": ""}, "application/fhir+json"), "204": Reply(204),
            "cutjson": Reply(200, json.dumps({"resourceType": "Binary", "data": b64(picture)}).encode()[:-20],
                             "application/fhir+json"),
            "cut": Reply(200, picture, "image/png", cut=20), "throttled": Reply(429, b"", None, {"Retry-After": "0"})}
        for key, code, words in (("html", 6, "Log in here"), ("outcome", 6, "it is locked"), ("xml", 6, "it is sealed"),
                                 ("bad64", 6, "base64"), ("nodata", 6, "without data"), ("empty", 6, "the Binary is empty"), ("204", 4, "204"), ("cutjson", 6, "cut short"),
                                 ("cut", 5, ""), ("throttled", 5, "429"), ("none", 4, "no such thing")):
            with self.subTest(key):
                result = self.fhir("binary", key, "-o", self.out + "/", "--max-wait", 1)
                self.assert_exit(result, code)
                self.assertIn(words, result.err)
                self.assertEqual(self.left(), [])

    def test_200_mb_in_bounded_memory(self):
        size = 200 * 1000 * 1000 if not peers.SANITIZED else 20 * 1000 * 1000
        piece = b64(bytes(range(256)) * 3 * 256).encode()  # 196608 bytes
        count = size // 196608

        def pieces(handler):
            def make():
                yield b'{"resourceType":"Binary","contentType":"application/pdf","data":"'
                for _ in range(count):
                    yield piece
                yield b'","id":"big"}'
            return Reply(200, b"", "application/fhir+json", chunks=make())

        self.v.binaries = {"big": pieces}
        result = self.fhir("binary", "big", "-o", self.out + "/", timeout=110)
        self.assert_exit(result, 0)
        self.assertEqual(os.path.getsize(os.path.join(self.out, "big.pdf")), count * 196608)
        if not peers.SANITIZED:
            self.assertLess(result.peak, 48 * peers.MIB)
            print("200 MB Binary: %.1f s, peak %.1f MiB" % (result.seconds, result.peak / peers.MIB))


class Lines(Fhir):
    def download(self, data, **keywords):
        self.v.files = {"e1": data}
        return self.fhir("export-download", "e1", "-o", self.out + "/", **keywords)

    def test_lines_are_counted_and_kept_as_they_are(self):
        for data, lines in ((ndjson("Patient", 5), 5), (b"\xef\xbb\xbf" + ndjson("X", 2).replace(b"\n", b"\r\n\r\n"), 2),
                            (ndjson("Patient", 3)[:-1], 3), (b"", 0)):
            result = self.download(data)
            self.assert_exit(result, 0)
            self.assertEqual(self.read("e1.ndjson"), data)
            self.assertEqual(result.lines("file")[0]["lines"], lines)
        self.assertEqual(self.v.paths()[0], "/fhir/Binary/e1/$export-download")
        self.assertEqual(self.v.seen[0][2]["Accept"], "application/fhir+ndjson")

    def test_a_bad_line_is_reported_and_kept(self):
        data = ndjson("Patient", 2) + b'{"resourceType":"Patient",\n[]\n' + ndjson("Patient", 2)
        result = self.download(data)
        self.assert_exit(result, 1)
        self.assertEqual(self.read("e1.ndjson"), data)
        self.assertEqual((result.lines("file")[0]["lines"], result.lines("file")[0]["bad"]), (6, 2))
        self.assertIn("line 3:", result.err)
        self.assertIn("line 4:", result.err)

    def test_gzip_declared_and_not(self):
        data = ndjson("Patient", 1000)
        self.assert_exit(self.download(lambda n: vendors.gzipped(data)), 0)
        self.assertEqual(self.read("e1.ndjson"), data)
        packed = gzip.compress(data[:len(data) // 2]) + gzip.compress(data[len(data) // 2:])
        self.assert_exit(self.download(packed), 0)
        self.assertEqual(self.read("e1.ndjson"), data)
        os.unlink(os.path.join(self.out, "e1.ndjson"))
        self.assert_exit(self.download(packed[:-12]), 6)
        self.assertEqual(self.left(), [])

    def test_a_page_and_a_broken_body_leave_no_file(self):
        result = self.download(b"<html><title>Who are you</title></html>")
        self.assert_exit(result, 6)
        self.assertIn("Who are you", result.err)
        self.assert_exit(self.download(lambda n: Reply(200, ndjson("A", 99), "application/fhir+ndjson", cut=50)), 5)
        self.assertEqual(self.left(), [])
        self.assert_exit(self.download(lambda n: Reply(200, ndjson("A", 99), "x/y", cut=50 if n == 3 else None)), 0)
        self.assertEqual(self.left(), ["e1.ndjson"])

    def test_large_files_and_long_lines_in_bounded_memory(self):
        total = 400 * peers.MIB if not peers.SANITIZED else 20 * peers.MIB
        block = ndjson("Observation", 20000)
        count = total // len(block)

        def make():
            yield b'{"resourceType":"Binary","data":"'
            for _ in range(100):
                yield b"A" * (1 << 18)
            yield b'"}\n'
            for _ in range(count):
                yield block

        result = self.download(lambda n: Reply(200, b"", "application/fhir+ndjson", chunks=make()), timeout=110)
        self.assert_exit(result, 0)
        self.assertEqual(result.lines("file")[0]["lines"], count * 20000 + 1)
        if not peers.SANITIZED:
            self.assertLess(result.peak, 48 * peers.MIB)
            print("%.0f MiB NDJSON: %.1f s, peak %.1f MiB" % (
                result.lines("file")[0]["bytes"] / peers.MIB, result.seconds, result.peak / peers.MIB))


class Export(Fhir):
    def setUp(self):
        super().setUp()
        self.v.files = {"Patient": ndjson("Patient", 3), "Patient-b": ndjson("Patient", 2, 3),
                        "Observation": ndjson("Observation", 10), "next": ndjson("Observation", 1, 10)}

    def export(self, *args, **keywords):
        return self.fhir("export", "-o", self.out, *args, **keywords)

    def test_from_kick_off_to_delete(self):
        self.v.manifest = {"link": [{"relation": "next", "url": "?page=2"}]}
        result = self.export("--group", "g1", "--type", "Patient,Observation", "--since", "2026-01-01T00:00:00+01:00")
        self.assert_exit(result, 0)
        self.assertEqual(self.left(), ["Observation-2.ndjson", "Observation.ndjson", "Patient-2.ndjson", "Patient.ndjson",
                                       "manifest.json"])
        self.assertEqual(self.read("Patient-2.ndjson"), self.v.files["Patient-b"])
        self.assertEqual(self.v.paths()[0], "/fhir/Group/g1/$export?_type=Patient%2CObservation&"
                         "_since=2026-01-01T00%3A00%3A00%2B01%3A00")
        self.assertEqual(self.v.seen[0][2]["Prefer"], "respond-async")
        self.assertIn("50%", result.err)
        self.assertEqual(self.v.deleted, ["/fhir/job/1"])
        self.assertEqual(result.summary()["lines"], 16)
        listed = [one["url"].rsplit("/", 1)[1] for one in json.loads(self.read("manifest.json"))["output"]]
        self.assertEqual(listed, ["Observation", "Patient", "Patient-b", "next"])

    def test_credentials_only_where_the_manifest_wants_them(self):
        for needs in (True, False):
            self.v.needs_token = needs
            self.v.seen.clear()
            self.v.counts.clear()
            self.assert_exit(self.export(), 0)
            files = [one for one in self.v.seen if one[1].startswith("/fhir/file/")]
            self.assertEqual({"Authorization" in one[2] for one in files}, {needs})

    def test_files_elsewhere_get_no_credentials(self):
        other = vendors.Vendors()
        self.addCleanup(other.stop)
        other.needs_token = False
        other.files = {"x": ndjson("Patient", 1)}
        self.v.manifest = {"output": [{"type": "Patient", "url": other.base + "/fhir/file/x", "count": 2},
                                      {"type": "../../etc/x", "url": other.base + "/fhir/file/x"}]}
        result = self.export()
        self.assert_exit(result, 1)
        self.assertNotIn("Authorization", other.seen[0][2])
        self.assertIn("the server said 2", result.err)
        self.assertIn("fewer lines than the manifest says", result.err)
        self.assertEqual(result.summary()["shorter"], 1)
        self.assertEqual(self.left(), [".wadokit", "Patient.ndjson", "manifest.json", "resources.ndjson"])

    def test_errors_that_the_server_reports_are_exit_1(self):
        self.v.files["errors"] = vendors.outcome("group has a stranger") + b"\n"
        self.v.manifest = {"error": [{"type": "OperationOutcome", "url": self.v.base + "/fhir/file/errors"}],
                           "deleted": [{"type": "Bundle", "url": self.v.base + "/fhir/file/next"}]}
        result = self.export()
        self.assert_exit(result, 1)
        self.assertIn("group has a stranger", result.err)
        self.assertIn("errors.ndjson", self.left())
        self.assertIn("deleted.ndjson", self.left())

    def test_an_outcome_in_place_of_data_is_exit_1(self):
        self.v.files["Observation"] = ndjson("Observation", 2) + vendors.outcome("three are lost") + b"\n"
        result = self.export()
        self.assert_exit(result, 1)
        self.assertIn("the first in Observation.ndjson: three are lost", result.err)
        self.assertEqual([one["errors"] for one in result.lines("file") if one["resource"] == "Observation"], [1])

    def test_parameters_go_along(self):
        self.assert_exit(self.export("--param", "_typeFilter=Patient?active=true", "--param",
                                     "includeAssociatedData=LatestProvenanceResources"), 0)
        self.assertEqual(self.v.paths()[0], "/fhir/$export?_typeFilter=Patient%3Factive%3Dtrue&"
                         "includeAssociatedData=LatestProvenanceResources")
        self.assert_exit(self.export("--param", "_elements"), 2)

    def test_kept_files_are_known_by_their_urls(self):
        names, sign = ["a", "b", "c"], ["1"]
        data = {name: ndjson("Patient", 2, 10 * at) for at, name in enumerate(names)}
        self.v.files = dict(data, b=lambda n: Reply(403, b"expired", "text/plain"))
        def listed():
            return {"output": [{"type": "Patient", "url": "%s/fhir/file/%s?sig=%s" % (self.v.base, name, sign[0])}
                               for name in names]}
        self.v.manifest = listed()
        self.assert_exit(self.export(), 1)
        names.reverse()
        sign[0] = "2"
        self.v.files, self.v.manifest = data, listed()
        result = self.export()
        self.assert_exit(result, 0)
        self.assertEqual((result.summary()["kept"], result.summary()["saved"]), (2, 1))
        self.assertEqual(sorted(self.read(name) for name in self.left() if name != "manifest.json"), sorted(data.values()))

    def test_waiting_has_a_limit_where_one_is_given(self):
        self.v.poll = ["1%"] * 1000
        status = self.v.bulk_status
        self.v.bulk_status = lambda handler, query: Reply(202, b"", None, {"Retry-After": "5"})
        result = self.export("--max-wait", 1)
        self.assert_exit(result, 5)
        self.assertIn("the same command goes on with it", result.err)
        answers = [Reply(429, b"", None, {"Retry-After": "0"})] * 3
        self.v.bulk_status = lambda handler, query: answers.pop() if answers else status(handler, query)
        self.v.poll = []
        self.assert_exit(self.export(), 0)

    def test_a_failed_file_is_fetched_by_the_next_run_and_the_others_kept(self):
        good = self.v.files["Observation"]
        self.v.files["Observation"] = lambda n: Reply(500, vendors.outcome("disk on fire"), "application/fhir+json")
        result = self.export()
        self.assert_exit(result, 1)
        self.assertIn("disk on fire", result.err)
        self.assertEqual(self.v.deleted, [])
        self.v.files["Observation"] = good
        self.v.seen.clear()
        result = self.export()
        self.assert_exit(result, 0)
        self.assertEqual((result.summary()["saved"], result.summary()["kept"]), (1, 2))
        self.assertNotIn("/fhir/$export", self.v.paths())
        self.assertEqual(self.v.deleted, ["/fhir/job/1"])
        self.assertNotIn(".wadokit", self.left())

    def test_an_interrupt_while_waiting_is_gone_on_from(self):
        self.v.poll = ["10%"] * 1000
        self.v.counts.clear()
        child = peers.start(self.args("export", "-o", self.out), self.home, self.env)
        until = time.monotonic() + 20
        while self.v.counts.get("poll", 0) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=20)
        self.assertEqual(child.returncode, 130)
        self.v.poll = []
        self.v.seen.clear()
        self.assert_exit(self.export(), 0)
        self.assertNotIn("/fhir/$export", self.v.paths())

    def test_a_patient_by_get_or_by_post(self):
        self.assert_exit(self.export("--patient", "p1"), 0)
        self.assertEqual(self.v.paths()[0], "/fhir/Patient/p1/$export")
        route = self.v.fhir

        def by_post(handler, names, query, body):
            if names == ["Patient", "$export"] and handler.command == "POST":
                wanted = {"resourceType": "Parameters", "parameter": [
                    {"name": "patient", "valueReference": {"reference": "Patient/p9"}}]}
                self.assertEqual(json.loads(body), wanted)
                return Reply(202, b"", None, {"Content-Location": self.v.base + "/fhir/job/1"})
            return route(handler, names, query, body)

        self.v.fhir = by_post
        self.assert_exit(self.export("--patient", "p9"), 0)

    def test_failures_are_told(self):
        self.assert_exit(self.export(env={"WADOKIT_TOKEN": "x"}), 3)
        self.assert_exit(self.export("--group", "unknown"), 4)
        self.assert_exit(self.export("--group", "a", "--patient", "b"), 2)
        self.assert_exit(self.export("--type", "Patient/.."), 2)
        self.v.manifest = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": "too old"}]}
        result = self.export()
        self.assert_exit(result, 6)
        self.assertIn("too old", result.err)


if __name__ == "__main__":
    peers.main()
