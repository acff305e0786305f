"""A strict RDP client of the plainest kind, [MS-RDPBCGR]: TLS log-in, no static
channels, no RDPGFX, no surface commands, no fast-path fragments; bitmap updates only.
It checks what it is sent, decodes no pixels, and fails on anything that would make a
careless client crash."""

import select
import socket
import ssl
import struct
import time

from harness import wait

SLOW_PATH_CHANNEL = 1003
FRAGMENT_MAX = 16383
HIGH_DEPTH = {15: (15, 4), 16: (16, 2), 24: (24, 1), 32: (24, 15)}
DEMAND_ACTIVE, CONFIRM_ACTIVE, DEACTIVATE_ALL, DATA = 0x11, 0x13, 0x16, 0x17
SYNCHRONIZE, CONTROL, FONT_LIST, FONT_MAP, ERROR_INFO, UPDATE, POINTER = 31, 20, 39, 40, 47, 2, 27
BITMAP, PALETTE, SYNC, POINTERS = 1, 2, 3, range(5, 13)


class Fault(AssertionError):
    """Something that a strict client would not take."""


class Closed(Exception):
    pass


def ber(tag, data):
    return tag + (struct.pack(">BH", 0x82, len(data))) + data


def per_length(length):
    return struct.pack(">H", length | 0x8000)


def capability(kind, data):
    return struct.pack("<HH", kind, len(data) + 4) + data


