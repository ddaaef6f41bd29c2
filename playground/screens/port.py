"""What the app asks of a session, and nothing more: a thread, a process or a test's stand-in can answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

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
