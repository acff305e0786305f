"""A folder with an oriel-host of its own, and sessions that talk to it. The test's
command line begins with the programs: HOST CLI."""
import array, contextlib, json, os, pwd, queue, re, select, shutil, signal, socket, subprocess, sys, tempfile, threading, unittest

import ntlm_client as ntlm

PROGRAM, CLI = sys.argv[1:3]
DEADLINE_S = 30  # for what should happen at once; only a failing test waits so long
IS_ROOT = os.geteuid() == 0
# The system's host serves accounts that every Debian has.
USER, OTHER_USER = ("nobody", "games") if IS_ROOT else (pwd.getpwuid(os.geteuid()).pw_name,) * 2


class Session:
    """One connection to RUN/control."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(DEADLINE_S + 30)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()

    def send(self, packet):
        self.socket.send(packet)

    def receive(self):
        """(packet, descriptor or None); an empty packet: closed"""
        try:
            data, ancillary, _, _ = self.socket.recvmsg(ntlm.PACKET_MAX, socket.CMSG_SPACE(4))
        except ConnectionResetError:
            return b"", None
        fds = array.array("i")
        for _, _, payload in ancillary:
            fds.frombytes(payload)
        return data, fds[0] if fds else None

    def is_closed(self):
        return self.receive()[0] == b""

    def password(self, user, password):
        self.send(ntlm.password_message(user, password))
        return ntlm.parse_verdict(self.receive()[0])

    def nla(self, user, password, domain="", with_mic=True):
        self.send(ntlm.nla_message(user, password, domain, with_mic))
        return ntlm.parse_verdict(self.receive()[0])

    def attach(self, *size):
        """(status, shared, name, text), what the guest says of itself or None"""
        self.send(ntlm.attach_message(*size))
        return self.attached()

    def attached(self):
        packet, fd = self.receive()
        about = None
        if fd is not None:
            with socket.socket(fileno=fd) as link:
                link.settimeout(DEADLINE_S)
                about = json.loads(link.recv(65536))
        return ntlm.parse_guest(packet), about


class Host:
    """The running program. Its log is read by a thread, so that it never blocks."""

    def __init__(self, command, **options):
        self.log = []
        self.lines = queue.Queue()
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, **options)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            self.log.append(line)
            self.lines.put(line)
        self.lines.put(None)

    def wait_log(self, pattern):
        """The match in the next line that has it; lines before it are passed over."""
        while (line := self.lines.get(timeout=DEADLINE_S)) is not None:
            if match := re.search(pattern, line):
                return match
        raise AssertionError(f"no {pattern!r} in the log:\n{''.join(self.log)}")

    def end(self, number=signal.SIGTERM):
        """Returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        self.reader.join()
        self.process.stderr.close()
        return code


