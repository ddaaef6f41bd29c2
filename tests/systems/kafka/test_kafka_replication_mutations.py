"""Brokers with a planted bug: the checks must find each of them, else they prove nothing."""

from __future__ import annotations

from typing import Any

import pytest

from playground.kernel.world import run
from playground.systems.kafka.directory import LogDirectory
from playground.systems.kafka.insync import InSync
from playground.systems.kafka.leading import Leading
from playground.systems.kafka.messages import FetchedOf, FetchFrom
from playground.systems.kafka.partition import Partition
from tests.systems.kafka.broker_accidents import ACCIDENTS

Patch = pytest.MonkeyPatch


def broken(accident: str) -> list[str]:
    """What is wrong after an accident."""
    found: list[str] = run(ACCIDENTS[accident])
    return found


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_an_accident_alone_breaks_nothing(accident: str) -> None:
    assert broken(accident) == []


def test_a_leader_counts_nobody_but_itself(monkeypatch: Patch) -> None:
    monkeypatch.setattr(InSync, "maximal", property(lambda self: ()))
    assert broken("leader cut off")


def test_a_follower_says_it_has_what_its_disk_has_not(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Partition, "settled", property(lambda self: True))
    assert broken("power failure")


def test_a_leader_does_without_a_follower_before_that_is_confirmed(monkeypatch: Patch) -> None:
    monkeypatch.setattr(
        InSync, "maximal", property(lambda self: self.wanted() if self._altering else (*self.isr, *self.proposed))
    )
    assert broken("leader cut off")


def test_a_leader_commits_however_few_are_in_sync(monkeypatch: Patch) -> None:
    begin = Leading.__init__

    def careless(self: Leading, *args: Any) -> None:
        begin(self, *args)
        self._least = 1

    monkeypatch.setattr(Leading, "__init__", careless)
    assert broken("followers gone then the leader")


def test_a_leader_compares_no_logs(monkeypatch: Patch) -> None:
    fetched = Leading.fetched

    def blind(self: Leading, member: Any, incarnation: int, wanted: FetchFrom) -> FetchedOf | None:
        return fetched(self, member, incarnation, wanted._replace(last_epoch=-1))

    monkeypatch.setattr(Leading, "fetched", blind)
    assert broken("leader alone with acks 1")


def test_an_empty_disk_passes_for_the_one_that_was_lost(monkeypatch: Patch) -> None:
    recover = LogDirectory.recover

    async def forgetful(self: LogDirectory) -> None:
        await recover(self)
        self.directory = 1

    monkeypatch.setattr(LogDirectory, "recover", forgetful)
    assert broken("empty disk")
