"""Messages between nodes, and the rules in force between them."""

import pytest
from kernel_lab import MS, SECOND, Lab, Note, Probe, in_lab

from playground.kernel.messages import HEADER_BYTES, wire_size
from playground.kernel.network import DROP, LOOPBACK_US, PASS, Parcel, Verdict
from playground.kernel.world import run


class Says:
    """A rule that says one thing of every parcel that ``concerns`` it, and remembers what it judged."""

    def __init__(self, verdict, concerns=lambda _: True, *, cuts=False):
        self.verdict = verdict
        self.concerns = concerns
        self.cuts = cuts
        self.judged: list[Parcel] = []

    def judge(self, parcel):
        self.judged.append(parcel)
        return self.verdict if self.concerns(parcel) else PASS


def arrivals(*rules, text="hello", to="n1"):
    async def test(lab):
        for rule in rules:
            lab.world.network.add(rule)
        lab.of(0).send(to, Note(text))
        await lab.go(1 * SECOND)
        return [at_us for at_us, _, _ in lab.of(int(to[1])).seen], lab.world.network.lost

    return in_lab(test)


def test_without_rules_a_message_takes_the_latency_of_the_link():
    assert arrivals() == ([1 * MS], 0)


def test_latency_lies_between_base_and_base_plus_jitter_and_messages_may_overtake():
    async def test(lab):
        for number in range(200):
            lab.of(0).send("n1", Note(str(number)))
        await lab.go(1 * SECOND)
        return [(at_us, int(text)) for at_us, _, text in lab.of(1).seen]

    seen = in_lab(test, jitter_us=500)
    assert len(seen) == 200
    assert all(1 * MS <= at_us < 1 * MS + 500 for at_us, _ in seen)
    assert [number for _, number in seen] != sorted(number for _, number in seen)


def test_a_rule_may_let_pass_delay_drop_and_duplicate():
    assert arrivals(Says(PASS)) == ([1 * MS], 0)
    assert arrivals(Says(Verdict(delay_us=7 * MS))) == ([8 * MS], 0)
    assert arrivals(Says(DROP)) == ([], 1)
    assert arrivals(Says(Verdict(copies_us=(0, 5)))) == ([1 * MS, 1 * MS, 1 * MS + 5], 0)


def test_rules_add_up_in_the_order_in_which_they_were_added():
    late, twice, drop = Says(Verdict(delay_us=2)), Says(Verdict(delay_us=3, copies_us=(10,))), Says(DROP)
    assert arrivals(late, twice) == ([1 * MS + 5, 1 * MS + 15], 0)
    unasked = Says(PASS)
    assert arrivals(twice, drop, unasked) == ([], 1)
    assert unasked.judged == [], "what is lost already is not judged again"


def test_a_rule_sees_who_sends_what_to_whom_and_when():
    rule = Says(PASS)
    arrivals(rule, text="hello")
    (parcel,) = rule.judged
    assert parcel == Parcel("n0", "n1", Note("hello"), 0)
    assert parcel.size_bytes == HEADER_BYTES + 2 + 2 + 5


def test_removing_a_rule_heals_what_it_broke_and_nothing_else():
    async def test(lab):
        network = lab.world.network
        one = Says(DROP, lambda parcel: parcel.target == "n1")
        two = Says(DROP, lambda parcel: parcel.target == "n2")
        network.add(one)
        network.add(two)
        lab.of(0).send("n1", Note("lost"))
        await lab.go(5 * MS)
        network.remove(one)
        assert network.rules == (two,)
        for target in ("n1", "n2"):
            lab.of(0).send(target, Note("hello"))
        await lab.go(5 * MS)
        with pytest.raises(ValueError, match="not in"):
            network.remove(one)
        return [[text for _, _, text in lab.of(number).seen] for number in (1, 2)]

    assert in_lab(test) == [["hello"], []]


@pytest.mark.parametrize(("cuts", "arrived"), [(True, ["late"]), (False, ["under way", "late"])])
def test_only_a_rule_that_cuts_destroys_what_is_under_way(cuts, arrived):
    async def test(lab):
        lab.of(0).send("n1", Note("under way"))
        lab.of(0).send("n2", Note("elsewhere"))
        await lab.go(500)
        rule = Says(DROP, lambda parcel: parcel.target == "n1", cuts=cuts)
        destroyed = lab.world.network.add(rule)
        lab.of(0).send("n1", Note("into the cut"))
        lab.world.network.remove(rule)
        lab.of(0).send("n1", Note("late"))
        await lab.go(5 * MS)
        assert [text for _, _, text in lab.of(2).seen] == ["elsewhere"]
        assert destroyed == (1 if cuts else 0)
        assert lab.world.network.lost == destroyed + 1
        return [text for _, _, text in lab.of(1).seen]

    assert in_lab(test) == arrived


