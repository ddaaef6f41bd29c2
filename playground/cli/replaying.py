"""Scenarios without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from playground.cli.filming import CastFile, CastSize, CastSpeed, film, wanted
from playground.cli.options import Json, Seed, Variant, app
from playground.kernel.errors import UserError

if TYPE_CHECKING:
    from playground.scenario.outcome import Outcome

Names = Annotated[
    list[str],
    typer.Argument(metavar="SCENARIO...", help="Files, or names of shipped ones (playground list)."),
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
) -> int:
    """Run scenarios without a screen, as fast as it goes, and report."""
    from playground.scenario.loader import load_file, pick
    from playground.scenario.shelf import find

    # All of them are read first: a mistake in the last one is told before the first is run.
    scripts = [load_file(find(each)) for each in scenarios]
    if variant:
        scripts = [pick(each, variant).alone() for each in scripts]
    if cast is not None and len(scripts) > 1:
        raise UserError("--cast films one scenario; replay the others without it")
    # Of several variants the first is filmed: the one that the app would show.
    to_film = wanted(None if cast is None else pick(scripts[0]), cast, size, cast_speed)
    from playground.scenario.headless import run_and_report

    kept: list[Outcome] = []
    status = run_and_report(scripts, seed=seed, as_json=as_json, keep=kept.append)
    if to_film:
        status = max(status, film(to_film, seed=seed, digest=kept[0].digest))
    return status


@app.command("list")
def list_scenarios() -> int:
    """Show the scenarios that are shipped."""
    from playground.scenario.headless import print_shelf

    return print_shelf()
