"""How a shard gets another member in the place of one that is lost: its master sees to it.

A member is lost when it has taken nothing for a long time, answers under another identity (its disk was lost), or is to
leave. In its place comes itself under the new identity, or else the node with the fewest shards.

* The newcomer is sent everything. It counts for nothing meanwhile.
* When it has nearly all, the master commits nothing more, so that the newcomer soon has all that was ever
  committed. Only then the members are changed, in ZooKeeper, and commits go on with the new ones.

So whatever was committed lies on as many of the new members as on the old ones, and an election among either finds it.
The change is conditional on the version of the state. If its outcome is unknown the same change is tried again until
there is an answer: at most one of them can succeed, and nothing is committed before.

A master that is to leave itself hands over: when a slave that stays has everything, it takes no more writes and gives
up its place.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from playground.systems.shards.keeper import NODES, SHARDS, state_path
from playground.systems.shards.leading import Leading
from playground.systems.shards.placing import Assignment
from playground.systems.shards.shipping import Follower
from playground.systems.zookeeper.client import BadVersion, ConnectionLoss, ZooKeeper, read

if TYPE_CHECKING:
    from playground.systems.shards.service import ShardsService

_LOOK_US = 500_000
_PAUSE_US = 5_000
_NEARLY = 64
"""Records that a newcomer may lack when commits stop for it."""
_STALLED_US = 3_000_000
"""A newcomer that has made no progress for so long is given up."""
_FREEZE_US = 300_000
"""How long commits may stop for it before the change is begun."""


async def watch_over(node: ShardsService, zk: ZooKeeper) -> None:
    """Look after the members of all shards that ``node`` leads, for as long as the session lasts."""
    while True:
        await node.sleep(_LOOK_US)
        for replica in list(node.replicas.values()):
            leading = replica.leading
            if leading is not None and not leading.over and leading.leased:
                await _look_after(node, zk, leading)


async def _look_after(node: ShardsService, zk: ZooKeeper, leading: Leading) -> None:
    if node.name in node.leaving and await _hand_over(node, leading):
        return
    lost = _lost(node, leading)
    if lost is None:
        return
    shard = leading.replica.shard
    spare = lost.name if lost.stranger and lost.name not in node.leaving else await _spare(node, zk, leading)
    if not spare or leading.over:
        return
    old = lost.identity
    newcomer = leading.shipping.add_newcomer(spare)
    assignment = leading.assignment
    if await _has_all(node, leading, newcomer) and leading.assignment is assignment:
        after = assignment.replaced(lost.name, spare, newcomer.identity)
        if await _change(node, zk, leading, after):
            text = f"{node.name} has {_whom(lost, spare)} as a member of {shard}: it has everything"
            node.note("replaced", text, group=shard, term=leading.epoch, old=f"{lost.name}:{old}", new=spare)
    elif not leading.over and leading.followers.get(spare) is newcomer:
        leading.tried[spare] = None
        leading.adopt(assignment)
    leading.frozen = False
    leading.advance()


def _lost(node: ShardsService, leading: Leading) -> Follower | None:
    """The member that has to be replaced first."""
    now_us, after_us = node.clock.monotonic_us, node.settings.replace_after_ms * 1_000
    followers = [leading.followers[name] for name in leading.assignment.names if name in leading.followers]
    for follower in followers:
        if follower.stranger or (after_us and now_us - follower.good_us > after_us):
            return follower
    return next((follower for follower in followers if follower.name in node.leaving), None)


async def _spare(node: ShardsService, zk: ZooKeeper, leading: Leading) -> str:
    """The node that runs, is no member, does not leave, and has the fewest shards; "": there is none.

    One that was tried in vain comes last.
    """
    held: dict[str, int] = {}
    for shard in await zk.children(SHARDS):
        text = await read(zk, state_path(shard))
        for name in Assignment.parse(text).names if text else ():
            held[name] = held.get(name, 0) + 1
    taken = (*leading.assignment.names, *node.leaving)
    spares = [name for name in await zk.children(NODES) if name not in taken]
    return min(spares, key=lambda name: (name in leading.tried, held.get(name, 0), len(name), name), default="")


async def _has_all(node: ShardsService, leading: Leading, newcomer: Follower) -> bool:
    """Wait until the newcomer has all that is committed; nothing is committed from then on."""
    clock, log = node.clock, leading.replica.log
    while not leading.over and clock.monotonic_us - newcomer.good_us < _STALLED_US:
        if newcomer.match >= max(leading.first, log.last.seq - _NEARLY):
            leading.frozen = True
            frozen_us = clock.monotonic_us
            while not leading.over and clock.monotonic_us - frozen_us < _FREEZE_US:
                if newcomer.match >= max(leading.first, log.commit):
                    return True
                await node.sleep(_PAUSE_US)
            leading.frozen = False
            leading.advance()
        await node.sleep(_LOOK_US // 5)
    return False


async def _change(node: ShardsService, zk: ZooKeeper, leading: Leading, after: Assignment) -> bool:
    """Set the members; only when that is certain, one way or the other, may anything be committed again."""
    election = node.elections[leading.replica.shard]
    path = state_path(leading.replica.shard)
    text, version = await _insist(node, zk, path)
    before = leading.assignment
    while not leading.over:
        if text == str(after):
            leading.adopt(after)
            election.wake()
            return True
        if text != str(before):
            leading.end("its members were changed by somebody else")
            return False
        with suppress(BadVersion, ConnectionLoss):
            await zk.set(path, str(after), version)
        text, version = await _insist(node, zk, path)
    return False


async def _insist(node: ShardsService, zk: ZooKeeper, path: str) -> tuple[str, int]:
    """The newest data and version of a znode, however often it takes to ask."""
    while True:
        try:
            await zk.sync()
            text, stat = await zk.get(path)
        except ConnectionLoss:
            await node.sleep(_LOOK_US // 5)
        else:
            return text, stat.version


async def _hand_over(node: ShardsService, leading: Leading) -> bool:
    """This master is to leave: give up its place as soon as a slave that stays has everything."""
    heirs = [
        follower
        for follower in leading.followers.values()
        if follower.name in leading.assignment.names and not follower.stranger and follower.name not in node.leaving
    ]
    shard = leading.replica.shard
    last = leading.replica.log.last.seq
    if not any(follower.known and last - follower.match <= _NEARLY for follower in heirs):
        return False
    leading.closed = f"{node.name} hands {shard} over and takes no more writes"
    begun_us = node.clock.monotonic_us
    while not leading.over and node.clock.monotonic_us - begun_us < _FREEZE_US:
        if any(follower.match >= last and leading.replica.log.commit >= last for follower in heirs):
            leading.end("it hands over")
            return True
        await node.sleep(_PAUSE_US)
        last = leading.replica.log.last.seq
    leading.closed = ""
    return leading.over


def _whom(lost: Follower, spare: str) -> str:
    return f"{spare} again" if lost.name == spare else f"{spare} instead of {lost.name}"
