"""oriel image build, list and prune, with a mmdebstrap that only pretends: what they say
when something is missing, what they leave alone."""

import concurrent.futures
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

from harness.stack import program

# Its last argument is in the folder that shall become the image.
MMDEBSTRAP = """#!/bin/sh
echo "I: downloading"
for word; do echo "<$word>"; done
[ -z "${FAIL:-}" ] || { echo "E: no room left on the moon"; exit 1; }
for last; do :; done
for name in disk.raw vmlinuz initrd.img image.json; do
	echo $$ >"${last%/*}/$name"
done
"""
HIDDEN = ("mmdebstrap", "mkfs.ext4")


class ImagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="oriel-images-")
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.bare, cls.tools = [os.path.join(cls.directory, name) for name in ("bare", "tools")]
        os.mkdir(cls.bare)
        for folder in ("/usr/bin", "/bin"):
            for name in os.listdir(folder):
                path = os.path.join(cls.bare, name)
                if name not in HIDDEN and not os.path.lexists(path):
                    os.symlink(os.path.join(folder, name), path)
        os.mkdir(cls.tools)
        for name in HIDDEN:
            path = os.path.join(cls.tools, name)
            with open(path, "w") as f:
                f.write(MMDEBSTRAP)
            os.chmod(path, 0o755)

    def setUp(self):
        self.home = tempfile.mkdtemp(dir=self.directory)
        self.images = os.path.join(self.home, "images")

    def run_image(self, *arguments, path=None, stdin=subprocess.DEVNULL, **env):
        env = {"PATH": path or self.tools + ":" + self.bare, "HOME": self.home, **env}
        return subprocess.run([program("oriel"), "image", *arguments], env=env, stdin=stdin, capture_output=True,
                              text=True, timeout=120)

    def build(self, *arguments):
        done = self.run_image("build", "--directory", self.images, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.said = done.stderr
        return done.stdout.strip()

    def assert_fails(self, done, code, sentence):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr.strip().split("\n")[-1], "^oriel: " + sentence)

    def used(self, path=None):
        done = self.run_image("list", "--directory", self.images, path=path)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {line.split()[0]: line.split()[-1] for line in done.stdout.split("\n")[1:] if line}

    def prune(self, *arguments):
        return self.run_image("prune", "--directory", self.images, *arguments)

    # When something is wrong

    def test_wrong_usage(self):
        for words in ([], ["burn"], ["build", "--nonsense"], ["build", "--directory"], ["build", "more"],
                      ["list", "--yes"], ["prune", "--force"], ["prune", "--directory"]):
            done = self.run_image(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertRegex(done.stderr, "usage: oriel image|--help", words)
        for words in (["build", "--help"], ["list", "--help"], ["prune", "--help"]):
            done = self.run_image(*words)
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)

    def test_no_mmdebstrap(self):
        done = self.run_image("build", "--directory", self.images, path=self.bare)
        self.assert_fails(done, 1, "mmdebstrap is missing; packaging/install-deps vm installs what is needed")
        self.assertEqual(os.listdir(self.images), [".lock"])

    def test_a_folder_that_cannot_be(self):
        done = self.run_image("build", "--directory", "/proc/images")
        self.assert_fails(done, 1, "/proc/images cannot be made")
        self.assertEqual(len(done.stderr.strip().split("\n")), 1)

    @unittest.skipIf(os.geteuid() != 0, "only root can mount what nobody can write to")
    def test_a_folder_that_cannot_be_written(self):
        os.mkdir(self.images)
        done = subprocess.run(["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o ro none "$0" && exec "$@"',
                               self.images, program("oriel"), "image", "build", "--directory", self.images],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        self.assert_fails(done, 1, self.images + " cannot be written")

    @unittest.skipIf(os.geteuid() != 0, "only root can mount what is too small")
    def test_no_room(self):
        os.mkdir(self.images)
        done = subprocess.run(["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=8m none "$0" && exec "$@"',
                               self.images, program("oriel"), "image", "build", "--directory", self.images],
                              env=dict(os.environ, PATH=self.tools + ":" + self.bare), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        self.assert_fails(done, 1, self.images + ": 4000 MB are needed and 8 MB are free")

    def test_a_build_that_fails(self):
        """What was there is as it was."""
        first = self.build()
        done = self.run_image("build", "--force", "--directory", self.images, FAIL="yes")
        self.assert_fails(done, 1, "the image could not be built; all of it is in %s/build.log" % self.images)
        self.assertIn("E: no room left on the moon\n", done.stderr)
        self.assertEqual(self.used(), {os.path.basename(first): "default"})
        self.assertEqual(set(os.listdir(self.images)), {".lock", "build.log", "default", os.path.basename(first)})

    def test_what_the_mirror_refuses_is_asked_for_again(self):
        self.build()
        with open(os.path.join(self.images, "build.log")) as log:
            self.assertIn('<--aptopt=Acquire::Retries "5">\n', log.read())

    # What stays and what goes

    def test_what_is_there_is_used_again(self):
        first = self.build()
        self.assertIn("building", self.said)
        self.assertEqual(self.build(), first)
        self.assertEqual(self.said, "")

    def test_several_ask_at_once(self):
        """For an image that is there, and that another one's build had put last in line."""
        first, default = self.build(), os.path.join(self.images, "default")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for _ in range(5):
                os.unlink(default)
                os.symlink("another", default)
                self.assertEqual(list(pool.map(lambda _: self.build(), range(4))), [first] * 4)
                self.assertEqual(os.path.realpath(default), os.path.realpath(first))
        self.assertEqual(set(os.listdir(self.images)), {".lock", "build.log", "default", os.path.basename(first)})

    def test_force_leaves_what_machines_use(self):
        first = self.build()
        with open(os.path.join(first, "disk.raw"), "rb") as disk:
            before = disk.read()
            second = self.build("--force")
            third = self.build("--force")
            self.assertEqual(len({first, second, third}), 3)
            disk.seek(0)
            self.assertEqual(disk.read(), before)
            self.assertTrue(os.path.samestat(os.fstat(disk.fileno()), os.stat(disk.name)))
        self.assertRegex(self.said, "older images: 2, of [0-9]+ MB; oriel image list shows them, oriel image prune")
        self.assertEqual(os.path.realpath(os.path.join(self.images, "default")), os.path.realpath(third))
        self.assertEqual(self.build(), third)

    def test_prune(self):
        names = [os.path.basename(self.build("--force")) for _ in range(4)]
        running, stopped, nobodys, newest = names
        state = os.path.join(self.home, ".local/state/oriel")
        os.makedirs(state)
        open(os.path.join(state, "machine.qcow2"), "w").close()
        os.symlink(os.path.join(self.images, stopped), os.path.join(state, "machine.qcow2.image"))
        # A link whose disk is gone keeps nothing.
        os.symlink(os.path.join(self.images, nobodys), os.path.join(state, "gone.qcow2.image"))
        os.mkdir(os.path.join(self.images, ".0123.new"))
        with open(os.path.join(self.images, running, "disk.raw"), "rb") as disk:
            # As QEMU does it: struct flock with a byte behind those that it has for this.
            fcntl.fcntl(disk, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 100, 1, 0))
            self.assertEqual(self.used(), {running: "machine", stopped: "disk", nobodys: "-", newest: "default"})
            done = self.prune()
            self.assertEqual((done.returncode, done.stderr),
                             (1, "oriel: there is no terminal to ask at; --yes removes them\n"))
            self.assertEqual(len(self.used()), 4)
            done = self.prune("--yes")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, "^%s/%s\n%s/.0123.new\nremoved: [0-9]+ MB\n$" % (
                self.images, nobodys, self.images))
            self.assertEqual(self.used(), {running: "machine", stopped: "disk", newest: "default"})
        self.assertEqual(set(os.listdir(self.images)), {".lock", "build.log", "default", running, stopped, newest})
        self.prune("--yes")
        self.assertEqual(self.used(), {stopped: "disk", newest: "default"})
        done = self.prune("--yes")
        self.assertEqual((done.returncode, done.stdout), (0, "all images are used\n"))

    def test_files_of_other_file_systems_are_others(self):
        """Two file systems may have a file of the same number. Where it is not known which one it is, it may be ours."""
        first = self.build()
        self.build("--force")
        tools = os.path.join(self.home, "tools")
        os.mkdir(tools)
        for answer, use in (("echo 0:1048575", "-"), ("exit 1", "machine"), ("exec /bin/findmnt \"$@\"", "machine")):
            with open(os.path.join(tools, "findmnt"), "w") as f:
                f.write("#!/bin/sh\n%s\n" % answer)
            os.chmod(f.name, 0o755)
            with open(os.path.join(first, "disk.raw"), "rb") as disk:
                fcntl.fcntl(disk, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 100, 1, 0))
                used = self.used(path=":".join((tools, self.tools, self.bare)))
            self.assertEqual(used[os.path.basename(first)], use, answer)

    def test_prune_asks(self):
        old = os.path.basename(self.build())
        self.build("--force")
        for answer, said, stays in (("", "nothing is removed", True), ("n", "nothing is removed", True),
                                    ("y", "removed: ", False)):
            terminal, stdin = os.openpty()
            os.write(terminal, answer.encode() + b"\n")
            done = self.run_image("prune", "--directory", self.images, stdin=stdin)
            os.close(stdin)
            os.close(terminal)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Remove these images? [y/N] ", done.stderr)
            self.assertRegex(done.stdout, "^%s/%s\n%s" % (self.images, old, said))
            self.assertEqual(old in self.used(), stays)

    def test_prune_while_one_is_built(self):
        self.build()
        with open(os.path.join(self.images, ".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assert_fails(self.prune("--yes"), 1, "an image is being built")

    def test_nothing_to_show(self):
        self.assertEqual(self.used(), {})
        done = self.prune()
        self.assertEqual((done.returncode, done.stdout), (0, "there are no images in %s\n" % self.images))
