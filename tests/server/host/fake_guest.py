#!/usr/bin/python3
"""Stands for oriel-guest-pattern: listens on DIR/link and tells everybody who connects
what it is. Words after the usual arguments make it misbehave."""
import json, os, signal, socket, stat, subprocess, sys

arguments = dict(zip(sys.argv[1:7:2], sys.argv[2:7:2]))
words = sys.argv[7:]
folder = arguments["--dir"]
link = f"{folder}/link"

if "fail" in words:
    print("starting", file=sys.stderr)
    sys.exit("no Xorg here")
if "gate" in words:
    # Waits until the test opens the other end.
    open(words[words.index("gate") + 1]).close()
if "never" in words:
    signal.pause()
if "stubborn" in words:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "trap" in words:
    os.symlink(words[words.index("trap") + 1], link)
    signal.pause()
if "fifo" in words:
    os.mkfifo(link)
    signal.pause()
if "litter" in words:
    os.makedirs(f"{folder}/deep/deeper")
    os.symlink("/etc", f"{folder}/deep/etc")
    open(f"{folder}/deep/file", "w").close()
if "child" in words:
    subprocess.Popen(["sleep", "1000"])
daemon = None
if "daemon" in words:
    # In a session of its own, its parent gone, as an ssh-agent is.
    daemon = int(subprocess.check_output("setsid sleep 1000 >&- 2>&- & echo $!", shell=True))

listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(link)
listener.listen()
print("ready", file=sys.stderr)
about = {"daemon": daemon, "arguments": sys.argv, "pid": os.getpid(), "keeper": os.getppid(), "session": os.getsid(0), "uid": os.getresuid(),
         "gid": os.getresgid(), "groups": os.getgroups(), "environment": dict(os.environ), "cwd": os.getcwd(),
         "mode": stat.S_IMODE(os.stat(folder).st_mode), "descriptors": sorted(os.listdir("/proc/self/fd"))}
connections = []
while True:
    connection = listener.accept()[0]
    connection.send(json.dumps(about).encode())
    connections.append(connection)
