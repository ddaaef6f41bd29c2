"""Beside or below the diagram: what is picked, to be read; the steps of a story; or what all the marks mean."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from widgets.canvas import Piece, Spot, fit, line, pad, shorten, width_of, wrap
from widgets.log import clock
from widgets.palette import BORDER, SELECTION, Look
from widgets.shapes import Fact, Hop, SpaceTime, State, Tone

_LABEL = 11
"""Cells of what a field is called: as many as the longest of the usual ones."""
_TWO = 76
"""From this width on there are two columns."""
_HINT = 38
_STEP = 22
"""Cells of a step before its label."""
_MARKS = (
    ("┬▼", "o>", "a message: sent, arrived"),
    ("✕", "x", "it got lost here, or reached nobody"),
    ("○", "o", "to itself"),
    ("┊", ":", "it befell everybody"),
    ("★", "*", "a leader or a master was elected"),
    ("◆", "#", "the first write that was committed"),
    ("?", "?", "it suspects somebody, who is silent"),
)
_STATES = {
    State.DOWN: "no lane: the machine is down",
    State.BOOTING: "dotted: it boots",
    State.FROZEN: "it is frozen: what comes, waits",
}
_HINTS = (
    ("↑ ↓", "k j", "pick a message; the window stays"),
    ("← →", "h l", "earlier, later"),
    ("{ }", "{ }", "a shorter, a longer time"),
    ("( )", "( )", "its cause, its effects"),
    ("f", "f", "only what belongs to it"),
    ("/", "/", "filter: n3, kafka, lost, k17 …"),
    ("esc", "esc", "back to now, then out"),
)
"""Keys, where there are no arrows other keys that do the same (``<`` and ``>`` do something else), and what they do."""


def draw_pane(shape: SpaceTime, width: int, height: int, look: Look) -> tuple[list[Strip], list[Spot]]:
    """``height`` lines; the spots are named ``#id``. Where it is low, reading and story stand side by side."""
    if shape.reading is None and not shape.following:
        return pad(_legend(shape, width, height, look), width, height), []
    facts: list[Strip] = []
    if shape.reading is not None:
        facts = _heading(shape.reading.title, width, look) + _facts(shape.reading.facts, width, look)
    if not shape.following:
        return pad(facts, width, height), []
    if width >= _TWO and height < len(shape.hops) + len(facts):
        return _side_by_side(shape, width, height, look)
    head = facts[: max(4, height - len(shape.hops) - 1)] if facts else []
    room = max(1, height - len(head) - bool(head))
    strips, spots = _steps(shape, width, room, look)
    above = [*head, _rule("in order", width, look)] if head else []
    spots = [Spot(spot.y + len(above), spot.x1, spot.x2, spot.name) for spot in spots]
    return pad([*above, *strips], width, height), [spot for spot in spots if spot.y < height]


