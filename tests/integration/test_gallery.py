#!/usr/bin/env python3
"""`gallery`: the page is made of the folder's images, gives nothing away, and works in a browser."""
import html.parser
import json
import os
import re
import tempfile
import unittest

import peers
import browser
import dicom_data
import pictures

HOSTILE = "</script><script>window.bad=1</script><img src=x onerror=window.bad=1>"


class Blocks(html.parser.HTMLParser):
    """The data blocks of a page: (kind, text)."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.blocks, self.open, self.scripts, self.addresses = [], None, 0, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.addresses += [v for k, v in attrs.items() if k in ("src", "href") and v and v[0] != "#"]
        self.scripts += tag == "script" and "data-kind" not in attrs
        if tag == "script" and "data-kind" in attrs:
            self.open = attrs["data-kind"]
            self.blocks.append([self.open, ""])

    def handle_data(self, data):
        if self.open:
            self.blocks[-1][1] += data

    def handle_endtag(self, tag):
        self.open = None

    def of(self, kind):
        return [json.loads(text) for k, text in self.blocks if k == kind]


class Page(peers.Case):
    def make(self, *args, status=0):
        self.file = os.path.join(self.home, "g.html")
        result = self.run_wadokit("gallery", self.out, "-o", self.file, *args)
        self.assert_exit(result, status)
        return result

    def blocks(self):
        with open(self.file, encoding="utf-8") as file:
            self.text = file.read()
        return Blocks(self.text)

    def put(self, name, data):
        path = os.path.join(self.out, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def test_studies_series_and_images_are_in_order(self):
        for number in (10, 2, 1):
            self.put("a/%d.dcm" % number, dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.%d" % number, number))
        self.put("b/x.dcm", dicom_data.make_instance("2.25.8", "2.25.8.1", "2.25.8.1.1", frames=3))
        self.put("notes.txt", b"no image")
        result = self.make("--json")
        blocks = self.blocks()
        self.assertEqual([k for k, _ in blocks.blocks if k not in ("thumb", "full")],
                         ["study", "series"] + 3 * ["image"] + ["study", "series"] + 3 * ["image"])
        self.assertEqual([i.get("number") for i in blocks.of("image")][:3], [1, 2, 10])
        self.assertEqual([i.get("frame") for i in blocks.of("image")][3:], [1, 2, 3])
        line = result.lines("gallery")[0]
        self.assertEqual((line["images"], line["series"], line["studies"], line["patient"]), (6, 2, 2, False))
        summary = result.summary()
        self.assertEqual((summary["saved"], summary["failed"], summary["skipped"]), (6, 0, 1))
        self.assertEqual(summary["bytes"], os.path.getsize(self.file))

    def test_the_page_asks_for_nothing_and_runs_one_script(self):
        self.put("1.dcm", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1"))
        self.make()
        blocks = self.blocks()
        self.assertEqual(blocks.scripts, 1)
        self.assertEqual([a for a in blocks.addresses if not a.startswith("data:")], [])
        self.assertNotRegex(self.text, r"https?://|//cdn|@import|url\(")
        self.assertIn("default-src 'none'", self.text)

    def test_patients_are_not_told_unless_asked_for(self):
        self.put("Phantom^Test/1.dcm", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1", patient="SECRET-ID"))
        for text in ("Phantom", "SECRET-ID", "20240102", "Test study", "Test series", self.home):
            self.make()
            self.blocks()
            self.assertNotIn(text, self.text)
        self.make("--show-patient")
        study = self.blocks().of("study")[0]
        self.assertEqual((study["patientName"], study["patientId"], study["date"], study["description"]),
                         ("Phantom^Test", "SECRET-ID", "20240102", "Test study"))

    def test_hostile_text_stays_text(self):
        self.put("1.dcm", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1", patient=HOSTILE))
        self.make("--show-patient", "--title", HOSTILE)
        blocks = self.blocks()
        self.assertEqual(blocks.scripts, 1)
        self.assertEqual(blocks.of("study")[0]["patientId"], HOSTILE)
        self.assertNotIn("<script>window", self.text)

    def test_what_cannot_be_drawn_is_a_tile_and_makes_the_run_partial(self):
        good = dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1")
        self.put("1.dcm", good)
        self.put("2.dcm", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.2", 2)[:-100])
        self.make(status=1)
        self.assertIn("could not be drawn", [i.get("error") for i in self.blocks().of("image")])

    def test_nothing_drawn_leaves_no_file(self):
        self.put("notes.txt", b"no image")
        self.make(status=4)
        self.assertFalse(os.path.exists(self.file))
        self.assertEqual([n for n in os.listdir(self.home) if n.startswith(".wadokit-")], [])

    def test_many_frames_are_thinned_evenly(self):
        self.put("1.dcm", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1", frames=21))
        self.make("--max-frames", "5")
        self.assertEqual([i["frame"] for i in self.blocks().of("image")], [1, 6, 11, 16, 21])

    def test_frames_that_are_only_promised_are_one_tile(self):
        for promised in (7, 3000000):
            elements = pictures.image(8, 8, 8, frames=promised)
            elements[pictures.PIXELS] = ("OB", bytes(range(3 * 64)))
            self.put("cut.dcm", b"")
            pictures.write(os.path.join(self.out, "cut.dcm"), elements)
            result = self.make(status=1)
            self.assertEqual(len(result.err.splitlines()), 2, result.err)
            notes = self.blocks().of("image")
            self.assertEqual([one.get("frame") for one in notes], [1, 2, 3, None])
            self.assertEqual(["error" in one for one in notes], [False, False, False, True])

    def test_threads_do_not_change_the_page(self):
        peers.make_phantom(self.out, "-n", "64", "ct:9", "us:5", "sr:1")
        pages = []
        for jobs in (1, 4):
            self.make("-j", str(jobs))
            self.blocks()
            pages.append(self.text)
        self.assertEqual(pages[0], pages[1])

    @unittest.skipIf(peers.SANITIZED, "memory of a gallery: figures mean nothing with sanitizers")
    def test_memory_does_not_grow_with_the_pictures(self):
        peaks = []
        os.mkdir(self.out)
        for n in (8, 64):
            peers.make_phantom(os.path.join(self.out, str(n)), "-n", "256", "ct:%d" % n)
            peaks.append(self.make("-j", "2").peak)
        self.assertLess(peaks[1], peaks[0] + (16 << 20))


@unittest.skipUnless(browser.program(), "the gallery in a browser: no Chromium on this machine")
class InBrowser(peers.Case):
    def setUp(self):
        super().setUp()
        peers.make_phantom(self.out, "-n", "128", "ct:12", "mr:6", "us:8", "sr:1")
        self.file = os.path.join(self.home, "g.html")
        self.show(tempfile.mkdtemp(dir=self.home))

    def show(self, profile, *args):
        self.assert_exit(self.run_wadokit("gallery", self.out, "-o", self.file, *args), 0)
        self.browser = browser.Browser(profile)
        self.addCleanup(self.browser.stop)
        self.browser.open("file://" + self.file)

    def tearDown(self):
        self.assertEqual(self.browser.problems, [])
        self.assertEqual(set(self.browser.requests), {"file://" + self.file})

    def text(self, name):
        return self.browser.run("document.getElementById('%s').textContent" % name)

    def focus(self):
        return self.browser.run("document.activeElement.getAttribute('aria-label')")

    def test_the_filters(self):
        b = self.browser
        self.assertEqual(self.text("status"), "27 images in 4 series")
        b.click("#modalities button", 1)
        self.assertEqual(self.text("status"), "6 images in 1 series, of 27")
        b.click("#modalities button", 0)
        self.assertEqual(self.text("status"), "18 images in 2 series, of 27")
        b.click("#modalities button", 0)
        b.click("#modalities button", 1)
        b.click("#text")
        b.type("heart")
        self.assertEqual(self.text("status"), "8 images in 1 series, of 27")
        b.type(" nowhere")
        self.assertEqual(self.text("status"), "0 images in 0 series, of 27")
        self.assertTrue(b.run("!document.getElementById('empty').hidden"))

    def test_one_per_series(self):
        self.browser.click("#per")
        self.assertEqual(self.text("status"), "4 series")
        self.assertEqual(self.browser.run("document.querySelectorAll('.tile').length"), 4)

    def test_the_wheel_steps_through_a_series(self):
        b = self.browser
        b.click("#modalities button", 0)
        b.click(".tile", 3)
        self.assertTrue(b.run("document.getElementById('viewer').open"))
        self.assertEqual(self.text("place"), "4 / 12")
        first = b.run("picture.src.length > 1000 && picture.src")
        b.wheel(60)
        b.wheel(60)
        self.assertEqual(self.text("place"), "6 / 12")
        self.assertNotEqual(b.run("picture.src"), first)
        self.assertTrue(b.wait("picture.complete && picture.naturalWidth === 128"))
        b.wheel(-60)
        b.key("End")
        b.key("ArrowRight")
        self.assertEqual(self.text("place"), "12 / 12")
        b.key("Escape")
        self.assertFalse(b.run("document.getElementById('viewer').open"))
        self.assertRegex(self.focus(), "image 12 of 12")

    def test_the_keyboard_alone_reaches_all(self):
        b = self.browser
        b.run("document.querySelector('.tile').focus()")
        for _ in range(4):
            b.key("ArrowRight")
        label = self.focus()
        b.key("Home")
        b.key("End")
        self.assertRegex(self.focus(), r"image (\d+) of \1$")
        b.key("Home")
        for _ in range(4):
            b.key("ArrowRight")
        self.assertEqual(self.focus(), label)
        b.click(".tile", 0)
        b.key("PageDown")
        self.assertEqual(self.text("place").split(" ")[0], "1")

    def test_it_is_named_for_screen_readers(self):
        b = self.browser
        self.assertEqual(b.run("[...document.querySelectorAll('button, input')].filter(e => !(e.getAttribute('aria-label')"
                               " || e.textContent.trim() || e.labels?.length)).length"), 0)
        self.assertEqual(b.run("document.documentElement.lang"), "en")
        self.assertEqual(b.run("document.getElementById('status').getAttribute('role')"), "status")

    def test_light_and_dark(self):
        b = self.browser
        seen = []
        for scheme in ("light", "dark"):
            b.scheme(scheme)
            seen.append(b.run("getComputedStyle(document.body).backgroundColor"))
        self.assertNotEqual(seen[0], seen[1])
        b.click("#theme")
        self.assertEqual(b.run("getComputedStyle(document.body).backgroundColor"), seen[0])

    def test_hostile_text_runs_nothing(self):
        with open(os.path.join(self.out, "bad.dcm"), "wb") as file:
            file.write(dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1", patient=HOSTILE))
        self.show(tempfile.mkdtemp(dir=self.home), "--show-patient", "--title", HOSTILE)
        self.assertEqual(self.browser.run("typeof window.bad"), "undefined")
        self.assertTrue(self.browser.run("document.body.innerText.includes('window.bad')"))


@unittest.skipUnless(browser.program(), "a gallery of 5000 images: no Chromium on this machine")
class Large(peers.Case):
    def test_5000_images_open_at_once_and_scroll_without_gaps(self):
        peers.make_phantom(os.path.join(self.home, "ct"), "-n", "96" if peers.SANITIZED else "256", "ct:50")
        os.makedirs(self.out)
        slices = sorted(self.dcm_files(os.path.join(self.home, "ct")).values())
        for i in range(5000):
            os.link(slices[i % 50], os.path.join(self.out, "%04d.dcm" % i))
        path = os.path.join(self.home, "g.html")
        self.assert_exit(self.run_wadokit("gallery", self.out, "-o", path, timeout=300), 0)
        with browser.Browser(tempfile.mkdtemp(dir=self.home)) as b:
            # The best of three: what else the machine does is not the page's.
            seconds = b.open("file://" + path)
            for _ in range(2):
                seconds = seconds if seconds < 2 else min(seconds, b.open("file://" + path))
            self.assertEqual(b.run("document.getElementById('status').textContent"), "5000 images in 1 series")
            tiles = b.run("document.querySelectorAll('.tile').length")
            gaps, blank = b.run("""(async () => {
                let gaps = 0, blank = 0;
                const frame = () => new Promise(r => requestAnimationFrame(r));
                for (let y = 0; y < document.body.scrollHeight - innerHeight; y += 900) {
                    scrollTo(0, y);
                    await frame();
                    await frame();
                    for (const at of [0.3, 0.6, 0.9]) {
                        const seen = [0, 40, 80, 120].map(d => document.elementFromPoint(60, innerHeight * at + d - 60));
                        gaps += !seen.some(e => e && e.closest('.tile, .row'));
                    }
                    for (const tile of document.querySelectorAll('.tile')) {
                        const at = tile.getBoundingClientRect(), img = tile.querySelector('img');
                        if (at.bottom > 0 && at.top < innerHeight) blank += !(img && img.complete && img.naturalWidth > 0);
                    }
                }
                return [gaps, blank];
            })()""")
            print("5000 images: %.0f MB, open after %.2f s, %d tiles in the page" % (
                os.path.getsize(path) / 1e6, seconds, tiles))
            self.assertEqual((gaps, blank), (0, 0))
            self.assertLess(tiles, 400)
            self.assertLess(seconds, 2)
            self.assertEqual(b.problems, [])


if __name__ == "__main__":
    peers.main()
