#!/usr/bin/env python3
"""`thumb` and `render` of what servers have: which bytes move, and what is done where a server will not."""
import array
import base64
import os
import shutil
import subprocess
import tempfile
import unittest

import peers
import pictures as pic

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


class Habits(Scripted):
    """One server gives instances as single parts alone; another one multipart alone, chunked, without the closing
    delimiter. Both are right in one run, for whoever asks."""
    HABITS = ("single-only", "multipart-only")

    def run_on_both(self, command, *args):
        targets = ["%s/s/%s/dicom-web/studies/%s/series/%s" % (self.peer.main, name, STUDY, series)
                   for name, series in zip(self.HABITS, SERIES)]
        return self.run_wadokit(command, *QUICK, *args, *targets, timeout=60)

    def test_each_is_asked_as_it_likes(self):
        for command, args, count in (("get", (), 6), ("render", (), 6), ("thumb", (), 2),
                                     ("thumb", ("--per", "instance"), 6)):
            with self.subTest(command + "".join(args)):
                self.out = os.path.join(self.home, command + "".join(args))
                result = self.run_on_both(command, "-o", self.out, *args)
                self.assert_exit(result, 0)
                self.assertEqual(result.summary()["saved"], count, str(result))
                made = [name for name in self.pictures() if name.endswith((".dcm", ".jpg", ".png"))]
                self.assertEqual(len(made), count)

    def test_a_body_that_just_ends_is_fetched_once_where_a_list_tells_that_all_of_it_came(self):
        self.assert_exit(self.run_on("multipart-only", "render", "-o", self.out), 0)
        self.assertEqual([kind for kind in self.kinds() if kind != "qido"], ["study"])
        self.assertEqual(len(self.pictures()), 6)

    def test_metadata_comes_in_parts_too(self):
        for scenario, code, rows in (("metadata-parts", 0, 6), ("metadata-open", 0, 6), ("metadata-short", 1, 5)):
            with self.subTest(scenario):
                root = "%s/s/%s/dicom-web" % (self.peer.main, scenario)
                result = self.run_wadokit("info", "--csv", "--per", "instance", "-t", "SOPInstanceUID", "--dicomweb", root, STUDY)
                self.assert_exit(result, code)
                self.assertEqual(len(set(result.out.splitlines())), rows + 1, str(result))
                self.assertEqual("delimiter" in result.err or "too early" in result.err, scenario != "metadata-parts", str(result))

    def test_instances_in_the_place_of_metadata_are_named(self):
        result = self.run_wadokit("info", "--dicomweb", self.peer.main + "/s/metadata-dicom/dicom-web", STUDY)
        self.assert_exit(result, 6)
        self.assertIn("instances instead of their metadata", result.err)


class Twins(Scripted):
    """The same once; what is not the same is told."""

    def test_an_instance_that_comes_again_with_other_bytes_is_told(self):
        for command, scenario in (("render", "changed-twin"), ("thumb", "changed-twin-no-lists")):
            for name in (scenario, scenario.replace("changed-twin", "duplicate")):
                with self.subTest(command + " " + name):
                    self.out = os.path.join(self.home, command + name)
                    result = self.run_on(name, command, "-o", self.out, *(["--per", "instance"] if command == "thumb" else []))
                    self.assert_exit(result, 0)
                    self.assertEqual(len(self.pictures()), 6)
                    told = "%s.1.1 came again with other bytes" % SERIES[0][:-2] in result.err
                    self.assertEqual(told, name.startswith("changed"), str(result))

    def test_a_target_that_came_before_is_asked_for_once(self):
        root = self.peer.main + "/dicom-web/studies/" + STUDY
        for command in ("get", "render", "thumb", "info"):
            with self.subTest(command):
                self.out = os.path.join(self.home, command)
                self.peer.control()
                result = self.run_wadokit(command, *(QUICK[:1] + ["-o", self.out] if command != "info" else []), root,
                                          root + "/series/" + SERIES[0], root, timeout=60)
                self.assert_exit(result, 0)
                kinds = [kind for kind in self.kinds() if kind != "qido"]
                self.assertEqual(kinds, {"get": ["study"], "render": ["study"], "thumb": ["instance"] * 2, "info": ["metadata"]}[command])


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


