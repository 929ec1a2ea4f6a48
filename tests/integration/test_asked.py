#!/usr/bin/env python3
"""What was asked for and nothing else, nothing lost without a word: searches of servers that pay no attention to a
key, send a page again, or refuse what others take."""
import json
import os

import peers
import dicom_data
from scripted import Case, bundle, endpoint, row, study

ROWS = [row("1.2.1", PatientID="P1", PatientName={"Alphabetic": "ROE^JANE"}, AccessionNumber="A1", StudyDate="20210101",
            ModalitiesInStudy=["CT", "SR"], StudyDescription="CT CHEST"),
        row("1.2.2", PatientID="P2", PatientName={"Alphabetic": "DOE^JOHN"}, AccessionNumber="A2", StudyDate="20220101",
            ModalitiesInStudy="CT", StudyDescription="CT HEAD"),
        row("1.2.3", PatientID="P3", PatientName={"Alphabetic": "POE^JILL"}, AccessionNumber="A3", StudyDate="20230101",
            ModalitiesInStudy="MR", StudyDescription="MR HEAD"),
        row("1.2.4")]


def search(case, option, url, *args):
    return case.run_wadokit(option, url, "search", "--json", "--retries", "1", *args, timeout=60)


def uids(result):
    return [line["study"] for line in result.lines("study")]


class QidoKeys(Case):
    """A server that gives all it has, whatever the key. The last record says nothing but its UID."""

    def setUp(self):
        super().setUp()
        self.script = self.serve(lambda method, path, pairs: (200, ROWS))

    def check(self, expected, *args):
        result = search(self, "--dicomweb", self.script.base, *args)
        self.assert_exit(result, 0)
        self.assertEqual(uids(result), expected, args)
        left_out = len(ROWS) - len(expected)
        self.assertEqual(result.summary()["leftOut"], left_out)
        self.assertEqual("%d of the server's records left out" % left_out in result.err, left_out > 0, result.err)

    def test_records_that_contradict_a_key_are_left_out(self):
        for args, expected in (
                (("--patient", "P1"), ["1.2.1", "1.2.4"]), (("--patient-identifier", "P2"), ["1.2.2", "1.2.4"]),
                (("--identifier", "1.2.3"), ["1.2.3"]), (("--accession", "A2"), ["1.2.2", "1.2.4"]),
                (("--modality", "SR"), ["1.2.1", "1.2.4"]), (("--since", "2022"), ["1.2.2", "1.2.3", "1.2.4"]),
                (("--until", "2022-06"), ["1.2.1", "1.2.2", "1.2.4"]), (("--description", "head"), ["1.2.2", "1.2.3", "1.2.4"]),
                (("--param", "PatientName=DOE"), ["1.2.2", "1.2.4"]), (("--param", "00100010=doe^j*"), ["1.2.2", "1.2.4"]),
                (("--param", "StudyDate=20210101"), ["1.2.1", "1.2.4"])):
            with self.subTest(args):
                self.check(expected, *args)

    def test_what_servers_may_do_is_no_contradiction(self):
        for args in (("--patient", "p?"), ("--param", "PatientID="), ("--param", "fuzzymatching=true", "--param", "PatientName=X"),
                     ("--param", "ReferringPhysicianName=Smith"), ("--since", "2021-01-01", "--until", "2023"),
                     ("--param", "x=1"), ()):
            with self.subTest(args):
                self.check([one["0020000D"]["Value"][0] for one in ROWS], *args)

    def test_lines_of_a_search_hold_nobody_else(self):
        lines = search(self, "--dicomweb", self.script.base, "--patient", "P1", "--accession", "A1")
        plan = self.run_wadokit("resolve", "-", "--json", stdin=lines.out.encode())
        self.assertEqual([one["study"] for one in plan.lines("plan")], ["1.2.1", "1.2.4"])

    def test_records_of_another_study_are_no_series_of_this_one(self):
        mixed = [row("1.2.1", SeriesInstanceUID="1.2.1.1", Modality="CT"), row("1.2.2", SeriesInstanceUID="1.2.2.1", Modality="CT")]
        script = self.serve(lambda method, path, pairs: (200, mixed))
        result = search(self, "--dicomweb", script.base, "--level", "series", "--identifier", "1.2.1")
        self.assertEqual([line["series"] for line in result.lines("series")], ["1.2.1.1"])
        self.assertIn("StudyInstanceUID", result.err)


