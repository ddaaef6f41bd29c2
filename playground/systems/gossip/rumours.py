"""What other systems on a node spread by gossip.

A topic is a join-semilattice of another system (the ring's list of members, say): a state, a way
to merge another state into it, and a version: a digest, equal exactly when the states are equal.
Each push carries the versions only. Where they differ the answer brings the full state, and
who knew more sends its own back: three messages, and both know all (the pull of Demers
et al. 1987). While nothing changes a topic costs one integer a push.

Waiting for the next round would cost a second a hop. A change is therefore also told at
once (rumour mongering): whoever learns something new tells it to `fanout` others within a
twentieth of a round. That reaches most; the rest is found by the versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from playground.systems.gossip.messages import Rumour


@dataclass(frozen=True, slots=True)
class Topic:
    """``merge`` must be idempotent, commutative and associative; states must never be changed once given out."""

    name: str
    state: Callable[[], object]
    merge: Callable[[Any], None]
    version: Callable[[], int]

    def rumour(self) -> Rumour:
        return Rumour(self.name, self.version(), self.state())


class Rumours:
    """The topics of one node."""

    def __init__(self) -> None:
        self._topics: dict[str, Topic] = {}
        self._fresh: dict[str, Topic] = {}

    def add(self, topic: Topic) -> None:
        assert topic.name not in self._topics, f"two systems spread {topic.name}"
        self._topics[topic.name] = topic

    def versions(self) -> tuple[tuple[str, int], ...]:
        return tuple([(topic.name, topic.version()) for topic in self._topics.values()])

    def differing(self, versions: tuple[tuple[str, int], ...]) -> tuple[Rumour, ...]:
        """My states of the topics of which another node has another version."""
        topics = self._topics
        return tuple(
            [
                topics[name].rumour()
                for name, version in versions
                if name in topics and topics[name].version() != version
            ]
        )

    def take(self, rumours: Iterable[Rumour]) -> tuple[Rumour, ...]:
        """Merge these states; return mine where the teller still lacks something."""
        back: list[Rumour] = []
        for rumour in rumours:
            topic = self._topics.get(rumour.topic)
            if topic is None:
                continue
            before = topic.version()
            if before != rumour.version:
                topic.merge(rumour.state)
                now = topic.version()
                if now != before:
                    self._fresh[topic.name] = topic
                if now != rumour.version:
                    back.append(topic.rumour())
        return tuple(back)

    def freshen(self, name: str) -> None:
        """This topic has changed here."""
        self._fresh[name] = self._topics[name]

    @property
    def pending(self) -> bool:
        return bool(self._fresh)

    def fresh(self) -> tuple[Rumour, ...]:
        """What changed since this was last asked."""
        rumours = tuple([topic.rumour() for topic in self._fresh.values()])
        self._fresh.clear()
        return rumours
