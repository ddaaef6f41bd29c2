"""The plain shapes that the widgets draw.

A system's ``picture.py`` turns its state into these; a widget turns these into
characters. Neither knows the other. Every shape is frozen, holds only plain
values and pickles, so a picture can cross a thread, a process or a socket.

Identity: whatever has a ``name`` is selectable. The same name means the same
thing in every panel, which is how one selection highlights it everywhere.
Colour: a node has a ``hue``, an index into the palette (any int, the palette
folds it), the same in every panel. State is never told by hue alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from widgets.travelling import hasten

Place = tuple[int, ...]
"""Where somebody reads in a panel, in its own measure; (): it stands as it came."""


class State(Enum):
    """What *is*: the life of a node's process, or of anything drawn like one."""

    UP = "up"
    BOOTING = "booting"
    FROZEN = "frozen"
    DOWN = "down"


class Belief(Enum):
    """What somebody *believes* of somebody else. Not the same as what is."""

    ALIVE = "alive"
    SUSPECT = "suspect"
    DEAD = "dead"
    UNKNOWN = "unknown"
    SELF = "self"


class Tone(Enum):
    """How a piece of text is meant; the palette decides how that looks."""

    PLAIN = "plain"
    MUTED = "muted"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    ACCENT = "accent"


class Item(NamedTuple):
    """What can be selected beside machines: ``Item("partition", "changes-2")``, ``Item("znode", "/controller")``."""

    kind: str
    """"key", "shard", "partition", "group", "znode" or "session"; "": whatever has this name."""
    name: str

    def __str__(self) -> str:
        return self.name if self.kind == "znode" else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Picked:
    """The selected item, and what has to do with it: all of that lights up, in every panel that shows any of it."""

    item: Item | None = None
    items: frozenset[Item] = frozenset()
    """It and what belongs to it: of a shard its znodes, of a key its shard."""
    nodes: tuple[str, ...] = ()
    """The machines: that hold a copy (by preference), own it, or live by it."""
    asked: Item | None = None
    """What was asked for; ``item`` is None if there is nothing of that name."""


NOTHING_PICKED = Picked()


@dataclass(frozen=True, slots=True)
class RingNode:
    """One node of a ring: ``share`` is the part of the circle it owns (0..1)."""

    name: str
    hue: int
    state: State
    share: float
    side: int = 0
    """Which side of a partition it is on, from 1; 0: on none, it reaches everybody."""
    misjudged: int = 0
    """How many others believe it alive though it isn't up, or the other way round."""


@dataclass(frozen=True, slots=True)
class Arc:
    """The stretch ``start <= turn < end`` of the circle (turns, 0..1), owned by ``owner`` (index into nodes)."""

    start: float
    end: float
    owner: int


@dataclass(frozen=True, slots=True)
class Spark:
    """A request seen on the ring: where its key lies, what it was, how it went."""

    at: float
    """Position of the key, in turns 0..1."""
    write: bool
    tone: Tone
    """PLAIN: under way; GOOD: done; BAD: failed; WARN: nobody knows."""
    age: float = 0.0
    """0 fresh .. 1 about to vanish."""


