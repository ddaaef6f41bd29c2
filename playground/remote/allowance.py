"""How much one of those who look at a session from elsewhere may still ask of it.

Nobody is known here by more than a name, and names can be changed: an allowance belongs to the seat, not to the person.
Who comes gets the one that is used up most of those that were left behind, so that going and coming again is worth
nothing, and there are never more of them than there were seats at a time.
"""

from __future__ import annotations

import math
import threading
import time

from playground.bucket import Bucket
from playground.company import ACTS, Company, Role
from playground.effort import MOST_AT_ONCE, effort
from playground.remote.wire import Call

CALLS_PER_S, CALLS_BURST = 50.0, 200.0
"""Of one guest. No keyboard asks for more; who does is listened to later."""
EFFORT_PER_S = 100.0
"""Of one player, in the long run, and :data:`MOST_AT_ONCE`; who asks for more is refused it for the moment."""


class Allowance:
    """Of one seat. To be asked by one thread at a time."""

    def __init__(self) -> None:
        self._calls = Bucket(CALLS_BURST, CALLS_PER_S, time.monotonic())
        self._effort = Bucket(MOST_AT_ONCE, EFFORT_PER_S, time.monotonic())

    def may(self, company: Company, name: str, call: Call) -> str:
        """Why ``name`` may not call this now, in one line; "": they may. Waits, if they have called too often."""
        now_s = time.monotonic()
        self._calls.take(1, now_s)
        wait_s = self._calls.wait_s(now_s)
        if wait_s:
            time.sleep(wait_s)
        refusal = company.refuses(name, call.name, *call.args)
        if refusal or call.name not in ACTS or company.role_of(name) is Role.PRESENTER:
            return refusal
        return self._tire(effort(*call.args), time.monotonic())

    def left(self) -> float:
        """Of the effort."""
        return self._effort.left(time.monotonic())

    def _tire(self, asked: float, now_s: float) -> str:
        """Why a player has asked for too much of late to ask for so much more; "": they have not, and do."""
        lacking = asked - self._effort.left(now_s)
        if lacking > 0:
            return f"not so much at once: the cluster is everybody's; again in {math.ceil(lacking / EFFORT_PER_S)} s"
        self._effort.take(asked, now_s)
        return ""


class Allowances:
    """Of all seats at one session; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[Allowance] = []

    def take(self, name: str) -> Allowance:
        """For ``name``, who has come; "": a rendering, which does nothing and is to leave those of others alone."""
        with self._lock:
            if not name or not self._left:
                return Allowance()
            least = min(self._left, key=Allowance.left)
            self._left.remove(least)
            return least

    def give_back(self, name: str, allowance: Allowance) -> None:
        """They have gone."""
        if name:
            with self._lock:
                self._left.append(allowance)
