"""What the app knows of the scenario that it plays: where it stops to be read, and what came of it at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from playground.scenario.afterwards import WORKER, Judged, judge
from playground.scenario.lessons import Lesson
from playground.scenario.model import Scenario


class _Record(Protocol):
    @property
    def timeline(self) -> tuple[tuple[int, Any], ...]: ...

    @property
    def end_us(self) -> int: ...

    @property
    def digest(self) -> str: ...

    @property
    def touched(self) -> bool: ...


@runtime_checkable
class Recording(Protocol):
    """A session that can say what was done in it."""

    def record(self) -> _Record:
        """What has been done so far; waits for the world to be between two events."""


@dataclass(frozen=True, slots=True)
class Story:
    """A scenario that is played. ``name`` is what one types for it."""

    scenario: Scenario
    name: str
    lesson: Lesson | None = None
    """It is played as a lesson: it pauses at each caption."""
    following: Lesson | None = None
    """The lesson after it."""
    follow: Callable[[Lesson], None] | None = None
    """Told that the following lesson is to be played, before the app ends."""
    worker: Sequence[str] = WORKER

    async def judged(self, record: _Record) -> Judged:
        """What the expectations come to, in this run. RuntimeError if there is no telling."""
        return await judge(self.scenario, record.timeline if record.touched else None, record.digest, self.worker)
