"""Histories that Jepsen wrote (github.com/jepsen-io/jepsen), line by line.

Two forms, told apart by the first line that has one:

* what its console prints, tabs between the columns, other lines of a log around it::

      INFO  jepsen.util - 3	:invoke	:cas	[1 4]
      INFO  jepsen.util - 3	:info	:cas	:timed-out

  One register; the value is nil, a whole number, ``[old new]`` of a cas, or why it failed.
* one EDN map a line, other keys than these ignored::

      {:process 0, :type :invoke, :f :append, :key "0", :value "x"}

  ``:get``, ``:put`` and ``:append`` on strings, or ``:read``, ``:write`` and ``:cas`` on registers.

``:ok`` is an end. ``:fail``: it did not happen. ``:info``, or no end at all: nobody knows. A process that has had
``:info`` is not used again by Jepsen; here it may be. Processes with a name (``:nemesis``) are not clients.

One ``:fail`` says more. On the console, a cas that fails with its two values was answered: the value is not ``old``.
So it must have been another at some instant between the two lines, and if it can't have been, that is a violation.
Porcupine's model of etcd judges these logs so (github.com/anishathalye/porcupine, porcupine_test.go). A cas
that fails with a reason (``:fail :cas :refused``), and each ``:fail`` in EDN, did not happen and tells nothing, as
Knossos reads them: Jepsen writes ``:fail`` for any definite error there, a refused connection too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from playground.checkers.calls import Call
from playground.checkers.edn import EdnError, parse, unescape
from playground.kernel.errors import UserError

LONGEST_LINE = 1 << 24
_CONSOLE = re.compile(r"INFO\s+jepsen\.util\s+-\s+(\d+)\s+:(\S+)\s+:(\S+)\s*(.*?)\s*$", re.DOTALL)
# What Jepsen itself writes, without the way through a whole reader: most lines are of this form.
_TEXT = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_PLAIN = re.compile(rf"\{{:process (\d{{1,18}}), :type :(\w+), :f :(\w+), :key {_TEXT}, :value (?:nil|{_TEXT})\}}\s*")
_NUMBER = re.compile(r"-?\d{1,18}")
_PAIR = re.compile(r"\[(-?\d{1,18})\s+(-?\d{1,18})\]")
_MODELS = {"read": "register", "write": "register", "cas": "register", "get": "kv", "put": "kv", "append": "kv"}
_TYPES = ("invoke", "ok", "fail", "info")
_UNSAID = object()
"""A value that was not given, or not one that counts."""


@dataclass(frozen=True)
class Recording:
    """The calls of one file, in order of invocation, and the model that their names belong to."""

    calls: list[Call]
    model: str


@dataclass(frozen=True, slots=True)
class _Event:
    process: str
    type: str
    f: str
    key: str
    value: Any


def read(path: str | Path, model: str | None = None) -> Recording:
    """The history in a file. UserError ``FILE:LINE: what is wrong; what instead``.

    ``model``: ``register`` or ``kv``, which the history must then be of.
    """
    reader = _Reader(str(path), model)
    try:
        with open(path, "rb") as file:
            number = 0
            while line := file.readline(LONGEST_LINE):
                number += 1
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    raise reader.error(number, "is longer than 16 MB; a history has one operation a line")
                reader.line(number, line)
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); give the file of a history") from None
    except ValueError:  # a NUL in the name
        raise UserError(f"{str(path)!r}: is no name of a file") from None
    return reader.finish()


class _Reader:
    """Events become calls as they come; an end finds its begin by the process."""

    def __init__(self, source: str, model: str | None) -> None:
        self._source = source
        self._model = model
        self._form: str | None = None
        self._calls: list[Call] = []
        self._open: dict[str, int] = {}
        self._lines: dict[str, int] = {}
        self._strings: dict[str, str] = {}

    def error(self, number: int, text: str) -> UserError:
        return UserError(f"{self._source}:{number}: {text}")

    def line(self, number: int, raw: bytes) -> None:
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        raw = raw.strip()
        if self._form is None:
            self._form = "edn" if raw[:1] == b"{" or raw.startswith(b"#jepsen") else None
            if raw.startswith(b"INFO") and _CONSOLE.match(raw.decode(errors="replace")):
                self._form = "console"
        if self._form is None or not raw:
            return
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            if self._form == "edn" or raw.startswith(b"INFO"):
                raise self.error(number, "is not UTF-8; save the history as UTF-8") from None
            return
        event = self._edn(number, text) if self._form == "edn" else self._console(number, text)
        if event is not None:
            self._take(number, event)

    def finish(self) -> Recording:
        if not self._calls:
            raise UserError(
                f"{self._source}: holds no operations; lines should read INFO  jepsen.util - 0 :invoke :read nil, "
                'or {:process 0, :type :invoke, :f :get, :key "0", :value nil}'
            )
        return Recording(self._calls, self._model or "register")

    # --- the two forms -------------------------------------------------------------

    def _console(self, number: int, text: str) -> _Event | None:
        match = _CONSOLE.match(text)
        if match is None:
            return None
        process, kind, f, written = match.groups()
        value: Any
        if written == "nil":
            value = None
        elif _NUMBER.fullmatch(written):
            value = int(written)
        elif pair := _PAIR.fullmatch(written):
            value = [int(pair[1]), int(pair[2])]
        elif kind in ("info", "fail"):
            value = _UNSAID  # :timed-out, or another reason
        else:
            raise self.error(number, f"the value is {written[:40]!r}; write nil, a whole number, or [old new] of a cas")
        return _Event(process, kind, f, "", value)

    def _edn(self, number: int, text: str) -> _Event | None:
        match = _PLAIN.fullmatch(text)
        try:
            if match is not None:
                process, kind, f, key, value = match.groups()
                return _Event(process, kind, f, unescape(key), None if value is None else unescape(value))
            if text.startswith(";"):
                return None
            fields = parse(text)
        except EdnError as error:
            raise self.error(number, f"{error}; write one map a line, such as {{:process 0, …}}") from None
        if not isinstance(fields, dict):
            raise self.error(number, "is not a map; write one map a line, such as {:process 0, …}")
        for name in (":process", ":type", ":f"):
            if name not in fields:
                raise self.error(number, f"has no {name}; an operation has :process, :type, :f, :key and :value")
        process = fields[":process"]
        if isinstance(process, str) and process.startswith(":"):
            return None
        if not isinstance(process, int) or isinstance(process, bool):
            raise self.error(number, f":process is {str(process)[:40]!r}; write a whole number")
        named = fields.get(":key")
        if named is not None and not isinstance(named, str | int):
            raise self.error(number, f":key is {str(named)[:40]!r}; write a string")
        kind, f = (str(fields[name]).removeprefix(":") for name in (":type", ":f"))
        return _Event(str(process), kind, f, "" if named is None else str(named), fields.get(":value"))

    # --- from events to calls --------------------------------------------------------

    def _take(self, number: int, event: _Event) -> None:
        if event.type not in _TYPES:
            raise self.error(number, f"unknown type :{event.type[:40]}; there are :invoke, :ok, :fail and :info")
        if event.f not in _MODELS:
            known = ", ".join(f":{f}" for f, model in _MODELS.items() if model == (self._model or model))
            raise self.error(number, f"unknown operation :{event.f[:40]}; there are {known}")
        if self._model is None:
            self._model = _MODELS[event.f]
        if _MODELS[event.f] != self._model:
            known = ", ".join(f":{f}" for f, model in _MODELS.items() if model == self._model)
            raise self.error(number, f":{event.f} is no operation of a {self._model} history; there are {known}")
        if event.type == "invoke":
            self._invoke(number, event)
        else:
            self._end(number, event)

    def _invoke(self, number: int, event: _Event) -> None:
        if event.process in self._open:
            since = self._lines[event.process]
            raise self.error(
                number, f"process {event.process} is still busy since line {since}; end that operation first"
            )
        value = None if event.f in ("read", "get") else self._argument(number, event)
        self._open[event.process] = len(self._calls)
        self._lines[event.process] = number
        self._calls.append(Call(event.process, event.f, value, key=event.key, invoked=number, place=f"line {number}"))

    def _end(self, number: int, event: _Event) -> None:
        at = self._open.pop(event.process, None)
        if at is None:
            raise self.error(
                number, f"process {event.process} ends an operation that it never began; an :invoke comes first"
            )
        call = self._calls[at]
        if (call.f, call.key) != (event.f, event.key):
            begun = f":{call.f}" + (f" of key {call.key[:40]!r}" if call.key else "")
            raise self.error(
                number,
                f"process {event.process} ends :{event.f}, but it began {begun} in line {self._lines[event.process]}",
            )
        answered = self._form == "console" and event.f == "cas" and isinstance(event.value, list)
        if event.type == "ok" or (event.type == "fail" and answered):
            self._calls[at] = replace(call, completed=number, result=self._result(number, event, call))
        elif event.type == "fail":
            self._calls[at] = replace(call, failed=True)

    def _argument(self, number: int, event: _Event) -> Any:
        value = event.value
        if event.f == "cas":
            pair = isinstance(value, list) and len(value) == 2
            if not pair or not all(map(_is_number, value)):
                raise self.error(number, "the value of a cas should be two whole numbers: [old new]")
            return tuple(value)
        if event.f == "write" and not _is_number(value):
            raise self.error(number, "the value of a write should be a whole number")
        if event.f in ("put", "append") and not isinstance(value, str):
            raise self.error(number, f"the value of :{event.f} should be a string, in quotes")
        return self._kept(value)

    def _result(self, number: int, event: _Event, call: Call) -> Any:
        value = event.value
        if event.f == "read":
            if not _is_number(value):
                raise self.error(number, "what a read returns should be nil or a whole number")
            return value
        if event.f == "get":
            if not (value is None or isinstance(value, str)):
                raise self.error(number, "what :get returns should be nil or a string, in quotes")
            return self._kept(value or "")
        told = tuple(value) if isinstance(value, list) else value
        if told is not None and told is not _UNSAID and told != call.value:
            raise self.error(
                number, f":{event.f} ends with another value than it began with in line {self._lines[event.process]}"
            )
        return False if event.type == "fail" else None

    def _kept(self, value: Any) -> Any:
        """One copy of each string: a long one is read again and again."""
        return self._strings.setdefault(value, value) if isinstance(value, str) else value


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def read_all(paths: list[str], model: str | None = None) -> Iterator[tuple[str, Recording | UserError]]:
    """Each file with its history, or what is wrong with it."""
    for path in paths:
        try:
            yield path, read(path, model)
        except UserError as error:
            yield path, error