@dataclass(frozen=True, slots=True)
class Chord:
    """A message under way (or a link that is cut or slow) between two nodes."""

    source: str
    target: str
    progress: float | None = None
    """0..1 along the way; None: a property of the whole link."""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class KeyMark:
    """The key that is looked at: its place and the nodes that hold it, in order of preference."""

    key: str
    at: float
    replicas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ring:
    """A consistent-hashing circle. Turn 0 is at the top; turns grow clockwise."""

    nodes: tuple[RingNode, ...]
    arcs: tuple[Arc, ...]
    sparks: tuple[Spark, ...] = ()
    chords: tuple[Chord, ...] = ()
    key: KeyMark | None = None
    caption: str = ""
    replicas: tuple[str, ...] = ()
    """Who holds the selected shard, in order of preference."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table. ``bar`` (0..1) asks for a small bar instead of, or beside, the text."""

    text: str
    tone: Tone = Tone.PLAIN
    bar: float | None = None
    hue: int | None = None
    """The colour of the node that the text names, if it names one: goes before the tone's."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``width`` in characters, ``weight`` > 0 takes a share of what is left.

    ``drop`` tells which columns go first when the panel is narrow (highest first; 0 never goes).
    """

    title: str
    width: int
    right: bool = False
    weight: int = 0
    drop: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row; ``name`` makes it selectable, ``hue`` and ``state`` give it its mark; ``item``: what else it is about."""

    cells: tuple[Cell, ...]
    name: str = ""
    hue: int | None = None
    state: State | None = None
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    empty: str = "nothing here yet"


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One line of a tree: a node of it, ``depth`` steps below the root (0).

    ``subject`` is who it belongs to (the machine whose session an ephemeral node lives by): that machine is
    selected with the line, and ``hue`` is its colour.
    """

    path: str
    """Where it is, unique within the tree."""
    name: str
    """What it is called: the last part of ``path``."""
    depth: int
    text: str = ""
    """What it holds, in a few words; muted unless ``tone`` says otherwise."""
    mark: str = ""
    """What kind of node it is, where its life hangs on somebody, in one word ("ephemeral"); "" for all others."""
    tone: Tone = Tone.PLAIN
    hue: int | None = None
    subject: str = ""
    fresh: bool = False
    """It came or changed a moment ago."""
    rank: int = 0
    """Where there is no room for all, those with a low rank are shown."""

    @property
    def item(self) -> Item:
        return Item("znode", self.path)


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree as it would be listed: every node after its parent, brothers in order."""

    nodes: tuple[TreeNode, ...]
    caption: str = ""
    empty: str = "nothing here yet"


@dataclass(frozen=True, slots=True)
class Replica:
    """One copy of a partition. ``state``: of its machine, which may be down and in sync until somebody notices."""

    name: str
    hue: int
    in_sync: bool = True
    state: State = State.UP


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a group has come in one partition. Offsets are those of the next message."""

    group: str
    committed: int | None = None
    """What stands before it is done, for good; None: nothing was ever committed."""
    position: int | None = None
    """What stands before it was handed to the owner; None: nobody owns the partition."""
    lag: int = 0
    """Messages that wait: from what is committed to the high watermark."""
    lags: tuple[float | None, ...] = ()
    """The lag of the last seconds, one a second, oldest first; None where nobody knew it."""
    owner: str = ""
    hue: int | None = None
    """The owner's."""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Partition:
    """A replicated log: ``start <= high_watermark <= end``. ``replicas``: in the order of preference."""

    name: str
    leader: str
    """"": nobody leads it."""
    hue: int | None
    """The leader's."""
    replicas: tuple[Replica, ...]
    start: int
    high_watermark: int
    """What stands before it is on enough replicas; nobody reads beyond."""
    end: int
    readers: tuple[Progress, ...] = ()
    tone: Tone = Tone.PLAIN
    """WARN: replicas are missing; BAD: too many."""
    leader_state: State = State.UP
    """Of the leader's machine: nobody may have noticed yet."""

    @property
    def item(self) -> Item:
        return Item("partition", self.name)

    @property
    def missing(self) -> int:
        """How many replicas are not in sync."""
        return sum(not replica.in_sync for replica in self.replicas)


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A member of a consumer group, and how many partitions it owns. ``note``: what is wrong with it, in a word."""

    name: str
    hue: int | None
    partitions: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group: ``text`` says how it is, ``aside`` how it is set."""

    name: str
    text: str
    members: tuple[GroupMember, ...] = ()
    aside: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Partitions:
    """Partitions under one scale, and who reads them. ``folded``: partitions of less interest."""

    rows: tuple[Partition, ...]
    groups: tuple[Group, ...] = ()
    folded: tuple[Partition, ...] = ()
    """Shown where there is room for all of them; else ``summary`` stands for them."""
    summary: str = ""
    summary_tone: Tone = Tone.MUTED
    span: int = 50
    """So many messages before its end a bar goes back at least; the same for all, so that they can be compared."""
    lag_top: float = 10.0
    """The lag that a curve must be able to show."""
    caption: str = ""
    empty: str = "nothing here yet"


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """What a row's node believes of a column's node, and how old (ms) that knowledge is."""

    belief: Belief
    age_ms: int | None = None


@dataclass(frozen=True, slots=True)
class MatrixNode:
    name: str
    hue: int
    state: State
    side: int = 0


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who believes what of whom: ``cells[row][column]``; a row that cannot speak (down) is empty (())."""

    nodes: tuple[MatrixNode, ...]
    cells: tuple[tuple[MatrixCell, ...], ...]
    caption: str = ""
    fresh_ms: int = 1000
    """Knowledge younger than this counts as fresh …"""
    old_ms: int = 5000
    """… and fades from there until it is this old."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve: ``values`` oldest first, one per bucket; None where nothing was measured."""

    name: str
    values: tuple[float | None, ...]
    latest: str
    """The newest value as text, unit included."""
    hue: int | None = None
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Series:
    """Curves over the same time axis; each is scaled by itself unless ``shared_scale``."""

    lines: tuple[Line, ...]
    bucket_ms: int
    caption: str = ""
    shared_scale: bool = False


@dataclass(frozen=True, slots=True)
class LogLine:
    """One happening. ``index`` only grows, so that a log can be scrolled and appended to."""

    index: int
    at_us: int
    kind: str
    subject: str
    text: str
    tone: Tone = Tone.PLAIN
    hue: int | None = None
    items: tuple[Item, ...] = ()
    """What it is about, beside machines."""


