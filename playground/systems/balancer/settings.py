"""What can be set about the balancers and the servers behind them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from playground.quantities import Share

Policy = Literal["round-robin", "least-connections", "two-choices", "hash"]
Liveness = Literal["heartbeat", "health-check"]


class BalancerSettings(BaseModel):
    """How many, how the load is spread, how the dead are found. Milliseconds of each machine's own clock."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    balancers: Literal[0, 1, 2] = Field(
        default=0, description="Balancers b1, b2 (one of them active); 0: clients ask the database themselves."
    )
    servers: int = Field(default=4, ge=1, le=64, description="Stateless servers s1, s2 … behind the balancers.")
    policy: Policy = Field(
        default="two-choices",
        description="Who gets a request: each in turn; who has the fewest open; the better of two; the key's own.",
    )
    liveness: Liveness = Field(
        default="health-check",
        description="Who decides that a server is dead: its reports, or the balancer's questions.",
    )
    interval_ms: int = Field(default=500, ge=10, description="A server reports, and a balancer asks, this often (T).")
    misses: Literal[1, 2] = Field(
        default=2, description="So many missing reports, or failed checks, and it counts as dead."
    )
    check_timeout_ms: int = Field(default=250, gt=0, description="A check that is not answered within this has failed.")
    rises: int = Field(
        default=2, ge=1, le=10, description="So many good signs in a row and it is taken back, on probation."
    )
    slow_start_ms: int = Field(
        default=4_000,
        ge=0,
        description="Over this time a server that was taken back gets its full share again; 0: at once.",
    )
    try_timeout_ms: int = Field(
        default=600, gt=0, description="How long a balancer waits for a server before it retries."
    )
    retries: int = Field(default=1, ge=0, le=10, description="How often a request is tried again on another server.")
    retry_budget: Share | None = Field(
        default=0.2, description="Retries may add this share to the requests of the last ten seconds; null: no limit."
    )
    workers: int = Field(
        default=8, ge=1, le=1_000, description="Requests that a server works on at a time; others queue."
    )
    work_ms: int = Field(
        default=2, ge=0, description="What each request costs a server's worker before it asks the database."
    )
    queue: int = Field(default=200, ge=0, description="Requests that may wait for a worker; more are refused.")

    @property
    def balancer_names(self) -> tuple[str, ...]:
        return tuple(f"b{number}" for number in range(1, self.balancers + 1))

    @property
    def server_names(self) -> tuple[str, ...]:
        return tuple(f"s{number}" for number in range(1, self.servers + 1)) if self.balancers else ()
