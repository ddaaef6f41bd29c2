"""The true process that renders: all spectators see what the app shows, whenever they came and however they read."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Awaitable, Callable, Iterator

import psutil
import pytest

from playground.serve.messages import Style
from playground.serve.place import Place
from playground.serve.stands import Stands
from playground.serve.visit import BACKLOG_BYTES
from playground.session import Session
from playground.spec import ClusterSpec
from tests.serve.stands_lab import SessionDoors, Watching, sized, stands_of, until

WORDS = "promises"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(ClusterSpec.model_validate({"nodes": 4}), 7) as session:
        yield session


def play(session: Session, test: Callable[[Stands, SessionDoors], Awaitable[None]]) -> None:
    async def main() -> None:
        doors = SessionDoors(session)
        session.pause(False)
        async with stands_of(doors) as here:
            await test(here, doors)
        await until(lambda: not psutil.Process().children(recursive=True), "no process is left")
        await until(lambda: all(server._over for server in doors.servers), "no wire is left")
        for server in doors.servers:
            server.close()

    descriptors = psutil.Process().num_fds()
    asyncio.run(main())
    assert psutil.Process().num_fds() == descriptors


def pid_of(stands: Stands) -> int:
    assert stands._renderer is not None
    return stands._renderer.pid


def has_all(one: Watching) -> bool:
    seat = one.visit._seat
    assert isinstance(seat, Place)
    return not seat.owed


async def alike(one: Watching, *others: Watching) -> None:
    """Once nothing moves."""
    cells = one.screen.cells
    await until(lambda: all(has_all(each) and each.screen.cells() == cells() for each in others), "they see the same")


def test_whoever_watches_sees_the_same_whenever_they_came_and_however_they_read(session: Session) -> None:
    async def test(here: Stands, doors: SessionDoors) -> None:
        early, slow, small = (Watching(here, sized(*size)) for size in ((160, 50), (160, 50), (80, 24)))
        for each in (early, slow, small):
            await each.shows(WORDS)
        slow.backlog = BACKLOG_BYTES
        missed, seen = len(slow.writes), len(early.writes)
        await until(lambda: len(early.writes) > seen + 10, "pictures go on")
        assert len(slow.writes) == missed
        late = Watching(here, sized(160, 50))
        await late.shows(WORDS)
        slow.backlog = 0
        session.pause()
        await early.shows("paused")
        await alike(early, slow, late)
        await small.shows("paused")
        assert small.screen.lines() != [line[:80] for line in early.screen.lines()[:24]]
        # Whoever comes now gets all of what nothing has changed in since.
        last, small_too = Watching(here, sized(160, 50)), Watching(here, sized(80, 24))
        await alike(early, last)
        await alike(small, small_too)
        assert len(doors.servers) == 2

    play(session, test)


def test_a_large_terminal_without_a_picture_of_its_own_shows_a_smaller_one_and_nothing_beside_it(
    session: Session,
) -> None:
    async def test(here: Stands, doors: SessionDoors) -> None:
        one = Watching(here, sized(400, 120))
        one.screen.feed(b"\x1b[120;390Hjunk")
        await one.shows(WORDS)
        lines = one.screen.lines()
        assert all(not line[320:].strip() for line in lines)
        assert all(not line.strip() for line in lines[100:])

    play(session, test)


def test_a_plain_terminal_gets_nothing_that_it_does_not_know(session: Session) -> None:
    async def test(here: Stands, doors: SessionDoors) -> None:
        true, sixteen, none = (
            Watching(here, sized(100, 30, *terminal))
            for terminal in (("xterm-kitty", "C.UTF-8"), ("linux", "C"), ("vt100", "C"))
        )
        for each in (true, sixteen, none):
            await each.shows(WORDS)
        seen = len(none.writes)
        await until(lambda: len(none.writes) > seen + 5)
        assert b"38;2;" in true.output
        assert not true.output.isascii()
        codes = {code for sgr in re.findall(rb"\x1b\[([0-9;]*)m", sixteen.output) for code in sgr.split(b";")}
        assert sixteen.output.isascii()
        assert b"38" not in codes
        assert b"48" not in codes
        assert codes & {b"31", b"32", b"33", b"36", b"91", b"92", b"96"}
        assert none.output.isascii()
        assert not re.search(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9\d|10\d)[;m]", none.output)

    play(session, test)


def test_another_size_is_another_picture(session: Session) -> None:
    async def test(here: Stands, doors: SessionDoors) -> None:
        one = Watching(here, sized(120, 36))
        await one.shows(WORDS)
        one.resize(80, 24)
        await until(lambda: len(doors.servers) == 2)
        other = Watching(here, sized(80, 24))
        session.pause()
        await other.shows("paused")
        await alike(other, one)

    play(session, test)


def test_a_killed_process_is_replaced_and_everybody_sees_again(session: Session) -> None:
    async def test(here: Stands, doors: SessionDoors) -> None:
        one, other = Watching(here, sized(120, 36)), Watching(here, sized(80, 24))
        for each in (one, other):
            await each.shows(WORDS)
        first = pid_of(here)
        os.kill(first, signal.SIGKILL)
        await until(lambda: here._renderer is not None and here._renderer.pid != first)
        session.pause()
        for each in (one, other):
            await each.shows("paused")
        assert not psutil.pid_exists(first)
        new = Watching(here, sized(120, 36))
        await alike(one, new)

    play(session, test)


def test_a_rendering_whose_session_is_gone_takes_no_other_along(session: Session) -> None:
    async def test(here: Stands, doors: SessionDoors) -> None:
        one = Watching(here, sized(120, 36))
        await one.shows(WORDS)
        doors.servers[0].close()
        await one.shows("has ended")
        other = Watching(here, sized(80, 24))
        await other.shows(WORDS)
        assert len(doors.servers) == 2

    play(session, test)


def test_who_keys_are_for_is_not_the_rendering(session: Session) -> None:
    async def test(here: Stands, doors: SessionDoors) -> None:
        one = Watching(here, sized(120, 36))
        await one.shows(WORDS)
        for key in (b"\x1a", b" ", b"\x1b[19~", b"w"):
            one.visit.typed(key)
        await one.shows("you are watching")
        assert not session.paused
        await one.leave()
        assert b"\x1b[?1049l" in one.output
        assert Style(120, 36) in here._blocks

    play(session, test)
