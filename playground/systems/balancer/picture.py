"""What the screen shows of the balancers: a line per server, all about one balancer or one server.

The line says how the active balancer treats the server (or, while none is active, the first one that runs), and beside
it what each of the two mechanisms believes, whichever decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from playground.systems.balancer.liveness import Belief, Standing
from playground.systems.balancer.retries import WINDOW_US
from playground.systems.balancer.server import ServerService
from playground.systems.balancer.service import BalancerService
from widgets import shapes
from widgets.shapes import Cell, Column, Detail, Fact, Row, Table, Tone

if TYPE_CHECKING:
    from playground.kernel.world import World

Balancers = Mapping[str, BalancerService]
Servers = Mapping[str, ServerService]

COLUMNS = (
    Column("server", 6),
    Column("treated as", 10, weight=1),
    Column("reports", 9),
    Column("checks", 9),
    Column("open", 4, right=True, drop=3),
    Column("queue", 5, right=True, drop=2),
    Column("load", 10, weight=1, drop=1),
    Column("weight", 6, right=True, drop=4),
)
"""Who gets how much is what the table is about: of what may be left out on a narrow panel, the load goes last."""
_DASH = Cell("–", Tone.MUTED)
_BELIEFS = {
    Belief.ALIVE: Cell("● alive", Tone.GOOD),
    Belief.SUSPECT: Cell("? late", Tone.WARN),
    Belief.DEAD: Cell("✕ dead", Tone.BAD),
}
_STANDINGS = {
    Standing.IN: Cell("in", Tone.GOOD),
    Standing.SUSPECT: Cell("suspect", Tone.WARN),
    Standing.EJECTED: Cell("ejected", Tone.BAD),
    Standing.PROBATION: Cell("probation", Tone.ACCENT),
}
_DECIDES = {"heartbeat": "reports", "health-check": "checks"}
_LIFE = {
    shapes.State.UP: Tone.GOOD,
    shapes.State.BOOTING: Tone.ACCENT,
    shapes.State.FROZEN: Tone.WARN,
    shapes.State.DOWN: Tone.BAD,
}


def table(
    world: World, members: Sequence[str], balancers: Balancers, services: Servers, hues: Mapping[str, int]
) -> Table:
    """A line per server of ``members``, as the active balancer sees it."""
    seen_by = _speaker(balancers)
    shares = seen_by.shares() if seen_by else {}
    rows = tuple(
        Row(
            (Cell(name), *_cells(name, seen_by, services.get(name), shares.get(name, 0.0))),
            name=name,
            hue=hues.get(name, i),
            state=_state(world, name),
        )
        for i, name in enumerate(members)
    )
    return Table(COLUMNS, rows, caption=_caption(seen_by))


def balancer_detail(world: World, name: str, balancer: BalancerService | None) -> Detail:
    """All about one balancer. ``balancer``: its service, if it runs."""
    if balancer is None:
        return Detail(f"{name}: no process runs", (_life(world, name),))
    left = balancer.retries_left()
    settings = balancer.settings
    facts = (
        _life(world, name),
        Fact("is", *(("active", Tone.GOOD) if balancer.active else ("standby", Tone.MUTED))),
        Fact("term", f"{balancer.lease.term}" if balancer.lease.term else "never elected"),
        Fact("spreads by", settings.policy),
        Fact(
            "ejects by", f"{settings.liveness}: {settings.misses} of them missing, one each {settings.interval_ms} ms"
        ),
        Fact("requests", f"{balancer.asked} taken, {balancer.failed} failed, {balancer.in_hand} in hand"),
        Fact("retries", f"{balancer.retried} sent, {balancer.unaffordable} forbidden by the budget"),
        Fact("retry budget", _left(left), Tone.WARN if left < 1 else Tone.PLAIN),
        Fact("to ejected servers", f"{balancer.panicked} requests, as all were ejected"),
    )
    return Detail(name, facts, (("the servers as it sees them", _seen(balancer)),))


def server_detail(world: World, name: str, server: ServerService | None) -> Detail:
    """All about one server. ``server``: its service, if it runs."""
    if server is None:
        return Detail(f"{name}: no process runs, and it keeps nothing on its disk", (_life(world, name),))
    settings = server.settings
    full = len(server.queue) >= settings.queue
    facts = (
        _life(world, name),
        Fact("workers", f"{server.working} of {settings.workers} at work"),
        Fact("queue", f"{len(server.queue)} of {settings.queue} places taken", Tone.WARN if full else Tone.PLAIN),
        Fact("requests", f"{server.done} done, {server.failed} failed by the database"),
        Fact("refused", f"{server.refused} for which there was no room", Tone.WARN if full else Tone.PLAIN),
        Fact("a request costs", f"{settings.work_ms} ms and what the database takes"),
        Fact("a write sent twice", "takes effect once" if server.once else "takes effect twice"),
    )
    return Detail(name, facts)


def _speaker(balancers: Balancers) -> BalancerService | None:
    """Whose view is shown."""
    return next((each for each in balancers.values() if each.active), next(iter(balancers.values()), None))


def _caption(balancer: BalancerService | None) -> str:
    if balancer is None:
        return "no balancer runs"
    who = f"{balancer.name} active" if balancer.active else f"none active, as {balancer.name} sees it"
    settings = balancer.settings
    left = balancer.retries_left()
    retries = "no limit" if left == float("inf") else str(max(0, int(left)))
    return f"{who}: {settings.policy}, {_DECIDES[settings.liveness]} eject, retries: {retries}"


def _left(left: float) -> str:
    return "no limit" if left == float("inf") else f"{max(0, int(left))} left in {WINDOW_US // 1_000_000} s"


def _cells(name: str, balancer: BalancerService | None, server: ServerService | None, share: float) -> tuple[Cell, ...]:
    queue = _DASH if server is None else Cell(str(len(server.queue)), Tone.WARN if server.queue else Tone.PLAIN)
    if balancer is None or name not in balancer.watch.watched:
        return (_DASH, _DASH, _DASH, _DASH, queue, _DASH, _DASH)
    member = balancer.watch.watched[name].member
    return (
        _STANDINGS[member.standing],
        _BELIEFS[member.evidence["heartbeat"].belief],
        _BELIEFS[member.evidence["health-check"].belief],
        Cell(str(balancer.tallies[name].open)),
        queue,
        Cell(f"{share:.0%}", bar=share),
        Cell(f"{member.weight(balancer.clock.monotonic_us):.0%}"),
    )


def _seen(balancer: BalancerService) -> Table:
    columns = (
        Column("server", 6),
        Column("treated as", 11),
        Column("sent", 7, right=True),
        Column("answered", 8, right=True),
        Column("refused", 7, right=True),
        Column("silent", 6, right=True),
        Column("last report", 12, weight=1),
    )
    now_us = balancer.clock.monotonic_us
    rows = []
    for name, watched in balancer.watch.watched.items():
        tally = balancer.tallies[name]
        counts = (tally.sent, tally.answered, tally.refused, tally.silent)
        heard = f"{(now_us - watched.heard_us) / 1e6:.1f} s ago" if watched.reports else "never"
        cells = (Cell(name), _STANDINGS[watched.member.standing], *(Cell(str(each)) for each in counts), Cell(heard))
        rows.append(Row(cells, name=name))
    return Table(columns, tuple(rows))


def _life(world: World, name: str) -> Fact:
    state = _state(world, name)
    return Fact("its process is", state.value, _LIFE[state])


def _state(world: World, name: str) -> shapes.State:
    return shapes.State(world.nodes[name].life.value)
