"""What the keys of the space-time view make of what it shows: from one lens, and the diagram of now, to the next lens.

* Live: the window ends now, and flows. Whoever picks something, or goes back in time, pins it: the world goes on, what
  is looked at stays. Escape leads back, one step at a time: from the story, from what is picked, to now.
* While a story is followed its whole time is shown, until somebody asks for another one.
"""

from __future__ import annotations

from dataclasses import replace

from playground.frame import Lens
from playground.kernel.errors import UserError
from widgets.shapes import SpaceTime

SPANS_US = (
    5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 60_000_000,
)  # fmt: skip
"""What ``{`` and ``}`` go through."""
USUAL_US = 2_000_000
NOW = -1


def opened(speed: float) -> Lens:
    """Two seconds of the person who looks, at the speed at which the world goes (0: as fast as it goes)."""
    span_us = int(USUAL_US * min(1.0, speed)) if speed else USUAL_US
    return Lens(span_us=min(SPANS_US, key=lambda each: abs(each - span_us)))


def pinned(lens: Lens, shape: SpaceTime) -> Lens:
    """The window stays where it is."""
    if lens.end_us != NOW or (lens.following and not lens.span_us):
        return lens
    return replace(lens, end_us=shape.end_us)


def moved(lens: Lens, shape: SpaceTime, part: float) -> Lens:
    """Later by a part of the span, or (negative) earlier. UserError at either end."""
    span_us = shape.end_us - shape.start_us
    end_us = shape.end_us + int(span_us * part)
    if part < 0 and shape.start_us <= max(0, shape.since_us):
        raise UserError("this is the beginning" if not shape.since_us else "nothing older is kept: < goes back in time")
    if part > 0 and lens.end_us == NOW and not lens.following:
        raise UserError("this is now")
    live = end_us >= shape.now_us and not lens.following
    return replace(lens, end_us=NOW if live else end_us, span_us=span_us)


def to_end(lens: Lens, shape: SpaceTime, first: bool) -> Lens:
    """The oldest that is kept, or now."""
    span_us = shape.end_us - shape.start_us
    return replace(lens, end_us=max(0, shape.since_us) + span_us if first else NOW, span_us=span_us)


def spanned(lens: Lens, shape: SpaceTime, step: int) -> Lens:
    """A longer time, or (negative) a shorter one, round what is picked. UserError at either end."""
    span_us = shape.end_us - shape.start_us
    others = [each for each in SPANS_US if (each > span_us if step > 0 else each < span_us)]
    if not others:
        raise UserError("longer than a minute would show nothing" if step > 0 else "5 ms is the shortest time")
    new_us = others[0] if step > 0 else others[-1]
    if lens.end_us == NOW and not lens.following:
        return replace(lens, span_us=new_us)
    at_us = shape.instant_of(lens.picked)
    if at_us is None:
        at_us = (shape.start_us + shape.end_us) // 2
    return replace(lens, span_us=new_us, end_us=min(shape.now_us, at_us + new_us // 2))


def pickable(shape: SpaceTime) -> list[tuple[int, int]]:
    """``(instant, id)`` of the messages and moments that are shown, in order."""
    found = {(hop.sent_us, hop.id) for hop in shape.hops if hop.sent_us >= shape.start_us}
    found |= {(each.at_us, each.id) for each in shape.moments if each.id}
    return sorted(found)


def stepped(lens: Lens, shape: SpaceTime, step: int) -> Lens:
    """The next message or moment, or (negative) the one before; beyond the edge the window goes on. UserError: none."""
    shown = pickable(shape)
    if not shown:
        raise UserError("there is nothing to pick: } shows a longer time, / filters")
    ids = [id for _, id in shown]
    if lens.picked not in ids:
        return picked(lens, shape, ids[-1 if step < 0 or lens.end_us == NOW else 0])
    at = ids.index(lens.picked) + step
    if not 0 <= at < len(ids):
        return moved(lens, shape, step * 0.5)
    return picked(lens, shape, ids[at])


def picked(lens: Lens, shape: SpaceTime, id: int, at_us: int | None = None) -> Lens:
    """Read that one; ``at_us``: its instant, if it may lie outside the window."""
    new = replace(pinned(lens, shape), picked=id)
    if at_us is not None and not shape.start_us <= at_us <= shape.end_us:
        span_us = shape.end_us - shape.start_us
        new = replace(new, end_us=min(shape.now_us, at_us + span_us // 2), span_us=span_us)
    return new


def back(lens: Lens) -> Lens | None:
    """One step back; None: there is nothing to step back from."""
    if lens.following:
        return replace(lens, following=0, span_us=lens.span_us or USUAL_US, end_us=NOW, picked=0)
    if lens.picked or lens.end_us != NOW:
        return replace(lens, picked=0, end_us=NOW)
    return replace(lens, wanted="", span_us=lens.span_us or USUAL_US) if lens.wanted else None
