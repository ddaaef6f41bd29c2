"""Visitors over SSH."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from playground.cli import serving
from playground.cli.options import app
from playground.cli.terms import Terms, on_terms
from playground.kernel.errors import UserError

if TYPE_CHECKING:
    import asyncssh

    from playground.company import Role
    from playground.serve.front import Offer
    from playground.serve.keys import Keys
    from playground.serve.limits import Limits
    from playground.serve.logbook import Logbook


@app.command()
@on_terms
def ssh(
    terms: Terms,
    port: Annotated[int, typer.Option(min=0, max=65_535, metavar="N", help="0: a free one.")] = 2222,
    authorized_keys: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='Whose keys may come in; options role="…" and name="…" before a key.'),
    ] = None,
    host_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Made once, and kept (default: in the data folder).")
    ] = None,
) -> int:
    """Let visitors in over SSH, to watch or to act.

    Each has a cluster of their own, or all look at the same one.
    Only this machine can connect, unless --host says otherwise; then it takes --authorized-keys, or --open.
    """
    serving.need("ssh")
    from playground.serve.origins import is_loopback

    host = terms.host
    offer = serving.offer_of(terms)
    limits = serving.limits_of(terms)
    role = serving.guests_of(terms, offer)
    if not is_loopback(host) and authorized_keys is None and not terms.everybody:
        raise UserError(
            f"--host {host}: others can connect there, so say who may come in: --authorized-keys FILE, or --open"
        )
    from playground.serve.hostkey import default_file
    from playground.serve.hostkey import host_key as read_host_key

    file = host_key or default_file()
    key = read_host_key(file)
    with serving.logbook_in(terms.log) as logbook:
        import asyncio

        from playground.company import Role
        from playground.serve.admission import new_passphrase
        from playground.serve.keys import Keys

        keys = None if authorized_keys is None else Keys(authorized_keys, logbook.write)
        presented = keys is not None and keys.has(Role.PRESENTER)
        passphrase = new_passphrase() if offer.shared and not presented else ""
        anybody = terms.everybody or keys is None
        plan = _Plan(offer, limits, role, host, port, key, file, keys, anybody, passphrase)
        return asyncio.run(_serve(plan, logbook))


@dataclass(frozen=True, slots=True)
class _Plan:
    """``guests``: the role of who comes without one; ``anybody``: may come in without a key."""

    offer: Offer
    limits: Limits
    guests: Role
    host: str
    port: int
    key: asyncssh.SSHKey
    file: Path
    keys: Keys | None
    anybody: bool
    passphrase: str


async def _serve(plan: _Plan, logbook: Logbook) -> int:
    from playground.serve.admission import Admission
    from playground.serve.front import Front
    from playground.serve.ssh import SshServer

    serving.quietly(logbook)
    admission = Admission(plan.guests, keys=plan.keys, everybody=plan.anybody, passphrase=plan.passphrase)
    front = Front(plan.offer, plan.limits, logbook)
    async with SshServer(front, admission, plan.key, plan.limits, logbook, plan.host, plan.port) as server, front:
        await server.listen()
        _say(plan, server.port)
        try:
            status = await serving.ended(front)
        finally:
            server.shut()
    serving.say_closed(front.closed)
    return status


def _say(plan: _Plan, port: int) -> None:
    """All that one needs to know to invite people."""
    from playground.serve.hostkey import fingerprint
    from playground.serve.names import PRESENTER
    from playground.serve.origins import is_loopback, reached_at

    where = reached_at(plan.host)
    command = "ssh" if port == 22 else f"ssh -p {port}"
    what = "everybody gets a cluster of their own"
    if plan.offer.programme.looped:
        what = f"all watch {plan.offer.programme.script.title}, over and over"
    elif plan.offer.shared:
        what = "all look at one cluster"
    print(f"playground: {what}")
    print(f"  come in     {command} {where}" + (f"  (as {plan.guests.value})" if plan.offer.shared else ""))
    if plan.offer.shared:
        how = f"the passphrase is {plan.passphrase}" if plan.passphrase else "with a key that is a presenter's"
        print(f"  to present  {command} {PRESENTER}@{where}  ({how})")
    who = []
    if plan.anybody:
        who.append(f"anybody {'on this machine' if is_loopback(plan.host) else 'who reaches this port'}")
    if plan.keys is not None:
        who.append("the holder of one key" if len(plan.keys) == 1 else f"the holders of {len(plan.keys)} keys")
    print(f"  who         {', and '.join(who)}; at most {plan.limits.visitors}, of whom {plan.limits.players} act")
    print(f"  host key    {fingerprint(plan.key)} (ED25519), {plan.file}")
    print("  ctrl-c      ends it", flush=True)
