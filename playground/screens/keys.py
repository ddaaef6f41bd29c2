"""The one registry of keys. Bindings, footer, help, palette and the README's table are generated from it.

``python -m playground.screens.keys`` prints the table as Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playground.screens.means import NOTHING, Means

GROUPS = {
    "look": "Look around",
    "break": "Break",
    "heal": "Heal",
    "time": "Time and load",
    "session": "Ask, say, keep",
    "company": "Present to others",
}
"""The groups, in the order in which help shows them."""

_FOOTER = ("break", "heal", "look", "time", "company", "session")

NODES = frozenset({"ring", "replicas", "balancer", "tree", "partitions", "gossip", "detail"})
"""The panels in which nodes are acted upon."""
TRACES = frozenset({"spacetime", "why"})
"""Where one goes from cause to effect."""
SPACETIME = frozenset({"spacetime"})
"""Where time has a length."""
LOADED = frozenset({"load", "ring", "replicas", "balancer", "partitions"})
"""Where the load is felt."""
LOGS = frozenset({"partitions"})
"""Where consumers and partitions are added."""


@dataclass(frozen=True, slots=True)
class Key:
    """``keys`` (as a terminal sends them) do ``act``; ``shown`` is how they are written."""

    keys: tuple[str, ...]
    shown: str
    act: str
    label: str
    """One or two words, for the footer and the palette."""
    help: str
    group: str
    rank: int = 99
    """In the footer, what gives way when it is narrow: the highest goes first; 99 never stands there."""
    panels: frozenset[str] = frozenset()
    """In whose footer it stands; empty: in all."""
    takes_key: bool = False
    """The act wants to know which of the keys it was."""
    needs: Means = NOTHING
    """Without that it is not offered."""

    def action(self, key: str) -> str:
        """The Textual action for one of the keys."""
        return f"act('{self.act}', '{key}')" if self.takes_key else f"act('{self.act}')"


KEYS: tuple[Key, ...] = (
    Key(
        ("left", "right", "up", "down", "h", "j", "k", "l"), "arrows, hjkl", "move", "move",
        "move the selection; in the log and in why: line by line", "look", takes_key=True,
    ),
    Key(
        ("pageup", "pagedown", "home", "end"), "pgup, pgdn", "scroll", "scroll",
        "scroll the panel by a page; home, end: to its ends", "look", 60, frozenset({"log", "detail", "tree"}) | LOGS,
        takes_key=True,
    ),
    Key(
        tuple("123456789"), "1-9", "panel", "panel", "focus that panel", "look", takes_key=True,
    ),
    Key(
        ("tab", "shift+tab"), "tab", "next_panel", "next panel", "focus the next panel; shift+tab: the one before",
        "look", takes_key=True,
    ),
    Key(("enter", "m"), "enter, m", "zoom", "zoom", "zoom: the panel and all about what is selected",
        "look", 20),
    Key(("escape",), "esc", "back", "back", "back: from help, zoom, filter, marks, what is selected", "look"),
    Key(("t",), "t", "spacetime", "space-time", "space-time: who sent what to whom, and when", "look", 18),
    Key(("W",), "W", "why", "why?", "why: what led to the chosen line, request or message", "look", 19),
    Key(("f",), "f", "follow", "follow", "space-time: follow the chosen message, or show all again", "look", 8,
        TRACES),
    Key(("left_parenthesis",), "(", "cause", "cause", "space-time, why: to what caused it", "look", 9, TRACES),
    Key(("right_parenthesis",), ")", "effect", "effect", "space-time, why: to what came of it", "look", 10, TRACES),
    Key(("left_curly_bracket",), "{", "narrow", "shorter", "space-time: a shorter time, more of it", "look", 11,
        SPACETIME),
    Key(("right_curly_bracket",), "}", "widen", "longer", "space-time: a longer time", "look", 12, SPACETIME),
    Key(("v",), "v", "mark", "mark", "mark the selected node for an act on several", "look", 15, NODES),
    Key(("x",), "x", "crash", "crash", "crash: power off, what was not synced is lost", "break", 1, NODES),
    Key(("X",), "X", "crash_disk", "crash+disk", "crash and lose the disk as well", "break", 30, NODES),
    Key(("s",), "s", "start", "start", "start a node that is down", "heal", 2, NODES),
    Key(("z",), "z", "freeze", "freeze", "freeze the process (a long pause), or thaw it", "break", 3,
        NODES),
    Key(("p",), "p", "cut", "cut off", "cut the marked (or the selected) off from the rest", "break", 4, NODES),
    Key(("P",), "P", "mute", "one way", "one way: the others no longer hear the marked or selected", "break",
        14, NODES),
    Key(("o",), "o", "slow", "slow link", "slow, lossy link: proposed on the command line", "break", 13,
        NODES),
    Key(("e",), "e", "heal", "heal", "end cuts, slow links, freezes around the selected node", "heal", 5,
        NODES),
    Key(("E",), "E", "heal_all", "heal all", "end all that is in force (nodes that are down: s)", "heal", 6),
    Key(("left_square_bracket",), "[", "less_load", "less load", "less load: two thirds of it", "time", 16,
        LOADED),
    Key(("right_square_bracket",), "]", "more_load", "more load", "more load: half as much again", "time", 12,
        LOADED),
    Key(("c",), "c", "add_consumer", "add consumer", "Kafka: add a consumer to the first group", "time", 10, LOGS),
    Key(("C",), "C", "stall", "stall", "Kafka: stall the selected consumer, or let it go on", "break", 6,
        LOGS | {"detail"}),
    Key(("b",), "b", "add_partition", "add partition", "Kafka: give the first topic one more partition", "time", 11,
        LOGS),
    Key(("space",), "space", "pause", "pause", "pause, or go on", "time", 7, needs=Means.TIME),
    Key(("full_stop",), ".", "step", "next event", "pause, and go on to the next event", "time", 40, needs=Means.TIME),
    Key(("comma",), ",", "step_second", "1 s further", "pause, and go on by one second", "time", 41, needs=Means.TIME),
    Key(("plus",), "+", "faster", "faster", "faster", "time", 42, needs=Means.TIME),
    Key(("minus",), "-", "slower", "slower", "slower, down to a hundredth", "time", 43, needs=Means.TIME),
    Key(("less_than_sign",), "<", "back_second", "1 s back", "rewind by one second, paused", "time", 39,
        needs=Means.PAST),
    Key(("greater_than_sign",), ">", "present", "to the present", "from the past to the present", "time", 38,
        needs=Means.PAST),
    Key(("r",), "r", "rewind", "rewind", "rewind to the chosen moment, or to one that you name", "time", 17,
        needs=Means.PAST),
    Key(("equals_sign",), "=", "real_time", "real time", "real time", "time", 44, needs=Means.TIME),
    Key(("colon",), ":", "command", "command", "command line: tab completes, up and down recall", "session", 8),
    Key(("slash",), "/", "filter", "filter", "show only what fits: in the log, in space-time", "session", 9,
        frozenset({"log"}) | SPACETIME),
    Key(("question_mark",), "?", "help", "help", "help on the focused panel, and all keys", "session", 0),
    Key(("ctrl+p",), "ctrl+p", "palette", "all acts", "find an act by its name", "session", 70),
    Key(("w",), "w", "save", "save", "save the session as a scenario", "session", 21, needs=Means.FILES),
    Key(("y",), "y", "copy", "copy", "copy the panel's text, without borders", "session", 22,
        frozenset({"log", "detail", "load", "tree"}) | LOGS),
    Key(("f3",), "F3", "theme", "light or dark", "light or dark: another theme", "session", 81),
    Key(("T",), "T", "tour", "tour", "the tour of two minutes: crash, cut, heal", "session", 82),
    Key(("f2",), "F2", "screenshot", "screenshot", "screenshot as SVG, into the current folder", "session", 80,
        needs=Means.FILES),
    Key(("q",), "q", "quit", "quit", "quit; the terminal is as before", "session", 0),
    Key(("L",), "L", "toggle_lock", "lock", "presenters: only you act, or unlock all keyboards", "company", 17,
        needs=Means.COMPANY),
    Key(("B",), "B", "bring_all", "bring all", "presenters: bring everybody to your view", "company", 19,
        needs=Means.COMPANY),
)  # fmt: skip


def offered(means: Means) -> tuple[Key, ...]:
    """The keys for whoever has ``means``."""
    return tuple(key for key in KEYS if Means.KEYS in means and key.needs in means)


def footer(panel: str, among: Sequence[Key] = KEYS) -> list[Key]:
    """What the footer offers while ``panel`` is focused, what breaks first."""
    there = [key for key in among if key.rank < 99 and (not key.panels or panel in key.panels)]
    return sorted(there, key=lambda key: _FOOTER.index(key.group))


def grouped(among: Sequence[Key] = KEYS) -> Iterator[tuple[str, list[Key]]]:
    """The titles of the groups that have keys, and these."""
    for group, title in GROUPS.items():
        if its := [key for key in among if key.group == group]:
            yield title, its


def markdown() -> str:
    """The table for the README."""
    lines = ["| key | act |", "| --- | --- |"]
    for title, keys in grouped():
        lines.append(f"| | **{title}** |")
        lines += [f"| {_code(key.shown)} | {key.help} |" for key in keys]
    return "\n".join(lines)


def _code(shown: str) -> str:
    return ", ".join(f"`{part}`" for part in shown.split(", "))


if __name__ == "__main__":
    print(markdown())
