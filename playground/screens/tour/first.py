"""The tour of two minutes: one failure after the other, on the live cluster, done by the person who looks.

A step says what to press, and waits until that has been done *and what comes of it has been seen*, in the Frames
alone: there is no script, and the tour makes nothing happen. Whoever does something else gets what that does;
the step goes on waiting, or can be skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playground.frame import Frame, Thing
from playground.screens.means import NOTHING, OWN, Means
from widgets.log import clock
from widgets.shapes import LogLine, State

_ACTS = frozenset(
    {"crash", "start", "up", "booting", "freeze", "thaw", "partition", "one-way", "link", "heal", "load", "put", "get"}
)
"""Kinds of log lines that tell what was done, and not what anybody made of it."""
_SUMMARIES = frozenset({"alert", "good", "answer"})
_SUSPICIONS = frozenset({"suspect", "dead"})
_DOUBTS = _SUSPICIONS | {"expired"}
"""What shows that somebody is missed; where there is no gossip, the end of a session."""


@dataclass(slots=True)
class Seen:
    """What the tour knows, all of it out of Frames."""

    frame: Frame
    target: str = ""
    """The machine that the tour speaks of."""
    shard: str = ""
    """What the target was the master of, if it was."""
    before: Frame = field(init=False)
    """The frame with which the step began."""
    missed: LogLine | None = None
    """The line of the log that says that others have noticed."""
    doubted: bool = False
    """Somebody has come to suspect a machine since the crash: they have to unlearn that before the next lesson."""
    saved: bool = False
    """The session has been written to a file since the step began."""
    means: Means = OWN
    """Of whoever is shown around."""

    def __post_init__(self) -> None:
        self.before = self.frame

    def take(self, frame: Frame) -> None:
        """Look at a new Frame."""
        self.frame = frame
        self.doubted = self.doubted or any(line.kind in _SUSPICIONS for line in self.news())

    def begin(self) -> None:
        """A step begins with what is seen now."""
        self.before = self.frame
        self.saved = False

    def news(self) -> list[LogLine]:
        """The lines of the log since the step began."""
        last = self.before.log.lines[-1].index if self.before.log.lines else -1
        return [line for line in self.frame.log.lines if line.index > last]

    def thing(self) -> Thing | None:
        return next((thing for thing in self.frame.nodes if thing.name == self.target), None)

    @property
    def was(self) -> State | None:
        """What the target was when the step began."""
        return next((thing.state for thing in self.before.nodes if thing.name == self.target), None)

    @property
    def aim(self) -> str:
        """What to select first, in words, if another machine is selected than the tour speaks of."""
        return self.target or "the selected machine"


def masters(frame: Frame) -> dict[str, str]:
    """Machine -> the shard that it is the master of, as the panel of shards tells; empty if that doesn't show."""
    if frame.replicas is None:
        return {}
    rows = [row for row in frame.replicas.rows if row.name and "master" in [cell.text for cell in row.cells]]
    found: dict[str, str] = {}
    for row in rows:
        if row.name is not None and row.state is State.UP:
            found.setdefault(row.name, row.cells[0].text)
    return found


