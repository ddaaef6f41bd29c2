"""As whom somebody comes in over SSH: by key, with the presenter's passphrase, or as a guest.

Where everybody may come in, nobody can take the name of somebody who comes by key: whoever asks for it has to show the
key. Of the presenter's passphrase a few tries are allowed, and each takes a while.
"""

from __future__ import annotations

import hmac
import secrets

import asyncssh

from playground.company import Role
from playground.serve.keys import Holder, Keys
from playground.serve.names import PRESENTER, plain_name
from playground.serve.visit import Caller

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_passphrase() -> str:
    """Some 79 bits, to be read from a screen: ``k7qm-2xhd-9fwp-4znt``."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


class Admission:
    """``keys``: who comes by key; ``everybody``: may come in as a guest; ``passphrase``: "" lets nobody in."""

    def __init__(
        self, guests: Role, *, keys: Keys | None = None, everybody: bool = False, passphrase: str = ""
    ) -> None:
        self._guests = guests
        self._keys = keys
        self._everybody = everybody
        self._passphrase = passphrase

    @property
    def takes_keys(self) -> bool:
        return self._keys is not None

    def takes_passphrase(self, user: str) -> bool:
        return bool(self._passphrase) and user == PRESENTER

    def asks(self, user: str) -> bool:
        """Whether ``user`` has to show who they are."""
        if not self._everybody:
            return True
        name = plain_name(user)
        if name == PRESENTER and (self._passphrase or (self._keys is not None and self._keys.has(Role.PRESENTER))):
            return True
        return self._keys is not None and self._keys.owns(name)

    def holder(self, key: asyncssh.SSHKey) -> Holder | None:
        """None: the key lets nobody in."""
        return self._keys.holder(key) if self._keys is not None else None

    def is_passphrase(self, user: str, word: str) -> bool:
        """In a time that tells nothing of how near it came."""
        right = hmac.compare_digest(word.encode(), self._passphrase.encode())
        return right and self.takes_passphrase(user)

    def guest(self, user: str, address: str) -> Caller:
        return Caller(user, address, "without a key", self._guests)

    def with_key(self, user: str, address: str, holder: Holder, fingerprint: str) -> Caller:
        return Caller(holder.name or user, address, f"key {fingerprint}", holder.role or self._guests)

    def presenter(self, address: str) -> Caller:
        return Caller(PRESENTER, address, "passphrase", Role.PRESENTER)
