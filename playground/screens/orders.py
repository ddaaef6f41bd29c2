"""Which Command a key sends, given what is chosen and what the Frame shows; or why it can't.

Pure functions: Frame and Choice in, Command out. UserError is one line for the notice bar: a
key that can't act says why, and which key helps. An act on several is ONE command, for those
of them that can take it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playground import commands
from playground.frame import Frame, Thing
from playground.kernel.errors import UserError
from playground.screens.choice import Choice
from widgets.shapes import State

FACTOR = 1.5
MOST_LOAD = 100_000.0

_REMEDY = {
    State.DOWN: "is down: s starts it",
    State.BOOTING: "is still booting",
    State.FROZEN: "is frozen: z thaws it",
    State.UP: "is up",
}


def crash(frame: Frame, choice: Choice, *, lose_disk: bool = False) -> commands.Crash:
    able = _able(frame, choice, "crashed", State.UP, State.BOOTING, State.FROZEN)
    return commands.Crash(nodes=able, lose_disk=lose_disk)


def crash_disk(frame: Frame, choice: Choice) -> commands.Crash:
    return crash(frame, choice, lose_disk=True)


def start(frame: Frame, choice: Choice) -> commands.Start:
    return commands.Start(nodes=_able(frame, choice, "started", State.DOWN))


def freeze(frame: Frame, choice: Choice) -> commands.Freeze | commands.Thaw:
    """Freeze those that run; if none does, thaw those that are frozen."""
    things = _chosen(frame, choice)
    frozen = [thing.name for thing in things if thing.state is State.FROZEN]
    if frozen and not any(thing.state is State.UP for thing in things):
        return commands.Thaw(nodes=frozen)
    return commands.Freeze(nodes=_able(frame, choice, "frozen", State.UP))


def cut(frame: Frame, choice: Choice) -> commands.Partition:
    """The chosen on one side, all other nodes on the other; clients that are not marked reach both."""
    inside = [thing.name for thing in _chosen(frame, choice)]
    rest = [thing.name for thing in frame.nodes if not thing.client and thing.name not in inside]
    if not rest:
        raise UserError("there is nobody to cut them off from: leave some nodes unmarked (v)")
    command = commands.Partition(groups=[inside, rest])
    if command.line() in frame.faults:
        raise UserError(f"{_list(inside)}: that cut is in force already; e heals it")
    return command


def mute(frame: Frame, choice: Choice) -> commands.OneWay:
    return commands.OneWay(sources=[thing.name for thing in _chosen(frame, choice)])


def heal(frame: Frame, choice: Choice) -> commands.Heal:
    return commands.Heal(nodes=[thing.name for thing in _chosen(frame, choice)])


def heal_all(frame: Frame, choice: Choice) -> commands.Heal:
    return commands.Heal()


def more_load(frame: Frame, choice: Choice) -> commands.Load | commands.Produce:
    if frame.load_rate >= MOST_LOAD:
        raise UserError(f"the load is {frame.load_rate:,.0f} {_counted(frame)}: more is not to be had")
    return _demand(frame, min(MOST_LOAD, _round(frame.load_rate * FACTOR) if frame.load_rate >= 2 else 3.0))


def less_load(frame: Frame, choice: Choice) -> commands.Load | commands.Produce:
    if frame.load_rate <= 0:
        raise UserError("there is no load: ] brings some")
    return _demand(frame, _round(frame.load_rate / FACTOR) if frame.load_rate > 2 else 0.0)


def _demand(frame: Frame, rate: float) -> commands.Load | commands.Produce:
    """Where producers are the only clients, the load is theirs."""
    return commands.Produce(rate=rate) if _counted(frame) == "messages/s" else commands.Load(rate=rate)


def _counted(frame: Frame) -> str:
    return "operations/s" if frame.header.counted == "ops/s" else "messages/s"


def add_consumer(frame: Frame, choice: Choice) -> commands.Consume:
    _has_kafka(frame)
    return commands.Consume()


def stall(frame: Frame, choice: Choice) -> commands.Stall | commands.Heal:
    """Stall those consumers that work; if none does, let the stalled ones go on."""
    _has_kafka(frame)
    things = _chosen(frame, choice)
    working = [thing.name for thing in things if thing.stalled is False]
    if working:
        return commands.Stall(nodes=working)
    stalled = [thing.name for thing in things if thing.stalled]
    if stalled:
        return commands.Heal(nodes=stalled)
    names = _list([thing.name for thing in things])
    raise UserError(f"{names}: only a consumer that runs can be stalled: select one among the partitions")


def add_partition(frame: Frame, choice: Choice) -> commands.Partitions:
    _has_kafka(frame)
    return commands.Partitions()


def _has_kafka(frame: Frame) -> None:
    if "partitions" not in frame.panels:
        raise UserError("there is no Kafka here: the clusters platform and kafka have one")


ORDERS: dict[str, Callable[[Frame, Choice], Any]] = {
    "crash": crash,
    "crash_disk": crash_disk,
    "start": start,
    "freeze": freeze,
    "cut": cut,
    "mute": mute,
    "heal": heal,
    "heal_all": heal_all,
    "more_load": more_load,
    "less_load": less_load,
    "add_consumer": add_consumer,
    "stall": stall,
    "add_partition": add_partition,
}
"""The acts of the key registry that send a Command."""

GROUP_ACTS = frozenset(ORDERS) - {"heal_all", "more_load", "less_load", "add_consumer", "add_partition"}
"""Those that are on the marked nodes, and use the marks up."""


def slow_line(frame: Frame, choice: Choice) -> str:
    """What ``o`` proposes on the command line."""
    return f"link {' '.join(thing.name for thing in _chosen(frame, choice))} latency=200ms loss=5%"


def _chosen(frame: Frame, choice: Choice) -> list[Thing]:
    things = choice.things(frame)
    if not things:
        raise UserError("no node is selected: the arrows select one")
    return things


def _able(frame: Frame, choice: Choice, done: str, *states: State) -> list[str]:
    """The chosen whose state allows it. None: UserError says what they are instead."""
    things = _chosen(frame, choice)
    able = [thing.name for thing in things if thing.state in states]
    if able:
        return able
    if len(things) == 1:
        raise UserError(f"{things[0].name} can't be {done}: it {_REMEDY[things[0].state]}")
    raise UserError(f"none of {_list([thing.name for thing in things])} can be {done}: look at their marks")


def _round(rate: float) -> float:
    """Two digits are enough for a load, and a whole number if there are two."""
    return float(f"{rate:.2g}") if rate < 10 else float(round(float(f"{rate:.2g}")))


def _list(names: list[str]) -> str:
    return ", ".join(names)
