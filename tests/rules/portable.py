#!/usr/bin/env python3
"""Whether the sources are C of more than this machine: each file of src/ is read by compilers of others, where they are
installed: for arm64 (aarch64-linux-gnu-gcc; char has no sign there), and for the C library musl (musl-gcc).

  portable.py SOURCE BUILD     a source tree, and its build tree with compile_commands.json
"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

# What a compiler of another machine cannot know, or need not.
DROPPED = re.compile(r"-fsanitize.*|-fno-sanitize.*|-fcf-protection|-fstack-clash-protection|-D_FORTIFY_SOURCE.*|-U_FORTIFY_SOURCE|-g|-O.*")
# The libraries' headers are this machine's; those of the C library come first.
LIBRARIES = ["-idirafter", "/usr/include", "-idirafter", "/usr/include/" + os.uname().machine + "-linux-gnu"]
TARGETS = [("arm64", {".c": "aarch64-linux-gnu-gcc", ".cc": "aarch64-linux-gnu-g++"}),
           ("musl", {".c": "musl-gcc"})]


def files(source, build):
    """The sources and their flags."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for one in json.load(file):
            words = shlex.split(one["command"])
            path = os.path.relpath(os.path.join(one["directory"], one["file"]), source)
            if not path.startswith("src/"):
                continue
            flags, skip = [], False
            for i, word in enumerate(words):
                if skip or DROPPED.fullmatch(word):
                    skip = False
                elif word in ("-isystem", "-include"):
                    flags += [word, words[i + 1]]
                    skip = True
                elif word.startswith(("-D", "-I", "-W", "-std", "-f")):
                    flags.append(word)
            yield path, one["directory"], one["file"], flags


def look(job):
    compiler, path, folder, name, flags = job
    # Foreign headers may warn; what is ours may not.
    r = subprocess.run([compiler, "-fsyntax-only", *flags, *LIBRARIES, name], cwd=folder, capture_output=True, text=True, check=False)
    return path, r.returncode, [line for line in r.stderr.splitlines() if re.search(r"error|warning", line)]


def main():
    source, build = (os.path.abspath(path) for path in sys.argv[1:3])
    found = sorted(set((path, folder, name, tuple(flags)) for path, folder, name, flags in files(source, build)))
    passed = failed = 0
    for target, compilers in TARGETS:
        jobs = [(compilers[os.path.splitext(path)[1]], path, folder, name, flags) for path, folder, name, flags in found
                if os.path.splitext(path)[1] in compilers]
        missing = sorted({c for c in compilers.values() if not shutil.which(c)})
        if missing:
            print("skipped: %s: %s is not installed" % (target, " and ".join(missing)))
            continue
        wrong = 0
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for path, status, lines in pool.map(look, jobs):
                if status:
                    wrong += 1
                    print("FAILED %s: %s: %s" % (target, path, lines[0] if lines else "?"))
        print("%s: %d files" % (target, len(jobs)))
        passed += not wrong and bool(jobs)
        failed += bool(wrong) or not jobs
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
