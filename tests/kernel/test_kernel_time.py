"""Time, the order of events, and what ends a run."""

import weakref

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_lab import MS, SECOND, Ask, Lab, Note, Probe, in_lab

from playground.kernel.errors import TimedOut, WorldStopped
from playground.kernel.service import Service, handles
from playground.kernel.world import World, run


def in_world(test):
    async def main():
        return await test(World(7))

    return run(main)


def test_events_run_by_instant_and_ties_in_the_order_of_scheduling():
    async def test(world):
        seen = []
        for delay_us, name in ((5, "c"), (0, "a"), (5, "d"), (3, "b")):
            world.schedule(delay_us, lambda name, _: seen.append((world.now_us, name)), name)
        await world.advance(5)
        return seen

    assert in_world(test) == [(0, "a"), (3, "b"), (5, "c"), (5, "d")]


def test_an_event_may_schedule_others_at_its_own_instant_and_they_come_after_those_already_due():
    async def test(world):
        seen = []

        def first(_a, _b):
            world.schedule(0, lambda *_: seen.append("late"))
            seen.append("first")

        world.schedule(1, first)
        world.schedule(1, lambda *_: seen.append("second"))
        await world.advance(1)
        return seen

    assert in_world(test) == ["first", "second", "late"]


@pytest.mark.parametrize("slice_us", [1, 50, 10_000])
def test_what_has_happened_is_let_go_however_short_the_slices_are(slice_us):
    class Held:
        """What an event has in hand."""

    async def test(world):
        held = Held()
        world.schedule(1, lambda *_: None, held)
        gone = weakref.ref(held)
        del held
        for delay_us in range(2, 10_000):
            world.schedule(delay_us, lambda *_: None)
        while world.now_us < 10_000:
            await world.advance(world.now_us + slice_us)
        return gone() is None

    assert in_world(test)


def test_advance_stands_at_the_instant_asked_for_and_includes_it():
    async def test(world):
        seen = []
        world.schedule(10, lambda *_: seen.append(10))
        world.schedule(11, lambda *_: seen.append(11))
        await world.advance(10)
        return world.now_us, seen

    assert in_world(test) == (10, [10])


def test_time_does_not_run_backwards():
    async def test(world):
        await world.advance(10)
        with pytest.raises(ValueError, match="backwards"):
            await world.advance(9)
        with pytest.raises(AssertionError, match="before its cause"):
            world.schedule(-1, print)

    in_world(test)


class Busy(Probe):
    """Timers, tasks, messages and disk writes that all depend on each other."""

    def start(self):
        super().start()
        self.every(7 * MS, self.tick)
        self.spawn(self.work)

    def tick(self):
        for node in self.process.world.nodes:
            self.send(node, Note(f"from {self.name}"))

    async def work(self):
        draw = self.random("work").random
        while True:
            await self.sleep(int(draw() * 20 * MS))
            self.disk.append("file", b"x" * 10)
            await self.disk.fsync(self.process, "file")
            calls = self.calls(self.process.world.nodes, Ask(1), timeout_us=5 * MS)
            await calls.first(2)
            self.note("worked", f"{len(calls.replies)} answered")


async def _busy(cut):
    lab = Lab(4, Busy, jitter_us=3 * MS)
    for node in lab.nodes:
        node.start()
    await cut(lab, 150 * MS)
    lab.nodes[1].crash()
    lab.nodes[2].freeze()
    await cut(lab, 300 * MS)
    lab.nodes[1].start()
    lab.nodes[2].thaw()
    await cut(lab, 500 * MS)
    seen = [lab.of(number, Busy).seen for number in range(4)]
    return lab.world.digest(), lab.world.sequence, seen


async def _at_once(lab, until_us):
    await lab.world.advance(until_us)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 500 * MS), max_size=30))
def test_how_a_run_is_cut_changes_nothing(cuts):
    async def cut(lab, until_us):
        for at_us in sorted(cuts):
            if lab.world.now_us <= at_us < until_us:
                await lab.world.advance(at_us)
                lab.world.digest()  # asking in between must not matter either
        await lab.world.advance(until_us)

    assert run(_busy, cut) == run(_busy, _at_once)


