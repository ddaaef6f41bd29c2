"""What a crash, a freeze and a restart leave and take, at every awkward instant."""

import itertools

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_lab import MS, SECOND, Ask, AskSlowly, Lab, Note, Probe, in_lab

from playground.kernel.errors import UserError
from playground.kernel.node import TRANSITIONS, Life, Node
from playground.kernel.service import handles
from playground.kernel.wal import WriteAheadLog
from playground.kernel.world import run

ACTS = ("start", "crash", "freeze", "thaw")


def test_which_act_is_possible_in_which_life_and_what_is_said_otherwise():
    async def main():
        for life, act in itertools.product(Life, ACTS):
            lab = Lab(1)
            node = lab.nodes[0]
            node.boot_us = 10 * MS
            if life is not Life.DOWN:
                node.start()
            if life in (Life.UP, Life.FROZEN):
                await lab.go(10 * MS)
            if life is Life.FROZEN:
                node.freeze()
            assert node.life is life
            if life in TRANSITIONS[act][0]:
                getattr(node, act)()
            else:
                with pytest.raises(UserError, match=f"cannot {act} n0: {TRANSITIONS[act][1]}"):
                    getattr(node, act)()
                assert node.life is life

    run(main)


def test_two_machines_cannot_have_one_name():
    async def test(lab):
        with pytest.raises(AssertionError, match="n0"):
            Node(lab.world, "n0")

    in_lab(test)


# --- crash --------------------------------------------------------------------


class Clinger(Probe):
    """Does everything it can to act beyond its death."""

    def start(self):
        super().start()
        self.after(5 * MS, lambda: self.see("timer"))
        self.every(1 * MS, lambda: self.see("tick"))
        self.disk.append("file", b"unsynced")
        self.disk.sync(self.process, "file", lambda *_: self.see("synced"))
        self.log = WriteAheadLog(self.process)
        self.log.append(b"record", lambda: self.see("logged"))
        for work in (self.sleeps, self.calls_others, self.writes, self.rewrites):
            self.spawn(self.clings, work)

    async def clings(self, work):
        try:
            await work()
        finally:
            self.act()

    def act(self):
        for node in self.process.world.nodes:
            self.send(node, Note("from beyond"))
        self.disk.append("file", b"zombie")
        self.disk.sync(self.process, "file", lambda *_: self.see("synced"))
        self.disk.append("other", b"zombie")
        self.disk.remove("wal")
        self.log.append(b"zombie", lambda: self.see("logged"))
        self.after(0, lambda: self.see("timer"))
        self.spawn(self.sleeps)
        self.calls(("n1",), Ask(1), timeout_us=1 * MS)
        self.note("zombie", "from beyond")

    async def sleeps(self):
        await self.sleep(5 * MS)
        self.see("slept")

    async def calls_others(self):
        self.see("reply", await self.call("n1", AskSlowly(1, 3 * MS), timeout_us=20 * MS))

    async def writes(self):
        while True:
            await self.disk.fsync(self.process, "file")

    async def rewrites(self):
        while True:
            await self.log.rewrite([b"record"])


@pytest.mark.parametrize("at_us", [0, 1, 399, 400, 401, 900, 1 * MS, 2 * MS, 4 * MS])
@pytest.mark.parametrize("again", [False, True])
def test_nothing_of_a_process_acts_after_a_crash(at_us, again):
    async def main():
        lab = await Lab(2).up()
        node = Node(lab.world, "x", (Clinger,), boot_us=0)
        node.start()
        await lab.go(at_us)
        old = node.process.find(Clinger)
        tasks = node.process.tasks()
        assert tasks >= 4
        node.crash()
        kept = dict(node.disk._files)
        safe = [(name, bytes(file.safe), bytes(file.unsynced)) for name, file in kept.items()]
        if again:
            node.services = (Probe,)
            node.start()
        seen = len(old.seen)
        others = len(lab.of(0).seen), [s for s in lab.of(1).seen if s[2] == Note("from beyond")]
        await lab.go(1 * SECOND)
        assert len(old.seen) == seen
        assert len(lab.of(0).seen) == others[0]
        assert not others[1]
        assert [(n, bytes(f.safe), bytes(f.unsynced)) for n, f in node.disk._files.items()] == safe
        assert node.disk._files.keys() == kept.keys()
        assert not any(entry.kind == "zombie" for entry in lab.world.journal.entries)
        assert old.process.tasks() == 0

    run(main)


def test_a_crash_in_a_handler_ends_the_process_there():
    class Fragile(Probe):
        @handles(Note)
        def on_note(self, source, note):
            self.every(1 * MS, lambda: self.see("tick"))
            self.process.node.crash()
            self.send("n0", Note("from beyond"))
            self.spawn(self.task)

        async def task(self):
            self.see("task")

    async def test(lab):
        fragile = lab.of(1, Fragile)
        lab.of(0, Fragile).send("n1", Note("die"))
        await lab.go(10 * MS)
        assert lab.nodes[0].life is Life.UP
        return fragile.seen

    assert in_lab(test, service=Fragile) == []


