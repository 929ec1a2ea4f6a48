#!/usr/bin/env python3
"""`auth`, and tokens in mid-run, against an OpenID-certified provider (node/login_server.mjs)."""
import http.cookiejar
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import peers

NODE = os.path.join(peers.HERE, "node")
SECRET = 's3 cr/et+100%:x&y=z "q" end of the secret'
PATIENT = "patient-77"


def needs_provider():
    if not shutil.which("node") or not os.path.isdir(os.path.join(NODE, "node_modules", "oidc-provider")):
        return unittest.skip("node or oidc-provider is missing (npm ci in tests/integration/node)")
    version = subprocess.run(["node", "-p", "process.versions.node"], capture_output=True, text=True, check=False).stdout
    return unittest.skipUnless(int(version.split(".")[0] or 0) >= 20, "oidc-provider needs node 20, this is " + version.strip())


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


class Browser:
    """A person who agrees to everything."""

    def __init__(self):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect, cookies)

    def get(self, url, form=None):
        """(where it was sent to or None, the page)"""
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with self.opener.open(url, data, timeout=30) as answer:
                return None, answer.read().decode()
        except urllib.error.HTTPError as answer:
            target = answer.headers.get("Location")
            if answer.code not in (301, 302, 303, 307) or not target:
                raise
            return urllib.parse.urljoin(url, target), ""

    def log_in(self, url):
        """Goes on until it is sent to a redirect address of an application, which it returns."""
        target, page = self.get(url)
        for _ in range(20):
            if target and ("/callback" in target or "/cb" in target):
                return target
            if target:
                url = target
                target, page = self.get(url)
                continue
            prompt = re.search(r'name="prompt" value="(\w+)"', page).group(1)
            action = re.search(r'action="([^"]+)"', page).group(1)
            form = {"prompt": prompt, "login": "someone", "password": "anything"}
            target, page = self.get(urllib.parse.urljoin(url, action), form)
        raise AssertionError("the login goes round in circles")


