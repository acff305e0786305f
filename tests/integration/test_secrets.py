"""What a log-in leaves in the memory of oriel-session: nothing of the password."""

import os
import re
import secrets
import unittest

from harness.case import StackCase


def memory(pid):
    """(start, name, bytes) of each readable mapping. The kernel's own pages ([vvar...])
    cannot be read this way."""
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            words = line.split()
            name = words[5] if len(words) > 5 else ""
            start, end = (int(word, 16) for word in words[0].split("-"))
            if end - start > 1 << 40:
                raise unittest.SkipTest("a sanitizer's memory is too large, and keeps what is freed")
            if "r" in words[1] and not name.startswith("[vvar") and name != "[vsyscall]":
                mem.seek(start)
                try:
                    yield start, name, mem.read(end - start)
                except OSError:
                    pass  # it is gone by now


def places(pid, text):
    """Where text is, in UTF-8 or UTF-16."""
    found = []
    for start, name, data in memory(pid):
        for form in ("utf-8", "utf-16-le"):
            found += ["%x %s (%s)" % (start + m.start(), name, form)
                      for m in re.finditer(re.escape(text.encode(form)), data)]
    return found


@unittest.skipUnless(os.geteuid() == 0, "reading a process without core dumps needs root")
class PasswordInMemoryTest(StackCase):
    """Copies of the password that were seen here and are wiped: FreeRDP's settings
    (UTF-8; NLA delegates the password, TLS sends it in Client Info) and FreeRDP's receive
    buffer (UTF-16; xfreerdp sends Client Info with the password also after NLA). FreeRDP
    wipes its buffers of NLA itself. OpenSSL decrypts each record in one place: the next
    PDUs of the same client lie over it when a picture has come. A client's memory, the
    pages of the kernel and what was swapped out are not looked at."""

    stack_arguments = {"guest": "pattern", "options": "--still"}

    def check(self, *options):
        # Long, and its end is looked for: freed memory loses its first bytes by itself.
        self.stack.set_password(self.stack.user, secrets.token_hex(20))
        client = self.headless("--size", "800x600", *options).connected()
        client.until("a picture", lambda s: s.get("pattern"))
        pid = self.one_session()
        self.assertTrue(places(pid, self.stack.user), "not even the user's name is found")
        self.assertEqual(places(pid, self.stack.password[-16:]), [])
        client.stop()

    def test_nla(self):
        self.check()

    def test_tls(self):
        self.check("--tls")
