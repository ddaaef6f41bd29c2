"""Seeds as people write them."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.kernel.errors import UserError
from playground.sweeps.seeds import MOST, Seeds, parse_seeds


@pytest.mark.parametrize(
    ("text", "seeds", "shown"),
    [
        ("5", [5], "5"),
        ("0..3", [0, 1, 2, 3], "0..3"),
        ("1,3,7..9", [1, 3, 7, 8, 9], "1,3,7..9"),
        (" 4 .. 5 , 1", [1, 4, 5], "1,4..5"),
        ("3..5,4..6,5,7", [3, 4, 5, 6, 7], "3..7"),
        ("9223372036854775807", [2**63 - 1], "9223372036854775807"),
    ],
)
def test_seeds_are_handed_out_in_order_each_once(text: str, seeds: list[int], shown: str) -> None:
    parsed = parse_seeds(text)
    assert list(parsed) == seeds
    assert len(parsed) == len(seeds)
    assert str(parsed) == shown


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "'' is neither a seed nor a range; write for example 0..999"),
        ("1,,2", "'' is neither"),
        ("-1", "'-1' is neither"),
        ("1..", "'1..' is neither"),
        ("0...9", "'0...9' is neither"),
        ("x\ny", "'x\\ny' is neither"),
        ("²", "'²' is neither"),
        ("9..1", "9..1 runs backwards; write 1..9"),
        ("9223372036854775808", "9223372036854775808 is too large; the highest seed is 9223372036854775807"),
        ("9" * 30, "is neither"),
        ("0..10000000", "10,000,001 seeds are too many; a sweep plays at most 10,000,000"),
        ("0..9999999,20000000", "10,000,001 seeds are too many"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_instead(text: str, complaint: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_seeds(text)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("--seeds: ")
    assert "\n" not in str(caught.value)


def test_millions_of_seeds_cost_nothing_until_they_are_asked_for() -> None:
    seeds = parse_seeds(f"0..{MOST - 1}")
    assert len(seeds) == MOST
    assert list(islice(seeds, 3)) == [0, 1, 2]
    assert seeds.position(MOST - 1) == MOST - 1


@given(st.lists(st.integers(0, 200), min_size=1))
def test_what_is_written_is_read_again_and_every_seed_knows_its_place(numbers: list[int]) -> None:
    seeds = Seeds(range(number, number + 1) for number in numbers)
    expected = sorted(set(numbers))
    assert list(seeds) == expected
    assert list(parse_seeds(str(seeds))) == expected
    assert [seeds.position(number) for number in expected] == list(range(len(expected)))
    assert all(seeds.position(number) is None for number in range(202) if number not in expected)
