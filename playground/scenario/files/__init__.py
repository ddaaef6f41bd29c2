"""From the text of a scenario file to checked values.

======================  =============================================================================
:mod:`.document`        YAML text -> plain values, each with its line and column
:mod:`.method`          the timeline
:mod:`.criteria`        what is demanded: expectations, hypothesis, comparisons
:mod:`.validation`      the complaints: file, line, column, field, and the nearest word that would be right
:mod:`.schema`          the same for editors: a JSON Schema
======================  =============================================================================
"""
