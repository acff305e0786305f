"""RDP clients we did not write, each on an X display of its own."""

import os
import subprocess
import tempfile

from . import wait
from .process import Process

# name: (argv before the address, how its picture must match: "lossy", "exact",
# or the number of bits a pixel at which it must be exact)
KINDS = {
    "xfreerdp3-gfx": (["xfreerdp3", "/gfx:progressive"], "lossy"),
    "xfreerdp3-rfx": (["xfreerdp3", "/rfx"], "lossy"),
    "xfreerdp3-bpp32": (["xfreerdp3", "/bpp:32"], "exact"),
    "xfreerdp-gfx": (["xfreerdp", "/gfx"], "lossy"),
    "xfreerdp-progressive": (["xfreerdp", "/gfx", "+gfx-progressive"], "lossy"),
    "xfreerdp-rfx": (["xfreerdp", "/rfx"], "lossy"),
    "rdesktop-16": (["rdesktop", "-a", "16"], 16),
    "rdesktop-15": (["rdesktop", "-a", "15"], 15),
    "rdesktop-24": (["rdesktop", "-a", "24"], "exact"),
    "rdesktop-32": (["rdesktop", "-a", "32"], "exact"),
}


class Client:
    """One client of that kind, started. width and height: of the desktop it asks for."""

    def __init__(self, kind, display, directory, port, user, password, width=800, height=600, more=(), host="127.0.0.1"):
        argv, self.match = KINDS[kind]
        self.kind, self.display, self.width, self.height = kind, display, width, height
        self.home = tempfile.mkdtemp(prefix=kind + "-", dir=directory)
        build = _rdesktop if argv[0] == "rdesktop" else _freerdp
        argv = build(list(argv), host, port, user, password, width, height) + list(more)
        env = display.env(HOME=self.home, XDG_CONFIG_HOME=self.home, XDG_DATA_HOME=self.home, LANG="C.UTF-8")
        self.process = Process(argv, os.path.join(self.home, "log"), env=env, stdin=subprocess.PIPE)
        if argv[0] == "rdesktop":  # its question about the certificate
            self.process.popen.stdin.write(b"yes\n")
            self.process.popen.stdin.flush()

    def log(self):
        return self.process.log()

    def running(self):
        return self.process.running()

    def picture(self):
        return self.display.picture(self.width, self.height)

    def wait_window(self):
        """The window, which these clients open once they are logged in."""
        return wait.until(lambda: self.kind + " to open a window; its log:\n" + self.log()[-3000:],
                          lambda: not self.running() or self.display.windows())

    def wait_end(self):
        return self.process.wait()

    def stop(self):
        self.process.stop()


def _freerdp(argv, host, port, user, password, width, height):
    more = ["/v:%s:%d" % (host, port), "/u:" + user, "/size:%dx%d" % (width, height), "-decorations"]
    if password is not None:
        more.append("/p:" + password)
    if argv[0] == "xfreerdp3":
        more += ["/cert:ignore", "/timeout:120000"]  # for all of a log-in; otherwise 9 s
    else:
        more.append("/cert-ignore")
    return argv + more


def _rdesktop(argv, host, port, user, password, width, height):
    more = ["-u", user, "-g", "%dx%d" % (width, height), "-D", "-K"]
    if password is not None:
        more += ["-p", password]
    return argv + more + ["%s:%d" % (host, port)]
