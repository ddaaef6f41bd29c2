"""The one palette: what colour and which mark everything has, in every theme and on every kind of terminal.

Rules this module keeps:

* Every colour there is stands in :mod:`widgets.paint`: the panels ask a ``Look`` for it, Textual's own widgets get
  theirs through :mod:`widgets.theming`. No other file names a colour.
* A node has one hue everywhere. Eight hues come first; further nodes get tints of them *and* a letter, since nobody
  tells nine colours apart on a projector.
* State, belief and tone are never told by colour alone: each has a mark of its own.
* A ground is a name (``SELECTION``), not a colour: what it looks like is the theme's affair.
* Every mark there is stands here, so that drawing and legend can't differ.
* What a terminal can do is a ``Look``: theme, colours (true, sixteen, none) and Unicode or ASCII.

How panels speak with what stands here is written down in ``docs/design.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from rich.color import Color
from rich.style import Style

from widgets.paint import ACCENT as ACCENT
from widgets.paint import BACKGROUND as BACKGROUND
from widgets.paint import BORDER as BORDER
from widgets.paint import ICE as ICE
from widgets.paint import MUTED as MUTED
from widgets.paint import PAINTS, Paint
from widgets.paint import RAISED as RAISED
from widgets.paint import RGB as RGB
from widgets.paint import SELECTION as SELECTION
from widgets.paint import TRACK as TRACK
from widgets.paint import Ground as Ground
from widgets.paint import Theme as Theme
from widgets.shapes import Belief, State, Tone


class Colors(Enum):
    """How many colours the terminal shows. 256-colour terminals count as TRUE: Rich folds well into 256."""

    TRUE = "true"
    SIXTEEN = "sixteen"
    NONE = "none"


# Each mark with its ASCII stand-in. All are one cell wide.
_STATE_MARKS: dict[State, str] = {State.UP: "▲^", State.BOOTING: "↻~", State.FROZEN: "❄*", State.DOWN: "✕x"}
_BELIEF_MARKS: dict[Belief, str] = {
    Belief.ALIVE: "●o",
    Belief.SUSPECT: "?" * 2,
    Belief.DEAD: "✕x",
    Belief.UNKNOWN: "·.",
    Belief.SELF: "■=",
}
_STATE_TONES: dict[State, Tone] = {State.UP: Tone.GOOD, State.BOOTING: Tone.ACCENT, State.DOWN: Tone.BAD}
_FOLD: Mapping[int, str] = {
    ord(char): plain
    for chars, plain in (
        ("…", "~"), ("·•●○◇∙", "."), ("→▸›▶", ">"), ("←◂‹", "<"), ("↑▲", "^"), ("↓▼", "v"), ("—–─┄┈━", "-"),
        ("│┊┆┃", "|"), ("×✕✗", "x"), ("✓✔", "+"), ("❄◆★", "*"), ("“”", '"'), ("‘’", "'"), ("≤", "<"),
        ("≥", ">"), ("≈∼", "~"), ("µ", "u"), ("█■▌▄▅▆▇", "#"), ("▁▂▃▔", "-"), ("▎▊", "|"), ("░▒▓", ":"),
    )
    for char in chars
}  # fmt: skip


def mix(one: RGB, other: RGB, part: float) -> RGB:
    """``one`` with ``part`` (0..1) of ``other`` in it."""
    rest = 1.0 - part
    return (
        int(one[0] * rest + other[0] * part + 0.5),
        int(one[1] * rest + other[1] * part + 0.5),
        int(one[2] * rest + other[2] * part + 0.5),
    )


@lru_cache(maxsize=16384)
def _style(
    fg: RGB | None, bg: RGB | None, bold: bool, underline: bool, reverse: bool, dim: bool, strike: bool
) -> Style:
    # Interned, so that equal styles are one object: run merging compares by identity.
    return Style(
        color=None if fg is None else Color.from_rgb(*fg),
        bgcolor=None if bg is None else Color.from_rgb(*bg),
        bold=bold or None,
        underline=underline or None,
        reverse=reverse or None,
        dim=dim or None,
        strike=strike or None,
    )


@lru_cache(maxsize=1024)
def _hue(paint: Paint, hue: int) -> RGB:
    base = paint.hues[hue % 8]
    turn = (hue // 8) % (1 + len(paint.tints))
    return mix(base, *paint.tints[turn - 1]) if turn else base


@dataclass(frozen=True, slots=True)
class Look:
    """How things look on one terminal. Immutable; one per app (``app.look``), or one per widget in tests."""

    colors: Colors = Colors.TRUE
    unicode: bool = True
    theme: Theme = Theme.DARK
    keyed: bool = True
    """Whoever looks has keys: a word on what to press makes sense."""
    _paint: Paint = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_paint", PAINTS[self.theme, self.colors is Colors.SIXTEEN])

    # -- colours ---------------------------------------------------------------------------------------

    def hue(self, hue: int) -> RGB:
        """The colour of a node; any int: from the ninth on tints, where there are enough colours."""
        return _hue(self._paint, hue % 24)

    def tone(self, tone: Tone) -> RGB:
        return self._paint.tones[tone]

    def ground(self, ground: Ground) -> RGB:
        """The colour of a ground in this theme, on this terminal."""
        return self._paint.grounds[ground]

    def state(self, state: State) -> RGB:
        return self.ground(ICE) if state is State.FROZEN else self.tone(_STATE_TONES[state])

    def faded(self, color: RGB, part: float) -> RGB:
        """``color`` with ``part`` (0..1) of the background in it; as it is where there are no colours in between."""
        return mix(color, self.ground(BACKGROUND), part) if self.blends else color

    def lit(self, color: RGB, part: float) -> RGB:
        """``color`` further away from the background, by ``part`` (0..1)."""
        return mix(color, self.ground(Ground.STRONG), part) if self.blends else color

    @property
    def blends(self) -> bool:
        """Whether colours in between exist (anti-aliasing, fading)."""
        return self.colors is Colors.TRUE

    # -- styles ----------------------------------------------------------------------------------------

    def style(
        self,
        fg: RGB | None = None,
        bg: RGB | None = None,
        *,
        bold: bool = False,
        underline: bool = False,
        reverse: bool = False,
        dim: bool = False,
        strike: bool = False,
    ) -> Style:
        """An interned style on the panel's ground or on ``bg``, which becomes reverse video where colours are none."""
        if self.colors is Colors.NONE:
            return _style(None, None, bold, underline, reverse or bg is not None, dim, strike)
        if bg is None:
            bg = self.ground(BACKGROUND)
        return _style(fg, bg, bold, underline, reverse, dim, strike)

    def text_style(self, tone: Tone = Tone.PLAIN, *, selected: bool = False, bold: bool = False) -> Style:
        """The style of text of a tone, on the selection's ground if ``selected``."""
        bg = self.ground(SELECTION) if selected else None
        if self.colors is Colors.NONE:
            return self.style(bg=bg, bold=bold or tone in (Tone.BAD, Tone.WARN), dim=tone is Tone.MUTED)
        fg = self.tone(tone)
        if selected and tone is Tone.MUTED:
            fg = self.tone(Tone.PLAIN)
        return self.style(fg, bg, bold=bold)

    # -- marks -----------------------------------------------------------------------------------------

    def glyph(self, fancy: str, plain: str) -> str:
        return fancy if self.unicode else plain

    def mark(self, state: State) -> str:
        """▲ up, ↻ booting, ❄ frozen, ✕ down."""
        return _STATE_MARKS[state][0 if self.unicode else 1]

    def belief(self, belief: Belief) -> str:
        """● alive, ? suspect, ✕ dead, · unknown, ■ itself."""
        return _BELIEF_MARKS[belief][0 if self.unicode else 1]

    @property
    def believed_alive_once(self) -> str:
        """Alive by news that is no longer fresh."""
        return self.glyph("○", "-")

    def request(self, write: bool, tone: Tone) -> str:
        """A request on the ring: ● a write, ○ a read, ✕ failed, ? nobody knows."""
        if tone is Tone.BAD:
            return self.glyph("✕", "x")
        if tone is Tone.WARN:
            return "?"
        return self.glyph("●", "w") if write else self.glyph("○", "r")

    @property
    def key_mark(self) -> str:
        """Where on the ring the key lies that is looked at."""
        return self.glyph("◆", "@")

    @property
    def chosen_mark(self) -> str:
        return self.glyph("▸", ">")

    @property
    def related_mark(self) -> str:
        """A machine that has to do with the selected item: it holds a copy, or owns it."""
        return self.glyph("•", "+")

    @property
    def marked_mark(self) -> str:
        return self.glyph("◆", "*")

    @property
    def owned_mark(self) -> str:
        """A node of a tree that lives only as long as its owner's session."""
        return self.glyph("◇", "~")

    @property
    def lettered(self) -> bool:
        """Whether letters stand for hues: without colours, and where a coloured block can't be drawn."""
        return self.colors is Colors.NONE or not self.unicode

    def swatch(self, hue: int) -> str:
        """A block of the node's colour, or its letter where colour can't tell it."""
        if self.lettered or hue >= 8:
            return self.letter(hue)
        return "▌"

    @staticmethod
    def letter(hue: int) -> str:
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[hue % 26]

    def side(self, side: int) -> str:
        """The name of a partition's side, from 1; "-" for 0, who is on no side and reaches everybody.

        A, B, C …; where letters stand for hues already, |1, |2, |3 …
        """
        if self.lettered:
            return f"|{(side - 1) % 9 + 1}" if side else "|-"
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(side - 1) % 26] if side else "-"

    def badge(self, side: int) -> Style:
        """The style of a partition's side: a ground of its own, so that it doesn't read as part of a name."""
        if not self.blends:
            return self.style(self.tone(Tone.BAD), reverse=True)
        badges = self._paint.badges
        return self.style(self._paint.on_badge, badges[1 + (side - 1) % (len(badges) - 1) if side else 0], bold=True)

    # -- text ------------------------------------------------------------------------------------------

    def clean(self, text: str) -> str:
        """``text`` fit for this terminal: no control characters ever, no Unicode where there is none."""
        if self.unicode:
            return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
        if text.isascii() and text.isprintable():
            return text
        folded = text.translate(_FOLD).encode("ascii", "replace").decode("ascii")
        return "".join(c if c.isprintable() else "?" for c in folded)


DEFAULT = Look()


def hex_of(color: RGB) -> str:
    """``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def terminal_colors(look: Look = DEFAULT) -> dict[str, str]:
    """The colours for a terminal emulator that shows a recording: ``fg``, ``bg``, and the sixteen as ``palette``."""
    tone, ground = look.tone, look.ground
    low = [ground(BACKGROUND), tone(Tone.BAD), tone(Tone.GOOD), tone(Tone.WARN), look.hue(6), look.hue(3),
           tone(Tone.ACCENT), ground(Ground.TEXT)]  # fmt: skip
    high = [ground(MUTED), *low[1:4], look.hue(0), look.hue(3), ground(ICE), ground(Ground.STRONG)]
    return {
        "fg": hex_of(ground(Ground.TEXT)),
        "bg": hex_of(ground(BACKGROUND)),
        "palette": ":".join(map(hex_of, low + high)),
    }
