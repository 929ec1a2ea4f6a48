#!/usr/bin/env python3
"""Options that no other test speaks of; the rules see to it that each option is in some test."""
import base64
import http.server
import json
import os
import pty
import select
import shutil
import ssl
import subprocess
import sys
import threading
import unittest
import urllib.parse

import peers
import pictures as pic

sys.path.insert(0, peers.FAKE)
import vendors  # noqa: E402

STUDY = "2.25.1001"


class Servers(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer()
        cls.addClassCleanup(cls.peer.stop)

    def setUp(self):
        super().setUp()
        self.peer.control(basic=None, bearer=None)

    def headers(self, name):
        return [value for one in self.peer.requests() for key, value in one["headers"] if key.lower() == name]

    def test_source_id_is_sent_to_configured_servers(self):
        self.assert_exit(self.run_wadokit("--source-id", "src-1", "--dicomweb", self.peer.main + "/dicom-web", "search"), 0)
        self.assertEqual(set(self.headers("redox-source-id")), {"src-1"})

    def test_destination_slug_fills_addresses(self):
        fhir = self.peer.main + "/fhir/template"
        result = self.run_wadokit("--json", "--fhir", fhir, "--destination-slug", "clinic", "resolve",
                                  fhir + "/ImagingStudy?patient=P1")
        self.assert_exit(result, 0)
        for line in result.lines("plan"):
            self.assertTrue(line["url"].startswith(self.peer.main + "/clinic/dicom-web/studies/" + STUDY), line)

    def test_netrc_has_user_and_password(self):
        self.peer.control(basic="me:word", auth_on=["main"])
        self.write(".netrc", "machine 127.0.0.1 login me password word\n")
        args = ("--dicomweb", self.peer.main + "/dicom-web", "search")
        self.assert_exit(self.run_wadokit(*args), 3)
        self.assert_exit(self.run_wadokit("--netrc", *args), 0)

    def test_verbose_says_what_is_done_and_no_secret(self):
        result = self.run_wadokit("--verbose", "--verbose", "--dicomweb", self.peer.main + "/dicom-web", "search",
                                  env={"WADOKIT_TOKEN": "not-to-be-said"})
        self.assert_exit(result, 0)
        self.assertIn("/dicom-web/studies", result.err)
        self.assertNotIn("not-to-be-said", result.err)

    def test_search_by_the_identifier_of_a_patient_and_by_get(self):
        fhir = ("--fhir", self.peer.main + "/fhir/contained", "search", "--patient", "P1", "--patient-identifier", "mrn|7")
        self.assert_exit(self.run_wadokit(*fhir), 0)
        asked = [one for one in self.peer.requests() if one["kind"] == "fhir"]
        self.assertEqual({one["method"] for one in asked}, {"POST"})
        self.assertEqual(urllib.parse.parse_qs(asked[0]["body"])["patient.identifier"], ["mrn|7"])
        self.peer.control()
        self.assert_exit(self.run_wadokit(*fhir, "--method", "get"), 0)
        self.assertEqual({one["method"] for one in self.peer.requests() if one["kind"] == "fhir"}, {"GET"})

    def test_get_asks_for_a_transfer_syntax(self):
        args = ("--dicomweb", self.peer.main + "/dicom-web", "get", STUDY, "--output", self.out)
        self.run_wadokit(*args, "--transfer-syntax", "jpegls")
        self.assertIn("transfer-syntax=1.2.840.10008.1.2.4.80", " ".join(self.headers("accept")))
        self.assert_exit(self.run_wadokit(*args, "--transfer-syntax", "no-such"), 2)

    def test_targets_from_a_file_and_from_standard_input(self):
        target = "%s/dicom-web/studies/%s\n" % (self.peer.main, STUDY)
        path = self.write("targets.txt", "# what we want\n\n" + target)
        self.assert_exit(self.run_wadokit("get", "--files-from", path, "--output", self.out), 0)
        again = self.run_wadokit("--json", "get", "--files-from", "-", "--output", self.out, stdin=target.encode())
        self.assert_exit(again, 0)
        self.assertEqual(again.summary()["kept"], 6)


class Proxy(http.server.BaseHTTPRequestHandler):
    """Notes what it is asked for; answers plain requests with an empty list, and no CONNECT."""
    seen = []

    def do_GET(self):
        Proxy.seen.append(self.path)
        body = b"[]"
        self.send_response(200)
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self):
        Proxy.seen.append(self.path)
        self.send_error(502)

    def log_message(self, *args):
        pass


