"""Facts, and what each of them came from."""

from __future__ import annotations

from dataclasses import dataclass, field

_FAR = 100
"""No chain is that long."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, with its evidence: a happening of the trace (``id``), an entry of the journal, or both.

    Instants in virtual microseconds.
    """

    at_us: int
    kind: str
    """As in the journal; "message", "lost", "silent", "late", "operation" for what does not stand there."""
    subject: str
    """Whom it is about; the sentence goes on from there. "": nobody in particular."""
    text: str
    id: int = 0
    """Of the happening, or of the (first) loss; 0: the trace does not reach back so far."""
    entry: int = -1
    """The journal's number of it; -1: it does not stand there."""
    aside: str = ""
    """What is known of it beside the sentence."""
    alone: str = ""
    """The sentence for a place where the subject does not stand before it; "": subject and text."""

    @property
    def sentence(self) -> str:
        """Whole, without the aside."""
        return self.alone or f"{self.subject} {self.text}".strip()


@dataclass(slots=True, eq=False)
class Link:
    """A fact and its causes, the most telling one first."""

    fact: Fact
    causes: list[Link] = field(default_factory=list)
    first: bool = False
    """It is an act: nothing in the world led to it."""
    around: list[Link] = field(default_factory=list)
    """What was wrong at that time, where nothing is known that led to it: it may have, or may not."""

    @property
    def at_us(self) -> int:
        return self.fact.at_us

    @property
    def begins(self) -> bool:
        """Whether its first causes, one after the other, lead to an act."""
        link = self
        for _ in range(_FAR):
            if link.first or not link.causes:
                return link.first
            link = link.causes[0]
        return False


def seconds(duration_us: int) -> str:
    """``3 min 20 s``, ``2.3 s``, ``14 ms``, ``180 us``: as much as a reader needs."""
    if duration_us >= 100_000_000:
        return f"{duration_us // 60_000_000} min {duration_us // 1_000_000 % 60} s"
    if duration_us >= 1_000_000:
        return f"{duration_us / 1e6:.1f} s"
    if duration_us >= 10_000:
        return f"{duration_us / 1e3:.0f} ms"
    return f"{duration_us / 1e3:.1f} ms" if duration_us >= 1_000 else f"{duration_us} us"


def clock(at_us: int) -> str:
    """``mm:ss.mmm``, as the screen writes an instant."""
    ms = at_us // 1_000
    return f"{ms // 60_000:02d}:{ms // 1_000 % 60:02d}.{ms % 1_000:03d}"


NAMED = 4
"""So many names are written out in a sentence."""


def named(names: list[str] | tuple[str, ...]) -> str:
    """``n1, n2 and n3``, ``n1, n2, n3, n4 and 9 more``; each once."""
    once = list(dict.fromkeys(names))
    if len(once) > NAMED + 1:
        return f"{', '.join(once[:NAMED])} and {len(once) - NAMED} more"
    return " and ".join(filter(None, [", ".join(once[:-1]), once[-1]])) if once else "nobody"
