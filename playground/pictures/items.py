"""What can be selected beside machines, what the journal says of it, and what in the cluster it has to do with.

Rules this module keeps:

* What an entry is about is told by its subject and its data (``group``, ``partition``, ``session`` …), never by its
  text. ``group`` is a word of several systems: it is looked up among the shards, the consumer groups, the partitions.
* It looks from outside: which machines hold a copy now is what the newest of all views says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from playground.cluster import Cluster
from playground.kernel.journal import Entry
from playground.systems.kafka import keeper as kafka_paths
from playground.systems.kafka import roles as kafka_roles
from playground.systems.kafka import standing
from playground.systems.kafka.records import TopicPartition
from playground.systems.kafka.service import BrokerService
from playground.systems.kafka.settings import INTERNAL
from playground.systems.shards import keeper as shards_paths
from playground.systems.shards import roles as shards_roles
from playground.systems.shards.service import ShardsService
from playground.systems.store import checks as store_checks
from playground.systems.store.service import StoreService
from playground.systems.zookeeper import picture as zookeeper_picture
from playground.systems.zookeeper.client import spelled
from playground.systems.zookeeper.database import ROOT
from playground.systems.zookeeper.service import ZooKeeperService
from widgets.shapes import NOTHING_PICKED, Item, Picked

_NODES = ("about", "left", "joined", "owner", "new", "old", "member")
"""The data that hold a machine's name, or that of one of its lives or disks …"""
_SEVERAL = ("nodes", "members", "gone")
"""… and those that hold several."""
_WORDS = ("group", "partition", "shard")


Belonging = tuple[Iterable[Item], Iterable[str]]
"""The items and the machines that belong to an item."""


