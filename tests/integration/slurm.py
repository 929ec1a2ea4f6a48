"""A Slurm of one node for tests: munged, slurmctld and slurmd as children of this process, on free ports."""
import os
import shutil
import socket
import subprocess
import time

import peers

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")


def find(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def why_not():
    """Why there can be no Slurm here, None where there can."""
    if not all(find(name) for name in PROGRAMS):
        return "Slurm (slurmctld, slurmd, slurm-client, munge) is not installed"
    return None if os.geteuid() == 0 else "slurmd runs as root only"


class Slurm:
    def __init__(self, folder):
        self.folder, self.children = folder, []
        self.host = socket.gethostname().split(".")[0]
        self.env = dict(os.environ, SLURM_CONF=os.path.join(folder, "slurm.conf"))
        for name in ("munge", "state", "spool"):
            os.mkdir(os.path.join(folder, name), 0o700)
        self.configure()
        try:
            self.start("munged", "-F", "-f", "-S", self.path("munge", "sock"), "--key-file=" + self.path("munge", "key"),
                       "--pid-file=" + self.path("munge", "pid"), "--seed-file=" + self.path("munge", "seed"),
                       "--log-file=" + self.path("munged.log"))
            self.until(lambda: os.path.exists(self.path("munge", "sock")))
            self.start("slurmctld", "-D", "-f", self.path("slurm.conf"))
            self.start("slurmd", "-D", "-f", self.path("slurm.conf"), "-N", self.host)
            self.until(lambda: "idle" in self.run("sinfo", "-h", "-o", "%t"))
        except BaseException:
            self.stop()
            raise

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def configure(self):
        with open(self.path("munge", "key"), "wb") as file:
            file.write(os.urandom(64))
        os.chmod(self.path("munge", "key"), 0o400)
        with open(self.path("slurm.conf"), "w", encoding="ascii") as file:
            file.write("\n".join((
                "ClusterName=test", "SlurmctldHost=%s(127.0.0.1)" % self.host, "SlurmUser=root", "SlurmdUser=root",
                "AuthType=auth/munge", "AuthInfo=socket=" + self.path("munge", "sock"), "CryptoType=crypto/munge",
                "SlurmctldPort=%d" % peers.free_port(), "SlurmdPort=%d" % peers.free_port(),
                "StateSaveLocation=" + self.path("state"), "SlurmdSpoolDir=" + self.path("spool"),
                "SlurmctldPidFile=" + self.path("ctld.pid"), "SlurmdPidFile=" + self.path("slurmd.pid"),
                "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none", "SwitchType=switch/none", "MpiDefault=none",
                "JobAcctGatherType=jobacct_gather/none", "AccountingStorageType=accounting_storage/none",
                "SelectType=select/cons_tres", "SelectTypeParameters=CR_Core", "ReturnToService=2", "KillWait=2",
                "NodeName=%s NodeAddr=127.0.0.1 CPUs=%d" % (self.host, os.cpu_count()),
                "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP", "")))

    def start(self, name, *args):
        with open(self.path(name + ".out"), "wb") as log:
            self.children.append(subprocess.Popen([find(name)] + list(args), env=self.env, stdin=subprocess.DEVNULL,
                                                  stdout=log, stderr=subprocess.STDOUT, cwd=self.folder))

    def run(self, name, *args, **keywords):
        keywords.setdefault("env", self.env)
        result = subprocess.run([find(name)] + list(args), capture_output=True, text=True, timeout=60, check=False,
                                **keywords)
        return result.stdout if result.returncode == 0 else ""

    def until(self, is_so, seconds=60):
        end = time.monotonic() + seconds
        while not is_so():
            for child in self.children:
                if child.poll() is not None:
                    raise RuntimeError("%s ended with %d" % (child.args[0], child.returncode))
            if time.monotonic() > end:
                raise RuntimeError("Slurm is not ready after %d s" % seconds)
            time.sleep(0.1)

    def has_jobs(self):
        return bool(self.run("squeue", "-h").strip())

    def stop(self):
        for child in reversed(self.children):
            peers.stop(child)
