"""Many seeds of one scenario, over all cores or a cluster; and from a seed that fails, the smallest timeline that does.

====================  ========================================================
:mod:`.seeds`         seeds as people write them: ``0..999``
:mod:`.drawing`       random faults: what may be broken, and how it is drawn
:mod:`.trial`         one seed, played: what travels to a worker and back
:mod:`.failures`      by what names a run failed
:mod:`.engine`        where tasks are worked on: the interface, and the trivial one
:mod:`.pool`          … the cores of this machine
:mod:`.dask_cluster`  … the machines of a Dask cluster
:mod:`.sweep`         plays and counts
:mod:`.results`       the file that lets a sweep go on where it was interrupted
:mod:`.report`        what came of it
:mod:`.ddmin`         delta debugging, by itself
:mod:`.simpler`       simpler versions of a scenario
:mod:`.shrink`        the smallest timeline that still fails in the same way
:mod:`.writing`       a scenario -> a file
:mod:`.headless`      ``playground sweep``: progress, report, Ctrl-C
:mod:`.shrinking`     ``playground shrink``
====================  ========================================================

The idea is that of FoundationDB's simulation tests (Zhou et al., SIGMOD 2021): a deterministic world, random faults,
many seeds; a seed that fails is a case that can be met again.
"""
