"""Virtual machines: their image, their serial console, the broker of their GPUs."""

import base64
import gzip
import os
import re
import socket
import subprocess
import threading

from . import stack as stacks
from . import wait
from .process import Process

# Only what hangs takes so long: a machine boots in a minute of processor time, emulated,
# often two on two real processors that others use too.
BOOT_S = 15 * wait.PATIENCE_S


def image():
    """The folder of the image that this build's programs make; built if need be."""
    done = subprocess.run([stacks.program("oriel"), "image", "build"], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=1800)
    if done.returncode != 0:
        raise AssertionError("oriel image build: " + done.stderr)
    return done.stdout.strip()


def broker(stack, profile=""):
    """oriel-vgpu-broker for the guests of that server. profile: what the default one
    shall have, as "memory=128"."""
    path = os.path.join(stack.run_dir, "vgpu")
    profiles = os.path.join(stack.directory, "profiles")
    with open(profiles, "w") as f:
        f.write("default %s\n" % profile if profile else "")
    process = Process([stacks.program("oriel-vgpu-broker"), "--socket", path, "--profiles", profiles],
                      os.path.join(stack.directory, "broker.log"), user=stack.run_as)
    wait.until(lambda: "the broker to listen; its log:\n" + process.log(),
               lambda: not process.running() or "ready; " in process.log())
    return process


def accelerator(qemu):
    """What runs the processors of the machine of that QEMU process: "kvm" or "tcg"."""
    with open("/proc/%d/cmdline" % qemu) as f:
        words = f.read().split("\0")
    return words[words.index("-accel") + 1].split(",")[0]


def emulated(log):
    """Whether oriel-guest-vm has said so."""
    return bool(re.search(r"warn +guest-vm: .*: the machine's processors are emulated \(TCG\)", log))


class Console:
    """A shell of root in the machine, at the end of its serial line. All that the machine
    says there is read from the start on: it waits for who listens and does not read."""

    def __init__(self, path):
        self.count, self.said, self.gone = 0, b"", False
        self.heard = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX)
        wait.until("the machine's console", lambda: self._connect(path))
        self.socket.settimeout(1)
        threading.Thread(target=self._listen, daemon=True).start()

    def _connect(self, path):
        try:
            self.socket.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False  # not bound yet, or bound and not listening
        return True

    def _piece(self):
        """b"": there will be no more."""
        while True:
            try:
                return self.socket.recv(65536)
            except TimeoutError:
                pass
            except OSError:
                return b""

    def _listen(self):
        piece = True
        while piece:
            piece = self._piece()
            with self.heard:
                self.said += piece
                self.gone = not piece
                self.heard.notify()

    def _read_until(self, mark, timeout_s):
        """What came before the mark and the mark; None when it does not come in time."""
        with self.heard:
            self.heard.wait_for(lambda: self.gone or re.search(mark, self.said), timeout_s)
            found = re.search(mark, self.said)
            if self.gone and not found:
                raise AssertionError("the machine's console is gone")
            if found:
                text, self.said = self.said[:found.start()], self.said[found.end():]
                return text, found
        return None

    def booted(self, timeout_s=BOOT_S):
        """Waits until the shell answers."""
        def answers():
            try:
                self.socket.sendall(b"\x15stty -echo cols 500; echo yes'-it'-is\r")
            except TimeoutError:
                pass  # nobody in the machine takes what is typed
            return self._read_until(rb"yes-it-is", 5)
        wait.until(lambda: "the machine to boot; its console:\n" + self.last_words(), answers, timeout_s)
        return self

    def last_words(self):
        return self.said[-2000:].decode(errors="replace")

    def run(self, command, check=True, timeout_s=None):
        """What the command says, both ways, without the newline at its end. It runs by
        a shell of its own. Long ones are put together in pieces: a line of the
        terminal is no longer than 4095 bytes."""
        self.count += 1
        tag = "%d-%d" % (os.getpid(), self.count)
        quoted = "'" + command.replace("'", "'\\''") + "'"
        line = "echo 'begin-'%s; sh -c %s </dev/null 2>&1; echo 'end-'%s $?" % (tag, quoted, tag)
        assert len(line) < 4000, "too long for a terminal's line"
        self.socket.sendall(line.encode() + b"\r")
        got = self._read_until(b"end-" + tag.encode() + rb" (\d+)", timeout_s or BOOT_S)
        if not got:
            raise wait.Timeout("the machine does not answer to: %s; its console:\n%s" % (command, self.last_words()))
        text = got[0].decode(errors="replace").replace("\r", "")
        text = text.split("begin-%s\n" % tag, 1)[-1].rstrip("\n")
        if check and got[1].group(1) != b"0":
            raise AssertionError("%s: %s" % (command, text))
        return text

    def type(self, command):
        """For what the machine does not answer to any more."""
        self.socket.sendall(command.encode() + b"\r")

    def desktop(self, command, check=True):
        """The same as the desktop's user, on the desktop."""
        return self.run("runuser -u user -- env DISPLAY=:0 XAUTHORITY=/home/user/.Xauthority LANG=C.UTF-8 "
                        "HOME=/home/user " + command, check)

    def start(self, command, log="/tmp/log"):
        """On the desktop, and goes on in the background."""
        self.run("cd /home/user; setsid runuser -u user -- env DISPLAY=:0 XAUTHORITY=/home/user/.Xauthority "
                 "LANG=C.UTF-8 HOME=/home/user %s >%s 2>&1 </dev/null &" % (command, log))

    def put(self, data, path):
        """Makes a program of these bytes in the machine."""
        text = base64.b64encode(gzip.compress(data, mtime=0)).decode()
        self.run(": >/tmp/put")
        for at in range(0, len(text), 3600):
            self.run("printf %%s %s >>/tmp/put" % text[at:at + 3600])
        self.run("base64 -d /tmp/put | gzip -d >%s; chmod 755 %s; rm /tmp/put" % (path, path))

    def close(self):
        self.socket.close()


def console(stack, user=None):
    """Not booted yet, perhaps."""
    return Console(os.path.join(stack.run_dir, "guests", user or stack.user, "console"))
