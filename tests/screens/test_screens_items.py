"""Selecting what is no machine: where the selection stands, by a click, by name; and how it lights up everywhere."""

from __future__ import annotations

import pytest
from textual.geometry import Offset

from playground.frame import View
from playground.screens.choice import Choice
from playground.session import Session
from playground.spec import PRESETS, ClusterSpec
from tests.screens.driving import Driver, drive
from tests.screens.fake import FakeSession
from widgets.palette import DEFAULT, SELECTION
from widgets.shapes import Item, LogLine

PARTITION = Item("partition", "changes-1")


def lit(d: Driver, panel: str) -> list[str]:
    """The lines of a panel of which more than a name stands on the ground of what is selected."""
    ground = DEFAULT.ground(SELECTION)
    lines = []
    for strip in d.app.stage.panels[panel]._strips:
        on_it = sum(
            len(part.text)
            for part in strip
            if part.style and part.style.bgcolor and part.style.bgcolor.triplet and part.style.bgcolor.triplet == ground
        )
        if on_it > strip.cell_length // 2:
            lines.append(strip.text)
    return lines


def test_in_the_partitions_the_arrows_select_the_partition_and_a_machine_of_it() -> None:
    async def steps(d: Driver) -> None:
        await d.press("5")
        assert d.app.choice.item is None
        await d.press("down", "down")
        assert d.app.choice.item == PARTITION
        leader = d.app.choice.selected
        await d.press("right")
        assert d.app.choice.item == PARTITION
        assert d.app.choice.selected != leader
        assert d.session.view.item == PARTITION
        [line] = lit(d, "partitions")
        assert line.startswith("▸changes-1")

    drive(steps, session=FakeSession(platform=True))


def test_in_the_tree_the_arrows_go_from_znode_to_znode_and_select_whoever_owns_one() -> None:
    async def steps(d: Driver) -> None:
        await d.press("4", "enter", "home")
        before = d.app.choice.selected
        tree = d.app.stage.panels["tree"].shape
        assert tree is not None
        d.app.choose(Choice(before, item=tree.nodes[0].item))
        await d.press("down")
        assert d.app.choice.item == tree.nodes[1].item
        await d.press("right")
        owned = next(node for node in tree.nodes[2:] if node.subject)
        assert (d.app.choice.item, d.app.choice.selected) == (owned.item, owned.subject)
        await d.press("up")
        assert d.app.choice.item == tree.nodes[tree.nodes.index(owned) - 1].item
        assert "▸" in d.app.stage.panels["tree"].text()

    drive(steps, session=FakeSession(platform=True))


def test_in_the_table_of_shards_the_arrows_go_on_from_machine_to_machine_and_the_shard_follows() -> None:
    async def steps(d: Driver) -> None:
        await d.press("2")
        d.app.choose(Choice("n3"))
        await d.press("down")
        assert (d.app.choice.selected, d.app.choice.item) == ("n4", Item("shard", "shard-2"))
        assert len(lit(d, "replicas")) == 3
        await d.press("up")
        assert (d.app.choice.selected, d.app.choice.item) == ("n3", Item("shard", "shard-1"))

    drive(steps, session=FakeSession(platform=True))


def test_to_look_elsewhere_changes_nothing_and_to_move_among_machines_lets_go() -> None:
    async def steps(d: Driver) -> None:
        await d.press("5", "down", "down", "1", "6", "8")
        assert d.app.choice.item == PARTITION
        await d.press("down")  # in the log nobody stands
        assert d.app.choice.item == PARTITION
        await d.press("1", "right")
        assert d.app.choice.item is None
        assert d.session.view.item is None

    drive(steps, session=FakeSession(platform=True))


def test_escape_lets_go_of_what_is_selected_after_the_zoom_is_closed() -> None:
    async def steps(d: Driver) -> None:
        await d.press("5", "down", "enter")
        item = d.app.choice.item
        assert item is not None
        await d.press("escape")
        assert d.app.choice.item == item
        await d.press("escape")
        assert d.app.choice.item is None

    drive(steps, session=FakeSession(platform=True))


@pytest.mark.parametrize(
    ("key", "kind"), [("2", "shard"), ("4", "znode"), ("5", "partition"), ("6", None), ("1", None)]
)
def test_a_zoom_is_about_what_the_selection_stands_on_in_the_panel(key: str, kind: str | None) -> None:
    async def steps(d: Driver) -> None:
        d.app.choose(Choice("n4"))
        await d.press(key, "enter")
        item = d.session.view.item
        assert (item.kind if item is not None else None) == kind

    drive(steps, session=FakeSession(platform=True))


