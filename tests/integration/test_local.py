#!/usr/bin/env python3
"""`get` and its folder: kills at any moment, a full disk, links, locks, names, a reader that goes away.

WADOKIT_KILLS says how many kills there are (100 where it is not set), WADOKIT_PART_MIB how large the
large part is (256).
"""
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import peers
import dicom_data

STUDY = "2.25.1001"
SERIES, COUNT = 4, 25
WHOLE = {one.sop: one.data() for one in dicom_data.make_study(STUDY, series=SERIES, instances=COUNT)}
PART = int(os.environ.get("WADOKIT_PART_MIB", "256")) * peers.MIB
KILLS = int(os.environ.get("WADOKIT_KILLS", "100"))


class OnePart:
    """Answers every request for a study with one instance of `size` bytes of pixels, made as it is sent."""

    def __init__(self, size):
        self.size = size
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.root = "http://127.0.0.1:%d/dicom-web" % self.listener.getsockname()[1]
        whole = dicom_data.make_instance(STUDY, STUDY + ".1", STUDY + ".1.1", rows=1, columns=1)
        self.head = (b"--B\r\nContent-Type: application/dicom\r\n\r\n"
                     + whole[:-6] + size.to_bytes(4, "little"))
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        with connection, connection.makefile("rb") as stream:
            line = stream.readline()
            while stream.readline() not in (b"\r\n", b""):
                pass
            if not line.startswith(b"GET /dicom-web/studies/%s " % STUDY.encode()):
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            tail = b"\r\n--B--\r\n"
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: multipart/related; boundary=B\r\nConnection: close\r\n"
                               b"Content-Length: %d\r\n\r\n" % (len(self.head) + self.size + len(tail)) + self.head)
            block = bytes(peers.MIB)
            for _ in range(self.size // len(block)):
                connection.sendall(block)
            connection.sendall(tail)

    def stop(self):
        self.listener.close()


class Local(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer("--generate", "%dx%d" % (SERIES, COUNT))
        cls.addClassCleanup(cls.peer.stop)
        cls.root = cls.peer.main + "/dicom-web"

    def command(self, *more, scenario=None):
        root = self.root if not scenario else "%s/s/%s/dicom-web" % (self.peer.main, scenario)
        return ["get", "--no-progress", "--dicomweb", root, "-o", self.out, STUDY] + list(more)

    def check_whole(self, known=()):
        """Every file that has a name is whole; their names."""
        found = self.dcm_files()
        for sop, path in found.items():
            if sop not in known:
                with open(path, "rb") as file:
                    self.assertEqual(file.read(), WHOLE[sop], path)
        return set(found)

    def limited(self, size):
        """Runs with no file longer than `size` bytes: what a full disk looks like to a program."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        return subprocess.run([peers.WADOKIT] + self.command(), env=peers.environment(self.home), cwd=self.home,
                              capture_output=True, timeout=60, preexec_fn=limit, check=False)

    def test_kills_at_random_moments_lose_nothing(self):
        rng, known, complete = random.Random(1), set(), 0
        for _ in range(KILLS):
            child = peers.start(self.command("-j", str(rng.choice((1, 2, 4))), scenario=rng.choice(
                (None, "dribble", "reset-once", "study-breaks"))), self.home)
            time.sleep(rng.random() ** 2 * 0.15)
            child.kill()
            child.communicate()
            now = self.check_whole(known)
            self.assertLessEqual(known, now, "an instance that was whole is gone")
            known = now
            if len(known) == len(WHOLE):
                complete += 1
                shutil.rmtree(self.out)
                known = set()
        result = self.run_wadokit(*self.command("--json"))
        self.assert_exit(result, 0)
        self.assertEqual(len(self.check_whole()), len(WHOLE))
        self.assertEqual(os.listdir(os.path.join(self.out, ".wadokit", "tmp")), [])
        self.assert_exit(self.run_wadokit("verify", self.out), 0)
        print("%d kills, %d times complete meanwhile" % (KILLS, complete), end=" ", flush=True)

    def test_a_rerun_sees_a_changed_size_always_and_other_bytes_where_digests_are_asked_for(self):
        self.assert_exit(self.run_wadokit(*self.command()), 0)
        flipped, cut, longer = sorted(WHOLE)[:3]
        files = self.dcm_files()
        with open(files[flipped], "r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(bytes([WHOLE[flipped][-1] ^ 1]))
        os.truncate(files[cut], len(WHOLE[cut]) - 3)
        with open(files[longer], "ab") as file:  # a whole instance still: it may be somebody's work
            file.write(dicom_data.write_element(0xFFFCFFFC, "OB", b"\0" * 8))
        result = self.run_wadokit(*self.command("--json"))
        self.assert_exit(result, 0)
        self.assertEqual((result.summary()["saved"], result.summary()["kept"]), (2, len(WHOLE) - 2), str(result))
        said = {line["sop"]: line for line in result.lines("instance") if line["error"]}
        self.assertEqual(set(said), {cut, longer})
        self.assertIn("had changed", said[cut]["error"])
        self.assertTrue(said[longer]["path"].endswith(longer + "-2.dcm"))
        result = self.run_wadokit(*self.command("--json", "--check", "digest"))
        self.assert_exit(result, 0)
        self.assertEqual(result.summary()["saved"], 1, str(result))
        self.assertRegex(result.err, "saved %s: its file had changed" % flipped)
        self.check_whole({longer, longer + "-2"})
        with open(self.dcm_files()[longer + "-2"], "rb") as file:
            self.assertEqual(file.read(), WHOLE[longer])
        result = self.run_wadokit(*self.command("--json", "--check", "digest"))
        self.assertEqual(result.summary()["kept"], len(WHOLE), str(result))

    def test_a_changed_file_that_cannot_be_had_again_is_named_and_stays(self):
        self.assert_exit(self.run_wadokit(*self.command()), 0)
        path = self.dcm_files()[min(WHOLE)]
        os.truncate(path, 1000)
        result = self.run_wadokit(*self.command("--json", "--by", "instance", "--retries", "0", scenario="instances-gone"))
        self.assert_exit(result, 1)
        self.assertRegex(result.err, "missing %s: its file has changed" % min(WHOLE))
        self.assertEqual(os.path.getsize(path), 1000)

    def test_an_interrupt_ends_soon_and_leaves_no_temporary_file(self):
        child = peers.start(self.command(scenario="slow"), self.home)
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=10)
        self.assertEqual(child.returncode, 130)
        self.check_whole()
        self.assertEqual(os.listdir(os.path.join(self.out, ".wadokit", "tmp")), [])

    def test_a_full_disk_is_exit_7_and_the_next_run_goes_on(self):
        result = self.limited(600)
        self.assertEqual(result.returncode, 7, result.stderr)
        self.assertRegex(result.stderr.decode(), "cannot write")
        self.check_whole()
        self.assert_exit(self.run_wadokit(*self.command()), 0)
        self.assertEqual(len(self.check_whole()), len(WHOLE))

    def test_a_journal_that_cannot_grow_is_exit_7_and_the_next_run_goes_on(self):
        result = self.limited(8000)  # some instances fit, the journal does not
        self.assertEqual(result.returncode, 7, result.stderr)
        self.assertRegex(result.stderr.decode(), "journal")
        self.check_whole()
        self.assert_exit(self.run_wadokit(*self.command()), 0)
        self.assertEqual(len(self.check_whole()), len(WHOLE))
        self.assert_exit(self.run_wadokit("verify", self.out), 0)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mount"), "only root can mount a small disk")
    def test_a_small_disk_that_runs_full(self):
        os.mkdir(self.out)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", self.out], check=False,
                          capture_output=True).returncode != 0:
            self.skipTest("mount is not allowed here")
        try:
            result = self.run_wadokit(*self.command())
            self.assert_exit(result, 7)
            self.assertIn("No space left", result.err)
            self.assertGreater(len(self.check_whole()), 0)
        finally:
            subprocess.run(["umount", self.out], check=True)

    def test_links_in_the_tree_lead_nowhere(self):
        elsewhere = os.path.join(self.home, "elsewhere")
        os.mkdir(elsewhere)
        for link, code in ((STUDY, 8), (os.path.join(STUDY, STUDY + ".1"), 1), (".wadokit", 8)):
            with self.subTest(link):
                path = os.path.join(self.out, link)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                os.symlink(elsewhere, path)
                result = self.run_wadokit(*self.command())
                self.assert_exit(result, code)
                self.assertRegex(result.err, "link")
                self.assertEqual(os.listdir(elsewhere), [])
                shutil.rmtree(self.out)

    def test_a_link_in_place_of_a_file_is_not_written_through(self):
        outside = self.write("outside.dcm", "mine")
        path = os.path.join(self.out, STUDY, STUDY + ".1", STUDY + ".1.1.dcm")
        os.makedirs(os.path.dirname(path))
        os.symlink(outside, path)
        self.run_wadokit(*self.command())
        with open(outside, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")

    def test_two_runs_on_one_folder(self):
        first = peers.start(self.command(scenario="slow"), self.home)
        try:
            for _ in range(100):
                if os.path.exists(os.path.join(self.out, ".wadokit", "lock")):
                    break
                time.sleep(0.02)
            time.sleep(0.1)
            second = self.run_wadokit(*self.command())
            self.assert_exit(second, 7)
            self.assertIn("another run is writing here", second.err)
            self.assert_exit(self.run_wadokit("verify", self.out), 7)
        finally:
            first.communicate(timeout=60)
        self.assertEqual(first.returncode, 0)
        self.assertEqual(len(self.check_whole()), len(WHOLE))

    def test_a_name_that_is_too_long(self):
        result = self.run_wadokit(*self.command("--name", "x" * 300))
        self.assert_exit(result, 7)
        self.assertRegex(result.err, "long|bytes")

    def test_a_reader_that_goes_away(self):
        child = peers.start(self.command("--json", scenario="slow"), self.home)
        child.stdout.readline()
        child.stdout.close()
        words = child.stderr.read()
        child.stderr.close()
        self.assertEqual(child.wait(30), -signal.SIGPIPE, words)
        self.check_whole()
        self.assertEqual(os.listdir(os.path.join(self.out, ".wadokit", "tmp")), [])

    def test_memory_does_not_grow_with_the_size_of_a_part(self):
        server = OnePart(PART)
        self.addCleanup(server.stop)
        result = self.run_wadokit("get", "--json", "--no-progress", "--dicomweb", server.root, "-o", self.out, STUDY,
                                  timeout=600)
        self.assert_exit(result, 0)
        (path,) = self.dcm_files().values()
        self.assertGreater(os.path.getsize(path), PART)
        if not peers.SANITIZED:
            self.assertGreater(result.peak, 0)
            self.assertLess(result.peak, 24 * peers.MIB)
        print("a part of %d MiB: peak %.1f MiB" % (PART // peers.MIB, result.peak / peers.MIB), end=" ", flush=True)

    def test_memory_does_not_grow_with_the_number_of_targets(self):
        targets = self.write("targets", "".join("%s/%s.%d\n" % (STUDY, STUDY, 1 + i % SERIES) for i in range(400)))
        result = self.run_wadokit("get", "-q", "--dicomweb", self.root, "-o", self.out, "-T", targets, timeout=120)
        self.assert_exit(result, 0)
        if not peers.SANITIZED:
            self.assertLess(result.peak, 24 * peers.MIB)


if __name__ == "__main__":
    peers.main()
