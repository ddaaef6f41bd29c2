"""What viewers cost: pictures a second for each, the cluster's pace, processor and memory by process.

The real ``playground ssh --shared`` runs on loopback with the default cluster. Viewers come over SSH with terminals of
160x50, from client processes of their own (:mod:`playground.bench.visitors`), so that what they cost is not the
server's; but they share the machine's processors with it, and their part is told. Spectators press nothing; players
press keys that harm nothing, two a second. Limits are as they are, but for the number of visitors: so each comes from
an address of loopback of their own, which needs Linux.

A *picture* is a change of the clock on the header's line, which every new Frame changes. The *pace* is virtual time, as
that clock shows it, per second of the wall clock. Its peer is the pace in the same run with nobody there: one
spectator looks in for a moment, goes, and another one looks in later.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from playground.bench.served import PARTS, PATIENCE_S, Server
from playground.bench.visitors import COLUMNS, ROWS

WINDOW_S = 5.0
ALONE_S = 10.0
SETTLE_S = 2.0
STEPS = ((1, 0), (20, 0), (50, 0), (100, 0), (0, 1), (0, 4), (0, 8), (50, 8))
"""Spectators and players at a time."""
BUSES = 4
"""Client processes that the spectators of a step come in; players come in one of their own."""
LEAST_FRAMES = 8.0
MOST_BYTES = 50_000.0
LEAST_PACE = 0.95
"""Of the pace with nobody there."""
BUDGET_STEPS = ((1, 0), (20, 0), (50, 0), (0, 8))
"""The steps at which these have to be kept."""


@dataclass(frozen=True, slots=True)
class Step:
    """One row: ``frames_per_s`` the median of all viewers and ``least_frames_per_s`` of the one who saw fewest;
    processor in percent of one core, by process; memory in bytes, of all processes of the server."""

    spectators: int
    players: int
    frames_per_s: float
    least_frames_per_s: float
    bytes_per_s: float
    most_bytes_per_s: float
    pace: float
    cpu_percent: dict[str, float]
    memory_bytes: int

    @property
    def kept(self) -> bool:
        return self.frames_per_s >= LEAST_FRAMES and self.most_bytes_per_s <= MOST_BYTES


class Bus:
    """A process full of viewers, see :mod:`playground.bench.visitors`."""

    def __init__(self, server: Server, number: int, spectators: int = 0, players: int = 0) -> None:
        command = [sys.executable, "-m", "playground.bench.visitors", str(server.port), str(spectators), str(players)]
        self._server = server
        self._process = subprocess.Popen(
            [*command, str(server.key), f"127.0.{number + 1}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def told(self) -> Any:
        """What it says next."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"playground: a client has ended: {self._server.said()}")
        return json.loads(line)

    def ask(self, window_s: float) -> None:
        """Count for so long; what it came to is told then."""
        stdin: IO[str] | None = self._process.stdin
        assert stdin is not None
        print(window_s, file=stdin, flush=True)

    def close(self) -> None:
        """All of them leave."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def _aboard(server: Server, spectators: int, players: int) -> Iterator[list[Bus]]:
    """So many viewers, all of whom have seen a picture."""
    shares = [spectators // BUSES + (number < spectators % BUSES) for number in range(BUSES)]
    with ExitStack() as leaving:
        buses = [Bus(server, number, share) for number, share in enumerate(shares) if share]
        if players:
            buses.append(Bus(server, BUSES, players=players))
        for bus in buses:
            leaving.callback(bus.close)
        for bus in buses:
            bus.told()
        yield buses


def alone(server: Server, window_s: float) -> dict[str, float]:
    """The pace and the hall's processor with nobody there."""
    began_us, began_s = _glance(server)
    cpu_s, cpu_at_s = server.cpu_s(), time.monotonic()
    time.sleep(window_s)
    took_s = (server.cpu_s()["hall"] - cpu_s["hall"]) / (time.monotonic() - cpu_at_s)
    ended_us, ended_s = _glance(server)
    return {"pace": (ended_us - began_us) / 1e6 / (ended_s - began_s), "hall_percent": took_s * 100}


def _glance(server: Server) -> tuple[int, float]:
    """The clock, and when it stood there."""
    with _aboard(server, 1, 0) as [bus]:
        bus.ask(0.5)
        [viewer] = bus.told()["viewers"]
        return viewer["last_us"], viewer["last_s"]


