"""What comes in and goes out of one SSH connection is bounded, whatever the client makes of the protocol."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import asyncssh
import pytest

from playground.serve.channel import Channel
from playground.serve.connection import EXCHANGES, Connection
from playground.serve.doorman import Doorman
from playground.serve.limits import Limits
from playground.serve.sluice import PIECE_BYTES
from playground.serve.visit import BACKLOG_BYTES
from tests.serve.ssh_lab import EchoSeat, Lab, lab, reads, until

CHUNK_BYTES = 50_000
"""What the seat of the tests writes at most at a time."""
IGNORE, GLOBAL_REQUEST = 2, 80
PATIENT = Limits(stalled_s=1.0, output_burst_bytes=100_000_000)
TIGHT = Limits(input_burst_bytes=20_000, input_bytes_per_s=100)


async def come(server: Lab) -> tuple[Any, asyncssh.SSHClientProcess[bytes], EchoSeat]:
    """A client with a window that never closes, and little room on the way."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", server.server.port))
    connection: Any = await asyncssh.connect(
        sock=sock, username="anna", known_hosts=None, client_keys=None, agent_path=None, config=[]
    )
    process = await server.terminal(connection, window=2**31 - 1)
    await reads(process, b"[anna")
    return connection, process, server.seats[-1]


def stop_reading(connection: Any) -> None:
    connection._transport.pause_reading()


def exchange_keys_for_ever(connection: Any) -> None:
    """Begin, and never go on."""
    connection._send_kexinit()
    stop_reading(connection)


@pytest.mark.parametrize("trick", [stop_reading, exchange_keys_for_ever])
def test_who_stops_reading_is_kept_no_more_for_than_a_picture_or_two(trick: Callable[[Any], None]) -> None:
    async def run() -> None:
        async with lab(limits=PATIENT) as server:
            connection, process, seat = await come(server)
            process.stdin.write(b"w")
            await reads(process, b"....")
            trick(connection)
            line = seat.visit._line
            most = 0

            def stalled() -> bool:
                nonlocal most
                most = max(most, line.backlog)
                return bool(seat.visit.ending)

            await until(stalled)
            assert BACKLOG_BYTES <= most <= BACKLOG_BYTES + 2 * CHUNK_BYTES
            await until(lambda: not server.front.visits)
            assert "nothing that was sent has been read" in server.log
            connection.abort()

    asyncio.run(run())


def test_whoever_reads_again_goes_on_where_it_stopped() -> None:
    async def run() -> None:
        async with lab(limits=replace(PATIENT, stalled_s=60.0)) as server:
            connection, process, seat = await come(server)
            process.stdin.write(b"w")
            await reads(process, b"....")
            stop_reading(connection)
            await until(lambda: seat.visit.room() == 0)
            connection._transport.resume_reading()
            await until(lambda: seat.visit.room() > 0)
            connection.abort()

    asyncio.run(run())


def keys(connection: Any, process: asyncssh.SSHClientProcess[bytes]) -> None:
    process.stdin.write(b"x" * 1_000)


def nothings(connection: Any, process: asyncssh.SSHClientProcess[bytes]) -> None:
    connection.send_packet(IGNORE, b"\0\0\0\x10" + bytes(16))


def questions(connection: Any, process: asyncssh.SSHClientProcess[bytes]) -> None:
    connection.send_packet(GLOBAL_REQUEST, b"\0\0\0\x01x\0")


def settings(connection: Any, process: asyncssh.SSHClientProcess[bytes]) -> None:
    process.channel._send_request(b"env", b"\0\0\0\x01A", b"\0\0\0\x10" + bytes(16))  # type: ignore[attr-defined]


@pytest.mark.parametrize("flood", [keys, nothings, questions, settings])
def test_whoever_floods_is_cut(flood: Callable[[Any, asyncssh.SSHClientProcess[bytes]], None]) -> None:
    async def run() -> None:
        async with lab(limits=TIGHT) as server:
            connection, process, seat = await come(server)
            for _ in range(5_000):
                flood(connection, process)
                if connection.is_closed() or seat.visit.ending:
                    break
                await asyncio.sleep(0)
            await until(lambda: not server.front.visits)
            assert "too much was sent" in server.log
            connection.abort()

    asyncio.run(run())


def test_whoever_wants_new_keys_over_and_over_is_cut() -> None:
    async def run() -> None:
        async with lab() as server:
            connection, process, seat = await come(server)
            exchanged = 0
            while not connection.is_closed():
                connection._kexinit_sent = True
                connection._send_kexinit()
                await until(lambda: connection.is_closed() or (connection._kex_complete and not connection._kex))
                exchanged += 1
                assert exchanged < 3 * EXCHANGES
                if exchanged == 3:
                    process.stdin.write(b"still here")
                    await reads(process, b"still here")
            await until(lambda: bool(seat.visit.ending))
            await server.logs("too much was sent")

    asyncio.run(run())


def test_an_environment_has_an_end() -> None:
    async def run() -> None:
        async with lab() as server:
            connection = await server.connect()
            process = await server.terminal(connection, env={f"A{number}": "x" * 1_000 for number in range(20)})
            await process.wait_closed()
            await server.logs("too much of an environment")

    asyncio.run(run())


def test_a_flood_is_taken_in_small_pieces_and_others_are_served_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[int] = []
    real = Connection._pass_on

    def pass_on(self: Connection, data: bytes) -> None:
        pieces.append(len(data))
        real(self, data)

    monkeypatch.setattr(Connection, "_pass_on", pass_on)

    async def run() -> None:
        async with lab() as server:
            flooding, its, _ = await come(server)
            other = await server.connect("bob")
            process = await server.terminal(other)
            await reads(process, b"[bob")
            for _ in range(2_000):
                nothings(flooding, its)
            await until(lambda: PIECE_BYTES in pieces)
            taken = sum(pieces)
            process.stdin.write(b"ping")
            await reads(process, b"ping")
            assert sum(pieces) - taken <= 4 * PIECE_BYTES, "the other one waited for all of the flood"
            assert max(pieces) == PIECE_BYTES
            flooding.abort()
            other.abort()

    asyncio.run(run())


def test_who_has_gone_leaves_nothing_behind() -> None:
    def kept() -> int:
        gc.collect()
        return sum(isinstance(each, Connection | Channel | Doorman | EchoSeat) for each in gc.get_objects())

    async def run() -> None:
        async with lab(limits=Limits(visits_per_minute=100)) as server:
            for number in range(10):
                connection = await server.connect()
                process = await server.terminal(connection)
                await reads(process, b"[anna")
                process.stdin.write(b"q" if number % 2 else b"w")
                if number % 2:
                    await process.wait()
                connection.abort()
                await connection.wait_closed()
                del connection, process
                server.seats.clear()
            await until(lambda: not server.front.visits)
            await until(lambda: not kept())

    asyncio.run(run())
