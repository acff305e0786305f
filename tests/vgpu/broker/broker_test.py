"""oriel-vgpu-broker as a process, with workers that draw nothing. Run by ctest:
broker_test.py BROKER FAKE_WORKER CLI [TEST...]"""
import array, fcntl, json, os, re, shutil, signal, socket, struct, subprocess, sys, tempfile, threading, time, unittest

BROKER, WORKER, CLI = sys.argv[1:4]
DEADLINE_S = 60  # for what should happen at once; only a failing test waits so long
JOIN, LIST, WORKER_TYPE, PAGE, ITEM, END = 1, 2, 64, 65, 66, 67 # proto/broker.h
OK, NO_PROFILE, FULL, NO_GPU, FAILED = 0, 1, 2, 3, 4
MANY = 256  # BROKER_ITEMS_MAX
DIED, WATCHDOG = 0, 1
BATCHES_AT = 32  # in struct broker_page


class Front:
    """A front's connection."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(path)
        self.render = None
        self.page = None

    def receive(self):
        data, ancillary, _, _ = self.socket.recvmsg(1024, socket.CMSG_SPACE(4))
        fds = array.array("i")
        for _, _, payload in ancillary:
            fds.frombytes(payload)
        return data, fds[0] if fds else None

    def join(self, name="guest", profile="", adopt_pid=None, page=None):
        """(status, reason, pid, weight, text)"""
        packet = struct.pack("<HHII64s64sI", JOIN, 0, 1 if adopt_pid else 0, adopt_pid or 0, name.encode(),
                             profile.encode(), 0xffffffff)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [page]))] if page is not None else []
        self.socket.sendmsg([packet], rights)
        data, fd = self.receive()
        kind, _, status, pid, reason, _, _, _, _, weight = struct.unpack_from("<HHIIIIIIQI", data)
        assert kind == WORKER_TYPE, data
        if fd is not None:
            self.close_render()
            self.render = socket.socket(fileno=fd)
            self.render.settimeout(DEADLINE_S)
        if status == OK:
            data, self.page = self.receive()
            assert struct.unpack_from("<H", data)[0] == PAGE
        text = "" if status == OK else data[40 + 64:].rstrip(b"\0").decode()
        return status, reason, pid, weight, text

    def order(self, letter):
        self.render.send(letter)
        assert self.render.recv(1) == letter

    def wait_lost(self):
        """Until the worker is gone."""
        try:
            assert self.render.recv(1) == b""
        except ConnectionResetError:
            pass

    def close_render(self):
        if self.render:
            self.render.close()
            self.render = None

    def close(self):
        self.close_render()
        if self.page is not None:
            os.close(self.page)
            self.page = None
        self.socket.close()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="oriel-broker-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        for program, name in ((BROKER, "oriel-vgpu-broker"), (WORKER, "oriel-vgpu-worker")):
            shutil.copy(program, os.path.join(self.folder, name))
        self.path = os.path.join(self.folder, "vgpu")
        self.profiles = ""
        self.broker, self.fronts = None, []

    def start(self, *options):
        with open(os.path.join(self.folder, "profiles"), "w") as file:
            file.write(self.profiles)
        self.broker = subprocess.Popen([os.path.join(self.folder, "oriel-vgpu-broker"), "--socket", self.path,
                                        "--profiles", os.path.join(self.folder, "profiles"), *options],
                                       stderr=subprocess.PIPE, text=True)
        line = self.broker.stderr.readline()
        self.assertIn("ready; ", line)
        self.log = []
        self.reader = threading.Thread(target=lambda pipe: self.log.extend(pipe), args=[self.broker.stderr])
        self.reader.start()
        self.addCleanup(self.check_log, self.broker.stderr, self.reader, self.log)
        self.addCleanup(self.end)

    def end(self, number=signal.SIGTERM):
        if self.broker:
            self.broker.send_signal(number)
            code, self.broker = self.broker.wait(DEADLINE_S), None
            self.assertEqual(code, 0 if number == signal.SIGTERM else -number, self.log)

    def check_log(self, pipe, reader, log):
        """Workers write there too, as long as they live."""
        for front in self.fronts:
            front.close()
        reader.join()
        pipe.close()
        self.assertNotRegex("".join(log), "Sanitizer|runtime error")

    def front(self):
        front = Front(self.path)
        self.fronts.append(front)
        return front

    def list(self):
        done = subprocess.run([CLI, "--run-dir", self.folder, "--json", "gpu"], capture_output=True, text=True,
                              timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {row["name"]: row for row in json.loads(done.stdout)}

    def wait_list(self, check):
        deadline = time.monotonic() + DEADLINE_S
        while not check(rows := self.list()):
            self.assertLess(time.monotonic(), deadline, rows)
        return rows

    def test_join_and_list(self):
        self.profiles = "default weight=70\noffice heads=1 size=1280x1024 memory=64 weight=300\n"
        self.start()
        front, other = self.front(), self.front()
        status, _, pid, weight, _ = front.join("alice", "office")
        self.assertEqual((status, weight), (OK, 300))
        os.kill(pid, 0)
        self.assertEqual(other.join("bob")[3], 70)
        front.order(b"s")
        rows = self.list()
        self.assertEqual(set(rows), {"alice", "bob"})
        row = rows["alice"]
        self.assertEqual((row["profile"], row["weight"], row["video_memory_bytes"], row["memory_bytes"], row["resets"]),
                         ("office", 300, 64 << 20, 7 << 20, 0))
        front.close()
        self.wait_list(lambda rows: set(rows) == {"bob"})
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)

    def test_refusals(self):
        self.profiles = "far gpu=renderD999\n"
        self.start()
        self.assertEqual(self.front().join("a", "none")[0], NO_PROFILE)
        self.assertEqual(self.front().join("a", "far")[0], NO_GPU)
        for packet in (b"\1", b"\1\0\0\0", b"\7\0\0\0", b"\377" * 200, struct.pack("<HH", 64, 0)):
            front = self.front()
            front.socket.send(packet)
            self.assertEqual(front.socket.recv(100), b"")
        self.assertEqual(self.front().join("a")[0], OK)

    def test_who_is_refused_does_not_fill_the_log(self):
        """600 lines a minute; which may end once in the meantime."""
        self.start()
        front = self.front()
        for _ in range(2000):
            self.assertEqual(front.join("a", "none")[0], NO_PROFILE)
        self.end()
        self.reader.join()
        self.assertIn("too much is said", "".join(self.log))
        self.assertIn(len(self.log), range(600, 1300))

    def test_wrong_profiles(self):
        with open(os.path.join(self.folder, "profiles"), "w") as file:
            file.write("a\nb weight=0\n")
        done = subprocess.run([os.path.join(self.folder, "oriel-vgpu-broker"), "--profiles",
                               os.path.join(self.folder, "profiles")], capture_output=True, text=True,
                              timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 2)
        self.assertIn("profiles:2: expected NAME", done.stderr)

    @unittest.skipIf(os.geteuid() != 0, "no user but root may have so many")
    def test_many(self):
        """As many as there can be: their list is longer than a socket takes at once. For who does not read nobody
        waits."""
        self.start()
        for i in range(MANY):
            self.assertEqual(self.front().join("%03d" % i + 60 * "x")[0], OK)
        self.assertEqual(self.front().join("more")[0], FULL)
        asking, types = self.front(), []
        asking.socket.send(struct.pack("<HH", LIST, 0))
        for _ in range(3):
            self.assertEqual(len(self.list()), MANY)
        while END not in types:
            types += struct.unpack_from("<H", asking.receive()[0])
        self.assertEqual(types, MANY * [ITEM] + [END])

    def test_lost_worker(self):
        self.start()
        front = self.front()
        first = front.join()[2]
        front.order(b"x")
        front.wait_lost()
        status, reason, second, _, _ = front.join()
        self.assertEqual((status, reason), (OK, DIED))
        self.assertNotEqual(first, second)
        os.kill(second, signal.SIGKILL)
        front.wait_lost()
        self.assertEqual(front.join()[0], OK)
        self.assertEqual(self.list()["guest"]["resets"], 2)

    def losses(self, front, letter):
        """How many workers it loses until it is given no other; it is those of some seconds that count, so that a
        busy machine may need more."""
        for count in range(1, 200):
            front.order(letter)
            front.wait_lost()
            if letter == b"n":
                self.assertEqual(front.join()[0], NO_GPU)
            status = front.join()[0]
            if status == FAILED:
                return count
            self.assertEqual(status, OK)
        self.fail("it is given workers for ever")

    def test_dies_too_often(self):
        self.start()
        front = self.front()
        front.join()
        self.assertGreaterEqual(self.losses(front, b"x"), 9)

    def test_no_egl(self):
        self.start()
        front = self.front()
        front.join()
        front.order(b"n")
        front.wait_lost()
        status, _, _, _, text = front.join()
        self.assertEqual(status, NO_GPU)
        self.assertRegex(text, "EGL does not start on ")

    def test_no_egl_too_often(self):
        """Who says so again and again is not started again and again."""
        self.start()
        front = self.front()
        front.join()
        self.assertGreaterEqual(self.losses(front, b"n"), 9)

    def test_watchdog(self):
        """A batch that never ends costs its guest the worker, and its neighbour nothing."""
        self.start("--batch-limit", "100")  # before it is one for idle CPUs only
        front, neighbour = self.front(), self.front()
        front.join("hangs")
        pid = neighbour.join("neighbour")[2]
        front.order(b"h")
        front.wait_lost()
        self.assertEqual(front.join()[:2], (OK, WATCHDOG))
        rows = self.list()
        self.assertEqual((rows["hangs"]["resets"], rows["neighbour"]["resets"]), (1, 0))
        self.assertGreater(rows["hangs"]["gpu_time_us"], 90000)
        os.kill(pid, 0)

    @unittest.skipIf(os.geteuid() != 0, "the broker demotes nobody that it may not promote")
    def test_long_batch(self):
        """It gets what others leave; but who makes again what a dead worker knew is given time."""
        self.start("--batch-limit", "60000")
        front = self.front()
        pid = front.join()[2]
        front.order(b"h")
        self.wait_list(lambda rows: os.sched_getscheduler(pid) == os.SCHED_IDLE)
        # Or what is drawn would not be known to be, and be blamed in place of what is not.
        self.wait_list(lambda rows: self.policies(pid) == {"oriel-vgpu-work": os.SCHED_IDLE,
                                                           "vrend-sync": os.SCHED_OTHER})
        os.kill(pid, signal.SIGKILL)
        front.wait_lost()
        pid = front.join()[2]
        before = self.list()["guest"]["gpu_time_us"]
        front.order(b"h")
        self.wait_list(lambda rows: os.sched_getscheduler(pid) == os.SCHED_IDLE)
        # Asked for again: on a busy machine what was asked for before may be old.
        self.assertGreater(self.list()["guest"]["gpu_time_us"], before + 1000000)
        os.kill(pid, signal.SIGKILL)

    @staticmethod
    def policies(pid):
        """Of each thread, by name."""
        found = {}
        for task in os.listdir("/proc/%d/task" % pid):
            with open("/proc/%d/task/%s/comm" % (pid, task)) as f:
                found[f.read().strip()] = os.sched_getscheduler(int(task))
        return found

    def test_watchdog_without_use(self):
        """A batch that waits for ever."""
        self.start()
        front = self.front()
        front.join()
        front.order(b"s")
        front.wait_lost()
        self.assertEqual(front.join()[:2], (OK, WATCHDOG))

    def check_shares(self):
        """Two that want all: what they get is as their weights. How exactly is for share.c and for longer runs
        (tests/integration/test_vgpu_shares.py)."""
        # That both draw all the time has to be seen first.
        begin = self.list()["one"]["gpu_time_us"]
        before = self.wait_list(lambda rows: rows["one"]["gpu_time_us"] > begin + 300000)
        ratio, end = 0, time.monotonic() + DEADLINE_S
        while abs(ratio - 3) > 1 and time.monotonic() < end:
            # Who is left less than a quarter of the time by others pays for a quarter.
            after = self.wait_list(lambda rows: rows["one"]["gpu_time_us"] > before["one"]["gpu_time_us"] + 1000000)
            used = {name: after[name]["gpu_time_us"] - before[name]["gpu_time_us"] for name in after}
            ratio, before = used["three"] / used["one"], after
        self.assertAlmostEqual(ratio, 3, delta=1)

    def start_two(self):
        self.profiles = "heavy weight=300\n"
        self.start()
        fronts = {"three": self.front(), "one": self.front()}
        pids = {name: front.join(name, "heavy" if name == "three" else "")[2] for name, front in fronts.items()}
        for front in fronts.values():
            front.order(b"b")
        return fronts, pids

    def test_shares(self):
        self.start_two()
        self.check_shares()

    def test_a_front_that_does_not_notice(self):
        """Its worker ended while it had work, and nobody waits for what that one's page says."""
        self.start()
        front, neighbour = self.front(), self.front()
        pid = front.join("silent")[2]
        neighbour.join("neighbour")
        for drawing in (front, neighbour):
            drawing.order(b"b")
        self.wait_list(lambda rows: all(row["gpu_time_us"] > 300000 for row in rows.values()))
        os.kill(pid, signal.SIGKILL)
        front.wait_lost()
        self.wait_batches(neighbour, 100)
        row = self.list()["silent"]
        self.assertEqual((row["queue"], row["memory_bytes"], row["held"]), (0, 0, False))
        self.assertEqual(front.join("silent")[:2], (OK, DIED))
        front.order(b"b")
        self.wait_batches(neighbour, 10)

    def test_a_page_that_lies(self):
        """A worker that was taken over says that it has work, another batch each time: nobody waits for it, and it
        is ended as one that waits for ever."""
        self.start()
        liar, neighbour = self.front(), self.front()
        liar.join("liar")
        neighbour.join("neighbour")
        neighbour.order(b"b")
        self.wait_list(lambda rows: rows["neighbour"]["gpu_time_us"] > 300000)
        liar.order(b"l")
        self.wait_batches(neighbour, 400)
        liar.wait_lost()
        self.assertEqual(liar.join("liar")[:2], (OK, WATCHDOG))
        self.assertEqual(self.list()["neighbour"]["resets"], 0)

    def wait_batches(self, front, count):
        """Until it has drawn so many more."""
        before, deadline = self.batches(front), time.monotonic() + DEADLINE_S
        while self.batches(front) < before + count:
            self.assertLess(time.monotonic(), deadline, self.list())
            time.sleep(0.005)

    def batches(self, front):
        return struct.unpack_from("<Q", os.pread(front.page, 64, 0), BATCHES_AT)[0]

    def test_broker_is_killed(self):
        """Workers go on, nobody stays held, and the next broker knows them and shares again."""
        fronts, pids = self.start_two()
        self.wait_list(lambda rows: rows["one"]["gpu_time_us"] > 100000)
        self.end(signal.SIGKILL)
        for front in fronts.values():
            before, deadline = self.batches(front), time.monotonic() + DEADLINE_S
            while self.batches(front) < before + 10:
                self.assertLess(time.monotonic(), deadline)
        self.start()
        for name, front in fronts.items():
            again = self.front()
            self.assertEqual(again.join(name, "heavy" if name == "three" else "", pids[name], front.page)[0], OK)
        self.check_shares()
        self.assertEqual({name: row["resets"] for name, row in self.list().items()}, {"three": 0, "one": 0})

    def test_broker_is_killed_and_a_batch_does_not_end(self):
        self.start()
        front, again = self.front(), None
        pid = front.join()[2]
        front.order(b"h")
        self.end(signal.SIGKILL)
        self.start("--batch-limit", "100")  # before it is one for idle CPUs only
        again = self.front()
        self.assertEqual(again.join(adopt_pid=pid, page=front.page)[0], OK)
        front.wait_lost()
        self.assertEqual(again.join()[:2], (OK, WATCHDOG))

    def test_who_is_not_our_worker(self):
        """No process can be called a worker but by the page that it has locked, and no page but a broker's."""
        self.start()
        front, other = self.front(), self.front()
        pid, page = front.join()[2], os.memfd_create("page", os.MFD_ALLOW_SEALING)
        self.addCleanup(os.close, page)
        other.join("other")
        self.assertEqual(fcntl.fcntl(front.page, fcntl.F_GETFL) & os.O_ACCMODE, os.O_RDONLY)
        os.truncate(page, 4096)
        fcntl.fcntl(page, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        fcntl.lockf(page, fcntl.LOCK_EX)
        for wrong_pid, wrong_page in ((os.getpid(), front.page), (pid, other.page), (pid, page), (os.getppid(), page),
                                      (1, front.page), (2**22, front.page)):
            self.assertEqual(self.front().join("x", adopt_pid=wrong_pid, page=wrong_page)[0], FAILED)
        os.kill(pid, 0)

    def test_a_worker_that_was_refused_is_offered_again(self):
        self.start()
        front = self.front()
        pid = front.join()[2]
        front.order(b"b")  # it has come so far as to lock its page
        self.end(signal.SIGKILL)
        self.start()
        again = self.front()
        self.assertEqual(again.join("x", "none", pid, front.page)[0], NO_PROFILE)
        self.assertEqual(again.join("x", "", os.getpid(), front.page)[0], FAILED)
        self.assertEqual(again.join("x", "", pid, front.page)[:3:2], (OK, pid))
        self.assertEqual({name: row["resets"] for name, row in self.list().items()}, {"x": 0})

    def test_a_page_is_looked_at_before_it_is_opened(self):
        """Opening a file with a lease would wait for whoever has that."""
        self.start()
        front = self.front()
        pid = front.join()[2]
        path = os.path.join(self.folder, "page")
        with open(path, "wb") as file:
            file.truncate(4096)
        with open(path, "rb") as page:
            fcntl.fcntl(page, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            self.assertEqual(self.front().join("x", adopt_pid=pid, page=page.fileno())[0], FAILED)
            self.assertEqual(fcntl.fcntl(page, fcntl.F_GETLEASE), fcntl.F_RDLCK)

    def test_spare(self):
        """Who loses a worker is given one that was there before."""
        self.start()
        front = self.front()
        first = front.join()[2]
        spare = self.wait_spare({first})
        front.order(b"x")
        front.wait_lost()
        self.assertEqual(front.join()[2], spare)
        self.assertLess(self.list()["guest"]["gpu_time_us"], 1000000)
        last = self.wait_spare({first, spare})
        front.close()
        deadline = time.monotonic() + DEADLINE_S
        while self.workers():
            self.assertLess(time.monotonic(), deadline, last)

    def workers(self):
        with open(f"/proc/{self.broker.pid}/task/{self.broker.pid}/children") as file:
            return {int(pid) for pid in file.read().split()}

    def wait_spare(self, others):
        deadline = time.monotonic() + DEADLINE_S
        while not (spare := self.workers() - others):
            self.assertLess(time.monotonic(), deadline)
        return spare.pop()

    def test_ends_cleanly(self):
        self.start()
        front = self.front()
        pid = front.join()[2]
        self.end()
        os.kill(pid, 0)
        self.assertFalse(os.path.exists(self.path))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
