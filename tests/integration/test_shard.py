#!/usr/bin/env python3
"""--shard: the parts of several runs make a whole, each thing once, whatever the order; Slurm and Kubernetes recipes."""
import os
import random
import re
import shutil
import subprocess
import unittest

import peers
import dicom_data
import pictures as pic
import slurm

STUDY = "2.25.1001"
SERIES, COUNT, PARTS = 4, 12, 3
EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(peers.HERE)), "examples")
SOPS = sorted(one.sop for one in dicom_data.make_study(STUDY, series=SERIES, instances=COUNT))


class Remote(peers.Case):
    """One study on a server is divided, though one target names it."""

    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer("--generate", "%dx%d" % (SERIES, COUNT))
        cls.addClassCleanup(cls.peer.stop)

    def root(self, scenario=None):
        return self.peer.main + ("/s/" + scenario if scenario else "") + "/dicom-web"

    def parts(self, command, *more, scenario=None, code=0):
        """What each of the parts made, as sets of UIDs; the runs are in no order."""
        made = {}
        for part in random.Random(7).sample(range(1, PARTS + 1), PARTS):
            out = os.path.join(self.home, "%s-%d" % (command, part))
            shutil.rmtree(out, ignore_errors=True)
            result = self.run_wadokit("--json", "--retries", 0, "--dicomweb", self.root(scenario), command, "-o", out,
                                      "--shard", "%d/%d" % (part, PARTS), *more)
            self.assert_exit(result, code)
            kind = "instance" if command == "get" else "image"
            made[part] = sorted(line["sop"] for line in result.lines(kind) if line["status"] == "saved")
        return [made[part] for part in sorted(made)]

    def test_get_divides_a_study_by_instance(self):
        self.peer.control()
        parts = self.parts("get", STUDY)
        self.assertEqual(sorted(sum(parts, [])), SOPS)
        self.assertTrue(all(parts), "every part has something")
        asked = [one["path"] for one in self.peer.requests() if one["kind"] in ("study", "series", "instance")]
        self.assertEqual(len(asked), len(SOPS), "nothing is received in vain")
        self.assertEqual(self.parts("get", STUDY), parts, "the same on every run")
        self.assertEqual(self.parts("render", STUDY), parts, "render has the instances that get has")

    def test_get_divides_the_targets_of_a_search(self):
        found = self.run_wadokit("--fhir", self.peer.main + "/fhir/redox", "search", "--patient", "P1", "--json")
        self.assert_exit(found, 0)
        path = self.write("found.jsonl", found.out)
        self.assertEqual(sorted(sum(self.parts("get", path), [])), SOPS)

    def test_get_divides_by_series_where_series_are_asked_for(self):
        self.peer.control()
        parts = self.parts("get", "--by", "series", STUDY)
        self.assertEqual(sorted(sum(parts, [])), SOPS)
        series = [{sop.rsplit(".", 1)[0] for sop in part} for part in parts]
        self.assertEqual(sum(map(len, series)), SERIES)
        asked = [one for one in self.peer.requests() if one["kind"] in ("study", "series", "instance")]
        self.assertEqual([one["kind"] for one in asked], ["series"] * SERIES)

    def test_get_leaves_a_study_to_one_part_where_studies_are_asked_for_or_nothing_is_listed(self):
        for more, scenario in ((("--by", "study"), None), ((), "study-only")):
            with self.subTest(scenario=scenario):
                parts = self.parts("get", STUDY, *more, scenario=scenario)
                self.assertEqual(sorted(map(len, parts)), [0] * (PARTS - 1) + [len(SOPS)])

    def test_a_list_that_fails_is_a_failure_of_every_part(self):
        for command in ("get", "render"):
            with self.subTest(command):
                self.assertEqual(self.parts(command, STUDY, scenario="no-lists", code=5), [[]] * PARTS)
        parts = self.parts("get", "--by", "study", STUDY, scenario="no-lists")
        self.assertEqual(sorted(sum(parts, [])), SOPS)

    def test_a_second_run_of_a_part_keeps_what_is_there(self):
        args = ("--json", "--dicomweb", self.root(), "get", "-o", self.out, "--shard", "2/3", STUDY)
        first, second = self.run_wadokit(*args).summary(), self.run_wadokit(*args).summary()
        self.assertEqual((second["expected"], second["kept"], second["saved"]), (first["saved"], first["saved"], 0))

    def test_thumbnails_and_pictures_of_a_study(self):
        self.assertEqual(sorted(sum(self.parts("thumb", "--per", "instance", STUDY), [])), SOPS)
        parts = self.parts("thumb", STUDY)
        self.assertEqual(sum(map(len, parts)), SERIES)

    def test_files_are_divided_by_what_they_are_not_where(self):
        parts = []
        for folder in ("a", "b"):
            where = os.path.join(self.home, folder)
            os.mkdir(where)
            for n, one in enumerate(dicom_data.make_study(STUDY, series=1, instances=9)):
                with open(os.path.join(where, "%s%d" % (folder, n)), "wb") as file:
                    file.write(one.data())
            parts.append(self.parts("get", where))
        self.assertEqual(parts[0], parts[1])
        self.assertEqual(len(set(sum(parts[0], []))), 9)