def test_who_zooms_a_panel_in_which_the_selected_machine_is_not_gets_the_first_one_of_it_but_keeps_a_client() -> None:
    async def steps(d: Driver) -> None:
        d.app.choose(Choice("n4"))
        await d.press("3", "enter")
        assert d.app.choice.selected == d.app.stage.panels["balancer"].names()[0]
        await d.press("escape")
        d.app.choose(Choice("c1"))
        await d.press("enter")
        assert d.app.choice.selected == "c1"

    drive(steps, session=FakeSession(platform=True))


def test_a_click_selects_the_machine_and_the_thing_that_stand_there() -> None:
    async def steps(d: Driver) -> None:
        for panel, kind in (
            ("partitions", "group"),
            ("partitions", "partition"),
            ("tree", "znode"),
            ("replicas", "shard"),
        ):
            shown = d.app.stage.panels[panel]
            spot = next(each for each in shown._spots if each.item is not None and each.item.kind == kind)
            await d.pilot.click(shown, offset=Offset(spot.x1 + 2, spot.y + 1))
            await d.pilot.pause()
            assert d.app.choice.item == spot.item
            if spot.name:
                assert d.app.choice.selected == spot.name

    drive(steps, session=FakeSession(platform=True))


def test_by_name_everything_can_be_shown_and_what_nobody_knows_is_said_to_be_unknown() -> None:
    async def steps(d: Driver) -> None:
        async def enter(text: str) -> None:
            await d.press("colon")
            await d.write(text)
            await d.press("enter")

        await enter("show changes-1")
        await d.until(lambda: d.app.choice.item == PARTITION)
        assert "changes-1 lights up wherever it is known; 9: all about it" in d.notice
        await enter("show nothing-at-all")
        await d.until(lambda: d.app.choice.item is None)
        assert "nothing here is called 'nothing-at-all'" in d.notice
        await enter("show n5")
        assert (d.app.choice.selected, d.app.choice.item) == ("n5", None)
        await enter("key k17")
        assert (d.app.choice.key, d.app.choice.item) == ("k17", Item("key", "k17"))
        assert (d.session.view.key, d.session.view.item) == ("k17", Item("key", "k17"))
        assert not d.session.sent  # the cluster has nothing to do with it
        await d.press("colon")
        await d.write("show")
        await d.press("enter")
        assert "write show shard-1" in d.text()

    drive(steps, session=FakeSession(platform=True))


def test_what_is_selected_lights_up_in_every_panel_that_knows_it() -> None:
    async def steps(d: Driver) -> None:
        line = LogLine(len(d.session.lines), 0, "isr", "br1", "is out of sync", items=(PARTITION,))
        d.session.lines.append(line)
        d.session.tick()
        await d.press("5", "down", "down")
        assert all(panel.picked.item == PARTITION for panel in d.app.stage.panels.values())
        assert any("is out of sync" in text for text in lit(d, "log"))
        # The machines that have to do with it have a dot where they are listed.
        assert sum("•" in text for text in d.app.stage.panels["replicas"].text().splitlines()) == 3

    drive(steps, session=FakeSession(platform=True))


def test_on_a_real_platform_a_shard_lights_up_in_table_tree_log_and_ring_and_its_zoom_tells_its_history() -> None:
    async def steps(d: Driver) -> None:
        await d.press("colon")
        await d.write("show shard-2")
        await d.press("enter")
        await d.until(lambda: "n3³" in d.app.stage.panels["ring"].text() or "n3²" in d.app.stage.panels["ring"].text())
        assert len(lit(d, "replicas")) == 3
        assert any(" master" in text for text in lit(d, "tree"))
        assert any("shard-2" in text for text in lit(d, "log"))
        await d.press("2", "enter")
        await d.until(lambda: "what happened to it, newest first" in d.text())
        assert "n2 is elected master of shard-2 in epoch 1" in d.text()
        assert "whom others take for its master" in d.text()

    spec = ClusterSpec.model_validate(PRESETS["platform"])
    with Session(spec, 3, until_us=3_000_000, speed=0) as session:
        session.look(View())
        drive(steps, session=session)  # type: ignore[arg-type]
