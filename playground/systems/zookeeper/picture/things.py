"""All about one znode, or one session: what it is now, and what happened to it, as the transactions tell.

Of the transactions each server remembers the newest; those of the server that has applied most are read. Instants are
those that the transactions bear: by the clock of the leader that made them. A session is named by the zxid of the
transaction that opened it, so it can be told apart from the session that its machine had before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from playground.systems.zookeeper.application import spelled
from playground.systems.zookeeper.picture.overview import Services, newest, time_left, watched
from playground.systems.zookeeper.service import ZooKeeperService
from playground.systems.zookeeper.tree import name_of, parent_of
from playground.systems.zookeeper.txns import Change, Changed, Ended, Made, Opened, Removed, Txn
from widgets.shapes import Cell, Column, Detail, Fact, LogLine, Row, Table, Tone

KEEP = 40
"""So many happenings are told, the newest."""
_DATA = 60
"""So many characters of a znode's data are told."""

Hues = Mapping[str, int]


def znode_detail(path: str, servers: Sequence[str], services: Services, hues: Hues) -> Detail:
    """All about one znode, be it there or not (any more)."""
    service = newest(services)
    title = f"znode {path}"
    if service is None:
        return Detail(title, (Fact("is", "not known: no server of the ensemble runs", Tone.BAD),))
    happened, earlier = _cut(_of_znode(service, path, hues))
    node = service.tree.nodes.get(path)
    if node is None:
        return Detail(title, (Fact("is", "not there", Tone.WARN),), happened=happened, earlier=earlier)
    session = service.tree.sessions.get(node.owner)
    life = "persistent: it stays until somebody deletes it"
    if session is not None:
        left = time_left(services).get(node.owner)
        until = f", which has {left} s left" if left is not None else ""
        life = f"ephemeral: it goes with session {spelled(node.owner)} of {session.client}{until}"
    facts = (
        Fact("holds", node.data or "nothing"),
        Fact("version", f"{node.version}, last changed by {spelled(node.mzxid)}"),
        Fact("is", life, Tone.ACCENT if node.owner else Tone.PLAIN),
        Fact("children", ", ".join(sorted(node.children)) or "none"),
        Fact("watches", watched(services, path) or "none"),
    )
    tables = (
        ("what each server has", _copies(path, servers, services, hues)),
        ("who watches it", _waits(path, services)),
    )
    return Detail(title, facts, tables, happened, earlier)


def session_detail(name: str, services: Services, hues: Hues) -> Detail:
    """All about one session, be it open or over. ``name``: as ``spelled``."""
    service = newest(services)
    title = f"session {name}"
    if service is None:
        return Detail(title, (Fact("is", "not known: no server of the ensemble runs", Tone.BAD),))
    happened, earlier = _cut(_of_session(service, name, hues))
    number = next((each for each in service.tree.sessions if spelled(each) == name), 0)
    if not number:
        return Detail(title, (Fact("is", "over", Tone.WARN),), happened=happened, earlier=earlier)
    session = service.tree.sessions[number]
    left = time_left(services).get(number)
    here = [server for server, each in services.items() if each.desk_of(number) is not None]
    paths = [*service.tree.ephemerals[number]]
    facts = (
        Fact("of", session.client),
        Fact(
            "served by",
            ", ".join(here) or "nobody now: its client has no connection",
            Tone.PLAIN if here else Tone.WARN,
        ),
        Fact("expires", f"in {left} s, unless it is heard of" if left is not None else "nobody leads: nobody can tell"),
        Fact("timeout", f"{session.timeout_us / 1e6:g} s"),
    )
    columns = (Column("znode", 30, weight=2), Column("holds", 20, weight=1))
    rows = tuple(Row((Cell(path), Cell(service.tree.nodes[path].data, Tone.MUTED))) for path in paths)
    tables = (("its ephemerals: they go with it", Table(columns, rows, empty="none")),)
    return Detail(title, facts, tables, happened, earlier)


# --- what is where ------------------------------------------------------------------------------


def _copies(path: str, servers: Sequence[str], services: Services, hues: Hues) -> Table:
    """Servers apply the same in the same order, but not at the same time."""
    columns = (
        Column("server", 6),
        Column("has", 20, weight=1),
        Column("version", 7, right=True),
        Column("applied", 9, right=True, drop=1),
    )
    rows = []
    best = newest(services)
    true = best.tree.nodes.get(path) if best is not None else None
    for name in servers:
        service = services.get(name)
        if service is None:
            cells = (Cell(name, hue=hues.get(name)), Cell("no answer: it does not run", Tone.MUTED), Cell(""), Cell(""))
        else:
            node = service.tree.nodes.get(path)
            same = (node.mzxid if node is not None else -1) == (true.mzxid if true is not None else -1)
            tone = Tone.PLAIN if same else Tone.WARN
            text = "nothing" if node is None else (node.data or "no data") + ("" if same else " (old)")
            version = str(node.version) if node is not None else "–"
            cells = (
                Cell(name, hue=hues.get(name)),
                Cell(text, tone),
                Cell(version, tone),
                Cell(spelled(service.tree.zxid)),
            )
        rows.append(Row(cells, name=name))
    return Table(columns, tuple(rows))


