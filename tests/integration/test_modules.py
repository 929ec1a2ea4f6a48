#!/usr/bin/env python3
"""Modules: what works without them, and what is said where one is missing or of another version."""
import os
import re
import shutil
import subprocess
import unittest
import unittest.mock

import peers

PROGRAM = peers.WADOKIT


class Modules(peers.Case):
    def setUp(self):
        """The program and its modules somewhere else, as they lie to each other in the build folder."""
        super().setUp()
        self.modules = os.path.join(self.home, "lib", "wadokit")
        self.decoder = os.path.join(self.home, "libexec", "wadokit", "wadokit-decode")
        os.mkdir(os.path.join(self.home, "cli"))
        shutil.copytree(os.path.join(os.path.dirname(PROGRAM), "..", "lib", "wadokit"), self.modules)
        shutil.copytree(os.path.join(os.path.dirname(PROGRAM), "..", "libexec", "wadokit"), os.path.dirname(self.decoder))
        moved = unittest.mock.patch.object(peers, "WADOKIT", shutil.copy(PROGRAM, os.path.join(self.home, "cli")))
        moved.start()
        self.addCleanup(moved.stop)
        self.images = os.path.join(self.home, "images")
        peers.make_phantom(self.images, "ct:1")

    def module(self, name):
        return os.path.join(self.modules, "wadokit-%s.so" % name)

    def test_all_of_them_open_wherever_the_program_was_moved_to(self):
        result = self.run_wadokit("doctor", "--json")
        self.assert_exit(result, 0)
        found = {line["detail"].split(":")[0]: line["status"]
                 for line in result.lines("finding") if line["name"] == "module"}
        decoders = {line["detail"].split(":")[0]: line["status"]
                    for line in result.lines("finding") if line["name"] == "decoder"}
        self.assertIn("ijg", decoders)
        del decoders["ijg"]  # DCMTK's
        self.assertEqual({os.path.basename(self.module(name)) for name in {**found, **decoders}},
                         set(os.listdir(self.modules)))
        self.assertEqual({*found.values(), *decoders.values()}, {"ok"})

    def test_no_library_comes_from_the_current_directory(self):
        for path in [PROGRAM] + [self.module(name[8:-3]) for name in os.listdir(self.modules)]:
            listed = subprocess.run(["readelf", "-d", path], stdout=subprocess.PIPE, text=True, check=True).stdout
            for entries in re.findall(r"path: \[(.*)\]", listed):
                self.assertNotIn("", entries.split(":"), path)

    def test_a_plain_picture_needs_none(self):
        shutil.rmtree(self.modules)
        self.assert_exit(self.run_wadokit("--version"), 0)
        self.assert_exit(self.run_wadokit("thumb", self.images, "-o", self.out), 0)
        self.assertEqual(sum(name.endswith(".jpg") for _, _, names in os.walk(self.out) for name in names), 1)

    def test_what_needs_no_other_decoder_starts_none(self):
        shutil.rmtree(os.path.dirname(self.decoder))
        self.assert_exit(self.run_wadokit("thumb", self.images, "-o", self.out), 0)

    @unittest.skipUnless(shutil.which("dcmcjpls"), "dcmcjpls is not installed")
    def test_decoders_that_are_not_there_are_named(self):
        for name in self.dcm_files(self.images).values():
            subprocess.run(["dcmcjpls", name, name + "x"], check=True)
            os.replace(name + "x", name)
        result = self.run_wadokit("thumb", self.images, "-o", self.out)
        self.assert_exit(result, 0)
        os.remove(self.decoder)
        result = self.run_wadokit("thumb", self.images, "-o", self.out + "2")
        self.assert_exit(result, 7)
        self.assertIn("wadokit-decode", result.err)
        self.assertIn("install wadokit again", result.err)

    @unittest.skipIf(peers.SANITIZED, "modules of a sanitized build are opened by their whole path")
    def test_a_missing_one_is_named(self):
        os.remove(self.module("dcmtk"))
        result = self.run_wadokit("info", self.images)
        self.assert_exit(result, 7)
        self.assertIn("module dcmtk cannot be opened", result.err)
        result = self.run_wadokit("doctor")
        self.assert_exit(result, 7)
        self.assertIn("install wadokit again", result.out)

    @unittest.skipIf(peers.SANITIZED, "modules of a sanitized build are opened by their whole path")
    def test_one_of_another_version_is_refused(self):
        version = self.run_wadokit("--version").out.split()[1].encode() + b"\0"
        with open(self.module("curl"), "rb") as file:
            code = file.read()
        with open(self.module("curl"), "wb") as file:
            file.write(code.replace(version, b"9" + version[1:]))
        result = self.run_wadokit("get", "--dicomweb", "http://127.0.0.1:9/", "1.2.3", "-o", self.out)
        self.assert_exit(result, 7)
        self.assertIn("module curl is of wadokit 9", result.err)


if __name__ == "__main__":
    peers.main()
