"""One-line bars: the base, the tabs, and the notice line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from widgets.canvas import Picture, Piece, Spot, line, shorten, width_of
from widgets.palette import Colors, Look
from widgets.panel import Panel
from widgets.shapes import Tone

S = TypeVar("S")


class Bar(Panel[S], can_focus=False):
    """A panel without border and focus. A click on a spot means the act of that name."""

    DEFAULT_CSS = """
    Bar, Bar.-ascii { border: none; padding: 0; height: 1; width: 1fr; }
    """

    class Pressed(Message):
        """Somebody clicked on ``act`` (with the key it stands for, if that matters)."""

        def __init__(self, act: str, key: str = "") -> None:
            super().__init__()
            self.act = act
            self.key = key

    def on_click(self, event: events.Click) -> None:
        event.stop()
        event.prevent_default()  # a panel would take it for a selection
        name = self.name_at(event.x, event.y)
        if name:
            act, _, key = name.partition(" ")
            self.post_message(self.Pressed(act, key))


@dataclass(frozen=True, slots=True)
class Tabs:
    """The panels in the order of their numbers, which of them show, and which is focused."""

    names: tuple[str, ...]
    shown: frozenset[str]
    focused: str
    zoomed: bool = False


class TabBar(Bar[Tabs]):
    """``1 ring  2 nodes …``: the way to the panels for which there is no room."""

    def paint(self, shape: Tabs, width: int, height: int) -> Picture:
        look = self.look
        pieces: list[Piece] = []
        spots: list[Spot] = []
        x = 0
        for number, name in enumerate(shape.names, start=1):
            seen = name in shape.shown
            here = name == shape.focused
            style = look.text_style(
                Tone.ACCENT if here else Tone.PLAIN if seen else Tone.MUTED, selected=here, bold=here
            )
            text = f" {number} {name} "
            if look.colors is Colors.NONE and here:
                text = f"[{number} {name}]"
            if x + width_of(text) > width:
                break
            pieces.append((text, style))
            spots.append(Spot(0, x, x + width_of(text), f"panel {number}"))
            x += width_of(text)
        if shape.zoomed:
            hint = "  zoomed: esc goes back"
            if x + len(hint) <= width:
                pieces.append((hint, look.text_style(Tone.MUTED)))
                spots.append(Spot(0, x, x + len(hint), "back"))
        return Picture([line(pieces, width, look.style())], spots)


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence, and on the right what there is to know besides (marks, filter)."""

    text: str
    tone: Tone = Tone.PLAIN
    aside: str = ""


_SIGNS = {Tone.BAD: ("✕", "x"), Tone.WARN: ("!", "!"), Tone.GOOD: ("✓", "+"), Tone.ACCENT: ("▸", ">")}


class NoticeBar(Bar[Notice]):
    """The outcome of the last act, the alert of the moment, or a hint."""

    def paint(self, shape: Notice, width: int, height: int) -> Picture:
        return Picture([draw_notice(shape, width, self.look)])


def draw_notice(shape: Notice, width: int, look: Look) -> Strip:
    """The line; what doesn't fit gives way at a word's end."""
    fancy, plain = _SIGNS.get(shape.tone, ("·", "."))
    aside = look.clean(shape.aside)
    room = width - 3 - (width_of(aside) + 2 if aside else 0)
    text = shorten(look.clean(shape.text), max(0, room), look)
    bold = shape.tone in (Tone.BAD, Tone.WARN)
    style = look.text_style(shape.tone, bold=bold)
    sign = look.glyph(fancy, plain) if text else " "
    pieces: list[Piece] = [(f" {sign} ", style), (text, style)]
    if aside:
        pieces.append((" " * (room - width_of(text) + 2), look.style()))
        pieces.append((aside, look.text_style(Tone.ACCENT)))
    return line(pieces, width, look.style())
