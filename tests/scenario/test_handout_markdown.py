"""Hand-outs as Markdown, read back by an independent reader (markdown-it)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from playground.handout.content import (
    Bar,
    Bars,
    Chapter,
    Chart,
    Command,
    Curve,
    Facts,
    Handout,
    Happening,
    Row,
    Section,
    Span,
    Story,
    Timeline,
)
from playground.handout.judged import table
from playground.handout.markdown import code, escaped, markdown, sparkline
from widgets.shapes import Tone

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = "<script>alert(1)</script> | `a` *b* _c_ [d](http://e) &amp; \\ ~~f~~ # g #"
SPAN = Span(10_000_000, ((2_000_000, 4_000_000),), (2_000_000,))


def document(*blocks: object, title: str = "T") -> Handout:
    return Handout(title, (Section("S", blocks),), "made by nobody")  # type: ignore[arg-type]


def picture(text: str, number: int = 0) -> list[str]:
    """The lines of a code block."""
    return [token for token in READER.parse(text) if token.type == "fence"][number].content.splitlines()


def inline(text: str) -> list[tuple[str, str]]:
    """Type and content of what is in the only paragraph."""
    opening, content, closing = READER.parse(text)
    assert (opening.type, closing.type) == ("paragraph_open", "paragraph_close")
    return [(child.type, child.content) for child in content.children or ()]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_is_escaped_is_read_as_the_very_text(text: str) -> None:
    flat = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if flat:
        parts = inline(escaped(text))
        assert {kind for kind, _ in parts} <= {"text", "text_special"}
        assert "".join(content for _, content in parts) == flat


@given(st.text(st.sampled_from("`*_|<>#-+=1.) a~[]!&;\\$"), min_size=1))
def test_no_text_of_special_characters_becomes_a_list_a_heading_or_a_tag(text: str) -> None:
    if text.strip():
        assert "".join(content for _, content in inline(escaped(text))) == " ".join(text.split())


@given(st.text(st.sampled_from("` ab*|"), min_size=1))
def test_a_code_span_holds_backticks_as_they_are(text: str) -> None:
    flat = " ".join(text.split())
    if flat:
        assert inline(f"x{code(text)}")[1:] == [("code_inline", flat)]


def test_a_title_from_hell_is_a_title() -> None:
    heading = READER.parse(markdown(document(title=NASTY)))[1]
    assert "".join(child.content for child in heading.children or ()) == NASTY


def test_cells_hold_pipes_and_stay_cells() -> None:
    text = markdown(document(table(("a|b", "c"), [(NASTY, "x|y")])))
    cells = [token for token in READER.parse(text) if token.type == "inline" and token.level == 4]
    assert ["".join(child.content for child in cell.children or ()) for cell in cells] == ["a|b", "c", NASTY, "x|y"]


def test_facts_and_commands_are_there_to_be_copied() -> None:
    text = markdown(document(Facts((("seed", "7"),)), Command("playground replay '```.yaml' --seed 7")))
    assert "- **seed**: 7" in text
    assert picture(text) == ["playground replay '```.yaml' --seed 7"]


def test_the_columns_of_timeline_and_curve_are_the_same_instants() -> None:
    happened = Happening(9_500_000, "", "two masters", Tone.BAD)
    rows = (Row("n1: down", bars=(Bar(2_000_000, 4_000_000, True),)), Row("alerts", points=(happened,)))
    curve = Curve("errors", (0, 0, 5, 5, 0, 0, None, 0, 0, 0))
    text = markdown(document(Timeline(SPAN, rows, (0, 5_000_000)), Chart("Errors", "errors/s", SPAN, 0, (curve,))))
    captions, down, alerts, axis = picture(text)
    (errors, below) = picture(text, 1)
    assert [at for at, char in enumerate(down) if char == "█"] == [at for at, char in enumerate(errors) if char == "█"]
    assert (captions[28], captions[33], alerts[28 + 9], errors[28 + 6]) == ("1", "2", "✕", " ")
    assert axis == below
    assert axis.index("0 s") == 28


def test_a_run_longer_than_the_picture_is_wide_has_columns_of_several_seconds() -> None:
    span = Span(120_000_000, (), ())
    curve = Curve("errors", tuple(9.0 if at == 101 else 0.0 for at in range(120)))
    text = markdown(document(Chart("Errors", "errors/s", span, 0, (curve,))))
    assert "a column is 2 s, and shows the largest value" in text
    assert picture(text)[0].index("█") == 28 + 50


def test_the_story_has_captions_as_headings_and_acts_as_code() -> None:
    crash = Happening(1_000_000, "", "crash n1", done=True)
    crashed = Happening(1_000_000, "n1", "crashed", Tone.BAD)
    text = markdown(document(Story((Chapter(1, 1_000_000, "# It begins", (crash, crashed), 3),))))
    assert "### (1) 1.000 s: \\# It begins" in text
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert lines == ["- 1.000 s ▸ `crash n1`", "- 1.000 s ✕ **n1** crashed", "- … and 3 more lines of less weight"]


@pytest.mark.parametrize(
    ("values", "scale", "shown"),
    [
        ((0, 7, 14), (0.0, 14.0), "▁▅█"),
        ((None, 14, None), (0.0, 14.0), " █ "),
        ((3, 3), (3.0, 3.0), "▁▁"),
    ],
)
def test_a_sparkline_is_as_high_as_its_values(
    values: tuple[float | None, ...], scale: tuple[float, float], shown: str
) -> None:
    assert sparkline(values, *scale) == shown


def test_on_a_logarithmic_scale_equal_ratios_are_equal_steps() -> None:
    assert sparkline((1, 10, 100), 1.0, 100.0, logarithmic=True) == "▁▅█"


def test_bars_are_as_long_as_their_shares() -> None:
    one, two = picture(markdown(document(Bars("rate", "per second", (("one", 0.5, "17"), ("two", 1.0, "34"))))))
    assert (one.count("█"), two.count("█")) == (20, 40)
    assert (one.endswith("17"), two.endswith("34")) == (True, True)
