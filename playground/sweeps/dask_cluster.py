"""Many machines: tasks go to the workers of a Dask cluster (https://distributed.dask.org), if Dask is installed.

The workers need the same version of the playground; that is asked when the connection is made. A worker plays one
world at a time, so it is best started with one thread a process: ``dask worker ADDRESS --nthreads 1 --nworkers 8``.

Dask gives a task whose worker died to another one, and gives up after some deaths. A worker that hangs cannot be ended
from here: when nobody has answered for longer than any task may take, the tasks under way are lost.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from playground.kernel.errors import UserError
from playground.sweeps.engine import Lost, Result, Task

CONNECT_S = 5
GLANCE_S = 0.1
"""How often somebody who waits for answers looks whether he shall stop."""
GRACE_S = 30
"""On top of what a task may take, for the way there and back."""
QUEUED = 2
"""Tasks in flight for each thread of a worker: one under way, one that it can begin at once."""


class DaskCluster:
    """The workers of the scheduler at ``address`` (``tcp://HOST:PORT``), for tasks that take up to ``limit_s`` each.

    UserError if Dask is not installed, nobody answers there, or no worker can play.
    """

    def __init__(self, address: str, limit_s: float = 600) -> None:
        self.address = address
        self.limit_s = limit_s
        self._stopped = threading.Event()
        self._client = self._connected()
        try:
            self.width = self._checked_workers()
        except UserError:
            self.close()
            raise

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Lost]]:
        waiting = iter(tasks)
        flying: dict[str, tuple[Any, Task]] = {}
        """Dask's key -> the future (who drops it cancels its task) and the task."""
        finished: SimpleQueue[Any] = SimpleQueue()
        heard_s = time.monotonic()
        try:
            while not self._stopped.is_set():
                for task in islice(waiting, self.width * QUEUED - len(flying)):
                    future = self._client.submit(function, task, pure=False)
                    flying[future.key] = (future, task)
                    future.add_done_callback(finished.put)
                if not flying:
                    return
                try:
                    future = finished.get(timeout=GLANCE_S)
                except Empty:
                    if time.monotonic() - heard_s < self.limit_s + GRACE_S:
                        continue
                    for future, task in flying.values():
                        future.cancel()
                        yield task, Lost(f"no answer within {self.limit_s + GRACE_S:g} s")
                    flying.clear()
                else:
                    _, task = flying.pop(future.key)
                    yield task, self._answer(future)
                heard_s = time.monotonic()
        finally:
            for future, _ in flying.values():
                future.cancel()

    def stop(self) -> None:
        self._stopped.set()

    def close(self) -> None:
        self._client.close(timeout=CONNECT_S)

    def _answer(self, future: Any) -> Any:
        if future.status == "finished":
            return future.result()
        if future.cancelled():
            raise UserError(f"--scheduler {self.address}: the scheduler has gone")
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            return Lost("the workers that tried it died")
        return Lost(f"{type(error).__name__}: {error}")

    def _connected(self) -> Any:
        try:
            from distributed import Client
        except ImportError:
            raise UserError("--scheduler: Dask is not installed; pip install 'chaos-playground[dask]'") from None
        if not _is_address(self.address):  # Dask would say so too, and then wait for what it never began
            raise UserError(
                f"--scheduler: {self.address[:60]!r} is no address; write tcp://HOST:PORT of a Dask scheduler"
            )
        # What it has to say when somebody goes away is said here, in one line.
        for name in ("distributed", "distributed.client", "distributed.comm", "tornado.application"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            return Client(self.address, timeout=CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:  # no such machine, nobody there in time, no such way to speak
            reason = "nobody answers" if isinstance(error, TimeoutError) or not str(error) else _first_line(error)
            raise UserError(
                f"--scheduler {self.address}: {reason}; write tcp://HOST:PORT of a Dask scheduler"
            ) from None

    def _checked_workers(self) -> int:
        threads: dict[str, int] = self._client.nthreads()
        if not threads:
            raise UserError(f"--scheduler {self.address}: has no workers; start some: dask worker {self.address}")
        try:
            theirs: dict[str, str] = self._client.run(version, "chaos-playground")
        except Exception as error:  # whatever a worker raises comes here as it is
            raise UserError(
                f"--scheduler {self.address}: a worker has no playground ({_first_line(error)}); "
                f"install chaos-playground {version('chaos-playground')} there"
            ) from None
        for worker, found in sorted(theirs.items()):
            if found != version("chaos-playground"):
                raise UserError(
                    f"--scheduler {self.address}: the worker {worker} has version {found} of the playground, "
                    f"here it is {version('chaos-playground')}; install the same"
                )
        return sum(threads.values())


def _is_address(text: str) -> bool:
    """Whether it says a host and a port; the way to speak (``tcp://``) may be left out."""
    try:
        parts = urlsplit(text if "://" in text else f"tcp://{text}")
        return bool(parts.hostname and parts.port)
    except ValueError:  # a port that is none
        return False


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
