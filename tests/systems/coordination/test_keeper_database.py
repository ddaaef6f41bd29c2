"""The ensemble as a database: what is sent, how often, and how definite an error is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from playground.kernel.errors import CallError, Rejected
from playground.kernel.node import Node, Process
from playground.kernel.service import Service
from playground.kernel.world import World, run
from playground.systems.zookeeper import database
from playground.systems.zookeeper.client import ConnectionLoss
from playground.systems.zookeeper.database import KeeperDatabase
from tests.systems.coordination.fake_keeper import Ensemble, keeper_of

SECOND = 1_000_000


class User(Service):
    """Holds the session."""

    def __init__(self, process: Process) -> None:
        super().__init__(process)
        self.database = KeeperDatabase(self, ("z1",), timeout_us=SECOND, session_timeout_us=3 * SECOND)

    def start(self) -> None:
        self.database.start()


Act = Callable[[KeeperDatabase], Awaitable[Any]]


@pytest.fixture
def ensemble(monkeypatch: pytest.MonkeyPatch) -> Ensemble:
    made = Ensemble()
    monkeypatch.setattr(database, "ZooKeeper", keeper_of(made))
    return made


def outcomes(*acts: Act, fresh: bool = False) -> list[Any]:
    """What each act gave, or the error that it raised; a second of the world for each, and one before."""

    async def main() -> list[Any]:
        world = World(1)
        node = Node(world, "c1", (User,))
        node.start()
        await world.advance(SECOND)
        results: list[Any] = []

        async def attempt(act: Act, user: KeeperDatabase) -> None:
            try:
                results.append(await act(user))
            except CallError as error:
                results.append(error)

        for act in acts:
            assert node.process is not None
            user = node.process.find(User)
            user.database.fresh = fresh
            user.spawn(attempt, act, user.database)
            await world.advance(world.now_us + 1_100_000)
        return results

    return run(main)


def test_what_was_written_is_read(ensemble: Ensemble) -> None:
    assert outcomes(
        lambda user: user.get("k0"),
        lambda user: user.put("k0", "a"),
        lambda user: user.put("k0", "b"),
        lambda user: user.get("k0"),
    ) == [(), None, None, ("b",)]
    assert ensemble.nodes["/kv/k0"].data == "b"


def test_a_write_is_a_set_and_the_first_one_a_creation(ensemble: Ensemble) -> None:
    outcomes(lambda user: user.put("k0", "a"), lambda user: user.put("k0", "b"))
    assert [each for each in ensemble.asked if each[1] == "/kv/k0"] == [
        ("set", "/kv/k0"),
        ("create", "/kv/k0"),
        ("set", "/kv/k0"),
        ("create", "/kv/k0"),
        ("set", "/kv/k0"),
    ]


def test_two_who_create_at_once_both_write(ensemble: Ensemble) -> None:
    async def both(user: KeeperDatabase) -> str:
        create = user._keeper.create  # type: ignore[union-attr]

        async def overtaken(path: str, data: str = "", **how: bool) -> str:
            if path == "/kv/k0" and path not in ensemble.nodes:
                ensemble.create(path, "theirs", 0, sequential=False)
            return await create(path, data, **how)

        user._keeper.create = overtaken  # type: ignore[union-attr,method-assign]
        await user.put("k0", "mine")
        return ensemble.nodes["/kv/k0"].data

    assert outcomes(both) == ["mine"]
    assert ensemble.nodes["/kv/k0"].version == 1


@pytest.mark.parametrize(("trouble", "kept"), [("before", "a"), ("after", "b")])
def test_an_answer_that_is_lost_leaves_a_write_open(ensemble: Ensemble, trouble: str, kept: str) -> None:
    def meet(_user: KeeperDatabase) -> Awaitable[None]:
        ensemble.trouble["set"] = [trouble]
        return _user.put("k0", "b")

    first, second, third = outcomes(lambda user: user.put("k0", "a"), meet, lambda user: user.get("k0"))
    assert first is None
    assert isinstance(second, ConnectionLoss)
    assert not second.definite
    assert third == (kept,)
    assert sum(each == ("set", "/kv/k0") for each in ensemble.asked) == 3, (
        "a set after which nobody knows is not repeated"
    )


def test_a_write_that_never_left_is_sent_when_there_is_a_connection_again(ensemble: Ensemble) -> None:
    ensemble.trouble["set"] = ["unsent", "unsent"]
    assert outcomes(lambda user: user.put("k0", "a"), lambda user: user.get("k0")) == [None, ("a",)]


def test_a_write_without_an_answer_in_time_is_open(ensemble: Ensemble) -> None:
    ensemble.trouble["set"] = ["silence"]
    ensemble.create("/kv", "", 0, sequential=False)
    ensemble.create("/kv/k0", "a", 0, sequential=False)
    (error,) = outcomes(lambda user: user.put("k0", "b"))
    assert isinstance(error, CallError)
    assert not error.definite
    assert ensemble.nodes["/kv/k0"].data == "b"


def test_without_a_connection_nothing_is_sent_and_that_is_certain(ensemble: Ensemble) -> None:
    ensemble.connects = False
    written, read = outcomes(lambda user: user.put("k0", "b"), lambda user: user.get("k0"))
    assert isinstance(written, Rejected)
    assert written.definite
    assert isinstance(read, CallError)
    assert ensemble.asked == []


def test_a_read_is_asked_again_after_a_loss(ensemble: Ensemble) -> None:
    ensemble.trouble["get"] = ["before", "after"]
    assert outcomes(lambda user: user.put("k0", "a"), lambda user: user.get("k0")) == [None, ("a",)]


def test_an_expired_session_is_followed_by_another_that_syncs_once(ensemble: Ensemble) -> None:
    ensemble.trouble["set"] = ["expired"]
    reads: tuple[Act, ...] = (lambda user: user.get("k0"), lambda user: user.get("k0"))
    assert outcomes(lambda user: user.put("k0", "a"), *reads) == [None, ("a",), ("a",)]
    assert ensemble.opened == 2
    assert [kind for kind, _ in ensemble.asked].count("sync") == 1


def test_fresh_reads_sync_first(ensemble: Ensemble) -> None:
    outcomes(lambda user: user.get("k0"), lambda user: user.get("k0"), fresh=True)
    assert [kind for kind, _ in ensemble.asked] == ["sync", "get", "sync", "get"]


@pytest.mark.parametrize(
    "act",
    [
        lambda user: user.get("k0", 2),
        lambda user: user.put("k0", "a", 2),
        lambda user: user.put("a/b", "a"),
        lambda user: user.get(""),
        lambda user: user.leave("z1"),
    ],
)
def test_what_it_cannot_do_it_refuses_for_certain(ensemble: Ensemble, act: Act) -> None:
    (error,) = outcomes(act)
    assert isinstance(error, Rejected)
    assert (error.code, error.definite) == ("bad-request", True)
    assert ensemble.asked == []


def test_nothing_is_superseded_by_what_was_seen(ensemble: Ensemble) -> None:
    async def seen(user: KeeperDatabase) -> frozenset[str]:
        await user.put("k0", "a")
        user.whom(("n1",))
        return user.observed("k0")

    assert outcomes(seen) == [frozenset()]
