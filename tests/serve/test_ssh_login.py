"""Who is let in over SSH, as whom, and for what: with the client of asyncssh, and seats that echo."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from playground.company import Role
from playground.serve import doorman, ssh
from playground.serve.limits import Limits
from tests.serve.ssh_lab import lab, reads, until

ANNA = asyncssh.generate_private_key("ssh-ed25519", comment="anna@laptop")
BOB = asyncssh.generate_private_key("ecdsa-sha2-nistp256", comment="bob@home")


def public(key: asyncssh.SSHKey, options: str = "") -> str:
    return f"{options} {key.export_public_key().decode()}".strip() + "\n"


def test_who_comes_in_without_a_key_has_a_terminal_of_the_size_they_say() -> None:
    async def run() -> None:
        async with lab() as server, await server.connect("anna") as connection:
            process = await server.terminal(connection, 200, 60, env={"LANG": "de_DE.UTF-8", "HOME": "/x"})
            assert b"[anna player xterm-256color de_DE.UTF-8 200x60]" in await reads(process, b"]")
            process.change_terminal_size(80, 24)
            assert b"[80x24]" in await reads(process, b"]")
            process.stdin.write(b"hello")
            await reads(process, b"hello")
            process.stdin.write(b"q")
            assert (await process.wait()).exit_status == 0
            await server.logs("s, from 127.0.0.1: quit")

    asyncio.run(run())


def test_what_a_terminal_says_of_itself_is_believed_within_bounds() -> None:
    async def run() -> None:
        async with lab() as server, await server.connect("x" * 200) as connection:
            process = await server.terminal(
                connection, 4_000_000, 0, term_type="../../etc", env={"LANG": "a;b", "LC_ALL": "\x1b[2J"}
            )
            shown = await reads(process, b"]")
            assert b"[" + b"x" * 16 + b" player xterm-256color en_US.UTF-8 500x24]" in shown

    asyncio.run(run())


def test_two_of_one_name_are_told_apart() -> None:
    async def run() -> None:
        async with lab() as server, await server.connect("anna") as one, await server.connect("anna") as two:
            await reads(await server.terminal(one), b"[anna player")
            await reads(await server.terminal(two), b"[anna-2 player")

    asyncio.run(run())


def test_a_key_says_who_one_is(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(public(ANNA, 'role="presenter",name="anna"') + public(BOB))

    async def run() -> None:
        async with lab(keys=file, everybody=False) as server:
            async with await server.connect("root", client_keys=[BOB]) as connection:
                await reads(await server.terminal(connection), b"[bob player")
            async with await server.connect("root", client_keys=[ANNA]) as connection:
                await reads(await server.terminal(connection), b"[anna player")
            assert "anna came as player from 127.0.0.1 (key SHA256:" in server.log

    asyncio.run(run())


def test_who_has_no_key_stays_outside_and_so_does_who_has_lost_it(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(public(ANNA))

    async def run() -> None:
        async with lab(keys=file, everybody=False) as server:
            for keys in (None, [BOB]):
                with pytest.raises(asyncssh.PermissionDenied):
                    await server.connect("anna", client_keys=keys)
            await server.logs("refused 127.0.0.1: a key that is not known here")
            (await server.connect(client_keys=[ANNA])).close()
            file.write_text(public(BOB))
            with pytest.raises(asyncssh.PermissionDenied):
                await server.connect("anna", client_keys=[ANNA])
            (await server.connect(client_keys=[BOB])).close()

    asyncio.run(run())


def test_a_key_that_is_only_named_but_not_proved_is_worth_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(public(ANNA))

    class Forged(asyncssh.SSHKeyPair):
        """Shows anna's key, and signs with bob's."""

        _key_type = "local"

        def __init__(self) -> None:
            algorithm = ANNA.algorithm
            super().__init__(algorithm, algorithm, (algorithm,), (algorithm,), ANNA.public_data, b"")

        def sign(self, data: bytes) -> bytes:
            return BOB.sign(data, BOB.algorithm)

    async def run() -> None:
        async with lab(keys=file, everybody=False) as server:
            with pytest.raises((asyncssh.PermissionDenied, asyncssh.ConnectionLost, asyncssh.DisconnectError)):
                await server.connect("anna", client_keys=[Forged()])
            assert not server.front.visits

    asyncio.run(run())


def test_who_says_to_be_somebody_else_over_and_over_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(public(ANNA))

    class Many(asyncssh.SSHClient):
        def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
            self.connection: Any = conn
            self.lost = asyncio.Event()

        def connection_lost(self, exc: Exception | None) -> None:
            self.lost.set()

        async def public_key_auth_requested(self) -> None:
            for number in range(20):
                name = f"name-{number}".encode()
                parts = (name, b"ssh-connection", b"none")
                self.connection.send_packet(50, *(len(part).to_bytes(4, "big") + part for part in parts))
            await self.lost.wait()  # else it would be asked again at each refusal, and give up at last

    async def run() -> None:
        async with lab(keys=file, everybody=False) as server:
            with pytest.raises((OSError, asyncssh.Error)):
                await server.connect("anna", client_factory=Many, client_keys=())
            await server.logs("10 names, one after the other")

    asyncio.run(run())


def test_where_anybody_may_come_in_nobody_takes_the_name_of_who_has_a_key(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(public(ANNA))

    async def run() -> None:
        async with lab(keys=file) as server:
            for user in ("anna", "anna!", "-anna"):
                with pytest.raises(asyncssh.PermissionDenied):
                    await server.connect(user)
            async with await server.connect("zoe") as guest, await server.connect("anna", client_keys=[ANNA]) as anna:
                await reads(await server.terminal(guest), b"[zoe ")
                await reads(await server.terminal(anna), b"[anna ")

    asyncio.run(run())


def test_the_presenter_comes_with_the_passphrase_and_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    real = asyncio.sleep
    waits: list[float] = []

    async def sleep(span_s: float) -> None:
        waits.append(span_s)
        await real(0)

    async def run() -> None:
        async with lab(passphrase="open-sesame", guests=Role.SPECTATOR) as server:
            server.front._offer = replace(server.front._offer, shared=True)
            with monkeypatch.context() as patch:
                patch.setattr(doorman.asyncio, "sleep", sleep)
                for wrong in ("", "open-sesam", "open-sesame "):
                    with pytest.raises((asyncssh.PermissionDenied, asyncssh.ConnectionLost)):
                        await server.connect("presenter", password=wrong)
                assert waits.count(1.0) == 3
            await server.logs("a wrong passphrase")
            async with await server.connect("presenter", password="open-sesame") as connection:
                await reads(await server.terminal(connection), b"[presenter presenter")
            async with await server.connect("zoe", password="open-sesame") as connection:
                await reads(await server.terminal(connection), b"[zoe spectator")

    asyncio.run(run())


def test_a_passphrase_may_be_tried_three_times_however_fast() -> None:
    class Guesser(asyncssh.SSHClient):
        tried = 0

        def password_auth_requested(self) -> str:
            self.tried += 1
            return f"guess {self.tried}"

    async def run() -> None:
        guesser = Guesser()
        async with lab(passphrase="open-sesame") as server:
            with pytest.raises((asyncssh.DisconnectError, OSError)):
                await server.connect("presenter", client_factory=lambda: guesser)
            assert guesser.tried == 3
            await server.logs("3 wrong passphrases")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("asked", "told", "logged"),
    [
        ({"command": "id"}, "no commands", "a command: there is none here"),
        ({"subsystem": "netconf"}, "no subsystems", "a subsystem: there is none here"),
        ({"term_type": None}, "ssh -t", "a shell without a terminal: there is none here"),
    ],
)
def test_there_is_a_terminal_and_nothing_else(asked: dict[str, str], told: str, logged: str) -> None:
    async def run() -> None:
        async with lab() as server, await server.connect() as connection:
            result = await connection.run(**asked, check=False)
            assert result.exit_status == 1
            assert told in str(result.stderr)
            assert not server.seats
            await server.logs(logged)

    asyncio.run(run())


def test_nothing_is_forwarded_copied_or_listened_for() -> None:
    async def run() -> None:
        async with lab() as server:
            async with await server.connect() as connection:
                with pytest.raises((asyncssh.Error, OSError)):
                    await connection.start_sftp_client()
            async with await server.connect() as connection:
                with pytest.raises(asyncssh.ChannelOpenError):
                    await connection.open_connection("127.0.0.1", 22)
                with pytest.raises(asyncssh.ChannelOpenError):
                    await connection.open_unix_connection("/run/x")
                with pytest.raises(asyncssh.ChannelListenError):
                    await connection.forward_remote_port("", 0, "127.0.0.1", 22)
                with pytest.raises(asyncssh.ChannelListenError):
                    await connection.forward_remote_path("/tmp/nowhere", "/tmp/elsewhere")
                with pytest.raises(asyncssh.ChannelOpenError):
                    await connection.open_tun()
                process = await server.terminal(connection, x11_forwarding="ignore_failure", x11_display="h:0")
                await reads(process, b"[anna player")
                await server.logs("forwarding of X11: there is none here")
            for what in (
                "forwarding of a port",
                "forwarding of a socket",
                "listening on a port",
                "a tunnel",
                "a subsystem",
            ):
                await server.logs(f"{what}: there is none here")
            assert not os.path.exists("/tmp/nowhere")

    asyncio.run(run())


def test_nobodys_agent_is_asked(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def agent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(1))
        writer.close()

    async def run() -> None:
        path = str(tmp_path / "agent")
        own = await asyncio.start_unix_server(agent, path)
        async with own, lab() as server:
            given = {"agent_forwarding": True, "agent_path": path, "client_keys": [ANNA]}
            async with await server.connect("anna", **given) as connection:
                await reads(await server.terminal(connection), b"[anna player")
                await server.logs("forwarding of an agent: there is none here")
        assert not asked

    asyncio.run(run())


def test_there_is_one_terminal_for_each_connection() -> None:
    async def run() -> None:
        async with lab() as server, await server.connect() as connection:
            first = await server.terminal(connection)
            await reads(first, b"[anna player")
            with pytest.raises(asyncssh.ChannelOpenError):
                await server.terminal(connection)
            first.stdin.write(b"still here")
            await reads(first, b"still here")

    asyncio.run(run())


def test_who_asks_for_no_terminal_is_cut() -> None:
    async def run() -> None:
        async with lab(limits=Limits(start_s=0.05)) as server:
            connection = await server.connect()
            await connection.wait_closed()
            await server.logs("asked for no terminal within 0 s")

    asyncio.run(run())


def test_who_has_logged_in_and_asks_for_no_terminal_yet_is_counted_with_those_who_log_in() -> None:
    async def run() -> None:
        async with lab(limits=Limits(logins_per_address=2)) as server:
            first, second = await server.connect("one"), await server.connect("two")
            with pytest.raises((OSError, asyncssh.Error)):
                await server.connect("three")
            await reads(await server.terminal(first), b"[one")
            async with await server.connect("four") as fourth:
                await reads(await server.terminal(fourth), b"[four")
            for connection in (first, second):
                connection.abort()
            assert "127.0.0.1: 2 logins from there are under way" in server.log

    asyncio.run(run())


def test_there_are_not_many_more_connections_than_visitors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "PER_VISITOR", 0.5)

    async def run() -> None:
        async with lab(limits=Limits(visitors=3, logins=1)) as server:
            held = []
            for name in ("one", "two"):
                held.append(await server.connect(name))
                await reads(await server.terminal(held[-1]), f"[{name}".encode())
            with pytest.raises((OSError, asyncssh.Error)):
                await server.connect("three")
            await server.logs("too many connections that are about to end")
            held[0].abort()
            await until(lambda: len(server.server._connections) == 1)
            async with await server.connect("late") as late:
                await reads(await server.terminal(late), b"[late")
            held[1].abort()

    asyncio.run(run())


def test_whose_input_ends_has_left_and_whose_connection_breaks_is_gone() -> None:
    async def run() -> None:
        async with lab() as server:
            async with await server.connect("one") as connection:
                process = await server.terminal(connection)
                await reads(process, b"[one")
                process.stdin.write_eof()
                assert (await process.wait()).exit_status == 0
            two = await server.connect("two")
            await reads(await server.terminal(two), b"[two")
            two.abort()
            await server.logs("s, from 127.0.0.1: the connection ended")
            assert not server.front.visits

    asyncio.run(run())


def test_who_finds_no_room_is_told_so() -> None:
    async def run() -> None:
        async with lab(limits=Limits(per_address=1)) as server, await server.connect() as one:
            await reads(await server.terminal(one), b"[anna")
            async with await server.connect() as two:
                result = await two.run(term_type="xterm", check=False)
                assert result.exit_status == 1
                assert "no more than 1 at a time may come from your address" in str(result.stderr)

    asyncio.run(run())


def test_at_the_end_everybody_is_told_and_nobody_comes_in() -> None:
    async def run() -> None:
        async with lab() as server:
            connection = await server.connect()
            process = await server.terminal(connection)
            await reads(process, b"[anna")
            server.server.shut()
            with pytest.raises(ConnectionRefusedError):
                await server.connect()
        rest = await process.stdout.read()
        assert "thank you for coming" in rest.decode()
        assert (await process.wait()).exit_status == 0
        await until(connection.is_closed)

    asyncio.run(run())
