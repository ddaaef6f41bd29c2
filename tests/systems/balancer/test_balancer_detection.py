"""Who finds out what, and when: the two mechanisms beside each other (claims L1 to L3)."""

from __future__ import annotations

from typing import Any

import pytest

from playground.kernel.network import DROP, PASS, Parcel, Verdict
from playground.systems.balancer.liveness import MECHANISMS, Belief, Standing
from playground.systems.balancer.messages import Report
from playground.systems.balancer.settings import Liveness
from tests.systems.balancer.balancer_lab import SECOND, Lab, OneWay, simulate

T_US = 500_000
TIMEOUT_US = 250_000
WAY_US = 5_000


class NoReports:
    """Reports are lost; everything else arrives. ``every``: only each so-manieth."""

    cuts = False

    def __init__(self, every: int = 1) -> None:
        self.every, self.seen = every, 0

    def judge(self, parcel: Parcel) -> Verdict:
        if not isinstance(parcel.content, Report):
            return PASS
        self.seen += 1
        return PASS if self.seen % self.every else DROP


def beliefs(lab: Lab, server: str = "s2") -> dict[Liveness, set[Belief]]:
    """What the balancers believe of ``server``, by mechanism."""
    members = [lab.balancer(name).watch.watched[server].member for name in lab.balancers]
    return {by: {member.evidence[by].belief for member in members} for by in MECHANISMS}


@pytest.mark.parametrize("misses", [1, 2])
@pytest.mark.parametrize("act", ["crash", "freeze"])
def test_a_dead_server_is_found_within_3_t(misses: int, act: str) -> None:
    async def main(seed: int) -> Any:
        lab = Lab(seed, misses=misses, rate=10)
        await lab.run(3 + lab.world.random("when").random())
        getattr(lab.node("s2"), act)()
        await lab.run(2)
        assert lab.violations == []
        return lab.ledger.incidents[0].detected_us

    for seed in range(15):
        found = simulate(main, seed)
        assert len(found) == 4, "two balancers, two mechanisms"
        for (_, by), took_us in found.items():
            first_us = misses * T_US if by == "heartbeat" else (misses - 1) * T_US + TIMEOUT_US
            assert first_us - WAY_US <= took_us <= first_us + T_US + WAY_US
            assert took_us <= 3 * T_US + WAY_US


def test_with_a_patient_check_both_take_1_t_to_3_t() -> None:
    async def main(seed: int, misses: int) -> Any:
        lab = Lab(seed, misses=misses, check_timeout_ms=500, rate=0)
        await lab.run(3 + lab.world.random("when").random())
        lab.node("s2").crash()
        await lab.run(2)
        return lab.ledger.incidents[0].detected_us.values()

    spans_us = [span for misses in (1, 2) for seed in range(10) for span in simulate(main, seed, misses)]
    assert min(spans_us) >= T_US - WAY_US
    assert max(spans_us) <= 3 * T_US + WAY_US
    assert max(spans_us) - min(spans_us) > 1.5 * T_US, "they spread over the whole span"


def test_a_short_freeze_is_seen_by_some_checks_and_by_no_heartbeat() -> None:
    async def main(seed: int) -> set[str]:
        lab = Lab(seed, misses=1, rate=0)
        await lab.run(3 + lab.world.random("when").random())
        lab.node("s2").freeze()
        await lab.run(0.45)
        lab.node("s2").thaw()
        await lab.run(1)
        return {by for _, by in lab.ledger.incidents[0].detected_us}

    seen = [simulate(main, seed) for seed in range(12)]
    assert {"health-check"} in seen
    assert all("heartbeat" not in each for each in seen)


def test_what_a_server_sends_is_lost_and_both_see_it() -> None:
    async def main() -> dict[Liveness, set[Belief]]:
        lab = Lab(rate=0)
        await lab.run(3)
        lab.world.network.add(OneWay(["s2"], lab.balancers))
        await lab.run(2)
        return beliefs(lab)

    assert simulate(main) == {"heartbeat": {Belief.DEAD}, "health-check": {Belief.DEAD}}