class Recipes(peers.Case):
    """The files of examples/ as they are."""

    COUNT = 2000

    def make_folder(self):
        folder = os.path.join(self.home, "studies")
        os.mkdir(folder)
        for n in range(self.COUNT):
            elements = pic.image(2, 2, 8, uid="1.2.3.%d" % (n + 10))
            elements[0x0020000E] = ("UI", "1.2.3.%d.1" % (n % 5))
            elements[pic.PIXELS] = ("OB", bytes([n % 256] * 4))
            pic.write(os.path.join(folder, "%d.dcm" % n), elements)
        return folder

    def check(self, logs):
        """Every picture is there, and stands in one log."""
        made = sorted(line.split("  ")[0] for log in logs for line in log.splitlines() if ".jpg  " in line)
        there = sorted(os.path.join(where, name) for where, _, names in os.walk(self.out) for name in names)
        self.assertEqual(made, there)
        self.assertEqual(len(set(there)), self.COUNT)

    def programs(self):
        path = os.environ.get("PATH", "")
        return dict(os.environ, PATH=os.path.dirname(os.path.abspath(peers.WADOKIT)) + ":" + path, HOME=self.home)

    @unittest.skipIf(slurm.why_not(), slurm.why_not())
    def test_a_slurm_array_of_8_makes_each_picture_once_in_any_order(self):
        folder = self.make_folder()
        os.mkdir(os.path.join(self.home, "slurm"))
        cluster = slurm.Slurm(os.path.join(self.home, "slurm"))
        self.addCleanup(cluster.stop)
        sent = cluster.run("sbatch", "--parsable", "--hold", os.path.join(EXAMPLES, "slurm-thumbs.sh"), folder, self.out,
                           cwd=self.home, env=dict(self.programs(), SLURM_CONF=cluster.env["SLURM_CONF"]))
        job = sent.strip()
        self.assertRegex(job, r"^\d+$")
        for task in random.Random(3).sample(range(1, 9), 8):
            cluster.run("scontrol", "release", "%s_%d" % (job, task))
        cluster.until(lambda: not cluster.has_jobs(), 300)
        logs = []
        for task in range(1, 9):
            with open(os.path.join(self.home, "thumbs-%s-%d.log" % (job, task)), encoding="utf-8") as file:
                logs.append(file.read())
        self.check(logs)
        self.assertTrue(all(logs), "every task has a part")

    def test_the_command_of_the_kubernetes_job_makes_each_picture_once(self):
        self.COUNT = 200
        folder = self.make_folder()
        with open(os.path.join(EXAMPLES, "kubernetes-thumbs.yaml"), encoding="utf-8") as file:
            text = file.read()
        completions = int(re.search(r"(?m)^  completions: (\d+)$", text).group(1))
        command = re.search(r"(?m)^ +- (exec wadokit .*)$", text).group(1)
        command = command.replace("/data/thumbs", self.out).replace("/data/studies", folder)
        logs = []
        for index in random.Random(3).sample(range(completions), completions):
            result = subprocess.run(["sh", "-c", command], env=dict(self.programs(), JOB_COMPLETION_INDEX=str(index)),
                                    capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 0, result.stderr)
            logs.append(result.stdout)
        self.check(logs)

    def test_the_slurm_recipe_for_get(self):
        peer = peers.Peer("--generate", "4x3")
        self.addCleanup(peer.stop)
        self.write("config", "[clinic]\ndicomweb = %s/dicom-web\n" % peer.main)
        os.makedirs(os.path.join(self.home, ".config", "wadokit"))
        os.rename(os.path.join(self.home, "config"), os.path.join(self.home, ".config", "wadokit", "config"))
        found = self.run_wadokit("-p", "clinic", "search", "--json")
        path = self.write("found.jsonl", found.out)
        env = dict(self.programs(), XDG_CONFIG_HOME=os.path.join(self.home, ".config"))
        for task in range(1, 9):
            subprocess.run([os.path.join(EXAMPLES, "slurm-get.sh"), "clinic", path, self.out], check=True,
                           env=dict(env, SLURM_ARRAY_TASK_ID=str(task)), capture_output=True)
        files = [name for _, _, names in os.walk(self.out) for name in names if name.endswith(".dcm")]
        self.assertEqual(len(files), len(set(files)))
        self.assertEqual(len(files), 12)


if __name__ == "__main__":
    peers.main()
