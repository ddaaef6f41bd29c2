"""All cores of this machine: a pool of processes that outlives its workers.

Pebble's pool, not the standard library's: there a worker that dies breaks the whole pool, and one that hangs cannot
be ended. Here the task of either is answered with :class:`.engine.Lost`, and a new worker takes its place.

Workers are forked from a server process that has imported everything already and has no threads: they are there in
milliseconds, and safe. Where there is no fork they are started afresh. They ignore Ctrl-C from their first
moment on: their parent ends them. If it dies before it can, they go by themselves.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, TimeoutError, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import connection
from multiprocessing.context import BaseContext
from multiprocessing.synchronize import Semaphore
from typing import Any

from pebble import ProcessExpired
from pebble import ProcessPool as PebblePool

from playground.sweeps.engine import Lost, Result, Task

GLANCE_S = 0.1
"""How often somebody who waits for answers looks whether he shall stop."""
QUEUED = 2
"""Tasks in flight for each worker: one under way, one that it can begin at once."""
TRIES = 3
"""How often the tasks of a pool that broke as a whole (a worker killed between two tasks) are given to a new one."""
UP_S = 10
"""How long somebody who closes waits for workers that are still on their way up."""
_PRELOADED = ["playground.sweeps.trial"]


class ProcessPool:
    """``jobs`` worker processes (default: one a core); a task that takes longer than ``limit_s`` is given up."""

    def __init__(self, jobs: int | None = None, limit_s: float = 600) -> None:
        self.width = jobs or cores()
        self.limit_s = limit_s
        self._context = _context()
        self._stopped = threading.Event()
        self._closed = False
        self._up = self._context.Semaphore(0)
        """How many workers have come up."""
        self._pool = self._new()

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Lost]]:
        waiting = iter(tasks)
        flying: dict[Future[Any], tuple[Task, int]] = {}
        """Future -> its task, and how often that has been tried."""
        try:
            while not self._stopped.is_set():
                for task in islice(waiting, self.width * QUEUED - len(flying)):
                    flying[self._schedule(function, task)] = (task, 1)
                if not flying:
                    return
                done, _ = wait(flying, timeout=GLANCE_S, return_when=FIRST_COMPLETED)
                for future in done:
                    task, tries = flying.pop(future)
                    answer = self._answer(future)
                    if answer is None and tries < TRIES:
                        flying[self._schedule(function, task)] = (task, tries + 1)
                    else:
                        yield task, answer if answer is not None else Lost("the worker processes died")
        finally:
            for future in flying:
                future.cancel()

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._end()

    def _end(self) -> None:
        # A worker whose parent tidies up while it is still being born complains at length.
        for _ in range(self.width):
            if not self._up.acquire(timeout=UP_S):
                break
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def _answer(self, future: Future[Any]) -> Any:
        """What became of a task; None: nobody began with it, since the pool broke."""
        try:
            return future.result()
        except TimeoutError:
            return Lost(f"no answer within {self.limit_s:g} s")
        except ProcessExpired as error:
            return Lost(f"the worker process died ({_exit(error.exitcode)})")
        except (BrokenProcessPool, CancelledError):
            return None
        except Exception as error:
            return Lost(f"{type(error).__name__}: {error}")

    def _schedule(self, function: Callable[[Task], Any], task: Task) -> Future[Any]:
        if not self._pool.active:
            self._end()
            self._pool = self._new()
        return self._pool.schedule(function, args=(task,), timeout=self.limit_s)

    def _new(self) -> PebblePool:
        pool = PebblePool(self.width, initializer=_come_up, initargs=(self._up,), context=self._context)
        assert pool.active  # this starts it
        return pool


def _come_up(up: Semaphore) -> None:
    """What each worker does first."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once: Pebble's own handler tidies up for seconds
    threading.Thread(target=_go_with_parent, daemon=True).start()
    up.release()


def _go_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def cores() -> int:
    """How many processors this process may use."""
    with contextlib.suppress(AttributeError):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _context() -> BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    forkserver: Any = importlib.import_module("multiprocessing.forkserver")
    with _deaf():  # the server is started with Ctrl-C ignored, and hands that on to all it forks
        forkserver.ensure_running()
    return context


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """Ignore Ctrl-C, and let new processes inherit that. Only the main thread can; in others nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _exit(code: int | None) -> str:
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit status {code}"