def test_a_service_may_switch_its_machine_off_while_it_recovers():
    class Careful(Probe):
        async def recover(self):
            self.process.node.crash()

        def start(self):
            raise AssertionError("never served")

    async def test(lab):
        return lab.nodes[0].life, [entry.kind for entry in lab.world.journal.entries]

    assert in_lab(test, 1, service=Careful) == (Life.DOWN, ["start", "crash"])


def test_answers_to_a_former_life_are_not_taken_for_answers_to_this_one():
    async def test(lab):
        node = lab.nodes[0]
        first = lab.of(0)

        async def ask(probe, number, after_us):
            probe.see("reply", await probe.call("n1", AskSlowly(number, after_us), timeout_us=SECOND))

        first.spawn(ask, first, 100, 20 * MS)
        await lab.go(5 * MS)
        node.crash()
        node.start()
        await lab.go(1)
        second = lab.of(0)
        second.spawn(ask, second, 200, 50 * MS)
        await lab.go(1 * SECOND)
        return first.seen, second.seen

    first, second = in_lab(test)
    assert first == []
    assert [(what, value) for _, what, value in second] == [("reply", 201)]


def test_messages_to_a_machine_without_power_are_lost():
    async def test(lab):
        lab.of(0).send("n1", Note("lost"))
        lab.nodes[1].crash()
        await lab.go(5 * MS)
        lab.nodes[1].start()
        await lab.go(5 * MS)
        lab.of(0).send("n1", Note("arrives"))
        await lab.go(5 * MS)
        return [value for _, _, value in lab.of(1).seen]

    assert in_lab(test) == ["arrives"]


def test_a_crash_while_booting_and_several_starts_within_one_instant():
    async def main():
        lab = Lab(1)
        node = lab.nodes[0]
        node.boot_us = 10 * MS
        node.start()
        node.crash()
        node.start()
        await lab.go(5 * MS)
        assert node.life is Life.BOOTING
        node.crash()
        node.start()
        node.crash()
        node.start()
        await lab.go(9 * MS)
        assert node.life is Life.BOOTING, "the boots before do not count"
        await lab.go(1 * MS)
        assert node.life is Life.UP
        assert len(node.process.services) == 1
        node.crash()
        await lab.go(1 * SECOND)
        assert node.life is Life.DOWN
        return [entry.kind for entry in lab.world.journal.entries]

    assert run(main) == ["start", "crash"] * 3 + ["start", "up", "crash"]


def test_a_restart_knows_only_what_was_on_the_disk():
    class Keeper(Probe):
        def __init__(self, process):
            super().__init__(process)
            self.volatile = []

        async def recover(self):
            self.log = WriteAheadLog(self.process)
            self.found = (await self.log.recover()).records

        def keep(self, record):
            self.volatile.append(record)
            self.log.append(record, lambda: self.see("safe", record))

    async def test(lab):
        keeper = lab.of(0, Keeper)
        keeper.keep(b"one")
        await lab.go(5 * MS)
        keeper.keep(b"two")
        lab.nodes[0].disk.tear_chance = 0
        lab.nodes[0].crash()
        lab.nodes[0].start()
        await lab.go(5 * MS)
        again = lab.of(0, Keeper)
        assert again is not keeper
        survived = again.found, again.volatile
        lab.nodes[0].crash(lose_disk=True)
        lab.nodes[0].start()
        await lab.go(5 * MS)
        return survived, lab.of(0, Keeper).found

    assert in_lab(test, service=Keeper) == (((b"one",), []), ())


def test_each_life_draws_other_random_numbers_but_the_same_in_every_run():
    async def test(lab):
        first = lab.of(0).random("x").random()
        lab.nodes[0].crash()
        lab.nodes[0].start()
        await lab.go(1)
        return first, lab.of(0).random("x").random(), lab.of(1).random("x").random()

    drawn = in_lab(test)
    assert len(set(drawn)) == 3
    assert in_lab(test) == drawn


# --- freeze and thaw ----------------------------------------------------------


def test_a_frozen_process_meets_at_the_thaw_all_that_came_in_order():
    async def test(lab):
        probe = lab.of(1)
        probe.after(12 * MS, lambda: probe.see("timer"))
        probe.every(10 * MS, lambda: probe.see("tick"))
        probe.disk.append("f", b"x")
        lab.of(0).after(4 * MS, lambda: lab.of(0).send("n1", Note("5 ms")))
        lab.of(0).after(29 * MS, lambda: lab.of(0).send("n1", Note("30 ms")))

        async def work():
            await probe.sleep(15 * MS)
            probe.see("slept", probe.clock.monotonic_us)

        probe.spawn(work)
        await lab.go(2 * MS)
        probe.disk.sync(probe.process, "f", lambda *_: probe.see("synced"))
        lab.nodes[1].freeze()
        await lab.go(48 * MS)
        assert probe.seen == []
        lab.nodes[1].thaw()
        await lab.go(20 * MS)
        return probe.seen

    seen = in_lab(test)
    assert [what if what != "n0" else text for at_us, what, text in seen if at_us == 50 * MS] == [
        "synced",
        "5 ms",
        "tick",
        "timer",
        "slept",
        "30 ms",
    ]
    assert [at_us for at_us, what, _ in seen if what == "tick"] == [50 * MS, 60 * MS, 70 * MS]
    assert next(value for _, what, value in seen if what == "slept") == 50 * MS, "its clock was never stopped"


