"""The side of the screen where many look at one session: a guest's.

To its screen a guest is the session, and the host besides: it knows who else is here, passes on what a presenter wants,
and says when another session is to be shown. That one is in another process, and speaks with this one on a wire of its
own. When it ends, in whatever way, and no other takes its place, the screen is shown the present again.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Protocol

from playground.company import Company, Wish
from playground.frame import Frame
from playground.remote.client import RemoteSession
from playground.remote.wire import Call, Gone, Staged, Wire

GRACE_S = 0.5
"""When what is staged has ended, something else may be on its way: so long is waited for it."""


class Shown(Protocol):
    """Is told which session is to be shown."""

    def __call__(self, session: RemoteSession, /) -> None: ...


class Guest(RemoteSession):
    """``name``: the visitor's; "": it draws for spectators. ``told``: as for any session elsewhere."""

    def __init__(self, wire: Wire, name: str = "", told: Callable[[RemoteSession], None] | None = None) -> None:
        self._name = name
        self._company = Company()
        self._on_company: Callable[[Company], None] = _nobody
        self._on_stage: Shown = _nobody
        self._staging = threading.RLock()
        self._stage: _Stage | None = None
        """What is staged, or on its way there."""
        self._shown: RemoteSession = self
        super().__init__(wire, told)

    # --- as a host ---------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self._name

    def company(self) -> Company:
        """The newest word on who is here. It is there before the first Frame."""
        return self._company

    def on_company(self, listener: Callable[[Company], None]) -> None:
        """Call ``listener(company)`` at each change, from a thread of its own; it must not block."""
        self._on_company = listener

    def manage(self, wish: Wish) -> None:
        self._call("manage", wish)

    def on_stage(self, listener: Shown) -> None:
        """Call ``listener(session)`` when another one is to be shown, from whatever thread: soon, if there is one."""
        with self._staging:
            self._on_stage = listener
            if self._shown is not self:
                threading.Thread(target=listener, args=(self._shown,), daemon=True).start()

    def stage(self, session: object) -> None:
        """Let everybody be shown ``session``, in whatever process that is; this guest itself: the present again."""
        if not isinstance(session, RemoteSession) or session is self:
            self._call("stage")
            return
        here, there = Wire.pair()
        session.let_in(there, self._name)
        session.on_look(self.look)  # who follows the presenter follows there, too
        with contextlib.suppress(Gone):
            self._wire.send(Call("stage"), carrying=here)
        here.drop()
        there.drop()

    def close(self) -> None:
        with self._staging:
            if self._stage is not None:
                self._stage.close()
        super().close()

    # --- what is staged ----------------------------------------------------------------

    def _hear(self, message: object, carried: Wire | None) -> None:
        match message:
            case Company():
                self._company = message
                self._on_company(message)
            case Staged():
                self._set(carried)
            case _:
                super()._hear(message, carried)

    def _set(self, wire: Wire | None) -> None:
        with self._staging:
            before, self._stage = self._stage, None
            if wire is not None:
                self._stage = _Stage(wire, self._staged)
            else:
                self._show(self)
            if before is not None:
                before.close()

    def _staged(self, stage: RemoteSession) -> None:
        """The life of what is staged has changed."""
        with self._staging:
            if stage is not self._stage:
                return
            if stage.over:
                timer = threading.Timer(GRACE_S, self._lost, (stage,))
                timer.daemon = True
                timer.start()
            elif stage.arrived:
                self._show(stage)

    def _lost(self, stage: RemoteSession) -> None:
        with self._staging:
            if stage is self._stage:
                self._set(None)

    def _show(self, session: RemoteSession) -> None:
        if session is not self._shown:
            self._shown = session
            self._on_stage(session)


class _Stage(RemoteSession):
    """What is staged. It ends without a word: the present takes its place."""

    def _lose(self, last: Frame) -> None:
        pass


def _nobody(_what: object) -> None:
    pass
