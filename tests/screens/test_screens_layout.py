"""The plan: at every size, whatever is focused or zoomed, panels tile the stage and none is too small."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from playground.frame import PANELS, QUORUM_PANELS
from playground.screens.layout import LEAST, Content, Plan, plan
from playground.screens.stacks import Wish, stack

RECENT = list(QUORUM_PANELS)
CLUSTERS = {
    "ring": QUORUM_PANELS,
    "platform": PANELS,
    "shards and brokers": tuple(name for name in PANELS if name != "balancer"),
    "ensemble and brokers": tuple(name for name in PANELS if name not in ("ring", "balancer")),
    "balanced shards": tuple(name for name in PANELS if name != "partitions"),
    "shards": tuple(name for name in PANELS if name not in ("balancer", "partitions")),
    "ensemble": tuple(name for name in PANELS if name not in ("ring", "balancer", "partitions")),
    "brokers": ("tree", "partitions", "load", "log", "detail"),
}
"""Every set of panels that a cluster can have."""
BARS = 4
"""Two lines of header, the notice, the footer."""


def cells(plan_: Plan) -> int:
    return sum(region.area for region in plan_.places.values())


def overlapping(plan_: Plan) -> bool:
    return any(one.overlaps(other) for one, other in itertools.combinations(plan_.places.values(), 2))


@pytest.mark.parametrize("cluster", CLUSTERS)
@pytest.mark.parametrize("width", [60, 75, 76, 80, 99, 100, 120, 139, 140, 160, 189, 200, 300])
@pytest.mark.parametrize("height", [20, 24, 29, 30, 36, 41, 42, 50, 60, 100])
def test_panels_tile_the_stage_at_every_size(width: int, height: int, cluster: str) -> None:
    panels = CLUSTERS[cluster]
    for nodes, front, zoomed in itertools.product((3, 8, 40), panels, ("", *panels)):
        recent = [front, *(name for name in panels if name != front)]
        content = Content(nodes, nodes, nodes + 4, nodes, nodes, 1 + nodes // 8)
        made = plan(width, height - BARS, content, recent, zoomed)
        rows = height - BARS - (1 if made.tabs else 0)
        assert not overlapping(made)
        assert set(made.places) <= set(panels)
        assert made.tabs or set(made.places) == set(panels)
        assert cells(made) == width * rows
        stage = Region(0, 1 if made.tabs else 0, width, rows)
        assert all(stage.contains_region(region) for region in made.places.values())
        assert all(region.width >= 24 and region.height >= 5 for region in made.places.values())


def test_160x50_shows_everything_at_once() -> None:
    made = plan(160, 46, Content(), RECENT)
    assert set(made.places) == set(RECENT)
    assert not made.tabs
    assert made.places["ring"].width >= 2 * (made.places["ring"].height - 3)


@pytest.mark.parametrize("caption", [0, 3])
@pytest.mark.parametrize("cluster", [name for name in CLUSTERS if name != "ring"])
def test_160x50_shows_every_panel_of_every_cluster_with_the_rows_it_has(cluster: str, caption: int) -> None:
    content = Content(nodes=15, rows=6, curves=4, servers=6)
    made = plan(160, 46 - caption, content, list(CLUSTERS[cluster]))
    across = "partitions" in CLUSTERS[cluster]
    assert set(CLUSTERS[cluster]) - set(made.places) <= ({"detail"} if across else set())
    needs = {"replicas": 6 + 3, "balancer": 6 + 3, "gossip": 15 + 4, "load": 4 + 3, "tree": 8 if across else 10}
    for name, need in (needs | {"partitions": 4 + 5}).items():
        assert name not in made.places or made.places[name].height >= need
    assert "gossip" not in made.places or made.places["gossip"].width >= 15 * 3 + 10
    assert made.places["log"].width >= (96 if "gossip" in made.places else 64)
    assert not across or made.places["partitions"].width >= 96


@pytest.mark.parametrize(("width", "height"), [(120, 36), (80, 24), (60, 20)])
@pytest.mark.parametrize("cluster", CLUSTERS)
def test_the_focused_panel_is_always_there_when_others_are_tabs(width: int, height: int, cluster: str) -> None:
    for front in CLUSTERS[cluster]:
        if front != "detail":  # which comes as a zoom
            recent = [front, *(name for name in CLUSTERS[cluster] if name != front)]
            made = plan(width, height - BARS, Content(15, 6, 4, 6), recent)
            assert front in made.places
            assert made.tabs


def test_only_kafka_has_its_logs_over_everything_else() -> None:
    for size in ((200, 56), (160, 46), (120, 32)):
        places = plan(*size, Content(curves=11), list(CLUSTERS["brokers"])).places
        assert places["partitions"].width == size[0]
        assert all(places["partitions"].y < place.y for name, place in places.items() if name != "partitions")
    assert "detail" in plan(160, 46, Content(curves=11), list(CLUSTERS["brokers"])).places


def test_what_the_tables_do_not_need_goes_to_the_log() -> None:
    content = Content(nodes=15, rows=9, curves=17, servers=4)
    places = plan(160, 46, content, list(PANELS)).places
    assert (places["replicas"].height, places["balancer"].height) == (9 + 4, 4 + 4 + 1)
    assert places["log"].height >= 12


def test_120x36_shows_both_tables_beside_the_ring_and_the_matrix_over_the_partitions() -> None:
    content = Content(nodes=15, rows=6, curves=4, servers=6)
    assert set(plan(120, 32, content, list(PANELS)).places) == {"ring", "replicas", "balancer", "log"}
    gossip = ["gossip", *(name for name in PANELS if name != "gossip")]
    made = plan(120, 32, content, gossip)
    assert set(made.places) == {"gossip", "partitions", "replicas", "balancer", "log"}
    assert made.places["gossip"].height >= 15 + 4


def test_content_has_the_room_it_needs_at_80x24() -> None:
    for front, need in (("replicas", 8 + 3), ("gossip", 8 + 4), ("load", 14)):
        made = plan(80, 20, Content(8, 8, 12), [front, *(n for n in RECENT if n != front)])
        assert made.places[front].height >= need


def test_zoom_shows_the_detail_beside_the_panels_that_know_nodes() -> None:
    assert set(plan(160, 46, Content(), RECENT, "ring").places) == {"ring", "detail"}
    assert set(plan(160, 46, Content(), RECENT, "gossip").places) == {"gossip", "detail", "log"}
    assert set(plan(160, 46, Content(40, 40), RECENT, "gossip").places) == {"gossip", "detail"}
    assert set(plan(80, 20, Content(), RECENT, "gossip").places) == {"detail"}
    assert set(plan(160, 46, Content(), RECENT, "log").places) == {"log"}
    assert set(plan(160, 46, Content(), RECENT, "detail").places) == {"detail"}


@pytest.mark.parametrize("name", [name for name in PANELS if name != "detail"])
@pytest.mark.parametrize("size", [(200, 56), (160, 46), (120, 32), (100, 26)])
def test_every_panel_of_the_platform_can_be_zoomed(name: str, size: tuple[int, int]) -> None:
    made = plan(*size, Content(15, 6, 4, 6), list(PANELS), name)
    assert made.places.keys() <= {name, "detail", "log"}
    if size[0] >= 110 or name in ("tree", "load", "log"):
        assert name in made.places
    else:
        assert set(made.places) == {"detail"}


@given(
    height=st.integers(5, 80),
    wishes=st.lists(st.tuples(st.integers(3, 60), st.integers(3, 20)), min_size=1, max_size=5),
    stretched=st.integers(0, 6),
)
def test_a_stack_fills_its_place(height: int, wishes: list[tuple[int, int]], stretched: int) -> None:
    asked = [Wish(f"panel {number}", need, least) for number, (need, least) in enumerate(wishes)]
    places = stack(Region(3, 2, 40, height), asked, f"panel {stretched}")
    assert list(places) == [wish.panel for wish in asked[: len(places)]]
    assert len(places) >= 1
    y = 2
    for region in places.values():
        assert (region.x, region.y, region.width) == (3, y, 40)
        y += region.height
    assert y == 2 + height
    if len(places) > 1:
        assert all(places[wish.panel].height >= min(wish.least, wish.need) for wish in asked if wish.panel in places)
    if sum(wish.need for wish in asked) <= height:
        assert all(places[wish.panel].height >= wish.need for wish in asked)


def test_the_least_size_is_what_the_design_says() -> None:
    assert LEAST == (60, 20)


def test_what_there_is_to_show_grows_but_never_shrinks_so_that_no_panel_jumps() -> None:
    few = Content().grown({"rows": 3, "curves": 9}, ())  # what was only assumed gives way
    assert (few.rows, few.curves, few.nodes) == (3, 9, Content().nodes)
    more = few.grown({"rows": 12, "curves": 8}, {"rows", "curves"})
    assert (more.rows, more.curves) == (12, 9)
    assert more.grown({"rows": 1}, {"rows", "curves"}) == more
