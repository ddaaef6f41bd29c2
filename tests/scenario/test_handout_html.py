"""Hand-outs as HTML: one file that needs nothing else, in which whatever a scenario says is text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from playground.handout.axes import LEFT, RIGHT, WIDTH
from playground.handout.compose import compose
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
    Paragraph,
    Row,
    Section,
    Span,
    Story,
    Strips,
    Timeline,
)
from playground.handout.html import html
from playground.handout.judged import table
from playground.scenario.loader import loads
from playground.scenario.playing import play_script
from tests.fresh import told
from widgets.palette import Look, Theme
from widgets.shapes import Tone

NASTY = "</style></title><script src='http://x/'>alert(1)</script> & \"q\" 'a' ]]> <!-- \x00\x1b"
SPAN = Span(10_000_000, ((2_000_000, 4_000_000),), (2_000_000,))
SMALL = """
title: <b>small</b> & sound
cluster: {preset: small}
until: 3s
method:
  - {at: 1s, do: crash, nodes: [n1], lasting: 500ms, say: "<i>n1</i> crashes"}
"""


def page(*blocks: object, title: str = "T") -> str:
    return html(Handout(title, (Section("S", blocks),), "made by nobody"))  # type: ignore[arg-type]


def root_of(text: str) -> ET.Element:
    """The page as XML: it is well-formed."""
    assert text.startswith("<!DOCTYPE html>\n")
    return ET.fromstring(text.partition("\n")[2])


def everything_nasty() -> str:
    said = Happening(1_000_000, NASTY, NASTY, Tone.BAD)
    curve = Curve(NASTY, (1.0, None, 2.0))
    return page(
        Paragraph(NASTY),
        Command(NASTY),
        Facts(((NASTY, NASTY),)),
        table((NASTY,), [(NASTY,)]),
        Story((Chapter(1, 0, NASTY, (said,)),)),
        Timeline(SPAN, (Row(NASTY, bars=(Bar(0, 5, True),)), Row("p", points=(said,))), (0,)),
        Chart(NASTY, NASTY, SPAN, 0, (curve, curve)),
        Strips(NASTY, NASTY, SPAN, 0, (curve,)),
        Bars(NASTY, NASTY, ((NASTY, 0.5, NASTY),)),
        title=NASTY,
    )


class Tags(HTMLParser):
    """The tags that a browser sees, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.names: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_whatever_a_scenario_says_is_text() -> None:
    text = everything_nasty()
    root_of(text)
    seen = Tags(text)
    assert not {"script", "img", "iframe", "link", "object", "a", "image", "use"} & set(seen.tags)
    assert not [name for name in seen.names if name.startswith("on") or name in ("src", "href", "xlink:href")]
    assert seen.text.count("alert(1)") >= 10
    text.encode()


def test_nothing_is_loaded_from_anywhere() -> None:
    text = html(compose([("small.yaml", play_script(loads(SMALL).alone(), chronicled=True))]))
    assert not re.search(r"https?:|src=|href=|url\(|@import|<script", text)
    policies = [each.get("content") for each in root_of(text).iter("meta") if each.get("http-equiv")]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_every_picture_has_a_text_in_its_place() -> None:
    root = root_of(html(compose([("small.yaml", play_script(loads(SMALL).alone(), chronicled=True))])))
    pictures = list(root.iter("svg"))
    assert len(pictures) >= 4
    assert all(each.get("role") == "img" and len(each.get("aria-label", "")) > 20 for each in pictures)
    latency = next(
        each.get("aria-label", "") for each in pictures if each.get("aria-label", "").startswith("Latency, ms")
    )
    assert re.search(r"p50: [\d.]+ to [\d.]+, median", latency)


def test_light_and_dark_colours_are_those_of_the_palette() -> None:
    text = page(Strips("w", "x/s", SPAN, 0, (Curve("n1", (1.0,), hue=3),)))
    light, _, dark = text.partition("prefers-color-scheme: dark")
    for part, theme in ((light, Theme.LIGHT), (dark, Theme.DARK)):
        look = Look(theme=theme)
        assert "--bad: #{:02x}{:02x}{:02x};".format(*look.tone(Tone.BAD)) in part
        assert "--hue-3: #{:02x}{:02x}{:02x};".format(*look.hue(3)) in part


