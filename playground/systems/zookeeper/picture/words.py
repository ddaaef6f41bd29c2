"""Transactions in words."""

from __future__ import annotations

from playground.systems.zookeeper.application import spelled
from playground.systems.zookeeper.txns import Changed, Ended, Made, Opened, Removed, Txn
from widgets.shapes import Cell, Tone


def told(txn: Txn) -> Cell:
    """All that a transaction does."""
    if txn.error is not None:
        return Cell(f"refused: {txn.error[1]}", Tone.MUTED)
    parts = []
    for change in txn.changes:
        match change:
            case Made():
                parts.append(f"make {change.path}" + (" (ephemeral)" if change.owner else ""))
            case Changed():
                parts.append(f"set {change.path} to {change.data}, v{change.version}")
            case Removed():
                parts.append(f"delete {change.path}")
            case Opened():
                parts.append(f"open a session for {change.connection[0]}")
            case Ended():
                parts.append(f"{'expire' if change.expired else 'close'} session {spelled(change.session)}")
            case _:
                parts.append(f"check {change.path}")
    return Cell(", ".join(parts) or "sync")
