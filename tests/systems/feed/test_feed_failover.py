"""Masters die, freeze, are cut off, and Kafka goes away: what is in the feed, how often, and where it goes on from."""

from __future__ import annotations

from typing import Any

import pytest

from playground.systems.feed import checks, delivery, positions
from playground.systems.shards.client import Position
from tests.systems.feed.feed_lab import FeedLab
from tests.systems.shards.accidents import cut, deaf
from tests.systems.shards.shards_chaos import Chaos
from tests.systems.shards.shards_lab import simulate

pytestmark = pytest.mark.usefixtures("fake_kafka")


async def ready(seed: int = 1, *, keys: int = 0, **settings: Any) -> FeedLab:
    """One shard that n1 leads; n2 and n3 follow. ``keys`` were written, and are published."""
    lab = FeedLab(3, seed, **{"rate": 0, "count": 1, "replace_after_ms": 0, **settings})
    await lab.run(2)
    assert lab.master() == "n1"
    for number in range(keys):
        await lab.write(f"k{number}", f"v{number}")
    await lab.run(2.5)
    return lab


def values(lab: FeedLab) -> list[str]:
    return [change.value for change in lab.changes()]


def told_positions(lab: FeedLab) -> list[str | None]:
    return [record.value for record in lab.records(positions.TOPIC)[0]]


def test_each_write_is_published_once_while_nothing_happens() -> None:
    async def main() -> None:
        lab = await ready(keys=5)
        assert values(lab) == ["v0", "v1", "v2", "v3", "v4"]
        assert [change.position for change in lab.changes()] == [Position(1, seq) for seq in range(2, 7)]
        assert lab.notes("feed") == ["n1 publishes shard-1 from its beginning on"]
        assert told_positions(lab)[-1] == "1 6"
        feed = lab.feed("n1").feeds["shard-1"]
        assert (feed.state, feed.lag, feed.in_flight, feed.published) == ("publishing", 0, 0, Position(1, 6))
        assert lab.feed("n1").take_work() == 5
        assert lab.feed("n1").take_work() == 0
        assert lab.feed("n2").feeds == {}
        assert lab.wrong() == []

    simulate(main)


def test_the_next_master_goes_on_from_what_was_written_down() -> None:
    async def main() -> None:
        lab = await ready(keys=5)
        lab.nodes["n1"].crash()
        await lab.run(4)
        assert lab.notes("feed")[1:] == ["n2 publishes shard-1 from 1:6 on"]
        await lab.write("k0", "new")
        await lab.run(3)
        assert values(lab) == ["v0", "v1", "v2", "v3", "v4", "new"]
        assert told_positions(lab)[-1] == "2 8"

    simulate(main)


def test_what_was_published_and_not_written_down_is_published_twice() -> None:
    async def main() -> None:
        lab = await ready(keys=2)
        await lab.write("k0", "told")
        await lab.run(0.3)
        await lab.write("k0", "last")
        await lab.run(0.3)
        assert told_positions(lab)[-1] == "1 4"
        assert values(lab) == ["v0", "v1", "told", "last"]
        lab.nodes["n1"].crash()
        await lab.run(4)
        assert lab.notes("feed")[1:] == ["n2 publishes shard-1 from 1:4 on"]
        assert values(lab) == ["v0", "v1", "told", "last", "last"]
        assert checks.repeated(lab.changes()) == 1
        assert lab.wrong() == []

    simulate(main)


def test_a_deposed_master_drops_what_waits() -> None:
    async def main() -> None:
        lab = await ready(keys=2)
        lab.fake.away = True
        for number in range(3):
            await lab.write(f"k{number}", f"w{number}")
        await lab.run(0.5)
        feed = lab.feed("n1").feeds["shard-1"]
        assert feed.in_flight == 3
        rule = cut(lab, ["n1"], ["n2", "n3", "z1", "z2", "z3", "c1", "c2", "c3"])
        await lab.run(4)
        assert (feed.state, feed.in_flight) == ("waiting", 3)  # it has no lease, and cannot know that n2 leads
        assert lab.feed("n2").feeds["shard-1"].state == "asking"
        lab.world.network.remove(rule)
        await lab.run(2)
        assert (feed.over, feed.state, feed.in_flight) == (True, "over", 0)
        assert lab.feed("n1").feeds == {}
        lab.fake.away = False
        await lab.run(3)
        assert values(lab) == ["v0", "v1", "w0", "w1", "w2"]  # each w once, by n2
        assert [each.name for each in lab.fake.producers] == ["n1#1.shard-1.1.1", "n2#1.shard-1.2.1"]
        assert lab.wrong() == []

    simulate(main)


def test_a_frozen_master_publishes_nothing_new_when_it_wakes_up() -> None:
    async def main() -> None:
        lab = await ready(keys=2)
        lab.nodes["n1"].freeze()
        await lab.run(4)
        await lab.write("k0", "by n2")
        lab.nodes["n1"].thaw()
        await lab.write("k0", "by n2 again")
        await lab.settle()
        assert [change.value for change in lab.changes() if change.epoch == 1] == ["v0", "v1"]
        assert lab.wrong() == []

    simulate(main)


