"""What the screen shows of gossip: what each node believes, beside what is.

A row of the matrix is one process's own view and nothing else. A node that is down or booting
has an empty row. A frozen node shows the beliefs it froze with, while their ages go on: its knowledge does get old.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from playground.systems.gossip.figures import knowledge
from playground.systems.gossip.service import GossipService
from playground.systems.gossip.settings import GossipSettings
from playground.systems.gossip.view import Belief
from widgets import shapes, units

if TYPE_CHECKING:
    from playground.kernel.world import World

Services = Mapping[str, GossipService]

_SHOWN = {
    Belief.UNKNOWN: shapes.Belief.UNKNOWN,
    Belief.ALIVE: shapes.Belief.ALIVE,
    Belief.SUSPECT: shapes.Belief.SUSPECT,
    Belief.DEAD: shapes.Belief.DEAD,
    Belief.FORGOTTEN: shapes.Belief.UNKNOWN,
}
_TONES = {Belief.ALIVE: shapes.Tone.GOOD, Belief.SUSPECT: shapes.Tone.WARN, Belief.DEAD: shapes.Tone.BAD}
_SELF = shapes.MatrixCell(shapes.Belief.SELF, 0)

_COUNTED = 60
"""Of more nodes than this the matrix alone tells what is believed of them."""

COLUMNS = (
    shapes.Column("node", 6),
    shapes.Column("the others believe", 18, weight=1),
    shapes.Column("beat", 6, right=True, drop=3),
    shapes.Column("load", 5, right=True, drop=2),
    shapes.Column("free", 8, right=True, drop=2),
    shapes.Column("its view: age", 17, right=True, drop=1),
)


_JUDGED = 200
_READ = 64
"""So many rows are read anew for each picture: with ten of them a second, a thousand rows within two seconds."""


class Rows:
    """What was read of each observer. Of many, only some rows are read anew for a picture, in turn."""

    def __init__(self) -> None:
        self._nodes: tuple[str, ...] = ()
        self._read: dict[str, tuple[shapes.MatrixCell, ...]] = {}
        self._turn = 0

    def of(self, nodes: Sequence[str], services: Services) -> tuple[tuple[shapes.MatrixCell, ...], ...]:
        """A row for each of ``nodes``; empty for one that does not run."""
        if self._nodes != tuple(nodes):
            self._nodes, self._read = tuple(nodes), {}
        rows = []
        for number, name in enumerate(nodes):
            service = services.get(name)
            row = self._read.get(name)
            if service is None:
                row = ()
            elif not row or (number - self._turn) % len(nodes) < _READ:
                row = _row(service, nodes)
            self._read[name] = row
            rows.append(row)
        self._turn = (self._turn + _READ) % len(nodes) if nodes else 0
        return tuple(rows)


def matrix(
    world: World,
    nodes: Sequence[str],
    services: Services,
    hues: Mapping[str, int],
    sides: Mapping[str, int],
    rows: Rows | None = None,
) -> shapes.Matrix:
    """Who believes what of whom; ``nodes`` in the order of rows and columns, ``sides`` of a cut (missing: 0).

    ``rows``: what earlier pictures of this cluster have read; without them everything is.
    """
    heads = tuple(
        shapes.MatrixNode(name, hues.get(name, i), _state(world, name), sides.get(name, 0))
        for i, name in enumerate(nodes)
    )
    cells = (rows or Rows()).of(nodes, services)
    settings = next((service.settings for service in services.values()), None) or GossipSettings()
    return shapes.Matrix(
        heads,
        cells,
        caption=_caption(heads, cells),
        fresh_ms=settings.interval_ms * 3 // 2,
        old_ms=max(settings.suspect_after_ms, settings.interval_ms * 2),
    )


def table(world: World, nodes: Sequence[str], services: Services, hues: Mapping[str, int]) -> shapes.Table:
    """A row per node: what the others believe of it, what it tells of itself, how old its view of the others is."""
    ages: dict[str, list[int]] = {}
    for each in knowledge(services):
        ages.setdefault(each.observer, []).append(each.age_us)
    rows = tuple(
        shapes.Row(
            (
                shapes.Cell(name),
                _believed(name, services),
                *_vitals(name, services),
                _view_age(ages.get(name, [])),
            ),
            name=name,
            hue=hues.get(name, i),
            state=_state(world, name),
        )
        for i, name in enumerate(nodes)
    )
    return shapes.Table(COLUMNS, rows, empty="no node gossips")


def detail(world: World, name: str, nodes: Sequence[str], services: Services) -> shapes.Detail:
    """One node's own view, as it would tell it: belief, count, age and vitals of every other; beside it, what is."""
    title = f"what {name} knows"
    service = services.get(name)
    if service is None:
        return shapes.Detail(title, (), (("what the others believe of it", _believers(name, nodes, services)),))
    columns = (
        shapes.Column("of", 6),
        shapes.Column("believes", 9),
        shapes.Column("which is", 8),
        shapes.Column("beat", 6, right=True),
        shapes.Column("heard", 8, right=True),
        shapes.Column("load", 5, right=True, drop=1),
        shapes.Column("free", 8, right=True, drop=1),
    )
    rows = []
    for other in nodes:
        belief, age_us, vitals = service.believes(other), service.age_us(other), service.vitals_of(other)
        if other == name or belief is Belief.FORGOTTEN:
            continue
        known = age_us is not None and vitals is not None
        cells = (
            shapes.Cell(other),
            shapes.Cell(belief.value, _TONES.get(belief, shapes.Tone.MUTED)),
            _truth(_state(world, other), belief),
            shapes.Cell(str(service.count(other)) if known else units.NONE),
            shapes.Cell(f"{age_us / 1e6:.1f} s" if age_us is not None else "never"),
            shapes.Cell(f"{vitals.load:.2f}" if vitals is not None else units.NONE),
            shapes.Cell(units.size(vitals.free_bytes) if vitals is not None else units.NONE),
        )
        rows.append(shapes.Row(cells, name=other))
    alive = len(service.alive_members())
    facts = (
        shapes.Fact("believes alive", f"{alive} of {len(service.members())} members, itself included"),
        shapes.Fact("heartbeat", str(service.count(name))),
    )
    return shapes.Detail(title, facts, (("its view", shapes.Table(columns, tuple(rows))),))


