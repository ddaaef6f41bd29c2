"""``?``: what the focused panel shows (its system's own docstring), what the marks mean, and all keys."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from types import MappingProxyType

from textual.app import ComposeResult
from textual.containers import Horizontal

from playground.screens import keys
from widgets.detail import DetailPanel
from widgets.palette import DEFAULT, Look
from widgets.partitions import legend as parts
from widgets.shapes import Belief, Cell, Column, Detail, Fact, Row, State, Table, Tone

SYSTEMS = {
    "ring": "ring",
    "gossip": "gossip",
    "replicas": "store",
    "balancer": "balancer",
    "tree": "zookeeper",
    "partitions": "kafka",
    "load": "store",
}
"""The system whose docstring explains the panel, unless the cluster shows another one there."""
_OWN = {
    "log": """Events: what happened, in order, with its virtual time.

What it is. Every act, every fault, and what the nodes came to believe of each other. Lines of the
selected node are lit. Nothing here comes from a wall clock: the same seed and the same acts give the
same lines again.

What to try. Crash a node, pause, and read upwards from the last red line: what did the others
know, and when? Filter by a node's name with `/`. A click on a line selects its node.
""",
    "detail": """Detail: all about the selected node.

What it is. The node's own state, its disk and its log, as they are at this instant, not as the
others believe them to be.

