"""Who gets what of the common picture: all of it first, changes as long as there is room, and nothing in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from playground.bucket import Bucket
from playground.serve import place, stands
from playground.serve.messages import Lost, Open, Shut, Style, Whole
from playground.serve.place import ENTER, NOTICE
from playground.serve.stands import Stands
from playground.serve.styles import USUAL
from playground.serve.visit import BACKLOG_BYTES
from tests.serve.stands_lab import NoDoors, PlayedRenderer, Watching, sized, stands_of, until

LARGE, SMALL = Style(160, 50), Style(80, 24)


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[PlayedRenderer]:
    """The processes that would have been started."""
    PlayedRenderer.made = []
    monkeypatch.setattr(stands, "Renderer", PlayedRenderer)
    monkeypatch.setattr(stands, "TICK_S", 0.01)
    monkeypatch.setattr(place, "SETTLED_S", 0.02)
    monkeypatch.setattr(place, "NOTICE_S", 0.1)
    monkeypatch.setattr(stands, "OPENINGS_PER_S", 0.0001)
    monkeypatch.setattr(place, "SETTLES_PER_S", 0.0001)
    return PlayedRenderer.made


def play(test: Callable[[Stands], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        async with stands_of(NoDoors(), **options) as here:
            await test(here)

    asyncio.run(main())


def test_nothing_is_started_before_somebody_comes(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        assert made == []
        Watching(here, sized(160, 50))
        assert [renderer.told for renderer in made] == [[Open(LARGE), Whole(LARGE)]]
        assert made[0].theme == "dark"

    play(test)


def test_all_of_the_picture_comes_first_then_changes_and_everybody_gets_the_same_bytes(
    made: list[PlayedRenderer],
) -> None:
    async def test(here: Stands) -> None:
        early, other = Watching(here, sized(160, 50)), Watching(here, sized(160, 50))
        made[0].change(LARGE, b"nobody has anything to change yet")
        assert early.output == ENTER + place.CLEAR
        whole, change = b"whole", b"change"
        made[0].whole(LARGE, whole)
        made[0].change(LARGE, change)
        for one in (early, other):
            assert [id(data) for data in one.writes[-2:]] == [id(whole), id(change)]
        assert made[0].asked(LARGE) == 1  # for both of them
        late = Watching(here, sized(160, 50))
        made[0].whole(LARGE, b"whole again")
        assert late.writes[-1] == b"whole again"
        assert early.writes[-1] == change
        assert made[0].told == [Open(LARGE), Whole(LARGE), Whole(LARGE)]

    play(test)


def test_who_has_no_room_misses_changes_and_gets_all_of_it_later(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        slow, quick = Watching(here, sized(160, 50)), Watching(here, sized(160, 50))
        made[0].whole(LARGE, b"whole")
        slow.backlog = BACKLOG_BYTES
        made[0].change(LARGE, b"first")
        slow.backlog = 0
        made[0].change(LARGE, b"second")  # worth nothing without the first
        assert slow.writes[-1] == b"whole"
        assert quick.writes[-2:] == [b"first", b"second"]
        await until(lambda: made[0].asked(LARGE) == 2)
        made[0].whole(LARGE, b"all of it")
        made[0].change(LARGE, b"third")
        assert slow.writes[-2:] == [b"all of it", b"third"]
        assert quick.writes[-3:] == [b"first", b"second", b"third"]

    play(test)


def test_who_never_reads_is_asked_for_nothing(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        stuck = Watching(here, sized(160, 50))
        made[0].whole(LARGE, b"whole")
        stuck.backlog = BACKLOG_BYTES
        before = list(stuck.writes)
        for _ in range(20):
            made[0].change(LARGE, b"x" * 1_000)
            await asyncio.sleep(0.005)
        assert stuck.writes == before
        assert made[0].asked(LARGE) == 1
        assert len(made) == 1

    play(test)


def test_a_picture_larger_than_any_backlog_is_shown_all_the_same(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        one = Watching(here, sized(160, 50))
        made[0].whole(LARGE, b" " * 2 * BACKLOG_BYTES)
        assert len(one.writes[-1]) == 2 * BACKLOG_BYTES

    play(test)


def test_a_terminal_that_changes_its_size_gets_another_picture_when_that_has_settled(
    made: list[PlayedRenderer],
) -> None:
    async def test(here: Stands) -> None:
        one = Watching(here, sized(160, 50))
        made[0].whole(LARGE, b"large")
        for columns in range(159, 79, -1):
            one.resize(columns, 24)
        made[0].change(LARGE, b"too wide by now")
        assert one.writes[-1] == b"large"
        await until(lambda: Open(SMALL) in made[0].told)
        assert [message for message in made[0].told if isinstance(message, Open)] == [Open(LARGE), Open(SMALL)]
        assert one.writes[-1] == place.CLEAR
        made[0].change(LARGE, b"not for me")
        made[0].whole(SMALL, b"small")
        assert one.writes[-2:] == [place.CLEAR, b"small"]

    play(test)


def test_a_rendering_that_nobody_looks_at_is_shut(made: list[PlayedRenderer], monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(here: Stands) -> None:
        one, other = Watching(here, sized(160, 50)), Watching(here, sized(80, 24))
        await other.leave()
        assert other.gone
        await asyncio.sleep(0.03)
        assert Shut(SMALL) not in made[0].told  # somebody may come back
        monkeypatch.setattr(stands, "IDLE_S", 0.0)
        await until(lambda: Shut(SMALL) in made[0].told)
        assert Shut(LARGE) not in made[0].told
        await one.leave()
        await until(lambda: Shut(LARGE) in made[0].told)

    play(test)


def test_renderings_are_few_however_many_sizes_there_are(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        for term, lang in (("xterm-256color", "de_DE.UTF-8"), ("linux", ""), ("vt100", "C"), ("xterm-kitty", "C")):
            for number in range(100):
                Watching(here, sized(60 + number, 20 + number % 40, term, lang))
        opened = [message.style for message in made[0].told if isinstance(message, Open)]
        assert opened[:3] == [Style(60, 20), Style(61, 21), Style(62, 22)]
        assert len(opened) <= 3 + len(USUAL) + 1

    play(test, renderings=3)


def test_renderings_are_begun_only_so_often_and_who_needs_one_more_is_shown_another_or_waits(
    made: list[PlayedRenderer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stands, "OPENINGS", 2)

    async def test(here: Stands) -> None:
        first, second = Watching(here, sized(160, 50)), Watching(here, sized(100, 30))
        third, narrow = Watching(here, sized(150, 45)), Watching(here, sized(70, 24))
        assert [message for message in made[0].told if isinstance(message, Open)] == [Open(LARGE), Open(Style(100, 30))]
        made[0].whole(Style(100, 30), b"the one that fits")
        assert third.writes[-1] == b"the one that fits"
        assert narrow.writes[-1] == place.CLEAR
        monkeypatch.setattr(here, "_openings", Bucket(1, 1, time.monotonic()))
        await until(lambda: Open(Style(70, 24)) in made[0].told)
        made[0].whole(Style(70, 24), b"at last")
        assert narrow.writes[-1] == b"at last"
        for each in (first, second, third, narrow):
            await each.leave()
        assert not any(block.places for block in here._blocks.values())

    play(test)


def test_who_changes_the_size_all_the_time_waits_longer(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        one = Watching(here, sized(160, 50))
        sizes = [(100 + number, 40) for number in range(place.SETTLES)]
        for size in sizes[:-1]:
            one.resize(*size)
            await until(lambda size=size: Open(Style(*size)) in made[0].told)  # type: ignore[misc]
        one.resize(*sizes[-1])
        await asyncio.sleep(5 * place.SETTLED_S)
        assert Open(Style(*sizes[-1])) not in made[0].told

    play(test)


def test_room_is_made_for_a_size_that_somebody_has(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        gone = Watching(here, sized(101, 31))
        await gone.leave()
        Watching(here, sized(103, 33))
        assert made[0].told[-3:] == [Shut(Style(101, 31)), Open(Style(103, 33)), Whole(Style(103, 33))]

    play(test, renderings=1)


def test_a_terminal_that_is_too_small_is_told_so(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        one = Watching(here, sized(59, 30))
        assert one.screen.lines()[0].rstrip() == "60x20 is the least, this is 59x30"
        assert made == []
        one.resize(60, 20)
        await until(lambda: made)
        assert made[0].told == [Open(Style(60, 20)), Whole(Style(60, 20))]
        one.resize(10, 3)
        await one.shows("60x20 is t")
        made[0].whole(Style(60, 20), b"not here")
        assert "not here" not in one.screen.text()

    play(test)


@pytest.mark.parametrize("key", [b"q", b"Q", b"\x03", b"\x04", b"xq"])
def test_who_wants_to_leave_leaves_a_terminal_in_order(key: bytes, made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        one = Watching(here, sized(80, 24))
        made[0].whole(SMALL, b"whole")
        one.visit.typed(key)
        await one.visit.ended()
        assert one.gone == "quit"
        assert one.status == 0
        after = one.output.partition(b"whole")[2]
        assert b"\x1b[?1049l" in after
        assert b"\x1b[?25h" in after
        written = len(one.writes)
        made[0].whole(SMALL, b"too late")
        made[0].change(SMALL, b"too late")
        assert len(one.writes) == written

    play(test)


def test_who_types_is_told_that_they_watch_and_then_sees_the_picture_again(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        one, other = Watching(here, sized(100, 40)), Watching(here, sized(100, 40))
        style = Style(100, 40)
        made[0].whole(style, b"whole")
        for key in (b"p", b"\x1b[A", b"x" * 1_000):
            one.visit.typed(key)
        assert NOTICE in one.screen.lines()[-1]
        assert one.output.count(NOTICE.encode()) == 1
        assert NOTICE not in other.screen.text()
        made[0].change(style, b"\x1b[40;1H" + b"-" * 100)
        assert NOTICE in one.screen.lines()[-1]  # the picture does not cover it
        await until(lambda: made[0].asked(style) == 2)
        made[0].whole(style, b"\x1b[2J\x1b[Hagain")
        assert NOTICE not in one.screen.text()
        assert "again" in one.screen.text()
        assert "again" not in other.screen.text()

    play(test)


@pytest.mark.parametrize(
    "junk", [b"\x1b[<35;10;10M\x1b[<0;3;3m", b"\x1b[M !!", b"\x1b[I", b"\x1b]11;rgb:q/q/q\x1b\\", b"\x1b[?1;2c"]
)
def test_what_is_no_key_means_nothing_in_however_many_pieces(junk: bytes, made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        one = Watching(here, sized(80, 24))
        made[0].whole(SMALL, b"whole")
        one.visit.typed(junk)
        for byte in junk:
            one.visit.typed(bytes([byte]))
        assert one.writes[-1] == b"whole"
        assert not one.visit.ending

    play(test)


def test_a_process_that_dies_is_started_again_and_everybody_gets_the_picture_again(
    made: list[PlayedRenderer],
) -> None:
    async def test(here: Stands) -> None:
        one, other = Watching(here, sized(160, 50)), Watching(here, sized(80, 24))
        made[0].whole(LARGE, b"whole")
        made[0].die()
        assert made[1].told == [Open(LARGE), Whole(LARGE), Open(SMALL), Whole(SMALL)]
        made[1].change(LARGE, b"change")
        made[1].whole(LARGE, b"new")
        made[1].whole(SMALL, b"small")
        assert one.writes[-2:] == [b"whole", b"new"]
        assert other.writes[-1] == b"small"

    play(test)


def test_a_process_that_keeps_dying_is_given_up_and_tried_for_whoever_comes_next(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        one, other = Watching(here, sized(160, 50)), Watching(here, sized(80, 24))
        for number in range(3):
            made[number].die()
        assert len(made) == 3
        for each in (one, other):
            await each.visit.ended()
            assert each.gone == stands.BROKEN
            assert stands.BROKEN in each.screen.text()
            assert each.status == 1
        Watching(here, sized(160, 50))
        assert made[3].told == [Open(LARGE), Whole(LARGE)]

    play(test)


def test_a_rendering_that_is_lost_is_begun_again_and_the_others_go_on(made: list[PlayedRenderer]) -> None:
    async def test(here: Stands) -> None:
        one, other = Watching(here, sized(160, 50)), Watching(here, sized(80, 24))
        made[0].whole(LARGE, b"whole")
        made[0].whole(SMALL, b"small")
        for number in (2, 3):
            made[0].hear(Lost(LARGE, "it crashed"))
            await until(lambda number=number: made[0].told.count(Open(LARGE)) == number)  # type: ignore[misc]
            assert made[0].told[-1] == Whole(LARGE)
        made[0].hear(Lost(LARGE, "it crashed"))
        await one.visit.ended()
        assert one.gone == stands.BROKEN
        made[0].change(SMALL, b"change")
        assert other.writes[-1] == b"change"
        assert len(made) == 1

    play(test)


def test_a_process_that_draws_nothing_is_ended(made: list[PlayedRenderer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stands, "ANSWER_S", 0.0)

    async def test(here: Stands) -> None:
        Watching(here, sized(160, 50))
        await until(lambda: made[0].killed)

    play(test)


def test_where_no_process_can_be_started_they_are_told_so(
    made: list[PlayedRenderer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError("Resource temporarily unavailable")

    monkeypatch.setattr(stands, "Renderer", none)

    async def test(here: Stands) -> None:
        one = Watching(here, sized(160, 50))
        await until(lambda: one.gone)
        assert one.gone == stands.BROKEN

    play(test)
