"""``playground shrink``: is it there, how small does it get, where was it written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.text import Text

from playground.kernel.errors import UserError
from playground.scenario.loader import loads
from playground.scenario.model import Scenario
from playground.scenario.outcome import Outcome
from playground.scenario.telling.terminal import bar, plain_console
from playground.sweeps.engine import Engine
from playground.sweeps.failures import failures
from playground.sweeps.headless import interrupts
from playground.sweeps.shrink import Shrunk, Told, comparable, shrink
from playground.sweeps.simpler import with_method
from playground.sweeps.trial import Plan, play_within
from playground.sweeps.writing import as_expected, as_it_failed, refused, render, write_free, write_new


def shrink_and_write(
    plan: Plan, seed: int, make_engine: Callable[[], Engine], *, runs: int, target: Path | None, name: str
) -> int:
    """Shrink what ``plan`` plays with ``seed``, write it to ``target`` (None: a free name here), and tell. Returns 0.

    UserError if the seed does not fail, or nothing can be written; KeyboardInterrupt if somebody presses Ctrl-C.
    """
    if target is not None and target.exists():
        raise UserError(f"{target}: exists already; name a new file")
    with interrupts() as interrupted:
        outcome = _played(plan, seed, interrupted.pressed)
        names = comparable(failures(outcome, refusals=plan.budget is None))
        if not names:
            raise UserError(f"seed {seed} passes: there is nothing to shrink")
        with contextlib.closing(make_engine()) as engine, _progress(runs) as told:
            interrupted.stop(engine)
            shrunk = shrink(plan.scenario_of(seed), names, engine, runs=runs, limit_s=plan.limit_s, told=told)
        # In this process, whatever the engine: what is told here is what a replay will say.
        left = play_within(shrunk.scenario, plan.limit_s, interrupted.pressed)
    text = render(shrunk.scenario, as_it_failed(left), _origin(plan, seed, name, shrunk, left))
    path = target or write_free(Path(), f"{_stem(name)}-seed-{seed}", text)
    if target is not None:
        write_new(target, text)
    _tell(outcome, shrunk, left, path, _replayed(text, path), plain_console())
    return 0


def write_drawn(plan: Plan, seed: int, target: Path, name: str) -> None:
    """Write what ``plan`` plays with ``seed`` to a new file, without what is refused. UserError if that fails."""
    with interrupts() as interrupted:
        outcome = _played(plan, seed, interrupted.pressed)
    scenario, places = plan.scenario_of(seed), refused(outcome)
    kept = tuple(each for place, each in enumerate(scenario.method) if place not in places)
    drawn = "" if plan.budget is None else f": {plan.budget} random faults"
    comment = f"Seed {seed} of a sweep of {name}{drawn}. Replayed, it comes to the digest\n{outcome.digest}\n"
    write_new(target, render(with_method(scenario, kept), as_expected(scenario), comment))


def _played(plan: Plan, seed: int, interrupted: Sequence[int]) -> Outcome:
    try:
        return play_within(plan.scenario_of(seed), plan.limit_s, interrupted)
    except TimeoutError as error:
        raise UserError(f"seed {seed} takes too long ({error}); allow more with --timeout") from None


def _origin(plan: Plan, seed: int, name: str, shrunk: Shrunk, left: Outcome) -> str:
    """The comment at the beginning of the file: where it comes from, and what fails."""
    faults = "" if plan.budget is None else f" under {plan.budget} random faults"
    lines = [
        f"What is left of {name} with seed {seed}{faults}, shrunk to what still fails in the same way:",
        *(f"  {line}" for line in _seen(shrunk, left)),
        f"Replayed, it comes to the digest\n{left.digest}",
    ]
    return "\n".join(lines) + "\n"


def _seen(shrunk: Shrunk, left: Outcome) -> list[str]:
    """What fails, one line each."""
    return [f"{name}: {why}" for name, why in failures(left).items() if name in shrunk.names]


def _replayed(text: str, path: Path) -> bool:
    """Whether the file, read again, meets its own expectations."""
    scenario: Scenario = loads(text, str(path))
    return play_within(scenario, limit_s=float("inf")).passed


def _tell(outcome: Outcome, shrunk: Shrunk, left: Outcome, path: Path, passes: bool, console: Console) -> None:
    before, after = len(outcome.scenario.method), len(shrunk.scenario.method)
    console.print(Text(f"seed {outcome.seed} fails, and so does what is left of it:", "bold"))
    for line in _seen(shrunk, left):
        console.print(Text(f"  {line}", "red"))
    console.print(Text(f"{_count(before, 'command')} became {after}, in {_count(shrunk.runs, 'run')}:"))
    for at_us, command in shrunk.scenario.method:
        console.print(Text(f"  {at_us / 1e6:>8.3f} s  {command.line()}"), soft_wrap=True)
    console.print(Text(f"  {shrunk.scenario.until_us / 1e6:>8.3f} s  the end"))
    if not shrunk.minimal:
        console.print(Text("the runs are used up: it may get smaller with more of them (--runs)", "yellow"))
    if not passes:
        console.print(Text("the replay fails: no tolerance can expect what was not measured, or an error", "yellow"))
    console.print(Text(f"playground replay {path}"), soft_wrap=True)


def _stem(name: str) -> str:
    return Path(name).stem or "scenario"


@contextlib.contextmanager
def _progress(runs: int) -> Iterator[Told]:
    """A bar on a terminal; yields what to tell how many runs there were, and how many commands are left."""
    columns = TextColumn("{task.fields[said]}"), BarColumn(bar_width=None)
    with bar(*columns, total=runs, said="") as show:
        yield lambda done, left: show(completed=done, said=f"{done} of {runs} runs, {_count(left, 'command')} left")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
