"""A driver that survives its terminal.

When a terminal goes away (its window is closed, the connection is lost), writing to it fails.
Textual's writer thread ends at that, its queue fills up, and the app waits for ever for room in it:
a process that outlives its terminal. Here what is written to a terminal that is gone is lost in silence,
and the hang-up signal ends the app in the ordinary way.
"""

from __future__ import annotations

from contextlib import suppress
from typing import IO, Any

from textual.driver import Driver


class _Deaf:
    """A file that may be gone: writing to it never fails."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def surviving(kind: type[Driver]) -> type[Driver]:
    """``kind``, made to survive its terminal. Drivers without a file of their own are left as they are."""

    class Surviving(kind):  # type: ignore[valid-type, misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            file = getattr(self, "_file", None)
            if file is not None:
                self._file = _Deaf(file)

    return Surviving
