"""oriel-host as a process, with a fake guest: verdicts, desktops, PAM. Run by ctest:
host_test.py HOST CLI [TEST...]. As root all of it; as an ordinary user the part that
an ordinary user's oriel-host has, the rest is skipped."""
import json, os, pwd, select, signal, socket, stat, struct, subprocess, sys, time, unittest

import ntlm_client as ntlm
from world import DEADLINE_S, IS_ROOT, OTHER_USER, USER, Case


class Verdicts(Case):
    def test_nla(self):
        self.start()
        with self.world.session() as session:
            status, owf, user = session.nla(USER.upper(), "secret", "WORKGROUP")
            self.assertEqual((status, user), (ntlm.OK, USER))
            self.assertEqual(owf, ntlm.ntowf_v2("secret", USER, "WORKGROUP"))

    def test_nla_refusals(self):
        self.start()
        with self.world.session() as session:
            self.assertEqual(session.nla(USER, "wrong"), (ntlm.REFUSED, bytes(16), ""))
            self.assertEqual(session.nla("whoever", "secret"), (ntlm.REFUSED, bytes(16), ""))
            self.assertEqual(session.nla(USER, "secret", with_mic=False), (ntlm.NO_MIC, bytes(16), ""))
            session.send(ntlm.nla_message(USER, "secret"))  # a fourth try
            self.assertTrue(session.is_closed())

    def test_pieces_of_two_logins(self):
        self.start()
        with self.world.session() as session:
            one, two = ntlm.nla_message(USER, "secret"), ntlm.nla_message(USER, "secret")
            at = 4 + 2 + len(USER) + 2
            session.send(one[:at + 48] + two[at + 48:])
            self.assertEqual(ntlm.parse_verdict(session.receive()[0])[0], ntlm.REFUSED)

    def test_password(self):
        host = self.start()
        with self.world.session() as session:
            self.assert_refused(session, USER, "wrong")
            self.assert_refused(session, "whoever", "secret")
            self.assertEqual(session.password(USER, "secret"), (ntlm.OK, bytes(16), USER))
        host.wait_log(f"log-in of {USER} refused: wrong user or password")
        host.wait_log(f"log-in of {USER} accepted")
        self.assertNotIn("secret", "".join(host.log))

    def wrong_until_wait(self):
        tries = []
        while ntlm.LIMIT not in tries:
            with self.world.session() as session:
                tries.append(session.password(USER, "wrong")[0])
        return tries

    def test_backoff(self):
        self.start()
        self.assertEqual(self.wrong_until_wait()[:5], [ntlm.REFUSED] * 5)
        # The wait is a second at first. On a slow machine it may be over before the right
        # password comes, which ends it all: then once more.
        end, verdict = time.monotonic() + DEADLINE_S, None
        while verdict != ntlm.LIMIT:
            self.assertLess(time.monotonic(), end, "the right password is taken during the wait")
            if verdict is not None:
                self.wrong_until_wait()
            with self.world.session() as session:
                verdict = session.password(USER, "secret")[0]

    def test_bad_messages_end_one_connection(self):
        host = self.start()
        with self.world.session() as bystander:
            for packet in (b"x", ntlm.attach_message(), struct.pack("<HH", 99, 0), bytes(30000),
                           ntlm.password_message(USER, "secret") + b"x", struct.pack("<HH", ntlm.VERDICT, 0)):
                with self.world.session() as session:
                    session.send(packet)
                    self.assertTrue(session.is_closed(), packet[:10])
                host.wait_log(r"warn .*session \d+.*closed")
            self.assertEqual(bystander.password(USER, "secret")[0], ntlm.OK)

    def test_one_question_at_a_time(self):
        self.start()
        with self.world.log_in() as session:
            session.send(ntlm.password_message(USER, "secret"))
            self.assertTrue(session.is_closed())

    def test_secrets_stay_inside(self):
        host = self.start()
        with open(f"/proc/{host.process.pid}/limits") as file:
            self.assertRegex(file.read(), r"Max core file size +0 ")
        self.assertEqual(stat.S_IMODE(os.stat(f"{self.world.home}/state/users").st_mode), 0o600)
        with open(f"/proc/{host.process.pid}/status") as file:
            owner = os.stat(f"/proc/{host.process.pid}/maps").st_uid
            self.assertEqual(owner, 0)  # PR_SET_DUMPABLE 0: root's, whoever runs it


