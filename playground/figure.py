"""What can be measured: figures with a name, a kind and a unit, and how people read their values.

Durations are whole microseconds, shares 0..1. A figure says over what it can be taken: the whole run, a window
that ends now, or this very moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

Value = int | float | bool | str | None
"""What was measured. Durations in microseconds, shares 0..1; None: it could not be measured."""


class Kind(Enum):
    """How a figure is written."""

    NUMBER = "a number such as 0 or 12"
    SHARE = "a share such as 5%"
    DURATION = "a duration such as 200ms"
    FLAG = "true or false"
    VERDICT = "a word"
    """One of the figure's ``words``."""


class Span(Enum):
    """Over what a figure can be taken while a run goes on. At the end each is of the whole run."""

    RUN = "the whole run"
    WINDOW = "a window of time"
    MOMENT = "the moment"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that can be measured."""

    name: str
    kind: Kind
    help: str
    span: Span = Span.RUN
    words: tuple[str, ...] = ("pass", "fail")
    """The values of a VERDICT."""
    varies: bool = False
    """Differs from machine to machine (a wall clock, an interpreter): shown, never judged."""

    @property
    def wanted(self) -> str:
        """What its values look like: ``pass or fail``."""
        return " or ".join(self.words) if self.kind is Kind.VERDICT else self.kind.value


def spell(kind: Kind, measured: Value) -> str:
    """A measured value as people read it: ``12.5 ms``, ``0.4%``, ``true``."""
    if measured is None:
        return "not measured"
    if isinstance(measured, bool):
        return "true" if measured else "false"
    if isinstance(measured, str):
        return measured
    if kind is Kind.SHARE:
        return f"{measured * 100:.3g}%"
    if kind is Kind.DURATION:
        return spell_us(measured)
    if isinstance(measured, float) and abs(measured) < 1_000:
        return f"{measured:.4g}"
    return f"{measured:,.0f}"


def spell_us(duration_us: float) -> str:
    """``850 µs``, ``12.5 ms``, ``3.21 s``"""
    if duration_us < 1_000:
        return f"{duration_us:.0f} µs"
    if duration_us < 1_000_000:
        return f"{duration_us / 1_000:.3g} ms" if duration_us < 999_500 else "1 s"
    return f"{duration_us / 1_000_000:.4g} s"
