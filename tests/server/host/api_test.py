"""oriel and the API of oriel-host, as processes. Run by ctest: api_test.py HOST CLI [TEST...]"""
import json, os, resource, shutil, signal, socket, struct, subprocess, sys, time, unittest

import ntlm_client as ntlm
from world import CLI, DEADLINE_S, IS_ROOT, USER, Case

CONNECTIONS_MAX = 32  # server/host/api.h


class Cli(Case):
    def test_users(self):
        self.world.start()
        cli = self.world.cli
        self.assertEqual(cli("user", "add", USER, given="one\n"), (0, "", ""))
        self.assertEqual(cli("user", "list"), (0, f"{USER}\n", ""))
        self.assertEqual(json.loads(cli("--json", "user", "list")[1]), [USER])
        self.assertEqual(cli("user", "add", USER, given="x\n"), (1, "", f"oriel: user {USER} is there already\n"))
        self.assertEqual(cli("user", "password", USER, given="two\n")[0], 0)
        with self.world.session() as session:
            self.assert_refused(session, USER, "one")
            self.assertEqual(session.password(USER, "two")[0], ntlm.OK)
        self.assertEqual(cli("user", "remove", USER), (0, "", ""))
        self.assertEqual(cli("user", "remove", USER), (1, "", f"oriel: there is no user {USER}\n"))
        self.assertEqual(cli("user", "password", "zz", given="two\n"), (1, "", "oriel: there is no user zz\n"))
        self.assertEqual(cli("user", "add", USER, given="\n"), (2, "", "oriel: no password given\n"))
        self.assertEqual(cli("user", "add", "a/b", given="x\n")[0], 1)

    def test_terminal(self):
        self.world.start()
        for answers, code in (((b"hidden\n", b"hidden\n"), 0), ((b"hidden\n", b"other\n"), 2)):
            self.world.cli("user", "remove", USER)
            ours, theirs = os.openpty()
            child = subprocess.Popen([CLI, "--run-dir", self.world.run_path(""), "user", "add", USER], stdin=theirs,
                                     stderr=subprocess.PIPE, start_new_session=True)
            shown = b""
            for prompt, answer in zip((b": ", b"Again: "), answers):
                while not shown.endswith(prompt):
                    shown += os.read(child.stderr.fileno(), 1)
                os.write(ours, answer)
            rest = child.communicate(timeout=DEADLINE_S)[1]
            self.assertEqual(child.returncode, code, rest)
            os.set_blocking(ours, False)
            try:
                self.assertNotIn(b"hidden", os.read(ours, 1000))
            except BlockingIOError:
                pass
            os.close(ours)
            os.close(theirs)

    def test_no_host(self):
        for command in (("guests",), ("sessions",), ("user", "list"), ("guest", "end", USER)):
            self.assertEqual(self.world.cli(*command), (3, "", "oriel: oriel-host is not running (nobody listens at "
                                                               f"{self.world.run_path('')}/api)\n"))
        host = self.world.start()
        host.end(signal.SIGKILL)
        self.assertEqual(self.world.cli("guests")[0], 3)

    def test_wrong_usage(self):
        for command in ((), ("user",), ("user", "add"), ("user", "add", "a", "b"), ("guest",), ("nothing",), ("--what",)):
            self.assertEqual(self.world.cli(*command)[0], 2, command)
        code, out, errors = self.world.cli("--help")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("user add NAME", out)

    def test_sessions(self):
        host = self.world.start()
        folder = self.world.run_path("sessions")
        os.mkdir(folder)
        program = self.world.path("oriel-session")
        with open(program, "w") as file:
            file.write(FAKE_SESSION)
        children = []
        # Called like a session, but with nothing of it open; an ordinary user's host cannot see that.
        other = self.world.path("other-session") if not IS_ROOT else self.world.path("other/oriel-session")
        os.mkdir(self.world.path("other"))
        shutil.copy("/usr/bin/sleep", other)
        bystander = subprocess.Popen([other, "1000"], **self.world.popen_options())
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        for name, state, pid in (("0000000a", 2, 0), ("0000000b", 2, bystander.pid)):
            child = subprocess.Popen(["/usr/bin/python3", program, f"{folder}/{name}", str(state), str(pid)],
                                     stdout=subprocess.PIPE, **self.world.popen_options())
            self.addCleanup(child.stdout.close)
            self.addCleanup(child.wait)
            self.addCleanup(child.kill)
            self.assertEqual(child.stdout.readline(), b"ready\n")
            children.append(child)
        for name in ("0000000c", "ReadMe"):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(session_record(2, 1))  # nobody holds its lock
        sessions = {s["id"]: s for s in json.loads(self.world.cli("--json", "sessions")[1])}
        self.assertEqual(set(sessions), {"0000000a", "0000000b"})
        one = sessions["0000000a"]
        self.assertEqual((one["state"], one["user"], one["address"], one["width_px"], one["pid"]),
                         ("active", "alice", "192.0.2.7", 1280, children[0].pid))
        code, out, _ = self.world.cli("sessions")
        self.assertRegex(out, r"0000000a +active +alice +alice +192\.0\.2\.7 +evil\?\[2Jname +nla +1280x800")
        self.assertEqual(self.world.cli("session", "end", "0000000a"), (0, "", ""))
        self.assertEqual(children[0].wait(DEADLINE_S), -signal.SIGTERM)
        self.assertEqual(self.world.cli("session", "end", "0000000a")[0], 1)
        # A record that names a process that is none of the server's.
        self.assertEqual(self.world.cli("session", "end", "0000000b"),
                         (1, "", "oriel: the process of session 0000000b was not found\n"))
        self.assertIsNone(children[1].poll())
        self.assertIsNone(bystander.poll())


