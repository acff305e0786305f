"""Two virtual machines at once without a desktop: programs draw on the bare screen, and
the machines end in every way there is, one without the other."""

import os
import re
import signal
import time

from harness import machine, wait
from harness.picture import compare
from harness.process import Process
from harness.stack import alive, children, comm, descendants
from test_vm import VmCase

SIZE = "1280x800"
MEMORY_MIB = 200  # of video memory; vgpu-draw-frames fill asks for twice that


class BareTest(VmCase):
    want = last = None
    append, users, profile = "oriel.desktop=no", 2, "memory=%d" % MEMORY_MIB

    def qemu(self, user):
        """The process of that user's machine."""
        for pid in descendants(os.getpid()):
            if comm(pid) == "oriel-guest-vm" and self.words(pid)[-1:] and \
                    any(word.endswith("/guests/" + user) for word in self.words(pid)):
                return [child for child in children(pid) if comm(child).startswith("qemu")][0]
        raise AssertionError("no machine of " + user)

    @staticmethod
    def words(pid):
        """None of a process that is gone."""
        try:
            with open("/proc/%d/cmdline" % pid) as f:
                return f.read().split("\0")
        except OSError:
            return []

    def reference(self):
        """What glmark2 draws first, on a screen of the host."""
        display = self.display(1280, 800)
        glmark = Process(["glmark2-es2", "-b", "build:nframes=1", "--run-forever", "--size", SIZE],
                         os.path.join(self.stack.directory, "glmark2.log"),
                         env=display.env(HOME=self.stack.directory, LIBGL_ALWAYS_SOFTWARE="1"))
        self.addCleanup(glmark.stop)
        wait.until(lambda: "glmark2 to draw; its log:\n" + glmark.log(),
                   lambda: display.picture().colours(50) >= 50, every_s=0.3)
        picture = display.picture()
        glmark.stop()
        return picture

    def test_1_two_at_once(self):
        """All in one, because a machine takes its time to boot."""
        first, second = self.stack.users
        clients = [self.headless("--size", SIZE, user=user).connected(machine.BOOT_S)
                   for user in (first, second)]
        for user in (first, second):
            self.listen(user)
        for user in (first, second):
            self.consoles[user].booted().run("systemctl stop getty@tty1")
        self.check_a_frame(first)
        self.check_motion(clients[1], second)
        self.check_a_frame(first)
        self.assertFalse(re.search("error|warn", self.broker.log()), self.broker.log())
        self.check_lost_workers(first, clients[1], second)
        self.install_draw_frames(first)
        self.check_endless(first, clients[1], second)
        self.check_quota(first, clients[1], second)
        self.check_panic(first, clients[1])
        self.check_clean_end(clients[0], first, clients[1], second)
        self.check_kill(clients[1], second)

    def is_right(self, user):
        got = self.guest_picture(user)
        self.last = compare(self.want, got) if (got.width, got.height) == (1280, 800) else "another size"
        return not isinstance(self.last, str) and self.last.psnr_db >= 40 and self.last.worst_db >= 30

    def drawn(self, user):
        """How many frames glmark2 has drawn."""
        return int(self.console(user).run("grep -sc FrameTime /tmp/glmark", False) or 0)

    def assert_goes_on(self, user):
        """glmark2 draws further frames, and they are right."""
        drawn = self.drawn(user)
        wait.until("glmark2 to go on", lambda: self.drawn(user) >= drawn + 3, machine.BOOT_S, 0.5)
        wait.until(lambda: "the frame to be right: %s" % self.last, lambda: self.is_right(user), machine.BOOT_S, 0.5)
        # It is the same each time, so that none may be wrong from here on.
        self.assertTrue(self.is_right(user), self.last)

    def assert_turns(self, client):
        before = client.picture().data
        wait.until("the cube to turn", lambda: client.picture().data != before, machine.BOOT_S, 0.1)

    def check_a_frame(self, user):
        """A frame of glmark2 in the machine is the one that the host draws."""
        self.end(self.console(user), "glmark2")  # which holds the screen
        self.console(user).run("rm -f /tmp/glmark")
        self.console(user).run("glmark2-es2-drm --visual-config alpha=0 -b build:nframes=1 --run-forever "
                               ">/tmp/glmark 2>&1 &")
        self.want = self.want or self.reference()
        # One that ran before has left the same picture.
        wait.until("glmark2 to draw", lambda: self.drawn(user) > 0, machine.BOOT_S, 0.5)
        wait.until(lambda: "the machine's frame to match: %s; %s" % (
            self.last, self.console(user).run("tail -n 5 /tmp/glmark")), lambda: self.is_right(user),
                   machine.BOOT_S, 0.5)
        self.assertIn("virgl", self.console(user).run("grep GL_RENDERER /tmp/glmark"))

    def check_motion(self, client, user):
        """kmscube turns, at the client too."""
        self.console(user).run("tail -f /dev/null | kmscube >/tmp/cube 2>&1 &")
        wait.until("the cube", lambda: client.picture().colours(200) >= 200, machine.BOOT_S, 0.3)
        self.assert_turns(client)
        self.assertIn("virgl", self.console(user).run("grep renderer: /tmp/cube"))

    def check_lost_workers(self, user, other_client, other):
        """kill -9 of each worker: both programs go on, with right pixels; a session that
        is there stays."""
        worker = self.worker(other)
        gap_ms = self.lose_worker(user)
        self.assert_goes_on(user)
        self.assertEqual(self.worker(other), worker)
        self.assert_turns(other_client)
        frames, killed = other_client.state()["frames"], time.monotonic()
        other_gap_ms = self.lose_worker(other)
        other_client.until("frames of the cube", lambda s: s["frames"] > frames + 2, machine.BOOT_S)
        print("figures: glmark2's worker was away for %d ms, kmscube's for %d ms; kmscube's third frame at the "
              "client %.2f s after the kill" % (gap_ms, other_gap_ms, time.monotonic() - killed), flush=True)
        self.assert_turns(other_client)
        wait.until("the cube and its background", lambda: self.is_cube(other_client.picture()), machine.BOOT_S, 0.1)
        self.assert_goes_on(user)

    @staticmethod
    def is_cube(picture):
        return picture.colours(200) >= 200 and picture.data[:3] == bytes([128] * 3)

    def check_endless(self, user, other_client, other):
        """A shader that does not end costs its machine a worker, and nobody anything else."""
        worker, started = self.worker(other), time.monotonic()
        gap_ms = self.lose_worker_to_endless(user)
        self.assert_goes_on(user)
        print("figures: a shader without end was ended after %.1f s; its worker was away for %d ms" % (
            time.monotonic() - started, gap_ms), flush=True)
        self.end_endless(user)
        self.assertEqual(set(re.findall(r"context \d+ \((.*)\) may not draw", self.guest_log(user))), {"draw-frames"})
        self.assertEqual(self.worker(other), worker)
        self.assert_turns(other_client)
        self.assert_goes_on(user)

    def check_quota(self, user, other_client, other):
        """Who asks for twice its video memory is told by its kernel; others notice nothing."""
        refused = "dmesg | grep -c 'response 0x1201'"  # VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY
        resets = self.resets(".*", other)
        self.assertEqual(self.console(user).run(refused, False), "0")
        # The kernel says no more than ten such lines in 5 s, and may have just said others.
        wait.until("its kernel to say so", lambda: self.fill(user) or int(self.console(user).run(refused, False)) > 0,
                   machine.BOOT_S, 2)
        self.assertEqual(self.console(other).run(refused, False), "0")
        self.assertEqual(self.resets(".*", other), resets)
        self.assert_turns(other_client)
        self.assert_goes_on(user)

    def fill(self, user):
        self.console(user).run("/tmp/draw-frames fill >/tmp/filled")

    def check_panic(self, user, other_client):
        """A machine whose kernel has stopped starts again, with its session and its GPU."""
        self.assertIn("no_timer_check" if machine.emulated(self.guest_log(user)) else "", self.console(user).run(
            "cat /proc/cmdline"))
        before = self.restarts(user)
        self.console(user).type("echo c >/proc/sysrq-trigger")
        wait.until("the machine to start again", lambda: self.restarts(user) > before, machine.BOOT_S, 0.3)
        self.assert_turns(other_client)
        self.console(user).booted().run("systemctl stop getty@tty1")
        self.check_a_frame(user)

    def restarts(self, user):
        return self.guest_log(user).count("the machine starts again")

    def check_clean_end(self, client, user, other_client, other):
        """`oriel guest end` shuts the machine down; the other one goes on."""
        qemu = self.qemu(user)
        self.stack.oriel("guest", "end", user)
        client.closed(machine.BOOT_S)
        wait.until("QEMU to end", lambda: not alive(qemu), machine.BOOT_S)
        self.stack.log_line(r"machine is off|told to quit", lambda: self.guest_log(user))
        self.assertTrue(alive(self.qemu(other)))
        self.assert_turns(other_client)

    def check_kill(self, client, user):
        """kill -9 of QEMU: the session ends with a word, and the log says why."""
        os.kill(self.qemu(user), signal.SIGKILL)
        client.closed(machine.BOOT_S)
        self.stack.log_line(r"the machine is lost: QEMU ended with signal 9", lambda: self.guest_log(user))
        wait.until("the guest to end", lambda: not [pid for pid in self.stack.guest_pids()
                                                    if any(w.endswith("/" + user) for w in self.words(pid))])
