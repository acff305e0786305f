"""What could stop a desktop's frames for good: a size that was left and is back before
anybody could say so, and a client that did not read for a while."""

import os
import signal
import subprocess

from harness import stack, wait
from harness.case import StackCase
from strict_client import StrictClient

KEY_A, KEY_F1 = 0x1e, 0x3b
SIZE = (800, 600)


def stopped(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rsplit(")", 1)[1].split()[0] == "T"


def unread_bytes(server_port, client_port):
    """What the server's socket of that connection holds: sent and not acknowledged, or
    not even sent."""
    with open("/proc/net/tcp") as f:
        next(f)
        for line in f:
            words = line.split()
            ports = [int(word.rsplit(":", 1)[1], 16) for word in words[1:3]]
            if ports == [server_port, client_port]:
                return int(words[4].split(":")[0], 16)
    return 0


class SizeAndBackTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still", "shared": True}

    def there_and_back(self):
        """Both requests wait for the guest when it looks: it tells of the size that it
        has in the end, the old one, and has dropped the memory that it was lent."""
        [guest] = self.stack.guest_pids()
        os.kill(guest, signal.SIGSTOP)
        try:
            wait.until("the guest to stop", lambda: stopped(guest))
            probe = subprocess.Popen(
                [stack.program("link-probe"), self.stack.guest_socket(), "sizes", "640x480", "%dx%d" % SIZE],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
            self.addCleanup(probe.stdout.close)
            self.assertEqual(probe.stdout.readline(), "sent\n")
        finally:
            os.kill(guest, signal.SIGCONT)
        self.assertEqual(probe.wait(wait.PATIENCE_S), 0)

    def check(self, mode):
        client = self.headless("--size", "%dx%d" % SIZE, "--pictures", mode).connected()
        client.until("a picture", lambda s: s.get("pattern"))
        for _ in range(3):
            self.there_and_back()
            serial = client.state()["pattern"]["serial"]
            client.key(KEY_A)
            client.until("the answer to a key", lambda s: s["pattern"]["serial"] != serial)
            self.assert_alike(client.picture, "exact" if mode == "bitmap" else "lossy")
        state = client.state()
        self.assertEqual((state["width"], state["height"], state["resizes"]), (*SIZE, 0))
        client.stop()

    def test_frames_go_on(self):
        for mode in ("progressive", "bitmap"):  # a resize is another thing to each
            with self.subTest(mode):
                self.check(mode)


class FullSocketTest(StackCase):
    """The plain client: it acknowledges nothing, sends nothing while it reads, and has
    no heartbeat, so that only the socket itself can wake the session up."""

    stack_arguments = {"guest": "pattern", "options": "--still", "shared": True}
    # The session leaves about 64 KiB unsent in the kernel (server/session/rdp.c), and the
    # client's kernel takes a few KiB: when this much is stuck, most of a picture, which
    # has more than 1 MiB, found no room.
    stuck_bytes = 32 << 10

    def test_frames_go_on(self):
        client = StrictClient(self.stack.port, self.stack.user, self.stack.password, 1920, 1080, 32,
                              receive_bytes=4096)
        self.addCleanup(client.close)
        port = client.socket.getsockname()[1]
        client.until("the first picture", StrictClient.whole)
        all_of_it = len(client.covered)
        for _ in range(3):
            before = client.bytes
            client.covered.clear()
            self.press(KEY_F1)  # nearly all of the picture changes
            wait.until("the socket to be full",
                       lambda: unread_bytes(self.stack.port, port) >= self.stuck_bytes)
            client.until("the rest of the picture", lambda c: len(c.covered) > 0.9 * all_of_it)
            self.assertGreater(client.bytes - before, 1 << 20)
        # And the next frame is asked for after it.
        updates = client.updates
        self.press(KEY_A)
        client.until("the answer to a key", lambda c: c.updates > updates)

    def press(self, code):
        subprocess.run([stack.program("link-probe"), self.stack.guest_socket(), "key", "%d" % code], check=True,
                       stdin=subprocess.DEVNULL, timeout=wait.PATIENCE_S)
