"""What a cluster is made of: plain data, from which the same cluster is built every time."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from playground.quantities import DurationUs
from playground.systems.balancer.settings import BalancerSettings
from playground.systems.coordination.settings import CoordinationSettings
from playground.systems.gossip.settings import GossipSettings
from playground.systems.kafka.settings import KafkaSettings
from playground.systems.layout import DatabaseName, Kind, Layout
from playground.systems.shards.settings import ShardsSettings
from playground.systems.store.settings import StoreSettings
from playground.systems.zookeeper.settings import ZooKeeperSettings
from playground.workload import LoadSettings

MAX_NODES = 2_000
CONSOLE = "you"
"""The client behind ``put`` and ``get``; it may be crashed or cut off like any other."""


class NetworkSettings(BaseModel):
    """The links between all machines, before anything is broken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    latency: DurationUs = Field(default=500, description="one way, at least")
    jitter: DurationUs = Field(default=1_000, description="up to this much more, drawn for each message")


class MachineSettings(BaseModel):
    """The machines of the nodes, before anything is broken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: DurationUs = Field(
        default=0, description="what each event (message, timer, disk completion) costs a node's one CPU"
    )


class RingSettings(BaseModel):
    """The consistent-hash circle."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: int = Field(default=16, ge=1, le=1_000, description="points of each node on the circle")


class ClusterSpec(BaseModel):
    """A cluster: nodes n1..nN with a database, what stands beside it, clients c1..cM, and a console.

    An ensemble z1.., balancers b1.. with their servers s1.., and Kafka's brokers br1.. with producers pr1.. and
    consumers co1.. are there if they are asked for.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(default="quorum store on a ring", max_length=60)
    nodes: int = Field(default=8, ge=0, le=MAX_NODES, description="how many nodes")
    database: DatabaseName = Field(
        default="quorum",
        description="who keeps the data: a quorum store; shards of masters and slaves; the ensemble; nobody",
    )
    network: NetworkSettings = NetworkSettings()
    machine: MachineSettings = MachineSettings()
    ring: RingSettings = RingSettings()
    gossip: GossipSettings = GossipSettings()
    store: StoreSettings = StoreSettings()
    zookeeper: ZooKeeperSettings = ZooKeeperSettings()
    coordination: CoordinationSettings = CoordinationSettings()
    shards: ShardsSettings = ShardsSettings()
    balancer: BalancerSettings = BalancerSettings()
    kafka: KafkaSettings = KafkaSettings()
    load: LoadSettings = LoadSettings()

    @model_validator(mode="before")
    @classmethod
    def _feed_what_has_a_log(cls, data: Any) -> Any:
        """A change feed follows the logs of shards: where there are none there is no feed, unless it is asked for."""
        if not isinstance(data, dict) or data.get("database", "quorum") == "shards":
            return data
        kafka = data.get("kafka", {})
        return {**data, "kafka": {"feed": False, **kafka}} if isinstance(kafka, dict) else data

    @model_validator(mode="after")
    def _its_parts_fit(self) -> ClusterSpec:
        if (self.database == "none") != (not self.nodes):
            raise ValueError(f"database {self.database} with nodes: {self.nodes}: it is none where there are no nodes")
        if self.kafka.brokers and not self.zookeeper.servers:
            raise ValueError("brokers need an ensemble: set zookeeper.servers to 3")
        if self.kafka.producers and not self.kafka.brokers:
            raise ValueError("kafka.producers need brokers: set kafka.brokers to 3")
        if self.kafka.feed and self.kafka.brokers and self.database != "shards":
            raise ValueError("kafka.feed needs database: shards, whose masters have a log to follow")
        if self.database == "none" and not self.kafka.brokers:
            raise ValueError("nothing is there: set nodes, or kafka.brokers")
        if self.database == "none" and self.load.rate:
            raise ValueError("database none: nobody answers clients: set load.rate to 0 (kafka.rate is for producers)")
        if self.database in ("shards", "zookeeper") and not self.zookeeper.servers:
            raise ValueError(f"database {self.database} needs an ensemble: set zookeeper.servers to 3")
        if self.balancer.balancers and self.database != "shards":
            raise ValueError("balancers need database: shards, whose writes may be sent twice")
        if self.database == "shards" and self.shards.copies > self.nodes:
            raise ValueError(f"shards.copies ({self.shards.copies}) cannot be larger than nodes ({self.nodes})")
        return self

    @property
    def node_names(self) -> tuple[str, ...]:
        return tuple(f"n{number}" for number in range(1, self.nodes + 1))

    @property
    def client_names(self) -> tuple[str, ...]:
        return tuple(f"c{number}" for number in range(1, self.load.clients + 1))

    @property
    def machines(self) -> dict[str, Kind]:
        """Every machine that serves, and what for, in order."""
        groups: tuple[tuple[Kind, tuple[str, ...]], ...] = (
            ("node", self.node_names),
            ("ensemble", self.zookeeper.names),
            ("balancer", self.balancer.balancer_names),
            ("server", self.balancer.server_names),
            ("broker", self.kafka.broker_names),
            ("producer", self.kafka.producer_names),
            ("consumer", tuple(self.kafka.consumers)),
        )
        return {name: kind for kind, names in groups for name in names}

    @property
    def layout(self) -> Layout:
        """What every machine is told."""
        return Layout(
            self.database,
            self.ring.points,
            self.gossip,
            self.store,
            self.zookeeper,
            self.coordination,
            self.shards,
            self.balancer,
            self.kafka,
        )

    @property
    def register(self) -> bool:
        """Whether of two values of a key the later one takes the place of the earlier, whoever has seen what."""
        return self.database != "quorum" or self.store.conflicts == "newest"


PRESETS: dict[str, dict[str, Any]] = {
    "platform": {
        "title": "a platform",
        "nodes": 6,
        "database": "shards",
        "zookeeper": {"servers": 3},
        "balancer": {"balancers": 2},
        "kafka": {"brokers": 3, "groups": [{"name": "view", "commit_ms": 2_000}]},
    },
    "quorum": {},
    "small": {"title": "three nodes", "nodes": 3, "load": {"rate": 20, "clients": 2}},
    "eventual": {"title": "eventually consistent store (R=1, W=1)", "store": {"r": 1, "w": 1}},
    "large": {"title": "forty nodes", "nodes": 40, "load": {"rate": 100, "clients": 8}},
    "ensemble": {
        "title": "ZooKeeper, and nodes that lean on it",
        "nodes": 4,
        "database": "zookeeper",
        "zookeeper": {"servers": 5},
        "load": {"rate": 20, "clients": 2, "keys": 20},
    },
    "kafka": {
        "title": "Kafka",
        "nodes": 0,
        "database": "none",
        "zookeeper": {"servers": 3},
        "kafka": {"brokers": 3, "producers": 2},
        "load": {"rate": 0, "clients": 1},
    },
}
"""Named clusters: what they change of the bare one."""
DEFAULT = "platform"
"""The one that a person sees who asks for nothing."""
BARE = "quorum"
"""The one that a scenario begins with that names none."""
