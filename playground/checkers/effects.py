"""Effects happen exactly once: what was acknowledged took effect, and nothing took effect twice.

That is what is left to see of delivery: a message may travel any number of times. What was refused, or whose
outcome is unknown, may have had its effect once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from playground.systems.violations import Violation

CHECK = "exactly once"


def exactly_once(
    acknowledged: Iterable[str], applied: Iterable[str], *, refused: Iterable[str] = ()
) -> list[Violation]:
    """``acknowledged`` and ``applied`` are ids, the latter as often as they took effect; ``refused`` never may."""
    times = Counter(applied)
    found = [(each, f"{each} took effect {count} times") for each, count in times.items() if count > 1]
    found += [
        (each, f"{each} was acknowledged and never took effect")
        for each in dict.fromkeys(acknowledged)
        if each not in times
    ]
    found += [
        (each, f"{each} was refused for good and took effect") for each in dict.fromkeys(refused) if each in times
    ]
    return [Violation(CHECK, each, text) for each, text in found]
