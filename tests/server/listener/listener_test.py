"""oriel-server as a process, with a fake oriel-session: limits, back-off, restarts,
signals, bad surroundings. Run by ctest: listener_test.py SERVER FAKE_SESSION [TEST...]"""
import collections, fcntl, hashlib, os, re, resource, shutil, signal, socket, ssl, stat, struct, subprocess, sys, time, unittest

import world
from world import NOBODY, ROOT, World


class Case(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def eventually(self, question):
        """For what only changes by itself: asks until it is so."""
        end = time.monotonic() + world.DEADLINE_S
        while not question():
            self.assertLess(time.monotonic(), end, "it did not happen")
            time.sleep(0.01)

    def eventually_holds(self, server, more, before):
        """That the server holds these descriptors and those of before: a session may
        answer, and a line be in the log, before the server has closed its copies."""
        self.eventually(lambda: server.fds() == before + collections.Counter(more))


class Start(Case):
    def test_key_and_certificate_are_made_once(self):
        shutil.rmtree(self.world.path("state/tls"), ignore_errors=True)
        self.assertEqual(self.world.run("--fingerprint")[0], 1)
        server = self.world.launch()
        shown = server.wait_log(r"certificate sha256:([0-9a-f]{64})$")[1]
        server.ready()
        self.assertEqual(stat.S_IMODE(os.stat(self.world.path("state/tls/key.pem")).st_mode), 0o600)
        with open(self.world.path("state/tls/cert.pem")) as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
        self.assertEqual(hashlib.sha256(der).hexdigest(), shown)
        self.assertEqual(self.world.run("--fingerprint")[:2], (0, f"sha256:{shown}\n"))
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.world.launch().wait_log(r"certificate sha256:(\w+)")[1], shown)

    def test_check_config(self):
        self.assertEqual(self.world.run("--check-config"), (0, "the settings are valid\n", ""))
        self.world.configure(max_sessions="many")
        code, out, errors = self.world.run("--check-config")
        self.assertEqual((code, out), (2, ""))
        self.assertEqual(errors, f"oriel-server: {self.world.path('conf')}:7: max_sessions = many: "
                                 "expected a number from 1 to 10000\n")
        self.assertEqual(self.world.run()[0], 2)

    def test_command_line(self):
        for args in (["--port", "0"], ["--port", "x"], ["--listen", "host"], ["--trace", "relative"],
                     ["--log-level", "loud"], ["word"], ["--unknown"]):
            code, out, errors = self.world.run(*args)
            self.assertEqual((code, out, errors.count("\n")), (2, "", 1), args)
        code, out, errors = self.world.run("--help")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("--check-config", out)
        port = world.free_port()
        server = self.world.launch("--listen", "127.0.0.1", "--listen", "[::1]:99", "--port", str(port))
        self.assertEqual(server.wait_log("listening on (.*)")[1], f"127.0.0.1:{port}, [::1]:{port}")

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            self.world.configure(listen=address)
            code, _, errors = self.world.run()
        self.assertEqual(code, 1)
        self.assertEqual(errors.count("\n"), 1)
        self.assertIn(f"cannot listen on {address}: the port is in use by another program", errors)

    def test_ipv4_and_ipv6_apart(self):
        self.world.configure(listen=f"0.0.0.0:{self.world.port} [::]:{self.world.port}")
        self.world.start()
        self.assertTrue(self.world.client("127.0.0.1").is_served())
        self.assertTrue(self.world.client("::1").is_served())

    def test_two_servers_in_one_folder(self):
        self.world.start()
        code, _, errors = self.world.run("--port", str(world.free_port()))
        self.assertEqual(code, 1)
        self.assertIn(f"another oriel-server uses {self.world.path('run')}", errors)

    def test_no_session_program(self):
        os.unlink(self.world.path("oriel-session"))
        code, _, errors = self.world.run()
        self.assertEqual(code, 1)
        self.assertIn("oriel-session is neither beside this program nor in", errors)

    def test_open_folders_are_refused(self):
        os.mkdir(self.world.path("run/sessions"))
        os.chmod(self.world.path("run/sessions"), 0o777)
        code, _, errors = self.world.run()
        self.assertEqual(code, 1)
        self.assertIn("run/sessions: must be a directory of ", errors)

    def test_socket_activation_and_notify(self):
        inherited = socket.create_server(("127.0.0.1", 0))
        port = inherited.getsockname()[1]
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.settimeout(world.DEADLINE_S)
        notify.bind(self.world.path("notify"))
        os.chmod(self.world.path("notify"), 0o666)
        hand_over = ("import os, sys; os.dup2(int(sys.argv[1]), 3); "
                     "os.environ['LISTEN_PID'] = str(os.getpid()); os.execv(sys.argv[2], sys.argv[2:])")
        argv = [sys.executable, "-c", hand_over, str(inherited.fileno()), self.world.path("oriel-server"),
                "--config", self.world.path("conf")]
        env = dict(os.environ, LISTEN_FDS="1", NOTIFY_SOCKET=self.world.path("notify"))
        process = subprocess.Popen(argv, pass_fds=[inherited.fileno()], env=env,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.addCleanup(notify.close)
        inherited.close()
        self.assertEqual(notify.recv(1000), b"READY=1")
        self.assertTrue(self.world.client(port=port).is_served())
        process.send_signal(signal.SIGHUP)
        self.assertIn(b"RELOADING=1", notify.recv(1000))
        self.assertEqual(notify.recv(1000), b"READY=1")
        self.assertTrue(self.world.client(port=port).is_served())
        process.send_signal(signal.SIGTERM)
        self.assertEqual(notify.recv(1000), b"STOPPING=1")
        self.assertEqual(process.wait(world.DEADLINE_S), 0)

    @unittest.skipUnless(ROOT, "needs root: mounts a small tmpfs")
    def test_full_disk(self):
        small = self.world.path("state")
        shutil.rmtree(small)
        os.mkdir(small)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=755", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        os.mkdir(f"{small}/tls")
        self.world.give(f"{small}/tls")
        with open(f"{small}/filler", "wb") as file:
            file.write(bytes(4096))
        code, _, errors = self.world.run()
        self.assertEqual(code, 1)
        self.assertIn(f"cannot write {small}/tls/key.pem: No space left on device", errors)
        self.assertEqual(os.listdir(f"{small}/tls"), [])


@unittest.skipUnless(ROOT, "needs root")
class Root(Case):
    def test_drops_root_for_good(self):
        server = self.world.start()
        with open(f"/proc/{server.pid}/status") as file:
            status = file.read()
        ids = "\t".join([str(NOBODY.pw_uid)] * 4)
        self.assertIn(f"\nUid:\t{ids}\n", status)
        self.assertIn("\nCapPrm:\t0000000000000000\n", status)
        self.assertIn("\nCapEff:\t0000000000000000\n", status)
        self.assertIn("\nNoNewPrivs:\t1\n", status)
        self.assertRegex(status, f"\nGroups:\t{NOBODY.pw_gid} \n")
        self.assertIn(f"uid {NOBODY.pw_uid}", self.world.client().say("T"))
        self.assertEqual(os.stat(self.world.path("run")).st_uid, 0)

    def test_refuses_to_serve_as_root(self):
        for name, words in (("root", "serving as root is refused"), ("nosuchuser", "no such user")):
            with open(self.world.path("conf")) as file:
                text = file.read()
            with open(self.world.path("conf"), "w") as file:
                file.write(re.sub("server_user = .*", f"server_user = {name}", text))
            code, _, errors = self.world.run()
            self.assertEqual(code, 1)
            self.assertIn(f"server_user = {name}: ", errors)
            self.assertIn(words, errors)

    def test_as_an_ordinary_user(self):
        for folder in ("run", "state", "state/tls"):
            if os.path.isdir(self.world.path(folder)):
                self.world.give(self.world.path(folder))
        server = self.world.start(user=NOBODY.pw_uid, group=NOBODY.pw_gid, extra_groups=[])
        self.assertTrue(self.world.client().is_served())
        self.assertEqual(server.stop(), 0)


class Sessions(Case):
    def test_what_a_session_gets(self):
        trace = self.world.path("trace/frames")
        os.mkdir(self.world.path("trace"))
        self.world.give(self.world.path("trace"))
        self.world.configure(general=f"trace = {trace}", security="tls")
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        env = dict(os.environ, TZ="UTC", SECRET="x", NOTIFY_SOCKET="/nowhere")
        server = self.world.start("--log-level", "debug", env=env)
        client = self.world.client("127.0.0.9")
        lines = client.say("T")
        name, = self.world.records()
        self.assertEqual([line[4:] for line in lines if line.startswith("arg ")],
                         ["--id", name, "--address", "127.0.0.9", "--security", "tls", "--log-level", "debug",
                          "--trace"])
        self.assertEqual([line for line in lines if line.startswith("env ")], ["env TZ=UTC"])
        fds = {line.split()[1]: line.split()[2] for line in lines if line.startswith("fd ")}
        modes = {line.split()[1]: int(line.split()[3], 16) for line in lines if line.startswith("fd ")}
        self.assertEqual(sorted(fds), [str(i) for i in range(9)])
        self.assertEqual((fds["0"], fds["1"]), ("/dev/null", "/dev/null"))
        self.assertTrue(fds["3"].startswith("socket:") and fds["4"].startswith("socket:"))
        self.assertEqual(fds["5"], self.world.record_path(name))
        self.assertEqual(fds["6"], self.world.path("state/tls/cert.pem"))
        self.assertEqual(fds["7"], self.world.path("state/tls/key.pem"))
        self.assertEqual(fds["8"], trace)
        self.assertEqual([modes[n] & os.O_ACCMODE for n in "5678"],
                         [os.O_RDWR, os.O_RDONLY, os.O_RDONLY, os.O_WRONLY])
        self.assertTrue(modes["8"] & os.O_APPEND)
        for line in ("option nodelay 1", "option keepalive 1", "option user_timeout 30000", "leader 1",
                     "blocked 0", f"files {limit}", f"pid {self.world.session_pid(name)}"):
            self.assertIn(line, lines)
        self.assertTrue(self.world.is_locked(name))
        client.close()
        server.wait_log(f"session {name}: nobody from 127.0.0.9, .*: gone before the log-in")
        self.assertEqual(self.world.records(), [])

    def test_without_trace(self):
        self.world.start()
        lines = self.world.client().say("T")
        self.assertNotIn("arg --trace", lines)
        self.assertTrue(any(line.startswith("fd 8 /dev/null") for line in lines))

    def test_nothing_of_a_session_stays_with_the_server(self):
        server = self.world.start()
        before = server.fds()
        clients = [self.world.active() for _ in range(10)]
        self.eventually_holds(server, {"anon_inode:[pidfd]": 10}, before)
        for client in clients:
            client.close()
        for _ in clients:
            server.wait_log("session .*: alice from 127.0.0.1, .*: died")
        self.eventually_holds(server, {}, before)
        self.assertEqual(self.world.records(), [])

    def test_ends_are_logged_once(self):
        server = self.world.start()
        for letters, words in (("AE", "alice from 127.0.0.1, [0-9]+ s: logged out$"),
                               ("R", "refused 'mallory' from 127.0.0.1 by nla, .* s: wrong user name or password$"),
                               ("AK", r"alice from .*: died \(signal 9\)$"),
                               ("K", r"nobody from .*: gone before the log-in \(signal 9\)$"),
                               ("AGK", r"from 127.0.0.1: ended, its record is unreadable \(signal 9\)")):
            client = self.world.client()
            for letter in letters:
                client.say(letter)
            server.wait_log(words)
        self.assertEqual(self.world.records(), [])
        self.assertEqual(len(re.findall("session .* from .*(s: |ended)", server.text())), 5)

    def test_exec_fails(self):
        with open(self.world.path("oriel-session"), "w") as file:
            file.write("not a program\n")
        server = self.world.start()
        self.assertTrue(self.world.client().is_closed())
        server.wait_log("cannot start .*oriel-session: Exec format error")
        server.wait_log("gone before the log-in .exit status 127")

    def test_without_host(self):
        server = self.world.start()
        self.world.host.close()
        self.assertTrue(self.world.client().is_closed())
        server.wait_log("connection from 127.0.0.1 closed: oriel-host does not run")
        os.unlink(self.world.path("run/control"))
        self.assertTrue(self.world.client().is_closed())
        server.wait_log("oriel-host does not run")
        self.world.start_host()
        self.assertTrue(self.world.client().is_served())

    def test_key_is_gone(self):
        server = self.world.start()
        os.rename(self.world.path("state/tls/key.pem"), self.world.path("state/tls/away"))
        self.assertTrue(self.world.client().is_closed())
        server.wait_log("cannot open .*/key.pem: No such file")
        self.assertEqual(self.world.records(), [])

    @unittest.skipUnless(ROOT, "needs root: mounts a small tmpfs")
    def test_full_disk(self):
        small = self.world.path("run/sessions")
        os.mkdir(small)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k,mode=700", "tmpfs", small], check=True)
        self.addCleanup(lambda: subprocess.run(["umount", "-l", small], check=True))
        os.chown(small, NOBODY.pw_uid, NOBODY.pw_gid)
        with open(f"{small}/.filler", "wb") as file:
            file.write(bytes(8192))
        server = self.world.start()
        before = server.fds()
        self.assertTrue(self.world.client().is_closed())
        server.wait_log("cannot write a record in .*: No space left on device")
        self.assertEqual(self.world.records(), [])
        self.eventually_holds(server, {}, before)
        os.unlink(f"{small}/.filler")
        client = self.world.client()
        self.assertTrue(client.is_served())
        client.close()
        server.wait_log("gone before the log-in")


class Limits(Case):
    def test_in_all_and_per_address_also_after_kill(self):
        self.world.configure(max_sessions=3, max_sessions_per_address=2)
        server = self.world.start()
        clients = [self.world.active() for _ in range(2)]
        self.assertTrue(self.world.client().is_closed())
        server.wait_log("from 127.0.0.1 closed: too many sessions from this address")
        clients.append(self.world.active("127.0.0.2"))
        self.assertTrue(self.world.client("127.0.0.3").is_closed())
        server.wait_log("from 127.0.0.3 closed: all sessions are taken")
        server.signal(signal.SIGKILL)
        server.wait()
        server = self.world.launch()
        server.wait_log("3 sessions go on from before")
        server.ready()
        self.assertTrue(all(client.is_served() for client in clients))
        self.assertTrue(self.world.client("127.0.0.3").is_closed())
        clients.pop().say("E")
        server.wait_log("alice from 127.0.0.2, .*: logged out")
        self.assertTrue(self.world.client().is_closed())
        server.wait_log("too many sessions from this address")
        self.assertTrue(self.world.client("127.0.0.3").is_served())
        self.assertEqual(len(self.world.records()), 3)

    def test_time_to_log_in(self):
        self.world.configure(login_timeout_s=10)  # what is said here must be said before
        server = self.world.start()
        active, slow, garbage = self.world.active(), self.world.client(), self.world.client()
        self.assertEqual(garbage.say("P"), [])
        self.assertEqual(garbage.say("G"), [])
        self.assertTrue(slow.is_closed())
        server.wait_log(r"nobody from .*: no log-in in time \(signal 9\)")
        self.assertTrue(garbage.is_closed())
        self.assertTrue(active.is_served())

    def test_time_to_log_in_goes_on_after_kill(self):
        self.world.configure(login_timeout_s=10)
        server = self.world.start()
        slow, active = self.world.client(), self.world.active()
        self.assertTrue(slow.is_served())
        server.signal(signal.SIGKILL)
        server.wait()
        server = self.world.start()
        self.assertTrue(slow.is_closed())
        server.wait_log("no log-in in time")
        self.assertTrue(active.is_served())

    def test_back_off(self):
        self.world.configure(max_sessions_per_address=100)
        server = self.world.start()
        for _ in range(5):
            self.assertIsNone(self.world.client("127.0.0.5").say("R"))
        server.wait_log("too many failed log-ins from 127.0.0.5: closing its connections for 1 s")
        # On a slow machine the second is over before the next comes: that one fails too,
        # and the next second is longer.
        def is_closed_unseen():
            self.assertIsNone(self.world.client("127.0.0.5").say("R"))
            return "from 127.0.0.5 closed: too many failed log-ins" in server.text()
        self.eventually(is_closed_unseen)
        self.assertTrue(self.world.client("127.0.0.6").is_served())
        self.eventually(lambda: self.world.client("127.0.0.5").say("?") is not None)
        self.assertIsNone(self.world.client("127.0.0.5").say("R"))
        self.assertGreaterEqual(int(server.wait_log("127.0.0.5: closing its connections for ([0-9]+) s")[1]), 2)

    def test_back_off_for_those_that_hang(self):
        self.world.configure(login_timeout_s=1)
        server = self.world.start()
        hanging = [self.world.client("::1") for _ in range(5)]
        self.assertTrue(all(client.is_closed() for client in hanging))
        server.wait_log("too many failed log-ins from ::1: closing its connections for 1 s")

    def test_room_is_made_by_those_that_do_not_log_in(self):
        self.world.configure(max_sessions=3)
        server = self.world.start()
        active, honest = self.world.active("127.0.0.2"), self.world.client("127.0.0.3")
        greedy = [self.world.client("127.0.0.4")]
        self.assertTrue(honest.is_served() and greedy[0].is_served())
        # Both hold one: the oldest goes, after its first second.
        self.eventually(lambda: self.world.client("127.0.0.4").say("?") is not None)
        server.wait_log("from 127.0.0.3: closed before its log-in to make room")
        self.assertTrue(honest.is_closed())
        self.eventually(lambda: self.world.client("127.0.0.3").say("A") is not None)
        server.wait_log("from 127.0.0.4: closed before its log-in to make room")
        self.assertTrue(greedy[0].is_closed())
        self.assertTrue(active.is_served())

    def test_a_thousand_connections(self):
        self.world.configure(max_sessions=30, max_sessions_per_address=2)
        server = self.world.start()
        before, begin = server.fds(), time.monotonic()
        clients = [self.world.client(f"127.1.{i // 250}.{i % 250 + 1}") for i in range(1000)]
        served = [client for client in clients if client.is_served()]
        self.assertGreaterEqual(len(served), 30)  # more, if some were told to make room meanwhile
        self.eventually(lambda: sum(server.fds().values()) <= sum(before.values()) + 31)
        for client in clients:
            client.close()
        self.eventually_holds(server, {}, before)
        self.assertTrue(self.world.client().is_served())
        # A few lines for each session, and a few a second for all that were refused.
        self.assertLess(len(server.lines), 50 + 4 * len(served) + 8 * (time.monotonic() - begin))

    def test_accepting_stops_and_goes_on(self):
        server = self.world.start()
        server.limit_files("4:")
        client = self.world.client()
        server.wait_log("cannot accept connections now: Too many open files")
        server.limit_files("100:")
        self.assertTrue(client.is_served())
        self.assertTrue(self.world.client("::1").is_served())

    def test_no_descriptors_left(self):
        self.world.configure(max_sessions=1000, max_sessions_per_address=1000)
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        server = self.world.start(preexec_fn=few)
        before = server.fds()
        clients = [self.world.client() for _ in range(100)]
        server.wait_log("Too many open files")
        for client in clients:
            client.close()
        self.eventually_holds(server, {}, before)
        self.eventually(lambda: self.world.client().is_served())
        self.assertIsNone(server.process.poll())


class Signals(Case):
    def test_sigterm_leaves_sessions(self):
        server = self.world.start()
        clients = [self.world.active() for _ in range(3)]
        self.assertEqual(server.stop(), 0)
        with self.assertRaises(ConnectionRefusedError):
            self.world.client()
        self.assertTrue(all(client.is_served() for client in clients))
        clients.pop().say("E")
        server = self.world.launch()
        server.wait_log("alice from 127.0.0.1, .*: logged out")  # it ended meanwhile
        server.wait_log("2 sessions go on from before")
        server.ready()
        self.assertTrue(all(client.is_served() for client in clients))
        self.assertEqual(len(self.world.records()), 2)

    def test_reload(self):
        server = self.world.start()
        old, new = self.world.port, world.free_port()
        kept = self.world.active()
        self.world.configure(listen=f"127.0.0.1:{old} 127.0.0.1:{new}", max_sessions_per_address=2)
        server.signal(signal.SIGHUP)
        server.wait_log(f"settings read again; listening on 127.0.0.1:{old}, 127.0.0.1:{new}")
        other = self.world.client(port=new)
        self.assertTrue(other.is_served())
        self.assertTrue(self.world.client().is_closed())
        self.world.configure(listen=f"127.0.0.1:{new}")
        server.signal(signal.SIGHUP)
        server.wait_log(f"listening on 127.0.0.1:{new}$")
        with self.assertRaises(ConnectionRefusedError):
            self.world.client(port=old)
        self.assertTrue(self.world.client(port=new).is_served())
        self.assertTrue(kept.is_served() and other.is_served())

    def test_reload_from_every_address_to_one(self):
        self.world.configure(listen=f"0.0.0.0:{self.world.port}")
        server = self.world.start()
        self.world.configure(listen=f"127.0.0.1:{self.world.port}")
        server.signal(signal.SIGHUP)
        server.wait_log(f"listening on 127.0.0.1:{self.world.port}$")
        self.assertTrue(self.world.client().is_served())

    def test_failing_to_narrow_goes_back(self):
        self.world.configure(listen=f"0.0.0.0:{self.world.port}")
        server = self.world.start()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            busy = taken.getsockname()[1]
            self.world.configure(listen=f"127.0.0.1:{self.world.port} 127.0.0.1:{busy}")
            server.signal(signal.SIGHUP)
            server.wait_log("the settings stay as they were")
        self.assertTrue(self.world.client("127.0.0.2").is_served())

    def test_bad_reload_changes_nothing(self):
        server = self.world.start()
        before = server.fds()
        self.world.configure(max_sessions="x", max_sessions_per_address=1)
        server.signal(signal.SIGHUP)
        server.wait_log("max_sessions = x: expected .*; the settings stay as they were")
        self.assertTrue(self.world.client().is_served() and self.world.client().is_served())
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port, free = taken.getsockname()[1], world.free_port()
            self.world.configure(listen=f"127.0.0.1:{free} 127.0.0.1:{port}", max_sessions_per_address=1)
            server.signal(signal.SIGHUP)
            server.wait_log(f"cannot listen on 127.0.0.1:{port}: the port is in use")
            server.wait_log("the settings stay as they were")
        with self.assertRaises(ConnectionRefusedError):
            self.world.client(port=free)
        self.assertTrue(self.world.client().is_served() and self.world.client("::1").is_served())
        self.eventually_holds(server, {"anon_inode:[pidfd]": 4}, before)


class Records(Case):
    """What may lie in the folder when a server starts."""

    def write(self, name, state, pid, address="127.0.0.7"):
        data = b"ORS1" + struct.pack("<IIQQII", state, pid, 0, 0, 0, 0) + address.encode()
        with open(self.world.record_path(name), "wb") as file:
            file.write(data.ljust(512, b"\0"))
        return open(self.world.record_path(name), "rb")

    def setUp(self):
        super().setUp()
        os.mkdir(self.world.path("run/sessions"), 0o700)
        self.world.give(self.world.path("run/sessions"))

    def give_all(self):
        self.world.give(self.world.path("run/sessions"))

    def test_records_of_the_dead(self):
        self.write("00000001", 2, 12345).close()
        with open(self.world.record_path("00000002"), "w"):
            pass
        os.symlink("/nonexistent", self.world.record_path("00000003"))
        os.mkfifo(self.world.record_path("00000004"))
        with open(self.world.record_path("README"), "w"):
            pass
        self.give_all()
        server = self.world.start()
        self.assertEqual(self.world.records(), ["README"])
        self.assertIn("session 00000001: nobody from 127.0.0.7", server.text())

    def test_a_record_that_names_no_process(self):
        """Its lock is held, so it counts; nobody is killed for it; its end is noticed."""
        self.world.configure(max_sessions=1)
        for pid in (0, 1, 2**31 - 1):
            with self.write("00000001", 2, pid) as file:
                self.give_all()
                fcntl.flock(file, fcntl.LOCK_EX)
                server = self.world.launch()
                server.wait_log("1 sessions go on from before")
                server.ready()
                self.assertTrue(self.world.client().is_closed())
            server.wait_log("session 00000001: nobody from 127.0.0.7")
            client = self.world.client()
            self.assertTrue(client.is_served())
            client.close()
            server.wait_log("from 127.0.0.1, .*: gone before the log-in")
            server.stop()


def main():
    world.programs.update(server=sys.argv[1], session=sys.argv[2])
    first = World()
    first.start().stop()
    World.identity = first.path("state/tls")
    try:
        tests = unittest.main(argv=["listener_test.py", *sys.argv[3:]], exit=False)
    finally:
        first.close()
    return 0 if tests.result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