Done = Callable[[Seen], str | None]
"""What came of it, in a sentence (perhaps an empty one); None: not yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """``text`` says what to do and why, in one or two short sentences."""

    name: str
    text: Callable[[Seen], str]
    done: Done
    panel: str = ""
    """Where there is something to see; brought to the front if it does not show."""
    needs: Means = NOTHING
    """Whoever lacks that is not shown this."""


def _said(line: LogLine) -> str:
    """As the log shows it, where the subject stands in a column of its own."""
    return f"{line.subject} {line.text}".strip()


def _crash(seen: Seen) -> str:
    if seen.shard:
        return f"{seen.target} is the master of {seen.shard}: all its writes go there. Press x: it loses power."
    return f"{seen.aim} keeps copies of other nodes' keys, and they of its own. Press x: it loses power."


def _crashed(seen: Seen) -> str | None:
    up = {thing.name for thing in seen.before.nodes if thing.state is State.UP and not thing.client}
    down = [thing.name for thing in seen.frame.nodes if thing.state is State.DOWN and thing.name in up]
    if not down:
        return None
    if seen.target not in down:
        seen.target, seen.shard = down[0], masters(seen.before).get(down[0], "")
    return ""


def _miss(seen: Seen) -> str:
    heir = f", and {seen.shard} needs another master" if seen.shard else ""
    return (
        f"Nobody was told: {seen.target} is silent, that is all. The others have to notice by themselves{heir}. Wait …"
    )


def _noticed(seen: Seen) -> str | None:
    if seen.was is State.UP:
        return ""  # the crash was skipped: there is nothing to notice
    for line in seen.news():
        if line.kind in _ACTS or line.kind in _SUMMARIES:
            continue
        if line.kind == "elected" if seen.shard else line.kind in _DOUBTS:
            return f"{(line.at_us - seen.before.header.at_us) / 1e6:.1f} s later: {_said(line)}."
    return None


def _start(seen: Seen) -> str:
    thing = seen.thing()
    if thing is not None and thing.state is State.UP and seen.frame.faults:
        return f"{seen.target} is up, but what else is in force keeps it apart. Press E: all that is in force ends."
    return f"Press s: power is back. {seen.target} reads its disk and fetches what it has missed."


def _started(seen: Seen) -> str | None:
    thing = seen.thing()
    if thing is not None and thing.state is not State.UP:
        return None
    if seen.was is State.UP:
        return ""
    if not seen.doubted:
        return f"{seen.target} is up again."
    back = next((line for line in seen.news() if line.kind == "alive"), None)
    return None if back is None else f"{_said(back)}."


def _cut(seen: Seen) -> str:
    return f"Now something nastier. Press p: {seen.target} is cut off from the rest. It runs on, and reaches nobody."


def _is_cut(seen: Seen) -> str | None:
    return "" if set(seen.frame.faults) - set(seen.before.faults) else None


def _doubt(seen: Seen) -> str:
    where = "gossip shows who believes what" if "gossip" in seen.frame.panels else "the events tell who believes what"
    return f"Soon the others give {seen.target} up for dead, and it gives up them. Both are wrong: {where}. Wait …"


def _doubted(seen: Seen) -> str | None:
    if not seen.before.faults:
        return ""
    kinds = _SUSPICIONS if "gossip" in seen.frame.panels else _DOUBTS
    for line in seen.news():
        if line.kind in kinds:
            seen.missed = line
            return f"{(line.at_us - seen.before.header.at_us) / 1e6:.1f} s later: {_said(line)}."
    return None


def _heal(seen: Seen) -> str:
    return "Press E: all that is in force ends. The first message that gets through proves them alive."


def _healed(seen: Seen) -> str | None:
    if seen.frame.faults:
        return None
    if not seen.before.faults:
        return ""
    back = next((line for line in seen.news() if line.kind == "alive"), None)
    if back is not None:
        return f"{_said(back)}."
    return None if seen.missed is not None else "Nothing is in force any more."


def _rewind(seen: Seen) -> str:
    return "How did that come about? Press < a few times: each goes a second back. Every panel shows the past then."


def _rewound(seen: Seen) -> str | None:
    return "" if seen.frame.header.present_us >= 0 else None


def _present(seen: Seen) -> str:
    at = clock(seen.frame.header.at_us)
    return f"This is {at}, as it was, event by event (. goes to the next one). Press >: back to the present."


def _returned(seen: Seen) -> str | None:
    header = seen.frame.header
    if header.present_us >= 0:
        return None
    if header.branched_us >= 0 > seen.before.header.branched_us:
        return "You acted in the past: this is a present of its own now."
    return "" if seen.before.header.present_us < 0 else "That is now."


def _save(seen: Seen) -> str:
    return "Press w: seed and acts go into a file, and playground replay gives the very same run again, digest and all."


def _is_saved(seen: Seen) -> str | None:
    return "Saved." if seen.saved else None


def _end(seen: Seen) -> str:
    if Means.FILES not in seen.means:
        return "That is all there is to it: break, look, heal. ? explains each panel, ctrl+p lists all acts."
    return (
        "That is all there is to it: break, look, heal, go back, keep. ? explains each panel; "
        "playground tour has lessons from quorums to Kafka."
    )


STEPS: tuple[Step, ...] = (
    Step("crash", _crash, _crashed, "replicas"),
    Step("missed", _miss, _noticed, "log"),
    Step("start", _start, _started, "replicas"),
    Step("cut", _cut, _is_cut),
    Step("doubted", _doubt, _doubted, "gossip"),
    Step("heal", _heal, _healed),
    Step("rewind", _rewind, _rewound, "log", Means.PAST),
    Step("present", _present, _returned, needs=Means.PAST),
    Step("save", _save, _is_saved, needs=Means.FILES),
    Step("end", _end, lambda _: None),
)
"""In order. The last one is never done: somebody reads it, and leaves."""
OF_THE_PAST = frozenset({"rewind", "present", "save", "end"})
"""The steps that can be done in the past; the others wait for the present."""
