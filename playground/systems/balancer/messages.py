"""What clients, balancers and servers send each other.

Codes of rejections: ``standby`` (ask the other balancer), ``no-server``, ``busy`` (a full queue), ``bad-request``, and
whatever the database says.
"""

from __future__ import annotations

from playground.kernel.messages import message
from playground.systems.database import RequestId

# --- client to balancer --------------------------------------------------------------


@message
class Ask:
    """A client's read or write: answered by the values of the key (a write: by none)."""

    key: str
    value: str | None
    """None: a read."""
    request: RequestId | None
    """A write's name."""
    patience_us: int
    """How long the client still waits: no retry begins after that."""


@message
class Who:
    """Are you the active one? Answered by `Duty`."""


@message
class Duty:
    """``once``: the database behind takes RequestIds, so that a write may be sent again."""

    active: bool
    once: bool


# --- balancer to server --------------------------------------------------------------


@message
class Work:
    """A request that the balancer passes on: answered as `Ask` is."""

    key: str
    value: str | None
    request: RequestId | None


@message
class Check:
    """A health check: answered by `Health`."""


@message
class Health:
    """A server's state, as its event loop sees it. Says nothing of its database."""

    queued: int
    working: int
    once: bool


# --- server to balancer --------------------------------------------------------------


@message
class Report:
    """A heartbeat, sent and forgotten. ``boot`` and ``number`` tell it from an older one that was overtaken."""

    boot: int
    number: int
    health: Health
