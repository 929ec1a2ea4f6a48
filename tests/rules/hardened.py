#!/usr/bin/env python3
"""Whether what is installed is hardened: the program, the libraries, the modules, and the objects of static libraries.

  hardened.py FOLDER...           installed trees
  hardened.py --build BUILD       what BUILD installs, into a scratch folder
  --unfortified                   built without _FORTIFY_SOURCE: with sanitizers, or without optimisation

Reads ELF headers, segments, dynamic sections and notes by readelf.
"""
import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile

X86 = platform.machine() in ("x86_64", "i686")
# What may stand in a RUNPATH: places beside the file, and the system's own.
PLACES = re.compile(r"\$ORIGIN(/\.\.)*(/[\w.+-]+)*|(/usr(/local)?)?/lib(/[\w.+-]+)*|/opt(/[\w.+-]+)+")


def readelf(options, path):
    return subprocess.run(["readelf", "-W", *options, path], capture_output=True, text=True, check=True).stdout


def check_linked(path, fortified, bad):
    head, segments, dynamic = readelf(["-h"], path), readelf(["-l"], path), readelf(["-d"], path)
    if "DYN" not in re.search(r"Type:\s+(\w+)", head).group(1):
        bad("is not position independent")
    if "INTERP" in segments and not re.search(r"FLAGS_1.*\bPIE\b", dynamic):
        bad("is a program, but no PIE")
    if "GNU_RELRO" not in segments:
        bad("has no RELRO segment")
    if "BIND_NOW" not in dynamic and not re.search(r"FLAGS_1.*\bNOW\b", dynamic):
        bad("binds lazily, so that its RELRO is partial")
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}([RWE ]+)", segments)
    if not stack or "E" in stack.group(1):
        bad("may have an executable stack")
    if re.search(r"LOAD\s+(?:0x\w+\s+){5}RWE", segments):
        bad("has a segment that is writable and executable")
    if "TEXTREL" in dynamic:
        bad("has text relocations")
    if "(RPATH)" in dynamic:
        bad("has an RPATH")
    for value in re.findall(r"\(RUNPATH\).*\[(.*)\]", dynamic):
        for one in value.split(":"):
            if not PLACES.fullmatch(one):
                bad("looks for libraries in '%s'" % one)
    symbols = set(re.findall(r"UND (\w+)", readelf(["--dyn-syms"], path)))
    if "__stack_chk_fail" not in symbols:
        bad("has no stack protector")
    plain = {name for name in ("memcpy", "snprintf", "vsnprintf", "read", "memset", "strncpy") if name in symbols}
    if fortified and plain and not any(name.endswith("_chk") and name != "__stack_chk_fail" for name in symbols):
        bad("calls %s, and nothing that _FORTIFY_SOURCE checks" % ", ".join(sorted(plain)))


def check_objects(path, bad):
    """Members of an archive: one with a note too few takes it from all that is linked with it."""
    for part in re.split(r"(?m)^File: ", readelf(["-S", "-n"], path))[1:]:
        member = re.search(r"\((.*)\)", part.split("\n", 1)[0]).group(1)
        stack = re.search(r"\.note\.GNU-stack\s+PROGBITS\s+(?:\w+\s+){4}([A-Z]*)\s", part)
        if not stack or "X" in stack.group(1):
            bad("%s may ask for an executable stack" % member)
        if X86 and "x86 feature: IBT, SHSTK" not in part:
            bad("%s is without -fcf-protection" % member)


def kind(path):
    with open(path, "rb") as file:
        head = file.read(8)
    return "elf" if head[:4] == b"\x7fELF" else "archive" if head == b"!<arch>\n" else None


def check(folder, fortified):
    """(checked, failures)"""
    count, failures = 0, []
    for where, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = os.path.join(where, name)
            if os.path.islink(path) or not os.path.isfile(path) or not kind(path):
                continue
            count += 1
            shown = os.path.relpath(path, folder)

            def bad(text, shown=shown):
                failures.append("%s %s" % (shown, text))
            if kind(path) == "elf":
                check_linked(path, fortified, bad)
            else:
                check_objects(path, bad)
    return count, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build")
    parser.add_argument("--unfortified", action="store_true")
    parser.add_argument("folder", nargs="*")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wadokit-hardened-") as scratch:
        if args.build:
            subprocess.run(["cmake", "--install", args.build, "--prefix", scratch], stdout=subprocess.DEVNULL, check=True)
            args.folder.append(scratch)
        results = [check(folder, not args.unfortified) for folder in args.folder]
    failures = [line for _, lines in results for line in lines]
    for line in failures:
        print("FAILED " + line)
    count = sum(n for n, _ in results)
    if count < 3:
        failures.append("")
        print("FAILED only %d files were found" % count)
    print("hardened: %d files" % count)
    print("%d passed, %d failed" % (not failures, bool(failures)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
