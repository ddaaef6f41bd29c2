"""Everything that a stranger may try over SSH, once and at the same time: ``python -m tests.serve.ssh_abuser PORT``.

Each kind comes from an address of its own. Prints a line when it begins and when it has tried everything; what is held
open stays so until standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sys
from typing import Any

import asyncssh

LOST = (OSError, asyncssh.Error, asyncio.IncompleteReadError, TimeoutError)
UNKNOWN, KEYS, COMMANDS, JUNK, DEAF, HALF_OPEN, GARBAGE = (f"127.0.0.{number}" for number in range(2, 9))
CONNECTIONS = 100
JUNK_BYTES = 3_000_000
HELD: list[Any] = []


class Deaf(asyncssh.SSHClient):
    """Reads nothing any more from the moment on when it is asked to."""

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self.transport: Any = conn._transport  # type: ignore[attr-defined]


async def log_in(port: int, user: str, source: str, **options: Any) -> asyncssh.SSHClientConnection:
    given: dict[str, Any] = {"client_keys": None, "agent_path": None, "config": [], **options}
    return await asyncssh.connect(
        "127.0.0.1", port, username=user, known_hosts=None, local_addr=(source, 0), login_timeout=60, **given
    )


async def wrong_keys(port: int) -> None:
    keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(20)]
    for _ in range(3):
        with contextlib.suppress(*LOST):
            await log_in(port, "anna", UNKNOWN, client_keys=keys)
    with contextlib.suppress(*LOST):
        await log_in(port, "presenter", KEYS, password="guess")


async def requests(port: int) -> None:
    for asked in ({"command": "id"}, {"subsystem": "sftp"}, {"command": "scp -t /tmp"}):
        with contextlib.suppress(*LOST):
            async with await log_in(port, "eve", COMMANDS) as connection:
                await connection.run(**asked, check=False)
    with contextlib.suppress(*LOST):
        async with await log_in(port, "eve", COMMANDS) as connection:
            for number in range(50):
                with contextlib.suppress(asyncssh.ChannelOpenError):
                    await connection.open_connection("127.0.0.1", number)
                with contextlib.suppress(asyncssh.ChannelListenError):
                    await connection.forward_remote_port("", 0, "127.0.0.1", number)


async def junk(port: int) -> None:
    chance = random.Random(1)
    with contextlib.suppress(*LOST):
        async with await log_in(port, "mallory", JUNK) as connection:
            process = await connection.create_process(term_type="xterm", term_size=(80, 24), encoding=None)
            await process.stdout.read(1)
            for _ in range(JUNK_BYTES // 30_000):
                process.stdin.write(chance.randbytes(30_000).replace(b"q", b"x").replace(b"\x03", b"x"))
                await process.stdin.drain()
            await process.wait()


async def deaf(port: int) -> None:
    client = Deaf()
    connection = await log_in(port, "deaf", DEAF, client_factory=lambda: client)
    process = await connection.create_process(
        term_type="xterm-256color", term_size=(200, 60), encoding=None, window=2**31 - 1
    )
    HELD.append((connection, process))
    await process.stdout.read(1)
    client.transport.pause_reading()


async def half_open(port: int) -> None:
    """100 of one address, and one each of some more."""
    sources = [HALF_OPEN] * CONNECTIONS + [f"127.0.1.{number}" for number in range(1, 11)]
    for source in sources:
        with contextlib.suppress(*LOST):
            HELD.append(await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0)))


async def garbage(port: int) -> None:
    # The last is understood, and means nothing (SSH_MSG_IGNORE, RFC 4253): what comes of it is for its amount alone.
    ignored = b"\x02" + (30_000).to_bytes(4, "big") + bytes(30_000)
    padding = 16 - (len(ignored) + 5) % 8
    packet = (len(ignored) + 1 + padding).to_bytes(4, "big") + bytes([padding]) + ignored + bytes(padding)
    for said in (
        b"GET / HTTP/1.0\r\n\r\n" + os.urandom(100),
        b"SSH-2.0-x\r\n" + os.urandom(1_000),
        b"SSH-2.0-x\r\n" + os.urandom(500_000),
        b"SSH-2.0-x\r\n" + packet * 17,
    ):
        with contextlib.suppress(*LOST):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(GARBAGE, 0))
            writer.write(said)
            await reader.read()
            writer.close()


async def main(port: int) -> None:
    print("begun", flush=True)
    kinds = (wrong_keys, requests, junk, deaf, half_open, garbage)
    await asyncio.gather(*(kind(port) for kind in kinds), return_exceptions=True)
    print("tried", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


if __name__ == "__main__":
    os.nice(15)  # two processors for strangers and all: their own work must not be what is measured
    asyncio.run(main(int(sys.argv[1])))
