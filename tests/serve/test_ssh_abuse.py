"""All abuse at once on loopback: each is refused or cut with a reason, and whoever presents does not notice."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import asyncssh
import psutil

from tests.serve.ssh_lab import Client, Server, needs_ssh, serving, wait_until

pytestmark = needs_ssh
WINDOW_S = 1.5
CLOCK = re.compile(r"(\d\d):(\d\d\.\d\d\d)")


def clock_s(client: Client) -> float:
    found = CLOCK.search(client.text())
    assert found, client.text()
    return int(found[1]) * 60 + float(found[2])


def measured(client: Client) -> tuple[float, float]:
    """Pictures per second, and virtual seconds per second, over a while."""
    seen: list[tuple[float, float]] = []
    ends = time.monotonic() + WINDOW_S
    while time.monotonic() < ends:
        client.read(0.05)
        now_s, shown_s = time.monotonic(), clock_s(client)
        if not seen or seen[-1][1] != shown_s:
            seen.append((now_s, shown_s))
    if len(seen) < 3:
        return 0.0, 0.0
    (from_s, first_s), (to_s, last_s) = seen[1], seen[-1]
    return (len(seen) - 2) / (to_s - from_s), (last_s - first_s) / (to_s - from_s)


def medians(windows: list[tuple[float, float]]) -> tuple[float, float]:
    frames, paces = zip(*windows, strict=True)
    return statistics.median(frames), statistics.median(paces)


class Traces:
    """What visitors leave behind, except those who were here when it began."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._front = psutil.Process(server.process.pid)
        self._folder = folder
        self._old = self._front.children()
        self._fds, self._files = self._front.num_fds(), self._listed()
        self._seen: set[psutil.Process] = set()

    def look(self) -> bool:
        """Whether nothing is left. Every process that is there now is remembered."""
        ours = {*self._old, *(each for old in self._old if old.is_running() for each in old.children(recursive=True))}
        self._seen |= set(self._front.children(recursive=True)) - ours
        lives = any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in self._seen)
        return not lives and self._front.num_fds() <= self._fds and self._listed() == self._files

    @property
    def many(self) -> bool:
        """There was something to leave behind."""
        return bool(self._seen)

    def _listed(self) -> list[Path]:
        return sorted(self._folder.rglob("*"))


def test_a_presenter_does_not_notice_what_strangers_try(tmp_path: Path) -> None:
    anna = asyncssh.generate_private_key("ssh-ed25519", comment="anna")
    keys = tmp_path / "keys"
    keys.write_text(anna.export_public_key().decode())
    args = (
        "--shared",
        "--nodes",
        "3",
        "--open",
        "--authorized-keys",
        str(keys),
        "--guests",
        "player",
        "--stalled",
        "3s",
    )
    with serving(tmp_path, *args) as server:
        client = Client(server, "presenter", 100, 30)
        client.shows("password:")
        client.press(server.passphrase + "\n")
        client.shows("you present")
        client.pause(1.0)
        traces = Traces(server, tmp_path)
        calm = [measured(client) for _ in range(3)]
        command = [sys.executable, "-m", "tests.serve.ssh_abuser", str(server.port)]
        abuser = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            assert abuser.stdout is not None
            assert abuser.stdout.readline() == b"begun\n"
            stormy = []
            for _ in range(5):
                stormy.append(measured(client))
                traces.look()
            # While the strangers hold all they have, another presenter comes in.
            other = Client(server, "presenter", 100, 30)
            other.shows("password:")
            other.press(server.passphrase + "\n")
            other.shows("you present")
            other.press("q")
            assert other.end() == 0
            client.until(lambda: "deaf left" in server.log, "the deaf one is cut")
        finally:
            abuser.kill()
            abuser.communicate()
        later = [measured(client) for _ in range(3)]
        frames_then, pace_then = medians(stormy)
        # The machine may have got busier meanwhile, of other things: then it is so afterwards, too.
        frames, pace = (min(each) for each in zip(medians(calm), medians(later), strict=True))
        assert pace_then > 0.9 * pace, (calm, stormy, later)
        assert frames_then > 0.9 * frames, (calm, stormy, later)
        client.until(traces.look, "nothing is left")
        assert traces.many
        for reason in (
            "127.0.0.2: a key that is not known here",
            "127.0.0.2: 12 keys that are not known here",
            "127.0.0.3: a wrong passphrase",
            "127.0.0.4: a command: there is none here",
            "127.0.0.4: a subsystem: there is none here",
            "127.0.0.4: forwarding of a port: there is none here",
            "127.0.0.4: listening on a port: there is none here",
            "from 127.0.0.5: too much was sent",
            "from 127.0.0.6: nothing that was sent has been read for too long",
            "127.0.0.7: 5 logins from there are under way",
            "127.0.0.7: more than 30 connections a minute",
            "127.0.0.7: left before having logged in",
            "127.0.0.8: too much was sent",
            "127.0.0.8: spoke no SSH that is spoken here",
        ):
            assert reason in server.log, server.log
        assert "Traceback" not in server.log
        client.press("q")
        assert client.end() == 0
        wait_until(lambda: "presenter left" in server.log)
        _, said = server.end()
        assert "Traceback" not in said