@pytest.mark.parametrize("liveness", MECHANISMS)
def test_what_is_sent_to_a_server_is_lost_and_heartbeats_are_blind(liveness: Liveness) -> None:
    async def main() -> tuple[int, int]:
        lab = Lab(rate=100, liveness=liveness, policy="round-robin")
        await lab.run(3)
        lab.world.network.add(OneWay(lab.balancers, ["s2"]))
        await lab.run(3)
        assert beliefs(lab) == {"heartbeat": {Belief.ALIVE}, "health-check": {Belief.DEAD}}
        tally = lab.active.tallies["s2"]
        before = tally.silent
        await lab.run(5)
        return before, tally.silent - before

    meanwhile, later = simulate(main)
    assert meanwhile > 5
    if liveness == "heartbeat":
        assert later > 20, "it gets its share for ever, and answers nothing"
    else:
        assert later == 0


def test_a_slow_server_reports_regularly_and_fails_its_checks() -> None:
    async def main() -> dict[Liveness, set[Belief]]:
        lab = Lab(rate=0, check_timeout_ms=60)
        await lab.run(3)
        lab.node("s2").set_event_cost(80_000)
        await lab.run(4)
        return beliefs(lab)

    assert simulate(main) == {"heartbeat": {Belief.ALIVE}, "health-check": {Belief.DEAD}}


def test_who_is_cut_off_from_the_database_looks_well_to_both() -> None:
    async def main() -> None:
        lab = Lab(rate=100)
        await lab.run(3)
        lab.base.cut = ("s2",)
        await lab.run(5)
        assert beliefs(lab) == {"heartbeat": {Belief.ALIVE}, "health-check": {Belief.ALIVE}}
        outcomes = lab.outcomes(3, 7)
        assert outcomes["ok"] > 10
        assert outcomes["unknown"] + outcomes["fail"] > 10
        assert lab.server("s2").failed > 10

    simulate(main)


@pytest.mark.parametrize("liveness", MECHANISMS)
def test_a_dead_server_costs_requests_until_it_is_ejected_and_none_afterwards(liveness: Liveness) -> None:
    async def main() -> None:
        lab = Lab(rate=100, liveness=liveness, policy="round-robin", retries=0)
        await lab.run(3)
        lab.node("s2").crash()
        await lab.run(4)
        lab.node("s2").start()
        await lab.run(8)
        (incident,) = lab.ledger.incidents
        assert incident.lost > 5
        assert incident.ejected_us is not None
        # What was under way when it was ejected fails a little later.
        ejected_s = incident.ejected_us / SECOND
        assert set(lab.outcomes(ejected_s, lab.now_s - 1)) == {"ok"}
        assert [entry.kind for entry in lab.world.journal.entries if dict(entry.data).get("about") == "s2"] == [
            *["ejected"] * 2,
            *["probation"] * 2,
            *["readmitted"] * 2,
        ]
        assert lab.violations == []

    simulate(main)


@pytest.mark.parametrize("policy", ["round-robin", "least-connections", "two-choices", "hash"])
def test_who_comes_back_gets_its_share_slowly(policy: str) -> None:
    async def main() -> None:
        lab = Lab(rate=300, policy=policy, slow_start_ms=8_000)
        await lab.run(4)
        usual = lab.ledger.shares(3 * SECOND)["s2"]
        lab.node("s2").crash()
        await lab.run(3)
        assert lab.ledger.shares(SECOND)["s2"] == 0
        lab.node("s2").start()
        await lab.run(1.5)
        assert lab.active.watch.watched["s2"].member.standing is Standing.PROBATION
        await lab.run(1.5)
        early = lab.ledger.shares(1_500_000)["s2"]
        await lab.run(9)
        late = lab.ledger.shares(3 * SECOND)["s2"]
        assert early < 0.6 * usual
        assert 0.7 * usual < late < 1.4 * usual
        assert lab.violations == []

    simulate(main)


