"""What the processes of a served playground say to each other, over wires (:mod:`playground.remote.wire`).

::

    visitor ── ssh or web ── front ──┬── hall       the shared session, in a process of its own
                                     ├── gallery    renderings for spectators, all in one process
                                     └── player     one process on a pseudo-terminal for each visitor who acts

Seats, of players and of renderings, speak with the hall directly: the front only passes on the ends of their wires.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.company import Role
from playground.record import Script
from playground.spec import ClusterSpec


@dataclass(frozen=True, slots=True)
class Programme:
    """What is played: a cluster, and what is planned for it. Picklable."""

    spec: ClusterSpec
    seed: int | None = None
    """None: drawn anew each time it begins."""
    speed: float = 1.0
    script: Script = field(default_factory=Script)
    looped: bool = False
    """When the script is over, and nobody who may act is here, it begins anew."""
    rest_s: float = 10.0
    """For so long of the wall clock its end is shown before that."""
    name: str = ""
    """What a person would type to play it again; "": it has no name."""


# --- from the front to the hall -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begin:
    """The first message: play this. ``save``: what somebody has done in it is saved when it closes."""

    programme: Programme
    save: bool = False
    memory_bytes: int = 1_500_000_000
    """What the hall may take: with more, the session begins anew."""


@dataclass(frozen=True, slots=True)
class Enter:
    """A visitor has come. ``number``: of the visit; a name may be somebody else's later, a number is not."""

    name: str
    role: Role
    number: int = 0


@dataclass(frozen=True, slots=True)
class Leave:
    """A visitor has gone."""

    name: str


@dataclass(frozen=True, slots=True)
class Sit:
    """Somebody speaks the Session's protocol with the wire that comes with this: that visitor; "": a rendering."""

    name: str


@dataclass(frozen=True, slots=True)
class Decline:
    """A visitor cannot have the role that they were assigned, and this is why: the presenter is told."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """It is over; answer with :class:`Closed`."""


# --- from the hall to the front -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """The session runs."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot run, or not any more; in one line."""

    text: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """A visitor has another role now: they were lent the keyboard, or it was taken back. ``number``: as in Enter."""

    name: str
    role: Role
    number: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """The session has ended; what is worth keeping of it. ``saved``: the file that holds it; "": none does.

    ``unsaved``: why not, if one was wanted.
    """

    seed: int
    end_us: int
    commands: int
    digest: str
    saved: str = ""
    unsaved: str = ""


# --- from the front to the gallery --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Style:
    """How a rendering is drawn. Whoever has the same style sees the same bytes."""

    columns: int
    rows: int
    colors: int = 256
    """0, 16, 256, or all that there are: ``1 << 24``."""
    unicode: bool = True


@dataclass(frozen=True, slots=True)
class Open:
    """Begin to render in this style; a wire to the hall (see :class:`Sit`) comes with this."""

    style: Style


@dataclass(frozen=True, slots=True)
class Shut:
    """Nobody looks at it any more."""

    style: Style


@dataclass(frozen=True, slots=True)
class Whole:
    """Somebody needs all of the picture, not only what changes."""

    style: Style


# --- from the gallery to the front --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drawn:
    """Bytes for the terminals of all who look at that style.

    ``whole``: they need nothing before them; else they say what has changed since the last Drawn of that style.
    """

    style: Style
    data: bytes
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """That rendering has ended by itself, in one line: nothing more comes of it."""

    style: Style
    text: str


# --- from the front to a player -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Brief:
    """The first message to a player's process. A wire to the hall comes with it, unless it has a session of its own."""

    name: str
    role: Role
    theme: str = "dark"
    own: Programme | None = None
    """Play this, and nobody else sees it."""
    memory_bytes: int = 0
    """What the process and those that it starts may take; 0: as much as they like."""
    cpu_s: float = 0.0
    """Processor seconds after which each of them ends, whatever it does; 0: never."""


@dataclass(frozen=True, slots=True)
class Full:
    """They have nearly as much memory as they may: what grows with time must grow no more."""
