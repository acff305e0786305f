"""Four guests that draw flat out on the host's one software GPU: what each gets of it.
By hand for a minute, three times:

    ORIEL_SHARES_CPU_S=100 tests/integration/run test_vgpu_shares"""

import json
import os
import shutil
import subprocess
import tempfile
import unittest

from harness import wait
from harness.display import Display
from harness.process import Process
from harness.stack import program

CPU_S = float(os.environ.get("ORIEL_SHARES_CPU_S", "12"))
# A short run beside other tests may miss by more than a long one.
TOLERANCE = 0.05 if CPU_S >= 60 else 0.1
WARM_S = 0.5
# Frames of some tens of milliseconds, and little to do for the program itself.
SCENE = ["glmark2-es2", "-b", "shading:shading=phong", "--run-forever", "--off-screen", "-s", "1280x1024"]


class SharesTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="oriel-shares-")
        os.chmod(self.directory, 0o755)
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.processes = []
        self.addCleanup(self.stop_all)

    def stop_all(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()

    def path(self, name):
        return os.path.join(self.directory, name)

    def start(self, argv, log, env=None):
        process = Process(argv, self.path(log), env=env)
        self.processes.append(process)
        return process

    def start_guest(self, name, weight, display):
        socket = self.path(name + ".socket")
        self.start([program("oriel-vgpu-vtest"), "--socket-path", socket, "--broker", self.path("vgpu"), "--profile",
                    "weight%d" % weight, "--name", name], name + ".vtest")
        wait.until("%s's socket" % name, lambda: os.path.exists(socket))
        # Mesa looks for the socket there.
        namespace = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
        script = "mount --bind \"$1\" /tmp/.virgl_test && shift && exec \"$@\""
        env = dict(os.environ, DISPLAY=display.name, GALLIUM_DRIVER="virpipe", LIBGL_ALWAYS_SOFTWARE="1")
        return self.start([*namespace, "sh", "-c", script, "sh", socket, *SCENE], name + ".program", env)

    def used_s(self):
        done = subprocess.run([program("oriel"), "--run-dir", self.directory, "--json", "gpu"], capture_output=True,
                              text=True, timeout=wait.PATIENCE_S, check=True)
        return {row["name"]: row["gpu_time_us"] / 1e6 for row in json.loads(done.stdout)}

    def shares(self, weights):
        """Of the GPU time after all have begun, until CPU_S of it are used."""
        display = Display(self.directory, 640, 480)
        self.addCleanup(display.stop)
        with open(self.path("profiles"), "w") as file:
            file.writelines("weight%d weight=%d\n" % (w, w) for w in sorted(set(weights)))
        self.start([program("oriel-vgpu-broker"), "--socket", self.path("vgpu"), "--profiles", self.path("profiles")],
                   "broker")
        wait.until("the broker", lambda: os.path.exists(self.path("vgpu")))
        names = ["guest%d" % i for i in range(len(weights))]
        for name, weight in zip(names, weights):
            self.start_guest(name, weight, display)
        wait.until("all to draw", lambda: all(self.used_s().get(name, 0) > WARM_S for name in names),
                   timeout_s=4 * wait.PATIENCE_S)
        before = self.used_s()
        got = {}

        def enough():
            got.update({name: used - before[name] for name, used in self.used_s().items()})
            return sum(got.values()) >= CPU_S
        wait.until("%g s of GPU time" % CPU_S, enough, timeout_s=20 * CPU_S, every_s=0.2)
        total = sum(got.values())
        return [got[name] / total for name in names]

    def check(self, weights):
        if not shutil.which(SCENE[0]):
            self.skipTest("%s is not installed" % SCENE[0])
        if not os.path.exists("/tmp/.virgl_test"):
            open("/tmp/.virgl_test", "a").close()  # a place to mount at; nobody's socket
        shares = self.shares(weights)
        wanted = [w / sum(weights) for w in weights]
        print("shares of %g s: %s, wanted %s" % (CPU_S, ["%.4f" % s for s in shares], wanted))
        relative = [s / w for s, w in zip(shares, wanted)]
        jain = sum(relative) ** 2 / (len(relative) * sum(r * r for r in relative))
        self.assertGreaterEqual(jain, 0.98, shares)
        for share, want in zip(shares, wanted):
            self.assertAlmostEqual(share / want, 1, delta=TOLERANCE, msg=str(shares))

    def test_equal_weights(self):
        self.check([100, 100, 100, 100])

    def test_weights(self):
        self.check([400, 200, 100, 100])
