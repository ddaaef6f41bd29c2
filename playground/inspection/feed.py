"""The change feed from end to end: what the groups that read it have seen is what the database holds, once it is quiet.

A group sees what it has processed: of each key the change with the latest position, however often, and in which order,
its members came to it. That is a view of the database which nobody has asked for anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.inspection.kafka import KafkaPart
from playground.inspection.part import Figures, Part, Report
from playground.inspection.shards import ShardsPart
from playground.systems.feed import checks
from playground.systems.feed.changes import Change
from playground.systems.kafka.ledger import Processed
from playground.systems.shards import roles
from playground.systems.shards.service import ShardsService
from playground.systems.violations import Violation

if TYPE_CHECKING:
    from playground.cluster import Cluster


class FeedPart(Part):
    """Of shards that publish what they commit to the first topic. Groups that may pass something over don't count."""

    def __init__(self, cluster: Cluster, report: Report, shards: ShardsPart, kafka: KafkaPart) -> None:
        super().__init__(cluster, report)
        settings = cluster.spec.kafka
        self._shards = shards
        self._kafka = kafka
        self._topic = settings.topics[0]
        self._seen: dict[str, dict[str, Change]] = {
            group.name: {}
            for group in settings.groups
            if self._topic.name in settings.read_by(group.name)
            and (group.delivery, group.reset) == ("at-least-once", "earliest")
        }
        """Group -> key -> the newest change of it that was processed."""
        kafka.books.listeners.append(self._processed)

    def _processed(self, message: Processed) -> None:
        seen = self._seen.get(message.group)
        if seen is None or message.partition.topic != self._topic.name:
            return
        change = Change.parse(message.record.key, message.record.value)
        if change is not None:
            known = seen.get(change.key)
            if known is None or known.position < change.position:
                seen[change.key] = change

    @property
    def promised(self) -> bool:
        """Nothing more is broken than that each change gets through in the end."""
        kept = self._topic.cleanup == "compact" or self._topic.keeps_all
        synchronous = self.cluster.spec.shards.mode != "async"
        return kept and synchronous and self._shards.sound and self._shards.led_by_one and self._kafka.sound

    def judge(self) -> list[Violation]:
        if not self.cluster.quiet or not self.promised:
            return []
        held = self._held()
        late = {group for (group, _), messages in self._kafka.lags().items() if messages}
        views = (seen for group, seen in self._views().items() if group not in late)
        return [violation for seen in views for violation in checks.agrees(seen, held)]

    def converged(self) -> bool:
        held = self._held()
        return not self.promised or not any(checks.agrees(seen, held) for seen in self._views().values())

    def figures(self) -> Figures:
        views, held = self._views(), self._held()
        if not views:
            return {}
        wrong = sum(1 for seen in views.values() for key in seen if seen[key] != held.get(key))
        missing = sum(1 for seen in views.values() for key in held if key not in seen)
        return {"feed_missing": missing, "feed_wrong": wrong}

    def _views(self) -> dict[str, dict[str, str]]:
        """Group -> key -> value, of the groups that somebody works for."""
        served = self._kafka.served
        return {
            group: {key: change.value for key, change in seen.items()}
            for group, seen in self._seen.items()
            if group in served
        }

    def _held(self) -> dict[str, str]:
        """What the masters show."""
        services = self.cluster.services(ShardsService)
        masters = [roles.leader(services, shard) for shard in self.cluster.spec.shards.names]
        return {key: value for master in masters if master is not None for key, value in master.log.state.data.items()}
