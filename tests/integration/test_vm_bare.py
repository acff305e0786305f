"""Two virtual machines at once without a desktop: programs draw on the bare screen, and
the machines end in every way there is, one without the other."""

import os
import re
import signal

from harness import machine, wait
from harness.picture import compare
from harness.process import Process
from harness.stack import alive, children, comm, descendants
from test_vm import VmCase

SIZE = "1280x800"


class BareTest(VmCase):
    append, users = "oriel.desktop=no", 2

    def qemu(self, user):
        """The process of that user's machine."""
        for pid in descendants(os.getpid()):
            if comm(pid) == "oriel-guest-vm" and self.words(pid)[-1:] and \
                    any(word.endswith("/guests/" + user) for word in self.words(pid)):
                return [child for child in children(pid) if comm(child).startswith("qemu")][0]
        raise AssertionError("no machine of " + user)

    @staticmethod
    def words(pid):
        with open("/proc/%d/cmdline" % pid) as f:
            return f.read().split("\0")

    def reference(self):
        """What glmark2 draws first, on a screen of the host."""
        display = self.display(1280, 800)
        glmark = Process(["glmark2-es2", "-b", "build:nframes=1", "--run-forever", "--size", SIZE],
                         os.path.join(self.stack.directory, "glmark2.log"),
                         env=display.env(HOME=self.stack.directory, LIBGL_ALWAYS_SOFTWARE="1"))
        self.addCleanup(glmark.stop)
        wait.until(lambda: "glmark2 to draw; its log:\n" + glmark.log(),
                   lambda: display.picture().colours(50) >= 50, every_s=0.3)
        return display.picture()

    def test_1_two_at_once(self):
        """All in one, because a machine takes its time to boot."""
        first, second = self.stack.users
        clients = [self.headless("--size", SIZE, user=user).connected() for user in (first, second)]
        for user in (first, second):
            self.console(user).run("systemctl stop getty@tty1")
        self.check_a_frame(first)
        self.check_motion(clients[1], second)
        self.check_a_frame(first)
        self.check_clean_end(clients[0], first, clients[1], second)
        self.check_kill(clients[1], second)

    def check_a_frame(self, user):
        """A frame of glmark2 in the machine is the one that the host draws."""
        self.console(user).run("pkill glmark2; glmark2-es2-drm --visual-config alpha=0 -b build:nframes=1 "
                               "--run-forever >/tmp/glmark 2>&1 &")
        want = self.reference()

        def alike():
            got = self.guest_picture(user)
            self.last = compare(want, got) if (got.width, got.height) == (1280, 800) else "another size"
            return not isinstance(self.last, str) and self.last.psnr_db >= 40 and self.last.worst_db >= 30
        wait.until(lambda: "the machine's frame to match: %s; %s" % (
            self.last, self.console(user).run("tail -n 5 /tmp/glmark")), alike, machine.BOOT_S, 0.5)
        self.assertIn("virgl", self.console(user).run("grep GL_RENDERER /tmp/glmark"))

    def check_motion(self, client, user):
        """kmscube turns, at the client too."""
        self.console(user).run("tail -f /dev/null | kmscube >/tmp/cube 2>&1 &")
        wait.until("the cube", lambda: client.picture().colours(200) >= 200, machine.BOOT_S, 0.3)
        pictures = [client.picture().data]
        wait.until("the cube to turn", lambda: client.picture().data != pictures[0], machine.BOOT_S, 0.1)
        self.assertIn("virgl", self.console(user).run("grep renderer: /tmp/cube"))

    def check_clean_end(self, client, user, other_client, other):
        """`oriel guest end` shuts the machine down; the other one goes on."""
        qemu = self.qemu(user)
        self.stack.oriel("guest", "end", user)
        client.closed(machine.BOOT_S)
        wait.until("QEMU to end", lambda: not alive(qemu), machine.BOOT_S)
        self.stack.log_line(r"machine is off|told to quit", lambda: self.guest_log(user))
        self.assertTrue(alive(self.qemu(other)))
        before = other_client.picture().data
        wait.until("the other's cube to turn", lambda: other_client.picture().data != before, machine.BOOT_S, 0.1)

    def check_kill(self, client, user):
        """kill -9 of QEMU: the session ends with a word, and the log says why."""
        os.kill(self.qemu(user), signal.SIGKILL)
        client.closed()
        self.stack.log_line(r"the machine is lost: QEMU ended with signal 9", lambda: self.guest_log(user))
        wait.until("the guest to end", lambda: not [pid for pid in self.stack.guest_pids()
                                                    if any(w.endswith("/" + user) for w in self.words(pid))])
        self.assertFalse(re.search("error|warn", self.broker.log()), self.broker.log())
