"""How fast the consistent-hash circle answers, and how much memory it takes.

What is timed is what a caller waits for: str keys that exist already go in, the owners' names come
out, so hashing is always included. Each figure is the best of several rounds, as noise
only ever slows a round down. The peer is uhashring, which offers no batches: one ring of the same
size for both, once with uhashring's own hash (md5) and once with the hash that we use, so that
the two ratios tell the hash from the search. Rounds of both alternate, so a slow minute hits both.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter

import mmh3

from playground.systems.ring.client import HashRing

_HEADLINES = ("points", "bytes", "lookups_per_s", "batched_lookups_per_s")  # of the first row each: the large circle
_SINGLE = "one call per str key in a Python loop, hashing included"
_BATCHED = "one call for all str keys, hashing and the list of names included"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: `value` in `unit`, of a circle of `ring` (servers x points), and what it includes."""

    name: str
    ring: str
    value: float
    unit: str
    includes: str


def measure(
    *,
    nodes: int = 10_000,
    peer_nodes: int = 1_000,
    points_per_node: int = 100,
    lookups: int = 200_000,
    batched_lookups: int = 1_000_000,
    rounds: int = 5,
) -> list[Row]:
    """Measure our circle of `nodes` servers, then one of `peer_nodes` beside uhashring's.

    ModuleNotFoundError if uhashring is not installed.
    """
    keys = [f"user:{number}" for number in range(max(lookups, batched_lookups))]
    single, batch = keys[:lookups], keys[:batched_lookups]
    return [
        *_measure_ours(_names(nodes), points_per_node, single, batch, rounds),
        *_measure_beside_peer(_names(peer_nodes), points_per_node, single, batch, rounds),
    ]


def _measure_ours(
    names: list[str], points_per_node: int, single: list[str], batch: list[str], rounds: int
) -> Iterable[Row]:
    ring = HashRing(names, points_per_node=points_per_node)
    size = f"{len(names):,} x {points_per_node}"
    some = names[len(names) // 2]
    removed_s, added_s, rebuilt_s, single_s, batched_s = _best_of(
        rounds,
        lambda: ring.remove(some),
        lambda: ring.add(some),
        lambda: HashRing(names, points_per_node=points_per_node),
        lambda: _ask(ring.owner, single),
        lambda: ring.owners(batch),
    )
    yield Row("points", size, ring.size_bytes // 8, "points", "all points of all servers")
    yield Row("bytes", size, ring.size_bytes, "bytes", "the sorted array with the owners; names lie beside it")
    yield Row("lookups_per_s", size, len(single) / single_s, "1/s", _SINGLE)
    yield Row("batched_lookups_per_s", size, len(batch) / batched_s, "1/s", _BATCHED)
    yield Row("add_ms", size, added_s * 1e3, "ms", "one server joins: its hashing and one merge pass")
    yield Row("remove_ms", size, removed_s * 1e3, "ms", "one server leaves: its hashing and one copying pass")
    yield Row("rebuild_ms", size, rebuilt_s * 1e3, "ms", "the whole circle anew: hashing all, one sort")


def _measure_beside_peer(
    names: list[str], points_per_node: int, single: list[str], batch: list[str], rounds: int
) -> Iterable[Row]:
    from uhashring import HashRing as Peer

    ours = HashRing(names, points_per_node=points_per_node)
    peer = Peer(names, vnodes=points_per_node)
    same_hash = Peer(names, vnodes=points_per_node, hash_fn=mmh3.hash128)
    ours_s, batched_s, peer_s, same_hash_s = _best_of(
        rounds,
        lambda: _ask(ours.owner, single),
        lambda: ours.owners(batch),
        lambda: _ask(peer.get_node, single),
        lambda: _ask(same_hash.get_node, single),
    )
    size = f"{len(names):,} x {points_per_node}"
    yield Row("lookups_per_s", size, len(single) / ours_s, "1/s", _SINGLE)
    yield Row("batched_lookups_per_s", size, len(batch) / batched_s, "1/s", _BATCHED)
    yield Row("uhashring_lookups_per_s", size, len(single) / peer_s, "1/s", f"{_SINGLE}: its default, md5")
    yield Row("uhashring_mmh3_lookups_per_s", size, len(single) / same_hash_s, "1/s", f"{_SINGLE}: given our mmh3")
    yield Row("ratio", size, peer_s / ours_s, "times", "our single look-ups / uhashring's with md5")
    yield Row("ratio_mmh3", size, same_hash_s / ours_s, "times", "our single look-ups / uhashring's with mmh3")


def _names(count: int) -> list[str]:
    return [f"node-{number}" for number in range(count)]


def _ask(owner: Callable[[str], object], keys: Sequence[str]) -> None:
    for key in keys:
        owner(key)


def _seconds(act: Callable[[], object]) -> float:
    start = perf_counter()
    act()
    return perf_counter() - start


def _best_of(rounds: int, *acts: Callable[[], object]) -> list[float]:
    """Return the shortest time in seconds of each act, all of them taking turns."""
    times = [[_seconds(act) for act in acts] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def run(as_json: bool = False) -> int:
    """Measure and print, for a person or as one JSON object; return the exit status."""
    if importlib.util.find_spec("uhashring") is None:
        print('uhashring is not installed: pip install "chaos-playground[bench]"', file=sys.stderr)
        return 2
    rows = measure()
    if as_json:
        headlines = {name: next(row.value for row in rows if row.name == name) for name in _HEADLINES}
        print(json.dumps({**headlines, "rows": [asdict(row) for row in rows]}, indent=2))
        return 0
    print(f"Consistent-hash circle, {platform.python_implementation()} {platform.python_version()}, one core")
    for row in rows:
        figure = f"{row.value:,.2f}" if row.unit in ("ms", "times") else f"{row.value:,.0f}"
        print(f"{row.ring:>12}  {row.name:<28} {figure:>12} {row.unit:<7} {row.includes}")
    return 0
