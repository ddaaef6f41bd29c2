"""Gossip: how nodes know of each other without anybody in charge.

What it is. Each node counts its own heartbeats and keeps a table: for every node the highest
count it has heard of, and the load and free memory that came with it. Once a second it shows its
table to two others picked at random; they keep what is newer and answer with what they know
better. The higher count wins, so it does not matter in which order messages come, how often, or
by which way. News reaches all in about log N rounds. Whoever's count has not risen for 3.5
seconds is suspected, after 8 seconds believed dead: each node judges alone, by its own clock.

Source. Van Renesse, Minsky, Hayden, "A Gossip-Style Failure Detection Service" (Middleware 1998):
counters, merged by maximum, suspicion by age. Demers et al., "Epidemic Algorithms for Replicated
Database Maintenance" (PODC 1987): push-pull. DeCandia et al., "Dynamo" (SOSP 2007, 4.8):
membership by gossip. Das, Gupta, Motivala, "SWIM" (DSN 2002): the accused speaks up for itself,
as a restarted node does here. Dadgar, Phillips, Currey, "Lifeguard" (2017): doubt yourself first,
as a thawed node does here.

What is simplified. The whole table travels, not a part. Suspicion is a fixed age, not phi-accrual. Pushes go
to the dead as well (that is how a healed network is found out), so with half the cluster gone
news travels at half the speed. A node removed for good leaves a mark in the table that is never
cleared away, and its name can't be used again.

What to try. Crash a node and watch its column: the others come to believe it dead one by one, not together.
Start it again: its count begins at 1, far below what the others remember, yet it is believed
alive at once. Freeze a node for ten seconds: the others give it up, rightly, while it, thawed,
accuses nobody. Cut the network in two: both sides are alive, and each believes the other dead.
Nothing here says which side is right: ask ZooKeeper the same question and compare.
"""