class Guests(Case):
    def test_environment(self):
        self.start(options="one two")
        about = self.world.open_desktop()
        account = pwd.getpwnam(USER)
        self.assertEqual(about["uid"], [account.pw_uid] * 3)
        self.assertEqual(about["gid"], [account.pw_gid] * 3)
        self.assertEqual(about["mode"], 0o700)
        self.assertEqual(about["arguments"][1:], ["--dir", self.world.run_path(f"guests/{USER}"), "--size", "1280x800",
                                                  "--scale", "100", "one", "two"])
        self.assertEqual(about["session"], about["pid"])
        self.assertEqual(about["descriptors"][:3], ["0", "1", "2"])
        self.assertLessEqual(len(about["descriptors"]), 5)  # and the listener, and the listing
        environment = about["environment"]
        self.assertEqual((environment["HOME"], environment["USER"]), (account.pw_dir, USER))
        self.assertLessEqual(set(environment), {"HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ", "LC_CTYPE",
                                                "XDG_RUNTIME_DIR"})
        if IS_ROOT and not self.as_user:
            self.assertEqual(about["groups"], os.getgrouplist(USER, account.pw_gid))

    def test_one_desktop_per_user(self):
        host = self.start()
        first, second = self.world.open_desktop(), self.world.open_desktop()
        self.assertEqual(first["pid"], second["pid"])
        entry, = self.world.guests()
        self.assertEqual((entry["name"], entry["user"], entry["kind"], entry["keeper"], entry["uid"]),
                         (USER, USER, "pattern", first["keeper"], first["uid"][0]))
        with open(self.world.run_path(f"guests/{USER}.json")) as file:
            self.assertEqual(json.load(file)["name"], USER)

    def test_several_wait_for_one_start(self):
        gate = self.world.path("gate")
        os.mkfifo(gate, 0o644)
        os.chmod(gate, 0o644)
        host = self.start(options=f"gate {gate}", shared="yes")
        sessions = [self.world.log_in() for _ in range(5)]
        for session in sessions:
            session.send(ntlm.attach_message())
        host.wait_log("starting, pattern 1280x800")
        self.world.cli("guests")  # answered: so all five messages have been read
        sessions.pop().socket.close()
        open(gate, "w").close()
        pids = set()
        for session in sessions:
            answer, about = session.attached()
            self.assertEqual(answer, (ntlm.OK, 1, USER, ""))
            pids.add(about["pid"])
            self.assertTrue(session.is_closed())
            session.socket.close()
        self.assertEqual(len(pids), 1)

    def test_failure_tells_why(self):
        self.start(options="fail")
        with self.world.log_in() as session:
            answer, about = session.attach()
            self.assertEqual(answer, (ntlm.NO_GUEST, 0, USER, "no Xorg here"))
        self.assertEqual(self.world.guests(), [])
        self.assertEqual(os.listdir(self.world.run_path("guests")), [f"{USER}.log"])

    def test_program_is_missing(self):
        self.start(kind="x11")
        with self.world.log_in() as session:
            self.assertEqual(session.attach()[0], (ntlm.NO_GUEST, 0, USER, "oriel-guest-x11 is not installed"))
        self.assertEqual(os.listdir(self.world.run_path("guests")), [f"{USER}.log"])

    def test_late_start_is_given_up(self):
        self.start(options="never")
        with self.world.log_in() as session:
            status, _, _, text = session.attach()[0]
            self.assertEqual((status, text), (ntlm.NO_GUEST, "the desktop was not ready within 30 s"))

    def test_survives_the_host(self):
        host = self.start()
        about = self.world.open_desktop()
        for end, code in ((signal.SIGKILL, -9), (signal.SIGTERM, 0)):
            self.assertEqual(host.end(end), code)
            os.kill(about["pid"], 0)
            os.kill(about["keeper"], 0)
            host = self.world.start()
            self.assertEqual([g["keeper"] for g in self.world.guests()], [about["keeper"]])
            self.assertEqual(self.world.open_desktop()["pid"], about["pid"])

    def test_starting_while_the_host_restarts(self):
        gate = self.world.path("gate")
        os.mkfifo(gate)
        os.chmod(gate, 0o644)
        host = self.start(options=f"gate {gate}")
        with self.world.log_in() as session:
            session.send(ntlm.attach_message())
            host.wait_log("starting, pattern")
            host.end(signal.SIGKILL)
            self.assertTrue(session.is_closed())
        self.world.start()
        with self.world.log_in() as session:
            session.send(ntlm.attach_message())
            self.world.cli("guests")
            open(gate, "w").close()
            self.assertEqual(session.attached()[0][0], ntlm.OK)

    def test_dead_entry_is_removed(self):
        host = self.start()
        about = self.world.open_desktop()
        host.end(signal.SIGKILL)
        os.kill(about["keeper"], signal.SIGKILL)
        self.world.wait_gone(about["pid"])  # it goes with its keeper
        self.world.start()
        self.assertEqual(self.world.guests(), [])
        self.assertFalse(os.path.exists(self.world.run_path(f"guests/{USER}.json")))
        self.assertTrue(os.path.exists(self.world.run_path(f"guests/{USER}/link")))  # stale
        self.assertNotEqual(self.world.open_desktop()["pid"], about["pid"])

    def test_end(self):
        self.start(options="litter child")
        about = self.world.open_desktop()
        self.assertEqual(self.world.cli("guest", "end", USER), (0, "", ""))
        self.world.wait_gone(about["keeper"])
        self.assertEqual(self.world.guests(), [])
        self.assertEqual(os.listdir(self.world.run_path("guests")), [f"{USER}.log"])
        self.assertNotEqual(self.world.open_desktop()["pid"], about["pid"])
        self.assertTrue(os.path.exists("/etc/passwd"))

    def test_what_a_killed_one_leaves_ends_too(self):
        self.start(options="child daemon")
        about = self.world.open_desktop()
        os.kill(about["pid"], signal.SIGKILL)
        self.world.wait_gone(about["keeper"])
        self.world.wait_gone(about["daemon"])

    def test_end_of_a_stubborn_one(self):
        self.start(options="stubborn")
        about = self.world.open_desktop()
        self.assertEqual(self.world.cli("guest", "end", USER)[0], 0)
        self.world.wait_gone(about["keeper"])
        self.assertEqual(self.world.guests(), [])
        with open(self.world.run_path(f"guests/{USER}.log")) as file:
            self.assertIn("did not end within 10 s and is killed", file.read())

    def test_traps(self):
        for trap in (f"trap {self.world.run_path('control')}", "trap /run/nothing", "fifo"):
            host = self.start(options=trap)
            with self.world.log_in() as session:
                status, _, _, text = session.attach()[0]
                self.assertEqual((status, text), (ntlm.NO_GUEST, "what listens there is not this user's desktop"))
            self.world.cli("user", "remove", USER)
            keeper = self.world.guests()[0]["keeper"]
            self.world.cli("guest", "end", USER)
            self.world.wait_gone(keeper)
            self.assertEqual(host.end(), 0)


