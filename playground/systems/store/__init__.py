"""A replicated key-value store without a master: any node answers, quorums decide.

What it is. A key lies on N nodes: on the one that owns its place on the circle, and on the next
ones going anticlockwise. Any node takes a request, asks all N, and answers as soon as R of them
(for a read) or W (for a write) have. If R + W > N, every read meets every acknowledged write on
some node. If not, reads are faster, survive more failures, and may be stale for a while.

Two clients that write at once are not put in an order by force: each write says what its author had
read, and where neither knew the other both values are kept and shown (siblings). The next writer
who has seen both replaces both. Or (conflicts = newest) only the one with the highest timestamp is
kept, by the clock of the node that coordinates the write, as Cassandra does it. That is simpler for the
reader, and it loses writes that were acknowledged: the older of two concurrent ones always, and as soon
as a clock is wrong also later ones.

What repairs it. A read that finds a replica behind brings it up to date. Twice a second each node
compares hashes with another and fetches what differs. A node that comes, goes, or has lost its disk
has its keys copied while the store serves; as long as that lasts a quorum is needed both of the old
and of the new replicas.

Source. DeCandia et al., "Dynamo: Amazon's Highly Available Key-value Store" (SOSP 2007); Gifford,
"Weighted Voting for Replicated Data" (SOSP 1979), for R and W; Parker et al. (1983) for version
vectors; Lakshman and Malik, "Cassandra" (2010), for timestamps; Merkle (1987) for hash trees.

What R + W > N promises here: a read that begins after a write was acknowledged returns it, or what
replaced it. That holds whatever messages are lost, doubled, late or cut off, whoever crashes,
freezes and restarts, however wrong the clocks are, and while nodes join and leave; and when disks
are lost or damaged, as long as fewer than W of a key's replicas have lost theirs before the first
has its copies back. (One kind of damage cannot be found: of both the length and the rest of a log's
very last record. That looks like a write that the crash cut short.)

It does not hold with hinted hand-off (a stand-in counts for W but is not read), nor for requests
that ask for a smaller R or W than the settings, nor when the newest value wins and a clock is or was
wrong, nor when a node crashes whose disk has acknowledged what it did not keep: it comes back as if
nothing was missing, and is believed. It is a regular register, not an atomic one: what a
failed or unfinished write left on one replica may be read now and not the next time, unless
write_back is set. Then a later read never returns less; but of two reads at once, one may return one of two
concurrent writes alone and the other one the other. Sets of siblings are ordered only in part, and reads that
are always comparable take more (Faleiro et al., "Generalized Lattice Agreement", PODC 2012).

What is simplified. Values are short strings and there are no deletes. Vectors grow with the number
of clients that write a key. A timestamp is fetched in a round trip of its own, so that a write that is
sent twice is the same write; in Cassandra it is minted on the way. Nodes don't tell racks apart.

What to try. Cut the cluster in two and watch which side still answers: the side that has two of a
key's three nodes. Set R = W = 1 and do it again: everybody answers, and reads go stale until you
heal. Crash a node and let it lose its disk: it refuses reads until it has its copies back. Add a
node, remove one, under load. Let the newest value win, set the clock of one node ahead, and count the
acknowledged writes that nobody can read.
"""
