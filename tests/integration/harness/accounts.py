"""Unprivileged accounts for tests that run as root. They go when the process ends."""

import atexit
import os
import pwd
import re
import signal
import subprocess

from . import wait

_PREFIX = "ot"  # ours: ot<pid of the test process>-<name>
_made = []


def _run(argv):
    """useradd and userdel lock /etc/passwd; another test process may hold it."""
    def attempt():
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True).returncode in (0, 6)
    wait.until(" ".join(argv), attempt, every_s=0.2)


def make(name, home):
    """Returns the full name of a new account."""
    full = "%s%d-%s" % (_PREFIX, os.getpid(), name)
    _run(["useradd", "--no-create-home", "--no-log-init", "--home-dir", home, "--shell", "/bin/sh", full])
    if not _made:
        atexit.register(remove_all)
    _made.append(full)
    entry = pwd.getpwnam(full)
    os.makedirs(home, exist_ok=True)
    os.chown(home, entry.pw_uid, entry.pw_gid)
    os.chmod(home, 0o700)
    return full


def _end_all(name):
    """What is left of that account's processes, for which userdel would refuse."""
    uid = pwd.getpwnam(name).pw_uid

    def none():
        left = processes(uid, zombies=True)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, os.WNOHANG)
            except (ProcessLookupError, ChildProcessError):
                pass
        return not left
    wait.until("the processes of %s to end" % name, none)


def processes(uid, zombies=False):
    """What that account runs. (Of programs that let nobody look into them the folder in
    /proc belongs to root.)"""
    mine = re.compile("^State:\t%s.*^Uid:\t%d\t" % ("" if zombies else "[^ZX]", uid), re.MULTILINE | re.DOTALL)
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/status" % name) as f:
                if mine.search(f.read()):
                    found.append(int(name))
        except OSError:
            pass
    return found


def remove_all():
    while _made:
        _end_all(_made[-1])
        _run(["userdel", _made.pop()])


def remove_stale():
    """Those that a killed run left."""
    for entry in pwd.getpwall():
        owner = entry.pw_name[len(_PREFIX):].split("-")[0]
        if entry.pw_name.startswith(_PREFIX) and owner.isdigit() and not os.path.exists("/proc/" + owner):
            _run(["userdel", entry.pw_name])
