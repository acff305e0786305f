"""A virtual machine with a desktop: what its programs draw with comes to clients as it
is, what is typed arrives, sizes and monitors follow the client."""

import os
import re
import signal
import subprocess
import time

from harness import machine, wait
from harness.case import StackCase
from harness.picture import compare
from harness.stack import BUILD, comm, descendants

DRAW_FRAMES = os.path.join(BUILD, "tests", "vgpu", "vtest", "vgpu-draw-frames")
TEXT = "The quick brown fox! #$%^&*()_+ 0123456789"
UNICODE_TEXT = "naïve Ωμέγα – Привет, “мир” 漢字 ☃"


class VmCase(StackCase):
    """One machine for the class, which the first log-in starts."""

    append, users, profile = "", 1, ""

    @classmethod
    def setUpClass(cls):
        cls.image = machine.image()
        options = "--image %s --temporary --memory 1024" % cls.image
        if cls.append:
            options += " --append " + cls.append
        cls.stack_arguments = {"guest": "vm", "options": options, "users": cls.users}
        super().setUpClass()
        cls.broker = machine.broker(cls.stack, cls.profile)
        cls.consoles = {}

    @classmethod
    def tearDownClass(cls):
        for console in cls.consoles.values():
            console.close()
        super().tearDownClass()
        cls.broker.stop()

    def console(self, user=None):
        """Waits for the machine to be there; somebody must have logged in."""
        user = user or self.stack.user
        if user not in self.consoles:
            self.listen(user)
            self.consoles[user].booted()
        return self.consoles[user]

    def listen(self, user):
        self.consoles[user] = machine.console(self.stack, user)

    def worker(self, user=None):
        """The present worker of that user's virtual GPU."""
        line = r": %s: profile .*, worker (\d+)" % (user or self.stack.user)
        return int(re.findall(line, self.broker.log())[-1])

    def resets(self, why, user=None):
        """How often that user's worker was replaced: "died" or "took too long"."""
        return len(re.findall("renderer %s and was replaced" % why, self.guest_log(user)))

    def lose_worker(self, user=None):
        """kill -9; returns how long the front was without a worker, in ms."""
        before = self.resets("died", user)
        os.kill(self.worker(user), signal.SIGKILL)
        return self.replaced("died", before, user)

    def install_draw_frames(self, user=None):
        """A program that can do what no driver likes: /tmp/draw-frames."""
        stripped = os.path.join(self.stack.directory, "draw-frames")
        subprocess.run(["strip", "-o", stripped, DRAW_FRAMES], check=True)
        with open(stripped, "rb") as f:
            self.console(user).put(f.read(), "/tmp/draw-frames")

    def lose_worker_to_endless(self, user=None):
        """A shader that does not end, of a program that goes on trying; returns as
        lose_worker does."""
        before = self.resets("took too long", user)
        self.console(user).run("/tmp/draw-frames endless >/tmp/endless 2>&1 &")
        return self.replaced("took too long", before, user)

    def end(self, console, name):
        wait.until("%s to end" % name, lambda: not console.run("pkill %s; pgrep %s" % (name, name), False),
                   machine.BOOT_S, 0.3)

    def end_endless(self, user=None):
        self.end(self.console(user), "draw-frames")

    def replaced(self, why, before, user=None):
        """Waits for one reset more than before, and until the new worker draws."""
        def up():
            # One that was lost early has not said it.
            newest = self.guest_log(user).rpartition("and was replaced")[2]
            return self.resets(why, user) > before and re.findall(r"up to date (\d+) ms after the last was lost", newest)
        return int(wait.until("a new worker", up, machine.BOOT_S)[-1])

    def guest_log(self, user=None):
        with open(os.path.join(self.stack.run_dir, "guests", (user or self.stack.user) + ".log")) as f:
            return f.read()


