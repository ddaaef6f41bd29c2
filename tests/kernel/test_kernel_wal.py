"""The write-ahead log: what was acknowledged is never lost, what is damaged is never believed."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_lab import MS, SECOND, Lab, Probe, in_lab

from playground.kernel.errors import DiskFull
from playground.kernel.node import Life
from playground.kernel.wal import WriteAheadLog, frame, parse
from playground.kernel.world import run

# Payloads that look like records themselves (of another log: made for another place) are the nasty ones.
payloads = st.lists(st.binary(max_size=30) | st.binary(max_size=20).map(frame), max_size=8)


def log_of(records):
    log = b""
    for record in records:
        log += frame(record, len(log))
    return log


# --- recovery, from bytes -----------------------------------------------------


@given(payloads)
def test_an_undamaged_log_gives_back_every_record(records):
    recovery = parse(log_of(records))
    assert recovery.records == tuple(records)
    assert recovery.clean
    assert str(recovery) == f"{len(records)} records"


@given(payloads, st.data())
def test_any_truncation_gives_back_whole_records_and_says_what_was_cut_off(records, data):
    whole = log_of(records)
    size = data.draw(st.integers(0, len(whole)))
    recovery = parse(whole[:size])
    assert recovery.records == tuple(records[: len(recovery.records)])
    assert sum(len(frame(record)) for record in recovery.records) + recovery.dropped_bytes == size
    rest = records[len(recovery.records) :]
    assert not rest or recovery.dropped_bytes < len(frame(rest[0])), "no whole record is dropped"
    assert recovery.damaged == 0


@settings(max_examples=400)
@given(payloads.filter(bool), st.data())
def test_any_flipped_bit_costs_the_record_that_it_hits_and_no_other(records, data):
    whole = bytearray(log_of(records))
    bit = data.draw(st.integers(0, len(whole) * 8 - 1))
    whole[bit // 8] ^= 1 << bit % 8
    recovery = parse(bytes(whole))
    hit, end = 0, len(frame(records[0]))
    while bit // 8 >= end:
        hit += 1
        end += len(frame(records[hit]))
    assert not recovery.clean
    assert recovery.records == tuple(records[:hit] + records[hit + 1 :]), "only the damaged one is missing"
    assert recovery.damaged == (hit < len(records) - 1)
    assert (recovery.dropped_bytes > 0) == (hit == len(records) - 1)


@given(payloads, st.integers(0, 1 << 30), st.integers(1, 20))
def test_however_much_rots_nothing_is_returned_that_was_not_written(records, seed, flips):
    whole = bytearray(log_of(records))
    draw = random.Random(seed)
    for _ in range(flips if whole else 0):
        bit = draw.randrange(len(whole) * 8)
        whole[bit // 8] ^= 1 << bit % 8
    remaining = iter(records)
    assert all(record in remaining for record in parse(bytes(whole)).records), "in the order of writing"


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_read_without_an_error(data):
    recovery = parse(data)
    assert recovery.clean == (log_of(recovery.records) == data)


@pytest.mark.parametrize("zeros", [1, 7, 8, 9, 4096])
def test_zeros_are_no_records(zeros):
    assert parse(bytes(zeros)).records == ()


def test_a_record_within_a_payload_is_not_taken_for_a_record():
    """The length of the second record rots, and the next thing that looks like a record lies in its payload."""
    inner = frame(b"never written", 0)
    log = bytearray(log_of([b"one", inner, b"three"]))
    log[len(frame(b"one")) + 3] ^= 1
    assert parse(bytes(log)).records == (b"one", b"three")


def test_a_length_beyond_the_file_is_a_torn_tail():
    recovery = parse(frame(b"good", 0) + struct.pack(">II", 1 << 31, 7) + b"x")
    assert (recovery.records, recovery.damaged, recovery.dropped_bytes) == ((b"good",), 0, 9)
    assert str(recovery) == "1 records, 9 bytes of torn tail cut off"


def test_what_was_skipped_is_said():
    log = bytearray(log_of([b"one", b"two", b"three"]))
    log[len(frame(b"one")) + 8] ^= 1
    recovery = parse(bytes(log))
    assert recovery.records == (b"one", b"three")
    assert str(recovery) == "2 records, 1 damaged and skipped"


# --- on a running node --------------------------------------------------------


class Logger(Probe):
    """Recovers its log at boot, and notes what is safe."""

    async def recover(self):
        self.log = WriteAheadLog(self.process)
        self.recovery = await self.log.recover()
        self.safe: list[bytes] = []

    def write(self, record):
        self.log.append(record, lambda: (self.safe.append(record), self.see("safe", record)))


def with_logger(test):
    async def main(lab):
        lab.nodes[0].disk.bytes_per_s = 1_000_000_000_000
        return await test(lab, lab.of(0, Logger))

    return in_lab(main, 1, service=Logger)


async def reboot(lab):
    if lab.nodes[0].life is not Life.DOWN:
        lab.nodes[0].crash()
    lab.nodes[0].start()
    await lab.go(1 * SECOND)
    return lab.of(0, Logger)


def test_records_that_come_during_a_sync_share_the_next_one():
    async def test(lab, logger):
        logger.write(b"one")
        await lab.go(100)
        logger.write(b"two")
        logger.write(b"three")
        assert logger.log.records == 3
        await lab.go(10 * MS)
        return [(at_us, record) for at_us, _, record in logger.seen], lab.nodes[0].disk.stats.syncs

    assert with_logger(test) == ([(400, b"one"), (800, b"two"), (800, b"three")], 2)


def test_what_was_acknowledged_comes_back_after_a_crash():
    async def test(lab, logger):
        logger.write(b"one")
        await lab.go(1 * MS)
        logger.write(b"two")
        lab.nodes[0].disk.tear_chance = 0
        again = await reboot(lab)
        assert again.recovery.records == (b"one",)
        again.write(b"three")
        await lab.go(1 * MS)
        return (await reboot(lab)).recovery

    recovery = with_logger(test)
    assert recovery.records == (b"one", b"three")
    assert recovery.clean


def test_after_a_torn_tail_the_log_can_be_appended_to():
    async def test(lab, logger):
        lab.nodes[0].disk.tear_chance = 1
        torn = 0
        kept = []
        for number in range(30):
            logger.write(b"safe %d" % number)
            await lab.go(1 * MS)
            kept.append(b"safe %d" % number)
            logger.write(b"never acknowledged" * 3)
            logger = await reboot(lab)
            assert logger.recovery.records == tuple(kept)
            torn += logger.recovery.dropped_bytes > 0
        return torn

    assert with_logger(test) > 20


def test_a_full_disk_refuses_a_record_whole_and_the_log_goes_on_when_there_is_room():
    async def test(lab, logger):
        disk = lab.nodes[0].disk
        logger.write(b"one")
        await lab.go(1 * MS)
        disk.full = True
        with pytest.raises(DiskFull):
            logger.write(b"two")
        assert logger.log.records == 1
        again = await reboot(lab)
        assert again.recovery.records == (b"one",), "a full disk can be recovered from"
        disk.full = False
        again.write(b"three")
        await lab.go(1 * MS)
        assert again.safe == [b"three"]
        return (await reboot(lab)).recovery.records

    assert with_logger(test) == (b"one", b"three")


def test_the_bug_that_a_callback_crashes_the_node_stays_its_own():
    async def test(lab, logger):
        logger.write(b"zero")
        logger.log.append(b"one", lab.nodes[0].crash)
        logger.write(b"two")
        await lab.go(10 * MS)
        return logger.safe

    assert with_logger(test) == [b"zero"]


def test_a_rewrite_puts_new_records_in_place_of_the_old_and_keeps_those_that_come_meanwhile():
    async def test(lab, logger):
        for number in range(10):
            logger.write(b"old %d" % number)
        await lab.go(5 * MS)
        logger.spawn(logger.log.rewrite, [b"sum of the old"])
        logger.every(150, lambda: logger.write(b"new"))
        await lab.go(450)
        assert logger.log.rewriting
        await lab.go(5 * MS)
        assert not logger.log.rewriting, "it ends although records keep coming"
        assert logger.log.records == 1 + sum(1 for _ in range(5_450 // 150))
        safe = len(logger.safe) - 10
        size = logger.log.size_bytes
        recovery = (await reboot(lab)).recovery
        assert recovery.records[0] == b"sum of the old"
        assert set(recovery.records[1:]) == {b"new"}
        assert len(recovery.records) - 1 >= safe >= 30
        assert size < 1_000
        return recovery.damaged

    assert with_logger(test) == 0


def test_a_rewrite_without_room_leaves_everything_as_it_was():
    async def test(lab, logger):
        logger.write(b"x" * 100)
        await lab.go(1 * MS)
        lab.nodes[0].disk.capacity_bytes = 160
        logger.spawn(logger.log.rewrite, [b"y" * 50])
        await lab.go(10 * MS)
        logger.spawn(logger.log.rewrite, [b"y"])
        await lab.go(1)
        logger.write(b"z" * 30)  # room in the old file, none in the new one
        await lab.go(10 * MS)
        assert not logger.log.rewriting
        assert lab.nodes[0].disk.size_bytes("wal.new") == 0
        return (await reboot(lab)).recovery.records

    assert with_logger(test) == (b"x" * 100, b"z" * 30)


def test_a_rewrite_that_is_given_up_leaves_everything_as_it_was():
    async def test(lab, logger):
        logger.write(b"one")

        async def work():
            try:
                with logger.timeout(600):
                    await logger.log.rewrite([b"sum"])
            except Exception:
                logger.see("gave up")

        await lab.go(1 * MS)
        logger.spawn(work)
        logger.after(500, lambda: logger.write(b"two"))
        await lab.go(10 * MS)
        assert logger.safe == [b"one", b"two"]
        assert not logger.log.rewriting
        assert "gave up" in [what for _, what, _ in logger.seen]
        return (await reboot(lab)).recovery.records

    assert with_logger(test) == (b"one", b"two")


class Counter(Logger):
    """A counter kept in a log that is rewritten now and then: every record is the count so far."""

    async def recover(self):
        await super().recover()
        self.count = max((int(record) for record in self.recovery.records), default=0)

    def start(self):
        super().start()
        self.every(170, self.write_next)
        self.spawn(self.shrink)

    def write_next(self):
        self.count += 1
        try:
            self.write(b"%d" % self.count)
        except DiskFull:
            self.count -= 1

    async def shrink(self):
        while True:
            await self.sleep(700)
            await self.log.rewrite([b"%d" % self.count])


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 1_000_000),
    st.lists(
        st.tuples(st.integers(0, 4_000), st.sampled_from(["crash", "crash", "freeze", "full", "hang", "slow"])),
        min_size=1,
        max_size=12,
    ),
)
def test_no_acknowledged_record_is_lost_however_crashes_meet_rewrites(seed, befalls):
    async def main():
        lab = await Lab(1, Counter, seed=seed).up()
        node, disk = lab.nodes[0], lab.nodes[0].disk
        acknowledged = 0
        for span_us, what in befalls:
            await lab.go(span_us)
            if node.life is Life.UP:
                acknowledged = max(acknowledged, *map(int, lab.of(0, Counter).safe), 0)
            if what == "crash":
                node.crash()
                await lab.go(span_us % 3)
                disk.resume()
                node.start()
                await lab.go(1 * MS)
                while node.life is not Life.UP:
                    await lab.go(100)
                recovered = lab.of(0, Counter).recovery
                assert max(map(int, recovered.records), default=0) >= acknowledged
                assert recovered.damaged == 0
            elif what == "freeze":
                node.freeze()
                await lab.go(span_us)
                node.thaw()
            elif what == "full":
                disk.full = not disk.full
            elif what == "slow":
                disk.slowdown = 11 - disk.slowdown
            elif disk.hanging:
                disk.resume()
            else:
                disk.hang()

    run(main)
