"""Disconnect, reconnect, take-over, many at once, and the death of each process."""

import os
import signal

from harness import wait
from harness.case import StackCase
from harness.picture import compare
from harness.process import Process

ERRINFO_DISCONNECTED_BY_OTHERCONNECTION = 5
KEY_A, KEY_F2, KEY_F4 = 0x1e, 0x3c, 0x3e
EVENT_KEY_UP = 2


def pattern(client):
    return client.until("a picture", lambda s: s.get("pattern"))["pattern"]


class ReconnectTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still"}

    def test_desktop_is_found_as_it_was(self):
        first = self.headless("--size", "800x600").connected()
        serial = pattern(first)["serial"]
        first.key(KEY_A)
        left = first.until("the answer", lambda s: s["pattern"]["serial"] != serial)["pattern"]
        guests = self.stack.guest_pids()
        first.stop()
        # Another size, another way, another client.
        second = self.headless("--size", "1024x768", "--pictures", "rfx", "--tls").connected()
        self.assert_alike(second.picture)
        found = pattern(second)
        self.assertEqual(self.stack.guest_pids(), guests)
        self.assertGreaterEqual(found["frame"], left["frame"])
        self.assertGreaterEqual(found["serial"], left["serial"])
        second.stop()

    def test_second_connection_takes_over_and_the_first_is_told(self):
        first = self.headless("--size", "800x600").connected()
        pattern(first)
        second = self.headless("--size", "800x600").connected()
        pattern(second)
        self.assertEqual(first.closed()["code"], ERRINFO_DISCONNECTED_BY_OTHERCONNECTION)
        self.assert_alike(second.picture)
        second.stop()

    def test_held_keys_are_released(self):
        first = self.headless("--size", "800x600").connected()
        pattern(first)
        first.key(KEY_F4)
        first.until("F4", lambda s: s["pattern"]["code"] == KEY_F4)
        first.command("key %x down" % KEY_A)
        first.until("the key", lambda s: s["pattern"]["code"] == KEY_A)
        first.stop()
        second = self.headless("--size", "800x600").connected()
        got = second.until("the release", lambda s: s.get("pattern") and s["pattern"]["event"] == EVENT_KEY_UP
                           or s.get("pattern"))["pattern"]
        # A new session announces its layout, which is an event too; the release came before.
        self.assertIn(got["event"], (EVENT_KEY_UP, 8))
        second.key(KEY_F4)
        second.stop()

    def test_oriel_lists_it(self):
        client = self.headless("--size", "800x600").connected()
        pattern(client)
        self.assertIn(self.stack.user, self.stack.oriel("sessions").stdout)
        self.assertIn(self.stack.user, self.stack.oriel("guests").stdout)
        client.stop()


class SlowClientTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--rate 60", "shared": True}

    def test_slow_client_neither_blocks_nor_fills_memory(self):
        slow = self.headless("--size", "800x600").connected()
        pattern(slow)
        pid = self.one_session()
        slow.freeze()
        quick = self.headless("--size", "800x600").connected()
        seen = pattern(quick)["frame"]
        quick.until("300 frames", lambda s: s["pattern"]["frame"] > seen + 300, 5 * wait.PATIENCE_S)
        with open("/proc/%d/statm" % pid) as f:
            resident = int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        self.assertLess(resident, 150 << 20)
        slow.thaw()
        now = pattern(quick)["frame"]
        slow.until("the newest picture", lambda s: s["pattern"]["frame"] >= now)
        self.assertEqual(slow.state()["pattern"]["disorder"], 0)


