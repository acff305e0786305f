"""Clients that we did not write: each logs in and shows the guest's picture."""

import shutil

from harness.case import StackCase
from harness.clients import KINDS


class PatternTest(StackCase):
    """The test picture standing still, as the guest link gives it, against the
    pixels on the client's screen."""

    stack_arguments = {"guest": "pattern", "options": "--still"}

    def look(self, kind):
        argv, match = KINDS[kind]
        if not shutil.which(argv[0]):
            self.skipTest(argv[0] + " is not in this Debian")
        client = self.client(kind)
        client.wait_window()
        self.assert_alike(client.picture, match)
        self.assertTrue(client.running(), client.log())
        client.stop()


def _add(kind):
    setattr(PatternTest, "test_" + kind.replace("-", "_"), lambda self: self.look(kind))


for _kind in KINDS:
    _add(_kind)


class ResizeTest(StackCase):
    """A window that changes its size while connected."""

    stack_arguments = {"guest": "pattern", "options": "--still"}

    def test_dynamic_resolution(self):
        display = self.display(1300, 900)
        client = self.client("xfreerdp3-gfx", display, more=["/dynamic-resolution"])
        client.wait_window()
        self.assert_alike(client.picture)
        window = display.window()
        for width, height in ((1024, 768), (640, 480), (1202, 850)):
            display.xdotool("windowsize", window, str(width), str(height))
            client.width, client.height = width, height
            self.assert_alike(client.picture)
            self.assertTrue(client.running(), client.log())

