#!/usr/bin/env python3
"""What stands between the program and its server: redirects, proxies, balancers, dead lines."""
import gzip
import json
import time
import unittest
import urllib.parse

import peers

FHIR = {"Content-Type": "application/fhir+json"}


def study(number, patient):
    return {"resourceType": "ImagingStudy", "id": "s%d" % number, "status": "available", "numberOfInstances": 1,
            "subject": {"reference": "Patient/" + patient},
            "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:2.25.%d" % number}]}


STUDIES = [study(1, "123"), study(2, "999"), study(3, "888")]


def found(request):
    """A server that filters by what it is sent, in the query or in a form, and that without a filter gives all."""
    asked = urllib.parse.parse_qs(request.query + "&" + request.body.decode())
    patient = asked.get("patient", [None])[0]
    rows = [one for one in STUDIES if patient in (None, one["subject"]["reference"][8:])]
    return 200, FHIR, {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in rows]}


class Redirects(peers.Case):
    def moved(self, status):
        """A FHIR server whose base went from /old to /new."""
        def answer(request):
            if request.path.startswith("/old/"):
                return status, {"Location": request.path.replace("/old/", "/new/")}, b""
            return found(request)
        return self.serve(answer)

    def test_a_search_that_was_sent_on_finds_what_was_asked_for_and_no_more(self):
        for status in (301, 302, 303, 307, 308):
            for more in ((), ("--method", "get")):
                server = self.moved(status)
                result = self.run_wadokit("--fhir", server.url + "/old", "--json", "search", "--patient", "123", *more)
                self.assert_exit(result, 0)
                self.assertEqual([one["study"] for one in result.lines("study")], ["2.25.1"])
                self.assertEqual(len(server.log), 2)

    def test_a_search_is_not_sent_on_to_a_stranger(self):
        for status in (301, 302, 303, 307, 308):
            other = self.serve(found)
            server = self.serve(lambda request: (status, {"Location": other.url + request.path}, b""))
            result = self.run_wadokit("--fhir", server.url, "search", "--patient", "123")
            self.assert_exit(result, 8)
            self.assertIn(other.url, result.err)
            self.assertEqual(other.log, [])
            result = self.run_wadokit("--fhir", server.url, "--allow-origin", other.url, "--json", "search",
                                      "--patient", "123")
            self.assert_exit(result, 0)
            self.assertEqual([one["study"] for one in result.lines("study")], ["2.25.1"])

    def test_an_export_of_one_patient_never_becomes_one_of_everybody(self):
        def answer(request):
            if request.path == "/old/Patient/123/$export":
                return 404, {}, b""
            if request.path.startswith("/old/"):
                return status, {"Location": request.path.replace("/old/", "/new/")}, b""
            if request.path == "/new/Patient/$export" and b'"Patient/123"' not in request.body:
                everybody.append(request)
            return 202, {"Content-Location": "/status"}, b""
        everybody = []
        for status in (301, 302, 303):
            server = self.serve(answer)
            result = self.run_wadokit("--fhir", server.url + "/old", "fhir", "export", "--patient", "123",
                                      "-o", self.out)
            self.assertEqual(everybody, [])
            self.assert_exit(result, 8)
            self.assertIn("/new/Patient/$export", result.err)

    def test_a_secret_of_a_login_is_put_into_no_url(self):
        def answer(request):
            return (302, {"Location": "/elsewhere"}, b"") if request.path == "/token" else (200, {}, b"{}")
        server = self.serve(answer)
        secret = self.write("secret", "hush-hush\n")
        result = self.run_wadokit("--fhir", server.url, "--auth", "client-credentials", "--token-url",
                                  server.url + "/token", "--client-id", "me", "--client-secret-file", secret,
                                  "search", "--patient", "1")
        self.assert_exit(result, 8)
        self.assertEqual([one.path for one in server.log], ["/token"])
        self.assertNotIn("hush-hush", result.err)


