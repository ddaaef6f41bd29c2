"""Which panels each kind of cluster has, and what the zoom of a machine tells."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable
from typing import TypeVar

import pytest

from playground.cluster import Cluster
from playground.commandline import parse_line
from playground.frame import PANELS, QUORUM_PANELS, Frame, View
from playground.kernel import world
from playground.kernel.errors import UserError
from playground.pictures import Painter
from playground.spec import PRESETS, ClusterSpec
from playground.systems.layout import KAFKA

T = TypeVar("T")


def painted(preset: str, view: View, then: Callable[[Frame], T]) -> T:
    async def main() -> T:
        cluster = Cluster(ClusterSpec.model_validate(PRESETS[preset]), 3)
        painter = Painter(cluster, "")
        await cluster.advance(4_000_000)
        return then(painter.paint(view, speed=1, actual_speed=1, paused=False))

    return world.run(main)


@pytest.mark.parametrize(
    ("preset", "panels"),
    [
        ("quorum", QUORUM_PANELS),
        ("platform", PANELS),
        ("ensemble", tuple(name for name in PANELS if name not in ("ring", "balancer", "partitions"))),
        ("kafka", ("tree", "partitions", "load", "log", "detail")),
    ],
)
def test_a_cluster_has_the_panels_of_its_systems_and_each_shows_something(preset: str, panels: tuple[str, ...]) -> None:
    def look(frame: Frame) -> None:
        assert frame.panels == panels
        for name in PANELS:
            assert (getattr(frame, name) is not None) == (name in panels)

    painted(preset, View(frozenset(PANELS), selected="z1" if "tree" in panels else "n1"), look)


@pytest.mark.parametrize("name", ["n1", "z1", "b1", "s1", "c1", "br1", "co1"])
def test_every_kind_of_machine_can_be_zoomed(name: str) -> None:
    def look(frame: Frame) -> None:
        assert frame.detail is not None
        assert frame.detail.title.endswith(name)
        assert frame.detail.facts

    painted("platform", View(frozenset({"detail"}), selected=name), look)


def test_with_brokers_alone_one_of_them_is_selected_at_first_and_consumers_can_be_told_from_others() -> None:
    def look(frame: Frame) -> None:
        assert frame.first == "br1"
        stalled = {thing.name: thing.stalled for thing in frame.nodes}
        assert {name for name, each in stalled.items() if each is False} == {"co1", "co2"}
        assert stalled["br1"] is None

    painted("kafka", View(), look)


def test_who_does_not_gossip_is_not_in_the_matrix() -> None:
    def look(frame: Frame) -> list[str]:
        assert frame.gossip is not None
        return [node.name for node in frame.gossip.nodes]

    names = painted("platform", View(frozenset({"gossip"})), look)
    assert {"n1", "z1", "b1", "s1"} <= set(names)
    assert not {"br1", "co1"} & set(names)


def test_the_zoom_of_a_node_tells_of_each_of_its_shards_and_of_the_key_that_is_looked_at() -> None:
    def look(frame: Frame) -> list[str]:
        assert frame.detail is not None
        return [title for title, _ in frame.detail.tables]

    titles = painted("platform", View(frozenset({"detail"}), selected="n3", key="k0"), look)
    assert titles[0].startswith("k0: lies at ")
    for shard in ("shard-1", "shard-2", "shard-3"):
        assert any(title.startswith(f"{shard}: master ") for title in titles)
        assert f"{shard}: slaves as the master knows them" in titles
    assert "keys" in titles


def test_brokers_consumers_and_producers_can_be_looked_at_in_any_trouble() -> None:
    trouble = (
        "partitions", "crash leader of changes-0", "consume", "stall co1", "freeze coordinator of view", "freeze co2",
        "crash brokers", "start br1 lose_disk=yes", "start br2", "remove co1", "partition br1 | rest", "start br3",
    )  # fmt: skip

    async def main() -> None:
        cluster = Cluster(ClusterSpec.model_validate(PRESETS["kafka"]), 5)
        painter = Painter(cluster, "")
        for number, line in enumerate(("say hello", *trouble), start=1):
            await cluster.advance(number * 1_700_000)
            with contextlib.suppress(UserError):
                await cluster.apply(parse_line(line))
            for name in [name for name in cluster.members if cluster.kinds[name] in KAFKA]:
                view = View(frozenset({"partitions", "detail"}), selected=name)
                frame = painter.paint(view, speed=1, actual_speed=1, paused=False)
                assert pickle.loads(pickle.dumps(frame)) == frame
                assert frame.partitions is not None
                assert frame.partitions.groups
                assert frame.detail is not None
                assert frame.detail.title.startswith(name)
                for row in frame.partitions.rows:
                    assert row.start <= row.high_watermark <= row.end
        assert len(frame.partitions.rows) == 5

    world.run(main)
