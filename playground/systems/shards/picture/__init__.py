"""What the screen shows of the sharded database: a line per copy, the circle, all about a node, a shard or a key."""

from playground.systems.shards.picture.nodes import detail as detail
from playground.systems.shards.picture.overview import ring as ring
from playground.systems.shards.picture.overview import table as table
from playground.systems.shards.picture.things import key_detail as key_detail
from playground.systems.shards.picture.things import masters_told as masters_told
from playground.systems.shards.picture.things import shard_detail as shard_detail
