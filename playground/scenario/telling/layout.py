"""The pieces that reports are laid out with: titles, grids that wrap their last column, tables in blocks that fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

INDENT = 2
GAP = 2


def title(text: str, console: Console) -> None:
    """A heading, with a free line before it."""
    console.print()
    console.print(Text(text, "bold"))


def grid(*sides: str) -> Table:
    """Columns aligned "left" or "right"; only the last one wraps."""
    table = Table.grid(padding=(0, GAP, 0, 0))
    for side in sides[:-1]:
        table.add_column(justify="right" if side == "right" else "left", no_wrap=True)
    table.add_column()
    return table


def rows(heads: Iterable[str], lines: Iterable[tuple[str, ...]]) -> Table:
    """A table of words and, from the second column on, numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    return table


def blocks(heads: Sequence[str], lines: Sequence[tuple[str, ...]], width: int) -> list[Table]:
    """The same table, cut between columns into as many as it takes to fit ``width``; the first column leads each."""
    widths = [max(len(each[number]) for each in (tuple(heads), *lines)) + GAP for number in range(len(heads))]
    tables, start = [], 1
    while start < len(heads):
        stop, room = start + 1, width - INDENT - widths[0] - widths[start]
        while stop < len(heads) and widths[stop] <= room:
            room -= widths[stop]
            stop += 1
        chosen = (0, *range(start, stop))
        tables.append(rows([heads[at] for at in chosen], [tuple(line[at] for at in chosen) for line in lines]))
        start = stop
    return tables


def indented(content: RenderableType) -> Padding:
    """A little to the right."""
    return Padding(content, (0, 0, 0, INDENT), expand=False)


def verdict(passed: bool) -> Text:
    """A word that needs no colour."""
    return Text("pass", "green") if passed else Text("FAIL", "bold red")


def conclusion(passed: bool, digest: str, console: Console) -> None:
    """The last lines: how it went, and the digest, which is never broken: it is there to be copied."""
    console.print(Text("PASSED" if passed else "FAILED", "bold green" if passed else "bold red"))
    console.print(Text(f"digest {digest}"), soft_wrap=True)
