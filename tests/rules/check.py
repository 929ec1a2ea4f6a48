#!/usr/bin/env python3
"""Holds the tree against its own rules (README.md, "Architecture"). Each rule is one test."""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
import abi  # noqa: E402

# Who may include whom inside src/. flow joins the stages; cli sees the public headers only.
STAGES = ["fhir", "dicomweb", "ehr", "auth", "store", "dicom", "decode", "render", "encode",
          "serve"]
MAY_INCLUDE = {
    "core": {"core"},
    "box": {"box", "core"},
    "json": {"json", "core"},
    "http": {"http", "json", "core"},
    "flow": {"flow", "http", "json", "box", "core"} | set(STAGES),
    "decoder": {"decoder", "decode", "dicom", "box", "core"},
    "cli": {"cli"},
}
for stage in STAGES:
    MAY_INCLUDE[stage] = {stage, "http", "json", "core"}
MAY_INCLUDE["ehr"].add("auth")    # asks for a token
MAY_INCLUDE["store"].add("dicom")  # asks what a file is
MAY_INCLUDE["decode"].add("box")   # has others' decoders run there
MAY_INCLUDE["dicom"].add("box")    # ... and DCMTK

# The rooms of flow/, whose own files see none of them: each includes what flow may, and these, which
# are named before it, so that no way leads round in a circle.
ROOMS = {
    "find": set(),
    "draw": set(),
    "fetch": set(),
    "get": {"find", "fetch"},
    "record": {"draw"},
    "picture": {"find", "draw", "fetch"},
    "show": {"find", "draw", "fetch", "picture"},
    "viewer": {"draw", "show"},
}
for room, others in ROOMS.items():
    MAY_INCLUDE["flow/" + room] = MAY_INCLUDE["flow"] | {"flow/" + r for r in others | {room}}

# A third-party header, and the only files that may see it. One that only a decoder sees needs no row: it is at home
# in the src/decode/decode_NAME that includes it.
HOMES = [
    (r"curl/", r"src/http/http_curl\.c"),
    (r"dcmtk/", r"src/dicom/.*\.(cc|hh)|tests/bench/.*"),
    (r"cjson/|cJSON", r"src/json/.*"),
    (r"turbojpeg|jpeglib|jerror", r"src/(decode/decode_jpeg|encode/jpeg)\.c|tests/(unit|bench)/.*"),
    (r"cjose/|jansson", r"src/auth/jwt_key\.c|tests/unit/.*"),
    (r"microhttpd", r"src/(auth/loopback|serve/web_server)\.c"),
    (r"lcms2", r"src/render/icc\.c"),
    (r"png\.h|pngconf", r"src/(encode/png|decode/decode_png)\.c|tests/unit/.*"),
    (r"gif_lib", r"src/decode/decode_gif\.c|tests/unit/.*"),
    (r"isa-l", r"src/encode/deflate_isal\.c|tests/bench/.*"),
    (r"ini\.h", r"src/cli/profile\.c"),
    (r"openssl/", r"src/(core/hash\.c|auth/.*)|tests/unit/.*"),
    (r"zlib\.h", r"src/(dicom/.*|core/gunzip\.c|decode/decode_deflate\.c)|tests/unit/.*"),
    (r"CUnit/", r"tests/.*"),
]

# Of the C and C++ libraries and the kernel, what decoders include.
SYSTEM = {"stddef.h", "stdint.h", "stdbool.h", "stdio.h", "stdlib.h", "string.h", "setjmp.h", "limits.h", "errno.h",
          "sys", "linux", "algorithm", "cstring", "cstdio", "cstdint", "exception", "stdexcept", "memory", "vector"}

BANNED = ["strcpy", "strcat", "sprintf", "vsprintf", "gets", "atoi", "atol", "atof", "strtok",
          "alloca", "system", "mktemp", "tmpnam", "tempnam", "rand", "srand", "setjmp", "longjmp",
          "gmtime", "localtime", "asctime", "ctime", "scanf", "strncpy", "strncat"]