class Http(Case):
    def request(self, head, body=b"", sent=lambda: None):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(self.world.run_path("api"))
            connection.settimeout(DEADLINE_S)
            connection.sendall(f"{head} HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            sent()
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)

    def test_errors_are_json(self):
        self.world.start()
        name = json.dumps(USER).encode()
        for head, body, status in (
                ("GET /", b"", 404), ("GET /v1/guests/", b"", 404), ("GET /v1/guests/a/b", b"", 404),
                ("PUT /v1/guests", b"", 405), ("POST /v1/users", b"", 400), ("POST /v1/users", b"[]", 400),
                ("POST /v1/users", b'{"name":', 400), ("POST /v1/users", b'{"name": 1, "password": "x"}', 400),
                ("POST /v1/users", b'{"name": ' + name + b'}', 400),
                ("POST /v1/users", b'{"name": ' + name + b', "password": ""}', 400),
                ("POST /v1/users", b'{"name": ' + name + b', "password": "a\\u0000b"}', 400),
                ("POST /v1/users", b'{"name": ' + name + b', "password": "' + 600 * b"x" + b'"}', 400),
                ("POST /v1/users", b"[" * 4000, 400), ("POST /v1/users", b" " * 5000, 413),
                ("PUT /v1/users/x", b'{"password": "x"}', 404), ("DELETE /v1/users/x", b"", 404),
                ("DELETE /v1/guests/..%2f..%2fx", b"", 404), ("DELETE /v1/guests/%ff", b"", 404),
                ("DELETE /v1/sessions/%2e%2e", b"", 404)):
            got, answer = self.request(head, body)
            self.assertEqual((got, list(answer)), (status, ["error"]), (head, body[:50]))
        self.assertEqual(self.request("GET /v1/users"), (200, {"users": []}))

    def test_many_connections(self):
        """The API is full, and then everybody leaves at once while the next one waits outside."""
        host = self.world.start()
        idle = []
        for _ in range(CONNECTIONS_MAX + 8):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.addCleanup(connection.close)
            connection.connect(self.world.run_path("api"))
            idle.append(connection)
        deadline = time.monotonic() + DEADLINE_S
        while self.accepted() < CONNECTIONS_MAX:
            self.assertLess(time.monotonic(), deadline)
        host.process.send_signal(signal.SIGSTOP)
        for connection in idle:
            connection.close()
        answer = self.request("GET /v1/guests", sent=lambda: host.process.send_signal(signal.SIGCONT))
        self.assertEqual(answer, (200, {"guests": []}))

    def accepted(self):
        """How many connections of the API the host has accepted: connected (state 03), with its path."""
        with open("/proc/net/unix") as table:
            rows = [line.split() for line in table]
        return sum(row[5] == "03" and row[7:] == [self.world.run_path("api")] for row in rows)

    def test_disk_is_full(self):
        self.world.start(restore_signals=False,
                         preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40)))
        code, _, errors = self.world.cli("user", "add", USER, given="x\n")
        self.assertEqual((code, errors), (1, "oriel: the users could not be saved: File too large\n"))
        self.assertEqual(self.world.cli("user", "list"), (0, "", ""))


def session_record(state, pid):
    """proto/record.h"""
    texts = ("192.0.2.7", "alice", "alice", "evil\x1b[2Jname", "nla", "")
    record = struct.pack("<4sIIQQII", b"ORS1", state, pid, 1700000000000000, 0, 1280, 800)
    return (record + b"".join(t.encode().ljust(64, b"\0") for t in texts)).ljust(512, b"\0")


# Holds a record as oriel-session does, under its name.
FAKE_SESSION = f"""import fcntl, os, signal, struct, sys
{__import__("inspect").getsource(session_record)}
path, state, pid = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open("/proc/self/comm", "w") as comm:
    comm.write("oriel-session")
file = open(path, "wb", buffering=0)
fcntl.flock(file, fcntl.LOCK_EX)
file.write(session_record(state, pid or os.getpid()))
print("ready", flush=True)
signal.pause()
"""

if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
