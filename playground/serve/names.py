"""What visitors are called: by the name they came with, as far as it can be shown, and nobody like somebody else."""

from __future__ import annotations

import re
from collections.abc import Container
from itertools import count

from playground.spec import CONSOLE

LONGEST = 16
_ODD = re.compile(r"[^A-Za-z0-9._-]+")
NOBODY = "guest"
PRESENTER = "presenter"
"""Who presents, and has said no other name. Over SSH: the user whom the passphrase lets in."""
MEANT = frozenset({CONSOLE, "all"})
"""Names by which the log, and a presenter who lends the keyboard, mean somebody else."""


def plain_name(wanted: str) -> str:
    """A name like ``wanted`` that can be shown: letters, digits, dots, dashes and underscores, at most 16 of them."""
    plain = _ODD.sub("-", wanted[:200]).strip("-.")[:LONGEST].rstrip("-.") or NOBODY
    return NOBODY if plain in MEANT else plain


def name_for(wanted: str, taken: Container[str]) -> str:
    """A name like ``wanted`` that nobody in ``taken`` has: ``anna``, ``anna-2``, … At most 20 characters or so."""
    plain = plain_name(wanted)
    if plain not in taken:
        return plain
    return next(name for number in count(2) if (name := f"{plain}-{number}") not in taken)
