"""Delta debugging, by itself: on failures whose cause is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from playground.sweeps.ddmin import ddmin

Fails = Callable[[tuple[int, ...]], bool]


def judge(
    fails: Fails, asked: list[tuple[int, ...]] | None = None
) -> Callable[[Iterable[tuple[int, ...]]], int | None]:
    def first_failing(candidates: Iterable[tuple[int, ...]]) -> int | None:
        for number, candidate in enumerate(candidates):
            if asked is not None:
                asked.append(candidate)
            if fails(candidate):
                return number
        return None

    return first_failing


def subset(needed: Iterable[int]) -> Fails:
    wanted = set(needed)
    return lambda items: wanted <= set(items)


def test_the_example_of_the_paper() -> None:
    """Section 3, figure 4: of eight changes 1, 7 and 8 together make it fail."""
    assert ddmin(range(1, 9), judge(subset((1, 7, 8)))) == (1, 7, 8)


def test_a_single_cause_among_many_is_found_in_few_questions() -> None:
    asked: list[tuple[int, ...]] = []
    assert ddmin(range(1024), judge(subset((700,)), asked)) == (700,)
    assert len(asked) < 40, "it halves"


def test_what_fails_with_nothing_at_all_needs_nothing() -> None:
    assert ddmin(range(9), judge(lambda _items: True)) == ()
    assert ddmin((), judge(lambda _items: True)) == ()


@given(st.integers(1, 40), st.data())
def test_just_what_is_needed_is_left_in_its_order(size: int, data: st.DataObject) -> None:
    needed = data.draw(st.sets(st.integers(0, size - 1)))
    assert ddmin(range(size), judge(subset(needed))) == tuple(sorted(needed))


@given(st.integers(1, 12), st.integers(0, 2**32))
def test_whatever_fails_the_result_fails_and_needs_each_of_its_items(size: int, salt: int) -> None:
    """Also where more does not always fail more: then there may be smaller results, but none by leaving out one."""

    def fails(items: Sequence[int]) -> bool:
        return len(items) == size or (sum(3**item for item in items) * 2654435761 + salt) % 5 == 0

    left = ddmin(range(size), judge(fails))
    assert fails(left)
    if len(left) > 1:
        assert not any(fails(left[:number] + left[number + 1 :]) for number in range(len(left)))
