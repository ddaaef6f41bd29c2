"""The links by which visitors come in a browser: a secret in a link says what somebody is here for."""

from __future__ import annotations

import hmac
import secrets

from playground.company import Role


class Links:
    """``guests``: what those are who come with the guests' secret; if it is ``open_to_all``, with none.

    ``presented``: there is a link for presenters, too.
    """

    def __init__(self, guests: Role, *, open_to_all: bool, presented: bool) -> None:
        self.guests = guests
        self._open = open_to_all
        self.presenter = secrets.token_urlsafe(16) if presented else ""
        self.guest = "" if open_to_all else secrets.token_urlsafe(16)

    def invitation(self, url: str) -> str:
        """What guests may type to come in, where the page is at ``url``."""
        return f"{url}#key={self.guest}" if self.guest else url

    def role_of(self, key: str) -> Role | None:
        """What the holder of this secret is here for; ``""``: no secret. None: that opens nothing."""
        presents = _same(key, self.presenter)
        if presents | _same(key, self.guest):
            return Role.PRESENTER if presents else self.guests
        return self.guests if self._open and not key else None


def _same(key: str, secret: str) -> bool:
    """In a time that says nothing about where they differ."""
    return bool(secret) & hmac.compare_digest(key.encode("utf-8", "replace"), secret.encode())
