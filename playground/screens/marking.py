"""What the marks and keys mean, as tables: all of them, and those that matter in one panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playground.screens import keys
from playground.screens.keys import Key
from playground.screens.words import Word
from widgets.palette import DEFAULT, Look
from widgets.partitions import legend as parts
from widgets.shapes import Belief, Cell, Column, Row, State, Table, Tone
from widgets.spacetime_pane import marks as arrows

MARKS_IN = {
    "ring": ("is", "requests", "name"),
    "replicas": ("is", "name"),
    "balancer": ("is", "believed", "name"),
    "tree": ("tree", "is"),
    "partitions": ("partition", "is", "name"),
    "gossip": ("believed", "is", "name"),
    "detail": ("is", "believed"),
    "log": ("name",),
    "spacetime": ("arrows", "name"),
}
"""Panel -> the groups of marks that one meets there."""
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


def _table(rows: list[tuple[str, str]], width: int) -> Table:
    columns = (Column("", width), Column("", 20, weight=1))
    return Table(columns, tuple(Row((Cell(left), Cell(right))) for left, right in rows))


def key_tables(among: Sequence[Key] = keys.KEYS) -> tuple[tuple[str, Table], ...]:
    return tuple((title, _table([(key.shown, key.help) for key in each], 14)) for title, each in keys.grouped(among))


def word_table(words: Mapping[str, Word]) -> tuple[tuple[str, Table], ...]:
    """What can be typed, in a clause each; nothing where there are no words."""
    rows = [(f":{each.form.partition(' | ')[0]}", each.help.partition(":")[0].rstrip(".")) for each in words.values()]
    return (("Words about who is here", _table(rows, 14)),) if rows else ()


def keys_in(panel: str, among: Sequence[Key] = keys.KEYS) -> tuple[str, Table]:
    """The keys that matter in the panel and not in all of them, and the way in and out."""
    own = [key for key in among if panel in key.panels]
    common = [key for key in among if key.act in ("zoom", "back", "why", "rewind") and key not in own]
    return "Keys here", _table([(key.shown, key.help) for key in (*own, *common)], 14)


def marks_in(panel: str, look: Look = DEFAULT) -> tuple[tuple[str, Table], ...]:
    """What the marks mean that one meets in the panel."""
    groups = _groups(look)
    return tuple(groups[name] for name in MARKS_IN.get(panel, ()))


def legend(look: Look = DEFAULT) -> tuple[tuple[str, Table], ...]:
    """What all marks mean, as this terminal shows them."""
    return tuple(_groups(look).values())


def _groups(look: Look) -> dict[str, tuple[str, Table]]:
    is_so = [(look.mark(state), text) for state, text in _STATES.items()]
    believed = [(look.belief(belief), text) for belief, text in _BELIEFS.items()]
    believed.insert(1, (look.believed_alive_once, "believed alive, but the news is older than it should be"))
    believed.append((look.glyph("█", "#"), "on a solid ground: believed wrongly"))
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
        (f"{look.belief(Belief.ALIVE)}3", "though it is not up, three others believe it alive"),
    ]
    of_log = [(mark, _LOG[part]) for mark, part in parts(look)]
    return {
        "is": ("Marks: what is", _table(is_so, 2)),
        "believed": ("Marks: what is believed", _table(believed, 2)),
        "requests": ("Marks: requests around the ring", _table(asked, 2)),
        "name": ("Marks: beside a node's name", _table(yours, 2)),
        "tree": ("Marks: in the tree", _table([(look.owned_mark, "ephemeral: goes with its owner's session")], 2)),
        "partition": ("Marks: of a partition, by the owner's colour", _table(of_log, 2)),
        "arrows": ("Marks: in space-time", _table(list(arrows(look)), 2)),
    }
