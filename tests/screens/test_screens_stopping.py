"""Stopped and gone on with: the terminal belongs to the shell meanwhile, and to the app after it."""

from __future__ import annotations

import os
import signal
import termios
import time

import pytest

from tests.screens.terminals import PATIENCE_S, Start, Terminal


def stopped(terminal: Terminal) -> None:
    """Wait until it is."""
    ends = time.monotonic() + PATIENCE_S
    while not os.WIFSTOPPED(os.waitpid(terminal.process.pid, os.WUNTRACED | os.WNOHANG)[1]):
        assert time.monotonic() < ends, "it never stopped"
        terminal.read(0.02)
    terminal.pause(0.1)


def modes(terminal: Terminal) -> list[int]:
    return list(termios.tcgetattr(terminal.process.fd)[:4])


def acts_and_ends(terminal: Terminal) -> None:
    """A key does what it always did, and so does the way out."""
    terminal.press("x")
    terminal.shows("1 down n3")
    terminal.press("q")
    assert terminal.end() == 0
    terminal.assert_restored()


@pytest.mark.parametrize("how", ["\x1a", signal.SIGTSTP])
def test_a_stop_gives_the_terminal_back_and_going_on_draws_it_anew(start: Start, how: str | signal.Signals) -> None:
    terminal = start()
    terminal.shows("press x to crash it")
    for _ in range(2):
        if isinstance(how, str):
            terminal.press(how)
        else:
            terminal.process.kill(how)
        stopped(terminal)
        terminal.assert_restored()
        assert modes(terminal) == terminal.before[:4]
        terminal.screen.reset()
        terminal.process.kill(signal.SIGCONT)
        terminal.shows("press x to crash it")
        terminal.shows("q quit")
        assert modes(terminal) != terminal.before[:4]
    acts_and_ends(terminal)


def test_a_stop_by_force_is_survived_whatever_the_shell_has_done(start: Start) -> None:
    terminal = start()
    terminal.shows("press x to crash it")
    terminal.process.kill(signal.SIGSTOP)
    stopped(terminal)
    shell = termios.tcgetattr(terminal.process.fd)
    shell[:4] = terminal.before[:4]
    termios.tcsetattr(terminal.process.fd, termios.TCSANOW, shell)  # as a shell does for its own line
    terminal.screen.reset()
    seen = len(terminal.output)
    terminal.process.kill(signal.SIGCONT)
    terminal.until(lambda: b"\x1b[?1049h" in terminal.output[seen:], "the modes again")
    terminal.shows("press x to crash it")
    assert modes(terminal) != terminal.before[:4]
    acts_and_ends(terminal)


def test_who_is_stopped_can_be_ended(start: Start) -> None:
    """As a shell does it with ``kill %1``: the signal, and then on, though another job has the terminal."""
    terminal = start()
    terminal.shows("press x to crash it")
    terminal.press("\x1a")
    stopped(terminal)
    terminal.process.kill(signal.SIGTERM)
    terminal.process.kill(signal.SIGCONT)
    assert terminal.end() == 128 + signal.SIGTERM
    terminal.assert_restored()


def test_going_on_without_a_stop_changes_nothing(start: Start) -> None:
    terminal = start()
    terminal.shows("press x to crash it")
    for _ in range(3):
        terminal.process.kill(signal.SIGCONT)
        terminal.pause(0.3)
    acts_and_ends(terminal)
