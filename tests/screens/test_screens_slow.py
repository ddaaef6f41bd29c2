"""A terminal that reads slowly, or not at all for a while: fewer pictures, the same world, keys that act."""

from __future__ import annotations

import re
import time

from tests.screens.terminals import PATIENCE_S, Start, Terminal

CLOCK = re.compile(r"(\d\d):(\d\d\.\d\d\d)")


def clock_s(terminal: Terminal) -> float:
    found = CLOCK.search(terminal.screen.display[0])
    return int(found[1]) * 60 + float(found[2]) if found else -1.0


def begun(start: Start, *args: str) -> Terminal:
    terminal = start("playground", 160, 50, "--preset", "small", "--seed", "7", *args)
    terminal.until(lambda: clock_s(terminal) >= 0.5, "it runs")
    return terminal


def test_after_a_stall_the_newest_picture_stands_there_and_the_world_has_gone_on(start: Start) -> None:
    terminal = begun(start, "--speed", "10")
    began, began_s = time.monotonic(), clock_s(terminal)
    terminal.pause(1.0)
    before, before_s, before_kb = time.monotonic(), clock_s(terminal), terminal.memory_kb()
    pace = min(10, (before_s - began_s) / (before - began))  # what was not read at first may seem to come faster
    time.sleep(3)  # nobody reads
    stalled_s = time.monotonic() - before
    drawn = len(terminal.output)
    terminal.press(" ")
    terminal.until(lambda: "paused" in terminal.screen.display[0], "the key has acted")
    terminal.pause(0.5)
    assert clock_s(terminal) > before_s + pace * stalled_s / 2, "the world waited for the terminal"
    assert len(terminal.output) - drawn < 250_000, "pictures were queued"
    assert terminal.memory_kb() < before_kb + 60_000
    shown = terminal.text()
    terminal.press("\x0c")  # means nothing
    terminal.resize(160, 50)
    terminal.press("?")
    terminal.shows("esc closes")
    terminal.press("\x1b")
    terminal.until(lambda: "esc closes" not in terminal.text(), "help is closed")
    assert terminal.text().splitlines()[:40] == shown.splitlines()[:40]
    terminal.press("q")
    assert terminal.end() == 0
    terminal.assert_restored()


def test_the_app_can_be_left_though_nobody_reads(start: Start) -> None:
    terminal = begun(start, "--speed", "10")
    time.sleep(1.5)
    terminal.press("q")
    ends = time.monotonic() + PATIENCE_S
    while terminal.process.isalive():
        assert time.monotonic() < ends, "it waits for the terminal"
        time.sleep(0.02)
    assert terminal.end() == 0
    terminal.assert_restored()
    assert "seed 7" in terminal.told()[0]


def test_a_thin_line_shows_the_present_as_soon_as_it_can(start: Start) -> None:
    """The terminal answers, and takes 8 kB/s: less than the pictures need."""
    terminal = start("playground", 160, 50, "--preset", "small", "--seed", "7")
    terminal.answers = True
    terminal.until(lambda: clock_s(terminal) >= 0.2, "it runs")
    ends = time.monotonic() + 4
    while time.monotonic() < ends:
        terminal.read(0, 400)
        time.sleep(0.05)
    began = len(terminal.output)
    terminal.press(" ")
    while "paused" not in terminal.screen.display[0]:
        terminal.read(0, 400)
        assert len(terminal.output) - began < 40_000, "earlier pictures come first"
    terminal.press("q")
    assert terminal.end() == 0
