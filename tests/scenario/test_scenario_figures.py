"""Tolerances: what is written, what it means, when it holds."""

from __future__ import annotations

from typing import Any

import pytest

from playground.cluster import Cluster
from playground.kernel.world import run
from playground.scenario.figures import FIGURES, Kind, Value, expectation, spell
from playground.spec import ClusterSpec


@pytest.mark.parametrize(
    ("figure", "tolerance", "good", "bad"),
    [
        ("stale_reads", 0, 0, 1),
        ("stale_reads", "> 0", 1, 0),
        ("stale_reads", "!= 3", 2, 3),
        ("stale_reads", "0", 0, 1),
        ("error_share", "<= 5%", 0.05, 0.0501),
        ("error_share", 0.05, 0.05, 0.04),
        ("error_share", ">= 10%, <= 40%", 0.25, 0.41),
        ("p99", "< 200ms", 199_999, 200_000),
        ("p99", "<200ms", 199_999, 200_000),
        ("p99", "== 1s", 1_000_000, 999_999),
        ("converged", True, True, False),
        ("converged", "false", False, True),
        ("checks", "pass", "pass", "fail"),
        ("checks", "fail", "fail", "pass"),
        ("outcome", "violation", "violation", "pass"),
        ("linearizable", "unknown", "unknown", "violation"),
        ("hypothesis", "pass", "pass", "fail"),
        ("throughput", ">= 39.5", 39.5, 39.4),
    ],
)
def test_a_tolerance_holds_or_not(figure: str, tolerance: Any, good: Value, bad: Value) -> None:
    expected = expectation(figure, tolerance)
    assert expected.holds(good)
    assert not expected.holds(bad)
    assert not expected.holds(None), "what was not measured meets nothing"


@pytest.mark.parametrize(
    ("figure", "tolerance"),
    [
        ("stale_reads", "about 5"),
        ("stale_reads", True),
        ("stale_reads", None),
        ("stale_reads", [0]),
        ("stale_reads", float("nan")),
        ("stale_reads", "<"),
        ("p99", "5%"),
        ("error_share", "5ms"),
        ("converged", 1),
        ("converged", "yes please"),
        ("checks", True),
        ("checks", "violation"),
        ("outcome", "fail"),
        ("linearizable", "!= violation"),
    ],
)
def test_other_tolerances_are_refused(figure: str, tolerance: Any) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        expectation(figure, tolerance)


@pytest.mark.parametrize(
    ("figure", "tolerance", "measured", "excess"),
    [
        ("stale_reads", "< 5", 4, 0),
        ("stale_reads", "< 5", 9, 4),
        ("stale_reads", ">= 2, <= 5", 0, 2),
        ("stale_reads", 3, 7, 4),
        ("checks", "pass", "fail", float("inf")),
        ("p99", "< 1s", None, float("inf")),
    ],
)
def test_what_is_beyond_a_tolerance_has_a_distance(figure: str, tolerance: Any, measured: Value, excess: float) -> None:
    assert expectation(figure, tolerance).excess(measured) == excess


def test_every_figure_of_an_inspection_can_be_expected() -> None:
    async def names() -> set[str]:
        return set(Cluster(ClusterSpec(nodes=1), 0).inspection.figures())

    assert {name.removesuffix("_s") for name in run(names)} <= set(FIGURES)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.DURATION, 850, "850 µs"),
        (Kind.DURATION, 12_500, "12.5 ms"),
        (Kind.DURATION, 999_900, "1 s"),
        (Kind.DURATION, 3_210_000, "3.21 s"),
        (Kind.SHARE, 0.25941, "25.9%"),
        (Kind.NUMBER, 12_345, "12,345"),
        (Kind.FLAG, True, "true"),
        (Kind.VERDICT, "pass", "pass"),
        (Kind.NUMBER, None, "not measured"),
    ],
)
def test_measured_values_read_well(kind: Kind, value: Value, text: str) -> None:
    assert spell(kind, value) == text
