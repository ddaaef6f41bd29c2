"""Many seeds of a scenario, and the smallest timeline of one that fails."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from playground.cli.options import MAX_SEED, Json, Name, app
from playground.kernel.errors import UserError

if TYPE_CHECKING:
    from playground.sweeps.engine import Engine
    from playground.sweeps.trial import Plan

BUDGET = 8
"""Random faults for each seed, if no other number is asked for."""


class Faults(StrEnum):
    """Where the timeline comes from."""

    RANDOM = "random"


RandomFaults = Annotated[
    Faults | None, typer.Option("--faults", help="Instead of the method: faults drawn from each seed.")
]
Budget = Annotated[
    int | None, typer.Option(min=1, max=1_000, metavar="N", help=f"Random faults for each seed (default: {BUDGET}).")
]
Jobs = Annotated[int | None, typer.Option(min=1, max=1_000, metavar="N", help="Processes (default: one a core).")]
Variant = Annotated[str, typer.Option(metavar="NAME", help="Which variant of the file (default: the first).")]
Scheduler = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Play on a Dask cluster: tcp://HOST:PORT of its scheduler.")
]
Timeout = Annotated[
    float, typer.Option(min=0.1, max=86_400, metavar="S", help="Give one run up after so many seconds.")
]


@app.command()
def sweep(
    scenario: Name,
    seeds: Annotated[str, typer.Option(metavar="SEEDS", help="For example 0..999, or 1,3,7..9.")] = "0..99",
    faults: RandomFaults = None,
    budget: Budget = None,
    variant: Variant = "",
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    results: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep each result here, and go on from what it holds.")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what one seed plays as a scenario, and play nothing else."),
    ] = None,
    timeout: Timeout = 600,
    as_json: Json = False,
) -> int:
    """Play a scenario with many seeds, and say which of them fail."""
    from playground.sweeps.seeds import parse_seeds

    chosen = parse_seeds(seeds)
    plan, text = _plan(scenario, variant, faults, budget, timeout)
    if write is not None:
        if len(chosen) != 1:
            raise UserError(f"--write: writes one seed, not {len(chosen):,}; write for example --seeds 17")
        from playground.sweeps.shrinking import write_drawn

        write_drawn(plan, next(iter(chosen)), write, scenario)
        print(f"playground replay {write}")
        return 0
    from importlib.metadata import version

    from playground.sweeps.headless import sweep_and_report
    from playground.sweeps.results import Results, header
    from playground.sweeps.sweep import Tally

    with contextlib.ExitStack() as stack:
        kept = None
        if results is not None:
            head = header(text, plan.scenario.variant, plan.budget, version("chaos-playground"))
            kept = stack.enter_context(Results(results, head))
        return sweep_and_report(
            plan, Tally(chosen), lambda: _engine(jobs, scheduler, timeout), kept, name=scenario, as_json=as_json
        )


@app.command()
def shrink(
    scenario: Name,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, metavar="N", help="A seed that fails.")],
    faults: RandomFaults = None,
    budget: Budget = None,
    variant: Variant = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="The new file (default: a free name here).")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="Play at most so many times.")] = 500,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    timeout: Timeout = 600,
) -> int:
    """Find the smallest timeline that fails in the same way."""
    plan, _ = _plan(scenario, variant, faults, budget, timeout)
    from playground.sweeps.shrinking import shrink_and_write

    return shrink_and_write(
        plan, seed, lambda: _engine(jobs, scheduler, timeout), runs=runs, target=output, name=scenario
    )


def _plan(name: str, variant: str, faults: Faults | None, budget: int | None, timeout: float) -> tuple[Plan, str]:
    """What is to be played, and the text of the file."""
    from playground.scenario.files.document import read_text
    from playground.scenario.loader import loads
    from playground.scenario.shelf import find
    from playground.sweeps.trial import Plan

    if budget is not None and faults is None:
        raise UserError("--budget: how many random faults; write --faults random, too")
    path = find(name)
    text = read_text(path)
    plan = Plan(loads(text, str(path), variant), None if faults is None else budget or BUDGET, timeout)
    plan.scenario_of(0)  # what is too short for random faults is so for every seed
    return plan, text


def _engine(jobs: int | None, scheduler: str | None, timeout: float) -> Engine:
    if scheduler is not None:
        if jobs is not None:
            raise UserError("--jobs: with --scheduler the workers of the cluster do the work; leave one of them out")
        from playground.sweeps.dask_cluster import DaskCluster

        return DaskCluster(scheduler, timeout)
    from playground.sweeps.pool import ProcessPool

    return ProcessPool(jobs, timeout)