What to try. Write with `:put cat tom`, freeze the node, and watch what waits for it.
""",
}
_STATES = {
    State.UP: "up: the process runs",
    State.BOOTING: "booting: reads its disk, refuses calls",
    State.FROZEN: "frozen: answers nothing, notices nothing, keeps its memory",
    State.DOWN: "down: no power; its disk is still there",
}
_BELIEFS = {
    Belief.ALIVE: "believed alive; the number is the age of the news in seconds",
    Belief.SUSPECT: "suspected: silent for too long",
    Belief.DEAD: "believed dead: given up",
    Belief.UNKNOWN: "never heard of",
    Belief.SELF: "itself",
}

_LOG = {
    "done": "done: what stands before the committed offset",
    "in hand": "in hand: given to the consumer, not committed",
    "waits": "waits: committed by the brokers, not read yet",
    "not committed": "behind the high watermark: not on enough brokers",
}


def about(panel: str, systems: Mapping[str, str] = MappingProxyType({})) -> tuple[str, tuple[Fact, ...]]:
    """Title and paragraphs: ``What it is. …`` becomes a fact with that title. ``systems``: as for the Stage."""
    text = _OWN.get(panel, "")
    system = systems.get(panel, SYSTEMS.get(panel, ""))
    if system:
        try:
            text = importlib.import_module(f"playground.systems.{system}").__doc__ or ""
        except ModuleNotFoundError:
            text = ""
    title, *paragraphs = [
        each
        for part in text.strip().split("\n\n")
        for each in (_sentences(part) if part.startswith("==") else [" ".join(part.split())])
    ]
    title, _, said = title.partition(": ")  # what it is called stands in one line
    facts = [Fact("", said)] if said else []
    for paragraph in paragraphs:
        head, stop, rest = (*re.split("([.?]) ", paragraph, maxsplit=1), "", "")[:3]
        if stop and len(head) <= 24:
            head += stop.strip(".")
            facts.append(Fact(head.replace("What is simplified", "Simplified"), rest))
        else:
            facts.append(Fact("", paragraph))
    return title or panel, tuple(facts)


def _sentences(table: str) -> list[str]:
    """A table of the docstring (reStructuredText's simple one, with a head) as a sentence for each row.

    A line whose first cell is empty goes on with the row above it.
    """
    rule, *lines = table.splitlines()
    spans = [match.span() for match in re.finditer("=+", rule)]
    spans[-1] = (spans[-1][0], len(table))
    rows: list[list[str]] = []
    for line in lines:
        cells = [line[start:end].strip() for start, end in spans]
        if line.startswith("=="):
            continue
        if cells[0] or not rows:
            rows.append(cells)
        else:
            rows[-1] = [f"{above} {cell}".strip() for above, cell in zip(rows[-1], cells, strict=True)]
    head, *rest = rows
    return [
        f"{row[0]}: " + "; ".join(f"{name}: {cell}" for name, cell in zip(head[1:], row[1:], strict=True))
        for row in rest
    ]


def _table(rows: list[tuple[str, str]], width: int) -> Table:
    columns = (Column("", width), Column("", 20, weight=1))
    return Table(columns, tuple(Row((Cell(left), Cell(right))) for left, right in rows))


def key_tables() -> tuple[tuple[str, Table], ...]:
    return tuple((title, _table([(key.shown, key.help) for key in each], 14)) for title, each in keys.grouped())


def legend(look: Look = DEFAULT) -> tuple[tuple[str, Table], ...]:
    """What the marks mean, as this terminal shows them."""
    is_so = [(look.mark(state), text) for state, text in _STATES.items()]
    believed = [(look.belief(belief), text) for belief, text in _BELIEFS.items()]
    believed.insert(1, (look.believed_alive_once, "believed alive, but the news is older than it should be"))
    asked = [
        (look.request(True, Tone.PLAIN), "a write, where its key lies"),
        (look.request(False, Tone.PLAIN), "a read"),
        (look.request(True, Tone.BAD), "failed"),
        (look.request(True, Tone.WARN), "nobody knows whether it was done"),
        (look.key_mark, "the key that is looked at"),
    ]
    yours = [
        (look.chosen_mark, "the selected node: acts are for it"),
        (look.marked_mark, "marked: acts are for all that are marked"),
        (look.side(1), "first side of a cut; who is on no side reaches everybody"),
    ]
    return (
        ("Marks: what is", _table(is_so, 2)),
        ("Marks: what is believed", _table(believed, 2)),
        ("Marks: requests around the ring", _table(asked, 2)),
        ("Marks: beside a node's name", _table(yours, 2)),
        ("Marks: in the tree", _table([(look.owned_mark, "ephemeral: goes with its owner's session")], 2)),
        ("Marks: of a partition, by the owner's colour", _table([(mark, _LOG[part]) for mark, part in parts(look)], 2)),
    )


class Help(Horizontal):
    """Lies over the panels while the cluster goes on; any act but looking closes it first."""

    DEFAULT_CSS = """
    Help { layer: above; display: none; }
    Help.-open { display: block; }
    Help DetailPanel { border: round $border; padding: 0 2; }
    Help.-narrow #help-keys { display: none; }
    """

    def __init__(self) -> None:
        super().__init__(name="help", id="help")
        self._about = DetailPanel("about", "help", id="help-about")
        self._keys = DetailPanel("keys", "keys", id="help-keys")

    def compose(self) -> ComposeResult:
        yield self._about
        yield self._keys

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self, panel: str, look: Look, systems: Mapping[str, str]) -> None:
        """Explain ``panel``, which shows what ``systems`` says; in one column where two would be too narrow."""
        title, facts = about(panel, systems)
        narrow = self.app.size.width < 120
        self.set_class(narrow, "-narrow")
        self._about.show(Detail(title, facts, (*key_tables(), *legend(look)) if narrow else legend(look)))
        self._keys.show(Detail("", (), key_tables()))
        self._about.border_subtitle = look.clean(("all keys below · " if narrow else "") + "arrows scroll · esc closes")
        self.add_class("-open")
        self.screen.set_focus(self._about)

    @property
    def front(self) -> DetailPanel:
        """The column that scrolls."""
        return self._keys if self._keys.has_focus else self._about

    def close(self) -> None:
        self.remove_class("-open")

    def other(self) -> None:
        """The other column, so that it can be scrolled as well."""
        other = self._about if self._keys.has_focus else self._keys
        if other.display:
            self.screen.set_focus(other)
