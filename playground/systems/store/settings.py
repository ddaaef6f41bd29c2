"""What can be set about the store."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Conflicts = Literal["siblings", "newest"]
"""What becomes of values that were written concurrently."""


class StoreSettings(BaseModel):
    """How many copies, how many must answer, and what repairs them. Milliseconds of each node's own clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n: int = Field(default=3, ge=1, le=10, description="Copies of each key: on its owner and the next n - 1 nodes.")
    r: int = Field(default=2, ge=1, le=10, description="How many replicas must answer a read.")
    w: int = Field(default=2, ge=1, le=10, description="How many replicas must hold a write before it is acknowledged.")
    conflicts: Conflicts = Field(
        default="siblings",
        description="siblings: values written concurrently are all kept; newest: the one with the highest timestamp.",
    )
    hinted_handoff: bool = Field(
        default=False,
        description="A node beyond the replicas takes the writes of one that is believed dead, and counts for W.",
    )
    read_repair: bool = Field(default=True, description="After a read, bring the replicas that lag up to date.")
    write_back: bool = Field(
        default=False,
        description="Before a read is answered, have W replicas hold what it returns: later reads never return less.",
    )
    anti_entropy_interval_ms: int = Field(
        default=500, ge=0, description="How often a node compares its data with one other node; 0: never."
    )
    handoff_interval_ms: int = Field(
        default=1_000, gt=0, description="How often a node tries to hand over copies that belong to others."
    )
    replica_timeout_ms: int = Field(
        default=400, gt=0, description="How long a coordinator waits for the replicas of a key."
    )
    transfer_bytes_per_s: int = Field(
        default=2_000_000, gt=0, description="How fast a node copies keys when it takes over or rebuilds."
    )
    batch_keys: int = Field(default=64, gt=0, description="How many keys travel in one message between nodes, at most.")
    compact_at_bytes: int = Field(default=65_536, gt=0, description="A log smaller than this is never rewritten.")
    compact_ratio: int = Field(
        default=4, ge=2, description="A log is rewritten when it is this many times larger than after the last time."
    )

    @model_validator(mode="after")
    def _quorums_are_possible(self) -> StoreSettings:
        for name, value in (("r", self.r), ("w", self.w)):
            if value > self.n:
                raise ValueError(f"{name} ({value}) cannot be larger than n ({self.n}): there are only n copies")
        return self

    @property
    def fresh(self) -> bool:
        """R + W > N: every read meets every acknowledged write on some replica.

        What it meets it also returns, unless the newest of two values is decided upon by a clock that is wrong.
        """
        return self.r + self.w > self.n and not self.hinted_handoff

    @property
    def replica_timeout_us(self) -> int:
        return self.replica_timeout_ms * 1_000
