"""A small world for oriel-server's tests: a folder with the program, a fake
oriel-session beside it, settings, a stand-in for oriel-host, and clients."""
import collections, contextlib, fcntl, os, pwd, random, re, shutil, signal, socket, struct, subprocess, tempfile
import threading, time

DEADLINE_S = 60  # for things that must happen; nothing is measured with it
ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
programs = {}  # "server", "session": paths, set by the test's main


def free_port():
    """One that is free now, on both families' wildcard address. Below those that the
    kernel gives to connections: one of these could take it before we do."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        first = max(int(file.read().split()[0]), 20000)
    while True:
        port = random.randrange(first // 2, first)
        with socket.socket(socket.AF_INET6) as s, contextlib.suppress(OSError):
            s.bind(("::", port))
            return port


class Server:
    """A running oriel-server; its log is read by a thread."""

    def __init__(self, world, *args, **popen):
        argv = [world.path("oriel-server"), "--config", world.path("conf"), *args]
        self.process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, errors="replace", **popen)
        self.pid = self.process.pid
        self.lines, self.changed, self.at = [], threading.Condition(), 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def wait_log(self, pattern):
        """The next line, after the last one found, that matches."""
        end = time.monotonic() + DEADLINE_S
        with self.changed:
            while True:
                while self.at < len(self.lines):
                    line = self.lines[self.at]
                    if line is None:
                        break
                    self.at += 1
                    found = re.search(pattern, line)
                    if found:
                        return found
                if not self.changed.wait(end - time.monotonic()):
                    raise AssertionError(f"no line matches {pattern!r} in:\n{self.text()}")
                if self.lines[-1] is None and self.at == len(self.lines) - 1:
                    raise AssertionError(f"ended without a line that matches {pattern!r}:\n{self.text()}")

    def text(self):
        return "".join(line for line in self.lines if line)

    def ready(self):
        self.wait_log("listening on")
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Exit code. The log ends only when the sessions, which share it, have ended too."""
        return self.process.wait(DEADLINE_S)

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.wait()

    def limit_files(self, limit):
        """Changes its soft limit of open files, as its own user: root may lack the capability."""
        user = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []} if ROOT else {}
        subprocess.run(["prlimit", "--pid", str(self.pid), f"--nofile={limit}"], check=True, **user)

    def fds(self):
        folder = f"/proc/{self.pid}/fd"
        targets = []
        for name in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):
                targets.append(os.readlink(f"{folder}/{name}"))
        # sd-event makes a timerfd per clock when it first needs it, and keeps it.
        return collections.Counter(re.sub(r"\d{3,}", "N", target) for target in targets
                                   if "timerfd" not in target)


class Client:
    """A connection; each letter tells the fake session what to do."""

    def __init__(self, port, source="127.0.0.1"):
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        self.socket = socket.socket(family)
        self.socket.settimeout(DEADLINE_S)
        try:
            self.socket.bind((source, 0))
            self.socket.connect(("::1" if ":" in source else "127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise

    def read_line(self):
        line = b""
        while not line.endswith(b"\n"):
            try:
                byte = self.socket.recv(1)
            except ConnectionResetError:
                byte = b""
            if not byte:
                return None
            line += byte
        return line.decode().rstrip("\n")

    def say(self, letter):
        """Lines of the answer before its ok; None: the connection is closed."""
        try:
            self.socket.sendall(letter.encode())
        except (BrokenPipeError, ConnectionResetError):
            return None
        lines = []
        while (line := self.read_line()) != "ok":
            if line is None:
                return None
            lines.append(line)
        return lines

    def is_served(self):
        return self.say("?") == []

    def is_closed(self):
        return self.read_line() is None

    def close(self):
        self.socket.close()


class World:
    """One test's folder, port and processes; everything ends with it."""

    identity = None  # made once for all tests, by the first server

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="oriel-listener-")
        os.chmod(self.folder, 0o755)
        self.port = free_port()
        self.servers, self.clients = [], []
        for program, name in (("server", "oriel-server"), ("session", "oriel-session")):
            shutil.copy(programs[program], self.path(name))
        os.mkdir(self.path("run"))
        os.mkdir(self.path("state"))
        if World.identity:
            shutil.copytree(World.identity, self.path("state/tls"))
            self.give(self.path("state/tls"))
        self.start_host()
        self.configure()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def give(self, folder):
        """To the user that serves."""
        if ROOT:
            for name in [folder, *(os.path.join(folder, n) for n in os.listdir(folder))]:
                os.lchown(name, NOBODY.pw_uid, NOBODY.pw_gid)

    def start_host(self):
        self.host = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.host.bind(self.path("run/control"))
        os.chmod(self.path("run/control"), 0o666)
        self.host.listen(4000)

    def configure(self, listen=None, general="", **server):
        settings = {"login_timeout_s": 600, "listen": listen or f"127.0.0.1:{self.port} [::1]:{self.port}"}
        settings.update(server)
        lines = [f"run_dir = {self.path('run')}", f"state_dir = {self.path('state')}", general, "[server]"]
        lines += [f"{key} = {value}" for key, value in settings.items()]
        lines += ["[host]", "server_user = nobody"]
        with open(self.path("conf"), "w") as file:
            file.write("\n".join(lines) + "\n")

    def launch(self, *args, **popen):
        server = Server(self, *args, **popen)
        self.servers.append(server)
        return server

    def start(self, *args, **popen):
        return self.launch(*args, **popen).ready()

    def run(self, *args, **popen):
        """To its end: exit code, output, errors."""
        argv = [self.path("oriel-server"), "--config", self.path("conf"), *args]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE_S, **popen)
        return done.returncode, done.stdout, done.stderr

    def client(self, source="127.0.0.1", port=None):
        client = Client(port or self.port, source)
        self.clients.append(client)
        return client

    def active(self, source="127.0.0.1"):
        """A client that has logged in."""
        client = self.client(source)
        if client.say("A") != []:
            raise AssertionError("not served")
        return client

    def records(self):
        return [name for name in os.listdir(self.path("run/sessions")) if not name.startswith(".")]

    def record_path(self, name):
        return self.path("run/sessions", name)

    def session_pid(self, name):
        with open(self.record_path(name), "rb") as file:
            return struct.unpack_from("<I", file.read(), 8)[0]

    def is_locked(self, name):
        with open(self.record_path(name), "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def session_pids(self):
        """Of this world's fake sessions, whatever their records say."""
        pids = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{name}/exe") == self.path("oriel-session"):
                    pids.append(int(name))
        return pids

    def close(self):
        for client in self.clients:
            client.close()
        for server in self.servers:
            if server.process.poll() is None:
                server.stop()
        for pid in self.session_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for server in self.servers:
            server.reader.join(DEADLINE_S)
            server.process.stderr.close()
            if "Sanitizer" in server.text():
                raise AssertionError(server.text())
        self.host.close()
        shutil.rmtree(self.folder, ignore_errors=True)
