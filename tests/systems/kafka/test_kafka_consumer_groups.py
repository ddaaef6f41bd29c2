"""Groups of consumers on real brokers: who owns what, what is done once, twice or never, and what keeps working."""

from __future__ import annotations

from functools import partial

import pytest

from playground.kernel.errors import Rejected, TimedOut
from playground.kernel.service import Service
from playground.systems.kafka.admin import Admin
from playground.systems.kafka.consumer import Polled
from playground.systems.kafka.reader import Reader
from playground.systems.kafka.records import Record, TopicPartition
from playground.systems.kafka.settings import Assignor, Delivery
from playground.systems.kafka.worker import ConsumerService
from tests.fresh import told
from tests.systems.kafka.consumers_lab import ConsumersLab, Trouble
from tests.systems.kafka.kafka_lab import Lab, simulate

ASSIGNORS: tuple[Assignor, ...] = ("range", "round-robin", "cooperative-sticky")
DELIVERIES: tuple[Delivery, ...] = ("at-least-once", "at-most-once")


@pytest.mark.parametrize("assignor", ASSIGNORS)
def test_members_that_come_go_and_crash_share_all_partitions_and_skip_nothing(assignor: Assignor) -> None:
    async def main() -> None:
        lab = ConsumersLab(2, group={"assignor": assignor})
        await lab.begin()
        assert {name: len(owned) for name, owned in lab.owned().items()} == {"co1": 2, "co2": 2}
        lab.join("co3")
        assert await lab.until(lab.shared)
        assert sorted(len(owned) for owned in lab.owned().values()) == [1, 1, 2]
        lab.crash("co1")
        assert await lab.until(lab.shared)
        assert {name: len(owned) for name, owned in lab.owned().items()} == {"co2": 2, "co3": 2}
        lab.consumer("co2").leave()
        assert await lab.until(lambda: len(lab.owned()["co3"]) == 4, 2.5), "nobody waits for its session"
        assert lab.consumer("co2").state == "left"
        lab.crash("co2")
        lab.start("co1")
        assert await lab.until(lab.shared)
        assert {name: len(owned) for name, owned in lab.owned().items()} == {"co1": 2, "co3": 2}
        assert lab.consumer("co1").member == "co1#2"
        await lab.run(1)
        assert lab.books.processed_count["co1#2"] > 0
        assert not lab.violations
        assert not lab.skipped()

    simulate(main)


def test_after_a_crash_another_goes_on_from_the_committed_offset() -> None:
    async def main() -> None:
        lab = ConsumersLab(2)
        await lab.begin()
        await lab.run(2)
        crashed = lab.consumer("co1")
        owned, committed = crashed.assignment, dict(crashed.committed)
        assert all(committed[partition] > 0 for partition in owned)
        lab.crash("co1")
        before = len(lab.books.done)
        assert await lab.until(lab.shared)
        await lab.run(1)
        for partition in owned:
            after = [each.offset for each in lab.books.done[before:] if each.partition == partition]
            assert after[0] == committed[partition], "neither later nor earlier"
            assert after == list(range(after[0], after[-1] + 1))
        assert not lab.violations

    simulate(main)


def test_cooperative_members_work_on_during_a_rebalance_and_eager_ones_give_everything_up() -> None:
    async def main(assignor: Assignor) -> tuple[set[TopicPartition], set[TopicPartition]]:
        lab = ConsumersLab(2, group={"assignor": assignor})
        await lab.begin()
        before = dict(lab.owned())
        since = len(lab.books.taken)
        lab.join("co3")
        assert await lab.until(lab.shared)
        after = lab.owned()
        revoked = {
            partition
            for what, _member, partitions in lab.books.taken[since:]
            if what == "revoked"
            for partition in partitions
        }
        assert not lab.violations
        moved = {each for name in before for each in before[name] if each not in after[name]}
        assert len(moved) == 1
        return revoked, moved

    revoked, moved = simulate(main, "cooperative-sticky")
    assert revoked == moved
    revoked, moved = simulate(main, "range")
    assert len(revoked) == 4