class Ways(peers.Case):
    """How a server is reached."""

    def serve(self, handler, context=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_port

    def test_requests_go_through_a_proxy(self):
        Proxy.seen = []
        proxy = "http://127.0.0.1:%d" % self.serve(Proxy)
        result = self.run_wadokit("--proxy", proxy, "--dicomweb", "http://pacs.example/dicom-web", "search")
        self.assert_exit(result, 4)
        self.assertTrue(Proxy.seen and Proxy.seen[0].startswith("http://pacs.example/dicom-web/studies"), Proxy.seen)

    def test_preview_is_another_server(self):
        proxy = "http://127.0.0.1:%d" % self.serve(Proxy)
        for more, host in (((), "fhir.netsmartcloud.com:443"), (("--preview",), "fhirtest.netsmartcloud.com:443")):
            Proxy.seen = []
            result = self.run_wadokit("--proxy", proxy, "--retries", 0, "photo", "get", "--from", "netsmart", *more, "1",
                                      "--output", self.out, env={"WADOKIT_TOKEN": "x"})
            self.assert_exit(result, 5)
            self.assertEqual(Proxy.seen[:1], [host])

    @unittest.skipUnless(shutil.which("openssl"), "the openssl program is not installed")
    def test_a_client_certificate_is_shown_to_a_server_that_wants_one(self):
        at = lambda name: os.path.join(self.home, name)
        for name in ("server", "client"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", at(name + ".key"), "-out",
                            at(name + ".pem")], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(at("server.pem"), at("server.key"))
        context.load_verify_locations(at("client.pem"))
        context.verify_mode = ssl.CERT_REQUIRED
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        root = "https://127.0.0.1:%d/dicom-web" % self.serve(Proxy, context)
        args = ("--retries", 0, "--cacert", at("server.pem"), "--dicomweb", root)
        self.assert_exit(self.run_wadokit(*args, "search"), 5)
        self.assert_exit(self.run_wadokit(*args, "--cert", at("client.pem"), "--key", at("client.key"), "search"), 4)
        locked = ("--cert", at("client.pem"), "--key", at("locked.key"))
        subprocess.run(["openssl", "pkey", "-in", at("client.key"), "-aes256", "-passout", "pass:of the key", "-out",
                        at("locked.key")], check=True, capture_output=True)
        result = subprocess.run([peers.WADOKIT, *map(str, args), *locked, "search"], capture_output=True, text=True,
                                start_new_session=True, check=False, env=peers.environment(self.home))
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("--key-password-file", result.stderr)
        phrase = self.write("phrase", "of the key\n")
        self.assert_exit(self.run_wadokit(*args, *locked, "--key-password-file", phrase, "search"), 4)
        self.assert_exit(self.run_wadokit(*args, *locked, "search", env={"WADOKIT_KEY_PASSWORD": "of the key"}), 4)
        result = self.run_wadokit(*args, *locked, "search", env={"WADOKIT_KEY_PASSWORD": "another word"})
        self.assertNotIn("another word", result.err)
        self.assertNotEqual(result.exit, 4)
        self.ask_at_a_terminal([str(one) for one in (*args, *locked, "search")])

    def ask_at_a_terminal(self, args):
        child, terminal = pty.fork()
        if child == 0:
            os.execve(peers.WADOKIT, [peers.WADOKIT, *args], peers.environment(self.home))
        shown = b""
        while b"Pass phrase of" not in shown:
            self.assertTrue(select.select([terminal], [], [], 60)[0], shown)
            shown += os.read(terminal, 1000)
        os.write(terminal, b"of the key\n")
        try:
            while piece := os.read(terminal, 1000):
                shown += piece
        except OSError:
            pass  # its end
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 4, shown)
        self.assertNotIn(b"of the key\r", shown.split(b": ", 1)[1])


