"""An error of our own, wherever it is: the terminal is as it was, a line says what happened, another how to meet it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.screens.terminals import Start, Terminal

CRASHED = re.compile(
    r"The app has crashed at \d\d:\d\d\.\d{3}; the cluster is not to blame: "
    r"RuntimeError: made to fail \(crashing\.py:\d+\); PLAYGROUND_TRACEBACK=1 shows more"
)
STOPPED = re.compile(r"playground: an error in the playground itself: (RuntimeError: made to fail|world stopped at .*)")
SAVED = re.compile(r"saved because of the crash: playground replay (\S+\.yaml)")


@pytest.fixture
def crashing(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Terminal]:
    monkeypatch.chdir(tmp_path)  # the session is kept there

    def starting(where: str, **env: str) -> Terminal:
        return start("crashing.py", 160, 50, where, **env)

    return starting


def ended(terminal: Terminal) -> str:
    """All it said in the end, without the ends of lines that a terminal adds."""
    assert terminal.end() == 1
    terminal.assert_restored()
    return "\n".join(line.strip() for line in terminal.told())


@pytest.mark.parametrize("where", ["key", "widget", "worker"])
def test_a_crash_of_the_app(crashing: Callable[..., Terminal], where: str, tmp_path: Path) -> None:
    terminal = crashing(where)
    terminal.shows("press x to crash it")
    terminal.press("v")
    told = ended(terminal)
    assert len(CRASHED.findall(told)) == 1, told
    assert "Traceback" not in told
    found = SAVED.search(told)
    assert found
    assert (tmp_path / found[1]).exists()


@pytest.mark.parametrize("where", ["start", "input"])
def test_a_crash_before_anything_is_seen(crashing: Callable[..., Terminal], where: str) -> None:
    told = ended(crashing(where))
    assert len(CRASHED.findall(told)) == 1, told
    assert "Traceback" not in told
    assert SAVED.search(told)


@pytest.mark.parametrize("where", ["world", "painter"])
def test_a_world_that_stops_says_so_on_the_screen_and_again_in_the_end(
    crashing: Callable[..., Terminal], where: str
) -> None:
    terminal = crashing(where)
    terminal.shows("made to fail")
    terminal.press("?")
    terminal.shows("esc closes")  # one can still look around
    terminal.press("q")
    terminal.until(lambda: "esc closes" not in terminal.text(), "help is closed")
    terminal.press("q")
    told = ended(terminal)
    assert len(STOPPED.findall(told)) == 1, told
    assert "Traceback" not in told
    assert SAVED.search(told)


@pytest.mark.parametrize("where", ["cluster", "first picture"])
def test_a_world_that_cannot_begin_leaves_the_terminal_alone(crashing: Callable[..., Terminal], where: str) -> None:
    terminal = crashing(where)
    assert terminal.end() == 1
    (line,) = [line for line in terminal.output.decode().splitlines() if line.strip()]
    assert STOPPED.fullmatch(line), line
    assert "(seed 7)" in line


def test_the_traceback_of_a_crash_is_shown_to_who_asks(crashing: Callable[..., Terminal]) -> None:
    terminal = crashing("key", PLAYGROUND_TRACEBACK="1")
    terminal.shows("press x to crash it")
    terminal.press("v")
    told = ended(terminal)
    assert told.count("Traceback (most recent call last)") == 1
    assert ", in fail" in told
    assert "The app has crashed at" in told
