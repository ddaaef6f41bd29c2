"""What the pages for those who serve visitors say is what there is: options, limits, words, unit file, container."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import typer

import playground.cli
from playground.cli.serving import LIMITS
from playground.screens import keys
from playground.screens.words import COMPANY
from playground.serve.limits import Limits

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "chaos-playground.service"
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("docs/serving.md", "SECURITY.md", "README.md")}
CONTAINER = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
COMMANDS: Any = typer.main.get_command(playground.cli.app)


def options(command: str) -> dict[str, Any]:
    """Option -> its parameter."""
    return {name: each for each in COMMANDS.commands[command].params for name in each.opts}


def table(page: str) -> list[list[str]]:
    text = PAGES[page].split("<!-- limits -->", 1)[1].split("<!-- end limits -->", 1)[0]
    rows = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in text.strip().splitlines()]
    return rows[2:]


def demo_of_the_readme() -> str:
    return PAGES["README.md"].split("## Demos over SSH", 1)[1].split("\n## ", 1)[0]


def span(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def test_limits_in_the_table_of_options_have_the_values_of_the_code() -> None:
    limits = Limits()
    wanted = {
        "--visitors": str(limits.visitors),
        "--players": str(limits.players),
        "--per-address": str(limits.per_address),
        "--idle": span(limits.idle_s).replace(" ", "").replace("min", "m"),
        "--stalled": span(limits.stalled_s).replace(" ", ""),
        "--session": span(limits.session_s).replace(" ", ""),
        "--memory": f"{limits.memory_bytes / 1e6:g}MB",
    }
    rows = {row[0].strip("`"): row[1] for row in table("docs/serving.md")}
    assert rows == wanted
    assert set(rows) == {f"--{name.replace('_', '-')}" for name in LIMITS}
    for command in ("ssh", "web"):
        assert set(rows) <= set(options(command)), command


def test_limits_in_the_promises_have_the_values_of_the_code() -> None:
    limits = Limits()
    values = [row[1] for row in table("SECURITY.md")]
    assert values == [
        f"{limits.visitors}, {limits.players}",
        f"{limits.per_address}",
        f"{limits.visits_per_minute}",
        f"{limits.logins}, {limits.logins_per_address}",
        f"{span(limits.login_s)}, {span(limits.start_s)}",
        f"{span(limits.idle_s)}, {span(limits.stalled_s)}, {span(limits.session_s)}",
        f"{limits.output_bytes_per_s / 1e3:g} kB/s, {limits.output_burst_bytes / 1e6:g} MB",
        f"{limits.input_bytes_per_s / 1e3:g} kB/s, {limits.input_burst_bytes / 1e3:g} kB",
        f"{limits.memory_bytes / 1e6:g} MB",
        f"{limits.cpu_share:.0%} of one".replace("%", " %"),
    ]
    page = " ".join(PAGES["docs/serving.md"].split())
    for said in (
        f"an address connects {limits.visits_per_minute} times a minute at most",
        f"a login takes {limits.login_s:g} s at most, {limits.logins} are under way at a time "
        f"({limits.logins_per_address} from one address)",
        f"asked for within {limits.start_s:g} s",
        f"go {limits.output_bytes_per_s / 1e3:g} kB/s, from them come {limits.input_bytes_per_s / 1e3:g} kB/s",
        f"take {limits.cpu_share * 100:g} % of one processor at most, measured over {limits.cpu_window_s:g} s",
        f"drawn in {limits.renderings} sizes",
    ):
        assert said in page


def test_every_option_that_is_named_is_one() -> None:
    known = set(options("ssh")) | set(options("web"))
    texts = {**PAGES, "README.md": demo_of_the_readme()}
    for page, text in texts.items():
        # What other programs are told stands on lines with their names, and on those that go on from these.
        ours = re.sub(r"^(?:sudo |podman |journalctl |nft )(?:.*\\\n)*.*$", "", text, flags=re.MULTILINE)
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", ours)) - {"--version", "--quiet"}
        assert named <= known, page
        assert named, page


def test_lines_that_start_a_server_can_be_typed() -> None:
    text = "\n".join([*PAGES.values()])
    lines = [
        line.split("#")[0] for line in re.findall(r"^(?:.*bin/)?(playground (?:ssh|web)\b.*)$", text, re.MULTILINE)
    ]
    lines += re.findall(r"&& \S*(playground ssh.*)$", text, re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        _, command, *rest = shlex.split(line)
        assert {word for word in rest if word.startswith("--")} <= set(options(command)), line


def test_words_and_keys_of_presenters_are_those_of_the_app() -> None:
    text = PAGES["docs/serving.md"].split("## Presenting", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert {word.split()[0] for row in rows for word in re.findall(r"`([a-z]+[^`]*)`", row)} == set(COMPANY)
    pressed = {key for row in rows for key in re.findall(r"`([A-Z])`", row)}
    assert pressed == {key.shown for key in keys.KEYS if key.group == "company"}


def unit() -> ConfigParser:
    # Settings may stand there several times, and a line that ends with a backslash goes on.
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(UNIT.read_text(encoding="utf-8").replace("\\\n", " "))
    return parser


def test_the_unit_starts_a_command_that_there_is_with_options_that_it_takes() -> None:
    service = unit()["Service"]
    program, command, *rest = shlex.split(service["ExecStart"])
    assert program == "/opt/chaos-playground/.venv/bin/playground"
    named = [word for word in rest if word.startswith("--")]
    assert set(named) <= set(options(command))
    assert service["SocketBindAllow"] == f"tcp:{rest[rest.index('--port') + 1]}"
    assert "--authorized-keys" in named


@pytest.mark.parametrize(
    ("setting", "value"),
    [("DynamicUser", "yes"), ("ProtectSystem", "strict"), ("ProtectHome", "yes"), ("PrivateTmp", "yes"),
     ("NoNewPrivileges", "yes"), ("CapabilityBoundingSet", ""), ("KillMode", "mixed"), ("Restart", "on-failure"),
     ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"), ("StateDirectory", "chaos-playground")],
)  # fmt: skip
def test_the_unit_may_do_next_to_nothing(setting: str, value: str) -> None:
    service = unit()["Service"]
    assert service[setting] == value
    assert all(service[bound] for bound in ("MemoryMax", "CPUQuota", "TasksMax", "SystemCallFilter"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    here = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    here.write_text(text.replace("/opt/chaos-playground/.venv/bin/playground", sys.executable), encoding="utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", "--man=no", here], capture_output=True, text=True)
    assert UNIT.name not in verified.stderr
    assert verified.returncode == 0, verified.stderr


def test_the_container_runs_a_command_that_there_is_as_a_user_of_its_own() -> None:
    [command] = re.findall(r"^CMD (\[.*?\])", CONTAINER.replace("\\\n", " "), re.MULTILINE)
    name, *rest = json.loads(command)
    assert {word for word in rest if word.startswith("--")} <= set(options(name))
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", CONTAINER, re.MULTILINE):
        assert all((ROOT / each).exists() for each in line.split())
    assert re.search(r"^USER \d+:\d+$", CONTAINER, re.MULTILINE)


def test_links_of_the_pages_exist() -> None:
    for page in ("docs/serving.md", "SECURITY.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", PAGES[page]):
            assert target.startswith("https://") or (ROOT / page).parent.joinpath(target).resolve().is_file(), target
