"""A session as a scenario file: loaded again, it has the same seed, cluster, commands and instants.

Only what differs from the defaults is written. An existing file is never overwritten, but for the
session's own when it ends: the file then holds all of it, up to the digest that is shown at the end.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from playground.kernel.errors import UserError
from playground.quantities import format_duration
from playground.spec import ClusterSpec


class Recorded(Protocol):
    """What a session hands out: all that is needed to replay it, and the digest that it came to."""

    @property
    def spec(self) -> ClusterSpec: ...
    @property
    def seed(self) -> int: ...
    @property
    def timeline(self) -> tuple[tuple[int, Any], ...]: ...
    @property
    def end_us(self) -> int: ...
    @property
    def digest(self) -> str: ...


def save(record: Recorded, folder: str | Path = ".") -> Path:
    """Write ``record`` to the next free ``session-SEED-N.yaml`` in ``folder``.

    Returns the new file. Raises UserError (one line; nothing is left behind) if that cannot be written.
    """
    text = render(record)
    number = 1
    while True:
        path = Path(folder) / f"session-{record.seed}-{number}.yaml"
        try:
            file = path.open("x", encoding="utf-8", newline="\n")
        except FileExistsError:
            number += 1
            continue
        except OSError as error:
            raise UserError(f"cannot save in {folder}: {error.strerror or error}; nothing was lost, go on") from None
        try:
            with file:
                file.write(text)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise UserError(f"cannot save {path}: {error.strerror or error}; nothing was lost, go on") from None
        return path


def complete(record: Recorded, path: str | Path) -> None:
    """Let a file that was saved earlier in a session hold all of it. UserError: it stays as it was."""
    path = Path(path)
    new = path.with_name(path.name + ".new")
    try:
        new.write_text(render(record), encoding="utf-8", newline="\n")
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise UserError(f"cannot complete {path}: {error.strerror or error}; it stays as it was") from None


def rescue(record: Recorded) -> Path:
    """Save in the current folder, or, if that can't be written, where temporary files go. UserError: nowhere."""
    try:
        return save(record)
    except UserError:
        return save(record, tempfile.gettempdir())


def render(record: Recorded) -> str:
    """The text of the scenario file."""
    content = CommentedMap()
    content["title"] = f"session {record.seed}"
    content["seed"] = record.seed
    cluster = cluster_fields(record.spec)
    if cluster:
        content["cluster"] = block(cluster)
    if record.timeline:
        content["method"] = [step(at_us, command) for at_us, command in record.timeline]
    content["until"] = format_duration(record.end_us)
    return dump(content, f"A recorded session. Replayed, it comes to the digest\n{record.digest}\n")


def dump(content: CommentedMap, comment: str) -> str:
    """``content`` as the text of a file that begins with ``comment``."""
    content.yaml_set_start_comment(comment)
    yaml = YAML()
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    buffer = io.StringIO()
    yaml.dump(content, buffer)
    return buffer.getvalue()


def step(at_us: int | None, command: Any) -> CommentedMap:
    """An item of the method; without an instant, one of the rollbacks."""
    item = CommentedMap(do=command.do) if at_us is None else CommentedMap(at=format_duration(at_us), do=command.do)
    for name, value in fields(command).items():
        item[name] = _flow(value)
    return item


def fields(model: BaseModel) -> dict[str, Any]:
    """What differs from the defaults, in the units that people write (each is exact), whole numbers without ``.0``."""
    return {name: _tidy(value) for name, value in model.model_dump(exclude_defaults=True).items()}


def cluster_fields(spec: ClusterSpec) -> dict[str, Any]:
    """As :func:`fields`; that nothing is fed where there are no shards goes without saying."""
    cluster = fields(spec)
    kafka = cluster.get("kafka", {})
    if spec.database != "shards" and kafka.pop("feed", None) is not None and not kafka:
        del cluster["kafka"]
    return cluster


def _tidy(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _tidy(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_tidy(inner) for inner in value]
    if isinstance(value, str) and not value.isprintable():
        return DoubleQuotedScalarString(value)  # as escapes: otherwise YAML folds some kinds of line ends
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def block(values: dict[str, Any]) -> CommentedMap:
    """Nested fields, one a line."""
    content = CommentedMap()
    for name, value in values.items():
        content[name] = block(value) if isinstance(value, dict) else value
    return content


def _flow(value: Any) -> Any:
    """Lists on one line: ``[n1, n2]``."""
    if not isinstance(value, list):
        return value
    items = CommentedSeq(_flow(item) for item in value)
    items.fa.set_flow_style()
    return items
