"""``playground ssh`` as it is typed: what it refuses before anybody can come, each in one line."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from playground.cli import ORDER, serving
from playground.cli.inviting import ssh
from playground.cli.terms import Terms
from playground.company import Role
from playground.kernel.errors import UserError
from playground.serve.origins import is_loopback
from tests.cli.test_cli import playground


def test_what_is_offered_is_what_was_typed() -> None:
    offer = serving.offer_of(Terms(nodes=3, seed=7, rate=10.0, theme="light"))
    assert (offer.shared, offer.theme, offer.programme.seed, offer.programme.looped) == (False, "light", 7, False)
    assert offer.programme.name == "playground --nodes 3 --rate 10.0 --seed 7"
    assert serving.guests_of(Terms(), offer) is Role.PLAYER
    offer = serving.offer_of(Terms(play="first-crash"))
    assert offer.shared
    assert offer.programme.looped
    assert offer.programme.script.timeline
    assert serving.guests_of(Terms(), offer) is Role.SPECTATOR
    assert serving.guests_of(Terms(guests="player"), offer) is Role.PLAYER


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"each": True, "shared": True}, "--each and --shared: choose one"),
        ({"play": "no-such-thing"}, "no-such-thing"),
        ({"play": "first-crash", "nodes": 3}, "--nodes"),
        ({"theme": "blue"}, "'blue' is no theme"),
        ({"save": True}, "--save"),
        ({"speed": "max"}, "--speed max"),
        ({"speed": "fast"}, "'fast' is no speed"),
        ({"preset": "huge"}, "huge"),
    ],
)
def test_what_can_not_be_offered_is_refused(typed: dict[str, Any], why: str) -> None:
    with pytest.raises(UserError, match=why) as caught:
        serving.offer_of(Terms(**typed))
    assert "\n" not in str(caught.value)


def test_limits_are_as_they_are_typed() -> None:
    limits = serving.limits_of(Terms(players=2, idle="5m", session="1h", memory="1GB"))
    assert (limits.players, limits.idle_s, limits.session_s, limits.memory_bytes) == (2, 300.0, 3600.0, 10**9)
    assert limits.visitors == 60


@pytest.mark.parametrize(
    ("typed", "why"),
    [({"idle": "soon"}, "--idle: 'soon'"), ({"session": "0s"}, "too short"), ({"memory": "-1MB"}, "--memory: '-1MB'")],
)
def test_limits_that_are_none_are_refused(typed: dict[str, str], why: str) -> None:
    with pytest.raises(UserError, match=why):
        serving.limits_of(Terms(**typed))


def test_a_guest_is_a_spectator_or_a_player() -> None:
    shared = serving.offer_of(Terms(shared=True))
    with pytest.raises(UserError, match="'presenter' is no role for a guest"):
        serving.guests_of(Terms(guests="presenter"), shared)
    with pytest.raises(UserError, match="--guests"):
        serving.guests_of(Terms(guests="player"), serving.offer_of(Terms()))


def test_only_loopback_is_this_machine_alone() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "example.org", ""))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", ""])
def test_for_others_it_has_to_be_said_who_may_come_in(host: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--authorized-keys FILE, or --open"):
        ssh(host=host, host_key=tmp_path / "key")
    assert not list(tmp_path.iterdir())


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"playground ssh needs asyncssh: pip install 'chaos-playground\[ssh\]'"):
        serving.need("ssh")


WITHOUT = """
import importlib.machinery, sys
found = importlib.machinery.PathFinder.find_spec
def find_spec(name, path=None, target=None):
    extra = name.partition(".")[0] in ("asyncssh", "psutil", "aiohttp", "textual_serve")
    return None if extra else found(name, path, target)
importlib.machinery.PathFinder.find_spec = find_spec
from playground.cli import main
sys.exit(main())
"""


@pytest.mark.parametrize(("command", "lacks"), [("ssh", "asyncssh"), ("web", "aiohttp")])
def test_who_has_installed_no_extra_is_told_so_and_nothing_else(command: str, lacks: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT, command, "--shared"], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 2
    assert ran.stderr == f"playground: playground {command} needs {lacks}: pip install 'chaos-playground[{command}]'\n"


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ran = playground("ssh", "--port", port, "--host-key", str(tmp_path / "key"))
    assert ran.returncode == 2
    assert ran.stderr == f"playground: cannot listen on 127.0.0.1, port {port}: Address already in use\n"


def test_help_tells_each_command_in_a_line_that_is_not_cut() -> None:
    ran = playground("--help")
    listed = ran.stdout.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed if line.strip()] == list(ORDER)
    assert not [line for line in listed if line.endswith("...")]


def test_a_lab_is_no_demo_to_watch_together() -> None:
    from playground.scenario.loader import load_file
    from playground.scenario.model import Experiment
    from playground.scenario.shelf import shipped

    name = next(name for name, path in shipped().items() if isinstance(load_file(path), Experiment))
    with pytest.raises(UserError, match="is a lab"):
        serving.offer_of(Terms(play=name))
