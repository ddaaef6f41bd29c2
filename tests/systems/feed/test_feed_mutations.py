"""Feeds with a planted bug: the checks must find each of them, else they prove nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from playground.systems.feed.delivery import Delivery
from playground.systems.feed.publishing import Publishing
from playground.systems.feed.stream import Next, Stream
from playground.systems.shards.client import Position
from tests.systems.feed.feed_lab import FeedLab
from tests.systems.shards.accidents import cut, deaf
from tests.systems.shards.shards_lab import simulate

pytestmark = pytest.mark.usefixtures("fake_kafka")
Patch = pytest.MonkeyPatch


async def ready(**settings: Any) -> FeedLab:
    """One shard that n1 leads, with three keys that are published."""
    lab = FeedLab(3, 1, **{"rate": 0, "count": 1, "replace_after_ms": 0, **settings})
    await lab.run(2)
    for number in range(3):
        await lab.write(f"k{number}", f"v{number}")
    await lab.run(2.5)
    return lab


async def reversed_write() -> FeedLab:
    """The slaves have a write, and the master does not hear of it in time."""
    lab = await ready()
    rule = deaf(lab, ["n2", "n3"], ["n1"])
    lab.client().spawn(lab.client().write, "k0", "doomed")
    await lab.run(0.6)
    lab.world.network.remove(rule)
    await lab.run(3)
    await lab.write("k1", "after")
    return lab


async def stuck_topic() -> FeedLab:
    """The changes cannot be published, positions could; then the master dies."""
    lab = await ready()
    lab.fake.stuck = "changes"
    await lab.write("k0", "hidden")
    await lab.write("k0", "shown")
    await lab.run(3)
    lab.nodes["n1"].crash()
    await lab.run(2)
    lab.fake.stuck = ""
    return lab


async def refusing() -> FeedLab:
    """Kafka refuses changes for a while."""
    lab = await ready()
    lab.fake.refused = "storage-error"
    for number in range(4):
        await lab.write("k0", f"w{number}")
    await lab.run(3)
    lab.fake.refused = ""
    return lab


async def compacted() -> FeedLab:
    """Kafka is away until the log is compacted beyond what was published, and the master dies."""
    lab = await ready(compact_after=20)
    lab.fake.away = True
    await lab.write("k0", "early")
    for number in range(40):
        await lab.write("k1", f"w{number}")
    lab.nodes["n1"].crash()
    await lab.run(4)
    lab.fake.away = False
    return lab


async def cut_off_async() -> FeedLab:
    """A master acknowledges alone what the next one does not have."""
    lab = await ready(mode="async")
    rule = cut(lab, ["n1"], ["n2", "n3", "z1", "z2", "z3"])
    await lab.write("k0", "lost")
    await lab.run(4)
    lab.world.network.remove(rule)
    return lab


SNAPSHOTS = (compacted, cut_off_async)
ACCIDENTS = (reversed_write, stuck_topic, refusing, *SNAPSHOTS)


def broken(accident: Callable[[], Awaitable[FeedLab]]) -> set[str]:
    """Which checks find something after an accident."""

    async def main() -> set[str]:
        lab = await accident()
        await lab.settle()
        assert lab.changes()
        return {each.check for each in lab.wrong(snapshots=accident in SNAPSHOTS)}

    return set(simulate(main))


@pytest.mark.parametrize("accident", ACCIDENTS)
def test_an_accident_alone_breaks_nothing(accident: Callable[[], Awaitable[FeedLab]]) -> None:
    assert broken(accident) == set()


def test_what_is_logged_is_published_before_it_is_committed(monkeypatch: Patch) -> None:
    def hasty(self: Stream, limit: int) -> list[Next]:
        log, commit = self._log, self._log.commit
        log.commit = log.last.seq
        try:
            return take(self, limit)
        finally:
            log.commit = commit

    take = Stream.take
    monkeypatch.setattr(Stream, "take", hasty)
    assert "nothing reversed" in broken(reversed_write)


def test_a_write_is_published_whatever_undoes_it(monkeypatch: Patch) -> None:
    def careless(self: Stream, seq: int, limit: int) -> Iterator[Next]:
        aborts, self._log._aborts = self._log._aborts, {}
        try:
            yield from writes(self, seq, limit)
        finally:
            self._log._aborts = aborts

    writes = Stream._writes
    monkeypatch.setattr(Stream, "_writes", careless)
    assert "nothing reversed" in broken(reversed_write)


def test_a_position_is_written_down_before_its_changes_are_safe(monkeypatch: Patch) -> None:
    def hasty(self: Publishing, given: Delivery) -> None:
        self.acknowledged = self.published
        tell(self, given)

    tell = Publishing._tell
    monkeypatch.setattr(Publishing, "_tell", hasty)
    assert "the feed is complete" in broken(stuck_topic)


def test_the_next_master_begins_where_its_own_term_does(monkeypatch: Patch) -> None:
    def only_new(self: Publishing, _found: Position | None) -> None:
        self._follow(self._log.last)

    monkeypatch.setattr(Publishing, "_begin", only_new)
    assert "the feed is complete" in broken(stuck_topic)


def test_a_change_that_was_refused_counts_as_delivered(monkeypatch: Patch) -> None:
    def deaf_to_errors(self: Delivery, slot: Any, sent: Any) -> None:
        delivered(self, slot, sent._replace(error=""))

    delivered = Delivery._sent
    monkeypatch.setattr(Delivery, "_sent", deaf_to_errors)
    assert "the feed is complete" in broken(refusing)


def test_after_a_refusal_it_goes_on_with_what_comes_next(monkeypatch: Patch) -> None:
    def carefree(self: Publishing) -> Delivery:
        self.acknowledged = self.published
        return opened(self)

    opened = Publishing._open
    monkeypatch.setattr(Publishing, "_open", carefree)
    assert "the feed is complete" in broken(refusing)


def test_a_gap_in_the_log_is_passed_over_without_a_snapshot(monkeypatch: Patch) -> None:
    def no_keys(self: Stream) -> None:
        self._position = self._log.base

    monkeypatch.setattr(Stream, "_begin_snapshot", no_keys)
    assert "the view agrees" in broken(compacted)


def test_an_asynchronous_master_trusts_what_its_predecessor_published(monkeypatch: Patch) -> None:
    def trusting(self: Publishing, found: Position | None) -> None:
        self._follow(found)

    monkeypatch.setattr(Publishing, "_begin", trusting)
    assert "the view agrees" in broken(cut_off_async)
