"""Journal files: the same run gives the same bytes, and what is left of a run that was cut off can be read."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.journals.file import FORMAT, JournalFile, JournalReader
from playground.kernel.errors import UserError
from playground.scenario.loader import loads
from playground.scenario.runner import play

SCENARIO = loads("""
title: small
seed: 4
cluster: {preset: small}
until: 3s
method:
  - {at: 1s, do: crash, nodes: [n2]}
  - {at: 2s, do: start, nodes: [n2]}
""")
KILLED = """
import os, sys
from playground.journals.file import JournalFile
from playground.scenario.loader import load
from playground.scenario.runner import play
from playground.scenario.shelf import find

scenario = load(find("first-crash"))
with JournalFile(sys.argv[1], scenario.spec, scenario.seed) as file:
    play(scenario, begun=file.attach, progress=lambda now_us: os._exit(9) if now_us >= 20_000_000 else None)
"""


def record(path: Path) -> str:
    """Play the scenario into a journal; returns the digest."""
    with JournalFile(path, SCENARIO.spec, SCENARIO.seed) as file:
        return play(SCENARIO, begun=file.attach).digest


def lines(path: Path) -> list[bytes]:
    with JournalReader(path) as reader:
        found = list(reader)
        assert not reader.cut
        return found


@pytest.mark.parametrize("name", ["run.journal", "run.journal.gz"])
def test_a_recorded_run_has_the_same_digest_and_every_time_the_same_bytes(tmp_path: Path, name: str) -> None:
    one, other = tmp_path / "a" / name, tmp_path / "b" / ("other-" + name)
    for path in (one, other):
        path.parent.mkdir()
        assert record(path) == play(SCENARIO).digest
    assert one.read_bytes() == other.read_bytes()


def test_the_first_line_says_what_was_run_and_the_last_that_it_ended(tmp_path: Path) -> None:
    record(tmp_path / "run.journal")
    with JournalReader(tmp_path / "run.journal") as reader:
        assert reader.header["journal"] == FORMAT
        assert reader.header["seed"] == 4
        assert reader.header["spec"] == SCENARIO.spec.model_dump(mode="json")
        found = [reader.parsed(line, 1) for line in reader]
    assert found[0]["text"] == "n1 is starting", "what was written down while the cluster was built is there, too"
    assert found[-1]["what"] == "end"
    assert {"n2 crashed", "n2 is up"} <= {line.get("text") for line in found}


def test_a_compressed_journal_holds_the_same_and_is_smaller(tmp_path: Path) -> None:
    record(tmp_path / "plain")
    record(tmp_path / "zipped.gz")
    assert lines(tmp_path / "plain") == lines(tmp_path / "zipped.gz")
    zipped = (tmp_path / "zipped.gz").read_bytes()
    assert len(zipped) < (tmp_path / "plain").stat().st_size / 4
    assert gzip.decompress(zipped) == (tmp_path / "plain").read_bytes()
    assert zipped[3:8] == bytes(5), "no name and no time in gzip's header (RFC 1952, 2.3)"


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_run_that_is_killed_leaves_a_readable_beginning(tmp_path: Path, suffix: str) -> None:
    whole, killed = tmp_path / f"whole{suffix}", tmp_path / f"killed{suffix}"
    for script, path, status in ((KILLED.replace("20_000_000", "9e18"), whole, 0), (KILLED, killed, 9)):
        assert subprocess.run([sys.executable, "-c", script, str(path)], timeout=120).returncode == status
    with JournalReader(killed) as reader:
        found = list(reader)
        assert reader.cut == ("the gzip file is truncated" if suffix else "")
    everything = lines(whole)
    assert 1_000 < len(found) < len(everything)
    assert found == everything[: len(found)]


def test_a_run_that_is_interrupted_leaves_all_up_to_there_and_no_last_line(tmp_path: Path) -> None:
    def interrupt(now_us: int) -> None:
        if now_us >= 1_500_000:
            raise KeyboardInterrupt

    path = tmp_path / "run.journal"
    with pytest.raises(KeyboardInterrupt), JournalFile(path, SCENARIO.spec, SCENARIO.seed) as file:
        play(SCENARIO, begun=file.attach, progress=interrupt)
    found = lines(path)
    assert json.loads(found[-1])["what"] != "end"
    record(tmp_path / "whole")
    assert found == lines(tmp_path / "whole")[: len(found)]


def test_a_watched_session_has_the_journal_of_the_replay_up_to_its_end(tmp_path: Path) -> None:
    script = """
