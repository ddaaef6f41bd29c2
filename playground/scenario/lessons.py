"""The lessons: shipped scenarios with captions, basics first, each with what one learns from it in one line.

Which scenarios are lessons follows from their files: whatever is shipped (beside the claims) and says something as
it plays. Here stands only their order, and what each is worth. One that is missing here comes last, with its title.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from playground.kernel.errors import UserError
from playground.scenario.loader import load_file, pick
from playground.scenario.model import Experiment, Scenario
from playground.scenario.shelf import CLAIMS, find, shipped

CHAPTERS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Basics", (
        ("first-crash", "How a crash is noticed, and why nothing is lost"),
        ("partition-and-heal", "Why a minority has to refuse, and what heals"),
        ("quorums", "What R + W > N promises, and what it does not"),
        ("rolling-restart", "Restarting everything without a failed request"),
        ("split-brain", "Half is no majority: two halves both say yes"),
    )),
    ("Networks", (
        ("one-way", "Links that fail in one direction: who is right?"),
        ("bridge-partition", "Being heard of is not being reached"),
        ("flapping-link", "Faults too short to be noticed have their price"),
        ("lossy-network", "Loss, doubles, disorder: what versions are for"),
    )),
    ("Slow is not dead", (
        ("gc-pause", "A long pause looks like death, from both sides"),
        ("slow-node", "Gray failure: alive, and too slow to be useful"),
        ("clock-skew", "Newest wins: a fast clock eats later writes"),
    )),
    ("Disks", (
        ("full-disk", "Readable and not writable, key by key"),
        ("bit-rot", "Checksums find at restart what nobody noticed"),
        ("lost-disk", "Who comes back empty copies before it votes"),
        ("lying-disk", "What fsync is worth when a drive lies about it"),
    )),
    ("ZooKeeper", (
        ("ensemble-majority", "Five servers bear two failures, and not three"),
        ("leader-pause", "Epochs: a leader that wakes up late is nobody"),
        ("expired-session", "A session ends, and its owner can't be told"),
    )),
    ("Shards and balancers", (
        ("master-failover", "What a whole platform does when a master dies"),
        ("zombie-master", "Leases and fencing: guards against an old master"),
        ("semi-sync-loses-a-slave", "What semi-synchronous copies can survive"),
        ("balancer-failover", "A floating leader moves on; the old one knows"),
    )),
    ("Kafka", (
        ("broker-crash", "Leaders, replicas, controller: each may die"),
        ("unclean-election", "Available at once, or nothing lost: your choice"),
        ("zombie-consumer", "At least once, at most once, and generations"),
        ("poison-message", "Slow consumers, poison, and what patience cures"),
        ("rebalance-storm", "Eager and cooperative groups in constant change"),
    )),
    ("Overload", (
        ("thundering-herd", "Work that nobody waits for outlives its cause"),
        ("retry-storm", "Retries keep a failure alive; a budget ends it"),
    )),
)  # fmt: skip
"""Title -> ``(name, what one learns)``, in the order in which they build on each other. 48 characters at most."""
FURTHER = "Further"
"""The chapter of those that are not listed."""

_PARTS = (
    ("shards", lambda spec: spec.database == "shards"),
    ("quorum store", lambda spec: spec.database == "quorum"),
    ("ZooKeeper", lambda spec: bool(spec.zookeeper.servers)),
    ("balancers", lambda spec: bool(spec.balancer.balancers)),
    ("Kafka", lambda spec: bool(spec.kafka.brokers)),
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A scenario to learn from."""

    name: str
    path: Path
    title: str
    learns: str
    """What one learns, in one line."""
    chapter: str
    length_us: int
    """In virtual time."""
    stops: int
    """How many captions there are to read."""
    systems: tuple[str, ...]


def lessons() -> tuple[Lesson, ...]:
    """All lessons, in order. A file that cannot be read is none: ``playground list`` tells what is wrong with it."""
    listed = [(chapter, name, learns) for chapter, entries in CHAPTERS for name, learns in entries]
    names = {name for _, name, _ in listed}
    files = shipped()
    listed += [(FURTHER, name, "") for name in files if name not in names and not name.startswith(CLAIMS)]
    found = []
    for chapter, name, learns in listed:
        if name not in files:
            continue
        try:
            scenario = pick(load_file(files[name]))
        except UserError:
            continue
        if scenario.captions:
            found.append(_lesson(name, files[name], scenario, learns, chapter))
    return tuple(found)


def lesson_of(name_or_path: str, known: Iterable[Lesson] = ()) -> Lesson:
    """The lesson of that name, or of any file with captions. UserError if there is none, or it says nothing."""
    path = find(name_or_path)
    for each in known:
        if each.path == path:
            return each
    file = load_file(path)
    if isinstance(file, Experiment):
        raise UserError(f"{name_or_path} is a lab, with no cluster to watch: playground play {name_or_path} shows it")
    scenario = pick(file)
    if not scenario.captions:
        raise UserError(f"{name_or_path} has no captions (say: …) to stop at: playground play {name_or_path} shows it")
    return _lesson(name_or_path, path, scenario, "", FURTHER)


def stops(scenario: Scenario) -> tuple[int, ...]:
    """The instants, in microseconds, at which there is something to read. At the very end it stands still anyway."""
    return tuple(at_us for at_us, _ in scenario.captions if at_us < scenario.until_us)


def _lesson(name: str, path: Path, scenario: Scenario, learns: str, chapter: str) -> Lesson:
    title = scenario.title.partition(":")[0] if scenario.variant else scenario.title
    systems = tuple(word for word, there in _PARTS if there(scenario.spec))
    return Lesson(name, path, title, learns or title, chapter, scenario.until_us, len(scenario.captions), systems)
