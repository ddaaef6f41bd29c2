"""Stores with a planted bug: the checks must find each of them, else they prove nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from playground.kernel.errors import DiskError
from playground.kernel.node import Process
from playground.systems.ring import membership
from playground.systems.store import checks, records, replica, service, takeover, versions
from playground.systems.store.messages import Put, Stamp, Stored
from playground.systems.store.replica import Replica
from playground.systems.store.service import StoreService
from playground.systems.store.takeover import Takeover
from tests.systems.store.store_chaos import Chaos
from tests.systems.store.store_lab import simulate
from tests.systems.store.test_store_simulation import chaotic
from tests.systems.store.test_store_takeover import split

Patch = pytest.MonkeyPatch
COMING_AND_GOING = ("join", "leave", "cut", "crash", "muddle", "lose", "freeze")
CALM = {"anti_entropy_interval_ms": 0, "read_repair": False}
"""Repairs hide bugs of the quorums: without them they show sooner."""


def stale(lab: Any) -> bool:
    return bool(lab.staleness.stale_reads)


def lost(lab: Any) -> bool:
    return bool(lab.lost())


def diverged(lab: Any) -> bool:
    return bool(checks.replicas_converged(lab.stores()))


def found(verdict: Callable[[Any], bool], acts: tuple[str, ...] = Chaos.acts, seeds: int = 40, **settings: Any) -> bool:
    """Whether some seed shows it."""
    return any(verdict(simulate(chaotic, seed, 20, acts, **settings)) for seed in range(seeds))


def test_nothing_is_repaired() -> None:
    assert found(diverged, ("cut", "muddle", "crash"), **CALM)


def test_a_write_is_acknowledged_before_w_replicas_have_it(monkeypatch: Patch) -> None:
    ask = StoreService._ask

    async def hasty(self: Any, key: str, need: int, request: Any, *, writes: bool = False) -> Any:
        return await ask(self, key, need - 1 if writes else need, request, writes=writes)

    monkeypatch.setattr(StoreService, "_ask", hasty)
    assert found(stale)


def test_a_replica_acknowledges_before_the_disk_does(monkeypatch: Patch) -> None:
    write = Replica.write

    def hasty(self: Replica, key: str, siblings: Any, then: Callable[[], object]) -> None:
        write(self, key, siblings, lambda: None)
        then()

    monkeypatch.setattr(Replica, "write", hasty)
    assert found(lambda lab: stale(lab) or lost(lab), ("crash", "hang", "freeze"), **CALM)


def test_the_last_writer_wins(monkeypatch: Patch) -> None:
    merge = versions.merge

    def narrow(a: Any, b: Any) -> Any:
        merged = merge(a, b)
        return a if merged is a else merged[-1:]

    for module in (replica, records, service):
        monkeypatch.setattr(module, "merge", narrow)
    assert found(lost, ("freeze",))


def test_a_timestamp_is_minted_for_each_copy_of_a_write(monkeypatch: Patch) -> None:
    put = StoreService.on_put

    async def minting(self: StoreService, source: str, message: Put) -> Stored:
        version = versions.timestamp(self.on_stamp(source, Stamp()))
        return await put(self, source, replace(message, version=version))

    monkeypatch.setattr(StoreService, "on_put", minting)
    assert found(stale, ("muddle",), conflicts="newest", **CALM)


def test_the_newest_is_acknowledged_before_w_replicas_have_it(monkeypatch: Patch) -> None:
    store = StoreService._store

    async def hasty(self: StoreService, key: str, siblings: Any, w: int) -> None:
        await store(self, key, siblings, w - 1)

    monkeypatch.setattr(StoreService, "_store", hasty)
    assert found(stale, ("cut", "crash"), conflicts="newest", **CALM)


def test_a_log_that_cannot_be_read_is_taken_for_an_empty_one(monkeypatch: Patch) -> None:
    async def careless(_process: Process, act: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await act()
        except DiskError:
            return b""

    monkeypatch.setattr("playground.kernel.recovering.insist", careless)
    recover = Replica.recover

    async def at_once(self: Replica) -> None:
        await recover(self)
        self.members.whole = self.members.trusted = True

    monkeypatch.setattr(Replica, "recover", at_once)
    assert found(stale, ("unreadable", "crash", "cut"), **CALM)


def test_a_lost_disk_votes_at_once(monkeypatch: Patch) -> None:
    recover = Replica.recover

    async def careless(self: Replica) -> None:
        await recover(self)
        self.members.whole = self.members.trusted = True

    monkeypatch.setattr(Replica, "recover", careless)
    assert found(stale, ("lose", "cut", "crash"), **CALM)


def test_only_the_present_circle_is_asked(monkeypatch: Patch) -> None:
    place_at = membership.Placement.place_at

    def present(self: Any, position: int) -> Any:
        place = place_at(self, position)
        return membership.Place(place.sets[:1], place.owners)

    monkeypatch.setattr(membership.Placement, "place_at", present)
    membership.placement.cache_clear()
    try:
        assert found(stale, COMING_AND_GOING, **CALM)
    finally:
        membership.placement.cache_clear()


def test_replicas_answer_requests_of_other_rings(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Replica, "check", lambda _self, _ring: None)
    assert any(stale(simulate(split, seed, "nothing")) for seed in range(12))


def test_a_node_takes_over_without_copying(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Takeover, "_sources", lambda _self, _agreed: [])
    monkeypatch.setattr(Takeover, "_missing", lambda _self, _synced: [])
    assert found(stale, COMING_AND_GOING, **CALM)


def test_a_node_takes_over_from_one_source_only(monkeypatch: Patch) -> None:
    sources = takeover.Takeover._sources
    monkeypatch.setattr(Takeover, "_sources", lambda self, agreed: sources(self, agreed)[:1])
    monkeypatch.setattr(Takeover, "_missing", lambda _self, _synced: [])
    assert found(stale, COMING_AND_GOING, **CALM)


def test_a_node_that_forgot_its_vote_counts_itself(monkeypatch: Patch) -> None:
    def told(self: Takeover, agreed: dict[str, Any]) -> bool:
        current = self.members.membership.current
        return 2 * (sum(name in agreed for name in current) + (self.name in current)) > len(current)

    monkeypatch.setattr(Takeover, "_told", told)
    assert any(stale(simulate(split, seed, "all")) for seed in range(4))
    assert any(stale(simulate(split, seed, "votes")) for seed in range(4))
