"""A scenario from a file. Whatever is wrong with it becomes one line: ``FILE:LINE:COL: field: what; what instead``.

Two steps: :mod:`.document` reads plain values and remembers where each stands; here they are
checked against the models of commands and clusters, which are the only lists of
fields there are. Of several mistakes the first in the file is told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from playground.commands import COMMANDS
from playground.kernel.errors import UserError
from playground.quantities import DurationUs, format_duration
from playground.scenario.document import Document, FieldPath, parse, read_text
from playground.scenario.figures import FIGURES, Expectation, expectation
from playground.scenario.model import Scenario, ScenarioFile
from playground.spec import PRESETS, ClusterSpec
from playground.wording import fields_at, unknown, wording

CONSOLE = "you"
"""The client behind ``put`` and ``get``; it may be crashed or cut off like any other."""


def load(path: str | Path) -> Scenario:
    """The scenario in a file. UserError: one line that says what is wrong and where."""
    return loads(read_text(Path(path)), str(path))


def loads(text: str, source: str = "scenario") -> Scenario:
    """The scenario in ``text``; ``source`` stands for the file's name in complaints."""
    document = parse(text, source)
    if not isinstance(document.value, dict):
        raise document.error((), "is not a scenario; it should begin with fields such as title: … and until: 60s")
    file: ScenarioFile = _validated(document, ScenarioFile, document.value, ())
    spec = _cluster(document, file)
    steps = _steps(document, file)
    _check_nodes(document, spec, steps)
    return Scenario(
        source=source,
        title=file.title or spec.title,
        description=file.description.strip(),
        seed=file.seed,
        spec=spec,
        timeline=tuple((at_us, command) for at_us, _, command, _ in steps if command is not None),
        captions=tuple((at_us, say) for at_us, _, _, say in steps if say),
        until_us=file.until,
        expectations=_expectations(document, file),
    )


def cluster_spec(preset: str, overrides: dict[str, Any]) -> ClusterSpec:
    """A preset with ``overrides`` merged in. UserError if there is no such preset, or they don't fit."""
    if preset not in PRESETS:
        raise UserError(unknown("preset", preset, PRESETS))
    try:
        return ClusterSpec.model_validate(_merged(PRESETS[preset], overrides))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UserError(f"{'.'.join(str(part) for part in first['loc'])}: {wording(first, ClusterSpec)}") from None


Step = tuple[int, int, Any, str]
"""``(at_us, number in the file, command or None, caption or "")``"""


class _Moment(BaseModel):
    """What each item of the timeline shares."""

    at: DurationUs
    say: str = ""


def _cluster(document: Document, file: ScenarioFile) -> ClusterSpec:
    written = dict(file.cluster)
    preset = written.pop("preset", "default")
    if not isinstance(preset, str) or preset not in PRESETS:
        raise document.error(("cluster", "preset"), f"cluster.preset: {unknown('preset', str(preset), PRESETS)}")
    own = written.get("load", {})
    for name in file.load:
        if isinstance(own, dict) and name in own:
            raise document.error(("load", name), f"load.{name}: also stands in cluster.load; keep one", key=True)
    fields = _merged(_merged(PRESETS[preset], written), {"load": file.load} if file.load else {})
    try:
        return ClusterSpec.model_validate(fields)
    except ValidationError as error:
        found = []
        for detail in error.errors(include_url=False):
            path: FieldPath = ("cluster", *detail["loc"])
            if detail["loc"][:1] == ("load",) and not document.knows(path):
                path = detail["loc"] if document.knows(detail["loc"]) else path
            found.append((path, detail))
        raise _first(document, found, ClusterSpec) from None


