"""./quickstart --guest vm, as README.md has it: an ordinary account gets a machine that it
can log in to, and --stop leaves nothing. Only the build is left out: the programs are
those of the build that is tested."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import accounts, machine, wait
from harness.headless import Headless
from harness.stack import BUILD, free_port, send

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@unittest.skipIf(os.geteuid() != 0, "it would be the caller's own machine and disk")
class QuickstartTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="oriel-quickstart-test-")
        self.addCleanup(shutil.rmtree, self.directory)
        os.chmod(self.directory, 0o755)
        self.clone, self.home = [os.path.join(self.directory, name) for name in ("clone", "home")]
        self.user = accounts.make("quick", self.home)
        self.entry = pwd.getpwnam(self.user)
        self.port = free_port()
        self.addCleanup(shutil.rmtree, "/tmp/oriel-quickstart-%d" % self.entry.pw_uid, ignore_errors=True)
        self.addCleanup(self.end_all)
        self.make_clone()
        self.borrow_image()

    def end_all(self):
        wait.until("what the account runs to end", lambda: not [send(pid, 9) for pid in self.processes()])

    def make_clone(self):
        os.makedirs(os.path.join(self.clone, "build"))
        os.makedirs(os.path.join(self.clone, "packaging"))
        os.makedirs(os.path.join(self.clone, "tools"))
        shutil.copy(os.path.join(SOURCE, "quickstart"), self.clone)
        shutil.copy(os.path.join(SOURCE, "packaging", "install-deps"), os.path.join(self.clone, "packaging"))
        os.symlink(BUILD, os.path.join(self.clone, "build", "release"))
        cmake = os.path.join(self.clone, "tools", "cmake")
        with open(cmake, "w") as f:
            f.write("#!/bin/sh\necho '[1/1] nothing to do'\n")
        os.chmod(cmake, 0o755)
        os.chown(os.path.join(self.clone, "build"), self.entry.pw_uid, self.entry.pw_gid)

    def borrow_image(self):
        cache = os.path.join(self.home, ".cache", "oriel")
        os.makedirs(cache)
        os.symlink(os.path.dirname(os.path.realpath(machine.image())), os.path.join(cache, "images"))
        for folder in (cache, os.path.dirname(cache)):
            os.chown(folder, self.entry.pw_uid, self.entry.pw_gid)

    def processes(self):
        return accounts.processes(self.entry.pw_uid)

    def quickstart(self, *arguments):
        """What it prints."""
        env = {"PATH": self.clone + "/tools:" + os.environ["PATH"], "HOME": self.home, "USER": self.user}
        done = subprocess.run([os.path.join(self.clone, "quickstart"), *arguments], cwd=self.clone, env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=machine.BOOT_S, user=self.entry.pw_uid, group=self.entry.pw_gid,
                              extra_groups=[])
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def fact(self, said, name):
        return re.search("^%s: (.*)$" % name, said, re.MULTILINE).group(1)

    def test_a_machine_to_log_in_to(self):
        said = self.quickstart("--guest", "vm", "--detach", "--port", str(self.port))
        self.assertEqual(self.fact(said, "address"), "127.0.0.1:%d" % self.port)
        self.assertEqual(self.fact(said, "user"), self.user)
        client = Headless(self.directory, self.port, self.user, self.fact(said, "password"), "--size", "800x600")
        self.addCleanup(client.stop)
        client.connected(machine.BOOT_S)
        console = machine.Console("/tmp/oriel-quickstart-%d/guests/%s/console" % (self.entry.pw_uid, self.user))
        self.addCleanup(console.close)
        console.booted()
        wait.until("the desktop", lambda: console.desktop("xdotool search --class tint2 2>/dev/null", False),
                   machine.BOOT_S, 0.5)
        self.assertIn("virgl", console.desktop("glxinfo -B"))
        wait.until("its picture", lambda: client.picture().colours(50) >= 50, machine.BOOT_S, 0.5)
        again = self.quickstart()
        self.assertIn("It runs already", again)
        self.assertEqual(self.fact(again, "password"), self.fact(said, "password"))
        self.assertIn("stopped", self.quickstart("--stop"))
        wait.until(lambda: "all to end: %s" % self.processes(), lambda: not self.processes())
        self.assertIn("nothing was running", self.quickstart("--stop"))
