"""Who is let in by key, and as whom: a file as OpenSSH's authorized_keys, with two options more.

::

    ssh-ed25519 AAAA… anna@laptop
    role="presenter",name="anna" ssh-ed25519 AAAA…

Options that take away what nobody has here (``restrict``, ``no-port-forwarding`` …) are accepted. Any other is an
error, and not passed over: whoever writes ``from="10.*"`` relies on it.

The file is read again when it has changed. What can't be read lets nobody in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from playground.company import Role
from playground.kernel.errors import UserError

MOST_BYTES = 1_000_000
_OPTION = re.compile(r'\s*([A-Za-z0-9-]+)(?:="((?:[^"\\]|\\.)*)")?(,|\s+|$)')
_NEEDLESS = {
    "restrict",
    "no-agent-forwarding",
    "no-port-forwarding",
    "no-user-rc",
    "no-x11-forwarding",
}
_KINDS = ("ssh-", "ecdsa-", "sk-")


@dataclass(frozen=True, slots=True)
class Holder:
    """Of a key. ``name``, ``role``: none is said."""

    name: str = ""
    role: Role | None = None


class Keys:
    """Those of ``file``; UserError: it can't be read, or a line is no good. ``told``: hears of that later on."""

    def __init__(self, file: Path, told: Callable[[str], None]) -> None:
        self._file = file
        self._told = told
        self._seen = _state(file)
        self._holders, faults = _parse(file, _text(file))
        if faults:
            raise UserError(faults[0])
        if not self._holders:
            raise UserError(f"{file}: there is no key in it")

    def holder(self, key: asyncssh.SSHKey) -> Holder | None:
        """None: nobody's who may come in."""
        self._refresh()
        return self._holders.get(key.public_data)

    def owns(self, name: str) -> bool:
        """Whether somebody of that name comes by key."""
        self._refresh()
        return any(each.name == name for each in self._holders.values())

    def has(self, role: Role) -> bool:
        self._refresh()
        return any(each.role is role for each in self._holders.values())

    def __len__(self) -> int:
        return len(self._holders)

    def _refresh(self) -> None:
        state = _state(self._file)
        if state == self._seen:
            return
        self._seen = state
        try:
            self._holders, faults = _parse(self._file, _text(self._file))
        except UserError as error:
            self._holders, faults = {}, [f"{error}; nobody is let in by key"]
        for fault in faults:
            self._told(fault)
        self._told(f"{self._file}: read again, keys in it: {len(self._holders)}")


def _state(file: Path) -> tuple[int, ...]:
    try:
        found = os.stat(file)
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _text(file: Path) -> str:
    try:
        with file.open("rb") as reading:
            data = reading.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise UserError(f"{file}: too long for a file of keys")
        return data.decode()
    except OSError as error:
        raise UserError(f"{file}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{file}: this is no text, so there are no keys in it") from None


def _parse(file: Path, text: str) -> tuple[dict[bytes, Holder], list[str]]:
    """The holders by the public part of their keys; and what is wrong, line by line."""
    holders: dict[bytes, Holder] = {}
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            public, holder = _line(line.strip())
        except UserError as error:
            faults.append(f"{file}:{number}: {error}")
        else:
            # The first line counts, as with OpenSSH.
            holders.setdefault(public, holder)
    return holders, faults


def _line(line: str) -> tuple[bytes, Holder]:
    """UserError says what is wrong with it."""
    options: dict[str, str] = {}
    while not line.startswith(_KINDS):
        found = _OPTION.match(line)
        if not found:
            raise UserError("this is no key; write options, if any, then the key as it stands in id_ed25519.pub")
        name, value, end = found[1].lower(), found[2], found[3]
        if name not in _NEEDLESS and name not in ("role", "name"):
            raise UserError(f'{name[:40]!r} is no option here; there are role="…" and name="…"')
        if name in ("role", "name"):
            if not value:
                raise UserError(f'{name} needs a value: {name}="…"')
            options[name] = re.sub(r"\\(.)", r"\1", value)
        line = line[found.end() :]
        if end != ",":
            break
    try:
        key = asyncssh.import_public_key(line)
    except (asyncssh.KeyImportError, ValueError):
        raise UserError("this is no public key") from None
    if "role" in options and options["role"] not in list(Role):
        raise UserError(f"{options['role'][:40]!r} is no role; write presenter, player or spectator")
    role = Role(options["role"]) if "role" in options else None
    comment = (key.get_comment() or "").partition("@")[0].strip()
    return key.public_data, Holder(options.get("name", comment), role)
