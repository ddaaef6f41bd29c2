"""Links that still work, badly. Each draws its chance from a stream of its own."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from playground.chaos.scope import Scope
from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.kernel.randomness import Stream


class Latency:
    """Everything takes ``latency_us`` longer, and jitter on top of that: how much is drawn for each message.

    ``uniform``: up to ``jitter_us``. ``normal``: around the latency, with a standard deviation of ``jitter_us``, but
    nothing is faster than the link. ``pareto``: Lomax with shape 2 and mean ``jitter_us``: mostly little, at times
    very much.
    """

    cuts = False

    def __init__(
        self, scope: Scope, latency_us: int, jitter_us: int, chance: Stream, distribution: str = "uniform"
    ) -> None:
        self.scope = scope
        self.latency_us = latency_us
        self.jitter_us = jitter_us
        self._chance = chance
        self._jitter: Callable[[], float] = {
            "uniform": chance.random,
            "normal": lambda: chance.gauss(0.0, 1.0),
            "pareto": lambda: chance.paretovariate(2.0) - 1.0,
        }[distribution]

    def judge(self, parcel: Parcel) -> Verdict:
        if not self.scope.covers(parcel):
            return PASS
        jitter_us = int(self._jitter() * self.jitter_us) if self.jitter_us else 0
        return Verdict(delay_us=max(0, self.latency_us + jitter_us))


class ByChance:
    """What strikes each message of its scope with probability ``share``; ``within_us`` says how late at most."""

    cuts = False

    def __init__(self, scope: Scope, share: float, chance: Stream, within_us: int = 0) -> None:
        self.scope = scope
        self.share = share
        self.within_us = within_us
        self._chance = chance

    def strikes(self, parcel: Parcel) -> bool:
        return self.scope.covers(parcel) and self._chance.random() < self.share

    def later_us(self) -> int:
        """Some time from 1 us to ``within_us``."""
        return 1 + int(self._chance.random() * self.within_us)


class Loss(ByChance):
    """Each message is lost with probability ``share``."""

    def judge(self, parcel: Parcel) -> Verdict:
        return DROP if self.strikes(parcel) else PASS


class BurstyLoss:
    """Losses come in runs of ``run`` messages on average, and ``share`` of all messages are lost.

    Each direction of a link is in a good state, in which everything passes, or in a bad one, in which nothing does, and
    changes it by chance after each message (Gilbert, "Capacity of a Burst-Noise Channel", 1960). Where so much is
    lost that good runs of one message would still be too long, the bad ones are longer than ``run``.
    """

    cuts = False

    def __init__(self, scope: Scope, share: float, run: float, chance: Stream) -> None:
        self.scope = scope
        odds = share / (1 - share) if share < 1 else inf
        self._ends = 1 / max(run, odds)
        self._begins = self._ends * odds if share < 1 else 1.0
        self._chance = chance
        self._bad: dict[tuple[str, str], bool] = {}

    def judge(self, parcel: Parcel) -> Verdict:
        if not self.scope.covers(parcel):
            return PASS
        link = (parcel.source, parcel.target)
        draw = self._chance.random()
        was = self._bad.get(link, False)
        bad = draw >= self._ends if was else draw < self._begins
        self._bad[link] = bad
        return DROP if bad else PASS


class Duplication(ByChance):
    """Each message arrives a second time with probability ``share``, up to ``within_us`` later."""

    def __init__(self, scope: Scope, share: float, chance: Stream, within_us: int = 20_000) -> None:
        super().__init__(scope, share, chance, within_us)

    def judge(self, parcel: Parcel) -> Verdict:
        return Verdict(copies_us=(self.later_us(),)) if self.strikes(parcel) else PASS


class Reordering(ByChance):
    """Each message is held back with probability ``share``, up to ``within_us``: later ones overtake it."""

    def __init__(self, scope: Scope, share: float, chance: Stream, within_us: int = 50_000) -> None:
        super().__init__(scope, share, chance, within_us)

    def judge(self, parcel: Parcel) -> Verdict:
        return Verdict(delay_us=self.later_us()) if self.strikes(parcel) else PASS


class Bandwidth:
    """Each direction of a link carries ``bytes_per_s``; what is sent faster queues, first in first out.

    More than ``queue_us`` of queue is dropped, as a router with a full buffer does.
    """

    cuts = False

    def __init__(self, scope: Scope, bytes_per_s: int, queue_us: int = 2_000_000) -> None:
        self.scope = scope
        self.bytes_per_s = bytes_per_s
        self.queue_us = queue_us
        self._free_at_us: dict[tuple[str, str], int] = {}

    def judge(self, parcel: Parcel) -> Verdict:
        if not self.scope.covers(parcel):
            return PASS
        link = (parcel.source, parcel.target)
        wait_us = max(0, self._free_at_us.get(link, 0) - parcel.sent_us)
        if wait_us > self.queue_us:
            return DROP
        delay_us = wait_us + parcel.size_bytes * 1_000_000 // self.bytes_per_s
        self._free_at_us[link] = parcel.sent_us + delay_us
        return Verdict(delay_us=delay_us)
