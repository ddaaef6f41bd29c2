"""Versions and siblings: the laws of a join-semilattice, and exactness against a history."""

from __future__ import annotations

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from playground.systems.store.records import Contents, drop_record, fingerprint, put_record, replay
from playground.systems.store.versions import Siblings, Version, Versioned, covers, join, join_all, merge

versions: st.SearchStrategy[Version] = st.dictionaries(
    st.sampled_from(("a", "b", "c")), st.integers(1, 3), min_size=1
).map(lambda entries: tuple(sorted(entries.items())))
versioned = st.builds(Versioned, st.sampled_from(("x", "y", "z")), versions)
siblings: st.SearchStrategy[Siblings] = st.lists(versioned, max_size=4).map(
    lambda many: reduce(merge, ((one,) for one in many), ())
)


@given(versions, versions, versions)
def test_covering_is_a_partial_order_and_join_is_its_least_upper_bound(a: Version, b: Version, c: Version) -> None:
    assert covers(a, a)
    assert not (covers(a, b) and covers(b, a)) or a == b
    assert not (covers(a, b) and covers(b, c)) or covers(a, c)
    both = join(a, b)
    assert both == join(b, a)
    assert covers(both, a)
    assert covers(both, b)
    assert covers(c, both) == (covers(c, a) and covers(c, b))


@given(siblings, siblings, siblings)
def test_merging_siblings_is_a_semilattice(a: Siblings, b: Siblings, c: Siblings) -> None:
    assert merge(a, a) is a
    assert merge(a, ()) == merge((), a) == a
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert (merge(a, b) is a) == (merge(a, b) == a)


@given(siblings)
def test_no_sibling_supersedes_another(some: Siblings) -> None:
    for one in some:
        for other in some:
            assert one == other or not covers(one.version, other.version)


@given(st.lists(st.tuples(st.integers(0, 2), st.lists(st.integers(0, 20), max_size=3)), max_size=12), st.randoms())
def test_vectors_say_exactly_who_knew_whom(script: list[tuple[int, list[int]]], random: object) -> None:
    # Each write is made by one of three sessions that first reads some of the earlier writes.
    contexts: dict[int, Version] = {0: (), 1: (), 2: ()}
    knew: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}
    writes: list[tuple[Version, set[int]]] = []
    for session, reads in script:
        for read in reads:
            if read < len(writes):
                contexts[session] = join(contexts[session], writes[read][0])
                knew[session] |= writes[read][1]
        own = dict(contexts[session]).get(str(session), 0) + 1
        version = join(contexts[session], ((str(session), own),))
        # A session never forgets its own counter, so the next one is its highest plus one.
        contexts[session] = version
        knew[session] = knew[session] | {len(writes)}
        writes.append((version, set(knew[session])))
    for i, (version, _) in enumerate(writes):
        for other, known in writes:
            assert covers(other, version) == (i in known)


def test_join_of_nothing_is_the_empty_version() -> None:
    assert join_all(()) == ()
    assert join_all(((("a", 1),), (("b", 2),))) == (("a", 1), ("b", 2))


@given(st.lists(st.tuples(st.sampled_from(("k", "ü", "😀")), siblings), max_size=6))
def test_a_log_gives_back_what_was_merged(puts: list[tuple[str, Siblings]]) -> None:
    expected = Contents()
    for key, some in puts:
        if some:
            expected.data[key] = merge(expected.data.get(key, ()), some)
    assert replay(put_record(key, some) for key, some in puts if some).data == expected.data


def test_a_key_is_dropped_only_if_it_is_what_was_handed_over() -> None:
    old, new = (Versioned("x", (("a", 1),)),), (Versioned("y", (("a", 2),)),)
    drop = drop_record("k", fingerprint("k", old))
    assert replay([put_record("k", old), drop]).data == {}
    assert replay([put_record("k", old), put_record("k", new), drop]).data == {"k": new}
    assert replay([put_record("k", old), drop, put_record("k", new)]).data == {"k": new}
