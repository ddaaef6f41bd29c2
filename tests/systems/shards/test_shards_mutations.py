"""Databases with a planted bug: the checks must find each of them, else they prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from playground.systems.shards import election, file, leading, replacement
from playground.systems.shards.election import Election
from playground.systems.shards.file import Content, ShardFile
from playground.systems.shards.leading import Leading
from playground.systems.shards.log import ReplicatedLog
from playground.systems.shards.placing import FIRST_IDENTITY
from playground.systems.shards.replica import Replica
from playground.systems.shards.service import ShardsService
from playground.systems.shards.shipping import Follower
from playground.systems.shards.state import State
from playground.systems.zookeeper.client import Keeper
from tests.systems.shards.accidents import ACCIDENTS
from tests.systems.shards.shards_lab import Lab, simulate

Patch = pytest.MonkeyPatch


def broken(accident: str) -> list[Any]:
    """What the checks find after an accident."""
    lab: Lab = simulate(ACCIDENTS[accident])
    assert lab.history.counts["ok"]
    found: list[Any] = [*lab.violations, *lab.lost(), *lab.undone()]
    return found if lab.linearizable() else [*found, "not linearizable"]


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_an_accident_alone_breaks_nothing(accident: str) -> None:
    assert broken(accident) == []


def test_a_copy_acknowledges_before_its_disk_does(monkeypatch: Patch) -> None:
    append = Replica.append

    def hasty(self: Replica, entry: Any, *, reporting: bool = False) -> None:
        append(self, entry)
        self.durable = entry.seq
        if reporting:
            self.report(self.leader)

    monkeypatch.setattr(Replica, "append", hasty)
    assert broken("power failure")


def test_a_master_ignores_its_lease(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Keeper, "safe", property(lambda _self: True))
    assert broken("master and a client cut off")
    assert broken("frozen master")


def test_nobody_fences_and_nobody_has_a_lease(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Keeper, "safe", property(lambda _self: True))

    def trusting(self: Replica, source: str, epoch: int) -> bool:
        self.promised = self.promised_safe = epoch
        self.leader, self.heard_us = source, self.service.clock.monotonic_us
        return self.leading is None

    monkeypatch.setattr(Replica, "_heed", trusting)
    monkeypatch.setattr(Replica, "hear_of", lambda _self, _epoch: None)
    assert broken("frozen master")


def test_too_few_are_heard_in_an_election(monkeypatch: Patch) -> None:
    monkeypatch.setattr(election, "electing", lambda _settings, _members: 1)
    assert broken("one slave lags")


def test_whoever_stands_first_is_elected_however_little_it_has(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Election, "_first_of", lambda _self, votes: min(votes))
    assert broken("the other slave lags")


def test_a_write_is_committed_without_a_slave(monkeypatch: Patch) -> None:
    monkeypatch.setattr(leading, "acknowledging", lambda _settings, _members: 1)
    assert broken("written alone")


def test_a_failed_write_is_called_definite_before_its_abort_is_safe(monkeypatch: Patch) -> None:
    reverse = Leading._reverse

    def hasty(self: Leading, pending: Any, now_us: int) -> None:
        reverse(self, pending, now_us)
        if pending.abort:
            self._answer(pending, self._told("reversed"))

    monkeypatch.setattr(Leading, "_reverse", hasty)
    assert broken("abort that nobody has")


def test_a_failed_write_is_not_reversed(monkeypatch: Patch) -> None:
    def careless(self: Leading, pending: Any, _now_us: int) -> None:
        self._answer(pending, self._told("reversed"))

    monkeypatch.setattr(Leading, "_reverse", careless)
    assert broken("abort behind its write")


def test_a_write_is_applied_without_the_abort_behind_it(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ReplicatedLog, "whole", lambda _self, seq: seq)
    assert broken("abort behind its write")


def test_a_lost_disk_keeps_its_vote(monkeypatch: Patch) -> None:
    monkeypatch.setattr(ShardFile, "format", _with_the_first_identity(ShardFile.format))
    recover = ShardsService.recover

    async def careless(self: ShardsService) -> None:
        await recover(self)
        for shard in self.settings.names:
            if shard not in self.replicas and shard not in self._formatting:
                self._format(shard, ShardFile(self.process, shard), FIRST_IDENTITY)

    monkeypatch.setattr(ShardsService, "recover", careless)
    assert broken("a disk is lost")


def test_a_damaged_log_is_believed(monkeypatch: Patch) -> None:
    monkeypatch.setattr(file, "is_torn", lambda _data, _at: True)
    read = Content.read

    def careless(data: bytes) -> Content:
        content = read(data)
        content.identity = FIRST_IDENTITY
        return content

    monkeypatch.setattr(Content, "read", careless)
    assert broken("a disk is damaged")


def test_what_conflicts_is_not_cut_off(monkeypatch: Patch) -> None:
    def careless(self: Replica, message: Any) -> bool:
        for entry in message.entries:
            if entry.seq == self.log.last.seq + 1:
                self.append(entry, reporting=True)
        self.log.commit_to(min(message.commit, self.log.last.seq))
        return True

    monkeypatch.setattr(Replica, "_take", careless)
    assert broken("divergent tail")


def test_requests_are_done_as_often_as_they_come(monkeypatch: Patch) -> None:
    monkeypatch.setattr(State, "outcome", lambda _self, _request: "new")
    assert broken("lost answer")


def test_members_are_changed_before_the_newcomer_has_everything(monkeypatch: Patch) -> None:
    async def careless(_node: Any, _leading: Leading, newcomer: Follower) -> bool:
        newcomer.identity = newcomer.identity or FIRST_IDENTITY
        return True

    monkeypatch.setattr(replacement, "_has_all", careless)
    assert broken("newcomer with nothing")


def _with_the_first_identity(format_file: Any) -> Any:
    return lambda self, _identity, then: format_file(self, FIRST_IDENTITY, then)
