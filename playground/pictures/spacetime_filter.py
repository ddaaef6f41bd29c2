"""What the space-time view shows: the words that a person filters by, read and applied.

* ``n3``: a machine: to it or from it; two machines: between them.
* ``kafka``, ``shards`` …: a system; ``client``: to or from a client.
* ``Append``: a kind of message, whatever the case; ``lost``: what never arrived, or reached a machine without power.
* ``k17`` or ``key cat``: what speaks of that key, and the answers to it.
* ``request 12``: that request of a client, from its invocation to its end.
* ``all``: chatter too. It is left out unless somebody asks for it: by ``all``, ``lost``, its system or its kind.

All words must fit; of several systems, or several kinds, one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from playground.kernel.canonical import canonical
from playground.kernel.errors import UserError
from playground.pictures.spacetime_naming import CONNECTION, SYSTEMS, Name
from playground.wording import nearest

_KEY = re.compile(r"k[0-9]+")
_OWN = ("client", "lost", "all", "key", "request")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a message must fit. ``request``: the number of an operation; -1: none is asked for."""

    nodes: tuple[str, ...] = ()
    systems: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    """In lower case."""
    keys: tuple[str, ...] = ()
    client: bool = False
    lost: bool = False
    everything: bool = False
    request: int = -1

    def between(self, source: str, target: str, clients: Collection[str]) -> bool:
        """Whether a message from there to there can fit."""
        for node in self.nodes:
            if node not in (source, target):
                return False
        return not self.client or source in clients or target in clients

    def fits(self, name: Name, lost: bool) -> bool:
        """Whether a message that is called so fits, its key aside."""
        if self.lost and not lost:
            return False
        if self.systems and name.system not in self.systems:
            return False
        words = name.label.lower().split()
        if self.kinds and self.kinds.isdisjoint(words) and name.label.lower() not in self.kinds:
            return False
        if not name.chatter or self.lost or self.everything or self.kinds:
            return True
        return bool(self.systems) and (name.system != CONNECTION or CONNECTION in self.systems)

    def speaks(self, content: Any) -> bool:
        """Whether a message speaks of all the keys."""
        text = canonical(content) if self.keys else ""
        return all(f"'{key}'" in text for key in self.keys)


def parse(text: str, names: Collection[str]) -> Filter:
    """The filter that somebody typed; ``names``: of the machines. UserError: one line that says what fits."""
    words = iter(text.split())
    nodes: list[str] = []
    keys: list[str] = []
    systems: list[str] = []
    kinds: list[str] = []
    flags: set[str] = set()
    request = -1
    for word in words:
        low = word.lower()
        if word in names or low in names:
            nodes.append(word if word in names else low)
        elif low in SYSTEMS or low == "feed":
            systems.append("kafka" if low == "feed" else low)  # the feed is published through Kafka: it has no words
        elif low == "request":
            request = _number(words)
        elif low == "key":
            keys.append(_next(words, "a key, as in: key cat"))
        elif low in ("client", "lost", "all"):
            flags.add(low)
        elif low in kinds_known():
            kinds.append(low)
        elif _KEY.fullmatch(word):
            keys.append(word)
        else:
            raise UserError(_complaint(word, names))
    return Filter(
        tuple(dict.fromkeys(nodes)),
        frozenset(systems),
        frozenset(kinds),
        tuple(dict.fromkeys(keys)),
        "client" in flags,
        "lost" in flags,
        "all" in flags,
        request,
    )


@lru_cache(maxsize=1)
def kinds_known() -> frozenset[str]:
    """The kinds of messages that there are, in lower case."""
    modules = [f"{system}.messages" for system in SYSTEMS if system != CONNECTION]
    found = {"ack", "reset", "reply"}
    for module in (*modules, "zookeeper.zab_messages", "kafka.image"):
        found |= {
            name.lower()
            for name, each in vars(import_module(f"playground.systems.{module}")).items()
            if isinstance(each, type) and hasattr(each, "__dataclass_fields__")
        }
    return frozenset(found)


def _number(words: Iterator[str]) -> int:
    word = _next(words, "its number, as in: request 12")
    if not word.isdecimal() or len(word) > 12:
        raise UserError(f"filter: {word[:20]!r} is no number of a request, such as 12")
    return int(word)


def _next(words: Iterator[str], wanted: str) -> str:
    word = next(words, "")
    if not word:
        raise UserError(f"filter: behind that word goes {wanted}")
    return word


def _complaint(word: str, names: Collection[str]) -> str:
    near = nearest(word.lower(), [*names, *SYSTEMS, *_OWN, *sorted(kinds_known())])
    hint = f"did you mean {near}? " if near else ""
    return f"filter: {word[:30]!r}: {hint}it takes nodes, systems, kinds (Append), k17, request 12, client, lost, all"
