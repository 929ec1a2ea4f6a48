#!/usr/bin/env python3
"""wadokit-json(5) holds: every command prints what the page documents, and all of it is printed by something.

Every other test holds the page too: peers.run() looks at each line of a run with --json.
"""
import json
import os
import struct
import sys
import unittest

import peers
import dicom_data
import pictures as pic

sys.path.insert(0, peers.FAKE)
import vendors  # noqa: E402

STUDY = "2.25.1001"


class Page(unittest.TestCase):
    """What would be wrong with a line."""

    def wrong(self, **found):
        return peers.json_page.hold(peers.JSON_OBJECTS, found)[1]

    def test_a_line_as_documented_is_right(self):
        self.assertIsNone(self.wrong(type="path", path="x", exists=True))
        self.assertIsNone(self.wrong(type="finding", name="x", status="ok", detail="y", advice=None))

    def test_what_is_not_as_documented_is_wrong(self):
        for words, found in (("no object", {"type": "pth"}), ("absent", {"type": "path", "path": "x"}),
                             ("is 1", {"type": "path", "path": "x", "exists": 1}),
                             ("null", {"type": "path", "path": None, "exists": True}),
                             ("not documented", {"type": "path", "path": "x", "exists": True, "more": 1}),
                             ("bad", {"type": "finding", "name": "x", "status": "bad", "detail": "y", "advice": None})):
            self.assertIn(words, str(self.wrong(**found)))