PRINTING = ["printf", "puts", "putchar", "perror", "exit", "abort", "_exit"]
# No way to go on without random bytes; nothing else may end the process. libjpeg and libpng report
# errors by a jump.
# The process of a decoder ends by itself.
ALLOWED = {("src/core/clock.c", "abort"), ("src/box/box_serve.c", "_exit")}
for codec in ("src/decode/decode_jpeg.c", "src/encode/jpeg.c", "src/encode/png.c"):
    ALLOWED |= {(codec, "setjmp"), (codec, "longjmp")}
MAX_LINES = 1000

ARGS = None


def rule(name):
    def mark(f):
        RULES.append((name, f))
        return f
    return mark


RULES = []


def path(*parts):
    return os.path.join(ARGS.source, *parts)


def text_of(name):
    with open(path(name), encoding="utf-8", errors="replace") as f:
        return f.read()


def files(*suffixes, under=("include", "src", "tests", "examples")):
    found = []
    for top in under:
        for folder, dirs, names in os.walk(path(top)):
            dirs[:] = [d for d in dirs if d not in ("corpus", "cases", "__pycache__")]
            for name in sorted(names):
                if name.endswith(suffixes):
                    found.append(os.path.relpath(os.path.join(folder, name), ARGS.source))
    return sorted(found)


C = (".c", ".h", ".cc", ".hh")


def code_of(name):
    """C without comments and without the inside of strings; lines stay where they are."""
    def blank(m):
        s = m.group(0)
        if s[0] == '"':
            return '""'
        if s[0] == "'":
            return "' '"
        return "\n" * s.count("\n")
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank, text_of(name), flags=re.S)


def includes(name):
    for number, line in enumerate(text_of(name).splitlines(), 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if m:
            yield number, m.group(1), m.group(2)


def is_foreign(header):
    return any(re.match(pattern, header) for pattern, _ in HOMES)


@rule("a folder includes only what it may")
def who_includes_whom(bad):
    for name in files(*C, under=("src",)):
        folder = os.path.relpath(os.path.dirname(name), "src")
        if folder not in MAY_INCLUDE:
            bad("%s: nothing says what %s/ may include" % (name, folder))
            continue
        for number, kind, header in includes(name):
            if kind == '"' and not is_foreign(header):
                target = os.path.dirname(header) or folder
                if target not in MAY_INCLUDE[folder]:
                    bad("%s:%d: %s/ may not include \"%s\"" % (name, number, folder, header))
            elif header.startswith("wadokit/") and not os.path.exists(path("include", header)):
                bad("%s:%d: there is no <%s>" % (name, number, header))


@rule("a room of flow may include only rooms named before it")
def rooms_in_order(bad):
    before = set()
    for room, others in ROOMS.items():
        for other in sorted(others - before):
            bad("flow/%s/ and flow/%s/ are in the wrong order" % (other, room))
        before.add(room)


@rule("public headers include only public and standard headers")
def public_headers(bad):
    for name in files(".h", under=("include",)):
        for number, kind, header in includes(name):
            if kind == '"' or ("/" in header and not header.startswith("wadokit/")):
                bad("%s:%d: includes %s" % (name, number, header))
        if name.endswith("/wadokit.h"):
            continue
        if "<wadokit/%s>" % os.path.basename(name) not in text_of("include/wadokit/wadokit.h"):
            bad("%s: not in wadokit.h" % name)


def decoder_headers():
    """{header of a decoder's library: the files that include it}."""
    found = defaultdict(set)
    for name in files(*C):
        for _, kind, header in includes(name):
            folder = header.split("/")[0]
            if kind == "<" and not is_foreign(header) and not header.startswith("wadokit/"):
                found[folder if "/" in header else header].add(name)
    return {h: names for h, names in found.items()
            if any(re.match(r"src/decode/decode_\w+\.", n) for n in names) and h not in SYSTEM}


@rule("each third-party header has one home")
def homes(bad):
    for name in files(*C):
        for number, _, header in includes(name):
            for pattern, home in HOMES:
                if re.match(pattern, header) and not re.fullmatch(home, name):
                    bad("%s:%d: <%s> is at home in %s" % (name, number, header, home))
    for header, names in decoder_headers().items():
        if len(names) > 1:
            bad("<%s> is in %s" % (header, ", ".join(sorted(names))))


# A file that is run, written or read by tools that look for it here, or a folder of the figure in README.md.
ROOT = {".ci", ".clang-format", ".clang-tidy", ".editorconfig", ".gitignore", "CHANGELOG.md", "CMakeLists.txt",
        "CMakePresets.json", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md", "cmake", "debian", "docs",
        "examples", "include", "man", "python", "scripts", "src", "testdata", "tests"}
UNTRACKED = {".git", ".cache", "build", "compile_commands.json", "demo-output"}


@rule("nothing else stands in the root")
def root(bad):
    tracked = subprocess.run(["git", "-C", ARGS.source, "ls-files", "-z"], capture_output=True, text=True, check=False)
    if tracked.returncode == 0:
        found = {name.split("/", 1)[0] for name in tracked.stdout.split("\0") if name}
    else:
        found = {name for name in os.listdir(ARGS.source) if name not in UNTRACKED and not name.startswith("build-")}
    for name in sorted(found - ROOT):
        bad(name)


@rule("base names of files are unique")
def unique_names(bad):
    seen = defaultdict(list)
    for name in files(*C):
        seen[os.path.basename(name)].append(name)
    for names in seen.values():
        # The public header and the internal one of a module may share their name; so may main.c.
        rest = [n for n in names if not n.startswith("include/")]
        if os.path.basename(names[0]) != "main.c" and len(rest) > 1:
            bad("%s" % " and ".join(names))


@rule("no file is longer than %d lines" % MAX_LINES)
def lengths(bad):
    for name in files(*C, ".py", ".sh", "run"):
        n = text_of(name).count("\n")
        if n > MAX_LINES:
            bad("%s: %d lines" % (name, n))


@rule("no banned functions; the library neither prints nor exits")
def banned(bad):
    for name in files(*C, under=("include", "src")):
        words = BANNED + ([] if name.startswith("src/cli/") else PRINTING)
        for number, line in enumerate(code_of(name).splitlines(), 1):
            if re.match(r"\s*#", line):
                continue
            for word in re.findall(r"(?<![\w.>:])(\w+)\s*\(", line):
                if word in words and (name, word) not in ALLOWED:
                    bad("%s:%d: %s()" % (name, number, word))


@rule("the library names no option of the program: what would help is a setting")
def settings(bad):
    literal = re.compile(r'"(?:\\.|[^"\\\n])*"')
    for name in files(*C, under=("include", "src")):
        if name.startswith("src/cli/"):
            continue
        code = re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: "\n" * m.group(0).count("\n"), text_of(name), flags=re.S)
        for number, line in enumerate(code.splitlines(), 1):
            for text in literal.findall(line):
                if re.search(r"(?<![\w-])--[a-z]", text):
                    bad("%s:%d: %s" % (name, number, text))


