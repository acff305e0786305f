"""Guests that share the host's one software GPU: what each gets of it when all draw flat out, also after
the broker was killed; and what neighbours at their own pace lose while one guest loses its workers and
another draws something endless. By hand, for a minute each:

    ORIEL_SHARES_CPU_S=100 ORIEL_NEIGHBOURS_S=60 tests/integration/run test_vgpu_shares"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from harness import wait
from harness.display import Display
from harness.process import Process
from harness.stack import BUILD, accepts, program

CPU_S = float(os.environ.get("ORIEL_SHARES_CPU_S", "12"))
NEIGHBOURS_S = float(os.environ.get("ORIEL_NEIGHBOURS_S", "6"))
# A short run beside other tests may miss by more than a long one.
TOLERANCE = 0.05 if CPU_S >= 60 else 0.1
WARM_S = 0.5
# Frames of some tens of milliseconds, and little to do for the program itself.
SCENE = ["glmark2-es2", "-b", "shading:shading=phong", "--run-forever", "--off-screen", "-s", "1280x1024"]
ENVIRONMENT = dict(os.environ, GALLIUM_DRIVER="virpipe", LIBGL_ALWAYS_SOFTWARE="1")
DRAW_FRAMES = os.path.join(BUILD, "tests", "vgpu", "vtest", "vgpu-draw-frames")
FRAME_BYTES = 4 * 160 * 120
FRAMES = 12  # after which they repeat
PACE_S = 1 / 30
KILL_EVERY_S = 6


class Bed(unittest.TestCase):
    """A broker, and guests with a program each."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="oriel-shares-")
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        if not os.path.exists("/tmp/.virgl_test"):
            open("/tmp/.virgl_test", "a").close()  # a place to mount at; nobody's socket
        self.processes, self.brokers = [], 0
        self.addCleanup(self.stop_all)

    def stop_all(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, argv, log, env=None, **options):
        process = Process(argv, self.path(log), env=env, **options)
        self.processes.append(process)
        return process

    def start_broker(self, weights):
        with open(self.path("profiles"), "w") as file:
            file.writelines("weight%d weight=%d\n" % (w, w) for w in sorted(set(weights)))
        self.brokers += 1
        broker = self.start([program("oriel-vgpu-broker"), "--socket", self.path("vgpu"), "--profiles",
                             self.path("profiles")], "broker")
        wait.until("the broker", lambda: broker.log().count("ready; ") == self.brokers)
        return broker

    def start_guest(self, name, weight=100):
        socket = self.path(name + ".socket")
        guest = self.start([program("oriel-vgpu-vtest"), "--socket-path", socket, "--broker", self.path("vgpu"),
                            "--profile", "weight%d" % weight, "--name", name], name + ".vtest")
        wait.until("%s's socket" % name, lambda: accepts(socket))
        return guest

    def command(self, name, *argv):
        """Of a program that sees the guest's socket where Mesa looks for it."""
        namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
        script = "mount --bind \"$1\" /tmp/.virgl_test && shift && exec \"$@\""
        return [*namespace, "sh", "-c", script, "sh", self.path(name + ".socket"), *argv]

    def figures(self):
        done = subprocess.run([program("oriel"), "--run-dir", self.directory, "--json", "gpu"], capture_output=True,
                              text=True, timeout=wait.PATIENCE_S, check=True)
        return {row["name"]: row for row in json.loads(done.stdout)}

    def used_s(self):
        return {name: row["gpu_time_us"] / 1e6 for name, row in self.figures().items()}


class SharesTest(Bed):
    def start_guests(self, weights):
        if not shutil.which(SCENE[0]):
            self.skipTest("%s is not installed" % SCENE[0])
        display = Display(self.directory, 640, 480)
        self.addCleanup(display.stop)
        broker = self.start_broker(weights)
        names = ["guest%d" % i for i in range(len(weights))]
        for name, weight in zip(names, weights):
            self.start_guest(name, weight)
            self.start(self.command(name, *SCENE), name + ".program", dict(ENVIRONMENT, DISPLAY=display.name))
        wait.until("all to draw", lambda: all(self.used_s().get(name, 0) > WARM_S for name in names),
                   timeout_s=4 * wait.PATIENCE_S)
        return broker

    def shares(self):
        """Of the GPU time from now on, until CPU_S of it are used."""
        before, began, got = self.used_s(), time.monotonic(), {}

        def enough():
            got.update({name: used - before[name] for name, used in self.used_s().items()})
            return sum(got.values()) >= CPU_S
        wait.until("%g s of GPU time" % CPU_S, enough, timeout_s=20 * CPU_S, every_s=0.2)
        total = sum(got.values())
        return [got[name] / total for name in sorted(got)], time.monotonic() - began

    def check(self, weights):
        shares, seconds = self.shares()
        wanted = [w / sum(weights) for w in weights]
        relative = [s / w for s, w in zip(shares, wanted)]
        jain = sum(relative) ** 2 / (len(relative) * sum(r * r for r in relative))
        print("shares of %.0f s in %.0f s: %s, wanted %s; Jain %.5f" % (
            CPU_S, seconds, " ".join("%.4f" % s for s in shares), wanted, jain))
        self.assertGreaterEqual(jain, 0.98, shares)
        for share, want in zip(shares, wanted):
            self.assertAlmostEqual(share / want, 1, delta=TOLERANCE, msg=str(shares))

    def test_equal_weights(self):
        self.start_guests([100, 100, 100, 100])
        self.check([100, 100, 100, 100])

    def test_weights(self):
        self.start_guests([400, 200, 100, 100])
        self.check([400, 200, 100, 100])

    def test_broker_is_killed(self):
        """The next one finds the workers and holds them again."""
        weights = [400, 200, 100, 100]
        broker = self.start_guests(weights)
        broker.kill()
        broker.wait()
        self.start_broker(weights)
        wait.until("all guests", lambda: len(self.used_s()) == len(weights))
        # That all draw all the time has to be seen first.
        begin = self.used_s()
        wait.until("all to draw", lambda: all(used > begin[name] + WARM_S for name, used in self.used_s().items()),
                   timeout_s=4 * wait.PATIENCE_S)
        self.check(weights)
        self.assertEqual([row["resets"] for row in self.figures().values()], [0] * len(weights))


