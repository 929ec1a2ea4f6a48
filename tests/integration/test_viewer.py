#!/usr/bin/env python3
"""A real viewer in a real browser: OHIF in Chromium opens what `serve` and a static tree behind nginx hand over.

OHIF is the folder `dist` of the npm package @ohif/app: where WADOKIT_OHIF says, else where scripts/test puts it.
WADOKIT_SCREENSHOTS names a folder for pictures of what was seen.
"""
import json
import math
import os
import shutil
import subprocess
import unittest

import peers
import browser
import nginx
import pictures

OHIF = os.environ.get("WADOKIT_OHIF") or os.path.join(peers.HERE, "node", "ohif", "package", "dist")
WAIT_S = 120
GRID = 48

CONFIG = """window.config = { routerBasename: null, extensions: [], modes: [], customizationService: {}, showStudyList: true,
  maxNumberOfWebWorkers: 2, investigationalUseDialog: { option: 'never' }, defaultDataSourceName: 'dicomweb', dataSources: [
  { namespace: '@ohif/extension-default.dataSourcesModule.dicomweb', sourceName: 'dicomweb', configuration: {
    friendlyName: 'tree', name: 'tree', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web', wadoUriRoot: '/dicom-web',
    imageRendering: 'wadors', thumbnailRendering: 'wadors', enableStudyLazyLoad: true, bulkDataURI: { enabled: true } } } ] };
"""

SITE = """root "%s"; location = /app-config.js { alias "%s"; } location / { try_files $uri /index.html; }
  types { text/html html; text/javascript js; text/css css; application/wasm wasm; image/svg+xml svg; font/woff2 woff2; }
"""

# The largest canvas as grey values of a grid over the square in its middle, where a square picture stands.
CANVAS = """(() => {
  const all = [...document.querySelectorAll('canvas')].sort((a, b) => b.width * b.height - a.width * a.height);
  if (!all.length) return null;
  const c = all[0], side = Math.min(c.width, c.height), t = document.createElement('canvas');
  t.width = t.height = %d;
  const x = t.getContext('2d');
  x.imageSmoothingQuality = 'high';
  x.drawImage(c, (c.width - side) / 2, (c.height - side) / 2, side, side, 0, 0, t.width, t.height);
  const d = x.getImageData(0, 0, t.width, t.height).data, grey = [];
  for (let i = 0; i < d.length; i += 4) grey.push(d[i]);
  return new Set(grey).size > 20 ? grey : null;
})()""" % GRID


def alike(a, b):
    """The correlation of two pictures."""
    x, y = sum(a) / len(a), sum(b) / len(b)
    top = sum((p - x) * (q - y) for p, q in zip(a, b))
    return top / math.sqrt(sum((p - x) ** 2 for p in a) * sum((q - y) ** 2 for q in b))


@unittest.skipUnless(browser.program(), "OHIF in a browser: no Chromium on this machine")
@unittest.skipUnless(os.path.exists(os.path.join(OHIF, "index.html")), "OHIF in a browser: it is not at %s" % OHIF)
class Ohif(peers.Case):
    def setUp(self):
        super().setUp()
        self.source = os.path.join(self.home, "in")
        peers.make_phantom(self.source, "-n", "256", "ct:3", "us:3")

    def study(self, modality):
        """The UID of a study, and its images as wadokit draws them."""
        found = [json.loads(line) for line in self.run_wadokit("info", "--json", self.source).out.splitlines()]
        uid = next(one["0020000D"]["Value"][0] for one in found if one["00080060"]["Value"] == [modality])
        drawn = os.path.join(self.home, "drawn")
        self.assert_exit(self.run_wadokit("render", self.source, "--size", str(GRID), "-o", drawn), 0)
        found = []
        for name in os.listdir(drawn):
            width, height, channels, _, values, _ = pictures.read_png(os.path.join(drawn, name))
            if (width, height, channels) == (GRID, GRID, 1):
                found.append(values)
        self.assertTrue(found)
        return uid, found

    def look(self, site, uid, drawn, name):
        """The list has the studies, and the viewer shows one of the drawn pictures."""
        with browser.Browser(os.path.join(self.home, "profile"), 1400, 850, webgl=True) as b:
            b.call("Page.addScriptToEvaluateOnNewDocument",
                   source="localStorage.setItem('shownTours', '[\"basicViewerTour\"]')")
            b.open(site)
            self.assertTrue(b.wait("document.body.innerText.includes('CT chest')", WAIT_S), b.problems)
            self.assertTrue(b.run("document.body.innerText.includes('Echocardiogram')"))
            self.keep(b, name + "-list")
            b.open("%sviewer?StudyInstanceUIDs=%s" % (site, uid))
            self.assertTrue(b.wait(CANVAS, WAIT_S), "no picture: %s" % b.problems)
            best = 0
            for _ in range(20):
                best = max(alike(b.run(CANVAS) or [0, 1] * (GRID * GRID // 2), one) for one in drawn)
                if best > 0.97:
                    break
                b.run("new Promise(r => setTimeout(r, 250))")
            self.keep(b, name + "-image")
            self.assertGreater(best, 0.97)
            origin = site.split("/")[2]
            self.assertEqual([r for r in b.requests if r.startswith("http") and r.split("/")[2] != origin], [])
            self.assertEqual([p for p in b.problems if "404" in p or "500" in p], [])

    def keep(self, b, name):
        folder = os.environ.get("WADOKIT_SCREENSHOTS")
        if folder:
            b.screenshot(os.path.join(folder, name + ".png"))

    def test_it_opens_what_serve_serves(self):
        uid, drawn = self.study("CT")
        child = peers.start(["--json", "serve", self.source, "--viewer", OHIF], self.home)
        self.addCleanup(peers.stop, child)
        self.look(json.loads(child.stdout.readline())["viewer"], uid, drawn, "serve")

    @unittest.skipUnless(nginx.BINARY, "OHIF and a tree: nginx is not installed")
    def test_it_opens_a_static_tree_behind_nginx(self):
        self.compress()
        tree = os.path.join(self.home, "tree")
        self.assert_exit(self.run_wadokit("get", self.source, "--layout", "dicomweb", "-o", tree), 0)
        uid, drawn = self.study("CT")
        config = self.write("app-config.js", CONFIG)
        server = nginx.Nginx(os.path.join(self.home, "nginx"), tree, SITE % (OHIF, config))
        self.addCleanup(server.stop)
        self.look("http://127.0.0.1:%d/" % server.port, uid, drawn, "tree")

    def compress(self):
        """JPEG lossless, as many archives store CT; where dcmtk is not there it stays native."""
        tool = shutil.which("dcmcjpeg")
        for where, _, names in os.walk(self.source):
            for name in names if tool else []:
                path = os.path.join(where, name)
                subprocess.run([tool, path, path + ".jpg"], check=True, capture_output=True)
                os.replace(path + ".jpg", path)


if __name__ == "__main__":
    peers.main()
