"""The JSON Schema (2020-12) of scenario files, for editors: completion, help and mistakes while one writes.

Generated from what the loader itself checks against: the models of files, commands, clusters and labs, and the
registry of figures. ``python -m playground.scenario.files.schema`` prints it; ``scenarios/schema.json`` is a copy. It
is a little stricter than the loader (a number in quotes, say) and cannot know what only a whole file tells (which
nodes there are, what comes after the end).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from playground.commands import COMMANDS
from playground.commands.targets import Targets
from playground.labs import LABS
from playground.quantities import DurationUs, OffsetUs, Rate, Share
from playground.scenario.comparison import NAME
from playground.scenario.figures import FIGURES, Figure, Kind, Span
from playground.scenario.files.method import Moment
from playground.scenario.hypothesis import Strategy
from playground.scenario.model import HYPOTHESIS, HypothesisFile, LabFile, ProbeFile, ScenarioFile, VariantFile
from playground.spec import PRESETS, ClusterSpec
from playground.workload import LoadSettings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_SIGN = r"(<=|>=|==|!=|<|>)"
_UNSIGNED = r"\+?\d+(\.\d+)?(e[-+]?\d+)?"
_DURATION = rf"{_UNSIGNED}\s*(us|µs|ms|s|m|min|h)?"
_SHARE = rf"{_UNSIGNED}\s*%?"
_NUMBER = r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?"


def _written(pattern: str, description: str, **number: Any) -> Schema:
    text = {"type": "string", "pattern": rf"^\s*{pattern}\s*$"}
    return {"description": description, "anyOf": [text, {"type": "number", **number}]}


def _tolerance(kind: Kind, pattern: str, **number: Any) -> Schema:
    compared = rf"{_SIGN}\s*{pattern}\s*(,\s*{_SIGN}\s*{pattern}\s*)*"
    return _written(rf"({pattern}|{compared})", f'{kind.value}, or comparisons such as "<= 5"', **number)


TYPES: dict[str, Schema] = {
    "duration": _written(_DURATION, "a duration such as 5s, 200ms or 2m; a bare number is seconds", minimum=0),
    "offset": _written(rf"-?{_DURATION}", "a duration such as 5s or -200ms; a bare number is seconds"),
    "share": _written(_SHARE, "a share such as 10% or 0.1", minimum=0, maximum=1),
    "rate": _written(rf"{_UNSIGNED}\s*([kMG]?B/s)?", "bytes per second such as 64kB/s", exclusiveMinimum=0),
    "targets": {
        "description": "nodes: [n1, n2], or words such as 2 random, 25%, majority, minority, rest, clients, leader",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    },
    "number-tolerance": _tolerance(Kind.NUMBER, _NUMBER),
    "share-tolerance": _tolerance(Kind.SHARE, _SHARE, minimum=0, maximum=1),
    "duration-tolerance": _tolerance(Kind.DURATION, _DURATION, minimum=0),
    "flag-tolerance": {"description": Kind.FLAG.value, "enum": [True, False, "true", "false", "yes", "no"]},
}
"""What people write that is no plain JSON type."""

_VALIDATORS = {
    get_args(kind)[1].func: name
    for kind, name in ((DurationUs, "duration"), (OffsetUs, "offset"), (Share, "share"), (Rate, "rate"))
} | {get_args(Targets)[1].func: "targets"}


class _Generator(GenerateJsonSchema):
    """Knows the types above by the function that reads them."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Schema:
        name = _VALIDATORS.get(schema["function"]["function"])
        return {"x-type": name} if name else super().function_before_schema(schema)


def build() -> Schema:
    """The whole schema, as plain values."""
    return {
        "$schema": DIALECT,
        "title": "playground scenario",
        "description": "A cluster, a timeline of commands in virtual time and what to expect of it; or a lab.",
        "type": "object",
        "if": {"required": ["lab"]},
        "then": {"$ref": "#/$defs/lab-file"},
        "else": {"$ref": "#/$defs/scenario-file"},
        "$defs": {
            **TYPES,
            **_plain(Moment)["properties"],
            "scenario-file": _scenario(),
            "lab-file": _lab_file(),
            "cluster": _cluster(),
            "load": _plain(LoadSettings),
            "step": {"anyOf": [*(_command(each, Moment) for each in COMMANDS.values()), _saying()]},
            "rollback": {"anyOf": [_command(each) for each in COMMANDS.values()]},
            "hypothesis": _hypothesis(),
            "expect": _expect(FIGURES),
            "variant": _variant(),
            "compare": _compare(),
        },
    }


def text() -> str:
    """The schema as it stands in ``scenarios/schema.json``."""
    return json.dumps(build(), indent=1, ensure_ascii=False) + "\n"


def _scenario() -> Schema:
    return _model(
        ScenarioFile,
        cluster=_ref("cluster"),
        load=_ref("load"),
        method=_list(_ref("step")),
        rollbacks=_list(_ref("rollback")),
        expect={"anyOf": [{"const": "violation"}, _ref("expect")]},
        variants={
            "additionalProperties": _ref("variant"),
            "propertyNames": {"pattern": f"^{NAME.pattern}$"},
            "minProperties": 1,
        },
        compare=_ref("compare"),
        **{HYPOTHESIS: _ref("hypothesis")},
    )


