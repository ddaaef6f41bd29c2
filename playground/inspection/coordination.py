"""What nodes do with an ensemble: one master at a time, and views that come to be true."""

from __future__ import annotations

from playground.inspection.part import Part


class CoordinationPart(Part):
    """The nodes of a cluster whose database is the ensemble."""
