"""Judging what others recorded: histories and journals."""

from __future__ import annotations

from typing import Annotated

import typer

from playground.cli.options import Json, app


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Histories that Jepsen wrote.")],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="register or kv (default: what the operations say).")
    ] = None,
    steps: Annotated[
        int, typer.Option(min=1, max=10**12, metavar="N", help="Give a file up after so many steps.")
    ] = 1_000_000,
    as_json: Json = False,
) -> int:
    """Judge histories that Jepsen recorded: linearizable or not?

    If not, the few operations that show it are told.

    What failed did not happen. But a cas that failed with its two values, in the console's form, was told that the
    value was another. If it can't have been, that is a violation.
    """
    from playground.checkers.checking import run

    return run(files, model=model, steps=steps, as_json=as_json)


@app.command()
def claims(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Only these, such as R8 (default: all).")
    ] = None,
    as_json: Json = False,
) -> int:
    """Measure what is claimed of distributed systems, and judge it."""
    from playground.scenario.telling.claims import run

    return run(ids or [], as_json=as_json)
