"""oriel-guest-vm when something is missing, broken or killed: one sentence, an exit
code, and nothing left behind. No machine boots here to its end."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness import machine, wait
from harness.process import Process, children
from harness.stack import alive, comm, descendants, program


class ErrorsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.image = machine.image()

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="oriel-vm-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        os.makedirs(os.path.join(self.directory, "guests"))
        self.broker = None

    def start_broker(self):
        self.run_dir, self.run_as = self.directory, None
        self.broker = machine.broker(self)
        self.addCleanup(self.broker.stop)

    def start(self, *options, env=None, before=()):
        argv = [*before, program("oriel-guest-vm"), "--dir", os.path.join(self.directory, "guests", "x"), "--memory", "512"]
        if "--image" not in options:
            argv += ["--image", self.image]
        if "--disk" not in options:
            argv += ["--temporary"]
        process = Process(argv + list(options), os.path.join(self.directory, "vm.log"), env=env)
        self.addCleanup(process.stop)
        return process

    def assert_ends(self, process, code, sentence):
        below = descendants(process.pid)
        self.assertEqual(process.wait(machine.BOOT_S), code, process.log())
        last = process.log().strip().split("\n")[-1]
        self.assertRegex(last, "error guest-vm: .*" + sentence)
        wait.until("what it started to end", lambda: not any(map(alive, below)))
        folder = os.path.join(self.directory, "guests", "x")
        self.assertFalse([name for name in os.listdir(folder) if name != "console"], os.listdir(folder))

    def running(self, *options, before=()):
        """A machine that has just begun to run; (process, qemu, front)."""
        self.start_broker()
        process = self.start("--append", "oriel.desktop=no", *options, before=before)
        self.addCleanup(process.kill)  # it would wait for a machine that does not shut down yet
        wait.until(lambda: "the machine to run; " + process.log(),
                   lambda: not process.running() or "the machine runs" in process.log(), machine.BOOT_S)
        self.assertTrue(process.running(), process.log())
        by_name = {comm(pid)[:10]: pid for pid in children(process.pid)}
        return process, by_name["qemu-syste"], by_name["oriel-vgpu"]

    def folder_without(self, *missing):
        """The programs of PATH that it looks for, but for some."""
        folder = tempfile.mkdtemp(dir=self.directory)
        for name in ("qemu-img", "qemu-system-x86_64"):
            if name not in missing:
                os.symlink(shutil.which(name), os.path.join(folder, name))
        return folder

    def test_no_qemu(self):
        self.start_broker()
        env = {"PATH": self.folder_without("qemu-system-x86_64")}
        self.assert_ends(self.start(env=env), 3, "qemu-system-x86_64 is not installed")

    def test_no_qemu_img(self):
        env = {"PATH": self.folder_without("qemu-img")}
        self.assert_ends(self.start(env=env), 5, "qemu-img is not installed")

    def test_no_image(self):
        self.assert_ends(self.start("--image", "/nonexistent"), 5, "no image in /nonexistent")

    def test_broken_image(self):
        broken = os.path.join(self.directory, "image")
        os.mkdir(broken)
        for name in ("vmlinuz", "initrd.img", "image.json"):
            os.symlink(os.path.join(self.image, name), os.path.join(broken, name))
        self.assert_ends(self.start("--image", broken), 5, "the image is broken: .*disk.raw")
        with open(os.path.join(broken, "disk.raw"), "w") as f:
            f.write("short")
        self.assert_ends(self.start("--image", broken), 5, "has not the size it was made with")

    def test_broken_disk(self):
        self.start_broker()
        disk = os.path.join(self.directory, "disk")
        with open(disk, "w") as f:
            f.write("no qcow2")
        os.symlink(os.path.realpath(self.image), disk + ".image")
        self.assert_ends(self.start("--disk", disk), 3, "the machine does not start: QEMU ended with code 1: .*qcow2")

    def test_no_room_for_the_disk(self):
        self.assert_ends(self.start("--disk", "/proc/disk"), 5, "/proc/disk.image: ")

    def test_a_disk_in_use(self):
        disk = os.path.join(self.directory, "disk")
        process, _, _ = self.running("--disk", disk)
        second = Process([program("oriel-guest-vm"), "--dir", os.path.join(self.directory, "guests", "y"),
                          "--memory", "512", "--disk", disk], os.path.join(self.directory, "second.log"))
        self.addCleanup(second.stop)
        self.assertEqual(second.wait(machine.BOOT_S), 3)
        self.assertRegex(second.log(), "QEMU ended with code 1: .*another process")
        self.assertTrue(process.running())

    def test_no_memory(self):
        self.assert_ends(self.start("--memory", "1000000"), 6, "needs 1000000 MiB of memory")

    def test_no_broker(self):
        self.assert_ends(self.start(), 4, "oriel-vgpu ended with code 1: .*no broker at .*/vgpu")

    def test_no_such_profile(self):
        self.start_broker()
        self.assert_ends(self.start("--profile", "nobody"), 4, "oriel-vgpu ended with code 1")

    def test_wrong_usage(self):
        for words in (["--memory", "lots"], ["--heads", "5"], ["--size", "10x10"], ["--disk", "x", "--temporary"],
                      ["--nonsense"], ["more"]):
            process = Process([program("oriel-guest-vm"), "--dir", self.directory, *words],
                              os.path.join(self.directory, "usage.log"))
            self.assertEqual(process.wait(), 2, words)

    def test_emulated_processors_are_told(self):
        """Exactly when they are: it depends on what /dev/kvm is worth here."""
        process, qemu, _ = self.running()
        self.assertEqual(machine.emulated(process.log()), machine.accelerator(qemu) == "tcg", process.log())

    @unittest.skipIf(os.geteuid() != 0, "only root can put something else in /dev/kvm's place")
    @unittest.skipIf(not os.path.exists("/dev/kvm"), "there is no /dev/kvm")
    def test_no_kvm(self):
        hide = ("unshare", "--mount", "sh", "-c", 'mount --bind /dev/null /dev/kvm && exec "$@"', "sh")
        process, qemu, _ = self.running(before=hide)
        self.assertIn("/dev/kvm makes no machines: the machine's processors are emulated (TCG)", process.log())
        self.assertEqual(machine.accelerator(qemu), "tcg")

    def test_qemu_is_killed(self):
        process, qemu, _ = self.running()
        os.kill(qemu, signal.SIGKILL)
        self.assert_ends(process, 3, "the machine is lost: QEMU ended with signal 9")

    def test_the_front_is_killed(self):
        """The machine is hardly far enough to shut down: its time runs out, or it does."""
        process, qemu, front = self.running()
        os.kill(front, signal.SIGKILL)
        self.assert_ends(process, 4, "the virtual GPU is lost: oriel-vgpu ended with signal 9")
        self.assertFalse(alive(qemu))

    def test_it_is_killed_itself(self):
        process, qemu, front = self.running()
        process.kill()
        process.wait()
        wait.until("what it started to end", lambda: not alive(qemu) and not alive(front))
        left = os.listdir(os.path.join(self.directory, "guests", "x"))
        self.assertFalse([name for name in left if name.startswith("disk")], left)

    def test_a_second_signal_does_not_wait(self):
        process, qemu, _ = self.running()
        process.kill(signal.SIGTERM)
        wait.until("the first", lambda: not os.path.exists(os.path.join(self.directory, "guests", "x", "link")))
        process.kill(signal.SIGTERM)
        self.assertEqual(process.wait(), 0)
        self.assertNotIn("the machine was not off", process.log())
        self.assertFalse(alive(qemu))

    def test_a_machine_that_runs_uses_its_image(self):
        """It is QEMU's locks that tell. The image is a small one: nothing boots here."""
        images = os.path.join(self.directory, "images")
        mine = os.path.join(images, "mine")
        os.makedirs(mine)
        with open(os.path.join(self.image, "image.json")) as f:
            manifest = json.load(f)
        manifest["disk_bytes"] = 1 << 20
        with open(os.path.join(mine, "image.json"), "w") as f:
            json.dump(manifest, f)
        with open(os.path.join(mine, "disk.raw"), "w") as f:
            f.truncate(1 << 20)
        for name in ("vmlinuz", "initrd.img"):
            os.symlink(os.path.join(self.image, name), os.path.join(mine, name))

        def used():
            done = subprocess.run([program("oriel"), "image", "list", "--directory", images], capture_output=True,
                                  text=True, check=True)
            return done.stdout.split()[-1]
        process, qemu, _ = self.running("--image", mine)
        self.assertEqual(used(), "machine")
        process.kill()
        wait.until("QEMU's locks to be gone", lambda: used() == "-")
        self.assertFalse(alive(qemu))

    def test_the_image_is_used_again(self):
        with open(os.path.join(self.image, "image.json")) as f:
            self.assertEqual(json.load(f)["version"], 1)
        before = os.stat(os.path.join(self.image, "image.json")).st_mtime_ns
        self.assertEqual(machine.image(), self.image)
        self.assertEqual(os.stat(os.path.join(self.image, "image.json")).st_mtime_ns, before)
