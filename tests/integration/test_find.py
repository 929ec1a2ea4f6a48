#!/usr/bin/env python3
"""`search` and `resolve` against servers of every shape: what is found, asked for, and told to whom."""
import os
import socket

import peers
import scripted
from scripted import bundle, study

STUDY = "2.25.1001"
SERIES = [STUDY + ".1", STUDY + ".2"]
TOKEN = "a-token-that-must-not-stray"


class Shapes(peers.Case):
    """The FHIR shapes of the test peer: by search and JSON Lines, and by a URL."""

    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer("--bearer", TOKEN, "--auth-on", "main")
        cls.addClassCleanup(cls.peer.stop)

    def fhir(self, shape, *args, **keywords):
        return self.run_wadokit("--fhir", "%s/fhir/%s" % (self.peer.main, shape), *args,
                                env={"WADOKIT_TOKEN": TOKEN}, **keywords)

    def requests(self):
        return [one for one in self.peer.requests() if one["path"] != "/__control"]

    def plan(self, result, code=0):
        self.assert_exit(result, code)
        return [line for line in result.lines("plan") if line["status"] == "planned"]

    def both_ways(self, shape, *options, code=0):
        """The plan of the lines of a search, and that of the URL: they must be the same."""
        search = self.fhir(shape, "search", "--patient", "P1", "--json")
        self.assert_exit(search, 0)
        self.assertEqual([line["study"] for line in search.lines("study")], [STUDY])
        self.peer.control()
        lines = self.fhir(shape, *options, "resolve", "-", "--json", stdin=search.out.encode())
        self.assertEqual(self.requests(), [], "lines of a search need no further request")
        url = "%s/fhir/%s/ImagingStudy?patient=P1" % (self.peer.main, shape)
        from_url = self.fhir(shape, *options, "resolve", url, "--json")
        found = [[(one["level"], one["series"], one["url"], one["credentials"])
                  for one in self.plan(result, code)] for result in (lines, from_url)]
        self.assertEqual(found[0], found[1])
        for request in self.requests():
            if request["origin"] != "main":
                self.assertNotIn("authorization", [name.lower() for name, _ in request["headers"]])
        return found[0]

    def url(self, series=None, root=None):
        return "%s/studies/%s%s" % (root or self.peer.main + "/dicom-web", STUDY, "/series/" + series if series else "")

    def test_every_way_of_carrying_an_endpoint_gives_the_study(self):
        for shape in ("contained", "included", "urn", "referenced", "absolute"):
            with self.subTest(shape):
                self.assertEqual(self.both_ways(shape), [("study", None, self.url(), True)])

    def test_series_with_endpoints_of_their_own_replace_the_study(self):
        self.assertEqual(self.both_ways("series"), [("series", one, self.url(one), True) for one in SERIES])

    def test_only_the_series_with_an_endpoint_is_taken_out_of_the_study(self):
        self.assertEqual(self.both_ways("redox"), [("study", None, self.url(), True),
                                                   ("series", SERIES[1], self.url(SERIES[1]), True)])

    def test_a_series_with_an_endpoint_of_its_own_is_shown_once(self):
        url = "%s/fhir/redox/ImagingStudy?patient=P1" % self.peer.main
        self.assert_exit(self.fhir("redox", "render", url, "-o", self.out), 0)
        drawn = os.listdir(self.out)
        self.assertEqual(len(drawn), 6, str(drawn))
        self.assertEqual([name for name in drawn if "_" in name], [])
        shown = self.fhir("redox", "info", "--csv", "--per", "instance", "-t", "SOPInstanceUID", url)
        self.assert_exit(shown, 0)
        self.assertEqual(len(shown.out.splitlines()), 7, str(shown))

    def test_a_foreign_origin_gets_no_credentials(self):
        root = self.peer.foreign + "/dicom-web"
        self.assertEqual(self.both_ways("foreign"), [("study", None, self.url(root=root), False)])

    def test_a_template_is_refused_until_it_is_filled(self):
        self.assertEqual(self.both_ways("template", code=8), [])
        filled = self.both_ways("template", "--set", "destination-slug=clinic")
        self.assertEqual(filled[0][2], self.url(root=self.peer.main + "/clinic/dicom-web"))

    def test_without_a_usable_endpoint_dicomweb_is_used(self):
        for shape in ("off", "none"):
            with self.subTest(shape):
                self.assertEqual(self.both_ways(shape, code=4), [])
                root = "http://127.0.0.1:1/dw"
                self.assertEqual([one[2] for one in self.both_ways(shape, "--dicomweb", root)], [self.url(root=root)])

    def test_an_endpoint_that_many_refer_to_is_read_once(self):
        self.peer.control()
        self.fhir("referenced", "search", "--patient", "P1", "--json")
        reads = [one for one in self.peer.requests() if "/Endpoint/" in one["path"]]
        self.assertEqual(len(reads), 1)

    def test_a_study_is_found_by_its_uid(self):
        result = self.fhir("contained", "search", "--identifier", STUDY, "--json")
        self.assert_exit(result, 0)
        self.assertEqual([line["study"] for line in result.lines("study")], [STUDY])
        result = self.fhir("contained", "search", "--identifier", "1.2.3.4.5", "--json")
        self.assert_exit(result, 4)


