"""The order of a log is kept: who reads a partition gets its records by offset, each once, none left out.

And everybody gets the same ones: two records with the same offset are the same record (Kreps et al., "Kafka: a
Distributed Messaging System for Log Processing", NetDB 2011). Between partitions there is no order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from playground.systems.violations import Violation

CHECK = "order of the log"


class Consumed(NamedTuple):
    """``consumer`` was given the record at ``offset`` of ``partition``."""

    consumer: str
    partition: str
    offset: int
    value: str = ""


def log_order(consumed: Iterable[Consumed], *, gaps: bool = False, repeats: bool = False) -> list[Violation]:
    """Judge records in the order in which each consumer got them.

    ``gaps``: offsets may be left out (compaction, or the markers of transactions). ``repeats``: a consumer
    may begin again at an earlier offset, as it does after a crash where delivery is at least once.
    The first record of a consumer may have any offset.
    """
    found = []
    newest: dict[tuple[str, str], int] = {}
    values: dict[tuple[str, int], Consumed] = {}
    for record in consumed:
        consumer, partition, offset, value = record
        before = newest.get((consumer, partition))
        newest[consumer, partition] = offset
        trouble = ""
        if before is not None:
            if offset <= before and not repeats:
                trouble = "again" if offset == before else f"after {before}: backwards"
            elif offset > before + 1 and not gaps:
                trouble = f"after {before}: {offset - before - 1} left out"
        if trouble:
            found.append(Violation(CHECK, partition, f"{consumer} got {partition}@{offset} {trouble}"))
        first = values.setdefault((partition, offset), record)
        if first.value != value:
            text = f"{partition}@{offset} was {first.value!r} for {first.consumer} and {value!r} for {consumer}"
            found.append(Violation(CHECK, partition, text))
    return found
