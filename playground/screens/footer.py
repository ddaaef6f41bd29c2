"""The footer: keys for what is focused, in words that fit the moment, each of them clickable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from playground.frame import Frame, Thing
from playground.screens import keys
from playground.screens.bars import Bar
from playground.screens.choice import Choice
from playground.screens.keys import KEYS, Key
from widgets.canvas import Picture, Piece, Spot, line, shorten, width_of
from widgets.palette import RAISED
from widgets.shapes import State, Tone

_GAP = 2
_ASKED_OF = frozenset({"log", "spacetime", "why"})
"""The panels in which something is chosen that can be asked about …"""
_ASKING = frozenset({"why", "rewind"})
"""… and gone back to: there these keys matter most."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One key in the footer. The highest ``rank`` gives way first."""

    shown: str
    label: str
    act: str
    rank: int

    @property
    def width(self) -> int:
        return width_of(self.shown) + 1 + width_of(self.label) + _GAP


def offers(panel: str, frame: Frame, choice: Choice, zoomed: str, among: Sequence[Key] = KEYS) -> tuple[Offer, ...]:
    """What to offer, ``among`` these keys, while ``panel`` is focused and the cluster is as it is."""
    things = choice.things(frame)
    there = keys.footer(panel, among)
    offered = [offer for key in there if (offer := _now(key, frame, choice, things, zoomed)) is not None]
    if panel in _ASKED_OF:
        offered = [replace(offer, rank=2) if offer.act in _ASKING else offer for offer in offered]
    # What undoes the state of the chosen comes first: it is what a person looks for now.
    return tuple(sorted(offered, key=lambda offer: not (offer.act == "start" or offer.label == "thaw")))


def _now(key: Key, frame: Frame, choice: Choice, things: list[Thing], zoomed: str) -> Offer | None:
    """The key as it is offered at this moment; None if it would only say that it can't. ``things``: of the choice."""
    states = {thing.state for thing in things}
    label, rank = key.label, key.rank
    match key.act:
        case "crash" | "crash_disk" if states == {State.DOWN}:
            return None
        case "start":
            if State.DOWN not in states:
                return None
            rank = 1
        case "freeze":
            if State.FROZEN in states and State.UP not in states:
                label, rank = "thaw", 1
            elif State.UP not in states:
                return None
        case "stall":
            kinds = {thing.stalled for thing in things}
            if kinds <= {None}:
                return None
            label = "stall" if False in kinds else "go on working"
        case "mark" if choice.selected in choice.marked:
            label = "unmark"
        case "pause":
            label = "go on" if frame.header.paused or frame.header.ended else "pause"
        case "step" | "step_second" if frame.header.paused:
            rank = 8
        case "back_second" if frame.header.present_us >= 0:
            rank = 8
        case "present":
            if max(frame.header.present_us, frame.header.branched_us) < 0:
                return None
            rank = 2 if frame.header.present_us >= 0 else rank
        case "heal_all" if not frame.faults and all(thing.state is not State.FROZEN for thing in frame.nodes):
            rank = 45
        case "zoom" if zoomed == "why":
            return None  # it does what t does
        case "zoom" if zoomed:
            label = "back"
    return Offer(key.shown.split(", ")[0], label, key.act, rank)


def fitting(offered: Iterable[Offer], width: int) -> list[Offer]:
    """As many as fit, by rank, in their own order."""
    offered = list(offered)
    left = width - 1
    kept = set()
    for offer in sorted(offered, key=lambda offer: offer.rank):
        if offer.width > left:
            break
        left -= offer.width
        kept.add(offer)
    return [offer for offer in offered if offer in kept]


class FooterBar(Bar[tuple[Offer, ...] | str]):
    """The bottom line: keys, or a word to those who have none."""

    def paint(self, shape: tuple[Offer, ...] | str, width: int, height: int) -> Picture:
        look = self.look
        ground = look.ground(RAISED) if look.blends else None
        pressed = look.style(look.tone(Tone.ACCENT), ground, bold=True)
        words = look.style(look.tone(Tone.PLAIN), ground)
        if isinstance(shape, str):
            return Picture([line([(f" {shorten(look.clean(shape), width - 2, look)}", words)], width, words)])
        pieces: list[Piece] = [(" ", words)]
        spots: list[Spot] = []
        x = 1
        for offer in fitting(shape, width):
            pieces += [(offer.shown, pressed), (f" {offer.label}{' ' * _GAP}", words)]
            spots.append(Spot(0, x, x + offer.width - _GAP, offer.act))
            x += offer.width
        return Picture([line(pieces, width, words)], spots)
