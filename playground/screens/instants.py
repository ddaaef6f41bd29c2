"""Instants as people write them after ``rewind``: ``31.2``, ``00:31.200``, ``-10s``, ``start``."""

from __future__ import annotations

import re

from playground.kernel.errors import UserError
from playground.quantities import parse_duration_us

FORMS = "00:31.2, 31.2, -10s or start"
_CLOCK = re.compile(r"(\d{1,6}):([0-5]?\d(?:\.\d{1,6})?)")


def parse_instant(text: str, now_us: int) -> int:
    """The instant in virtual microseconds; what begins with a minus counts back from ``now_us``.

    UserError, one line: it is none, or before the beginning.
    """
    text = text.strip()
    if text == "start":
        return 0
    at = _CLOCK.fullmatch(text)
    if at is not None:
        return int(at[1]) * 60_000_000 + round(float(at[2]) * 1_000_000)
    try:
        span_us = parse_duration_us(text)
    except ValueError:
        raise UserError(f"rewind: {text[:40]!r} is no instant: write {FORMS}") from None
    if not text.startswith("-"):
        return span_us
    if now_us + span_us < 0:
        raise UserError(f"rewind: {text} is before the beginning: write {FORMS}")
    return now_us + span_us
