"""The membership of a consumer, against a coordinator whose every answer the test decides."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from playground.kernel.errors import Rejected
from playground.kernel.world import run
from playground.systems.kafka.errors import (
    COORDINATOR_LOADING,
    ILLEGAL_GENERATION,
    NOT_COORDINATOR,
    REBALANCE,
    UNKNOWN_MEMBER,
)
from playground.systems.kafka.messages import (
    FindCoordinator,
    Heartbeat,
    Joined,
    JoinGroup,
    LeaveGroup,
    OffsetCommit,
    Subscription,
    Synced,
    SyncGroup,
)
from playground.systems.kafka.records import TopicPartition
from tests.systems.kafka.kafka_fake import FakeBroker, FakeLab

ZERO, ONE = TopicPartition("changes", 0), TopicPartition("changes", 1)


def once(fake: FakeBroker, kind: type, code: str) -> None:
    """The next request of this kind is refused."""
    usual = fake.answers[kind]

    def refuse(_source: str, _request: Any) -> None:
        fake.answers[kind] = usual
        raise Rejected(code)

    fake.answers[kind] = refuse


async def member(**settings: Any) -> FakeLab:
    """A lab whose consumer has been given both partitions, in generation 1."""
    lab = FakeLab(**settings)
    await lab.ready()
    await lab.poll(seconds=0.2)
    assert (lab.consumer.state, lab.consumer.generation) == ("stable", 1)
    assert lab.consumer.assignment == (ZERO, ONE)
    return lab


def test_the_group_is_joined_at_the_first_poll_and_not_before() -> None:
    async def main() -> None:
        lab = FakeLab()
        await lab.ready()
        await lab.run(3)
        assert not lab.fake.heard
        await lab.poll(seconds=0.2)
        joined, synced = lab.fake.asked(JoinGroup)[0], lab.fake.asked(SyncGroup)[0]
        assert (joined.group, joined.member, joined.topics, joined.owned) == ("view", "co1", ("changes",), ())
        assert synced.assignments == (("co1", (ZERO, ONE)),)

    run(main)


@pytest.mark.parametrize("kind", [JoinGroup, SyncGroup, FindCoordinator])
@pytest.mark.parametrize("code", [COORDINATOR_LOADING, NOT_COORDINATOR])
def test_a_join_is_tried_until_the_coordinator_can(kind: type, code: str) -> None:
    async def main() -> None:
        lab = FakeLab()
        await lab.ready()
        once(lab.fake, kind, code)
        await lab.poll(seconds=2)
        assert lab.consumer.state == "stable"

    run(main)


@pytest.mark.parametrize("kind", [JoinGroup, SyncGroup, FindCoordinator])
def test_a_request_that_disappears_is_sent_again(kind: type) -> None:
    async def main() -> None:
        lab = FakeLab()
        await lab.ready()
        lab.fake.silent.add(kind)
        await lab.poll(seconds=1)
        assert lab.consumer.state in ("joining", "syncing")
        lab.fake.silent.clear()
        await lab.poll(seconds=3)
        assert lab.consumer.state == "stable"

    run(main)


def test_heartbeats_go_on_while_the_application_works() -> None:
    async def main() -> None:
        lab = await member()
        lab.fake.heard.clear()
        await lab.run(8)
        beats = lab.fake.asked(Heartbeat)
        assert 7 <= len(beats) <= 9
        assert {(beat.member, beat.generation) for beat in beats} == {("co1", 1)}
        assert not lab.notes("max-poll")

    run(main)


def test_who_does_not_poll_for_too_long_leaves_and_comes_back_with_the_next_poll() -> None:
    async def main() -> None:
        lab = await member(max_poll_ms=2_000)
        lab.fake.append(ZERO, "a")
        await lab.run(4)
        assert lab.consumer.state == "left"
        assert [request.member for request in lab.fake.asked(LeaveGroup)] == ["co1"]
        assert "co1 has not polled for" in lab.notes("max-poll")[0]
        assert lab.hand.told == [], "the application is told in a poll"
        heard = len(lab.fake.heard)
        await lab.run(4)
        assert len(lab.fake.asked(Heartbeat)) < heard
        assert await lab.poll() == [(0, 0, "a")], "from the committed offset"
        assert lab.hand.told == [("lost", (ZERO, ONE))]
        assert lab.consumer.generation == 2

    run(main)


def test_who_waits_in_a_poll_polls() -> None:
    async def main() -> None:
        lab = await member(max_poll_ms=1_000)
        assert await lab.poll(seconds=5) == []
        assert lab.consumer.state == "stable"

    run(main)


@pytest.mark.parametrize("assignor", ["range", "round-robin"])
def test_an_eager_member_gives_everything_up_before_it_joins_again(assignor: str) -> None:
    async def main() -> None:
        lab = await member(assignor=assignor)
        once(lab.fake, Heartbeat, REBALANCE)
        owned_at_join: list[tuple[TopicPartition, ...]] = []
        usual = lab.fake.answers[JoinGroup]

        def join(source: str, request: JoinGroup) -> Any:
            owned_at_join.append(lab.consumer.assignment)
            return usual(source, request)

        lab.fake.answers[JoinGroup] = join
        await lab.poll(seconds=2)
        assert lab.hand.told == [("revoked", (ZERO, ONE))]
        assert owned_at_join == [()]
        assert lab.fake.asked(JoinGroup)[-1].owned == ()
        assert (lab.consumer.generation, lab.consumer.assignment) == (2, (ZERO, ONE))

    run(main)


def gives(partitions: tuple[TopicPartition, ...]) -> Callable[[str, Any], Synced]:
    return lambda _source, _request: Synced(partitions)


def test_a_cooperative_member_reads_on_and_gives_up_only_what_goes_to_others() -> None:
    async def main() -> None:
        lab = await member()
        usual = lab.fake.answers[SyncGroup]
        once(lab.fake, Heartbeat, REBALANCE)
        lab.fake.silent.add(JoinGroup)
        await lab.poll(seconds=1.5)
        lab.fake.append(ZERO, "a")
        lab.fake.append(ONE, "x")
        assert sorted(await lab.poll() + await lab.poll()) == [(0, 0, "a"), (1, 0, "x")], "while it waits to be let in"
        assert lab.consumer.state == "joining"
        assert lab.fake.asked(JoinGroup)[-1].owned == (ZERO, ONE)
        lab.fake.silent.clear()
        lab.fake.answers[SyncGroup] = gives((ZERO,))
        await lab.poll(seconds=4)
        assert lab.hand.told[0] == ("revoked", (ONE,))
        last = lab.fake.asked(JoinGroup)[-1]
        assert (last.owned, last.generation) == ((ZERO,), 2), "it joins again at once, so that others can have it"
        assert (lab.consumer.generation, lab.consumer.assignment) == (3, (ZERO,))
        assert lab.consumer.position(ZERO) == 1, "it stays where it was"
        lab.fake.answers[SyncGroup] = usual

    run(main)


@pytest.mark.parametrize("code", [UNKNOWN_MEMBER, ILLEGAL_GENERATION])
@pytest.mark.parametrize("assignor", ["range", "cooperative-sticky"])
def test_who_hears_that_the_group_has_gone_on_has_lost_everything(code: str, assignor: str) -> None:
    async def main() -> None:
        lab = await member(assignor=assignor)
        lab.fake.append(ZERO, "a", "b")
        assert await lab.poll(1) == [(0, 0, "a")]
        once(lab.fake, Heartbeat, code)
        lab.fake.offsets[ZERO] = 2
        lab.fake.append(ZERO, "c")
        await lab.run(1.5)
        assert lab.consumer.buffered > 0
        assert await lab.poll() == [(0, 2, "c")], "what was buffered is forgotten"
        assert lab.hand.told == [("lost", (ZERO, ONE))]
        assert lab.fake.asked(JoinGroup)[-1].owned == ()

    run(main)


def test_a_refused_commit_is_how_a_zombie_learns_of_it() -> None:
    async def main() -> None:
        lab = await member()
        once(lab.fake, OffsetCommit, ILLEGAL_GENERATION)
        with pytest.raises(Rejected, match=ILLEGAL_GENERATION):
            await lab.do(partial(lab.consumer.commit, {ZERO: 1}))
        assert lab.hand.told == []
        await lab.poll(seconds=0.2)
        assert lab.hand.told == [("lost", (ZERO, ONE))]
        await lab.do(partial(lab.consumer.commit, {ZERO: 1}))

    run(main)


def test_a_loss_during_a_join_is_not_covered_up_by_the_new_membership() -> None:
    """Until the application has been told, nothing it has done before may be committed."""

    async def main() -> None:
        lab = await member()
        once(lab.fake, Heartbeat, REBALANCE)
        await lab.run(1.1)
        once(lab.fake, SyncGroup, UNKNOWN_MEMBER)
        await lab.poll(seconds=0)
        await lab.run(2)
        assert lab.consumer.state == "stable"
        assert lab.consumer.generation > 1
        await lab.do(partial(lab.consumer.commit, {ZERO: 1}))
        assert lab.fake.asked(OffsetCommit)[-1].generation == 1, "which the coordinator refuses"
        await lab.poll(seconds=0.2)
        assert lab.hand.told == [("lost", (ZERO, ONE))]
        await lab.do(partial(lab.consumer.commit, {ZERO: 1}))
        assert lab.fake.asked(OffsetCommit)[-1].generation == lab.consumer.generation

    run(main)


def test_a_refused_commit_ends_a_join_that_was_begun_for_what_is_lost() -> None:
    """Cooperative: it works on while it waits to be let in, and would not hear otherwise that others have its work."""

    async def main() -> None:
        lab = await member()
        once(lab.fake, Heartbeat, REBALANCE)
        lab.fake.silent.add(JoinGroup)
        await lab.poll(seconds=1.5)
        assert lab.consumer.state == "joining"
        once(lab.fake, OffsetCommit, UNKNOWN_MEMBER)
        with pytest.raises(Rejected, match=UNKNOWN_MEMBER):
            await lab.do(partial(lab.consumer.commit, {ZERO: 1}))
        lab.fake.silent.clear()
        await lab.poll(seconds=0.2)
        assert lab.hand.told == [("lost", (ZERO, ONE))]
        assert lab.fake.asked(JoinGroup)[-1].owned == ()

    run(main)


def test_after_a_generation_without_it_a_member_keeps_only_what_nobody_else_has_committed() -> None:
    async def main() -> None:
        lab = await member()
        lab.fake.append(ZERO, "a", "b", "c", "d")
        lab.fake.append(ONE, "x", "y")
        seen = await lab.poll(1) + await lab.poll(1)
        assert sorted(seen) == [(0, 0, "a"), (1, 0, "x")]
        await lab.do(partial(lab.consumer.commit, {ONE: 1}))
        lab.fake.generation += 3
        lab.fake.offsets[ZERO] = 3
        once(lab.fake, Heartbeat, REBALANCE)
        await lab.run(1.2)
        assert await lab.poll(0, seconds=0.5) == []
        assert lab.hand.told == [("lost", (ZERO,))]
        assert lab.consumer.positions == {ZERO: 3, ONE: 1}
        assert sorted(await lab.poll() + await lab.poll()) == [(0, 3, "d"), (1, 1, "y")]

    run(main)


def test_the_leader_shares_out_among_all_who_have_joined() -> None:
    async def main() -> None:
        lab = FakeLab(assignor="range")
        await lab.ready()

        def join(_source: str, request: JoinGroup) -> Joined:
            others = [Subscription(name, ("changes",), (), 0) for name in ("co1", "co2")]
            return Joined(7, request.member, tuple(others))

        lab.fake.answers[JoinGroup] = join
        await lab.poll(seconds=0.2)
        assert lab.fake.asked(SyncGroup)[0].assignments == (("co1", (ZERO,)), ("co2", (ONE,)))
        assert lab.consumer.assignment == (ZERO,)

    run(main)


def test_who_does_not_lead_brings_no_assignment() -> None:
    async def main() -> None:
        lab = FakeLab()
        await lab.ready()
        lab.fake.answers[JoinGroup] = lambda _source, _request: Joined(7, "co2")
        lab.fake.answers[SyncGroup] = gives((ONE,))
        await lab.poll(seconds=0.2)
        assert lab.fake.asked(SyncGroup)[0].assignments == ()
        assert lab.consumer.assignment == (ONE,)

    run(main)


def test_new_partitions_make_the_leader_join_again() -> None:
    async def main() -> None:
        lab = await member()
        lab.fake.lead("br1", 3, version=2)
        await lab.poll(seconds=4)
        assert (lab.consumer.generation, len(lab.consumer.assignment)) == (2, 3)
        assert lab.hand.told == [], "what it has it keeps"
        await lab.poll(seconds=4)
        assert lab.consumer.generation == 2

    run(main)


def test_a_coordinator_that_is_silent_is_looked_for_again() -> None:
    async def main() -> None:
        lab = await member()
        found = len(lab.fake.asked(FindCoordinator))
        lab.fake.silent.add(Heartbeat)
        await lab.run(5)
        assert len(lab.fake.asked(FindCoordinator)) > found
        assert lab.consumer.assignment == (ZERO, ONE), "nobody has said that it is out"

    run(main)


def test_partitions_that_come_while_the_leader_shares_out_are_shared_out_next() -> None:
    async def main() -> None:
        lab = FakeLab()
        await lab.ready()
        lab.fake.silent.add(SyncGroup)
        await lab.poll(seconds=0.2)
        assert lab.consumer.state == "syncing"
        lab.fake.lead("br1", 3, version=2)
        assert await lab.do(lab.consumer.metadata.refresh)
        assert lab.consumer.metadata.partitions("changes") == 3
        lab.fake.silent.clear()
        await lab.poll(seconds=6)
        assert lab.consumer.assignment == (ZERO, ONE, TopicPartition("changes", 2))

    run(main)
