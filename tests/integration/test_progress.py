#!/usr/bin/env python3
"""Bars on a terminal: what stands on the screen while a server sends step by step."""
import codecs
import errno
import fcntl
import http.server
import json
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
import time
import unittest

import peers
import dicom_data

COUNT = 10
PATIENCE = 60  # until something shows that has to


class Server(http.server.ThreadingHTTPServer):
    """Sends the instances of studies 2.25.1, 2.25.2 ... one by one, as `steps[uid]` lets it."""
    daemon_threads = True

    def __init__(self, studies):
        super().__init__(("127.0.0.1", 0), Handler)
        self.studies = {uid: dicom_data.make_study(uid, series=1, instances=COUNT) for uid in studies}
        self.steps = {uid: threading.Semaphore(0) for uid in studies}
        self.refusals = []  # (status, headers) of the next answers to questions for a body
        self.warning = None
        self.root = "http://127.0.0.1:%d/dicom-web" % self.server_port
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def step(self, uid, count=1):
        self.steps[uid].release(count)

    def handle_error(self, request, client_address):
        pass  # a client that was stopped


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        uid, _, what = self.path[len("/dicom-web/studies/"):].partition("/")
        study = self.server.studies[uid]
        if what.startswith("instances"):
            body = json.dumps([one.json() for one in study] if "offset=" not in what else []).encode()
            self.begin(200, [("Content-Type", "application/dicom+json"), ("Content-Length", len(body))])
            self.wfile.write(body)
        elif self.server.refusals:
            status, headers = self.server.refusals.pop(0)
            self.begin(status, headers + [("Content-Length", 0)])
        else:
            self.send_study(uid, study)

    def send_study(self, uid, study):
        # What says that an instance has ended is sent with it.
        head, end = b"\r\n--b\r\nContent-Type: application/dicom\r\n\r\n", b"\r\n--b--\r\n"
        pieces = [(head if number == 0 else b"") + one.data() + (head if number + 1 < len(study) else end)
                  for number, one in enumerate(study)]
        self.begin(200, [("Content-Type", 'multipart/related; type="application/dicom"; boundary=b'),
                         ("Content-Length", sum(map(len, pieces)))]
                   + ([("Warning", self.server.warning)] if self.server.warning else []))
        for piece in pieces:
            self.server.steps[uid].acquire()
            self.wfile.write(piece)

    def begin(self, status, headers):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, str(value))
        self.end_headers()

    def log_message(self, *args):
        pass


class Screen:
    """A terminal of some width that knows what a plain one knows; anything else is an error."""
    KNOWN = re.compile(r"\x1b\[([\d;]*)([AJKm])")

    def __init__(self, columns, rows=24):
        self.columns, self.rows = columns, rows
        self.lines, self.row, self.column = [""], 0, 0
        self.longest = 0
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.left = ""

    def feed(self, data):
        text = self.left + self.decoder.decode(data)
        self.left, at = "", 0
        while at < len(text):
            if text[at] == "\x1b":
                found = self.KNOWN.match(text, at)
                if not found and len(text) - at < 6:
                    self.left = text[at:]
                    return
                if not found:
                    raise AssertionError("an unknown sequence: %r" % text[at:at + 20])
                self.escape(found.group(2))
                at = found.end()
            else:
                self.put(text[at])
                at += 1

    def escape(self, what):
        if what == "A":
            self.row = max(0, self.row - 1)
        elif what in "JK":
            self.lines[self.row] = self.lines[self.row][:self.column]
            if what == "J":
                del self.lines[self.row + 1:]

    def put(self, char):
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.next_line()
        elif ord(char) < 32 or 0x7f <= ord(char) < 0xa0:
            raise AssertionError("a control character: %r" % char)
        else:
            if self.column == self.columns:
                self.column = 0
                self.next_line()
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[:self.column] + char + line[self.column + 1:]
            self.column += 1
            self.longest = max(self.longest, self.column)

    def next_line(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def text(self):
        return "\n".join(line.rstrip() for line in self.lines).rstrip("\n")


class Terminal:
    """wadokit with its stderr on a terminal."""

    def __init__(self, args, home, columns=100, rows=24, env=None):
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        environment = {"COLUMNS": "", "TERM": "xterm", "LC_ALL": "C"}
        environment.update(env or {})
        self.child = subprocess.Popen([peers.WADOKIT] + [str(arg) for arg in args], cwd=home,
                                      env=peers.environment(home, environment), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=slave)
        os.close(slave)
        self.bytes = b""

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen = Screen(columns, rows)

    def read(self, wait):
        """False at the end."""
        if not select.select([self.master], [], [], wait)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.bytes += data
        self.screen.feed(data)
        return bool(data)

    def until(self, pattern):
        """Reads until the screen shows it."""
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.screen.text()):
            if time.monotonic() > end or not self.read(1):
                raise AssertionError("no %r on the screen:\n%s" % (pattern, self.screen.text()))
        return self.screen.text()

    def finish(self):
        """The exit status, and what stands on the screen at the end."""
        while self.read(PATIENCE):
            pass
        return self.child.wait(PATIENCE), self.screen.text()

    def stop(self):
        peers.stop(self.child)
        os.close(self.master)


