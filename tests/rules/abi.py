#!/usr/bin/env python3
"""What programs that use the shared library depend on: its functions, and the sizes of its structs.

src/libwadokit.abi has them, one a line; the rules hold the library against it. --update writes it anew.
Sizes are those of LP64 machines (x86-64, arm64 and others) and are not looked at elsewhere.
"""
import argparse
import os
import re
import struct
import subprocess
import sys
import tempfile

NAME = os.path.join("src", "libwadokit.abi")
HEAD = "# The functions and structs of libwadokit; CONTRIBUTING.md, \"How to add\", tells how this changes.\n"


def functions(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    names = {line.split()[-1].split("@")[0] for line in out.splitlines() if line.split()}
    # Weak template instances of the C++ library and the tools' own symbols are not ours.
    return {name for name in names if not name.startswith(("_Z", "__", "_init", "_fini"))}


def structs(source):
    """The names of the structs that a caller can see into."""
    found = set()
    folder = os.path.join(source, "include", "wadokit")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            found |= set(re.findall(r"(?m)^typedef struct (wk_\w+) \{", file.read()))
    return sorted(found)


def sizes(source, compiler):
    names = structs(source)
    with tempfile.TemporaryDirectory() as folder:
        code, program = os.path.join(folder, "sizes.c"), os.path.join(folder, "sizes")
        with open(code, "w", encoding="ascii") as file:
            file.write("#include <stdio.h>\n#include <wadokit/wadokit.h>\nint main(void)\n{\n")
            file.writelines('    printf("struct %s %%zu\\n", sizeof(%s));\n' % (name, name) for name in names)
            file.write("    return 0;\n}\n")
        subprocess.run([compiler, "-std=c11", "-I", os.path.join(source, "include"), code, "-o", program], check=True)
        return set(subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines())


def now(source, library, compiler):
    lines = {"function " + name for name in functions(library)}
    return lines | (sizes(source, compiler) if struct.calcsize("PL") == 16 else set())


def written(source):
    with open(os.path.join(source, NAME), encoding="utf-8") as file:
        lines = {line for line in file.read().splitlines() if line and not line.startswith("#")}
    return lines if struct.calcsize("PL") == 16 else {line for line in lines if line.startswith("function")}


def differences(source, library, compiler):
    was, is_now = written(source), now(source, library, compiler)
    for line in sorted(was - is_now):
        yield "%s: no longer: %s" % (NAME, line)
    for line in sorted(is_now - was):
        yield "%s: new: %s" % (NAME, line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
    parser.add_argument("--library", required=True)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--update", action="store_true")
    args = parser.parse_args()
    if args.update:
        with open(os.path.join(args.source, NAME), "w", encoding="utf-8") as file:
            file.write(HEAD + "".join(line + "\n" for line in sorted(now(args.source, args.library, args.cc))))
        return 0
    found = list(differences(args.source, args.library, args.cc))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
