"""Benchmarks of this machine."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from playground.cli.options import Json, app


class Bench(StrEnum):
    """What can be measured."""

    KERNEL = "kernel"
    RING = "ring"
    SCREEN = "screen"
    VIEWERS = "viewers"


@app.command()
def bench(what: Annotated[Bench, typer.Argument(help="What to measure.")], as_json: Json = False) -> int:
    """Measure this machine: kernel, ring, screen, or viewers.

    Viewers: how many of them a shared session bears.
    """
    import importlib

    module: Any = importlib.import_module(f"playground.bench.{what.value}")
    status: int = module.run(as_json=as_json)
    return status
