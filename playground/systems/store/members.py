"""The membership as one node holds it: learnt from others, kept on disk, told to all.

Three words are used with care:

* a node *holds* a membership as soon as it has heard of it. From then on it answers no request that
  was placed by another one (code ``ring``);
* a node has *agreed* when that membership is on its disk. It can never fall back behind
  it; and all that it acknowledged under an earlier one is on its disk, too, as the log is in order;
* a node is *trusted* as long as it knows of all that it has ever agreed to. If its disk was lost or damaged
  it does not: it takes part in nothing, and its agreement counts for nothing, until those have agreed with it
  who must know what it has forgotten (see :mod:`.takeover`).

Whoever finds out that another membership is held elsewhere asks for agreement (`Agree`): both
merge, and who asked goes on when the answer is there. Gossip spreads memberships as well, where it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from playground.kernel.errors import DiskError, Rejected
from playground.kernel.service import Service, handles
from playground.systems.gossip.client import Belief, GossipService, gossip_on
from playground.systems.ring.client import Membership, Placement, Status, placement
from playground.systems.store.log import Log
from playground.systems.store.messages import Agree, Agreed
from playground.systems.store.records import meta_record
from playground.systems.store.settings import StoreSettings

if TYPE_CHECKING:
    from playground.kernel.node import Process

RETRY_US = 1_000_000
"""How often a node whose disk was full tries again to write the membership down."""


class Members(Service):
    """What this node holds to be the circle, and what it may therefore do.

    ``founders``: the members from the start, as far as it knows without its disk. ``contacts``: whom to
    ask as long as it knows of no member. (A newcomer's contacts are no founders: some may be joining themselves.)
    """

    def __init__(
        self,
        process: Process,
        settings: StoreSettings,
        founders: tuple[str, ...],
        contacts: tuple[str, ...],
        points: int,
        log: Log,
    ) -> None:
        super().__init__(process)
        self.settings = settings
        self.log = log
        self.whole = False
        """Its data are all that it ever acknowledged: it may answer reads."""
        self.trusted = False
        """It knows of all that it has ever agreed to: it may answer writes, and counts in a majority."""
        self.points = points
        self._contacts = contacts
        self._stamp = 0
        self._safe_stamp = 0
        self._failed_stamp = -1
        self._waiting: list[Callable[[], object]] = []
        self._listeners: list[Callable[[], object]] = []
        self._gossip = _gossip_of(process)
        self._hurry: Callable[[], object] = _nothing
        self._hold(Membership.of(founders))
        if self._gossip is not None:
            spread = self._gossip.spread
            self._hurry = spread("ring", lambda: self.membership, self.merge, lambda: self.membership.version)

    # --- what the other parts ask -------------------------------------------------

    membership: Membership
    digest: int
    placement: Placement

    @property
    def status(self) -> Status | None:
        """This node's own; None: nobody knows it as a member."""
        entry = self.membership.get(self.name)
        return None if entry is None else entry.status

    @property
    def agreed(self) -> bool:
        """What it holds is on its disk."""
        return self._safe_stamp == self._stamp

    def others(self) -> tuple[str, ...]:
        """Everybody else who has not left."""
        return tuple(name for name in self.membership.members or self._contacts if name != self.name)

    def believed_dead(self, name: str) -> bool:
        """What gossip says. Who has left the ring hears no gossip any more, and believes nothing of it."""
        gossip = self._gossip
        return gossip is not None and gossip.believes(name) is Belief.DEAD and self.status is not Status.LEFT

    def on_change(self, listener: Callable[[], object]) -> None:
        """Call ``listener()`` whenever another membership is held."""
        self._listeners.append(listener)

    # --- change ---------------------------------------------------------------------

    def restore(self, membership: Membership, *, whole: bool, trusted: bool) -> None:
        """What the disk said, at recovery."""
        self.whole, self.trusted = whole, trusted
        self._hold(membership)

    def found(self) -> None:
        """First boot of a founding member: nothing can have been lost. Written without being asked for."""
        self.whole = self.trusted = True
        self._write()

    def trust(self) -> None:
        """What it had forgotten it has been told. Kept on disk: after another crash it need not be told again."""
        if not self.trusted:
            self.trusted = True
            self._write()

    def merge(self, other: Membership) -> None:
        """Learn what somebody else holds."""
        merged = self.membership.merge(other)
        if merged == self.membership:
            return
        if not self.whole and _rank(self.membership, self.name) != _rank(merged, self.name):
            # An earlier life of mine did this, and I don't remember: what I acknowledged
            # in it must not be counted as if I still had it. A new version makes that known.
            mine = merged.table[self.name]
            if mine.status is not Status.LEFT:
                merged = merged.having(self.name, mine.becoming(mine.status))
        self.adopt(merged)

    def adopt(self, membership: Membership, *, whole: bool | None = None) -> None:
        """Hold ``membership`` from now on, write it down, and tell it."""
        if whole is not None:
            self.whole = whole
        before = self.membership
        self._hold(self._without_the_copied(membership))
        self._tell_who_left(before)
        self._write()
        self._hurry()
        for listener in self._listeners:
            listener()

    def when_agreed(self, then: Callable[[], object]) -> None:
        """Call ``then()`` as soon as what is held is on the disk. Raises Rejected if the disk has no room."""
        self._write_again()
        if self._stamp == self._failed_stamp:
            raise Rejected("disk-full", f"{self.name} cannot write the membership down")
        if self.agreed:
            then()
        else:
            self._waiting.append(then)

    async def agree(self, peers: Iterable[str], timeout_us: int) -> dict[str, Agreed]:
        """Exchange memberships. Returns the answers of those who have agreed to what is held here now."""
        calls = self.calls(peers, Agree(self.membership), timeout_us=timeout_us)
        try:
            await calls.rest()
        finally:
            calls.abandon()
        answers: dict[str, Agreed] = dict(calls.replies)
        for answer in answers.values():
            self.merge(answer.membership)
        return {peer: answer for peer, answer in answers.items() if answer.membership.digest == self.digest}

    @handles(Agree)
    def on_agree(self, _source: str, message: Agree) -> None:
        answer = self.answer_later()
        self.merge(message.membership)
        try:
            self.when_agreed(lambda: answer.reply(Agreed(self.membership, self.whole, self.trusted)))
        except Rejected as error:
            answer.reject(error)

    # --- inside -----------------------------------------------------------------------

    def _hold(self, membership: Membership) -> None:
        self.membership = membership
        self.digest = membership.digest
        self.placement = self._placement_of(membership)
        self._tell_gossip(membership)

    def _placement_of(self, membership: Membership) -> Placement:
        return placement(_placing(membership), self.settings.n, self.points)

    def _tell_gossip(self, membership: Membership) -> None:
        gossip = self._gossip
        if gossip is None:
            return
        for name, entry in membership.entries:
            belief = gossip.believes(name)
            if entry.status is Status.LEFT:
                if belief is not Belief.FORGOTTEN:
                    gossip.forget(name)
            elif belief is Belief.UNKNOWN:
                gossip.join(name)

    def _write(self) -> None:
        self._stamp += 1
        stamp = self._stamp
        try:
            record = meta_record(self.membership, whole=self.whole, trusted=self.trusted)
            self.log.append(record, lambda: self._written(stamp))
        except DiskError:
            self._failed_stamp = stamp
            self.after(RETRY_US, self._write_again)

    def _write_again(self) -> None:
        if self._stamp == self._failed_stamp:
            self._write()

    def _written(self, stamp: int) -> None:
        self._safe_stamp = stamp
        if self.agreed:
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then()

    def _tell_who_left(self, before: Membership) -> None:
        # Everybody finds out; one is enough to say it.
        if self.name in self.membership.names(Status.NORMAL)[:1]:
            for name in self.membership.names(Status.LEFT):
                if name not in before.names(Status.LEFT):
                    self.note("member", f"{name} has left the ring: the others hold copies of all it held", about=name)

    def _without_the_copied(self, membership: Membership) -> Membership:
        """Departures are complete for which everybody who has to take something over has said so.

        All departures end together: a node that is leaving takes nothing over, so
        no circle without only some of those who leave may become the present one.
        """
        departures = membership.departures
        if not departures:
            return membership
        takers = self._placement_of(membership).takers(membership)
        if not takers or any(not set(departures) <= set(membership.table[name].copied) for name in takers):
            return membership
        for name, _ in departures:
            membership = membership.having(name, membership.table[name].becoming(Status.LEFT))
        return membership


def _rank(membership: Membership, name: str) -> tuple[int, Status, float] | None:
    entry = membership.get(name)
    return None if entry is None else entry.rank


def _placing(membership: Membership) -> Membership:
    """The membership without what places nothing, so that placements are shared by as many as possible."""
    return Membership(tuple((name, replace(entry, copied=())) for name, entry in membership.entries))


def _gossip_of(process: Process) -> GossipService | None:
    try:
        return gossip_on(process)
    except LookupError:
        return None


def _nothing() -> None:
    pass
