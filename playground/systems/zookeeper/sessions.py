"""The leader's watch over the sessions: who was heard of when, and who has been silent for too long.

* By the leader's clock alone. Whatever comes from a session's client gives it its full timeout again.
* A new leader knows nothing of what its predecessor has heard, so it gives every session a full timeout; and,
  on top, the time for which that predecessor may go on to confirm pings without knowing that it was
  replaced. Thus a client may rely on half a timeout after a ping that was confirmed, although clocks are
  a fifth too fast or too slow: with the timeout T and that time S <= T/2 the session ends (T + S) / 1.2 after the old
  leader was abandoned at the earliest, and the client stops relying on it after S / 0.8 + T/2 / 0.8 at the latest.
* A leader that was late itself (frozen, slow) has not heard what came meanwhile: nobody is blamed for that time.
"""

from __future__ import annotations

from collections.abc import Mapping

from playground.systems.zookeeper.tree import Session


class SessionTracker:
    """Deadlines in microseconds of the leader's monotonic clock."""

    def __init__(self) -> None:
        self._deadlines_us: dict[int, int] = {}
        self._timeouts_us: dict[int, int] = {}

    def take_over(self, sessions: Mapping[int, Session], now_us: int, grace_us: int) -> None:
        """This server leads from now on."""
        self._timeouts_us = {number: session.timeout_us for number, session in sessions.items()}
        self._deadlines_us = {number: now_us + timeout + grace_us for number, timeout in self._timeouts_us.items()}

    def add(self, session: int, timeout_us: int, now_us: int) -> None:
        self._timeouts_us[session] = timeout_us
        self._deadlines_us[session] = now_us + timeout_us

    def touch(self, session: int, now_us: int) -> bool:
        """Its client was heard of. False: there is no such session."""
        timeout_us = self._timeouts_us.get(session)
        if timeout_us is None:
            return False
        self._deadlines_us[session] = max(self._deadlines_us[session], now_us + timeout_us)
        return True

    def remove(self, session: int) -> None:
        self._timeouts_us.pop(session, None)
        self._deadlines_us.pop(session, None)

    def excuse(self, late_us: int) -> None:
        """The leader was asleep for so long."""
        for session in self._deadlines_us:
            self._deadlines_us[session] += late_us

    def overdue(self, now_us: int) -> list[int]:
        """The sessions whose time is over, oldest first."""
        return sorted(session for session, at_us in self._deadlines_us.items() if at_us <= now_us)

    def left_us(self, session: int, now_us: int) -> int | None:
        """How long it has to live if nothing comes. None: it is not known here."""
        deadline_us = self._deadlines_us.get(session)
        return None if deadline_us is None else deadline_us - now_us
