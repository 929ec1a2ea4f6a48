#!/usr/bin/env python3
"""Files that would cost much more than their size: each costs itself and nothing else, and not much."""
import http.server
import os
import resource
import threading

import bombs
import peers
import pictures as pic

CPU_SECONDS, MEMORY = 10, 600 * peers.MIB
GOOD = "1.2.3.9"


class Handler(http.server.BaseHTTPRequestHandler):
    """WADO-RS of single instances, and nothing else."""

    files = {}

    def do_GET(self):
        uid = self.path.rsplit("/", 1)[-1]
        if uid not in self.files:
            self.send_error(404)
            return
        body = b"--b\r\nContent-Type: application/dicom\r\n\r\n" + self.files[uid] + b"\r\n--b--\r\n"
        self.send_response(200)
        self.send_header("Content-Type", 'multipart/related; type="application/dicom"; boundary=b')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Bombs(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.bombs = bombs.make()
        Handler.files = {"1.2.3.%d" % (100 + i): cls.bombs[name] for i, name in enumerate(cls.bombs)}
        Handler.files[GOOD] = bombs.part10(bombs.grey(uid=GOOD))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        cls.root = "http://127.0.0.1:%d" % server.server_port

    def put(self, name, folder="in"):
        os.makedirs(os.path.join(self.home, folder), exist_ok=True)
        path = os.path.join(self.home, folder, name + ".dcm")
        with open(path, "wb") as file:
            file.write(self.bombs.get(name) or Handler.files[GOOD])
        return path

    def cheap(self, *args):
        """Runs it, and looks at what it and its children used."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = self.run_wadokit(*args, timeout=120)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.assertLess(used, CPU_SECONDS * (6 if peers.SANITIZED else 1), str(result))
        if not peers.SANITIZED:
            self.assertLess(result.peak, MEMORY, str(result))
        return result

    def test_each_costs_little(self):
        for name in self.bombs:
            path = self.put(name, name)
            for command in ("info", "render", "thumb", "gallery"):
                with self.subTest(name, command=command):
                    out = [] if command == "info" else ["-o", os.path.join(self.home, name + ".html")] \
                        if command == "gallery" else ["-o", self.out]
                    target = os.path.dirname(path) if command == "gallery" else path
                    result = self.cheap(command, *out, target)
                    self.assert_exit(result, *((0,) if name.startswith(bombs.STREAMS) and command == "info" else (6,)))

    def test_the_others_of_a_folder_are_drawn(self):
        for name in list(self.bombs) + ["good"]:
            self.put(name)
        result = self.cheap("render", "--json", "-o", self.out, "in")
        self.assert_exit(result, 1)
        self.assertEqual(result.summary()["saved"], 1, str(result))
        self.assertEqual(result.summary()["failed"], len(self.bombs), str(result))
        self.assertEqual(pic.read_png(os.path.join(self.out, GOOD + ".png"))[:2], (4, 4))
        result = self.cheap("gallery", "-o", os.path.join(self.home, "g.html"), "in")
        self.assert_exit(result, 1)

    def test_from_a_server(self):
        for command in ("render", "thumb"):
            out = os.path.join(self.home, command)
            targets = ["1.2.3/1.2.3.1/" + uid for uid in Handler.files]
            result = self.cheap(command, "--json", "--retries", "0", "--dicomweb", self.root, "--per", "instance",
                                "-o", out, *targets) if command == "thumb" else \
                self.cheap(command, "--json", "--retries", "0", "--dicomweb", self.root, "-o", out, *targets)
            self.assert_exit(result, 1)
            self.assertEqual([one["sop"] for one in result.lines("image") if one["status"] == "saved"], [GOOD],
                             str(result))


if __name__ == "__main__":
    peers.main()
