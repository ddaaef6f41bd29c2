"""Claims that cannot fail claim nothing: each is played on a system with a bug that it should notice, and does.

A bug is planted by replacing one method. ``notices``: the figure, among those expected, that is no longer met.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from noticing import Bug, noticed

from playground.scenario.loader import load_file
from playground.scenario.model import Experiment
from playground.scenario.playing import examine
from playground.scenario.shelf import find
from playground.systems.gossip.messages import Entry
from playground.systems.gossip.service import GossipService
from playground.systems.gossip.view import Peer, View
from playground.systems.ring.hashring import HashRing
from playground.systems.ring.points import find as points_find
from playground.systems.store.records import put_record
from playground.systems.store.repair import Repair
from playground.systems.store.replica import Replica
from playground.systems.store.service import StoreService
from playground.systems.store.versions import Siblings, merge

# --- the circle ------------------------------------------------------------------------


def one_point_each(patch: pytest.MonkeyPatch) -> None:
    cells = HashRing._cells
    patch.setattr(HashRing, "_cells", lambda ring, name, weight: cells(ring, name, weight)[:1])


def clockwise(patch: pytest.MonkeyPatch) -> None:
    def find_next(points: array[int], position: int) -> int:
        return (points_find(points, position) + 1) % len(points)

    patch.setattr("playground.systems.ring.hashring.find", find_next)


def next_node_left_out(patch: pytest.MonkeyPatch) -> None:
    replicas_at = HashRing.replicas_at

    def leave_out(ring: HashRing, position: int, n: int) -> tuple[str, ...]:
        owner, *others = replicas_at(ring, position, n + 1)
        return (owner, *others[1:]) if len(others) == n > 1 else replicas_at(ring, position, n)

    patch.setattr(HashRing, "replicas_at", leave_out)


def modulo(patch: pytest.MonkeyPatch) -> None:
    def replicas_at(ring: HashRing, position: int, n: int) -> tuple[str, ...]:
        names = ring.nodes
        return tuple(names[(position + step) % len(names)] for step in range(min(n, len(names))))

    patch.setattr(HashRing, "replicas_at", replicas_at)


# --- the store -------------------------------------------------------------------------


def _asks_for_one(patch: pytest.MonkeyPatch, *, of_writes: bool) -> None:
    ask = StoreService._ask

    async def ask_one(store: StoreService, key: str, need: int, request: Any, *, writes: bool = False) -> Any:
        return await ask(store, key, 1 if writes is of_writes else need, request, writes=writes)

    patch.setattr(StoreService, "_ask", ask_one)


def writes_wait_for_one(patch: pytest.MonkeyPatch) -> None:
    _asks_for_one(patch, of_writes=True)


def reads_wait_for_one(patch: pytest.MonkeyPatch) -> None:
    _asks_for_one(patch, of_writes=False)


def acknowledged_before_it_is_safe(patch: pytest.MonkeyPatch) -> None:
    def write(replica: Replica, key: str, siblings: Siblings, then: Callable[[], object]) -> None:
        replica._hold(key, merge(replica.data.get(key, ()), siblings))
        replica._append(put_record(key, siblings), lambda: None)
        then()

    patch.setattr(Replica, "write", write)


def never_written_to_disk(patch: pytest.MonkeyPatch) -> None:
    def write(replica: Replica, key: str, siblings: Siblings, then: Callable[[], object]) -> None:
        replica._hold(key, merge(replica.data.get(key, ()), siblings))
        then()

    patch.setattr(Replica, "write", write)


def nothing_is_repaired(patch: pytest.MonkeyPatch) -> None:
    async def synchronise(_repair: Repair, _peer: str, _bytes_per_s: int = 0) -> int:
        return 0

    patch.setattr(Repair, "synchronise", synchronise)


# --- gossip ----------------------------------------------------------------------------


def everybody_tells_the_same_one(patch: pytest.MonkeyPatch) -> None:
    def pick(gossip: GossipService) -> list[str]:
        names = sorted([gossip.name, *gossip.view.targets], key=lambda name: int(name[1:]))
        return [names[(names.index(gossip.name) + 1) % len(names)]]

    patch.setattr(GossipService, "_pick", pick)


def the_last_count_wins(patch: pytest.MonkeyPatch) -> None:
    merge_before = View.merge

    def merge_last(view: View, entries: tuple[Entry, ...], now_us: int, *, whole: bool) -> list[Entry]:
        better = merge_before(view, entries, now_us, whole=whole)
        for entry in entries:
            if entry[0] != view.me.name:
                view.peers[entry[0]].entry = entry
        return better

    patch.setattr(View, "merge", merge_last)


def the_accused_says_nothing(patch: pytest.MonkeyPatch) -> None:
    rise = View._rise

    def rise_of_others(view: View, peer: Peer, entry: Entry, now_us: int) -> None:
        if peer is not view.me:
            rise(view, peer, entry, now_us)

    patch.setattr(View, "_rise", rise_of_others)


def vitals_stay_at_home(patch: pytest.MonkeyPatch) -> None:
    merge_before = View.merge

    def merge_counts(view: View, entries: tuple[Entry, ...], now_us: int, *, whole: bool) -> list[Entry]:
        known = {name: peer.entry[2] for name, peer in view.peers.items()}
        better = merge_before(view, entries, now_us, whole=whole)
        for name, peer in view.peers.items():
            if peer is not view.me and name in known:
                peer.entry = (*peer.entry[:2], known[name])
        return better

    patch.setattr(View, "merge", merge_counts)


@pytest.mark.parametrize(
    ("claim", "variant", "bug", "notices"),
    [
        ("G1", "n32", everybody_tells_the_same_one, "gossip_rounds_max"),
        ("G2", "", the_last_count_wins, "checks"),
        ("G2", "", the_accused_says_nothing, "heartbeats_min"),
        ("G3", "usual", vitals_stay_at_home, "views_wrong"),
        ("K1", "now", writes_wait_for_one, "lost_writes"),
        ("K1", "now", acknowledged_before_it_is_safe, "lost_writes"),
        ("K1", "now", never_written_to_disk, "lost_writes"),
        ("P6", "k64", one_point_each, "heirs"),
        ("P6", "k16", clockwise, "misplaced"),
        ("R7", "", modulo, "misplaced"),
        ("R7", "", next_node_left_out, "misplaced"),
        ("R7", "", nothing_is_repaired, "misplaced"),
        ("R8", "n3r1w3", writes_wait_for_one, "stale_reads"),
        ("R8", "n3r3w1", reads_wait_for_one, "stale_reads"),
        ("R8", "n3r2w2", nothing_is_repaired, "converged"),
    ],
)
def test_a_claim_does_not_hold_of_a_system_with_a_bug(
    monkeypatch: pytest.MonkeyPatch, claim: str, variant: str, bug: Bug, notices: str
) -> None:
    assert notices in noticed(monkeypatch, claim, variant, bug)


def test_the_claim_about_memory_does_not_hold_of_a_circle_that_answers_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = load_file(find("P7"))
    assert isinstance(experiment, Experiment)
    clockwise(monkeypatch)
    small = experiment.lab.model_copy(update={"servers": 200, "lookups": 100, "sample": 2_000})
    examined = examine(replace(experiment, lab=small))
    assert "wrong" in [each.expectation.figure.name for each in examined.verdicts if not each.passed]