def _waits(path: str, services: Services) -> Table:
    columns = (Column("who", 6), Column("for", 10), Column("at", 8, weight=1))
    rows = [
        Row((Cell(client), Cell(kind), Cell(name)), name=client)
        for name, service in services.items()
        for kind, waiting in (("its data", service.watches.data), ("children", service.watches.children))
        for client, _ in waiting.get(path, ())
    ]
    return Table(columns, tuple(rows), empty="nobody")


# --- what happened ------------------------------------------------------------------------------


def _of_znode(service: ZooKeeperService, path: str, hues: Hues) -> Iterator[LogLine]:
    """What transactions did to a znode and to its children, oldest first."""
    clients = owners(service)
    for zxid, txn, _ in service.recent:
        who = clients.get(txn.session, "")
        for change in txn.changes:
            said = _to(change, path)
            if said is not None:
                text, tone = said
                yield _line(zxid, txn, who or _silent(change, clients), text, tone, hues)


def _to(change: Change, path: str) -> tuple[str, Tone] | None:
    """What a change does to ``path``, as a sentence that goes on after who did it; None: nothing."""
    match change:
        case Made() if change.path == path:
            owner = f", to go with session {spelled(change.owner)}" if change.owner else ""
            return f"makes it{_holding(change.data)}{owner}", Tone.GOOD
        case Made() if parent_of(change.path) == path and change.path != "/":
            return f"makes {name_of(change.path)} below it", Tone.PLAIN
        case Changed() if change.path == path:
            return f"sets it to {_short(change.data)}, version {change.version}", Tone.PLAIN
        case Removed() if change.path == path:
            return "deletes it", Tone.WARN
        case Removed() if parent_of(change.path) == path:
            return f"deletes {name_of(change.path)} below it", Tone.PLAIN
        case Ended() if path in change.paths:
            return f"loses it: session {spelled(change.session)} {_ends(change)}", Tone.WARN
        case Ended():
            below = [name_of(each) for each in change.paths if parent_of(each) == path]
            return (f"loses {', '.join(below)} below it: its session {_ends(change)}", Tone.WARN) if below else None
    return None


def _of_session(service: ZooKeeperService, name: str, hues: Hues) -> Iterator[LogLine]:
    """What a session did, and its end; oldest first."""
    clients = owners(service)
    for zxid, txn, _ in service.recent:
        if txn.error is not None and spelled(txn.session) == name:
            yield _line(zxid, txn, clients.get(txn.session, ""), f"is refused: {txn.error[1]}", Tone.WARN, hues)
        for change in txn.changes:
            who = clients.get(txn.session, "")
            match change:
                case Opened() if spelled(zxid) == name:
                    text = f"opens it, with a timeout of {change.timeout_us / 1e6:g} s"
                    yield _line(zxid, txn, change.connection[0], text, Tone.GOOD, hues)
                case Ended() if spelled(change.session) == name:
                    gone = f"; with it go {', '.join(change.paths)}" if change.paths else ""
                    text = f"has lost it: it {_ends(change)}{gone}" if change.expired else f"closes it{gone}"
                    yield _line(
                        zxid,
                        txn,
                        clients.get(change.session, ""),
                        text,
                        Tone.BAD if change.expired else Tone.PLAIN,
                        hues,
                    )
                case Made() if spelled(txn.session) == name:
                    yield _line(zxid, txn, who, f"makes {change.path}{_holding(change.data)}", Tone.PLAIN, hues)
                case Changed() if spelled(txn.session) == name:
                    yield _line(zxid, txn, who, f"sets {change.path} to {_short(change.data)}", Tone.PLAIN, hues)
                case Removed() if spelled(txn.session) == name:
                    yield _line(zxid, txn, who, f"deletes {change.path}", Tone.PLAIN, hues)


def owners(service: ZooKeeperService) -> dict[int, str]:
    """Session -> the machine that it is (or was) of, as far as that is remembered."""
    opened = {
        zxid: change.connection[0]
        for zxid, txn, _ in service.recent
        for change in txn.changes
        if isinstance(change, Opened)
    }
    return opened | {number: session.client for number, session in service.tree.sessions.items()}


def _silent(change: Change, clients: Mapping[int, str]) -> str:
    return clients.get(change.session, "") if isinstance(change, Ended) else ""


def _line(zxid: int, txn: Txn, who: str, text: str, tone: Tone, hues: Hues) -> LogLine:
    return LogLine(zxid, txn.time_us, spelled(zxid), who, text, tone, hues.get(who))


def _ends(ended: Ended) -> str:
    return "expires, as nothing was heard of it" if ended.expired else "is closed"


def _holding(data: str) -> str:
    return f" with {_short(data)}" if data else ""


def _short(data: str) -> str:
    return repr(data if len(data) <= _DATA else data[:_DATA] + "…")


def _cut(lines: Iterator[LogLine]) -> tuple[tuple[LogLine, ...], int]:
    """The newest first, and how many are left out."""
    found = list(lines)
    return tuple(reversed(found[-KEEP:])), max(0, len(found) - KEEP)