class SlowServer(peers.Case):
    def test_a_slow_server_keeps_no_other_waiting(self):
        """With one transfer at once: all of the fast server's come before the first of the slow one's."""
        folder = os.path.join(self.home, "slow")
        os.mkdir(folder)
        for series in (1, 2, 3):
            uid = "1.2.5.%d" % series
            elements = pic.image(64, 64, 8, uid=uid + ".1")
            elements.update({0x0020000D: ("UI", "1.2.5"), 0x0020000E: ("UI", uid), 0x00100020: ("LO", "P1"),
                             pic.PIXELS: ("OB", bytes(64 * 64))})
            pic.write(os.path.join(folder, "%d.dcm" % series), elements)
        slow, fast = peers.Peer(folder), peers.Peer()
        self.addCleanup(slow.stop)
        self.addCleanup(fast.stop)
        for command in ("thumb", "render"):
            with self.subTest(command):
                result = self.run_wadokit(
                    command, "--json", "--no-progress", "-j", "1", "-o", self.out,
                    slow.main + "/s/slow/fhir/contained/ImagingStudy?patient=P1",
                    fast.main + "/fhir/contained/ImagingStudy?patient=P1")
                self.assert_exit(result, 0)
                order = [one["study"] for one in result.lines("image")]
                self.assertEqual(sorted(order, reverse=True), order, str(result))
                self.assertEqual(order.count("1.2.5"), 3)


ROWS, COLS, FRAMES = 300, 400, 24
ENHANCED_CT, CINE = "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.3.1"


