"""The front and its visits, with lines and seats that are none: room, names, limits, ends."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.bucket import Bucket
from playground.company import Role
from playground.screens.layout import LEAST
from playground.serve import visit as visits
from playground.serve.front import Front, Offer, Refused
from playground.serve.limits import Limits, span
from playground.serve.line import NEEDED, Terminal
from playground.serve.logbook import AGAIN_S, SHORTEST, Logbook
from playground.serve.messages import Assigned, Programme
from playground.serve.names import name_for, plain_name
from playground.serve.restoring import LEAVE, RESET, Restoring
from playground.serve.visit import BACKLOG_BYTES, Caller, Visit
from playground.spec import ClusterSpec

SPEC = ClusterSpec.model_validate({"nodes": 3})


class Line:
    def __init__(self) -> None:
        self.sent = b""
        self.backlog = 0
        self.status: int | None = None
        self.dropped = False

    def write(self, data: bytes) -> None:
        assert self.status is None
        assert not self.dropped
        self.sent += data

    def hang_up(self, status: int = 0) -> None:
        self.status = status

    def drop(self) -> None:
        self.dropped = True


class Seat:
    """Remembers what it hears; takes its time to be left if ``slow``."""

    def __init__(self, role: Role, slow: bool = False) -> None:
        self.role = role
        self.heard: list[object] = []
        self.free = asyncio.Event()
        if not slow:
            self.free.set()
        self.left = 0

    def typed(self, data: bytes) -> None:
        self.heard.append(data)

    def resized(self, columns: int, rows: int) -> None:
        self.heard.append((columns, rows))

    async def leave(self) -> None:
        self.left += 1
        await self.free.wait()


class Lab:
    def __init__(self, limits: Limits | None = None) -> None:
        self.log = io.StringIO()
        self.limits = limits or Limits()
        self.front = Front(Offer(Programme(SPEC)), self.limits, Logbook(self.log))
        self.front._seat = self._sit  # type: ignore[method-assign]
        self.seats: list[Seat] = []
        self.slow = False

    def _sit(self, visit: Visit) -> Seat:
        self.seats.append(Seat(visit.role, self.slow))
        return self.seats[-1]

    def come(self, name: str = "anna", address: str = "10.0.0.1") -> tuple[Visit, Line]:
        line = Line()
        return self.front.admit(Caller(name, address, "open", Role.PLAYER), line, Terminal()), line


def within(limits: Limits | None = None) -> Callable[[Callable[[Lab], Awaitable[None]]], None]:
    """Run this within an open front."""

    def run(body: Callable[[Lab], Awaitable[None]]) -> None:
        async def opened() -> None:
            lab = Lab(limits)
            async with lab.front:
                await body(lab)
            assert not lab.front.visits

        asyncio.run(opened())

    return run


def test_there_is_room_for_so_many_and_for_so_many_from_one_address() -> None:
    @within(replace(Limits(), visitors=3, per_address=2, players=3))
    async def _(lab: Lab) -> None:
        lab.come()
        lab.come()
        with pytest.raises(Refused, match="no more than 2 at a time may come from your address"):
            lab.come(address="::ffff:10.0.0.1")
        visit, _ = lab.come(address="10.0.0.2")
        with pytest.raises(Refused, match="there is room for no more than 3"):
            lab.come(address="10.0.0.3")
        visit.left()
        await visit.ended()
        lab.come(address="10.0.0.3")

    @within(replace(Limits(), players=1))
    async def _(lab: Lab) -> None:
        lab.come()
        with pytest.raises(Refused, match="all seats of those who act are taken"):
            lab.come()


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(7200, "2 hours"), (60, "1 minute"), (90, "90 seconds"), (1, "1 second"), (1.5, "1.5 seconds")],
)
def test_a_span_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_nobody_comes_in_when_it_closes_and_who_is_here_is_told() -> None:
    async def run() -> None:
        lab = Lab()
        async with lab.front:
            _, line = lab.come()
        assert line.status == 0
        assert line.sent.startswith(RESET)
        assert b"thank you for coming" in line.sent
        assert lab.seats[0].left
        with pytest.raises(Refused):
            lab.come()

    asyncio.run(run())


def test_the_alternate_screen_is_left_once_so_that_what_a_seat_says_last_stays_to_be_read() -> None:
    @within()
    async def _(lab: Lab) -> None:
        visit, line = lab.come()
        for data in (b"\x1b[?10", b"49hpicture", b"\x1b[?1049", b"lseed 7\r\n"):  # as bytes happen to be cut
            visit.show(data)
        visit.end("no key")
        await visit.ended()
        assert line.sent.count(LEAVE) == 1
        assert line.sent.endswith(b"seed 7\r\n" + RESET + b"\rplayground: no key\r\n")

    restoring = Restoring()
    restoring.wrote(b"\x1b[?1049l\x1b[?1049hpicture")
    assert LEAVE in restoring.bytes()


def test_where_no_seat_can_be_made_nobody_is_left_standing() -> None:
    @within()
    async def _(lab: Lab) -> None:
        def broken(_visit: Visit) -> Seat:
            raise OSError(12, "Cannot allocate memory")

        lab.front._seat = broken  # type: ignore[method-assign]
        with pytest.raises(Refused, match="no seat left"):
            lab.come()
        assert not lab.front.visits
        assert "no seat for anna: Cannot allocate memory" in lab.log.getvalue()

    @within()
    async def _(lab: Lab) -> None:
        def broken(_visit: Visit) -> Seat:
            raise OSError(11, "Resource temporarily unavailable")

        visit, line = lab.come()
        visit._make = broken
        lab.front._hear(Assigned("anna", Role.SPECTATOR, visit.number))
        await visit.ended()
        assert line.status == 1
        assert b"no seat left" in line.sent


def test_who_types_faster_than_anybody_can_is_cut() -> None:
    @within(replace(Limits(), input_burst_bytes=100, input_bytes_per_s=1))
    async def _(lab: Lab) -> None:
        visit, line = lab.come()
        visit.typed(b"x" * 100)
        visit.typed(b"x" * 100)
        visit.typed(b"x" * 100)
        await visit.ended()
        assert lab.seats[0].heard == [b"x" * 100]
        assert line.status == 1
        assert b"nobody types so fast" in line.sent
        assert "nobody types so fast" in lab.log.getvalue()


def at(monkeypatch: pytest.MonkeyPatch, now_s: float) -> None:
    monkeypatch.setattr(visits.time, "monotonic", lambda: now_s)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        (Limits(idle_s=60), "no key for 1 minute"),
        (Limits(session_s=60), "a visit lasts 1 minute at most"),
    ],
)
def test_time_is_limited(limits: Limits, why: str) -> None:
    @within(limits)
    async def _(lab: Lab) -> None:
        visit, line = lab.come()
        visit.check()
        assert not visit.ending
        with pytest.MonkeyPatch.context() as patch:
            at(patch, visit.began_s + 61)
            visit.check()
        await visit.ended()
        assert why in line.sent.decode()


def test_who_presents_may_talk_for_as_long_as_they_like_without_a_key() -> None:
    @within(Limits(idle_s=60))
    async def _(lab: Lab) -> None:
        visit, _ = lab.come()
        visit.role = Role.PRESENTER
        with pytest.MonkeyPatch.context() as patch:
            at(patch, visit.began_s + 3_600)
            visit.check()
            assert not visit.ending
            visit.role = Role.PLAYER
            visit.check()
        await visit.ended()


def test_who_does_not_read_is_cut_and_gets_no_more_to_read() -> None:
    @within()
    async def _(lab: Lab) -> None:
        visit, line = lab.come()
        line.backlog = BACKLOG_BYTES + 1
        assert visit.room() == 0
        visit.check()
        with pytest.MonkeyPatch.context() as patch:
            at(patch, visit.began_s + 15)
            line.backlog = BACKLOG_BYTES
            visit.check()
            at(patch, visit.began_s + 30)
            visit.check()
            assert not visit.ending, "something was read meanwhile"
            line.backlog = BACKLOG_BYTES + 1
            at(patch, visit.began_s + 36)
            visit.check()
        await visit.ended()
        assert line.dropped
        assert line.sent == b""
        assert "nothing that was sent has been read" in lab.log.getvalue()


def test_output_is_limited_in_the_long_run() -> None:
    @within(replace(Limits(), output_burst_bytes=1_000, output_bytes_per_s=10))
    async def _(lab: Lab) -> None:
        visit, _ = lab.come()
        assert visit.room() == 1_000
        visit.show(b"x" * 1_500)
        assert visit.room() == 0


@pytest.mark.parametrize(
    ("screen", "why"),
    [
        (Terminal("xterm", columns=50), "the terminal has 50x24 characters, the app needs 60x20"),
        (Terminal("dumb"), "TERM=dumb: this terminal cannot place text"),
        (Terminal(), ""),
    ],
)
def test_who_can_not_act_on_their_terminal_goes_on_watching_if_the_keyboard_is_lent(screen: Terminal, why: str) -> None:
    class Doors:
        declined: ClassVar[list[tuple[str, str]]] = []

        def decline(self, name: str, text: str) -> None:
            self.declined.append((name, text))

        def leave(self, name: str) -> None:
            pass

        async def close(self) -> None:
            pass

    @within()
    async def _(lab: Lab) -> None:
        visit, _ = lab.come()
        lab.front._doors = Doors()  # type: ignore[assignment]
        lab.front._hear(Assigned("anna", Role.SPECTATOR, visit.number))
        visit.terminal = screen
        Doors.declined.clear()
        lab.front._hear(Assigned("anna", Role.PLAYER, visit.number))
        assert Doors.declined == ([("anna", why)] if why else [])
        assert visit.role is (Role.SPECTATOR if why else Role.PLAYER)


def test_who_acts_needs_as_much_of_a_terminal_as_the_app() -> None:
    assert LEAST == NEEDED


def test_who_gets_another_role_gets_another_seat_and_the_old_one_is_left_first() -> None:
    @within()
    async def _(lab: Lab) -> None:
        lab.slow = True
        visit, _ = lab.come()
        lab.front._hear(Assigned("anna", Role.SPECTATOR, visit.number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [seat.left for seat in lab.seats] == [1]
        visit.typed(b"lost between seats")
        lab.slow = False
        lab.seats[0].free.set()
        await visit.ended()
        assert [seat.role for seat in lab.seats] == [Role.PLAYER, Role.SPECTATOR]
        visit.typed(b"heard")
        assert lab.seats[1].heard == [b"heard"]


def test_a_seat_that_is_not_left_in_time_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "LEAVE_S", 0.01)

    @within()
    async def _(lab: Lab) -> None:
        lab.slow = True
        visit, line = lab.come()
        visit.left()
        await visit.ended()
        assert line.status == 0


@given(st.text(max_size=300), st.sets(st.text(max_size=5), max_size=5))
def test_a_name_can_be_shown_and_is_nobody_elses(wanted: str, taken: set[str]) -> None:
    name = name_for(wanted, taken | {plain_name(wanted)})
    assert name not in taken | {plain_name(wanted), "you", "all"}
    assert name.isascii()
    assert name.isprintable()
    assert 0 < len(name) <= 20
    assert plain_name(plain_name(wanted)) == plain_name(wanted)


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0, 10)), max_size=30))
def test_a_bucket_gives_no_more_than_it_has(takes: list[tuple[int, float]]) -> None:
    bucket = Bucket(100, 10, 0.0)
    now_s, given_out = 0.0, 0.0
    for amount, after_s in takes:
        now_s += after_s
        if bucket.take(amount, now_s):
            given_out += amount
        assert given_out <= 100 + 10 * now_s + 1e-6


def test_the_logbook_is_plain_and_a_flood_does_not_fill_it() -> None:
    now = [0.0]
    file = io.StringIO()
    book = Logbook(file, lambda: now[0])
    book.write("a\x1b[2Jb\nc" + "d" * 1_000)
    assert file.getvalue().count("\n") == 1
    assert "\x1b" not in file.getvalue()
    assert len(file.getvalue()) < SHORTEST + 40
    for _ in range(1_000):
        book.refused("10.0.0.1", "no")
    now[0] = AGAIN_S
    book.refused("10.0.0.2", "no")
    lines = file.getvalue().splitlines()[1:]
    assert [line.partition(" ")[2] for line in lines] == [
        "refused 10.0.0.1: no",
        "refused 10.0.0.1: no (999 more times)",
        "refused 10.0.0.2: no",
    ]


def test_a_logbook_that_can_not_be_written_ends_nothing() -> None:
    file = io.StringIO()
    file.close()
    Logbook(file).write("hello")


def test_nobody_is_called_by_a_word_that_means_somebody_else() -> None:
    assert [plain_name(each) for each in ("you", "all", "-all-", "All")] == ["guest", "guest", "guest", "All"]


def test_nobody_but_a_presenter_is_called_so() -> None:
    @within()
    async def _(lab: Lab) -> None:
        lab.front._offer = replace(lab.front._offer, shared=True)
        names = [lab.come(name)[0].name for name in ("presenter", "-presenter.", "presenter-2")]
        assert names == ["guest", "guest-2", "presenter-2"]
        caller = Caller("presenter", "10.0.0.9", "passphrase", Role.PRESENTER)
        assert lab.front.admit(caller, Line(), Terminal()).name == "presenter"


def test_a_role_is_for_who_was_meant_and_not_for_who_has_the_name_by_then() -> None:
    @within()
    async def _(lab: Lab) -> None:
        first, _ = lab.come()
        first.gone()
        await first.ended()
        second, _ = lab.come()
        assert second.name == first.name
        lab.front._hear(Assigned("anna", Role.SPECTATOR, first.number))
        assert second.role is Role.PLAYER
        lab.front._hear(Assigned("anna", Role.SPECTATOR, second.number))
        assert second.role is Role.SPECTATOR
