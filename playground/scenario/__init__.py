"""Scenarios: a cluster, a timeline of commands in virtual time, and what to expect of it, in YAML; or a lab.

======================  =============================================================================
:mod:`.model`           which fields a file has, and what is made of it: a script, or an experiment
:mod:`.loader`          a file -> :class:`.model.Script`, or one clear line
:mod:`.files`           how: YAML with line and column, timeline, demands, complaints, JSON Schema
:mod:`.shelf`           the scenarios that are shipped, by name
:mod:`.writer`          the other way round: a session -> a scenario file that replays it exactly
:mod:`.runner`          plays a scenario as fast as it goes; :mod:`.tally` counts
:mod:`.playing`         plays a whole file: every variant, or a lab
:mod:`.figures`         what can be expected, and how a tolerance is written
:mod:`.hypothesis`      the steady state: when it is probed, where it did not hold; :mod:`.probes` measures
:mod:`.sampling`        figures that take watching over time; :mod:`.judges` judge the history
:mod:`.comparison`      in which order variants should stand
:mod:`.outcome`         what came of a scenario, as plain values and as JSON
:mod:`.telling`         … for people and CI servers: reports, progress, claims, JUnit
:mod:`.verify`          the same run twice, in processes of their own (:mod:`.fresh`)
======================  =============================================================================
"""
