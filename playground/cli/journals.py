"""Journals: recording them, and telling where two of them part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from playground.cli.options import Json, app

if TYPE_CHECKING:
    from playground.scenario.runner import Begun
    from playground.spec import ClusterSpec

Journal = Annotated[
    str | None,
    typer.Option("--journal", metavar="FILE", help="Record everything that happens (FILE.gz: compressed)."),
]


@contextmanager
def recorded(path: str | None, spec: ClusterSpec, seed: int) -> Iterator[Begun | None]:
    """What records a run into ``path``; None without one. UserError if it cannot be written, or not to the end."""
    if path is None:
        yield None
        return
    from playground.journals.file import JournalFile

    with JournalFile(path, spec, seed) as file:
        yield file.attach


@app.command()
def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="A journal file.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    as_json: Json = False,
) -> int:
    """Name the first event at which two journals part.

    --journal FILE of replay, play and the app records them.
    """
    import json

    from playground.journals.difference import compare, report
    from playground.scenario.telling.terminal import plain_console

    found = compare(a, b)
    if as_json:
        print(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        report(found, plain_console())
    return 0 if found.same else 1
