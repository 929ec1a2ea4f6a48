#!/usr/bin/env python3
"""Every example of the manual pages, of --help and of the README runs.

Each runs as it stands, but for the servers and UIDs that it names, which are mapped to servers on loopback (MAPPED), in
a folder that has the files and profiles that examples speak of. One that names something else fails. Programs that need
not be there (jq, sbatch, ...) are played by scripts in PATH.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import peers
import dicom_data

sys.path.insert(0, peers.FAKE)
import vendors  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(peers.HERE))
STUDY = "2.25.1001"
STUBS = {
    "jq": "#!/bin/sh\nexec cat\n",
    "some-program": "#!/bin/sh\nexec cat >/dev/null\n",
    "sudo": "#!/bin/sh\nexit 0\n",
    "sbatch": '#!/bin/sh\nfor a; do case $a in --wrap=*) run=${a#--wrap=};; --array=1-*) n=${a#--array=1-};; esac; done\n'
              'i=1; while [ $i -le $n ]; do SLURM_ARRAY_TASK_ID=$i sh -c "$run" || exit; i=$((i + 1)); done\n',
}


def section(text, name):
    found = re.search(r"(?ms)^\.SH %s\n(.*?)(?=^\.SH |\Z)" % name, text)
    return found.group(1) if found else ""


def plain(text):
    """What a reader sees of a line of a page."""
    text = re.sub(r"\\f\(?..?", lambda m: "" if m.group(0)[2] != "(" else "", text)
    for code, seen in ((r"\-", "-"), (r"\(aq", "'"), (r"\(dq", '"'), (r"\e", "\\"), (r"\&", "")):
        text = text.replace(code, seen)
    return text


def blocks(page):
    """The literal blocks of a page's examples."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for name in ("EXAMPLES", "SHARING WORK", "PROFILES"):
        for block in re.findall(r"(?ms)^\.nf\n(.*?)^\.fi", section(text, name)):
            yield plain(block)


def commands(block):
    """The lines of a block, with those that go on joined."""
    return [line.strip() for line in block.replace("\\\n", " ").splitlines() if line.strip()]


