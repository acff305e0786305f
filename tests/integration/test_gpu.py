"""What the programs of a desktop draw with: by themselves, or with `gpu = virtual` with
a virtual GPU, which no other desktop sees; and the desktop when there is none to be had."""

import os
import pwd
import shutil
import signal
import stat
import tempfile
import unittest

from harness import machine, wait
from harness.case import StackCase
from harness.stack import comm, descendants

PLACE = "/tmp/.virgl_test"
# In place of Xfce: for each line that comes, a file of that name with what there is.
# GLX by glxgears, since glxinfo draws into the front buffer of a window that it never
# shows, which Mesa's virpipe cannot.
DESKTOP = """#!/bin/sh
mkdir "{0}/$(id -u)" && cd "{0}/$(id -u)" && mkfifo asked || exit
while read -r name; do
	: > gears
	glxgears -info >> gears 2>&1 &
	until grep -q GL_EXTENSIONS gears || ! kill -0 $!; do sleep 0.05; done
	kill $!
	{{
		sed -n 's/^GL_RENDERER *= */glx:/p' gears
		es2_info | sed -n 's/^GL_RENDERER: */egl:/p'
		stat -c 'place: %F of %u, %d:%i' {1}
		sed 's/^/users:/' /proc/self/uid_map
	}} > part 2>&1
	mv part "$name"
done <> asked
"""


class GpuCase(StackCase):
    """A desktop that tells what its programs see."""

    gpu, broker, ordinary, users = "virtual", True, False, 1

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="oriel-gpu-")
        os.chmod(cls.folder, 0o1777)
        desktop = os.path.join(cls.folder, "desktop")
        with open(desktop, "w") as f:
            f.write(DESKTOP.format(cls.folder, PLACE))
        os.chmod(desktop, 0o755)
        cls.stack_arguments = {"guest": "x11", "options": "--desktop " + desktop, "users": cls.users,
                               "ordinary": cls.ordinary,
                               "settings": {"guest": ["gpu = " + cls.gpu] if cls.gpu else []}}
        super().setUpClass()
        cls.broker_process = machine.broker(cls.stack) if cls.broker else None

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        if cls.broker_process:
            cls.broker_process.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)

    def setUp(self):
        self.clients = {user: self.headless("--size", "800x600", user=user).connected()
                        for user in self.stack.users}

    def seen(self, user=None):
        """What a program on the desktop sees: {"glx": renderer, "egl": renderer, ...}."""
        folder = os.path.join(self.folder, str(pwd.getpwnam(user or self.stack.user).pw_uid))
        wait.until("the desktop", lambda: os.path.exists(os.path.join(folder, "asked")))
        path = os.path.join(folder, "answer%d" % len(os.listdir(folder)))
        with open(os.path.join(folder, "asked"), "w") as f:
            f.write(os.path.basename(path) + "\n")
        wait.until(lambda: "an answer; the guest's log:\n" + self.log(user), lambda: os.path.exists(path))
        with open(path) as f:
            pairs = [line.strip().split(":", 1) for line in f if ":" in line]
        return {key: value.strip() for key, value in pairs}

    def log(self, user=None):
        with open(os.path.join(self.stack.run_dir, "guests", (user or self.stack.user) + ".log")) as f:
            return f.read()

    def servers(self):
        return [pid for pid in descendants(os.getpid()) if comm(pid) == "oriel-vgpu-vtes"]

    def check_draws_with_it(self):
        seen = self.seen()
        self.assertRegex(seen["glx"], "^virgl")
        self.assertRegex(seen["egl"], "^virgl")
        self.assertRegex(seen["place"], "^socket")
        self.assertFalse(stat.S_ISSOCK(os.stat(PLACE).st_mode), "the socket is there for everybody")

    def check_draws_alone(self):
        self.assertRegex(self.seen()["glx"], "^llvmpipe")

    def check_lives_through_its_death(self):
        self.seen()
        [server] = self.servers()
        os.kill(server, signal.SIGKILL)
        # What connects meanwhile waits for the next one.
        self.assertRegex(self.seen()["glx"], "^virgl")
        self.assertRegex(self.log(), "oriel-vgpu-vtest ended with signal 9")
        self.assertIsNone(self.clients[self.stack.user].popen.poll())


class VirtualTest(GpuCase):
    def test_renderer(self):
        self.check_draws_with_it()

    def test_killed(self):
        self.check_lives_through_its_death()

    @unittest.skipIf(os.geteuid() != 0, "needs root")
    def test_every_user_exists_there(self):
        """sudo and the like work: only mounts are its own."""
        self.assertEqual(self.seen()["users"].split(), ["0", "0", "4294967295"])


class OrdinaryTest(GpuCase):
    """The host and the broker of somebody who is not root."""

    ordinary = True

    def test_renderer(self):
        self.check_draws_with_it()

    def test_killed(self):
        self.check_lives_through_its_death()


@unittest.skipIf(os.geteuid() != 0, "several users need root")
class SeveralTest(GpuCase):
    users = 2

    def test_own_sockets(self):
        seen = [self.seen(user) for user in self.stack.users]
        for user, one in zip(self.stack.users, seen):
            self.assertRegex(one["glx"], "^virgl")
            self.assertRegex(one["place"], "^socket of %d," % pwd.getpwnam(user).pw_uid)
        self.assertNotEqual(seen[0]["place"], seen[1]["place"])
        self.assertFalse([name for name in os.listdir(os.path.join(self.stack.run_dir, "guests")) if "gpu" in name])


class NoBrokerTest(GpuCase):
    broker = False

    def test_desktop_draws_alone(self):
        self.check_draws_alone()
        self.assertRegex(self.log(), "no broker at .*/run/vgpu")
        self.assertRegex(self.log(), "the desktop is without a virtual GPU")
        self.assertEqual(self.servers(), [])


class DefaultTest(GpuCase):
    gpu, broker = None, False

    def test_desktop_draws_alone(self):
        self.check_draws_alone()
        self.assertNotRegex(self.seen().get("place", ""), "^socket")
        self.assertNotRegex(self.log(), "virtual GPU")