import sys, threading
from pathlib import Path
from playground.journals.file import JournalFile
from playground.scenario.loader import load
from playground.session import Session

scenario = load(sys.argv[1])
ended = threading.Event()
look = lambda frame: frame.header.at_us >= scenario.until_us and ended.set()
with JournalFile(sys.argv[2], scenario.spec, scenario.seed) as file:
    timing = dict(timeline=scenario.timeline, until_us=scenario.until_us)
    with Session(scenario.spec, scenario.seed, speed=20.0, begun=file.attach, **timing) as session:
        session.on_frame(look)
        look(session.frame())
        assert ended.wait(60)
"""
    (tmp_path / "small.yaml").write_text("seed: 4\ncluster: {preset: small}\nuntil: 3s\n")
    command = [sys.executable, "-c", script, str(tmp_path / "small.yaml"), str(tmp_path / "session")]
    subprocess.run(command, check=True, timeout=120)
    quiet = loads((tmp_path / "small.yaml").read_text())
    with JournalFile(tmp_path / "replay", quiet.spec, quiet.seed) as file:
        outcome = play(quiet, begun=file.attach)
    *session, last = lines(tmp_path / "session")
    assert session == lines(tmp_path / "replay")[: len(session)]
    assert json.loads(last) == {"at_us": 3_000_000, "what": "end", "digest": outcome.digest}


# --- what is no good ------------------------------------------------------------


def test_a_journal_is_replaced_and_any_other_file_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.journal"
    record(path)
    first = path.read_bytes()
    record(path)
    assert path.read_bytes() == first
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match=r"thesis\.txt is there already and is no journal"):
        record(tmp_path / "thesis.txt")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_file_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot write the journal .*: No such file or directory"):
        record(tmp_path / "nowhere" / "run.journal")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no disk that is always full")
def test_when_the_disk_is_full_the_run_goes_on_and_the_loss_is_told(tmp_path: Path) -> None:
    digests: list[str] = []

    def run() -> None:
        with JournalFile("/dev/full", SCENARIO.spec, SCENARIO.seed) as file:
            digests.append(play(SCENARIO, begun=file.attach).digest)

    with pytest.raises(UserError, match=r"journal /dev/full ends at about .* s, the run did not: No space left"):
        run()
    assert digests == [play(SCENARIO).digest]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda path: None, "cannot read the journal .*: No such file"),
        (lambda path: path.mkdir(), "cannot read the journal .*: Is a directory"),
        (lambda path: path.write_bytes(b""), "is not a journal; record one"),
        (lambda path: path.write_bytes(b"title: a scenario\n"), "is not a journal"),
        (lambda path: path.write_bytes(b"[" * 100_000 + b"\n"), "is not a journal"),
        (lambda path: path.write_bytes(bytes(8 << 20)), "is not a journal"),
        (lambda path: path.write_bytes(b'{"journal":1,"spec":3}\n'), "is not a journal"),
        (
            lambda path: path.write_bytes(b'{"journal":9,"spec":{}}\n'),
            "is a journal of format 9; this playground reads 1",
        ),
        (lambda path: path.write_bytes(b"\x1f\x8bnonsense"), r"is not a journal \(it is damaged"),
        (lambda path: path.write_bytes(gzip.compress(b"{}\n")[:9]), r"is not a journal \(the gzip file is truncated"),
    ],
)
def test_what_is_no_journal_is_told_in_one_line(tmp_path: Path, make: Callable[[Path], object], complaint: str) -> None:
    make(tmp_path / "file")
    with pytest.raises(UserError, match=complaint) as told:
        JournalReader(tmp_path / "file")
    assert "\n" not in str(told.value)
