"""Kafka: brokers with replicated logs, producers that append to them, groups of consumers that share them.

What it is. A topic is split into partitions: logs on the disks of a few brokers each. One broker leads a log:
producers append there, the others fetch from it, and so do consumers, each at its own pace: nobody pushes.

What is in order? Messages with one key go to one partition (by murmur2); there each has its place, its offset,
for ever.

When is a message safe? The leader keeps a set of replicas that are in sync (ISR): who has not caught up for
lag_ms is taken out. What all of them have is committed; up to there, the high watermark, consumers see. With
acks=all a producer is told when its message is committed, and refused while fewer than min_insync replicas are
in sync; with acks=1 as soon as the leader has it, with acks=0 it does not ask.

Who leads? A controller, one of the brokers, elected through ZooKeeper, decides: a replica in sync takes over
when a leader is gone. Each leader has an epoch; a follower whose log says something else for an epoch cuts that
off. If nobody in sync is left the partition waits, or (unclean_election) somebody leads who lacks messages:
they are lost.

Who reads what? The members of a group share the partitions. A coordinator, the leader of the group's partition
of __consumer_offsets, makes them join, one of them assigns (range, round-robin, cooperative-sticky), and each
round is a generation. How far a group has come it commits into that same compacted topic. A member that is
silent for the session's timeout, or does not poll for max_poll_ms, is out; what it commits afterwards is
refused: it is a zombie.

What is promised, whatever messages are lost, doubled or late, whoever crashes, freezes or is cut off. With
acks=all, flush: each and no unclean election: no acknowledged message is lost while fewer disks than min_insync
are lost at once; replicas agree on everything below the high watermark. With an idempotent producer: each
message once in its partition, and those of one producer in order. In a group: one owner of each partition per
generation; with at-least-once nothing committed that was not processed; with at-most-once nothing processed
twice.

What is not promised. Order across partitions. With acks=1 what only the leader had is lost with it, and with
flush: later (Kafka's own default) what no disk had when the power fails everywhere. Consumers may see a message
again after a rebalance. A producer that gives up may have been heard all the same. A disk that lies breaks
everything.

Sources. Kreps, Narkhede and Rao, "Kafka: a Distributed Messaging System for Log Processing" (2011);
Wang et al., "Building a Replicated Logging System with Apache Kafka" (2015); the Kafka Improvement Proposals 62
(heartbeats), 98 and 360 (idempotence), 101 and 279 (leader epochs), 380 (broker epochs), 429 (cooperative
rebalancing), 480 (sticky partitioner), 497 (AlterPartition), 595 (divergence found by fetching), 966 (eligible
leader replicas).

What is simplified. No transactions, no followers that serve reads, no quotas, no compression. The controller
sends whole images instead of differences. What a broker has written or read since it booted it has in memory,
as a page cache that never evicts. Leadership goes back to the preferred replica by itself. A broker whose disk
is new, or was damaged, has another directory id and must catch up before it counts.

What to try. Crash the leader of a partition under load, then one more. Cut a leader off with acks=1 and with
acks=all. Freeze a consumer for longer than its session lasts. Stall one, and look at its lag. Publish a poison
message. Add consumers until there are more than partitions. Crash the controller, or the coordinator of the
group, in a rebalance.
"""
