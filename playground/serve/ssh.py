"""Visitors over SSH: the server, its promises, and who comes in by which door.

What there is: one terminal for each connection. What there is not, and is refused with a line in the logbook: commands,
subsystems (sftp), copies (scp), forwarding of ports, sockets, tunnels, X11 and agents, listening for others, a second
terminal, a terminal that is none. Of the visitor's environment only TERM and LANG are looked at. No configuration of
the system's ssh is read, nothing is compressed (what is small on the way in must not become large here).

==================  ======================================================
:mod:`.guard`       who may connect at all, and how often
:mod:`.connection`  one connection of a stranger
:mod:`.sluice`      how much comes in and goes out of it, whatever it is
:mod:`.admission`   as whom somebody comes in
:mod:`.doorman`     asks one visitor who they are, and for what they come
:mod:`.channel`     the terminal of one visitor
:mod:`.asking`      asks it how many colours it has (:mod:`.colors`)
==================  ======================================================
"""

from __future__ import annotations

import asyncio
import logging
import time

import asyncssh

from playground.serve.admission import Admission
from playground.serve.connection import Connection
from playground.serve.doorman import Desk, Doorman
from playground.serve.front import Front
from playground.serve.guard import Guard
from playground.serve.limits import Limits
from playground.serve.listening import cannot_listen
from playground.serve.logbook import Logbook

VERSION = "playground"
KEEPALIVES = 3
"""Of so many one may go unanswered before a client counts as stalled."""
WINDOW_BYTES, PACKET_BYTES = 65_536, 32_768
"""What a visitor may type ahead, and in one piece."""
FAREWELL_S = 2.0
"""At the end, connections that were told so have so long to close."""
PER_VISITOR = 2
"""Connections for each visitor that there may be: whoever has left, or found no room, may take a moment to close."""
# What costs the server much and the client little is off (large groups), and so is what is old.
_EXCHANGES = "-diffie-hellman-*,rsa*,gss-*,curve448*,ecdh-sha2-1.3*"
_MACS = "-*sha1*,umac-64*,*@ssh.com"


class SshServer:
    """Within ``async with`` it may :meth:`listen`; at the end everybody is gone.

    The front begins and ends within that block: whom it says goodbye to has to hear it. ``port`` 0: a free one, see
    :attr:`port` when it listens.
    """

    def __init__(
        self,
        front: Front,
        admission: Admission,
        key: asyncssh.SSHKey,
        limits: Limits,
        logbook: Logbook,
        host: str,
        port: int,
    ) -> None:
        self._limits = limits
        self._logbook = logbook
        self._host = host
        self.port = port
        self._guard = Guard(limits)
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        # What the library has to say is for its own developers.
        logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
        desk = Desk(front, admission, limits, logbook, self._guard.over)
        self._options = asyncssh.SSHServerConnectionOptions(
            server_factory=lambda: Doorman(desk),
            server_host_keys=[key],
            config=[],
            server_version=VERSION,
            login_timeout=limits.login_s,
            keepalive_interval=limits.stalled_s / (KEEPALIVES + 1),
            keepalive_count_max=KEEPALIVES,
            kex_algs=_EXCHANGES,
            mac_algs=_MACS,
            compression_algs=None,
            gss_host=None,
            host_based_auth=False,
            kbdint_auth=False,
            x509_trusted_certs=None,
            agent_forwarding=False,
            x11_forwarding=False,
            line_editor=False,
            encoding=None,
            window=WINDOW_BYTES,
            max_pktsize=PACKET_BYTES,
        )

    async def __aenter__(self) -> SshServer:
        return self

    async def listen(self) -> None:
        """Take visitors from now on. UserError: the address can't be had."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Connection(self._options, self._limits, self._knocks, self._over),
                self._host,
                self.port,
                reuse_address=True,
            )
        except OSError as error:
            raise cannot_listen(self._host, self.port, error) from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_: object) -> None:
        """Wait a while for those who were told that it is over."""
        self.shut()
        ends = time.monotonic() + FAREWELL_S
        while self._connections and time.monotonic() < ends:
            await asyncio.sleep(0.02)
        for connection in tuple(self._connections):
            connection.drop()
        await asyncio.sleep(0)

    def shut(self) -> None:
        """Let nobody in any more; those who are not visitors yet have to go."""
        if self._server is not None:
            self._server.close()
            self._server = None
            for connection in tuple(self._connections):
                if not connection.logged_in:
                    connection.cut("the playground closes")

    # --- connections -------------------------------------------------------------------

    def _knocks(self, connection: Connection) -> bool:
        if len(self._connections) >= PER_VISITOR * (self._limits.visitors + self._limits.logins):
            connection.cut_because = "too many connections that are about to end"
            return False
        answer = self._guard.knock(connection, connection.address, time.monotonic())
        if isinstance(answer.instead, Connection):
            answer.instead.cut("made room for another login")
        if answer.refused:
            connection.cut_because = answer.refused
            return False
        self._connections.add(connection)
        return True

    def _over(self, connection: Connection) -> None:
        self._guard.over(connection)
        self._connections.discard(connection)
        if connection.cut_because and not connection.visited:
            self._logbook.refused(connection.address, connection.cut_because)
