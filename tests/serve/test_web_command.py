"""``playground web`` as people start it: what it prints, who comes in, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil
import pytest

from tests.serve.web_lab import DEADLINE_S, page

COMMAND = (sys.executable, "-m", "playground", "web")


@dataclass
class Running:
    """A playground on the web. ``url``: without what stands after the #; ``said``: on standard output."""

    process: asyncio.subprocess.Process
    said: str = ""
    rest: str = ""
    logged: str = ""
    left: list[psutil.Process] = field(default_factory=list)
    """Of its processes, those that live on after it."""

    def found(self, pattern: str) -> str:
        match = re.search(pattern, self.said)
        assert match is not None, self.said
        return match[1]

    @property
    def url(self) -> str:
        return self.found(r"come in +(http://[^/]+/)")

    @property
    def presenter(self) -> str:
        return self.found(r"to present +http://[^/]+/#key=(\S+)")

    @property
    def guest(self) -> str:
        return self.found(r"come in +http://[^/]+/#key=(\S+)")

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; the exit status."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(number)
        async with asyncio.timeout(DEADLINE_S):
            self.rest = (await self.process.stdout.read()).decode()
            self.logged = (await self.process.stderr.read()).decode()
            status = await self.process.wait()
        self.left = [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
        return status


@asynccontextmanager
async def running(*options: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "--port", "0", *options), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    started = Running(process)
    try:
        async with asyncio.timeout(DEADLINE_S):
            while "ctrl-c" not in started.said:
                line = (await process.stdout.readline()).decode()
                assert line, "it has ended"
                started.said += line
        yield started
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_everybody_gets_a_cluster_and_is_told_at_the_end() -> None:
    async def serve() -> None:
        async with running("--preset", "small", "--seed", "5") as web:
            assert "everybody gets a cluster of their own" in web.said
            assert "to present" not in web.said
            assert "anybody on this machine" in web.said
            async with page(web, "anna") as anna:
                await anna.draws("1 ring")
                await anna.say("stdin", " ")
                await anna.draws("paused")
                ending = asyncio.create_task(web.end(signal.SIGINT))
                assert await anna.farewell() == "the playground closes; thank you for coming"
                assert b"\x1b[?1049l" in anna.shown
            assert await ending == 130
            assert web.left == []
            assert "Traceback" not in web.logged
            assert "anna came as player from 127.0.0.1 (in a browser)" in web.logged

    asyncio.run(serve())


def test_a_presenter_acts_and_whoever_watches_sees_it() -> None:
    async def serve() -> None:
        async with (
            running("--shared", "--preset", "small", "--seed", "5") as web,
            page(web, "mia", web.presenter) as mia,
            page(web, "sam") as sam,
        ):
            await asyncio.gather(mia.draws("you present"), sam.draws("you are watching"))
            await mia.say("stdin", "x")
            await sam.draws("down n")
            await sam.say("stdin", "x")
            await sam.draws("a presenter can lend you the keyboard")
            await sam.say("stdin", "q")
            assert await sam.farewell() == "quit"
            assert await web.end() == 143
            assert web.left == []
            assert "1 command, digest" in web.rest
            assert web.presenter not in web.logged
            assert "Traceback" not in web.logged

    asyncio.run(serve())


def test_where_others_reach_it_one_comes_in_by_a_link() -> None:
    async def serve() -> None:
        async with running("--host", "0.0.0.0", "--preset", "small", "--log", "/dev/stderr") as web:
            assert "whoever has that link" in web.said

            @dataclass
            class Here:
                url: str = f"http://127.0.0.1:{web.url.rstrip('/').rpartition(':')[2]}/"

            async with page(Here()) as stranger:
                assert await stranger.farewell() == "one comes in by a link only"
            async with page(Here(), "anna", web.guest) as anna:
                await anna.draws("1 ring")
            assert await web.end() == 143
            assert web.left == []

    asyncio.run(serve())


def test_where_a_proxy_is_in_front_one_comes_in_by_a_link() -> None:
    async def serve() -> None:
        async with running("--trust-proxy", "--preset", "small") as web:
            assert "whoever has that link" in web.said
            assert web.guest
            assert await web.end() == 143

    asyncio.run(serve())


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--public-url", "demo"), "--public-url: 'demo' is no address; write it like https://demo.example.org"),
        (("--host", "no.such.host.invalid"), "cannot listen on no.such.host.invalid, port 0: no such address here"),
        (("--each", "--shared"), "--each and --shared: choose one of them"),
        (("--memory", "100MB"), "--memory: '100MB' is too little for a visit: at least 200MB"),
        (("--log", "/nonexistent/log"), "--log: /nonexistent/log: No such file or directory"),
    ],
)
def test_mistakes_are_one_line(options: tuple[str, ...], complaint: str) -> None:
    async def serve() -> None:
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, "--port", "0", *options), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(DEADLINE_S):
            out, err = await process.communicate()
        assert (process.returncode, out.decode(), err.decode()) == (2, "", f"playground: {complaint}\n")

    asyncio.run(serve())
