"""What strict clients of the plainest kind insist on (strict_client.py): build number
0, no static channel at all, no fragments, bitmap updates only."""

import subprocess
import time

from harness import stack, wait
from harness.case import StackCase
from strict_client import StrictClient

IDLE_S = 15


class StrictPlainTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still"}

    def log_in(self, width, height, depth):
        """Up to Demand Active, which is not yet read."""
        client = StrictClient(self.stack.port, self.stack.user, self.stack.password, width, height, depth)
        self.addCleanup(client.close)
        client.wait_readable()
        return client

    def connect(self, width, height, depth):
        client = self.log_in(width, height, depth)
        client.until("the whole first picture", StrictClient.whole)
        return client

    def resize_guest(self, width, height):
        """Somebody else at the same desktop changes its size."""
        subprocess.run([stack.program("link-probe"), self.stack.guest_socket(), "layout",
                        "%dx%d" % (width, height)], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=wait.PATIENCE_S)

    def test_every_depth(self):
        for depth in (15, 16, 24, 32):
            with self.subTest(depth):
                client = self.connect(800, 600, depth)
                self.assertEqual(client.first_desktop, (800, 600))
                self.assertEqual(client.resizes, 0)
                client.close()

    def test_odd_sizes(self):
        for size in ((803, 601), (1366, 768), (1919, 1079)):
            with self.subTest(size):
                client = self.connect(*size, 32)
                self.assertEqual((client.first_desktop, client.resizes), (client.desktop, 0))
                client.close()

    def test_the_guest_changes_its_size(self):
        """Deactivate-All, Demand Active of the new size, finalisation, and only then
        pictures: the client faults anything else."""
        for depth in (16, 32):
            with self.subTest(depth):
                client = self.connect(800, 600, depth)
                for number, size in enumerate(((1024, 768), (640, 480), (803, 601))):
                    self.resize_guest(*size)
                    client.until("the new size", lambda c: c.desktop == size and c.whole())
                    self.assertEqual(client.resizes, number + 1)
                client.close()

    def test_the_size_changes_during_the_finalisation(self):
        client = self.log_in(800, 600, 32)
        self.resize_guest(1024, 768)
        client.until("the new size", lambda c: c.desktop == (1024, 768) and c.whole())
        self.assertEqual((client.first_desktop, client.resizes), ((800, 600), 1))

    def test_the_size_changes_again_and_again(self):
        client = self.connect(800, 600, 32)
        for number in range(20):  # while the client reads nothing
            size = (640 + 16 * number, 480 + 10 * number)
            self.resize_guest(*size)
        client.until("the last size", lambda c: c.desktop == size and c.whole())

    def test_a_still_desktop_is_silent(self):
        client = self.connect(800, 600, 32)
        while client.take(3):
            pass
        before, end = client.bytes, time.monotonic() + IDLE_S
        while time.monotonic() < end:
            client.take(max(0, end - time.monotonic()))
        self.assertEqual(client.bytes - before, 0)
