"""What a client saw last."""

from __future__ import annotations

from playground.checkers.history import Operation
from playground.cluster import Cluster
from widgets.shapes import Cell, Column, Detail, Fact, Row, Table, Tone

CLIENT_ROWS = 100


def client_detail(cluster: Cluster, name: str) -> Detail:
    """What a client saw last, newest first."""
    rows = []
    for operation in reversed(cluster.history.operations):
        if operation.client == name:
            what = f"{operation.key}={operation.value}" if operation.write else operation.key
            took = "" if operation.completed_us < 0 else f"{operation.latency_us / 1000:.1f} ms"
            said = operation.error or " ".join(operation.seen)
            rows.append(
                Row(
                    (
                        Cell(f"{operation.invoked_us / 1e6:.3f}"),
                        Cell("write" if operation.write else "read"),
                        Cell(what),
                        Cell(operation.outcome, tone_of(operation)),
                        Cell(took),
                        Cell(said),
                    )
                )
            )
        if len(rows) == CLIENT_ROWS:
            break
    columns = (
        Column("at s", 8, right=True),
        Column("what", 5),
        Column("key", 16),
        Column("outcome", 7),
        Column("took", 9, right=True),
        Column("answer", 10, weight=1),
    )
    load = cluster.load
    facts = (Fact("load", f"{load.rate / load.clients:g} operations/s of its own, {load.reads:.0%} reads"),)
    return Detail(f"client {name}", facts, (("its operations, newest first", Table(columns, tuple(rows))),))


def tone_of(operation: Operation) -> Tone:
    """How an operation went."""
    if operation.outcome == "ok":
        return Tone.WARN if operation.stale else Tone.GOOD
    return {"open": Tone.PLAIN, "fail": Tone.BAD, "unknown": Tone.WARN}[operation.outcome]
