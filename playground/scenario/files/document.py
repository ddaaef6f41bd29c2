"""YAML text as plain values, with the line and column of each: so that every complaint can point.

Only what a timeline needs: mappings, lists, text, numbers, true/false. Aliases, anchors and tags
are refused, and nesting is shallow: a file cannot unfold into more than it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.nodes import ScalarNode

from playground.kernel.errors import UserError

LIMIT_BYTES = 256_000
DEEPEST = 12

FieldPath = tuple[str | int, ...]
"""Where a value stands: ``("method", 3, "nodes", 0)``."""


class Mark(NamedTuple):
    """A place in the file, both counted from 1."""

    line: int
    column: int


class Document:
    """The plain value of a file, and where each part of it stands."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.value: Any = None
        self._values: dict[FieldPath, Mark] = {(): Mark(1, 1)}
        self._keys: dict[FieldPath, Mark] = {}

    def note(self, path: FieldPath, mark: Mark, *, key: bool = False) -> None:
        """The value (or the key) at ``path`` stands here."""
        (self._keys if key else self._values)[path] = mark

    def knows(self, path: FieldPath) -> bool:
        """Whether the file has a value there."""
        return path in self._values

    def mark(self, path: FieldPath, *, key: bool = False) -> Mark:
        """Where the value (or its key) stands; if there is none, where what encloses it stands."""
        if key and path in self._keys:
            return self._keys[path]
        while path not in self._values:
            path = path[:-1]
        return self._values[path]

    def error(self, path: FieldPath, text: str, *, key: bool = False) -> UserError:
        """A complaint about the value (or the key) at ``path``."""
        return complaint(self.source, self.mark(path, key=key), text)


def complaint(source: str, mark: Mark, text: str) -> UserError:
    """``FILE:LINE:COL: text``, on one line whatever the text holds."""
    line = " ".join(f"{source}:{mark.line}:{mark.column}: {text}".split())
    return UserError("".join(letter if letter.isprintable() else "?" for letter in line))


def read_text(path: Path) -> str:
    """The text of a file. UserError if there is none, or it cannot be a scenario."""
    source = str(path)
    try:
        if path.is_dir():
            raise UserError(f"{source}: is a folder; name a scenario file in it")
        with path.open("rb") as file:
            data = file.read(LIMIT_BYTES + 1)
    except FileNotFoundError:
        raise UserError(f"{source}: no such file") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{source}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > LIMIT_BYTES:
        raise UserError(f"{source}: larger than 256 kB; a scenario is a short text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        mark = Mark(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise complaint(source, mark, "is not text in UTF-8; a scenario is a YAML file") from None


def parse(text: str, source: str) -> Document:
    """The document in ``text``; ``source`` names it in complaints. UserError if it isn't one."""
    yaml = YAML(typ="safe", pure=True)
    try:
        return _Builder(yaml, text, source).build()
    except UserError:
        raise
    except MarkedYAMLError as error:
        raise complaint(source, _place(error.problem_mark or error.context_mark), _why(error)) from None
    except YAMLError as error:
        position = getattr(error, "position", 0)
        before = text[: position if isinstance(position, int) else 0]
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        character = getattr(error, "character", None)
        what = f"the character {character!r} is not allowed" if character is not None else "is not YAML"
        raise complaint(source, mark, f"{what}; a scenario is plain text") from None
    except Exception as error:  # whatever the parser trips over (an impossible \U escape, say) is the file's fault
        raise complaint(source, Mark(1, 1), f"is not YAML: {type(error).__name__}: {error}") from None


class _Builder:
    """Builds values from the parser's events, and stops at the first thing that a scenario cannot hold."""

    def __init__(self, yaml: YAML, text: str, source: str) -> None:
        self._yaml = yaml
        self._events: Iterator[Any] = yaml.parse(text)  # type: ignore[no-untyped-call, unused-ignore]
        self._document = Document(source)

    def build(self) -> Document:
        event = self._next()
        if isinstance(event, StreamStartEvent):
            event = self._next()
        if isinstance(event, StreamEndEvent):
            raise self._error(event, "is empty; a scenario begins with: title: …")
        assert isinstance(event, DocumentStartEvent)
        self._document.value = self._value(self._next(), ())
        event = self._next()
        assert isinstance(event, DocumentEndEvent)
        event = self._next()
        if not isinstance(event, StreamEndEvent):
            raise self._error(event, "a second document begins; a file holds one scenario")
        return self._document

    def _value(self, event: Any, path: FieldPath) -> Any:
        self._document.note(path, _place(event.start_mark))
        if isinstance(event, AliasEvent):
            raise self._error(event, f"*{event.anchor}: aliases are not supported; write the value out")
        if event.anchor:
            raise self._error(event, f"&{event.anchor}: anchors are not supported; write the value out")
        if event.tag is not None and str(event.tag) != "!":
            raise self._error(event, f"{event.tag}: tags are not supported; leave it out")
        if isinstance(event, ScalarEvent):
            return self._scalar(event)
        if len(path) >= DEEPEST:
            raise self._error(event, "is nested too deeply; no field of a scenario is")
        return self._mapping(path) if isinstance(event, MappingStartEvent) else self._sequence(event, path)

    def _mapping(self, path: FieldPath) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent) or event.anchor:
                raise self._error(event, "a field's name is a plain word")
            key = str(event.value)
            here = (*path, key)
            if key in fields:
                first = self._document.mark(here, key=True)
                raise self._error(event, f"{key}: stands here twice (first in line {first.line}); keep one")
            self._document.note(here, _place(event.start_mark), key=True)
            fields[key] = self._value(self._next(), here)
            if fields[key] is None:  # an empty value stands, for YAML, where the next thing begins
                self._document.note(here, _place(event.start_mark))
        return fields

    def _sequence(self, event: Any, path: FieldPath) -> list[Any]:
        assert isinstance(event, SequenceStartEvent)
        items: list[Any] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _scalar(self, event: Any) -> Any:
        tag = str(self._yaml.resolver.resolve(ScalarNode, event.value, event.implicit)).rpartition(":")[2]
        try:
            return _SCALARS.get(tag, str)(event.value)
        except ValueError:
            raise self._error(event, f"{event.value[:40]!r} is too large a number") from None

    def _next(self) -> Any:
        return next(self._events)

    def _error(self, event: Any, text: str) -> UserError:
        return complaint(self._document.source, _place(event.start_mark), text)


def _integer(text: str) -> int:
    digits = text.replace("_", "")
    try:
        return int(digits)
    except ValueError:
        return int(digits, 0)


def _real(text: str) -> float:
    return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))


_SCALARS: dict[str, Any] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() in ("true", "yes", "on", "y"),
    "int": _integer,
    "float": _real,
}
"""Tag that YAML gives to a plain word -> its value; everything else (dates, say) stays text."""


def _place(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark is not None else Mark(1, 1)


def _why(error: MarkedYAMLError) -> str:
    problem = " ".join(str(error.problem or error.context or "something is wrong").split())
    hint = "tabs cannot indent; use spaces" if "'\\t'" in problem else "look at the indentation, colons and quotes here"
    return f"is not YAML: {problem}; {hint}"