def step(server: Server, spectators: int, players: int, window_s: float) -> Step:
    """Let so many come, count, and let them go."""
    with _aboard(server, spectators, players) as buses:
        time.sleep(min(SETTLE_S, window_s))
        before, began_s = server.cpu_s(), time.monotonic()
        for bus in buses:
            bus.ask(window_s)
        told = [bus.told() for bus in buses]
        lasted_s = time.monotonic() - began_s
        after, memory = server.cpu_s(), server.memory_bytes()
    viewers = [viewer for each in told for viewer in each["viewers"]]
    cpu = {part: (after[part] - before[part]) / lasted_s * 100 for part in PARTS}
    cpu["clients"] = sum(each["cpu_s"] for each in told) / window_s * 100
    frames = [viewer["frames"] / window_s for viewer in viewers]
    size = [viewer["bytes"] / window_s for viewer in viewers]
    pace = statistics.median(
        (viewer["last_us"] - viewer["first_us"]) / 1e6 / (viewer["last_s"] - viewer["first_s"])
        for viewer in viewers
        if viewer["last_s"] > viewer["first_s"]
    )
    return Step(
        spectators,
        players,
        statistics.median(frames),
        min(frames),
        statistics.median(size),
        max(size),
        pace,
        cpu,
        memory,
    )


def measure(
    steps: tuple[tuple[int, int], ...] = STEPS, window_s: float = WINDOW_S, cluster: tuple[str, ...] = ()
) -> tuple[dict[str, float], list[Step]]:
    """The pace with nobody there, and a row for each of ``steps``; ``cluster``: options of the server."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), cluster, room=max(map(sum, steps)) + 4)
        try:
            peer = alone(server, min(ALONE_S, 2 * window_s))
            return peer, [step(server, spectators, players, window_s) for spectators, players in steps]
        finally:
            server.close()


def lines(peer: dict[str, float], steps: list[Step]) -> list[str]:
    """The table for a person."""
    head = "spectators players  pictures/s (least)   kB/s (most)    pace   hall front gallery players clients  memory"
    told = [head, f"{0:10} {0:7}  {'':10} {'':7} {'':6} {'':6}  {peer['pace']:5.3f}  {peer['hall_percent']:4.0f}%"]
    for each in steps:
        cpu = each.cpu_percent
        size = f"{each.bytes_per_s / 1e3:6.1f} ({each.most_bytes_per_s / 1e3:5.1f})"
        verdict = ""
        if (each.spectators, each.players) in BUDGET_STEPS:
            verdict = "  kept" if each.kept and each.pace >= LEAST_PACE * peer["pace"] else "  BROKEN"
        told.append(
            f"{each.spectators:10} {each.players:7}  {each.frames_per_s:10.1f} ({each.least_frames_per_s:5.1f})"
            f" {size}  {each.pace:5.3f}  {cpu['hall']:4.0f}%"
            f" {cpu['front']:4.0f}% {cpu['gallery']:6.0f}% {cpu['player']:6.0f}% {cpu['clients']:6.0f}%"
            f"  {each.memory_bytes / 1e6:4.0f} MB{verdict}"
        )
    return told


def run(as_json: bool = False) -> int:
    """Measure and print, for a person or as one JSON object; return the exit status."""
    if any(importlib.util.find_spec(name) is None for name in ("asyncssh", "psutil")):
        print('asyncssh or psutil is not installed: pip install "chaos-playground[ssh]"', file=sys.stderr)
        return 2
    peer, steps = measure()
    if as_json:
        print(json.dumps({"alone": peer, "steps": [asdict(each) for each in steps]}, indent=2))
        return 0
    cores = os.cpu_count() or 1
    print(
        f"Viewers at {COLUMNS}x{ROWS} for {WINDOW_S:g} s each, {platform.python_implementation()}"
        f" {platform.python_version()}, {cores} processor{'s' if cores > 1 else ''}; the clients share them"
    )
    print(*lines(peer, steps), sep="\n")
    print(
        f"budget: {LEAST_FRAMES:g} pictures/s and {MOST_BYTES / 1e3:g} kB/s each,"
        f" {LEAST_PACE:.0%} of the pace with nobody there; processor in percent of one"
    )
    return 0
