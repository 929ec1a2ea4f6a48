#!/usr/bin/env python3
"""photo get, list, add against the vendors' interfaces as tests/fake/vendors.py plays them."""
import hashlib
import os
import struct
import sys
import unittest

import peers

sys.path.insert(0, peers.FAKE)
import vendors  # noqa: E402

TOKEN = vendors.TOKEN


def png_size(data):
    return struct.unpack(">II", data[16:24])


class Photos(peers.Case):
    def setUp(self):
        super().setUp()
        self.v = vendors.Vendors()
        self.addCleanup(self.v.stop)
        self.env = {"WADOKIT_TOKEN": TOKEN}

    def photo(self, *args, **keywords):
        keywords.setdefault("env", self.env)
        return self.run_wadokit("--json", "--retries", 1, "--no-progress", "photo", *args, **keywords)

    def netsmart(self, *args, **keywords):
        return self.photo("get", "--from", "netsmart", "--base", self.v.base + "/v4", "-o", self.out, *args, **keywords)

    def files(self):
        found = {}
        for where, _, names in os.walk(self.out):
            for name in names:
                path = os.path.join(where, name)
                with open(path, "rb") as file:
                    found[os.path.relpath(path, self.out)] = file.read()
        return found

    def make_jpeg(self):
        result = self.netsmart("p-png", "--format", "jpeg", "-o", os.path.join(self.home, "made"))
        self.assert_exit(result, 0)
        with open(os.path.join(self.home, "made", "p-png.jpg"), "rb") as file:
            self.v.jpeg = file.read()
        self.assertTrue(self.v.jpeg.startswith(b"\xff\xd8\xff") and self.v.jpeg.endswith(b"\xff\xd9"))


