"""Panels in an app: repainting, selection, marks, scrolling, clicks, pictures of the whole gallery."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.pilot import Pilot

from widgets import gallery_data as data
from widgets.gallery import Gallery
from widgets.log import LogPanel
from widgets.matrix import MatrixPanel
from widgets.palette import Colors, Look
from widgets.panel import Panel
from widgets.ring import RingPanel
from widgets.shapes import TreeNode
from widgets.table import TablePanel
from widgets.tree import TreePanel

SNAPSHOTS = Path(__file__).parent / "snapshots"


def play(
    act: Callable[[Gallery, Pilot[None]], Awaitable[Any]], size: tuple[int, int] = (160, 50), **options: Any
) -> Any:
    """Run ``act`` in a still gallery."""

    async def run() -> Any:
        app = Gallery(look=options.pop("look", Look()), still=True, **options)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            return await act(app, pilot)

    return asyncio.run(run())


def test_only_changed_lines_are_repainted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        panel = app.query_one(TablePanel)
        asked: list[tuple[Region, ...]] = []
        monkeypatch.setattr(panel, "refresh", lambda *regions, **_: asked.append(regions))
        panel.show(data.table(9, 0))
        assert asked == []  # equal shape
        panel.select("shard-2")
        assert [(r.y, r.height) for r in asked[0]] == [(3, 1)]
        panel.select("shard-3")
        assert [(r.y, r.height) for r in asked[1]] == [(3, 2)]

    play(act)


def test_out_of_sight_draws_nothing_until_shown() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        panel = app.query_one(LogPanel)
        panel.display = False
        await pilot.pause()
        panel.show(data.log(5, 900))
        await pilot.pause()
        panel.display = True
        await pilot.pause()
        assert clock_of(panel) == clock_of_log(904)

    def clock_of(panel: LogPanel) -> str:
        return [line for line in panel.text().split("\n") if line and line[0] != " "][-1][:9]

    def clock_of_log(index: int) -> str:
        from widgets.log import clock

        return clock(data.log(5, 900).lines[-1].at_us)

    play(act)


def test_click_selects_everywhere() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        ring = app.query_one(RingPanel)
        spot = next(spot for spot in ring._spots if spot.name == "n5")
        offset = ring.content_region.offset - ring.region.offset
        await pilot.click(ring, offset=(offset.x + spot.x1 + 1, offset.y + spot.y))
        assert app.chosen == "n5"
        assert all(panel.selected == "n5" for panel in app.query(Panel))

    play(act)


def test_click_in_the_matrix_and_on_nothing() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        matrix = app.query_one(MatrixPanel)
        await pilot.click(matrix, offset=(5, 4))
        assert app.chosen is not None
        chosen = app.chosen
        await pilot.click(matrix, offset=(5, matrix.size.height - 1))
        assert app.chosen == chosen

    play(act)


def test_arrows_walk_and_v_marks() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        app.query_one(RingPanel).focus()
        await pilot.press("down", "right")
        assert app.chosen == "n2"
        await pilot.press("v")
        assert app.query_one(MatrixPanel).marked == {"n2"}
        assert "◆" in app.query_one(MatrixPanel).text()
        await pilot.press("v")
        assert app.query_one(MatrixPanel).marked == frozenset()

    play(act)


def test_the_ring_is_walked_by_direction() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        ring = app.query_one(RingPanel)
        ring.select("n4")  # three o'clock
        assert ring.neighbour(0, 1) == "n5"
        assert ring.neighbour(0, -1) == "n3"
        ring.select("n10")  # nine o'clock
        assert ring.neighbour(0, 1) == "n9"

    play(act)


def test_a_long_table_scrolls_to_the_selection() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        panel = app.query_one(TablePanel)
        panel.show(data.table(80))
        panel.select("shard-70")
        assert "shard-70" in panel.text()
        panel.scroll_lines(-500)
        assert "shard-0 " in panel.text()
        panel.show(data.table(3))
        assert "shard-2" in panel.text()

    play(act)


def test_a_scrolled_tree_keeps_its_place_by_path() -> None:
    def first(panel: TreePanel) -> str:
        return panel.text().split("\n")[0].strip(" ▸│├└╴◇").split()[0]

    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        panel = app.query_one(TreePanel)
        tree = data.tree()
        panel.select("n10")  # far below
        assert "▸" in panel.text()
        panel.scroll_lines(-500)
        panel.scroll_lines(3)
        assert first(panel) == "servers"
        panel.show(replace(tree, nodes=(*tree.nodes[:1], TreeNode("/admin", "admin", 1), *tree.nodes[1:])))
        assert first(panel) == "servers"
        panel.show(replace(tree, nodes=(tree.nodes[0], *tree.nodes[3:])))
        assert first(panel) == "servers"
        panel.show(replace(tree, nodes=tree.nodes[:3]))
        assert first(panel) == "/"

    play(act, (160, 36))


def test_a_click_in_the_tree_selects_the_owner_everywhere() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        panel = app.query_one(TreePanel)
        panel.scroll_lines(-500)
        spot = next(spot for spot in panel._spots if spot.name)
        await pilot.click(panel, offset=(5, spot.y + 1))
        assert app.chosen == spot.name == "n4"
        assert all(each.picked.item == spot.item for each in app.query(Panel))
        assert all(each.selected == "n4" for each in app.query(Panel))
        await pilot.click(panel, offset=(5, 1))  # the root belongs to nobody
        assert app.chosen == "n4"

    play(act)


def test_the_log_follows_until_scrolled() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        panel = app.query_one(LogPanel)
        panel.scroll_lines(-5)
        assert not panel.following
        before = panel.text().split("\n")[:-1]
        panel.show(data.log(63, 0))
        assert panel.text().split("\n")[:-1] == before
        panel.scroll_lines(500)
        assert panel.following
        panel.search("epoch 7")
        assert all("elected" in line for line in panel.text().split("\n") if line and line[0] != " ")

    play(act)


def test_every_size_down_to_nothing() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        for size in ((200, 60), (80, 24), (40, 12), (20, 6), (7, 3), (1, 1), (160, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()

    play(act)


def normalised(svg: str) -> str:
    """Without what differs between runs: the ids of classes and clips."""
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    return re.sub(r"[ \t]+\n", "\n", svg)


def test_a_title_that_is_too_long_gives_way_at_the_colon() -> None:
    class Two(App[None]):
        CSS = "#wide { width: 40; } #narrow { width: 20; }"

        def compose(self) -> ComposeResult:
            with Horizontal():
                yield TablePanel("wide", "2 nodes: who holds how much", id="wide")
                yield TablePanel("narrow", "2 nodes: who holds how much", id="narrow")

    async def go() -> list[str]:
        app = Two()
        async with app.run_test(size=(60, 10)) as pilot:
            await pilot.pause()
            titles = [str(panel.border_title) for panel in app.query(TablePanel)]
            await pilot.resize_terminal(60, 12)
            app.query_one("#narrow", TablePanel).styles.width = 40
            await pilot.pause()
            return [*titles, str(app.query_one("#narrow", TablePanel).border_title)]

    assert asyncio.run(go()) == ["2 nodes: who holds how much", "2 nodes", "2 nodes: who holds how much"]


@pytest.mark.parametrize(
    ("name", "size", "options", "prepare"),
    [
        ("whole-160x50", (160, 50), {}, ""),
        ("cut-160x50", (160, 50), {}, "cut"),
        ("selected-120x36", (120, 36), {}, "select"),
        ("small-80x24", (80, 24), {}, ""),
        ("sixteen-120x36", (120, 36), {"look": Look(Colors.SIXTEEN)}, "select"),
        ("ascii-100x40", (100, 40), {"look": Look(Colors.NONE, unicode=False)}, "cut"),
    ],
)
def test_snapshot(name: str, size: tuple[int, int], options: dict[str, Any], prepare: str) -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> str:
        app.step = 40
        app.cut = prepare == "cut"
        app.feed()
        if prepare:
            app.choose("n7")
        await pilot.pause()
        return app.export_screenshot(title=name)

    svg = normalised(play(act, size, **options))
    path = SNAPSHOTS / f"{name}.svg"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(svg)
    assert path.exists(), f"no snapshot {path.name}: look at it, then store it with UPDATE_SNAPSHOTS=1"
    if svg != path.read_text():
        actual = path.with_suffix(".actual.svg")
        actual.write_text(svg)
        pytest.fail(f"{path.name} looks different: compare it with {actual.name}, or UPDATE_SNAPSHOTS=1 if it should")