@unittest.skipUnless(IS_ROOT, "needs root: guests of two users")
class System(Case):
    def test_folder_of_another_user(self):
        """A user puts the socket of another user's guest in place of his own."""
        self.start()
        self.world.add_user(OTHER_USER, "secret")
        self.world.open_desktop(OTHER_USER)
        mine = self.world.open_desktop()
        link, other = (self.world.run_path(f"guests/{name}/link") for name in (USER, OTHER_USER))
        os.unlink(link)
        os.link(other, link)
        with self.world.log_in() as session:
            self.assertEqual(session.attach()[0][0], ntlm.NO_GUEST)
        os.unlink(link)
        os.rename(self.world.run_path(f"guests/{USER}"), self.world.path("aside"))
        os.symlink(self.world.run_path(f"guests/{OTHER_USER}"), self.world.run_path(f"guests/{USER}"))
        with self.world.log_in() as session:
            self.assertEqual(session.attach()[0][0], ntlm.NO_GUEST)
        os.unlink(self.world.run_path(f"guests/{USER}"))
        self.assertEqual(len(self.world.guests()), 2)

    def test_peer_of_another_user(self):
        """The socket file is the user's, but who listens is somebody else."""
        self.start()
        self.world.open_desktop()
        link = self.world.run_path(f"guests/{USER}/link")
        os.unlink(link)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(link)
            listener.listen()
            os.chown(link, pwd.getpwnam(USER).pw_uid, -1)
            with self.world.log_in() as session:
                self.assertEqual(session.attach()[0][0], ntlm.NO_GUEST)

    def test_who_may_ask(self):
        host = self.start()
        path = self.world.run_path("control")
        self.assertEqual((stat.S_IMODE(os.stat(path).st_mode), os.stat(path).st_uid), (0o600, pwd.getpwnam("nobody").pw_uid))
        os.chmod(path, 0o666)
        os.chmod(self.world.run_path("api"), 0o666)
        games = pwd.getpwnam("games").pw_uid
        code = ("import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET)\n"
                "s.connect(sys.argv[1])\nsys.exit(0 if s.recv(1)==b'' else 1)")
        done = subprocess.run(["/usr/bin/python3", "-c", code, path], user=games, timeout=DEADLINE_S)
        self.assertEqual(done.returncode, 0)
        host.wait_log(f"uid {games} may not ask")
        self.assertEqual(self.world.cli("guests", user=games),
                         (1, "", "oriel: only root and members of oriel-admin may do that\n"))
        os.chmod(self.world.run_path("api"), 0o600)
        code, _, errors = self.world.cli("guests", user=games)
        self.assertEqual((code, errors), (3, f"oriel: {self.world.run_path('')}/api: "
                                             "only root and members of oriel-admin may do that\n"))

    def test_account_must_exist(self):
        self.start()
        code, _, errors = self.world.cli("user", "add", "oriel-nobody-has-this", given="x\n")
        self.assertEqual((code, errors), (1, "oriel: there is no account oriel-nobody-has-this on this machine; "
                                             "make it first (adduser oriel-nobody-has-this)\n"))

    def test_server_user_must_exist(self):
        self.world.configure()
        with open(self.world.path("conf")) as file:
            text = file.read()
        with open(self.world.path("conf"), "w") as file:
            file.write(text.replace("server_user = nobody", "server_user = oriel-nobody-has-this"))
        code, _, errors = self.world.run()
        self.assertEqual((code, errors.count("\n")), (1, 1))
        self.assertIn("server_user = oriel-nobody-has-this: no such user", errors)


