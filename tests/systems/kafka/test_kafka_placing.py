"""Where new partitions go, and how decisions are told."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.systems.kafka.image import Broker, Member, PartitionState
from playground.systems.kafka.placing import first_state, place
from playground.systems.kafka.telling import elections


def test_partitions_go_round_and_their_copies_are_shifted_each_time_round() -> None:
    assert place(("br1", "br2", "br3", "br4"), 3, 6, (), ()) == [
        ("br1", "br2", "br3"),
        ("br2", "br3", "br4"),
        ("br3", "br4", "br1"),
        ("br4", "br1", "br2"),
        ("br1", "br3", "br4"),
        ("br2", "br4", "br1"),
    ]


def test_another_topic_begins_where_the_first_has_ended() -> None:
    assert [each[0] for each in place(("br1", "br2", "br3"), 2, 3, (), ("br1", "br2", "br3", "br1"))] == [
        "br2",
        "br3",
        "br1",
    ]


def test_more_partitions_of_a_topic_fill_the_gaps_first() -> None:
    assert [each[0] for each in place(("br1", "br2", "br3"), 1, 3, ("br1", "br1", "br3"), ())] == ["br2", "br3", "br2"]


def test_a_single_broker_holds_everything() -> None:
    assert place(("br1",), 1, 3, (), ()) == [("br1",)] * 3


@given(size=st.integers(1, 7), data=st.data())
def test_leaders_and_copies_are_spread(size: int, data: st.DataObject) -> None:
    brokers = tuple(f"br{number}" for number in range(1, size + 1))
    replication, count = data.draw(st.integers(1, size)), data.draw(st.integers(0, 64))
    now = data.draw(st.integers(0, count))
    before = place(brokers, replication, now, (), ())
    leaders = [each[0] for each in before]
    placed = before + place(brokers, replication, count - now, leaders, leaders)
    assert len(placed) == count
    assert all(len(set(replicas)) == len(replicas) == replication for replicas in placed)
    leads = Counter(replicas[0] for replicas in placed)
    assert max((leads[name] for name in brokers), default=0) - min(leads[name] for name in brokers) <= 1
    if count % size == 0:
        copies = Counter(name for replicas in placed for name in replicas)
        assert {copies[name] for name in brokers} == {count * replication // size}


def test_a_new_partition_is_in_sync_everywhere_for_there_is_nothing_in_it() -> None:
    there = {name: Broker(name, 3, 2) for name in ("br1", "br2")}
    assert first_state(("br2", "br1"), there) == PartitionState(
        ("br2", "br1"), "br2", 3, 1, (Member("br2", 2), Member("br1", 2)), (), 0
    )


# --- lines of the journal --------------------------------------------------------------------------


def state(leader: str, isr: str = "br1 br2 br3", epoch: int = 1, incarnation: int = 1) -> PartitionState:
    members = tuple(Member(name, 1) for name in isr.split())
    return PartitionState(("br1", "br2", "br3"), leader, incarnation if leader else 0, epoch, members, (), epoch)


def lines(before: list[PartitionState], after: list[PartitionState], **lives: int) -> list[tuple[str, str]]:
    there = {name: Broker(name, life, 1) for name, life in lives.items()}
    return [(line.kind, line.text) for line in elections({"changes": tuple(before)}, {"changes": tuple(after)}, there)]


def test_what_becomes_of_a_broker_that_is_gone_is_one_line() -> None:
    before = [state("br1"), state("br2"), state("br1"), state("br1", "br1"), state("br1")]
    after = [
        state("br2", "br2 br3", 2),
        state("br2"),
        state("br3", "br2 br3", 2),
        state("", "br1", 2),
        state("br2", "br2 br3", 2),
    ]
    text = "br1 is gone; changes-0, changes-4 go to br2, changes-2 to br3; "
    assert lines(before, after, br2=1, br3=1) == [
        ("election", text + "changes-3 has no leader: nobody in sync is left")
    ]


@pytest.mark.parametrize(
    ("before", "after", "lives", "text"),
    [
        (state("br1"), state("br2", epoch=2), {"br1": 2, "br2": 1}, "br1 has restarted; changes-0 goes to br2"),
        (
            state("br1"),
            state("br1", epoch=2, incarnation=2),
            {"br1": 2},
            "br1 has restarted; changes-0 stays with br1",
        ),
        (state("", "br2"), state("br2", "br2", 2), {"br2": 4}, "br2 is there; changes-0 goes to br2"),
        (state("br2"), state("br1", epoch=2), {"br1": 1, "br2": 1}, "br1 is in sync again; changes-0 goes back to br1"),
        (state("br1"), state("br3", epoch=2), {"br1": 1, "br3": 1}, "br1 gives up its lead; changes-0 goes to br3"),
    ],
)
def test_it_is_told_why_another_leads(
    before: PartitionState, after: PartitionState, lives: dict[str, int], text: str
) -> None:
    assert lines([before], [after], **lives) == [("election", text)]


def test_an_unclean_election_is_told_of_each_partition() -> None:
    before, after = [state("br1", "br1")] * 2, [state("br3", "br3", 2), state("br2", "br2", 2)]
    assert lines(before, after, br2=1, br3=1) == [
        (
            "unclean",
            f"changes-{number}: nobody in sync is left; {name} leads without being in sync, what it lacks is lost",
        )
        for number, name in ((0, "br3"), (1, "br2"))
    ]


def test_a_long_list_is_cut_short() -> None:
    ((_kind, text),) = lines([state("br1")] * 20, [state("br2", "br2 br3", 2)] * 20, br2=1, br3=1)
    assert text.endswith("changes-5 and 14 more go to br2")


def test_another_isr_alone_is_not_an_election() -> None:
    assert lines([state("br1")], [state("br1", "br1 br2")], br1=1, br2=1) == []
