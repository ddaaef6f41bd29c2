"""At most one leader in a term: Election Safety of Raft (Ongaro & Ousterhout 2014, figure 3); in ZAB, in an epoch.

Two leaders at the same time are allowed, and common: the older one has not heard yet. Two of the same term are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from playground.systems.violations import Violation

CHECK = "one leader per term"


class Claim(NamedTuple):
    """At ``at_us``, ``leader`` acted as the leader of ``term``."""

    at_us: int
    term: int
    leader: str


def one_leader_per_term(claims: Iterable[Claim]) -> list[Violation]:
    """One violation for each further leader of a term, told at its first claim. Claims in any order."""
    found = []
    leaders: dict[int, dict[str, int]] = {}
    for at_us, term, leader in sorted(claims):
        known = leaders.setdefault(term, {})
        if known and leader not in known:
            first, since_us = next(iter(known.items()))
            both = f"{first} since {since_us / 1e6:.3f} s and {leader} since {at_us / 1e6:.3f} s"
            text = f"term {term} has two leaders: {both}"
            found.append(Violation(CHECK, str(term), text))
        known.setdefault(leader, at_us)
    return found
