"""All that may come over a web socket, or before there is one, instead of a visit."""

from __future__ import annotations

import asyncio
import io
import json
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from playground.serve.gate import WRAPPED, Gate, Gated
from playground.serve.limits import Limits
from playground.serve.logbook import Logbook
from playground.serve.socketline import Entered, Pinged, Resized, Typed, parse
from tests.serve.web_lab import Served, handshaken, page, send, serving, until


async def _cut(served: Served, messages: list[Any], why: str) -> None:
    """A visitor who sends these is cut, told why, and nobody else minds."""
    async with page(served, "bob") as bob, page(served, "mallory") as mallory:
        await mallory.sees("welcome mallory")
        for message in messages:
            if isinstance(message, bytes):
                await mallory.socket.send_bytes(message)
            else:
                await mallory.socket.send_str(message)
        farewell = await mallory.farewell()
        await until(lambda: len(served.front.visits) == 1)
        assert why in served.log
        assert "Traceback" not in served.log
        assert farewell in ("", why)  # a web socket that broke off says nothing any more
        await bob.say("stdin", "still here")
        await bob.sees("still here")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "}{",
        "null",
        "[" * 30_000,
        '["stdin", 5]',
        '["stdin"]',
        '["resize", {"width": 1e400, "height": 5}]',
        '["resize", {"width": ' + "9" * 5_000 + ', "height": 5}]',
        '["ping", "' + "x" * 100 + '"]',
        '["enter", {"name": "again", "key": ""}]',
        '["deliver_file", "x"]',
        b"bytes",
    ],
    ids=range(12),
)
def test_junk_ends_the_visit(message: str | bytes) -> None:
    async def visit() -> None:
        async with serving() as served:
            await _cut(served, [message], "not a message of the page")

    asyncio.run(visit())


def test_too_much_at_once_ends_the_visit() -> None:
    async def visit() -> None:
        async with serving() as served:
            big = json.dumps(["stdin", "x" * 70_000])
            await _cut(served, [big], "a message was sent that is broken, or has more than 64 kB")

    asyncio.run(visit())


def test_megabytes_of_keys_end_the_visit() -> None:
    async def visit() -> None:
        async with serving() as served:
            await _cut(served, [json.dumps(["stdin", "x" * 60_000])] * 5, "too much was sent: nobody types so fast")

    asyncio.run(visit())


def test_too_many_messages_end_the_visit() -> None:
    async def visit() -> None:
        async with serving() as served:
            await _cut(served, ['["focus"]'] * 2_000, "too many messages were sent: nobody types so fast")

    asyncio.run(visit())


def test_a_flood_of_pings_ends_the_visit() -> None:
    async def visit() -> None:
        async with serving() as served, page(served, "bob") as bob:
            _, writer = await handshaken(served)
            send(writer, '["enter", {"name": "mallory", "key": ""}]')
            await until(lambda: len(served.front.visits) == 2)
            frames = bytes([0x89, 0x80, 0, 0, 0, 0]) * 200_000  # pings, with nothing in them
            writer.write(frames)
            await until(lambda: len(served.front.visits) == 1)
            assert "too many messages were sent: nobody types so fast" in served.log
            writer.transport.abort()
            await bob.say("stdin", "still here")
            await bob.sees("still here")

    asyncio.run(visit())


def test_a_flood_is_cut_before_anybody_has_to_read_it() -> None:
    class Reader(asyncio.Protocol):
        read_bytes = 0
        lost = False

        def data_received(self, data: bytes) -> None:
            self.read_bytes += len(data)

        def connection_lost(self, error: Exception | None) -> None:
            self.lost = True

    async def flood() -> None:
        logged = io.StringIO()
        limits = Limits(input_burst_bytes=10_000)
        gate, inner = Gate(limits, Logbook(logged)), Reader()
        server = await asyncio.get_running_loop().create_server(lambda: Gated(inner, gate), "127.0.0.1", 0)
        async with server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            await until(lambda: len(gate) == 1)
            writer.write(b"x" * 5_000_000)
            await until(lambda: inner.lost)
            assert inner.read_bytes < 10_000 * WRAPPED * 2
            assert "refused 127.0.0.1: a connection: more was sent than anybody types" in logged.getvalue()
            assert len(gate) == 0
            writer.transport.abort()

    asyncio.run(flood())


