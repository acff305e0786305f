"""A private server: oriel-host and oriel-server in a directory of their own, on a
free port of the loopback.

As root it is the installed form (oriel-server as an account of its own, guests as
their user), else the form that serves the calling user's own desktop. ordinary=True
is that other form also for root: all of it runs as one unprivileged account.

Guests and sessions outlive oriel-host and oriel-server on purpose. So that none
outlives the test, the test process is their subreaper and ends all it inherited."""

import ctypes
import json
import os
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from . import accounts, wait
from .process import Process, children

BUILD = os.path.abspath(os.environ.get("ORIEL_BUILD", "build/release"))
_PR_SET_CHILD_SUBREAPER = 36
_SO_ACCEPTCON = 1 << 16


def program(name):
    return os.path.join(BUILD, "bin", name)


def free_port():
    """Below those that the kernel gives to connections: one of these could take it
    before we do."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        first = max(int(f.read().split()[0]), 20000)
    while True:
        port = random.randrange(first // 2, first)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def listening(port, pid=None):
    """True when somebody listens on that TCP port of IPv4 or IPv6."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as f:
            next(f)
            for line in f:
                words = line.split()
                if words[3] == "0A" and int(words[1].rsplit(":", 1)[1], 16) == port:
                    return True
    return False


def accepts(path):
    """True when somebody listens at that Unix socket: one that is only there, or that
    somebody has bound, refuses whoever connects."""
    with open("/proc/net/unix") as f:
        for line in f:
            words = line.split()
            if words[-1] == path and int(words[3], 16) & _SO_ACCEPTCON:
                return True
    return False


