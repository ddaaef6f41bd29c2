"""Which panel stands where, for every size of the terminal: one pure function.

* Wide (160x50 and up): everything at once; from 190 columns on with the selected node's detail.
* Middle (120x36): three places, two of them shared: the panel focused last is in front.
* Small (80x24): one panel at a time, with the newest log lines under it where they fit.
* Zoom: one panel, and where it is wide enough, all about the selected node beside it.

Panels that don't show are tabs. Heights follow the content, so that no place is dead and none is cut.
A cluster has the panels of what it runs; ``_wide_platform`` and ``_middle_platform`` are for those with more
(or other) panels than a store on a ring. The logs of Kafka are long, so they lie across: under the tables, or, where
there is nothing but Kafka, over everything else (``_across``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from textual.geometry import Region

from playground.frame import PANELS, QUORUM_PANELS
from playground.screens.stacks import Wish, stack

LEAST = (60, 20)
"""Below this the app asks for more room instead of drawing rubble."""

_TREE = 18
"""Lines of the tree that say more than the same lines of curves would."""
DETAILED = frozenset({"ring", "replicas", "balancer", "tree", "partitions", "gossip", "detail"})
"""The panels whose zoom shows the selected node's detail."""


@dataclass(frozen=True, slots=True)
class Content:
    """How much there is to show: what the heights follow."""

    nodes: int = 8
    rows: int = 8
    """Of the table of nodes, or of shards."""
    curves: int = 4
    servers: int = 4
    """Rows of the balancer's table."""
    logs: int = 4
    """Lines of partitions, one for each group that reads it, …"""
    groups: int = 1
    """… and of groups."""
    internal: int = 1
    """Partitions that show only where there is room to spare."""
    causes: int = 6
    """Steps of the chain that is explained."""

    def grown(self, found: Mapping[str, int], known: Collection[str]) -> Content:
        """With what was found now. What was known before never shrinks: rows that come and go move no panel."""
        wanted = {name: max(value, getattr(self, name)) if name in known else value for name, value in found.items()}
        return replace(self, **wanted)

    def need(self, panel: str, otherwise: int) -> int:
        """The lines a panel needs, with border, head and caption; ``otherwise``: where more is always better."""
        needs = {
            "replicas": self.rows + 4,
            "balancer": self.servers + 4,
            "gossip": self.nodes + 5,
            "load": self.curves + 3,
            "partitions": self.logs * 2 + self.groups + 5,
        }
        return needs.get(panel, otherwise)

    @property
    def flat(self) -> int:
        """The lines of the partitions where they are wide enough to need but one each."""
        return self.need("partitions", 0) - self.logs


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each visible panel stands (within the stage), and whether the others need tabs."""

    places: dict[str, Region] = field(default_factory=dict)
    tabs: bool = False


def plan(width: int, height: int, content: Content, recent: Sequence[str], zoomed: str = "") -> Plan:
    """``recent``: the panels that there are, by when they were focused, newest first.

    Width and height: without bars; the height includes the line that the tabs take if there are any.
    """
    if zoomed:
        return _zoom(width, height, content, zoomed)
    on_ring = set(recent) == set(QUORUM_PANELS)
    crowded = {"replicas", "partitions"} <= set(recent)
    if width >= 140 and height >= (42 if crowded else 38):
        if on_ring:
            return _wide(width, height, content)
        made = _wide_platform(width, height, content, recent)
        if recent[0] in made.places or recent[0] == "detail":
            return made
    if width >= 100 and height >= 26:
        middle = _middle if on_ring else _middle_platform if "replicas" in recent else _across
        return middle(width, height - 1, content, recent)
    return _small(width, height - 1, content, recent)


def _zoom(width: int, height: int, content: Content, zoomed: str) -> Plan:
    if zoomed == "why" and width >= 110 and height >= 34:  # as sentences, and under them as a diagram
        apart, close = 2 * content.causes + 6, content.causes + 9  # some sentences take two lines
        top = apart if apart <= height // 2 else min(height // 2, close)
        places = {"why": Region(0, 1, width, top), "spacetime": Region(0, 1 + top, width, height - 1 - top)}
        return Plan(places, tabs=True)
    if zoomed not in DETAILED:
        return Plan({zoomed: Region(0, 1, width, height - 1)}, tabs=True)
    if width < 110 and zoomed == "tree":  # what a tree holds is in its lines
        return Plan({"tree": Region(0, 1, width, height - 1)}, tabs=True)
    if width < 110 or zoomed == "detail":
        return Plan({"detail": Region(0, 1, width, height - 1)}, tabs=True)
    left = width * 11 // 20
    places = {zoomed: Region(0, 1, left, height - 1), "detail": Region(left, 1, width - left, height - 1)}
    more = {"gossip": 1, "partitions": 2 * content.internal}
    need = content.need(zoomed, height) + more.get(zoomed, 0)
    if height - 1 - need >= 8:  # what is left over tells how it came to this
        places[zoomed] = Region(0, 1, left, need)
        places["log"] = Region(0, 1 + need, left, height - 1 - need)
    return Plan(places, tabs=True)


def _wide(width: int, height: int, content: Content) -> Plan:
    """Ring over gossip; nodes over detail, load beside them; the log under both, as its lines are long."""
    gossip = min(content.nodes + 6, max(12, height * 2 // 5))
    ring = height - gossip
    left = min(width * 2 // 5, max(56, ring * 2 + 4))
    rest = width - left
    middle = rest * 11 // 20
    log = max(12, height * 2 // 5)
    top = height - log
    nodes = min(content.rows + 4, top - 8)
    return Plan(
        {
            "ring": Region(0, 0, left, ring),
            "gossip": Region(0, ring, left, gossip),
            "replicas": Region(left, 0, middle, nodes),
            "detail": Region(left, nodes, middle, top - nodes),
            "load": Region(left + middle, 0, rest - middle, top),
            "log": Region(left, top, rest, log),
        }
    )


def _wide_platform(width: int, height: int, content: Content, recent: Sequence[str]) -> Plan:
    """Ring (or tree) over gossip; tables over detail; load, over the tree; partitions and log under both: long lines.

    What has no room is the detail: the zoom shows it.
    """
    draw = _columns if "replicas" in recent else _rows
    for tabs in (0, 1):
        places = draw(width, height - tabs, tabs, content, recent)
        if set(places) == set(recent):
            break
    return Plan(places, tabs=bool(tabs))


def _rows(width: int, height: int, y: int, content: Content, recent: Sequence[str]) -> dict[str, Region]:
    """Partitions over everything; under them the log, the tree, and the load over the detail."""
    top = min(content.flat, height // 2)
    left, middle = width * 2 // 5, width * 3 // 10
    under = Region(0, y + top, width, height - top)
    right = Region(left + middle, under.y, width - left - middle, under.height)
    return {
        "partitions": Region(0, y, width, top),
        "log": Region(0, under.y, left, under.height),
        "tree": Region(left, under.y, middle, under.height),
    } | stack(right, [Wish("load", content.curves + 3), Wish("detail", height, 8)], "detail")


def _across(width: int, height: int, content: Content, recent: Sequence[str]) -> Plan:
    """Partitions over everything; under them tree or load, the one focused last, and the log."""
    top = min(max(content.flat, 8), height // 2)
    left = width // 2
    under = Region(0, 1 + top, width, height - top)
    return Plan(
        {
            "partitions": Region(0, 1, width, top),
            _front(recent, ("tree", "load")): Region(0, under.y, left, under.height),
            "log": Region(left, under.y, width - left, under.height),
        },
        tabs=True,
    )


def _columns(width: int, height: int, y: int, content: Content, recent: Sequence[str]) -> dict[str, Region]:
    main, others = ("ring", ("load", "tree")) if "ring" in recent else ("tree", ("load",))
    across = content.flat if "partitions" in recent else 0
    gossip = min(content.nodes + 6, max(12, height - 16))
    left = min(width * 2 // 5, max(56, (height - gossip) * 2 + 4, content.nodes * 3 + 10))
    rest = width - left
    middle = rest * 11 // 20
    log = max(10 if across else 12, (height - across) * 3 // 10)
    top = height - log - min(across, height // 3)
    tables = [
        Wish("replicas", content.rows + 4, 9 if across else 13),
        Wish("balancer", content.servers + 4, 7 if across else 10),
        Wish("detail", top, 6),
    ]
    short = sum(wish.need for wish in _there(tables[:2], recent))
    if across and short + 9 > top:
        tables.pop()  # rather none than one that cuts the tables; what they don't need is better used for the log
        top = min(top, max(short, 22))
        log = height - top - min(across, height // 3)
    load = content.curves + 3  # two lines a curve, the first ones first, as far as the tree can spare them
    spare = max(top // 3 - load, top - load - _TREE)
    beside = [Wish("load", load + max(0, min(content.curves, spare))), Wish("tree", top, 8)]
    low = stack(
        Region(left, y + top, rest, height - top),
        _there([Wish("partitions", across, min(across, height // 3)), Wish("log", log, log)], recent),
        "log",
    )
    return (
        stack(Region(0, y, left, height), _there([Wish(main, 14, 14), Wish("gossip", gossip, 8)], recent), main)
        | stack(Region(left, y, middle, top), _there(tables, recent), "detail")
        | stack(
            Region(left + middle, y, rest - middle, top),
            _there([wish for wish in beside if wish.panel in others], recent),
            "tree",
        )
        | low
    )


def _there(wishes: list[Wish], recent: Sequence[str]) -> list[Wish]:
    return [wish for wish in wishes if wish.panel in recent]


def _front(recent: Sequence[str], choices: tuple[str, ...]) -> str:
    return next((name for name in recent if name in choices), choices[0])


def _middle(width: int, height: int, content: Content, recent: Sequence[str]) -> Plan:
    left = min(width // 2, max(50, (height - 2) * 2 + 6))
    upper = _front(recent, ("replicas", "load"))
    need = content.rows + 4 if upper == "replicas" else content.curves + 3
    top = min(max(need, 9), height * 3 // 5)
    places = {upper: Region(left, 1, width - left, top), "log": Region(left, 1 + top, width - left, height - top)}
    matrix = content.nodes + 5
    if _front(recent, ("ring", "gossip")) == "ring":
        places["ring"] = Region(0, 1, left, height)
    elif height - matrix < 9:
        places["gossip"] = Region(0, 1, left, height)
    else:
        other = "load" if upper == "replicas" else "replicas"
        places["gossip"] = Region(0, 1, left, matrix)
        places[other] = Region(0, 1 + matrix, left, height - matrix)
    return Plan(places, tabs=True)


def _middle_platform(width: int, height: int, content: Content, recent: Sequence[str]) -> Plan:
    """Left ring, tree or gossip, the one focused last; right a table or the load, two if they fit; under it the log."""
    left = min(width // 2, max(50, (height - 2) * 2 + 6))
    drawings = [name for name in recent if name in ("ring", "tree", "gossip")]
    tables = [name for name in recent if name in ("replicas", "balancer", "partitions", "load")]
    chosen = tables[:1]
    top = min(max(content.need(chosen[0], 9), 9), height * 3 // 5)
    more = next((name for name in tables[1:] if top + content.need(name, 9) + 8 <= height), "")
    if more:
        chosen.append(more)
    wishes = [Wish(name, top if name == tables[0] else content.need(name, 9)) for name in PANELS if name in chosen]
    places = stack(Region(left, 1, width - left, height), [*wishes, Wish("log", 8, 8)], "log")
    front = drawings[0]
    under = next((name for name in tables if name not in chosen), "")
    need = {"ring": height, "tree": height * 3 // 5}.get(front, content.need(front, height))
    if under and height - need >= 9:
        rest = Wish(under, content.need(under, 9), height - need)
        return Plan(places | stack(Region(0, 1, left, height), [Wish(front, need, need), rest], front), tabs=True)
    return Plan(places | {front: Region(0, 1, left, height)}, tabs=True)


def _small(width: int, height: int, content: Content, recent: Sequence[str]) -> Plan:
    front = recent[0]
    if front == "ring" and width >= 76:
        return _small_ring(width, height, content)
    need = content.need(front, height)
    if height - need < 5:
        return Plan({front: Region(0, 1, width, height)}, tabs=True)
    return Plan({front: Region(0, 1, width, need), "log": Region(0, 1 + need, width, height - need)}, tabs=True)


def _small_ring(width: int, height: int, content: Content) -> Plan:
    """A circle is as wide as it is high: beside it there is room for the nodes, and under them for the news."""
    left = min(width - 36, (height - 2) * 2 + 10)
    nodes = content.rows + 4
    places = {"ring": Region(0, 1, left, height), "replicas": Region(left, 1, width - left, height)}
    if height - nodes >= 5:
        places["replicas"] = Region(left, 1, width - left, nodes)
        places["log"] = Region(left, 1 + nodes, width - left, height - nodes)
    return Plan(places, tabs=True)
