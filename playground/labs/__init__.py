"""Labs: experiments with one data structure or algorithm, without a cluster, that scenarios can run and judge.

=====================  ==============================================================
:mod:`.lab`            what a lab is: settings, figures, tables
:mod:`.ring_memory`    how much memory the hash ring takes, and how fast it answers
=====================  ==============================================================

To add one: a module here, and one line in :data:`LABS`.
"""

from __future__ import annotations

from playground.labs.lab import Lab
from playground.labs.ring_memory import RingMemory

LABS: dict[str, type[Lab]] = {kind.name: kind for kind in (RingMemory,)}
"""The registry: the word after ``name:`` -> the lab."""