class FiftyTest(StackCase):
    """50 sessions at once. One guest for all: its picture is then the one truth."""

    count = 50
    stack_arguments = {"guest": "pattern", "options": "--rate 4", "shared": True, "settings": {
        "server": ["max_sessions = 100", "max_sessions_per_address = 100", "login_timeout_s = 60"]}}

    def test_fifty(self):
        clients = []
        for _ in range(self.count):
            clients.append(self.headless("--size", "640x480"))
            if len(clients) % 5 == 0:  # the machine is small: five log in at a time
                for client in clients[-5:]:
                    client.connected()
        for client in clients:
            client.until("20 frames", lambda s: s.get("pattern") and s["pattern"]["steps"] >= 20, 5 * wait.PATIENCE_S)
        clients[0].key(KEY_F2)  # the picture stands still
        want = self.settled(clients[0])
        seen = {}
        for number, client in enumerate(clients):
            got = client.until("the last frame", lambda s: s["pattern"]["frame"] == want["frame"])["pattern"]
            self.assertEqual(got["disorder"], 0, "client %d" % number)
            wait.until(lambda: "client %d to have the picture: %s" % (number, seen.get(client.picture().data)),
                       lambda: self.is_right(client, seen))

    def is_right(self, client, seen):
        """seen: the likeness of each picture so far; most clients have the same."""
        picture = client.picture()
        if picture.data not in seen:
            seen[picture.data] = compare(self.guest_picture(), picture)
        likeness = seen[picture.data]
        return likeness.psnr_db >= 38 and likeness.worst_db >= 30

    def settled(self, client):
        """Waits until the picture stands still; returns its numbers."""
        last = {}

        def same():
            now = client.state()["pattern"]
            still = now["frame"] == last.get("frame") and now["code"] == KEY_F2
            last.update(now)
            return still
        wait.until("the picture to stand still", same, every_s=1)
        return last


class DeathTest(StackCase):
    """Ten sessions, each with a desktop of its own where that needs no other account."""

    count = 10
    as_root = os.geteuid() == 0
    stack_arguments = {"guest": "pattern", "options": "--still", "shared": not as_root,
                       "users": count if as_root else 1,
                       "settings": {"server": ["max_sessions = 11", "max_sessions_per_address = 11"]}}

    def setUp(self):
        if not self.stack.host.running():
            self.stack.start_host()
        if not self.stack.server.running():
            self.stack.start_server()
        users = self.stack.users * (self.count // len(self.stack.users))
        self.clients = [self.headless("--size", "640x480", user=user) for user in users]
        for client in self.clients:
            client.connected()
        for client in self.clients:
            pattern(client)

    def tearDown(self):
        for client in self.clients:
            client.stop()
        wait.until("the sessions to end", lambda: not self.stack.session_pids())

    def press(self):
        """One step of every guest."""
        for client in self.clients if len(self.stack.users) > 1 else self.clients[:1]:
            client.key(KEY_A)

    def all_see(self, serials):
        """Every client has the step after serials; none has missed a frame."""
        for client, serial in zip(self.clients, serials):
            got = client.until("the next step", lambda s: s["pattern"]["serial"] != serial)["pattern"]
            self.assertEqual(got["steps"], got["frame"] - got["first"] + 1, "frames were missed: %s" % got)

    def serials(self):
        return [client.state()["pattern"]["serial"] for client in self.clients]

    def across(self, event):
        """Steps before, during and after event(): each is seen by all."""
        for during in (None, event, None, None):
            before = self.serials()
            self.press()
            if during:
                during()
            self.all_see(before)

    def test_kill_one_session(self):
        self.clients.pop().stop()
        wait.until("nine sessions", lambda: len(self.stack.session_pids()) == 9)
        known = set(self.stack.session_pids())
        user = self.stack.users[-1]
        tenth = self.headless("--size", "640x480", user=user).connected()
        left = pattern(tenth)["frame"]
        guests = sorted(self.stack.guest_pids())
        [pid] = set(self.stack.session_pids()) - known

        def kill():
            os.kill(pid, signal.SIGKILL)
            tenth.closed()
        self.across(kill)
        again = self.headless("--size", "640x480", user=user).connected()
        self.assertGreaterEqual(pattern(again)["frame"], left)
        self.assertEqual(sorted(self.stack.guest_pids()), guests)
        self.clients.append(again)

    def check_after(self):
        """The API answers, and new connections work."""
        self.stack.set_password(self.stack.user, self.stack.password)
        extra = self.headless("--size", "640x480", user=self.stack.users[-1]).connected()
        pattern(extra)
        if len(self.stack.users) > 1:  # it took over the tenth
            self.clients[-1].closed()
            self.clients[-1] = extra
        else:
            extra.stop()

    def restart(self, process, end, start):
        def event():
            end(process)
            process.wait()
            self.assertEqual(len(self.stack.session_pids()), 10)
            start()
        self.across(event)
        self.check_after()

    def test_server_is_terminated_and_starts_again(self):
        self.restart(self.stack.server, Process.stop, self.stack.start_server)

    def test_server_is_killed(self):
        self.restart(self.stack.server, Process.kill, self.stack.start_server)

    def test_host_is_terminated_and_starts_again(self):
        self.restart(self.stack.host, Process.stop, self.stack.start_host)

    def test_host_is_killed(self):
        self.restart(self.stack.host, Process.kill, self.stack.start_host)


class LimitsAfterRestartTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still", "shared": True, "settings": {
        "server": ["max_sessions = 3", "max_sessions_per_address = 3"]}}

    def test_limits_still_count(self):
        clients = [self.headless("--size", "640x480").connected() for _ in range(3)]
        self.stack.server.kill()
        self.stack.server.wait()
        self.stack.start_server()
        self.headless("--size", "640x480").refused()
        clients[0].stop()
        wait.until("a free seat", self.comes_in, every_s=0.3)


