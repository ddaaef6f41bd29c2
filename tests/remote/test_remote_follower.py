"""The real processes: they stand where they should, die when they should, and whoever waits for them is told."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from playground.commandline import parse_line
from playground.frame import View
from playground.kernel.errors import UserError
from playground.record import Record
from playground.remote.client import RemoteSession
from playground.remote.follower import Follower
from playground.spec import ClusterSpec
from tests.session.living import END_US, by_chance, lived

PATIENCE_S = 60.0
WAS = lived(6, by_chance(6, count=12))
LONG = Record(ClusterSpec.model_validate({"nodes": 8}), 3, (), 3_600_000_000, "")
"""An hour that nobody has lived: to go back into it takes longer than any test."""


@pytest.fixture
def follower() -> Iterator[Follower]:
    follower = Follower(WAS.record)
    yield follower
    follower.close()


class Waiting:
    """Waits for changes in the life of one session."""

    def __init__(self) -> None:
        self._changed = threading.Event()

    def __call__(self, _session: RemoteSession) -> None:
        self._changed.set()

    def until(self, session: RemoteSession, wanted: Callable[[], bool]) -> None:
        session.on_frame(lambda _frame: self._changed.set())
        ends = time.monotonic() + PATIENCE_S
        while not wanted():
            assert self._changed.wait(ends - time.monotonic()), "it never came"
            self._changed.clear()


def stand(follower: Follower, record: Record, at_us: int, view: View | None = None) -> tuple[RemoteSession, Waiting]:
    waiting = Waiting()
    session = follower.stand(record, at_us, waiting, view=view, speed=0.0)
    waiting.until(session, lambda: session.arrived or bool(session.over))
    return session, waiting


def is_gone(pid: int) -> bool:
    """Whether the process has ended, even if nobody has asked how."""
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return not told.strip() or told.strip().startswith("Z")


def wait_until(so: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < ends, "it never came to that"
        time.sleep(0.01)


def test_a_session_in_another_process_stands_goes_forward_and_acts_as_one_in_this(follower: Follower) -> None:
    for at_us in (2_345_678, 0, END_US, 1_000_000):
        then = lived(6, tuple(act for act in by_chance(6, count=12) if act[0] <= at_us), end_us=at_us)
        session, waiting = stand(follower, WAS.record, at_us)
        assert session.arrived
        assert session.frame().header.at_us == at_us
        assert session.paused
        assert session.record().digest == then.record.digest
        session.pause(False)
        waiting.until(session, lambda session=session: session.frame().header.at_us == END_US)  # type: ignore[misc]
        assert session.record().digest == WAS.record.digest
        session.close()


def test_a_branch_in_another_process_and_the_way_back_within_it(follower: Follower) -> None:
    session, waiting = stand(follower, WAS.record, 1_500_000)
    session.send(parse_line("put dog rex"))
    session.step(2_000_000)
    waiting.until(session, lambda: session.frame().header.at_us == 3_500_000)
    branch = session.record()
    assert branch.branched_us == 1_500_000
    session.close()
    follower.known(WAS.record)
    again, waiting = stand(follower, branch, 2_000_000)
    again.pause(False)
    waiting.until(again, lambda: again.frame().header.at_us == 3_500_000)
    assert again.record().digest == branch.digest
    again.close()


def test_it_shows_what_is_looked_at(follower: Follower) -> None:
    session, waiting = stand(follower, WAS.record, 1_000_000, View(panels=frozenset({"gossip"})))
    assert session.frame().gossip is not None
    assert session.frame().ring is None
    session.look(View(panels=frozenset({"ring"})))
    waiting.until(session, lambda: session.frame().ring is not None)
    session.close()


def test_a_session_that_is_closed_leaves_no_process(follower: Follower) -> None:
    session, _ = stand(follower, WAS.record, 1_000_000)
    assert not is_gone(session.pid)
    session.close()
    session.close()
    wait_until(lambda: is_gone(session.pid))
    with pytest.raises(UserError, match="cannot be asked any more: it was closed"):
        session.record()


def test_whoever_gives_up_half_way_leaves_no_process(follower: Follower) -> None:
    waiting = Waiting()
    session = follower.stand(LONG, 3_599_000_000, waiting)
    waiting.until(session, lambda: session.progress > 0)
    session.close()
    wait_until(lambda: is_gone(session.pid))
    assert follower.alive


def test_a_session_whose_process_is_killed_says_so_and_nobody_waits(follower: Follower) -> None:
    waiting = Waiting()
    session = follower.stand(LONG, 3_599_000_000, waiting)
    waiting.until(session, lambda: session.progress > 0)
    os.kill(session.pid, signal.SIGKILL)
    waiting.until(session, lambda: bool(session.over))
    assert session.over == "the process in which it ran has ended"
    assert not session.alive
    with pytest.raises(UserError):
        session.record()
    session.pause()
    assert stand(follower, WAS.record, 1_000_000)[0].arrived


def test_a_session_that_is_shown_and_killed_leaves_a_last_frame_that_says_so(follower: Follower) -> None:
    session, waiting = stand(follower, WAS.record, 1_000_000)
    os.kill(session.pid, signal.SIGKILL)
    waiting.until(session, lambda: bool(session.frame().stopped))
    assert session.frame().stopped == session.over


def test_without_the_process_that_follows_nobody_waits_for_a_session(follower: Follower) -> None:
    first, _ = stand(follower, WAS.record, 1_000_000)
    os.kill(follower.pid, signal.SIGKILL)
    wait_until(lambda: not follower.alive)
    follower.reached(2_000_000)
    follower.known(WAS.record)
    session, _ = stand(follower, WAS.record, 2_000_000)
    assert session.over
    assert first.record().end_us == 1_000_000, "those that stand already live on"
    first.close()


def test_the_signals_of_a_terminal_leave_it_alone(follower: Follower) -> None:
    stand(follower, WAS.record, 0)[0].close()  # it runs, and ignores them by now
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTSTP):
        os.kill(follower.pid, number)
    session, _ = stand(follower, WAS.record, 1_000_000)
    assert session.arrived
    assert os.getsid(follower.pid) == follower.pid
    assert os.getsid(session.pid) == follower.pid
    session.close()


def test_a_process_that_stands_still_keeps_nobody_waiting(follower: Follower) -> None:
    stand(follower, WAS.record, 0)[0].close()
    os.kill(follower.pid, signal.SIGSTOP)
    try:
        told = 0
        while not follower.busy:
            follower.reached(told)
            told += 1
        assert told > 10
    finally:
        os.kill(follower.pid, signal.SIGCONT)
    wait_until(lambda: not follower.busy)
    session, _ = stand(follower, WAS.record, 1_000_000)
    assert session.arrived
    session.close()


def test_a_folder_full_of_strange_modules_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("socket", "trio", "playground"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)
    follower = Follower(WAS.record)
    session, _ = stand(follower, WAS.record, 1_000_000)
    assert session.arrived
    session.close()
    follower.close()
