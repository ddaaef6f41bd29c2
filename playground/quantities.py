"""Durations, shares and sizes as people write them: ``5s``, ``200ms``, ``10%``, ``256kB/s``."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_UNITS_US = {"us": 1, "ms": 1_000, "s": 1_000_000, "m": 60_000_000, "min": 60_000_000, "h": 3_600_000_000}
_NUMBER = re.compile(r"\s*([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\s*([A-Za-zµ%/]*)\s*")
_RATES = {"b/s": 1, "kb/s": 1_000, "mb/s": 1_000_000, "gb/s": 1_000_000_000}
_SIZES = {"b": 1, "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000}
_LONGEST_US = 366 * 24 * _UNITS_US["h"]


def parse_duration_us(value: Any) -> int:
    """``"1.5s"`` -> 1_500_000. A bare number is seconds. ValueError says what is wanted."""
    number, unit = _split(value, "a duration such as 5s, 200ms or 2m")
    factor = _UNITS_US.get((unit or "s").replace("µ", "u"))
    if factor is None:
        raise ValueError(f"{value!r} is not a duration: write 5s, 200ms or 2m")
    duration_us = round(number * factor)
    if abs(duration_us) > _LONGEST_US:
        raise ValueError(f"{value!r} is longer than a year")
    return duration_us


def _span(value: Any) -> int:
    duration_us = parse_duration_us(value)
    if duration_us < 0:
        raise ValueError(f"{value!r} is negative: a duration cannot be")
    return duration_us


def parse_share(value: Any) -> float:
    """``"10%"`` or ``0.1`` -> 0.1; between 0 and 1."""
    number, unit = _split(value, "a share such as 10% or 0.1")
    if unit not in ("", "%"):
        raise ValueError(f"{value!r} is not a share: write 10% or 0.1")
    share = number / 100 if unit else number
    if not 0 <= share <= 1:
        raise ValueError(f"{value!r} is not between 0% and 100%" + (" (write 10% or 0.1)" if not unit else ""))
    return share


def parse_rate_bytes_per_s(value: Any) -> int:
    """``"256kB/s"`` -> 256_000. A bare number is bytes per second."""
    number, unit = _split(value, "a rate such as 64kB/s or 1MB/s")
    factor = _RATES.get((unit or "B/s").lower())
    if factor is None or number <= 0:
        raise ValueError(f"{value!r} is not a rate above 0: write 64kB/s or 1MB/s")
    return max(1, round(number * factor))


def parse_size_bytes(value: Any) -> int:
    """``"700MB"`` -> 700_000_000. A bare number is bytes."""
    number, unit = _split(value, "a size such as 64kB, 700MB or 2GB")
    factor = _SIZES.get((unit or "B").lower())
    if factor is None or number <= 0:
        raise ValueError(f"{value!r} is not a size above 0: write 64kB, 700MB or 2GB")
    return max(1, round(number * factor))


def format_duration(duration_us: int) -> str:
    """The shortest exact form: 1_500_000 -> ``1500ms``."""
    for unit in ("h", "min", "s", "ms"):
        if duration_us and duration_us % _UNITS_US[unit] == 0:
            return f"{duration_us // _UNITS_US[unit]}{unit}"
    return f"{duration_us}us" if duration_us else "0s"


def format_share(share: float) -> str:
    """As a percentage if that is exact (a replay must get the very same number), else as a plain fraction."""
    text = f"{share * 100:.10g}%"
    return text if parse_share(text) == share else repr(share)


def format_rate(bytes_per_s: int) -> str:
    return f"{bytes_per_s}B/s"


def _split(value: Any, wanted: str) -> tuple[float, str]:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is not {wanted}")
    match = _NUMBER.fullmatch(str(value)) if isinstance(value, str) else None
    if isinstance(value, str):
        if match is None:
            raise ValueError(f"{value!r} is not {wanted}")
        return float(match[1]), match[2]
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"{value!r} is not {wanted}")
    return float(value), ""


DurationUs = Annotated[int, BeforeValidator(_span), PlainSerializer(format_duration, return_type=str)]
"""Microseconds, >= 0; read and written as ``5s``."""
OffsetUs = Annotated[int, BeforeValidator(parse_duration_us), PlainSerializer(format_duration, return_type=str)]
"""Microseconds, may be negative."""
Share = Annotated[float, BeforeValidator(parse_share), PlainSerializer(format_share, return_type=str)]
"""0..1; read and written as ``10%``."""
Rate = Annotated[int, BeforeValidator(parse_rate_bytes_per_s), PlainSerializer(format_rate, return_type=str)]
"""Bytes per second; read as ``64kB/s``."""
