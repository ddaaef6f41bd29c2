"""What a cluster is made of: plain data, from which the same cluster is built every time."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from playground.quantities import DurationUs
from playground.systems.gossip.settings import GossipSettings
from playground.systems.store.settings import StoreSettings
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
    """A cluster: nodes n1..nN with gossip and the store, clients c1..cM, and a console."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(default="quorum store on a ring", max_length=60)
    nodes: int = Field(default=8, ge=1, le=MAX_NODES, description="how many nodes")
    network: NetworkSettings = NetworkSettings()
    machine: MachineSettings = MachineSettings()
    ring: RingSettings = RingSettings()
    gossip: GossipSettings = GossipSettings()
    store: StoreSettings = StoreSettings()
    load: LoadSettings = LoadSettings()

    @property
    def node_names(self) -> tuple[str, ...]:
        return tuple(f"n{number}" for number in range(1, self.nodes + 1))

    @property
    def client_names(self) -> tuple[str, ...]:
        return tuple(f"c{number}" for number in range(1, self.load.clients + 1))


PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "small": {"title": "three nodes", "nodes": 3, "load": {"rate": 20, "clients": 2}},
    "eventual": {"title": "eventually consistent store (R=1, W=1)", "store": {"r": 1, "w": 1}},
    "large": {"title": "forty nodes", "nodes": 40, "load": {"rate": 100, "clients": 8}},
}
"""Named clusters: what they change of the default."""
