"""A process whose events cost time: they queue and keep their order, nothing is lost, nothing is handed over twice."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_lab import MS, SECOND, Ask, AskSlowly, Lab, Note, Probe, in_lab

from playground.kernel.errors import TimedOut
from playground.kernel.node import Life
from playground.kernel.world import run

COST = 10 * MS


def whats(seen):
    return [what for _, what, _ in seen]


def notes(lab, number=1):
    return [value for _, what, value in lab.of(number).seen if what == "n0"]


async def tell(lab, *texts, every_us=0):
    for text in texts:
        lab.of(0).send("n1", Note(text))
        await lab.go(every_us)


# --- order and time -----------------------------------------------------------


def test_each_event_costs_so_long_and_the_next_one_waits():
    async def test(lab):
        lab.nodes[1].set_event_cost(COST)
        await tell(lab, "a", "b", "c")
        await lab.go(SECOND)
        return lab.of(1).seen

    assert in_lab(test) == [(1 * MS + n * COST, "n0", text) for n, text in enumerate("abc", start=1)]


def test_messages_timers_and_disk_completions_take_turns_in_the_order_in_which_they_came():
    async def test(lab):
        probe = lab.of(1)
        lab.nodes[1].set_event_cost(COST)
        disk = lab.nodes[1].disk
        disk.sync_us = 3 * MS
        probe.after(2 * MS, lambda: probe.see("timer"))
        disk.append("file", b"x")
        disk.sync(probe.process, "file", lambda *_: probe.see("disk"))  # at 3 ms
        probe.after(5 * MS, lambda: probe.see("late timer"))
        await tell(lab, "at 1", every_us=3 * MS)
        await tell(lab, "at 4")
        await lab.go(SECOND)
        return lab.of(1).seen

    seen = in_lab(test)
    assert whats(seen) == ["n0", "timer", "disk", "n0", "late timer"]
    assert [at_us for at_us, _, _ in seen] == [1 * MS + n * COST for n in range(1, 6)]


def test_a_cpu_that_keeps_up_adds_its_cost_and_no_queue():
    async def test(lab):
        lab.nodes[1].set_event_cost(COST)
        await tell(lab, *"abc", every_us=2 * COST)
        await lab.go(SECOND)
        return [at_us for at_us, _, _ in lab.of(1).seen]

    assert in_lab(test) == [1 * MS + COST + n * 2 * COST for n in range(3)]


def test_a_repeated_timer_waits_for_its_turn_and_never_queues_twice():
    async def test(lab):
        probe = lab.of(1)
        lab.nodes[1].set_event_cost(COST)
        probe.every(1 * MS, lambda: probe.see("tick"))
        await lab.go(SECOND)
        return probe.seen

    at_us = [at for at, _, _ in in_lab(test)]
    assert {later - earlier for earlier, later in itertools.pairwise(at_us)} == {COST + 1 * MS}


def test_a_cancelled_timer_does_nothing_when_its_turn_comes():
    async def test(lab):
        probe = lab.of(1)
        lab.nodes[1].set_event_cost(COST)
        await tell(lab, "first")
        timer = probe.after(2 * MS, lambda: probe.see("timer"))
        await lab.go(5 * MS)  # it waits by now
        timer.cancel()
        await lab.go(SECOND)
        return whats(probe.seen)

    assert in_lab(test) == ["n0"]


def test_calls_are_answered_through_the_queue_and_time_out_by_it():
    async def test(lab):
        lab.nodes[1].set_event_cost(COST)
        answers = []

        async def ask(number, timeout_us, kind):
            try:
                answers.append(await lab.of(0).call("n1", kind, timeout_us=timeout_us))
            except TimedOut:
                answers.append(f"{number} timed out")

        lab.of(0).spawn(ask, 1, SECOND, Ask(1))
        lab.of(0).spawn(ask, 2, 15 * MS, Ask(2))
        lab.of(0).spawn(ask, 3, SECOND, AskSlowly(3, 5 * MS))
        await lab.go(SECOND)
        return answers

    # The second comes to its turn 20 ms after it arrived; the third needs one more turn for its timer.
    assert in_lab(test) == [2, "2 timed out", 4]


def test_loopback_messages_queue_as_well():
    async def test(lab):
        lab.nodes[1].set_event_cost(COST)
        await tell(lab, "a")
        lab.of(1).send("n1", Note("own"))
        await lab.go(SECOND)
        return [value for _, _, value in lab.of(1).seen]

    assert in_lab(test) == ["own", "a"]


# --- changes while a queue waits -----------------------------------------------


def test_on_a_cpu_that_is_well_again_the_queue_is_worked_off_in_order_and_nothing_overtakes_it():
    async def test(lab):
        lab.nodes[1].set_event_cost(COST)
        await tell(lab, *"abcdef")
        await lab.go(1 * MS + COST)
        assert notes(lab) == ["a"]
        lab.nodes[1].set_event_cost(0)
        await tell(lab, "g")
        await lab.go(COST)
        assert notes(lab) == list("abcdefg")
        assert lab.nodes[1].process.open
        await tell(lab, "h")
        await lab.go(1 * MS)
        return lab.of(1).seen[-1]

    assert in_lab(test) == (2 * MS + 2 * COST, "n0", "h")


def test_a_cpu_that_gets_slow_takes_from_then_on_so_long():
    async def test(lab):
        await tell(lab, "a")
        await lab.go(1 * MS)
        lab.nodes[1].set_event_cost(COST)
        await tell(lab, "b", "c")
        await lab.go(1 * MS + COST)
        lab.nodes[1].set_event_cost(2 * COST)  # what is being worked on is done at the old speed
        await tell(lab, "d")
        await lab.go(SECOND)
        return [at_us for at_us, _, _ in lab.of(1).seen]

    assert in_lab(test) == [1 * MS, 2 * MS + COST, 2 * MS + 2 * COST, 2 * MS + 4 * COST]


def test_a_crash_empties_the_queue():
    async def test(lab):
        node = lab.nodes[1]
        node.set_event_cost(COST)
        old = lab.of(1)
        await tell(lab, *"abc")
        await lab.go(1 * MS + COST)
        node.crash()
        await lab.go(SECOND)
        assert whats(old.seen) == ["n0"]
        node.start()
        await lab.go(SECOND)
        assert node.life is Life.UP
        await tell(lab, "d")
        await lab.go(1 * MS + COST)
        return notes(lab)

    assert in_lab(test) == ["d"]


def test_a_handler_that_crashes_its_machine_ends_the_queue():
    class Fuse(Probe):
        def on_note(self, source, note):
            super().on_note(source, note)
            if note.text == "b":
                self.process.node.crash()

    async def main():
        lab = await Lab(2, Fuse).up()
        probe = lab.of(1)
        lab.nodes[1].set_event_cost(COST)
        await tell(lab, *"abc")
        await lab.go(SECOND)
        return [value for _, _, value in probe.seen]

    assert run(main) == ["a", "b"]


def test_a_boot_takes_turns_too_and_calls_are_refused_meanwhile():
    async def main():
        lab = Lab(2)
        node = lab.nodes[1]
        node.boot_us = 50 * MS
        node.set_event_cost(COST)
        lab.nodes[0].start()
        node.start()
        await lab.go(55 * MS)
        assert node.life is Life.BOOTING, "the end of the sleep waits for its turn"
        await lab.go(5 * MS)
        assert node.life is Life.UP
        await tell(lab, "a")
        await lab.go(1 * MS + COST)
        return notes(lab)

    assert run(main) == ["a"]


# --- freezes ---------------------------------------------------------------------


def test_a_frozen_process_takes_no_turn_and_goes_on_with_the_queue_it_had():
    async def test(lab):
        node = lab.nodes[1]
        node.set_event_cost(COST)
        await tell(lab, "a", "b")
        await lab.go(1 * MS + COST)
        node.freeze()
        await tell(lab, "c")
        await lab.go(SECOND)
        assert notes(lab) == ["a"]
        thawed_us = lab.world.now_us
        node.thaw()
        await lab.go(SECOND)
        return [(at_us - thawed_us, value) for at_us, _, value in lab.of(1).seen[1:]]

    assert in_lab(test) == [(COST, "b"), (2 * COST, "c")]


def test_a_freeze_shorter_than_a_turn_takes_no_turn_twice():
    async def test(lab):
        node = lab.nodes[1]
        node.set_event_cost(COST)
        await tell(lab, *"abc")
        await lab.go(1 * MS)
        for _ in range(4):
            await lab.go(1 * MS)
            node.freeze()
            await lab.go(1 * MS)
            node.thaw()
        await lab.go(SECOND)
        return lab.of(1).seen

    assert in_lab(test) == [(1 * MS + n * COST, "n0", text) for n, text in enumerate("abc", start=1)]


def test_frozen_twice_while_what_waited_is_handed_over():
    class Sleepy(Probe):
        def see(self, what, value=None):
            super().see(what, value)
            if value == "b":
                self.process.node.freeze()

    async def test(lab):
        node = lab.nodes[1]
        node.freeze()
        await tell(lab, *"abc")
        await lab.go(10 * MS)
        node.thaw()
        await lab.go(10 * MS)
        assert notes(lab) == ["a", "b"]
        assert node.life is Life.FROZEN
        await tell(lab, "d")
        await lab.go(10 * MS)
        node.thaw()
        await lab.go(0)
        return notes(lab)

    assert in_lab(test, service=Sleepy) == list("abcd")


# --- anything at all ----------------------------------------------------------------

ACTS = st.lists(
    st.tuples(
        st.sampled_from(["tell", "tell", "tell", "timer", "disk", "slow", "slower", "fast", "freeze", "thaw"]),
        st.integers(0, 12 * MS),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(ACTS)
def test_whatever_happens_each_event_is_handed_over_once_and_in_the_order_of_its_coming(acts):
    async def test(lab):
        node, probe = lab.nodes[1], lab.of(1)
        due = []
        for number, (act, wait_us) in enumerate(acts):
            now_us = lab.world.now_us
            if act == "tell":
                lab.of(0).send("n1", Note(str(number)))
                due.append((now_us + 1 * MS, number))
            elif act == "timer":
                probe.after(3 * MS, lambda number=number: probe.see("n0", str(number)))
                due.append((now_us + 3 * MS, number))
            elif act == "disk":
                node.disk.append("file", b"x")
                begins_us = max(now_us, node.disk._busy_until_us)
                node.disk.sync(probe.process, "file", lambda *_, number=number: probe.see("n0", str(number)))
                due.append((begins_us + node.disk.sync_us, number))
            elif act in ("slow", "slower", "fast"):
                node.set_event_cost({"slow": 2 * MS, "slower": 30 * MS, "fast": 0}[act])
            elif act == "freeze" and node.life is Life.UP:
                node.freeze()
            elif act == "thaw" and node.life is Life.FROZEN:
                node.thaw()
            await lab.go(wait_us)
        if node.life is Life.FROZEN:
            node.thaw()
        await lab.go(10 * SECOND)
        assert node.process.open == (not node.event_us)
        return sorted(due), [(at_us, int(value)) for at_us, _, value in probe.seen]

    due, seen = in_lab(test)
    assert sorted(number for _, number in seen) == sorted(number for _, number in due)
    came = {number: at_us for at_us, number in due}
    instants = [came[number] for _, number in seen]
    assert instants == sorted(instants), "first in, first out"
    assert all(at_us >= came[number] for at_us, number in seen), "nothing is known before it came"
