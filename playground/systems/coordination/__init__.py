"""What nodes do with an ensemble: know of each other, follow a configuration, agree on a master.

What it is. Each node holds a session with the ensemble. In it the node makes an ephemeral znode
under /members, so that all see who is there; watches /kv/config, so that it learns of a new value
without asking; and stands for master. An ephemeral znode goes with its session, and only the
ensemble ends a session: when it has heard nothing of the client for the session's timeout. So there
is one answer to who is a member and who is master, and whoever cannot reach the ensemble gets none.

The master is chosen in one of two ways. Claim: all watch the master's znode; when it vanishes all
are woken, and the first to make it anew is the master (the herd effect: all others were woken for
nothing). Sequential: candidates queue up by sequential znodes, and each watches only the one before
it.

Having won is not enough to act. A master that was frozen, or is cut off, learns too late that its
session has expired and that another one was chosen. So it acts only while it is certain that its
session lives: for half the session's timeout, by its own clock, after the newest message that the
ensemble's leader is known to have had from it. After that it pauses. If the session turns out to
have lived on, it goes on in the same term.

Source. Hunt, Konar, Junqueira, Reed, "ZooKeeper: Wait-free Coordination for Internet-scale Systems"
(USENIX ATC 2010, 2.4: configuration, group membership, leader election without herd). Burrows, "The
Chubby Lock Service for Loosely-Coupled Distributed Systems" (OSDI 2006) for sessions and their
grace period. Gray and Cheriton, "Leases" (SOSP 1989): the lease is the holder's, and the one who
granted it waits longer.

What is promised. At no instant do two nodes act as master, whatever crashes, freezes or is cut off,
as long as no clock is more than a fifth too fast or too slow. Once it is quiet and a majority of
the ensemble serves, one acts, everybody sees exactly those who are up, and everybody goes by the
newest configuration. In between a node sees what it was told last, and says whether it is
connected.

What is not. A minority gets no answer at all: where gossip goes on with what it believes, here
nobody acts. A dead node stays a member until its session expires. The term of a master only rises,
but nothing here checks it (no fencing): the lease alone keeps an old master quiet. And who can
speak to the ensemble but hears nothing of it keeps its session: the attempts to connect are signs
of life, so a deaf master is not replaced and does not act.

What is simplified. The master has nothing to do but to be it. Values are short strings. The
configuration is the key "config" of the database, so writing it is enough: put config blue.

What to try. Write the key config and see all nodes change. Crash the master and count the seconds
until there is another: the session has to expire first. Freeze it for ten seconds: it thaws, and
does not act, though it knows of nothing yet. Cut it off from the ensemble: first it pauses, then it
is replaced. Cut the ensemble in two: the nodes that reach only the minority pause, and keep a view
that gets old; ask gossip the same question. Let eight nodes elect in either way and compare how
many were woken.
"""
