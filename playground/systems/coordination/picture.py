"""What the screen shows of the nodes that use an ensemble: what each of them believes, beside who is up.

Everything in a row is one process's own view; only the mark of the row and the differences in "sees" tell what is.
A frozen node shows what it believed when it froze, but its lease runs out all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from playground.kernel.node import Life
from playground.systems.coordination.service import CoordinationService
from playground.systems.zookeeper.client import State, spelled
from widgets import shapes
from widgets.shapes import Cell, Column, Detail, Fact, Row, Table, Tone

if TYPE_CHECKING:
    from playground.kernel.world import World

Services = Mapping[str, CoordinationService]

COLUMNS = (
    Column("node", 6),
    Column("role", 14),
    Column("session", 16, drop=1),
    Column("configuration", 14, weight=1, drop=2),
    Column("sees", 18, weight=2),
    Column("woken by", 20, drop=3),
)
_DASH = Cell("–", Tone.MUTED)
_TONES = {
    State.CONNECTING: Tone.ACCENT,
    State.CONNECTED: Tone.GOOD,
    State.DISCONNECTED: Tone.WARN,
    State.EXPIRED: Tone.BAD,
    State.CLOSED: Tone.MUTED,
}


def table(world: World, nodes: Sequence[str], services: Services, hues: Mapping[str, int]) -> Table:
    """A row per node: what it is, whether it reaches the ensemble, what it goes by, whom it sees, how often woken."""
    up = tuple(sorted(name for name in nodes if world.nodes[name].life is Life.UP))
    newest = max(services.values(), key=lambda service: service.configuration_version, default=None)
    rows = tuple(
        Row(
            (Cell(name), *_cells(services.get(name), up, newest)),
            name=name,
            hue=hues.get(name, i),
            state=_state(world, name),
        )
        for i, name in enumerate(nodes)
    )
    return Table(COLUMNS, rows, caption=_caption(services), empty="no node uses an ensemble")


def detail(world: World, name: str, service: CoordinationService | None) -> Detail:
    """All about one node. ``service``: its part, if it runs."""
    if service is None:
        return Detail(f"{name}: no process runs", (Fact("session", "it lives until the ensemble gives it up"),))
    role = _role(service)
    facts = (
        Fact("role", role.text, role.tone),
        Fact("stands by", _FORMS[service.settings.election]),
        Fact("term", _term(service)),
        Fact("lease", _lease(service), Tone.PLAIN if service.acting or not service.won else Tone.WARN),
        Fact("session", _session(service), _TONES[service.state]),
        Fact("configuration", _configuration(service)),
        Fact("woken", f"by {_watches(service)}, {service.election_events} of them about the master"),
        Fact("sessions", str(service.sessions)),
    )
    columns = (Column("sees", 8), Column("which is", 10, weight=1))
    rows = tuple(Row((Cell(each), _life(world, each)), name=each) for each in service.seen)
    return Detail(name, facts, (("members", Table(columns, rows, empty="it has not seen anybody yet")),))


_FORMS = {
    "claim": "claim: all are woken, the first to make the master's node anew wins",
    "sequential": "sequential: only the next in the queue is woken",
}


def _cells(
    service: CoordinationService | None, up: tuple[str, ...], newest: CoordinationService | None
) -> tuple[Cell, ...]:
    if service is None:
        return (_DASH,) * (len(COLUMNS) - 1)
    current = newest is None or service.configuration_version == newest.configuration_version
    return (
        _role(service),
        Cell(_session(service), _TONES[service.state]),
        Cell(service.configuration or "–", Tone.PLAIN if current else Tone.WARN),
        _sees(service.seen, up),
        Cell(f"{_watches(service)}, {service.election_events} for master"),
    )


def _watches(service: CoordinationService) -> str:
    return "1 watch" if service.watch_events == 1 else f"{service.watch_events} watches"


def _role(service: CoordinationService) -> Cell:
    if service.acting:
        return Cell("master", Tone.GOOD)
    if service.won:
        return Cell("master, paused", Tone.WARN)
    return Cell("candidate", Tone.MUTED)


def _session(service: CoordinationService) -> str:
    server = service.server
    return f"{service.state.value} {server}" if service.state is State.CONNECTED and server else service.state.value


def _sees(seen: tuple[str, ...], up: tuple[str, ...]) -> Cell:
    """How many, and in what that differs from who is up."""
    missing = [name for name in up if name not in seen]
    gone = [name for name in seen if name not in up]
    differences = [f"not {', '.join(missing)}"] if missing else []
    differences += [f"still {', '.join(gone)}"] if gone else []
    return Cell(", ".join([str(len(seen)), *differences]), Tone.WARN if differences else Tone.GOOD)


def _caption(services: Services) -> str:
    acting = [name for name, service in services.items() if service.acting]
    if not services:
        return ""
    if not acting:
        return "nobody acts as master"
    return f"{' and '.join(acting)} {'acts' if len(acting) == 1 else 'act'} as master"


def _term(service: CoordinationService) -> str:
    if not service.term:
        return "it was never the master"
    return spelled(service.term) if service.won else f"{spelled(service.term)}, which is over"


def _lease(service: CoordinationService) -> str:
    if not service.won:
        return "none: it is not the master"
    return f"{service.lease_us / 1e6:.1f} s more" if service.acting else "run out: it does not act"


def _configuration(service: CoordinationService) -> str:
    if service.configured_us < 0:
        return "none was ever seen"
    age_us = service.clock.monotonic_us - service.configured_us
    return f"{service.configuration}, for {age_us / 1e6:.1f} s"


def _life(world: World, name: str) -> Cell:
    node = world.nodes.get(name)
    if node is None:
        return Cell("no machine", Tone.BAD)
    return Cell(node.life.value, Tone.GOOD if node.life is Life.UP else Tone.WARN)


def _state(world: World, name: str) -> shapes.State:
    return shapes.State(world.nodes[name].life.value)