@unittest.skipUnless(IS_ROOT, "needs root: PAM with modules of the test's choice")
class Pam(Case):
    def setUp(self):
        super().setUp()
        self.pam = self.world.path("pam")
        os.mkdir(self.pam)
        self.world.arguments = ["--pam-dir", self.pam]

    def service(self, auth="auth required pam_deny.so", account="account required pam_permit.so",
                session="session optional pam_permit.so"):
        with open(os.path.join(self.pam, "oriel"), "w") as file:
            file.write("\n".join((auth, account, session, "")))

    def script(self, name, body):
        path = self.world.path(name)
        with open(path, "w") as file:
            file.write("#!/bin/sh\n" + body)
        os.chmod(path, 0o755)
        return path

    def asks_for(self, password):
        check = self.script("check", f'read -r given || :\n[ "$given" = "{password}" ]\n')
        return f"auth [success=done default=ignore] pam_exec.so expose_authtok quiet {check}\nauth required pam_deny.so"

    def test_password(self):
        self.service(auth=self.asks_for("from PAM"))
        self.start(pam="yes")
        with self.world.session() as session:
            self.assert_refused(session, USER, "wrong")
            self.assertEqual(session.password(USER, "from PAM"), (ntlm.OK, bytes(16), USER))
            self.assertEqual(session.attach()[0][0], ntlm.OK)
        with self.world.session() as session:
            self.assertEqual(session.password(USER, "secret")[0], ntlm.OK)  # the store's
        with self.world.session() as session:
            self.assertEqual(session.password(OTHER_USER, "from PAM"), (ntlm.OK, bytes(16), OTHER_USER))
        with self.world.session() as session:
            self.assert_refused(session, "oriel-nobody-has-this", "from PAM")

    def test_account(self):
        self.service(account="account required pam_debug.so acct=acct_expired")
        self.start(pam="yes")
        with self.world.session() as session:
            self.assert_refused(session, USER, "secret", ntlm.EXPIRED)
            self.assertEqual(session.nla(USER, "secret"), (ntlm.EXPIRED, bytes(16), ""))
        self.service(account="account required pam_deny.so")
        with self.world.session() as session:
            self.assertEqual(session.nla(USER, "secret"), (ntlm.REFUSED, bytes(16), ""))
        self.service()
        with self.world.session() as session:
            self.assertEqual(session.nla(USER, "secret")[0], ntlm.OK)

    def test_slow_module_blocks_nobody(self):
        gate = self.world.path("gate")
        os.mkfifo(gate)
        slow = self.script("slow", f"cat {gate}\n")
        self.service(auth=f"auth required pam_exec.so quiet {slow}")
        self.start(pam="yes")
        with self.world.session() as waiting:
            waiting.send(ntlm.password_message(USER, "from PAM"))
            with self.world.session() as session:
                self.assertEqual(session.password(USER, "secret")[0], ntlm.OK)
            open(gate, "w").close()
            self.assertEqual(ntlm.parse_verdict(waiting.receive()[0])[0], ntlm.OK)

    def test_hanging_module_is_killed(self):
        gate = self.world.path("gate")
        os.mkfifo(gate)
        hang = self.script("hang", f"exec cat {gate}\n")
        self.service(auth=f"auth required pam_exec.so quiet {hang}")
        host = self.start(pam="yes")
        with self.world.session() as session:
            self.assert_refused(session, USER, "from PAM", ntlm.INTERNAL)
        host.wait_log("no answer within 12 s; the child is killed")
        open(gate, "w").close()  # for the module's own child

    def test_too_many_at_once(self):
        gate = self.world.path("gate")
        os.mkfifo(gate)
        self.service(auth=f"auth required pam_exec.so quiet {self.script('hang', f'exec cat {gate}')}")
        host = self.start(pam="yes")
        sessions = [self.world.session() for _ in range(17)]
        for i, session in enumerate(sessions):
            session.send(ntlm.password_message(f"user{i}", "from PAM"))
        first = select.select([session.socket for session in sessions], [], [], DEADLINE_S)[0]
        verdicts = [s.receive()[0] for s in sessions if s.socket in first]
        self.assertEqual([ntlm.parse_verdict(v)[0] for v in verdicts], [ntlm.LIMIT])
        for session in sessions:
            session.socket.close()
        # The children went with their sessions, so there is room again.
        self.assertEqual(self.world.cli("guests")[0], 0)
        self.service(auth=self.asks_for("from PAM"))
        with self.world.session() as session:
            self.assertEqual(session.password(USER, "from PAM")[0], ntlm.OK)
        subprocess.run(["timeout", "1", "sh", "-c", f": >{gate}"])  # lets the scripts go

    def test_session(self):
        notes = self.world.path("notes")
        note = self.script("note", f'echo "$PAM_TYPE $PAM_USER" >>{notes}\n')
        with open(self.world.path("env"), "w") as file:
            file.write("ORIEL_TEST DEFAULT=given\n")
        self.service(session=f"session required pam_exec.so quiet {note}\n"
                             f"session required pam_env.so conffile={self.world.path('env')} readenv=0")
        host = self.start(pam="yes")
        about = self.world.open_desktop()
        self.assertEqual(about["environment"]["ORIEL_TEST"], "given")
        self.assertEqual(host.end(signal.SIGKILL), -9)
        self.world.start()
        self.assertEqual(self.world.read(notes), f"open_session {USER}\n")
        self.assertEqual(self.world.cli("guest", "end", USER)[0], 0)
        self.world.wait_gone(about["keeper"])
        self.assertEqual(self.world.read(notes), f"open_session {USER}\nclose_session {USER}\n")

    def test_session_is_refused(self):
        self.service(session="session required pam_deny.so")
        self.start(pam="yes")
        with self.world.log_in() as session:
            status, _, _, text = session.attach()[0]
            self.assertEqual(status, ntlm.NO_GUEST)
            self.assertIn(f"PAM opens no session for {USER}", text)


