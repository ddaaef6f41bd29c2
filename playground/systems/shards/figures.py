"""What scenarios measure of masters and slaves over time: how far the slaves are behind (R2).

Looked at with god's eye, between events; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from playground.systems.shards import roles
from playground.systems.shards.replica import Replica
from playground.systems.shards.service import ShardsService

Services = Mapping[str, ShardsService]


class Lags:
    """How far each slave's disk is behind its master's log, in records and in microseconds, at every look.

    A slave is behind by the age of the oldest record that it lacks. The age counts from the look at which the record
    was first seen: it may be one look too young, never too old. Only slaves that run are looked at, and only while
    there is a master: who is dead does not follow.
    """

    def __init__(self) -> None:
        self.max_records = 0
        self.ages_us: list[int] = []
        """One for each slave and look."""
        self._seen_us: dict[str, dict[tuple[int, int], int]] = {}
        """Shard -> position in the master's log -> when it was first seen; those that some slave may lack."""
        self._had: dict[tuple[str, str], int] = {}
        """(shard, slave) -> how far it had the log when it was last looked at."""

    def look(self, services: Services, now_us: int) -> None:
        """See how far everybody is by now."""
        for service in services.values():
            for shard in service.settings.names:
                master = roles.leader(services, shard)
                if master is not None:
                    self._look(services, master, now_us)
            return

    def _look(self, services: Services, master: Replica, now_us: int) -> None:
        assert master.leading is not None
        log, shard = master.log, master.shard
        before = self._seen_us.get(shard, {})
        slaves = [name for name in master.leading.assignment.names if name != master.service.name]
        have = {
            name: _agreed(master, services[name].replicas[shard])
            for name in slaves
            if name in services and shard in services[name].replicas
        }
        self._had.update({(shard, name): seq for name, seq in have.items()})
        # Who is down will lack what it lacks now, when it is back.
        oldest = min((self._had.get((shard, name), 0) for name in slaves), default=log.last.seq)
        places = range(max(oldest, log.base.seq) + 1, log.last.seq + 1)
        seen_us = {(log.epoch_at(seq), seq): before.get((log.epoch_at(seq), seq), now_us) for seq in places}
        self._seen_us[shard] = seen_us
        for seq in have.values():
            self.max_records = max(self.max_records, log.last.seq - seq)
            lacking = max(seq, log.base.seq) + 1
            age_us = now_us - seen_us[log.epoch_at(lacking), lacking] if lacking <= log.last.seq else 0
            self.ages_us.append(age_us)


def _agreed(master: Replica, slave: Replica) -> int:
    """The last place up to which the slave's disk holds the master's log; 0 if none is at hand."""
    seq = min(slave.durable, master.log.last.seq)
    while seq > 0:
        epoch = master.log.epoch_at(seq)
        if epoch >= 0 and epoch == slave.log.epoch_at(seq):
            return seq
        seq -= 1
    return 0
