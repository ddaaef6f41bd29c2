"""How the variants of a script compare: ``write_p50: "copy-later < copy-now"``.

Names of variants with ``<``, ``<=``, ``>``, ``>=``, ``==`` or ``!=`` between them, in a row where
wanted (``a <= b <= c``: each with the next), each with a factor where wanted (``2 * a < b``).
A figure that a variant could not measure compares with nothing: the comparison fails.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playground.figure import Figure, Kind, Value
from playground.scenario.figures import compare
from playground.wording import unknown

_SIGN = re.compile(r"(<=|>=|==|!=|<|>)")
_OPERAND = re.compile(r"(?:(\d+(?:\.\d+)?)\s*\*\s*)?(\S+)")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,39}")
"""What a variant may be called: it must be told from the signs."""
_COMPARABLE = (Kind.NUMBER, Kind.SHARE, Kind.DURATION)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A figure, and its order over variants: ``operands[i] signs[i] operands[i + 1]``, each of them."""

    figure: Figure
    text: str
    operands: tuple[tuple[float, str], ...]
    """``(factor, variant)``"""
    signs: tuple[str, ...]

    def holds(self, measured: Mapping[str, Value]) -> bool:
        """Whether the variants' values (by name) stand in this order."""
        values: list[float] = []
        for factor, name in self.operands:
            value = measured.get(name)
            if value is None or isinstance(value, str):
                return False
            values.append(factor * value)
        return all(compare(sign, values[number], values[number + 1]) for number, sign in enumerate(self.signs))


def comparison(figure: Figure, text: object, variants: Sequence[str]) -> Comparison:
    """From what stands in the file. ValueError says what is wanted."""
    if figure.kind not in _COMPARABLE:
        raise ValueError(f"is {figure.wanted}: only numbers, shares and durations can be compared; expect it instead")
    example = " < ".join(variants[:2]) if len(variants) > 1 else "a < b"
    if not isinstance(text, str):
        raise ValueError(f'should be an order of variants, such as "{example}"')
    parts = [part.strip() for part in _SIGN.split(text)]
    if len(parts) < 3:
        raise ValueError(f'{text[:40]!r} is not an order of variants; write for example: "{example}"')
    operands = tuple(_operand(part, variants, example) for part in parts[::2])
    return Comparison(figure, " ".join(text.split()), operands, tuple(parts[1::2]))


def _operand(text: str, variants: Sequence[str], example: str) -> tuple[float, str]:
    match = _OPERAND.fullmatch(text)
    if match is None:
        raise ValueError(f'{text[:40]!r} is not a variant; write for example: "{example}"')
    factor = float(match[1] or 1)
    if match[2] not in variants:
        raise ValueError(unknown("variant", match[2], variants))
    if not 0 < factor < math.inf:
        raise ValueError(f"{text[:40]!r}: a factor is above 0")
    return factor, match[2]
