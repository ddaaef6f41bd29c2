"""Who may connect at all, and how often; decided of an address alone, before a stranger has said a word.

* An address may connect so often a minute, whatever comes of it.
* It may have so many logins under way, and so may all addresses together. When all together have too many, the address
  with the most of them loses its oldest: somebody who comes alone from an address is crowded out by nobody, as long as
  those who crowd have fewer addresses than there are logins.

An address is what a stranger can't easily have many of: one of IPv4, a network of IPv6 (/64).
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass

from playground.bucket import Bucket
from playground.serve.limits import Limits

REMEMBERED = 4_096
"""Addresses whose connections are counted at a time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """To somebody who knocks."""

    refused: str = ""
    """Why they may not come in; "": they may."""
    instead: Hashable | None = None
    """The login that is to be ended for it."""


class Guard:
    """Times are of any steady clock, in seconds."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._often: dict[str, Bucket] = {}
        self._logins: dict[Hashable, str] = {}
        """Those under way, the oldest first, and from where."""

    def often(self, address: str, now_s: float) -> str:
        """Why ``address`` may not connect now, as often as it has; "": it may, and this was once more."""
        source = source_of(address)
        bucket = self._often.get(source)
        if bucket is None:
            self._forget(now_s)
            bucket = self._often[source] = Bucket(self._burst, self._burst / 60, now_s)
        if bucket.left(now_s) < 1:
            return f"more than {self._limits.visits_per_minute} connections a minute"
        bucket.take(1, now_s)
        return ""

    def knock(self, login: Hashable, address: str, now_s: float) -> Answer:
        """May ``login`` begin? If so it is under way until :meth:`over`."""
        if why := self.often(address, now_s):
            return Answer(why)
        source = source_of(address)
        under_way = Counter(self._logins.values())
        if under_way[source] >= self._limits.logins_per_address:
            return Answer(f"{under_way[source]} logins from there are under way")
        instead = None
        if len(self._logins) >= self._limits.logins:
            most = max(under_way.values())
            if under_way[source] >= most:
                return Answer(f"{len(self._logins)} logins are under way")
            instead = next(each for each, whose in self._logins.items() if under_way[whose] == most)
            del self._logins[instead]
        self._logins[login] = source
        return Answer(instead=instead)

    def over(self, login: Hashable) -> None:
        """It has come to an end, whichever. May be called again."""
        self._logins.pop(login, None)

    @property
    def under_way(self) -> int:
        """Logins."""
        return len(self._logins)

    @property
    def _burst(self) -> float:
        return float(self._limits.visits_per_minute)

    def _forget(self, now_s: float) -> None:
        """Forget who has not come for long; if there are too many others, those who have come least of late."""
        if len(self._often) < REMEMBERED:
            return
        left = {source: bucket.left(now_s) for source, bucket in self._often.items()}
        for source in sorted(left, key=lambda each: -left[each])[: REMEMBERED // 4]:
            del self._often[source]


def source_of(address: str) -> str:
    """What ``address`` is counted as."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False).network_address)
