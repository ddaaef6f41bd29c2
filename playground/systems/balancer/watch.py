"""A balancer's watch over the servers: it takes their reports, asks for their health, and says who may get requests.

Both balancers watch all the time, whichever is active: the standby knows who is dead when it takes over.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from playground.kernel.errors import CallError
from playground.kernel.service import Service, handles
from playground.systems.balancer.liveness import Member, Standing
from playground.systems.balancer.messages import Check, Health, Report
from playground.systems.balancer.settings import BalancerSettings, Liveness

if TYPE_CHECKING:
    from playground.kernel.node import Process

_SIGNS = {"heartbeat": ("report is", "reports are"), "health-check": ("check has failed", "checks have failed")}


class Watched:
    """What is known of one server beside its `Member`."""

    def __init__(self, settings: BalancerSettings) -> None:
        self.member = Member(settings)
        self.health = Health(0, 0, once=False)
        """As it said itself when it was heard of last."""
        self.heard_us = 0
        """When the newest report came."""
        self.awaited_us = 0
        """From when on the next one is waited for."""
        self.newest = (0, 0)
        """The newest report: boot and number. Those that were overtaken by it tell nothing."""
        self.reports = 0
        self.checks = 0
        """How many checks were sent; the newest bears this number."""
        self.judged = 0
        """The newest check whose outcome is known."""
        self.passed = 0
        """Checks that were answered in time."""


class Watch(Service):
    """The part of a balancer that finds the dead."""

    def __init__(self, process: Process, settings: BalancerSettings, servers: tuple[str, ...]) -> None:
        super().__init__(process)
        self.settings = settings
        self.watched: Mapping[str, Watched] = {name: Watched(settings) for name in servers}
        self.pauses = 0
        """How often it found out that it had stood still itself."""
        self._interval_us = settings.interval_ms * 1_000

    def start(self) -> None:
        chance = self.random("health checks")
        for name, watched in self.watched.items():
            watched.awaited_us = self.clock.monotonic_us
            self._await_report(name)
            first_us = int(chance.random() * self._interval_us)  # not all at the same instant
            self.every(self._interval_us, partial(self.spawn, self._check, name), first_us=first_us)

    def weights(self) -> dict[str, float]:
        """The weight of each server that may get requests, in the order of the configuration; {} if all are ejected."""
        now_us = self.clock.monotonic_us
        weights = {}
        for name, watched in self.watched.items():
            if watched.member.standing is not Standing.EJECTED:
                weights[name] = watched.member.weight(now_us)
        return weights

    @property
    def once(self) -> bool:
        """The database takes RequestIds, as a server said: a write that was sent twice takes effect once."""
        return any(watched.health.once for watched in self.watched.values())

    # --- heartbeats ---------------------------------------------------------------------

    @handles(Report)
    def on_report(self, source: str, report: Report) -> None:
        watched = self.watched[source]
        if (report.boot, report.number) <= watched.newest:
            return
        now_us = self.clock.monotonic_us
        watched.newest = (report.boot, report.number)
        watched.health = report.health
        watched.heard_us = watched.awaited_us = now_us
        watched.reports += 1
        watched.member.evidence["heartbeat"].good(now_us)
        self._judge(source)

    def _await_report(self, name: str) -> None:
        watched = self.watched[name]
        now_us = self.clock.monotonic_us
        due_us = max(now_us + 1, watched.awaited_us + self._late_us(watched))
        self.after(due_us - now_us, partial(self._expect, name, due_us))

    def _expect(self, name: str, due_us: int) -> None:
        """The report may have come since this was set: then wait for the next one."""
        watched = self.watched[name]
        now_us = self.clock.monotonic_us
        if now_us - due_us > self._interval_us // 2:
            # It was this process that stood still, and what came meanwhile still waits behind this timer. (Cassandra's
            # failure detector does the same: "Not marking nodes down due to local pause".)
            self.pauses += 1
            watched.awaited_us = now_us - watched.member.evidence["heartbeat"].bad_signs * self._interval_us
        elif now_us - watched.awaited_us >= self._late_us(watched):
            watched.member.evidence["heartbeat"].bad(now_us)
            self._judge(name)
        self._await_report(name)

    def _late_us(self, watched: Watched) -> int:
        """After so long without a report one more is missing."""
        return (watched.member.evidence["heartbeat"].bad_signs + 2) * self._interval_us

    # --- health checks -------------------------------------------------------------------

    async def _check(self, name: str) -> None:
        watched = self.watched[name]
        watched.checks += 1
        number = watched.checks
        evidence = watched.member.evidence["health-check"]
        try:
            health: Health | None = await self.call(name, Check(), timeout_us=self.settings.check_timeout_ms * 1_000)
        except CallError:
            health = None
        if number < watched.judged:
            return  # a later check is known to have passed or failed already
        watched.judged = number
        if health is None:
            evidence.bad(self.clock.monotonic_us)
        else:
            watched.health = health
            watched.passed += 1
            evidence.good(self.clock.monotonic_us)
        self._judge(name)

    # --- what follows ----------------------------------------------------------------------

    def _judge(self, name: str) -> None:
        member = self.watched[name].member
        if not member.judge(self.clock.monotonic_us):
            return
        by: Liveness = self.settings.liveness
        if member.standing is Standing.EJECTED:
            missing = member.evidence[by].bad_signs
            sign = _SIGNS[by][missing > 1] + (" missing" if by == "heartbeat" else "")
            self.note("ejected", f"{self.name} ejected {name}: {missing} {sign}", about=name, by=by)
        elif member.standing is Standing.PROBATION:
            self.note("probation", f"{self.name} takes {name} back, on probation", about=name, by=by)
            self.after(max(1, self.settings.slow_start_ms * 1_000), partial(self._end_probation, name))

    def _end_probation(self, name: str) -> None:
        if self.watched[name].member.end_probation(self.clock.monotonic_us):
            text = f"{self.name} gives {name} its full share again"
            self.note("readmitted", text, about=name, by=self.settings.liveness)
