"""The view alone: merging (claim G2), beliefs, restarts, the forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from playground.systems.gossip.messages import FORGOTTEN, Entry, Vitals
from playground.systems.gossip.settings import GossipSettings
from playground.systems.gossip.view import Belief, View

SETTINGS = GossipSettings()
NAMES = ("a", "b", "c", "d")
SECOND = 1_000_000


def view(name: str = "me", members: tuple[str, ...] = NAMES) -> View:
    return View(name, members, SETTINGS, 0, lambda peer, before, now_us: None)


def entry(name: str, count: int) -> Entry:
    return (name, count, Vitals(count / 10, count * 1_000))


def counts(of: View) -> dict[str, Entry]:
    return {name: peer.entry for name, peer in of.peers.items()}


entries = st.builds(entry, st.sampled_from(NAMES), st.one_of(st.integers(1, 50), st.just(FORGOTTEN)))
deliveries = st.lists(st.lists(entries, max_size=6).map(tuple), max_size=12)


@given(deliveries, st.randoms(use_true_random=False))
def test_order_and_duplicates_do_not_matter(batches, random):
    straight, muddled = view(), view()
    for batch in batches:
        straight.merge(batch, 0, whole=True)
    shuffled = batches + [random.choice(batches) for _ in batches]
    random.shuffle(shuffled)
    for batch in shuffled:
        muddled.merge(tuple(random.sample(batch, len(batch))), 0, whole=True)
    if not batches:
        return
    for name, (_, count, _) in counts(straight).items():
        assert counts(muddled)[name][1] == count
        if count < FORGOTTEN:
            assert counts(muddled)[name] == counts(straight)[name]


@given(deliveries)
def test_counts_only_rise(batches):
    it = view()
    for now_us, batch in enumerate(batches):
        before = counts(it)
        it.merge(batch, now_us, whole=True)
        assert all(count >= before[name][1] for name, (_, count, _) in counts(it).items() if name in before)


@given(deliveries, deliveries)
def test_one_exchange_makes_both_equal(left, right):
    here, there = view("a"), view("b")
    for batch in left:
        here.merge(batch, 0, whole=True)
    for batch in right:
        there.merge(batch, 0, whole=True)
    better = there.merge(here.table(), 0, whole=True)
    here.merge(tuple(better), 0, whole=False)
    if here.me.entry[1] != there.peers["a"].entry[1]:  # a was shown an old count of its own: it goes on above
        assert here.me.entry[1] == there.peers["a"].entry[1] + 1
    assert {n: e[1] for n, e in counts(here).items() if n != "a"} == {
        n: e[1] for n, e in counts(there).items() if n != "a"
    }


def test_the_answer_holds_what_the_other_lacks_and_nothing_else():
    it = view("me", ("a", "b"))
    it.merge((entry("a", 5), entry("b", 7), entry("e", 2)), 0, whole=False)
    it.beat(Vitals(0, 0), 0)
    better = it.merge((entry("a", 9), entry("b", 6)), 0, whole=True)
    assert sorted(each[0] for each in better) == ["b", "e", "me"]
    assert it.merge(it.table(), 0, whole=True) == []


def test_silence_makes_suspect_then_dead_and_a_rise_alive_again():
    it = view()
    it.merge((entry("a", 1),), 0, whole=False)
    assert it.peers["a"].belief is Belief.UNKNOWN, "a first count does not say when it was counted"
    it.merge((entry("a", 2),), SECOND, whole=False)
    assert it.peers["a"].belief is Belief.ALIVE
    it.merge((entry("a", 2),), 4 * SECOND, whole=False)
    assert it.alive() == ("a", "me")
    for seconds, belief in ((4.4, Belief.ALIVE), (4.5, Belief.SUSPECT), (8.9, Belief.SUSPECT), (9, Belief.DEAD)):
        it.judge(int(seconds * SECOND))
        assert it.peers["a"].belief is belief
    assert it.alive() == ("me",)
    it.merge((entry("a", 3),), 10 * SECOND, whole=False)
    assert it.peers["a"].belief is Belief.ALIVE
    assert it.alive() == ("a", "me")


def test_a_first_count_followed_by_silence_is_judged_and_a_mere_name_is_not():
    it = view()
    it.merge((entry("a", 100),), 0, whole=False)
    it.judge(9 * SECOND)
    assert it.peers["a"].belief is Belief.DEAD
    assert it.peers["b"].belief is Belief.UNKNOWN


def test_who_speaks_in_person_is_alive_even_with_a_single_count():
    it = view()
    it.merge((entry("a", 1),), 0, whole=True)
    it.hears("a", 0)
    assert it.peers["a"].belief is Belief.ALIVE


def test_a_restarted_node_goes_on_above_what_others_remember():
    it = view()
    it.beat(Vitals(0, 0), 0)
    better = it.merge((entry("me", 70),), 0, whole=False)
    assert it.me.entry[1] == 71
    assert it.me.entry in better, "who remembered hears of it in the answer"
    it.beat(Vitals(0, 0), 0)
    assert it.me.entry[1] == 72


def test_who_slept_blames_nobody_but_still_doubts_whom_it_doubted():
    it = view()
    it.merge((entry("a", 1), entry("b", 1)), 0, whole=False)
    it.merge((entry("a", 2), entry("b", 2)), 0, whole=False)
    it.merge((entry("a", 3),), 3 * SECOND, whole=False)
    it.judge(4 * SECOND)
    it.excuse(60 * SECOND)
    it.judge(60 * SECOND)
    assert [it.peers[name].belief for name in "ab"] == [Belief.ALIVE, Belief.SUSPECT]
    it.judge(63 * SECOND + SECOND // 2)
    assert it.peers["a"].belief is Belief.SUSPECT


def test_forgotten_wins_over_every_count_and_takes_the_name_for_good():
    it = view()
    it.merge((entry("a", 5),), 0, whole=False)
    it.forget("a", 0)
    assert it.merge((entry("a", 10**9),), 0, whole=False)[0][1] == FORGOTTEN
    it.meet("a", 0)
    assert "a" not in it.members()
    assert "a" not in it.targets
    other = view("b")
    other.merge(it.table(), 0, whole=True)
    assert "a" not in other.members()


def test_a_forgotten_node_learns_it_and_counts_no_more():
    it = view()
    it.merge((("me", FORGOTTEN, Vitals(0, 0)),), 0, whole=False)
    it.beat(Vitals(0, 0), 0)
    assert it.me.entry[1] == FORGOTTEN
    assert "me" not in it.alive()


@pytest.mark.parametrize(
    "wrong",
    [{"interval_ms": 0}, {"fanout": 0}, {"suspect_after_ms": -1}, {"dead_after_ms": 3_500}, {"colour": 1}],
)
def test_settings_are_checked(wrong):
    with pytest.raises(ValidationError):
        GossipSettings(**wrong)


def test_every_setting_is_documented():
    assert all(field.description for field in GossipSettings.model_fields.values())
