"""What came of scenarios, for people and for CI servers.

======================  =============================================================================
:mod:`.headless`        ``playground replay`` and ``list``: progress, report, exit status
:mod:`.terminal`        output, a bar, Ctrl-C
:mod:`.report`          of a scenario; :mod:`.report_all` of a file; :mod:`.layout` the pieces
:mod:`.timeline`        the journal as a story
:mod:`.claims`          all claims, run and judged
:mod:`.junit`           verdicts as JUnit XML
:mod:`.figures_table`   the figures as Markdown, for the documentation
======================  =============================================================================
"""