def test_a_cut_takes_timers_disks_and_the_loopback_no_harm():
    async def test(lab):
        probe = lab.of(0)
        probe.after(1 * MS, lambda: probe.see("timer"))
        probe.disk.append("f", b"x")
        probe.disk.sync(probe.process, "f", lambda *_: probe.see("synced"))
        probe.send("n0", Note("to myself"))
        assert lab.world.network.add(Says(DROP, cuts=True)) == 0
        probe.send("n0", Note("to myself again"))
        await lab.go(5 * MS)
        return [(at_us, what, value) for at_us, what, value in probe.seen]

    assert in_lab(test) == [
        (LOOPBACK_US, "n0", "to myself"),
        (LOOPBACK_US, "n0", "to myself again"),
        (400, "synced", None),
        (1 * MS, "timer", None),
    ]


def test_what_is_under_way_is_judged_in_the_order_of_arrival_however_the_run_was_cut():
    """Else a cut that draws chance would destroy other messages after other slices."""

    async def main(slices):
        lab = await Lab(2, jitter_us=50 * MS).up()
        for number in range(100):
            lab.of(0).send("n1", Note(str(number)))
        for at_us in slices:
            await lab.world.advance(at_us)
        rule = Says(DROP, cuts=True)
        lab.world.network.add(rule)
        return [parcel.content.text for parcel in rule.judged]

    async def order():
        lab = await Lab(2, jitter_us=50 * MS).up()
        for number in range(100):
            lab.of(0).send("n1", Note(str(number)))
        await lab.go(1 * SECOND)
        return [text for at_us, _, text in lab.of(1).seen if at_us > 10 * MS]

    expected = run(order)
    assert len(expected) > 50
    assert run(main, (10 * MS,)) == run(main, range(0, 10 * MS + 1, 500)) == expected


def test_a_rule_in_force_moves_no_other_draw():
    async def test(lab):
        rule = Says(PASS)
        for number in range(20):
            if number == 5:
                lab.world.network.add(rule)
            lab.of(0).send("n1", Note(str(number)))
        await lab.go(1 * SECOND)
        return lab.of(1).seen

    async def bare(lab):
        for number in range(20):
            lab.of(0).send("n1", Note(str(number)))
        await lab.go(1 * SECOND)
        return lab.of(1).seen

    assert in_lab(test, jitter_us=5 * MS) == in_lab(bare, jitter_us=5 * MS)


def test_a_name_that_no_node_ever_had_is_a_bug():
    async def test(lab):
        for rule in (None, Says(PASS)):
            if rule:
                lab.world.network.add(rule)
            with pytest.raises(KeyError, match="n99"):
                lab.of(0).send("n99", Note("?"))

    in_lab(test)


def test_a_rule_that_sends_messages_into_the_past_is_a_bug():
    async def test(lab):
        lab.world.network.add(Says(Verdict(delay_us=-2 * MS)))
        with pytest.raises(AssertionError, match="before its cause"):
            lab.of(0).send("n1", Note("?"))

    in_lab(test)


def test_every_pair_of_nodes_is_linked():
    async def test(lab):
        for source in range(3):
            for target in range(3):
                lab.of(source).send(f"n{target}", Note(f"{source}->{target}"))
        await lab.go(5 * MS)
        return [sorted(text for _, _, text in lab.of(number, Probe).seen) for number in range(3)]

    assert in_lab(test) == [[f"{source}->{target}" for source in range(3)] for target in range(3)]


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (None, 1),
        (True, 1),
        (7, 8),
        (0.5, 8),
        ("ü", 4),
        (b"abc", 7),
        ((1, "a"), 4 + 8 + 3),
        ({"a": 1}, 4 + 3 + 8),
        (Note("abc"), 2 + 5),
        (object(), 8),
    ],
)
def test_the_size_on_the_wire(content, size):
    assert wire_size(content) == HEADER_BYTES + size
