#!/usr/bin/env python3
"""-j: transfers side by side on few connections (one, with HTTP/2), and few open files.

nginx serves prebuilt answers, and its log tells which request came on which connection, and when.
"""
import json
import os
import resource
import shutil
import subprocess
import unittest

import peers
import dicom_data

STUDY = "2.25.1001"
SERIES, COUNT = 4, 5
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
CONF = """worker_processes 1; daemon off; pid {dir}/nginx.pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{ log_format it '$connection $server_protocol $msec $request_time $request_uri'; access_log {dir}/access it;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f;
  uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  {more}
  server {{ listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl http2;
    ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem; root {dir}/www;
    location ~ ^/studies/[0-9.]+/instances$ {{ types {{ }} default_type application/dicom+json; try_files /list =404; }}
    location ~ /instances/([0-9.]+)$ {{ types {{ }} {rate}
      default_type 'multipart/related; type="application/dicom"; boundary=b'; try_files /$1 =404; }}
    location ~ /series/([0-9.]+)$ {{ types {{ }} {rate}
      default_type 'multipart/related; type="application/dicom"; boundary=b'; try_files /$1 =404; }} }} }}
"""


def multipart(instances):
    return b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n" + one.data() + b"\r\n" for one in instances) \
        + b"--b--\r\n"


class Request:
    def __init__(self, line):
        self.connection, self.protocol, end, took, self.path = line.split()
        self.end = float(end)
        self.begin = self.end - float(took)


@unittest.skipUnless(NGINX, "nginx is not installed")
class Parallel(peers.Case):
    def serve(self, rate="", more=""):
        """The root of plain HTTP, and that of HTTPS with HTTP/2; `more` is configuration."""
        self.folder = os.path.join(self.home, "nginx")
        os.makedirs(self.folder + "/www")
        os.chmod(self.home, 0o755)
        instances = dicom_data.make_study(STUDY, series=SERIES, instances=COUNT, rows=64, columns=64)
        for number in range(1, SERIES + 1):
            uid = "%s.%d" % (STUDY, number)
            self.put(uid, multipart([one for one in instances if one.series == uid]))
        for one in instances:
            self.put(one.sop, multipart([one]))
        self.put("list", json.dumps([one.json() for one in instances]).encode())
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                        self.folder + "/key.pem", "-out", self.folder + "/cert.pem"], check=True, capture_output=True)
        plain, tls = peers.free_port(), peers.free_port()
        with open(self.folder + "/nginx.conf", "w", encoding="utf-8") as file:
            file.write(CONF.format(dir=self.folder, plain=plain, tls=tls, rate=rate, more=more))
        child = subprocess.Popen([NGINX, "-p", self.folder, "-c", self.folder + "/nginx.conf"],
                                 stdin=subprocess.DEVNULL)
        self.addCleanup(peers.stop, child)
        for _ in range(200):
            try:
                peers.socket.create_connection(("127.0.0.1", tls)).close()
                break
            except OSError:
                peers.time.sleep(0.05)
        return "http://127.0.0.1:%d" % plain, "https://127.0.0.1:%d" % tls

    def put(self, name, data):
        with open(os.path.join(self.folder, "www", name), "wb") as file:
            file.write(data)

    def requests(self, what, count):
        """Those of a path, of which there are so many (None: what there is); the log is written when an answer has
        gone."""
        found = []
        for _ in range(200):
            with open(self.folder + "/access", encoding="ascii") as file:
                found = [Request(line) for line in file if line.endswith("\n") and what in line]
            if count is None or len(found) >= count:
                break
            peers.time.sleep(0.05)
        self.assertEqual(len(found), count or len(found))
        return found

    def get(self, root, *more):
        result = self.run_wadokit("get", "--dicomweb", root, "--cacert", self.folder + "/cert.pem", "-o", self.out,
                                  "--json", *more, STUDY)
        self.assert_exit(result, 0)
        self.assertEqual(result.summary()["saved"], SERIES * COUNT, str(result))

    def test_series_come_side_by_side_on_one_connection_of_http2(self):
        # Slow enough that the second one begins before the first one ends.
        root = self.serve("limit_rate 30k;")[1]
        self.get(root, "--by", "series", "-j", "4")
        seen = self.requests("/series/", SERIES)
        self.assertEqual({one.protocol for one in seen}, {"HTTP/2.0"})
        self.assertEqual(len({one.connection for one in self.requests("/s", None)}), 1, "one connection")
        first = min(one.end for one in seen)
        self.assertEqual(sum(one.begin < first for one in seen), SERIES, "all at once")

    def test_no_more_at_once_than_j_says(self):
        root = self.serve("limit_rate 30k;")[1]
        self.get(root, "--by", "series", "-j", "2")
        seen = self.requests("/series/", SERIES)
        for one in seen:
            self.assertLessEqual(sum(other.begin <= one.begin < other.end for other in seen), 2)

    def test_a_server_that_ends_connections_costs_no_instance(self):
        """With HTTP/2 it says so by GOAWAY, also to transfers that are under way."""
        for root in self.serve(more="keepalive_requests 4;"):
            with self.subTest(root):
                shutil.rmtree(self.out, ignore_errors=True)
                self.get(root, "--by", "instance", "-j", "6")
                seen = {one.connection for one in self.requests("/instances/", None)}
                self.assertGreaterEqual(len(seen), SERIES * COUNT // 4)

    def test_connections_of_http1_are_used_again(self):
        root = self.serve()[0]
        self.get(root, "--by", "instance", "-j", "3")
        seen = self.requests("/instances/", SERIES * COUNT)
        self.assertLessEqual(len({one.connection for one in seen}), 3)


class OpenFiles(peers.Case):
    def test_few_files_are_open_whatever_the_number_of_instances(self):
        peer = peers.Peer("--generate", "4x40")
        self.addCleanup(peer.stop)

        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        for by in ("study", "series", "instance"):
            with self.subTest(by):
                result = subprocess.run(
                    [peers.WADOKIT, "get", "-q", "--by", by, "-j", "6", "--dicomweb", peer.main + "/dicom-web", "-o",
                     os.path.join(self.home, by), STUDY], env=peers.environment(self.home), capture_output=True,
                    timeout=120, preexec_fn=limit, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(len(self.dcm_files(os.path.join(self.home, by))), 160)


if __name__ == "__main__":
    peers.main()
