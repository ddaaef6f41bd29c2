"""What others use of the ensemble: sessions (:mod:`.handle`, :mod:`.lasting`), recipes, and a :mod:`.database`."""

from __future__ import annotations

from playground.systems.zookeeper.application import spelled
from playground.systems.zookeeper.database import KeeperDatabase
from playground.systems.zookeeper.errors import (
    BadArguments,
    BadVersion,
    ConnectionLoss,
    KeeperError,
    NoChildrenForEphemerals,
    NodeExists,
    NoNode,
    NotEmpty,
    SessionExpired,
)
from playground.systems.zookeeper.handle import State, ZooKeeper
from playground.systems.zookeeper.lasting import (
    Keeper,
    Task,
    Told,
    announce,
    ensure,
    look,
    read,
    watch_children,
    watch_data,
)
from playground.systems.zookeeper.messages import Event, Op, Stat, Watch
from playground.systems.zookeeper.observing import Observer
from playground.systems.zookeeper.recipes import Candidacy, Claim, Configuration, Lock, Registry, make_parents
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.settings import ZooKeeperSettings

__all__ = [
    "BadArguments",
    "BadVersion",
    "Candidacy",
    "Claim",
    "Configuration",
    "ConnectionLoss",
    "Event",
    "Keeper",
    "KeeperDatabase",
    "KeeperError",
    "Lock",
    "NoChildrenForEphemerals",
    "NoNode",
    "NodeExists",
    "NotEmpty",
    "Observer",
    "Op",
    "Registry",
    "SessionExpired",
    "Stat",
    "State",
    "Task",
    "Told",
    "Watch",
    "ZooKeeper",
    "ZooKeeperService",
    "ZooKeeperSettings",
    "announce",
    "ensure",
    "look",
    "make_parents",
    "read",
    "spelled",
    "watch_children",
    "watch_data",
]