class Logins(peers.Case):
    def setUp(self):
        super().setUp()
        self.v = vendors.Vendors()
        self.addCleanup(self.v.stop)
        self.token_url = self.v.base + "/oauth/token"

    def machine(self, *more, client=vendors.CLIENT):
        secret = self.write("secret", vendors.SECRET + "\n")
        return ("--auth", "client-credentials", "--token-url", self.token_url, "--client-id", client, "--client-secret-file",
                secret, "--scope", "CCD") + more

    def test_the_secret_of_a_client_is_read_from_a_file(self):
        result = self.run_wadokit(*self.machine("auth", "token"))
        self.assert_exit(result, 0)
        self.assertEqual(result.out.strip(), vendors.TOKEN)

    def test_a_token_is_printed_to_a_terminal_only_where_that_is_asked_for(self):
        for more, code in ((), 2), (("--yes",), 0):
            near, far = pty.openpty()
            child = subprocess.Popen([peers.WADOKIT, *self.machine("auth", "token", *more)], stdin=subprocess.DEVNULL,
                                     stdout=far, stderr=subprocess.PIPE, cwd=self.home, env=peers.environment(self.home))
            child.communicate(timeout=60)
            os.close(far)
            try:
                printed = os.read(near, 4096).decode()
            except OSError:
                printed = ""
            os.close(near)
            self.assertEqual((child.returncode, vendors.TOKEN in printed), (code, code == 0))

    def test_all_logins_are_forgotten_at_once(self):
        self.assert_exit(self.run_wadokit(*self.machine("auth", "login")), 0)
        self.assert_exit(self.run_wadokit("auth", "status"), 0)
        self.assert_exit(self.run_wadokit("auth", "logout", "--all"), 0)
        self.assert_exit(self.run_wadokit("auth", "status"), 4)

    @unittest.skipUnless(shutil.which("openssl"), "the openssl program is not installed")
    def test_assertions_are_signed_as_is_asked_for(self):
        key = os.path.join(self.home, "key.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", key],
                       check=True, capture_output=True)
        args = ("--auth", "backend-services", "--token-url", self.token_url, "--client-id", "x", "--private-key", key,
                "--key-id", "k1")
        self.assert_exit(self.run_wadokit(*args, "--jwt-alg", "ES384", "auth", "token"), 0)
        form = urllib.parse.parse_qs(self.v.seen[-1][3].decode())
        head = form["client_assertion"][0].split(".")[0]
        head = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
        self.assertEqual((head["alg"], head["kid"]), ("ES384", "k1"))
        self.assert_exit(self.run_wadokit(*args, "--jwt-alg", "RS384", "auth", "token"), 2)

    def test_a_login_goes_where_it_was_told_and_comes_back_there(self):
        args = ("--auth", "smart", "--fhir", self.v.base + "/fhir", "--client-id", "app", "--token-url", self.token_url,
                "--authorize-url", "https://login.example/authorize", "auth", "login", "--no-browser", "--redirect-uri",
                "https://app.example/back")
        child = peers.start(args, self.home, stdin=subprocess.PIPE)
        self.addCleanup(peers.stop, child)
        url = next(line.decode().strip() for line in child.stderr if line.startswith(b"http"))
        child.stdin.close()
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
        self.assertTrue(url.startswith("https://login.example/authorize?"), url)
        self.assertEqual(query["redirect_uri"], ["https://app.example/back"])


class Pictures(peers.Case):
    def setUp(self):
        super().setUp()
        peers.make_phantom(os.path.join(self.home, "in"), "-n", "128", "ct:2")
        self.file = os.path.join(self.home, "in", "ct", "0001.dcm")

    def test_more_effort_makes_no_larger_file_of_the_same_pixels(self):
        for command in ("render", "thumb"):
            made = []
            for effort in ("1", "3"):
                path = os.path.join(self.home, "%s-%s.png" % (command, effort))
                self.assert_exit(self.run_wadokit(command, "--effort", effort, "--output", path, self.file), 0)
                made.append((pic.read_png(path)[:5], os.path.getsize(path)))
            self.assertEqual(made[0][0], made[1][0])
            self.assertLessEqual(made[1][1], made[0][1])

    def test_a_gallery_of_thumbnails_alone_is_smaller(self):
        sizes = []
        for full in ("-1", "64", "128"):
            path = os.path.join(self.home, "g%s.html" % full)
            self.assert_exit(self.run_wadokit("gallery", "--size", 32, "--full-size", full, "--output", path, self.file), 0)
            sizes.append(os.path.getsize(path))
        self.assertEqual(sizes, sorted(set(sizes)))

    def test_tags_are_the_columns(self):
        result = self.run_wadokit("info", "--csv", "--tags", "Modality,(0028,0010)", self.file)
        self.assert_exit(result, 0)
        self.assertEqual([line.split(",")[1:] for line in result.out.splitlines()][1], ["CT", "128"])


class Fhir(peers.Case):
    def test_one_answer_goes_to_a_file(self):
        v = vendors.Vendors()
        self.addCleanup(v.stop)
        path = os.path.join(self.home, "metadata.json")
        self.assert_exit(self.run_wadokit("--fhir", v.base + "/fhir", "fhir", "get", "metadata", "--output", path), 0)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(json.load(file), vendors.CAPABILITIES)


if __name__ == "__main__":
    peers.main()
