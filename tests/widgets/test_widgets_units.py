"""Quantities are written one way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.units import duration, share, size


@pytest.mark.parametrize(
    ("us", "text"),
    [(0, "0.0 ms"), (3_100, "3.1 ms"), (9_949, "9.9 ms"), (9_950, "10 ms"), (503_900, "504 ms"), (999_499, "999 ms"),
     (999_500, "1.0 s"), (6_100_000, "6.1 s"), (83_000_000, "83 s"), (999_600_000, "17 min"), (7_200_000_000, "2.0 h")],
)  # fmt: skip
def test_durations_have_a_blank_and_three_digits_at_most(us: int, text: str) -> None:
    assert duration(us) == text


@given(st.integers(0, 900 * 3_600_000_000))
def test_any_duration_fits_in_six_cells_and_is_nearly_what_was_measured(us: int) -> None:
    text = duration(us)
    number, unit = text.split(" ")
    assert len(text) <= 6
    meant = float(number) * {"ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}[unit]
    assert abs(meant - us) <= max(50, us * 0.06)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0 B"), (747, "747 B"), (999, "999 B"), (1_000, "1 kB"), (2_071, "2.07 kB"), (999_499, "999 kB"),
     (999_999, "1 MB"), (1_500_000, "1.5 MB"), (268_435_456, "268 MB"), (4_200_000_000, "4.2 GB"), (3e12, "3,000 GB")],
)  # fmt: skip
def test_sizes_are_decimal(amount: float, text: str) -> None:
    assert size(amount) == text


def test_a_share_that_is_not_nothing_does_not_look_like_nothing() -> None:
    assert [share(part) for part in (0, 0.001, 0.126, 1)] == ["0%", "<1%", "13%", "100%"]
