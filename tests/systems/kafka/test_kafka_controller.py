"""Controllers on a real ensemble: what they decide, what they write, and whom they tell."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from playground.kernel.errors import CallError, Rejected
from playground.kernel.network import PASS, Parcel, Verdict
from playground.systems.kafka.image import Image, Member
from playground.systems.kafka.keeper import CONTROLLER, broker_path, partition_path, read_state, spelled_state
from playground.systems.kafka.messages import Altered, AlterPartition, CreatePartitions, UpdateMetadata
from playground.systems.kafka.records import TopicPartition
from tests.systems.kafka.controllers_chaos import complaints
from tests.systems.kafka.controllers_lab import Lab, simulate
from tests.systems.shards.shards_chaos import OneWay
from tests.systems.store.store_lab import Cut, Muddle

ONE: dict[str, Any] = {"topic": {"partitions": 1}, "offsets_partitions": 1}
"""One partition, which br1 leads first."""


async def ready(**settings: Any) -> Lab:
    lab = Lab(**settings)
    await lab.ready()
    return lab


# --- the beginning -------------------------------------------------------------------------------


def test_the_first_controller_makes_all_topics_and_everybody_learns_it() -> None:
    async def main() -> None:
        lab = await ready(topic={"partitions": 6})
        (image, *others) = [stub.image for stub in lab.up().values()]
        assert others == [image, image]
        assert image.controller == lab.controller()
        assert image.controller_epoch == 1
        assert [len(image.topics[name]) for name in ("changes", "__consumer_offsets")] == [6, 1]
        leaders = [state.leader for state in image.topics["changes"]]
        assert {name: leaders.count(name) for name in lab.names} == {"br1": 2, "br2": 2, "br3": 2}
        assert await lab.truth() == {
            TopicPartition(topic, number): state
            for topic, states in image.topics.items()
            for number, state in enumerate(states)
        }
        assert lab.notes("elected", "is the controller") == [f"{lab.controller()} is the controller, in epoch 1"]

    simulate(main)


def test_people_can_read_what_stands_in_zookeeper() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        texts = await lab.texts(partition_path(lab.partition()), "/brokers/topics/changes", broker_path("br2"))
        assert texts == [
            "leader br1#1 epoch 1, isr br1:1 br2:1 br3:1, elr -, replicas br1 br2 br3",
            "replication 3",
            "1 1",
        ]

    simulate(main)


@pytest.mark.parametrize(
    "text",
    [
        "leader br1#2 epoch 3, isr br1:1 br2:1, elr -, replicas br1 br2 br3",
        "leader - epoch 4, isr br1:1, elr br2:7, replicas br2 br1",
    ],
)
def test_a_state_is_read_as_it_was_spelled(text: str) -> None:
    state = read_state(text, 5)
    assert state is not None
    assert state.version == 5
    assert spelled_state(state) == text


@pytest.mark.parametrize("text", ["", "leader br1 epoch 3, isr br1:1, elr -, replicas br1", "leader - epoch 1, isr x"])
def test_a_text_that_is_no_state_is_not_taken_for_one(text: str) -> None:
    assert read_state(text, 0) is None


def test_topics_wait_for_all_brokers_a_while_and_then_do_with_those_that_are_there() -> None:
    async def main() -> None:
        lab = Lab(start=False, topic={"replication": 2}, offsets_partitions=1)
        lab.nodes["br1"].start()
        lab.nodes["br2"].start()
        await lab.run(2.5)
        assert lab.stub("br1").image.topics == {}
        await lab.run(2)
        assert lab.leader(0) == "br1"
        assert {name for state in lab.stub("br1").image.topics["changes"] for name in state.replicas} == {"br1", "br2"}

    simulate(main)


def test_topics_wait_as_long_as_too_few_brokers_are_there() -> None:
    async def main() -> None:
        lab = Lab(start=False)
        lab.nodes["br1"].start()
        lab.nodes["br2"].start()
        await lab.run(6)
        assert lab.stub("br1").image.topics == {}
        lab.nodes["br3"].start()
        await lab.ready()

    simulate(main)


# --- brokers come and go -----------------------------------------------------------------------------


def test_when_a_broker_fails_its_partitions_go_to_others_in_one_line_of_the_journal() -> None:
    async def main() -> None:
        lab = await ready(topic={"partitions": 4, "replication": 2, "min_insync": 1}, seed=2)
        controller = lab.controller()
        gone = next(name for name in lab.names if name != controller)
        led = [number for number in range(4) if lab.leader(number) == gone]
        lab.nodes[gone].crash()
        assert await lab.until(lambda: not any(lab.leader(number) == gone for number in range(4)))
        for number in led:
            state = lab.state(number)
            assert state is not None
            assert (state.leader_epoch, len(state.isr)) == (2, 1)
        (line,) = lab.notes("election")
        assert line.startswith(f"{controller} as controller: {gone} is gone; ")
        assert all(f"changes-{number}" in line for number in led)

    simulate(main)


def test_a_broker_that_restarts_within_the_session_timeout_does_not_lead_on() -> None:
    async def main() -> None:
        lab = await ready(**ONE, session_timeout_ms=10_000)
        lab.nodes["br1"].crash()
        lab.nodes["br1"].start()
        assert await lab.until(lambda: lab.leader() == "br2", seconds=2)
        state = lab.state()
        assert state is not None
        assert (state.leader_epoch, state.in_sync) == (2, ("br2", "br3"))
        assert not lab.notes("expired")

    simulate(main)


def test_a_follower_that_restarts_within_the_session_timeout_leaves_the_isr() -> None:
    async def main() -> None:
        lab = await ready(**ONE, session_timeout_ms=10_000, seed=2)
        name = next(name for name in ("br2", "br3") if name != lab.controller())
        lab.nodes[name].crash()
        lab.nodes[name].start()
        await lab.run(1)
        state = lab.state()
        assert state is not None
        assert (state.leader_epoch, name in state.in_sync, len(state.isr)) == (1, False, 2)

    simulate(main)


def test_a_broker_whose_disk_is_lost_is_not_in_sync_and_may_not_lead() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        await lab.alter(("br1",))
        lab.nodes["br1"].crash(lose_disk=True)
        for name in ("br2", "br3"):
            lab.nodes[name].crash()
        lab.nodes["br1"].start()
        await lab.run(4)
        state = lab.state()
        assert state is not None
        assert (state.leader, state.elr) == ("", (Member("br2", 1), Member("br3", 1)))
        lab.nodes["br3"].start()  # nothing was committed without it: min_insync is 2
        assert await lab.until(lambda: lab.leader() == "br3")
        assert await lab.refused((Member("br3", 1), Member("br1", 1))) == "ineligible-replica"
        assert isinstance(await lab.alter(("br3", "br1")), Altered)

    simulate(main)


@pytest.mark.parametrize("order", list(permutations(("br1", "br2", "br3"))))
def test_after_all_were_down_only_who_has_everything_leads_whatever_their_order(order: tuple[str, ...]) -> None:
    async def main() -> None:
        lab = await ready(topic={"partitions": 1, "min_insync": 1})
        await lab.alter(("br1", "br3"))
        for name in lab.names:
            lab.nodes[name].crash()
        came = []
        for name in order:
            came.append(name)
            lab.nodes[name].start()
            await lab.run(4)
            able = [each for each in ("br1", "br3") if each in came]
            if not able:
                assert lab.leader() == ""
            elif len(able) == 1:
                assert lab.leader() == able[0]
        state = lab.state()
        first = next(name for name in order if name in ("br1", "br3"))
        assert state is not None
        assert (state.leader, state.in_sync) == (first, (first,))
        assert lab.notes("unclean") == []

    simulate(main)


def test_an_unclean_election_says_what_it_costs() -> None:
    async def main() -> None:
        lab = await ready(topic={"partitions": 1, "min_insync": 1}, unclean_election=True)
        await lab.alter(("br1",))
        lab.nodes["br1"].crash()
        assert await lab.until(lambda: lab.leader() == "br2")
        expected = "changes-0: nobody in sync is left; br2 leads without being in sync, what it lacks is lost"
        assert expected in lab.notes("unclean")

    simulate(main)


def test_a_broker_whose_session_expires_leads_again_in_a_new_epoch_when_nobody_else_can() -> None:
    async def main() -> None:
        lab = await ready(topic={"partitions": 1, "min_insync": 1}, seed=3)
        await lab.alter(("br1",))
        rule = Cut(["br1"], lab.servers)
        lab.world.network.add(rule)
        assert await lab.until(lambda: lab.notes("election", "changes-0 has no leader: nobody in sync is left") != [])
        lab.world.network.remove(rule)
        assert await lab.until(lambda: lab.leader() == "br1")
        state = lab.state()
        assert state is not None
        assert (state.leader_incarnation, state.leader_epoch) == (1, 3)

    simulate(main)


# --- preferred leaders ----------------------------------------------------------------------------------


def test_leadership_goes_back_to_the_preferred_replica_once_it_has_been_in_sync_for_a_while() -> None:
    async def main() -> None:
        lab = await ready(**ONE, session_timeout_ms=10_000)
        lab.nodes["br1"].crash()
        lab.nodes["br1"].start()
        assert await lab.until(lambda: lab.leader() == "br2")
        await lab.run(6)
        assert lab.leader() == "br2"
        await lab.alter(("br1", "br2", "br3"))
        await lab.run(4.5)
        assert lab.leader() == "br2"
        await lab.run(1)
        state = lab.state()
        assert state is not None
        assert (state.leader, state.leader_epoch, len(state.isr)) == ("br1", 3, 3)

    simulate(main)


def test_a_preferred_replica_that_falls_behind_meanwhile_begins_to_wait_anew() -> None:
    async def main() -> None:
        lab = await ready(**ONE, session_timeout_ms=10_000)
        lab.nodes["br1"].crash()
        lab.nodes["br1"].start()
        assert await lab.until(lambda: lab.leader() == "br2")
        await lab.alter(("br1", "br2", "br3"))
        await lab.run(3)
        await lab.alter(("br2", "br3"))
        await lab.alter(("br1", "br2", "br3"))
        await lab.run(4)
        assert lab.leader() == "br2"
        await lab.run(1.5)
        assert lab.leader() == "br1"

    simulate(main)


class Late:
    """What brokers ask the ensemble takes 200 ms longer."""

    cuts = False

    def judge(self, parcel: Parcel) -> Verdict:
        asked = parcel.source.startswith("br") and parcel.target.startswith("z")
        return Verdict(delay_us=200_000) if asked else PASS


def test_a_preferred_replica_is_not_forgotten_whose_time_comes_while_another_is_given_its_partition() -> None:
    async def main() -> None:
        lab = await ready(topic={"partitions": 6}, offsets_partitions=1, session_timeout_ms=10_000)
        lab.nodes["br1"].crash()
        lab.nodes["br1"].start()
        assert await lab.until(lambda: "br1" not in (lab.leader(0), lab.leader(3)))
        await lab.alter(("br1", "br2", "br3"), 0)
        await lab.run(0.1)
        await lab.alter(("br1", "br2", "br3"), 3)
        await lab.run(4)
        lab.world.network.add(Late())
        await lab.run(4)
        assert (lab.leader(0), lab.leader(3)) == ("br1", "br1")

    simulate(main)


# --- leaders ask -----------------------------------------------------------------------------------------


def test_a_leader_changes_its_isr_and_everybody_learns_it() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        assert await lab.alter(("br1", "br3")) == Altered(1)
        assert await lab.until(
            lambda: all(stub.image.state(lab.partition()) == lab.state() for stub in lab.up().values())
        )
        state = lab.state()
        assert state is not None
        assert (state.in_sync, state.version) == (("br1", "br3"), 1)
        assert await lab.alter(("br1",)) == Altered(2)
        state = lab.state()
        assert state is not None
        assert (state.in_sync, state.elr) == (("br1",), (Member("br3", 1),))  # much may be committed without br2

    simulate(main)


def test_who_has_missed_the_answer_may_ask_again() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        request = lab.request(("br1", "br3"))
        assert [await lab.ask(lab.controller(), request) for _ in range(3)] == [Altered(1)] * 3

    simulate(main)


def test_who_asks_for_what_it_knows_to_be_so_makes_its_older_requests_void() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        late = lab.request(("br1",))
        assert await lab.alter(("br1", "br2", "br3")) == Altered(1)
        answer = await lab.ask(lab.controller(), late)
        assert isinstance(answer, Rejected)
        assert answer.code == "invalid-version"

    simulate(main)


def test_of_two_requests_for_the_same_version_one_is_done() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        requests = [lab.request(("br1", name)) for name in ("br2", "br3")]
        answers = await lab.ask_all(lab.controller(), *requests)
        state = (await lab.truth())[lab.partition()]
        (done,) = [number for number in (0, 1) if requests[number].isr == state.isr]
        assert state.version == 1
        assert answers[1 - done] != Altered(1)
        assert answers[done] == Altered(1) or not answers[done].definite

    simulate(main)


def test_many_partitions_are_altered_at_once() -> None:
    async def main() -> None:
        lab = await ready(topic={"partitions": 12})
        requests = [lab.request((lab.leader(number),), number) for number in range(12)]
        assert await lab.ask_all(lab.controller(), *requests) == [Altered(1)] * 12
        assert {len((await lab.truth())[lab.partition(number)].isr) for number in range(12)} == {1}

    simulate(main)


def test_who_is_not_the_controller_says_so() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        other = next(name for name in lab.names if name != lab.controller())
        answer = await lab.ask(other, lab.request(("br1", "br2")))
        assert isinstance(answer, Rejected)
        assert (answer.code, answer.definite) == ("not-controller", True)
        unknown = await lab.ask(lab.controller(), lab.request(("br1",), partition=TopicPartition("nothing", 0)))
        assert isinstance(unknown, Rejected)
        assert unknown.code == "unknown-topic-or-partition"

    simulate(main)


def test_requests_that_come_twice_late_and_overtaken_change_what_they_should_once() -> None:
    async def main() -> None:
        lab = await ready(**ONE, seed=4)
        rule = Muddle(lab.world.random("muddle"), lose=0.1)
        lab.world.network.add(rule)
        state = lab.state()
        assert state is not None
        for isr in (("br1",), ("br1", "br2"), ("br1", "br2", "br3")) * 3:
            request = lab.request(isr)
            for _ in range(30):
                answer = await lab.ask(lab.controller(), request)
                if isinstance(answer, Altered):
                    break
            assert isinstance(answer, Altered)
            wanted = answer.version
            assert await lab.until(lambda wanted=wanted: getattr(lab.state(), "version", 0) == wanted)  # type: ignore[misc]
        assert (await lab.truth())[lab.partition()].version == 9
        assert list(complaints(lab, await lab.truth())) == []

    simulate(main)


def test_a_leader_that_resigns_is_followed_by_one_of_the_set() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        assert await lab.alter(("br2", "br3")) == Altered(1)
        assert await lab.until(lambda: lab.leader() == "br2")
        (line,) = lab.notes("election")
        assert line == f"{lab.controller()} as controller: br1 gives up its lead; changes-0 goes to br2"

    simulate(main)


# --- more partitions -----------------------------------------------------------------------------------------


def test_more_partitions_are_spread_on() -> None:
    async def main() -> None:
        lab = await ready(topic={"partitions": 2, "replication": 2})
        request = CreatePartitions("changes", 6)
        assert await lab.ask(lab.controller(), request) is None
        assert await lab.until(lambda: lab.state(5) is not None)
        leaders = [lab.leader(number) for number in range(6)]
        assert {name: leaders.count(name) for name in lab.names} == {"br1": 2, "br2": 2, "br3": 2}
        assert await lab.ask(lab.controller(), request) is None
        assert len(await lab.truth()) == 7

    simulate(main)


@pytest.mark.parametrize(
    ("topic", "count", "code"),
    [
        ("changes", 2, "bad-request"),
        ("changes", 65, "bad-request"),
        ("nothing", 5, "bad-request"),
        ("__consumer_offsets", 5, "bad-request"),
        ("changes", 4, "unavailable"),
    ],
)
def test_what_cannot_be_made_is_refused(topic: str, count: int, code: str) -> None:
    async def main() -> None:
        lab = await ready(topic={"partitions": 3})
        if code == "unavailable":
            lab.nodes[next(name for name in lab.names if name != lab.controller())].crash()
            await lab.run(3)
        answer = await lab.ask(lab.controller(), CreatePartitions(topic, count))
        assert isinstance(answer, Rejected)
        assert (answer.code, answer.definite) == (code, True)
        assert len(await lab.truth()) == 4

    simulate(main)


# --- producer ids -----------------------------------------------------------------------------------------------


def test_no_producer_id_is_given_twice() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        given: list[range] = []

        async def take(name: str) -> None:
            for _ in range(4):
                block = await lab.stub(name).controller.producer_ids(10)
                given.append(block)

        for name in lab.names:
            lab.stub(name).spawn(take, name)
        assert await lab.until(lambda: len(given) == 12)
        assert sorted(number for block in given for number in block) == list(range(120))

    simulate(main)


def test_without_the_ensemble_there_are_no_producer_ids() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        lab.world.network.add(Cut(["br1"], lab.servers))
        codes: list[str] = []

        async def take() -> None:
            try:
                await lab.stub("br1").controller.producer_ids(1)
            except Rejected as error:
                codes.append(error.code)

        for _ in range(2):
            lab.stub("br1").spawn(take)
            await lab.run(4)
        assert codes == ["unavailable", "unavailable"]

    simulate(main)


# --- images -----------------------------------------------------------------------------------------------------------


class Counting:
    """Counts the images that are sent."""

    cuts = False

    def __init__(self) -> None:
        self.count = 0

    def judge(self, parcel: Parcel) -> Verdict:
        self.count += isinstance(getattr(parcel.content, "body", None), UpdateMetadata)
        return PASS


def test_nothing_is_sent_while_nothing_changes() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        await lab.run(1)
        counting = Counting()
        lab.world.network.add(counting)
        await lab.run(10)
        assert counting.count == 0
        await lab.alter(("br1", "br2"))
        await lab.run(1)
        assert counting.count == 2  # one to each other broker

    simulate(main)


def test_a_broker_that_was_not_reached_gets_the_newest_image_as_soon_as_it_is() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        away = next(name for name in ("br2", "br3") if name != lab.controller())
        rule = Cut([away], [lab.controller()])
        lab.world.network.add(rule)
        for isr in (("br1",), ("br1", "br2"), ("br1", "br2", "br3")):
            await lab.alter(isr)
        await lab.run(1)
        before = lab.stub(away).image
        lab.world.network.remove(rule)
        await lab.run(1)
        assert lab.stub(away).image.version == before.version + 3
        assert [image.age for image in lab.images].count(lab.stub(away).image.age) == 3

    simulate(main)


# --- controllers come and go ------------------------------------------------------------------------------------------


def test_when_the_controller_fails_another_one_takes_over_in_the_next_epoch() -> None:
    async def main() -> None:
        lab = await ready()
        first = lab.controller()
        lab.nodes[first].crash()
        assert await lab.until(lambda: lab.controller() not in ("", first))
        assert lab.controllers() == {lab.controller(): 2}
        assert await lab.until(lambda: all(lab.leader(number) not in ("", first) for number in range(3)))
        assert isinstance(await lab.alter((lab.leader(0),)), Altered)

    simulate(main)


def test_a_controller_that_restarts_quickly_need_not_wait_for_its_old_session() -> None:
    async def main() -> None:
        lab = await ready(session_timeout_ms=20_000)
        first = lab.controller()
        lab.nodes[first].crash()
        lab.nodes[first].start()
        assert await lab.until(lambda: lab.controllers() == {first: 2}, seconds=3)
        assert await lab.settle(5)

    simulate(main)


def test_a_frozen_controller_that_wakes_up_changes_nothing_and_is_not_believed() -> None:
    async def main() -> None:
        lab = await ready(**ONE, seed=5)
        first = lab.controller()
        lab.nodes[first].freeze()
        assert await lab.until(lambda: lab.controller() != first)
        second = lab.controller()
        leader = lab.leader()
        state = lab.state()
        assert leader
        assert state is not None
        stale = AlterPartition(lab.partition(), "br1", 1, 1, 0, (Member("br1", 1),))
        lab.nodes[first].thaw()
        answer = await lab.ask(first, stale)
        assert isinstance(answer, Rejected)
        assert await lab.until(lambda: lab.controllers() == {second: 2})
        assert await lab.settle()
        assert lab.notes("deposed", f"{first} is not the controller any more: its session has expired") != []
        assert list(complaints(lab, await lab.truth())) == []

    simulate(main)


def test_who_has_lost_the_place_is_fenced_although_its_session_lives() -> None:
    async def main() -> None:
        lab = await ready(**ONE, session_timeout_ms=20_000)
        first = lab.controller()
        request = lab.request(("br1", "br2"))
        lab.nodes[first].freeze()
        await lab.delete(CONTROLLER)
        assert await lab.until(lambda: lab.controller() != first)
        second = lab.controller()
        asking = next(name for name in lab.names if name != first)
        answers: list[Any] = []

        async def ask() -> None:
            answers.append(await lab.answer(lab.stub(asking), first, request))

        lab.stub(asking).spawn(ask)
        await lab.run(0.1)
        lab.nodes[first].thaw()
        assert await lab.until(lambda: answers != [])
        assert isinstance(answers[0], Rejected)
        assert lab.controllers() == {second: 2}
        assert (await lab.truth())[lab.partition()].version == 0
        assert list(complaints(lab, await lab.truth())) == []

    simulate(main)


def test_a_former_controller_that_has_not_heard_of_its_end_can_write_nothing() -> None:
    async def main() -> None:
        lab = await ready(**ONE, session_timeout_ms=20_000)
        first, request = lab.controller(), lab.request(("br1", "br2"))
        rule = OneWay(list(lab.servers), [first])  # it is heard, and hears nothing
        lab.world.network.add(rule)
        await lab.delete(CONTROLLER)
        assert await lab.until(lambda: len(lab.controllers()) == 2)
        answer = await lab.ask(first, request)
        assert isinstance(answer, CallError)
        assert not answer.definite
        assert (await lab.truth())[lab.partition()].version == 0
        lab.world.network.remove(rule)
        assert await lab.until(lambda: list(lab.controllers().values()) == [2])
        assert await lab.settle()
        assert (await lab.truth())[lab.partition()].version == 0

    simulate(main)


def test_whose_place_is_taken_away_learns_it_at_once() -> None:
    async def main() -> None:
        lab = await ready(**ONE, session_timeout_ms=20_000)
        await lab.delete(CONTROLLER)
        assert await lab.until(lambda: list(lab.controllers().values()) == [2], seconds=1)
        assert await lab.settle(2)

    simulate(main)


def test_a_controller_that_hears_of_a_higher_epoch_resigns_and_goes_above_it() -> None:
    async def main() -> None:
        lab = await ready(**ONE)
        other = next(name for name in lab.names if name != lab.controller())
        request = lab.request(("br1", "br2"))
        lab.stub(other).image = Image("br9", 7, 1, (), {})  # as if the ensemble had forgotten
        assert await lab.ask(lab.controller(), request) == Altered(1)
        assert await lab.until(lambda: set(lab.controllers().values()) == {8})
        assert await lab.settle()
        assert lab.notes("deposed", "there is a controller in epoch 7") != []

    simulate(main)
