"""What can be set about gossip."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class GossipSettings(BaseModel):
    """How often, to how many, and how long silence is forgiven. Milliseconds of each node's own clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    interval_ms: int = Field(
        default=1_000,
        gt=0,
        description="Time between two rounds of a node: one heartbeat and a push to `fanout` others.",
    )
    fanout: int = Field(default=2, gt=0, description="To how many random members a node shows its table each round.")
    suspect_after_ms: int = Field(
        default=3_500,
        gt=0,
        description="A node is suspected when its heartbeat counter has not risen for this long. "
        "News takes log N rounds: with 100 nodes or more, 5000 avoids false suspicions.",
    )
    dead_after_ms: int = Field(
        default=8_000,
        gt=0,
        description="A node is believed dead when its heartbeat counter has not risen for this long.",
    )

    @model_validator(mode="after")
    def _suspicion_comes_first(self) -> GossipSettings:
        if self.dead_after_ms <= self.suspect_after_ms:
            raise ValueError(
                f"dead_after_ms ({self.dead_after_ms}) must be longer than suspect_after_ms ({self.suspect_after_ms})"
            )
        return self

    @property
    def interval_us(self) -> int:
        return self.interval_ms * 1_000

    @property
    def suspect_after_us(self) -> int:
        return self.suspect_after_ms * 1_000

    @property
    def dead_after_us(self) -> int:
        return self.dead_after_ms * 1_000
