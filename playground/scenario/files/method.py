"""The timeline of a file: method and rollbacks as commands with their instants.

An item happens ``at`` an instant; with ``every`` its command is repeated until ``until`` (else the end), its caption
is not. That is the whole language: a file unfolds into a flat list, which is what is played and recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from playground.commands import COMMANDS
from playground.commands.targets import unknown_target
from playground.quantities import DurationUs, format_duration
from playground.scenario.files.document import Document, FieldPath
from playground.scenario.files.validation import place_of, validated
from playground.scenario.model import ScenarioFile
from playground.spec import CONSOLE, ClusterSpec
from playground.wording import fields_at, unknown

MOST = 10_000
"""Commands and captions that a method may unfold into."""


class Moment(BaseModel):
    """What each item of the method shares."""

    at: DurationUs = Field(description="the instant, in virtual time from the start")
    every: DurationUs | None = Field(default=None, gt=0, description="repeat the command this often")
    until: DurationUs | None = Field(default=None, description="repeat it up to this instant (default: the end)")
    say: str = Field(default="", description="what to tell whoever watches")


@dataclass(frozen=True, slots=True)
class Step:
    """One command (or None) and one caption (or ""), where it stands, and when it happens."""

    at_us: int
    path: FieldPath
    command: Any
    say: str


def steps(document: Document, file: ScenarioFile) -> list[Step]:
    """The method in the order in which it happens."""
    found: list[Step] = []
    for number, item in enumerate(file.method):
        here: FieldPath = ("method", number)
        shared = {name: item[name] for name in Moment.model_fields if name in item}
        moment = validated(document, Moment, shared, here)
        rest = {name: value for name, value in item.items() if name not in Moment.model_fields}
        if not rest and not moment.say:
            raise document.error(here, "do: is missing; write do: crash (or another command), or say: …")
        repeated = _repeated(document, file.until, moment, item, here, bool(rest))
        command = _command(document, rest, here) if rest else None
        if len(found) + len(repeated) > MOST:
            text = f"the method unfolds into more than {MOST:,} commands here; repeat less often, or not as long"
            raise document.error((*here, "every") if moment.every else here, text)
        says = [moment.say.strip()] + [""] * (len(repeated) - 1)
        found += [Step(at_us, here, command, say) for at_us, say in zip(repeated, says, strict=True)]
    return sorted(found, key=lambda step: (step.at_us, step.path[1]))


def rollbacks(document: Document, file: ScenarioFile) -> list[Step]:
    """What is undone at the very end, in the order of the file."""
    found = []
    for number, item in enumerate(file.rollbacks):
        here: FieldPath = ("rollbacks", number)
        for name in Moment.model_fields:
            if name in item:
                text = f"{name}: rollbacks are carried out at the end (until); leave it out, or move it to method"
                raise document.error((*here, name), text, key=True)
        if not item:
            raise document.error(here, "do: is missing; write do: heal (or another command)")
        found.append(Step(file.until, here, _command(document, item, here), ""))
    return found


def check_nodes(document: Document, spec: ClusterSpec, timeline: list[Step], variant: str = "") -> None:
    """Each node that is named must be there by then: from the start, or added earlier."""
    known = dict.fromkeys((*spec.machines, *spec.client_names, CONSOLE))
    for step in timeline:
        if step.command is None:
            continue
        for name in step.command.named_nodes():
            if name not in known:
                section, number = step.path
                path = place_of(document.value[section][number], name, step.path)
                where = f" (in variant {variant})" if variant else ""
                raise document.error(path, f"{step.command.do}: {unknown_target(name, known)}{where}")
        if step.command.do == "add":
            known.update(dict.fromkeys(step.command.nodes))


def _repeated(
    document: Document, end_us: int, moment: Moment, item: dict[str, Any], here: FieldPath, acts: bool
) -> list[int]:
    """The instants of an item."""
    end = format_duration(end_us)
    if moment.at > end_us:
        raise document.error((*here, "at"), f"at: {item['at']} is after the end; move it, or raise until ({end})")
    if moment.every is None:
        if moment.until is not None:
            raise document.error((*here, "until"), "until: says how long to repeat; write every: 5s too", key=True)
        return [moment.at]
    if not acts:
        raise document.error((*here, "every"), "every: repeats a command; write do: … too, or leave it out", key=True)
    last_us = end_us if moment.until is None else moment.until
    if last_us > end_us:
        text = f"until: {item['until']} is after the end; move it, or raise until of the scenario ({end})"
        raise document.error((*here, "until"), text)
    if last_us < moment.at:
        raise document.error((*here, "until"), f"until: {item['until']} is before at ({format_duration(moment.at)})")
    # One more than is allowed is enough to complain about.
    return list(range(moment.at, last_us + 1, moment.every)[: MOST + 1])


def _command(document: Document, fields: dict[str, Any], here: FieldPath) -> Any:
    word = fields.get("do")
    if word is None:
        known = [*(Moment.model_fields if here[0] == "method" else ()), "do"]
        stray = next(iter(fields))
        if "do" in fields:
            raise document.error((*here, "do"), f"do: is empty; there are {', '.join(COMMANDS)}")
        if any(stray in fields_at(kind, ()) for kind in COMMANDS.values()):
            raise document.error(here, f"do: is missing; which command is {stray}: for?")
        raise document.error((*here, stray), unknown("field", stray, known), key=True)
    kind = COMMANDS.get(word) if isinstance(word, str) else None
    if kind is None:
        raise document.error((*here, "do"), f"do: {unknown('command', str(word), COMMANDS)}")
    return validated(document, kind, fields, here, str(word))
