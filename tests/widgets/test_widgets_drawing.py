"""Whatever the shape and however small the panel: every drawing keeps its width and never raises."""

from __future__ import annotations

from random import Random

import pytest
from rich.cells import cell_len

from widgets import gallery_data as data
from widgets.canvas import Picture
from widgets.detail import draw_detail
from widgets.log import draw_log
from widgets.matrix import draw_matrix
from widgets.palette import Colors, Look
from widgets.ring_draw import RingPainter
from widgets.series import draw_series
from widgets.shapes import (
    Arc,
    Belief,
    Cell,
    Chord,
    Column,
    Detail,
    Fact,
    KeyMark,
    Line,
    Log,
    LogLine,
    Matrix,
    MatrixCell,
    MatrixNode,
    Ring,
    RingNode,
    Row,
    Series,
    Spark,
    State,
    Table,
    Tone,
    Tree,
    TreeNode,
)
from widgets.table import draw_table
from widgets.tree import draw_tree

LOOKS = [Look(), Look(Colors.SIXTEEN), Look(Colors.NONE), Look(Colors.NONE, unicode=False), Look(unicode=False)]
NAMES = ["", "n1", "n22", "日本", "a rather long name of a node", "x\x1b[31my", "é" * 9, "\n", "n3", "shard-7"]


def sizes(chance: Random) -> tuple[int, int]:
    return chance.choice(
        ((chance.randrange(1, 12), chance.randrange(1, 6)), (chance.randrange(1, 120), chance.randrange(1, 50)))
    )


def check(picture: Picture, width: int, height: int | None, look: Look) -> None:
    for strip in picture.strips:
        assert cell_len(strip.text) == width == strip.cell_length
        assert all(char.isprintable() for char in strip.text)
        if not look.unicode:
            assert strip.text.isascii()
    if height is not None:
        assert len(picture.strips) <= height
    for spot in picture.spots:
        assert spot.x1 < spot.x2
        assert 0 <= spot.y < len(picture.strips)


def any_ring(chance: Random) -> Ring:
    count = chance.choice((0, 1, 2, 3, 12, 60))
    nodes = tuple(
        RingNode(
            chance.choice(NAMES) + str(i),
            chance.randrange(-3, 40),
            chance.choice(list(State)),
            0.1,
            chance.randrange(3),
        )
        for i in range(count)
    )
    names = [node.name for node in nodes] + ["nobody"]
    arcs = tuple(
        Arc(chance.random(), chance.choice((chance.random(), 1.0)), chance.randrange(-1, count + 2))
        for _ in range(count * 3)
    )
    sparks = tuple(
        Spark(chance.uniform(-1, 2), chance.random() < 0.5, chance.choice(list(Tone)), chance.uniform(-0.5, 1.5))
        for _ in range(9)
    )
    chords = tuple(
        Chord(
            chance.choice(names),
            chance.choice(names),
            chance.choice((None, chance.uniform(-0.2, 1.3))),
            chance.choice(list(Tone)),
        )
        for _ in range(9)
    )
    key = (
        KeyMark(chance.choice(NAMES), chance.uniform(-1, 2), tuple(chance.choices(names, k=3)))
        if chance.random() < 0.6
        else None
    )
    return Ring(nodes, arcs, sparks, chords, key, chance.choice(NAMES))


def any_table(chance: Random) -> Table:
    columns = tuple(
        Column(
            chance.choice(NAMES),
            chance.randrange(0, 15),
            chance.random() < 0.5,
            chance.randrange(3),
            chance.randrange(3),
        )
        for _ in range(chance.randrange(0, 7))
    )
    rows = tuple(
        Row(
            tuple(
                Cell(
                    chance.choice(NAMES),
                    chance.choice(list(Tone)),
                    chance.choice((None, chance.uniform(-1, 2))),
                    chance.choice((None, None, 4, 30)),
                )
                for _ in range(chance.randrange(0, 8))
            ),
            chance.choice(NAMES), chance.choice((None, 3, 11)), chance.choice((None, *State)),
        )
        for _ in range(chance.randrange(0, 9))
    )  # fmt: skip
    return Table(columns, rows, chance.choice(NAMES), chance.choice(NAMES))


def any_matrix(chance: Random) -> Matrix:
    count = chance.choice((0, 1, 2, 5, 12, 50))
    nodes = tuple(
        MatrixNode(chance.choice(NAMES) + str(i), i, chance.choice(list(State)), chance.randrange(2))
        for i in range(count)
    )
    cells = tuple(
        tuple(
            MatrixCell(chance.choice(list(Belief)), chance.choice((None, 0, 999, 12_345, 10**9))) for _ in range(width)
        )
        for width in [
            chance.choice((0, count, count, max(0, count - 1))) for _ in range(max(0, count - chance.randrange(2)))
        ]
    )
    return Matrix(nodes, cells, chance.choice(NAMES))


