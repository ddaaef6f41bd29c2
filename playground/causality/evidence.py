"""What is known of a run: its trace, its journal, the history of its clients, and who did what to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from playground.causality.deeds import Deeds
from playground.causality.messages import system_of
from playground.causality.requests import Requests
from playground.cluster import Cluster
from playground.kernel.journal import Entry
from playground.kernel.node import Life
from playground.kernel.tracing import Happening, Loss, Tracer

BACK_US = 15_000_000
"""So far back it is looked for the last message that came before a silence."""


class Evidence:
    """Of one cluster, from now on. Nothing that is asked here changes anything in it."""

    def __init__(self, cluster: Cluster, tracer: Tracer, requests: Requests) -> None:
        self.cluster = cluster
        self.tracer = tracer
        self.deeds = Deeds(cluster, tracer)
        self.requests = requests

    def entry(self, index: int) -> Entry | None:
        """The journal's entry of that number, if it is still there."""
        entries = self.cluster.world.journal.entries
        place = index - entries[0].index if entries else -1
        return entries[place] if 0 <= place < len(entries) else None

    def before(self, index: int, *kinds: str, from_us: int = 0, **data: object) -> Iterator[Entry]:
        """Entries of these kinds (none: any) before ``index``, newest first, whose data are as given."""
        for entry in reversed(self.cluster.world.journal.entries):
            if entry.at_us < from_us:
                return
            if entry.index < index and (not kinds or entry.kind in kinds):
                held = dict(entry.data)
                if all(held.get(name) == value for name, value in data.items()):
                    yield entry

    def index_at(self, at_us: int) -> int:
        """The number of the first entry after an instant."""
        for entry in reversed(self.cluster.world.journal.entries):
            if entry.at_us <= at_us:
                return entry.index + 1
        return 0

    def last_heard(self, who: str, by: Collection[str], until_us: int, system: str = "") -> Happening | None:
        """The last message of ``who`` that one of ``by`` took before an instant; ``system``: only of that one."""
        for id, _, source, target, content in self.tracer.arrivals(max(0, until_us - BACK_US), until_us - 1):
            if source == who and target in by and (not system or system_of(content) == system):
                found = self.happening(id)
                if found is not None and found.life is Life.UP:
                    return found
        return None

    def messages(self, who: str, others: Collection[str], from_us: int, until_us: int) -> list[Happening]:
        """What arrived in that time from ``who`` at ``others``, or the other way round, in order.

        No ``others``: from anybody, at anybody.
        """
        found = []
        for id, _, source, target, _ in self.tracer.arrivals(from_us, until_us):
            if (source == who and (not others or target in others)) or (
                target == who and (not others or source in others)
            ):
                found.append(self.happening(id))
        return [each for each in reversed(found) if each is not None]

    def under_way(self, who: str, others: Collection[str]) -> list[Happening]:
        """As :meth:`messages`: what has been sent, and has not arrived yet."""
        return [
            each
            for each in self.tracer.under_way()
            if (each.source == who and (not others or each.node in others))
            or (each.node == who and (not others or each.source in others))
        ]

    def happening(self, id: int) -> Happening | None:
        found = self.tracer.find(id)
        return found if isinstance(found, Happening) else None

    def loss(self, id: int) -> Loss | None:
        found = self.tracer.find(id)
        return found if isinstance(found, Loss) else None
