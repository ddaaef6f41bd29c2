"""The screen's handle on the process that follows a session (see :mod:`playground.remote.worker`).

All of its methods are quick while it is not :attr:`Follower.busy`, and none raises because that process has died:
:attr:`Follower.alive` says so, and who wants to stand somewhere gets a session that is over already.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from playground.frame import View
from playground.pacing import UNBOUNDED, Bounds
from playground.record import Record
from playground.remote.aside import started_aside
from playground.remote.checkpoints import MEMORY_BYTES
from playground.remote.client import RemoteSession
from playground.remote.wire import Gone, Known, Means, Reached, Stand, Wire


class Follower:
    """Begins with ``record``: a process is started, which needs a second before it can be of use.

    ``memory_bytes``: for its checkpoints, all together; ``bounds``: of the sessions that stand somewhere.
    """

    def __init__(self, record: Record, memory_bytes: int = MEMORY_BYTES, bounds: Bounds = UNBOUNDED) -> None:
        self._wire, there = Wire.pair()
        self._process = started_aside("playground.remote.worker", there)
        with contextlib.suppress(Gone):
            self._wire.send(Means(memory_bytes, bounds))
        self.known(record)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def busy(self) -> bool:
        """It has not read for long: whoever tells it more now may have to wait for it."""
        return not self._wire.ready

    def known(self, record: Record) -> None:
        """The session that is followed has come to this."""
        with contextlib.suppress(Gone):
            self._wire.send(Known(record))

    def reached(self, at_us: int) -> None:
        """It has come to ``at_us``, and nobody has acted since what was known."""
        with contextlib.suppress(Gone):
            self._wire.send(Reached(at_us))

    def stand(
        self,
        record: Record,
        at_us: int,
        told: Callable[[RemoteSession], None] | None = None,
        *,
        view: View | None = None,
        speed: float = 1.0,
    ) -> RemoteSession:
        """A session that is on its way to ``at_us`` (not beyond the record's end), where it will stand paused.

        ``record``: of the session that is followed, or of one that branched from it. ``told``: see there.
        """
        assert 0 <= at_us <= record.end_us
        here, there = Wire.pair()
        with contextlib.suppress(Gone):
            self._wire.send(Stand(record, at_us, view or View(), speed), carrying=there)
        there.drop()
        return RemoteSession(here, told)

    def close(self) -> None:
        """End the process, whatever it is doing. The sessions that came from it live on. May be called again."""
        self._wire.close()
        self._process.kill()
        self._process.wait()