class Damaged(Case):
    """Values that cannot be used, and records that are no JSON, cost themselves."""

    def qido(self, text):
        script = self.serve(lambda method, path, pairs: (200, text.encode()))
        return search(self, "--dicomweb", script.base)

    def test_a_value_costs_itself(self):
        good = '{"0020000D":{"vr":"UI","Value":["1.2.%d"]},"00100020":{"vr":"LO","Value":["P1"]},"00201206":{"vr":"IS","Value":[%s]}}'
        for bad, place in (("NaN", "[1].00201206.Value[0]: NaN"), ("-Infinity", "[1].00201206.Value[0]: -Infinity"),
                           ('"1\\u00002"', "[1].00201206.Value[0]: a NUL in the text"), ("[1]", "[1].00201206.Value[0]: a list in a list")):
            with self.subTest(bad):
                result = self.qido("[" + good % (1, "3") + "," + good % (2, bad) + "]")
                self.assert_exit(result, 0)
                self.assertEqual([(line["study"], line["patient"], line["series"]) for line in result.lines("study")],
                                 [("1.2.1", "P1", 3), ("1.2.2", "P1", None)])
                self.assertIn("1 value left out, the first at " + place, result.err)

    def test_a_record_costs_itself(self):
        result = self.qido('[{"0020000D":{"vr":"UI","Value":["1.2.1"]}},{"0020000D":"\\q"},{"0020000D":{"Value":["1.2.3\\u0000"]}}]')
        self.assert_exit(result, 1)
        self.assertEqual(uids(result), ["1.2.1", "1.2.3"])
        self.assertIn("1 of the list left out that is no JSON; the first at [1]: ", result.err)

    def test_a_member_of_a_study_that_does_not_fit_is_named(self):
        script = self.serve(lambda method, path, pairs: (200, bundle(study("1.2.1", id="a"), dict(study("1.2.2", id="b"), series="none"))))
        result = search(self, "--fhir", script.base + "/f", "--patient", "1")
        self.assert_exit(result, 0)
        self.assertIn("1 value left out, the first at ImagingStudy/b.series: no object", result.err)

    def test_fhir_too(self):
        text = json.dumps(bundle(study("1.2.1", numberOfSeries="NUMBER"), study("1.2.2"))).replace('"NUMBER"', "Infinity")
        script = self.serve(lambda method, path, pairs: (200, text.encode()))
        result = search(self, "--fhir", script.base + "/f", "--patient", "1")
        self.assert_exit(result, 0)
        self.assertEqual(uids(result), ["1.2.1", "1.2.2"])
        self.assertIn("entry[0].resource.numberOfSeries: Infinity", result.err)
        saved = self.write("saved.json", text)
        self.assertIn("entry[0].resource.numberOfSeries", self.run_wadokit("--dicomweb", "http://127.0.0.1:1", "resolve", saved).err)