@dataclass(frozen=True, slots=True)
class Log:
    lines: tuple[LogLine, ...]
    dropped: int = 0
    """How many older lines are no longer here."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A titled value in a detail view: ``Fact("WAL", "132 records, 18 kB")``."""

    title: str
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything about one selected thing: facts on top, tables below, in reading order, then what happened to it.

    ``aside``: about something else that belongs here: the machine on which the selection stands.
    """

    title: str
    facts: tuple[Fact, ...] = ()
    tables: tuple[tuple[str, Table], ...] = field(default_factory=tuple)
    happened: tuple[LogLine, ...] = ()
    """What happened to it, in order, as sentences; the newest first, here as everywhere in details."""
    earlier: int = 0
    """So much more happened before that."""
    aside: Detail | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """The line of one machine in a space-time diagram. ``state``: at the end of what is shown."""

    name: str
    hue: int
    state: State = State.UP


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of a lane in which its machine was not up (DOWN, FROZEN, BOOTING)."""

    lane: int
    start_us: int
    end_us: int
    state: State


@dataclass(frozen=True, slots=True)
class Hop:
    """A message, as an arrow from lane to lane (indices). ``id`` names it for as long as it is kept."""

    id: int
    source: int
    target: int
    sent_us: int
    arrived_us: int | None
    """None: it is under way (or lost: see ``lost``)."""
    label: str
    """What it is, in one or two words: "Append", "reply to Ask"."""
    system: str
    """Which system speaks: "kafka", "zookeeper" …; "connection" for what only keeps one up."""
    tone: Tone = Tone.PLAIN
    lost: str = ""
    """Why it never arrived, or reached nobody, in a few words; "" if it did not get lost."""
    lost_us: int | None = None
    due_us: int | None = None
    """When it will arrive if nothing comes between, while it is under way."""
    hue: int = 0
    """Of the system."""

    @property
    def ended_us(self) -> int | None:
        """When it arrived, or got lost; None: it is under way."""
        return self.arrived_us if self.arrived_us is not None else self.lost_us

    @property
    def bad(self) -> bool:
        """It got lost, or tells of something bad."""
        return bool(self.lost) or self.tone is Tone.BAD


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened on a lane at one instant. ``lane`` None: to the whole cluster. ``kind``: as in the journal."""

    id: int
    """Of the happening; 0: it is not kept."""
    lane: int | None
    at_us: int
    kind: str
    text: str
    tone: Tone = Tone.PLAIN
    entry: int = -1
    """The journal's number of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The message (or moment) that is picked, to be read. ``causes`` and ``effects``: ids one can jump to."""

    title: str
    facts: tuple[Fact, ...] = ()
    causes: tuple[int, ...] = ()
    effects: tuple[int, ...] = ()
    instants: tuple[tuple[int, int], ...] = ()
    """``(id, when)`` of those."""


@dataclass(frozen=True, slots=True)
class SpaceTime:
    """Who sent what to whom, and when (Lamport 1978): lanes of machines over virtual time."""

    lanes: tuple[Lane, ...]
    hops: tuple[Hop, ...]
    moments: tuple[Moment, ...]
    spells: tuple[Spell, ...]
    start_us: int
    end_us: int
    picked: int = 0
    reading: Reading | None = None
    since_us: int = 0
    """Before this instant nothing is kept."""
    now_us: int = 0
    """Where the world stands: ``end_us``, unless somebody looks at what is over."""
    following: bool = False
    """Only what belongs to one story is shown."""
    legend: tuple[tuple[str, int], ...] = ()
    """The systems that speak here, and the hues of their arrows."""
    hidden: int = 0
    """So many messages of this time that fit are not among ``hops``: there are too many."""
    caption: str = ""
    tone: Tone = Tone.PLAIN
    """How the caption is meant."""
    empty: str = "nothing that fits was sent in this time"

    def instant_of(self, id: int) -> int | None:
        """When what is shown under that id was sent, or happened; None: there is no such thing here."""
        if not id:  # of a moment that is not kept
            return None
        at = [hop.sent_us for hop in self.hops if hop.id == id] + [e.at_us for e in self.moments if e.id == id]
        return at[0] if at else None


@dataclass(frozen=True, slots=True)
class Step:
    """One link of a chain of causes, as a sentence. ``id``: its happening."""

    at_us: int
    subject: str
    text: str
    tone: Tone = Tone.PLAIN
    hue: int | None = None
    id: int = 0
    entry: int = -1
    """The journal's number, if it stands there."""
    depth: int = 0
    """0: of the chain itself; 1: beside it, as an explanation."""


@dataclass(frozen=True, slots=True)
class Why:
    """How it came to this: ``question`` in one sentence, the steps from the first cause to what was asked about."""

    question: str
    steps: tuple[Step, ...] = ()
    answer: str = ""
    """In one sentence, for those who read no further."""
    tone: Tone = Tone.PLAIN
    empty: str = ""
    """Why there is no answer (yet)."""
    ahead: bool = False
    """There is none as it has not happened yet at this instant: who has an answer from later may keep it."""


Shape = Ring | Table | Tree | Partitions | Matrix | Series | Log | Detail | SpaceTime | Why

hasten(list(globals().values()))