class Everything(peers.Case):
    """Runs in which each documented member is printed at least once."""

    def setUp(self):
        super().setUp()
        self.peer = peers.Peer("--generate", "2x4")
        self.addCleanup(self.peer.stop)
        self.vendors = vendors.Vendors()
        self.addCleanup(self.vendors.stop)
        self.seen = set()

    def run_json(self, *args, code=0, **keywords):
        """Runs a command and notes what it printed; peers.run() has held the lines against the page."""
        result = self.run_wadokit("--json", "--retries", 0, "--no-progress", *args, **keywords)
        self.assert_exit(result, code)
        for line in result.lines():
            found = peers.json_page.hold(peers.JSON_OBJECTS, line, peers.json_page.command_of(args, peers.JSON_OBJECTS))[0]
            self.seen |= {(id(found), name) for name in found.names(line)}
        return result

    def root(self, scenario=None):
        return self.peer.main + ("/s/" + scenario if scenario else "") + "/dicom-web"

    def searches_and_plans(self):
        found = self.run_json("--fhir", self.peer.main + "/fhir/redox", "search", "--patient", "P1")
        lines = found.out.encode()
        self.run_json("resolve", "-", stdin=lines)
        self.run_json("get", "--dry-run", "-o", self.out, "-", stdin=lines)
        for level in ("study", "series", "instance"):
            self.run_json("--dicomweb", self.root(), "search", "--level", level, "--identifier", STUDY)
        instance = "%s/studies/%s/series/%s.1/instances/%s.1.1" % (self.root(), STUDY, STUDY, STUDY)
        self.run_json("render", "--dry-run", instance + "/frames/1", self.write("a.dcm", "no DICOM"), code=1)
        self.run_json("resolve", instance + "/metadata")
        self.run_json("thumb", "--dry-run", self.made["small"])

    def retrievals(self):
        self.run_json("--dicomweb", self.root("one-file-lost"), "get", "-o", self.out, STUDY, code=1)
        self.run_json("--dicomweb", self.root(), "get", "-o", self.out, STUDY)
        self.run_json("verify", self.out)
        folder = os.path.join(self.home, "mixed")
        os.mkdir(folder)
        for name, data in (("a.txt", b"words"), ("a.dcm", dicom_data.make_instance("2.25.5", "2.25.5.1", "2.25.5.1.1"))):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)
        self.run_json("get", "-o", self.out, folder)
        self.run_json("get", "--layout", "dicomweb", "-o", os.path.join(self.home, "tree"), folder)

    def make_images(self):
        values = bytes(range(24))
        small = pic.image(4, 6, 8, T00281050=("DS", "12"), T00281051=("DS", "24"))
        base = 0x60000000
        small.update({base | 0x10: ("US", 4), base | 0x11: ("US", 6), base | 0x40: ("CS", "G"), base | 0x50: ("SS", [1, 1]),
                      base | 0x100: ("US", 1), base | 0x102: ("US", 0), base | 0x3000: ("OW", b"\1\0\0\0")})
        small[pic.PIXELS] = ("OB", values)
        color = pic.image(2, 4, 8, samples=3, photometric="RGB", uid="1.2.3.5", T00280006=("US", 0),
                          T00282000=("OB", self.profile()))
        color[pic.PIXELS] = ("OB", values)
        slide = pic.image(8, 8, 8, samples=3, photometric="RGB", frames=4, uid="1.2.3.6", T00280006=("US", 0),
                          T00080008=("CS", "ORIGINAL\\PRIMARY\\VOLUME\\NONE"), T00480006=("UL", 16), T00480007=("UL", 16),
                          T00080016=("UI", "1.2.840.10008.5.1.4.1.1.77.1.6"), T00209311=("CS", "TILED_FULL"))
        slide[pic.PIXELS] = ("OB", bytes(4 * 8 * 8 * 3))
        report = pic.image(2, 2, 8, uid="1.2.3.7", T00080016=("UI", "1.2.840.10008.5.1.4.1.1.88.11"))
        self.made = {name: pic.write(os.path.join(self.home, name + ".dcm"), elements) for name, elements in (
            ("small", small), ("color", color), ("slide", slide), ("report", report))}
        os.truncate(self.made["slide"], os.path.getsize(self.made["slide"]) - 100)

    def profile(self):
        """No more of an ICC profile than a reader looks at before it keeps it."""
        head = bytearray(128)
        head[8:12], head[12:24], head[36:40] = b"\x02\x40\0\0", b"mntrRGB XYZ ", b"acsp"
        return struct.pack(">I", 132) + bytes(head[4:]) + bytes(4)

    def drawings(self):
        made = self.made
        self.run_json("render", "--overlays", "-o", self.out, made["small"], made["color"])
        self.run_json("thumb", "-o", self.out, made["slide"])
        self.run_json("thumb", "-o", self.out, made["report"])
        self.run_json("render", "-o", self.out, made["report"], code=6)
        self.run_json("gallery", "-o", os.path.join(self.home, "a.html"), made["small"])

    def servers(self):
        child = peers.start(["--json", "serve", self.made["small"]], self.home)
        self.addCleanup(peers.stop, child)
        line = json.loads(child.stdout.readline())
        found, wrong = peers.json_page.hold(peers.JSON_OBJECTS, line, "serve")
        self.assertFalse(wrong, line)
        self.seen |= {(id(found), name) for name in found.names(line)}

    def photos(self):
        v, env = self.vendors, {"WADOKIT_TOKEN": vendors.TOKEN}
        self.run_json("photo", "get", "--from", "netsmart", "--base", v.base + "/v4", "-o", self.out, "p-png", "nobody",
                      env=env)
        v.pictures = {"1": [1, 2]}
        cerbo = ("--base", v.base + "/api/v1", "--user", vendors.USER, "photo")
        env = {"WADOKIT_PASSWORD": vendors.PASSWORD}
        self.run_json(*cerbo, "list", "--from", "cerbo", "1", env=env)
        self.run_json(*cerbo, "get", "--from", "cerbo", "-o", self.out, "1", env=env)
        self.run_json(*cerbo, "add", "--from", "cerbo", "1", os.path.join(self.out, "p-png.png"), env=env)

    def fhir(self):
        v, env = self.vendors, {"WADOKIT_TOKEN": vendors.TOKEN}
        v.binaries = {"b": vendors.Reply(200, vendors.png(), "image/png")}
        v.files = {"Patient": vendors.ndjson("Patient", 3), "one": vendors.ndjson("Patient", 2)}
        v.manifest = {"output": [{"type": "Patient", "url": v.base + "/fhir/file/Patient", "count": 3}]}
        fhir = ("--fhir", v.base + "/fhir", "fhir")
        self.run_json(*fhir, "capabilities", env=env)
        self.run_json(*fhir, "binary", "b", "-o", self.out + "/", env=env)
        self.run_json(*fhir, "export", "-o", os.path.join(self.home, "bulk"), env=env)
        self.run_json(*fhir, "export-download", "one", "-o", self.out + "/", env=env)

    def limits(self):
        """What fails for a setting's sake says which."""
        v, env = self.vendors, {"WADOKIT_TOKEN": vendors.TOKEN}
        out = os.path.join(self.home, "limits")
        instance = "%s/studies/%s/series/%s.1/instances/%s.1.1" % (self.root(), STUDY, STUDY, STUDY)
        little = ("--max-bytes", 1)
        self.run_json("resolve", "1.2.3", code=4)
        self.run_json(*little, "get", "-o", out, instance, code=8)
        self.run_json(*little, "render", "-o", out, instance, code=8)
        self.run_json(*little, "photo", "get", "--from", "netsmart", "--base", v.base + "/v4", "-o", out, "p-png",
                      env=env, code=8)
        v.files = {"Patient": vendors.ndjson("Patient", 3000)}
        self.run_json("--max-bytes", 4000, "--fhir", v.base + "/fhir", "fhir", "export", "-o", out, env=env, code=8)

    def set_up(self):
        config = self.write("config", "[a]\nfhir = http://127.0.0.1:1/r4\n")
        self.run_json("--config", config, "config", "path")
        self.run_json("--config", config, "config", "show")
        self.run_json("doctor")
        login = ("--auth", "client-credentials", "--token-url", self.vendors.base + "/oauth/token", "--client-id",
                 vendors.CLIENT, "--scope", "CCD", "auth", "login")
        self.run_json(*login, env={"WADOKIT_CLIENT_SECRET": vendors.SECRET})

    def test_every_documented_member_is_printed_by_something(self):
        self.make_images()
        for runs in (self.searches_and_plans, self.retrievals, self.drawings, self.servers, self.photos, self.fhir, self.limits,
                     self.set_up):
            with self.subTest(runs.__name__):
                runs()
        never = ["%s (%s): %s" % (one.type, ", ".join(one.commands), name) for one in peers.JSON_OBJECTS
                 for name in one.members if (id(one), name) not in self.seen]
        self.assertEqual(never, [], "\n".join(never))

    def test_data_sets_are_dicom_json_without_a_type(self):
        result = self.run_wadokit("--json", "--dicomweb", self.root(), "info", STUDY)
        self.assert_exit(result, 0)
        self.assertEqual(len(result.lines()), 8)
        for line in result.out.splitlines():
            self.assertEqual({len(tag) for tag in json.loads(line)}, {8})


if __name__ == "__main__":
    peers.main()
