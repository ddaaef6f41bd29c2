"""The claims about balancers, played on balancers with a bug that each should notice, and does.

A bug is planted by replacing one method. ``notices``: the figures, among those expected, that are no longer met.
"""

from __future__ import annotations

import pytest
from noticing import Bug, noticed

from playground.systems.balancer.lease import Lease
from playground.systems.balancer.liveness import FOLLOWS, Belief, Evidence, Member, Standing
from playground.systems.balancer.messages import Report
from playground.systems.balancer.retries import RetryBudget
from playground.systems.balancer.service import BalancerService
from playground.systems.balancer.settings import BalancerSettings
from playground.systems.balancer.watch import Watch

# --- finding the dead ------------------------------------------------------------------


def nothing_is_ever_missing(patch: pytest.MonkeyPatch) -> None:
    def count(evidence: Evidence, now_us: int) -> None:
        evidence.bad_signs += 1

    patch.setattr(Evidence, "bad", count)


def a_report_is_missing_at_once(patch: pytest.MonkeyPatch) -> None:
    late_us = Watch._late_us
    patch.setattr(Watch, "_late_us", lambda watch, watched: late_us(watch, watched) - watch._interval_us)


def one_miss_too_many(patch: pytest.MonkeyPatch) -> None:
    begin = Evidence.__init__
    patch.setattr(Evidence, "__init__", lambda evidence, misses, rises: begin(evidence, misses + 1, rises))


def a_report_passes_for_an_answered_check(patch: pytest.MonkeyPatch) -> None:
    on_report = Watch.on_report

    def on_report_of_health(watch: Watch, source: str, report: Report) -> None:
        on_report(watch, source, report)
        watch.watched[source].member.evidence["health-check"].good(watch.clock.monotonic_us)

    patch.setattr(Watch, "on_report", on_report_of_health)


def the_other_mechanism_decides(patch: pytest.MonkeyPatch) -> None:
    begin = Member.__init__

    def begin_with_checks(member: Member, settings: BalancerSettings) -> None:
        begin(member, settings)
        member._decides = member.evidence["health-check"]

    patch.setattr(Member, "__init__", begin_with_checks)


# --- what follows ------------------------------------------------------------------------


def the_ejected_get_requests(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Watch, "weights", lambda watch: dict.fromkeys(watch.watched, 1.0))


def all_of_its_share_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Member, "weight", lambda member, now_us: float(member.standing is not Standing.EJECTED))


def never_taken_back(patch: pytest.MonkeyPatch) -> None:
    patch.delitem(FOLLOWS, (Standing.EJECTED, Belief.ALIVE))


def always_on_probation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Member, "end_probation", lambda member, now_us: False)


def retries_are_free(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(RetryBudget, "take", lambda budget, now_us: True)


# --- who is active -----------------------------------------------------------------------


def the_standby_forwards(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(BalancerService, "active", property(lambda balancer: True))


def a_lease_lasts_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Lease, "valid", property(lambda lease: lease.held))


@pytest.mark.parametrize(
    ("name", "variant", "bug", "notices"),
    [
        ("L1", "one", nothing_is_ever_missing, "reports_detect_max"),
        ("L1", "one", a_report_is_missing_at_once, "reports_detect_min"),
        ("L1", "two", one_miss_too_many, "reports_detect_max"),
        ("L1", "two", the_ejected_get_requests, "failed_while_ejected"),
        ("L2", "one", nothing_is_ever_missing, "checks_detect_max"),
        ("L2", "one", one_miss_too_many, "checks_detect_max"),
        ("L2", "two", a_report_passes_for_an_answered_check, "ejections"),
        ("L2", "reports", the_other_mechanism_decides, "ejections"),
        ("L3", "slowly", the_ejected_get_requests, "failed_while_ejected checks"),
        ("L3", "slowly", all_of_its_share_at_once, "share_after_return"),
        ("L3", "slowly", always_on_probation, "full_share_after"),
        ("L3", "at-once", never_taken_back, "share_min"),
        ("retry-storm", "budget", retries_are_free, "error_share checks"),
        ("balancer-failover", "", the_standby_forwards, "checks"),
        ("balancer-failover", "", a_lease_lasts_for_ever, "checks"),
    ],
)
def test_a_claim_does_not_hold_of_balancers_with_a_bug(
    monkeypatch: pytest.MonkeyPatch, name: str, variant: str, bug: Bug, notices: str
) -> None:
    assert set(notices.split()) <= set(noticed(monkeypatch, name, variant, bug))