def test_a_cooperative_member_processes_while_the_group_waits_for_a_slow_one() -> None:
    async def main() -> None:
        lab = ConsumersLab(2, group={"poll_messages": 5})
        await lab.begin()
        lab.consumer("co2").stall(300)  # five messages take 1.5 s: so long the rebalance has to wait for its poll
        await lab.run(1)
        lab.join("co3")
        assert await lab.until(lambda: lab.consumer("co1").state == "joining", 4)
        worked = lab.consumer("co1").processed
        while lab.consumer("co1").state == "joining":
            await lab.run(0.05)
        assert lab.consumer("co1").processed > worked
        lab.consumer("co2").stall(None)
        assert await lab.until(lab.shared)
        assert not lab.violations

    simulate(main)


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_zombie_processes_what_it_has_and_its_commit_is_refused(delivery: Delivery) -> None:
    async def main() -> None:
        lab = ConsumersLab(2, group={"delivery": delivery})
        await lab.begin()
        lab.consumer("co1").stall(20)
        await lab.run(1)
        zombie = lab.consumer("co1")
        owned = zombie.assignment
        assert await lab.until(lambda: zombie.buffered > 0)
        lab.world.nodes["co1"].freeze()
        assert await lab.until(lambda: len(lab.owned()["co2"]) == 4)
        before = len(lab.books.done)
        lab.world.nodes["co1"].thaw()
        assert await lab.until(lambda: bool(lab.notes("zombie")))
        assert "refused" in lab.notes("zombie")[0]
        late = [each for each in lab.books.done[before:] if each.member == "co1" and each.partition in owned]
        lab.consumer("co1").stall(None)
        await lab.settle()
        assert not lab.violations
        if delivery == "at-least-once":
            assert late, "nobody can stop it from finishing what it was handed"
            assert lab.repeated() > 0
            assert not lab.skipped()
        else:
            assert lab.repeated() == 0

    simulate(main)


def test_a_slow_consumer_lags_and_is_not_overrun() -> None:
    async def main() -> None:
        lab = ConsumersLab(1, rate=200, group={"fetch_messages": 20, "process_ms": 40, "poll_messages": 5})
        await lab.begin()
        most = 0
        for _ in range(60):
            await lab.run(0.1)
            most = max(most, lab.consumer().buffered)
        largest = lab.settings.producer.batch_messages
        assert 4 * 20 <= most < 4 * (20 + largest), "of each of its four partitions"
        lag = sum(lab.books.of("view", each).lag(0, lab.mark(each)) for each in lab.partitions())
        assert lag > 600, "the log keeps what it has no time for"
        assert lab.consumer().state == "stable"
        assert not lab.violations

    simulate(main)


def test_who_takes_too_long_over_a_poll_leaves_and_comes_back() -> None:
    async def main() -> None:
        lab = ConsumersLab(2, group={"max_poll_ms": 1_500, "poll_messages": 10})
        await lab.begin()
        lab.consumer("co1").stall(400)
        assert await lab.until(lambda: bool(lab.notes("max-poll")), 8)
        assert await lab.until(lambda: len(lab.owned()["co2"]) == 4)
        lab.consumer("co1").stall(None)
        assert await lab.until(lambda: lab.shared() and len(lab.owned()["co1"]) == 2)
        assert lab.notes("zombie", "co1")
        await lab.settle()
        assert not lab.skipped()
        assert not lab.violations

    simulate(main)


def test_groups_go_on_in_their_generation_under_another_coordinator() -> None:
    async def main() -> None:
        lab = ConsumersLab(2)
        await lab.begin()
        await lab.run(1)
        generation = lab.consumer().generation
        lab.crash(lab.consumer().consumer.coordinator)
        await lab.run(8)
        assert lab.shared()
        assert lab.consumer().generation == generation
        await lab.settle()
        assert not lab.violations
        assert not lab.skipped()

    simulate(main)


async def befall(seed: int, assignor: Assignor, delivery: Delivery, rounds: int = 8) -> ConsumersLab:
    """A run with trouble, and after it."""
    group = {"assignor": assignor, "delivery": delivery, "max_poll_ms": 3_000, "rebalance_ms": 2_000}
    lab = ConsumersLab(3, seed, group={**group, "poll_messages": 10})
    await lab.begin()
    await Trouble(lab).run(rounds)
    await lab.settle(60)
    return lab


@pytest.mark.parametrize(
    ("seed", "assignor", "delivery"),
    [
        (3, "range", "at-least-once"),
        (4, "cooperative-sticky", "at-least-once"),
        (5, "round-robin", "at-most-once"),
        (23, "cooperative-sticky", "at-most-once"),
    ],
)
def test_whatever_befalls_them_the_delivery_is_what_was_promised(
    seed: int, assignor: Assignor, delivery: Delivery
) -> None:
    """At-least-once: nothing is skipped, nor committed before it is processed. At-most-once: nothing comes twice."""
    lab = simulate(befall, seed, assignor, delivery)
    assert not lab.violations
    if delivery == "at-least-once":
        assert not lab.skipped()
    else:
        assert lab.repeated() == 0


