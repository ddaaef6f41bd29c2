"""The tour of two minutes on a real platform, with a real way back: every step by its key, its effect by itself."""

from __future__ import annotations

import asyncio
import re

from playground.screens.app import PlaygroundApp
from playground.screens.timelines import Timelines
from playground.screens.tour.progress import Progress, Stage
from playground.session import Session
from playground.spec import PRESETS, ClusterSpec
from tests.screens.driving import Driver
from tests.screens.rewinding import Here
from tests.screens.test_screens_tour import caption

SPEC = ClusterSpec.model_validate({**PRESETS["platform"], "load": {"rate": 10, "clients": 1}})
KEYS = (
    ("Press x", "x"),
    ("Press s", "s"),
    ("Press p", "p"),
    ("Press E", "E"),
    ("Press <", "less_than_sign"),
    ("Press >", "greater_than_sign"),
    ("Press w", "w"),
)


def test_the_tour_of_two_minutes_from_its_first_word_to_its_last() -> None:
    progress = Progress()
    told: list[str] = []

    async def take() -> None:
        async with app.run_test(size=(120, 36)) as pilot:
            d = Driver(app, pilot, None)  # type: ignore[arg-type]
            await d.until(lambda: app.frame.header.at_us > 2_000_000)
            await d.press("T")
            for wanted, key in KEYS:
                await d.until(lambda wanted=wanted: wanted in caption(d))  # type: ignore[misc]
                told.append(caption(d))
                await d.press(key)
            await d.until(lambda: "10/10" in caption(d))
            told.append(caption(d))
            await d.press("escape")

    with Session(SPEC, 7, speed=10.0) as session:
        timelines = Timelines(session, Here())  # type: ignore[arg-type]
        app = PlaygroundApp(session, timelines=timelines, progress=progress, save=lambda: "saved: session.yaml")
        try:
            asyncio.run(take())
        finally:
            timelines.end()
        acts = [command.line() for _, command in session.record().timeline]
    assert progress.tour is Stage.DONE
    target = told[0].split()[1]
    assert f"▸ {target} is the master of shard-" in told[0]
    assert "is elected master of shard-" in told[1]
    assert "alive again" in told[2]
    assert "suspect" in told[3] or "dead" in told[3]
    assert "alive again" in told[4]
    assert re.match(r"▸ This is \d\d:\d\d\.\d{3}, as it was", told[5])
    assert acts[:2] == [f"crash {target}", f"start {target}"]
    assert acts[2].startswith(f"partition {target} | ")
    assert acts[3:] == ["heal"]
