"""``replay --cast``: films the scenario in the app once it has been replayed, and holds the two runs together."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from playground.kernel.errors import UserError

if TYPE_CHECKING:
    from playground.scenario.model import Scenario
    from widgets.palette import Theme

CastFile = Annotated[
    Path | None,
    typer.Option("--cast", metavar="FILE", help="Film it in the app, too: an asciicast. FILE is overwritten."),
]
CastSize = Annotated[
    str | None, typer.Option("--size", metavar="CxR", help="Columns x rows of the cast (default: 120x36).")
]
CastSpeed = Annotated[
    str | None,
    typer.Option("--cast-speed", metavar="X", help="Virtual seconds per second of the cast (default: 1)."),
]

CastTheme = Annotated[
    str | None, typer.Option("--cast-theme", metavar="NAME", help="Theme of the cast: dark or light (default: dark).")
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be filmed, and where to; found good before anything has run."""

    scenario: Scenario
    path: Path
    size: tuple[int, int]
    speed: float
    theme: Theme


def wanted(
    scenario: Scenario | None, path: Path | None, size: str | None, speed: str | None, theme: str | None = None
) -> Wanted | None:
    """What the options ask for; None: nothing. UserError if they can't be met."""
    if path is None or scenario is None:
        if (size, speed, theme) != (None, None, None):
            raise UserError("--size, --cast-speed and --cast-theme are about the recording: name its file, --cast FILE")
        return None
    from playground.screens import asciicast

    found = Wanted(
        scenario,
        path,
        asciicast.size_from(size or "120x36"),
        asciicast.speed_from(speed or "1"),
        asciicast.theme_from(theme or "dark"),
    )
    asciicast.check(path, scenario, found.speed)
    return found


def film(plan: Wanted, *, seed: int | None, digest: str) -> int:
    """Film and write; ``digest`` is what the replay came to. 0: done; 1: not, and one line says why."""
    from playground.scenario.telling.headless import watched
    from playground.screens import cast

    try:
        with watched(plan.scenario) as progress:
            made = cast.film(
                plan.scenario, size=plan.size, speed=plan.speed, seed=seed, theme=plan.theme, progress=progress
            )
    except cast.AppCrashed as error:
        print(f"playground: nothing filmed: {error}", file=sys.stderr)
        return 1
    if made.digest != digest:
        # Determinism is broken: a recording of another run than the one judged must not pass for it.
        print(
            f"playground: nothing filmed: the run in the app came to the digest {made.digest}, "
            f"the replay to {digest}; that is an error in the playground",
            file=sys.stderr,
        )
        return 1
    size = made.write(plan.path)
    about = f"{made.lasts_s:.1f} s, {made.columns}x{made.rows}, {size / 1e3:,.0f} kB"
    print(f"{plan.path}: {about}; watch it: asciinema play {plan.path}", file=sys.stderr)
    return 0
