#!/usr/bin/env python3
"""`get` against every scenario of tests/fake: whole files or none, the right exit code, no hang."""
import hashlib
import hmac
import os
import re
import shutil
import subprocess
import unittest

import peers
import dicom_data
import faults

STUDY = "2.25.1001"
WHOLE = {one.sop: one.data() for one in dicom_data.make_study(STUDY)}
LIMITS = ["--retries", "2", "--max-wait", "6", "--idle-timeout", "1", "--connect-timeout", "2", "--no-progress"]

# scenario: (exit code, fewest files, most files). One code each: 0 all came; 1 some did, the others are
# named; else nothing came, and the code tells why: 3 not let in, 4 the server has nothing, 5 the server
# or the way to it failed, 6 what came is not what it claims, 8 it was not safe to take.
FINE = (0, 6, 6)
EXPECTED = {name: FINE for name in faults.SCENARIOS if name.startswith("style-")}
EXPECTED.update({
    "style-no-closing": FINE, "style-no-closing-length": FINE,
    "style-zero-parts": (4, 0, 0), "style-single-part": FINE,
    "style-other-boundary": (6, 0, 0), "style-nested": (6, 0, 0), "style-base64": (6, 0, 0),
    "whole-study": FINE, "other-series": FINE, "no-label": FINE, "text-label": FINE, "cut-gzip": (6, 0, 0),
    "unknown-encoding": (6, 0, 0), "short-length": (1, 4, 4), "long-length": FINE,
    "203": FINE, "206-range": FINE, "206-all": FINE, "partial-always": (1, 5, 5), "5-hops": FINE, "6-hops": (8, 0, 0),
    "retry-garbage": FINE, "retry-negative": FINE, "retry-past": FINE, "425": FINE,
    "stranger-rows": (1, 6, 6), "no-rows": FINE, "qido-error": FINE,
    "503-seconds": FINE, "503-date": FINE, "503-bare": FINE, "429": FINE, "408": FINE, "500-once": FINE,
    "502-once": FINE, "reset-before": FINE, "close-before": FINE, "reset-once": FINE, "close-once": FINE,
    "stall-once": FINE,
    "504-study": FINE, "413-study": FINE, "one-file-lost": (1, 4, 4),
    "202": FINE, "202-patient": (5, 0, 0), "503-always": (5, 0, 0), "503-patient": (5, 0, 0), "500-always": (5, 0, 0),
    "reset-always": (1, 2, 4), "close-always": (1, 2, 4), "close-chunked": (1, 2, 4),
    "eof-cut": (1, 2, 4), "stall-always": (1, 2, 4), "stall-silent": (5, 0, 0),
    "study-breaks": FINE,
    "redirect-foreign": FINE, "redirect-307": FINE, "redirect-here": FINE, "redirect-loop": (8, 0, 0),
    "redirect-file": (8, 0, 0), "redirect-http": (8, 0, 0), "redirect-link-local": (8, 0, 0),
    "401": (3, 0, 0), "403": (3, 0, 0), "html": (6, 0, 0), "html-as-dicom": (6, 0, 0),
    "json-error": (6, 0, 0), "empty": (4, 0, 0), "204": (4, 0, 0), "404": (4, 0, 0),
    "410": (4, 0, 0), "zip": (6, 0, 0), "partial": FINE, "missing-part": FINE,
    "wrong-study": (1, 6, 6), "evil-uid": (1, 6, 6), "evil-only": (8, 0, 0), "duplicate": FINE,
    "changed-twin": (0, 7, 7), "changed-twin-no-lists": (0, 7, 7), "duplicate-no-lists": FINE, "cut-part": (1, 5, 5), "stranger-parts": (1, 6, 6),
    "gzip": FINE, "gzip-bomb": (6, 0, 0),
    "accept-no-syntax": FINE, "accept-unquoted": FINE, "accept-any": FINE, "accept-orthanc": FINE,
    "single-only": FINE, "multipart-only": FINE, "accept-none": (5, 0, 0), "dribble": FINE, "slow": FINE, "huge-header": (8, 0, 0),
    "many-headers": (8, 0, 0), "same-page": FINE,
    "no-qido": FINE, "no-lists": FINE, "study-only": FINE, "instances-gone": FINE,
})
# What must stand in the words of a failure.
SAID = {"style-nested": "not a DICOM file", "style-base64": "Content-Transfer-Encoding", "style-other-boundary": "ANNOUNCED",
        "partial-always": "2 instances could not be retrieved", "6-hops": "redirects", "503-patient": "(?i)retry|wait", "202-patient": "202 Accepted: busy.*wait",
        "stranger-rows": r'"2.25.1001.1.99".*"missing"', "stranger-parts": "Internal error", "json-error": "database is locked",
        "html": "HTML", "html-as-dicom": "HTML", "zip": "(?i)zip", "401": "401", "403": "403", "404": "404",
        "410": "410", "wrong-study": r'"refused".*2\.25\.666', "evil-uid": '"refused".*UID', "evil-only": '"refused".*UID',
        "huge-header": "(?i)header", "redirect-link-local": r"(?i)169\.254|link-local|redirect"}


