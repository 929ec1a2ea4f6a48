#!/usr/bin/env python3
"""Handing studies over to viewers: the static DICOMweb tree of `get --layout dicomweb`."""
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import time
import unittest

import peers
import dicom_data
import nginx

class TreeCase(peers.Case):
    def setUp(self):
        super().setUp()
        self.source = os.path.join(self.home, "in")
        os.mkdir(self.source)
        self.tree = os.path.join(self.home, "tree")

    def put(self, name, data):
        with open(os.path.join(self.source, name), "wb") as file:
            file.write(data)

    def make(self, *args, status=0, target=None):
        result = self.run_wadokit("get", target or self.source, "--layout", "dicomweb", "-o", self.tree, "--json", *args)
        self.assert_exit(result, status)
        return result

    def load(self, *parts):
        with open(os.path.join(self.tree, *parts), "rb") as file:
            return file.read()

    def json(self, *parts):
        return json.loads(self.load(*parts))

    def names(self):
        return sorted(os.path.relpath(os.path.join(where, name), self.tree)
                      for where, _, names in os.walk(self.tree) for name in names if "/.wadokit" not in where)


def contents(folder):
    """Digests of the .dcm files below a folder, in an order that does not depend on their names."""
    found = []
    for where, _, names in os.walk(folder):
        for name in names:
            if name.endswith(".dcm"):
                with open(os.path.join(where, name), "rb") as file:
                    found.append(hashlib.sha256(file.read()).hexdigest())
    return sorted(found)


def value(dataset, tag):
    return dataset[tag].get("Value", [None])[0]


