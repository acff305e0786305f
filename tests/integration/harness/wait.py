"""Waiting for conditions: always with a deadline, never for a fixed time."""

import os
import time

# Everything here takes well under a second on an idle machine; under the sanitizers
# and a full machine nothing may fail because it was slow.
PATIENCE_S = float(os.environ.get("ORIEL_TEST_PATIENCE_S", "60"))


class Timeout(AssertionError):
    pass


def until(what, condition, timeout_s=None, every_s=0.02):
    """Polls condition() until it gives something true, and returns that. what says in
    a failure what was waited for; it may be a function, called then."""
    timeout_s = PATIENCE_S if timeout_s is None else timeout_s
    end = time.monotonic() + timeout_s
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise Timeout("waited %.0f s for: %s" % (timeout_s, what() if callable(what) else what))
        time.sleep(every_s)


def stays(what, condition, seconds):
    """Fails if condition() stops being true within that time (for what must not
    happen, such as traffic of a desktop at rest)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            raise AssertionError("did not stay so: " + what)
        time.sleep(0.05)
