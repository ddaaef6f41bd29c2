"""Clocks that are wrong, the journal, and the random streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_lab import MS, SECOND, Lab, Note, in_lab

from playground.kernel.journal import KEEP, Journal
from playground.kernel.randomness import Zipf, stream
from playground.kernel.world import run

# --- clocks -------------------------------------------------------------------


def test_an_offset_shows_the_wrong_time_and_moves_no_timer():
    async def test(lab):
        probe = lab.of(0)
        probe.clock.offset_us = -3 * SECOND
        probe.after(5 * MS, lambda: probe.see("timer", (probe.clock.monotonic_us, probe.clock.wall_us)))
        await lab.go(10 * MS)
        return probe.seen

    assert in_lab(test) == [(5 * MS, "timer", (5 * MS, 5 * MS - 3 * SECOND))]


def test_a_fast_clock_hurries_through_its_timers_and_a_slow_one_takes_its_time():
    async def test(lab):
        for number, ppm in enumerate((250_000, -200_000, 0)):
            probe = lab.of(number)
            probe.clock.set_drift(ppm)
            probe.every(10 * MS, lambda probe=probe: probe.see("tick"))

            async def sleeps(probe=probe):
                await probe.sleep(20 * MS)
                probe.see("slept", probe.clock.monotonic_us)

            probe.spawn(sleeps)
        await lab.go(25 * MS)
        return [[(at_us, what, value) for at_us, what, value in lab.of(n).seen] for n in range(3)]

    fast, slow, true = in_lab(test)
    assert fast == [
        (8 * MS, "tick", None),
        (16 * MS, "slept", 20 * MS),
        (16 * MS, "tick", None),
        (24 * MS, "tick", None),
    ]
    assert slow == [(12_500, "tick", None), (25 * MS, "slept", 20 * MS), (25 * MS, "tick", None)]
    assert [at_us for at_us, _, _ in true] == [10 * MS, 20 * MS, 20 * MS]


@given(
    st.integers(-999_999, 5_000_000),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(-999_999, 5_000_000)), max_size=5),
    st.integers(0, 10_000),
)
def test_a_clock_never_runs_backwards_and_nobody_wakes_too_early_by_his_own_clock(ppm, changes, span_us):
    async def test(lab):
        clock = lab.nodes[0].clock
        clock.set_drift(ppm)
        for passed_us, new_ppm in changes:
            before_us = clock.monotonic_us
            await lab.go(passed_us)
            clock.set_drift(new_ppm)
            assert clock.monotonic_us >= before_us
        before_us = clock.monotonic_us
        await lab.go(clock.span_us(span_us))
        assert clock.monotonic_us - before_us >= span_us

    in_lab(test, 1)


def test_a_clock_that_would_run_backwards_is_refused():
    async def test(lab):
        with pytest.raises(ValueError, match="backwards"):
            lab.nodes[0].clock.set_drift(-1_000_000)

    in_lab(test)


def test_a_clock_goes_on_while_its_process_is_frozen_or_dead():
    async def test(lab):
        lab.nodes[0].freeze()
        await lab.go(5 * MS)
        lab.nodes[0].crash()
        await lab.go(5 * MS)
        return lab.nodes[0].clock.monotonic_us

    assert in_lab(test) == 10 * MS


def test_a_frozen_time_of_day_stands_still_while_timers_go_on_and_jumps_at_the_end():
    async def test(lab):
        probe = lab.of(0)
        clock = probe.clock
        clock.offset_us = 2 * SECOND
        await lab.go(3 * MS)
        clock.freeze()
        probe.every(10 * MS, lambda: probe.see("tick", (clock.monotonic_us, clock.wall_us, clock.frozen)))
        await lab.go(5 * MS)
        clock.freeze()
        await lab.go(7 * MS)
        clock.offset_us = 0
        await lab.go(10 * MS)
        clock.resume()
        await lab.go(10 * MS)
        return [value for _, _, value in probe.seen]

    assert in_lab(test) == [
        (13 * MS, 3 * MS + 2 * SECOND, True),
        (23 * MS, 3 * MS, True),
        (33 * MS, 33 * MS, False),
    ]


def test_a_clock_that_is_not_frozen_can_be_resumed():
    async def test(lab):
        clock = lab.nodes[0].clock
        clock.resume()
        await lab.go(5 * MS)
        return clock.wall_us, clock.frozen

    assert in_lab(test) == (5 * MS, False)


# --- journal and digest -------------------------------------------------------


def test_entries_count_from_zero_and_watchers_see_them_all():
    journal = Journal()
    seen = []
    journal.watch(seen.append)
    first = journal.record(5, "crash", "n1", "n1 crashed", bytes_lost=3)
    journal.record(7, "up", "n1", "n1 is up")
    assert [entry.index for entry in journal.entries] == [0, 1]
    assert seen == list(journal.entries)
    assert first.data == (("bytes_lost", 3),)


def test_old_entries_are_forgotten_and_stay_in_the_digest():
    one, two = Journal(), Journal()
    for journal, text in ((one, "a"), (two, "b")):
        journal.record(0, "first", "", text)
        for _ in range(KEEP):
            journal.record(1, "more", "", "same")
        assert len(journal.entries) == KEEP
        assert journal.count == KEEP + 1
    assert list(one.entries) == list(two.entries)
    assert one.digest() != two.digest()


@pytest.mark.parametrize(
    "change",
    [
        lambda j: j.record(1, "kind", "n1", "text", x=2),
        lambda j: j.record(2, "kind", "n1", "text", x=1),
        lambda j: j.record(1, "other", "n1", "text", x=1),
        lambda j: j.record(1, "kind", "n2", "text", x=1),
        lambda j: j.record(1, "kind", "n1", "word", x=1),
        lambda j: j.mix("n1", 1),
        lambda j: j.fold([(1, 1)]),
        lambda j: None,
    ],
)
def test_the_digest_tells_every_difference(change):
    reference, other = Journal(), Journal()
    reference.record(1, "kind", "n1", "text", x=1)
    change(other)
    assert reference.digest() != other.digest()


def test_asking_for_the_digest_does_not_change_it():
    journal = Journal()
    journal.fold([(1, 1), (2, 2)])
    other = Journal()
    other.fold([(1, 1)])
    other.digest()
    other.fold([(2, 2)])
    assert journal.digest() == other.digest() == other.digest()


def test_the_digest_of_a_world_sees_each_event():
    async def main(extra_us):
        lab = await Lab(2).up()
        lab.of(0).send("n1", Note("x"))
        lab.of(0).after(extra_us, lambda: None)
        await lab.go(10 * MS)
        return lab.world.digest()

    assert run(main, 5) == run(main, 5) != run(main, 6)


def test_what_goes_to_a_log_counts_in_the_digest():
    from playground.kernel.wal import WriteAheadLog

    async def main(payload):
        lab = await Lab(1).up()
        WriteAheadLog(lab.of(0).process).append(payload, lambda: None)
        await lab.go(10 * MS)
        return lab.world.digest()

    assert run(main, b"a") == run(main, b"a") != run(main, b"b")


# --- randomness ---------------------------------------------------------------


def test_streams_depend_on_the_seed_and_on_every_name():
    labels = [(1, "n1", "gossip"), (2, "n1", "gossip"), (1, "n2", "gossip"), (1, "n1", "store"), (1, "n1gossip")]
    assert len({stream(*label).random() for label in labels}) == len(labels)
    assert stream(1, "n1").random() == stream(1, "n1").random()


def test_a_stream_is_the_same_on_every_machine_and_in_every_release():
    assert stream(42, "n1", "latency").getrandbits(64) == 11262265211137980974


@pytest.mark.parametrize("skew", [0.0, 0.99, 2.0])
def test_zipf_draws_ranks_by_their_weight(skew):
    ranks = Zipf(5, skew)
    source = stream(0, "zipf")
    counts = [0] * 5
    for _ in range(20_000):
        counts[ranks.draw(source)] += 1
    weights = [1 / (rank + 1) ** skew for rank in range(5)]
    for count, weight in zip(counts, weights, strict=True):
        assert abs(count / 20_000 - weight / sum(weights)) < 0.02
