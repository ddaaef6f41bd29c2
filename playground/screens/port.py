"""What the app asks of a session, and nothing more: a thread, a process or a test's stand-in can answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from playground.company import Company, Wish
from playground.frame import Frame, View


class SessionPort(Protocol):
    """A running playground as a screen sees it; :class:`playground.session.Session` is one."""

    def frame(self) -> Frame:
        """The newest picture."""

    def on_frame(self, listener: Callable[[Frame], None]) -> None:
        """Tell ``listener`` of each new Frame, from whatever thread; it must not block."""

    def send(self, command: Any) -> None:
        """Queue an act."""

    def look(self, view: View) -> None:
        """Which panels are seen, and what is selected."""

    @property
    def paused(self) -> bool: ...

    def pause(self, paused: bool = True) -> None: ...

    def set_speed(self, speed: float) -> None: ...

    def faster(self, steps: int = 1) -> None: ...

    def step(self, span_us: int = 0) -> None: ...


class HostPort(Protocol):
    """Where the app is a guest: a session that many look at (see :mod:`playground.company`)."""

    @property
    def name(self) -> str:
        """The visitor's; "": it draws for spectators, who have no name here."""

    def company(self) -> Company:
        """The newest word on who is here."""

    def on_company(self, listener: Callable[[Company], None]) -> None:
        """Tell ``listener`` of each change, from whatever thread; it must not block."""

    def manage(self, wish: Wish) -> None:
        """Ask for something that a presenter may ask for; what comes of it stands in a notice."""

    def on_stage(self, listener: Callable[[SessionPort], None]) -> None:
        """Tell ``listener`` when another session is to be shown: a past that the presenter went back to, the present
        again. From whatever thread."""

    def stage(self, session: SessionPort) -> None:
        """The presenter is shown this session from now on: so shall be everybody."""
