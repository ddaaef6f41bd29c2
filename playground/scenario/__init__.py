"""Scenarios: a cluster, a timeline of commands in virtual time, and what to expect of it, in YAML; or a lab.

======================  ==============================================================================
:mod:`.document`        YAML text -> plain values, each with its line and column
:mod:`.model`           which fields a file has, and what is made of it: a script, or an experiment
:mod:`.loader`          plain values -> :class:`.model.Script`, or one clear line
:mod:`.method`          … its timeline; :mod:`.criteria` what it demands; :mod:`.validation` the complaints
:mod:`.schema`          the same for editors: a JSON Schema
:mod:`.shelf`           the scenarios that are shipped, by name
:mod:`.figures`         what can be expected, and how a tolerance is written
:mod:`.hypothesis`      the steady state: when it is probed, where it did not hold; :mod:`.probes` measures
:mod:`.comparison`      in which order variants should stand
:mod:`.runner`          plays a scenario as fast as it goes, and measures; :mod:`.judges` judge the history
:mod:`.playing`         plays a whole file: every variant, or a lab
:mod:`.outcome`         what came of it, as plain values and as JSON
:mod:`.report`          what came of it, for a person (:mod:`.report_all`: of a file; :mod:`.layout`: the pieces);
                        :mod:`.timeline` tells the story
:mod:`.headless`        ``playground replay`` and ``list``: progress, report, exit status
:mod:`.writer`          a session -> a scenario file that replays it exactly
======================  ==============================================================================
"""
