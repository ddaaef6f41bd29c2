"""The parts of the driver that survives its terminal, one by one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from playground.screens.intake import BURST, PASTED, Budget, Intake, Paste
from playground.screens.outlet import MOST, Outlet
from playground.screens.pulse import LOST_S, PROMPT_S, Pulse

START, END = "\x1b[200~", "\x1b[201~"


# --- the pulse --------------------------------------------------------------------------


def test_while_it_answers_promptly_any_number_of_pictures_may_be_under_way() -> None:
    pulse = Pulse()
    for number in range(20):
        assert pulse.ready(number * 0.1)
        pulse.asked(number * 0.1, 5_000)
        if number >= 3:
            pulse.answered(number * 0.1 + 0.05)  # a long line: three are always under way
    assert pulse.answers


def test_who_answers_late_gets_one_picture_at_a_time() -> None:
    pulse = Pulse()
    pulse.asked(0.0, 5_000)
    pulse.asked(0.1, 5_000)
    assert not pulse.ready(PROMPT_S + 0.01)
    pulse.answered(PROMPT_S + 0.5)
    assert not pulse.ready(PROMPT_S + 0.5)
    pulse.answered(PROMPT_S + 0.7)
    assert pulse.ready(PROMPT_S + 0.7)
    pulse.asked(2.0, 5_000)
    assert not pulse.ready(2.01)
    pulse.answered(2.1)
    pulse.asked(2.2, 5_000)
    assert pulse.ready(2.25), "it is prompt again"


def test_an_answer_that_never_comes_is_waited_for_only_so_long() -> None:
    pulse = Pulse()
    pulse.asked(0.0, 0)
    assert not pulse.ready(LOST_S - 0.01)
    assert pulse.ready(LOST_S + 0.01)
    pulse.asked(10.0, 100_000)
    assert not pulse.ready(10.0 + LOST_S + 0.01), "so much takes its time"


# --- the outlet -------------------------------------------------------------------------


def test_nothing_written_is_lost_or_changed_while_the_reader_is_slow() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.set_blocking(reading, False)
    text = "".join(f"{number}\u00e4" for number in range(60_000))

    async def run() -> bytes:
        outlet = Outlet(writing, asyncio.get_running_loop(), "utf-8")
        outlet.write(text)
        outlet.flush()
        assert outlet.pending
        got = b""
        while outlet.pending:
            with contextlib.suppress(BlockingIOError):
                got += os.read(reading, 5_000)
            await asyncio.sleep(0)
        os.set_blocking(reading, True)
        outlet.close()
        while more := os.read(reading, 65_536):
            got += more
        return got

    assert asyncio.run(run()).decode() == text
    os.close(reading)


def test_nobody_reads_and_memory_does_not_grow() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    async def run() -> None:
        outlet = Outlet(writing, asyncio.get_running_loop(), "utf-8")
        for _ in range(100):
            outlet.write("x" * (MOST // 20))
        assert outlet.pending <= MOST
        assert not outlet.drained(0.01)
        outlet.close()

    asyncio.run(run())
    os.close(reading)


def test_a_reader_that_is_gone_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    async def run() -> None:
        outlet = Outlet(writing, asyncio.get_running_loop(), "utf-8")
        outlet.write("x")
        outlet.flush()
        assert outlet.drained(0.0)
        outlet.close()

    asyncio.run(run())


# --- what comes in ----------------------------------------------------------------------


def test_no_hand_is_faster_than_the_budget() -> None:
    budget = Budget(burst=10, per_s=5)
    assert sum(budget.allows(100.0) for _ in range(50)) == 10
    assert not budget.allows(100.1)
    assert sum(budget.allows(101.2) for _ in range(50)) == 5 + 1
    assert sum(budget.allows(1_000.0) for _ in range(50)) == 10


@given(st.integers(0, PASTED), st.lists(st.integers(1, 5_000), max_size=60))
def test_a_short_paste_passes_as_it_is_wherever_it_is_cut(length: int, cuts: list[int]) -> None:
    text = f"a{START}{'x' * max(0, length - 6)}{END}b"
    assert "".join(_limited(text, cuts)) == text


@given(st.integers(2 * PASTED, 3 * PASTED), st.lists(st.integers(1, 5_000), max_size=60))
def test_of_a_long_paste_the_beginning_passes_and_what_follows_it(length: int, cuts: list[int]) -> None:
    passed = "".join(_limited(f"a{START}{'x' * length}{END}b", cuts))
    assert passed.startswith(f"a{START}xxx")
    assert passed.endswith(f"x{END}b")
    assert len(passed) < PASTED + 6_000


def _limited(text: str, cuts: list[int]) -> list[str]:
    paste, pieces, at = Paste(), [], 0
    while at < len(text):
        size = cuts[len(pieces) % len(cuts)] if cuts else 1_024
        pieces.append(paste.limited(text[at : at + size]))
        at += size
    return pieces


def messages_of(data: bytes, waiting: int = 0) -> list[object]:
    """What an intake makes of these bytes, up to the end of them."""
    reading, writing = os.pipe()
    feeding = threading.Thread(target=lambda: (os.write(writing, data), os.close(writing)))
    feeding.start()
    intake = Intake(reading, threading.Event(), lambda: waiting)
    got: list[object] = list(intake.messages())
    feeding.join()
    os.close(reading)
    assert intake.gone
    return got


def keys_of(messages: list[object]) -> str:
    return "".join(each.character or "?" for each in messages if isinstance(each, events.Key))


@pytest.mark.parametrize("junk", [b"\x1b[1:2;3u", b"\x1b[99999999999999;1u", b"\x1b[1114112;1u", b"\x1b[;u"])
def test_a_key_that_no_keyboard_has_is_none(junk: bytes) -> None:
    assert keys_of(messages_of(b"a" + junk + b"b"))[-1] == "b"


def test_bytes_that_are_no_text_do_not_end_the_reading() -> None:
    assert keys_of(messages_of(b"a\xff\xc3(b")) == "a\ufffd\ufffd(b"


def test_nobody_types_the_size_of_the_screen() -> None:
    got = messages_of(b"\x1b[48;9999;9999;0;0ta\x1b[<0;5;5M")
    assert not [each for each in got if isinstance(each, events.Resize)]
    (click,) = [each for each in got if isinstance(each, events.MouseDown)]
    assert (click.x, click.y) == (4, 4)


def test_a_busy_app_is_not_told_where_the_mouse_has_been() -> None:
    moves = b"\x1b[<35;5;5M" * 20
    assert len(messages_of(moves)) == 20
    (key,) = messages_of(moves + b"k", waiting=1_000)
    assert isinstance(key, events.Key)


def test_of_a_flood_of_keys_the_beginning_counts() -> None:
    assert len(keys_of(messages_of(b"j" * 60_000))) <= BURST + 60
