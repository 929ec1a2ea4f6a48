#!/usr/bin/env python3
"""`serve`: local files as a DICOMweb origin on loopback, which wadokit itself and other clients can use."""
import http.client
import json
import os
import re
import signal
import socket
import threading
import time
import unittest

import peers
import dicom_data
import pictures

SERIES = "/studies/2.25.7/series/2.25.7.1"
INSTANCE = SERIES + "/instances/2.25.7.1.1"


def parts_of(content_type, body):
    """[(headers, bytes)] of a multipart body; fails where it is not whole."""
    boundary = re.search(r'boundary="?([^";]+)', content_type).group(1).encode()
    assert body.startswith(b"--" + boundary) and body.endswith(b"\r\n--" + boundary + b"--\r\n"), body[-80:]
    found = []
    for part in body[:-len(boundary) - 8].split(b"--" + boundary + b"\r\n")[1:]:
        head, _, data = part.partition(b"\r\n\r\n")
        found.append((head.decode(), data))
    return [(head, data[:-2] if i + 1 < len(found) else data) for i, (head, data) in enumerate(found)]


class ServeCase(peers.Case):
    def setUp(self):
        super().setUp()
        self.source = os.path.join(self.home, "in")
        os.mkdir(self.source)

    def put(self, name, data):
        with open(os.path.join(self.source, name), "wb") as file:
            file.write(data)
        return data

    def put_study(self):
        """Two series of three and one instance; the bytes by SOP Instance UID."""
        data = {}
        for series, count in ((1, 3), (2, 1)):
            for i in range(1, count + 1):
                sop = "2.25.7.%d.%d" % (series, i)
                data[sop] = self.put(sop, dicom_data.make_instance("2.25.7", "2.25.7.%d" % series, sop, i, frames=series))
        self.put("other", dicom_data.make_instance("2.25.8", "2.25.8.1", "2.25.8.1.1", patient="P2"))
        return data

    def serve(self, *args, target=None):
        self.child = peers.start(["--json", "serve", target or self.source] + list(args), self.home)
        self.addCleanup(self.end, self.child)
        line = self.child.stdout.readline()
        self.assertTrue(line, self.child.stderr.read() if not line else "")
        self.ready = json.loads(line)
        self.root = self.ready["url"]
        self.port = int(self.root.split(":")[2].split("/")[0])

    def end(self, child):
        """Nothing that was asked has harmed it: a sanitizer's finding is another status than 0."""
        peers.stop(child)
        self.assertEqual(child.returncode, 0)

    def ask(self, path, method="GET", **headers):
        """status, headers, body of a path below the root (or, with a leading '!', of the server)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.addCleanup(connection.close)
        connection.putrequest(method, path[1:] if path.startswith("!") else "/dicom-web" + path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def get(self, path, **headers):
        status, headers, body = self.ask(path, **headers)
        self.assertEqual(status, 200, "%s: %r" % (path, body[:200]))
        return headers, body

    def json(self, path):
        headers, body = self.get(path)
        self.assertEqual(headers["Content-Type"], "application/dicom+json")
        return json.loads(body)

    def uids(self, path, tag="0020000D"):
        return [record[tag]["Value"][0] for record in self.json(path)]


class Answers(ServeCase):
    def setUp(self):
        super().setUp()
        self.data = self.put_study()
        self.put("notes.txt", b"no image")
        self.serve()

    def test_it_says_what_it_serves(self):
        self.assertEqual({k: self.ready[k] for k in ("type", "studies", "series", "instances", "failed", "skipped")},
                         {"type": "serve", "studies": 2, "series": 3, "instances": 5, "failed": 0, "skipped": 1})

    def test_searches(self):
        study = self.json("/studies?PatientID=P1")[0]
        self.assertEqual([study[tag]["Value"] for tag in ("00080061", "00201206", "00201208", "00100010")],
                         [["OT"], [2], [4], [{"Alphabetic": "Phantom^Test"}]])
        self.assertEqual(study["00081190"]["Value"], [self.root + "/studies/2.25.7"])
        for query, expected in (("", ["2.25.7", "2.25.8"]), ("?PatientID=P2", ["2.25.8"]), ("?00100020=P2", ["2.25.8"]),
                                ("?PatientName=phantom*", ["2.25.7", "2.25.8"]), ("?PatientName=phantom", []),
                                ("?StudyDate=20240101-20240131", ["2.25.7", "2.25.8"]), ("?StudyDate=-20231231", []),
                                ("?ModalitiesInStudy=OT,CT", ["2.25.7", "2.25.8"]), ("?StudyInstanceUID=2.25.8,2.25.9", ["2.25.8"]),
                                ("?limit=1", ["2.25.7"]), ("?limit=1&offset=1", ["2.25.8"]), ("?limit=0", []), ("?offset=5", []),
                                ("?PatientID=P%32&includefield=all&fuzzymatching=false", ["2.25.8"])):
            self.assertEqual(self.uids("/studies" + query), expected, query)
        self.assertEqual(self.uids("/studies/2.25.7/series", "0020000E"), ["2.25.7.1", "2.25.7.2"])
        self.assertEqual(self.uids("/series?PatientID=P2", "0020000E"), ["2.25.8.1"])
        self.assertEqual(self.uids(SERIES + "/instances", "00200013"), [1, 2, 3])
        self.assertEqual(self.uids("/studies/2.25.7/instances?InstanceNumber=1", "00080018"), ["2.25.7.1.1", "2.25.7.2.1"])
        self.assertEqual(self.uids("/instances?limit=2&offset=3", "00080018"), ["2.25.7.2.1", "2.25.8.1.1"])
        self.assertEqual(self.json("/studies/2.25.99/series"), [])

    def test_keys_that_are_not_looked_at_are_told(self):
        headers, body = self.get("/studies?InstitutionName=x&limit=1")
        self.assertIn("InstitutionName", headers["Warning"])
        self.assertEqual(len(json.loads(body)), 1)
        self.assertNotIn("\n", self.get("/studies?a%0D%0Ab%22=x")[0]["Warning"])
        self.assertEqual(self.ask("/studies?limit=x")[0], 400)

    def test_metadata_leads_to_frames_and_bulk_data(self):
        for path, count in ((INSTANCE, 1), (SERIES, 3), ("/studies/2.25.7", 4)):
            sets = self.json(path + "/metadata")
            self.assertEqual(len(sets), count)
            address = sets[0]["7FE00010"]["BulkDataURI"]
            self.assertTrue(address.startswith(self.root), address)
            self.get(address[len(self.root):])

    def test_instances_series_and_studies_come_byte_for_byte(self):
        for path, sops in ((INSTANCE, ["2.25.7.1.1"]), (SERIES, ["2.25.7.1.%d" % i for i in (1, 2, 3)]),
                           ("/studies/2.25.7", sorted(self.data))):
            headers, body = self.get(path, Accept='multipart/related; type="application/dicom"; transfer-syntax=*')
            parts = parts_of(headers["Content-Type"], body)
            self.assertEqual([data for _, data in parts], [self.data[sop] for sop in sops])
        headers, body = self.get(INSTANCE, Accept="application/dicom")
        self.assertEqual((headers["Content-Type"], body), ("application/dicom", self.data["2.25.7.1.1"]))

    def test_what_would_have_to_be_transcoded_is_refused(self):
        accept = 'multipart/related; type="application/dicom"; transfer-syntax='
        self.assertEqual(self.ask(INSTANCE, Accept=accept + dicom_data.ELE)[0], 200)
        self.assertEqual(self.ask(INSTANCE, Accept=accept + "1.2.840.10008.1.2.4.90")[0], 406)
        self.assertEqual(self.ask(INSTANCE, Accept="text/html")[0], 406)
        self.assertEqual(self.ask(SERIES + "/metadata", Accept="application/dicom+xml")[0], 406)
        self.assertEqual(self.ask(INSTANCE + "/rendered", Accept="image/gif")[0], 406)

    def test_frames(self):
        frames = dicom_data.Instance(data=self.data["2.25.7.2.1"]).frames()
        base = "/studies/2.25.7/series/2.25.7.2/instances/2.25.7.2.1/frames"
        for path, expected in (("/1", [0]), ("/2", [1]), ("/2,1", [1, 0]), ("", [0, 1])):
            headers, body = self.get(base + path)
            self.assertEqual([data for _, data in parts_of(headers["Content-Type"], body)], [frames[i] for i in expected])
        for path in ("/3", "/0", "/1,3", "/x"):
            self.assertEqual(self.ask(base + path)[0], 404, path)

    def test_pictures(self):
        for path in ("/studies/2.25.7", SERIES, INSTANCE, INSTANCE + "/frames/1"):
            for name in ("rendered", "thumbnail"):
                headers, body = self.get("%s/%s" % (path, name))
                self.assertEqual((headers["Content-Type"], body[:3]), ("image/jpeg", b"\xff\xd8\xff"))
        headers, body = self.get(INSTANCE + "/rendered?viewport=8,100&window=2048,4096,linear", Accept="image/png")
        self.assertEqual((headers["Content-Type"], body[16:24]), ("image/png", b"\0\0\0\x08\0\0\0\x08"))
        for query in ("viewport=x", "window=1,2", "window=1,2,cubic", "quality=0", "viewport=0,5"):
            self.assertEqual(self.ask(INSTANCE + "/rendered?" + query)[0], 400, query)

    def test_what_is_not_there_is_404(self):
        for path in ("", "/", "/studies/2.25.9", "/studies/2.25.9/metadata", "/studies/2.25.8/series/2.25.7.1", INSTANCE + "/x",
                     INSTANCE + "/bulkdata/00420011", "/studies/../../in/other", "/studies/%2e%2e/x"):
            self.assertEqual(self.ask(path)[0], 404, path)
        for path in ("!/in/other", "!/etc/passwd", "!/dicom-webx/studies"):
            self.assertEqual(self.ask(path)[0], 404, path)

    def test_head_and_other_methods(self):
        status, _, body = self.ask(INSTANCE, "HEAD")
        self.assertEqual((status, body), (200, b""))
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(self.ask("/studies", method, Content_Length="0")[0], 405)

    def test_other_hosts_are_refused(self):
        for host in ("evil.example", "evil.example:%d" % self.port, "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:%d" % self.port):
            self.assertEqual(self.ask("/studies", Host=host)[0], 403, host)
        self.assertEqual(self.ask("/studies", Host="localhost:%d" % self.port)[0], 200)
        headers = self.get("/studies")[0]
        self.assertEqual((headers["Cross-Origin-Resource-Policy"], headers["Access-Control-Allow-Origin"]), ("same-origin", None))

    def test_connections_are_kept_and_many_are_served(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self.addCleanup(connection.close)
        for _ in range(3):
            connection.request("GET", "/dicom-web" + INSTANCE)
            answer = connection.getresponse()
            answer.read()
            self.assertFalse(answer.will_close)
        seen = []

        def one(number):
            path = (SERIES, SERIES + "/metadata", INSTANCE + "/frames/1", "/studies/2.25.7/thumbnail")[number % 4]
            seen.append(peers.request(self.port, "GET", "/dicom-web" + path)[0])
        threads = [threading.Thread(target=one, args=(i,)) for i in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(seen, 40 * [200])

    def test_only_loopback_listens(self):
        port = ":%04X" % self.port
        for name, wanted in (("tcp", ["0100007F" + port]), ("tcp6", [])):
            with open("/proc/net/" + name, encoding="ascii") as file:
                listening = [line.split()[1] for line in file if " 0A " in line and line.split()[1].endswith(port)]
            self.assertEqual(listening, wanted)

    def test_a_file_that_is_cut_meanwhile_cuts_the_answer(self):
        os.remove(os.path.join(self.source, "2.25.7.1.2"))
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            self.ask(SERIES)
        self.assert_exit(self.run_wadokit("--dicomweb", self.root, "--retries", "0", "get", "2.25.7", "-o", self.out), 1)

    def test_a_request_that_never_ends_does_not_stop_it(self):
        with socket.create_connection(("127.0.0.1", self.port)) as slow:
            slow.sendall(b"GET /dicom-web/studies HTTP/1.1\r\nHost:")
            self.assertEqual(self.ask("/studies")[0], 200)


class Bulk(ServeCase):
    def test_large_values_come_by_their_address(self):
        document = bytes(i * 7 % 256 for i in range(150000))
        elements = pictures.image(4, 4, 8, uid="1.2.3.9", T00420011=("OB", document))
        elements[pictures.PIXELS] = ("OB", bytes(16))
        pictures.write(os.path.join(self.source, "a.dcm"), elements)
        self.serve()
        study = self.uids("/studies")[0]
        dataset = self.json("/studies/%s/metadata" % study)[0]
        headers, body = self.get(dataset["00420011"]["BulkDataURI"][len(self.root):])
        self.assertEqual([data for _, data in parts_of(headers["Content-Type"], body)], [document])


class ByWadokit(ServeCase):
    def test_search_get_info_thumb_and_verify_work_against_it(self):
        peers.make_phantom(self.source, "-n", "64", "ct:20", "us:4", "sr:1")
        self.serve()
        found = self.run_wadokit("--dicomweb", self.root, "search", "--modality", "CT", "--json").lines("study")
        self.assertEqual(len(found), 1)
        everything = [line["study"] for line in self.run_wadokit("--dicomweb", self.root, "search", "--json").lines("study")]
        for step in ("study", "series", "instance"):
            out = os.path.join(self.home, step)
            result = self.run_wadokit("--dicomweb", self.root, "get", "--json", "--by", step, "-o", out, *everything)
            self.assert_exit(result, 0)
            self.assertEqual((result.summary()["saved"], result.summary()["expected"]), (22, 22))
            self.assertEqual(self.digests(out), self.digests(self.source))
        self.assert_exit(self.run_wadokit("--dicomweb", self.root, "verify", os.path.join(self.home, "study")), 0)
        self.assertEqual(len(self.run_wadokit("--dicomweb", self.root, "info", "--json", found[0]["study"]).lines()), 20)
        self.assert_exit(self.run_wadokit("--dicomweb", self.root, "thumb", "-o", self.out, *everything), 0)
        tree = os.path.join(self.home, "tree")
        self.assert_exit(self.run_wadokit("--dicomweb", self.root, "get", "--layout", "dicomweb", "-o", tree, *everything), 0)
        self.assertEqual(self.digests(tree), self.digests(self.source))
        with open(os.path.join(tree, "studies", "index.json"), encoding="utf-8") as file:
            self.assertEqual(len(json.load(file)), len(everything))
        target = "%s/studies/%s/rendered" % (self.root, found[0]["study"])
        self.assert_exit(self.run_wadokit("get", "-o", self.out, target), 0)

    def test_a_static_tree_is_served_as_well(self):
        self.put_study()
        tree = os.path.join(self.home, "tree")
        self.assert_exit(self.run_wadokit("get", self.source, "--layout", "dicomweb", "-o", tree), 0)
        self.serve(target=tree)
        self.assertEqual((self.ready["studies"], self.ready["instances"], self.ready["failed"]), (2, 5, 0))
        headers, body = self.get(INSTANCE + "/frames/1")
        with open(tree + INSTANCE + "/frames/1", "rb") as file:
            self.assertEqual(body, file.read())

    def digests(self, folder):
        found = []
        for path in self.files(folder):
            with open(path, "rb") as file:
                found.append(file.read())
        return sorted(found)

    def files(self, folder):
        return [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names if name.endswith(".dcm")]

    @unittest.skipIf(peers.SANITIZED, "memory of serve: figures mean nothing with sanitizers")
    def test_memory_does_not_grow_with_what_is_sent(self):
        peers.make_phantom(self.source, "us:60", "ct:100")
        self.serve()
        peak = [0]
        study = [r["0020000D"]["Value"][0] for r in self.json("/studies")]
        for path in ["/studies/" + s for s in study] + ["/studies/%s/metadata" % s for s in study]:
            self.get(path)
        for line in self.json("/instances?Modality=US"):
            base = line["00081190"]["Value"][0][len(self.root):]
            self.get(base + "/frames")
        peers.watch_memory(self.child.pid, peak)
        print("serve after 2 x 110 MB: peak %.1f MiB" % (peak[0] / peers.MIB))
        self.assertLess(peak[0], 48 << 20)


class Odd(ServeCase):
    def test_doubles_broken_files_and_hostile_uids_are_left_out(self):
        data = self.put("a", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1"))
        self.put("b", data)
        self.put("c", dicom_data.make_instance("../../x", "2.25.7.1", "2.25.7.1.2"))
        self.put("d", data[:200])
        self.serve()
        self.assertEqual((self.ready["instances"], self.ready["failed"]), (1, 3))

    def test_a_frame_that_cannot_be_read_is_told_by_the_status(self):
        path = "/studies/2.25.7/series/2.25.7.1/instances/2.25.7.1.1/frames/"
        self.put("a", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1", frames=3)[:-100])
        self.serve()
        self.assertEqual([self.ask(path + str(i))[0] for i in (1, 2, 3, 4)], [200, 200, 500, 404])
        os.truncate(os.path.join(self.source, "a"), os.path.getsize(os.path.join(self.source, "a")) - 1300)
        self.assertEqual(self.ask(path + "1")[0], 500)

    def test_nothing_to_serve_is_exit_4(self):
        self.put("notes.txt", b"no image")
        self.assert_exit(self.run_wadokit("serve", self.source), 4)

    def test_a_port_that_is_taken_is_said(self):
        self.put("a", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1"))
        self.serve()
        result = self.run_wadokit("serve", self.source, "--port", str(self.port))
        self.assert_exit(result, 7)
        self.assertIn("--port", result.err)

    def test_a_signal_ends_it_with_success_also_while_sending(self):
        peers.make_phantom(self.source, "us:60")
        for number in (signal.SIGINT, signal.SIGTERM):
            self.serve()
            with socket.create_connection(("127.0.0.1", self.port)) as slow:
                study = self.uids("/studies")[0]
                slow.sendall(("GET /dicom-web/studies/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (study, self.port)).encode())
                slow.recv(1000)
                self.child.send_signal(number)
                self.assertEqual(self.child.wait(20), 0)

    def test_one_other_origin_may_read_where_it_is_named(self):
        self.put("a", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1"))
        self.serve("--cors", "https://viewer.example")
        self.assertEqual(self.get("/studies")[0]["Access-Control-Allow-Origin"], "https://viewer.example")
        status, headers, _ = self.ask("/studies", "OPTIONS", Origin="https://viewer.example")
        self.assertEqual((status, headers["Access-Control-Allow-Methods"]), (200, "GET, HEAD"))
        for origin in ("*", "viewer.example", "https://a b", "https://x/y", "https://"):
            self.assert_exit(self.run_wadokit("serve", self.source, "--cors", origin), 2)

    def test_a_viewers_site_stays_inside_its_folder(self):
        self.put("a", dicom_data.make_instance("2.25.7", "2.25.7.1", "2.25.7.1.1"))
        site = os.path.join(self.home, "site")
        os.makedirs(site + "/assets")
        for name, text in (("site/index.html", "<p>viewer"), ("site/assets/a.js", "1"), ("site/.secret", "x"), ("secret.js", "x")):
            self.write(name, text)
        os.symlink(self.home, site + "/link")
        self.serve("--viewer", site)
        self.assertEqual(self.ready["viewer"], "http://127.0.0.1:%d/" % self.port)
        for path, kind in (("!/", "text/html"), ("!/viewer?StudyInstanceUIDs=2.25.7", "text/html"), ("!/assets/a.js", "text/javascript"),
                           ("!/app-config.js", "text/javascript")):
            self.assertTrue(self.get(path)[0]["Content-Type"].startswith(kind), path)
        self.assertIn(b"/dicom-web", self.get("!/app-config.js")[1])
        for path in ("!/../secret.js", "!/%2e%2e/secret.js", "!/..%2fsecret.js", "!/.secret", "!/link/secret.js", "!/assets/b.js", "!//secret.js"):
            status, _, body = self.ask(path)
            self.assertFalse(status == 200 and b"viewer" not in body, path)
        self.assert_exit(self.run_wadokit("serve", self.source, "--viewer", self.source), 2)


if __name__ == "__main__":
    peers.main()
