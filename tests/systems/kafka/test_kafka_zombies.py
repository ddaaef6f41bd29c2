"""A broker that was replaced and cannot learn of it, but that clients still reach: they find out by themselves."""

from __future__ import annotations

from collections import Counter

from playground.systems.kafka.maker import ProducerService
from tests.systems.kafka.consumers_lab import ConsumersLab
from tests.systems.kafka.kafka_lab import simulate
from tests.systems.store.store_lab import Cut

TOPIC = {"name": "changes", "partitions": 3, "replication": 3, "min_insync": 2}


async def cut_off(lab: ConsumersLab, name: str) -> None:
    """From brokers and ensemble; not from clients."""
    lab.impose(Cut([name], [*(each for each in lab.names if each != name), *lab.servers]))
    assert await lab.until(lambda: all(lab.leader(str(each)) not in ("", name) for each in lab.partitions()))


def behind(lab: ConsumersLab) -> Counter[str]:
    return Counter(
        {str(each): lab.books.of("view", each).lag(0, lab.mark(each)) for each in lab.partitions() if lab.mark(each)}
    )


def test_nobody_goes_on_reading_from_a_leader_that_was_replaced() -> None:
    async def main() -> None:
        lab = ConsumersLab(3, topics=(TOPIC,))
        await lab.begin()
        await lab.run(1)
        await cut_off(lab, lab.leader("changes-0"))
        await lab.run(15)
        assert behind(lab).total() < 30, "half a second's messages, and not those of fifteen"

    simulate(main)


def test_who_is_refused_by_a_broker_that_was_replaced_looks_for_its_heir() -> None:
    """It was the last in sync when it was cut off: it refuses everything at once, for ever."""

    async def main() -> None:
        lab = ConsumersLab(2, topics=(TOPIC,))
        await lab.begin()
        for name in ("br2", "br3"):
            lab.crash(name)
        assert await lab.until(lambda: all(lab.leader(str(each)) == "br1" for each in lab.partitions()))
        producer = lab.find("pr1", ProducerService)
        for name in ("br2", "br3"):
            lab.start(name)
        await cut_off(lab, "br1")
        await lab.run(10)
        acknowledged = producer.acknowledged
        await lab.run(5)
        assert producer.acknowledged - acknowledged > 150, "the half of what it makes in five seconds"
        assert behind(lab).total() < 30
        assert {each.consumer.coordinator for each in lab.running().values()} == {lab.leader("__consumer_offsets-0")}
        uncommitted = sum(lab.mark(each) - lab.books.of("view", each).committed for each in lab.partitions())
        assert uncommitted < 90, "what is done is committed"

    simulate(main)
