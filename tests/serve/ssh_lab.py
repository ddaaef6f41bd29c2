"""An SSH server for tests: in the loop of the test with seats that echo, or a process with real ones; and clients."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import psutil
import pyte
import pytest
from ptyprocess import PtyProcess

from playground.company import Role
from playground.serve.admission import Admission
from playground.serve.front import Front, Offer
from playground.serve.keys import Keys
from playground.serve.limits import Limits
from playground.serve.logbook import Logbook
from playground.serve.messages import Programme
from playground.serve.ssh import SshServer
from playground.serve.visit import Seat, Visit
from playground.spec import ClusterSpec
from tests.screens.terminals import Terminal

PATIENCE_S = 60.0
HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")
SPEC = ClusterSpec.model_validate({"nodes": 3})
KIND = b"\x1b[?62;22c"
"""What every terminal answers, when it is asked for its kind."""
needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no ssh here")


class EchoSeat:
    """Shows what is typed, and its size; ``q`` leaves; ``w`` writes without an end, as room allows."""

    def __init__(self, visit: Visit) -> None:
        self.visit = visit
        self.typed_bytes = 0
        self._writing: asyncio.TimerHandle | None = None
        at = visit.terminal
        visit.show(f"[{visit.name} {visit.role} {at.term} {at.lang} {at.columns}x{at.rows}]\r\n".encode())

    def typed(self, data: bytes) -> None:
        self.typed_bytes += len(data)
        if data == b"q":
            self.visit.left()
        elif data == b"w":
            self._write()
        else:
            self.visit.show(data)

    def resized(self, columns: int, rows: int) -> None:
        self.visit.show(f"[{columns}x{rows}]".encode())

    async def leave(self) -> None:
        if self._writing is not None:
            self._writing.cancel()

    def _write(self) -> None:
        if room := self.visit.room():
            self.visit.show(b"." * min(room, 50_000))
        self._writing = asyncio.get_running_loop().call_later(0.001, self._write)


class Lab:
    """A server in this loop; its visitors sit on :class:`EchoSeat`."""

    def __init__(self, front: Front, server: SshServer, log: io.StringIO, seats: list[EchoSeat]) -> None:
        self.front = front
        self.server = server
        self._log = log
        self.seats = seats

    @property
    def log(self) -> str:
        return self._log.getvalue()

    async def logs(self, text: str) -> None:
        await until(lambda: text in self.log, lambda: f"{text!r} in:\n{self.log}")

    async def connect(self, user: str = "anna", **options: Any) -> asyncssh.SSHClientConnection:
        given: dict[str, Any] = {"client_keys": None, "agent_path": None, "config": [], **options}
        return await asyncssh.connect("127.0.0.1", self.server.port, username=user, known_hosts=None, **given)

    async def terminal(
        self,
        connection: asyncssh.SSHClientConnection,
        columns: int = 80,
        rows: int = 24,
        answer: bytes = KIND,
        **options: Any,
    ) -> asyncssh.SSHClientProcess[bytes]:
        """``answer``: what the terminal says at once."""
        process = await connection.create_process(
            term_type=options.pop("term_type", "xterm-256color"), term_size=(columns, rows), encoding=None, **options
        )
        if answer:
            process.stdin.write(answer)
        return process


@contextlib.asynccontextmanager
async def lab(
    *,
    limits: Limits | None = None,
    keys: Path | None = None,
    everybody: bool = True,
    passphrase: str = "",
    guests: Role = Role.PLAYER,
) -> AsyncIterator[Lab]:
    limits = limits or Limits()
    log = io.StringIO()
    logbook = Logbook(log)
    front = Front(Offer(Programme(SPEC)), limits, logbook)
    seats: list[EchoSeat] = []

    def seat(visit: Visit) -> Seat:
        seats.append(EchoSeat(visit))
        return seats[-1]

    front._seat = seat  # type: ignore[method-assign]
    read = Keys(keys, logbook.write) if keys is not None else None
    admission = Admission(guests, keys=read, everybody=everybody, passphrase=passphrase)
    async with SshServer(front, admission, HOST_KEY, limits, logbook, "127.0.0.1", 0) as server, front:
        await server.listen()
        yield Lab(front, server, log, seats)
        server.shut()


async def until(so: Callable[[], bool], what: Callable[[], str] | str = "") -> None:
    """Wait until it is so."""
    ends = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < ends, f"never came: {what() if callable(what) else what}"
        await asyncio.sleep(0.01)


async def reads(process: asyncssh.SSHClientProcess[bytes], text: bytes) -> bytes:
    """Until that has been read; all that came."""
    seen = b""
    async with asyncio.timeout(PATIENCE_S):
        while text not in seen:
            piece = await process.stdout.read(65_536)
            assert piece, f"{text!r} never came: {seen!r}"
            seen += piece
    return seen


# --- as a process, with the real client ----------------------------------------------------


class Server:
    """``playground ssh``, as a person starts it."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.log_file = folder / "log"
        files = ["--port", "0", "--log", str(self.log_file), "--host-key", str(folder / "key")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "playground", "ssh", *files, *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        self.said = b""
        while b"ctrl-c" not in self.said:
            line = self.process.stdout.readline()
            assert line, (self.said, self.process.stderr and self.process.stderr.read())
            self.said += line
        found = re.search(rb"ssh -p (\d+)", self.said)
        assert found
        self.port = int(found[1])
        passphrase = re.search(rb"passphrase is (\S+?)\)", self.said)
        self.passphrase = passphrase[1].decode() if passphrase else ""

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def logs(self, text: str) -> None:
        wait_until(lambda: text in self.log, lambda: f"{text!r} in:\n{self.log}")

    def processes(self) -> list[psutil.Process]:
        """Those that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """The exit status, and what it said at last; nothing that it has started is left."""
        children = self.processes()
        self.process.send_signal(number)
        out, error = self.process.communicate(timeout=PATIENCE_S)
        wait_until(lambda: not any(_lives(each) for each in children), lambda: f"left: {children}")
        return self.process.returncode, (out + error).decode()


def _lives(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@contextlib.contextmanager
def serving(folder: Path, *args: str) -> Iterator[Server]:
    server = Server(folder, *args)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            children = server.processes()
            server.process.kill()
            server.process.communicate()
            wait_until(lambda: not any(_lives(each) for each in children), lambda: f"left: {children}")


class Client(Terminal):
    """The ``ssh`` of OpenSSH, on a pseudo-terminal."""

    def __init__(self, server: Server, user: str, columns: int = 120, rows: int = 36, *args: str) -> None:
        options = ["UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "LogLevel=ERROR", "IdentityAgent=none"]
        if "-i" not in args:
            options.append("PubkeyAuthentication=no")
        command = ["ssh", "-F", "none", "-p", str(server.port)]
        for option in options:
            command += ["-o", option]
        self.process: Any = PtyProcess.spawn(
            [*command, *args, f"{user}@127.0.0.1"],
            dimensions=(rows, columns),
            env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8"},
        )
        self.before = termios.tcgetattr(self.process.fd)
        self.screen: Any = pyte.Screen(columns, rows)
        self._stream: Any = pyte.ByteStream(self.screen)
        self.output = b""
        self.ended = False
        self.answers = False


def run_ssh(server: Server, *args: str, timeout: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
    """The client without a terminal of its own."""
    options = ["-F", "none", "-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no"]
    options += ["-o", "BatchMode=yes", "-o", "IdentityAgent=none", "-p", str(server.port)]
    return subprocess.run(
        ["ssh", *options, *args],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def wait_until(so: Callable[[], bool], what: Callable[[], str] = lambda: "") -> None:
    ends = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < ends, f"never came: {what()}"
        time.sleep(0.02)
