"""The line of time beside the steps of a chain: one for all, or, where there is room, one for each machine.

* With lanes it is a small space-time diagram, time downward: a step stands on the lane of whom it is about, and a line
  leads to it from the lane of the step that caused it.
* What is about no machine (a command, an alert) has a lane without a name.
* ``●`` is a step of the chain itself, ``○`` an explanation beside it: no line leads to that.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from widgets.canvas import Piece, shorten, width_of
from widgets.palette import Look
from widgets.shapes import Step, Tone

ROOMY = 96
"""From so many cells on there are lanes."""
_MOST = 7
"""With more lanes than that nobody sees anything."""
_LEAST = 4
"""Cells of a lane."""


class Rail:
    """Of the steps of one chain, in a panel of ``width`` cells."""

    def __init__(self, steps: Sequence[Step], width: int, look: Look) -> None:
        self._steps = steps
        self._look = look
        names = dict.fromkeys(step.subject if step.hue is not None else "" for step in steps)
        hues = {step.subject: step.hue for step in steps if step.hue is not None}
        self._lanes = [(name, hues.get(name)) for name in names] if width >= ROOMY and 1 < len(names) <= _MOST else []
        self._wide = max([_LEAST, *(width_of(look.clean(name)) + 2 for name, _ in self._lanes)])

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return len(self._lanes) * self._wide if self._lanes else _LEAST

    def head(self) -> list[Piece] | None:
        """The names of the lanes; None: there are none."""
        if not self._lanes:
            return None
        pieces: list[Piece] = []
        for name, hue in self._lanes:
            color = self._look.tone(Tone.MUTED) if hue is None else self._look.hue(hue)
            text = shorten(self._look.clean(name), self._wide - 1, self._look)
            pieces.append((text.ljust(self._wide), self._look.style(color, bold=True)))
        return pieces

    def at(self, place: int, dot: Style, muted: Style) -> list[Piece]:
        """Beside the first line of a step."""
        look, step = self._look, self._steps[place]
        main = not step.depth
        mark = look.glyph("●", "*") if main else look.glyph("○", "o")
        if not self._lanes:
            return [(f"{mark} ".ljust(_LEAST), dot)] if main else [(look.glyph("│", "|"), muted), (f"{mark}  ", dot)]
        own = self._lane(step)
        before = [each for each in self._steps[:place] if not each.depth]
        start = self._lane(before[-1]) if before and main else own
        low, high = min(own, start), max(own, start)
        pieces: list[Piece] = []
        for lane in range(len(self._lanes)):
            joined = low <= lane < high
            gap = look.glyph("─", "-") if joined else " "
            if lane == own:
                pieces.append((mark, dot))
            elif lane == start:
                pieces.append((look.glyph("├" if own > start else "┤", "+"), muted))
            else:
                pieces.append((look.glyph("┼" if low < lane < high else "│", "+" if low < lane < high else "|"), muted))
            pieces.append((gap * (self._wide - 1), muted))
        return pieces

    def beside(self, muted: Style, last: bool) -> list[Piece]:
        """Beside any further line; ``last``: of the last step, under which nothing comes."""
        bar = " " if last else self._look.glyph("│", "|")
        if not self._lanes:
            return [(bar.ljust(_LEAST), muted)]
        return [(bar.ljust(self._wide), muted) for _ in self._lanes]

    def _lane(self, step: Step) -> int:
        name = step.subject if step.hue is not None else ""
        return next(at for at, (each, _) in enumerate(self._lanes) if each == name)
