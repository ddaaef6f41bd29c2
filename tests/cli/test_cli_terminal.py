"""The command on a real (pseudo) terminal: refusals, an interrupt, and a session that is saved and replayed."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import ptyprocess
import pytest

from playground.cli import live
from playground.session import Session
from playground.spec import ClusterSpec

LIMIT_S = 60


class Terminal:
    """A playground on a pseudo-terminal."""

    def __init__(self, *arguments: str, rows: int = 30, columns: int = 100, cwd: Path, **environment: str) -> None:
        self.output = ""
        self._process = ptyprocess.PtyProcess.spawn(
            [sys.executable, "-m", "playground", *arguments],
            dimensions=(rows, columns),
            cwd=str(cwd),
            # What this person has learnt is none of the tests' business.
            env={**os.environ, "TERM": "xterm-256color", "XDG_STATE_HOME": f"{cwd}-state", **environment},
        )

    def press(self, keys: str) -> None:
        self._process.write(keys.encode())

    def read_until(self, wanted: str) -> str:
        """Everything so far, as soon as it matches ``wanted``; "" matches the end."""
        limit = time.monotonic() + LIMIT_S
        while not (wanted and re.search(wanted, self.output)):
            ready, _, _ = select.select([self._process.fd], [], [], max(0.0, limit - time.monotonic()))
            assert ready, f"{wanted!r} never came: {self.output[-500:]!r}"
            try:
                self.output += os.read(self._process.fd, 65_536).decode(errors="replace")
            except OSError:
                break
        return self.output

    def end(self) -> int:
        """Read to the end; returns the exit status."""
        self.read_until("")
        self._process.wait()
        assert self._process.exitstatus is not None
        return int(self._process.exitstatus)


@pytest.mark.parametrize(
    ("rows", "columns", "term", "line"),
    [
        (10, 40, "xterm", "the terminal has 40x10 characters, the app needs 60x20: enlarge it"),
        (
            30,
            100,
            "dumb",
            "TERM=dumb: this terminal cannot place text; without a screen: playground replay first-crash",
        ),
    ],
)
def test_a_terminal_that_will_not_do_is_told_in_one_line(
    rows: int, columns: int, term: str, line: str, tmp_path: Path
) -> None:
    for arguments in ((), ("play", "first-crash")):
        terminal = Terminal(*arguments, rows=rows, columns=columns, cwd=tmp_path, TERM=term)
        assert terminal.end() == 2
        assert terminal.output == f"playground: {line}\r\n"


def test_an_interrupted_replay_says_so_and_leaves_the_line_clean(tmp_path: Path) -> None:
    (tmp_path / "long.yaml").write_text("until: 10h\n")
    terminal = Terminal("replay", "long.yaml", cwd=tmp_path)
    terminal.read_until(r"\d+\.\d s")
    terminal.press("\x03")
    assert terminal.end() == 130
    assert terminal.output.endswith("playground: interrupted\r\n")
    assert "Traceback" not in terminal.output


def test_a_session_is_played_saved_and_replayed_to_its_digest(tmp_path: Path) -> None:
    terminal = Terminal("--seed", "4", "--preset", "small", "--speed", "5", cwd=tmp_path)
    terminal.read_until(r"\x1b\[\?1049h")
    terminal.press("xw")
    terminal.read_until("session-4-1.yaml")
    terminal.press("q")
    assert terminal.end() == 0
    goodbye = terminal.output.rpartition("seed 4, ")[2]
    assert re.search(r"^\d+\.\d{3} s, 1 command, digest [0-9a-f]{32}\r\n", goodbye)
    assert "playground replay session-4-1.yaml" in goodbye
    shown = re.search(r"digest ([0-9a-f]{32})", goodbye)
    saved = (tmp_path / "session-4-1.yaml").read_text()
    digest = re.search(r"^# ([0-9a-f]{32})$", saved, re.MULTILINE)
    assert digest
    assert "do: crash" in saved
    command = [sys.executable, "-m", "playground", "replay", "session-4-1.yaml", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_S)
    assert shown
    assert json.loads(done.stdout)["digest"] == digest[1] == shown[1], "what quitting shows is what the file comes to"


def test_after_a_crash_of_the_app_the_session_is_saved_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crashing(session: Session, **_: object) -> int:
        with session:
            return 1

    monkeypatch.setattr("playground.screens.run.run_app", crashing)
    monkeypatch.chdir(tmp_path)
    assert live.show(Session(ClusterSpec(nodes=3), 9), "dark") == 1
    assert "saved because of the crash: playground replay session-9-1.yaml\n" in capsys.readouterr().out
    assert (tmp_path / "session-9-1.yaml").exists()


SHORT = """\
until: 5s
cluster: {nodes: 4}
method:
  - {at: 1s, do: crash, nodes: [n2]}
  - {at: 2s, do: partition, groups: [[n1], [n3, n4]]}
  - {at: 3500ms, do: heal}
  - {at: 4s, do: start, nodes: [n2]}
"""


def test_on_the_screen_at_every_speed_and_without_a_screen_there_is_one_digest(tmp_path: Path) -> None:
    (tmp_path / "short.yaml").write_text(SHORT)
    digests = []
    for number, speed in enumerate(("1", "100", "max")):
        terminal = Terminal("play", "short.yaml", "--speed", speed, cwd=tmp_path, PYTHONHASHSEED=str(number))
        terminal.read_until("ended")
        terminal.press("q")
        assert terminal.end() == 0
        digests += re.findall(r"digest ([0-9a-f]{32})", terminal.output)
    for number in range(5):
        environment = {**os.environ, "PYTHONHASHSEED": str(number)}
        command = [sys.executable, "-m", "playground", "replay", "short.yaml", "--json"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=LIMIT_S)
        digests.append(json.loads(done.stdout)["digest"])
    assert len(digests) == 8
    assert len(set(digests)) == 1
