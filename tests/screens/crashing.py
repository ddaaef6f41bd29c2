"""The real command on this terminal, with an error made somewhere: ``python tests/screens/crashing.py WHERE``.

The error comes with the key ``v``, or, where no key leads there, by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from playground import session
from playground.cli import main
from playground.cluster import Cluster
from playground.pictures import Painter
from playground.screens import acts
from playground.screens.app import PlaygroundApp
from playground.screens.intake import Intake
from widgets.ring import RingPanel

FRAMES = 12
"""A second and a bit of the world at ten Frames a second."""


def fail(*_: Any, **__: Any) -> Any:
    raise RuntimeError("made to fail")


def after(count: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """``function``, which fails when it is called for the ``count``-th time."""
    calls = 0

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        return fail() if calls >= count else function(*args, **options)

    return counted


def in_a_worker(app: acts.Acts, _key: str) -> None:
    async def work() -> None:
        fail()

    app.app.run_worker(work())


def in_the_painting_of(app: acts.Acts, _key: str) -> None:
    RingPanel.paint = fail  # type: ignore[method-assign]
    app.app.stage.panels["ring"].redraw()


def break_at(where: str) -> None:
    """Put the error there."""
    broken: Any = {"key": fail, "widget": in_the_painting_of, "worker": in_a_worker}
    if where in broken:
        acts.Acts.mark = broken[where]  # type: ignore[method-assign]
    elif where == "start":
        PlaygroundApp.on_mount = fail  # type: ignore[method-assign]
    elif where == "input":
        Intake.messages = fail  # type: ignore[method-assign]
    elif where == "cluster":
        session.Cluster = fail  # type: ignore[attr-defined, assignment]
    elif where == "world":
        Cluster.advance = after(FRAMES * 5, Cluster.advance)  # type: ignore[method-assign]
    else:
        count = {"painter": FRAMES, "first picture": 1}[where]
        Painter.paint = after(count, Painter.paint)  # type: ignore[method-assign]


if __name__ == "__main__":
    break_at(sys.argv[1])
    sys.argv = ["playground", "--preset", "small", "--seed", "7"]
    sys.exit(main())
