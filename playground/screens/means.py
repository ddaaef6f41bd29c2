"""What somebody in front of a screen has in hand beside the cluster: what they lack is not offered to them.

An act that is done all the same (a key is pressed in any case) says in one line why it can't be.
"""

from __future__ import annotations

from enum import Flag, auto


class Means(Flag):
    """Which of these somebody has."""

    KEYS = auto()
    """Whoever only watches has none."""
    FILES = auto()
    """A folder on the machine on which the app runs."""
    PAST = auto()
    """The way back in time."""
    TIME = auto()
    """Time in hand: to stop it, and to let it go slower and faster."""
    COMPANY = auto()
    """A say in what others may do who look at the same session."""


NOTHING = Means(0)
OWN = Means.KEYS | Means.FILES | Means.PAST | Means.TIME
"""Of whoever sits in front of a playground of their own."""
NO_FILES = "visitors have no files here"
