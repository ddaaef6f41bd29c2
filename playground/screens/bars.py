"""One-line bars: the base, the tabs, and the notice line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from widgets.canvas import Picture, Piece, Spot, line, shorten, width_of, wrap
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
        for number, (name, label, gap) in enumerate(_labels(shape, width), start=1):
            seen = name in shape.shown
            here = name == shape.focused
            style = look.text_style(
                Tone.ACCENT if here else Tone.PLAIN if seen else Tone.MUTED, selected=here, bold=here
            )
            text = f" {label}{gap}"
            if look.colors is Colors.NONE and here:
                text = f"[{label}]"
            pieces.append((text, style))
            spots.append(Spot(0, x, x + width_of(text), f"panel {number}"))
            x += width_of(text)
        if shape.zoomed:
            hint = "  zoomed: esc goes back"
            if x + len(hint) <= width:
                pieces.append((hint, look.text_style(Tone.MUTED)))
                spots.append(Spot(0, x, x + len(hint), "back"))
        return Picture([line(pieces, width, look.style())], spots)


def _labels(shape: Tabs, width: int) -> list[tuple[str, str, str]]:
    """Name, label and gap after it, so that all fit: the gaps give way first, then the last names, never a number."""
    named = set(shape.names)
    for gap in (" ", ""):
        labels = [(name, f"{number} {name}", gap) for number, name in enumerate(shape.names, start=1)]
        if sum(1 + width_of(label + gap) for _, label, gap in labels) + 1 - len(gap) <= width:
            return labels
    for dropped in reversed(shape.names):
        if dropped != shape.focused:
            named.discard(dropped)
        labels = [
            (name, f"{number} {name}" if name in named else f"{number}", "")
            for number, name in enumerate(shape.names, start=1)
        ]
        if sum(1 + width_of(label) for _, label, _ in labels) + 1 <= width:
            break
    return labels


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence, and on the right what there is to know besides (marks, filter)."""

    text: str
    tone: Tone = Tone.PLAIN
    aside: str = ""
    hint: str = ""
    """What could be pressed now; shown at the right if nothing else needs the room."""


_SIGNS = {Tone.BAD: ("✕", "x"), Tone.WARN: ("!", "!"), Tone.GOOD: ("✓", "+"), Tone.ACCENT: ("▸", ">")}


class NoticeBar(Bar[Notice]):
    """The outcome of the last act, the alert of the moment, or a hint."""

    def paint(self, shape: Notice, width: int, height: int) -> Picture:
        return Picture([draw_notice(shape, width, self.look)])


class CaptionBar(Bar[Notice]):
    """What a playing scenario says: whole sentences, on up to three lines of their own, so that they cover nothing."""

    MOST = 3
    _tallest = (0, 1)
    """For which width, how many lines have been needed."""

    def show(self, shape: Notice) -> None:
        super().show(shape)
        self.make_room()

    def on_resize(self) -> None:
        self.make_room()

    def make_room(self) -> None:
        """As many lines as it takes, never fewer than before: panels that move with each caption are hard to watch."""
        width = self.app.size.width
        before = self._tallest[1] if self._tallest[0] == width else 1
        self._tallest = (width, max(before, min(self.MOST, len(self._lines(width)))))
        self.styles.height = self._tallest[1]

    def _lines(self, width: int) -> list[str]:
        """The text in lines; the last one leaves room for the aside."""
        if self.shape is None:
            return []
        lines = wrap(self.look.clean(self.shape.text), max(1, width - 4))
        aside = self.look.clean(self.shape.aside)
        if aside and width_of(lines[-1] if lines else "") + width_of(aside) + 3 > width - 4:
            lines.append("")
        return lines

    def paint(self, shape: Notice, width: int, height: int) -> Picture:
        lines = self._lines(width)
        if len(lines) > height:
            lines[height - 1 :] = [" ".join(filter(None, lines[height - 1 :]))]
        lines += [""] * (height - len(lines))  # the aside keeps its place, at the end of the last line
        last = len(lines) - 1
        return Picture(
            [
                draw_notice(Notice(each, shape.tone, shape.aside if y == last else ""), width, self.look, sign=not y)
                for y, each in enumerate(lines)
            ]
        )


def draw_notice(shape: Notice, width: int, look: Look, *, sign: bool = True) -> Strip:
    """The line; what doesn't fit gives way at a word's end."""
    fancy, plain = _SIGNS.get(shape.tone, ("·", "."))
    aside = look.clean(shape.aside)
    hint = look.clean(shape.hint)
    if hint and not aside and width_of(look.clean(shape.text)) + width_of(hint) + 6 <= width:
        aside = hint
    room = width - 3 - (width_of(aside) + 3 if aside else 0)
    text = shorten(look.clean(shape.text), max(0, room), look)
    bold = shape.tone in (Tone.BAD, Tone.WARN)
    style = look.text_style(shape.tone, bold=bold)
    mark = look.glyph(fancy, plain) if text and sign else " "
    pieces: list[Piece] = [(f" {mark} ", style), (text, style)]
    if aside:
        pieces.append((" " * (room - width_of(text) + 2), look.style()))
        pieces.append((aside, look.text_style(Tone.ACCENT)))
    return line(pieces, width, look.style())
