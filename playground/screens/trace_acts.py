"""The keys of the views of what led to what: space-time, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from playground.frame import Lens
from playground.kernel.errors import UserError
from playground.pictures.spacetime_filter import parse
from playground.screens import lens as lenses
from playground.screens.prompt import TRACES
from widgets.shapes import SpaceTime

if TYPE_CHECKING:
    from playground.screens.app import PlaygroundApp

_PART = 0.25
"""Of the span, by which an arrow goes on."""


class TraceActs:
    """Mixed into the acts of an app."""

    app: PlaygroundApp
    _before: Lens | None = None
    """What was shown before a story was followed."""
    _typed = ""
    """The filter that somebody has typed: it is kept when the view is opened again, what a step of why shows is not."""
    _open: tuple[int, list[list[tuple[int, int]]]] = (0, [])
    """What is picked, and the effects on the way to it that nobody has looked at yet."""

    def spacetime(self, _key: str) -> None:
        """Open the space-time view, or close it."""
        stage = self.app.stage
        if stage.zoomed == "spacetime":
            stage.zoom("")
            self.app.bring(stage.front)
        else:
            wanted = stage.lens.wanted if stage.lens.wanted == self._typed else ""
            stage.lens = replace(lenses.opened(self.app.frame.header.speed), wanted=wanted)
            self.app.bring("spacetime")

    # --- what is shown ----------------------------------------------------------------

    def follow(self, _key: str) -> None:
        """Only what belongs to the picked message, or to the newest one; all again."""
        lens, shape = self._lens, self._shape
        if lens.following:
            self._show(self._before or Lens(wanted=lens.wanted))
            return
        id = lens.picked or _newest(shape)
        if not id:
            raise UserError("there is no message to follow: } shows a longer time, / filters")
        self._before = lens
        self._show(replace(lens, picked=id, following=id, span_us=0, end_us=lenses.NOW))

    def cause(self, _key: str) -> None:
        """Pick what caused the picked one."""
        shape = self._picked()
        reading = shape.reading
        if reading is None or not reading.causes:
            raise UserError("nothing that is kept led to this")
        self._jump(reading.causes[0], dict(reading.instants))

    def effect(self, _key: str) -> None:
        """Pick what came of the picked one; at the end of a chain, the next effect of what led there."""
        shape = self._picked()
        reading = shape.reading
        at, waiting = self._open
        waiting = [list(each) for each in waiting] if at == shape.picked else []
        if reading is not None and reading.effects:
            instants = dict(reading.instants)
            waiting.append([(id, instants.get(id, -1)) for id in reading.effects])
        while waiting and not waiting[-1]:
            waiting.pop()
        if not waiting:
            raise UserError("no further message came of it")
        id, at_us = waiting[-1].pop(0)
        self._open = id, waiting
        self._jump(id, {id: at_us} if at_us >= 0 else {})

    def narrow(self, _key: str) -> None:
        self._show(lenses.spanned(self._lens, self._shape, -1))

    def widen(self, _key: str) -> None:
        self._show(lenses.spanned(self._lens, self._shape, 1))

    def trace_move(self, dx: int, dy: int) -> None:
        """The arrows: up and down pick, left and right go through time."""
        if dy:
            self._show(lenses.stepped(self._lens, self._shape, dy))
        else:
            self._show(lenses.moved(self._lens, self._shape, dx * _PART))

    def wheel(self, key: str) -> None:
        """The wheel goes through time, in small steps."""
        self._show(lenses.moved(self._lens, self._shape, 0.1 if key == "right" else -0.1))

    def trace_scroll(self, key: str) -> None:
        """A whole window further, or to the ends."""
        if key in ("home", "end"):
            self._show(lenses.to_end(self._lens, self._shape, key == "home"))
        else:
            self._show(lenses.moved(self._lens, self._shape, -1.0 if key == "pageup" else 1.0))

    def trace_pick(self, id: int) -> None:
        """Somebody clicked on it."""
        self._show(lenses.picked(self._lens, self._shape, id))

    def trace_back(self) -> bool:
        """One step back within the view; False: there is none."""
        lens = lenses.back(self._lens)
        if lens is None:
            return False
        if self._lens.following and self._before is not None:
            lens, self._before = self._before, None
        self._show(lens)
        return True

    # --- the filter -------------------------------------------------------------------

    def trace_filter(self) -> None:
        self.app.prompt.open(TRACES, self._lens.wanted, self._names())

    def trace_filtered(self, text: str) -> None:
        """Enter on the filter's line. UserError: it says nothing that fits."""
        text = " ".join(text.split())
        wanted = parse(text, self._names())
        span_us = 0 if wanted.request >= 0 else self._lens.span_us or lenses.USUAL_US
        self._typed = text
        self.app.close_prompt("spacetime")
        self._show(Lens(wanted=text, span_us=span_us))

    def _names(self) -> list[str]:
        return [thing.name for thing in self.app.frame.nodes]

    # --- within -----------------------------------------------------------------------

    @property
    def _lens(self) -> Lens:
        return self.app.stage.lens

    @property
    def _shape(self) -> SpaceTime:
        if self.app.stage.front != "spacetime":
            raise UserError("that is for the space-time view: t opens it")
        shape = self.app.stage.panels["spacetime"].shape
        if not isinstance(shape, SpaceTime):
            raise UserError("there is nothing to see yet")
        return shape

    def _picked(self) -> SpaceTime:
        """The diagram; UserError if nothing is picked in it."""
        shape = self._shape
        if not self._lens.picked:
            raise UserError("no message is picked: up and down pick one")
        return shape

    def _jump(self, id: int, instants: dict[int, int]) -> None:
        self._show(lenses.picked(self._lens, self._shape, id, instants.get(id)))

    def _show(self, lens: Lens) -> None:
        self.app.stage.lens = lens
        self.app.tell_view()


def _newest(shape: SpaceTime) -> int:
    """The newest message whose story is likely to be over; 0: there is none."""
    late_us = shape.end_us - min(100_000, (shape.end_us - shape.start_us) // 5)
    there = [hop for hop in shape.hops if hop.arrived_us is not None]
    old = [hop for hop in there if hop.sent_us <= late_us]
    return (old or there or shape.hops)[-1].id if shape.hops else 0