def test_every_variable_that_is_used_is_defined() -> None:
    text = everything_nasty()
    defined = set(re.findall(r"(--[a-z0-9-]+):", text))
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", text)) <= defined


def test_a_curve_has_a_gap_where_nothing_was_measured_and_a_dot_where_a_value_is_alone() -> None:
    values = (1.0, 2.0, None, 3.0, None, 4.0, 5.0, None)
    root = root_of(page(Chart("c", "u", SPAN, 0, (Curve("a", values),))))
    (path,) = [each for each in root.iter("path") if "curve" in each.get("class", "")]
    assert path.get("d", "").count("M") == 2
    (dot,) = [each for each in root.iter("circle") if "lone" in each.get("class", "")]
    assert float(dot.get("cx", "")) == pytest.approx(LEFT + (WIDTH - LEFT - RIGHT) * 0.35, abs=0.1)


def test_curves_of_one_chart_are_told_apart_without_colour() -> None:
    curves = (Curve("p50", (1.0, 2.0)), Curve("p99", (3.0, 4.0)))
    root = root_of(page(Chart("Latency", "ms", SPAN, 0, curves)))
    drawn = [each for each in root.iter("path") if "curve" in each.get("class", "")]
    legend = [each for each in root.iter("line") if "curve" in each.get("class", "")]
    dashes = [each.get("stroke-dasharray") for each in drawn]
    assert len(set(dashes)) == 2
    assert [each.get("stroke-dasharray") for each in legend] == dashes
    assert {"p50", "p99"} <= {each.text for each in root.iter("text")}


def test_higher_values_stand_higher_on_both_kinds_of_scale() -> None:
    for values in ((0.0, 5.0, 10.0), (1.0, 10.0, 1000.0)):
        root = root_of(page(Chart("c", "u", SPAN, 0, (Curve("a", values),))))
        (path,) = [each for each in root.iter("path") if "curve" in each.get("class", "")]
        heights = [float(point.split()[1]) for point in path.get("d", "").removeprefix("M").split("L")]
        assert heights == sorted(heights, reverse=True)
        assert len(set(heights)) == 3


def test_bars_and_shades_stand_where_their_instants_are_on_the_axis() -> None:
    row = Row("n1: down", bars=(Bar(2_000_000, 4_000_000, True),))
    root = root_of(page(Timeline(SPAN, (row,))))
    for kind in ("bar", "shade"):
        (rect,) = [each for each in root.iter("rect") if each.get("class") == kind]
        room = WIDTH - LEFT - RIGHT
        assert float(rect.get("x", "")) == pytest.approx(LEFT + 0.2 * room, abs=0.1)
        assert float(rect.get("width", "")) == pytest.approx(0.2 * room, abs=0.1)


def test_captions_that_are_near_each_other_do_not_cover_each_other() -> None:
    root = root_of(page(Timeline(SPAN, (), (1_000_000, 1_050_000, 1_100_000, 5_000_000))))
    places = [(float(each.get("cx", "")), float(each.get("cy", ""))) for each in root.iter("circle")]
    for number, (x, y) in enumerate(places):
        assert all(abs(x - other) >= 16 or abs(y - below) >= 16 for other, below in places[:number])


def test_a_run_that_is_cut_at_zero_or_has_nothing_to_draw_is_drawn() -> None:
    empty = Span(1, (), ())
    curve = Curve("a", ())
    root_of(page(Timeline(empty, ()), Chart("c", "u", empty, 0, (curve,)), Strips("s", "u", empty, 0, (curve,))))


def test_the_same_run_gives_the_same_bytes_in_every_process() -> None:
    code = f"""
from playground.handout.compose import compose
from playground.handout.html import html
from playground.handout.markdown import markdown
from playground.scenario.loader import loads
from playground.scenario.playing import play_script
made = compose([("small.yaml", play_script(loads({SMALL!r}).alone(), chronicled=True))])
print(html(made), markdown(made))
"""
    (only,) = told(code, ("0", "1", "77"))
    assert b"&lt;b&gt;small&lt;/b&gt; &amp; sound" in only
