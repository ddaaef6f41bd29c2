"""Acts on clocks and disks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playground import commands
from playground.acts.done import Done, take_charge
from playground.chaos import machines
from playground.kernel.errors import UserError
from playground.kernel.node import Node

if TYPE_CHECKING:
    from playground.cluster import Cluster


def clock(cluster: Cluster, command: commands.Clock) -> Done:
    if command.offset is None and command.drift_ppm is None and not command.frozen:
        raise UserError("clock: say offset=…, drift_ppm=… or frozen=yes")
    text = _each(
        cluster,
        command.do,
        command.nodes,
        lambda node: machines.set_clock(node, command.offset, command.drift_ppm, frozen=command.frozen),
    )

    wrong = {"offset": command.offset is not None, "drift": command.drift_ppm is not None, "frozen": command.frozen}
    mine = {
        name: {part: take_charge(cluster, name, f"clock {part}") for part in machines.CLOCK_PARTS if wrong[part]}
        for name in dict.fromkeys(command.nodes)
    }

    def undo() -> None:
        for name, parts in mine.items():
            over = [part for part, still in parts.items() if still()]
            if over:
                machines.mend_clock(cluster.node(name), over)
                cluster.world.record("heal", name, f"the clock of {name} is right again ({', '.join(over)})")

    return Done(text, undo)


def disk(cluster: Cluster, command: commands.Disk) -> Done:
    fault = command.fault
    if fault in ("ok", "rot") and command.lasting:
        raise UserError(f"disk: fault={fault} cannot be lasting: it does not end by itself")
    text = _each(
        cluster,
        command.do,
        command.nodes,
        lambda node: machines.break_disk(node, fault, command.amount),
        fault=fault,
    )

    ended = machines.DISK_FAULTS if fault == "ok" else (fault,)
    names = dict.fromkeys(command.nodes)
    mine = {(name, each): take_charge(cluster, name, f"disk {each}") for name in names for each in ended}

    def undo() -> None:
        for (name, each), still in mine.items():
            if still():
                machines.mend_disk(cluster.node(name), each)
                cluster.world.record("heal", name, f"the disk of {name} is well again ({each})")

    return Done(text, undo)


def _each(cluster: Cluster, kind: str, names: list[str], act: Callable[[Node], str], **data: str) -> str:
    texts = []
    for name in dict.fromkeys(names):
        texts.append(act(cluster.node(name)))
        cluster.world.record(kind, name, texts[-1], **data)
    return "; ".join(texts)
