"""Where many worlds are played: one function, many tasks, answers in the order in which they come.

The rules that every engine keeps:

* A task is taken from the iterator only when there is room for it: a sweep over millions is never held in memory.
* Each task is answered exactly once: with what the function returned, or with :class:`Lost` if whoever worked on it
  died, or was silent for too long. One task never ends the others.
* The answer depends on the task alone, never on the engine; only the order of the answers does.

====================================  ==================================================
:class:`InProcess`                    here, one after the other
:class:`.pool.ProcessPool`            over the cores of this machine
:class:`.dask_cluster.DaskCluster`    over the machines of a Dask cluster
====================================  ==================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Lost:
    """No result will come for a task; ``why`` is a phrase for a person."""

    why: str


class Engine(Protocol):
    """Plays tasks somewhere."""

    @property
    def width(self) -> int:
        """How many tasks it works on at the same time."""

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Lost]]:
        """``function`` of each task, as they are finished. Function, tasks and results travel: they pickle.

        After :meth:`stop` it ends with some tasks unanswered. An iterator that is closed early abandons its tasks.
        """

    def stop(self) -> None:
        """Let :meth:`run` end soon, without waiting for what is under way. May be called by a signal's handler."""

    def close(self) -> None:
        """Leave nothing behind: no process, no connection."""


class InProcess:
    """The trivial engine. What dies takes everything with it, and nobody watches over what hangs."""

    width = 1

    def __init__(self) -> None:
        self._stopped = False

    def run(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Lost]]:
        for task in tasks:
            if self._stopped:
                return
            yield task, function(task)

    def stop(self) -> None:
        self._stopped = True

    def close(self) -> None:
        pass