class RestTest(StackCase):
    stack_arguments = {"guest": "pattern", "options": "--still", "trace": True}

    def test_idle_is_silent(self):
        """Nothing is sent for a still desktop apart from heartbeats, in any way of sending."""
        for options in (["--pictures", "progressive"], ["--pictures", "rfx"], ["--pictures", "bitmap"]):
            with self.subTest(options[1]):
                client = self.headless("--size", "800x600", *options).connected()
                self.assert_alike(client.picture, "exact" if options[1] == "bitmap" else "lossy")
                # The picture that the probe took made the guest send nothing to us.
                quiet = self.settled(client)

                def silent():
                    now = client.state()
                    return (now["frames"] == quiet["frames"] and now["packets_in"] - quiet["packets_in"]
                            <= now["heartbeats"] - quiet["heartbeats"])
                wait.stays("nothing but heartbeats is sent", silent, 5)
                client.stop()

    def test_trace_tells_each_frames_way(self):
        client = self.headless("--size", "800x600").connected()
        self.one_session()
        seen = len(self.stack.trace())
        client.until("a picture", lambda s: s.get("pattern"))
        for _ in range(5):
            serial = client.state()["pattern"]["serial"]
            client.key(KEY_A)
            client.until("the answer", lambda s: s["pattern"]["serial"] != serial)
        frames = wait.until("trace lines", lambda: len(self.stack.trace()) >= seen + 5 and self.stack.trace())[seen:]
        way = ("damage_us", "captured_us", "pull_us", "analysed_us", "encoded_us", "written_us", "acked_us")
        # A client whose graphics channel opens late gets another codec first.
        frames = [frame for frame in frames if "progressive" in frame["codecs"]]
        self.assertTrue(frames)
        for frame in frames:
            times = [frame[name] for name in way]
            self.assertEqual(times, sorted(times), frame)
            self.assertGreater(times[0], 0)
            [said] = frame["codecs"].values()
            self.assertGreater(said["tiles"], 0)
            self.assertGreater(said["bytes"], 0)
        client.stop()

    def settled(self, client):
        states = []

        def same():
            states.append(client.state())
            return len(states) >= 3 and len({state["packets_in"] for state in states[-3:]}) == 1
        wait.until("silence", same, every_s=2)
        return states[-1]
