"""What must hold of the balancers and their servers, always.

Plain functions that see with god's eye, between any two events of a live world. They compare with what was seen
before, which the caller keeps in a `Memory`; the more often they look, the less escapes them. `always` is all of them.

================================== ===============================================================================
`nobody_routes_to_the_ejected`     who is ejected gets nothing, unless all are (claim L3)
`one_acts`                         one balancer holds the lease, its term is its own, and nobody else forwards
`retries_within_budget`            retries never exceed the budget
`every_request_is_answered_once`   what was taken is in hand, or was answered: by a result or by an error
`the_dead_are_noticed`             both mechanisms believe a server dead that has been down for long (L1, L2)
================================== ===============================================================================
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from playground.kernel.node import Life
from playground.systems.balancer.liveness import Belief, Standing
from playground.systems.balancer.retries import BUCKET_US, MINIMUM, WINDOW_US
from playground.systems.balancer.server import ServerService
from playground.systems.balancer.service import BalancerService
from playground.systems.balancer.settings import BalancerSettings, Liveness
from playground.systems.running import running
from playground.systems.violations import Violation
from playground.systems.zookeeper.client import State, ZooKeeper

if TYPE_CHECKING:
    from playground.kernel.world import World

ROUNDING_US = 10_000
"""What the way of a message and the rounding of drifting clocks may add to a bound."""

_Boot = tuple[str, int]
"""A machine and the number of its life."""


class Acted(NamedTuple):
    """A balancer's lease, and what it did. Times by its own clock."""

    at_us: int
    held: bool
    term: int
    session: ZooKeeper | None
    until_us: int
    """When the lease runs out."""
    asked: int


@dataclass(slots=True)
class Memory:
    """What the checks saw before. One per world; look several times a second."""

    routed: dict[tuple[_Boot, str], tuple[Standing, int, int, int]] = field(default_factory=dict)
    """Of each server: standing, since when, tries sent there, tries sent while all were ejected."""
    acted: dict[_Boot, Acted] = field(default_factory=dict)
    terms: dict[int, str] = field(default_factory=dict)
    """Whose a term is."""
    retried: dict[_Boot, deque[tuple[int, int, int]]] = field(default_factory=dict)
    """When it was looked at (by its clock), the requests and the retries until then."""
    signs: dict[tuple[_Boot, str, Liveness], tuple[int, int]] = field(default_factory=dict)
    """Of a server that is down: its signs of life until now, and since when there were no more."""


def balancers(world: World) -> dict[str, BalancerService]:
    """The balancers whose process has begun to serve (frozen ones too), in the world's order."""
    return running(world, BalancerService)


def servers(world: World) -> dict[str, ServerService]:
    """The servers whose process has begun to serve (frozen ones too), in the world's order."""
    return running(world, ServerService)


def always(world: World, memory: Memory) -> list[Violation]:
    """All checks."""
    return [
        *nobody_routes_to_the_ejected(world, memory),
        *one_acts(world, memory),
        *retries_within_budget(world, memory),
        *every_request_is_answered_once(world),
        *the_dead_are_noticed(world, memory),
    ]


def nobody_routes_to_the_ejected(world: World, memory: Memory) -> list[Violation]:
    """A server that was ejected all the time got no request, unless all were ejected."""
    violations = []
    for name, balancer in balancers(world).items():
        for server, watched in balancer.watch.watched.items():
            key = (_boot(balancer), server)
            member = watched.member
            now = (member.standing, member.since_us, balancer.tallies[server].sent, balancer.panicked)
            before = memory.routed.get(key)
            memory.routed[key] = now
            if before is None or before[:2] != now[:2] or member.standing is not Standing.EJECTED:
                continue
            if now[2] > before[2] and now[3] == before[3]:
                text = f"{name} sent {now[2] - before[2]} requests to {server}, which it has ejected"
                violations.append(Violation("nobody routes to the ejected", server, text))
    return violations


def one_acts(world: World, memory: Memory) -> list[Violation]:
    """At most one balancer holds a valid lease; each term is one balancer's; who holds no lease takes no request."""
    violations = []
    acting = []
    for name, balancer in balancers(world).items():
        lease, boot = balancer.lease, _boot(balancer)
        session = lease.session
        until_us = session.safe_until_us if session is not None else balancer.clock.monotonic_us + 1
        valid = lease.held and balancer.clock.monotonic_us < until_us
        if valid:
            acting.append(name)
        if lease.term and memory.terms.setdefault(lease.term, name) != name and session is not None:
            text = f"{name} and {memory.terms[lease.term]} were both elected for term {lease.term}"
            violations.append(Violation("one balancer acts", name, text))
        now = Acted(balancer.clock.monotonic_us, lease.held, lease.term, session, until_us, balancer.asked)
        before = memory.acted.get(boot)
        memory.acted[boot] = now
        if before is None or valid or before.term != now.term:
            continue
        never_held = not (before.held or now.held)
        ran_out = before.session is not None and before.until_us <= before.at_us and not _prolonged(before, now)
        if balancer.asked > before.asked and (never_held or ran_out):
            text = f"{name} took {balancer.asked - before.asked} requests without a lease"
            violations.append(Violation("one balancer acts", name, text))
    if len(acting) > 1:
        violations.append(Violation("one balancer acts", acting[0], f"{' and '.join(acting)} act at the same time"))
    return violations


