"""How many colours a terminal is given: what its name says, what it answers, and that nothing else comes of asking."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.serve import asking
from playground.serve.asking import AHEAD_BYTES
from playground.serve.colors import ANSWERS_BYTES, QUESTION, TRUE, Answers, by_name, to_ask
from playground.serve.line import terminal
from playground.serve.styles import style_of
from tests.serve.seat_lab import Guest, in_loop
from tests.serve.ssh_lab import KIND, lab, reads, until

YES = (
    b"\x1bP1$r0;48:2::1:2:3m\x1b\\",
    b"\x1bP1$r48:2:1:2:3m\x1b\\",
    b"\x1bP0$r0;48;2;1;2;3m\x1b\\",
    b"\x1bP1+r524742=382F382F38\x1b\\",
    b"\x1bP1+r5463\x1b\\",
)
NO = (
    b"\x1bP1$r0;48:5:16m\x1b\\",
    b"\x1bP1$r0m\x1b\\",
    b"\x1bP0$r\x1b\\",
    b"\x1bP1$r48:2::1:2:30m\x1b\\",
    b"\x1bP0+r524742\x1b\\",
    b"\x1bP0+r5463\x1b\\",
    b"\x1bP1+r436F=323536\x1b\\",
)
KEYS = st.sampled_from([b"q", b"\r", b"\x1b[A", b"\x1b[<35;10;5M", b"\x1bOP", "ü".encode(), b"\x1b[?7u", b"c", b"P1$r"])


def pieces(data: bytes, cuts: set[int]) -> list[bytes]:
    at = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(at)]


@pytest.mark.parametrize(
    ("term", "colors", "asked"),
    [
        ("xterm-256color", 256, True),
        ("xterm", 16, True),
        ("tmux-256color", 256, True),
        ("screen-256color", 256, False),
        ("linux", 16, False),
        ("xterm-direct", TRUE, False),
        ("xterm-kitty", TRUE, False),
        ("alacritty", TRUE, False),
        ("vt100", 0, False),
        ("dumb", 0, False),
    ],
)
def test_a_name_says_so_many_colours_and_whether_to_ask(term: str, colors: int, asked: bool) -> None:
    assert by_name(term) == colors == terminal(term, "C", 80, 24).colors
    assert to_ask(term) is asked


@pytest.mark.parametrize("answer", YES + NO)
def test_all_colours_are_believed_of_whoever_shows_them_or_says_so(answer: bytes) -> None:
    answers = Answers()
    assert answers.hear(answer + KIND) == b""
    assert answers.over
    assert answers.true is (answer in YES)


@given(
    said=st.lists(st.sampled_from(YES + NO), max_size=5),
    typed=st.lists(KEYS, min_size=6, max_size=6),
    cuts=st.sets(st.integers(1, 300)),
)
def test_answers_and_keys_are_told_apart_wherever_they_are_cut(
    said: list[bytes], typed: list[bytes], cuts: set[int]
) -> None:
    answers = Answers()
    came = b"".join(key + answer for key, answer in zip(typed, [*said, KIND], strict=False)) + b"end"
    heard = b"".join(map(answers.hear, pieces(came, cuts)))
    assert heard == b"".join(typed[: len(said) + 1]) + b"end"
    assert answers.over
    assert not answers.holds
    assert answers.true is any(answer in YES for answer in said)


@given(
    parts=st.lists(st.one_of(st.binary(max_size=20), st.sampled_from([*YES, *NO, b"\x1b", b"\x1bP1$r", b"\x1b[?1;"]))),
    cuts=st.sets(st.integers(1, 300)),
)
def test_junk_is_typed_in_order_whatever_it_resembles(parts: list[bytes], cuts: set[int]) -> None:
    came = b"".join(parts)
    whole, cut = Answers(), Answers()
    heard = whole.hear(came)
    assert b"".join(map(cut.hear, pieces(came, cuts))) == heard
    assert (cut.true, cut.over, cut._held) == (whole.true, whole.over, whole._held)
    assert len(whole._held) < 270
    rest = iter(came)
    assert all(byte in rest for byte in heard)
    assert len(came) - len(heard) - len(whole._held) <= ANSWERS_BYTES + 270
    if b"\x1b" not in came:
        assert heard == came


def test_escape_is_a_key_if_nothing_follows_and_half_an_answer_is_none() -> None:
    answers = Answers()
    assert answers.hear(b"\x1b") == b""
    assert answers.released() == b"\x1b"
    assert answers.hear(b"[A") == b"[A"
    assert answers.hear(b"\x1bP1$r48:2") == b""
    assert answers.released() == b""
    assert answers.hear(b"::1:2:3m\x1b\\q") == b"q"
    assert answers.true


def test_what_a_terminal_answers_has_an_end() -> None:
    answers = Answers()
    heard = answers.hear(NO[0] * 1_000)
    assert answers.over
    assert len(NO[0]) * 1_000 - len(heard) <= ANSWERS_BYTES + len(NO[0])


# --- with a client ---------------------------------------------------------------------------


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer may take as long as it likes."""
    monkeypatch.setattr(asking, "PATIENCE_S", 60.0)


