"""What other systems may use of the circle."""

from playground.systems.ring.circle import CIRCLE, key_position
from playground.systems.ring.hashring import MAX_NODES, EmptyRing, HashRing

__all__ = ["CIRCLE", "MAX_NODES", "EmptyRing", "HashRing", "key_position"]
