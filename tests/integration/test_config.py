"""Bad settings and bad surroundings: one sentence and an exit code, never a hang."""

import os
import socket
import subprocess
import tempfile
import unittest

from harness import stack, wait
from harness.case import StackCase


def run(name, *words, timeout_s=None):
    return subprocess.run([stack.program(name), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout_s or wait.PATIENCE_S)


class CheckConfigTest(unittest.TestCase):
    def check(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as f:
            f.write(text)
            f.flush()
            done = run("oriel-server", "--check-config", "--config", f.name)
            return done.returncode, done.stderr.replace(f.name, "FILE")

    def test_good(self):
        self.assertEqual(self.check("[server]\nlisten = 127.0.0.1:4000\n")[0], 0)

    def test_bad_lines_name_file_line_and_what_was_expected(self):
        for text, line in (("[server]\nmax_sessions = 0\n", 2), ("\n[sever]\n", 2), ("[server]\n\nlisten = :x\n", 3),
                           ("run_dir = relative\n", 1), ("[guest]\nkind = windows\n", 2), ("log_level\n", 1)):
            with self.subTest(text):
                code, said = self.check(text)
                self.assertNotEqual(code, 0)
                self.assertRegex(said, r"FILE:%d: .*expected" % line)
                self.assertEqual(said.count("\n"), 1, said)

    def test_missing_file(self):
        done = run("oriel-server", "--check-config", "--config", "/nonexistent/oriel.conf")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/nonexistent/oriel.conf", done.stderr)


class SurroundingsTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still"}

    def test_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            other = os.path.join(self.stack.directory, "other.conf")
            with open(self.stack.conf_path) as f:
                text = f.read().replace(self.stack.run_dir, self.stack.run_dir + "2")
            with open(other, "w") as f:
                f.write(text)
            done = run("oriel-server", "--config", other, "--listen",
                       "127.0.0.1:%d" % taken.getsockname()[1])
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, "port is in use")

    def test_second_server_of_the_same_directory(self):
        done = run("oriel-server", "--config", self.stack.conf_path, "--listen", "127.0.0.1:%d" % stack.free_port())
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("another oriel-server", done.stderr)

    def test_reload(self):
        with open(self.stack.conf_path, "a") as f:
            f.write("# a comment\n")
        self.stack.server.kill(1)
        self.stack.log_line("settings read again", self.stack.server_log)
        self.headless().connected()

    def test_bad_reload_keeps_the_settings(self):
        with open(self.stack.conf_path) as f:
            good = f.read()
        with open(self.stack.conf_path, "a") as f:
            f.write("nonsense\n")
        self.stack.server.kill(1)
        self.stack.log_line("settings stay as they were", self.stack.server_log)
        with open(self.stack.conf_path, "w") as f:
            f.write(good)
        self.headless().connected()
