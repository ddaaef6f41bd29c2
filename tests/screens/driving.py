"""Runs the app without a terminal: ``drive(steps)`` gives the steps a pilot, the app and the fake session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.pilot import Pilot

from playground.screens.app import PlaygroundApp
from tests.screens.fake import FakeSession
from widgets.palette import DEFAULT, Look

PATIENCE_S = 60.0


class Driver:
    """What a test has in hand."""

    def __init__(self, app: PlaygroundApp, pilot: Pilot[None], session: FakeSession) -> None:
        self.app = app
        self.pilot = pilot
        self.session = session

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def write(self, text: str) -> None:
        """Type it all at once, as a paste: each press costs a pilot some 50 ms."""
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()

    async def until(self, seen: Callable[[], bool]) -> None:
        """Wait until something is so; fails after a while."""
        ends = time.monotonic() + PATIENCE_S
        while not seen():
            assert time.monotonic() < ends, f"never happened; the screen shows:\n{self.text()}"
            await self.pilot.pause(0.01)

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join("".join(part.text for part in strip) for strip in self.app.screen._compositor.render_strips())

    def seen(self) -> list[str]:
        """The panels that stand on the screen, not only in the plan, by their numbers."""
        stage = self.app.stage
        there = [name for name in stage.shown() if stage.panels[name].region.area]
        assert {name: stage.panels[name].region.size for name in there} == {
            name: place.size for name, place in stage.plan.places.items()
        }
        return there

    @property
    def notice(self) -> str:
        return self.text().splitlines()[-2].strip()

    @property
    def footer(self) -> str:
        return self.text().splitlines()[-1]

    def lines(self) -> list[str]:
        """The Commands sent so far, as they would be typed."""
        return [command.line() for command in self.session.sent]


def drive(
    steps: Callable[[Driver], Awaitable[None]],
    *,
    size: tuple[int, int] = (160, 50),
    session: FakeSession | None = None,
    look: Look = DEFAULT,
    **options: Any,
) -> None:
    session = session or FakeSession()
    app = PlaygroundApp(session, look=look, **options)

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await steps(Driver(app, pilot, session))

    asyncio.run(run())