class QidoPages(Case):
    MANY = [row("1.2.%d" % (i + 1)) for i in range(450)]

    def pages(self, answer):
        """The search of a server: answer(limit, offset, parameters) -> the reply."""
        def reply(method, path, pairs):
            found = dict(pairs)
            return answer(int(found["limit"]) if "limit" in found else None, int(found.get("offset", 0)), found)

        script = self.serve(reply)
        return script, search(self, "--dicomweb", script.base)

    def check(self, answer, count, code, requests):
        script, result = self.pages(answer)
        self.assert_exit(result, code)
        self.assertEqual((len(uids(result)), len(set(uids(result)))), (count, count))
        self.assertEqual("may be incomplete" in result.err, code == 1, result.err)
        self.assertEqual(result.summary()["complete"], code == 0)
        self.assertLessEqual(len(script.seen), requests, script.seen)

    def test_a_server_that_ignores_offset_and_has_a_maximum_is_told(self):
        self.check(lambda limit, offset, _: (200, self.MANY[:min(200, limit)]), 200, 1, 4)
        self.check(lambda limit, offset, _: (200, self.MANY[:min(25, limit)]), 25, 1, 3)

    def test_a_server_that_ignores_offset_alone_gives_all_at_once(self):
        self.check(lambda limit, offset, _: (200, self.MANY[:limit]), 450, 0, 3)

    def test_a_server_that_knows_no_pages_has_given_all(self):
        for n in (1, 3, 100, 200, 450):
            with self.subTest(n):
                self.check(lambda limit, offset, _, n=n: (200, self.MANY[:n]), n, 0, 4)

    def test_a_maximum_below_the_limit_is_found_out(self):
        self.check(lambda limit, offset, _: (200, self.MANY[offset:offset + min(50, limit)]), 450, 0, 11)

    def test_what_a_server_refuses_is_left_away(self):
        def refuses(name, status):
            return lambda limit, offset, found: (
                (status, {}) if name in found else (200, self.MANY[offset:][:limit]))

        for name in ("includefield", "limit"):
            for status in (400, 500, 501, 422):
                with self.subTest(name=name, status=status):
                    self.check(refuses(name, status), 450, 0, 10)

    def test_what_a_server_refuses_is_remembered_in_the_run(self):
        def answer(method, path, pairs):
            if "limit" in dict(pairs):
                return 400, {}
            number = path.split("/")[2]
            return (200, [row(number, SeriesInstanceUID=number + ".1", SOPInstanceUID=number + ".1.1")]) \
                if path.endswith("/instances") else (404, {})

        script = self.serve(answer)
        self.run_wadokit("--dicomweb", script.base, "--retries", "0", "get", "1.2.1", "1.2.2", "-o", self.out)
        lists = [one for one in script.seen if one[1].endswith("/instances")]
        limits = {study: sum("limit" in dict(one[2]) for one in lists if study in one[1]) for study in ("1.2.1", "1.2.2")}
        self.assertGreater(limits["1.2.1"], 0)
        self.assertEqual(limits["1.2.2"], 0)

    def test_a_server_that_refuses_offset_gives_all_at_once(self):
        for status in (400, 500, 501):
            with self.subTest(status):
                self.check(lambda limit, offset, _, s=status: (s, {}) if offset else (200, self.MANY[:limit]), 450, 0, 5)
                self.check(lambda limit, offset, _, s=status: (s, {}) if offset else (200, self.MANY[:3]), 3, 0, 3)
                self.check(lambda limit, offset, _, s=status:
                           (s, {}) if offset else (200, self.MANY[:min(limit, 200)]), 200, 1, 6)

    def test_a_page_that_is_too_large_is_asked_for_in_parts(self):
        self.check(lambda limit, offset, _: (413, {}) if limit > 10 else (200, self.MANY[:30][offset:offset + limit]), 30, 0, 8)

    def test_a_second_page_that_fails_after_others_came_is_an_error(self):
        _, result = self.pages(lambda limit, offset, _: (500, {}) if offset >= 400 else (200, self.MANY[offset:offset + limit]))
        self.assert_exit(result, 5)
        self.assertEqual(len(uids(result)), 400)

    def test_records_without_a_valid_uid_are_counted(self):
        rows = [row("1.2.1"), row("1.2.ABC"), row("1." + 80 * "3"), {"00100020": {"vr": "LO", "Value": ["P3"]}}]
        script = self.serve(lambda method, path, pairs: (200, rows))
        result = search(self, "--dicomweb", script.base)
        self.assert_exit(result, 1)
        self.assertEqual(uids(result), ["1.2.1"])
        self.assertEqual(result.summary()["noUid"], 3)
        self.assertIn("3 of the server's records left out: no valid Study Instance UID", result.err)

    def test_pages_of_nothing_but_odd_records_end(self):
        script = self.serve(lambda method, path, pairs: (200, [row("x%d.%s" % (i, dict(pairs).get("offset"))) for i in range(200)]))
        result = search(self, "--dicomweb", script.base)
        self.assert_exit(result, 1)
        self.assertIn("may be incomplete", result.err)
        self.assertLessEqual(len(script.seen), 6)

    def test_what_the_server_warns_of_is_told(self):
        words = '299 host "There are 20 additional results that can be requested"'
        script = self.serve(lambda method, path, pairs: (200, self.MANY[:10], {"Warning": words}))
        result = search(self, "--dicomweb", script.base)
        self.assert_exit(result, 1)
        self.assertIn("there is more", result.err)
        self.assertIn("20 additional results", result.err)
        words = '299 host "The fuzzymatching parameter is not supported"'
        script = self.serve(lambda method, path, pairs: (200, self.MANY[:10], {"Warning": words}))
        result = search(self, "--dicomweb", script.base)
        self.assert_exit(result, 0)
        self.assertEqual(result.err.count("fuzzymatching"), 1)


