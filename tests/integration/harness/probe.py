"""The guest's picture, taken at the guest link (proto/link.h) beside the session: the
truth that a client's pixels are compared with. A second reading of that contract."""

import array
import fcntl
import mmap
import os
import select
import socket
import struct

from . import wait
from .picture import Picture

VERSION, SHARED, PULL_FULL = 1, 1, 1
HELLO, BUFFER, PULL, WELCOME, FRAME, LAYOUT, BYE = 1, 2, 3, 64, 65, 66, 69


class Probe:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(path)
        self._send(HELLO, struct.pack("<II64s", VERSION, SHARED, b"probe"))
        self.width = self.height = 0
        self.map = None

    def _send(self, kind, fields, fd=None):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        self.socket.sendmsg([struct.pack("<HH", kind, 0) + fields], rights)

    def _next(self):
        if not select.select([self.socket], [], [], wait.PATIENCE_S)[0]:
            raise wait.Timeout("the guest says nothing")
        data, rights, _, _ = self.socket.recvmsg(65536, 64)
        for level, kind, fds in rights:
            for fd in array.array("i", fds[:len(fds) // 4 * 4]):
                os.close(fd)
        if not data:
            raise AssertionError("the guest closed the link")
        kind = struct.unpack_from("<H", data)[0]
        if kind == BYE:
            raise AssertionError("the guest said good-bye: %r" % data)
        if kind == LAYOUT:
            self._take_layout(data)
        return kind, data

    def _take_layout(self, data):
        _, count = struct.unpack_from("<II", data, 4)
        boxes = [struct.unpack_from("<iiII", data, 12 + 24 * i) for i in range(count)]
        width = max(x + w for x, _, w, _ in boxes) - min(x for x, _, _, _ in boxes)
        height = max(y + h for _, y, _, h in boxes) - min(y for _, y, _, _ in boxes)
        self.width, self.height = width, height
        self.stride = (4 * width + 63) // 64 * 64
        if self.map:
            self.map.close()
        fd = os.memfd_create("probe", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(fd, self.stride * height)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        self.map = mmap.mmap(fd, self.stride * height)
        self._send(BUFFER, struct.pack("<IIII", 1, width, height, self.stride), fd)
        os.close(fd)
        self._send(PULL, struct.pack("<II", 1, PULL_FULL))

    def picture(self):
        while self._next()[0] != FRAME:
            pass
        return Picture(self.width, self.height, self.stride, bytes(self.map))

    def close(self):
        self.socket.close()
        if self.map:
            self.map.close()


def guest_picture(stack, user=None):
    path = wait.until("the guest's socket", lambda: stack.guest_socket(user))
    probe = Probe(path)
    try:
        return probe.picture()
    finally:
        probe.close()
