"""The checks of brokers and logs, against histories whose verdict is known beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from playground.kernel.world import run
from playground.systems.kafka import checks
from playground.systems.kafka.image import Member, PartitionState
from playground.systems.kafka.ledger import Acknowledged, Committed
from playground.systems.kafka.offsets import CommittedOffset, GroupRecord, put_group, put_offset, read
from playground.systems.kafka.records import NO_PRODUCER, Batch, Record, TopicPartition
from playground.systems.violations import Violation
from tests.systems.kafka.kafka_log_lab import LogLab

P0 = TopicPartition("changes", 0)
BR1, BR2, BR3 = (Member(name, 1) for name in ("br1", "br2", "br3"))


def batch(base_offset: int, *headers: str, epoch: int = 1, producer: int = NO_PRODUCER) -> Batch:
    """Messages with these headers from ``base_offset`` on; the key of ``pr1:3`` is ``k3``."""
    records = tuple(
        Record(delta, f"k{header.rpartition(':')[2]}", "v", 0, header) for delta, header in enumerate(headers)
    )
    return Batch(records, len(records) - 1, producer, 0, 0, base_offset, epoch)


def compacted(whole: Batch, *kept: int) -> Batch:
    """What is left of it: the records at these places."""
    return whole._replace(records=tuple(record for record in whole.records if record.delta in kept))


@dataclass
class Log:
    """As much of a PartitionLog as the checks look at; all is committed unless said otherwise."""

    content: list[Batch]
    start_offset: int = 0
    high_watermark: int = -1
    cleanup: str = "delete"
    settings: Any = field(init=False)
    end_offset: int = field(init=False)

    def __post_init__(self) -> None:
        self.settings = SimpleNamespace(cleanup=self.cleanup)
        self.end_offset = self.content[-1].next_offset if self.content else self.start_offset
        self.high_watermark = self.end_offset if self.high_watermark < 0 else self.high_watermark

    def batches(self, since: int = 0) -> Iterator[Batch]:
        return (each for each in self.content if each.next_offset > since)


def brokers(*, leader: str = "br1", epoch: int = 1, isr: tuple[Member, ...] = (BR1, BR2), **logs: Log) -> Any:
    """Brokers by name, each with a copy of P0 on disk 1; ``leader`` leads it."""
    services: dict[str, Any] = {}
    for name, log in logs.items():
        leading = SimpleNamespace(epoch=epoch, isr=isr, high_watermark=log.high_watermark) if name == leader else None
        services[name] = SimpleNamespace(
            directory=SimpleNamespace(directory=1, logs={P0: log}), partitions={P0: SimpleNamespace(leading=leading)}
        )
    return services


def names(found: Any) -> list[str]:
    return [cast(Violation, each).check for each in found]


ABC = [batch(0, "pr1:0", "pr1:1"), batch(2, "pr1:2")]


# --- watermarks ---------------------------------------------------------------------------------------


def test_replicas_that_have_what_is_committed_are_in_order() -> None:
    services = brokers(br1=Log(ABC, high_watermark=2), br2=Log(ABC[:1], high_watermark=0))
    assert names(checks.watermarks(services, checks.Memory())) == []


@pytest.mark.parametrize(("start", "mark"), [(0, 4), (2, 1)])
def test_a_watermark_outside_the_log_is_found(start: int, mark: int) -> None:
    services = brokers(leader="", br1=Log(ABC, start, mark))
    assert names(checks.watermarks(services, checks.Memory())) == ["watermark within the log"]


def test_a_watermark_may_fall_between_epochs_and_not_within_one() -> None:
    memory = checks.Memory()
    for epoch, mark, expected in (
        (1, 3, []),
        (2, 2, []),
        (2, 3, []),
        (2, 2, ["watermarks never fall"]),
    ):
        services = brokers(epoch=epoch, isr=(BR1,), br1=Log(ABC, high_watermark=mark))
        assert names(checks.watermarks(services, memory)) == expected


def test_who_is_in_sync_and_lacks_what_is_committed_is_found() -> None:
    behind = Log(ABC[:1])
    assert names(checks.watermarks(brokers(br1=Log(ABC), br2=behind), checks.Memory())) == [
        "in sync means to have what is committed"
    ]
    assert names(checks.watermarks(brokers(isr=(BR1, BR3), br1=Log(ABC), br2=behind), checks.Memory())) == []
    elsewhere = brokers(isr=(BR1, Member("br2", 2)), br1=Log(ABC), br2=behind)
    assert names(checks.watermarks(elsewhere, checks.Memory())) == [], "this disk is not the one that is in sync"


# --- agreement ----------------------------------------------------------------------------------------


def test_replicas_may_differ_above_a_watermark_and_not_below() -> None:
    other = [ABC[0], batch(2, "pr1:9")]
    assert names(checks.agreement(brokers(br1=Log(ABC), br2=Log(other, high_watermark=2)), checks.Memory())) == []
    found = list(checks.agreement(brokers(br1=Log(ABC), br2=Log(other)), checks.Memory()))
    assert names(found) == ["replicas agree"]
    assert "at offset 2 br1 and br2" in found[0].text


def test_a_hole_is_a_difference_unless_it_was_compacted() -> None:
    holed = [compacted(ABC[0], 1), ABC[1]]
    assert names(checks.agreement(brokers(br1=Log(ABC), br2=Log(holed)), checks.Memory())) == ["replicas agree"]
    services = brokers(br1=Log(ABC, cleanup="compact"), br2=Log(holed, cleanup="compact"))
    assert names(checks.agreement(services, checks.Memory())) == []


def test_what_one_has_deleted_is_not_compared() -> None:
    assert names(checks.agreement(brokers(br1=Log(ABC), br2=Log(ABC[1:], 2)), checks.Memory())) == []


def test_what_agreed_once_is_compared_again_only_when_that_is_asked_for() -> None:
    memory = checks.Memory()
    assert not list(checks.agreement(brokers(br1=Log(ABC), br2=Log(ABC)), memory))
    changed = brokers(br1=Log(ABC), br2=Log([batch(0, "pr1:8", "pr1:1"), ABC[1]]))
    assert not list(checks.agreement(changed, memory))
    assert names(checks.agreement(changed, memory, anew=True)) == ["replicas agree"]


# --- the log that counts --------------------------------------------------------------------------------


STATE = PartitionState(("br1", "br2", "br3"), "", 0, 3, (BR1, BR2), (BR3,), 5)


def test_the_log_of_the_newest_leader_counts() -> None:
    services = brokers(br1=Log(ABC), br2=Log(ABC[:1]))
    assert checks.truth(P0, services) == (0, ABC)


def test_a_zombie_s_log_does_not_count() -> None:
    services = brokers(epoch=2, br1=Log([*ABC, batch(3, "pr1:3")]), br2=Log(ABC))
    assert checks.truth(P0, services, known=replace_isr(STATE, BR2)) == (0, ABC)


def replace_isr(state: PartitionState, *isr: Member) -> PartitionState:
    return state._replace(isr=isr, elr=())


def test_without_a_leader_the_furthest_log_of_those_who_may_lead_counts() -> None:
    newer = [ABC[0], batch(2, "pr1:2", epoch=3)]
    services = brokers(leader="", br1=Log(ABC), br2=Log(newer))
    assert checks.truth(P0, services, known=STATE) == (0, newer)
    assert checks.truth(P0, services, known=replace_isr(STATE, BR1)) == (0, ABC)
    assert checks.truth(P0, {}, known=STATE) is None


def test_a_log_from_which_all_is_deleted_starts_where_it_ends() -> None:
    async def main() -> None:
        lab = LogLab()
        await lab.up()
        await lab.write(10)
        lab.log.advance(10)
        lab.log.roll()
        lab.log.forget(1)
        await lab.wait()
        known = replace_isr(STATE, BR1, BR2)
        assert checks.truth(P0, {}, {"br1": lab.disk}, known) == (10, [])
        other = brokers(leader="", br2=Log(ABC))
        assert checks.truth(P0, other, {"br1": lab.disk}, known) == (10, ABC), "br2 has not deleted it yet"
        assert checks.lost(acks((0, "pr1:0")), 10, [], compacted=False) == []

    run(main)


# --- messages -------------------------------------------------------------------------------------------


def acks(*pairs: tuple[int, str]) -> list[Acknowledged]:
    return [Acknowledged(P0, offset, header, f"k{header.rpartition(':')[2]}", "all", 0) for offset, header in pairs]


def test_an_acknowledged_message_that_is_not_at_its_place_is_lost() -> None:
    told = acks((0, "pr1:0"), (2, "pr1:2"))
    assert checks.lost(told, 0, ABC, compacted=False) == []
    assert checks.lost(told, 0, [ABC[0], batch(2, "pr1:7")], compacted=False) == told[1:]
    assert checks.lost(told, 0, ABC[:1], compacted=False) == told[1:]


def test_what_was_deleted_is_not_lost_and_what_was_superseded_neither() -> None:
    told = acks((0, "pr1:0"), (1, "pr1:1"))
    assert checks.lost(told, 2, ABC[1:], compacted=False) == []
    newer = [compacted(ABC[0], 1), batch(2, "pr2:0")]
    assert checks.lost(told, 0, newer, compacted=True) == []
    assert checks.lost(told, 0, newer, compacted=False) == told[:1]
    assert checks.lost(told, 0, [compacted(ABC[0], 1), ABC[1]], compacted=True) == told[:1], "nothing newer of k0"


def test_what_a_reader_may_not_pass_over_is_there_in_every_copy() -> None:
    log = [batch(0, "pr1:0", "pr1:1"), batch(2, "pr2:0"), Batch((Record(0, "k5", None, 0, "pr1:5"),), 0, base_offset=3)]
    assert checks.needed(log, 0, 9, compacted=False) == [0, 1, 2, 3]
    assert checks.needed(log, 0, 9, compacted=True) == [1, 2], "0 is superseded by 2, and 3 is a tombstone"
    assert checks.needed(log, 2, 3, compacted=True) == [2]
    assert checks.needed([compacted(log[0], 1)], 0, 1, compacted=False) == []


def test_messages_of_idempotent_producers_stand_once_and_in_order() -> None:
    def found(*batches: Batch) -> list[str]:
        return [each.text.partition(" at ")[0] for each in checks.duplicates(P0, batches)]

    one, two = batch(0, "pr1:0", producer=7), batch(1, "pr1:1", producer=7)
    assert found(one, two, batch(2, "pr2:0", producer=8)) == []
    assert found(one, two, batch(2, "pr1:1", producer=7)) == ["changes-0: message pr1:1"]
    assert found(two, one) == ["changes-0: message pr1:0"]
    assert found(batch(0, "pr1:0"), batch(1, "pr1:0")) == [], "nobody has numbered these"


def test_what_was_processed_must_still_stand_where_it_was() -> None:
    def found(seen: dict[int, str], *batches: Batch, start: int = 0) -> list[str]:
        return [each.subject for each in checks.stands(seen, start, batches, P0)]

    assert found({0: "pr1:0", 2: "pr1:2"}, *ABC) == []
    assert found({2: "pr1:9"}, *ABC) == ["changes-0 2"]
    assert found({2: "pr1:2"}, ABC[0]) == ["changes-0 2"], "the log ends before it"
    assert found({0: "pr1:0"}, compacted(ABC[0], 1)) == []
    assert found({0: "pr1:0"}, ABC[1], start=2) == []
    assert found({0: "pr1:0"}) == ["changes-0 0"]


# --- commits --------------------------------------------------------------------------------------------


def offsets_log(*entries: tuple[str, str | None]) -> list[Batch]:
    """A batch for each; what is written is a coordinator's."""
    return [Batch((Record(0, key, value, 0),), 0, base_offset=offset) for offset, (key, value) in enumerate(entries)]


