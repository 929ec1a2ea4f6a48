"""The programs that tests/bench/render holds against wadokit. A peer that is not installed is left out, with
a word."""
import glob
import os
import shutil
import subprocess
import sys

import items

HERE = os.path.dirname(os.path.abspath(__file__))
SUFFIX = {"thumb": ".jpg", "jpg": ".jpg", "anew": ".jpg", "png": ".png"}
DCMJ2PNM = {"thumb": ["+Sxv", "256", "+oj", "+Jq", "90"], "jpg": ["+oj", "+Jq", "90"],
            "anew": ["+oj", "+Jq", "90"], "png": ["+on"]}


class Peer:
    """One program. `commands` makes the commands that draw `files` into the folder `out`."""

    def __init__(self, name, commands, draws=lambda item, task: True, few=None, warm=False, prepare=None):
        self.name, self.commands, self.draws = name, commands, draws
        self.few = few or {}    # kind of item -> so many files are enough; None: all
        self.warm = warm        # the time of a first picture, and of starting, is not counted
        self.prepare = prepare  # (files, folder) -> the files it is given instead


SOME = {"ct": 5, "us": 5, "ect": 3, "dx": 3, "mg": 3}
MORE = {"ct": 40, "us": 20, "ect": 2, "dx": 6, "mg": 5}


def a_file(make):
    """Commands of a program that draws one file."""
    def commands(task, item, out, files):
        return [make(task, item, f, os.path.join(out, "%d%s" % (i, SUFFIX[task])))
                for i, f in enumerate(files)]
    return {"commands": commands, "few": SOME}


def is_j2k(item):
    return "j2k" in item


def middle(item):
    """The number of the frame that is drawn, from 0."""
    return 30 if "60-frames" in item else 100 if "200-frames" in item else 0


def dcmtk_process():
    if not shutil.which("dcmj2pnm"):
        return None

    def make(task, item, source, to):
        # Of an enhanced image it finds no window, and shows the whole range.
        window = [] if item.startswith(("us", "ect")) else ["+Wi", "1"]
        return ["dcmj2pnm", "+F", str(middle(item) + 1)] + window + DCMJ2PNM[task] + [source, to]
    return Peer("dcmj2pnm", draws=lambda item, task: not is_j2k(item), **a_file(make))


def dcmtk_library(build):
    program = os.path.join(build, "tests", "bench", "dcmtk_draw")
    return Peer("DCMTK 1p", lambda task, item, out, files: [[program, task, out] + files],
                lambda item, task: not is_j2k(item))


def bare_limit(build):
    """What is left of the work where nothing is read, checked or decided."""
    program = os.path.join(build, "tests", "bench", "bare_limit")
    if not os.path.exists(program):
        return None

    def commands(task, item, out, files):
        cols, rows, size, low, span, _ = items.BARE[item]
        what = [str(v) for v in (cols, rows, size, low, span, items.frame_behind(item, files[0]))]
        return [[program, "jpg" if task == "anew" else task, out] + what + files]
    return Peer("bare limit", commands, lambda item, task: item in items.BARE and (item, task) != ("us-jpeg", "jpg"))


def gdcm():
    """gdcm2pnm draws; gdcmimg, which is what Debian has of it, only unpacks: the whole picture as it is stored,
    neither windowed nor scaled."""
    if shutil.which("gdcm2pnm"):
        return Peer("gdcm2pnm", **a_file(lambda task, item, source, to: ["gdcm2pnm", source, to]))
    if not shutil.which("gdcmimg"):
        return None
    return Peer("gdcmimg", draws=lambda item, task: item in ("ct", "dx"),
                **a_file(lambda task, item, source, to: ["gdcmimg", "-i", source, "-o", to + ".pgm"]))


def imagemagick():
    program = shutil.which("magick") or shutil.which("convert-im6.q16") or shutil.which("convert")

    def make(task, item, source, to):
        size = ["-resize", "256x256"] if task == "thumb" else []
        return [program, "dcm:%s[%d]" % (source, middle(item))] + size + ["-quality", "90", to]
    return program and Peer("ImageMagick", **a_file(make))


def libvips(wadokit):
    """A lower bound: pixels that are 8 bits already, or the JPEG stream, scaled by libvips and coded by
    TurboJPEG (PNG: zlib at level 1), in one process."""
    if not shutil.which("vipsthumbnail"):
        return None
    size = {"thumb": "256x256", "jpg": "100000x100000>", "anew": "100000x100000>", "png": "100000x100000>"}
    options = {"thumb": "[Q=90]", "jpg": "[Q=90]", "anew": "[Q=90]", "png": "[compression=1]"}

    def commands(task, item, out, files):
        to = os.path.join(out, "%s" + SUFFIX[task] + options[task])
        return [["vipsthumbnail", "--vips-concurrency=1", "--size", size[task], "-o", to] + files]

    def prepare(files, folder):
        made = []
        subprocess.run([wadokit, "-q", "render", "--frame", "middle", "--format", "png", "-o",
                        os.path.join(folder, "png")] + files, stdout=subprocess.DEVNULL, check=True)
        for png in glob.glob(os.path.join(folder, "png", "**", "*.png"), recursive=True):
            made.append(os.path.join(folder, os.path.basename(png)[:-4] + ".ppm"))
            subprocess.run(["vips", "copy", png, made[-1]], check=True)
        return [made[i % len(made)] for i in range(len(files))]
    return Peer("libvips bound", commands, prepare=prepare)


def pydicom():
    for python in (sys.executable, "/usr/bin/python3"):
        there = subprocess.run([python, "-c", "import pydicom, numpy, PIL"], stderr=subprocess.DEVNULL)
        if there.returncode == 0:
            script = os.path.join(HERE, "pydicom_draw.py")
            return Peer("pydicom", lambda task, item, out, files: [[python, script, task, out] + files],
                        lambda item, task: "htj2k" not in item, MORE, warm=True)
    return None


def dcmjs():
    folder = os.path.join(HERE, "node")
    if not shutil.which("node"):
        return None
    if not os.path.isdir(os.path.join(folder, "node_modules")) and shutil.which("npm"):
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not os.path.isdir(os.path.join(folder, "node_modules", "dcmjs-imaging")):
        return None
    script = os.path.join(folder, "dcmjs_draw.mjs")
    return Peer("dcmjs", lambda task, item, out, files: [["node", script, task, out] + files],
                few=MORE, warm=True)


def all_peers(build):
    """Those that are there; the names of the others go to standard error."""
    wadokit = os.path.join(build, "src", "cli", "wadokit")
    found = [("dcmj2pnm", dcmtk_process()), ("DCMTK in one process", dcmtk_library(build)),
             ("the bare limit (libisal-dev)", bare_limit(build)), ("GDCM", gdcm()), ("ImageMagick", imagemagick()), ("libvips", libvips(wadokit)),
             ("pydicom with Pillow and NumPy", pydicom()),
             ("dcmjs-imaging (npm ci in tests/bench/node)", dcmjs())]
    for name, peer in found:
        if not peer:
            print("left out, as it is not installed:", name, file=sys.stderr)
    return [peer for _, peer in found if peer]
