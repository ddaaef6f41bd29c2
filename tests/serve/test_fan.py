"""One rendering: the bytes show what the app shows, it harms no other one, and nothing of it is left behind."""

from __future__ import annotations

import asyncio
import gc
import io
import sys
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from playground.remote.guest import Guest
from playground.remote.wire import Gone, Wire
from playground.serve.fan import Picture
from playground.serve.gallery import Gallery
from playground.serve.messages import Drawn, Lost, Open, Shut, Style, Whole
from playground.session import Session
from playground.spec import ClusterSpec
from tests.serve.stands_lab import PATIENCE_S, Screen, SessionDoors, until
from widgets.palette import Theme

LARGE, SMALL = Style(140, 40), Style(80, 24, 16, False)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(ClusterSpec.model_validate({"nodes": 3}), 5) as session:
        yield session


class Way:
    """To a front that may be slow, and keeps what it is told."""

    def __init__(self) -> None:
        self.ready = True
        self.said: list[Any] = []

    def send(self, message: Any) -> None:
        self.said.append(message)


class Front:
    """A front for a Gallery in this process."""

    def __init__(self, session: Session) -> None:
        self.doors = SessionDoors(session)
        self.wire, there = Wire.pair()
        self.gone = threading.Event()
        self.gallery = Gallery(there, Theme.DARK, self.gone.set)
        self._there = there
        self.heard: list[Any] = []
        threading.Thread(target=self._read, daemon=True).start()

    def open(self, style: Style) -> None:
        wire = self.doors.sit("")
        self.wire.send(Open(style), wire)
        wire.drop()

    def drawn(self, style: Style) -> list[Drawn]:
        return [each for each in self.heard if isinstance(each, Drawn) and each.style == style]

    def picture(self, style: Style) -> Picture:
        picture = self.gallery._renderings[style]._picture
        assert picture is not None
        return picture

    async def close(self) -> None:
        for style in list(self.gallery._renderings):
            self.wire.send(Shut(style))
        await until(lambda: not self.gallery._tasks, "all have ended")
        self.wire.close()
        await until(self.gone.is_set)
        self._there.close()
        for server in self.doors.servers:
            server.close()

    def _read(self) -> None:
        try:
            while True:
                self.heard.append(self.wire.receive()[0])
        except Gone:
            pass


def play(session: Session, test: Callable[[Front], Awaitable[None]]) -> None:
    async def main() -> None:
        front = Front(session)
        session.pause(False)
        try:
            await test(front)
        finally:
            await front.close()

    out, err = sys.stdout, sys.stderr
    try:
        asyncio.run(main())
    finally:
        sys.stdout, sys.stderr = out, err  # several apps end in another order than they began


def shown(lines: list[str]) -> list[str]:
    return [line.rstrip() for line in lines]


def stands(picture: Picture) -> bool:
    """Whether it has drawn, and not only heard, that the session is paused."""
    return picture.encoder is not None and "paused" in picture.encoder.lines()[0]


@pytest.mark.parametrize("style", [LARGE, SMALL])
def test_the_bytes_show_what_the_app_shows(session: Session, style: Style) -> None:
    async def test(front: Front) -> None:
        front.open(style)
        await until(lambda: len(front.drawn(style)) > 20, "pictures come")
        session.pause()
        picture = front.picture(style)
        await until(lambda: stands(picture), "the last picture is drawn")
        front.wire.send(Whole(style))
        await until(lambda: any(drawn.whole for drawn in front.drawn(style)))
        early, late = Screen(style.columns, style.rows), Screen(style.columns, style.rows)
        for drawn in front.drawn(style):
            early.feed(drawn.data)
        late.feed(next(drawn.data for drawn in front.drawn(style) if drawn.whole))
        assert picture.encoder is not None
        assert shown(late.lines()) == shown(picture.encoder.lines())
        assert late.cells() == early.cells()

    play(session, test)


def test_no_mode_is_set_and_nothing_asked_within_a_picture(session: Session) -> None:
    async def test(front: Front) -> None:
        front.open(LARGE)
        front.wire.send(Whole(LARGE))
        await until(lambda: len(front.drawn(LARGE)) > 10)
        picture = front.picture(LARGE)
        picture.bell()
        seen = len(front.drawn(LARGE))
        await until(lambda: len(front.drawn(LARGE)) > seen + 5)
        data = b"".join(drawn.data for drawn in front.drawn(LARGE))
        data = data.replace(b"\x1b[?2026h", b"").replace(b"\x1b[?2026l", b"")
        for never in (b"\x1b[?", b"\x1b]", b"\x1b[>", b"\x1b[<", b"\x07", b"\n", b"$p"):
            assert never not in data

    play(session, test)


