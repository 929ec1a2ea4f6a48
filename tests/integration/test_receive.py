#!/usr/bin/env python3
"""What `get` makes of bodies that are framed in odd ways: line ends now so, now so; delimiters inside of pixels."""
import itertools
import os
import unittest

import peers
import dicom_data

STUDY, SERIES = "2.25.7", "2.25.7.1"


def instance(number, last):
    """A whole instance whose last byte is `last`."""
    data = dicom_data.make_instance(STUDY, SERIES, "%s.%d" % (SERIES, number))
    return data[:-len(last)] + last


class Receive(peers.Case):
    def serve(self, body, kind):
        server = peers.Server(lambda request: (200, {"Content-Type": kind}, body)
                              if request.path.endswith(("/studies/" + STUDY, "/series/" + SERIES))
                              else (404, {}, b""))
        self.addCleanup(server.stop)
        return server

    def get(self, body, kind='multipart/related; type="application/dicom"; boundary=bo', *args):
        server = self.serve(body, kind)
        return self.run_wadokit("get", "--dicomweb", server.url, "-o", self.out, "--retries", 0, "--json", STUDY, *args)

    def saved(self):
        return {os.path.relpath(path, self.out): self.read(path) for path in self.dcm_files().values()}

    def read(self, path):
        with open(path, "rb") as file:
            return file.read()


class LineEnds(Receive):
    def test_no_byte_of_an_instance_changes(self):
        ends = (b"\r\n", b"\n")
        for at, (before, behind, header, last) in enumerate(itertools.product(
                ends, ends, ends, (b"xy", b"x\r", b"x\n", b"\r\n", b"\r\r"))):
            parts = [instance(number, last) for number in (1, 2, 3)]
            body = b"preamble" + behind
            for number, part in enumerate(parts):
                kind = header if number != 1 else ends[1 - ends.index(header)]
                body += (before if number else b"") + b"--bo" + behind + b"Content-Type: application/dicom" + kind + kind + part
            body += before + b"--bo--" + behind + b"epilogue"
            with self.subTest(before=before, behind=behind, header=header, last=last):
                self.out = os.path.join(self.home, "out%d" % at)
                self.assert_exit(self.get(body), 0)
                self.assertEqual(sorted(self.saved().values()), sorted(parts))

    def test_a_delimiter_inside_of_pixels(self):
        for at, inside in enumerate((b"\n--bo\r\n", b"\r\n--box\r\n", b"--bo--", b"\r\n--bo-\r\n", b"\n--bo--")):
            part = instance(1, inside + b"zz")
            body = b"".join(b"--bo\r\nContent-Type: application/dicom\r\n\r\n" + one + b"\r\n" for one in
                            (part, instance(2, b"x\r"))) + b"--bo--\r\n"
            with self.subTest(inside=inside):
                self.out = os.path.join(self.home, "out%d" % at)
                self.assert_exit(self.get(body), 0)
                self.assertEqual(sorted(self.saved().values()), sorted((part, instance(2, b"x\r"))))


if __name__ == "__main__":
    peers.main()