class Slow(peers.Case):
    """Everything ends by itself, whatever the other side does."""

    def trickle(self, head, piece, pause):
        """After `head` the same bytes for ever, as long as the client listens."""
        def answer(request):
            try:
                request.handler.wfile.write(head)
                while True:
                    request.handler.wfile.write(piece)
                    time.sleep(pause)
            except OSError:
                pass
        return self.serve(answer)

    def search(self, server, *more, **keywords):
        return self.run_wadokit("--dicomweb", server.url, "--retries", 0, *more, "search", timeout=40, **keywords)

    def test_a_body_that_trickles_ends_by_the_speed_limit(self):
        server = self.trickle(b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n\r\n[", b" ", 0.1)
        result = self.search(server, "--speed-limit", 100, "--speed-time", 1)
        self.assert_exit(result, 5)
        self.assertIn("fewer than 100 bytes a second for 1 s", result.err)
        self.assertIn("--speed-limit", result.err)

    def test_a_slow_line_that_lives_is_waited_for(self):
        row = b'[{"0020000D": {"vr": "UI", "Value": ["2.25.1"]}}]'

        def answer(request):
            write = request.handler.wfile.write
            write(b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\nContent-Length: %d\r\n\r\n" % len(row))
            time.sleep(1.5)  # the server works on it
            for at in range(0, len(row), 5):
                write(row[at:at + 5])
                time.sleep(0.2)
        result = self.search(self.serve(answer), "--speed-limit", 10, "--speed-time", 1)
        self.assert_exit(result, 0)
        self.assertIn("2.25.1", result.out)
        result = self.search(self.serve(answer), "--speed-limit", 0, "--speed-time", 1)
        self.assert_exit(result, 0)

    def test_headers_that_trickle_end(self):
        server = self.trickle(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.2)
        result = self.search(server, "--idle-timeout", 1)
        self.assert_exit(result, 5)
        self.assertIn("the headers of the answer do not end within 1 s", result.err)

    def test_headers_without_end_are_cut_off(self):
        for piece in (b"X: " + b"y" * 1000 + b"\r\n", b"y" * 1000):
            server = self.trickle(b"HTTP/1.1 200 OK\r\n", piece, 0)
            self.assert_exit(self.search(server), 8)

    def test_trailers_without_end_are_cut_off(self):
        server = self.trickle(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n", 0)
        self.assert_exit(self.search(server), 8)

    def test_answers_that_begin_again_and_again_are_cut_off(self):
        for interim in (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"):
            result = self.search(self.trickle(b"", interim, 0.01))
            self.assert_exit(result, 8)
            self.assertIn("begins again and again", result.err)


class Proxies(peers.Case):
    def search(self, answer, *more, login=""):
        """A search through a proxy that a profile names."""
        proxy = self.serve(answer)
        at = proxy.url.replace("//", "//" + login)
        config = self.write("config", "[x]\ndicomweb = http://127.0.0.1:1\nproxy = %s\nretries = 3\n" % at)
        result = self.run_wadokit("--config", config, "-p", "x", *more)
        self.assertNotIn("hush", result.err)
        return proxy, result

    def test_a_refused_login_is_exit_3_after_one_attempt(self):
        def answer(request):
            return 407, {"Proxy-Authenticate": 'Basic realm="corp"'}, b""
        for more in (("search",), ("get", "2.25.1", "2.25.2", "2.25.3", "-o", self.out),
                     ("--dicomweb", "https://127.0.0.1:1", "search")):
            proxy, result = self.search(answer, *more, login="ann:hush%21@")
            self.assert_exit(result, 3)
            self.assertEqual(len(proxy.log), 1, str(result))
            self.assertRegex(result.err, "(wrong user name or password for )?the proxy %s.* 407|the proxy %s has refused "
                             "the login" % (proxy.url, proxy.url))

    def test_a_proxy_that_wants_a_login_is_named(self):
        proxy, result = self.search(lambda request: (407, {"Proxy-Authenticate": "Basic realm=x"}, b""), "search")
        self.assert_exit(result, 3)
        self.assertIn("a user name and password are wanted by the proxy " + proxy.url, result.err)

    def test_a_proxy_that_blocks_is_named(self):
        proxy, result = self.search(lambda request: (403, {}, b""), "--dicomweb", "https://127.0.0.1:1", "search")
        self.assert_exit(result, 3)
        self.assertIn("refused by the proxy %s: 403" % proxy.url, result.err)
        self.assertEqual([one.method for one in proxy.log], ["CONNECT"])

    def test_a_proxy_that_is_down_is_named(self):
        result = self.run_wadokit("--proxy", "http://127.0.0.1:1", "--retries", 0, "--dicomweb", "http://127.0.0.1:2",
                                  "search")
        self.assert_exit(result, 5)
        self.assertIn("through the proxy http://127.0.0.1:1", result.err)


class InnerNames(peers.Case):
    INNER = "http://orthanc.inner.invalid:8042"

    def answer(self, request):
        page = {"resourceType": "Bundle", "type": "searchset"}
        if request.path.startswith("/dicom-web/"):
            self.assertEqual(request.headers["Authorization"], "Bearer word")
            return 404, {}, b""
        if "page=2" in request.query:
            return 200, FHIR, dict(page, entry=[{"resource": study(2, "1")}])
        endpoint = {"resourceType": "Endpoint", "id": "e", "status": "active", "address": self.INNER + "/dicom-web",
                    "connectionType": {"system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type",
                                       "code": "dicom-wado-rs"}, "payloadType": [{"text": "DICOM"}]}
        first = dict(study(1, "1"), endpoint=[{"reference": "Endpoint/e"}])
        return 200, FHIR, dict(page, entry=[{"resource": first}, {"resource": endpoint, "search": {"mode": "include"}}],
                               link=[{"relation": "next", "url": self.INNER + "/fhir?page=2"}])

    def test_they_are_mapped_before_the_rules(self):
        server = self.serve(self.answer)
        common = ("--fhir", server.url + "/fhir", "--map-origin", self.INNER + "=" + server.url, "--json")
        result = self.run_wadokit(*common, "search", "--patient", "1")
        self.assert_exit(result, 0)
        self.assertEqual([one["study"] for one in result.lines("study")], ["2.25.1", "2.25.2"])
        self.run_wadokit(*common, "get", server.url + "/fhir/ImagingStudy?patient=1", "-o", self.out,
                         env={"WADOKIT_TOKEN": "word"})
        self.assertIn("/dicom-web/studies/2.25.1", [one.path for one in server.log])

    def test_a_profile_maps_them_too_and_errors_say_how(self):
        server = self.serve(self.answer)
        result = self.run_wadokit("--fhir", server.url + "/fhir", "--retries", 0, "search", "--patient", "1")
        self.assert_exit(result, 8)
        self.assertIn("--map-origin", result.err)
        config = self.write("config", "[x]\nfhir = %s/fhir\nmap-origin = %s=%s\n" % (server.url, self.INNER, server.url))
        self.assert_exit(self.run_wadokit("--config", config, "-p", "x", "search", "--patient", "1"), 0)

    def test_what_is_no_map_is_bad_usage(self):
        result = self.run_wadokit("--dicomweb", "http://127.0.0.1:1", "--map-origin", "inner=outer", "search")
        self.assert_exit(result, 2)
        self.assertIn("--map-origin", result.err)


class Encodings(peers.Case):
    ROWS = json.dumps([{"0020000D": {"vr": "UI", "Value": ["2.25.%d" % n]}} for n in range(30000)]).encode()

    def search(self, body, coding="gzip"):
        headers = {"Content-Type": "application/dicom+json", "Content-Encoding": coding}
        server = self.serve(lambda request: (200, headers, body) if "offset" not in request.query else (204, {}, b""))
        return self.run_wadokit("--dicomweb", server.url, "--json", "search")

    def test_a_gzip_that_does_not_check_at_its_end_is_an_error(self):
        packed = gzip.compress(self.ROWS)
        self.assert_exit(self.search(packed), 0)
        broken = bytearray(packed)
        broken[-6] ^= 1
        for body in (packed[:-8], packed[:-1], bytes(broken)):
            result = self.search(body)
            self.assert_exit(result, 6)
            self.assertRegex(result.err, "compressed data is (cut short|corrupt)")

    def test_a_large_plain_body_is_no_bomb(self):
        server = self.serve(lambda request: (200, {"Content-Type": "application/octet-stream"}, bytes(64 << 20)))
        result = self.run_wadokit("--fhir", server.url, "fhir", "binary", "x", "-o", self.out)
        self.assert_exit(result, 0)


if __name__ == "__main__":
    peers.main()
