#!/usr/bin/env python3
"""info --csv over a cohort: one row a series, character sets, private tags, sequences by path; local and remote."""
import csv
import io
import os

import peers
import pictures as pic

JAPANESE = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"  # PS3.5 H.3.1
KOREAN = b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"  # PS3.5 I.2
NAMES = {
    "\\ISO 2022 IR 87": (JAPANESE, "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "\\ISO 2022 IR 149": (KOREAN, "Hong^Gildong=洪^吉洞=홍^길동"),
    "GB18030": (b"Wang^XiaoDong=" + "王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
    "ISO_IR 192": ("Müller^Jörg, \"x\"".encode(), "Müller^Jörg, \"x\""),
    "ISO_IR 144": ("Люкceмбypг".encode("iso8859_5"), "Люкceмбypг"),
}


def rows(result):
    return list(csv.reader(io.StringIO(result.out)))


class Info(peers.Case):
    def setUp(self):
        """Two studies: a series for each character set, two instances in each."""
        super().setUp()
        self.cohort = os.path.join(self.home, "cohort")
        os.mkdir(self.cohort)
        for n, (charset, (name, _)) in enumerate(sorted(NAMES.items())):
            for k in (1, 2):
                elements = pic.image(2, 2, 8, uid="1.2.3.%d.%d" % (n, k))
                elements.update({0x00080005: ("CS", charset), 0x0020000D: ("UI", "1.2.%d" % (n % 2)),
                                 0x0020000E: ("UI", "1.2.3.%d" % n), 0x00100010: ("PN", name), 0x00100020: ("LO", "P%d" % (n % 2)),
                                 0x00090010: ("LO", "ACME 1.0"), 0x00091001: ("LO", "private"),
                                 0x00400275: ("SQ", [{0x00400009: ("SH", "A")}, {0x00400009: ("SH", "B"), 0x0040100A: (
                                     "SQ", [{0x00080100: ("SH", "CODE")}])}])})
                elements[pic.PIXELS] = ("OB", bytes(4))
                pic.write(os.path.join(self.cohort, "%d-%d.dcm" % (n, k)), elements)
        self.names = [name for _, (_, name) in sorted(NAMES.items())]

    def info(self, *args, code=0):
        result = self.run_wadokit("info", "--csv", *args)
        self.assert_exit(result, code)
        return rows(result)

    def test_a_row_a_series_in_utf_8_with_columns_in_the_order_asked_for(self):
        got = self.info("-t", "PatientName,PatientID,SeriesInstanceUID,StudyDate", self.cohort)
        self.assertEqual(got[0], ["source", "PatientName", "PatientID", "SeriesInstanceUID", "StudyDate"])
        self.assertEqual([row[1:] for row in got[1:]],
                         [[name, "P%d" % (n % 2), "1.2.3.%d" % n, ""] for n, name in enumerate(self.names)])
        self.assertEqual(self.info("-t", "PatientName,PatientID,SeriesInstanceUID,StudyDate", self.cohort), got)

    def test_rows_by_study_and_by_instance(self):
        for level, count in (("study", 2), ("series", 5), ("instance", 10)):
            self.assertEqual(len(self.info("--per", level, "-t", "PatientID", self.cohort)), count + 1)

    def test_private_tags_and_paths_in_every_form(self):
        got = self.info("-t", "0009,1001,00091001,(0009,1001),RequestAttributesSequence[1].ScheduledProcedureStepID,"
                        "RequestAttributesSequence.ScheduledProcedureStepID,0040,0275[1].0040,100A[0].CodeValue,"
                        "RequestAttributesSequence[7].ScheduledProcedureStepID", os.path.join(self.cohort, "0-1.dcm"))
        self.assertEqual(got[0][1:4] + got[0][6:7], ["0009,1001", "00091001", "(0009,1001)", "0040,0275[1].0040,100A[0].CodeValue"])
        self.assertEqual(got[1][1:], ["private"] * 3 + ["B", "A", "CODE", ""])

    def test_a_tag_that_is_none_is_said_before_anything_is_printed(self):
        result = self.run_wadokit("info", "--csv", "-t", "PatientID,NoSuchThing", self.cohort)
        self.assert_exit(result, 2)
        self.assertEqual(result.out, "")
        self.assertIn("NoSuchThing", result.err)

    @peers.needs_orthanc()
    def test_a_cohort_on_a_server_has_the_same_rows_and_moves_no_pixels(self):
        folder = os.path.join(self.home, "orthanc")
        os.mkdir(folder)
        pacs = peers.Orthanc(folder)
        self.addCleanup(pacs.stop)
        pacs.load(self.cohort)
        found = self.run_wadokit("--json", "--dicomweb", pacs.root, "search")
        path = self.write("found.jsonl", found.out)
        tags = "PatientID,PatientName,0009,1001,RequestAttributesSequence[1].ScheduledProcedureStepID"
        there, here = self.info("-t", tags, path), self.info("-t", tags, self.cohort)
        self.assertEqual(there[0], here[0])
        self.assertEqual(sorted(row[1:] for row in there[1:]), sorted(row[1:] for row in here[1:]))

    def test_no_cell_runs_in_a_spreadsheet(self):
        cells = ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "-1024", "+1.5\\-2e3", "A=1", "=a,b")
        marked = ("'=1+1", "'@SUM(A1)", "'+cmd|' /C calc'!A0", "'-2+3", "-1024", "+1.5\\-2e3", "A=1", "'=a,b")
        for cell, shown in zip(cells, marked):
            elements = pic.image(2, 2, 8, uid="1.2.9")
            elements.update({0x00081030: ("LO", cell), pic.PIXELS: ("OB", bytes(4))})
            path = pic.write(os.path.join(self.home, "one.dcm"), elements)
            for option, expected in (("--csv", shown), ("--csv-raw", cell)):
                with self.subTest(option, cell=cell):
                    result = self.run_wadokit("info", option, "-t", "StudyDescription", path)
                    self.assert_exit(result, 0)
                    self.assertEqual(rows(result)[1][1], expected)


if __name__ == "__main__":
    peers.main()
