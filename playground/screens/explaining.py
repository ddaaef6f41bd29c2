"""What a panel shows, and the system behind it in its own words: the docstring of its package.

In a docstring ``What it is. …`` (or ``Who leads? …``) becomes a fact with that head; a table becomes sentences.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from types import MappingProxyType

from widgets.shapes import Fact

SHOWS = {
    "ring": """Keys hash to points on a circle; each stretch belongs to the node of its colour. Dots outside are
requests under way, lines inside are messages between nodes; a line that stays is a link that is broken.""",
    "replicas": """What is, and not what anybody believes: one line a node, with what it keeps and how it is.""",
    "replicas shards": """One line a copy of a shard: whose it is, its role and epoch, where its log ends, and how
far it is behind its master. What is, and not what anybody believes.""",
    "balancer": """Who is active, which servers get requests, why others don't, and what share each one has.""",
    "tree": """ZooKeeper's znodes, as its leader has them; beside what is ephemeral, whose session owns it.""",
    "partitions": """One line a partition: its log, who leads it, who is in sync, and how far each group has read.""",
    "gossip": """A row is what one node believes of the others; the line on top is what is true. Where they differ
somebody is wrong: after a failure everybody is, for some seconds.""",
    "load": """What clients ask for and what they get, second by second: throughput, latency, errors. The header sums
up longer times: three seconds of operations, five of errors, ten of latencies.""",
    "log": """What happened, in order, in virtual time: acts, faults, and what the machines came to believe.""",
    "detail": """All about the selected machine, as it is at this instant, and what has happened to it.""",
    "spacetime": """Time runs to the right, each machine has a lane, and an arrow is a message on its way. One that was
lost breaks off, one that was slow is long.""",
    "why": """The chain of events that led to the line, request or message that was chosen, first cause first.""",
}
"""Panel (and system, where it matters) -> what one sees there, in two sentences."""
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

What it is. Lines of the selected node are lit. Nothing here comes from a wall clock: the same seed and the same
acts give the same lines again.

What to try. Crash a node, pause, and read upwards from the last red line: what did the others
know, and when? Filter by a node's name with `/`. A click on a line selects its node.
""",
    "detail": """Detail: all about the selected node.

What it is. The node's own state, its disk and its log, not as the others believe them to be.

What to try. Write with `:put cat tom`, freeze the node, and watch what waits for it.
""",
    "spacetime": """Space-time: who sent what to whom, and when.

What it is. Lamport's diagram (1978): what happened before what is what one can reach along lanes and arrows. No clock
of any machine is needed for it. The playground keeps the last minute and a half. At first it shows what the selected
machine sends and gets, without chatter: heartbeats, empty polls, bare acknowledgements.

Live or pinned. Live, the right edge is now. As soon as you pick something with up and down, or go back with left, the
window stays where it is, and the world goes on. esc leads back: out of a story, to now, out of the view.

What to try. Press f: one request, from the client that asks to the answer it gets, or doesn't. Pick a message, and walk
with ( to its cause and with ) to what came of it; at the end of a chain ) goes on with the next one.

Filter. / takes words that must all fit: machines (two: between them), systems, kinds such as Append, k17 or key cat,
request 12, client, lost, and all, for chatter too. Nothing: what the selected machine sends and gets.
""",
    "why": """Why: how it came to this.

What it is. The causal past of what was chosen, less all that did not matter for it: who was cut off, which messages
never came, who concluded what from the silence.

What to try. Choose the newest red line of the events, press W, and go back to the moment at which it began with r.
""",
}
"""Where there is no system behind a panel: written like a docstring of one."""


def shows(panel: str, systems: Mapping[str, str] = MappingProxyType({})) -> str:
    """What one sees in the panel, in two sentences."""
    text = SHOWS.get(f"{panel} {systems.get(panel, '')}", SHOWS.get(panel, ""))
    return " ".join(text.split())


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