class Faults(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer()
        cls.addClassCleanup(cls.peer.stop)

    def get(self, scenario, *more, target=STUDY, **keywords):
        root = "%s/s/%s/dicom-web" % (self.peer.main, scenario)
        return self.run_wadokit("get", "--json", *LIMITS, "--dicomweb", root, "-o", self.out, *more, target,
                                timeout=60, **keywords)

    def check_files(self, least, most, padding=0):
        """Every .dcm is whole, as it was sent; nothing else that a server sent lies about."""
        found = self.dcm_files()
        for sop, path in found.items():
            with open(path, "rb") as file:
                data = file.read()
            known = WHOLE.get(sop) or (WHOLE.get(sop.split("-")[0]) if "-" in sop else None)
            self.assertIsNotNone(known, "a file that nobody asked for: " + path)
            self.assertEqual(len(data), len(known) + padding, path)
        self.assertGreaterEqual(len(found), least)
        self.assertLessEqual(len(found), most)
        self.assertLessEqual(set(os.listdir(self.home)), {"out", ".config", ".cache", ".local", "password", "calls"})
        for where, _, names in os.walk(self.home):
            for name in names:
                self.assertNotIn("evil", name)
                path = os.path.join(where, name)
                if not name.endswith(".dcm"):
                    with open(path, "rb") as file:
                        self.assertNotEqual(file.read(132)[128:], b"DICM", "left behind: " + path)

    def check(self, scenario):
        code, least, most = EXPECTED[scenario]
        result = self.get(scenario)
        self.assert_exit(result, code)
        self.check_files(least, most, 2 if scenario == "style-padded" else 0)
        self.assertNotRegex(result.err, "[\x00-\x08\x0b-\x1f\x7f]", "control characters in words")
        if result.exit != 0:
            self.assertTrue(result.err.strip() or "error" in result.out, "a failure without a word")
        if scenario in SAID:
            self.assertRegex(result.err + result.out, SAID[scenario])
        if least == 6 and result.exit == 0:
            self.assertEqual(result.summary()["saved"], len(self.dcm_files()), str(result))
        return result

    def test_every_scenario_has_an_expectation(self):
        elsewhere = {"bulk-uris", "stall-frames", "next-loops", "cut-json", "accept-single", "redirect-plain", "new-token", "token-runs-out"}
        elsewhere |= {name for name in faults.SCENARIOS if name.startswith(("frames-", "metadata-", "no-thumb", "no-rend", "rendered-"))}
        self.assertEqual(set(faults.SCENARIOS) - set(EXPECTED) - elsewhere, set())

    def test_a_late_retry_waits_no_longer_than_it_was_allowed(self):
        self.assertLess(self.check("503-patient").seconds, 10)

    def test_files_that_the_server_cannot_read_cost_no_patience(self):
        result = self.run_wadokit("get", "--json", "--no-progress", "--dicomweb",
                                  self.peer.main + "/s/one-file-lost/dicom-web", "-o", self.out, STUDY, timeout=60)
        self.assert_exit(result, 1)
        self.check_files(4, 4)
        self.assertLess(result.seconds, 5, str(result))
        for line in result.lines("instance"):
            if line["status"] == "failed":
                self.assertIn(line["sop"], line["error"], "each with its own words")

    def test_a_slow_server_does_not_hold_up_another(self):
        slow = "%s/s/stall-always/dicom-web/studies/%s/series/%s.1/instances/%s.1." % (
            self.peer.main, STUDY, STUDY, STUDY)
        fast = "%s/dicom-web/studies/%s/series/%s.2" % (self.peer.foreign, STUDY, STUDY)
        child = peers.start(["get", "-q", "-j", "2", "--idle-timeout", "30", "-o", self.out]
                            + [slow + str(i) for i in (1, 2, 3)] + [fast], self.home)
        try:
            for _ in range(100):
                if len(self.dcm_files()) == 3:
                    break
                peers.time.sleep(0.1)
            self.assertEqual(len(self.dcm_files()), 3)
            self.assertIsNone(child.poll(), "the slow one is still waited for")
        finally:
            peers.stop(child)

    def test_an_instance_is_taken_as_a_single_part(self):
        self.assert_exit(self.get("accept-single", target=STUDY + "/%s.1/%s.1.1" % (STUDY, STUDY)), 0)
        self.check_files(1, 1)

    def test_a_rerun_keeps_what_is_whole_and_fetches_the_rest(self):
        self.get("style-standard")
        os.remove(self.dcm_files()[STUDY + ".1.2"])
        result = self.get("style-standard")
        self.assert_exit(result, 0)
        self.check_files(6, 6)
        self.assertEqual((result.summary()["kept"], result.summary()["saved"]), (5, 1), str(result))

    def test_a_rerun_asks_for_no_pixels_where_all_is_there(self):
        self.get("style-standard")
        self.peer.control()
        result = self.get("style-standard")
        self.assert_exit(result, 0)
        self.assertEqual(result.summary()["kept"], 6, str(result))

    def test_a_part_that_is_no_instance_is_listed_though_all_instances_came(self):
        for scenario in ("evil-uid", "stranger-parts"):
            with self.subTest(scenario):
                shutil.rmtree(self.out, ignore_errors=True)
                result = self.get(scenario)
                self.assert_exit(result, 1)
                self.assertRegex(result.out, '"status":"(failed|refused)"')
                self.assertGreater(result.summary()["failed"], 0)

    def test_thumbnails_are_drawn_whatever_lists_the_server_offers(self):
        want = sorted("%s/%s.%d.jpg" % (STUDY, STUDY, series) for series in (1, 2))
        for scenario in ("style-standard", "no-qido", "no-lists", "study-only"):
            with self.subTest(scenario):
                self.peer.control()
                out = os.path.join(self.out, scenario)
                result = self.run_wadokit("thumb", *LIMITS, "--dicomweb", "%s/s/%s/dicom-web" % (self.peer.main, scenario),
                                          "-o", out, STUDY, timeout=60)
                self.assert_exit(result, 0)
                found = [os.path.relpath(os.path.join(where, name), out)
                         for where, _, names in os.walk(out) for name in names]
                self.assertEqual(sorted(found), want)
                whole = [one for one in self.peer.requests()
                         if one["path"].endswith("/studies/" + STUDY) and one["status"] == 200]
                self.assertEqual(len(whole), int(scenario in ("no-lists", "study-only")), str(whole))

    def test_credentials_stay_with_their_origin_on_a_redirect(self):
        self.peer.control(basic="alice:s3cret-word", auth_on=["main"])
        self.addCleanup(self.peer.control, basic=None, bearer=None, auth_on=["main", "tls"])
        password = self.write("password", "s3cret-word\n")
        result = self.get("redirect-foreign", "--user", "alice", "--password-file", password)
        self.assert_exit(result, 0)
        self.assertNotIn("s3cret-word", result.out + result.err)
        for seen in self.peer.requests():
            if seen["origin"] == "foreign":
                self.assertNotIn("authorization", [name.lower() for name, _ in seen["headers"]])

    def test_a_foreign_origin_that_wants_credentials_gets_none(self):
        self.peer.control(basic="alice:s3cret-word", auth_on=["main", "foreign"])
        self.addCleanup(self.peer.control, basic=None, bearer=None, auth_on=["main", "tls"])
        password = self.write("password", "s3cret-word\n")
        self.assert_exit(self.get("redirect-foreign", "--user", "alice", "--password-file", password), 3)

    def test_a_redirect_from_https_to_http_takes_no_credentials_along(self):
        pair = [os.path.join(self.home, name) for name in ("cert.pem", "key.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", pair[0],
                        "-keyout", pair[1]], check=True, capture_output=True)
        peer = peers.Peer("--tls", *pair, "--basic", "alice:s3cret-word", "--auth-on", "tls")
        self.addCleanup(peer.stop)
        password = self.write("password", "s3cret-word\n")
        result = self.run_wadokit("get", "--json", *LIMITS, "--cacert", pair[0], "--user", "alice", "--password-file",
                                  password, "--dicomweb", "https://127.0.0.1:%d/s/redirect-plain/dicom-web"
                                  % peer.ports["tls"], "-o", self.out, STUDY, timeout=60)
        self.assert_exit(result, 0)
        seen = peer.requests()
        self.assertIn("tls", [one["origin"] for one in seen])
        for one in seen:
            if one["origin"] != "tls":
                self.assertNotIn("authorization", [name.lower() for name, _ in one["headers"]])

    def test_a_certificate_that_nobody_vouches_for_is_refused(self):
        pair = [os.path.join(self.home, name) for name in ("cert.pem", "key.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-out", pair[0], "-keyout", pair[1]], check=True, capture_output=True)
        peer = peers.Peer("--tls", *pair)
        self.addCleanup(peer.stop)
        result = self.run_wadokit("get", *LIMITS, "--dicomweb", "https://127.0.0.1:%d/dicom-web" % peer.ports["tls"],
                                  "-o", self.out, STUDY, timeout=60)
        self.assert_exit(result, 5)
        self.assertEqual(peer.requests(), [])

    def test_a_wrong_password_is_exit_3_and_is_not_repeated(self):
        self.peer.control(basic="alice:right", auth_on=["main"])
        self.addCleanup(self.peer.control, basic=None, bearer=None, auth_on=["main", "tls"])
        password = self.write("password", "wrong-word\n")
        result = self.get("style-standard", "--user", "alice", "--password-file", password)
        self.assert_exit(result, 3)
        self.assertNotIn("wrong-word", result.out + result.err)
        self.assertLessEqual(len(self.peer.requests()), 3)

    def test_a_token_that_ran_out_is_renewed_in_mid_run(self):
        calls = os.path.join(self.home, "calls")
        command = "echo x >> '%s'; test $(wc -l < '%s') = 1 && echo first-token || echo second-token" % (calls, calls)
        for scenario in ("new-token", "token-runs-out"):
            with self.subTest(scenario):
                if os.path.exists(calls):
                    os.remove(calls)
                self.peer.control()
                result = self.get(scenario, "--token-command", command)
                self.assert_exit(result, 0)
                self.check_files(6, 6)

    def test_requests_are_signed_for_aws_and_only_where_they_may_be(self):
        """The signature is worked out again from what the server saw (AWS Signature Version 4)."""
        secret = "made-up/secret+key"
        password = self.write("password", secret + "\n")
        self.peer.control()
        result = self.get("redirect-foreign", "--user", "AKIDEXAMPLE", "--password-file", password,
                          "--aws-sigv4", "aws:amz:us-east-1:medical-imaging",
                          target="%s/%s.1/%s.1.1" % (STUDY, STUDY, STUDY))
        self.assert_exit(result, 0)
        requests = [one for one in self.peer.requests() if not one["path"].startswith("/__")]
        self.assertIn("foreign", {one["origin"] for one in requests})
        for one in requests:
            self.assertNotIn(secret, str(one))
            headers = {name.lower(): value for name, value in one["headers"]}
            if one["origin"] == "foreign":
                self.assertNotIn("authorization", headers)
                continue
            given = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/(\d{8})/us-east-1/medical-imaging/"
                                 r"aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})",
                                 headers["authorization"])
            self.assertTrue(given, headers["authorization"])
            date, names, signature = given.groups()
            canonical = "\n".join(["GET", one["path"], ""] + [
                "%s:%s" % (name, " ".join(headers[name].split())) for name in names.split(";")] + [
                "", names, hashlib.sha256(b"").hexdigest()])
            scope = date + "/us-east-1/medical-imaging/aws4_request"
            text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope,
                              hashlib.sha256(canonical.encode()).hexdigest()])
            key = ("AWS4" + secret).encode()
            for word in scope.split("/"):
                key = hmac.new(key, word.encode(), hashlib.sha256).digest()
            if not one["query"]:
                self.assertEqual(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), signature, canonical)
        result = self.get("style-standard", "--aws-sigv4", "aws:amz:us-east-1:medical-imaging")
        self.assert_exit(result, 2)

    def test_a_search_ends_where_pages_repeat(self):
        self.peer.control(page_size=2)
        self.addCleanup(self.peer.control, page_size=100)
        for scenario in ("same-page", "style-standard"):
            with self.subTest(scenario):
                result = self.run_wadokit("search", "--json", *LIMITS, "--dicomweb",
                                          "%s/s/%s/dicom-web" % (self.peer.main, scenario), timeout=30)
                self.assert_exit(result, 0)
                self.assertEqual(result.out.count('"%s"' % STUDY), 1, str(result))

    def test_a_fhir_search_ends_where_the_next_page_is_the_same(self):
        result = self.run_wadokit("search", "--json", *LIMITS, "--fhir",
                                  self.peer.main + "/s/next-loops/fhir/contained", "--patient", "P1", timeout=30)
        self.assert_exit(result, 0)

    def test_json_cut_short_is_said(self):
        for option, path in (("--fhir", "/fhir/contained"), ("--dicomweb", "/dicom-web")):
            with self.subTest(option):
                result = self.run_wadokit("search", "--json", *LIMITS, option,
                                          self.peer.main + "/s/cut-json" + path, "--patient", "P1", timeout=30)
                self.assert_exit(result, 5)


def add_scenarios():
    for name in sorted(EXPECTED):
        def test(self, scenario=name):
            self.check(scenario)
        setattr(Faults, "test_scenario_" + name.replace("-", "_"), test)


add_scenarios()

if __name__ == "__main__":
    peers.main()
