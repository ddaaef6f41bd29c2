"""Engines: every task is answered once, whatever becomes of whoever works on it."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
from collections.abc import Callable, Iterator

import pytest

from playground.kernel.errors import UserError
from playground.sweeps.engine import Engine, InProcess, Lost
from playground.sweeps.pool import QUEUED, ProcessPool
from tests.sweeping.tasks import CLUMSY, ENDLESS, FATAL, GREEDY, interrupts_are_ignored, square

MakePool = Callable[..., ProcessPool]


@pytest.fixture
def pool() -> Iterator[MakePool]:
    with contextlib.ExitStack() as stack:

        def make(jobs: int = 2, limit_s: float = 60) -> ProcessPool:
            return stack.enter_context(contextlib.closing(ProcessPool(jobs, limit_s)))

        yield make


def answers(engine: Engine, tasks: list[int]) -> dict[int, int | Lost]:
    found = list(engine.run(square, tasks))
    assert len(found) == len(tasks)
    return dict(found)


def test_both_engines_give_the_same_answers(pool: MakePool) -> None:
    tasks = list(range(40))
    expected = {task: task * task for task in tasks}
    assert answers(InProcess(), tasks) == expected
    assert answers(pool(), tasks) == expected


def test_a_pool_can_be_used_again(pool: MakePool) -> None:
    engine = pool()
    assert answers(engine, [1, 2]) == {1: 1, 2: 4}
    assert answers(engine, [3]) == {3: 9}
    assert answers(engine, []) == {}


def test_a_worker_that_is_killed_costs_its_own_task_only(pool: MakePool) -> None:
    found = answers(pool(), [1, 2, FATAL, 3, 4, 5])
    assert found.pop(FATAL) == Lost("the worker process died (SIGKILL)")
    assert found == {1: 1, 2: 4, 3: 9, 4: 16, 5: 25}


def test_a_task_that_hangs_is_given_up(pool: MakePool) -> None:
    found = answers(pool(limit_s=1), [1, ENDLESS, 2, 3])
    assert found.pop(ENDLESS) == Lost("no answer within 1 s")
    assert found == {1: 1, 2: 4, 3: 9}


def test_an_error_of_a_task_is_its_answer(pool: MakePool) -> None:
    found = answers(pool(), [1, CLUMSY, GREEDY])
    assert found[CLUMSY] == Lost("ValueError: not this\none")
    assert found[GREEDY] == Lost("MemoryError: ")
    assert found[1] == 1


def test_tasks_are_taken_only_when_there_is_room_for_them(pool: MakePool) -> None:
    taken: list[int] = []

    def endless() -> Iterator[int]:
        for number in itertools.count():
            taken.append(number)
            yield number

    engine = pool(jobs=2)
    running = engine.run(square, endless())
    for answered in range(1, 6):
        next(running)
        assert len(taken) <= answered + engine.width * QUEUED
    running.close()


def test_somebody_who_stops_gets_no_more_answers(pool: MakePool) -> None:
    for engine in (InProcess(), pool()):
        running = engine.run(square, itertools.count())
        next(running)
        engine.stop()
        left = list(itertools.islice(running, 100))
        assert len(left) < 10


def test_workers_ignore_ctrl_c_and_are_gone_in_the_end(pool: MakePool) -> None:
    engine = pool()
    assert [answer for _, answer in engine.run(interrupts_are_ignored, [1, 2, 3])] == [True] * 3
    engine.close()
    assert not multiprocessing.active_children()


def test_a_scheduler_that_is_not_there_is_one_line() -> None:
    pytest.importorskip("distributed")
    from playground.sweeps.dask_cluster import DaskCluster

    for address in ("tcp://127.0.0.1:9", "nonsense://x", "tcp://nowhere.invalid:8786"):
        with pytest.raises(UserError) as caught:
            DaskCluster(address)
        line = str(caught.value)
        assert line.startswith("--scheduler")
        assert address in line
        assert "\n" not in line
        assert "write tcp://HOST:PORT of a Dask scheduler" in line
