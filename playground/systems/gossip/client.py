"""What other systems may use of gossip."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.systems.gossip.messages import Vitals
from playground.systems.gossip.service import GossipService
from playground.systems.gossip.settings import GossipSettings
from playground.systems.gossip.view import Belief

if TYPE_CHECKING:
    from playground.kernel.node import Process

__all__ = ["Belief", "GossipService", "GossipSettings", "Vitals", "gossip_on"]


def gossip_on(process: Process) -> GossipService:
    """The gossip of this process. LookupError if its node runs none, or has not made it yet.

    Of the service use: ``believes``, ``members``, ``alive_members``, ``age_us``, ``vitals_of``,
    ``on_change``, ``join``, ``forget``, ``spread``.
    """
    return process.find(GossipService)