def test_an_app_that_crashes_takes_no_other_along(session: Session) -> None:
    async def test(front: Front) -> None:
        front.open(LARGE)
        front.open(SMALL)
        await until(lambda: front.drawn(LARGE) and front.drawn(SMALL))

        def crash() -> None:
            raise ZeroDivisionError("in the middle of it")

        front.picture(LARGE).call_later(crash)
        await until(lambda: any(isinstance(each, Lost) for each in front.heard))
        lost = next(each for each in front.heard if isinstance(each, Lost))
        assert lost == Lost(LARGE, "the picture could not be drawn any more (ZeroDivisionError)")
        seen = len(front.drawn(SMALL))
        await until(lambda: len(front.drawn(SMALL)) > seen + 5)
        # It can be begun again, …
        front.heard.clear()
        front.open(LARGE)
        front.wire.send(Whole(LARGE))
        await until(lambda: any(drawn.whole for drawn in front.drawn(LARGE)))
        # … even if nobody has ended the one before.
        before = front.picture(LARGE)
        front.open(LARGE)
        await until(lambda: not before.is_running)
        assert sum(isinstance(each, Lost) for each in front.heard) == 0

    play(session, test)


def test_nothing_is_left_of_a_rendering_that_was_shut(session: Session) -> None:
    async def test(front: Front) -> None:
        front.open(LARGE)
        front.open(SMALL)
        await until(lambda: len(front.drawn(LARGE)) > 3 and len(front.drawn(SMALL)) > 3)
        gone = weakref.ref(front.picture(LARGE)), weakref.ref(front.gallery._renderings[LARGE]._guest)
        session.pause()
        front.wire.send(Shut(LARGE))

        def so() -> bool:
            gc.collect()
            return gone[0]() is None and gone[1]() is None

        await until(so, "the one that was shut is garbage while the other goes on")
        assert LARGE not in front.gallery._renderings
        assert front.picture(SMALL).is_running
        assert front.doors.servers[0]._over
        seen = len(front.drawn(LARGE))
        front.wire.send(Whole(SMALL))
        await until(lambda: any(drawn.whole for drawn in front.drawn(SMALL)))
        assert len(front.drawn(LARGE)) == seen

    play(session, test)


def test_a_rendering_can_be_shut_at_every_moment_of_its_beginning(session: Session) -> None:
    async def test(front: Front) -> None:
        for moments in range(24):
            front.gallery.hear(Open(LARGE), front.doors.sit(""))
            await asyncio.sleep(0)  # it waits for its session by now
            if moments % 2:
                guest, ends = front.gallery._renderings[LARGE]._guest, time.monotonic() + PATIENCE_S
                while not guest.arrived:  # without the loop, which has not heard of it so far
                    assert time.monotonic() < ends
            for _ in range(moments // 2):
                await asyncio.sleep(0)
            front.gallery.hear(Shut(LARGE), None)
            await until(lambda: not front.gallery._tasks, f"it has ended, shut after {moments}")
        assert not front.heard or all(isinstance(each, Drawn) for each in front.heard)

    play(session, test)


def test_while_the_way_is_full_nothing_is_drawn_and_then_what_is_new(session: Session) -> None:
    async def main() -> None:
        doors, way, arrived = SessionDoors(session), Way(), threading.Event()
        session.pause(False)
        guest = Guest(doors.sit(""), told=lambda _: arrived.set())
        await until(arrived.is_set)
        picture = Picture(LARGE, guest, None, Theme.DARK, way)
        running = asyncio.create_task(picture.show_until_shut())
        await until(lambda: len(way.said) > 5)
        way.ready = False
        before = picture.frame.header.at_us
        await until(lambda: picture.frame.header.at_us > before + 300_000)  # what was drawn before has come by now
        full, before = len(way.said), picture.frame.header.at_us
        await until(lambda: picture.frame.header.at_us > before + 500_000, "the app goes on")
        assert len(way.said) == full
        session.pause()
        await until(lambda: picture.paused)
        way.ready = True
        await until(lambda: len(way.said) > full and stands(picture))
        assert len(way.said) <= full + 2  # not all that was missed
        screen = Screen(LARGE.columns, LARGE.rows)
        for drawn in way.said:
            screen.feed(drawn.data)
        assert picture.encoder is not None
        assert shown(screen.lines()) == shown(picture.encoder.lines())
        assert "paused" in screen.text()
        picture.shut()
        await running
        guest.close()

    asyncio.run(main())


def test_nothing_is_done_on_this_machine(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", lambda *_: pytest.fail("a browser was opened"))

    async def test(front: Front) -> None:
        front.open(LARGE)
        await until(lambda: front.drawn(LARGE))
        picture = front.picture(LARGE)
        picture.open_url("http://127.0.0.1/")
        file = io.StringIO("something")
        driver = picture._driver
        assert driver is not None
        driver.deliver_binary(file, delivery_key="key", save_path=None)  # type: ignore[arg-type]
        assert file.closed

    play(session, test)
