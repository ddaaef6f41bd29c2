"""What somebody has learnt already: a small file in the user's folder for state.

    {"format": 1, "tour": "done", "lessons": {"first-crash": "done", "quorums": "begun"}}

Nothing depends on it: a file that cannot be read or written costs one line, at the most. One that holds something
else is left as it is. Words of later formats are kept, though not understood.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from platformdirs import user_state_path

FORMAT = 1
_LARGEST = 1_000_000
"""Bytes. More than that nobody has ever learnt."""


class Stage(Enum):
    """How far somebody is."""

    NEW = "new"
    BEGUN = "begun"
    DONE = "done"


def state_file() -> Path:
    """``$XDG_STATE_HOME/chaos-playground/progress.json``, or where this system keeps such files."""
    return user_state_path("chaos-playground", appauthor=False) / "progress.json"


class Progress:
    """The lessons begun and done. ``path`` None: nothing is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.complaint = ""
        """Why nothing can be kept, or ""; in one line."""
        self.first_time = False
        """There is no file yet: somebody is here for the first time."""
        self._state: dict[str, Any] = {}
        if path is not None:
            self._state = self._read(path)

    @property
    def tour(self) -> Stage:
        """The tour of two minutes."""
        return _stage(self._state.get("tour"))

    def lesson(self, name: str) -> Stage:
        """How far somebody is with that one."""
        return _stage(self._lessons().get(name))

    def begin(self, name: str) -> None:
        """It was begun; one that has been done before stays done."""
        if self.lesson(name) is Stage.NEW:
            self._keep({"lessons": {**self._lessons(), name: Stage.BEGUN.value}})

    def finish(self, name: str) -> None:
        """It has been seen to its end."""
        if self.lesson(name) is not Stage.DONE:
            self._keep({"lessons": {**self._lessons(), name: Stage.DONE.value}})

    def tour_is(self, stage: Stage) -> None:
        """The tour of two minutes was begun, or done; once done it stays so."""
        if stage is not self.tour and self.tour is not Stage.DONE:
            self._keep({"tour": stage.value})

    def greet(self) -> None:
        """Somebody has been here: the next time is not the first."""
        if self.first_time:
            self._keep({})

    # --- the file ---------------------------------------------------------------------

    def _lessons(self) -> Mapping[str, Any]:
        found = self._state.get("lessons")
        return found if isinstance(found, dict) else {}

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            if not path.exists():
                self.first_time = True
                return {}
            if not path.is_file() or path.stat().st_size > _LARGEST:
                raise ValueError
            state = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(state, dict):
                raise ValueError
        except OSError as error:
            self.complaint = f"{path}: {error.strerror or error}; progress is not kept"
        except (ValueError, RecursionError):  # no JSON, no text, or no state
            self.complaint = f"{path}: holds no progress; delete it to begin anew"
        else:
            return state
        return {}

    def _keep(self, news: dict[str, Any]) -> None:
        """Write the file anew: whole, or not at all. What another playground has noted since stays."""
        if self.path is None or self.complaint:
            self._state |= news
            return
        known = self._state
        before = self._read(self.path)
        if self.complaint:
            self._state = known | news
            return
        lessons = {**_dict(before.get("lessons")), **_dict(news.get("lessons"))}
        self._state = {**before, **news, "format": FORMAT, **({"lessons": lessons} if lessons else {})}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write(json.dumps(self._state, indent=1, sort_keys=True) + "\n")
        except OSError as error:
            self.complaint = f"{self.path}: {error.strerror or error}; progress is not kept"
        else:
            self.first_time = False

    def _write(self, text: str) -> None:
        assert self.path is not None
        number, name = tempfile.mkstemp(prefix=".progress-", dir=self.path.parent)
        try:
            with open(number, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(name, self.path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise


def _stage(value: object) -> Stage:
    return Stage(value) if value in ("begun", "done") else Stage.NEW


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
