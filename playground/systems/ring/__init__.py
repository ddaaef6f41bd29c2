"""Consistent hashing: a circle that says which server holds which key.

What it is. Every server stands on k spots of a circle of 10^18 positions, put there by k hash
functions; a key is hashed onto the same circle and belongs to the first server met going
anticlockwise. Lose a server and only its own keys move, about one in N, each arc to whoever
stands before it, so with many spots a server its load spreads over all the others. Dividing
ids by N instead moves nearly every key when N changes.

Source. Karger, Lehman, Leighton, Levine, Lewin, Panigrahy, "Consistent Hashing and Random
Trees" (STOC 1997): servers and items are hashed onto one range, each server several times.
The circle searched in one direction is that of Chord (Stoica et al., SIGCOMM 2001) and Dynamo
(DeCandia et al., SOSP 2007, 4.2), whose "virtual nodes" are our k spots and whose preference list
is our `replicas`: the owner, then the next different servers. Chord and Dynamo walk clockwise
to the key's successor; we walk anticlockwise to its predecessor. It is the mirror image: no
figure depends on it.

What is simplified. Everyone knows the whole circle, so there is no routing as in Chord. Dynamo
later cut its circle into equal partitions (its strategy 3); we keep the random spots of its
strategy 1, the one the paper of 1997 describes. Neighbours are chosen without regard to racks.

What to try. `:add n9` and watch the arcs: the new server takes a little from each, and nothing
else moves. `:remove n3`: its arcs go to those who stood before them. Crash a node instead: its arcs
stay its own, as down is not gone, and its keys lean on their other copies. In a scenario write
`cluster: {ring: {points: 1}}` and compare with 100: with one spot a server may own several
times its share, and whoever stands before a server that leaves inherits all of it; with a hundred
the shares come close to one another, and a loss is spread over all.
"""
