"""What a scenario can expect: figures with a name and a kind, and tolerances for them.

A tolerance is a plain value (``0``, ``true``, ``pass``: exactly this) or comparisons
(``"<= 5%"``, ``">= 1s, <= 3s"``: all of them). :data:`FIGURES` is the registry: whatever is not
there is an unknown figure. A figure that could not be measured meets no tolerance.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from playground.quantities import parse_duration_us, parse_share

Value = int | float | bool | str | None
"""What was measured. Durations in microseconds, shares 0..1; None: it could not be measured."""


class Kind(Enum):
    """How a figure is written."""

    NUMBER = "a number such as 0 or 12"
    SHARE = "a share such as 5%"
    DURATION = "a duration such as 200ms"
    FLAG = "true or false"
    VERDICT = "pass or fail"


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that can be expected."""

    name: str
    kind: Kind
    help: str


_N, _S, _D, _F, _V = Kind.NUMBER, Kind.SHARE, Kind.DURATION, Kind.FLAG, Kind.VERDICT

FIGURES: dict[str, Figure] = {
    name: Figure(name, kind, text)
    for name, kind, text in (
        ("checks", _V, "whether every invariant held, live and at the end"),
        ("converged", _F, "whether all copies agreed within 60 s after the load ended; needs everything healed and up"),
        ("converged_after", _D, "how long after the load ended all copies agreed"),
        ("operations", _N, "operations that ended, whatever their outcome"),
        ("reads", _N, "reads that ended"),
        ("writes", _N, "writes that ended"),
        ("ok", _N, "operations that ended well"),
        ("failed", _N, "operations that certainly did not happen"),
        ("unknown", _N, "writes that may or may not have happened"),
        ("error_share", _S, "share of operations that failed or are unknown"),
        ("read_error_share", _S, "share of reads that failed"),
        ("write_error_share", _S, "share of writes that failed or are unknown"),
        ("stale_reads", _N, "reads that missed a write acknowledged before they began"),
        ("lost_writes", _N, "acknowledged writes that no disk holds in the end, nor anything that superseded them"),
        ("violations", _N, "how often an invariant was found broken while it ran"),
        ("min_copies", _N, "copies of the key with the fewest of them, in the end"),
        ("under_replicated", _N, "keys with fewer copies than the store promises, in the end"),
        ("detection", _D, "the longest time from a crash or freeze until some node believed it dead"),
        *((f"p{rank}", _D, f"{rank}th percentile of the latency of reads and writes") for rank in (50, 95, 99)),
        *((f"read_p{rank}", _D, f"{rank}th percentile of the latency of reads") for rank in (50, 95, 99)),
        *((f"write_p{rank}", _D, f"{rank}th percentile of the latency of writes") for rank in (50, 95, 99)),
    )
}
"""Name -> figure: the registry of what a file may expect."""

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}
_CONDITION = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*(\S.*?)\s*")


@dataclass(frozen=True, slots=True)
class Expectation:
    """A figure and the tolerance that it must meet, as written and as understood."""

    figure: Figure
    text: str
    conditions: tuple[tuple[str, Any], ...]

    def holds(self, measured: Value) -> bool:
        """Whether ``measured`` (None: unknown) meets the tolerance."""
        if measured is None:
            return False
        return all(_COMPARISONS[sign](measured, wanted) for sign, wanted in self.conditions)


def expectation(name: str, tolerance: Any) -> Expectation:
    """From what stands in the file. ValueError says what is wanted; the figure must be known."""
    figure = FIGURES[name]
    if figure.kind in (Kind.FLAG, Kind.VERDICT):
        wanted = {"true": True, "false": False}.get(tolerance, tolerance) if isinstance(tolerance, str) else tolerance
        legal = (True, False) if figure.kind is Kind.FLAG else ("pass", "fail")
        if not isinstance(wanted, type(legal[0])) or wanted not in legal:
            raise ValueError(f"should be {figure.kind.value}, not {str(tolerance)[:40]!r}")
        text = ("true" if wanted else "false") if isinstance(wanted, bool) else wanted
        return Expectation(figure, text, (("==", wanted),))
    if isinstance(tolerance, str) and tolerance.lstrip()[:1] in ("<", ">", "=", "!"):
        conditions = tuple(_condition(figure.kind, part) for part in tolerance.split(","))
        return Expectation(figure, " ".join(tolerance.split()), conditions)
    return Expectation(figure, str(tolerance), (("==", _quantity(figure.kind, tolerance)),))


def spell(kind: Kind, measured: Value) -> str:
    """A measured value as people read it: ``12.5 ms``, ``0.4%``, ``yes``."""
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
    return f"{measured:,.6g}" if isinstance(measured, float) else f"{measured:,}"


def spell_us(duration_us: float) -> str:
    """``850 µs``, ``12.5 ms``, ``3.21 s``"""
    if duration_us < 1_000:
        return f"{duration_us:.0f} µs"
    if duration_us < 1_000_000:
        return f"{duration_us / 1_000:.3g} ms" if duration_us < 999_500 else "1 s"
    return f"{duration_us / 1_000_000:.4g} s"


def _condition(kind: Kind, text: str) -> tuple[str, Any]:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ValueError(f'{text.strip()[:40]!r} is not a comparison; write for example: "<= 5"')
    return match[1], _quantity(kind, match[2])


def _quantity(kind: Kind, value: Any) -> float:
    if kind is Kind.SHARE:
        return parse_share(value)
    if kind is Kind.DURATION:
        return parse_duration_us(value)
    if isinstance(value, str):
        try:
            value = float(value) if "." in value or "e" in value.lower() else int(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        raise ValueError(f'should be {kind.value}, or a comparison such as "<= 5"')
    return value
