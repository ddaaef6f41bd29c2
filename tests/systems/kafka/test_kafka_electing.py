"""Who leads and who is in sync: by example, and for any course of events."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.kernel.errors import Rejected
from playground.systems.kafka import electing
from playground.systems.kafka.image import Broker, Member, PartitionState
from playground.systems.kafka.messages import AlterPartition
from playground.systems.kafka.placing import first_state
from playground.systems.kafka.records import TopicPartition

NAMES = ("br1", "br2", "br3", "br4")
PARTITION = TopicPartition("changes", 0)


def brokers(*names: str, **lives: tuple[int, int]) -> dict[str, Broker]:
    """``br1`` …: in its first life; ``br1=(2, 1)``: in its second life, on its first disk."""
    return {
        **{name: Broker(name, 1, 1) for name in names},
        **{name: Broker(name, *life) for name, life in lives.items()},
    }


def members(*names: str) -> tuple[Member, ...]:
    return tuple(Member(name, 1) for name in names)


def state(leader: str, isr: str, elr: str = "", replicas: str = "br1 br2 br3", epoch: int = 5) -> PartitionState:
    incarnation = 1 if leader else 0
    return PartitionState(
        tuple(replicas.split()), leader, incarnation, epoch, members(*isr.split()), members(*elr.split()), 7
    )


def asks(now: PartitionState, *isr: Member, **instead: object) -> AlterPartition:
    fields = {
        "partition": PARTITION,
        "leader": now.leader,
        "incarnation": now.leader_incarnation,
        "leader_epoch": now.leader_epoch,
        "version": now.version,
        "isr": isr,
    }
    return AlterPartition(**{**fields, **instead})  # type: ignore[arg-type]


# --- elections -----------------------------------------------------------------------------------


def test_nothing_changes_while_all_are_there() -> None:
    assert electing.elect(state("br1", "br1 br2 br3"), brokers("br1", "br2", "br3"), min_insync=2) is None


def test_when_the_leader_goes_the_first_replica_in_sync_leads() -> None:
    elected = electing.elect(state("br1", "br1 br3"), brokers("br2", "br3"), min_insync=1)
    assert elected == state("br3", "br3", epoch=6)


def test_a_follower_that_goes_leaves_the_isr_and_the_epoch_stays() -> None:
    elected = electing.elect(state("br1", "br1 br2 br3"), brokers("br1", "br2"), min_insync=2)
    assert elected == state("br1", "br1 br2")


def test_who_leaves_too_small_an_isr_is_eligible() -> None:
    elected = electing.elect(state("br1", "br1 br2 br3"), brokers("br1"), min_insync=2)
    assert elected == state("br1", "br1", elr="br2 br3")


def test_if_nobody_in_sync_is_there_an_eligible_one_leads() -> None:
    elected = electing.elect(state("br1", "br1", elr="br2 br3"), brokers("br3"), min_insync=2)
    assert elected == state("br3", "br3", elr="br1 br2", epoch=6)


def test_without_anybody_in_sync_or_eligible_there_is_no_leader_and_the_isr_is_remembered() -> None:
    elected = electing.elect(state("br1", "br1"), brokers("br2", "br3"), min_insync=1)
    assert elected == state("", "br1", epoch=6)
    assert electing.elect(elected, brokers("br2", "br3"), min_insync=1) is None


def test_a_leaderless_partition_is_led_by_whoever_of_the_isr_comes_back() -> None:
    elected = electing.elect(state("", "br1 br2"), brokers("br3", br2=(4, 1)), min_insync=2)
    assert elected is not None
    assert (elected.leader, elected.leader_incarnation, elected.leader_epoch) == ("br2", 4, 6)
    assert (elected.isr, elected.elr) == (members("br2"), members("br1"))


def test_only_an_unclean_election_takes_one_who_is_not_in_sync() -> None:
    leaderless, there = state("", "br1"), brokers("br3")
    assert electing.elect(leaderless, there, min_insync=2) is None
    assert electing.elect(leaderless, there, min_insync=2, unclean=True) == state("br3", "br3", epoch=6)


def test_an_unclean_election_is_the_last_resort() -> None:
    elected = electing.elect(state("br1", "br1", elr="br3"), brokers("br2", "br3"), min_insync=2, unclean=True)
    assert elected is not None
    assert elected.leader == "br3"


def test_a_leader_that_has_restarted_is_replaced_by_one_who_has_not() -> None:
    elected = electing.elect(state("br1", "br1 br2 br3"), brokers("br2", "br3", br1=(2, 1)), min_insync=2)
    assert elected == state("br2", "br2 br3", epoch=6)


def test_a_leader_that_has_restarted_leads_again_if_it_is_the_only_one() -> None:
    elected = electing.elect(state("br1", "br1"), brokers("br2", br1=(2, 1)), min_insync=1)
    assert elected == state("br1", "br1", epoch=6)._replace(leader_incarnation=2)


def test_a_follower_that_has_restarted_has_to_catch_up_before_it_is_in_sync_again() -> None:
    there = brokers("br1", "br3", br2=(2, 1))
    elected = electing.elect(state("br1", "br1 br2 br3"), there, min_insync=2, restarted=["br2"])
    assert elected == state("br1", "br1 br3")


def test_an_empty_disk_is_another_member() -> None:
    there = brokers("br2", "br3", br1=(2, 2))
    elected = electing.elect(state("br1", "br1"), there, min_insync=2)
    assert elected == state("", "br1", epoch=6)


def test_who_has_lost_its_disk_is_not_eligible_any_more() -> None:
    elected = electing.elect(state("br1", "br1", elr="br2 br3"), brokers("br1", br2=(2, 2)), min_insync=2)
    assert elected == state("br1", "br1", elr="br3")


# --- preferred leaders ------------------------------------------------------------------------------


def test_the_preferred_replica_leads_again_when_it_is_in_sync() -> None:
    assert electing.prefer(state("br2", "br1 br2"), brokers("br1", "br2")) == state("br1", "br1 br2", epoch=6)


@pytest.mark.parametrize(
    ("now", "there"),
    [
        (state("br1", "br1 br2"), brokers("br1", "br2")),
        (state("br2", "br2 br3"), brokers("br1", "br2", "br3")),
        (state("br2", "br1 br2"), brokers("br2")),
        (state("br2", "br1 br2"), brokers("br2", br1=(2, 2))),
        (state("", "br1 br2"), brokers("br1", "br2")),
    ],
    ids=["it leads", "it is not in sync", "it is not there", "it has another disk", "nobody leads"],
)
def test_leadership_stays_where_it_is(now: PartitionState, there: dict[str, Broker]) -> None:
    assert electing.prefer(now, there) is None


# --- what leaders ask for -----------------------------------------------------------------------------


def test_a_leader_takes_a_follower_in_and_out() -> None:
    now, there = state("br1", "br1 br2 br3"), brokers("br1", "br2", "br3")
    smaller = electing.alter(now, asks(now, *members("br1", "br3")), there, min_insync=2)
    assert smaller == state("br1", "br1 br3")
    larger = electing.alter(smaller, asks(smaller, *members("br3", "br2", "br1")), there, min_insync=2)
    assert larger == now


def test_an_isr_that_is_large_enough_leaves_nobody_eligible_outside() -> None:
    now = state("br1", "br1", elr="br2 br3")
    altered = electing.alter(now, asks(now, *members("br1", "br2")), brokers("br1", "br2", "br3"), min_insync=2)
    assert altered == state("br1", "br1 br2")


def test_a_leader_that_leaves_itself_out_resigns() -> None:
    now, there = state("br1", "br1 br2 br3"), brokers("br1", "br2", "br3")
    assert electing.alter(now, asks(now, *members("br2", "br3")), there, min_insync=2) == state(
        "br2", "br2 br3", epoch=6
    )


def test_what_is_so_already_may_be_asked_for_again_by_whoever_has_missed_the_answer() -> None:
    now = state("br1", "br1 br2")
    assert electing.alter(now, asks(now, *members("br2", "br1"), version=6), brokers("br1", "br2"), min_insync=1) == now


@pytest.mark.parametrize(
    ("instead", "code"),
    [
        ({"leader": "br2"}, "fenced-leader-epoch"),
        ({"incarnation": 2}, "fenced-leader-epoch"),
        ({"leader_epoch": 4}, "fenced-leader-epoch"),
        ({"leader_epoch": 6}, "not-controller"),
        ({"version": 6}, "invalid-version"),
        ({"version": 8}, "not-controller"),
        ({"isr": ()}, "ineligible-replica"),
        ({"isr": members("br1", "br1")}, "ineligible-replica"),
        ({"isr": members("br1", "br4")}, "ineligible-replica"),
        ({"isr": members("br1", "br3")}, "ineligible-replica"),
        ({"isr": (Member("br1", 1), Member("br2", 2))}, "ineligible-replica"),
    ],
)
def test_a_request_that_does_not_fit_is_refused(instead: dict[str, object], code: str) -> None:
    now, there = state("br1", "br1 br2 br3"), brokers("br1", "br2", "br4")
    with pytest.raises(Rejected) as refused:
        electing.alter(now, asks(now, *members("br1", "br2"), **instead), there, min_insync=2)
    assert refused.value.code == code


# --- any course of events -----------------------------------------------------------------------------


class Course:
    """A partition, brokers that come and go, and who really has all that is committed: a judge of elections.

    Logs are as if on the disk at once. So a member has everything committed from when it has caught up until something
    is committed without it.
    """

    def __init__(self, size: int, min_insync: int, unclean: bool) -> None:
        self.names = NAMES[:size]
        self.lives = dict.fromkeys(self.names, 1)
        self.disks = dict.fromkeys(self.names, 1)
        self.there = {name: self.broker(name) for name in self.names}
        self.min_insync, self.unclean = min(min_insync, size), unclean
        self.state = first_state(self.names, self.there)
        self.complete = list(self.state.isr)
        self.seen = dict(self.there)
        self.epochs = {self.state.leader_epoch: (self.state.leader, self.state.leader_incarnation)}

    def broker(self, name: str) -> Broker:
        return Broker(name, self.lives[name], self.disks[name])

    # What may happen, each to the broker of this name:

    def go(self, name: str) -> None:
        self.there.pop(name, None)

    def come(self, name: str) -> None:
        if name not in self.there:
            self.restart(name)

    def come_back(self, name: str) -> None:
        """Its session was over, its process was not."""
        self.there[name] = self.broker(name)

    def restart(self, name: str) -> None:
        self.lives[name] += 1
        self.there[name] = self.broker(name)

    def lose_disk(self, name: str) -> None:
        self.disks[name] = self.lives[name] + 1
        self.restart(name)

    def commit(self, _name: str) -> None:
        if self.leads() and len(self.state.isr) >= self.min_insync:
            self.complete = list(self.state.isr)

    def join(self, name: str) -> None:
        member = self.broker(name).member
        if self.leads() and name in self.there and member not in self.state.isr:
            self.complete.append(member)
            self.alter(*self.state.isr, member)

    def leave(self, name: str) -> None:
        if self.leads() and len(self.state.isr) > 1 and name in self.state.in_sync:
            self.alter(*(member for member in self.state.isr if member.name != name))

    def prefer(self, _name: str) -> None:
        preferred = electing.prefer(self.state, self.there)
        if preferred is not None:
            self.turn(preferred)

    def look(self, _name: str) -> None:
        restarted = [name for name, broker in self.seen.items() if self.there.get(name, broker) != broker]
        elected = electing.elect(
            self.state, self.there, min_insync=self.min_insync, unclean=self.unclean, restarted=restarted
        )
        self.seen = dict(self.there)
        if elected is not None:
            self.turn(elected)
        again = electing.elect(self.state, self.there, min_insync=self.min_insync, unclean=self.unclean)
        assert again is None, "a decision does not lead to another one"
        led = self.state.leader in self.there
        able = any(electing.is_there(member, self.there) for member in (*self.state.isr, *self.state.elr))
        assert led or not (able or (self.unclean and self.there)), "nobody leads although somebody could"

    # What must be so, whatever happens:

    def leads(self) -> bool:
        leader = self.there.get(self.state.leader)
        return leader is not None and leader.incarnation == self.state.leader_incarnation

    def alter(self, *isr: Member) -> None:
        request = asks(self.state, *isr)
        if all(electing.is_there(member, self.there) for member in isr):
            self.turn(electing.alter(self.state, request, self.there, min_insync=self.min_insync))
        else:
            with pytest.raises(Rejected, match="ineligible-replica"):
                electing.alter(self.state, request, self.there, min_insync=self.min_insync)

    def turn(self, new: PartitionState) -> None:
        old, self.state = self.state, new
        assert new.isr
        assert not set(new.isr) & set(new.elr)
        assert len(new.isr) < self.min_insync or not new.elr
        assert new.leader in ("", *new.in_sync)
        assert new.leader_epoch >= old.leader_epoch
        who = new.leader, new.leader_incarnation
        assert self.epochs.setdefault(new.leader_epoch, who) == who, "one leader, in one life, in an epoch"
        if not new.leader:
            return
        leader = self.there[new.leader]
        assert leader.incarnation == new.leader_incarnation
        assert leader.member in new.isr
        if leader.member not in self.complete:
            assert self.unclean
            assert not any(electing.is_there(member, self.there) for member in (*old.isr, *old.elr))
            self.complete = [leader.member]  # what it has is all that is committed from now on
        assert {*new.isr, *new.elr} <= set(self.complete), "who may lead has all that is committed"


EVENTS: tuple[Callable[[Course, str], None], ...] = (
    Course.go,
    Course.come,
    Course.come_back,
    Course.restart,
    Course.lose_disk,
    Course.commit,
    Course.join,
    Course.leave,
    Course.prefer,
    Course.look,
    Course.look,
)


@given(
    size=st.integers(1, 4),
    min_insync=st.integers(1, 3),
    unclean=st.booleans(),
    events=st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 3)), max_size=60),
)
def test_whoever_leads_has_all_that_is_committed_whatever_happens(
    size: int, min_insync: int, unclean: bool, events: list[tuple[Callable[[Course, str], None], int]]
) -> None:
    course = Course(size, min_insync, unclean)
    for happen, number in events:
        happen(course, course.names[number % size])
