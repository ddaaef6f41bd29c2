"""Scenarios: a cluster, a timeline of commands in virtual time, and what to expect of it, in YAML; or a lab.

From a file to something that can be played:

======================  =============================================================================
:mod:`.document`        YAML text -> plain values, each with its line and column
:mod:`.model`           which fields a file has, and what is made of it: a script, or an experiment
:mod:`.loader`          plain values -> :class:`.model.Script`, or one clear line
:mod:`.method`          … its timeline; :mod:`.criteria` its demands; :mod:`.validation` the complaints
:mod:`.schema`          the same for editors: a JSON Schema
:mod:`.shelf`           the scenarios that are shipped, by name
:mod:`.writer`          the other way round: a session -> a scenario file that replays it exactly
======================  =============================================================================

Playing and measuring:

======================  =============================================================================
:mod:`.runner`          plays a scenario as fast as it goes; :mod:`.tally` counts
:mod:`.playing`         plays a whole file: every variant, or a lab
:mod:`.figures`         what can be expected, and how a tolerance is written
:mod:`.hypothesis`      the steady state: when it is probed, where it did not hold; :mod:`.probes` measures
:mod:`.sampling`        figures that take watching over time; :mod:`.judges` judge the history
:mod:`.comparison`      in which order variants should stand
======================  =============================================================================

Telling:

======================  =============================================================================
:mod:`.headless`        ``playground replay`` and ``list``: progress, report, exit status
:mod:`.outcome`         what came of a scenario, as plain values and as JSON; :mod:`.junit` as XML
:mod:`.report`          … for a person; :mod:`.report_all` of a file; :mod:`.layout` the pieces
:mod:`.timeline`        the journal as a story
:mod:`.claims`          all claims, run and judged
:mod:`.journalfile`     everything that happened, in a file; :mod:`.difference` where two part
:mod:`.verify`          the same run twice, in processes of their own (:mod:`.fresh`)
======================  =============================================================================
"""
