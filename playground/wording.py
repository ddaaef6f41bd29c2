"""What is wrong with what a person wrote, in that person's words, and what to write instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_WANTED = {
    "dict_type": "should be fields, each as name: value",
    "model_type": "should be fields, each as name: value",
    "list_type": "should be a list, such as [n1, n2]",
    "string_type": "should be text",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_parsing_size": "should be a whole number of sensible size",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "finite_number": "should be a finite number",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
}

_LISTED = 40
"""So many words at the most are listed."""
_WORD = re.compile(r"'([^']*)'")
_EXAMPLES = {"until": "60s", "at": "5s", "nodes": "[n1]", "groups": "[[n1, n2], [n3]]", "key": "cat", "value": "tom"}


def unknown(what: str, word: str, known: Iterable[str], also: Iterable[str] = ()) -> str:
    """``unknown node 'n33': did you mean n3?``, or the list if nothing is near. ``also``: possible, but not listed."""
    known = list(known)
    near = nearest(word, [*known, *also])
    listed = ", ".join(known[:_LISTED]) + (f" and {len(known) - _LISTED} more" if len(known) > _LISTED else "")
    several = f"there is only {known[0]}" if len(known) == 1 else f"there are {listed or 'none'}"
    hint = f"did you mean {near}?" if near else several
    return f"unknown {what} {word[:60]!r}: {hint}"


def wording(error: ErrorDetails, model: type[BaseModel]) -> str:
    """What is wrong with the field at ``error["loc"]`` of ``model``, and what to write instead."""
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown("field", str(error["loc"][-1]), fields_at(model, error["loc"][:-1]))
    if kind == "missing":
        return f"is missing; write {error['loc'][-1]}: {_EXAMPLES.get(str(error['loc'][-1]), '…')}"
    if kind == "too_short":
        return f"needs at least {context.get('min_length', 1)}, has {context.get('actual_length', 0)}"
    words = _WORD.findall(context["expected"]) if kind == "literal_error" else []
    if isinstance(given, int | float) and (kind == "string_type" or str(given) in words):
        return f"should be text, not {_short(given)}; put it in quotes"
    if words and (near := nearest(str(given), words)):
        return f"unknown word {str(given)[:60]!r}: did you mean {near}?"
    text = _WANTED.get(kind) or error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    text = text[:1].lower() + text[1:] if text[1:2].islower() else text
    plain = given is None or isinstance(given, int | float | str)
    return f"{text}, not {_short(given)}" if plain and kind != "value_error" else text


def fields_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The fields that may stand at ``path`` of ``model``; a command's ``do`` is always there and not among them."""
    for part in path:
        field = model.model_fields.get(str(part))
        inner: Any = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items() if name != "do"]


def nearest(word: str, known: list[str]) -> str:
    """The known word that ``word`` is most like, or ""."""
    return next(iter(difflib.get_close_matches(word, known, 1, 0.5)), "")


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:40]}…") if isinstance(value, str) else text[:40]
