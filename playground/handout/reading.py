"""Curves in words and in coarse cells: what both writers need to know of values before they draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from playground.handout.content import Chart, Curve, Strips

LOGARITHMIC = 30.0
"""Values of a chart that differ by more than this factor are drawn on a logarithmic scale, or the low ones vanish."""


def known(values: Sequence[float | None]) -> list[float]:
    """Those that were measured."""
    return [each for each in values if each is not None]


def measured(chart: Chart | Strips) -> list[float]:
    """All values of all curves."""
    return [each for curve in chart.curves for each in known(curve.values)]


def is_logarithmic(chart: Chart) -> bool:
    """Only where nothing is zero: a rate that falls to nothing must be seen to do so."""
    values = measured(chart)
    return bool(values) and min(values) > 0 and max(values) / min(values) > LOGARITHMIC


def in_words(curve: Curve, first_s: int) -> str:
    """``p99: 4.95 to 505, median 5.33, highest at 11 s``; gaps are told."""
    values = known(curve.values)
    if not values:
        return f"{curve.name}: nothing measured"
    low, high, median = min(values), max(values), sorted(values)[(len(values) - 1) // 2]
    gaps = len(curve.values) - len(values)
    missing = f", nothing measured in {gaps} of {len(curve.values)} seconds" if gaps else ""
    if low == high:
        return f"{curve.name}: {number(low)} throughout{missing}"
    at_s = first_s + curve.values.index(high)
    return f"{curve.name}: {number(low)} to {number(high)}, median {number(median)}, highest at {at_s} s{missing}"


def caption(chart: Chart | Strips) -> str:
    """What a chart shows, for somebody who cannot see it."""
    return "; ".join(in_words(each, chart.first_s) for each in chart.curves)


def number(value: float) -> str:
    """Three digits, or all there are before the point."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def coarse(values: Sequence[float | None], size: int) -> list[float | None]:
    """The largest of every ``size`` values; None where none of them was measured."""
    groups = [known(values[at : at + size]) for at in range(0, len(values), size)]
    return [max(group, default=None) for group in groups]


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5, 10, 20 … that divides ``span`` (> 0) into at most ``most`` steps."""
    raw = span / most
    magnitude = 10.0 ** math.floor(math.log10(raw))
    return next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= raw * (1 - 1e-9))
