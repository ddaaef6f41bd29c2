"""The doorman of one SSH connection: asks who somebody is, and for what they come; has only terminals to give."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import asyncssh

from playground.serve.admission import Admission
from playground.serve.channel import Channel
from playground.serve.connection import Connection
from playground.serve.front import Front
from playground.serve.keys import Holder
from playground.serve.limits import Limits
from playground.serve.logbook import Logbook
from playground.serve.visit import Caller

TRIES = 3
"""Of a passphrase; each that is wrong costs a second."""
KEYS = 12
"""So many keys may be shown that are not known here."""
NAMES = 10
"""So often somebody may say that they are somebody else after all; each time costs us much, and clients never do."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the doormen of one server have in common. ``seated``: a connection is a visit now, and no login any more."""

    front: Front
    admission: Admission
    limits: Limits
    logbook: Logbook
    seated: Callable[[Connection], None]


class Doorman(asyncssh.SSHServer):
    """Asks one visitor who they are, and for what they come."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._admission = desk.admission
        self._user = ""
        self._held: tuple[Holder, str] | None = None
        """The key that was looked at last, and its fingerprint."""
        self._is_presenter = False
        self._tries = 0
        self._unknown = 0
        self._names = 0
        self._began_s = time.monotonic()
        self._seated = False
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        assert isinstance(conn, Connection)
        self._connection = conn
        conn.refuse = self._refuse

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        connection = self._connection
        if connection.logged_in or connection.cut_because:
            return
        if time.monotonic() - self._began_s >= self._desk.limits.login_s:
            connection.cut_because = f"not logged in after {self._desk.limits.login_s:.0f} s"
        elif isinstance(exc, asyncssh.ConnectionLost) or exc is None:
            connection.cut_because = "left before having logged in"
        else:
            connection.cut_because = "spoke no SSH that is spoken here"

    # --- who they are ------------------------------------------------------------------

    def begin_auth(self, username: str) -> bool:
        self._names += 1
        if self._names > NAMES:
            self._connection.cut(f"{NAMES} names, one after the other")
            return True
        self._user, self._held, self._is_presenter = username, None, False
        return self._admission.asks(username)

    def public_key_auth_supported(self) -> bool:
        return self._admission.takes_keys

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        holder = self._admission.holder(key)
        if holder is not None:
            # Asked for each key before it has been proved, and once more with the proof: so the last one is the one.
            self._held = holder, key.get_fingerprint()
            return True
        self._held = None
        self._unknown += 1
        if self._unknown >= KEYS:
            self._connection.cut(f"{KEYS} keys that are not known here")
        else:
            self._desk.logbook.refused(self._connection.address, "a key that is not known here")
        return False

    def password_auth_supported(self) -> bool:
        return self._admission.takes_passphrase(self._user)

    async def validate_password(self, username: str, password: str) -> bool:
        # Counted before anything is waited for: whoever does not wait for an answer has no more tries than others.
        self._tries += 1
        if self._tries <= TRIES and self._admission.is_passphrase(username, password):
            self._is_presenter = True
            return True
        self._desk.logbook.refused(self._connection.address, "a wrong passphrase")
        await asyncio.sleep(1.0)
        if self._tries >= TRIES:
            self._connection.cut(f"{TRIES} wrong passphrases")
        return False

    def auth_completed(self) -> None:
        # Still a login to the guard: somebody who asks for nothing further takes up as much as one who never logs in.
        self._connection.enter()
        within_s = self._desk.limits.start_s
        self._waiting = asyncio.get_running_loop().call_later(
            within_s, self._connection.cut, f"asked for no terminal within {within_s:.0f} s"
        )

    def _caller(self) -> Caller:
        address = self._connection.address
        if self._is_presenter:
            return self._admission.presenter(address)
        if self._held is not None:
            return self._admission.with_key(self._user, address, *self._held)
        return self._admission.guest(self._user, address)

    # --- for what they come --------------------------------------------------------------

    def session_requested(self) -> Channel:
        if self._seated:
            self._refuse("a second terminal on one connection")
            raise asyncssh.ChannelOpenError(
                asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "there is one terminal for each connection"
            )
        self._seated = True
        return Channel(self._connection, self._desk.front, self._caller(), self._begun, self._turned_away)

    def _begun(self, there_is: bool) -> None:
        """They have said what they came for. It is no login any more, if there is such a thing here."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if there_is:
            self._desk.seated(self._connection)

    def _turned_away(self, why: str) -> None:
        self._desk.logbook.refused(self._connection.address, why)

    def _refuse(self, what: str) -> None:
        self._desk.logbook.refused(self._connection.address, f"{what}: there is none here")

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return self._refused("forwarding of a port")

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        return self._refused("listening on a port")

    def unix_connection_requested(self, dest_path: str) -> bool:
        return self._refused("forwarding of a socket")

    def unix_server_requested(self, listen_path: str) -> bool:
        return self._refused("listening on a socket")

    def tun_requested(self, unit: int | None) -> bool:
        return self._refused("a tunnel")

    def tap_requested(self, unit: int | None) -> bool:
        return self._refused("a tunnel")

    def _refused(self, what: str) -> bool:
        self._refuse(what)
        return False
