"""The file that a recording becomes, and what may be asked of one: asciicast, version 2.

https://docs.asciinema.org/manual/asciicast/v2/: a header line, then one JSON array ``[seconds, code, text]`` a
line. Two codes are used: ``o``, output for the terminal, and ``m``, a marker, to which players can jump.
Nothing of the machine on which the file was made stands in it: the same recording is the same bytes.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playground.kernel.errors import UserError
from playground.scenario.model import Scenario
from playground.screens.layout import LEAST
from widgets.palette import Look, Theme, terminal_colors

OUTPUT, MARKER = "o", "m"
LARGEST = (200, 60)
"""Columns and rows; the smallest is what the app needs."""
LONGEST_S = 3600
"""A recording lasts at most so long: a longer scenario wants a higher speed."""
SPEEDS = (0.1, 100.0)
"""The lowest and the highest, in virtual seconds per second."""


@dataclass(frozen=True, slots=True)
class Cast:
    """A finished recording."""

    title: str
    columns: int
    rows: int
    events: tuple[tuple[float, str, str], ...]
    """``(seconds, code, text)``, in ascending order of time."""
    digest: str
    """Of the journal of the world that was filmed: the same as that of a replay."""
    theme: Theme = Theme.DARK
    """For the players: what lies around the screen, and stands on it once the app is left, has its colours."""

    @property
    def lasts_s(self) -> float:
        return self.events[-1][0]

    def lines(self) -> Iterator[str]:
        """The file, line by line."""
        header = {
            "version": 2,
            "width": self.columns,
            "height": self.rows,
            "duration": self.lasts_s,
            "title": self.title,
            "env": {"TERM": "xterm-256color", "SHELL": "/bin/sh"},
            "theme": terminal_colors(Look(theme=self.theme)),
        }
        for each in (header, *self.events):
            yield json.dumps(each, ensure_ascii=False, separators=(",", ":"))

    def write(self, path: Path) -> int:
        """Write (or overwrite) the file; its size in bytes. UserError if that can't be done."""
        data = "".join(f"{line}\n" for line in self.lines()).encode(errors="replace")
        try:
            path.write_bytes(data)
        except OSError as error:
            raise UserError(f"{path}: the recording cannot be written there: {error.strerror}") from None
        return len(data)


def size_from(text: str) -> tuple[int, int]:
    """Columns and rows of ``120x36``. UserError if that is no size or none that the app can be filmed in."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text, re.ASCII)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(least <= cells <= most for least, cells, most in zip(LEAST, size, LARGEST, strict=True)):
        raise UserError(
            f"--size: {text[:40]!r} is no size to film in; write columns x rows from "
            f"{LEAST[0]}x{LEAST[1]} to {LARGEST[0]}x{LARGEST[1]}, as 120x36"
        )
    return size


def speed_from(text: str) -> float:
    """Virtual seconds per second of the recording. UserError if it is no number in :data:`SPEEDS`."""
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not SPEEDS[0] <= speed <= SPEEDS[1]:
        raise UserError(f"--cast-speed: {text[:40]!r} is no speed; write a number from {SPEEDS[0]:g} to {SPEEDS[1]:g}")
    return speed


def theme_from(text: str) -> Theme:
    """``light`` or ``dark``. UserError if it is neither: who films it has no say, so there is no auto."""
    try:
        return Theme(text)
    except ValueError:
        raise UserError(f"--cast-theme: {text[:40]!r} is no theme; write light or dark") from None


def check(path: Path, scenario: Scenario, speed: float) -> None:
    """UserError if the recording would be too long, or could not be written once it is made."""
    if os.path.isdir(path):
        raise UserError(f"{path}: that is a folder; name a file, as {path / 'first-crash.cast'}")
    if not os.path.isdir(path.parent):
        raise UserError(f"{path}: there is no folder {path.parent}; make it first")
    if not os.access(path if os.path.exists(path) else path.parent, os.W_OK):
        raise UserError(f"{path}: the recording cannot be written there: no permission")
    if scenario.until_us > LONGEST_S * speed * 1e6:
        least = math.ceil(scenario.until_us / 1e6 / LONGEST_S)
        instead = f"take --cast-speed {least} or more" if least <= SPEEDS[1] else "no speed makes it short enough"
        raise UserError(f"--cast: the recording would last {scenario.until_us / 3.6e9 / speed:.1f} hours; {instead}")
