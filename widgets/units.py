"""One way of writing quantities, for every panel: a number, a blank, the unit; three digits at most.

``3.1 ms``, ``504 ms``, ``6.1 s``, ``83 s``, ``17 min``; ``747 B``, ``2.07 kB``, ``1.5 MB`` (decimal, as disks are
sold). A share has no blank: ``13%``. What is not known is a dash. So a column of figures keeps its width, and the
eye compares numbers instead of reading them.
"""

from __future__ import annotations

NONE = "–"
"""Nothing was measured."""


def duration(us: float) -> str:
    """Microseconds as at most six cells: ``3.1 ms``, ``504 ms``, ``6.1 s``, ``17 min``, ``1.7 h``."""
    for unit, size_us in (("ms", 1_000), ("s", 1_000_000), ("min", 60_000_000), ("h", 3_600_000_000)):
        amount = us / size_us
        # The next unit begins where rounding gets there, so that there is neither 1000 ms nor 60.0 s.
        if unit == "h" or amount < {"ms": 999.5, "s": 999.5, "min": 99.5}[unit]:
            return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"
    raise AssertionError


def size(amount_bytes: float) -> str:
    """Bytes: ``747 B``, ``2.07 kB``, ``1.5 MB``."""
    amount = float(amount_bytes)
    for unit in ("B", "kB", "MB"):
        if float(f"{amount:.3g}") < 1_000:
            return f"{amount:.3g} {unit}"
        amount /= 1_000
    return f"{amount:.3g} GB" if amount < 999.5 else f"{amount:,.0f} GB"


def times(count: int) -> str:
    """How often: ``once``, ``3 times``."""
    return "once" if count == 1 else f"{count} times"


def share(part: float) -> str:
    """0..1 as a percentage; what is not nothing does not look like nothing."""
    percent = part * 100
    return "<1%" if 0 < percent < 0.5 else f"{percent:.0f}%"
