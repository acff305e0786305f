"""The Xfce desktop with clients that we did not write: what is typed arrives, the
picture is right at every size, and a program goes on through a reconnect."""

import os
import pwd
import subprocess

from harness import wait
from harness.case import StackCase
from harness.process import Process

US_TEXT = "The quick brown fox! #$%^&*()_+-= {}[]|\\:;\"'<>,.?/~` 0123456789 JUMPED over"
DE_TEXT = "zZyY äÄöÖüÜß @€ <>|"
UNICODE_TEXT = "naïve Ωμέγα – Привет, “мир” 漢字 ☃"

SHIFT, ALTGR, RETURN = 50, 108, 36
# X key codes (evdev's + 8) of the places where a German keyboard has these characters.
DE_KEYS = {"z": (29,), "Z": (SHIFT, 29), "y": (52,), "Y": (SHIFT, 52), " ": (65,), "ä": (48,), "Ä": (SHIFT, 48),
           "ö": (47,), "Ö": (SHIFT, 47), "ü": (34,), "Ü": (SHIFT, 34), "ß": (20,), "@": (ALTGR, 24),
           "€": (ALTGR, 26), "<": (94,), ">": (SHIFT, 94), "|": (ALTGR, 94)}


class DesktopTest(StackCase):
    stack_arguments = {"guest": "x11"}

    def in_guest(self, *argv):
        """Runs a program on the desktop, as its user."""
        entry = pwd.getpwnam(self.stack.user)
        directory = os.path.dirname(self.stack.guest_socket())
        env = os.path.join(directory, "display.env")
        wait.until("the desktop's variables", lambda: os.path.exists(env))
        user = (entry.pw_uid, entry.pw_gid, []) if os.geteuid() == 0 else None
        process = Process(["/bin/sh", "-c", 'set -a; . "$0"; exec "$@"', env, *argv],
                          os.path.join(self.stack.directory, "program.log"), user=user, cwd=self.work,
                          env={"PATH": os.environ["PATH"], "HOME": entry.pw_dir, "LANG": "C.UTF-8"})
        self.addCleanup(process.stop)
        return process

    def setUp(self):
        entry = pwd.getpwnam(self.stack.user)
        self.work = os.path.join(self.stack.directory, self.id().rsplit(".", 1)[1])
        os.mkdir(self.work)
        if os.geteuid() == 0:
            os.chown(self.work, entry.pw_uid, entry.pw_gid)

    def file(self, name):
        path = os.path.join(self.work, name)
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def terminal(self, script):
        """An xterm that runs that script; it has the keyboard when this returns."""
        process = self.in_guest("xterm", "-T", "oriel-test", "-geometry", "80x20+100+100", "-e", "sh", "-c",
                                "echo > ready; " + script)
        wait.until(lambda: "xterm; " + process.log(), lambda: self.file("ready"))
        return process

    def focus(self, client):
        """Clicks into the terminal, and waits until the desktop says that it has the focus."""
        display = client.display
        display.xdotool("windowfocus", display.window())

        def focused():
            display.xdotool("mousemove", "300", "250", "click", "1")
            return self.guest_xdotool("getwindowfocus", "getwindowname") == "oriel-test\n"
        wait.until("the terminal to have the focus", focused, every_s=0.3)

    def guest_xdotool(self, *words):
        log = os.path.join(self.work, "xdotool")
        process = self.in_guest("sh", "-c", 'xdotool "$@" > xdotool 2>&1', "sh", *words)
        process.wait()
        with open(log) as f:
            return f.read()

    def type_line(self, client, *xdotool):
        self.terminal("exec cat > typed")
        self.focus(client)
        client.display.xdotool(*xdotool)
        client.display.xdotool("key", "--clearmodifiers", "Return")
        return wait.until(lambda: "a typed line; typed so far: %r" % self.file("typed"),
                          lambda: "\n" in self.file("typed") and self.file("typed"))

    def test_us_by_xfreerdp3(self):
        client = self.client("xfreerdp3-gfx", more=["/kbd:layout:0x00000409"])
        client.wait_window()
        self.assertEqual(self.type_line(client, "type", "--delay", "8", US_TEXT), US_TEXT + "\n")

    def test_us_by_xfreerdp(self):
        client = self.client("xfreerdp-progressive", more=["/kbd:0x00000409"])
        client.wait_window()
        self.assertEqual(self.type_line(client, "type", "--delay", "8", US_TEXT), US_TEXT + "\n")

    def test_us_by_rdesktop(self):
        client = self.client("rdesktop-32", more=["-k", "en-us"])
        client.wait_window()
        self.assertEqual(self.type_line(client, "type", "--delay", "8", US_TEXT), US_TEXT + "\n")

    def check_german(self, client):
        """Presses keys by their place on the keyboard."""
        client.wait_window()
        words = []
        for character in DE_TEXT:
            *modifiers, key = DE_KEYS[character]
            for code in modifiers:
                words += ["keydown", str(code)]
            words += ["key", str(key)]
            for code in modifiers:
                words += ["keyup", str(code)]
        self.assertEqual(self.type_line(client, *words), DE_TEXT + "\n")

    def test_de_by_xfreerdp3(self):
        self.check_german(self.client("xfreerdp3-gfx", more=["/kbd:layout:0x00000407"]))

    def test_de_by_xfreerdp(self):
        self.check_german(self.client("xfreerdp-rfx", more=["/kbd:0x00000407"]))

    def test_unicode_by_headless(self):
        client = self.headless("--size", "800x600").connected()
        client.until("a picture", lambda s: s["frames"] > 0)
        self.terminal("exec cat > typed")
        client.command("move 300 250")

        def focused():
            client.command("button 1 down 300 250")
            client.command("button 1 up 300 250")
            return self.guest_xdotool("getwindowfocus", "getwindowname") == "oriel-test\n"
        wait.until("the terminal to have the focus", focused, every_s=0.3)
        client.unicode(UNICODE_TEXT)
        client.key(0x1c)
        typed = wait.until(lambda: "a typed line; so far %r" % self.file("typed"),
                           lambda: "\n" in self.file("typed") and self.file("typed"))
        self.assertEqual(typed, UNICODE_TEXT + "\n")

    def test_unicode_by_xfreerdp3(self):
        """It turns keys into characters itself, by the layout of its own X server."""
        display = self.display()
        subprocess.run(["setxkbmap", "de"], env=display.env(), stdin=subprocess.DEVNULL, check=True)
        self.check_german(self.client("xfreerdp3-gfx", display, more=["/kbd:unicode:on"]))

    def test_picture_and_resize(self):
        display = self.display(1300, 900)
        client = self.client("xfreerdp3-gfx", display, more=["/dynamic-resolution"])
        client.wait_window()
        self.assert_alike(client.picture)
        for width, height in ((1024, 768), (640, 480), (1202, 850)):
            display.xdotool("windowsize", display.window(), str(width), str(height))
            client.width, client.height = width, height
            self.assert_alike(client.picture)

    def test_picture_without_gfx(self):
        for kind, match in (("xfreerdp3-rfx", "lossy"), ("rdesktop-24", "exact")):
            with self.subTest(kind):
                client = self.client(kind)
                client.wait_window()
                self.assert_alike(client.picture, match)
                client.stop()

    def test_program_goes_on_through_a_reconnect(self):
        counter = 'n=0; while read line; do n=$((n + 1)); echo "$$ $n" > count; done'
        first = self.client("xfreerdp3-gfx")
        first.wait_window()
        self.terminal(counter)
        self.focus(first)
        first.display.xdotool("key", "Return", "Return")
        wait.until("two lines", lambda: self.file("count").endswith(" 2\n"))
        pid = self.file("count").split()[0]
        first.stop()
        second = self.client("rdesktop-32", width=1024, height=768)
        second.wait_window()
        self.assert_alike(second.picture, "exact")
        self.focus(second)
        second.display.xdotool("key", "Return")
        wait.until("the third line", lambda: self.file("count") == pid + " 3\n")