@rule("what the library calls a setting is an option of the program, or one of its secrets")
def settings_exist(bad):
    known = set(help_options()) | {"--token", "--password", "--client-secret"}
    for command in commands():
        known |= help_options(command)
    for name in files(*C, under=("src",)):
        for m in re.finditer(r'\bwk_fail_setting\((?:[^"();]|->)*,\s*"([a-z0-9 -]+)"', text_of(name)):
            for word in m.group(1).split():
                if "--" + word not in known:
                    bad("%s: %s" % (name, word))


@rule("transfer syntaxes are spelt in one place")
def one_table_of_syntaxes(bad):
    for name in files(*C, under=("include", "src")):
        for number, line in enumerate(text_of(name).splitlines(), 1):
            if name != "src/core/transfer_syntax.c" and re.search(r"1\.2\.840\.10008\.1\.2(?![0-9])", line):
                bad("%s:%d: %s" % (name, number, line.strip()[:80]))


@rule("no machine's paths, no notes to finish later, no marks of a merge")
def leftovers(bad):
    words = [r"/(home|root|work|Users)/\w", r"\bTO" r"DO\b", r"\bFIX" r"ME\b", r"\bXX" r"X\b",
             r"^<{7} ", r"^>{7} "]
    pattern = re.compile("|".join(words), re.M)
    for name in files(*C, ".py", ".txt", ".sh", ".cmake", "run",
                      under=("include", "src", "tests", "examples", "cmake", "scripts", "man")):
        if name == "tests/rules/check.py":
            continue
        for number, line in enumerate(text_of(name).splitlines(), 1):
            if pattern.search(line):
                bad("%s:%d: %s" % (name, number, line.strip()[:80]))