def of(uid, patient, **more):
    return study(uid, subject={"reference": "Patient/" + patient}, **more)


class FhirKeys(Case):
    """A server that gives all it has, whatever the parameter."""
    STUDIES = [
        of("1.2.1", "1", id="a", started="2021-01-01", status="available", modality=[{"code": "CT"}]),
        of("1.2.2", "2", id="b", started="2022-03-01T10:00:00Z", status="registered", modality=[{"coding": [{"code": "MR"}]}]),
        study("1.2.3", id="c")]

    def setUp(self):
        super().setUp()
        self.studies = [dict(one) for one in self.STUDIES]
        self.studies[0]["identifier"] = self.studies[0]["identifier"] + [{"system": "urn:acc", "value": "A1"}]
        self.studies[1]["identifier"] = self.studies[1]["identifier"] + [{"system": "urn:acc", "value": "A2"}]
        self.link = None
        self.script = self.serve(lambda method, path, pairs: (200, bundle(*self.studies, self_url=self.link)))
        self.base = self.script.base + "/f"

    def search(self, *args):
        return search(self, "--fhir", self.base, *args)

    def test_studies_that_contradict_a_parameter_are_left_out(self):
        for args, expected in (
                (("--patient", "1"), ["1.2.1", "1.2.3"]), (("--patient", "Patient/2"), ["1.2.2", "1.2.3"]),
                (("--identifier", "1.2.3"), ["1.2.3"]), (("--accession", "A1"), ["1.2.1", "1.2.3"]),
                (("--modality", "MR"), ["1.2.2", "1.2.3"]), (("--since", "2022"), ["1.2.2", "1.2.3"]),
                (("--until", "2021"), ["1.2.1", "1.2.3"]), (("--param", "status=available"), ["1.2.1", "1.2.3"]),
                (("--param", "subject:Patient=1"), ["1.2.1", "1.2.3"]), (("--param", "_id=b,c"), ["1.2.2", "1.2.3"]),
                (("--param", "performer=7"), ["1.2.1", "1.2.2", "1.2.3"])):
            with self.subTest(args):
                result = self.search(*args)
                self.assertEqual(uids(result), expected)
                self.assertEqual(result.summary()["leftOut"], 3 - len(expected))
                self.assertEqual("left out: not what was asked for" in result.err, len(expected) < 3)

    def test_a_url_that_is_a_target_is_held_to_its_own_query(self):
        for query, expected in (("patient=1", ["1.2.1", "1.2.3"]), ("modality=MR&started=ge2022", ["1.2.2", "1.2.3"])):
            url = self.base + "/ImagingStudy?" + query
            plan = self.run_wadokit("--dicomweb", self.script.base, "resolve", "--json", url)
            self.assert_exit(plan, 0)
            self.assertEqual([one["study"] for one in plan.lines("plan") if one["status"] == "planned"], expected)
            self.assertEqual([one["study"] for one in plan.lines("plan") if one["status"] == "excluded"],
                             [one for one in ("1.2.1", "1.2.2", "1.2.3") if one not in expected])
            self.assertEqual(plan.summary()["leftOut"], 3 - len(expected))
        self.studies = self.studies[:2]
        plan = self.run_wadokit("--dicomweb", self.script.base, "resolve", self.base + "/ImagingStudy?patient=9")
        self.assert_exit(plan, 4)
        self.assertIn("no study of it is what was asked for", plan.err)

    def test_a_read_gives_the_resource_of_that_id(self):
        answer = [of("1.2.1", "1", id="a")]
        script = self.serve(lambda method, path, pairs: (200, answer[0]))
        for key, code in (("a", 0), ("1.2.1", 0), ("b", 4)):
            plan = self.run_wadokit("--dicomweb", script.base, "resolve", script.base + "/f/ImagingStudy/" + key)
            self.assert_exit(plan, code)

    def test_a_parameter_that_the_server_says_it_dropped_is_told(self):
        self.link = self.base + "/ImagingStudy?_count=20"
        result = self.search("--patient-identifier", "urn:x|7")
        self.assert_exit(result, 4)
        self.assertIn("paid no attention to: patient.identifier", result.err)
        self.assertEqual(result.summary()["leftOut"], 3)
        result = self.search("--modality", "CT")
        self.assertIn("paid no attention to: modality", result.err)
        self.assertEqual(uids(result), ["1.2.1", "1.2.3"])
        self.link = self.base + "/ImagingStudy?subject=1"
        self.assertNotIn("paid no attention", self.search("--patient", "1").err)

    def test_a_saved_bundle_is_held_to_its_own_link(self):
        for link, expected in (("patient=2", ["1.2.2", "1.2.3"]), ("_count=5", ["1.2.1", "1.2.2", "1.2.3"])):
            saved = self.write("saved.json", json.dumps(bundle(*self.studies, self_url="https://f/r4/ImagingStudy?" + link)))
            plan = self.run_wadokit("--dicomweb", "http://127.0.0.1:1/dw", "resolve", "--json", saved)
            self.assertEqual([one["study"] for one in plan.lines("plan") if one["status"] == "planned"], expected)

    def test_includes_are_no_matches(self):
        answer = bundle(of("1.2.1", "1"))
        answer["entry"] += [{"resource": of("1.2.%d" % n, "1"), "search": {"mode": mode}}
                            for n, mode in ((5, "include"), (6, "outcome"), (7, "match"))]
        script = self.serve(lambda method, path, pairs: (200, answer))
        self.assertEqual(uids(search(self, "--fhir", script.base + "/f", "--patient", "1")), ["1.2.1", "1.2.7"])