FRESH = """
from tests.systems.kafka.kafka_lab import simulate
from tests.systems.kafka.test_kafka_consumer_groups import befall
print(simulate(befall, 1, "cooperative-sticky", "at-least-once", 3).world.journal.digest())
"""


def test_the_same_trouble_does_the_same_in_any_process() -> None:
    assert len(told(FRESH, ("1", "2"))) == 1


# --- what is planted is found -------------------------------------------------------------------------


def test_a_consumer_that_commits_what_it_has_not_done_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConsumerService, "_commits_first", True)

    async def main() -> ConsumersLab:
        lab = ConsumersLab(1)
        await lab.begin()
        await lab.run(1)
        return lab

    assert {each.check for each in simulate(main).violations} == {"commit after processing"}


def test_a_consumer_that_processes_before_its_commit_is_taken_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unasked(self: ConsumerService, messages: tuple[Polled, ...]) -> tuple[Polled, ...]:
        self._done.update({message.partition: message.offset + 1 for message in messages})
        self._begin_commit()
        return messages

    monkeypatch.setattr(ConsumerService, "_commit_first", unasked)
    found = simulate(befall, 5, "range", "at-most-once").violations
    assert {each.check for each in found} == {"at most once"}


# --- reader and operator ------------------------------------------------------------------------------


class Operator(Service):
    """A machine for acts."""


async def do(lab: Lab, name: str, act: object, seconds: float = 20) -> list[object]:
    """What the act returns, or raises, in a list."""
    done: list[object] = []

    async def run() -> None:
        try:
            done.append(await act())  # type: ignore[operator]
        except (Rejected, TimedOut) as error:
            done.append(error)

    lab.find(name, Operator).spawn(run)
    assert await lab.until(lambda: bool(done), seconds)
    return done


def test_a_reader_reads_all_that_is_committed_over_a_failover() -> None:
    async def main() -> None:
        lab = ConsumersLab(1, rate=100)
        await lab.begin()
        lab.add("op1", Operator)
        await lab.run(3)
        marks = {partition: lab.mark(partition) for partition in lab.partitions()}
        reader = Reader(lab.find("op1", Operator), lab.names)
        lab.crash(lab.leader("changes-1"))
        (found,) = await do(lab, "op1", partial(reader.read_all, "changes"))
        assert isinstance(found, list)
        read: dict[TopicPartition, list[int]] = {partition: [] for partition in marks}
        for partition, offset, record in found:
            assert isinstance(record, Record)
            read[partition].append(offset)
        for partition, mark in marks.items():
            assert read[partition][:mark] == list(range(mark))
        (nothing,) = await do(lab, "op1", partial(reader.read_all, "unheard_of", timeout_us=1_000_000))
        assert isinstance(nothing, TimedOut)

    simulate(main)


def test_the_operator_adds_partitions_and_the_group_takes_them() -> None:
    async def main() -> None:
        lab = ConsumersLab(2)
        await lab.begin()
        lab.add("op1", Operator)
        await lab.run(0.5)
        admin = Admin(lab.find("op1", Operator), lab.names)
        assert await do(lab, "op1", partial(admin.create_partitions, "changes", 6)) == [None]
        assert await lab.until(lambda: sorted(len(owned) for owned in lab.owned().values()) == [3, 3])
        (refused,) = await do(lab, "op1", partial(admin.create_partitions, "changes", 3))
        assert isinstance(refused, Rejected)
        assert refused.definite
        (refused,) = await do(lab, "op1", partial(admin.create_partitions, "unheard_of", 3))
        assert isinstance(refused, Rejected)
        assert not lab.violations

    simulate(main)


def test_the_operator_gives_up_when_nobody_answers() -> None:
    async def main() -> None:
        lab = Lab()
        await lab.ready()
        lab.add("op1", Operator)
        await lab.run(0.5)
        for name in lab.names:
            lab.crash(name)
        admin = Admin(lab.find("op1", Operator), lab.names, timeout_us=3_000_000)
        (failed,) = await do(lab, "op1", partial(admin.create_partitions, "changes", 6))
        assert isinstance(failed, Rejected)
        assert "no broker answers" in str(failed)
        assert failed.definite

    simulate(main)
