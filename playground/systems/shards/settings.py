"""What can be set about the sharded database."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Mode = Literal["async", "one", "all"]
"""How many slaves must hold a write on their disks before it is acknowledged: none, one, all of them."""


class ShardsSettings(BaseModel):
    """How many shards and copies, and when a write counts. Milliseconds of each node's own clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(default=3, ge=1, le=64, description="How many shards; keys are spread over them by a ring.")
    copies: int = Field(default=3, ge=1, le=7, description="Copies of each shard: a master and copies - 1 slaves.")
    mode: Mode = Field(
        default="one",
        description="async: the master acknowledges alone; one: when one slave has it on its disk; all: when all have.",
    )
    shipping: Literal["push", "pull"] = Field(
        default="push", description="push: the master sends what is new at once; pull: the slaves ask for it."
    )
    pull_ms: int = Field(default=200, ge=1, description="How often a slave asks (pull).")
    heartbeat_ms: int = Field(
        default=150, ge=10, description="A master with nothing to ship says so this often (push)."
    )
    write_timeout_ms: int = Field(
        default=400, gt=0, description="A write that too few slaves hold after this long is reversed."
    )
    reads: Literal["master", "slaves"] = Field(default="master", description="Who answers reads.")
    read_your_writes: bool = Field(
        default=False,
        description="A slave that lacks a write of the reader's own session passes the read on to the master.",
    )
    max_lag_ms: int = Field(
        default=0, ge=0, description="A slave that has heard no news for so long refuses reads; 0: it never does."
    )
    election_wait_ms: int = Field(
        default=200, ge=0, description="How long an election waits for further candidates when it has enough of them."
    )
    replace_after_ms: int = Field(
        default=8_000, ge=0, description="A slave that is silent for so long is replaced by another node; 0: never."
    )
    compact_after: int = Field(
        default=2_000, ge=20, description="Records after which a log is replaced by a snapshot and the rest."
    )

    @model_validator(mode="after")
    def _modes_need_slaves(self) -> ShardsSettings:
        if self.mode != "async" and self.copies == 1:
            raise ValueError(f"mode {self.mode} needs a slave: copies must be 2 or more")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"shard-{number}" for number in range(1, self.count + 1))

    @property
    def acknowledging(self) -> int:
        """How many copies, the master's included, are on disks when a write is acknowledged."""
        return {"async": 1, "one": 2, "all": self.copies}[self.mode]

    @property
    def electing(self) -> int:
        """How many members an election must hear, so that one has every acknowledged write (async: no promise)."""
        return 1 if self.mode == "async" else max(1, self.copies - self.acknowledging + 1)
