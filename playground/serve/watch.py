"""What the processes of a seat take of memory and of the processor, and which they are.

A seat begins with one process, which leads a session of the system's; what that one starts (the process that follows a
session, see :mod:`playground.remote.follower`) may lead one of its own, and fork within it. So those of a seat are all
that are in a session whose leader bears the seat's *mark*, a variable of its environment that all inherit; also when
the one that started it has gone.

Looking must cost next to nothing: the sessions of all processes are a cheap question to the kernel, the resident
memory of those of the seat is one, too, and it is never less than what they really take. What they share is counted
only when that sum comes near the limit (by proportional set sizes, which the kernel has to walk all pages for), and not
at every look.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import deque
from collections.abc import Callable

import psutil

from playground.serve.limits import Limits

MARK = "PLAYGROUND_SEAT"
LOOK_S = 2.0
"""Between two looks."""
NEAR = 0.8
"""With so much of the memory taken, it is time to stop growing: the rest is for a past that somebody goes back to."""
DEAR_S = 10.0
"""Between two looks at what is shared, unless …"""
GROWN = 0.15
"""… what is resident has grown by so much of the limit."""
LEADERS_S = 10.0
"""That somebody else's session is not ours is believed for so long: the number may be given away anew."""


class Watch:
    """Of the seat whose first process is ``pid`` and whose mark is ``mark``.

    ``cut``: told once, in one line, of the limit that was broken; ``near``: told when most of the memory is taken.
    """

    def __init__(
        self,
        pid: int,
        mark: str,
        limits: Limits,
        cut: Callable[[str], None],
        near: Callable[[], None] = lambda: None,
    ) -> None:
        self._near = near
        self._mark = mark
        self._limits = limits
        self._cut = cut
        self._known: dict[int, psutil.Process] = {}
        self._sessions = {pid}
        self._others: dict[int, float] = {}
        """Leaders of sessions that are none of ours, and when that was found."""
        self._cpu: dict[int, float] = {}
        """Processor seconds of each, when it was last seen."""
        self._spent_s = 0.0
        """Of all of them, and of those that have ended."""
        self._past: deque[tuple[float, float]] = deque()
        """Instants, and what was spent by then: no older than the window needs."""
        self._dear = (-DEAR_S, 0, 0)
        """The last look at what is shared: when; what was resident then; what it came to."""

    async def keep(self) -> None:
        """Look again and again, until a limit is broken."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()
            now_s = time.monotonic()
            why = self.memory_excess(now_s) or self.cpu_excess(now_s)
            if why:
                self._cut(why)
                return

    # --- which they are ------------------------------------------------------------------

    def look(self) -> None:
        """See which there are."""
        now_s = time.monotonic()
        self._others = {pid: at_s for pid, at_s in self._others.items() if now_s - at_s < LEADERS_S}
        for pid in psutil.pids():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                session = os.getsid(pid)
                if session in self._sessions or (session == pid and self._is_marked(pid, now_s)):
                    self._sessions.add(session)
                    self._meet(pid)

    def _is_marked(self, pid: int, now_s: float) -> bool:
        """Whether the leader of a session is one of ours."""
        if pid in self._others:
            return False
        with contextlib.suppress(psutil.Error, OSError):
            if psutil.Process(pid).environ().get(MARK) == self._mark:
                return True
        self._others[pid] = now_s
        return False

    def _meet(self, pid: int) -> None:
        known = self._known.get(pid)
        if known is None or not known.is_running():
            with contextlib.suppress(psutil.Error):
                self._known[pid] = psutil.Process(pid)
                self._cpu.pop(pid, None)

    def alive(self) -> list[psutil.Process]:
        """Those that have not ended."""
        return [each for each in self._known.values() if lives(each)]

    def kill(self) -> None:
        """All of them, and whoever they have started meanwhile."""
        self.look()
        for each in self.alive():
            with contextlib.suppress(psutil.Error):
                each.kill()

    # --- what they take ------------------------------------------------------------------

    def memory_excess(self, now_s: float) -> str:
        """That they have more memory than they may, in one line; "": they have not."""
        most = self._limits.memory_bytes
        resident = sum(_resident(each) for each in self._known.values())
        if not most or resident <= NEAR * most:
            return ""
        at_s, before, took = self._dear
        if now_s - at_s >= DEAR_S or resident - before > GROWN * most:
            took = sum(_proportional(each) for each in self._known.values())
            self._dear = (now_s, resident, took)
            if took > NEAR * most:
                self._near()
        return f"your seat has taken more than {most / 1e6:.0f} MB of memory" if took > most else ""

    def cpu_excess(self, now_s: float) -> str:
        """That they have taken more of the processor than they may; to be asked at every look."""
        for pid, each in list(self._known.items()):
            try:
                times = each.cpu_times()
            except psutil.Error:
                del self._known[pid]
                self._cpu.pop(pid, None)
                continue
            spent_s = times.user + times.system
            self._spent_s += spent_s - self._cpu.get(pid, 0.0)
            self._cpu[pid] = spent_s
        self._past.append((now_s, self._spent_s))
        window_s, share = self._limits.cpu_window_s, self._limits.cpu_share
        while len(self._past) > 1 and now_s - self._past[1][0] >= window_s:
            self._past.popleft()
        at_s, spent_s = self._past[0]
        if not share or now_s - at_s < window_s or self._spent_s - spent_s <= share * (now_s - at_s):
            return ""
        return f"your seat has taken more than {share:.0%} of a processor for {window_s:.0f} seconds"


def lives(process: psutil.Process) -> bool:
    """Whether it has not ended; one that nobody has asked how it ended has."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _proportional(process: psutil.Process) -> int:
    """Its part of what it shares, and all that is its own; where the system does not tell, what is its own."""
    try:
        told = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(told, "pss", told.uss))
