"""EDN, as much of it as stands in histories: one value a line.

Maps, vectors, lists, sets, strings, keywords, symbols, numbers, nil, true, false and tagged values (whose
tag is dropped); see github.com/edn-format/edn. Keywords come as strings with their colon.
"""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r'[\s,]*(?:(#\{|[{}\[\]()])|"([^"\\]*(?:\\.[^"\\]*)*)"|(#?[^\s,{}\[\]()";#]+)|(;.*)|$)', re.DOTALL)
_WHOLE = re.compile(r"[+-]?\d{1,18}N?")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\"}
_CLOSING = {"{": "}", "[": "]", "(": ")", "#{": "}"}
_CONSTANTS = {"nil": None, "true": True, "false": False}
DEPTH = 50


class EdnError(Exception):
    """What is wrong, in a few words."""


def parse(text: str) -> Any:
    """The one value in ``text``; maps become dicts, everything else in brackets lists. EdnError if there is no such."""
    stack: list[tuple[str, list[Any]]] = [("", [])]
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise EdnError(_trouble(text, at))
        at = match.end()
        bracket, string, word, comment = match.groups()
        if comment is not None:
            break
        if bracket is not None and bracket in _CLOSING:
            stack.append((bracket, []))
            if len(stack) > DEPTH:
                raise EdnError(f"is nested more than {DEPTH} deep")
        elif bracket is not None:
            opening, items = stack.pop()
            if not opening or _CLOSING[opening] != bracket:
                raise EdnError(f"has a {bracket} that closes nothing")
            stack[-1][1].append(_collected(opening, items))
        elif string is not None:
            stack[-1][1].append(unescape(string))
        elif word is not None and not word.startswith("#"):
            stack[-1][1].append(_atom(word))
    if len(stack) > 1:
        raise EdnError(f"ends before its {_CLOSING[stack[-1][0]]}")
    values = stack[0][1]
    if len(values) != 1:
        raise EdnError(f"holds {len(values)} values instead of one map")
    return values[0]


def unescape(text: str) -> str:
    """What stands between the quotes of a string."""
    return _ESCAPE.sub(_escaped, text) if "\\" in text else text


def _escaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) == 5:
        return chr(int(code[1:], 16))
    if code not in _ESCAPES:
        raise EdnError(f'has \\{code} in a string; there are \\n, \\t, \\r, \\b, \\f, \\", \\\\ and \\uXXXX')
    return _ESCAPES[code]


def _atom(word: str) -> Any:
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if word == ":":
        raise EdnError("has a colon by itself; in EDN a key is :process, and its value follows")
    if _WHOLE.fullmatch(word):
        return int(word.rstrip("N"))
    return word


def _collected(opening: str, items: list[Any]) -> Any:
    if opening != "{":
        return items
    if len(items) % 2:
        raise EdnError("has a map with a key that lacks its value")
    return {
        key if isinstance(key, str) else repr(key): value for key, value in zip(items[::2], items[1::2], strict=True)
    }


def _trouble(text: str, at: int) -> str:
    rest = text[at:].lstrip(" \t,")
    return "ends within a string" if rest.startswith('"') else f"has {rest[:12]!r} where a value should stand"
