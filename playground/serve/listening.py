"""What all that listen for strangers do alike, below whatever they speak."""

from __future__ import annotations

import asyncio
import os
import socket

from playground.kernel.errors import UserError

SOCKET_BYTES = 131_072
"""What the system keeps for who reads slowly: it is neither seen from here nor new any more when it is read."""


def keep_little(transport: asyncio.BaseTransport) -> None:
    """Let no more than that be on its way to whoever is at the other end."""
    opened = transport.get_extra_info("socket")
    if opened is not None:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)


def cannot_listen(host: str, port: int, error: OSError) -> UserError:
    """To be raised instead of ``error``."""
    # A resolver's numbers are below zero.
    why = os.strerror(error.errno) if error.errno and error.errno > 0 else "no such address here"
    return UserError(f"cannot listen on {host}, port {port}: {why}")