def test_no_write_that_was_reversed_is_ever_published() -> None:
    async def main() -> None:
        lab = await ready(keys=1)
        rule = deaf(lab, ["n2", "n3"], ["n1"])
        doomed = lab.client()
        doomed.spawn(doomed.write, "k0", "doomed")
        await lab.run(0.6)
        lab.world.network.remove(rule)
        await lab.run(3)
        assert (await lab.write("k0", "after")).outcome == "ok"
        await lab.settle()
        outcome = next(each.outcome for each in lab.history.operations if each.value == "doomed")
        assert outcome == "fail"
        assert "doomed" not in values(lab)
        assert lab.wrong() == []

    simulate(main)


def test_kafka_may_be_away_for_long_and_the_database_never_waits() -> None:
    async def main() -> None:
        lab = await ready(count=2, rate=40, keys=1)
        lab.fake.away = True
        await lab.run(20)
        assert [each for each in lab.history.operations if each.outcome not in ("ok", "open")] == []
        feeds = [feed for name in lab.names for feed in lab.feed(name).feeds.values()]
        assert max(feed.lag for feed in feeds) > delivery.WINDOW
        assert lab.fake.most_waiting == delivery.WINDOW
        lab.fake.away = False
        await lab.settle()
        assert checks.repeated(lab.changes()) == 0
        assert lab.wrong() == []

    simulate(main)


def test_a_log_that_is_compacted_meanwhile_is_published_as_a_snapshot() -> None:
    async def main() -> None:
        lab = await ready(keys=1, compact_after=20)
        lab.fake.away = True
        for number in range(40):
            await lab.write(f"k{number % 7}", f"w{number}")
        lab.nodes["n1"].crash()
        await lab.run(4)
        lab.fake.away = False
        await lab.settle()
        assert lab.notes("feed", "n2 publishes a snapshot of shard-1: 7 keys")
        assert "w30" not in values(lab)
        assert lab.wrong(snapshots=True) == []
        await lab.write("k0", "after")
        await lab.run(1)
        assert values(lab)[-1] == "after"

    simulate(main)


def test_a_window_of_changes_is_on_its_way_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        lab = await ready(keys=0)
        lab.fake.away = True
        for number in range(30):
            await lab.write(f"k{number}", "v")
        await lab.run(2)
        feed = lab.feed("n1").feeds["shard-1"]
        assert (feed.in_flight, feed.lag) == (8, 30)
        lab.fake.away = False
        await lab.settle()
        assert lab.fake.most_waiting == 8
        assert lab.wrong() == []

    monkeypatch.setattr(delivery, "WINDOW", 8)
    simulate(main)


def test_a_refused_change_is_published_again_and_nothing_overtakes_it() -> None:
    async def main() -> None:
        lab = await ready(keys=2)
        lab.fake.refused = "message-too-large"
        for number in range(6):
            await lab.write(f"k{number % 2}", f"w{number}")
        await lab.run(5)
        assert len(lab.notes("feed", "message-too-large")) in range(1, 5)
        lab.fake.refused = ""
        await lab.settle()
        assert values(lab) == ["v0", "v1", "w0", "w1", "w2", "w3", "w4", "w5"]

    simulate(main)


def test_asynchronous_masters_override_by_a_snapshot_what_was_published_and_lost() -> None:
    async def main() -> None:
        lab = await ready(keys=3, mode="async")
        cut(lab, ["n1"], ["n2", "n3", "z1", "z2", "z3"])
        assert (await lab.write("k0", "lost")).outcome == "ok"
        assert (await lab.write("only", "lost")).outcome == "ok"
        await lab.run(4)
        lab.world.network.remove(lab.world.network.rules[0])
        await lab.settle()
        assert values(lab)[:5] == ["v0", "v1", "v2", "lost", "lost"]
        assert lab.notes("feed", "n2 publishes a snapshot of shard-1: 3 keys")
        found = checks.agrees(checks.view(lab.changes()), lab.state())
        assert [each.text for each in found] == ["the view has only=lost, the database no only"]

    simulate(main)


# --- over seeds -----------------------------------------------------------------------


async def chaotic(seed: int, **settings: Any) -> FeedLab:
    """A database after chaos, with a Kafka that is away or refuses now and then, healed and quiet."""
    lab = FeedLab(4, seed, **{"rate": 12, **settings})
    await lab.run(2)
    chaos = Chaos(lab)
    for _ in range(8):
        lab.fake.away = chaos.random.random() < 0.3
        lab.fake.refused = "storage-error" if chaos.random.random() < 0.2 else ""
        await chaos.run(1)
    lab.fake.away, lab.fake.refused = False, ""
    chaos.heal()
    await lab.run(3)
    await lab.settle()
    return lab


@pytest.mark.parametrize(
    ("seed", "settings"),
    [*((seed, {}) for seed in range(3)), (30, {"mode": "all"}), (10, {"compact_after": 20})],
)
def test_chaos_leaves_no_write_out_publishes_no_reversed_one_and_keeps_the_order(
    seed: int, settings: dict[str, Any]
) -> None:
    lab = simulate(chaotic, seed, **settings)
    assert lab.history.counts["ok"] > 80
    assert len(lab.notes("elected", "master of shard")) > 2  # one of each shard at first
    assert lab.wrong(snapshots=bool(lab.notes("feed", "snapshot"))) == []