class Progress(peers.Case):
    def setUp(self):
        super().setUp()
        self.server = Server(("2.25.1", "2.25.2"))
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def terminal(self, *more, studies=("2.25.1", "2.25.2"), **keywords):
        found = Terminal(["get", "--dicomweb", self.server.root, "-o", self.out, *more, *studies], self.home,
                         **keywords)
        self.addCleanup(found.stop)
        return found

    def let_all_go(self):
        for uid in self.server.steps:
            self.server.step(uid, COUNT)

    def test_bars_for_what_is_under_way_and_for_all_of_it(self):
        term = self.terminal()
        self.server.step("2.25.1", 4)
        term.until(r"(?m)^2\.25\.1 +#{8}\.{12} +4\d% +4/10 ")
        self.server.step("2.25.2", 1)
        text = term.until(r"(?m)^2\.25\.2 +##\.{18} +1\d% +1/10 ")
        self.assertRegex(text, r"(?m)^total +#{5}\.{15} +2\d% +5/20 +\S+ KiB", text)
        self.assertEqual(len(text.splitlines()), 3, text)
        self.server.step("2.25.2", COUNT)
        term.until(r"^2\.25\.1 +#{8}\.{12} +\d\d% +4/10 [^\n]*\ntotal +#{14}\.{6} +7\d% +14/20 |"
                   r"^2\.25\.1 +#{14}\.{6} +7\d% +14/20 ")
        self.let_all_go()
        code, text = term.finish()
        self.assertEqual(code, 0, text)
        self.assertRegex(text, r"^wadokit: 20 saved, 0 kept, 0 missing, 0 failed; \S+ KiB in \S+ s$")

    def test_no_line_is_as_wide_as_the_terminal_not_even_after_it_was_made_narrower(self):
        term = self.terminal(columns=100)
        self.server.step("2.25.1", 3)
        term.until("3/10")
        term.until("total")
        self.assertLess(term.screen.longest, 100)
        term.resize(34)
        self.server.step("2.25.1", 2)
        term.until(r"(?m)^total.* 5/20")
        term.resize(18)
        self.server.step("2.25.1", 2)
        term.until(r"(?m)7/20")
        self.assertLess(term.screen.longest, 18)
        self.let_all_go()
        self.assertEqual(term.finish()[0], 0)

    def test_columns_of_the_environment_count_more_than_the_terminal(self):
        term = self.terminal(env={"COLUMNS": "40"})
        self.server.step("2.25.1", 3)
        term.until("3/20")
        self.assertLess(term.screen.longest, 40)

    def test_blocks_in_utf8_and_plain_characters_elsewhere(self):
        for locale, full, empty in (("en_GB.UTF-8", "█", "░"), ("C", "#", "."), ("ja_JP.UTF-8", "#", ".")):
            with self.subTest(locale):
                term = self.terminal(studies=["2.25.1"], env={"LC_ALL": locale})
                self.server.step("2.25.1", 5)
                term.until("(?m)^2[.]25[.]1 +%s{10}%s{10} +5\\d%%" % (re.escape(full), re.escape(empty)))
                self.let_all_go()
                self.assertEqual(term.finish()[0], 0)
                self.server.steps = {uid: threading.Semaphore(0) for uid in self.server.steps}
                peers.shutil.rmtree(self.out)

    def test_patience_stands_below_the_bars(self):
        self.server.refusals = [(503, [("Retry-After", 2)])]
        term = self.terminal(studies=["2.25.1"])
        text = term.until(r"503: the server is fetching, waiting \d s")
        self.assertRegex(text.splitlines()[-1], r"^http://127\.0\.0\.1:\d+: 503: the server is fetching")
        self.let_all_go()
        code, text = term.finish()
        self.assertEqual(code, 0, text)
        self.assertNotIn("waiting", text)

    def test_messages_stand_above_the_bars_and_hold_no_escapes_of_a_server(self):
        self.server.warning = '299 pacs "a\x1b[2Jb\x1b]0;x\x07"'
        term = self.terminal(studies=["2.25.1"])
        self.server.step("2.25.1", 5)
        text = term.until(r"5\d%.* 5/10")
        self.assertIn("warning: the server warns: 299 pacs", text.splitlines()[0])
        self.assertRegex(text.splitlines()[-1], r"5\d%")
        self.let_all_go()
        self.assertEqual(term.finish()[0], 0)

    def test_an_interrupted_run_leaves_no_bar(self):
        term = self.terminal(studies=["2.25.1"])
        self.server.step("2.25.1", 5)
        term.until(r"5\d%.* 5/10")
        term.child.terminate()
        code, text = term.finish()
        self.assertNotEqual(code, 0)
        self.assertNotIn("%", text)

    def test_quiet_where_nobody_wants_bars(self):
        for more, env in ((["--no-progress"], {}), (["-q"], {}), ([], {"TERM": "dumb"}), (["-v"], {})):
            with self.subTest(more + list(env)):
                self.let_all_go()
                term = self.terminal(*more, studies=["2.25.1"], env=env)
                code, text = term.finish()
                self.assertEqual(code, 0, text)
                self.assertNotIn(b"\x1b", term.bytes)
                self.assertNotIn("%", text)
                if more == ["-v"]:
                    self.assertRegex(text, r"(?m)^wadokit: studies/2\.25\.1: 10 of 10 instances, \d+ bytes received$")
                peers.shutil.rmtree(self.out)

    def test_nothing_in_a_pipe(self):
        self.let_all_go()
        result = self.run_wadokit("get", "--dicomweb", self.server.root, "-o", self.out, "2.25.1")
        self.assert_exit(result, 0)
        self.assertRegex(result.err, r"^wadokit: 10 saved.*\n$")


if __name__ == "__main__":
    peers.main()
