"""A lab in the app: its captions, its tables, its verdict; run again, and left at any moment."""

from __future__ import annotations

import asyncio

from textual.pilot import Pilot

from playground.scenario.loader import loads_file
from playground.scenario.model import Experiment
from playground.screens.lab import LabApp

LAB = """
title: a small ring
description: how much memory?
lab: {name: ring-memory, servers: 50, points: 20, lookups: 100, sample: 100}
method:
  - say: first
  - say: second
expect: {points: %s}
"""


def experiment(points: int = 1_000) -> Experiment:
    file = loads_file(LAB % points)
    assert isinstance(file, Experiment)
    return file


async def over(app: LabApp, pilot: Pilot[None]) -> None:
    while app.result is None:
        await pilot.pause()


def driven(app: LabApp, *keys: str, size: tuple[int, int] = (100, 30)) -> list[str]:
    """What head, panel and caption show once the experiment is over and ``keys`` were pressed."""
    shown: list[str] = []

    async def drive() -> None:
        async with app.run_test(size=size) as pilot:
            await over(app, pilot)
            await pilot.press(*keys)
            await over(app, pilot)
            await pilot.pause()
            shown.extend((app.head.text(), app.panel.text(), app.caption.text()))

    asyncio.run(drive())
    return shown


def test_it_runs_says_what_it_came_to_and_judges_it() -> None:
    app = LabApp(experiment())
    head, panel, caption = driven(app)
    assert "a small ring: all as expected" in head
    assert "points" in panel
    assert "1,000" in panel
    assert "pass" in panel
    assert "how much memory?" in panel
    assert "first" in caption
    assert "1/2" in caption
    assert app.result is not None
    assert app.result.passed


def test_what_was_not_expected_is_said() -> None:
    head, panel, _ = driven(LabApp(experiment(points=7)))
    assert "not as expected" in head
    assert "FAIL" in panel


def test_space_goes_through_the_captions_and_begins_again() -> None:
    assert "second" in driven(LabApp(experiment()), "space")[2]
    assert "first" in driven(LabApp(experiment()), "space", "space")[2]


def test_run_again_it_comes_to_the_same() -> None:
    first, again = LabApp(experiment()), LabApp(experiment())
    driven(first)
    driven(again, "r")
    assert first.result is not None
    assert again.result is not None
    assert again.result is not first.result
    assert again.result.digest == first.result.digest


def test_it_can_be_left_while_it_runs() -> None:
    app = LabApp(experiment())

    async def drive() -> None:
        async with app.run_test() as pilot:
            await pilot.press("q")
        assert app.return_code == 0

    asyncio.run(drive())