class World:
    def __init__(self, program, cli, as_user=None):
        """as_user: the host is started by that account, not by root."""
        self.folder = tempfile.mkdtemp(prefix="oriel-host-test-")
        os.chmod(self.folder, 0o755)
        self.as_user, self.hosts, self.sessions = as_user, [], []
        # Copies, where every account can read them.
        self.program = shutil.copy(program, self.path("oriel-host"))
        self.cli_program = shutil.copy(cli, self.path("oriel"))
        self.guest = shutil.copy(os.path.join(os.path.dirname(__file__), "fake_guest.py"),
                                 self.path("oriel-guest-pattern"))
        os.chmod(self.guest, 0o755)
        self.home = self.path("home")
        os.mkdir(self.home)
        if as_user:
            account = pwd.getpwnam(as_user)
            os.chown(self.home, account.pw_uid, account.pw_gid)
        self.arguments = []
        self.configure()

    def path(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def read(path):
        """Its text; "" when it is not there."""
        with contextlib.suppress(FileNotFoundError), open(path) as file:
            return file.read()
        return ""

    def run_path(self, name):
        return os.path.join(self.home, "run", name)

    def configure(self, options="", pam="no", shared="no", kind="pattern", more=""):
        with open(self.path("conf"), "w") as file:
            file.write(f"run_dir = {self.home}/run\nstate_dir = {self.home}/state\n"
                       f"[host]\nserver_user = nobody\npam = {pam}\n{more}"
                       f"[guest]\nkind = {kind}\nshared = {shared}\noptions = {options}\n")

    def popen_options(self):
        if not self.as_user:
            return {}
        account = pwd.getpwnam(self.as_user)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if IS_ROOT else {}

    def command(self, *arguments):
        return [self.program, "--config", self.path("conf"), *self.arguments, *arguments]

    def start(self, **options):
        host = Host(self.command(), **self.popen_options(), **options)
        self.hosts.append(host)
        host.wait_log("ready; ")
        return host

    def run(self, *arguments, **options):
        """One that ends by itself: (exit code, output, errors)"""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=DEADLINE_S,
                              stdin=subprocess.DEVNULL, **self.popen_options(), **options)
        return done.returncode, done.stdout, done.stderr

    def cli(self, *arguments, given="", **options):
        done = subprocess.run([self.cli_program, "--run-dir", self.run_path(""), *arguments], input=given,
                              capture_output=True, text=True, timeout=DEADLINE_S, **options)
        return done.returncode, done.stdout, done.stderr

    def add_user(self, name=USER, password="secret"):
        code, _, errors = self.cli("user", "add", name, given=password + "\n")
        assert code == 0, errors

    def session(self):
        session = Session(self.run_path("control"))
        self.sessions.append(session)
        return session

    def guests(self):
        return json.loads(self.cli("--json", "guests")[1])

    def log_in(self, user=USER, password="secret"):
        session = self.session()
        status = session.password(user, password)[0]
        assert status == ntlm.OK, status
        return session

    def open_desktop(self, user=USER):
        """Logs in and attaches: what the guest says of itself."""
        with self.log_in(user) as session:
            answer, about = session.attach()
            assert answer[0] == ntlm.OK, answer
            return about

    def wait_gone(self, pid):
        """Until a process that is not our child has ended."""
        with contextlib.suppress(ProcessLookupError):
            fd = os.pidfd_open(pid)
            poll_end(fd)
            os.close(fd)

    def close(self):
        """Ends what is left: hosts, then their guests by way of their keepers."""
        for session in self.sessions:
            session.socket.close()
        codes = [host.end() for host in self.hosts]
        entries = self.run_path("guests")
        for name in os.listdir(entries) if os.path.isdir(entries) else ():
            if name.endswith(".json") and (text := self.read(os.path.join(entries, name))):
                keeper = json.loads(text)["keeper"]
                with contextlib.suppress(ProcessLookupError):
                    if self.read(f"/proc/{keeper}/cmdline").startswith("oriel-host\0--keeper"):
                        os.kill(keeper, signal.SIGTERM)
                        self.wait_gone(keeper)
        said = "".join("".join(host.log) for host in self.hosts)
        for name in os.listdir(entries) if os.path.isdir(entries) else ():
            said += self.read(os.path.join(entries, name)) if name.endswith(".log") else ""
        shutil.rmtree(self.folder)
        assert set(codes) <= {0, -signal.SIGKILL} and "Sanitizer" not in said and "runtime error" not in said, said


def poll_end(pidfd):
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    if not poll.poll(DEADLINE_S * 1000):
        raise AssertionError("a process does not end")


class Case(unittest.TestCase):
    as_user = None if IS_ROOT else USER

    def setUp(self):
        self.world = World(PROGRAM, CLI, self.as_user)
        self.addCleanup(self.world.close)

    def start(self, **settings):
        self.world.configure(**settings)
        host = self.world.start()
        self.world.add_user()
        return host

    def assert_refused(self, session, user, password, status=ntlm.REFUSED):
        self.assertEqual(session.password(user, password), (status, bytes(16), ""))