def name_of_this_machine():
    """A name that leads to 127.0.0.1 and does not say so; None where there is none."""
    names = [socket.gethostname()]
    try:
        with open("/etc/hosts", encoding="utf-8") as file:
            names += [name for line in file if line.startswith("127.0.0.1") for name in line.split("#")[0].split()[1:]]
    except OSError:
        pass
    for name in names:
        try:
            if "localhost" not in name and socket.getaddrinfo(name, 80, socket.AF_INET)[0][4][0] == "127.0.0.1":
                return name
        except OSError:
            pass
    return None


class Places(peers.Case):
    """Where a FHIR server may send us: its Endpoints name a host whose name leads to this machine."""

    @classmethod
    def setUpClass(cls):
        cls.name = name_of_this_machine()
        cls.peer = peers.Peer()
        cls.addClassCleanup(cls.peer.stop)

    def setUp(self):
        super().setUp()
        if not self.name:
            self.skipTest("no other name of 127.0.0.1 in /etc/hosts")
        self.fhir = "http://%s:%d/fhir/contained" % (self.name, self.peer.ports["main"])
        self.inside = "http://%s:%d" % (self.name, self.peer.ports["foreign"])
        self.peer.control(endpoint_root=self.inside + "/dicom-web")

    def seen_inside(self):
        return [one for one in self.peer.requests() if one["origin"] == "foreign"]

    def test_no_command_follows_a_name_to_this_machine(self):
        url = self.fhir + "/ImagingStudy?patient=P1"
        for command in (("get", "-o", self.out), ("thumb", "-o", self.out), ("render", "-o", self.out), ("info",)):
            with self.subTest(command[0]):
                result = self.run_wadokit(command[0], "--retries", "0", *command[1:], url)
                self.assert_exit(result, 8)
                self.assertIn("this machine", result.err)
                self.assertEqual(self.seen_inside(), [])

    def test_nor_by_the_lines_of_a_search(self):
        lines = self.run_wadokit("search", "--json", "--fhir", self.fhir, "--patient", "P1")
        self.assert_exit(lines, 0)
        for target in ((), ("--fhir", self.fhir)):
            result = self.run_wadokit("get", "--retries", "0", *target, "-o", self.out, "-",
                                      stdin=lines.out.encode())
            self.assert_exit(result, 8)
            self.assertIn("this machine", result.err)
        self.assertEqual(self.seen_inside(), [])
        self.assert_exit(self.run_wadokit("get", "--allow-origin", self.inside, "-o", self.out, "-",
                                          stdin=lines.out.encode()), 0)

    def test_nor_by_a_saved_answer(self):
        answer = self.run_wadokit("fhir", "get", "--fhir", self.fhir, "ImagingStudy?patient=P1")
        self.assert_exit(answer, 0)
        saved = self.write("saved.json", answer.out)
        result = self.run_wadokit("get", "--retries", "0", "-o", self.out, saved)
        self.assert_exit(result, 8)
        self.assertIn("this machine", result.err)
        line = '{"type":"study","study":"%s","dicomweb":"%s/dicom-web"}\n' % (STUDY, self.inside)
        result = self.run_wadokit("get", "--retries", "0", "-o", self.out, "-", stdin=line.encode())
        self.assert_exit(result, 8)
        self.assertEqual(self.seen_inside(), [])
        self.assert_exit(self.run_wadokit("get", "--allow-origin", self.inside, "-o", self.out, saved), 0)

    def test_a_saved_answer_may_name_this_machine_openly(self):
        self.peer.control(endpoint_root=self.peer.foreign + "/dicom-web", bearer=None)
        answer = self.run_wadokit("fhir", "get", "--fhir", self.fhir, "ImagingStudy?patient=P1")
        self.peer.control(endpoint_root=None)
        saved = self.write("saved.json", answer.out)
        result = self.run_wadokit("get", "-o", self.out, saved, env={"WADOKIT_TOKEN": TOKEN})
        self.assert_exit(result, 0)
        self.assertTrue(self.seen_inside())
        for one in self.seen_inside():
            self.assertNotIn("authorization", [name.lower() for name, _ in one["headers"]])

    def test_nor_does_verify_by_the_journal(self):
        url = self.fhir + "/ImagingStudy?patient=P1"
        self.assert_exit(self.run_wadokit("get", "--allow-origin", self.inside, "-o", self.out, url), 0)
        self.peer.control()
        result = self.run_wadokit("verify", "--online", "--retries", "0", self.out)
        self.assert_exit(result, 1)
        self.assertIn("this machine", result.err + result.out)
        self.assertEqual(self.seen_inside(), [])
        self.assert_exit(self.run_wadokit("verify", "--online", "--allow-origin", self.inside, self.out), 0)

    def test_an_origin_that_the_user_allows_is_followed(self):
        url = self.fhir + "/ImagingStudy?patient=P1"
        for command in ("get", "thumb", "render"):
            with self.subTest(command):
                self.assert_exit(self.run_wadokit(command, "--allow-origin", self.inside, "-o", self.out, url), 0)

    def test_a_server_on_this_machine_may_name_itself(self):
        self.peer.control(endpoint_root=None)
        url = "%s/fhir/contained/ImagingStudy?patient=P1" % self.peer.main
        self.assert_exit(self.run_wadokit("get", "-o", self.out, url), 0)
        self.peer.control(endpoint_root="http://%s:%d/dicom-web" % (self.name, self.peer.ports["main"]))
        self.assert_exit(self.run_wadokit("get", "-o", self.out, self.fhir + "/ImagingStudy?patient=P1"), 0)


