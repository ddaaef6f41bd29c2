"""Scenarios: a cluster, a timeline of commands in virtual time, and what to expect of it, in YAML.

====================  ========================================================
:mod:`.document`      YAML text -> plain values, each with its line and column
:mod:`.loader`        plain values -> :class:`.model.Scenario`, or one clear line
:mod:`.shelf`         the scenarios that are shipped, by name
:mod:`.figures`       what can be expected, and how a tolerance is written
:mod:`.runner`        plays a scenario as fast as it goes, and measures
:mod:`.outcome`       what came of it, as plain values and as JSON
:mod:`.report`        what came of it, for a person; :mod:`.timeline` tells the story
:mod:`.headless`      ``playground replay`` and ``list``: progress, report, exit status
:mod:`.writer`        a session -> a scenario file that replays it exactly
====================  ========================================================
"""