def test_stepping_changes_nothing_and_visits_every_instant():
    async def stepwise(lab, until_us):
        while lab.world.heap and lab.world.heap[0][0] <= until_us:
            before_us = lab.world.now_us
            assert await lab.world.step()
            assert lab.world.now_us >= before_us
        await lab.world.advance(until_us)

    async def cut(lab, until_us):
        # Boots begin only when the world is first run; then heap[0] is what step goes to.
        await lab.world.advance(lab.world.now_us)
        await stepwise(lab, until_us)

    assert run(_busy, cut) == run(_busy, _at_once)


def test_step_stops_at_one_shot_timers_and_passes_cancelled_ones_by():
    async def test(lab):
        probe = lab.of(0)
        probe.after(1 * MS, lambda: probe.see("never")).cancel()
        probe.after(2 * MS, lambda: probe.see("fired"))
        lab.of(1).after(1 * MS, lambda: None)
        lab.nodes[1].crash()
        stepped = [await lab.world.step(), await lab.world.step()]
        return stepped, probe.seen, lab.world.now_us

    assert in_lab(test) == ([True, False], [(2 * MS, "fired", None)], 2 * MS)


def test_what_a_command_starts_between_slices_starts_at_once_and_not_at_the_next_event():
    async def test(lab):
        lab.nodes[0].crash()
        await lab.go(10 * MS)
        lab.nodes[0].boot_us = 5 * MS
        lab.nodes[0].start()
        await lab.go(5 * MS)
        return lab.nodes[0].life.value

    assert in_lab(test) == "up"