class Qido(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer()
        cls.addClassCleanup(cls.peer.stop)

    def search(self, *args, scenario=None):
        root = self.peer.main + ("/s/" + scenario if scenario else "") + "/dicom-web"
        return self.run_wadokit("--dicomweb", root, "search", "--json", *args, timeout=30)

    def test_all_pages_come_though_the_server_gives_less_than_asked_for(self):
        for size in (1, 2, 3, 4, 5, 6, 7, 100):
            self.peer.control(page_size=size)
            result = self.search("--level", "instance", "--identifier", STUDY)
            self.assert_exit(result, 0)
            found = [line["sop"] for line in result.lines("instance")]
            self.assertEqual((len(found), len(set(found))), (6, 6), "page size %d" % size)
        self.peer.control(page_size=100)

    def test_a_limit_is_kept_over_pages(self):
        self.peer.control(page_size=2)
        for limit in (1, 2, 3, 5, 6, 9):
            result = self.search("--level", "instance", "--identifier", STUDY, "--limit", limit)
            self.assertEqual(len(result.lines("instance")), min(limit, 6))
        self.peer.control(page_size=100)

    def test_an_error_with_status_200_is_not_an_empty_list(self):
        result = self.search(scenario="qido-error")
        self.assert_exit(result, 6)
        self.assertIn("database is locked", result.err)

    def test_a_page_that_comes_again_ends_the_search_without_doubles(self):
        self.peer.control(page_size=2)
        result = self.search("--level", "instance", "--identifier", STUDY, scenario="same-page")
        found = [line["sop"] for line in result.lines("instance")]
        self.assertEqual(len(found), len(set(found)))
        self.assert_exit(result, 1)
        self.peer.control(page_size=100)

    def test_nothing_found_is_exit_4(self):
        self.assert_exit(self.search("--patient", "nobody"), 4)

    def test_lines_of_a_search_are_targets(self):
        for level, count in (("study", 1), ("series", 2), ("instance", 6)):
            lines = self.search("--level", level, "--identifier", STUDY)
            plan = self.run_wadokit("resolve", "-", "--json", stdin=lines.out.encode())
            self.assert_exit(plan, 0)
            self.assertEqual([one["level"] for one in plan.lines("plan")], [level] * count)
            for one in plan.lines("plan"):
                self.assertTrue(one["url"].startswith(self.peer.main + "/dicom-web/studies/" + STUDY))


class Scripted(scripted.Case):
    def search(self, script, *args, **keywords):
        return self.run_wadokit("--fhir", script.base + "/f", "search", "--json", "--retries", "1", "--no-progress",
                                *args, timeout=30, **keywords)

    def uids(self, result):
        return [line["study"] for line in result.lines("study")]

    def test_a_server_without_post_is_asked_by_get(self):
        for status in (404, 405, 415, 501):
            with self.subTest(status):
                script = self.serve(lambda method, path, pairs, s=status:
                                    (s, {}) if method == "POST" else (200, bundle(study("1.2.3"))))
                result = self.search(script, "--patient", "p")
                self.assertEqual(self.uids(result), ["1.2.3"], str(result))
                # 501 may be meant for _include.
                self.assertEqual([one[:2] for one in script.seen], (1 + (status == 501)) * [
                    ("POST", "/f/ImagingStudy/_search")] + [("GET", "/f/ImagingStudy")])

    def test_parameters_go_out_encoded_and_a_range_is_two(self):
        script = self.serve(lambda method, path, pairs: (200, bundle()))
        result = self.search(script, "--patient", "p&q=1", "--since", "2024-01-02T03:04:05+01:00", "--until", "20240506",
                             "--modality", "CT", "--accession", "A 1", "--param", "x:exact=a+b")
        self.assert_exit(result, 4)
        self.assertIn(("started", "ge2024-01-02T03:04:05+01:00"), script.seen[0][2])
        self.assertIn("%2B01", script.seen[0][3])
        self.assertEqual(sorted(script.seen[0][2]), sorted([
            ("patient", "p&q=1"), ("started", "ge2024-01-02T03:04:05+01:00"), ("started", "le2024-05-06"),
            ("modality", "CT"), ("identifier", "A 1"), ("x:exact", "a+b"), ("_include", "ImagingStudy:endpoint")]))

    def test_a_uid_is_asked_for_in_the_forms_that_servers_know(self):
        forms = ["urn:dicom:uid|urn:oid:1.2.3", "urn:oid:1.2.3", "1.2.3"]
        for known in forms:
            for other in (200, 400):
                with self.subTest(known=known, other=other):
                    script = self.serve(lambda method, path, pairs, k=known, o=other:
                                        (200, bundle(study("1.2.3"))) if dict(pairs)["identifier"] == k else (o, bundle()))
                    result = self.search(script, "--identifier", "1.2.3")
                    self.assertEqual(self.uids(result), ["1.2.3"], str(result))

    def test_pages_are_followed_relative_and_absolute_until_they_repeat(self):
        pages = {"/f/ImagingStudy/_search": lambda base: bundle(study("1.1"), following="?page=2"),
                 "/f/page3": lambda base: bundle(study("1.3"), following=base + "/f/page4?x=a%2Bb"),
                 "/f/page4": lambda base: bundle(study("1.4"), following="/f/page3")}

        def answer(method, path, pairs):
            if dict(pairs).get("page") == "2":
                return 200, bundle(study("1.2"), following="../page3")
            return 200, pages[path](script.base)

        script = self.serve(answer)
        result = self.search(script, "--patient", "p")
        self.assert_exit(result, 1)
        self.assertIn("may be incomplete", result.err)
        self.assertEqual(self.uids(result), ["1.1", "1.2", "1.3", "1.4"])
        self.assertEqual([one[0] for one in script.seen], ["POST", "GET", "GET", "GET"])
        self.assertEqual(script.seen[3][3], "x=a%2Bb")

    def test_a_study_that_pages_share_is_listed_once(self):
        pages = {"/f/ImagingStudy/_search": bundle(study("1.1"), study("1.2"), following="/f/2"),
                 "/f/2": bundle(study("1.2"), study("1.3"))}
        result = self.search(self.serve(lambda method, path, pairs: (200, pages[path])), "--patient", "p")
        self.assertEqual(self.uids(result), ["1.1", "1.2", "1.3"], str(result))
        self.assertEqual(result.summary()["studies"], 3)

    def test_a_next_page_that_starts_with_the_type_is_below_the_base(self):
        script = self.serve(lambda method, path, pairs:
                            (200, bundle(study("1.1"), following="ImagingStudy?page=2")) if method == "POST" else
                            (200, bundle(study("1.2"))) if path == "/f/ImagingStudy" else (404, {}))
        result = self.search(script, "--patient", "p")
        self.assert_exit(result, 0)
        self.assertEqual(self.uids(result), ["1.1", "1.2"])

    def test_a_next_page_that_is_not_there_leaves_a_part(self):
        script = self.serve(lambda method, path, pairs:
                            (200, bundle(study("1.1"), following="?page=2")) if method == "POST" else (404, {}))
        result = self.search(script, "--patient", "p")
        self.assert_exit(result, 1)
        self.assertEqual(self.uids(result), ["1.1"])
        self.assertIn("404", result.err)

    def test_a_next_page_elsewhere_gets_no_credentials(self):
        other = self.serve(lambda method, path, pairs: (200, bundle(study("1.2"))))
        script = self.serve(lambda method, path, pairs: (200, bundle(study("1.1"), following=other.base + "/next")))
        result = self.search(script, "--patient", "p", env={"WADOKIT_TOKEN": TOKEN})
        self.assertEqual(script.seen[0][4], "Bearer " + TOKEN)
        self.assertEqual([one[4] for one in other.seen], [None])
        self.assertEqual(self.uids(result), ["1.1", "1.2"])
        self.assertNotIn(TOKEN, result.out + result.err)

    def test_a_limit_ends_the_search_in_mid_page(self):
        script = self.serve(lambda method, path, pairs: (200, bundle(study("1.1"), study("1.2"), following="?more")))
        self.assertEqual(self.uids(self.search(script, "--patient", "p", "--limit", 1)), ["1.1"])
        self.assertEqual(len(script.seen), 1)

    def test_descriptions_are_compared_here(self):
        script = self.serve(lambda method, path, pairs: (200, bundle(study("1.1"), study("1.2"), study("2.1"))))
        result = self.search(script, "--patient", "p", "--description", "chest 1.")
        self.assertEqual(self.uids(result), ["1.1", "1.2"])

    def test_outcomes_are_warnings_and_other_resources_no_studies(self):
        outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "diagnostics": "some are missing"}]}
        script = self.serve(lambda method, path, pairs: (200, bundle(outcome, {"resourceType": "Patient"}, study("1.1"))))
        result = self.search(script, "--patient", "p")
        self.assert_exit(result, 0)
        self.assertEqual(self.uids(result), ["1.1"])
        self.assertEqual(result.summary()["warnings"], 1)
        self.assertIn("some are missing", result.err)

    def test_what_is_no_bundle_is_said(self):
        error = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": "it is closed"}]}
        for answer, words in ((error, "it is closed"), ({"resourceType": "Patient"}, "Patient"), ([1], "no Bundle")):
            script = self.serve(lambda method, path, pairs, a=answer: (200, a))
            result = self.search(script, "--patient", "p")
            self.assert_exit(result, 6)
            self.assertIn(words, result.err)

    def test_a_bare_study_is_taken_for_an_answer(self):
        script = self.serve(lambda method, path, pairs: (200, study("1.1")))
        self.assertEqual(self.uids(self.search(script, "--patient", "p")), ["1.1"])
        plan = self.run_wadokit("--dicomweb", "http://127.0.0.1:1/dw", "resolve", "--json",
                                script.base + "/f/ImagingStudy/1", script.base + "/saved.json")
        self.assertEqual(len(plan.lines("plan")), 2)

    def test_relative_addresses_and_references_survive_in_the_lines(self):
        endpoint = {"resourceType": "Endpoint", "id": "a", "address": "dw", "connectionType": {"code": "dicom-wado-rs"}}

        def answer(method, path, pairs):
            if path.endswith("/Endpoint/a"):
                return 200, endpoint
            if "Endpoint" in path:
                return 404, {}
            return 200, bundle(study("1.1", endpoint=[{"reference": "Endpoint/gone"}, {"reference": "Endpoint/a"}],
                                     contained=[{"resourceType": "Patient", "id": "p"}]))

        script = self.serve(answer)
        result = self.search(script, "--patient", "p")
        resource = result.lines("study")[0]["resource"]
        self.assertEqual(resource["endpoint"], [{"reference": script.base + "/f/Endpoint/gone"}, {"reference": "#a"}])
        self.assertEqual([one["id"] for one in resource["contained"]], ["p", "a"])
        self.assertEqual(resource["contained"][1]["address"], script.base + "/f/dw")

    def test_the_lines_of_a_hostile_server_stay_lines(self):
        script = self.serve(lambda method, path, pairs:
                            (200, bundle(study("1.1", description="a\n\x1b[31m\"}{", started="x\ty"))))
        result = self.search(script, "--patient", "p")
        self.assertEqual(len(result.out.splitlines()), 2)
        self.assertNotIn("\x1b", result.out)
        table = self.run_wadokit("--fhir", script.base + "/f", "search", "--patient", "p")
        self.assertNotIn("\x1b", table.out)
        self.assertEqual(len(table.out.splitlines()), 2)


