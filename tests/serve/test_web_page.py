"""The page: what is served, to whom, and that it asks no other host for anything."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import aiohttp
import pytest

from playground.company import Role
from playground.kernel.errors import UserError
from playground.serve.links import Links
from playground.serve.origins import Origins, is_loopback
from playground.serve.pagefiles import page_files
from tests.serve.web_lab import Served, serving


def asked(path: str, method: str = "GET", **options: Any) -> tuple[aiohttp.ClientResponse, bytes, Served]:
    """The answer of a server to one request."""

    async def ask() -> tuple[aiohttp.ClientResponse, bytes, Served]:
        async with (
            serving() as served,
            aiohttp.ClientSession() as client,
            client.request(method, served.origin + path, allow_redirects=False, **options) as response,
        ):
            return response, await response.read(), served

    return asyncio.run(ask())


def test_the_page_asks_for_nothing_elsewhere() -> None:
    for path, file in page_files("dark").items():
        if not path.endswith((".woff2", "textual.js")):  # that script's requests are watched in a real browser
            text = file.data.decode()
            assert not re.search(
                r"""@import|(?:href|src)=["'](?:https?:)?//|url\(["']?(?:https?:)?//|fetch\(""", text
            ), path


def test_every_file_that_the_page_asks_for_is_there() -> None:
    files = page_files("light")
    wanted = re.findall(r'(?:href|src)="([^"]+)"', files["/"].data.decode())
    wanted += re.findall(r'url\("([^"]+)"\)', files["/page.css"].data.decode())
    assert len(wanted) > 8
    assert {"/" + name for name in wanted} <= set(files)
    assert b"color-scheme: light" in files["/colours.css"].data


def test_the_page_is_served_with_headers_that_keep_it_to_itself() -> None:
    response, body, _ = asked("/?name=anna")
    assert response.status == 200
    assert b"chaos playground" in body
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-cache"
    assert "aiohttp" not in response.headers["Server"]


def test_a_file_that_has_not_changed_is_not_sent_again() -> None:
    async def ask() -> None:
        async with serving() as served, aiohttp.ClientSession() as client:
            async with client.get(served.url + "textual.js") as first:
                tag = first.headers["ETag"]
                assert first.headers["Content-Encoding"] == "gzip"
                assert b"Terminal" in await first.read()
            async with client.get(served.url + "textual.js", headers={"If-None-Match": tag}) as again:
                assert again.status == 304
                assert await again.read() == b""

    asyncio.run(ask())


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/js/textual.js",
        "/download/x",
        "/page/",
        "/fonts/make.py",
        "/..%2f..%2fetc/passwd",
        "/index.html",
    ],
)
def test_nothing_else_is_served(path: str) -> None:
    response, _, _ = asked(path)
    assert response.status == 404
    assert "Content-Security-Policy" in response.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_is_taken(method: str) -> None:
    response, _, _ = asked("/", method, data=b"x" if method != "OPTIONS" else None)
    assert response.status == 405


def test_head_tells_of_a_file_without_sending_it() -> None:
    response, body, _ = asked("/page.js", "HEAD")
    assert (response.status, body) == (200, b"")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1:1", "127.0.0.1.evil.example", "", "a b", "[::1"]
)
def test_a_host_that_is_not_ours_gets_nothing(host: str) -> None:
    response, body, served = asked("/", headers={"Host": host})
    assert response.status == 421
    assert b"playground: a Host that is not ours" in body
    assert "refused 127.0.0.1: a Host that is not ours" in served.log
    assert "evil" not in served.log


def test_hosts_and_origins_on_loopback() -> None:
    ours = Origins("127.0.0.1", 8000)
    assert ours.url == "http://127.0.0.1:8000/"
    for host in ("127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"):
        assert ours.host(host), host
        assert ours.origin(f"http://{host}", host), host
    for host in (
        "127.0.0.1",
        "localhost:80",
        "192.0.2.7:8000",
        "localhost.evil:8000",
        "localhost:8000@evil",
        "0x7f.1:8000",
    ):
        assert not ours.host(host), host
        assert not ours.origin(f"http://{host}", host), host
    for origin in ("", "null", "https://localhost:8000", "file://", "http:localhost:8000", "http://localhost:8000/"):
        assert not ours.origin(origin, "localhost:8000"), origin


def test_elsewhere_any_address_as_a_number_is_ours_but_no_name_that_we_do_not_know() -> None:
    ours = Origins("0.0.0.0", 8000)
    assert ours.host("192.0.2.7:8000")
    assert ours.origin("http://192.0.2.7:8000", "192.0.2.7:8000")
    assert not ours.host("evil.example:8000")
    assert not ours.origin("http://evil.example:8000", "evil.example:8000")
    assert not ours.origin("http://evil.example:8000", "192.0.2.7:8000")


def test_a_page_at_another_address_on_the_same_port_is_not_ours() -> None:
    everywhere, here = Origins("0.0.0.0", 8000), Origins("127.0.0.1", 8000)
    assert not everywhere.origin("http://203.0.113.9:8000", "192.0.2.7:8000")
    assert not everywhere.origin("http://192.0.2.7:8000", "")
    assert not here.origin("http://127.0.0.2:8000", "127.0.0.1:8000")
    assert not here.origin("http://localhost:8000", "127.0.0.1:8000")


def test_a_public_address_is_ours_too() -> None:
    ours = Origins("127.0.0.1", 8000, "https://demo.example.org")
    assert ours.url == "https://demo.example.org/"
    assert ours.host("demo.example.org")
    assert ours.host("demo.example.org:443")
    assert ours.host("127.0.0.1:8000")
    assert ours.origin("https://demo.example.org", "127.0.0.1:8000")
    assert not ours.origin("http://demo.example.org", "demo.example.org")
    assert not ours.host("demo.example.org:8000")
    assert not ours.host("org")


@pytest.mark.parametrize(
    "url", ["demo.example.org", "ftp://x", "https://", "https://a b", "https://x?y=1", "https://[::1", "https://x/\n"]
)
def test_a_public_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="--public-url"):
        Origins("127.0.0.1", 8000, url)


def test_loopback() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "127.8.8.8")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "192.0.2.7", "example.org")] == [False] * 4


def test_a_link_says_what_somebody_is_here_for() -> None:
    links = Links(Role.SPECTATOR, open_to_all=True, presented=True)
    assert links.role_of("") is Role.SPECTATOR
    assert links.role_of(links.presenter) is Role.PRESENTER
    assert links.role_of(links.presenter[:-1]) is None
    assert links.role_of("\ud800é") is None
    closed = Links(Role.PLAYER, open_to_all=False, presented=False)
    assert closed.role_of("") is None
    assert closed.role_of(closed.guest) is Role.PLAYER
    assert closed.presenter == ""