class DesktopTest(VmCase):
    def setUp(self):
        """The machine runs, its desktop is there, with one monitor."""
        client = self.headless("--size", "800x600").connected(machine.BOOT_S)
        console = self.console()
        wait.until(lambda: "the desktop; its log:\n" + console.run("journalctl -b -u oriel-desktop | tail", False),
                   lambda: console.desktop("xdotool search --class tint2 2>/dev/null", False), machine.BOOT_S)
        # The terminal of the test before has the same name and place.
        self.end(console, "xterm")
        self.end(console, "glmark2")
        console.run("rm -f /tmp/ready /tmp/typed /tmp/count")
        self.size(console, "800x600+0+0")
        client.stop()

    def size(self, console, *places):
        """Waits until the desktop's monitors are these."""
        def monitors():
            # X calls a head disconnected that was switched on by hand, and uses it.
            return sorted(re.findall(r"connected (?:primary )?(\d+x\d+\+\d+\+\d+)", console.desktop("xrandr --current")))
        wait.until(lambda: "monitors %s; they are %s" % (places, monitors()), lambda: monitors() == sorted(places),
                   machine.BOOT_S, every_s=0.5)

    def terminal(self, script, first=":"):
        """An xterm with the keyboard, which runs that; the commands first have ended."""
        self.console().start("xterm -T oriel-test -geometry 60x12+100+100 -e sh -c '%s; touch /tmp/ready; %s'" % (
            first, script))
        wait.until("xterm", lambda: self.console().run("ls /tmp/ready", False) == "/tmp/ready", machine.BOOT_S, 0.3)
        self.console().run("rm /tmp/ready")

    def focus(self, click):
        def focused():
            click()
            return self.console().desktop("xdotool getwindowfocus getwindowname", False) == "oriel-test"
        wait.until("the terminal to have the focus", focused, machine.BOOT_S, 0.5)

    def typed(self, text):
        console = self.console()
        wait.until(lambda: "a typed line; so far %r" % console.run("cat /tmp/typed", False),
                   lambda: console.run("cat /tmp/typed", False) == text, machine.BOOT_S, 0.5)

    def test_programs_see_virgl(self):
        self.assertIn("virgl", self.console().desktop("glxinfo -B | grep 'OpenGL renderer'"))
        self.assertIn("virgl", self.console().run("grep glamor /home/user/.local/share/xorg/Xorg.0.log"))

    def test_who_waits_for_emulated_processors_is_told(self):
        qemu, = [pid for pid in descendants(os.getpid()) if comm(pid).startswith("qemu-system")]
        self.assertEqual(machine.emulated(self.guest_log()), machine.accelerator(qemu) == "tcg", self.guest_log())

    def test_pictures_come_before_processors(self):
        qemu, = [pid for pid in descendants(os.getpid()) if comm(pid).startswith("qemu-system")]
        priorities = []
        for task in os.listdir("/proc/%d/task" % qemu):
            try:
                priorities.append(os.getpriority(os.PRIO_PROCESS, int(task)))
            except ProcessLookupError:
                pass  # QEMU has some for a moment
        self.assertGreater(len(priorities), 2)
        self.assertEqual(set(priorities), {5})

    def test_what_opengl_draws_is_right(self):
        """glmark2 reads pixels back and knows what they must be."""
        done = self.console().desktop("glmark2-es2 --validate -b build -b texture -b shading -b bump -b desktop "
                                      "-b buffer -b loop")
        self.assertIn("virgl", done)
        self.assertNotIn("Failure", done)
        self.assertGreater(done.count("Success"), 5)

    def test_picture_and_resize(self):
        display = self.display(1300, 900)
        client = self.client("xfreerdp3-gfx", display, more=["/dynamic-resolution"])
        client.wait_window()
        self.assert_alike(client.picture, timeout_s=machine.BOOT_S)
        for width, height in ((1024, 768), (1202, 850)):
            display.xdotool("windowsize", display.window(), str(width), str(height))
            client.width, client.height = width, height
            self.size(self.console(), "%dx%d+0+0" % (width, height))
            self.assert_alike(client.picture, timeout_s=machine.BOOT_S)

    def test_keys_by_xfreerdp3(self):
        client = self.client("xfreerdp3-gfx", more=["/kbd:layout:0x00000409"])
        client.wait_window()
        self.terminal("exec cat >/tmp/typed")
        display = client.display
        display.xdotool("windowfocus", display.window())
        self.focus(lambda: display.xdotool("mousemove", "300", "200", "click", "1"))
        display.xdotool("type", "--delay", "30", TEXT)
        display.xdotool("key", "--clearmodifiers", "Return")
        self.typed(TEXT)

    def test_text_by_headless(self):
        client = self.headless("--size", "800x600").connected()
        self.terminal("exec cat >/tmp/typed")

        def click():
            client.command("move 300 200")
            client.command("button 1 down 300 200")
            client.command("button 1 up 300 200")
        self.focus(click)
        client.unicode(UNICODE_TEXT)
        client.key(0x1c)
        self.typed(UNICODE_TEXT)

    def test_the_wheel_turns_both_ways(self):
        """xterm tells of buttons 4 to 7 as 64 to 67."""
        client = self.headless("--size", "800x600").connected()
        self.terminal("exec cat >/tmp/typed", 'printf "\\033[?1000h\\033[?1006h"; stty raw -echo')

        def point():
            client.command("move 300 200")
            client.command("button 1 down 300 200")
            client.command("button 1 up 300 200")
        self.focus(point)
        want = []

        def said():
            return self.console().run("cat -v /tmp/typed", False)
        for line, button, clicks in (("wheel 120", "64", 1), ("wheel -120", "65", 1), ("hwheel -120", "66", 1),
                                     ("hwheel 240", "67", 2)):
            client.command(line)
            want += [button] * clicks
            wait.until(lambda: "clicks %s; so far %s" % (want, said()),
                       lambda: re.findall(r"\[<(6\d);[0-9;]*M", said()) == want, machine.BOOT_S, 0.3)

    def resizable(self):
        """A client that can set monitors. FreeRDP's loses the server's word for it when
        that comes before its own listener is in place, so another may be needed."""
        for _ in range(5):
            client = self.headless("--size", "800x600").connected()
            try:
                client.until("the word for it", lambda s: s["can_resize"], wait.PATIENCE_S / 3)
                return client
            except wait.Timeout:
                client.stop()
        raise AssertionError("no client may set monitors")

    def test_two_monitors(self):
        client = self.resizable()
        client.command("layout 800x600+0+0 640x480+800+0")
        self.size(self.console(), "640x480+800+0", "800x600+0+0")
        client.until("the wider picture", lambda s: (s["width"], s["height"]) == (1440, 600), machine.BOOT_S)
        # The second one shows the desktop's background and panel.
        wait.until("something on the second monitor",
                   lambda: client.picture().crop(640, 480, 800, 0).colours(50) >= 50, machine.BOOT_S, 0.3)
        self.assert_alike(client.picture, timeout_s=machine.BOOT_S)
        client.command("layout 1024x768+0+0")
        self.size(self.console(), "1024x768+0+0")

    def test_a_program_goes_on_through_a_reconnect(self):
        counter = "n=0; while read line; do n=$((n + 1)); echo $$ $n >/tmp/count; done"
        first = self.client("xfreerdp3-gfx")
        first.wait_window()
        self.terminal(counter)

        def press(client):
            display = client.display
            display.xdotool("windowfocus", display.window())
            self.focus(lambda: display.xdotool("mousemove", "300", "200", "click", "1"))
            display.xdotool("key", "Return")

        def count():
            return self.console().run("cat /tmp/count", False).split()
        press(first)
        wait.until("a line", lambda: count()[1:] == ["1"], machine.BOOT_S, 0.5)
        pid = count()[0]
        first.stop()
        second = self.client("xfreerdp3-gfx")
        second.wait_window()
        self.assert_alike(second.picture, timeout_s=machine.BOOT_S)
        press(second)
        wait.until("the second line", lambda: count() == [pid, "2"], machine.BOOT_S, 0.5)

    def text(self):
        """What is inside the terminal at 100, 100, as the desktop shows it."""
        return self.guest_picture().crop(440, 170, 110, 130)

    def resting_text(self):
        """It is there, and nothing comes to it."""
        pictures = []

        def rests():
            pictures.append(self.text())
            return len(pictures) >= 5 and len({picture.data for picture in pictures[-5:]}) == 1 and \
                pictures[-1].colours(20) >= 20
        wait.until("the terminal to rest", rests, machine.BOOT_S, 1)
        return pictures[-1]

    def test_the_desktop_goes_on_without_its_worker(self):
        self.goes_on("the desktop's worker", self.lose_worker)

    def test_the_desktop_goes_on_beside_a_shader_without_end(self):
        self.install_draw_frames()
        self.addCleanup(self.end_endless)
        self.goes_on("the desktop's worker, lost to a shader without end,", self.lose_worker_to_endless)

    def goes_on(self, what, lose):
        """A window that was only ever drawn by the GPU is as it was, a program draws on,
        and so does the compositor. The session stays."""
        client = self.headless("--size", "800x600").connected()
        console = self.console()
        console.run("rm -f /tmp/glmark")
        console.start("glmark2-es2 -b build:nframes=1 --run-forever --size 300x200", "/tmp/glmark")
        self.addCleanup(lambda: console.run("pkill glmark2", False))
        wait.until("glmark2 to draw", lambda: self.drawn() >= 2, machine.BOOT_S, 0.5)
        self.terminal("exec cat", "ls -l /")
        self.move(100, 100)
        want = self.resting_text()
        drawn, began = self.drawn(), time.monotonic()
        gap_ms = lose()
        lost = time.monotonic()
        self.same_text(want)
        print("figures: %s was away for %d ms, %.1f s after it was tried; the terminal was as before after %.1f s "
              "more" % (what, gap_ms, lost - began, time.monotonic() - lost), flush=True)
        wait.until("glmark2 to draw on", lambda: self.drawn() >= drawn + 2, machine.BOOT_S, 0.5)
        self.same_text(want)
        self.move(200, 150)
        wait.until("the terminal to move", lambda: not self.alike(want), machine.BOOT_S, 0.5)
        self.move(100, 100)
        self.same_text(want)
        self.assert_alike(client.picture, timeout_s=machine.BOOT_S)

    def drawn(self):
        return int(self.console().run("grep -sc FrameTime /tmp/glmark", False) or 0)

    def move(self, x, y):
        self.console().desktop("xdotool search --name '^oriel-test$' windowmove %d %d" % (x, y))

    def alike(self, want):
        likeness = compare(want, self.text())
        return likeness.psnr_db >= 40 and likeness.worst_db >= 30

    def same_text(self, want):
        wait.until("the terminal as it was", lambda: self.alike(want), machine.BOOT_S, 0.2)