def _truth(state: shapes.State, belief: Belief) -> shapes.Cell:
    """What a node is; loud where that is not what is believed of it."""
    wrong = (belief is Belief.ALIVE) != (state is shapes.State.UP)
    return shapes.Cell(state.value, shapes.Tone.WARN if wrong else shapes.Tone.MUTED)


def _believers(name: str, nodes: Sequence[str], services: Services) -> shapes.Table:
    """Who believes what of ``name``, and since when they have not heard of it."""
    columns = (
        shapes.Column("node", 6),
        shapes.Column("believes it", 11),
        shapes.Column("beat", 6, right=True, drop=1),
        shapes.Column("heard", 8, right=True),
    )
    rows = []
    for observer in nodes:
        service = services.get(observer)
        if service is None or observer == name:
            continue
        belief, age_us = service.believes(name), service.age_us(name)
        cells = (
            shapes.Cell(observer),
            shapes.Cell(belief.value, _TONES.get(belief, shapes.Tone.MUTED)),
            shapes.Cell(str(service.count(name)) if age_us is not None else units.NONE),
            shapes.Cell(f"{age_us / 1e6:.1f} s" if age_us is not None else "never"),
        )
        rows.append(shapes.Row(cells, name=observer))
    return shapes.Table(columns, tuple(rows), empty="nobody is there to believe anything")


def _state(world: World, name: str) -> shapes.State:
    return shapes.State(world.nodes[name].life.value)


def _row(service: GossipService, nodes: Sequence[str]) -> tuple[shapes.MatrixCell, ...]:
    cells = []
    for name in nodes:
        if name == service.name:
            cells.append(_SELF)
        else:
            age_us = service.age_us(name)
            cells.append(shapes.MatrixCell(_SHOWN[service.believes(name)], None if age_us is None else age_us // 1_000))
    return tuple(cells)


def with_misjudged(ring: shapes.Ring, services: Services) -> shapes.Ring:
    """The ring with the number of those that are wrong about each node; as it is where counting would take too long."""
    if len(ring.nodes) > _COUNTED:
        return ring
    return replace(
        ring,
        nodes=tuple(
            replace(
                node,
                misjudged=sum(
                    (belief is Belief.ALIVE) != (node.state is shapes.State.UP)
                    for belief in (
                        service.believes(node.name) for name, service in services.items() if name != node.name
                    )
                    if belief in _TONES
                ),
            )
            for node in ring.nodes
        ),
    )


def _caption(heads: tuple[shapes.MatrixNode, ...], cells: tuple[tuple[shapes.MatrixCell, ...], ...]) -> str:
    """How far what is believed is from what is; of many nodes nobody counts it anew ten times a second."""
    if len(heads) > _JUDGED:
        return ""
    beliefs = wrong = 0
    for row in cells:
        for head, cell in zip(heads, row, strict=bool(row)):
            if cell.belief is not shapes.Belief.SELF:
                beliefs += 1
                taken_for_up = cell.belief is shapes.Belief.ALIVE
                wrong += taken_for_up != (head.state is shapes.State.UP)
    if not beliefs:
        return ""
    if not wrong:
        return "every belief is true"
    return f"{wrong} of {beliefs} beliefs {'is' if wrong == 1 else 'are'} wrong"


def _believed(name: str, services: Services) -> shapes.Cell:
    counts: dict[Belief, int] = {}
    for observer, service in services.items():
        if observer != name:
            belief = service.believes(name)
            counts[belief] = counts.get(belief, 0) + 1
    text = " ".join(f"{counts[belief]} {belief.value}" for belief in Belief if belief in counts)
    worst = next((b for b in (Belief.DEAD, Belief.SUSPECT, Belief.ALIVE) if b in counts), Belief.UNKNOWN)
    return shapes.Cell(text or "-", _TONES.get(worst, shapes.Tone.MUTED))


def _vitals(name: str, services: Services) -> tuple[shapes.Cell, shapes.Cell, shapes.Cell]:
    service = services.get(name)
    vitals = service.vitals_of(name) if service is not None else None
    if service is None or vitals is None:
        dash = shapes.Cell(units.NONE, shapes.Tone.MUTED)
        return dash, dash, dash
    return (
        shapes.Cell(str(service.count(name))),
        shapes.Cell(f"{vitals.load:.2f}"),
        shapes.Cell(units.size(vitals.free_bytes)),
    )


def _view_age(ages_us: list[int]) -> shapes.Cell:
    if not ages_us:
        return shapes.Cell(units.NONE, shapes.Tone.MUTED)
    mean_s, max_s = sum(ages_us) / len(ages_us) / 1e6, max(ages_us) / 1e6
    return shapes.Cell(f"~{mean_s:.1f} s, max {max_s:.1f} s")
