"""What can be done to Kafka: more and fewer messages, consumers that join, leave and are stuck, partitions, poison."""

from __future__ import annotations

from typing import Any

import pytest
from chaos_lab import SECOND, Lab, in_lab

from playground.kernel.errors import UserError
from playground.systems.kafka.books import Books
from playground.systems.kafka.maker import ProducerService
from playground.systems.kafka.worker import ConsumerService

KAFKA: dict[str, Any] = {
    "nodes": 0,
    "database": "none",
    "zookeeper": {"servers": 1},
    "kafka": {
        "brokers": 1,
        "producers": 2,
        "rate": 20,
        "topics": [{"name": "changes", "partitions": 2, "replication": 1, "min_insync": 1}],
        "groups": [{"name": "view", "consumers": 2, "heartbeat_ms": 200}, {"name": "audit", "consumers": 0}],
    },
    "load": {"rate": 0, "clients": 1},
}


def books(lab: Lab) -> Books:
    assert lab.cluster.inspection.kafka is not None
    return lab.cluster.inspection.kafka.books


async def published(lab: Lab, span_us: int) -> int:
    """How many messages producers are given within ``span_us``."""
    before = books(lab).sent_count
    await lab.go(span_us)
    return books(lab).sent_count - before


def owners(lab: Lab) -> set[str]:
    """The consumers that own something."""
    return {name for name, each in lab.cluster.services(ConsumerService).items() if each.assignment}


def answers(lab: Lab) -> list[str]:
    return lab.told("answer")


def test_producers_make_more_messages_for_a_while_and_who_boots_meanwhile_does_as_well() -> None:
    async def test(lab: Lab) -> None:
        assert await published(lab, 10 * SECOND) == pytest.approx(200, rel=0.3)
        await lab.do("produce rate=100 lasting=6s", "restart pr1 down=100ms")
        await lab.go(SECOND)
        assert await published(lab, 4 * SECOND) == pytest.approx(400, rel=0.2)
        assert {each.rate for each in lab.cluster.services(ProducerService).values()} == {100}
        await lab.go(2 * SECOND)
        assert await published(lab, 10 * SECOND) == pytest.approx(200, rel=0.3)

    in_lab(test, **KAFKA)


def test_a_consumer_that_is_added_gets_its_share_and_one_that_is_removed_leaves_it_to_the_others() -> None:
    async def test(lab: Lab) -> None:
        await lab.go(3 * SECOND)
        assert owners(lab) == {"co1", "co2"}
        await lab.do("remove co1")
        await lab.go(2 * SECOND)
        assert owners(lab) == {"co2"}
        assert await lab.do("consume") == "co3 added to the group view"
        await lab.go(4 * SECOND)
        assert owners(lab) == {"co2", "co3"}
        await lab.do("restart co1 down=100ms")
        await lab.go(3 * SECOND)
        assert owners(lab) == {"co2", "co3"}, "who was removed stays away, even after a restart"
        assert await lab.do("consume audit consumers=2") == "co4, co5 added to the group audit"
        await lab.go(4 * SECOND)
        assert owners(lab) == {"co2", "co3", "co4", "co5"}
        assert not lab.cluster.inspection.violations

    in_lab(test, **KAFKA)


def test_a_stalled_consumer_falls_behind_keeps_its_partitions_and_is_healed() -> None:
    async def test(lab: Lab) -> None:
        await lab.go(3 * SECOND)
        await lab.do("stall co1 processing=400ms")
        assert lab.cluster.in_force() == ("co1: stalled, 0.4 s a message",)
        assert not lab.cluster.quiet
        await lab.go(5 * SECOND)
        assert books(lab).processed_count["co1"] < books(lab).processed_count["co2"]
        assert owners(lab) == {"co1", "co2"}
        assert "co1 (was stalled)" in await lab.do("heal co1")
        assert lab.cluster.in_force() == ()
        await lab.do("stall co1 lasting=1s")
        await lab.go(2 * SECOND)
        assert lab.cluster.quiet

    in_lab(test, **KAFKA)


def test_what_ends_by_itself_does_not_end_a_newer_stall() -> None:
    async def test(lab: Lab) -> None:
        await lab.go(2 * SECOND)
        await lab.do("stall co1 processing=100ms lasting=1s", "stall co1 processing=300ms lasting=3s")
        await lab.go(2 * SECOND)
        assert lab.cluster.stalled() == {"co1": 300}
        await lab.go(2 * SECOND)
        assert lab.cluster.stalled() == {}

    in_lab(test, **KAFKA)


def test_partitions_are_added_while_it_runs_and_are_read() -> None:
    async def test(lab: Lab) -> None:
        await lab.go(3 * SECOND)
        await lab.do("partitions", "partitions changes count=2")
        await lab.go(6 * SECOND)
        assert answers(lab)[0] == "changes has 3 partitions now"
        assert answers(lab)[1].startswith("changes keeps its partitions: ")
        owned = [str(each) for service in lab.cluster.services(ConsumerService).values() for each in service.assignment]
        assert sorted(owned) == ["changes-0", "changes-1", "changes-2"]

    in_lab(test, **KAFKA)


def test_a_message_of_ones_own_is_published_and_a_poison_one_takes_its_time() -> None:
    async def test(lab: Lab) -> None:
        await lab.go(3 * SECOND)
        await lab.do("publish changes hello key=cat")
        await lab.go(SECOND)
        assert answers(lab)[0].startswith("hello stands in changes-")
        await lab.do("produce rate=0", "publish changes bad processing=2s")
        await lab.go(SECOND)
        assert sum(books(lab).processed_count.values()) == books(lab).sent_count - 1
        await lab.go(2 * SECOND)
        assert sum(books(lab).processed_count.values()) == books(lab).sent_count

    in_lab(test, **KAFKA)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("consume nobody", "consume: unknown group 'nobody': there are view, audit"),
        ("stall pr1", "stall: unknown consumer 'pr1': there are co1, co2"),
        ("partitions nowhere", "partitions: unknown topic 'nowhere': there is only changes"),
        ("publish nowhere x", "publish: unknown topic 'nowhere': there is only changes"),
        ("add n9", "add: there is no database whose nodes could be more; consumers are added by: consume"),
        ("remove br1", "remove: unknown node or consumer 'br1': there are co1, co2"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(line: str, complaint: str) -> None:
    async def test(lab: Lab) -> None:
        await lab.go(SECOND)
        with pytest.raises(UserError) as caught:
            await lab.do(line)
        assert str(caught.value) == complaint
        assert not lab.cluster.recorded

    in_lab(test, **KAFKA)


@pytest.mark.parametrize("line", ["produce 10", "consume", "stall n1", "partitions", "publish changes x"])
def test_without_brokers_there_is_nothing_to_do_to_kafka(line: str) -> None:
    async def test(lab: Lab) -> None:
        with pytest.raises(UserError, match="there is no Kafka here"):
            await lab.do(line)

    in_lab(test)


def test_a_crashed_consumer_cannot_be_stalled() -> None:
    async def test(lab: Lab) -> None:
        await lab.go(SECOND)
        await lab.do("crash co1")
        with pytest.raises(UserError, match="cannot stall co1: it is not running"):
            await lab.do("stall co1")

    in_lab(test, **KAFKA)
