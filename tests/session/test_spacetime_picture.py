"""The space-time picture of a real cluster: what a filter lets through, what a story holds, what is told of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from playground.causality.requests import Requests
from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.frame import Lens
from playground.kernel.errors import UserError
from playground.kernel.node import Life
from playground.kernel.tracing import Tracer
from playground.kernel.world import run
from playground.pictures import spacetime
from playground.pictures.spacetime import SpaceTimePicture
from playground.pictures.spacetime_filter import Filter, kinds_known, parse
from playground.scenario.loader import cluster_spec
from widgets.shapes import Hop, SpaceTime, State, Tone

Room = tuple[Cluster, Tracer, SpaceTimePicture]


def platform(act: Callable[[Cluster, Tracer, SpaceTimePicture], Any], *lines: tuple[int, str], until_us: int) -> Any:
    """What ``act`` says of the default platform at an instant; ``lines``: commands on the way."""
    return of("platform", act, *lines, until_us=until_us)


def of(preset: str, act: Callable[..., Any], *lines: tuple[int, str], until_us: int) -> Any:
    found: list[Any] = []

    async def main() -> None:
        cluster = Cluster(cluster_spec(preset, {}), 7)
        tracer = Tracer(cluster.world)
        cluster.on_command = tracer.command
        picture = SpaceTimePicture(
            cluster,
            tracer,
            Requests(cluster.history, tracer),
            {name: hue for hue, name in enumerate(cluster.names)},
        )
        cluster.plan([(at_us, parse_line(line)) for at_us, line in lines])
        await cluster.advance(until_us)
        found.append(act(cluster, tracer, picture))

    run(main)
    return found[0]


def names(shape: SpaceTime, hop: Hop) -> tuple[str, str]:
    return shape.lanes[hop.source].name, shape.lanes[hop.target].name


# --- the default platform ---------------------------------------------------------------------


def test_a_filter_lets_through_what_fits_and_nothing_else() -> None:
    def act(cluster: Cluster, tracer: Tracer, picture: SpaceTimePicture) -> None:
        def shown(wanted: str, selected: str = "n3") -> SpaceTime:
            return picture.picture(Lens(wanted=wanted), selected)

        plain = shown("")
        assert plain.hops
        assert plain.hidden == 0
        assert all("n3" in names(plain, hop) for hop in plain.hops)
        assert not {"Push", "ack", "Fetch", "Ping"} & {hop.label for hop in plain.hops}
        more = shown("all n3")
        assert {hop.id for hop in plain.hops} < {hop.id for hop in more.hops}
        assert "Push" in {hop.label for hop in more.hops}
        between = shown("n3 n1 all")
        assert between.hops
        assert {tuple(sorted(names(between, hop))) for hop in between.hops} == {("n1", "n3")}
        for system in ("kafka", "zookeeper", "shards", "gossip", "balancer", "connection"):
            assert {hop.system for hop in shown(system).hops} == {system}
        append = shown("append")
        assert {hop.label for hop in append.hops} == {"Append"}
        clients = shown("client")
        assert clients.hops
        assert all(set(names(clients, hop)) & set(cluster.clients) for hop in clients.hops)
        assert shown("lost").hops == ()
        key = cluster.history.operations[-5].key
        asked = shown(f"key {key}")
        assert asked.hops
        for hop in asked.hops:
            content = tracer.find(hop.id).content  # type: ignore[union-attr]
            request = tracer.request_of(tracer.find(hop.id))  # type: ignore[arg-type]
            assert f"'{key}'" in repr(content) or f"'{key}'" in repr(request.content)  # type: ignore[union-attr]
        for wanted in ("", "all", "kafka"):
            one, other = shown(wanted), shown(wanted)
            assert one == other

    platform(act, until_us=4_000_000)


def test_a_request_is_followed_from_its_invocation_to_its_end() -> None:
    def act(cluster: Cluster, tracer: Tracer, picture: SpaceTimePicture) -> None:
        followed = 0
        for operation in list(cluster.history.operations)[-30:]:
            if operation.outcome != "ok":
                continue
            shape = picture.picture(Lens(wanted=f"request {operation.index}", span_us=0), "n3")
            assert shape.following
            first, last = shape.hops[0], max(shape.hops, key=lambda hop: hop.arrived_us or 0)
            assert names(shape, first)[0] == operation.client
            assert first.sent_us == operation.invoked_us
            assert names(shape, last)[1] == operation.client
            assert last.arrived_us == operation.completed_us
            assert shape.start_us < operation.invoked_us < operation.completed_us < shape.end_us
            assert f"request {operation.index} of {operation.client}" in shape.caption
            # Every message of it has a cause in it, but the first.
            ids = {hop.id for hop in shape.hops}
            for hop in shape.hops[1:]:
                reading = picture.picture(Lens(picked=hop.id), "n3").reading
                assert reading is not None
                assert set(reading.causes) <= ids
                assert reading.causes or hop.sent_us == operation.invoked_us
            if operation.write:
                replicated = [hop for hop in shape.hops if hop.label == "Append"]
                assert len(replicated) == 2, "a write goes to both slaves"
            # The same story from any of its messages.
            middle = shape.hops[len(shape.hops) // 2]
            same = picture.picture(Lens(following=middle.id, span_us=0), "n3")
            assert {hop.id for hop in same.hops} == ids
            followed += 1
        assert followed > 10
        unknown = picture.picture(Lens(wanted="request 999999", span_us=0), "n3")
        assert unknown.caption == "request 999999 is not kept"

    platform(act, until_us=4_000_000)


def test_effects_of_a_message_have_it_as_their_cause() -> None:
    def act(cluster: Cluster, tracer: Tracer, picture: SpaceTimePicture) -> None:
        checked = 0
        for hop in picture.picture(Lens(wanted="shards"), "n3").hops:
            reading = picture.picture(Lens(picked=hop.id), "n3").reading
            assert reading is not None
            for effect in reading.effects:
                after = picture.picture(Lens(picked=effect), "n3").reading
                assert after is not None
                if after.causes:
                    assert after.causes == (hop.id,)
                    checked += 1
            assert {id for id, _ in reading.instants} == {*reading.causes, *reading.effects}
        assert checked > 20

    platform(act, until_us=3_000_000)


def test_a_crash_a_cut_a_slow_link_and_a_freeze_are_seen() -> None:
    def act(cluster: Cluster, tracer: Tracer, picture: SpaceTimePicture) -> None:
        shape = picture.picture(Lens(wanted="lost", span_us=5_000_000), "n3")
        reasons = {hop.lost for hop in shape.hops}
        assert "n3 had no power" in reasons
        assert any("partition" in reason for reason in reasons)
        dead = next(hop for hop in shape.hops if hop.lost == "n3 had no power")
        assert dead.arrived_us == dead.lost_us
        cut = next(hop for hop in shape.hops if "partition" in hop.lost)
        assert cut.arrived_us is None
        states = {(shape.lanes[spell.lane].name, spell.state) for spell in shape.spells}
        assert {("n3", State.DOWN), ("n3", State.BOOTING)} <= states
        told = {(moment.kind, moment.lane is None) for moment in shape.moments}
        assert {("crash", False), ("start", False), ("partition", True), ("heal", True)} <= told
        frozen = picture.picture(Lens(wanted="n2 all", span_us=5_000_000), "n3")
        assert (("n2", State.FROZEN)) in {(frozen.lanes[each.lane].name, each.state) for each in frozen.spells}
        slow = picture.picture(Lens(wanted="n4 all", end_us=2_000_000, span_us=1_000_000), "n3")
        late = [hop for hop in slow.hops if hop.arrived_us and hop.arrived_us - hop.sent_us > 200_000]
        assert late
        followed = picture.picture(Lens(following=cut.id, span_us=0), "n3")
        assert followed.following
        assert cut.id in {hop.id for hop in followed.hops}
        lost = picture.picture(Lens(picked=cut.id), "n3").reading
        assert lost is not None
        assert ("lost", Tone.BAD) in {(fact.title, fact.tone) for fact in lost.facts}

    platform(
        act,
        (1_000_000, "link n4 latency=300ms"),
        (2_000_000, "heal"),
        (2_200_000, "crash n3"),
        (2_600_000, "start n3"),
        (3_200_000, "partition n1 n5 | n2 n3 n6"),
        (3_600_000, "freeze n2 lasting=200ms"),
        (4_000_000, "heal"),
        until_us=4_300_000,
    )


def test_what_has_waited_in_a_frozen_machine_says_for_how_long() -> None:
    def act(cluster: Cluster, tracer: Tracer, picture: SpaceTimePicture) -> None:
        shape = picture.picture(Lens(wanted="n2 all", span_us=2_000_000), "n2")
        waited = []
        for hop in shape.hops:
            reading = picture.picture(Lens(picked=hop.id), "n2").reading
            assert reading is not None
            waited += [fact.text for fact in reading.facts if fact.title == "waited"]
        assert any("until n2 took it" in text for text in waited)

    of("small", act, (1_500_000, "freeze n2 lasting=500ms"), until_us=2_500_000)


def test_what_waits_in_a_frozen_machine_is_lost_when_that_one_crashes() -> None:
    def told(cluster: Cluster, tracer: Tracer, picture: SpaceTimePicture) -> set[str]:
        ids = [
            each.id
            for each in tracer.happenings(1_500_000, 1_999_999)
            if each.what == "message" and each.node == "n2" and each.life is Life.FROZEN
        ]
        readings = [picture.picture(Lens(picked=id), "n2").reading for id in ids[:10]]
        facts = [fact for reading in readings if reading is not None for fact in reading.facts]
        assert facts
        return {fact.title for fact in facts if "n2 is frozen" in fact.text or "never took it" in fact.text}

    freeze = (1_500_000, "freeze n2")
    assert of("small", told, freeze, until_us=2_000_000) == {"waits"}
    assert of("small", told, freeze, (2_100_000, "crash n2"), (2_300_000, "start n2"), until_us=3_500_000) == {"lost"}


def test_lanes_stay_as_long_as_the_filter_does() -> None:
    async def main() -> None:
        cluster = Cluster(cluster_spec("platform", {}), 3)
        tracer = Tracer(cluster.world)
        picture = SpaceTimePicture(cluster, tracer, Requests(cluster.history, tracer), {})
        await cluster.advance(3_000_000)
        before: tuple[str, ...] = ()
        for _ in range(10):
            lanes = tuple(lane.name for lane in picture.picture(Lens(span_us=50_000), "n3").lanes)
            assert set(before) <= set(lanes)
            assert [name for name in lanes if name in before] == list(before)
            before = lanes
            await cluster.advance(cluster.now_us + 100_000)

    run(main)


def test_of_more_messages_than_can_be_seen_the_strange_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spacetime, "HOPS", 60)

    def act(cluster: Cluster, tracer: Tracer, picture: SpaceTimePicture) -> None:
        shape = picture.picture(Lens(wanted="all", span_us=2_000_000), "n1")
        assert len(shape.hops) <= 60
        assert shape.hidden > 100

    of("small", act, until_us=3_000_000)


def test_a_store_on_a_ring_is_followed_too() -> None:
    def act(cluster: Cluster, tracer: Tracer, picture: SpaceTimePicture) -> None:
        operation = [each for each in cluster.history.operations if each.outcome == "ok" and each.write][-1]
        shape = picture.picture(Lens(wanted=f"request {operation.index}", span_us=0), "n1")
        assert {hop.system for hop in shape.hops} <= {"store", "connection"}
        assert shape.hops[-1].arrived_us == operation.completed_us
        assert {"Put", "ReplicaPut"} <= {hop.label for hop in shape.hops}

    of("small", act, until_us=3_000_000)


def test_what_is_long_past_or_yet_to_come_is_no_error() -> None:
    def act(cluster: Cluster, tracer: Tracer, picture: SpaceTimePicture) -> None:
        for lens in (
            Lens(end_us=0),
            Lens(end_us=10**12),
            Lens(end_us=5, span_us=60_000_000),
            Lens(picked=10**9, following=10**9),
            Lens(picked=-2, following=-4, span_us=0),
            Lens(wanted="nobody"),
            Lens(span_us=0),
        ):
            shape = picture.picture(lens, "n1")
            assert shape.start_us < shape.end_us

    of("small", act, until_us=1_000_000)


# --- words --------------------------------------------------------------------------------------

NODES = ("n1", "n2", "z1", "c1")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Filter()),
        ("n1 n2 n1", Filter(nodes=("n1", "n2"))),
        ("N1 Kafka", Filter(nodes=("n1",), systems=frozenset({"kafka"}))),
        ("feed", Filter(systems=frozenset({"kafka"}))),
        ("Append lost", Filter(kinds=frozenset({"append"}), lost=True)),
        ("k17 all client", Filter(keys=("k17",), everything=True, client=True)),
        ("key cat", Filter(keys=("cat",))),
        ("request 12", Filter(request=12)),
    ],
)
def test_words_of_a_filter(text: str, wanted: Filter) -> None:
    assert parse(text, NODES) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("n33", "'n33'"),
        ("apend", "did you mean append?"),
        ("request", "its number"),
        ("request x", "'x' is no number"),
        ("request " + "9" * 50, "is no number"),
        ("key", "a key, as in"),
        ("x" * 500, "it takes nodes"),
    ],
)
def test_words_that_say_nothing_get_one_line(text: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        parse(text, NODES)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 160


def test_every_kind_of_message_is_a_word() -> None:
    assert {"append", "push", "fetch", "ask", "notification", "ack", "replicaput", "image"} <= kinds_known()
