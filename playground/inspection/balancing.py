"""Balancers and servers."""

from __future__ import annotations

from playground.inspection.part import Part


class BalancerPart(Part):
    """Who is in, who gets what, and how soon the dead were found."""
