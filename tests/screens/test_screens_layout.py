"""The plan: at every size, whatever is focused or zoomed, panels tile the stage and none is too small."""

from __future__ import annotations

import itertools

import pytest
from textual.geometry import Region

from playground.frame import PANELS
from playground.screens.layout import LEAST, Content, Plan, plan

RECENT = list(PANELS)
BARS = 4
"""Two lines of header, the notice, the footer."""


def cells(plan_: Plan) -> int:
    return sum(region.area for region in plan_.places.values())


def overlapping(plan_: Plan) -> bool:
    return any(one.overlaps(other) for one, other in itertools.combinations(plan_.places.values(), 2))


@pytest.mark.parametrize("width", [60, 75, 76, 80, 99, 100, 120, 139, 140, 160, 189, 200, 300])
@pytest.mark.parametrize("height", [20, 24, 29, 30, 36, 41, 42, 50, 60, 100])
def test_panels_tile_the_stage_at_every_size(width: int, height: int) -> None:
    for nodes, front, zoomed in itertools.product((3, 8, 40), PANELS, ("", *PANELS)):
        recent = [front, *(name for name in PANELS if name != front)]
        content = Content(nodes, nodes, nodes + 4)
        made = plan(width, height - BARS, content, recent, zoomed)
        rows = height - BARS - (1 if made.tabs else 0)
        assert not overlapping(made)
        assert cells(made) == width * rows
        stage = Region(0, 1 if made.tabs else 0, width, rows)
        assert all(stage.contains_region(region) for region in made.places.values())
        assert all(region.width >= 24 and region.height >= 5 for region in made.places.values())


def test_160x50_shows_everything_at_once() -> None:
    made = plan(160, 46, Content(), RECENT)
    assert set(made.places) == set(PANELS)
    assert not made.tabs
    assert made.places["ring"].width >= 2 * (made.places["ring"].height - 3)


@pytest.mark.parametrize(("width", "height"), [(120, 36), (80, 24), (60, 20)])
@pytest.mark.parametrize("front", [name for name in PANELS if name != "detail"])
def test_the_focused_panel_is_always_there_when_others_are_tabs(width: int, height: int, front: str) -> None:
    recent = [front, *(name for name in PANELS if name != front)]
    made = plan(width, height - BARS, Content(), recent)
    assert front in made.places
    assert made.tabs


def test_content_has_the_room_it_needs_at_80x24() -> None:
    for front, need in (("replicas", 8 + 3), ("gossip", 8 + 4), ("load", 14)):
        made = plan(80, 20, Content(8, 8, 12), [front, *(n for n in PANELS if n != front)])
        assert made.places[front].height >= need


def test_zoom_shows_the_detail_beside_the_panels_that_know_nodes() -> None:
    assert set(plan(160, 46, Content(), RECENT, "ring").places) == {"ring", "detail"}
    assert set(plan(160, 46, Content(), RECENT, "gossip").places) == {"gossip", "detail", "log"}
    assert set(plan(160, 46, Content(40, 40), RECENT, "gossip").places) == {"gossip", "detail"}
    assert set(plan(80, 20, Content(), RECENT, "gossip").places) == {"detail"}
    assert set(plan(160, 46, Content(), RECENT, "log").places) == {"log"}
    assert set(plan(160, 46, Content(), RECENT, "detail").places) == {"detail"}


def test_the_least_size_is_what_the_design_says() -> None:
    assert LEAST == (60, 20)
