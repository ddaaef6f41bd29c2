"""The committed offsets of one group at its coordinator.

A commit counts when its records are committed; until then the one before does. They are appended in the order in which
they were accepted. A late copy of a commit would set the group back; members number their commits, and one that is
older than one already accepted is not taken. (Without a number it is: a member may go back on purpose.)
"""

from __future__ import annotations

from functools import partial

from playground.kernel.calls import Answer
from playground.kernel.errors import Rejected
from playground.kernel.service import Service
from playground.systems.kafka import errors
from playground.systems.kafka.groupstore import Store
from playground.systems.kafka.ledger import Committed, ledger
from playground.systems.kafka.messages import OffsetCommit
from playground.systems.kafka.offsets import CommittedOffset, put_offset
from playground.systems.kafka.records import TopicPartition


class Commits:
    """``taken``: what is committed, by partition."""

    def __init__(
        self, group: str, service: Service, store: Store, taken: dict[TopicPartition, CommittedOffset]
    ) -> None:
        self.taken = taken
        self._group = group
        self._service = service
        self._store = store
        self._counts: dict[str, int] = {}
        """Member -> the number of its newest commit that was accepted."""
        for each in taken.values():
            self._counts[each.member] = max(each.number, self._counts.get(each.member, 0))

    def refuse_old(self, request: OffsetCommit) -> None:
        """Raises Rejected if the member has sent another since."""
        if request.count and request.count < self._counts.get(request.member, 0):
            text = f"{request.member} has committed again since"
            raise Rejected(errors.REQUEST_TIMED_OUT, text, definite=False)

    def is_copy(self, request: OffsetCommit) -> bool:
        """It has been accepted before."""
        return 0 < request.count <= self._counts.get(request.member, 0)

    def accept(self, request: OffsetCommit, answer: Answer) -> None:
        """Write it down; answered when that is committed, or has failed."""
        if request.count:
            self._counts[request.member] = max(request.count, self._counts.get(request.member, 0))
        offsets = {
            partition: CommittedOffset(offset, request.generation, request.member, request.count)
            for partition, offset in request.offsets
        }
        records = [put_offset(self._group, partition, committed) for partition, committed in offsets.items()]
        self._store.write(records, partial(self._take, offsets, answer))

    def _take(self, offsets: dict[TopicPartition, CommittedOffset], answer: Answer, error: Rejected | None) -> None:
        if error is not None:
            answer.reject(_told(error))
            return
        self.taken.update(offsets)
        witness = ledger(self._service)
        if witness is not None:
            now_us = self._service.process.world.now_us
            for partition, (offset, generation, member, _) in offsets.items():
                witness.committed(Committed(self._group, member, generation, partition, offset, now_us))
        answer.reply(None)


def _told(error: Rejected) -> Rejected:
    """How a broker's refusal to append reads for a member."""
    if error.code in errors.REFRESH:
        return Rejected(errors.NOT_COORDINATOR, error.text, definite=error.definite)
    if error.code in errors.MAYBE_APPENDED:
        return Rejected(errors.REQUEST_TIMED_OUT, error.text, definite=False)
    return error
