"""The circle, example by example: its rules, its edges, and claims P6, P7 and R7 as figures."""

import subprocess
import sys
from array import array
from statistics import mean

import numpy as np
import pytest

from playground.systems.ring import circle
from playground.systems.ring.client import CIRCLE, MAX_NODES, EmptyRing, HashRing, key_position
from playground.systems.ring.points import CELL_BITS

TWENTY = [f"node-{number}" for number in range(20)]


def keys(count: int) -> list[str]:
    return [f"user:{number}" for number in range(count)]


# -- the rules


def test_a_key_belongs_to_the_first_server_met_anticlockwise() -> None:
    ring = HashRing(["a", "b", "c"], points_per_node=1)
    (low, lowest), (middle, middle_owner), (high, highest) = ring.points()
    assert ring.owner_at(middle) == middle_owner
    assert ring.owner_at(middle - 1) == lowest
    assert ring.owner_at(high - 1) == middle_owner
    assert ring.owner_at(CIRCLE - 1) == highest
    assert ring.owner_at(low - 1) == ring.owner_at(0) == highest, "before the first point one goes on at the last"


def test_copies_lie_on_the_next_distinct_servers_anticlockwise() -> None:
    ring = HashRing(["a", "b", "c"], points_per_node=1)
    first, second, third = (name for _, name in ring.points())
    assert ring.replicas_at(CIRCLE - 1, 3) == (third, second, first)
    assert ring.replicas_at(0, 2) == (third, second)
    assert ring.replicas_at(0, 9) == (third, second, first), "no more copies than servers"
    assert ring.replicas_at(0, 0) == ()
    assert ring.replicas("k", 1) == (ring.owner("k"),)


def test_the_owner_of_a_lost_key_is_its_first_copy() -> None:
    ring = HashRing(TWENTY)
    for key in keys(200):
        owner, heir = ring.replicas(key, 2)
        survivors = ring.copy()
        survivors.remove(owner)
        assert survivors.owner(key) == heir


def test_positions_are_pinned() -> None:
    """A journal is replayed on another machine: places must never change."""
    assert key_position("") == 0
    assert key_position("a") == 0xE6B53A48510E895A * CIRCLE >> 64, "the second half of MurmurHash3_x64_128(a)"
    assert circle.node_positions("node-1", 2) == [676_921_805_071_708_938, 154_859_086_835_149_304]
    assert HashRing(TWENTY).owner("user:1") == "node-7"


# -- the edges


def test_an_empty_ring_owns_nothing() -> None:
    ring = HashRing()
    for ask in (
        lambda: ring.owner("k"),
        lambda: ring.owner_at(0),
        lambda: ring.replicas("k", 2),
        lambda: ring.owners(["k"]),
        lambda: ring.owners_at([0]),
    ):
        with pytest.raises(EmptyRing, match="no server"):
            ask()
    assert list(ring.arcs()) == []
    assert ring.shares() == {}
    assert ring.size_bytes == 0
    assert ring.owners([]) == []
    assert ring.moved(HashRing()) == 0.0
    assert ring.moved(HashRing(["a"])) == HashRing(["a"]).moved(ring) == 1.0


def test_a_single_server_owns_everything() -> None:
    ring = HashRing(["a"])
    assert list(ring.arcs()) == [(0, CIRCLE, "a")]
    assert ring.shares() == {"a": 1.0}
    assert ring.replicas("k", 3) == ("a",)


def test_the_last_server_can_leave_and_return() -> None:
    ring = HashRing(["a"])
    ring.remove("a")
    with pytest.raises(EmptyRing):
        ring.owner("k")
    ring.add("a")
    assert ring.owner("k") == "a"


@pytest.mark.parametrize("position", [-1, CIRCLE, 2**64])
def test_positions_off_the_circle_are_refused(position: int) -> None:
    ring = HashRing(["a"])
    with pytest.raises(ValueError, match="not on the circle"):
        ring.owner_at(position)
    with pytest.raises(ValueError, match="not on the circle"):
        ring.replicas_at(position, 2)
    with pytest.raises(ValueError, match="not on the circle"):
        ring.owners_at([5, position])


