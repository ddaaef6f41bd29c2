"""What can be set about the nodes that use an ensemble."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Election = Literal["claim", "sequential"]
"""How the nodes choose a master: the first to claim it, or the next in a queue."""


class CoordinationSettings(BaseModel):
    """How the nodes choose their master."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    election: Election = Field(
        default="claim",
        description="claim: all watch the master's node, and the first to make it anew wins; "
        "sequential: each watches only the one before it, so that no herd is woken.",
    )
