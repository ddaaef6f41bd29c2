"""What each widget shows, read off its text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest

from widgets import gallery_data as data
from widgets.canvas import Picture, bar, curtail, fit, shorten, wrap, wrap_list
from widgets.detail import draw_detail
from widgets.detecting import detect
from widgets.log import clock, draw_log
from widgets.matrix import draw_matrix, short_names
from widgets.matrix_cells import age_text, cell_piece, is_wrong
from widgets.matrix_sums import ranked
from widgets.palette import SELECTION, Colors, Look, Theme
from widgets.plain import AsciiFilter
from widgets.ring_draw import RingPainter
from widgets.ring_layout import circle, cut_turns
from widgets.ring_static import Owners, annulus, pixel_owners
from widgets.series import curve, draw_series, nice_top, short_number
from widgets.shapes import (
    Arc,
    Belief,
    Cell,
    Column,
    Line,
    Log,
    LogLine,
    Matrix,
    MatrixCell,
    MatrixNode,
    Ring,
    Row,
    Series,
    State,
    Table,
    Tone,
    Tree,
    TreeNode,
)
from widgets.table import draw_table, layout
from widgets.tree import draw_tree
from widgets.tree_layout import guides

LOOK = Look()
ASCII = Look(Colors.NONE, unicode=False)


def rows(picture: Picture) -> list[str]:
    return picture.text.split("\n")


def grounds(picture: Picture, y: int) -> set[object]:
    return {s.style.bgcolor.triplet for s in picture.strips[y] if s.style is not None and s.style.bgcolor is not None}


class TestPalette:
    def test_every_state_and_belief_has_a_mark_of_its_own(self) -> None:
        for look in (LOOK, ASCII):
            assert len({look.mark(state) for state in State}) == len(State)
            assert len({look.belief(belief) for belief in Belief}) == len(Belief)

    def test_hues_repeat_as_tints_with_letters(self) -> None:
        assert len({LOOK.hue(i) for i in range(24)}) == 24
        assert LOOK.swatch(3) == "▌"
        assert LOOK.swatch(9) == "J"

    def test_no_colour_means_no_colour(self) -> None:
        style = Look(Colors.NONE).style((1, 2, 3), (4, 5, 6))
        assert style.color is None
        assert style.bgcolor is None
        assert style.reverse

    def test_the_environment_decides(self) -> None:
        assert detect({"TERM": "xterm", "COLORTERM": "truecolor"}) == Look()
        assert detect({"TERM": "xterm"}).colors is Colors.SIXTEEN
        assert detect({"TERM": "xterm-256color", "NO_COLOR": "1"}).colors is Colors.NONE
        assert detect({"TERM": "xterm-256color"}, "ANSI_X3.4-1968").unicode is False

    @pytest.mark.parametrize(
        ("locale", "unicode"),
        [
            ({"LC_ALL": "C"}, False),
            ({"LANG": "C"}, False),
            ({"LANG": "POSIX"}, False),
            ({"LANG": "de_DE.ISO-8859-1@euro"}, False),
            ({"LANG": "C.UTF-8"}, True),
            ({"LANG": "de_DE.utf8"}, True),
            ({"LC_CTYPE": "UTF-8"}, True),
            ({"LANG": "de_DE"}, True),
            ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, False),
            ({"LC_ALL": "", "LC_CTYPE": "de_DE.UTF-8", "LANG": "C"}, True),
            ({"LC_ALL": "C", "PYTHONUTF8": "1"}, True),
            ({"LC_ALL": "C", "PYTHONIOENCODING": "utf-8:replace"}, True),
            ({"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "latin-1"}, False),
            ({}, True),
            ({"TERM": "linux"}, False),
            ({"TERM": "vt100", "LANG": "C.UTF-8"}, False),
        ],
    )
    def test_the_locale_decides_on_unicode(self, locale: dict[str, str], unicode: bool) -> None:
        assert detect({"TERM": "xterm", **locale}).unicode is unicode

    def test_what_python_put_into_the_environment_does_not_count(self) -> None:
        assert detect({"TERM": "xterm", "LANG": "C", "LC_CTYPE": "C.UTF-8"}, utf8_mode=True).unicode is False
        assert detect({"TERM": "xterm", "LANG": "C", "LC_CTYPE": "C.UTF-8"}, utf8_mode=False).unicode is True
        assert detect({"TERM": "xterm", "LC_CTYPE": "C.UTF-8"}, utf8_mode=True).unicode is True

    def test_sides_are_no_letters_where_letters_are_hues(self) -> None:
        assert [LOOK.side(side) for side in (0, 1, 2)] == ["-", "A", "B"]
        for look in (ASCII, Look(Colors.NONE), Look(unicode=False)):
            assert [look.side(side) for side in (0, 1, 2)] == ["|-", "|1", "|2"]

    def test_what_others_draw_keeps_its_cells_in_ascii(self) -> None:
        assert AsciiFilter(ASCII).folded("▊日本▔…x") == "|????-~x"

    def test_text_is_made_harmless(self) -> None:
        assert LOOK.clean("a\x1b[2Jb") == "a?[2Jb"
        assert ASCII.clean("n1 → n2 · 3 µs…") == "n1 > n2 . 3 us~"


class TestCanvas:
    def test_too_long_ends_in_dots_at_a_word_if_near(self) -> None:
        assert shorten("elected leader of epoch", 15, LOOK) == "elected leader…"
        assert shorten("unbreakable", 6, LOOK) == "unbre…"
        assert shorten("13 machines are started", 22, LOOK) == "13 machines are…"
        assert shorten("one, two, three", 9, LOOK) == "one, two…"
        assert shorten("stale by 2 versions: cart", 20, LOOK) == "stale by 2 versions…"
        assert shorten("n1 unbreakable", 12, LOOK) == "n1 unbreaka…"
        assert fit("7", 3, LOOK, right=True) == "  7"

    def test_bars_go_by_eighths(self) -> None:
        assert bar(0.5, 4, LOOK) == ("██", "  ")
        assert bar(0.001, 4, LOOK)[0] == "▏"
        assert bar(0.5, 4, ASCII) == ("##", "..")

    def test_lists_break_at_commas_where_that_costs_no_line(self) -> None:
        text = "18 records, 1.2 kB, rewritten 0 times"
        assert wrap_list(text, 32) == ["18 records, 1.2 kB,", "rewritten 0 times"]
        assert wrap_list(text, 40) == [text]
        assert wrap_list("aa bb, cc dd ee, ff", 11) == ["aa bb, cc", "dd ee, ff"]

    def test_wrap_keeps_words(self) -> None:
        assert wrap("suspect by n1 n2", 10) == ["suspect by", "n1 n2"]
        assert wrap("abcdefgh", 3) == ["abc", "def", "gh"]


class TestTable:
    COLUMNS: ClassVar = (Column("a", 5), Column("b", 5, drop=1), Column("c", 5, drop=2), Column("d", 4, weight=1))

    def test_columns_give_way_in_order(self) -> None:
        assert layout(self.COLUMNS, 40) == [(0, 5), (1, 5), (2, 5), (3, 22)]
        assert [i for i, _ in layout(self.COLUMNS, 20)] == [0, 1, 3]
        assert [i for i, _ in layout(self.COLUMNS, 12)] == [0, 3]

    def test_rows_carry_marks_and_the_selection_lights_up(self) -> None:
        picture = draw_table(data.table(4), 70, 9, LOOK, selected="shard-1", marked=frozenset({"shard-2"}))
        text = rows(picture)
        assert text[0].split() == ["shard", "master", "slaves", "mode", "WAL", "lag"]
        assert text[1].startswith(" ▌▲ shard-0")
        assert text[2].startswith("▸▌▲ shard-1")
        assert text[3].startswith("◆▌▲ shard-2")
        assert "✕" in text[4]
        assert LOOK.ground(SELECTION) in grounds(picture, 2)
        assert LOOK.ground(SELECTION) not in grounds(picture, 1)
        assert [spot.name for spot in picture.spots] == [f"shard-{i}" for i in range(4)]

    def test_right_aligned_with_bar(self) -> None:
        table = Table((Column("n", 3), Column("lag", 10, right=True)), (Row((Cell("x"), Cell("5", bar=0.5))),))
        assert rows(draw_table(table, 14, 3, LOOK))[1] == "x   ████     5"

    def test_a_cell_that_names_a_node_has_its_colour(self) -> None:
        table = Table((Column("master", 8),), (Row((Cell("n1", hue=1),)), Row((Cell("n1"),))))
        first, second = draw_table(table, 12, 3, LOOK).strips[1:]
        colours = [next(s.style.color.triplet for s in strip if s.style and s.style.color) for strip in (first, second)]
        assert colours == [LOOK.hue(1), LOOK.tone(Tone.PLAIN)]

    def test_empty_says_so(self) -> None:
        assert "nobody" in draw_table(Table(self.COLUMNS, (), empty="nobody"), 40, 5, LOOK).text


def node(path: str, text: str = "", owner: str = "", **more: Any) -> TreeNode:
    kind = "ephemeral" if owner else ""
    depth = path.count("/") if path != "/" else 0
    return TreeNode(
        path, path.rpartition("/")[2] or "/", depth, text, kind, hue=2 if owner else None, subject=owner, **more
    )


class TestTree:
    TREE = Tree(
        (
            node("/"),
            node("/master", "epoch 7", "n1"),
            node("/servers", "two of them"),
            node("/servers/s1", "load 0.3", "s1", fresh=True),
            node("/servers/s2", "load 0.9", "s2", tone=Tone.WARN),
            node("/shards"),
        ),
        caption="leader z2",
    )

    def test_guides_say_who_is_whose_child(self) -> None:
        assert guides(self.TREE.nodes, LOOK) == ["", "├╴", "├╴", "│ ├╴", "│ └╴", "└╴"]
        assert guides(self.TREE.nodes, ASCII) == ["", "|-", "|-", "| |-", "| `-", "`-"]

    def test_lines_say_name_text_kind_and_owner(self) -> None:
        assert rows(draw_tree(self.TREE, 44, 7, LOOK)) == [
            " /",
            " ├╴◇ master  epoch 7            ephemeral n1",
            " ├╴servers   two of them",
            " │ ├╴◇ s1    load 0.3           ephemeral s1",
            " │ └╴◇ s2    load 0.9           ephemeral s2",
            " └╴shards",
            "leader z2",
        ]

    def test_when_it_is_narrow_the_word_goes_first_and_names_stay(self) -> None:
        assert rows(draw_tree(self.TREE, 28, 7, LOOK))[3] == " │ ├╴◇ s1    load 0.3     s1"
        assert rows(draw_tree(self.TREE, 18, 7, LOOK))[2:4] == [" ├╴servers  two…", " │ ├╴◇ s1       s1"]
        assert rows(draw_tree(self.TREE, 12, 7, ASCII))[1] == " |-~ master"

    def test_all_lines_of_the_selected_machine_light_up(self) -> None:
        twice = replace(self.TREE, nodes=(*self.TREE.nodes, node("/shards/master", "", "s1")))
        picture = draw_tree(twice, 44, 8, LOOK, selected="s1", marked=frozenset({"n1"}))
        assert [LOOK.ground(SELECTION) in grounds(picture, y) for y in range(7)] == [
            False,
            False,
            False,
            True,
            False,
            False,
            True,
        ]
        assert [line[0] for line in rows(picture)[:7]] == [" ", "◆", " ", "▸", " ", " ", "▸"]
        owned = [(spot.y, spot.name) for spot in picture.spots if spot.name]
        assert owned == [(1, "n1"), (3, "s1"), (4, "s2"), (6, "s1")]
        assert [spot.item.name for spot in picture.spots if spot.item] == [node.path for node in twice.nodes]

    def test_what_is_fresh_stands_out_without_colours_as_well(self) -> None:
        tree = Tree((node("/old"), node("/new", fresh=True)))
        for look in (LOOK, ASCII):
            old, new = draw_tree(tree, 20, 2, look).strips
            assert not any(s.style and s.style.bold for s in old if s.text == "old")
            assert any(s.style and s.style.bold for s in new if s.text == "new")

    def test_scrolled_it_says_how_far(self) -> None:
        text = rows(draw_tree(self.TREE, 44, 4, LOOK, top=2))
        assert text[0].startswith(" ├╴servers")
        assert text[-1] == "leader z2 · 5/6"

    def test_empty_says_so(self) -> None:
        assert draw_tree(Tree((), empty="no leader"), 30, 5, LOOK).text == "no leader"


class TestMatrix:
    def test_twelve_nodes_fit_in_forty_columns(self) -> None:
        picture = draw_matrix(data.matrix(12), 40, 16, LOOK)
        text = rows(picture)
        assert text[0].split() == ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"] or "12" in text[0]
        assert text[1].split()[1:] == list("▲▲▲✕▲❄▲▲↻▲▲▲")
        assert "silent" in text[5]

    def test_belief_and_truth_stand_apart(self) -> None:
        text = rows(draw_matrix(data.matrix(6), 40, 9, LOOK))
        assert text[2].startswith(" ▲n1")
        assert "?" in text[2]  # n1 suspects n4, which is down

    def test_a_cut_runs_between_the_sides(self) -> None:
        text = rows(draw_matrix(data.matrix(6, cut=True), 50, 20, LOOK))
        assert "┊" in text[2]
        assert any(set(line.strip()) == {"┄"} for line in text)
        assert text[2].startswith(" ▲n1A")
        plain = rows(draw_matrix(data.matrix(6, cut=True), 50, 20, ASCII))
        assert plain[2].startswith(" ^n1|1")

    def test_many_nodes_become_sums(self) -> None:
        text = rows(draw_matrix(data.matrix(60), 40, 20, LOOK))
        assert text[0].split() == ["is▸", "believed", "alive", "by", "●", "?", "✕"]
        assert len(text) == 20
        assert text[-1].endswith("· 18/60")

    def test_in_sums_who_is_not_well_comes_first_and_nobody_moves_for_a_doubt_of_few(self) -> None:
        matrix = data.matrix(60)
        order = ranked(matrix)
        states = [matrix.nodes[index].state for index in order]
        assert states == sorted(states, key=lambda state: state is State.UP)
        assert [i for i in order if matrix.nodes[i].state is State.UP] == [
            i for i, node in enumerate(matrix.nodes) if node.state is State.UP
        ]
        doubted = next(i for i, node in enumerate(matrix.nodes) if node.state is State.UP and i > 20)
        cells = [list(row) for row in matrix.cells]
        for number, row in enumerate(cells):
            if row and number != doubted:
                row[doubted] = MatrixCell(Belief.SUSPECT)
        of_all = replace(matrix, cells=tuple(map(tuple, cells)))
        of_one = replace(matrix, cells=(*matrix.cells[:30], tuple(cells[30]), *matrix.cells[31:]))
        ups = sum(node.state is State.UP for node in matrix.nodes)
        assert ranked(of_all)[-ups] == doubted
        assert ranked(of_one) == order

    def test_a_wrong_belief_stands_out_in_every_look(self) -> None:
        """n4 is down; n1 suspects it, n2 still believes it alive: only the latter is wrong."""
        cells = ((MatrixCell(Belief.SELF), MatrixCell(Belief.SUSPECT, 9)), (MatrixCell(Belief.ALIVE, 9),) * 2)
        nodes = (MatrixNode("n1", 0, State.UP), MatrixNode("n4", 3, State.DOWN))
        for look in (
            LOOK,
            ASCII,
            Look(Colors.SIXTEEN),
            Look(theme=Theme.LIGHT),
            Look(Colors.SIXTEEN, theme=Theme.LIGHT),
        ):
            suspect, alive = (
                cell_piece(cells[r][1], Matrix(nodes, cells), 3, look, lit=False, across=False,
                           wrong=is_wrong(cells[r][1].belief, nodes[1].state))[1]
                for r in (0, 1)
            )  # fmt: skip
            plain = cell_piece(cells[1][1], Matrix(nodes, cells), 3, look, lit=False, across=False)[1]
            assert not suspect.reverse
            assert alive.reverse or alive.bgcolor != plain.bgcolor
        assert not is_wrong(Belief.UNKNOWN, State.UP)
        assert is_wrong(Belief.DEAD, State.UP)
        assert is_wrong(Belief.ALIVE, State.FROZEN)

    def test_a_cut_moves_no_column_that_it_does_not_run_before(self) -> None:
        whole, cut = (draw_matrix(data.matrix(6, cut=each), 50, 20, LOOK) for each in (False, True))
        assert whole.strips[2].text.index("■") == cut.strips[2].text.index("■")

    def test_ages(self) -> None:
        assert [age_text(400, 1), age_text(400, 2), age_text(400, 3)] == ["0", ".4", "0.4"]
        assert [age_text(12_000, 1), age_text(12_000, 2), age_text(90_000_000, 2)] == ["+", "12", "+"]

    def test_names_are_told_apart_by_their_ends(self) -> None:
        assert short_names(["node-1", "node-12"], 2) == ["1", "12"]
        assert short_names(["n1", "n12"], 2) == ["n1", "12"]
        assert short_names(["n1", "n12"], 0) == ["", ""]

    def test_the_tightest_matrix_still_tells_what_is(self) -> None:
        text = rows(draw_matrix(data.matrix(12), 20, 9, LOOK))
        assert text[0].endswith("▲▲▲✕▲❄▲▲↻▲▲▲")


def test_what_has_no_room_is_left_out_part_by_part() -> None:
    text = "z3 leads epoch 1, 2 of 2 follow, zxid 1:31"
    assert curtail(text, 42, LOOK) == text
    assert curtail(text, 38, LOOK) == "z3 leads epoch 1, 2 of 2 follow"
    assert curtail(text, 20, LOOK) == "z3 leads epoch 1"
    assert curtail(text, 9, LOOK) == "z3 leads…"


class TestLog:
    LOG = data.log(30)

    def test_time_kind_subject_text(self) -> None:
        assert clock(83_004_999) == "01:23.004"
        text = rows(draw_log(self.LOG, 100, 5, LOOK))
        assert len(text) == 5
        assert text[0].startswith("00:18.535 gossip    n8  alive again")

    def test_the_kinds_column_grows_for_all_lines_at_once(self) -> None:
        long = replace(self.LOG.lines[0], kind="first-write")
        text = rows(draw_log(replace(self.LOG, lines=(*self.LOG.lines, long)), 100, 5, LOOK))
        assert text[-1][10:].startswith("first-write n1")
        assert text[0][10:].startswith("net         n")

    def test_a_long_text_goes_on_under_itself(self) -> None:
        text = "view: generation 2 after co3 joined, co1 left: co2 gets changes-1 changes-3"
        log = Log((LogLine(0, 0, "rebalance", "br2", text), LogLine(1, 9, "up", "co1", "is up")))
        assert rows(draw_log(log, 70, 8, LOOK)) == [
            "00:00.000 rebalance br2 view: generation 2 after co3 joined, co1 left:",
            "                        co2 gets changes-1 changes-3",
            "00:00.000 up        co1 is up",
        ]
        assert rows(draw_log(log, 50, 8, LOOK)) == [
            "00:00.000 rebalance br2 view: generation 2 after",
            "          co3 joined, co1 left: co2 gets changes-1",
            "          changes-3",
            "00:00.000 up        co1 is up",
        ]
        assert [spot.name for spot in draw_log(log, 70, 8, LOOK).spots] == ["br2", "br2", "co1"]

    def test_a_number_keeps_its_unit(self) -> None:
        log = Log((LogLine(0, 0, "say", "", "a text that ends in a duration of 2.4 s"),))
        assert [text.strip() for text in rows(draw_log(log, 58, 3, LOOK))[1:]] == ["2.4 s"]

    def test_a_long_text_leaves_room_for_others(self) -> None:
        long = LogLine(0, 0, "zombie", "br2", "wants to commit " * 30)
        log = Log((long, replace(long, index=1, kind="up", text="is up")))
        for height in (2, 3, 4, 8, 12):
            text = rows(draw_log(log, 60, height, LOOK))
            assert text[-1].endswith("is up")
            assert text[-2].endswith("…")
            assert len(text) == min(height, 5, max(2, height // 2) + 1)

    def test_of_the_oldest_one_the_end_is_left(self) -> None:
        text = "a text that is longer than the line that it has"
        log = Log(tuple(LogLine(number, number, "say", "", text) for number in range(4)))
        assert rows(draw_log(log, 50, 5, LOOK))[0].strip() == "line that it has"

    def test_filter_keeps_matches_and_lights_them(self) -> None:
        picture = draw_log(self.LOG, 100, 50, LOOK, wanted="CRASHED")
        assert len(rows(picture)) == 4
        styles = {s.text: s.style for s in picture.strips[0]}
        assert styles["crashed"] is not None
        assert "no line holds" in draw_log(self.LOG, 60, 5, LOOK, wanted="zzz").text

    def test_scrolled_back_it_stands_still(self) -> None:
        early = draw_log(data.log(30), 60, 6, LOOK, bottom=10)
        late = draw_log(data.log(40), 60, 6, LOOK, bottom=10)
        assert rows(early)[:5] == rows(late)[:5]
        assert rows(early)[5] == "▼ 19 newer"

    def test_dropped_lines_are_owned_up_to(self) -> None:
        log = Log(self.LOG.lines[:2], dropped=1234)
        assert rows(draw_log(log, 60, 6, LOOK))[0] == "1,234 older lines dropped"

    def test_the_selected_subject_lights_up(self) -> None:
        picture = draw_log(self.LOG, 100, 60, LOOK, selected="n1")
        assert LOOK.ground(SELECTION) in grounds(picture, 0)
        assert LOOK.ground(SELECTION) not in grounds(picture, 1)


class TestSeries:
    def test_scale_is_nice(self) -> None:
        assert [nice_top(v) for v in (0, 3, 17, 100, 101, 0.3)] == [1, 5, 20, 100, 200, 0.5]
        assert [short_number(v) for v in (0.5, 200, 1500, 2e6)] == ["0.5", "200", "1.5k", "2M"]

    def test_braille_with_gap(self) -> None:
        assert curve((4.0, 4.0, None, None, 0.0, 2.0), 3, 1, 4.0, LOOK) == ["⣿ ⣠"]
        assert curve((1.0,), 2, 1, 1.0, LOOK) == [" ⢸"]

    def test_lines_stack_with_label_value_and_scale(self) -> None:
        text = rows(draw_series(data.series(3), 60, 10, LOOK))
        assert text[0].startswith("n1 p99")
        assert text[0].endswith("100")
        assert "ms" in text[1]

    def test_shared_scale(self) -> None:
        series = Series((Line("a", (1.0,), "1"), Line("b", (100.0,), "100")), 500, shared_scale=True)
        assert rows(draw_series(series, 60, 2, LOOK))[0].endswith("100")


class TestDetail:
    def test_facts_then_tables(self) -> None:
        text = rows(draw_detail(data.detail(), 60, LOOK))
        assert text[0] == "n6"
        assert text[1].startswith("state")
        assert any(line.startswith("shards ───") for line in text)
        assert text[-1] == "none open"


class TestRing:
    def test_owners_wrap_over_the_top(self) -> None:
        owners = Owners((Arc(0.75, 0.25, 0), Arc(0.25, 0.5, 1)))
        assert [owners.at(t) for t in (0.0, 0.9, 0.3, 0.6)] == [0, 0, 1, -1]

    def test_nodes_and_replicas_are_labelled(self) -> None:
        picture = RingPainter(LOOK).draw(data.ring(12), 62, 28)
        for label in ("▲ n1", "▲ n2¹", "✕ n4", "❄ n6", "↻ n9", "◆"):
            assert label in picture.text
        assert "cart:4711" in rows(picture)[-1]

    def test_what_others_wrongly_believe_stands_beside_what_is_and_moves_nothing(self) -> None:
        shape = data.ring(12, busy=False)
        judged = replace(
            shape,
            nodes=tuple(replace(node, misjudged={"n4": 7, "n7": 2}.get(node.name, 0)) for node in shape.nodes),
        )
        for look, dead, up in ((LOOK, "●7", "?2"), (ASCII, "o7", "?2"), (Look(theme=Theme.LIGHT), "●7", "?2")):
            painter = RingPainter(look)
            before, after = (painter.static(ring, 70, 30, None, frozenset()).labels for ring in (shape, judged))
            assert before.centres == after.centres
            text = painter.draw(judged, 70, 30).text
            assert dead in text  # n4 is down, and seven still believe it alive
            assert up in text
            assert dead not in painter.draw(shape, 70, 30).text
            assert all(after.cells[place] == before.cells[place] for place in before.cells)

    def test_small_panels_have_marks_and_a_legend(self) -> None:
        text = RingPainter(LOOK).draw(data.ring(12), 34, 14).text
        for i in range(1, 13):
            assert f"n{i}" in text

    def test_a_cut_goes_through_the_annulus(self) -> None:
        assert cut_turns([0, 0, 1, 1]) == [0.375, 0.875]
        ring = circle(60, 27)

        def filled(shape: Ring) -> int:
            chars, _ = annulus(ring, shape.nodes, pixel_owners(ring, shape.arcs), ASCII, None)
            return sum(char.isalpha() for row in chars for char in row)

        assert filled(data.ring(12, cut=True)) < filled(data.ring(12)) - 8

    def test_static_layer_is_kept_while_things_move(self) -> None:
        painter = RingPainter(LOOK)
        one = data.ring(12, 1)
        painter.draw(one, 60, 28)
        kept = painter._static
        painter.draw(replace(data.ring(12, 2), nodes=one.nodes, arcs=one.arcs), 60, 28)
        assert painter._static is kept
        painter.draw(one, 60, 28, selected="n2")
        assert painter._static is not kept

    def test_labels_stay_put(self) -> None:
        """Neither marking nor a cut nor another key moves a node."""
        shape = data.ring(12, busy=False)
        painter = RingPainter(LOOK)
        places = []
        for ring, marked in (
            (shape, frozenset()),
            (shape, frozenset({"n3"})),
            (data.ring(12, busy=False, cut=True), frozenset()),
            (replace(shape, key=None), frozenset()),
        ):
            places.append(painter.static(ring, 60, 27, None, marked).labels.centres)
        assert all(place == places[0] for place in places)

    def test_the_circle_is_round_and_inside(self) -> None:
        ring = circle(60, 27)
        assert ring.outer < 27
        assert ring.cell(0.0, ring.outer)[0] == 30
