"""What takes looking at the balancers many times a second, from outside (claims L2 and L3).

`Unseen`: for how long each mechanism takes a server for alive that is of no use to the active balancer: it does not
run, or what one of the two sends the other is lost. `Comebacks`: how much a server gets that was just taken back.

Both change nothing, and both are true to within the time between two looks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.kernel.network import Parcel
from playground.kernel.node import Life
from playground.systems.balancer import checks
from playground.systems.balancer.liveness import MECHANISMS, Belief, Standing
from playground.systems.balancer.settings import Liveness

if TYPE_CHECKING:
    from playground.kernel.world import World
    from playground.systems.balancer.service import BalancerService

WINDOW_US = 1_000_000
"""So long after a server was taken back it is asked what it got."""


class Unseen:
    """How long useless servers went on being believed alive (or only late), by mechanism."""

    def __init__(self) -> None:
        self.longest_us: dict[Liveness, int] = dict.fromkeys(MECHANISMS, 0)
        self._since_us: dict[str, int] = {}
        """Server -> since when it is of no use."""

    def look(self, world: World) -> None:
        """See what the active balancer believes. While none is active, nobody is misled."""
        active = _active(world)
        if active is None:
            self._since_us.clear()
            return
        now_us = world.now_us
        for server, watched in active.watch.watched.items():
            if _useful(world, active.name, server):
                self._since_us.pop(server, None)
                continue
            since_us = self._since_us.setdefault(server, now_us)
            for by, evidence in watched.member.evidence.items():
                if evidence.belief is not Belief.DEAD:
                    self.longest_us[by] = max(self.longest_us[by], now_us - since_us)


class Comebacks:
    """What each server that is taken back gets in the first second, as a multiple of an equal share."""

    def __init__(self) -> None:
        self.first: list[float] = []
        self._standings: dict[tuple[str, str], Standing] = {}
        self._waiting: dict[tuple[str, str], tuple[int, dict[str, int]]] = {}
        """Balancer and server -> when it was taken back, and how many tries each server had got by then."""

    def look(self, world: World) -> None:
        """See whom the active balancer takes back, and what came to those whom it took back a second ago."""
        active = _active(world)
        if active is None:
            self._waiting.clear()
            return
        sent = {name: tally.sent for name, tally in active.tallies.items()}
        for server, watched in active.watch.watched.items():
            key = (active.name, server)
            standing = watched.member.standing
            if standing is Standing.EJECTED:
                self._waiting.pop(key, None)
            elif self._standings.get(key) is Standing.EJECTED:
                self._waiting[key] = (world.now_us, sent)
            self._standings[key] = standing
        for (_, server), (since_us, before) in list(self._waiting.items()):
            if world.now_us - since_us >= WINDOW_US:
                del self._waiting[active.name, server]
                got = {name: count - before[name] for name, count in sent.items()}
                if sum(got.values()):
                    self.first.append(got[server] * len(got) / sum(got.values()))


def _active(world: World) -> BalancerService | None:
    return next((each for each in checks.balancers(world).values() if each.active), None)


def _useful(world: World, balancer: str, server: str) -> bool:
    """It runs, and what the two send each other is not cut off."""
    if world.nodes[server].life is not Life.UP:
        return False
    ways = ((balancer, server), (server, balancer))
    parcels = [Parcel(source, target, None, world.now_us) for source, target in ways]
    return not any(rule.judge(parcel).drop for rule in world.network.rules if rule.cuts for parcel in parcels)
