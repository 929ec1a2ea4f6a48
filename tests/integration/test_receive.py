#!/usr/bin/env python3
"""What `get` makes of bodies that are framed in odd ways: line ends now so, now so; delimiters inside of pixels."""
import itertools
import os
import struct
import subprocess

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



def bare(data):
    """The data set of a file alone."""
    return data[144 + struct.unpack_from("<I", data, 140)[0]:]


def implicit(data):
    return b"".join(struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(value)) + value
                    for tag, vr, value in dicom_data.elements(bare(data), 0, True))


class DataSets(Receive):
    """Instances that come without the beginning of a file."""

    def one(self, part, kind="application/dicom", *args):
        self.out = os.path.join(self.home, "out%d" % len(os.listdir(self.home)))
        return self.get(b"--bo\r\nContent-Type: " + kind.encode() + b"\r\n\r\n" + part + b"\r\n--bo--\r\n", *args)

    def check(self, part, syntax, kind="application/dicom"):
        """It is a file, by DCMTK's word too, whose data set has every byte of what came."""
        result = self.one(part, kind)
        self.assert_exit(result, 0)
        self.assertIn("came without", result.err)
        data, = self.saved().values()
        path, = self.dcm_files().values()
        self.assertIn("yes", subprocess.run(["dcmftest", path], capture_output=True, text=True).stdout)
        self.assertEqual(bare(data), part)
        meta = {tag: dicom_data.text(value) for tag, vr, value in dicom_data.elements(data[:-len(part)], 132, True)}
        self.assertEqual((meta[0x00020002], meta[0x00020003], meta[0x00020010]),
                         ("1.2.840.10008.5.1.4.1.1.7", SERIES + ".1", syntax))

    def test_a_data_set_becomes_a_file(self):
        whole = instance(1, b"xy")
        self.check(bare(whole), dicom_data.ELE)
        self.check(implicit(whole), dicom_data.IMPLICIT)
        # What the data set is not, nobody makes it by saying so.
        self.check(implicit(whole), dicom_data.IMPLICIT, "application/dicom; transfer-syntax=" + dicom_data.ELE)

    def test_file_meta_information_without_a_preamble(self):
        whole = instance(1, b"xy")
        result = self.one(whole[132:])
        self.assert_exit(result, 0)
        self.assertIn("came without a preamble", result.err)
        self.assertEqual(list(self.saved().values()), [whole])

    def test_compressed_pixels_need_somebody_to_say_how(self):
        whole = instance(1, b"xy")
        at = whole.rindex(struct.pack("<HH2sH", 0x7FE0, 0x0010, b"OW", 0))
        pixels = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + b"".join(
            struct.pack("<HHI", 0xFFFE, number, len(value)) + value
            for number, value in ((0xE000, b""), (0xE000, b"\xff\xd8\xff\xd9"), (0xE0DD, b"")))
        part = bare(whole[:at] + pixels)
        result = self.one(part)
        self.assert_exit(result, 1, 6)
        self.assertIn("whose transfer syntax nobody tells", result.out)
        self.assertEqual(self.saved(), {})
        self.check(part, "1.2.840.10008.1.2.4.50", "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.50")

    def test_a_data_set_that_names_no_class_is_none(self):
        whole = instance(1, b"xy")
        part = bare(whole).replace(dicom_data.write_element(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7"), b"")
        result = self.one(part)
        self.assert_exit(result, 1, 6)
        self.assertIn("SOP Class UID", result.out)
        self.assertEqual(self.saved(), {})

    def test_a_second_run_keeps_it(self):
        part = bare(instance(1, b"xy"))
        self.assert_exit(self.one(part), 0)
        out, body = self.out, b"--bo\r\n\r\n" + part + b"\r\n--bo--\r\n"
        result = self.get(body)
        self.assertEqual((self.out, result.summary()["saved"], result.summary()["kept"]), (out, 0, 1))


if __name__ == "__main__":
    peers.main()
