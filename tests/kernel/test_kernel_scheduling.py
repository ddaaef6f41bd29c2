"""The hold that the playground has on trio's scheduler. A new trio that changes it must fail here."""

import gc
import inspect
import random
import threading
from collections import deque

import pytest
import trio
import trio._core._run as trio_run
from kernel_lab import MS, in_lab

from playground.kernel import scheduling
from playground.kernel.world import World, run


def test_trio_still_schedules_the_way_that_the_kernel_relies_on():
    assert isinstance(trio_run._r, random.Random)
    assert isinstance(trio_run._ALLOW_DETERMINISTIC_SCHEDULING, bool)
    source = inspect.getsource(trio_run.unrolled_run)
    assert "batch.sort(key=lambda t: t._counter)" in source
    assert "_r.shuffle(batch)" in source
    assert "task = batch.pop()" in source, "batches are taken from the end"
    assert "runner.runq.clear()" in source, "one queue for the whole run"

    async def main():
        runner = trio_run.GLOBAL_RUN_CONTEXT.runner
        assert type(runner.runq) is deque
        with trio.move_on_after(5):
            assert runner.deadlines.next_deadline() == 5

    run(main)


@pytest.mark.parametrize("missing", ["_r", "_ALLOW_DETERMINISTIC_SCHEDULING"])
def test_a_trio_without_it_is_refused_at_start(monkeypatch, missing):
    monkeypatch.delattr(trio_run, missing)

    async def main():
        raise AssertionError("not reached")

    with pytest.raises(RuntimeError, match="does not know"):
        run(main)


def test_trio_is_left_as_it_was_found_even_after_an_error():
    before = trio_run._r, trio_run._ALLOW_DETERMINISTIC_SCHEDULING, gc.get_threshold()

    async def main():
        assert trio_run._r is not before[0]
        assert gc.get_threshold() != before[2]
        raise KeyError

    with pytest.raises(KeyError):
        run(main)
    assert (trio_run._r, trio_run._ALLOW_DETERMINISTIC_SCHEDULING, gc.get_threshold()) == before
    assert not scheduling._ORDER.drivers


def test_worlds_in_two_threads_do_not_take_it_from_each_other():
    before = trio_run._r
    inside, leave = threading.Event(), threading.Event()

    async def long():
        inside.set()
        leave.wait(10)
        return trio_run._r is not before

    kept = []
    thread = threading.Thread(target=lambda: kept.append(run(long)))
    thread.start()
    assert inside.wait(10)
    in_lab(_nothing)
    leave.set()
    thread.join()
    assert kept == [True]
    assert trio_run._r is before


async def _nothing(lab):
    await lab.go(1 * MS)


def test_a_batch_runs_in_the_order_of_creation_and_the_driver_last():
    async def main():
        seen = []
        event = trio.Event()

        async def task(number):
            await event.wait()
            seen.append(number)

        async with trio.open_nursery() as nursery:
            for number in range(200):
                nursery.start_soon(task, number)
            await trio.lowlevel.cancel_shielded_checkpoint()
            event.set()  # trio wakes them from a set
            await trio.lowlevel.cancel_shielded_checkpoint()
            seen.append("driver")
        return seen

    assert run(main) == [*range(200), "driver"]


def test_many_tasks_cancelled_at_once_run_in_the_order_of_creation():
    async def test(lab):
        seen = []

        async def task(number):
            try:
                await lab.of(0).sleep(1_000 * MS)
            finally:
                seen.append(number)

        for number in range(200):
            lab.of(0).spawn(task, number)
        await lab.go(1 * MS)
        lab.nodes[0].crash()
        await lab.world.rest()
        return seen

    assert in_lab(test) == list(range(200))


def test_the_driver_of_a_world_waits_until_a_long_chain_of_wakings_is_over():
    async def test(lab):
        events = [trio.Event() for _ in range(50)]
        seen = []

        async def link(number):
            await events[number].wait()
            seen.append(number)
            if number + 1 < len(events):
                events[number + 1].set()

        for number in reversed(range(50)):
            lab.of(0).spawn(link, number)
        await lab.world.rest()
        lab.world.schedule(5, lambda *_: events[0].set())
        lab.world.schedule(5, lambda *_: seen.append("next event"))
        await lab.go(5)
        return seen

    assert in_lab(test) == [*range(50), "next event"]


def test_a_world_is_made_and_driven_only_where_order_is_certain():
    async def bare():
        World()

    with pytest.raises(RuntimeError, match="main task"):
        trio.run(bare)

    async def by_another_task(lab):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lab.world.advance, 5)

    with pytest.raises(BaseExceptionGroup) as caught:
        in_lab(by_another_task)
    assert caught.group_contains(RuntimeError, match="main task")
