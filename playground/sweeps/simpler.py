"""Simpler versions of a scenario, one change at a time, the simplest first; whether they still fail is not asked here.

Every change makes one thing smaller (fewer names, an earlier instant, a smaller number, a field less), and none makes
anything larger: whoever takes one after the other comes to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from playground.commands import validate
from playground.kernel.errors import UserError
from playground.quantities import format_duration, parse_duration_us
from playground.scenario.model import Scenario

_SECOND_US = 1_000_000
_STEPS_US = (0, 100_000, _SECOND_US, 2 * _SECOND_US, 5 * _SECOND_US)
"""How long after what comes before it a command is tried."""
_GRIDS_US = (10 * _SECOND_US, 5 * _SECOND_US, _SECOND_US, 100_000)
_FRACTIONS = (0, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4)
_DURATIONS_US = (100_000, 500_000, *(each * _SECOND_US for each in (1, 2, 5, 10, 20, 30, 60)))
_PERCENTS = (1, 5, 10, 20, 50, 90)
_NUMBERS = tuple(digit * 10**power for power in range(6) for digit in (1, 2, 5))
_KEPT = ("lasting",)
"""Fields whose absence is not less: without it a fault never ends."""


def with_method(scenario: Scenario, method: tuple[tuple[int, Any], ...]) -> Scenario:
    """``scenario`` with another method, and its own rollbacks."""
    return replace(scenario, timeline=(*method, *scenario.undoing))


def with_rollbacks(scenario: Scenario, undoing: tuple[tuple[int, Any], ...]) -> Scenario:
    """``scenario`` with other rollbacks."""
    return replace(scenario, timeline=(*scenario.method, *undoing), rollbacks=len(undoing))


def shorter(scenario: Scenario) -> Iterator[Scenario]:
    """That end earlier, the shortest first."""
    least_us = max((at_us for at_us, _ in scenario.method), default=0)
    if scenario.hypothesis is not None:
        least_us = max(least_us, *(each.over_us for each in scenario.hypothesis.probes))
    for grid_us in (_SECOND_US, 100_000):
        for fraction in _FRACTIONS:
            exact_us = least_us + (scenario.until_us - least_us) * fraction
            until_us = max(1, -int(-exact_us // grid_us)) * grid_us
            if until_us < scenario.until_us:
                undoing = tuple((until_us, command) for _, command in scenario.undoing)
                yield replace(scenario, timeline=(*scenario.method, *undoing), until_us=until_us)


def earlier(scenario: Scenario, number: int) -> Iterator[Scenario]:
    """Whose command ``number``, and all that comes after it, happens earlier; then, it alone at a rounder instant."""
    method = scenario.method
    at_us = method[number][0]
    before_us = method[number - 1][0] if number else 0
    for step_us in _STEPS_US:
        moved_us = before_us + step_us if number else max(_SECOND_US, step_us)
        if moved_us < at_us:
            less_us = at_us - moved_us
            yield _from_there(scenario, number, less_us)
    for grid_us in _GRIDS_US:
        moved_us = at_us // grid_us * grid_us
        if max(before_us, _SECOND_US) <= moved_us < at_us:
            yield with_method(scenario, (*method[:number], (moved_us, method[number][1]), *method[number + 1 :]))


def plainer(scenario: Scenario, number: int) -> Iterator[Scenario]:
    """Whose command ``number`` names fewer nodes, has smaller or rounder numbers, or leaves a field at its default."""
    at_us, command = scenario.method[number]
    written = command.model_dump(exclude_defaults=True, exclude={"do"})
    for name, value in written.items():
        others = {other: value for other, value in written.items() if other != name}
        if name not in command.target_fields and name not in _KEPT:
            yield from _changed(scenario, number, at_us, command, others)
        for smaller in _smaller(value):
            yield from _changed(scenario, number, at_us, command, {**others, name: smaller})


def _changed(scenario: Scenario, number: int, at_us: int, command: Any, fields: dict[str, Any]) -> Iterator[Scenario]:
    """With other fields of a command, if there is such a one."""
    try:
        other = validate({"do": command.do, **fields})
    except UserError:
        return
    if other != command:
        method = scenario.method
        yield with_method(scenario, (*method[:number], (at_us, other), *method[number + 1 :]))


def _from_there(scenario: Scenario, number: int, less_us: int) -> Scenario:
    method = scenario.method
    moved = tuple((at_us - less_us, command) for at_us, command in method[number:])
    return with_method(scenario, (*method[:number], *moved))


def _smaller(value: Any) -> Iterator[Any]:
    """Smaller values of a field as it is written, the smallest first."""
    if isinstance(value, list):
        yield from _fewer(value)
    elif isinstance(value, str):
        yield from _smaller_quantity(value)
    elif not isinstance(value, bool) and isinstance(value, int | float):
        yield from (each if value > 0 else -each for each in _NUMBERS if each < abs(value))


def _fewer(items: list[Any]) -> Iterator[list[Any]]:
    """Each item alone, or all but one; of lists within, the same for one of them. Never none at all."""
    if any(isinstance(item, list) for item in items):
        for number, inner in enumerate(items):
            for fewer in _fewer(inner):
                yield [*items[:number], fewer, *items[number + 1 :]]
    if len(items) > 2:
        yield from ([item] for item in items)
    if len(items) > 1:
        yield from ([*items[:number], *items[number + 1 :]] for number in reversed(range(len(items))))


def _smaller_quantity(text: str) -> Iterator[str]:
    """Of a share or a duration; nothing for other texts."""
    if text.endswith("%"):
        yield from (f"{each}%" for each in _PERCENTS if each < _number(text[:-1]))
        return
    try:
        duration_us = parse_duration_us(text)
    except ValueError:
        return
    sign = "-" if duration_us < 0 else ""
    yield from (sign + format_duration(each) for each in _DURATIONS_US if each < abs(duration_us))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


Simplify = Callable[[Scenario], Iterator[Scenario]]
