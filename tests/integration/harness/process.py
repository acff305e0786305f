"""Child processes with their output in a file. They end with us."""

import ctypes
import os
import signal
import subprocess

from . import wait

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """argv started with its stdout and stderr in log_path. user: (uid, gid, groups) or None."""

    def __init__(self, argv, log_path, env=None, stdin=subprocess.DEVNULL, user=None, cwd=None, with_us=True):
        self.name = os.path.basename(argv[0])
        self.log_path = log_path
        extra = {}
        if user:
            extra = {"user": user[0], "group": user[1], "extra_groups": user[2]}
        with open(log_path, "ab") as log:
            self.popen = subprocess.Popen(
                argv, stdin=stdin, stdout=log, stderr=subprocess.STDOUT, env=env, cwd=cwd,
                preexec_fn=_die_with_parent if with_us else None, start_new_session=True, **extra)
        self.pid = self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def log(self):
        with open(self.log_path, "r", errors="replace") as f:
            return f.read()

    def kill(self, number=signal.SIGKILL):
        if self.running():
            os.kill(self.pid, number)

    def wait(self, timeout_s=None):
        """The exit code (negative: the signal)."""
        try:
            return self.popen.wait(wait.PATIENCE_S if timeout_s is None else timeout_s)
        except subprocess.TimeoutExpired:
            raise wait.Timeout("%s does not end; its log:\n%s" % (self.name, self.log()[-2000:])) from None

    def stop(self):
        """SIGTERM, and SIGKILL for who does not listen."""
        self.kill(signal.SIGTERM)
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            self.popen.wait()
        if self.popen.stdin:
            self.popen.stdin.close()


def threads_of(pid):
    return len(os.listdir("/proc/%d/task" % pid))


def cpu_s(pid):
    """User and system time of a process, in seconds."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid):
    out = []
    for task in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/children" % (pid, task)) as f:
                out += [int(word) for word in f.read().split()]
        except OSError:
            pass  # that thread has ended; its children are another's
    return out


def program_of(pid):
    """The name of the program file, "" when it is gone."""
    try:
        return os.path.basename(os.readlink("/proc/%d/exe" % pid)).removesuffix(" (deleted)")
    except OSError:
        return ""
