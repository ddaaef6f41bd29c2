"""The codes by which brokers refuse, named as in Kafka's protocol, and what a client may conclude."""

from __future__ import annotations

NOT_LEADER = "not-leader"
FENCED_LEADER_EPOCH = "fenced-leader-epoch"
UNKNOWN_LEADER_EPOCH = "unknown-leader-epoch"
UNKNOWN_TOPIC = "unknown-topic-or-partition"
NOT_ENOUGH_REPLICAS = "not-enough-replicas"
NOT_ENOUGH_REPLICAS_AFTER_APPEND = "not-enough-replicas-after-append"
REQUEST_TIMED_OUT = "request-timed-out"
OUT_OF_ORDER = "out-of-order-sequence"
FENCED_PRODUCER = "invalid-producer-epoch"
OUT_OF_RANGE = "offset-out-of-range"
STORAGE = "storage-error"
NOT_CONTROLLER = "not-controller"
INVALID_VERSION = "invalid-version"
INELIGIBLE = "ineligible-replica"
BAD_REQUEST = "bad-request"
UNAVAILABLE = "unavailable"
NOT_COORDINATOR = "not-coordinator"
COORDINATOR_LOADING = "coordinator-loading"
COORDINATOR_UNAVAILABLE = "coordinator-unavailable"
UNKNOWN_MEMBER = "unknown-member"
ILLEGAL_GENERATION = "illegal-generation"
REBALANCE = "rebalance-in-progress"
INCONSISTENT_PROTOCOL = "inconsistent-protocol"

MAYBE_APPENDED = frozenset({NOT_ENOUGH_REPLICAS_AFTER_APPEND, REQUEST_TIMED_OUT})
"""After these answers to a Produce the batch may be in the log all the same; after all others it is not."""
REFRESH = frozenset({NOT_LEADER, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, UNKNOWN_TOPIC})
"""The client's metadata is old: ask again."""
