"""Who may come in, what is said to who may not, and the limits."""

import os
import pwd
import re
import socket
import time

from harness import wait
from harness.case import StackCase


class PatternCase(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still"}

    def refused_line(self, user, how):
        """The server's line; the session's own, without the time, is for debugging."""
        self.stack.log_line(r"warn .*: refused '%s' from 127\.0\.0\.1 by %s, \d+ s: " % (re.escape(user), how))


class LoginTest(PatternCase):
    def test_nla(self):
        self.headless().connected()

    def test_tls(self):
        self.headless("--tls").connected()

    def test_wrong_password_by_nla(self):
        client = self.headless(password="wrong-nla")
        client.refused()
        self.refused_line(self.stack.user, "nla")

    def test_wrong_password_by_tls(self):
        client = self.headless("--tls", password="wrong-tls")
        try:
            client.connected()
        except AssertionError:
            pass
        self.assertIsNotNone(client.closed() if not client.end else client.end)
        self.refused_line(self.stack.user, "tls")

    def test_unknown_user(self):
        self.headless(user="nobody-of-that-name", password="x").refused()
        self.refused_line("nobody-of-that-name", "nla")


class RefusedTest(PatternCase):
    """Apart: whose log-in is refused five times in a minute is held back."""

    def test_no_password_is_told_why(self):
        client = self.headless("--tls", password="")
        try:
            client.connected()
        except AssertionError:
            pass
        end = client.end or client.closed()
        self.assertNotEqual(end["code"], 0, "no Set Error Info came")

    def test_no_secret_in_the_logs(self):
        self.headless(password="wrong-and-secret").refused()
        self.refused_line(self.stack.user, "nla")
        logs = self.stack.server_log() + self.stack.host_log()
        self.assertNotIn("wrong-and-secret", logs)
        self.assertNotIn(self.stack.password, logs)


class NlaOnlyTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still", "settings": {"server": ["security = nla"]}}

    def test_tls_is_not_offered(self):
        self.headless("--tls").refused()
        self.headless().connected()


class TlsOnlyTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still", "settings": {"server": ["security = tls"]}}

    def test_client_that_offers_both_gets_tls(self):
        self.headless().connected()
        self.stack.log_line(r"'%s' from 127\.0\.0\.1 logged in by tls" % re.escape(self.stack.user))


class Ipv6Test(StackCase):
    """[::1] beside 127.0.0.1."""

    stack_arguments = {"guest": "pattern", "options": "--still", "ipv6": True}

    def test_both_families(self):
        for host in ("::1", "127.0.0.1"):
            client = self.headless("--size", "640x480", host=host).connected()
            self.stack.log_line(r"'%s' from %s logged in" % (re.escape(self.stack.user), re.escape(host)))
            client.stop()


class OrdinaryUserTest(StackCase):
    """Not started as root: it serves the desktop of the user who started it."""

    stack_arguments = {"guest": "pattern", "options": "--still", "ordinary": True}

    def test_nla_and_tls(self):
        for options in ([], ["--tls"]):
            client = self.headless("--size", "800x600", *options).connected()
            self.assert_alike(client.picture)
            client.stop()

    def test_only_its_user(self):
        done = self.stack.oriel("user", "add", "root", stdin="secret-of-root\n", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.headless(user="root", password="secret-of-root").refused()

    def test_processes_are_that_users(self):
        self.headless("--size", "800x600").connected()
        self.one_session()
        uid = pwd.getpwnam(self.stack.user).pw_uid
        for pid in self.stack.session_pids() + self.stack.guest_pids() + [self.stack.server.pid, self.stack.host.pid]:
            with open("/proc/%d/status" % pid) as f:
                uids = next(line for line in f if line.startswith("Uid:")).split()[1:]
            self.assertEqual(uids, [str(uid)] * 4)


class PrivilegeTest(StackCase):
    """Started as root: who runs as whom."""

    stack_arguments = {"guest": "pattern", "options": "--still"}

    def test_nothing_but_the_host_is_root(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        self.headless("--size", "800x600").connected()
        self.one_session()
        for pids, user in ((self.stack.session_pids() + [self.stack.server.pid], self.stack.server_user),
                           (self.stack.guest_pids(), self.stack.user)):
            self.assertTrue(pids)
            for pid in pids:
                with open("/proc/%d/status" % pid) as f:
                    status = dict(line.rstrip("\n").split(":", 1) for line in f)
                self.assertEqual(status["Uid"].split(), [str(pwd.getpwnam(user).pw_uid)] * 4)
        for pid in self.stack.session_pids():
            with open("/proc/%d/status" % pid) as f:
                status = dict(line.rstrip("\n").split(":", 1) for line in f)
            self.assertEqual((status["NoNewPrivs"].strip(), status["Seccomp"].strip()), ("1", "2"))
            self.assertEqual(int(status["CapEff"], 16), 0)

    def test_secrets_on_disk_are_for_root_or_the_server_only(self):
        for path, _, names in os.walk(self.stack.state_dir):
            for name in names:
                mode = os.stat(os.path.join(path, name)).st_mode & 0o777
                if name in ("users", "key.pem"):
                    self.assertEqual(mode, 0o600, name)


class ClientRefusalTest(StackCase):
    """The same with clients we did not write."""

    stack_arguments = {"guest": "pattern", "options": "--still"}

    def test_wrong_password_by_nla(self):
        client = self.client("xfreerdp3-gfx", password="wrong", more=["/sec:nla"])
        self.assertNotEqual(client.wait_end(), 0)
        self.stack.log_line(r"warn .*: refused '%s' from 127\.0\.0\.1 by nla, " % re.escape(self.stack.user))

    def test_wrong_password_by_tls(self):
        client = self.client("xfreerdp3-gfx", password="wrong", more=["/sec:tls"])
        self.assertNotEqual(client.wait_end(), 0)
        self.stack.log_line(r"warn .*: refused '%s' from 127\.0\.0\.1 by tls, " % re.escape(self.stack.user))


class BackoffTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still"}

    def test_guessing_is_slowed(self):
        for number in range(5):
            self.headless(password="guess%d" % number).refused()
        self.stack.log_line(r"too many failed log-ins from 127\.0\.0\.1")
        # The right password does not help during the wait, and does after it.
        wait.until("to be let in after the wait", self.comes_in, every_s=0.3)


class LimitTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still", "shared": True, "settings": {
        "server": ["max_sessions = 3", "max_sessions_per_address = 3"]}}

    def test_sessions_in_all(self):
        wait.until("the sessions of other tests to end", lambda: not self.stack.session_pids())
        clients = [self.headless("--size", "640x480").connected() for _ in range(3)]
        self.headless().refused()
        self.stack.log_line(r"connection from 127\.0\.0\.1[^\n]* closed: ")
        clients[0].stop()
        wait.until("a free seat", self.comes_in, every_s=0.3)

    def test_garbage_ends_its_own_connection_only(self):
        client = self.headless("--size", "640x480").connected()
        for garbage in (b"GET / HTTP/1.0\r\n\r\n", b"\x03\x00\xff\xff" + bytes(100), b"\x03\x00\x00\x04",
                        b"\x03\x00\x00\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\xff\xff\xff\xff" + b"\x16\x03" * 50):
            with socket.create_connection(("127.0.0.1", self.stack.port)) as s:
                s.settimeout(wait.PATIENCE_S)
                try:
                    s.sendall(garbage)
                    s.shutdown(socket.SHUT_WR)  # some of it only begins something
                    while s.recv(4096):
                        pass
                except TimeoutError:
                    raise
                except OSError:
                    pass  # it has been closed at any point of this
        self.assertTrue(client.state()["width"])


class LoginTimeTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still", "settings": {"server": ["login_timeout_s = 2"]}}

    def test_who_does_not_log_in_is_closed(self):
        before = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.stack.port)) as s:
            s.settimeout(wait.PATIENCE_S)
            self.assertEqual(s.recv(1), b"")
        self.assertGreater(time.monotonic() - before, 1)
