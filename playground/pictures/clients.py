"""All about one client: whom it asks, and what it saw last."""

from __future__ import annotations

from collections.abc import Iterable

from playground.checkers.history import Operation
from playground.cluster import Cluster
from playground.systems.balancer import roles as balancer_roles
from playground.systems.balancer.client import BalancedClient, BalancerService
from playground.systems.database import Database
from playground.systems.shards import picture as shards_picture
from playground.systems.shards.client import ShardsClient, ShardsService
from playground.workload import LoadClient
from widgets.shapes import Cell, Column, Detail, Fact, Item, Row, Table, Tone


def client_detail(cluster: Cluster, name: str, operations: Iterable[Operation]) -> Detail:
    """``operations``: its own, the newest first."""
    rows = []
    for operation in operations:
        what = f"{operation.key}={operation.value}" if operation.write else operation.key
        took = "" if operation.completed_us < 0 else f"{operation.latency_us / 1000:.1f} ms"
        said = operation.error or " ".join(operation.seen)
        if operation.stale:
            said += f" (stale: it missed {' '.join(operation.missed)})"
        rows.append(
            Row(
                (
                    Cell(f"{operation.invoked_us / 1e6:.3f}"),
                    Cell("write" if operation.write else "read"),
                    Cell(what),
                    Cell(operation.outcome, tone_of(operation)),
                    Cell(took),
                    Cell(said),
                ),
                item=Item("key", operation.key),
            )
        )
    columns = (
        Column("at s", 8, right=True),
        Column("what", 5),
        Column("key", 16),
        Column("outcome", 7),
        Column("took", 9, right=True),
        Column("answer", 10, weight=1),
    )
    load = cluster.load
    facts = [Fact("load", f"{load.rate / load.clients:g} operations/s of its own, {load.reads:.0%} reads")]
    tables = [("its operations, newest first", Table(columns, tuple(rows), empty="it has asked nothing yet"))]
    client = next((each for each in cluster.load_clients() if each.name == name), None)
    if client is not None:
        facts += _asks(cluster, client)
        if isinstance(client.store, ShardsClient):
            told = shards_picture.masters_told(client.store, cluster.services(ShardsService))
            tables.insert(0, ("the masters, as it was told", told))
    return Detail(f"client {name}", tuple(facts), tuple(tables))


def _asks(cluster: Cluster, client: LoadClient) -> list[Fact]:
    """What is under way, and through whom it asks; beside that, who it should be."""
    open_now = client.in_flight
    facts = [Fact("under way", f"{open_now} request{'' if open_now == 1 else 's'}")]
    if client.shed:
        facts.append(Fact("dropped", f"{client.shed} requests, as too many were under way", Tone.WARN))
    store: Database = client.store
    if isinstance(store, BalancedClient):
        true = "".join(balancer_roles.active(cluster.services(BalancerService), ""))
        wrong = "" if store.believed == true else f", it believes; {true or 'nobody'} is active"
        facts.append(Fact("asks", f"{store.believed}{wrong}", Tone.WARN if wrong else Tone.PLAIN))
    return facts


def tone_of(operation: Operation) -> Tone:
    """How an operation went."""
    if operation.outcome == "ok":
        return Tone.WARN if operation.stale else Tone.GOOD
    return {"open": Tone.PLAIN, "fail": Tone.BAD, "unknown": Tone.WARN}[operation.outcome]