class Netsmart(Photos):
    def test_bytes_are_kept_and_named_by_content(self):
        self.make_jpeg()
        result = self.netsmart("p-png", "p-jpeg", "p label", "binary", "throttled", "once")
        self.assert_exit(result, 0)
        files = self.files()
        self.assertEqual(sorted(files), ["binary.png", "once.png", "p%20label.png", "p-jpeg.jpg", "p-png.png",
                                         "throttled.png"])
        self.assertEqual(files["p-png.png"], vendors.png())
        self.assertEqual(files["p%20label.png"], vendors.png())
        self.assertEqual(files["binary.png"], vendors.png())
        self.assertEqual(files["once.png"], vendors.png())
        self.assertEqual(files["p-jpeg.jpg"], self.v.jpeg)
        self.assertIn("/v4/PatientImage/p%20label", self.v.paths())
        self.assertEqual(result.summary()["saved"], 6)
        one = [line for line in result.lines("photo") if line["patient"] == "p-png"][0]
        self.assertEqual((one["mediaType"], one["width"], one["height"], one["bytes"]),
                         ("image/png", 40, 30, len(vendors.png())))

    def test_no_photo_is_missing_and_fails_nothing(self):
        result = self.netsmart("p-png", "nobody", "204")
        self.assert_exit(result, 0)
        self.assertEqual(sorted(line["status"] for line in result.lines("photo")), ["missing", "missing", "saved"])
        self.assertEqual(result.summary()["missing"], 2)
        self.assertIn("no image", [line for line in result.lines("photo") if line["patient"] == "nobody"][0]["error"])

    def test_only_no_photo_is_exit_4(self):
        self.assert_exit(self.netsmart("nobody", "204"), 4)
        self.assertEqual(self.files(), {})

    def test_what_is_no_whole_picture_leaves_no_file(self):
        self.make_jpeg()
        for key, words in (("html", "Please log in"), ("xml200", "no record"), ("text", "no picture"),
                           ("pdf", "PDF"), ("short", "cut short"), ("short-jpeg", "cut short"),
                           ("holed-jpeg", "damaged"), ("empty", "empty")):
            with self.subTest(key):
                result = self.netsmart(key)
                self.assert_exit(result, 6)
                self.assertIn(words, result.err)
                self.assertEqual(self.files(), {})

    def test_failures_of_the_server_are_told_apart(self):
        for key, code, words in (("error", 5, "out of order"), ("broken", 5, "PatientImage"),
                                 ("forbidden", 3, "not your patient")):
            with self.subTest(key):
                result = self.netsmart(key)
                self.assert_exit(result, code)
                self.assertIn(words, result.err)
                self.assertEqual(self.files(), {})

    def test_some_failed_is_exit_1(self):
        result = self.netsmart("p-png", "html", "nobody")
        self.assert_exit(result, 1)
        self.assertEqual(list(self.files()), ["p-png.png"])

    def test_a_refused_login_ends_the_run(self):
        ids = ["p%d" % i for i in range(50)]
        result = self.netsmart("-j", 2, *ids, env={"WADOKIT_TOKEN": "wrong"})
        self.assert_exit(result, 3)
        self.assertIn("does not accept the token", result.err)
        self.assertLess(len(self.v.seen), 10)
        self.assertNotIn("wrong", result.err.replace("went wrong", ""))

    def test_no_server_is_exit_5(self):
        result = self.photo("get", "--from", "netsmart", "--base", "http://127.0.0.1:%d/v4" % peers.free_port(), "x",
                            "-o", self.out)
        self.assert_exit(result, 5)

    def test_thumbs_are_jpeg_unless_asked_otherwise_and_never_larger(self):
        self.assert_exit(self.netsmart("p-png", "--thumb", 20), 0)
        self.assert_exit(self.netsmart("p-png", "--thumb", 20, "--format", "png"), 0)
        files = self.files()
        self.assertEqual(png_size(files["p-png.png"]), (20, 15))
        self.assertIn("p-png.jpg", files)
        self.assert_exit(self.netsmart("p-png", "--thumb", 4000, "--format", "png"), 0)
        self.assertEqual(png_size(self.files()["p-png.png"]), (40, 30))

    def test_a_converted_picture_stands_upright(self):
        self.make_jpeg()
        for orientation in range(1, 9):
            exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">HH", orientation, 0) + b"\0" * 4
            segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
            plain = self.v.jpeg
            self.v.jpeg = plain[:2] + segment + plain[2:]
            result = self.netsmart("p-jpeg", "--format", "png")
            self.v.jpeg = plain
            self.assert_exit(result, 0)
            self.assertEqual(png_size(self.files()["p-jpeg.png"]), (40, 30) if orientation < 5 else (30, 40))

    def test_what_cannot_be_converted_is_said(self):
        result = self.netsmart("webp", "--thumb", 10)
        self.assert_exit(result, 6)
        self.assertIn("WebP cannot be converted", result.err)
        self.assert_exit(self.netsmart("webp"), 0)
        self.assertEqual(self.files(), {"webp.webp": vendors.WEBP})

    def test_a_gif_is_kept_or_converted(self):
        self.assert_exit(self.netsmart("gif"), 0)
        self.assertEqual(self.files(), {"gif.gif": vendors.GIF})
        self.assert_exit(self.netsmart("gif", "--format", "png"), 0)
        self.assertEqual(png_size(self.files()["gif.png"]), (1, 1))

    def test_patients_come_from_a_file_and_hostile_ids_stay_in_the_folder(self):
        ids = self.write("ids", "# patients\n\np-png\r\n../../etc\n.hidden\n")
        result = self.netsmart("--ids", ids)
        self.assert_exit(result, 0)
        self.assertEqual(list(self.files()), ["p-png.png"])
        self.assertIn("/v4/PatientImage/..%2F..%2Fetc", self.v.paths())
        self.assert_exit(self.netsmart(".."), 2)
        self.assert_exit(self.photo("get", "--from", "netsmart"), 2)

    def test_memory_and_a_thousand_patients(self):
        ids = self.write("ids", "".join("p-png\nnobody%d\n" % i for i in range(300)))
        result = self.netsmart("--ids", ids)
        self.assert_exit(result, 0)
        self.assertEqual((result.summary()["saved"], result.summary()["missing"]), (300, 300))
        if not peers.SANITIZED:
            self.assertLess(result.peak, 48 * peers.MIB)