def test_of_two_choices_a_silent_server_is_the_worse_one_long_before_it_is_ejected() -> None:
    async def main(policy: str) -> int:
        lab = Lab(rate=200, policy=policy, retries=0)
        await lab.run(3)
        lab.node("s2").crash()
        await lab.run(3)
        return lab.ledger.incidents[0].lost

    assert 3 * simulate(main, "two-choices") < simulate(main, "round-robin")


def test_without_slow_start_it_gets_its_full_share_at_once() -> None:
    async def main() -> float:
        lab = Lab(rate=300, slow_start_ms=0)
        await lab.run(4)
        lab.node("s2").crash()
        await lab.run(3)
        lab.node("s2").start()
        await lab.run(1.6)
        assert lab.active.watch.watched["s2"].member.standing is Standing.IN
        await lab.run(1)
        return lab.ledger.shares(SECOND)["s2"]

    assert simulate(main) > 0.18


def test_a_restart_that_is_quicker_than_the_detection_ejects_nobody() -> None:
    async def main() -> None:
        lab = Lab(rate=0, misses=2, liveness="heartbeat")
        await lab.run(3)
        lab.node("s2").crash()
        lab.node("s2").start()
        await lab.run(3)
        assert lab.entries("ejected") == []

    simulate(main)


def test_if_all_are_ejected_all_get_requests() -> None:
    async def main() -> None:
        lab = Lab(rate=50, liveness="heartbeat")
        await lab.run(3)
        lab.world.network.add(NoReports())
        await lab.run(4)
        assert {each.member.standing for each in lab.active.watch.watched.values()} == {Standing.EJECTED}
        assert set(lab.outcomes(5, 6.5)) == {"ok"}
        assert lab.active.panicked > 30
        assert lab.violations == []

    simulate(main)


def test_single_lost_reports_eject_nobody() -> None:
    async def main() -> None:
        lab = Lab(rate=0, liveness="heartbeat", servers=3)
        lab.world.network.add(NoReports(every=4))
        await lab.run(30)
        assert lab.entries("ejected") == []

    simulate(main)


def test_a_balancer_that_thaws_ejects_nobody_who_lives() -> None:
    async def main(seed: int) -> None:
        lab = Lab(seed, rate=20, misses=1, liveness=MECHANISMS[seed % 2])
        await lab.run(3)
        standby = next(name for name in lab.balancers if name != lab.active.name)
        lab.node(standby).freeze()
        await lab.run(5)
        lab.node("s2").crash()
        await lab.run(5)
        lab.node(standby).thaw()
        await lab.run(2)
        assert {dict(entry.data)["about"] for entry in lab.entries("ejected")} == {"s2"}
        assert lab.balancer(standby).watch.watched["s2"].member.standing is Standing.EJECTED

    for seed in range(6):
        simulate(main, seed)


def test_a_balancer_that_thaws_finds_who_died_meanwhile_although_it_had_believed_it_dead_before() -> None:
    async def main() -> int:
        lab = Lab(rate=0, liveness="heartbeat")
        await lab.run(3)
        lab.node("s2").crash()
        await lab.run(4)
        lab.node("b2").freeze()
        lab.node("s2").start()
        await lab.run(3)
        lab.node("s2").crash()
        await lab.run(2)
        lab.node("b2").thaw()  # it meets the reports of the short life in between
        await lab.run(0.01)
        assert beliefs(lab)["heartbeat"] == {Belief.ALIVE, Belief.DEAD}
        await lab.run(1.6)
        assert beliefs(lab)["heartbeat"] == {Belief.DEAD}
        assert lab.violations == []
        return lab.ledger.groundless

    assert simulate(main) == 0