@pytest.mark.parametrize("weight", [0.0, -1.0, float("inf"), float("nan")])
def test_a_weight_must_be_a_positive_number(weight: float) -> None:
    ring = HashRing(["a"])
    with pytest.raises(ValueError, match="weight of server 'b'"):
        ring.add("b", weight)
    assert ring.nodes == ("a",), "a refused server leaves no trace"
    with pytest.raises(ValueError, match="weight of server 'b'"):
        HashRing({"b": weight})


def test_mistaken_calls_are_refused() -> None:
    ring = HashRing(["a"])
    with pytest.raises(ValueError, match="already"):
        ring.add("a")
    with pytest.raises(KeyError):
        ring.remove("b")
    with pytest.raises(KeyError):
        ring.weight("b")
    with pytest.raises(ValueError, match="points_per_node"):
        HashRing(points_per_node=0)


def test_the_circle_knows_its_servers() -> None:
    ring = HashRing({"b": 2.0, "a": 0.001}, points_per_node=10)
    assert ring.nodes == ("a", "b")
    assert "a" in ring
    assert "c" not in ring
    assert ring.weight("b") == 2.0
    assert ring.points_per_node == 10
    assert ring.size_bytes == 8 * (1 + 20), "even a feather-weight server has one point"


def test_a_copy_lives_its_own_life() -> None:
    ring = HashRing(TWENTY)
    twin = ring.copy()
    twin.remove("node-3")
    twin.add("newcomer")
    ring.add("other", 2.0)
    assert ring.nodes == HashRing([*TWENTY, "other"]).nodes
    assert "other" not in twin
    assert "newcomer" not in ring
    assert twin.moved(HashRing([name for name in [*TWENTY, "newcomer"] if name != "node-3"])) == 0.0


def test_slots_are_reused_and_run_out() -> None:
    ring = HashRing(map(str, range(MAX_NODES)), points_per_node=1)
    for refused in (lambda: ring.add("one more"), lambda: HashRing(map(str, range(MAX_NODES + 1)), points_per_node=1)):
        with pytest.raises(ValueError, match="16384"):
            refused()
    ring.remove("77")
    ring.add("one more")
    assert ring.nodes == tuple(sorted({*map(str, range(MAX_NODES)), "one more"} - {"77"}))

    small = HashRing(["a", "b"], points_per_node=1)
    for number in range(MAX_NODES + 10):
        small.add(f"guest-{number}")
        small.remove(f"guest-{number}")
    assert small.moved(HashRing(["a", "b"], points_per_node=1)) == 0.0


# -- hashing


