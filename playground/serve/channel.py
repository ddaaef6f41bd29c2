"""The terminal of one visitor over SSH: becomes a visit when a shell on a terminal is asked for, and nothing else does.

Whoever asks for anything else is told so on standard error, and has the exit status 1. The terminal is asked first how
many colours it has, which takes a moment; a room full of people who come at once is no flood of logins meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

import asyncssh

from playground.serve.asking import Asking
from playground.serve.colors import TRUE, to_ask
from playground.serve.connection import Connection
from playground.serve.front import Front, Refused
from playground.serve.line import Terminal, terminal
from playground.serve.visit import Caller, Visit

SETTLED_S = 0.05
"""A terminal that is being resized has many sizes on the way; the last one counts."""
FAREWELL_S = 5.0
"""A client has so long to read what it was told last, and to close."""
CHECK_S = 1.0
ENVIRONMENT_BYTES = 16_384
"""What a client may tell of its environment; the library keeps all of it."""


class SshLine:
    """See :class:`playground.serve.line.Line`."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], connection: Connection) -> None:
        self._channel = channel
        self._connection = connection

    def write(self, data: bytes) -> None:
        with contextlib.suppress(OSError):  # it is closed: the visit hears of that
            self._channel.write(data)

    @property
    def backlog(self) -> int:
        return self._channel.get_write_buffer_size() + self._connection.unsent

    def hang_up(self, status: int = 0) -> None:
        with contextlib.suppress(OSError):
            self._channel.exit(status)
        self._connection.drop_after(FAREWELL_S)

    def drop(self) -> None:
        self._connection.drop()


class Channel(asyncssh.SSHServerSession[bytes]):
    """``begun``: hears when they have asked for something, and whether that is what there is.

    ``turned_away``: hears why there is no room for them.
    """

    def __init__(
        self,
        connection: Connection,
        front: Front,
        caller: Caller,
        begun: Callable[[bool], None],
        turned_away: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._front = front
        self._caller = caller
        self._begun = begun
        self._turned_away = turned_away
        self._term = ""
        self._size: tuple[int, int] | None = None
        self._refusal = ""
        self._asking: Asking | None = None
        self._visit: Visit | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._checking: asyncio.TimerHandle | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan
        self._line = SshLine(chan, self._connection)
        self._check()

    # --- what is asked for ---------------------------------------------------------------

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        self._term, self._size = term_type, term_size[:2]
        return True

    def shell_requested(self) -> bool:
        if self._size is None:
            self._connection.refuse("a shell without a terminal")
            self._refusal = "there is only a terminal to look at, so one is needed: ssh -t"
        return True

    def exec_requested(self, command: str) -> bool:
        self._connection.refuse("a command")
        self._refusal = "no commands are run here; come without one"
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        self._connection.refuse("a subsystem")
        self._refusal = "there are no files and no subsystems here"
        return True

    def session_started(self) -> None:
        self._begun(not self._refusal)
        if not self._refusal and to_ask(self._screen().term):
            self._asking = Asking(self._line, self._seat, self._typed)
        else:
            self._seat(False)

    def _seat(self, true: bool) -> None:
        """``true``: the terminal has said that it shows all colours."""
        if not self._refusal:
            try:
                self._visit = self._front.admit(self._caller, self._line, self._screen(TRUE if true else None))
                self._connection.visited = True
            except Refused as error:
                self._turned_away(str(error))
                self._refusal = str(error)
        if self._refusal:
            with contextlib.suppress(OSError):
                self._channel.write_stderr(f"playground: {self._refusal}\r\n".encode())
            self._line.hang_up(1)

    def _screen(self, colors: int | None = None) -> Terminal:
        said = self._channel.get_environment_bytes()
        lang = next((said[name] for name in (b"LC_ALL", b"LC_CTYPE", b"LANG") if said.get(name)), b"")
        assert self._size is not None
        return terminal(self._term, lang.decode("ascii", "replace"), *self._size, colors)

    # --- what comes of it ----------------------------------------------------------------

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        if self._asking is not None:
            self._asking.hear(data)
        else:
            self._typed(data)

    def _typed(self, data: bytes) -> None:
        if self._visit is not None:
            self._visit.typed(data)

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        self._size = width, height
        if self._settling is None:
            self._settling = asyncio.get_running_loop().call_later(SETTLED_S, self._resized)

    def _resized(self) -> None:
        self._settling = None
        if self._visit is not None and self._size is not None:
            self._visit.resized(*self._size)

    def eof_received(self) -> bool:
        if self._visit is not None:
            self._visit.left()
        elif self._asking is not None:
            self._asking.close()
            self._line.hang_up()
        return True  # what is left to say can still be said

    def break_received(self, msec: int) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._settling, self._checking):
            if timer is not None:
                timer.cancel()
        if self._asking is not None:
            self._asking.close()
        if self._visit is not None:
            self._visit.gone(self._connection.cut_because)
        # The terminal is closed at both ends; there is nothing else on this connection.
        self._connection.leave()

    def _check(self) -> None:
        """Once in a while: the library keeps whatever is said of an environment, at any time."""
        said = self._channel.get_environment_bytes()
        if sum(len(name) + len(value) for name, value in said.items()) > ENVIRONMENT_BYTES:
            self._connection.cut("too much of an environment")
        self._checking = asyncio.get_running_loop().call_later(CHECK_S, self._check)