class Bad(peers.Case):
    """Input of every bad kind: a clear line and the right exit code."""

    def resolve(self, name, data, code, words):
        path = os.path.join(self.home, name)
        with open(path, "wb") as file:
            file.write(data)
        for result in (self.run_wadokit("resolve", path), self.run_wadokit("resolve", "-", stdin=data)):
            self.assert_exit(result, code)
            self.assertIn(words, result.err)
            self.assertEqual(len(result.err.splitlines()), 1, result.err)

    def test_bad_files_are_named(self):
        for name, data, code, words in (
                ("empty", b"", 6, "empty"), ("text", b"hello", 6, "neither DICOM nor JSON"),
                ("html", b"<html>", 6, "neither DICOM nor JSON"), ("cut", b'{"resourceType":"Bundle","entry":[', 6, "cut short"),
                ("deep", b"[" * 100000, 8, "nested deeper"), ("deeper", b'{"a":' * 100000, 8, "nested deeper"),
                ("other", b'{"a":1}', 6, "no ImagingStudy"), ("patient", b'{"resourceType":"Patient"}', 6, "no ImagingStudy"),
                ("none", b'{"resourceType":"Bundle"}', 4, "no ImagingStudy"),
                ("outcome", b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","diagnostics":"shut"}]}',
                 6, "shut")):
            with self.subTest(name):
                self.resolve(name, data, code, words)

    def test_a_folder_without_dicom_or_rights_is_said(self):
        self.assert_exit(self.run_wadokit("resolve", self.home), 4)
        self.assert_exit(self.run_wadokit("resolve", os.path.join(self.home, "none")), 4)
        if os.geteuid() != 0:
            os.mkdir(self.out, 0)
            self.assert_exit(self.run_wadokit("resolve", self.out), 7)

    def test_a_search_without_a_server_or_with_bad_options_is_exit_2(self):
        for args in (["search"], ["search", "--since", "yesterday", "--fhir", "http://127.0.0.1:1/"],
                     ["search", "--param", "x", "--fhir", "http://127.0.0.1:1/"],
                     ["search", "--level", "series", "--fhir", "http://127.0.0.1:1/"],
                     ["search", "--identifier", "x y", "--dicomweb", "http://127.0.0.1:1/"],
                     ["search", "--via", "qido", "--fhir", "http://127.0.0.1:1/"],
                     ["search", "--modality", "CT", "--fhir", "https://api.redoxengine.com/fhir/R4/x/Development"]):
            with self.subTest(args):
                self.assert_exit(self.run_wadokit(*args), 2)


if __name__ == "__main__":
    peers.main()