def test_keys_spread_over_the_whole_circle_evenly() -> None:
    """Remainders would put 46.0 % of the keys on the first 2^64 mod 10^18, which is 44.7 %."""
    positions = circle.key_positions(keys(200_000))
    first_part = 2**64 % CIRCLE
    assert np.mean(positions < first_part) == pytest.approx(first_part / CIRCLE, abs=0.004)
    tenths = np.bincount((positions // (CIRCLE // 10)).astype(int), minlength=10)
    assert tenths.min() > 19_400
    assert tenths.max() < 20_600


def test_a_key_spelled_like_a_server_does_not_stand_on_its_spot() -> None:
    assert key_position("node-1") not in circle.node_positions("node-1", 1000)


def test_single_look_ups_do_not_import_numpy() -> None:
    code = (
        "import sys; from playground.systems.ring.client import HashRing; ring = HashRing(['a', 'b']);"
        "ring.owner('k'); ring.replicas('k', 2); ring.shares(); ring.remove('a'); sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# -- batches


def test_batches_longer_than_one_stretch_agree_with_single_look_ups() -> None:
    ring = HashRing(TWENTY)
    many = keys(70_000)
    assert ring.owners(many) == [ring.owner(key) for key in many]
    positions = list(map(key_position, many))
    assert ring.owners_at(positions) == ring.owners_at(np.array(positions)) == ring.owners(many)


# -- the claims


def test_losing_a_server_moves_its_share_of_the_keys_and_no_other() -> None:
    """P6: about one key in N; hashing by id mod N would move (N - 1) in N."""
    ring = HashRing(TWENTY)
    for lost in TWENTY:
        after = ring.copy()
        after.remove(lost)
        assert after.moved(ring) == ring.moved(after) == pytest.approx(ring.shares()[lost], abs=1e-12)
        assert ring.moved(after) == pytest.approx(1 / 20, rel=0.4)
        assert all(now == then for then, now in _owners_before_and_after(ring, after) if then != lost)


def _owners_before_and_after(ring: HashRing, after: HashRing) -> list[tuple[str, str]]:
    some = keys(2_000)
    return list(zip(ring.owners(some), after.owners(some), strict=True))


def test_more_points_spread_a_lost_load_over_more_survivors() -> None:
    """P6: the largest part of a lost server's load that one survivor takes over."""

    def largest_part(points_per_node: int) -> float:
        ring = HashRing(TWENTY, points_per_node=points_per_node)
        before = ring.shares()
        parts = []
        for lost in TWENTY:
            survivors = ring.copy()
            survivors.remove(lost)
            gained = [share - before[name] for name, share in survivors.shares().items()]
            parts.append(max(gained) / before[lost])
        return mean(parts)

    one, ten, hundred, thousand = (largest_part(k) for k in (1, 10, 100, 1000))
    assert one == pytest.approx(1.0), "with one point a server, one neighbour inherits everything"
    assert one > 2 * ten > 4 * hundred > 4 * thousand
    assert thousand < 0.1, "1/19 would be perfect"


def test_more_points_even_out_the_load() -> None:
    """P6: max/mean of the shares falls towards 1 as k rises."""
    one, ten, hundred, thousand = (
        max(HashRing(TWENTY, points_per_node=k).shares().values()) * 20 for k in (1, 10, 100, 1000)
    )
    assert one > 2 > ten > hundred > thousand
    assert thousand < 1.1


def test_weights_scale_shares() -> None:
    ring = HashRing({name: 3.0 if name == "node-7" else 1.0 for name in TWENTY}, points_per_node=400)
    assert ring.shares()["node-7"] == pytest.approx(3 / 22, rel=0.1)


def test_more_weight_only_takes_keys_from_others() -> None:
    light, heavy = HashRing(TWENTY), HashRing({name: 2.0 if name == "node-7" else 1.0 for name in TWENTY})
    some = keys(5_000)
    changes = {now for then, now in zip(light.owners(some), heavy.owners(some), strict=True) if then != now}
    assert changes == {"node-7"}


def test_ten_thousand_servers_with_a_hundred_points_fit_8_megabytes() -> None:
    """P7: owners included, and nothing allocated beyond it, also after servers came and went."""

    def allocated(ring: HashRing) -> int:
        return sys.getsizeof(ring._points) - sys.getsizeof(array("Q"))

    names = [f"node-{number}" for number in range(10_000)]
    ring = HashRing(names)
    assert ring.size_bytes == allocated(ring) == 8_000_000
    ring.remove("node-5")
    assert ring.size_bytes == allocated(ring) == 7_999_200
    ring.add("node-5")
    assert ring.size_bytes == allocated(ring) == 8_000_000
    assert ring.moved(HashRing(names)) == 0.0
    assert ring.owners(names[:1_000]) == [ring.owner(name) for name in names[:1_000]]


def test_cells_divide_the_circle_evenly() -> None:
    assert CIRCLE % (1 << CELL_BITS) == 0
    assert CIRCLE >> CELL_BITS < 2**50