class Tree(TreeCase):
    def test_every_level_has_its_files(self):
        for series in (1, 2):
            for number in (3, 1, 2):
                sop = "2.25.7.%d.%d" % (series, number)
                self.put(sop, dicom_data.make_instance("2.25.7", "2.25.7.%d" % series, sop, number, frames=series))
        tree = self.make().lines("tree")[0]
        self.assertEqual((tree["studies"], tree["series"], tree["made"], tree["failed"], tree["frames"]), (1, 2, 6, 0, 9))
        instance = lambda s, i: "studies/2.25.7/series/2.25.7.%d/instances/2.25.7.%d.%d/" % (s, s, i)
        expected = {"nginx.conf", "nginx-locations.conf", "studies/index.json"}
        expected |= {"studies/2.25.7/" + n for n in ("metadata", "thumbnail", "series/index.json", "instances/index.json")}
        for s in (1, 2):
            expected |= {"studies/2.25.7/series/2.25.7.%d/%s" % (s, n) for n in ("metadata", "thumbnail", "instances/index.json")}
            for i in (1, 2, 3):
                expected |= {instance(s, i) + n for n in ("instance.dcm", "metadata", "thumbnail")}
                expected |= {instance(s, i) + "frames/%d" % f for f in range(1, s + 1)}
        self.assertEqual(set(self.names()), expected)
        study = self.json("studies/index.json")[0]
        self.assertEqual((value(study, "0020000D"), value(study, "00080020"), study["00080061"]["Value"],
                          value(study, "00201206"), value(study, "00201208")), ("2.25.7", "20240102", ["OT"], 2, 6))
        self.assertEqual([value(s, "00201209") for s in self.json("studies/2.25.7/series/index.json")], [3, 3])
        self.assertEqual(len(self.json("studies/2.25.7/instances/index.json")), 6)
        for where, count in (("studies/2.25.7", 6), ("studies/2.25.7/series/2.25.7.2", 3), (instance(2, 2), 1)):
            self.assertEqual(len(self.json(where, "metadata")), count)

    def test_addresses_are_relative_to_their_document(self):
        self.put("a", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1"))
        self.make()
        series = "studies/2.25.7/series/2.25.7.1"
        for where in ("studies/2.25.7", series, series + "/instances/2.25.7.1.1"):
            address = self.json(where, "metadata")[0]["7FE00010"]["BulkDataURI"]
            self.assertEqual(os.path.normpath(os.path.join(where, address)), series + "/instances/2.25.7.1.1/frames/1")

    def test_frames_are_whole_multipart_bodies(self):
        data = dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1", frames=2)
        self.put("a", data)
        self.make()
        frames = dicom_data.Instance(data=data).frames()
        for number in (1, 2):
            body = self.load("studies/2.25.7/series/2.25.7.1/instances/2.25.7.1.1/frames/%d" % number)
            m = re.fullmatch(rb"--([\w-]+)\r\nContent-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
                             rb"\r\n\r\n(.*)\r\n--\1--\r\n", body, re.S)
            self.assertTrue(m)
            self.assertEqual(m.group(2), frames[number - 1])

    def test_a_rerun_writes_what_is_not_there(self):
        for i in (1, 2, 3):
            self.put(str(i), dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.%d" % i, i))
        self.make()
        base = os.path.join(self.tree, "studies/2.25.7/series/2.25.7.1/instances")
        frame = os.path.join(base, "2.25.7.1.1/frames/1")
        before = os.stat(frame).st_mtime_ns
        os.remove(os.path.join(base, "2.25.7.1.2/metadata"))
        os.remove(os.path.join(base, "2.25.7.1.3/instance.dcm"))
        self.put("4", dicom_data.make_instance("2.25.8", "2.25.8.1", "2.25.8.1.1"))
        result = self.make()
        tree = result.lines("tree")[0]
        self.assertEqual((tree["made"], tree["kept"], result.summary()["saved"]), (3, 1, 2))
        self.assertEqual(os.stat(frame).st_mtime_ns, before)
        self.assertEqual([value(s, "0020000D") for s in self.json("studies/index.json")], ["2.25.7", "2.25.8"])
        self.assertEqual(len(self.json("studies/2.25.7/metadata")), 3)

    def test_pixels_that_are_cut_short_are_a_failure_each_time(self):
        self.put("1", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1", 1))
        self.make()
        path = os.path.join(self.tree, "studies/2.25.7/series/2.25.7.1/instances/2.25.7.1.2")
        os.mkdir(path)
        with open(os.path.join(path, "instance.dcm"), "wb") as file:
            file.write(dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.2", 2, frames=3)[:-100])
        for _ in (1, 2):
            result = self.make(status=1)
            failed = [i for i in result.lines("instance") if i["status"] == "failed"]
            self.assertEqual([i["sop"] for i in failed], ["2.25.7.1.2"])
            self.assertEqual(len(os.listdir(path + "/frames")), 2)
            self.assertEqual(len(self.json("studies/2.25.7/metadata")), 2)

    def test_hostile_names_and_links_are_not_followed(self):
        self.put("a", dicom_data.make_instance("../../x", "2.25.7.1", "2.25.7.1.1"))
        self.put("b", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.2"))
        self.make(status=1)
        self.assertEqual(sorted(os.listdir(os.path.join(self.tree, "studies"))), ["2.25.7", "index.json"])
        elsewhere = os.path.join(self.home, "elsewhere")
        os.mkdir(elsewhere)
        os.symlink(elsewhere, os.path.join(self.tree, "studies", "2.25.9"))
        self.make(status=8)
        self.assertEqual(os.listdir(elsewhere), [])

    def test_an_interrupted_run_leaves_no_half_files(self):
        peers.make_phantom(self.source, "-n", "64", "us:200")
        child = peers.start(["get", self.source, "--layout", "dicomweb", "-o", self.tree], self.home)
        until = time.monotonic() + 60
        while not any("/frames" in where for where, _, _ in os.walk(self.tree)) and time.monotonic() < until:
            time.sleep(0.005)
        child.send_signal(signal.SIGINT)
        child.communicate()
        for name in self.names():
            if "/frames/" in name:
                self.assertTrue(self.load(name).endswith(b"--\r\n"), name)
        self.make()
        self.assertEqual(len([n for n in self.names() if "/frames/" in n]), 200)

    @unittest.skipIf(peers.SANITIZED, "memory of a tree: figures mean nothing with sanitizers")
    def test_memory_does_not_grow_with_the_study(self):
        peaks = []
        for n in (2, 60):
            shutil.rmtree(self.source)
            peers.make_phantom(self.source, "us:%d" % n, "ct:%d" % n)
            peaks.append(self.make().peak)
        print("a tree of a study with 60 frames of 0.9 MB and 60 slices: peak %.1f MiB" % (peaks[1] / peers.MIB))
        self.assertLess(peaks[1], peaks[0] + (6 << 20))


@unittest.skipUnless(nginx.BINARY, "the tree behind nginx: nginx is not installed")
class BehindNginx(TreeCase):
    def serve(self):
        self.nginx = nginx.Nginx(os.path.join(self.home, "nginx"), self.tree)
        self.addCleanup(self.nginx.stop)

    def test_the_configuration_gives_the_content_types(self):
        self.put("a", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1"))
        self.make()
        self.serve()
        connection = http.client.HTTPConnection("127.0.0.1", self.nginx.port)
        self.addCleanup(connection.close)
        instance = "/studies/2.25.7/series/2.25.7.1/instances/2.25.7.1.1"
        for path, kind in (("/studies?limit=101&offset=0", "application/dicom+json"),
                           ("/studies/2.25.7/series", "application/dicom+json"),
                           ("/studies/2.25.7/instances", "application/dicom+json"),
                           ("/studies/2.25.7/series/2.25.7.1/instances", "application/dicom+json"),
                           ("/studies/2.25.7/metadata", "application/dicom+json"),
                           (instance + "/metadata", "application/dicom+json"),
                           ("/studies/2.25.7/thumbnail", "image/jpeg"),
                           (instance + "/frames/1", 'multipart/related; type="application/octet-stream"'),
                           (instance, 'multipart/related; type="application/dicom"')):
            connection.request("GET", "/dicom-web" + path)
            answer = connection.getresponse()
            body = answer.read()
            self.assertEqual((answer.status, path), (200, path))
            self.assertTrue(answer.headers["Content-Type"].startswith(kind), path)
            if kind.startswith("multipart"):
                boundary = answer.headers["Content-Type"].split("boundary=")[1].encode()
                self.assertTrue(body.startswith(b"--" + boundary) and body.endswith(b"--" + boundary + b"--\r\n"), path)
        for path in ("/studies/2.25.9/metadata", instance + "/frames/2", instance + "/instance.dcm",
                     "/.part-head", "/nginx.conf", "/.wadokit/journal.jsonl", "/studies/../nginx.conf"):
            self.assertEqual(peers.request(self.nginx.port, "GET", "/dicom-web" + path)[0], 404, path)

    def test_wadokit_finds_and_gets_from_it(self):
        peers.make_phantom(self.source, "-n", "64", "ct:5", "us:3")
        self.make()
        self.serve()
        found = self.run_wadokit("search", "--dicomweb", self.nginx.root, "--json")
        studies = [line["study"] for line in found.lines() if "study" in line]
        self.assertEqual(len(studies), 2, str(found))
        self.assert_exit(self.run_wadokit("get", "--dicomweb", self.nginx.root, "--by", "instance", "-o", self.out, *studies), 0)
        self.assertEqual(len(self.dcm_files()), 6)
        self.assertEqual(contents(self.out), contents(self.source))


if __name__ == "__main__":
    peers.main()
