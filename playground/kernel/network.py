"""Who reaches whom, and when.

The network carries datagrams: a message arrives once, after the latency of the
link, or it is lost; two messages may overtake each other. Routing (which node
is called what), the rules in force, and the clock are three separate things.

A message passes the rules in the order in which they were added; each may let it
pass, delay it, drop it or duplicate it. Removing a rule heals what it broke, and
nothing else. No system can ask which rules there are.

What happens to messages that are under way when a link is cut: they are lost,
like packets on a cable that is pulled out (a rule with ``cuts`` says so). What is
sent into a cut is lost at once. Healing brings nothing back: senders must retry.
All other rules judge a message once, when it is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappush
from typing import TYPE_CHECKING, Any, Protocol

from playground.kernel.messages import wire_size

if TYPE_CHECKING:
    from playground.kernel.node import Node
    from playground.kernel.world import Event, World

LOOPBACK_US = 10
"""A node to itself: always this long, and no rule applies."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message on its way through the rules. ``size_bytes`` is computed when asked."""

    source: str
    target: str
    content: Any
    sent_us: int

    @property
    def size_bytes(self) -> int:
        return wire_size(self.content)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says of a parcel: later by ``delay_us``, lost, or delivered again after each of ``copies_us``."""

    delay_us: int = 0
    drop: bool = False
    copies_us: tuple[int, ...] = ()


PASS = Verdict()
DROP = Verdict(drop=True)


class Rule(Protocol):
    """A condition of the network. It draws chance only from the stream it was given."""

    cuts: bool
    """Whether messages already under way are judged too (only ``drop`` counts then)."""

    def judge(self, parcel: Parcel) -> Verdict:
        """Called once for a parcel, when it is sent."""


OnLost = Callable[[str, str, Any, Rule, int], object]
"""``(source, target, content, rule, seq)``; ``seq``: of the event that its arrival would have been; 0: none."""


class Network:
    """The links between the nodes of one world."""

    def __init__(self, world: World, base_us: int = 500, jitter_us: int = 1_000) -> None:
        self._world = world
        self._doors: dict[str, Callable[[str, Any], None]] = {}
        self._rules: tuple[Rule, ...] = ()
        self.base_us = base_us
        self.jitter_us = jitter_us
        self.lost = 0
        self.doubled = 0
        """Copies that were delivered beside the message itself."""
        self.overtaken = 0
        """How often a message arrives before one that was sent earlier on the same link, while rules are in force."""
        self._latest_us: dict[tuple[str, str], int] = {}
        self.on_lost: OnLost | None = None
        """Told of every message that a rule destroys. It may look, and change nothing."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self._rules

    def attach(self, node: Node) -> None:
        """Give ``node`` an address: its name."""
        self._doors[node.name] = node.deliver

    def send(self, source: Node, target: str, content: Any) -> None:
        """Send and forget. KeyError for a name that no node ever had."""
        world = self._world
        if target == source.name:
            delay_us = LOOPBACK_US
        else:
            delay_us = self.base_us + int(source.jitter() * self.jitter_us)
            if self._rules:
                self._send_by_the_rules(source.name, target, content, delay_us)
                return
        world.sequence = sequence = world.sequence + 1
        heappush(world.heap, (world.now_us + delay_us, sequence, self._doors[target], source.name, content))

    def add(self, rule: Rule) -> int:
        """Put ``rule`` in force; returns how many messages under way it destroyed."""
        self._rules = (*self._rules, rule)
        return self._sever(rule) if rule.cuts else 0

    def remove(self, rule: Rule) -> None:
        """End ``rule``. ValueError if it is not in force."""
        rules = list(self._rules)
        rules.remove(rule)
        self._rules = tuple(rules)

    def _send_by_the_rules(self, source: str, target: str, content: Any, delay_us: int) -> None:
        world = self._world
        parcel = Parcel(source, target, content, world.now_us)
        copies: list[int] = []
        for rule in self._rules:
            verdict = rule.judge(parcel)
            if verdict.drop:
                self.lost += 1
                if self.on_lost is not None:
                    self.on_lost(source, target, content, rule, 0)
                return
            delay_us += verdict.delay_us
            copies.extend(verdict.copies_us)
        self.doubled += len(copies)
        link, arrives_us = (source, target), world.now_us + delay_us
        if arrives_us < self._latest_us.get(link, 0):
            self.overtaken += 1
        else:
            self._latest_us[link] = arrives_us
        door = self._doors[target]
        world.schedule(delay_us, door, source, content)
        for later_us in copies:
            world.schedule(delay_us + later_us, door, source, content)

    def _sever(self, rule: Rule) -> int:
        now_us = self._world.now_us
        names: dict[Callable[[Any, Any], object], str] = {door: name for name, door in self._doors.items()}

        def doomed(event: Event) -> bool:
            _, _, act, source, content = event
            target = names.get(act)
            if target is None or target == source:
                return False
            if not rule.judge(Parcel(source, target, content, now_us)).drop:
                return False
            if self.on_lost is not None:
                self.on_lost(source, target, content, rule, event[1])
            return True

        severed = self._world.discard(doomed)
        self.lost += severed
        return severed
