"""The ways in which a world goes wrong: one file per family of faults.

==================  ==========================================================
:mod:`.partition`   who cannot talk to whom
:mod:`.links`       slow, lossy, doubling, reordering and narrow links
:mod:`.flapping`    links that come and go
:mod:`.machines`    faults of a node's CPU, disk and clock
:mod:`.ills`        what a machine suffers from, in words
:mod:`.rolling`     one restart after the other
==================  ==========================================================

Crash, start, freeze and thaw are acts of the kernel's Node itself. Every fault on
the network is a Rule with a verdict: putting it in force breaks, removing it heals.
"""