class Drawer:
    """A program that draws frame after frame: one each pace_s, or flat out; a frame that is not there in time is
    left out."""

    def __init__(self, command, log, pace_s):
        self.popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                      env=ENVIRONMENT)
        self.pace_s, self.frames, self.wrong, self.ending = pace_s, 0, 0, threading.Event()
        self.renderer = self.popen.stdout.read(64)
        self.right = [self.draw(i) for i in range(FRAMES)]
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def draw(self, number):
        self.popen.stdin.write(bytes([number % FRAMES]))
        self.popen.stdin.flush()
        return self.popen.stdout.read(FRAME_BYTES)

    def run(self):
        due, number = time.monotonic(), 0
        while not self.ending.wait(max(0, due - time.monotonic())):
            self.wrong += self.draw(number) != self.right[number % FRAMES]
            self.frames += 1
            number += 1
            due = max(due + self.pace_s, time.monotonic() - self.pace_s)

    def end(self):
        self.ending.set()
        self.thread.join(wait.PATIENCE_S)
        if self.thread.is_alive():  # no frame comes
            self.popen.kill()
            self.thread.join()
        self.popen.stdin.close()
        self.popen.stdout.close()
        self.popen.wait()


@unittest.skipUnless(os.path.exists(DRAW_FRAMES), "the tests are not built")
class NeighboursTest(Bed):
    """At a pace that is well within their shares: who draws flat out loses what somebody else is given."""

    def start_drawer(self, name, pace_s):
        self.start_guest(name)
        with open(self.path(name + ".program"), "wb") as log:
            drawer = Drawer(self.command(name, DRAW_FRAMES), log, pace_s)
        self.addCleanup(drawer.end)
        self.assertIn(b"virgl", drawer.renderer)
        return drawer

    def measure(self, neighbours, every=lambda elapsed_s: None):
        """Frames of both within NEIGHBOURS_S."""
        before, began = [n.frames for n in neighbours], time.monotonic()
        wait.until("the time", lambda: every(time.monotonic() - began) or time.monotonic() - began >= NEIGHBOURS_S,
                   timeout_s=2 * NEIGHBOURS_S + wait.PATIENCE_S)
        return [n.frames - b for n, b in zip(neighbours, before)]

    def disturb(self, elapsed_s):
        """Kills the one guest's worker now and then, and starts the other's program again when it was thrown out."""
        if self.kills * KILL_EVERY_S + 1 < elapsed_s:
            os.kill(self.worker_of("loser"), signal.SIGKILL)
            self.kills += 1
        if not self.endless or not self.endless.running():
            self.endless = self.start(self.command("endless", DRAW_FRAMES, "endless"), "endless.program", ENVIRONMENT)

    def worker_of(self, name):
        with open(self.path("broker")) as log:
            return int([line for line in log if ": %s: profile" % name in line][-1].split("worker ")[1].split(",")[0])

    def test_neighbours(self):
        self.start_broker([100])
        neighbours = [self.start_drawer("neighbour%d" % i, PACE_S) for i in range(2)]
        alone = self.measure(neighbours)
        loser = self.start_drawer("loser", 0)
        self.start_guest("endless")
        self.kills, self.endless = 0, None
        disturbed = self.measure(neighbours, self.disturb)
        wait.until("the loser to have another worker", lambda: self.figures()["loser"]["resets"] >= 1)
        figures = self.figures()
        print("frames of two neighbours in %.0f s: %s alone; %s beside a guest that lost %d workers (%d frames, %d "
              "wrong) and one that lost %d over what does not end" % (
                  NEIGHBOURS_S, alone, disturbed, figures["loser"]["resets"], loser.frames, loser.wrong,
                  figures["endless"]["resets"]))
        self.assertEqual([(figures["neighbour%d" % i]["resets"], n.wrong) for i, n in enumerate(neighbours)],
                         [(0, 0), (0, 0)])
        self.assertEqual(loser.wrong, 0)
        # Whether they were held up for long; how much is measured in a longer time, on a
        # machine with nothing else to do.
        for now, before in zip(disturbed, alone):
            self.assertGreater(now, before / 4)
        if NEIGHBOURS_S >= 60:
            for now, before in zip(disturbed, alone):
                self.assertGreaterEqual(now, 0.98 * before)
