"""Scenarios: a cluster, a timeline of commands in virtual time, and what to expect of it, in YAML.

====================  ========================================================
:mod:`.document`      YAML text -> plain values, each with its line and column
:mod:`.loader`        plain values -> :class:`.model.Scenario`, or one clear line
:mod:`.shelf`         the scenarios that are shipped, by name
:mod:`.figures`       what can be expected, and how a tolerance is written
:mod:`.runner`        plays a scenario as fast as it goes, and measures
:mod:`.report`        what came of it, for a person or a program
:mod:`.writer`        a session -> a scenario file that replays it exactly
====================  ========================================================
"""