def any_tree(chance: Random) -> Tree:
    nodes = tuple(
        TreeNode(
            f"/{i}", chance.choice(NAMES), chance.choice((0, 1, 1, 2, 3, 5, 90, -1)), " ".join(chance.choices(NAMES)),
            chance.choice(("", "ephemeral", "é")), chance.choice(list(Tone)), chance.choice((None, 3, 11)),
            chance.choice(("", *NAMES)), chance.random() < 0.5,
        )
        for i in range(chance.choice((0, 1, 7, 40)))
    )  # fmt: skip
    return Tree(nodes, chance.choice(NAMES), chance.choice(NAMES))


@pytest.mark.parametrize("seed", range(150))
def test_any_tree(seed: int) -> None:
    chance = Random(seed)
    look = LOOKS[seed % len(LOOKS)]
    width, height = sizes(chance)
    tree = any_tree(chance)
    selected, marked = chance.choice([None, *NAMES]), frozenset(chance.choices(NAMES, k=2))
    for room in (height, None):
        top = chance.randrange(0, 50)
        check(draw_tree(tree, width, room, look, selected=selected, marked=marked, top=top), width, room, look)


@pytest.mark.parametrize("seed", range(120))
def test_any_ring(seed: int) -> None:
    chance = Random(seed)
    look = LOOKS[seed % len(LOOKS)]
    width, height = sizes(chance)
    ring = any_ring(chance)
    painter = RingPainter(look)
    names = [node.name for node in ring.nodes] or ["nobody"]
    for _ in range(2):
        picture = painter.draw(
            ring, width, height, selected=chance.choice([None, *names]), marked=frozenset(chance.choices(names, k=2))
        )
        check(picture, width, height, look)
        assert len(picture.strips) == height


@pytest.mark.parametrize("seed", range(150))
def test_any_table_and_detail(seed: int) -> None:
    chance = Random(seed)
    look = LOOKS[seed % len(LOOKS)]
    width, height = sizes(chance)
    table = any_table(chance)
    picture = draw_table(
        table, width, height, look, selected=chance.choice(NAMES), marked=frozenset(chance.choices(NAMES, k=2)),
        top=chance.randrange(3),
    )  # fmt: skip
    check(picture, width, height, look)
    facts = tuple(Fact(chance.choice(NAMES), " ".join(chance.choices(NAMES, k=5))) for _ in range(3))
    detail = Detail(chance.choice(NAMES), facts, ((chance.choice(NAMES), table),))
    check(draw_detail(detail, width, look, selected="n1"), width, None, look)


@pytest.mark.parametrize("seed", range(150))
def test_any_matrix(seed: int) -> None:
    chance = Random(seed)
    look = LOOKS[seed % len(LOOKS)]
    width, height = sizes(chance)
    matrix = any_matrix(chance)
    selected = chance.choice([None, *(node.name for node in matrix.nodes)])
    check(draw_matrix(matrix, width, height, look, selected=selected), width, height, look)


@pytest.mark.parametrize("seed", range(120))
def test_any_series_and_log(seed: int) -> None:
    chance = Random(seed)
    look = LOOKS[seed % len(LOOKS)]
    width, height = sizes(chance)
    some: list[float | None] = [None, 0.0, -3.0, 1.0, 17.5, 1e12, float("nan"), float("inf")]
    series = Series(
        tuple(
            Line(chance.choice(NAMES), tuple(chance.choices(some, k=chance.randrange(90))), chance.choice(NAMES), 2)
            for _ in range(chance.randrange(0, 9))
        ),
        500, chance.choice(NAMES), chance.random() < 0.5,
    )  # fmt: skip
    check(draw_series(series, width, height, look, selected="n1"), width, height, look)
    lines = tuple(
        LogLine(i * 2, i * 1_000_003, chance.choice(NAMES), chance.choice(NAMES), " ".join(chance.choices(NAMES, k=6)))
        for i in range(chance.randrange(0, 40))
    )
    wanted = chance.choice(("", "n", "zzz", "日"))
    bottom = chance.choice((None, -1, 7, 1000))
    log = Log(lines, chance.randrange(3))
    check(draw_log(log, width, height, look, wanted=wanted, selected="n1", bottom=bottom), width, height, look)


def test_the_gallery_repeats_itself() -> None:
    assert data.ring(12, 9) == data.ring(12, 9)
    assert data.matrix(7, 3) == data.matrix(7, 3)
    assert data.tree(3) == data.tree(3)
