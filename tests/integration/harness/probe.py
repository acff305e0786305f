"""The guest's picture, taken at the guest link beside the session (link-probe): the
truth that a client's pixels are compared with."""

import os
import subprocess

from . import stack as stacks
from . import wait
from .picture import Picture


def guest_picture(stack, user=None):
    path = os.path.join(stack.directory, "probe-%s.ppm" % (user or stack.user))
    done = subprocess.run([stacks.program("link-probe"), stack.guest_socket(user), "grab", path], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=10 * wait.PATIENCE_S)
    if done.returncode != 0:
        raise AssertionError("link-probe: " + done.stderr.strip())
    return Picture.from_ppm(path)
