"""A scenario from a file. Whatever is wrong with it becomes one line: ``FILE:LINE:COL: field: what; what instead``.

Two steps: :mod:`.document` reads plain values and remembers where each stands; here they are
checked against the models of commands and clusters, which are the only lists of
fields there are. Of several mistakes the first in the file is told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from playground.kernel.errors import UserError
from playground.labs import LABS
from playground.scenario.comparison import NAME
from playground.scenario.files import criteria, method
from playground.scenario.files.document import Document, FieldPath, parse, read_text
from playground.scenario.files.validation import merged, validated, validated_merged
from playground.scenario.model import Experiment, LabFile, Scenario, ScenarioFile, Script, VariantFile
from playground.spec import BARE, PRESETS, ClusterSpec
from playground.wording import unknown, wording

MOST_VARIANTS = 50


def load(path: str | Path, variant: str = "") -> Scenario:
    """The scenario in a file: its only one, its first variant, or the one named.

    UserError: one line that says what is wrong and where; also for a lab, which has no cluster.
    """
    return pick(load_file(path), variant)


def loads(text: str, source: str = "scenario", variant: str = "") -> Scenario:
    """As :func:`load`, from ``text``; ``source`` stands for the file's name in complaints."""
    return pick(loads_file(text, source), variant)


def load_file(path: str | Path) -> Script | Experiment:
    """Everything that a file holds: all variants, or a lab. UserError: one line that says what is wrong and where."""
    return loads_file(read_text(Path(path)), str(path))


def loads_file(text: str, source: str = "scenario") -> Script | Experiment:
    """As :func:`load_file`, from ``text``."""
    document = parse(text, source)
    if not isinstance(document.value, dict):
        raise document.error((), "is not a scenario; it should begin with fields such as title: … and until: 60s")
    return _experiment(document) if "lab" in document.value else _script(document)


def pick(script: Script | Experiment, variant: str = "") -> Scenario:
    """The named variant, or the first. UserError: there is no such one."""
    if isinstance(script, Experiment):
        text = "is a lab, an experiment without a cluster and its timeline; run it with playground replay"
        raise UserError(f"{script.source}: {text}")
    if not variant:
        return script.variants[0]
    if not script.names:
        raise UserError(f"{script.source}: has no variants; leave out {variant[:60]!r}")
    for each in script.variants:
        if each.variant == variant:
            return each
    raise UserError(f"{script.source}: {unknown('variant', variant, script.names)}")


def cluster_spec(preset: str, overrides: dict[str, Any]) -> ClusterSpec:
    """A preset with ``overrides`` merged in. UserError if there is no such preset, or they don't fit."""
    if preset not in PRESETS:
        raise UserError(unknown("preset", preset, PRESETS))
    try:
        return ClusterSpec.model_validate(merged(PRESETS[preset], overrides))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UserError(f"{'.'.join(str(part) for part in first['loc'])}: {wording(first, ClusterSpec)}") from None


def _script(document: Document) -> Script:
    file = validated(document, ScenarioFile, document.value, ())
    variants = _variants(document, file)
    timeline, undoing = method.steps(document, file), method.rollbacks(document, file)
    first_us = next((step.at_us for step in timeline if step.command is not None), None)
    hypothesis = criteria.hypothesis(document, file.hypothesis, first_us, file.until)
    shared = criteria.wanted(document, file.expect, ("expect",))
    scenarios = []
    for name, own in variants.items():
        here: FieldPath = ("variants", name)
        spec = _cluster(document, file, own, here)
        method.check_nodes(document, spec, [*timeline, *undoing], name)
        asked = shared | (criteria.wanted(document, own.expect, (*here, "expect")) if name else {})
        scenarios.append(
            Scenario(
                source=document.source,
                title=_title(file.title or spec.title, name, own),
                description=file.description.strip(),
                seed=file.seed if own.seed is None else own.seed,
                spec=spec,
                timeline=tuple(
                    (each.at_us, each.command) for each in (*timeline, *undoing) if each.command is not None
                ),
                captions=tuple((each.at_us, each.say) for each in timeline if each.say),
                until_us=file.until,
                expectations=criteria.expectations(document, asked, hypothesis=hypothesis is not None),
                hypothesis=hypothesis,
                rollbacks=len(undoing),
                variant=name,
                compared=tuple(file.compare),
            )
        )
    title = file.title or scenarios[0].spec.title
    comparisons = criteria.comparisons(document, file.compare, [name for name in variants if name])
    return Script(document.source, title, file.description.strip(), tuple(scenarios), comparisons)


