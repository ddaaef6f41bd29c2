"""The served playground as a program of its own, and what its processes take."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PATIENCE_S = 60.0
PLAYER = "player"
"""Who logs in by that name is asked for a key; the others watch."""
PARTS = ("hall", "front", "gallery", "player")
"""Kinds of processes; what a player's process has started is the player's."""


class Server:
    """The served playground, and what its processes take."""

    def __init__(self, folder: Path, cluster: tuple[str, ...] = (), room: int = 120) -> None:
        import asyncssh
        import psutil

        key = asyncssh.generate_private_key("ssh-ed25519")
        self.key = folder / "player"
        key.write_private_key(self.key)
        self.key.chmod(0o600)
        keys = folder / "keys"
        keys.write_text(f'role="player",name="{PLAYER}" {key.export_public_key().decode()}', encoding="utf-8")
        self._log = (folder / "log").open("w+", encoding="utf-8")
        command = [sys.executable, "-m", "playground", "ssh", "--shared", "--open", "--port", "0", "--seed", "1"]
        command += ["--host-key", str(folder / "host"), "--authorized-keys", str(keys)]
        command += ["--visitors", str(room), *cluster]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._log, cwd=folder)
        self._root = psutil.Process(self._process.pid)
        self.port = self._port()

    def _port(self) -> int:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := re.search(rb"-p (\d+)", line):
                return int(found[1])
        raise SystemExit(f"playground: the server did not start: {self.said()}")

    def said(self) -> str:
        self._log.seek(0)
        return self._log.read()[-600:].strip()

    def cpu_s(self) -> dict[str, float]:
        """Processor time so far, by kind of process; those of visitors who are gone no longer count."""
        import psutil

        took = dict.fromkeys(PARTS, 0.0)
        for process in (self._root, *self._root.children(recursive=True)):
            try:
                times = process.cpu_times()
                took[_part(process.cmdline())] += times.user + times.system
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return took

    def memory_bytes(self) -> int:
        """Of all processes; what they share (PSS on Linux) counts once."""
        import psutil

        total = 0
        for process in (self._root, *self._root.children(recursive=True)):
            try:
                memory = process.memory_full_info()
                total += getattr(memory, "pss", 0) or memory.uss
            except (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied):
                continue
        return total

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
        self._log.close()


def _part(command: list[str]) -> str:
    words = " ".join(command)
    return next((part for part in ("hall", "gallery", "player") if f"playground.serve.{part}" in words),
                "player" if "playground.remote" in words else "front")  # fmt: skip
