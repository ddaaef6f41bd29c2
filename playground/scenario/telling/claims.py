"""``playground claims``: what is claimed of distributed systems, run, measured and judged.

A claim is a scenario in the folder ``claims`` of the shelf. Its title is the statement, the name of its file begins
with its id; what is measured is what it compares between variants, or else what it expects.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.text import Text

from playground.figure import Figure, spell
from playground.kernel.errors import UserError
from playground.scenario import shelf
from playground.scenario.loader import load_file
from playground.scenario.outcome import Outcome
from playground.scenario.playing import Examined, Played
from playground.scenario.shelf import CLAIMS, claim_id
from playground.scenario.telling.headless import run_one
from playground.scenario.telling.layout import grid, verdict
from playground.scenario.telling.terminal import plain_console
from playground.wording import unknown

_ALWAYS = ("checks", "hypothesis")
"""What every scenario expects says nothing about its claim."""


def run(ids: Sequence[str], *, as_json: bool = False) -> int:
    """Play the claims called ``ids`` (none: all) and print a paragraph, or a line of JSON, for each.

    0: all hold; 1: not. UserError for an id that there is no claim for.
    """
    chosen = _chosen(ids)
    console = plain_console()
    held = 0
    for name, path in chosen.items():
        came = run_one(load_file(path))
        held += came.passed
        if as_json:
            line = {
                "claim": name,
                "statement": _statement(came),
                "holds": came.passed,
                "measured": list(measured(came)),
            }
            print(json.dumps(line | {"digest": came.digest}, ensure_ascii=False), flush=True)
            continue
        paragraph = grid("left", "left", "left")
        paragraph.add_row(verdict(came.passed), name, Text(_statement(came), "bold"))
        for text in measured(came):
            paragraph.add_row("", "", Text(text, "dim"))
        console.print(paragraph)
    if not as_json:
        console.print()
        console.print(Text(f"{held} of {len(chosen)} claims hold", "bold green" if held == len(chosen) else "bold red"))
    return 0 if held == len(chosen) else 1


def measured(came: Played | Examined) -> Iterator[str]:
    """``stale_reads: strict 0, weak 315``, a line for each figure that the claim is about."""
    if isinstance(came, Examined):
        for figure, value in came.figures:
            yield f"{figure.name}: {spell(figure.kind, value)}"
        return
    expected = (each.expectation.figure for outcome in came.outcomes for each in outcome.verdicts)
    asked = (*(each.comparison.figure for each in came.compared), *expected)
    for figure in dict.fromkeys(asked):
        if figure.name not in _ALWAYS:
            values = (_value(outcome, figure) for outcome in came.outcomes)
            yield f"{figure.name}: {', '.join(values)}"
    for outcome in came.outcomes:
        for each in outcome.verdicts:
            if not each.passed:
                figure = each.expectation.figure
                yield f"{figure.name}: {_value(outcome, figure)}, should be {each.expectation.text}"
    for compared in came.compared:
        if not compared.passed:
            yield f"{compared.comparison.figure.name} should be {compared.comparison.text}"


def _value(outcome: Outcome, figure: Figure) -> str:
    return f"{outcome.scenario.variant} {spell(figure.kind, outcome.figures.get(figure.name))}".strip()


def _statement(came: Played | Examined) -> str:
    return came.script.title if isinstance(came, Played) else came.experiment.title


def _chosen(ids: Sequence[str]) -> dict[str, Path]:
    known = {claim_id(name): path for name, path in shelf.shipped().items() if name.startswith(CLAIMS)}
    for each in ids:
        if each not in known:
            raise UserError(unknown("claim", each, known))
    return {name: path for name, path in known.items() if not ids or name in ids}