@rule("every folder lists its files by name")
def listed(bad):
    for name in files(".c", ".cc", under=("src",)):
        folder, base = os.path.split(name)
        lists = text_of(os.path.join(folder, "CMakeLists.txt"))
        command = re.fullmatch(r"cmd_(\w+)\.c", base)
        word = command.group(1) if command else re.escape(base)
        if not re.search(r"(?m)(^|[\s(])%s($|[\s)])" % word, lists):
            bad("%s is not in %s/CMakeLists.txt" % (name, folder))


def compiles(job):
    header, language, flags = job
    compiler = ARGS.cc if language == "c" else ARGS.cxx
    with tempfile.NamedTemporaryFile("w", suffix=".c") as f:
        f.write('#include "%s"\n#include "%s"\nint wk_rules_dummy;\n' % (path(header), path(header)))
        f.flush()
        r = subprocess.run([compiler, "-x", language, "-fsyntax-only", "-Wall", "-Wextra",
                            "-pedantic", "-Werror", "-I", path("include"), *flags, f.name],
                           capture_output=True, text=True, check=False)
    return header, language, r.returncode, r.stderr


@rule("every header compiles alone, twice, as C11 and as C++17")
def headers_alone(bad):
    jobs = []
    for header in files(".h", under=("include", "src")):
        public = header.startswith("include/")
        flags = [] if public else ["-D_GNU_SOURCE", "-I", path("src"), "-I", path("src/cli")]
        jobs.append((header, "c", ["-std=c11"] + flags))
        if not header.startswith("src/cli/"):
            jobs.append((header, "c++", ["-std=c++17"] + flags))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, language, status, errors in pool.map(compiles, jobs):
            if status:
                bad("%s as %s: %s" % (header, language, errors.splitlines()[0] if errors else "?"))


def declared_symbols():
    found = set()
    for name in files(".h", under=("include",)):
        code = re.sub(r"(?m)^\s*#.*?(?<!\\)$", "", re.sub(r"\\\n", " ", code_of(name)))
        for m in re.finditer(r"\bWK_API\b([^;{]*?)\b(wk_\w+)\s*[(;\[]", code):
            found.add(m.group(2))
    return found


@rule("the shared library shows what include/ declares, and nothing else")
def symbols(bad):
    shown = abi.functions(ARGS.library)
    declared = declared_symbols()
    for name in sorted(shown - declared):
        bad("%s is exported, but not declared in include/" % name)
    for name in sorted(declared - shown):
        bad("%s is declared, but not in the library" % name)


@rule("a module shows its table, and nothing else")
def module_symbols(bad):
    for name in sorted(os.listdir(ARGS.modules)):
        out = subprocess.run(["nm", "-D", "--defined-only", os.path.join(ARGS.modules, name)],
                             capture_output=True, text=True, check=True).stdout
        shown = [line.split()[-1] for line in out.splitlines() if " T " in line or " wk" in line]
        table = "wki_%s_module_table" % name[len("wadokit-"):-len(".so")]
        if shown != [table]:
            bad("%s shows %s" % (name, ", ".join(shown)))


@rule("neither the program nor the shared library is linked with what modules are for")
def light(bad):
    for binary in (ARGS.program, ARGS.library):
        out = subprocess.run(["readelf", "-d", binary], capture_output=True, text=True, check=True).stdout
        needed = set(re.findall(r"NEEDED.*\[(lib\w+)", out))
        for name in sorted(needed & {"libcurl", "libcrypto", "libssl", "libdcmdata", "libjxl", "libcharls", "libopenjp2",
                                     "libopenjph", "libgif", "libcjose",
                                     "libjansson", "libmicrohttpd"}):
            bad("%s needs %s" % (os.path.basename(binary), name))


@rule("the functions and structs of the shared library are those of src/libwadokit.abi")
def same_abi(bad):
    for line in abi.differences(ARGS.source, ARGS.library, ARGS.cc):
        bad(line)
    if bad.__self__:
        bad("where that is meant: tests/rules/abi.py --library %s --update" % os.path.relpath(ARGS.library, ARGS.source))


