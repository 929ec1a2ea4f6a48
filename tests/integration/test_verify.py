#!/usr/bin/env python3
"""`verify`: what get wrote is read again, held against the journal and against the server."""
import json
import os
import shutil
import unittest

import peers
import dicom_data

STUDY = "2.25.1001"


class Verify(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer()
        cls.root = cls.peer.main + "/dicom-web"

    @classmethod
    def tearDownClass(cls):
        cls.peer.stop()

    def setUp(self):
        super().setUp()
        self.assert_exit(self.run_wadokit("get", "--dicomweb", self.root, "-o", self.out, STUDY), 0)
        self.files = self.dcm_files()
        self.sops = sorted(self.files)

    def verify(self, *args):
        return self.run_wadokit("verify", "--json", self.out, *args)

    def statuses(self, result):
        return {line["sop"]: line["status"] for line in result.lines("instance")}

    def test_all_is_well(self):
        result = self.verify()
        self.assert_exit(result, 0)
        self.assertEqual(set(self.statuses(result).values()), {"kept"})
        summary = result.summary()
        self.assertEqual((summary["expected"], summary["kept"], summary["missing"], summary["failed"]), (6, 6, 0, 0))
        self.assertEqual(summary["bytes"], sum(map(os.path.getsize, self.files.values())))

    def test_one_of_each_kind(self):
        flipped, cut, gone = self.sops[:3]
        with open(self.files[flipped], "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last[0] ^ 1]))
        os.truncate(self.files[cut], os.path.getsize(self.files[cut]) - 3)
        os.remove(self.files[gone])
        extra = dicom_data.make_instance("2.25.5", "2.25.5.1", "2.25.5.1.1")
        with open(os.path.join(self.out, "extra.dcm"), "wb") as file:
            file.write(extra)
        with open(os.path.join(self.out, "broken.dcm"), "wb") as file:
            file.write(extra[:-5])
        self.write("out/notes.txt", "not an image")
        os.symlink(self.files[self.sops[3]], os.path.join(self.out, "link.dcm"))
        result = self.verify()
        self.assert_exit(result, 1)
        seen = {line["path"]: line for line in result.lines("instance")}
        self.assertEqual(seen[self.files[flipped]]["status"], "failed")
        self.assertIn("SHA-256", seen[self.files[flipped]]["error"])
        self.assertEqual(seen[self.files[cut]]["status"], "failed")
        self.assertIn("journal has", seen[self.files[cut]]["error"])
        self.assertEqual(seen[self.files[gone]]["status"], "missing")
        self.assertEqual(seen[os.path.join(self.out, "extra.dcm")]["error"], "not in the journal")
        self.assertEqual(seen[os.path.join(self.out, "broken.dcm")]["status"], "failed")
        summary = result.summary()
        self.assertEqual((summary["kept"], summary["extra"], summary["missing"], summary["failed"], summary["other"]),
                         (4, 1, 1, 3, 2))
        # What was found is what the next run of get mends.
        again = self.run_wadokit("get", "--json", "--dicomweb", self.root, "-o", self.out, STUDY)
        self.assert_exit(again, 0)
        self.assertEqual(again.summary()["saved"], 2)

    def test_without_digests_a_changed_byte_is_not_seen_and_a_lost_one_is(self):
        with open(self.files[self.sops[0]], "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\x55")
        os.truncate(self.files[self.sops[1]], 200)
        result = self.verify("--no-digest")
        self.assert_exit(result, 1)
        self.assertEqual(result.summary()["failed"], 1)

    def test_the_server_is_asked_what_is_missing(self):
        os.remove(self.files[self.sops[0]])
        journal = os.path.join(self.out, ".wadokit", "journal.jsonl")
        with open(journal, encoding="utf-8") as file:
            lines = [line for line in file if json.loads(line)["sop"] != self.sops[0]]
        with open(journal, "w", encoding="utf-8") as file:
            file.writelines(lines)
        self.assert_exit(self.verify(), 0)
        for options in (["--online"], ["--dicomweb", self.root + "/"], ["--fhir", self.peer.main + "/fhir/contained"],
                        ["--fhir", self.peer.main + "/fhir/redox"], [self.peer.main + "/fhir/contained/ImagingStudy?patient=P1"],
                        ["--dicomweb", self.root, STUDY], [self.root + "/studies/" + STUDY]):
            result = self.verify(*options)
            self.assert_exit(result, 1)
            self.assertEqual(self.statuses(result)[self.sops[0]], "missing")
            self.assertEqual(result.summary()["missing"], 1)

    def test_targets_tell_of_studies_of_which_nothing_came(self):
        other = peers.Peer("--generate", "1x2")
        self.addCleanup(other.stop)
        shutil.rmtree(os.path.join(self.out, STUDY, STUDY + ".2"))
        journal = os.path.join(self.out, ".wadokit", "journal.jsonl")
        with open(journal, encoding="utf-8") as file:
            lines = [line for line in file if json.loads(line)["series"] != STUDY + ".2"]
        with open(journal, "w", encoding="utf-8") as file:
            file.writelines(lines)
        one, two = ("%s/studies/%s/series/%s.%d" % (self.root, STUDY, STUDY, n) for n in (1, 2))
        self.assert_exit(self.verify(one), 0)
        result = self.verify(one, two)
        self.assert_exit(result, 1)
        self.assertEqual(result.summary()["missing"], 3)
        result = self.verify(two + "/instances/%s.2.3" % STUDY)
        self.assertEqual([sop for sop, status in self.statuses(result).items() if status == "missing"], [STUDY + ".2.3"])
        found = self.run_wadokit("search", "--json", "--fhir", self.peer.main + "/fhir/contained", "--patient", "P1")
        result = self.verify(self.write("found.json", found.out))
        self.assert_exit(result, 1)
        self.assertEqual(result.summary()["missing"], 3, str(result))
        shutil.rmtree(os.path.join(self.out, STUDY))
        os.remove(journal)
        result = self.verify(self.root + "/studies/" + STUDY)
        self.assert_exit(result, 4)
        self.assertEqual(result.summary()["missing"], 6)

    def test_what_cannot_be_asked_is_said(self):
        for options, code, words in ((["--fhir", self.peer.main + "/nothing"], 1, "cannot ask"),
                                     (["--fhir", self.peer.main + "/fhir/contained", "2.25.9"], 1, "UID needs"),
                                     (["--dicomweb", self.root, "2.25.9"], 1, "has nothing of it")):
            with self.subTest(options):
                result = self.verify("--retries", "0", *options)
                self.assert_exit(result, code)
                self.assertIn(words, result.err)
                self.assertEqual(result.summary()["kept"], 6)

    def test_a_server_that_is_not_there_is_said(self):
        result = self.verify("--online", "--dicomweb", "http://127.0.0.1:%d/x" % peers.free_port(), "--retries", "0")
        self.assert_exit(result, 1)
        self.assertIn("cannot ask", result.err)
        self.assertEqual(result.summary()["kept"], 6)

    def test_no_secret_goes_to_a_server_that_only_the_journal_names(self):
        token = self.write("token", "hidden-word\n")
        self.peer.control()
        self.assert_exit(self.verify("--online", "--token-file", token, "--allow-origin", self.peer.foreign), 0)
        sent = self.peer.requests()
        self.assertTrue(sent)
        self.assertNotIn("hidden-word", json.dumps(sent))

    def test_a_moved_file_is_missing_where_it_was_and_extra_where_it_is(self):
        moved = os.path.join(self.out, "moved", "x.dcm")
        os.mkdir(os.path.dirname(moved))
        before = self.files[self.sops[0]]
        os.rename(before, moved)
        result = self.verify()
        self.assert_exit(result, 1)
        self.assertEqual(result.summary()["extra"], 1)

    def test_all_is_gone(self):
        for path in self.files.values():
            os.remove(path)
        self.assert_exit(self.verify(), 4)
        shutil.rmtree(self.out)
        os.mkdir(self.out)
        self.assert_exit(self.verify(), 4)
        os.rmdir(self.out)
        self.assert_exit(self.verify(), 4)

    def test_all_is_broken(self):
        for path in self.files.values():
            os.truncate(path, 150)
        self.assert_exit(self.verify(), 6)

    def test_without_a_journal_every_file_is_extra(self):
        shutil.rmtree(os.path.join(self.out, ".wadokit"))
        result = self.verify()
        self.assert_exit(result, 0)
        self.assertEqual(result.summary()["extra"], 6)


if __name__ == "__main__":
    peers.main()
