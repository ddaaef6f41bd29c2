"""A terse terminal encoder: sends only cells that differ from what the terminal already shows.

Textual repaints regions: every update carries whole chops, a full colour sequence and a reset for each
segment. Here every update is first written into a *shadow grid* of what the terminal shows; what comes
out is cursor jumps, colour *deltas* and the characters that changed. On a live 160x50 screen this is
about a tenth of the bytes.

Rules this module keeps:

* The grid is what was sent, never what should have been: an update that Textual drops is not recorded.
* Every update starts and ends with colours reset, as other writers (bell, clipboard, leaving) rely on it.
* Whatever makes the terminal's content uncertain (resize, suspend, resume, foreign output) calls
  ``invalidate``; the next update then sends every cell that the grid knows.
* A blank shows only its background: its foreground is "don't care" and costs nothing.
* A wide character owns two cells; overwriting half of it sends the other half again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len, get_character_cell_size
from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate

from widgets.pens import Pens

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen

    _Base = App[Any]
else:
    _Base = object

_NEVER = -1
"""The pen of a cell whose content on the terminal is unknown."""
_SKIP = 4
"""Up to so many unchanged cells are written again rather than jumped over (a jump costs as much)."""
_TAIL = ""
"""The second cell of a wide character."""


class Encoder:
    """The shadow grid of one terminal and the bytes that bring it up to date."""

    def __init__(self, colors: bool = True) -> None:
        """``colors=False`` sends attributes only (NO_COLOR), whatever the styles say."""
        self._pens = Pens(colors)
        self._width = 0
        self._height = 0
        self._chars: list[list[str]] = []
        self._marks: list[list[int]] = []
        self._sure = True
        self.bytes_sent = 0

    # -- state -----------------------------------------------------------------------------------------

    def invalidate(self) -> None:
        """Trust nothing: the terminal may show anything."""
        self._sure = False

    def resize(self, width: int, height: int) -> None:
        """A terminal of another size; its content is unknown."""
        if (width, height) != (self._width, self._height):
            self._width, self._height = width, height
            self._chars = [[" "] * width for _ in range(height)]
            self._marks = [[_NEVER] * width for _ in range(height)]

    def lines(self) -> list[str]:
        """The grid's characters, line by line."""
        return ["".join(row) for row in self._chars]

    def full(self) -> str:
        """Everything the grid knows, for a terminal that has just joined: clears it and draws all."""
        out = ["\x1b[0m\x1b[2J"]
        empty = [_NEVER] * self._width
        self._emit(out, [(y, self._chars[y], self._marks[y], [" "] * self._width, empty) for y in range(self._height)])
        return "".join(out)

    # -- input -----------------------------------------------------------------------------------------

    def update(self, runs: Iterable[tuple[int, int, Iterable[Segment]]], system: ColorSystem) -> str:
        """Write ``runs`` (line, first cell, segments) into the grid; the bytes that show them.

        Cells outside the grid are left out.
        """
        wanted_chars: dict[int, list[str]] = {}
        wanted_marks: dict[int, list[int]] = {}
        width, height = self._width, self._height
        pens_of = self._pens.of
        for y, x, segments in runs:
            if not 0 <= y < height:
                continue
            chars = wanted_chars.get(y)
            if chars is None:
                chars = wanted_chars[y] = self._chars[y].copy()
                wanted_marks[y] = self._marks[y].copy()
            marks = wanted_marks[y]
            for text, style, control in segments:
                if control or not text:
                    continue
                pen, blank = pens_of(style, system)
                x = self._put(chars, marks, x, text, pen, blank)
        if not self._sure:
            for y in range(height):
                wanted_chars.setdefault(y, self._chars[y])
                wanted_marks.setdefault(y, self._marks[y])
                self._marks[y] = [_NEVER] * width
            self._sure = True
            prefix = "\x1b[0m"
        else:
            prefix = ""
        out: list[str] = [prefix]
        changed = []
        for y in sorted(wanted_chars):
            chars, marks = wanted_chars[y], wanted_marks[y]
            _mend(chars)
            if chars != self._chars[y] or marks != self._marks[y]:
                changed.append((y, chars, marks, self._chars[y], self._marks[y]))
        self._emit(out, changed)
        for y, chars, marks, _, _ in changed:
            self._chars[y], self._marks[y] = chars, marks
        text = "".join(out)
        self.bytes_sent += len(text) if text.isascii() else len(text.encode())
        return text

    def _put(self, chars: list[str], marks: list[int], x: int, text: str, pen: int, blank: int) -> int:
        """Write text into a row from cell ``x``; the cell after it."""
        width = self._width
        if text.isascii() or cell_len(text) == len(text):
            end = x + len(text)
            start = max(0, x)
            if x < 0 or end > width:
                text = text[start - x : max(0, width - x)]
            stop = start + len(text)
            if text.isspace():
                chars[start:stop] = [" "] * len(text)
                marks[start:stop] = [blank] * len(text)
            else:
                chars[start:stop] = text
                marks[start:stop] = [pen] * len(text)
                if pen != blank and " " in text:
                    at = text.find(" ")
                    while at >= 0:
                        marks[start + at] = blank
                        at = text.find(" ", at + 1)
            return end
        for char in text:
            size = get_character_cell_size(char)
            if size == 0:
                # Joins the character before it, as on the terminal.
                if 0 < x <= width and chars[x - 1] not in (_TAIL, " "):
                    chars[x - 1] += char
                continue
            if size == 1:
                if 0 <= x < width:
                    chars[x], marks[x] = char, blank if char == " " else pen
            elif 0 <= x < width - 1:
                chars[x], chars[x + 1] = char, _TAIL
                marks[x] = marks[x + 1] = pen
            else:  # half of it is outside: a blank stands for the half that isn't
                for half in (x, x + 1):
                    if 0 <= half < width:
                        chars[half], marks[half] = " ", blank
            x += size
        return x

    # -- output ----------------------------------------------------------------------------------------

    def _emit(self, out: list[str], rows: list[tuple[int, list[str], list[int], list[str], list[int]]]) -> None:
        """Append the bytes that turn each row's old cells into the new ones."""
        pen = 0
        cursor_y, cursor_x = -1, -1
        width = self._width
        for y, chars, marks, old_chars, old_marks in rows:
            x = 0
            while x < width:
                if marks[x] == old_marks[x] and chars[x] == old_chars[x]:
                    x += 1
                    continue
                if chars[x] == _TAIL:
                    x -= 1  # only its second half was touched: the whole character goes again
                gap = x - cursor_x
                if cursor_y != y or gap < 0:
                    out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
                elif 0 < gap <= _SKIP and all(marks[i] == pen for i in range(cursor_x, x)):
                    out.append("".join(chars[cursor_x:x]))
                elif gap:
                    out.append(f"\x1b[{gap}C" if gap > 1 else "\x1b[C")
                while True:  # the run of changed cells
                    mark = marks[x] if marks[x] != _NEVER else 0
                    if mark != pen:
                        delta, pen = self._pens.change(pen, mark)
                        out.append(delta)
                    out.append(chars[x])
                    x += 1
                    while x < width and chars[x] == _TAIL:
                        x += 1
                    if x >= width or (marks[x] == old_marks[x] and chars[x] == old_chars[x]):
                        break
                cursor_y, cursor_x = y, x
                if cursor_x >= width:
                    cursor_y = -1  # whether the cursor hangs at the edge differs between terminals
        if pen:
            out.append(self._pens.end(pen))


