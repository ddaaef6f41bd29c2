"""Whom a command is about: names, and words that stand for names.

=====================  =======================================================
``n3``                 that node (or client)
``one``, ``random``    one of those for whom the act is possible
``2 random``           two of them
``25%``                that share of them, rounded up to whole nodes
``all``                all of them
``majority``           more than half of the machines that serve, drawn
``minority``           the members that are not in this command's majority
``rest``               the members that the command does not name or draw otherwise
``clients``            all clients that make load
``nodes``              all machines that keep data
``ensemble``           all servers of ZooKeeper
``balancers``          all balancers
``servers``            all stateless servers
``brokers``            all of Kafka's brokers
``producers``          all machines that make messages of their own
``consumers``          all members of consumer groups
``owner of k0``        whoever has that role for the key; so with ``master of k0``, ``master of shard-1``
``replicas of k0``     all who have that role for the key; ``any slave of k0``: one of them
``leader``             whoever has that role now: of the ensemble; so with ``followers``, ``active``, ``controller``
``leader of log-0``    the broker that leads that partition; so with ``follower``, ``coordinator of view`` (a group)
=====================  =======================================================

The modes are those of Chaos Mesh (one, all, fixed, fixed-percent). Of ``majority``, ``minority``, ``rest`` and
``clients``, too, those are meant for whom the act is possible: nobody crashes who is down. What a word stands for is
decided when the command is carried out, drawn from the seed; the record of a session holds the names that it came to.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from playground.systems import catalog
from playground.systems.layout import Kind
from playground.wording import unknown

GROUPS: dict[str, Kind] = {
    "nodes": "node",
    "ensemble": "ensemble",
    "balancers": "balancer",
    "servers": "server",
    "brokers": "broker",
    "producers": "producer",
    "consumers": "consumer",
}
"""Words that stand for all machines of a kind."""
WORDS = ("one", "random", "all", "majority", "minority", "rest", "clients", *GROUPS)
SHAPES = ("halves", "isolate", "bridge", "ring")
"""Words that stand for the sides of a partition."""
ROLES = tuple(catalog.roles())
"""Roles that a word may name, in the singular."""
_COUNTED = re.compile(r"[0-9]{1,6} random|[0-9]{1,6}(\.[0-9]{1,6})?%")
_JOINING = ("any", "of")
_SEPARATORS = {"|", "->", "<->"}


def is_word(target: str) -> bool:
    """Whether ``target`` stands for names, and is none itself."""
    return target in WORDS or bool(_COUNTED.fullmatch(target)) or role_of(target) is not None


def is_reserved(name: str) -> bool:
    """Whether no machine may be called so: it would never be meant."""
    return is_word(name) or name in _JOINING or name in SHAPES


def spelled(target: str) -> str:
    """A target as it is typed."""
    return " ".join(map(shlex.quote, target.split()))


def role_of(target: str) -> tuple[str, str, bool] | None:
    """``any follower`` -> ("follower", "", True); ``owner of k0`` -> ("owner", "k0", False); None: no role is meant."""
    drawn = target.startswith("any ")
    role, _, thing = target.removeprefix("any ").partition(" of ")
    if role not in ROLES:
        role = role.removesuffix("s")
    return (role, thing, drawn) if role in ROLES else None


def unknown_target(name: str, known: Iterable[str]) -> str:
    """What is wrong with a target that is neither a word nor among ``known``, and what to write instead."""
    if name.isdecimal():
        return f"unknown node {name[:60]!r}: if so many are meant, write {name[:6]} random"
    if name.endswith(" of"):
        return f"unknown node {name[:60]!r}: of which key? write {name[:60]} k0"
    roles = [*ROLES, *(f"any {role}" for role in ROLES)]
    return unknown("node", name, [*known, *WORDS], also=roles)


def gather(words: Iterable[str]) -> list[str]:
    """Targets from single words: ``["n1", "2", "random"]`` -> ``["n1", "2 random"]``."""
    targets: list[str] = []
    for word in words:
        last = targets[-1] if targets else ""
        joins = (
            last == "any"
            or last.endswith(" of")
            or (word == "of" and role_of(last) is not None)
            or (word == "random" and last.isdecimal())
        )
        if joins:
            targets[-1] = f"{last} {word}"
        else:
            targets.append(word)
    return targets


def _read(value: Any) -> Any:
    """A text is a list of targets, too: ``nodes: 2 random``, ``nodes: n1, n2``."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, Sequence):
        return value
    targets: list[Any] = []
    for item in items:
        targets += gather(item.replace(",", " ").split()) if isinstance(item, str) else [item]
    for target in targets:
        if isinstance(target, str) and ("=" in target or set(target.split()) & _SEPARATORS):
            raise ValueError(f"{target[:60]!r} is no name of a node")
    return targets


Targets = Annotated[list[str], BeforeValidator(_read)]
"""Names and words, perhaps none."""
Names = Annotated[Targets, Field(min_length=1)]
"""At least one name or word."""