@needs_provider()
class Login(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.keys = peers.tempfile.mkdtemp(prefix="wadokit-test-")
        cls.addClassCleanup(shutil.rmtree, cls.keys, ignore_errors=True)
        cls.server = subprocess.Popen(["node", os.path.join(NODE, "login_server.mjs"), cls.keys],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(peers.stop, cls.server)
        cls.port = json.loads(cls.server.stdout.readline())["port"]
        cls.base = "http://127.0.0.1:%d" % cls.port
        cls.fhir = cls.base + "/fhir/r4"

    def setUp(self):
        super().setUp()
        self.seen = []
        self.control(ttl=300, deaths=0)

    def control(self, **settings):
        self.assertEqual(peers.request(self.port, "PUT", "/__control", json.dumps(settings))[0], 200)

    def requests(self):
        return json.loads(peers.request(self.port, "GET", "/__requests")[1])

    def run_wadokit(self, *args, **keywords):
        result = super().run_wadokit(*args, **keywords)
        self.seen.append(result.err)
        if "token" not in args:
            self.seen.append(result.out)
        return result

    def client(self, client_id, *args, token_url=None, secret=SECRET, **keywords):
        return self.run_wadokit("--auth", "client-credentials", "--token-url", token_url or self.base + "/token",
                                "--client-id", client_id, "--scope", "CCD", *args,
                                env={"WADOKIT_CLIENT_SECRET": secret}, **keywords)

    def backend(self, name, key, *args, **keywords):
        return self.run_wadokit("--auth", "backend-services", "--fhir", self.fhir, "--client-id", "backend-" + name,
                                "--private-key", os.path.join(self.keys, key), "--scope",
                                "system/ImagingStudy.rs", *args, **keywords)

    def app(self, *args, **keywords):
        return self.run_wadokit("--auth", "smart", "--fhir", self.fhir, "--client-id", "app", *args, **keywords)

    def key(self, name):
        with open(os.path.join(self.keys, name), encoding="utf-8") as file:
            return file.read()

    def kept(self):
        folder = os.path.join(self.home, ".local", "state", "wadokit")
        names = os.listdir(folder) if os.path.isdir(folder) else []
        return [os.path.join(folder, name) for name in names if name.endswith(".json")]

    # ---- machines ----

    def test_client_credentials_in_the_form_and_as_basic(self):
        for client, how, scheme in (("post client", (), ""), ("basic/client", ("--client-auth", "basic"), "Basic")):
            with self.subTest(client):
                self.control()
                result = self.client(client, *how, "auth", "login", "--json")
                self.assert_exit(result, 0)
                told = result.lines("login")[0]
                self.assertEqual((told["scope"], told["good"], told["renewable"]), ("CCD", True, True))
                first = self.client(client, *how, "auth", "token")
                self.assert_exit(first, 0)
                self.assertGreater(len(first.out.strip()), 20)
                self.assertEqual(self.client(client, *how, "auth", "token").out, first.out)
                requests = self.requests()
                self.assertEqual([(one["status"], one["authorization"]) for one in requests], [(200, scheme)])

    def test_signed_assertions_of_both_kinds_from_both_kinds_of_file(self):
        for name, key in (("rs", "rs.pem"), ("rs", "rs.jwk"), ("es", "es.pem"), ("es", "es.jwk")):
            with self.subTest(key):
                more = ("--key-id", "kid-" + name) if key.endswith("pem") else ()
                self.assert_exit(self.backend(name, key, *more, "auth", "login"), 0)
                self.assert_exit(self.backend(name, key, *more, "auth", "login"), 0)
                search = self.backend(name, key, *more, "search", "--patient", "p", "--json")
                self.assert_exit(search, 0)
                self.assertEqual(len(search.lines("study")), 4)

    def test_a_wrong_key_and_a_wrong_audience_are_refused(self):
        wrong_key = self.backend("rs", "other.pem", "--key-id", "kid-rs", "auth", "login")
        wrong_place = self.backend("rs", "rs.pem", "--key-id", "kid-rs", "--token-url", self.base + "/alias/token",
                                   "auth", "login")
        for result in (wrong_key, wrong_place):
            self.assert_exit(result, 3)
            self.assertIn("check client-id, private-key and key-id", result.err)
        self.assertEqual(self.kept(), [])

    def test_every_failure_has_its_status_and_says_what_to_do(self):
        rows = (("wrong secret", {"secret": "not it"}, 3, "check client-id and the client secret"),
                ("HTML", {"token_url": "/odd/html"}, 6, "see --token-url"),
                ("missing", {"token_url": "/odd/missing"}, 4, "see --token-url"),
                ("busy", {"token_url": "/odd/busy"}, 5, "too many token requests"),
                ("broken", {"token_url": "/odd/broken"}, 5, "try again later"),
                ("scope", {"token_url": "/odd/scope"}, 3, "see --scope"))
        for name, how, status, says in rows:
            with self.subTest(name):
                how = dict(how)
                if "token_url" in how:
                    how["token_url"] = self.base + how["token_url"]
                result = self.client("post client", "--max-wait", "1", "--retries", "1", "auth", "login", **how)
                self.assert_exit(result, status)
                self.assertIn(says, result.err)
                self.assertEqual(len(result.err.strip().splitlines()), 1, result.err)
        nobody = self.client("post client", "--retries", "0", "auth", "login",
                             token_url="http://127.0.0.1:%d/token" % peers.free_port())
        self.assert_exit(nobody, 5)
        clock = self.backend("rs", "rs.pem", "--token-url", self.base + "/odd/clock", "auth", "login")
        self.assert_exit(clock, 3)
        self.assertRegex(clock.err, r"clock of this machine is \d+ s ahead of")

    def test_a_tolerant_reading_of_tokens(self):
        result = self.client("post client", "auth", "token", token_url=self.base + "/odd/quoted")
        self.assert_exit(result, 0)
        self.assertEqual(result.out, "odd-token-of-the-quoted-kind\n")

    # ---- in mid-run ----

    def test_a_token_that_dies_three_times_costs_nothing(self):
        self.control(deaths=3)
        search = self.backend("rs", "rs.jwk", "search", "--patient", "p", "--json")
        self.assert_exit(search, 0)
        self.assertEqual(len(search.lines("study")), 4)
        self.assertEqual([one["status"] for one in self.requests()], [200] * 4)

    def test_the_first_token_comes_from_a_file(self):
        token = self.backend("rs", "rs.jwk", "auth", "token").out.strip()
        first = self.write("first", token + "\n")
        self.assert_exit(self.backend("rs", "rs.jwk", "auth", "logout"), 0)
        search = self.backend("rs", "rs.jwk", "--token-file", first, "search", "--patient", "p", "--json")
        self.assert_exit(search, 0)
        self.assertEqual(len(search.lines("study")), 4)

    # ---- people ----

    def start_login(self, *args, stdin=None, env=None):
        """(the process, the address that it asks a person to open)"""
        child = peers.start(["--auth", "smart", "--fhir", self.fhir, "--client-id", "app", "--scope",
                             "launch/patient openid offline_access patient/ImagingStudy.rs", "--json", "auth", "login",
                             "--prompt", "consent", *args], self.home, env, stdin or subprocess.DEVNULL)
        self.addCleanup(peers.stop, child)
        timer = threading.Timer(60, child.kill)
        timer.start()
        self.addCleanup(timer.cancel)
        for line in child.stderr:
            if line.startswith(b"http"):
                return child, line.decode().strip()
        raise AssertionError("no address was printed")

    def end_login(self, child, status=0, stdin=None):
        out, err = child.communicate(stdin, timeout=60)
        self.seen += [out.decode(), err.decode()]
        self.assertEqual(child.returncode, status, err.decode())
        return out.decode(), err.decode()

    def smart(self, *args, **keywords):
        return self.app("--scope", "launch/patient openid offline_access patient/ImagingStudy.rs", *args, **keywords)

    def log_in(self):
        child, url = self.start_login("--no-browser", stdin=subprocess.PIPE)
        return self.end_login(child, 0, Browser().log_in(url).encode() + b"\n")[0]

    def test_a_person_logs_in_with_the_address_pasted(self):
        told = json.loads(self.log_in())
        self.assertEqual((told["patient"], told["issuer"], told["renewable"]), (PATIENT, self.fhir, True))
        status = self.smart("auth", "status")
        self.assert_exit(status, 0)
        self.assertIn(PATIENT, status.out)
        search = self.smart("search", "--patient", "p", "--json")
        self.assert_exit(search, 0)
        self.assertEqual(len(search.lines("study")), 4)

    def test_a_person_logs_in_to_a_client_with_a_secret_or_a_key(self):
        scope = "launch/patient openid offline_access patient/ImagingStudy.rs"
        for client, more, env in (("app with secret", (), {"WADOKIT_CLIENT_SECRET": SECRET}),
                                  ("app with key", ("--private-key", os.path.join(self.keys, "es.jwk")), None)):
            with self.subTest(client):
                args = ["--auth", "smart", "--fhir", self.fhir, "--client-id", client, "--scope", scope, *more]
                child = peers.start([*args, "auth", "login", "--no-browser", "--prompt", "consent"], self.home, env,
                                    subprocess.PIPE)
                self.addCleanup(peers.stop, child)
                url = next(line.decode().strip() for line in child.stderr if line.startswith(b"http"))
                self.end_login(child, 0, Browser().log_in(url).encode() + b"\n")
                self.control(deaths=2)
                search = self.run_wadokit(*args, "search", "--patient", "p", "--json", env=env)
                self.assert_exit(search, 0)
                self.assertEqual(len(search.lines("study")), 4)

    def test_a_person_logs_in_with_a_redirect_to_loopback(self):
        for more in ((), ("--redirect-port", str(peers.free_port()))):
            with self.subTest(more):
                child, url = self.start_login(*more)
                target = Browser().log_in(url)
                self.assertTrue(target.startswith("http://127.0.0.1:"))
                port = urllib.parse.urlsplit(target).port
                self.assertEqual(peers.request(port, "GET", "/favicon.ico")[0], 404)
                self.assertEqual(peers.request(port, "GET", "/callback?code=x&state=guess")[0], 404)
                self.assertIn("close this window", Browser().get(target)[1])
                told = json.loads(self.end_login(child)[0])
                self.assertEqual(told["patient"], PATIENT)
                with self.assertRaises(OSError):
                    peers.request(port, "GET", "/callback")

    def test_the_browser_is_opened_where_there_is_one(self):
        folder = os.path.join(self.home, "bin")
        os.mkdir(folder)
        opener = os.path.join(folder, "xdg-open")
        with open(opener, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nprintf %s "$1" >"$HOME/opened"\n')
        os.chmod(opener, 0o755)
        path = folder + os.pathsep + os.environ["PATH"]
        child, url = self.start_login(env={"PATH": path, "DISPLAY": ":99"})
        with open(os.path.join(self.home, "opened"), encoding="utf-8") as file:
            self.assertEqual(file.read(), url)
        Browser().get(Browser().log_in(url))
        self.end_login(child)

    def test_answers_that_belong_to_no_login_are_refused(self):
        for change, status in ((lambda url: re.sub("state=[^&]*", "state=other", url), 8),
                               (lambda url: re.sub("iss=[^&]*", "iss=https%3A%2F%2Felsewhere.example", url), 8),
                               (lambda url: re.sub("code=[^&]*", "code=wrong", url), 3),
                               (lambda url: "nonsense", 6), (lambda url: "", 6)):
            child, url = self.start_login("--no-browser", stdin=subprocess.PIPE)
            self.end_login(child, status, change(Browser().log_in(url)).encode() + b"\n")
        child, url = self.start_login("--no-browser", stdin=subprocess.PIPE)
        self.end_login(child, 3, b"")
        self.assertEqual(self.kept(), [])

    def test_an_ehr_launches_the_login(self):
        child = peers.start(["--client-id", "app", "--scope", "launch openid", "auth", "login", "--iss", self.fhir,
                             "--launch", "opaque/1", "--no-browser"], self.home, None, subprocess.PIPE)
        self.addCleanup(peers.stop, child)
        url = next(line.decode().strip() for line in child.stderr if line.startswith(b"http"))
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
        self.assertEqual((query["launch"], query["aud"]), (["opaque/1"], [self.fhir]))
        self.assertEqual((len(query["code_challenge"][0]), query["code_challenge_method"]), (43, ["S256"]))
        self.end_login(child, 0, Browser().log_in(url).encode() + b"\n")
        self.assert_exit(self.app("auth", "login", "--iss", "https://elsewhere.example", "--launch", "x"), 8)

    def test_discovery_by_the_capability_statement(self):
        child = peers.start(["--fhir", self.base + "/fhir/old", "--client-id", "app", "--scope", "openid", "auth",
                             "login", "--no-browser"], self.home, None, subprocess.PIPE)
        self.addCleanup(peers.stop, child)
        url = next(line.decode().strip() for line in child.stderr if line.startswith(b"http"))
        self.end_login(child, 0, Browser().log_in(url).encode() + b"\n")
        nowhere = self.run_wadokit("--fhir", self.base + "/fhir/none", "--client-id", "app", "auth", "login")
        self.assert_exit(nowhere, 4)
        self.assertIn("--token-url", nowhere.err)

    def test_an_imaging_server_that_the_login_names_may_have_the_token(self):
        server = ("--fhir", self.base + "/fhir/imaging", "--client-id", "app", "--scope",
                  "openid patient/ImagingStudy.rs")
        child = peers.start([*server, "auth", "login", "--no-browser"], self.home, None, subprocess.PIPE)
        self.addCleanup(peers.stop, child)
        url = next(line.decode().strip() for line in child.stderr if line.startswith(b"http"))
        self.end_login(child, 0, Browser().log_in(url).encode() + b"\n")
        for port, sent in ((1, True), (2, False)):
            plan = self.run_wadokit(*server, "--auth", "smart", "resolve", "--json",
                                    "http://127.0.0.1:%d/dicom-web/studies/2.25.1" % port)
            self.assert_exit(plan, 0)
            self.assertEqual([line["credentials"] for line in plan.lines("plan")], [sent], str(plan))

    def test_waiting_for_the_browser_ends(self):
        child, _ = self.start_login("--login-timeout", "1")
        self.assertIn("no answer", self.end_login(child, 3)[1])
        child, _ = self.start_login()
        child.send_signal(signal.SIGINT)
        self.end_login(child, 130)

    def test_processes_share_one_refresh_token(self):
        self.log_in()
        self.control(ttl=1)
        # The kept token is given an end in the past: all that start now must renew it.
        path = self.kept()[0]
        for _ in range(3):
            with open(path, encoding="utf-8") as file:
                record = json.load(file)
            record["expires"] = record["obtained"] - 10
            with open(path, "w", encoding="utf-8") as file:
                json.dump(record, file)
            children = [peers.start(["--auth", "smart", "--fhir", self.fhir, "--client-id", "app", "--scope",
                                     "launch/patient openid offline_access patient/ImagingStudy.rs", "auth", "token"],
                                    self.home) for _ in range(4)]
            for child in children:
                out, err = child.communicate(timeout=60)
                self.assertEqual(child.returncode, 0, err.decode())
                self.assertGreater(len(out.strip()), 20)
        self.assertEqual({one["status"] for one in self.requests()}, {200})
        time.sleep(1.1)
        self.assert_exit(self.smart("auth", "token"), 0)

    def test_without_a_login_it_says_what_to_run(self):
        result = self.smart("search", "--patient", "p")
        self.assert_exit(result, 3)
        self.assertIn("wadokit auth login", result.err)
        self.assert_exit(self.smart("auth", "status"), 3)
        self.assert_exit(self.run_wadokit("auth", "status"), 4)

    def test_logout_ends_the_login_there_too(self):
        self.log_in()
        token = self.smart("auth", "token").out.strip()
        headers = {"Authorization": "Bearer " + token}
        self.assertEqual(peers.request(self.port, "GET", "/fhir/r4/ImagingStudy", None, headers)[0], 200)
        self.assert_exit(self.smart("auth", "logout"), 0)
        self.assertEqual(self.kept(), [])
        self.assertEqual([one["status"] for one in self.requests() if "revocation" in one["path"]], [200])
        self.assertEqual(peers.request(self.port, "GET", "/fhir/r4/ImagingStudy", None, headers)[0], 401)

    # ---- secrets ----

    def test_a_run_leaves_no_secret_behind(self):
        secrets = [SECRET, urllib.parse.quote(SECRET, safe="")]
        self.client("post client", "-vvv", "auth", "login")
        self.client("post client", "-vvv", "auth", "status", "--json")
        self.client("post client", "-vvv", "auth", "login", secret="another wrong secret")
        self.backend("es", "es.jwk", "-vvv", "search", "--patient", "p")
        told = self.log_in()
        self.smart("-vvv", "auth", "status")
        self.smart("-vvv", "search", "--patient", "p")
        for path in self.kept():
            mode = os.stat(path).st_mode
            self.assertEqual(stat.S_IMODE(mode), 0o600)
            with open(path, encoding="utf-8") as file:
                record = json.load(file)
            secrets += [record[name] for name in ("accessToken", "refreshToken") if name in record]
        self.smart("-vvv", "auth", "logout")
        secrets.append(json.loads(self.key("es.jwk"))["d"])
        self.assertGreaterEqual(len(secrets), 6)
        left = "\n".join(self.seen + [told])
        for where, _, names in os.walk(self.home):
            for name in names:
                path = os.path.join(where, name)
                if path not in self.kept():
                    with open(path, encoding="utf-8", errors="replace") as file:
                        left += file.read()
        for secret in secrets + ["another wrong secret", "client_assertion=", "code_verifier="]:
            self.assertNotIn(secret, left)
        self.assertIsNone(re.search(r"eyJ[\w-]+\.eyJ", left))

    def test_files_that_others_can_read_are_refused(self):
        loose = self.write("loose.jwk", self.key("rs.jwk"), 0o644)
        result = self.run_wadokit("--auth", "backend-services", "--fhir", self.fhir, "--client-id", "backend-rs",
                                  "--private-key", loose, "auth", "login")
        self.assert_exit(result, 2)
        self.assertIn("chmod 600", result.err)

    def test_a_profile_has_it_all(self):
        config = self.write("config", "[site]\nfhir = %s\nauth = client-credentials\ntoken-url = %s/token\n"
                            "client-id = post client\nclient-secret = %s\nscope = CCD\n" % (self.fhir, self.base, SECRET))
        result = self.run_wadokit("--config", config, "-p", "site", "auth", "login", "--json")
        self.assert_exit(result, 0)
        self.assertEqual(result.lines("login")[0]["profile"], "site")
        shown = self.run_wadokit("--config", config, "config", "show")
        self.assertIn("client-secret = (set)", shown.out)
        elsewhere = self.run_wadokit("--config", config, "-p", "site", "--fhir", "http://127.0.0.1:1", "auth", "token")
        self.assertNotEqual(elsewhere.exit, 0)
        self.assertIn("not a server of profile", elsewhere.err)


if __name__ == "__main__":
    peers.main()
