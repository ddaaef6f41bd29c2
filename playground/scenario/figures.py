"""What a scenario can expect, probe and compare: the registry of figures, and tolerances for them.

A tolerance is a plain value (``0``, ``true``, ``pass``: exactly this) or comparisons
(``"<= 5%"``, ``">= 1s, <= 3s"``: all of them). :data:`FIGURES` is the registry: whatever is not
there is an unknown figure. A figure that could not be measured meets no tolerance.

To add a figure that ``Inspection.figures()`` exposes: one line in :data:`FIGURES` (durations without their ``_s``).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from playground.figure import Figure as Figure
from playground.figure import Kind as Kind
from playground.figure import Span as Span
from playground.figure import Value as Value
from playground.figure import spell as spell
from playground.figure import spell_us as spell_us
from playground.quantities import parse_duration_us, parse_share

_N, _S, _D, _F, _V = Kind.NUMBER, Kind.SHARE, Kind.DURATION, Kind.FLAG, Kind.VERDICT
_RUN, _WINDOW, _MOMENT = Span.RUN, Span.WINDOW, Span.MOMENT
PERCENTILES = (50, 95, 99)
"""Those that are told of every latency."""

FIGURES: dict[str, Figure] = {
    name: Figure(name, kind, text, span)
    for name, kind, span, text in (
        ("checks", _V, _MOMENT, "whether every invariant held, live and at the end"),
        (
            "converged",
            _F,
            _MOMENT,
            "whether all copies agreed within 60 s after the load ended; needs everything healed and up",
        ),
        ("converged_after", _D, _RUN, "how long after the load ended all copies agreed"),
        ("operations", _N, _WINDOW, "operations that ended, whatever their outcome"),
        ("reads", _N, _WINDOW, "reads that ended"),
        ("writes", _N, _WINDOW, "writes that ended"),
        ("ok", _N, _WINDOW, "operations that ended well"),
        ("failed", _N, _WINDOW, "operations that certainly did not happen"),
        ("unknown", _N, _WINDOW, "writes that may or may not have happened"),
        ("throughput", _N, _WINDOW, "operations that ended well, per second of virtual time"),
        ("error_share", _S, _WINDOW, "share of operations that failed or are unknown"),
        ("read_error_share", _S, _WINDOW, "share of reads that failed"),
        ("write_error_share", _S, _WINDOW, "share of writes that failed or are unknown"),
        ("stale_reads", _N, _WINDOW, "reads that missed a write acknowledged before they began"),
        ("staleness_max", _D, _RUN, "the longest that a write had been acknowledged when a read that missed it began"),
        ("read_your_writes", _N, _RUN, "reads that missed a write of their own client"),
        ("monotonic_reads", _N, _RUN, "reads that missed what their own client had read before"),
        ("lost_writes", _N, _MOMENT, "acknowledged writes that no disk holds in the end, nor what superseded them"),
        ("violations", _N, _MOMENT, "how often an invariant was found broken while it ran"),
        ("min_copies", _N, _MOMENT, "copies of the key, or of the shard, with the fewest of them, in the end"),
        ("under_replicated", _N, _MOMENT, "keys, or shards, with fewer copies than the store promises, in the end"),
        ("detection", _D, _MOMENT, "the longest time from a crash or freeze until some node believed it dead"),
        ("undead_writes", _N, _MOMENT, "reads of a value whose writer was told that it had not been written"),
        ("leaderless", _D, _MOMENT, "time without a leader of the ensemble since its first one"),
        ("leaderless_max", _D, _MOMENT, "the longest time without one"),
        ("elections", _N, _MOMENT, "leaders of the ensemble that were elected"),
        ("masterless", _D, _MOMENT, "time without a master since the first one, of the shard that had it longest"),
        ("masterless_max", _D, _MOMENT, "the longest time for which some shard had no master"),
        ("failovers", _N, _MOMENT, "masters elected after the first of each shard"),
        ("first_write_after", _D, _MOMENT, "from the loss of a master to the first write of the next one, at most"),
        ("reversed_writes", _N, _MOMENT, "writes that were undone everywhere because too few slaves had them in time"),
        ("fenced", _N, _MOMENT, "how often a slave refused a master of an earlier epoch, once for each epoch"),
        ("lag_p50", _D, _RUN, "median of how far slaves are behind: the age of the oldest record that one lacks"),
        ("lag_p99", _D, _RUN, "99th percentile of that"),
        ("lag_max", _D, _RUN, "the furthest that a slave which ran was behind"),
        ("lag_max_records", _N, _RUN, "the same in records"),
        ("transactions", _N, _MOMENT, "transactions that servers of the ensemble have applied"),
        ("sessions_expired", _N, _MOMENT, "sessions with the ensemble that ended because their clients were silent"),
        ("majority_down", _D, _MOMENT, "time for which no majority of the ensemble was up, since it first was"),
        ("writes_without_majority", _N, _MOMENT, "writes begun and acknowledged while no majority of it was up"),
        ("writes_with_servers_down", _N, _MOMENT, "writes begun and acknowledged while a majority was up, but not all"),
        ("ephemeral_outlived", _D, _MOMENT, "the longest that the ephemerals of a crashed node stood after the crash"),
        ("masterships", _N, _MOMENT, "masters that nodes have elected by the ensemble"),
        ("election_wakeups", _N, _MOMENT, "how often a watch told a node that something is new about the master"),
        ("configurations", _N, _MOMENT, "versions of /kv/config that came to be followed by every node"),
        ("config_spread_min", _D, _MOMENT, "the shortest time from the commit of one until every node went by it"),
        ("config_spread_max", _D, _MOMENT, "the longest such time"),
        ("members_disputed", _D, _RUN, "the longest that two nodes which the ensemble answered saw different members"),
        ("members_unanswered", _D, _RUN, "the longest that a node which ran was not answered by the ensemble"),
        ("members_fewest", _N, _RUN, "the fewest members that such a node saw, once one had seen all"),
        ("gossip_disputed", _D, _RUN, "the longest that two nodes believed different nodes dead, by gossip"),
        ("gossip_fewest", _N, _RUN, "the fewest nodes that a node believed not dead, by gossip"),
        ("reports_detect_min", _D, _MOMENT, "the shortest time from a crash or freeze until missing reports showed it"),
        ("reports_detect_max", _D, _MOMENT, "the longest such time, over all balancers"),
        ("checks_detect_min", _D, _MOMENT, "the shortest time from a crash or freeze until failed checks showed it"),
        ("checks_detect_max", _D, _MOMENT, "the longest such time, over all balancers"),
        ("unseen_by_reports", _D, _RUN, "the longest that a server was dead or cut off and reports did not show it"),
        ("unseen_by_checks", _D, _RUN, "the longest that a server was dead or cut off and checks did not show it"),
        ("ejections", _N, _MOMENT, "how often the active balancer ceased to send requests to a server"),
        ("groundless_ejections", _N, _MOMENT, "ejections, by any balancer, of servers that neither crashed nor froze"),
        (
            "failed_until_ejected",
            _N,
            _MOMENT,
            "requests that failed, begun after a server crashed or froze and before it was ejected",
        ),
        ("failed_while_ejected", _N, _MOMENT, "requests that failed, begun from then on and before it was back"),
        ("share_after_return", _N, _RUN, "what a server got in its first second back, at most: 1 is an equal share"),
        ("full_share_after", _D, _MOMENT, "the longest from a server's return until it had its full share again"),
        ("share_min", _N, _MOMENT, "what the server with the fewest requests got of late (10 s): 1 is an equal share"),
        ("retries", _N, _MOMENT, "requests that balancers sent to one server more"),
        ("retries_forbidden", _N, _MOMENT, "retries that the budget did not allow"),
        ("requests_refused", _N, _MOMENT, "requests for which a server had no room in its queue"),
        ("messages", _N, _MOMENT, "messages that producers were given to publish"),
        ("messages_acknowledged", _N, _MOMENT, "messages that producers were told to be safe, as far as acks says so"),
        ("messages_refused", _N, _MOMENT, "messages that producers gave up, and that are certainly in no log"),
        ("messages_unknown", _N, _MOMENT, "messages that producers gave up, and that may be in a log"),
        ("lost_messages", _N, _MOMENT, "acknowledged messages that are not where they should be in the log"),
        ("duplicated_messages", _N, _MOMENT, "messages that stand in a log more than once"),
        ("truncated_messages", _N, _MOMENT, "messages that followers cut off because their leader did not have them"),
        ("publish_p50", _D, _MOMENT, "median of the time from a message's publication to its acknowledgement"),
        ("publish_p99", _D, _MOMENT, "99th percentile of that"),
        ("processed", _N, _MOMENT, "messages that consumers have finished with, repetitions included"),
        ("processing_rate", _N, _RUN, "the same per second of virtual time, as long as the load lasted"),
        ("processed_again", _N, _MOMENT, "messages that a group processed although it had done so before"),
        ("skipped_messages", _N, _MOMENT, "messages before a committed offset that nobody in the group has processed"),
        ("feed_missing", _N, _MOMENT, "keys of the database of which a group that reads its changes has seen none"),
        ("feed_wrong", _N, _MOMENT, "keys of which the newest change that it has seen is not what the database holds"),
        ("out_of_order", _N, _MOMENT, "messages processed after a later one of the same producer and partition"),
        ("out_of_order_across", _N, _MOMENT, "the same, whatever their partitions"),
        ("rebalances", _N, _MOMENT, "generations of consumer groups"),
        ("partition_moves", _N, _MOMENT, "how often a partition went from one consumer to another"),
        ("unowned", _D, _MOMENT, "time that partitions belonged to no consumer after their first one, added up"),
        ("zombie_commits", _N, _MOMENT, "commits refused because they came from an earlier generation, or from nobody"),
        ("poll_timeouts", _N, _MOMENT, "how often a consumer left its group: it had not polled for max_poll_ms"),
        ("lag", _N, _MOMENT, "committed messages that groups have not processed, in the end"),
        ("lag_peak", _N, _MOMENT, "the same, at the worst"),
        ("lag_left", _N, _RUN, "the same when the load ended"),
        ("lag_unstalled", _N, _RUN, "the same at the worst, of one partition that no stalled consumer ever owned"),
        ("buffered_max", _N, _RUN, "messages that a consumer had fetched and not yet handed over, at most"),
        ("isr_shrinks", _N, _MOMENT, "how often a replica was found not to be in sync any more"),
        ("unclean_elections", _N, _MOMENT, "leaders of partitions that were elected without being in sync"),
        ("under_replicated_partitions", _N, _MOMENT, "partitions that lack a replica in sync, in the end"),
        ("leaderless_partitions", _N, _MOMENT, "partitions without a leader, in the end"),
        ("partition_leaders_min", _N, _MOMENT, "partitions led by the broker that leads the fewest, in the end"),
        ("partition_leaders_max", _N, _MOMENT, "partitions led by the broker that leads the most"),
        ("partition_leaderless", _D, _MOMENT, "time without a leader since the first one, of the partition with most"),
        ("partition_leaderless_max", _D, _MOMENT, "the longest time for which some partition had no leader"),
        ("partition_elections", _N, _MOMENT, "leaders of partitions elected after the first of each"),
        ("balancerless_max", _D, _MOMENT, "the longest time for which no balancer was active, since the first one was"),
        ("network_lost", _N, _MOMENT, "messages that the network lost"),
        ("network_doubled", _N, _RUN, "messages that the network delivered once more"),
        (
            "network_overtaken",
            _N,
            _RUN,
            "messages that overtook an earlier one on the same link while a fault was in force",
        ),
        ("gossip_rounds", _N, _RUN, "rounds of gossip until all know one node's next heartbeat, on average"),
        ("gossip_rounds_max", _N, _RUN, "the same, at most"),
        ("gossip_spreads", _N, _RUN, "how many heartbeats were followed until all knew"),
        ("view_age_p50", _D, _RUN, "median age of what nodes know of each other's memory and load"),
        ("view_age_p99", _D, _RUN, "99th percentile of that age"),
        ("view_age_max", _D, _RUN, "the greatest such age"),
        ("views_wrong", _N, _RUN, "looks at what a node holds for another's memory and load and that one never said"),
        ("vitals_changes", _N, _RUN, "how often the memory or load that a node tells was no longer the one before"),
        ("heartbeats_min", _N, _RUN, "the lowest heartbeat count that any node has heard of any other, in the end"),
        ("heartbeats_max", _N, _RUN, "the highest"),
        ("fewest_copies", _N, _RUN, "the fewest copies on nodes that are up of a key that had all its copies before"),
        ("thin_for", _D, _RUN, "the longest time for which some such key had too few"),
        ("strays", _N, _RUN, "copies in the end on nodes that are no replica of the key"),
        ("misplaced", _N, _RUN, "keys in the end that do not lie on exactly their owner and the next N - 1 nodes"),
        ("keys_moved", _S, _RUN, "share of all keys that have another owner in the end than at first"),
        ("keys_moved_needlessly", _N, _RUN, "keys with another owner though their first one is still a member"),
        ("heirs", _N, _RUN, "how many members got keys of those who left"),
        ("heir_max_over_mean", _N, _RUN, "what the largest heir got, as a multiple of an equal share"),
        ("owner_max_over_mean", _N, _RUN, "what the largest owner has in the end, as a multiple of an equal share"),
        *((f"p{rank}", _D, _WINDOW, f"{rank}th percentile of the latency of reads and writes") for rank in PERCENTILES),
        *((f"read_p{rank}", _D, _WINDOW, f"{rank}th percentile of the latency of reads") for rank in PERCENTILES),
        *((f"write_p{rank}", _D, _WINDOW, f"{rank}th percentile of the latency of writes") for rank in PERCENTILES),
        ("hypothesis", _V, _RUN, "whether the steady-state hypothesis held whenever it was probed"),
    )
} | {
    figure.name: figure
    for figure in (
        Figure(
            "linearizable",
            _V,
            "whether the history of each key is one of a single copy (violation: it is not; unknown: too hard to tell)",
            words=("pass", "violation", "unknown"),
        ),
        Figure(
            "outcome",
            _V,
            "violation: some invariant, judge of the history or the hypothesis found something; else pass",
            words=("pass", "violation"),
        ),
    )
}
"""Name -> figure: the registry of what a file may expect."""

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "!=": operator.ne,
}
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}
"""As words in quotes, and those that YAML took for true and false once."""
_CONDITION = re.compile(r"\s*(<=|>=|==|!=|<|>)\s*(\S.*?)\s*")


@dataclass(frozen=True, slots=True)
class Expectation:
    """A figure and the tolerance that it must meet, as written and as understood."""

    figure: Figure
    text: str
    conditions: tuple[tuple[str, Any], ...]

    def holds(self, measured: Value) -> bool:
        """Whether ``measured`` (None: unknown) meets the tolerance."""
        if measured is None:
            return False
        return all(compare(sign, measured, wanted) for sign, wanted in self.conditions)

    def excess(self, measured: Value) -> float:
        """By how much ``measured`` is beyond the tolerance; infinite for what has no distance."""
        if self.holds(measured):
            return 0.0
        if isinstance(measured, bool | str | None):
            return float("inf")
        missed = [wanted for sign, wanted in self.conditions if not compare(sign, measured, wanted)]
        return max(abs(float(measured - wanted)) for wanted in missed)


def compare(sign: str, left: Any, right: Any) -> bool:
    """``left sign right``, for the six signs of comparisons."""
    return _COMPARISONS[sign](left, right)


def expectation(name: str, tolerance: Any, figures: Mapping[str, Figure] = FIGURES) -> Expectation:
    """From what stands in the file. ValueError says what is wanted; the figure must be among ``figures``."""
    figure = figures[name]
    if figure.kind in (Kind.FLAG, Kind.VERDICT):
        wanted = _FLAGS.get(tolerance, tolerance) if isinstance(tolerance, str) else tolerance
        legal: tuple[Any, ...] = (True, False) if figure.kind is Kind.FLAG else figure.words
        if not isinstance(wanted, type(legal[0])) or wanted not in legal:
            raise ValueError(f"should be {figure.wanted}, not {str(tolerance)[:40]!r}")
        text = ("true" if wanted else "false") if isinstance(wanted, bool) else wanted
        return Expectation(figure, text, (("==", wanted),))
    if isinstance(tolerance, str) and tolerance.lstrip()[:1] in ("<", ">", "=", "!"):
        conditions = tuple(_condition(figure.kind, part) for part in tolerance.split(","))
        return Expectation(figure, " ".join(tolerance.split()), conditions)
    return Expectation(figure, str(tolerance), (("==", _quantity(figure.kind, tolerance)),))


def _condition(kind: Kind, text: str) -> tuple[str, Any]:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ValueError(f'{text.strip()[:40]!r} is not a comparison; write for example: "<= 5"')
    return match[1], _quantity(kind, match[2])


def _quantity(kind: Kind, value: Any) -> float:
    if kind is Kind.SHARE:
        return parse_share(value)
    if kind is Kind.DURATION:
        return parse_duration_us(value)
    if isinstance(value, str):
        try:
            value = float(value) if "." in value or "e" in value.lower() else int(value)
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or abs(value) == float("inf"):
        raise ValueError(f'should be {kind.value}, or a comparison such as "<= 5"')
    return value
