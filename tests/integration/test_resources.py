#!/usr/bin/env python3
"""`get` of what is no instance: metadata, rendered pictures, thumbnails, frames, bulk data."""
import json
import os
import unittest

import peers
import dicom_data

STUDY = "2.25.1001"
SERIES = STUDY + ".1"
SOP = SERIES + ".1"
IMAGE = "/studies/%s/series/%s/instances/%s" % (STUDY, SERIES, SOP)
WHOLE = {one.sop: one for one in dicom_data.make_study(STUDY)}
LIMITS = ["--retries", "2", "--max-wait", "6", "--idle-timeout", "1", "--no-progress"]


class Resources(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer()
        cls.addClassCleanup(cls.peer.stop)
        cls.root = cls.peer.main + "/dicom-web"

    def get(self, *targets):
        return self.run_wadokit("get", "--json", *LIMITS, "-o", self.out, *targets, timeout=60)

    def files(self):
        return sorted(os.path.relpath(os.path.join(where, name), self.out)
                      for where, _, names in os.walk(self.out) for name in names if ".wadokit" not in where)

    def test_each_kind_has_its_name_and_suffix(self):
        place = "/".join((STUDY, SERIES, SOP))
        for what, name in ((IMAGE + "/metadata", place + "-metadata.json"),
                           ("/studies/%s/metadata" % STUDY, STUDY + "-metadata.json"),
                           ("/studies/%s/series/%s/metadata" % (STUDY, SERIES),
                            STUDY + "/" + SERIES + "-metadata.json"),
                           (IMAGE + "/rendered", place + "-rendered.jpg"),
                           (IMAGE + "/rendered?window=40,400,linear", place + "-rendered.jpg"),
                           (IMAGE + "/thumbnail", place + "-thumbnail.jpg"),
                           ("/studies/%s/thumbnail" % STUDY, STUDY + "-thumbnail.jpg"),
                           (IMAGE + "/frames/1", place + "-1.raw"),
                           (IMAGE + "/frames/1/rendered", place + "-1-rendered.jpg"),
                           (IMAGE + "/bulkdata/7fe00010/x",
                            place + "-bulkdata-7fe00010%2Fx.bin")):
            with self.subTest(what):
                result = self.get(self.root + what)
                self.assert_exit(result, 0)
                (line,) = result.lines("instance")
                self.assertEqual(os.path.relpath(line["path"], self.out), name)
                self.assertEqual(line["bytes"], os.path.getsize(line["path"]))
                self.assertEqual(len(line["sha256"]), 64)
                self.assertIn(line["status"], ("saved", "kept"))

    def test_frames_are_byte_for_byte_what_the_server_sent(self):
        self.assert_exit(self.get(self.root + IMAGE + "/frames/1"), 0)
        with open(os.path.join(self.out, STUDY, SERIES, SOP + "-1.raw"), "rb") as file:
            self.assertEqual(file.read(), WHOLE[SOP].frames()[0])

    def test_a_rerun_keeps_what_is_the_same_and_numbers_what_is_not(self):
        self.get(self.root + IMAGE + "/rendered")
        self.assertEqual(self.get(self.root + IMAGE + "/rendered").lines("instance")[0]["status"], "kept")
        with open(os.path.join(self.out, STUDY, SERIES, SOP + "-rendered.jpg"), "ab") as file:
            file.write(b"x")
        self.get(self.root + IMAGE + "/rendered")
        self.assertIn("/".join((STUDY, SERIES, SOP)) + "-rendered-2.jpg", self.files())

    def test_what_is_no_metadata_is_not_saved_as_such(self):
        for scenario, code, words in (("metadata-error", 6, "database is locked"), ("metadata-empty", 4, "no metadata")):
            root = "%s/s/%s/dicom-web" % (self.peer.main, scenario)
            with self.subTest(scenario):
                result = self.get("%s/studies/%s/metadata" % (root, STUDY))
                self.assert_exit(result, code)
                self.assertIn(words, result.err)
                self.assertEqual(self.files(), [])
                shown = self.run_wadokit("info", "--json", "--dicomweb", root, STUDY)
                self.assert_exit(shown, code)
                self.assertIn(words, shown.err)
                self.assertEqual(shown.out, "")

    def test_a_list_of_frames_may_be_encoded(self):
        self.assert_exit(self.get(self.root + IMAGE + "/frames/1%2C1"), 0)

    def test_bare_uids_and_instances_beside_them(self):
        result = self.get("--dicomweb", self.root, "/".join((STUDY, SERIES, SOP, "metadata")),
                          "/".join((STUDY, SERIES)), "/".join((STUDY, SERIES, SOP, "frames/1")))
        self.assert_exit(result, 0)
        self.assertEqual(len(self.files()), 5)
        self.assertEqual(result.summary()["expected"], 5)
        with open(os.path.join(self.out, STUDY, SERIES, SOP + "-metadata.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)[0]["00080018"]["Value"], [SOP])

    def test_bulk_data_uris_are_followed_by_the_rules_of_origin(self):
        self.peer.control()
        token = self.write("token", "hidden-word\n")
        root = self.peer.main + "/s/bulk-uris/dicom-web"
        result = self.get("--token-file", token, "--bulkdata", "-j", "3", root + "/studies/%s/metadata" % STUDY)
        self.assert_exit(result, 1)
        saved = {os.path.relpath(line["path"], self.out) for line in result.lines("instance") if line["path"]}
        wanted = {STUDY + "-metadata.json"} | {
            "%s/%s/%s-bulkdata-%s.bin" % (STUDY, one.series, one.sop, tag) for one in WHOLE.values()
            for tag in ("7FE00010", "00420011", "54000100.2.54001010")}
        self.assertEqual(saved, wanted)
        self.assertEqual(saved, set(self.files()))
        place = os.path.join(self.out, STUDY, SERIES, SOP + "-bulkdata-")
        with open(place + "7FE00010.bin", "rb") as file:
            self.assertEqual(file.read(), b"bulk of /dicom-web/studies/%s/bulkdata/7fe00010" % STUDY.encode())
        with open(place + "54000100.2.54001010.bin", "rb") as file:
            self.assertEqual(file.read(), b"bulk of /dicom-web/studies/%s/bulkdata/wave" % STUDY.encode())
        told = [(line["status"], line["error"]) for line in result.lines("instance") if not line["path"]]
        self.assertEqual(sorted(status for status, _ in told), ["missing", "refused", "refused", "refused"], told)
        words = " ".join(error for _, error in told)
        for said in ("file:///etc/hostname", "169.254.169.254", "00090012", "404"):
            self.assertIn(said, words)
        self.assertNotIn("word@", words)
        for request in self.peer.requests():
            if not request["path"].startswith("/__"):
                self.assertEqual("hidden-word" in json.dumps(request), request["origin"] == "main", request)
                self.assertNotIn("evil", request["path"])
        again = self.get("--token-file", token, "--bulkdata", root + "/studies/%s/metadata" % STUDY)
        self.assertEqual(again.summary()["kept"], len(wanted), str(again))

    def test_bulk_data_of_an_instance_is_relative_to_its_metadata(self):
        result = self.get("--bulkdata", self.peer.main + "/s/bulk-uris/dicom-web" + IMAGE + "/metadata")
        with open(os.path.join(self.out, STUDY, SERIES, SOP + "-bulkdata-7FE00010.bin"), "rb") as file:
            self.assertEqual(file.read(), b"bulk of /dicom-web" + IMAGE.encode() + b"/bulkdata/7fe00010")
        self.assert_exit(result, 1)

    def test_many_are_under_way_at_once_and_a_bad_one_stops_none(self):
        slow = self.peer.main + "/s/stall-frames/dicom-web" + IMAGE + "/frames/1"
        targets = [slow, self.root + IMAGE + "/metadata/x"] + [
            "%s/studies/%s/series/%s.%d/instances/%s.%d.%d/%s" % (self.root, STUDY, STUDY, s, STUDY, s, i, what)
            for s in (1, 2) for i in (1, 2, 3) for what in ("rendered", "frames/1")]
        child = peers.start(["get", "-q", "-j", "2", "--idle-timeout", "30", "-o", self.out, "-T",
                             self.write("targets", "\n".join(targets))], self.home)
        try:
            for _ in range(100):
                if len(self.files()) == 12:
                    break
                peers.time.sleep(0.1)
            self.assertEqual(len(self.files()), 12, "the slow one holds up the others")
            self.assertIsNone(child.poll(), "the slow one is still waited for")
        finally:
            peers.stop(child)
        self.assertEqual(child.returncode, 130)

    def test_the_plan_shows_them(self):
        token = self.write("token", "word\n")
        targets = [STUDY + "/metadata", "%s/%s/%s/frames/1" % (STUDY, SERIES, SOP), STUDY,
                   self.peer.foreign + "/dicom-web" + IMAGE + "/rendered"]
        for command in (["resolve"], ["get", "-o", self.out, "--dry-run"]):
            with self.subTest(command[0]):
                self.peer.control()
                result = self.run_wadokit(*command, "--json", "--token-file", token, "--dicomweb", self.root, *targets)
                self.assert_exit(result, 0)
                seen = {(line.get("resource"), line["level"]): line for line in result.lines("plan")}
                self.assertEqual(set(seen), {("metadata", "study"), ("frames", "frame"), (None, "study"),
                                             ("rendered", "instance")})
                self.assertEqual(seen["metadata", "study"]["url"], self.root + "/studies/%s/metadata" % STUDY)
                self.assertEqual(seen["frames", "frame"]["frame"], 1)
                self.assertTrue(seen["metadata", "study"]["credentials"])
                self.assertFalse(seen["rendered", "instance"]["credentials"])
                self.assertEqual(result.summary()["planned"], 4)
                self.assertEqual([one for one in self.peer.requests() if not one["path"].startswith("/__")], [])
                self.assertFalse(os.path.exists(self.out))
        bad = self.run_wadokit("resolve", "--json", "--dicomweb", self.root, self.root + IMAGE + "/frames/0", STUDY)
        self.assert_exit(bad, 1)
        self.assertEqual([line["status"] for line in bad.lines("plan")], ["failed", "planned"])

    def test_what_makes_no_sense_is_a_usage_error(self):
        for what in ("/frames/0", "/frames/1,", "/frames/x", "/frames/1,2/rendered", "/frames/1/x", "/metadata/x",
                     "/frames/99999999999999999999"):
            with self.subTest(what):
                self.assert_exit(self.get(self.root + IMAGE + what), 2)
        self.assertEqual(self.files(), [])

    def test_a_frame_that_is_not_there(self):
        self.assert_exit(self.get(self.root + IMAGE + "/frames/7"), 4)
        self.assert_exit(self.get(self.root + "/studies/1.2.3/metadata"), 4)
        self.assertEqual(self.files(), [])

    def test_trouble_passes_or_is_said(self):
        for scenario, what, code, count in (
                ("503-seconds", "/metadata", 0, 1), ("429", "/frames/1", 0, 1), ("html", "/metadata", 6, 0),
                ("html", "/rendered", 6, 0), ("html", "/frames/1", 6, 0), ("html", "/bulkdata/1", 6, 0),
                ("cut-json", "/metadata", 5, 0), ("204", "/rendered", 4, 0), ("401", "/metadata", 3, 0),
                ("redirect-link-local", "/rendered", 8, 0), ("redirect-foreign", "/frames/1", 0, 1),
                ("500-always", "/metadata", 5, 0), ("stall-silent", "/thumbnail", 5, 0)):
            with self.subTest(scenario + what):
                self.peer.control()
                self.setUp()
                result = self.get(self.peer.main + "/s/" + scenario + "/dicom-web" + IMAGE + what)
                self.assert_exit(result, code)
                self.assertEqual(len(self.files()), count, str(self.files()))
                if code:
                    self.assertTrue(result.err.strip())

    def test_no_secret_goes_where_a_redirect_leads(self):
        self.peer.control()
        token = self.write("token", "hidden-word\n")
        result = self.get("--token-file", token, self.peer.main + "/s/redirect-foreign/dicom-web" + IMAGE + "/rendered")
        self.assert_exit(result, 0)
        for request in self.peer.requests():
            if not request["path"].startswith("/__"):
                self.assertEqual("hidden-word" in json.dumps(request), request["origin"] == "main")


if __name__ == "__main__":
    peers.main()