class Subjects:
    """Of one cluster. ``is_key``: whether somebody has read or written a key of that name."""

    def __init__(self, cluster: Cluster, is_key: Callable[[str], bool]) -> None:
        self._cluster = cluster
        self._is_key = is_key
        spec = cluster.spec
        self._shards = frozenset(spec.shards.names if spec.database == "shards" else ())
        self._groups = frozenset(group.name for group in spec.kafka.groups if spec.kafka.brokers)
        topics = (*(topic.name for topic in spec.kafka.topics), *INTERNAL)
        self._topics = frozenset(topics if spec.kafka.brokers else ())
        self._belonging: dict[str, Callable[[str], Belonging]] = {
            "key": self._key,
            "shard": self._shard,
            "partition": self._partition,
            "group": self._group,
            "znode": self._znode,
            "session": self._session,
        }

    # --- the journal ------------------------------------------------------------------------------

    def nodes_of(self, entry: Entry) -> tuple[str, ...]:
        """The machines that an entry is about."""
        data = dict(entry.data)
        names = [entry.subject, *(_machine(data[field]) for field in _NODES if isinstance(data.get(field), str))]
        for field in _SEVERAL:
            several = data.get(field, ())
            names += map(_machine, several.split() if isinstance(several, str) else several)
        return tuple(dict.fromkeys(name for name in names if name in self._cluster.world.nodes))

    def items_of(self, entry: Entry) -> tuple[Item, ...]:
        """What else it is about."""
        data = dict(entry.data)
        words = [data[field] for field in _WORDS if isinstance(data.get(field), str)]
        words += data.get("partitions", ())
        if entry.kind == "alert":
            words += entry.subject.split()  # a violation's: "changes-0 br1"
        found = [item for word in words if (item := self._named(word)) is not None]
        if isinstance(data.get("session"), int):
            found.append(Item("session", spelled(data["session"])))
        if isinstance(data.get("key"), str):
            found.append(Item("key", data["key"]))
        return tuple(dict.fromkeys(found))

    # --- names ------------------------------------------------------------------------------------

    def find(self, word: str) -> Item | None:
        """The item that a person means by a word; None if there is none of that name."""
        known = zookeeper_picture.newest(self._cluster.services(ZooKeeperService))
        if word.startswith("/"):
            return Item("znode", word) if known is not None and word in known.tree.nodes else None
        if known is not None and word in map(spelled, zookeeper_picture.owners(known)):
            return Item("session", word)
        item = self._named(word)
        return item if item is None or item.kind != "partition" or self.exists(item) else None

    def exists(self, partition: Item) -> bool:
        """Whether a partition is there (yet)."""
        return kafka_roles.state(self._cluster.services(BrokerService), partition.name) is not None

    def _named(self, word: str) -> Item | None:
        if word in self._shards:
            return Item("shard", word)
        if word in self._groups:
            return Item("group", word)
        partition = TopicPartition.parse(word)
        if partition is not None and partition.topic in self._topics:
            return Item("partition", word)
        return Item("key", word) if self._is_key(word) else None

    # --- what belongs together --------------------------------------------------------------------

    def picked(self, item: Item | None) -> Picked:
        """What lights up with an item."""
        if item is None:
            return NOTHING_PICKED
        found = item if item.kind else self.find(item.name)
        if found is None:
            return Picked(asked=item)
        items, nodes = self._belonging[found.kind](found.name)
        return Picked(found, frozenset((found, *items)), tuple(dict.fromkeys(nodes)), item)

    def _key(self, name: str) -> Belonging:
        cluster = self._cluster
        match cluster.spec.database:
            case "shards":
                services = cluster.services(ShardsService)
                shard = shards_roles.shard(services, name)
                return [Item("shard", shard)] if shard else (), shards_roles.replica(services, name)
            case "quorum":
                placing = store_checks.placing(cluster.services(StoreService))
                return (), placing.place(name).owners if placing is not None else ()
            case "zookeeper":
                return [Item("znode", f"{ROOT}/{name}")], ()
        return (), ()

    def _shard(self, name: str) -> Belonging:
        paths = (f"{shards_paths.SHARDS}/{name}", shards_paths.state_path(name), shards_paths.master_path(name))
        return [Item("znode", path) for path in paths], shards_roles.replica(
            self._cluster.services(ShardsService), name
        )

    def _partition(self, name: str) -> Belonging:
        partition, brokers = TopicPartition.parse(name), self._cluster.services(BrokerService)
        if partition is None:
            return (), ()
        owners = [
            member.machine
            for group in sorted(self._groups)
            if (found := standing.group(brokers, group)) is not None
            for member in found.members.values()
            if partition in member.partitions
        ]
        return [Item("znode", kafka_paths.partition_path(partition))], (*kafka_roles.replica(brokers, name), *owners)

    def _group(self, name: str) -> Belonging:
        brokers = self._cluster.services(BrokerService)
        group = standing.group(brokers, name)
        members = [member.machine for member in group.members.values()] if group is not None else []
        return (), (*kafka_roles.coordinator(brokers, name), *members)

    def _znode(self, name: str) -> Belonging:
        known = zookeeper_picture.newest(self._cluster.services(ZooKeeperService))
        node = known.tree.nodes.get(name) if known is not None else None
        items = [item] if (item := self._of_path(name)) is not None else []
        if known is None or node is None or node.owner not in known.tree.sessions:
            return items, ()
        return [*items, Item("session", spelled(node.owner))], [known.tree.sessions[node.owner].client]

    def _session(self, name: str) -> Belonging:
        known = zookeeper_picture.newest(self._cluster.services(ZooKeeperService))
        for number, client in zookeeper_picture.owners(known).items() if known is not None else ():
            if known is not None and spelled(number) == name:
                return [Item("znode", path) for path in known.tree.ephemerals.get(number, ())], [client]
        return (), ()

    def _of_path(self, path: str) -> Item | None:
        """What a znode is kept for."""
        above, _, name = path.rpartition("/")
        root, _, topic = above.rpartition("/")
        if path.startswith(f"{shards_paths.SHARDS}/"):
            return self._named(path.split("/")[2])
        if root == kafka_paths.TOPICS and topic in self._topics:
            return Item("partition", f"{topic}-{name}")
        return Item("key", name) if above == ROOT else None


def _machine(name: str) -> str:
    """``co1#2`` (a life), ``br1:2`` (a disk): the machine."""
    return name.partition("#")[0].partition(":")[0]