@rule("libwadokit(3) names every header and function")
def library_page(bad):
    page = text_of("man/libwadokit.3")
    for name in sorted(declared_symbols()):
        if ".BR %s ()" % name not in page:
            bad("%s is not in man/libwadokit.3" % name)
    for name in re.findall(r"(?m)^\.BR (wk_\w+) \(\)", page):
        if name not in declared_symbols():
            bad("man/libwadokit.3: there is no %s()" % name)
    for name in files(".h", under=("include",)):
        header = os.path.basename(name)
        if header not in ("wadokit.h", "export.h") and "<wadokit/%s>" % header not in page:
            bad("<wadokit/%s> is not in man/libwadokit.3" % header)


def help_options(*words):
    out = subprocess.run([ARGS.program, *words, "--help"], capture_output=True, text=True,
                         check=True).stdout
    found = set()
    for m in re.finditer(r"(?m)^  (?:-(\w), |    )--([\w-]+)", out):
        found.add("--" + m.group(2))
        if m.group(1):
            found.add("-" + m.group(1))
    return found


def commands():
    out = subprocess.run([ARGS.program, "help"], capture_output=True, text=True,
                         check=True).stdout
    block = out.split("Commands:\n", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"(?m)^  (\w[\w-]*)", block)


def page_options(page):
    """The options of the .TP tags in the OPTIONS sections of a page."""
    found, inside, tag = set(), False, False
    for line in text_of(page).splitlines():
        if line.startswith(".SH"):
            inside = "OPTIONS" in line
        elif line.startswith(".TP"):
            tag = True
            continue
        if inside and tag:
            plain = re.sub(r"\\f.", "", line.replace("\\-", "-"))
            for m in re.finditer(r"(?<![\w-])(--[a-z][\w-]*|-\w)(?![\w-])", plain):
                found.add(m.group(1))
        tag = False
    return found


@rule("--help and the manual pages have the same options")
def options_documented(bad):
    pages = [("man/wadokit.1", [])]
    pages += [("man/wadokit-%s.1" % c, [c]) for c in commands() if c != "help"]
    for page, words in pages:
        if not os.path.exists(path(page)):
            bad("%s is missing" % page)
            continue
        shown, written = help_options(*words), page_options(page)
        for option in sorted(shown - written):
            bad("%s: %s is not there" % (page, option))
        for option in sorted(written - shown):
            bad("%s: %s is not an option" % (page, option))


@rule("wadokit-json(5) names the types and members that the code sets")
def json_documented(bad):
    sys.path.insert(0, path("tests", "support"))
    import json_page
    objects = json_page.read(path("man", "wadokit-json.5"))
    setter = r'\b(?:wk_json_(?:set|add)_\w+|set_text|set_count)\(\s*\w+,\s*"(\w+)"'
    types, members = set(), {"studies", "series", "instances"}  # those of search come from a table
    for name in files(".c", under=("src/cli",)) + ["src/flow/find/search.c"]:
        types |= set(re.findall(r'\bwk_json_line_new\("(\w+)"', text_of(name)))
        members |= set(re.findall(setter, text_of(name)))
    types |= {"study", "series", "instance"}
    for what, coded, written in (
            ("type", types, {one.type for one in objects}),
            ("member", members, {m.split(".")[-1] for one in objects for m in one.members})):
        for word in sorted(coded - written):
            bad("man/wadokit-json.5: %s %s is not there" % (what, word))
        for word in sorted(written - coded):
            bad("man/wadokit-json.5: nothing sets %s %s" % (what, word))


def completed(shell):
    return subprocess.run([ARGS.program, "help", "completion", shell], capture_output=True, text=True,
                          check=True).stdout


@rule("every option is in a test, and in the completions")
def options_tested(bad):
    texts = []
    for top, pattern in (("tests/cli/cases", r"cmd$"), ("tests/integration", r"test_.*\.py$")):
        for folder, dirs, names in os.walk(path(top)):
            dirs[:] = [d for d in dirs if d != "node"]
            texts += [text_of(os.path.join(folder, name)) for name in names if re.match(pattern, name)]
    text = "\n".join(texts)
    shells = {shell: completed(shell) for shell in ("bash", "zsh", "fish")}
    for command in [None] + commands():
        for option in sorted(help_options(*([command] if command else []))):
            if not option.startswith("--") or option in ("--help", "--version"):
                continue
            if not re.search(re.escape(option) + r"(?![\w-])", text):
                bad("%s of %s is in no test" % (option, command or "wadokit"))
            for shell, script in shells.items():
                if option not in script and option[2:] not in script:
                    bad("%s of %s is not in the completion for %s" % (option, command or "wadokit", shell))


