"""The feed on real brokers: what each write comes to when masters and brokers fail, and how it is told."""

from __future__ import annotations

from typing import Any

import pytest

from playground.kernel.node import Life
from playground.systems.feed import checks, delivery, positions
from playground.systems.kafka import roles as kafka_roles
from tests.fresh import told
from tests.systems.feed.feed_lab import PlatformLab
from tests.systems.shards.shards_chaos import Chaos
from tests.systems.shards.shards_lab import simulate
from tests.systems.store.store_lab import Muddle


async def ready(seed: int = 1, **settings: Any) -> PlatformLab:
    lab = PlatformLab(3, seed, **{"rate": 10, "count": 2, "replace_after_ms": 0, **settings})
    await lab.run(3)
    assert lab.kafka_is_whole()
    return lab


def test_a_failover_of_a_shard_leaves_nothing_out_and_repeats_little() -> None:
    async def main() -> None:
        lab = await ready()
        await lab.run(3)
        lab.nodes[lab.master()].crash()
        await lab.run(5)
        await lab.settle()
        assert len(lab.notes("feed", "publishes shard-1 from")) == 2
        changes = lab.changes()
        assert len({change.position for change in changes}) > 100
        assert 0 < checks.repeated(changes) < 50
        assert lab.wrong() == []

    simulate(main)


def test_the_crash_of_the_broker_that_leads_costs_nothing() -> None:
    async def main() -> None:
        lab = await ready()
        keys = [change.key for partition in lab.partitions()[:1] for change in partition]
        assert keys
        for partition in ("changes-0", f"{positions.TOPIC}-0"):
            (leader,) = kafka_roles.leader(lab.broker_services(), partition)
            lab.brokers[leader].crash()
            await lab.run(4)
            lab.brokers[leader].start()
            await lab.run(4)
        await lab.settle()
        assert checks.repeated(lab.changes()) == 0  # numbered batches are appended once
        assert lab.wrong() == []

    simulate(main)


def test_all_brokers_may_be_away_for_twenty_seconds() -> None:
    async def main() -> None:
        lab = await ready()
        for node in lab.brokers.values():
            node.crash()
        await lab.run(20)
        assert [each for each in lab.history.operations if each.outcome not in ("ok", "open")] == []
        feeds = [feed for name in lab.names for feed in lab.feed(name).feeds.values()]
        assert max(feed.lag for feed in feeds) > 100
        for node in lab.brokers.values():
            node.start()
        await lab.settle()
        assert [feed.lag for feed in feeds] == [0, 0]
        assert checks.repeated(lab.changes()) == 0
        assert lab.wrong() == []

    simulate(main)


def test_what_was_compacted_while_the_brokers_were_away_is_published_as_a_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        lab = await ready(count=1, compact_after=20)
        for node in lab.brokers.values():
            node.crash()
        await lab.run(8)
        for node in lab.brokers.values():
            node.start()
        await lab.settle()
        assert lab.notes("feed", "n1 publishes a snapshot of shard-1: 6 keys")
        assert lab.wrong(snapshots=True) == []

    monkeypatch.setattr(delivery, "WINDOW", 10)
    simulate(main)


async def chaotic(seed: int, seconds: int = 10, **settings: Any) -> PlatformLab:
    """A platform after chaos at the database, its ensemble and the brokers; healed and quiet."""
    lab = PlatformLab(4, seed, **{"rate": 10, **settings})
    await lab.run(2)
    chaos = Chaos(lab)
    for _ in range(seconds):
        await chaos.run(1)
        node = chaos.random.choice(list(lab.brokers.values()))
        if node.life is Life.UP and chaos.random.random() < 0.4:
            chaos.done.append(f"{lab.world.now_us / 1e6:.3f} strike {node.name}")
            chaos._crash(node)
    chaos.heal()
    await lab.run(3)
    await lab.settle()
    return lab


@pytest.mark.parametrize(("seed", "settings"), [(0, {}), (1, {"mode": "all"}), (2, {"compact_after": 20})])
def test_chaos_everywhere_leaves_no_write_out_and_keeps_the_order(seed: int, settings: dict[str, Any]) -> None:
    lab = simulate(chaotic, seed, **settings)
    assert lab.history.counts["ok"] > 80
    assert lab.wrong(snapshots=bool(lab.notes("feed", "snapshot"))) == []


@pytest.mark.parametrize("seed", [10, 11])
def test_producers_that_give_up_break_nothing_either(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PATIENCE_MS", 1_500)
    lab = simulate(chaotic, seed)
    assert lab.notes("feed", "(delivery-timeout): it goes on from")
    assert lab.wrong() == []


def test_the_same_seed_publishes_the_same_whatever_the_hashes() -> None:
    story = (
        "from tests.systems.feed.test_feed_platform import chaotic\n"
        "from tests.systems.shards.shards_lab import simulate\n"
        "lab = simulate(chaotic, 3, 4)\n"
        "print(lab.world.digest(), len(lab.changes()))\n"
    )
    assert len(told(story, ("1", "2"))) == 1


def test_links_that_lose_and_double_repeat_nothing_in_the_feed() -> None:
    async def main() -> None:
        lab = await ready(count=1)
        rule = Muddle(lab.world.random("muddle"))
        lab.world.network.add(rule)
        await lab.run(8)
        lab.world.network.remove(rule)
        await lab.settle()
        assert lab.notes("feed") == ["n1 publishes shard-1 from its beginning on"]
        assert checks.repeated(lab.changes()) == 0
        assert lab.wrong() == []

    simulate(main)
