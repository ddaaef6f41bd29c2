"""A cluster with an ensemble, shards, balancers and brokers: its nine panels at every size."""

from __future__ import annotations

import pytest

from playground.frame import PANELS
from playground.screens.bars import TabBar, Tabs
from playground.screens.explaining import about
from playground.screens.stage import Stage
from tests.screens.driving import Driver, drive
from tests.screens.fake import KAFKA, MACHINES, FakeSession
from widgets.palette import DEFAULT, Colors, Look
from widgets.shapes import State

SIZES = [(60, 20), (80, 24), (100, 30), (120, 36), (140, 42), (160, 50), (200, 60)]
LOOKS = [DEFAULT, Look(Colors.SIXTEEN), Look(Colors.NONE, unicode=False)]


@pytest.mark.parametrize("size", SIZES)
def test_every_panel_can_be_focused_zoomed_and_left_again(size: tuple[int, int]) -> None:
    async def steps(d: Driver) -> None:
        for number, name in enumerate(PANELS, start=1):
            await d.press(str(number))
            assert d.app.stage.front == name
            assert name in d.seen()
            if name == "detail" and d.app.stage.zoomed:
                await d.press("escape")  # it came as a zoom, as there was no room
                continue
            await d.press("enter")
            assert set(d.seen()) <= {name, "detail", "log"}
            assert name in d.seen() or "detail" in d.seen()
            await d.press("escape")
            assert not d.app.stage.zoomed

    drive(steps, size=size, session=FakeSession(platform=True))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("look", LOOKS, ids=["true", "sixteen", "ascii"])
def test_every_size_is_filled_and_names_its_panels(size: tuple[int, int], look: Look) -> None:
    async def steps(d: Driver) -> None:
        lines = d.text().splitlines()
        assert len(lines) == size[1]
        assert all(len(line) == size[0] for line in lines)
        assert look.unicode or d.text().isascii()
        assert f"{len(MACHINES + KAFKA)} up" in lines[1]
        if d.app.stage.plan.tabs:
            assert "1 ring" in lines[2]
            assert "9" in lines[2].split()
        if size >= (160, 50):
            assert set(d.seen()) >= set(PANELS) - {"detail"}
            for title in ("1 ring", "2 shards: masters", "3 balancer", "4 tree", "5 partitions: logs", "6 gossip"):
                assert title in d.text()
            assert "7 load" in d.text()
            assert "8 events" in d.text()
        assert size < (200, 60) or d.seen() == list(PANELS)

    drive(steps, size=size, session=FakeSession(platform=True), look=look)


def test_a_machine_that_owns_a_znode_is_selected_by_a_click_on_it_and_highlighted_everywhere() -> None:
    async def steps(d: Driver) -> None:
        tree = d.app.stage.panels["tree"]
        spot = next(spot for spot in tree._spots if spot.name == "s3")
        await d.pilot.click(tree, offset=(6, spot.y + 1))
        await d.pilot.pause()
        assert d.app.choice.selected == "s3"
        assert {panel.selected for panel in d.app.stage.panels.values()} == {"s3"}
        await d.press("x")
        assert d.lines() == ["crash s3"]
        assert d.session.states["s3"] is State.DOWN

    drive(steps, session=FakeSession(platform=True))


def test_the_arrows_lead_to_every_machine_and_what_is_selected_first_keeps_data() -> None:
    async def steps(d: Driver) -> None:
        assert d.app.choice.selected == "n3"
        seen = set()
        for _ in MACHINES + KAFKA:
            seen.add(d.app.choice.selected)
            await d.press("down")
        assert seen == set(MACHINES + KAFKA)

    drive(steps, session=FakeSession(platform=True))


def test_tab_goes_round_all_panels_and_clicks_on_tabs_bring_them() -> None:
    async def steps(d: Driver) -> None:
        seen = []
        for _ in range(8):
            seen.append(d.app.stage.front)
            await d.press("tab")
        assert seen == [name for name in PANELS if name != "detail"]
        assert d.app.stage.front == "ring"
        line = d.text().splitlines()[2]
        await d.pilot.click(d.app.stage.tabs, offset=(line.index("4 tree"), 0))
        await d.pilot.pause()
        assert d.app.stage.front == "tree"
        assert "tree" in d.seen()

    drive(steps, size=(80, 24), session=FakeSession(platform=True))


def test_a_cluster_without_ensemble_has_six_panels_and_says_so() -> None:
    async def steps(d: Driver) -> None:
        assert d.app.stage.names == tuple(name for name in PANELS if name not in ("tree", "balancer", "partitions"))
        await d.press("7")
        assert "there is no panel 7: they are 1 to 6" in d.notice
        assert "2 nodes" in d.text()

    drive(steps)


