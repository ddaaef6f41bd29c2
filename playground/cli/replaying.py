"""Scenarios without a screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from playground.cli.filming import CastFile, CastSize, CastSpeed, CastTheme, film, wanted
from playground.cli.journals import Journal, recorded
from playground.cli.options import Json, Seed, Variant, app
from playground.kernel.errors import UserError

if TYPE_CHECKING:
    from playground.scenario.model import Experiment, Scenario, Script
    from playground.scenario.outcome import Outcome
    from playground.scenario.playing import Examined, Played

Junit = Annotated[
    str | None, typer.Option("--junit", metavar="FILE", help="Write the verdicts as JUnit XML, for a CI server.")
]
Report = Annotated[
    str | None, typer.Option("--report", metavar="FILE", help="Write a hand-out with charts: FILE.md or FILE.html.")
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Run each twice, in processes of their own, and compare the two runs.")
]
Names = Annotated[
    list[str],
    typer.Argument(metavar="SCENARIO", help="Files, or names of shipped ones (playground list)."),
]


@app.command()
def replay(
    scenarios: Names,
    as_json: Json = False,
    seed: Seed = None,
    variant: Variant = "",
    cast: CastFile = None,
    size: CastSize = None,
    cast_speed: CastSpeed = None,
    cast_theme: CastTheme = None,
    journal: Journal = None,
    junit: Junit = None,
    report: Report = None,
    verify: Verify = False,
) -> int:
    """Run scenarios without a screen, as fast as it goes, and report."""
    from playground.scenario.loader import load_file, pick
    from playground.scenario.shelf import find

    # All of them are read first: a mistake in the last one is told before the first is run.
    scripts = [load_file(find(each)) for each in scenarios]
    if variant:
        scripts = [pick(each, variant).alone() for each in scripts]
    if verify:
        if as_json or cast or journal or junit or report:
            raise UserError(
                "--verify only says whether two runs are the same; "
                "leave out --json, --cast, --journal, --junit, --report"
            )
        return _verify(scenarios, seed, variant)
    _check_outputs(scenarios, {"--journal": journal, "--cast": cast, "--junit": junit, "--report": report})
    to_record = _one_run(scripts) if journal is not None else None
    if cast is not None and len(scripts) > 1:
        raise UserError("--cast films one scenario; replay the others without it")
    # Of several variants the first is filmed: the one that the app would show.
    to_film = wanted(None if cast is None else pick(scripts[0]), cast, size, cast_speed, cast_theme)
    from playground.scenario.telling.headless import run_and_report

    kept: list[Outcome] = []
    results: list[Played | Examined] = []
    with ExitStack() as stack:
        begun = None
        if to_record is not None:
            chosen = to_record.seed if seed is None else seed
            begun = stack.enter_context(recorded(journal, to_record.spec, chosen))
        status = run_and_report(
            scripts,
            seed=seed,
            as_json=as_json,
            keep=kept.append,
            done=results.append,
            begun=begun,
            chronicled=report is not None,
        )
    if junit is not None:
        from playground.scenario.telling.junit import write_junit

        write_junit(results, junit)
    if report is not None:
        from playground.handout.file import write

        written = write(list(zip(scenarios, results, strict=True)), report)
        print(f"{report}: {written / 1e3:,.0f} kB", file=sys.stderr)
    if to_film:
        status = max(status, film(to_film, seed=seed, digest=kept[0].digest))
    return status


def _check_outputs(scenarios: Sequence[str], outputs: Mapping[str, str | Path | None]) -> None:
    """UserError if a file would be written over a scenario or over another one, or if a report cannot be."""
    from playground.scenario.shelf import find

    taken = {os.path.realpath(find(each)): "the scenario itself" for each in scenarios}
    for option, path in outputs.items():
        if path is None or (os.path.exists(path) and not os.path.isfile(path)):
            continue  # devices take whatever comes, and of folders those complain who want to write there
        real = os.path.realpath(path)
        if real in taken:
            raise UserError(f"{option}: {path} is {taken[real]}; name another file")
        taken[real] = f"the file of {option}"
    if outputs["--junit"] is not None:
        from playground.scenario.telling.junit import check_path

        check_path(str(outputs["--junit"]))
    if outputs["--report"] is not None:
        from playground.handout.file import check_path as check_report

        check_report(str(outputs["--report"]))


def _one_run(scripts: Sequence[Script | Experiment]) -> Scenario:
    """The only run there will be: a journal holds one. UserError if there are several, or none that has a journal."""
    from playground.scenario.model import Experiment

    if len(scripts) > 1:
        raise UserError("--journal records one run; replay the other scenarios without it")
    script = scripts[0]
    if isinstance(script, Experiment):
        raise UserError(f"--journal: {script.source} is a lab; nothing happens in it that could be recorded")
    if len(script.variants) > 1:
        raise UserError(f"--journal records one run; choose one of them with --variant: {', '.join(script.names)}")
    return script.variants[0]


def _verify(scenarios: Sequence[str], seed: int | None, variant: str) -> int:
    from rich.console import Console

    from playground.scenario.verify import verify

    console = Console(highlight=False)
    same = [verify(each, console, seed=seed, variant=variant) for each in scenarios]
    return 0 if all(same) else 1


@app.command("list")
def list_scenarios() -> int:
    """Show the scenarios that are shipped."""
    from playground.scenario.telling.headless import print_shelf

    return print_shelf()