class StrictClient:
    """receive_bytes: what the kernel may take for it while it does not read."""

    def __init__(self, port, user, password, width, height, depth, receive_bytes=None):
        self.user, self.password = user, password
        self.width, self.height, self.depth = width, height, depth  # asked for
        self.desktop = None        # as the last Demand Active says
        self.first_desktop = None
        self.active = False        # finalised: pictures may come
        self.updates = self.rectangles = self.bytes = self.resizes = 0
        self.covered = set()       # rows of 16 pixels that pictures came for
        self.share = 0
        self.buffer = b""
        self.socket = socket.socket()
        self.socket.settimeout(wait.PATIENCE_S)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(("127.0.0.1", port))
        self._negotiate()
        self._join()
        self._log_in()

    # Bytes

    def _read(self, count):
        while len(self.buffer) < count:
            got = self.socket.recv(65536)
            if not got:
                raise Closed()
            self.bytes += len(got)
            self.buffer += got
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _pdu(self):
        """(slow path?, payload without headers of the transport)"""
        head = self._read(2)
        if head[0] == 3:
            length = struct.unpack(">H", self._read(2))[0]
            return True, self._read(length - 4)
        if head[0] & 3:
            raise Fault("neither TPKT nor fast path: %r" % head)
        length, used = head[1], 2
        if length & 0x80:
            length, used = (length & 0x7F) << 8 | self._read(1)[0], 3
        if length > FRAGMENT_MAX:
            raise Fault("a fast-path PDU of %d bytes" % length)
        return False, self._read(length - used)

    def _tpkt(self, data):
        self.socket.sendall(struct.pack(">BBH", 3, 0, len(data) + 4) + data)

    def _mcs(self, data):
        self._tpkt(b"\x02\xf0\x80" + data)

    def _send_data(self, data):
        self._mcs(struct.pack(">BHHB", 0x64, self.user_id - 1001, SLOW_PATH_CHANNEL, 0x70) +
                  per_length(len(data)) + data)

    def _share(self, kind, data):
        self._send_data(struct.pack("<HHH", len(data) + 6, kind, self.user_id) + data)

    def _share_data(self, kind, data):
        self._share(DATA, struct.pack("<IBBHBBH", self.share, 0, 1, len(data) + 18, kind, 0, 0) + data)

    def _received(self, payload):
        """The user data of an MCS Send Data Indication."""
        if payload[:3] != b"\x02\xf0\x80":
            raise Fault("not X.224 data: %r" % payload[:3])
        if payload[3] >> 2 == 8:  # Disconnect Provider Ultimatum
            raise Closed()
        if payload[3] != 0x68:
            raise Fault("not a Send Data Indication: %#x" % payload[3])
        channel = struct.unpack_from(">H", payload, 6)[0]
        if channel != SLOW_PATH_CHANNEL:
            raise Fault("data on channel %d, which was never joined" % channel)
        length, start = payload[9], 10
        if length & 0x80:
            length, start = (length & 0x7F) << 8 | payload[10], 11
        if len(payload) - start != length:
            raise Fault("MCS says %d bytes, there are %d" % (length, len(payload) - start))
        return payload[start:]

    # The connection sequence, 1.3.1.1

    def _negotiate(self):
        self._tpkt(b"\x0e\xe0\0\0\0\0\0" + struct.pack("<BBHI", 1, 0, 8, 1))
        _, answer = self._pdu()
        if answer[1] != 0xD0 or answer[7] != 2 or struct.unpack_from("<I", answer, 11)[0] != 1:
            raise Fault("no TLS: %r" % answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)

    def _core_data(self):
        depth, supported = HIGH_DEPTH[self.depth]
        data = struct.pack("<IHHHHII", 0x00080004, self.width, self.height, 0xCA01, 0xAA03, 0x409, 0)
        data += "strict".encode("utf-16-le").ljust(32, b"\0") + struct.pack("<III", 4, 0, 12) + bytes(64)
        data += struct.pack("<HHIHHH", 0xCA01, 1, 0, depth, supported, 2 if self.depth == 32 else 0)
        return struct.pack("<HH", 0xC001, len(data) + 4) + data

    def _join(self):
        blocks = self._core_data() + struct.pack("<HHII", 0xC002, 12, 0, 0)
        gcc = b"\x00\x05\x00\x14\x7c\x00\x01" + per_length(len(blocks) + 14) + \
            b"\x00\x08\x00\x10\x00\x01\xc0\x00Duca" + per_length(len(blocks)) + blocks
        limits = [b"".join(b"\x02\x04" + struct.pack(">I", v) for v in row) for row in (
            (34, 2, 0, 1, 0, 1, 65535, 2), (1, 1, 1, 1, 0, 1, 1056, 2),
            (65535, 64535, 65535, 1, 0, 1, 65535, 2))]
        self._mcs(ber(b"\x7f\x65", b"\x04\x01\x01\x04\x01\x01\x01\x01\xff" +
                      b"".join(ber(b"\x30", row) for row in limits) + ber(b"\x04", gcc)))
        self._pdu()  # Connect Response
        self._mcs(b"\x04\x01\x00\x01\x00")
        self._mcs(b"\x28")
        _, answer = self._pdu()
        if answer[3] != 0x2E:
            raise Fault("no Attach User Confirm: %r" % answer)
        self.user_id = 1001 + struct.unpack_from(">H", answer, 5)[0]
        for channel in (self.user_id, SLOW_PATH_CHANNEL):
            self._mcs(struct.pack(">BHH", 0x38, self.user_id - 1001, channel))
            _, answer = self._pdu()
            if answer[3] != 0x3E:
                raise Fault("no Channel Join Confirm: %r" % answer)

    def _log_in(self):
        texts = [t.encode("utf-16-le") for t in ("", self.user, self.password, "", "")]
        info = struct.pack("<II5H", 0x409, 0x5B, *map(len, texts)) + b"".join(t + b"\0\0" for t in texts)
        info += struct.pack("<HH", 2, 2) + b"\0\0" + struct.pack("<H", 2) + b"\0\0" + bytes(172 + 8)
        self._send_data(struct.pack("<HH", 0x40, 0) + info)
        _, payload = self._pdu()
        if struct.unpack_from("<H", self._received(payload))[0] & 0x80 == 0:
            raise Fault("no licence: %r" % payload)

    def _confirm(self):
        general = struct.pack("<9HBB", 1, 3, 0x200, 0, 0, 0x0401, 0, 0, 0, 0, 0)
        bitmap = struct.pack("<8HHBBHH", self.depth, 1, 1, 1, *self.desktop, 0, 1, 1, 0, 0, 1, 0)
        order = bytes(16) + struct.pack("<IHHHHHH", 0, 1, 20, 0, 1, 0, 0x22) + bytes(32) + \
            struct.pack("<HHIIHHHH", 0, 0, 0, 0, 0, 0, 0, 0)
        pointer = struct.pack("<HH", 1, 20)
        keys = struct.pack("<HHIIII", 0x21, 0, 0x409, 4, 0, 12) + bytes(64)
        sets = [capability(kind, data) for kind, data in (
            (1, general), (2, bitmap), (3, order), (8, pointer), (13, keys))]
        body = b"".join(sets)
        self._share(CONFIRM_ACTIVE, struct.pack("<IHHH", self.share, 1002, 4, len(body) + 4) + b"STR\0" +
                    struct.pack("<HH", len(sets), 0) + body)
        self._share_data(SYNCHRONIZE, struct.pack("<HH", 1, 1002))
        for action in (4, 1):
            self._share_data(CONTROL, struct.pack("<HHI", action, 0, 0))
        self._share_data(FONT_LIST, struct.pack("<HHHH", 0, 0, 3, 50))

    # What the server sends

    def _demand_active(self, body):
        self.share, source, length = struct.unpack_from("<IHH", body, 0)
        count = struct.unpack_from("<H", body, 8 + source)[0]
        at, sizes = 12 + source, []
        for _ in range(count):
            kind, size = struct.unpack_from("<HH", body, at)
            if kind == 2:
                sizes.append(struct.unpack_from("<HH", body, at + 12))
            at += size
        if len(sizes) != 1 or at != 12 + source + length - 4:
            raise Fault("Demand Active's lengths do not add up")
        if self.active:
            raise Fault("Demand Active without Deactivate-All")
        self.desktop = sizes[0]
        self.first_desktop = self.first_desktop or self.desktop
        self.covered = set()
        self._confirm()

    def _deactivate_all(self, body):
        if len(body) < 6:
            raise Fault("a bare Deactivate-All of %d bytes" % (len(body) + 6))
        share, length = struct.unpack_from("<IH", body)
        if share != self.share or length < 1 or len(body) < 6 + length:
            raise Fault("Deactivate-All of share %#x, descriptor of %d bytes" % (share, length))
        if not self.active:
            raise Fault("Deactivate-All before the finalisation")
        self.active = False
        self.resizes += 1

    def _share_pdu(self, data):
        total, kind, _ = struct.unpack_from("<HHH", data)
        kind &= 0xFF
        if total != len(data):
            raise Fault("share control says %d bytes, there are %d" % (total, len(data)))
        if kind == DEMAND_ACTIVE:
            self._demand_active(data[6:])
        elif kind == DEACTIVATE_ALL:
            self._deactivate_all(data[6:])
        elif kind == DATA:
            self._data_pdu(data[14], data[18:])
        else:
            raise Fault("share control PDU %#x" % kind)

    def _data_pdu(self, kind, data):
        if kind == FONT_MAP:
            self.active = True
        elif kind == ERROR_INFO:
            self.error = struct.unpack("<I", data)[0]
        elif kind == UPDATE and struct.unpack_from("<H", data)[0] == BITMAP:
            self._bitmaps(data)
        elif kind not in (SYNCHRONIZE, CONTROL, POINTER, 38, 54):  # save session info, status info
            raise Fault("data PDU %d, which no capability asks for" % kind)

    def _fast_path(self, data):
        at = 0
        while at < len(data):
            head, size = struct.unpack_from("<BH", data, at)
            if head >> 4 & 3:
                raise Fault("a fast-path fragment, without the capability")
            if head >> 6:
                raise Fault("a compressed update, without the capability")
            code, update = head & 15, data[at + 3:at + 3 + size]
            if len(update) != size:
                raise Fault("a fast-path update beyond its PDU")
            if code == BITMAP:
                self._bitmaps(update)
            elif code not in (PALETTE, SYNC) and code not in POINTERS:
                raise Fault("fast-path update %d, which no capability asks for" % code)
            if not self.active:
                raise Fault("an update before the finalisation")
            at += 3 + size

    def _bitmaps(self, data):
        kind, count = struct.unpack_from("<HH", data)
        at = 4
        if not self.active:
            raise Fault("a picture before the finalisation")
        for _ in range(count):
            left, top, right, bottom, width, height, depth, flags, size = struct.unpack_from("<9H", data, at)
            where = "%d,%d-%d,%d on %s" % (left, top, right, bottom, self.desktop)
            if not (left <= right < self.desktop[0] and top <= bottom < self.desktop[1]):
                raise Fault("a rectangle outside the desktop: " + where)
            if (width, height) != (right - left + 1, bottom - top + 1):
                raise Fault("a padded bitmap: %dx%d for %s" % (width, height, where))
            if depth != self.depth or not flags & 1:
                raise Fault("%d bpp, flags %#x" % (depth, flags))
            self.covered.update((x // 16, y // 16) for x in range(left, right + 1, 16)
                                for y in range(top, bottom + 1, 16))
            at += 18 + size
            self.rectangles += 1
        if kind != BITMAP or at != len(data):
            raise Fault("a bitmap update whose lengths do not add up")
        self.updates += 1

    def wait_readable(self, timeout_s=wait.PATIENCE_S):
        """Something is there to be read; False if nothing came in time."""
        return bool(self.buffer or self.socket.pending() or
                    select.select([self.socket], [], [], timeout_s)[0])

    def take(self, timeout_s):
        """Handles one PDU; False if none came in time."""
        if not self.wait_readable(timeout_s):
            return False
        slow, payload = self._pdu()
        if slow:
            self._share_pdu(self._received(payload))
        else:
            self._fast_path(payload)
        return True

    def until(self, what, condition):
        end = time.monotonic() + wait.PATIENCE_S
        while not condition(self):
            if not self.take(max(0, end - time.monotonic())):
                raise wait.Timeout("%s; desktop %s, %d updates" % (what, self.desktop, self.updates))

    def whole(self):
        """Pictures came for all of the desktop as it is now."""
        return self.active and len(self.covered) == \
            -(-self.desktop[0] // 16) * -(-self.desktop[1] // 16)

    def close(self):
        self.socket.close()