class Examples(peers.Case):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.peer = peers.Peer("--generate", "2x3")
        cls.addClassCleanup(cls.peer.stop)
        cls.vendors = v = vendors.Vendors()
        cls.addClassCleanup(v.stop)
        v.pictures = {"1": [1, 2], "2": [1], "3": [3]}
        v.patients = {"7": {"resourceType": "Patient", "id": "7",
                            "photo": [{"contentType": "image/png", "data": vendors.b64(vendors.png())}]}}
        v.binaries = {"binary-123": vendors.Reply(200, vendors.png(), "image/png")}
        v.files = {"Patient": vendors.ndjson("Patient", 3), "export-binary-123": vendors.ndjson("Patient", 2)}
        cls.dicomweb = cls.peer.main + "/dicom-web"
        cls.fhir = cls.peer.main + "/fhir/contained"

    def mapped(self, line):
        """The line with loopback in place of the servers and UIDs of the examples."""
        studies = re.search(r"\b(search|resolve|get|thumb|verify)\b", line.split(" fhir ")[0].split(" photo ")[0])
        own = self.fhir if studies and " fhir " not in line and "--from" not in line else self.vendors.base + "/fhir"
        for name, value in (("https://pacs.example/dicom-web", self.dicomweb),
                            ("https://fhir.example/r4", own), ("https://ehr.example/fhir/R4", self.fhir),
                            ("https://fhir.netsmartcloud.com/provider/patient-access/v2/TENANT", self.vendors.base + "/fhir"),
                            ("https://oauth.netsmartcloud.com/token", self.vendors.base + "/oauth/token"),
                            ("WADOKIT_CLIENT_SECRET=...", "WADOKIT_CLIENT_SECRET='%s'" % vendors.SECRET),
                            ("--client-id ID --scope CCD", "--client-id '%s' --scope CCD" % vendors.CLIENT),
                            ("patient-12345", "p-png"), ("1.2.840.113619.2.5", STUDY), ("1.2.840.1.2.3", STUDY),
                            ("1.2.3.4", STUDY)):
            line = line.replace(name, value)
        return re.sub(r"--patient (12345|123)\b", "--patient P1", line).replace("--modality CT", "--modality OT")

    def prepare(self):
        """A folder with all that examples name."""
        at = lambda *names: os.path.join(self.home, *names)
        os.makedirs(at(".config", "wadokit"))
        v = self.vendors
        machine = "auth = client-credentials\ntoken-url = %s/oauth/token\nclient-id = %s\nclient-secret = %s\nscope = CCD\n" % (
            v.base, vendors.CLIENT, vendors.SECRET)
        bearer = "auth = bearer\ntoken = %s\n" % vendors.TOKEN
        key = "token-url = %s/oauth/token\nclient-id = x\nkey-id = k\nprivate-key = %s\n" % (v.base, at("key.pem"))
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out",
                        at("key.pem")], check=True, capture_output=True)
        self.write(os.path.join(".config", "wadokit", "config"), (
            "[clinic]\nfhir = {p}/fhir/contained\ndicomweb = {p}/dicom-web\n"
            "[clinic-fhir]\nfhir = {v}/fhir\ndicomweb = {p}/dicom-web\n{b}[clinic-app]\nfhir = {v}/fhir\nclient-id = app\n[netsmart]\nbase = {v}/v4\n{m}"
            "[cerbo]\nbase = {v}/api/v1\nuser = {u}\npassword = {w}\nset = subdomain=x\n"
            "[netsmart-system]\nfhir = {v}/fhir\n{k}set = tenant-id=x\n[redox]\nfhir = {v}/fhir\n{k}"
            "set = environment=x\ndestination-slug = x\n").format(
                p=self.peer.main, v=v.base, b=bearer, m=machine, k=key, u=vendors.USER, w=vendors.PASSWORD))
        for name, kind in (("ct", "ct:3"), ("a", "ct:1"), ("b", "mr:1"), ("us", "us:2")):
            peers.make_phantom(at(name), "-n", "32", kind)
        for name, source in (("scan", "ct"), ("image", "ct"), ("us", "us"), ("cine", "us")):
            shutil.copy(next(os.path.join(w, n[0]) for w, _, n in os.walk(at(source)) if n), at(name + ".dcm"))
        dicom = dicom_data.make_study(STUDY, series=1, instances=2)
        os.mkdir(at("studies"))
        for n, one in enumerate(dicom):
            with open(at("studies", "%d.dcm" % n), "wb") as file:
                file.write(one.data())
        shutil.copy(at("ct.dcm") if os.path.exists(at("ct.dcm")) else at("scan.dcm"), at("ct.dcm"))
        found = self.run_wadokit("-p", "clinic", "search", "--patient", "P1", "--json")
        self.assert_exit(found, 0)
        for name in ("search.json", "study.json", "bundle.json", "found.jsonl"):
            self.write(name, found.out)
        self.write("targets.txt", "%s/studies/%s\n" % (self.dicomweb, STUDY))
        self.write("patients.txt", "7\n")
        with open(at("portrait.jpg"), "wb") as file:
            file.write(vendors.png())
        self.assert_exit(self.run_wadokit("-q", "get", "-o", "study", "%s/studies/%s" % (self.dicomweb, STUDY)), 0)
        os.makedirs(at("ohif", "dist"))
        self.write(os.path.join("ohif", "dist", "index.html"), "a viewer")
        shutil.copytree(at("ct"), at("tree"))
        os.mkdir(at("bin"))
        for name, text in STUBS.items():
            os.chmod(self.write(os.path.join("bin", name), text), 0o700)

    def environment(self):
        path = os.path.dirname(os.path.abspath(peers.WADOKIT)) + ":" + os.path.join(self.home, "bin")
        token = {"WADOKIT_TOKEN": vendors.TOKEN}
        return dict(peers.environment(self.home, token), PATH=path + ":" + os.environ["PATH"])

    def run_line(self, line):
        """None where the example runs, else what is wrong."""
        command = self.mapped(line)
        if line.startswith("wadokit serve "):
            return self.serve(command, self.environment())
        if re.search(r"https?://(?!127\.0\.0\.1)", command):
            return "names a server that is not mapped"
        env = self.environment()
        if re.search("-p clinic (fhir|doctor|auth)", line):
            command = command.replace("-p clinic", "-p clinic-" + ("app" if " auth " in line else "fhir"))
        if "auth login" in line and not re.search("-p (netsmart|redox)|WADOKIT_CLIENT_SECRET", line):
            return self.log_in(command, env)
        if "-p " in line or "--profile " in line or "client-credentials" in line:
            env.pop("WADOKIT_TOKEN")
        result = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=self.home, env=env, capture_output=True,
                                text=True, timeout=120, check=False)
        return None if result.returncode == 0 else "exit %d: %s%s" % (result.returncode, result.stdout[-300:],
                                                                     result.stderr[-600:])

    def log_in(self, command, env):
        """A login of a person shows its address and waits; it is interrupted then."""
        env.pop("WADOKIT_TOKEN")
        child = subprocess.Popen(["bash", "-c", "exec " + command], cwd=self.home, env=env, stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            said = []
            for line in child.stderr:
                said.append(line)
                if line.startswith("http"):
                    child.send_signal(signal.SIGINT)
                    return None
            return "no address to log in: " + "".join(said)
        finally:
            peers.stop(child)

    def serve(self, command, env):
        """A server says its address, and is ended then."""
        command = command.replace("--port 8042", "--port %d" % peers.free_port())
        child = subprocess.Popen(["bash", "-c", "exec " + command], cwd=self.home, env=env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            if not child.stdout.readline().startswith("http://127.0.0.1:"):
                return "no address: " + child.stderr.read()
            child.send_signal(signal.SIGINT)
            return "exit %d" % child.returncode if child.wait(30) else None
        finally:
            peers.stop(child)

    def hold(self, found):
        """Runs (where it stands, line) of all; the folder is fresh."""
        self.prepare()
        wrong, n = [], 0
        for where, line in found:
            n += 1
            why = self.run_line(line)
            if why:
                wrong.append("%s: %s\n    %s" % (where, line, why))
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))
        self.assertGreater(n, 0)

    def hold_profile(self, where, block):
        """Profiles that a page shows are right."""
        path = self.write("shown", "".join("%s\n" % line for line in block.splitlines()))
        result = self.run_wadokit("--config", path, "config", "check")
        self.assertEqual(result.exit, 0, "%s\n%s\n%s" % (where, block, result))

    def test_examples_of_the_manual_pages(self):
        man = os.path.join(ROOT, "man")
        found = []
        for name in sorted(os.listdir(man)):
            if not re.fullmatch(r"wadokit.*\.[15]", name):
                continue
            for block in blocks(os.path.join(man, name)):
                if block.lstrip().startswith("["):
                    self.hold_profile(name, block)
                else:
                    found += [(name, line) for line in commands(block)]
        self.hold(found)

    def test_every_command_has_examples_in_its_page(self):
        for name in sorted(os.listdir(os.path.join(ROOT, "man"))):
            if re.fullmatch(r"wadokit.*\.[15]", name):
                self.assertTrue(list(blocks(os.path.join(ROOT, "man", name))), name)

    def test_examples_of_help(self):
        out = self.run_wadokit("help").out
        names = re.findall(r"(?m)^  (\w[\w-]*)", out.split("Commands:\n", 1)[1].split("\n\n", 1)[0])
        found = []
        for name in names:
            block = re.search(r"(?s)\nExamples:\n(.*?)\n\n", self.run_wadokit(name, "--help").out)
            found += [(name + " --help", line) for line in commands(block.group(1))] if block else []
        self.hold(found)

    def test_examples_of_the_readme(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
            lines = re.findall(r"(?m)^    (wadokit .*)$", file.read())
        self.hold([("README.md", line) for line in lines])


if __name__ == "__main__":
    peers.main()
