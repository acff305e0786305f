"""Pictures of 32 bits a pixel (bytes B, G, R, X) and how alike two of them are."""

import math
import struct

TILE = 64


class Picture:
    def __init__(self, width, height, stride, data):
        self.width, self.height, self.stride, self.data = width, height, stride, data

    @classmethod
    def from_xwd(cls, data):
        """An X window dump of 24 or 32 bits depth (X11/XWDFile.h), as xwd and Xvfb -fbdir write it."""
        head = struct.unpack(">25I", data[:100])
        header_len, width, height, order, bpp, stride, colours = (
            head[0], head[4], head[5], head[7], head[11], head[12], head[19])
        if bpp != 32 or order != 0:
            raise ValueError("xwd: %d bits a pixel, byte order %d: not handled" % (bpp, order))
        at = header_len + 12 * colours
        return cls(width, height, stride, data[at:at + stride * height])

    @classmethod
    def from_raw(cls, path, width, height):
        with open(path, "rb") as f:
            data = f.read()
        if len(data) != 4 * width * height:
            raise ValueError("%s: %d bytes for %dx%d" % (path, len(data), width, height))
        return cls(width, height, 4 * width, data)

    @classmethod
    def from_ppm(cls, path):
        with open(path, "rb") as f:
            data = f.read()
        fields, at = [], 0
        while len(fields) < 4:
            end = at
            while not data[end:end + 1].isspace():
                end += 1
            fields.append(data[at:end])
            at = end + 1
        if fields[0] != b"P6" or fields[3] != b"255":
            raise ValueError(path + ": not a PPM of 8 bits")
        width, height = int(fields[1]), int(fields[2])
        out = bytearray(4 * width * height)
        out[0::4], out[1::4], out[2::4] = data[at + 2::3], data[at + 1::3], data[at::3]
        return cls(width, height, 4 * width, bytes(out))

    def crop(self, width, height, left=0, top=0):
        rows = [self.data[y * self.stride + 4 * left:y * self.stride + 4 * (left + width)]
                for y in range(top, top + height)]
        return Picture(width, height, 4 * width, b"".join(rows))

    def channel(self, index):
        """0 blue, 1 green, 2 red: width * height bytes."""
        p = self if self.stride == 4 * self.width else self.crop(self.width, self.height)
        return p.data[index::4]

    def reduced(self, bits_blue, bits_green, bits_red):
        """With only so many high bits a channel."""
        p = self.crop(self.width, self.height)
        out = bytearray(p.data)
        for index, bits in ((0, bits_blue), (1, bits_green), (2, bits_red)):
            table = bytes(value >> (8 - bits) << (8 - bits) for value in range(256))
            out[index::4] = out[index::4].translate(table)
        return Picture(p.width, p.height, p.stride, bytes(out))

    def as_freerdp_widens_16(self):
        """What FreeRDP 3.10 makes of 5-6-5 bits: its green adds c / 8 for lack of c >> 4."""
        p = self.reduced(5, 6, 5)
        out = bytearray(p.data)
        table = bytes(min(255, value + (value >> 2) // 8) for value in range(256))
        out[1::4] = out[1::4].translate(table)
        return Picture(p.width, p.height, p.stride, bytes(out))

    def save_ppm(self, path):
        out = bytearray(3 * self.width * self.height)
        out[0::3], out[1::3], out[2::3] = self.channel(2), self.channel(1), self.channel(0)
        with open(path, "wb") as f:
            f.write(b"P6\n%d %d\n255\n" % (self.width, self.height) + out)

    def colours(self, limit=1000):
        """How many different pixels, at most limit: 1 means an empty picture."""
        seen = set()
        for y in range(0, self.height, 3):
            row = self.data[y * self.stride:y * self.stride + 4 * self.width]
            seen.update(row[x:x + 3] for x in range(0, len(row), 12))
            if len(seen) >= limit:
                break
        return len(seen)


class Likeness:
    """psnr_db over all, worst_db of the worst 64x64 tile at worst_tile (x, y in
    pixels); infinite when equal. differing: how many samples differ."""

    def __init__(self, psnr_db, worst_db, worst_tile, differing):
        self.psnr_db, self.worst_db = psnr_db, worst_db
        self.worst_tile, self.differing = worst_tile, differing

    def __str__(self):
        return "PSNR %.1f dB, worst tile %.1f dB at %d,%d, %d samples differ" % (
            self.psnr_db, self.worst_db, *self.worst_tile, self.differing)


def _psnr(squares, samples):
    return math.inf if squares == 0 else 10 * math.log10(255 * 255 * samples / squares)


def compare(a, b):
    if (a.width, a.height) != (b.width, b.height):
        raise AssertionError("pictures of %dx%d and %dx%d" % (a.width, a.height, b.width, b.height))
    columns = range(0, a.width, TILE)
    squares, differing = {}, 0
    for index in range(3):
        ca, cb = a.channel(index), b.channel(index)
        for y in range(a.height):
            at = y * a.width
            if ca[at:at + a.width] == cb[at:at + a.width]:
                continue
            for x in columns:
                end = at + min(x + TILE, a.width)
                ta, tb = ca[at + x:end], cb[at + x:end]
                if ta == tb:
                    continue
                deltas = [p - q for p, q in zip(ta, tb)]
                key = (x, y // TILE * TILE)
                squares[key] = squares.get(key, 0) + sum(d * d for d in deltas)
                differing += sum(1 for d in deltas if d)
    worst_db, worst_tile = math.inf, (0, 0)
    for (x, y), value in squares.items():
        area = min(TILE, a.width - x) * min(TILE, a.height - y)
        db = _psnr(value, 3 * area)
        if db < worst_db:
            worst_db, worst_tile = db, (x, y)
    return Likeness(_psnr(sum(squares.values()), 3 * a.width * a.height), worst_db, worst_tile, differing)
