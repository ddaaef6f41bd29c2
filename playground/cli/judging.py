"""Judging what others recorded: histories and journals."""

from __future__ import annotations
