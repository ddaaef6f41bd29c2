"""Partitions: what their lines say at each size, what can be selected on them, and that any drawing keeps its size."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from widgets import gallery_data as data
from widgets.canvas import Picture
from widgets.gallery import Gallery
from widgets.palette import SELECTION, Colors, Look
from widgets.partitions import PartitionsPanel, draw_partitions, members
from widgets.partitions_bar import stretches
from widgets.partitions_draw import Kept
from widgets.shapes import Group, GroupMember, Partition, Partitions, Progress, Replica, State, Tone

LOOK = Look()
ASCII = Look(Colors.NONE, unicode=False)
LOOKS = [LOOK, Look(Colors.SIXTEEN), Look(Colors.NONE), ASCII, Look(unicode=False)]
NAMES = ["", "br1", "br22", "日本", "a rather long name", "x\x1b[31my", "é" * 9, "\n", "co3", "changes-7"]


def partition(
    name: str = "changes-0", *readers: Progress, start: int = 0, mark: int = 100, end: int = 100, out: str = ""
) -> Partition:
    replicas = tuple(Replica(f"br{n}", n, f"br{n}" not in out) for n in (1, 2, 3))
    return Partition(name, "br1", 1, replicas, start, mark, end, readers)


def reader(committed: int | None, position: int | None, *, lag: int = 0, owner: str = "co1") -> Progress:
    return Progress("view", committed, position, lag, (0.0,) * 10 + (float(lag),), owner, 5)


def rows(picture: Picture) -> list[str]:
    return picture.text.split("\n")


def styles(picture: Picture, word: str) -> list[object]:
    """The style of each piece that is just this word."""
    return [part.style for strip in picture.strips for part in strip if part.text == word]


class TestBar:
    def test_lengths_are_counts_of_messages_from_the_right(self) -> None:
        log = partition(start=0, mark=180, end=200)
        assert stretches(log, reader(100, 150), 200, 20) == (0, 10, 5, 3, 2)
        assert stretches(log, None, 200, 20) == (0, 18, 0, 0, 2)

    def test_a_log_that_is_shorter_than_the_scale_begins_further_right(self) -> None:
        assert stretches(partition(start=150, mark=200, end=200), reader(200, 200), 200, 20) == (15, 5, 0, 0, 0)

    def test_what_is_there_takes_a_cell_at_least(self) -> None:
        assert stretches(partition(mark=199, end=200), reader(197, 198), 10_000, 20) == (16, 1, 1, 1, 1)
        assert stretches(partition(mark=10_000, end=20_000), reader(9_998, 9_999), 100, 6) == (0, 1, 1, 1, 3)

    def test_what_was_never_committed_counts_from_the_start_of_the_log(self) -> None:
        assert stretches(partition(start=0, mark=100, end=100), reader(None, None), 100, 10) == (0, 0, 0, 10, 0)
        assert stretches(partition(start=0, mark=100, end=100), reader(None, 60), 100, 10) == (0, 0, 6, 4, 0)

    @pytest.mark.parametrize("seed", range(200))
    def test_it_is_as_wide_as_it_should_be_whatever_the_offsets(self, seed: int) -> None:
        chance = Random(seed)
        numbers = [chance.randrange(-3, 10 ** chance.randrange(1, 6)) for _ in range(5)]
        made = stretches(
            partition(start=numbers[0], mark=numbers[1], end=numbers[2]),
            chance.choice([None, reader(numbers[3], numbers[4]), reader(None, numbers[4])]),
            chance.choice([1, 50, 5_000]),
            width := chance.randrange(0, 60),
        )
        assert sum(made) == width
        assert min(made) >= 0


class TestLines:
    ONE = Partitions(
        (partition("changes-0", reader(60, 70, lag=40), mark=100, end=120), partition("changes-1", start=7)),
        (Group("view", "generation 5, stable", (GroupMember("co1", 5, 1), GroupMember("co2", 6, 0, "slow")), "range"),),
        (partition("__consumer_offsets-0"), partition("__consumer_offsets-1")),
        summary="2 internal: in sync",
        caption="controller br1",
        span=100,
    )  # fmt: skip

    def test_wide_each_partition_has_one_line_with_all_figures(self) -> None:
        text = rows(draw_partitions(self.ONE, 130, 6, LOOK))
        assert text[0].split() == ["view", "generation", "5,", "stable", "co1", "1", "co2", "0", "slow", "range"]
        titles = ["partition", "leader", "in", "sync", "start", "log", "hw", "end", "committed", "in", "30", "s"]
        assert text[1].split() == [*titles, "lag", "owner"]
        words = [word for word in text[2].split() if word.isalnum() or "-" in word]
        assert words == ["changes-0", "br1", "br1", "br2", "br3", "0", "100", "120", "60", "40", "co1"]
        assert text[4] == " 2 internal: in sync"
        assert text[-1].startswith("controller br1")
        assert text[-1].endswith("┃░ not committed")

    def test_the_bar_says_what_is_done_in_hand_waiting_and_not_committed(self) -> None:
        line = rows(draw_partitions(self.ONE, 120, 9, LOOK))[2]
        assert [line.count(char) > 0 for char in "‹━▒█┃░"] == [True] * 6
        assert line.index("━") < line.index("▒") < line.index("█") < line.index("┃") < line.index("░")
        plain = rows(draw_partitions(self.ONE, 120, 9, ASCII))[2]
        assert all(char in plain for char in "<=+#|:")

    def test_narrow_and_high_the_bar_has_a_line_of_its_own_with_the_offsets(self) -> None:
        text = rows(draw_partitions(self.ONE, 50, 9, LOOK))
        assert text[2].split()[:5] == ["changes-0", "br1", "br1", "br2", "br3"]
        assert text[3].split()[0] == "0"
        assert text[3].split()[-2:] == ["100", "120"]
        assert text[5].split()[0] == "7"

    def test_narrow_and_low_columns_give_way_and_the_lag_stays(self) -> None:
        text = rows(draw_partitions(self.ONE, 40, 5, LOOK))
        assert text[2].split()[0] == "changes-0"
        assert "40" in text[2].split()
        assert "█" in text[2]

    def test_internal_partitions_unfold_where_there_is_room(self) -> None:
        assert "__consumer_offsets-0" in draw_partitions(self.ONE, 140, 30, LOOK).text
        assert "internal" not in draw_partitions(self.ONE, 140, 30, LOOK).text
        assert "__consumer" not in draw_partitions(self.ONE, 140, 6, LOOK).text
        assert "__consumer" not in draw_partitions(self.ONE, 50, 30, LOOK).text  # its name would be cut

    @pytest.mark.parametrize("look", LOOKS)
    def test_who_is_not_in_sync_is_marked_without_colours_as_well(self, look: Look) -> None:
        out = partition(out="br2")
        out = replace(out, replicas=(*out.replicas[:2], replace(out.replicas[2], in_sync=False, state=State.DOWN)))
        text = draw_partitions(Partitions((out,)), 60, 4, look).text
        assert "br1 -br2 " in text
        assert f"{look.mark(State.DOWN)}br3" in text

    @pytest.mark.parametrize("look", LOOKS)
    def test_who_is_down_is_marked_even_while_it_counts_as_in_sync(self, look: Look) -> None:
        replicas = tuple(replace(each, state=State.DOWN) for each in partition().replicas)
        down = replace(partition(), replicas=replicas, leader_state=State.DOWN)
        picture = draw_partitions(Partitions((down,)), 60, 4, look)
        mark = look.mark(State.DOWN)
        assert f" {mark}br1   {mark}br1 {mark}br2 {mark}br3" in picture.text
        assert all(not style.strike for style in styles(picture, "br2"))  # type: ignore[attr-defined]

    def test_too_few_in_sync_is_bad_and_nobody_leading_is_said(self) -> None:
        few = replace(partition(out="br2 br3"), tone=Tone.BAD)
        picture = draw_partitions(Partitions((few,)), 60, 4, LOOK)
        colours = {style.color.triplet for style in styles(picture, "br2")}  # type: ignore[attr-defined]
        assert colours == {LOOK.tone(Tone.BAD)}
        assert " none " in draw_partitions(Partitions((replace(few, leader=""),)), 60, 4, LOOK).text

    def test_nobody_owns_a_partition_while_its_group_shares_out(self) -> None:
        shape = Partitions((partition("changes-0", reader(5, None, owner="")),))
        assert rows(draw_partitions(shape, 100, 4, LOOK))[1].endswith("none")

    def test_many_members_are_counted(self) -> None:
        group = Group("view", "generation 5, stable", tuple(GroupMember(f"co{n}", n, 1) for n in range(1, 41)))
        line = rows(draw_partitions(replace(self.ONE, groups=(group,)), 60, 12, LOOK))[0]
        told = line.count("co")
        assert line.endswith(f"{40 - told} more")

    def test_a_second_group_has_lines_of_its_own_and_groups_are_named_then(self) -> None:
        other = replace(reader(10, 10, lag=90, owner="co9"), group="audit")
        shape = replace(self.ONE, rows=(partition("changes-0", reader(99, 99, lag=1), other),))
        text = rows(draw_partitions(shape, 120, 6, LOOK))
        assert " view " in text[2]
        assert " audit " in text[3]
        assert text[3].split()[-1] == "co9"
        assert "changes-0" not in text[3]

    def test_the_selected_machine_lights_up_wherever_it_is(self) -> None:
        def lit(selected: str) -> list[int]:
            picture = draw_partitions(self.ONE, 120, 6, LOOK, selected=selected)
            return [
                y
                for y, strip in enumerate(picture.strips)
                if any(s.style and s.style.bgcolor and s.style.bgcolor.triplet == LOOK.ground(SELECTION) for s in strip)
            ]

        assert lit("br1") == [2, 3]
        assert lit("br2") == [2, 3]  # as a replica
        assert lit("co1") == [0, 2]
        assert lit("co2") == [0]
        assert lit("n1") == []

    def test_empty_says_so(self) -> None:
        assert draw_partitions(Partitions((), empty="no broker is up"), 30, 5, LOOK).text == "no broker is up"


def play(act: Callable[[Gallery, Pilot[None]], Awaitable[None]], size: tuple[int, int] = (160, 50)) -> None:
    async def run() -> None:
        app = Gallery(look=LOOK, still=True)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await act(app, pilot)

    asyncio.run(run())


def test_arrows_go_by_partition_and_within_one_by_machine() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        panel = app.query_one(PartitionsPanel)
        panel.focus()
        await pilot.press("down")
        first = data.partitions(4, 0).rows[0]
        assert (panel.row, app.chosen) == ("changes-0", first.leader)
        seen = []
        for _ in members(first):
            await pilot.press("right")
            seen.append(app.chosen)
        assert seen == [*members(first)[1:], first.leader]
        await pilot.press("left")
        assert app.chosen == members(first)[-1]
        for number in (1, 2, 3, 0):
            await pilot.press("down")
            assert panel.row == f"changes-{number}"
            assert app.chosen == data.partitions(4, 0).rows[number].leader
            assert rows(Picture(panel._strips))[2 + 2 * number].startswith("▸")

    play(act, (200, 60))


def test_a_click_means_the_machine_under_it_or_the_leader_of_the_line() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        panel = app.query_one(PartitionsPanel)
        line = 2 + 2 * 2 + 1  # of changes-2, under the border, the group and the titles
        await pilot.click(panel, offset=(4, line))
        leader = data.partitions(4, 0).rows[2].leader
        assert (panel.row, app.chosen) == ("changes-2", leader)
        spot = next(spot for spot in panel._spots if spot.name == "n11")
        await pilot.click(panel, offset=(spot.x1 + 2, spot.y + 1))
        assert app.chosen == "n11"

    play(act, (200, 60))


def test_a_selection_from_elsewhere_is_found_and_brought_into_sight() -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        panel = app.query_one(PartitionsPanel)
        panel.show(data.partitions(60))
        led = data.partitions(60).rows
        panel.select("n3")
        assert panel.row == next(row.name for row in led if row.leader == "n3")
        panel.focus()
        await pilot.press("up", "up", "up")
        assert panel.row == "changes-59"
        assert "changes-59" in panel.text()
        panel.scroll_lines(-500)
        assert "changes-0 " in panel.text()
        panel.select("z9")
        assert "▸" not in panel.text()
        panel.show(data.partitions(3))
        assert "changes-2" in panel.text()

    play(act)


def test_only_lines_that_changed_are_repainted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(app: Gallery, pilot: Pilot[None]) -> None:
        panel = app.query_one(PartitionsPanel)
        asked: list[int] = []
        monkeypatch.setattr(panel, "refresh", lambda *regions, **_: asked.extend(region.height for region in regions))
        shape = data.partitions(4, 0)
        panel.show(shape)
        assert asked == []
        moved = replace(shape.rows[1], end=shape.rows[1].end + 1)
        panel.show(replace(shape, rows=(shape.rows[0], moved, *shape.rows[2:])))
        assert asked == [1]

    play(act, (200, 60))


@pytest.mark.parametrize("width", [50, 92, 130])
def test_lines_that_are_kept_are_those_that_would_be_drawn(width: int) -> None:
    chance = Random(width)
    kept = Kept()
    for number in range(60):
        shape = data.partitions(4, number // 7, groups=1 + number // 30)
        about = {
            "selected": chance.choice([None, "n1", "n2", "n11"]) if number % 5 == 0 else "n2",
            "cursor": f"changes-{chance.randrange(4)}",
            "top": chance.randrange(2),
        }
        made = draw_partitions(shape, width, 13, LOOK, kept=kept, **about)  # type: ignore[arg-type]
        fresh = draw_partitions(shape, width, 13, LOOK, **about)  # type: ignore[arg-type]
        assert made.strips == fresh.strips
        assert list(made.spots) == list(fresh.spots)
    assert len(kept.lines) <= 4 * 2 + 1


def any_partitions(chance: Random) -> Partitions:
    def number() -> int:
        return chance.choice((0, 1, 17, 12_345, 10**9, -1))

    def any_partition(index: int) -> Partition:
        replicas = tuple(
            Replica(chance.choice(NAMES), chance.randrange(40), chance.random() < 0.6, chance.choice(list(State)))
            for _ in range(chance.randrange(5))
        )
        readers = tuple(
            Progress(
                chance.choice(NAMES), chance.choice((None, number())), chance.choice((None, number())), number(),
                tuple(chance.choices((None, 0.0, 3.0, 1e12), k=chance.randrange(40))), chance.choice(NAMES),
                chance.choice((None, 3)), chance.choice(list(Tone)),
            )
            for _ in range(chance.choice((0, 1, 1, 3)))
        )  # fmt: skip
        return Partition(
            f"{chance.choice(NAMES)}-{index}", chance.choice(NAMES), chance.choice((None, 2)), replicas, number(),
            number(), number(), readers, chance.choice(list(Tone)),
        )  # fmt: skip

    groups = tuple(
        Group(
            chance.choice(NAMES), " ".join(chance.choices(NAMES, k=3)),
            tuple(GroupMember(chance.choice(NAMES), 3, 2, chance.choice(NAMES)) for _ in range(chance.randrange(9))),
            chance.choice(NAMES), chance.choice(list(Tone)),
        )
        for _ in range(chance.choice((0, 1, 2)))
    )  # fmt: skip
    return Partitions(
        tuple(any_partition(i) for i in range(chance.choice((0, 1, 4, 40)))),
        groups,
        tuple(any_partition(i) for i in range(chance.choice((0, 2)))),
        chance.choice(NAMES),
        chance.choice(list(Tone)),
        chance.choice((0, 50, 10**6)),
        chance.choice((0.0, 1.0, 500.0)),
        chance.choice(NAMES),
        chance.choice(NAMES),
    )


@pytest.mark.parametrize("seed", range(200))
def test_any_partitions_keep_their_width_and_height(seed: int) -> None:
    chance = Random(seed)
    look = LOOKS[seed % len(LOOKS)]
    width = chance.choice((chance.randrange(1, 12), chance.randrange(1, 160)))
    shape = any_partitions(chance)
    for height in (chance.randrange(1, 50), None):
        picture = draw_partitions(
            shape, width, height, look, selected=chance.choice([None, *NAMES]),
            marked=frozenset(chance.choices(NAMES, k=2)), top=chance.randrange(0, 50), cursor="br1-0",
        )  # fmt: skip
        assert height is None or len(picture.strips) <= height
        for strip in picture.strips:
            assert cell_len(strip.text) == width == strip.cell_length
            assert all(char.isprintable() for char in strip.text)
            assert look.unicode or strip.text.isascii()
        for spot in picture.spots:
            assert 0 <= spot.x1 < spot.x2 <= width
            assert 0 <= spot.y < len(picture.strips)
