#!/usr/bin/env python3
"""`thumb` and `render` of what servers have: which bytes move, and what is done where a server will not."""
import os
import unittest

import peers

STUDY = "2.25.1001"
SERIES = [STUDY + ".1", STUDY + ".2"]
QUICK = ["--json", "--no-progress", "--retries", "1", "--max-wait", "3", "--idle-timeout", "2"]


class Scripted(peers.Case):
    """Two series of three instances at the scripted server."""

    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer()
        cls.addClassCleanup(cls.peer.stop)

    def setUp(self):
        super().setUp()
        self.peer.control()

    def run_on(self, scenario, command, *args, target=STUDY):
        root = self.peer.main + ("/s/" + scenario if scenario else "") + "/dicom-web"
        return self.run_wadokit(command, *QUICK, "--dicomweb", root, *args, target, timeout=60)

    def kinds(self):
        return [one["kind"] for one in self.peer.requests() if one["kind"] != "other"]

    def pictures(self):
        return sorted(name for _, _, names in os.walk(self.out) for name in names)


class Pieces(Scripted):
    def test_a_study_that_is_refused_or_breaks_is_drawn_in_pieces(self):
        for scenario in ("413-study", "504-study", "study-breaks"):
            with self.subTest(scenario):
                self.out = os.path.join(self.home, scenario)
                result = self.run_on(scenario, "render", "-o", self.out)
                self.assert_exit(result, 0)
                self.assertEqual(len(self.pictures()), 6)
                self.assertEqual(result.summary()["saved"], 6, str(result))

    def test_what_no_piece_gives_is_told_once(self):
        result = self.run_on("one-file-lost", "render", "-o", self.out)
        self.assert_exit(result, 1)
        self.assertEqual(len(self.pictures()), 4)
        failed = [one for one in result.lines("image") if one["status"] == "failed"]
        self.assertEqual(len(failed), 2, str(result))

    def test_what_nobody_has_stays_exit_4(self):
        self.assert_exit(self.run_on("404", "render", "-o", self.out), 4)
        self.assert_exit(self.run_on(None, "render", "-o", self.out, target="1.2.3"), 4)

    def test_what_is_not_let_in_is_not_asked_for_in_pieces(self):
        self.assert_exit(self.run_on("403", "render", "-o", self.out), 3)
        self.assertNotIn("series", self.kinds())


class OneFile(Scripted):
    def test_a_target_of_many_instances_is_refused_before_anything_is_written(self):
        for target in (STUDY, STUDY + "/" + SERIES[0]):
            with self.subTest(target):
                path = os.path.join(self.home, "one.png")
                result = self.run_on(None, "render", "-o", path, target=target)
                self.assert_exit(result, 2)
                self.assertIn("name a folder", result.err)
                self.assertFalse(os.path.exists(path))
        self.assert_exit(self.run_on("413-study", "render", "-o", path), 2)
        self.assertFalse(os.path.exists(path))

    def test_a_target_of_one_instance_is_drawn(self):
        path = os.path.join(self.home, "one.png")
        result = self.run_on(None, "render", "-o", path, target="%s/%s/%s.1" % (STUDY, SERIES[0], SERIES[0]))
        self.assert_exit(result, 0)
        self.assertTrue(os.path.exists(path))


class RoundTrips(Scripted):
    def test_what_the_plan_lists_takes_one_request_a_series(self):
        url = self.peer.main + "/fhir/contained/ImagingStudy?patient=P1"
        self.assert_exit(self.run_wadokit("thumb", *QUICK, "-o", self.out, url), 0)
        self.assertEqual(sorted(self.kinds()), ["fhir", "instance", "instance"])
        self.assertEqual(len(self.pictures()), 2)


if __name__ == "__main__":
    peers.main()
