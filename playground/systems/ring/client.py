"""What other systems may use of the circle."""

from playground.systems.ring.circle import CIRCLE, key_position
from playground.systems.ring.hashring import MAX_NODES, EmptyRing, HashRing
from playground.systems.ring.membership import Entry, Membership, Place, Placement, Status, placement

__all__ = [
    "CIRCLE",
    "MAX_NODES",
    "EmptyRing",
    "Entry",
    "HashRing",
    "Membership",
    "Place",
    "Placement",
    "Status",
    "key_position",
    "placement",
]
