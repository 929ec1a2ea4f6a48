#!/usr/bin/env python3
"""The installed library: the programs of examples/ and of libwadokit(3), built by pkg-config (shared and static) and by
CMake, and run.

WADOKIT_BUILD names the build tree that is installed into a scratch folder.
"""
import os
import re
import shutil
import subprocess
import unittest

import peers

ROOT = os.path.dirname(os.path.dirname(peers.HERE))
EXAMPLES = os.path.join(ROOT, "examples")
BUILD = os.environ.get("WADOKIT_BUILD", os.path.join(ROOT, "build"))
SANITIZE = ["-fsanitize=" + os.environ["WADOKIT_SANITIZED"]] if peers.SANITIZED else []
PROGRAMS = {"thumbnails": "thumbnails.c", "retrieve_study": "retrieve_study.c"}
STUDY = "2.25.1001"


def run(*command, **keywords):
    result = subprocess.run(command, capture_output=True, text=True, check=False, **keywords)
    assert result.returncode == 0, "%s: %d\n%s%s" % (command, result.returncode, result.stdout, result.stderr)
    return result.stdout


@unittest.skipUnless(shutil.which("cc") and shutil.which("cmake") and shutil.which("pkg-config"),
                     "cc, cmake and pkg-config are needed")
class Library(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.scratch = peers.tempfile.mkdtemp(prefix="wadokit-installed-")
        cls.addClassCleanup(shutil.rmtree, cls.scratch)
        cls.prefix = os.path.join(cls.scratch, "shared")
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.libdir = os.path.dirname(cls.find(cls.prefix, "libwadokit.a"))
        # One with the static library alone, as the linker takes the shared one where both are.
        cls.static = os.path.join(cls.scratch, "static")
        shutil.copytree(cls.prefix, cls.static, symlinks=True)
        for name in os.listdir(os.path.dirname(cls.find(cls.static, "libwadokit.a"))):
            if name.startswith("libwadokit.so"):
                os.remove(os.path.join(os.path.dirname(cls.find(cls.static, "libwadokit.a")), name))
        cls.peer = peers.Peer("--bearer", "a-token", "--generate", "2x3")
        cls.addClassCleanup(cls.peer.stop)

    @staticmethod
    def find(top, wanted):
        return next(os.path.join(where, wanted) for where, _, names in os.walk(top) if wanted in names)

    def compile(self, prefix, *options):
        """The examples by pkg-config; the folder that holds them."""
        path = os.path.dirname(self.find(prefix, "wadokit.pc"))
        flags = run("pkg-config", *options, "--cflags", "--libs", "wadokit", env=dict(os.environ, PKG_CONFIG_PATH=path)).split()
        for name, source in PROGRAMS.items():
            run("cc", "-std=c11", "-Wall", "-Wextra", "-pedantic", "-Werror", *SANITIZE, os.path.join(EXAMPLES, source), *flags,
                "-o", os.path.join(self.home, name))
        return self.home

    def check_examples(self, folder, needs_library):
        """Both programs do what their first lines say."""
        env = dict(os.environ, LD_LIBRARY_PATH=self.libdir, WADOKIT_TOKEN="a-token")
        linked = run("ldd", os.path.join(folder, "thumbnails"), env=env)
        self.assertEqual("libwadokit.so" in linked, needs_library, linked)
        study = os.path.join(self.home, "study")
        out = run(os.path.join(folder, "retrieve_study"), study, "%s/dicom-web/studies/%s" % (self.peer.main, STUDY), env=env)
        self.assertIn("6 saved, 0 kept, 0 missing, 0 failed", out)
        self.assertEqual(len(self.dcm_files(study)), 6)
        again = subprocess.run([os.path.join(folder, "retrieve_study"), study,
                                "%s/dicom-web/studies/%s" % (self.peer.main, STUDY)], env=env, capture_output=True, text=True,
                               check=False)
        self.assertIn("0 saved, 6 kept", again.stdout)
        self.assertEqual(again.stderr.count("error"), 0)
        phantoms = os.path.join(self.home, "phantoms")
        peers.make_phantom(phantoms, "-n", "32", "ct:3", "us:1")
        out = run(os.path.join(folder, "thumbnails"), os.path.join(self.home, "thumbs"), phantoms, env=env)
        self.assertEqual(len(out.splitlines()), 2)
        refused = subprocess.run([os.path.join(folder, "retrieve_study"), study, self.peer.main + "/dicom-web/studies/" + STUDY],
                                 env=dict(env, WADOKIT_TOKEN="wrong"), capture_output=True, text=True, check=False)
        self.assertNotIn("wrong\n", refused.stderr)

    def test_by_pkg_config_with_the_shared_library(self):
        self.check_examples(self.compile(self.prefix), True)

    def test_by_pkg_config_with_the_static_library(self):
        self.check_examples(self.compile(self.static, "--static"), False)

    def test_by_cmake(self):
        build = os.path.join(self.home, "build")
        source = os.path.join(self.home, "examples")
        shutil.copytree(os.path.dirname(self.find(self.prefix, "thumbnails.c")), source)
        run("cmake", "-S", source, "-B", build, "-DCMAKE_PREFIX_PATH=" + self.prefix, "-DCMAKE_C_FLAGS=" + " ".join(SANITIZE))
        run("cmake", "--build", build)
        self.check_examples(build, True)

    def test_the_program_of_the_manual_page(self):
        with open(os.path.join(ROOT, "man", "libwadokit.3"), encoding="utf-8") as file:
            block = re.search(r"\.SH EXAMPLES.*?\.nf\n(.*?)\n\.fi", file.read(), re.S).group(1)
        source = self.write("page.c", block.replace("\\-", "-").replace("\\e", "\\") + "\n")
        flags = run("pkg-config", "--cflags", "--libs", "wadokit",
                    env=dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(self.find(self.prefix, "wadokit.pc")))).split()
        run("cc", "-Wall", "-Wextra", "-Werror", *SANITIZE, source, *flags, "-o", os.path.join(self.home, "page"))
        url = self.peer.main + "/dicom-web/studies/" + STUDY
        out = run(os.path.join(self.home, "page"), url, env=dict(os.environ, LD_LIBRARY_PATH=self.libdir))
        self.assertIn(url, out)

    def test_the_installed_program_runs_and_its_pages_are_there(self):
        self.assertIn("wadokit ", run(os.path.join(self.prefix, "bin", "wadokit"), "--version"))
        for page in ("wadokit.1", "wadokit-json.5", "libwadokit.3", "wadokit-get.1"):
            self.assertTrue(self.find(self.prefix, page))


if __name__ == "__main__":
    peers.main()
