"""The headless client (headless_client.c) as an object: a strict client whose picture,
counters and input a test can reach."""

import json
import os
import select
import signal
import subprocess
import tempfile

from . import stack, wait
from .picture import Picture


class Headless:
    """Starts to connect at once; connected() waits for the verdict."""

    def __init__(self, directory, port, user, password, *options, host="127.0.0.1"):
        self.directory = tempfile.mkdtemp(prefix="headless-", dir=directory)
        read_fd, write_fd = os.pipe()
        argv = [stack.program("headless-client"), "--host", host, "--port", str(port), "--user", user, *options]
        env = dict(os.environ, HOME=self.directory)
        self.err_path = os.path.join(self.directory, "log")
        with open(self.err_path, "wb") as err:
            self.popen = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=write_fd, stderr=err, env=env)
        os.close(write_fd)
        self.fd, self.buffer = read_fd, b""
        self.end = None  # the "refused" or "closed" line
        self._send(password or "")

    def _send(self, line):
        try:
            self.popen.stdin.write(line.encode() + b"\n")
            self.popen.stdin.flush()
        except BrokenPipeError:
            pass

    def _line(self, timeout_s):
        """The next line, None at the end of the output."""
        while b"\n" not in self.buffer:
            if not select.select([self.fd], [], [], timeout_s)[0]:
                raise wait.Timeout("the headless client says nothing")
            got = os.read(self.fd, 65536)
            if not got:
                with open(self.err_path) as f:
                    raise AssertionError("the headless client is gone: %s" % (self.end or f.read()[-1000:]))
            self.buffer += got
        line, self.buffer = self.buffer.split(b"\n", 1)
        row = json.loads(line)
        if row.get("event") in ("closed", "refused"):
            self.end = row
        return row

    def connected(self, timeout_s=None):
        """Waits until it is logged in (returns self) or fails."""
        row = self._line(timeout_s or wait.PATIENCE_S)
        if row.get("event") != "connected":
            raise AssertionError("not connected: %s" % row)
        return self

    def refused(self):
        """Waits for a refusal and returns it: {"why", "info", "code"}."""
        row = self._line(wait.PATIENCE_S)
        if row.get("event") != "refused":
            raise AssertionError("not refused: %s" % row)
        return row

    def closed(self, timeout_s=None):
        """Waits until the server ends the connection; {"why", "info", "code"}."""
        while not self.end:
            self._line(timeout_s or wait.PATIENCE_S)
        return self.end

    def command(self, line):
        self._send(line)
        row = self._line(wait.PATIENCE_S)
        if row.get("event"):
            raise AssertionError("the connection ended: %s" % row)
        if "error" in row:
            raise AssertionError("%s: %s" % (line, row["error"]))
        return row

    def state(self):
        """Counters; "pattern" is the newest reading of the test picture's numbers."""
        row = self.command("state")
        if "fault" in row:
            raise AssertionError("a strict client would not take this: " + row["fault"])
        return row

    def until(self, what, condition, timeout_s=None):
        """Waits for condition(state), returns that state."""
        last = {}

        def look():
            last.clear()
            last.update(self.state())
            return condition(last)
        wait.until(lambda: "%s; state %s" % (what, last), look, timeout_s)
        return dict(last)

    def picture(self):
        self.state()  # whose faults count
        path = os.path.join(self.directory, "picture")
        size = self.command("save " + path)
        return Picture.from_raw(path, size["width"], size["height"])

    def key(self, code, extended=False):
        for way in ("down", "up"):
            self.command("key %x%s %s" % (code, "e" if extended else "", way))

    def unicode(self, text):
        for unit in memoryview(text.encode("utf-16-le")).cast("H"):
            self.command("unicode %x down" % unit)
            self.command("unicode %x up" % unit)

    def freeze(self):
        """The client reads and answers nothing from here on."""
        os.kill(self.popen.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.popen.pid, signal.SIGCONT)

    def stop(self):
        if self.popen.poll() is None:
            self.thaw()
            self._send("quit")
            try:
                self.popen.wait(5)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self.popen.stdin.close()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
