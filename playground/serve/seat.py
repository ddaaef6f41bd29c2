"""The seat of a visitor who acts: a process on a pseudo-terminal (:mod:`playground.serve.player`), seen from the front.

* Nothing here waits for the process or for the visitor. What the process draws is read only as far as the visitor's
  line has room: the app notices that its terminal is behind, and draws less. What the visitor types is kept only as far
  as a person can type ahead; beyond that a process that does not read loses it.
* The process gets nothing of ours but what it needs: an environment made from nothing, three streams on its terminal,
  the wire of its :class:`Brief`. It leads a session of its own.
* A seat ends in three ways: the process ends by itself; the visit leaves it; it takes more than it may
  (:mod:`playground.serve.watch`). In all of them every process that came of it is gone in the end: asked first, by the
  end of the wire, so that the terminal is put back in order, then told, then killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import time
from dataclasses import replace
from secrets import token_hex

from playground.company import Role
from playground.remote.wire import Gone, Wire
from playground.serve.launch import environment, resize, started
from playground.serve.limits import Limits
from playground.serve.logbook import plain
from playground.serve.messages import Brief, Full
from playground.serve.visit import Visit
from playground.serve.watch import MARK, Watch

CHUNK_BYTES = 16_384
AHEAD_BYTES = 4_096
"""What may be typed ahead of a process that does not read."""
AGAIN_S = 0.03
"""A line without room is looked at again after so long."""
ASKED_S, TOLD_S, KILLED_S = 1.5, 2.3, 2.8
"""After being left: until then the process may end by itself, then on SIGTERM, then it is killed."""
LEFT_S = 0.6
"""What a process has started ends within so long after it, or is killed."""
POLL_S = 0.02
SAID_BYTES = 300
"""Of what the process says about its end."""


class PlayerSeat:
    """Begins at once. ``wire``: to the hall, which is dropped here; None: the visitor has a session of their own."""

    def __init__(self, visit: Visit, brief: Brief, wire: Wire | None, limits: Limits) -> None:
        self._visit = visit
        self._loop = asyncio.get_running_loop()
        self._ahead = bytearray()
        """Typed, and not taken yet."""
        self._said = b""
        self._asked = False
        """To end: nobody has to be told that it has."""
        self._mute = False
        self._over = asyncio.Event()
        """The process has ended, or is to."""
        self._drained = asyncio.Event()
        """There is nothing more to come from the terminal."""
        self._master, slave = os.openpty()
        self._control, there = socket.socketpair()
        try:
            mark = token_hex(8)
            self._process = started(slave, there, {**environment(visit.terminal), MARK: mark}, visit.terminal)
            if brief.role is Role.PRESENTER:  # what they go back to is for everybody, and nothing to be cut for
                limits = replace(limits, cpu_share=0.0, memory_bytes=0)
            with contextlib.suppress(Gone):  # its end is told like any other
                Wire(self._control).send(replace(brief, cpu_s=limits.session_s * limits.cpu_share), wire)
        except BaseException:
            os.close(self._master)
            self._control.close()
            raise
        finally:
            os.close(slave)
            there.close()
            if wire is not None:
                wire.drop()
        self._control.setblocking(False)
        os.set_blocking(self._master, False)
        self._loop.add_reader(self._control, self._hear)
        self._loop.add_reader(self._master, self._read)
        self._watch = Watch(self._process.pid, mark, limits, visit.end, self._warn)
        self._task = self._loop.create_task(self._attend())

    @property
    def pid(self) -> int:
        return self._process.pid

    def typed(self, data: bytes) -> None:
        if not self._over.is_set():
            idle = not self._ahead
            self._ahead += data[: AHEAD_BYTES - len(self._ahead)]
            if idle:
                self._write()

    def resized(self, columns: int, rows: int) -> None:
        if not self._over.is_set():
            resize(self._master, columns, rows)

    async def leave(self) -> None:
        """As agreed; who does not wait for it any more is shown nothing more."""
        self._asked = True
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_WR)
        self._over.set()
        try:
            await asyncio.shield(self._task)
        except asyncio.CancelledError:
            self._mute = True
            raise

    # --- between the terminal and the line ---------------------------------------------

    def _read(self) -> None:
        room = CHUNK_BYTES if self._mute else min(CHUNK_BYTES, self._visit.room())
        if not room:
            self._loop.remove_reader(self._master)
            self._loop.call_later(AGAIN_S, self._read_again)
            return
        try:
            data = os.read(self._master, room)
        except BlockingIOError:
            return
        except OSError:  # as a terminal says that nobody has it open any more
            data = b""
        if not data:
            self._loop.remove_reader(self._master)
            self._drained.set()
        elif not self._mute:
            self._visit.show(data)

    def _read_again(self) -> None:
        if self._master >= 0 and not self._drained.is_set():
            self._loop.add_reader(self._master, self._read)

    def _write(self) -> None:
        try:
            del self._ahead[: os.write(self._master, self._ahead)]
        except BlockingIOError:
            pass
        except OSError:
            self._ahead.clear()
        if self._ahead:
            self._loop.add_writer(self._master, self._write)
        else:
            self._loop.remove_writer(self._master)

    def _hear(self) -> None:
        """The process says why it ends, or has ended."""
        try:
            data = self._control.recv(SAID_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._said = (self._said + data)[:SAID_BYTES]
        if not data:
            self._loop.remove_reader(self._control)
            self._over.set()

    def _warn(self) -> None:
        with contextlib.suppress(Gone):
            Wire(self._control).send(Full())

    # --- the end -------------------------------------------------------------------------

    async def _attend(self) -> None:
        watching = self._loop.create_task(self._watch.keep())
        try:
            await self._over.wait()
            watching.cancel()
            await self._end()
        finally:
            self._let_go()
        if not self._asked:
            self._asked = True
            self._visit.left(self._why())

    async def _end(self) -> None:
        """Until none of the processes is left, and the visitor has been shown what they drew last."""
        began_s = time.monotonic()
        self._loop.remove_writer(self._master)
        ended_s, told = 0.0, False
        self._watch.look()
        while (after_s := time.monotonic() - began_s) < KILLED_S:
            if not ended_s and self._process.poll() is not None:
                ended_s = after_s + POLL_S
            left = self._watch.alive()
            if ended_s and self._drained.is_set() and not left:
                break
            if after_s >= TOLD_S or (ended_s and left and after_s >= ended_s + LEFT_S):
                self._watch.kill()
            elif after_s >= ASKED_S and not told and not ended_s:
                told = True
                self._process.send_signal(signal.SIGTERM)
            await asyncio.sleep(POLL_S)
        await asyncio.to_thread(self._process.wait)

    def _let_go(self) -> None:
        for fd in (self._master, self._control.fileno()):
            self._loop.remove_reader(fd)
            self._loop.remove_writer(fd)
        self._control.close()
        os.close(self._master)
        self._master = -1

    def _why(self) -> str:
        """Why it has ended by itself; "": the visitor has left it."""
        said = plain(self._said.decode(errors="replace").strip())
        if said or not self._process.returncode:
            return said
        return "the process of your seat has failed"
