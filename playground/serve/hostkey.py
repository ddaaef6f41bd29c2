"""The key by which visitors know that they have reached this playground and nobody else.

Made once, and kept: a new one would make every client warn of somebody in the middle. It is readable by its owner alone
from the first moment on, and a file that others may read is refused: what it proves would be worth nothing.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

import asyncssh
import platformdirs

from playground.kernel.errors import UserError

_MOST_BYTES = 65_536


def default_file() -> Path:
    """Where it is kept, unless somebody says otherwise."""
    return Path(platformdirs.user_data_dir("chaos-playground")) / "ssh_host_ed25519_key"


def host_key(file: Path) -> asyncssh.SSHKey:
    """The key in ``file``, which is made if it is not there. UserError: it is of no use."""
    if not os.path.lexists(file):
        _make(file)
    return _read(file)


def fingerprint(key: asyncssh.SSHKey) -> str:
    """As clients show it: ``SHA256:…``."""
    return key.get_fingerprint("sha256")


def _make(file: Path) -> None:
    made = asyncssh.generate_private_key("ssh-ed25519", comment="chaos-playground").export_private_key()
    fresh = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writing:
            writing.write(made)
            writing.flush()
            os.fsync(writing.fileno())
        # Not renamed: if another server has made one meanwhile, that one stays.
        with contextlib.suppress(FileExistsError):
            os.link(fresh, file)
    except OSError as error:
        raise UserError(f"{file}: the host key can't be written: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(fresh)


def _read(file: Path) -> asyncssh.SSHKey:
    try:
        with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as reading:
            found = os.fstat(reading.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UserError(f"{file}: this is no file with a host key")
            if found.st_mode & 0o077:
                raise UserError(f"{file}: others may read this host key; chmod 600 it, or let a new one be made")
            if found.st_uid not in (os.geteuid(), 0):
                raise UserError(f"{file}: this host key belongs to somebody else")
            data = reading.read(_MOST_BYTES)
    except OSError as error:
        raise UserError(f"{file}: the host key can't be read: {error.strerror}") from None
    try:
        return asyncssh.import_private_key(data)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError):
        raise UserError(f"{file}: this is no private key, or none that opens without a passphrase") from None