class Retracted(Case):
    def setUp(self):
        super().setUp()
        studies = [study("1.2.1", id="a", status="available"), study("1.2.2", id="b", status="entered-in-error"),
                   study("1.2.3", id="c", status="cancelled")]
        self.script = self.serve(lambda method, path, pairs: (200, next(
            (one for one in studies if path.endswith("/" + one["id"])), bundle(*studies))))
        self.base = self.script.base + "/f"

    def test_search_leaves_them_out_and_says_so(self):
        result = search(self, "--fhir", self.base, "--patient", "1")
        self.assert_exit(result, 0)
        self.assertEqual(uids(result), ["1.2.1"])
        self.assertIn("2 of the server's studies left out: entered in error, or cancelled", result.err)
        result = search(self, "--fhir", self.base, "--patient", "1", "--include-entered-in-error")
        self.assertEqual(uids(result), ["1.2.1", "1.2.2", "1.2.3"])

    def test_no_command_fetches_them(self):
        for command in (("get", "-o", self.out), ("thumb", "-o", self.out), ("render", "-o", self.out), ("info",)):
            for option, asked in (((), False), (("--include-entered-in-error",), True)):
                del self.script.seen[:]
                result = self.run_wadokit("--dicomweb", self.script.base, "--retries", "0", *option, *command,
                                          self.base + "/ImagingStudy?patient=1")
                self.assertEqual(any("/studies/1.2.2" in one[1] for one in self.script.seen), asked, str(result))
                self.assertEqual("entered in error, or cancelled" in result.err, not asked)

    def test_one_that_is_named_is_not_found(self):
        plan = self.run_wadokit("--dicomweb", self.script.base, "resolve", self.base + "/ImagingStudy/b")
        self.assert_exit(plan, 4)
        self.assertIn("entered in error", plan.err)
        plan = self.run_wadokit("--dicomweb", self.script.base, "--include-entered-in-error", "resolve", "--json",
                                self.base + "/ImagingStudy/b")
        self.assertEqual([one["status"] for one in plan.lines("plan")], ["planned"])


