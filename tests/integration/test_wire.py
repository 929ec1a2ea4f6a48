#!/usr/bin/env python3
"""What stands between the program and its server: redirects, proxies, balancers, dead lines."""
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


if __name__ == "__main__":
    peers.main()
