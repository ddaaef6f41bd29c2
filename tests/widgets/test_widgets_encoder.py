"""The encoder's promise: whatever is updated, in whatever order, the terminal shows what the grid says."""

from __future__ import annotations

from random import Random

import pyte
import pytest
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from widgets.encoder import Encoder, runs_of

STYLES = [
    None,
    Style(),
    *(Style.parse(text) for text in (
        "bold red", "dim red on blue", "bold dim white", "underline", "reverse green", "on #102030", "strike #ff8000",
        "italic #123456 on #654321", "bold", "not bold cyan on #102030", "default on default", "#ffffff on black",
    )),
]  # fmt: skip
WORDS = ["", "a", "hello", "  ", " x ", "┊▀█", "日本", "a日b", "●○", "0123456789", "        ", "é", "語"]
TRUE = ColorSystem.TRUECOLOR


def cell(char: pyte.screens.Char) -> tuple[object, ...]:
    """What can be seen of a cell: a blank's foreground can't."""
    if char.data == " " and not (char.underscore or char.reverse or char.strikethrough):
        return (" ", char.bg)
    return (char.data, char.fg, char.bg, char.bold, char.italics, char.underscore, char.reverse, char.strikethrough)


def seen(screen: pyte.Screen) -> list[list[tuple[object, ...]]]:
    return [[cell(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


def terminal(width: int, height: int) -> tuple[pyte.Screen, pyte.Stream]:
    screen = pyte.Screen(width, height)
    stream = pyte.Stream(screen)
    stream.feed("\x1b[?7l")  # Textual switches line wrap off
    return screen, stream


def segments(chance: Random) -> list[Segment]:
    return [Segment(chance.choice(WORDS), chance.choice(STYLES)) for _ in range(chance.randrange(1, 5))]


def plain(console: Console, y: int, x: int, strip: Strip) -> str:
    """The same run the long way: jump, full colours, reset."""
    return f"\x1b[{y + 1};{x + 1}H" + strip.render(console)


@pytest.mark.parametrize("seed", range(60))
def test_random_updates_show_the_reference(seed: int) -> None:
    chance = Random(seed)
    width, height = chance.randrange(4, 30), chance.randrange(1, 6)
    console = Console(color_system="truecolor", force_terminal=True)
    terse, feed_terse = terminal(width, height)
    reference, feed_reference = terminal(width, height)
    encoder = Encoder()
    encoder.resize(width, height)
    blank = [(y, 0, [Segment(" " * width, None)]) for y in range(height)]
    feed_terse.feed(encoder.update(blank, TRUE))
    for _ in range(40):
        runs = []
        for _ in range(chance.randrange(1, 4)):
            x = chance.randrange(0, width)
            strip = Strip(segments(chance)).crop(0, width - x)
            runs.append((chance.randrange(0, height), x, strip))
        for y, x, strip in runs:
            # pyte keeps half a wide character when the other half is overwritten; terminals blank it.
            row = reference.buffer[y]
            if strip.cell_length and 0 < x < width and row[x].data == "":
                row[x - 1] = row[x - 1]._replace(data=" ")
            end = x + strip.cell_length
            if strip.cell_length and 0 < end < width and row[end].data == "":
                row[end] = row[end]._replace(data=" ")
            feed_reference.feed(plain(console, y, x, strip))
        feed_terse.feed(encoder.update(runs, TRUE))
        if chance.random() < 0.1:
            encoder.invalidate()
            terse.reset()
            feed_terse.feed("\x1b[?7l")
            feed_terse.feed(encoder.update([], TRUE))
        assert seen(terse) == seen(reference)
    late, feed_late = terminal(width, height)
    feed_late.feed(encoder.full())
    assert seen(late) == seen(reference)


def test_nothing_changed_sends_nothing() -> None:
    encoder = Encoder()
    encoder.resize(20, 3)
    run = [(1, 2, [Segment("hello", STYLES[2])])]
    assert "hello" in encoder.update(run, TRUE)
    assert encoder.update(run, TRUE) == ""


def test_only_the_changed_cells_go_with_a_colour_delta() -> None:
    encoder = Encoder()
    encoder.resize(40, 2)
    base = Style.parse("#aabbcc on #000011")
    encoder.update([(0, 0, [Segment("latency 120 ms, all is well", base)])], TRUE)
    sent = encoder.update([(0, 0, [Segment("latency 121 ms, all is well", base)])], TRUE)
    assert sent == "\x1b[1;11H\x1b[38;2;170;187;204;48;2;0;0;17m1\x1b[m"


def test_a_blank_does_not_pay_for_its_foreground() -> None:
    encoder = Encoder()
    encoder.resize(9, 1)
    red, green = Style.parse("red on black"), Style.parse("green on black")
    sent = encoder.update([(0, 0, [Segment("a", red), Segment(" ", green), Segment("b", red)])], TRUE)
    assert sent.count("\x1b[3") == 1
    assert "a b" in sent


def test_no_colours_means_attributes_only() -> None:
    encoder = Encoder(colors=False)
    encoder.resize(9, 1)
    sent = encoder.update([(0, 0, [Segment("a", Style.parse("bold red on black"))])], TRUE)
    assert sent == "\x1b[1H\x1b[1ma\x1b[m"


def test_resize_forgets_and_keeps_inside() -> None:
    encoder = Encoder()
    encoder.resize(4, 1)
    encoder.update([(0, 0, [Segment("abcdefgh", None)]), (7, 0, [Segment("x", None)])], TRUE)
    assert encoder.lines() == ["abcd"]
    encoder.resize(6, 2)
    assert encoder.lines() == [" " * 6] * 2


def test_textual_updates_become_runs_inside_their_spans() -> None:
    strip = Strip([Segment("0123456789", None)])
    layout = LayoutUpdate([[strip, strip]], Region(3, 1, 20, 1))
    assert [(y, x) for y, x, _ in runs_of(layout)] == [(1, 3), (1, 13)]
    chops = ChopsUpdate([{0: strip, 10: None, 20: strip}], [(0, 4, 22)], [[10, 20, 30]])
    found = [(y, x, "".join(s.text for s in part)) for y, x, part in runs_of(chops)]
    assert found == [(0, 4, "456789"), (0, 20, "01")]
