"""How the app feels on a real terminal: start, frames, processor, bytes, and from key to visible change.

The `playground` command runs on a pseudo-terminal of 160x50 with the default cluster, and a terminal
emulator (pyte) reads what it writes, so what is timed is what a person would see. A key's time ends when
its effect stands on the emulated screen: the selected row of the node table, or the pause sign; the
emulator's own work is included. What comes out is compared with the budgets of the design.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import re
import select
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from playground.bench import growth

COLUMNS, ROWS = 160, 50
WINDOW_S = 10.0
KEYS = 24
PATIENCE_S = 20.0
BUDGETS: dict[str, tuple[float, str, str]] = {
    "first_frame_s": (1.5, "s", "from the command to the first full picture, median of 3 starts"),
    "help_s": (0.4, "s", "playground --help, median of 5"),
    "frames_per_s": (10.0, "1/s", f"pictures on the terminal in {WINDOW_S:g} s, at 1x"),
    "cpu_percent": (25.0, "%", "of one core, app, world and what follows it together"),
    "bytes_per_s": (50_000.0, "B/s", "to the terminal"),
    "key_p50_ms": (150.0, "ms", f"from key to visible change, {KEYS} keys"),
    "key_p95_ms": (150.0, "ms", "the same"),
    "rewind_s": (2.0, "s", "from the key to the past of a minute ago, after a minute as fast as it goes"),
}
"""Figure -> budget (frames: at least, all else: at most), unit, what it is."""
_COMMAND = [sys.executable, "-m", "playground"]
# What pyte does not know: the keyboard protocol and mode queries.
_UNKNOWN = re.compile(rb"\x1b\[[<>=]\d*u|\x1b\[\?\d+\$p")
_CLOCK = re.compile(r"\d\d:\d\d\.\d\d\d")
_SELECTED = re.compile(r"▸▌\S (?:shard-\d+ +)?(\w+)")


class Watched:
    """The app on a pseudo-terminal, and what it shows."""

    def __init__(self, command: list[str]) -> None:
        import pyte
        from ptyprocess import PtyProcess

        env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONUTF8": "1"}
        env.pop("NO_COLOR", None)
        self.began = time.perf_counter()
        self.process: Any = PtyProcess.spawn(command, dimensions=(ROWS, COLUMNS), env=env)
        self.screen: Any = pyte.Screen(COLUMNS, ROWS)
        self._stream: Any = pyte.ByteStream(self.screen)
        self.bytes = 0

    def read(self, timeout_s: float) -> bool:
        """Take in what has come, waiting for it at most so long. False: nothing came."""
        if not select.select([self.process.fd], [], [], max(0.0, timeout_s))[0]:
            return False
        try:
            data = os.read(self.process.fd, 65536)
        except OSError:
            raise SystemExit(f"playground: the app ended by itself: {self.text()[-300:].strip()}") from None
        self.bytes += len(data)
        self._stream.feed(_UNKNOWN.sub(b"", data))
        return True

    def until(self, seen: Callable[[], bool]) -> float:
        """Read until ``seen``; the time at which it was."""
        ends = time.perf_counter() + PATIENCE_S
        while not seen():
            if not self.read(ends - time.perf_counter()):
                raise SystemExit(f"playground: nothing happened for {PATIENCE_S:g} s")
        return time.perf_counter()

    def text(self) -> str:
        return "\n".join(self.screen.display)

    def clock(self) -> str:
        found = _CLOCK.search(self.screen.display[0])
        return found[0] if found else ""

    def us(self) -> int:
        clock = self.clock()
        return _us(clock) if clock else 0

    def selected(self) -> str:
        found = _SELECTED.search(self.text())
        return found[1] if found else ""

    def paused(self) -> bool:
        return "paused" in self.screen.display[0]

    def cpu_s(self) -> float:
        """Processor time of the app so far, all threads; on Linux that of the process that follows it, too."""
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as children:
                pids = [self.process.pid, *map(int, children.read().split())]
            return sum(map(_cpu_s, pids))
        except FileNotFoundError:  # no Linux
            out = subprocess.run(["ps", "-o", "time=", "-p", str(self.process.pid)], capture_output=True, text=True)
            parts = [float(part) for part in out.stdout.strip().replace("-", ":").split(":")]
            return sum(part * 60.0**place for place, part in enumerate(reversed(parts)))

    def close(self) -> None:
        self.process.write(b"q")
        ends = time.perf_counter() + PATIENCE_S
        try:
            while time.perf_counter() < ends and self.process.isalive():
                if select.select([self.process.fd], [], [], 0.05)[0]:
                    os.read(self.process.fd, 65536)
        except OSError:
            pass
        self.process.close(force=True)


def _cpu_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return float((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))


def measure(command: list[str] | None = None, *, window_s: float = WINDOW_S) -> dict[str, float]:
    """All figures by name; ``command`` starts the app."""
    command = command or _COMMAND
    figures = {"help_s": _help_s(command)}
    starts = []
    for last in (False, False, True):
        watched = Watched(command)
        try:
            starts.append(watched.until(lambda w=watched: w.clock() != "" and w.selected() != "") - watched.began)  # type: ignore[misc]
            if last:
                figures |= _steady(watched, window_s)
                figures |= _keys(watched)
                figures["rewind_s"] = _rewind_s(watched)
        finally:
            watched.close()
    figures["first_frame_s"] = statistics.median(starts)
    return {name: figures[name] for name in BUDGETS}


def _help_s(command: list[str]) -> float:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([*command, "--help"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _steady(watched: Watched, window_s: float) -> dict[str, float]:
    """Frames, processor and bytes while nobody presses anything."""
    _settle(watched, 2.0)
    began, bytes_before, cpu_before = time.perf_counter(), watched.bytes, watched.cpu_s()
    frames, shown = 0, watched.clock()
    while time.perf_counter() - began < window_s:
        if watched.read(0.05) and (now := watched.clock()) != shown:
            frames, shown = frames + 1, now
    lasted = time.perf_counter() - began
    return {
        "frames_per_s": frames / lasted,
        "cpu_percent": (watched.cpu_s() - cpu_before) / lasted * 100,
        "bytes_per_s": (watched.bytes - bytes_before) / lasted,
    }


def _keys(watched: Watched) -> dict[str, float]:
    """Down the node table and up again, with pauses in between; at odd instants, so as not to hit the beat."""
    watched.process.write(b"2")
    _settle(watched, 0.5)
    times = []
    down, up = b"j", b"k"
    for number in range(KEYS):
        _settle(watched, 0.2 + 0.037 * (number % 7))
        if number % 3 == 2:
            paused = watched.paused()
            times.append(_timed(watched, b" ", lambda before=paused: watched.paused() != before))  # type: ignore[misc]
        else:
            before = watched.selected()
            key = down if number % 6 < 3 else up
            times.append(_timed(watched, key, lambda before=before: watched.selected() not in ("", before)))  # type: ignore[misc]
    ordered = sorted(times)
    return {
        "key_p50_ms": statistics.median(times) * 1e3,
        "key_p95_ms": ordered[min(len(ordered) - 1, round(len(ordered) * 0.95))] * 1e3,
    }


def _rewind_s(watched: Watched) -> float:
    """Race for a minute, stop, and go back to where the race began."""
    if watched.paused():
        _timed(watched, b" ", lambda: not watched.paused())
    began = watched.clock()
    watched.process.write(b"+" * 10)
    watched.until(lambda: watched.us() >= _us(began) + 60_000_000)
    _timed(watched, b" ", watched.paused)
    watched.process.write(f":rewind {began}".encode())
    watched.until(lambda: f":rewind {began}" in watched.text())
    return _timed(watched, b"\r", lambda: "PAST" in watched.screen.display[0] and watched.clock() == began)


def _us(clock: str) -> int:
    minutes, _, seconds = clock.partition(":")
    return int(minutes) * 60_000_000 + round(float(seconds) * 1e6)


def _timed(watched: Watched, key: bytes, seen: Callable[[], bool]) -> float:
    began = time.perf_counter()
    watched.process.write(key)
    return watched.until(seen) - began


def _settle(watched: Watched, span_s: float) -> None:
    ends = time.perf_counter() + span_s
    while (left := ends - time.perf_counter()) > 0:
        watched.read(left)


def run(as_json: bool = False) -> int:
    """Measure and print, for a person or as one JSON object; return the exit status."""
    if any(importlib.util.find_spec(name) is None for name in ("ptyprocess", "pyte")):
        print('ptyprocess or pyte is not installed: pip install "chaos-playground[bench]"', file=sys.stderr)
        return 2
    figures, grown = measure(), growth.measure()
    if as_json:
        whole: dict[str, Any] = {name: round(value, 4) for name, value in figures.items()}
        whole["growth"] = {str(nodes): cost for nodes, cost in grown.items()}
        print(json.dumps(whole, indent=2))
        return 0
    print(f"The app at {COLUMNS}x{ROWS}, {platform.python_implementation()} {platform.python_version()}")
    for name, value in figures.items():
        budget, unit, meaning = BUDGETS[name]
        kept = value >= budget * 0.95 if name == "frames_per_s" else value <= budget
        bound = ">=" if name == "frames_per_s" else "<="
        print(f"{name:14} {value:10,.2f} {unit:4} {bound} {budget:>8,g} {'kept ' if kept else 'BROKEN'}  {meaning}")
    print("", "What a frame costs, by the number of nodes (processor time):", *growth.lines(grown), sep="\n")
    return 0
