#!/usr/bin/env python3
"""The sandbox of decoders where a system has no Landlock or refuses seccomp, as some containers do."""
import ctypes
import os
import shutil
import struct
import subprocess
import unittest

import peers

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
ENOSYS = 38
LANDLOCK = 444
SECCOMP = {"x86_64": 317, "aarch64": 277}.get(os.uname().machine)
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def without(*calls):
    """What has to be done in a new process so that it and its children lack these system calls."""
    steps = [(LOAD, 0, 0, 0)]
    for i, call in enumerate(calls):
        steps.append((EQUAL, len(calls) - i, 0, call))
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, ERRNO | ENOSYS)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare():
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, FILTER, program, 0, 0):
            os._exit(99)
    prepare.kept = code
    return prepare


@unittest.skipUnless(shutil.which("dcmcjpls"), "dcmcjpls is not installed")
class Sandbox(peers.Case):
    def setUp(self):
        super().setUp()
        self.images = os.path.join(self.home, "images")
        peers.make_phantom(self.images, "ct:2")
        for name in self.dcm_files(self.images).values():
            subprocess.run(["dcmcjpls", name, name + "x"], check=True)
            os.replace(name + "x", name)

    def thumb(self, *words, lacking=()):
        shutil.rmtree(self.out, ignore_errors=True)
        result = subprocess.run([peers.WADOKIT, *words, "thumb", "--per", "instance", self.images, "-o", self.out],
                                env=peers.environment(self.home), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, preexec_fn=without(*lacking) if lacking else None, check=False)
        pictures = sum(name.endswith(".jpg") for _, _, names in os.walk(self.out) for name in names)
        return result.returncode, pictures, result.stderr

    def test_it_is_whole_here(self):
        for words in ((), ("--sandbox", "auto"), ("--sandbox", "require"), ("--sandbox", "off")):
            status, pictures, err = self.thumb(*words)
            self.assertEqual((status, pictures, err), (0, 2, ""), words)

    def test_what_is_missing_is_said_once(self):
        status, pictures, err = self.thumb(lacking=[LANDLOCK])
        self.assertEqual((status, pictures), (0, 2))
        self.assertEqual(err.count("the sandbox of decoders is not whole on this system: no Landlock"), 1)

    @unittest.skipUnless(SECCOMP, "the number of seccomp() on this machine is not known here")
    def test_a_system_that_refuses_seccomp(self):
        status, pictures, err = self.thumb(lacking=[SECCOMP, LANDLOCK])
        self.assertEqual((status, pictures), (0, 2))
        self.assertIn("no Landlock, seccomp", err)

    def test_where_it_is_required_nothing_is_decoded_without(self):
        status, pictures, err = self.thumb("--sandbox", "require", lacking=[LANDLOCK])
        self.assertEqual((status, pictures), (8, 0))
        self.assertIn("no Landlock", err)
        self.assertIn("--sandbox", err)

    def test_a_profile_may_require_it(self):
        self.write("config", "[default]\nsandbox = require\n")
        status, pictures, _ = self.thumb("--config", os.path.join(self.home, "config"), lacking=[LANDLOCK])
        self.assertEqual((status, pictures), (8, 0))

    def test_doctor_tells(self):
        found = {line["name"]: line for line in self.run_wadokit("doctor", "--json").lines("finding")}
        self.assertEqual(found["sandbox"]["status"], "ok")
        self.assertIn("Landlock", found["sandbox"]["detail"])
        result = subprocess.run([peers.WADOKIT, "doctor"], env=peers.environment(self.home), stdout=subprocess.PIPE,
                                text=True, preexec_fn=without(LANDLOCK), check=False)
        self.assertEqual(result.returncode, 0)
        self.assertIn("but without Landlock", result.stdout)


if __name__ == "__main__":
    peers.main()
