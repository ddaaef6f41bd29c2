"""Under which names a page is served: what a browser says about that is compared with it.

A page of somebody else can have its visitor's browser ask our port for anything, under any name that leads to it (DNS
rebinding), and open a web socket to it. Rules kept here:

* ``Host`` is an address of ours, never a name that we don't know: on loopback ``localhost`` and the loopback addresses;
  elsewhere any address as a number (nobody can bend those) and this machine's own name; and the public address.
* ``Origin`` of a web socket is there, and is that ``Host`` or the public address: an address that might be ours as well
  as any other is somebody else's, if it is not the one that is spoken to.
"""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from playground.kernel.errors import UserError

_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?")


class Origins:
    """Of a page on ``port`` of ``host``. ``public``: where people find it, if that is elsewhere (a proxy's address).

    UserError: that is no address.
    """

    def __init__(self, host: str, port: int, public: str = "") -> None:
        self.port = port
        self._loopback = is_loopback(host)
        self._names = {"localhost"} if self._loopback else {host.lower(), socket.gethostname().lower()}
        self._public = _public(public) if public else None
        if self._public is not None:
            self.url = public.rstrip("/") + "/"
        else:
            shown = reached_at(host)
            shown = f"[{shown}]" if ":" in shown else shown
            self.url = f"http://{shown}:{port}/" if port != _PORTS["http"] else f"http://{shown}/"

    def host(self, said: str) -> bool:
        """Whether a browser that says this ``Host`` means us."""
        asked = _split(said, _PORTS["http"])
        if asked is None:
            return False
        if self._ours(*asked):
            return True
        return self._public is not None and _split(said, _PORTS[self._public[0]]) == self._public[1:]

    def origin(self, said: str, host: str) -> bool:
        """Whether a page of this ``Origin`` is ours, as it speaks to this ``Host``; ``""``: none was said."""
        scheme, colon, authority = said.partition("://")
        asked = _split(authority, _PORTS[scheme]) if colon and scheme in _PORTS else None
        if asked is None:
            return False
        if (scheme, *asked) == self._public:
            return True
        return scheme == "http" and self._ours(*asked) and asked == _split(host, _PORTS["http"])

    def _ours(self, name: str, port: int) -> bool:
        if port != self.port:
            return False
        if name in self._names:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return not self._loopback or address.is_loopback


def is_loopback(host: str) -> bool:
    """Whether nobody outside this machine comes in there."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def reached_at(host: str) -> str:
    """What a visitor may type for ``host``."""
    try:
        everywhere = not host or ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    return socket.gethostname() if everywhere else host


def _split(authority: str, usual: int) -> tuple[str, int] | None:
    """Name and port; None: it is odd."""
    match = _AUTHORITY.fullmatch(authority.lower()) if len(authority) < 300 else None
    return None if match is None else (match[1].strip("[]"), int(match[2] or usual))


def _public(url: str) -> tuple[str, str, int]:
    """Scheme, name and port."""
    mistake = UserError(f"--public-url: {url[:60]!r} is no address; write it like https://demo.example.org")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise mistake from None
    if parts.scheme not in _PORTS or parts.query or parts.fragment or not url.isascii() or not url.isprintable():
        raise mistake
    where = _split(parts.netloc, _PORTS[parts.scheme])
    if where is None:
        raise mistake
    return parts.scheme, *where