def test_sleep_and_every():
    async def test(lab):
        probe = lab.of(0)

        async def sleeper():
            await probe.sleep(3 * MS)
            probe.see("slept")
            await probe.sleep(0)
            probe.see("slept again")

        probe.spawn(sleeper)
        timer = probe.every(2 * MS, lambda: probe.see("tick"), first_us=1 * MS)
        await lab.go(6 * MS)
        timer.cancel()
        await lab.go(6 * MS)
        return [(at_us // MS, what) for at_us, what, _ in probe.seen]

    assert in_lab(test) == [(1, "tick"), (3, "slept"), (3, "tick"), (3, "slept again"), (5, "tick")]


def test_a_timer_may_cancel_itself():
    async def test(lab):
        probe = lab.of(0)

        def tick():
            probe.see("tick")
            timer.cancel()

        timer = probe.every(1 * MS, tick)
        await lab.go(10 * MS)
        return len(probe.seen)

    assert in_lab(test) == 1


def test_timeout_gives_up_in_time_and_leaves_what_is_in_time_alone():
    async def test(lab):
        probe = lab.of(0)

        async def work():
            with probe.timeout(5 * MS):
                await probe.sleep(4 * MS)
            probe.see("in time")
            try:
                with probe.timeout(5 * MS):
                    await probe.sleep(1 * SECOND)
            except TimedOut as error:
                probe.see("gave up", str(error))
            with pytest.raises(TimedOut), probe.timeout(5 * MS), probe.timeout(1 * SECOND):
                await probe.sleep(2 * SECOND)
            probe.see("outer")

        probe.spawn(work)
        await lab.go(3 * SECOND)
        return probe.seen

    assert in_lab(test) == [
        (4 * MS, "in time", None),
        (9 * MS, "gave up", "not done within 0.005 s"),
        (14 * MS, "outer", None),
    ]


def test_a_timeout_at_the_instant_of_the_wake_up_is_decided_by_the_order_of_scheduling():
    async def test(lab):
        probe = lab.of(0)

        async def work():
            with probe.timeout(5 * MS):
                await probe.sleep(5 * MS)
            probe.see("done")

        async def fails_first():
            try:
                with probe.timeout(5 * MS):
                    await probe.sleep(1 * MS)
                    await probe.sleep(4 * MS)
            except TimedOut:
                probe.see("gave up")

        probe.spawn(fails_first)
        await lab.go(10 * MS)
        return [what for _, what, _ in probe.seen]

    assert in_lab(test) == ["gave up"]


# --- bugs stop the world ------------------------------------------------------


class Buggy(Service):
    @handles(Note)
    def on_note(self, _source, _note):
        raise ZeroDivisionError("a bug in a handler")


def test_a_bug_in_a_handler_stops_the_world_with_seed_and_instant_and_it_stays_stopped():
    async def test(lab):
        lab.of(0, Buggy).send("n1", Note("boom"))
        with pytest.raises(WorldStopped) as caught:
            await lab.go(10 * MS)
        assert lab.world.heap == []
        with pytest.raises(WorldStopped):
            await lab.go(1 * SECOND)
        return caught.value

    error = in_lab(test, service=Buggy, seed=42)
    assert (error.seed, error.at_us) == (42, 1 * MS)
    assert str(error) == "world stopped at 0.001000 s (seed 42): ZeroDivisionError: a bug in a handler"


def test_a_bug_in_a_task_or_timer_stops_the_world():
    async def test(lab):
        probe = lab.of(0)

        async def work():
            await probe.sleep(3 * MS)
            raise KeyError("a bug in a task")

        probe.spawn(work)
        with pytest.raises(WorldStopped, match="KeyError") as caught:
            await lab.go(1 * SECOND)
        assert caught.value.at_us == lab.world.now_us == 3 * MS

    in_lab(test)

    async def test_timer(lab):
        lab.of(0).after(2 * MS, lambda: [][0])
        with pytest.raises(WorldStopped, match=r"0\.002000 s .* IndexError"):
            await lab.go(1 * SECOND)

    in_lab(test_timer)


def test_a_message_that_nobody_handles_is_a_bug():
    async def test(lab):
        lab.of(0).send("n1", 17)
        with pytest.raises(WorldStopped, match="n1 has no handler for int from n0"):
            await lab.go(10 * MS)

    in_lab(test)


def test_a_task_that_spins_without_time_passing_is_stopped(monkeypatch):
    monkeypatch.setattr("playground.kernel.world._RESTLESS", 100)

    async def test(lab):
        async def spin():
            while True:
                await trio.lowlevel.checkpoint()

        lab.of(0).spawn(spin)
        with pytest.raises(WorldStopped, match="spins"):
            await lab.go(1)

    in_lab(test)


def test_events_that_follow_each_other_without_delay_for_ever_are_stopped(monkeypatch):
    monkeypatch.setattr("playground.kernel.world._STANDSTILL", 3)

    async def test(lab):
        probe = lab.of(0)

        async def doze():
            while True:
                await probe.sleep(0)

        probe.spawn(doze)
        with pytest.raises(WorldStopped, match="time stands still"):
            await lab.go(1)

    in_lab(test)


def test_a_busy_instant_is_no_standstill(monkeypatch):
    monkeypatch.setattr("playground.kernel.world._STANDSTILL", 3)

    async def test(world):
        seen = []
        for number in range(5_000):
            world.schedule(number // 600, lambda *_: seen.append(1))
        await world.advance(100)
        return len(seen)

    assert in_world(test) == 5_000


@pytest.mark.parametrize("wait", [lambda: trio.sleep(1), lambda: trio.sleep_until(5)])
def test_waiting_for_trios_clock_inside_a_world_fails_loudly(wait):
    async def test(lab):
        lab.of(0).spawn(wait)
        with pytest.raises(WorldStopped, match=r"use self\.sleep or self\.timeout"):
            await lab.go(1 * SECOND)

    in_lab(test)


def test_waiting_for_trios_clock_outside_of_advance_fails_loudly_too():
    async def main():
        await trio.sleep(1)

    with pytest.raises(trio.TrioInternalError) as caught:
        run(main)
    assert isinstance(caught.value.__cause__, AssertionError)


def test_recent_deliveries_are_told_newest_first():
    async def test(lab):
        lab.of(0).send("n1", Note("one"))
        await lab.go(5 * MS)
        lab.of(1).send("n2", Note("two"))
        await lab.go(5 * MS)
        lab.world.digest()
        return list(lab.world.deliveries())

    assert in_lab(test) == [(6 * MS, "n1", "n2", Note("two")), (1 * MS, "n0", "n1", Note("one"))]
