"""Visits over a web socket: who comes in, in which role, and how it ends."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest

from playground.company import Role
from playground.kernel.errors import UserError
from playground.serve.limits import Limits
from tests.serve.web_lab import SharedEcho, Somewhere, handshaken, page, send, serving, until


def test_a_visitor_comes_in_types_resizes_and_leaves() -> None:
    async def visit() -> None:
        async with serving() as served, page(served, "anna", size="width=200&height=60") as anna:
            await anna.sees("welcome anna, player at 200x60")
            await anna.say("stdin", "hé\x1b[A")
            await anna.sees(repr("hé\x1b[A".encode()))
            await anna.say("resize", {"width": 90, "height": 20})
            await anna.say("resize", {"width": 120, "height": 40})
            await anna.sees("resized 120x40")
            assert b"90x20" not in anna.shown
            await anna.say("ping", "123")
            await anna.say("focus")
            await anna.say("blur")
            await anna.say("stdin", "q")
            assert await anna.farewell() == "quit"
            assert ["pong", "123"] in anna.said
            await until(lambda: "from 127.0.0.1: quit\n" in served.log)
            assert served.front.visits == ()

    asyncio.run(visit())


def test_a_link_opens_what_its_secret_says() -> None:
    async def visit() -> None:
        async with serving(guests=Role.SPECTATOR, open_to_all=False, front=SharedEcho) as served:
            async with page(served, "eve", "guess") as eve:
                assert await eve.farewell() == "this link opens nothing, or not any more"
            async with page(served, "eve") as eve:
                assert await eve.farewell() == "one comes in by a link only"
            async with page(served, "mia", served.links.presenter) as mia:
                await mia.sees("welcome mia, presenter")
            async with page(served, "", served.links.presenter) as somebody:
                await somebody.sees("welcome presenter, presenter")
            async with page(served, "tim", served.links.guest) as tim:
                await tim.sees("welcome tim, spectator")
            assert served.links.presenter not in served.log
            assert served.links.guest not in served.log
            assert "guess" not in served.log

    asyncio.run(visit())


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_web_socket_of_another_page_is_refused(origin: str | None) -> None:
    async def visit() -> None:
        async with serving() as served, aiohttp.ClientSession() as client:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect(served.url + "ws", origin=origin)
            assert refused.value.status == 403
            assert "refused 127.0.0.1: a web socket for a page that is not ours" in served.log

    asyncio.run(visit())


def test_sizes_are_believed_within_reason() -> None:
    async def visit() -> None:
        async with serving() as served:
            async with page(served, size="width=99999&height=0") as anna:
                await anna.sees("at 500x24")
                await anna.say("resize", {"width": -5, "height": 10**9})
                await anna.sees("resized 1x200")
            async with page(served, size="width=%C2%B2&height=abc") as anna:
                await anna.sees("at 80x24")

    asyncio.run(visit())


def test_names_are_made_plain() -> None:
    async def visit() -> None:
        async with serving() as served, page(served, "\x1b[31mroot\ud800\n" + "x" * 900) as anna:
            await anna.sees("welcome 31mroot-")
            assert "\x1b" not in served.log

    asyncio.run(visit())


async def come_over_and_over(served: Somewhere) -> None:
    """Until it is too often: on a slow machine that takes one more, and another."""
    while True:
        async with page(served) as each:
            await each.farewell()


def test_there_is_room_for_so_many() -> None:
    async def visit() -> None:
        limits = Limits(per_address=2, visits_per_minute=4)
        async with serving(limits) as served, page(served) as one, page(served) as two:
            await one.sees("welcome anna")
            await two.sees("welcome anna-2")
            async with page(served) as three:
                assert await three.farewell() == "no more than 2 at a time may come from your address"
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await come_over_and_over(served)
            assert refused.value.status == 429
            assert "more than 4 connections a minute" in served.log

    asyncio.run(visit())


def test_behind_a_proxy_visitors_are_told_apart_by_what_it_adds() -> None:
    async def visit() -> None:
        url = "https://demo.example.org"
        headers = {"X-Forwarded-For": "10.9.9.9, 192.0.2.7"}
        async with (
            serving(Limits(), proxied=True, public=url) as served,
            aiohttp.ClientSession() as client,
            client.ws_connect(f"http://127.0.0.1:{served.port}/ws", origin=url, headers=headers) as opened,
        ):
            await opened.send_str('["enter", {"name": "anna", "key": ""}]')
            await until(lambda: "anna came as player from 192.0.2.7" in served.log)

    asyncio.run(visit())


def test_without_a_trusted_proxy_nobody_says_where_they_come_from() -> None:
    async def visit() -> None:
        async with serving() as served, aiohttp.ClientSession() as client:
            headers = {"X-Forwarded-For": "192.0.2.7"}
            async with client.ws_connect(served.url + "ws", origin=served.origin, headers=headers) as opened:
                await opened.send_str('["enter", {"name": "anna", "key": ""}]')
                await until(lambda: "anna came" in served.log)
                assert "192.0.2.7" not in served.log

    asyncio.run(visit())


def test_at_the_end_everybody_is_told() -> None:
    async def visit() -> None:
        async with serving() as served:
            client = aiohttp.ClientSession()
            opened = await client.ws_connect(served.url + "ws", origin=served.origin)
            await opened.send_str('["enter", {"name": "anna", "key": ""}]')
            await until(lambda: served.front.visits)
        async with asyncio.timeout(60):
            while (message := await opened.receive()).type is aiohttp.WSMsgType.BINARY:
                pass
        assert message.extra == "the playground closes; thank you for coming"
        await client.close()

    asyncio.run(visit())


def test_a_connection_that_breaks_off_ends_the_visit() -> None:
    async def visit() -> None:
        async with serving() as served:
            _, writer = await handshaken(served)
            send(writer, '["enter", {"name": "anna", "key": ""}]')
            await until(lambda: served.front.visits)
            writer.transport.abort()
            await until(lambda: "from 127.0.0.1: the connection ended\n" in served.log)
            assert served.front.visits == ()

    asyncio.run(visit())


def test_a_port_that_is_taken_is_said_in_a_line() -> None:
    async def visit() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            async with serving() as served:
                with pytest.raises(UserError, match=f"cannot listen on 127.0.0.1, port {port}: Address already in use"):
                    async with served.web.open("127.0.0.1", port):
                        pass

    asyncio.run(visit())
