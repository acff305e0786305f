"""A virtual X screen for a client: its pixels, its keyboard and pointer. Keys do not repeat,
however late a busy host lets one up."""

import os
import subprocess
import tempfile

from . import picture, wait


class Display:
    def __init__(self, directory, width=1024, height=768):
        self.directory = tempfile.mkdtemp(prefix="x-", dir=directory)
        read_fd, write_fd = os.pipe()
        os.set_inheritable(write_fd, True)
        log = os.path.join(self.directory, "xvfb.log")
        with open(log, "wb") as f:
            self.popen = subprocess.Popen(
                ["Xvfb", "-displayfd", str(write_fd), "-screen", "0", "%dx%dx24" % (width, height),
                 "-nocursor", "-noreset", "-r", "-nolisten", "tcp", "-fbdir", self.directory],
                stdin=subprocess.DEVNULL, stdout=f, stderr=f, pass_fds=(write_fd,), start_new_session=True)
        os.close(write_fd)
        with os.fdopen(read_fd) as f:
            number = f.readline().strip()
        if not number:
            raise AssertionError("Xvfb does not start: " + open(log).read())
        self.name = ":" + number

    def env(self, **more):
        return dict(os.environ, DISPLAY=self.name, **more)

    def picture(self, width=None, height=None):
        """What is on the screen, or its top left part."""
        with open(os.path.join(self.directory, "Xvfb_screen0"), "rb") as f:
            whole = picture.Picture.from_xwd(f.read())
        return whole.crop(width, height) if width else whole

    def xdotool(self, *words):
        done = subprocess.run(["xdotool", *words], env=self.env(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=wait.PATIENCE_S)
        return done.stdout.strip() if done.returncode == 0 else None

    def windows(self):
        """Ids of the windows that can be seen and have a name."""
        return (self.xdotool("search", "--onlyvisible", "--name", ".") or "").split()

    def window(self):
        return wait.until("a window on " + self.name, self.windows)[-1]

    def geometry(self, window):
        out = self.xdotool("getwindowgeometry", "--shell", window) or ""
        values = dict(line.split("=", 1) for line in out.splitlines())
        return int(values.get("WIDTH", 0)), int(values.get("HEIGHT", 0))

    def stop(self):
        self.popen.terminate()
        self.popen.wait()
