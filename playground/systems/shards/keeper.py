"""The paths that the database uses in ZooKeeper.

========================================  ====================================================
``/shards/<shard>/state``                  epoch of the newest master; members and identities
``/shards/<shard>/master``                 ephemeral: who leads, and in which epoch
``/shards/<shard>/candidates/<node>``      ephemeral: how far the node's log goes, and what it has promised
``/nodes/<node>``                          ephemeral: the node runs, and may be given copies
``/leaving/<node>``                        the node is to be given none any more, and to lose what it has
========================================  ====================================================
"""

from __future__ import annotations

SHARDS, NODES, LEAVING = "/shards", "/nodes", "/leaving"


def state_path(shard: str) -> str:
    return f"{SHARDS}/{shard}/state"


def master_path(shard: str) -> str:
    return f"{SHARDS}/{shard}/master"


def candidates_path(shard: str) -> str:
    return f"{SHARDS}/{shard}/candidates"