class OrdinaryUser(Case):
    as_user = USER

    def test_serves_only_itself(self):
        with open(self.world.path("seed"), "w") as file:
            file.write(f"{'a' * 8}:{'0' * 32}\n")
        host = self.start()
        self.assertIn(f"serving {USER} only", "".join(host.log))
        code, _, errors = self.world.cli("user", "add", "root", given="x\n")
        self.assertEqual((code, errors), (1, f"oriel: this oriel-host was started by {USER} and serves nobody else\n"))
        self.assertEqual(self.world.open_desktop()["uid"], [pwd.getpwnam(USER).pw_uid] * 3)
        for name in ("control", "api"):
            self.assertEqual(stat.S_IMODE(os.stat(self.world.run_path(name)).st_mode), 0o600)

    def test_others_in_the_store_are_skipped(self):
        self.start()
        self.assertEqual(self.world.hosts[0].end(), 0)
        with open(f"{self.world.home}/state/users", "a") as file:
            file.write(f"root:{ntlm.md4('secret'.encode('utf-16-le')).hex()}\n")
        host = self.world.start()
        self.assertIn(f"root is skipped: this oriel-host was started by {USER}", "".join(host.log))
        with self.world.session() as session:
            self.assert_refused(session, "root", "secret")
            self.assertEqual(session.password(USER, "secret")[0], ntlm.OK)