def generation(number: int, *, assigned: bool = True, group: str = "view") -> tuple[str, str | None]:
    return put_group(group, GroupRecord(number, "range", "co1", assigned, ()))


def commit(offset: int, generation: int, member: str = "co1", group: str = "view") -> tuple[str, str | None]:
    return put_offset(group, P0, CommittedOffset(offset, generation, member, 1))


def answered(log: list[Batch]) -> list[Committed]:
    """Every commit in it."""
    return [
        Committed(name, each.member, each.generation, partition, each.offset, 0)
        for one in log
        for record in one.records
        for name, kept in read((record,)).items()
        for partition, each in kept.offsets.items()
    ]


def test_commits_of_the_generation_that_is_assigned_are_in_order() -> None:
    log = offsets_log(generation(1), commit(5, 1), commit(9, 1), generation(2), commit(9, 2, "co2"), commit(12, 2))
    assert names(checks.commits(log, answered(log))) == []


def test_a_commit_of_an_old_generation_is_found() -> None:
    log = offsets_log(generation(1), commit(5, 1), generation(2), commit(9, 1, "co2"))
    assert names(checks.commits(log, answered(log))) == ["no commit of an old generation"]
    others = offsets_log(generation(1), commit(5, 1), generation(2, group="audit"), commit(9, 1, "co2"))
    assert names(checks.commits(others, answered(others))) == [], "it is another group that has gone on"