class Cerbo(Photos):
    def setUp(self):
        super().setUp()
        self.v.pictures = {"1": [1, 2, 3, 4, 5, 6, 7], "2": [], "loop": [1, 2, 3, 4], "9": [97, 1], "10": [98], "11": [99, 1]}
        self.password = self.write("password", vendors.PASSWORD + "\n")

    def cerbo(self, verb, *args, base=None, **keywords):
        keywords.setdefault("env", {})
        return self.photo(verb, "--from", "cerbo", "--base", base or self.v.base + "/api/v1", "--user", vendors.USER,
                          "--password-file", self.password, *args, **keywords)

    def test_every_page_and_every_shape_of_bytes(self):
        for envelope in ("data", "images", "results", "what it likes", None):
            with self.subTest(envelope):
                self.v.envelope = envelope
                self.v.page = 100 if envelope is None else 3
                result = self.cerbo("get", "1", "-o", os.path.join(self.out, str(envelope)))
                self.assert_exit(result, 0)
                self.assertEqual(result.summary()["saved"], 7)
        files = self.files()
        self.assertEqual(len(files), 35)
        self.assertEqual(set(files.values()), {vendors.png(20, 20)})
        self.assertIn("data/1/7.png", files)
        self.assertEqual([path for path in self.v.paths() if "offset" in path][:3],
                         ["/api/v1/patients/1/images?limit=100&offset=%d" % n for n in (0, 3, 6)])

    def test_type_image_and_stream(self):
        self.assert_exit(self.cerbo("get", "1", "--type", "medical", "-o", self.out), 0)
        self.assertEqual(sorted(self.files()), ["1/2.png", "1/4.png", "1/6.png"])
        self.assert_exit(self.cerbo("get", "1", "--image", "5", "--stream", "-o", self.out), 0)
        self.assertEqual(self.v.paths()[-1], "/api/v1/patients/1/images/5/stream")
        self.assert_exit(self.cerbo("get", "1", "--image", "../5", "-o", self.out), 2)

    def test_a_list_that_goes_round_ends(self):
        result = self.cerbo("list", "loop", timeout=20)
        self.assert_exit(result, 0)
        self.assertEqual(len(result.lines("photo")), 3)
        self.assertIn("circle", result.err)

    def test_times_are_local_with_their_zone(self):
        result = self.cerbo("list", "1", env={"TZ": "Europe/Berlin"})
        self.assert_exit(result, 0)
        by_id = {line["image"]: line for line in result.lines("photo")}
        self.assertEqual(len(by_id), 7)
        self.assertEqual(by_id["1"]["time"], "2024-07-01T01:30:01+02:00")
        self.assertEqual(by_id["2"]["time"], "2024-01-31T13:00:00+01:00")
        self.assertEqual((by_id["1"]["kind"], by_id["2"]["kind"]), ("personal", "medical"))
        table = self.run_wadokit("photo", "list", "--from", "cerbo", "--base", self.v.base + "/api/v1", "--user",
                                 vendors.USER, "--password-file", self.password, "1", env={"TZ": "Asia/Tokyo"})
        self.assertIn("2024-07-01 08:30:01 JST", table.out)
        self.assertNotIn("\x1b", table.out + result.out)

    def test_nothing_there_is_exit_4(self):
        for verb in ("get", "list"):
            self.assert_exit(self.cerbo(verb, "2"), 4)
            self.assert_exit(self.cerbo(verb, "unknown"), 4)

    def test_what_is_broken_is_listed(self):
        self.assert_exit(self.cerbo("get", "9", "-o", self.out), 1)
        self.assertEqual(list(self.files()), ["9/1.png"])
        result = self.cerbo("get", "10", "-o", self.out)
        self.assert_exit(result, 6)
        self.assertIn("being processed", result.err)
        result = self.cerbo("get", "11", "-o", self.out)
        self.assert_exit(result, 0)
        self.assertEqual(sorted(line["status"] for line in result.lines("photo")), ["missing", "saved"])

    def test_html_and_errors_in_place_of_a_list(self):
        for patient, words in (("html", "HTML"), ("error", "resource not allowed")):
            for verb in ("get", "list"):
                result = self.cerbo(verb, patient)
                self.assert_exit(result, 6)
                self.assertIn(words, result.err)

    def test_a_password_in_the_url_is_used_and_never_shown(self):
        base = self.v.base.replace("://", "://api:pass%20word%3A1@") + "/api/v1"
        config = os.path.join(self.home, "c")
        with open(config, "w", encoding="utf-8") as file:
            file.write("[doctor]\nbase = %s\n" % base)
        os.chmod(config, 0o600)
        result = self.photo("list", "--from", "cerbo", "--config", config, "-p", "doctor", "-vv", "1", env={})
        self.assert_exit(result, 0)
        self.assertNotIn("pass", result.err.replace("password-file", "").replace("user name and password", ""))
        self.assertEqual(len(result.lines("photo")), 7)
        result = self.photo("list", "--from", "cerbo", "--base", base, "1", env={})
        self.assert_exit(result, 2)
        self.assertNotIn("word%3A1", result.err)

    def test_a_wrong_password_is_exit_3(self):
        with open(self.password, "w", encoding="utf-8") as file:
            file.write("wrong\n")
        result = self.cerbo("get", "1", "-o", self.out)
        self.assert_exit(result, 3)
        self.assertIn("does not accept the user name and password", result.err)

    def test_add_sends_what_the_document_shows(self):
        picture = os.path.join(self.home, "a.txt")
        with open(picture, "wb") as file:
            file.write(vendors.png())
        result = self.cerbo("add", "1", picture)
        self.assert_exit(result, 0)
        self.assertEqual(self.v.sent, [{"pt_id": "1", "mime_type": "image/png", "base64_content": vendors.b64(vendors.png())}])
        self.assertIn("portal queue", result.err)
        self.assertEqual(result.lines("photo")[0]["queue"], "4711")

    def test_add_checks_before_it_sends(self):
        cases = (("large", vendors.png() + b"\0" * 16000000, 8, "16000000"), ("text", b"hello", 6, "no picture"),
                 ("cut", vendors.png()[:-30], 6, "cut short"), ("bmp", b"BM" + struct.pack("<I", 60) + b"\0" * 54, 2, "BMP"))
        for name, data, code, words in cases:
            path = os.path.join(self.home, name)
            with open(path, "wb") as file:
                file.write(data)
            result = self.cerbo("add", "1", path)
            self.assert_exit(result, code)
            self.assertIn(words, result.err)
        self.assertEqual(self.v.seen, [])

    def test_add_is_not_sent_twice_and_a_page_is_no_success(self):
        picture = os.path.join(self.home, "a.png")
        with open(picture, "wb") as file:
            file.write(vendors.png())
        result = self.cerbo("add", "html", picture)
        self.assert_exit(result, 6)
        self.assertIn("page", result.err)
        self.assert_exit(self.cerbo("add", "error", picture), 5)
        self.assertEqual(len(self.v.seen), 2)

    def test_usage(self):
        self.assert_exit(self.photo("list", "--from", "netsmart", "1"), 2)
        self.assert_exit(self.photo("get", "--from", "cerbo", "1"), 2)
        self.assert_exit(self.photo("get", "1"), 2)
        self.assert_exit(self.photo("gte", "1"), 2)


