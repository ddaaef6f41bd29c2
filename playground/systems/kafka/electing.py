"""Who leads a partition, and who counts as in sync: decisions of the controller, as plain functions.

* A *member* is a replica on one disk. It is there if its broker is registered with that very disk. A broker that comes
  with an empty disk is another member, and has to catch up first.
* Every member of the ISR (in-sync replicas) has all that is committed, so any of them may lead (a *clean* election).
* ELR (eligible leader replicas, KIP-966): who leaves the ISR while fewer than ``min_insync`` stay goes there. A leader
  commits nothing while its ISR is that small, so they have all that is committed, too. Once the ISR is large
  enough again nobody is eligible but its members.
* Nobody leaves an empty ISR behind: if nobody of it is there, the partition has no leader, and the ISR stays as a
  memory of who has all that is committed.
* An *unclean* election takes anyone who is there. What it lacks is lost, and whoever has it drops it.
* A leader that has restarted does not lead on: what it had not written down it has forgotten. The others come first.
  So it is with any member that restarts: as if it had gone and come back.
* Each leader, and each life of one, has an epoch of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from playground.kernel.errors import Rejected
from playground.systems.kafka.errors import FENCED_LEADER_EPOCH, INELIGIBLE, INVALID_VERSION, NOT_CONTROLLER
from playground.systems.kafka.image import Broker, Member, PartitionState
from playground.systems.kafka.messages import AlterPartition

Brokers = Mapping[str, Broker]
"""Those that are registered, by name."""


def is_there(member: Member, brokers: Brokers) -> bool:
    """Its broker runs, with this disk."""
    broker = brokers.get(member.name)
    return broker is not None and broker.directory == member.directory


def is_lost(member: Member, brokers: Brokers) -> bool:
    """Its broker runs with another disk: this member will never come back."""
    broker = brokers.get(member.name)
    return broker is not None and broker.directory != member.directory


def elect(
    state: PartitionState,
    brokers: Brokers,
    *,
    min_insync: int,
    unclean: bool = False,
    restarted: Collection[str] = (),
) -> PartitionState | None:
    """What must become of a partition, now that these brokers are there; None if it may stay as it is.

    ``restarted``: brokers that are in another life than when this was last asked.
    """
    leader = brokers.get(state.leader)
    leads = leader is not None and leader.incarnation == state.leader_incarnation
    there = [member for member in _in_order(state, state.isr) if is_there(member, brokers)]
    steady = [member for member in there if (leads if member.name == state.leader else member.name not in restarted)]
    if leads and leader is not None and leader.member in steady:
        decided = _with_isr(state, steady, brokers, min_insync)
    elif there:
        staying = steady or there
        decided = _led_by(_with_isr(state, staying, brokers, min_insync), brokers[staying[0].name])
    else:
        decided = _elect_outside_isr(state, brokers, min_insync, unclean)
    return decided if decided != state else None


def _elect_outside_isr(state: PartitionState, brokers: Brokers, min_insync: int, unclean: bool) -> PartitionState:
    eligible = [member for member in _in_order(state, state.elr) if is_there(member, brokers)]
    if eligible:
        chosen = eligible[0]
        return _led_by(_with_isr(state, [chosen], brokers, min_insync), brokers[chosen.name])
    anyone = [brokers[name] for name in state.replicas if name in brokers]
    if unclean and anyone:
        return _led_by(state._replace(isr=(anyone[0].member,), elr=()), anyone[0])
    memory = [member for member in state.isr if not is_lost(member, brokers)] or state.isr
    return _led_by(_with_isr(state, memory, brokers, min_insync), None)


def alter(state: PartitionState, request: AlterPartition, brokers: Brokers, *, min_insync: int) -> PartitionState:
    """The in-sync set that a leader asks for; ``state`` itself if it has it already.

    A set without the leader is a resignation: the first of the set leads on. Raises Rejected: "fenced-leader-epoch",
    "invalid-version", "ineligible-replica"; "not-controller" if the leader knows of more than this controller.
    """
    if request.leader_epoch > state.leader_epoch or request.version > state.version:
        raise Rejected(NOT_CONTROLLER, f"{request.leader} has heard of a newer state: another controller has made it")
    asking = request.leader, request.incarnation, request.leader_epoch
    if asking != (state.leader, state.leader_incarnation, state.leader_epoch):
        raise Rejected(FENCED_LEADER_EPOCH, f"{request.partition} is in epoch {state.leader_epoch} by now")
    isr = _in_order(state, request.isr)
    names = [member.name for member in request.isr]
    if not isr or len(isr) != len(names) or len(set(names)) != len(names):
        raise Rejected(INELIGIBLE, f"{' '.join(names) or 'nobody'}: not a set of replicas of {request.partition}")
    if isr == _in_order(state, state.isr):
        return state
    if request.version != state.version:
        raise Rejected(INVALID_VERSION, f"{request.partition} is in version {state.version} by now")
    absent = next((member for member in isr if not is_there(member, brokers)), None)
    if absent is not None:
        raise Rejected(INELIGIBLE, f"{absent} is not there")
    altered = _with_isr(state, isr, brokers, min_insync)
    return altered if state.leader in names else _led_by(altered, brokers[isr[0].name])


def prefer(state: PartitionState, brokers: Brokers) -> PartitionState | None:
    """Led by its preferred replica, if that one is in sync and somebody else leads; else None."""
    preferred = brokers.get(state.replicas[0]) if state.replicas else None
    if not state.leader or preferred is None or preferred.name == state.leader or preferred.member not in state.isr:
        return None
    return _led_by(state, preferred)


def _in_order(state: PartitionState, members: Collection[Member]) -> list[Member]:
    """Of these members those that are replicas, in the order of the replicas."""
    return [member for name in state.replicas for member in members if member.name == name]


def _with_isr(state: PartitionState, isr: Collection[Member], brokers: Brokers, min_insync: int) -> PartitionState:
    """Who leaves the ISR is eligible for as long as too few are in it to commit anything."""
    elr: tuple[Member, ...] = ()
    if len(isr) < min_insync:
        former = _in_order(state, (*state.isr, *state.elr))
        elr = tuple(member for member in former if member not in isr and not is_lost(member, brokers))
    return state._replace(isr=tuple(isr), elr=elr)


def _led_by(state: PartitionState, leader: Broker | None) -> PartitionState:
    name, incarnation = (leader.name, leader.incarnation) if leader is not None else ("", 0)
    if (name, incarnation) == (state.leader, state.leader_incarnation):
        return state
    return state._replace(leader=name, leader_incarnation=incarnation, leader_epoch=state.leader_epoch + 1)
