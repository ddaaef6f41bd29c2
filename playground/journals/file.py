"""Journal files: everything that happened in a run, one JSON object a line, to be read, kept and compared.

The first line is the header::

    {"journal":1,"playground":"0.1.0","seed":7,"spec":{...}}

``journal`` is the version of the format, ``spec`` the whole cluster, defaults included. The lines below are those
of :mod:`playground.kernel.recording`. Of a run that was cut off the last lines may be missing, the line
``end`` certainly is.

A name that ends with ``.gz`` gives a gzip file, without the time and the name that gzip would put into it. So the same
run gives the same bytes, with the same zlib: other builds compress differently, and ``playground diff``
compares what is inside.

Who writes: lines are collected and written in large pieces. If that fails (the disk is full) the run goes
on, what was written stays readable, and :meth:`JournalFile.close` says so.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from playground.kernel.errors import UserError
from playground.kernel.recording import Line, Recorder, encode
from playground.kernel.world import World
from playground.spec import ClusterSpec

FORMAT = 1
MAX_LINE_BYTES = 4 << 20
"""No line of a journal is as long: what is longer is no journal."""
_PIECE_BYTES = 1 << 16
_GZIP = b"\x1f\x8b"


def header(spec: ClusterSpec, seed: int) -> Line:
    """What stands in the first line."""
    try:
        version = installed("chaos-playground")
    except PackageNotFoundError:
        version = "unknown"
    return {"journal": FORMAT, "playground": version, "seed": seed, "spec": spec.model_dump(mode="json")}


class JournalFile:
    """Records one world into a file; use it in a ``with`` block. UserError if it cannot be made.

    A file that is there already is replaced if it is a journal, and left alone if it is anything else.
    """

    def __init__(self, path: str | Path, spec: ClusterSpec, seed: int) -> None:
        self.path = Path(path)
        try:
            if self.path.is_file() and self.path.stat().st_size and not _is_journal(self.path):
                raise UserError(f"{path} is there already and is no journal; write the journal to another file")
            self._raw: IO[bytes] = self.path.open("wb", buffering=0)
        except OSError as error:
            raise UserError(f"cannot write the journal {path}: {error.strerror or error}") from None
        self._gzip = None
        if self.path.suffix == ".gz":
            self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=self._raw, mtime=0)
        self._piece = bytearray()
        self._recorder = Recorder(self._write)
        self._write(encode(header(spec, seed)))

    def attach(self, world: World) -> None:
        """Record ``world``, which has just been made."""
        self._recorder.attach(world)

    def __enter__(self) -> JournalFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self._close()

    def close(self) -> None:
        """Write what is left. UserError (one line) if the file does not hold the whole run."""
        if self._raw.closed:
            return
        failure = self._close() or self._recorder.failure
        if failure is not None:
            upto = f"{self._recorder.at_us / 1e6:.3f} s"
            raise UserError(
                f"the journal {self.path} ends at about {upto}, the run did not: {failure.strerror or failure}"
            )

    def _close(self) -> OSError | None:
        """Write what is left; returns what went wrong."""
        failure = None
        try:
            if self._recorder.failure is None:
                self._flush()
            if self._gzip is not None:
                self._gzip.close()
        except OSError as error:
            failure = error
        finally:
            self._raw.close()
        return failure

    def _write(self, line: str) -> None:
        self._piece += line.encode("ascii")
        if len(self._piece) >= _PIECE_BYTES:
            self._flush()

    def _flush(self) -> None:
        piece, self._piece = bytes(self._piece), bytearray()
        if self._gzip is not None:
            self._gzip.write(piece)
            self._gzip.flush(zlib.Z_SYNC_FLUSH)  # a run that is killed leaves a file that can be read up to here
        else:
            rest = memoryview(piece)
            while rest:
                rest = rest[self._raw.write(rest) :]


class JournalReader:
    """Reads a journal file line by line, in constant memory. UserError if it is none.

    ``cut`` says, once the lines have ended, why they may not be all: "" for a file that ended with a whole line.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self.cut = ""
        try:
            with open(path, "rb") as file:
                zipped = file.read(2) == _GZIP
            opened = gzip.open(path, "rb") if zipped else open(path, "rb")  # noqa: SIM115 (until close)
        except OSError as error:
            raise UserError(f"cannot read the journal {path}: {error.strerror or error}") from None
        self._file: IO[bytes] = cast("IO[bytes]", opened)
        self.number = 0
        """Of the line read last, from 1."""
        first = self.line()
        found = _parsed(first) if first is not None else None
        if found is None or "journal" not in found or not isinstance(found.get("spec"), dict):
            self.close()
            why = f" ({self.cut})" if self.cut else ""
            raise UserError(f"{path} is not a journal{why}; record one: playground replay SCENARIO --journal FILE")
        if found["journal"] != FORMAT:
            self.close()
            raise UserError(f"{path} is a journal of format {found['journal']!r}; this playground reads {FORMAT}")
        self.header: Line = found

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> JournalReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        """The lines below the header, without their ends."""
        while (line := self.line()) is not None:
            yield line

    def line(self) -> bytes | None:
        """The next line; None if there are no more."""
        if self.cut:
            return None
        try:
            line = self._file.readline(MAX_LINE_BYTES)
        except EOFError:
            self.cut = "the gzip file is truncated"
            return None
        except (OSError, zlib.error) as error:
            self.cut = f"it is damaged: {error}"
            return None
        if not line:
            return None
        if not line.endswith(b"\n"):
            self.cut = "its last line is cut off" if len(line) < MAX_LINE_BYTES else "a line is far too long"
            return None
        self.number += 1
        return line[:-1]

    def parsed(self, line: bytes, number: int) -> Line:
        """A line below the header. UserError if it is no line of a journal."""
        found = _parsed(line)
        if found is None or not isinstance(found.get("at_us"), int) or not isinstance(found.get("what"), str):
            raise UserError(f"{self.path}:{number}: is not a line of a journal")
        return found


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _is_journal(path: Path) -> bool:
    try:
        JournalReader(path).close()
    except UserError:
        return False
    return True
