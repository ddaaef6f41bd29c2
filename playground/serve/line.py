"""The line to one visitor's terminal, whatever it runs over (ssh, a web socket), and what is known of that terminal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from playground.serve.colors import by_name

_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,39}")
_LANG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,39}")
LEAST, MOST = (1, 1), (500, 200)
"""Columns and rows that are believed."""
NEEDED = 60, 20
"""Columns and rows without which the app can't be drawn."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the visitor says of the own terminal; made by :func:`terminal` of what strangers claim."""

    term: str = "xterm-256color"
    lang: str = "en_US.UTF-8"
    columns: int = 80
    rows: int = 24
    colors: int = 256
    """0, 16, 256, or all that there are: ``1 << 24``."""


def terminal(term: str, lang: str, columns: int, rows: int, colors: int | None = None) -> Terminal:
    """What may be believed of it: anything odd becomes what most terminals are. ``colors`` None: by its name."""
    plain = Terminal()
    term = term if _TERM.fullmatch(term) else plain.term
    return Terminal(
        term,
        lang if _LANG.fullmatch(lang) else plain.lang,
        max(LEAST[0], min(MOST[0], columns)) if columns else plain.columns,
        max(LEAST[1], min(MOST[1], rows)) if rows else plain.rows,
        by_name(term) if colors is None else colors,
    )


def unfit(term: str, columns: int, rows: int) -> str:
    """Why nobody can act on such a terminal, in one line; "": they can."""
    if term in ("dumb", "unknown", ""):
        return f"TERM={term}: this terminal cannot place text"
    if columns < NEEDED[0] or rows < NEEDED[1]:
        return f"the terminal has {columns}x{rows} characters, the app needs {NEEDED[0]}x{NEEDED[1]}"
    return ""


class Line(Protocol):
    """To be called from the front's event loop; nothing of it waits."""

    def write(self, data: bytes) -> None:
        """Send this. Nothing is refused: whoever writes looks at :attr:`backlog` first."""

    @property
    def backlog(self) -> int:
        """Bytes that were written and have not left for the visitor yet."""

    def hang_up(self, status: int = 0) -> None:
        """Send what is written, and end: with that exit status, where there is such a thing."""

    def drop(self) -> None:
        """End at once; what is written may be lost."""
