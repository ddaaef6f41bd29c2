"""What a disk promises, what it costs, and what befalls it."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
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


def test_a_read_that_fails_takes_its_time_and_says_so_until_the_disk_is_mended():
    async def test(lab, probe, disk):
        disk.append("f", b"x")
        disk.failing_reads = True

        async def work():
            assert await disk.read(probe.process, "not there") == b""
            with pytest.raises(DiskError, match="read error: f cannot be read"):
                await disk.read(probe.process, "f")
            probe.see("failed")
            disk.failing_reads = False
            probe.see("read", await disk.read(probe.process, "f"))

        probe.spawn(work)
        await lab.go(10 * MS)
        return probe.seen, disk.stats.reads, disk.stats.read_bytes

    assert on_disk(test) == ([(100, "failed", None), (200, "read", b"x")], 2, 1)


def test_what_a_failing_read_finds_out_while_its_process_is_frozen_it_hears_at_the_thaw():
    async def test(lab, probe, disk):
        disk.append("f", b"x")
        disk.failing_reads = True

        async def work():
            with pytest.raises(DiskError):
                await disk.read(probe.process, "f")
            probe.see("failed")

        probe.spawn(work)
        await lab.go(50)
        lab.nodes[0].freeze()
        await lab.go(5 * MS)
        lab.nodes[0].thaw()
        await lab.go(5 * MS)
        return probe.seen

    assert on_disk(test) == [(50 + 5 * MS, "failed", None)]


@pytest.mark.parametrize(("tail", "left"), [("lost", b"safe "), ("torn", b"safe first recordsecond r")])
def test_the_fate_of_the_unsynced_tail_can_be_chosen_without_chance(tail, left):
    async def test(lab, probe, disk):
        disk.append("f", b"safe ")
        synced(probe, disk, "f")
        await lab.go(1 * MS)
        disk.append("f", b"first record")
        disk.append("f", b"second r" + b"ecord..")
        before = disk._chance.getstate()
        lost = disk.power_off(tail)
        assert lost == len(b"safe first recordsecond record..") - len(left) == disk.stats.lost_bytes
        assert disk._chance.getstate() == before
        assert disk.stats.acknowledged_bytes_lost == 0
        return await content(lab, probe, disk, "f")

    assert on_disk(test) == left


@pytest.mark.parametrize("tail", ["", "lost", "torn"])
@pytest.mark.parametrize("unsynced", range(4))
def test_however_short_a_torn_tail_its_last_byte_is_gone_and_what_was_safe_is_not(tail, unsynced):
    async def test(lab, probe, disk):
        disk.append("f", b"safe")
        synced(probe, disk, "f")
        await lab.go(1 * MS)
        disk.append("f", b"abc"[:unsynced])
        disk.power_off(tail)
        return await content(lab, probe, disk, "f")

    left = on_disk(test)
    assert left.startswith(b"safe")
    assert b"safeabc".startswith(left)
    assert len(left) < 4 + max(1, unsynced)


# --- a disk that lies -----------------------------------------------------------


def lie(lab, probe, disk):
    """One file with b"old" on the platter and b" new" that was only acknowledged."""

    async def tell():
        disk.append("f", b"old")
        synced(probe, disk, "f")
        await lab.go(1 * MS)
        disk.lying = True
        disk.append("f", b" new")
        synced(probe, disk, "f", "lied")
        await lab.go(1 * MS)
        assert probe.seen[-1] == (1 * MS + 50, "lied", None), "it is quick, too: nothing had to be written"

    return tell()


@pytest.mark.parametrize("tail", ["", "lost", "torn"])
def test_a_lying_disk_shows_what_it_has_acknowledged_until_the_power_fails(tail):
    async def test(lab, probe, disk):
        await lie(lab, probe, disk)
        assert await content(lab, probe, disk, "f") == b"old new"
        assert (disk.safe_bytes("f"), disk.unsafe_bytes) == (b"old", 4)
        disk.append("f", b" and unsynced")
        assert disk.power_off(tail) == 4 + 13
        assert disk.stats.acknowledged_bytes_lost == 4
        assert disk.lying, "a power cut mends nothing"
        assert disk.unsafe_bytes == 0
        assert disk.used_bytes == 3
        return await content(lab, probe, disk, "f")

    assert on_disk(test) == b"old"


def test_a_lying_disk_that_is_mended_has_its_cache_safe_with_the_next_sync_of_any_file():
    async def test(lab, probe, disk):
        await lie(lab, probe, disk)
        disk.lying = False
        assert disk.unsafe_bytes == 4, "the cache is as full as before"
        synced(probe, disk, "another", "honest")
        await lab.go(1 * MS)
        assert (disk.safe_bytes("f"), disk.unsafe_bytes) == (b"old new", 0)
        disk.power_off("lost")
        return await content(lab, probe, disk, "f"), disk.stats.acknowledged_bytes_lost

    assert on_disk(test) == (b"old new", 0)


def test_a_lying_disk_that_is_mended_but_loses_power_first_loses_its_cache():
    async def test(lab, probe, disk):
        await lie(lab, probe, disk)
        disk.lying = False
        disk.power_off()
        disk.append("f", b" again")
        synced(probe, disk, "f")
        await lab.go(1 * MS)
        disk.power_off("lost")
        return await content(lab, probe, disk, "f")

    assert on_disk(test) == b"old again"


def test_a_sync_that_began_before_the_lie_is_honest():
    async def test(lab, probe, disk):
        disk.append("f", b"honest")
        synced(probe, disk, "f")
        await lab.go(100)
        disk.lying = True
        await lab.go(1 * MS)
        assert disk.unsafe_bytes == 0
        disk.power_off("lost")
        return await content(lab, probe, disk, "f")

    assert on_disk(test) == b"honest"


@pytest.mark.parametrize("mended", [False, True])
def test_names_and_sizes_that_a_lying_disk_has_changed_come_back_unless_it_was_mended_before(mended):
    async def test(lab, probe, disk):
        for name in ("f", "cut", "gone"):
            disk.append(name, b"old " + name.encode())
            synced(probe, disk, name)
        await lab.go(2 * MS)
        disk.lying = True
        disk.append("new", b"rewritten")
        synced(probe, disk, "new")
        await lab.go(1 * MS)
        disk.lying = not mended
        disk.replace("new", "f")
        disk.remove("gone")
        disk.truncate("cut", 3)
        assert disk.unsafe_bytes == (0 if mended else 12), (
            "all that is not as it was: the new f, and what is left of cut"
        )
        disk.power_off("lost")
        return [await content(lab, probe, disk, name) for name in ("f", "cut", "gone", "new")]

    assert on_disk(test) == ([b"rewritten", b"old", b"", b""] if mended else [b"old f", b"old cut", b"old gone", b""])


def test_rot_under_a_lie_strikes_the_platter():
    async def test(lab, probe, disk):
        await lie(lab, probe, disk)
        disk.rot(1)
        seen = await content(lab, probe, disk, "f")
        assert seen.endswith(b" new")
        assert seen[:3] == disk.safe_bytes("f") != b"old"
        disk.wipe()
        assert disk.rot(1) == disk.unsafe_bytes == 0

    on_disk(test)


@given(
    st.lists(
        st.sampled_from(("append", "append", "sync", "wait", "lie", "mend", "power")),
        max_size=30,
    ),
    st.sampled_from(("lost", "torn", "")),
)
def test_an_honest_disk_never_loses_what_it_acknowledged_and_a_liar_says_how_much_it_would(acts, tail):
    async def test(lab, probe, disk):
        written = acknowledged = 0

        def safe(size, _error, _b):
            nonlocal acknowledged
            acknowledged = max(acknowledged, size)

        for act in [*acts, "power"]:
            if act == "append":
                disk.append("f", bytes([written % 256]))
                written += 1
            elif act == "sync":
                disk.sync(probe.process, "f", partial(safe, disk.size_bytes("f")))
            elif act == "wait":
                await lab.go(500)
            elif act in ("lie", "mend"):
                disk.lying = act == "lie"
            else:
                unsafe, before = disk.unsafe_bytes, disk.safe_bytes("f")
                assert len(before) == acknowledged - unsafe
                disk.power_off(tail)
                left = disk.safe_bytes("f")
                assert left.startswith(before)
                assert len(left) >= acknowledged - unsafe
                acknowledged = len(left)

    on_disk(test)
