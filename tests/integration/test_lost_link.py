"""A client whose network is gone, in a network namespace whose loopback is taken down."""

import ctypes
import os
import subprocess
import unittest

from harness import wait
from harness.case import StackCase

CLONE_NEWNET = 0x40000000
# The heartbeat's 10 s, TCP's 30 s without an answer, and what a busy machine adds.
NOTICED_S = 90


def loopback(state):
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


@unittest.skipUnless(os.geteuid() == 0, "a network namespace needs root")
class LostLinkTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still"}

    @classmethod
    def setUpClass(cls):
        # This process and all it starts from here on.
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        loopback("up")
        super().setUpClass()

    def test_dead_client_is_noticed_and_its_desktop_found_again(self):
        client = self.headless("--size", "800x600").connected()
        client.until("a picture", lambda s: s.get("pattern"))
        guests = self.stack.guest_pids()
        loopback("down")
        wait.until("the session's end", lambda: not self.stack.session_pids(), NOTICED_S)
        self.stack.log_line(r"%s from 127\.0\.0\.1, \d+ s: " % self.stack.user, self.stack.server_log)
        loopback("up")
        again = self.headless("--size", "800x600").connected()
        again.until("a picture", lambda s: s.get("pattern"))
        self.assertEqual(self.stack.guest_pids(), guests)
        again.stop()
