"""Looks at the whole cluster from outside, every virtual second, and judges it at the end.

Only here, and in the systems' own ``checks.py``, may anything see more than a node can. What is
found goes into the journal as an alert: a sentence with its instant. The looks are
events of the world like any other, so they are part of what is replayed.

=====================  =======================================================
:mod:`.inspection`     what is asked of any cluster: errors, order, what clients were promised
:mod:`.part`           what a system's own part has to do
:mod:`.quorum`         the quorum store
:mod:`.shards`         masters and slaves
:mod:`.ensemble`       ZooKeeper, as such and as a database
:mod:`.coordination`   what nodes do with an ensemble
:mod:`.balancing`      balancers and servers
:mod:`.gossiping`      gossip
:mod:`.leadership`     who led what, and for how long nobody did
=====================  =======================================================
"""

from playground.inspection.inspection import Inspection as Inspection
