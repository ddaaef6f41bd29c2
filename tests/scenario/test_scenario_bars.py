"""Figures over variants as a picture, and what a report says of messages."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from playground.figure import Value
from playground.scenario.figures import FIGURES
from playground.scenario.loader import load_file
from playground.scenario.model import Script
from playground.scenario.playing import Played, play_script
from playground.scenario.shelf import find
from playground.scenario.telling.bars import bar, bars
from playground.scenario.telling.report import report
from playground.scenario.telling.report_all import report_script

DOCS = Path(__file__).parents[2] / "docs" / "scenarios.md"


def console(width: int = 80, encoding: str = "utf-8") -> Console:
    return Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding), width=width, highlight=False)


def printed(shown: Console) -> str:
    file = shown.file
    assert isinstance(file, io.TextIOWrapper)
    file.flush()
    assert isinstance(file.buffer, io.BytesIO)
    return file.buffer.getvalue().decode(file.encoding)


def pictured(measured: dict[str, Value], width: int = 80, encoding: str = "utf-8") -> list[str]:
    shown = console(width, encoding)
    picture = bars(FIGURES["processing_rate"], measured, shown)
    if picture is None:
        return []
    shown.print(picture)
    return [line.rstrip() for line in printed(shown).splitlines()]


@cache
def played() -> Played:
    script = load_file(find("Q5"))
    assert isinstance(script, Script)
    return play_script(script)


def test_a_bar_is_as_long_as_its_value_is_large() -> None:
    assert pictured({"one": 10, "two": 20, "four": 40}, width=25) == [
        "one   ███▎           10",
        "two   ██████▌        20",
        "four  █████████████  40",
    ]


def test_a_terminal_without_blocks_gets_marks() -> None:
    lines = pictured({"one": 10, "two": 20, "four": 40}, width=24, encoding="ascii")
    assert lines == ["one   ###           10", "two   ######        20", "four  ############  40"]


def test_what_is_not_known_has_no_bar() -> None:
    lines = pictured({"one": 10, "two": None, "four": 40, "six": 0}, width=40)
    assert [line.count("█") > 0 for line in lines] == [True, False, True, False]


@pytest.mark.parametrize(
    "measured",
    [
        {"one": 1, "two": 2},
        {"one": 0, "two": 0, "three": 0},
        {"one": "pass", "two": "pass", "three": "fail"},
        {"one": -1, "two": 2, "three": 3},
        {},
    ],
)
def test_where_there_is_nothing_to_picture_there_is_no_picture(measured: dict[str, Value]) -> None:
    assert pictured(measured) == []


def test_without_room_there_is_no_picture() -> None:
    assert pictured({"one": 10, "two": 20, "four": 40}, width=12) == []


@given(st.floats(0, 1), st.floats(0, 1), st.integers(8, 60), st.booleans())
def test_a_longer_bar_never_stands_for_less(one: float, two: float, width: int, ascii_only: bool) -> None:
    shorter, longer = (bar(share, width, ascii_only=ascii_only) for share in sorted((one, two)))
    assert cell_len(shorter) <= cell_len(longer) <= width
    assert bool(longer) is (max(one, two) > 0)
    assert shorter.count("█") <= longer.count("█")


def drawn(text: str) -> dict[str, tuple[int, float]]:
    """Variant -> cells of its bar, and its value, of the picture of processing_rate in ``text``."""
    picture = text.rpartition("\nprocessing_rate\n")[2].splitlines()
    words = [line.split() for line in picture[: len(played().outcomes)]]
    return {name: (len(blocks), float(value)) for name, blocks, value in words}


def test_the_report_of_variants_draws_what_is_compared() -> None:
    shown = console()
    report_script(played(), shown)
    text = printed(shown)
    cells = {name: length for name, (length, _) in drawn(text).items()}
    assert 3 * cells["one"] < 2 * cells["two"] < cells["eight-of-8"] == 48, text
    assert cells["four"] == cells["eight"]
    assert "operations" not in text, "there is nothing that clients could ask"


def test_the_picture_in_the_documentation_is_what_comes_of_it() -> None:
    shown = console()
    report_script(played(), shown)
    now = drawn(printed(shown))
    then = drawn(DOCS.read_text(encoding="utf-8"))
    assert list(then) == list(now)
    for name, (length, value) in now.items():
        assert abs(then[name][0] - length) <= 1, name
        assert then[name][1] == pytest.approx(value, rel=0.05), name


def test_the_report_of_a_run_tells_of_messages_and_who_handles_them() -> None:
    shown = console()
    report(played().outcomes[0], shown)
    text = printed(shown)
    assert "3 brokers, 2 producers, 1 consumer" in text
    assert "given  acknowledged  refused  unknown  lost" in text
    assert "Operations" not in text
