"""Somebody who presses anything: all keys of the registry and others, the mouse, other sizes of the terminal.

The events are drawn from a seed and posted to a real app on a real session, as a driver would post them. Typed text
and pastes are among them; ``q`` ends an app, and the next one begins on the same session.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from textual import events
from textual.geometry import Size
from textual.message import Message

from playground.cluster import Cluster
from playground.kernel.world import run
from playground.record import Record
from playground.scenario.writer import save
from playground.screens.app import PlaygroundApp
from playground.screens.keys import KEYS
from playground.screens.timelines import Timelines
from playground.session import Session
from playground.spec import ClusterSpec
from tests.screens.rewinding import Here
from widgets.palette import DEFAULT

NAMED = tuple(name for key in KEYS for name in key.keys)
OTHERS = (
    "a",
    "g",
    "u",
    "Z",
    "0",
    "backspace",
    "delete",
    "ctrl+c",
    "ctrl+d",
    "ctrl+a",
    "f5",
    "insert",
    "alt+x",
    "ä",
    "☃",
)
LINES = (
    "crash n1", "crash n1 n2", "start n1", "freeze n2", "thaw n2", "partition n1 | n2 n3", "one-way n1", "heal",
    "load 5", "put cat tom", "get cat", "link n1 n2 latency=40ms loss=20%", "crash nobody", "rewind 1", "nonsense",
    "", "show n1", "speed 2",
)  # fmt: skip
SIZES = ((160, 50), (120, 36), (80, 24), (60, 20), (59, 19), (200, 60), (1, 1), (300, 9))
BATCH = 50
"""So many events are posted before the app is waited for."""


@dataclass
class Monkey:
    """One seed, and what it has done so far."""

    chance: random.Random
    size: Size = field(default_factory=lambda: Size(160, 50))
    pressed: set[str] = field(default_factory=set)
    quits: int = 0
    posted: int = 0

    def draw(self) -> list[Message]:
        """What comes next: mostly a key."""
        kind = self.chance.random()
        if kind < 0.08:
            return [self._key("escape")]  # or it would spend its life on the command line
        if kind < 0.80:
            return [self._key(self.chance.choice(NAMED))]
        if kind < 0.84:
            return [self._key(self.chance.choice(OTHERS))]
        if kind < 0.96:
            return self._mouse()
        if kind < 0.97:
            self.size = Size(*self.chance.choice(SIZES))
            return [events.Resize(self.size, self.size)]
        if kind < 0.98:
            return [events.Paste(self.chance.choice(LINES) * self.chance.choice((1, 1, 400)))]
        keys = [self._key("colon"), *(events.Key(char, char) for char in self.chance.choice(LINES))]
        return [*keys, self._key(self.chance.choice(("enter", "enter", "tab", "escape")))]

    def _key(self, name: str) -> events.Key:
        self.pressed.add(name)
        return events.Key(name, name if len(name) == 1 else None)

    def _mouse(self) -> list[Message]:
        kinds: tuple[type[events.MouseEvent], ...] = (
            events.MouseMove, events.MouseDown, events.MouseUp, events.MouseScrollDown, events.MouseScrollUp,
        )  # fmt: skip
        x, y = self.chance.randrange(-2, self.size.width + 3), self.chance.randrange(-2, self.size.height + 3)
        if self.chance.random() < 0.02:
            x, y = 99_999, 99_999
        chosen = kinds[1:3] if self.chance.random() < 0.5 else (self.chance.choice(kinds),)  # a click, or less
        return [kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y) for kind in chosen]

    async def play(self, app: PlaygroundApp, count: int) -> None:
        """Until ``count`` events have been posted, or the app has ended."""
        async with app.run_test(size=(self.size.width, self.size.height)) as pilot:
            await pilot.pause()
            while self.posted < count and app.is_running:
                for event in (each for _ in range(BATCH) for each in self.draw()):
                    event.set_sender(app)
                    app.post_message(event)
                    self.posted += 1
                while app.is_running and app._message_queue.qsize():
                    await asyncio.sleep(0.001)
                if app._exit:
                    self.quits += 1
                    break
                await pilot.pause()


def monkey_on(spec: ClusterSpec, seed: int, count: int) -> tuple[Monkey, Record]:
    """Let a monkey post ``count`` events; what is saved goes into the current folder.

    Returns what it did, and the record of the session that was there first.
    """
    monkey = Monkey(random.Random(seed))
    with Session(spec, seed) as present:
        while monkey.posted < count:
            timelines = Timelines(present, Here())  # type: ignore[arg-type]
            app = PlaygroundApp(present, look=DEFAULT, save=lambda: str(save(present.record())), timelines=timelines)
            try:
                asyncio.run(monkey.play(app, count))
            finally:
                timelines.end()
            assert app.crash is None
            present.set_speed(1.0)
            present.pause(False)
        return monkey, present.close()


def digest_again(record: Record) -> str:
    """What the record comes to in a fresh world."""

    async def main() -> str:
        cluster = Cluster(record.spec, record.seed)
        cluster.plan(record.timeline)
        await cluster.advance(record.end_us)
        return cluster.world.digest()

    return run(main)