class Program(Case):
    def test_command_line(self):
        code, out, errors = self.world.run("--help")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("--check-config", out)
        self.assertEqual(self.world.run("--check-config"), (0, "the settings are valid\n", ""))
        for arguments in (["word"], ["--unknown"], ["--log-level", "loud"]):
            code, out, errors = self.world.run(*arguments)
            self.assertEqual((code, out, errors.count("\n")), (2, "", 1), arguments)
        self.world.configure(pam="perhaps")
        code, _, errors = self.world.run("--check-config")
        self.assertEqual((code, errors.count("\n")), (2, 1))
        self.assertIn(f"{self.world.path('conf')}:5: pam = perhaps", errors)

    def test_second_instance(self):
        self.world.start()
        code, _, errors = self.world.run()
        self.assertEqual((code, errors.count("\n")), (1, 1))
        self.assertIn(f"another oriel-host is running on {self.world.home}/run", errors)

    def test_state_dir_cannot_be_made(self):
        with open(self.world.path("conf"), "w") as file:
            file.write(f"run_dir = {self.world.home}/run\nstate_dir = /proc/oriel\n[host]\nserver_user = nobody\n")
        code, _, errors = self.world.run()
        self.assertEqual((code, errors.count("\n")), (1, 1))
        self.assertIn("cannot make /proc/oriel: ", errors)

    def test_broken_store(self):
        self.start()
        self.assertEqual(self.world.hosts[0].end(), 0)
        with open(f"{self.world.home}/state/users", "a") as file:
            file.write("nonsense\n")
        code, _, errors = self.world.run()
        self.assertEqual((code, errors.count("\n")), (1, 1))
        self.assertIn("state/users:3: expected NAME:32 hex digits", errors)

    def test_reload(self):
        host = self.start()
        self.world.configure(options="fail", shared="yes")
        host.process.send_signal(signal.SIGHUP)
        host.wait_log("settings reloaded")
        with self.world.log_in() as session:
            self.assertEqual(session.attach()[0], (ntlm.NO_GUEST, 1, USER, "no Xorg here"))
        with open(self.world.path("conf"), "a") as file:
            file.write("nonsense\n")
        host.process.send_signal(signal.SIGHUP)
        host.wait_log(r"settings not reloaded: .*conf:10: ")
        with self.world.log_in() as session:
            self.assertEqual(session.attach()[0][0], ntlm.NO_GUEST)
        self.assertEqual(host.end(), 0)
        for name in ("api", "control"):
            self.assertFalse(os.path.exists(self.world.run_path(name)))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
