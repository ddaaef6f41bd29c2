"""Ensembles with a planted bug: the checks must find each of them, else they prove nothing."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from playground.kernel.errors import WorldStopped
from playground.kernel.network import PASS, Parcel, Verdict
from playground.systems.zookeeper import checks, service
from playground.systems.zookeeper.desk import Desk
from playground.systems.zookeeper.errors import KeeperError
from playground.systems.zookeeper.messages import Call, Result
from playground.systems.zookeeper.preparation import Preparation
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.sessions import SessionTracker
from playground.systems.zookeeper.tree import Tree
from playground.systems.zookeeper.txns import Ended
from playground.systems.zookeeper.watches import Watches
from tests.systems.zookeeper.test_zookeeper_simulation import chaotic
from tests.systems.zookeeper.zookeeper_chaos import ACTS
from tests.systems.zookeeper.zookeeper_lab import Lab, simulate

Patch = pytest.MonkeyPatch


def caught(check: str, acts: tuple[str, ...] = ACTS, seeds: int = 12, rate: float = 8) -> bool:
    """Whether this check finds something at some seed. At another one an assertion may stop the world first."""
    for seed in range(seeds):
        with suppress(WorldStopped):
            if any(violation.check == check for violation in simulated(seed, acts, rate).judge()):
                return True
    return False


def simulated(seed: int, acts: tuple[str, ...], rate: float) -> Any:
    return simulate(chaotic, seed, 8, 3, acts, rate)


def test_a_watch_is_not_removed_when_it_fires(monkeypatch: Patch) -> None:
    def keeping(self: Watches, event: Any) -> tuple[Any, ...]:
        table = self.children if event.kind == "children" else self.data
        return tuple(table.get(event.path, ()))

    monkeypatch.setattr(Watches, "trigger", keeping)
    assert caught(checks.ONCE, ("crash",))


def test_watches_are_not_carried_over(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Watches, "carry_over", lambda *_: iter(()))
    assert caught(checks.MISSED, ("cut", "crash"))


def test_sessions_expire_too_early(monkeypatch: Patch) -> None:
    overdue = SessionTracker.overdue
    monkeypatch.setattr(SessionTracker, "overdue", lambda self, now_us: overdue(self, now_us + 1_300_000))
    assert caught(checks.SAFE, ("crash", "client"))


def test_a_new_leader_counts_from_the_beginning_of_time(monkeypatch: Patch) -> None:
    def stingy(self: SessionTracker, sessions: Any, now_us: int, _grace_us: int) -> None:
        for number, session in sessions.items():
            self.add(number, session.timeout_us, now_us - session.timeout_us)

    monkeypatch.setattr(SessionTracker, "take_over", stingy)
    assert caught(checks.SAFE, ("crash", "freeze", "cut"))


def test_sessions_never_expire(monkeypatch: Patch) -> None:
    monkeypatch.setattr(SessionTracker, "overdue", lambda _self, _now_us: [])

    async def main() -> list[Any]:
        lab = Lab(3, 1)
        await lab.prepare()
        lab.world.nodes["c1"].crash()
        await lab.run(10)
        return lab.violations

    assert any(violation.check == checks.SILENT for violation in simulate(main))


def test_an_ephemeral_survives_its_session(monkeypatch: Patch) -> None:
    end = Preparation.end

    def forgetful(self: Preparation, session: int, *, expired: bool) -> Any:
        ended, records = end(self, session, expired=expired)
        return Ended(ended.session, ended.paths[1:], ended.expired), records

    monkeypatch.setattr(Preparation, "end", forgetful)
    assert caught(checks.EPHEMERAL, ("client", "crash"))


class Late:
    """One server hears what another says a third of a second later."""

    cuts = False

    def __init__(self, source: str, target: str) -> None:
        self.link = (source, target)

    def judge(self, parcel: Parcel) -> Verdict:
        return Verdict(delay_us=333_000) if (parcel.source, parcel.target) == self.link else PASS


async def moved_to_whoever_takes_it(seed: int) -> list[Any]:
    """A client that has just written is dropped by its server, while another server lags."""
    lab = Lab(3, seed, clients=1)
    await lab.prepare()
    keeper = lab.keeper()
    server = keeper.server
    for follower in lab.names:
        if follower not in (server, lab.leader):
            lab.world.network.add(Late(lab.leader, follower))
    await lab.do(lambda: keeper.set("/left", "same"))
    desk = lab.server(server).desk_of(keeper.session)
    assert desk is not None
    lab.server(server)._drop(desk)
    await lab.run(0.05)
    await lab.do(lambda: keeper.get("/left"))
    await lab.run(3)
    assert keeper.server
    return checks.views_go_forward(lab.observation)


def test_a_client_is_taken_by_a_server_that_lags(monkeypatch: Patch) -> None:
    assert not any(simulate(moved_to_whoever_takes_it, seed) for seed in range(8))
    accept = ZooKeeperService._accept

    def careless(self: ZooKeeperService, connection: Any, hello: Any) -> None:
        if hello.session not in self.tree.sessions:
            accept(self, connection, hello)
            return
        desk = Desk(connection, hello, hello.timeout_us, self.clock.monotonic_us)
        self.desks[connection.id] = desk
        connection.on_message = lambda message: self._on_message(desk, message)
        self._welcome(desk, hello.session, hello.password)

    monkeypatch.setattr(ZooKeeperService, "_accept", careless)
    assert any(simulate(moved_to_whoever_takes_it, seed) for seed in range(8))


def test_a_read_is_answered_from_before_the_own_write(monkeypatch: Patch) -> None:
    on_message = ZooKeeperService._on_message
    early: dict[tuple[Any, int], Result] = {}

    def hasty(self: ZooKeeperService, desk: Desk, message: Any) -> None:
        if isinstance(message, Call) and not isinstance(message.body, service.AGREED) and desk.queue:
            early[desk.connection.id, message.cxid] = Result(message.cxid, self.tree.zxid, ("old", None))
        on_message(self, desk, message)

    def read_on(self: ZooKeeperService, desk: Desk) -> None:
        while desk.reads:
            call = desk.queue.popleft()
            result = early.get((desk.connection.id, call.cxid))
            try:
                desk.send(result or Result(call.cxid, self.tree.zxid, self._read(desk.connection.id, call.body)))
            except KeeperError as error:
                desk.send(Result(call.cxid, self.tree.zxid, None, (type(error).__name__, "")))

    monkeypatch.setattr(ZooKeeperService, "_on_message", hasty)
    monkeypatch.setattr(ZooKeeperService, "_read_on", read_on)
    assert caught(checks.FORWARD, ())


def test_a_multi_is_done_as_far_as_it_goes(monkeypatch: Patch) -> None:
    def lenient(self: Preparation, session: int, ops: Any) -> Any:
        records: Any = {}
        changes = []
        for op in ops:
            try:
                changes.append(self._prepare(session, op, records))
            except KeeperError:
                if not changes:
                    raise
        return tuple(changes[:1]), records

    monkeypatch.setattr(Preparation, "prepare", lenient)
    assert caught("all or nothing", ())


def test_requests_are_judged_without_what_is_outstanding(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Preparation, "proposed", lambda *_: None)
    assert caught(checks.SOUND, (), rate=20)


def test_servers_use_their_own_clocks(monkeypatch: Patch) -> None:
    apply, ticks = Tree.apply, count()
    monkeypatch.setattr(Tree, "apply", lambda self, zxid, txn: apply(self, zxid, txn._replace(time_us=next(ticks))))
    assert caught(checks.SAME, ("crash",))


def test_nothing_that_is_heard_of_a_session_counts(monkeypatch: Patch) -> None:
    monkeypatch.setattr(SessionTracker, "touch", lambda _self, _session, _now_us: True)
    assert caught(checks.SAFE, ("client", "cut"))