def _title(title: str, name: str, own: VariantFile) -> str:
    return f"{title}: {own.title or name}" if name else title


def _variants(document: Document, file: ScenarioFile) -> dict[str, VariantFile]:
    """Name -> what it changes; a file without variants has one that changes nothing."""
    if "variants" in document.value and not file.variants:
        raise document.error(
            ("variants",), "variants: is empty; write some, each as name: {cluster: …}, or leave it out"
        )
    if len(file.variants) > MOST_VARIANTS:
        raise document.error(("variants",), f"variants: has {len(file.variants)}; at most {MOST_VARIANTS} are played")
    for name in file.variants:
        if not NAME.fullmatch(name):
            text = f"variants: {name[:40]!r} is no name; write a word of letters, digits, - and _, such as copy-later"
            raise document.error(("variants", name), text, key=True)
    found = {
        name: validated(document, VariantFile, fields, ("variants", name), f"variants.{name}")
        for name, fields in file.variants.items()
    }
    return found or {"": VariantFile()}


def _cluster(document: Document, file: ScenarioFile, own: VariantFile, here: FieldPath) -> ClusterSpec:
    fields: dict[str, Any] = {}
    preset: Any = BARE
    chosen: FieldPath = ("cluster", "preset")
    for place, cluster, load in (((), file.cluster, file.load), (here, own.cluster, own.load)):
        written = dict(cluster)
        if "preset" in written:
            preset, chosen = written.pop("preset"), (*place, "cluster", "preset")
        inner = written.get("load", {})
        for name in load:
            if isinstance(inner, dict) and name in inner:
                text = f"load.{name}: also stands in cluster.load; keep one"
                raise document.error((*place, "load", name), text, key=True)
        fields = merged(fields, merged(written, {"load": load} if load else {}))
    if not isinstance(preset, str) or preset not in PRESETS:
        raise document.error(chosen, f"cluster.preset: {unknown('preset', str(preset), PRESETS)}")

    def where(path: FieldPath) -> FieldPath:
        places: list[FieldPath] = [(*here, "cluster", *path), ("cluster", *path)]
        if path[:1] == ("load",):
            places = [(*here, *path), places[0], path, places[1]]
        return next((each for each in places if document.knows(each)), ("cluster", *path))

    return validated_merged(document, ClusterSpec, merged(PRESETS[preset], fields), where)


def _experiment(document: Document) -> Experiment:
    for name in document.value:
        if name in ("cluster", "load", "until", "rollbacks", "variants", "compare"):
            text = f"{name}: a lab has none; a file holds either lab: … or a cluster with its method"
            raise document.error((name,), text, key=True)
    file = validated(document, LabFile, document.value, ())
    settings = dict(file.lab)
    word = settings.pop("name", None)
    if word is None:
        raise document.error(("lab",), f"lab.name: is missing; there are {', '.join(LABS)}")
    kind = LABS.get(word) if isinstance(word, str) else None
    if kind is None:
        raise document.error(("lab", "name"), f"lab.name: {unknown('lab', str(word), LABS)}")
    captions = []
    for number, item in enumerate(file.method):
        for name in item:
            if name != "say":
                text = f"{name}: a lab has no timeline; its method only says something: write say: …"
                raise document.error(("method", number, name), text, key=True)
        if not isinstance(item.get("say"), str):
            raise document.error(("method", number), "say: should be text")
        captions.append(item["say"].strip())
    figures = {each.name: each for each in kind.figures}
    return Experiment(
        source=document.source,
        title=file.title or str(word),
        description=file.description.strip(),
        seed=file.seed,
        lab=validated(document, kind, settings, ("lab",), f"lab {word}"),
        captions=tuple(captions),
        expectations=criteria.expectations(
            document, criteria.wanted(document, file.expect, ("expect",)), figures=figures, implied=False
        ),
    )