class Fhir(Photos):
    def get(self, *patients, **keywords):
        return self.photo("get", "--from", "fhir", "--fhir", self.v.base + "/fhir", "-o", self.out, *patients, **keywords)

    def test_every_place_of_a_photo(self):
        picture = vendors.png(25, 25)
        foreign = vendors.Vendors()
        self.addCleanup(foreign.stop)
        self.v.binaries = {"raw": vendors.Reply(200, picture, "image/png"),
                           "json": vendors.Reply(200, {"data": vendors.b64(picture), "contentType": "image/png",
                                                       "resourceType": "Binary"}, "application/fhir+json")}
        self.v.patients = {
            "p1": {"resourceType": "Patient", "photo": [
                {"contentType": "image/jpeg", "data": vendors.b64(picture)}, {"url": "Binary/raw"},
                {"url": self.v.base + "/fhir/Binary/json"}, {"url": "data:image/png;base64," + vendors.b64(picture)},
                {"title": "nothing"}, {"url": foreign.base + "/open/x.png"}]},
            "p2": {"resourceType": "Patient", "photo": {"data": vendors.b64(picture)}},
            "p3": {"resourceType": "Patient"},
            "p4": {"resourceType": "Patient", "photo": [{"url": "http://169.254.169.254/latest"}]},
            "p5": {"resourceType": "Patient", "photo": [{"url": "Binary/gone"}, {"data": "!!!"}]}}
        result = self.get("Patient/p1", "p2", "Patient/p3")
        self.assert_exit(result, 0)
        files = self.files()
        self.assertEqual(sorted(files), ["p1-2.png", "p1-3.png", "p1-4.png", "p1-5.png", "p1.png", "p2.png"])
        self.assertEqual({data for name, data in files.items() if name != "p1-5.png"}, {picture})
        self.assertEqual(files["p1-5.png"], vendors.png(12, 10))
        self.assertNotIn("Authorization", foreign.seen[0][2])
        self.assert_exit(self.get("p3"), 4)
        self.assert_exit(self.get("unknown"), 4)
        self.assert_exit(self.get("p4"), 8)
        self.assert_exit(self.get("p5"), 6)

    def test_size_and_hash_of_an_attachment_hold(self):
        picture = vendors.png(25, 25)
        digest = vendors.b64(hashlib.sha1(picture).digest())
        self.v.binaries = {"raw": vendors.Reply(200, picture, "image/png")}
        self.v.patients = {
            key: {"resourceType": "Patient", "photo": [dict(url="Binary/raw", **said)]} for key, said in (
                ("whole", {"size": len(picture), "hash": digest}), ("text", {"size": str(len(picture))}),
                ("size", {"size": len(picture) + 1}), ("hash", {"hash": vendors.b64(hashlib.sha1(b"").digest())}))}
        result = self.get("whole", "text", "size", "hash")
        self.assert_exit(result, 1)
        self.assertEqual(sorted(self.files()), ["text.png", "whole.png"])
        self.assertIn("the Attachment says %d" % (len(picture) + 1), result.err)
        self.assertIn("the hash of the Attachment", result.err)

    def test_a_url_is_a_patient_too(self):
        self.v.patients = {"p2": {"resourceType": "Patient", "photo": [{"data": vendors.b64(vendors.png())}]}}
        result = self.photo("get", "--from", "fhir", "-o", self.out, self.v.base + "/fhir/Patient/p2")
        self.assert_exit(result, 0)
        self.assertEqual(list(self.files()), ["p2.png"])


