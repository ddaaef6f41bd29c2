"""The process of a visitor who acts: ``python -m playground.serve.player FD``, on a pseudo-terminal of the visitor's.

* Before it hears anything it binds itself: to the pseudo-terminal, whose hang-up ends it; to limits that hold whatever
  goes wrong later (no file may grow, no core is dumped, memory and processor have an end); and to a low priority, as
  the cluster that all share must never wait for a visitor.
* The wire FD brings the :class:`Brief`, and later, perhaps, that there is hardly any memory left: then no time passes
  in a session of the visitor's own any more, rather than that the visit were cut. Its end asks the app to leave in the
  ordinary way, which puts the terminal back in order. The other way goes, at most, one line of plain text: why it has
  ended.
* A session of the visitor's own lives here, as in ``playground`` itself, within :data:`BOUNDS`: whoever presses ``+``
  gets no more of the machine than their share. The one that all share is spoken to over the wire that comes with the
  Brief.
* Visitors have no files: nothing is read from or written to this machine's on their behalf.
"""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from socket import socket
from typing import TYPE_CHECKING, NoReturn

from playground.pacing import UNBOUNDED, Bounds
from playground.remote.wire import Gone, Wire
from playground.serve.bonds import bind, confine
from playground.serve.line import unfit
from playground.serve.messages import Brief, Full, Programme

if TYPE_CHECKING:
    from playground.record import Record
    from playground.remote.follower import Follower
    from playground.remote.guest import Guest

BOUNDS = Bounds(top_speed=10.0, share=0.25)
"""Of a visitor's own session, and of what follows it for the way back: that leaves them a half for the screen."""
CHECKPOINTS = 0.35
"""Of a visitor's memory: what the way back may take, so that the rest is enough for its sessions and the screen."""
FULL = "this cluster has grown as much as it may for a visit: time stands still, < goes back; come again for a new one"
FAULT, TOLD = 1, 2
"""Exit codes: it has failed; it could not begin. Both have said why."""


def main() -> NoReturn:
    control = socket(fileno=int(sys.argv[1]))
    wire = Wire(control)
    bind()
    try:
        brief, session = wire.receive()
        assert isinstance(brief, Brief)
        confine(brief)
        why = unfit(os.environ.get("TERM", ""), *os.get_terminal_size(0))
        if why:
            status = TOLD
        else:
            ear = Ear(wire)
            ear.start()
            status, why = _played(brief, session, ear)
    except Gone:
        status, why = FAULT, ""
    except BaseException as error:  # whatever it is: a visitor gets one line, and no traceback
        status, why = FAULT, _failure(error)
    if why:
        with contextlib.suppress(OSError):
            control.sendall(why.encode()[:300])
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    os._exit(status)  # threads that wait for a visitor hold nothing up


class Ear(threading.Thread):
    """Hears the front. When that has had enough of us, or is gone, the app leaves."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(name="front", daemon=True)
        self._wire = wire
        self.full: Callable[[], None] = lambda: None
        """Called when there is hardly any memory left for more; perhaps again."""

    def run(self) -> None:
        with contextlib.suppress(Gone):
            while True:
                message, _ = self._wire.receive()
                if isinstance(message, Full):
                    self.full()
        os.kill(os.getpid(), signal.SIGTERM)


# --- the app -----------------------------------------------------------------------------


def _played(brief: Brief, session: Wire | None, ear: Ear) -> tuple[int, str]:
    """Show the app until it ends. The exit code, and why it is not 0."""
    # Errors of all kinds are for whoever runs this; a visitor is told of the last one, in a line.
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        if brief.own is not None:
            status = _own(brief, brief.own, ear)
        else:
            assert session is not None
            status = _shared(brief, session)
    lines = said.getvalue().strip().splitlines()
    # Signals are the front's way to ask, or the terminal's to go.
    return (FAULT, lines[-1] if lines else "the app has failed") if status == 1 else (0, "")


def _own(brief: Brief, programme: Programme, ear: Ear) -> int:
    """In a session that nobody else sees."""
    from playground.screens.run import of_terminal, run_app
    from playground.screens.timelines import Timelines
    from playground.screens.tour.progress import Progress
    from playground.session import Session

    script = programme.script
    session = Session(
        programme.spec,
        secrets.randbelow(1_000_000) if programme.seed is None else programme.seed,
        timeline=script.timeline,
        captions=script.captions,
        until_us=script.until_us,
        stops=script.stops,
        speed=programme.speed,
        title=script.title,
        bounds=BOUNDS,
    )
    ear.full = partial(session.halt, FULL)
    timelines = Timelines(session, partial(_follow, brief, BOUNDS))
    progress = Progress()
    progress.first_time = True
    status = run_app(session, look=of_terminal(brief.theme), progress=progress, timelines=timelines, files=False)
    stopped = session.frame().stopped if session.has_frame else ""
    if stopped:
        print(f"an error in the playground itself: {stopped}", file=sys.stderr)
        status = FAULT
    elsewhere = timelines.shown is not session
    shown = timelines.end()
    present = session.close()
    for line in goodbye(shown if elsewhere and shown is not None else present, programme):
        print(line)
    return status


def _shared(brief: Brief, wire: Wire) -> int:
    """As a guest of the session that all share."""
    from playground.company import Role
    from playground.screens.collecting import collect_seldom
    from playground.screens.run import of_terminal, run_app
    from playground.screens.timelines import Timelines

    collect_seldom()
    with _guest(wire, brief.name) as guest:
        timelines = Timelines(guest, partial(_follow, brief, UNBOUNDED)) if brief.role is Role.PRESENTER else None
        try:
            return run_app(
                nullcontext(guest), look=of_terminal(brief.theme), timelines=timelines, host=guest, files=False
            )
        finally:
            if timelines is not None:
                timelines.end()


@contextlib.contextmanager
def _guest(wire: Wire, name: str) -> Iterator[Guest]:
    """That has arrived. UserError: it never will."""
    from playground.kernel.errors import UserError
    from playground.remote.guest import Guest

    changed = threading.Event()
    guest = Guest(wire, name, lambda _: changed.set())
    try:
        while not (guest.arrived or guest.over):
            changed.wait()
            changed.clear()
        if guest.over:
            raise UserError(f"the shared session is not there: {guest.over}")
        yield guest
    finally:
        guest.close()


def _follow(brief: Brief, bounds: Bounds, record: Record) -> Follower:
    """The process that follows a session, within a visitor's means."""
    from playground.remote.checkpoints import MEMORY_BYTES
    from playground.remote.follower import Follower

    return Follower(record, int(brief.memory_bytes * CHECKPOINTS) or MEMORY_BYTES, bounds)


def goodbye(record: Record, programme: Programme) -> list[str]:
    """What a visitor takes home."""
    acts = len(record.timeline)
    lines = [
        f"seed {record.seed}, {record.end_us / 1e6:.3f} s, {acts} command{'' if acts == 1 else 's'}, "
        f"digest {record.digest}"
    ]
    if programme.name:
        seed = f" --seed {record.seed}" if programme.seed is None else ""
        lines.append(f"the same cluster at home: {programme.name}{seed}")
    return lines


def _failure(error: BaseException) -> str:
    from playground.kernel.errors import UserError

    if isinstance(error, SystemExit):  # a signal, before or after the app
        return ""
    if isinstance(error, UserError):
        return str(error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"it has failed: {type(error).__name__} ({os.path.basename(where.filename)}:{where.lineno})"


if __name__ == "__main__":
    main()
