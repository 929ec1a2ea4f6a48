#!/usr/bin/env python3
"""Tokens that end while a study is being saved, and servers whose certificate has expired."""
import os
import shutil
import subprocess
import unittest

import peers

SECRET = "the-word-of-the-client"


def make_certificate(folder):
    """(certificate, key) of 127.0.0.1, expired long ago; skips where openssl cannot make one."""
    if not shutil.which("openssl"):
        raise unittest.SkipTest("the openssl program is not installed")
    path = lambda name: os.path.join(folder, name)
    with open(path("ca.cnf"), "w", encoding="utf-8") as file:
        file.write("[ca]\ndefault_ca=c\n[c]\nnew_certs_dir=%s\ndatabase=%s\nserial=%s\ndefault_md=sha256\n"
                   "policy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=IP:127.0.0.1\n"
                   "basicConstraints=CA:TRUE\n[req]\ndistinguished_name=d\n[d]\n"
                   % (folder, path("index"), path("serial")))
    with open(path("index"), "w", encoding="utf-8"), open(path("serial"), "w", encoding="utf-8") as file:
        file.write("01\n")
    commands = (["req", "-config", path("ca.cnf"), "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1",
                 "-keyout", path("key.pem"), "-out", path("request.pem")],
                ["ca", "-config", path("ca.cnf"), "-batch", "-notext", "-selfsign", "-keyfile", path("key.pem"), "-in",
                 path("request.pem"), "-startdate", "20200101000000Z", "-enddate", "20210101000000Z", "-out",
                 path("cert.pem")])
    for command in commands:
        done = subprocess.run(["openssl"] + command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise unittest.SkipTest("openssl makes no expired certificate: " + done.stderr.strip()[-200:])
    return path("cert.pem"), path("key.pem")


class Children(peers.Case):
    SECRETS = {"WADOKIT_TOKEN": "of-the-token", "WADOKIT_PASSWORD": "of-the-password",
               "WADOKIT_CLIENT_SECRET": "of-the-client", "WADOKIT_KEY_PASSWORD": "of-the-key"}

    def test_a_command_gets_no_secret_of_the_environment(self):
        seen = os.path.join(self.home, "seen")
        self.run_wadokit("--dicomweb", "http://127.0.0.1:9", "--retries", 0, "--token-command",
                         "env > %s; echo t" % seen, "search", env={**self.SECRETS, "WADOKIT_OTHER": "stays"})
        with open(seen, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("WADOKIT_OTHER=stays", text)
        self.assertNotIn("of-the-", text)

    def test_others_of_the_same_user_cannot_look_into_it(self):
        if os.getuid() != 0 or not shutil.which("setpriv"):
            self.skipTest("root and setpriv are needed to be another user")
        os.chmod(self.home, 0o777)
        owner = os.path.join(self.home, "owner")
        done = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", peers.WADOKIT, "--token-command",
                               "stat -c %%u /proc/$PPID/environ > %s; echo t" % owner, "--retries", "0", "--dicomweb",
                               "http://127.0.0.1:9", "search"], capture_output=True, text=True, check=False,
                              env=peers.environment(self.home))
        if done.returncode in (126, 127) or "Permission denied" in done.stderr:
            self.skipTest("another user cannot start this build")
        with open(owner, encoding="utf-8") as file:
            self.assertEqual(file.read().strip(), "0", done.stderr)


class Tokens(peers.Case):
    def get(self, peer, *args):
        return self.run_wadokit("--auth", "client-credentials", "--token-url", peer.main + "/oauth/token", "--client-id",
                                "machine", "--dicomweb", peer.main + "/dicom-web", "get", "--json", "-o", self.out,
                                "--by", "instance", *args, env={"WADOKIT_CLIENT_SECRET": SECRET})

    def test_a_token_that_dies_three_times_during_one_get_costs_no_instance(self):
        peer = peers.Peer("--generate", "2x30", "--token-uses", "15", "--token-deaths", "3")
        self.addCleanup(peer.stop)
        study = self.study(peer)
        for jobs in (1, 4):
            with self.subTest(jobs=jobs):
                shutil.rmtree(self.out, ignore_errors=True)
                shutil.rmtree(os.path.join(self.home, ".local"), ignore_errors=True)
                peer.control(token_uses=15)
                result = self.get(peer, "-j", jobs, study)
                self.assert_exit(result, 0)
                self.assertEqual((result.summary()["saved"], len(self.dcm_files())), (60, 60))
                seen = peer.requests()
                asked = [one for one in seen if one["path"] == "/oauth/token"]
                self.assertEqual([one["status"] for one in asked], [200] * 4, "a first token and three renewals")
                refused = [one for one in seen if one["status"] == 401]
                self.assertTrue(3 <= len(refused) <= 3 * jobs, len(refused))
                self.assertNotIn(SECRET, result.out + result.err)

    def study(self, peer):
        peer.control(token_uses=0)
        answer = peers.request(peer.ports["main"], "GET", "/dicom-web/studies")[1]
        return peers.json.loads(answer)[0]["0020000D"]["Value"][0]


class Expired(peers.Case):
    def setUp(self):
        super().setUp()
        self.certificate, key = make_certificate(self.home)
        self.peer = peers.Peer("--tls", self.certificate, key)
        self.addCleanup(self.peer.stop)
        self.root = "https://127.0.0.1:%d" % self.peer.ports["tls"]

    def test_an_expired_certificate_is_told_as_such_by_every_command(self):
        login = ("--auth", "client-credentials", "--token-url", self.root + "/oauth/token", "--client-id", "machine")
        fhir = ("--fhir", self.root + "/fhir/standard")
        rows = (("login", (*login, "auth", "login"), {"WADOKIT_CLIENT_SECRET": SECRET}),
                ("discovery", (*fhir, "--client-id", "app", "auth", "login", "--no-browser"), None),
                ("capabilities", (*fhir, "fhir", "capabilities"), None),
                ("resource", (*fhir, "fhir", "get", "Patient/p"), None),
                ("binary", (*fhir, "fhir", "binary", "b", "-o", self.out), None),
                ("photo", ("photo", "get", "--from", "netsmart", "--base", self.root + "/v4", "-o", self.out, "p"),
                 {"WADOKIT_TOKEN": "t"}),
                ("search", (*fhir, "search", "--patient", "p"), None))
        for name, args, env in rows:
            with self.subTest(name):
                result = self.run_wadokit("--cacert", self.certificate, "--no-progress", *args, env=env, timeout=30)
                self.assert_exit(result, 5)
                self.assertRegex(result.err, "certificate.*expired|expired.*certificate")
                self.assertNotIn(SECRET, result.err)
                self.assertEqual(self.dcm_files(), {})
        self.assertEqual(self.peer.requests(), [], "nothing was sent to a server that nobody vouches for")


if __name__ == "__main__":
    peers.main()
