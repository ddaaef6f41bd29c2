"""A driver that survives its terminal, whatever comes from there and however slowly it reads.

Textual's driver hands what is drawn to a thread with a queue of 30; when a terminal does not read, the queue fills up
and the app waits in the middle of its event loop: no key is heard any more, not even ``q``, and a process whose window
is gone waits for ever. Its reader and its way through SIGSTOP have weaknesses of their own. Rules kept here:

* Nothing waits for the terminal: :mod:`playground.screens.outlet`.
* While it has not taken what was drawn, nothing further is drawn (:class:`Patient`): a slow terminal gets fewer
  pictures, each of them new, and the world goes on at its own pace. What a picture left out, the next one brings, as
  the encoder compares with what has been sent.
* What is read is not trusted: :mod:`playground.screens.intake`.
* Stopped by ctrl-z or SIGTSTP, the terminal is as it was before. After SIGCONT the modes are set again, also if it was
  stopped by force and a shell has changed them; in the background the app stops again, unless it is about to end.
* A signal handler only asks the loop: one may interrupt another, and what the first has read is old by then.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from playground.screens.intake import Intake
from playground.screens.outlet import Outlet
from playground.screens.pulse import QUESTION, Pulse

if TYPE_CHECKING:
    _Base = App[None]
else:
    _Base = object

LARGEST = 1_000, 500
"""Columns and lines that the app draws at most: no screen has more, but a size may be a mistake."""
SETTLED_S = 0.1
LOOK_S = 0.02
"""So often a picture that waits looks whether the terminal is ready."""


class SurvivingDriver(LinuxDriver):
    """The driver; :func:`surviving` chooses it."""

    _outlet: Outlet | None = None
    _running = False
    """The terminal is in the app's modes."""
    _suspended = False
    """Stopped in the ordinary way: the terminal is in its own modes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._pulse = Pulse()
        self._told: Size | None = None

    # --- starting and stopping ------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take the terminal, unless this process may not (then it is stopped by now, or will be)."""
        self._outlet = Outlet.of(sys.__stderr__, self._loop) if sys.__stderr__ is not None else None
        self._pulse.forget()
        self._told = None
        self._writer_thread = None
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._running = self._writer_thread is not None
        if self._running:
            signal.signal(signal.SIGWINCH, lambda *_: self._soon(self._ask_size))

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was; what it has not read of the pictures is taken back after a moment."""
        if not self._running:
            return
        self._running = False
        if self._outlet is not None and not self._outlet.drained():
            self._outlet.take_back()
        super().stop_application_mode()

    def close(self) -> None:
        if self._outlet is not None:
            self._outlet.close()
            self._outlet = None
        if self._writer_thread is not None:
            super().close()
            self._writer_thread = None

    def _query_in_band_window_resize(self) -> None:
        """The kernel tells the size, and of the mouse the cell is enough."""

    def _get_terminal_size(self) -> tuple[int, int]:
        columns, rows = super()._get_terminal_size()
        return max(1, min(columns, LARGEST[0])), max(1, min(rows, LARGEST[1]))

    def _ask_size(self) -> None:
        """Tell the app of the size, now and once more: the signal may come before the kernel has noted the new one."""
        self._tell_size()
        self._loop.call_later(SETTLED_S, self._tell_size)

    def _tell_size(self) -> None:
        size = Size(*self._get_terminal_size())
        if self._running and size != self._told:
            self._told = size
            self._app.post_message(events.Resize(size, size))

    # --- stopped, and back ----------------------------------------------------------

    def _sigtstp_application(self, *_: Any) -> None:
        self._soon(self._suspend)

    def _sigcont_application(self, *_: Any) -> None:
        self._soon(self._go_on)

    def _soon(self, act: Any) -> None:
        with suppress(RuntimeError):  # the loop is over, and with it the app
            self._loop.call_soon_threadsafe(act)

    def _suspend(self) -> None:
        if self._running and self._auto_restart:
            self.suspend_application_mode()
            self._suspended = True
        os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        """After SIGCONT, whatever it was that had stopped us."""
        if self._app._exit or not self._auto_restart:
            return
        if os.tcgetpgrp(self.fileno) != os.getpgrp():
            os.kill(os.getpid(), signal.SIGSTOP)
        elif self._suspended:
            self._suspended = False
            self._must_signal_resume = True
            self.start_application_mode()
        elif self._running:  # stopped by force: only we know what the terminal was like before
            before = self.attrs_before
            self.disable_input()
            self.close()
            self.start_application_mode()
            self.attrs_before = before

    # --- out ------------------------------------------------------------------------

    def write(self, data: str) -> None:
        if self._outlet is not None:
            self._outlet.write(data)
        elif self._writer_thread is not None:
            super().write(data)

    def flush(self) -> None:
        if self._outlet is not None:
            self._outlet.flush()

    @property
    def ready(self) -> bool:
        """Whether the terminal has taken what was drawn before."""
        return self._outlet is None or (not self._outlet.pending and self._pulse.ready(time.monotonic()))

    @property
    def written(self) -> int:
        return self._outlet.written if self._outlet is not None else 0

    def drew(self, size_bytes: int) -> None:
        """A picture of that size has been written."""
        if self._pulse.answers and size_bytes:
            self._pulse.asked(time.monotonic(), size_bytes)
            self.write(QUESTION)
            self.flush()

    # --- in -------------------------------------------------------------------------

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:
            self._soon(partial(self._app._handle_exception, error))

    def run_input_thread(self) -> None:
        intake = Intake(self.fileno, self.exit_event, self._app._message_queue.qsize)
        for message in intake.messages():
            self.process_message(message)
        if intake.gone:
            os.kill(os.getpid(), signal.SIGHUP)  # as the kernel does where the terminal is our own

    def process_message(self, message: Message) -> None:
        if isinstance(message, TerminalSupportsSynchronizedOutput):
            known = self._pulse.answers
            self._soon(self._answered)
            if known:
                return
        super().process_message(message)

    def _answered(self) -> None:
        self._pulse.answered(time.monotonic())


class Patient(_Base):
    """Mixed into an app before ``TerseDisplay``: draws nothing while the terminal is behind, and then what is new."""

    _owes = False

    def _display(self, screen: Any, renderable: Any) -> None:
        driver = self._driver
        if not isinstance(driver, SurvivingDriver):
            super()._display(screen, renderable)
        elif driver.ready:
            before = driver.written
            super()._display(screen, renderable)
            driver.drew(driver.written - before)
        elif not self._owes:
            self._owes = True
            self.set_timer(LOOK_S, self._look_again)

    def _look_again(self) -> None:
        if isinstance(self._driver, SurvivingDriver) and not self._driver.ready:
            self.set_timer(LOOK_S, self._look_again)
            return
        self._owes = False
        self.refresh()


def surviving(kind: type[Driver]) -> type[Driver]:
    """``kind``, made to survive its terminal, if it is the one of terminals; others are left as they are."""
    return SurvivingDriver if kind is LinuxDriver else kind


def give_back(driver: Driver | None) -> None:
    """Put the terminal back into its modes, should the app have ended without doing so."""
    if isinstance(driver, SurvivingDriver):
        with suppress(Exception):
            driver.stop_application_mode()
        with suppress(Exception):
            driver.close()
