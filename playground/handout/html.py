"""Hand-outs as HTML: one file that needs nothing else, neither the network nor a script.

Pictures are inline SVG, the style sheet stands in the head; a policy in the head forbids to load anything. Whatever a
scenario says is text, never markup (:mod:`.markup`).
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from playground.handout.charts import bars, chart, hues, strips
from playground.handout.content import (
    Bars,
    Block,
    Chart,
    Command,
    Facts,
    Handout,
    Happening,
    Paragraph,
    Section,
    Story,
    Strips,
    Timeline,
)
from playground.handout.markup import element, written
from playground.handout.reading import caption, is_logarithmic
from playground.handout.style import style
from playground.handout.timeline import timeline
from widgets.shapes import Table, Tone

_MARKS = {Tone.BAD: "✕", Tone.WARN: "▲", Tone.GOOD: "●", Tone.ACCENT: "◆", Tone.PLAIN: "", Tone.MUTED: ""}
_LEGEND = (
    "Bars: what was broken. ✕ bad, ▲ warning, ● good, ◆ decision, flag and dashed line: somebody did something. "
    "The numbers are those of the captions below. Point at a mark to read it."
)
_LINES = frozenset({"meta", "title", "style", "h1", "h2", "h3", "h4", "h5", "p", "dd", "table", "thead", "tr"}) | {
    *("head", "body", "section", "div", "dl", "pre", "figure", "figcaption", "svg", "rect", "line", "path", "footer")
}
"""Elements after which a line of the file may end."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html(handout: Handout) -> str:
    """The whole document, in the end a line break."""
    wanted = {
        hue
        for section in handout.sections
        for block in section.blocks
        if isinstance(block, Strips)
        for hue in hues(block.curves)
    }
    page = element(
        "html",
        element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            element("title", handout.title),
            element("style", style(wanted)),
        ),
        element(
            "body",
            element("h1", handout.title),
            *(_section(each) for each in handout.sections),
            element("footer", handout.foot),
        ),
        lang="en",
    )
    _break_lines(page)
    return f"<!DOCTYPE html>\n{written(page)}\n"


def _break_lines(page: Element) -> None:
    """So that two hand-outs can be compared line by line."""
    for each in page.iter():
        if each.tag in _LINES and not each.tail:
            each.tail = "\n"


def _section(section: Section) -> Element:
    heading = element(f"h{section.level}", section.title)
    return element("section", heading, *(each for block in section.blocks for each in _block(block, section.level + 1)))


def _block(block: Block, level: int) -> Iterable[Element]:
    if isinstance(block, Paragraph):
        kind = {Tone.GOOD: "verdict good", Tone.BAD: "verdict bad", Tone.MUTED: "muted"}.get(block.tone, "said")
        yield element("p", block.text, class_=kind)
    elif isinstance(block, Command):
        yield element("pre", element("code", block.line))
    elif isinstance(block, Facts):
        yield element("dl", *(each for name, text in block.rows for each in (element("dt", name), element("dd", text))))
    elif isinstance(block, Table):
        yield element("div", _table(block), class_="scroll")
    elif isinstance(block, Story):
        yield from _story(block, level)
    elif isinstance(block, Timeline):
        yield _figure(timeline(block), element("figcaption", _LEGEND))
    elif isinstance(block, Chart | Strips):
        notes = f" ({block.unit}{', logarithmic' if isinstance(block, Chart) and is_logarithmic(block) else ''}) "
        said = element("figcaption", element("b", block.title), notes, caption(block))
        yield _figure(chart(block) if isinstance(block, Chart) else strips(block), said)
    else:
        yield _bars(block)


def _figure(image: Element, said: Element) -> Element:
    return element("figure", said, element("div", image, class_="scroll"))


def _bars(shown: Bars) -> Element:
    return _figure(bars(shown), element("figcaption", element("b", shown.title), f" {shown.note}"))


def _table(table: Table) -> Element:
    titled = element("caption", table.caption) if table.caption else None
    if not table.rows:
        return element("table", titled, element("tr", element("td", table.empty)))
    head = element("tr", *(_cell("th", each.title, each.right) for each in table.columns))
    rows = (
        element(
            "tr",
            *(
                _cell("td", cell.text, column.right, cell.tone)
                for cell, column in zip(row.cells, table.columns, strict=True)
            ),
        )
        for row in table.rows
    )
    return element("table", titled, element("thead", head), element("tbody", *rows))


def _cell(tag: str, text: str, right: bool, tone: Tone = Tone.PLAIN) -> Element:
    kinds = [*(("right",) if right else ()), *((tone.value,) if tone is not Tone.PLAIN else ())]
    return element(tag, text, **({"class_": " ".join(kinds)} if kinds else {}))


def _story(story: Story, level: int) -> Iterable[Element]:
    for chapter in story.chapters:
        content: list[Element] = []
        if chapter.caption:
            badge = element("span", str(chapter.number), class_="badge")
            content.append(element(f"h{level}", badge, element("time", _at(chapter.at_us)), chapter.caption))
        rows = [_line(each) for each in chapter.lines]
        if chapter.left_out:
            more = f"… and {chapter.left_out} more lines of less weight"
            cells = (element("td"), element("td"), element("td", more, colspan="2", class_="muted"))
            rows.append(element("tr", *cells))
        if rows:
            content.append(element("table", *rows, class_="story"))
        yield element("div", *content, class_="chapter")


def _line(line: Happening) -> Element:
    mark = "▸" if line.done else _MARKS[line.tone]
    text: Element | str = element("code", line.text) if line.done else line.text
    return element(
        "tr",
        element("td", _at(line.at_us)),
        element("td", mark, class_=line.tone.value),
        element("td", line.who),
        element("td", text),
    )


def _at(at_us: int) -> str:
    return f"{at_us / 1e6:.3f} s"
