"""Balancers with a planted bug: a check or a figure must find each of them, else these prove nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from playground.systems.balancer import liveness
from playground.systems.balancer.lease import Lease
from playground.systems.balancer.liveness import Evidence, Member
from playground.systems.balancer.messages import Work
from playground.systems.balancer.retries import RetryBudget
from playground.systems.balancer.server import ServerService
from playground.systems.balancer.service import BalancerService
from playground.systems.balancer.watch import Watch
from tests.systems.balancer.balancer_lab import SECOND, Lab, simulate
from tests.systems.balancer.test_balancer_detection import NoReports
from tests.systems.store.store_lab import Muddle

Patch = pytest.MonkeyPatch


async def crashed(lab: Lab) -> Lab:
    """A server is gone for three seconds, and comes back."""
    await lab.run(4)
    lab.node("s2").crash()
    await lab.run(3)
    lab.node("s2").start()
    await lab.run(3)
    return lab


async def thawed(lab: Lab) -> Lab:
    """The active balancer is frozen until the other one has taken over."""
    await lab.run(3)
    active = next(name for name in lab.balancers if lab.balancer(name).lease.held)
    lab.node(active).freeze()
    await lab.run(4)
    lab.node(active).thaw()
    await lab.run(2)
    return lab


def failed(story: Any, **settings: Any) -> set[str]:
    """The checks that found something in ``story``."""

    async def main() -> set[str]:
        lab = await story(Lab(**{"rate": 100, **settings}))
        return {violation.check for violation in lab.violations}

    found: set[str] = simulate(main)
    return found


def test_without_a_bug_no_check_fails() -> None:
    assert (
        failed(crashed) | failed(thawed) | failed(crashed, policy="round-robin", retries=3, retry_budget=0.01) == set()
    )


def test_the_ejected_get_requests(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Watch, "weights", lambda self: dict.fromkeys(self.watched, 1.0))
    assert "nobody routes to the ejected" in failed(crashed)


def test_retries_ignore_the_tally_of_who_was_ejected_meanwhile(monkeypatch: Patch) -> None:
    pick = BalancerService.pick

    def stubborn(self: BalancerService, key: str, tried: list[str]) -> str:
        return tried[0] if tried else pick(self, key, tried)

    monkeypatch.setattr(BalancerService, "pick", stubborn)
    found = failed(crashed, retries=10, retry_budget=None, try_timeout_ms=300, timeout_us=5 * SECOND)
    assert "nobody routes to the ejected" in found


def test_the_standby_forwards_too(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Lease, "valid", property(lambda _self: True))
    assert "one balancer acts" in failed(thawed)


def test_a_claim_is_taken_for_a_lease(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Lease, "valid", property(lambda self: self.held))
    assert "one balancer acts" in failed(thawed)


def test_the_budget_is_ignored(monkeypatch: Patch) -> None:
    monkeypatch.setattr(RetryBudget, "take", lambda _self, _now_us: True)
    assert "retries within the budget" in failed(crashed, policy="round-robin", retries=3, retry_budget=0.01)


def test_retries_count_as_requests_in_the_budget(monkeypatch: Patch) -> None:
    take = RetryBudget.take

    def generous(self: RetryBudget, now_us: int) -> bool:
        for _ in range(20):
            self.request(now_us)
        return take(self, now_us)

    monkeypatch.setattr(RetryBudget, "take", generous)
    assert "retries within the budget" in failed(crashed, policy="round-robin", retries=3, retry_budget=0.01)


@pytest.mark.parametrize("by", liveness.MECHANISMS)
def test_bad_signs_are_not_counted(monkeypatch: Patch, by: str) -> None:
    bad = Evidence.bad

    def blind(self: Evidence, now_us: int) -> None:
        if self.name != by:  # type: ignore[attr-defined]
            bad(self, now_us)
        else:
            self.bad_signs += 1

    init = Member.__init__

    def named(self: Member, settings: Any) -> None:
        init(self, settings)
        for name, evidence in self.evidence.items():
            evidence.name = name  # type: ignore[attr-defined]

    monkeypatch.setattr(Member, "__init__", named)
    monkeypatch.setattr(Evidence, "bad", blind)
    assert "the dead are noticed" in failed(crashed)


def test_missing_reports_are_counted_over_a_whole_life(monkeypatch: Patch) -> None:
    bad = Evidence.bad

    def unforgiving(self: Evidence, now_us: int) -> None:
        bad(self, now_us)
        self._misses -= 1

    async def main() -> int:
        lab = Lab(rate=0, liveness="heartbeat", servers=3)
        lab.world.network.add(NoReports(every=4))
        await lab.run(20)
        return lab.ledger.groundless

    assert simulate(main) == 0
    monkeypatch.setattr(Evidence, "bad", unforgiving)
    assert simulate(main) > 0


def test_who_comes_back_gets_its_full_share_at_once(monkeypatch: Patch) -> None:
    async def main() -> float:
        lab = await crashed(Lab(rate=300, slow_start_ms=8_000))
        return lab.ledger.shares(SECOND)["s2"]

    assert simulate(main) < 0.15
    monkeypatch.setattr(Member, "weight", lambda self, _now: float(self.standing is not liveness.Standing.EJECTED))
    assert simulate(main) > 0.18


def test_a_request_is_forgotten(monkeypatch: Patch) -> None:
    do = ServerService._do

    async def lazy(self: ServerService, answer: Any, work: Work) -> None:
        if self.done % 50 != 49 or work.value is None:
            await do(self, answer, work)

    monkeypatch.setattr(ServerService, "_do", lazy)
    assert "every request is answered once" in failed(crashed)


@pytest.mark.parametrize("bug", [False, True])
def test_a_write_loses_its_name_on_the_way(monkeypatch: Patch, bug: bool) -> None:
    do = ServerService._do

    async def nameless(self: ServerService, answer: Any, work: Work) -> None:
        await do(self, answer, replace(work, request=None))

    async def main() -> int:
        lab = Lab(rate=80, retries=3, retry_budget=None, try_timeout_ms=100)
        lab.world.network.add(Muddle(lab.world.random("muddle")))
        await lab.run(6)
        return max(lab.base.written.values())

    if bug:
        monkeypatch.setattr(ServerService, "_do", nameless)
    assert (simulate(main) > 1) == bug


def test_a_server_that_stands_still_is_not_told_from_a_balancer_that_does(monkeypatch: Patch) -> None:
    def hasty(self: Watch, name: str, _due_us: int) -> None:
        watched = self.watched[name]
        if self.clock.monotonic_us - watched.awaited_us >= self._late_us(watched):
            watched.member.evidence["heartbeat"].bad(self.clock.monotonic_us)
            self._judge(name)
        self._await_report(name)

    async def main() -> int:
        lab = await thawed(Lab(misses=1, liveness="heartbeat"))
        return lab.ledger.groundless

    assert simulate(main) == 0
    monkeypatch.setattr(Watch, "_expect", hasty)
    assert simulate(main) > 0
