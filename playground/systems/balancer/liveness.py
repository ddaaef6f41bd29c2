"""Who is dead, as far as a balancer can tell, and what follows from it. Pure: no clock, no network.

Two mechanisms gather evidence about each server. Both are always kept, so that they can be compared; the settings say
which one decides.

* Heartbeat: the server reports every T. The k-th report counts as missing when a whole further T has passed in which
  it could have come late: (k + 1) T after the last one. Of a server that dies, 1 T to 2 T pass until one report is
  missing, 2 T to 3 T until two are (plus the way of a message).
* Health check: the balancer asks every T; a check fails that is not answered in time, or refused by a machine on which
  no process serves. Of a server that dies, up to 1 T passes until the next check, and then the check's timeout.

What is believed of a server (`Evidence`) and how it is treated (`Member`) are two things. `FOLLOWS` says how it is
treated next, given what is believed::

    in  <---->  suspect  ---->  ejected  ---->  probation  ---->  in

A suspect gets its share like everybody: only who is believed dead is passed over. Who comes back is on probation
(Envoy's and HAProxy's *slow start*): its weight grows from a tenth to the whole, since a server that has just started
has cold caches, and one that has just recovered may fail again.
"""

from __future__ import annotations

from enum import Enum

from playground.systems.balancer.settings import BalancerSettings, Liveness

FIRST_WEIGHT = 0.1
"""The weight at the beginning of a probation."""
MECHANISMS: tuple[Liveness, ...] = ("heartbeat", "health-check")


class Belief(Enum):
    """What the evidence says of a server."""

    ALIVE = "alive"
    SUSPECT = "suspect"
    """Something is missing, not enough yet."""
    DEAD = "dead"


class Standing(Enum):
    """How a server is treated."""

    IN = "in"
    SUSPECT = "suspect"
    EJECTED = "ejected"
    """It gets no requests, unless all are ejected."""
    PROBATION = "probation"
    """It gets a growing part of its share."""


FOLLOWS: dict[tuple[Standing, Belief], Standing] = {
    (Standing.IN, Belief.SUSPECT): Standing.SUSPECT,
    (Standing.IN, Belief.DEAD): Standing.EJECTED,
    (Standing.SUSPECT, Belief.ALIVE): Standing.IN,
    (Standing.SUSPECT, Belief.DEAD): Standing.EJECTED,
    (Standing.EJECTED, Belief.ALIVE): Standing.PROBATION,
    (Standing.PROBATION, Belief.DEAD): Standing.EJECTED,
}
"""How a server is treated next. What is not here changes nothing; beside it only a probation that is over: see
:meth:`Member.end_probation`."""


class Evidence:
    """Of one mechanism, about one server: ``misses`` bad signs in a row kill it, ``rises`` good ones revive it."""

    def __init__(self, misses: int, rises: int) -> None:
        self.belief = Belief.ALIVE
        self.since_us = 0
        """When the belief last changed, by the balancer's clock."""
        self.bad_signs = 0
        """In a row."""
        self.good_signs = 0
        """In a row; counted while it is believed dead."""
        self._misses = misses
        self._rises = rises

    def good(self, now_us: int) -> None:
        """A report has come, or a check was answered."""
        self.bad_signs = 0
        if self.belief is Belief.DEAD:
            self.good_signs += 1
            if self.good_signs < self._rises:
                return
        self._believe(Belief.ALIVE, now_us)

    def bad(self, now_us: int) -> None:
        """A report is missing, or a check has failed."""
        self.good_signs = 0
        self.bad_signs += 1
        if self.belief is not Belief.DEAD:
            self._believe(Belief.DEAD if self.bad_signs >= self._misses else Belief.SUSPECT, now_us)

    def _believe(self, belief: Belief, now_us: int) -> None:
        if belief is not self.belief:
            self.belief = belief
            self.since_us = now_us
            self.good_signs = 0


class Member:
    """One server, as one balancer sees and treats it. Times in microseconds of the balancer's clock."""

    def __init__(self, settings: BalancerSettings) -> None:
        self.evidence = {by: Evidence(settings.misses, settings.rises) for by in MECHANISMS}
        self.standing = Standing.IN
        self.since_us = 0
        self._decides = self.evidence[settings.liveness]
        self._slow_start_us = settings.slow_start_ms * 1_000

    def judge(self, now_us: int) -> bool:
        """Treat it as the evidence says; returns whether that is another treatment than before."""
        follows = FOLLOWS.get((self.standing, self._decides.belief))
        if follows is None:
            return False
        self._treat(follows, now_us)
        return True

    def end_probation(self, now_us: int) -> bool:
        """If its probation is over it has its full share again; returns whether that is so."""
        if self.standing is not Standing.PROBATION or now_us - self.since_us < self._slow_start_us:
            return False
        self._treat(Standing.SUSPECT if self._decides.belief is Belief.SUSPECT else Standing.IN, now_us)
        return True

    def weight(self, now_us: int) -> float:
        """Its part of a full share, 0..1."""
        if self.standing is Standing.EJECTED:
            return 0.0
        if self.standing is not Standing.PROBATION or not self._slow_start_us:
            return 1.0
        grown = min(1.0, (now_us - self.since_us) / self._slow_start_us)
        return FIRST_WEIGHT + (1 - FIRST_WEIGHT) * grown

    def _treat(self, standing: Standing, now_us: int) -> None:
        self.standing = standing
        self.since_us = now_us
