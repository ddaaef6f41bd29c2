"""Visitors in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from playground.cli import serving
from playground.cli.options import app
from playground.cli.terms import Terms, on_terms

if TYPE_CHECKING:
    from playground.serve.front import Offer
    from playground.serve.limits import Limits
    from playground.serve.links import Links
    from playground.serve.logbook import Logbook


@app.command()
@on_terms
def web(
    terms: Terms,
    port: Annotated[int, typer.Option(min=0, max=65_535, metavar="N", help="0: a free one.")] = 8000,
    public_url: Annotated[
        str, typer.Option(metavar="URL", help="Where people find it, if that is elsewhere: a proxy's address.")
    ] = "",
    trust_proxy: Annotated[
        bool, typer.Option("--trust-proxy", help="The last address of X-Forwarded-For is the visitor's.")
    ] = False,
) -> int:
    """Let visitors in by a page in their browser, to watch or to act.

    Each has a cluster of their own, or all look at the same one.
    Only this machine can connect, unless --host or a proxy says otherwise; then one comes in by a link, or by --open.
    """
    serving.need("web")
    host = terms.host
    offer = serving.offer_of(terms)
    limits = serving.limits_of(terms)
    role = serving.guests_of(terms, offer)
    import asyncio

    from playground.serve.links import Links
    from playground.serve.origins import Origins, is_loopback

    Origins(host, port, public_url)  # complains of an address that is none before anything begins
    alone = is_loopback(host) and not (public_url or trust_proxy)
    anybody = terms.everybody or alone
    links = Links(role, open_to_all=anybody, presented=offer.shared)
    with serving.logbook_in(terms.log) as logbook:
        return asyncio.run(_serve(offer, limits, links, host, port, public_url, trust_proxy, alone, logbook))


async def _serve(
    offer: Offer,
    limits: Limits,
    links: Links,
    host: str,
    port: int,
    public_url: str,
    trust_proxy: bool,
    alone: bool,
    logbook: Logbook,
) -> int:
    from playground.serve.front import Front
    from playground.serve.web import Web

    serving.quietly(logbook)
    async with Front(offer, limits, logbook) as front:
        server = Web(front, limits, logbook, links, theme=offer.theme, public=public_url, proxied=trust_proxy)
        async with server.open(host, port) as origins:
            _say(offer, limits, links, origins.url, alone)
            status = await serving.ended(front)
    serving.say_closed(front.closed)
    return status


def _say(offer: Offer, limits: Limits, links: Links, url: str, alone: bool) -> None:
    """All that one needs to know to invite people. ``alone``: nobody reaches it but this machine."""
    what = "everybody gets a cluster of their own"
    if offer.shared:
        looped = offer.programme.looped
        what = f"all watch {offer.programme.script.title}, over and over" if looped else "all look at one cluster"
    print(f"playground: {what}")
    print(f"  come in     {links.invitation(url)}" + (f"  (as {links.guests.value})" if offer.shared else ""))
    if links.presenter:
        print(f"  to present  {url}#key={links.presenter}")
    who = (
        "whoever has that link" if links.guest else f"anybody {'on this machine' if alone else 'who reaches this port'}"
    )
    print(f"  who         {who}; at most {limits.visitors}, of whom {limits.players} act")
    print(f"  names       {links.invitation(url + '?name=anna')}")
    print("  ctrl-c      ends it", flush=True)
