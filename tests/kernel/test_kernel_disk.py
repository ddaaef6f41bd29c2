"""What a disk promises, what it costs, and what befalls it."""

import pytest
from kernel_lab import MS, SECOND, in_lab

from playground.kernel.errors import DiskError, DiskFull


def on_disk(test):
    """Run ``test(lab, probe, disk)``: a sync costs 400 us, a read 100, bytes nothing worth mentioning."""

    async def main(lab):
        disk = lab.of(0).disk
        disk.bytes_per_s = 1_000_000_000_000
        return await test(lab, lab.of(0), disk)

    return in_lab(main, 1)


def synced(probe, disk, name, what="synced"):
    disk.sync(probe.process, name, lambda error, _: probe.see(what, error))


async def content(lab, probe, disk, name):
    found = []

    async def work():
        found.append(await disk.read(probe.process, name))

    probe.spawn(work)
    await lab.go(1 * SECOND)
    return found[0]


def test_what_was_appended_can_be_read_synced_or_not():
    async def test(lab, probe, disk):
        disk.append("f", b"one ")
        synced(probe, disk, "f")
        await lab.go(1 * MS)
        disk.append("f", b"two")
        assert disk.size_bytes("f") == disk.used_bytes == 7
        return await content(lab, probe, disk, "f")

    assert on_disk(test) == b"one two"


def test_a_file_that_is_not_there_is_empty():
    async def test(lab, probe, disk):
        disk.remove("f")
        disk.truncate("f", 3)
        return await content(lab, probe, disk, "f"), disk.size_bytes("f")

    assert on_disk(test) == (b"", 0)


def test_operations_cost_time_by_size_and_queue_at_the_device():
    async def test(lab, probe, disk):
        disk.bytes_per_s = 1_000_000
        disk.append("a", b"x" * 600)
        disk.append("b", b"y" * 50)
        synced(probe, disk, "a", "a")
        synced(probe, disk, "b", "b")

        async def read():
            await disk.read(probe.process, "a")
            probe.see("read")

        probe.spawn(read)
        await lab.go(5 * MS)
        disk.slowdown = 10
        synced(probe, disk, "b", "slow")
        await lab.go(50 * MS)
        return [(at_us, what) for at_us, what, _ in probe.seen]

    assert on_disk(test) == [(1_000, "a"), (1_450, "b"), (1_450 + 700, "read"), (5 * MS + 4_000, "slow")]


def test_a_power_cut_takes_what_was_not_synced():
    async def test(lab, probe, disk):
        disk.tear_chance = 0
        disk.append("f", b"safe")
        synced(probe, disk, "f")
        await lab.go(400)
        disk.append("f", b"gone")
        synced(probe, disk, "f", "too late")
        await lab.go(399)
        lab.nodes[0].crash()
        assert lab.world.journal.entries[-1].data == (("unsynced_bytes_lost", 4),)
        lab.nodes[0].start()
        await lab.go(1 * SECOND)
        assert disk.stats.lost_bytes == 4
        return await content(lab, lab.of(0), disk, "f"), [what for _, what, _ in probe.seen], disk.used_bytes

    assert on_disk(test) == (b"safe", ["synced"], 4)


def test_a_sync_covers_what_was_there_when_it_began_and_not_more():
    async def test(lab, probe, disk):
        disk.tear_chance = 0
        disk.append("f", b"1")
        synced(probe, disk, "f")
        disk.append("f", b"2")
        synced(probe, disk, "f")
        await lab.go(300)
        disk.append("f", b"3")
        await lab.go(500)
        lab.nodes[0].crash()
        lab.nodes[0].start()
        await lab.go(1)
        return await content(lab, lab.of(0), disk, "f"), disk.stats.written_bytes

    assert on_disk(test) == (b"12", 2)


