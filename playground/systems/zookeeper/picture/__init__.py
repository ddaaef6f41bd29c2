"""What the screen shows of the ensemble: the tree of znodes; all about one server, one znode, one session."""

from playground.systems.zookeeper.picture.overview import newest as newest
from playground.systems.zookeeper.picture.overview import table as table
from playground.systems.zookeeper.picture.overview import tree as tree
from playground.systems.zookeeper.picture.servers import detail as detail
from playground.systems.zookeeper.picture.things import owners as owners
from playground.systems.zookeeper.picture.things import session_detail as session_detail
from playground.systems.zookeeper.picture.things import znode_detail as znode_detail
