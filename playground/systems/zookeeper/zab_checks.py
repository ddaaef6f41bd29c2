"""What must hold of atomic broadcast, always: plain functions that see with god's eye, between any two events of a
world.

========================  ==========================================================================
:class:`Memory`           one committed sequence: every server applies the same, in the same order, each once
`claims`                  who led in which epoch: for :func:`playground.checkers.leaders.one_leader_per_term`
`committed_is_safe`       what is committed is on the disks of a quorum, those that were lost excused
:class:`Loneliness`       nobody goes on serving as leader without a quorum that follows
========================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from playground.kernel.wal import parse
from playground.systems.violations import Violation
from playground.systems.zookeeper.application import Role, spelled
from playground.systems.zookeeper.history import Point, replay
from playground.systems.zookeeper.log import FILE
from playground.systems.zookeeper.peer import GROUP, Peer

if TYPE_CHECKING:
    from playground.kernel.journal import Entry
    from playground.kernel.node import Node

REMEMBERED = 20_000
"""Transactions that :class:`Memory` compares with."""
SEQUENCE = "one committed sequence"
SAFE = "committed is on a quorum of disks"
FOLLOWED = "a leader is followed"


class Memory:
    """The one committed sequence, as far as any server has ever applied it, across crashes and restarts."""

    def __init__(self) -> None:
        self.transactions = 0
        """How many different ones were seen to be applied."""
        self._chains: dict[int, tuple[int, str]] = {}
        """Zxid -> the chain there, and who was seen to have it first. In no certain order of zxids."""
        self._next: dict[int, tuple[int, str]] = {}
        """Zxid -> the one after it, and who was seen to apply that first."""
        self._seen: dict[str, tuple[int, int, int]] = {}
        """Server -> its life, how many points were looked at, the last zxid."""

    def look(self, peers: Mapping[str, Peer]) -> list[Violation]:
        """What was applied since the last look and does not fit. Look often: a server remembers the newest 4,096."""
        found = []
        for name, peer in peers.items():
            life, seen, last = self._seen.get(name, (0, 0, -1))
            if life != peer.process.node.boots:
                life, seen, last = peer.process.node.boots, 0, -1
            new = min(peer.applied_count - seen, len(peer.recent))
            for after, zxid, chain in islice(peer.recent, len(peer.recent) - new, None):
                if zxid <= last:
                    text = f"{name} has gone back from {spelled(last)} to {spelled(zxid)}"
                    found.append(Violation(SEQUENCE, name, text))
                last = zxid
                self.transactions += after >= 0 and zxid not in self._chains
                known, first = self._chains.setdefault(zxid, (chain, name))
                if known != chain:
                    text = f"up to {spelled(zxid)} {name} has applied something else than {first}"
                    found.append(Violation(SEQUENCE, name, text))
                following, first = self._next.setdefault(after, (zxid, name)) if after >= 0 else (zxid, name)
                if following != zxid:
                    text = (
                        f"after {spelled(after)} {name} has applied {spelled(zxid)}, and {first} {spelled(following)}"
                    )
                    found.append(Violation(SEQUENCE, name, text))
            self._seen[name] = life, peer.applied_count, last
        if len(self._chains) > 2 * REMEMBERED:
            for zxid in sorted(self._chains)[:-REMEMBERED]:
                del self._chains[zxid]
                self._next.pop(zxid, None)
        return found

    @property
    def newest(self) -> Point:
        """The last transaction that anybody has applied."""
        zxid = max(self._chains, default=0)
        return Point(zxid, self._chains[zxid][0] if self._chains else 0)


def claims(entries: Iterable[Entry]) -> Iterator[tuple[int, int, str]]:
    """``(at_us, epoch, server)`` for each leader that served, from the journal."""
    for entry in entries:
        data = dict(entry.data)
        if entry.kind == "elected" and data.get("group") == GROUP:
            yield entry.at_us, data["term"], entry.subject


def committed_is_safe(
    nodes: Mapping[str, Node], committed: Point, lost: frozenset[str] = frozenset()
) -> list[Violation]:
    """``committed`` stands on the disks of a quorum of ``nodes``, which is the whole ensemble.

    ``lost``: servers whose disks were lost or damaged, and that have not been brought up to date since; they may have
    had it. A disk that lies holds what survives a power failure, not what it says.
    """
    quorum = len(nodes) // 2 + 1
    holders = [name for name, node in nodes.items() if name in lost or _holds(node, committed)]
    if len(holders) >= quorum:
        return []
    text = f"{spelled(committed.zxid)} is committed and safe on {len(holders)} of {len(nodes)} disks"
    return [Violation(SAFE, spelled(committed.zxid), text)]


def _holds(node: Node, point: Point) -> bool:
    history = replay(parse(node.disk.safe_bytes(FILE)).records)
    if not history.whole:
        return False
    # A snapshot taken later holds it, too; which chain it had then can't be told any more.
    return history.floor.zxid > point.zxid or history.before(point.zxid) == point


class Loneliness:
    """Leaders that serve although no quorum follows them. They may, until their clocks say that it is over."""

    def __init__(self) -> None:
        self._since_us: dict[str, int] = {}

    def look(self, peers: Mapping[str, Peer], now_us: int, patience_us: int) -> list[Violation]:
        """``peers``: the servers that are up. Who serves alone for more than ``patience_us`` is told, at each look."""
        found = []
        for name, peer in peers.items():
            followers = sum(other.leader == name for other in peers.values())
            if peer.role is not Role.LEADING or followers >= peer.quorum:
                self._since_us.pop(name, None)
            elif now_us - self._since_us.setdefault(name, now_us) > patience_us:
                text = f"{name} serves as the leader of epoch {peer.epoch} and is followed by {followers - 1}"
                found.append(Violation(FOLLOWED, name, text))
        for name in [name for name in self._since_us if name not in peers]:
            del self._since_us[name]
        return found
