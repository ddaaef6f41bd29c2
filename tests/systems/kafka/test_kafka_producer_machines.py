"""The machines that make messages."""

from __future__ import annotations

from collections import Counter
from typing import Any

from playground.kernel.node import Node, Process
from playground.kernel.world import run
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.records import Record, TopicPartition
from playground.systems.kafka.settings import KafkaSettings
from tests.fresh import told
from tests.systems.kafka.producing_lab import NAMES, Fake


class Machines(Fake):
    """Brokers, and machines m1 … that make messages at the rate of ``settings``."""

    def __init__(self, seed: int = 1, **settings: Any) -> None:
        super().__init__(seed)
        made = KafkaSettings(**{"brokers": 3, "producers": 2, "rate": 40, **settings})

        def service(process: Process) -> ProducerService:
            return ProducerService(process, made, NAMES)

        self.names = [f"m{number}" for number in range(1, made.producers + 1)]
        for name in self.names:
            Node(self.world, name, (service,)).start()

    def service(self, name: str = "m1") -> ProducerService:
        process = self.world.nodes[name].process
        assert process is not None
        return process.find(ProducerService)

    def records(self) -> list[tuple[TopicPartition, Record]]:
        return [
            (partition, record)
            for partition, log in self.logs.items()
            for batch in log.batches
            for record in batch.records
        ]


def test_they_make_the_rate_together_and_count_what_comes_of_it() -> None:
    async def main() -> None:
        lab = Machines()
        await lab.run(20)
        both = [lab.service(name) for name in lab.names]
        made = sum(each.sent for each in both)
        assert 600 < made < 1_000
        assert all(each.sent > 200 for each in both)
        assert made - 10 < sum(each.acknowledged for each in both) <= made
        assert sum(each.take_work() for each in both) == sum(each.acknowledged for each in both)
        assert all(each.take_work() == each.failed == 0 for each in both)
        assert all(0 < latency_us < 100_000 for latency_us in both[0].latencies_us)

    run(main)


def test_values_are_unique_and_padded_and_keys_come_from_the_set() -> None:
    async def main() -> None:
        lab = Machines(keys=3, message_bytes=30)
        await lab.run(3)
        records = [record for _, record in lab.records()]
        assert len({record.value for record in records}) == len(records) > 50
        assert {len(record.value or "") for record in records} == {30}
        assert {record.key for record in records} == {"k0", "k1", "k2"}

    run(main)


def test_a_skew_makes_some_keys_popular() -> None:
    async def main() -> None:
        lab = Machines(keys=50, skew=1.5)
        await lab.run(5)
        keys = Counter(record.key for _, record in lab.records())
        assert keys["k0"] > 5 * keys["k20"]

    run(main)


def test_no_keys_means_none() -> None:
    async def main() -> None:
        lab = Machines(keys=0)
        await lab.run(3)
        assert {record.key for _, record in lab.records()} == {None}
        assert len({partition for partition, _ in lab.records()}) == 3

    run(main)


def test_the_rate_can_be_changed_and_a_herd_comes_at_once() -> None:
    async def main() -> None:
        lab = Machines(rate=0)
        await lab.run(1)
        assert lab.service().sent == 0
        lab.service().herd(120)
        await lab.run(0.5)
        assert lab.service().acknowledged == 120
        lab.service().change(200)
        lab.service().change(100)  # what the first change had planned is void
        await lab.run(10)
        assert 400 < lab.service().sent - 120 < 600

    run(main)


def test_each_life_of_a_machine_is_another_producer() -> None:
    async def main() -> None:
        lab = Machines(producers=1)
        await lab.run(2)
        lab.world.nodes["m1"].crash()
        lab.world.nodes["m1"].start()
        await lab.run(2)
        headers = [record.header for _, record in lab.records()]
        assert len(set(headers)) == len(headers)
        assert {header.partition(":")[0] for header in headers} == {"m1", "m1#2"}
        ids = {batch.producer_id for log in lab.logs.values() for batch in log.batches}
        assert len(ids) == 2

    run(main)


def test_topics_take_turns() -> None:
    async def main() -> None:
        lab = Machines(topics=({"name": "changes"}, {"name": "orders"}), producers=1)
        await lab.run(2)
        waiting = lab.service().producer.buffered  # nobody knows a topic called orders
        assert abs(waiting - len(lab.records())) < 10

    run(main)


async def digest(seed: int) -> str:
    lab = Machines(seed, keys=0)
    lab.rough(0.1, 0.1, 0.1)
    lab.moods = 0.1
    await lab.run(3)
    return lab.world.digest()


def test_the_same_seed_gives_the_same_messages_in_any_process() -> None:
    code = (
        "from functools import partial; from playground.kernel.world import run; "
        "from tests.systems.kafka.test_kafka_producer_machines import digest; "
        "print(run(partial(digest, 1)), run(partial(digest, 2)))"
    )
    [printed] = told(code, ("0", "1"))
    one, other = printed.split()
    assert one != other