def grey_frame(i):
    """A ramp with a bar that shows which frame it is."""
    row = array.array("H", ((x * 3 + i * 40) % 1500 for x in range(COLS)))
    bar = array.array("H", (3000 if x // 16 == i else row[x] for x in range(COLS)))
    return b"".join((bar if y % 64 < 20 else row).tobytes() for y in range(ROWS))


def colour_frame(i):
    row = bytes(v for x in range(COLS) for v in (x * 255 // COLS, (i * 10) % 256, 255 if x // 16 == i else 40))
    return row * ROWS


def index_frame(i):
    return bytes((x // 8 + i) % 256 for x in range(COLS)) * ROWS


def windows_of_frames():
    """Functional groups: the rescaling is shared, each frame has a window of its own."""
    shared = [{0x00289145: ("SQ", [{0x00281052: ("DS", "-1024.5"), 0x00281053: ("DS", "1.25")}])}]
    each = [{0x00289132: ("SQ", [{0x00281050: ("DS", str(100 + 30 * i)), 0x00281051: ("DS", str(900 + 7.5 * i))}])}
            for i in range(FRAMES)]
    return {0x52009229: ("SQ", shared), 0x52009230: ("SQ", each)}


def write_image(folder, number, name, sop_class, frames, more, **keywords):
    uid = "1.2.826.0.1.3680043.9.7.%d" % number
    elements = pic.image(ROWS, COLS, frames=FRAMES, uid=uid + ".1.1", **keywords)
    elements.update({0x00080016: ("UI", sop_class), 0x0020000D: ("UI", uid), 0x0020000E: ("UI", uid + ".1"),
                     0x00100020: ("LO", "P%d" % number), 0x00100010: ("PN", "M\u00fcller^Test"),
                     0x00080005: ("CS", "ISO_IR 192"), 0x00200013: ("IS", 1), 0x00080008: ("CS", ["ORIGINAL", "PRIMARY"]),
                     pic.PIXELS: ("OW" if keywords.get("bits", 16) > 8 else "OB", b"".join(map(frames, range(FRAMES))))})
    elements.update(more)
    return pic.write(os.path.join(folder, name + ".dcm"), elements)


def compress(raw, *command):
    """The file in its place, compressed; taken away where the tool is not installed."""
    packed = raw + ".packed"
    if shutil.which(command[0]):
        subprocess.run([*command, raw, packed], check=True, capture_output=True)
        os.rename(packed, raw)
    else:
        os.remove(raw)


@peers.needs_orthanc()
class MiddleFrame(peers.Case):
    """Of a large object of many frames one frame is fetched, and the picture is that of the whole file."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="wadokit-frames-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        made = os.path.join(cls.folder, "made")
        os.mkdir(made)
        ct = dict(sop_class=ENHANCED_CT, frames=grey_frame, stored=12, more=windows_of_frames())
        us = dict(sop_class=CINE, frames=colour_frame, bits=8, samples=3, photometric="RGB",
                  more={0x00280006: ("US", 0)})
        lut = [(t, ("OW", bytes((k * 7 + t) % 256 if b else 0 for k in range(256) for b in (0, 1))))
               for t in (0x00281201, 0x00281202, 0x00281203)]
        write_image(made, 1, "enhanced", **ct)
        write_image(made, 2, "colour", **us)
        write_image(made, 3, "palette", CINE, index_frame, bits=8, photometric="PALETTE COLOR",
                    more=dict(lut + [(t - 0x100, ("US", [256, 0, 16])) for t, _ in lut]))
        compress(write_image(made, 4, "rle", **ct), "dcmcrle", "+un")
        compress(write_image(made, 5, "j2k", **ct), "gdcmconv", "--j2k")
        compress(write_image(made, 6, "jpegls", **ct), "gdcmconv", "--jpegls")
        compress(write_image(made, 7, "jpeg", **us), "dcmcjpeg", "+eb", "+un")
        cls.files = sorted(name[:-4] for name in os.listdir(made))
        cls.made = made
        cls.orthanc = peers.Orthanc(cls.folder)
        cls.addClassCleanup(cls.orthanc.stop)
        cls.orthanc.load(made)

    def draw(self, command, target, out, *more):
        result = self.run_wadokit(command, *QUICK, "--format", "png", "-o", os.path.join(self.home, out), *more,
                                  target)
        self.assert_exit(result, 0)
        image = result.lines("image")[0]
        with open(image["path"], "rb") as file:
            return image, file.read()

    def far(self, name):
        with open(os.path.join(self.made, name + ".dcm"), "rb") as file:
            data = file.read()
        start = data.index(b"\x20\0\x0d\0UI") + 8
        study = data[start:start + 64].split(b"\0")[0].split(b"\x20")[0].decode()
        return "%s/%s.1/%s.1.1" % (study, study, study), len(data)

    def test_pictures_equal_those_of_the_whole_file(self):
        for name in self.files:
            for command, options in (("thumb", ()), ("thumb", ("--window", "auto")), ("render", ("--frame", "middle")),
                                     ("render", ("--frame", "3")), ("render", ())):
                with self.subTest(name, command=command, options=options):
                    target, size = self.far(name)
                    if command == "thumb":
                        target = target.split("/")[0]
                    counter = peers.Counter(self.orthanc.port)
                    self.addCleanup(counter.stop)
                    root = "http://127.0.0.1:%d/dicom-web" % counter.port
                    near = self.draw(command, os.path.join(self.made, name + ".dcm"), "near", *options)
                    far = self.draw(command, target, "far", "--dicomweb", root, *options)
                    self.assertEqual(near[1], far[1])
                    for key in ("window", "width", "height", "frame", "transferSyntax", "sop"):
                        self.assertEqual(near[0].get(key), far[0].get(key))
                    if name in ("enhanced", "colour") and command == "thumb":
                        self.assertLess(counter.received, size / 4)
                    counter.stop()


class Refusals(peers.Case):
    """Where a server gives no frames, or not what it says, the whole instance is drawn."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="wadokit-frames-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        us = dict(sop_class=CINE, frames=colour_frame, bits=8, samples=3, photometric="RGB")
        write_image(cls.folder, 1, "colour", more={0x00280006: ("US", 0)}, **us)
        write_image(cls.folder, 2, "planes", more={0x00280006: ("US", 1)}, **us)
        write_image(cls.folder, 3, "enhanced", ENHANCED_CT, grey_frame, windows_of_frames(), stored=12)
        write_image(cls.folder, 4, "palette", CINE, index_frame, {}, bits=8, photometric="PALETTE COLOR")
        grey = dict(sop_class=CINE, frames=grey_frame, stored=12, more={})
        write_image(cls.folder, 5, "grey", **grey)
        compress(write_image(cls.folder, 6, "rle", **grey), "dcmcrle", "+un")
        compress(write_image(cls.folder, 7, "jpeg", more={0x00280006: ("US", 0)}, **us), "dcmcjpeg", "+eb", "+un")
        cls.names = {name[:-4] for name in os.listdir(cls.folder)}
        cls.peer = peers.Peer(cls.folder)
        cls.addClassCleanup(cls.peer.stop)

    def draw(self, name, scenario, instance=False):
        """The kinds of requests; fails where the picture is not that of the file."""
        number = ["", "colour", "planes", "enhanced", "palette", "grey", "rle", "jpeg"].index(name)
        root = self.peer.main + ("/s/" + scenario if scenario else "") + "/dicom-web"
        self.peer.control()
        study = "1.2.826.0.1.3680043.9.7.%d" % number
        for out, target in (("near", os.path.join(self.folder, name + ".dcm")),
                            ("far", "%s/%s.1/%s.1.1" % (study, study, study) if instance else study)):
            result = self.run_wadokit("thumb", *QUICK, "--dicomweb", root, "-o",
                                      os.path.join(self.home, out + ".png"), target)
            self.assert_exit(result, 0)
        with open(os.path.join(self.home, "near.png"), "rb") as near, \
                open(os.path.join(self.home, "far.png"), "rb") as far:
            self.assertEqual(near.read(), far.read())
        return sorted({one["kind"] for one in self.peer.requests()} - {"other", "qido"})

    def test_a_frame_is_enough_where_the_server_gives_it(self):
        for name in sorted(self.names & {"colour", "grey", "rle", "jpeg"}):
            for scenario in (None, "frames-unlabelled"):
                with self.subTest(name, scenario=scenario):
                    self.assertEqual(self.draw(name, scenario), ["frames", "metadata"])

    def test_an_instance_that_is_named_is_called_off_when_its_header_tells_of_many_frames(self):
        self.assertEqual(self.draw("colour", None, True), ["frames", "instance", "metadata"])
        self.assertEqual(self.draw("colour", "frames-404", True), ["frames", "instance", "metadata"])
        if "rle" in self.names:
            self.assertEqual(self.draw("rle", None, True), ["instance"])

    def test_refusals_and_broken_answers_lead_to_the_whole(self):
        for scenario in ("frames-400", "frames-404", "frames-406", "frames-501", "frames-cut", "frames-other",
                         "frames-html", "frames-twice", "metadata-404", "metadata-html"):
            with self.subTest(scenario):
                self.assertIn("instance", self.draw("grey", scenario))

    def test_what_the_metadata_leaves_out_leads_to_the_whole(self):
        for name in ("planes", "enhanced"):
            with self.subTest(name):
                self.assertIn("instance", self.draw(name, None))


class ServerDraws(Scripted):
    """--server-render: the server's pictures, checked, and made to fit."""

    def setUp(self):
        super().setUp()
        raw = pic.image(300, 400, 8, uid="1.2.3")
        raw[pic.PIXELS] = ("OB", bytes(x * 255 // 400 for x in range(400)) * 300)
        path = pic.write(os.path.join(self.home, "raw.dcm"), raw)
        self.given = {}
        for name, options in (("small.jpg", ("--size", "200", "--quality", "70")), ("large.jpg", ()),
                              ("large.png", ())):
            out = os.path.join(self.home, name)
            self.assert_exit(self.run_wadokit("render", "-q", *options, "-o", out, path), 0)
            with open(out, "rb") as file:
                self.given[name] = file.read()
        self.instance = "%s/%s/%s.2" % (STUDY, SERIES[0], SERIES[0])

    def serve(self, name):
        self.peer.control(picture=base64.b64encode(self.given[name]).decode())

    def draw(self, command, *args, scenario=None, target=None):
        result = self.run_on(scenario, command, "--server-render", "-o", self.out, *args, target=target or STUDY)
        self.assert_exit(result, 0)
        images = result.lines("image")
        with open(images[0]["path"], "rb") as file:
            return images, file.read()

    def asked(self):
        return [one for one in self.peer.requests() if one["kind"] == "rendered"]

    def tearDown(self):
        self.peer.control(picture=None)

    def test_what_fits_goes_out_bit_for_bit_and_says_who_drew_it(self):
        self.serve("small.jpg")
        images, data = self.draw("thumb")
        self.assertEqual(data, self.given["small.jpg"])
        self.assertEqual([one["window"]["rule"] for one in images], ["server", "server"])
        self.assertEqual((images[0]["width"], images[0]["height"]), (200, 150))
        self.assertEqual({one["sop"] for one in images}, {series + ".2" for series in SERIES})
        for one in self.asked():
            self.assertTrue(one["path"].endswith(".2/thumbnail"), one["path"])
            self.assertEqual(one["status"], 200)
        self.assertEqual(len(self.asked()), 2)
        self.assertNotIn("instance", self.kinds())

    def test_what_is_larger_or_of_another_format_is_made_to_fit(self):
        for name, options in (("large.jpg", ()), ("large.png", ()), ("large.jpg", ("--format", "png")),
                              ("large.png", ("--format", "png", "--size", "100"))):
            with self.subTest(name, options=options):
                self.serve(name)
                images, data = self.draw("thumb", *options)
                box = 100 if "--size" in options else 256
                self.assertEqual((images[0]["width"], images[0]["height"]), (box, box * 3 // 4))
                self.assertEqual(data[:4] == b"\x89PNG", "png" in options)

    def test_without_thumbnails_it_is_rendered_and_without_both_it_is_drawn_here(self):
        self.serve("small.jpg")
        images, _ = self.draw("thumb", scenario="no-thumbnails")
        self.assertEqual(images[0]["window"]["rule"], "server")
        self.assertEqual({one["path"].rsplit("/", 1)[1] for one in self.asked()}, {"thumbnail", "rendered"})
        for scenario in ("no-rendered", "rendered-html"):
            images, _ = self.draw("thumb", scenario=scenario)
            self.assertNotEqual(images[0]["window"]["rule"], "server")

    def test_a_window_goes_along_and_so_does_a_frame(self):
        self.serve("small.jpg")
        self.draw("thumb", "--window", "40,400")
        self.assertEqual(self.asked()[0]["query"]["window"], ["40,400,linear"])
        self.assertTrue(self.asked()[0]["path"].endswith("/rendered"))
        self.serve("large.png")
        images, data = self.draw("render", "--window", "lung", target=self.instance)
        self.assertEqual(data, self.given["large.png"])
        self.assertEqual(self.asked()[0]["query"]["window"], ["-600,1500,linear"])
        self.assertTrue(self.asked()[0]["path"].endswith("/frames/1/rendered"))
        self.assertEqual(os.path.basename(images[0]["path"]), SERIES[0] + ".2.png")

    def test_a_study_is_rendered_instance_by_instance(self):
        self.serve("large.png")
        images, _ = self.draw("render")
        self.assertEqual(len(images), 6)
        self.assertNotIn("instance", self.kinds())

    def test_what_a_server_cannot_be_asked_for_is_exit_2(self):
        for command, options in (("thumb", ("--window", "auto")), ("thumb", ("--per", "frame")),
                                 ("thumb", ("--rotate", "90")), ("render", ("--depth", "16")),
                                 ("render", ("--format", "npy")), ("render", ("--frame", "all")),
                                 ("render", ("--window", "dicom:2")), ("render", ("--region", "0,0,1,1"))):
            with self.subTest(command, options=options):
                self.assert_exit(self.run_on(None, command, "--server-render", *options, "-o", self.out), 2)

    def test_a_broken_picture_is_exit_6(self):
        self.given["cut"] = self.given["small.jpg"][:-40]
        self.serve("cut")
        result = self.run_on(None, "thumb", "--server-render", "-o", self.out)
        self.assert_exit(result, 6)
        self.assertEqual(self.pictures(), [])


class Large(peers.Case):
    """An instance of 16 Mi pixels: its thumbnail is the server's, unless the window matters."""

    def test_the_server_draws_it_unless_a_window_is_asked_for(self):
        folder = os.path.join(self.home, "large")
        os.mkdir(folder)
        elements = pic.image(4096, 4096, 8, frames=1, uid="2.25.77.1.1")
        elements.update({0x0020000D: ("UI", "2.25.77"), 0x0020000E: ("UI", "2.25.77.1"),
                         0x00100020: ("LO", "P"), pic.PIXELS: ("OB", bytes(4096 * 4096))})
        pic.write(os.path.join(folder, "large.dcm"), elements)
        small = pic.image(30, 40, 8, uid="1.2.3")
        small[pic.PIXELS] = ("OB", bytes(1200))
        given = os.path.join(self.home, "small.jpg")
        self.assert_exit(self.run_wadokit("render", "-q", "-o", given,
                                          pic.write(os.path.join(self.home, "small.dcm"), small)), 0)
        with open(given, "rb") as file:
            picture = base64.b64encode(file.read()).decode()
        peer = peers.Peer(folder)
        self.addCleanup(peer.stop)
        for options, kind in (((), "rendered"), (("--window", "dicom"), "instance"), (("--flip", "h"), "instance")):
            peer.control(picture=picture)
            result = self.run_wadokit("thumb", *QUICK, "--dicomweb", peer.main + "/dicom-web", *options, "-o",
                                      self.out, "2.25.77")
            self.assert_exit(result, 0)
            kinds = {one["kind"] for one in peer.requests()} - {"qido", "other"}
            self.assertEqual(kinds, {kind})
            self.assertEqual(result.lines("image")[0]["window"]["rule"] == "server", kind == "rendered")


if __name__ == "__main__":
    peers.main()
