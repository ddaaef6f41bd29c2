"""Pens: how a character is drawn, and the shortest way from one pen to the next."""

from __future__ import annotations

from rich.color import Color, ColorSystem
from rich.style import Style

from widgets.fewer import nearest

# A pen: attribute bits, foreground codes, background codes, link. Interned to small ints, as they are
# compared for every cell. Pen 0 is the reset state.
Pen = tuple[int, str, str, str]
_RESET: Pen = (0, "", "", "")
# Rich's attribute bits in order, with the code that switches each on and the one that switches it off.
_ON = (1, 2, 3, 4, 5, 6, 7, 8, 9, 21, 51, 52, 53)
_OFF = (22, 22, 23, 24, 25, 25, 27, 28, 29, 24, 54, 54, 55)
_SEEN_ON_BLANK = 0b1011001001000 | (1 << 3) | (1 << 6) | (1 << 8)
"""Attributes that show even on a blank: underline, reverse, strike, frame and the like."""


class Pens:
    """All pens of one terminal, numbered; pen 0 is the reset state."""

    def __init__(self, colors: bool = True) -> None:
        """``colors=False``: attributes only."""
        self._colors = colors
        self._pens: dict[Pen, int] = {_RESET: 0}
        self._pen_list: list[Pen] = [_RESET]
        self._of_style: dict[tuple[Style, ColorSystem], tuple[int, int]] = {}
        self._deltas: dict[tuple[int, int], tuple[str, int]] = {}

    def of(self, style: Style | None, system: ColorSystem) -> tuple[int, int]:
        """The pens of a style: for characters, and for blanks."""
        if style is None:
            return 0, 0
        return self._of_style.get((style, system)) or self._learn(style, system)

    def change(self, current: int, wanted: int) -> tuple[str, int]:
        """The bytes that change the pen, and the pen that the terminal then has."""
        found = self._deltas.get((current, wanted))
        if found is None:
            if len(self._deltas) > 100_000:
                self._deltas.clear()
            found = self._deltas[current, wanted] = self._delta(current, wanted), self._landed(current, wanted)
        return found

    def _learn(self, style: Style, system: ColorSystem) -> tuple[int, int]:
        attributes = style._attributes & style._set_attributes
        fg = bg = ""
        if self._colors:
            if style.color is not None:
                fg = _codes(style.color, system, 38)
            if style.bgcolor is not None:
                bg = _codes(style.bgcolor, system, 48)
        fg, bg = "" if fg == "39" else fg, "" if bg == "49" else bg
        link = f"id={style._link_id};{style.link}" if style.link else ""
        pen = self._pen((attributes, fg, bg, link))
        seen = attributes & _SEEN_ON_BLANK
        blank = pen if seen or link else self._pen((0, "*", bg, ""))
        if len(self._of_style) > 50_000:
            self._of_style.clear()
        self._of_style[style, system] = pen, blank
        return pen, blank

    def _pen(self, pen: Pen) -> int:
        number = self._pens.get(pen)
        if number is None:
            number = self._pens[pen] = len(self._pen_list)
            self._pen_list.append(pen)
        return number

    def _landed(self, current: int, wanted: int) -> int:
        """The pen after the delta: a blank leaves the foreground and link-free attributes as they were."""
        _, fg, bg, _ = self._pen_list[wanted]
        if fg != "*":
            return wanted
        now = self._pen_list[current]
        return self._pen((now[0] & ~_SEEN_ON_BLANK, now[1], bg, ""))

    def _delta(self, current: int, wanted: int) -> str:
        """The shortest sequence from one pen to another."""
        attributes, fg, bg, link = self._pen_list[current]
        target = self._pen_list[self._landed(current, wanted)]
        new_attributes, new_fg, new_bg, new_link = target
        codes: list[str] = []
        gone = attributes & ~new_attributes
        off = {_OFF[bit] for bit in range(13) if gone >> bit & 1}
        codes += [str(code) for code in sorted(off)]
        # Switching off may have taken a neighbour (bold and dim share 22) along: switch it on again.
        codes += [
            str(_ON[bit])
            for bit in range(13)
            if new_attributes >> bit & 1 and (not attributes >> bit & 1 or _OFF[bit] in off)
        ]
        if fg != new_fg:
            codes.append(new_fg or "39")
        if bg != new_bg:
            codes.append(new_bg or "49")
        fresh = ["0"] + [str(_ON[bit]) for bit in range(13) if new_attributes >> bit & 1]
        fresh += [code for code in (new_fg, new_bg) if code]
        short = min(";".join(codes), ";".join(fresh), key=len)
        if short == "0":
            short = ""
        sgr = f"\x1b[{short}m" if codes else ""
        if link != new_link:
            sgr += f"\x1b]8;{new_link or ';'}\x1b\\"
        return sgr

    def end(self, pen: int) -> str:
        """The bytes that put the pen down."""
        attributes, fg, bg, link = self._pen_list[pen]
        return ("\x1b]8;;\x1b\\" if link else "") + ("\x1b[m" if attributes or fg or bg else "")


def _codes(color: Color, system: ColorSystem, ground: int) -> str:
    """``ground``: 38 for a foreground, 48 for a background."""
    if system is ColorSystem.EIGHT_BIT and color.triplet is not None:
        return f"{ground};5;{nearest(color.triplet)}"
    return ";".join(color.downgrade(system).get_ansi_codes(ground == 38))
