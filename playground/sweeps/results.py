"""A file of results, so that a sweep goes on where it was interrupted: JSON lines, a header first.

The header says of what the results are: the text of the scenario, the faults that were drawn, the version of the
playground. Results of something else are refused, and never overwritten. Lines are appended as seeds are
finished; one that was torn when the power went is cut off. A seed that was lost (its worker died) is written
down, but counts as unknown: it is played again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from playground.kernel.errors import UserError
from playground.sweeps.trial import Trial

FORMAT = "playground sweep 1"
LONGEST_LINE_BYTES = 1_000_000
_TRIAL = TypeAdapter(Trial)


def header(text: str, variant: str, budget: int | None, version: str) -> dict[str, Any]:
    """What tells one sweep from another. ``text``: the scenario file; ``budget``: as in :class:`.trial.Plan`."""
    return {
        "format": FORMAT,
        "scenario": blake2b(text.encode(), digest_size=16).hexdigest(),
        "variant": variant,
        "faults": None if budget is None else "random",
        "budget": budget,
        "version": version,
    }


class Results:
    """The file at ``path``, new or to be continued. Use it as a context; UserError if it cannot serve."""

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path = path
        self._head = head
        self._file: BinaryIO | None = None

    def __enter__(self) -> Results:
        try:
            if self.path.is_dir():
                raise UserError(f"{self.path}: is a folder; name a file for the results")
            self._file = self.path.open("a+b")
        except OSError as error:
            raise self._unusable(error) from None
        return self

    def __exit__(self, *_: object) -> None:
        assert self._file is not None
        self._file.close()

    def known(self) -> Iterator[Trial]:
        """What the file holds already, in the order of the file; then it is ready for more. Call it once, to its end.

        Raises UserError if the file holds something else.
        """
        file = self._opened
        file.seek(0)
        good = number = 0
        while line := file.readline(LONGEST_LINE_BYTES):
            number += 1
            if not line.endswith(b"\n"):
                self._check_torn(line, number)
                break
            if number == 1:
                self._check_head(line)
            else:
                yield self._trial(line, number)
            good = file.tell()
        try:
            file.truncate(good)
        except OSError as error:  # a device, or a pipe
            raise self._unusable(error) from None
        if not good:
            self._write(self._head)

    def append(self, trial: Trial) -> None:
        """Write down one more. UserError if that fails; what was written before stays."""
        self._write(asdict(trial))

    @property
    def _opened(self) -> BinaryIO:
        assert self._file is not None, "use it as a context"
        return self._file

    def _write(self, fields: dict[str, Any]) -> None:
        try:
            self._opened.write(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
            self._opened.flush()
        except OSError as error:
            raise self._unusable(error) from None

    def _check_head(self, line: bytes) -> None:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):  # bytes that are no text, or brackets without end
            fields = None
        if not isinstance(fields, dict) or fields.get("format") != FORMAT:
            raise self._foreign(1, f"is no header of results ({FORMAT})")
        for name, what in (("scenario", "another scenario, or another state of it"), ("version", "another version")):
            if fields.get(name) != self._head[name]:
                raise self._foreign(1, f"the results are of {what}")
        for name in ("variant", "faults", "budget"):
            if fields.get(name) != self._head[name]:
                theirs, ours = _said(fields.get(name)), _said(self._head[name])
                raise self._foreign(1, f"the results are of a sweep with {name} {theirs}, not {ours}")

    def _check_torn(self, line: bytes, number: int) -> None:
        """The last line may be torn, but a file that is all one line and no header is somebody else's."""
        if number == 1 and not json.dumps(self._head, ensure_ascii=False).encode().startswith(line):
            raise self._foreign(1, f"is no header of results ({FORMAT})")
        if len(line) == LONGEST_LINE_BYTES:
            raise self._foreign(number, "is longer than any result")

    def _trial(self, line: bytes, number: int) -> Trial:
        try:
            return _TRIAL.validate_json(line, strict=True)
        except ValidationError:
            raise self._foreign(number, "is no result of a seed") from None

    def _foreign(self, number: int, what: str) -> UserError:
        return UserError(f"{self.path}:{number}: {what}; name a new file for the results of this sweep")

    def _unusable(self, error: OSError) -> UserError:
        return UserError(f"{self.path}: cannot hold results: {error.strerror or error}")


def _said(value: Any) -> str:
    return "none" if value in (None, "") else str(value)[:40]