def _side_by_side(shape: SpaceTime, width: int, height: int, look: Look) -> tuple[list[Strip], list[Spot]]:
    right = min(48, width // 2 - 1)
    left = width - right - 2
    facts: list[Strip] = []
    if shape.reading is not None:
        facts = _heading(shape.reading.title, left, look) + _facts(shape.reading.facts, left, look)
    else:
        facts = _legend(shape, left, height, look)
    strips, spots = _steps(shape, right, height, look)
    rule = beside(look)
    rows = zip(pad(facts, left, height), pad(strips, right, height), strict=True)
    spots = [Spot(spot.y, spot.x1 + left + 2, spot.x2 + left + 2, spot.name) for spot in spots]
    return [Strip.join([one, rule, other]) for one, other in rows], spots


def marks(look: Look) -> tuple[tuple[str, str], ...]:
    """``(mark, what it means)``, as this terminal shows them."""
    own = tuple((look.glyph(fancy, plain), what) for fancy, plain, what in _MARKS)
    return (*own, *((look.mark(state), what) for state, what in _STATES.items()))


def _heading(text: str, width: int, look: Look) -> list[Strip]:
    return [line([(each, look.text_style(bold=True))], width) for each in wrap(look.clean(text), width)[:2]]


def _rule(text: str, width: int, look: Look) -> Strip:
    rule = look.glyph("─", "-") * max(0, width - width_of(text) - 1)
    return line([(f"{text} ", look.text_style(Tone.ACCENT)), (rule, look.style(look.ground(BORDER)))], width)


def _facts(facts: Sequence[Fact], width: int, look: Look) -> list[Strip]:
    muted = look.text_style(Tone.MUTED)
    label = min(_LABEL, max(4, width // 4))
    strips = []
    for fact in facts:
        title = fit(look.clean(fact.title), label, look)
        for number, part in enumerate(wrap(look.clean(fact.text), max(1, width - label - 1))[:3]):
            head = title if not number else " " * label
            strips.append(line([(f"{head} ", muted), (part, look.text_style(fact.tone))], width))
    return strips


def _steps(shape: SpaceTime, width: int, height: int, look: Look) -> tuple[list[Strip], list[Spot]]:
    """The messages in the order in which they were sent, as many as fit, the picked one among them."""
    hops = shape.hops
    at = next((index for index, hop in enumerate(hops) if hop.id == shape.picked), 0)
    first = max(0, min(at - height // 2, len(hops) - height))
    first_us = hops[0].sent_us if hops else 0
    strips, spots = [], []
    for y, hop in enumerate(hops[first : first + height]):
        strips.append(line(step_line(shape, hop, first_us, look, width), width, _ground(hop.id == shape.picked, look)))
        spots.append(Spot(y, 0, width, f"#{hop.id}"))
    return strips, spots


def _ground(chosen: bool, look: Look) -> Style:
    return look.text_style(selected=chosen)


def step_line(shape: SpaceTime, hop: Hop, first_us: int, look: Look, width: int) -> list[Piece]:
    """One message of a story."""
    chosen = hop.id == shape.picked
    source, target = shape.lanes[hop.source], shape.lanes[hop.target]
    ends_us = hop.ended_us
    way = "under way" if ends_us is None else "lost" if hop.lost else f"{(ends_us - hop.sent_us) / 1000:.2f}"
    muted = look.text_style(Tone.MUTED, selected=chosen)
    ground = look.ground(SELECTION) if chosen else None
    arrow = look.glyph("→", ">")
    tone = look.text_style(Tone.BAD if hop.bad else Tone.PLAIN, selected=chosen, bold=chosen)
    room = width - _STEP
    label = shorten(look.clean(hop.label), room, look)
    return [
        (f"{(hop.sent_us - first_us) / 1000:+8.2f} ms ", muted),
        (fit(look.clean(source.name), 4, look), look.style(look.hue(source.hue), ground)),
        (f"{arrow} ", muted),
        (fit(look.clean(target.name), 4, look), look.style(look.hue(target.hue), ground)),
        (label, tone),
        (f"  {way}" if width_of(label) + 2 + len(way) <= room else "", tone if hop.lost else muted),
    ]


def _legend(shape: SpaceTime, width: int, height: int, look: Look) -> list[Strip]:
    """What is to be done here, and what the marks mean: hints first, as they matter where there is little room."""
    muted, plain = look.text_style(Tone.MUTED), look.text_style()
    strips = [_rule("here", width, look)] if look.keyed and height > len(_HINTS) and width < _TWO else []
    strips += _hints(width, look) if look.keyed else []
    told = [moment for moment in shape.moments if moment.kind not in ("first-write", "load", "say")]
    told = told[-max(0, min(12, height - len(strips) - 2)) :]
    if told and height > len(strips) + 3:
        strips += [line([], width)] * bool(strips) + [_rule("what happened", width, look)]
        for moment in told:
            text = shorten(look.clean(moment.text), max(4, width - 10), look)
            strips.append(line([(f"{clock(moment.at_us)} ", muted), (text, look.text_style(moment.tone))], width))
    if height > len(strips) + len(_MARKS) + len(_STATES) + 2:
        strips += [line([], width)] * bool(strips) + [_rule("marks", width, look)]
        for mark, what in marks(look):
            strips.append(line([(fit(mark, 6, look), plain), (what, muted)], width))
    return strips


def _hints(width: int, look: Look) -> list[Strip]:
    """In as many columns as there is room for."""
    column = min(width, _HINT)
    per_line = max(1, width // column)
    strips = []
    for start in range(0, len(_HINTS), per_line):
        pieces: list[Piece] = []
        for key, plain, what in _HINTS[start : start + per_line]:
            pieces.append((fit(look.glyph(key, plain), 5, look), look.text_style(Tone.ACCENT)))
            pieces.append((fit(look.clean(what), column - 5, look), look.text_style()))
        strips.append(line(pieces, width))
    return strips


def beside(look: Look) -> Strip:
    """What stands between diagram and pane."""
    return Strip([Segment(look.glyph("│", "|") + " ", look.style(look.ground(BORDER)))], 2)