class Profiles(Photos):
    """Ready-made profiles with only the site's own values; the servers of the site stand in for the vendor's."""

    def profile(self, text):
        os.makedirs(os.path.join(self.home, ".config", "wadokit"), exist_ok=True)
        self.write(os.path.join(".config", "wadokit", "config"), text)

    def get(self, name, *args, **keywords):
        keywords.setdefault("env", {})
        return self.run_wadokit("-p", name, "--json", "--retries", 1, "photo", "get", "-o", self.out, *args, **keywords)

    def netsmart_section(self, secret=vendors.SECRET):
        self.profile("[netsmart]\nbase = %s/v4\ntoken-url = %s/oauth/token\nclient-id = %s\nclient-secret = %s\n" % (
            self.v.base, self.v.base, vendors.CLIENT, secret))

    def test_netsmart_logs_in_with_the_secret_in_the_form(self):
        self.netsmart_section()
        result = self.get("netsmart", "p-png", "nobody")
        self.assert_exit(result, 0)
        self.assertEqual(self.files(), {"p-png.png": vendors.png()})
        self.assertEqual([one[1] for one in self.v.seen].count("/oauth/token"), 1)
        self.assertNotIn("Authorization", self.v.seen[0][2])

    def test_a_wrong_secret_is_exit_3_and_not_shown(self):
        self.netsmart_section("wrong-secret-1")
        result = self.get("netsmart", "p-png", "p-jpeg", "p label")
        self.assert_exit(result, 3)
        self.assertIn("invalid_client", result.err)
        self.assertNotIn("wrong-secret-1", result.out + result.err)
        self.assertNotIn("/v4/PatientImage/p-png", self.v.paths())

    def test_cerbo_needs_a_user_and_a_password(self):
        self.v.pictures = {"1": [1, 2]}
        self.profile("[cerbo]\nbase = %s/api/v1\nuser = %s\npassword = %s\n" % (
            self.v.base, vendors.USER, vendors.PASSWORD))
        self.assert_exit(self.get("cerbo", "1"), 0)
        self.assertEqual(sorted(self.files()), ["1/1.png", "1/2.png"])

    def test_cerbo_takes_them_out_of_its_url(self):
        self.v.pictures = {"1": [1]}
        self.profile("[cerbo]\nbase = %s/api/v1\n" % self.v.base.replace("://", "://api:pass%20word%3A1@"))
        result = self.get("cerbo", "1")
        self.assert_exit(result, 0)

    def test_what_is_missing_is_said(self):
        for name, words in (("netsmart", ["client-id", "client-secret"]), ("netsmart-preview", ["client-id"]),
                            ("netsmart-patient", ["client-id", "set = tenant-id"]), ("cerbo", ["user", "set = subdomain"]),
                            ("netsmart-system", ["private-key"]),
                            ("redox", ["private-key", "key-id", "destination-slug", "set = environment"])):
            with self.subTest(name):
                result = self.get(name, "1")
                self.assert_exit(result, 2)
                for word in words:
                    self.assertIn(word, result.err)
                self.assert_exit(self.run_wadokit("-p", name, "config", "show"), 0)
        self.profile("[netsmart-system]\nset = tenant-id=abc\nclient-id = me\n")
        result = self.run_wadokit("config", "check")
        self.assert_exit(result, 2)
        self.assertIn("private-key", result.err)
        self.assertNotIn("tenant-id", result.err)
        self.assertIn("/auth/abc/oauth2/v1/token", self.run_wadokit("config", "show").out)


if __name__ == "__main__":
    peers.main()
