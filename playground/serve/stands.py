"""The seats of those who watch: one rendering for all with the same terminal, handed on as it comes.

The process that renders is started when the first of them comes, and again should it have died; who watches then gets
the picture again. If it keeps dying they are told so, and asked to come back later. A rendering that nobody looks at
is ended after a while, or as soon as somebody else needs the room. To begin one costs all the others a moment, so that
there is an end of it: who would need one more then is shown one that there is, or waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from typing import Any

from playground.bucket import Bucket
from playground.serve.doors import Doors
from playground.serve.limits import Limits
from playground.serve.messages import Drawn, Lost, Open, Shut, Style, Whole
from playground.serve.place import Place
from playground.serve.renderer import Renderer
from playground.serve.styles import chosen, fits, worth
from playground.serve.visit import Seat, Visit

TICK_S = 0.25
IDLE_S = 10.0
"""A rendering that nobody looks at lasts so long."""
ANSWER_S = 30.0
"""A process that was asked for a picture and draws none for so long never will."""
OPENINGS, OPENINGS_PER_S = 20, 0.5
"""Renderings that are begun: at once, and in the long run."""
DEATHS, WITHIN_S = 3, 60.0
"""So many ends by itself in so long, and nobody waits for another beginning."""
BROKEN = "the picture could not be drawn, again and again; come back later"


class Deaths:
    """How often something has ended by itself lately."""

    def __init__(self) -> None:
        self._at_s: deque[float] = deque(maxlen=DEATHS)

    def one_more(self) -> bool:
        """Whether that was one too many."""
        self._at_s.append(time.monotonic())
        return len(self._at_s) == DEATHS and self._at_s[-1] - self._at_s[0] < WITHIN_S


class Block:
    """All who look at the same picture, and how that is doing."""

    def __init__(self) -> None:
        self.places: dict[Place, None] = {}
        self.asked_s: float | None = None
        """All of the picture has been asked for."""
        self.empty_s = 0.0
        """Since when nobody looks."""
        self.lost = False
        """Its rendering has ended, and begins again with the next tick."""
        self.deaths = Deaths()


class Stands:
    """Starts the process that renders (:mod:`playground.serve.gallery`) when somebody comes to watch."""

    def __init__(self, doors: Doors, limits: Limits, theme: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._doors = doors
        self._limits = limits
        self._theme = theme
        self._blocks: dict[Style, Block] = {}
        self._renderer: Renderer | None = None
        self._deaths = Deaths()
        self._openings = Bucket(OPENINGS, OPENINGS_PER_S, time.monotonic())
        self._standing: dict[Place, Style] = {}
        """Those who wait until one more rendering may be begun."""
        self._ticking: asyncio.Task[None] | None = None

    def take(self, visit: Visit) -> Seat:
        """A seat for this visitor."""
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick())
        return Place(visit, self)

    async def close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
        if self._renderer is not None:
            await self._renderer.close()

    # --- for the places ----------------------------------------------------------------

    def seat(self, place: Place, best: Style | None) -> None:
        self.free(place)
        if best is None:
            return
        if best not in self._blocks and len(self._blocks) >= self._limits.renderings:
            for style in [style for style, block in self._blocks.items() if not block.places]:
                self._shut(style)
        style = chosen(best, self._blocks, self._limits.renderings)
        if style not in self._blocks and self._openings.left(time.monotonic()) < 1:
            there = [style for style in self._blocks if fits(style, best)]
            if not there:
                self._standing[place] = best
                return
            style = max(there, key=worth)
        block = self._blocks.get(style)
        if block is None:
            self._openings.take(1, time.monotonic())
            block = self._blocks[style] = Block()
            self._open(style)
        block.places[place] = None
        self.owe(place)

    def owe(self, place: Place) -> None:
        place.owed = True
        for style, block in self._blocks.items():
            if place in block.places and place.waits:
                self._ask(style, block)

    def free(self, place: Place) -> None:
        self._standing.pop(place, None)
        for block in self._blocks.values():
            if place in block.places:
                del block.places[place]
                block.empty_s = time.monotonic()

    # --- the renderings ------------------------------------------------------------------

    def _open(self, style: Style) -> None:
        try:
            if self._renderer is None:
                self._renderer = Renderer(self._theme, self._hear, self._died)
            self._renderer.tell(Open(style), self._doors.sit(""))
        except OSError as error:  # no process or no wire is to be had, just now
            self._loop.call_soon(self._hear, Lost(style, str(error)))

    def _shut(self, style: Style) -> None:
        del self._blocks[style]
        self._tell(Shut(style))

    def _ask(self, style: Style, block: Block) -> None:
        if block.asked_s is None:
            block.asked_s = time.monotonic()
            self._tell(Whole(style))

    def _tell(self, message: Any) -> None:
        if self._renderer is not None:
            self._renderer.tell(message)

    def _begin_again(self, style: Style, block: Block) -> None:
        block.lost = False
        for place in block.places:
            place.owed = True
        self._open(style)
        block.asked_s = None
        self._ask(style, block)

    # --- what comes of them -----------------------------------------------------------------

    def _hear(self, message: Any) -> None:
        block = self._blocks.get(message.style)
        if block is None:
            return
        match message:
            case Drawn(data=data, whole=True):
                block.asked_s = None
                for place in block.places:
                    place.whole(data)
            case Drawn(data=data):
                for place in block.places:
                    place.change(data)
            case Lost(style):
                if block.deaths.one_more():
                    del self._blocks[style]
                    self._give_up(block)
                else:
                    block.lost = True

    def _died(self) -> None:
        """The process that renders has."""
        self._renderer = None
        blocks = self._blocks
        if self._deaths.one_more():
            self._blocks = {}
            for block in blocks.values():
                self._give_up(block)
            return
        self._blocks = {style: block for style, block in blocks.items() if block.places}
        for style, block in self._blocks.items():
            self._begin_again(style, block)

    def _give_up(self, block: Block) -> None:
        for place in block.places:
            place.give_up(BROKEN)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            now_s = time.monotonic()
            for place, best in list(self._standing.items()):
                self.seat(place, best)
            for style, block in list(self._blocks.items()):
                if not block.places:
                    if now_s - block.empty_s > IDLE_S:
                        self._shut(style)
                elif block.lost:
                    self._begin_again(style, block)
                elif block.asked_s is None:
                    if any(place.waits for place in block.places):
                        self._ask(style, block)
                elif now_s - block.asked_s > ANSWER_S and self._renderer is not None:
                    self._renderer.kill()
