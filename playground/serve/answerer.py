"""What the web server answers to what is no request, or to one that it fails at: a line, and so does the logbook.

The library would send strangers their own bytes back, and its version with them, and write a line into the log for
each: here they get the same words whatever they have sent, and the same refusal over and over is one line with a count.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from aiohttp import web

from playground.serve.gate import peer
from playground.serve.logbook import Logbook
from playground.serve.pagefiles import HEADERS

NO_REQUEST = "not a request that is understood here"
FAILED = "an error in the playground itself"


class Answerer(web.RequestHandler):
    """Of one connection. ``options``: as for any handler of ``server``."""

    __slots__ = ("_logbook",)

    def __init__(
        self, server: web.Server, logbook: Logbook, *, loop: asyncio.AbstractEventLoop, **options: Any
    ) -> None:
        super().__init__(server, loop=loop, **options)
        self._logbook = logbook

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer; ConnectionError: it is too late for one."""
        why = NO_REQUEST if status < HTTPStatus.INTERNAL_SERVER_ERROR else FAILED
        what = f" ({type(exc).__name__})" if exc is not None else ""
        self._logbook.refused(peer(request.transport or self.transport), why + what)
        if request.writer.output_size > 0:
            raise ConnectionError("it was answered in part already")
        response = web.Response(status=status, text=f"playground: {why}\n", headers=HEADERS)
        response.force_close()
        return response