def test_a_torn_tail_is_a_true_beginning_of_what_was_lost():
    async def test(lab, probe, disk):
        disk.tear_chance = 1
        lengths = set()
        for _ in range(40):
            disk.wipe()
            disk.append("f", b"safe ")
            synced(probe, disk, "f")
            await lab.go(1 * MS)
            disk.append("f", b"0123456789")
            lost = disk.power_off()
            data = await content(lab, probe, disk, "f")
            assert data == b"safe 0123456789"[: 15 - lost]
            assert 5 <= len(data) < 15
            lengths.add(len(data))
        return lengths

    assert len(on_disk(test)) > 3


def test_rot_flips_as_many_bits_as_said_and_only_safe_ones():
    async def test(lab, probe, disk):
        assert disk.rot() == 0
        disk.append("f", bytes(100))
        assert disk.rot() == 0, "what is in the page cache does not rot"
        synced(probe, disk, "f")
        await lab.go(1 * MS)
        assert disk.rot() == 1
        data = await content(lab, probe, disk, "f")
        assert sum(byte.bit_count() for byte in data) == 1
        assert disk.rot(5) == 5

    on_disk(test)


def test_a_full_disk_takes_nothing_and_keeps_what_it_has():
    async def test(lab, probe, disk):
        disk.capacity_bytes = 10
        disk.append("f", b"123456")
        with pytest.raises(DiskFull):
            disk.append("g", b"12345")
        assert disk.used_bytes == 6
        disk.append("g", b"1234")
        disk.remove("f")
        disk.append("g", b"123456")
        disk.truncate("g", 3)
        disk.full = True
        with pytest.raises(DiskFull):
            disk.append("g", b"")
        disk.full = False
        disk.append("g", b"1234567")
        return await content(lab, probe, disk, "g")

    assert on_disk(test) == b"1231234567"


def test_a_hanging_disk_does_when_it_resumes_what_it_was_asked_for_in_order():
    async def test(lab, probe, disk):
        disk.append("f", b"x")
        synced(probe, disk, "f", "before")
        disk.hang()
        synced(probe, disk, "f", "first")
        synced(probe, disk, "f", "second")
        await lab.go(10 * MS)
        assert [(at_us, what) for at_us, what, _ in probe.seen] == [(400, "before")]
        disk.resume()
        await lab.go(10 * MS)
        return [(at_us, what) for at_us, what, _ in probe.seen[1:]]

    assert on_disk(test) == [(10_400, "first"), (10_800, "second")]


def test_what_waited_at_a_hanging_disk_is_gone_after_a_power_cut_and_a_boot_waits_too():
    async def test(lab, probe, disk):
        disk.append("f", b"x")
        disk.hang()
        synced(probe, disk, "f")
        lab.nodes[0].crash()
        lab.nodes[0].start()
        await lab.go(10 * MS)
        disk.resume()
        await lab.go(10 * MS)
        return probe.seen, disk.stats.syncs

    assert on_disk(test) == ([], 0)


def test_replace_is_atomic_and_wants_safe_contents():
    async def test(lab, probe, disk):
        disk.append("f", b"old")
        synced(probe, disk, "f")
        disk.append("new", b"new")
        with pytest.raises(DiskError, match="not safe"):
            disk.replace("new", "f")
        with pytest.raises(DiskError, match="not safe"):
            disk.replace("nothing", "f")
        synced(probe, disk, "new")
        await lab.go(1 * MS)
        disk.replace("new", "f")
        disk.power_off()
        assert disk.used_bytes == 3
        return await content(lab, probe, disk, "f"), disk.size_bytes("new")

    assert on_disk(test) == (b"new", 0)


def test_giving_up_a_wait_for_the_disk_is_harmless():
    async def test(lab, probe, disk):
        async def work():
            disk.append("f", b"x")
            try:
                with probe.timeout(100):
                    await disk.fsync(probe.process, "f")
            finally:
                probe.see("gave up")

        async def guarded():
            from playground.kernel.errors import TimedOut

            with pytest.raises(TimedOut):
                await work()
            await disk.fsync(probe.process, "f")
            probe.see("synced")

        probe.spawn(guarded)
        await lab.go(10 * MS)
        return [(at_us, what) for at_us, what, _ in probe.seen]

    assert on_disk(test) == [(100, "gave up"), (800, "synced")]
