"""What no person types: storms of sizes, megabytes, bytes that mean nothing, a mouse that is everywhere."""

from __future__ import annotations

import random
import time

import pytest

from tests.screens.terminals import PATIENCE_S, Start, Terminal

SIZES = [(1, 1), (500, 200), (60, 20), (59, 19), (160, 50), (2, 80), (300, 1), (80, 24)]

JUNK = (
    b"\x1b[1:2;3u", b"\x1b[99999999999999;1u", b"\x1b[0;;99999999999u", b"\x1b[1114112;1u", b"\x1b[;u",
    b"\x1b[48;9999;9999;0;0t", b"\x1b[48;5;5;1;1t", b"\x1b[?2048;2$y", b"\x1b[?2026;0$y", b"\x1b[0n",
    b"\x1b[<0;99999999;99999999M", b"\x1b[<65;-5;-5M", b"\x1b[<999;1;1M", b"\x1b[<0;0;0m", b"\x1b[M\x00\x00\x00",
    b"\x1bP1$r0m\x1b\\", b"\x1b]11;rgb:0000/0000/0000\x07", b"\x1b]52;c;", b"\x1b[I", b"\x1b[O", b"\x1b[5;5R",
    b"\xff\xfe\xc3\x28\xf0\x9f", b"\x00\x01\x02\x1c\x1d", b"\x9b31m", b"\x1b\x1b\x1b[", b"\x1b[?64;1c",
    b"\x1b[" + b"1;" * 40 + b"Z",
)  # fmt: skip


def begun(start: Start, **env: str) -> Terminal:
    terminal = start(**env)
    terminal.shows("press x to crash it")
    return terminal


def leave(terminal: Terminal) -> None:
    """It answers keys as ever, and goes as ever."""
    ends = time.monotonic() + PATIENCE_S
    while "esc closes" not in terminal.text():
        assert time.monotonic() < ends, f"it hears no key\n{terminal.text()}"
        terminal.press("\x1b")
        terminal.pause(0.5)  # else it is one key together with the next one
        terminal.press("?")
        terminal.pause(0.5)
    terminal.press("\x1b")
    terminal.until(lambda: "esc closes" not in terminal.text(), "help is closed")
    terminal.press("q")
    assert terminal.end() == 0
    terminal.assert_restored()
    assert b"Traceback" not in terminal.output


def test_a_storm_of_sizes(start: Start) -> None:
    terminal = begun(start)
    for number in range(200):
        terminal.resize(*SIZES[number % len(SIZES)])
        terminal.read(0)
    terminal.resize(120, 36)
    terminal.until(lambda: "q quit" in terminal.screen.display[35], "the footer in the last line")
    terminal.until(lambda: terminal.screen.display[0].strip().startswith("quorum store"), "the header of that size")
    leave(terminal)


@pytest.mark.parametrize("where", ["2", ":", "\x10"])
def test_a_megabyte_is_pasted(start: Start, where: str) -> None:
    """Marked as a paste it is none of the keys it is made of; the line takes its beginning."""
    terminal = begun(start)
    terminal.press(where)
    terminal.pause(0.3)
    before_kb = terminal.memory_kb()
    terminal.flood(b"\x1b[200~" + b"crash n1 \xc3\xa4 X q\r\n" * 60_000 + b"\x1b[201~")
    terminal.press("\x1b\x1b" if where in ":/\x10" else "")
    terminal.pause(0.5)
    assert terminal.memory_kb() < before_kb + 40_000
    assert "nothing is broken" in terminal.screen.display[1]
    leave(terminal)


@pytest.mark.parametrize("where", ["2", ":"])
def test_a_megabyte_is_typed(start: Start, where: str) -> None:
    """Into a terminal that does not mark what is pasted: what no hand can type is dropped, and the app goes on."""
    terminal = begun(start)
    terminal.press(where)
    terminal.pause(0.3)
    before_kb = terminal.memory_kb()
    terminal.flood(b"jklh" * 250_000)
    terminal.press("\x1b")
    assert terminal.memory_kb() < before_kb + 40_000
    leave(terminal)


def test_bytes_that_mean_nothing(start: Start) -> None:
    """Keys that no keyboard has, answers that nobody asked for, sequences cut short, bytes that are no text."""
    terminal = begun(start)
    for junk in JUNK:
        terminal.flood(junk)
        terminal.pause(0.06)
    terminal.press("\x1b")
    terminal.pause(0.2)
    assert len(terminal.screen.display) == 50
    leave(terminal)


def test_random_bytes(start: Start) -> None:
    chance = random.Random(7)
    terminal = begun(start)
    keys = bytes(byte for byte in range(256) if byte not in b"qQ\x0d\x10:;/wyT\x1a")
    for _ in range(40):
        terminal.flood(bytes(chance.choice(keys) for _ in range(100)))
        terminal.pause(0.02)
    terminal.press("\x1b[201~\x1b")
    terminal.pause(0.5)
    leave(terminal)


def test_a_paste_that_never_ends_does_not_keep_the_keys(start: Start) -> None:
    terminal = begun(start)
    terminal.press("\x1b[200~x")
    ends = time.monotonic() + 60
    while "paused" not in terminal.text():
        assert time.monotonic() < ends
        terminal.pause(5.5)
        terminal.press(" ")
        terminal.pause(0.5)
    assert "nothing is broken" in terminal.screen.display[1]
    terminal.press("q")
    assert terminal.end() == 0


def test_a_mouse_that_is_everywhere(start: Start) -> None:
    chance = random.Random(7)
    terminal = begun(start)
    before_kb = terminal.memory_kb()
    noise = b"".join(
        b"\x1b[<%d;%d;%d%s" % (chance.choice((0, 1, 2, 32, 35, 64, 65, 96)), chance.choice((1, 80, 159, 500, 99_999)),
                               chance.choice((1, 25, 48, 200, 99_999)), chance.choice((b"M", b"m")))
        for _ in range(5_000)
    )  # fmt: skip
    terminal.flood(noise)
    terminal.press("\x1b")
    assert terminal.memory_kb() < before_kb + 40_000
    leave(terminal)