def _steps(document: Document, file: ScenarioFile) -> list[Step]:
    """The timeline in the order in which it happens."""
    steps: list[Step] = []
    for number, item in enumerate(file.method):
        here = ("method", number)
        moment: _Moment = _validated(document, _Moment, {key: item[key] for key in ("at", "say") if key in item}, here)
        at_us: int = moment.at
        if at_us > file.until:
            until = format_duration(file.until)
            raise document.error((*here, "at"), f"at: {item['at']} is after the end; move it, or raise until ({until})")
        rest = {key: value for key, value in item.items() if key not in ("at", "say")}
        if not rest and not moment.say:
            raise document.error(here, "do: is missing; write do: crash (or another command), or say: …")
        steps.append((at_us, number, _command(document, rest, here) if rest else None, moment.say.strip()))
    return sorted(steps, key=lambda step: step[:2])


def _command(document: Document, fields: dict[str, Any], here: FieldPath) -> Any:
    word = fields.get("do")
    if word is None:
        known = ["at", "say", "do"]
        stray = next(iter(fields))
        if "do" in fields:
            raise document.error((*here, "do"), f"do: is empty; there are {', '.join(COMMANDS)}")
        if any(stray in fields_at(kind, ()) for kind in COMMANDS.values()):
            raise document.error(here, f"do: is missing; which command is {stray}: for?")
        raise document.error((*here, stray), unknown("field", stray, known), key=True)
    kind = COMMANDS.get(word) if isinstance(word, str) else None
    if kind is None:
        raise document.error((*here, "do"), f"do: {unknown('command', str(word), COMMANDS)}")
    return _validated(document, kind, fields, here, word)


def _check_nodes(document: Document, spec: ClusterSpec, steps: list[Step]) -> None:
    """Each node that is named must be there by then: from the start, or added earlier."""
    known = dict.fromkeys((*spec.node_names, *spec.client_names, CONSOLE))
    for _, number, command, _ in steps:
        if command is None:
            continue
        for name in command.named_nodes():
            if name not in known:
                path = _place_of(document.value["method"][number], name, ("method", number))
                raise document.error(path, f"{command.do}: {unknown('node', name, known)}")
        if command.do == "add":
            known.update(dict.fromkeys(command.nodes))


def _expectations(document: Document, file: ScenarioFile) -> tuple[Expectation, ...]:
    found = []
    for name, tolerance in file.expect.items():
        path = ("expect", name)
        if name not in FIGURES:
            raise document.error(path, f"expect: {unknown('figure', name, FIGURES)}", key=True)
        try:
            found.append(expectation(name, tolerance))
        except ValueError as error:
            raise document.error(path, f"expect.{name}: {error}") from None
    if "checks" not in file.expect:
        found.append(expectation("checks", "pass"))
    return tuple(found)


def _validated(document: Document, model: type[BaseModel], fields: Any, here: FieldPath, prefix: str = "") -> Any:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = [((*here, *detail["loc"]), detail) for detail in error.errors(include_url=False)]
        raise _first(document, found, model, len(here), prefix) from None


def _first(
    document: Document, found: list[tuple[FieldPath, Any]], model: type[BaseModel], skip: int = 0, prefix: str = ""
) -> UserError:
    """The complaint that comes first in the file; ``skip`` parts of the path go without saying."""

    def place(each: tuple[FieldPath, Any]) -> Any:
        # What is missing stands nowhere; often something misspelt is what should have been there.
        return each[1]["type"] == "missing", document.mark(each[0], key=each[1]["type"] == "extra_forbidden")

    path, detail = min(found, key=place)
    unwanted = detail["type"] == "extra_forbidden"
    names = [str(part) for part in path[skip:] if not isinstance(part, int)]
    if unwanted:
        names.pop()
    text = ": ".join(part for part in (prefix, ".".join(names), wording(detail, model)) if part)
    return document.error(path, text, key=unwanted)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """``base`` with what ``over`` says, mapping by mapping."""
    merged = dict(base)
    for name, value in over.items():
        old = merged.get(name)
        merged[name] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _place_of(value: Any, word: str, path: FieldPath) -> FieldPath:
    """Where below ``path`` the text ``word`` stands; ``path`` if nowhere."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in parts:
        if inner == word and part not in ("say", "do"):
            return (*path, part)
        deeper = _place_of(inner, word, (*path, part))
        if deeper != (*path, part):
            return deeper
    return path
