"""Load balancers and the stateless servers behind them.

What it is. Clients know two balancers, of which one is active. It passes each request on to one of the servers. These
keep nothing: each asks the database behind them, so any server will do for any request. The balancers watch the
servers, pass over who is dead, take back who recovers, and try a request again elsewhere when a server fails it.
Which balancer is active they settle through ZooKeeper: by an ephemeral node, and by a lease, so that one that is frozen
or cut off stops by itself before the other one begins.

How the dead are found. By heartbeat: each server reports every T. By health check: the balancer asks every T. One or
two signs must be missing. Both are always shown, one decides (`liveness`). What they can see differs:

==================================  =====================================  ====================================
what happens to a server            heartbeat                              health check
==================================  =====================================  ====================================
it crashes                          sees it after (misses) T to            sees it within misses T and the
                                    (misses + 1) T                         check's timeout
it freezes for a moment             not if that is shorter than misses T   if a check falls into it (misses: 1)
what it sends is lost               sees it                                sees it
what is sent to it is lost          blind: its reports go on coming        sees it
its CPU is slow                     blind: late reports are as regular     sees it, if an answer takes longer
                                    as punctual ones                       than the check's timeout
it drowns in requests               blind                                  blind: its event loop answers
it is cut off from its database     blind                                  blind: the check asks no database
it comes back                       after (rises) reports                  after (rises) checks
==================================  =====================================  ====================================

Who comes back starts slowly: its weight grows from a tenth to the whole. If all servers are ejected, all get requests.

Sources. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (2001); consistent hashing: Karger et al.
(1997); Gray and Cheriton, "Leases" (1989); Envoy's documentation for slow start, panic threshold and retry budgets;
"Site Reliability Engineering" (2016), chapters 20 to 22, for overload and retries; Bronson et al., "Metastable Failures
in Distributed Systems" (2021); Lee et al., RIFL (2015), for the names of writes; Huang et al., "Gray Failure" (2017),
for what a health check cannot see.

What is simplified. Requests travel as datagrams, not over connections, so a balancer learns of a crash only from
silence. Nobody draws conclusions from the requests that fail (Envoy's outlier detection would). Deadlines are not
passed on to the servers: what its client has given up is worked on all the same. Nobody but the balancer retries. The
database must keep one value of a key and know a write by its name, or writes could take effect twice.

What to try. Freeze a server and watch how the two mechanisms differ; cut the way from a balancer to a server, then the
other way. Crash a server under load and look at its share when it comes back. Set `retry_budget: null` and
`retries: 3`, make the load two thirds of what the servers can do, and crash half of them for a few seconds: they come
back, and the overload stays. With the budget it ends. Freeze the active balancer: the other one takes over when the
session expires, and the first one refuses what it finds when it thaws.
"""
