"""Visitors in a browser: a page with a terminal in it, and a web socket behind it.

The page's terminal is that of textual-serve, and speaks its protocol (:mod:`.socketline`); a visit is the same as over
SSH: the same seats, roles and limits. What strangers send is judged in this order, and whatever is odd ends their
connection with one line in the logbook:

1. the connection (:mod:`.gate`), and whether it speaks HTTP (:mod:`.answerer`),
2. how often it asks, ``Host`` and ``Origin`` (:mod:`.origins`), 3. how often that address has come,
4. the first message: who, and by which link (:mod:`.links`), 5. whether there is room (:mod:`.front`),
6. each further message: its size, its form, how many of them there are (:mod:`.webvisit`).

Nothing is served but the few files of :mod:`.pagefiles`; nothing is taken.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from ipaddress import ip_address

from aiohttp import web

from playground.serve.answerer import Answerer
from playground.serve.front import Front
from playground.serve.gate import Gate, Gated, peer
from playground.serve.guard import Guard
from playground.serve.limits import Limits
from playground.serve.links import Links
from playground.serve.listening import cannot_listen
from playground.serve.logbook import Logbook
from playground.serve.origins import Origins
from playground.serve.pagefiles import HEADERS, page_files
from playground.serve.webvisit import WebVisits

KEPT_S = 5.0
"""A connection that has brought a file waits so long for the next request."""
CLOSING_S = 2.0
"""Answers under way have so long at the end."""


class Web:
    """The web server of one front. ``public``: where people find it, if that is elsewhere; ``proxied``: the last
    address of X-Forwarded-For is the visitor's."""

    def __init__(
        self,
        front: Front,
        limits: Limits,
        logbook: Logbook,
        links: Links,
        *,
        theme: str = "dark",
        public: str = "",
        proxied: bool = False,
    ) -> None:
        self._limits = limits
        self._logbook = logbook
        self._public = public
        self._proxied = proxied
        self._files = page_files(theme)
        self._guard = Guard(limits)
        self._asked = Guard(replace(limits, visits_per_minute=limits.visits_per_minute * (len(self._files) + 2)))
        self._gate = Gate(limits, logbook, proxied=proxied)
        self._visits = WebVisits(front, limits, logbook, links)
        self._origins: Origins | None = None

    @asynccontextmanager
    async def open(self, host: str, port: int) -> AsyncIterator[Origins]:
        """Open for visitors within the block; ``port`` 0: a free one. Yields where that is.

        UserError: one can't listen there.
        """
        Origins(host, port, self._public)  # is it an address at all?
        runner = web.AppRunner(self._app(), shutdown_timeout=CLOSING_S)
        await runner.setup()
        try:
            server = await self._listen(runner, host, port)
            try:
                self._origins = Origins(host, server.sockets[0].getsockname()[1], self._public)
                yield self._origins
            finally:
                server.close()
                await self._visits.close()
        finally:
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner, host: str, port: int) -> asyncio.Server:
        asked, logger, loop = runner.server, _one_line_each(self._logbook), asyncio.get_running_loop()
        assert asked is not None

        def answerer() -> asyncio.Protocol:
            inner = Answerer(
                asked,
                self._logbook,
                loop=loop,
                access_log=None,
                logger=logger,
                keepalive_timeout=KEPT_S,
                lingering_time=0.0,
            )
            return Gated(inner, self._gate)

        try:
            return await loop.create_server(answerer, host, port, backlog=64)
        except OSError as error:
            raise cannot_listen(host, port, error) from None

    def _app(self) -> web.Application:
        @web.middleware
        async def checked(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            assert self._origins is not None
            if self._asked.often(self._address(request), time.monotonic()):
                return self._refuse(request, 429, "more requests in a minute than pages make")
            if not self._origins.host(request.headers.get("Host", "")):
                return self._refuse(request, 421, "a Host that is not ours")
            return await handler(request)

        app = web.Application(middlewares=[checked])
        app.on_response_prepare.append(_add_headers)
        app.router.add_get("/ws", self._socket, allow_head=False)
        for path in self._files:
            app.router.add_get(path, self._file)
        return app

    # --- what is asked for ---------------------------------------------------------------

    async def _file(self, request: web.Request) -> web.Response:
        file = self._files[request.path]
        headers = {"Cache-Control": "no-cache", "ETag": f'"{file.tag}"', "Vary": "Accept-Encoding"}
        if any(tag.value == file.tag for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = file.kind
        if file.small and "gzip" in request.headers.get("Accept-Encoding", ""):
            return web.Response(body=file.small, headers=headers | {"Content-Encoding": "gzip"})
        return web.Response(body=file.data, headers=headers)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        assert self._origins is not None
        if not self._origins.origin(request.headers.get("Origin", ""), request.headers.get("Host", "")):
            return self._refuse(request, 403, "a web socket for a page that is not ours")
        if not web.WebSocketResponse().can_prepare(request):
            return self._refuse(request, 400, "not a web socket")
        address = self._address(request)
        if why := self._guard.often(address, time.monotonic()):
            return self._refuse(request, 429, why)
        entered = asyncio.get_running_loop().create_future()
        entered.add_done_callback(lambda _: self._gate.passed(request.transport))
        return await self._visits.receive(request, address, entered)

    def _refuse(self, request: web.Request, status: int, why: str) -> web.Response:
        self._logbook.refused(self._address(request), why)
        response = web.Response(status=status, text=f"playground: {why}\n")
        response.force_close()
        return response

    def _address(self, request: web.Request) -> str:
        if self._proxied:
            last = request.headers.getall("X-Forwarded-For", [""])[-1].rpartition(",")[2].strip()
            with suppress(ValueError):
                return str(ip_address(last))
        return peer(request.transport)


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)


def _one_line_each(logbook: Logbook) -> logging.Logger:
    """What the web server has to complain about, without its tracebacks."""

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            what = f" ({type(error).__name__})" if error is not None else ""
            logbook.write(f"the web server: {record.getMessage()}{what}")

    logger = logging.Logger("playground.serve.web", logging.WARNING)
    logger.addHandler(Lines())
    return logger