def test_whoever_asks_without_end_is_refused() -> None:
    async def visit() -> None:
        limits = Limits(visits_per_minute=3)
        async with serving(limits) as served, aiohttp.ClientSession() as client:
            statuses = []
            while 429 not in statuses:
                assert len(statuses) < 100
                async with client.get(served.url + "icon.svg") as response:
                    statuses.append(response.status)
            assert statuses.count(200) >= 30  # three pages with all their files
            assert "more requests in a minute than pages make" in served.log

    asyncio.run(visit())


def test_a_page_that_never_says_who_comes_is_cut() -> None:
    async def visit() -> None:
        async with serving(Limits(start_s=0.05)) as served, page(served, enters=False) as silent:
            assert await silent.farewell() == "nothing was said after the web socket had opened"
            assert served.front.visits == ()

    asyncio.run(visit())


def test_whoever_never_reads_is_cut_and_keeps_nothing() -> None:
    async def visit() -> None:
        async with serving(Limits(stalled_s=0.2)) as served:
            reader, writer = await handshaken(served)
            send(writer, '["enter", {"name": "mallory", "key": ""}]')
            await until(lambda: served.front.visits)
            send(writer, '["stdin", "flood"]')
            await until(lambda: "nothing that was sent has been read for too long" in served.log)
            await until(lambda: not served.front.visits)
            del reader
            writer.transport.abort()

    asyncio.run(visit())


def test_whoever_is_not_there_any_more_is_cut() -> None:
    async def visit() -> None:
        async with serving(Limits(stalled_s=0.3)) as served:
            _, writer = await handshaken(served)
            send(writer, '["enter", {"name": "anna", "key": ""}]')
            await until(lambda: served.front.visits)
            await until(lambda: not served.front.visits)  # it was asked, and did not answer
            assert "from 127.0.0.1: nothing that was sent has been read for too long\n" in served.log
            writer.transport.abort()

    asyncio.run(visit())


def test_half_open_connections_are_cut_and_keep_nobody_out() -> None:
    async def visit() -> None:
        limits = Limits(login_s=0.5, logins_per_address=2, visits_per_minute=100)
        async with serving(limits) as served:
            opened = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(40)]
            await until(lambda: "a connection: 12 logins from there are under way" in served.log)
            for reader, _ in opened:
                async with asyncio.timeout(60):
                    with suppress(ConnectionResetError):
                        assert await reader.read() == b""
            for _, writer in opened:
                writer.close()
            served.web._gate._limits = Limits()  # however long it takes to come in
            async with page(served) as anna:
                await anna.sees("welcome anna")

    asyncio.run(visit())


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00" * 100,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"x" * 100_000,
        b"\r\n" * 5_000,
        b"SSH-2.0-x\r\n",
    ],
    ids=["tls", "version", "long", "empty", "ssh"],
)
def test_what_is_not_http_is_answered_shortly(junk: bytes) -> None:
    async def visit() -> None:
        async with serving(Limits(login_s=0.3)) as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            writer.write(junk)
            async with asyncio.timeout(60):
                try:
                    answer = await reader.read()
                except ConnectionResetError:
                    answer = b""
            assert not answer or (b" 400 " in answer and b"Server: playground" in answer)
            assert not answer or answer.endswith(b"\r\n\r\nplayground: not a request that is understood here\n")
            assert b"Traceback" not in answer
            assert "Traceback" not in served.log
            writer.transport.abort()
            served.web._gate._limits = Limits()  # however long it takes to come in
            async with page(served) as anna:
                await anna.sees("welcome anna")

    asyncio.run(visit())


def test_what_is_no_request_over_and_over_is_one_line_in_the_log() -> None:
    async def visit() -> None:
        async with serving(Limits(visits_per_minute=100)) as served:
            for _ in range(50):
                reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
                writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nHost: \x1b[31mb\r\n\r\n")
                assert b"\x1b" not in await reader.read()
                writer.close()
            assert served.log.count("\n") == 1
            assert "refused 127.0.0.1: not a request that is understood here" in served.log

    asyncio.run(visit())


def test_what_a_page_says() -> None:
    assert parse('["enter", {"name": "anna", "key": ""}]') == Entered("anna", "")
    assert parse('["stdin", "\\ud800"]') == Typed(b"?")
    assert parse('["resize", {"width": 80, "height": 24}]') == Resized(80, 24)
    assert parse('["ping", "12"]') == Pinged("12")
    assert parse('["blur"]') is None
    with pytest.raises(ValueError, match="not a message of the page"):
        parse('["blur", 1]')