def test_a_frozen_process_answers_after_the_thaw_or_too_late():
    async def test(lab):
        probe = lab.of(0)

        async def ask(timeout_us):
            calls = probe.calls(("n1",), Ask(1), timeout_us=timeout_us)
            await calls.rest()
            probe.see("answered", list(calls.replies))

        lab.nodes[1].freeze()
        probe.spawn(ask, 20 * MS)
        probe.spawn(ask, 80 * MS)
        await lab.go(50 * MS)
        lab.nodes[1].thaw()
        await lab.go(50 * MS)
        return probe.seen

    assert in_lab(test) == [(20 * MS, "answered", []), (51 * MS, "answered", ["n1"])]


def test_who_is_frozen_in_a_call_finds_the_reply_before_its_timeout_if_it_came_first():
    async def test(lab):
        probe = lab.of(0)

        async def ask(after_us):
            calls = probe.calls(("n1",), AskSlowly(1, after_us), timeout_us=20 * MS)
            await calls.rest()
            probe.see("answered", list(calls.replies))

        probe.spawn(ask, 5 * MS)
        probe.spawn(ask, 30 * MS)
        await lab.go(1 * MS)
        lab.nodes[0].freeze()
        await lab.go(99 * MS)
        lab.nodes[0].thaw()
        await lab.go(1 * MS)
        return probe.seen

    assert in_lab(test) == [(100 * MS, "answered", ["n1"]), (100 * MS, "answered", [])]


@pytest.mark.parametrize("then", [("freeze",), ("crash",), ("crash", "start"), ("freeze", "crash"), ("freeze", "thaw")])
def test_a_thaw_and_something_else_within_one_instant(then):
    async def test(lab):
        node, probe = lab.nodes[1], lab.of(1)
        log = WriteAheadLog(probe.process)
        await lab.go(1 * MS)
        log.append(b"record", lambda: probe.see("logged"))
        probe.after(5 * MS, lambda: probe.see("timer"))
        lab.of(0).send("n1", Note("hello"))
        node.freeze()
        await lab.go(20 * MS)
        node.thaw()
        for act in then:
            getattr(node, act)()
        await lab.go(20 * MS)
        if node.life is Life.FROZEN:
            assert probe.seen == []
            node.thaw()
            await lab.go(20 * MS)
        return [what for _, what, _ in probe.seen]

    assert in_lab(test) == ([] if "crash" in then else ["logged", "n0", "timer"])


def test_a_cut_at_the_instant_of_a_thaw_does_not_destroy_what_had_arrived():
    class Cut:
        cuts = True

        def judge(self, parcel):
            from playground.kernel.network import DROP

            return DROP

    async def test(lab):
        lab.nodes[1].freeze()
        lab.of(0).send("n1", Note("arrived"))
        await lab.go(5 * MS)
        lab.nodes[1].thaw()
        destroyed = lab.world.network.add(Cut())
        await lab.go(5 * MS)
        return destroyed, [value for _, _, value in lab.of(1).seen]

    assert in_lab(test) == (0, ["arrived"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(ACTS), st.sampled_from([0, 0, 1, 200, 1 * MS, 7 * MS])),
        max_size=40,
    )
)
def test_any_sequence_of_acts_leaves_a_world_that_works(acts):
    class Busy(Probe):
        async def recover(self):
            self.log = WriteAheadLog(self.process)
            await self.log.recover()

        def start(self):
            super().start()
            self.every(1 * MS, self.tick)
            self.spawn(self.work)

        def tick(self):
            self.log.append(b"tick", lambda: None)
            for node in self.process.world.nodes:
                self.send(node, Note("tick"))

        async def work(self):
            while True:
                with trio.CancelScope():
                    calls = self.calls(self.process.world.nodes, AskSlowly(1, 500), timeout_us=2 * MS)
                    await calls.first(2)
                    await self.log.rewrite([b"tick"])
                    await self.sleep(300)

    async def main():
        lab = await Lab(3, Busy).up()
        for number, act, span_us in acts:
            node = lab.nodes[number]
            if node.life in TRANSITIONS[act][0]:
                getattr(node, act)()
            await lab.go(span_us)
        for node in lab.nodes:
            if node.life is Life.FROZEN:
                node.thaw()
            if node.life is Life.DOWN:
                node.start()
        await lab.go(50 * MS)
        for number in range(3):
            probe = lab.of(number, Busy)
            assert {what for _, what, _ in probe.seen} == {"n0", "n1", "n2"}
            assert probe.process.tasks() <= 10

    run(main)