class Stack:
    """settings: lines for sections of oriel.conf, as {"server": ["max_sessions = 3"]}."""

    _as_root = os.geteuid() == 0

    def __init__(self, guest="pattern", options="", shared=False, users=1, settings=None, trace=False,
                 ordinary=False, ipv6=False):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.directory = tempfile.mkdtemp(prefix="oriel-")
        os.chmod(self.directory, 0o755)
        self.port = free_port()
        self.run_dir = os.path.join(self.directory, "run")
        self.state_dir = os.path.join(self.directory, "state")
        self.conf_path = os.path.join(self.directory, "oriel.conf")
        self.trace_path = os.path.join(self.directory, "trace", "frames") if trace else None
        self.users, self.passwords = [], {}
        self.processes = []
        self.host = self.server = None
        self.ordinary = ordinary or not self._as_root
        self.server_user = None if self.ordinary else accounts.make("server", self.directory + "/server")
        self.listen = "127.0.0.1:%d" % self.port + (" [::1]:%d" % self.port if ipv6 else "")
        self._write_conf(guest, options, shared, settings or {})
        self._make_users(users)
        self.run_as = None  # (uid, gid, groups) of the programs; None: ours
        if ordinary and self._as_root:
            entry = pwd.getpwnam(self.user)
            self.run_as = (entry.pw_uid, entry.pw_gid, [])
            os.chown(self.directory, entry.pw_uid, entry.pw_gid)
        self._stopping = threading.Event()
        threading.Thread(target=self._reap, daemon=True).start()

    def _write_conf(self, guest, options, shared, settings):
        sections = {
            "": ["run_dir = " + self.run_dir, "state_dir = " + self.state_dir, "log_level = debug"],
            # A slow machine is no reason to close a client that does log in.
            "server": ["listen = " + self.listen, "login_timeout_s = 60"],
            "host": ["pam = no"],
            "guest": ["kind = " + guest, "shared = " + ("yes" if shared else "no")],
        }
        if options:
            sections["guest"].append("options = " + options)
        if self.server_user:
            sections["host"].append("server_user = " + self.server_user)
        if self.trace_path:
            os.makedirs(os.path.dirname(self.trace_path))
            os.chmod(os.path.dirname(self.trace_path), 0o1777)
            sections[""].append("trace = " + self.trace_path)
        for name, lines in settings.items():
            keys = {line.split("=")[0].strip() for line in lines}
            old = [line for line in sections.get(name, []) if line.split("=")[0].strip() not in keys]
            sections[name] = old + list(lines)
        with open(self.conf_path, "w") as f:
            for name, lines in sections.items():
                f.write(("[%s]\n" % name if name else "") + "".join(line + "\n" for line in lines))

    def _make_users(self, count):
        for number in range(count):
            if number and self.ordinary:
                raise unittest.SkipTest("several users need root")
            if self._as_root:
                name = accounts.make("u%d" % number, "%s/home%d" % (self.directory, number))
            else:
                name = pwd.getpwuid(os.geteuid()).pw_name
            self.users.append(name)

    @property
    def user(self):
        return self.users[0]

    @property
    def password(self):
        return self.passwords[self.user]

    # Programs

    def start(self):
        self.start_host()
        for name in self.users:
            self.set_password(name, secrets.token_hex(6))
        self.start_server()
        return self

    def _spawn(self, *argv):
        log = os.path.join(self.directory, argv[0] + ".log")
        env = dict(os.environ, PATH=BUILD + "/bin:" + os.environ["PATH"])
        if self.run_as:
            env = {"PATH": env["PATH"], "HOME": pwd.getpwnam(self.user).pw_dir}
        process = Process([program(argv[0]), *argv[1:]], log, env=env, user=self.run_as)
        self.processes.append(process)
        return process

    def start_host(self):
        self.host = self._spawn("oriel-host", "--config", self.conf_path)
        wait.until(lambda: "oriel-host to answer; its log:\n" + self.host.log()[-2000:],
                   lambda: not self.host.running() or self.oriel("guests", check=False).returncode == 0)
        if not self.host.running():
            raise AssertionError("oriel-host ended: " + self.host.log()[-2000:])

    def start_server(self):
        self.server = self._spawn("oriel-server", "--config", self.conf_path)
        wait.until(lambda: "oriel-server to listen; its log:\n" + self.server.log()[-2000:],
                   lambda: not self.server.running() or listening(self.port))
        if not self.server.running():
            raise AssertionError("oriel-server ended: " + self.server.log()[-2000:])

    def oriel(self, *words, stdin="", check=True):
        done = subprocess.run([program("oriel"), "--run-dir", self.run_dir, *words], input=stdin, text=True,
                              capture_output=True, timeout=wait.PATIENCE_S)
        if check and done.returncode != 0:
            raise AssertionError("oriel %s: %s" % (" ".join(words), done.stderr.strip()))
        return done

    def set_password(self, name, password):
        verb = "password" if name in self.passwords else "add"
        self.oriel("user", verb, name, stdin=password + "\n")
        self.passwords[name] = password

    # What can be seen of it

    def server_log(self):
        return self.server.log()

    def host_log(self):
        return self.host.log()

    def log_line(self, pattern, where=None):
        """Waits for a line of the logs that matches; returns the match."""
        read = where or (lambda: self.server_log() + self.host_log())
        return wait.until(lambda: "log line /%s/ in:\n%s" % (pattern, read()[-3000:]),
                          lambda: re.search(pattern, read()))

    def session_pids(self):
        return [pid for pid in descendants(os.getpid()) if comm(pid) == "oriel-session"]

    def guest_pids(self):
        return [pid for pid in descendants(os.getpid()) if comm(pid).startswith("oriel-guest")]

    def guest_socket(self, user=None):
        """Waits for it."""
        path = os.path.join(self.run_dir, "guests", user or self.user, "link")
        wait.until("the guest's socket", lambda: accepts(path))
        return path

    def trace(self):
        """The frames' objects so far."""
        if not os.path.exists(self.trace_path):
            return []
        with open(self.trace_path) as f:
            return [json.loads(line) for line in f if line.endswith("\n")]

    # The end

    def _reap(self):
        while not self._stopping.wait(0.1):
            known = {p.pid for p in self.processes}
            for pid in children(os.getpid()):
                # Servers are somebody's who waits for them.
                if pid not in known and comm(pid).startswith("oriel-") and comm(pid) != "oriel-server":
                    try:
                        os.waitpid(pid, os.WNOHANG)
                    except ChildProcessError:
                        pass

    def _end(self, pids):
        for pid in pids:
            send(pid, signal.SIGTERM)
        try:
            wait.until("guests and sessions to end", lambda: not any(map(alive, pids)))
        except wait.Timeout:
            for pid in pids:
                send(pid, signal.SIGKILL)

    def stop(self, keep=False):
        for process in (self.server, self.host):
            if process:
                process.stop()
        # Guests and sessions; the guests end their own children, a machine's virtual GPU
        # after the machine. Then what is left.
        mine = [pid for pid in descendants(os.getpid()) if comm(pid).startswith("oriel-")]
        self._end([pid for pid in mine if not comm(pid).startswith("oriel-vgpu")])
        self._end([pid for pid in mine if alive(pid)])
        self._stopping.set()
        if keep:
            print("logs are kept in " + self.directory)
        else:
            shutil.rmtree(self.directory, ignore_errors=True)
        accounts.remove_all()


def comm(pid):
    try:
        with open("/proc/%d/comm" % pid) as f:
            return f.read().strip()
    except OSError:
        return ""


def alive(pid):
    """False for zombies too."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def descendants(pid):
    """Looked for until two looks agree: who ends while the kernel lists its siblings hides
    one of them, and who loses its parent meanwhile may be nobody's child."""
    found, before = _descendants(pid), None
    while found != before:
        found, before = _descendants(pid), found
    return found


def _descendants(pid):
    found, todo = [], [pid]
    while todo:
        try:
            kids = children(todo.pop())
        except OSError:
            continue
        found += kids
        todo += kids
    return found
