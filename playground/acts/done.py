"""What an act hands back, and how what was to last a while ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playground.kernel.errors import UserError
from playground.kernel.node import TRANSITIONS

if TYPE_CHECKING:
    from playground.cluster import Cluster

Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in a sentence; ``undo`` ends just this, if it is still so, and says so in the journal."""

    text: str
    undo: Undo | None = None


def end_later(cluster: Cluster, lasting_us: int, undo: Undo) -> None:
    """Have it end by itself: an event of the world like any other."""
    cluster.world.schedule(lasting_us, lambda _a, _b: undo())


def take_charge(cluster: Cluster, name: str, what: str) -> Callable[[], bool]:
    """``what`` of a machine is as this command made it. Returns whether that is still so when asked.

    What was to last a while must not end what another command has made of it since.
    """
    number = len(cluster.recorded)
    cluster.in_charge[name, what] = number
    return lambda: cluster.in_charge.get((name, what)) == number


def discharge(cluster: Cluster, name: str) -> None:
    """All of this machine is healed: no command is in charge of any of it."""
    for key in [key for key in cluster.in_charge if key[0] == name]:
        del cluster.in_charge[key]


def able(cluster: Cluster, names: list[str], act: str) -> tuple[str, ...]:
    """The names, once each, if the act is possible for all of them."""
    lives, otherwise = TRANSITIONS[act]
    for name in names:
        if cluster.node(name).life not in lives:
            raise UserError(f"cannot {act} {name}: {otherwise}")
    return tuple(dict.fromkeys(names))


def listed(names: Iterable[str]) -> str:
    """``n1, n2``"""
    return ", ".join(dict.fromkeys(names))
