"""The one palette: what colour and which mark everything has, on every kind of terminal.

Rules this module keeps:

* A node has one hue everywhere. Eight hues (Okabe and Ito's colour-blind safe set, its black
  replaced by a grey, its blue lifted for dark grounds) come first; further nodes get tints of
  them *and* a letter, since nobody tells nine colours apart on a projector.
* State, belief and tone are never told by colour alone: each has a mark of its own.
* Every mark there is stands here, so that drawing and legend can't differ.
* What a terminal can do is a ``Look``: colours (true, sixteen, none) and Unicode or ASCII.
  Sixteen-colour looks use exactly the RGB values of Rich's standard palette, so that Rich's
  downgrade to ANSI finds the colour that was meant and never a neighbour.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from rich.color import Color
from rich.style import Style

from widgets.shapes import Belief, State, Tone

RGB = tuple[int, int, int]


class Colors(Enum):
    """How many colours the terminal shows. 256-colour terminals count as TRUE: Rich folds well into 256."""

    TRUE = "true"
    SIXTEEN = "sixteen"
    NONE = "none"


BACKGROUND: RGB = (13, 17, 23)
RAISED: RGB = (22, 27, 34)
TRACK: RGB = (33, 38, 45)
BORDER: RGB = (48, 54, 61)
SELECTION: RGB = (31, 50, 78)
TEXT: RGB = (201, 209, 217)
MUTED: RGB = (118, 127, 138)
ACCENT: RGB = (121, 192, 255)
ICE: RGB = (165, 232, 255)

_HUES: tuple[RGB, ...] = (
    (86, 180, 233),  # sky
    (230, 159, 0),  # orange
    (0, 178, 130),  # bluish green, lifted
    (204, 121, 167),  # reddish purple
    (240, 228, 66),  # yellow
    (224, 100, 20),  # vermilion
    (74, 122, 224),  # blue, lifted
    (176, 182, 190),  # grey, for Okabe and Ito's black
)
_HUES_16: tuple[RGB, ...] = (
    (85, 255, 255),
    (255, 255, 85),
    (85, 255, 85),
    (255, 85, 255),
    (170, 85, 0),
    (255, 85, 85),
    (85, 85, 255),
    (170, 170, 170),
)
_TONES: dict[Tone, RGB] = {
    Tone.PLAIN: TEXT,
    Tone.MUTED: MUTED,
    Tone.GOOD: (63, 195, 96),
    Tone.WARN: (227, 179, 65),
    Tone.BAD: (255, 104, 94),
    Tone.ACCENT: ACCENT,
}
_TONES_16: dict[Tone, RGB] = {
    Tone.PLAIN: (170, 170, 170),
    Tone.MUTED: (85, 85, 85),
    Tone.GOOD: (85, 255, 85),
    Tone.WARN: (255, 255, 85),
    Tone.BAD: (255, 85, 85),
    Tone.ACCENT: (85, 255, 255),
}
_GROUNDS_16: dict[RGB, RGB] = {
    BACKGROUND: (0, 0, 0),
    RAISED: (0, 0, 0),
    TRACK: (0, 0, 0),
    BORDER: (85, 85, 85),
    SELECTION: (0, 0, 170),
    TEXT: (170, 170, 170),
    MUTED: (85, 85, 85),
    ACCENT: (85, 255, 255),
    ICE: (255, 255, 255),
}

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


@dataclass(frozen=True, slots=True)
class Look:
    """How things look on one terminal. Immutable; one per app (``app.look``), or one per widget in tests."""

    colors: Colors = Colors.TRUE
    unicode: bool = True

    # -- colours ---------------------------------------------------------------------------------------

    def hue(self, hue: int) -> RGB:
        """The colour of a node; any int: beyond eight come tints, beyond sixteen shades."""
        if self.colors is Colors.SIXTEEN:
            return _HUES_16[hue % 8]
        base = _HUES[hue % 8]
        turn = (hue // 8) % 3
        return base if turn == 0 else mix(base, (255, 255, 255), 0.5) if turn == 1 else mix(base, (0, 0, 0), 0.3)

    def tone(self, tone: Tone) -> RGB:
        return (_TONES_16 if self.colors is Colors.SIXTEEN else _TONES)[tone]

    def ground(self, color: RGB) -> RGB:
        """One of the module's plain colours (BACKGROUND, TRACK, ICE …) as this terminal shows it."""
        return _GROUNDS_16.get(color, color) if self.colors is Colors.SIXTEEN else color

    def state(self, state: State) -> RGB:
        return self.ground(ICE) if state is State.FROZEN else self.tone(_STATE_TONES[state])

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


def detect(environ: Mapping[str, str] | None = None, encoding: str = "utf-8", *, utf8_mode: bool | None = None) -> Look:
    """What the terminal can do, by its environment. ``utf8_mode``: whether Python runs in it (None: as it does).

    Call it before an App is made: Textual takes NO_COLOR out of ``os.environ``.
    """
    env = os.environ if environ is None else environ
    if utf8_mode is None:
        utf8_mode = environ is None and bool(sys.flags.utf8_mode)
    term = env.get("TERM", "")
    unicode = term not in ("dumb", "vt100", "linux-ascii") and _writes_unicode(env, encoding, utf8_mode)
    if env.get("NO_COLOR") or term in ("dumb", "vt100"):
        return Look(Colors.NONE, unicode)
    rich_term = "256" in term or "kitty" in term or "alacritty" in term or "direct" in term
    if env.get("COLORTERM", "").lower() in ("truecolor", "24bit") or rich_term:
        return Look(Colors.TRUE, unicode)
    return Look(Colors.SIXTEEN, unicode)


def _writes_unicode(env: Mapping[str, str], encoding: str, utf8_mode: bool) -> bool:
    """Whether the locale asks for Unicode. ``encoding`` alone can't tell: in the C locale Python still says UTF-8.

    * PYTHONIOENCODING or PYTHONUTF8=1 were set on purpose: they win.
    * Else the first of LC_ALL, LC_CTYPE and LANG that isn't empty: C, POSIX and codesets other than UTF-8 mean ASCII.
    * If none is set (containers, ssh), Unicode, except on the Linux console, whose font lacks what we draw.
    """
    wanted = env.get("PYTHONIOENCODING", "").partition(":")[0]
    if wanted:
        return _is_utf(wanted)
    if not _is_utf(encoding):
        return False
    if env.get("PYTHONUTF8") == "1":
        return True
    names = [env.get("LC_ALL", ""), env.get("LC_CTYPE", ""), env.get("LANG", "")]
    if utf8_mode and not names[0] and names[1] in _COERCED:
        names[1] = ""  # put there by Python itself, which found the C locale (PEP 538)
    name = next(filter(None, names), "")
    if not name:
        return env.get("TERM") != "linux"
    base, _, codeset = name.partition("@")[0].partition(".")
    if codeset:
        return _is_utf(codeset)
    return base not in ("C", "POSIX")  # no codeset: the system's own, which ``encoding`` has told


_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python sets LC_CTYPE to when it finds the C locale."""


def _is_utf(codeset: str) -> bool:
    return "utf" in codeset.lower()
