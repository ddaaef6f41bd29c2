"""ZooKeeper: a small tree of data that a few servers keep together, for others to coordinate by.

What it is. An ensemble of servers, usually three or five, holds a tree of znodes: paths with short data. Any server
takes clients and answers their reads from its own memory. Writes go to the leader, which turns them into
transactions and has a majority write them down in one order (atomic broadcast, ZAB); then they are done. So the
ensemble serves as long as a majority of its servers is up and can talk, and there is no machine that it depends on.

A client has a session. As long as the leader hears of it, it lives; when its client is silent for too long (or says
goodbye) it ends, and with it go the ephemeral znodes that it has made. A client may put a watch on what it reads:
it is told once when that changes. With sequential znodes, whose names are numbered by the ensemble, that is enough
for others to elect masters, to lock, to know who is there, and to hear of a new configuration.

Source. Hunt, Konar, Junqueira, Reed, "ZooKeeper: Wait-free Coordination for Internet-scale Systems" (USENIX ATC
2010); the ZooKeeper programmer's guide; for the broadcast Junqueira, Reed, Serafini, "Zab" (DSN 2011).

What it promises. Sequential consistency: the updates of a client are applied in the order in which it sent them.
Atomicity: updates succeed or fail, whole. Single system image: a client never sees an older state than it has seen
before, whichever server it turns to. Reliability: what was applied stays, until it is overwritten. Timeliness: what
a server shows is never older than it takes the server to notice that it has lost its leader. Writes are
linearizable. Reads are not: they may be behind what others have just written, unless the client asks for a `sync`
first. All that holds whatever messages are lost, late, doubled or cut off, whoever crashes and freezes, and while a
majority of disks is whole.

A client that has lost its server is not told that its session has expired, because nobody can tell it: it must wait
until it reaches the ensemble again. What it may rely on meanwhile is a clock: see `safe_until_us`.

What is simplified. Data are short strings. There are no access rights, no quotas, no observers, no containers or
time-to-live, no reconfiguration of the ensemble, and watches fire once only. The numbers of sessions are zxids. A
`sync` is agreed upon like a write (ZooKeeper's asks the leader alone).

What to try. Crash the leader and read in the log how the next one is found. Crash two of three: nothing can be
written, and a second later nothing be read. Cut the leader off from the others and see for how long its clients
believe it. Crash a client, and watch its ephemerals go when its session expires. Freeze a client for longer than
its session: it wakes up and believes to be the master still, until its clock says otherwise.
"""
