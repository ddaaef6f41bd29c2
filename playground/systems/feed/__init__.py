"""The change feed: every committed write of the sharded database becomes a message in Kafka.

What it is. On each data node runs a connector that reads the write-ahead log of the shards that this node leads, and
publishes each write to the first topic: the key under its key, and as its value ``green @shard-1:3:120``, the value
and where it stands in the log of its shard (epoch and place). Who reads the topic can keep a view of the database
without ever asking it.

Why from the log? A program that writes to the database and then to Kafka does two things, of which each can fail
alone, and two such programs can do them in different orders: then the view is wrong for ever (the dual-write
problem). The log has one order, and it has what is committed and nothing else.

Who publishes? Whoever leads the shard, and only while it may serve: under its lease. A master that was deposed drops
what waits; what it had sent may still arrive after its successor's messages. Where a shard stands is written to a
compacted topic of Kafka, `__feed_positions`, after its changes were acknowledged. The next master reads that and goes
on from there.

What is promised, whatever is lost, doubled or late, whoever crashes, freezes or is cut off, as long as Kafka loses
nothing that it acknowledged to acks=all, and for shards in the modes one and all. Every committed write is in the
feed at least once. A write that was reversed is never in it. Within a partition the changes of a key come in their
order; only what came before may come again. So whoever skips a change at or below the position that it knows of that
key applies each exactly once, in order. The database never waits for the feed; it does not know of it.

What is not promised. Nothing comes only once: the last changes before a failover come again. There is no order
between keys. When Kafka was away for so long that a shard's log was compacted in the meantime, a snapshot takes the
place of the writes in between, and may overtake some: each key with its last value. When partitions are added to the
topic, a key may move to another one, and its old messages may be read after its new ones: the positions still tell.
In mode async a master may publish what is then lost: it was committed, and the next master does not have it. That
stays in the feed. The next master begins with a snapshot, which overrides it for every key that the database has; a
key that only the lost writes had stays in the view until it is written again.

Where it comes from. Debezium: reads a database's log, publishes, begins with a snapshot; its messages carry the
position in the log. Kafka Connect: source offsets are kept in a compacted topic, written after the messages are
acknowledged. LinkedIn's Databus (Das et al., SoCC 2012) and Kleppmann, "Turning the database inside out" (2015): why
from the log. The transactional outbox (Richardson, "Microservices Patterns", 2018) solves the dual write for databases
whose log cannot be read.

What is simplified. Keys are never deleted, so there are no tombstones. A snapshot is not interleaved with new writes
(Debezium's incremental snapshots, after DBLog, 2020): those come behind it. Changes and positions are not written in
one transaction (KIP-618), nor is a deposed master fenced at the brokers; that would let consumers do without
positions. The connector is part of the node, instead of a cluster of its own.

What to try. Crash the master of a shard under load and count what comes twice. Freeze one, and look at the feed when
it wakes up. Take all brokers away for a minute: the database does not care, and then the feed catches up. Let it be
away until the log is compacted, and see the snapshot. Set the mode to async, cut a master off, and find in the view
what the database has lost.
"""
