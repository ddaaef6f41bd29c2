"""The group coordinator against a broker that commits when, and whether, the test says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playground.kernel.world import run
from playground.systems.kafka import errors
from playground.systems.kafka.messages import (
    Coordinator,
    FindCoordinator,
    Joined,
    JoinGroup,
    LeaveGroup,
    OffsetFetch,
    Offsets,
    Subscription,
    Synced,
)
from tests.systems.kafka.groups_lab import Lab, T

BOTH = {"co1": T[:2], "co2": T[2:]}


def play(main: Callable[[Lab], Awaitable[None]]) -> None:
    """Run ``main`` in a lab whose machines are up."""

    async def within() -> None:
        lab = Lab()
        await lab.run(0.5)
        await main(lab)

    run(within)


# --- generations --------------------------------------------------------------------------------------


def test_a_start_makes_one_generation_of_all_that_come_within_a_short_while() -> None:
    async def main(lab: Lab) -> None:
        first = lab.join("co1")
        await lab.run(0.3)
        second = lab.join("co2", session_ms=5_000)
        await lab.run(0.3)
        assert not first.done
        assert lab.group.state == "preparing"
        await lab.run(0.3)
        subscriptions = (Subscription("co1", ("t",), (), 0), Subscription("co2", ("t",), (), 0))
        assert first.result == Joined(1, "co1", subscriptions)
        assert second.result == Joined(1, "co1")
        assert lab.group.state == "completing"
        waits = lab.sync("co2", 1)
        await lab.run(0.1)
        assert not waits.done
        leads = lab.sync("co1", 1, BOTH)
        await lab.run(0.1)
        assert (leads.result, waits.result) == (Synced(T[:2]), Synced(T[2:]))
        assert lab.group.state == "stable"
        assert {name: member.partitions for name, member in lab.group.members.items()} == BOTH
        assert lab.group.members["co1"].machine == "co1"
        assert lab.notes("rebalancing") == ["view: rebalance, co1 joined"]
        assert lab.notes("rebalance") == [
            "view: generation 1 after co1 joined, co2 joined: co1 gets t-0 t-1, co2 gets t-2 t-3"
        ]

    play(main)


def test_the_wait_for_one_more_ends_with_the_patience_of_the_members() -> None:
    async def main(lab: Lab) -> None:
        joins = []
        for number in range(8):
            request = JoinGroup("view", f"co1#{number}", "range", ("t",), (), 0, 3_000, 1_500)
            joins.append(lab.ask("co1", request))
            await lab.run(0.35)
        assert joins[0].result.generation == 1
        assert [each.member for each in joins[0].result.subscriptions] == [f"co1#{number}" for number in range(5)]
        assert not joins[6].done

    play(main)


def test_a_newcomer_makes_everybody_join_again() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        third = lab.join("co3")
        await lab.run(0.1)
        beat = lab.beat("co1", 1)
        await lab.run(0.1)
        assert beat.code == errors.REBALANCE
        again = [lab.join("co1", T[:2], 1), lab.join("co2", T[2:], 1)]
        await lab.run(0.1)
        assert [each.result.generation for each in (third, *again)] == [2, 2, 2]
        assert again[0].result.subscriptions[0] == Subscription("co1", ("t",), T[:2], 1)

    play(main)


def test_who_does_not_join_again_in_time_is_out() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        third = lab.join("co3")
        first = lab.join("co1", T[:2], 1)
        await lab.keep(1.5, co2=1)
        assert not third.done
        await lab.keep(1, co2=1)
        assert first.result.generation == third.result.generation == 2
        assert list(lab.group.members) == ["co1", "co3"]
        late = lab.join("co2", T[2:], 1)
        await lab.run(0.1)
        assert late.code == errors.UNKNOWN_MEMBER
        anew = lab.join("co2")
        await lab.run(0.1)
        assert not anew.done
        assert lab.notes("rebalancing")[-1] == "view: rebalance, co2 joined"

    play(main)


def test_a_silent_member_is_out_after_its_session_timeout_and_not_before() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        await lab.keep(2.5, co1=1)
        assert list(lab.group.members) == ["co1", "co2"]
        await lab.keep(1, co1=1)
        assert list(lab.group.members) == ["co1"]
        assert lab.notes("rebalancing")[-1] == "view: rebalance, co2 left (session timeout)"
        again = lab.join("co1", T[:2], 1)
        await lab.run(0.1)
        assert again.result == Joined(2, "co1", (Subscription("co1", ("t",), T[:2], 1),))
        lab.sync("co1", 2, {"co1": T})
        await lab.run(0.1)
        assert lab.notes("rebalance")[-1] == (
            "view: generation 2 after co2 left (session timeout): co1 gets t-0 t-1 t-2 t-3"
        )

    play(main)


def test_sessions_run_by_the_clock_of_the_coordinator() -> None:
    async def main(lab: Lab) -> None:
        lab.broker_node.clock.set_drift(200_000)
        await lab.form(BOTH)
        await lab.run(2.6)
        assert lab.group.members == {}

    play(main)


def test_a_member_that_leaves_is_not_waited_for() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        left = lab.leave("co2")
        again = lab.join("co1", T[:2], 1)
        await lab.run(0.1)
        assert left.done
        assert not left.code
        assert again.result.generation == 2
        twice = lab.leave("co2")
        await lab.run(0.1)
        assert twice.code == errors.UNKNOWN_MEMBER

    play(main)


def test_when_all_have_left_the_group_is_empty_in_a_generation_of_its_own() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.leave("co1")
        lab.leave("co2")
        await lab.run(0.2)
        assert (lab.group.state, lab.group.generation, lab.group.members) == ("empty", 2, {})
        refused = lab.commit("co1", 1, 7)
        await lab.run(0.1)
        assert refused.code == errors.UNKNOWN_MEMBER
        assert await lab.form({"co3": T}) == 3

    play(main)


def test_a_leader_that_does_not_assign_in_time_is_out() -> None:
    async def main(lab: Lab) -> None:
        joins = await lab.enter("co1", "co2")
        await lab.run(0.7)
        assert joins[0].result.leader == "co1"
        waits = lab.sync("co2", 1)
        await lab.keep(2.5, co1=1)
        assert waits.code == errors.REBALANCE
        assert list(lab.group.members) == ["co2"]
        assert lab.notes("rebalancing")[-1] == "view: rebalance, co1 left (did not sync in time)"
        again = lab.join("co2")
        await lab.run(0.1)
        assert (again.result.generation, again.result.leader) == (2, "co2")

    play(main)


def test_all_who_did_not_sync_are_out_and_those_who_did_stay() -> None:
    async def main(lab: Lab) -> None:
        await lab.enter("co1", "co2", "co3")
        await lab.run(0.7)
        lab.sync("co3", 1)
        await lab.keep(2.1, co1=1, co2=1)
        assert list(lab.group.members) == ["co3"]

    play(main)


def test_members_have_to_agree_on_an_assignor() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        other = lab.join("co3", assignor="range")
        await lab.run(0.1)
        assert other.code == errors.INCONSISTENT_PROTOCOL
        assert list(lab.group.members) == ["co1", "co2"]
        assert lab.group.state == "stable"

    play(main)


def test_the_leader_may_ask_for_another_round_and_others_who_say_nothing_new_may_not() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        follower = lab.join("co2")
        await lab.run(0.1)
        assert follower.result == Joined(1, "co1")
        assert lab.group.state == "stable"
        lab.join("co1")
        await lab.run(0.1)
        assert lab.group.state == "preparing"

    play(main)


def test_a_member_that_has_given_up_partitions_begins_the_next_round() -> None:
    async def main(lab: Lab) -> None:
        await lab.form({"co1": T})
        lab.join("co2")
        first = lab.join("co1", T, 1)
        await lab.run(0.1)
        lab.sync("co1", 2, {"co1": T[:2], "co2": ()})
        lab.sync("co2", 2)
        await lab.run(0.1)
        assert first.result.generation == 2
        lab.join("co1", T[:2], 2)
        await lab.run(0.1)
        assert lab.notes("rebalancing")[-1] == "view: rebalance, co1 gave up t-2 t-3"

    play(main)


# --- requests that come twice, late, or not at all ------------------------------------------------------


def test_a_join_that_comes_again_in_its_round_replaces_the_first() -> None:
    async def main(lab: Lab) -> None:
        first = lab.join("co1", timeout_s=0.2)
        await lab.run(0.3)
        again = lab.join("co1")
        await lab.run(0.5)
        assert first.code == "TimedOut"
        assert again.result == Joined(1, "co1", (Subscription("co1", ("t",), (), 0),))
        assert len(lab.notes("rebalancing")) == 1

    play(main)


def test_a_copy_of_a_join_gets_the_answer_of_the_generation_that_it_made() -> None:
    async def main(lab: Lab) -> None:
        await lab.enter("co1", "co2")
        await lab.run(0.7)
        copies = [lab.join("co1"), lab.join("co2")]
        await lab.run(0.1)
        assert [each.result.generation for each in copies] == [1, 1]
        assert copies[0].result.subscriptions
        assert lab.group.state == "completing"

    play(main)


def test_a_join_that_comes_again_while_the_generation_is_written_is_answered_with_it() -> None:
    async def main(lab: Lab) -> None:
        lab.stuck = True
        first = lab.join("co1", timeout_s=1)
        await lab.run(0.8)
        again = lab.join("co1")
        await lab.run(0.5)
        assert first.code == "TimedOut"
        assert not again.done
        lab.stuck = False
        await lab.run(0.1)
        assert again.result.generation == 1

    play(main)


def test_the_past_is_refused() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.leave("co2")
        await lab.form({"co1": T}, {"co1": T[:2]}, 1)
        late = [lab.sync("co1", 1, BOTH), lab.beat("co1", 1), lab.commit("co1", 1, 5)]
        gone = [lab.sync("co2", 1), lab.beat("co2", 1), lab.commit("co2", 1, 5)]
        await lab.run(0.1)
        assert [each.code for each in late] == [errors.ILLEGAL_GENERATION] * 3
        assert [each.code for each in gone] == [errors.UNKNOWN_MEMBER] * 3
        assert await lab.offset() is None

    play(main)


def test_who_has_not_heard_of_its_new_generation_yet_loses_nothing() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.join("co1", T[:2], 1, timeout_s=0.001)
        lab.join("co2", T[2:], 1)
        lab.join("co3")
        await lab.run(0.1)
        assert lab.group.generation == 2
        asked = [lab.beat("co1", 1), lab.commit("co1", 1, 5)]
        again = lab.join("co1", T[:2], 1)
        await lab.run(0.1)
        assert [each.code for each in asked] == [errors.REBALANCE] * 2
        assert again.result.generation == 2

    play(main)


# --- offsets ----------------------------------------------------------------------------------------------


def test_a_commit_is_answered_and_shown_when_it_is_committed() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.stuck = True
        commit = lab.commit("co1", 1, 7)
        await lab.run(0.5)
        assert not commit.done
        assert await lab.offset() is None
        assert not lab.witness.commits
        lab.stuck = False
        await lab.run(0.1)
        assert commit.done
        assert not commit.code
        assert await lab.offset() == 7
        assert lab.group.offsets == {T[0]: 7}
        assert [(each.member, each.generation, each.partition, each.offset) for each in lab.witness.commits] == [
            ("co1", 1, T[0], 7)
        ]

    play(main)


def test_commits_that_come_while_one_is_written_share_the_next_append() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        before = lab.appends
        lab.stuck = True
        commits = []
        for offset in range(1, 9):
            commits.append(lab.commit("co1", 1, offset, offset))
            await lab.run(0.01)
        lab.stuck = False
        await lab.run(0.1)
        assert not [each.code for each in commits if each.code or not each.done]
        assert lab.appends == before + 2
        assert await lab.offset() == 8

    play(main)


def test_a_commit_that_cannot_be_written_is_refused_and_shown_to_nobody() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.failures = [errors.NOT_ENOUGH_REPLICAS, errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND]
        refused = lab.commit("co1", 1, 7)
        await lab.run(0.1)
        unknown = lab.commit("co1", 1, 8)
        await lab.run(0.1)
        assert (refused.code, unknown.code) == (errors.NOT_ENOUGH_REPLICAS, errors.REQUEST_TIMED_OUT)
        assert await lab.offset() is None
        assert lab.group.state == "stable"
        assert not lab.witness.commits

    play(main)


def test_a_late_copy_of_a_commit_does_not_set_the_group_back() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        for count, offset in ((1, 10), (2, 20)):
            lab.commit("co1", 1, offset, count)
            await lab.run(0.1)
        late = lab.commit("co1", 1, 10, 1)
        await lab.run(0.1)
        assert late.code == errors.REQUEST_TIMED_OUT
        assert await lab.offset() == 20
        await lab.restart()
        late = lab.commit("co1", 1, 10, 1)
        await lab.run(0.1)
        assert await lab.offset() == 20
        on_purpose = lab.commit("co1", 1, 15, 3)
        await lab.run(0.1)
        assert not on_purpose.code
        assert await lab.offset() == 15

    play(main)


def test_a_zombie_cannot_commit_and_everybody_can_read_that() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.commit("co2", 1, 5, 1, partition=2)
        await lab.keep(3.5, co1=1)
        await lab.form({"co1": T}, {"co1": T[:2]}, 1)
        zombie = lab.commit("co2", 1, 120, 2, partition=2)
        copy = lab.commit("co2", 1, 5, 1, partition=2)
        await lab.run(0.1)
        assert zombie.code == errors.UNKNOWN_MEMBER
        assert copy.code
        assert lab.notes("zombie") == [
            "view: co2 (generation 1) wants to commit t-2 up to 120; the group is in generation 2: refused"
        ]
        assert lab.group.offsets == {T[2]: 5}

    play(main)


def test_commits_are_taken_while_others_join_again_and_not_between_two_generations() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.join("co3")
        await lab.run(0.1)
        taken = lab.commit("co1", 1, 5, 1)
        await lab.run(0.1)
        assert taken.done
        assert not taken.code
        lab.join("co1", T[:2], 1)
        lab.join("co2", T[2:], 1)
        await lab.run(0.1)
        between = [lab.commit("co1", 2, 6, 2)]
        await lab.run(0.1)
        assert [each.code for each in between] == [errors.REBALANCE]
        assert await lab.offset() == 5

    play(main)


def test_who_gets_a_partition_finds_what_was_committed_before_it_changed_hands() -> None:
    """The commit is still on its way to the disks when the round ends."""

    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.stuck = True
        lab.commit("co2", 1, 9, 1, partition=2)
        lab.leave("co2")
        again = lab.join("co1", T[:2], 1)
        await lab.run(1)
        assert not again.done
        lab.stuck = False
        await lab.run(0.1)
        assert again.result.generation == 2
        assert await lab.offset(2) == 9

    play(main)


# --- what cannot be written, and who coordinates next --------------------------------------------------


def test_a_generation_that_cannot_be_written_is_told_to_nobody() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.failures = [errors.NOT_ENOUGH_REPLICAS, errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND]
        for _ in range(2):
            joins = [lab.join("co1", T[:2], 1), lab.join("co2", T[2:], 1), lab.join("co3")]
            await lab.run(0.1)
            assert [each.code for each in joins] == [errors.COORDINATOR_UNAVAILABLE] * 3
            assert lab.group.state == "preparing"
            assert lab.group.generation == 1
        commit = lab.commit("co1", 1, 4)
        await lab.run(0.1)
        assert not commit.code
        assert len(lab.notes("rebalancing")) == 3
        generation = await lab.form({"co1": T[:1], "co2": T[2:], "co3": T[1:2]}, {"co1": T[:2], "co2": T[2:]}, 1)
        assert generation == 4

    play(main)


def test_assignments_that_cannot_be_written_are_told_to_nobody() -> None:
    async def main(lab: Lab) -> None:
        await lab.enter("co1", "co2")
        await lab.run(0.7)
        lab.failures = [errors.REQUEST_TIMED_OUT]
        syncs = [lab.sync("co1", 1, BOTH), lab.sync("co2", 1)]
        await lab.run(0.1)
        assert [each.code for each in syncs] == [errors.COORDINATOR_UNAVAILABLE] * 2
        assert await lab.form({"co1": T[2:], "co2": T[:2]}) == 2

    play(main)


def test_members_go_on_in_their_generation_when_the_coordinator_has_crashed() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.commit("co1", 1, 7, 1)
        await lab.run(0.1)
        await lab.restart()
        asked = [lab.beat("co1", 1), lab.beat("co2", 1), lab.commit("co1", 1, 9, 2)]
        synced = lab.sync("co2", 1)
        await lab.run(0.1)
        assert [each.code for each in asked] == [""] * 3
        assert synced.result == Synced(T[2:])
        assert await lab.offset() == 9
        assert (lab.group.state, lab.group.generation, lab.group.leader) == ("stable", 1, "co1")
        assert lab.group.assignor == "cooperative-sticky"
        assert not lab.notes("rebalance")[1:]
        await lab.keep(3.5, co1=1)
        assert list(lab.group.members) == ["co1"]

    play(main)


def test_a_generation_that_has_no_assignments_yet_gets_them_from_its_leader_after_a_crash() -> None:
    async def main(lab: Lab) -> None:
        await lab.enter("co1", "co2")
        await lab.run(0.7)
        await lab.restart()
        assert (lab.group.state, lab.group.generation) == ("completing", 1)
        syncs = [lab.sync("co2", 1), lab.sync("co1", 1, BOTH)]
        await lab.run(0.1)
        assert [each.result for each in syncs] == [Synced(T[2:]), Synced(T[:2])]

    play(main)


def test_no_coordinator_makes_a_generation_again_that_another_one_has_told() -> None:
    async def main(lab: Lab) -> None:
        told: list[int] = []
        for life in range(4):
            joins = [lab.join(name, timeout_s=2, topics=("t", f"u{life}")) for name in ("co1", "co2")]
            await lab.run(2.5)
            told += {each.result.generation for each in joins}
            await lab.restart()
        assert len(told) == 4
        assert told == sorted(set(told))

    play(main)


def test_a_generation_is_above_all_that_members_speak_of_even_if_the_log_was_lost() -> None:
    async def main(lab: Lab) -> None:
        await lab.enter("co1")
        refused = [lab.join("co2", T[:2], 7), lab.beat("co3", 6)]
        await lab.run(0.7)
        assert [each.code for each in refused] == [errors.UNKNOWN_MEMBER] * 2
        assert lab.group.generation == 8
        beat = lab.beat("co1", 12)
        await lab.run(0.1)
        assert beat.code == errors.ILLEGAL_GENERATION
        assert await lab.form({"co2": (), "co1": T}, {"co1": T[:2]}, 8) == 13

    play(main)


def test_a_coordinator_tells_nothing_before_the_log_that_it_found_is_committed() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.log.high_watermark -= 1
        await lab.restart()
        asked = [lab.beat("co1", 1), lab.join("co3"), lab.ask("co1", OffsetFetch("view", T))]
        await lab.run(0.5)
        assert [each.code for each in asked] == [errors.COORDINATOR_LOADING] * 3
        assert lab.groups.groups == {}
        lab.log.high_watermark += 1
        await lab.run(0.5)
        beat = lab.beat("co1", 1)
        await lab.run(0.1)
        assert not beat.code

    play(main)


def test_a_broker_that_leads_no_more_refuses_all_who_wait_and_forgets() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        joins = lab.join("co3")
        lab.stuck = True
        commit = lab.commit("co1", 1, 5)
        await lab.run(0.1)
        lab.groups.ceased(0)
        await lab.run(0.1)
        assert (joins.code, commit.code) == (errors.NOT_COORDINATOR, errors.NOT_COORDINATOR)
        beat = lab.beat("co1", 1)
        await lab.run(0.1)
        assert beat.code == errors.NOT_COORDINATOR
        assert lab.groups.groups == {}
        lab.stuck = False
        await lab.run(10)
        assert not lab.witness.commits

    play(main)


def test_a_newer_epoch_of_the_same_leader_reads_everything_anew() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        waits = lab.join("co3")
        await lab.run(0.1)
        lab.groups.led(0, lab.log)
        await lab.run(0.1)
        assert waits.code == errors.NOT_COORDINATOR
        assert lab.group.state == "stable"
        assert list(lab.group.members) == ["co1", "co2"]

    play(main)


def test_any_broker_tells_who_coordinates() -> None:
    async def main(lab: Lab) -> None:
        found = lab.ask("co1", FindCoordinator("view"))
        await lab.run(0.1)
        assert found.result == Coordinator("br1")
        lab.leader = ""
        found = lab.ask("co1", FindCoordinator("view"))
        await lab.run(0.1)
        assert found.code == errors.COORDINATOR_UNAVAILABLE

    play(main)


def test_who_does_not_know_of_a_generation_does_not_tell_its_members_where_the_group_stands() -> None:
    """It may have been a coordinator once, and be unaware that another one is now."""

    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        asked = [lab.ask("co1", OffsetFetch("view", T, generation)) for generation in (0, 1, 2)]
        await lab.run(0.1)
        assert [each.code for each in asked] == ["", "", errors.NOT_COORDINATOR]

    play(main)


def test_groups_that_do_not_exist_have_no_members_and_no_offsets() -> None:
    async def main(lab: Lab) -> None:
        left = lab.ask("co1", LeaveGroup("nobody", "co1"))
        offsets = lab.ask("co1", OffsetFetch("nobody", T))
        await lab.run(0.1)
        assert left.code == errors.UNKNOWN_MEMBER
        assert offsets.result == Offsets(())

    play(main)


def test_a_frozen_coordinator_takes_what_came_meanwhile_in_its_order() -> None:
    """Heartbeats that waited in front of the timer count."""

    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        lab.broker_node.freeze()
        await lab.keep(5, co1=1, co2=1)
        lab.broker_node.thaw()
        await lab.run(0.1)
        assert list(lab.group.members) == ["co1", "co2"]
        assert lab.group.state == "stable"

    play(main)


def test_a_group_of_another_name_lives_beside() -> None:
    async def main(lab: Lab) -> None:
        await lab.form(BOTH)
        other = lab.ask("co3", JoinGroup("audit", "co3", "range", ("t",), (), 0, 3_000, 2_000))
        await lab.run(0.7)
        assert other.result.generation == 1
        assert lab.group.state == "stable"
        assert list(lab.groups.groups) == ["view", "audit"]

    play(main)
