"""What strict clients insist on (the headless client faults every rectangle outside
the desktop and every padded bitmap), in all four ways of sending pictures."""

from harness.case import StackCase

MODES = {
    "progressive": (["--pictures", "progressive"], "lossy"),
    "thin": (["--pictures", "thin"], "lossy"),
    "rfx": (["--pictures", "rfx"], "lossy"),
    "bitmap32": (["--pictures", "bitmap", "--depth", "32"], "exact"),
    "bitmap24": (["--pictures", "bitmap", "--depth", "24"], "exact"),
    "bitmap16": (["--pictures", "bitmap", "--depth", "16"], "freerdp-16"),
    "bitmap15": (["--pictures", "bitmap", "--depth", "15"], 15),
}


class StrictTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still"}

    def check(self, mode, size="800x600", *more):
        options, match = MODES[mode]
        client = self.headless(*options, "--size", size, *more).connected()
        self.assert_alike(client.picture, match)
        return client, match

    def test_first_size_is_the_final_one(self):
        for mode in MODES:
            with self.subTest(mode):
                client, _ = self.check(mode, "1024x768")
                self.assertEqual(client.state()["resizes"], 0)
                client.stop()

    def test_sizes_that_are_no_multiple_of_anything(self):
        for mode in MODES:
            with self.subTest(mode):
                client, _ = self.check(mode, "803x601")
                client.stop()

    def test_resize(self):
        """Three sizes; with every way, also those without RDPGFX (deactivation and
        reactivation)."""
        for mode in MODES:
            with self.subTest(mode):
                client, match = self.check(mode)
                client.until("display control", lambda s: s["can_resize"])
                for number, (width, height) in enumerate(((1024, 768), (640, 482), (1202, 850))):
                    client.command("layout %dx%d+0+0" % (width, height))
                    client.until("the new size", lambda s: (s["width"], s["height"]) == (width, height))
                    self.assert_alike(client.picture, match)
                    self.assertEqual(client.state()["resizes"], number + 1)
                client.stop()

    def test_two_monitors(self):
        """Side by side, and with one to the left of the primary; the picture is the
        bounding box. Then one again."""
        for mode in ("progressive", "thin", "rfx", "bitmap32"):
            with self.subTest(mode):
                client, match = self.check(mode)
                client.until("display control", lambda s: s["can_resize"])
                for layout, size in (("800x600+0+0 640x480+800+0", (1440, 600)),
                                     ("800x600+0+0 640x480-640+100", (1440, 600)),
                                     ("800x600+0+0 640x480+0+600", (800, 1080)), ("800x600+0+0", (800, 600))):
                    client.command("layout " + layout)
                    client.until("a picture of %dx%d" % size, lambda s: (s["width"], s["height"]) == size)
                    self.assert_alike(client.picture, match)
                client.stop()

    def test_nonsense_layouts_change_nothing(self):
        client, match = self.check("progressive")
        client.until("display control", lambda s: s["can_resize"])
        for layout in ("100x100+0+0", "8193x600+0+0", "800x600+5+5", "800x600+0+0 640x480+400+0",
                       "800x600+0+0 640x480+3000+0"):
            client.command("layout " + layout)
        before = client.state()["pattern"]["serial"]
        client.key(0x1e)  # comes after them on the same wire
        client.until("the answer to a key", lambda s: s["pattern"]["serial"] != before)
        self.assert_alike(client.picture, match)
        self.assertEqual((client.state()["width"], client.state()["height"]), (800, 600))
        client.stop()

    def test_cursor_comes_as_pointer_updates(self):
        """The guest's three cursors: coloured, large, hidden."""
        for mode in ("progressive", "bitmap16"):
            with self.subTest(mode):
                client, _ = self.check(mode)
                for _ in range(3):
                    before = client.state()["pointers"]
                    client.key(0x3d)  # F3: the next one
                    client.until("another pointer", lambda s: s["pointers"] > before)
                client.stop()

    def test_build_number_0_and_no_other_channels(self):
        client, _ = self.check("progressive", "800x600", "--build", "0")
        client.stop()

    def test_picture_codec_does_not_depend_on_the_claimed_link(self):
        """A client that claims a modem gets the same pictures."""
        for mode in ("progressive", "rfx"):
            with self.subTest(mode):
                client, _ = self.check(mode, "800x600", "--link", "1")
                client.stop()

    def test_changes_arrive(self):
        for mode in MODES:
            with self.subTest(mode):
                client, match = self.check(mode)
                before = client.state()["pattern"]
                client.key(0x1e)
                client.until("the answer to a key", lambda s: s["pattern"]["serial"] != before["serial"])
                self.assert_alike(client.picture, match)
                client.key(0x3b)  # F1: all of the picture changes
                client.until("the answer to F1", lambda s: s["pattern"]["code"] == 0x3b)
                self.assert_alike(client.picture, match)
                client.stop()
