"""Who cannot talk to whom.

A partition splits nodes into sides: nodes of different sides don't reach each other,
in either direction. Whoever is on no side (the clients, unless they are named) reaches
everybody: that is how clients meet both halves of a split system.
A one-way partition loses what goes from some nodes to others; answers still come back.
"""

from __future__ import annotations

from collections.abc import Sequence

from playground.chaos.scope import Scope
from playground.kernel.network import DROP, PASS, Parcel, Verdict


class Partition:
    """Cuts the links between the ``groups``."""

    cuts = True

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self.side = {name: number for number, group in enumerate(groups) for name in group}

    def judge(self, parcel: Parcel) -> Verdict:
        here, there = self.side.get(parcel.source), self.side.get(parcel.target)
        return DROP if here is not None and there is not None and here != there else PASS


class NeighboursOnly:
    """Each of ``order`` reaches only the one before and the one after it; the last is followed by the first."""

    cuts = True

    def __init__(self, order: Sequence[str]) -> None:
        self.place = {name: number for number, name in enumerate(order)}

    def judge(self, parcel: Parcel) -> Verdict:
        here, there = self.place.get(parcel.source), self.place.get(parcel.target)
        if here is None or there is None:
            return PASS
        return PASS if (here - there) % len(self.place) in (0, 1, len(self.place) - 1) else DROP


class Cut:
    """Loses everything that goes from the sources to the targets of ``scope``, and back if it says so."""

    cuts = True

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def judge(self, parcel: Parcel) -> Verdict:
        return DROP if self.scope.covers(parcel) else PASS
