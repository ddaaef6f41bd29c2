"""The app's own words on the ``:`` line: what concerns the screen, and no cluster.

An act of that name (see ``acts.py``) is given what stands behind the word.
"""

from __future__ import annotations

from dataclasses import dataclass

from playground.screens.instants import FORMS


@dataclass(frozen=True, slots=True)
class Word:
    """How it is written, and what it means; the same as of a Command."""

    form: str
    example: str
    help: str
    act: str


WORDS: dict[str, Word] = {
    "rewind": Word(
        "rewind MM:SS.mmm | SECONDS | -SECONDSs | start",
        "rewind 00:31.2",
        f"Go back to an instant: {FORMS}. An act there makes a branch.",
        "rewind_to",
    ),
    "show": Word(
        "show NAME",
        "show changes-0",
        "All about a machine, shard, partition, group, session (1:8), key or znode (its path): its lines light up.",
        "show_item",
    ),
    "key": Word(
        "key KEY",
        "key k17",
        "Follow a key: its place, its copies, what clients did with it.",
        "show_key",
    ),
}


def split(text: str) -> tuple[Word | None, str]:
    """The word that ``text`` begins with, if it is one of these, and the rest."""
    first, _, rest = text.strip().partition(" ")
    return WORDS.get(first), rest.strip()
