"""How it came to this: from an entry of the journal, a message or an operation back to what began it.

It looks at a run from outside, knows everything that was traced, and invents nothing: each fact of a chain has its
evidence in the trace, the journal or the history of the clients. Four kinds of rules lead from an effect to its causes:

* *direct* (:mod:`.direct`): a message arrived because it was sent, and it was sent because another one had arrived
  (Lamport 1978: "happened before", and of it only what is certain);
* *absence* (:mod:`.silence`): a timer that fires because nothing came is explained by what became of that which should
  have come: it was lost, by which fault; it met a machine that was down; nobody was there to send it;
* *state* (:mod:`.beliefs`, :mod:`.leaders`, :mod:`.logs`, :mod:`.alerts`): who leads, believes or serves something is
  explained by what the journal tells of the same thing before;
* *operations* (:mod:`.operations`): what came of a request's messages, and why a replica that answered had not got what
  was written.

A chain ends at an act (:mod:`.deeds`), or where the trace does. :mod:`.chain` puts what was found in order and keeps
what matters; :class:`Causality` is what others use.
"""

from playground.causality.chain import Chain
from playground.causality.explain import Causality
from playground.causality.facts import Fact

__all__ = ["Causality", "Chain", "Fact"]