@rule("no option of a command shadows a global one")
def no_shadows(bad):
    everywhere = help_options()
    for command in commands():
        for option in sorted(help_options(command) & everywhere):
            bad("%s: %s" % (command, option))


@rule("every command has its page in SEE ALSO of wadokit(1) and its row in the README")
def commands_documented(bad):
    page, readme = text_of("man/wadokit.1"), text_of("README.md")
    for command in commands():
        if command == "help":
            continue
        if "wadokit\\-%s" % command not in page:
            bad("man/wadokit.1 does not name wadokit-%s" % command)
        if not re.search(r"`(wadokit )?%s\b" % command, readme):
            bad("README.md does not name %s" % command)


def exit_statuses():
    header = text_of("include/wadokit/error.h")
    return {int(s) for s in re.findall(r"(?m)^\s+X\(\w+, \"[^\"]*\", (\d+)\)", header)}


@rule("the exit statuses of the pages and the README are those of the code")
def exit_codes(bad):
    codes = exit_statuses()
    if codes != {0, 1, 2, 3, 4, 5, 6, 7, 8, 130}:
        bad("include/wadokit/error.h: %s" % sorted(codes))
    section = text_of("man/wadokit.1").split(".SH EXIT STATUS", 1)[-1].split("\n.SH", 1)[0]
    in_page = {int(s) for s in re.findall(r"(?m)^\.B (\d+)$", section)}
    if in_page != codes:
        bad("man/wadokit.1: %s" % sorted(in_page ^ codes))
    in_readme = {int(s) for s in re.findall(r"(?m)^\| (\d+) \|", text_of("README.md"))}
    if in_readme != codes:
        bad("README.md: %s" % sorted(in_readme ^ codes))


@rule("the manual pages are well formed")
def pages_well_formed(bad):
    for name in sorted(os.listdir(path("man"))):
        if not re.search(r"\.[135]$", name):
            continue
        for command in (["mandoc", "-Tlint", "-Wwarning"],
                        ["groff", "-man", "-ww", "-z", "-Tutf8"]):
            try:
                r = subprocess.run(command + [path("man", name)], capture_output=True, text=True,
                                   check=False)
            except FileNotFoundError:
                continue
            for line in (r.stdout + r.stderr).splitlines()[:5]:
                bad("%s: %s" % (command[0], line.replace(ARGS.source + "/", "")))


@rule("the version is the same everywhere")
def versions(bad):
    version = re.search(r"VERSION (\d+\.\d+\.\d+)", text_of("CMakeLists.txt")).group(1)
    for name in sorted(os.listdir(path("man"))):
        if re.search(r"\.[135]$", name) and "wadokit %s" % version not in text_of("man/" + name):
            bad("man/%s is not of %s" % (name, version))
    if "## %s" % version not in text_of("CHANGELOG.md"):
        bad("CHANGELOG.md does not tell of %s" % version)


@rule("the packages that scripts/setup installs are those that the README names")
def packages(bad):
    out = subprocess.run([path("scripts/setup"), "--list"], capture_output=True, text=True,
                         check=True).stdout
    section = text_of("README.md").split("## Dependencies", 1)[-1].split("\n## ", 1)[0]
    named = set()
    for row in re.findall(r"(?m)^\| (`[^|]*)\|", section):
        named |= set(re.findall(r"`([^`]+)`", row))
    for package in sorted(named ^ set(out.split())):
        bad("%s is only in one of the two" % package)


def main():
    global ARGS
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--modules", required=True)
    parser.add_argument("--cc", default="cc")
    parser.add_argument("--cxx", default="c++")
    ARGS = parser.parse_args()
    ARGS.source = os.path.abspath(ARGS.source)
    failed = 0
    for name, check in RULES:
        found = []
        check(found.append)
        print("%s %s" % ("FAILED" if found else "ok    ", name))
        for line in found:
            print("       " + line)
        failed += bool(found)
    print("rules: %d" % len(RULES))
    print("%d passed, %d failed" % (len(RULES) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