def _mend(chars: list[str]) -> None:
    """Halves of wide characters that something was written over become blanks."""
    if _TAIL not in chars:
        if any(len(char) > 1 or not char.isascii() for char in chars):
            for x, char in enumerate(chars):
                if char and cell_len(char) == 2:
                    chars[x] = " "
        return
    for x, char in enumerate(chars):
        if char == _TAIL:
            if x == 0 or cell_len(chars[x - 1]) != 2:
                chars[x] = " "
        elif cell_len(char) == 2 and (x + 1 >= len(chars) or chars[x + 1] != _TAIL):
            chars[x] = " "


def runs_of(update: ChopsUpdate | LayoutUpdate) -> Iterable[tuple[int, int, Iterable[Segment]]]:
    """What a Textual update wants on the screen, as (line, first cell, segments), cropped to its spans."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for whole in strips:
                yield y, x, whole
                x += whole.cell_length
        return
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x >= x2 or end <= x1:
                continue
            # Textual crops only on the right; cropping on the left too leaves less to compare.
            left = max(0, x1 - x)
            yield y, x + left, strip.crop(left, min(end, x2) - x)


class _Terse(CompositorUpdate):
    """An update that renders itself as the difference to what the terminal shows."""

    def __init__(self, update: ChopsUpdate | LayoutUpdate, encoder: Encoder, size: tuple[int, int]) -> None:
        self._update = update
        self._encoder = encoder
        self._size = size

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        self._encoder.resize(*self._size)
        return self._encoder.update(runs_of(self._update), console._color_system or ColorSystem.TRUECOLOR)


class TerseDisplay(_Base):
    """A mixin for an ``App`` (``class MyApp(TerseDisplay, App)``): sends differences instead of repaints.

    ``terse = False`` (class or instance attribute) switches it off and leaves Textual as it is.
    """

    terse: bool = True
    encoder: Encoder | None = None
    _watched: object = None

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        driver = self._driver
        if not self.terse or driver is None or driver.is_inline or driver.is_headless:
            super()._display(screen, renderable)
            return
        if self.encoder is None:
            # Textual turns NO_COLOR into greys; the encoder makes it what it says.
            self.encoder = Encoder(colors=not self.no_color)
        if self._watched is not driver:
            self._watched = driver
            self._watch(driver, self.encoder)
        if isinstance(renderable, (ChopsUpdate, LayoutUpdate)):
            super()._display(screen, _Terse(renderable, self.encoder, (self.size.width, self.size.height)))
            return
        if renderable is not None:
            self.encoder.invalidate()
        super()._display(screen, renderable)

    def _watch(self, driver: Any, encoder: Encoder) -> None:
        """Starting the driver again (after suspend or SIGCONT) means an empty screen.

        Textual doesn't draw a screen that has come back at its old size, so that is asked for as well.
        """
        start: Callable[[], None] = driver.start_application_mode

        def start_again() -> None:
            encoder.invalidate()
            start()
            self.call_later(self.action_redraw)

        driver.start_application_mode = start_again

    def action_redraw(self) -> None:
        """Send the whole screen again, should something else have written on it."""
        if self.encoder is not None:
            self.encoder.invalidate()
        self.refresh()
