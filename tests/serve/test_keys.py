"""Files of keys: whose they are, what a line may say, what happens when they change; the server's own key."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import asyncssh
import pytest

from playground.company import Role
from playground.kernel.errors import UserError
from playground.serve.admission import Admission, new_passphrase
from playground.serve.hostkey import fingerprint, host_key
from playground.serve.keys import Holder, Keys

ANNA = asyncssh.generate_private_key("ssh-ed25519", comment="anna@laptop")
BOB = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
LINE = ANNA.export_public_key().decode().strip()


def keys_of(folder: Path, text: str, told: list[str] | None = None) -> Keys:
    file = folder / "keys"
    file.write_text(text)
    return Keys(file, (told if told is not None else []).append)


@pytest.mark.parametrize(
    ("options", "holder"),
    [
        ("", Holder("anna")),
        ("restrict ", Holder("anna")),
        ('role="presenter" ', Holder("anna", Role.PRESENTER)),
        ('name="zoe \\"z\\"",role="player",no-port-forwarding ', Holder('zoe "z"', Role.PLAYER)),
        ('  ROLE="spectator"\t', Holder("anna", Role.SPECTATOR)),
    ],
)
def test_a_line_says_whose_a_key_is(tmp_path: Path, options: str, holder: Holder) -> None:
    keys = keys_of(tmp_path, f"# who may come\n\n{options}{LINE}\n")
    assert keys.holder(ANNA.convert_to_public()) == holder
    assert keys.holder(BOB.convert_to_public()) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f'from="10.*" {LINE}', "'from' is no option here"),
        (f'command="id" {LINE}', "'command' is no option here"),
        (f"cert-authority {LINE}", "'cert-authority' is no option here"),
        (f'role="king" {LINE}', "'king' is no role"),
        (f"role {LINE}", "role needs a value"),
        (f"role=presenter {LINE}", "this is no key"),
        ("ssh-ed25519 AAAA", "this is no public key"),
        ("hello", "'hello' is no option here"),
        ('role="presenter"', "this is no"),
        ("\x1b[2J", "this is no key"),
    ],
)
def test_a_line_that_is_no_good_is_told_with_its_number(tmp_path: Path, line: str, why: str) -> None:
    with pytest.raises(UserError) as caught:
        keys_of(tmp_path, f"{LINE}\n{line}\n")
    assert str(caught.value).startswith(f"{tmp_path / 'keys'}:2: ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("content", "why"), [(b"", "no key in it"), (b"\xff\xfe", "no text"), (None, "can't be read")])
def test_a_file_that_lets_nobody_in_is_refused(tmp_path: Path, content: bytes | None, why: str) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UserError, match=why):
        Keys(file, print)


def test_a_file_that_changes_counts_at_once_and_lets_in_nobody_if_it_is_gone(tmp_path: Path) -> None:
    told: list[str] = []
    keys = keys_of(tmp_path, LINE + "\n", told)
    assert keys.holder(ANNA.convert_to_public())
    (tmp_path / "keys").write_text(f"{BOB.export_public_key().decode()}nonsense\n")
    assert keys.holder(ANNA.convert_to_public()) is None
    assert keys.holder(BOB.convert_to_public())
    assert any("keys:2: 'nonsense' is no option" in each for each in told)
    (tmp_path / "keys").unlink()
    assert keys.holder(BOB.convert_to_public()) is None
    assert any("nobody is let in by key" in each for each in told)


def test_only_the_presenter_is_asked_for_the_passphrase() -> None:
    word = new_passphrase()
    assert word != new_passphrase()
    admission = Admission(Role.SPECTATOR, everybody=True, passphrase=word)
    assert admission.asks("presenter")
    assert admission.asks("presenter!")
    assert not admission.asks("anna")
    assert admission.is_passphrase("presenter", word)
    assert not admission.is_passphrase("anna", word)
    assert not admission.is_passphrase("presenter", "ü")
    assert not Admission(Role.SPECTATOR, everybody=True).is_passphrase("presenter", "")
    assert Admission(Role.SPECTATOR).asks("anna")


def test_the_host_key_is_made_once_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "new" / "key"
    umask = os.umask(0)
    try:
        made = host_key(file)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert fingerprint(host_key(file)) == fingerprint(made)
    assert fingerprint(made).startswith("SHA256:")
    assert [each.name for each in file.parent.iterdir()] == ["key"]


def test_of_many_that_make_a_host_key_at_once_all_have_the_same(tmp_path: Path) -> None:
    seen: list[str] = []
    makers = [threading.Thread(target=lambda: seen.append(fingerprint(host_key(tmp_path / "key")))) for _ in range(8)]
    for each in makers:
        each.start()
    for each in makers:
        each.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1


@pytest.mark.parametrize(
    ("mode", "content", "why"),
    [
        (0o640, ANNA.export_private_key(), "others may read"),
        (0o600, b"nonsense", "no private key"),
        (0o600, LINE.encode(), "no private key"),
        (0o600, BOB.export_private_key("pkcs8-pem", passphrase="x"), "without a passphrase"),
    ],
)
def test_a_host_key_that_is_no_good_is_refused_and_not_replaced(
    tmp_path: Path, mode: int, content: bytes, why: str
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(mode)
    with pytest.raises(UserError, match=why) as caught:
        host_key(file)
    assert str(caught.value).startswith(str(file))
    assert file.read_bytes() == content


def test_a_folder_a_pipe_or_a_dangling_link_is_no_host_key(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    for name in ("", "pipe", "link"):
        with pytest.raises(UserError):
            host_key(tmp_path / name)
    assert not (tmp_path / "nothing").exists()
