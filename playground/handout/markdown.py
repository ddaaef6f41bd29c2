"""Hand-outs as Markdown: CommonMark with the tables of GitHub, and pictures made of characters.

* A line of the source is a line of the run, so that two hand-outs can be compared with ``diff``.
* Whatever a scenario says is escaped: no title becomes a heading, a tag or a link by itself.
* Timeline and curves stand in code blocks, over one axis: a column is the same instant in all of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from playground.handout.content import (
    Bars,
    Block,
    Chart,
    Command,
    Curve,
    Facts,
    Handout,
    Happening,
    Paragraph,
    Row,
    Section,
    Span,
    Story,
    Strips,
    Timeline,
)
from playground.handout.reading import coarse, in_words, is_logarithmic, measured
from playground.scenario.telling.bars import bar
from widgets.shapes import Table, Tone

CELLS = 60
"""Columns of a picture, at most."""
NAME = 28
"""Columns before it."""
_BLOCKS = "▁▂▃▄▅▆▇█"
_MARKS = {Tone.BAD: "✕", Tone.WARN: "▲", Tone.GOOD: "●", Tone.ACCENT: "◆", Tone.PLAIN: "·", Tone.MUTED: "·"}
_SPECIAL = re.compile(r"([\\`*\[\]|~$]|<(?=[A-Za-z/!?])|&(?=#|\w)|(?<![^\W_])_|_(?![^\W_]))")
_STARTS = re.compile(r"^(?:[#>]|[-+=](?=[\s=-]|$))|(?<=.)#$")
_ITEM = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
"""What would begin a heading, a quotation, a rule or a list; and end a heading."""


def markdown(handout: Handout) -> str:
    """The whole document, in the end a line break."""
    lines = [f"# {escaped(handout.title)}", ""]
    for section in handout.sections:
        lines += [f"{'#' * section.level} {escaped(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block, section), ""]
    lines += ["---", "", escaped(handout.foot)]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """``text`` as it is, on a line of its own, whatever Markdown would make of its characters."""
    return _ITEM.sub(r"\1\\\2", _STARTS.sub(r"\\\g<0>", inline(text)))


def inline(text: str) -> str:
    """The same where something stands before it: in a cell, after a name."""
    flat = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return _SPECIAL.sub(r"\\\1", flat)


def code(text: str) -> str:
    """A code span that holds ``text``, backticks and all (CommonMark 6.1)."""
    flat = " ".join(text.split())
    fence = "`" * (1 + max((len(each) for each in re.findall(r"`+", flat)), default=0))
    pad = " " if flat.startswith("`") or flat.endswith("`") or not flat else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def _block(block: Block, section: Section) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield f"**{escaped(block.text)}**" if block.tone in (Tone.GOOD, Tone.BAD) else escaped(block.text)
    elif isinstance(block, Command):
        yield from _fenced([block.line], "console")
    elif isinstance(block, Facts):
        yield from (f"- **{inline(name)}**: {inline(text)}" for name, text in block.rows)
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Story):
        yield from _story(block, section.level + 1)
    elif isinstance(block, Timeline):
        yield from _fenced(_timeline(block))
    elif isinstance(block, Chart | Strips):
        yield from _chart(block)
    else:
        yield from _bars(block)


def _table(table: Table) -> Iterator[str]:
    if table.caption:
        yield f"**{escaped(table.caption)}**"
        yield ""
    if not table.rows:
        yield escaped(table.empty)
        return
    yield _row(inline(each.title) for each in table.columns)
    yield _row("--:" if each.right else "---" for each in table.columns)
    for row in table.rows:
        cells = (inline(cell.text) for cell in row.cells)
        tones = (cell.tone for cell in row.cells)
        yield _row(
            f"**{text}**" if tone is Tone.BAD and text else text for text, tone in zip(cells, tones, strict=True)
        )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _story(story: Story, level: int) -> Iterator[str]:
    for number, chapter in enumerate(story.chapters):
        if number:
            yield ""
        if chapter.caption:
            yield f"{'#' * level} ({chapter.number}) {_at(chapter.at_us)}: {escaped(chapter.caption)}"
            if chapter.lines:
                yield ""
        for line in chapter.lines:
            yield f"- {_at(line.at_us)} {_told(line)}"
        if chapter.left_out:
            yield f"- … and {chapter.left_out} more lines of less weight"


def _told(line: Happening) -> str:
    if line.done:
        return f"▸ {code(line.text)}"
    text = f"**{inline(line.who)}** {inline(line.text)}" if line.who else inline(line.text)
    return f"{_MARKS[line.tone]} {text}"


def _at(at_us: int) -> str:
    return f"{at_us / 1e6:.3f} s"


def _cell_s(span: Span) -> int:
    """Whole seconds that a column of a picture stands for."""
    return max(1, math.ceil(span.until_us / 1e6 / CELLS))


def _timeline(timeline: Timeline) -> Iterator[str]:
    span = timeline.span
    cell_us = _cell_s(span) * 1_000_000
    cells = math.ceil(span.until_us / cell_us)
    if timeline.captions:
        marks = [" "] * cells
        for number, at_us in enumerate(timeline.captions, start=1):
            marks[min(at_us // cell_us, cells - 1)] = "123456789abcdefghijklmnopqrstuvwxyz"[min(number, 35) - 1]
        yield f"{_named('captions')}{''.join(marks).rstrip()}"
    for row in timeline.rows:
        yield f"{_named(row.name)}{_marked(row, cells, cell_us)}"
    yield _axis(span, cells)


def _marked(row: Row, cells: int, cell_us: int) -> str:
    marks = [" "] * cells
    for each in row.bars:
        last = max(each.from_us, each.until_us - 1)
        for at in range(each.from_us // cell_us, min(last // cell_us, cells - 1) + 1):
            marks[at] = "█"
    for point in row.points:
        marks[min(point.at_us // cell_us, cells - 1)] = "▸" if point.done else _MARKS[point.tone]
    return "".join(marks).rstrip()


def _axis(span: Span, cells: int) -> str:
    """``0 s`` under the first column, then every ten columns the second that it stands for."""
    axis = [" "] * (cells + 8)
    for at in range(0, cells, 10):
        text = f"{at * _cell_s(span)} s"
        axis[at : at + len(text)] = text
    return f"{_named('')}{''.join(axis).rstrip()}"


def _chart(chart: Chart | Strips) -> Iterator[str]:
    cell_s = _cell_s(chart.span)
    logarithmic = isinstance(chart, Chart) and is_logarithmic(chart)
    notes = [chart.unit, *(("logarithmic",) if logarithmic else ())]
    if cell_s > 1:
        notes.append(f"a column is {cell_s} s, and shows the largest value")
    yield f"**{escaped(chart.title)}** ({escaped(', '.join(notes))})"
    yield ""
    values = measured(chart)
    scale = (min(values, default=0.0), max(values, default=0.0)) if logarithmic else (0.0, max(values, default=0.0))
    before = " " * (chart.first_s // cell_s)
    drawn = [(each, before + sparkline(coarse(each.values, cell_s), *scale, logarithmic)) for each in chart.curves]
    cells = math.ceil(chart.span.until_us / 1e6 / cell_s)
    axis = _axis(chart.span, cells)
    yield from _fenced([*(f"{_named(curve.name)}{line.rstrip()}" for curve, line in drawn), axis])
    yield ""
    yield from _summaries(chart.curves, chart.first_s)


def _summaries(curves: Sequence[Curve], first_s: int) -> Iterator[str]:
    yield from (f"- {escaped(in_words(each, first_s))}" for each in curves)


def sparkline(values: Iterable[float | None], low: float, high: float, logarithmic: bool = False) -> str:
    """A block for each value between ``low`` and ``high``; a blank where there is none."""

    def height(value: float) -> float:
        if high <= low:
            return 0.0
        if logarithmic:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    return "".join(" " if each is None else _BLOCKS[round(height(each) * (len(_BLOCKS) - 1))] for each in values)


def _bars(bars: Bars) -> Iterator[str]:
    yield f"**{escaped(bars.title)}** ({escaped(bars.note)})"
    yield ""
    room = max(len(text) for _, _, text in bars.bars)
    yield from _fenced([f"{_named(name)}{bar(share, 40):<40}  {text:>{room}}" for name, share, text in bars.bars])


def _named(name: str) -> str:
    flat = "".join(each if each.isprintable() else " " for each in name)
    return f"{flat if len(flat) < NAME else flat[: NAME - 2] + '…':<{NAME}}"


def _fenced(lines: Iterable[str], language: str = "text") -> Iterator[str]:
    """A code block whose fence is longer than any run of backticks in it."""
    kept = list(lines)
    fence = "`" * max(3, 1 + max((len(run) for line in kept for run in re.findall(r"`+", line)), default=0))
    yield f"{fence}{language}"
    yield from kept
    yield fence
