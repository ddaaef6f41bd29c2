"""From a running cluster to a Frame: only what is looked at, only plain values.

Runs between two events, in the world's thread, and changes nothing. What costs something is
kept until what it shows has changed: the log by the journal's count, the curves by the second.
"""

from playground.pictures.painter import Painter as Painter
