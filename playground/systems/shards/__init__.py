"""A sharded database: each shard has a master that takes the writes and slaves that follow its log.

What it is. Keys are spread over shards by a circle. Each shard lies on a few nodes; one of them, the master,
writes everything into its write-ahead log, and the slaves follow that log: it is pushed to them, or they pull
it. When the master dies, a slave takes over, and the clients are told by ZooKeeper.

When does a write count? That is the mode. *async*: when the master has it on its disk. *one*: when one slave
has it, too (MySQL's semi-synchronous replication, PostgreSQL's synchronous_commit with one standby). *all*:
when all slaves have. A write that too few have in time is reversed everywhere; if too few slaves answer to
begin with, it is refused at once.

Who is master? The one who holds an ephemeral znode. When its session expires, those who watch it promise to
take nothing of the old epoch any more and say how far their logs go; the one that has most claims the next
epoch, in one transaction. Each side is fenced: slaves refuse a master of an old epoch, clients carry the newest
epoch that they know, and a master answers only under a lease, as long as its session has certainly not expired.
So one that was frozen and wakes up refuses.

What is promised, whatever messages are lost, doubled or late, whoever crashes, freezes or is cut off, and as
long as no clock is more than a fifth too fast or too slow. In every mode one master serves a shard at a time,
and all copies come to agree. In the modes one and all also: each key is linearizable if the master is read; no
acknowledged write is lost while fewer disks are lost at once than acknowledge a write (2; or all copies); a
write that failed for certain is never seen; a request is done once however often it is sent. In mode async what
had not reached the new master is lost, although it was acknowledged, and is cut off the old one when it comes
back.

What is not promised. Slaves that are read may be stale; only a session's own writes can be asked for
(read_your_writes), and a bound on the silence of the master (max_lag_ms), by the slave's clock. In mode all
nobody can write while a copy is missing: it must come back or be replaced first. A disk that lies about its
syncs breaks everything.

Where it comes from. Write-ahead logs and compensation records: Gray and Reuter, "Transaction Processing"
(1993); Mohan et al., "ARIES" (1992). Log matching, epochs, and committing through an entry of the own epoch:
Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm" (2014); but here ZooKeeper elects.
Leases: Gray and Cheriton (1989). Fencing old masters: Burrows, "The Chubby lock service" (2006). Refusing when
too few copies answer: Kafka's NotEnoughReplicas. Requests that are done once: Lee et al., "RIFL" (2015).

What is simplified. Values are short strings; there are no deletes and no transactions over several keys. The
number of shards is fixed: a key never moves to another shard, only whole shards move to other nodes, one member
at a time, when one is lost or leaves. A new node gets a shard only when somebody else loses one. Sessions that
never come back stay in the memory of what they did.

What to try. Crash the master under load in each mode and count what is lost. Freeze it for five seconds and
watch it wake up. Cut it off from its slaves, then from ZooKeeper. Let a slave's disk hang. Crash a slave and
let it lose its disk: it comes back as a newcomer. Let slaves pull once a second, read from them, and look at
what they show.
"""
