#!/usr/bin/env python3
"""Output and state folders on file systems that lack hard links, exclusive renames, locks, long names or the right to
write: a preloaded library (tests/support/odd_fs.c) answers as those do."""
import os
import stat
import unittest

import peers
import vendors
from vendors import b64, png

STUDY = "2.25.1001"
SHIM = os.path.join(os.environ.get("WADOKIT_BUILD", ""), "tests", "support", "libodd_fs.so")
KINDS = {
    "FUSE, CIFS": "notmpfile norename2 nolink=38",
    "CIFS, EINVAL": "notmpfile norename2 nolink=22",
    "exFAT": "notmpfile nolink=1",
    "NFS": "notmpfile norename2",
    "links that fail at the end": "nolink=31",
    "Lustre": "noflock=38",
    "NFS without lockd": "noflock=37",
    "eCryptfs": "names=143",
}


@unittest.skipUnless(os.path.exists(SHIM), "no %s" % SHIM)
class OddFileSystems(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer()
        cls.root = cls.peer.main + "/dicom-web"

    @classmethod
    def tearDownClass(cls):
        cls.peer.stop()

    def odd(self, lacks, *args, **more):
        env = {"LD_PRELOAD": SHIM, "ODD_FS": lacks, "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
        env.update(more.pop("env", {}))
        return self.run_wadokit(*args, env=env, **more)

    def test_get_saves_the_same_files_everywhere(self):
        self.assert_exit(self.run_wadokit("get", "--dicomweb", self.root, "-o", self.out, STUDY), 0)
        want = {sop: self.read_file(path) for sop, path in self.dcm_files().items()}
        for at, (name, lacks) in enumerate(KINDS.items()):
            with self.subTest(name):
                self.out = os.path.join(self.home, "odd%d" % at)
                result = self.odd(lacks, "get", "--dicomweb", self.root, "-o", self.out, STUDY)
                self.assert_exit(result, 0)
                self.assertEqual({sop: self.read_file(path) for sop, path in self.dcm_files().items()}, want)
                self.assertEqual(result.err.count("two runs at once would not know"), "noflock" in lacks)
                self.assertEqual(result.err.count("for want of hard links"), "norename2 nolink" in lacks)
                again = self.odd(lacks, "get", "--dicomweb", self.root, "-o", self.out, STUDY, "--json")
                self.assertEqual(again.summary()["kept"], len(want))
                self.assertEqual(os.listdir(os.path.join(self.out, ".wadokit", "tmp")), [])
                self.assert_exit(self.odd(lacks, "verify", self.out), 0)

    def read_file(self, path):
        with open(path, "rb") as file:
            return file.read()

    def test_what_a_killed_run_left_is_replaced(self):
        lacks = KINDS["FUSE, CIFS"]
        self.assert_exit(self.odd(lacks, "get", "--dicomweb", self.root, "-o", self.out, STUDY), 0)
        path = sorted(self.dcm_files().values())[0]
        want = self.read_file(path)
        os.remove(os.path.join(self.out, ".wadokit", "journal.jsonl"))
        os.truncate(path, 0)
        self.assert_exit(self.odd(lacks, "get", "--dicomweb", self.root, "-o", self.out, STUDY), 0)
        self.assertEqual(self.read_file(path), want)
        self.assertEqual(len(self.dcm_files()), 6)

    def test_pictures_photos_and_documents(self):
        picture = png()
        with vendors.Vendors() as v:
            key = "p" + "%" * 100
            v.patients = {key: {"resourceType": "Patient", "photo": [{"data": b64(picture)}]}}
            v.binaries = {"b" * 240: vendors.Reply(200, picture, "image/png")}
            for at, (name, lacks) in enumerate(KINDS.items()):
                with self.subTest(name):
                    out, env = os.path.join(self.home, "odd%d" % at), {"WADOKIT_TOKEN": vendors.TOKEN}
                    base = ("--fhir", v.base + "/fhir")
                    self.assert_exit(self.odd(lacks, "thumb", "--dicomweb", self.root, "-o", out, STUDY), 0)
                    self.assert_exit(self.odd(lacks, *base, "photo", "get", "--from", "fhir", "-o", out + "p", key,
                                              env=env), 0)
                    self.assert_exit(self.odd(lacks, *base, "fhir", "binary", "b" * 240, "-o", out + "b/", env=env), 0)
                    for folder in (out + "p", out + "b"):
                        names = os.listdir(folder)
                        self.assertEqual([len(names), self.read_file(os.path.join(folder, names[0]))], [1, picture])
                        self.assertLessEqual(len(names[0]), 143 if "names" in lacks else 255)

    def test_messages_name_the_real_place_and_cause(self):
        result = self.odd("notmpfile readonly=/.wadokit/tmp", "get", "--dicomweb", self.root, "-o", self.out, STUDY)
        self.assert_exit(result, 7)
        self.assertIn(os.path.join(self.out, ".wadokit", "tmp"), result.err)
        self.assertIn("Read-only file system", result.err)

    def test_a_state_folder_that_cannot_be_written(self):
        with vendors.Vendors() as v:
            v.patients = {"p1": {"resourceType": "Patient", "id": "p1"}}
            secret = os.path.join(self.home, "secret")
            with open(secret, "w", encoding="ascii") as file:
                file.write(vendors.SECRET)
            os.chmod(secret, 0o600)
            args = ("--fhir", v.base + "/fhir", "--auth", "client-credentials", "--token-url", v.base + "/oauth/token",
                    "--client-id", vendors.CLIENT, "--client-secret-file", secret, "--scope", "CCD", "fhir", "get",
                    "Patient/p1")
            state = os.path.join(self.home, ".local", "state", "wadokit")
            for lacks in ("readonly=/wadokit", "noflock=95 nosync"):
                result = self.odd(lacks, *args)
                self.assert_exit(result, 0)
                self.assertEqual(result.err.count("the token is not kept: "), "readonly" in lacks)
            kept = [name for name in os.listdir(state) if name.endswith(".json")]
            self.assertEqual([stat.S_IMODE(os.stat(os.path.join(state, name)).st_mode) for name in kept], [0o600])

    def test_files_follow_the_umask(self):
        before = os.umask(0o027)
        try:
            self.assert_exit(self.run_wadokit("get", "--dicomweb", self.root, "-o", self.out, STUDY), 0)
            self.assert_exit(self.run_wadokit("thumb", "--dicomweb", self.root, "-o", self.out + "t", STUDY), 0)
        finally:
            os.umask(before)
        seen = set()
        for folder in (self.out, self.out + "t"):
            for root, _, names in os.walk(folder):
                self.assertEqual(stat.S_IMODE(os.stat(root).st_mode), 0o750)
                seen |= {stat.S_IMODE(os.stat(os.path.join(root, name)).st_mode) for name in names}
        self.assertEqual(seen, {0o640})


if __name__ == "__main__":
    peers.main()
