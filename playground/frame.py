"""One immutable picture of everything, stamped with virtual time.

A screen only ever sees Frames. They hold plain shapes, only for the panels that are
looked at, and they pickle.
"""

from __future__ import annotations

from dataclasses import dataclass

from widgets.shapes import (
    NOTHING_PICKED,
    Detail,
    Item,
    Log,
    Matrix,
    Partitions,
    Picked,
    Place,
    Ring,
    Series,
    SpaceTime,
    State,
    Table,
    Tone,
    Tree,
    Why,
)
from widgets.travelling import hasten


@dataclass(frozen=True, slots=True)
class Header:
    """What the top line says. Rates per virtual second, latencies in microseconds."""

    title: str
    at_us: int
    speed: float
    """Asked for; 0: as fast as it goes."""
    actual_speed: float
    paused: bool
    seed: int
    commands: int
    """How many acts are recorded so far."""
    ops_per_s: float
    p50_us: int
    p99_us: int
    error_share: float
    stale_reads: int
    verdict: str
    """What the checks say, in a few words."""
    tone: Tone
    ended: bool = False
    """The scenario is over, and the world stands still until somebody acts or goes on."""
    linearizable: tuple[int, int, int] = (0, 0, 0)
    """How many keys have a history that is linearizable, that is not, and for which that is too hard to tell."""
    counted: str = "ops/s"
    """What ``ops_per_s``, the latencies and the errors are of, as a unit: of messages where there is no database."""
    present_us: int = -1
    """Where the present stands, if this is the past; -1: this is the present."""
    branched_us: int = -1
    """Where this session parted from another one: somebody went back there, and acted otherwise; -1: it never did."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A node (or client) that can be selected and acted upon."""

    name: str
    hue: int
    state: State
    side: int = 0
    client: bool = False
    stalled: bool | None = None
    """Whether it, a consumer that runs, is stuck in its work; None: it is none."""


PANELS = ("ring", "replicas", "balancer", "tree", "partitions", "gossip", "load", "log", "detail")
"""The panels of the overview, in the order in which 1-9 focus those that there are; ``detail`` is the zoom of what is
selected."""
QUORUM_PANELS = tuple(name for name in PANELS if name not in ("balancer", "tree", "partitions"))
"""Those of a cluster that is a database and nothing beside it."""


VIEWS = ("spacetime", "why")
"""What takes the whole stage when it is asked for, and never stands in the overview."""


@dataclass(frozen=True, slots=True)
class Lens:
    """What the space-time view shows."""

    end_us: int = -1
    """The right end; -1: now."""
    span_us: int = 2_000_000
    """0: as long as the story takes that is followed."""
    wanted: str = ""
    """Words that a message must fit (:mod:`playground.pictures.spacetime_filter`); "": those of the selected node."""
    picked: int = 0
    """The message (or moment) that is read; 0: none."""
    following: int = 0
    """Not 0: only what has to do with this one: what led to it, and what came of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants explained: one of these."""

    entry: int = -1
    """An entry of the journal."""
    happening: int = 0
    """A message, as the tracer names it."""
    operation: int = -1
    """An operation of a client, by its place in the history."""
    client: str = ""
    """Of this client the newest operation that went wrong …"""
    asked_us: int = -1
    """… up to this instant."""


@dataclass(frozen=True, slots=True)
class View:
    """What somebody looks at: ``panels`` that are visible, the selected node (or client), the selected key."""

    panels: frozenset[str] = frozenset(PANELS) - {"detail"}
    selected: str = ""
    key: str = ""
    columns: int = 60
    """How many buckets of the curves there is room for."""
    lens: Lens = Lens()
    question: Question | None = None
    item: Item | None = None
    """What is selected beside the node: a shard, a partition, a znode …"""
    front: str = ""
    """The panel that is focused …"""
    zoomed: str = ""
    """… and the one that fills the stage; "": none does."""
    filtered: str = ""
    """Words that a line of the log must hold to show; "": all show."""
    places: tuple[tuple[str, Place], ...] = ()
    """Where in the panels somebody reads; of others that show it is not told. Nothing is painted otherwise for these
    last four: they are for somebody else, who is to look at the same."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything a screen shows. Panels that nobody looks at are None."""

    number: int
    header: Header
    nodes: tuple[Thing, ...]
    log: Log
    ring: Ring | None = None
    replicas: Table | None = None
    balancer: Table | None = None
    tree: Tree | None = None
    partitions: Partitions | None = None
    gossip: Matrix | None = None
    load: Series | None = None
    detail: Detail | None = None
    picked: Picked = NOTHING_PICKED
    """The selected item, and what lights up with it."""
    spacetime: SpaceTime | None = None
    why: Why | None = None
    notice: str = ""
    """The outcome of the last act, or the alert of the moment: one sentence."""
    notice_tone: Tone = Tone.PLAIN
    notice_number: int = 0
    """Grows with each notice, so that a screen knows a new one."""
    faults: tuple[str, ...] = ()
    """What is in force right now, in words."""
    load_rate: float = 0.0
    """What clients ask for per second, as ``header.counted`` counts it."""
    panels: tuple[str, ...] = QUORUM_PANELS
    """The panels that this cluster has, in the order of :data:`PANELS`."""
    helps: tuple[tuple[str, str], ...] = ()
    """Panel -> the system that it shows, where that is not always the same one."""
    first: str = ""
    """The machine that is selected at first where there is no ring."""
    caption: str = ""
    """What a playing scenario says about this moment."""
    captions: tuple[int, int] = (0, 0)
    """How many captions have been shown, this one among them, and how many there are."""
    stopped: str = ""
    """Not empty: the world has stopped because of an error in the playground; the text says which."""


hasten([Header, Thing, Lens, Question, View, Frame])
