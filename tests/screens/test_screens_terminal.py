"""On a real pseudo-terminal: start, keys, resize, and every way out leaves the terminal as it was."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable

import pytest

from tests.screens.terminals import PATIENCE_S, Terminal


def test_start_keys_resize_and_quit(start: Callable[..., Terminal]) -> None:
    terminal = start()
    terminal.shows("n3 is selected: press x to crash it, ? for help")
    terminal.press("x")
    terminal.shows("1 down n3")
    terminal.press("\t\x1b[B")  # to the node table, and down
    terminal.until(lambda: re.search(r"▸▌\S n4", terminal.text()) is not None, "n4 selected")
    terminal.press(" ")
    terminal.shows("paused")
    terminal.press(":crash n1\r")
    terminal.shows("2 down n1 n3")
    terminal.resize(80, 24)
    terminal.shows("6 detail")
    terminal.until(lambda: terminal.screen.display[23].lstrip().startswith("x crash"), "footer in the last line")
    terminal.resize(40, 10)
    terminal.shows("60x20 is the least, this is 40x10")
    terminal.resize(120, 36)
    terminal.until(lambda: "q quit" in terminal.screen.display[35], "the footer again")
    terminal.press("q")
    assert terminal.end() == 0
    terminal.assert_restored()
    assert b"Traceback" not in terminal.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_restores_the_terminal(start: Callable[..., Terminal], number: signal.Signals) -> None:
    terminal = start()
    terminal.shows("press x to crash it")
    terminal.process.kill(number)
    assert terminal.end() == 128 + number
    terminal.assert_restored()


def test_ctrl_d_and_ctrl_c_end_nothing(start: Callable[..., Terminal]) -> None:
    terminal = start()
    terminal.shows("press x to crash it")
    terminal.press("\x04\x03")
    terminal.shows("q quits")
    terminal.press("q")
    assert terminal.end() == 0


def test_a_terminal_that_goes_away_ends_the_app(start: Callable[..., Terminal]) -> None:
    terminal = start()
    terminal.shows("press x to crash it")
    process = terminal.process
    os.close(process.fd)
    ends = time.monotonic() + PATIENCE_S
    while process.isalive():
        assert time.monotonic() < ends, "it outlives its terminal"
        time.sleep(0.02)
    process.closed = True


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"COLORTERM": "", "TERM": "xterm"}])
def test_poorer_terminals_get_what_they_can_show(start: Callable[..., Terminal], env: dict[str, str]) -> None:
    terminal = start("fakerun.py", 80, 24, **env)
    terminal.shows("press x to crash it")
    terminal.press("x")
    terminal.shows("1 down n3")
    terminal.press("q")
    assert terminal.end() == 0
    assert b"38;2;" not in terminal.output
    if "NO_COLOR" in env:
        assert not re.search(rb"\x1b\[[0-9;]*\b(3[0-7]|4[0-7]|38|48)\b[0-9;]*m", terminal.output)


ESCAPES = re.compile(rb"\x1b(\[[0-9;:?<>=$ ]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|P[^\x1b]*\x1b\\|[=>()][0AB]?|[78cM])")


@pytest.mark.parametrize(
    "locale",
    [{"LC_ALL": "C", "NO_COLOR": "1", "TERM": "xterm"}, {"LC_ALL": "", "LC_CTYPE": "", "LANG": "C"}],
    ids=["LC_ALL", "LANG"],
)
@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_where_the_locale_is_c_only_ascii_arrives(
    start: Callable[..., Terminal], locale: dict[str, str], size: tuple[int, int]
) -> None:
    terminal = start("fakerun.py", *size, **locale)
    terminal.shows("press x to crash it")
    terminal.press("x")
    terminal.shows("1 down n3")
    for keys, text, back in (
        ("3", "gossip", ""), ("4", "p99", ""), (" ", "paused", ""), ("1v", "marked: n3", ""),
        ("?", "esc closes", "\x1b"), (":cr", "tab completes", "\x1b"), ("/n1", "enter keeps", "\r"),
        ("\x10", "why: what led", "\x1b"),
    ):  # fmt: skip
        terminal.press(keys)
        terminal.shows(text)
        if back:
            terminal.press(back)
            terminal.until(lambda text=text: text not in terminal.text(), f"{text} goes")  # type: ignore[misc]
    terminal.press("q")
    assert terminal.end() == 0
    shown = ESCAPES.sub(b"", terminal.output)
    assert shown.isascii(), sorted({char for char in shown.decode() if not char.isascii()})
    assert b"\x1b" not in shown


def test_copying_goes_through_the_terminal(start: Callable[..., Terminal]) -> None:
    terminal = start()
    terminal.shows("press x to crash it")
    terminal.press("2y")
    terminal.until(lambda: b"\x1b]52;c;" in terminal.output, "OSC 52")
    terminal.shows("copied: ")
    terminal.press("q")
    assert terminal.end() == 0
