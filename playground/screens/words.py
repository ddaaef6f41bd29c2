"""The app's own words on the ``:`` line: what concerns the screen, and no cluster.

An act of that name (see ``acts.py``) is given what stands behind the word. Where others look at the same session there
are words that concern them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from playground.screens.instants import FORMS
from playground.screens.means import NOTHING, Means


@dataclass(frozen=True, slots=True)
class Word:
    """How it is written, and what it means; the same as of a Command."""

    form: str
    example: str
    help: str
    act: str
    needs: Means = NOTHING


WORDS: dict[str, Word] = {
    "rewind": Word(
        "rewind MM:SS.mmm | SECONDS | -SECONDSs | start",
        "rewind 00:31.2",
        f"Go back to an instant: {FORMS}. An act there makes a branch.",
        "rewind_to",
        Means.PAST,
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


WHO = Word("who", "who", "Who is here, and who may act.", "who")
COMPANY: dict[str, Word] = {
    "lend": Word(
        "lend NAME | lend all",
        "lend ben",
        "Lend the keyboard to somebody who watches: they act on their own screen until you take it back.",
        "lend",
    ),
    "take": Word(
        "take NAME | take all", "take ben", "Take the keyboard back from somebody who plays: they watch again.", "take"
    ),
    "lock": Word("lock", "lock", "Nobody but who presents acts, until unlock; L does both.", "lock"),
    "unlock": Word("unlock", "unlock", "Whoever has a keyboard acts again.", "unlock"),
    "bring": Word("bring", "bring", "Bring everybody to what you look at; B does the same.", "bring"),
    "who": WHO,
}
"""Of those who look at the same session as others; all but ``who`` are for presenters."""


def split(text: str, words: Mapping[str, Word] = WORDS) -> tuple[Word | None, str]:
    """The word that ``text`` begins with, if it is one of these, and the rest."""
    first, _, rest = text.strip().partition(" ")
    return words.get(first), rest.strip()