def test_resizing_the_platform_keeps_what_is_focused_in_sight() -> None:
    async def steps(d: Driver) -> None:
        for number, name in ((4, "tree"), (3, "balancer"), (5, "partitions"), (6, "gossip")):
            await d.press(str(number))
            for size in (*SIZES, *reversed(SIZES)):
                await d.pilot.resize_terminal(*size)
                await d.pilot.pause()
                assert name in d.seen()
                await d.until(lambda: d.session.view.panels == frozenset(d.seen()))

    drive(steps, session=FakeSession(platform=True))


def test_among_the_partitions_arrows_go_by_partition_and_to_whom_it_belongs() -> None:
    async def steps(d: Driver) -> None:
        panel = d.app.stage.panels["partitions"]
        await d.press("5", "down")
        assert d.app.choice.selected == "br1"
        assert {each.selected for each in d.app.stage.panels.values()} == {"br1"}
        seen = []
        for _ in range(4):
            seen.append(d.app.choice.selected)
            await d.press("right")
        assert seen == ["br1", "br2", "br3", "co1"]
        await d.press("left", "z")
        assert d.lines() == ["freeze co1"]
        await d.press("down")
        assert d.app.choice.selected == "br2"
        assert panel.text().count("▸") == 1

    drive(steps, size=(160, 50), session=FakeSession(platform=True))


def test_keys_add_consumers_and_partitions_and_stall_a_consumer_or_let_it_go_on() -> None:
    async def steps(d: Driver) -> None:
        await d.press("5", "c", "b")
        assert d.lines() == ["consume", "partitions"]
        assert "add consumer" in d.footer
        assert "stall" not in d.footer
        await d.press("C")
        assert "only a consumer that runs can be stalled" in d.notice
        await d.press("down", "left")
        assert d.app.choice.selected == "co1"
        assert "C stall" in d.footer
        await d.press("C")
        assert d.lines()[-1] == "stall co1"
        assert "C go on working" in d.footer
        await d.press("C")
        assert d.lines()[-1] == "heal co1"

    drive(steps, size=(160, 50), session=FakeSession(platform=True))


def test_without_kafka_its_keys_say_so() -> None:
    async def steps(d: Driver) -> None:
        for key in ("c", "b", "C"):
            await d.press(key)
            assert "there is no Kafka here" in d.notice
        assert d.session.sent == []

    drive(steps)


def test_the_zoom_of_the_partitions_unfolds_the_internal_ones() -> None:
    async def steps(d: Driver) -> None:
        await d.press("5")
        assert "__consumer_offsets-0" not in d.app.stage.panels["partitions"].text()
        await d.press("enter")
        assert {"partitions", "detail"} <= set(d.seen())
        assert "__consumer_offsets-0" in d.app.stage.panels["partitions"].text()

    drive(steps, size=(160, 50), session=FakeSession(platform=True))


@pytest.mark.parametrize(("panel", "system"), [("replicas", "ring"), ("tree", "gossip")])
def test_help_explains_the_system_that_the_cluster_runs_there(panel: str, system: str) -> None:
    assert about(panel, {panel: system}) == about(system)
    assert about(panel, {"load": system}) == about(panel)
    assert Stage(PANELS, {"replicas": "shards"}).titles["replicas"].startswith("shards")
    assert Stage(PANELS, {"replicas": "coordination"}).titles["replicas"].startswith("nodes: who leads")


def test_help_on_each_panel_opens_and_closes() -> None:
    async def steps(d: Driver) -> None:
        for number in (2, 3, 4, 5):
            await d.press(str(number), "question_mark")
            assert d.app.stage.help.is_open
            assert "all keys below" in d.text() or "esc closes" in d.text()
            await d.press("escape")
            assert not d.app.stage.help.is_open

    drive(steps, size=(120, 36), session=FakeSession(platform=True))


@pytest.mark.parametrize("width", range(8, 100, 7))
@pytest.mark.parametrize("look", [DEFAULT, Look(Colors.NONE, unicode=False)], ids=["true", "plain"])
def test_tabs_keep_every_number_and_the_name_of_the_focused_one(width: int, look: Look) -> None:
    names = ("ring", "shards", "balancer", "tree", "partitions", "gossip", "load", "events", "detail")
    for focused in names:
        bar = TabBar("tabs", look=look)
        picture = bar.paint(Tabs(names, frozenset({focused}), focused), width, 1)
        words = picture.text.replace("[", " ").replace("]", " ").split()
        if width >= 30:
            assert [word for word in words if word.isdigit()] == [str(n) for n in range(1, 10)]
            assert focused in words
            assert len(picture.spots) == 9
        assert all(word.isdigit() or word in names or width < 30 for word in words)
