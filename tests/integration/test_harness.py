"""The judge judged: comparing pictures and reading window dumps."""

import math
import struct
import unittest

from harness import picture


def flat(width, height, value):
    return picture.Picture(width, height, 4 * width, bytes(value) * (width * height))


class PictureTest(unittest.TestCase):
    def test_equal_is_infinite(self):
        a = flat(100, 70, (1, 2, 3, 4))
        self.assertEqual(picture.compare(a, flat(100, 70, (1, 2, 3, 99))).psnr_db, math.inf)

    def test_psnr_is_that_of_the_definition(self):
        like = picture.compare(flat(128, 64, (10, 10, 10, 0)), flat(128, 64, (12, 10, 10, 0)))
        self.assertAlmostEqual(like.psnr_db, 10 * math.log10(255 * 255 * 3 / 4), 6)
        self.assertEqual(like.differing, 128 * 64)

    def test_worst_tile_is_found(self):
        a, b = flat(200, 130, (0, 0, 0, 0)), flat(200, 130, (0, 0, 0, 0))
        data = bytearray(b.data)
        data[(129 * 200 + 199) * 4] = 255  # the last pixel, in a tile of 8x2
        like = picture.compare(a, picture.Picture(200, 130, 800, bytes(data)))
        self.assertEqual(like.worst_tile, (192, 128))
        self.assertAlmostEqual(like.worst_db, 10 * math.log10(3 * 8 * 2), 6)
        self.assertGreater(like.psnr_db, 40)

    def test_reduction(self):
        got = flat(2, 1, (255, 255, 255, 0)).reduced(5, 6, 5)
        self.assertEqual(got.data[:3], bytes((0xF8, 0xFC, 0xF8)))

    def test_xwd(self):
        head = struct.pack(">25I", 104, 7, 2, 24, 2, 1, 0, 0, 32, 0, 32, 32, 8, *[0] * 6, 1, *[0] * 5)
        got = picture.Picture.from_xwd(head + b"abc\0" + bytes(12) + bytes(range(8)))
        self.assertEqual((got.width, got.height), (2, 1))
        self.assertEqual(got.channel(2), bytes((2, 6)))

    def test_ppm_round_trip(self):
        import tempfile
        with tempfile.NamedTemporaryFile(suffix=".ppm") as f:
            flat(3, 2, (1, 2, 3, 0)).save_ppm(f.name)
            got = picture.Picture.from_ppm(f.name)
        self.assertEqual(got.data[:4], bytes((1, 2, 3, 0)))
