"""The wire between a Session and whoever looks at it from another process: pickles, each after its length.

Only processes of one playground speak it, over a socket pair that one of them has made. A pickle can run anything,
so a socket that strangers can reach must never be read with it.

A message is read whole or not at all. The end of the stream, in whatever place, is the end of the other process:
:class:`Gone`. A socket may travel with a message, for the reader to own.
"""

from __future__ import annotations

import array
import contextlib
import pickle
import select
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Any

from playground.frame import View
from playground.pacing import Bounds
from playground.record import Record
from widgets.shapes import Tone

_HEAD = struct.Struct("!I")
_MOST = 1 << 30


class Gone(Exception):
    """Nobody is at the other end any more."""


class Wire:
    """One end. Any thread may send; one at a time may receive."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._sending = threading.Lock()

    @classmethod
    def pair(cls) -> tuple[Wire, Wire]:
        a, b = socket.socketpair()
        return cls(a), cls(b)

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def ready(self) -> bool:
        """Whether a short message can be sent without waiting for the other end."""
        try:
            return bool(select.select([], [self._socket], [], 0)[1])
        except (OSError, ValueError):  # it is closed: sending says so at once
            return True

    def send(self, message: Any, carrying: Wire | None = None) -> None:
        """Blocks while the other end is slow. Gone: it is not there. ``carrying`` stays open here, too."""
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        head = _HEAD.pack(len(data))
        with self._sending:
            try:
                if carrying is None:
                    self._socket.sendall(head + data)
                else:
                    socket.send_fds(self._socket, [head], [carrying.fileno()])
                    self._socket.sendall(data)
            except OSError as error:
                raise Gone(str(error)) from None

    def receive(self) -> tuple[Any, Wire | None]:
        """The next message, and the wire that came with it. Waits; Gone: there is none to come."""
        head, carried = self._head()
        try:
            (size,) = _HEAD.unpack(head)
            if size > _MOST:
                raise Gone(f"a message of {size} bytes")
            return pickle.loads(self._exactly(size)), carried
        except BaseException:
            if carried is not None:
                carried.close()
            raise

    def close(self) -> None:
        """The other end is told, and whoever waits here as well."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def drop(self) -> None:
        """Let go of this process's copy: whoever else has one goes on using it."""
        self._socket.close()

    def _head(self) -> tuple[bytes, Wire | None]:
        """The next head, and what came with it: a socket comes with the first byte."""
        fds = array.array("i")
        try:
            data, extra, _, _ = self._socket.recvmsg(_HEAD.size, socket.CMSG_SPACE(fds.itemsize))
        except OSError as error:
            raise Gone(str(error)) from None
        for level, kind, content in extra:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
        carried = Wire(socket.socket(fileno=fds[0])) if fds else None
        if not data:
            raise Gone("the other process has ended")
        return data + self._exactly(_HEAD.size - len(data)), carried

    def _exactly(self, size: int) -> bytes:
        data = bytearray(size)
        left = memoryview(data)
        while left:
            try:
                count = self._socket.recv_into(left)
            except OSError as error:
                raise Gone(str(error)) from None
            if not count:
                raise Gone("the other process has ended")
            left = left[count:]
        return bytes(data)


# --- to a Session --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """Call this of the Session; an answer is due if ``number`` is not 0."""

    name: str
    args: tuple[Any, ...] = ()
    number: int = 0


# --- from a Session (and its Frames, which travel as they are) -------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """Somebody is there: the process ``pid``."""

    pid: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of the way has been re-executed: 0 to 1."""

    share: float


@dataclass(frozen=True, slots=True)
class Answer:
    """To the call of that number."""

    number: int
    value: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot go on, in one line."""

    text: str


# --- where many look at one session ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Staged:
    """To a guest: another session is shown, it speaks with the wire that comes with this; none: the present again."""


@dataclass(frozen=True, slots=True)
class Chair:
    """To a session's door: somebody of that name speaks with the wire that comes with this; "": a rendering."""

    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """To a session's door: say this to whoever has that name there."""

    name: str
    text: str
    tone: Tone


# --- to the process that follows a session --------------------------------------------


@dataclass(frozen=True, slots=True)
class Means:
    """The first message: what it may ask of the machine. ``memory_bytes``: for its checkpoints, all together."""

    memory_bytes: int
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Known:
    """The session that is followed has come to this."""

    record: Record


@dataclass(frozen=True, slots=True)
class Reached:
    """It has come to this instant, and nobody has acted since what was known."""

    at_us: int


@dataclass(frozen=True, slots=True)
class Stand:
    """Let a session of ``record`` stand at ``at_us``, and speak with the wire that comes with this."""

    record: Record
    at_us: int
    view: View
    speed: float