@pytest.mark.usefixtures("patient")
def test_a_terminal_that_answers_gets_what_it_shows_in_both_kinds_of_seats() -> None:
    async def run() -> None:
        async with lab() as server, await server.connect() as connection:
            process = await server.terminal(connection, answer=b"")
            assert await reads(process, QUESTION) == QUESTION
            process.stdin.write(b"one" + YES[0][:9])
            process.change_terminal_size(100, 30)
            process.stdin.write(YES[0][9:] + NO[4] + b"two" + KIND + b"three")
            shown = await reads(process, b"three")
            assert shown.startswith(b"[anna player xterm-256color")
            assert b"100x30]" in shown
            assert shown.endswith(b"onetwothree")
            assert b"48" not in shown
            (visit,) = server.front.visits
            assert visit.terminal.colors == TRUE
            style = style_of(visit.terminal)
            assert style is not None
            assert style.colors == TRUE
            visit.resized(90, 30)
            assert visit.terminal.colors == TRUE
            said = [line.partition(" ")[2] for line in server.log.splitlines()]  # but for the time of day
            assert said
            assert not any("48" in line for line in said)

    asyncio.run(run())


@pytest.mark.parametrize("typed", [b"", b"hello", bytes(range(1, 256)) * 40], ids=["nothing", "a word", "junk"])
def test_who_answers_nothing_or_junk_is_seated_all_the_same(typed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PATIENCE_S", 0.2)

    async def run() -> None:
        async with lab() as server, await server.connect() as connection:
            process = await server.terminal(connection, answer=typed)
            await reads(process, b"[anna player xterm-256color")
            assert server.seats[0].visit.terminal.colors == 256
            await until(lambda: server.seats[0].typed_bytes >= min(len(typed), AHEAD_BYTES))
            process.stdin.write(YES[0] + b"\x1b")  # too late, and no key; and one that is
            assert (await reads(process, b"\x1b")).count(b"48") == 0
            process.stdin.write(b"still here")
            await reads(process, b"still here")
            assert server.seats[0].visit.terminal.colors == 256

    asyncio.run(run())


@pytest.mark.parametrize("term", ["xterm-direct", "linux", "vt100"])
def test_who_can_only_answer_wrongly_or_has_said_it_all_is_asked_nothing(term: str) -> None:
    async def run() -> None:
        async with lab() as server, await server.connect() as connection:
            process = await server.terminal(connection, answer=b"", term_type=term)
            assert (await reads(process, b"]")).startswith(b"[anna player")
            assert server.seats[0].visit.terminal.colors == by_name(term)

    asyncio.run(run())


@pytest.mark.usefixtures("patient")
def test_who_leaves_while_asked_is_gone() -> None:
    async def run() -> None:
        async with lab() as server:
            ends, breaks = [await server.connect(name) for name in ("ends", "breaks")]
            process = await server.terminal(ends, answer=b"x")
            await reads(process, QUESTION)
            process.stdin.write_eof()
            assert (await process.wait()).exit_status == 0
            await reads(await server.terminal(breaks, answer=b""), QUESTION)
            breaks.abort()
            await until(lambda: not server.server._connections)
            await until(lambda: server.server._guard.under_way == 0)
            assert not server.seats
            assert not server.front.visits

    asyncio.run(run())


# --- what is drawn ---------------------------------------------------------------------------


@pytest.mark.parametrize(("colors", "sent", "never"), [(256, b"8;5;", b"8;2;"), (TRUE, b"8;2;", b"8;5;")])
def test_who_acts_is_drawn_for_with_as_many_colours_as_there_are(colors: int, sent: bytes, never: bytes) -> None:
    async def test() -> None:
        guest = Guest(at=terminal("xterm-256color", "C.UTF-8", 120, 36, colors))
        await guest.shows("n1")
        assert sent in guest.line.output
        assert never not in guest.line.output
        await guest.visit_left()

    in_loop(test)