def _variant() -> Schema:
    expect = {"anyOf": [{"const": "violation"}, _ref("expect")]}
    schema = _model(VariantFile, cluster=_ref("cluster"), load=_ref("load"), expect=expect)
    schema["properties"]["seed"] = {"description": "another seed", "type": "integer", "minimum": 0}
    return schema


def _lab_file() -> Schema:
    labs = []
    for name, kind in LABS.items():
        schema = _plain(kind)
        schema["properties"] = {"name": {"const": name}, **schema["properties"]}
        schema["required"] = ["name"]
        labs.append(schema)
    figures = {each.name: each for kind in LABS.values() for each in kind.figures if not each.varies}
    saying: Schema = {
        "type": "object",
        "properties": {"say": {"type": "string", "description": "what to tell whoever watches"}},
        "required": ["say"],
        "additionalProperties": False,
    }
    return _model(LabFile, lab={"anyOf": labs}, method=_list(saying), expect=_expect(figures))


def _cluster() -> Schema:
    schema = _plain(ClusterSpec)
    schema["properties"] = {
        "preset": {"description": "what to start from", "enum": list(PRESETS)},
        **schema["properties"],
    }
    return schema


def _command(kind: type[BaseModel], shared: type[BaseModel] | None = None) -> Schema:
    schema = _plain(kind)
    word = kind.model_fields["do"].default
    schema["properties"]["do"] = {"const": word}
    schema["required"] = ["do", *(name for name in schema.get("required", []) if name != "do")]
    if shared is not None:
        schema["properties"] = {**{name: _ref(name) for name in shared.model_fields}, **schema["properties"]}
        schema["required"] = [*_plain(shared)["required"], *schema["required"]]
    return {"title": word, **schema}


def _saying() -> Schema:
    return {
        "title": "say",
        "description": "Only words.",
        "type": "object",
        "properties": {name: _ref(name) for name in ("at", "say")},
        "required": ["at", "say"],
        "additionalProperties": False,
    }


def _hypothesis() -> Schema:
    words = [each.value for each in Strategy]
    strategy = {"anyOf": [{"enum": words}, {"type": "array", "items": {"enum": words}, "minItems": 1}]}
    return _model(HypothesisFile, strategy=strategy, probes=_list({"anyOf": _probes()}))


def _probes() -> list[Schema]:
    """One alternative for all figures that are alike: a tolerance must fit the figure."""
    alike: dict[tuple[Kind, Span, tuple[str, ...]], list[Figure]] = {}
    for figure in FIGURES.values():
        if figure.span is not Span.RUN:
            alike.setdefault((figure.kind, figure.span, figure.words), []).append(figure)
    found = []
    for (_, span, _), figures in alike.items():
        named = {"anyOf": [{"const": each.name, "description": each.help} for each in figures]}
        schema = _model(ProbeFile, probe=named, tolerance=_of(figures[0]))
        if span is Span.MOMENT:
            del schema["properties"]["over"]
        found.append(schema)
    return found


def _expect(figures: Mapping[str, Figure]) -> Schema:
    return {
        "type": "object",
        "properties": {name: {"description": each.help, **_of(each)} for name, each in figures.items()},
        "additionalProperties": False,
    }


def _compare() -> Schema:
    order = {"type": "string", "pattern": _SIGN}
    orders = {"anyOf": [order, _list(order)]}
    figures = (each for each in FIGURES.values() if each.kind not in (Kind.FLAG, Kind.VERDICT))
    return {
        "type": "object",
        "properties": {each.name: {"description": f'{each.help}; such as "a < 2 * b"', **orders} for each in figures},
        "additionalProperties": False,
    }


def _of(figure: Figure) -> Schema:
    """The tolerances of a figure."""
    return (
        {"enum": list(figure.words)} if figure.kind is Kind.VERDICT else _ref(f"{figure.kind.name.lower()}-tolerance")
    )


def _model(model: type[BaseModel], **replaced: Schema) -> Schema:
    """A model of a file, with what stands below some of its fields."""
    schema = _plain(model)
    for name, inner in replaced.items():
        own = schema["properties"][name]
        kept = {key: own[key] for key in ("description", "minItems", "maxItems") if key in own}
        schema["properties"][name] = {**kept, **inner}
    return schema


def _plain(model: type[BaseModel]) -> Schema:
    """A model's own schema: nested models written out, our types by reference."""
    generated = model.model_json_schema(schema_generator=_Generator)
    schema: Schema = _tidied(generated, generated.get("$defs", {}))
    schema.pop("$defs", None)
    return schema


def _tidied(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_tidied(each, definitions) for each in node]
    if not isinstance(node, dict):
        return node
    node = dict(node)
    if isinstance(node.get("title"), str):
        del node["title"]  # pydantic's titles repeat the names
    if "x-type" in node:
        node = {"$ref": f"#/$defs/{node.pop('x-type')}", **node}
    elif "$ref" in node:
        inner = definitions[node.pop("$ref").rpartition("/")[2]]
        node = {**inner, **node}
        return _tidied(node, definitions)
    if node.get("type") == "boolean":
        node = {**{key: value for key, value in node.items() if key != "type"}, "enum": [True, False, "yes", "no"]}
    if isinstance(node.get("description"), str):
        node["description"] = " ".join(node["description"].replace("``", "").split())
    return {name: _tidied(each, definitions) if name != "default" else each for name, each in node.items()}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


if __name__ == "__main__":
    print(text(), end="")
