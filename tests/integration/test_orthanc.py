#!/usr/bin/env python3
"""The main job against a real PACS: a study of 500 CT slices, and one of every kind."""
import json
import os
import shutil
import signal
import tempfile
import time
import unittest

import peers
import dicom_data

USERS = {"alice": "orthanc-word"}
SLICES = 500


@peers.needs_orthanc()
class FiveHundredSlices(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="wadokit-orthanc-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        made = os.path.join(cls.folder, "made")
        peers.make_phantom(made, "ct:%d" % SLICES)
        cls.orthanc = peers.Orthanc(cls.folder, USERS)
        cls.addClassCleanup(cls.orthanc.stop)
        cls.count = cls.orthanc.load(made)
        one = dicom_data.Instance(path=os.path.join(made, "ct", "0001.dcm"))
        cls.study, cls.series, cls.size = one.study, one.series, one.size * SLICES
        shutil.rmtree(made)

    def setUp(self):
        super().setUp()
        self.login = ["--user", "alice", "--password-file", self.write("password", "orthanc-word\n")]

    def get(self, *more):
        return self.run_wadokit("get", "--json", "--no-progress", "--dicomweb", self.orthanc.root, *self.login,
                                "-o", self.out, *more, self.study)

    def check_all_identical(self):
        found, stored = self.dcm_files(), self.orthanc.stored()
        self.assertEqual(set(found), set(stored))
        for sop, path in found.items():
            with open(path, "rb") as file:
                self.assertEqual(file.read(), self.orthanc.file(stored[sop]), path)

    def test_all_files_are_what_the_server_stores_and_memory_stays_small(self):
        result = self.get()
        self.assert_exit(result, 0)
        self.assertEqual(result.summary()["saved"], SLICES)
        self.check_all_identical()
        if not peers.SANITIZED:
            self.assertLess(result.peak, 48 * peers.MIB)
        again = self.get()
        self.assert_exit(again, 0)
        self.assertEqual((again.summary()["kept"], again.summary()["saved"]), (SLICES, 0), again.err)

    def test_a_run_that_was_killed_leaves_only_whole_files_and_goes_on(self):
        for sign, part in ((signal.SIGKILL, 0.1), (signal.SIGKILL, 0.5), (signal.SIGINT, 0.7)):
            child = peers.start(["get", "-q", "--dicomweb", self.orthanc.root, *self.login, "-o", self.out,
                                 self.study], self.home)
            until = time.monotonic() + 60
            while (child.poll() is None and time.monotonic() < until
                   and len(self.dcm_files()) < part * SLICES):
                time.sleep(0.005)
            child.send_signal(sign)
            child.communicate()
            for path in self.dcm_files().values():
                self.assertGreater(os.path.getsize(path), 512 * 512 * 2, path)
        result = self.get()
        self.assert_exit(result, 0)
        self.assertEqual(result.summary()["saved"] + result.summary()["kept"], SLICES, result.err)
        self.assertGreater(result.summary()["kept"], 0)
        self.check_all_identical()

    def test_a_thumbnail_of_the_study_moves_at_most_half_a_percent_of_it(self):
        counter = peers.Counter(self.orthanc.port)
        self.addCleanup(counter.stop)
        result = self.run_wadokit("thumb", "--json", "--no-progress", "--dicomweb",
                                  "http://127.0.0.1:%d/dicom-web" % counter.port, *self.login, "-o", self.out,
                                  self.study)
        self.assert_exit(result, 0)
        path = os.path.join(self.out, self.study, self.series + ".jpg")
        with open(path, "rb") as file:
            self.assertEqual(file.read(3), b"\xff\xd8\xff")
        self.assertLessEqual(counter.received, self.size * 0.005)

    def test_wrong_credentials_are_exit_3(self):
        self.write("password", "not-this\n")
        self.assert_exit(self.get(), 3)
        self.login = []
        self.assert_exit(self.get(), 3)

    def test_an_unknown_study_is_exit_4(self):
        self.study = "1.2.3.4"
        self.assert_exit(self.get(), 4)

    def test_levels_below_the_study(self):
        self.study += "/" + self.series
        self.assert_exit(self.get(), 0)
        sop = sorted(self.dcm_files())[0]
        self.assertEqual(len(self.dcm_files()), SLICES)
        shutil.rmtree(self.out)
        self.study += "/" + sop
        self.assert_exit(self.get(), 0)
        self.assertEqual(list(self.dcm_files()), [sop])

    def test_wildcards_reach_a_server_that_decodes_nothing(self):
        for options in (("--description", "chest"), ("--param", "PatientName=*hantom*")):
            found = self.run_wadokit("search", "--json", "--dicomweb", self.orthanc.root, *self.login, *options)
            self.assert_exit(found, 0)
            self.assertIn(self.study, found.out)

    def test_search_and_resolve_name_the_study(self):
        found = self.run_wadokit("search", "--json", "--dicomweb", self.orthanc.root, *self.login)
        self.assert_exit(found, 0)
        self.assertIn(self.study, found.out)
        plan = self.run_wadokit("resolve", "--json", "--dicomweb", self.orthanc.root, *self.login, self.study)
        self.assert_exit(plan, 0)
        self.assertIn(self.orthanc.root + "/studies/" + self.study, plan.out)


@peers.needs_orthanc()
class EveryKind(peers.Case):
    """FHIR at one origin, images at another: the whole chain."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="wadokit-orthanc-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.made = os.path.join(cls.folder, "made")
        peers.make_phantom(cls.made, "-1", "ct:5", "mr:5", "us:3", "dx", "sr")
        cls.orthanc = peers.Orthanc(cls.folder, USERS)
        cls.addClassCleanup(cls.orthanc.stop)
        cls.count = cls.orthanc.load(cls.made)
        cls.peer = peers.Peer(cls.made, "--endpoint-root", cls.orthanc.root, "--basic", "alice:orthanc-word")
        cls.addClassCleanup(cls.peer.stop)

    def setUp(self):
        super().setUp()
        self.login = ["--user", "alice", "--password-file", self.write("password", "orthanc-word\n"),
                      "--no-progress", "--json"]
        self.allow = ["--allow-origin", "http://127.0.0.1:%d" % self.orthanc.port]

    def fhir(self, shape="redox"):
        return "%s/fhir/%s/Development" % (self.peer.main, shape)

    def search(self, shape="redox"):
        found = self.run_wadokit("search", *self.login, "--fhir", self.fhir(shape), "--patient", "PHANTOM-1")
        self.assert_exit(found, 0)
        return self.write("found.jsonl", found.out)

    def test_every_shape_of_answer_leads_to_the_files(self):
        for shape in ("redox", "contained", "included", "urn", "referenced", "absolute", "series"):
            with self.subTest(shape):
                shutil.rmtree(self.out, ignore_errors=True)
                result = self.run_wadokit("get", *self.login, *self.allow, "--fhir", self.fhir(shape), "-o", self.out,
                                          self.search(shape))
                self.assert_exit(result, 0)
                self.assertEqual(len(self.dcm_files()), self.count)

    def test_a_search_url_is_a_target(self):
        result = self.run_wadokit("get", *self.login, *self.allow, "-o", self.out,
                                  self.fhir() + "/ImagingStudy?patient=PHANTOM-1")
        self.assert_exit(result, 0)
        self.assertEqual(len(self.dcm_files()), self.count)

    def test_without_leave_no_credential_goes_to_the_images_origin(self):
        result = self.run_wadokit("get", *self.login, "--fhir", self.fhir(), "-o", self.out, self.search())
        self.assert_exit(result, 3, 8)
        self.assertEqual(self.dcm_files(), {})

    def test_an_unfilled_template_is_refused(self):
        found = self.search("template")
        result = self.run_wadokit("get", *self.login, *self.allow, "--fhir", self.fhir("template"), "-o", self.out,
                                  found)
        self.assert_exit(result, 8)
        self.assertRegex(result.err + result.out, "destination-slug")

    def test_an_endpoint_that_is_off_is_not_used(self):
        result = self.run_wadokit("get", *self.login, *self.allow, "--fhir", self.fhir("off"), "-o", self.out,
                                  self.search("off"))
        self.assert_exit(result, 4)

    def test_without_endpoints_the_named_server_is_asked(self):
        result = self.run_wadokit("get", *self.login, "--dicomweb", self.orthanc.root, "-o", self.out,
                                  self.search("none"))
        self.assert_exit(result, 0)
        self.assertEqual(len(self.dcm_files()), self.count)

    def test_pictures_of_every_kind(self):
        result = self.run_wadokit("thumb", *self.login, *self.allow, "--fhir", self.fhir(), "-o", self.out,
                                  self.search())
        self.assert_exit(result, 0)
        images = result.lines("image")
        self.assertEqual(len(images), 5, str(result))
        self.assertEqual(sum(bool(image.get("placeholder")) for image in images), 1)
        shutil.rmtree(self.out)
        result = self.run_wadokit("render", *self.login, "-o", self.out, self.made)
        pictures = [name for _, _, names in os.walk(self.out) for name in names if name.endswith(".png")]
        self.assertGreaterEqual(len(pictures), 12, str(result))

    def test_bulk_data_uris_of_metadata_are_followed(self):
        image = next(one for one in dicom_data.read_folder(self.made) if one.syntax == dicom_data.ELE and one.frames())
        study = image.study
        result = self.run_wadokit("get", *self.login, "--dicomweb", self.orthanc.root, "--bulkdata", "-o", self.out,
                                  study + "/metadata")
        self.assert_exit(result, 0)
        with open(os.path.join(self.out, study + "-metadata.json"), encoding="utf-8") as file:
            named = sum("BulkDataURI" in element for one in json.load(file) for element in one.values())
        self.assertGreater(named, 0)
        self.assertEqual(result.summary()["saved"], named + 1)
        path = os.path.join(self.out, study, image.series, image.sop + "-bulkdata-7FE00010.bin")
        with open(path, "rb") as file:
            self.assertIn(file.read(), image.data())

    def test_info_moves_no_pixels(self):
        counter = peers.Counter(self.orthanc.port)
        self.addCleanup(counter.stop)
        study = next(iter(json.loads(self.orthanc.get("/dicom-web/studies")[1])))["0020000D"]["Value"][0]
        result = self.run_wadokit("info", *self.login, "--dicomweb",
                                  "http://127.0.0.1:%d/dicom-web" % counter.port, study)
        self.assert_exit(result, 0)
        self.assertLess(counter.received, 200000)


if __name__ == "__main__":
    peers.main()