def _prolonged(before: Acted, now: Acted) -> bool:
    """Whether the lease of the first look may have been prolonged since. A new session would have to win a new term."""
    session = before.session
    assert session is not None
    if session.state is State.EXPIRED and now.at_us - before.at_us < session.timeout_us // 2:
        return False  # prolonged, it would not have expired for a whole timeout (less what clocks drift)
    return session.safe_until_us != before.until_us


def retries_within_budget(world: World, memory: Memory) -> list[Violation]:
    """In any ten seconds (less a bucket) there are at most the budget's share of retries, plus its minimum."""
    violations = []
    for name, balancer in balancers(world).items():
        share = balancer.settings.retry_budget
        looks = memory.retried.setdefault(_boot(balancer), deque(((0, 0, 0),)))
        now_us = balancer.clock.monotonic_us
        last_us, _, retried = looks[-1]
        if share is not None and balancer.retried > retried:
            # The newest retry came after the last look: what it had to respect is what there was in its ten seconds.
            requests = balancer.asked - _until(looks, last_us - WINDOW_US)[1]
            retries = balancer.retried - _until(looks, now_us - WINDOW_US + BUCKET_US, after=True)[2]
            if retries > share * requests + MINIMUM:
                text = f"{name} retried {retries} times in ten seconds of {requests} requests; {share:.0%} are allowed"
                violations.append(Violation("retries within the budget", name, text))
        looks.append((now_us, balancer.asked, balancer.retried))
        while len(looks) > 1 and looks[1][0] < last_us - WINDOW_US:
            looks.popleft()
    return violations


def every_request_is_answered_once(world: World) -> list[Violation]:
    """The books balance, between any two events: taken = answered + failed + in hand."""
    violations = []
    for name, balancer in balancers(world).items():
        ended = balancer.answered + balancer.failed + balancer.in_hand
        if balancer.asked != ended:
            text = f"{name} took {balancer.asked} requests and accounts for {ended}"
            violations.append(Violation("every request is answered once", name, text))
        for server, tally in balancer.tallies.items():
            known = tally.answered + tally.refused + tally.silent + tally.open
            if tally.sent != known:
                text = f"{name} sent {tally.sent} requests to {server} and accounts for {known}"
                violations.append(Violation("every request is answered once", server, text))
    for name, service in servers(world).items():
        ended = service.done + service.failed + service.working + len(service.queue)
        if service.taken != ended:
            text = f"{name} took {service.taken} requests and accounts for {ended}"
            violations.append(Violation("every request is answered once", name, text))
    return violations


def bound_us(settings: BalancerSettings, by: Liveness) -> int:
    """How long a server may be dead before ``by`` knows it, by the balancer's clock."""
    interval_us, misses = settings.interval_ms * 1_000, settings.misses
    if by == "heartbeat":
        return (misses + 1) * interval_us + ROUNDING_US
    return misses * interval_us + settings.check_timeout_ms * 1_000 + ROUNDING_US


def the_dead_are_noticed(world: World, memory: Memory) -> list[Violation]:
    """Who has been down for `bound_us` is believed dead by every balancer that is well itself, by both mechanisms.

    Counted from the last sign of life that reached the balancer: a report may have been on its way for long.
    """
    violations = []
    for name, balancer in balancers(world).items():
        boot, node, now_us = _boot(balancer), world.nodes[name], balancer.clock.monotonic_us
        well = node.life is Life.UP and not node.event_us and balancer.process.open
        for server, watched in balancer.watch.watched.items():
            down = world.nodes[server].life is Life.DOWN
            for by, evidence in watched.member.evidence.items():
                signs = watched.reports if by == "heartbeat" else watched.passed
                signs += balancer.watch.pauses  # who stood still begins to wait anew
                key = (boot, server, by)
                before = memory.signs.get(key)
                if not (well and down) or before is None or before[0] != signs:
                    memory.signs[key] = (signs, now_us)
                    continue
                silent_us = now_us - before[1]
                if silent_us > bound_us(balancer.settings, by) and evidence.belief is not Belief.DEAD:
                    text = f"{name} does not believe {server} dead by {by}, silent for {silent_us / 1e6:.3f} s"
                    violations.append(Violation("the dead are noticed", server, text))
    return violations


def _boot(balancer: BalancerService) -> _Boot:
    return balancer.name, balancer.process.node.boots


def _until(looks: deque[tuple[int, int, int]], at_us: int, *, after: bool = False) -> tuple[int, int, int]:
    """The last look not after ``at_us`` (``after``: the first one not before it); the first one if there is none."""
    if after:
        return next((look for look in looks if look[0] >= at_us), looks[-1])
    return next((look for look in reversed(looks) if look[0] <= at_us), looks[0])
