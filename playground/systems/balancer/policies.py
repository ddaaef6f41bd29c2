"""Which server gets a request. Pure objects with one method, `pick`.

Weights (0 < weight <= 1) are those of `slow start`: a server with half the weight of the others gets half their share.

=================  ===============================================================================================
round robin        each in turn. Weighted and smooth as in nginx (commit 52327e0, 2012): a server of weight 1/2 is
                   passed over every other time. Blind to how long requests take.
least connections  the one with the fewest open requests for its weight; of several, one drawn by weight. Needs to
                   know all; several balancers that do it at the same time all run to the same server.
two choices        draw two by weight, take the one with fewer open requests (Mitzenmacher, "The Power of Two Choices
                   in Randomized Load Balancing", IEEE TPDS 2001): nearly as even, and nobody is run down.
hash               the key's own server on a ring of consistent hashing: the same key meets the same caches. A server
                   that goes leaves its keys to its neighbours; all others stay where they are. Popular keys are not
                   spread.
=================  ===============================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from playground.kernel.randomness import Stream
from playground.systems.balancer.settings import Policy
from playground.systems.ring.client import HashRing

STEPS = 10
"""On the ring a weight is rounded to tenths: it need not be rebuilt for each request of a slow start."""


class Picker(Protocol):
    """A policy."""

    def pick(
        self, candidates: Sequence[str], open: Mapping[str, int], weights: Mapping[str, float], key: str, chance: Stream
    ) -> str:
        """One of ``candidates`` (at least one). ``open``: requests under way to each. ``weights`` may name others."""


class RoundRobin:
    """Smooth weighted round robin."""

    def __init__(self) -> None:
        self._credit: dict[str, float] = {}

    def pick(
        self, candidates: Sequence[str], open: Mapping[str, int], weights: Mapping[str, float], key: str, chance: Stream
    ) -> str:
        credit = self._credit
        for name in candidates:
            credit[name] = credit.get(name, 0.0) + weights[name]
        picked = max(candidates, key=credit.__getitem__)
        credit[picked] -= sum(weights[name] for name in candidates)
        return picked


class LeastConnections:
    """The fewest open requests for the weight."""

    def pick(
        self, candidates: Sequence[str], open: Mapping[str, int], weights: Mapping[str, float], key: str, chance: Stream
    ) -> str:
        loads = {name: open[name] / weights[name] for name in candidates}
        least = min(loads.values())
        return drawn([name for name in candidates if loads[name] == least], weights, chance)


class TwoChoices:
    """The better of two."""

    def pick(
        self, candidates: Sequence[str], open: Mapping[str, int], weights: Mapping[str, float], key: str, chance: Stream
    ) -> str:
        first = drawn(candidates, weights, chance)
        if len(candidates) == 1:
            return first
        # The weight counts in the drawing only: counted in the comparison as well, it would leave an idle server that
        # is on probation without any request.
        second = drawn([name for name in candidates if name != first], weights, chance)
        return second if open[second] < open[first] else first


class ByKey:
    """Consistent hashing. The ring holds whoever has a weight: it stays the same when one is only passed over."""

    def __init__(self) -> None:
        self._ring = HashRing()
        self._steps: dict[str, int] = {}

    def pick(
        self, candidates: Sequence[str], open: Mapping[str, int], weights: Mapping[str, float], key: str, chance: Stream
    ) -> str:
        self._place({name: max(1, round(weight * STEPS)) for name, weight in weights.items()})
        ring = self._ring
        owner = ring.owner(key)
        if owner in candidates:
            return owner
        return next(name for name in ring.replicas(key, len(self._steps)) if name in candidates)

    def _place(self, steps: dict[str, int]) -> None:
        if steps == self._steps:
            return
        for name, step in self._steps.items():
            if steps.get(name) != step:
                self._ring.remove(name)
        for name, step in steps.items():
            if self._steps.get(name) != step:
                self._ring.add(name, step / STEPS)
        self._steps = steps


def drawn(names: Sequence[str], weights: Mapping[str, float], chance: Stream) -> str:
    """One of ``names``, with a probability in proportion to its weight."""
    if len(names) == 1:
        return names[0]
    at = chance.random() * sum(weights[name] for name in names)
    for name in names:
        at -= weights[name]
        if at < 0:
            return name
    return names[-1]


POLICIES: dict[Policy, type[Picker]] = {
    "round-robin": RoundRobin,
    "least-connections": LeastConnections,
    "two-choices": TwoChoices,
    "hash": ByKey,
}
