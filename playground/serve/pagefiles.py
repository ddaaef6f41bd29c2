"""The files of the page, read once: ours, and those of textual-serve that draw the terminal.

Nothing else is served, from nowhere else: the page asks no other host for anything (:data:`HEADERS` forbids it to).
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from widgets.palette import Ground, Look, Theme, hex_of

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),  # the terminal sets the size of its cells by styles in the page
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Server": "playground",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_OURS = ("index.html", "page.css", "page.js", "icon.svg", "fonts/regular.woff2", "fonts/bold.woff2", "fonts/dots.woff2")
_THEIRS = ("static/js/textual.js", "static/css/xterm.css")
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """``small``: the same, compressed; empty: that makes it no smaller."""

    data: bytes
    small: bytes
    kind: str
    tag: str


def page_files(theme: str) -> dict[str, PageFile]:
    """By the path under which they are asked for. ``theme``: "light" or "dark", as the app has it."""
    ours, theirs = files("playground.serve") / "page", files("textual_serve")
    found = {name: _read(ours.joinpath(*name.split("/"))) for name in _OURS}
    found |= {name: _read(theirs.joinpath(*name.split("/"))) for name in _THEIRS}
    found["colours.css"] = _file(_colours(theme), "css")
    paths = {"/" + name.rpartition("/")[2]: file for name, file in found.items()}
    return {"/": paths.pop("/index.html"), **paths}


def _read(file: Traversable) -> PageFile:
    return _file(file.read_bytes(), file.name.rpartition(".")[2])


def _file(data: bytes, ending: str) -> PageFile:
    small = gzip.compress(data, mtime=0) if ending != "woff2" else b""
    return PageFile(data, small, _TYPES[ending], hashlib.sha256(data).hexdigest()[:16])


def _colours(theme: str) -> bytes:
    """What is around the app looks as the app does."""
    look = Look(theme=Theme(theme))
    grounds = {each.value: hex_of(look.ground(each)) for each in (Ground.BACKGROUND, Ground.TEXT, Ground.FOCUS)}
    names = "".join(f"  --{name}: {colour};\n" for name, colour in grounds.items())
    return f":root {{\n  color-scheme: {theme};\n{names}}}\n".encode()