class FhirPages(Case):
    def test_pages_without_anything_new_end_after_a_few(self):
        for entries in ((), (study("1.2.1", id="a"),)):
            script = self.serve(lambda method, path, pairs, e=entries: (200, bundle(
                *e, following="?page=%d" % (int(dict(pairs).get("page", 0)) + 1))))
            result = search(self, "--fhir", script.base + "/f", "--patient", "1")
            self.assert_exit(result, 1)
            self.assertIn("may be incomplete", result.err)
            self.assertLess(len(script.seen), 10)

    def test_a_target_whose_pages_go_round_is_not_whole(self):
        script = self.serve(lambda method, path, pairs: (200, bundle(study("1.2.1"), following="?page=1")))
        plan = self.run_wadokit("--dicomweb", script.base, "resolve", script.base + "/f/ImagingStudy?patient=1")
        self.assert_exit(plan, 1)
        self.assertIn("may be incomplete", plan.err)

    def test_a_study_without_a_uid_is_counted(self):
        script = self.serve(lambda method, path, pairs: (200, bundle(study("1.2.1"), {"resourceType": "ImagingStudy", "id": "x"})))
        result = search(self, "--fhir", script.base + "/f", "--patient", "1")
        self.assert_exit(result, 1)
        self.assertEqual(result.summary()["noUid"], 1)


class Once(Case):
    def test_a_study_of_several_entries_is_listed_and_planned_once(self):
        first = study("1.2.1", id="a", endpoint=[{"reference": "#e"}], contained=[endpoint("e", "https://one/dw")])
        again = study("1.2.1", id="b", endpoint=[{"reference": "#e"}], contained=[endpoint("e", "https://two/dw")])
        script = self.serve(lambda method, path, pairs: (200, bundle(first, again, first)))
        result = search(self, "--fhir", script.base + "/f", "--patient", "1")
        self.assertEqual(uids(result), ["1.2.1"])
        url = script.base + "/f/ImagingStudy?patient=1"
        saved = self.write("saved.json", json.dumps(bundle(again)))
        plan = self.run_wadokit("resolve", "--json", url, url, saved)
        self.assert_exit(plan, 0)
        self.assertEqual([one["url"] for one in plan.lines("plan") if one["status"] == "planned"],
                         ["https://one/dw/studies/1.2.1"])
        self.assertEqual(plan.summary()["covered"], 6)

    def test_a_later_entry_that_can_be_fetched_is_not_lost(self):
        whole = study("1.2.1", id="b", endpoint=[{"reference": "#e"}], contained=[endpoint("e", "https://two/dw")])
        script = self.serve(lambda method, path, pairs: (200, bundle(study("1.2.1", id="a"), whole)))
        result = search(self, "--fhir", script.base + "/f", "--patient", "1")
        self.assertEqual(uids(result), ["1.2.1", "1.2.1"])
        self.assertIn("https://two/dw", result.out)

    def test_lines_of_qido_are_planned_once_for_a_server(self):
        line = '{"type":"study","study":"1.2.1","dicomweb":"https://%s/dw"}\n'
        plan = self.run_wadokit("resolve", "--json", "-", stdin=(line % "a" + line % "b" + line % "a").encode())
        self.assertEqual([one["status"] for one in plan.lines("plan")], ["planned", "planned", "covered"])


