#!/usr/bin/env python3
"""`get` over HTTP/2, against nginx: many transfers on few connections, and a server that ends connections."""
import os
import shutil
import subprocess
import unittest

import peers
import dicom_data

STUDY = "2.25.1001"
WHOLE = {one.sop: one for one in dicom_data.make_study(STUDY, series=2, instances=30)}
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
CONFIG = """{user} worker_processes 1; daemon off; pid {dir}/nginx.pid; error_log stderr crit;
events {{ worker_connections 64; }}
http {{ log_format one '$connection $server_protocol $status'; access_log {dir}/seen one;
  client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u;
  scgi_temp_path {dir}/s; keepalive_requests {requests};
  server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/key.pem;
    root {dir}/www; default_type application/dicom; }} }}
"""


@unittest.skipUnless(NGINX and shutil.which("openssl"), "nginx or openssl is not installed")
class OverTwo(peers.Case):
    def start(self, requests):
        """nginx that ends a connection (GOAWAY) after so many requests."""
        port = peers.free_port()
        folder = os.path.join(self.home, "nginx")
        os.makedirs(folder)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                        "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder + "/key.pem",
                        "-out", folder + "/cert.pem"], check=True, capture_output=True)
        for one in WHOLE.values():
            path = "%s/www/dicom-web/studies/%s/series/%s/instances/%s" % (folder, STUDY, one.series, one.sop)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(one.data())
        with open(folder + "/nginx.conf", "w", encoding="utf-8") as file:
            file.write(CONFIG.format(dir=folder, port=port, requests=requests,
                                     user="user root;" if os.geteuid() == 0 else ""))
        child = subprocess.Popen([NGINX, "-p", folder, "-c", folder + "/nginx.conf"], stdin=subprocess.DEVNULL)
        self.addCleanup(peers.stop, child)
        for _ in range(200):
            try:
                peers.socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                peers.time.sleep(0.05)
        self.seen, self.cacert = folder + "/seen", folder + "/cert.pem"
        return "https://127.0.0.1:%d/dicom-web" % port

    def get_all(self, root):
        targets = self.write("targets", "".join("%s/%s/%s\n" % (STUDY, one.series, one.sop) for one in WHOLE.values()))
        result = self.run_wadokit("get", "--json", "--no-progress", "-j", "8", "--cacert", self.cacert, "--dicomweb",
                                  root, "-o", self.out, "-T", targets, timeout=60)
        self.assert_exit(result, 0)
        for sop, path in self.dcm_files().items():
            with open(path, "rb") as file:
                self.assertEqual(file.read(), WHOLE[sop].data())
        self.assertEqual(result.summary()["saved"], len(WHOLE))
        with open(self.seen, encoding="utf-8") as file:
            lines = [line.split() for line in file]
        self.assertEqual({line[1] for line in lines}, {"HTTP/2.0"})
        return {line[0] for line in lines}, lines

    def test_transfers_share_a_connection(self):
        connections, lines = self.get_all(self.start(10000))
        self.assertEqual(len(lines), len(WHOLE))
        self.assertEqual(len(connections), 1)

    def test_a_server_that_ends_connections_costs_no_instance(self):
        connections, lines = self.get_all(self.start(7))
        self.assertGreaterEqual(len(connections), len(WHOLE) // 7)


if __name__ == "__main__":
    peers.main()
