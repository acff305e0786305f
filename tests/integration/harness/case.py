"""TestCases with a private server, and with clients that end with the test."""

import os
import re
import sys
import unittest

from . import stack, wait
from .clients import Client
from .display import Display
from .headless import Headless
from .picture import compare
from .probe import guest_picture

KEEP = bool(os.environ.get("ORIEL_TEST_KEEP"))


class StackCase(unittest.TestCase):
    """One server per class: stack_arguments are those of Stack."""

    stack_arguments = {}

    @classmethod
    def setUpClass(cls):
        cls.stack = stack.Stack(**cls.stack_arguments)
        cls.troubles = 0
        try:
            cls.stack.start()
        except BaseException:
            cls.stack.stop(keep=True)
            raise

    @classmethod
    def tearDownClass(cls):
        found = re.findall(r"(?:ERROR: \w+Sanitizer|runtime error).*", cls.stack.server_log() + cls.stack.host_log())
        cls.stack.stop(keep=KEEP or cls.troubles > 0 or found)
        if found:
            raise AssertionError("a sanitizer found: %s" % "; ".join(found[:3]))

    def run(self, result=None):
        before = result.bad
        super().run(result)
        type(self).troubles += result.bad - before

    def headless(self, *options, user=None, password=None, host="127.0.0.1", port=None):
        user = user or self.stack.user
        client = Headless(self.stack.directory, port or self.stack.port, user,
                          self.stack.passwords.get(user) if password is None else password, *options, host=host)
        self.addCleanup(client.stop)
        return client

    def one_session(self):
        """The only session's process; those of the tests before may take a moment to end."""
        wait.until("one session", lambda: len(self.stack.session_pids()) == 1)
        return self.stack.session_pids()[0]

    def comes_in(self):
        """Whether a client is let in; it stays."""
        try:
            return self.headless("--size", "640x480").connected()
        except AssertionError:
            return None

    def display(self, width=1024, height=768):
        display = Display(self.stack.directory, width, height)
        self.addCleanup(display.stop)
        return display

    def client(self, kind, display=None, user=None, password=None, width=800, height=600, more=()):
        user = user or self.stack.user
        client = Client(kind, display or self.display(), self.stack.directory, self.stack.port, user,
                        self.stack.passwords.get(user) if password is None else password, width, height, more)
        self.addCleanup(client.stop)
        return client

    def guest_picture(self, user=None):
        return guest_picture(self.stack, user)

    def assert_alike(self, picture_of, match="lossy", user=None, timeout_s=None):
        """Waits until picture_of() matches the guest's picture: "lossy" is RemoteFX's
        bar, "exact", or 15, 16 or "freerdp-16": exact after that
        colour reduction."""
        last = {}

        def matches():
            want, got = self.guest_picture(user), picture_of()
            if match == "freerdp-16":
                want, got = want.as_freerdp_widens_16().reduced(5, 6, 5), got.reduced(5, 6, 5)
            elif match in (15, 16):
                bits = (5, match - 10, 5)
                want, got = want.reduced(*bits), got.reduced(*bits)
            last.update(want=want, got=got)
            if (want.width, want.height) != (got.width, got.height):
                last["text"] = "%dx%d in place of %dx%d" % (got.width, got.height, want.width, want.height)
                return False
            likeness = compare(want, got)
            last["text"] = str(likeness)
            if match == "lossy":
                return likeness.psnr_db >= 38 and likeness.worst_db >= 30
            return likeness.differing == 0
        try:
            wait.until(lambda: "the client's picture to match the guest's (%s): %s" % (match, last.get("text")),
                       matches, timeout_s, every_s=0.2)
        except wait.Timeout:
            for name in ("want", "got"):
                if name in last:
                    last[name].save_ppm(os.path.join(self.stack.directory, name + ".ppm"))
            print("pictures: %s/want.ppm and got.ppm" % self.stack.directory, file=sys.stderr)
            raise
        self.assertGreater(last["want"].colours(50), 49, "the guest's picture is nearly empty")
        return last["text"]