class Include(Case):
    ONE = study("1.2.1", endpoint=[{"reference": "Endpoint/e"}])

    def answers(self, status):
        def answer(method, path, pairs):
            if path.endswith("/Endpoint/e"):
                return 200, endpoint("e", "https://one/dw")
            return (status, {}) if "_include" in dict(pairs) else (200, bundle(self.ONE))
        return answer

    def test_a_server_that_fails_on_include_is_asked_without_it(self):
        for status in (400, 403, 422, 500, 501):
            with self.subTest(status):
                script = self.serve(self.answers(status))
                result = search(self, "--fhir", script.base + "/f", "--patient", "1")
                self.assert_exit(result, 0)
                self.assertIn("https://one/dw", result.out)
                self.assertLessEqual(len(script.seen), 4)

    def test_a_url_that_asks_for_it_is_asked_again_too(self):
        for status in (400, 403, 500):
            for query in ("patient=1&_include=ImagingStudy%3Aendpoint", "_include=ImagingStudy:endpoint&patient=1",
                          "_include=ImagingStudy:endpoint&_include=ImagingStudy:subject&patient=1"):
                script = self.serve(self.answers(status))
                plan = self.run_wadokit("resolve", "--json", script.base + "/f/ImagingStudy?" + query)
                self.assert_exit(plan, 0)
                self.assertEqual([one["url"] for one in plan.lines("plan")], ["https://one/dw/studies/1.2.1"])
                self.assertIn("patient=1", script.seen[-2][3])

    def test_no_include_asks_for_none(self):
        script = self.serve(self.answers(500))
        result = search(self, "--fhir", script.base + "/f", "--patient", "1", "--no-include")
        self.assert_exit(result, 0)
        self.assertEqual([one[1] for one in script.seen], ["/f/ImagingStudy/_search", "/f/Endpoint/e"])



class Stated(Case):
    """A study of three instances, of which its ImagingStudy states more. `listed`: what QIDO-RS lists, None: nobody does."""

    STUDY, SERIES = "1.2.1", "1.2.1.1"

    def setUp(self):
        super().setUp()
        self.listed = None
        body = b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n%s\r\n" % dicom_data.make_instance(
            self.STUDY, self.SERIES, "%s.%d" % (self.SERIES, n)) for n in (1, 2, 3)) + b"--b--\r\n"

        def answer(method, path, pairs):
            if path.endswith("/instances") and self.listed is not None:
                return 200, self.listed if dict(pairs).get("offset", "0") == "0" else []
            if path.endswith(("/instances", "/series", "/metadata")):
                return 404, b""
            return 200, body, {"Content-Type": 'multipart/related; type="application/dicom"; boundary=b'}
        self.script = self.serve(answer)

    def run_on(self, command, **more):
        bundle_of = study(self.STUDY, id="a", **more)
        return self.run_wadokit("--dicomweb", self.script.base, "--retries", "0", command, "-o",
                                os.path.join(self.home, "out-%d" % len(os.listdir(self.home))), "--json",
                                self.write("s%d.json" % len(os.listdir(self.home)), json.dumps(bundle_of)))

    def test_fewer_than_the_study_states_are_missing(self):
        for command in ("get", "render", "thumb"):
            result = self.run_on(command, numberOfInstances=10, numberOfSeries=1)
            self.assert_exit(result, 1)
            self.assertIn("3 of 10 instances came", result.err + result.out)
        self.assertEqual(self.run_on("get", numberOfInstances=10).summary()["missing"], 7)

    def test_by_series_too(self):
        series = [{"uid": self.SERIES, "numberOfInstances": 3}, {"uid": "1.2.1.2", "numberOfInstances": 4}]
        result = self.run_on("get", numberOfInstances=7, numberOfSeries=2, series=series)
        self.assert_exit(result, 1)
        self.assertEqual([(one["series"], one["status"]) for one in result.lines("instance") if one["status"] == "missing"],
                         [("1.2.1.2", "missing")])
        self.assertEqual(result.summary()["missing"], 4)

    def test_series_alone_are_counted(self):
        result = self.run_on("get", numberOfSeries=2)
        self.assert_exit(result, 1)
        self.assertIn("1 of 2 series came", result.out)

    def test_what_is_there_is_no_warning(self):
        for more in ({}, {"numberOfInstances": 3, "numberOfSeries": 1}, {"numberOfInstances": 2}, {"numberOfInstances": 0}):
            for command in ("get", "render", "thumb"):
                self.assert_exit(self.run_on(command, **more), 0)

    def test_a_list_of_the_server_counts_for_more(self):
        self.listed = [row(self.STUDY, SeriesInstanceUID=self.SERIES, SOPInstanceUID="%s.%d" % (self.SERIES, n))
                       for n in (1, 2, 3)]
        result = self.run_on("get", numberOfInstances=10)
        self.assert_exit(result, 0)
        self.assertIn("states 10 instances, the server lists 3", result.err)
        self.assert_exit(self.run_on("render", numberOfInstances=10), 0)


if __name__ == "__main__":
    peers.main()