def test_a_generation_that_has_no_partitions_yet_refuses_nobody() -> None:
    """Its record may stand there although its coordinator thinks that it could not be written."""
    log = offsets_log(generation(1), commit(5, 1), generation(2, assigned=False), commit(9, 1))
    assert names(checks.commits(log, answered(log))) == []


def test_an_offset_that_goes_back_is_found() -> None:
    log = offsets_log(generation(1), commit(9, 1, "co2"), commit(5, 1))
    found = list(checks.commits(log, answered(log)))
    assert names(found) == ["committed offsets do not go back"]
    assert "co1 set changes-0 back to 5, when co2 had committed 9" in found[0].text
    others = offsets_log(commit(9, 1), commit(5, 1, group="audit"))
    assert names(checks.commits(others, answered(others))) == []


def test_a_commit_that_was_not_answered_may_be_passed_over() -> None:
    """Its coordinator took it for lost, told the next member to begin before it, and it stands in the log."""
    log = offsets_log(generation(1), commit(3, 1), commit(9, 1, "co2"), commit(5, 1), commit(4, 1))
    taken = [each for each in answered(log) if each.offset != 9]
    found = list(checks.commits(log, taken))
    assert [each.text.partition(", when")[0] for each in found] == ["view: co1 set changes-0 back to 4"]


def test_several_commits_in_one_batch_are_read_in_their_order() -> None:
    records = tuple(
        Record(delta, key, value, 0) for delta, (key, value) in enumerate([commit(9, 1), commit(5, 1), commit(9, 1)])
    )
    log = [Batch(records, 2, base_offset=0)]
    assert names(checks.commits(log, answered(log))) == ["committed offsets do not go back"]
