"""``playground ssh`` as a person meets it: the server with all its processes, the ``ssh`` of OpenSSH, a terminal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.ssh_lab import PATIENCE_S, Client, Server, needs_ssh, run_ssh, serving, wait_until

pytestmark = needs_ssh
QUIT = 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("shared"), "--shared", "--nodes", "3", "--seed", "7") as server:
        yield server


@pytest.fixture
def presenter(shared: Server) -> Iterator[Client]:
    client = Client(shared, "presenter", 160, 50)
    client.shows("password:")
    client.press(shared.passphrase + "\n")
    client.shows("n2")
    yield client
    if not client.ended:
        client.press("q")
        assert client.end() == QUIT


def test_a_spectator_sees_what_a_presenter_does_and_can_do_nothing_unless_lent_the_keyboard(
    shared: Server, presenter: Client
) -> None:
    watcher = Client(shared, "zoe", 80, 24)
    watcher.shows("n2")
    watcher.press(" ")
    watcher.shows("you are watching")
    presenter.press(":crash n1\r")
    presenter.shows("presenter: crash n1")
    watcher.shows("1 down n1")
    presenter.press(":lend zoe\r")
    shared.logs("zoe is a player now")
    watcher.shows("you play")
    watcher.press(":start n1\r")
    presenter.shows("zoe: start n1")
    watcher.press("q")
    assert watcher.end() == QUIT
    watcher.assert_restored()


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 60)])
def test_a_picture_has_the_size_of_the_terminal_and_follows_it(shared: Server, columns: int, rows: int) -> None:
    client = Client(shared, "zoe", columns, rows)
    client.shows("n2")
    client.until(lambda: len(client.screen.display[rows - 1].strip()) > 10, "the last line")
    client.resize(120, 36)
    client.until(lambda: len(client.screen.display[35].strip()) > 10, "the new last line")
    client.press("q")
    assert client.end() == QUIT
    assert client.output.rfind(b"\x1b[?1049l") > client.output.rfind(b"\x1b[?1049h")
    assert client.output.rfind(b"\x1b[?25h") > client.output.rfind(b"\x1b[?25l")


def test_what_there_is_not_is_refused_in_one_line(shared: Server, tmp_path: Path) -> None:
    ran = run_ssh(shared, "zoe@127.0.0.1", "id")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "no commands are run here" in ran.stderr
    ran = run_ssh(shared, "-T", "zoe@127.0.0.1")
    assert ran.returncode == 1
    assert "ssh -t" in ran.stderr
    ran = run_ssh(shared, "-s", "zoe@127.0.0.1", "sftp")
    assert ran.returncode == 1
    ran = run_ssh(shared, "-W", "127.0.0.1:22", "zoe@127.0.0.1")
    assert ran.returncode == 255
    ran = run_ssh(shared, "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22", "-N", "zoe@127.0.0.1")
    assert ran.returncode == 255
    assert "remote port forwarding failed" in ran.stderr
    for what in (
        "a command",
        "a shell without a terminal",
        "a subsystem",
        "forwarding of a port",
        "listening on a port",
    ):
        shared.logs(f"{what}: there is none here")


def test_nothing_is_brought_along_but_a_terminal(shared: Server) -> None:
    local, proxy = free_port(), free_port()
    secret = ("-o", "SetEnv=SECRET=1")
    client = Client(shared, "zoe", 80, 24, *secret, "-L", f"{local}:127.0.0.1:{shared.port}", "-D", str(proxy))
    client.shows("n2")
    assert all("SECRET" not in each.environ() for each in shared.processes())
    for port, asks in ((local, b""), (proxy, b"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x16")):
        with socket.create_connection(("127.0.0.1", port)) as through:
            through.sendall(asks)
            through.settimeout(PATIENCE_S)
            answers = b"".join(iter(lambda: through.recv(100), b""))
            assert b"SSH-2.0" not in answers
    shared.logs("forwarding of a port: there is none here")
    client.press("q")
    assert client.end() == QUIT


def test_each_has_a_cluster_of_their_own_by_key_and_a_lost_connection_leaves_no_process(tmp_path: Path) -> None:
    for name in ("anna", "eve"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@home", "-f", tmp_path / name])
    (tmp_path / "keys").write_text((tmp_path / "anna.pub").read_text())
    args = ("--nodes", "3", "--authorized-keys", str(tmp_path / "keys"))
    with serving(tmp_path, *args) as server:
        eve = run_ssh(server, "-tt", "-o", "IdentitiesOnly=yes", "-i", str(tmp_path / "eve"), "anna@127.0.0.1")
        assert eve.returncode == 255
        assert "Permission denied" in eve.stderr
        server.logs("a key that is not known here")
        anna = Client(server, "root", 80, 24, "-i", str(tmp_path / "anna"), "-o", "IdentitiesOnly=yes")
        anna.shows("n2")
        server.logs("anna came as player from 127.0.0.1 (key SHA256:")
        assert server.processes()
        os.kill(anna.process.pid, signal.SIGKILL)
        server.logs("anna left after")
        wait_until(lambda: not server.processes(), lambda: str(server.processes()))
        other = Client(server, "root", 80, 24, "-i", str(tmp_path / "anna"), "-o", "IdentitiesOnly=yes")
        other.shows("n2")
        status, said = server.end()
        assert status == 128 + signal.SIGTERM
        assert "Traceback" not in said + server.log
        assert other.end() == 0
        assert "thank you for coming" in other.told()[-1] + "".join(other.told())
        other.assert_restored()


def test_at_the_end_of_a_shared_cluster_it_is_said_how_to_meet_it_again(tmp_path: Path) -> None:
    with serving(tmp_path, "--shared", "--nodes", "3", "--seed", "7", "--guests", "player", "--save") as server:
        client = Client(server, "anna", 80, 24)
        client.shows("n2")
        client.press(":crash n1\r")
        client.shows("1 down n1")
        status, said = server.end(signal.SIGINT)
        assert status == 128 + signal.SIGINT
        assert client.end() == 0
        assert "seed 7, " in said
        assert "1 command, digest" in said
        assert "interrupted" not in said, "that was how to end it"
        assert "playground replay " in said
        assert list(tmp_path.glob("*.yaml"))


def test_when_the_cluster_has_died_visitors_are_told_and_it_ends(tmp_path: Path) -> None:
    with serving(tmp_path, "--shared", "--nodes", "3") as server:
        client = Client(server, "zoe", 80, 24)
        client.shows("n2")
        children = server.processes()
        hall = next(each for each in children if "playground.serve.hall" in each.cmdline())
        hall.kill()
        out, error = server.process.communicate(timeout=PATIENCE_S)
        assert server.process.returncode == 1
        assert len(error.decode().splitlines()) == 1
        assert error.decode().startswith("playground: the cluster has stopped: ")
        assert b"digest" not in out
        client.end()
        assert client.told()
        wait_until(lambda: not any(each.is_running() for each in children))
