"""What the zooms are made of: details with their history, folded trees, and tables in which an item is selected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.detail import draw_detail, draw_history
from widgets.palette import Colors, Look
from widgets.shapes import (
    NOTHING_PICKED,
    Cell,
    Column,
    Detail,
    Fact,
    Item,
    LogLine,
    Picked,
    Row,
    Table,
    Tone,
    Tree,
    TreeNode,
)
from widgets.table import draw_table
from widgets.tree import draw_tree
from widgets.tree_layout import fold

LOOK = Look()
ASCII = Look(Colors.NONE, unicode=False)
SHARD = Item("shard", "s1")


def node(path: str, rank: int = 3, owner: str = "", text: str = "") -> TreeNode:
    return TreeNode(
        path, path.rpartition("/")[2] or "/", path.count("/") if path != "/" else 0, text, rank=rank, subject=owner
    )


NODES = (
    node("/"),
    node("/brokers"),
    node("/brokers/ids", 2),
    node("/brokers/ids/b1", 1, "b1"),
    node("/brokers/topics", 2),
    node("/brokers/topics/x"),
    node("/brokers/topics/x/0", text="leader b1#1 epoch 1"),
    node("/controller", 0, "b1", "b1 1  2 s left  3 watches"),
    node("/shards", 2),
    node("/shards/s1"),
    node("/shards/s1/master", 0, "n1"),
    node("/shards/s1/state"),
)


def paths(nodes: tuple[TreeNode, ...]) -> list[str]:
    return [each.path for each in nodes]


class TestFold:
    def test_what_fits_is_not_folded(self) -> None:
        assert fold(NODES, len(NODES), None, NOTHING_PICKED) == NODES

    def test_what_matters_most_stays_in_its_order_and_says_where_it_is(self) -> None:
        folded = fold(NODES, 4, None, NOTHING_PICKED)
        assert [(each.name, each.depth) for each in folded] == [
            ("/brokers/ids/b1", 0),
            ("/controller", 0),
            ("/shards/s1/master", 0),
        ]

    def test_whose_parent_is_shown_stands_below_it_by_what_lies_between(self) -> None:
        folded = fold(NODES, 8, None, NOTHING_PICKED)
        assert [(each.name, each.depth) for each in folded] == [
            ("/", 0),
            ("brokers/ids", 1),
            ("b1", 2),
            ("brokers/topics", 1),
            ("controller", 1),
            ("shards", 1),
            ("s1/master", 2),
        ]

    def test_the_selected_machines_lines_come_before_all_others_and_those_of_the_selected_item_before_these(
        self,
    ) -> None:
        assert paths(fold(NODES, 3, "n1", NOTHING_PICKED)) == ["/controller", "/shards/s1/master"]
        state = Item("znode", "/shards/s1/state")
        assert paths(fold(NODES, 2, "b1", Picked(SHARD, frozenset((SHARD, state))))) == ["/shards/s1/state"]

    @given(st.integers(1, 20), st.sampled_from((None, "b1", "n1", "nobody")))
    def test_as_many_lines_as_there_is_room_for_each_of_them_once(self, room: int, selected: str | None) -> None:
        folded = fold(NODES, room, selected, NOTHING_PICKED)
        assert len(folded) == (len(NODES) if len(NODES) <= room else room - 1)
        places = [paths(NODES).index(each.path) for each in folded]
        assert places == sorted(set(places))

    def test_the_last_line_counts_the_others(self) -> None:
        picture = draw_tree(Tree(NODES, caption="who leads"), 50, 6, LOOK, folded=True)
        lines = picture.text.splitlines()
        assert len(lines) == 6
        assert lines[-2].strip() == "… 8 more: page down"
        assert lines[-1] == "who leads"

    def test_what_a_node_holds_is_shortened_by_whole_notes(self) -> None:
        for width in range(24, 60):
            line = draw_tree(Tree((NODES[7],)), width, None, LOOK).text
            said = line.split("controller", 1)[1].removesuffix("b1").strip()
            assert said in ("", "b1 1", "b1 1  2 s left", "b1 1  2 s left  3 watches")


LINES = (
    LogLine(
        9,
        61_250_000,
        "crash",
        "n1",
        "crashed and lost its disk, as somebody wanted to see what comes of it",
        Tone.BAD,
        0,
    ),
    LogLine(3, 1_000_000, "note", "", "said by nobody", Tone.PLAIN),
)
TABLE = Table((Column("node", 6), Column("role", 8)), (Row((Cell("n1"), Cell("master")), "n1", item=SHARD),))


class TestDetail:
    def test_after_the_facts_and_what_is_comes_what_happened_then_the_rest_and_the_machine(self) -> None:
        aside = Detail("n1", (Fact("is", "up"),))
        detail = Detail("shard s1", (Fact("master", "n1"),), (("copies", TABLE), ("more", TABLE)), LINES, 7, aside)
        text = draw_detail(detail, 60, LOOK).text
        order = [
            "shard s1",
            "master",
            "copies",
            "what happened to it, newest first (7 more before)",
            "01:01.250 n1",
            "more ──",
            "n1 ─",
        ]
        at = [text.index(each) for each in order]
        assert at == sorted(at)

    def test_without_tables_what_happened_follows_the_facts(self) -> None:
        text = draw_detail(Detail("session 1:2", (Fact("is", "over"),), (), LINES), 50, LOOK).text
        assert "what happened to it, newest first ──" in text

    def test_a_sentence_goes_on_under_itself_and_no_word_of_it_is_cut(self) -> None:
        lines = draw_history(LINES, 40, LOOK).text.splitlines()
        assert lines[0] == "01:01.250 n1 crashed and lost its disk,"
        assert all(line.startswith(" " * 10) for line in lines[1:-1])
        assert " ".join(line.strip() for line in lines[:-1]).endswith("to see what comes of it")
        assert lines[-1] == "00:01.000 said by nobody"

    @pytest.mark.parametrize("look", [LOOK, ASCII])
    @pytest.mark.parametrize("width", range(1, 90, 7))
    def test_every_line_has_the_width_of_the_panel(self, width: int, look: Look) -> None:
        aside = Detail("n1", (Fact("is", "up"),), (("copies", TABLE),), LINES)
        detail = Detail("shard s1", (Fact("master", "n1"),), (("copies", TABLE),), LINES, 3, aside)
        picture = draw_detail(detail, width, look, selected="n1", picked=Picked(SHARD, frozenset((SHARD,)), ("n1",)))
        assert {strip.cell_length for strip in picture.strips} == {width}
        assert all(0 <= spot.y < len(picture.strips) for spot in picture.spots)
        assert any(spot.item == SHARD for spot in picture.spots)


def test_in_a_table_the_rows_of_the_selected_item_light_up_and_machines_that_belong_to_it_have_a_dot() -> None:
    rows = tuple(
        Row((Cell(shard), Cell(name)), name, item=Item("shard", shard))
        for shard, name in (("s1", "n1"), ("s1", "n2"), ("s2", "n2"), ("s2", "n3"))
    )
    table = Table((Column("shard", 5), Column("node", 5)), rows)

    def grounds(picked: Picked) -> tuple[list[str], list[bool]]:
        strips = draw_table(table, 20, None, LOOK, selected="n2", picked=picked).strips[1:]
        ground = LOOK.text_style(selected=True).bgcolor
        return [strip.text[0] for strip in strips], [list(strip)[-1].style.bgcolor == ground for strip in strips]  # type: ignore[union-attr]

    assert grounds(NOTHING_PICKED) == ([" ", "▸", "▸", " "], [False, True, True, False])
    picked = Picked(SHARD, frozenset((SHARD,)), ("n1", "n2"))
    assert grounds(picked) == (["•", "▸", "▸", " "], [True, True, False, False])
    elsewhere = Picked(Item("partition", "x-0"), frozenset((Item("partition", "x-0"),)), ("n3",))
    assert grounds(elsewhere) == ([" ", "▸", "▸", "•"], [False, True, True, False])
