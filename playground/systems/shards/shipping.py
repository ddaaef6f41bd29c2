"""How a master's log gets to the slaves, and how the master knows what they have.

* One batch at a time is under way to a slave. The next one follows when the slave has reported it, so nothing
  overtakes itself; under load the batches grow by themselves.
* A report tells the slave's whole log by epochs. What it has in common with the master's is found from that alone, so
  a report that is lost, doubled or late does no harm.
* A slave that has nothing in common with the log that is at hand is sent a snapshot.
* Push: what is new is sent at once, and a heartbeat if nothing is. Pull: the slaves ask; only who has not been heard of
  for long is told that there is a master.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from playground.systems.shards.messages import Append, Entry, Install, Position, Report
from playground.systems.shards.placing import Assignment

if TYPE_CHECKING:
    from playground.systems.shards.replica import Replica

BATCH = 256
"""Entries in one message."""
INSTALL_US = 1_000_000
"""A snapshot is not sent again before this."""


@dataclass(slots=True)
class Follower:
    """A slave, or a node that is to become one, as the master knows it."""

    name: str
    identity: int
    """That it must have; 0: a newcomer, whose identity its first report tells."""
    good_us: int
    """When it last had everything, or made progress."""
    match: int = -1
    """It has all up to here on its disk; -1: nothing that is known to agree."""
    sent: int = -1
    """It was sent all up to here."""
    known: bool = False
    """It has reported in this epoch."""
    stranger: bool = False
    """It answers under another identity: it has lost what it had."""
    life: int = 0
    sent_us: int = 0
    installed_us: int = -INSTALL_US


class Shipping:
    """What the master of ``epoch`` sends. ``quiet_us``: who makes no progress for so long does not answer."""

    def __init__(self, replica: Replica, epoch: int) -> None:
        settings = replica.settings
        self.followers: dict[str, Follower] = {}
        self.push = settings.shipping == "push"
        self._replica = replica
        self._epoch = epoch
        self._service = replica.service
        self._log = replica.log
        self._heartbeat_us = settings.heartbeat_ms * 1_000
        interval_ms = settings.heartbeat_ms if self.push else settings.pull_ms
        self.quiet_us = max(3 * interval_ms, settings.write_timeout_ms) * 1_000

    @property
    def _now_us(self) -> int:
        return self._service.clock.monotonic_us

    def adopt(self, assignment: Assignment) -> None:
        """These are the members from now on."""
        kept, self.followers = self.followers, {}
        for name, identity in assignment.members:
            if name != self._service.name:
                follower = kept.get(name)
                same = follower is not None and follower.identity == identity
                self.followers[name] = follower if follower and same else Follower(name, identity, self._now_us)
        for follower in self.followers.values():
            self.ship(follower)

    def add_newcomer(self, name: str) -> Follower:
        """Begin to send everything to a node that is no member yet (or not under its new identity)."""
        newcomer = self.followers[name] = Follower(name, 0, self._now_us)
        self.ship(newcomer)
        return newcomer

    def slaves(self, assignment: Assignment) -> list[Follower]:
        """The members that count, this node left out."""
        found = ((self.followers.get(name), identity) for name, identity in assignment.members)
        return [follower for follower, identity in found if follower is not None and follower.identity == identity]

    def answers(self, follower: Follower) -> bool:
        """Whether it has lately taken what it was sent."""
        return follower.known and not follower.stranger and self._now_us - follower.good_us < self.quiet_us

    # --- sending ------------------------------------------------------------------------------

    def ship_new(self) -> None:
        """There is something new in the log."""
        if self.push:
            for follower in self.followers.values():
                if follower.known:
                    self.ship(follower)

    def ship(self, follower: Follower, *, anyway: bool = False) -> None:
        """Send what is new for it; ``anyway``: if nothing is, say so."""
        log = self._log
        if not follower.known:
            self._send(follower, log.last, ())
        elif follower.match < log.base.seq:
            self._install(follower)
        else:
            entries = () if follower.sent > follower.match else log.after(follower.match, BATCH)
            if entries or anyway:
                self._send(follower, log.position(follower.match), entries)
                follower.sent = max(follower.sent, follower.match + len(entries))

    def beat(self) -> None:
        """From time to time: say that there is a master, and send again what was not reported."""
        due_us = self._heartbeat_us if self.push else 2 * self.quiet_us
        for follower in self.followers.values():
            if self._now_us - follower.sent_us >= due_us:
                follower.sent = follower.match  # what is still under way is lost, or late
                self.ship(follower, anyway=True)

    def _send(self, follower: Follower, previous: Position, entries: tuple[Entry, ...]) -> None:
        log = self._log
        commit = log.whole(min(log.commit, previous.seq + len(entries)))
        message = Append(self._replica.shard, self._epoch, previous, entries, commit, log.last.seq)
        follower.sent_us = self._now_us
        self._service.send(follower.name, message)

    def _install(self, follower: Follower) -> None:
        now_us, log = self._now_us, self._log
        if now_us - follower.installed_us < INSTALL_US:
            return
        follower.installed_us = follower.sent_us = now_us
        position, state = log.position(log.commit), log.state.dump()
        self._service.send(follower.name, Install(self._replica.shard, self._epoch, position, state, follower.life))

    # --- reports ---------------------------------------------------------------------------------

    def take(self, follower: Follower, report: Report) -> bool:
        """Learn what a slave has. False: that counts for nothing, it has another identity or is in another epoch."""
        if not follower.identity:
            follower.identity = report.identity
        follower.stranger = report.identity != follower.identity
        if follower.stranger or report.epoch < self._epoch:
            if report.fetch:
                self._send(follower, self._log.last, ())
            return False
        follower.known = True
        follower.life = report.life
        match = self._log.common(report.runs)
        if match > follower.match or match == self._log.last.seq:
            follower.match = match
            follower.good_us = self._now_us
        if report.lost or report.fetch or follower.sent < follower.match:
            follower.sent = follower.match
        return True

    def go_on(self, follower: Follower, report: Report) -> None:
        """Answer a report with what comes next."""
        if report.fetch or self.push:
            self.ship(follower, anyway=report.fetch)
