"""One partition on one broker: its copy of the log, and whether it leads it or follows who does."""

from __future__ import annotations

from playground.systems.kafka.leading import Leading


class Partition:
    """A replica."""

    leading: Leading | None = None
    leader: str = ""
