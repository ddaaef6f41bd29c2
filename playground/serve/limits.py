"""How much of everything a visitor, and all of them together, may have. Every limit has one name, used in the log."""

from __future__ import annotations

from dataclasses import dataclass

UNREAD = "nothing that was sent has been read for too long"
"""Why somebody is cut, wherever it is seen."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes, counts."""

    visitors: int = 60
    """At a time, who watch and who act."""
    players: int = 8
    """Of these, who have a process of their own: each costs a tenth of a processor, with an own cluster a quarter."""
    per_address: int = 8
    """Visitors at a time from one address."""
    visits_per_minute: int = 30
    """Connections from one address, the refused ones among them."""
    logins: int = 20
    """Connections that are no visits yet, all together …"""
    logins_per_address: int = 5
    """… and from one address."""
    login_s: float = 15.0
    """For logging in."""
    start_s: float = 10.0
    """From the login to the request for a terminal."""
    idle_s: float = 900.0
    """Without a key, of those who act; who presents may talk as long as they like."""
    stalled_s: float = 20.0
    """Without reading what was sent."""
    session_s: float = 7_200.0
    """A visit, from login to the end."""
    output_bytes_per_s: int = 250_000
    """To one visitor, in the long run."""
    output_burst_bytes: int = 1_000_000
    input_bytes_per_s: int = 4_000
    """From one visitor, in the long run. Nobody types faster; a mouse may be moved so fast."""
    input_burst_bytes: int = 200_000
    memory_bytes: int = 700_000_000
    """What a visitor's processes may take, all together (0: as much as they like). A presenter is not cut for it …"""
    cpu_share: float = 0.8
    """Of one processor, what a visitor's processes may take on average (0: as much as they like) …"""
    cpu_window_s: float = 30.0
    """… over so long. Nor is a presenter cut for this."""
    renderings: int = 8
    """Terminal sizes for which spectators get a picture of their own; others are shown the next smaller one."""


def span(seconds: float) -> str:
    """As it is said: ``1 hour``, ``15 minutes``, ``90 seconds``."""
    number, unit = seconds, "second"
    for size, name in ((3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            number, unit = seconds / size, name
            break
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
