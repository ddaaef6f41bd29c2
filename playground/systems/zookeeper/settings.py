"""What can be set about the ensemble."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ZooKeeperSettings(BaseModel):
    """How many servers, how they keep time, how long a session lives. Milliseconds of each server's own clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    servers: Literal[0, 1, 3, 5, 7] = Field(default=0, description="Servers z1, z2 …; 0: there is no ensemble.")
    tick_ms: int = Field(default=200, ge=20, le=5_000, description="The leader pings its followers this often.")
    init_ticks: int = Field(
        default=10, ge=2, description="A follower must be synchronised with its leader within so many ticks."
    )
    sync_ticks: int = Field(
        default=4, ge=2, description="Leader and follower give each other up after so many ticks without a sign."
    )
    session_timeout_ms: int = Field(
        default=3_000, ge=100, le=600_000, description="A session expires when its client is silent for so long."
    )
    snapshot_every: int = Field(
        default=1_000, ge=10, description="Transactions after which a server writes a snapshot and drops its log."
    )
    sync_reads: bool = Field(
        default=False, description="As a database: each read begins with a sync, so that it sees all earlier writes."
    )

    @model_validator(mode="after")
    def _a_leader_is_given_up_before_its_sessions_expire(self) -> ZooKeeperSettings:
        if self.session_timeout_ms < 2 * self.tick_ms * self.sync_ticks:
            raise ValueError(
                f"session_timeout_ms ({self.session_timeout_ms}) must be at least twice tick_ms * sync_ticks "
                f"({self.tick_ms * self.sync_ticks}): a leader that is cut off must know it before sessions expire"
            )
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"z{number}" for number in range(1, self.servers + 1))

    @property
    def quorum(self) -> int:
        return self.servers // 2 + 1
