"""What came of a sweep, for a person and for programs. Nothing in it depends on which seed was finished first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from playground.scenario.telling.layout import grid, indented, rows, title
from playground.sweeps.sweep import Failure, Tally
from playground.sweeps.trial import LOST, Plan

SHOWN = 400
"""Characters of the list of failing seeds that are shown; the file of results and the JSON hold all of them."""


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep that has ended, or was interrupted."""

    plan: Plan
    tally: Tally
    name: str
    """The scenario as it was typed."""
    wall_s: float

    @property
    def seeds_per_s(self) -> float:
        """How fast seeds were played; those known from before don't count."""
        return self.tally.played / self.wall_s if self.wall_s else 0.0

    @property
    def options(self) -> str:
        """What else has to be typed to play one of these seeds again."""
        variant = f" --variant {self.plan.scenario.variant}" if self.plan.scenario.variant else ""
        faults = "" if self.plan.budget is None else f" --faults random --budget {self.plan.budget}"
        return variant + faults

    def as_json(self) -> dict[str, Any]:
        """For programs. Everything but ``wall_s`` and ``seeds_per_s`` is the same each time."""
        tally, plan = self.tally, self.plan
        return {
            "title": plan.scenario.title,
            **({"variant": plan.scenario.variant} if plan.scenario.variant else {}),
            "faults": None if plan.budget is None else "random",
            "budget": plan.budget,
            "seeds": str(tally.seeds),
            "count": len(tally.seeds),
            "complete": tally.complete,
            "done": tally.done,
            "passed": tally.passed,
            "failed": tally.failed,
            "failures": [_failure(each) for each in tally.failures],
            "failing_seeds": list(tally.failing),
            "digest": tally.digest,
            "wall_s": round(self.wall_s, 3),
            "seeds_per_s": round(self.seeds_per_s, 1),
        }


def report(swept: Swept, console: Console) -> None:
    """Print everything that is worth knowing about ``swept``."""
    tally, plan = swept.tally, swept.plan
    console.print(Text(plan.scenario.title, "bold"))
    faults = "" if plan.budget is None else f", {plan.budget} random faults each"
    console.print(Text(f"{_count(len(tally.seeds), 'seed')} ({_short(str(tally.seeds))}){faults}", "dim"))
    title("Outcomes", console)
    console.print(indented(rows(("", "seeds", "share"), _outcomes(tally))))
    if tally.failed:
        title("What failed", console)
        lines = grid("left", "right", "left")
        for each in tally.failures:
            seed, why = each.examples[0]
            examples = ", ".join(str(seed) for seed, _ in each.examples)
            more = " …" if each.count > len(each.examples) else ""
            lines.add_row(Text(each.name, "red"), f"{each.count:,}", Text(f"seeds {examples}{more}"))
            lines.add_row("", "", Text(f"{seed}: {why}", "dim"))
        console.print(indented(lines))
        title("Failing seeds", console)
        console.print(indented(Text(_short(str(tally.failing)))))
    console.print()
    known = tally.done - tally.played
    speed = f"{tally.played:,} played in {swept.wall_s:.1f} s, {swept.seeds_per_s:,.1f} seeds per second"
    console.print(Text(speed + (f"; {known:,} known from before" if known else ""), "dim"))
    _result(swept, console)


def _result(swept: Swept, console: Console) -> None:
    tally = swept.tally
    if not tally.complete:
        console.print(Text(f"INCOMPLETE: {tally.done:,} of {len(tally.seeds):,} seeds", "bold yellow"))
    elif tally.failed:
        console.print(Text("FAILED", "bold red"))
    else:
        console.print(Text("PASSED", "bold green"))
    # Never broken: they are there to be copied.
    console.print(Text(f"digest {tally.digest}"), soft_wrap=True)
    telling = [each for each in tally.failures if each.name != LOST]
    if telling:
        seed = min(each.examples[0][0] for each in telling)
        console.print(Text(f"playground shrink {swept.name} --seed {seed}{swept.options}"), soft_wrap=True)


def _outcomes(tally: Tally) -> list[tuple[str, ...]]:
    return [
        (name, f"{count:,}", f"{count / tally.done:.1%}" if tally.done else "-")
        for name, count in (("passed", tally.passed), ("failed", tally.failed))
    ]


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "name": failure.name,
        "count": failure.count,
        "examples": [{"seed": seed, "why": why} for seed, why in failure.examples],
    }


def _short(text: str) -> str:
    if len(text) <= SHOWN:
        return text
    return f"{text[: text.rindex(',', 0, SHOWN)]} … (and more)"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
